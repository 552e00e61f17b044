//! The cold side's database: `SQLite` in the data folder, or PostgreSQL. One SQL text serves both.
//!
//! | file | holds |
//! | --- | --- |
//! | `open.rs` | opening either, and the settings that are insisted on |
//! | `migrate.rs` | the tables, made and changed by themselves at start |
//! | `event.rs` | what somebody did, written with what it changed |
//! | `many.rs` | statements over many rows at once |
//! | `thread.rs` | the thread all of it runs on, away from those who answer the crowd |
//!
//! A statement is written once and compiled for both by `on!`. What must differ is in this folder.

mod event;
mod many;
mod migrate;
mod open;
mod thread;

pub use super::database::Database;
pub use event::{Event, record, unique};
pub use many::{Marks, Texts, chunks};
pub use migrate::{MIGRATIONS, Migration, migrate};
pub use open::POSTGRES_CONNECTIONS;
pub use thread::Cold;

use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use std::fmt;

/// One of two, by the database it is of.
#[derive(Clone, Debug)]
pub enum Side<S, P> {
    /// Of `SQLite`.
    Sqlite(S),
    /// Of PostgreSQL.
    Postgres(P),
}

/// Connections to either.
pub type Pool = Side<SqlitePool, PgPool>;

/// A transaction on either. Dropped without a commit it never was.
pub type Tx = Side<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>;

/// Compiles one expression for both databases: `on!(side, at => …)` names a pool or transaction
/// of the right type `at`.
#[macro_export]
macro_rules! on {
    ($side:expr, $at:ident => $made:expr) => {
        match $side {
            $crate::kit::db::Side::Sqlite($at) => $made,
            $crate::kit::db::Side::Postgres($at) => $made,
        }
    };
}

/// Names a store's statements, and lists them all so that a test can prepare each on both
/// databases.
#[macro_export]
macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(const $name: &str = $sql;)+
        /// Every statement of this store.
        pub const STATEMENTS: &[&str] = &[$($name),+];
    };
}

/// The statements of this folder.
pub fn statements() -> impl Iterator<Item = &'static str> {
    migrate::STATEMENTS.iter().chain(event::STATEMENTS).copied()
}

/// Why the database did not do it, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DbError(pub String);

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DbError {}

impl From<sqlx::Error> for DbError {
    fn from(why: sqlx::Error) -> Self {
        Self(format!("database: {why}"))
    }
}

/// A database with its tables.
#[derive(Clone, Debug)]
pub struct Db {
    read: Pool,
    /// On `SQLite` one connection: it knows one writer at a time, and waiting for one's turn here
    /// is fair.
    write: Pool,
}

impl Db {
    /// Connections to read from.
    pub fn read(&self) -> &Pool {
        &self.read
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(match &self.write {
            Side::Sqlite(pool) => Side::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Side::Postgres(pool) => Side::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads, and sees one moment.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn moment(&self) -> Result<Tx, DbError> {
        let one_moment = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(match &self.read {
            Side::Sqlite(pool) => Side::Sqlite(pool.begin().await?),
            Side::Postgres(pool) => Side::Postgres(pool.begin_with(one_moment).await?),
        })
    }

    /// Prepares a statement without running it.
    ///
    /// # Errors
    /// If the database does not understand it.
    pub async fn prepare(&self, sql: String) -> Result<(), DbError> {
        use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};
        let sql = AssertSqlSafe(sql).into_sql_str();
        match &self.read {
            Side::Sqlite(pool) => drop(pool.acquire().await?.prepare(sql).await?),
            Side::Postgres(pool) => drop(pool.acquire().await?.prepare(sql).await?),
        }
        Ok(())
    }

    /// Waits until every connection is closed.
    pub async fn close(&self) {
        on!(&self.read, pool => pool.close().await);
        on!(&self.write, pool => pool.close().await);
    }
}

/// What nodes hold that make the same thing at the same moment. The number is the word FANT in
/// ASCII.
const ALONE: &str = "SELECT pg_advisory_xact_lock(1178685012)";

/// How long another node may take over it.
const ALONE_WITHIN: &str = "SET LOCAL lock_timeout = '30s'";

/// Waits until no other transaction is that asked for the same, and stays the only one until its
/// end: for what is made once. On `SQLite` each that writes is alone anyway.
///
/// # Errors
/// If another one takes too long.
pub async fn alone(tx: &mut Tx) -> Result<(), DbError> {
    if let Side::Postgres(tx) = tx {
        for sql in [ALONE_WITHIN, ALONE] {
            sqlx::query(sql).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

/// Makes a transaction's writes stand.
///
/// # Errors
/// If they may not stand; then none does, or the connection broke and it is not known.
pub async fn commit(tx: Tx) -> Result<(), DbError> {
    on!(tx, tx => tx.commit().await).map_err(DbError::from)
}
