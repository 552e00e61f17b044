//! Files that have to know of each other: scripts and their list, one language and the other.

use crate::{Fault, House};
use std::collections::BTreeSet;

/// Acceptance scripts, and the two that run everything, can be run and are listed.
pub fn scripts(house: &House) -> Vec<Fault> {
    let mut faults = Vec::new();
    let listed = house.file("acceptance/README.md").map_or("", |file| file.text.as_str());
    for file in &house.files {
        let numbered = file.path.strip_prefix("acceptance/").filter(|name| is_number(name));
        let always = matches!(file.path.as_str(), "test" | ".ci/run");
        if (numbered.is_some() || always) && !file.runs {
            faults.push(Fault::at(file, 0, "cannot be run: `chmod +x` it"));
        }
        if let Some(name) = numbered
            && !listed.contains(&format!("`{name}`"))
        {
            let what = format!("say in acceptance/README.md what `{name}` shows");
            faults.push(Fault::at(file, 0, what));
        }
        if file.path == ".ci/run" && !file.text.contains("./test") {
            faults.push(Fault::at(file, 0, "run `./test`, so that CI and a desk do the same"));
        }
    }
    faults
}

/// `1-01` and the like.
fn is_number(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    name.split_once('-').is_some_and(|(issue, row)| digits(issue) && row.len() == 2 && digits(row))
}

/// Both languages have the same files.
pub fn languages(house: &House) -> Vec<Fault> {
    let of = |language: &str| -> BTreeSet<&str> {
        let within = format!("locales/{language}/");
        house.paths.iter().filter_map(|path| path.strip_prefix(within.as_str())).collect()
    };
    let (zh, en) = (of("zh-CN"), of("en"));
    let missing = |language: &str, name: &&str| Fault {
        path: format!("locales/{language}/{name}"),
        line: 0,
        what: "the other language has this file: write it in this one too".to_owned(),
    };
    let of_zh = en.difference(&zh).map(|name| missing("zh-CN", name));
    of_zh.chain(zh.difference(&en).map(|name| missing("en", name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_is_not_listed_or_cannot_run_is_found() {
        let files = [("acceptance/1-01", "#!"), ("acceptance/README.md", "`1-02`"), ("test", "")];
        assert_eq!(scripts(&House::made(&files)).len(), 3);
    }

    #[test]
    fn a_file_in_one_language_only_is_found() {
        let files =
            [("locales/en/a.ftl", ""), ("locales/zh-CN/a.ftl", ""), ("locales/en/b.ftl", "")];
        let faults = languages(&House::made(&files));
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].path, "locales/zh-CN/b.ftl");
    }
}
