//! The lane's loop as a machine. A driver calls:
//!
//! 1. [`Lane::ask`] for each command,
//! 2. [`Lane::turn`] whenever something arrived, came due, or has just become durable,
//! 3. [`Lane::to_append`] for the row the store should take next, then [`Lane::durable`], whose
//!    rows it publishes before the next turn ([`Durable::publish`]), or [`Lane::resolve`] when its
//!    outcome is not known,
//! 4. [`Lane::answers`] for answers that wait for no row.
//!
//! At most one row is with the store and at most one more is decided behind it.

use crate::batch::{Batch, Durable, Reply};
use crate::clock::{Lead, Reading};
use crate::row::{Draft, FestivalId, Hash, LaneId, Row, Written};
use crate::seal::Sealed;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::{string::String, sync::Arc, vec::Vec};
use fanfare_engine::{
    Act, Answer, Broken, Command, FACTS_PER_BATCH_MAX, Fact, Facts, Number, Phase, Place, Refusal,
    Served, Tally, Witnessed,
};

/// A batch that waits this long to become durable is a stall: holds do not run meanwhile.
const STALL_MS: i64 = 2_000;

/// The longest a caller waits before it hears `unsure` or `busy`.
const PATIENCE_MS: i64 = 5_000;

/// Commands or facts ahead whose fans are looked up together: what that reads stays in the nearest
/// cache until they are decided or applied.
pub(crate) const WARMED_AT_ONCE: usize = 128;

/// Refusals are tallied at most this often.
const TALLY_EVERY_MS: i64 = 1_000;

/// How a lane is run.
#[derive(Clone, Copy, Debug)]
pub struct LaneConfig {
    /// Most commands a batch takes, at most 4,096.
    pub batch_max: usize,
    /// Most commands that may wait.
    pub queue_max: usize,
    /// Whether the journal can forget durable rows (a fail-over): then the owner keeps the bytes
    /// of its last 60 s, at most 64 MiB, to append them again.
    pub keep_rows: bool,
}

impl Default for LaneConfig {
    fn default() -> Self {
        Self { batch_max: FACTS_PER_BATCH_MAX, queue_max: 65_536, keep_rows: false }
    }
}

/// Why a lane stopped for good; an operator has to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped(pub String);

/// A lane's newest rows, gone from the journal, and who goes on without them.
#[derive(Clone, Debug)]
pub struct Lost {
    /// What is known of them.
    pub witnessed: Witnessed,
    /// Who and why.
    pub act: Act,
}

pub(crate) struct Waiting<T> {
    pub(crate) ticket: T,
    pub(crate) command: Command,
    pub(crate) arrived_mono_ms: i64,
}

/// A written row's number, hash and lane time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tip {
    pub(crate) seq: u32,
    pub(crate) hash: Hash,
    pub(crate) time_ms: i64,
}

impl Tip {
    pub(crate) fn of(row: &Row) -> Self {
        Self { seq: row.header.seq, hash: row.hash, time_ms: row.header.time_ms }
    }
}

/// When a batch is decided.
#[derive(Clone, Copy)]
struct Moment {
    now_ms: i64,
    mono_ms: i64,
    /// Whether what ran out may expire.
    expiry: bool,
}

fn claim_reply(served: &Served, number: Number, fresh: bool) -> Reply {
    let claim = served.decided().claims().get(number);
    claim.map_or(Reply::Refused(Refusal::NoSuchClaim), |claim| Reply::Claim { claim, fresh })
}

