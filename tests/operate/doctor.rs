//! What `doctor` says: each fault made, its code found, and nothing found where nothing is wrong.

use super::shop::{FILE, claim, database, done, place, refused};
use crate::common::postgres::Postgres;
use crate::common::served::{Place, files, words};
use fanfare::kit::data::DataFolder;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The codes of what is wrong, the worst first, where nobody has to serve.
pub fn codes(place: &Place, args: &[&str]) -> Vec<String> {
    codes_of(place, &[&["--stopped"], args].concat())
}

fn codes_of(place: &Place, args: &[&str]) -> Vec<String> {
    let json = place.data.with_file_name("doctor.json");
    let path = json.to_str().unwrap();
    let output = place.run(&[&["doctor", "--json", path], args].concat());
    let found: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!(found["version"], 1);
    let wrong = found["findings"].as_array().unwrap();
    let code = i32::from(!wrong.is_empty());
    assert_eq!(output.status.code(), Some(code), "{}", words(&output));
    assert!(wrong.iter().all(|one| !one["do"].as_str().unwrap().is_empty()));
    wrong.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

fn sold(database: Option<String>) -> Place {
    let place = place(database);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=3);
    served.end();
    place
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn where_nothing_is_wrong_nothing_is_found_and_nothing_is_written() {
    let place = sold(None);
    let before = files(&place.data);
    assert!(codes(&place, &[]).is_empty());
    assert_eq!(files(&place.data), before);
    let served = place.serve(Some(FILE));
    assert!(codes_of(&place, &[]).is_empty());
    let said = done(&place, &["doctor"]);
    let pid = served.program.child.id();
    assert!(said.contains(&format!("process {pid} has it in use")), "{said}");
    assert!(said.contains("room for about") && said.contains("nothing is wrong"), "{said}");
    served.end();
    let (url, _server) = database();
    assert!(codes(&sold(Some(url)), &[]).is_empty());
}

#[test]
fn that_nobody_serves_is_named_below_what_explains_it() {
    let place = sold(None);
    assert_eq!(codes_of(&place, &[]), ["server_down"]);
    let said = refused(&place, &["doctor"]);
    assert!(said.contains("systemctl start fanfare"), "{said}");
    assert!(said.contains("journalctl -u fanfare -n 50"), "{said}");
    assert!(!said.contains("nothing is wrong"), "{said}");
    let mut served = place.serve(Some(FILE));
    assert!(codes_of(&place, &[]).is_empty());
    served.program.kill();
    assert_eq!(codes_of(&place, &[]), ["server_down"]);
    assert!(codes(&place, &[]).is_empty());
    fs::write(place.data.join("token.key"), "none").unwrap();
    assert_eq!(codes_of(&place, &[]), ["keys_unread", "server_down"]);
    fs::remove_file(place.data.join("festival")).unwrap();
    assert_eq!(codes_of(&place, &[]), ["folder_empty"]);
}

#[test]
fn what_is_wrong_with_a_folder_is_named() {
    let mut place = sold(None);
    let at = |name: &str| place.data.join(name);
    mode(&place.data, 0o755);
    mode(&at("token.key"), 0o640);
    assert_eq!(codes(&place, &[]), ["keys_unread", "folder_open", "file_open"]);
    mode(&place.data, 0o700);
    mode(&at("token.key"), 0o600);
    assert_eq!(codes(&place, &["--journal", "postgres://nobody@nowhere/x"]), ["folder_foreign"]);
    let key = fs::read(at("festival.key")).unwrap();
    fs::remove_file(at("festival.key")).unwrap();
    assert_eq!(codes(&place, &[]), ["keys_missing"]);
    fs::write(at("festival.key"), key).unwrap();
    mode(&at("festival.key"), 0o600);
    fs::write(at("moving"), "postgres://nobody@nowhere/x\n").unwrap();
    assert_eq!(codes(&place, &[]), ["move_unfinished"]);
    fs::remove_file(at("moving")).unwrap();
    fs::write(at("unfinished"), "").unwrap();
    fs::rename(at("journal.sqlite"), at("aside")).unwrap();
    assert_eq!(codes_of(&place, &[]), ["folder_unfinished"]);
    fs::rename(at("aside"), at("journal.sqlite")).unwrap();
    fs::remove_file(at("unfinished")).unwrap();
    fs::write(at("heads"), "torn").unwrap();
    fs::write(at("heads.before"), "torn").unwrap();
    assert_eq!(codes(&place, &[]), ["witness_damaged"]);
    fs::remove_file(at("heads")).unwrap();
    fs::remove_file(at("heads.before")).unwrap();
    assert_eq!(codes(&place, &[]), ["witness_missing"]);
    let locked = DataFolder::serve(&place.data, "shop", false).unwrap();
    assert_eq!(codes(&place, &[]), ["server_mute", "witness_missing"]);
    drop(locked);
    let mark = fs::read_to_string(at("festival")).unwrap();
    fs::write(at("festival"), mark.replace("version 1", "version 9")).unwrap();
    assert_eq!(codes(&place, &[]), ["folder_newer"]);
    fs::remove_file(at("festival")).unwrap();
    assert_eq!(codes(&place, &[]), ["folder_empty"]);
    place.data = place.data.with_file_name("nowhere");
    assert_eq!(codes(&place, &[]), ["folder_missing"]);
}

#[test]
fn what_is_wrong_with_a_journal_or_its_tables_is_named() {
    let one = sold(None);
    let sql = |file: &str, sql: &str| {
        rusqlite::Connection::open(one.data.join(file)).unwrap().execute(sql, []).unwrap()
    };
    sql("cold.sqlite", "UPDATE house SET made_at_ms = 1");
    assert_eq!(codes(&one, &[]), ["tables_foreign"]);
    fs::write(one.data.join("cold.sqlite"), "no database").unwrap();
    let _ = fs::remove_file(one.data.join("cold.sqlite-wal"));
    assert_eq!(codes(&one, &[]), ["tables_damaged"]);
    sql("journal.sqlite", "DELETE FROM journal WHERE seq = (SELECT MAX(seq) FROM journal)");
    assert_eq!(codes(&one, &[]), ["tables_damaged", "journal_short"]);
    let served = sold(None);
    rusqlite::Connection::open(served.data.join("journal.sqlite"))
        .unwrap()
        .execute("DELETE FROM journal WHERE seq = (SELECT MAX(seq) FROM journal)", [])
        .unwrap();
    let running = served.serve(Some(FILE));
    assert_eq!(codes(&served, &[]), ["lane_shut", "journal_short", "tables_stopped"]);
    running.end();
    let damaged = sold(None);
    rusqlite::Connection::open(damaged.data.join("journal.sqlite"))
        .unwrap()
        .execute("UPDATE journal SET facts = facts || x'00' WHERE seq = 4", [])
        .unwrap();
    assert!(codes(&damaged, &[]).contains(&"journal_damaged".to_owned()));
    // What it says to do can be done as it stands.
    let said = words(&damaged.run(&["doctor", "--stopped"]));
    let data = damaged.data.display();
    assert!(said.contains(&format!("`mv {data} {data}.damaged`")), "{said}");
    assert!(said.contains(&format!("--data {data} --witness {data}.damaged/heads")), "{said}");
    let away = sold(None);
    for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
        let _ = fs::remove_file(away.data.join(name));
    }
    assert_eq!(codes(&away, &[]), ["journal_missing"]);
}

