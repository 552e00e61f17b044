//! What a seed decides before anything happens: terms, crowd, pace, and which faults come when.

use crate::fault::{Fault, Step};
use crate::rng::Rng;
use fanfare_engine::{LineTerms, Quantity, Terms};
use fanfare_lane::LaneConfig;

/// When every run starts, ms since 1970.
pub(crate) const START_MS: i64 = 1_798_000_000_000;

const DAY_MS: u64 = 86_400_000;

/// Fewest commands of a seed.
pub(crate) const COMMANDS_MIN: u32 = 2_000;

/// A seed's plan.
pub(crate) struct Plan {
    /// Each lane's terms.
    pub(crate) lanes: Vec<Terms>,
    /// Fans are numbered from 1 to this.
    pub(crate) fans: u64,
    /// How many commands at least.
    pub(crate) commands: u32,
    /// How the lanes are run.
    pub(crate) config: LaneConfig,
    /// How often each kind of move is tried, summed up.
    pub(crate) pace: [u64; MOVES],
    /// Which fault is due from which command on, latest first.
    pub(crate) faults: Vec<(u32, Fault)>,
}

/// How many kinds of moves the scheduler has: ask, gate, turn, commit, publish, deliver, quiet.
pub(crate) const MOVES: usize = 7;

impl Plan {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let lanes = rng.pick(&[1, 1, 1, 2, 2, 3]);
        let commands = COMMANDS_MIN + rng.below(200) as u32;
        let config = LaneConfig {
            batch_max: rng.pick(&[1, 3, 8, 32, 128]),
            queue_max: rng.pick(&[8, 64, 64, 4_096, 4_096, 4_096, 4_096, 4_096]),
            keep_rows: rng.one_in(2),
        };
        Self {
            lanes: (0..lanes)
                .map(|lane| {
                    let size = rng.pick(&[12, 60, 150, 400]);
                    terms(rng, lane, size)
                })
                .collect(),
            fans: rng.range(80, 600),
            commands,
            config,
            pace: pace(rng),
            faults: faults(rng, commands),
        }
    }
}

/// A lane's terms; each of its lines has around `size` units.
pub(crate) fn terms(rng: &mut Rng, lane: u64, size: u64) -> Terms {
    let opens_at_ms = START_MS + rng.range(20, 400) as i64;
    let lasts_ms = if rng.one_in(7) { rng.range(20_000, 400_000) } else { 60 * DAY_MS };
    let lines = rng.range(1, 4);
    Terms {
        rules: [lane as u8; 32],
        opens_at_ms,
        closes_at_ms: opens_at_ms + lasts_ms as i64,
        hold_s: rng.pick(&[4, 20, 90, 300, 900]),
        limit: Quantity::new(rng.range(1, 3) as u16).unwrap_or(Quantity::MIN),
        lines: (0..lines).map(|line| line_terms(rng, lane * 16 + line, size)).collect(),
    }
}

/// A line of this id with around `size` units.
pub(crate) fn line_terms(rng: &mut Rng, id: u64, size: u64) -> LineTerms {
    let stock = rng.range(size / 4 + 1, size) as u32;
    let reserve = if rng.one_in(2) { rng.range(0, u64::from(stock / 3)) as u32 } else { 0 };
    LineTerms { id, price_minor: 79_900, stock, reserve }
}

fn pace(rng: &mut Rng) -> [u64; MOVES] {
    let commit = rng.pick(&[3, 8, 20]);
    let tries = [rng.range(14, 30), 8, rng.range(5, 15), commit, commit + 6, 22, 1];
    let mut sum = 0;
    tries.map(|tries| {
        sum += tries;
        sum
    })
}

fn faults(rng: &mut Rng, commands: u32) -> Vec<(u32, Fault)> {
    let count = rng.range(7, 13);
    let mut faults: Vec<_> = (0..count)
        .map(|_| {
            let at = rng.below(u64::from(commands) * 9 / 10) as u32;
            let fault = if rng.one_in(3) {
                Fault::Crash(rng.pick(&Step::ALL))
            } else {
                rng.pick(&Fault::REST)
            };
            (at, fault)
        })
        .collect();
    faults.sort_by_key(|(at, _)| core::cmp::Reverse(*at));
    faults
}
