//! Callers and what each has left, in a table of fixed size.
//!
//! What it holds of a caller is the moment everything it asked is paid off, and once that moment
//! is over the caller is as good as unknown. A crowd of a million that asks once each therefore
//! takes no memory, and the place of one who asked a while ago is free without anybody clearing
//! it.

use foldhash::quality::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often a caller may ask.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How long it takes until one request is paid off, ms.
    pub each_ms: u64,
    /// Requests in one burst.
    pub burst: u64,
}

/// Places in a row: those a caller can stand in. Eight are one line of the processor's cache.
const ROW: usize = 8;

/// Rows of a table, which then takes 256 KiB and stays near the processor. To fill it with callers
/// who are not paid off takes 300,000 requests a second of as many fans, or twenty times that of
/// strangers; from there on those who ask least are forgotten first.
const ROWS: usize = 1 << 12;

/// The bits of a place that hold a moment, ms: 34 years of one run. The rest is the caller's mark.
const MOMENT_BITS: u32 = 40;
const MOMENT: u64 = (1 << MOMENT_BITS) - 1;

#[repr(align(64))]
struct Row([AtomicU64; ROW]);

/// When each caller is paid off (the "generic cell rate algorithm"), without a lock.
pub struct Table {
    rows: Box<[Row]>,
    /// Nobody outside can choose who shares a row with whom.
    hasher: RandomState,
    rate: Rate,
}

impl Table {
    /// Where nobody has asked yet.
    pub fn new(rate: Rate) -> Self {
        let row = || Row([const { AtomicU64::new(0) }; ROW]);
        let rows = (0..ROWS).map(|_| row()).collect();
        Self { rows, hasher: RandomState::default(), rate }
    }

    /// Counts one request, or says after how many ms it can be.
    pub fn count(&self, caller: u64, now_ms: u64) -> Result<(), u64> {
        let hash = self.hasher.hash_one(caller);
        let mark = hash & !MOMENT;
        let Row(row) = &self.rows[hash as usize % ROWS];
        loop {
            let (place, seen) = find(row, mark, now_ms);
            // Another's place is taken over: that caller is paid off or, where all eight are
            // not, was nearest to it. Who asks too often stands further away and keeps its own.
            let own_ms = if seen & !MOMENT == mark { seen & MOMENT } else { 0 };
            let paid_ms = own_ms.max(now_ms);
            let too_early_ms =
                (paid_ms - now_ms).saturating_sub((self.rate.burst - 1) * self.rate.each_ms);
            if too_early_ms > 0 {
                return Err(too_early_ms);
            }
            let next = mark | ((paid_ms + self.rate.each_ms) & MOMENT);
            if place.compare_exchange(seen, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return Ok(());
            }
        }
    }
}

/// A caller's place and what stands there: its own, or one whose caller is paid off, or else the
/// one whose moment is the earliest.
fn find(row: &[AtomicU64; ROW], mark: u64, now_ms: u64) -> (&AtomicU64, u64) {
    let seen = row.each_ref().map(|place| place.load(Ordering::Relaxed));
    // All eight are compared whatever they are: nothing here can be guessed.
    let same = |at: usize| u32::from(seen[at] & !MOMENT == mark) << at;
    let own = (0..ROW).map(same).sum::<u32>();
    if own != 0 {
        let at = own.trailing_zeros() as usize;
        return (&row[at], seen[at]);
    }
    let moment = |at: usize| seen[at] & MOMENT;
    let free = (0..ROW).find(|at| moment(*at) <= now_ms);
    let at = free.or_else(|| (0..ROW).min_by_key(|at| moment(*at))).unwrap_or_default();
    (&row[at], seen[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAN: Rate = Rate { each_ms: 100, burst: 30 };

    #[test]
    fn a_burst_is_allowed_and_then_what_the_rate_gives_back() {
        let table = Table::new(FAN);
        let allowed = |fan, now_ms| (0..100).filter(|_| table.count(fan, now_ms).is_ok()).count();
        assert_eq!(allowed(7, 5_000), 30);
        assert_eq!(table.count(7, 5_000), Err(100));
        assert_eq!(table.count(7, 5_099), Err(1));
        assert_eq!(allowed(8, 5_099), 30, "another fan is not slowed down");
        assert_eq!(allowed(7, 5_100), 1);
        assert_eq!(allowed(7, 6_150), 10, "ten a second, and no part of one is lost");
        assert_eq!(allowed(7, 6_200), 1);
        assert_eq!(allowed(7, 600_000), 30, "never more than a burst");
    }

    #[test]
    fn a_crowd_does_not_hide_who_asks_too_often() {
        let table = Table::new(FAN);
        while table.count(7, 1_000).is_ok() {}
        // Far more callers than places, all within the same moment.
        for fan in 0..1_000_000 {
            assert!(fan == 7 || table.count(fan, 1_000).is_ok(), "{fan}");
        }
        assert_eq!(table.count(7, 1_000), Err(100));
    }

    #[test]
    fn two_cores_count_together() {
        let table = Table::new(Rate { each_ms: 5, burst: 2_000 });
        let one = || (0..2_000).filter(|_| table.count(3, 1_000).is_ok()).count();
        let both = std::thread::scope(|scope| {
            [scope.spawn(one), scope.spawn(one)].map(|core| core.join().unwrap())
        });
        assert_eq!(both.iter().sum::<usize>(), 2_000);
    }
}
