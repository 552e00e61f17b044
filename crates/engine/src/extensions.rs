//! How far holds were extended, without touching a claim: there is an extension for each start
//! and each stall there ever was, over all that was held then, and replay meets every one.
//!
//! An extension moves a hold's end to `max(end + gap, least)`. One after the other they are again
//! of this form, so what is kept is, by the newest claim they reach, all of them put together.

use alloc::vec::Vec;

/// All extensions from some point on, for claims that were there at that point.
#[derive(Clone, Copy, Debug)]
struct Reach {
    /// The newest claim's number at that point.
    newest: u32,
    /// Seconds a hold's end moved.
    gap_s: u32,
    /// The hold's end at the least, seconds since 1970.
    least_until_s: u32,
}

impl Reach {
    fn moved(&self, until_s: u32) -> u32 {
        until_s.saturating_add(self.gap_s).max(self.least_until_s)
    }
}

/// All extensions of a drop's holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions(Vec<Reach>);

impl Extensions {
    /// Extends all holds up to the claim of this number; those below `oldest` are over.
    pub(crate) fn add(&mut self, newest: u32, oldest: u32, gap_s: u32, least_until_s: u32) {
        self.0.retain(|reach| reach.newest >= oldest);
        for reach in &mut self.0 {
            let least = reach.least_until_s.saturating_add(gap_s).max(least_until_s);
            (reach.gap_s, reach.least_until_s) = (reach.gap_s.saturating_add(gap_s), least);
        }
        if self.0.last().is_none_or(|reach| reach.newest < newest) {
            self.0.push(Reach { newest, gap_s, least_until_s });
        }
    }

    /// The end of a hold that was given as `until_s` and is still held.
    pub(crate) fn end_of(&self, number: u32, until_s: u32) -> u32 {
        let at = self.0.partition_point(|reach| reach.newest < number);
        self.0.get(at).map_or(until_s, |reach| reach.moved(until_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_together_they_are_what_they_were_one_by_one() {
        let mut extensions = Extensions::default();
        let mut ends: Vec<u32> = Vec::new();
        let mut seed = 7_u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        let mut given = Vec::new();
        for _ in 0..200 {
            for _ in 0..next(3) {
                given.push(1_000 + next(500));
                ends.push(given[given.len() - 1]);
            }
            let (gap_s, least_until_s) = (next(20), 1_000 + next(5_000));
            extensions.add(ends.len() as u32, 1, gap_s, least_until_s);
            for end in &mut ends {
                *end = (*end + gap_s).max(least_until_s);
            }
            for (at, end) in ends.iter().enumerate() {
                assert_eq!(extensions.end_of(at as u32 + 1, given[at]), *end);
            }
        }
        assert_eq!(extensions.end_of(ends.len() as u32 + 1, 5), 5, "a claim made later");
        extensions.add(ends.len() as u32, ends.len() as u32, 1, 1);
        assert_eq!(extensions.0.len(), 1, "what reaches no hold is forgotten");
    }
}
