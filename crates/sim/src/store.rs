//! The simulated journal: keeps to the same few sentences as every store, and fails on command.

use crate::rng::Rng;
use fanfare_lane::{Hash, LaneId, Placed, Sealed, Store, StoreError};

/// How the next append goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppendFault {
    NotDone,
    Done,
    Late,
    Never,
}

/// How the next read goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadFault {
    Misses,
    Fails,
}

/// What a row is held against before it goes in; less than the whole only in control experiments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fence {
    /// The row before it, by number and hash.
    Whole,
    /// Its number.
    Number,
    /// Nothing.
    Off,
}

/// The store, and what it did that it should not have.
pub(crate) struct SimStore {
    rows: Vec<Vec<Sealed>>,
    /// The newest number reported durable, by lane.
    told: Vec<u32>,
    /// Rows forgotten, oldest first, by lane.
    attic: Vec<Vec<Sealed>>,
    /// Commits still under way that nobody waits for any more.
    late: Vec<Vec<Sealed>>,
    fence: Fence,
    pub(crate) next_append: Option<AppendFault>,
    pub(crate) next_read: Option<ReadFault>,
    /// Whether the last read did not show the newest row.
    pub(crate) missed: bool,
}

fn at(lane: LaneId) -> usize {
    lane as usize - 1
}

impl SimStore {
    pub(crate) fn new(lanes: usize, fence: Fence) -> Self {
        Self {
            rows: vec![Vec::new(); lanes],
            told: vec![0; lanes],
            attic: vec![Vec::new(); lanes],
            late: Vec::new(),
            fence,
            next_append: None,
            next_read: None,
            missed: false,
        }
    }

    /// All rows of a lane as they stand.
    pub(crate) fn rows(&self, lane: LaneId) -> &[Sealed] {
        &self.rows[at(lane)]
    }

    /// Whether this row stands, or stood until the store forgot it.
    pub(crate) fn stands(&self, lane: LaneId, seq: u32, hash: &Hash) -> bool {
        let found = self.rows[at(lane)].get((seq as usize).wrapping_sub(1));
        found.is_some_and(|sealed| sealed.row.hash == *hash)
            || self.attic[at(lane)].iter().any(|sealed| sealed.row.hash == *hash)
    }

    /// Whether rows of this lane are forgotten at the moment.
    pub(crate) fn forgotten(&self, lane: LaneId) -> bool {
        !self.attic[at(lane)].is_empty()
    }

    fn place(&mut self, sealed: &Sealed) -> Placed {
        let header = &sealed.row.header;
        let lane = at(header.lane);
        let rows = &mut self.rows[lane];
        let prev = rows.last().map_or(Hash::default(), |last| last.row.hash);
        let next = header.seq as usize == rows.len() + 1;
        let follows = match self.fence {
            Fence::Whole => next && header.prev == prev,
            Fence::Number => next,
            Fence::Off => true,
        };
        if !follows {
            return Placed::Fenced;
        }
        rows.push(sealed.clone());
        let attic = &mut self.attic[lane];
        if attic.first().is_some_and(|first| first.row.hash == sealed.row.hash) {
            attic.remove(0);
        }
        Placed::Durable
    }

    /// Lets a late commit arrive; tells of each row whether it went in.
    pub(crate) fn land(&mut self, rng: &mut Rng) -> Vec<Placed> {
        if self.late.is_empty() {
            return Vec::new();
        }
        let commit = self.late.swap_remove(rng.index(self.late.len()));
        commit.iter().map(|sealed| self.place(sealed)).collect()
    }

    /// Whether commits are still under way.
    pub(crate) fn has_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// Whether rows stand that were never reported durable.
    pub(crate) fn unproven(&self) -> bool {
        let counts = self.rows.iter().map(Vec::len).zip(&self.told);
        counts.zip(&self.attic).any(|((len, told), attic)| attic.is_empty() && len as u32 > *told)
    }

    /// Power is cut: of the rows never reported durable a chance prefix stays. Gives how many
    /// rows went.
    pub(crate) fn power_cut(&mut self, rng: &mut Rng) -> usize {
        let mut gone = 0;
        for (lane, rows) in self.rows.iter_mut().enumerate() {
            let told = self.told[lane] as usize;
            if self.attic[lane].is_empty() && rows.len() > told {
                let left = rng.range(told as u64, rows.len() as u64 - 1) as usize;
                gone += rows.len() - left;
                rows.truncate(left);
            }
        }
        gone
    }

    /// Forgets the lane's newest `count` rows, if some of them were reported durable. Those that
    /// were not are gone for good: nobody was promised anything.
    pub(crate) fn forget(&mut self, lane: LaneId, count: usize) -> bool {
        let lane = at(lane);
        let left = self.rows[lane].len().saturating_sub(count);
        if !self.attic[lane].is_empty() || left == 0 || left as u32 >= self.told[lane] {
            return false;
        }
        self.attic[lane] = self.rows[lane].split_off(left);
        let told = self.told[lane];
        self.attic[lane].retain(|sealed| sealed.row.header.seq <= told);
        true
    }

    /// An operator puts back what was forgotten, instead of whatever stands there now.
    pub(crate) fn mend(&mut self, lane: LaneId) {
        let attic = core::mem::take(&mut self.attic[at(lane)]);
        if let Some(first) = attic.first() {
            self.rows[at(lane)].truncate(first.row.header.seq as usize - 1);
            self.rows[at(lane)].extend(attic);
        }
    }
}

impl Store for SimStore {
    fn append(&mut self, rows: &[Sealed]) -> Result<Vec<Placed>, StoreError> {
        let fault = self.next_append.take();
        match fault {
            None => {
                let placed: Vec<Placed> = rows.iter().map(|sealed| self.place(sealed)).collect();
                for (sealed, placed) in rows.iter().zip(&placed) {
                    if *placed == Placed::Durable {
                        let told = &mut self.told[at(sealed.row.header.lane)];
                        *told = sealed.row.header.seq.max(*told);
                    }
                }
                return Ok(placed);
            }
            Some(AppendFault::Done) => {
                for sealed in rows {
                    self.place(sealed);
                }
            }
            Some(AppendFault::Late) => self.late.push(rows.to_vec()),
            Some(AppendFault::NotDone | AppendFault::Never) => {}
        }
        Err(StoreError(format!("{fault:?}")))
    }

    fn read(&mut self, lane: LaneId, from: u32, most: usize) -> Result<Vec<Sealed>, StoreError> {
        self.missed = false;
        if self.next_read == Some(ReadFault::Fails) {
            self.next_read = None;
            return Err(StoreError("the read failed".to_string()));
        }
        let rows = self.rows[at(lane)].iter().skip(from as usize - 1).take(most);
        let mut rows: Vec<Sealed> = rows.cloned().collect();
        if self.next_read == Some(ReadFault::Misses) && rows.pop().is_some() {
            self.next_read = None;
            self.missed = true;
        }
        Ok(rows)
    }
}
