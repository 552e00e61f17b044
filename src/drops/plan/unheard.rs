//! Drops another node made while serving, whose word of them did not come, or could not be followed
//! up. Their leases are seen at each renewal; without this, whoever asks here would hear that there
//! is no such drop, and a node that takes over their lease would not open them.

use super::{known, terms_of};
use crate::app::App;
use crate::kit::journal::{JournalError, JournalReader, Survey};
use fanfare_lane::LaneId;
use std::collections::{BTreeMap, BTreeSet};

/// Has such drops known, as busy; they are then read and followed, or opened. Leases this node has
/// of lanes that nobody made are given up.
///
/// # Errors
/// If no journal can be read.
pub(super) fn hear_of(app: &App) -> Result<(), String> {
    let node = &app.node;
    node.hear_of(|unheard| {
        let journals = node.folder.journals();
        let reader = match JournalReader::open(&journals) {
            // Of its own lanes nothing is known then; those of the others are.
            Err(JournalError::Silent(_)) => JournalReader::known(&journals)?,
            reader => reader?,
        };
        let Survey { mut lanes, unread } = reader.survey()?;
        // Without a row nothing was promised: its maker was not told that it is made.
        lanes.retain(|record| unheard.contains(&record.lane) && record.newest_seq > 0);
        let made = lanes.iter().map(|record| record.lane);
        let unread = unread.iter().map(|(record, _)| record.lane);
        let looked_for: BTreeSet<LaneId> = made.chain(unread).collect();
        // Its home may not even list it yet.
        let mut empty: BTreeMap<usize, Vec<LaneId>> = BTreeMap::new();
        for lane in unheard.difference(&looked_for).filter(|_| !reader.without_first()) {
            if let Ok(home) = reader.home(*lane) {
                empty.entry(home).or_default().push(*lane);
            }
        }
        let made = lanes.into_iter().map(|record| {
            let terms = terms_of(&reader, record.lane);
            (record.lane, known(&app.festival, &record.drop, terms))
        });
        Ok((made.collect(), empty))
    })
}
