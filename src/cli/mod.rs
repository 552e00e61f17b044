//! The command line: one file a command.

pub mod apply;
pub mod backup;
pub mod bench;
pub mod bring;
pub mod check;
pub mod cold;
pub mod doctor;
pub mod key;
pub mod opening;
pub mod rehearse;
pub mod restore;
pub mod role;
pub mod serve;
pub mod session;
pub mod settings;
pub mod shift;
pub mod shown;
pub mod verify;

use crate::kit::data::DataFolder;
use crate::kit::db::Database;
use crate::transfer;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// The open server on which a brand holds a fan festival.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// A file of settings, like fanfare.default.toml.
    #[arg(long, value_name = "FILE", global = true, env = "FANFARE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    serve: serve::Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Serves a festival; without a file, the demo.
    Serve(serve::Serve),
    /// Reads a festival file and names every fault.
    Check {
        /// The festival file.
        festival: PathBuf,
    },
    /// Shows what differs from the festival as journalled; with --yes makes it so.
    Apply(apply::Apply),
    /// Copies the data folder while it is served, into one that verifies by itself.
    Backup(backup::Backup),
    /// Measures, each figure beside its limit.
    Bench(bench::Bench),
    /// The bare server of `bench http`.
    #[command(hide = true)]
    Bare(bench::BareArgs),
    /// Says what is wrong, the worst first, and what to do about each.
    Doctor(doctor::Doctor),
    /// Moves the journal, and the tables if wished, to PostgreSQL or back.
    Move(shift::Move),
    /// Shows the festival's keys, or makes new ones.
    Key(key::Key),
    /// Reads every journal and checks its promises; or checks a proof or receipt.
    Verify(verify::Verify),
    /// Holds the festival with a made crowd, before the day.
    Rehearse(rehearse::Rehearse),
    /// Brings a backup back; or shows what a journal that went back in time has lost, and goes on.
    Restore(restore::Restore),
    /// Gives an account a role: fan, cashier, host or operator.
    Role(role::RoleArgs),
    /// Makes session tokens, for load tests and support.
    Session(session::SessionArgs),
}

/// Where a festival's data is. Lists in the environment are separated by spaces.
#[derive(Args, Clone, Debug)]
pub struct Where {
    /// The data folder; it belongs to one festival.
    #[arg(long, value_name = "DIR", default_value = "./fanfare-data", env = "FANFARE_DATA")]
    pub data: PathBuf,
    /// The database, postgres://…; default: an SQLite file in the data folder.
    #[arg(long, value_name = "URL", env = "FANFARE_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// A journal's database; may be repeated, new ones last; default: SQLite in the data folder.
    #[arg(
        long,
        value_name = "URL",
        env = "FANFARE_JOURNAL",
        value_delimiter = ' ',
        hide_env_values = true
    )]
    pub journal: Vec<String>,
}

impl Where {
    /// The data folder, to read it beside whoever serves it.
    ///
    /// # Errors
    /// If it holds no festival, or has its journal elsewhere than was named.
    pub fn look(&self) -> Result<DataFolder, String> {
        let mut folder = DataFolder::look(&self.data).map_err(|why| why.to_string())?;
        folder.speak_as(&self.journal).map_err(|why| why.to_string())?;
        Ok(folder)
    }

    /// The data folder, to serve a festival from it.
    ///
    /// # Errors
    /// If it is in use, another's, or has its journal elsewhere than was named.
    pub fn serve(&self, festival: &str, rehearsal: bool) -> Result<DataFolder, String> {
        let folder = DataFolder::serve(&self.data, festival, rehearsal);
        let mut folder = folder.map_err(|why| why.to_string())?;
        if let Some(said) = transfer::settle(&mut folder)? {
            eprintln!("{said}");
        }
        // A new folder has its journal where its tables are.
        let journals = match &self.database {
            Some(url) if self.journal.is_empty() && !folder.has_journal() => vec![url.clone()],
            _ => self.journal.clone(),
        };
        folder.name_journals(&journals).map_err(|why| why.to_string())?;
        Ok(folder)
    }

    /// Where the tables beside the journal are.
    pub fn tables(&self, folder: &DataFolder) -> Database {
        self.database.clone().map_or_else(|| Database::File(folder.cold()), Database::Url)
    }
}

/// The default address.
fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

/// Reads the command line; once more with the file's settings, if it names a file. What is wrong
/// with the line itself is thus said first, and `--help` needs no file.
fn read_line() -> Result<Cli, String> {
    let mut command = Cli::command();
    let mut matches = command.clone().get_matches();
    if let Some(file) = matches.get_one::<PathBuf>("config") {
        command = settings::with_file(command, file)?;
        matches = command.get_matches();
    }
    Cli::from_arg_matches(&matches).map_err(|why| why.to_string())
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    read_line().and_then(act).unwrap_or_else(|why| {
        eprintln!("fanfare: {why}");
        ExitCode::FAILURE
    })
}

fn act(cli: Cli) -> Result<ExitCode, String> {
    match cli.command {
        None => serve::run(&cli.serve),
        Some(Command::Serve(serve)) => serve::run(&serve),
        Some(Command::Check { festival }) => check::run(&festival),
        Some(Command::Apply(apply)) => apply::run(&apply),
        Some(Command::Backup(backup)) => backup::run(&backup),
        Some(Command::Move(shift)) => shift::run(&shift),
        Some(Command::Doctor(doctor)) => doctor::run(&doctor),
        Some(Command::Bench(bench)) => bench::run(&bench),
        Some(Command::Bare(bare)) => bench::serve_bare(&bare),
        Some(Command::Key(key)) => key::run(&key),
        Some(Command::Verify(verify)) => verify::run(&verify),
        Some(Command::Rehearse(rehearse)) => rehearse::run(&rehearse),
        Some(Command::Restore(restore)) => restore::run(&restore),
        Some(Command::Role(role)) => role::run(&role),
        Some(Command::Session(session)) => session::run(&session),
    }
}
