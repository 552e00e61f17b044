//! Rows that are gone or damaged. No lane opens over them; an operator may accept the loss of what
//! is gone, and then no number and no unit is given again that the witness knows. Which units
//! those are the auditor works out from the lost rows themselves, which only it still has.

use super::lane::{LaneAudit, Log, Row, kind, short};
use super::model::{Model, Wrong};
use super::turns::rebuild;
use super::{Auditor, Breach, Check, caught};
use core::ops::RangeInclusive;
use fanfare_engine::{Act, ClaimState, Fact, Loss, Terms, Witnessed};
use fanfare_lane::Sealed;

/// A lane that went on without its lost rows.
pub(crate) struct GoneOn<'a> {
    /// What the witness knows.
    pub(crate) witnessed: &'a Witnessed,
    pub(crate) owner: u64,
    pub(crate) act: Act,
    /// The rows that were left.
    pub(crate) left: &'a [Sealed],
    /// The true history up to the row the witness saw.
    pub(crate) truth: &'a [u64],
    /// What was written behind what was left.
    pub(crate) rows: &'a [Sealed],
}

impl Auditor {
    /// Rows a lane is opened behind read from their bytes and follow one another. Of those whose
    /// numbers do, the bytes are looked at only where power was cut.
    pub(crate) fn sound(read: &[Sealed]) -> Check {
        let mut prev = fanfare_lane::Hash::default();
        for (sealed, seq) in read.iter().zip(1_u32..) {
            let header = &sealed.row.header;
            if (header.seq, header.prev) != (seq, prev) {
                let what = format!("row {} stands where row {seq} should", header.seq);
                return caught(Breach::Damaged, what);
            }
            prev = sealed.row.hash;
        }
        Ok(())
    }

    /// These rows, which came through a power cut, are what they were.
    pub(crate) fn whole<'a>(read: impl Iterator<Item = &'a Sealed>) -> Check {
        for Sealed { row, .. } in read {
            let again = fanfare_lane::Row::read(&row.header.to_bytes(), row.facts.clone());
            if again.as_ref() != Ok(&**row) {
                return caught(Breach::Damaged, format!("row {} is torn", row.header.seq));
            }
        }
        Ok(())
    }

    /// An operator accepted a loss.
    pub(crate) fn gone_on(&mut self, lane: usize, gone: &GoneOn<'_>) -> Check {
        let audit = &mut self.lanes[lane];
        let (left, after) = judge((&audit.terms, &audit.log), gone)?;
        audit.kept_out.extend(kept_out(&left, gone.witnessed));
        audit.heard.retain(|number, heard| {
            let known = left.claims.get(*number as usize - 1);
            let known = known.filter(|known| known.place == heard.place);
            known.inspect(|known| *heard = **known).is_some()
        });
        audit.holders.fill(false);
        for heard in audit.heard.values() {
            audit.holders[heard.fan.get() as usize] = true;
        }
        let all = gone.left.iter().chain(gone.rows);
        audit.hashes = all.map(|sealed| short(&sealed.row.hash)).collect();
        audit.published = after;
        let facts = gone.rows.iter().filter_map(|sealed| sealed.row.read_facts().ok());
        facts.flatten().for_each(|fact| audit.facts[kind(&fact)] += 1);
        Ok(())
    }
}

/// The numbers of claims that are gone and that the witness knows.
pub(super) fn kept_out(left: &Model, witnessed: &Witnessed) -> Option<RangeInclusive<u32>> {
    let first = left.claims.len() as u32 + 1;
    (first <= witnessed.claims).then_some(first..=witnessed.claims)
}

