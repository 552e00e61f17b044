//! What ties a file to one machine: absolute paths of somebody's folders. They stop being true on
//! the next machine.

use crate::{Fault, House};

/// Folders of one machine. In pieces, or this file would be a fault itself.
const FOLDERS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

fn find(house: &House, wanted: &[&str], whole: bool, what: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in house.files.iter().filter(|file| !file.is_foreign()) {
        for (at, line) in file.text.lines().enumerate() {
            for word in wanted.iter().filter(|word| stands_in(line, word, whole)) {
                faults.push(Fault::at(file, at + 1, format!("`{word}`: {what}")));
            }
        }
    }
    faults
}

/// Whether a line holds this text; `whole`: as the beginning of a path, not in the midst of one.
fn stands_in(line: &str, text: &str, whole: bool) -> bool {
    let part = |c: char| c.is_alphanumeric() || "._-})/".contains(c);
    line.match_indices(text).any(|(at, _)| !whole || !line[..at].ends_with(part))
}

/// No file names a folder of the machine it was written on.
pub fn folders(house: &House) -> Vec<Fault> {
    find(house, &FOLDERS, true, "a folder of one machine: say it from the root of the repository")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_folder_is_found_and_a_path_through_one_is_not() {
        let text = format!("cd {}x\nsrc{}y\n", FOLDERS[0], FOLDERS[0]);
        let faults = folders(&House::made(&[("test", &text)]));
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [1]);
    }
}
