//! Leases: who serves which lane of this journal. A node renews all of its leases at once by its
//! beat. The fence keeps a lane's history single even where a lease is wrong.

use super::super::{JournalError, Journals};
use super::link::Link;
use crate::kit::database::Database;
use fanfare_lane::LaneId;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

/// How long an answer may take. A renewal that takes longer than a second proves nothing anyway.
const WITHIN: Duration = Duration::from_secs(5);

/// A node as its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// The node: as long as its data folder lasts.
    pub node: u64,
    /// Its process.
    pub process: u64,
    /// Where it hears other nodes; none if it serves alone.
    pub address: Option<SocketAddr>,
    /// Counted up with each renewal.
    pub beat: u64,
    /// Whether it takes no lanes any more.
    pub draining: bool,
}

impl NodeRow {
    /// Of a process of this node that begins.
    pub fn new(node: u64, address: Option<SocketAddr>) -> Self {
        let process = getrandom::u64().unwrap_or(1) >> 1 | 1;
        Self { node, process, address, beat: 0, draining: false }
    }
}

/// Who has a lane, and the how-manieth lease of it that is: one that went and came back is another
/// one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// The node; none if it was given up.
    pub node: Option<u64>,
    /// Counted up with each move.
    pub term: u64,
}

/// Who opens lanes, by which leases. Their first rows go in only while the leases stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// The node.
    pub node: u64,
    /// Its process: one that has the node's place no more opens nothing.
    pub process: u64,
    /// The term of each lane.
    pub terms: BTreeMap<LaneId, u64>,
}

/// Who is there, and who serves what.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// All nodes that have a row here.
    pub nodes: Vec<NodeRow>,
    /// The lanes' leases.
    pub leases: BTreeMap<LaneId, Lease>,
}

/// A connection for leases, made again when it breaks.
pub struct Leases(Link);

impl Leases {
    /// At each of these journals; none where they are a file, whose folder's lock is the lease.
    ///
    /// # Errors
    /// If one is no URL of a PostgreSQL server.
    pub fn each(journals: &Journals) -> Result<Vec<Self>, JournalError> {
        let urls = journals.each().filter_map(|(database, standing)| match database {
            Database::Url(url) => Some((url, standing)),
            Database::File(_) => None,
        });
        urls.map(|(url, standing)| Ok(Self(Link::new(&url, standing, true)?))).collect()
    }

