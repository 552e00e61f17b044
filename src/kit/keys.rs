//! The festival's keys in the data folder: one signs the journal, one makes session tokens and
//! hashes idempotency keys. Both are made at the first start, mode 0600.

use super::data::DataError;
use super::hex;
use fanfare_lane::{FestivalKey, PublicKey};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

const SIGNING: &str = "festival.key";
const TOKENS: &str = "token.key";

/// The files of all keys.
pub const NAMES: [&str; 2] = [SIGNING, TOKENS];

/// Both keys.
pub struct Keys {
    /// Signs the journal.
    pub signing: FestivalKey,
    /// Keys the hashes of tokens and idempotency keys.
    pub tokens: [u8; 32],
}

impl Keys {
    /// Reads the keys of a data folder, making those that are missing.
    ///
    /// # Errors
    /// If a key cannot be read or made, or others may read it.
    pub fn open_or_make(folder: &Path) -> Result<Self, DataError> {
        Self::with(folder, |path| {
            let secret = fresh(path)?;
            keep(path, &secret)?;
            Ok(secret)
        })
    }

    /// Reads the keys of a data folder that has them.
    ///
    /// # Errors
    /// If a key is missing or cannot be read.
    pub fn open(folder: &Path) -> Result<Self, DataError> {
        Self::with(folder, |path| Err(DataError::key(path, "it is missing")))
    }

    fn with(
        folder: &Path,
        make: impl Fn(&Path) -> Result<[u8; 32], DataError>,
    ) -> Result<Self, DataError> {
        let secret = |name: &str| {
            let path = folder.join(name);
            if path.exists() { read(&path) } else { make(&path) }
        };
        Ok(Self { signing: FestivalKey::from_secret(&secret(SIGNING)?), tokens: secret(TOKENS)? })
    }

    /// The public half of the signing key.
    pub fn public(&self) -> PublicKey {
        self.signing.public()
    }
}

/// The key in one of a folder's files, if it is there.
///
/// # Errors
/// If it cannot be read, or others may read it.
pub fn find(folder: &Path, name: &str) -> Result<Option<[u8; 32]>, DataError> {
    let path = folder.join(name);
    if path.exists() { read(&path).map(Some) } else { Ok(None) }
}

/// A new key, for this file.
///
/// # Errors
/// If the system gives no randomness.
pub fn fresh(path: &Path) -> Result<[u8; 32], DataError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|why| DataError::key(path, &why.to_string()))?;
    Ok(secret)
}

/// Keeps a key in a file that is not there yet.
///
/// # Errors
/// If it cannot be written.
pub fn keep(path: &Path, secret: &[u8; 32]) -> Result<(), DataError> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|why| DataError::io(path, &why))?;
    writeln!(file, "{}", hex::hex(secret)).map_err(|why| DataError::io(path, &why))?;
    file.sync_all().map_err(|why| DataError::io(path, &why))
}

fn read(path: &Path) -> Result<[u8; 32], DataError> {
    let file = fs::File::open(path).map_err(|why| DataError::io(path, &why))?;
    let mode = file.metadata().map_err(|why| DataError::io(path, &why))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(DataError::key(path, "others may read it; set its mode to 0600"));
    }
    let mut text = String::new();
    (&file).take(200).read_to_string(&mut text).map_err(|why| DataError::io(path, &why))?;
    hex::from_hex(text.trim()).ok_or_else(|| DataError::key(path, "it is not 64 hex digits"))
}
