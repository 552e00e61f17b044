//! A small journal of every version that was ever written, with every kind of fact: it reads,
//! verifies and replays to its digest for good, and this version still writes the same bytes.
//!
//! `tests/journals/vN.jsonl` holds the rows, a line each after a first line with festival and
//! key; `vN.digest` the lanes' states. `UPDATE=1 cargo test --test journals` writes those of a
//! new version; what stands there is never written over. A changed written form takes a new
//! number: `fanfare_engine::wire::VERSION`.

mod common;
#[path = "journals/every_fact.rs"]
mod every_fact;

use common::world::Temp;
use every_fact::{FESTIVAL, commits};
use fanfare::drops::wake::festival_number;
use fanfare::kit::data::DataFolder;
use fanfare::kit::hex;
use fanfare::kit::journal::{JournalReader, JournalWriter, RawRow};
use fanfare::kit::keys;
use fanfare::verify;
use fanfare_engine::{Fact, wire};
use fanfare_lane::{
    Draft, FestivalKey, Hash, Header, LaneId, PublicKey, Replay, Row, Sealed, Written, seal_commit,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The secret the kept journals are signed with. It signs nothing else.
const SECRET: [u8; 32] = [42; 32];

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals").join(name)
}

/// A folder with the key and an empty journal of these lanes.
fn folder(temp: &Temp, festival: &str, key: &PublicKey, drops: &[String]) -> JournalWriter {
    let folder = DataFolder::serve(&temp.data(), festival, false).unwrap();
    keys::keep(&temp.data().join("festival.key"), &SECRET).unwrap();
    let mut writer = JournalWriter::open(&folder.journals()).unwrap();
    writer.list_key(key).unwrap();
    for (at, drop) in drops.iter().enumerate() {
        assert_eq!(writer.lane_of(drop).unwrap(), (at as u32 + 1, 0));
    }
    writer
}

/// A folder's journal as text: festival, key and drops, then the rows by lane and number.
fn text_of(data: &Path) -> String {
    let folder = DataFolder::look(data).unwrap();
    let reader = JournalReader::open(&folder.journals()).unwrap();
    let lanes = reader.lanes().unwrap();
    let mut text = format!(
        "{}\n",
        json!({
            "festival": folder.festival(),
            "public_key": hex::hex(&reader.keys().unwrap()[0].0),
            "drops": lanes.iter().map(|lane| &lane.drop).collect::<Vec<_>>(),
        })
    );
    for record in lanes {
        for raw in reader.raw_rows(record.lane, 1, 10_000).unwrap() {
            let row = json!({
                "lane": record.lane,
                "seq": raw.seq,
                "hash": hex::hex(&raw.hash),
                "header": hex::hex(&raw.header),
                "facts": hex::hex(&raw.facts),
                "seal": hex::hex(&raw.seal),
            });
            let _ = writeln!(text, "{row}");
        }
    }
    text
}

/// The lanes' digests as text.
fn digests_of(data: &Path) -> String {
    let report = verify::folder(data, &mut |_| {}).unwrap();
    assert!(report.holds(), "{:#?}", report.broken);
    let line =
        |lane: &verify::LaneReport| format!("{} {}\n", lane.drop, lane.digest.as_deref().unwrap());
    report.lanes.iter().map(line).collect()
}

