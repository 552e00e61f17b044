//! What is wrong with a festival's data folder, its databases, its machine and the server that
//! serves it, and what to do about each. Looks, and writes nothing.
//!
//! | file | holds |
//! | --- | --- |
//! | `connections` | whether the databases let enough in |
//! | `finding` | what was found, for people and as JSON |
//! | `folder` | the data folder: whose it is, who serves it, modes |
//! | `journal` | the journal and its witness |
//! | `keys` | the folder's, the one that signs, those that several nodes share |
//! | `machine` | disk, clock, open files, `SQLite` |
//! | `owner` | whether the folder's owner may read and write what is in it |
//! | `serving` | what the serving process says of itself |
//! | `tables` | the tables beside the journal |
//! | `ways` | how the databases are spoken to |

mod connections;
mod finding;
mod folder;
mod journal;
mod keys;
mod machine;
mod owner;
mod serving;
mod tables;
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
    /// Nobody is to serve it now.
    pub stopped: bool,
}

/// Looks at everything that can be looked at.
pub fn examine(patient: &Patient<'_>) -> Report {
    let mut report = Report::default();
    machine::program(&mut report);
    let holder = folder::holder(patient.data, &mut report);
    machine::files(holder, &mut report);
    if let Some(folder) = folder::look(patient, &mut report) {
        let tables = patient
            .database
            .map_or_else(|| Database::File(folder.cold()), |url| Database::Url(url.to_owned()));
        let served = serving::ask(&folder, &tables, holder, &mut report);
        let start_ms = (!served).then_some(patient.now_ms);
        journal::look(&folder, &tables, start_ms, &mut report);
        keys::look(&folder, &tables, &mut report);
        connections::look(&folder, &tables, &mut report);
    }
    // Behind what may be the cause of it.
    if holder.is_none() && !patient.stopped {
        serving::down(patient.data, &mut report);
    }
    report.sorted()
}
