//! Tests only: work that is counted in instructions. `tests/counted.rs` runs this program under
//! valgrind and holds what it finds against a table.
//!
//! `fanfare-counted WORK TIMES MADE` makes everything that MADE times of the work take and does it
//! TIMES times. Two runs that make the same and do it n and 2n times differ by what n times take:
//! start, preparation and end cost both the same, and no symbol has to be found in the program.
//!
//! | file | holds |
//! | --- | --- |
//! | `rules.rs` | the engine's and the lane's part, without IO |
//! | `route.rs` | tokens, and requests through the server's own front |
//! | `crowd.rs` | connections without a network, whose requests are made beforehand |

mod crowd;
mod route;
mod rules;

use std::env;

/// How often the work is done.
#[derive(Clone, Copy)]
pub struct Times {
    /// How often it is done.
    pub done: usize,
    /// How often what is made would suffice for.
    pub made: usize,
}

fn main() {
    let given: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize| given.get(at).and_then(|text: &String| text.parse().ok());
    let (Some(work), Some(done), Some(made)) = (given.first(), number(1), number(2)) else {
        panic!("fanfare-counted WORK TIMES MADE");
    };
    let times = Times { done, made };
    match work.as_str() {
        "decide" => rules::decide(times),
        "apply" => rules::apply(times),
        "encode" => rules::encode(times),
        "lane" => rules::lane(times),
        "token" => route::token(times, 1),
        "token-twice" => route::token(times, 2),
        "refusal" => route::refusal(times, false),
        "refusal-twice" => route::refusal(times, true),
        "claim" => route::claim(times),
        other => panic!("no work is called {other}"),
    }
}
