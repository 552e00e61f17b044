//! Which drop has which lane, and where: as the first journal says, the register; or, at a start
//! and while it is silent, as the other journals and the witness say alike. Whatever these two do
//! not both know waits for the register (docs/decisions/0036-a-start-without-the-first-journal.md).

use super::directory::Directory;
use super::found::{Found, FoundAt, known_otherwise};
use super::spec::DropSpec;
use crate::kit::data::DataFolder;
use crate::kit::heads::Heads;
use crate::kit::journal::{
    JournalError, JournalReader, JournalWriter, LaneRecord, none_moved, not_moved,
};
use fanfare_lane::{LaneId, PublicKey};
use std::collections::{BTreeMap, BTreeSet};

/// Of a lane that only the register can place; why that is not heard stands beside it.
const WAITS: &str =
    "its journal or the first is silent; it opens when that answers, and other lanes are open";

/// A drop, the lane it has, and where it stands among those it is opened with.
#[derive(Clone)]
pub struct Seat {
    /// Where it stands.
    pub at: usize,
    /// Its lane.
    pub lane: LaneId,
    /// The drop.
    pub spec: DropSpec,
}

/// Drops by the home of their lanes.
pub type Seats = BTreeMap<usize, Vec<Seat>>;

/// The journals of a folder, opened to be served from.
pub struct Opened {
    /// A writer for each, in their order.
    pub writers: Vec<JournalWriter>,
    /// Reads them.
    pub reader: JournalReader,
    /// Why the first is done without, if it is.
    pub silent: Option<String>,
}

impl Opened {
    /// Opens journals that were not moved away: lists the key they are signed with, and keeps where
    /// they are. One that was in use before may be silent now, but not all; one that is new must
    /// show that it is fit. `silent` says why the first was found to be so already, if it was.
    ///
    /// # Errors
    /// Why nothing can be served from them.
    pub fn open(
        folder: &mut DataFolder,
        key: &PublicKey,
        silent: Option<String>,
    ) -> Result<Self, String> {
        let words = |why: JournalError| why.to_string();
        let (writers, now_silent) = write_to(folder, key)?;
        let (silent, journals) = (now_silent.or(silent), folder.journals());
        let reader = if silent.is_none() {
            let reader = JournalReader::open(&journals).map_err(words)?;
            not_moved(&reader)?;
            reader
        } else {
            let reader = JournalReader::known(&journals).map_err(words)?;
            none_moved(&reader)?;
            reader
        };
        Ok(Self { writers, reader, silent })
    }

    /// Seats drops, and finds what waits for the register.
    ///
    /// # Errors
    /// If the register cannot be written, or a journal is not fit.
    pub fn seat(
        &mut self,
        specs: Vec<DropSpec>,
        heads: &Heads,
    ) -> Result<(Seats, FoundAt), String> {
        let seated = if self.silent.is_some() {
            seats_apart(&self.reader, specs, heads)
        } else {
            let seats = seats(&mut self.writers[0], &self.reader, specs, heads);
            seats.map(|seats| (seats, FoundAt::new()))
        };
        seated.map_err(|why| why.to_string())
    }
}

/// Writers for the journals, and why the first is silent, if it is.
fn write_to(
    folder: &mut DataFolder,
    key: &PublicKey,
) -> Result<(Vec<JournalWriter>, Option<String>), String> {
    let journals = folder.journals();
    let writers = if folder.spares_first() {
        JournalWriter::each_known(&journals)
    } else {
        JournalWriter::each(&journals)
    };
    let mut writers = writers.map_err(|why| why.to_string())?;
    let mut silent = BTreeMap::new();
    for (place, writer) in writers.iter_mut().enumerate() {
        let spared = folder.keeps_journal(place) && (place > 0 || folder.spares_first());
        match writer.list_key(key) {
            Err(JournalError::Silent(why)) if spared => {
                tracing::error!(journal = place + 1, why, "A JOURNAL IS SILENT");
                silent.insert(place, why);
            }
            listed => listed.map_err(|why| why.to_string())?,
        }
    }
    let all = silent.len() == writers.len();
    let first = silent.remove(&0);
    if let Some(why) = first.as_ref().filter(|_| all) {
        return Err(format!("no journal answers: {why}"));
    }
    folder.keep_journals().map_err(|why| why.to_string())?;
    Ok((writers, first))
}

