//! `fanfare session`: tokens for load tests and support.

use super::Where;
use crate::kit::clock::Clock;
use crate::kit::keys::Keys;
use crate::kit::token::{Role, Session, Tokens, Use};
use clap::Args;
use fanfare_engine::Fan;
use std::io::{BufWriter, Write as _};
use std::process::ExitCode;

/// How long these tokens live, seconds: a rehearsal's whole length.
const TOKEN_S: u32 = 6 * 3600;

/// What `session` takes.
#[derive(Args, Debug)]
pub struct SessionArgs {
    /// The first fan's number.
    #[arg(long)]
    fan: u64,
    /// How many fans, one after the other.
    #[arg(long, default_value_t = 1)]
    count: u64,
    /// What they may do.
    #[arg(long, default_value = "fan", value_parser = ["fan", "cashier", "host", "operator"])]
    role: String,
    #[command(flatten)]
    place: Where,
}

/// Prints `fan<TAB>token`, a line each.
///
/// # Errors
/// If the folder has no keys, or a fan's number is out of range.
pub fn run(args: &SessionArgs) -> Result<ExitCode, String> {
    let folder = args.place.look()?;
    let keys = Keys::open(folder.path()).map_err(|why| why.to_string())?;
    let tokens = Tokens::of(&keys);
    let role = Role::named(&args.role).unwrap_or(Role::Fan);
    let now_s = Clock::machine().now_ms().div_euclid(1000);
    let until_s = u32::try_from(now_s).unwrap_or(u32::MAX).saturating_add(TOKEN_S);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for number in args.fan..args.fan.saturating_add(args.count) {
        let fan = Fan::new(number)
            .ok_or_else(|| format!("fan {number}: use a number from 1 to {}", Fan::MAX))?;
        let token = tokens.make(&Session { fan, role, until_s }, Use::Session);
        if writeln!(out, "{number}\t{token}").is_err() {
            break; // Whoever read has seen enough.
        }
    }
    let _ = out.flush();
    Ok(ExitCode::SUCCESS)
}
