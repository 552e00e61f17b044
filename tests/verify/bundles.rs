//! Proofs and receipts without a server: as given they hold, altered they are refused.

use super::{fanfare, out};
use crate::common::world::{LAMPS, LATE, OPENS_MS, Temp, World, whole_day};
use fanfare::drops::proof;
use fanfare::drops::receipts::{self, receipt_json};
use fanfare::kit::hex;
use fanfare::kit::journal::JournalReader;
use fanfare::kit::keys::Keys;
use fanfare::verify::{self, Bundle};
use fanfare_engine::{Fact, Place};
use fanfare_lane::{FestivalKey, LaneId, PublicKey, Sealed};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn key(data: &Path) -> PublicKey {
    Keys::open(data).unwrap().public()
}

fn rows(data: &Path, lane: LaneId) -> Vec<Sealed> {
    let reader = JournalReader::open(&data.join("journal.sqlite").into()).unwrap();
    reader.rows(lane, 1, 10_000).unwrap()
}

fn check(value: &Value, key: &PublicKey) -> Bundle {
    verify::bundle(value.to_string().as_bytes(), Some(&key.fingerprint()), None).unwrap()
}

/// A row of several facts, and the place of a claim in it that is neither first nor last.
fn claim_among_others(data: &Path) -> (Sealed, usize) {
    let several = rows(data, LAMPS).into_iter().find_map(|sealed| {
        let facts = sealed.row.read_facts().unwrap();
        let at = facts.iter().skip(1).position(|fact| matches!(fact, Fact::Claimed { .. }))? + 1;
        (facts.len() > at + 1).then_some((sealed, at))
    });
    several.expect("a rush of several claims in one row")
}

/// The proof of a lane's drop, as the server gives it.
fn proof_of(data: &Path, lane: LaneId) -> Value {
    let world = World::start(data, OPENS_MS + 200_000);
    let app = world.app();
    let drop = world.node.directory().of_lane(lane).unwrap().clone();
    let proof = proof::of_drop(&app, &drop).unwrap();
    world.stop();
    proof
}

/// Every leaf of a JSON document, altered byte by byte where it stands for bytes.
fn alterations(value: &Value, at: &str) -> Vec<(String, Value)> {
    let deeper = |name: &str, inner: &Value, put: &dyn Fn(Value) -> Value| {
        let inner = alterations(inner, &format!("{at}/{name}"));
        inner.into_iter().map(|(at, value)| (at, put(value))).collect::<Vec<_>>()
    };
    match value {
        Value::Object(members) => {
            let each = members.iter().flat_map(|(name, inner)| {
                deeper(name, inner, &|new| {
                    let mut members = members.clone();
                    members.insert(name.clone(), new);
                    Value::Object(members)
                })
            });
            each.collect()
        }
        Value::Array(list) => {
            let each = list.iter().enumerate().flat_map(|(nth, inner)| {
                deeper(&nth.to_string(), inner, &|new| {
                    let mut list = list.clone();
                    list[nth] = new;
                    Value::Array(list)
                })
            });
            let shorter = (!list.is_empty()).then(|| Value::Array(list[1..].to_vec()));
            each.chain(shorter.map(|value| (at.to_owned(), value))).collect()
        }
        Value::String(text) => altered_text(text, at),
        Value::Number(number) => {
            let number = number.as_i64().unwrap();
            [1, 2, 256].map(|bit| (at.to_owned(), Value::from(number ^ bit))).to_vec()
        }
        _ => Vec::new(),
    }
}

/// How bytes become text again.
type Write = fn(&[u8]) -> String;

fn altered_text(text: &str, at: &str) -> Vec<(String, Value)> {
    let name = at.rsplit('/').next().unwrap();
    let (bytes, write): (Vec<u8>, Write) = match name {
        "key" | "public_key" | "hash" => {
            let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            (pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect(), hex::hex)
        }
        "kind" | "festival" | "drop" | "item" | "variant" => {
            (text.as_bytes().to_vec(), |bytes| String::from_utf8_lossy(bytes).into_owned())
        }
        _ => (hex::from_base64(text).unwrap(), hex::base64),
    };
    let flip = |nth: usize| {
        let mut bytes = bytes.clone();
        bytes[nth] ^= 1 << (nth % 7);
        (at.to_owned(), Value::from(write(&bytes)))
    };
    (0..bytes.len()).map(flip).collect()
}

/// A path's index and count say only the shape of the tree. Where another shape leads the same
/// way, the receipt alone cannot tell; the journal can.
fn shape_only(at: &str) -> bool {
    at.ends_with("/index") || at.ends_with("/count")
}

