//! A journal that cannot be read for a while, and one that is damaged: the first is made rows of
//! once it can be read, the second stops the lane it is damaged in.

use super::{Base, compared, on_both, project, wait_for};
use crate::common::world::{LAMPS, LATE, OPENS_MS, Temp, World, whole_day};
use fanfare::drops::cold::{self, Projector};
use fanfare::kit::db::Cold;
use fanfare::kit::journal::{JournalError, JournalReader};
use fanfare_lane::LaneId;
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::Ordering;

/// What SQLite keeps a page in: its write-ahead log adds a frame's header to each.
const PAGE_BYTES: usize = 4_096;

/// At which row the tables stand.
fn stands_at(cold: &Cold, lane: LaneId) -> u32 {
    let db = cold.db();
    let cursors = cold.wait(async move { cold::cursors(&db).await }).unwrap();
    cursors.get(&lane).map_or(0, |(cursor, _)| cursor.seq)
}

#[test]
fn a_journal_that_cannot_be_read_for_a_while_is_made_rows_of_once_it_can() {
    on_both("unread", |base, temp| {
        let world = World::start(&temp.data(), OPENS_MS);
        // More rows than fit one page, so that the newest come to lie on the log's last page.
        for fan in 1..=8 {
            let claim = world.claim(LAMPS, fan, 0, 1);
            world.settle(LAMPS, &claim);
        }
        let journal = world.node.folder.journals();
        let reader = JournalReader::open(&journal).unwrap();
        let lanes = reader.lanes().unwrap();
        let log = world.node.folder.path().join("journal.sqlite-wal");
        let whole = fs::read(&log).unwrap();
        let cut = || {
            let file = fs::File::options().write(true).open(&log).unwrap();
            file.set_len((whole.len() - PAGE_BYTES) as u64).unwrap();
        };
        cut();
        // One that has nothing of it in memory.
        let reader = JournalReader::open(&journal).unwrap();
        assert_eq!(reader.lanes().unwrap(), lanes, "which rows there are can still be read");
        assert!(reader.rows(LATE, 1, 100).is_ok(), "and one lane's rows");
        let why = reader.rows(LAMPS, 1, 100).unwrap_err();
        assert!(matches!(why, JournalError::Silent(_)), "{why}");

        let (side, told) = (base.open(), world.node.told.clone());
        let mut projector = Projector::start(journal, side.clone(), told).unwrap();
        let lag = projector.lag.clone();
        wait_for(|| stands_at(&side, LATE) == lanes[1].newest_seq || !lag.stopped().is_empty());
        assert_eq!(lag.stopped(), [].into(), "silence is no damage");
        assert!(stands_at(&side, LAMPS) < lanes[0].newest_seq);
        wait_for(|| lag.rows.load(Ordering::Relaxed) > 0);
        fs::write(&log, &whole).unwrap();
        wait_for(|| lag.rows.load(Ordering::Relaxed) == 0);
        assert_eq!(stands_at(&side, LAMPS), lanes[0].newest_seq);
        world.stop();
        projector.stop();
        let report = compared(base, &temp.data());
        assert!(report.holds(), "{:#?}", report.broken);
    });
}

/// Every way in which the third row of the first lane is damaged, and what is said of it.
const DAMAGES: [(&str, &str); 6] = [
    ("UPDATE journal SET header = x'00'", "lane 1, row 3"),
    ("UPDATE journal SET hash = zeroblob(32)", "its hash"),
    ("UPDATE journal SET facts = x'00'", "lane 1, row 3"),
    ("UPDATE journal SET seal = x''", "the seal is damaged"),
    ("UPDATE journal SET header = 'words'", "Invalid column type"),
    ("DELETE FROM journal", "does not follow row 2"),
];

#[test]
fn a_damaged_row_stops_its_lane_and_the_other_goes_on() {
    for (damage, says) in DAMAGES {
        let temp = Temp::new("damaged");
        let (base, data) = (Base::sqlite(&temp), temp.data());
        whole_day(&data);
        let journal = data.join("journal.sqlite");
        let lanes = JournalReader::open(&journal.clone().into()).unwrap().lanes().unwrap();
        let damage = format!("{damage} WHERE lane = 1 AND seq = 3");
        assert_eq!(Connection::open(&journal).unwrap().execute(&damage, []).unwrap(), 1);
        let said = project(&base, &data);
        let side = base.open();
        assert!(said.len() == 1 && said[0].contains(says), "{damage}: {said:?}");
        assert_eq!(stands_at(&side, LAMPS), 0, "{damage}");
        assert_eq!(stands_at(&side, LATE), lanes[1].newest_seq, "{damage}");
    }
}

#[test]
fn a_damaged_page_is_no_silence() {
    let temp = Temp::new("page");
    let (base, data) = (Base::sqlite(&temp), temp.data());
    whole_day(&data);
    // The newest rows of both lanes lie on the file's last page.
    let file = fs::File::options().write(true).open(data.join("journal.sqlite")).unwrap();
    let bytes = file.metadata().unwrap().len();
    file.write_all_at(&[0; PAGE_BYTES], bytes - PAGE_BYTES as u64).unwrap();
    let said = project(&base, &data);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().all(|why| why.contains("the file is damaged")), "{said:?}");
}
