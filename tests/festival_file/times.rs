//! Times of drops: zones, changes of the clocks, closing, rounds that repeat.

use fanfare::festivals::Opening;

use super::{festival, only, with};

#[test]
fn times_that_do_not_exist_or_happen_twice_are_refused() {
    let berlin = with("Asia/Shanghai", "Europe/Berlin");
    let at = |time: &str| berlin.replace("2026-04-08T12:00", time);
    let gap = at("2026-03-29T02:30");
    only(&gap, "opens_at", "2026", &["does not exist in Europe/Berlin"]);
    only(&gap, "opens_at", "2026", &["\"2026-03-29T01:59\" or \"2026-03-29T03:00\""]);
    let fold = at("2026-10-25T02:30");
    only(&fold, "opens_at", "2026", &["happens twice in Europe/Berlin"]);
    only(&fold, "opens_at", "2026", &["\"2026-10-25T02:30+02:00\"", "\"2026-10-25T02:30+01:00\""]);
    for (time, utc) in [
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30Z"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30Z"),
        ("2026-03-29T03:00", "2026-03-29T01:00Z"),
        ("2026-03-29T01:59", "2026-03-29T00:59Z"),
        ("\"2026-03-29T03:00:05\"", "2026-03-29T01:00:05Z"),
        ("\"2026-03-29 00:00Z\"", "2026-03-29T00:00Z"),
    ] {
        let utc: jiff::Timestamp = utc.parse().expect("a moment");
        let opening = festival(&at(time)).drops()[0].opening();
        assert_eq!(opening, Opening::At(utc.as_millisecond()), "{time}");
    }
    // A whole day was left out when Samoa crossed the date line.
    let samoa =
        with("Asia/Shanghai", "Pacific/Apia").replace("2026-04-08T12:00", "2011-12-30T12:00");
    only(&samoa, "opens_at", "2011", &["\"2011-12-29T23:59\" or \"2011-12-31T00:00\""]);
}

#[test]
fn times_are_checked_against_calendar_and_clock() {
    for (time, words) in [
        ("\"2026-02-30T12:00\"", ["does not exist, 2026-02-30", "01 to 28"]),
        ("\"2026-13-01T12:00\"", ["does not exist, 2026-13-01", "01 to 12"]),
        ("\"2026-04-08T24:00\"", ["no such time of day", "00:00 of the next day"]),
        ("\"2026-04-08\"", ["opens_at is \"2026-04-08\"", "for example opens_at ="]),
        ("\"noon\"", ["opens_at is \"noon\"", "for example opens_at ="]),
        ("\"2026-04-08T12:00Z08:00\"", ["opens_at is ", "for example"]),
        ("\"2026-04-08T12:00+25:00\"", ["opens_at is ", "for example"]),
        ("\"1926-04-08T12:00\"", ["in the year 1926", "2000 to 2199"]),
        ("12", ["opens_at is 12", "date and time"]),
        ("12:00", ["opens_at is ", "date and time"]),
    ] {
        only(&with("2026-04-08T12:00", time), "opens_at", time, &words);
    }
    let closed = with("open_for = \"10h\"", "closes_at = 2026-04-08T12:00");
    only(&closed, "closes_at", "closes_at", &["is not after opens_at"]);
    let both = with("open_for = \"10h\"", "open_for = \"10h\"\ncloses_at = 2026-04-08T13:00");
    only(&both, "open_for", "open_for", &["stands beside closes_at"]);
    let neither = with("open_for = \"10h\"\n", "");
    only(&neither, "[[drops]]", "[", &["closes_at or open_for is missing"]);
    only(&with("opens_at = 2026-04-08T12:00\n", ""), "[[drops]]", "[", &["opens_at or every"]);
}

#[test]
fn a_drop_repeats_in_a_demonstration_only() {
    let every = with("opens_at = 2026-04-08T12:00\nopen_for = \"10h\"", "every = \"6m\"");
    only(&every, "every", "every", &["no demonstration", "demo = true"]);
    let demo = every.replace("currency =", "demo = true\ncurrency =");
    let opening = Opening::Every { first_ms: 60_000, every_ms: 360_000 };
    let plain = festival(&demo);
    assert_eq!((plain.drops()[0].opening(), plain.drops()[0].open_for_ms()), (opening, 360_000));
    let long = demo.replace("every = \"6m\"", "every = \"6m\"\nopen_for = \"7m\"");
    only(&long, "open_for", "open_for", &["longer than every", "\"6m\""]);
    let both = demo.replace("every =", "opens_at = 2026-04-08T12:00\nevery =");
    only(&both, "opens_at", "opens_at", &["stands beside every"]);
    let name = demo.replace("lantern-noon", &"x".repeat(53));
    only(&name, "id = \"xxx", "id", &["has 53 characters", "at most 52"]);
    let (begin, drop) = demo.split_once("[[drops]]").expect("drops");
    let drop = drop.split_once("[crowd]").expect("crowd").0;
    let other = drop.replace("lantern-noon", "lantern-noon-2");
    only(
        &format!("{begin}[[drops]]{drop}[[drops]]{other}"),
        "lantern-noon-2",
        "id",
        &["that of a round of the drop in line"],
    );
    let first = with("open_for", "first = \"1m\"\nopen_for");
    only(&first, "first", "first", &["belongs to a drop that repeats"]);
}
