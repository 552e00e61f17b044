//! What differs between a festival file and a folder nobody serves. Reads the journal, writes
//! nothing.

use super::changes::{Change, Journal, Look, of_journal};
use super::journalled;
use crate::drops::wake;
use crate::festivals::Festival;
use crate::kit::clock::Clock;
use crate::kit::data::DataFolder;
use crate::kit::journal::{JournalReader, not_moved};
use std::collections::BTreeMap;

/// What differs between a proposed festival and the folder's journal.
///
/// # Errors
/// If the journal cannot be read or believed.
pub fn changes(folder: &DataFolder, proposed: &Festival) -> Result<Vec<Change>, String> {
    let mut drops = BTreeMap::new();
    let mut ids = Vec::new();
    if let Some(reader) = JournalReader::find(&folder.journals()).map_err(|why| why.to_string())? {
        not_moved(&reader)?;
        let festival = wake::festival_number(folder.festival());
        for record in reader.lanes().map_err(|why| why.to_string())? {
            let replay = wake::replay(&reader, festival, record.lane)?;
            let Some(state) = replay.into_state() else { continue };
            let terms = state.terms().clone();
            let spec = journalled(proposed, &record.drop, &terms).with_terms(terms);
            ids.push(record.drop.clone());
            drops.insert(record.drop, (spec, state));
        }
    }
    let read = |id: &str, look: &mut Look<'_>| {
        if let Some((spec, state)) = drops.get(id) {
            look(spec, state);
        }
    };
    let now_ms = Clock::machine().now_ms();
    Ok(of_journal(&Journal { ids, now_ms, read: &read }, proposed))
}
