//! A serving process: its drops, its lanes' thread, its committer, its clock and keys. Built once
//! and passed down.

use super::committer::{self, Work};
use super::drop::Drop;
use super::found::{self, Found, Founding};
use super::inbox::Inbox;
use super::lanes::{Lanes, Message, Told};
use super::spec::DropSpec;
use super::ticket::{Answered, Sink, Ticket};
use super::wake;
use crate::kit::clock::Clock;
use crate::kit::data::DataFolder;
use crate::kit::heads::{self, Heads};
use crate::kit::journal::{JournalReader, JournalWriter};
use crate::kit::keys::{Keyring, Keys};
use crate::kit::token::Tokens;
use crate::kit::vital;
use fanfare_engine::Command;
use fanfare_lane::{FestivalKey, LaneConfig, LaneId, PublicKey, Reply};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The drops by id, and by lane.
#[derive(Clone, Default)]
pub struct Directory {
    /// By id, in the order of the festival file.
    pub drops: Vec<Arc<Drop>>,
    by_id: BTreeMap<String, usize>,
    by_lane: BTreeMap<LaneId, usize>,
    /// Lanes that could not be opened, and why.
    pub shut: Vec<(LaneId, String)>,
}

impl Directory {
    /// The drop with this id.
    pub fn named(&self, id: &str) -> Option<&Arc<Drop>> {
        self.by_id.get(id).map(|&at| &self.drops[at])
    }

    /// The drop this lane decides.
    pub fn of_lane(&self, lane: LaneId) -> Option<&Arc<Drop>> {
        self.by_lane.get(&lane).map(|&at| &self.drops[at])
    }

    fn add(&mut self, drop: Arc<Drop>) {
        self.by_id.insert(drop.spec.id.clone(), self.drops.len());
        self.by_lane.insert(drop.lane, self.drops.len());
        self.drops.push(drop);
    }

    fn rename(&mut self, lane: LaneId, spec: DropSpec) {
        if let Some(&at) = self.by_lane.get(&lane) {
            self.drops[at] = Arc::new(self.drops[at].renamed(spec));
        }
    }
}

