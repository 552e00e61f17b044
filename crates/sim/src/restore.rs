//! A journal that went back in time: what a witness outside it says to that, and what an operator
//! has written who accepts the loss, as `fanfare restore --accept-loss` does.

use crate::audit::{Breach, Violation, caught};
use crate::control::Control;
use crate::world::replay;
use fanfare_engine::{Act, Served, Stock, Witnessed, WitnessedLine};
use fanfare_lane::{Face, Lane, LaneConfig, Lost, Reading, Row, Sealed, Signer, seal_commit};
use std::sync::Arc;

/// Why a lane stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Older {
    /// Its journal ends before a row that was durable.
    Shorter,
    /// Another row stands in the place of one that was durable.
    Other,
}

/// Whether a journal is shorter than its witness, or another history.
pub(crate) fn went_back(head: &Face, rows: &[Sealed], newest_seq: u32) -> Option<Older> {
    if head.seq > newest_seq {
        return Some(Older::Shorter);
    }
    let at = rows.get((head.seq as usize).wrapping_sub(1));
    (at.is_none_or(|sealed| sealed.row.hash != head.hash)).then_some(Older::Other)
}

/// What is known of rows that are gone.
pub(crate) fn witnessed(head: &Face) -> Witnessed {
    let line = |stock: &Stock| WitnessedLine { out: stock.issued - stock.free, free: stock.free };
    let lines = head.lines.iter().map(line).collect();
    Witnessed { seq: head.seq, time_ms: head.time_ms, claims: head.claims, lines }
}

/// Who accepts a loss, with what.
pub(crate) struct Restoring<'a> {
    pub(crate) act: Act,
    pub(crate) owner: u64,
    pub(crate) config: LaneConfig,
    pub(crate) clock: &'a Reading,
    pub(crate) signer: &'a dyn Signer,
    pub(crate) control: Option<Control>,
}

/// The rows behind what is left of a lane: without facts up to the newest the witness saw, then
/// the one that goes on.
pub(crate) fn go_on(
    restoring: &Restoring<'_>,
    lane: usize,
    left: &[Sealed],
    witnessed: &Witnessed,
) -> Result<Vec<Sealed>, Violation> {
    let mut replay = replay(lane, left)?;
    let mut rows = Vec::new();
    while replay.seq() < witnessed.seq {
        match replay.pass() {
            Ok(row) => rows.push(Arc::new(row)),
            Err(damage) => return caught(Breach::Stopped, format!("going on: {damage}")),
        }
    }
    let Some(state) = replay.take_state() else {
        return caught(Breach::Stopped, "going on in a lane without rows");
    };
    let mut witnessed = witnessed.clone();
    match restoring.control {
        Some(Control::NumbersAgain) => witnessed.claims = state.claims().count(),
        Some(Control::UnitsAgain) => witnessed.lines.clear(),
        _ => {}
    }
    let lost = Lost { witnessed, act: restoring.act };
    let (mut served, owner) = (Served::new(state), restoring.owner);
    let (config, clock) = (restoring.config, restoring.clock);
    let opened = Lane::<u32>::open(&replay, &mut served, owner, config, clock, Some(&lost));
    match opened.map(|mut opened| opened.to_append()) {
        Ok(Some(draft)) => rows.push(Arc::new(draft.finish())),
        other => return caught(Breach::Stopped, format!("going on: {:?}", other.err())),
    }
    let seal = |row: &Arc<Row>| seal_commit(core::slice::from_ref(row), restoring.signer);
    Ok(rows.iter().flat_map(seal).collect())
}
