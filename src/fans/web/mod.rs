//! Pages and forms of accounts: signing up and in, where one is signed in, the password, becoming
//! host.
//!
//! Two cookies carry an account: the short token every fan has, and a secret that renews it.

mod account;
mod host;
mod password;
mod sessions;
mod sign;
mod wrong;

pub use account::Account;
pub use host::{HostPage, host_page, make_host};
pub use password::{PasswordPage, change_password, password_page};
pub use sessions::{SessionsPage, back_to_sessions, end_session, my_sessions, sign_out};
pub use sign::{SignPage, sign_in, sign_in_page, sign_up, sign_up_page};

use super::model::SIGNED_IN_MS;
use super::{People, Refused, SignedIn, actions};
use crate::app::App;
use crate::drops::gate::{SESSION_COOKIE, cookie};
use crate::kit::db::DbError;
use crate::kit::problem::Problem;
use crate::kit::token::{SESSION_S, Session, Use};
use crate::pages::Visit;
use crate::pages::session::set;
use axum::http::HeaderMap;
use std::future::Future;

/// The cookie that brings an account back.
pub const ACCOUNT_COOKIE: &str = "fanfare-account";

/// What a browser's cookies say of an account.
pub struct Carried {
    /// Who it is, with the session's number; none if the account's session is over.
    pub session: Option<(Session, u64)>,
    /// Values for `Set-Cookie`.
    pub cookies: Vec<String>,
}

/// The domain, where the server has a cold side.
fn people(app: &App) -> Result<People, Problem> {
    app.cold.as_ref().map(|side| side.people.clone()).ok_or_else(|| Problem::new("busy"))
}

/// Words that are guessed first where this festival is held.
fn near(visit: &Visit) -> [&str; 3] {
    let festival = &visit.app.festival;
    [festival.id().as_str(), festival.names().zh(), festival.names().en()]
}

/// Has something done on the cold side's thread.
async fn on_cold<T: Send + 'static>(
    people: &People,
    work: impl Future<Output = Result<T, Refused>> + Send + 'static,
) -> Result<T, Refused> {
    let done = people.cold.run(async move { Ok::<_, DbError>(work.await) });
    done.await.unwrap_or(Err(Refused::Busy))
}

fn now_s(now_ms: i64) -> u32 {
    u32::try_from(now_ms.div_euclid(1_000)).unwrap_or(0)
}

/// The session of somebody who just signed in or came back, and its cookies.
fn carry(app: &App, signed_in: &SignedIn, now_ms: i64) -> Carried {
    let until_s = now_s(now_ms).saturating_add(SESSION_S);
    let session = Session { fan: signed_in.fan, role: signed_in.role, until_s };
    let token = app.node.tokens.make_numbered(&session, signed_in.number);
    let mut cookies = vec![set(SESSION_COOKIE, &token, SESSION_S)];
    if let Some(secret) = &signed_in.secret {
        let for_s = u32::try_from(SIGNED_IN_MS / 1_000).unwrap_or(u32::MAX);
        cookies.push(set(ACCOUNT_COOKIE, secret, for_s));
    }
    Carried { session: Some((session, signed_in.number)), cookies }
}

/// Reads an account's cookies; renews its session past half its life. None if there is no
/// account here, or its database does not answer: then whoever asks is who the short token says.
pub async fn carried(app: &App, headers: &HeaderMap, now_ms: i64) -> Option<Carried> {
    let secret =
        cookie(headers, ACCOUNT_COOKIE).filter(|secret| (1..=64).contains(&secret.len()))?;
    let token = cookie(headers, SESSION_COOKIE);
    let known = token.and_then(|token| app.node.tokens.read(token, Use::Session, now_ms).ok());
    let known = known.filter(|(_, number)| *number != 0);
    if let Some((session, _)) = known
        && session.until_s.saturating_sub(now_s(now_ms)) >= SESSION_S / 2
    {
        return Some(Carried { session: known, cookies: Vec::new() });
    }
    let people = people(app).ok()?;
    let asked = actions::renewed(people.clone(), secret.to_owned(), now_ms);
    match on_cold(&people, asked).await {
        Ok(Some(signed_in)) => Some(carry(app, &signed_in, now_ms)),
        Ok(None) => Some(Carried { session: None, cookies: vec![set(ACCOUNT_COOKIE, "", 0)] }),
        Err(_) => known.map(|known| Carried { session: Some(known), cookies: Vec::new() }),
    }
}
