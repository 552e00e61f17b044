//! Broken, hostile and mutated files: told in bounded time, never a panic.

use std::fs;

use fanfare::festivals::{EXAMPLE, read, read_file};

use super::{faults, festival, with};

#[test]
fn broken_toml_is_told_together_with_the_rest() {
    let text = EXAMPLE
        .replace("hold = \"15m\"", "hold = 15m")
        .replace("limit = 1", "limit")
        .replace("[[drops.items]]", "[[drops.items]")
        .replace("id = \"white\"", "id = \"white\"\nid = \"blue\"")
        .replace("fans = 5000", "fans = -1");
    let shown = faults(&text).to_string();
    let words = [
        ("id = \"blue\"", "this key is written twice"),
        ("hold", "write text in double quotes"),
        ("limit", "this key has no value"),
        ("[[drops.items]", "between [[ and ]]"),
        ("fans", "fans is -1"),
    ];
    assert_eq!(shown.lines().count(), words.len(), "{shown}");
    for ((line, words), told) in words.iter().zip(shown.lines()) {
        let at = text.lines().position(|found| found.starts_with(line)).expect("the line") + 1;
        assert!(told.starts_with(&format!("x.toml:{at}:")) && told.contains(words), "{told}");
    }
    let open = with("stock = { amber = 300, white = 200 }", "stock = { amber = 300, white = 200");
    let shown = faults(&open).to_string();
    assert_eq!(shown.lines().count(), 1, "what follows an open bracket is not guessed: {shown}");
    let at = open.lines().position(|line| line.starts_with("stock")).expect("the line") + 1;
    let near = [at, at + 1].map(|line| shown.starts_with(&format!("x.toml:{line}:")));
    assert!(near.contains(&true), "{shown}");
}

#[test]
fn files_that_cannot_be_text_are_refused() {
    let folder = std::env::temp_dir().join(format!("fanfare-festival-file-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("x.toml");
    let told = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("a file");
        let faults = read_file(&path).expect_err("a fault").to_string();
        let place = faults.strip_prefix(&format!("{}:", path.display())).map(str::to_owned);
        place.unwrap_or_else(|| panic!("{faults}"))
    };
    let latin = [EXAMPLE.as_bytes(), "# 费\n#汉".as_bytes(), b" \xe9\n"].concat();
    let line = EXAMPLE.lines().count() + 2;
    let shown = told(&latin);
    assert!(shown.starts_with(&format!("{line}:4: the byte 0xe9 is not UTF-8; save")), "{shown}");
    assert!(told(b"\xff\xfe[\0").starts_with("1:1: the byte 0xff is not UTF-8"));
    let huge = [EXAMPLE.as_bytes(), &b"#".repeat(1 << 20)].concat();
    assert!(told(&huge).starts_with("1:1: the file is larger than 1024 KiB; write"));
    assert!(told(b"").contains("1:1: the file: festival is missing"));
    let marked = [b"\xef\xbb\xbf".as_slice(), EXAMPLE.as_bytes()].concat();
    fs::write(&path, marked).expect("a file");
    assert!(read_file(&path).is_ok(), "an editor's mark at the beginning does no harm");
    let shown = told(b"\xef\xbb\xbfx = 1\n");
    assert!(
        shown.starts_with("1:1: ") && shown.contains(":1:1: the file: the key \"x\""),
        "the mark takes no column: {shown}"
    );
    let missing = read_file(&folder.join("none.toml")).expect_err("no file").to_string();
    assert!(missing.contains("none.toml:1:1: cannot be read"), "{missing}");
    let not_a_file = read_file(&folder).expect_err("a folder").to_string();
    assert!(not_a_file.contains(":1:1: cannot be read (it is not a file)"), "{not_a_file}");
    fs::remove_dir_all(&folder).expect("the folder goes");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this test is about real time")]
fn hostile_text_takes_bounded_time_and_print() {
    let clock = std::time::Instant::now();
    for piece in ["=", "[", "[[drops]]\n", "a.", "a=\"\n", "{", "a=[", "[festival]\n", "é=1\n"] {
        let text = piece.repeat((1 << 20) / piece.len());
        let shown = read("x.toml", &text).expect_err("not a festival").to_string();
        assert!(shown.lines().count() <= 1_001 && shown.len() < 1 << 20, "{piece:?}");
    }
    let (begin, drop) = EXAMPLE.split_once("[[drops]]").expect("drops");
    let drop = drop.split_once("[crowd]").expect("crowd").0;
    let drop = |number| drop.replace("lantern-noon", &format!("noon-{number}"));
    let drops = |count| (0..count).map(|number| format!("[[drops]]{}", drop(number)));
    let most = begin.to_owned() + &drops(1_000).collect::<String>();
    assert_eq!(festival(&most).drops().len(), 1_000);
    let more = begin.to_owned() + &drops(1_001).collect::<String>();
    let words = ["drops has 1001 tables", "write 1 to 1000 tables"];
    let faults = faults(&more);
    assert_eq!(faults.list().len(), 1, "{faults}");
    assert!(words.iter().all(|word| faults.to_string().contains(word)), "{faults}");
    assert!(clock.elapsed().as_secs() < 60, "{:?}", clock.elapsed());
}

#[test]
fn no_mutation_of_a_good_file_makes_the_reader_panic() {
    let mut seed: u64 = 0x5eed;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let pieces = ["", "\"", "[", "]", "{", "}", "=", "\n", "-1", ".", "0", "[[drops]]\n", "é", ","];
    let (mut good, mut bad) = (0, 0);
    for _ in 0..4_000 {
        let mut chars: Vec<char> = EXAMPLE.chars().collect();
        for _ in 0..=next(3) {
            let from = next(chars.len());
            let to = (from + next(12)).min(chars.len());
            chars.splice(from..to, pieces[next(pieces.len())].chars());
        }
        match read("x.toml", &chars.into_iter().collect::<String>()) {
            Ok(_) => good += 1,
            Err(faults) => {
                bad += 1;
                assert!(faults.list().iter().all(|fault| fault.line() > 0 && fault.column() > 0));
                super::spoken::in_chinese(&faults);
            }
        }
    }
    assert!(good > 50 && bad > 1_000, "both kinds are tried: {good} good, {bad} bad");
}
