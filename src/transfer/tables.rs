//! The rows of the tables beside the journal, from one database to another, as of one moment and
//! in one transaction.

use super::Show;
use crate::kit::db::{Cold, Db, DbError, MIGRATIONS, Marks, Side, Tx, chunks, commit};
use crate::on;
use futures_util::StreamExt as _;
use sqlx::{AssertSqlSafe, Row as _};
use std::sync::mpsc;

/// Rows that are held in memory at a time.
const ROWS_AT_A_TIME: usize = 1_024;

/// A table: its name, its columns with their types.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Table {
    name: &'static str,
    columns: Vec<(&'static str, &'static str)>,
}

/// Every table, in the order they are made, so that none refers to a later one.
fn all() -> Vec<Table> {
    let statements = MIGRATIONS.iter().flat_map(|file| file.sql.split(";\n"));
    statements.filter_map(table).collect()
}

/// The table a statement makes, if it makes one: a column a line, its name and its type first.
fn table(statement: &'static str) -> Option<Table> {
    let (name, body) = statement.split_once("CREATE TABLE ")?.1.split_once(" (\n")?;
    let column = |line: &'static str| {
        let mut words = line.split_whitespace();
        let (column, kind) = (words.next()?, words.next()?.trim_end_matches(','));
        matches!(kind, "BIGINT" | "TEXT" | "BYTEA" | "BOOLEAN").then_some((column, kind))
    };
    Some(Table { name, columns: body.lines().filter_map(column).collect() })
}

impl Table {
    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.names(), self.name)
    }

    fn insert(&self, rows: usize, to: &Tx) -> String {
        // What PostgreSQL calls bytes SQLite takes for a number when it is asked to cast to it.
        let bytes = if matches!(to, Side::Sqlite(_)) { "BLOB" } else { "BYTEA" };
        let kind = |kind| if kind == "BYTEA" { bytes } else { kind };
        let kinds: Vec<&str> = self.columns.iter().map(|(_, of)| kind(*of)).collect();
        let rows = Marks::of(to).rows(&kinds, rows);
        format!("INSERT INTO {} ({}) VALUES {rows}", self.name, self.names())
    }
}

/// A value of a column.
#[derive(Clone, Debug)]
enum Value {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Flag(Option<bool>),
}

macro_rules! read_row {
    ($table:expr, $row:expr) => {
        $table.columns.iter().enumerate().map(|(at, (_, kind))| {
            Ok(match *kind {
                "BIGINT" => Value::Number($row.try_get(at)?),
                "TEXT" => Value::Text($row.try_get(at)?),
                "BYTEA" => Value::Bytes($row.try_get(at)?),
                _ => Value::Flag($row.try_get(at)?),
            })
        })
    };
}

/// Copies every table into a database whose tables are empty. `who` says whose they then are.
///
/// # Errors
/// If either cannot be read or written, or the tables there are not empty; then nothing is.
pub fn copy(from: &Cold, to: &Cold, show: Show<'_>) -> Result<(), String> {
    let (sender, receiver) = mpsc::channel();
    let (source, target) = (from.db(), to.db());
    // Both sides are driven by the thread of the one that is written.
    let copying = std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            to.wait(async move {
                let mut tx = target.begin().await?;
                let mut moment = source.moment().await?;
                for table in all() {
                    let copied = one(&table, &mut moment, &mut tx, &sender).await;
                    copied.map_err(|why| DbError(format!("table {}: {why}", table.name)))?;
                }
                // Its connection is taken back only where it is driven.
                drop(moment);
                commit(tx).await
            })
        });
        for (table, rows) in receiver {
            show(table, rows, rows);
        }
        running.join()
    });
    let copied = copying.map_err(|_| "copying the tables broke off".to_owned())?;
    copied.map_err(|why| why.to_string())
}

type Told = mpsc::Sender<(&'static str, u64)>;

async fn one(table: &Table, from: &mut Tx, to: &mut Tx, told: &Told) -> Result<(), DbError> {
    let (select, mut waiting, mut rows) = (table.select(), Vec::new(), 0);
    macro_rules! pass_on {
        ($at:expr) => {{
            let mut reading = sqlx::query(AssertSqlSafe(select)).fetch(&mut **$at);
            while let Some(row) = reading.next().await {
                let row = row?;
                waiting.push(read_row!(table, row).collect::<Result<Vec<_>, sqlx::Error>>()?);
                if waiting.len() == ROWS_AT_A_TIME {
                    put(table, to, &waiting).await?;
                    rows += waiting.len() as u64;
                    let _ = told.send((table.name, rows));
                    waiting.clear();
                }
            }
        }};
    }
    match from {
        Side::Sqlite(at) => pass_on!(at),
        Side::Postgres(at) => pass_on!(at),
    }
    put(table, to, &waiting).await
}

async fn put(table: &Table, to: &mut Tx, rows: &[Vec<Value>]) -> Result<(), DbError> {
    for chunk in chunks(rows) {
        let insert = table.insert(chunk.len(), to);
        on!(to, tx => {
            let mut query = sqlx::query(AssertSqlSafe(insert));
            for value in chunk.iter().flatten() {
                query = match value {
                    Value::Number(number) => query.bind(number),
                    Value::Text(text) => query.bind(text),
                    Value::Bytes(bytes) => query.bind(bytes),
                    Value::Flag(flag) => query.bind(flag),
                };
            }
            query.execute(&mut **tx).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// Whether every table is empty.
///
/// # Errors
/// If they cannot be read.
pub fn empty(side: &Cold) -> Result<bool, String> {
    let db: Db = side.db();
    let asked = side.wait(async move {
        for table in all() {
            let count =
                format!("SELECT COUNT(*) FROM (SELECT 1 FROM {} LIMIT 1) AS one", table.name);
            let rows: i64 = on!(db.read(), pool => {
                sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(pool).await
            })?;
            if rows > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    });
    asked.map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::database::Database;
    use crate::kit::scratch::Scratch;

    #[test]
    fn every_table_and_column_of_the_database_is_known() {
        let scratch = Scratch::new(None, "tables").unwrap();
        let place = Database::File(scratch.path().join("cold.sqlite"));
        let side = Cold::open(&place, MIGRATIONS, 0).unwrap();
        let db = side.db();
        let listed = side.wait(async move {
            let sql = "SELECT m.name, p.name, p.type FROM sqlite_master AS m,
                    pragma_table_info(m.name) AS p
                WHERE m.type = 'table' AND m.name <> 'migrations' ORDER BY m.rowid, p.cid";
            let Side::Sqlite(pool) = db.read() else { panic!("SQLite") };
            Ok(sqlx::query_as::<_, (String, String, String)>(sql).fetch_all(pool).await?)
        });
        let known = all().into_iter().flat_map(|table| {
            let of = move |(column, kind): (&str, &str)| {
                (table.name.to_owned(), column.to_owned(), kind.to_owned())
            };
            table.columns.into_iter().map(of).collect::<Vec<_>>()
        });
        assert_eq!(listed.unwrap(), known.collect::<Vec<_>>());
    }
}
