//! Backups while it is served, and what comes back from them.

use super::shop::{
    Crowd, FILE, claim, database, done, held, p99, place, refused, setting, two_drops,
};
use crate::common::served::{Place, words};
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::token::Role;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

fn beside(place: &Place, name: &str) -> PathBuf {
    place.data.with_file_name(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The same festival in another folder.
fn other(place: &Place, data: &Path, database: Option<String>) -> Place {
    let mut other = Place::new();
    other.write(FILE, &fs::read_to_string(place.data.with_file_name(FILE)).unwrap());
    (other.data, other.database) = (data.to_owned(), database);
    other
}

/// Makes the journal's file larger by so many MiB, as many claims would.
fn ballast(place: &Place) {
    let megabytes = setting("BALLAST_MB", 0);
    if megabytes == 0 || place.database.is_some() {
        return;
    }
    place.serve(Some(FILE)).end();
    let journal = rusqlite::Connection::open(place.data.join("journal.sqlite")).unwrap();
    let sql = "INSERT INTO reasons (why, words) VALUES ($1, hex(randomblob(500000)))";
    for why in 1..=megabytes {
        journal.execute(sql, [why as i64]).unwrap();
    }
}

/// Backs up under load, brings it back, and goes on from it.
fn round(place: &Place, back_to: Option<String>) {
    ballast(place);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=20);
    let alone = Crowd::comes(place, served.address, 4);
    thread::sleep(Duration::from_millis(setting("LOAD_MS", 1_000)));
    let alone = alone.goes();
    let crowd = Crowd::comes(place, served.address, 4);
    thread::sleep(Duration::from_millis(200));
    let kept = beside(place, "kept");
    let watch = Stopwatch::start();
    let said = done(place, &["backup", FILE, "--to", text(&kept)]);
    let backup_s = watch.passed_s();
    thread::sleep(Duration::from_millis(200));
    let with = crowd.goes();
    println!("backup_s {backup_s:.1}");
    println!("backup_p99_ms_before {:.1}", p99(&alone));
    println!("backup_p99_ms_with {:.1}", p99(&with));
    println!("backup_worst_ms_with {:.1}", with.last().unwrap());
    println!("backup_claims_meanwhile {}", with.len());
    assert!(said.contains("lane 1 boxes: ") && said.contains("holds: "), "{said}");
    let mode = fs::metadata(&kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    for entry in fs::read_dir(&kept).unwrap().flatten() {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o077;
        let name = entry.file_name().into_string().unwrap();
        assert!(mode == 0 || name.starts_with("heads") || name == "festival", "{name}: {mode:o}");
    }
    assert!(!kept.join("fanfare.lock").exists() && !kept.join("unfinished").exists());
    assert!(kept.join("festival.toml").exists());
    let backup = other(place, &kept, None);
    let verified = done(&backup, &["verify"]);
    assert!(verified.contains("holds: 1 lane"), "{verified}");
    let sums = held(&backup);
    // The copy is of one moment of the sale, and every row of it stands in the journal too.
    served.end();
    let all = held(place);
    assert!(sums[0].rows < all[0].rows, "{sums:?} {all:?}");
    let new = beside(place, "new");
    let mut args = vec!["restore", "--from", text(&kept)];
    let urls = back_to.clone();
    args.extend(urls.iter().flat_map(|url| ["--database", url.as_str()]));
    let restored = other(place, &new, back_to);
    let said = done(&restored, &args);
    assert!(sums.iter().all(|sum| said.contains(&sum.to_string())), "{said} {sums:?}");
    assert!(said.contains("--witness OLD/heads"), "{said}");
    assert_eq!(held(&restored), sums);
    done(&restored, &["verify"]);
    let served = restored.serve(Some(FILE));
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 200);
    claim(&served, 900_000..=900_002);
    served.end();
    done(&restored, &["verify"]);
}

#[test]
fn a_backup_made_under_load_comes_back_and_goes_on() {
    round(&place(None), None);
}

#[test]
fn the_same_with_everything_on_postgresql() {
    let (url, _server) = database();
    let (back, _same) = database();
    round(&place(Some(url)), Some(back));
}

#[test]
fn from_postgresql_to_files_and_back_into_a_database() {
    let (url, _server) = database();
    round(&place(Some(url)), None);
    let (back, _same) = database();
    round(&place(None), Some(back));
}

#[test]
fn a_place_that_is_not_empty_is_refused_and_nothing_is_changed() {
    let place = place(None);
    two_drops(&place);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=3);
    let kept = beside(&place, "kept");
    done(&place, &["backup", "--to", text(&kept)]);
    assert!(refused(&place, &["backup", "--to", text(&kept)]).contains("not empty"));
    served.end();
    // Into a folder that is somebody's, into one that was begun, into tables that are in use.
    let said = refused(&place, &["restore", "--from", text(&kept)]);
    assert!(said.contains("not empty"), "{said}");
    let (url, _server) = database();
    let first = other(&place, &beside(&place, "first"), Some(url.clone()));
    let args = ["restore", "--from", text(&kept)];
    done(&first, &args);
    let second = other(&place, &beside(&place, "second"), Some(url));
    let said = refused(&second, &args);
    assert!(said.contains("are not empty"), "{said}");
    let said = words(&second.run(&["serve", FILE, "--listen", "127.0.0.1:0"]));
    assert!(said.contains("was being filled from a backup"), "{said}");
    let said = refused(&second, &args);
    assert!(said.contains("broke off: remove it"), "{said}");
}

