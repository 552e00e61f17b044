//! The trail from a request to its row in the journal, for whoever follows a fan's complaint: lines
//! of the log at `debug`, and nothing at all below.
//!
//! | line | says |
//! | --- | --- |
//! | `decided` | what was asked and answered: whose, of which lane, the claim's place, the row |
//! | `refused at the gate` | who was refused from memory, and why |
//! | `answered` | a row whose answers left: lane and number, commands, facts, how long it took |
//! | `appended` | the same row as its journal took it, and how long that took |
//!
//! The first two stand within their request, whose name the log writes before them. All hold
//! numbers only: a fan's is what the journal has too.

use super::drop::Drop;
use super::ticket::Answered;
use fanfare_engine::{Act, Command, Fan, Refusal};
use fanfare_lane::{Draft, LaneId, Reply};
use tracing::{Level, debug};

/// Whether anybody follows.
pub fn follows() -> bool {
    tracing::enabled!(Level::DEBUG)
}

/// What a command is, and who is named in it.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    what: &'static str,
    by: Option<Fan>,
}

/// Notes what is asked, before the command is given away; nothing unless somebody follows.
pub fn asked(command: &Command) -> Option<Asked> {
    let act = |what, act: &Act| Asked { what, by: Some(act.by) };
    let claims = |what| Asked { what, by: None };
    follows().then(|| match command {
        Command::Claim { fan, .. } => Asked { what: "claim", by: Some(*fan) },
        Command::Grant { fan, .. } => Asked { what: "grant", by: Some(*fan) },
        Command::Settle { .. } => claims("settle"),
        Command::Release { .. } => claims("release"),
        Command::Return { .. } => claims("return"),
        Command::Pause(by) => act("pause", by),
        Command::Resume(by) => act("resume", by),
        Command::Close(by) => act("close", by),
        Command::Restock { act: by, .. } => act("restock", by),
        Command::Withdraw { act: by, .. } => act("withdraw", by),
        Command::Amend { act: by, .. } => act("amend", by),
    })
}

/// A lane answered. `row` is the one the answer rests on: what was done stands in it.
pub fn decided(lane: LaneId, asked: Option<Asked>, answered: &Answered) {
    let Some(Asked { what, by }) = asked else { return };
    let (fan, row) = (by.map(Fan::get), answered.row);
    match &answered.reply {
        Reply::Claim { claim, fresh } => {
            let (seq, index) = (claim.place.seq, claim.place.index);
            let (fan, number) = (claim.fan.get(), claim.number.get());
            debug!(what, fan, lane, seq, index, number, fresh, row, "decided");
        }
        Reply::Acted => debug!(what, fan, lane, row, "decided"),
        Reply::Refused(refusal) => {
            debug!(what, fan, lane, row, refused = refusal.code(), "decided");
        }
        Reply::Busy => debug!(what, fan, lane, refused = "busy", "decided"),
        Reply::Unsure => debug!(what, fan, lane, refused = "unsure", "decided"),
    }
}

/// The gate refused a claim from what is published.
pub fn refused(drop: &Drop, fan: Fan, refusal: &Refusal, seq: u32) {
    let lane = drop.lane;
    debug!(fan = fan.get(), lane, seq, refused = refusal.code(), "refused at the gate");
}

/// A row's answers left, so long after the oldest of its commands came.
pub fn answered(lane: LaneId, seq: u32, (commands, facts): (usize, usize), after_us: Option<u64>) {
    debug!(lane, seq, commands, facts, after_us, "answered");
}

/// A commit of these rows was over after so long; `durable` says whether all of them went in.
pub fn appended(drafts: &[Draft], append_us: u64, durable: bool) {
    if !follows() {
        return;
    }
    for Draft { lane, seq, written, .. } in drafts {
        debug!(lane, seq, facts = written.count(), append_us, durable, "appended");
    }
}
