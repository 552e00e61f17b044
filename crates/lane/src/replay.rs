//! Rows back to a state. Every link is checked on the way: numbers, hashes, festival, lane, time.

use crate::lane::WARMED_AT_ONCE;
use crate::row::{Draft, FestivalId, Hash, LaneId, Row, Written};
use alloc::{format, string::String, string::ToString, sync::Arc};
use core::fmt;
use fanfare_engine::{FACTS_PER_BATCH_MAX, Fact, Place, Served, State};

/// A lane's history that cannot be believed: which row, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The lane.
    pub lane: LaneId,
    /// The row.
    pub seq: u32,
    /// What is wrong, in words.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lane {}, row {}: {}", self.lane, self.seq, self.what)
    }
}

impl core::error::Error for Damage {}

/// A lane being replayed.
#[derive(Clone, Debug)]
pub struct Replay {
    festival: FestivalId,
    lane: LaneId,
    seq: u32,
    hash: Hash,
    time_ms: i64,
    /// How many claims the state is given room for at the most.
    room: u32,
    state: Option<State>,
}

impl Replay {
    /// Before the first row.
    pub fn new(festival: FestivalId, lane: LaneId) -> Self {
        Self { festival, lane, seq: 0, hash: Hash::default(), time_ms: 0, room: 0, state: None }
    }

    /// Before the first row of a lane in which so many claims are said to follow: room for as many
    /// fans is made at once, but for no more than there are units at the start. A wrong number
    /// costs time or memory and changes nothing.
    #[must_use]
    pub fn with_room(self, claims: u32) -> Self {
        Self { room: claims, ..self }
    }

    /// Behind a row that was published: what follows is followed, the state is kept elsewhere.
    pub fn behind(festival: FestivalId, lane: LaneId, newest: (u32, Hash, i64)) -> Self {
        let (seq, hash, time_ms) = newest;
        Self { festival, lane, seq, hash, time_ms, room: 0, state: None }
    }

    /// The newest row's number; 0 before the first.
    pub fn seq(&self) -> u32 {
        self.seq
    }

    /// The newest row's hash.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The newest row's lane time.
    pub fn time_ms(&self) -> i64 {
        self.time_ms
    }

    /// The festival replayed.
    pub fn festival(&self) -> FestivalId {
        self.festival
    }

    /// The lane replayed.
    pub fn lane(&self) -> LaneId {
        self.lane
    }

    /// The state so far; none before the first row.
    pub fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// The state at the end.
    pub fn into_state(self) -> Option<State> {
        self.state
    }

    /// Takes the state out, to be served; what stands of the newest row stays.
    pub fn take_state(&mut self) -> Option<State> {
        self.state.take()
    }

    /// Takes the next row, whose facts the caller has read from it.
    ///
    /// # Errors
    /// The row that does not follow, and why. Rows before it were sound.
    pub fn row(&mut self, row: &Row, facts: &[Fact]) -> Result<(), Damage> {
        let (lane, seq) = (self.lane, self.seq + 1);
        self.follow(row, facts).map_err(|what| Damage { lane, seq, what })
    }

    /// Passes the next number with a row that says nothing, and gives that row: where rows were
    /// lost, a claim is called by its row, and no lost claim's row is to be another claim's.
    ///
    /// # Errors
    /// As of [`Self::row`]; a lane does not begin with such a row.
    pub fn pass(&mut self) -> Result<Row, Damage> {
        let draft = Draft {
            festival: self.festival,
            lane: self.lane,
            seq: self.seq + 1,
            prev: self.hash,
            time_ms: self.time_ms,
            written: Arc::new(Written::of(&[])),
        };
        let row = draft.finish();
        self.row(&row, &[])?;
        Ok(row)
    }

    /// Takes the next row of a lane that another node owns, and publishes it.
    ///
    /// # Errors
    /// The row that does not follow, and why. What was published before it was sound, and nothing
    /// may follow any more.
    pub fn publish(
        &mut self,
        row: &Row,
        facts: &[Fact],
        served: &mut Served,
    ) -> Result<(), Damage> {
        let (lane, seq) = (self.lane, self.seq + 1);
        self.publish_onto(row, facts, served).map_err(|what| Damage { lane, seq, what })
    }

    fn publish_onto(
        &mut self,
        row: &Row,
        facts: &[Fact],
        served: &mut Served,
    ) -> Result<(), String> {
        self.links(row, facts)?;
        let (seq, time_ms) = (row.header.seq, row.header.time_ms);
        let applied = served.begin(time_ms).and_then(|()| {
            let mut index = 0;
            for some in facts.chunks(WARMED_AT_ONCE) {
                served.decided().claims().warm(some.iter().filter_map(Fact::claimant));
                for fact in some {
                    served.apply(Place { seq, index }, fact)?;
                    index += 1;
                }
            }
            served.decided().check()?;
            served.publish(seq, time_ms, facts)
        });
        applied.map_err(|broken| broken.to_string())?;
        (self.seq, self.hash, self.time_ms) = (seq, row.hash, time_ms);
        Ok(())
    }

    /// Whether the row is the next one.
    fn links(&self, row: &Row, facts: &[Fact]) -> Result<(), String> {
        let header = &row.header;
        if header.seq != self.seq + 1 {
            return Err(format!("missing: row {} stands in its place", header.seq));
        }
        if (header.festival, header.lane) != (self.festival, self.lane) {
            return Err("it belongs to another festival or lane".to_string());
        }
        if header.prev != self.hash {
            return Err("the hash of the row before does not match".to_string());
        }
        if facts.len() > FACTS_PER_BATCH_MAX {
            return Err("more facts than a row may hold".to_string());
        }
        Ok(())
    }

    fn follow(&mut self, row: &Row, facts: &[Fact]) -> Result<(), String> {
        self.links(row, facts)?;
        let header = &row.header;
        let (mut facts, mut index) = (facts, 0);
        if self.state.is_none() {
            let Some((Fact::Terms(terms), others)) = facts.split_first() else {
                return Err("the first fact is not the drop's terms".to_string());
            };
            let units = terms.lines.iter().fold(0_u32, |all, line| all.saturating_add(line.stock));
            let state = State::with_room(terms, header.time_ms, self.room.min(units));
            self.state = Some(state.map_err(|broken| broken.to_string())?);
            (facts, index) = (others, 1);
        }
        if let Some(state) = &mut self.state {
            state.begin(header.time_ms).map_err(|broken| broken.to_string())?;
            for some in facts.chunks(WARMED_AT_ONCE) {
                state.claims().warm(some.iter().filter_map(Fact::claimant));
                for fact in some {
                    let applied = state.apply(Place { seq: header.seq, index }, fact);
                    applied.map_err(|broken| format!("fact {index}: {broken}"))?;
                    index += 1;
                }
            }
            state.check().map_err(|broken| broken.to_string())?;
        }
        (self.seq, self.hash, self.time_ms) = (header.seq, row.hash, header.time_ms);
        Ok(())
    }
}
