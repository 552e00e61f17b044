//! The data folder: one festival's, and on `SQLite` one serving process's.
//!
//! | file | holds |
//! | --- | --- |
//! | `fanfare.lock` | the serving process's lock; held, it is the lease on every lane |
//! | `festival` | version of the folder, the festival's id, whether it is a rehearsal's |
//! | `journal.sqlite`, `cold.sqlite` | the journal and the tables, unless they are elsewhere |
//! | `journals` | the databases the journals are in, in order, if not in here |
//! | `festival.key`, `token.key`, `repeat.key` | the keys |
//! | `keys.shared` | of a node of several: which keys it had when it last had the others' |
//! | `lost-….csv` | claims a `fanfare restore` went on without |
//! | `node` | the node's number, where the journals are on a server |
//! | `heads`, `heads.before` | the witness: each lane's newest durable head, and the one before |
//! | `moving` | while the journals are moved: where to |
//! | `unfinished` | while the folder is filled from a backup |
//! | `apply.sock` | where `fanfare apply` asks the serving process |
//!
//! Nobody but the user it runs as may read or write any of them (mode 0600, the folder 0700),
//! whatever the umask; files of older versions are closed to others at the next start. What root
//! makes here is the folder's owner's (`files`).

mod files;
mod moving;
mod unfinished;
mod user;

pub use files::{give_socket, make_new, make_private, write_private, write_whole};
pub use user::{group_named, user, user_named};

use super::clock::Clock;
use super::database::Database;
use super::journal::{JOURNALS_MAX, Journals};
use rustix::fs::{FlockOperation, flock};
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const VERSION: u32 = 1;

/// A process that is ending holds the lock a moment longer, and so does a child that was forked and
/// has not become its own program yet: half a second is waited for either.
const LOCK_TRIES: u32 = 26;
const LOCK_AGAIN: Duration = Duration::from_millis(20);

/// The journal's file, where it is in here.
const FILE: &str = "journal.sqlite";

/// The node's number among others.
const NODE: &str = "node";

/// Where it is, if not in here: a URL a line, with what may be secret in it.
const JOURNALS: &str = "journals";

/// What the names begin with of files that hold no key.
const OURS: [&str; 6] = ["journal", "cold", "heads", "festival", "lost-", "fanfare."];

/// Why a data folder cannot be used, and what to do about it.
#[derive(Debug)]
pub enum DataError {
    /// A file cannot be read or written.
    Io(PathBuf, String),
    /// A key is no good.
    Key(PathBuf, String),
    /// Another process serves it.
    InUse(PathBuf),
    /// It belongs to another festival.
    OtherFestival {
        /// The folder.
        folder: PathBuf,
        /// Whose it is.
        theirs: String,
        /// Whose it should be.
        ours: String,
    },
    /// A newer version wrote it.
    Newer(PathBuf, String),
    /// It is a rehearsal's, or it is not.
    Rehearsal(PathBuf, bool),
    /// Its journals are elsewhere than where they were looked for, or in another order.
    JournalsElsewhere(PathBuf, String),
    /// The same journal is named twice.
    JournalTwice(String),
    /// More journals are named than there can be.
    TooManyJournals(usize),
    /// The file in the folder is named beside databases.
    FileBesideOthers,
    /// It is not there.
    Missing(PathBuf),
    /// There is no festival in it.
    Empty(PathBuf),
    /// It was being filled, and that broke off.
    Unfinished(PathBuf),
    /// It was to be empty.
    NotEmpty(PathBuf),
}

impl DataError {
    /// Something that could not be written, with advice for the common causes.
    pub fn io(path: &Path, why: &io::Error) -> Self {
        let advice = match why.kind() {
            io::ErrorKind::PermissionDenied => {
                format!("; give {} the right to write there", user())
            }
            io::ErrorKind::ReadOnlyFilesystem => "; it is read-only: name another place".to_owned(),
            io::ErrorKind::StorageFull => "; free some space on that disk".to_owned(),
            _ => String::new(),
        };
        Self::Io(path.to_owned(), format!("{why}{advice}"))
    }

    /// Something that could not be read.
    pub fn read(path: &Path, why: &io::Error) -> Self {
        let advice = match why.kind() {
            io::ErrorKind::PermissionDenied => format!("; give {} the right to read it", user()),
            _ => String::new(),
        };
        Self::Io(path.to_owned(), format!("{why}{advice}"))
    }

