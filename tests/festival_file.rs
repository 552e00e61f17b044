//! The festival file: what is read, what is refused and where, and the files made from it.
//!
//! `UPDATE=1 cargo test --test festival_file` writes the made files anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fanfare::festivals::{
    EXAMPLE, Faults, Festival, Opening, editor_schema, read, read_file, reference_page,
};

#[path = "festival_file/history.rs"]
mod history;
#[path = "festival_file/hostile.rs"]
mod hostile;
#[path = "festival_file/refused.rs"]
mod refused;
#[path = "festival_file/spoken.rs"]
mod spoken;
#[path = "festival_file/times.rs"]
mod times;

fn house(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a made file with the one that is kept; with `UPDATE=1` writes it.
fn kept(path: &str, made: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(house(path), made).expect("the file can be written");
    }
    let kept = fs::read_to_string(house(path)).unwrap_or_default();
    assert!(kept == made, "{path} is out of date: UPDATE=1 cargo test --test festival_file");
}

fn festival(text: &str) -> Festival {
    read("x.toml", text).unwrap_or_else(|faults| panic!("{faults}"))
}

fn faults(text: &str) -> Faults {
    let faults = read("x.toml", text).expect_err("the file has a fault");
    spoken::in_chinese(&faults);
    faults
}

/// The example with one text in it replaced, which must be there exactly once.
fn with(old: &str, new: &str) -> String {
    assert_eq!(EXAMPLE.matches(old).count(), 1, "{old}");
    EXAMPLE.replace(old, new)
}

/// The only fault of a text stands on the line that holds `line`, begins at `from` in it, and
/// its message holds all `words`.
fn only(text: &str, line: &str, from: &str, words: &[&str]) {
    let faults = faults(text);
    let [fault] = faults.list() else { panic!("one fault, not:\n{faults}") };
    let (at, found) = text
        .lines()
        .enumerate()
        .find(|(_, found)| found.contains(line))
        .unwrap_or_else(|| panic!("{line} is in the text"));
    let column = found.find(from).expect("the column's text is in the line");
    let column = found[..column].chars().count() + 1;
    let shown = faults.to_string();
    assert_eq!((fault.line(), fault.column()), (at + 1, column), "{shown}");
    assert!(shown.starts_with(&format!("x.toml:{}:{column}: ", at + 1)), "{shown}");
    let message = fault.what().english();
    for word in words {
        assert!(message.contains(word), "{word} in {shown}");
    }
    assert!(message.contains("write "), "says what to write: {shown}");
}

#[test]
fn the_reference_page_and_the_schema_are_made_from_the_declaration() {
    kept("docs/rules/festival-file.md", &reference_page());
    kept("docs/festival.schema.json", &editor_schema());
}

#[test]
fn the_example_reads_as_it_says() {
    let festival = festival(EXAMPLE);
    assert_eq!(festival.id().as_str(), "spring-2026");
    assert_eq!(festival.names().zh(), "春日粉丝节");
    assert_eq!(festival.names().en(), "Spring fan festival");
    assert_eq!((festival.zone_name(), festival.currency().code()), ("Asia/Shanghai", "CNY"));
    let drop = &festival.drops()[0];
    // 2026-04-08 04:00 UTC.
    assert_eq!(drop.opening(), Opening::At(1_775_620_800_000));
    assert_eq!(drop.closes_at_ms(), Some(1_775_620_800_000 + 36_000_000));
    assert_eq!((drop.hold_ms(), drop.limit(), drop.fans()), (900_000, 1, 5_000));
    let lines = drop.lines();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            let variant = line.variant.as_ref().map(AsRef::as_ref);
            (line.item.as_str(), variant, line.stock, line.price_minor, line.reserve)
        })
        .collect();
    assert_eq!(
        told,
        [("lantern", Some("amber"), 300, 7_900, 3), ("lantern", Some("white"), 200, 7_900, 2)]
    );
    assert_eq!(festival, self::festival(EXAMPLE), "the same text gives the same tree");
}

