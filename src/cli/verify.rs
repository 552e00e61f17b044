//! `fanfare verify`: reads every journal from its first row, or checks one proof or receipt.

use super::shown::Shown;
use super::{Where, cold};
use crate::drops::node;
use crate::kit::database::Database;
use crate::kit::hex;
use crate::verify::{self, Progress, Report, VerifyError};
use clap::Args;
use serde_json::Value;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A little more than a bundle may have: the rest of a larger file is not read.
const BUNDLE_READ_MAX: u64 = (1 << 20) + 1;

/// What `verify` takes.
#[derive(Args, Debug)]
pub struct Verify {
    /// The data folder [default: ./fanfare-data]; with --bundle, its journal is asked too.
    #[arg(long, value_name = "DIR", env = "FANFARE_DATA")]
    data: Option<PathBuf>,
    /// The database; default: `SQLite` files in the data folder.
    #[arg(long, value_name = "URL", env = "FANFARE_DATABASE")]
    database: Option<String>,
    /// A journal's database; may be repeated, new ones last; default: as the data folder keeps it.
    #[arg(long, value_name = "URL", env = "FANFARE_JOURNAL", value_delimiter = ' ')]
    journal: Vec<String>,
    /// A place the journal was moved away from: `sqlite`, a file in the folder, or postgres://…;
    /// may be repeated where there were several.
    #[arg(long, value_name = "PLACE", conflicts_with = "bundle")]
    moved_from: Vec<String>,
    /// A published proof or a receipt, checked without a server.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// The fingerprint of the festival's key, as its programme page shows it.
    #[arg(long, value_name = "FINGERPRINT", requires = "bundle")]
    key: Option<String>,
    /// Writes what was found as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Verifies; 0 if everything holds.
///
/// # Errors
/// If nothing can be read.
pub fn run(args: &Verify) -> Result<ExitCode, String> {
    node::hashing_holds()?;
    let data = args.data.clone().unwrap_or_else(|| PathBuf::from("./fanfare-data"));
    let (database, journal) = (args.database.clone(), args.journal.clone());
    let place = Where { data: data.clone(), database, journal };
    let (holds, words, json) = match &args.bundle {
        Some(file) => bundle(args, file)?,
        None if args.moved_from.is_empty() => folder(&place)?,
        None => elsewhere(&place, &args.moved_from)?,
    };
    print!("{words}");
    if let Some(path) = &args.json {
        let text = format!("{json:#}\n");
        std::fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn folder(place: &Where) -> Result<(bool, String, Value), String> {
    let tables = cold::look(place)?;
    let folder = place.look()?;
    reported(|show| verify::folder_beside(&folder, tables.as_ref(), show))
}

/// A journal the folder's festival moved away from.
fn elsewhere(place: &Where, names: &[String]) -> Result<(bool, String, Value), String> {
    let folder = place.look()?;
    let journals = match names {
        [file] if file != "sqlite" && !file.contains("://") => {
            Ok(Database::File(place.data.join(file)).into())
        }
        names => folder.journals_named(names),
    };
    let journals = journals.map_err(|why| why.to_string())?;
    reported(|show| verify::elsewhere(&folder, &journals, show))
}

fn reported(
    read: impl FnOnce(&mut dyn FnMut(&Progress<'_>)) -> Result<Report, VerifyError>,
) -> Result<(bool, String, Value), String> {
    let mut shown = Shown::start();
    let report = read(&mut |progress| {
        let Progress { drop, rows, rows_of, facts } = progress;
        shown.say(&format!("{drop}, {facts} facts so far, row"), *rows, *rows_of);
    });
    let report = report.map_err(|why| why.to_string())?;
    shown.end();
    Ok((report.holds(), verify::table(&report), verify::report_json(&report)))
}

fn bundle(args: &Verify, file: &Path) -> Result<(bool, String, Value), String> {
    let key = match &args.key {
        None => None,
        Some(text) => Some(hex::from_hex::<32>(text).ok_or_else(|| {
            format!("--key {text}: a fingerprint is 64 hex digits, as the programme page shows it")
        })?),
    };
    let unread = |why: std::io::Error| format!("{}: {why}", file.display());
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(unread)?;
    opened.take(BUNDLE_READ_MAX).read_to_end(&mut bytes).map_err(unread)?;
    let found = verify::bundle(&bytes, key.as_ref(), args.data.as_deref());
    let found = found.map_err(|why| why.to_string())?;
    Ok((found.holds(), found.table(), verify::bundle_json(&found)))
}
