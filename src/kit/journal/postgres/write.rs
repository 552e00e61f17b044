//! Appending rows to PostgreSQL, behind their fence.

use super::super::journals::Standing;
use super::super::row::{read_all, seal_bytes};
use super::super::{Holder, JournalError, RawRow, Writes};
use super::leases;
use super::link::Link;
use super::read;
use crate::kit::hex;
use fanfare_lane::{LaneId, Placed, PublicKey, Sealed, Store, StoreError};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

/// How long an append may take before its outcome counts as unknown. A server that waits for its
/// standby can be slow and right.
const APPEND_WITHIN: Duration = Duration::from_secs(10);

/// How long many rows from elsewhere may take.
const BRING_WITHIN: Duration = Duration::from_mins(1);

/// How long anything else may take.
const WITHIN: Duration = Duration::from_secs(10);

/// All rows of a commit. Each goes in behind its own fence; those kept out do not keep out others.
const APPEND: &str = "
    INSERT INTO journal (lane, seq, hash, header, facts, seal)
    SELECT lane, seq, hash, header, facts, seal
    FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BYTEA[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[],
                $7::BYTEA[]) AS new (lane, seq, hash, header, facts, seal, prev)
    WHERE CASE WHEN new.seq = 1
        THEN NOT EXISTS (SELECT 1 FROM journal WHERE journal.lane = new.lane)
        ELSE EXISTS (SELECT 1 FROM journal WHERE journal.lane = new.lane
                     AND journal.seq = new.seq - 1 AND journal.hash = new.prev)
    END
    ON CONFLICT (lane, seq) DO NOTHING
    RETURNING lane";

