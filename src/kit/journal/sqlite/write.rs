//! The one writer.

use super::super::row::{read_all, seal_bytes};
use super::super::{JournalError, RawRow, Writes};
use super::chain::{self, Tip};
use super::{schema, store_error};
use crate::kit::hex;
use fanfare_lane::{Hash, LaneId, Placed, PublicKey, Row, Sealed, Store, StoreError};
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Behind which row is for the writer to say.
const INSERT: &str = "INSERT INTO journal (lane, seq, before, hash, header, facts, seal)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

const NEWEST: &str = "UPDATE lanes SET newest_seq = $1, newest_place = $2 WHERE lane = $3";

/// Another number where another connection has written since.
const WRITTEN: &str = "PRAGMA data_version";

/// The connection that appends.
pub struct Writer {
    connection: Connection,
    path: PathBuf,
    file: Option<FileId>,
    tips: Tips,
}

/// Lanes' newest rows, as this connection last saw or wrote them.
#[derive(Default)]
struct Tips {
    known: HashMap<LaneId, Tip>,
    /// What was written when they were looked at.
    written: i64,
}

/// Which files these are, whatever they are called: the journal's and its log's.
type FileId = [(u64, u64); 2];

fn file_id(path: &Path) -> Option<FileId> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let one = |path: &Path| fs::metadata(path).ok().map(|data| (data.dev(), data.ino()));
    Some([one(path)?, one(Path::new(&log))?])
}

impl Writer {
    /// Opens the journal, making it at the first start.
    ///
    /// # Errors
    /// If it cannot be written, or not safely.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let connection = schema::open_to_write(path)?;
        Ok(Self { connection, path: path.to_owned(), file: file_id(path), tips: Tips::default() })
    }

    /// Whether the connection is still to the files that are there. If somebody put others in their
    /// place, those are what the next start would find, so from here on they count: rows that
    /// they do not have are then missed before anybody is answered.
    fn follow(&mut self) -> Result<(), StoreError> {
        let there = file_id(&self.path);
        if there.is_some() && there == self.file {
            return Ok(());
        }
        let gone = || StoreError("the journal's file is gone: put it back".to_owned());
        if !self.path.exists() {
            return Err(gone());
        }
        tracing::error!("THE JOURNAL'S FILE WAS CHANGED for another under the running server");
        self.connection =
            schema::open_again(&self.path).map_err(|why| StoreError(why.to_string()))?;
        self.tips.known.clear();
        self.file = file_id(&self.path);
        if self.file.is_some() { Ok(()) } else { Err(gone()) }
    }

    fn insert(&mut self, rows: &[Sealed]) -> rusqlite::Result<Vec<Placed>> {
        // From here on nobody else writes: what is known of the lanes stands until the commit.
        let immediate = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(immediate)?;
        self.tips.follow(&transaction)?;
        let mut placed = Vec::with_capacity(rows.len());
        let mut insert = transaction.prepare_cached(INSERT)?;
        let mut newest = transaction.prepare_cached(NEWEST)?;
        for sealed in rows {
            let row: &Row = &sealed.row;
            let (lane, seq) = (row.header.lane, row.header.seq);
            let tip = self.tips.of(&transaction, lane)?;
            let before = tip.map_or((0, Some(Hash::default())), |tip| (tip.seq, tip.hash));
            if before != (seq.saturating_sub(1), Some(row.header.prev)) {
                placed.push(Placed::Fenced);
                continue;
            }
            insert.execute(params![
                lane,
                seq,
                tip.map_or(0, |tip| tip.place),
                &row.hash[..],
                &row.header.to_bytes()[..],
                &row.facts[..],
                seal_bytes(&sealed.seal),
            ])?;
            let place = transaction.last_insert_rowid();
            listed(newest.execute(params![seq, place, lane])?)?;
            self.tips.known.insert(lane, Tip { seq, place, hash: Some(row.hash) });
            placed.push(Placed::Durable);
        }
        drop((insert, newest));
        transaction.commit()?;
        Ok(placed)
    }
}

/// A row stands only where its lane is on the list.
fn listed(changed: usize) -> rusqlite::Result<()> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}

impl Tips {
    /// Forgets them where another connection has written meanwhile.
    fn follow(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let written = connection.prepare_cached(WRITTEN)?.query_row([], |row| row.get(0))?;
        if std::mem::replace(&mut self.written, written) != written {
            self.known.clear();
        }
        Ok(())
    }

