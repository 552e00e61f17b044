//! What to do when it is not known whether a row stands: read on from the last row acknowledged
//! and compare. The same bytes go in at the same number until that number is known to be ours or
//! another's; a row that is only read back is not believed before a later append proves it.

use crate::batch::Reply;
use crate::lane::{Lane, Tip};
use crate::seal::Sealed;
use alloc::{format, vec, vec::Vec};
use fanfare_engine::{Fact, Place, Served};

/// How long an owner keeps the bytes of rows it may have to append again.
const KEPT_MS: i64 = 60_000;

/// How many bytes of them it keeps at most.
const KEPT_BYTES_MAX: usize = 64 << 20;

/// What the journal's rows mean for a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Go on: [`Lane::to_append`] has the row to append next.
    Append,
    /// The journal forgot rows that were durable: append these again, in this order, then
    /// resolve again.
    Again(Vec<Sealed>),
    /// Another owner's row stands above all we acknowledged, or rows we were opened behind are
    /// gone before ours proved them: drop the lane, open it again only as the lease's holder.
    Lost,
    /// Two histories, or rows gone that nobody has: the lane stops ([`Lane::stopped`]).
    Stopped,
}

impl<T> Lane<T> {
    /// From which row the store should be read to resolve an unknown outcome.
    pub fn resolve_from(&self) -> u32 {
        let oldest = self.kept.front().map_or(self.durable.seq, |kept| kept.row.header.seq);
        oldest.min(self.durable.seq).max(1)
    }

    /// Takes the rows read from [`Lane::resolve_from`] on and settles what stands.
    pub fn resolve(&mut self, read: &[Sealed], mono_ms: i64, served: &mut Served) -> Resolution {
        self.with_store = false;
        let from = self.resolve_from();
        let mut next = from;
        for sealed in read {
            let row = &sealed.row;
            if row.header.seq != next {
                break;
            }
            match self.own_hash(next) {
                Some(hash) if hash == row.hash => next += 1,
                _ => return self.another(next, &row.hash),
            }
        }
        if next <= self.durable.seq {
            return self.forgotten(next);
        }
        let stand = (next - self.durable.seq - 1) as usize;
        let first = (self.durable.seq + 1 - from) as usize;
        self.standing = read[first..first + stand].to_vec();
        if stand == self.pending.len() && stand > 0 {
            self.decide_proof(mono_ms, served);
        }
        if self.stopped.is_some() { Resolution::Stopped } else { Resolution::Append }
    }

    /// The hash of our own row with this number, if we know it.
    fn own_hash(&self, seq: u32) -> Option<crate::Hash> {
        if seq == self.durable.seq {
            return Some(self.durable.hash);
        }
        if seq > self.durable.seq {
            return self.pending_hash((seq - self.durable.seq - 1) as usize);
        }
        self.kept.iter().find(|kept| kept.row.header.seq == seq).map(|kept| kept.row.hash)
    }

    /// The hash of a pending row as it is or would be written.
    fn pending_hash(&self, at: usize) -> Option<crate::Hash> {
        self.pending.get(at)?;
        let write = |prev, batch| self.draft(batch, prev).finish().hash;
        Some(self.pending.iter().take(at + 1).fold(self.durable.hash, write))
    }

    /// A row stands where ours should, or beyond all of ours.
    fn another(&mut self, seq: u32, hash: &crate::Hash) -> Resolution {
        if seq <= self.durable.seq && !self.proven {
            return self.opened_on_sand();
        }
        if seq <= self.durable.seq {
            let (own, other) = (self.own_hash(seq).unwrap_or_default(), hash);
            self.stop(format!(
                "two histories: row {seq} is {} here and {} in the journal",
                hex(&own),
                hex(other)
            ));
            return Resolution::Stopped;
        }
        let stand = (seq - self.durable.seq - 1) as usize;
        for (at, batch) in self.pending.drain(..).enumerate() {
            let reply = if at < stand { Reply::Unsure } else { Reply::Busy };
            self.ready.extend(batch.answers.into_iter().map(|(ticket, _)| (ticket, reply)));
        }
        self.stop(format!("another owner's row stands at {seq}"));
        Resolution::Lost
    }

