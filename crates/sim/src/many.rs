//! Many seeds, on all cores.

use crate::audit::Violation;
use crate::control::Control;
use crate::report::Report;
use crate::run;
use crate::world::Options;
use core::fmt;
use core::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// A seed that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// Which safeguard was off.
    pub control: Option<Control>,
    /// What the auditor caught.
    pub violation: Violation,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.violation)?;
        write!(f, "replay: cargo run -p fanfare-sim -- --seed {}", self.seed)?;
        self.control.map_or(Ok(()), |control| write!(f, " --control {}", control.name()))
    }
}

impl core::error::Error for Failure {}

/// Runs the seeds on all cores and adds up what they met; stops early at a failure, and then
/// gives the smallest seed known to fail.
///
/// # Errors
/// The seed that failed.
pub fn run_many(seeds: Range<u64>, control: Option<Control>) -> Result<Report, Failure> {
    let next = AtomicU64::new(seeds.start);
    let failed: Mutex<Option<Failure>> = Mutex::new(None);
    let total = Mutex::new(Report::default());
    let work = || {
        let mut own = Report::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            match run(Options { seed, control, trace: false }) {
                Ok(report) => own.add(&report),
                Err(violation) => {
                    next.store(seeds.end, Ordering::Relaxed);
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    if failed.as_ref().is_none_or(|other| seed < other.seed) {
                        *failed = Some(Failure { seed, control, violation });
                    }
                    break;
                }
            }
        }
        total.lock().unwrap_or_else(PoisonError::into_inner).add(&own);
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(failure) => Err(failure),
        None => Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}
