//! Damaged journals: each damage is named with lane, drop, row and promise.

use super::{names, report};
use crate::common::world::{LAMPS, LATE, Temp, whole_day};
use fanfare::drops::receipts::receipt_json;
use fanfare::drops::wake::festival_number;
use fanfare::kit::journal::JournalReader;
use fanfare::kit::keys::Keys;
use fanfare::verify;
use fanfare_lane::{
    Draft, FestivalKey, Header, LaneId, Row, Seal, Sealed, Signer, Written, seal_commit,
};
use rusqlite::{Connection, params};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Runs statements on a folder's journal, as somebody with the file could.
pub fn run(data: &Path, sql: &str) {
    let connection = Connection::open(data.join("journal.sqlite")).unwrap();
    connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
}

fn rows(data: &Path, lane: LaneId) -> Vec<Sealed> {
    let reader = JournalReader::open(&data.join("journal.sqlite").into()).unwrap();
    reader.rows(lane, 1, 10_000).unwrap()
}

fn keys(data: &Path) -> Keys {
    Keys::open(data).unwrap()
}

/// Puts a column of a row in place of the one that stands there.
fn put(data: &Path, column: &str, (lane, seq): (LaneId, u32), bytes: &[u8]) {
    let connection = Connection::open(data.join("journal.sqlite")).unwrap();
    let sql = format!("UPDATE journal SET {column} = $1 WHERE lane = $2 AND seq = $3");
    assert_eq!(connection.execute(&sql, params![bytes, lane, seq]).unwrap(), 1);
}

fn seal_of(seal: &Seal) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(seal.key);
    bytes.extend(seal.signature);
    bytes.extend(seal.index.to_be_bytes());
    bytes.extend(seal.count.to_be_bytes());
    bytes.extend(seal.path.iter().flatten());
    bytes
}

/// Puts a whole other row in place of one.
fn put_row(data: &Path, place: (LaneId, u32), sealed: &Sealed) {
    put(data, "hash", place, &sealed.row.hash);
    put(data, "header", place, &sealed.row.header.to_bytes());
    put(data, "facts", place, &sealed.row.facts);
    put(data, "seal", place, &seal_of(&sealed.seal));
}

fn sealed(row: Row, key: &dyn Signer) -> Sealed {
    seal_commit(&[Arc::new(row)], key).remove(0)
}

#[test]
fn a_flipped_byte_in_any_column_is_found_at_its_row() {
    let temp = Temp::new("flipped");
    let data = temp.data();
    whole_day(&data);
    let newest = rows(&data, LAMPS).len() as u32;
    for (lane, seq) in [(LAMPS, 1), (LAMPS, 5), (LAMPS, newest), (LATE, 1)] {
        let row = rows(&data, lane).swap_remove(seq as usize - 1);
        let columns = [
            ("hash", row.row.hash.to_vec()),
            ("header", row.row.header.to_bytes().to_vec()),
            ("facts", row.row.facts.clone()),
            ("seal", seal_of(&row.seal)),
        ];
        for (column, bytes) in columns {
            // Every byte of one row; of the others first, middle and last.
            let all: Vec<usize> = match seq {
                5 => (0..bytes.len()).collect(),
                _ => vec![0, bytes.len() / 2, bytes.len() - 1],
            };
            for at in all {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << (at % 8);
                put(&data, column, (lane, seq), &flipped);
                let report = report(&data);
                let found = ["row", "signature"].iter().any(|p| names(&report, p, lane, seq));
                assert!(found, "{column}[{at}] of {lane}/{seq}: {:#?}", report.broken);
                let elsewhere = report.broken.iter().any(|b| b.row != Some(seq));
                assert!(!elsewhere, "{column}[{at}] of {lane}/{seq}: {:#?}", report.broken);
            }
            put(&data, column, (lane, seq), &bytes);
        }
    }
    assert!(report(&data).holds(), "all is put back");
}

#[test]
fn a_torn_row_is_found() {
    let temp = Temp::new("torn");
    let data = temp.data();
    whole_day(&data);
    let row = rows(&data, LAMPS).swap_remove(3);
    let header = row.row.header.to_bytes();
    for (column, bytes) in
        [("header", &header[..]), ("hash", &row.row.hash), ("facts", &row.row.facts)]
    {
        for keep in [0, 1, bytes.len() - 1] {
            put(&data, column, (LAMPS, 4), &bytes[..keep]);
            let report = report(&data);
            assert!(names(&report, "row", LAMPS, 4), "{column} {keep}: {:#?}", report.broken);
        }
        put(&data, column, (LAMPS, 4), bytes);
    }
    run(&data, "UPDATE journal SET facts = 'no blob' WHERE lane = 1 AND seq = 4");
    let report = report(&data);
    assert!(names(&report, "row", LAMPS, 4), "{:#?}", report.broken);
    assert_eq!(report.broken.len(), 1, "the rows around it read: {:#?}", report.broken);
}

