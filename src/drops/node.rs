//! A serving process: its drops, its lanes' thread, its committers, its clock and keys. Built once
//! and passed down.

use super::committer::{self, Work};
use super::desk::Desk;
use super::directory;
pub use super::directory::{Directory, Shut, Until};
use super::drop::Drop;
use super::found::{self, Found, FoundAt, Founding};
use super::inbox::Inbox;
use super::joining::{self, Among, Joined};
use super::lanes::{Committers, Lanes, Message, NodesMessage, Told};
use super::register::{self, Opened, Seat, Seats};
use super::spec::DropSpec;
use super::testimony::Testimony;
use super::ticket::{Answered, Asks, Sink, Ticket};
use super::wake;
use crate::kit::clock::Clock;
use crate::kit::data::{DataError, DataFolder};
use crate::kit::heads::Heads;
use crate::kit::journal::{Holder, JournalError, JournalReader, JournalWriter, NodeRow, not_moved};
use crate::kit::keys::{self, Keyring};
use crate::kit::metrics::Work as Done;
use crate::kit::token::Tokens;
use crate::kit::vital;
use crate::nodes::standing::Standing;
use fanfare_engine::Command;
use fanfare_lane::{FestivalKey, Lane, LaneConfig, LaneId, PublicKey, Replay, Reply};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// The running parts, joined at the end.
struct Threads {
    lanes: JoinHandle<()>,
    committers: Vec<JoinHandle<()>>,
}

/// How long a node that is told to stop hands its lanes over.
const DRAIN_WITHIN: Duration = Duration::from_secs(4);

/// What a node is started beside.
#[derive(Default)]
pub struct Beside {
    /// What tables made of the journal's rows testify: how far each lane had come.
    pub tables: Heads,
    /// What makes it one of several.
    pub among: Option<Among>,
    /// Why the first journal was silent when the drops were looked up, if it was: then those that
    /// only it knows are not among them.
    pub apart: Option<String>,
}

/// A serving process.
pub struct Node {
    /// The one clock.
    pub clock: Arc<Clock>,
    /// The data folder.
    pub folder: Arc<DataFolder>,
    /// Makes and checks sessions.
    pub tokens: Tokens,
    /// The festival's public key.
    pub public_key: PublicKey,
    /// That one, and those that signed rows before it.
    pub keys: Keyring,
    /// What the lanes' thread tells of itself.
    pub told: Arc<Told>,
    /// Where the answers to tickets of a caller of very many arrive.
    pub sink: Arc<Sink>,
    directory: Arc<RwLock<Arc<Directory>>>,
    inbox: Arc<Inbox<Message>>,
    /// Each journal's, in the journals' order; none once the server is stopping.
    committers: Mutex<Committers>,
    signing: Arc<FestivalKey>,
    config: LaneConfig,
    /// This node among others, where the journals are on servers, and whether it has its place at
    /// each.
    own: Option<(NodeRow, Vec<Standing>)>,
    /// What the tables testified at the start.
    tables: Heads,
    threads: Mutex<Option<Threads>>,
    /// Held by whoever opens lanes while serving: two at once would both open the same.
    opening: Mutex<()>,
}

/// Lanes nobody here knew: those that are drops, and those without a row, by journal.
pub type Unheard = (Vec<(LaneId, DropSpec)>, BTreeMap<usize, Vec<LaneId>>);

impl Asks for Node {
    async fn asked(&self, lane: LaneId, command: Command) -> Answered {
        let (sender, receiver) = oneshot::channel();
        self.ask(lane, command, Ticket::One(sender));
        // A lane that ends while asked may have done it: the caller asks again and hears which.
        receiver.await.unwrap_or(Answered::plain(Reply::Unsure))
    }
}

/// Rows are for ever: before any is written or believed, both libraries that hash them have to
/// agree on this processor (`docs/decisions/0040-many-hashes-at-once.md`).
///
/// # Errors
/// If they do not, in words.
pub fn hashing_holds() -> Result<(), String> {
    let why = "SHA-256 comes out differently in two ways on this processor; nothing is served or \
               verified here: run memory and processor tests, or use another machine";
    if fanfare_lane::hashes_agree() { Ok(()) } else { Err(why.to_owned()) }
}

