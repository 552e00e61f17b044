//! The journal and its tables from database to database.

use super::shop::{FILE, claim, database, done, held, place, refused, setting, two_drops};
use crate::common::festival::BOX;
use crate::common::postgres::Postgres;
use crate::common::served::{Place, files, words};
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::data::DataFolder;
use fanfare::kit::journal::{JournalReader, moved};
use fanfare::kit::token::Role;
use fanfare::transfer::Sum;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// What the old place says: it verifies, says where the festival went, and serves nobody.
fn has_ended(place: &Place, old: &str, was: &[Sum]) {
    let said = done(place, &["verify", "--moved-from", old]);
    assert!(said.contains("moved: boxes to ") && said.contains("holds: "), "{said}");
    assert!(said.contains(&format!("holds: {} lane", was.len())), "{said}");
}

/// Whoever names the old database with a folder of the same festival is refused.
fn serves_nobody(place: &Place, old: Option<&str>) {
    let other = Place::new();
    let copy = |name: &str| fs::read(place.data.join(name)).unwrap();
    fs::create_dir_all(&other.data).unwrap();
    for name in ["festival", "festival.key", "token.key"] {
        fs::write(other.data.join(name), copy(name)).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(other.data.join(name), mode).unwrap();
    }
    other.write(FILE, &fs::read_to_string(place.data.with_file_name(FILE)).unwrap());
    let mut args = vec!["serve", FILE, "--listen", "127.0.0.1:0"];
    match old {
        Some(url) => args.extend(["--journal", url]),
        None => {
            for name in ["journal.sqlite", "journal.sqlite-wal"] {
                let _ = fs::copy(place.data.join(name), other.data.join(name));
            }
        }
    }
    let said = refused(&other, &args);
    assert!(said.contains("was moved to ") && said.contains("nothing is served"), "{said}");
    let journal = old.map_or(vec![], |url| vec!["--journal", url]);
    let apply = [&["apply", FILE][..], &journal].concat();
    assert!(refused(&other, &apply).contains("was moved to "));
    let restore = [&["restore", FILE, "--accept-loss"][..], &journal].concat();
    assert!(refused(&other, &restore).contains("was moved to "));
}

fn goes_on(place: &Place, fans: std::ops::RangeInclusive<u64>) {
    let served = place.serve(Some(FILE));
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 200);
    claim(&served, fans);
    served.end();
    done(place, &["verify"]);
}

#[test]
fn a_journal_goes_to_postgresql_and_back_with_the_same_digests() {
    let mut place = place(None);
    two_drops(&place);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=setting("CLAIMS", 60));
    // A served folder is not moved.
    let (url, _server) = database();
    let said = refused(&place, &["move", "--to", &url]);
    assert!(said.contains("is in use"), "{said}");
    served.end();
    let was = held(&place);
    let said = done(&place, &["move", "--from", "sqlite", "--to", &url, "--tables-to", &url]);
    assert!(was.iter().all(|sum| said.contains(&sum.to_string())), "{said} {was:?}");
    assert_eq!(held(&place), was);
    println!("moved_rows {}", was.iter().map(|sum| u64::from(sum.rows)).sum::<u64>());
    has_ended(&place, "sqlite", &was);
    serves_nobody(&place, None);
    // The same again, as for one that was cut off: it is done already.
    let again = ["move", "--from", "sqlite", "--to", &url, "--tables-to", &url];
    assert!(done(&place, &again).contains("the tables are at "));
    assert!(done(&place, &again[..5]).contains("already"));
    assert_eq!(held(&place), was);
    let said = refused(&place, &["move", "--to", "/tmp/foo.sqlite"]);
    assert!(said.contains("--to: `/tmp/foo.sqlite`") && said.contains("write `sqlite`"), "{said}");
    let said = refused(&place, &["move", "--tables-to", "/x"]);
    assert!(said.contains("--tables-to: `/x`") && said.contains("write `sqlite`"), "{said}");
    // The old tables are not gone on with either.
    let said = refused(&place, &["serve", FILE, "--listen", "127.0.0.1:0"]);
    assert!(said.contains("the tables moved to ") && said.contains("--database"), "{said}");
    place.database = Some(url.clone());
    goes_on(&place, 100_001..=100_005);
    // And back; the file that was moved away from gives way.
    let was = held(&place);
    let said = done(&place, &["move", "--to", "sqlite", "--tables-to", "sqlite"]);
    assert!(was.iter().all(|sum| said.contains(&sum.to_string())), "{said} {was:?}");
    place.database = None;
    assert_eq!(held(&place), was);
    has_ended(&place, &url, &was);
    has_ended(&place, "journal.moved-1.sqlite", &was);
    serves_nobody(&place, Some(&url));
    assert!(place.data.join("cold.moved-1.sqlite").exists());
    goes_on(&place, 100_006..=100_010);
    // The database it left is not moved into again.
    let said = refused(&place, &["move", "--to", &url]);
    assert!(said.contains("another journal"), "{said}");
    goes_on(&place, 100_011..=100_012);
}

