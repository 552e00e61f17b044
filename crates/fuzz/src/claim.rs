//! The claim route's body, beside a second reader that goes by the rules alone.

use fanfare::drops::web::body::{BODY_BYTES_MAX, Units, parse_claim};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// Words of the form.
pub(crate) const WORDS: &[&str] = &[
    "\"item\"",
    "\"variant\"",
    "\"quantity\"",
    "\"pass\"",
    ":",
    ",",
    "{",
    "}",
    "null",
    "\\u0069",
    "1e400",
    "-0",
    "18446744073709551616",
    "true",
    "[",
    "]",
    "\\ud800",
    "\u{a0}",
];

/// What is accepted is what the rules accept, and a refusal says what to mend.
///
/// # Panics
/// If both readers differ, or a refusal is none.
pub fn fuzz_claim(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(BODY_BYTES_MAX)];
    let ours = parse_claim(bytes).map(|body| {
        let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
        (body.item.to_string(), text(&body.variant), body.quantity, text(&body.pass))
    });
    match ours {
        Ok(ours) => assert_eq!(Some(ours), by_the_rules(bytes), "accepted against the rules"),
        Err(problem) => {
            assert_eq!(by_the_rules(bytes), None, "refused against the rules: {problem:?}");
            assert!(matches!(problem.code, "not_json" | "invalid"), "{}", problem.code);
            let said = problem.body();
            assert!(serde_json::from_slice::<Value>(&said).is_ok(), "a refusal that is no JSON");
            assert!(
                said.len() <= 1_024 + 12 * bytes.len(),
                "a refusal longer than what it refuses"
            );
        }
    }
}

type Claim = (String, Option<String>, Units, Option<String>);

/// An object: known names, each once; texts where texts belong; anything but a list or an object
/// for the quantity, which is judged later.
fn by_the_rules(bytes: &[u8]) -> Option<Claim> {
    let mut read = serde_json::Deserializer::from_slice(bytes);
    let members = read.deserialize_any(Members).ok()?;
    read.end().ok()?;
    let (mut item, mut variant, mut quantity, mut pass) = (None, None, None, None);
    for (name, value) in members {
        let twice = match name.as_str() {
            "item" => item.replace(value).is_some(),
            "variant" => variant.replace(value).is_some(),
            "quantity" => quantity.replace(value).is_some(),
            "pass" => pass.replace(value).is_some(),
            _ => return None,
        };
        if twice {
            return None;
        }
    }
    let Value::String(item) = item? else { return None };
    Some((item, text(variant).ok()?, units(quantity)?, text(pass).ok()?))
}

/// A text, or none said; an error for anything else.
fn text(value: Option<Value>) -> Result<Option<String>, ()> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(()),
    }
}

fn units(value: Option<Value>) -> Option<Units> {
    match value {
        None | Some(Value::Null) => Some(Units::Absent),
        Some(Value::Number(number)) => Some(number.as_u64().map_or(Units::Other, Units::Whole)),
        Some(Value::Bool(_) | Value::String(_)) => Some(Units::Other),
        Some(_) => None,
    }
}

/// An object's members in order, those that stand there twice too.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
