//! From commands to facts: the one door into the rules.

use crate::command::Command;
use crate::fact::{Fact, Facts};
use crate::ids::Number;
use crate::refusal::Refusal;
use crate::state::State;
use crate::{FACTS_PER_BATCH_MAX, host, sale};

/// What a command led to, when it was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This claim was made or changed now.
    Done(Number),
    /// This claim is already as asked: nothing happened.
    Already(Number),
    /// A host's act was done.
    Acted,
    /// A host's act that changes nothing.
    Idle,
}

/// Decides one command at the state's lane time ([`State::begin`]). Pushes the facts it makes,
/// which the caller applies before it decides the next.
///
/// # Errors
/// The reason it was refused; then no fact was pushed.
pub fn decide(state: &State, command: &Command, facts: &mut Facts) -> Result<Answer, Refusal> {
    match *command {
        Command::Claim { fan, line, quantity, key } => {
            sale::claim(state, fan, line, quantity, key, facts)
        }
        Command::Settle { number } => sale::settle(state, number, facts),
        Command::Release { number } => sale::release(state, number, facts),
        Command::Return { number } => sale::take_back(state, number, facts),
        Command::Grant { fan, line, quantity, until_s } => {
            sale::grant(state, fan, line, quantity, until_s, facts)
        }
        Command::Pause(act) => host::pause(state, act, facts),
        Command::Resume(act) => Ok(host::resume(state, act, facts)),
        Command::Restock { line, units, act } => host::restock(state, line, units, act, facts),
        Command::Withdraw { line, units, act } => host::withdraw(state, line, units, act, facts),
        Command::Close(act) => Ok(host::close(state, act, facts)),
        Command::Amend { amendment, act } => host::amend(state, amendment, act, facts),
    }
}

/// What time alone brings about at the state's lane time: holds and rights that ran out, the
/// closing. At most `most` facts; the rest follows in the next batch.
pub fn due(state: &State, most: usize, facts: &mut Facts) {
    if state.doubtful_time || state.resting {
        return;
    }
    let most = most.min(FACTS_PER_BATCH_MAX);
    let now_s = state.now_ms.div_euclid(1000);
    let over = |until_s: u32| i64::from(until_s) <= now_s;
    let expired = state.claims.held().take_while(|claim| over(claim.until_s));
    facts.extend(expired.take(most).map(|claim| Fact::Expired(claim.number)));
    let room = most.saturating_sub(facts.len());
    let lapsed = state.rights.by_end().take_while(|(until_s, _)| over(*until_s));
    facts.extend(lapsed.take(room).map(|(_, right)| Fact::Lapsed(right)));
    if !state.closed && state.now_ms >= state.terms.closes_at_ms && facts.len() < most {
        facts.push(Fact::Closed(None));
    }
}

/// When [`due`] has something to do next, ms since 1970.
pub fn next_due_ms(state: &State) -> Option<i64> {
    if state.doubtful_time || state.resting {
        return None;
    }
    let hold = state.claims.held().next().map(|claim| claim.until_s);
    let right = state.rights.by_end().next().map(|(until_s, _)| until_s);
    let ends = [hold, right].into_iter().flatten().map(|s| i64::from(s) * 1000);
    let closing = (!state.closed).then_some(state.terms.closes_at_ms);
    ends.chain(closing).min()
}
