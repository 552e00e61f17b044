//! What a fan keeps: a fact, its place, its way to the row's root, and the seal over the row.

use crate::merkle;
use crate::row::{Hash, Header, leaf_hash};
use crate::seal::{PublicKey, Seal};
use alloc::vec::Vec;
use core::fmt;
use fanfare_engine::{Fact, wire};

/// A receipt in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The fact's bytes.
    pub fact: Vec<u8>,
    /// Its index in the row.
    pub index: u16,
    /// How many facts the row has.
    pub count: u16,
    /// The siblings from the fact's leaf to the row's root.
    pub path: Vec<Hash>,
    /// The row's header.
    pub header: Header,
    /// The seal over it.
    pub seal: Seal,
}

/// What is wrong with a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptError {
    /// The fact does not read.
    Fact(wire::WireError),
    /// The fact does not lead to the row's root: fact, place or path was altered.
    Root,
    /// The seal is of another key.
    OtherKey,
    /// The signature does not fit: header, seal or signature was altered.
    Signature,
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fact(why) => write!(f, "the fact is damaged: {why}"),
            Self::Root => f.write_str("the fact, its place or its path was altered"),
            Self::OtherKey => f.write_str("it was signed with another key"),
            Self::Signature => f.write_str("the header, the seal or the signature was altered"),
        }
    }
}

impl core::error::Error for ReceiptError {}

impl Receipt {
    /// Checks the receipt against a key and gives the fact it proves.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, key: &PublicKey) -> Result<Fact, ReceiptError> {
        if self.seal.key != key.id() {
            return Err(ReceiptError::OtherKey);
        }
        if !self.seal.holds(&self.header.hash(), key) {
            return Err(ReceiptError::Signature);
        }
        let leaf = leaf_hash(&self.fact);
        let (index, count) = (usize::from(self.index), usize::from(self.count));
        if merkle::check_path(leaf, index, count, &self.path) != Some(self.header.root) {
            return Err(ReceiptError::Root);
        }
        wire::read_fact(&self.fact).map_err(ReceiptError::Fact)
    }
}