    /// Makes this process its node's. A process of the same node that was before it has no lease
    /// any more: the data folder's lock says that it is gone.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub fn join(&self, own: &NodeRow) -> Result<(), JournalError> {
        let sql = "INSERT INTO nodes (node, process, address, beat, draining)
            VALUES ($1, $2, $3, 1, FALSE)
            ON CONFLICT (node) DO UPDATE SET process = $2, address = $3, beat = nodes.beat + 1,
                draining = FALSE";
        self.put(sql, own)
    }

    /// Comes back after its leases were taken: only where no other process has its place.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub fn come_back(&self, own: &NodeRow) -> Result<(), JournalError> {
        let sql = "INSERT INTO nodes (node, process, address, beat, draining)
            VALUES ($1, $2, $3, 1, FALSE) ON CONFLICT (node) DO NOTHING";
        self.put(sql, own)
    }

    /// Takes its node's place from another process, whose beat stands where it was seen last.
    ///
    /// # Errors
    /// If it is not known whether it has it.
    pub fn take_back(&self, own: &NodeRow, seen: (u64, u64)) -> Result<bool, JournalError> {
        let sql = "UPDATE nodes SET process = $2, address = $3, beat = beat + 1, draining = $4
            WHERE node = $1 AND process = $5 AND beat = $6";
        let (node, process) = (own.node as i64, own.process as i64);
        let (rival, beat) = (seen.0 as i64, seen.1 as i64);
        let address = own.address.map(|address| address.to_string());
        let taken = self.0.ask(WITHIN, async |client| {
            let values: [(&(dyn ToSql + Sync), Type); 6] = [
                (&node, Type::INT8),
                (&process, Type::INT8),
                (&address, Type::TEXT),
                (&own.draining, Type::BOOL),
                (&rival, Type::INT8),
                (&beat, Type::INT8),
            ];
            client.execute_typed(sql, &values).await
        })?;
        Ok(taken == 1)
    }

    fn put(&self, sql: &str, own: &NodeRow) -> Result<(), JournalError> {
        let (node, process) = (own.node as i64, own.process as i64);
        let address = own.address.map(|address| address.to_string());
        self.0.ask(WITHIN, async |client| {
            let values: [(&(dyn ToSql + Sync), Type); 3] =
                [(&node, Type::INT8), (&process, Type::INT8), (&address, Type::TEXT)];
            client.execute_typed(sql, &values).await
        })?;
        Ok(())
    }

    /// Renews: this node's beat first, so that whoever takes its lanes at the same moment is
    /// waited for; then who is there. None if this process has no row: its leases were taken, or
    /// another process has the node's place.
    ///
    /// # Errors
    /// If it is not known whether it was renewed.
    pub fn renew(&self, own: &NodeRow) -> Result<Option<View>, JournalError> {
        let beat = "UPDATE nodes SET beat = beat + 1, draining = $3
            WHERE node = $1 AND process = $2";
        let (node, process) = (own.node as i64, own.process as i64);
        self.0.ask(WITHIN, async |client| {
            client.batch_execute("BEGIN").await?;
            let values: [(&(dyn ToSql + Sync), Type); 3] =
                [(&node, Type::INT8), (&process, Type::INT8), (&own.draining, Type::BOOL)];
            let ours = client.execute_typed(beat, &values).await? == 1;
            // A statement of its own: it sees what whoever was waited for has done.
            let view = view(client).await?;
            client.batch_execute("COMMIT").await?;
            Ok(ours.then_some(view))
        })
    }

    /// Takes leases that are nobody's: never given, or of a node that left. Gives their terms.
    ///
    /// # Errors
    /// If it is not known which were taken.
    pub fn take_free(
        &self,
        own: &NodeRow,
        lanes: &[LaneId],
    ) -> Result<BTreeMap<LaneId, u64>, JournalError> {
        let sql = "INSERT INTO leases (lane, node, term)
            SELECT lane, $1, 1 FROM unnest($2::BIGINT[]) AS lane
            WHERE EXISTS (SELECT 1 FROM nodes WHERE node = $1 AND process = $3)
            ON CONFLICT (lane) DO UPDATE SET node = $1, term = leases.term + 1
            WHERE leases.node IS NULL
               OR NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.node = leases.node)
            RETURNING lane, term";
        self.terms(sql, own, lanes)
    }

    /// The terms of those of these lanes whose lease is this node's, as long as the process has the
    /// node's place.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn held(
        &self,
        own: &NodeRow,
        lanes: &[LaneId],
    ) -> Result<BTreeMap<LaneId, u64>, JournalError> {
        let sql = "SELECT lane, term FROM leases WHERE node = $1 AND lane = ANY($2)
            AND EXISTS (SELECT 1 FROM nodes WHERE nodes.node = $1 AND process = $3)";
        self.terms(sql, own, lanes)
    }

    fn terms(
        &self,
        sql: &str,
        own: &NodeRow,
        lanes: &[LaneId],
    ) -> Result<BTreeMap<LaneId, u64>, JournalError> {
        let (node, process) = (own.node as i64, own.process as i64);
        let lanes: Vec<i64> = lanes.iter().map(|lane| i64::from(*lane)).collect();
        let found = self.0.ask(WITHIN, async |client| {
            let values: [(&(dyn ToSql + Sync), Type); 3] =
                [(&node, Type::INT8), (&lanes, Type::INT8_ARRAY), (&process, Type::INT8)];
            client.query_typed(sql, &values).await
        })?;
        let term = |row: &Row| (row.get::<_, i64>(0) as LaneId, row.get::<_, i64>(1) as u64);
        Ok(found.iter().map(term).collect())
    }

    /// Takes all leases of a node whose beat stands where it was seen last, and the node's row.
    ///
    /// # Errors
    /// If it is not known whether they were taken.
    pub fn take_over(&self, own: &NodeRow, gone: u64, beat: u64) -> Result<bool, JournalError> {
        // Locked, so that a renewal comes before this, and is seen, or after it, and sees this.
        let still = "SELECT 1 FROM nodes WHERE node = $1 AND beat = $2 FOR UPDATE";
        let take = "UPDATE leases SET node = $2, term = term + 1 WHERE node = $1";
        let (gone, beat, node) = (gone as i64, beat as i64, own.node as i64);
        self.0.ask(WITHIN, async |client| {
            client.batch_execute("BEGIN").await?;
            let at = [(&gone as &(dyn ToSql + Sync), Type::INT8), (&beat, Type::INT8)];
            let taken = !client.query_typed(still, &at).await?.is_empty();
            if taken {
                client.execute_typed(take, &[(&gone, Type::INT8), (&node, Type::INT8)]).await?;
                let leave = "DELETE FROM nodes WHERE node = $1";
                client.execute_typed(leave, &[(&gone, Type::INT8)]).await?;
            }
            client.batch_execute("COMMIT").await?;
            Ok(taken)
        })
    }

    /// Gives a lease of this node's to another one that is there.
    ///
    /// # Errors
    /// If it is not known whether it was given.
    pub fn give(
        &self,
        own: &NodeRow,
        (lane, term): (LaneId, u64),
        to: u64,
    ) -> Result<bool, JournalError> {
        let sql = "UPDATE leases SET node = $3, term = term + 1
            WHERE lane = $1 AND node = $2 AND term = $4
            AND EXISTS (SELECT 1 FROM nodes WHERE nodes.node = $3)
            AND EXISTS (SELECT 1 FROM nodes WHERE nodes.node = $2 AND process = $5)";
        let (node, to, lane) = (own.node as i64, to as i64, i64::from(lane));
        let (term, process) = (term as i64, own.process as i64);
        let given = self.0.ask(WITHIN, async |client| {
            let values: [(&(dyn ToSql + Sync), Type); 5] = [
                (&lane, Type::INT8),
                (&node, Type::INT8),
                (&to, Type::INT8),
                (&term, Type::INT8),
                (&process, Type::INT8),
            ];
            client.execute_typed(sql, &values).await
        })?;
        Ok(given == 1)
    }

    /// Counts leases of this node's up: a giving of one that may still be under way comes too late.
    ///
    /// # Errors
    /// If it is not known whether they were.
    pub fn count_up(&self, own: &NodeRow, leases: &[(LaneId, u64)]) -> Result<(), JournalError> {
        let sql = "UPDATE leases SET term = leases.term + 1
            FROM unnest($2::BIGINT[], $3::BIGINT[]) AS held (lane, term)
            WHERE leases.lane = held.lane AND leases.term = held.term AND leases.node = $1
            AND EXISTS (SELECT 1 FROM nodes WHERE nodes.node = $1 AND process = $4)";
        let (node, process) = (own.node as i64, own.process as i64);
        let (lanes, terms): (Vec<i64>, Vec<i64>) =
            leases.iter().map(|(lane, term)| (i64::from(*lane), *term as i64)).unzip();
        self.0.ask(WITHIN, async |client| {
            let values: [(&(dyn ToSql + Sync), Type); 4] = [
                (&node, Type::INT8),
                (&lanes, Type::INT8_ARRAY),
                (&terms, Type::INT8_ARRAY),
                (&process, Type::INT8),
            ];
            client.execute_typed(sql, &values).await
        })?;
        Ok(())
    }

    /// Gives up leases of lanes without rows, which this node does not know: whoever makes them
    /// can take them.
    ///
    /// # Errors
    /// If it is not known whether they were given up.
    pub fn give_up_empty(&self, own: &NodeRow, lanes: &[LaneId]) -> Result<(), JournalError> {
        let sql = "UPDATE leases SET node = NULL, term = term + 1
            WHERE node = $1 AND lane = ANY($2)
            AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.lane = leases.lane)
            AND EXISTS (SELECT 1 FROM nodes WHERE nodes.node = $1 AND process = $3)
            RETURNING lane, term";
        self.terms(sql, own, lanes).map(|_| ())
    }

    /// The nodes that have a row here, for whoever is none of them.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn nodes(&self) -> Result<Vec<NodeRow>, JournalError> {
        self.0.ask(WITHIN, async |client| Ok(view(client).await?.nodes))
    }

    /// Leaves: leases this node still has are nobody's.
    ///
    /// # Errors
    /// If it is not known whether it left.
    pub fn leave(&self, own: &NodeRow) -> Result<(), JournalError> {
        let sql = "DELETE FROM nodes WHERE node = $1 AND process = $2";
        let (node, process) = (own.node as i64, own.process as i64);
        self.0.ask(WITHIN, async |client| {
            client.execute_typed(sql, &[(&node, Type::INT8), (&process, Type::INT8)]).await
        })?;
        Ok(())
    }
}