    pub(super) fn key(path: &Path, why: &str) -> Self {
        Self::Key(path.to_owned(), why.to_owned())
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, why) => write!(f, "{}: {why}", path.display()),
            Self::Key(path, why) => write!(f, "the key {}: {why}", path.display()),
            Self::InUse(folder) => write!(
                f,
                "{} is in use by another fanfare; stop that one, or use --data with another folder",
                folder.display()
            ),
            Self::OtherFestival { folder, theirs, ours } => write!(
                f,
                "{} belongs to the festival `{theirs}`, not to `{ours}`; \
                 use --data with another folder",
                folder.display()
            ),
            Self::Newer(folder, version) => write!(
                f,
                "{} was written by a newer fanfare (folder version {version}, this one knows \
                 {VERSION}); use that one",
                folder.display()
            ),
            Self::Rehearsal(folder, true) => write!(
                f,
                "{} is a rehearsal's folder and stays one; use --data with another folder",
                folder.display()
            ),
            Self::Rehearsal(folder, false) => write!(
                f,
                "{} is a real festival's folder: nothing is rehearsed in it; \
                 use --data with another folder",
                folder.display()
            ),
            Self::JournalsElsewhere(folder, places) => write!(
                f,
                "{} keeps its journal at {places}: name that first, in this order and new ones \
                 behind, or leave --journal out; only where another node has moved it away, move \
                 the file `journals` in that folder aside",
                folder.display()
            ),
            Self::JournalTwice(place) => {
                write!(f, "--journal names {place} twice; name each database once")
            }
            Self::TooManyJournals(named) => write!(
                f,
                "--journal names {named} databases; a festival has at most {JOURNALS_MAX}"
            ),
            Self::FileBesideOthers => f.write_str(
                "`sqlite` is one file, which stands in no row with others: name it alone, or \
                 databases alone",
            ),
            Self::Missing(folder) => write!(
                f,
                "{} is not there, or is no folder: name the right one; `fanfare serve` makes a \
                 festival's",
                folder.display()
            ),
            Self::Empty(folder) => {
                write!(f, "{} holds no festival: name the right folder", folder.display())
            }
            Self::Unfinished(folder) => write!(
                f,
                "{} was being filled from a backup, and that broke off: remove it, and `fanfare \
                 restore --from` again",
                folder.display()
            ),
            Self::NotEmpty(folder) => {
                write!(f, "{} is not empty: name a folder that is, or a new one", folder.display())
            }
        }
    }
}

impl std::error::Error for DataError {}

/// A data folder that belongs to a known festival.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    festival: String,
    rehearsal: bool,
    made_at_ms: i64,
    /// The journal's databases, where it is not a file in here.
    journals: Vec<String>,
    /// How many of them the folder keeps already.
    journals_kept: usize,
    /// Held as long as the folder is served; dropping it lets others in.
    lock: Option<File>,
}

impl DataFolder {
    /// Opens a folder to serve a festival from it, making it at the first start.
    ///
    /// # Errors
    /// If it cannot be written, is in use, or is another's.
    pub fn serve(path: &Path, festival: &str, rehearsal: bool) -> Result<Self, DataError> {
        if Self::is_unfinished(path) {
            return Err(DataError::Unfinished(path.to_owned()));
        }
        let lock = Self::lock(path)?;
        if !path.join("festival").exists() {
            let mark = mark(festival, rehearsal, Clock::machine().now_ms());
            write_whole(&path.join("festival"), mark.as_bytes())?;
        }
        let mut folder = Self::look(path)?;
        if folder.festival != festival {
            return Err(DataError::OtherFestival {
                folder: path.to_owned(),
                theirs: folder.festival,
                ours: festival.to_owned(),
            });
        }
        if folder.rehearsal != rehearsal {
            return Err(DataError::Rehearsal(path.to_owned(), folder.rehearsal));
        }
        folder.lock = Some(lock);
        folder.close_to_others()?;
        Ok(folder)
    }

