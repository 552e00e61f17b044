//! A journal's rows as they stand: lane by lane, in order, and on from where an earlier copying
//! broke off.

use super::Show;
use crate::kit::journal::{JournalReader, JournalWriter, LaneRecord};

/// Rows copied in one commit: those of a rush are about 100 kB each.
const ROWS_AT_A_TIME: usize = 64;

/// Copies what the journal holds now. Rows that come later are left for the next copying, and what
/// the copy has already is held against the journal.
///
/// # Errors
/// If either side cannot be read or written, or the copy is of something else.
pub fn copy(
    from: &JournalReader,
    (to, has): (&mut [JournalWriter], &JournalReader),
    show: Show<'_>,
) -> Result<(), String> {
    let words = |why: crate::kit::journal::JournalError| why.to_string();
    let lanes = from.lanes().map_err(words)?;
    is_beginning(from, has, &lanes)?;
    let keys = from.keys().map_err(words)?;
    for writer in &mut *to {
        keys.iter().try_for_each(|key| writer.list_key(key)).map_err(words)?;
    }
    for LaneRecord { lane, drop, newest_seq, .. } in &lanes {
        // In turn, as new drops go; the register knows of all.
        let home = (*lane as usize - 1) % to.len();
        for at in if home == 0 { vec![0] } else { vec![home, 0] } {
            if !to[at].keep_lane(*lane, drop, home).map_err(words)? {
                return Err(format!(
                    "the copy knows lane {lane} in another way than drop {drop}'s"
                ));
            }
        }
        let mut next = has.newest_seq(*lane).map_err(words)? + 1;
        while next <= *newest_seq {
            let most = ((newest_seq + 1 - next) as usize).min(ROWS_AT_A_TIME);
            let rows = from.raw_rows(*lane, next, most).map_err(words)?;
            if rows.is_empty() || rows.iter().zip(next..).any(|(row, seq)| row.seq != seq) {
                return Err(format!("lane {lane} (drop {drop}): row {next} is missing"));
            }
            to[home].bring(*lane, &rows).map_err(words)?;
            next += rows.len() as u32;
            show(drop, u64::from(next) - 1, (*newest_seq).into());
        }
    }
    // Words are kept before the row that names them, so these are all that those rows name.
    let reasons = from.reasons().map_err(words)?;
    for writer in to {
        for (why, text) in &reasons {
            if !writer.keep_reason(*why, text).map_err(words)? {
                return Err(format!("reason {why} has other words there: it is another journal"));
            }
        }
    }
    Ok(())
}

/// Refuses a copy that holds anything but the beginning of this journal.
fn is_beginning(
    from: &JournalReader,
    has: &JournalReader,
    lanes: &[LaneRecord],
) -> Result<(), String> {
    for theirs in has.lanes().map_err(|why| why.to_string())? {
        let known = |ours: &&LaneRecord| (ours.lane, &ours.drop) == (theirs.lane, &theirs.drop);
        let ours = lanes.iter().find(known).filter(|ours| ours.newest_seq >= theirs.newest_seq);
        let newest = |reader: &JournalReader| {
            let rows = reader.raw_rows(theirs.lane, theirs.newest_seq, 1);
            rows.map(|rows| rows.into_iter().next().map(|raw| raw.hash))
        };
        let same = ours.is_some()
            && (theirs.newest_seq == 0
                || newest(from).map_err(|why| why.to_string())?
                    == newest(has).map_err(|why| why.to_string())?);
        if !same {
            return Err(format!(
                "there is another journal already, with lane {} (drop {}): name an empty place",
                theirs.lane, theirs.drop
            ));
        }
    }
    Ok(())
}