#[test]
fn tables_that_are_gone_are_named_before_a_start_makes_them_without_accounts() {
    let mut place = sold(None);
    let backup = place.data.with_file_name("backup");
    done(&place, &["backup", "--to", backup.to_str().unwrap()]);
    for name in ["cold.sqlite", "cold.sqlite-wal", "cold.sqlite-shm"] {
        let _ = fs::remove_file(place.data.join(name));
    }
    assert_eq!(codes(&place, &[]), ["tables_missing"]);
    let said = words(&place.run(&["doctor", "--stopped"]));
    assert!(said.contains("stand in no other place"), "{said}");
    assert!(said.contains("name it with --database"), "{said}");
    // What it says to do mends it, and what came behind the backup is made again.
    fs::copy(backup.join("cold.sqlite"), place.data.join("cold.sqlite")).unwrap();
    assert!(codes(&place, &[]).is_empty());
    let served = place.serve(Some(FILE));
    claim(&served, 4..=4);
    served.end();
    done(&place, &["verify"]);
    assert!(codes(&place, &[]).is_empty());
    // Nor is it otherwise where they come back to PostgreSQL.
    let (url, _server) = database();
    let mut copy = Place::new();
    copy.data = backup;
    done(&copy, &["move", "--tables-to", &url]);
    place.database = Some(url);
    let served = place.serve(Some(FILE));
    claim(&served, 5..=5);
    served.end();
    done(&place, &["verify"]);
    assert!(codes(&place, &[]).is_empty());
    // In a folder from which nothing was sold there is nothing to miss.
    let new = Place::new();
    drop(DataFolder::serve(&new.data, "shop", false).unwrap());
    assert!(!codes(&new, &[]).contains(&"tables_missing".to_owned()));
}

