//! Faults as hosts read them: each in Chinese without an English sentence, and every text about a
//! file is said by some fault.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fanfare::festivals::{EXAMPLE, Fault, Faults, read_file};
use fanfare::kit::scratch::Scratch;
use fanfare::kit::words::{Lang, Words};

use super::{faults, house, refused::crowded, with};

/// No fault keeps English words where Chinese is read.
pub fn in_chinese(faults: &Faults) {
    for fault in faults.shown() {
        let told = Words(Lang::Zh).say(fault.what());
        assert!(told.chars().any(is_han), "{told}");
        assert_eq!(english_in(&told), None, "{told}");
        // A text that lacks a part of it shows its name instead.
        let both = told + &fault.what().english();
        for name in names(&fault).iter().filter(|name| name.contains('-')) {
            assert!(!both.contains(name), "{name} in {both}");
        }
    }
}

fn is_han(letter: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&letter)
}

/// Three English words in a row, if there are some. What stands in quotes is the file's own.
fn english_in(told: &str) -> Option<String> {
    let told = told.replace("\\\"", "");
    let outside: String =
        told.split('"').step_by(2).flat_map(|part| part.split('`').step_by(2)).collect();
    let words: Vec<&str> = outside.split_whitespace().collect();
    let is_word = |word: &&str| {
        let word = word.trim_matches([',', ';', '.', ':', '(', ')']);
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    words.windows(3).find(|three| three.iter().all(is_word)).map(|three| three.join(" "))
}

#[test]
fn english_among_chinese_would_be_found() {
    let mut found = 0;
    for (from, to) in FAULTY {
        for fault in faults(&with(from, to)).list() {
            found += usize::from(english_in(&fault.what().english()).is_some());
        }
    }
    assert!(found >= FAULTY.len() / 2, "{found}");
    let half = "limit 写的是 0；please write a whole number from 1 to 100，例如 limit = 1";
    assert_eq!(english_in(half).as_deref(), Some("write a whole"));
    assert_eq!(english_in("name.en 写的是 \"one two three four\"，太长"), None);
}

/// Faults that take more than one edit.
fn elsewhere() -> Vec<Faults> {
    let (begin, rest) = EXAMPLE.split_once("[[drops]]").expect("drops");
    let drop = rest.split_once("[crowd]").expect("crowd").0;
    let good = begin.split_once("[[goods]]").expect("goods").1;
    let at = |zone: &str, time: &str| {
        faults(&with("Asia/Shanghai", zone).replace("2026-04-08T12:00", time))
    };
    let demo = with("currency =", "demo = true\ncurrency =");
    let every = demo.replace("opens_at = 2026-04-08T12:00", "every = \"6m\"");
    let round = drop.replace("lantern-noon", "lantern-noon-2");
    let round = format!("{}[[drops]]{round}", every.split_once("[crowd]").expect("crowd").0);
    let item = &drop[drop.find("[[drops.items]]").expect("an item")..];
    let variant = with("id = \"white\"", "id = \"amber\"").replace("white = 200", "amber2 = 2");
    let plain = EXAMPLE.replace("[[goods.variants]]\nid = \"amber\"", "[[goods.x]]\nid = 1");
    let plain = plain.replace("[[goods.variants]]", "[[goods.y]]");
    let scratch = Scratch::new(None, "spoken").expect("a folder");
    let latin = scratch.path().join("latin.toml");
    fs::write(&latin, b"# \xe9").expect("a file");
    let yen = EXAMPLE.replace("\"CNY\"", "\"JPY\"");
    vec![
        at("Europe/Berlin", "2026-03-29T02:30"),
        at("Europe/Berlin", "2026-10-25T02:30"),
        faults(&every),
        faults(&every.replace("lantern-noon", &"x".repeat(53))),
        faults(&round),
        faults(&format!("{begin}[[drops]]{drop}[[drops]]{drop}")),
        faults(&format!("{begin}[[goods]]{good}[[drops]]{drop}")),
        faults(&format!("{begin}[[drops]]{drop}{item}")),
        faults(&variant),
        faults(&plain),
        faults(&yen),
        faults(&crowded(52, 5, 1)),
        faults(&crowded(11, 1, 100_000_000)),
        faults(&crowded(65, 1, 1)),
        faults("x = 1"),
        faults(&"a = 1\n".repeat(2_000)),
        faults(&"#".repeat(2 << 20)),
        read_file(Path::new("nowhere.toml")).expect_err("there is no file"),
        read_file(&latin).expect_err("not UTF-8"),
    ]
}

/// The names of the texts that say it.
fn names(fault: &Fault) -> BTreeSet<String> {
    let shape = format!("{:?}", fault.what());
    let keys = shape.split("key: \"").skip(1).filter_map(|rest| rest.split('"').next());
    let lists = [("Any([", "list-or"), ("All([", "list-and")];
    let lists = lists.iter().filter(|(mark, _)| shape.contains(mark)).map(|(_, key)| *key);
    keys.chain(lists).map(str::to_owned).collect()
}

#[test]
fn every_text_about_a_file_is_some_faults() {
    let mut all: Vec<_> = FAULTY.iter().map(|(from, to)| faults(&with(from, to))).collect();
    all.extend(elsewhere());
    all.iter().for_each(in_chinese);
    let said: BTreeSet<_> = all.iter().flat_map(Faults::shown).flat_map(|f| names(&f)).collect();
    let texts = fs::read_to_string(house("locales/en/file.ftl")).expect("the texts");
    let keys = texts.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key);
    let mute: Vec<_> = keys.filter(|key| !said.contains(*key)).collect();
    assert!(mute.is_empty(), "no fault says {mute:?}");
}

