//! Whether a folder's signing key is the one its journal goes on with. A rotation lists the new
//! key in the journal before the folder has it, so whatever is not listed came in another way.

use super::{SIGNING, look, public};
use crate::kit::data::DataError;
use crate::kit::journal::{JournalError, JournalReader, RawRow};
use fanfare_lane::{KeyId, PublicKey};
use std::fmt;
use std::path::{Path, PathBuf};

/// What speaks against signing on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The key's file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: What,
}

/// What is wrong with a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It is not there.
    Missing,
    /// The journal never heard of it.
    Unlisted,
    /// Another was made in its place, and signed since.
    Replaced,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "it is missing, and the journal has rows signed with it",
            Self::Unlisted => {
                "the journal's rows are signed with another, and it was not made by \
                               `fanfare key rotate`"
            }
            Self::Replaced => "it signed this journal once, and another was made in its place",
        })
    }
}

impl Doubt {
    /// What to do about it.
    pub fn todo(&self) -> String {
        let folder = self.path.parent().unwrap_or(Path::new(".")).display();
        format!(
            "bring {SIGNING} back from a backup, with its owner and mode 0600; only if it is \
             nowhere any more, `fanfare key rotate --signing --lost --data {folder}` makes a \
             new one, which is to be published beside the old fingerprint"
        )
    }
}

impl From<Doubt> for DataError {
    fn from(doubt: Doubt) -> Self {
        Self::key(&doubt.path, &format!("{}: {}", doubt.what, doubt.todo()))
    }
}

/// What speaks against signing on with a folder's key, if anything does. A journal without rows
/// takes any.
///
/// # Errors
/// If the key is there and cannot be read, or the journal's lists cannot.
pub fn doubt(folder: &Path, reader: &JournalReader) -> Result<Option<Doubt>, String> {
    let own = look(folder, SIGNING).map_err(|why| why.to_string())?.map(|secret| public(&secret));
    let what = against(reader, own.as_ref()).map_err(|why| why.to_string())?;
    Ok(what.map(|what| Doubt { path: folder.join(SIGNING), what }))
}

/// The same of a key.
///
/// # Errors
/// If the journal's lists cannot be read.
fn against(reader: &JournalReader, own: Option<&PublicKey>) -> Result<Option<What>, JournalError> {
    // The register knows of every lane and lists the key of every start: no other has to answer.
    // Who does without it served before; a rotation lists the new key in every journal, so any
    // that answers has it.
    let apart = reader.without_first();
    let mut lanes = if apart { reader.answering()? } else { reader.registered()? };
    lanes.retain(|record| record.newest_seq > 0 || record.home > 0);
    if lanes.is_empty() && !apart {
        return Ok(None);
    }
    let Some(own) = own else { return Ok(Some(What::Missing)) };
    let listed = reader.keys()?;
    if !listed.contains(own) {
        return Ok(Some(What::Unlisted));
    }
    // The key that signs now signed the newest row of every lane it ever wrote to.
    let signed = |lane, seq| -> Result<Option<KeyId>, JournalError> {
        Ok(reader.raw_rows(lane, seq, 1)?.first().and_then(RawRow::signed_with))
    };
    // A damaged seal names nobody: rows are judged where they are read.
    let another = |id: &KeyId| *id != own.id() && listed.iter().any(|key| key.id() == *id);
    for record in lanes.iter().filter(|record| apart || record.home == 0) {
        let newest = signed(record.lane, record.newest_seq)?;
        if newest.is_some_and(|id| another(&id)) && signed(record.lane, 1)? == Some(own.id()) {
            return Ok(Some(What::Replaced));
        }
    }
    Ok(None)
}
