//! Appends that failed: whether their rows stand, only the journal can say.

use super::{Hosted, Lanes, RESOLVE_AFTER_MS};
use crate::drops::committer::Work;
use fanfare_lane::{LaneId, Reading, Resolution, Sealed, StoreError};

impl Lanes {
    /// Has the journal read where it is time.
    pub(super) fn read_unresolved(&mut self, clock: &Reading) {
        for (id, _) in self.resolves.extract_if(.., |_, at_mono_ms| *at_mono_ms <= clock.mono_ms) {
            let Some(hosted) = self.hosted.get_mut(&id) else { continue };
            hosted.resolving = true;
            let from = hosted.lane.resolve_from();
            self.commits[hosted.drop.home].ask(Work::Read(id, from));
        }
    }

    pub(super) fn resolve(
        &mut self,
        id: LaneId,
        rows: Result<Vec<Sealed>, StoreError>,
        clock: &Reading,
    ) {
        let Some(hosted) = self.hosted.get_mut(&id) else { return };
        // One that was read for an owner before this one says nothing to it.
        if !std::mem::take(&mut hosted.resolving) {
            return;
        }
        self.touched.insert(id);
        let Ok(rows) = rows else {
            self.resolves.insert(id, clock.mono_ms + RESOLVE_AFTER_MS);
            return;
        };
        let Hosted { lane, drop, .. } = hosted;
        let resolution = drop.published.own(|served| lane.resolve(&rows, clock.mono_ms, served));
        let home = drop.home;
        match resolution.unwrap_or(Resolution::Stopped) {
            Resolution::Append => {}
            // Another may have gone on behind them, and be forgotten too.
            Resolution::Again(_)
                if self.nodes.as_ref().is_some_and(|one| one.replaceable(home)) =>
            {
                self.lose_to_open_anew(id, home);
            }
            Resolution::Again(rows) => {
                self.commits[home].ask(Work::Again(id, rows));
            }
            // Who is one of several follows on, and opens anew if the lease is still its own.
            Resolution::Lost if self.nodes.is_some() => self.lose(id),
            Resolution::Lost | Resolution::Stopped => {
                let why = hosted.lane.stopped().map_or("lost to another owner", |why| &why.0);
                hosted.drop.stop(why);
            }
        }
    }
}
