//! Claims that an owner has decided and that are not published yet, as another node knows of them.
//!
//! A fan who lost an answer asks again within a tenth of a second, at any node. One that refused
//! by the owner's word would say `sold_out` to whoever has the last unit, while its row is on the
//! way. So an owner names the fans of a row before the row is on its way to the store, and until
//! that row is published at a node, the node leaves it to the owner to answer them. What is left is
//! the time the names take to the other node.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use fanfare_engine::Fan;

/// Whose claims are under way, by row.
#[derive(Clone, Debug, Default)]
pub struct UnderWay(BTreeMap<u32, BTreeSet<Fan>>);

impl UnderWay {
    /// The owner decided claims of these fans in this row.
    pub fn decided(&mut self, seq: u32, fans: Vec<Fan>) {
        self.0.entry(seq).or_default().extend(fans);
    }

    /// Rows up to this one are published here.
    pub fn published(&mut self, seq: u32) {
        self.0.retain(|row, _| *row > seq);
    }

    /// The owner's stream ended: the next owner names its own.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this fan may have a claim that is not published here.
    pub fn may_have(&self, fan: Fan) -> bool {
        self.0.values().any(|fans| fans.contains(&fan))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fan_may_have_a_claim_until_its_row_is_published() {
        let fan = |number| Fan::new(number).unwrap();
        let mut under_way = UnderWay::default();
        under_way.decided(7, alloc::vec![fan(1), fan(2)]);
        under_way.decided(8, alloc::vec![fan(3)]);
        under_way.published(7);
        assert_eq!([1, 2, 3].map(|number| under_way.may_have(fan(number))), [false, false, true]);
        under_way.clear();
        assert!(under_way.is_empty() && !under_way.may_have(fan(3)));
    }
}
