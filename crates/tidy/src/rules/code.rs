//! What every Rust file owes its reader, and what must not be left in it.

use crate::{Fault, File, House, Source};

/// Words that mark work left undone; written in pieces, or this file would be a fault itself.
const LEFT_UNDONE: [&str; 4] =
    [concat!("FIX", "ME"), concat!("XX", "X"), concat!("TO", "DO"), concat!("HA", "CK")];

/// Macros nobody should meet in finished code.
const UNFINISHED: [&str; 3] = ["dbg", "todo", "unimplemented"];

/// Files that may use `unsafe`, and why. None is of the product; a new one needs a page in
/// `docs/decisions/`.
const MAY_BE_UNSAFE: [(&str, &str); 1] = [(
    "crates/powercut/src/vfs.rs",
    "tests only: what SQLite writes and syncs is seen through its C interface alone (0020)",
)];

/// Words an opening comment needs to say something.
const OPENING_WORDS_MIN: usize = 2;

/// Every module opens with `//!` and says what it is for.
pub fn opening(house: &House) -> Vec<Fault> {
    let silent = |file: &File| {
        let lines = file.text.lines().take_while(|line| line.starts_with("//!"));
        let words: usize =
            lines.map(|line| line.trim_start_matches("//!").split_whitespace().count()).sum();
        let what = "open with `//!` and say in a sentence what this module owns";
        (words < OPENING_WORDS_MIN).then(|| Fault::at(file, 1, what))
    };
    house.rust().filter_map(silent).collect()
}

/// Nothing that was meant for later is left.
pub fn leftovers(house: &House) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in house.files.iter().filter(|file| !file.is_foreign() && file.path != "Cargo.lock") {
        for word in LEFT_UNDONE {
            let lines = crate::rust::words(&file.text).filter(|(_, is)| *is == word);
            faults.extend(lines.map(|(at, _)| {
                let line = crate::rust::line_of(&file.text, at);
                Fault::at(file, line, format!("`{word}` is left: do it now, or make it an issue"))
            }));
        }
    }
    for file in house.rust() {
        let source = Source::read(&file.text);
        for name in UNFINISHED {
            faults.extend(source.lines_with(name).into_iter().filter_map(|line| {
                let called = source.code.lines().nth(line - 1)?.contains(&format!("{name}!"));
                let what = format!("`{name}!` is left: write what it stands for");
                called.then(|| Fault::at(file, line, what))
            }));
        }
    }
    faults
}

/// `unsafe` stands only in files that are listed with a reason.
pub fn safety(house: &House) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in
        house.rust().filter(|file| !MAY_BE_UNSAFE.iter().any(|(path, _)| *path == file.path))
    {
        let lines = Source::read(&file.text).lines_with("unsafe");
        let what = "`unsafe`: find a safe way, or list the file in `crates/tidy` with its reason";
        faults.extend(lines.into_iter().map(|line| Fault::at(file, line, what)));
    }
    faults
}

/// A test that does not run says why.
pub fn ignored(house: &House) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in house.rust() {
        for (at, line) in Source::read(&file.text).code.lines().enumerate() {
            if line.contains("#[ignore]") {
                let what = "say why the test does not run: `#[ignore = \"…\"]`";
                faults.push(Fault::at(file, at + 1, what));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(faults: &[Fault]) -> Vec<(&str, usize)> {
        faults.iter().map(|fault| (fault.path.as_str(), fault.line)).collect()
    }

    #[test]
    fn a_silent_module_is_found() {
        let house = House::made(&[
            ("src/lib.rs", "//! What it is.\n"),
            ("src/a.rs", "//! x\n"),
            ("src/b.rs", "use std::fmt;\n"),
        ]);
        assert_eq!(lines(&opening(&house)), [("src/a.rs", 1), ("src/b.rs", 1)]);
    }

    #[test]
    fn leftovers_are_found_in_code_and_words() {
        let text = format!(
            "//! One two three.\nfn f() {{ {}!() }}\n// {}: later\n",
            "todo", LEFT_UNDONE[0]
        );
        let house = House::made(&[("src/a.rs", &text), ("b.md", "nothing to do\n")]);
        assert_eq!(lines(&leftovers(&house)), [("src/a.rs", 3), ("src/a.rs", 2)]);
    }

    #[test]
    fn unsafe_code_and_silently_ignored_tests_are_found() {
        let text =
            format!("//! \"unsafe\"\n{} fn f() {{}}\n#[{}]\nfn g() {{}}\n", "unsafe", "ignore");
        let house = House::made(&[("src/a.rs", &text)]);
        assert_eq!(lines(&safety(&house)), [("src/a.rs", 2)]);
        assert_eq!(lines(&ignored(&house)), [("src/a.rs", 3)]);
        let told = House::made(&[("src/a.rs", "#[ignore = \"an hour\"]\nfn g() {}\n")]);
        assert!(ignored(&told).is_empty());
    }
}