/// One lane, owned by this process. Its state is the driver's to keep, and to publish from. `T` is
/// the driver's ticket for a caller.
pub struct Lane<T> {
    pub(crate) festival: FestivalId,
    pub(crate) id: LaneId,
    pub(crate) owner: u64,
    pub(crate) config: LaneConfig,
    /// The newest decided row's number and lane time.
    pub(crate) decided_seq: u32,
    pub(crate) decided_time_ms: i64,
    /// The newest row known to be durable; before this owner's first, the newest it has read.
    pub(crate) durable: Tip,
    /// Whether a row of this owner is durable. Only that proves the rows it was opened behind.
    pub(crate) proven: bool,
    /// Decided rows not yet known to be durable, oldest first.
    pub(crate) pending: VecDeque<Batch<T>>,
    /// Those of the first `pending` rows that were seen standing in the journal, but that no
    /// later append has proven yet.
    pub(crate) standing: Vec<Sealed>,
    pub(crate) with_store: bool,
    pub(crate) kept: VecDeque<Sealed>,
    pub(crate) kept_bytes: usize,
    pub(crate) waiting: VecDeque<Waiting<T>>,
    pub(crate) ready: Vec<(T, Reply)>,
    pub(crate) stopped: Option<Stopped>,
    refused: Tally,
    tallied_mono_ms: i64,
    /// Lane time of the row before a time the lane did not serve; its end gives holds their due.
    gap_since_ms: Option<i64>,
    /// The oldest batch under way has waited too long. Nothing more is decided meanwhile, so the
    /// row before the stall stays the newest, and holds get back the whole of it.
    stalling: bool,
    /// When the batch that became durable was decided, until the next turn has judged the wait.
    waited_since_mono_ms: Option<i64>,
    /// How far lane time is behind the clock.
    pub(crate) lead: Lead,
}

impl<T> Lane<T> {
    pub(crate) fn after(
        tip: Tip,
        (festival, id): (FestivalId, LaneId),
        owner: u64,
        config: LaneConfig,
    ) -> Self {
        Self {
            festival,
            id,
            owner,
            config,
            decided_seq: tip.seq,
            decided_time_ms: tip.time_ms,
            durable: tip,
            proven: false,
            pending: VecDeque::new(),
            standing: Vec::new(),
            with_store: false,
            kept: VecDeque::new(),
            kept_bytes: 0,
            waiting: VecDeque::new(),
            ready: Vec::new(),
            stopped: None,
            refused: Tally::default(),
            tallied_mono_ms: i64::MIN / 2,
            gap_since_ms: None,
            stalling: false,
            waited_since_mono_ms: None,
            lead: Lead::default(),
        }
    }

    /// How far lane time goes behind this owner's clock, ms: the clock of the owner before showed
    /// less.
    pub fn lead_ms(&self, mono_ms: i64) -> i64 {
        self.lead.at(mono_ms)
    }

    /// Somebody confirmed the clock, of which this much was believed until now. What it jumps over
    /// was no time to pay in: holds get it back in the next row, which is decided by the confirmed
    /// clock. A lane whose time is in doubt waits for a host of its own.
    pub fn confirmed(&mut self, clock: &Reading, served: &Served) {
        if !served.decided().doubtful_time() {
            let lead_ms = self.lead_ms(clock.mono_ms);
            let since_ms = served.decided().lane_time(clock.now_ms - lead_ms);
            self.gap_since_ms = Some(self.gap_since_ms.unwrap_or(since_ms).min(since_ms));
        }
    }

    /// The lane's number.
    pub fn id(&self) -> LaneId {
        self.id
    }

    /// Why the lane stopped, if it did.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// The newest row known to be durable: number and hash.
    pub fn durable_head(&self) -> (u32, Hash) {
        (self.durable.seq, self.durable.hash)
    }

    /// Whether the lane has gone to rest and may leave memory.
    pub fn rested(&self, served: &Served) -> bool {
        served.decided().resting() && self.pending.is_empty() && self.waiting.is_empty()
    }

    /// Whether this owner's `opened` row is durable: before that nothing is answered.
    pub fn opened(&self) -> bool {
        !self.unopened()
    }

    /// Whether no command waits and no row is under way.
    pub fn idle(&self) -> bool {
        self.pending.is_empty() && self.waiting.is_empty()
    }

    /// How many commands wait to be decided.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// When the command came that has waited longest to be decided.
    pub fn oldest_mono_ms(&self) -> Option<i64> {
        self.waiting.front().map(|first| first.arrived_mono_ms)
    }

    /// The newest decided row's number; it may not be durable yet.
    pub fn decided_seq(&self) -> u32 {
        self.decided_seq
    }