/// The journal as this version writes it.
fn generate(temp: &Temp) -> String {
    let key = FestivalKey::from_secret(&SECRET);
    let drops = ["every-fact".to_owned(), "nothing-sold".to_owned()];
    let mut writer = folder(temp, FESTIVAL, &key.public(), &drops);
    let mut tips: BTreeMap<LaneId, (u32, Hash)> = BTreeMap::new();
    for rows in commits() {
        let written = rows.into_iter().map(|(lane, time_ms, facts)| {
            let (seq, prev) = tips.get(&lane).copied().unwrap_or_default();
            let festival = festival_number(FESTIVAL);
            let (seq, written) = (seq + 1, Arc::new(Written::of(&facts)));
            let row = Draft { festival, lane, seq, prev, time_ms, written }.finish();
            tips.insert(lane, (seq, row.hash));
            Arc::new(row)
        });
        let written: Vec<Arc<Row>> = written.collect();
        writer.append(&seal_commit(&written, &key)).unwrap();
    }
    drop(writer);
    text_of(&temp.data())
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap().as_bytes();
    let digits = text.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// Puts a kept journal's rows into a folder as they stand, byte by byte.
fn load(temp: &Temp, text: &str) {
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let first = lines.next().unwrap();
    let key = PublicKey(bytes(&first["public_key"]).try_into().unwrap());
    let drops: Vec<String> = serde_json::from_value(first["drops"].clone()).unwrap();
    drop(folder(temp, first["festival"].as_str().unwrap(), &key, &drops));
    let mut writer = JournalWriter::open(&temp.data().join("journal.sqlite").into()).unwrap();
    for row in lines {
        let [hash, header, facts, seal] =
            ["hash", "header", "facts", "seal"].map(|name| bytes(&row[name]));
        let (lane, seq) = (row["lane"].as_u64().unwrap(), row["seq"].as_u64().unwrap());
        let raw = RawRow { seq: seq as u32, hash, header, facts, seal };
        writer.bring(lane as LaneId, &[raw]).unwrap();
    }
}

fn sealed_rows(data: &Path) -> Vec<(LaneId, Vec<Sealed>)> {
    let reader = JournalReader::open(&data.join("journal.sqlite").into()).unwrap();
    let lanes = reader.lanes().unwrap();
    lanes.iter().map(|r| (r.lane, reader.rows(r.lane, 1, 10_000).unwrap())).collect()
}

/// The versions kept.
fn versions() -> Vec<String> {
    let entries = fs::read_dir(kept("")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".jsonl").map(str::to_owned)).collect()
}

fn current() -> String {
    format!("v{}", wire::VERSION)
}

/// With `UPDATE=1`, writes what this version has no file for.
fn update(name: &str, made: &str) {
    if std::env::var_os("UPDATE").is_some() && !kept(name).exists() {
        fs::write(kept(name), made).unwrap();
    }
}

#[test]
fn this_version_writes_the_same_bytes_as_ever() {
    let temp = Temp::new("journal-fresh");
    let made = generate(&temp);
    let (rows, digest) = (format!("{}.jsonl", current()), format!("{}.digest", current()));
    update(&rows, &made);
    update(&digest, &digests_of(&temp.data()));
    let stands = fs::read_to_string(kept(&rows)).unwrap_or_default();
    for (made, stands) in made.lines().zip(stands.lines()) {
        assert_eq!(made, stands, "the written form changed: give it a new version number");
    }
    assert_eq!(made.len(), stands.len(), "run UPDATE=1 cargo test --test journals");
    let stands = fs::read_to_string(kept(&digest)).unwrap_or_default();
    assert_eq!(digests_of(&temp.data()), stands, "the state's digest changed");
}

#[test]
fn every_kept_version_verifies_and_replays_to_its_digest() {
    assert!(versions().contains(&current()), "this version's journal is missing");
    for version in versions() {
        let temp = Temp::new("journal-kept");
        let text = fs::read_to_string(kept(&format!("{version}.jsonl"))).unwrap();
        load(&temp, &text);
        assert_eq!(text_of(&temp.data()), text, "{version}: loaded as it stands");
        let digest = fs::read_to_string(kept(&format!("{version}.digest"))).unwrap();
        assert_eq!(digests_of(&temp.data()), digest, "{version}");
        let festival = serde_json::from_str::<Value>(text.lines().next().unwrap()).unwrap();
        let festival = festival_number(festival["festival"].as_str().unwrap());
        for (lane, rows) in sealed_rows(&temp.data()) {
            let mut replay = Replay::new(festival, lane);
            for sealed in rows {
                replay.row(&sealed.row, &sealed.row.read_facts().unwrap()).unwrap();
            }
            let own = hex::hex(&replay.state().unwrap().digest());
            assert!(digest.contains(&own), "{version}, lane {lane}: {own}");
        }
    }
}

