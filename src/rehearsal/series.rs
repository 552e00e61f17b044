//! What happened when, in steps of a tenth of a second.

/// Length of a step.
pub const STEP_MS: u32 = 100;

/// Most steps kept; what comes later counts into the last: an hour.
const STEPS_MAX: usize = 36_000;

/// Counts by step, from the crowd's beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series(Vec<u32>);

impl Series {
    /// Counts one at this moment, in ms since the beginning.
    pub fn count(&mut self, at_ms: u32) {
        let step = ((at_ms / STEP_MS) as usize).min(STEPS_MAX - 1);
        if step >= self.0.len() {
            self.0.resize(step + 1, 0);
        }
        self.0[step] += 1;
    }

    /// The counts.
    pub fn steps(&self) -> &[u32] {
        &self.0
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|&n| u64::from(n)).sum()
    }

    /// Those of some steps, as far as there are so many.
    pub fn between(&self, from_ms: u32, to_ms: u32) -> u64 {
        let end = (to_ms.div_ceil(STEP_MS) as usize).min(self.0.len());
        let start = ((from_ms / STEP_MS) as usize).min(end);
        self.0[start..end].iter().map(|&n| u64::from(n)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_tenths_of_a_second() {
        let mut series = Series::default();
        for at in [0, 99, 100, 950, u32::MAX] {
            series.count(at);
        }
        assert_eq!((&series.steps()[..3], series.total()), (&[2, 1, 0][..], 5));
        assert_eq!((series.between(0, 100), series.between(100, 1_000)), (2, 2));
    }
}
