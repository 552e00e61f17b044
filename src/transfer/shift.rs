//! A journal moved to another place, and its tables if wished.
//!
//! The order is what makes it safe to be killed anywhere. First the folder notes where the journal
//! goes. Then the copy is made and verified, and until then the old place is the one that counts.
//! Then every lane of the old journal gets its last row, `moved`, all in one commit: from that
//! moment nothing is written there any more, and the new place is whole. Last the folder is
//! pointed there; where that did not come to pass, the next start does it ([`settle`]).
//!
//! Several journals end one after the other, a commit each. With the first of these the move is
//! decided: it speaks for all, nobody begins to serve any of them, and what is left to be ended
//! is ended before anything is served from the new place.

use super::ending::end;
use super::room::{make_room, make_table_room};
use super::{Show, Sum, rows, sums, tables};
use crate::drops::cold::{Whose, check_owner, give_up, went_to};
use crate::drops::wake::festival_number;
use crate::kit::clock::Clock;
use crate::kit::data::DataFolder;
use crate::kit::database::Database;
use crate::kit::db::{Cold, MIGRATIONS};
use crate::kit::journal::{
    JournalError, JournalReader, JournalWriter, Journals, Leases, NodeRow, moved,
};
use crate::verify;
use std::thread;
use std::time::Duration;

/// What is moved, and where to.
pub struct Shift<'a> {
    /// Where the journals go; none if they stay.
    pub to: Option<Journals>,
    /// Where the tables are, and where they go; none if they stay.
    pub tables: Option<(Database, Database)>,
    /// The moment, ms since 1970.
    pub now_ms: i64,
    /// Shows how far it has come.
    pub show: Show<'a>,
}

/// Where a move broke off: finishes it if the old journal has ended, else forgets it, so that the
/// folder is served from the one place that counts. Gives what was done, in words.
///
/// # Errors
/// If the journal cannot be read or the folder not written.
pub fn settle(folder: &mut DataFolder) -> Result<Option<String>, String> {
    if let Some(said) = finish(folder)? {
        return Ok(Some(said));
    }
    let Some(to) = folder.moving().map_err(|why| why.to_string())? else { return Ok(None) };
    folder.end_moving().map_err(|why| why.to_string())?;
    let (to, from) = (to.shown(), folder.journals().shown());
    Ok(Some(format!("a move to {to} broke off: the journal goes on at {from}")))
}

/// Finishes a move of which only the end is missing: the old journal has ended, or the folder
/// names the new place already. Gives what was done, in words.
///
/// # Errors
/// If the journal cannot be read or the folder not written.
pub fn finish(folder: &mut DataFolder) -> Result<Option<String>, String> {
    let Some(to) = folder.moving().map_err(|why| why.to_string())? else { return Ok(None) };
    let from = folder.journals();
    if !from.are(&to) {
        let reader = JournalReader::find(&from).map_err(|why| why.to_string())?;
        let Some(reader) = reader else { return Ok(None) };
        // One that does not answer may be the one that has ended.
        reader.lanes().map_err(|why| why.to_string())?;
        if moved(&reader).map_err(|why| why.to_string())?.is_none() {
            return Ok(None);
        }
        let has = JournalReader::open(&to).map_err(|why| why.to_string())?;
        end(folder, (&reader, &has), (&from, &to), Clock::machine().now_ms())?;
        folder.point_to(&to).map_err(|why| why.to_string())?;
    }
    folder.end_moving().map_err(|why| why.to_string())?;
    Ok(Some(format!("the journal was moved to {}: it goes on there", to.shown())))
}