async fn view(client: &Client) -> Result<View, tokio_postgres::Error> {
    let nodes = "SELECT node, process, address, beat, draining FROM nodes ORDER BY node";
    let nodes = client.query_typed(nodes, &[]).await?;
    let number = |row: &Row, at: usize| row.get::<_, i64>(at) as u64;
    let nodes = nodes.iter().map(|row| NodeRow {
        node: number(row, 0),
        process: number(row, 1),
        address: row.get::<_, Option<String>>(2).and_then(|address| address.parse().ok()),
        beat: number(row, 3),
        draining: row.get(4),
    });
    let nodes = nodes.collect();
    let leases = client.query_typed("SELECT lane, node, term FROM leases", &[]).await?;
    let lease = |row: &Row| {
        let node = row.get::<_, Option<i64>>(1).map(|node| node as u64);
        (row.get::<_, i64>(0) as LaneId, Lease { node, term: number(row, 2) })
    };
    Ok(View { nodes, leases: leases.iter().map(lease).collect() })
}

/// Locks the leases by which lanes are opened; gives the lanes whose lease still stands, none if
/// another process has the node's place.
pub(super) async fn hold(
    client: &Client,
    holder: &Holder,
) -> Result<Vec<LaneId>, tokio_postgres::Error> {
    let sql = "SELECT leases.lane FROM leases
        JOIN unnest($2::BIGINT[], $3::BIGINT[]) AS held (lane, term)
            ON leases.lane = held.lane AND leases.term = held.term
        WHERE leases.node = $1
            AND EXISTS (SELECT 1 FROM nodes WHERE nodes.node = $1 AND process = $4)
        FOR SHARE OF leases";
    let (node, process) = (holder.node as i64, holder.process as i64);
    let lanes: Vec<i64> = holder.terms.keys().map(|lane| i64::from(*lane)).collect();
    let terms: Vec<i64> = holder.terms.values().map(|term| *term as i64).collect();
    let values: [(&(dyn ToSql + Sync), Type); 4] = [
        (&node, Type::INT8),
        (&lanes, Type::INT8_ARRAY),
        (&terms, Type::INT8_ARRAY),
        (&process, Type::INT8),
    ];
    let held = client.query_typed(sql, &values).await?;
    Ok(held.iter().map(|row| row.get::<_, i64>(0) as LaneId).collect())
}
