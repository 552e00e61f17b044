//! `fanfare role`: gives an account a role, by the word of whoever has the machine.

use super::{Where, cold};
use crate::fans::{self, Name, Refused};
use crate::kit::clock::Clock;
use crate::kit::token::Role;
use clap::Args;
use std::process::ExitCode;

/// What `role` takes.
#[derive(Args, Clone, Debug)]
pub struct RoleArgs {
    /// The account's name.
    name: String,
    /// What it may do from now on.
    #[arg(value_parser = ["fan", "cashier", "host", "operator"])]
    role: String,
    #[command(flatten)]
    place: Where,
}

/// Gives the role; beside a serving process it holds within a second.
///
/// # Errors
/// If there is no such account, or its database cannot be written.
pub fn run(args: &RoleArgs) -> Result<ExitCode, String> {
    let folder = args.place.look()?;
    let no_name = || format!("`{}` is no name; see the page it was made on", args.name);
    let (name, now_ms) = (Name::new(&args.name).ok_or_else(no_name)?, Clock::machine().now_ms());
    let role = Role::named(&args.role).unwrap_or(Role::Fan);
    let (side, _) = cold::open(&args.place, &folder, now_ms)?;
    let db = side.db();
    let done = side.wait(async move { Ok(fans::make_role(db, name, role, now_ms).await) });
    side.stop();
    match done.map_err(|why| why.to_string())? {
        Ok(()) => {
            println!("{} is {} now, and signs in anew", args.name, args.role);
            Ok(ExitCode::SUCCESS)
        }
        Err(Refused::Wrong) => {
            Err(format!("nobody is called {}: sign up first, on the server's page", args.name))
        }
        Err(_) => Err("it was not done; the database is named above".to_owned()),
    }
}