/// Moves. Gives what the journal holds at its new place; nothing if it stays.
///
/// # Errors
/// Why it is not moved. The folder then names the place that counts, or will at the next start.
pub fn shift(folder: &mut DataFolder, mut order: Shift<'_>) -> Result<Vec<Sum>, String> {
    if let Some((from, to)) = order.tables.take() {
        move_tables(folder, (&from, &to), &mut order)?;
    }
    let Some(to) = order.to.take() else { return Ok(Vec::new()) };
    let from = folder.journals();
    if from.are(&to) {
        return Ok(Vec::new());
    }
    if let Some(place) = from.shared(&to) {
        let place = place.shown();
        return Err(format!("{place} is one of the journals now: move to places that are none"));
    }
    let reader = JournalReader::open(&from).map_err(|why| why.to_string())?;
    // What a killed one before had ended already is only pointed to.
    if moved(&reader).map_err(|why| why.to_string())?.is_some() {
        return Err(format!("{} was moved away before", from.shown()));
    }
    let lanes = reader.lanes().map_err(|why| why.to_string())?;
    if lanes.iter().all(|record| record.newest_seq == 0) {
        return Err("the journal is empty: there is nothing to move".to_owned());
    }
    alone(folder, &from)?;
    if let Some(Database::File(path)) = to.databases().next() {
        make_room(folder, &path)?;
    }
    folder.begin_moving(&to).map_err(|why| why.to_string())?;
    let mut writers = JournalWriter::each(&to).map_err(|why| why.to_string())?;
    let has = JournalReader::open(&to).map_err(|why| why.to_string())?;
    rows::copy(&reader, (&mut writers, &has), &mut *order.show)?;
    let number = festival_number(folder.festival());
    let (was, is) =
        (sums(&reader, number, &mut *order.show)?, sums(&has, number, &mut *order.show)?);
    if was != is {
        return Err(format!("the copy at {} is not the journal: nothing was moved", to.shown()));
    }
    verified(folder, &to, &mut *order.show)?;
    drop(writers);
    end(folder, (&reader, &has), (&from, &to), order.now_ms)?;
    folder.point_to(&to).map_err(|why| why.to_string())?;
    folder.end_moving().map_err(|why| why.to_string())?;
    Ok(is)
}

/// How long a node that serves cannot be without a beat: each renews several times a second, and
/// one that was silent for so long has lost its leases.
const BEATS_WITHIN: Duration = Duration::from_secs(4);

/// Refuses while another node of the festival serves from these journals.
fn alone(folder: &DataFolder, from: &Journals) -> Result<(), String> {
    let words = |why: JournalError| why.to_string();
    let leases = Leases::each(from).map_err(words)?;
    if leases.is_empty() {
        return Ok(());
    }
    let own = folder.node().map_err(|why| why.to_string())?;
    let look = || {
        let others = leases.iter().map(|at| at.nodes().map_err(words));
        let all: Result<Vec<_>, String> = others.collect();
        let mut all: Vec<_> = all?.into_iter().flatten().collect();
        all.retain(|other| other.node != own);
        Ok::<_, String>(all)
    };
    let before = look()?;
    if before.is_empty() {
        return Ok(());
    }
    thread::sleep(BEATS_WITHIN);
    let beats = |now: &NodeRow| {
        !before
            .iter()
            .any(|then| (then.node, then.process, then.beat) == (now.node, now.process, now.beat))
    };
    look()?.into_iter().find(beats).map_or(Ok(()), |node| {
        let at = node.address.map_or_else(String::new, |address| format!(" at {address}"));
        Err(format!("another node{at} serves this festival: stop all of them first"))
    })
}

fn verified(folder: &DataFolder, to: &Journals, show: Show<'_>) -> Result<(), String> {
    let mut read = |progress: &verify::Progress<'_>| {
        show(progress.drop, progress.rows, progress.rows_of);
    };
    let report = verify::elsewhere(folder, to, &mut read).map_err(|why| why.to_string())?;
    let broken = report.broken.first();
    broken.map_or(Ok(()), |broken| Err(format!("the copy does not verify: {broken}")))
}

/// Copies the tables, and writes into the old ones where they went.
fn move_tables(
    folder: &DataFolder,
    (from, to): (&Database, &Database),
    order: &mut Shift<'_>,
) -> Result<(), String> {
    if from == to {
        return Ok(());
    }
    if let Database::File(path) = from
        && !path.exists()
    {
        return Err(format!("{}: there are no tables to move", path.display()));
    }
    let open = |place| Cold::open(place, MIGRATIONS, order.now_ms).map_err(|why| why.to_string());
    let old = open(from)?;
    let db = old.db();
    let went = old.wait(async move { went_to(&db).await }).map_err(|why| why.to_string())?;
    if went == Some(to.shown()) {
        return Ok(());
    }
    if let Database::File(path) = to {
        make_table_room(folder, path)?;
    }
    let new = open(to)?;
    let (db, whose) = (old.db(), Whose::of(folder));
    old.wait(async move { check_owner(&db, &whose).await }).map_err(|why| why.to_string())?;
    if !tables::empty(&new)? {
        return Err(format!("the tables at {} are not empty: empty them first", to.shown()));
    }
    tables::copy(&old, &new, &mut *order.show)?;
    let (db, place) = (old.db(), to.shown());
    old.wait(async move { give_up(&db, &place).await }).map_err(|why| why.to_string())
}
