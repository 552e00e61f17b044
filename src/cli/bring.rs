//! `fanfare restore --from`: a backup brought back into a new folder or empty databases.

use super::Where;
use super::backup::say_sums;
use super::shown::Shown;
use crate::kit::clock::Clock;
use crate::transfer::{self, Back};
use rustix::process::geteuid;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::ExitCode;

/// What is said where the witness has seen more than the backup has.
const OLDER: &str = "These drops stay shut: people hold answers from rows that the backup does \
    not have. Bring back a newer backup if there is one; if not, \
    `fanfare restore FESTIVAL --data DIR` shows what is lost, and with --accept-loss goes on \
    without it.";

/// What is said where nothing but the backup testifies.
const UNKNOWN: &str = "What happened after this backup is not in it, and nothing here can tell \
    how much that was. If the old data folder is still there, or only its file `heads`, do this \
    again into another folder with --witness OLD/heads before anybody is served.";

/// Brings a backup back and says what it holds.
///
/// # Errors
/// Why not, and what to do.
pub fn run(from: &Path, witness: Option<&Path>, place: &Where) -> Result<ExitCode, String> {
    let database = place.database.as_deref();
    // A new folder has its journal where its tables are.
    let beside: Vec<String> = place.database.iter().cloned().collect();
    let journals = if place.journal.is_empty() { &beside } else { &place.journal };
    let (to, now_ms) = (place.data.as_path(), Clock::machine().now_ms());
    let back = Back { from, to, database, journals, witness, now_ms };
    let mut shown = Shown::start();
    let done = transfer::bring_back(&back, &mut |what, done, of| shown.say(what, done, of));
    shown.end();
    let (sums, gone) = done?;
    say_sums(&sums);
    println!("holds: {} is what {} is", to.display(), from.display());
    if let Some(said) = for_whom(to) {
        println!("{said}");
    }
    match (gone.as_slice(), witness) {
        ([], None) => println!("{UNKNOWN}"),
        ([], Some(_)) => println!("the witness saw nothing that is not here"),
        (gone, _) => {
            gone.iter().for_each(|one| println!("{}", one.why));
            println!("{OLDER}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where root made the folder for itself: who is to serve from it could not read it.
fn for_whom(to: &Path) -> Option<String> {
    let roots = |path: &Path| fs::metadata(path).is_ok_and(|folder| folder.uid() == 0);
    (geteuid().is_root() && roots(to)).then(|| {
        let to = to.display();
        format!("{to} is root's: before another user serves from it, chown -R USER:GROUP {to}")
    })
}
