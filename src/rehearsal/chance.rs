//! Chance without a generator: each decision about a fan is a hash of seed, fan and question. So
//! no fan needs memory for it, and the order of events changes no decision.

/// What is asked about a fan.
#[derive(Clone, Copy, Debug)]
pub enum Question {
    /// When the fan comes.
    Arrival = 1,
    /// Which line.
    Line,
    /// Whether claims carry a key.
    Keyed,
    /// The key.
    Key,
    /// Whether, and how soon, the fan taps twice.
    DoubleTap,
    /// Whether an answer is cut.
    Cut,
    /// What the fan does with a claim.
    Pay,
    /// How long the fan takes for it.
    PayAfter,
    /// Whether a refused fan is patient.
    Patience,
    /// How long until the same is asked again.
    Repeat,
    /// Which fan looks before the opening.
    Reload,
    /// When a bot begins.
    Bot,
}

/// A seed's answers.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The chance of this seed.
    pub fn new(seed: u64) -> Self {
        Self(stir(seed ^ 0x6661_6e66_6172_6521))
    }

    /// 64 even bits for a question; `round` tells apart the same question asked again.
    pub fn bits(self, who: u32, question: Question, round: u32) -> u64 {
        let about = u64::from(who) << 32 | u64::from(round) << 8 | question as u64;
        stir(self.0 ^ about.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Whether it falls into a share, in millionths.
    pub fn share(self, who: u32, question: Question, round: u32, share: u32) -> bool {
        self.below(who, question, round, 1_000_000) < share
    }

    /// Evenly one of 0 … `end` - 1; 0 if `end` is 0.
    pub fn below(self, who: u32, question: Question, round: u32, end: u32) -> u32 {
        let bits = self.bits(who, question, round) >> 32;
        ((bits * u64::from(end)) >> 32) as u32
    }
}

/// The mixer of `splitmix64`.
fn stir(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_met_and_follow_from_the_seed_alone() {
        let count = |seed| {
            let chance = Chance::new(seed);
            let in_share = |fan: &u32| chance.share(*fan, Question::Pay, 0, 200_000);
            (0..100_000).filter(in_share).count()
        };
        assert!((19_500..20_500).contains(&count(7)), "{}", count(7));
        assert_eq!(count(7), count(7));
        assert_ne!(count(7), count(8));
    }
}
