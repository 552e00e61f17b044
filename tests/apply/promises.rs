//! Changes that would break a promise are named, and then nothing of the file is done.

use super::day::{Day, LAMP};
use super::{apply, begun, lines, named};
use crate::common::served::files;

/// A change that breaks nothing, and stands in every one of these files.
const HARMLESS: (&str, &str) = ("cloud = 12", "cloud = 13");

/// What is changed, and how the refusal reads. Two of five boxes are held.
const BROKEN: [(&str, &str, &str); 9] = [
    (
        "price = \"5.00\"",
        "price = \"4.00\"",
        "now: box: price 4.00 instead of 5.00: REFUSED: the drop has opened at this price",
    ),
    (
        "hold = \"10m\"",
        "hold = \"9m\"",
        "now: holds last 540 s instead of 600 s: REFUSED: fans were told they have longer to pay",
    ),
    (
        "hold = \"10m\"\nlimit = 2",
        "hold = \"10m\"\nlimit = 1",
        "now: limit 1 instead of 2: REFUSED: fans were told they may have more",
    ),
    (
        "stock = 5",
        "stock = 1",
        "now: box: stock 1 instead of 5: REFUSED: 3 at most are possible now",
    ),
    (
        "reserve = { cloud = 1, pine = 1 }",
        "reserve = { cloud = 1, pine = 2 }",
        "early: lamp/pine: reserve 2 instead of 1: REFUSED: a reserve stays as it was published",
    ),
    (
        "opens_at = @-60\nopen_for = \"2d\"",
        "opens_at = @-59\nopen_for = \"2879m\"",
        "REFUSED: the drop has opened; its opening stays as it was",
    ),
    ("opens_at = @60\n", "opens_at = @-5\n", "REFUSED: the new opening has already passed"),
    ("open_for = \"2d\"", "open_for = \"59m\"", "REFUSED: the new closing has passed"),
    (
        "[[drops.items]]\ngood = \"box\"\nprice = \"5.00\"\nstock = 5",
        "[[drops.items]]\ngood = \"lamp\"\nprice = \"5.00\"\nstock = { cloud = 1, pine = 1 }",
        "now: box: the file has it no more: REFUSED: an item once offered stays; \
         withdraw its free units",
    ),
];

/// Each of these files, and the one that leaves a drop out.
fn files_that_break(day: &Day) -> Vec<(String, &'static str)> {
    let broken =
        |(from, to, words): (&str, &str, &'static str)| (day.with(&[(from, to), HARMLESS]), words);
    let mut texts: Vec<_> = BROKEN.into_iter().map(broken).collect();
    let whole = day.with(&[HARMLESS]);
    let (before, rest) = whole.split_once("[[drops]]").unwrap();
    let early = rest.split("[[drops]]").next().unwrap();
    let gone = "now: the file has it no more: REFUSED: a drop once published is not taken away; \
                close it";
    texts.push((format!("{before}[[drops]]{early}"), gone));
    texts
}

#[test]
fn over_the_socket_nothing_of_the_file_is_done() {
    let day = Day::new();
    let (place, served) = begun(&day, true);
    let served = served.unwrap();
    let before = [place.facts(1), place.facts(2)];
    for (text, refusal) in files_that_break(&day) {
        for yes in [false, true] {
            let (well, said) = apply(&place, &text, yes);
            assert!(!well && said.contains(refusal), "{refusal}\n{said}");
            assert!(said.contains("early: lamp/cloud: stock 13 instead of 12\n"), "{said}");
            assert!(said.ends_with("nothing was changed: a promise would break\n"), "{said}");
            assert!(!said.contains("done"), "{said}");
        }
        assert_eq!([place.facts(1), place.facts(2)], before, "{refusal}");
    }
    assert_eq!(lines(&served, "early"), named(&[("lamp/cloud", 12), ("lamp/pine", 8)]));
    // What each file also changed was possible by itself; and so are three boxes fewer.
    let (well, said) = apply(&place, &day.with(&[HARMLESS, ("stock = 5", "stock = 2")]), true);
    assert!(well && said.contains("now: box: stock 2 instead of 5: done\n"), "{said}");
    served.end();
    place.verified();
}

#[test]
fn on_a_folder_nobody_serves_nothing_is_written() {
    let day = Day::new();
    let (place, _) = begun(&day, false);
    let before = files(&place.data);
    for (text, refusal) in files_that_break(&day) {
        let (well, said) = apply(&place, &text, true);
        assert!(!well && said.contains(refusal), "{refusal}\n{said}");
        assert!(said.ends_with("nothing was changed: a promise would break\n"), "{said}");
    }
    assert!(files(&place.data) == before, "a refused file wrote something");
    place.verified();
}

#[test]
fn a_promise_that_depends_on_another_change_is_seen_beforehand() {
    let day = Day::new();
    let (place, served) = begun(&day, true);
    // Opens after it closes as it stands, but the closing moves as well.
    let moved = day.with(&[("opens_at = @60\n", "opens_at = @600\n")]);
    let (well, said) = apply(&place, &moved, true);
    assert!(well && said.lines().count() == 2, "{said}");
    // A drop that is closed differs from nothing any more.
    let why = r#"{"why":"enough"}"#;
    let served = served.unwrap();
    let host = fanfare::kit::token::Role::Host;
    let closed = served.ask(("POST", "/api/v1/drops/early/closing"), 90, host, why);
    assert_eq!(closed.status, 200, "{closed:?}");
    let (well, said) = apply(&place, &day.with(&[(LAMP, &LAMP.replace("799", "1"))]), true);
    assert!(well && said == "nothing differs from the festival as journalled\n", "{said}");
    served.end();
    place.verified();
}
