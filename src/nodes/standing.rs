//! Whether this process has its node's place at a journal, and how it comes to it again.
//!
//! A node's row names one process. A process takes the row when it starts, or, where a journal is
//! silent then, once that journal answers: the data folder's lock says that the process before is
//! gone. Who finds another process in its row later looks at that one's beat. If it moves, the
//! two run from copies of one data folder, and this one ends. If it stands still, it is of a
//! process that is gone: the database went back in time, or a late message came. Then the row is
//! taken.

use crate::kit::clock::boot_ms;
use crate::kit::journal::{JournalError, Leases, NodeRow};
use fanfare_lane::Rival;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit code of a process whose data folder another one has a copy of.
const EXIT_REPLACED: i32 = 75;

/// Whether this process has its node's place at a journal, and may open lanes there.
#[derive(Clone, Debug, Default)]
pub struct Standing(Arc<AtomicBool>);

impl Standing {
    /// With a place that it has, or has not yet.
    pub fn new(stands: bool) -> Self {
        Self(Arc::new(AtomicBool::new(stands)))
    }

    /// Whether it has it.
    pub fn stands(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// It has it from now on, or has it no more.
    pub fn set(&self, stands: bool) {
        self.0.store(stands, Ordering::Release);
    }
}

/// A process without its node's place looks at who has it.
#[derive(Debug, Default)]
pub struct Lookout(Option<Rival>);

impl Lookout {
    /// Nobody was in the way, the last time.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Looks again at the journal at this place of the list, and takes the place if it is nobody's
    /// or a dead process's; whether that worked the next renewal says. Gives whether another live
    /// process has it.
    ///
    /// # Errors
    /// If the journal does not answer.
    pub fn look(
        &mut self,
        leases: &Leases,
        own: &NodeRow,
        home: usize,
    ) -> Result<bool, JournalError> {
        let nodes = leases.nodes()?;
        let Some(row) = nodes.iter().find(|row| row.node == own.node) else {
            self.clear();
            // Others took this node for gone: it comes back without a lease.
            leases.come_back(own)?;
            return Ok(false);
        };
        if row.process == own.process {
            return Ok(false);
        }
        let now_ms = boot_ms();
        let rival = self.0.get_or_insert_with(|| Rival::new(row.process, row.beat, now_ms));
        rival.look(row.process, row.beat, now_ms);
        if rival.gone(now_ms) && leases.take_back(own, rival.seen())? {
            tracing::warn!(journal = home + 1, "an earlier process had this node's place there");
        }
        Ok(rival.lives(home, now_ms))
    }
}

/// Ends this process: another one serves from a copy of its data folder. Were it to go on, the two
/// would throw each other out in turn.
pub fn end_beside_a_copy() -> ! {
    tracing::error!(
        "ANOTHER PROCESS USES THIS NODE'S NUMBER: two data folders are copies of each other; give \
         one node a fresh folder; stopping"
    );
    std::process::exit(EXIT_REPLACED);
}
