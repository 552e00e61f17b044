//! Callers in the process itself, who claim straight into lanes.

use crate::drops::node::Node;
use crate::drops::spec::{DropSpec, LineName, line_id};
use crate::drops::ticket::Ticket;
use crate::festivals::Names;
use fanfare_engine::{Command, Fan, Key, Line, LineTerms, Quantity, Terms};
use fanfare_lane::{LaneId, Reply};
use std::time::Duration;

/// Claims before anything is measured.
pub const WARM_UP: u32 = 100_000;

/// A drop that never sells out during a bench.
pub fn drop(at: u32, now_ms: i64, stock: u32) -> DropSpec {
    let names = Names::same("bench");
    let line = LineTerms { id: line_id("unit", None), price_minor: 0, stock, reserve: 0 };
    DropSpec {
        id: format!("bench-{at}"),
        names: names.clone(),
        lines: vec![LineName {
            item: "unit".to_owned(),
            variant: None,
            names,
            variant_names: None,
        }],
        terms: Terms {
            rules: [0; 32],
            opens_at_ms: now_ms - 1_000,
            closes_at_ms: now_ms + 86_400_000,
            hold_s: 7_200,
            limit: Quantity::MIN,
            lines: vec![line],
        },
        unread: false,
        history_s: None,
    }
}

/// Callers who claim for ever new fans, half of them with a key, each at the drop it came for and
/// again as soon as it is answered.
pub struct Callers<'a> {
    node: &'a Node,
    lanes: &'a [LaneId],
    waiting: usize,
    next_fan: u64,
}

impl<'a> Callers<'a> {
    /// So many, spread over these lanes evenly.
    pub fn of(node: &'a Node, lanes: &'a [LaneId], waiting: usize) -> Self {
        Self { node, lanes, waiting, next_fan: 1 }
    }

    /// So many claims. After each row that answers, `answered` is told how many are.
    ///
    /// # Errors
    /// If a lane refuses a claim it must not refuse, or does not answer.
    pub fn claim(&mut self, claims: u64, mut answered: impl FnMut(u64)) -> Result<(), String> {
        let last_fan = self.next_fan + claims;
        self.ask(0..self.waiting as u64, last_fan);
        let (mut answers, mut count) = (Vec::new(), 0);
        while count < claims {
            answers.clear();
            self.node.sink.take(&mut answers, Duration::from_secs(30));
            if answers.is_empty() {
                return Err("the lane has not answered for 30 s".to_owned());
            }
            let made = |reply: &Reply| matches!(reply, Reply::Claim { fresh: true, .. });
            if let Some((caller, reply)) = answers.iter().find(|(_, reply)| !made(reply)) {
                return Err(format!("caller {caller} was answered {reply:?}"));
            }
            count += answers.len() as u64;
            answered(count);
            self.ask(answers.iter().map(|(caller, _)| *caller), last_fan);
        }
        Ok(())
    }

    /// These ask, but for no fan from this one on.
    fn ask(&mut self, callers: impl Iterator<Item = u64>, last_fan: u64) {
        let fans = self.next_fan..last_fan;
        let asks = callers.zip(fans).map(|(caller, number)| {
            let fan = Fan::new(number).unwrap_or(Fan::FIRST);
            let key = (number % 2 == 0).then(|| Key::new(number.wrapping_mul(0x9E37_79B9)));
            let command = Command::Claim { fan, line: Line(0), quantity: Quantity::MIN, key };
            let lane = self.lanes[caller as usize % self.lanes.len()];
            (lane, command, Ticket::Many(caller))
        });
        let asks: Vec<_> = asks.collect();
        self.next_fan += asks.len() as u64;
        self.node.ask_many(asks);
    }
}
