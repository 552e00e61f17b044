//! A drop as the festival file proposes it, ready to become a lane: terms in numbers, and the
//! names those numbers stand for.

use crate::festivals::{DropPlan, Festival, Names, Opening};
use fanfare_engine::{Line, LineTerms, Quantity, Terms};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A line's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineName {
    /// The item's id.
    pub item: String,
    /// The variant's id.
    pub variant: Option<String>,
    /// What people read.
    pub names: Names,
    /// The variant's name, if it has one.
    pub variant_names: Option<Names>,
}

impl LineName {
    /// The number its terms know it by.
    pub fn id(&self) -> u64 {
        line_id(&self.item, self.variant.as_deref())
    }

    /// A line no file names any more.
    fn numbered(drop: &str, at: usize) -> Self {
        Self {
            item: format!("item-{}", at + 1),
            variant: None,
            names: Names::same(&format!("{drop} {}", at + 1)),
            variant_names: None,
        }
    }
}

/// A drop: its id, its names, its terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropSpec {
    /// The drop's id; for a drop that repeats, the round's.
    pub id: String,
    /// What people read.
    pub names: Names,
    /// Names of the lines, in the terms' order.
    pub lines: Vec<LineName>,
    /// What the drop promises. Not sent: other nodes have it from the journal.
    #[serde(skip, default = "no_terms")]
    pub terms: Terms,
    /// Whether the terms are the file's because the journal's could not be read: the lane's own
    /// count once they can be.
    #[serde(skip)]
    pub unread: bool,
    /// What history took to sell it out, seconds.
    pub history_s: Option<u32>,
}

/// Ties a line to its names: the first eight bytes of SHA-256 over `item/variant`.
pub fn line_id(item: &str, variant: Option<&str>) -> u64 {
    let text = format!("{item}/{}", variant.unwrap_or_default());
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    hash.iter().take(8).fold(0, |id, &byte| id << 8 | u64::from(byte))
}

/// What stands for terms until those of the journal are here.
fn no_terms() -> Terms {
    Terms {
        rules: [0; 32],
        opens_at_ms: 0,
        closes_at_ms: 1,
        hold_s: 1,
        limit: Quantity::MIN,
        lines: Vec::new(),
    }
}

impl DropSpec {
    /// The drop of a plan; for one that repeats, its round counted from `start_ms`.
    pub fn new(festival: &Festival, plan: &DropPlan, start_ms: i64, round: u32) -> Self {
        let (id, opens_at_ms) = match plan.opening() {
            Opening::At(ms) => (plan.id().as_str().to_owned(), ms),
            Opening::Every { .. } => {
                (plan.round_id(round).as_str().to_owned(), plan.round_opens_at_ms(start_ms, round))
            }
        };
        let lines = plan.lines();
        let line_terms = |line: &crate::festivals::Line| LineTerms {
            id: line_id(
                line.item.as_str(),
                line.variant.as_ref().map(crate::festivals::Id::as_str),
            ),
            price_minor: line.price_minor,
            stock: line.stock,
            reserve: line.reserve,
        };
        let terms = Terms {
            rules: rules_hash(plan),
            opens_at_ms,
            closes_at_ms: opens_at_ms + plan.open_for_ms(),
            hold_s: u32::try_from(plan.hold_ms().div_euclid(1000).max(1)).unwrap_or(u32::MAX),
            limit: Quantity::new(u16::try_from(plan.limit()).unwrap_or(u16::MAX))
                .unwrap_or(Quantity::MIN),
            lines: lines.iter().map(line_terms).collect(),
        };
        Self {
            id,
            names: plan.names().clone(),
            lines: lines.iter().map(|line| line_name(festival, line)).collect(),
            terms,
            unread: false,
            history_s: plan.sold_out_s(),
        }
    }

    /// This drop by the journal's terms, its names in the order of their lines. The file may list
    /// lines in another order, or not at all.
    #[must_use]
    pub fn with_terms(mut self, terms: Terms) -> Self {
        let name = |(at, line): (usize, &LineTerms)| {
            let named = self.lines.iter().find(|name| name.id() == line.id).cloned();
            named.unwrap_or_else(|| LineName::numbered(&self.id, at))
        };
        self.lines = terms.lines.iter().enumerate().map(name).collect();
        (self.terms, self.unread) = (terms, false);
        self
    }

    /// From when to when it was announced to be open, ms since 1970; none where no file names it
    /// and its journal cannot be read.
    pub fn times_ms(&self) -> Option<(i64, i64)> {
        let Terms { opens_at_ms, closes_at_ms, lines, .. } = &self.terms;
        (!lines.is_empty()).then_some((*opens_at_ms, *closes_at_ms))
    }

    /// The line of an item and variant. A variant may be left out where the item has none.
    pub fn line(&self, item: &str, variant: Option<&str>) -> Option<Line> {
        let same = |name: &LineName| name.item == item && name.variant.as_deref() == variant;
        let at = self.lines.iter().position(same)?;
        Some(Line(at as u16))
    }

    /// Whether the drop has this item in any variant.
    pub fn has_item(&self, item: &str) -> bool {
        self.lines.iter().any(|line| line.item == item)
    }
}

fn line_name(festival: &Festival, line: &crate::festivals::Line) -> LineName {
    let good = festival.good(&line.item);
    let variant = good
        .zip(line.variant.as_ref())
        .and_then(|(good, id)| good.variants().iter().find(|variant| variant.id() == id));
    LineName {
        item: line.item.as_str().to_owned(),
        variant: line.variant.as_ref().map(|id| id.as_str().to_owned()),
        names: good.map_or_else(|| Names::same(line.item.as_str()), |good| good.names().clone()),
        variant_names: variant.map(|variant| variant.names().clone()),
    }
}

/// Which rules a drop goes by. A mechanism that gains settings adds them here.
fn rules_hash(plan: &DropPlan) -> [u8; 32] {
    Sha256::digest(format!("{:?} 1", plan.kind()).as_bytes()).into()
}
