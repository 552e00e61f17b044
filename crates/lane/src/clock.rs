//! One guarded clock for gate and lanes: it never goes back, and never faster than the monotonic
//! clock plus a second a minute. Time the machine's clock jumps over is not believed.
//!
//! And what a lane's new owner believes of its clock, which another one's may have gone before: two
//! clocks never agree, and neither knows which of them is right.

use alloc::collections::{BTreeMap, BTreeSet};

/// What the clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The guarded time, ms since 1970.
    pub now_ms: i64,
    /// Monotonic time, ms from any start.
    pub mono_ms: i64,
    /// The machine's clock stands further away than it may: nothing expires, the host is told.
    pub stepped: bool,
}

/// How far the machine's clock may run ahead of the monotonic one in a minute.
const AHEAD_MAX_MS: i64 = 1_000;

/// How far it may fall back before that counts as a step; the guarded clock just stands still.
const BEHIND_MAX_MS: i64 = 1_000;

/// Guards a machine's clock.
#[derive(Clone, Debug)]
pub struct Guard {
    now_ms: i64,
    anchor: (i64, i64),
}

impl Guard {
    /// Starts from what both clocks show; nothing is known to doubt it by.
    pub const fn new(wall_ms: i64, mono_ms: i64) -> Self {
        Self { now_ms: wall_ms, anchor: (wall_ms, mono_ms) }
    }

    /// Believes the machine's clock from here on: somebody who can see a real clock said so. Time
    /// still does not go back; where the clock shows less it is waited for.
    pub const fn accept(&mut self, wall_ms: i64, mono_ms: i64) {
        if wall_ms > self.now_ms {
            self.now_ms = wall_ms;
        }
        self.anchor = (self.now_ms, mono_ms);
    }

    /// Takes what both clocks show and gives the time to go by.
    pub fn read(&mut self, wall_ms: i64, mono_ms: i64) -> Reading {
        let (anchor_now_ms, anchor_mono_ms) = self.anchor;
        let passed_ms = (mono_ms - anchor_mono_ms).max(0);
        let latest_ms = anchor_now_ms + passed_ms + AHEAD_MAX_MS;
        let stepped = wall_ms > latest_ms || wall_ms < self.now_ms - BEHIND_MAX_MS;
        self.now_ms = wall_ms.clamp(self.now_ms, latest_ms.max(self.now_ms));
        if passed_ms >= 60_000 {
            self.anchor = (self.now_ms, mono_ms);
        }
        Reading { now_ms: self.now_ms, mono_ms, stepped }
    }
}

/// Clocks that are kept differ by less; one that differs by more says so.
pub const DIFFERS_MS: i64 = 1_000;

/// Clocks that differ by more are not to be reconciled by waiting. What is asked of a network time
/// service at its worst is 8 s.
pub const APART_MS: i64 = 10_000;

/// A day: the longest gap in which an opening lane believes a clock it can compare with none.
pub const GAP_BELIEVED_MS: i64 = 86_400_000;

/// What another node's clock showed counts if it was heard within this of being asked for.
const HEARD_WITHIN_MS: i64 = 500;

/// What another node's clock showed, and when that was heard by this machine's monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    clock_ms: i64,
    at_ms: i64,
}

impl Heard {
    /// What came at `at_ms`, asked for at `asked_ms`; none if it was so long on its way that it
    /// says too little.
    pub fn new(clock_ms: i64, asked_ms: i64, at_ms: i64) -> Option<Self> {
        let passed_ms = at_ms.saturating_sub(asked_ms);
        (0..=HEARD_WITHIN_MS).contains(&passed_ms).then_some(Self { clock_ms, at_ms })
    }

    /// What that clock shows now, if it goes on; less by as long as its answer was on its way.
    pub fn shows_ms(self, now_ms: i64) -> i64 {
        self.clock_ms.saturating_add(now_ms.saturating_sub(self.at_ms))
    }

    /// How long ago it was heard, ms.
    pub fn age_ms(self, now_ms: i64) -> i64 {
        now_ms.saturating_sub(self.at_ms)
    }
}

/// Which of these clocks most of the others contradict. All show the same moment, ms since 1970.
/// Of two that differ nobody knows which is wrong: then none is.
pub fn far_off(clocks: &BTreeMap<u64, i64>) -> BTreeSet<u64> {
    let contradicted = |(node, shows_ms): &(&u64, &i64)| {
        let others = clocks.iter().filter(|(other, _)| other != node);
        let apart = |other_ms: i64| other_ms.saturating_sub(**shows_ms).abs() > APART_MS;
        let (count, against) = others.fold((0, 0), |(count, against), (_, other_ms)| {
            (count + 1, against + usize::from(apart(*other_ms)))
        });
        count > 1 && 2 * against > count
    };
    clocks.iter().filter(contradicted).map(|(node, _)| *node).collect()
}

/// What an opening lane believes of its owner's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Belief {
    /// So far the clock is ahead of what is believed, ms.
    pub(crate) lead_ms: i64,
    /// It is not believed at all: lane time stands until a host says that it is right.
    pub(crate) doubtful: bool,
}

impl Belief {
    /// Lane time stands.
    pub(crate) const DOUBT: Self = Self { lead_ms: 0, doubtful: true };

