//! One guarded clock for gate and lanes: it never goes back, and never faster than the monotonic
//! clock plus a second a minute. Time the machine's clock jumps over is not believed.

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

#[cfg(test)]
mod tests {
    use super::*;

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
