//! Signatures under the listed keys. Rows of one commit share a signature, which is then checked
//! once: lanes are read one after the other, so good ones are remembered.

use super::report::{Fault, Promise, fault};
use crate::kit::hex;
use fanfare_lane::{Hash, PublicKey, Seal};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Most good signatures remembered: about 100 MB.
const REMEMBERED_MAX: usize = 2_000_000;

/// The keys seals may be made with, and signatures already found good.
pub(super) struct Seals {
    keys: Vec<PublicKey>,
    good: Mutex<HashSet<Hash>>,
}

impl Seals {
    pub(super) fn new(keys: Vec<PublicKey>) -> Self {
        Self { keys, good: Mutex::default() }
    }

    /// Whether this seal over a row with this hash was made with a listed key.
    pub(super) fn check(&self, seal: &Seal, row: &Hash) -> Result<(), Fault> {
        let Some(key) = self.keys.iter().find(|key| key.id() == seal.key) else {
            let named = hex::hex(&seal.key);
            let what = format!("signed with the key {named}, which the journal does not list");
            return Err(fault(Promise::Signature, what));
        };
        let message = seal.message(row);
        let message =
            message.ok_or_else(|| fault(Promise::Signature, "the seal's path does not fit"))?;
        let remembered = (seal.count > 1).then(|| name_of(seal, &message));
        if remembered.is_some_and(|name| self.known().contains(&name)) {
            return Ok(());
        }
        if !key.signed(&message, &seal.signature) {
            return Err(fault(Promise::Signature, "the signature does not hold"));
        }
        if let Some(name) = remembered {
            let mut good = self.known();
            if good.len() < REMEMBERED_MAX {
                good.insert(name);
            }
        }
        Ok(())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<Hash>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A signature, its key and what it is over, as one hash.
fn name_of(seal: &Seal, message: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update(seal.key);
    hash.update(seal.signature);
    hash.update(message);
    hash.finalize().into()
}
