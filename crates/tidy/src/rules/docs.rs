//! What documents name exists: every path, and every name of the code.

use crate::file::has_ending;
use crate::{Fault, File, House};
use std::collections::BTreeSet;

/// Documents whose code names are held against the code.
const CODE_NAMED_IN: [&str; 2] = ["ARCHITECTURE.md", "STYLE.md"];

/// Endings that make a word in backticks a path.
const ENDINGS: [&str; 10] = ["rs", "md", "toml", "html", "css", "js", "json", "sh", "png", "ftl"];

/// Whether a document's paths are held: all of ours, but not what a program wrote.
fn is_document(file: &File) -> bool {
    has_ending(&file.path, "md") && !file.is_foreign()
}

/// Every link and every path in backticks leads somewhere.
pub fn paths(house: &House) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in house.files.iter().filter(|file| is_document(file)) {
        for (line, text) in prose(&file.text) {
            let broken = links(text).filter(|link| !link_leads(house, file, link));
            let missing = backticked(text).filter(|word| {
                let from_root = word.trim_start_matches("./");
                is_path(house, word) && !house.has(from_root) && !house.has(&beside(file, word))
            });
            faults.extend(broken.chain(missing).map(|path| {
                Fault::at(
                    file,
                    line,
                    format!("`{path}` is not there: name what is, or leave it out"),
                )
            }));
        }
    }
    faults
}

/// Every `Type::function` the architecture names stands in the code.
pub fn names(house: &House) -> Vec<Fault> {
    let code: BTreeSet<&str> = house
        .rust()
        .flat_map(|file| crate::rust::words(&file.text).map(|(_, word)| word))
        .collect();
    let mut faults = Vec::new();
    for file in CODE_NAMED_IN.iter().filter_map(|path| house.file(path)) {
        for (line, text) in prose(&file.text) {
            for name in backticked(text).filter(|word| word.contains("::")) {
                if !name.split("::").all(|part| code.contains(part)) {
                    let what = format!("`{name}` is not in the code: name what is");
                    faults.push(Fault::at(file, line, what));
                }
            }
        }
    }
    faults
}

/// A document's lines with their numbers, without what stands between fences.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((at + 1, line))
    })
}

fn links(line: &str) -> impl Iterator<Item = &str> {
    let after = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    after.filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
}

fn backticked(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn link_leads(house: &House, file: &File, link: &str) -> bool {
    let path = link.split('#').next().unwrap_or_default();
    path.is_empty() || house.has(&beside(file, path))
}

/// A path as seen from a file's folder, from the root.
fn beside(file: &File, path: &str) -> String {
    let mut parts: Vec<&str> = file.path.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether a word in backticks means a file or folder of the repository.
fn is_path(house: &House, word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    let from_root = word.trim_start_matches("./");
    let (first, within) = from_root.split_once('/').unwrap_or((from_root, ""));
    let known_folder = first.starts_with("docs") || house.has(first) && !first.is_empty();
    let named = ENDINGS.iter().any(|ending| has_ending(word, ending));
    let folder = from_root.contains('/') && known_folder && first != "target";
    plain && !word.starts_with('/') && (folder || named && within.is_empty() && known(from_root))
}

/// Words that look like files of the root and are.
fn known(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase()) || word.starts_with("fanfare.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_there_is_found() {
        let text = "See [a](docs/a.md), [b](docs/b.md#x), `src/a.rs`, `src/b.rs`, `POST /a/b`.\n\
                    ```\nsrc/c.rs `src/c.rs`\n```\n`fanfare serve`, `docs/`, `STYLE.md`\n";
        let files = [("README.md", text), ("docs/a.md", "[up](../README.md)"), ("src/a.rs", "")];
        let faults = paths(&House::made(&files));
        let found: Vec<_> = faults.iter().map(|fault| (fault.line, fault.what.as_str())).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].1.contains("docs/b.md#x") && found[1].1.contains("src/b.rs"));
        assert!(found[2].1.contains("STYLE.md"));
    }

    #[test]
    fn a_name_the_code_lacks_is_found() {
        let files = [("ARCHITECTURE.md", "`Lane::turn` `Lane::tern`"), ("src/a.rs", "Lane turn")];
        assert_eq!(names(&House::made(&files)).len(), 1);
    }
}
