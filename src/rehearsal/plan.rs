//! What a crowd is made of. One plan and its seed give the same crowd, ask for ask.

/// Most early reloads a second. In two seconds before the opening nobody could play the reloads
/// of the minutes that were cut out, so the rest is left out and counted.
const RELOADS_PER_MS_MAX: u64 = 20;

/// The time a fan needs at least between the end of the payment and the end of the hold.
const PAY_MARGIN_MS: i64 = 2_000;

/// How the fans and bots of one drop behave. Shares are in millionths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrowdPlan {
    /// Everything that looks like chance follows from it.
    pub seed: u64,
    /// The number of the first fan; the others follow, then the bots.
    pub first_fan: u64,
    /// How many fans.
    pub fans: u32,
    /// The lines they ask for, each with its weight; usually its stock.
    pub lines: Vec<u32>,
    /// Units each fan asks for.
    pub quantity: u16,
    /// When the drop opens, ms since 1970.
    pub opens_at_ms: i64,
    /// How long before the opening the crowd begins.
    pub lead_ms: i64,
    /// How long the drop holds a claim that is not paid.
    pub hold_ms: i64,
    /// All fans have come this long after the opening.
    pub arrive_within_ms: i64,
    /// The share that comes in the burst.
    pub burst_share: u32,
    /// How long the burst lasts.
    pub burst_within_ms: i64,
    /// Looks at the drop before the opening, per fan, in millionths.
    pub early_reloads_per_fan: u32,
    /// The share of fans who tap twice.
    pub double_tap_share: u32,
    /// The share of answers that are cut after the request was sent.
    pub lost_answer_share: u32,
    /// The share of fans whose claims carry a key.
    pub keyed_share: u32,
    /// The share of holders who never pay.
    pub unpaid_share: u32,
    /// The share of holders who give back.
    pub release_share: u32,
    /// The others pay this long after their claim: shortest and longest.
    pub pay_after_ms: (i64, i64),
    /// The share of the refused who ask again.
    pub asks_again_share: u32,
    /// How long after each refusal they do.
    pub asks_again_after_ms: Vec<i64>,
    /// Programs that hammer beside the fans.
    pub bots: u32,
    /// Requests a second of one bot, in millionths.
    pub bot_rate_per_s: u32,
}

impl Default for CrowdPlan {
    fn default() -> Self {
        Self {
            seed: 1,
            first_fan: 1,
            fans: 5_000,
            lines: vec![1],
            quantity: 1,
            opens_at_ms: 0,
            lead_ms: 2_000,
            hold_ms: 900_000,
            arrive_within_ms: 25_000,
            burst_share: 140_000,
            burst_within_ms: 4_000,
            early_reloads_per_fan: 200_000,
            double_tap_share: 50_000,
            lost_answer_share: 50_000,
            keyed_share: 500_000,
            unpaid_share: 200_000,
            release_share: 10_000,
            pay_after_ms: (1_000, 3_000),
            asks_again_share: 50_000,
            asks_again_after_ms: vec![1_000, 3_000, 10_000, 20_000],
            bots: 50,
            bot_rate_per_s: 5_000_000,
        }
    }
}

impl CrowdPlan {
    /// Fans and bots together.
    pub fn heads(&self) -> u32 {
        self.fans.saturating_add(self.bots)
    }

    /// Looks before the opening that the file asks for.
    pub fn reloads_wanted(&self) -> u64 {
        u64::from(self.fans) * u64::from(self.early_reloads_per_fan) / 1_000_000
    }

    /// Looks before the opening that are played.
    pub fn reloads(&self) -> u64 {
        let most = self.lead_ms.max(0) as u64 * RELOADS_PER_MS_MAX;
        self.reloads_wanted().min(most)
    }

    /// Shortest and longest time to a payment, moved so far forward that it ends before the hold:
    /// a shortened hold shortens the fans' errands too.
    pub fn pays_within_ms(&self) -> (i64, i64) {
        let last = (self.hold_ms - PAY_MARGIN_MS).max(self.hold_ms / 2).max(0);
        let (low, high) = self.pay_after_ms;
        (low.clamp(0, last), high.clamp(0, last).max(low.clamp(0, last)))
    }

    /// The time between two requests of one bot.
    pub fn bot_every_ms(&self) -> u32 {
        let rate = u64::from(self.bot_rate_per_s);
        (1_000_000_000_u64.checked_div(rate))
            .map_or(u32::MAX, |every_ms| every_ms.clamp(1, 86_400_000) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_end_before_a_shortened_hold() {
        let plan =
            CrowdPlan { hold_ms: 10_000, pay_after_ms: (1_000, 60_000), ..CrowdPlan::default() };
        assert_eq!(plan.pays_within_ms(), (1_000, 8_000));
        let plan = CrowdPlan { hold_ms: 1_000, ..plan };
        assert_eq!(plan.pays_within_ms(), (500, 500));
    }

    #[test]
    fn reloads_are_bounded_by_the_lead() {
        let plan = CrowdPlan { fans: 1_000_000, ..CrowdPlan::default() };
        assert_eq!((plan.reloads_wanted(), plan.reloads()), (200_000, 40_000));
    }
}