#[test]
fn what_is_left_of_a_backup_that_broke_off_goes_with_the_next() {
    let place = place(None);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=3);
    // Killed on its way, at any moment.
    let mark = fs::read_to_string(place.data.join("festival")).unwrap();
    let left = |name: &str, mark: Option<&str>| {
        let path = beside(&place, name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("unfinished"), "").unwrap();
        mark.iter().for_each(|mark| fs::write(path.join("festival"), mark).unwrap());
        path
    };
    let killed = left("first.unfinished", Some(&mark));
    let begun = left("second.unfinished", None);
    let theirs = left("third.unfinished", Some(&mark.replace("id shop", "id other")));
    let running = left("fourth.unfinished", Some(&mark));
    let nobodys = beside(&place, "fifth.unfinished");
    fs::create_dir(&nobodys).unwrap();
    fs::write(nobodys.join("letter"), "not ours").unwrap();
    let lock = fs::File::create(running.join("fanfare.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    // What broke off is told by its mark, and is not brought back.
    let third = other(&place, &beside(&place, "third"), None);
    let said = refused(&third, &["restore", "--from", text(&killed)]);
    assert!(said.contains("broke off"), "{said}");
    let first = beside(&place, "first");
    let said = done(&place, &["backup", "--to", text(&first)]);
    assert!(said.contains("first.unfinished, left of a backup that broke off"), "{said}");
    assert!(!killed.exists() && !begun.exists(), "{said}");
    assert!(theirs.exists() && running.exists() && nobodys.join("letter").exists());
    let said = refused(&place, &["backup", "--to", text(&beside(&place, "fourth"))]);
    assert!(said.contains("under way") && running.exists(), "{said}");
    let said = refused(&place, &["backup", "--to", text(&beside(&place, "fifth"))]);
    assert!(said.contains("remove it") && nobodys.join("letter").exists(), "{said}");
    served.end();
}

#[test]
fn a_folder_that_is_not_there_is_said_to_be_none() {
    let place = place(None);
    let nowhere = other(&place, &beside(&place, "typo"), None);
    let text = text(&nowhere.data).to_owned();
    for args in [&["backup", "--to", "kept"][..], &["verify"], &["key", "show"]] {
        let said = words(&nowhere.run(args));
        assert!(said.contains(&format!("{text} is not there")), "{args:?} {said}");
        assert!(!said.contains("start `fanfare serve` with it"), "{args:?} {said}");
    }
    let said = refused(&place, &["restore", "--from", &text]);
    assert!(said.contains(&format!("{text} is not there")), "{said}");
    assert!(!place.data.exists() && !nowhere.data.exists());
}

#[test]
fn a_damaged_backup_is_neither_made_nor_brought_back() {
    let place = place(None);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=3);
    served.end();
    let kept = beside(&place, "kept");
    done(&place, &["backup", "--to", text(&kept)]);
    let damage = |file: &Path| {
        let journal = rusqlite::Connection::open(file).unwrap();
        let sql = "UPDATE journal SET facts = facts || x'00' WHERE seq = 2";
        journal.execute(sql, []).unwrap();
    };
    damage(&kept.join("journal.sqlite"));
    let new = other(&place, &beside(&place, "new"), None);
    let said = refused(&new, &["restore", "--from", text(&kept)]);
    assert!(said.contains("does NOT verify") && !new.data.exists(), "{said}");
    damage(&place.data.join("journal.sqlite"));
    let again = beside(&place, "again");
    let said = refused(&place, &["backup", "--to", text(&again)]);
    assert!(said.contains("does NOT verify") && !again.exists(), "{said}");
    assert!(said.contains("is removed again"), "{said}");
    assert!(!beside(&place, "again.unfinished").exists());
}

#[test]
fn the_witness_of_the_machine_testifies_against_an_older_backup() {
    let place = place(None);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=3);
    let kept = beside(&place, "kept");
    done(&place, &["backup", "--to", text(&kept)]);
    claim(&served, 4..=6);
    served.end();
    let new = other(&place, &beside(&place, "new"), None);
    let typo = place.data.with_file_name(FILE);
    let said = refused(&new, &["restore", "--from", text(&kept), "--witness", text(&typo)]);
    assert!(said.contains("--witness") && said.contains("it is no witness"), "{said}");
    assert!(!said.contains("damaged") && !new.data.exists() && typo.exists(), "{said}");
    let witness = place.data.join("heads");
    let args = ["restore", "--from", text(&kept), "--witness", text(&witness)];
    let said = done(&new, &args);
    assert!(said.contains("went back in time") && said.contains("stay shut"), "{said}");
    let served = new.serve(Some(FILE));
    let ready = served.ask(("GET", "/readyz"), 1, Role::Fan, "");
    assert!(ready.status == 503 && ready.text.contains("went back in time"), "{ready:?}");
    assert_eq!(served.claim("boxes", 7, crate::common::festival::BOX).status, 503);
    served.end();
    done(&new, &["restore", FILE, "--accept-loss"]);
    let served = new.serve(Some(FILE));
    let why = r#"{"why":"looked at it"}"#;
    let path = "/api/v1/drops/boxes/resumption";
    assert!(served.ask(("POST", path), 80, Role::Host, why).status < 300);
    assert_eq!(claim(&served, 7..=7), [7], "no number is given again");
    served.end();
}
