//! Where `fanfare apply` asks the serving process: a socket in the data folder, mode 0600.
//!
//! One request a connection: `show` or `make` on the first line, then the festival file; or
//! `health` alone. The answer's first line is `done` or `refused`, then words for the person who
//! asked; of a server's health, a line for each thing that is wrong, its code first.

use super::changes::{self, Change, Compared, What};
use super::{KEEPER, journalled};
use crate::app::App;
use crate::drops::reasons;
use crate::drops::spec::DropSpec;
use crate::festivals::{self, Festival, limits};
use crate::kit::data::give_socket;
use crate::kit::words::{Saying, say};
use fanfare_engine::{Act, Fan};
use fanfare_lane::Reply;
use rustix::fs::Mode;
use rustix::process::umask;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The socket's name in the data folder.
pub const NAME: &str = "apply.sock";

/// Most bytes of a socket's address, anywhere.
const ADDRESS_BYTES_MAX: usize = 100;

/// How long a request may take to arrive.
const WITHIN: Duration = Duration::from_secs(10);

/// Removes the socket when the server stops.
pub struct Asker(PathBuf);

impl Drop for Asker {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Where the socket is for the system. Its addresses are short, folders' names may be long: then
/// the folder is opened and named by its descriptor.
struct Address(PathBuf, Option<File>);

impl Address {
    fn of(socket: &Path) -> io::Result<Self> {
        if socket.as_os_str().len() <= ADDRESS_BYTES_MAX {
            return Ok(Self(socket.to_owned(), None));
        }
        let folder = File::open(socket.parent().unwrap_or(Path::new(".")))?;
        let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(NAME);
        Ok(Self(short, Some(folder)))
    }

