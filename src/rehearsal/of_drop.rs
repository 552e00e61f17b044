//! The crowd a festival file asks for.

use super::plan::CrowdPlan;
use crate::festivals::DropPlan;

/// What the command line says about every crowd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The seed; each drop's crowd gets one of its own from it.
    pub seed: u64,
    /// Fans a drop, instead of the file's.
    pub fans: Option<u32>,
    /// Seconds a claim is held, instead of the file's.
    pub hold_s: Option<u32>,
}

/// The time a crowd begins before the opening.
pub const LEAD_MS: i64 = 2_000;

impl CrowdPlan {
    /// The crowd of a drop, the `place`-th that is rehearsed, which opens at this moment.
    /// `first_fan` is the number of its first fan.
    pub fn of_drop(
        drop: &DropPlan,
        wishes: &Wishes,
        place: u64,
        first_fan: u64,
        opens_at_ms: i64,
    ) -> Self {
        let crowd = drop.crowd();
        let fans = wishes.fans.unwrap_or_else(|| drop.fans());
        let hold_ms = wishes.hold_s.map_or(drop.hold_ms(), |hold_s| i64::from(hold_s) * 1_000);
        let free = |line: &crate::festivals::Line| line.stock - line.reserve;
        Self {
            seed: wishes.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(place),
            first_fan,
            fans,
            lines: drop.lines().iter().map(free).collect(),
            quantity: 1,
            opens_at_ms,
            lead_ms: LEAD_MS,
            hold_ms,
            arrive_within_ms: crowd.arrive_within_ms(),
            burst_share: crowd.burst_share().per_million(),
            burst_within_ms: crowd.burst_within_ms(),
            early_reloads_per_fan: crowd.early_reloads_per_fan().per_million(),
            double_tap_share: crowd.double_tap_share().per_million(),
            lost_answer_share: crowd.lost_answer_share().per_million(),
            keyed_share: crowd.keyed_share().per_million(),
            unpaid_share: crowd.unpaid_share().per_million(),
            release_share: crowd.release_share().per_million(),
            pay_after_ms: crowd.pay_after_ms(),
            asks_again_share: crowd.asks_again_share().per_million(),
            asks_again_after_ms: crowd.asks_again_after_ms().to_vec(),
            bots: crowd.bots(),
            bot_rate_per_s: crowd.bot_rate_per_s().per_million(),
        }
    }
}
