//! One event an action, in the transaction of what it changed.

use super::{DbError, Tx};
use crate::on;

crate::statements! {
    INSERT = "INSERT INTO events (id, at_ms, who, what, subject, data)
        VALUES ($1, $2, $3, $4, $5, $6)";
}

/// Something somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// When, ms since 1970.
    pub at_ms: i64,
    /// Ten bytes that tell it from all others of its moment. The same ones make the same event.
    pub unique: [u8; 10],
    /// Who, like `fan 7`.
    pub who: &'a str,
    /// What was done, like `drop.paused`.
    pub what: &'static str,
    /// To what.
    pub subject: &'a str,
    /// What else there is to say, as a JSON object.
    pub data: String,
}

/// Writes it down.
///
/// # Errors
/// If it cannot be written, or stands there already.
pub async fn record(tx: &mut Tx, event: Event<'_>) -> Result<(), sqlx::Error> {
    let millis = u64::try_from(event.at_ms).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &event.unique).into_uuid();
    on!(tx, tx => {
        let query = sqlx::query(INSERT).bind(id.to_string()).bind(event.at_ms).bind(event.who);
        let query = query.bind(event.what).bind(event.subject).bind(event.data);
        query.execute(&mut **tx).await.map(|_| ())
    })
}

/// An event's bytes where nothing else tells it from others.
///
/// # Errors
/// If the system has no randomness to give.
pub fn unique() -> Result<[u8; 10], DbError> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).map_err(|why| DbError(why.to_string()))?;
    Ok(bytes)
}
