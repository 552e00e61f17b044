//! The festival's keys in the data folder: one signs the journal, one makes session tokens, one
//! hashes idempotency keys. They are made at the first start, mode 0600, and never again by
//! themselves: where the journal has rows a missing one stops the start.
//!
//! The first two can be made anew (`rotate`). The third stays, for a keyed repeat has to find its
//! claim as long as the drop exists; folders from before there were three hash with what was their
//! token key then, and a copy of it is kept.

mod held;
mod ring;

pub use held::{Doubt, What, doubt};
pub use ring::Keyring;

use super::data::{DataError, write_private};
use super::hex;
use super::journal::JournalReader;
use fanfare_lane::{FestivalKey, PublicKey};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The file of the key that signs the journal.
pub const SIGNING: &str = "festival.key";
const TOKENS: &str = "token.key";
/// The file of the key that hashes idempotency keys.
pub const REPEATS: &str = "repeat.key";

/// The files of all keys.
pub const NAMES: [&str; 3] = [SIGNING, TOKENS, REPEATS];

/// The files of keys that every folder whose journal has rows has had.
pub const NEEDED: [&str; 2] = [SIGNING, TOKENS];

/// All three.
pub struct Keys {
    /// Signs the journal.
    pub signing: FestivalKey,
    /// Keys the hashes of session tokens.
    pub tokens: [u8; 32],
    /// Keys the hashes of idempotency keys.
    pub repeats: [u8; 32],
}

/// A key that can be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// The one that signs the journal.
    Signing,
    /// The one that makes session tokens.
    Tokens,
}

impl Rotated {
    /// The name of its file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signing => SIGNING,
            Self::Tokens => TOKENS,
        }
    }
}

impl Keys {
    /// The keys of a folder with this journal, made where it is new: at the first start, or in a
    /// folder from before there were three. `had_rows` says that somebody saw rows in it.
    ///
    /// # Errors
    /// If a key is missing, or the signing key is another, where the journal has or had rows.
    pub fn of(folder: &Path, reader: &JournalReader, had_rows: bool) -> Result<Self, String> {
        if let Some(doubt) = doubt(folder, reader)? {
            return Err(DataError::from(doubt).to_string());
        }
        let has_rows = || {
            let lanes = reader.registered().map_err(|why| why.to_string())?;
            let rows = lanes.iter().any(|record| record.newest_seq > 0 || record.home > 0);
            Ok::<_, String>(rows)
        };
        if had_rows || reader.without_first() || has_rows()? {
            let missing = NEEDED.into_iter().find(|name| !folder.join(name).exists());
            missing.map_or(Ok(()), |name| Err(gone(folder, name).to_string()))?;
        }
        Self::open_or_make(folder).map_err(|why| why.to_string())
    }

    /// Reads the keys of a data folder, making those that are missing. What serves asks the
    /// journal first, by [`Self::of`].
    ///
    /// # Errors
    /// If a key cannot be read or made, or others may read it.
    pub fn open_or_make(folder: &Path) -> Result<Self, DataError> {
        Self::with(folder, make)
    }

    /// Reads the keys of a data folder that has them. Writes nothing.
    ///
    /// # Errors
    /// If a key is missing or cannot be read.
    pub fn open(folder: &Path) -> Result<Self, DataError> {
        Self::with(folder, |path, older| older.ok_or_else(|| DataError::key(path, "it is missing")))
    }

    /// The keys that are there; of the others what `make` gives, told what older folders used.
    fn with(
        folder: &Path,
        make: impl Fn(&Path, Option<[u8; 32]>) -> Result<[u8; 32], DataError>,
    ) -> Result<Self, DataError> {
        let secret = |name: &str, older| {
            let path = folder.join(name);
            if path.exists() { read(&path) } else { make(&path, older) }
        };
        let older = folder.join(TOKENS).exists();
        let signing = FestivalKey::from_secret(&secret(SIGNING, None)?);
        let tokens = secret(TOKENS, None)?;
        Ok(Self { signing, tokens, repeats: secret(REPEATS, older.then_some(tokens))? })
    }

