//! `fanfare verify`: reads every journal from its first row, or checks one proof or receipt.

use super::{Where, cold};
use crate::kit::clock::Stopwatch;
use crate::kit::data::DataFolder;
use crate::kit::hex;
use crate::verify::{self, Progress};
use clap::Args;
use serde_json::Value;
use std::fs::File;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A little more than a bundle may have: the rest of a larger file is not read.
const BUNDLE_READ_MAX: u64 = (1 << 20) + 1;

/// Progress is shown only where it takes longer than this.
const SHOW_AFTER_US: u64 = 2_000_000;

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
    let data = args.data.clone().unwrap_or_else(|| PathBuf::from("./fanfare-data"));
    let (database, journal) = (args.database.clone(), args.journal.clone());
    let place = Where { data: data.clone(), database, journal };
    if let Ok(folder) = DataFolder::look(&data) {
        folder.agrees(&place.journal).map_err(|why| why.to_string())?;
    }
    let (holds, words, json) = match &args.bundle {
        Some(file) => bundle(args, file)?,
        None => folder(&place)?,
    };
    print!("{words}");
    if let Some(path) = &args.json {
        let text = format!("{json:#}\n");
        std::fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn folder(place: &Where) -> Result<(bool, String, Value), String> {
    let watch = Stopwatch::start();
    let mut shown_us = 0;
    let mut show = |progress: &Progress<'_>| {
        let now_us = watch.passed_us();
        let every_us = if std::io::stderr().is_terminal() { 250_000 } else { SHOW_AFTER_US };
        if now_us >= SHOW_AFTER_US && now_us - shown_us >= every_us {
            shown_us = now_us;
            say(progress);
        }
    };
    let tables = cold::look(place)?;
    let report = verify::folder_beside(&place.data, tables.as_ref(), &mut show)
        .map_err(|why| why.to_string())?;
    if shown_us > 0 && std::io::stderr().is_terminal() {
        eprintln!();
    }
    Ok((report.holds(), verify::table(&report), verify::report_json(&report)))
}

fn say(progress: &Progress<'_>) {
    let Progress { drop, rows, rows_of, facts } = progress;
    let mut err = std::io::stderr().lock();
    let line = format!("{drop}: row {rows} of {rows_of}, {facts} facts so far");
    let _ = if err.is_terminal() { write!(err, "\r{line:<78}") } else { writeln!(err, "{line}") };
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
