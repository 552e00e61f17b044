//! Drops another node made while serving, whose word of them did not come, or could not be followed
//! up. Their leases are seen at each renewal; without this, whoever asks here would hear that there
//! is no such drop, and a node that takes over their lease would not open them.

use super::{known, terms_of};
use crate::app::App;
use crate::kit::journal::{JournalError, JournalReader, Survey};

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
        lanes.retain(|record| unheard.contains(&record.lane));
        // Without a row nothing was promised: its maker was not told that it is made.
        let (made, empty): (Vec<_>, Vec<_>) =
            lanes.into_iter().partition(|record| record.newest_seq > 0);
        let made = made.into_iter().map(|record| {
            let terms = terms_of(&reader, record.lane);
            (record.lane, known(&app.festival, &record.drop, terms))
        });
        let unread = unread.into_iter().filter(|(record, _)| unheard.contains(&record.lane));
        let unread =
            unread.map(|(record, _)| (record.lane, known(&app.festival, &record.drop, None)));
        let empty = empty.into_iter().map(|record| (record.home, record.lane)).collect();
        Ok((made.chain(unread).collect(), empty))
    })
}
