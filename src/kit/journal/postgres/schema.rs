//! The journal's tables and the settings it insists on.

use super::link::{Fault, fault};
use tokio_postgres::Client;

/// The version of the tables; a journal with a higher one was written by a newer program.
const VERSION: i64 = 1;

/// Held while the tables are made, so that nodes that start at once do not both make them. The
/// number is the word FANF in ASCII.
const MAKING: i64 = 0x4641_4E46;

/// One a transaction, each made only where it is not there. Facts hardly shrink, so the server is
/// not to try.
const TABLES: [&str; 7] = [
    "CREATE TABLE IF NOT EXISTS lanes (
        lane BIGINT NOT NULL PRIMARY KEY CHECK (lane > 0),
        drop_id TEXT NOT NULL UNIQUE
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
    "CREATE TABLE IF NOT EXISTS journal_version (version BIGINT NOT NULL PRIMARY KEY)",
    "INSERT INTO journal_version (version) SELECT 1
        WHERE NOT EXISTS (SELECT 1 FROM journal_version)",
];

/// Makes sure of the server on each new connection: after a fail-over it is another one.
pub(super) async fn insist(client: &Client, writes: bool) -> Result<(), Fault> {
    if writes {
        settings(client).await?;
        make(client).await?;
    }
    match made(client).await? {
        Some(version) if version <= VERSION => Ok(()),
        Some(newer) => Err(Fault::Unfit(format!(
            "it was written by a newer fanfare (version {newer}, this one knows {VERSION}); use \
             that one"
        ))),
        // Or its tables are being made.
        None => Err(Fault::Missing),
    }
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
    let asked = client.query_typed("SELECT current_setting($1)", &[(&name, TEXT)]).await;
    let rows = asked.map_err(|why| fault(&why))?;
    Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
}

const TEXT: tokio_postgres::types::Type = tokio_postgres::types::Type::TEXT;

/// The tables' version, which comes last; none where they are not there, or not all of them:
/// whoever made them may have been killed.
async fn made(client: &Client) -> Result<Option<i64>, Fault> {
    let there = client.query_typed("SELECT to_regclass('journal_version')::TEXT", &[]).await;
    let there = there.map_err(|why| fault(&why))?;
    if there.first().is_none_or(|row| row.get::<_, Option<String>>(0).is_none()) {
        return Ok(None);
    }
    let asked = client.query_typed("SELECT MAX(version) FROM journal_version", &[]).await;
    let rows = asked.map_err(|why| fault(&why))?;
    Ok(rows.first().and_then(|row| row.get(0)))
}

async fn make(client: &Client) -> Result<(), Fault> {
    if made(client).await?.is_some() {
        return Ok(());
    }
    let lock = format!("SELECT pg_advisory_lock({MAKING})");
    client.batch_execute(&lock).await.map_err(|why| fault(&why))?;
    for table in TABLES {
        client.batch_execute(table).await.map_err(|why| fault(&why))?;
    }
    let unlock = format!("SELECT pg_advisory_unlock({MAKING})");
    client.batch_execute(&unlock).await.map_err(|why| fault(&why))
}
