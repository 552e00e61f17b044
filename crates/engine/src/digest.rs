//! The state's digest: two states that differ in anything a promise rests on differ here. One thing
//! is compared beside it ([`crate::Acts`]): digests of older journals are kept, and had no acts.

use crate::book::Book;
use crate::claims::ReadClaims;
use crate::state::State;
use crate::wire;
use alloc::vec::Vec;
use sha2::{Digest as _, Sha256};

/// SHA-256 over the whole state in a fixed order.
pub type Digest = [u8; 32];

impl State {
    /// The state's digest. Costs one pass over all claims: for tests, verification and hand-over.
    pub fn digest(&self) -> Digest {
        of(&self.book, &self.claims)
    }
}

pub(crate) fn of(book: &Book, claims: &impl ReadClaims) -> Digest {
    let mut hash = Sha256::new();
    let mut bytes = Vec::new();
    wire::put_terms(&mut bytes, &book.terms);
    for stock in book.ledger.lines() {
        for units in
            [stock.issued, stock.free, stock.set_aside, stock.reserve, stock.held, stock.settled]
        {
            bytes.extend(units.to_be_bytes());
        }
    }
    for (id, right) in book.rights.iter() {
        bytes.extend(id.get().to_be_bytes());
        bytes.extend(right.fan.get().to_be_bytes());
        bytes.extend(right.line.0.to_be_bytes());
        bytes.extend(right.quantity.get().to_be_bytes());
        bytes.extend(right.until_s.to_be_bytes());
    }
    for count in book.tally {
        bytes.extend(count.to_be_bytes());
    }
    bytes.extend(book.now_ms.to_be_bytes());
    bytes.extend(book.sold_out_at_ms.unwrap_or(i64::MIN).to_be_bytes());
    let Book { paused, doubtful_time, lost, closed, resting, moved, .. } = *book;
    let flags = [paused, doubtful_time, lost, closed, resting, moved];
    bytes.extend(flags.map(u8::from));
    hash.update(&bytes);
    hash.update(claims.count().to_be_bytes());
    for claim in claims.all() {
        bytes.clear();
        bytes.extend(claim.fan.get().to_be_bytes());
        bytes.extend(claim.key.map_or(0, crate::Key::get).to_be_bytes());
        bytes.extend(claim.until_s.to_be_bytes());
        bytes.extend(claim.place.seq.to_be_bytes());
        bytes.extend(claim.place.index.to_be_bytes());
        bytes.extend(claim.line.0.to_be_bytes());
        bytes.extend(claim.quantity.get().to_be_bytes());
        bytes.push(claim.state as u8);
        hash.update(&bytes);
    }
    hash.finalize().into()
}
