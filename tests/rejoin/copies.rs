//! Two data folders that are copies of each other, served at once: one of the two ends, with a
//! code of its own.

use super::common::festival::BOX;
use super::common::postgres::Postgres;
use super::common::program::Program;
use super::common::served::{Place, Served};
use super::{FILE, claimed, ended, number, place, verified};
use fanfare::kit::clock::Stopwatch;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Another place with a copy of the data.
fn copy_of(place: &Place) -> Place {
    let mut copy = Place::new();
    copy.journals.clone_from(&place.journals);
    copy.write(FILE, &super::drops(&["a", "b"]));
    let copied = Command::new("cp").arg("-a").args([&place.data, &copy.data]).status().unwrap();
    assert!(copied.success());
    for left in ["fanfare.lock", "apply.sock"] {
        let _ = std::fs::remove_file(copy.data.join(left));
    }
    copy
}

/// Waits until one of two has ended with 75, then for as long again as the other might take.
fn one_ends(two: &mut [Served; 2]) -> usize {
    let watch = Stopwatch::start();
    let ends = loop {
        if let Some(at) = two.iter_mut().position(|served| ended(served).is_some()) {
            break at;
        }
        assert!(watch.passed_s() < 20.0, "{}\n{}", two[0].said(), two[1].said());
        sleep(Duration::from_millis(50));
    };
    let code = ended(&mut two[ends]).and_then(|status| status.code());
    assert_eq!(code, Some(75), "{}", two[ends].said());
    assert!(two[ends].said().contains("ANOTHER PROCESS USES"), "{}", two[ends].said());
    sleep(Duration::from_secs(7));
    assert_eq!(ended(&mut two[1 - ends]), None, "{}", two[1 - ends].said());
    1 - ends
}

#[test]
fn of_two_copies_one_ends_and_the_other_serves() {
    let server = Postgres::shared();
    let (first, second) = (server.database(), server.database());
    let place = place(&["a", "b"], &[&first, &second]);
    place.serve(Some(FILE)).end();
    let copy = copy_of(&place);
    let original = place.serve(Some(FILE));
    for drop in ["a", "b"] {
        assert_eq!(number(&original.claim(drop, 1, BOX)), 1);
    }
    let mut two = [original, copy.serve(Some(FILE))];
    let left = one_ends(&mut two);
    for drop in ["a", "b"] {
        assert_eq!(number(&claimed(&mut two[left], drop, 1)), 1);
        assert_eq!(number(&claimed(&mut two[left], drop, 2)), 2);
    }
    drop(two);
    verified(&place);
}

#[test]
fn of_two_copies_started_while_a_journal_is_dead_one_ends() {
    let (shared, mut dying) = (Postgres::shared(), Postgres::alone());
    let (first, second) = (shared.database(), dying.database());
    let place = place(&["a", "b"], &[&first, &second]);
    place.serve(Some(FILE)).end();
    let copy = copy_of(&place);
    let original = place.serve(Some(FILE));
    assert_eq!(number(&original.claim("b", 1, BOX)), 1);
    dying.kill();
    let mut two = [original, copy.serve(Some(FILE))];
    dying.start_again();
    let left = one_ends(&mut two);
    for drop in ["a", "b"] {
        claimed(&mut two[left], drop, 2);
    }
    drop(two);
    verified(&place);
}

#[test]
fn of_two_copies_started_at_one_instant_one_ends() {
    let server = Postgres::shared();
    let (first, second) = (server.database(), server.database());
    let place = place(&["a", "b"], &[&first, &second]);
    place.serve(Some(FILE)).end();
    for _ in 0..3 {
        let copy = copy_of(&place);
        let args = ["serve", FILE, "--listen", "127.0.0.1:0"];
        let start = |place: &Place| {
            let mut command = place.command(&args);
            Program::start(command.stderr(Stdio::null()))
        };
        let mut two = [start(&place), start(&copy)];
        let watch = Stopwatch::start();
        let mut codes = [None; 2];
        while codes == [None; 2] {
            assert!(watch.passed_s() < 30.0, "both serve");
            sleep(Duration::from_millis(50));
            codes = two.each_mut().map(|one| one.child.try_wait().unwrap());
        }
        let ended = codes.iter().flatten().map(ExitStatus::code);
        assert!(ended.clone().all(|code| code == Some(75)), "{:?}", ended.collect::<Vec<_>>());
        sleep(Duration::from_secs(7));
        let codes = two.each_mut().map(|one| one.child.try_wait().unwrap());
        assert_eq!(codes.iter().flatten().count(), 1, "{codes:?}");
    }
    verified(&place);
}