    /// Takes a command into the queue. It has waited since `mono_ms`, which for one that another
    /// node passed on lies back by as long as it waited there: nobody decides it after that node
    /// has given it up.
    ///
    /// # Errors
    /// Gives the ticket back if the queue is full or the lane has stopped: answer `busy`.
    pub fn ask(&mut self, ticket: T, command: Command, mono_ms: i64) -> Result<(), T> {
        if self.stopped.is_some() || self.waiting.len() >= self.config.queue_max {
            return Err(ticket);
        }
        self.waiting.push_back(Waiting { ticket, command, arrived_mono_ms: mono_ms });
        Ok(())
    }

    /// Adds refusals the gate gave by itself to the lane's count.
    pub fn count_refusals(&mut self, more: &Tally) {
        for (count, more) in self.refused.iter_mut().zip(more) {
            *count += more;
        }
    }

    /// When [`Lane::turn`] has something to do without being asked: guarded time, ms. Never once
    /// the lane has stopped.
    pub fn next_due_ms(&self, served: &Served) -> Option<i64> {
        if self.stopped.is_some() { None } else { served.decided().next_due_ms() }
    }

    /// Takes the answers that wait for no row.
    pub fn answers(&mut self) -> Vec<(T, Reply)> {
        core::mem::take(&mut self.ready)
    }

    /// Decides the next batch if there is room for one. Gives true if a batch was decided.
    pub fn turn(&mut self, clock: &Reading, served: &mut Served) -> bool {
        self.lose_patience(clock.mono_ms);
        let full = self.pending.len() >= 2 + self.standing.len();
        if self.stopped.is_some() || self.stalling || full {
            return false;
        }
        // Before the first durable row of this owner nothing is decided: the `opened` row.
        if self.unopened() {
            return false;
        }
        let now_ms = served.decided().lane_time(clock.now_ms - self.lead_ms(clock.mono_ms));
        let moment = Moment { now_ms, mono_ms: clock.mono_ms, expiry: !clock.stepped };
        if !self.has_work(moment, served) {
            return false;
        }
        match self.decide_batch(moment, served) {
            Ok(()) => true,
            Err(broken) => {
                self.stop(alloc::format!("a promise would break: {broken}"));
                false
            }
        }
    }

    fn unopened(&self) -> bool {
        // It is the first fact, or the second of a lane's first row.
        let opens = |fact: &Fact| matches!(fact, Fact::Opened { .. });
        self.pending.front().is_some_and(|batch| batch.facts.iter().take(2).any(opens))
    }

    fn has_work(&self, moment: Moment, served: &Served) -> bool {
        let due = || self.next_due_ms(served).is_some_and(|due_ms| due_ms <= moment.now_ms);
        !self.waiting.is_empty()
            || self.gap_since_ms.is_some()
            || (moment.expiry && due())
            || self.tally_due(moment, served)
            || (served.decided().may_rest() && self.pending.is_empty())
    }

    fn tally_due(&self, moment: Moment, served: &Served) -> bool {
        self.refused.iter().any(|&count| count > 0)
            && matches!(served.decided().phase(moment.now_ms), Phase::Open | Phase::Paused)
            && moment.mono_ms - self.tallied_mono_ms >= TALLY_EVERY_MS
    }