/// Rows of one lane as they stand elsewhere.
const BRING: &str = "
    INSERT INTO journal (lane, seq, hash, header, facts, seal)
    SELECT $1, seq, hash, header, facts, seal
    FROM unnest($2::BIGINT[], $3::BYTEA[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[])
        AS new (seq, hash, header, facts, seal)";

/// The connection that appends.
pub struct Writer {
    link: Link,
    /// How many journals there are.
    of: i64,
}

impl Writer {
    /// Opens the journal, making its tables at the first start, `now` or when it is first asked.
    ///
    /// # Errors
    /// If it cannot be written, or not safely, or it stands elsewhere.
    pub fn open(url: &str, standing: Standing, now: bool) -> Result<Self, JournalError> {
        let of = standing.of as i64;
        let link = Link::new(url, standing, true)?;
        if now {
            link.ask(WITHIN, async |_| Ok(()))?;
        }
        Ok(Self { link, of })
    }
}

impl Writer {
    /// Appends rows of different lanes, all in one statement.
    fn append_abreast(
        &mut self,
        rows: &[Sealed],
        holder: Option<&Holder>,
    ) -> Result<Vec<Placed>, StoreError> {
        let lanes: Vec<i64> = rows.iter().map(|one| one.row.header.lane.into()).collect();
        let seqs: Vec<i64> = rows.iter().map(|one| one.row.header.seq.into()).collect();
        let hashes: Vec<&[u8]> = rows.iter().map(|one| &one.row.hash[..]).collect();
        let headers: Vec<_> = rows.iter().map(|one| one.row.header.to_bytes()).collect();
        let headers: Vec<&[u8]> = headers.iter().map(|header| &header[..]).collect();
        let facts: Vec<&[u8]> = rows.iter().map(|one| &one.row.facts[..]).collect();
        let seals: Vec<Vec<u8>> = rows.iter().map(|one| seal_bytes(&one.seal)).collect();
        let prevs: Vec<&[u8]> = rows.iter().map(|one| &one.row.header.prev[..]).collect();
        let columns: [(&(dyn ToSql + Sync), Type); 7] = [
            (&lanes, Type::INT8_ARRAY),
            (&seqs, Type::INT8_ARRAY),
            (&hashes, Type::BYTEA_ARRAY),
            (&headers, Type::BYTEA_ARRAY),
            (&facts, Type::BYTEA_ARRAY),
            (&seals, Type::BYTEA_ARRAY),
            (&prevs, Type::BYTEA_ARRAY),
        ];
        let asked = self.link.ask_warned(APPEND_WITHIN, async |client| match holder {
            None => client.query_typed(APPEND, &columns).await,
            Some(holder) => open(client, holder, &lanes, &columns).await,
        });
        let (placed, warning) = asked.map_err(|why| StoreError(why.to_string()))?;
        if let Some(warning) = warning {
            return Err(StoreError(format!("journal: the server warns: {warning}")));
        }
        let durable: Vec<i64> = placed.iter().map(|row| row.get(0)).collect();
        let fate = |lane| {
            if durable.contains(lane) { Placed::Durable } else { Placed::Fenced }
        };
        Ok(lanes.iter().map(fate).collect())
    }
}

/// Appends first rows of an owner while its leases stand, in one transaction: whoever takes one of
/// them over waits for it, and reads its row.
async fn open(
    client: &Client,
    holder: &Holder,
    lanes: &[i64],
    columns: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Vec<Row>, tokio_postgres::Error> {
    client.batch_execute("BEGIN").await?;
    let held = leases::hold(client, holder).await?;
    if lanes.iter().any(|lane| !held.iter().any(|held| i64::from(*held) == *lane)) {
        // One lease that is gone keeps all of them out; each is tried again by itself.
        client.batch_execute("ROLLBACK").await?;
        return Ok(Vec::new());
    }
    let placed = client.query_typed(APPEND, columns).await?;
    client.batch_execute("COMMIT").await?;
    Ok(placed)
}

impl Store for Writer {
    fn append(&mut self, rows: &[Sealed]) -> Result<Vec<Placed>, StoreError> {
        let lanes: BTreeSet<LaneId> = rows.iter().map(|one| one.row.header.lane).collect();
        if lanes.len() == rows.len() {
            return self.append_abreast(rows, None);
        }
        // A statement does not see the rows it adds, so one behind another comes after it.
        let mut placed = Vec::with_capacity(rows.len());
        for row in rows {
            placed.extend(self.append_abreast(std::slice::from_ref(row), None)?);
        }
        Ok(placed)
    }

    fn read(&mut self, lane: LaneId, from: u32, most: usize) -> Result<Vec<Sealed>, StoreError> {
        let rows = read::raw_rows(&self.link, lane, from, most);
        let rows = rows.and_then(|raw| read_all(lane, raw));
        rows.map_err(|why| StoreError(why.to_string()))
    }
}

impl Writes for Writer {
    fn append_opening(
        &mut self,
        rows: &[Sealed],
        holder: &Holder,
    ) -> Result<Vec<Placed>, StoreError> {
        self.append_abreast(rows, Some(holder))
    }

    fn lane_of(&mut self, drop: &str) -> Result<(LaneId, usize), JournalError> {
        let find = "SELECT lane, home FROM lanes WHERE drop_id = $1";
        // Another node may take the same number at the same moment; then the next one is tried.
        let give = "INSERT INTO lanes (lane, drop_id, home)
            SELECT (SELECT COALESCE(MAX(lane), 0) + 1 FROM lanes), $1,
                (SELECT COUNT(*) % $2 FROM lanes)
            WHERE NOT EXISTS (SELECT 1 FROM lanes WHERE drop_id = $1)
            ON CONFLICT DO NOTHING";
        let of = self.of;
        loop {
            let found = self.link.ask(WITHIN, async |client| {
                client.execute_typed(give, &[(&drop, Type::TEXT), (&of, Type::INT8)]).await?;
                client.query_typed(find, &[(&drop, Type::TEXT)]).await
            })?;
            if let Some(row) = found.first() {
                return Ok((row.get::<_, i64>(0) as LaneId, row.get::<_, i64>(1) as usize));
            }
        }
    }

    fn keep_lane(&mut self, lane: LaneId, drop: &str, home: usize) -> Result<bool, JournalError> {
        let keep = "INSERT INTO lanes (lane, drop_id, home) VALUES ($1, $2, $3)
            ON CONFLICT DO NOTHING";
        let stands = "SELECT 1 FROM lanes WHERE lane = $1 AND drop_id = $2 AND home = $3";
        let (lane, home) = (i64::from(lane), home as i64);
        let found = self.link.ask(WITHIN, async |client| {
            let values =
                || [(&lane as _, Type::INT8), (&drop as _, Type::TEXT), (&home as _, Type::INT8)];
            client.execute_typed(keep, &values()).await?;
            client.query_typed(stands, &values()).await
        })?;
        Ok(!found.is_empty())
    }

    fn list_key(&mut self, key: &PublicKey) -> Result<(), JournalError> {
        let sql = "INSERT INTO keys (id, public) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
        let (id, public) = (hex::hex(&key.id()), hex::hex(&key.0));
        self.link.ask(WITHIN, async |client| {
            client.execute_typed(sql, &[(&id, Type::TEXT), (&public, Type::TEXT)]).await
        })?;
        Ok(())
    }

    fn keep_reason(&mut self, why: u64, words: &str) -> Result<bool, JournalError> {
        let sql = "INSERT INTO reasons (why, words) VALUES ($1, $2) ON CONFLICT (why) DO NOTHING";
        let why = why as i64;
        self.link.ask(WITHIN, async |client| {
            client.execute_typed(sql, &[(&why, Type::INT8), (&words, Type::TEXT)]).await
        })?;
        let stands = "SELECT FROM reasons WHERE why = $1 AND words = $2";
        let found = self.link.ask(WITHIN, async |client| {
            client.query_typed(stands, &[(&why, Type::INT8), (&words, Type::TEXT)]).await
        })?;
        Ok(!found.is_empty())
    }

    fn bring(&mut self, lane: LaneId, rows: &[RawRow]) -> Result<(), JournalError> {
        let lane = i64::from(lane);
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq.into()).collect();
        let column = |pick: fn(&RawRow) -> &Vec<u8>| rows.iter().map(pick).collect::<Vec<_>>();
        let (hashes, headers) = (column(|row| &row.hash), column(|row| &row.header));
        let (facts, seals) = (column(|row| &row.facts), column(|row| &row.seal));
        let asked = self.link.ask_warned(BRING_WITHIN, async |client| {
            let values: [(&(dyn ToSql + Sync), Type); 6] = [
                (&lane, Type::INT8),
                (&seqs, Type::INT8_ARRAY),
                (&hashes, Type::BYTEA_ARRAY),
                (&headers, Type::BYTEA_ARRAY),
                (&facts, Type::BYTEA_ARRAY),
                (&seals, Type::BYTEA_ARRAY),
            ];
            client.execute_typed(BRING, &values).await
        });
        match asked? {
            (_, Some(warning)) => {
                Err(JournalError::Silent(format!("journal: the server warns: {warning}")))
            }
            (_, None) => Ok(()),
        }
    }
}
