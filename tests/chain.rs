//! A lane's rows are found among all others' in a journal's file, also where rows were taken away
//! by hand, and in a file that an older program wrote.

use fanfare::drops::wake::festival_number;
use fanfare::kit::database::Database;
use fanfare::kit::journal::{JournalReader, JournalWriter, Journals, RawRow};
use fanfare::kit::scratch::Scratch;
use fanfare_engine::Fact;
use fanfare_lane::{
    Draft, FestivalKey, Hash, LaneId, Placed, PublicKey, Row, Sealed, Written, seal_commit,
};
use rusqlite::{Connection, params};
use std::path::PathBuf;
use std::sync::Arc;

const LANES: LaneId = 5;

/// A journal's file with rows of several lanes in no order.
struct Mixed {
    _scratch: Scratch,
    path: PathBuf,
    journals: Journals,
    rows: Vec<Sealed>,
}

fn key() -> FestivalKey {
    FestivalKey::from_secret(&[7; 32])
}

fn next(lane: LaneId, seq: u32, prev: Hash) -> Arc<Row> {
    let facts = [Fact::Opened { owner: u64::from(seq), doubtful_time: false }];
    let (festival, written) = (festival_number("chain"), Arc::new(Written::of(&facts)));
    Arc::new(Draft { festival, lane, seq, prev, time_ms: 1_000, written }.finish())
}

impl Mixed {
    /// Lane 1 has most rows, lane 5 has none.
    fn new() -> Self {
        let scratch = Scratch::new(None, "chain").unwrap();
        let path = scratch.path().join("journal.sqlite");
        let journals: Journals = Database::File(path.clone()).into();
        let mut writer = JournalWriter::open(&journals).unwrap();
        for drop in 1..=LANES {
            writer.lane_of(&format!("drop-{drop}")).unwrap();
        }
        writer.list_key(&PublicKey([9; 32])).unwrap();
        writer.keep_reason(4, "why not").unwrap();
        let mut mixed = Self { _scratch: scratch, path, journals, rows: Vec::new() };
        let mut dice = 1_u64;
        while mixed.rows.len() < 700 {
            let mut commit: Vec<Arc<Row>> = Vec::new();
            for lane in 1..LANES {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if (dice >> 33).is_multiple_of(u64::from(lane * lane)) {
                    let (seq, prev) = mixed.newest(lane);
                    commit.push(next(lane, seq + 1, prev));
                }
            }
            let commit = seal_commit(&commit, &key());
            assert!(writer.append(&commit).unwrap().iter().all(|one| *one == Placed::Durable));
            mixed.rows.extend(commit);
        }
        mixed
    }

    fn newest(&self, lane: LaneId) -> (u32, Hash) {
        let of = self.rows.iter().rfind(|sealed| sealed.row.header.lane == lane);
        of.map_or((0, Hash::default()), |sealed| (sealed.row.header.seq, sealed.row.hash))
    }

    fn connection(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// The rows as plain SQL finds them.
    fn by_sql(&self, lane: LaneId) -> Vec<RawRow> {
        let connection = self.connection();
        let sql = "SELECT seq, hash, header, facts, seal FROM journal WHERE lane = $1 ORDER BY seq";
        let mut query = connection.prepare(sql).unwrap();
        let raw = |row: &rusqlite::Row<'_>| {
            let (seq, hash, header) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(RawRow { seq, hash, header, facts: row.get(3)?, seal: row.get(4)? })
        };
        query.query_map(params![lane], raw).unwrap().map(Result::unwrap).collect()
    }

    /// Every lane is read as it stands, from wherever and however much.
    fn is_read_whole(&self) {
        let reader = JournalReader::open(&self.journals).unwrap();
        let records = reader.lanes().unwrap();
        for lane in 1..=LANES {
            let all = self.by_sql(lane);
            let newest = all.last().map_or(0, |raw| raw.seq);
            assert_eq!(reader.newest_seq(lane).unwrap(), newest, "lane {lane}");
            assert_eq!(records[lane as usize - 1].newest_seq, newest, "lane {lane}");
            for from in [1, 2, 31, 32, 33, 64, 65, 200, newest.max(1), newest + 1] {
                for most in [1, 2, 31, 32, 33, 100, 5_000] {
                    let found = reader.raw_rows(lane, from, most).unwrap();
                    let from_on = all.iter().filter(|raw| raw.seq >= from).take(most);
                    assert!(found.iter().eq(from_on), "lane {lane} from {from}, {most} rows");
                }
            }
        }
    }

    /// Each row says where the one before it is, and the list of lanes where each one's newest is.
    fn is_linked(&self) {
        let none = |sql: &str| {
            let count: i64 = self.connection().query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(count, 0, "{sql}");
        };
        none(
            "SELECT COUNT(*) FROM journal AS one LEFT JOIN journal AS other
             ON other.place = one.before AND other.lane = one.lane AND other.seq = one.seq - 1
             WHERE one.seq > 1 AND other.seq IS NULL",
        );
        none(
            "SELECT COUNT(*) FROM lanes LEFT JOIN journal
             ON place = newest_place AND journal.lane = lanes.lane AND seq = newest_seq
             WHERE newest_seq IS NOT COALESCE(seq, 0) OR newest_seq IS NOT
                (SELECT COALESCE(MAX(seq), 0) FROM journal WHERE journal.lane = lanes.lane)",
        );
    }

    fn run(&self, sql: &str) {
        assert!(self.connection().execute(sql, []).unwrap() > 0, "{sql}");
    }
}

#[test]
fn rows_are_found_wherever_they_stand_among_others() {
    let mixed = Mixed::new();
    assert!(mixed.by_sql(1).len() > 300 && mixed.by_sql(4).len() > 5);
    assert_eq!(mixed.by_sql(5), []);
    mixed.is_linked();
    mixed.is_read_whole();
}