    fn decide_batch(&mut self, moment: Moment, served: &mut Served) -> Result<(), Broken> {
        served.begin(moment.now_ms)?;
        let most = self.waiting.len().min(self.config.batch_max);
        let mut facts = Facts::with_capacity(most.min(FACTS_PER_BATCH_MAX));
        // Where nothing is held there is nothing to give back, and a quiet lane writes no row.
        if let Some(since_ms) = self.gap_since_ms.take()
            && served.decided().ledger().held() > 0
        {
            self.make(served, &mut facts, Fact::Extended { since_ms })?;
        }
        if moment.expiry {
            let mut over = Facts::new();
            served.decided().due(FACTS_PER_BATCH_MAX / 2, &mut over);
            for fact in over {
                self.make(served, &mut facts, fact)?;
            }
        }
        let mut answers = Vec::with_capacity(most);
        let (mut broken, mut warm) = (None, 0);
        while broken.is_none()
            && answers.len() < self.config.batch_max
            && facts.len() < FACTS_PER_BATCH_MAX - 4
            && let Some(Waiting { ticket, command, arrived_mono_ms }) = self.waiting.pop_front()
        {
            if warm == 0 {
                warm = WARMED_AT_ONCE;
                let fans = self.waiting.iter().take(warm).filter_map(|next| next.command.fan());
                served.decided().claims().warm(fans);
            }
            warm -= 1;
            // Requests that were passed on may be older than those before them.
            if moment.mono_ms - arrived_mono_ms >= PATIENCE_MS {
                self.ready.push((ticket, Reply::Busy));
                continue;
            }
            let reply = self.decide_one(served, &command, &mut facts);
            answers.push((ticket, *reply.as_ref().unwrap_or(&Reply::Busy)));
            broken = reply.err();
        }
        let done = broken
            .map_or_else(|| self.close_out(served, &mut facts, moment), Err)
            .and_then(|()| served.decided().check());
        if let Err(broken) = done {
            // Nothing of this batch is ever journalled, and its callers hear so.
            let busy = answers.into_iter().map(|(ticket, _)| (ticket, Reply::Busy));
            self.ready.extend(busy);
            return Err(broken);
        }
        if facts.is_empty() {
            self.answer_without_row(answers);
        } else {
            self.push_batch(served, facts, answers, moment.mono_ms);
        }
        Ok(())
    }

    /// Applies a fact to the decided state and adds it to the batch.
    fn make(&mut self, served: &mut Served, facts: &mut Facts, fact: Fact) -> Result<(), Broken> {
        let place = Place { seq: self.decided_seq + 1, index: facts.len() as u16 };
        served.apply(place, &fact)?;
        facts.push(fact);
        Ok(())
    }

    fn decide_one(
        &mut self,
        served: &mut Served,
        command: &Command,
        facts: &mut Facts,
    ) -> Result<Reply, Broken> {
        let before = facts.len();
        let doubtful = served.decided().doubtful_time();
        let answer = served.decided().decide(command, facts);
        for (index, fact) in facts.iter().enumerate().skip(before) {
            let place = Place { seq: self.decided_seq + 1, index: index as u16 };
            served.apply(place, fact)?;
        }
        if doubtful && !served.decided().doubtful_time() {
            // Confirmed: from the next row on lane time is the clock's, and holds get their due.
            self.gap_since_ms = Some(served.decided().now_ms());
        }
        Ok(match answer {
            Ok(Answer::Done(number)) => claim_reply(served, number, true),
            Ok(Answer::Already(number)) => claim_reply(served, number, false),
            Ok(Answer::Acted | Answer::Idle) => Reply::Acted,
            Err(refusal) => {
                self.refused[refusal.code_index()] += 1;
                Reply::Refused(refusal)
            }
        })
    }

    /// What ends a batch: the tally when it is time or the drop closed, and rest.
    fn close_out(
        &mut self,
        served: &mut Served,
        facts: &mut Facts,
        moment: Moment,
    ) -> Result<(), Broken> {
        let closed = facts.iter().any(|fact| matches!(fact, Fact::Closed(_)));
        let counted = self.refused.iter().any(|&count| count > 0);
        if self.tally_due(moment, served) || (closed && counted) {
            self.tallied_mono_ms = moment.mono_ms;
            let tally = Box::new(core::mem::take(&mut self.refused));
            self.make(served, facts, Fact::Tallied(tally))?;
        }
        if served.decided().may_rest() && self.waiting.is_empty() {
            let totals = Box::new(served.decided().totals());
            self.make(served, facts, Fact::Rested(totals))?;
        }
        Ok(())
    }

    /// Answers of a batch that made no fact rest on the newest row under way, if there is one.
    fn answer_without_row(&mut self, answers: Vec<(T, Reply)>) {
        match self.pending.back_mut() {
            Some(batch) => batch.answers.extend(answers),
            None => self.ready.extend(answers),
        }
    }

