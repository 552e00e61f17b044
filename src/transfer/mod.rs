//! A festival's data brought from one place to another: a backup made while it is served, a backup
//! brought back, a journal moved between `SQLite` and PostgreSQL.
//!
//! The tables are copied before the journal, always: a journal is then never behind the cursors
//! of the tables beside it. Rows go over as they stand, with their hashes and seals, and both sides
//! are read back and compared before anybody is told that it is done.
//!
//! | file | holds |
//! | --- | --- |
//! | `backup` | a data folder copied while it is served |
//! | `bring` | a backup brought back, into a new folder or empty databases |
//! | `shift` | journals moved |
//! | `ending` | the rows that end the old ones |
//! | `left` | the name of a backup that is not done, and what is left of one that broke off |
//! | `room` | room for what comes back to the folder |
//! | `rows` | a journal's rows, keys and reasons, as they stand |
//! | `snapshot` | a whole `SQLite` file as of one moment |
//! | `tables` | the rows of the tables beside the journal |
//! | `sums` | a journal in a few figures, to be compared |

mod backup;
mod bring;
mod ending;
mod left;
mod room;
mod rows;
mod shift;
mod snapshot;
mod sums;
mod tables;

pub use backup::{Order, backup};
pub use bring::{Back, bring_back};
pub use left::clear_left;
pub use shift::{Shift, finish, settle, shift};
pub use sums::{Sum, sums};

/// How far something has come: what, how much of it, of how much.
pub type Show<'a> = &'a mut dyn FnMut(&str, u64, u64);