/// What a folder says of a move while it is on its way.
fn note(data: &Path) -> Option<String> {
    fs::read_to_string(data.join("moving")).ok()
}

#[test]
fn a_move_that_is_killed_is_gone_on_with_and_one_place_counts_at_every_moment() {
    let (place, mut sold) = selling_two();
    let served = place.serve(Some(FILE));
    while sold < setting("CLAIMS", 100) {
        sold += 1;
        for drop in ["boxes", "more"] {
            assert_eq!(served.claim(drop, sold, BOX).status, 201);
        }
    }
    served.end();
    let (kills, mut there, mut ended, mut running) = (setting("KILLS", 8), true, 0, 0);
    let server = Postgres::shared();
    let watch = Stopwatch::start();
    done(&place, &["move", "--to", &server.database()]);
    let mut takes_ms = (watch.passed_s() * 500.0) as u64;
    for nth in 0..kills {
        let to = if there { vec!["sqlite".to_owned()] } else { databases(&server, nth % 4) };
        let to: Vec<&str> = to.iter().map(String::as_str).collect();
        let order = [&["move"], &*named("--to", &to)].concat();
        let old = if there { held_at(&place) } else { vec!["sqlite".to_owned()] };
        let was = held(&place);
        let mut moving = place.command(&order);
        let quiet = std::process::Stdio::null;
        let mut child = moving.stdout(quiet()).stderr(quiet()).spawn().unwrap();
        // Anywhere on the way, and most often where it ends.
        thread::sleep(Duration::from_millis(takes_ms * ((nth * 37) % 70 + 30) / 100));
        let late = child.try_wait().unwrap().is_some();
        running += u64::from(!late);
        takes_ms = if late { takes_ms * 4 / 5 } else { takes_ms * 11 / 10 + 1 };
        child.kill().unwrap();
        child.wait().unwrap();
        ended += u64::from(note(&place.data).is_some() && has_moved(&place, &old));
        if nth % 2 == 1 {
            both_sell(&place, &mut sold);
        } else {
            assert!(was.iter().zip(&held(&place)).all(|(was, is)| is.rows >= was.rows));
        }
        let said = done(&place, &order);
        assert!(said.contains("holds: ") || said.contains("already") || said.contains("goes on"));
        assert_eq!(note(&place.data), None);
        assert!(has_moved(&place, &old) || there, "{said}");
        both_sell(&place, &mut sold);
        there = !there;
    }
    println!("moves_killed {running}");
    println!("moves_killed_behind_the_end {ended}");
    println!("move_ms {takes_ms}");
    done(&place, &["verify"]);
}

/// Where a folder's journal is, as its notes say.
fn held_at(place: &Place) -> Vec<String> {
    let kept = fs::read_to_string(place.data.join("journals")).unwrap();
    kept.lines().map(str::to_owned).collect()
}

/// One new database, or two.
fn databases(server: &Postgres, nth: u64) -> Vec<String> {
    (0..=nth / 2).map(|_| server.database()).collect()
}

/// Whether the journal at this place has ended.
fn has_moved(place: &Place, old: &[String]) -> bool {
    let old = DataFolder::look(&place.data).unwrap().journals_named(old).unwrap();
    JournalReader::open(&old).is_ok_and(|reader| moved(&reader).unwrap().is_some())
}

