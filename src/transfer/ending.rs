//! The rows that end a journal, and with it a move.

use crate::drops::plan::KEEPER;
use crate::drops::wake::{festival_number, replay};
use crate::drops::web::host::reason_number;
use crate::kit::data::DataFolder;
use crate::kit::journal::{JournalReader, JournalWriter, Journals, LaneRecord};
use crate::kit::keys::Keys;
use fanfare_engine::{Act, Fact};
use fanfare_lane::{Draft, Placed, Row, Sealed, Written, seal_commit};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The last row of every lane that has none yet, a commit for each journal.
pub(super) fn end(
    folder: &DataFolder,
    (reader, has): (&JournalReader, &JournalReader),
    (from, to): (&Journals, &Journals),
    now_ms: i64,
) -> Result<(), String> {
    let keys = Keys::open(folder.path()).map_err(|why| why.to_string())?;
    let words = format!("to {}", to.shown());
    let act = Act { by: KEEPER, why: reason_number(&words) };
    let lanes = reader.lanes().map_err(|why| why.to_string())?;
    let mut writers = None;
    for place in 0..from.count() {
        let mut rows = Vec::new();
        for record in lanes.iter().filter(|record| record.home == place && record.newest_seq > 0) {
            rows.extend(last_row(folder, (reader, has), record, (act, now_ms))?);
        }
        if rows.is_empty() {
            continue;
        }
        if writers.is_none() {
            writers = Some(JournalWriter::each(from).map_err(|why| why.to_string())?);
        }
        let Some(writer) = writers.as_mut().and_then(|each| each.get_mut(place)) else { continue };
        writer.list_key(&keys.public()).map_err(|why| why.to_string())?;
        writer.keep_reason(act.why, &words).map_err(|why| why.to_string())?;
        let placed = append(writer, &seal_commit(&rows, &keys.signing))?;
        if placed.iter().any(|placed| *placed != Placed::Durable) {
            return Err("somebody else writes this journal: stop whoever serves it, and do this \
                        again"
                .to_owned());
        }
    }
    Ok(())
}

/// A lane's last row, if it has none yet; the copy has to have all that is before it.
fn last_row(
    folder: &DataFolder,
    (reader, has): (&JournalReader, &JournalReader),
    record: &LaneRecord,
    (act, now_ms): (Act, i64),
) -> Result<Option<Arc<Row>>, String> {
    let newest =
        |of: &JournalReader, seq| of.rows(record.lane, seq, 1).map_err(|why| why.to_string());
    let ended =
        newest(reader, record.newest_seq)?.first().and_then(|last| last.row.read_facts().ok());
    if matches!(ended.unwrap_or_default().last(), Some(Fact::Moved(_))) {
        return Ok(None);
    }
    let replay = replay(reader, festival_number(folder.festival()), record.lane)?;
    let copied = newest(has, replay.seq())?.first().map(|last| last.row.hash);
    if copied != Some(replay.hash()) {
        return Err(format!(
            "drop {} was written to behind its copy: stop whoever serves it, and do this again",
            record.drop
        ));
    }
    let draft = Draft {
        festival: replay.festival(),
        lane: record.lane,
        seq: replay.seq() + 1,
        prev: replay.hash(),
        time_ms: now_ms.clamp(replay.time_ms(), replay.time_ms() + DAY_MS),
        written: Arc::new(Written::of(&[Fact::Moved(act)])),
    };
    Ok(Some(Arc::new(draft.finish())))
}

/// Appends rows until it is known whether they stand: the same bytes again, which stand once.
fn append(writer: &mut JournalWriter, rows: &[Sealed]) -> Result<Vec<Placed>, String> {
    let mut failed = String::new();
    for _ in 0..APPEND_TRIES {
        match writer.append(rows) {
            Ok(placed) if failed.is_empty() => return Ok(placed),
            // Those of a try before stand already, and are kept out as their numbers are taken.
            Ok(_) => {
                let stands = |sealed: &Sealed| {
                    let header = &sealed.row.header;
                    let read = writer.read(header.lane, header.seq, 1).unwrap_or_default();
                    let same = read.first().is_some_and(|other| other.row.hash == sealed.row.hash);
                    if same { Placed::Durable } else { Placed::Fenced }
                };
                return Ok(rows.iter().map(stands).collect());
            }
            Err(why) => failed = why.0,
        }
        thread::sleep(APPEND_AGAIN);
    }
    Err(format!("{failed}; whether the journal was moved is not known: do the same again"))
}

/// How often an append of unknown outcome is tried, and how long after.
const APPEND_TRIES: u32 = 10;
const APPEND_AGAIN: Duration = Duration::from_secs(1);

/// The clock may be wrong; a lane's newest moment is not to be far behind its last row's.
const DAY_MS: i64 = 86_400_000;
