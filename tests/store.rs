//! The journal's store: the same few sentences hold on SQLite and on PostgreSQL.

mod common;

use common::postgres::Postgres;
use fanfare::drops::wake::festival_number;
use fanfare::kit::database::Database;
use fanfare::kit::journal::{JournalError, JournalReader, JournalWriter, Journals};
use fanfare::kit::scratch::Scratch;
use fanfare_engine::Fact;
use fanfare_lane::{
    Draft, FestivalKey, Hash, LaneId, Placed, PublicKey, Row, Sealed, Written, seal_commit,
};
use std::sync::Arc;

/// A place for a journal; it lasts as long as the test.
struct Place {
    journals: Journals,
    _kept: (Option<Scratch>, Option<Arc<Postgres>>),
}

fn places() -> [Place; 2] {
    let scratch = Scratch::new(None, "store").unwrap();
    let file = Database::File(scratch.path().join("journal.sqlite"));
    let server = Postgres::shared();
    let url = Database::Url(server.database());
    [
        Place { journals: file.into(), _kept: (Some(scratch), None) },
        Place { journals: url.into(), _kept: (None, Some(server)) },
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
    let mut writer = JournalWriter::open(&place.journals).unwrap();
    assert_eq!(writer.lane_of("lamps").unwrap(), (1, 0));
    assert_eq!(writer.lane_of("boxes").unwrap(), (2, 0));
    assert_eq!(writer.lane_of("lamps").unwrap(), (1, 0), "the number it has");
    let first = vec![row(1, 1, Hash::default(), 1), row(2, 1, Hash::default(), 1)];
    assert_eq!(writer.append(&sealed(&first)).unwrap(), [Placed::Durable; 2]);
    (writer, first)
}

/// A first start that was cut off may leave a file without its tables.
#[test]
fn a_file_without_tables_is_no_journal_yet() {
    let scratch = Scratch::new(None, "store").unwrap();
    let path = scratch.path().join("journal.sqlite");
    let place = Place { journals: path.clone().into(), _kept: (None, None) };
    std::fs::write(path, "").unwrap();
    assert!(JournalReader::find(&place.journals).unwrap().is_none());
    begun(&place);
    assert_eq!(JournalReader::open(&place.journals).unwrap().lanes().unwrap().len(), 2);
}

#[test]
fn where_there_is_no_journal_none_is_found_and_none_is_made() {
    for place in places() {
        assert!(JournalReader::find(&place.journals).unwrap().is_none());
        let missing = JournalReader::open(&place.journals).err();
        assert!(matches!(missing, Some(JournalError::Missing(_))), "{missing:?}");
        assert!(JournalReader::find(&place.journals).unwrap().is_none());
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
        let reader = JournalReader::open(&place.journals).unwrap();
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
        let rows = [1, 2].map(|lane| reader.raw_rows(lane, 1, 100).unwrap());
        let bytes: usize = rows
            .iter()
            .flatten()
            .map(|raw| raw.hash.len() + raw.header.len() + raw.facts.len() + raw.seal.len())
            .sum();
        assert_eq!(reader.bytes().unwrap(), bytes as u64);
    }
}

#[test]
fn keys_and_reasons_are_kept_once() {
    for place in places() {
        let (mut writer, _) = begun(&place);
        let public = key().public();
        for _ in 0..2 {
            writer.list_key(&public).unwrap();
            assert!(writer.keep_reason(u64::MAX, "as told first").unwrap());
        }
        assert!(!writer.keep_reason(u64::MAX, "as told later").unwrap());
        let reader = JournalReader::open(&place.journals).unwrap();
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
                let journals = place.journals.clone();
                let own = row(1, seq, prev, owner);
                std::thread::spawn(move || {
                    let mut writer = JournalWriter::open(&journals).unwrap();
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
        let refused = JournalWriter::open(&Database::Url(url).into()).err().unwrap().to_string();
        let name = setting.split('=').next().unwrap();
        assert!(refused.contains(&format!("{name} = off")), "{refused}");
        assert!(refused.contains("set it to on"), "{refused}");
    }
}

#[test]
fn a_commit_the_server_warns_of_is_not_taken_for_done() {
    let (_server, url) = alone(&[]);
    let place = Place { journals: Database::Url(url.clone()).into(), _kept: (None, None) };
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
    let place = Place { journals: Database::Url(url).into(), _kept: (None, None) };
    let (mut writer, first) = begun(&place);
    let reader = JournalReader::open(&place.journals).unwrap();
    assert_eq!(reader.newest_seq(1).unwrap(), 1);
    server.kill();
    let next = sealed(&[row(1, 2, first[0].hash, 1)]);
    assert!(writer.append(&next).is_err());
    // What served the reader notices a moment later that its server is gone.
    let silent = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        matches!(reader.newest_seq(1), Err(JournalError::Silent(_)))
    });
    assert!(silent, "it answers though its server is gone");
    server.start_again();
    let placed = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        writer.append(&next).ok()
    });
    assert!(placed.is_some(), "it answers again");
    assert_eq!(reader.rows(1, 1, 10).unwrap().len(), 2);
}

