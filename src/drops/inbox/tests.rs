//! What the taker is woken for, and what it sleeps through.

use super::{Asker, Awaits, Inbox};
use crate::kit::clock::Stopwatch;
use crate::kit::serve::Idle as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Longer than any wait that somebody ends.
const LONG: Duration = Duration::from_secs(20);

/// How long somebody waits here who is not woken.
const SHORT: Duration = Duration::from_millis(50);

/// What is taken and whether that was all the time there was, while `happens` does its part.
fn taken(
    inbox: &Arc<Inbox<u8>>,
    (patience, awaits): (Duration, Awaits),
    happens: impl FnOnce() + Send + 'static,
) -> (Vec<u8>, bool) {
    let since = Stopwatch::start();
    let other = thread::spawn(move || {
        // Behind the taker's falling asleep, mostly; before it, the outcome is the same.
        thread::sleep(Duration::from_millis(5));
        happens();
    });
    let mut taken = Vec::new();
    inbox.take(&mut taken, patience, awaits);
    let over = u128::from(since.passed_us()) >= patience.as_micros();
    other.join().expect("it happens");
    (taken, over)
}

fn inbox_and_askers() -> (Arc<Inbox<u8>>, [Arc<Asker<u8>>; 2]) {
    let inbox = Arc::new(Inbox::default());
    let asker = || Arc::new(Asker::of(inbox.clone()));
    let askers = [asker(), asker()];
    (inbox, askers)
}

#[test]
fn a_taker_that_collects_is_woken_in_a_lull_with_all_that_came() {
    let (inbox, [one, other]) = inbox_and_askers();
    let sender = inbox.clone();
    one.begins();
    let last = other.clone();
    let comes = move || {
        sender.push(1);
        sender.push(2);
        last.begins();
    };
    let lull = Awaits::Lull { work: false };
    assert_eq!(taken(&inbox, (LONG, lull), comes), (vec![1, 2], false));
}

#[test]
fn it_sleeps_on_while_one_of_them_has_something_to_do() {
    let (inbox, [one, _other]) = inbox_and_askers();
    let sender = inbox.clone();
    let comes = move || {
        sender.push(1);
        one.begins();
    };
    assert_eq!(taken(&inbox, (SHORT, Awaits::Lull { work: true }), comes), (vec![1], true));
}

#[test]
fn a_lull_that_brings_nothing_wakes_whoever_has_work_left_and_nobody_else() {
    for (work, patience, waits) in [(true, LONG, false), (false, SHORT, true)] {
        let (inbox, [one, other]) = inbox_and_askers();
        let ending = [one.clone(), other.clone()];
        let ends = move || ending.iter().for_each(|asker| asker.begins());
        assert_eq!(taken(&inbox, (patience, Awaits::Lull { work }), ends), (vec![], waits));
    }
}

#[test]
fn a_lull_is_none_to_who_waits_for_what_is_urgent() {
    let (inbox, askers) = inbox_and_askers();
    let (sender, ending) = (inbox.clone(), askers.clone());
    let comes = move || {
        sender.push(1);
        ending.iter().for_each(|asker| asker.begins());
    };
    assert_eq!(taken(&inbox, (SHORT, Awaits::Urgent), comes), (vec![1], true));
}

#[test]
fn without_askers_there_is_no_lull_and_with_them_it_ends() {
    let inbox = Arc::new(Inbox::<u8>::default());
    let lull = |inbox: &Inbox<u8>| {
        inbox.take(&mut Vec::new(), Duration::ZERO, Awaits::Lull { work: true }).lull
    };
    assert!(!lull(&inbox), "nobody says what he does");
    let asker = Asker::of(inbox.clone());
    assert!(!lull(&inbox), "it is busy at first");
    asker.begins();
    assert!(lull(&inbox));
    asker.ends();
    assert!(!lull(&inbox));
    drop(asker);
    assert!(!lull(&inbox), "nobody is left");
}
