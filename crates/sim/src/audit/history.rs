//! One lane's one history over all nodes, and what was told of it to anybody. It is taken from the
//! journal itself, row by row as they are placed, and knows nothing of who owns or follows what.
//!
//! Whatever a node answers must have been so at a moment between the request's arrival and the
//! answer: in a row that stands when the answer is heard, and none before the newest row that
//! somebody had been told of when the request arrived.

use super::answers::View;
use super::lane::{Log, Row, short};
use super::loss::{GoneOn, judge, kept_out};
use super::model::{Known, Model};
use super::{Breach, Check, Violation, caught};
use core::ops::RangeInclusive;
use fanfare_engine::{Command, Fact, Fan, Refusal, Terms};
use fanfare_lane::{Hash, Reply, Sealed};
use std::rc::Rc;

/// What somebody reads of a lane: units free by line, and the fan's own claims, newest first.
#[derive(Debug)]
pub(crate) struct ReadOut {
    pub(crate) free: Vec<u32>,
    pub(crate) own: Vec<(u32, Known)>,
}

/// A lane's history.
pub(crate) struct History {
    terms: Terms,
    log: Log,
    pub(crate) model: Model,
    rows: Vec<(u64, Rc<Row>)>,
    /// After each row, from the first on.
    views: Vec<View>,
    /// Each claim as it was from which row on.
    claims: Vec<Vec<(u32, Known)>>,
    /// Each right: whose, from which row on, and up to which.
    rights: Vec<(u32, Fan, u32, u32)>,
    /// Numbers of lost claims that a witness knows.
    kept_out: Vec<RangeInclusive<u32>>,
    /// How many of these rows stand. The others the journal forgot: they are the history still.
    pub(crate) stands: u32,
    /// Whether the journal ever forgot any.
    pub(crate) went_back: bool,
    /// The newest row somebody was told of.
    pub(crate) told: u32,
    /// The newest row an append was acknowledged of.
    pub(crate) acked: u32,
    /// The newest row a process knew to be durable.
    pub(crate) learnt: u32,
}

impl History {
    pub(crate) fn new(terms: &Terms, log: Log) -> Self {
        Self {
            terms: terms.clone(),
            log,
            model: Model::new(terms, 0),
            rows: Vec::new(),
            views: Vec::new(),
            claims: Vec::new(),
            rights: Vec::new(),
            kept_out: Vec::new(),
            stands: 0,
            went_back: false,
            told: 0,
            acked: 0,
            learnt: 0,
        }
    }

    pub(crate) fn len(&self) -> u32 {
        self.rows.len() as u32
    }

    /// Whether hosts see that claims are stopped.
    pub(crate) fn halted(&self) -> bool {
        (self.model.paused || self.model.doubtful) && !self.model.closed()
    }

    /// The number of the row with this hash prefix.
    pub(crate) fn place_of(&self, hash: u64) -> Option<u32> {
        self.rows.iter().position(|(own, _)| *own == hash).map(|at| at as u32 + 1)
    }

    /// The journal took a row.
    pub(crate) fn placed(&mut self, sealed: &Sealed) -> Check {
        let row = &sealed.row;
        if let Some((hash, _)) = self.rows.get(self.stands as usize) {
            if *hash == short(&row.hash) {
                self.stands += 1;
                return Ok(());
            }
            if row.header.seq <= self.learnt.max(self.told) {
                let what = format!("another row {} for one that was durable", row.header.seq);
                return caught(Breach::Lost, what);
            }
            // No process ever heard that it was.
            self.acked = self.acked.min(self.stands);
            self.keep(self.stands as usize)?;
        }
        let prev = self.rows.last().map_or(0, |(hash, _)| *hash);
        if row.header.seq != self.len() + 1 || short(&row.header.prev) != prev {
            let what = format!("row {} does not follow row {}", row.header.seq, self.len());
            return caught(Breach::TwoHistories, what);
        }
        let known = self.log.borrow().get(&short(&row.hash)).cloned();
        let Some(known) = known else {
            return caught(Breach::OtherFacts, "a row that nobody decided was placed");
        };
        self.stands += 1;
        self.take(short(&row.hash), known)
    }