#[test]
fn what_is_read_is_written_back_to_the_same_bytes() {
    for version in versions() {
        let temp = Temp::new("journal-back");
        load(&temp, &fs::read_to_string(kept(&format!("{version}.jsonl"))).unwrap());
        for (lane, rows) in sealed_rows(&temp.data()) {
            for Sealed { row, .. } in rows {
                let header = row.header;
                assert_eq!(Header::from_bytes(&header.to_bytes()).unwrap(), header);
                for span in row.spans() {
                    let (span, mut again) = (span.unwrap(), Vec::new());
                    wire::put_fact(&mut again, &wire::read_fact(span).unwrap());
                    assert_eq!(again, span, "{version}, lane {lane}, row {}", header.seq);
                }
                let Header { festival, seq, prev, time_ms, .. } = header;
                let written = Arc::new(Written::of(&row.read_facts().unwrap()));
                let again = Draft { festival, lane, seq, prev, time_ms, written }.finish();
                assert_eq!(again, *row);
            }
        }
        // Rows and seals through the store's own writer.
        let again = Temp::new("journal-again");
        let looked = DataFolder::look(&temp.data()).unwrap();
        let reader = JournalReader::open(&looked.journals()).unwrap();
        let drops: Vec<String> = reader.lanes().unwrap().into_iter().map(|r| r.drop).collect();
        let mut writer = folder(&again, looked.festival(), &reader.keys().unwrap()[0], &drops);
        for (_, rows) in sealed_rows(&temp.data()) {
            for sealed in rows {
                writer.append(&[sealed]).unwrap();
            }
        }
        drop(writer);
        assert_eq!(text_of(&again.data()), text_of(&temp.data()), "{version}");
    }
}

/// Which kind a fact is; a new kind does not compile here until the journal has one.
fn kind(fact: &Fact) -> u8 {
    match fact {
        Fact::Terms(_) => 1,
        Fact::Opened { .. } => 2,
        Fact::Claimed { .. } => 3,
        Fact::Settled(_) => 4,
        Fact::Expired(_) => 5,
        Fact::Released(_) => 6,
        Fact::Returned(_) => 7,
        Fact::SettledLate(_) => 8,
        Fact::RefundDue(_) => 9,
        Fact::Granted { .. } => 10,
        Fact::Lapsed(_) => 11,
        Fact::Paused(_) => 12,
        Fact::Resumed(_) => 13,
        Fact::Restocked { .. } => 14,
        Fact::Withdrawn { .. } => 15,
        Fact::Closed(_) => 16,
        Fact::Amended { .. } => 17,
        Fact::Extended { .. } => 18,
        Fact::Tallied(_) => 19,
        Fact::Rested(_) => 20,
        Fact::Restored(_) => 21,
        Fact::Moved(_) => 22,
    }
}

/// What a fact looks like as written: its kind, and the flag or part it begins with where its
/// form depends on one.
fn form(fact: &Fact) -> (u8, u8) {
    let mut written = Vec::new();
    wire::put_fact(&mut written, fact);
    assert_eq!(written[0], kind(fact), "kinds are never renumbered");
    let part = match fact {
        Fact::Claimed { .. } | Fact::Closed(_) | Fact::Amended { .. } => written[1],
        Fact::Opened { doubtful_time, .. } => u8::from(*doubtful_time),
        Fact::Rested(totals) => u8::from(totals.sold_out_at_ms.is_some()),
        _ => 0,
    };
    (kind(fact), part)
}

#[test]
fn the_journal_of_this_version_holds_every_kind_of_fact() {
    let facts = commits().into_iter().flatten().flat_map(|(_, _, facts)| facts);
    let forms: BTreeSet<(u8, u8)> = facts.map(|fact| form(&fact)).collect();
    let kinds: BTreeSet<u8> = forms.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, (1..=22).collect(), "every kind");
    let parts = |of: u8| forms.iter().filter(move |(kind, _)| *kind == of).map(|(_, part)| *part);
    let all = |of: u8, parts_of: std::ops::RangeInclusive<u8>| parts(of).eq(parts_of);
    assert!(all(2, 0..=1), "opened, in doubt or not");
    assert!(all(3, 0..=3), "claimed, with and without key and right");
    assert!(all(16, 0..=1), "closed, by time and by a host");
    assert!(all(17, 1..=6), "every amendment");
    assert!(all(20, 0..=1), "rested, sold out or not");
}

#[test]
fn a_changed_form_would_be_noticed() {
    let temp = Temp::new("journal-changed");
    let text = fs::read_to_string(kept(&format!("{}.jsonl", current()))).unwrap();
    // A byte of a fact, written otherwise: the row no longer is what its header says.
    let line = text.lines().nth(3).unwrap();
    let mut row: Value = serde_json::from_str(line).unwrap();
    let mut facts = bytes(&row["facts"]);
    *facts.last_mut().unwrap() ^= 1;
    row["facts"] = Value::from(hex::hex(&facts));
    load(&temp, &text.replace(line, &row.to_string()));
    let report = verify::folder(&temp.data(), &mut |_| {}).unwrap();
    assert_eq!((report.broken[0].lane, report.broken[0].row), (Some(1), Some(3)));
}
