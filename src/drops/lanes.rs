//! The thread that owns every lane of the process: it decides, publishes and answers.
//!
//! While one commit is under way commands collect, so the busier, the larger the batch. A lane
//! decides ahead of the commit only when a full batch already waits (decisions 0005 and 0008). Each
//! journal has commits of its own (`Commits`), so a slow one holds up only the lanes it is home of.
//!
//! Where many lanes have small batches, these are decided while a commit is under way, too, and the
//! rows of a commit are published part by part: journal and lanes work at the same time (0043).
//!
//! A lane is looked at again for one of five reasons: something was asked of it or stored for it
//! (`touched`), what was asked of it can go into a commit now (`asking`), its time has come
//! (`dues`, of which `due_ms` is the copy beside the lane), its append failed and the journal is to
//! be read (`resolves`), or some time has passed (`held`, and the house is kept). A row that became
//! durable is published in three steps, inside out: `Served::publish` in the state,
//! `Durable::publish` in the lane, `Published::publish` here beside the words that everybody reads.

mod asking;
mod commits;
mod house;
mod nodes;
pub(super) mod publish;
mod resolving;
mod timing;
mod turning;

use super::cold::Bell;
use super::committer::{Outcome, Work};
use super::desk::Outbox;
use super::drop::Drop;
use super::inbox::{Awaits, Inbox};
use super::ticket::{Sink, Ticket};
use crate::kit::clock::{Clock, Stopwatch};
use crate::kit::data::DataFolder;
use crate::kit::heads::Heads;
use crate::kit::journal::JournalError;
use crate::kit::metrics::Work as Done;
use asking::Waits;
use commits::Commits;
use fanfare_engine::Command;
use fanfare_lane::{Lane, LaneConfig, LaneId, Reading, Replay, Sealed};
pub use nodes::{Membership, NodesMessage, Shown};
use nodes::{Nodes, Shared};
use publish::head_of;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::time::Duration;
use timing::Timing;

/// How long the thread sleeps at most.
const NAP: Duration = Duration::from_millis(250);

/// How long after a failed append the journal is read to see what stands.
const RESOLVE_AFTER_MS: i64 = 100;

/// How long rows under way get to become durable when the process stops. A row that does not
/// may or may not stand; whoever waits for it hears so.
const STOP_WITHIN_MS: i64 = 4_000;

/// How long a commit that is nearly done is waited for awake, while a full batch waits behind it:
/// being woken would cost that batch about a tenth of a commit. A longer one is slept through.
const AWAKE_FOR_COMMIT_US: u64 = 150;

/// Rows of a commit that are published together, and their answers handed over. Behind each so many
/// the next commit begins with what has been asked meanwhile, so that journal and lanes work at the
/// same time however many lanes have a row in each.
const ROWS_AT_ONCE: usize = 64;

/// What the thread is told.
pub enum Message {
    /// A command for a lane, and who waits for the answer.
    Ask(LaneId, Command, Ticket),
    /// Many of them.
    AskMany(Vec<(LaneId, Command, Ticket)>),
    /// The committer of the journal at this place is done with something.
    Stored(usize, Outcome),
    /// A new lane, opened durably elsewhere, and the number of its lease.
    Host(Box<Lane<Ticket>>, Arc<Drop>, u64),
    /// A lane at rest that could not be opened before.
    Rest(Arc<Drop>),
    /// A resting lane that was asked for is replayed.
    Woken(LaneId, Result<Replayed, JournalError>),
    /// Another node, or what is known of it.
    Nodes(NodesMessage),
    /// Say when nothing waits, nothing is under way and nothing is due.
    Quiet(mpsc::Sender<()>),
    /// Finish what was accepted, then end.
    Stop,
}

/// A lane made anew from its rows, and the newest of them.
pub type Replayed = (Box<Replay>, Sealed);

/// Each journal's committer, in the journals' order.
pub type Committers = Vec<mpsc::Sender<Work>>;

/// What the thread works with: clock, folder, its inbox, the committers, the sink.
pub type Parts = (Arc<Clock>, Arc<DataFolder>, Arc<Inbox<Message>>, Committers, Arc<Sink>);

