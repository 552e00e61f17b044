//! A data folder: its witness, its keys, its lanes.

use super::lane::LaneCheck;
use super::report::{Broken, Progress, Promise, Report, VerifyError};
use super::rows::{Seen, Source};
use super::seals::Seals;
use super::tables::Tables;
use crate::drops::wake::festival_number;
use crate::kit::clock::Stopwatch;
use crate::kit::data::DataFolder;
use crate::kit::db::Cold;
use crate::kit::heads::{self, Heads};
use crate::kit::journal::{JournalError, JournalReader, Journals, LaneRecord, Survey};
use crate::kit::keys;
use fanfare_lane::LaneId;
use std::path::Path;

/// Reads every journal of a data folder from its first row up to what stands there now. Writes
/// nothing, and may run beside a serving process.
///
/// # Errors
/// If folder or journal cannot be read at all; what is broken in them is in the report.
pub fn folder(path: &Path, progress: &mut dyn FnMut(&Progress<'_>)) -> Result<Report, VerifyError> {
    folder_beside(&DataFolder::look(path)?, None, progress)
}

/// The same, and holds the tables beside the journal against it.
///
/// # Errors
/// If folder, journal or tables cannot be read at all.
pub fn folder_beside(
    folder: &DataFolder,
    tables: Option<&Cold>,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<Report, VerifyError> {
    let mut report = Report::default();
    // The witness before the journal: what it has seen must then be there, however fast the
    // journal grows meanwhile.
    let witness = witness(folder, &mut report.broken);
    let journals = folder.journals();
    let whole = Whole { folder, journals: &journals, witness, tables, own: true };
    read(&whole, &mut report, progress)?;
    Ok(report)
}

/// The same for other journals of the folder's festival: those it moved away from, or is about to
/// move to. Nothing testifies for them.
///
/// # Errors
/// If folder or journal cannot be read at all.
pub fn elsewhere(
    folder: &DataFolder,
    journals: &Journals,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<Report, VerifyError> {
    let (mut report, witness) = (Report::default(), Heads::new());
    let whole = Whole { folder, journals, witness, tables: None, own: false };
    read(&whole, &mut report, progress)?;
    Ok(report)
}

/// What is read: a folder, its journals, and what testifies for it.
struct Whole<'a> {
    folder: &'a DataFolder,
    journals: &'a Journals,
    witness: Heads,
    tables: Option<&'a Cold>,
    /// Whether the folder's own key has to be the one these journals go on with.
    own: bool,
}

fn read(
    Whole { folder, journals, witness, tables, own }: &Whole<'_>,
    report: &mut Report,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<(), VerifyError> {
    let reader = match JournalReader::open(journals) {
        Ok(reader) => reader,
        Err(JournalError::Missing(_)) if !witness.is_empty() => {
            let what = "the journal is gone, and the witness says it had rows";
            report.broken.push(whole(Promise::Kept, what));
            return Ok(());
        }
        Err(why) => return Err(why.into()),
    };
    let Survey { lanes, unread } = reader.survey()?;
    let listed: Vec<_> = lanes.iter().chain(unread.iter().map(|(record, _)| record)).collect();
    report.broken.extend(gone(witness, &listed));
    report.broken.extend(unread.iter().map(unreadable));
    report.keys = reader.keys()?;
    if *own {
        own_key(folder, &reader, &mut report.broken);
    }
    let seals = Seals::new(report.keys.clone());
    let festival = festival_number(folder.festival());
    let source = Source { journals, festival, seals: &seals };
    for record in &lanes {
        let tables = tables.map(|cold| Tables::of(cold, record.lane)).transpose()?.flatten();
        // The tables may have gone on with a journal that grew since its lanes were listed.
        let newest_seq = match &tables {
            Some(_) => reader.newest_seq(record.lane)?,
            None => record.newest_seq,
        };
        let record = LaneRecord { newest_seq, ..record.clone() };
        let witness = witness.get(&record.lane);
        let check = LaneCheck::new(festival, &record, witness, tables);
        lane(&source, &reader, &record, check, (report, &mut *progress))?;
    }
    Ok(())
}

/// A promise broken by the folder as a whole.
fn whole(promise: Promise, what: impl Into<String>) -> Broken {
    Broken { promise, lane: None, drop: String::new(), row: None, what: what.into() }
}

fn witness(folder: &DataFolder, broken: &mut Vec<Broken>) -> Heads {
    heads::read(&folder.heads()).unwrap_or_else(|why| {
        broken.push(whole(Promise::Kept, why.to_string()));
        Heads::new()
    })
}

/// Lanes the witness knows and the journal does not.
fn gone(witness: &Heads, lanes: &[&LaneRecord]) -> Vec<Broken> {
    let known = |lane: &LaneId| lanes.iter().any(|record| record.lane == *lane);
    let lost = witness.iter().filter(|(lane, _)| !known(lane));
    let broken = lost.map(|(lane, head)| Broken {
        promise: Promise::Kept,
        lane: Some(*lane),
        drop: String::new(),
        row: Some(1),
        what: format!("the lane is gone; the witness saw it at row {}", head.seq),
    });
    broken.collect()
}

/// A lane whose journal does not answer: whether its promises were kept is not known.
fn unreadable((record, why): &(LaneRecord, JournalError)) -> Broken {
    Broken {
        promise: Promise::Kept,
        lane: Some(record.lane),
        drop: record.drop.clone(),
        row: None,
        what: format!("its rows cannot be read: {why}"),
    }
}

/// The folder's own key, with which the journal must go on. Whoever may not read it is not stopped.
fn own_key(folder: &DataFolder, reader: &JournalReader, broken: &mut Vec<Broken>) {
    if let Ok(Some(doubt)) = keys::doubt(folder.path(), reader) {
        let what = format!("{}: {}", doubt.path.display(), doubt.what);
        broken.push(whole(Promise::Signature, what));
    }
}

/// Reads one lane into the report.
fn lane(
    source: &Source<'_>,
    reader: &JournalReader,
    record: &LaneRecord,
    mut check: LaneCheck<'_>,
    (report, progress): (&mut Report, &mut dyn FnMut(&Progress<'_>)),
) -> Result<(), VerifyError> {
    let watch = Stopwatch::start();
    let before: u64 = report.lanes.iter().map(|lane| lane.facts).sum();
    let mut take = |seen: Vec<Seen>| {
        for seen in seen {
            check.row(seen);
        }
        let (rows, facts) = check.read();
        progress(&Progress {
            drop: &record.drop,
            rows,
            rows_of: record.newest_seq.into(),
            facts: before + facts,
        });
    };
    source.each(reader, record.lane, record.newest_seq, &mut take)?;
    let reason = |why| reader.reason(why).ok().flatten();
    let (mut lane, broken) = check.finish(reason);
    lane.seconds = watch.passed_s();
    report.lanes.push(lane);
    report.broken.extend(broken);
    Ok(())
}
