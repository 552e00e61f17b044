//! The table of security requirements names what is there: each path, each test, each number once.

use crate::{Fault, House, Source};
use std::collections::BTreeSet;

/// Where the table is.
const TABLE: &str = "docs/security.md";

/// What a row may say instead of a test, and has to say more after.
const REASONS: [&str; 2] = ["open: ", "not applicable: "];

/// A row: its number, what is asked, where it is met, what shows it.
fn cells(line: &str) -> Option<[&str; 4]> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    let cells: [&str; 4] = cells.try_into().ok()?;
    let number = cells[0].split('.').count() == 3 && cells[0].starts_with(char::is_numeric);
    number.then_some(cells)
}

fn ticked(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Every row says where a requirement is met and which test shows it, and both are there; or why
/// not.
pub fn table(house: &House) -> Vec<Fault> {
    let Some(file) = house.file(TABLE) else { return Vec::new() };
    let functions: BTreeSet<String> = house
        .rust()
        .flat_map(|file| Source::read(&file.text).functions())
        .map(|function| function.name)
        .collect();
    let (mut faults, mut seen) = (Vec::new(), BTreeSet::new());
    for (at, line) in file.text.lines().enumerate() {
        let Some([number, asks, wheres, shown]) = cells(line) else { continue };
        let mut wrong = |what: String| faults.push(Fault::at(file, at + 1, what));
        if !seen.insert(number) {
            wrong(format!("{number} stands here twice"));
        }
        if asks.trim().is_empty() {
            wrong(format!("{number}: say shortly what it asks"));
        }
        for path in ticked(wheres).filter(|path| !house.has(path)) {
            wrong(format!("{number}: `{path}` is not there: name where it is met"));
        }
        if let Some(reason) = REASONS.iter().find_map(|start| shown.strip_prefix(start)) {
            if reason.trim().len() < 8 {
                wrong(format!("{number}: say what is missing, or why it does not apply"));
            }
        } else if ticked(shown).next().is_none() || ticked(wheres).next().is_none() {
            wrong(format!("{number}: name where it is met and the test that shows it"));
        } else {
            let there = |name: &&str| functions.contains(*name) || house.has(name);
            for name in ticked(shown).filter(|name| !there(name)) {
                wrong(format!("{number}: no test is called `{name}`"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_names_and_is_not_there_is_found() {
        let text = "| 1.1.1 | a | `src/a.rs` | `a_test` |\n\
                    | 1.1.2 | a | `src/b.rs` | `a_test` |\n\
                    | 1.1.3 | a | `src/a.rs` | `b_test` |\n\
                    | 1.1.3 | a |  | not applicable: nobody is there |\n\
                    | 1.1.4 | a | `src/a.rs` | open:  |\n\
                    | 1.1.5 | a | `src/a.rs` | see there |\n\
                    | not | a | row | at all |\n";
        let house = House::made(&[(TABLE, text), ("src/a.rs", "fn a_test() {}")]);
        let lines: Vec<_> = table(&house).iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6]);
    }
}