    /// Of a clock that shows this, where the newest row says that time, and the clock of the owner
    /// before would show `theirs_ms`. Where that is not known, whatever served was off, and a day
    /// is believed.
    pub(crate) fn of(clock_ms: i64, newest_ms: i64, theirs_ms: Option<i64>) -> Self {
        if newest_ms.saturating_sub(clock_ms) > APART_MS {
            return Self::DOUBT;
        }
        let Some(theirs_ms) = theirs_ms else {
            let doubtful = clock_ms.saturating_sub(newest_ms) > GAP_BELIEVED_MS;
            return Self { lead_ms: 0, doubtful };
        };
        // Far behind, it would open and close too late, though the newest row is older still.
        if theirs_ms.saturating_sub(clock_ms) > APART_MS {
            return Self::DOUBT;
        }
        match clock_ms.saturating_sub(theirs_ms.max(newest_ms)) {
            ahead_ms if ahead_ms > APART_MS => Self::DOUBT,
            ahead_ms if ahead_ms > DIFFERS_MS => Self { lead_ms: ahead_ms, doubtful: false },
            _ => Self { lead_ms: 0, doubtful: false },
        }
    }
}

/// How far a lane goes behind its owner's clock, which was ahead of the clock of the owner before.
/// It catches up by a second a minute, as the guarded clock would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lead {
    pub(crate) ms: i64,
    pub(crate) since_mono_ms: i64,
}

impl Lead {
    pub(crate) fn at(self, mono_ms: i64) -> i64 {
        (self.ms - (mono_ms - self.since_mono_ms).max(0) / 60).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_agrees_with_the_owner_before_is_believed_whatever_the_newest_row_is() {
        let believed = Belief { lead_ms: 0, doubtful: false };
        let week_ms = 7 * GAP_BELIEVED_MS;
        assert_eq!(Belief::of(week_ms, 0, Some(week_ms - 900)), believed);
        assert!(Belief::of(week_ms, 0, None).doubtful, "nobody knows how long nobody served");
        assert_eq!(Belief::of(GAP_BELIEVED_MS, 0, None), believed);
    }

    #[test]
    fn a_clock_ahead_of_the_owner_before_opens_nothing_early() {
        let near = Belief::of(8_000, 0, Some(1_000));
        assert_eq!(near, Belief { lead_ms: 7_000, doubtful: false });
        assert!(Belief::of(1_800_000, 0, Some(1_000)).doubtful);
        // The newest row may be ahead of its owner's clock.
        assert_eq!(Belief::of(8_000, 7_500, Some(1_000)).lead_ms, 0);
        let lead = Lead { ms: 7_000, since_mono_ms: 0 };
        assert_eq!((lead.at(0), lead.at(60_000), lead.at(421_000)), (7_000, 6_000, 0));
    }

    #[test]
    fn a_clock_behind_the_owner_before_opens_nothing_late() {
        assert!(!Belief::of(90_000, 0, Some(100_000)).doubtful);
        assert!(Belief::of(89_999, 0, Some(100_000)).doubtful);
    }

    #[test]
    fn a_clock_a_little_behind_the_newest_row_is_waited_for() {
        for theirs_ms in [None, Some(20_000)] {
            assert!(!Belief::of(10_000, 20_000, theirs_ms).doubtful);
            assert!(Belief::of(9_999, 20_000, theirs_ms).doubtful);
        }
    }

    #[test]
    fn what_was_long_on_its_way_says_nothing() {
        assert_eq!(Heard::new(7, 0, 501), None);
        assert_eq!(Heard::new(7, 10, 0), None, "it was asked for by another clock");
        let heard = Heard::new(1_000_000, 100, 600).unwrap();
        assert_eq!((heard.shows_ms(3_600), heard.age_ms(3_600)), (1_003_000, 3_000));
    }

    #[test]
    fn one_of_three_clocks_is_wrong_and_of_two_nobody_knows_which() {
        let far = |clocks: &[i64]| far_off(&(0..).zip(clocks.iter().copied()).collect());
        assert_eq!(far(&[0, 2_000, 1_800_000]), [2].into());
        assert_eq!(far(&[0, -1_800_000, 2_000]), [1].into());
        assert_eq!(far(&[0, 1_800_000]), [].into());
        assert_eq!(far(&[0, 9_000, 18_000]), [].into());
        assert_eq!(far(&[]), [].into());
    }

    #[test]
    fn steps_are_noticed_and_not_followed() {
        let mut guard = Guard::new(1_000_000, 0);
        assert_eq!(guard.read(1_030_000, 30_000).now_ms, 1_030_000);
        let ahead = guard.read(1_030_000 + 3_600_000, 30_000);
        assert!(ahead.stepped);
        assert_eq!(ahead.now_ms, 1_031_000);
        let back = guard.read(1_031_000 - 3_600_000, 31_000);
        assert!(back.stepped);
        assert_eq!(back.now_ms, 1_031_000, "never back");
        assert!(!guard.read(1_031_500, 31_500).stepped, "right again");
    }

    #[test]
    fn a_step_that_is_confirmed_is_believed() {
        let mut guard = Guard::new(0, 0);
        assert!(guard.read(3_600_000, 1_000).stepped);
        guard.accept(3_600_000, 1_000);
        let reading = guard.read(3_600_100, 1_100);
        assert!(!reading.stepped);
        assert_eq!(reading.now_ms, 3_600_100);
    }

    #[test]
    fn a_step_is_caught_up_with_at_a_second_a_minute() {
        let mut guard = Guard::new(0, 0);
        let mut last = 0;
        for minute in 1..=60 {
            last = guard.read(10_000_000, minute * 60_000).now_ms;
        }
        assert_eq!(last, 60 * 60_000 + 60 * 1_000);
    }
}
