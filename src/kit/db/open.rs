//! Opening either database, and the settings that are insisted on: what was acknowledged must
//! still be there after a power cut.

use super::{Db, DbError, Side};
use crate::kit::data::{make_private, user};
use crate::kit::database::{self, Database, Mode};
use rusqlite::ffi;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

/// Connections that read from `SQLite` at once.
const SQLITE_READERS: u32 = 4;

/// Connections to PostgreSQL, which has 100 by default for everybody.
pub const POSTGRES_CONNECTIONS: u32 = 8;

/// How long somebody waits for a connection.
const WAIT: Duration = Duration::from_secs(5);

impl Database {
    /// Opens it to read and write, making a file that is not there.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(super) async fn open(&self) -> Result<Db, DbError> {
        match self {
            Self::File(path) => open_sqlite(path.clone(), false).await,
            Self::Url(url) => open_postgres(url).await,
        }
    }

    /// Opens it to read only, which a serving process does not notice.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(super) async fn look(&self) -> Result<Db, DbError> {
        match self {
            Self::File(path) => open_sqlite(path.clone(), true).await,
            Self::Url(url) => open_postgres(url).await,
        }
    }
}

async fn open_sqlite(path: PathBuf, look: bool) -> Result<Db, DbError> {
    let shown = path.display().to_string();
    let fault = |why: sqlx::Error| {
        let code = why.as_database_error().and_then(|error| error.code()?.parse().ok());
        // Without space not even the memory that a log's readers share can be made.
        let advice = match code {
            Some(ffi::SQLITE_FULL | ffi::SQLITE_IOERR_SHMSIZE) => {
                "free some space on that disk".to_owned()
            }
            _ => format!("give {} the right to read and write in the data folder", user()),
        };
        DbError(format!("{shown}: {why}; {advice}"))
    };
    if !look {
        make_private(&path).map_err(|why| fault(sqlx::Error::Io(why)))?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(WAIT)
        .foreign_keys(true)
        .disable_statement_logging();
    let reading = options.clone().read_only(true);
    let writing = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = |most| {
        let pool = SqlitePoolOptions::new().max_connections(most).acquire_timeout(WAIT);
        let pool = pool.test_before_acquire(false).idle_timeout(None).max_lifetime(None);
        // SQLite itself takes back a transaction that met a full or failing disk. sqlx then cannot
        // do so, goes on counting it as open and begins no other: such a connection is let go.
        pool.before_acquire(|connection, _| {
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
    };
    let write = if look {
        pool(1).connect_lazy_with(reading.clone())
    } else {
        pool(1).connect_with(writing).await.map_err(&fault)?
    };
    let read = pool(SQLITE_READERS).connect_with(reading).await.map_err(&fault)?;
    Ok(Db { read: Side::Sqlite(read), write: Side::Sqlite(write) })
}

async fn open_postgres(url: &str) -> Result<Db, DbError> {
    let database = Database::Url(url.to_owned());
    if database.each_host().len() > 1 {
        return Err(DbError(
            "--database: name one host; before several that stand in for each other put a proxy \
             that knows which is written, as docs/operate/patroni.md says"
                .to_owned(),
        ));
    }
    let shown = database.shown();
    let options = options(&database).map_err(|why| DbError(format!("--database: {why}")))?;
    let options = options.application_name("fanfare").options([("client_min_messages", "warning")]);
    let options = options.disable_statement_logging();
    let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(WAIT);
    let pool = pool.connect_with(options).await.map_err(|why| {
        let told = database::words(&why);
        let told = told.unwrap_or(format!("{why}; is it running, and may this user enter?"));
        DbError(format!("PostgreSQL at {shown}: {told}"))
    })?;
    insist(&pool).await?;
    Ok(Db { read: Side::Postgres(pool.clone()), write: Side::Postgres(pool) })
}

/// How it is connected to: as the URL says.
fn options(database: &Database) -> Result<PgConnectOptions, String> {
    let secure = database.secure()?;
    // Read here for the words: what is wrong with a file is said at once.
    database::client(&secure)?;
    let options = PgConnectOptions::from_str(&secure.url);
    let options = options.map_err(|_| database::LIKE.to_owned())?;
    let mut options = options.ssl_mode(match secure.mode {
        Mode::Plain => PgSslMode::Disable,
        Mode::Offered => PgSslMode::Prefer,
        Mode::Required => PgSslMode::Require,
        Mode::Verified => PgSslMode::VerifyFull,
    });
    if let Some(authorities) = &secure.authorities {
        options = options.ssl_root_cert(authorities);
    }
    if let Some((cert, key)) = &secure.shown {
        options = options.ssl_client_cert(cert).ssl_client_key(key);
    }
    Ok(options)
}

/// Refuses a server that acknowledges what it may lose.
async fn insist(pool: &PgPool) -> Result<(), DbError> {
    for (name, sql) in [
        ("fsync", "SHOW fsync"),
        ("synchronous_commit", "SHOW synchronous_commit"),
        ("full_page_writes", "SHOW full_page_writes"),
    ] {
        let (value,): (String,) = sqlx::query_as(sql).fetch_one(pool).await?;
        if value == "off" {
            return Err(DbError(format!(
                "PostgreSQL runs with {name} = off and can lose what it acknowledged: set it to \
                 on and start again"
            )));
        }
    }
    Ok(())
}