/// Gives drops, new and old together, their lanes: by the home of these. Lanes a witness or another
/// journal knows are no new drop's, though the register may have forgotten them.
///
/// # Errors
/// If the register cannot be written.
pub fn seats(
    register: &mut JournalWriter,
    reader: &JournalReader,
    specs: Vec<DropSpec>,
    heads: &Heads,
) -> Result<Seats, JournalError> {
    let known: BTreeSet<LaneId> = reader.registered()?.iter().map(|record| record.lane).collect();
    for (&lane, head) in heads.iter().filter(|(lane, _)| !known.contains(lane)) {
        register.keep_lane(lane, &head.drop, reader.home(lane)?)?;
    }
    for LaneRecord { lane, drop, home, .. } in with_rows(reader) {
        if !known.contains(&lane) && !heads.contains_key(&lane) {
            register.keep_lane(lane, &drop, home)?;
        }
    }
    let mut seats = Seats::new();
    for (at, spec) in specs.into_iter().enumerate() {
        let (lane, home) = register.lane_of(&spec.id)?;
        seats.entry(home).or_default().push(Seat { at, lane, spec });
    }
    Ok(seats)
}

/// The lanes that have rows in the journals behind the first, as those that answer list them.
fn with_rows(reader: &JournalReader) -> Vec<LaneRecord> {
    let mut lanes = Vec::new();
    for place in 1..reader.count() {
        match reader.lanes_of(place) {
            // Silent, or not fit: its own lanes are shut for that.
            Err(_) => {}
            Ok(listed) => lanes.extend(listed.into_iter().filter(|record| record.newest_seq > 0)),
        }
    }
    lanes
}

/// The same while the register is silent, and what waits for it. A lane is seated where its home
/// has rows of it and the witness knows it as that drop's; nothing is given and nothing written.
///
/// # Errors
/// If a journal answers and is not fit.
pub fn seats_apart(
    reader: &JournalReader,
    specs: Vec<DropSpec>,
    heads: &Heads,
) -> Result<(Seats, FoundAt), JournalError> {
    let (mut seats, mut waiting) = (Seats::new(), FoundAt::new());
    let mut there = reader.answering()?;
    there.retain(|LaneRecord { lane, drop, home, newest_seq }| {
        let witnessed = heads.get(lane).is_some_and(|head| head.drop == *drop);
        *home > 0 && *newest_seq > 0 && witnessed
    });
    for (at, spec) in specs.into_iter().enumerate() {
        if let Some(record) = there.iter().find(|record| record.drop == spec.id) {
            let seat = Seat { at, lane: record.lane, spec };
            seats.entry(record.home).or_default().push(seat);
            continue;
        }
        let known = heads.iter().find(|(_, head)| head.drop == spec.id);
        let found = match known {
            Some((lane, _)) => Found::Silent(*lane, Box::new(spec), WAITS.to_owned()),
            None => Found::Unplaced(Box::new(spec)),
        };
        waiting.insert(at, found);
    }
    Ok((seats, waiting))
}

/// The lanes of these seats, by home.
pub fn lanes_of(seats: &Seats) -> BTreeMap<usize, Vec<LaneId>> {
    let lanes = |seats: &Vec<Seat>| seats.iter().map(|seat| seat.lane).collect();
    seats.iter().map(|(home, seats)| (*home, lanes(seats))).collect()
}

/// Holds a register that answers again against what is served and what the witness knows. One that
/// came back older lacks lanes, which is mended; one that calls a lane or a drop otherwise is
/// another history.
///
/// # Errors
/// Why it is not believed, in words; or that it cannot be read.
pub fn agrees(reader: &JournalReader, directory: &Directory, heads: &Heads) -> Result<(), String> {
    let listed = reader.registered().map_err(|why| why.to_string())?;
    let served = directory.drops.iter().map(|drop| (drop.lane, &drop.spec.id, Some(drop.home)));
    let witnessed = heads.iter().map(|(lane, head)| (*lane, &head.drop, None));
    for (lane, drop, home) in served.chain(witnessed) {
        let told = listed.iter().filter(|record| record.lane == lane || record.drop == *drop);
        for record in told {
            let same = record.lane == lane && record.drop == *drop;
            if !same || home.is_some_and(|home| home != record.home) {
                return Err(known_otherwise(0, lane, drop));
            }
        }
    }
    Ok(())
}
