//! The walker: reads tables by their declaration and collects every fault with its place.
//!
//! A getter gives `None` only after it noted a fault, so a reader asks for all its keys first
//! and gives up afterwards: that is how one run finds every fault.

mod near;
mod values;

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::faults::{Found, Sort, quoted};
use super::keys::{Key, Need, Section, Shape};
use super::model::{Id, Names, Ratio};

pub(super) use near::nearest;
pub(super) use values::{Wrong, ranged};

/// The faults found so far, and where the text's lines begin.
pub(super) struct Walk {
    line_starts: Vec<usize>,
    found: Vec<Found>,
}

/// A fault was noted where a value should be.
pub(super) struct Noted;

/// A table of the file together with its declaration.
pub(super) struct Table<'a, 'i> {
    section: &'static Section,
    /// The header people see in messages: the nearest one written in brackets.
    head: &'static str,
    /// What stands before a key's name in messages, for example `maker.name.`.
    prefix: String,
    at: usize,
    map: &'a DeTable<'i>,
    /// Known keys that an unknown key was probably meant to be; they are not missing as well.
    misspelt: Vec<&'static str>,
}

impl<'a, 'i> Table<'a, 'i> {
    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// The byte offset of the key, or of the table where the key is absent.
    pub(super) fn at(&self, key: &str) -> usize {
        self.map
            .get_key_value(key)
            .map_or(self.at, |(name, _)| name.span().start)
    }

    /// Whether an unknown key was probably meant to be this one.
    pub(super) fn is_misspelt(&self, key: &str) -> bool {
        self.misspelt.contains(&key)
    }

    /// The key as messages call it.
    fn called(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// The value with its byte offset.
    pub(super) fn value(&self, key: &str) -> Option<(usize, &'a DeValue<'i>)> {
        let value = self.map.get(key)?;
        Some((place_of(value), value.get_ref()))
    }

    fn declared(&self, key: &str) -> &'static Key {
        self.section
            .key(key)
            .expect("a reader asks for declared keys only")
    }
}

fn place_of(value: &Spanned<DeValue<'_>>) -> usize {
    value.span().start
}

