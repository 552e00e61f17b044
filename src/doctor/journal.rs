//! The journal and the tables beside it: there, whole, as far as each other, safely kept.

use super::ways::ways;
use super::{Report, keys, machine};
use crate::drops::cold::{Whose, not_ours, witnessed};
use crate::drops::restore;
use crate::drops::wake::festival_number;
use crate::kit::data::{DataFolder, group_named, user_named};
use crate::kit::database::Database;
use crate::kit::db::Cold;
use crate::kit::heads::{self, Heads};
use crate::kit::journal::{JournalError, JournalReader, LaneRecord, moved};
use crate::nodes::secrets;
use fanfare_engine::Fact;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

/// So many rows are a moment's; the tables are made within a second or two.
const BEHIND_ROWS: u64 = 2_000;

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

/// Looks at journal and tables.
pub(super) fn look(folder: &DataFolder, tables: &Database, now_ms: i64, report: &mut Report) {
    let heads = heads::read(&folder.heads()).unwrap_or_else(|why| {
        report.stops("witness_damaged", why.to_string(), heads::MEND);
        Heads::new()
    });
    let journal = folder.journal();
    let journals = folder.journals();
    if !ways(journals.databases().chain([tables.clone()]), report) {
        return;
    }
    let shown = |tables: String| format!("journal at {}{tables}", journals.shown());
    report.seen.push(if elsewhere(folder, tables) {
        shown(String::new())
    } else {
        shown(format!(", tables at {}", tables.shown()))
    });
    let cursors = cursors(folder, tables, report);
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
        Err(JournalError::Unfit(why)) => {
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
    let newest = newest_rows(folder, &reader, (&lanes, now_ms), report);
    machine::disk(folder.path(), newest, report);
    if !elsewhere(folder, tables) {
        behind(&lanes, &cursors, report);
    }
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

/// Whether the tables are not where they were looked for.
fn elsewhere(folder: &DataFolder, tables: &Database) -> bool {
    matches!(tables, Database::File(_)) && secrets::elsewhere(folder)
}

/// How far the tables say each lane had come.
fn cursors(folder: &DataFolder, tables: &Database, report: &mut Report) -> Heads {
    if matches!(tables, Database::File(path) if !path.exists()) {
        return Heads::new();
    }
    let side = match Cold::look(tables) {
        Ok(side) => side,
        Err(why) => {
            let todo = "start the database, let this user in, and set what is named";
            report.stops("tables_silent", why.to_string(), todo);
            return Heads::new();
        }
    };
    let (db, whose) = (side.db(), Whose::of(folder));
    let asked = side.wait(async move {
        Ok(match not_ours(&db, &whose).await? {
            Some(why) => Err(why),
            None => Ok(witnessed(&db).await?),
        })
    });
    let asked = asked.map(|owned| {
        owned.unwrap_or_else(|why| {
            report.stops("tables_foreign", why, "name the right one with --database");
            Heads::new()
        })
    });
    asked.unwrap_or_else(|why| {
        let todo = "run `fanfare verify`; the tables of facts are made again from the journal";
        report.stops("tables_damaged", why.to_string(), todo);
        Heads::new()
    })
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
    (lanes, now_ms): (&[LaneRecord], i64),
    report: &mut Report,
) -> (u64, u64) {
    let mut sum = (0, 0);
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
                machine::clock(now_ms, (drop, time_ms), report);
            }
            Ok(_) => {}
            Err(why) => {
                let what = format!("lane {lane} (drop {drop}), row {newest_seq}: {why}");
                report.stops("journal_damaged", what, &bring_back(folder));
            }
        }
        sum.0 += reader.bytes(*lane).unwrap_or(0);
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

/// Tables that do not follow.
fn behind(lanes: &[LaneRecord], cursors: &Heads, report: &mut Report) {
    let behind = |record: &LaneRecord| {
        let at = cursors.get(&record.lane).map_or(0, |head| head.seq);
        u64::from(record.newest_seq.saturating_sub(at))
    };
    let rows: u64 = lanes.iter().map(behind).sum();
    if rows > BEHIND_ROWS {
        let what = format!("the tables are {rows} rows behind the journal");
        let todo = "claims go on. While a server serves they catch up by themselves; if the number \
                    does not fall, look for `projector` in its log";
        report.warns("tables_behind", what, todo);
    } else {
        report.seen.push(format!("the tables are {rows} rows behind the journal"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_do_not_follow_are_named() {
        let lane =
            |newest_seq| [LaneRecord { lane: 1, drop: "lamps".to_owned(), home: 0, newest_seq }];
        let codes = |newest_seq| {
            let mut report = Report::default();
            behind(&lane(newest_seq), &Heads::new(), &mut report);
            report.wrong.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert!(codes(2_000).is_empty());
        assert_eq!(codes(2_001), ["tables_behind"]);
    }
}
