//! Every statement over accounts and sessions.

use super::model::{self, Name, Record, SIGNED_IN_AT_MOST_MS, SIGNED_IN_MS};
use crate::kit::db::{Db, DbError, Tx};
use crate::kit::token::Role;
use crate::on;
use fanfare_engine::Fan;

crate::statements! {
    NEW_ACCOUNT = "INSERT INTO accounts (fan, name, shown_name, password, role, was_guest,
            made_at_ms)
        VALUES ($1, $2, $3, $4, 'fan', $5, $6) ON CONFLICT DO NOTHING";
    ACCOUNT = "SELECT fan, password, role FROM accounts WHERE name = $1";
    NAME_OF = "SELECT shown_name FROM accounts WHERE fan = $1";
    SET_PASSWORD = "UPDATE accounts SET password = $1 WHERE fan = $2";
    ROLE_OF = "SELECT role FROM accounts WHERE fan = $1";
    SET_ROLE = "UPDATE accounts SET role = $1 WHERE fan = $2";
    HOSTS = "SELECT COUNT(*) FROM accounts WHERE role IN ('host', 'operator')";
    NEW_SESSION = "INSERT INTO sessions (number, fan, secret, device, made_at_ms, seen_at_ms,
            until_ms, ended_at_ms)
        VALUES ($1, $2, $3, $4, $5, $5, $6, NULL)";
    SEEN = "UPDATE sessions SET seen_at_ms = $1, until_ms = $2
        WHERE secret = $3 AND ended_at_ms IS NULL AND until_ms > $1 AND made_at_ms > $4
        RETURNING number, fan";
    SESSIONS = "SELECT number, device, made_at_ms, seen_at_ms FROM sessions
        WHERE fan = $1 AND ended_at_ms IS NULL AND until_ms > $2
        ORDER BY seen_at_ms DESC, number LIMIT 50";
    END = "UPDATE sessions SET ended_at_ms = $1
        WHERE number = $2 AND fan = $3 AND ended_at_ms IS NULL RETURNING number";
    END_ALL = "UPDATE sessions SET ended_at_ms = $1 WHERE fan = $2 AND ended_at_ms IS NULL
        RETURNING number";
    END_OTHERS = "UPDATE sessions SET ended_at_ms = $1
        WHERE fan = $2 AND number <> $3 AND ended_at_ms IS NULL RETURNING number";
    ENDED = "SELECT number, ended_at_ms FROM sessions WHERE ended_at_ms >= $1";
    GUESTS = "SELECT fan, made_at_ms FROM accounts WHERE was_guest AND made_at_ms >= $1";
    FORGET_SECRETS = "DELETE FROM host_secrets";
    NEW_SECRET = "INSERT INTO host_secrets (secret, made_at_ms) VALUES ($1, $2)";
    USE_SECRET = "DELETE FROM host_secrets WHERE secret = $1 RETURNING made_at_ms";
}

/// An account as signing in needs it.
pub struct Account {
    pub fan: Fan,
    pub password: String,
    pub role: Role,
}

/// Makes an account, unless its name or fan number is taken.
pub async fn new_account(
    tx: &mut Tx,
    (fan, was_guest): (Fan, bool),
    name: &Name,
    password: &str,
    now_ms: i64,
) -> Result<bool, DbError> {
    let rows = on!(tx, tx => {
        let query = sqlx::query(NEW_ACCOUNT).bind(fan.get() as i64).bind(&name.folded);
        let query = query.bind(&name.shown).bind(password).bind(was_guest).bind(now_ms);
        query.execute(&mut **tx).await.map(|done| done.rows_affected())
    })?;
    Ok(rows == 1)
}

pub async fn account(db: &Db, name: &Name) -> Result<Option<Account>, DbError> {
    let row = on!(db.read(), pool => {
        let query = sqlx::query_as::<_, (i64, String, String)>(ACCOUNT).bind(&name.folded);
        query.fetch_optional(pool).await
    })?;
    Ok(row.and_then(|(fan, password, role)| {
        Some(Account { fan: Fan::new(fan as u64)?, password, role: model::role(&role) })
    }))
}

/// The name of an account as its owner writes it.
pub async fn name_of(db: &Db, fan: Fan) -> Result<Option<String>, DbError> {
    let row = on!(db.read(), pool => {
        let query = sqlx::query_as::<_, (String,)>(NAME_OF).bind(fan.get() as i64);
        query.fetch_optional(pool).await
    })?;
    Ok(row.map(|(name,)| name))
}

/// Keeps another password.
pub async fn set_password(tx: &mut Tx, fan: Fan, password: &str) -> Result<(), DbError> {
    on!(tx, tx => {
        let query = sqlx::query(SET_PASSWORD).bind(password).bind(fan.get() as i64);
        query.execute(&mut **tx).await.map(|_| ())
    })?;
    Ok(())
}

pub async fn role_of(tx: &mut Tx, fan: Fan) -> Result<Option<Role>, DbError> {
    let row = on!(tx, tx => {
        let query = sqlx::query_as::<_, (String,)>(ROLE_OF).bind(fan.get() as i64);
        query.fetch_optional(&mut **tx).await
    })?;
    Ok(row.map(|(role,)| model::role(&role)))
}