/// What the thread tells of itself.
#[derive(Debug)]
pub struct Told {
    /// The longest a batch took beyond its append, microseconds.
    pub slowest_batch_us: AtomicU64,
    /// What lanes and journals have done.
    pub work: Done,
    /// Whether the machine's clock stands where it cannot have come by itself.
    pub stepped: AtomicBool,
    /// How far this clock is from the nearest of the other nodes', ms; 0 where it is near, or
    /// none is heard.
    pub differs_ms: AtomicI64,
    /// What the others' clocks show, as far as they were heard.
    pub clocks: Mutex<Shown>,
    /// When something comes due next, ms since 1970; may be too early, never too late.
    pub next_due_ms: AtomicI64,
    /// Rings when a row was published.
    pub rows: Bell,
    /// The lanes that are this node's; none where all are.
    pub owned: RwLock<Option<BTreeSet<LaneId>>>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            slowest_batch_us: AtomicU64::new(0),
            work: Done::default(),
            stepped: AtomicBool::new(false),
            differs_ms: AtomicI64::new(0),
            clocks: Mutex::default(),
            next_due_ms: AtomicI64::new(i64::MAX),
            rows: Bell::default(),
            owned: RwLock::default(),
        }
    }
}

struct Hosted {
    lane: Lane<Ticket>,
    drop: Arc<Drop>,
    /// The journal is being read to resolve an outcome.
    resolving: bool,
    /// Whether this owner's first row is published.
    told_open: bool,
    /// What it has besides where several nodes serve.
    shared: Option<Box<Shared>>,
    /// What stands in `dues` for it, so that nothing stands there twice.
    due_ms: Option<i64>,
    timing: Timing,
}

impl Hosted {
    /// When the lane has something to do without being asked.
    fn next_due_ms(&self) -> Option<i64> {
        self.drop.published.own(|served| self.lane.next_due_ms(served)).flatten()
    }

    /// Whether the lane is on its way to another node.
    fn handing(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.handing())
    }

    /// Whether the lane rests, nobody waits for it, and nothing of it waits to be told.
    fn rested(&self) -> bool {
        self.told() && self.drop.published.own(|served| self.lane.rested(served)) == Some(true)
    }
}

/// Everything the thread owns.
pub struct Lanes {
    clock: Arc<Clock>,
    folder: Arc<DataFolder>,
    inbox: Arc<Inbox<Message>>,
    /// Each journal's, in the journals' order.
    commits: Vec<Commits>,
    /// Since when the oldest of the messages waited that were taken last.
    came: Stopwatch,
    config: LaneConfig,
    hosted: HashMap<LaneId, Hosted>,
    resting: HashMap<LaneId, Arc<Drop>>,
    waking: HashMap<LaneId, Vec<Waits>>,
    touched: BTreeSet<LaneId>,
    /// Lanes in which commands wait to be decided, and none of whose rows is with the store.
    asking: BTreeSet<LaneId>,
    /// Lanes that wait for a commit, and when all of them were last looked at.
    held: BTreeSet<LaneId>,
    held_mono_ms: i64,
    /// Lanes of which a full batch may wait.
    full: BTreeSet<LaneId>,
    /// Rows that the journal has and that are not published yet, each with its journal's place.
    durable: VecDeque<(usize, Sealed)>,
    /// Lanes whose append failed, and when the journal is to be read.
    resolves: BTreeMap<LaneId, i64>,
    dues: BinaryHeap<Reverse<(i64, LaneId)>>,
    heads: Heads,
    heads_changed: bool,
    /// Rows were published, and the projector has not heard.
    new_rows: bool,
    kept_house_mono_ms: i64,
    quiet: Vec<mpsc::Sender<()>>,
    told: Arc<Told>,
    sink: Arc<Sink>,
    /// Answers on their way to cores.
    desks: Outbox,
    /// Answers on their way to the sink.
    many: Vec<(u64, fanfare_lane::Reply)>,
    stopping: bool,
    stop_by_mono_ms: i64,
    /// The other nodes; none where one process serves alone.
    nodes: Option<Box<Nodes>>,
}

impl Lanes {
    /// With these lanes open and these at rest.
    pub fn new(
        (clock, folder, inbox, committers, sink): Parts,
        told: Arc<Told>,
        config: LaneConfig,
        open: Vec<(Lane<Ticket>, Arc<Drop>)>,
        resting: Vec<Arc<Drop>>,
    ) -> Self {
        let mut lanes = Self {
            clock,
            folder,
            inbox,
            commits: committers.into_iter().map(Commits::new).collect(),
            came: Stopwatch::start(),
            config,
            hosted: HashMap::new(),
            resting: resting.into_iter().map(|drop| (drop.lane, drop)).collect(),
            waking: HashMap::new(),
            touched: BTreeSet::new(),
            asking: BTreeSet::new(),
            held: BTreeSet::new(),
            held_mono_ms: i64::MIN / 2,
            full: BTreeSet::new(),
            durable: VecDeque::new(),
            resolves: BTreeMap::new(),
            dues: BinaryHeap::new(),
            heads: Heads::new(),
            heads_changed: true,
            new_rows: false,
            kept_house_mono_ms: i64::MIN / 2,
            quiet: Vec::new(),
            told,
            sink,
            desks: Outbox::default(),
            many: Vec::new(),
            stopping: false,
            stop_by_mono_ms: i64::MAX,
            nodes: None,
        };
        for drop in lanes.resting.values() {
            let front = drop.published.front();
            lanes.heads.insert(drop.lane, head_of(&drop.spec.id, &front.face));
        }
        for (lane, drop) in open {
            lanes.host(lane, drop, 0);
        }
        lanes
    }