/// What is written instead of what, each a fault.
const FAULTY: [(&str, &str); 64] = [
    ("id = \"white\"", "id = \"white\"\nid = \"blue\""),
    ("limit = 1", "limit"),
    ("hold = \"15m\"", "hold = 15m"),
    ("[festival]", "[festival"),
    ("[[drops.items]]", "[[drops.items]"),
    ("white = 200 }", "white = 200"),
    ("limit = 1", "limit = = 1"),
    ("opens_at = 2026-04-08T12:00\n", ""),
    ("zone = \"Asia/Shanghai\"\n", ""),
    (", en = \"Amber\"", ""),
    ("name = { zh = \"琥珀色\", en = \"Amber\" }", "name = 5"),
    ("certificate = \"CCC 2026010101000001\"\n", ""),
    ("[crowd]", "[crowds]"),
    ("[crowd]", "[unheard-of]\n[crowd]"),
    ("limit = 1", "limit = \"1\""),
    ("limit = 1", "limit = 0"),
    ("limit = 1", "limit = 2026-04-08"),
    ("limit = 1", "limit = []"),
    ("limit = 1", "limit = {}"),
    ("\"Asia/Shanghai\"", "7"),
    ("\"Asia/Shanghai\"", "\"Nowhere at all\""),
    ("\"CNY\"", "\"cny\""),
    ("\"CNY\"", "\"VES\""),
    ("\"CNY\"", "\"XAU\""),
    ("\"CCC 2026010101000001\"", "\" \""),
    ("\"CCC 2026010101000001\"", "\" CCC\""),
    ("\"CCC 2026010101000001\"", "\"C\\u202eCC\""),
    (
        "\"lantern-noon\"",
        "\"a-very-long-id-that-goes-on-and-on-and-on-and-on-until-it-is-too-long\"",
    ),
    ("hold = \"15m\"", "hold = \"1ms\""),
    ("hold = \"15m\"", "hold = \"31d\""),
    ("fans = 5000", "fans = 5000\npay_after = [\"1s\"]"),
    ("fans = 5000", "fans = 5000\npay_after = [\"1s\", 5]"),
    ("fans = 5000", "fans = 5000\npay_after = [\"8s\", \"1s\"]"),
    ("fans = 5000", "fans = 5000\nasks_again_after = []"),
    ("fans = 5000", "fans = 5000\nburst_within = \"26s\""),
    ("fans = 5000", "fans = 5000\nunpaid_share = 1.0"),
    ("fans = 5000", "fans = 5000\nunpaid_share = 2"),
    ("currency =", "demo = 1\ncurrency ="),
    ("currency =", "url = \"fans\"\ncurrency ="),
    ("currency =", "brand.accent = \"red\"\ncurrency ="),
    ("currency =", "brand.logo = \"../logo\"\ncurrency ="),
    ("2026-04-08T12:00", "\"1926-04-08T12:00\""),
    ("2026-04-08T12:00", "\"2026-02-30T12:00\""),
    ("2026-04-08T12:00", "\"2026-13-01T12:00\""),
    ("2026-04-08T12:00", "\"2026-04-08T24:00\""),
    ("2026-04-08T12:00", "12"),
    ("\"sale\"", "\"draw\""),
    ("\"79.00\"", "79.00"),
    ("\"79.00\"", "\"79\""),
    ("\"79.00\"", "\"90000000.01\""),
    ("opens_at = 2026-04-08T12:00\nopen_for = \"10h\"", "every = \"6m\"\ncloses_at = 12"),
    ("open_for = \"10h\"", "first = \"1m\"\nopen_for = \"10h\""),
    ("open_for = \"10h\"", "closes_at = 2026-04-08T12:00"),
    ("open_for = \"10h\"", "closes_at = 2027-10-08T12:00"),
    ("open_for = \"10h\"", "open_for = \"10h\"\ncloses_at = 2026-04-08T13:00"),
    ("open_for = \"10h\"\n", ""),
    ("good = \"lantern\"", "good = \"lantrn\""),
    ("good = \"lantern\"", "good = \"something-else\""),
    ("stock = { amber = 300, white = 200 }", "stock = 5"),
    ("stock = { amber = 300, white = 200 }", "stock = { amber = 300 }"),
    ("stock = { amber = 300, white = 200 }", "stock = { amber = 300, white = 200, unheard = 1 }"),
    ("stock = { amber = 300, white = 200 }", "stock = { amber = 300, white = 999999999 }"),
    ("amber = 3,", "amber = 301,"),
    ("amber = 3,", "amber = -3,"),
];