#[test]
fn what_is_wrong_with_a_database_is_named() {
    let (url, _server) = database();
    let moved = sold(None);
    done(&moved, &["move", "--to", &url]);
    fs::remove_file(moved.data.join("journals")).unwrap();
    assert_eq!(codes(&moved, &[]), ["journal_moved"]);
    let (one, two) = (database().0, database().0);
    let both = sold(None);
    done(&both, &["move", "--to", &one, "--to", &two]);
    let said = done(&both, &["doctor", "--stopped"]);
    let shown = DataFolder::look(&both.data).unwrap().journals().shown();
    assert!(shown.contains(", ") && said.contains(&format!("journal at {shown}")), "{said}");
    let risky = Postgres::with(&["fsync=off"]);
    let place = sold(None);
    fs::write(place.data.join("journals"), risky.database() + "\n").unwrap();
    mode(&place.data.join("journals"), 0o600);
    let said = words(&place.run(&["doctor"]));
    assert!(said.contains("stops journal_silent") && said.contains("fsync = off"), "{said}");
    fs::write(place.data.join("journals"), "postgres://x@127.0.0.1:1/x\n").unwrap();
    assert_eq!(
        codes(&place, &["--database", "postgres://x@127.0.0.1:1/x"]),
        ["tables_silent", "journal_silent"]
    );
}

#[test]
fn too_few_files_for_a_crowd_are_named() {
    let place = sold(None);
    let mut few = std::process::Command::new("sh");
    few.args(["-c", "ulimit -n 1000 && exec \"$0\" doctor --data \"$1\""]);
    few.arg(env!("CARGO_BIN_EXE_fanfare")).arg(&place.data);
    let said = words(&few.output().unwrap());
    assert!(said.contains("warns files_few: a server may open 1000 files"), "{said}");
}

#[test]
fn a_witness_that_is_missing_is_named_by_the_start_that_writes_it_anew() {
    let place = place(None);
    let missing = "THE WITNESS IS MISSING";
    for without in [false, true, false] {
        let served = place.serve(Some(FILE));
        assert_eq!(served.said().contains(missing), without, "{}", served.said());
        served.end();
        assert!(codes(&place, &[]).is_empty());
        if !without {
            fs::remove_file(place.data.join("heads")).unwrap();
            let _ = fs::remove_file(place.data.join("heads.before"));
            assert_eq!(codes(&place, &[]), ["witness_missing"]);
        }
    }
}
