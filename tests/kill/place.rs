//! The folder the sale goes on in: its festival file, its first claims, its server.

use crate::common::program::{self, Program};
use crate::common::{festival, node};
use fanfare::drops::node::Node;
use fanfare::drops::ticket::Ticket;
use fanfare::drops::wake;
use fanfare::festivals::Festival;
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::data::DataFolder;
use fanfare::kit::journal::JournalReader;
use fanfare::kit::scratch::Scratch;
use fanfare_engine::{Claim, Command as Ask, Fan, Line, Quantity, State};
use fanfare_lane::{LaneId, Reply};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use tokio::sync::oneshot;

/// The festival's id, its drop's, and the only lane's number.
pub const FESTIVAL: &str = "kill-day";
pub const DROP: &str = "boxes";
pub const LANE: LaneId = 1;

/// Callers at once while the folder is filled; it makes rows of a busy sale's size.
const CALLERS: usize = 1_024;

/// A folder with a festival file beside it.
pub struct Place {
    scratch: Scratch,
    /// Where journal and tables are, if not in the folder.
    database: Option<String>,
    text: String,
    festival: Festival,
}

/// The key with which a fan of the first claims claimed.
pub fn first_key(fan: u64) -> Option<String> {
    fan.is_multiple_of(2).then(|| format!("first-{fan}"))
}

impl Place {
    /// Writes the festival file: one drop, open since an hour ago for ten days.
    pub fn new(database: Option<String>) -> Self {
        let scratch = Scratch::new(None, "kill").unwrap();
        let terms = "open_for = \"10d\"\nhold = \"20d\"\nlimit = 2";
        let text = festival::open_boxes(FESTIVAL, terms, 90_000_000);
        let festival = festival::read(&text);
        let place = Self { scratch, database, text, festival };
        if let Some(url) = &place.database {
            let mut folder = DataFolder::serve(&place.data(), FESTIVAL, false).unwrap();
            folder.name_journals(std::slice::from_ref(url)).unwrap();
            folder.keep_journals().unwrap();
        }
        place
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    /// Makes the first claims, some of them paid, some given back; says how they stand.
    pub fn fill(&self, claims: u64) -> Vec<Claim> {
        let node = node::start(&self.data(), &self.festival, Clock::machine());
        assert_eq!(node.directory().drops[0].lane, LANE);
        let made = all(&node, 1..claims + 1, |fan| Ask::Claim {
            fan: Fan::new(fan).unwrap(),
            line: Line(0),
            quantity: Quantity::MIN,
            key: first_key(fan).map(|key| node.tokens.key_of(key.as_bytes())),
        });
        let number = |at: u64| made[at as usize].number;
        all(&node, 0..claims / 4, |at| Ask::Settle { number: number(at) });
        all(&node, claims / 4..claims / 4 + claims / 20, |at| Ask::Release { number: number(at) });
        node.stop();
        drop(node);
        let state = self.state().unwrap();
        made.iter().map(|claim| state.claims().get(claim.number).unwrap()).collect()
    }

    /// The lane's state, made again from the journal's rows.
    pub fn state(&self) -> Result<State, String> {
        let folder = DataFolder::look(&self.data()).map_err(|why| why.to_string())?;
        let reader = JournalReader::open(&folder.journals()).map_err(|why| why.to_string())?;
        let replay = wake::replay(&reader, wake::festival_number(FESTIVAL), LANE)?;
        replay.into_state().ok_or_else(|| "a lane without rows".to_owned())
    }

    /// Starts the server; gives it back as soon as it runs.
    pub fn serve(&self) -> Server {
        Server::start(&mut self.command())
    }

    /// The command that serves.
    pub fn command(&self) -> Command {
        let mut command = program::serve(self.scratch.path(), Some(&self.text));
        command.envs(self.database.iter().map(|url| ("FANFARE_DATABASE", url)));
        command
    }
}

/// Asks for many things and gives back the claims, in the order they were asked for.
fn all(node: &Node, range: std::ops::Range<u64>, command: impl Fn(u64) -> Ask) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut numbers = range.peekable();
    while numbers.peek().is_some() {
        let (asks, answers): (Vec<_>, Vec<_>) = numbers
            .by_ref()
            .take(CALLERS)
            .map(|number| {
                let (sender, answer) = oneshot::channel();
                ((LANE, command(number), Ticket::One(sender)), answer)
            })
            .unzip();
        node.ask_many(asks);
        for answer in answers {
            let reply = answer.blocking_recv().expect("an answer").reply;
            let Reply::Claim { claim, .. } = reply else { panic!("{reply:?}") };
            claims.push(claim);
        }
    }
    claims
}

/// A server; it is killed when this is dropped.
pub struct Server {
    pub program: Program,
    watch: Stopwatch,
}

impl Server {
    /// Starts it, without waiting until it listens.
    pub fn start(command: &mut Command) -> Self {
        Self { watch: Stopwatch::start(), program: Program::start(command) }
    }

    /// Waits until it says where it listens.
    pub fn address(&mut self) -> SocketAddr {
        self.program.address()
    }

    /// Milliseconds since the process was started.
    pub fn passed_ms(&self) -> f64 {
        self.watch.passed_us() as f64 / 1e3
    }

    /// Milliseconds of processor time it has used; the rest of the time it waited for a disk, or
    /// for whatever else the machine was doing.
    pub fn cpu_ms(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.program.child.id()));
        let stat = stat.unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) * 1e3 / rustix::param::clock_ticks_per_second() as f64
    }

    /// `kill -9`, at once and waited for.
    pub fn kill(&mut self) {
        self.program.kill();
    }
}
