//! `fanfare restore`: shows what a journal that went back in time has lost; with --accept-loss
//! its drops go on without it.

use super::{Where, bring, cold};
use crate::drops::cold::{forget, lost_claims};
use crate::drops::joining;
use crate::drops::plan::{self, KEEPER, socket};
use crate::drops::restore::{self, Gone, Restoring};
use crate::drops::wake::festival_number;
use crate::drops::web::host::reason_number;
use crate::festivals::{self, Festival};
use crate::kit::clock::Clock;
use crate::kit::data::{DataError, DataFolder, write_private};
use crate::kit::db::Cold;
use crate::kit::heads::{self, Heads};
use crate::kit::journal::{JournalReader, JournalWriter, not_moved};
use crate::kit::keys::Keys;
use clap::Args;
use fanfare_engine::{Act, Loss};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `restore` takes.
#[derive(Args, Debug)]
pub struct Restore {
    /// The festival file: the terms of drops of which nothing is left.
    #[arg(required_unless_present = "from")]
    festival: Option<PathBuf>,
    /// A backup to bring back into a new data folder, and into empty databases if they are named.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["festival", "accept_loss"])]
    from: Option<PathBuf>,
    /// The file `heads` of the machine that was served from: what it saw counts.
    #[arg(long, value_name = "FILE", requires = "from")]
    witness: Option<PathBuf>,
    /// Goes on without the lost rows. Restore the newest backup first: this cannot be undone.
    #[arg(long)]
    accept_loss: bool,
    /// Why, in the host's words.
    #[arg(long, value_name = "WORDS", default_value = "restored from a backup")]
    why: String,
    #[command(flatten)]
    place: Where,
}

/// Shows what is lost, or goes on without it.
///
/// # Errors
/// If the folder is served, or cannot be read.
pub fn run(args: &Restore) -> Result<ExitCode, String> {
    if let Some(from) = &args.from {
        return bring::run(from, args.witness.as_deref(), &args.place);
    }
    let file = args.festival.as_deref().ok_or("name the festival file")?;
    let festival = festivals::read_file(file).map_err(|faults| format!("\n{faults}"))?;
    let looked = args.place.look()?;
    if let Some(words) = socket::other_festival(looked.festival(), &festival) {
        return Err(words.english());
    }
    let folder = args.place.serve(looked.festival(), looked.rehearsal())?;
    let now_ms = Clock::machine().now_ms();
    let (side, tables) = cold::open(&args.place, &folder, now_ms)?;
    let witness = heads::read(&folder.heads()).map_err(|why| why.to_string())?;
    // Opened to write first: a journal that is gone altogether is made.
    let writers = JournalWriter::each(&folder.journals()).map_err(|why| why.to_string())?;
    let reader = JournalReader::open(&folder.journals()).map_err(|why| why.to_string())?;
    not_moved(&reader)?;
    // What another node goes on with is not lost, and nobody is to write beside this.
    let _hold = joining::hold(&folder)?;
    let number = festival_number(folder.festival());
    let gone = restore::gone(&reader, number, (&witness, &tables))?;
    let heads = heads::newest(witness, tables.clone());
    if gone.is_empty() {
        println!("nothing is lost: the journal has every row its witness saw");
        return Ok(ExitCode::SUCCESS);
    }
    gone.iter().for_each(say_gone);
    if !args.accept_loss {
        println!("{ADVICE}");
        return Ok(ExitCode::FAILURE);
    }
    let mut going_on = GoingOn { args, festival, folder, side: &side, writers, reader, heads };
    let done = going_on.all(&gone, &tables);
    side.stop();
    done.map(|()| ExitCode::SUCCESS)
}

/// What is said where nothing was done.
const ADVICE: &str = "nothing was changed\n\
    If there is a newer backup, restore that one. If not, --accept-loss goes on without these \
    rows:\nrunning numbers go on behind the lost claims, units that these may have leave the \
    stock, and each drop stays paused until a host resumes it.";

/// What is said when it is done.
const NEXT: &str = "Start the server again. Hosts resume each drop when they have looked at it, \
    and restock what turns out to be nobody's.\n\
    Before the next `fanfare apply`, lower the stock in the festival file by as many units: \
    where it is higher there, apply brings them back.";

fn say_gone(gone: &Gone) {
    let made = gone.head.next_number.saturating_sub(1);
    println!("{}", gone.why);
    let from = if gone.left.seq == 0 { "the beginning".to_owned() } else { utc(gone.left.time_ms) };
    println!("  gone is what happened between {from} and {}", utc(gone.head.time_ms));
    match made.saturating_sub(gone.left.claims) {
        0 => println!("  no claim is lost, but what was done with claims may be"),
        lost => println!("  {lost} of {made} claims are lost"),
    }
}

struct GoingOn<'a> {
    args: &'a Restore,
    festival: Festival,
    folder: DataFolder,
    side: &'a Cold,
    writers: Vec<JournalWriter>,
    reader: JournalReader,
    heads: Heads,
}

