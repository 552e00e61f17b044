//! Bad data folders: each gets a clear answer, nothing is lost, and what is sound goes on.

mod common;
#[path = "data_folder/disk.rs"]
mod disk;

use axum::extract::State;
use axum::response::Response;
use common::world::{LAMPS, LATE, OPENS_MS, Temp, World, act, ask, claimed};
use disk::Disk;
use fanfare::drops::drop::Drop as Sold;
use fanfare::drops::ticket::Ticket;
use fanfare::kit::data::{DataError, DataFolder};
use fanfare::verify;
use fanfare_engine::{Claim, ClaimState, Command, Number};
use fanfare_lane::{LaneId, Reply};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Why a folder cannot be served, in words.
fn refused(data: &Path) -> String {
    match World::try_start(data, OPENS_MS) {
        Err(why) => why,
        Ok(world) => {
            world.stop();
            panic!("{} was served", data.display())
        }
    }
}

fn run(data: &Path, sql: &str) {
    let connection = Connection::open(data.join("journal.sqlite")).unwrap();
    connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
}

fn holds(data: &Path) {
    let report = verify::folder(data, &mut |_| {}).unwrap();
    assert!(report.holds(), "{:#?}", report.broken);
}

/// A folder in which both drops have sold a little: the claims of the first.
fn sold_a_little(data: &Path) -> Vec<Claim> {
    let world = World::start(data, OPENS_MS - 5_000);
    world.at(0);
    let claims = (1..=4).map(|fan| world.claim(LAMPS, fan, 0, 1)).collect();
    world.claim(LATE, 1, 0, 1);
    world.stop();
    claims
}

