//! The gate: who may ask, what can be refused from memory, what the lane must decide. No SQL
//! stands anywhere on this way.
//!
//! Whom a request is counted against, before anything else is done for it:
//!
//! | request | a live session | none, or one that is not live |
//! | --- | --- | --- |
//! | a claim (`web/hot.rs`) | its fan: `signed`, then `counted` | its network: `nobody` |
//! | a claim's end (`web/hot/change.rs`) | its fan, if a lane is asked | the router says |
//! | another call that needs a session | its fan: `session` | its network: `admit` |
//! | a page | its fan: `pages::Visit` | its network: `admit`, in front of the router |
//! | a call for everybody | nobody | its network: `admit`, in front of the router |
//! | signing up or in | its network and the name tried: `fans::rates` | the same |

use super::answers;
use super::cold;
use super::drop::Drop;
use super::head::HeadDoc;
use super::published::{Front, NotInMemory};
use super::ticket::{Answered, Asks};
use super::trail;
use super::wake;
use crate::app::{App, Mode};
use crate::kit::problem::Problem;
use crate::kit::serve::Fields;
use crate::kit::token::{Role, Session, Use};
use axum::http::{HeaderMap, header};
use fanfare_engine::{Claim, Command, Fact, Fan, Key, Line, Place, Quantity, Refusal, Seen};
use fanfare_lane::{LaneId, Reply};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// The cookie that carries a session.
pub const SESSION_COOKIE: &str = "fanfare-session";

/// Most bytes an idempotency key may have.
pub const KEY_BYTES_MAX: usize = 64;

/// A claim as it came in, checked for shape.
pub struct ClaimAsk {
    /// Who asks.
    pub fan: Fan,
    /// For what.
    pub line: Line,
    /// For how many.
    pub quantity: Quantity,
    /// With which key.
    pub key: Option<Key>,
}

impl ClaimAsk {
    /// As the lane is asked.
    pub fn command(&self) -> Command {
        let Self { fan, line, quantity, key } = *self;
        Command::Claim { fan, line, quantity, key }
    }
}

/// The value of a cookie.
pub fn cookie<'a>(fields: &'a impl Fields, name: &str) -> Option<&'a str> {
    let texts = fields.all(&header::COOKIE).filter_map(|value| str::from_utf8(value).ok());
    let pairs = texts.flat_map(|text| text.split(';'));
    let own = pairs.filter_map(|pair| pair.trim().strip_prefix(fields.cookies_are()));
    own.filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
}

/// The token a request carries: as bearer, or in the cookie that signing in sets.
pub fn token_of(fields: &impl Fields) -> Option<&[u8]> {
    match fields.first(&header::AUTHORIZATION) {
        Some(value) => value.strip_prefix(b"Bearer ").map(<[u8]>::trim_ascii),
        None => cookie(fields, SESSION_COOKIE).map(str::as_bytes),
    }
}

/// Who is asking: by bearer token, or by the cookie that signing in sets. Counts the request
/// against the fan's rate.
pub fn session(app: &App, headers: &HeaderMap) -> Result<Session, Problem> {
    let session = signed(app, headers)?;
    counted(app, &session, app.now_ms())?;
    Ok(session)
}

/// Whose session a request carries, whenever it may end.
pub fn signed(app: &App, fields: &impl Fields) -> Result<Session, Problem> {
    let tokens = &app.node.tokens;
    let read = token_of(fields).and_then(|token| tokens.signed(token, Use::Session).ok());
    read.map(|(session, _)| session).ok_or_else(|| Problem::new("no_session"))
}

/// Refuses a session that is over at this moment, and counts the request against the fan's rate.
pub fn counted(app: &App, session: &Session, now_ms: i64) -> Result<(), Problem> {
    if session.over(now_ms) {
        return Err(Problem::new("no_session"));
    }
    app.rates.fan(session.fan.get()).map_err(too_fast)
}

/// Lets a request in that no session has to come with: who has one is counted as that fan where
/// it is read, everybody else as a stranger. Not counted: what proxies keep, what operators ask,
/// and a rehearsal's crowd, which all comes from one address.
pub fn admit(
    app: &App,
    (path, fields): (&str, &impl Fields),
    peer: SocketAddr,
) -> Result<(), Problem> {
    let free = ["/assets/", "/healthz", "/readyz", "/proxyz", "/metrics"];
    if app.mode == Mode::Rehearsal || free.iter().any(|start| path.starts_with(start)) {
        return Ok(());
    }
    let known = token_of(fields)
        .is_some_and(|token| app.node.tokens.check(token, Use::Session, app.now_ms()).is_ok());
    if known { Ok(()) } else { stranger(app, peer.ip()) }
}

