//! Who comes when: looks before the opening, then each fan's first claim.

use super::super::chance::{Chance, Question};
use super::super::plan::CrowdPlan;
use super::What;

/// Who has still to come.
#[derive(Debug)]
pub(super) struct Coming {
    clock: Clock,
    /// Fans in the order of their coming.
    order: Vec<u32>,
    next: usize,
    looks: u64,
    looks_taken: u64,
}

/// When a fan comes.
#[derive(Debug)]
struct Clock {
    chance: Chance,
    lead_ms: u32,
    burst_ms: u32,
    rest_ms: u32,
    burst_share: u64,
}

impl Clock {
    /// Exactly the share comes in the burst, evenly spread over the fans' numbers.
    fn in_burst(&self, fan: u32) -> bool {
        let before = u64::from(fan) * self.burst_share / 1_000_000;
        (u64::from(fan) + 1) * self.burst_share / 1_000_000 > before
    }

    fn comes(&self, fan: u32) -> u32 {
        if self.in_burst(fan) || self.rest_ms == 0 {
            self.lead_ms + self.chance.below(fan, Question::Arrival, 0, self.burst_ms)
        } else {
            let after = self.chance.below(fan, Question::Arrival, 0, self.rest_ms);
            self.lead_ms + self.burst_ms + after
        }
    }
}

impl Coming {
    pub(super) fn new(plan: &CrowdPlan, chance: Chance) -> Self {
        let whole = plan.arrive_within_ms.clamp(1, 86_400_000) as u32;
        let burst_ms = plan.burst_within_ms.clamp(1, i64::from(whole)) as u32;
        let clock = Clock {
            chance,
            lead_ms: plan.lead_ms.max(0) as u32,
            burst_ms,
            rest_ms: whole - burst_ms,
            burst_share: u64::from(plan.burst_share),
        };
        let order = in_order(plan.fans, whole, |fan| clock.comes(fan) - clock.lead_ms);
        Self { clock, order, next: 0, looks: plan.reloads(), looks_taken: 0 }
    }

    fn next_look(&self) -> Option<u32> {
        let lead_ms = u64::from(self.clock.lead_ms);
        (self.looks_taken < self.looks).then(|| (self.looks_taken * lead_ms / self.looks) as u32)
    }

    fn next_fan(&self) -> Option<u32> {
        self.order.get(self.next).map(|&fan| self.clock.comes(fan))
    }

    /// When the next one comes.
    pub(super) fn next_due(&self) -> Option<u32> {
        self.next_look().or_else(|| self.next_fan())
    }

    /// One who comes at or before this moment.
    pub(super) fn take(&mut self, at: u32) -> Option<(u32, What)> {
        if self.next_due()? > at {
            return None;
        }
        if self.looks_taken < self.looks {
            self.looks_taken += 1;
            let (fans, look) = (self.order.len() as u32, self.looks_taken as u32);
            return Some((self.clock.chance.below(look, Question::Reload, 0, fans), What::Look));
        }
        self.next += 1;
        Some((self.order[self.next - 1], What::First))
    }
}

/// Fans sorted by a time below `whole`, in two passes over them.
fn in_order(fans: u32, whole: u32, comes: impl Fn(u32) -> u32) -> Vec<u32> {
    let mut starts = vec![0_u32; whole as usize + 1];
    for fan in 0..fans {
        starts[comes(fan) as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut order = vec![0; fans as usize];
    for fan in 0..fans {
        let start = &mut starts[comes(fan) as usize];
        order[*start as usize] = fan;
        *start += 1;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_comes_in_the_burst_and_all_within_the_time() {
        let plan = CrowdPlan { fans: 100_000, ..CrowdPlan::default() };
        let mut coming = Coming::new(&plan, Chance::new(1));
        let (mut last, mut burst, mut fans, mut looks) = (0, 0, 0, 0);
        let mut seen = vec![false; 100_000];
        while let Some(at) = coming.next_due() {
            assert!(at >= last);
            last = at;
            match coming.take(at).unwrap() {
                (_, What::Look) => {
                    assert!(at < 2_000);
                    looks += 1;
                }
                (fan, _) => {
                    assert!(at >= 2_000 && !std::mem::replace(&mut seen[fan as usize], true));
                    fans += 1;
                    burst += u32::from(at < 6_000);
                }
            }
        }
        assert_eq!((fans, burst, looks), (100_000, 14_000, 20_000));
        assert!((26_900..27_000).contains(&last), "{last}");
    }
}
