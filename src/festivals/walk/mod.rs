//! The walker: reads tables by their declaration and collects every fault with its place.
//!
//! A getter gives `None` only after it noted a fault, so a reader asks for all its keys first
//! and gives up afterwards: that is how one run finds every fault.

mod getters;
mod near;
mod values;

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::faults::{Found, Sort, quoted};
use super::keys::{Key, Need, Section, Shape};
use super::model::Id;
use crate::kit::words::{Part, Saying, say};

pub(super) use near::nearest;
pub(super) use values::{Wrong, is, ranged};

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
        self.map.get_key_value(key).map_or(self.at, |(name, _)| name.span().start)
    }

    /// Whether an unknown key was probably meant to be this one.
    pub(super) fn is_misspelt(&self, key: &str) -> bool {
        self.misspelt.contains(&key)
    }

    /// What the key asks for, in words that follow "write".
    pub(super) fn asks(&self, key: &str) -> Saying {
        let declared = self.declared(key);
        let asks = declared.shape.asks();
        match declared.shape {
            Shape::Units(_) => asks,
            _ if declared.example.is_empty() => asks,
            _ => say("asks-example").put("asks", asks).put("example", self.example(key)),
        }
    }

    fn example(&self, key: &str) -> String {
        format!("{} = {}", self.called(key), self.declared(key).example)
    }

    /// The table as messages call it.
    fn headed(&self) -> Part {
        if self.head.is_empty() { say("the-file").into() } else { self.head.into() }
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

    /// How many entries the list under a key has; 0 if there is none.
    pub(super) fn length(&self, key: &str) -> usize {
        match self.value(key) {
            Some((_, DeValue::Array(list))) => list.len(),
            _ => 0,
        }
    }

    fn declared(&self, key: &str) -> &'static Key {
        self.section.key(key).expect("a reader asks for declared keys only")
    }
}

fn place_of(value: &Spanned<DeValue<'_>>) -> usize {
    value.span().start
}

impl Walk {
    pub(super) fn new(text: &str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { line_starts: std::iter::once(0).chain(starts).collect(), found: Vec::new() }
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        self.found
    }

    /// The line, from 1, for messages that point to another place.
    pub(super) fn line_of(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    pub(super) fn fault(&mut self, at: usize, what: Saying) {
        self.note(at, Sort::Here, what);
    }

    pub(super) fn note(&mut self, at: usize, sort: Sort, what: Saying) {
        self.found.push(Found { at, sort, what });
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
        Table { section, head, prefix, at: 0, map, misspelt: Vec::new() }
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
            let what = say("file-none-of").put("head", table.headed());
            let what = what.put("keys", Part::any(choice.iter().copied()));
            let what = what.put("example", table.example(choice[0]));
            self.note(table.at, Sort::Missing, what);
        }
        table
    }

    fn unknown(&mut self, table: &mut Table<'_, '_>, at: usize, name: &str) {
        let known = table.section.keys.iter().map(|key| key.name);
        let advice = if let Some(meant) = nearest(name, known.clone()) {
            table.misspelt.push(meant);
            say("write-meant").put("key", table.called(meant))
        } else {
            say("write-known").put("keys", Part::all(known))
        };
        let what = say("file-unknown").put("head", table.headed()).put("name", quoted(name));
        self.fault(at, what.put("advice", advice));
    }

    /// Notes a fault of a value, with what its key asks for.
    pub(super) fn wrong(&mut self, table: &Table<'_, '_>, key: &str, at: usize, wrong: Wrong) {
        self.fault(at, wrong.whole(table.called(key), || table.asks(key)));
    }

    fn missing(&mut self, table: &Table<'_, '_>, key: &Key) {
        if table.is_misspelt(key.name) {
            return;
        }
        let what = match key.need {
            Need::Required("") | Need::Optional(_) | Need::Default(_) => say("file-missing"),
            Need::Required(why) => say("file-missing-why").put("why", say(why)),
        };
        let what = what.put("head", table.headed()).put("key", table.called(key.name));
        self.note(table.at, Sort::Missing, what.put("asks", table.asks(key.name)));
    }

    /// Notes an id that stands twice, and remembers where each stood first.
    pub(super) fn once(
        &mut self,
        seen: &mut BTreeMap<Id, usize>,
        id: &Id,
        at: usize,
        whose: Saying,
    ) {
        if let Some(first) = seen.get(id) {
            let line = self.line_of(*first).to_string();
            let what = say("file-id-twice").put("id", id.to_string());
            self.fault(at, what.put("whose", whose).put("line", line));
        } else {
            seen.insert(id.clone(), at);
        }
    }
}
