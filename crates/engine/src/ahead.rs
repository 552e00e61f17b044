//! What has been decided and is not durable yet, as a layer over the published state.
//!
//! A lane decides a row or two ahead of the disk. A second copy of the state would cost as much
//! memory as the first, and each claim a second walk through it; so only the rows under way are
//! kept apart, and what is read comes from them first and then from the state below. As rows are
//! published they go into the state, and leave the layer ([`Ahead::published`]).

use crate::book::Book;
use crate::claim::{Claim, Kept};
use crate::claims::{Claims, KeepClaims, ReadClaims};
use crate::decide::{self, Answer, View};
use crate::digest::{self, Digest};
use crate::ends::Ends;
use crate::fact::{Fact, Facts, Totals};
use crate::holders::tag_of;
use crate::ids::{Fan, Number, Place};
use crate::ledger::Broken;
use crate::state::State;
use crate::{Command, Refusal};
use alloc::collections::{BTreeMap, VecDeque};
use core::borrow::{Borrow, BorrowMut};
use core::ops::Deref;
use hashbrown::HashTable;

/// A lane's decided state, private to its owner. It reads as its [`Book`] does; whatever is about
/// claims takes the published state it lies over.
#[derive(Debug)]
pub struct Ahead {
    book: Book,
    layer: Layer,
}

impl Deref for Ahead {
    type Target = Book;

    fn deref(&self) -> &Book {
        &self.book
    }
}

impl Ahead {
    /// Nothing is ahead yet.
    pub fn new(published: &State) -> Self {
        let claims = &published.claims;
        let layer =
            Layer { below: claims.count(), ends: claims.ends().clone(), ..Layer::default() };
        Self { book: published.book.clone(), layer }
    }

    fn over<'a>(&'a self, published: &'a State) -> Over<'a, &'a Layer> {
        Over { below: &published.claims, layer: &self.layer }
    }

    /// Asserts that this is the state the layer lies over.
    ///
    /// # Errors
    /// If it is another, or one at another row.
    pub fn fits(&self, published: &State) -> Result<(), Broken> {
        if published.claims.count() == self.layer.below {
            Ok(())
        } else {
            Err(Broken("the published state is not the one decided over"))
        }
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
    /// If the fact breaks a promise or does not fit; nothing may be decided from then on.
    pub fn apply(&mut self, published: &State, place: Place, fact: &Fact) -> Result<(), Broken> {
        let mut over = Over { below: &published.claims, layer: &mut self.layer };
        self.book.apply(&mut over, place, fact)
    }

    /// Applies an owner's opening, which needs no claims.
    ///
    /// # Errors
    /// If the fact is another.
    pub fn open(&mut self, fact: &Fact) -> Result<(), Broken> {
        self.book.open(fact)
    }

    /// Decides one command, as [`State::decide`] does.
    ///
    /// # Errors
    /// The reason it was refused; then no fact was pushed.
    pub fn decide(
        &self,
        published: &State,
        command: &Command,
        facts: &mut Facts,
    ) -> Result<Answer, Refusal> {
        let claims = &self.over(published);
        decide::decide(View { book: &self.book, claims }, command, facts)
    }

    /// What time alone brings about, as [`State::due`] does.
    pub fn due(&self, published: &State, most: usize, facts: &mut Facts) {
        let claims = &self.over(published);
        decide::due(View { book: &self.book, claims }, most, facts);
    }

    /// When [`Ahead::due`] has something to do next, ms since 1970.
    pub fn next_due_ms(&self, published: &State) -> Option<i64> {
        let claims = &self.over(published);
        decide::next_due_ms(View { book: &self.book, claims })
    }

    /// The claim of this number.
    pub fn claim(&self, published: &State, number: Number) -> Option<Claim> {
        self.over(published).get(number)
    }

    /// The totals a resting lane leaves behind.
    pub fn totals(&self, published: &State) -> Totals {
        self.book.totals(self.over(published).count())
    }

    /// The digest of the decided state.
    pub fn digest(&self, published: &State) -> Digest {
        digest::of(&self.book, &self.over(published))
    }

    /// The row of this number, and all before it, are published: the state below has them.
    pub fn published(&mut self, seq: u32) {
        self.layer.published(seq);
    }
}