#[test]
fn a_receipt_holds_and_every_altered_byte_is_refused() {
    let temp = Temp::new("receipt");
    let data = temp.data();
    whole_day(&data);
    let key = key(&data);
    let (sealed, at) = claim_among_others(&data);
    let opening = rows(&data, LATE).swap_remove(0);
    assert!(opening.seal.count > 1, "a commit of both lanes");
    for (sealed, at) in [(sealed, at), (opening, 1)] {
        let receipt = receipt_json("small-day", &key, &sealed, at).unwrap();
        let given = check(&receipt, &key);
        assert!(given.holds() && given.kind == "receipt", "{given:#?}");
        let altered = alterations(&receipt, "");
        assert!(altered.len() > 300, "{}", altered.len());
        for (at, altered) in altered {
            let found = check(&altered, &key);
            if shape_only(&at) && found.holds() {
                let bytes = altered.to_string().into_bytes();
                let found = verify::bundle(&bytes, None, Some(&data)).unwrap();
                assert!(!found.holds(), "{at}: {altered}");
                continue;
            }
            assert!(!found.holds(), "{at}: {altered}");
            assert!(!found.broken.is_empty() && !found.broken[0].what.is_empty(), "{at}");
        }
    }
}

#[test]
fn a_receipt_of_another_key_or_festival_is_refused() {
    let temp = Temp::new("other-receipt");
    let data = temp.data();
    whole_day(&data);
    let (own, stranger) = (key(&data), FestivalKey::from_secret(&[3; 32]).public());
    let (sealed, at) = claim_among_others(&data);
    let receipt = receipt_json("small-day", &own, &sealed, at).unwrap();
    let found = check(&receipt, &stranger);
    assert!(found.broken[0].what.contains("another key"), "{found:#?}");
    let found = check(&receipt_json("other-day", &own, &sealed, at).unwrap(), &own);
    assert!(found.broken[0].what.contains("another festival than `other-day`"), "{found:#?}");

    // The folder of another festival, made by the same brand with another key.
    let other = Temp::new("other-folder");
    fs::create_dir_all(other.data()).unwrap();
    for name in ["festival", "journal.sqlite"] {
        fs::copy(data.join(name), other.data().join(name)).unwrap();
    }
    let mark = fs::read_to_string(data.join("festival")).unwrap();
    fs::write(other.data().join("festival"), mark.replace("small-day", "other-day")).unwrap();
    let bytes = receipt.to_string().into_bytes();
    let found = verify::bundle(&bytes, None, Some(&other.data())).unwrap();
    assert!(found.broken[0].what.contains("is of another"), "{found:#?}");
}

#[test]
fn without_a_key_it_is_only_consistent_with_itself() {
    let temp = Temp::new("unknown-key");
    let data = temp.data();
    whole_day(&data);
    let (sealed, at) = claim_among_others(&data);
    let receipt = receipt_json("small-day", &key(&data), &sealed, at).unwrap();
    let (file, json) = (temp.path().join("receipt.json"), temp.path().join("found.json"));
    fs::write(&file, receipt.to_string()).unwrap();
    let (file, json) = (file.to_str().unwrap(), json.to_str().unwrap());
    let output = fanfare(&["verify", "--bundle", file, "--json", json]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("consistent with itself, key unknown"), "{}", out(&output));
    let found: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!((&found["version"], &found["holds"]), (&json!(1), &json!(false)));
    assert_eq!((&found["key_known"], &found["broken"]), (&json!(false), &json!([])));

    let fingerprint = hex::hex(&key(&data).fingerprint());
    let output = fanfare(&["verify", "--bundle", file, "--key", &fingerprint]);
    assert!(output.status.success() && out(&output).contains("fan "), "{}", out(&output));
    let output = fanfare(&["verify", "--bundle", file, "--data", data.to_str().unwrap()]);
    assert!(output.status.success(), "the folder lists the key: {}", out(&output));
    assert!(out(&output).contains("stands in the journal"), "{}", out(&output));
}

#[test]
fn a_short_receipt_proves_its_row_and_says_so() {
    let temp = Temp::new("short");
    let data = temp.data();
    whole_day(&data);
    let key = key(&data);
    let (sealed, at) = claim_among_others(&data);
    let reader = JournalReader::open(&data.join("journal.sqlite").into()).unwrap();
    let place = |seq, index| Place { seq, index };
    let short = receipts::short(&reader, LAMPS, place(sealed.row.header.seq, at as u16)).unwrap();
    let short: Value = serde_json::from_str(&short).unwrap();
    // Signatures are checked with the public key; its fingerprint is not enough.
    let with =
        |value: &Value| verify::bundle(value.to_string().as_bytes(), Some(&key.0), None).unwrap();
    let found = with(&short);
    assert!(found.holds() && found.kind == "short receipt", "{found:#?}");
    assert!(found.says.iter().any(|line| line.contains("only the full receipt")), "{found:#?}");
    let answer = json!({ "claim": "1-2-3", "state": "held", "receipt": short.clone() });
    assert_eq!(with(&answer), found);
    let found = check(&short, &key);
    assert!(found.broken[0].what.contains("carries no public key"), "{found:#?}");
    let bytes = short.to_string().into_bytes();
    assert!(verify::bundle(&bytes, None, Some(&data)).unwrap().holds());
    for (at, altered) in alterations(&short, "") {
        let bytes = altered.to_string().into_bytes();
        let found = verify::bundle(&bytes, Some(&key.0), Some(&data)).unwrap();
        assert!(!found.holds(), "{at}: {altered}");
        assert!(at.starts_with("/fact") || shape_only(&at) || !with(&altered).holds(), "{at}");
    }

    let alone = rows(&data, LAMPS).into_iter().find(|sealed| sealed.row.spans().count() == 1);
    let seq = alone.unwrap().row.header.seq;
    let alone = receipts::short(&reader, LAMPS, place(seq, 0)).unwrap();
    let found = with(&serde_json::from_str(&alone).unwrap());
    assert!(found.says.iter().any(|line| line.contains("and proven")), "{found:#?}");
}