#[test]
fn a_missing_row_is_found() {
    let temp = Temp::new("missing");
    let data = temp.data();
    whole_day(&data);
    run(&data, "DELETE FROM journal WHERE lane = 2 AND seq = 1");
    let first = report(&data);
    assert!(names(&first, "chain", LATE, 1), "{:#?}", first.broken);
    assert!(first.lanes[1].digest.is_none(), "nothing is counted after it");
    run(&data, "DELETE FROM journal WHERE lane = 1 AND seq BETWEEN 3 AND 5");
    let more = report(&data);
    assert!(names(&more, "chain", LAMPS, 3), "{:#?}", more.broken);
    assert!(more.broken.iter().any(|b| b.what.contains("all rows to 5")), "{:#?}", more.broken);
}

#[test]
fn swapped_rows_are_found() {
    let temp = Temp::new("swapped");
    let data = temp.data();
    whole_day(&data);
    run(
        &data,
        "UPDATE journal SET seq = 100000 WHERE lane = 1 AND seq = 4;
         UPDATE journal SET seq = 4 WHERE lane = 1 AND seq = 5;
         UPDATE journal SET seq = 5 WHERE lane = 1 AND seq = 100000;",
    );
    let report = report(&data);
    assert!(names(&report, "row", LAMPS, 4), "{:#?}", report.broken);
    assert!(names(&report, "row", LAMPS, 5), "{:#?}", report.broken);
    assert_eq!(report.broken.len(), 2);
}

#[test]
fn a_row_of_another_lane_is_found() {
    let temp = Temp::new("other-lane");
    let data = temp.data();
    whole_day(&data);
    let theirs = rows(&data, LATE).swap_remove(2);
    put_row(&data, (LAMPS, 3), &theirs);
    let report = report(&data);
    assert!(names(&report, "row", LAMPS, 3), "{:#?}", report.broken);
}

/// Changes the newest row into another, sound in itself; the witness is taken away, so that only
/// the row itself can show it.
fn newest_becomes(data: &Path, change: impl FnOnce(Row) -> Row, key: &dyn Signer) -> u32 {
    let newest = rows(data, LAMPS).pop().unwrap();
    let seq = newest.row.header.seq;
    fs::remove_file(data.join("heads")).unwrap();
    put_row(data, (LAMPS, seq), &sealed(change(Row::clone(&newest.row)), key));
    seq
}

/// What a row was written from.
fn draft_of(row: &Row) -> Draft {
    let Header { festival, lane, seq, prev, time_ms, .. } = row.header;
    let facts = row.read_facts().unwrap();
    Draft { festival, lane, seq, prev, time_ms, written: Arc::new(Written::of(&facts)) }
}

#[test]
fn a_row_of_another_festival_or_version_is_found() {
    let temp = Temp::new("other-festival");
    let data = temp.data();
    whole_day(&data);
    let other = festival_number("another-day");
    let of_another = |row: Row| Draft { festival: other, ..draft_of(&row) }.finish();
    let seq = newest_becomes(&data, of_another, &keys(&data).signing);
    let festival = report(&data);
    assert!(names(&festival, "row", LAMPS, seq), "{:#?}", festival.broken);
    assert!(festival.broken[0].what.contains("another festival"), "{:#?}", festival.broken);

    let mut header = rows(&data, LAMPS).pop().unwrap().row.header.to_bytes();
    header[4] = 2;
    put(&data, "header", (LAMPS, seq), &header);
    let version = report(&data);
    assert!(names(&version, "row", LAMPS, seq), "{:#?}", version.broken);
    assert!(version.broken[0].what.contains("version 2"), "{:#?}", version.broken);
}

#[test]
fn a_row_that_does_not_follow_is_found() {
    let temp = Temp::new("unlinked");
    let data = temp.data();
    whole_day(&data);
    let unlinked = |row: Row| Draft { prev: [9; 32], ..draft_of(&row) }.finish();
    let seq = newest_becomes(&data, unlinked, &keys(&data).signing);
    let report = report(&data);
    assert!(names(&report, "chain", LAMPS, seq), "{:#?}", report.broken);
}

#[test]
fn another_history_is_found_by_the_witness() {
    let temp = Temp::new("histories");
    let data = temp.data();
    whole_day(&data);
    let heads = fs::read(data.join("heads")).unwrap();
    let later = |row: Row| {
        let draft = draft_of(&row);
        Draft { time_ms: draft.time_ms + 1, ..draft }.finish()
    };
    let seq = newest_becomes(&data, later, &keys(&data).signing);
    assert!(report(&data).holds(), "signed, linked, and no witness left");
    fs::write(data.join("heads"), heads).unwrap();
    let report = report(&data);
    assert!(names(&report, "kept", LAMPS, seq), "{:#?}", report.broken);
}