impl Walk {
    pub(super) fn new(text: &str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            line_starts: std::iter::once(0).chain(starts).collect(),
            found: Vec::new(),
        }
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        self.found
    }

    /// The line, from 1, for messages that point to another place.
    pub(super) fn line_of(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    pub(super) fn fault(&mut self, at: usize, message: String) {
        self.note(at, Sort::Here, message);
    }

    pub(super) fn note(&mut self, at: usize, sort: Sort, message: String) {
        self.found.push(Found { at, sort, message });
    }

    /// The whole file as a table.
    pub(super) fn root<'a, 'i>(
        &mut self,
        map: &'a DeTable<'i>,
        section: &'static Section,
    ) -> Table<'a, 'i> {
        self.enter(Table {
            section,
            head: section.head,
            prefix: String::new(),
            at: 0,
            map,
            misspelt: Vec::new(),
        })
    }

    /// An empty table, in which every key has its default.
    pub(super) fn defaults<'a>(map: &'a DeTable<'a>, section: &'static Section) -> Table<'a, 'a> {
        let (head, prefix) = (section.head, String::new());
        Table {
            section,
            head,
            prefix,
            at: 0,
            map,
            misspelt: Vec::new(),
        }
    }

    /// Notes the unknown keys and the keys of which exactly one must be there.
    fn enter<'a, 'i>(&mut self, mut table: Table<'a, 'i>) -> Table<'a, 'i> {
        for name in table.map.keys() {
            if table.section.key(name.get_ref()).is_none() {
                self.unknown(&mut table, name.span().start, name.get_ref());
            }
        }
        let choice = table.section.one_of;
        let there = choice.iter().filter(|key| table.has(key)).count();
        let misspelt = choice.iter().any(|key| table.is_misspelt(key));
        if !choice.is_empty() && there == 0 && !misspelt {
            let message = format!(
                "{}: {} is missing; write it",
                table.head,
                choice.join(" or ")
            );
            let examples = choice.iter().map(|key| example(&table, key));
            let examples = examples.collect::<Vec<_>>().join(" or ");
            self.note(
                table.at,
                Sort::Missing,
                format!("{message}, for example {examples}"),
            );
        }
        table
    }

    fn unknown(&mut self, table: &mut Table<'_, '_>, at: usize, name: &str) {
        let known = table.section.keys.iter().map(|key| key.name);
        let advice = if let Some(meant) = nearest(name, known.clone()) {
            table.misspelt.push(meant);
            format!("write {}, or take it out", table.called(meant))
        } else {
            let list: Vec<_> = known.collect();
            format!("take it out, or write one of {}", list.join(", "))
        };
        let (name, head) = (quoted(name), table.head);
        self.fault(
            at,
            format!("{head}: the key {name} is unknown here; {advice}"),
        );
    }

    /// The value under a key, converted; the declared default if the key is absent.
    pub(super) fn read<T>(
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

    /// Notes a fault of a value, with what its key asks for.
    pub(super) fn wrong(&mut self, table: &Table<'_, '_>, key: &str, at: usize, wrong: Wrong) {
        let asks = || match table.declared(key).shape {
            Shape::Units => Shape::Units.asks(),
            shape => format!("{}, for example {}", shape.asks(), example(table, key)),
        };
        self.fault(at, wrong.message(&table.called(key), asks));
    }

    fn missing(&mut self, table: &Table<'_, '_>, key: &Key) {
        if table.is_misspelt(key.name) {
            return;
        }
        let why = match key.need {
            Need::Required("") | Need::Optional(_) | Need::Default(_) => String::new(),
            Need::Required(why) => format!(" ({why})"),
        };
        let called = table.called(key.name);
        let asks = match key.shape {
            Shape::Table(_) | Shape::Tables { .. } if key.example.is_empty() => key.shape.asks(),
            _ => format!(
                "{}, for example {}",
                key.shape.asks(),
                example(table, key.name)
            ),
        };
        let message = format!("{}: {called} is missing{why}; write {asks}", table.head);
        self.note(table.at, Sort::Missing, message);
    }

    /// The value of a key that may be absent.
    pub(super) fn maybe<T>(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        read: impl FnOnce(&mut Self, &Table<'_, '_>, &str) -> Option<T>,
    ) -> Result<Option<T>, Noted> {
        if table.has(key) {
            read(self, table, key).map(Some).ok_or(Noted)
        } else {
            Ok(None)
        }
    }

    /// The table under a key; `None` without a fault if an optional one is absent.
    pub(super) fn table<'a, 'i>(
        &mut self,
        table: &Table<'a, 'i>,
        key: &str,
    ) -> Option<Table<'a, 'i>> {
        let declared = table.declared(key);
        let Shape::Table(section) = declared.shape else {
            unreachable!("{key} is a table")
        };
        match table.value(key) {
            Some((at, DeValue::Table(map))) => {
                let headed = section.head.starts_with('[');
                let head = if headed { section.head } else { table.head };
                let prefix = if headed {
                    String::new()
                } else {
                    table.called(key) + "."
                };
                let misspelt = Vec::new();
                Some(self.enter(Table {
                    section,
                    head,
                    prefix,
                    at,
                    map,
                    misspelt,
                }))
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
    pub(super) fn tables<'a, 'i>(
        &mut self,
        table: &Table<'a, 'i>,
        key: &str,
    ) -> Option<Vec<Table<'a, 'i>>> {
        let declared = table.declared(key);
        let Shape::Tables { of, max } = declared.shape else {
            unreachable!("{key} is a list")
        };
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
            let has = Wrong::new(format!("has {} tables", list.len()));
            let past = list.get(max).map_or(at, place_of);
            self.wrong(table, key, past, has);
        }
        let mut whole = Some(Vec::new());
        for one in list.iter().take(max) {
            let at = place_of(one);
            if let DeValue::Table(map) = one.get_ref() {
                let (prefix, misspelt) = (String::new(), Vec::new());
                let one = Table {
                    section: of,
                    head: of.head,
                    prefix,
                    at,
                    map,
                    misspelt,
                };
                let one = self.enter(one);
                whole.get_or_insert_default().push(one);
            } else {
                let what = Wrong::described(one.get_ref()).what;
                self.wrong(
                    table,
                    key,
                    at,
                    Wrong::new(format!("has an entry that {what}")),
                );
            }
        }
        whole.filter(|tables| !tables.is_empty())
    }

    /// Text of the declared length.
    pub(super) fn text(&mut self, table: &Table<'_, '_>, key: &str) -> Option<String> {
        self.read(table, key, values::text)
    }

    /// An id.
    pub(super) fn id(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Id> {
        self.read(table, key, values::id)
    }

    /// A whole number in the declared range.
    pub(super) fn whole(&mut self, table: &Table<'_, '_>, key: &str) -> Option<i64> {
        self.read(table, key, values::whole)
    }

    /// A number with decimals in the declared range.
    pub(super) fn ratio(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Ratio> {
        self.read(table, key, values::ratio)
    }

    /// True or false.
    pub(super) fn flag(&mut self, table: &Table<'_, '_>, key: &str) -> Option<bool> {
        self.read(table, key, values::flag)
    }

    /// A length of time in milliseconds.
    pub(super) fn span(&mut self, table: &Table<'_, '_>, key: &str) -> Option<i64> {
        self.read(table, key, values::span)
    }

    /// Lengths of time in milliseconds, none shorter than the one before it.
    pub(super) fn spans(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Vec<i64>> {
        self.read(table, key, values::spans)
    }

    /// Text in both languages.
    pub(super) fn names(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Names> {
        let both = self.table(table, key)?;
        let (zh, en) = (self.text(&both, "zh"), self.text(&both, "en"));
        Some(Names::new(zh?, en?))
    }

    /// Notes an id that stands twice, and remembers where each stood first.
    pub(super) fn once(&mut self, seen: &mut BTreeMap<Id, usize>, id: &Id, at: usize, what: &str) {
        if let Some(first) = seen.get(id) {
            let line = self.line_of(*first);
            self.fault(
                at,
                format!(
                    "the id \"{id}\" belongs to {what} in line {line} already; write another id"
                ),
            );
        } else {
            seen.insert(id.clone(), at);
        }
    }
}

fn example(table: &Table<'_, '_>, key: &str) -> String {
    format!("{} = {}", table.called(key), table.declared(key).example)
}