    pub(crate) fn push_batch(
        &mut self,
        served: &Served,
        facts: Facts,
        answers: Vec<(T, Reply)>,
        mono_ms: i64,
    ) {
        self.decided_seq += 1;
        self.decided_time_ms = served.decided().now_ms();
        self.pending.push_back(Batch {
            seq: self.decided_seq,
            time_ms: self.decided_time_ms,
            written: Arc::new(Written::of(&facts)),
            facts,
            answers,
            decided_mono_ms: mono_ms,
            doubted: false,
        });
    }

    /// What is written after the row with this hash.
    pub(crate) fn draft(&self, batch: &Batch<T>, prev: Hash) -> Draft {
        let (festival, lane, written) = (self.festival, self.id, batch.written.clone());
        Draft { festival, lane, seq: batch.seq, prev, time_ms: batch.time_ms, written }
    }

    /// Grows the tree of the row that is decided behind the one with the store: for a driver that
    /// has nothing else to do meanwhile.
    pub fn work_ahead(&mut self) {
        let behind = self.standing.len() + usize::from(self.with_store);
        let next = self.pending.get_mut(behind);
        if let Some(written) = next.and_then(|batch| Arc::get_mut(&mut batch.written)) {
            written.grow();
        }
    }

    /// The row the store should take now, if any; it counts as with the store from here on.
    pub fn to_append(&mut self) -> Option<Draft> {
        if self.with_store || self.stopped.is_some() {
            return None;
        }
        let prev = self.standing.last().map_or(self.durable.hash, |sealed| sealed.row.hash);
        let draft = self.draft(self.pending.get(self.standing.len())?, prev);
        self.with_store = true;
        Some(draft)
    }

    /// The row with the store stands durably: what to publish and answer, oldest first, before the
    /// next turn. Rows seen standing before are proven by it and come first.
    pub fn durable(&mut self, sealed: Sealed) -> Vec<Durable<T>> {
        self.with_store = false;
        self.proven = true;
        let standing = core::mem::take(&mut self.standing);
        let mut published = Vec::with_capacity(standing.len() + 1);
        for sealed in standing.into_iter().chain([sealed]) {
            if let Some(batch) = self.pending.pop_front() {
                self.durable = Tip::of(&sealed.row);
                self.waited_since_mono_ms.get_or_insert(batch.decided_mono_ms);
                self.keep(&sealed);
                let (facts, answers) = (batch.facts, batch.answers);
                published.push(Durable { sealed, facts, answers });
            }
        }
        published
    }

    /// Notices a stall and answers those who have waited long enough. [`Lane::turn`] does it too;
    /// a driver that has nothing to decide calls this at least once a second.
    pub fn lose_patience(&mut self, mono_ms: i64) {
        let stalled = |since_mono_ms: i64| mono_ms - since_mono_ms >= STALL_MS;
        self.stalling = self.pending.front().is_some_and(|batch| stalled(batch.decided_mono_ms));
        let has_stalled = self.waited_since_mono_ms.take().is_some_and(stalled);
        if self.stalling || has_stalled {
            self.gap_since_ms = Some(self.decided_time_ms);
        }
        for batch in &mut self.pending {
            if mono_ms - batch.decided_mono_ms >= PATIENCE_MS {
                batch.doubted |= !batch.answers.is_empty();
                let unsure = batch.answers.drain(..).map(|(ticket, _)| (ticket, Reply::Unsure));
                self.ready.extend(unsure);
            }
        }
        while let Some(first) = self.waiting.front()
            && mono_ms - first.arrived_mono_ms >= PATIENCE_MS
            && let Some(first) = self.waiting.pop_front()
        {
            self.ready.push((first.ticket, Reply::Busy));
        }
    }

    /// Stops for good: decided callers may have been served, waiting ones have not.
    pub(crate) fn stop(&mut self, why: String) {
        for batch in self.pending.drain(..) {
            let unsure = batch.answers.into_iter().map(|(ticket, _)| (ticket, Reply::Unsure));
            self.ready.extend(unsure);
        }
        let busy = self.waiting.drain(..).map(|waiting| (waiting.ticket, Reply::Busy));
        self.ready.extend(busy);
        self.stopped = Some(Stopped(why));
    }
}
