//! Tests only: a disk under SQLite that forgets, when the power goes, what was not synced.
//!
//! | file | holds |
//! | --- | --- |
//! | `sectors.rs` | what of one file is not synced, and what of it a cut leaves |
//! | `disk.rs` | all files by name; names can be lost too |
//! | `orders.rs` | what the test orders: a cut, a full disk, a failing sync |
//! | `state.rs` | the process's one disk, and its end |
//! | `vfs.rs` | how SQLite comes to write to it |
//! | `dice.rs` | chance from a seed |
//!
//! The program of this crate is the server itself on such a disk. What it does not see is what the
//! server writes past SQLite: the keys, which are synced when they are made; the folder's mark,
//! made once before anything is promised; and the witness, `heads`, which is unsynced on purpose
//! and has tests of its own for being torn, missing or old.

pub mod dice;
pub mod disk;
pub mod orders;
pub mod sectors;
pub mod state;
pub mod vfs;

pub use state::{CUT, NO_CUT, listen};
pub use vfs::install;

/// Where orders come from.
pub const ORDERS: &str = "POWERCUT_ORDERS";

/// Where it is told what a cut took.
pub const REPORT: &str = "POWERCUT_REPORT";

/// Installs the disk, with orders and report as the environment names them.
pub fn from_environment() {
    let path = |name| std::env::var_os(name).map(Into::into);
    listen(path(ORDERS), path(REPORT));
    install();
}
