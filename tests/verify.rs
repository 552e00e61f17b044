//! `fanfare verify`: the undamaged folder holds, and every damage is found and named.

#[path = "verify/bundles.rs"]
mod bundles;
mod common;
#[path = "verify/damage.rs"]
mod damage;
#[path = "verify/forged.rs"]
mod forged;

use common::world::{LAMPS, LATE, OPENS_MS, Temp, World, ask, whole_day};
use fanfare::kit::journal::JournalReader;
use fanfare::verify::{self, Broken, Report};
use fanfare_lane::LaneId;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Verifies a folder that can be read.
fn report(data: &Path) -> Report {
    verify::folder(data, &mut |_| {}).unwrap_or_else(|why| panic!("{why}"))
}

/// Whether this promise is named as broken at this row of this lane.
fn names(report: &Report, promise: &str, lane: LaneId, row: u32) -> bool {
    let named = |broken: &Broken| {
        broken.promise.code() == promise
            && (broken.lane, broken.row) == (Some(lane), Some(row))
            && !broken.drop.is_empty()
    };
    report.broken.iter().any(named)
}

fn fanfare(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fanfare"))
        .args(args)
        .env_remove("FANFARE_DATA")
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_undamaged_folder_holds() {
    let temp = Temp::new("holds");
    whole_day(&temp.data());
    let report = report(&temp.data());
    assert!(report.holds(), "{:#?}", report.broken);
    let [lamps, late] = &report.lanes[..] else { panic!("{:#?}", report.lanes) };
    assert_eq!((lamps.drop.as_str(), late.drop.as_str()), ("lamps", "late-lamps"));
    assert!(lamps.rows > 10 && lamps.claims > 6 && lamps.facts > lamps.rows, "{lamps:?}");
    // Three units were held in a rush of four and ran out; one more was bought afterwards.
    assert_eq!((late.claims, late.units_out), (4, 1), "{late:?}");
    let reader = JournalReader::open(&temp.data().join("journal.sqlite").into()).unwrap();
    let festival = fanfare::drops::wake::festival_number("small-day");
    for lane in &report.lanes {
        let replay = fanfare::drops::wake::replay(&reader, festival, lane.lane).unwrap();
        let digest = fanfare::kit::hex::hex(&replay.state().unwrap().digest());
        assert_eq!(lane.digest.as_deref(), Some(digest.as_str()));
        assert_eq!(u64::from(lane.newest_seq), lane.rows);
    }
    assert_eq!(report.keys.len(), 1);
}

#[test]
fn rows_of_one_commit_share_a_signature_and_both_are_checked() {
    let temp = Temp::new("shared");
    whole_day(&temp.data());
    let reader = JournalReader::open(&temp.data().join("journal.sqlite").into()).unwrap();
    let first = |lane| reader.rows(lane, 1, 1).unwrap().remove(0).seal;
    assert_eq!(first(LAMPS).count, 2, "the opening is one commit");
    assert_eq!(first(LAMPS).signature, first(LATE).signature);
    assert!(report(&temp.data()).holds());
}

#[test]
fn it_runs_beside_a_serving_node() {
    let temp = Temp::new("beside");
    let world = World::start(&temp.data(), OPENS_MS - 5_000);
    world.at(0);
    let mut rows = 0;
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            for fan in 100..400 {
                world.ask(LAMPS, ask(fan, 0, 1, None));
                world.at(i64::try_from(fan).unwrap());
            }
        });
        let mut rounds = 0;
        while !busy.is_finished() || rounds < 2 {
            let report = report(&temp.data());
            assert!(report.holds(), "{:#?}", report.broken);
            let now: u64 = report.lanes.iter().map(|lane| lane.rows).sum();
            assert!(now >= rows, "rows only become more");
            (rows, rounds) = (now, rounds + 1);
        }
    });
    world.stop();
    let stopped = report(&temp.data());
    assert!(stopped.holds() && stopped.lanes[0].claims == 11, "{stopped:#?}");
}

/// A folder's files and their bytes, without what `SQLite` keeps beside an open database.
fn files(data: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(data).unwrap().map(|entry| entry.unwrap());
    let named = entries.map(|entry| {
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap_or_default())
    });
    named.filter(|(name, _)| !name.ends_with("-shm") && !name.ends_with("-wal")).collect()
}

#[test]
fn it_writes_nothing() {
    let temp = Temp::new("writes-nothing");
    whole_day(&temp.data());
    let before = files(&temp.data());
    assert!(before.contains_key("journal.sqlite") && before.contains_key("heads"));
    assert!(report(&temp.data()).holds());
    let output = fanfare(&["verify", "--data", temp.data().to_str().unwrap()]);
    assert!(output.status.success());
    assert!(files(&temp.data()) == before, "a file changed");
    let none = temp.path().join("none");
    let output = fanfare(&["verify", "--data", none.to_str().unwrap()]);
    assert!(!output.status.success() && !none.exists(), "a folder was made");
}

#[test]
fn the_command_says_what_holds_and_what_does_not() {
    let temp = Temp::new("command");
    whole_day(&temp.data());
    let (data, json) = (temp.data(), temp.path().join("report.json"));
    let args = ["verify", "--data", data.to_str().unwrap(), "--json", json.to_str().unwrap()];
    let output = fanfare(&args);
    let (said, report) = (out(&output), report(&data));
    assert!(output.status.success(), "{said}");
    let rows: u64 = report.lanes.iter().map(|lane| lane.rows).sum();
    let claims: u64 = report.lanes.iter().map(|lane| lane.claims).sum();
    let last = said.lines().last().unwrap();
    assert_eq!(last, format!("holds: 2 lanes, {rows} rows, {claims} claims"), "{said}");
    let written: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!((&written["version"], &written["holds"]), (&1.into(), &true.into()));
    assert_eq!(written["lanes"][1]["drop"], "late-lamps");

    damage::run(&data, "DELETE FROM journal WHERE lane = 1 AND seq = 4");
    let output = fanfare(&args);
    let said = out(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("BROKEN: chain: lane 1 (drop lamps), row 4: it is missing"), "{said}");
    let written: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!(written["holds"], false);
    assert_eq!(written["broken"][0]["promise"], "chain");
    assert_eq!(written["broken"][0]["row"], 4);
}

#[test]
fn what_cannot_be_done_is_said() {
    let temp = Temp::new("said");
    for (args, words) in [
        (vec!["--data", "nowhere/at/all"], "is not there"),
        (vec!["--key", "00"], "--bundle"),
        (vec!["--bundle", "nowhere.json"], "nowhere.json"),
        (vec!["--bundle", "Cargo.toml", "--key", "12"], "64 hex digits"),
    ] {
        let args: Vec<&str> = ["verify"].into_iter().chain(args).collect();
        let output = Command::new(env!("CARGO_BIN_EXE_fanfare"))
            .args(&args)
            .env_remove("FANFARE_DATA")
            .current_dir(temp.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{args:?}: {said}");
    }
}