    /// Keeps what the witness says of lanes that are shut: a journal that went back in time must
    /// still be seen to have done so after the next start.
    #[must_use]
    pub fn remember(mut self, witnessed: Heads) -> Self {
        for (lane, head) in witnessed {
            self.heads.entry(lane).or_insert(head);
        }
        self
    }

    /// One of several nodes. What is open here is answered from once a lease is renewed.
    #[must_use]
    pub fn among(mut self, membership: Option<Membership>) -> Self {
        let Some(membership) = membership else { return self };
        let own = (membership.node, membership.process);
        for (lane, hosted) in &mut self.hosted {
            let term = membership.terms.get(lane).copied().unwrap_or_default();
            hosted.shared = Some(Box::new(Shared::under(own, term)));
        }
        let hosted = self.hosted.values().map(|hosted| &hosted.drop);
        hosted.chain(self.resting.values()).for_each(|drop| drop.answer_until(i64::MIN));
        self.nodes = Some(Box::new(Nodes::new(membership)));
        self.tell_owned();
        self
    }

    /// Serves a lane from here on whose first row is durable, and published.
    fn host(&mut self, lane: Lane<Ticket>, drop: Arc<Drop>, term: u64) {
        let id = lane.id();
        self.host_by(lane, drop, term);
        if let Some(hosted) = self.hosted.get_mut(&id) {
            hosted.told_open = true;
        }
    }

    /// Opens a lane by this lease. Nothing is told before its first row is durable.
    fn host_by(&mut self, lane: Lane<Ticket>, drop: Arc<Drop>, term: u64) {
        let id = lane.id();
        self.forget_rows(id);
        let own = self.nodes.as_ref().map(|nodes| nodes.own());
        let shared = own.map(|own| Box::new(Shared::under(own, term)));
        if shared.is_some() {
            drop.answer_until(i64::MIN);
        }
        self.note_head(&drop);
        self.touched.insert(id);
        self.resolves.remove(&id);
        self.resting.remove(&id);
        if let Some(nodes) = &mut self.nodes {
            nodes.follow_no_more(&drop);
        }
        let hosted = Hosted {
            lane,
            drop,
            resolving: false,
            told_open: false,
            shared,
            due_ms: None,
            timing: Timing::default(),
        };
        self.hosted.insert(id, hosted);
        self.announce(id);
    }

    /// Whoever makes tables of this node's lanes hears which they are.
    fn tell_owned(&self) {
        let owned: BTreeSet<LaneId> = self.owned().map(|(lane, _)| lane).collect();
        let mut told = self.told.owned.write().unwrap_or_else(PoisonError::into_inner);
        *told = Some(owned);
    }

    /// Keeps how far a lane has durably come. What is read of a journal that went back in time
    /// takes nothing from the witness.
    fn note_head(&mut self, drop: &Drop) {
        let head = head_of(&drop.spec.id, &drop.published.front().face);
        if self.heads.get(&drop.lane).is_none_or(|known| known.seq <= head.seq) {
            self.heads.insert(drop.lane, head);
            self.heads_changed = true;
        }
    }

    /// Runs until told to stop and nothing accepted is left undone.
    pub fn run(mut self) {
        let mut taken = Vec::new();
        loop {
            if self.commits.iter().any(Commits::under_way) && self.crowded_behind_one() {
                self.work_ahead();
                self.inbox.wait_awake(AWAKE_FOR_COMMIT_US);
            }
            let came = self.inbox.take(&mut taken, self.nap(), self.awaits());
            self.came = came.since;
            self.commits.iter_mut().for_each(|of| of.look(&self.clock, came.lull));
            let clock = self.clock.read();
            let began = Stopwatch::start();
            for message in taken.drain(..) {
                self.hear(message, &clock);
            }
            // What a host has just confirmed holds for all that is decided now.
            let clock = if clock.stepped { self.clock.read() } else { clock };
            self.touch_due(&clock);
            self.publish_durable();
            self.turn_touched(&clock);
            self.hand_out();
            self.told.slowest_batch_us.fetch_max(began.passed_us(), Ordering::Relaxed);
            let next_due_ms = self.dues.peek().map_or(i64::MAX, |Reverse((due_ms, _))| *due_ms);
            self.told.next_due_ms.store(next_due_ms, Ordering::Release);
            if clock.mono_ms - self.kept_house_mono_ms >= 1_000 {
                self.keep_house(&clock);
            }
            self.keep_nodes();
            self.hand_out();
            self.answer_quiet(&clock);
            if self.stopping && (self.all_idle() || clock.mono_ms >= self.stop_by_mono_ms) {
                break;
            }
        }
        self.write_heads();
    }