/// So many fresh databases of one server.
fn databases(count: usize) -> (Arc<Postgres>, Vec<String>) {
    let server = Postgres::shared();
    let urls = (0..count).map(|_| server.database()).collect();
    (server, urls)
}

fn at(urls: &[String]) -> Journals {
    Journals::at(urls).unwrap().of("store")
}

/// Why these cannot be written.
fn unfit(journals: &Journals) -> String {
    let mut writers = JournalWriter::each(journals).unwrap();
    let listed = writers.iter_mut().try_for_each(|writer| writer.list_key(&key().public()));
    match listed {
        Err(JournalError::Unfit(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn new_lanes_go_round_the_journals_and_stay_where_they_are_when_there_are_more() {
    let (_server, urls) = databases(3);
    let mut register = JournalWriter::open(&at(&urls[..1])).unwrap();
    assert_eq!(register.lane_of("lamps").unwrap(), (1, 0));
    assert_eq!(register.lane_of("boxes").unwrap(), (2, 0));
    let mut register = JournalWriter::open(&at(&urls)).unwrap();
    let homes = ["lamps", "boxes", "cups", "fans", "mugs", "cups"]
        .map(|drop| register.lane_of(drop).unwrap());
    assert_eq!(homes, [(1, 0), (2, 0), (3, 2), (4, 0), (5, 1), (3, 2)]);
    let reader = JournalReader::open(&at(&urls)).unwrap();
    assert_eq!([1, 3, 5].map(|lane| reader.home(lane).unwrap()), [0, 2, 1]);
    // Whoever names fewer is told which one is missing.
    let fewer = JournalReader::open(&at(&urls[..2])).unwrap();
    assert_eq!(fewer.newest_seq(5).unwrap(), 0);
    let unnamed = fewer.newest_seq(3).unwrap_err();
    assert!(matches!(&unnamed, JournalError::Unfit(why) if why.contains("journal 3")), "{unnamed}");
    assert!(fewer.lanes().is_err() && fewer.survey().unwrap().unread.len() == 1);
}

#[test]
fn a_lane_is_read_and_written_at_its_home_only() {
    let (_server, urls) = databases(2);
    let journals = at(&urls);
    let mut writers = JournalWriter::each(&journals).unwrap();
    writers[0].lane_of("lamps").unwrap();
    assert_eq!(writers[0].lane_of("boxes").unwrap(), (2, 1));
    assert!(writers[1].keep_lane(2, "boxes", 1).unwrap());
    assert!(!writers[1].keep_lane(2, "mugs", 1).unwrap(), "it is another drop's");
    assert!(!writers[1].keep_lane(3, "boxes", 1).unwrap(), "the drop has another");
    let first = row(2, 1, Hash::default(), 1);
    let placed = writers[1].append(&sealed(std::slice::from_ref(&first))).unwrap();
    assert_eq!(placed, [Placed::Durable]);
    writers[1].list_key(&key().public()).unwrap();
    writers[1].keep_reason(5, "kept at the second").unwrap();
    let reader = JournalReader::open(&journals).unwrap();
    assert_eq!(reader.rows(2, 1, 9).unwrap()[0].row.hash, first.hash);
    assert_eq!(reader.newest_seq(2).unwrap(), 1);
    assert_eq!(reader.keys().unwrap(), [key().public()]);
    assert_eq!(reader.reason(5).unwrap().as_deref(), Some("kept at the second"));
    let listed = reader.lanes().unwrap();
    let listed: Vec<_> = listed.iter().map(|one| (one.lane, one.home, one.newest_seq)).collect();
    assert_eq!(listed, [(1, 0, 0), (2, 1, 1)]);
    assert!(writers[0].read(2, 1, 9).unwrap().is_empty());
    // A register that forgot the lane does not make it go elsewhere.
    Postgres::sql(&urls[0], "DELETE FROM lanes WHERE lane = 2");
    let reader = JournalReader::open(&journals).unwrap();
    assert_eq!((reader.home(2).unwrap(), reader.newest_seq(2).unwrap()), (1, 1));
}

#[test]
fn journals_are_named_in_their_order_each_once_and_by_their_own_festival() {
    let (_server, urls) = databases(3);
    let [a, b, c] = [0, 1, 2].map(|nth: usize| urls[nth].clone());
    for mut writer in JournalWriter::each(&at(&urls[..2])).unwrap() {
        writer.list_key(&key().public()).unwrap();
    }
    let swapped = JournalWriter::each(&at(&[b.clone(), a.clone()])).err().unwrap().to_string();
    assert!(swapped.contains("it is journal 2 of this festival"), "{swapped}");
    assert!(swapped.contains("in the order in which they were first named"), "{swapped}");
    assert!(JournalReader::open(&at(std::slice::from_ref(&b))).is_err());
    let twice = unfit(&at(&[a.clone(), b.clone(), a.clone()]));
    assert!(twice.contains("it is journal 1"), "{twice}");
    let others = Journals::at(&[c, b]).unwrap().of("another");
    let other = unfit(&others);
    assert!(other.contains("rows of the festival `store`, not of `another`"), "{other}");
}

#[test]
fn a_silent_journal_is_missed_by_its_own_lanes_only() {
    let (mut server, second) = alone(&[]);
    let (_shared, mut urls) = databases(1);
    urls.push(second);
    let journals = at(&urls);
    let mut writers = JournalWriter::each(&journals).unwrap();
    for (drop, lane, home) in [("lamps", 1, 0), ("boxes", 2, 1)] {
        assert_eq!(writers[0].lane_of(drop).unwrap(), (lane, home));
        assert!(writers[home].keep_lane(lane, drop, home).unwrap());
        let first = sealed(&[row(lane, 1, Hash::default(), 1)]);
        assert_eq!(writers[home].append(&first).unwrap(), [Placed::Durable]);
    }
    server.kill();
    let reader = JournalReader::open(&journals).unwrap();
    assert_eq!(reader.rows(1, 1, 9).unwrap().len(), 1);
    assert!(matches!(reader.rows(2, 1, 9), Err(JournalError::Silent(_))));
    assert!(matches!(reader.lanes(), Err(JournalError::Silent(_))));
    assert_eq!((reader.lanes_of(0).unwrap().len(), reader.lanes_of(1).is_err()), (1, true));
    let survey = reader.survey().unwrap();
    assert_eq!((survey.lanes[0].lane, survey.unread[0].0.lane), (1, 2));
    server.start_again();
    let rows = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        reader.rows(2, 1, 9).ok()
    });
    assert_eq!(rows.map(|rows| rows.len()), Some(1), "it answers again");
}
