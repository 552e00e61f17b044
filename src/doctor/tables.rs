//! The tables beside the journal: there, whole, the folder's, not far behind.

use super::Report;
use crate::drops::cold::{Whose, not_ours, witnessed};
use crate::kit::data::DataFolder;
use crate::kit::database::Database;
use crate::kit::db::Cold;
use crate::kit::heads::Heads;
use crate::kit::journal::LaneRecord;
use crate::nodes::secrets;

/// So many rows are a moment's; the tables are made within a second or two.
const BEHIND_ROWS: u64 = 2_000;

/// What to do where the tables cannot be gone on with. Not all of them can be made again.
pub(super) fn bring_back(folder: &DataFolder, tables: &Database) -> String {
    let again =
        "names, passwords, roles and sessions stand in no other place, so throw nothing away";
    match tables {
        Database::File(_) if !elsewhere(folder, tables) => format!(
            "{again}: stop the server, move `cold.sqlite`, `cold.sqlite-wal` and `cold.sqlite-shm` \
             aside, copy `cold.sqlite` of the newest backup in their place, as the folder's owner, \
             and start; what the journal has is made again from it"
        ),
        _ => format!(
            "{again}: stop the server, on every node; bring the tables of a copy of the newest \
             backup into an empty database (`fanfare move --data COPY --tables-to URL`), name that \
             with --database, and start; what the journal has is made again from it"
        ),
    }
}

/// Whether the tables are not where they were looked for.
pub(super) fn elsewhere(folder: &DataFolder, tables: &Database) -> bool {
    matches!(tables, Database::File(_)) && secrets::elsewhere(folder)
}

/// Holds them against the journal's lanes.
pub(super) fn look(
    folder: &DataFolder,
    tables: &Database,
    (lanes, cursors): (&[LaneRecord], &Heads),
    report: &mut Report,
) {
    if elsewhere(folder, tables) {
        return;
    }
    match tables {
        Database::File(path) if !path.exists() => {
            if lanes.iter().any(|record| record.newest_seq > 0) {
                missing(folder, tables, report);
            }
        }
        _ => behind(lanes, cursors, report),
    }
}

/// A journal with rows, and none of the tables that every start makes beside it.
fn missing(folder: &DataFolder, tables: &Database, report: &mut Report) {
    let what = format!(
        "{} is not there, and the journal has rows: the next start makes tables without anybody's \
         account",
        tables.shown()
    );
    let todo = format!(
        "if the tables are in another database, name it with --database, or the settings that do \
         with --config. If not: {}",
        bring_back(folder, tables)
    );
    report.risks("tables_missing", what, &todo);
}

/// How far the tables say each lane had come.
pub(super) fn cursors(folder: &DataFolder, tables: &Database, report: &mut Report) -> Heads {
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
        report.stops("tables_damaged", why.to_string(), &bring_back(folder, tables));
        Heads::new()
    })
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