    /// The journal went back in time: rows behind this one do not stand, and are true all the same.
    pub(crate) fn went_back(&mut self, stands: u32) {
        (self.stands, self.went_back) = (stands, true);
    }

    /// An operator accepted the loss of what does not stand, while nobody served.
    pub(crate) fn gone_on(&mut self, gone: &GoneOn<'_>) -> Check {
        let (left, _) = judge((&self.terms, &self.log), gone)?;
        self.kept_out.extend(kept_out(&left, gone.witnessed));
        self.keep(gone.left.len())?;
        for sealed in gone.rows {
            self.placed(sealed)?;
        }
        (self.told, self.acked, self.learnt) = (self.stands, self.stands, self.stands);
        Ok(())
    }

    /// Only so many rows are left.
    fn keep(&mut self, len: usize) -> Check {
        let rows = core::mem::take(&mut self.rows);
        let (told, acked, learnt) = (self.told, self.acked, self.learnt);
        let (went_back, kept_out) = (self.went_back, core::mem::take(&mut self.kept_out));
        let fresh = Self::new(&self.terms, self.log.clone());
        let stands = len as u32;
        *self = Self { kept_out, stands, went_back, told, acked, learnt, ..fresh };
        for (hash, row) in rows.into_iter().take(len) {
            self.take(hash, row)?;
        }
        Ok(())
    }

    fn take(&mut self, hash: u64, row: Rc<Row>) -> Check {
        if self.rows.is_empty() {
            self.model = Model::new(&self.terms, row.time_ms);
        }
        if let Err(wrong) = self.model.follow(&row) {
            return caught(Breach::OtherFacts, format!("row {}: {wrong}", self.model.seq));
        }
        let seq = self.model.seq;
        for fact in &row.facts {
            let number = if let Fact::Claimed { number, .. } = fact { number.get() } else { 0 };
            if self.kept_out.iter().any(|lost| lost.contains(&number)) {
                return caught(Breach::GivenAgain, format!("claim {number}"));
            }
            self.note(seq, fact);
        }
        self.rows.push((hash, row));
        self.views.push(View::of(&self.model));
        Ok(())
    }

    fn note(&mut self, seq: u32, fact: &Fact) {
        let of = |number: u32, model: &Model| model.claims[number as usize - 1];
        match fact {
            Fact::Claimed { number, right, .. } => {
                let known = of(number.get(), &self.model);
                self.claims.push(vec![(seq, known)]);
                if let Some(used) = right {
                    self.end_right(used.get(), seq);
                }
            }
            Fact::Settled(n)
            | Fact::Expired(n)
            | Fact::Released(n)
            | Fact::Returned(n)
            | Fact::SettledLate(n)
            | Fact::RefundDue(n) => {
                let known = of(n.get(), &self.model);
                self.claims[n.get() as usize - 1].push((seq, known));
            }
            Fact::Extended { .. } => {
                for (was, now) in self.claims.iter_mut().zip(&self.model.claims) {
                    if was.last().is_some_and(|(_, known)| known.until_s != now.until_s) {
                        was.push((seq, *now));
                    }
                }
            }
            Fact::Granted { right, fan, .. } => {
                self.rights.push((right.get(), *fan, seq, u32::MAX));
            }
            Fact::Lapsed(right) => self.end_right(right.get(), seq),
            Fact::Restored(_) => self.claims.resize(self.model.claims.len(), Vec::new()),
            _ => {}
        }
    }

    fn end_right(&mut self, id: u32, seq: u32) {
        for right in self.rights.iter_mut().filter(|right| right.0 == id) {
            right.3 = seq;
        }
    }

    /// Power was cut: rows behind this one are gone.
    pub(crate) fn cut(&mut self, len: u32) -> Check {
        if len < self.told.max(self.acked) {
            let (told, acked) = (self.told, self.acked);
            let what = format!("row {told} was told, {acked} acknowledged, {len} stand");
            return caught(Breach::Lost, what);
        }
        self.keep(len as usize)
    }

