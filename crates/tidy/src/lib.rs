//! The repository's own rules, held by tests: `cargo test -p fanfare-tidy`.
//!
//! A rule is a function from the files to the faults it finds, so that it can be shown to fail on
//! a planted fault. `tests/house.rs` holds every rule against the repository itself. Each fault
//! says where it stands and what to do about it; a rule is not loosened to let a file through.
//!
//! | file | holds |
//! | --- | --- |
//! | `house`, `file` | which files there are, what they say, what is wrong with one |
//! | `rust`, `mask` | where functions begin and end; what is code, comment or string |
//! | `rules::size` | lengths of files, lines and functions; the share of comments |
//! | `rules::code`, `rules::dead` | opening words, leftovers, `unsafe`, ignored tests; lost files |
//! | `rules::crates` | how many crates, what each is for, what the pure ones may use |
//! | `rules::words` | machine paths that belong in no file |
//! | `rules::docs` | paths and names in documents |
//! | `rules::listed` | acceptance scripts and their list; both languages |

mod file;
mod house;
mod mask;
pub mod rules;
mod rust;

pub use file::{Fault, File};
pub use house::House;
pub use rust::{Function, Source};
