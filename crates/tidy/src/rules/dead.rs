//! Files that nothing names, and that are therefore not compiled.

use crate::{Fault, File, House, Source};

/// Every Rust file of the product is named by a `mod`, so that none lies dead.
pub fn files(house: &House) -> Vec<Fault> {
    let lost = |file: &File| {
        let (folder, name) = file.path.rsplit_once('/')?;
        let (parents, module) = match name {
            "lib.rs" | "main.rs" | "build.rs" => return None,
            "mod.rs" => folder.rsplit_once('/')?,
            name => (folder, name.strip_suffix(".rs")?),
        };
        let beside = format!("{parents}.rs");
        let owners = ["mod.rs", "lib.rs", "main.rs"].map(|owner| format!("{parents}/{owner}"));
        let named =
            owners.iter().chain([&beside]).filter_map(|path| house.file(path)).any(|owner| {
                let code = Source::read(&owner.text).code;
                let mut words = crate::rust::words(&code).map(|(_, word)| word);
                let mut before = "";
                words.any(|word| {
                    let names = before == "mod" && word == module;
                    before = word;
                    names
                })
            });
        (!named).then(|| Fault::at(file, 0, "no `mod` names this file: name it or remove it"))
    };
    let in_src = |file: &&File| file.path.split('/').any(|part| part == "src");
    house.rust().filter(in_src).filter_map(lost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_mod_is_found() {
        let house = House::made(&[
            ("src/lib.rs", "//! What it is.\nmod a;\n// mod b;\n"),
            ("src/a/mod.rs", "mod c;\n"),
            ("src/a/c.rs", ""),
            ("src/b.rs", ""),
            ("tests/d.rs", ""),
        ]);
        let found: Vec<_> = files(&house).into_iter().map(|fault| fault.path).collect();
        assert_eq!(found, ["src/b.rs"]);
    }
}