/// Claims made and changed by rows that are decided and not published.
#[derive(Debug, Default)]
struct Layer {
    /// How many claims the published state has.
    below: u32,
    /// The claims made since, by number.
    made: VecDeque<Kept>,
    /// Their newest by fan.
    newest: HashTable<u32>,
    /// Claims in another state than they were made in, and the row that changed them last.
    changed: BTreeMap<u32, (Kept, u32)>,
    /// What changed, oldest first: row and claim.
    changes: VecDeque<(u32, u32)>,
    ends: Ends,
}

impl Layer {
    fn made(&self, number: u32) -> Option<&Kept> {
        self.made.get(number.checked_sub(self.below + 1)? as usize)
    }

    fn newest_of(&self, fan: Fan) -> Option<u32> {
        let own = |&number: &u32| self.made(number).is_some_and(|claim| claim.fan() == fan);
        self.newest.find(hash_of(fan), own).copied()
    }

    fn published(&mut self, seq: u32) {
        while let Some(claim) = self.made.front().filter(|claim| claim.place().seq <= seq) {
            let number = self.below + 1;
            if let Ok(newest) = self.newest.find_entry(hash_of(claim.fan()), |&n| n == number) {
                newest.remove();
            }
            self.made.pop_front();
            self.below = number;
        }
        while let Some(&(at, number)) = self.changes.front().filter(|change| change.0 <= seq) {
            self.changes.pop_front();
            if self.changed.get(&number).is_some_and(|(_, newest)| *newest == at) {
                self.changed.remove(&number);
            }
        }
    }
}

/// A tag spread over the bits that a small table looks at.
fn hash_of(fan: Fan) -> u64 {
    u64::from(tag_of(fan)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// A layer's claims over the published ones.
struct Over<'a, L> {
    below: &'a Claims,
    layer: L,
}

impl<L: Borrow<Layer>> ReadClaims for Over<'_, L> {
    fn count(&self) -> u32 {
        let layer = self.layer.borrow();
        layer.below + layer.made.len() as u32
    }

    fn kept(&self, number: u32) -> Option<Kept> {
        let layer = self.layer.borrow();
        if !layer.changed.is_empty()
            && let Some((claim, _)) = layer.changed.get(&number)
        {
            return Some(*claim);
        }
        if number > layer.below { layer.made(number).copied() } else { self.below.kept(number) }
    }

    fn newest_of(&self, fan: Fan) -> Option<u32> {
        self.layer.borrow().newest_of(fan).or_else(|| self.below.newest_of(fan))
    }

    fn ends(&self) -> &Ends {
        &self.layer.borrow().ends
    }
}

impl<L: BorrowMut<Layer>> KeepClaims for Over<'_, L> {
    fn push(&mut self, mut claim: Kept) -> Option<u32> {
        let (fan, number) = (claim.fan(), self.count() + 1);
        let layer = self.layer.borrow_mut();
        let (below, made) = (layer.below, &mut layer.made);
        let of = |number: u32| made.get((number - below - 1) as usize).map(Kept::fan);
        let entry = layer.newest.entry(
            hash_of(fan),
            |&number| of(number) == Some(fan),
            |&number| of(number).map_or(0, hash_of),
        );
        let before = match entry {
            hashbrown::hash_table::Entry::Occupied(mut newest) => {
                Some(core::mem::replace(newest.get_mut(), number))
            }
            hashbrown::hash_table::Entry::Vacant(room) => {
                room.insert(number);
                self.below.newest_of(fan)
            }
        };
        claim.before = before.unwrap_or_default();
        self.layer.borrow_mut().made.push_back(claim);
        before
    }

    fn change(&mut self, number: u32, claim: Kept, seq: u32) {
        let layer = self.layer.borrow_mut();
        layer.changed.insert(number, (claim, seq));
        layer.changes.push_back((seq, number));
    }

    fn ends_mut(&mut self) -> &mut Ends {
        &mut self.layer.borrow_mut().ends
    }
}
