//! Drops: when, how and how much is given out.

use super::super::limits::FANS_MAX;
use super::super::money::Money;
use super::{Crowd, Id, Names, PicturePath};

/// How a drop shares out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whoever asks first is served first.
    Sale,
}

/// When a drop opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Once, at this moment, in milliseconds since 1970.
    At(i64),
    /// Again and again, counted from the server's start; in a demonstration only.
    Every {
        /// From the start to the first opening, in milliseconds.
        first_ms: i64,
        /// From one opening to the next, in milliseconds.
        every_ms: i64,
    },
}

/// A drop as the festival file proposes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropPlan {
    pub(in super::super) id: Id,
    pub(in super::super) kind: Kind,
    pub(in super::super) names: Names,
    pub(in super::super) opening: Opening,
    pub(in super::super) open_for_ms: i64,
    pub(in super::super) hold_ms: i64,
    pub(in super::super) limit: u32,
    pub(in super::super) audience: Option<Names>,
    pub(in super::super) picture: Option<PicturePath>,
    pub(in super::super) items: Vec<Item>,
    pub(in super::super) crowd: Crowd,
}

impl DropPlan {
    /// Names the drop; for a drop that repeats, see [`DropPlan::round_id`].
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// How it shares out.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What people call it.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// When it opens.
    pub fn opening(&self) -> Opening {
        self.opening
    }

    /// How long it stays open, in milliseconds.
    pub fn open_for_ms(&self) -> i64 {
        self.open_for_ms
    }

    /// When it closes, in milliseconds since 1970; `None` for a drop that repeats.
    pub fn closes_at_ms(&self) -> Option<i64> {
        match self.opening {
            Opening::At(opens_at_ms) => Some(opens_at_ms + self.open_for_ms),
            Opening::Every { .. } => None,
        }
    }

    /// The id of one round of a drop that repeats, from round 1.
    pub fn round_id(&self, round: u32) -> Id {
        Id::new(&format!("{}-{round}", self.id)).expect("ids that repeat leave room for a round")
    }

    /// When a round opens, from round 1, in milliseconds since 1970, for a server that started
    /// at `start_ms`. A drop with a date has one opening, whatever the round.
    pub fn round_opens_at_ms(&self, start_ms: i64, round: u32) -> i64 {
        match self.opening {
            Opening::At(opens_at_ms) => opens_at_ms,
            Opening::Every { first_ms, every_ms } => {
                start_ms + first_ms + every_ms * i64::from(round.saturating_sub(1))
            }
        }
    }

    /// How long a claim is held for a fan who has not paid, in milliseconds.
    pub fn hold_ms(&self) -> i64 {
        self.hold_ms
    }

    /// How many units one fan may have over all items.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Who the drop is for, as text for people.
    pub fn audience(&self) -> Option<&Names> {
        self.audience.as_ref()
    }

    /// What is shown on top of its page, where that is not the first item's picture.
    pub fn picture(&self) -> Option<&PicturePath> {
        self.picture.as_ref()
    }

    /// The items, in the file's order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The lines of stock of all items: by item in the file's order, then by variant in the
    /// good's order.
    pub fn lines(&self) -> Vec<Line> {
        self.items.iter().flat_map(|item| item.lines.iter().cloned()).collect()
    }

    /// The units of all lines.
    pub fn stock(&self) -> u32 {
        self.items.iter().map(Item::stock).sum()
    }

    /// The seconds it really took to sell out everything, where that is known of every item.
    pub fn sold_out_s(&self) -> Option<u32> {
        let known = self.items.iter().map(Item::sold_out_s).collect::<Option<Vec<_>>>();
        known?.into_iter().max()
    }

    /// The rehearsal's crowd for this drop.
    pub fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    /// How many fans the rehearsal sends: what the file says, else three times the stock.
    pub fn fans(&self) -> u32 {
        match self.crowd.fans() {
            0 => self.stock().saturating_mul(3).min(FANS_MAX as u32),
            fans => fans,
        }
    }
}

/// One good in a drop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub(in super::super) good: Id,
    pub(in super::super) price: Money,
    pub(in super::super) sold_out_s: Option<u32>,
    pub(in super::super) lines: Vec<Line>,
}

impl Item {
    /// The good's id, which is the item's too.
    pub fn good(&self) -> &Id {
        &self.good
    }

    /// The price of one unit.
    pub fn price(&self) -> Money {
        self.price
    }

    /// The seconds it really took to sell out, where that is known.
    pub fn sold_out_s(&self) -> Option<u32> {
        self.sold_out_s
    }

    /// Its lines of stock: one, or one a variant.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The units of all its lines.
    pub fn stock(&self) -> u32 {
        self.lines.iter().map(|line| line.stock).sum()
    }
}

/// One line of stock: an item, or an item in one variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The item, by its good's id.
    pub item: Id,
    /// The variant, for a good that has some.
    pub variant: Option<Id>,
    /// Units to give out, the reserve among them.
    pub stock: u32,
    /// Price of one unit in the currency's minor unit.
    pub price_minor: i64,
    /// Units of the stock kept back for late money.
    pub reserve: u32,
}
