//! Hosts' acts: asked again, by the same number, they do nothing more.

use super::model::Model;
use super::rules::Outcome;
use fanfare_engine::{Command, Fact, Refusal};

/// The number of an act that was done, for those that are done once.
pub(crate) fn number_of(fact: &Fact) -> Option<u64> {
    match fact {
        Fact::Paused(act)
        | Fact::Resumed(act)
        | Fact::Restocked { act, .. }
        | Fact::Withdrawn { act, .. }
        | Fact::Closed(Some(act)) => Some(act.why),
        _ => None,
    }
}

/// What an act makes where it is done.
fn fact_of(command: &Command) -> Option<Fact> {
    Some(match *command {
        Command::Pause(act) => Fact::Paused(act),
        Command::Resume(act) => Fact::Resumed(act),
        Command::Close(act) => Fact::Closed(Some(act)),
        Command::Restock { line, units, act } => Fact::Restocked { line, units, act },
        Command::Withdraw { line, units, act } => Fact::Withdrawn { line, units, act },
        _ => return None,
    })
}

impl Model {
    /// What must come of an act whose number was used before.
    pub(super) fn did(&self, command: &Command) -> Option<Outcome> {
        let wanted = fact_of(command)?;
        let known = self.acts.iter().find(|fact| number_of(fact) == number_of(&wanted))?;
        let same = *known == wanted;
        Some(if same { Outcome::Idle } else { Outcome::No(Refusal::ActReused) })
    }
}