    /// Takes from others what older versions let them read. The folder itself, where it was there
    /// before us, is its owner's to close.
    fn close_to_others(&self) -> Result<(), DataError> {
        let entries = fs::read_dir(&self.path).map_err(|why| DataError::read(&self.path, &why))?;
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            // A key that others could read is known to them: that is said where it is read.
            let name = name.to_string_lossy();
            let ours = OURS.iter().any(|start| name.starts_with(start)) && !name.ends_with(".key");
            let open = entry.metadata().is_ok_and(|m| m.is_file() && m.mode() & 0o077 != 0);
            if ours && open {
                let closed = fs::set_permissions(&path, fs::Permissions::from_mode(0o600));
                closed.map_err(|why| DataError::io(&path, &why))?;
            }
        }
        Ok(())
    }

    /// Makes the folder if need be and takes its lock.
    fn lock(path: &Path) -> Result<File, DataError> {
        files::make_folder(path).map_err(|why| DataError::io(path, &why))?;
        let lock_path = path.join("fanfare.lock");
        let opened = make_private(&lock_path)
            .and_then(|()| fs::OpenOptions::new().write(true).open(&lock_path));
        let lock = opened.map_err(|why| DataError::io(&lock_path, &why))?;
        for _ in 0..LOCK_TRIES {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(lock),
                Err(rustix::io::Errno::WOULDBLOCK) => thread::sleep(LOCK_AGAIN),
                Err(why) => return Err(DataError::io(&lock_path, &why.into())),
            }
        }
        Err(DataError::InUse(path.to_owned()))
    }

    /// Opens a folder to read it beside whoever serves it. Writes nothing.
    ///
    /// # Errors
    /// If it holds no festival, or a newer version wrote it.
    pub fn look(path: &Path) -> Result<Self, DataError> {
        let mark_path = path.join("festival");
        let mark = match fs::read_to_string(&mark_path) {
            Ok(mark) => mark,
            Err(why) if why.kind() == io::ErrorKind::NotFound && path.is_dir() => {
                return Err(DataError::Empty(path.to_owned()));
            }
            Err(_) if !path.is_dir() => return Err(DataError::Missing(path.to_owned())),
            Err(why) => return Err(DataError::read(&mark_path, &why)),
        };
        let field = |name: &str| {
            let line = mark.lines().find_map(|line| line.strip_prefix(name));
            line.map(str::trim).unwrap_or_default().to_owned()
        };
        if field("version ") != VERSION.to_string() {
            return Err(DataError::Newer(path.to_owned(), field("version ")));
        }
        let rehearsal = field("kind ") == "rehearsal";
        let made_at_ms = field("made ").parse().unwrap_or(0);
        let festival = field("id ");
        let journals = read_journals(path)?;
        Ok(Self {
            path: path.to_owned(),
            festival,
            rehearsal,
            made_at_ms,
            journals_kept: journals.len(),
            journals,
            lock: None,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose it is.
    pub fn festival(&self) -> &str {
        &self.festival
    }

    /// Whether it is a rehearsal's.
    pub fn rehearsal(&self) -> bool {
        self.rehearsal
    }

    /// When the folder was made, ms since 1970: the demo counts its rounds from here.
    pub fn made_at_ms(&self) -> i64 {
        self.made_at_ms
    }

    /// Where the journals are.
    pub fn journals(&self) -> Journals {
        let file = || self.path.join(FILE).into();
        Journals::at(&self.journals).unwrap_or_else(file).of(&self.festival)
    }

    /// Where the first journal is; most festivals have no other.
    pub fn journal(&self) -> Database {
        let file = || Database::File(self.path.join(FILE));
        self.journals.first().cloned().map_or_else(file, Database::Url)
    }

    /// Whether the journal at this place was in use before.
    pub fn keeps_journal(&self, place: usize) -> bool {
        place < self.journals_kept
    }

    /// Whether a start can do without the first journal's answer: it was in use before, and there
    /// are others to serve from.
    pub fn spares_first(&self) -> bool {
        self.keeps_journal(0) && self.journals.len() > 1
    }

    /// Whether it is known where the journal is: in here, or somewhere named.
    pub fn has_journal(&self) -> bool {
        !self.journals.is_empty() || self.path.join(FILE).exists()
    }

    /// Whether these databases, if any are named, begin with those where the journal is, in the
    /// order in which these were first named. New ones may come behind.
    ///
    /// # Errors
    /// Where it is, if not there, or what is wrong with the list.
    pub fn agrees(&self, urls: &[String]) -> Result<(), DataError> {
        if urls.is_empty() {
            return Ok(());
        }
        let shown = |url: &String| Database::Url(url.clone()).shown();
        let named: Vec<String> = urls.iter().map(shown).collect();
        let file = self.path.join(FILE);
        let known = match self.journals.as_slice() {
            [] if file.exists() => vec![file.display().to_string()],
            known => known.iter().map(shown).collect(),
        };
        if !named.starts_with(&known) {
            return Err(DataError::JournalsElsewhere(self.path.clone(), known.join(", ")));
        }
        if named.len() > JOURNALS_MAX {
            return Err(DataError::TooManyJournals(named.len()));
        }
        let twice = named.iter().enumerate().find(|(at, place)| named[..*at].contains(place));
        twice.map_or(Ok(()), |(_, place)| Err(DataError::JournalTwice(place.clone())))
    }

    /// Speaks to the journals as these URLs say, where they name the same places in another way.
    /// Nothing is written.
    ///
    /// # Errors
    /// If the folder has its journal elsewhere.
    pub fn speak_as(&mut self, urls: &[String]) -> Result<(), DataError> {
        self.agrees(urls)?;
        for (kept, named) in self.journals.iter_mut().zip(urls) {
            named.clone_into(kept);
        }
        Ok(())
    }

    /// Says where the journal is from now on, if that is named. It is kept by
    /// [`Self::keep_journals`], once the databases were found to be fit.
    ///
    /// # Errors
    /// If the folder has its journal elsewhere.
    pub fn name_journals(&mut self, urls: &[String]) -> Result<(), DataError> {
        self.agrees(urls)?;
        if !urls.is_empty() {
            urls.clone_into(&mut self.journals);
        }
        Ok(())
    }

    /// Keeps where the journal is.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn keep_journals(&mut self) -> Result<(), DataError> {
        if self.journals != read_journals(&self.path)? {
            let lines = self.journals.join("\n") + "\n";
            write_private(&self.path.join(JOURNALS), lines.as_bytes())?;
        }
        self.journals_kept = self.journals.len();
        Ok(())
    }

    /// Counts from when the festival was made, which another node's folder knows.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn join(&mut self, made_at_ms: i64) -> Result<(), DataError> {
        if self.made_at_ms == made_at_ms {
            return Ok(());
        }
        self.made_at_ms = made_at_ms;
        let mark = mark(&self.festival, self.rehearsal, made_at_ms);
        write_whole(&self.path.join("festival"), mark.as_bytes())
    }

    /// The number this folder is known by among the nodes of its festival, made when first asked
    /// for: a process that holds the folder's lock is the only one of its node.
    ///
    /// # Errors
    /// If it cannot be read or made.
    pub fn node(&self) -> Result<u64, DataError> {
        let path = self.path.join(NODE);
        let damaged = || DataError::Io(path.clone(), "it is no node's number".to_owned());
        match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().ok().filter(|node| *node > 0).ok_or_else(damaged),
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                let random = getrandom::u64();
                let node = random.map_err(|why| DataError::Io(path.clone(), why.to_string()))?;
                // A number that a database's whole numbers can hold.
                let node = node >> 1 | 1;
                write_private(&path, format!("{node}\n").as_bytes())?;
                Ok(node)
            }
            Err(why) => Err(DataError::read(&path, &why)),
        }
    }

    /// The cold side's file, where no other database is named.
    pub fn cold(&self) -> PathBuf {
        self.path.join("cold.sqlite")
    }

    /// The witness's file.
    pub fn heads(&self) -> PathBuf {
        self.path.join("heads")
    }
}

/// What the file `festival` says.
fn mark(festival: &str, rehearsal: bool, made_at_ms: i64) -> String {
    let kind = if rehearsal { "rehearsal" } else { "festival" };
    format!("version {VERSION}\nid {festival}\nkind {kind}\nmade {made_at_ms}\n")
}

fn read_journals(folder: &Path) -> Result<Vec<String>, DataError> {
    let path = folder.join(JOURNALS);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(why) => Err(DataError::read(&path, &why)),
    }
}
