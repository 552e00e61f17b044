//! What is wrong with a festival's data folder, its databases, its machine and the server that
//! serves it, and what to do about each. Looks, and writes nothing.
//!
//! | file | holds |
//! | --- | --- |
//! | `connections` | whether the databases let enough in |
//! | `finding` | what was found, for people and as JSON |
//! | `folder` | the data folder: whose it is, who serves it, modes |
//! | `journal` | the journal and the tables beside it |
//! | `keys` | the folder's, the one that signs, those that several nodes share |
//! | `machine` | disk, clock, open files, `SQLite` |
//! | `serving` | what the serving process says of itself |
//! | `ways` | how the databases are spoken to |

mod connections;
mod finding;
mod folder;
mod journal;
mod keys;
mod machine;
mod serving;
mod ways;

pub use finding::{Finding, Report, Weight};

use crate::kit::database::Database;
use std::path::Path;

/// What is looked at.
pub struct Patient<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// Where the tables are, if not in the folder.
    pub database: Option<&'a str>,
    /// Where the journal is said to be.
    pub journal: &'a [String],
    /// The machine's clock, ms since 1970.
    pub now_ms: i64,
}

/// Looks at everything that can be looked at.
pub fn examine(patient: &Patient<'_>) -> Report {
    let mut report = Report::default();
    machine::program(&mut report);
    let Some(folder) = folder::look(patient, &mut report) else {
        machine::files(None, &mut report);
        return report.sorted();
    };
    let owner = folder::owner(patient.data, &mut report);
    machine::files(owner, &mut report);
    serving::ask(patient.data, owner, &mut report);
    let tables = patient
        .database
        .map_or_else(|| Database::File(folder.cold()), |url| Database::Url(url.to_owned()));
    journal::look(&folder, &tables, patient.now_ms, &mut report);
    keys::look(&folder, &tables, &mut report);
    connections::look(&folder, &tables, &mut report);
    report.sorted()
}
