//! Who waits for a lane's answer.

use super::desk::Caller;
use super::head::HeadDoc;
use fanfare_engine::{Command, Fact};
use fanfare_lane::{LaneId, Reply};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// A lane's answer as it reaches its caller.
#[derive(Clone, Debug)]
pub struct Answered {
    /// What the lane says.
    pub reply: Reply,
    /// For a fresh claim: the fact that made it and the head it stands under.
    pub proof: Option<(Arc<HeadDoc>, Fact)>,
    /// The number of the row that was published just before it, which has whatever facts the
    /// command made; none where it waited for no row, or another node answered.
    pub row: Option<u32>,
}

impl Answered {
    /// An answer with nothing to show for it.
    pub fn plain(reply: Reply) -> Self {
        Self { reply, proof: None, row: None }
    }
}

/// By whom lanes are asked.
pub trait Asks {
    /// Hands a command to a lane and waits for the answer.
    fn asked(&self, lane: LaneId, command: Command) -> impl Future<Output = Answered>;
}

/// Where an answer goes.
pub enum Ticket {
    /// To a request that waits.
    One(oneshot::Sender<Answered>),
    /// To a request of a core's, with others.
    Desk(Caller),
    /// To the node's sink, under this number.
    Many(u64),
    /// To another node's process, under its number.
    Peer {
        /// The process.
        process: u64,
        /// Its number.
        id: u64,
    },
    /// Nowhere.
    Nobody,
}

/// Answers for the caller of very many: a rehearsal in process, or a bench. There is one a node.
#[derive(Default)]
pub struct Sink {
    answers: Mutex<Vec<(u64, Reply)>>,
    arrived: Condvar,
}

impl Sink {
    /// Adds answers, all at once.
    pub fn push(&self, more: &mut Vec<(u64, Reply)>) {
        if more.is_empty() {
            return;
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let first = answers.is_empty();
        answers.append(more);
        drop(answers);
        if first {
            self.arrived.notify_one();
        }
    }

    /// Moves what has arrived to `out`, waiting up to `patience` for the first.
    pub fn take(&self, out: &mut Vec<(u64, Reply)>, patience: Duration) {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.arrived.wait_timeout_while(answers, patience, |a| a.is_empty());
        let (mut answers, _) = waited.unwrap_or_else(PoisonError::into_inner);
        out.append(&mut answers);
    }
}

impl Ticket {
    /// Delivers an answer to one that waits; the sink's are handed over all at once. A caller
    /// that has gone away is not missed.
    pub fn deliver(self, answered: Answered) {
        if let Self::One(sender) = self {
            drop(sender.send(answered));
        }
    }
}