#[test]
fn killed_before_the_switch_it_is_served_from_the_new_place() {
    let place = place(None);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=5);
    served.end();
    let (url, _server) = database();
    let was = held(&place);
    done(&place, &["move", "--to", &url]);
    // As if killed between the old journal's last row and the switch.
    fs::remove_file(place.data.join("journals")).unwrap();
    fs::write(place.data.join("moving"), format!("{url}\n")).unwrap();
    let kept = place.data.with_file_name("kept");
    let said = refused(&place, &["backup", "--to", kept.to_str().unwrap()]);
    assert!(said.contains("was moved to "), "{said}");
    let served = place.serve(Some(FILE));
    assert!(served.said().contains("it goes on there"), "{}", served.said());
    assert_eq!(served.claim("boxes", 6, BOX).status, 201);
    served.end();
    assert!(held(&place)[0].rows > was[0].rows);
    assert!(place.data.join("journals").exists());
    done(&place, &["verify"]);
    // The same by `move` itself, and once more.
    fs::remove_file(place.data.join("journals")).unwrap();
    fs::write(place.data.join("moving"), format!("{url}\n")).unwrap();
    assert!(done(&place, &["move", "--to", &url]).contains("it goes on there"));
    assert!(done(&place, &["move", "--to", &url]).contains("already"));
}

#[test]
fn a_journal_is_not_moved_over_another() {
    let (url, _server) = database();
    let (one, two) = (place(None), place(None));
    for place in [&one, &two] {
        let served = place.serve(Some(FILE));
        claim(&served, 1..=3);
        served.end();
    }
    done(&one, &["move", "--to", &url]);
    let was = held(&two);
    let said = refused(&two, &["move", "--to", &url]);
    assert!(said.contains("another journal"), "{said}");
    assert_eq!(held(&two), was);
    goes_on(&two, 4..=5);
    // A copy that is not the journal is seen before the old one ends.
    let (other, _same) = database();
    done(&two, &["backup", "--to", two.data.with_file_name("kept").to_str().unwrap()]);
    let mut moving = two.command(&["move", "--to", &other]);
    assert!(words(&moving.output().unwrap()).contains("holds: "));
    Postgres::sql(&other, "UPDATE journal SET seal = seal || '\\x00' WHERE seq = 2");
    let said = refused(&two, &["verify"]);
    assert!(said.contains("seal"), "{said}");
}

/// The same flag before each of these places.
fn named<'a>(flag: &'a str, places: &[&'a str]) -> Vec<&'a str> {
    places.iter().flat_map(|place| [flag, *place]).collect()
}

fn homes(place: &Place) -> Vec<usize> {
    place.journal().lanes().unwrap().iter().map(|record| record.home).collect()
}

/// Serves, and sells one more of both drops: the number after the newest, so nothing was lost or
/// given twice.
fn both_sell(place: &Place, sold: &mut u64) {
    let served = place.serve(Some(FILE));
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 200);
    *sold += 1;
    for drop in ["boxes", "more"] {
        let answer = served.claim(drop, *sold, BOX);
        assert_eq!(answer.body["number"].as_u64(), Some(*sold), "{answer:?}");
    }
    served.end();
    assert_eq!(note(&place.data), None);
}

/// A place whose two drops have sold one box each.
fn selling_two() -> (Place, u64) {
    let (place, mut sold) = (place(None), 0);
    let one = fs::read_to_string(place.data.with_file_name(FILE)).unwrap();
    let more = one.find("[[drops]]").map(|at| one[at..].replace("\"boxes\"", "\"more\""));
    place.write(FILE, &format!("{one}\n{}", more.unwrap()));
    both_sell(&place, &mut sold);
    (place, sold)
}

