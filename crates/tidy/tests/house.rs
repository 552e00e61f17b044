//! Every rule, held against this repository. `cargo test -p fanfare-tidy` names what to mend.

use fanfare_tidy::rules::{code, crates, dead, docs, listed, security, size, words};
use fanfare_tidy::{Fault, House};
use std::sync::OnceLock;

fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(House::here)
}

/// Fails with every fault there is, one a line.
fn hold(rule: fn(&House) -> Vec<Fault>) {
    let faults: Vec<String> = rule(house()).iter().map(Fault::to_string).collect();
    assert!(faults.is_empty(), "{} to mend:\n{}\n", faults.len(), faults.join("\n"));
}

#[test]
fn the_house_is_seen() {
    for path in ["Cargo.toml", "README.md", "src/main.rs", "crates/engine/src/lib.rs", "test"] {
        assert!(house().file(path).is_some(), "{path} is not among the files that are checked");
    }
}

#[test]
fn files_are_short() {
    hold(size::files);
}

#[test]
fn lines_are_short() {
    hold(size::lines);
}

#[test]
fn functions_are_short() {
    hold(size::functions);
}

#[test]
fn the_product_keeps_its_shape() {
    let figures = size::figures(house());
    println!("{figures:?}");
    let faults = size::shape(&figures);
    assert!(faults.is_empty(), "{figures:?}\n{}\n", faults.join("\n"));
}

#[test]
fn modules_say_what_they_own() {
    hold(code::opening);
}

#[test]
fn nothing_is_left_for_later() {
    hold(code::leftovers);
}

#[test]
fn no_code_is_unsafe() {
    hold(code::safety);
}

#[test]
fn tests_that_do_not_run_say_why() {
    hold(code::ignored);
}

#[test]
fn no_file_is_dead() {
    hold(dead::files);
}

#[test]
fn crates_are_few() {
    hold(crates::count);
}

#[test]
fn dependencies_say_what_they_are_for() {
    hold(crates::explained);
}

#[test]
fn pure_crates_stay_pure() {
    hold(crates::pure);
}

#[test]
fn no_folder_of_a_machine_is_named() {
    hold(words::folders);
}

#[test]
fn what_documents_name_is_there() {
    hold(docs::paths);
}

#[test]
fn what_the_architecture_names_is_in_the_code() {
    hold(docs::names);
}

#[test]
fn what_security_rests_on_is_there() {
    hold(security::table);
}

#[test]
fn scripts_run_and_are_listed() {
    hold(listed::scripts);
}

#[test]
fn both_languages_have_the_same_files() {
    hold(listed::languages);
}
