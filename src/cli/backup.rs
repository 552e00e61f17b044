//! `fanfare backup`: the data folder copied while it is served, into one that verifies by itself.

use super::Where;
use super::shown::Shown;
use crate::kit::clock::Clock;
use crate::transfer::{self, Order, Sum};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `backup` takes.
#[derive(Args, Debug)]
pub struct Backup {
    /// The festival's file, to lie with the backup as festival.toml.
    festival: Option<PathBuf>,
    /// The backup's folder: a new one, or an empty one.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    place: Where,
}

/// Makes a backup and says what is in it.
///
/// # Errors
/// Why there is none.
pub fn run(args: &Backup) -> Result<ExitCode, String> {
    let folder = args.place.look()?;
    let tables = args.place.tables(&folder);
    let (festival, now_ms) = (args.festival.as_deref(), Clock::machine().now_ms());
    let order = Order { folder: &folder, tables: &tables, festival, to: &args.to, now_ms };
    for left in transfer::clear_left(folder.festival(), &args.to)? {
        println!("removed {}, left of a backup that broke off", left.display());
    }
    let mut shown = Shown::start();
    let made = transfer::backup(&order, &mut |what, done, of| shown.say(what, done, of));
    shown.end();
    say_sums(&made?);
    println!("holds: {} bytes in {}", bytes_of(&args.to), args.to.display());
    Ok(ExitCode::SUCCESS)
}

/// A line a lane.
pub(super) fn say_sums(sums: &[Sum]) {
    sums.iter().for_each(|sum| println!("{sum}"));
}

fn bytes_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}
