//! A lane's whole state: its book and its claims.

use crate::book::Book;
use crate::claims::{Claims, ReadClaims as _};
use crate::decide::{self, Answer, View};
use crate::fact::{Fact, Facts, Totals};
use crate::ids::Place;
use crate::ledger::Broken;
use crate::loss::Witnessed;
use crate::terms::Terms;
use crate::{Act, Command, Fan, Refusal};
use core::ops::Deref;

/// One lane's state. It reads as its [`Book`] does, and has claims besides.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) book: Book,
    pub(crate) claims: Claims,
}

impl Deref for State {
    type Target = Book;

    fn deref(&self) -> &Book {
        &self.book
    }
}

impl State {
    /// The state after a lane's first fact.
    ///
    /// # Errors
    /// If a line's reserve is above its stock.
    pub fn new(terms: &Terms, now_ms: i64) -> Result<Self, Broken> {
        Self::with_room(terms, now_ms, 0)
    }

    /// The same with room for the claims of so many fans, which it is filled with sooner.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn with_room(terms: &Terms, now_ms: i64, fans: u32) -> Result<Self, Broken> {
        Ok(Self { book: Book::new(terms, now_ms)?, claims: Claims::with_room(fans) })
    }

    /// The claims.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Units the fan holds or has settled, over all lines.
    pub fn units_of(&self, fan: Fan) -> u32 {
        self.claims.units_of(fan)
    }

    /// The totals a resting lane leaves behind.
    pub fn totals(&self) -> Totals {
        self.book.totals(self.claims.count())
    }

    /// Begins a row: lane time becomes the row's.
    ///
    /// # Errors
    /// If lane time would go back.
    pub fn begin(&mut self, now_ms: i64) -> Result<(), Broken> {
        self.book.begin(now_ms)
    }

    /// Applies one fact that stands at `place`.
    ///
    /// # Errors
    /// If the fact breaks a promise or does not fit; the state is then spoilt and must be dropped.
    pub fn apply(&mut self, place: Place, fact: &Fact) -> Result<(), Broken> {
        self.book.apply(&mut self.claims, place, fact)
    }

    /// The fact that goes on where the newest rows a witness saw are gone.
    pub fn accept_loss(&self, witnessed: &Witnessed, act: Act) -> Fact {
        self.book.accept_loss(self.claims.count(), witnessed, act)
    }

    fn view(&self) -> View<'_, Claims> {
        View { book: &self.book, claims: &self.claims }
    }

    /// Decides one command at the state's lane time ([`State::begin`]). Pushes the facts it makes,
    /// which the caller applies before it decides the next.
    ///
    /// # Errors
    /// The reason it was refused; then no fact was pushed.
    pub fn decide(&self, command: &Command, facts: &mut Facts) -> Result<Answer, Refusal> {
        decide::decide(self.view(), command, facts)
    }

    /// What time alone brings about at the state's lane time: holds and rights that ran out, the
    /// closing. At most `most` facts; the rest follows in the next batch.
    pub fn due(&self, most: usize, facts: &mut Facts) {
        decide::due(self.view(), most, facts);
    }

    /// When [`State::due`] has something to do next, ms since 1970.
    pub fn next_due_ms(&self) -> Option<i64> {
        decide::next_due_ms(self.view())
    }
}
