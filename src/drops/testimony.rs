//! What is known of each lane beside its journal: this folder's witness, and the tables.

use super::restore;
use crate::kit::data::DataFolder;
use crate::kit::heads::{self, Head, Heads};
use crate::kit::journal::{JournalError, JournalReader};
use fanfare_lane::LaneId;
use std::collections::BTreeMap;

/// What both say of each lane.
pub struct Testimony {
    /// What this folder saw itself.
    witness: Heads,
    /// Of each lane the newer of the two.
    newest: Heads,
}

impl Testimony {
    /// What the witness says now, beside what the tables said.
    ///
    /// # Errors
    /// If the witness cannot be read.
    pub fn read(folder: &DataFolder, tables: Heads) -> Result<Self, String> {
        let witness = heads::read(&folder.heads()).map_err(|why| why.to_string())?;
        Ok(Self::of(witness, tables))
    }

    /// What witness and tables say.
    pub fn of(witness: Heads, tables: Heads) -> Self {
        Self { newest: heads::newest(witness.clone(), tables), witness }
    }

    /// Of each lane the newer of the two.
    pub fn newest(&self) -> &Heads {
        &self.newest
    }

    /// The same, held against the journals these lanes have their homes in. Tables that several
    /// nodes share are of the history that somebody went on with: where the row this folder saw is
    /// another one there, what it saw itself counts, however much newer they are.
    pub fn against(
        mut self,
        reader: &JournalReader,
        lanes: &BTreeMap<usize, Vec<LaneId>>,
    ) -> Heads {
        for (home, lanes) in lanes {
            for lane in lanes {
                let newer = |own: &&Head| self.newest.get(lane).is_some_and(|n| n.seq > own.seq);
                let Some(own) = self.witness.get(lane).filter(newer) else { continue };
                reader.knows(*lane, *home);
                match contradicted(reader, *lane, own) {
                    Ok(true) => drop(self.newest.insert(*lane, own.clone())),
                    // Its lanes are shut until it answers, and are held against it then.
                    Err(JournalError::Silent(_)) => break,
                    // What is damaged is named by who opens the lane.
                    Ok(false) | Err(_) => {}
                }
            }
        }
        self.newest
    }
}

/// Whether a row that was seen is another one now, and no operator gave it up.
///
/// # Errors
/// If the journal cannot be read.
fn contradicted(reader: &JournalReader, lane: LaneId, head: &Head) -> Result<bool, JournalError> {
    let row = reader.raw_rows(lane, head.seq, 1)?.pop();
    let another = row.is_some_and(|row| row.hash != head.hash);
    Ok(another && restore::accepted(reader, lane, head)?.is_none())
}
