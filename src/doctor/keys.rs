//! The keys that the nodes of a festival share.

use super::Report;
use crate::kit::data::DataFolder;
use crate::kit::database::Database;
use crate::kit::db::Cold;
use crate::kit::keys;
use crate::nodes::secrets::{self, Marks};

/// Looks at them, where there are any.
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
