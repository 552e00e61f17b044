//! What the disk is told to do, by a file that a test writes while the server runs.
//!
//! | line | means |
//! | --- | --- |
//! | `cut N SEED` | at the N-th write or sync from now on the power goes |
//! | `exit SEED` | when the process ends by itself, the power goes at once |
//! | `full NAME…` | there is no space for these files, all if none is named |
//! | `readonly NAME…` | they cannot be written |
//! | `write-error NAME…` | writing them fails |
//! | `sync-error NAME…` | syncing them fails, and what was to be synced is given up |
//!
//! Faults last until the file says otherwise. It is replaced in one piece, by a rename.

use std::fs;
use std::path::{Path, PathBuf};

/// What goes wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `full`.
    Full,
    /// `readonly`.
    ReadOnly,
    /// `write-error`.
    Write,
    /// `sync-error`.
    Sync,
}

/// What was ordered.
#[derive(Debug, Default)]
pub struct Orders {
    file: Option<PathBuf>,
    text: String,
    /// How many writes and syncs are left, and the seed.
    cut: Option<(u64, u64)>,
    /// The seed for the end.
    exit: Option<u64>,
    faults: Vec<(Fault, Vec<String>)>,
}

impl Orders {
    /// From this file, if there is one.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, ..Self::default() }
    }

    /// Looks whether something else is ordered by now.
    pub fn refresh(&mut self) {
        let text = self.file.as_ref().and_then(|file| fs::read_to_string(file).ok());
        if let Some(text) = text.filter(|text| *text != self.text) {
            self.read(&text);
            self.text = text;
        }
    }

    /// # Panics
    /// At a line that is no order: a test that orders nothing would prove nothing.
    fn read(&mut self, text: &str) {
        (self.cut, self.exit) = (None, None);
        self.faults.clear();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| {
                let number = words.get(at).and_then(|word| word.parse().ok());
                number.unwrap_or_else(|| panic!("powercut: no order: {line}"))
            };
            let fault = match words.first().copied().unwrap_or_default() {
                "cut" => {
                    self.cut = Some((number(1), number(2)));
                    continue;
                }
                "exit" => {
                    self.exit = Some(number(1));
                    continue;
                }
                "full" => Fault::Full,
                "readonly" => Fault::ReadOnly,
                "write-error" => Fault::Write,
                "sync-error" => Fault::Sync,
                _ => panic!("powercut: no order: {line}"),
            };
            self.faults.push((fault, words[1..].iter().map(|&name| name.to_owned()).collect()));
        }
    }

    /// Counts a write or a sync; the seed, if the power goes with this one.
    pub fn step(&mut self) -> Option<u64> {
        let (left, seed) = self.cut.as_mut()?;
        *left = left.saturating_sub(1);
        (*left == 0).then_some(*seed)
    }

    /// The seed for the end, if the power goes then.
    pub fn exit(&self) -> Option<u64> {
        self.exit
    }

    /// Whether one of these faults was ordered for a file.
    pub fn fault(&self, path: &Path, among: &[Fault]) -> Option<Fault> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let meant = |names: &[String]| names.is_empty() || names.iter().any(|one| *one == name);
        let found = self.faults.iter().find(|(fault, names)| among.contains(fault) && meant(names));
        found.map(|(fault, _)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_and_lifted() {
        let mut orders = Orders::default();
        orders.read("cut 2 7\nexit 9\nfull a.sqlite a.sqlite-wal\nsync-error\n");
        assert_eq!((orders.step(), orders.step(), orders.exit()), (None, Some(7), Some(9)));
        let full = |orders: &Orders, name: &str| {
            orders.fault(&Path::new("/some").join(name), &[Fault::Full, Fault::Write])
        };
        assert_eq!(full(&orders, "a.sqlite-wal"), Some(Fault::Full));
        assert_eq!(full(&orders, "b.sqlite"), None);
        assert_eq!(orders.fault(Path::new("b"), &[Fault::Sync]), Some(Fault::Sync));
        orders.read("");
        assert_eq!((full(&orders, "a.sqlite"), orders.step()), (None, None));
    }

    #[test]
    #[should_panic = "no order: cutt 1 2"]
    fn what_is_no_order_is_said() {
        Orders::default().read("cutt 1 2");
    }
}
