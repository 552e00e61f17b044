//! The journal's store: the same few sentences hold on SQLite and on PostgreSQL.

mod common;

use common::postgres::Postgres;
use fanfare::drops::wake::festival_number;
use fanfare::kit::database::Database;
use fanfare::kit::journal::{JournalError, JournalReader, JournalWriter};
use fanfare::kit::scratch::Scratch;
use fanfare_engine::Fact;
use fanfare_lane::{
    Draft, FestivalKey, Hash, LaneId, Placed, PublicKey, Row, Sealed, Written, seal_commit,
};
use std::sync::Arc;

/// A place for a journal; it lasts as long as the test.
struct Place {
    database: Database,
    _kept: (Option<Scratch>, Option<Arc<Postgres>>),
}

fn places() -> [Place; 2] {
    let scratch = Scratch::new(None, "store").unwrap();
    let file = Database::File(scratch.path().join("journal.sqlite"));
    let server = Postgres::shared();
    let url = Database::Url(server.database());
    [
        Place { database: file, _kept: (Some(scratch), None) },
        Place { database: url, _kept: (None, Some(server)) },
    ]
}

fn key() -> FestivalKey {
    FestivalKey::from_secret(&[7; 32])
}

fn row(lane: LaneId, seq: u32, prev: Hash, owner: u64) -> Arc<Row> {
    let facts = [Fact::Opened { owner, doubtful_time: false }];
    let (festival, written) = (festival_number("store"), Arc::new(Written::of(&facts)));
    Arc::new(Draft { festival, lane, seq, prev, time_ms: 1_000, written }.finish())
}

fn sealed(rows: &[Arc<Row>]) -> Vec<Sealed> {
    seal_commit(rows, &key())
}

/// A journal with two lanes, and their first rows.
fn begun(place: &Place) -> (JournalWriter, Vec<Arc<Row>>) {
    let mut writer = JournalWriter::open(&place.database).unwrap();
    assert_eq!(writer.lane_of("lamps").unwrap(), 1);
    assert_eq!(writer.lane_of("boxes").unwrap(), 2);
    assert_eq!(writer.lane_of("lamps").unwrap(), 1, "the number it has");
    let first = vec![row(1, 1, Hash::default(), 1), row(2, 1, Hash::default(), 1)];
    assert_eq!(writer.append(&sealed(&first)).unwrap(), [Placed::Durable; 2]);
    (writer, first)
}

/// A first start that was cut off may leave a file without its tables.
#[test]
fn a_file_without_tables_is_no_journal_yet() {
    let [place, _] = places();
    let Database::File(path) = &place.database else { panic!("the first is a file") };
    std::fs::write(path, "").unwrap();
    assert!(JournalReader::find(&place.database).unwrap().is_none());
    begun(&place);
    assert_eq!(JournalReader::open(&place.database).unwrap().lanes().unwrap().len(), 2);
}

#[test]
fn where_there_is_no_journal_none_is_found_and_none_is_made() {
    for place in places() {
        assert!(JournalReader::find(&place.database).unwrap().is_none());
        let missing = JournalReader::open(&place.database).err();
        assert!(matches!(missing, Some(JournalError::Missing(_))), "{missing:?}");
        assert!(JournalReader::find(&place.database).unwrap().is_none());
    }
}

#[test]
fn a_row_goes_in_only_behind_the_row_before_it() {
    for place in places() {
        let (mut writer, first) = begun(&place);
        let next = row(1, 2, first[0].hash, 1);
        let other_history = row(2, 2, [9; 32], 1);
        let mixed = sealed(&[next.clone(), other_history]);
        // Those kept out do not keep out others.
        assert_eq!(writer.append(&mixed).unwrap(), [Placed::Durable, Placed::Fenced]);
        for fenced in [
            row(1, 1, Hash::default(), 2),
            row(1, 2, first[0].hash, 2),
            row(1, 4, next.hash, 1),
            row(2, 3, first[1].hash, 1),
        ] {
            let placed = writer.append(&sealed(std::slice::from_ref(&fenced))).unwrap();
            assert_eq!(placed, [Placed::Fenced], "{:?}", fenced.header);
        }
        // The same row again is kept out too: whoever asks again reads what stands.
        assert_eq!(writer.append(&sealed(&[next])).unwrap(), [Placed::Fenced]);
        assert_eq!(writer.read(1, 1, 10).unwrap().len(), 2);
        assert_eq!(writer.read(2, 1, 10).unwrap().len(), 1);
    }
}

#[test]
fn what_was_appended_is_read_back_to_the_byte() {
    for place in places() {
        let (mut writer, first) = begun(&place);
        let mut prev = first[0].hash;
        let mut appended = vec![sealed(&first).remove(0)];
        for seq in 2..=40 {
            let next = row(1, seq, prev, u64::from(seq));
            prev = next.hash;
            let next = sealed(&[next]).remove(0);
            writer.append(std::slice::from_ref(&next)).unwrap();
            appended.push(next);
        }
        let reader = JournalReader::open(&place.database).unwrap();
        let rows = reader.rows(1, 1, 100).unwrap();
        let same = |(a, b): (&Sealed, &Sealed)| *a.row == *b.row && *a.seal == *b.seal;
        assert!(rows.len() == 40 && rows.iter().zip(&appended).all(same));
        let some: Vec<u32> =
            reader.rows(1, 7, 3).unwrap().iter().map(|one| one.row.header.seq).collect();
        assert_eq!(some, [7, 8, 9]);
        assert_eq!(reader.newest_seq(1).unwrap(), 40);
        assert_eq!(reader.newest_seq(9).unwrap(), 0);
        let lanes = reader.lanes().unwrap();
        let listed: Vec<_> =
            lanes.iter().map(|one| (one.lane, one.drop.as_str(), one.newest_seq)).collect();
        assert_eq!(listed, [(1, "lamps", 40), (2, "boxes", 1)]);
        let bytes: usize = reader
            .raw_rows(1, 1, 100)
            .unwrap()
            .iter()
            .map(|raw| raw.hash.len() + raw.header.len() + raw.facts.len() + raw.seal.len())
            .sum();
        assert_eq!(reader.bytes(1).unwrap(), bytes as u64);
    }
}

