//! The program as it is started: its folder, its server, its other commands beside it.

use super::http::{Answer, Client};
use super::program::{PROGRAM, Program};
use super::token;
use fanfare::drops::wake;
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::data::DataFolder;
use fanfare::kit::journal::JournalReader;
use fanfare::kit::keys::Keys;
use fanfare::kit::scratch::Scratch;
use fanfare::kit::token::{Role, Tokens};
use fanfare::verify;
use fanfare_engine::Fact;
use fanfare_lane::LaneId;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with a festival file and its data.
pub struct Place {
    scratch: Scratch,
    pub data: PathBuf,
    /// Where the tables are, if not in the folder.
    pub database: Option<String>,
    /// Where the journals are, if that is to be named.
    pub journals: Vec<String>,
}

impl Place {
    pub fn new() -> Self {
        let scratch = Scratch::new(None, "served").unwrap();
        let data = scratch.path().join("data");
        Self { scratch, data, database: None, journals: Vec::new() }
    }

    /// The program with its data folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).arg("--data").arg(&self.data).current_dir(self.scratch.path());
        command.env_remove("FANFARE_DATA").env_remove("FANFARE_LISTEN").env_remove("FANFARE_LOG");
        command.stdin(Stdio::null()).env_remove("FANFARE_DATABASE");
        command.envs(self.database.iter().map(|url| ("FANFARE_DATABASE", url)));
        let journals = Some(self.journals.join(" ")).filter(|urls| !urls.is_empty());
        command.env_remove("FANFARE_JOURNAL").envs(journals.map(|urls| ("FANFARE_JOURNAL", urls)));
        command
    }

    /// Runs to the end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Writes a file beside the data.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.scratch.path().join(name), text).unwrap();
    }

    /// Serves a file that was written, or the demo.
    pub fn serve(&self, festival: Option<&str>) -> Served {
        let mut args = vec!["serve"];
        args.extend(festival);
        args.extend(["--listen", "127.0.0.1:0"]);
        self.started(&args)
    }

    /// The same with further flags.
    pub fn serve_with(&self, festival: &str, flags: &[&str]) -> Served {
        let args = [&["serve", festival, "--listen", "127.0.0.1:0"], flags].concat();
        self.started(&args)
    }

    fn started(&self, args: &[&str]) -> Served {
        self.serve_by(self.command(args))
    }

    /// Serves by a command that was made ready.
    pub fn serve_by(&self, mut command: Command) -> Served {
        let log = self.scratch.path().join("stderr");
        command.stderr(File::create(&log).unwrap());
        let mut program = Program::start(&mut command);
        assert!(program.listens(), "it ended: {}", fs::read_to_string(&log).unwrap());
        let address = program.address();
        let tokens = Tokens::new(Keys::open(&self.data).unwrap().tokens);
        Served { program, address, log, tokens }
    }

    /// Reads the journal, wherever it is.
    pub fn journal(&self) -> JournalReader {
        JournalReader::open(&DataFolder::look(&self.data).unwrap().journals()).unwrap()
    }

    /// A lane's facts, without those that only serving makes.
    pub fn facts(&self, lane: LaneId) -> Vec<Fact> {
        let reader = self.journal();
        let rows = reader.rows(lane, 1, usize::MAX >> 1).unwrap();
        let facts = rows.iter().flat_map(|sealed| sealed.row.read_facts().unwrap());
        let served = |fact: &Fact| {
            matches!(fact, Fact::Opened { .. } | Fact::Extended { .. } | Fact::Tallied(_))
        };
        facts.filter(|fact| !served(fact)).collect()
    }

    /// The lane of a drop.
    pub fn lane(&self, drop: &str) -> LaneId {
        let reader = self.journal();
        let lanes = reader.lanes().unwrap();
        lanes.iter().find(|record| record.drop == drop).expect("a lane").lane
    }

    /// Everything in the folder verifies.
    pub fn verified(&self) {
        let report = verify::folder(&self.data, &mut |_| {}).unwrap();
        assert!(report.holds(), "{:#?}", report.broken);
    }

    /// The state the rows of a lane lead to.
    pub fn state(&self, festival: &str, lane: LaneId) -> fanfare_engine::State {
        let reader = self.journal();
        let replay = wake::replay(&reader, wake::festival_number(festival), lane).unwrap();
        replay.into_state().unwrap()
    }
}

/// A serving process.
pub struct Served {
    pub program: Program,
    pub address: SocketAddr,
    log: PathBuf,
    tokens: Tokens,
}

impl Served {
    pub fn token(&self, fan: u64, role: Role) -> String {
        // Also where the program's clock is days ahead.
        let ahead_ms = Clock::machine().now_ms() + 10 * 86_400_000;
        token(&self.tokens, ahead_ms, fan, role)
    }

    pub fn ask(&self, call: (&str, &str), fan: u64, role: Role, body: &str) -> Answer {
        let mut client = Client::connect(self.address).unwrap();
        client.call(call, &self.token(fan, role), None, body).unwrap()
    }

    /// A fan's claim.
    pub fn claim(&self, drop: &str, fan: u64, body: &str) -> Answer {
        let path = format!("/api/v1/drops/{drop}/claims");
        self.ask(("POST", &path), fan, Role::Fan, body)
    }

    /// A drop as everybody sees it.
    pub fn drop_json(&self, drop: &str) -> serde_json::Value {
        let festival = self.ask(("GET", "/api/v1/festival"), 1, Role::Fan, "");
        let drops = festival.body["drops"].as_array().unwrap();
        drops.iter().find(|other| other["id"] == drop).expect("a drop").clone()
    }

    /// What it said on standard error so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Sends SIGTERM; it must end in order. Gives how long that took, seconds.
    pub fn end(mut self) -> f64 {
        let watch = Stopwatch::start();
        assert_eq!(self.program.end(), Some(0), "{}", self.said());
        watch.passed_s()
    }
}

/// What a command said, both ways.
pub fn words(output: &Output) -> String {
    let of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    of(&output.stdout) + &of(&output.stderr)
}

/// The files of a folder and their bytes, without what `SQLite` keeps beside an open database.
pub fn files(data: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(data).unwrap().map(Result::unwrap);
    let named = entries.map(|entry| {
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap_or_default())
    });
    let mut files: Vec<_> =
        named.filter(|(name, _)| !name.ends_with("-shm") && !name.ends_with("-wal")).collect();
    files.sort();
    files
}

/// Journal and tables hold, by the command.
pub fn verified(place: &Place) -> String {
    let output = place.run(&["verify"]);
    let said = words(&output);
    assert!(output.status.success(), "{said}");
    said
}