/// What somebody without a session hears where one is needed: counted as a stranger, as everywhere
/// but in a rehearsal.
pub fn nobody(app: &App, peer: SocketAddr) -> Problem {
    let counted = if app.mode == Mode::Rehearsal { Ok(()) } else { stranger(app, peer.ip()) };
    counted.err().unwrap_or_else(|| Problem::new("no_session"))
}

/// Counts a stranger's request against its network's rate.
pub fn stranger(app: &App, address: IpAddr) -> Result<(), Problem> {
    app.rates.stranger(address).map_err(too_fast)
}

fn too_fast(seconds: u32) -> Problem {
    let mut problem = Problem::new("too_fast");
    problem.retry_after_s = Some(seconds);
    problem
}

/// Refuses roles below this one.
pub fn require(session: &Session, role: Role) -> Result<(), Problem> {
    if session.role >= role {
        return Ok(());
    }
    let (fan, is, takes) = (session.fan.get(), session.role.name(), role.name());
    tracing::warn!(fan, is, takes, "not allowed");
    Err(Problem::new("not_allowed").with("role", takes))
}

/// The drop with this id. One that is not served now is there all the same, and `busy`.
pub fn drop_named(app: &App, id: &str) -> Result<Arc<Drop>, Problem> {
    let directory = app.node.directory();
    let shut =
        |there| if there { Problem::shut("drop_shut") } else { Problem::new("no_such_drop") };
    directory.named(id).cloned().ok_or_else(|| shut(directory.may_have(id)))
}

/// The line of an item and variant.
pub fn line_named(drop: &Drop, item: &str, variant: Option<&str>) -> Result<Line, Problem> {
    let line = drop.spec.line(item, variant);
    line.ok_or_else(|| match (drop.spec.has_item(item), variant) {
        (true, None) => Problem::invalid("variant", "this item has variants: name one"),
        _ => Problem::new("no_such_item"),
    })
}

/// What a lane or the gate answered to a claim.
pub enum Claimed {
    /// Made now, with the fact that made it and the head it stands under; none where another node
    /// made it whose row is not here yet.
    Made(Claim, Option<(Arc<HeadDoc>, Fact)>),
    /// Made before.
    Repeated(Claim),
    /// Refused by the lane.
    Refused(Refusal),
    /// Refused here, as the drop then stood.
    AtGate(Refusal, Arc<Front>),
    /// 503.
    Problem(Problem),
}

/// Looks at a claim from here: the answer where it can be refused from published state, none where
/// the lane must decide.
///
/// # Errors
/// If the state has to be brought back to memory first.
pub fn screened(drop: &Drop, ask: &ClaimAsk, now_ms: i64) -> Result<Option<Claimed>, NotInMemory> {
    // Asked before what is published is read: read first, it could be older than the proof.
    let refuses = drop.refuses_now(ask.fan);
    let front = drop.published.front();
    let screened = if refuses {
        drop.published.screen(&front, ask.fan, ask.line, ask.quantity, now_ms)?
    } else {
        // Another node may know better: the lane's owner says.
        None
    };
    if let Some(refusal) = screened {
        drop.refused[refusal.code_index()].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        trail::refused(drop, ask.fan, &refusal, front.face.seq);
        return Ok(Some(Claimed::AtGate(refusal, front)));
    }
    if drop.stopped().is_some() {
        return Ok(Some(Claimed::Problem(Problem::new("busy"))));
    }
    Ok(None)
}

/// Puts a claim: refuses it from published state, or lets the lane decide.
pub async fn claim(
    app: &App,
    asks: &impl Asks,
    drop: &Arc<Drop>,
    ask: &ClaimAsk,
    now_ms: i64,
) -> Claimed {
    let screened = match screened(drop, ask, now_ms) {
        Ok(screened) => screened,
        // Boxed: every claim's future would otherwise be as large as a replay's.
        Err(NotInMemory) => match Box::pin(recall(app, drop)).await {
            Ok(()) => screened(drop, ask, now_ms)
                .unwrap_or_else(|NotInMemory| Some(Claimed::Problem(Problem::new("busy")))),
            Err(problem) => Some(Claimed::Problem(problem)),
        },
    };
    match screened {
        Some(claimed) => claimed,
        None => put(app, asks, drop, ask.command()).await.into(),
    }
}

