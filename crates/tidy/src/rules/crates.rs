//! What stands in the manifests: how many crates, what each is for, what the pure ones may use.

use crate::{Fault, File, House, Source};

/// Most crates the lock file may name, ours too. Source: the design; a newcomer waits for each.
pub const CRATES_MAX: usize = 350;

/// Crates that can reach no clock, no IO and no thread, and all they may depend on.
const PURE: [(&str, &[&str]); 2] = [
    ("crates/engine", &["hashbrown", "sha2"]),
    ("crates/lane", &["fanfare-engine", "sha2", "tape-sha256", "ed25519-dalek"]),
];

/// The lock file stays short.
pub fn count(house: &House) -> Vec<Fault> {
    let Some(lock) = house.file("Cargo.lock") else { return Vec::new() };
    let crates = lock.text.lines().filter(|line| *line == "[[package]]").count();
    let what = format!("{crates} crates; {CRATES_MAX} at most: find one that can go");
    if crates > CRATES_MAX { vec![Fault::at(lock, 0, what)] } else { Vec::new() }
}

/// A dependency as its manifest writes it: line, name, whether a comment stands right above it.
struct Dependency<'a> {
    line: usize,
    table: &'a str,
    name: &'a str,
    explained: bool,
    /// Explained where the workspace declares it, or a crate of this house.
    elsewhere: bool,
}

fn dependencies(manifest: &File) -> Vec<Dependency<'_>> {
    let (mut found, mut table, mut explained) = (Vec::new(), "", false);
    for (at, line) in manifest.text.lines().map(str::trim).enumerate() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            table = name;
        }
        if let Some((left, right)) = line.split_once('=').filter(|_| !line.starts_with('#'))
            && table.ends_with("dependencies")
        {
            let name = left.trim().split('.').next().unwrap_or_default();
            let elsewhere = left.contains(".workspace") || right.contains("path =");
            found.push(Dependency { line: at + 1, table, name, explained, elsewhere });
        }
        explained = line.starts_with('#') && line.len() > 2;
    }
    found
}

/// Every dependency says right above it what it is for.
pub fn explained(house: &House) -> Vec<Fault> {
    let mut faults = Vec::new();
    let manifest = |file: &&File| file.name() == "Cargo.toml";
    for manifest in house.files.iter().filter(manifest) {
        let silent = |dependency: &Dependency| !dependency.explained && !dependency.elsewhere;
        faults.extend(dependencies(manifest).into_iter().filter(silent).map(|dependency| {
            let name = dependency.name;
            let what = format!("`{name}`: say in a comment right above it what it is for");
            Fault::at(manifest, dependency.line, what)
        }));
    }
    faults
}

/// The pure crates are `no_std` and use nothing else than is listed here.
pub fn pure(house: &House) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (folder, allowed) in PURE {
        let Some(manifest) = house.file(&format!("{folder}/Cargo.toml")) else { continue };
        let built_in = |d: &Dependency| !d.table.ends_with("dev-dependencies");
        for found in dependencies(manifest).into_iter().filter(built_in) {
            if !allowed.contains(&found.name) {
                let name = found.name;
                let what = format!("`{name}`: this crate is pure; do that in `src/` instead");
                faults.push(Fault::at(manifest, found.line, what));
            }
        }
        let within = format!("{folder}/src/");
        for file in house.rust().filter(|file| file.path.starts_with(&within)) {
            let source = Source::read(&file.text);
            if file.name() == "lib.rs" && !source.code.contains("#![no_std]") {
                faults.push(Fault::at(file, 0, "this crate is pure: keep `#![no_std]`"));
            }
            let what = "this crate is pure: use `core` and `alloc`; time and seeds are values";
            let lines = source.lines_with("std").into_iter();
            faults.extend(lines.map(|line| Fault::at(file, line, what)));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_word_is_found() {
        let manifest =
            "[dependencies]\n# Pages.\naxum = \"1\"\nbytes = \"1\"\nsha2.workspace = true\n";
        let faults = explained(&House::made(&[("Cargo.toml", manifest)]));
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].line, 4);
    }

    #[test]
    fn a_clock_in_the_engine_is_found() {
        let manifest = "[dependencies]\nhashbrown.workspace = true\nrand = \"1\"\n";
        let text = "//! Pure.\n#![no_std]\nextern crate std;\n// std is not here\n";
        let files = [("crates/engine/Cargo.toml", manifest), ("crates/engine/src/lib.rs", text)];
        let faults = pure(&House::made(&files));
        let places: Vec<_> = faults.iter().map(|f| (f.path.as_str(), f.line)).collect();
        assert_eq!(places, [("crates/engine/Cargo.toml", 3), ("crates/engine/src/lib.rs", 3)]);
        let files = [files[0], ("crates/engine/src/lib.rs", "//! Pure.\n")];
        assert_eq!(pure(&House::made(&files)).len(), 2);
    }

    #[test]
    fn a_crate_too_many_is_found() {
        let lock = |n: usize| "[[package]]\nname = \"a\"\n".repeat(n);
        assert!(count(&House::made(&[("Cargo.lock", &lock(350))])).is_empty());
        assert_eq!(count(&House::made(&[("Cargo.lock", &lock(351))])).len(), 1);
    }
}