    /// Makes a key anew, for the next start: written beside it, synced, renamed over it. Of the
    /// old one nothing secret stays. The caller holds the folder's lock; `tell` is given the new
    /// key before anything can be made with it, and tells whoever has to know of it.
    ///
    /// Where the old one is `lost`, idempotency keys get a new one too, if theirs is lost with it.
    ///
    /// # Errors
    /// If the keys cannot be read or written, or `tell` says why not; then the old key stands.
    pub fn rotate(
        folder: &Path,
        (which, lost): (Rotated, bool),
        tell: impl FnOnce(&[u8; 32]) -> Result<(), String>,
    ) -> Result<(), DataError> {
        // Idempotency keys may still be hashed with the token key that goes.
        let repeats = keep_repeats(folder)?;
        let path = folder.join(which.name());
        if !lost && !path.exists() {
            return Err(gone(folder, which.name()));
        }
        let secret = random(&path)?;
        tell(&secret).map_err(|why| DataError::key(&path, &why))?;
        if which == Rotated::Tokens && !repeats {
            make(&folder.join(REPEATS), None)?;
        }
        keep(&path, &secret)
    }

    /// The public half of the signing key.
    pub fn public(&self) -> PublicKey {
        self.signing.public()
    }
}

/// The key in one of a folder's files, if it is there: what older folders lack is made of what they
/// used.
///
/// # Errors
/// If it cannot be read, or others may read it.
pub fn find(folder: &Path, name: &str) -> Result<Option<[u8; 32]>, DataError> {
    keep_repeats(folder)?;
    look(folder, name)
}

/// Gives an older folder the key that hashes idempotency keys, which was its token key. Says
/// whether there is one then.
fn keep_repeats(folder: &Path) -> Result<bool, DataError> {
    let path = folder.join(REPEATS);
    if path.exists() {
        return Ok(true);
    }
    let Some(older) = look(folder, TOKENS)? else { return Ok(false) };
    make(&path, Some(older)).map(|_| true)
}

/// The same, of a folder that is only looked at.
///
/// # Errors
/// If it cannot be read, or others may read it.
pub fn look(folder: &Path, name: &str) -> Result<Option<[u8; 32]>, DataError> {
    let path = folder.join(name);
    if path.exists() { read(&path).map(Some) } else { Ok(None) }
}

/// A key that was there once and is to be brought back.
pub fn gone(folder: &Path, name: &str) -> DataError {
    let which = if name == SIGNING { "--signing" } else { "--tokens" };
    let why = format!(
        "it is missing, and the festival had it: bring it back from a backup, with its \
         owner and mode 0600; only if it is nowhere any more, `fanfare key rotate {which} --lost \
         --data {}` makes a new one",
        folder.display()
    );
    DataError::key(&folder.join(name), &why)
}

/// The public half of a signing key.
pub fn public(secret: &[u8; 32]) -> PublicKey {
    FestivalKey::from_secret(secret).public()
}

/// Keeps a key in a file, whole or not at all.
///
/// # Errors
/// If it cannot be written; then an old key stands.
pub fn keep(path: &Path, secret: &[u8; 32]) -> Result<(), DataError> {
    write_private(path, text(secret).as_bytes())
}

/// A new key, for this file.
///
/// # Errors
/// If the system gives no randomness.
pub fn random(path: &Path) -> Result<[u8; 32], DataError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|why| DataError::key(path, &why.to_string()))?;
    Ok(secret)
}

fn text(secret: &[u8; 32]) -> String {
    hex::hex(secret) + "\n"
}

/// Makes a key that is missing; it is what older folders used, where that is known.
fn make(path: &Path, older: Option<[u8; 32]>) -> Result<[u8; 32], DataError> {
    let secret = older.map_or_else(|| random(path), Ok)?;
    write_private(path, text(&secret).as_bytes())?;
    Ok(secret)
}

fn read(path: &Path) -> Result<[u8; 32], DataError> {
    let file = fs::File::open(path).map_err(|why| DataError::read(path, &why))?;
    let mode = file.metadata().map_err(|why| DataError::read(path, &why))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(DataError::key(path, "others may read it; set its mode to 0600"));
    }
    let mut text = String::new();
    (&file).take(200).read_to_string(&mut text).map_err(|why| DataError::read(path, &why))?;
    hex::from_hex(text.trim()).ok_or_else(|| DataError::key(path, "it is not 64 hex digits"))
}
