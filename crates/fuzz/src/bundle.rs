//! Receipts and proofs: what is accepted under our key is what was given under it.
//!
//! What was given stands in the corpus (`given-….json`, written by the product itself).

use fanfare::kit::hex;
use fanfare::verify::{self, Bundle};
use serde_json::Value;
use std::sync::LazyLock;

/// Words of the form.
pub(crate) const WORDS: &[&str] = &[
    "\"version\":1",
    "\"kind\":\"receipt\"",
    "\"kind\":\"proof\"",
    "\"path\":",
    "\"siblings\":[]",
    "\"index\":",
    "\"count\":",
    "null",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "AAAA",
    "0",
    "1",
    "4294967296",
    "\\u0061",
    "-",
];

const GIVEN: [&str; 5] = [
    include_str!("../../../fuzz/corpus/bundle/given-receipt.json"),
    include_str!("../../../fuzz/corpus/bundle/given-receipt-shared.json"),
    include_str!("../../../fuzz/corpus/bundle/given-answer.json"),
    include_str!("../../../fuzz/corpus/bundle/given-proof.json"),
    include_str!("../../../fuzz/corpus/bundle/given-proof-closed.json"),
];

/// What was given, and the public key it was given under.
struct Given {
    all: Vec<Value>,
    key: [u8; 32],
}

static KNOWN: LazyLock<Given> = LazyLock::new(|| {
    let all: Vec<Value> = GIVEN.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let key = all.iter().find_map(|given| hex::from_hex(given["public_key"].as_str()?));
    Given { all, key: key.expect("a key in what was given") }
});

/// What is accepted was given: every member that a promise rests on.
///
/// # Panics
/// If something else is accepted.
pub fn fuzz_bundle(bytes: &[u8]) {
    let known = &*KNOWN;
    let told = verify::bundle(bytes, Some(&known.key), None).expect("no folder is read");
    assert!(told.key_known || !told.broken.is_empty(), "believed under no key");
    if !told.holds() {
        let said: usize = told.broken.iter().map(|broken| broken.what.len()).sum();
        assert!(said > 0 && said <= 1_024 + 4 * bytes.len(), "a refusal of {said} bytes");
        return;
    }
    let value: Value = serde_json::from_slice(bytes).expect("what holds is JSON");
    let given = known.all.iter().any(|given| same(&told, &value, given));
    assert!(given, "accepted, but never given: {}", String::from_utf8_lossy(bytes));
}

fn same(told: &Bundle, value: &Value, given: &Value) -> bool {
    match told.kind {
        "receipt" => value == given,
        "short receipt" => {
            let (short, given, head) = (short(value), short(given), head(given));
            let proven = told.says.iter().any(|says| says.ends_with("and proven"));
            let row = ["row", "key", "signature", "path"].iter();
            row.into_iter().all(|name| short.get(name) == head.get(name))
                && (!proven || short.get("fact") == given.get("fact"))
        }
        "proof" => {
            let head = ["head", "public_key", "festival", "lane"].iter();
            let closed = value.get("books").is_some_and(|books| !books.is_null());
            head.into_iter().all(|name| value.get(name) == given.get(name))
                && (!closed || same_books(value, given))
        }
        other => panic!("a kind nobody gives: {other}"),
    }
}

fn same_books(value: &Value, given: &Value) -> bool {
    let figures = |line: &Value| {
        ["issued", "free", "set_aside", "held", "settled"].map(|name| line.get(name).cloned())
    };
    let totals = |proof: &Value| {
        proof["totals"].as_array().map(|lines| lines.iter().map(figures).collect::<Vec<_>>())
    };
    value["books"] == given["books"]
        && value["claims"] == given["claims"]
        && totals(value) == totals(given)
}

/// The row that was signed: of a short receipt, or of a full one, where it stands apart from the
/// fact. Whoever writes one as the other says nothing that was not signed.
fn head(given: &Value) -> &Value {
    given.get("head").unwrap_or_else(|| short(given))
}

/// The short receipt a claim was answered with, alone or within the answer.
fn short(value: &Value) -> &Value {
    value.get("receipt").unwrap_or(value)
}
