//! A serving process: its drops, its lanes' thread, its committers, its clock and keys. Built once
//! and passed down.

use super::committer::{self, Work};
pub use super::directory::{Directory, Shut, Until};
use super::drop::Drop;
use super::found::{self, Found, FoundAt, Founding, Seat};
use super::inbox::Inbox;
use super::joining::{self, Among, Joined};
use super::lanes::{Committers, Lanes, Message, NodesMessage, Told};
use super::spec::DropSpec;
use super::ticket::{Answered, Sink, Ticket};
use super::wake;
use crate::kit::clock::Clock;
use crate::kit::data::DataFolder;
use crate::kit::heads::{self, Head, Heads};
use crate::kit::journal::{
    Holder, JournalError, JournalReader, JournalWriter, NodeRow, moved, not_moved,
};
use crate::kit::keys::{Keyring, Keys};
use crate::kit::token::Tokens;
use crate::kit::vital;
use crate::nodes::standing::Standing;
use fanfare_engine::Command;
use fanfare_lane::{FestivalKey, Lane, LaneConfig, LaneId, PublicKey, Replay, Reply};
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
    threads: Mutex<Option<Threads>>,
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
        not_elsewhere(&folder, &beside.tables)?;
        // A server can forget what it acknowledged, where another takes its place.
        config.keep_rows |= !folder.journals().in_file();
        let witness = heads::read(&folder.heads()).map_err(|why| why.to_string())?;
        let witnessed = heads::newest(witness, beside.tables);
        let (mut writers, reader, keys) = open_journals(&mut folder, &witnessed)?;
        let public_key = keys.public();
        let tokens = Tokens::of(&keys);
        let keyring = Keyring::new(public_key, reader.keys().map_err(|why| why.to_string())?);
        let signing = Arc::new(keys.signing);
        let festival = wake::festival_number(folder.festival());
        let seats = found::seats(&mut writers[0], &reader, specs, &witnessed)
            .map_err(|why| why.to_string())?;
        let address = beside.among.as_ref().map(|among| among.address);
        let joined = joining::join(&folder, address, &found::lanes_of(&seats))?;
        let holder = joined.as_ref().map(Joined::holder);
        let owned = holder.as_ref();
        let founding = Founding { festival, key: &signing, config, clock: clock.read(), owned };
        let mut found = FoundAt::new();
        for (home, seats) in seats {
            let at = (home, writers.get_mut(home));
            let opened = found::open_home(&founding, at, &reader, seats, &witnessed);
            found.extend(opened.map_err(|why| why.to_string())?);
        }
        let Sorted { directory, open, resting, followed } = Sorted::of(found);
        let (folder, inbox) = (Arc::new(folder), Arc::new(Inbox::default()));
        let (senders, committers) = start_committers(writers, &signing, &inbox)?;
        let (told, sink) = (Arc::new(Told::default()), Arc::new(Sink::default()));
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
            threads: Mutex::new(Some(Threads { lanes, committers })),
        }))
    }

    /// The drops as they are now.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hands a command to a lane; the ticket hears the answer.
    pub fn ask(&self, lane: LaneId, command: Command, ticket: Ticket) {
        self.inbox.push(Message::Ask(lane, command, ticket));
    }

    /// Hands over many commands at once.
    pub fn ask_many(&self, asks: Vec<(LaneId, Command, Ticket)>) {
        self.inbox.push_urgent(Message::AskMany(asks));
    }

    /// Hands a command to a lane and waits for the answer.
    pub async fn asked(&self, lane: LaneId, command: Command) -> Answered {
        let (sender, receiver) = oneshot::channel();
        self.ask(lane, command, Ticket::One(sender));
        // A lane that ends while asked may have done it: the caller asks again and hears which.
        receiver.await.unwrap_or(Answered { reply: Reply::Unsure, proof: None })
    }

    /// Hands a command to a lane and waits for the answer, off the hot threads.
    pub fn asked_blocking(&self, lane: LaneId, command: Command) -> Answered {
        let (sender, receiver) = oneshot::channel();
        self.ask(lane, command, Ticket::One(sender));
        receiver.blocking_recv().unwrap_or(Answered { reply: Reply::Unsure, proof: None })
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
        // A lane number the witness knows is no new lane's: the journal has lost one.
        let witnessed = heads::read(&self.folder.heads()).map_err(|why| why.to_string())?;
        let (journals, heads) = (self.folder.journals(), witnessed.clone());
        let seats = self.with_writer(0, move |register| {
            let reader = JournalReader::open(&journals)?;
            found::seats(register, &reader, specs, &heads)
        })?;
        let seats = seats.map_err(|why| why.to_string())?;
        let lanes = found::lanes_of(&seats);
        let take = |(own, _): &(NodeRow, Vec<Standing>)| {
            let terms = joining::take(&self.folder, own, &lanes)?;
            Ok::<_, String>(Holder { node: own.node, process: own.process, terms })
        };
        let owned = self.own.as_ref().map(take).transpose()?;
        let mut found = FoundAt::new();
        for (home, seats) in seats {
            found.extend(self.open_home(home, seats, witnessed.clone(), owned.clone())?);
        }
        let mut guard = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        let mut directory = Directory::clone(&guard);
        for found in found.into_values() {
            // Its owner may have told of it meanwhile.
            let known = |lane: LaneId| directory.of_lane(lane).is_some();
            match found {
                Found::Shut(shut) if known(shut.lane) => {}
                Found::Open(lane, drop) => {
                    directory.add(drop.clone());
                    let terms = owned.as_ref().map(|owned| &owned.terms);
                    let term = terms.and_then(|terms| terms.get(&drop.lane)).copied();
                    self.inbox.push_urgent(Message::Host(lane, drop, term.unwrap_or_default()));
                }
                Found::Resting(drop) => {
                    directory.add(drop.clone());
                    self.inbox.push_urgent(Message::Rest(drop));
                }
                Found::Followed(drop, replay) => {
                    let known = NodesMessage::Known(Box::new(Ok((drop, *replay))));
                    self.inbox.push_urgent(known.into());
                }
                Found::Shut(shut) => directory.close(*shut),
            }
        }
        *guard = Arc::new(directory);
        Ok(())
    }

    /// Opens the lanes that are shut because their journal was silent, where it answers now and
    /// this node has its place there, and those no node has opened yet, where they are this one's
    /// by now. Takes as long as a connection that is waited for in vain.
    pub fn open_silent(&self) {
        let directory = self.directory();
        let mut silent = directory.waiting().peekable();
        if silent.peek().is_none() {
            return;
        }
        let opened = JournalReader::open(&self.folder.journals()).map_err(|why| why.to_string());
        let opened = opened.and_then(|reader| {
            let standing = |home| self.own.as_ref().and_then(|(_, each)| each.get(home));
            let stands = |home: usize| standing(home).is_none_or(Standing::stands);
            let ours = |lane: LaneId| reader.home(lane).is_ok_and(stands);
            let answers = |lane: LaneId| reader.newest_seq(lane).is_ok();
            let specs = silent.filter(|shut| ours(shut.lane) && answers(shut.lane));
            let specs: Vec<DropSpec> = specs.map(|shut| shut.spec.clone()).collect();
            if specs.is_empty() { Ok(()) } else { self.add_drops(specs) }
        });
        if let Err(why) = opened {
            tracing::warn!(why, "lanes whose journal was silent cannot be opened yet");
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
        // Those of a journal nobody named are shut, which takes no writer of theirs.
        let found = self.with_writer(if named { home } else { 0 }, move |writer| {
            let (clock, owned) = (clock.read(), owned.as_ref());
            let founding = Founding { festival, key: &key, config, clock, owned };
            let reader = JournalReader::open(&journals)?;
            let at = (home, named.then_some(writer));
            found::open_home(&founding, at, &reader, seats, &witnessed)
        })?;
        found.map_err(|why: JournalError| why.to_string())
    }

    /// Gives a drop other names and terms to be shown; its lane has decided them already.
    pub fn rename(&self, lane: LaneId, spec: DropSpec) {
        let mut guard = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        let mut directory = Directory::clone(&guard);
        directory.rename(lane, spec);
        *guard = Arc::new(directory);
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
    fn of(found: FoundAt) -> Self {
        let mut sorted = Self::default();
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
    inbox: &Arc<Inbox<Message>>,
) -> Result<(Committers, Vec<JoinHandle<()>>), String> {
    let started = writers
        .into_iter()
        .enumerate()
        .map(|at| committer::start(at, signing.clone(), inbox.clone()));
    started.collect::<Result<_, _>>().map_err(|why: std::io::Error| why.to_string())
}

/// Refuses to found a journal for a festival that has one: a folder that never had a journal beside
/// tables that have, where the databases named do not know the lanes the tables do.
fn not_elsewhere(folder: &DataFolder, tables: &Heads) -> Result<(), String> {
    let journals = folder.journals();
    // One in a file is in the folder, or the tables are known to be another folder's.
    if tables.is_empty() || journals.in_file() || folder.keeps_journal(0) {
        return Ok(());
    }
    let reader = JournalReader::find(&journals).map_err(|why| why.to_string())?;
    let known = reader.map(|reader| reader.registered()).transpose();
    let known = known.map_err(|why| why.to_string())?.unwrap_or_default();
    let missing = tables.iter().find(|(lane, _)| known.iter().all(|known| known.lane != **lane));
    let Some((lane, Head { drop, .. })) = missing else { return Ok(()) };
    Err(format!(
        "the tables know lane {lane} (drop {drop}), and the journal at {} does not: this \
         festival's journal is elsewhere. Name it as the festival's other folders do: --journal \
         URL for each of its databases, in the same order",
        journals.shown()
    ))
}

/// Opens the journals to write them, lists the key they are signed with, and keeps where they are.
/// One that was in use before may be silent now; one that is new must show that it is fit.
fn open_journals(
    folder: &mut DataFolder,
    witnessed: &Heads,
) -> Result<(Vec<JournalWriter>, JournalReader, Keys), String> {
    let journals = folder.journals();
    let mut writers = JournalWriter::each(&journals).map_err(|why| why.to_string())?;
    let reader = JournalReader::open(&journals).map_err(|why| why.to_string())?;
    if moved(&reader).map_err(|why| why.to_string())?.is_some() {
        // It was this folder's all the same: what is asked of the folder next is told so too.
        folder.keep_journals().map_err(|why| why.to_string())?;
    }
    not_moved(&reader)?;
    // Before anything is listed or made: a key that came in another way is not to become theirs.
    let keys = Keys::of(folder.path(), &reader, !witnessed.is_empty())?;
    warn_of_no_witness(folder, &reader).map_err(|why| why.to_string())?;
    for (place, writer) in writers.iter_mut().enumerate() {
        match writer.list_key(&keys.public()) {
            Err(JournalError::Silent(why)) if place > 0 && folder.keeps_journal(place) => {
                tracing::error!(journal = place + 1, why, "A JOURNAL IS SILENT");
            }
            listed => listed.map_err(|why| why.to_string())?,
        }
    }
    folder.keep_journals().map_err(|why| why.to_string())?;
    Ok((writers, reader, keys))
}

/// Nobody can know of rows that were lost before a witness began to look.
fn warn_of_no_witness(folder: &DataFolder, reader: &JournalReader) -> Result<(), JournalError> {
    let knew_it = folder.journals().in_file() || folder.keeps_journal(0);
    if knew_it
        && !heads::exist(&folder.heads())
        && reader.registered()?.iter().any(|record| record.newest_seq > 0)
    {
        tracing::warn!(
            "THE WITNESS IS MISSING: the file `heads` is written anew from what the journal and \
             the tables have; rows that both lost before this start are not noticed"
        );
    }
    Ok(())
}
