//! The journals as a start opens them, and which drop has which lane, and where: as the first says,
//! the register; or, at a start and while it is silent, as the other journals and the witness say
//! alike. Whatever these two do not both know waits for the register
//! (docs/decisions/0036-a-start-without-the-first-journal.md).

use super::directory::{Directory, Until};
use super::found::{Found, FoundAt, known_otherwise};
use super::spec::DropSpec;
use crate::kit::data::DataFolder;
use crate::kit::heads::{self, Head, Heads};
use crate::kit::journal::{JournalError, JournalReader, JournalWriter, LaneRecord, not_moved};
use crate::kit::keys::Keys;
use fanfare_lane::{LaneId, PublicKey};
use std::collections::{BTreeMap, BTreeSet};

/// Of a lane that only the register can place; why that is not heard stands beside it.
const WAITS: &str =
    "its journal or the first is silent; it opens when that answers, and other lanes are open";

/// Of a drop whose lane the register alone knows, or gives.
pub const PLACES: &str = "only the first journal says which lane it has, or gives it one, and that \
                          is silent; it opens when that answers";

/// Why nothing goes without the first of several journals here.
const ANSWERS_ONCE: &str = "it is the first of several journals and says where each drop is: \
    `fanfare serve` does without it only in a folder that was served with it before";

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

/// Reads a folder's journals, if there are any yet. Where a start can do without the first one and
/// that is silent, the others; then why it is.
///
/// # Errors
/// If they cannot be read.
pub fn read(folder: &DataFolder) -> Result<(Option<JournalReader>, Option<String>), String> {
    let journals = folder.journals();
    match JournalReader::find(&journals) {
        Err(JournalError::Silent(why)) if folder.spares_first() => {
            Ok((Some(JournalReader::known(&journals)?), Some(why)))
        }
        Err(JournalError::Silent(why)) if journals.count() > 1 => {
            Err(format!("{why}; {ANSWERS_ONCE}"))
        }
        found => Ok((found?, None)),
    }
}

/// The journals of a folder, opened to be served from.
pub struct Opened {
    /// A writer for each, in their order.
    pub writers: Vec<JournalWriter>,
    /// Reads them.
    pub reader: JournalReader,
    /// The keys they go on with.
    pub keys: Keys,
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
        witnessed: &Heads,
        silent: Option<String>,
    ) -> Result<Self, String> {
        let journals = folder.journals();
        let writers = if folder.spares_first() {
            JournalWriter::each_known(&journals)
        } else {
            JournalWriter::each(&journals)
        };
        let mut writers = writers?;
        let (mut reader, mut silent) = match silent {
            Some(why) => (JournalReader::known(&journals)?, Some(why)),
            None => {
                let (found, silent) = read(folder)?;
                (found.map_or_else(|| JournalReader::open(&journals), Ok)?, silent)
            }
        };
        // Before anything is listed or made: a key from elsewhere is not to become theirs.
        let keys = not_moved(&reader)
            .and_then(|()| Keys::of(folder.path(), &reader, !witnessed.is_empty()))
            .or_else(|why| {
                // The journal is this folder's all the same: whoever looks after it finds it. One
                // that is named behind those it has is not, before it is found fit.
                if !folder.keeps_journal(0) {
                    folder.keep_journals().map_err(|why| why.to_string())?;
                }
                Err(why)
            })?;
        warn_of_no_witness(folder, &reader)?;
        if let Some(why) = list_key(folder, &mut writers, &keys.public(), silent.is_some())? {
            (reader, silent) = (JournalReader::known(&journals)?, Some(why));
        }
        folder.keep_journals().map_err(|why| why.to_string())?;
        Ok(Self { writers, reader, keys, silent })
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

/// Lists the key rows are signed with; says why the first journal is silent, if it is found to be
/// so. Nothing is asked of one that was: it is believed later.
fn list_key(
    folder: &DataFolder,
    writers: &mut [JournalWriter],
    key: &PublicKey,
    first_silent: bool,
) -> Result<Option<String>, JournalError> {
    let mut first = None;
    for (place, writer) in writers.iter_mut().enumerate().skip(first_silent.into()) {
        let spared = folder.keeps_journal(place) && (place > 0 || folder.spares_first());
        match writer.list_key(key) {
            Err(JournalError::Silent(why)) if spared => {
                tracing::error!(journal = place + 1, why, "A JOURNAL IS SILENT");
                first = first.or((place == 0).then_some(why));
            }
            listed => listed?,
        }
    }
    Ok(first)
}

/// Refuses to found a journal for a festival that has one: a folder that never had a journal beside
/// tables that have, where the databases named do not know the lanes the tables do.
///
/// # Errors
/// That its journal is elsewhere; or that those named cannot be read.
pub fn not_elsewhere(folder: &DataFolder, tables: &Heads) -> Result<(), String> {
    let journals = folder.journals();
    // One in a file is in the folder, or the tables are known to be another folder's.
    if tables.is_empty() || journals.in_file() || folder.keeps_journal(0) {
        return Ok(());
    }
    let reader = JournalReader::find(&journals)?;
    let known = reader.map(|reader| reader.registered()).transpose()?.unwrap_or_default();
    let missing = tables.iter().find(|(lane, _)| known.iter().all(|known| known.lane != **lane));
    let Some((lane, Head { drop, .. })) = missing else { return Ok(()) };
    Err(format!(
        "the tables know lane {lane} (drop {drop}), and the journal at {} does not: this \
         festival's journal is elsewhere. Name it as the festival's other folders do: --journal \
         URL for each of its databases, in the same order",
        journals.shown()
    ))
}

/// Nobody can know of rows that were lost before a witness began to look.
fn warn_of_no_witness(folder: &DataFolder, reader: &JournalReader) -> Result<(), JournalError> {
    let knew_it = folder.journals().in_file() || folder.keeps_journal(0);
    if !knew_it || heads::exist(&folder.heads()) {
        return Ok(());
    }
    let lanes = if reader.without_first() { reader.answering() } else { reader.registered() };
    if lanes?.iter().any(|record| record.newest_seq > 0) {
        tracing::warn!(
            "THE WITNESS IS MISSING: the file `heads` is written anew from what the journal and \
             the tables have; rows that both lost before this start are not noticed"
        );
    }
    Ok(())
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
        let lane = heads.iter().find(|(_, head)| head.drop == spec.id).map(|(lane, _)| *lane);
        let why = if lane.is_some() { WAITS } else { PLACES };
        waiting.insert(at, Found::shut(lane, spec, why.to_owned(), Until::Answered));
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