pub async fn set_role(tx: &mut Tx, fan: Fan, role: Role) -> Result<bool, DbError> {
    let rows = on!(tx, tx => {
        let query = sqlx::query(SET_ROLE).bind(role.name()).bind(fan.get() as i64);
        query.execute(&mut **tx).await.map(|done| done.rows_affected())
    })?;
    Ok(rows == 1)
}

pub async fn hosts(db: &Db) -> Result<i64, DbError> {
    let (count,): (i64,) = on!(db.read(), pool => sqlx::query_as(HOSTS).fetch_one(pool).await)?;
    Ok(count)
}

pub async fn new_session(
    tx: &mut Tx,
    (number, fan): (u64, Fan),
    secret: &[u8; 32],
    device: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    on!(tx, tx => {
        let query = sqlx::query(NEW_SESSION).bind(number as i64).bind(fan.get() as i64);
        let query = query.bind(secret.to_vec()).bind(device).bind(now_ms);
        query.bind(now_ms + SIGNED_IN_MS).execute(&mut **tx).await.map(|_| ())
    })?;
    Ok(())
}

/// Notes a visit; whose session it is, if it is one and goes on.
pub async fn seen(
    tx: &mut Tx,
    secret: &[u8; 32],
    now_ms: i64,
) -> Result<Option<(u64, Fan)>, DbError> {
    let row = on!(tx, tx => {
        let query = sqlx::query_as::<_, (i64, i64)>(SEEN).bind(now_ms);
        let query = query.bind(now_ms + SIGNED_IN_MS).bind(secret.to_vec());
        let query = query.bind(now_ms - SIGNED_IN_AT_MOST_MS);
        query.fetch_optional(&mut **tx).await
    })?;
    Ok(row.and_then(|(number, fan)| Some((number as u64, Fan::new(fan as u64)?))))
}

pub async fn sessions(db: &Db, fan: Fan, now_ms: i64) -> Result<Vec<Record>, DbError> {
    let rows = on!(db.read(), pool => {
        let query = sqlx::query_as::<_, (i64, String, i64, i64)>(SESSIONS);
        query.bind(fan.get() as i64).bind(now_ms).fetch_all(pool).await
    })?;
    let record = |(number, device, made_at_ms, seen_at_ms)| {
        let number = i64::unsigned_abs(number);
        Record { number, device, made_at_ms, seen_at_ms }
    };
    Ok(rows.into_iter().map(record).collect())
}

/// Ends one session of a fan's, or all; the numbers of those that went on until now.
pub async fn end(
    tx: &mut Tx,
    fan: Fan,
    number: Option<u64>,
    now_ms: i64,
) -> Result<Vec<u64>, DbError> {
    let rows = on!(tx, tx => match number {
        Some(number) => {
            let query = sqlx::query_as::<_, (i64,)>(END).bind(now_ms).bind(number as i64);
            query.bind(fan.get() as i64).fetch_all(&mut **tx).await
        }
        None => {
            let query = sqlx::query_as::<_, (i64,)>(END_ALL).bind(now_ms);
            query.bind(fan.get() as i64).fetch_all(&mut **tx).await
        }
    })?;
    Ok(rows.into_iter().map(|(number,)| number as u64).collect())
}

/// Ends a fan's sessions but this one; their numbers.
pub async fn end_others(
    tx: &mut Tx,
    (fan, here): (Fan, u64),
    now_ms: i64,
) -> Result<Vec<u64>, DbError> {
    let rows = on!(tx, tx => {
        let query = sqlx::query_as::<_, (i64,)>(END_OTHERS).bind(now_ms);
        query.bind(fan.get() as i64).bind(here as i64).fetch_all(&mut **tx).await
    })?;
    Ok(rows.into_iter().map(|(number,)| number as u64).collect())
}

/// Sessions that ended since then, and when.
pub async fn ended(db: &Db, since_ms: i64) -> Result<Vec<(u64, i64)>, DbError> {
    let rows = on!(db.read(), pool => {
        sqlx::query_as::<_, (i64, i64)>(ENDED).bind(since_ms).fetch_all(pool).await
    })?;
    Ok(rows.into_iter().map(|(number, at_ms)| (number as u64, at_ms)).collect())
}

/// Guests who became accounts since then, and when.
pub async fn guests(db: &Db, since_ms: i64) -> Result<Vec<(u64, i64)>, DbError> {
    let rows = on!(db.read(), pool => {
        sqlx::query_as::<_, (i64, i64)>(GUESTS).bind(since_ms).fetch_all(pool).await
    })?;
    Ok(rows.into_iter().map(|(fan, at_ms)| (fan as u64, at_ms)).collect())
}

/// Keeps the hash of a new host's secret; older ones are good for nothing from then on.
pub async fn keep_secret(tx: &mut Tx, secret: &[u8; 32], now_ms: i64) -> Result<(), DbError> {
    on!(tx, tx => {
        sqlx::query(FORGET_SECRETS).execute(&mut **tx).await?;
        let query = sqlx::query(NEW_SECRET).bind(secret.to_vec()).bind(now_ms);
        query.execute(&mut **tx).await?;
    });
    Ok(())
}

/// Uses a secret up; whether it was good.
pub async fn use_secret(tx: &mut Tx, secret: &[u8; 32]) -> Result<bool, DbError> {
    let row = on!(tx, tx => {
        let query = sqlx::query_as::<_, (i64,)>(USE_SECRET).bind(secret.to_vec());
        query.fetch_optional(&mut **tx).await
    })?;
    Ok(row.is_some())
}
