//! Fans to their newest claim: a hash index by linear hashing.
//!
//! A plain table doubles in one go, and at ten million claims that is a pause every fan feels.
//! Here the index is many small tables and grows by splitting one of them at a time.

use crate::ids::Fan;
use alloc::vec::Vec;
use hashbrown::HashTable;

/// Entries a shard holds on average before the next split. Shards not yet split in this round
/// hold up to twice as many.
const SHARD_LOAD: usize = 210;

/// What a shard makes room for at once: 512 buckets, so that hardly any ever grows.
const SHARD_ROOM: usize = 448;

/// Newest claim number by fan. The fan itself is read back from the claim, so an entry is 4 bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holders {
    shards: Vec<HashTable<u32>>,
    len: usize,
}

/// Mixes a fan's number over all 64 bits (the finaliser of `SplitMix64`). Fans' numbers are given
/// by us, not chosen, so a fixed hash cannot be flooded.
fn mix(fan: Fan) -> u64 {
    let mut x = fan.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

impl Holders {
    /// Which shard a hash belongs to while there are `count` shards.
    fn shard_of(hash: u64, count: usize) -> usize {
        let round = count.next_power_of_two();
        let shard = (hash as u32 as usize) & (round - 1);
        if shard < count { shard } else { shard & (round / 2 - 1) }
    }

    /// The newest claim number of a fan. `fan_of` tells whose a number is.
    pub(crate) fn get(&self, fan: Fan, fan_of: impl Fn(u32) -> Fan) -> Option<u32> {
        if self.shards.is_empty() {
            return None;
        }
        let hash = mix(fan);
        let shard = &self.shards[Self::shard_of(hash, self.shards.len())];
        shard.find(hash.rotate_left(32), |&number| fan_of(number) == fan).copied()
    }

    /// Makes `number` the fan's newest claim; gives the one before it.
    pub(crate) fn put(
        &mut self,
        fan: Fan,
        number: u32,
        fan_of: impl Fn(u32) -> Fan,
    ) -> Option<u32> {
        if self.len >= self.shards.len() * SHARD_LOAD {
            self.split(&fan_of);
        }
        let hash = mix(fan);
        let at = Self::shard_of(hash, self.shards.len());
        let shard = &mut self.shards[at];
        let rotated = hash.rotate_left(32);
        if let Some(newest) = shard.find_mut(rotated, |&n| fan_of(n) == fan) {
            return Some(core::mem::replace(newest, number));
        }
        shard.insert_unique(rotated, number, |&n| mix(fan_of(n)).rotate_left(32));
        self.len += 1;
        None
    }

    /// Adds a shard and moves to it what now belongs there, all from one other shard.
    fn split(&mut self, fan_of: &impl Fn(u32) -> Fan) {
        let count = self.shards.len() + 1;
        if count == 1 {
            self.shards.push(HashTable::new());
            return;
        }
        let source = (count - 1) & (count.next_power_of_two() / 2 - 1);
        // All hashes first: their reads lie far apart in memory and overlap only if nothing
        // between them depends on what was read.
        let hashed = self.shards[source].iter().map(|&number| (mix(fan_of(number)), number));
        let hashed: Vec<(u64, u32)> = hashed.collect();
        self.shards[source].clear();
        self.shards[source].reserve(SHARD_ROOM, |_| 0);
        self.shards.push(HashTable::with_capacity(SHARD_ROOM));
        for (hash, number) in hashed {
            let target = &mut self.shards[Self::shard_of(hash, count)];
            let rehash = |&n: &u32| mix(fan_of(n)).rotate_left(32);
            target.insert_unique(hash.rotate_left(32), number, rehash);
        }
    }

    /// How many fans have a claim.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_fans_are_found_again_and_no_other() {
        let fan = |n: u32| Fan::new(u64::from(n) * 7 + 1).unwrap();
        let mut holders = Holders::default();
        for number in 1..=100_000 {
            assert_eq!(holders.put(fan(number), number, fan), None);
        }
        assert_eq!(holders.len(), 100_000);
        for number in 1..=100_000 {
            assert_eq!(holders.get(fan(number), fan), Some(number));
        }
        assert_eq!(holders.get(Fan::new(3).unwrap(), fan), None);
        let largest = holders.shards.iter().map(HashTable::len).max().unwrap();
        assert!(largest < 3 * SHARD_LOAD, "largest shard {largest}");
        let bytes: usize = holders.shards.iter().map(|shard| shard.num_buckets() * 5).sum();
        assert!(bytes < 14 * 100_000, "{bytes} bytes");
    }
}
