//! The folder's keys, the one the journal goes on with, and those that nodes share.

use super::Report;
use crate::kit::data::DataFolder;
use crate::kit::database::Database;
use crate::kit::db::Cold;
use crate::kit::journal::JournalReader;
use crate::kit::keys::{self, Keys};
use crate::nodes::secrets::{self, Marks};

/// Names keys that are missing or cannot be read.
pub(super) fn own(folder: &DataFolder, report: &mut Report) {
    let missing = |name: &&str| !folder.path().join(name).exists();
    let missing: Vec<&str> = keys::NAMES.into_iter().filter(missing).collect();
    let what = format!("missing: {}", missing.join(", "));
    if missing == [keys::REPEATS] {
        let todo = "bring it back from a backup before the next start, which would take the token \
                    key in its place, as folders from before there were three keys have it";
        report.risks("keys_missing", what, todo);
    } else if !missing.is_empty() {
        let todo = "bring them back from a backup: where the journal has rows, no start makes new \
                    ones (a node of several takes the others'). Only if they are nowhere any \
                    more: `fanfare key rotate --lost`, with --signing, --tokens or both";
        report.stops("keys_missing", what, todo);
    } else if let Err(why) = Keys::open(folder.path()) {
        report.stops("keys_unread", why.to_string(), "bring the key back from a backup");
    }
}

/// Names a signing key that is none of this journal's. One that is missing is named already.
pub(super) fn signing(folder: &DataFolder, reader: &JournalReader, report: &mut Report) {
    match keys::doubt(folder.path(), reader) {
        Ok(Some(doubt)) if doubt.what != keys::What::Missing => {
            let what = format!("{}: {}", doubt.path.display(), doubt.what);
            report.stops("keys_changed", what, &doubt.todo());
        }
        // What cannot be read is named where it is looked at.
        Ok(_) | Err(_) => {}
    }
}

/// Looks at those that are shared, where there are any.
pub(super) fn look(folder: &DataFolder, tables: &Database, report: &mut Report) {
    if matches!(tables, Database::File(_)) && secrets::elsewhere(folder) {
        let seen = "the festival's tables are elsewhere: name them with --database, or nothing is \
                    said of them";
        report.seen.push(seen.to_owned());
    } else {
        shared_keys(folder, tables, report);
    }
}

fn shared_keys(folder: &DataFolder, tables: &Database, report: &mut Report) {
    // Where they do not answer, that is said of them already.
    let Some(Ok(side)) = matches!(tables, Database::Url(_)).then(|| Cold::look(tables)) else {
        return;
    };
    let db = side.db();
    let shared = side.wait(async move { secrets::shared(&db).await });
    let marks = Marks::read(folder.path());
    for (name, wrapped) in shared.unwrap_or_default() {
        let own = keys::NAMES.contains(&name.as_str()).then(|| keys::look(folder.path(), &name));
        let Some(Ok(Some(own))) = own else { continue };
        match (marks.is_key(&name, &own), marks.is_wrapped(&name, &wrapped)) {
            (Some(false), _) => {
                let what = format!("{name} in the folder is not the one this node shares");
                let todo = "bring it back from a backup, or give this node a fresh data folder: \
                            it does not start with it";
                report.stops("keys_differ", what, todo);
            }
            (_, Some(false)) => report
                .seen
                .push(format!("{name} was made anew elsewhere; this node takes it at its start")),
            (Some(true), _) => {}
            (None, _) => report
                .seen
                .push(format!("nodes share {name}; whether this one has it its start will say")),
        }
    }
}
