//! What people do: sign up, sign in, come back, look where they are signed in, leave, become host.
//! All of it runs on the cold side's thread.

use super::model::{Name, Password, Record};
use super::{People, store};
use crate::kit::db::{Db, DbError, Event, Tx, commit, record, unique};
use crate::kit::hex;
use crate::kit::token::{Role, SESSION_S};
use fanfare_engine::Fan;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;

/// Accounts' fan numbers lie from here to where guests' begin; below are those made by hand,
/// and at the top of these a demo's made crowds.
pub const ACCOUNTS: std::ops::Range<u64> = 1 << 40..1 << 52;

/// How long an ended session is told about, ms: its newest token is over by then.
const TOLD_MS: i64 = SESSION_S as i64 * 1_000 + 60_000;

/// How far a node's clock may be behind another's in a row it reads, ms.
const LATE_MS: i64 = 10_000;

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Somebody has this name.
    Taken,
    /// No such name, or another password.
    Wrong,
    /// Too many tries: seconds to wait.
    TooFast(u32),
    /// The secret was used, or never was one.
    NoSecret,
    /// The guest has an account already.
    HasAccount,
    /// It was not done; ask again in a moment.
    Busy,
}

impl From<DbError> for Refused {
    fn from(why: DbError) -> Self {
        tracing::error!(%why, "the cold side did not do it");
        Self::Busy
    }
}

/// Somebody at the door.
#[derive(Clone)]
pub struct Entry {
    /// The name given.
    pub name: Name,
    /// The password given.
    pub password: Password,
    /// What the browser calls itself.
    pub device: String,
    /// Where from.
    pub address: Option<IpAddr>,
    /// When, ms since 1970.
    pub now_ms: i64,
}

/// Somebody who is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The fan number.
    pub fan: Fan,
    /// What they may do.
    pub role: Role,
    /// The session's number.
    pub number: u64,
    /// What the browser keeps to come back with; none where it has it already.
    pub secret: Option<String>,
}

fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn random<const N: usize>() -> Result<[u8; N], Refused> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Refused::Busy)?;
    Ok(bytes)
}

/// Writes what a person did to a person.
async fn note(
    tx: &mut Tx,
    what: &'static str,
    (who, subject): (&str, Fan),
    data: String,
    at_ms: i64,
) -> Result<(), DbError> {
    let subject = format!("fan {}", subject.get());
    let event = Event { at_ms, unique: unique()?, who, what, subject: &subject, data };
    Ok(record(tx, event).await?)
}

