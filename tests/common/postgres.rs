//! A PostgreSQL server of the tests' own: in a folder for temporary files, on a free port, as an
//! unprivileged user, because it refuses to run as root. Tests that run at the same time share it;
//! each takes a database of its own.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{OpenOptionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

/// Whom it runs as where the tests run as root: nobody.
const NOBODY: u32 = 65_534;

/// A server; it ends with the last test that has it.
pub struct Postgres {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    settings: Vec<String>,
    child: Child,
}

static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
static MADE: AtomicU64 = AtomicU64::new(0);
/// How many ports were tried.
static TRIED: AtomicU64 = AtomicU64::new(0);

/// The folder of Debian's newest server programs.
fn bin() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    found.retain(|bin| bin.join("initdb").exists());
    found.sort();
    found.pop().expect("PostgreSQL: apt-get install postgresql")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command as the user the server runs as.
fn unprivileged(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("HOME", folder).env("LC_ALL", "C").stdin(Stdio::null());
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// A port nobody has, and below those the system gives to callers: while the server is down, one
/// who calls it could get its port, and the server not come back to it.
fn free_port() -> u16 {
    let from = u64::from(std::process::id()) * 61;
    loop {
        // No two threads of a process try the same one.
        let nth = from + TRIED.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (nth * 7 % 12_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn launch(bin: &Path, folder: &Path, port: u16, settings: &Vec<String>) -> Child {
    let log = fs::File::options().append(true).open(folder.join("log")).unwrap();
    let mut server = unprivileged(&bin.join("postgres"), folder);
    server.args(["-D", "data", "-k"]).arg(folder).args(["-p", &port.to_string()]);
    server.args(["-c", "listen_addresses=127.0.0.1"]);
    for setting in settings {
        server.args(["-c", setting]);
    }
    server.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}

impl Postgres {
    /// The server that runs, or a new one.
    pub fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return running;
        }
        let started = Arc::new(Self::start(&[]));
        *shared = Arc::downgrade(&started);
        started
    }

    /// A server nobody else uses, to be disturbed.
    pub fn alone() -> Self {
        Self::start(&[])
    }

    /// The same with these settings, like `fsync=off`.
    pub fn with(settings: &[&str]) -> Self {
        Self::start(settings)
    }

    fn start(settings: &[&str]) -> Self {
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("fanfare-postgres-{}-{nth}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        if is_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let bin = bin();
        let log = fs::File::create(folder.join("log")).unwrap();
        let made = unprivileged(&bin.join("initdb"), &folder)
            .args(["-A", "trust", "-U", "fanfare", "-E", "UTF8", "--locale=C", "-D", "data"])
            .stdout(log.try_clone().unwrap())
            .stderr(log.try_clone().unwrap())
            .status()
            .unwrap();
        assert!(made.success(), "{}", fs::read_to_string(folder.join("log")).unwrap());
        let port = free_port();
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let child = launch(&bin, &folder, port, &settings);
        let server = Self { folder, bin, port, settings, child };
        server.wait();
        server
    }

    /// Ends it as a power cut would, and its children with it.
    pub fn kill(&mut self) {
        // The children notice that their parent is gone; a new server waits for them.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Everything of it stands still, or goes on: connections stay, and nothing is answered.
    pub fn stands_still(&self, still: bool) {
        let server = self.child.id().to_string();
        let children = Command::new("pgrep").args(["-P", &server]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        let all = children.split_whitespace().chain([server.as_str()]);
        let signal = if still { "-STOP" } else { "-CONT" };
        assert!(Command::new("kill").arg(signal).args(all).status().unwrap().success());
    }

    /// Keeps a copy of what it has, after [`Postgres::kill`].
    pub fn keep_copy(&self) {
        let mut copy = Command::new("cp");
        copy.args(["-a", "data", "copy"]).current_dir(&self.folder);
        assert!(copy.status().unwrap().success());
    }

    /// Puts that copy in the place of what it has, after [`Postgres::kill`].
    pub fn put_copy_back(&self) {
        fs::remove_dir_all(self.folder.join("data")).unwrap();
        fs::rename(self.folder.join("copy"), self.folder.join("data")).unwrap();
    }

    /// Starts it again after [`Postgres::kill`].
    pub fn start_again(&mut self) {
        for _ in 0..100 {
            self.child = launch(&self.bin, &self.folder, self.port, &self.settings);
            for _ in 0..100 {
                if self.run("pg_isready", &[]) {
                    return;
                }
                if self.child.try_wait().unwrap().is_some() {
                    break;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        panic!("{}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }

    fn wait(&self) {
        for _ in 0..600 {
            if self.run("pg_isready", &[]) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }

    fn run(&self, program: &str, args: &[&str]) -> bool {
        let mut command = unprivileged(&self.bin.join(program), &self.folder);
        // By the socket, which is always let in.
        command.arg("-h").arg(&self.folder).args(["-U", "fanfare", "-p", &self.port.to_string()]);
        command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap().success()
    }

    /// Runs statements in a database, as somebody with rights to it could.
    pub fn sql(url: &str, statements: &str) {
        let mut psql = Command::new(bin().join("psql"));
        psql.args([url, "-q", "-v", "ON_ERROR_STOP=1", "-c", statements]);
        psql.stdout(Stdio::null());
        assert!(psql.stdin(Stdio::null()).status().unwrap().success(), "{statements}");
    }

    /// Speaks TLS from now on, with this certificate and key, and believes callers who show one
    /// of these authorities. Whom it lets in is said as in `pg_hba.conf`.
    pub fn secure(&self, [cert, key]: [&Path; 2], callers: &Path, lets_in: &str) {
        let data = self.folder.join("data");
        for (from, name) in [(cert, "server.crt"), (key, "server.key"), (callers, "root.crt")] {
            Self::give(&data.join(name), &fs::read(from).unwrap());
        }
        Self::give(&data.join("pg_hba.conf"), lets_in.as_bytes());
        let (folder, port) = (self.folder.display(), self.port);
        let url = format!("postgres:///postgres?host={folder}&port={port}&user=fanfare");
        Self::sql(&url, "ALTER SYSTEM SET ssl = on");
        Self::sql(&url, "ALTER SYSTEM SET ssl_ca_file = 'root.crt'");
        Self::sql(&url, "SELECT pg_reload_conf()");
        let on = |_| {
            thread::sleep(Duration::from_millis(50));
            let mut psql = Command::new(bin().join("psql"));
            psql.args([&*url, "-qtAc", "SHOW ssl"]).stdin(Stdio::null());
            psql.output().unwrap().stdout == b"on\n"
        };
        assert!((0..100).any(on), "it speaks no TLS");
    }

    /// A file of the server's own.
    fn give(path: &Path, bytes: &[u8]) {
        let _ = fs::remove_file(path);
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        file.unwrap().write_all(bytes).unwrap();
        if is_root() {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// A fresh, empty database.
    pub fn database(&self) -> String {
        let name = format!("db{}", MADE.fetch_add(1, Ordering::Relaxed));
        assert!(self.run("createdb", &[&name]), "createdb {name}");
        format!("postgres://fanfare@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Not killed: its own children would stay behind for a while.
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id() as i32) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
