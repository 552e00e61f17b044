//! `fanfare key`: shows the festival's keys, and makes new ones.

mod shared;

use super::Where;
use crate::drops::joining;
use crate::kit::clock::Clock;
use crate::kit::data::{DataError, DataFolder};
use crate::kit::hex;
use crate::kit::journal::{JournalReader, JournalWriter};
use crate::kit::keys::{self, Doubt, Keyring, Keys, Rotated, SIGNING};
use crate::nodes::secrets;
use clap::{Args, Subcommand};
use shared::{Shared, UNCHANGED};
use std::path::PathBuf;
use std::process::ExitCode;

/// What `key` takes.
#[derive(Args, Clone, Debug)]
pub struct Key {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, Subcommand)]
enum Act {
    /// Prints the fingerprints of the keys the journal was signed with, the current one first.
    Show {
        #[command(flatten)]
        place: Where,
    },
    /// Makes keys anew, for the next start; nothing may serve the festival meanwhile.
    Rotate(Rotate),
}

#[derive(Args, Clone, Debug)]
#[group(id = "which", required = true, multiple = true, args = ["signing", "tokens"])]
struct Rotate {
    /// The key that signs the journal. Receipts signed before stay good under the old one.
    #[arg(long)]
    signing: bool,
    /// The key that makes session tokens. Every session and every guest's number is void then.
    #[arg(long)]
    tokens: bool,
    /// Where the key is gone from everywhere, or another is in its place. Rows signed with the old
    /// one stay good.
    #[arg(long)]
    lost: bool,
    /// The file with the secret all nodes share, where there are several.
    #[arg(long, value_name = "FILE", env = "FANFARE_KEY")]
    key: Option<PathBuf>,
    #[command(flatten)]
    place: Where,
}

/// Shows keys, or makes them.
///
/// # Errors
/// If the folder is being served, or a key cannot be read or written.
pub fn run(args: &Key) -> Result<ExitCode, String> {
    match &args.act {
        Act::Show { place } => show(place),
        Act::Rotate(rotate) => make(rotate),
    }
}

fn show(place: &Where) -> Result<ExitCode, String> {
    let folder = place.look()?;
    let keys = Keys::open(folder.path()).map_err(|why| why.to_string())?;
    let reader = JournalReader::find(&folder.journals()).map_err(|why| why.to_string())?;
    let listed = reader.map_or(Ok(Vec::new()), |reader| reader.keys());
    let listed = listed.map_err(|why| why.to_string())?;
    let ring = Keyring::new(keys.public(), listed);
    for (key, word) in ring.all().zip(std::iter::once("current").chain(std::iter::repeat("old"))) {
        println!("{word}\t{}", hex::hex(&key.fingerprint()));
    }
    Ok(ExitCode::SUCCESS)
}

fn make(args: &Rotate) -> Result<ExitCode, String> {
    // Whose folder it is, it says itself; then its lock is taken as by whoever serves it.
    let known = args.place.look()?;
    if args.place.database.is_none() && secrets::elsewhere(&known) {
        return Err(format!(
            "the festival's tables are elsewhere, and several nodes may share its keys there: \
             name them with --database URL, and the nodes' secret with --key FILE{UNCHANGED}"
        ));
    }
    let (path, festival) = (known.path().to_owned(), known.festival().to_owned());
    let folder = DataFolder::serve(&path, &festival, known.rehearsal());
    let mut folder = folder.map_err(|why| why.to_string())?;
    if !folder.has_journal() {
        // A folder that lost all it had: its journal is where it is said to be.
        folder.name_journals(&args.place.journal).map_err(|why| why.to_string())?;
    }
    let _hold = joining::hold(&folder).map_err(|why| why + UNCHANGED)?;
    if args.tokens {
        match (args.lost, folder.path().join(Rotated::Tokens.name()).exists()) {
            (true, _) => is_lost(&folder, Rotated::Tokens, None)?,
            (false, true) => {}
            (false, false) => {
                let gone = keys::gone(folder.path(), Rotated::Tokens.name());
                return Err(format!("{gone}{UNCHANGED}"));
            }
        }
    }
    let shared =
        Shared::of((&args.place, args.key.as_deref()), &folder, Clock::machine().now_ms())?;
    if args.signing {
        sign_anew(&folder, shared.as_ref(), args.lost)?;
    }
    if args.tokens {
        rotate(&folder, shared.as_ref(), (Rotated::Tokens, args.lost), |_| Ok(()))?;
        println!("every session token is void from the next start on, and so are those of guests:");
        println!("accounts come back as they signed in, guests keep what is on their receipts");
    }
    if shared.is_some() {
        println!("every other node takes them at its start; start them all");
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses to give up a key that is there and right.
fn is_lost(folder: &DataFolder, which: Rotated, doubt: Option<&Doubt>) -> Result<(), String> {
    let path = folder.path().join(which.name());
    if doubt.is_some() || !path.exists() {
        return Ok(());
    }
    Err(format!("{} is not lost: leave --lost out{UNCHANGED}", path.display()))
}

fn sign_anew(folder: &DataFolder, shared: Option<&Shared>, lost: bool) -> Result<(), String> {
    let of = || keys::look(folder.path(), SIGNING).map_err(|why| why.to_string());
    let journals = JournalWriter::each(&folder.journals());
    let mut journals = journals.map_err(|why| why.to_string())?;
    let reader = JournalReader::open(&folder.journals()).map_err(|why| why.to_string())?;
    let doubt = keys::doubt(folder.path(), &reader)?;
    // One that came in another way is not listed, and nothing is said of it.
    let old = of()?.filter(|_| doubt.is_none()).map(|secret| keys::public(&secret));
    match doubt {
        doubt if lost => is_lost(folder, Rotated::Signing, doubt.as_ref())?,
        Some(doubt) => return Err(format!("{}{UNCHANGED}", DataError::from(doubt))),
        None => {}
    }
    let mut list = |key: &_| {
        let mut listed = journals.iter_mut().map(|journal| journal.list_key(key));
        listed.try_for_each(|listed| listed.map_err(|why| why.to_string()))
    };
    // Both, so that rows of either are believed whenever this is cut off.
    old.as_ref().map_or(Ok(()), &mut list)?;
    let list_new = |secret: &_| list(&keys::public(secret));
    rotate(folder, shared, (Rotated::Signing, lost), list_new)?;
    if let Some(new) = of()?.map(|secret| keys::public(&secret)) {
        println!("signs from the next start on: {}", hex::hex(&new.fingerprint()));
    }
    if let Some(old) = old {
        println!("signed until now:             {}", hex::hex(&old.fingerprint()));
    }
    println!("rows and receipts signed before stay good; publish the new fingerprint beside it");
    Ok(())
}

/// Makes a key anew: for the other nodes first, then in the folder, which would take theirs.
fn rotate(
    folder: &DataFolder,
    shared: Option<&Shared>,
    (which, lost): (Rotated, bool),
    list: impl FnOnce(&[u8; 32]) -> Result<(), String>,
) -> Result<(), String> {
    let tell = |secret: &[u8; 32]| {
        list(secret)?;
        shared.map_or(Ok(()), |shared| shared.put(which, *secret))
    };
    Keys::rotate(folder.path(), (which, lost), tell).map_err(|why| why.to_string())?;
    shared.map_or(Ok(()), Shared::settle)
}