/// What an operator's going on leads to: the model before and after it. Its rows are known from
/// here on.
pub(super) fn judge(
    (terms, log): (&Terms, &Log),
    gone: &GoneOn<'_>,
) -> Result<(Model, Model), super::Violation> {
    let hashes = |rows: &[Sealed]| -> Vec<u64> {
        rows.iter().map(|sealed| short(&sealed.row.hash)).collect()
    };
    let left = rebuild(terms, log, &hashes(gone.left))?;
    let truth = rebuild(terms, log, gone.truth)?;
    let mut after = left.clone();
    let wrong = |wrong: Wrong| super::Violation {
        breach: Breach::OtherFacts,
        what: format!("going on: {wrong}"),
    };
    for sealed in gone.rows {
        let header = &sealed.row.header;
        let Ok(facts) = sealed.row.read_facts() else {
            return caught(Breach::OtherFacts, "a row that does not read");
        };
        if header.seq != after.seq + 1 {
            return caught(Breach::TwoHistories, format!("row {} goes on", header.seq));
        }
        let last = header.seq > gone.witnessed.seq;
        match facts.as_slice() {
            [] if !last => {}
            [before @ .., Fact::Restored(loss)] if last => {
                opens(&left, gone, before).map_err(wrong)?;
                settles(&left, &truth, gone, loss)?;
            }
            _ => return caught(Breach::OtherFacts, format!("going on by {facts:?}")),
        }
        let row = std::rc::Rc::new(Row { time_ms: header.time_ms, facts });
        log.borrow_mut().insert(short(&sealed.row.hash), row.clone());
        after.follow(&row).map_err(wrong)?;
    }
    let newest_ms = left.now_ms.max(gone.witnessed.time_ms);
    if after.lost && after.now_ms == newest_ms {
        Ok((left, after))
    } else {
        caught(Breach::OtherFacts, "the loss is not written down, or at another time")
    }
}

impl LaneAudit {
    /// Numbers of lost claims that the witness knew are nobody's in the end.
    pub(super) fn none_given_again(&self, model: &Model) -> Check {
        for number in self.kept_out.iter().cloned().flatten() {
            let known = model.claims.get(number as usize - 1);
            if known.is_none_or(|known| !known.is_lost()) {
                return caught(Breach::GivenAgain, format!("claim {number}: {known:?}"));
            }
        }
        Ok(())
    }
}

/// Time stands still, and holds get what they had left at the newest row there is.
fn opens(left: &Model, gone: &GoneOn<'_>, facts: &[Fact]) -> Result<(), Wrong> {
    let opened = Fact::Opened { owner: gone.owner, doubtful_time: true };
    let extended = Fact::Extended { since_ms: left.now_ms };
    let own = [opened, extended];
    let count = if left.held() > 0 { 2 } else { 1 };
    if facts == &own[..count] { Ok(()) } else { Err("another opening") }
}

/// What is free afterwards was free for the witness too, and leaves what lost claims have: no more
/// than the limit that is left, so where it was raised in the lost rows this is not asked.
fn settles(left: &Model, truth: &Model, gone: &GoneOn<'_>, loss: &Loss) -> Check {
    let witnessed = gone.witnessed;
    if (loss.seq, loss.act) != (witnessed.seq, gone.act) {
        return caught(Breach::OtherFacts, format!("{loss:?} of {witnessed:?}"));
    }
    if loss.claims > witnessed.claims.max(left.claims.len() as u32) {
        return caught(Breach::OtherFacts, format!("{} claims are lost", loss.claims));
    }
    for (at, line) in left.lines.iter().enumerate() {
        let free = line.free - loss.set_aside.get(at).copied().unwrap_or(0).min(line.free);
        let Some(seen) = witnessed.lines.get(at) else { continue };
        let lost = truth.claims.iter().skip(left.claims.len()).filter(|claim| {
            usize::from(claim.line.0) == at
                && matches!(claim.state, ClaimState::Held | ClaimState::Settled)
        });
        let lost: u32 = lost.map(|claim| u32::from(claim.quantity.get())).sum();
        let known = truth.limit <= left.limit;
        if free > seen.free || (known && free > 0 && free + lost > line.free) {
            let what = format!(
                "line {at}: {free} of {} free units stay, {} were for the witness, and lost \
                 claims have {lost}",
                line.free, seen.free
            );
            return caught(Breach::GivenAgain, what);
        }
    }
    Ok(())
}