impl GoingOn<'_> {
    /// Goes on with each of these lanes: what only the tables know is written down, then comes its
    /// row, then its tables, its witness last. Broken off and done again, it goes on from there.
    fn all(&mut self, gone: &[Gone], tables: &Heads) -> Result<(), String> {
        let keys = Keys::of(self.folder.path(), &self.reader, true)?;
        let act = Act { by: KEEPER, why: reason_number(&self.args.why) };
        for writer in &mut self.writers {
            writer.list_key(&keys.public()).map_err(|why| why.to_string())?;
            writer.keep_reason(act.why, &self.args.why).map_err(|why| why.to_string())?;
        }
        self.folder.keep_journals().map_err(|why| why.to_string())?;
        let clock = Clock::machine().read();
        let specs = plan::specs(&self.festival, &self.folder, clock.now_ms)?;
        let terms =
            |drop: &str| specs.iter().find(|spec| spec.id == drop).map(|spec| spec.terms.clone());
        let festival = festival_number(self.folder.festival());
        let restoring = Restoring { festival, key: &keys.signing, clock, act, terms: &terms };
        let mut left = 0;
        for one in gone {
            if let Err(why) = self.one(&restoring, one, tables) {
                println!("drop {} does NOT go on: {why}", one.record.drop);
                left += 1;
            }
        }
        // Once more, so that the one before knows all of it too.
        heads::write(&self.folder.heads(), &self.heads).map_err(|why| why.to_string())?;
        if left > 0 {
            return Err(format!(
                "{left} of {} drops stay shut; mend what is named and do this again",
                gone.len()
            ));
        }
        println!("{NEXT}");
        Ok(())
    }

    fn one(&mut self, restoring: &Restoring<'_>, one: &Gone, tables: &Heads) -> Result<(), String> {
        let in_tables = tables.contains_key(&one.record.lane);
        if in_tables {
            self.write_lost(one)?;
        }
        let mut done = None;
        if !one.only_tables {
            done = Some(restore::accept(restoring, &mut self.writers, &self.reader, one)?);
        }
        if in_tables {
            let (db, lane) = (self.side.db(), one.record.lane);
            let done = self.side.wait(async move { forget(&db, lane).await });
            done.map_err(|why| why.to_string())?;
        }
        let Some((loss, head)) = done else {
            println!("drop {}: its tables are made anew", one.record.drop);
            return Ok(());
        };
        self.heads.insert(one.record.lane, head);
        // At once: the next lane may not get so far.
        heads::write(&self.folder.heads(), &self.heads).map_err(|why| why.to_string())?;
        say_done(one, &loss);
        Ok(())
    }

    /// Writes down what the tables alone still know of a lane.
    fn write_lost(&self, gone: &Gone) -> Result<(), String> {
        let (db, lane) = (self.side.db(), gone.record.lane);
        let left = (gone.left.claims, gone.left.time_ms);
        let asked = self.side.wait(async move { lost_claims(&db, lane, left).await });
        let lost = asked.map_err(|why| why.to_string())?;
        if lost.is_empty() {
            return Ok(());
        }
        let settled = lost.iter().any(|claim| claim.4 == "settled");
        let mut text = String::from("number,fan,line,quantity,state,made_at,changed_at\n");
        for (number, fan, line, quantity, state, made_ms, changed_ms) in lost {
            let (made, changed) = (utc(made_ms), utc(changed_ms));
            let _ = writeln!(text, "{number},{fan},{line},{quantity},{state},{made},{changed}");
        }
        let name = format!("lost-{}-behind-row-{}", gone.record.drop, gone.left.seq);
        let path = self.write_beside(&name, &text).map_err(|why| why.to_string())?;
        println!("what the tables still know of them: {}", path.display());
        if settled {
            println!(
                "  what it calls settled may be held again: settle it anew before a host resumes \
                 the drop, or it may come free"
            );
        }
        Ok(())
    }

    /// Writes a list down, and over no other: the same old backup can come back twice.
    fn write_beside(&self, name: &str, text: &str) -> Result<PathBuf, DataError> {
        let mut path = self.folder.path().join(format!("{name}.csv"));
        let mut again = 1;
        while path.exists() && fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            again += 1;
            path = self.folder.path().join(format!("{name}-{again}.csv"));
        }
        write_private(&path, text.as_bytes())?;
        Ok(path)
    }
}

fn say_done(gone: &Gone, loss: &Loss) {
    let drop = &gone.record.drop;
    println!("drop {drop} goes on paused; the next claim is number {}", loss.claims + 1);
    for (line, units) in loss.set_aside.iter().enumerate().filter(|(_, units)| **units > 0) {
        println!("  line {line}: {units} units left the stock for lost claims");
    }
    // A line the rows that are left know nothing of comes back whole by `apply`.
    for (line, seen) in gone.head.lines.iter().enumerate().skip(loss.set_aside.len()) {
        println!(
            "  line {line} was added in lost rows, and {} of its units were out: give it so \
             many less in the festival file before `fanfare apply` adds it again",
            seen.out
        );
    }
}

fn utc(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
}