    /// Rows this owner read when it opened, and nobody else is known to have been told of, do not
    /// stand any more. It has told nobody anything: whoever holds the lease reads anew, and holds
    /// what is left against its witness as at each start.
    fn opened_on_sand(&mut self) -> Resolution {
        self.stop(format!("rows up to {} were read and are gone again", self.durable.seq));
        Resolution::Lost
    }

    /// Durable rows are gone from `next` on.
    fn forgotten(&mut self, next: u32) -> Resolution {
        if !self.proven {
            return self.opened_on_sand();
        }
        let lost = self.kept.iter().filter(|kept| kept.row.header.seq >= next);
        let again: Vec<Sealed> = lost.cloned().collect();
        if again.first().is_some_and(|first| first.row.header.seq == next) && self.kept_before(next)
        {
            return Resolution::Again(again);
        }
        let newest = self.durable.seq;
        self.stop(format!(
            "the journal forgot rows {next} to {newest}, and they are not kept here"
        ));
        Resolution::Stopped
    }

    /// Whether the row before `next` was seen, or there is none.
    fn kept_before(&self, next: u32) -> bool {
        next == 1 || self.kept.iter().any(|kept| kept.row.header.seq == next - 1)
    }

    /// All decided rows stand but none is proven: a row that says only who owns the lane.
    fn decide_proof(&mut self, mono_ms: i64, served: &mut Served) {
        let doubtful_time = served.decided().doubtful_time();
        let fact = Fact::Opened { owner: self.owner, doubtful_time };
        let place = Place { seq: self.decided_seq + 1, index: 0 };
        match served.apply(place, &fact) {
            Ok(()) => self.push_batch(served, vec![fact], Vec::new(), mono_ms),
            Err(broken) => self.stop(format!("a promise would break: {broken}")),
        }
    }

    /// Keeps a durable row for as long as the journal might forget it.
    pub(crate) fn keep(&mut self, sealed: &Sealed) {
        if !self.config.keep_rows {
            return;
        }
        let newest_ms = Tip::of(&sealed.row).time_ms;
        self.kept_bytes += sealed.row.facts.len();
        self.kept.push_back(sealed.clone());
        while let Some(oldest) = self.kept.front()
            && self.kept.len() > 1
            && (self.kept_bytes > KEPT_BYTES_MAX || newest_ms - oldest.row.header.time_ms > KEPT_MS)
        {
            self.kept_bytes -= oldest.row.facts.len();
            self.kept.pop_front();
        }
    }
}

/// The first eight bytes of a hash, enough to tell two rows apart.
fn hex(hash: &crate::Hash) -> alloc::string::String {
    let number = hash[..8].iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    format!("{number:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Reading;
    use crate::lane::LaneConfig;
    use fanfare_engine::{LineTerms, Quantity, Terms};

    const CLOCK: Reading = Reading { now_ms: 5, mono_ms: 5, stepped: false };

    fn created() -> (Lane<u32>, Served) {
        let lines = vec![LineTerms { id: 1, price_minor: 1, stock: 3, reserve: 0 }];
        let (rules, limit) = ([0; 32], Quantity::MIN);
        let terms = Terms { rules, opens_at_ms: 0, closes_at_ms: 90_000, hold_s: 60, limit, lines };
        Lane::create(([0; 16], 1), &terms, 7, LaneConfig::default(), &CLOCK).unwrap()
    }

    #[test]
    fn a_lane_opened_behind_rows_that_vanish_is_read_anew_and_not_stopped_for_good() {
        let (mut first, _) = created();
        let row = first.to_append().unwrap().finish();
        let mut replay = crate::Replay::new([0; 16], 1);
        replay.row(&row, &row.read_facts().unwrap()).unwrap();
        let mut served = Served::new(replay.take_state().unwrap());
        let config = LaneConfig::default();
        let open = Lane::<u32>::open(&replay, &mut served, 8, config, &CLOCK, None);
        let mut second = open.unwrap();
        assert!(second.to_append().is_some());
        assert_eq!(second.resolve(&[], 6, &mut served), Resolution::Lost);
        assert!(second.stopped().is_some() && second.answers().is_empty());
    }
}
