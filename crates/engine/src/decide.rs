//! From commands to facts: the one door into the rules.

use crate::book::Book;
use crate::claims::ReadClaims;
use crate::command::Command;
use crate::fact::{Fact, Facts};
use crate::ids::Number;
use crate::refusal::Refusal;
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

/// What a decision rests on: a book and claims, the published or the decided ones.
pub(crate) struct View<'a, C> {
    pub(crate) book: &'a Book,
    pub(crate) claims: &'a C,
}

impl<C> Clone for View<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for View<'_, C> {}

/// See [`crate::State::decide`].
pub(crate) fn decide<C: ReadClaims>(
    view: View<'_, C>,
    command: &Command,
    facts: &mut Facts,
) -> Result<Answer, Refusal> {
    let book = view.book;
    if book.moved {
        return Err(Refusal::Paused);
    }
    match *command {
        Command::Claim { fan, line, quantity, key } => {
            sale::claim(view, fan, line, quantity, key, facts)
        }
        Command::Settle { number } => sale::settle(view, number, facts),
        Command::Release { number } => sale::release(view, number, facts),
        Command::Return { number } => sale::take_back(view, number, facts),
        Command::Grant { fan, line, quantity, until_s } => {
            sale::grant(book, fan, line, quantity, until_s, facts)
        }
        Command::Pause(_)
        | Command::Resume(_)
        | Command::Restock { .. }
        | Command::Withdraw { .. }
        | Command::Close(_)
        | Command::Amend { .. } => host::decide(book, command, facts),
    }
}

/// See [`crate::State::due`].
pub(crate) fn due<C: ReadClaims>(view: View<'_, C>, most: usize, facts: &mut Facts) {
    let View { book, claims } = view;
    if book.doubtful_time || book.resting || book.moved {
        return;
    }
    let most = most.min(FACTS_PER_BATCH_MAX);
    let now_s = book.now_ms.div_euclid(1000);
    let over = |until_s: u32| i64::from(until_s) <= now_s;
    let expired = claims.held().take_while(|claim| over(claim.until_s));
    facts.extend(expired.take(most).map(|claim| Fact::Expired(claim.number)));
    let room = most.saturating_sub(facts.len());
    let lapsed = book.rights.by_end().take_while(|(until_s, _)| over(*until_s));
    facts.extend(lapsed.take(room).map(|(_, right)| Fact::Lapsed(right)));
    if !book.closed && book.now_ms >= book.terms.closes_at_ms && facts.len() < most {
        facts.push(Fact::Closed(None));
    }
}

/// See [`crate::State::next_due_ms`].
pub(crate) fn next_due_ms<C: ReadClaims>(view: View<'_, C>) -> Option<i64> {
    let View { book, claims } = view;
    if book.doubtful_time || book.resting || book.moved {
        return None;
    }
    let hold = claims.held().next().map(|claim| claim.until_s);
    let right = book.rights.by_end().next().map(|(until_s, _)| until_s);
    let ends = [hold, right].into_iter().flatten().map(|s| i64::from(s) * 1000);
    let closing = (!book.closed).then_some(book.terms.closes_at_ms);
    ends.chain(closing).min()
}