/// Opens a session in a transaction that may do more.
async fn open(tx: &mut Tx, fan: Fan, role: Role, entry: &Entry) -> Result<SignedIn, Refused> {
    let secret = hex::base64(&random::<32>()?);
    let number = u64::from_be_bytes(random()?) >> 1 | 1;
    let at = (number, fan);
    store::new_session(tx, at, &hash_of(&secret), &entry.device, entry.now_ms).await?;
    let who = format!("fan {}", fan.get());
    let data = format!(r#"{{"session":{number}}}"#);
    note(tx, "session.opened", (&who, fan), data, entry.now_ms).await?;
    Ok(SignedIn { fan, role, number, secret: Some(secret) })
}

/// Makes an account and signs it in. A guest keeps the number.
///
/// # Errors
/// If the name is taken, the guest has an account, or it was tried too often.
pub async fn sign_up(
    people: People,
    entry: Entry,
    guest: Option<Fan>,
) -> Result<SignedIn, Refused> {
    people.rates.attempt(&entry.name.folded, entry.address).map_err(Refused::TooFast)?;
    let password = people.hasher.hash(entry.password.clone()).await?;
    let mut tx = people.cold.db().begin().await?;
    let fan = match guest {
        Some(fan) if store::role_of(&mut tx, fan).await?.is_some() => {
            return Err(Refused::HasAccount);
        }
        Some(fan) => fan,
        None => {
            let number = u64::from_be_bytes(random()?) % (ACCOUNTS.end - ACCOUNTS.start);
            Fan::new(ACCOUNTS.start + number).ok_or(Refused::Busy)?
        }
    };
    let made = (fan, guest.is_some());
    if !store::new_account(&mut tx, made, &entry.name, &password, entry.now_ms).await? {
        return Err(Refused::Taken);
    }
    let who = format!("fan {}", fan.get());
    let data = format!(r#"{{"was_guest":{}}}"#, guest.is_some());
    note(&mut tx, "account.made", (&who, fan), data, entry.now_ms).await?;
    let signed_in = open(&mut tx, fan, Role::Fan, &entry).await?;
    commit(tx).await?;
    if guest.is_some() {
        people.ended.end_guest(fan.get());
    }
    Ok(signed_in)
}

/// Signs somebody in.
///
/// # Errors
/// If name and password do not fit, or were tried too often.
pub async fn sign_in(people: People, entry: Entry) -> Result<SignedIn, Refused> {
    people.rates.attempt(&entry.name.folded, entry.address).map_err(Refused::TooFast)?;
    let account = store::account(&people.cold.db(), &entry.name).await?;
    let kept = account.as_ref().map(|account| account.password.clone());
    let same = people.hasher.same(entry.password.clone(), kept).await?;
    // By number: what was typed, a name or a password in its place, stays out of the log.
    let known = account.as_ref().map(|account| account.fan.get());
    let Some(account) = account.filter(|_| same) else {
        tracing::warn!(fan = known, "a sign-in was refused");
        return Err(Refused::Wrong);
    };
    let mut tx = people.cold.db().begin().await?;
    let signed_in = open(&mut tx, account.fan, account.role, &entry).await?;
    commit(tx).await?;
    Ok(signed_in)
}

/// Renews the session of a browser that comes back, with the role its account has now.
///
/// # Errors
/// If the database does not answer; none is not an error but a session that is over.
pub async fn renewed(
    people: People,
    secret: String,
    now_ms: i64,
) -> Result<Option<SignedIn>, Refused> {
    let mut tx = people.cold.db().begin().await?;
    let Some((number, fan)) = store::seen(&mut tx, &hash_of(&secret), now_ms).await? else {
        return Ok(None);
    };
    let role = store::role_of(&mut tx, fan).await?.unwrap_or(Role::Fan);
    commit(tx).await?;
    Ok(Some(SignedIn { fan, role, number, secret: None }))
}

/// Where a fan is signed in, the newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn sessions(people: People, fan: Fan, now_ms: i64) -> Result<Vec<Record>, Refused> {
    Ok(store::sessions(&people.cold.db(), fan, now_ms).await?)
}

/// Ends one of a fan's sessions, or all of them; its token is refused from this moment here, and
/// within a second elsewhere.
///
/// # Errors
/// If the database does not answer.
pub async fn end(
    people: People,
    fan: Fan,
    number: Option<u64>,
    now_ms: i64,
) -> Result<usize, Refused> {
    let mut tx = people.cold.db().begin().await?;
    let ended = end_in(&mut tx, fan, number, now_ms).await?;
    commit(tx).await?;
    ended.iter().for_each(|number| people.ended.end_session(*number, now_ms + TOLD_MS));
    Ok(ended.len())
}

async fn end_in(
    tx: &mut Tx,
    fan: Fan,
    number: Option<u64>,
    now_ms: i64,
) -> Result<Vec<u64>, Refused> {
    let ended = store::end(tx, fan, number, now_ms).await?;
    note_ended(tx, fan, &ended, now_ms).await?;
    Ok(ended)
}

async fn note_ended(tx: &mut Tx, fan: Fan, ended: &[u64], now_ms: i64) -> Result<(), Refused> {
    let who = format!("fan {}", fan.get());
    for number in ended {
        let data = format!(r#"{{"session":{number}}}"#);
        note(tx, "session.ended", (&who, fan), data, now_ms).await?;
    }
    Ok(())
}

/// The name of an account as its owner writes it.
///
/// # Errors
/// If the database does not answer.
pub async fn name_of(people: People, fan: Fan) -> Result<Option<Name>, Refused> {
    let shown = store::name_of(&people.cold.db(), fan).await?;
    Ok(shown.and_then(|shown| Name::new(&shown)))
}

/// Another password for whoever is signed in.
pub struct Change {
    /// Whose.
    pub fan: Fan,
    /// Their name.
    pub name: Name,
    /// The session it is asked from, which goes on.
    pub here: u64,
    /// The password until now.
    pub old: Password,
    /// The password from now on.
    pub new: Password,
    /// Where from.
    pub address: Option<IpAddr>,
    /// When, ms since 1970.
    pub now_ms: i64,
}

/// Changes a password and ends every other session: whoever knew the old one is out.
///
/// # Errors
/// If the old one is wrong, or was tried too often.
pub async fn change_password(people: People, change: Change) -> Result<(), Refused> {
    let Change { fan, name, here, old, new, address, now_ms } = change;
    people.rates.attempt(&name.folded, address).map_err(Refused::TooFast)?;
    let account = store::account(&people.cold.db(), &name).await?;
    let account = account.filter(|account| account.fan == fan);
    let same = people.hasher.same(old, account.map(|account| account.password)).await?;
    if !same {
        tracing::warn!(fan = fan.get(), "a change of password was refused");
        return Err(Refused::Wrong);
    }
    let password = people.hasher.hash(new).await?;
    let mut tx = people.cold.db().begin().await?;
    store::set_password(&mut tx, fan, &password).await?;
    let who = format!("fan {}", fan.get());
    note(&mut tx, "account.password", (&who, fan), "{}".to_owned(), now_ms).await?;
    let ended = store::end_others(&mut tx, (fan, here), now_ms).await?;
    note_ended(&mut tx, fan, &ended, now_ms).await?;
    commit(tx).await?;
    ended.iter().for_each(|number| people.ended.end_session(*number, now_ms + TOLD_MS));
    Ok(())
}

/// Makes a fan host with the secret that the server printed.
///
/// # Errors
/// If it is no secret any more.
pub async fn become_host(
    people: People,
    fan: Fan,
    secret: String,
    now_ms: i64,
) -> Result<(), Refused> {
    let mut tx = people.cold.db().begin().await?;
    if !store::use_secret(&mut tx, &hash_of(&secret)).await? {
        return Err(Refused::NoSecret);
    }
    if !store::set_role(&mut tx, fan, Role::Host).await? {
        return Err(Refused::Wrong);
    }
    let who = format!("fan {}", fan.get());
    note(&mut tx, "account.role", (&who, fan), role_data(Role::Host), now_ms).await?;
    Ok(commit(tx).await?)
}

fn role_data(role: Role) -> String {
    format!(r#"{{"role":"{}"}}"#, role.name())
}

/// Gives an account a role, by the word of whoever has the machine. Its sessions end: they would
/// go on in the old one.
///
/// # Errors
/// If there is no such account.
pub async fn make_role(db: Db, name: Name, role: Role, now_ms: i64) -> Result<(), Refused> {
    let account = store::account(&db, &name).await?.ok_or(Refused::Wrong)?;
    let mut tx = db.begin().await?;
    store::set_role(&mut tx, account.fan, role).await?;
    note(&mut tx, "account.role", ("operator", account.fan), role_data(role), now_ms).await?;
    end_in(&mut tx, account.fan, None, now_ms).await?;
    Ok(commit(tx).await?)
}

/// A new secret that makes a host, if there is no host yet.
///
/// # Errors
/// If the database does not answer.
pub async fn new_host_secret(db: Db, now_ms: i64) -> Result<Option<String>, Refused> {
    if store::hosts(&db).await? > 0 {
        return Ok(None);
    }
    let secret = hex::base64(&random::<18>()?);
    let mut tx = db.begin().await?;
    store::keep_secret(&mut tx, &hash_of(&secret), now_ms).await?;
    commit(tx).await?;
    Ok(Some(secret))
}

/// Tells the hot check what ended since a moment; the moment to ask from next.
///
/// # Errors
/// If the database does not answer.
pub async fn follow_ended(people: People, since_ms: i64, now_ms: i64) -> Result<i64, Refused> {
    let db = people.cold.db();
    for (number, at_ms) in store::ended(&db, since_ms.max(now_ms - TOLD_MS)).await? {
        people.ended.end_session(number, at_ms + TOLD_MS);
    }
    for (fan, _) in store::guests(&db, since_ms).await? {
        people.ended.end_guest(fan);
    }
    people.ended.forget(now_ms);
    Ok(now_ms - LATE_MS)
}