/// The running parts, joined at the end.
struct Threads {
    lanes: JoinHandle<()>,
    committer: JoinHandle<()>,
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
    directory: RwLock<Arc<Directory>>,
    inbox: Arc<Inbox<Message>>,
    committer: Mutex<Option<mpsc::Sender<Work>>>,
    signing: Arc<FestivalKey>,
    config: LaneConfig,
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
        Self::start_beside(folder, clock, config, specs, Heads::new())
    }

    /// The same where tables were made of the journal's rows: they testify, as the witness does,
    /// how far each lane had come.
    ///
    /// # Errors
    /// Why it cannot, in words, with what to do.
    pub fn start_beside(
        folder: DataFolder,
        clock: Arc<Clock>,
        config: LaneConfig,
        specs: Vec<DropSpec>,
        tables: Heads,
    ) -> Result<Arc<Self>, String> {
        let keys = Keys::open_or_make(folder.path()).map_err(|why| why.to_string())?;
        let mut writer = JournalWriter::open(&folder.journal()).map_err(|why| why.to_string())?;
        let reader = JournalReader::open(&folder.journal()).map_err(|why| why.to_string())?;
        let public_key = keys.public();
        writer.list_key(&public_key).map_err(|why| why.to_string())?;
        let tokens = Tokens::of(&keys);
        let keyring = Keyring::new(public_key, reader.keys().map_err(|why| why.to_string())?);
        let witness = heads::read(&folder.heads()).map_err(|why| why.to_string())?;
        let witnessed = heads::newest(witness, tables);
        let signing = Arc::new(keys.signing);
        let festival = wake::festival_number(folder.festival());
        let founding = Founding { festival, key: &signing, config, clock: clock.read() };
        let found = found::open_all(&founding, &mut writer, &reader, specs, &witnessed)
            .map_err(|why| why.to_string())?;
        let (mut directory, mut open, mut resting) = (Directory::default(), vec![], vec![]);
        for found in found {
            match found {
                Found::Open(lane, drop) => {
                    directory.add(drop.clone());
                    open.push((*lane, drop));
                }
                Found::Resting(drop) => {
                    directory.add(drop.clone());
                    resting.push(drop);
                }
                Found::Shut(lane, why) => {
                    tracing::error!(lane, why, "LANE SHUT");
                    directory.shut.push((lane, why));
                }
            }
        }
        let (folder, inbox) = (Arc::new(folder), Arc::new(Inbox::default()));
        let (sender, committer) = committer::start(writer, signing.clone(), inbox.clone())
            .map_err(|why| why.to_string())?;
        let (told, sink) = (Arc::new(Told::default()), Arc::new(Sink::default()));
        let lanes = Lanes::new(
            (clock.clone(), folder.clone(), inbox.clone(), sender.clone(), sink.clone()),
            told.clone(),
            config,
            open,
            resting,
        )
        .remember(witnessed);
        let lanes = vital::spawn("lanes", move || lanes.run()).map_err(|why| why.to_string())?;
        Ok(Arc::new(Self {
            clock,
            folder,
            tokens,
            public_key,
            keys: keyring,
            told,
            sink,
            directory: RwLock::new(Arc::new(directory)),
            inbox,
            committer: Mutex::new(Some(sender)),
            signing,
            config,
            threads: Mutex::new(Some(Threads { lanes, committer })),
        }))
    }

    /// The drops as they are now.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The drop with this id.
    pub fn drop_named(&self, id: &str) -> Option<Arc<Drop>> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).named(id).cloned()
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

    /// Runs something with the journal's writer between two commits and waits for it.
    ///
    /// # Errors
    /// If the node is stopping.
    pub fn with_writer<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut JournalWriter) -> R + Send + 'static,
    ) -> Result<R, String> {
        let (sender, receiver) = mpsc::channel();
        let work = Work::Else(Box::new(move |writer| drop(sender.send(work(writer)))));
        let committer = self.committer.lock().unwrap_or_else(PoisonError::into_inner);
        let stopping = || "the server is stopping".to_owned();
        committer.as_ref().ok_or_else(stopping)?.send(work).map_err(|_| stopping())?;
        drop(committer);
        receiver.recv().map_err(|_| stopping())
    }

    /// Makes further drops while serving.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn add_drops(&self, specs: Vec<DropSpec>) -> Result<(), String> {
        let festival = wake::festival_number(self.folder.festival());
        let (key, config, clock) = (self.signing.clone(), self.config, self.clock.clone());
        let path = self.folder.journal();
        // A lane number the witness knows is no new lane's: the journal has lost one.
        let witnessed = heads::read(&self.folder.heads()).map_err(|why| why.to_string())?;
        let found = self.with_writer(move |writer| {
            let founding = Founding { festival, key: &key, config, clock: clock.read() };
            let reader = JournalReader::open(&path).map_err(|why| why.to_string())?;
            found::open_all(&founding, writer, &reader, specs, &witnessed)
                .map_err(|why| why.to_string())
        })??;
        let mut guard = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        let mut directory = Directory::clone(&guard);
        for found in found {
            match found {
                Found::Open(lane, drop) => {
                    directory.add(drop.clone());
                    self.inbox.push_urgent(Message::Host(lane, drop));
                }
                Found::Resting(drop) => directory.add(drop),
                Found::Shut(lane, _) if directory.shut.iter().any(|(shut, _)| *shut == lane) => {}
                Found::Shut(lane, why) => {
                    tracing::error!(lane, why, "LANE SHUT");
                    directory.shut.push((lane, why));
                }
            }
        }
        *guard = Arc::new(directory);
        Ok(())
    }

    /// Gives a drop other names and terms to be shown; its lane has decided them already.
    pub fn rename(&self, lane: LaneId, spec: DropSpec) {
        let mut guard = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        let mut directory = Directory::clone(&guard);
        directory.rename(lane, spec);
        *guard = Arc::new(directory);
    }

    /// Finishes what was accepted and ends the threads.
    pub fn stop(&self) {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(threads) = threads else { return };
        self.inbox.push_urgent(Message::Stop);
        let _ = threads.lanes.join();
        self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ = threads.committer.join();
    }
}