    /// The first row from `since` on at which this is so. None if it never was; what was so only
    /// before is stale.
    fn when(&self, since: u32, so: impl Fn(u32) -> bool) -> Result<Option<u32>, u32> {
        if let Some(seq) = (since.max(1)..=self.len()).find(|seq| so(*seq)) {
            return Ok(Some(seq));
        }
        (1..since.max(1)).rev().find(|seq| so(*seq)).map_or(Ok(None), Err)
    }

    fn told_at(
        &mut self,
        found: Result<Option<u32>, u32>,
        since: u32,
        never: Breach,
        what: impl FnOnce() -> String,
    ) -> Result<u32, Violation> {
        match found {
            Ok(Some(seq)) => {
                self.told = self.told.max(seq);
                Ok(seq)
            }
            Ok(None) => caught(never, what()),
            Err(seq) => caught(Breach::Stale, format!("{}; so at row {seq}, told {since}", what())),
        }
    }

    /// The claim's state as of a row.
    fn claim_at(&self, number: u32, seq: u32) -> Option<&Known> {
        let was = self.claims.get(number as usize - 1)?;
        was.iter().rev().find(|(from, _)| *from <= seq).map(|(_, known)| known)
    }

    fn knows(&self, fan: Fan, seq: u32) -> bool {
        let first = self.model.claims_of(fan).last().map(|(number, _)| number);
        first.is_some_and(|number| self.claim_at(number, seq).is_some())
            || self.rights.iter().any(|r| r.1 == fan && r.2 <= seq && seq < r.3)
    }

    /// Some node refused a claim by itself, by a clock that showed `clock_ms`. Gives the first row
    /// at which that was so.
    pub(crate) fn heard_gate(
        &mut self,
        since: u32,
        command: &Command,
        said: &Refusal,
        clock_ms: i64,
    ) -> Result<u32, Violation> {
        let Command::Claim { fan, line, quantity, .. } = command else {
            return caught(Breach::GateNotTrue, "the gate refuses claims only");
        };
        let units = u32::from(quantity.get());
        let so = |seq: u32| {
            let view = &self.views[seq as usize - 1];
            view.refusal(line.0, units, clock_ms).as_ref() == Some(said) && !self.knows(*fan, seq)
        };
        let found = self.when(since, so);
        let what = || format!("fan {} heard {said:?} from memory", fan.get());
        self.told_at(found, since, Breach::GateNotTrue, what)
    }

    /// Some node gave a claim again from memory.
    pub(crate) fn heard_repeat(
        &mut self,
        since: u32,
        number: u32,
        known: Known,
    ) -> Result<u32, Violation> {
        let found = self.when(since, |seq| self.claim_at(number, seq) == Some(&known));
        let what = || format!("claim {number} was given again as {known:?}");
        self.told_at(found, since, Breach::OtherAnswer, what)
    }

    /// Some node let a fan read from memory.
    pub(crate) fn heard_reading(
        &mut self,
        since: u32,
        fan: Fan,
        read: &ReadOut,
    ) -> Result<u32, Violation> {
        let so = |seq: u32| {
            let own = self.model.claims_of(fan);
            let own = own.filter_map(|(n, _)| Some((n, *self.claim_at(n, seq)?)));
            self.views[seq as usize - 1].free_is(&read.free) && own.eq(read.own.iter().copied())
        };
        let found = self.when(since, so);
        let what = || format!("fan {} read {read:?}", fan.get());
        self.told_at(found, since, Breach::OtherAnswer, what)
    }

    /// A lane answered; its answer rests on this row of its owner's history.
    pub(crate) fn heard(&mut self, since: u32, (seq, hash): (u32, Hash), reply: &Reply) -> Check {
        let what = || format!("{reply:?} rests on row {seq}");
        match self.rows.get((seq as usize).wrapping_sub(1)) {
            None => caught(Breach::AnsweredNotDurable, what()),
            Some((own, _)) if *own != short(&hash) => caught(Breach::TwoHistories, what()),
            Some(_) if seq < since => {
                caught(Breach::Stale, format!("{}, {since} was told", what()))
            }
            Some(_) => {
                self.told = self.told.max(seq);
                Ok(())
            }
        }
    }
}
