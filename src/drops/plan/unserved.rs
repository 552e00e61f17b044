//! What differs between a festival file and a folder nobody serves. Reads the journal, writes
//! nothing.

use super::changes::{Compared, Journal, Look, Unseen, of_journal};
use super::journalled;
use crate::drops::wake;
use crate::festivals::Festival;
use crate::kit::clock::Clock;
use crate::kit::data::DataFolder;
use crate::kit::journal::{JournalReader, LaneRecord, Survey, not_moved};
use std::collections::BTreeMap;

/// What differs between a proposed festival and the folder's journal.
///
/// # Errors
/// If the folder has no journal yet, or the journal cannot be read or believed.
pub fn changes(folder: &DataFolder, proposed: &Festival) -> Result<Compared, String> {
    let (mut drops, mut ids, mut unseen) = (BTreeMap::new(), Vec::new(), Vec::new());
    let reader = JournalReader::find(&folder.journals()).map_err(|why| why.to_string())?;
    let reader = reader.ok_or_else(|| no_journal(folder))?;
    not_moved(&reader)?;
    let festival = wake::festival_number(folder.festival());
    let Survey { lanes, unread } = reader.survey().map_err(|why| why.to_string())?;
    for record in lanes {
        let replay = wake::replay(&reader, festival, record.lane)?;
        let Some(state) = replay.into_state() else { continue };
        let terms = state.terms().clone();
        let spec = journalled(proposed, &record.drop, &terms).with_terms(terms);
        ids.push(record.drop.clone());
        drops.insert(record.drop, (spec, state));
    }
    for (LaneRecord { lane, drop, .. }, why) in unread {
        unseen.push(Unseen { drop, why: format!("lane {lane}: {why}") });
    }
    let read = |id: &str, look: &mut Look<'_>| {
        if let Some((spec, state)) = drops.get(id) {
            look(spec, state);
        }
    };
    let now_ms = Clock::machine().now_ms();
    Ok(of_journal(Journal { ids, unseen, now_ms, read: &read }, proposed))
}

/// What to do with a folder from which nothing was served yet: a journal is founded by `serve`
/// alone, which sees whether the festival has one elsewhere.
fn no_journal(folder: &DataFolder) -> String {
    format!(
        "{} has no journal yet, so there is nothing to compare the file with: start `fanfare \
         serve` with this folder first. If the festival is served from other folders, ask in one \
         of them, or name its databases as they do: --journal URL for each, in the same order",
        folder.path().display()
    )
}
