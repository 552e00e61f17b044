//! The made crowd of a rehearsal.

/// A share or a rate with six decimals, kept as a whole number so that equal files are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(u32);

impl Ratio {
    pub(in super::super) fn from_per_million(per_million: u32) -> Self {
        Self(per_million)
    }

    /// In millionths.
    pub fn per_million(self) -> u32 {
        self.0
    }

    /// As a number.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

/// How the rehearsal's fans and bots behave. Shares are of 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crowd {
    pub(in super::super) fans: u32,
    pub(in super::super) arrive_within_ms: i64,
    pub(in super::super) burst_share: Ratio,
    pub(in super::super) burst_within_ms: i64,
    pub(in super::super) early_reloads_per_fan: Ratio,
    pub(in super::super) double_tap_share: Ratio,
    pub(in super::super) lost_answer_share: Ratio,
    pub(in super::super) keyed_share: Ratio,
    pub(in super::super) unpaid_share: Ratio,
    pub(in super::super) release_share: Ratio,
    pub(in super::super) pay_after_ms: (i64, i64),
    pub(in super::super) asks_again_share: Ratio,
    pub(in super::super) asks_again_after_ms: Vec<i64>,
    pub(in super::super) bots: u32,
    pub(in super::super) bot_rate_per_s: Ratio,
}

impl Crowd {
    /// Fans a drop; 0: three times its stock, see `DropPlan::fans`.
    pub fn fans(&self) -> u32 {
        self.fans
    }

    /// The time after the opening in which they arrive, in milliseconds.
    pub fn arrive_within_ms(&self) -> i64 {
        self.arrive_within_ms
    }

    /// The share that arrives in the first burst.
    pub fn burst_share(&self) -> Ratio {
        self.burst_share
    }

    /// How long that burst lasts, in milliseconds.
    pub fn burst_within_ms(&self) -> i64 {
        self.burst_within_ms
    }

    /// Requests a fan sends before the opening, on average.
    pub fn early_reloads_per_fan(&self) -> Ratio {
        self.early_reloads_per_fan
    }

    /// The share of fans whose claim is sent twice.
    pub fn double_tap_share(&self) -> Ratio {
        self.double_tap_share
    }

    /// The share of claims whose answer is lost on the way.
    pub fn lost_answer_share(&self) -> Ratio {
        self.lost_answer_share
    }

    /// The share of fans whose claims carry an `Idempotency-Key`.
    pub fn keyed_share(&self) -> Ratio {
        self.keyed_share
    }

    /// The share of holders who never pay.
    pub fn unpaid_share(&self) -> Ratio {
        self.unpaid_share
    }

    /// The share of holders who give back; with the unpaid at most 1.
    pub fn release_share(&self) -> Ratio {
        self.release_share
    }

    /// Shortest and longest time from a claim to its payment, in milliseconds.
    pub fn pay_after_ms(&self) -> (i64, i64) {
        self.pay_after_ms
    }

    /// The share of the refused who ask again.
    pub fn asks_again_share(&self) -> Ratio {
        self.asks_again_share
    }

    /// How long after each refusal they ask again, in milliseconds; at least one.
    pub fn asks_again_after_ms(&self) -> &[i64] {
        &self.asks_again_after_ms
    }

    /// Programs that ask beside the fans.
    pub fn bots(&self) -> u32 {
        self.bots
    }

    /// Requests a second of one bot.
    pub fn bot_rate_per_s(&self) -> Ratio {
        self.bot_rate_per_s
    }
}
