//! Signatures: one a commit of the store, beside the rows it covers. Over the header's hash where
//! the commit holds one row, else over a Merkle root of the headers' hashes.

use crate::merkle;
use crate::row::{Hash, Row, leaf_hash, leaf_hashes};
use alloc::{sync::Arc, vec::Vec};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The first eight bytes of a key's fingerprint: names the key a signature was made with.
pub type KeyId = [u8; 8];

/// Signs commits.
pub trait Signer {
    /// Which key this is.
    fn key(&self) -> KeyId;
    /// Signs 32 bytes.
    fn sign(&self, message: &Hash) -> [u8; 64];
}

/// The festival's signing key: Ed25519.
pub struct FestivalKey(SigningKey);

impl FestivalKey {
    /// The key of this secret.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }
}

impl Signer for FestivalKey {
    fn key(&self) -> KeyId {
        self.public().id()
    }

    fn sign(&self, message: &Hash) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// A festival key's public half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// SHA-256 over the key: what the programme page shows and people compare.
    pub fn fingerprint(&self) -> Hash {
        Sha256::digest(self.0).into()
    }

    /// The fingerprint's first eight bytes.
    pub fn id(&self) -> KeyId {
        let mut id = KeyId::default();
        id.copy_from_slice(&self.fingerprint()[..8]);
        id
    }

    /// Whether this key signed these 32 bytes.
    pub fn signed(&self, message: &Hash, signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

/// What stands beside a row: which key signed, and how its header leads to what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The key.
    pub key: KeyId,
    /// Its signature.
    pub signature: [u8; 64],
    /// The row's index among the commit's rows.
    pub index: u32,
    /// How many rows the commit held.
    pub count: u32,
    /// The siblings from the header's leaf to the signed root; empty for a commit of one row.
    pub path: Vec<Hash>,
}

impl Seal {
    /// The 32 bytes the signature is over, for a row with this hash.
    pub fn message(&self, row: &Hash) -> Option<Hash> {
        if self.count == 1 {
            return (self.index == 0 && self.path.is_empty()).then_some(*row);
        }
        merkle::check_path(leaf_hash(row), self.index as usize, self.count as usize, &self.path)
    }

    /// Whether this key made this seal for a row with this hash.
    pub fn holds(&self, row: &Hash, key: &PublicKey) -> bool {
        self.key == key.id()
            && self.message(row).is_some_and(|message| key.signed(&message, &self.signature))
    }
}

/// A row and its seal, as a store keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The row.
    pub row: Arc<Row>,
    /// Its seal.
    pub seal: Arc<Seal>,
}

/// Seals the rows of one commit with one signature.
pub fn seal_commit(rows: &[Arc<Row>], signer: &dyn Signer) -> Vec<Sealed> {
    let (count, key) = (rows.len() as u32, signer.key());
    let hashes: Vec<&[u8]> = rows.iter().map(|row| &row.hash[..]).collect();
    let tree = merkle::Tree::over(leaf_hashes(&hashes));
    let signature = match rows {
        [only] => signer.sign(&only.hash),
        _ => signer.sign(&tree.root()),
    };
    let seal = |(index, row): (usize, &Arc<Row>)| {
        let (path, index) = (tree.path(index), index as u32);
        Sealed { row: row.clone(), seal: Arc::new(Seal { key, signature, index, count, path }) }
    };
    rows.iter().enumerate().map(seal).collect()
}