impl Node {
    /// Opens the journal in the folder and serves these drops.
    ///
    /// # Errors
    /// Why it cannot, in words, with what to do.
    pub fn start(
        folder: DataFolder,
        clock: Arc<Clock>,
        config: LaneConfig,
        specs: Vec<DropSpec>,
    ) -> Result<Arc<Self>, String> {
        Self::start_beside(folder, clock, config, specs, Beside::default())
    }

    /// The same beside tables, and among other nodes.
    ///
    /// # Errors
    /// Why it cannot, in words, with what to do.
    pub fn start_beside(
        mut folder: DataFolder,
        clock: Arc<Clock>,
        mut config: LaneConfig,
        specs: Vec<DropSpec>,
        beside: Beside,
    ) -> Result<Arc<Self>, String> {
        hashing_holds()?;
        register::not_elsewhere(&folder, &beside.tables)?;
        // A server can forget what it acknowledged, where another takes its place.
        config.keep_rows |= !folder.journals().in_file();
        let testimony = Testimony::read(&folder, beside.tables.clone())?;
        let mut opened = Opened::open(&mut folder, testimony.newest(), beside.apart)?;
        let (seats, mut found) = opened.seat(specs, testimony.newest())?;
        let lanes = register::lanes_of(&seats);
        let witnessed = testimony.against(&opened.reader, &lanes);
        let Opened { mut writers, reader, keys, silent } = opened;
        let public_key = keys.public();
        let tokens = Tokens::of(&keys);
        let keyring = Keyring::new(public_key, reader.keys().map_err(|why| why.to_string())?);
        let signing = Arc::new(keys.signing);
        let festival = wake::festival_number(folder.festival());
        let address = beside.among.as_ref().map(|among| among.address);
        let joined = joining::join(&folder, address, &lanes, silent.is_some())?;
        let holder = joined.as_ref().map(Joined::holder);
        let owned = holder.as_ref();
        let (clock_now, theirs_ms) = (clock.read(), None);
        let founding =
            Founding { festival, key: &signing, config, clock: clock_now, theirs_ms, owned };
        found.extend(found::open_homes(&founding, &mut writers, &reader, seats, &witnessed)?);
        let Sorted { directory, open, resting, followed } = Sorted::of(found, silent.as_deref());
        let (folder, inbox) = (Arc::new(folder), Arc::new(Inbox::default()));
        let (told, sink) = (Arc::new(Told::default()), Arc::new(Sink::default()));
        let (senders, committers) = start_committers(writers, &signing, (&inbox, &told.work))?;
        let directory = Arc::new(RwLock::new(Arc::new(directory)));
        let own = joined.as_ref().map(|joined| (joined.own().clone(), joined.standings()));
        let joined = joined
            .map(|joined| joined.start(beside.among, &folder, &inbox, directory.clone(), followed));
        let membership = joined.transpose()?;
        let lanes = Lanes::new(
            (clock.clone(), folder.clone(), inbox.clone(), senders.clone(), sink.clone()),
            told.clone(),
            config,
            open,
            resting,
        )
        .remember(witnessed)
        .among(membership);
        let lanes = vital::spawn("lanes", move || lanes.run()).map_err(|why| why.to_string())?;
        Ok(Arc::new(Self {
            clock,
            folder,
            tokens,
            public_key,
            keys: keyring,
            told,
            sink,
            directory,
            inbox,
            committers: Mutex::new(senders),
            signing,
            config,
            own,
            tables: beside.tables,
            threads: Mutex::new(Some(Threads { lanes, committers })),
            opening: Mutex::default(),
        }))
    }

    /// The drops as they are now.
    pub fn directory(&self) -> Arc<Directory> {
        directory::seen(&self.directory)
    }

    /// Hands a command to a lane; the ticket hears the answer.
    pub fn ask(&self, lane: LaneId, command: Command, ticket: Ticket) {
        self.inbox.push(Message::Ask(lane, command, ticket));
    }

    /// Hands over many commands at once.
    pub fn ask_many(&self, asks: Vec<(LaneId, Command, Ticket)>) {
        self.inbox.push_urgent(Message::AskMany(asks));
    }

    /// A desk for a core that asks much.
    pub fn desk(&self) -> Desk {
        Desk::new(self.inbox.clone())
    }

    /// Hands a command to a lane and waits for the answer, off the hot threads.
    pub fn asked_blocking(&self, lane: LaneId, command: Command) -> Answered {
        let (sender, receiver) = oneshot::channel();
        self.ask(lane, command, Ticket::One(sender));
        receiver.blocking_recv().unwrap_or(Answered::plain(Reply::Unsure))
    }

