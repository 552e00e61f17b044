//! Opening a lane: a new one, one nobody served, one another node served until a moment ago.

use crate::clock::{Belief, Lead, Reading};
use crate::lane::{Lane, LaneConfig, Lost, Tip};
use crate::replay::Replay;
use crate::row::{FestivalId, LaneId};
use alloc::{boxed::Box, vec::Vec};
use fanfare_engine::{Broken, Fact, Facts, Place, Served, State};

impl<T> Lane<T> {
    /// A new drop's lane and state: the first row holds the terms and the owner's opening.
    ///
    /// # Errors
    /// If the terms contradict themselves.
    pub fn create(
        (festival, lane): (FestivalId, LaneId),
        terms: &fanfare_engine::Terms,
        owner: u64,
        config: LaneConfig,
        clock: &Reading,
    ) -> Result<(Self, Served), Broken> {
        let mut served = Served::new(State::new(terms, clock.now_ms)?);
        let before = Tip { time_ms: clock.now_ms, ..Tip::default() };
        let mut new = Self::after(before, (festival, lane), owner, config);
        let terms = Fact::Terms(Box::new(terms.clone()));
        let opened = Fact::Opened { owner, doubtful_time: false };
        let facts = alloc::vec![terms, opened];
        new.open_with(&mut served, facts, clock.now_ms, clock.mono_ms)?;
        Ok((new, served))
    }

    /// Opens a lane whose rows were replayed and whose state is served from now on, where nobody
    /// served it: decides its `opened` row. The lane answers nothing before that is durable. Where
    /// the newest rows are lost, the row goes on behind what a witness knows of them.
    ///
    /// # Errors
    /// If what opening does would break a promise.
    pub fn open(
        replay: &Replay,
        served: &mut Served,
        owner: u64,
        config: LaneConfig,
        clock: &Reading,
        lost: Option<&Lost>,
    ) -> Result<Self, Broken> {
        // Fans were answered up to here, whatever is left of it.
        let tip_ms = replay.time_ms();
        let newest_ms = lost.map_or(tip_ms, |lost| lost.witnessed.time_ms.max(tip_ms));
        let belief = Belief::of(clock.now_ms, newest_ms, None);
        Self::open_by((replay, served), (owner, config), clock, (newest_ms, belief), lost)
    }

    /// The same where another node served it until a moment ago: by the clock of that one, which
    /// would show `theirs_ms` now, ms since 1970, if that is known. No drop opens before it would
    /// have there, and where time was in doubt there it stays so.
    ///
    /// # Errors
    /// As of [`Self::open`].
    pub fn take_over(
        replay: &Replay,
        served: &mut Served,
        owner: u64,
        config: LaneConfig,
        clock: &Reading,
        theirs_ms: Option<i64>,
    ) -> Result<Self, Broken> {
        let newest_ms = replay.time_ms();
        let belief = match Belief::of(clock.now_ms, newest_ms, theirs_ms) {
            // The doubt was of that clock: two that are wrong alike would confirm each other.
            _ if served.decided().doubtful_time() => Belief::DOUBT,
            belief => belief,
        };
        Self::open_by((replay, served), (owner, config), clock, (newest_ms, belief), None)
    }

    fn open_by(
        (replay, served): (&Replay, &mut Served),
        (owner, config): (u64, LaneConfig),
        clock: &Reading,
        (newest_ms, belief): (i64, Belief),
        lost: Option<&Lost>,
    ) -> Result<Self, Broken> {
        let tip = Tip { seq: replay.seq(), hash: replay.hash(), time_ms: replay.time_ms() };
        let mut new = Self::after(tip, (replay.festival(), replay.lane()), owner, config);
        // After a loss time stands still until a host has looked: no hold runs out meanwhile.
        let doubtful_time = lost.is_some() || served.decided().lost() || belief.doubtful;
        let clock_ms = clock.now_ms - belief.lead_ms;
        let now_ms = if doubtful_time { newest_ms } else { clock_ms.max(newest_ms) };
        if !doubtful_time {
            new.lead = Lead { ms: belief.lead_ms, since_mono_ms: clock.mono_ms };
        }
        let mut facts = alloc::vec![Fact::Opened { owner, doubtful_time }];
        if served.decided().ledger().held() > 0 && (!doubtful_time || lost.is_some()) {
            facts.push(Fact::Extended { since_ms: tip.time_ms });
        }
        let restored = |lost: &Lost| served.decided().accept_loss(&lost.witnessed, lost.act);
        facts.extend(lost.map(restored));
        new.open_with(served, facts, now_ms, clock.mono_ms)?;
        Ok(new)
    }

    fn open_with(
        &mut self,
        served: &mut Served,
        facts: Facts,
        now_ms: i64,
        mono_ms: i64,
    ) -> Result<(), Broken> {
        served.begin(now_ms)?;
        let seq = self.decided_seq + 1;
        // The terms are what the state was made of.
        let terms = usize::from(matches!(facts.first(), Some(Fact::Terms(_))));
        for (index, fact) in facts.iter().enumerate().skip(terms) {
            served.apply(Place { seq, index: index as u16 }, fact)?;
        }
        served.decided().check()?;
        self.push_batch(served, facts, Vec::new(), mono_ms);
        Ok(())
    }
}
