//! Reading rows, lanes, keys and reasons from PostgreSQL.

use super::super::journals::Standing;
use super::super::row::{RawRow, read_key};
use super::super::{JournalError, LaneRecord, Reads};
use super::link::Link;
use fanfare_lane::{LaneId, PublicKey};
use std::time::Duration;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(30);

/// A connection that only reads.
pub struct Reader(Link);

impl Reader {
    /// Opens a journal that exists, `now` or when it is first asked.
    ///
    /// # Errors
    /// If there is none, it stands elsewhere, or a newer program wrote it.
    pub fn open(url: &str, standing: Standing, now: bool) -> Result<Self, JournalError> {
        let link = Link::new(url, standing, false)?;
        if now {
            link.ask(WITHIN, async |_| Ok(()))?;
        }
        Ok(Self(link))
    }

    fn rows_of(
        &self,
        sql: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, JournalError> {
        self.0.ask(WITHIN, async |client| client.query_typed(sql, values).await)
    }

    fn number_of(&self, sql: &str, lane: LaneId) -> Result<i64, JournalError> {
        let rows = self.rows_of(sql, &[(&i64::from(lane), Type::INT8)])?;
        Ok(rows.first().map_or(0, |row| row.get(0)))
    }
}

impl Reads for Reader {
    fn lanes(&self) -> Result<Vec<LaneRecord>, JournalError> {
        let sql = "SELECT lane, drop_id, home,
                COALESCE((SELECT MAX(seq) FROM journal WHERE journal.lane = lanes.lane), 0)
            FROM lanes ORDER BY lane";
        let record = |row: &Row| LaneRecord {
            lane: row.get::<_, i64>(0) as LaneId,
            drop: row.get(1),
            home: row.get::<_, i64>(2) as usize,
            newest_seq: row.get::<_, i64>(3) as u32,
        };
        Ok(self.rows_of(sql, &[])?.iter().map(record).collect())
    }

    fn keys(&self) -> Result<Vec<PublicKey>, JournalError> {
        let rows = self.rows_of("SELECT public FROM keys ORDER BY id", &[])?;
        rows.iter().map(|row| read_key(row.get(0))).collect()
    }

    fn raw_rows(&self, lane: LaneId, from: u32, most: usize) -> Result<Vec<RawRow>, JournalError> {
        raw_rows(&self.0, lane, from, most)
    }

    fn bytes(&self) -> Result<u64, JournalError> {
        let sql = "SELECT CAST(COALESCE(SUM(length(hash) + length(header) + length(facts)
            + length(seal)), 0) AS BIGINT) FROM journal";
        let rows = self.rows_of(sql, &[])?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0)).unsigned_abs())
    }

    fn reason(&self, why: u64) -> Result<Option<String>, JournalError> {
        let sql = "SELECT words FROM reasons WHERE why = $1";
        let rows = self.rows_of(sql, &[(&(why as i64), Type::INT8)])?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    fn reasons(&self) -> Result<Vec<(u64, String)>, JournalError> {
        let rows = self.rows_of("SELECT why, words FROM reasons ORDER BY why", &[])?;
        Ok(rows.iter().map(|row| (row.get::<_, i64>(0) as u64, row.get(1))).collect())
    }

    fn newest_seq(&self, lane: LaneId) -> Result<u32, JournalError> {
        let sql = "SELECT COALESCE(MAX(seq), 0) FROM journal WHERE lane = $1";
        self.number_of(sql, lane).map(|seq| seq as u32)
    }
}

pub(super) fn raw_rows(
    link: &Link,
    lane: LaneId,
    from: u32,
    most: usize,
) -> Result<Vec<RawRow>, JournalError> {
    let sql = "SELECT seq, hash, header, facts, seal FROM journal
        WHERE lane = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
    let (lane, from) = (i64::from(lane), i64::from(from));
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = link.ask(WITHIN, async |client| {
        let values = [(&lane, Type::INT8), (&from, Type::INT8), (&most, Type::INT8)];
        let values = values.map(|(value, of)| (value as &(dyn ToSql + Sync), of));
        client.query_typed(sql, &values).await
    })?;
    let raw = |row: &Row| RawRow {
        seq: row.get::<_, i64>(0) as u32,
        hash: row.get(1),
        header: row.get(2),
        facts: row.get(3),
        seal: row.get(4),
    };
    Ok(rows.iter().map(raw).collect())
}