/// Whether these claims are still held, by the same fans, under the same numbers.
fn still_held(world: &World, claims: &[Claim]) {
    let directory = world.node.directory();
    let drop: &Arc<Sold> = directory.of_lane(LAMPS).unwrap();
    drop.published
        .read(0, |state| {
            for claim in claims {
                let now = state.claim(claim.number).unwrap();
                assert_eq!((now.fan, now.place), (claim.fan, claim.place));
                assert_eq!(now.state, ClaimState::Held);
            }
        })
        .expect("the lane is in memory");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let temp = Temp::new("unwritable");
    let file = temp.path().join("file");
    fs::write(&file, "no folder").unwrap();
    for data in [file.clone(), file.join("below")] {
        let why = refused(&data);
        assert!(why.contains(file.to_str().unwrap()), "{why}");
    }
    let why = refused(Path::new("/proc/fanfare-data"));
    assert!(why.starts_with("/proc/fanfare-data: "), "{why}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "no folder");
}

#[test]
fn a_read_only_disk_is_refused_and_left_alone() {
    let Some(disk) = Disk::mounted("read-only") else { return says_no_mount() };
    let claims = sold_a_little(&disk.data());
    disk.remount("ro");
    let why = refused(&disk.data());
    assert!(why.contains("read-only: name another place"), "{why}");
    disk.remount("rw");
    let world = World::start(&disk.data(), OPENS_MS + 1_000);
    still_held(&world, &claims);
    world.stop();
    holds(&disk.data());
}

/// Without the right to mount, the disks of these tests cannot be made; the rest is tested.
fn says_no_mount() {
    eprintln!("no right to mount: a disk of this kind cannot be made here");
}

#[test]
fn a_folder_in_use_is_refused_and_serving_goes_on() {
    let temp = Temp::new("in-use");
    let world = World::start(&temp.data(), OPENS_MS);
    let why = refused(&temp.data());
    assert!(why.contains("in use by another fanfare"), "{why}");
    world.claim(LAMPS, 1, 0, 1);
    world.stop();
    World::start(&temp.data(), OPENS_MS + 1).stop();
    holds(&temp.data());
}

#[test]
fn a_folder_of_another_festival_or_kind_is_refused() {
    let temp = Temp::new("other");
    let claims = sold_a_little(&temp.data());
    let other = DataFolder::serve(&temp.data(), "other-day", false).unwrap_err();
    assert!(matches!(other, DataError::OtherFestival { .. }), "{other}");
    assert!(other.to_string().contains("`small-day`, not to `other-day`"), "{other}");
    let rehearsal = DataFolder::serve(&temp.data(), "small-day", true).unwrap_err();
    assert!(rehearsal.to_string().contains("nothing is rehearsed in it"), "{rehearsal}");

    let rehearsed = Temp::new("rehearsed");
    drop(DataFolder::serve(&rehearsed.data(), "small-day", true).unwrap());
    let why = refused(&rehearsed.data());
    assert!(why.contains("a rehearsal's folder and stays one"), "{why}");

    let world = World::start(&temp.data(), OPENS_MS + 1_000);
    still_held(&world, &claims);
    world.stop();
}

#[test]
fn what_a_newer_version_wrote_is_refused() {
    let temp = Temp::new("newer");
    let claims = sold_a_little(&temp.data());
    let mark = temp.data().join("festival");
    let text = fs::read_to_string(&mark).unwrap();
    fs::write(&mark, text.replace("version 1", "version 2")).unwrap();
    let why = refused(&temp.data());
    assert!(why.contains("newer fanfare (folder version 2"), "{why}");
    fs::write(&mark, text).unwrap();

    run(&temp.data(), "PRAGMA user_version = 3");
    let why = refused(&temp.data());
    assert!(why.contains("newer fanfare (version 3"), "{why}");
    let why = verify::folder(&temp.data(), &mut |_| {}).unwrap_err().to_string();
    assert!(why.contains("newer fanfare (version 3"), "{why}");
    run(&temp.data(), "PRAGMA user_version = 2");
    let world = World::start(&temp.data(), OPENS_MS + 1_000);
    still_held(&world, &claims);
    world.stop();
}

#[test]
fn keys_that_others_may_read_or_that_are_damaged_are_refused() {
    let temp = Temp::new("keys");
    let claims = sold_a_little(&temp.data());
    for name in ["festival.key", "token.key"] {
        let path = temp.data().join(name);
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        set(0o640);
        let why = refused(&temp.data());
        assert!(why.contains(name) && why.contains("others may read it"), "{why}");
        set(0o600);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, "0123").unwrap();
        let why = refused(&temp.data());
        assert!(why.contains(name) && why.contains("64 hex digits"), "{why}");
        fs::write(&path, text).unwrap();
    }
    let world = World::start(&temp.data(), OPENS_MS + 1_000);
    still_held(&world, &claims);
    world.stop();
}

/// What `/readyz` says: its status and words.
fn ready(world: &World) -> (u16, String) {
    said(fanfare::drops::web::api::readyz(State(world.app())))
}

/// What `/proxyz` says.
fn for_proxies(world: &World) -> (u16, String) {
    said(fanfare::drops::web::api::proxyz(State(world.app())))
}

fn said(asked: impl Future<Output = Response>) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let answer = asked.await;
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    })
}

/// Starts with the first lane damaged: it stays closed and says why, at every start, and the
/// second goes on.
fn shut_for(temp: &Temp, words: &str) {
    for fan in [20, 21] {
        let world = World::start(&temp.data(), OPENS_MS + i64::from(fan) * 100);
        let directory = world.node.directory();
        let [shut] = directory.shut() else { panic!("{words}: {:?}", directory.not_open()) };
        let (lane, why) = (shut.lane, &shut.why);
        assert_eq!(lane, Some(LAMPS));
        assert!(why.contains("lane 1") && why.contains(words), "{words}: {why}");
        let (status, said) = ready(&world);
        assert!(status == 503 && said.contains(words), "{status} {said}");
        // Its other drops are served, so a proxy does not take it out.
        assert_eq!(for_proxies(&world), (200, "in\n".to_owned()));
        assert_eq!(world.ask(LAMPS, ask(9, 0, 1, None)), Reply::Busy);
        world.claim(LATE, fan as u64, 1, 1);
        world.stop();
    }
}