/// Names stand in rows and files, not in facts: no signature covers them.
fn only_named(at: &str) -> bool {
    ["/drop", "/item", "/variant"].iter().any(|name| at.ends_with(name))
}

#[test]
fn the_proof_of_a_closed_drop_holds_and_altered_ones_are_refused() {
    let temp = Temp::new("proof");
    let data = temp.data();
    whole_day(&data);
    let key = key(&data);
    let proof = proof_of(&data, LATE);
    assert!(proof["books"].is_object(), "{proof:#}");
    let found = check(&proof, &key);
    assert!(found.holds() && found.kind == "proof", "{found:#?}");
    assert!(found.says.iter().any(|line| line.contains("books are closed")), "{found:#?}");
    for (at, altered) in alterations(&proof, "") {
        let found = check(&altered, &key);
        let excused = only_named(&at) || shape_only(&at);
        assert!(excused || !found.holds(), "{at}: {altered}");
    }
    let mut opened = proof.clone();
    opened["books"] = Value::Null;
    assert!(check(&opened, &key).holds(), "the head alone is still signed");
    let file = temp.path().join("proof.json");
    fs::write(&file, proof.to_string()).unwrap();
    let fingerprint = hex::hex(&key.fingerprint());
    let output = fanfare(&["verify", "--bundle", file.to_str().unwrap(), "--key", &fingerprint]);
    assert!(output.status.success(), "{}", out(&output));
}

#[test]
fn the_proof_of_an_open_drop_proves_its_head() {
    let temp = Temp::new("open-proof");
    let data = temp.data();
    whole_day(&data);
    let key = key(&data);
    let proof = proof_of(&data, LAMPS);
    assert!(proof["books"].is_null(), "{proof:#}");
    let found = check(&proof, &key);
    assert!(found.holds(), "{found:#?}");
    for (at, altered) in alterations(&proof["head"], "/head") {
        let mut proof = proof.clone();
        proof["head"] = altered;
        assert!(shape_only(&at) || !check(&proof, &key).holds(), "{at}");
    }
    let mut more = proof.clone();
    more["totals"][0]["free"] = json!(proof["totals"][0]["free"].as_u64().unwrap() + 1);
    assert_eq!(check(&more, &key).broken[0].promise, verify::Promise::Conservation);
}

#[test]
fn hostile_bundles_are_told_in_clear_words() {
    let temp = Temp::new("hostile");
    let data = temp.data();
    whole_day(&data);
    let key = key(&data);
    let (sealed, at) = claim_among_others(&data);
    let receipt = receipt_json("small-day", &key, &sealed, at).unwrap();
    let with = |name: &str, value: Value| {
        let mut receipt = receipt.clone();
        receipt[name] = value;
        receipt.to_string()
    };
    let many: Vec<String> = vec![hex::base64(&[0; 32]); 33];
    for (text, words) in [
        (String::new(), "it is not JSON"),
        ("[".repeat(100_000), "recursion limit"),
        (format!("\"{}\"", "x".repeat(1 << 20)), "larger than 1 MiB"),
        ("7".to_owned(), "the file is not an object"),
        ("{}".to_owned(), "`version`: it is missing"),
        ("{\"version\":2}".to_owned(), "this program knows 1"),
        ("{\"version\":1,\"kind\":\"ticket\"}".to_owned(), "neither a receipt nor a proof"),
        (with("won", json!(10)), "`won`: nothing says what this is"),
        (with("fact", json!(5)), "`fact`: a text is expected"),
        (with("fact", json!("a b")), "`fact`: base64url is expected"),
        (with("fact", json!("")), "altered"),
        (with("head", json!(null)), "head is not an object"),
        (with("public_key", json!("00")), "64 hex digits are expected"),
        (with("public_key", json!(hex::hex(&key.0).to_uppercase())), "64 hex digits are expected"),
        // Readers take the last; people may read the first.
        (
            receipt.to_string().replacen('{', "{\"festival\":\"You won \\\" {:} :\",", 1),
            "a member stands in it twice",
        ),
        (
            with("place", json!({ "index": -1, "count": 1, "siblings": [] })),
            "`place.index`: a whole number",
        ),
        (
            with("place", json!({ "index": 0, "count": 65_535, "siblings": many })),
            "more than any path has",
        ),
        (
            with("place", json!({ "index": 0, "count": 1, "siblings": [1] })),
            "`place.siblings`: hashes in base64url",
        ),
    ] {
        let found = verify::bundle(text.as_bytes(), Some(&key.fingerprint()), None).unwrap();
        let said = found.broken.first().map(ToString::to_string).unwrap_or_default();
        assert!(said.contains(words), "{words}: {said}");
    }
}
