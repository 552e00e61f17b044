//! The journal and its tables from database to database.

use super::shop::{FILE, claim, database, done, held, place, refused, setting, two_drops};
use crate::common::festival::BOX;
use crate::common::postgres::Postgres;
use crate::common::served::{Place, words};
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::database::Database;
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

/// Serves, and sells one more: the number after the newest, so nothing was lost or given twice.
fn sells(place: &Place, sold: &mut u64) {
    let served = place.serve(Some(FILE));
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 200);
    *sold += 1;
    assert_eq!(claim(&served, *sold..=*sold), [*sold]);
    served.end();
    assert_eq!(note(&place.data), None);
}

#[test]
fn a_move_that_is_killed_is_gone_on_with_and_one_place_counts_at_every_moment() {
    let place = place(None);
    let mut sold = setting("CLAIMS", 100);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=sold);
    served.end();
    let (kills, mut there, mut ended, mut running) = (setting("KILLS", 8), true, 0, 0);
    let server = Postgres::shared();
    let watch = Stopwatch::start();
    done(&place, &["move", "--to", &server.database()]);
    let mut takes_ms = (watch.passed_s() * 500.0) as u64;
    for nth in 0..kills {
        let to = if there { "sqlite".to_owned() } else { server.database() };
        let old = if there { held_at(&place) } else { "sqlite".to_owned() };
        let was = held(&place);
        let mut moving = place.command(&["move", "--to", &to]);
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
            sells(&place, &mut sold);
        } else {
            assert!(was.iter().zip(&held(&place)).all(|(was, is)| is.rows >= was.rows));
        }
        let said = done(&place, &["move", "--to", &to]);
        assert!(said.contains("holds: ") || said.contains("already") || said.contains("goes on"));
        assert_eq!(note(&place.data), None);
        assert!(has_moved(&place, &old) || there, "{said}");
        sells(&place, &mut sold);
        there = !there;
    }
    println!("moves_killed {running}");
    println!("moves_killed_behind_the_end {ended}");
    println!("move_ms {takes_ms}");
    done(&place, &["verify"]);
}

/// Where a folder's journal is, as its notes say.
fn held_at(place: &Place) -> String {
    fs::read_to_string(place.data.join("journals")).unwrap().trim().to_owned()
}

/// Whether the journal at this place has ended.
fn has_moved(place: &Place, old: &str) -> bool {
    let old = match old {
        "sqlite" => Database::File(place.data.join("journal.sqlite")),
        url => Database::Url(url.to_owned()),
    };
    JournalReader::open(&old.clone().into()).is_ok_and(|reader| moved(&reader).unwrap().is_some())
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
