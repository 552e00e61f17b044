//! A lane's state as its owner and everybody else share it: decided by the owner a row or two
//! ahead of the disk, and seen by the others as of the newest durable row.
//!
//! Two copies would cost twice the memory, and each claim a second walk through it. So claims are
//! kept once, as decided, and beside them what hides the rows under way: how many claims are
//! published, and of each published claim that a row under way has changed, what it was before.
//! The book is small, and there are two. [`Seen`] is the only way to read what is published.
//!
//! | type | is | reads or keeps claims |
//! | --- | --- | --- |
//! | `Claims` | the only copy, as decided | both |
//! | `Ahead` | `Claims` as the owner changes them: what it overwrites goes to `Hidden` | keeps |
//! | `Hidden` | how far `Claims` are published, and what they were before | neither |
//! | `Behind` | `Claims` behind `Hidden`, while a row becomes published | keeps: it only forgets |
//! | [`Seen`] | `Claims` behind `Hidden`, for everybody else | reads |

use crate::book::Book;
use crate::claim::{Claim, Kept};
use crate::claims::{Claims, KeepClaims, ReadClaims};
use crate::decide::{self, Answer, View};
use crate::digest::{self, Digest};
use crate::ends::Ends;
use crate::fact::Fact;
use crate::ids::{Fan, Number, Place};
use crate::ledger::Broken;
use crate::refusal::Refusal;
use crate::state::State;
use crate::{Command, Facts};
use alloc::collections::{BTreeMap, VecDeque};
use core::ops::Deref;

/// The decided state, and what of it is published.
#[derive(Clone, Debug)]
pub struct Served {
    decided: State,
    book: Book,
    hidden: Hidden,
}

/// What is published of the claims.
#[derive(Clone, Debug)]
struct Hidden {
    /// How many claims are published.
    count: u32,
    ends: Ends,
    /// Claims that rows under way have changed: by row, what each was before.
    before: BTreeMap<u32, VecDeque<(u32, Kept)>>,
}

impl Served {
    /// All of this state is published.
    pub fn new(state: State) -> Self {
        let (book, claims) = (state.book.clone(), &state.claims);
        let (count, ends) = (claims.count(), claims.ends().clone());
        Self { book, hidden: Hidden { count, ends, before: BTreeMap::new() }, decided: state }
    }

    /// The decided state. Private to the lane's owner: nobody is answered from it.
    pub fn decided(&self) -> &State {
        &self.decided
    }

    /// What is published.
    pub fn seen(&self) -> Seen<'_> {
        Seen(self)
    }

    /// Begins a row: decided lane time becomes the row's.
    ///
    /// # Errors
    /// If lane time would go back.
    pub fn begin(&mut self, now_ms: i64) -> Result<(), Broken> {
        self.decided.begin(now_ms)
    }

    /// Applies one fact that stands at `place` to the decided state.
    ///
    /// # Errors
    /// If the fact breaks a promise or does not fit; nothing may be decided from then on.
    pub fn apply(&mut self, place: Place, fact: &Fact) -> Result<(), Broken> {
        let State { book, claims } = &mut self.decided;
        book.apply(&mut Ahead { claims, hidden: &mut self.hidden }, place, fact)
    }

    /// Publishes the oldest row that is decided and not published.
    ///
    /// # Errors
    /// If the facts are not those that were decided.
    pub fn publish(&mut self, seq: u32, now_ms: i64, facts: &[Fact]) -> Result<(), Broken> {
        self.book.begin(now_ms)?;
        let mut behind = Behind { claims: &self.decided.claims, hidden: &mut self.hidden };
        for (index, fact) in facts.iter().enumerate() {
            // A lane's first fact is what its state was made of.
            if !matches!(fact, Fact::Terms(_)) {
                self.book.apply(&mut behind, Place { seq, index: index as u16 }, fact)?;
            }
        }
        Ok(())
    }

    /// Whether nothing is under way and the published state is the decided one, bit for bit. Lane
    /// time may have gone on without a row.
    pub fn agrees(&self) -> bool {
        let mut book = self.book.clone();
        let decided = &self.decided;
        self.hidden.before.is_empty()
            && book.begin(decided.now_ms()).is_ok()
            && book.acts == decided.book.acts
            && digest::of(&book, &self.seen()) == decided.digest()
    }
}

/// What is published of a lane's state: it reads as its [`Book`] does, and has claims besides.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a>(&'a Served);

impl Deref for Seen<'_> {
    type Target = Book;

    fn deref(&self) -> &Book {
        &self.0.book
    }
}

impl<'a> Seen<'a> {
    /// How many claims were ever made; the newest claim's number.
    pub fn count(self) -> u32 {
        self.0.hidden.count
    }

    /// Whether the fan ever claimed in this drop.
    pub fn has(self, fan: Fan) -> bool {
        self.newest_of(fan).is_some()
    }

    /// Whether the fan has a claim, or may have one: it is decided and on its way to the disk.
    pub fn may_have(self, fan: Fan) -> bool {
        self.0.decided.claims.newest_of(fan).is_some()
    }

