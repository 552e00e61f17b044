//! Reads `[[goods]]`.

use std::collections::BTreeMap;

use super::super::model::{Good, Id, Maker, Variant};
use super::super::walk::{Table, Walk};
use crate::kit::words::say;

/// The goods of the file, the faulty ones too: a drop may name them all the same.
pub(super) struct Goods {
    list: Vec<Option<Good>>,
    by_id: BTreeMap<Id, usize>,
    /// Whether every good has an id: else an unknown id may be the one that was to be written.
    whole: bool,
}

impl Goods {
    /// The good of that id.
    pub(super) fn get(&self, id: &Id) -> Named<'_> {
        match self.by_id.get(id) {
            Some(index) => self.list[*index].as_ref().map_or(Named::Faulty, Named::Whole),
            None if self.whole => Named::Unknown,
            None => Named::Faulty,
        }
    }

    /// All ids, for suggestions.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(Id::as_str)
    }

    /// The goods, if none is faulty.
    pub(super) fn into_whole(self) -> Option<Vec<Good>> {
        if self.whole { self.list.into_iter().collect() } else { None }
    }
}

/// What an id names.
pub(super) enum Named<'g> {
    Whole(&'g Good),
    /// A good with faults of its own, which are noted.
    Faulty,
    Unknown,
}

/// All goods.
pub(super) fn read(walk: &mut Walk, root: &Table<'_, '_>) -> Goods {
    let tables = walk.tables(root, "goods");
    let whole = tables.as_ref().is_some_and(|tables| tables.len() == root.length("goods"));
    let mut goods = Goods { list: Vec::new(), by_id: BTreeMap::new(), whole };
    let mut seen = BTreeMap::new();
    for table in tables.unwrap_or_default() {
        let id = walk.id(&table, "id");
        if let Some(id) = &id {
            walk.once(&mut seen, id, table.at("id"), say("the-good"));
            goods.by_id.entry(id.clone()).or_insert(goods.list.len());
        } else {
            goods.whole = false;
        }
        let good = good(walk, &table, id);
        goods.list.push(good);
    }
    goods
}

fn good(walk: &mut Walk, table: &Table<'_, '_>, id: Option<Id>) -> Option<Good> {
    let names = walk.names(table, "name");
    let maker = maker(walk, table);
    let certificate = walk.text(table, "certificate");
    let picture = walk.maybe(table, "picture", Walk::picture);
    let variants = variants(walk, table);
    Some(Good {
        id: id?,
        names: names?,
        maker: maker?,
        certificate: certificate?,
        picture: picture.ok()?,
        variants: variants?,
    })
}

fn maker(walk: &mut Walk, table: &Table<'_, '_>) -> Option<Maker> {
    let table = walk.table(table, "maker")?;
    let (names, address) = (walk.names(&table, "name"), walk.names(&table, "address"));
    Some(Maker { names: names?, address: address? })
}

fn variants(walk: &mut Walk, table: &Table<'_, '_>) -> Option<Vec<Variant>> {
    let mut seen = BTreeMap::new();
    let mut whole = Some(Vec::new());
    for one in walk.tables(table, "variants")? {
        let id = walk.id(&one, "id");
        let names = walk.names(&one, "name");
        if let Some(id) = &id {
            walk.once(&mut seen, id, one.at("id"), say("the-variant"));
        }
        let variant = id.zip(names).map(|(id, names)| Variant { id, names });
        whole = whole.zip(variant).map(|(mut list, variant)| {
            list.push(variant);
            list
        });
    }
    // Of too many only some were read; the good is not known then.
    whole.filter(|list| list.len() == table.length("variants"))
}