    /// Turns a clock that is ours to turn, and waits until what came due by then is done.
    pub fn turn_to(&self, now_ms: i64) {
        self.clock.turn_to(now_ms);
        if self.told.next_due_ms.load(Ordering::Acquire) <= now_ms {
            self.quiet();
        }
    }

    /// Waits until no lane has anything to do at the clock's present moment.
    pub fn quiet(&self) {
        let (sender, receiver) = mpsc::channel();
        self.inbox.push_urgent(Message::Quiet(sender));
        let _ = receiver.recv();
    }

    /// Runs something with the writer of the journal at this place, between two commits, and waits
    /// for it.
    ///
    /// # Errors
    /// If there is no such journal, or the node is stopping.
    pub fn with_writer<R: Send + 'static>(
        &self,
        home: usize,
        work: impl FnOnce(&mut JournalWriter) -> R + Send + 'static,
    ) -> Result<R, String> {
        let (sender, receiver) = mpsc::channel();
        let work = Work::Else(Box::new(move |writer| drop(sender.send(work(writer)))));
        let committers = self.committers.lock().unwrap_or_else(PoisonError::into_inner);
        let stopping = || "the server is stopping".to_owned();
        committers.get(home).ok_or_else(stopping)?.send(work).map_err(|_| stopping())?;
        drop(committers);
        receiver.recv().map_err(|_| stopping())
    }

    /// Makes further drops while serving.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn add_drops(&self, specs: Vec<DropSpec>) -> Result<(), String> {
        let _turn = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        // What answers in the first journal's place is held against what is served before it is
        // believed.
        if self.directory().is_apart() {
            return Err("the first journal has not been heard since the start".to_owned());
        }
        // It would open them by its own clock, and no other could be given them.
        if let Some(what) = self.told.clock_contradicted() {
            return Err(format!(
                "{what}, and most of them agree: set it right, or ask another node"
            ));
        }
        self.add_placed(specs)
    }

    fn add_placed(&self, mut specs: Vec<DropSpec>) -> Result<(), String> {
        // Another node may have made them meanwhile.
        let directory = self.directory();
        specs.retain(|spec| directory.named(&spec.id).is_none());
        // A lane number the witness knows is no new lane's: the journal has lost one.
        let testimony = self.testimony()?;
        let (journals, heads) = (self.folder.journals(), testimony.newest().clone());
        let seats = self.with_writer(0, move |register| {
            let reader = JournalReader::open(&journals)?;
            register::seats(register, &reader, specs, &heads)
        })?;
        self.open_seats(seats.map_err(|why| why.to_string())?, testimony)
    }

    /// How far each lane had come, as witness and tables saw it.
    fn testimony(&self) -> Result<Testimony, String> {
        Testimony::read(&self.folder, self.tables.clone())
    }

    /// Opens lanes that are not open, and serves them.
    fn open_seats(&self, seats: Seats, testimony: Testimony) -> Result<(), String> {
        let lanes = register::lanes_of(&seats);
        let take = |(own, _): &(NodeRow, Vec<Standing>)| {
            let terms = joining::take(&self.folder, own, &lanes)?;
            Ok::<_, String>(Holder { node: own.node, process: own.process, terms })
        };
        let owned = self.own.as_ref().map(take).transpose()?;
        let reader = JournalReader::known(&self.folder.journals())?;
        let witnessed = testimony.against(&reader, &lanes);
        let mut found = FoundAt::new();
        for (home, seats) in seats {
            found.extend(self.open_home(home, seats, witnessed.clone(), owned.clone())?);
        }
        directory::change(&self.directory, |directory| {
            for found in found.into_values() {
                self.let_in(directory, found, owned.as_ref());
            }
        });
        Ok(())
    }

    /// What was found becomes known, and who drives it is told.
    fn let_in(&self, directory: &mut Directory, found: Found, owned: Option<&Holder>) {
        // Its owner may have told of it meanwhile.
        let known = |lane: LaneId| directory.of_lane(lane).is_some();
        match found {
            Found::Shut(shut) if shut.lane.is_some_and(known) => {}
            Found::Open(lane, drop) => {
                directory.add(self.unproven(drop.clone()));
                let term = owned.and_then(|owned| owned.terms.get(&drop.lane)).copied();
                self.inbox.push_urgent(Message::Host(lane, drop, term.unwrap_or_default()));
            }
            Found::Resting(drop) => {
                directory.add(self.unproven(drop.clone()));
                self.inbox.push_urgent(Message::Rest(drop));
            }
            Found::Followed(drop, replay) => {
                // The lanes' thread adds it; nobody hears meanwhile that there is none.
                if directory.is_apart() {
                    directory.hear_of(drop.lane, drop.spec.clone());
                }
                let known = NodesMessage::Known(Box::new(Ok((drop, *replay))));
                self.inbox.push_urgent(known.into());
            }
            Found::Shut(shut) => directory.close(*shut),
        }
    }

    /// Where leases say whose a lane is, it is answered from once a renewal has proven that.
    fn unproven(&self, drop: Arc<Drop>) -> Arc<Drop> {
        if self.own.is_some() {
            drop.answer_until(i64::MIN);
        }
        drop
    }

    /// Opens the lanes that are shut because their journal was silent, where it answers now and
    /// this node has its place there, and those no node has opened yet, where they are this one's
    /// by now. Where the first journal was not heard at the start, all that the start left out is
    /// done once it is, with the drops `specs` then gives. Takes as long as a connection that is
    /// waited for in vain.
    pub fn open_silent(&self, specs: impl FnOnce() -> Result<Vec<DropSpec>, String>) {
        let _turn = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if self.directory().is_apart()
            && let Err(why) = self.end_apart(specs)
        {
            self.change(|directory| directory.start_apart(&why));
        }
        if let Err(why) = self.open_waiting() {
            tracing::warn!(why, "lanes whose journal was silent cannot be opened yet");
        }
    }

    /// Opens waiting lanes whose home answers.
    fn open_waiting(&self) -> Result<(), String> {
        let directory = self.directory();
        let mut silent = directory.waiting().peekable();
        if silent.peek().is_none() {
            return Ok(());
        }
        let journals = self.folder.journals();
        let apart = directory.is_apart();
        let reader =
            if apart { JournalReader::known(&journals)? } else { JournalReader::open(&journals)? };
        let answers = |lane: LaneId| {
            let home = reader.home(lane).ok().filter(|home| self.is_there(*home));
            home.is_some() && reader.newest_seq(lane).is_ok()
        };
        let specs = silent.filter(|shut| shut.lane.is_some_and(answers));
        let specs: Vec<DropSpec> = specs.map(|shut| shut.spec.clone()).collect();
        if specs.is_empty() {
            return Ok(());
        }
        if !apart {
            return self.add_placed(specs);
        }
        // Those of the first journal open with all that only it knows; here they wait on.
        let testimony = self.testimony()?;
        let (seats, _) = register::seats_apart(&reader, specs, testimony.newest())?;
        self.open_seats(seats, testimony)
    }

    /// Does what a start without the first journal left out, if that answers now and is the one it
    /// was. What is served goes on either way.
    fn end_apart(
        &self,
        specs: impl FnOnce() -> Result<Vec<DropSpec>, String>,
    ) -> Result<(), String> {
        let reader = JournalReader::open(&self.folder.journals())?;
        not_moved(&reader)?;
        register::agrees(&reader, &self.directory(), self.testimony()?.newest())?;
        // The others' lists and rows did not speak against this node's key; the first's may.
        if let Some(doubt) = keys::doubt(self.folder.path(), &reader)? {
            return Err(DataError::from(doubt).to_string());
        }
        drop(reader);
        if !self.is_there(0) {
            return Err("it answers, and this node joins there now".to_owned());
        }
        let key = self.public_key;
        self.with_writer(0, move |register| register.list_key(&key))??;
        self.add_placed(specs()?)?;
        self.change(Directory::end_apart);
        tracing::info!("the first journal is back: all that the start left out is done");
        Ok(())
    }

    /// Whether this node has its place at this journal, where it takes one.
    fn is_there(&self, home: usize) -> bool {
        let standing = self.own.as_ref().and_then(|(_, each)| each.get(home));
        standing.is_none_or(Standing::stands)
    }

    fn change(&self, change: impl FnOnce(&mut Directory)) {
        directory::change(&self.directory, change);
    }

    /// Other nodes' drops that this one has not heard of are busy until it has read them. `look`
    /// says which of the unheard lanes are drops, and which have no row yet, by journal.
    ///
    /// # Errors
    /// If that cannot be known now.
    pub fn hear_of(
        &self,
        look: impl FnOnce(&BTreeSet<LaneId>) -> Result<Unheard, String>,
    ) -> Result<(), String> {
        // What is being made here has a lease, and no row yet.
        let _turn = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = self.directory();
        let unheard: BTreeSet<LaneId> = directory.unheard().collect();
        // Without the first journal, all that is unknown is said to be busy.
        if unheard.is_empty() || directory.is_apart() {
            return Ok(());
        }
        let (drops, empty) = look(&unheard)?;
        self.change(|seen| {
            drops.into_iter().for_each(|(lane, spec)| seen.hear_of(lane, spec));
            empty.values().for_each(|lanes| seen.found_empty(lanes));
        });
        match &self.own {
            Some((own, _)) if !empty.is_empty() => {
                joining::give_up_empty(&self.folder, own, &empty)
            }
            _ => Ok(()),
        }
    }

    /// Opens lanes of one home between two of its commits.
    fn open_home(
        &self,
        home: usize,
        seats: Vec<Seat>,
        witnessed: Heads,
        owned: Option<Holder>,
    ) -> Result<FoundAt, String> {
        let festival = wake::festival_number(self.folder.festival());
        let (key, config, clock) = (self.signing.clone(), self.config, self.clock.clone());
        let journals = self.folder.journals();
        let named = home < journals.count();
        let theirs_ms = self.told.clocks_show_ms();
        // Those of a journal nobody named are shut, which takes no writer of theirs.
        let found = self.with_writer(if named { home } else { 0 }, move |writer| {
            let (clock, owned) = (clock.read(), owned.as_ref());
            let founding = Founding { festival, key: &key, config, clock, theirs_ms, owned };
            let reader = JournalReader::known(&journals)?;
            let at = (home, named.then_some(writer));
            found::open_home(&founding, at, &reader, seats, &witnessed)
        })?;
        found.map_err(|why: JournalError| why.to_string())
    }

    /// Gives a drop other names and terms to be shown; its lane has decided them already.
    pub fn rename(&self, lane: LaneId, spec: DropSpec) {
        self.change(|directory| directory.rename(lane, spec));
    }

    /// Hands every lane over to other nodes, if there are any, while requests still come.
    pub fn drain(&self) {
        if self.own.is_some() {
            let (sender, receiver) = mpsc::channel();
            self.inbox.push_urgent(NodesMessage::Drain(sender).into());
            let _ = receiver.recv_timeout(DRAIN_WITHIN);
        }
    }

    /// Finishes what was accepted and ends the threads.
    pub fn stop(&self) {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(threads) = threads else { return };
        self.inbox.push_urgent(Message::Stop);
        let _ = threads.lanes.join();
        self.committers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        for committer in threads.committers {
            let _ = committer.join();
        }
    }
}