#[test]
fn another_key_is_found() {
    let temp = Temp::new("other-key");
    let data = temp.data();
    whole_day(&data);
    let stranger = FestivalKey::from_secret(&[5; 32]);
    let seq = newest_becomes(&data, |row| row, &stranger);
    let strange = report(&data);
    assert!(names(&strange, "signature", LAMPS, seq), "{:#?}", strange.broken);
    assert!(strange.broken[0].what.contains("does not list"), "{:#?}", strange.broken);

    // A key of the right name does not help without the right signature.
    let mut seal = Seal::clone(&rows(&data, LAMPS).pop().unwrap().seal);
    seal.key = keys(&data).public().id();
    put(&data, "seal", (LAMPS, seq), &seal_of(&seal));
    let renamed = report(&data);
    assert!(names(&renamed, "signature", LAMPS, seq), "{:#?}", renamed.broken);

    run(&data, "DELETE FROM keys");
    let unlisted = report(&data);
    let own = |b: &verify::Broken| b.lane.is_none() && b.what.contains("does not list it");
    assert!(unlisted.broken.iter().any(own), "{:#?}", unlisted.broken);
}

#[test]
fn a_chain_cut_at_its_end_is_found_by_witness_and_by_receipt() {
    let temp = Temp::new("cut");
    let data = temp.data();
    whole_day(&data);
    let rows = rows(&data, LAMPS);
    let newest = rows.len() as u32;
    let key = keys(&data).public();
    let receipt = receipt_json("small-day", &key, &rows[newest as usize - 2], 0).unwrap();
    let receipt = receipt.to_string().into_bytes();
    let against = || verify::bundle(&receipt, Some(&key.fingerprint()), Some(&data)).unwrap();
    assert!(against().holds(), "{:#?}", against());

    run(&data, &format!("DELETE FROM journal WHERE lane = 1 AND seq >= {}", newest - 1));
    let cut = report(&data);
    assert!(names(&cut, "kept", LAMPS, newest - 1), "{:#?}", cut.broken);
    assert!(cut.broken[0].what.contains("went back in time"), "{:#?}", cut.broken);
    let lost = against();
    assert_eq!(lost.broken[0].promise, verify::Promise::Kept);
    assert_eq!((lost.broken[0].lane, lost.broken[0].row), (Some(LAMPS), Some(newest - 1)));

    fs::remove_file(data.join("heads")).unwrap();
    assert!(report(&data).holds(), "without a witness nothing shows it");
    assert!(!against().holds(), "but one receipt does");
}

#[test]
fn a_lane_or_a_journal_that_is_gone_is_found() {
    let temp = Temp::new("gone");
    let data = temp.data();
    whole_day(&data);
    run(&data, "DELETE FROM journal WHERE lane = 2; DELETE FROM lanes WHERE lane = 2");
    let lane = report(&data);
    assert!(lane.broken.iter().any(|b| b.lane == Some(LATE) && b.what.contains("gone")));
    fs::remove_file(data.join("journal.sqlite")).unwrap();
    let journal = report(&data);
    assert!(!journal.holds() && journal.broken[0].what.contains("journal is gone"));
    fs::write(data.join("heads"), "fanfare-heads 1\n1 2").unwrap();
    fs::write(data.join("journal.sqlite"), "not a database, but of some length".repeat(99))
        .unwrap();
    let why = verify::folder(&data, &mut |_| {}).unwrap_err().to_string();
    assert!(why.contains("damaged") && why.contains("backup"), "{why}");
}

#[test]
fn a_torn_witness_is_named() {
    let temp = Temp::new("witness");
    let data = temp.data();
    whole_day(&data);
    let heads = fs::read_to_string(data.join("heads")).unwrap();
    fs::write(data.join("heads"), &heads[..heads.len() / 2]).unwrap();
    let report_with_one_before = report(&data);
    assert!(report_with_one_before.holds(), "the one before testifies");
    fs::write(data.join("heads.before"), "").unwrap();
    let torn = report(&data);
    assert_eq!(torn.broken.len(), 1, "{:#?}", torn.broken);
    assert!(torn.broken[0].what.contains("heads"), "{:#?}", torn.broken);
    // A witness that says other numbers than the facts is not believed either.
    let line = heads.lines().nth(1).unwrap();
    let (start, units) = line.rsplit_once(' ').unwrap();
    let (out, free) = units.split_once('/').unwrap();
    let other = format!("{start} {}/{free}", out.parse::<u64>().unwrap() + 1);
    fs::write(data.join("heads"), heads.replace(line, &other)).unwrap();
    let report = report(&data);
    assert_eq!(report.broken[0].promise.code(), "totals", "{:#?}", report.broken);
}