impl From<Answered> for Claimed {
    fn from(Answered { reply, proof, .. }: Answered) -> Self {
        match (reply, proof) {
            (Reply::Claim { claim, .. }, Some(proof)) => Self::Made(claim, Some(proof)),
            (Reply::Claim { claim, fresh: true }, None) => Self::Made(claim, None),
            (Reply::Claim { claim, fresh: false }, None) => Self::Repeated(claim),
            (Reply::Refused(refusal), _) => Self::Refused(refusal),
            (Reply::Unsure, _) => Self::Problem(Problem::new("unsure")),
            (Reply::Busy | Reply::Acted, _) => Self::Problem(Problem::new("busy")),
        }
    }
}

/// Hands a command to a drop's lane and waits for the answer. A closed drop's lane may be at rest:
/// recalled once for all who ask, it answers from memory whatever makes no fact.
pub async fn put(app: &App, asks: &impl Asks, drop: &Arc<Drop>, command: Command) -> Answered {
    if drop.published.closed() && Box::pin(recall(app, drop)).await.is_err() {
        return Answered::plain(Reply::Busy);
    }
    let asked = trail::asked(&command);
    let answered = asks.asked(drop.lane, command).await;
    trail::decided(drop.lane, asked, &answered);
    answered
}

/// How long a reading waits until what is published here is known to be the newest, and how often
/// that is looked at.
const CURRENT_TRIES: u32 = 100;
const CURRENT_AGAIN: Duration = Duration::from_millis(20);

/// Waits until what is published here is what the lane's owner last told anybody.
async fn current(drop: &Drop) -> Result<(), Problem> {
    for _ in 0..CURRENT_TRIES {
        if drop.answers_now() {
            return Ok(());
        }
        tokio::time::sleep(CURRENT_AGAIN).await;
    }
    Err(Problem::new("busy"))
}

/// Brings a resting lane's state back to memory to be read. Wakes nothing. Whoever asks for the
/// same lane meanwhile waits for the same replay, and no more than two lanes are replayed at once.
pub async fn recall(app: &App, drop: &Arc<Drop>) -> Result<(), Problem> {
    current(drop).await?;
    let in_memory = || drop.published.read(app.now_ms(), |_| ()).is_some();
    if in_memory() {
        return Ok(());
    }
    let _alone = drop.recalling.lock().await;
    let _few = app.recalls.acquire().await;
    if in_memory() {
        return Ok(());
    }
    let (journals, festival) = (app.node.folder.journals(), app.node.folder.festival().to_owned());
    let (lane, drop) = (drop.lane, drop.clone());
    let replayed = tokio::task::spawn_blocking(move || {
        let reader = crate::kit::journal::JournalReader::known(&journals);
        let reader = reader.map_err(|why| why.to_string())?;
        reader.knows(lane, drop.home);
        let replay = wake::replay(&reader, wake::festival_number(&festival), lane)?;
        drop.published.put_back(replay.into_state().ok_or("a lane without rows")?);
        Ok::<_, String>(())
    });
    match replayed.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(why)) => {
            tracing::error!(lane, why, "a resting lane cannot be read");
            Err(Problem::new("busy"))
        }
        Err(_) => Err(Problem::new("busy")),
    }
}

/// Reads something of a drop's published state, recalling it if it rests.
pub async fn read<R>(
    app: &App,
    drop: &Arc<Drop>,
    read: impl FnOnce(Seen<'_>) -> R,
) -> Result<R, Problem> {
    recall(app, drop).await?;
    drop.published.read(app.now_ms(), read).ok_or_else(|| Problem::new("busy"))
}

/// A claim by its id, for its fan or for whoever may see all.
pub async fn find_claim(
    app: &App,
    session: &Session,
    id: &str,
) -> Result<(Arc<Drop>, Claim), Problem> {
    let unknown = || Problem::new("no_such_claim");
    let (lane, place): (LaneId, Place) = answers::parse_claim_id(id).ok_or_else(unknown)?;
    let directory = app.node.directory();
    // Which claims there are is known by the rows alone: the tables may be behind them.
    let shut = |there| if there { Problem::shut("claim_shut") } else { unknown() };
    let drop = directory.of_lane(lane).cloned();
    let drop = drop.ok_or_else(|| shut(directory.may_have_lane(lane)))?;
    let claim = cold::rest::claim_at(app, &drop, place).await?;
    let own = |claim: &Claim| claim.fan == session.fan || session.role >= Role::Cashier;
    claim.filter(own).map(|claim| (drop, claim)).ok_or_else(unknown)
}
