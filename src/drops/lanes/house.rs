//! What is done once a second whether anybody asks or not.

use super::Lanes;
use crate::kit::heads;
use fanfare_engine::Tally;
use fanfare_lane::Reading;
use std::sync::atomic::Ordering;

/// A resting lane's state that nobody read for this long leaves memory.
const LET_GO_AFTER_MS: i64 = 60_000;

impl Lanes {
    /// Once a second: what the gate refused, patience, the witness, lanes at rest.
    pub(super) fn keep_house(&mut self, clock: &Reading) {
        self.kept_house_mono_ms = clock.mono_ms;
        if self.told.stepped.swap(clock.stepped, Ordering::Relaxed) != clock.stepped {
            if clock.stepped {
                tracing::error!(
                    "THE CLOCK STEPPED: nothing expires until it is right again, or a host \
                     resumes a drop and so confirms the time"
                );
            } else {
                tracing::warn!("the clock is right again");
            }
        }
        self.compare_clocks(clock);
        for (id, hosted) in &mut self.hosted {
            let refused = hosted.drop.refused.each_ref().map(|n| n.swap(0, Ordering::Relaxed));
            let refused: Tally = refused;
            hosted.lane.count_refusals(&refused);
            self.touched.insert(*id);
        }
        // Somebody asked while the row that says so was under way, and was answered without one.
        let rested = self.hosted.iter().filter(|(_, hosted)| hosted.lane.idle() && hosted.rested());
        for id in rested.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.let_rest(id);
        }
        for drop in self.resting.values() {
            drop.published.let_go(clock.now_ms - LET_GO_AFTER_MS);
        }
        self.write_heads();
    }

    /// A host confirms the time: this node's clock is believed from here on, for its gate and for
    /// every lane it serves.
    pub(super) fn confirm_time(&mut self, clock: &Reading) {
        if !clock.stepped || !self.clock.read().stepped {
            return;
        }
        self.clock.accept();
        tracing::warn!("a host confirmed the time: the machine's clock is believed as it is");
        for (id, hosted) in &mut self.hosted {
            hosted.drop.published.own(|served| hosted.lane.confirmed(clock, served));
            self.touched.insert(*id);
        }
    }

    pub(super) fn write_heads(&mut self) {
        if !std::mem::take(&mut self.heads_changed) {
            return;
        }
        if let Err(why) = heads::write(&self.folder.heads(), &self.heads) {
            tracing::error!(%why, "the witness cannot be written");
            self.heads_changed = true;
        }
    }
}