/// What was found at a start, by what is done with it.
#[derive(Default)]
struct Sorted {
    directory: Directory,
    open: Vec<(Lane<Ticket>, Arc<Drop>)>,
    resting: Vec<Arc<Drop>>,
    followed: Vec<(Arc<Drop>, Replay)>,
}

impl Sorted {
    /// `apart` says why the first journal is not heard, if it is not.
    fn of(found: FoundAt, apart: Option<&str>) -> Self {
        let mut sorted = Self::default();
        apart.into_iter().for_each(|why| sorted.directory.start_apart(why));
        for found in found.into_values() {
            match found {
                Found::Open(lane, drop) => {
                    sorted.directory.add(drop.clone());
                    sorted.open.push((*lane, drop));
                }
                Found::Resting(drop) => {
                    sorted.directory.add(drop.clone());
                    sorted.resting.push(drop);
                }
                Found::Followed(drop, replay) => {
                    sorted.directory.add(drop.clone());
                    sorted.followed.push((drop, *replay));
                }
                Found::Shut(shut) => sorted.directory.close(*shut),
            }
        }
        sorted
    }
}

/// A committer for each journal.
fn start_committers(
    writers: Vec<JournalWriter>,
    signing: &Arc<FestivalKey>,
    (inbox, done): (&Arc<Inbox<Message>>, &Done),
) -> Result<(Committers, Vec<JoinHandle<()>>), String> {
    let started = writers
        .into_iter()
        .enumerate()
        .map(|at| committer::start(at, signing.clone(), inbox.clone(), done.clone()));
    started.collect::<Result<_, _>>().map_err(|why: std::io::Error| why.to_string())
}
