//! Many drops with few callers each: their lanes decide while a commit is under way, and a commit's
//! rows are published part by part.

use fanfare::bench::engine::{self, EngineBench};
use fanfare::kit::journal::JournalReader;
use fanfare::kit::scratch::Scratch;
use fanfare_engine::Fact;
use std::collections::BTreeSet;

const DROPS: u32 = 300;

#[test]
fn every_claim_of_many_drops_is_answered_and_stands_once() {
    let scratch = Scratch::new(None, "many").unwrap();
    let bench = EngineBench {
        rounds: 2,
        claims_a_round: 30_000,
        callers: 3_000,
        drops: DROPS,
        bare: false,
        ..EngineBench::default()
    };
    let figures = engine::run(bench, scratch.path(), |_| {}).unwrap();
    assert_eq!(figures["claims"], 60_000.0);
    let journal = scratch.path().join("ours").join("journal.sqlite");
    let reader = JournalReader::open(&journal.into()).unwrap();
    let (mut fans, mut rows_in_a_commit) = (BTreeSet::new(), 0);
    let lanes = reader.lanes().unwrap();
    assert_eq!(lanes.len(), DROPS as usize);
    for record in lanes {
        let rows = reader.rows(record.lane, 1, 100_000).unwrap();
        assert_eq!(rows.len(), record.newest_seq as usize);
        for pair in rows.windows(2) {
            assert_eq!(pair[1].row.header.prev, pair[0].row.hash);
        }
        let mut numbers = 1..;
        for sealed in &rows {
            rows_in_a_commit = rows_in_a_commit.max(sealed.seal.count);
            for fact in sealed.row.read_facts().unwrap() {
                if let Fact::Claimed { fan, number, .. } = fact {
                    assert_eq!(number.get(), numbers.next().unwrap(), "lane {}", record.lane);
                    assert!(fans.insert(fan), "fan {fan:?} has two");
                }
            }
        }
    }
    // Those before the rounds count too.
    assert_eq!(fans.len(), 160_000);
    assert!(rows_in_a_commit > 64, "{rows_in_a_commit} rows in a commit");
}
