//! The corpus the fuzzers begin with, made from real things: a day's rows, receipts and proofs,
//! tokens, the example's file. `UPDATE=1 cargo test --test fuzz_corpus` writes it anew; inputs
//! that were once findings stand beside it and stay (`found-…`).

mod common;
#[path = "journals/every_fact.rs"]
mod every_fact;

use common::world::{LAMPS, LATE, OPENS_MS, Temp, World, whole_day};
use fanfare::drops::answers::claim_id;
use fanfare::drops::proof;
use fanfare::drops::receipts::{self, receipt_json};
use fanfare::drops::wake::festival_number;
use fanfare::festivals;
use fanfare::kit::heads;
use fanfare::kit::journal::{JournalReader, RawRow};
use fanfare::kit::keys::Keys;
use fanfare::kit::token::{Role, Session, Tokens, Use};
use fanfare::verify;
use fanfare_engine::{Fact, Fan, Place};
use fanfare_lane::{Draft, LaneId, Sealed, Written};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

fn keep(target: &str, name: &str, bytes: &[u8]) {
    let folder = corpus(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

/// A row as the target `journal` reads it.
fn row_bytes(choice: u8, raw: &RawRow) -> Vec<u8> {
    let seal = &raw.seal;
    let length = (seal.len() as u16).to_be_bytes();
    [&[choice], &raw.hash[..], &raw.header, &length, seal, &raw.facts].concat()
}

fn journal(reader: &JournalReader) {
    for (lane, seq, name) in [(LAMPS, 1, "opening"), (LAMPS, 3, "claims"), (LATE, 2, "shared")] {
        let raw = reader.raw_rows(lane, seq, 1).unwrap().remove(0);
        keep("journal", name, &row_bytes(0, &raw));
        keep("journal", &format!("{name}-fitting"), &row_bytes(1, &raw));
    }
}

/// Rows as the target `replay` reads them: time since the row before, length, facts.
fn replayed(rows: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let one = |(since_ms, facts): &(u32, Vec<u8>)| {
        [&since_ms.to_be_bytes()[..], &(facts.len() as u16).to_be_bytes(), facts].concat()
    };
    rows.iter().flat_map(one).collect()
}

fn replay(reader: &JournalReader) {
    for (lane, name) in [(LAMPS, "lamps"), (LATE, "late")] {
        let rows = reader.rows(lane, 1, 64).unwrap();
        let facts = |sealed: &Sealed| (1_000, sealed.row.facts.clone());
        keep("replay", name, &replayed(&rows.iter().map(facts).collect::<Vec<_>>()));
    }
    // Every kind of fact once, and the claims they need: the day of `tests/journals.rs`. Its first
    // lane is the one in which everything happens.
    let mut rows = Vec::new();
    for (lane, _, facts) in every_fact::commits().into_iter().flatten() {
        if lane == 1 {
            rows.push((40_000, written(&facts)));
        }
    }
    keep("replay", "every-fact", &replayed(&rows));
}

/// Facts as a row has them.
fn written(facts: &[Fact]) -> Vec<u8> {
    let festival = festival_number(every_fact::FESTIVAL);
    let written = Arc::new(Written::of(facts));
    Draft { festival, lane: 1, seq: 1, prev: [0; 32], time_ms: 0, written }.finish().facts
}

fn claims() {
    let all = [
        ("plain", r#"{"item":"phone"}"#),
        ("whole", r#"{"item":"lamp","variant":"pine","quantity":2,"pass":null}"#),
        ("escaped", r#"{ "item" : "ph\u00f6ne\n", "quantity" : -0 , "variant":"\ud83d\ude00" }"#),
        ("odd", r#"{"item":"a","quantity":1e99}"#),
        ("twice", r#"{"item":"a","item":"b"}"#),
        ("unknown", r#"{"item":"a","colour":{"deep":[[[]]]}}"#),
        ("list", r#"["a",null,2]"#),
    ];
    all.into_iter().for_each(|(name, text)| keep("claim", name, text.as_bytes()));
}

/// The key the target `token` checks with.
const TOKEN_KEY: [u8; 32] = [3; 32];

fn tokens() {
    let tokens = Tokens::new(TOKEN_KEY);
    let session = |fan, role| Session { fan: Fan::new(fan).unwrap(), role, until_s: 1_900_000_000 };
    let made = [
        ("session", tokens.make(&session(77, Role::Fan), Use::Session)),
        ("guest", tokens.make(&session(Fan::MAX, Role::Fan), Use::Guest)),
        ("numbered", tokens.make_numbered(&session(1, Role::Operator), u64::MAX)),
    ];
    for (name, token) in made {
        keep("token", name, format!("0{token}").as_bytes());
        let bytes = fanfare::kit::hex::from_base64(&token).unwrap();
        keep("token", &format!("{name}-signed"), &[b"1", &bytes[..]].concat());
    }
}

fn festivals() {
    keep("festival", "example", festivals::EXAMPLE.as_bytes());
    keep("festival", "demo", include_bytes!("../festivals/demo.toml"));
    let broken = festivals::EXAMPLE.replace("[[drops.items]]", "[[drops.items]").replace('"', "'");
    keep("festival", "broken", broken.as_bytes());
    keep("festival", "nested", "a=[{b=".repeat(64).as_bytes());
}

fn claim_of(data: &Path, lane: LaneId, most: usize) -> (Sealed, usize) {
    let rows = rows(data, lane);
    let found = rows.into_iter().find_map(|sealed| {
        let facts = sealed.row.read_facts().unwrap();
        let at = facts.iter().position(|fact| matches!(fact, Fact::Claimed { .. }))?;
        (facts.len() <= most && (most == 1 || facts.len() > 2)).then_some((sealed, at))
    });
    found.expect("a claim")
}

fn rows(data: &Path, lane: LaneId) -> Vec<Sealed> {
    let reader = JournalReader::open(&data.join("journal.sqlite").into()).unwrap();
    reader.rows(lane, 1, 10_000).unwrap()
}

fn bundles(data: &Path) {
    let key = Keys::open(data).unwrap().public();
    let keep_json = |name: &str, value: &Value| {
        keep("bundle", name, serde_json::to_string(value).unwrap().as_bytes());
    };
    let (alone, at) = claim_of(data, LAMPS, 1);
    let receipt = receipt_json("small-day", &key, &alone, at).unwrap();
    keep_json("given-receipt.json", &receipt);
    let (shared, nth) = claim_of(data, LAMPS, 100);
    let receipt = receipt_json("small-day", &key, &shared, nth).unwrap();
    keep_json("given-receipt-shared.json", &receipt);
    let place = Place { seq: alone.row.header.seq, index: at as u16 };
    let reader = JournalReader::open(&data.join("journal.sqlite").into()).unwrap();
    let short = receipts::short(&reader, LAMPS, place).unwrap();
    let short: Value = serde_json::from_str(&short).unwrap();
    let answer = json!({ "claim": claim_id(LAMPS, place), "state": "held", "receipt": short });
    keep_json("given-answer.json", &answer);
    let world = World::start(data, OPENS_MS + 200_000);
    let app = world.app();
    for (lane, name) in [(LAMPS, "given-proof.json"), (LATE, "given-proof-closed.json")] {
        let drop = world.node.directory().of_lane(lane).unwrap().clone();
        keep_json(name, &proof::of_drop(&app, &drop).unwrap());
    }
    world.stop();
}

fn witness(data: &Path) {
    let text = fs::read(data.join("heads")).unwrap();
    assert!(heads::from_bytes(&text).is_some_and(|heads| heads.len() == 2));
    keep("heads", "two-lanes", &text);
    keep("heads", "none", b"fanfare-heads 2 0\n");
}

#[test]
fn the_corpus_is_made_of_real_things() {
    if std::env::var_os("UPDATE").is_none() {
        return;
    }
    let temp = Temp::new("fuzz-corpus");
    let data = temp.data();
    whole_day(&data);
    let reader = JournalReader::open(&data.join("journal.sqlite").into()).unwrap();
    journal(&reader);
    replay(&reader);
    drop(reader);
    claims();
    tokens();
    festivals();
    bundles(&data);
    witness(&data);
}

#[test]
fn what_was_given_is_still_accepted() {
    for name in ["given-receipt", "given-receipt-shared", "given-proof", "given-proof-closed"] {
        let bytes = fs::read(corpus("bundle").join(format!("{name}.json"))).unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        let key = fanfare::kit::hex::from_hex(value["public_key"].as_str().unwrap()).unwrap();
        let told = verify::bundle(&bytes, Some(&key), None).unwrap();
        assert!(told.holds(), "{name}: {told:#?}");
    }
    let heads = fs::read(corpus("heads").join("two-lanes")).unwrap();
    assert!(heads::from_bytes(&heads).is_some());
    let tokens = Tokens::new(TOKEN_KEY);
    let session = fs::read_to_string(corpus("token").join("session")).unwrap();
    assert!(tokens.check(&session[1..], Use::Session, 0).is_ok());
    assert!(festivals::read("x.toml", festivals::EXAMPLE).is_ok());
}
