//! Where `fanfare apply` asks the serving process: a socket in the data folder, mode 0600.
//!
//! One request a connection: `show` or `make` on the first line, then the festival file. The
//! answer's first line is `done` or `refused`, then words for the person who asked.

use super::changes::{self, What};
use crate::app::App;
use crate::drops::web::host::reason_number;
use crate::festivals::{self, limits};
use fanfare_engine::{Act, Fan};
use fanfare_lane::Reply;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The socket's name in the data folder.
pub const NAME: &str = "apply.sock";

/// How long a request may take to arrive.
const WITHIN: Duration = Duration::from_secs(10);

/// Who changed the terms: whoever may open the data folder.
const APPLIER: Fan = match Fan::new(1) {
    Some(fan) => fan,
    None => unreachable!(),
};

/// Removes the socket when the server stops.
pub struct Asker(PathBuf);

impl Drop for Asker {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Starts answering.
///
/// # Errors
/// If the socket cannot be made.
pub fn start(app: Arc<App>) -> io::Result<Asker> {
    let path = app.node.folder.path().join(NAME);
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
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
    let (done, words) = answer(app, verb == "make", file);
    let first = if done { "done" } else { "refused" };
    stream.write_all(format!("{first}\n{words}").as_bytes())
}

/// Asks the process that serves a folder; none if none does.
///
/// # Errors
/// If it does not answer.
pub fn ask(folder: &Path, make: bool, file: &str) -> io::Result<Option<(bool, String)>> {
    let Ok(mut stream) = UnixStream::connect(folder.join(NAME)) else { return Ok(None) };
    let verb = if make { "make" } else { "show" };
    stream.write_all(format!("{verb}\n{file}").as_bytes())?;
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
    if proposed.id() != app.festival.id() {
        let (ours, theirs) = (app.festival.id(), proposed.id());
        return (false, format!("this is festival `{ours}`, the file is of `{theirs}`\n"));
    }
    let changes = changes::of_festival(app, &proposed);
    if changes.is_empty() {
        return (true, "nothing differs from the festival as journalled\n".to_owned());
    }
    let act = Act { by: APPLIER, why: reason_number("apply") };
    let mut words = String::new();
    let mut breaks = false;
    for change in &changes {
        match change.what.command(act) {
            Ok(_) => words += &format!("{change}\n"),
            Err(promise) => {
                breaks = true;
                words += &format!("{change}: REFUSED: {promise}\n");
            }
        }
    }
    if breaks || !make {
        if !breaks {
            words += "nothing was changed; add --yes to make it so\n";
        }
        return (!breaks, words);
    }
    make_so(app, changes, act)
}

fn make_so(app: &App, changes: Vec<changes::Change>, act: Act) -> (bool, String) {
    let kept = app.node.with_writer(move |writer| writer.keep_reason(act.why, "apply"));
    if !matches!(kept, Ok(Ok(()))) {
        return (false, "the journal cannot be written; nothing was changed\n".to_owned());
    }
    let (mut words, mut all) = (String::new(), true);
    for change in changes {
        let done = match &change.what {
            What::NewDrop(spec) => app.node.add_drops(vec![(**spec).clone()]),
            what => make_one(app, &change.drop, what, act),
        };
        match done {
            Ok(()) => words += &format!("{change}: done\n"),
            Err(why) => {
                all = false;
                words += &format!("{change}: REFUSED: {why}\n");
            }
        }
    }
    (all, words)
}

fn make_one(app: &App, drop: &str, what: &What, act: Act) -> Result<(), String> {
    let directory = app.node.directory();
    let drop = directory.named(drop).ok_or("there is no such drop")?;
    let Some(command) = what.command(act)? else { return Ok(()) };
    match app.node.asked_blocking(drop.lane, command).reply {
        Reply::Acted => Ok(()),
        Reply::Refused(refusal) => Err(crate::drops::answers::refusal_problem(&refusal).words()),
        Reply::Unsure => Err("it may have been done: apply again to see".to_owned()),
        Reply::Busy | Reply::Claim { .. } => Err("the server is busy: apply again".to_owned()),
    }
}