/// A fresh folder, damaged by these statements, shut for these words.
fn damaged_is_shut(sql: &str, words: &str) {
    let temp = Temp::new("damaged");
    sold_a_little(&temp.data());
    run(&temp.data(), sql);
    shut_for(&temp, words);
    let report = verify::folder(&temp.data(), &mut |_| {}).unwrap();
    let other = report.broken.iter().find(|broken| broken.lane != Some(LAMPS));
    assert!(!report.holds() && other.is_none(), "{sql}: {:#?}", report.broken);
}

/// Changes the first byte of a column of a row, whatever it is.
fn flipped(column: &str, seq: u32) -> String {
    format!(
        "UPDATE journal SET {column} = CAST(
             CASE substr({column}, 1, 1) WHEN X'01' THEN X'02' ELSE X'01' END
             || substr({column}, 2) AS BLOB)
         WHERE lane = {LAMPS} AND seq = {seq}"
    )
}

#[test]
fn a_lane_with_a_flipped_or_torn_row_stays_closed() {
    // The first row, one in the middle, the newest, in each column that start-up reads.
    for seq in [1, 3, 5] {
        for column in ["hash", "header", "facts"] {
            damaged_is_shut(&flipped(column, seq), &format!("row {seq}"));
        }
    }
    for column in ["header", "facts", "hash", "seal"] {
        let torn = format!(
            "UPDATE journal SET {column} = substr({column}, 1, 7) WHERE lane = 1 AND seq = 2"
        );
        damaged_is_shut(&torn, "row 2");
    }
}

#[test]
fn a_lane_with_missing_or_swapped_rows_stays_closed() {
    damaged_is_shut("DELETE FROM journal WHERE lane = 1 AND seq = 3", "row 3: missing");
    damaged_is_shut("DELETE FROM journal WHERE lane = 1 AND seq = 1", "row 1: missing");
    let swapped = "UPDATE journal SET seq = 99 WHERE lane = 1 AND seq = 2;
                   UPDATE journal SET seq = 2 WHERE lane = 1 AND seq = 3;
                   UPDATE journal SET seq = 3 WHERE lane = 1 AND seq = 99;";
    damaged_is_shut(swapped, "row 2");
}

#[test]
fn a_lane_that_went_back_in_time_stays_closed_until_its_rows_are_back() {
    let temp = Temp::new("back");
    let claims = sold_a_little(&temp.data());
    let (journal, backup) = (temp.data().join("journal.sqlite"), temp.path().join("backup"));
    fs::copy(&journal, &backup).unwrap();
    run(&temp.data(), "DELETE FROM journal WHERE lane = 1 AND seq >= 4");
    shut_for(&temp, "went back in time");
    let rows = "INSERT INTO journal SELECT * FROM backup.journal WHERE lane = 1 AND seq >= 4";
    run(&temp.data(), &format!("ATTACH '{}' AS backup; {rows}", backup.display()));
    let world = World::start(&temp.data(), OPENS_MS + 5_000);
    still_held(&world, &claims);
    assert_eq!(ready(&world), (200, "ready\n".to_owned()));
    world.stop();
    holds(&temp.data());

    // The whole journal gone: every lane is shut rather than begun anew.
    fs::remove_file(&journal).unwrap();
    let world = World::start(&temp.data(), OPENS_MS + 6_000);
    let directory = world.node.directory();
    let shut: Vec<Option<LaneId>> = directory.shut().iter().map(|shut| shut.lane).collect();
    assert_eq!(shut, [Some(LAMPS), Some(LATE)]);
    world.stop();
}

