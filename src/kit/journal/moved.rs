//! Whether a journal was moved away: then its festival goes on elsewhere, and nothing may be
//! written here any more.

use super::{JournalError, JournalReader};
use fanfare_engine::Fact;

/// Where the journal went, in words; none if it is served from here. Its lanes moved in one
/// commit, so one that did speaks for all, those without a row too.
///
/// # Errors
/// If the journal cannot be read.
pub fn moved(reader: &JournalReader) -> Result<Option<String>, JournalError> {
    for record in reader.survey()?.lanes.iter().filter(|record| record.newest_seq > 0) {
        let rows = match reader.raw_rows(record.lane, record.newest_seq, 1) {
            // As one that was silent already when it was surveyed: its own lanes wait for it.
            Err(JournalError::Silent(_)) if record.home > 0 => continue,
            rows => rows?,
        };
        // A damaged row is its lane's matter, and says nothing here.
        let facts =
            rows.into_iter().find_map(|raw| raw.read(record.lane).ok()?.row.read_facts().ok());
        if let Some(Fact::Moved(act)) = facts.unwrap_or_default().last() {
            let words = reader.reason(act.why).unwrap_or(None);
            return Ok(Some(words.unwrap_or_else(|| "to another place".to_owned())));
        }
    }
    Ok(None)
}

/// Stops whoever would write to a journal that was moved away.
///
/// # Errors
/// Where it went, and what to do; or that it cannot be read.
pub fn not_moved(reader: &JournalReader) -> Result<(), String> {
    match moved(reader).map_err(|why| why.to_string())? {
        None => Ok(()),
        Some(to) => Err(format!(
            "this journal was moved {to}, and the festival goes on there: nothing is served from \
             here; use the data folder that names the new place, or, on another of several nodes, \
             move the file `journals` in its folder aside and name that place with --journal"
        )),
    }
}
