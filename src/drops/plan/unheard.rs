//! Drops another node made while serving, whose word of them did not come, or could not be followed
//! up. Their leases are seen at each renewal; without this, whoever asks here would hear that there
//! is no such drop, and a node that takes over their lease would not open them.

use super::{known, terms_of};
use crate::app::App;
use crate::kit::journal::{JournalError, JournalReader};
use std::sync::PoisonError;

/// Has such drops known, as busy; they are then read and followed, or opened.
///
/// # Errors
/// If a journal cannot be read.
pub(super) fn hear_of(app: &App) -> Result<(), JournalError> {
    let node = &app.node;
    let unheard = node.told.unheard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // Without the first journal, all that is unknown is said to be busy.
    if unheard.is_empty() || node.directory().is_apart() {
        return Ok(());
    }
    let reader = JournalReader::open(&node.folder.journals())?;
    // Without a row nothing was promised: its maker was not told that it is made.
    let mut lanes = reader.survey()?.lanes;
    lanes.retain(|record| unheard.contains(&record.lane) && record.newest_seq > 0);
    let spec = |id: &str, lane| known(&app.festival, id, terms_of(&reader, lane));
    let drops = lanes.iter().map(|record| (record.lane, spec(&record.drop, record.lane)));
    node.hear_of(drops.collect());
    Ok(())
}