#[test]
fn the_declared_defaults_hold_and_a_drop_may_override_the_crowd() {
    let plain = festival(&with("\n[crowd]\nfans = 5000\n", "\n[drops.crowd]\nbots = 7\n"));
    let (all, one) = (plain.crowd(), plain.drops()[0].crowd());
    assert_eq!((all.bots(), one.bots()), (50, 7));
    assert_eq!((one.burst_share().per_million(), one.arrive_within_ms()), (140_000, 25_000));
    assert_eq!(one.asks_again_after_ms(), [1_000, 3_000, 10_000, 20_000]);
    assert_eq!(plain.drops()[0].fans(), 1_500, "three times the stock");
    let over = EXAMPLE.replace("\n[crowd]", "\n[drops.crowd]\nbots = 7\n\n[crowd]");
    assert_eq!(festival(&over).drops()[0].fans(), 5_000, "what a drop leaves out is as for all");
}

#[test]
fn the_demo_opens_again_and_again() {
    let demo = read_file(&house("festivals/demo.toml")).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(demo.is_demo());
    assert!((3..=4).contains(&demo.drops().len()));
    for drop in demo.drops() {
        let Opening::Every { first_ms, every_ms } = drop.opening() else { panic!("{drop:?}") };
        assert!(first_ms <= 180_000 && every_ms <= 600_000 && drop.open_for_ms() <= every_ms);
        assert!((20..=600).contains(&drop.stock()) && (60_000..=120_000).contains(&drop.hold_ms()));
        assert_eq!(drop.round_opens_at_ms(1_000, 3), 1_000 + first_ms + 2 * every_ms);
        assert_eq!(drop.round_id(3).as_str(), format!("{}-3", drop.id()));
    }
}

#[test]
fn history_is_made_from_the_facts() {
    let csv = fs::read_to_string(house("facts/rounds.csv")).expect("the facts are there");
    kept("festivals/history.toml", &history::file(&history::rows(&csv)));
}

#[test]
fn history_counts_back_to_the_facts() {
    let csv = fs::read_to_string(house("facts/rounds.csv")).expect("the facts are there");
    let path = house("festivals/history.toml");
    let festival = read_file(&path).unwrap_or_else(|faults| panic!("{faults}"));
    let items: usize = festival.drops().iter().map(|drop| drop.items().len()).sum();
    let units: u32 = festival.drops().iter().map(fanfare::festivals::DropPlan::stock).sum();
    // Counted here from the bare text, not by the maker of the file: column 5 holds the units.
    let cells = csv.lines().filter(|line| line.starts_with("20"));
    let cells: Vec<Vec<&str>> = cells.map(|line| line.split(',').collect()).collect();
    let stock: Vec<u32> = cells.iter().filter_map(|cells| cells[4].parse().ok()).collect();
    let moments: BTreeSet<_> = cells
        .iter()
        .filter(|cells| !cells[4].is_empty())
        .map(|cells| (cells[1], if cells[2].is_empty() { "12:00" } else { cells[2] }))
        .collect();
    assert_eq!((items, units), (stock.len(), stock.iter().sum()));
    assert_eq!(festival.drops().len(), moments.len());
    assert_eq!(units, 7_161_000);
    for (drop, (date, time)) in festival.drops().iter().zip(&moments) {
        let Opening::At(opens_at_ms) = drop.opening() else { panic!("{drop:?}") };
        let utc: jiff::Timestamp = format!("{date}T{time}+08:00").parse().expect("a moment");
        assert_eq!(opens_at_ms, utc.as_millisecond(), "{}", drop.id());
        let longest = drop.items().iter().filter_map(fanfare::festivals::Item::sold_out_s).max();
        assert!(i64::from(longest.unwrap_or(0)) * 1_000 < drop.open_for_ms(), "{}", drop.id());
    }
    let ids: Vec<_> = festival.drops().iter().map(|drop| drop.id().as_str()).collect();
    for id in ["round-2013-08-12", "round-2013-04-02-1200", "round-2013-04-02-1230"] {
        assert!(ids.contains(&id), "{id}");
    }
}
