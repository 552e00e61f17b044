//! `fanfare move`: the journal, and the tables if wished, to PostgreSQL or back.

use super::Where;
use super::backup::say_sums;
use super::shown::Shown;
use crate::kit::clock::Clock;
use crate::kit::data::DataFolder;
use crate::kit::database::{Database, LIKE};
use crate::transfer::{self, Shift};
use clap::Args;
use std::process::ExitCode;

/// What `move` takes.
#[derive(Args, Debug)]
pub struct Move {
    /// Where the journal is now: `sqlite` for the file in the data folder, or postgres://…; may be
    /// repeated where there are several.
    #[arg(long, value_name = "PLACE")]
    from: Vec<String>,
    /// Where the journal goes, likewise; several share the drops.
    #[arg(long, value_name = "PLACE", required_unless_present = "tables_to")]
    to: Vec<String>,
    /// Where the tables go, likewise; default: they stay where --database says they are.
    #[arg(long, value_name = "PLACE")]
    tables_to: Option<String>,
    #[command(flatten)]
    place: Where,
}

/// Moves, and says what is at the new place.
///
/// # Errors
/// Why nothing was moved, or what is left to do.
pub fn run(args: &Move) -> Result<ExitCode, String> {
    let places = [("--from", &args.from), ("--to", &args.to)];
    for (flag, names) in places {
        names.iter().try_for_each(|name| is_place(flag, name))?;
    }
    args.tables_to.iter().try_for_each(|name| is_place("--tables-to", name))?;
    // Not the way `serve` opens it: a move that broke off is to be gone on with, not forgotten.
    let looked = args.place.look()?;
    let words = |why: crate::kit::data::DataError| why.to_string();
    let (festival, rehearsal) = (looked.festival().to_owned(), looked.rehearsal());
    let mut folder = DataFolder::serve(&args.place.data, &festival, rehearsal).map_err(words)?;
    folder.speak_as(&args.place.journal).map_err(words)?;
    let named = |names: &[String]| {
        let some = (!names.is_empty()).then(|| folder.journals_named(names));
        some.transpose().map_err(words)
    };
    let (from, to) = (named(&args.from)?, named(&args.to)?);
    if let Some(said) = transfer::finish(&mut folder)? {
        println!("{said}");
        let there = to.as_ref().is_none_or(|to| to.are(&folder.journals()));
        if there && args.tables_to.is_none() {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let is = folder.journals();
    // Done again after it was complete, there is nothing to be done.
    let there = to.as_ref().is_some_and(|to| to.are(&is));
    if let Some(from) = from.filter(|from| !there && !from.are(&is)) {
        return Err(format!("the journal is at {}, not at {}", is.shown(), from.shown()));
    }
    let to = to.filter(|to| !to.are(&is));
    if to.is_none() && args.tables_to.is_none() {
        println!("the journal is at {} already", is.shown());
        return Ok(ExitCode::SUCCESS);
    }
    let tables = args.place.tables(&folder);
    let tables_to = args.tables_to.as_ref().map(|name| folder.tables_named(name));
    let mut shown = Shown::start();
    let mut show = |what: &str, done, of| shown.say(what, done, of);
    let order = Shift {
        to: to.clone(),
        tables: tables_to.clone().map(|place| (tables, place)),
        now_ms: Clock::machine().now_ms(),
        show: &mut show,
    };
    let moved = transfer::shift(&mut folder, order);
    shown.end();
    say_sums(&moved?);
    if let Some(to) = to {
        println!("holds: the journal is at {}; {} has ended", to.shown(), is.shown());
    }
    if let Some(place) = tables_to {
        say_tables(&place);
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses what names neither the folder's file nor a database.
fn is_place(flag: &str, name: &str) -> Result<(), String> {
    if name == "sqlite" || ["postgres://", "postgresql://"].iter().any(|is| name.starts_with(is)) {
        return Ok(());
    }
    let shown = Database::Url(name.to_owned()).shown();
    Err(format!(
        "{flag}: `{}` is no place: write `sqlite`, which is the file in the data folder, or a \
         database's URL; {LIKE}",
        if name.contains("://") { shown.as_str() } else { name }
    ))
}

fn say_tables(place: &Database) {
    match place {
        Database::File(_) => println!("the tables are in the data folder: leave --database out"),
        Database::Url(_) => {
            println!("the tables are at {}: name that with --database", place.shown());
        }
    }
}
