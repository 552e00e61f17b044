//! `fanfare apply`: asks the serving process, or opens the folder itself where none serves.

use super::Where;
use crate::app::{App, Mode};
use crate::drops::node::Node;
use crate::drops::plan::{self, socket};
use crate::festivals::{self, Festival};
use crate::kit::clock::Clock;
use clap::Args;
use fanfare_lane::LaneConfig;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// What `apply` takes.
#[derive(Args, Debug)]
pub struct Apply {
    /// The festival file.
    festival: PathBuf,
    /// Makes it so.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    place: Where,
}

/// Shows or makes the differences.
///
/// # Errors
/// If the folder or the file cannot be read.
pub fn run(args: &Apply) -> Result<ExitCode, String> {
    let proposed = festivals::read_file(&args.festival).map_err(|faults| format!("\n{faults}"))?;
    let text = std::fs::read_to_string(&args.festival).map_err(|why| why.to_string())?;
    let asked = socket::ask(&args.place.data, args.yes, &text).map_err(|why| why.to_string())?;
    let (done, words) = match asked {
        Some(answer) => answer,
        None => unserved(args, &proposed, &text)?,
    };
    print!("{words}");
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where nobody serves: reads the folder, and opens it only to make what can be made.
fn unserved(args: &Apply, proposed: &Festival, text: &str) -> Result<(bool, String), String> {
    let looked = args.place.look()?;
    if let Some(why) = socket::other_festival(looked.festival(), proposed) {
        return Ok((false, why.english() + "\n"));
    }
    let compared = plan::unserved::changes(&looked, proposed)?;
    let changes = &compared.changes;
    let breaks = changes.iter().any(|change| change.breaks.is_some());
    if !args.yes || breaks || changes.is_empty() {
        return Ok(socket::shown(&compared, args.yes));
    }
    let folder = args.place.serve(looked.festival(), looked.rehearsal())?;
    let clock = Arc::new(Clock::machine());
    let specs = plan::journalled_specs(proposed, &folder)?;
    let node = Node::start(folder, clock, LaneConfig::default(), specs)?;
    let app = App::new(node.clone(), proposed.clone(), Mode::Real);
    let answer = socket::answer(&app, args.yes, text);
    node.stop();
    Ok(answer)
}
