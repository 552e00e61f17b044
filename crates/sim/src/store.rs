//! The simulated journal: keeps to the same few sentences as every store, and fails on command.

use crate::rng::Rng;
use fanfare_lane::{Hash, LaneId, Placed, Row, Sealed, Store, StoreError};
use std::sync::Arc;

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
    /// What is left behind the rows that stand, by lane and number: torn, or behind a hole.
    debris: Vec<Vec<Sealed>>,
    /// Commits still under way that nobody waits for any more.
    late: Vec<Vec<Sealed>>,
    fence: Fence,
    pub(crate) next_append: Option<AppendFault>,
    pub(crate) next_read: Option<ReadFault>,
    /// Whether the last read did not show the newest row.
    pub(crate) missed: bool,
    /// Whether a row is read without a look at its hashes; in a control experiment only.
    pub(crate) trusts: bool,
}

fn at(lane: LaneId) -> usize {
    lane as usize - 1
}

/// Whether a row's bytes are those its hashes were made of. Only rows that came through a power
/// cut are asked.
fn whole(sealed: &Sealed) -> Result<(), StoreError> {
    let Row { header, hash, facts } = &*sealed.row;
    let what = match Row::read(&header.to_bytes(), facts.clone()) {
        Ok(row) if row.hash == *hash => return Ok(()),
        Ok(_) => "the header is not the one its hash was made of".to_string(),
        Err(why) => why.to_string(),
    };
    Err(StoreError(format!("lane {}, row {}: {what}", header.lane, header.seq)))
}

/// A row of which only a part reached the disk.
fn tear(sealed: &Sealed, rng: &mut Rng) -> Sealed {
    let mut row = Row::clone(&sealed.row);
    match row.facts.len() {
        0 => row.facts.push(0),
        _ if rng.one_in(4) => row.header.time_ms ^= 1 << rng.below(40),
        length => row.facts.truncate(rng.index(length)),
    }
    Sealed { row: Arc::new(row), seal: sealed.seal.clone() }
}

impl SimStore {
    pub(crate) fn new(lanes: usize, fence: Fence) -> Self {
        Self {
            rows: vec![Vec::new(); lanes],
            told: vec![0; lanes],
            attic: vec![Vec::new(); lanes],
            debris: vec![Vec::new(); lanes],
            late: Vec::new(),
            fence,
            next_append: None,
            next_read: None,
            missed: false,
            trusts: false,
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
        let debris = &mut self.debris[lane];
        if debris.iter().any(|sealed| sealed.row.header.seq == header.seq) {
            return Placed::Fenced;
        }
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
        // What stood behind a hole follows again.
        while let Some(first) = debris.first()
            && let Some(last) = rows.last()
            && first.row.header.prev == last.row.hash
            && whole(first).is_ok()
        {
            rows.push(debris.remove(0));
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
        (0..self.rows.len()).any(|lane| self.unproven_of(lane) > 0)
    }

    /// How many such rows a lane has.
    fn unproven_of(&self, lane: usize) -> usize {
        let sound = self.attic[lane].is_empty() && self.debris[lane].is_empty();
        if sound { self.rows[lane].len().saturating_sub(self.told[lane] as usize) } else { 0 }
    }

    /// Power is cut: of the rows never reported durable a chance prefix stays. Gives how many
    /// rows went.
    pub(crate) fn power_cut(&mut self, rng: &mut Rng) -> usize {
        let mut gone = 0;
        for lane in 0..self.rows.len() {
            let unproven = self.unproven_of(lane);
            if unproven > 0 {
                let goes = rng.range(1, unproven as u64) as usize;
                let left = self.rows[lane].len() - goes;
                self.rows[lane].truncate(left);
                gone += goes;
            }
        }
        gone
    }

    /// Power is cut over a disk that writes in any order: of some lane's rows never reported
    /// durable one is gone, or torn, and one behind it stands. Gives whether there was such a
    /// lane.
    pub(crate) fn scatter(&mut self, rng: &mut Rng, torn: bool) -> bool {
        let least = if torn { 1 } else { 2 };
        let Some(lane) = (0..self.rows.len()).find(|lane| self.unproven_of(*lane) >= least) else {
            return false;
        };
        let rows = &mut self.rows[lane];
        let left = rng.range(self.told[lane].into(), (rows.len() - least) as u64) as usize;
        let mut tail = rows.split_off(left);
        tail[0] = tear(&tail[0], rng);
        self.debris[lane] = tail.split_off(usize::from(!torn));
        if torn {
            let stay = 1 + rng.index(self.debris[lane].len());
            self.debris[lane].truncate(stay);
        }
        true
    }

    /// A disk has lied: of rows reported durable one is torn, and those behind it stand or not.
    pub(crate) fn lie(&mut self, lane: LaneId, count: usize, rng: &mut Rng) -> bool {
        if !self.forget(lane, count) {
            return false;
        }
        let lane = at(lane);
        let first = tear(&self.attic[lane][0], rng);
        let behind = self.attic[lane][1..].iter().filter(|_| rng.one_in(2)).cloned();
        self.debris[lane] = core::iter::once(first).chain(behind).collect();
        true
    }

    /// What is left behind the rows that stand.
    pub(crate) fn debris(&self, lane: LaneId) -> &[Sealed] {
        &self.debris[at(lane)]
    }

    /// Rows the store forgot, oldest first.
    pub(crate) fn gone(&self, lane: LaneId) -> &[Sealed] {
        &self.attic[at(lane)]
    }

    /// An operator gives up what was forgotten: what stands is the history.
    pub(crate) fn give_up(&mut self, lane: LaneId) {
        self.attic[at(lane)].clear();
    }

    /// What a control experiment does with damage: it is cut off.
    pub(crate) fn cut_off(&mut self, lane: LaneId) {
        self.debris[at(lane)].clear();
    }

    /// Forgets the lane's newest `count` rows, if some of them were reported durable. Those that
    /// were not are gone for good: nobody was promised anything.
    pub(crate) fn forget(&mut self, lane: LaneId, count: usize) -> bool {
        let lane = at(lane);
        let left = self.rows[lane].len().saturating_sub(count);
        let sound = self.attic[lane].is_empty() && self.debris[lane].is_empty();
        if !sound || left == 0 || left as u32 >= self.told[lane] {
            return false;
        }
        self.attic[lane] = self.rows[lane].split_off(left);
        let told = self.told[lane];
        self.attic[lane].retain(|sealed| sealed.row.header.seq <= told);
        true
    }

    /// An operator puts back what was forgotten, instead of whatever stands there now.
    pub(crate) fn mend(&mut self, lane: LaneId) {
        self.debris[at(lane)].clear();
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
        let debris = self.debris[at(lane)].iter().filter(|sealed| sealed.row.header.seq >= from);
        if !self.trusts {
            debris.clone().try_for_each(whole)?;
        }
        let rows = self.rows[at(lane)].iter().skip(from as usize - 1).chain(debris).take(most);
        let mut rows: Vec<Sealed> = rows.cloned().collect();
        if self.next_read == Some(ReadFault::Misses) && rows.pop().is_some() {
            self.next_read = None;
            self.missed = true;
        }
        Ok(rows)
    }
}