#[test]
fn keys_and_reasons_are_kept_once() {
    for place in places() {
        let (mut writer, _) = begun(&place);
        let public = key().public();
        for _ in 0..2 {
            writer.list_key(&public).unwrap();
            writer.keep_reason(u64::MAX, "as told first").unwrap();
        }
        writer.keep_reason(u64::MAX, "as told later").unwrap();
        let reader = JournalReader::open(&place.database).unwrap();
        assert_eq!(reader.keys().unwrap(), [PublicKey(public.0)]);
        assert_eq!(reader.reason(u64::MAX).unwrap().as_deref(), Some("as told first"));
        assert_eq!(reader.reason(1).unwrap(), None);
    }
}

#[test]
fn two_owners_who_append_at_once_never_both_stand() {
    for place in places() {
        let (_, first) = begun(&place);
        let mut prev = first[0].hash;
        for seq in 2..30 {
            let owners = [1_u64, 2].map(|owner| {
                let database = place.database.clone();
                let own = row(1, seq, prev, owner);
                std::thread::spawn(move || {
                    let mut writer = JournalWriter::open(&database).unwrap();
                    let placed = writer.append(&sealed(std::slice::from_ref(&own))).unwrap();
                    (own, placed[0])
                })
            });
            let fates = owners.map(|thread| thread.join().unwrap());
            let stand: Vec<_> =
                fates.iter().filter(|(_, placed)| *placed == Placed::Durable).collect();
            assert_eq!(stand.len(), 1, "row {seq}");
            prev = stand[0].0.hash;
        }
    }
}

#[test]
fn rows_of_one_lane_in_one_append_stand_in_their_order() {
    for place in places() {
        let (mut writer, first) = begun(&place);
        let mut rows = vec![first[0].clone()];
        for seq in 2..=9 {
            rows.push(row(1, seq, rows[rows.len() - 1].hash, 1));
        }
        let placed = writer.append(&sealed(&rows[1..])).unwrap();
        assert_eq!(placed, [Placed::Durable; 8]);
        assert_eq!(writer.read(1, 1, 100).unwrap().len(), 9);
    }
}

/// A server of one's own, and a journal on it.
fn alone(settings: &[&str]) -> (Postgres, String) {
    let server = Postgres::with(settings);
    let url = server.database();
    (server, url)
}

#[test]
fn a_server_that_may_lose_what_it_acknowledged_is_refused() {
    for setting in ["fsync=off", "full_page_writes=off", "synchronous_commit=off"] {
        let (_server, url) = alone(&[setting]);
        let refused = JournalWriter::open(&Database::Url(url)).err().unwrap().to_string();
        let name = setting.split('=').next().unwrap();
        assert!(refused.contains(&format!("{name} = off")), "{refused}");
        assert!(refused.contains("set it to on"), "{refused}");
    }
}

#[test]
fn a_commit_the_server_warns_of_is_not_taken_for_done() {
    let (_server, url) = alone(&[]);
    let place = Place { database: Database::Url(url.clone()), _kept: (None, None) };
    let (mut writer, first) = begun(&place);
    // From here on a commit waits for a standby that is not there.
    Postgres::sql(&url, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    Postgres::sql(&url, "SELECT pg_reload_conf()");
    let impatient = std::thread::spawn({
        let url = url.clone();
        move || {
            std::thread::sleep(std::time::Duration::from_millis(1_500));
            Postgres::sql(
                &url,
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                 WHERE wait_event = 'SyncRep' AND application_name = 'fanfare'",
            );
        }
    });
    std::thread::sleep(std::time::Duration::from_millis(500));
    let next = sealed(&[row(1, 2, first[0].hash, 1)]);
    let unknown = writer.append(&next).unwrap_err();
    impatient.join().unwrap();
    assert!(unknown.0.contains("warns"), "{unknown}");
    Postgres::sql(&url, "ALTER SYSTEM RESET synchronous_standby_names");
    Postgres::sql(&url, "SELECT pg_reload_conf()");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(writer.append(&next).unwrap(), [Placed::Fenced], "it stands already");
    assert_eq!(writer.read(1, 2, 1).unwrap()[0].row.hash, next[0].row.hash);
}

#[test]
fn after_a_server_was_gone_the_same_writer_and_reader_go_on() {
    let (mut server, url) = alone(&[]);
    let place = Place { database: Database::Url(url), _kept: (None, None) };
    let (mut writer, first) = begun(&place);
    let reader = JournalReader::open(&place.database).unwrap();
    assert_eq!(reader.newest_seq(1).unwrap(), 1);
    server.kill();
    let next = sealed(&[row(1, 2, first[0].hash, 1)]);
    assert!(writer.append(&next).is_err());
    assert!(matches!(reader.newest_seq(1), Err(JournalError::Silent(_))));
    server.start_again();
    let placed = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        writer.append(&next).ok()
    });
    assert!(placed.is_some(), "it answers again");
    assert_eq!(reader.rows(1, 1, 10).unwrap().len(), 2);
}
