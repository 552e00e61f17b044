//! The tables beside the journal, held against it: at the row a lane's cursor names, every claim
//! and every sum in the tables must be what the facts up to that row add up to.

use super::report::{Fault, Promise, fault};
use crate::drops::cold::read::Moment;
use crate::drops::cold::rows::{Cursor, Made, Stock};
use crate::kit::db::{Cold, DbError};
use crate::kit::hex;
use fanfare_engine::{Claim, Key, Number, State};
use fanfare_lane::{Hash, LaneId};

/// Claims compared at a time.
const CLAIMS_AT_A_TIME: u32 = 4_096;

/// A lane's tables, standing still while its journal is read.
pub(super) struct Tables<'a> {
    cold: &'a Cold,
    moment: Option<Moment>,
    cursor: Cursor,
}

impl<'a> Tables<'a> {
    /// The lane's tables as they are now; none if no row of it has become rows there.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(super) fn of(cold: &'a Cold, lane: LaneId) -> Result<Option<Self>, DbError> {
        let db = cold.db();
        let (moment, cursor) = cold.wait(async move {
            let mut moment = Moment::of(&db, lane).await?;
            let cursor = moment.cursor().await?;
            Ok((moment, cursor))
        })?;
        let tables = Self { cold, moment: Some(moment), cursor: cursor.unwrap_or_default() };
        Ok(cursor.map(|_| tables))
    }

    /// The row they stand at.
    pub(super) fn seq(&self) -> u32 {
        self.cursor.seq
    }

    /// What is said of a journal that ends before them.
    pub(super) fn beyond(&self, newest: u32) -> Fault {
        let what = format!(
            "the journal went back in time: it ends at row {newest}, but the tables have row {}",
            self.cursor.seq
        );
        fault(Promise::Kept, what)
    }

    /// Compares them with the state at their row; the row's hash first.
    pub(super) fn compare(&mut self, hash: &Hash, state: Option<&State>) -> Result<(), Fault> {
        let cursor = self.cursor;
        if cursor.hash != *hash {
            let (theirs, ours) = (hex::hex(&cursor.hash[..8]), hex::hex(&hash[..8]));
            let what = format!("two histories: the tables have this row as {theirs}, not {ours}");
            return Err(fault(Promise::Tables, what));
        }
        // Facts that do not replay are named elsewhere.
        let Some(state) = state else { return Ok(()) };
        self.totals(state)?;
        let mut after = 0;
        loop {
            let page = self.page(after)?;
            for made in &page {
                let number = made.number;
                if let Some(number) = missed(state, after, number - 1) {
                    return Err(missing(number));
                }
                let facts = Number::new(number);
                let facts = facts.and_then(|number| state.claims().get(number));
                match facts {
                    Some(claim) if same(made, &claim) => {}
                    Some(claim) => return Err(differs(made, &claim)),
                    None => {
                        let what = format!("claim {number} is in the tables, not in the facts");
                        return Err(fault(Promise::Tables, what));
                    }
                }
                after = number;
            }
            if page.len() < CLAIMS_AT_A_TIME as usize {
                break;
            }
        }
        match missed(state, after, state.claims().count()) {
            Some(number) => Err(missing(number)),
            None => Ok(()),
        }
    }

    fn totals(&mut self, state: &State) -> Result<(), Fault> {
        let Some(mut moment) = self.moment.take() else { return Ok(()) };
        let asked = self.cold.wait(async move {
            let totals = moment.totals().await?;
            Ok((moment, totals))
        });
        let (moment, (lines, claims)) = asked.map_err(unread)?;
        self.moment = Some(moment);
        let stock = |stock: &fanfare_engine::Stock| Stock {
            issued: stock.issued.into(),
            set_aside: stock.set_aside.into(),
            reserve: stock.reserve.into(),
            held: stock.held.into(),
            settled: stock.settled.into(),
        };
        let facts: Vec<Stock> = state.ledger().lines().iter().map(stock).collect();
        let count = state.claims().count();
        if (&lines, claims) == (&facts, count) {
            return Ok(());
        }
        let what = format!(
            "the tables' sums are {claims} claims and {lines:?}, the facts' {count} and {facts:?}"
        );
        Err(fault(Promise::Tables, what))
    }

    fn page(&mut self, after: u32) -> Result<Vec<Made>, Fault> {
        let Some(mut moment) = self.moment.take() else { return Ok(Vec::new()) };
        let asked = self.cold.wait(async move {
            let page = moment.claims_after(after, CLAIMS_AT_A_TIME).await?;
            Ok((moment, page))
        });
        let (moment, page) = asked.map_err(unread)?;
        self.moment = Some(moment);
        Ok(page)
    }
}

impl Drop for Tables<'_> {
    fn drop(&mut self) {
        self.cold.let_go(self.moment.take());
    }
}

fn unread(why: DbError) -> Fault {
    fault(Promise::Tables, format!("they cannot be read: {why}"))
}

/// The first claim behind this one, up to that one, that the facts know.
fn missed(state: &State, after: u32, to: u32) -> Option<u32> {
    let known = |number: &u32| {
        Number::new(*number).is_some_and(|number| state.claims().get(number).is_some())
    };
    (after + 1..=to).find(known)
}

fn missing(number: u32) -> Fault {
    fault(Promise::Tables, format!("claim {number} is in the facts, not in the tables"))
}

fn same(made: &Made, claim: &Claim) -> bool {
    let place = (claim.place.seq, claim.place.index);
    let key = claim.key.map(Key::get);
    (made.fan, made.line, made.quantity) == (claim.fan.get(), claim.line.0, claim.quantity.get())
        && (made.state, made.until_s, made.key) == (claim.state, claim.until_s, key)
        && (made.seq, made.place) == place
}

fn differs(made: &Made, claim: &Claim) -> Fault {
    let (number, tables, facts) = (made.number, made.state.word(), claim.state.word());
    let what = format!(
        "claim {number} is another in the tables ({tables} until {}) than in the facts \
         ({facts} until {})",
        made.until_s, claim.until_s
    );
    fault(Promise::Tables, what)
}
