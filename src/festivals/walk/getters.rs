//! The typed getters of the walker.

use toml::de::DeValue;

use super::super::keys::{Need, Shape};
use super::super::model::{Colour, Id, Names, PicturePath, Ratio};
use super::values::{self, Wrong};
use super::{Noted, Table, Walk, place_of};
use crate::kit::words::say;

impl Walk {
    /// The value under a key, converted; the declared default if the key is absent.
    pub(in super::super) fn read<T>(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        convert: impl Fn(&DeValue<'_>, Shape) -> Result<T, Wrong>,
    ) -> Option<T> {
        let declared = table.declared(key);
        let Some((at, value)) = table.value(key) else {
            if let Need::Default(text) = declared.need {
                let value = DeValue::parse(text).expect("defaults are written in TOML");
                let value = convert(value.get_ref(), declared.shape);
                return Some(value.ok().expect("defaults are in range"));
            }
            self.missing(table, declared);
            return None;
        };
        match convert(value, declared.shape) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.wrong(table, key, at, wrong);
                None
            }
        }
    }

    /// The value of a key that may be absent.
    pub(in super::super) fn maybe<T>(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        read: impl FnOnce(&mut Self, &Table<'_, '_>, &str) -> Option<T>,
    ) -> Result<Option<T>, Noted> {
        if table.has(key) { read(self, table, key).map(Some).ok_or(Noted) } else { Ok(None) }
    }

    /// The table under a key; `None` without a fault if an optional one is absent.
    pub(in super::super) fn table<'a, 'i>(
        &mut self,
        table: &Table<'a, 'i>,
        key: &str,
    ) -> Option<Table<'a, 'i>> {
        let declared = table.declared(key);
        let Shape::Table(section) = declared.shape else { unreachable!("{key} is a table") };
        match table.value(key) {
            Some((at, DeValue::Table(map))) => {
                let headed = section.head.starts_with('[');
                let head = if headed { section.head } else { table.head };
                let prefix = if headed { String::new() } else { table.called(key) + "." };
                let misspelt = Vec::new();
                Some(self.enter(Table { section, head, prefix, at, map, misspelt }))
            }
            Some((at, other)) => {
                self.wrong(table, key, at, Wrong::described(other));
                None
            }
            None => {
                if matches!(declared.need, Need::Required(_)) {
                    self.missing(table, declared);
                }
                None
            }
        }
    }

    /// The tables of a list, at most as many as declared; empty if an optional list is absent.
    pub(in super::super) fn tables<'a, 'i>(
        &mut self,
        table: &Table<'a, 'i>,
        key: &str,
    ) -> Option<Vec<Table<'a, 'i>>> {
        let declared = table.declared(key);
        let Shape::Tables { of, max } = declared.shape else { unreachable!("{key} is a list") };
        let Some((at, value)) = table.value(key) else {
            if matches!(declared.need, Need::Required(_)) {
                self.missing(table, declared);
                return None;
            }
            return Some(Vec::new());
        };
        let DeValue::Array(list) = value else {
            self.wrong(table, key, at, Wrong::described(value));
            return None;
        };
        if list.is_empty() || list.len() > max {
            let has = Wrong::new(say("is-of-tables").put("n", list.len().to_string()));
            let past = list.get(max).map_or(at, place_of);
            self.wrong(table, key, past, has);
        }
        let mut whole = Some(Vec::new());
        for one in list.iter().take(max) {
            let at = place_of(one);
            if let DeValue::Table(map) = one.get_ref() {
                let (prefix, misspelt) = (String::new(), Vec::new());
                let one = Table { section: of, head: of.head, prefix, at, map, misspelt };
                let one = self.enter(one);
                whole.get_or_insert_default().push(one);
            } else {
                let what = Wrong::described(one.get_ref()).what;
                self.wrong(table, key, at, Wrong::new(values::has_entry(what)));
            }
        }
        whole.filter(|tables| !tables.is_empty())
    }

    /// Text of the declared length.
    pub(in super::super) fn text(&mut self, table: &Table<'_, '_>, key: &str) -> Option<String> {
        self.read(table, key, values::text)
    }

    /// An id.
    pub(in super::super) fn id(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Id> {
        self.read(table, key, values::id)
    }

    /// A colour.
    pub(in super::super) fn colour(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Colour> {
        self.read(table, key, values::colour)
    }

    /// The path of a picture.
    pub(in super::super) fn picture(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
    ) -> Option<PicturePath> {
        self.read(table, key, values::picture)
    }

    /// A whole number in the declared range.
    pub(in super::super) fn whole(&mut self, table: &Table<'_, '_>, key: &str) -> Option<i64> {
        self.read(table, key, values::whole)
    }

    /// A number with decimals in the declared range.
    pub(in super::super) fn ratio(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Ratio> {
        self.read(table, key, values::ratio)
    }

    /// True or false.
    pub(in super::super) fn flag(&mut self, table: &Table<'_, '_>, key: &str) -> Option<bool> {
        self.read(table, key, values::flag)
    }

    /// A length of time in milliseconds.
    pub(in super::super) fn span(&mut self, table: &Table<'_, '_>, key: &str) -> Option<i64> {
        self.read(table, key, values::span)
    }

    /// Lengths of time in milliseconds, none shorter than the one before it.
    pub(in super::super) fn spans(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Vec<i64>> {
        self.read(table, key, values::spans)
    }

    /// Text in both languages.
    pub(in super::super) fn names(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Names> {
        let both = self.table(table, key)?;
        let (zh, en) = (self.text(&both, "zh"), self.text(&both, "en"));
        Some(Names::new(zh?, en?))
    }
}
