//! The journal's tables and the settings it insists on.

use super::super::journals::Standing;
use super::link::{Fault, fault};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

/// The version of the tables; a journal with a higher one was written by a newer program.
const VERSION: i64 = 1;

/// Held while the tables are made, so that nodes that start at once do not both make them. The
/// number is the word FANF in ASCII.
const MAKING: i64 = 0x4641_4E46;

/// One a transaction, each made only where it is not there. Facts hardly shrink, so the server is
/// not to try.
const TABLES: [&str; 8] = [
    "CREATE TABLE IF NOT EXISTS lanes (
        lane BIGINT NOT NULL PRIMARY KEY CHECK (lane > 0),
        drop_id TEXT NOT NULL UNIQUE,
        home BIGINT NOT NULL DEFAULT 0
    )",
    "CREATE TABLE IF NOT EXISTS journal (
        lane BIGINT NOT NULL REFERENCES lanes (lane),
        seq BIGINT NOT NULL CHECK (seq > 0),
        hash BYTEA NOT NULL,
        header BYTEA NOT NULL,
        facts BYTEA NOT NULL,
        seal BYTEA NOT NULL,
        PRIMARY KEY (lane, seq)
    )",
    "ALTER TABLE journal ALTER COLUMN facts SET STORAGE EXTERNAL",
    "CREATE TABLE IF NOT EXISTS keys (
        id TEXT NOT NULL PRIMARY KEY,
        public TEXT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS reasons (
        why BIGINT NOT NULL PRIMARY KEY,
        words TEXT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS nodes (
        node BIGINT NOT NULL PRIMARY KEY CHECK (node > 0),
        process BIGINT NOT NULL,
        address TEXT,
        beat BIGINT NOT NULL,
        draining BOOLEAN NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS leases (
        lane BIGINT NOT NULL PRIMARY KEY,
        node BIGINT,
        term BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS journal_version (
        version BIGINT NOT NULL PRIMARY KEY,
        place BIGINT NOT NULL,
        festival TEXT NOT NULL
    )",
];

/// Comes last: where it stands, all tables do.
const VERSION_ROW: &str = "INSERT INTO journal_version (version, place, festival) SELECT $1, $2, $3
    WHERE NOT EXISTS (SELECT 1 FROM journal_version)";

/// Makes sure of the server on each new connection: after a fail-over it is another one.
pub(super) async fn insist(client: &Client, ours: &Standing, writes: bool) -> Result<(), Fault> {
    let mut stands = version(client).await?;
    if writes {
        settings(client).await?;
        if stands.is_none() {
            make(client, ours).await?;
            stands = version(client).await?;
        }
    }
    let (version, place, festival) = stands.ok_or(Fault::Missing)?;
    let unfit = |why| Err(Fault::Unfit(why));
    if version > VERSION {
        return unfit(format!(
            "it was written by a newer fanfare (version {version}, this one knows {VERSION}); use \
             that one"
        ));
    }
    if let Some(ours) = ours.festival.as_ref().filter(|ours| **ours != festival) {
        return unfit(format!(
            "it has the rows of the festival `{festival}`, not of `{ours}`; name a database of \
             this festival's own"
        ));
    }
    if place != ours.place as i64 {
        return unfit(format!(
            "it is journal {} of this festival, but was named as journal {}: name them in the \
             order in which they were first named, each once",
            place + 1,
            ours.place + 1
        ));
    }
    Ok(())
}

/// Version, place and festival of the tables, if they are there.
async fn version(client: &Client) -> Result<Option<(i64, i64, String)>, Fault> {
    let there = client.query_typed("SELECT to_regclass('journal_version')::TEXT", &[]).await;
    let there = there.map_err(|why| fault(&why))?;
    if there.first().is_none_or(|row| row.get::<_, Option<String>>(0).is_none()) {
        return Ok(None);
    }
    let newest =
        "SELECT version, place, festival FROM journal_version ORDER BY version DESC LIMIT 1";
    let rows = client.query_typed(newest, &[]).await.map_err(|why| fault(&why))?;
    Ok(rows.first().map(|row| (row.get(0), row.get(1), row.get(2))))
}

/// Refuses a server that acknowledges what it may lose.
async fn settings(client: &Client) -> Result<(), Fault> {
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        if show(client, name).await? == "off" {
            return Err(unsafe_setting(name, "off"));
        }
    }
    let local = show(client, "synchronous_commit").await? == "local";
    if local && !show(client, "synchronous_standby_names").await?.is_empty() {
        return Err(unsafe_setting("synchronous_commit", "local"));
    }
    Ok(())
}

fn unsafe_setting(name: &str, value: &str) -> Fault {
    Fault::Unfit(format!(
        "the server runs with {name} = {value} and can lose what it acknowledged: set it to on \
         and start again"
    ))
}

async fn show(client: &Client, name: &str) -> Result<String, Fault> {
    let asked = client.query_typed("SELECT current_setting($1)", &[(&name, Type::TEXT)]).await;
    let rows = asked.map_err(|why| fault(&why))?;
    Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
}

async fn make(client: &Client, ours: &Standing) -> Result<(), Fault> {
    let lock = format!("SELECT pg_advisory_lock({MAKING})");
    client.batch_execute(&lock).await.map_err(|why| fault(&why))?;
    for table in TABLES {
        client.batch_execute(table).await.map_err(|why| fault(&why))?;
    }
    let (place, festival) = (ours.place as i64, ours.festival.as_deref().unwrap_or_default());
    let row =
        [(&VERSION as _, Type::INT8), (&place as _, Type::INT8), (&festival as _, Type::TEXT)];
    client.execute_typed(VERSION_ROW, &row).await.map_err(|why| fault(&why))?;
    let unlock = format!("SELECT pg_advisory_unlock({MAKING})");
    client.batch_execute(&unlock).await.map_err(|why| fault(&why))
}
