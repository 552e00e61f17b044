//! A published proof or a receipt, checked without a server. Every byte may be hostile: the size
//! is bounded before anything is read, unknown members are refused, and whatever is wrong is said
//! with the place where it stands.

mod against;
mod fields;
mod proof;
mod receipt;

use super::report::{Broken, Fault, Promise, VerifyError, fault};
use crate::kit::hex;
use fanfare_lane::{LaneId, PublicKey};
use fields::Fields;
use serde_json::Value;
use std::path::Path;

/// Most bytes a bundle may have.
const BYTES_MAX: usize = 1 << 20;

/// What a bundle said and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// `receipt`, `short receipt` or `proof`.
    pub kind: &'static str,
    /// What it proves, in words, a line each.
    pub says: Vec<String>,
    /// Whether it was signed with the key that was named, or one the data folder lists.
    pub key_known: bool,
    /// What is wrong with it.
    pub broken: Vec<Broken>,
}

impl Bundle {
    /// Whether it is as it was given, under a known key.
    pub fn holds(&self) -> bool {
        self.broken.is_empty() && self.key_known
    }
}

/// What a check needs from outside the bundle.
struct Known<'a> {
    /// The fingerprint that was named, or the public key itself.
    named: Option<&'a [u8; 32]>,
    /// The keys a data folder lists.
    listed: Vec<PublicKey>,
}

impl Known<'_> {
    /// Whether this key is known; an error if another one was named.
    fn knows(&self, key: &PublicKey) -> Result<bool, Fault> {
        let Some(named) = self.named else { return Ok(self.listed.contains(key)) };
        if key.fingerprint() == *named || key.0 == *named {
            return Ok(true);
        }
        let (is, named) = (hex::hex(&key.fingerprint()), hex::hex(named));
        Err(fault(Promise::Receipt, format!("made with another key: {is}, not {named}")))
    }

    /// The public key a short receipt names by eight bytes, if it is to be had.
    fn find(&self, id: &[u8]) -> Option<PublicKey> {
        let named = self.named.map(|bytes| PublicKey(*bytes));
        let mut keys = self.listed.iter().copied().chain(named);
        keys.find(|key| key.id()[..] == *id)
    }
}

/// A row a bundle speaks of, to be found in a journal.
struct Place {
    festival: fanfare_lane::FestivalId,
    lane: LaneId,
    seq: u32,
    hash: fanfare_lane::Hash,
    seal: fanfare_lane::Seal,
    /// A fact in that row.
    fact: Option<PlacedFact>,
}

/// A fact a bundle says stands in a row.
struct PlacedFact {
    bytes: Vec<u8>,
    /// Its index and how many facts the row has, where the bundle says so.
    index_of: Option<(u16, u16)>,
}

/// What was found before it is held against a journal.
struct Checked {
    kind: &'static str,
    says: Vec<String>,
    key_known: bool,
    places: Vec<Place>,
}

/// Checks a bundle: against the key with this fingerprint (or this very key), and with a data
/// folder also against its journal.
///
/// # Errors
/// If the data folder cannot be read; what is wrong with the bundle is in the answer.
pub fn bundle(
    bytes: &[u8],
    key: Option<&[u8; 32]>,
    data: Option<&Path>,
) -> Result<Bundle, VerifyError> {
    let journal = data.map(against::Journal::open).transpose()?;
    let listed = journal.as_ref().map(against::Journal::keys).transpose()?.unwrap_or_default();
    let known = Known { named: key, listed };
    let checked = match read(bytes).and_then(|value| check(&value, &known)) {
        Ok(checked) => checked,
        Err(Fault { promise, what }) => {
            let broken = Broken { promise, lane: None, drop: String::new(), row: None, what };
            return Ok(Bundle { broken: vec![broken], ..Bundle::default() });
        }
    };
    let Checked { kind, mut says, key_known, places } = checked;
    let mut broken = Vec::new();
    if let Some(journal) = &journal {
        for place in &places {
            broken.extend(journal.holds_against(place)?);
        }
        if broken.is_empty() {
            says.push("it stands in the journal as it says".to_owned());
        }
    }
    Ok(Bundle { kind, says, key_known, broken })
}

fn read(bytes: &[u8]) -> Result<Value, Fault> {
    if bytes.len() > BYTES_MAX {
        return Err(fault(Promise::Receipt, "larger than 1 MiB: no proof or receipt is"));
    }
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|why| fault(Promise::Receipt, format!("it is not JSON: {why}")))?;
    // Of two members with one name a reader takes one; people may read the other.
    if members(&value) != colons(bytes) {
        return Err(fault(Promise::Receipt, "a member stands in it twice"));
    }
    Ok(value)
}

/// Members of all objects in it.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(all) => all.len() + all.values().map(members).sum::<usize>(),
        Value::Array(all) => all.iter().map(members).sum(),
        _ => 0,
    }
}

/// Colons outside of texts: JSON has one for each member that is written.
fn colons(json: &[u8]) -> usize {
    let (mut colons, mut in_text, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            b':' if !in_text => colons += 1,
            _ => {}
        }
    }
    colons
}

fn check(value: &Value, known: &Known<'_>) -> Result<Checked, Fault> {
    let fields = Fields::of(value, "")?;
    if fields.has("claim") && fields.has("receipt") {
        // The answer a claim was made with, kept whole: its receipt is what counts.
        return receipt::short(&fields.object("receipt")?, known);
    }
    if !fields.has("kind") && fields.has("fact") {
        return receipt::short(&fields, known);
    }
    let version: u64 = fields.number("version")?;
    if version != 1 {
        let what = format!("`version`: written in version {version}, this program knows 1");
        return Err(fault(Promise::Receipt, what));
    }
    match fields.text("kind")? {
        "receipt" => receipt::full(&fields, known),
        "proof" => proof::check(&fields, known),
        other => {
            let what = format!("`kind`: `{other}` is neither a receipt nor a proof");
            Err(fault(Promise::Receipt, what))
        }
    }
}