    /// What to be woken for. Whoever can commit at once wants to hear of the first command.
    fn awaits(&self) -> Awaits {
        if !self.quiet.is_empty() || !self.commits.iter().all(Commits::busy) {
            return Awaits::First;
        }
        let mut pausing = self.commits.iter().filter(|of| of.pause_us().is_some()).peekable();
        if pausing.peek().is_none() {
            return Awaits::Urgent;
        }
        Awaits::Lull { work: !self.asking.is_empty() || pausing.any(|of| of.gathered() > 0) }
    }

    /// How long to sleep: until the next thing is due, if that is soon.
    fn nap(&self) -> Duration {
        if !self.durable.is_empty() {
            return Duration::ZERO;
        }
        if self.stopping || !self.quiet.is_empty() {
            return Duration::from_millis(1);
        }
        if let Some(left) = self.commits.iter().filter_map(Commits::pause_us).min() {
            return Duration::from_micros(left);
        }
        let due = self.dues.peek().map(|Reverse((due_ms, _))| due_ms - self.clock.now_ms());
        let retry = !self.resolves.is_empty()
            || self.nodes.as_ref().is_some_and(|nodes| nodes.waits())
            || self.nodes.is_some() && !self.owing().is_empty();
        let nap = if retry { Duration::from_millis(20) } else { NAP };
        due.map_or(nap, |ms| nap.min(Duration::from_millis(ms.clamp(1, 1_000) as u64)))
    }

    fn hear(&mut self, message: Message, clock: &Reading) {
        match message {
            Message::Ask(lane, command, ticket) => self.ask(lane, command, ticket, clock),
            Message::AskMany(asks) => self.ask_many(asks, clock),
            Message::Stored(home, Outcome::Appended(rows, placed)) => {
                self.commits[home].over();
                self.appended(home, rows, placed, clock);
            }
            Message::Stored(_, Outcome::Read(lane, rows)) if self.hosted.contains_key(&lane) => {
                self.resolve(lane, rows, clock);
            }
            Message::Stored(_, Outcome::Read(lane, rows)) => self.caught_up(lane, rows, clock),
            Message::Stored(_, Outcome::Unknown(lane)) => {
                if self.hosted.contains_key(&lane) {
                    self.resolves.insert(lane, clock.mono_ms + RESOLVE_AFTER_MS);
                }
            }
            Message::Host(lane, drop, term) => self.host(*lane, drop, term),
            Message::Rest(drop) => {
                self.note_head(&drop);
                if let Some(nodes) = &mut self.nodes {
                    nodes.follow_no_more(&drop);
                }
                self.resting.insert(drop.lane, drop);
            }
            Message::Woken(lane, replay) => self.woken(lane, replay, clock),
            Message::Nodes(message) => self.hear_nodes(message, clock),
            Message::Quiet(sender) => self.quiet.push(sender),
            Message::Stop => {
                self.stopping = true;
                self.stop_by_mono_ms = clock.mono_ms + STOP_WITHIN_MS;
            }
        }
    }

    /// Lanes whose time has come.
    fn touch_due(&mut self, clock: &Reading) {
        while let Some(Reverse((due_ms, lane))) = self.dues.peek().copied()
            && due_ms <= clock.now_ms
        {
            self.dues.pop();
            self.touched.insert(lane);
            if let Some(hosted) = self.hosted.get_mut(&lane) {
                hosted.due_ms = hosted.due_ms.filter(|other_ms| *other_ms != due_ms);
            }
        }
        self.read_unresolved(clock);
    }

    fn all_idle(&self) -> bool {
        let idle = |hosted: &Hosted| {
            hosted.lane.idle() && hosted.told() || hosted.lane.stopped().is_some()
        };
        let committing = self.commits.iter().any(Commits::under_way);
        !committing && self.waking.is_empty() && self.hosted.values().all(idle)
    }

    fn answer_quiet(&mut self, clock: &Reading) {
        if self.quiet.is_empty() || !self.all_idle() {
            return;
        }
        let due = |hosted: &Hosted| {
            hosted.lane.stopped().is_none()
                && hosted.next_due_ms().is_some_and(|due| due <= clock.now_ms)
        };
        if self.hosted.values().any(due) {
            self.touched.extend(self.hosted.keys());
            return;
        }
        for sender in self.quiet.drain(..) {
            let _ = sender.send(());
        }
    }
}
