//! The checked festival: a tree that only the reader can make, so whoever holds one need not
//! check it again. All access is read-only.

mod basics;
mod brand;
mod crowd;
mod drop;
mod good;

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

pub use basics::{Id, Names};
pub use brand::{Brand, Colour, PicturePath, Url};
pub use crowd::{Crowd, Ratio};
pub use drop::{DropPlan, Item, Kind, Line, Opening};
pub use good::{Good, Maker, Variant};

use super::money::Currency;

/// A festival as its file proposes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Festival {
    pub(super) id: Id,
    pub(super) names: Names,
    pub(super) zone: TimeZone,
    pub(super) currency: Currency,
    pub(super) brand: Brand,
    pub(super) url: Option<Url>,
    pub(super) demo: bool,
    pub(super) folder: Option<PathBuf>,
    pub(super) goods: Vec<Good>,
    pub(super) drops: Vec<DropPlan>,
    pub(super) crowd: Crowd,
}

impl Festival {
    /// Names the festival in addresses and in the journal.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// What people call it.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The zone its times are read and shown in.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The zone's IANA name.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().expect("zones are read by their names")
    }

    /// The currency of every price.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// How it looks.
    pub fn brand(&self) -> &Brand {
        &self.brand
    }

    /// Where people reach it, where that is known.
    pub fn url(&self) -> Option<&Url> {
        self.url.as_ref()
    }

    /// The folder its file lies in, where it was read from one; pictures lie beside it.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Whether it is a demonstration, with drops that repeat and pretended payment.
    pub fn is_demo(&self) -> bool {
        self.demo
    }

    /// The goods, in the file's order.
    pub fn goods(&self) -> &[Good] {
        &self.goods
    }

    /// The good of that id.
    pub fn good(&self, id: &Id) -> Option<&Good> {
        self.goods.iter().find(|good| good.id() == id)
    }

    /// The drops, in the file's order.
    pub fn drops(&self) -> &[DropPlan] {
        &self.drops
    }

    /// The drop of that id.
    pub fn drop(&self, id: &Id) -> Option<&DropPlan> {
        self.drops.iter().find(|drop| drop.id() == id)
    }

    /// The rehearsal's crowd, where a drop does not say otherwise.
    pub fn crowd(&self) -> &Crowd {
        &self.crowd
    }
}

// A time zone prints all its transitions; its name says as much.
impl fmt::Debug for Festival {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Festival")
            .field("id", &self.id)
            .field("names", &self.names)
            .field("zone", &self.zone.iana_name())
            .field("currency", &self.currency)
            .field("brand", &self.brand)
            .field("url", &self.url)
            .field("demo", &self.demo)
            .field("folder", &self.folder)
            .field("goods", &self.goods)
            .field("drops", &self.drops)
            .field("crowd", &self.crowd)
            .finish()
    }
}