    fn of(&mut self, connection: &Connection, lane: LaneId) -> rusqlite::Result<Option<Tip>> {
        if let Some(tip) = self.known.get(&lane) {
            return Ok(Some(*tip));
        }
        let tip = chain::tip(connection, lane)?;
        self.known.extend(tip.map(|tip| (lane, tip)));
        Ok(tip)
    }
}

impl Writes for Writer {
    fn lane_of(&mut self, drop: &str) -> Result<(LaneId, usize), JournalError> {
        self.connection.execute(
            "INSERT INTO lanes (lane, drop_id)
             SELECT (SELECT COALESCE(MAX(lane), 0) + 1 FROM lanes), $1
             WHERE NOT EXISTS (SELECT 1 FROM lanes WHERE drop_id = $1)",
            params![drop],
        )?;
        let lane = "SELECT lane, home FROM lanes WHERE drop_id = $1";
        let found = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as usize));
        Ok(self.connection.query_row(lane, params![drop], found)?)
    }

    fn keep_lane(&mut self, lane: LaneId, drop: &str, home: usize) -> Result<bool, JournalError> {
        let home = home as i64;
        self.connection.execute(
            "INSERT OR IGNORE INTO lanes (lane, drop_id, home) VALUES ($1, $2, $3)",
            params![lane, drop, home],
        )?;
        let stands = "SELECT COUNT(*) FROM lanes WHERE lane = $1 AND drop_id = $2 AND home = $3";
        let stands: i64 =
            self.connection.query_row(stands, params![lane, drop, home], |row| row.get(0))?;
        Ok(stands == 1)
    }

    fn list_key(&mut self, key: &PublicKey) -> Result<(), JournalError> {
        self.connection.execute(
            "INSERT INTO keys (id, public) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
            params![hex::hex(&key.id()), hex::hex(&key.0)],
        )?;
        Ok(())
    }

    fn keep_reason(&mut self, why: u64, words: &str) -> Result<bool, JournalError> {
        self.connection.execute(
            "INSERT INTO reasons (why, words) VALUES ($1, $2) ON CONFLICT (why) DO NOTHING",
            params![why as i64, words],
        )?;
        let stands = "SELECT COUNT(*) FROM reasons WHERE why = $1 AND words = $2";
        let stands: i64 =
            self.connection.query_row(stands, params![why as i64, words], |row| row.get(0))?;
        Ok(stands == 1)
    }

    fn bring(&mut self, lane: LaneId, rows: &[RawRow]) -> Result<(), JournalError> {
        self.tips.known.clear();
        let immediate = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(immediate)?;
        let tip = chain::tip(&transaction, lane)?.map(|tip| (tip.seq, tip.place));
        let (mut newest, mut place) = tip.unwrap_or_default();
        for RawRow { seq, hash, header, facts, seal } in rows {
            if *seq <= newest {
                let taken = format!("lane {lane} has a row {seq} already, or one behind it");
                return Err(JournalError::Unfit(taken));
            }
            let mut insert = transaction.prepare_cached(INSERT)?;
            insert.execute(params![lane, seq, place, hash, header, facts, seal])?;
            (newest, place) = (*seq, transaction.last_insert_rowid());
        }
        listed(transaction.prepare_cached(NEWEST)?.execute(params![newest, place, lane])?)?;
        Ok(transaction.commit()?)
    }
}

impl Store for Writer {
    fn append(&mut self, rows: &[Sealed]) -> Result<Vec<Placed>, StoreError> {
        self.follow()?;
        let placed = self.insert(rows).map_err(|why| {
            // What was noted of them may not have come about.
            self.tips.known.clear();
            store_error(&why)
        })?;
        if file_id(&self.path) == self.file {
            return Ok(placed);
        }
        Err(StoreError("the journal's file was changed meanwhile".to_owned()))
    }

    fn read(&mut self, lane: LaneId, from: u32, most: usize) -> Result<Vec<Sealed>, StoreError> {
        self.follow()?;
        let rows = chain::rows(&self.connection, lane, from, most).map_err(JournalError::from);
        rows.and_then(|raw| read_all(lane, raw)).map_err(|why| StoreError(why.to_string()))
    }
}
