//! SHA-256 of something short, which nearly everything hashed here is: a fact, two hashes, a
//! header. The blocks are laid out at once and handed to the library's own compression, which
//! spares the half of the time that its buffer for streams takes.
//!
//! Where there are many, they go to another library all at once: a processor's instructions for
//! this hash wait for each other within a message, and not between messages.

use crate::row::Hash;
use alloc::{vec, vec::Vec};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

/// Bytes of a block.
const BLOCK: usize = 64;

/// Blocks that are laid out at once; what needs more goes the library's way.
const BLOCKS: usize = 2;

/// What ends a message: a set bit and its length in bits.
const END: usize = 9;

/// The state before the first block (FIPS 180-4, 5.3.3).
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The hash of these parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    if length + END > BLOCKS * BLOCK {
        let hash = parts.iter().fold(Sha256::new(), Sha256::chain_update);
        return hash.finalize().into();
    }
    let mut bytes = [0; BLOCKS * BLOCK];
    let mut at = 0;
    for part in parts {
        bytes[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    bytes[length] = 0x80;
    let used = (length + END).div_ceil(BLOCK);
    bytes[used * BLOCK - 8..used * BLOCK].copy_from_slice(&(8 * length as u64).to_be_bytes());
    let mut state = START;
    compress256(&mut state, &bytes.as_chunks().0[..used]);
    let mut hash = Hash::default();
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

/// The hashes of many messages, each with the same bytes in front.
pub(crate) fn sha256_each(front: &[u8], messages: &[&[u8]]) -> Vec<Hash> {
    let mut hashes = vec![Hash::default(); messages.len()];
    tape_sha256::hash_many_prefixed(front, messages, &mut hashes);
    hashes
}

/// Whether both libraries hash alike on this processor, by messages of many lengths at once and
/// alone: whoever writes or checks rows asks once, before anything else. It takes milliseconds.
#[must_use]
pub fn hashes_agree() -> bool {
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(LONGEST).collect();
    // Ragged, so that messages of a group end in different blocks; and longer than two blocks.
    let messages: Vec<&[u8]> = (0..MANY).map(|at| &bytes[..at * at % LONGEST]).collect();
    let fronts: [&[u8]; 2] = [&[], &[1]];
    fronts.iter().all(|front| {
        messages.iter().zip(sha256_each(front, &messages)).all(|(message, hash)| {
            let library = Sha256::new().chain_update(front).chain_update(message).finalize();
            hash == Hash::from(library) && sha256(&[front, message]) == hash
        })
    })
}

/// What is hashed to see that.
const MANY: usize = 1_031;
const LONGEST: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_librarys_at_every_length() {
        for length in 0..400 {
            let message: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let (head, tail) = message.split_at(length / 3);
            assert_eq!(sha256(&[head, tail]), Hash::from(Sha256::digest(&message)), "{length}");
        }
    }

    #[test]
    fn as_many_as_a_row_can_hold_agree() {
        assert!(hashes_agree());
    }

    #[test]
    fn many_at_once_are_each_the_librarys() {
        let bytes: Vec<u8> = (0..=255).cycle().take(600).collect();
        // Of every length, alike and mixed, and of every count about the width of a processor's.
        for count in 0..40 {
            for length in 0..200 {
                let alike = |at: usize| &bytes[at..at + length];
                let mixed = |at: usize| &bytes[at..at + (length + 37 * at) % 200];
                let messages: [Vec<&[u8]>; 2] =
                    [(0..count).map(alike).collect(), (0..count).map(mixed).collect()];
                for messages in messages {
                    for front in [&[][..], &[7]] {
                        let one = |message: &&[u8]| {
                            let hash = Sha256::new().chain_update(front).chain_update(message);
                            Hash::from(hash.finalize())
                        };
                        let expected: Vec<Hash> = messages.iter().map(one).collect();
                        let each = sha256_each(front, &messages);
                        assert_eq!(each, expected, "{front:?}, {count} of {length}");
                    }
                }
            }
        }
    }
}
