//! The journal: there, whole, as far as its witnesses, safely kept.

use super::ways::ways;
use super::{Report, keys, machine, tables};
use crate::drops::restore;
use crate::drops::wake::festival_number;
use crate::kit::data::{DataFolder, group_named, user_named};
use crate::kit::database::Database;
use crate::kit::db::Cold;
use crate::kit::heads::{self, Heads};
use crate::kit::journal::{JournalError, JournalReader, LaneRecord, moved};
use fanfare_engine::Fact;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

/// What to do where there is no journal that could be gone on with.
fn bring_back(folder: &DataFolder) -> String {
    let data = folder.path().display();
    let owner = fs::metadata(folder.path())
        .map(|folder| format!("-o {} -g {} ", user_named(folder.uid()), group_named(folder.gid())));
    let in_file = folder.journals().in_file();
    let elsewhere = if in_file { "" } else { ", with --journal and an empty database's URL" };
    format!(
        "stop the server and bring the newest backup back, beside what is damaged: \
         `mv {data} {data}.damaged`, `install -d -m 700 {}{data}`, and as that user \
         `fanfare restore --from BACKUP --data {data} --witness {data}.damaged/heads`{elsewhere}",
        owner.unwrap_or_default()
    )
}

/// Looks at journal and tables. Where nobody serves, the clock at the next start is this moment's,
/// ms since 1970.
pub(super) fn look(
    folder: &DataFolder,
    tables: &Database,
    start_ms: Option<i64>,
    report: &mut Report,
) {
    let heads = heads::read(&folder.heads()).unwrap_or_else(|_| {
        let what = "neither `heads` nor `heads.before` can be read: the witness is damaged";
        report.stops("witness_damaged", what, heads::MEND);
        Heads::new()
    });
    let journal = folder.journal();
    let journals = folder.journals();
    if !ways(journals.databases().chain([tables.clone()]), report) {
        return;
    }
    let shown = |tables: String| format!("journal at {}{tables}", journals.shown());
    report.seen.push(if tables::elsewhere(folder, tables) {
        shown(String::new())
    } else {
        shown(format!(", tables at {}", tables.shown()))
    });
    let cursors = tables::cursors(folder, tables, report);
    if let Some(why) = silent(&journal) {
        let todo = "start the database, let this user in, and set what is named";
        return report.stops("journal_silent", why, todo);
    }
    let reader = match JournalReader::open(&journals) {
        Ok(reader) => reader,
        Err(JournalError::Missing(why)) if heads.is_empty() && cursors.is_empty() => {
            let what = format!("{why}: nothing was ever sold from here");
            return report.stops("journal_missing", what, "start `fanfare serve` with the folder");
        }
        Err(JournalError::Missing(why)) => {
            let what = format!("{why}, and there was one");
            return report.stops("journal_missing", what, &bring_back(folder));
        }
        Err(JournalError::Silent(why)) => {
            return report.stops("journal_silent", why, "start the database, and let this user in");
        }
        Err(JournalError::Unfit(why) | JournalError::Another(why)) => {
            return report.stops("journal_damaged", why, &bring_back(folder));
        }
    };
    let lanes = match reader.lanes() {
        Ok(lanes) => lanes,
        Err(why) => return report.stops("journal_damaged", why.to_string(), &bring_back(folder)),
    };
    if let Ok(Some(to)) = moved(&reader) {
        let what = format!("the journal was moved {to}");
        report.stops("journal_moved", what, "use the data folder that names that place");
    }
    keys::signing(folder, &reader, report);
    witness(folder, &lanes, report);
    gone(folder, &reader, (&heads, &cursors), report);
    let newest = newest_rows(folder, &reader, (&lanes, start_ms), report);
    machine::disk(folder.path(), newest, report);
    tables::look(folder, tables, (&lanes, &cursors), report);
}

/// A journal with rows for which no witness stands.
fn witness(folder: &DataFolder, lanes: &[LaneRecord], report: &mut Report) {
    if !heads::exist(&folder.heads()) && lanes.iter().any(|record| record.newest_seq > 0) {
        let what = "the file `heads`, the witness of how far each drop had come, is not there: \
                    nothing but the tables would tell if rows were lost";
        let todo = "before the next start, which writes it anew from what the journal has: bring \
                    it back, or copy that of the newest backup into the folder; then \
                    `fanfare doctor` again";
        report.risks("witness_missing", what, todo);
    }
}

/// Why none of a database's hosts answers as it should, if none does.
fn silent(journal: &Database) -> Option<String> {
    let mut silent = None;
    for host in journal.each_host() {
        match Cold::look(&Database::Url(host)) {
            Ok(_) => return None,
            Err(why) => silent = Some(why.to_string()),
        }
    }
    silent
}

/// Rows that a witness saw and that are not there.
fn gone(
    folder: &DataFolder,
    reader: &JournalReader,
    testify: (&Heads, &Heads),
    report: &mut Report,
) {
    let todo = "its drops stay shut. Bring back the newest copy of the journal; where there is \
                none, `fanfare restore FESTIVAL` shows what is lost, and with --accept-loss goes \
                on";
    match restore::gone(reader, festival_number(folder.festival()), testify) {
        Ok(gone) => gone.into_iter().for_each(|one| report.stops("journal_short", one.why, todo)),
        Err(why) => report.stops("journal_damaged", why, &bring_back(folder)),
    }
}

/// Reads each lane's newest row. Gives the bytes of all rows, and the claims.
fn newest_rows(
    folder: &DataFolder,
    reader: &JournalReader,
    (lanes, start_ms): (&[LaneRecord], Option<i64>),
    report: &mut Report,
) -> (u64, u64) {
    let mut sum = (reader.bytes().unwrap_or(0), 0);
    for record in lanes.iter().filter(|record| record.newest_seq > 0) {
        let LaneRecord { lane, drop, newest_seq, .. } = record;
        let newest = reader.rows(*lane, *newest_seq, 1).map_err(|why| why.to_string());
        let facts = newest.and_then(|mut rows| {
            let sealed = rows.pop().ok_or("it is missing")?;
            let facts = sealed.row.read_facts().map_err(|why| why.to_string())?;
            Ok((sealed.row.header.time_ms, facts))
        });
        match facts {
            Ok((time_ms, facts)) if !matches!(facts.last(), Some(Fact::Rested(_))) => {
                if let Some(start_ms) = start_ms {
                    machine::clock(start_ms, (drop, time_ms), report);
                }
            }
            Ok(_) => {}
            Err(why) => {
                let what = format!("lane {lane} (drop {drop}), row {newest_seq}: {why}");
                report.stops("journal_damaged", what, &bring_back(folder));
            }
        }
        sum.1 += restore::claims_by(reader, record).unwrap_or(0);
    }
    let rows: u64 = lanes.iter().map(|record| u64::from(record.newest_seq)).sum();
    let (bytes, claims) = sum;
    report.seen.push(format!(
        "{} lanes, {rows} rows, {claims} claims, {bytes} bytes; `fanfare verify` reads them all",
        lanes.len()
    ));
    sum
}
