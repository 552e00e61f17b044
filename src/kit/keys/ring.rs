//! The public keys of a festival: the one that signs now, and those that did.

use fanfare_lane::{KeyId, PublicKey};

/// The public keys a journal lists: the one that signs now, and those that did.
#[derive(Clone, Debug)]
pub struct Keyring {
    /// The one that signs now.
    pub current: PublicKey,
    /// Those that signed before.
    pub old: Vec<PublicKey>,
}

impl Keyring {
    /// Of those that are listed.
    pub fn new(current: PublicKey, mut listed: Vec<PublicKey>) -> Self {
        listed.retain(|key| *key != current);
        Self { current, old: listed }
    }

    /// The key a seal names; the current one where no other has that name.
    pub fn named(&self, id: &KeyId) -> &PublicKey {
        self.old.iter().find(|key| key.id() == *id).unwrap_or(&self.current)
    }

    /// Every key, the current one first.
    pub fn all(&self) -> impl Iterator<Item = &PublicKey> {
        std::iter::once(&self.current).chain(&self.old)
    }
}
