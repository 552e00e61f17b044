//! `fanfare key`: shows the festival's keys, and makes new ones.

use super::Where;
use crate::kit::data::DataFolder;
use crate::kit::hex;
use crate::kit::journal::{JournalReader, JournalWriter};
use crate::kit::keys::{Keyring, Keys, Rotated};
use clap::{Args, Subcommand};
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
    /// Makes keys anew, for the next start; nothing may serve the folder meanwhile.
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
    let (path, festival) = (known.path().to_owned(), known.festival().to_owned());
    let folder = DataFolder::serve(&path, &festival, known.rehearsal());
    let folder = folder.map_err(|why| why.to_string())?;
    if args.signing {
        let old = Keys::open(&path).map_err(|why| why.to_string())?.public();
        let journals = JournalWriter::each(&folder.journals());
        let mut journals = journals.map_err(|why| why.to_string())?;
        let mut list = |key: &_| {
            let mut listed = journals.iter_mut().map(|journal| journal.list_key(key));
            listed.try_for_each(|listed| listed.map_err(|why| why.to_string()))
        };
        // Both, so that rows of either are believed whenever this is cut off.
        list(&old)?;
        Keys::rotate(&path, Rotated::Signing, list).map_err(|why| why.to_string())?;
        let new = Keys::open(&path).map_err(|why| why.to_string())?.public();
        println!("signs from the next start on: {}", hex::hex(&new.fingerprint()));
        println!("signed until now:             {}", hex::hex(&old.fingerprint()));
        println!("rows and receipts under it stay good; publish the new fingerprint beside it");
    }
    if args.tokens {
        Keys::rotate(&path, Rotated::Tokens, |_| Ok(())).map_err(|why| why.to_string())?;
        println!("every session token is void from the next start on, and so are those of guests:");
        println!("accounts come back as they signed in, guests keep what is on their receipts");
    }
    Ok(ExitCode::SUCCESS)
}