#[test]
fn journals_go_from_one_to_several_and_back_each_lane_to_a_home() {
    let server = Postgres::shared();
    let urls: Vec<String> = (0..6).map(|_| server.database()).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let (place, mut sold) = selling_two();
    let mut at = vec!["sqlite"];
    for (to, homed) in [
        (&urls[..2], [0, 1]),
        (&urls[2..3], [0, 0]),
        (&urls[3..6], [0, 1]),
        (&["sqlite"][..], [0, 0]),
    ] {
        let was = held(&place);
        let moving = [&["move"], &*named("--from", &at), &*named("--to", to)].concat();
        let said = done(&place, &moving);
        assert!(was.iter().all(|sum| said.contains(&sum.to_string())), "{said} {was:?}");
        assert_eq!((held(&place), homes(&place)), (was, homed.to_vec()));
        if at != ["sqlite"] {
            let said = done(&place, &[&["verify"], &*named("--moved-from", &at)].concat());
            assert!(
                said.contains("moved: boxes to ") && said.contains("moved: more to "),
                "{said}"
            );
        }
        done(&place, &["verify"]);
        both_sell(&place, &mut sold);
        done(&place, &["verify"]);
        at = to.to_vec();
    }
    // What is no place to go to is said before anything is done.
    let was = files(&place.data);
    for (to, words) in [
        (&["sqlite", urls[0]][..], "name it alone"),
        (&[urls[0], urls[0]], "twice"),
        (&[urls[0], urls[1]], "another journal"),
    ] {
        let said = refused(&place, &[&["move"], &*named("--to", to)].concat());
        assert!(said.contains(words), "{words}: {said}");
    }
    fs::remove_file(place.data.join("moving")).unwrap();
    assert_eq!(files(&place.data).len(), was.len());
    both_sell(&place, &mut sold);
}

#[test]
fn of_several_journals_one_that_has_ended_speaks_for_all() {
    let server = Postgres::shared();
    let (one, two) = (server.database(), server.database());
    let (place, mut sold) = selling_two();
    done(&place, &["move", "--to", &one, "--to", &two]);
    both_sell(&place, &mut sold);
    let was = held(&place);
    done(&place, &["move", "--to", "sqlite"]);
    // As if killed behind the first of the two commits, by which the move is decided.
    let half = || {
        let newest = "DELETE FROM journal WHERE seq = (SELECT MAX(seq) FROM journal)";
        Postgres::sql(&two, newest);
        let path = place.data.join("journals");
        fs::write(&path, format!("{one}\n{two}\n")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&path, mode).unwrap();
        fs::write(place.data.join("moving"), "sqlite\n").unwrap();
    };
    half();
    let said = done(&place, &["move", "--to", "sqlite"]);
    assert!(said.contains("it goes on there"), "{said}");
    assert_eq!(held(&place), was);
    half();
    both_sell(&place, &mut sold);
    for (at, drop) in [(&one, "boxes"), (&two, "more")] {
        let said = done(&place, &["verify", "--moved-from", &one, "--moved-from", &two]);
        assert!(said.contains(&format!("moved: {drop} to ")), "{at}: {said}");
    }
    done(&place, &["verify"]);
}

#[test]
fn several_journals_are_moved_by_nobody_while_another_node_serves() {
    let server = Postgres::shared();
    let (one, two) = (server.database(), server.database());
    let (place, mut sold) = selling_two();
    done(&place, &["move", "--to", &one, "--to", &two]);
    both_sell(&place, &mut sold);
    let serving = "INSERT INTO nodes VALUES (7, 7, '10.0.0.7:7400', 1, FALSE)
        ON CONFLICT (node) DO UPDATE SET beat = nodes.beat + 1";
    Postgres::sql(&two, serving);
    let leave = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !leave.load(std::sync::atomic::Ordering::Relaxed) {
                Postgres::sql(&two, serving);
                thread::sleep(Duration::from_millis(200));
            }
        });
        let said = refused(&place, &["move", "--to", "sqlite"]);
        leave.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(said.contains("another node at 10.0.0.7:7400 serves"), "{said}");
    });
    // It is gone, and left its row.
    done(&place, &["move", "--to", "sqlite"]);
    both_sell(&place, &mut sold);
}

#[test]
fn a_backup_of_several_journals_comes_back_to_as_many_as_are_named() {
    let server = Postgres::shared();
    let url = || server.database();
    let (one, two, three, four, five) = (url(), url(), url(), url(), url());
    let (place, mut sold) = selling_two();
    done(&place, &["move", "--to", &one, "--to", &two]);
    both_sell(&place, &mut sold);
    let (was, kept) = (held(&place), place.data.with_file_name("kept"));
    done(&place, &["backup", "--to", kept.to_str().unwrap()]);
    let mut back = Place::new();
    back.write(FILE, &fs::read_to_string(place.data.with_file_name(FILE)).unwrap());
    back.journals = vec![three, four, five];
    done(&back, &["restore", "--from", kept.to_str().unwrap()]);
    assert_eq!((held(&back), homes(&back)), (was, vec![0, 1]));
    both_sell(&back, &mut sold);
    done(&back, &["verify"]);
}
