//! The witness outside the journal, and what it says to it.

use super::{Arc, Face, World, id};
use crate::restore::{Older, went_back};

/// How often the witness is written.
const EVERY_MS: i64 = 1_000;

/// The file outside the journal: each lane's newest published row, unsynced, and the one before.
#[derive(Default)]
pub(super) struct Witness {
    pub(super) newest: Option<Arc<Face>>,
    pub(super) before: Option<Arc<Face>>,
    written_mono_ms: i64,
}

impl World {
    /// Once a second, and when a lane stops, the witness is written.
    pub(super) fn testify(&mut self, lane: usize, at_once: bool) {
        let (witness, face) = (&mut self.witness[lane], &self.slots[lane].face);
        let due = at_once || self.mono_ms - witness.written_mono_ms >= EVERY_MS;
        let newer = |face: &&Arc<Face>| witness.newest.as_ref().is_none_or(|w| w.seq < face.seq);
        if due && let Some(face) = face.as_ref().filter(newer) {
            witness.before = witness.newest.replace(face.clone());
            witness.written_mono_ms = self.mono_ms;
        }
    }

    /// Power is gone: the newest witness may be found empty, the one before is not.
    pub(super) fn go_dark(&mut self) {
        for witness in &mut self.witness {
            if self.rng.one_in(2) && witness.before.is_some() {
                witness.newest.clone_from(&witness.before);
            }
        }
    }

    /// What the witness says to the lane's journal.
    pub(super) fn testimony(&self, lane: usize) -> Option<Older> {
        let newest = self.store.rows(id(lane)).last().or(self.store.debris(id(lane)).last());
        let newest_seq = newest.map_or(0, |sealed| sealed.row.header.seq);
        let head = self.witness[lane].newest.as_ref()?;
        went_back(head, self.store.rows(id(lane)), newest_seq)
    }
}