/// Looking through the whole table would find it.
#[test]
fn a_row_that_somebody_put_beside_a_lanes_own_is_not_read() {
    let mixed = Mixed::new();
    let before = mixed.by_sql(1);
    mixed.run(
        "INSERT INTO journal (lane, seq, before, hash, header, facts, seal)
         SELECT lane, seq, before, zeroblob(32), header, facts, seal
         FROM journal WHERE lane = 1 AND seq = 7",
    );
    let reader = JournalReader::open(&mixed.journals).unwrap();
    assert!(reader.raw_rows(1, 1, 5_000).unwrap() == before);
    assert!(reader.raw_rows(1, 7, 1).unwrap() == before[6..7]);
}

#[test]
fn rows_around_those_that_were_taken_away_are_found() {
    let mixed = Mixed::new();
    // In the middle, one that is in the index, one behind it, many, the newest, the first.
    for gone in ["seq = 150", "seq = 192", "seq = 225", "seq BETWEEN 60 AND 100"] {
        mixed.run(&format!("DELETE FROM journal WHERE lane = 1 AND {gone}"));
        mixed.is_read_whole();
    }
    mixed.run("DELETE FROM journal WHERE seq = (SELECT MAX(seq) FROM journal WHERE lane = 1)");
    mixed.is_read_whole();
    mixed.run("DELETE FROM journal WHERE seq = 1");
    mixed.is_read_whole();
    mixed.run("DELETE FROM journal WHERE lane = 2");
    mixed.is_read_whole();
}

/// As behind a fail-over that forgot them: an owner appends its newest rows again.
#[test]
fn rows_that_are_gone_can_go_in_again_and_no_others() {
    let mixed = Mixed::new();
    let mut writer = JournalWriter::open(&mixed.journals).unwrap();
    let all: Vec<_> = mixed.rows.iter().filter(|sealed| sealed.row.header.lane == 1).collect();
    let (newest, hash) = mixed.newest(1);
    let last = [&*seal_commit(&[next(1, newest + 1, hash)], &key())].concat();
    // What the writer knows of the lane is what it appended last, until another takes it away.
    assert_eq!(writer.append(&last).unwrap(), [Placed::Durable]);
    mixed.run(&format!("DELETE FROM journal WHERE lane = 1 AND seq > {}", newest - 3));
    assert_eq!(writer.append(&last).unwrap(), [Placed::Fenced]);
    for sealed in &all[all.len() - 3..] {
        assert_eq!(writer.append(&[(*sealed).clone()]).unwrap(), [Placed::Durable]);
        assert_eq!(writer.append(&[(*sealed).clone()]).unwrap(), [Placed::Fenced], "once");
    }
    assert_eq!(writer.append(&last).unwrap(), [Placed::Durable]);
    mixed.is_read_whole();
    let stands = mixed.by_sql(1);
    let rows = all.into_iter().chain(&last).map(RawRow::of);
    assert!(stands.into_iter().eq(rows));
}

/// The tables of version 1, with all that a file holds.
const VERSION_1: &str = "
    PRAGMA foreign_keys = OFF;
    CREATE TABLE lanes_1 (
        lane BIGINT NOT NULL PRIMARY KEY CHECK (lane > 0),
        drop_id TEXT NOT NULL UNIQUE,
        home BIGINT NOT NULL DEFAULT 0
    );
    CREATE TABLE journal_1 (
        lane BIGINT NOT NULL REFERENCES lanes (lane),
        seq BIGINT NOT NULL CHECK (seq > 0),
        hash BYTEA NOT NULL,
        header BYTEA NOT NULL,
        facts BYTEA NOT NULL,
        seal BYTEA NOT NULL,
        PRIMARY KEY (lane, seq)
    );
    INSERT INTO lanes_1 SELECT lane, drop_id, home FROM lanes;
    INSERT INTO journal_1 SELECT lane, seq, hash, header, facts, seal FROM journal;
    DROP TABLE journal;
    DROP TABLE lanes;
    ALTER TABLE lanes_1 RENAME TO lanes;
    ALTER TABLE journal_1 RENAME TO journal;
    PRAGMA user_version = 1;";

#[test]
fn a_file_of_an_older_program_is_read_and_brought_up_to_date_by_who_writes() {
    let mixed = Mixed::new();
    mixed.run("DELETE FROM journal WHERE lane = 2 AND seq >= 3");
    mixed.run("DELETE FROM journal WHERE lane = 1 AND seq = 150");
    let before: Vec<_> = (1..=LANES).map(|lane| mixed.by_sql(lane)).collect();
    mixed.connection().execute_batch(VERSION_1).unwrap();
    mixed.is_read_whole();
    let reader = JournalReader::open(&mixed.journals).unwrap();

    let mut writer = JournalWriter::open(&mixed.journals).unwrap();
    let after: Vec<_> = (1..=LANES).map(|lane| mixed.by_sql(lane)).collect();
    assert!(before == after);
    mixed.is_read_whole();
    // One that was open before goes on.
    assert!(reader.raw_rows(1, 1, 1_000).unwrap() == before[0]);
    assert_eq!(reader.keys().unwrap(), [PublicKey([9; 32])]);
    assert_eq!(reader.reason(4).unwrap().as_deref(), Some("why not"));
    assert_eq!(writer.lane_of("drop-3").unwrap(), (3, 0));
    let (seq, hash) = mixed.newest(3);
    let appended = writer.append(&seal_commit(&[next(3, seq + 1, hash)], &key())).unwrap();
    assert_eq!(appended, [Placed::Durable]);
    mixed.is_read_whole();
}
