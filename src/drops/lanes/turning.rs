//! Lanes are turned: what waits in them is decided, now or behind a commit, and goes into the next.

use super::commits::Commits;
use super::{Lanes, ROWS_AT_ONCE};
use fanfare_lane::{LaneId, Reading};
use std::cmp::Reverse;

/// How long lanes that wait for a commit are left alone, if it takes that long: who waits may run
/// out of patience meanwhile.
const HELD_MS: i64 = 50;

impl Lanes {
    /// Decides what can be decided now, and commits what can be committed.
    pub(super) fn turn_touched(&mut self, clock: &Reading) {
        let many = self.touch_asking(clock);
        for id in std::mem::take(&mut self.touched) {
            self.turn(id, clock, many);
        }
        for home in 0..self.commits.len() {
            self.commit(home);
        }
    }

    /// Touches lanes in which something waits that can be decided. Says whether there are so many
    /// that they decide while a commit is under way: many small batches take as long to decide as
    /// a full one, and what is decided meanwhile goes into the next commit.
    fn touch_asking(&mut self, clock: &Reading) -> bool {
        let waits = self.commits.iter().all(Commits::busy);
        let goes_on = |id: &&LaneId| {
            let home = self.hosted.get(*id).map(|hosted| hosted.drop.home);
            home.is_none_or(|home| !self.commits[home].stuck())
        };
        let next: Vec<LaneId> =
            self.asking.iter().filter(goes_on).take(ROWS_AT_ONCE).copied().collect();
        let many = next.len() >= ROWS_AT_ONCE;
        if !waits {
            self.touched.extend(&self.asking);
        } else if many {
            self.touched.extend(next);
        }
        if clock.mono_ms - self.held_mono_ms >= HELD_MS {
            self.touched.append(&mut self.held);
            self.held_mono_ms = clock.mono_ms;
        }
        many
    }

    /// One lane.
    fn turn(&mut self, id: LaneId, clock: &Reading, many: bool) {
        let Some(hosted) = self.hosted.get_mut(&id) else {
            self.asking.remove(&id);
            self.full.remove(&id);
            return;
        };
        let home = hosted.drop.home;
        let (lane, commits) = (&mut hosted.lane, &mut self.commits[home]);
        let busy = commits.busy();
        let full = lane.waiting() >= self.config.batch_max;
        lane.lose_patience(clock.mono_ms);
        let published = &hosted.drop.published;
        let handing = hosted.shared.as_ref().is_some_and(|shared| shared.handing());
        let (timing, now) = (&mut hosted.timing, (clock, self.came));
        let many = many && !commits.stuck();
        if (full || (!busy || many) && !lane.with_store()) && !handing {
            published.own(|served| timing.turn(lane, served, now, &self.told.work));
        } else {
            timing.note(lane, clock, self.came);
        }
        let answers = lane.answers();
        let unpublished = hosted
            .shared
            .as_ref()
            .is_some_and(|shared| shared.doubts(hosted.drop.published.front().face.seq));
        let lead_ms = lane.lead_ms(clock.mono_ms);
        let doubted = lane.in_doubt().is_some() || unpublished;
        hosted.drop.doubt(doubted || lane.slow(clock.mono_ms));
        if let Some(stopped) = lane.stopped() {
            hosted.drop.stop(&stopped.0);
        }
        if let Some(row) = lane.to_append() {
            match &hosted.shared {
                // Only its holder opens a lane.
                Some(shared) if !lane.opened() => commits.open(row, shared.holder(id)),
                _ => commits.gather(row, full),
            }
        }
        if lane.waiting() < self.config.batch_max {
            self.full.remove(&id);
        }
        if lane.waiting() > 0 && !lane.with_store() {
            self.asking.insert(id);
        } else {
            self.asking.remove(&id);
        }
        if busy && !lane.idle() {
            self.held.insert(id);
        } else if let Some(due_ms) = hosted.next_due_ms()
            && hosted.due_ms.is_none_or(|earlier_ms| due_ms < earlier_ms)
            // While the clock is in doubt nothing comes due, and where lane time is behind it,
            // later; housekeeping looks again.
            && (!clock.stepped && lead_ms == 0 || due_ms > clock.now_ms)
        {
            hosted.due_ms = Some(due_ms);
            self.dues.push(Reverse((due_ms, id)));
        }
        if hosted.shared.is_some() {
            self.name_under_way(id);
            self.without_row(id, answers);
        } else {
            answers.into_iter().for_each(|(ticket, reply)| self.say(ticket, reply));
        }
        if self.commits[home].gathered() >= ROWS_AT_ONCE {
            self.commit(home);
        }
    }

    /// Commits what was gathered for this journal, if anything was and it can begin.
    pub(super) fn commit(&mut self, home: usize) {
        if self.commits[home].can_begin() {
            let crowded = self.crowded(home);
            self.commits[home].begin(crowded);
        }
    }
}