    /// Good as long as this lives.
    fn path(&self) -> &Path {
        debug_assert!(self.1.is_none() || self.0.starts_with("/proc"));
        &self.0
    }
}

/// Starts answering.
///
/// # Errors
/// If the socket cannot be made.
pub fn start(app: Arc<App>) -> io::Result<Asker> {
    let path = app.node.folder.path().join(NAME);
    let _ = fs::remove_file(&path);
    // Closed to others from its first moment. Whatever else is made meanwhile is so as well.
    let before = umask(Mode::RWXG | Mode::RWXO);
    let bound = Address::of(&path).and_then(|address| UnixListener::bind(address.path()));
    umask(before);
    let listener = bound?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    give_socket(&path)?;
    let body = move || {
        for stream in listener.incoming().flatten() {
            if let Err(why) = serve_one(&app, stream) {
                tracing::warn!(%why, "an apply request was cut off");
            }
        }
    };
    thread::Builder::new().name("apply".to_owned()).spawn(body)?;
    Ok(Asker(path))
}

fn serve_one(app: &App, mut stream: UnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    let mut text = String::new();
    let most = limits::FILE_BYTES_MAX as u64 + 16;
    (&stream).take(most).read_to_string(&mut text)?;
    let (verb, file) = text.split_once('\n').unwrap_or((&text, ""));
    let (done, words) = match verb {
        "health" => health(app),
        _ => answer(app, verb == "make", file),
    };
    let first = if done { "done" } else { "refused" };
    stream.write_all(format!("{first}\n{words}").as_bytes())
}

/// Asks the process that serves a folder; none if none does.
///
/// # Errors
/// If it does not answer.
pub fn ask(folder: &Path, make: bool, file: &str) -> io::Result<Option<(bool, String)>> {
    call(folder, &format!("{}\n{file}", if make { "make" } else { "show" }))
}

/// Asks the process that serves a folder what is wrong with it; none if none does.
///
/// # Errors
/// If it does not answer.
pub fn ask_health(folder: &Path) -> io::Result<Option<(bool, String)>> {
    call(folder, "health")
}

/// What is wrong with a serving process.
fn health(app: &App) -> (bool, String) {
    let mut wrong: Vec<String> = Vec::new();
    let directory = app.node.directory();
    wrong.extend(directory.not_open().iter().map(|why| format!("lane_shut {why}")));
    let doubted = directory.drops.iter().filter(|drop| drop.published.front().face.doubtful_time);
    wrong.extend(doubted.map(|drop| {
        format!("time_in_doubt drop {}: nobody has said that the clock is right", drop.spec.id)
    }));
    if app.node.clock.read().stepped {
        wrong.push("clock_stepped the machine's clock jumped while it served".to_owned());
    }
    wrong.extend(app.node.told.clock_differs().map(|what| format!("clock_differs {what}")));
    for (lane, why) in app.cold.iter().flat_map(|side| side.lag.stopped()) {
        wrong.push(format!("tables_stopped lane {lane}: {why}"));
    }
    (wrong.is_empty(), wrong.iter().map(|line| line.replace('\n', " ") + "\n").collect())
}

fn call(folder: &Path, request: &str) -> io::Result<Option<(bool, String)>> {
    let Ok(address) = Address::of(&folder.join(NAME)) else { return Ok(None) };
    let Ok(mut stream) = UnixStream::connect(address.path()) else { return Ok(None) };
    // What is to be made may take long; how a server is it knows at once.
    stream.set_read_timeout((request == "health").then_some(WITHIN))?;
    stream.write_all(request.as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (first, words) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(Some((first == "done", words.to_owned())))
}

/// Shows what differs, and makes it so if asked to. All of it, or nothing if one part would break
/// a promise that can be seen beforehand.
pub fn answer(app: &App, make: bool, file: &str) -> (bool, String) {
    let proposed = match festivals::read("the proposed file", file) {
        Ok(proposed) => proposed,
        Err(faults) => return (false, faults.to_string()),
    };
    if let Some(why) = other_festival(app.festival.id().as_str(), &proposed) {
        return (false, why.english() + "\n");
    }
    let compared = changes::of_serving(app, &proposed);
    let changes = &compared.changes;
    if !make || changes.is_empty() || changes.iter().any(|change| change.breaks.is_some()) {
        return shown(&compared, make);
    }
    match make_so(app, (KEEPER, "apply"), &proposed, changes) {
        Ok(outcomes) => told(&compared, &outcomes),
        Err(why) => (false, why.english() + "\n"),
    }
}

/// Says so if the file is another festival's.
pub fn other_festival(ours: &str, proposed: &Festival) -> Option<Saying> {
    let theirs = proposed.id().as_str();
    let (is, of) = (ours.to_owned(), theirs.to_owned());
    (theirs != ours).then(|| say("apply-other-festival").put("ours", is).put("theirs", of))
}

/// The drops that are not compared, a line each.
fn unseen(compared: &Compared) -> String {
    compared.unseen.iter().map(|unseen| unseen.to_string() + "\n").collect()
}

/// What differs, in words; not done if a promise would break, or if not all could be compared.
pub fn shown(compared: &Compared, make: bool) -> (bool, String) {
    let (changes, aside) = (&compared.changes, unseen(compared));
    if changes.is_empty() {
        let what = if aside.is_empty() { "nothing" } else { "nothing else" };
        let words = format!("{aside}{what} differs from the festival as journalled\n");
        return (aside.is_empty(), words);
    }
    let line = |change: &Change| match &change.breaks {
        None => format!("{change}\n"),
        Some(promise) => format!("{change}: REFUSED: {}\n", promise.english()),
    };
    let mut words: String = changes.iter().map(line).collect();
    let breaks = changes.iter().any(|change| change.breaks.is_some());
    words += match (breaks, make) {
        (true, _) => "nothing was changed: a promise would break\n",
        (false, false) => "nothing was changed; add --yes to make it so\n",
        (false, true) => "",
    };
    (!breaks && aside.is_empty(), aside + &words)
}

/// Whether all was done, and what came of each, in words.
fn told(compared: &Compared, outcomes: &[Outcome]) -> (bool, String) {
    let line = |(change, outcome): (&Change, &Outcome)| match outcome {
        Outcome::Done => format!("{change}: done\n"),
        Outcome::NotDone => format!("{change}: not done\n"),
        Outcome::Refused(why) => format!("{change}: REFUSED: {}\n", why.english()),
    };
    let all = outcomes.iter().all(|outcome| *outcome == Outcome::Done);
    let (changes, aside) = (&compared.changes, unseen(compared));
    let words: String = changes.iter().zip(outcomes).map(line).collect();
    (all && aside.is_empty(), aside + &words)
}

/// What came of a change that was to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    Done,
    /// One before it was refused.
    NotDone,
    /// It was refused after all.
    Refused(Saying),
}

/// Makes the changes in their order, for somebody who says why; after one that is refused nothing
/// more is done. What came of each, in the same order.
///
/// # Errors
/// Why nothing was changed at all.
pub fn make_so(
    app: &App,
    (by, why): (Fan, &str),
    proposed: &Festival,
    changes: &[Change],
) -> Result<Vec<Outcome>, Saying> {
    let directory = app.node.directory();
    let number = |change: &Change| change.what.number(&change.drop, why);
    let at_home = |change: &Change| Some((directory.named(&change.drop)?.home, number(change)));
    for (home, number) in changes.iter().filter_map(at_home).collect::<BTreeSet<_>>() {
        let words = why.to_owned();
        let kept = app.node.with_writer(home, move |writer| writer.keep_reason(number, &words));
        // Who asked for the same difference before has given its reason.
        if !matches!(kept, Ok(Ok(_))) {
            return Err(say("apply-mute"));
        }
    }
    let mut all = true;
    let outcomes = changes.iter().map(|change| {
        if !all {
            return Outcome::NotDone;
        }
        let done = match &change.what {
            What::NewDrop(spec) => make_drop(app, spec),
            what => make_one(app, &change.drop, what, Act { by, why: number(change) }),
        };
        all = done.is_ok();
        done.map_or_else(Outcome::Refused, |()| Outcome::Done)
    });
    let outcomes = outcomes.collect();
    let mut changed: Vec<&str> = changes.iter().map(|change| change.drop.as_str()).collect();
    changed.sort_unstable();
    changed.dedup();
    changed.into_iter().for_each(|drop| show_as_decided(app, proposed, drop));
    Ok(outcomes)
}

fn make_drop(app: &App, spec: &DropSpec) -> Result<(), Saying> {
    let made = app.node.add_drops(vec![spec.clone()]).and_then(|()| {
        let directory = app.node.directory();
        directory.named(&spec.id).map(|_| ()).ok_or_else(|| {
            let shut = directory.shut_named(&spec.id);
            shut.map_or_else(|| "its lane did not open".to_owned(), |shut| shut.why.clone())
        })
    });
    made.map_err(|why| {
        tracing::error!(drop = %spec.id, why, "a new drop cannot be made");
        say("apply-unopened").put("why", why)
    })
}

fn make_one(app: &App, drop: &str, what: &What, act: Act) -> Result<(), Saying> {
    let directory = app.node.directory();
    let drop = directory.named(drop).ok_or(say("apply-no-drop"))?;
    let Some(command) = what.command(act) else { return Ok(()) };
    match app.node.asked_blocking(drop.lane, command).reply {
        Reply::Acted => Ok(()),
        Reply::Refused(refusal) => Err(reasons::refused(&refusal)),
        Reply::Unsure => Err(say("apply-unsure")),
        Reply::Busy | Reply::Claim { .. } => Err(say("apply-busy")),
    }
}

/// Lets fans see a drop's new lines and terms under the names the file gives them.
fn show_as_decided(app: &App, proposed: &Festival, id: &str) {
    let directory = app.node.directory();
    let Some(drop) = directory.named(id) else { return };
    let terms = drop.published.read(app.now_ms(), |state| state.terms().clone());
    if let Some(terms) = terms {
        app.node.rename(drop.lane, journalled(proposed, id, &terms).with_terms(terms));
    }
}
