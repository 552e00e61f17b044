//! The one disk of the process, what it is ordered to do, and the end.

use super::disk::{Disk, FileId};
use super::orders::{Fault, Orders};
use super::vfs;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the process ends with when the power goes.
pub const CUT: i32 = 88;

/// What it ends with if the files cannot be made what they should be. A test that meets it has
/// shown nothing.
pub const NO_CUT: i32 = 89;

/// Disk, orders, and where it is told what became of them.
#[derive(Default)]
pub struct State {
    /// The files.
    pub disk: Disk,
    orders: Orders,
    report: Option<PathBuf>,
    steps: u64,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

/// The state, for one at a time: so a cut falls between two changes and never into one.
pub struct Locked(MutexGuard<'static, Option<State>>);

impl std::ops::Deref for Locked {
    type Target = State;

    fn deref(&self) -> &State {
        self.0.as_ref().expect("made when it was locked")
    }
}

impl std::ops::DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut State {
        self.0.as_mut().expect("made when it was locked")
    }
}

/// Waits for it.
pub fn lock() -> Locked {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    state.get_or_insert_default();
    Locked(state)
}

/// Takes orders from this file, and tells in that one what a cut took.
pub fn listen(orders: Option<PathBuf>, report: Option<PathBuf>) {
    let mut state = lock();
    state.orders = Orders::new(orders);
    state.report = report;
}

/// The process ends by itself: it may be ordered that the power goes right then, and it does after
/// a failed sync, because what that left behind may never reach a disk.
pub fn at_exit() {
    let mut state = lock();
    state.orders.refresh();
    let failed = state.disk.sync_failed.then_some(state.steps);
    if let Some(seed) = state.orders.exit().or(failed) {
        state.settle("at the end", seed);
        // Nobody writes any more.
        std::mem::forget(state);
    }
}

impl State {
    /// A fault that is ordered for a file by now.
    pub fn fault(&mut self, path: &Path, among: &[Fault]) -> Option<Fault> {
        self.orders.refresh();
        self.orders.fault(path, among)
    }

    /// A write, a truncation, a deletion was done, or a sync begins. The power may go now.
    pub fn step(&mut self, what: &str, file: FileId) {
        self.orders.refresh();
        self.steps += 1;
        if let Some(seed) = self.orders.step() {
            let name = self.disk.path(file).file_name().unwrap_or_default().to_owned();
            self.settle(&format!("at a {what} of {}", name.display()), seed);
            vfs::end(CUT);
        }
    }

    /// Makes the files what a power cut leaves, and tells.
    fn settle(&self, when: &str, seed: u64) {
        let lost = self.disk.settle(seed).unwrap_or_else(|why| {
            eprintln!("powercut: {why}");
            vfs::end(NO_CUT)
        });
        let mut report = format!("when {when}\nseed {seed}\nsteps {}\n", self.steps);
        let way = lost.way.map(|way| format!("{way:?}")).unwrap_or_default();
        let _ = writeln!(report, "way {way}\nunsynced {}", lost.unsynced);
        let _ = writeln!(report, "lost {}\nnames {}", lost.bytes, lost.names);
        if let Some(path) = &self.report
            && let Err(why) = fs::write(path, report)
        {
            eprintln!("powercut: {}: {why}", path.display());
            vfs::end(NO_CUT);
        }
    }
}
