//! A festival day in a folder of its own, held by a real node on a clock turned by hand.

use super::{festival, node};
use fanfare::app::{App, Mode};
use fanfare::drops::node::Node;
use fanfare::drops::ticket::Ticket;
use fanfare::festivals::Festival;
use fanfare::kit::clock::Clock;
use fanfare::kit::scratch::Scratch;
use fanfare_engine::{Act, Claim, Command, Fan, Key, Line, Quantity};
use fanfare_lane::{LaneId, Reply};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the festival holds.
const DROPS: &str = r#"
[[drops]]
id = "lamps"
kind = "sale"
name = { zh = "台灯", en = "Lamps" }
opens_at = 2026-04-08T12:00
open_for = "20m"
hold = "2m"
limit = 2

[[drops.items]]
good = "lamp"
price = "129.00"
stock = { cloud = 12, pine = 8 }
reserve = { cloud = 1, pine = 1 }

[[drops]]
id = "late-lamps"
kind = "sale"
name = { zh = "晚场", en = "Late lamps" }
opens_at = 2026-04-08T12:00
open_for = "20m"
hold = "2m"

[[drops.items]]
good = "lamp"
price = "99.00"
stock = { cloud = 3, pine = 3 }
"#;

/// 2026-04-08 12:00 in Shanghai, ms since 1970.
pub const OPENS_MS: i64 = 1_775_620_800_000;

/// The lanes of both drops.
pub const LAMPS: LaneId = 1;
pub const LATE: LaneId = 2;

/// A folder of a test's own, removed at its end.
pub struct Temp(Scratch);

impl Temp {
    pub fn new(name: &str) -> Self {
        Self(Scratch::new(None, name).unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }
}

pub fn festival() -> Festival {
    festival::read(&festival::text("small-day", DROPS))
}

/// A node that serves the festival from a folder, at this moment.
pub struct World {
    pub node: Arc<Node>,
}

impl World {
    pub fn start(data: &Path, now_ms: i64) -> Self {
        Self::try_start(data, now_ms).unwrap_or_else(|why| panic!("{why}"))
    }

    pub fn try_start(data: &Path, now_ms: i64) -> Result<Self, String> {
        Ok(Self { node: node::try_start(data, &festival(), Clock::standing_at(now_ms))? })
    }

    /// Stops the node and lets go of the folder.
    pub fn stop(self) {
        self.node.stop();
    }

    pub fn app(&self) -> Arc<App> {
        App::new(self.node.clone(), festival(), Mode::Real)
    }

    /// Turns the clock to so many ms after the opening and lets everything due happen.
    pub fn at(&self, after_opening_ms: i64) {
        self.node.clock.turn_to(OPENS_MS + after_opening_ms);
        self.node.quiet();
    }

    pub fn ask(&self, lane: LaneId, command: Command) -> Reply {
        self.node.asked_blocking(lane, command).reply
    }

    /// A claim that must succeed.
    pub fn claim(&self, of: LaneId, fan: u64, line: u16, units: u16) -> Claim {
        claimed(self.ask(of, ask(fan, line, units, Some(fan))))
    }

    pub fn settle(&self, lane: LaneId, claim: &Claim) -> Claim {
        claimed(self.ask(lane, Command::Settle { number: claim.number }))
    }

    /// Commands to both lanes at once, so that a commit may hold rows of both.
    pub fn both(&self, fans: std::ops::Range<u64>) {
        let asks = fans
            .flat_map(|fan| [LAMPS, LATE].map(|lane| (lane, ask(fan, 1, 1, None), Ticket::Nobody)));
        self.node.ask_many(asks.collect());
        self.node.quiet();
    }
}

pub fn ask(fan: u64, line: u16, units: u16, key: Option<u64>) -> Command {
    let (fan, quantity) = (Fan::new(fan).unwrap(), Quantity::new(units).unwrap());
    Command::Claim { fan, line: Line(line), quantity, key: key.map(Key::new) }
}

pub fn claimed(reply: Reply) -> Claim {
    match reply {
        Reply::Claim { claim, .. } => claim,
        other => panic!("not a claim: {other:?}"),
    }
}

pub fn act() -> Act {
    numbered(7)
}

/// An act of its own.
fn numbered(why: u64) -> Act {
    Act { by: Fan::new(900).unwrap(), why }
}

/// A whole day: both drops sell, fans pay, let go, come late; hosts act; the late drop rests.
pub fn whole_day(data: &Path) {
    let world = World::start(data, OPENS_MS - 5_000);
    world.at(0);
    let paid = world.claim(LAMPS, 1, 0, 2);
    let given_back = world.claim(LAMPS, 2, 0, 1);
    let lapsing = world.claim(LAMPS, 3, 1, 1);
    let lost = world.claim(LAMPS, 4, 1, 2);
    world.both(10..14);
    world.settle(LAMPS, &paid);
    world.ask(LAMPS, Command::Release { number: given_back.number });
    world.ask(LAMPS, Command::Pause(act()));
    world.ask(LAMPS, Command::Restock { line: Line(0), units: 5, act: numbered(8) });
    world.ask(LAMPS, Command::Withdraw { line: Line(0), units: 2, act: numbered(9) });
    world.ask(LAMPS, Command::Resume(numbered(10)));
    let fan = Fan::new(20).unwrap();
    let until_s = (OPENS_MS / 1_000) as u32 + 3_600;
    let (line, quantity) = (Line(0), Quantity::MIN);
    world.ask(LAMPS, Command::Grant { fan, line, quantity, until_s });
    world.claim(LAMPS, 20, 0, 1);
    world.at(130_000);
    world.settle(LAMPS, &lapsing);
    world.settle(LAMPS, &lost);
    world.ask(LAMPS, Command::Return { number: paid.number });
    let bought = world.claim(LATE, 30, 0, 1);
    world.settle(LATE, &bought);
    world.ask(LATE, Command::Close(act()));
    world.node.quiet();
    world.stop();
}