#[test]
fn a_lane_at_rest_that_is_damaged_stays_closed() {
    let temp = Temp::new("rest");
    let world = World::start(&temp.data(), OPENS_MS - 5_000);
    world.at(0);
    world.claim(LATE, 1, 0, 1);
    world.ask(LAMPS, Command::Close(act()));
    world.node.quiet();
    world.stop();
    let newest = "(SELECT MAX(seq) FROM journal WHERE lane = 1)";
    let damage = format!("UPDATE journal SET facts = X'00' WHERE lane = 1 AND seq = {newest}");
    run(&temp.data(), &damage);
    shut_for(&temp, "row");
}

#[test]
fn a_torn_witness_is_the_operators_to_move_aside() {
    let temp = Temp::new("witness");
    let claims = sold_a_little(&temp.data());
    fs::write(temp.data().join("heads"), "fanfare-heads 1\n1 2").unwrap();
    fs::write(temp.data().join("heads.before"), "").unwrap();
    let why = refused(&temp.data());
    assert!(why.contains("heads: the witness is damaged: stop the server and move"), "{why}");
    assert!(!why.contains("remove"), "{why}");
    for name in ["heads", "heads.before"] {
        fs::rename(temp.data().join(name), temp.data().join(format!("{name}.torn"))).unwrap();
    }
    let world = World::start(&temp.data(), OPENS_MS + 1_000);
    still_held(&world, &claims);
    world.stop();
}

/// Turns the clock in small steps until so many answers came, giving the threads time.
fn answers(world: &World, many: usize, steps: i64) -> Vec<Reply> {
    let mut replies = Vec::new();
    for _ in 0..steps {
        world.node.clock.turn_to(world.node.clock.now_ms() + 100);
        world.node.sink.take(&mut replies, Duration::from_millis(30));
        if replies.len() >= many {
            break;
        }
    }
    replies.into_iter().map(|(_, reply)| reply).collect()
}

/// A disk fills while the drop is open: nobody hears anything false, and when there is space
/// again everything goes on where it was.
fn fills_and_goes_on(disk: &Disk) {
    let world = World::start(&disk.data(), OPENS_MS - 5_000);
    world.at(0);
    let before: Vec<Claim> = (1..=3).map(|fan| world.claim(LAMPS, fan, 0, 1)).collect();
    disk.fill();
    let asked = |fan: u64| (LAMPS, ask(fan, 0, 1, Some(fan)), Ticket::Many(fan));
    world.node.ask_many((10..15).map(asked).collect());
    let replies = answers(&world, 5, 300);
    assert_eq!(replies.len(), 5, "{replies:?}");
    let honest = |reply: &Reply| matches!(reply, Reply::Unsure | Reply::Busy);
    assert!(replies.iter().all(honest), "{replies:?}");
    assert!(replies.contains(&Reply::Unsure), "the first batch was decided: {replies:?}");
    still_held(&world, &before);

    disk.free();
    world.node.ask_many((10..15).map(asked).collect());
    let replies = answers(&world, 5, 300);
    let mut numbers: Vec<Number> = replies.iter().map(|reply| claimed(*reply).number).collect();
    numbers.sort_unstable();
    let next: Vec<Number> = (4..9).filter_map(Number::new).collect();
    assert_eq!(numbers, next, "each of them once, and none skipped");
    still_held(&world, &before);
    world.stop();
    holds(&disk.data());

    disk.fill();
    let started = World::try_start(&disk.data(), OPENS_MS + 60_000);
    let why = started.err().expect("no lane opens before its first row is durable");
    assert!(why.contains(disk.says()), "{why}");
    disk.free();
    let world = World::start(&disk.data(), OPENS_MS + 61_000);
    still_held(&world, &before);
    world.stop();
    holds(&disk.data());
}

#[test]
fn a_full_disk_loses_nothing() {
    match Disk::mounted("full") {
        Some(disk) => fills_and_goes_on(&disk),
        None => says_no_mount(),
    }
}

#[test]
fn a_store_that_refuses_rows_loses_nothing() {
    fills_and_goes_on(&Disk::refusing("refusing"));
}
