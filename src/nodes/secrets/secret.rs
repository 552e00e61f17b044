//! The operator's secret: read from its file, and what is made of it.

use crate::kit::db::DbError;
use crate::kit::hex;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The written form of a wrapped key: this, a nonce, the key, a tag.
const VERSION: u8 = 1;

/// The operator's secret, and what is made of it.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Reads the file that every node is given.
    ///
    /// # Errors
    /// What is wrong with it, and how to make one.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let make = format!(
            "make one with `(umask 077; openssl rand -hex 32 > {shown})` and give the same file \
             to every node"
        );
        let file = fs::File::open(path)
            .map_err(|why| format!("{shown}, named by --key: {why}; {make}"))?;
        let mode = file.metadata().map_err(|why| format!("{shown}: {why}"))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(format!("{shown}: others may read it; set its mode to 0600"));
        }
        let mut text = String::new();
        let read = (&file).take(200).read_to_string(&mut text);
        read.map_err(|why| format!("{shown}: {why}"))?;
        let secret = hex::from_hex(text.trim());
        secret.map(Self).ok_or_else(|| format!("{shown}: it is not 64 hex digits; {make}"))
    }

    /// What nodes know each other by.
    pub fn of_links(&self) -> [u8; 32] {
        blake3::derive_key("fanfare 2026-11 connections between nodes", &self.0)
    }

    fn wrapping(&self) -> Result<LessSafeKey, DbError> {
        let key = blake3::derive_key("fanfare 2026-11 the festival's keys at rest", &self.0);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).map_err(|_| unwrapped())?;
        Ok(LessSafeKey::new(key))
    }

    pub(super) fn wrap(&self, name: &str, key: &[u8; 32]) -> Result<Vec<u8>, DbError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|why| DbError(why.to_string()))?;
        let mut sealed = key.to_vec();
        let (nonce_used, name) = (Nonce::assume_unique_for_key(nonce), Aad::from(name.as_bytes()));
        let done = self.wrapping()?.seal_in_place_append_tag(nonce_used, name, &mut sealed);
        done.map_err(|_| unwrapped())?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    pub(super) fn unwrap(&self, name: &str, wrapped: &[u8]) -> Result<[u8; 32], DbError> {
        let parts = wrapped.strip_prefix(&[VERSION]).and_then(<[u8]>::split_first_chunk);
        let (nonce, sealed) = parts.ok_or_else(unwrapped)?;
        let (nonce, name) = (Nonce::assume_unique_for_key(*nonce), Aad::from(name.as_bytes()));
        let mut sealed = sealed.to_vec();
        let opened = self.wrapping()?.open_in_place(nonce, name, &mut sealed);
        opened.ok().and_then(|key| (&*key).try_into().ok()).ok_or_else(unwrapped)
    }
}

pub(super) fn unwrapped() -> DbError {
    DbError(
        "the festival's keys in the database were wrapped by another secret: give this node the \
         --key FILE of the others"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_with_its_secret_and_its_name_only() {
        let (secret, other) = (Secret([1; 32]), Secret([2; 32]));
        let wrapped = secret.wrap("token.key", &[7; 32]).unwrap();
        assert_eq!(secret.unwrap("token.key", &wrapped), Ok([7; 32]));
        assert!(other.unwrap("token.key", &wrapped).is_err());
        assert!(secret.unwrap("festival.key", &wrapped).is_err());
        for at in 0..wrapped.len() {
            let mut forged = wrapped.clone();
            forged[at] ^= 1;
            assert!(secret.unwrap("token.key", &forged).is_err(), "{at}");
        }
        assert!(!wrapped.windows(32).any(|part| part == [7; 32]));
    }
}
