//! The same work on SQLite: one item, one a fan, and a running number, many fans a transaction.
//!
//! Its settings are those of our journal: a write-ahead log, synced at every commit.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Units there are; more than anybody takes in a measurement.
const STOCK: i64 = 1_000_000_000;

// One item's claims are one table, so that its key is a number and not a pair.
const SCHEMA: &str = "
    CREATE TABLE item (
        id INTEGER PRIMARY KEY,
        free INTEGER NOT NULL CHECK (free >= 0),
        last INTEGER NOT NULL
    );
    CREATE TABLE claim (fan INTEGER PRIMARY KEY, number INTEGER NOT NULL);";

/// What a fan is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The number of their claim, made now or before.
    Number(i64),
    SoldOut,
}

/// One item with its claims.
struct Item(Connection);

impl Item {
    fn new(file: &Path, stock: i64) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        connection.execute("INSERT INTO item (id, free, last) VALUES (1, ?1, 0)", [stock])?;
        Ok(Self(connection))
    }

    /// Claims by these fans, in one transaction that is synced when this returns.
    fn claim(
        &mut self,
        fans: impl Iterator<Item = i64>,
        answers: &mut Vec<Answer>,
    ) -> rusqlite::Result<()> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO claim (fan, number) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?;
            let mut held = transaction.prepare_cached("SELECT number FROM claim WHERE fan = ?1")?;
            let mut item =
                transaction.prepare_cached("SELECT free, last FROM item WHERE id = 1")?;
            let (mut free, mut last): (i64, i64) =
                item.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            for fan in fans {
                if free > 0 && insert.execute((fan, last + 1))? == 1 {
                    (free, last) = (free - 1, last + 1);
                    answers.push(Answer::Number(last));
                } else {
                    let number = held.query_row([fan], |row| row.get(0)).optional()?;
                    answers.push(number.map_or(Answer::SoldOut, Answer::Number));
                }
            }
            let update = "UPDATE item SET free = ?1, last = ?2 WHERE id = 1";
            transaction.prepare_cached(update)?.execute((free, last))?;
        }
        transaction.commit()
    }

    /// Whether stock, holders and numbers agree.
    fn holds(&self, stock: i64) -> rusqlite::Result<bool> {
        let claims = "SELECT count(*), count(DISTINCT number), ifnull(max(number), 0) FROM claim";
        let (holders, numbers, highest): (i64, i64, i64) =
            self.0.query_row(claims, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let item = "SELECT free, last FROM item WHERE id = 1";
        let (free, last): (i64, i64) =
            self.0.query_row(item, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok([numbers, highest, last, stock - free].iter().all(|count| *count == holders))
    }

    /// What it says of itself.
    fn settings(&self) -> rusqlite::Result<String> {
        let pragma = |name: &str| {
            self.0.pragma_query_value(None, name, |row| {
                row.get::<_, String>(0).or_else(|_| Ok(row.get::<_, i64>(0)?.to_string()))
            })
        };
        let names = ["journal_mode", "synchronous", "wal_autocheckpoint"];
        let each: rusqlite::Result<Vec<String>> =
            names.iter().map(|name| Ok(format!("{name} {}", pragma(name)?))).collect();
        Ok(format!("{}; {}", rusqlite::version(), each?.join(", ")))
    }
}

/// Claims by ever new fans for this long, so many a transaction, in a file that is removed.
///
/// # Errors
/// If SQLite cannot, or if stock, holders and numbers do not agree at the end.
pub fn measure(folder: &Path, batch: i64, time: Duration) -> Result<String, String> {
    let told = |why: rusqlite::Error| why.to_string();
    fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let mut item = Item::new(&folder.join("compare.sqlite"), STOCK).map_err(told)?;
    let (claims, passed_s) = flood(&mut item, batch, time).map_err(told)?;
    if !item.holds(STOCK).map_err(told)? {
        return Err("SQLite: stock, holders and numbers do not agree".to_owned());
    }
    let settings = item.settings().map_err(told)?;
    drop(item);
    fs::remove_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    Ok(format!("{claims}\t{passed_s:.3}\t{settings}\n"))
}

#[expect(clippy::disallowed_methods, reason = "this measures how long it takes")]
fn flood(item: &mut Item, batch: i64, time: Duration) -> rusqlite::Result<(i64, f64)> {
    let (start, mut claims, mut answers) = (Instant::now(), 0, Vec::new());
    while start.elapsed() < time {
        answers.clear();
        item.claim(claims + 1..=claims + batch, &mut answers)?;
        claims += batch;
    }
    Ok((claims, start.elapsed().as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(item: &mut Item, fans: &[i64]) -> Vec<Answer> {
        let mut answers = Vec::new();
        item.claim(fans.iter().copied(), &mut answers).unwrap();
        answers
    }

    #[test]
    fn a_fan_gets_one_and_hears_its_number_again_and_the_last_unit_is_the_last() {
        let mut item = Item::new(Path::new(":memory:"), 2).unwrap();
        let number = Answer::Number;
        assert_eq!(claim(&mut item, &[7, 7, 9]), [number(1), number(1), number(2)]);
        assert_eq!(claim(&mut item, &[8, 9, 7]), [Answer::SoldOut, number(2), number(1)]);
        assert!(item.holds(2).unwrap());
    }

    #[test]
    fn a_number_given_twice_and_a_lost_unit_are_noticed() {
        for wrong in
            ["UPDATE claim SET number = 1", "UPDATE item SET free = 0", "DELETE FROM claim"]
        {
            let mut item = Item::new(Path::new(":memory:"), 4).unwrap();
            claim(&mut item, &[1, 2]);
            item.0.execute(wrong, []).unwrap();
            assert!(!item.holds(4).unwrap(), "{wrong}");
        }
    }
}
