//! What several tests set up.
//!
//! | file | holds |
//! | --- | --- |
//! | `festival.rs` | the text of a festival file: its goods, and a drop that is open |
//! | `node.rs` | a node in this process, and the door to it |
//! | `world.rs` | a whole day on such a node, without HTTP |
//! | `site.rs` | such a node's pages, and a browser without scripts |
//! | `program.rs` | the program itself, as a child |
//! | `served.rs` | the program with its folder, its log and its other commands |
//! | `http.rs` | a plain client that hides nothing |
//! | `postgres.rs` | a PostgreSQL of the tests' own |

#![allow(dead_code, reason = "no test needs all of it")]

pub mod festival;
pub mod http;
pub mod node;
pub mod postgres;
pub mod program;
pub mod served;
pub mod site;
pub mod world;

use fanfare::kit::clock::Clock;
use fanfare::kit::token::{Role, Session, Tokens, Use};
use fanfare_engine::Fan;

/// A session that lives for 15 minutes from this moment.
pub fn token(tokens: &Tokens, now_ms: i64, fan: u64, role: Role) -> String {
    let until_s = (now_ms / 1_000 + 900) as u32;
    tokens.make(&Session { fan: Fan::new(fan).unwrap(), role, until_s }, Use::Session)
}

/// A session of the machine's own clock.
pub fn token_now(tokens: &Tokens, fan: u64, role: Role) -> String {
    token(tokens, Clock::machine().now_ms(), fan, role)
}
