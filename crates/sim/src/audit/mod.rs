//! The auditor: watches every step of the driver, predicts every batch and every answer with
//! rules of its own, and looks into the store itself. It trusts nothing the lane says.
//!
//! | file | holds |
//! | --- | --- |
//! | `model`, `rules`, `acts` | a drop in plain vectors, and what each command must lead to |
//! | `lane` | what is decided, under way and published in one lane |
//! | `turns` | predicts a batch when the lane decides one |
//! | `rows` | rows against predictions: taken, durable, published, replayed |
//! | `answers` | what fans hear, from the lane and from the gate |
//! | `loss` | rows that are gone: who opens over them, and what goes on without them |
//! | `finish` | the whole history once more, from its bytes |
//! | `history` | several nodes: what stands, and what was told of it to anybody |

mod acts;
mod answers;
mod finish;
mod history;
mod lane;
mod loss;
mod model;
mod rows;
mod rules;
mod turns;

pub(crate) use answers::View;
pub(crate) use history::{History, ReadOut};
use lane::LaneAudit;
pub(crate) use lane::{KINDS, LANE_CODES, Log, short};
pub(crate) use loss::GoneOn;

use crate::control::Control;
use crate::report::Report;
use core::fmt;
use fanfare_engine::{Command, Terms};
use fanfare_lane::PublicKey;
pub(crate) use model::Known;
use rules::Expect;
pub(crate) use turns::Before;

/// What the auditor caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// A lane decided other facts than the rules say.
    OtherFacts,
    /// A fan got more units than the limit.
    AboveLimit,
    /// A caller heard something else than the rules say.
    OtherAnswer,
    /// An answer left before the row it rests on stood in the store.
    AnsweredNotDurable,
    /// An answer left before the row it rests on was published.
    AnsweredNotPublished,
    /// A row was published before it stood in the store.
    PublishedNotDurable,
    /// The gate refused a fan who has a claim or a right in what it saw.
    GateRefusedHolder,
    /// The gate refused for a reason that was not so, or passed what it should have refused.
    GateNotTrue,
    /// A node answered what was not so any more when it was asked.
    Stale,
    /// A fan was told `unsure`, asked the same again, was refused, and has it after all.
    UnsureThenRefused,
    /// One request was done twice.
    DoneTwice,
    /// Two rows claim the same place, or a row does not follow the one before it.
    TwoHistories,
    /// What was acknowledged is not in the journal any more.
    Lost,
    /// A lane opened over rows that are torn, or that do not follow one another.
    Damaged,
    /// A number or a unit that a witness knows was given again.
    GivenAgain,
    /// `busy` was said, and yet it was done.
    BusyButDone,
    /// `busy` or `unsure` was said without need.
    NoReason,
    /// Replaying gives another state than serving did.
    OtherDigest,
    /// A seal does not fit its row.
    Seal,
    /// Units were left over while an entitled fan asked.
    LeftOver,
    /// Lane time went ahead of the true time: drops open early, and holds end early.
    Early,
    /// A sale waits for a host although its new owner's clock is right within seconds.
    SaleStopped,
    /// A caller never heard anything.
    Unanswered,
    /// A lane stopped, or was lost, without a reason the auditor knows.
    Stopped,
}

/// A breach, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub breach: Breach,
    /// Where and how.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.breach, self.what)
    }
}

pub(crate) type Check = Result<(), Violation>;

/// A violation as an error.
pub(crate) fn caught<T>(breach: Breach, what: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { breach, what: what.into() })
}

/// A command in a lane's hands.
#[derive(Debug)]
struct Asked {
    lane: usize,
    command: Command,
    /// What it must hear, and the row that has to be published before; none until decided.
    decided: Option<Decided>,
}

#[derive(Clone, Copy, Debug)]
struct Decided {
    expect: Expect,
    /// The row the answer rests on.
    rests_on: u32,
    /// Whether the command made a fact in that row.
    made: bool,
    /// The row's hash prefix, once it was taken for the store; 0 before.
    row: u64,
}

/// The auditor of one run.
pub(crate) struct Auditor {
    lanes: Vec<LaneAudit>,
    asked: Vec<Asked>,
    /// Callers told `busy` although their command was once decided.
    busy: Vec<u32>,
    key: Option<PublicKey>,
    /// Whether the lanes were given other terms on purpose.
    other_terms: bool,
}

impl Auditor {
    pub(crate) fn new(terms: &[Terms], key: Option<PublicKey>, control: Option<Control>) -> Self {
        Self {
            lanes: terms.iter().map(LaneAudit::new).collect(),
            asked: Vec::new(),
            busy: Vec::new(),
            key,
            other_terms: control == Some(Control::LimitOff),
        }
    }

    /// An auditor of one process among several: what each predicts of a lane is known to all.
    pub(crate) fn among(terms: &[Terms], logs: &[Log]) -> Self {
        let mut auditor = Self::new(terms, None, None);
        for (lane, log) in auditor.lanes.iter_mut().zip(logs) {
            lane.log = log.clone();
        }
        auditor
    }

    /// The row in which a command made a fact, if it did and the store was given it.
    pub(crate) fn made(&self, ticket: u32) -> Option<u64> {
        let decided = self.asked[ticket as usize].decided?;
        (decided.made && decided.row != 0).then_some(decided.row)
    }

    /// The process gives back what waits in a lane undecided.
    pub(crate) fn undecided(&mut self, lane: usize) {
        self.lanes[lane].queue.clear();
    }

    /// The process gives a lane up.
    pub(crate) fn dropped(&mut self, lane: usize) {
        self.lanes[lane].forget();
    }

    /// A lane took a command into its queue. Tickets count up from 0.
    pub(crate) fn asked(&mut self, lane: usize, command: Command, mono_ms: i64) -> u32 {
        let ticket = self.asked.len() as u32;
        self.asked.push(Asked { lane, command, decided: None });
        self.lanes[lane].queue.push_back((ticket, mono_ms));
        ticket
    }

    /// The lane had no room for its newest command: it is `busy`.
    pub(crate) fn turned_away(&mut self, lane: usize) {
        self.lanes[lane].queue.pop_back();
    }

    /// The process died: what it had in memory is gone.
    pub(crate) fn crashed(&mut self) {
        for lane in &mut self.lanes {
            lane.forget();
            lane.view = None;
        }
    }

    /// Refusals the gate gave, passed on to the lane's tally.
    pub(crate) fn counted(&mut self, lane: usize, more: &fanfare_engine::Tally) {
        for (count, more) in self.lanes[lane].refused.iter_mut().zip(more) {
            *count += more;
        }
    }

    /// Adds what the auditor counted to a report.
    pub(crate) fn count_into(&self, report: &mut Report) {
        for lane in &self.lanes {
            report.made += lane.made;
            report.decided += lane.decided;
            report.late_above_limit += lane.late_above_limit;
            for (sum, count) in report.lane_refusals.iter_mut().zip(lane.refusals) {
                *sum += count;
            }
            for (sum, count) in report.facts.iter_mut().zip(lane.facts) {
                *sum += count;
            }
        }
    }
}