    /// The claim of this number.
    pub fn claim(self, number: Number) -> Option<Claim> {
        self.get(number)
    }

    /// The claim whose fact stands at this place.
    pub fn claim_at(self, place: Place) -> Option<Claim> {
        self.at(place)
    }

    /// The fan's claims, newest first.
    pub fn claims_of(self, fan: Fan) -> impl Iterator<Item = Claim> + use<'a> {
        let newest = self.newest_of(fan).unwrap_or_default();
        let get = move |number: u32| self.get(Number::new(number)?);
        core::iter::successors(get(newest), move |claim| get(claim.before))
    }

    /// Units the fan holds or has settled, over all lines.
    pub fn units_of(self, fan: Fan) -> u32 {
        ReadClaims::units_of(&self, fan)
    }

    /// All claims, oldest first.
    pub fn claims(self) -> impl Iterator<Item = Claim> + use<'a> {
        (1..=self.count()).filter_map(move |number| self.get(Number::new(number)?))
    }

    /// The digest of what is published.
    pub fn digest(self) -> Digest {
        digest::of(&self.0.book, &self)
    }

    /// What a command would lead to if it were decided on what is published.
    ///
    /// # Errors
    /// The reason it would be refused.
    pub fn decide(self, command: &Command, facts: &mut Facts) -> Result<Answer, Refusal> {
        decide::decide(View { book: &self.0.book, claims: &self }, command, facts)
    }
}

impl ReadClaims for Seen<'_> {
    fn count(&self) -> u32 {
        self.0.hidden.count
    }

    fn kept(&self, number: u32) -> Option<Kept> {
        self.0.hidden.kept(&self.0.decided.claims, number)
    }

    fn newest_of(&self, fan: Fan) -> Option<u32> {
        self.0.hidden.newest_of(&self.0.decided.claims, fan)
    }

    fn ends(&self) -> &Ends {
        &self.0.hidden.ends
    }
}

impl Hidden {
    fn kept(&self, claims: &Claims, number: u32) -> Option<Kept> {
        if number > self.count {
            return None;
        }
        let before = self.before.get(&number).and_then(VecDeque::front);
        before.map(|(_, kept)| *kept).or_else(|| claims.kept(number))
    }

    /// A fan's newest claim may be under way; the one before it is then the one to see.
    fn newest_of(&self, claims: &Claims, fan: Fan) -> Option<u32> {
        let mut newest = claims.newest_of(fan)?;
        while newest > self.count {
            newest = claims.kept(newest)?.before;
        }
        (newest > 0).then_some(newest)
    }
}

/// The claims as the owner changes them: what is published stays to be seen.
struct Ahead<'a> {
    claims: &'a mut Claims,
    hidden: &'a mut Hidden,
}

impl ReadClaims for Ahead<'_> {
    fn count(&self) -> u32 {
        ReadClaims::count(self.claims)
    }

    fn kept(&self, number: u32) -> Option<Kept> {
        self.claims.kept(number)
    }

    fn newest_of(&self, fan: Fan) -> Option<u32> {
        self.claims.newest_of(fan)
    }

    fn ends(&self) -> &Ends {
        self.claims.ends()
    }
}

impl KeepClaims for Ahead<'_> {
    fn push(&mut self, claim: Kept) -> Result<Option<u32>, Broken> {
        self.claims.push(claim)
    }

    fn change(&mut self, number: u32, claim: Kept, seq: u32) {
        if let Some(kept) = self.claims.kept(number) {
            self.hidden.before.entry(number).or_default().push_back((seq, kept));
        }
        self.claims.change(number, claim, seq);
    }

    fn ends_mut(&mut self) -> &mut Ends {
        self.claims.ends_mut()
    }
}

/// The claims as publishing follows what was decided: nothing is kept anew, less is hidden.
struct Behind<'a> {
    claims: &'a Claims,
    hidden: &'a mut Hidden,
}

impl ReadClaims for Behind<'_> {
    fn count(&self) -> u32 {
        self.hidden.count
    }

    fn kept(&self, number: u32) -> Option<Kept> {
        self.hidden.kept(self.claims, number)
    }

    fn newest_of(&self, fan: Fan) -> Option<u32> {
        self.hidden.newest_of(self.claims, fan)
    }

    fn ends(&self) -> &Ends {
        &self.hidden.ends
    }
}

impl KeepClaims for Behind<'_> {
    fn push(&mut self, claim: Kept) -> Result<Option<u32>, Broken> {
        self.hidden.count += 1;
        let decided = self.kept(self.hidden.count).filter(|kept| kept.made_as(&claim));
        let before = decided.ok_or(Broken("a claim is published that was not decided"))?.before;
        Ok(Some(before).filter(|&before| before > 0))
    }

    fn change(&mut self, number: u32, _claim: Kept, seq: u32) {
        if let Some(before) = self.hidden.before.get_mut(&number) {
            before.pop_front_if(|(at, _)| *at == seq);
            if before.is_empty() {
                self.hidden.before.remove(&number);
            }
        }
    }

    fn ends_mut(&mut self) -> &mut Ends {
        &mut self.hidden.ends
    }
}
