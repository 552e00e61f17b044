//! The API's quieter calls: the programme, drops, claims, receipts, proofs, live totals.

use super::hot;
use crate::app::App;
use crate::drops::answers;
use crate::drops::cold::rest;
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::drops::{proof, receipts};
use crate::kit::problem::Problem;
use crate::kit::serve::{self, Handover};
use crate::kit::token::{Role, SESSION_S, Session, Use};
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fanfare_engine::Command;
use fanfare_lane::Reply;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;

/// What every handler is given.
pub type Shared = State<Arc<App>>;

/// JSON that must not be kept.
pub fn fresh(body: &Value) -> Response {
    raw_json(StatusCode::OK, body.to_string())
}

fn raw_json(status: StatusCode, body: impl Into<Body>) -> Response {
    let kind = (header::CONTENT_TYPE, "application/json");
    (status, [kind, (header::CACHE_CONTROL, "no-store")], body.into()).into_response()
}

/// JSON that may be kept for a second, but never over a drop's opening or closing.
fn for_a_second(drops: &[Arc<Drop>], now_ms: i64, body: &Value) -> Response {
    let turns = drops.iter().any(|drop| answers::turns_soon(drop, now_ms));
    let keep = if turns { "no-store" } else { "public, max-age=1" };
    let kind = (header::CONTENT_TYPE, "application/json");
    ([kind, (header::CACHE_CONTROL, keep)], body.to_string()).into_response()
}

/// The server's time.
#[utoipa::path(get, path = "/api/v1/now", responses((status = 200, description = "now_ms")))]
pub async fn now(State(app): Shared) -> Response {
    fresh(&json!({ "now_ms": app.now_ms() }))
}

/// The programme.
#[utoipa::path(get, path = "/api/v1/festival",
    responses((status = 200, description = "id, name, drops; shut, the drops that are not \
        served at the moment: id, kind, name, and the times they were announced for")))]
pub async fn festival(State(app): Shared) -> Response {
    let (now_ms, directory) = (app.now_ms(), app.node.directory());
    let drops: Vec<Value> =
        directory.drops.iter().map(|drop| answers::drop_json(drop, now_ms)).collect();
    let names = app.festival.names();
    let old_keys = app.node.keys.old.iter().map(|key| crate::kit::hex::hex(&key.fingerprint()));
    let old_keys: Vec<String> = old_keys.collect();
    let body = json!({
        "id": app.festival.id().as_str(),
        "name": { "zh-CN": names.zh(), "en": names.en() },
        "key": crate::kit::hex::hex(&app.node.public_key.fingerprint()),
        "old_keys": old_keys,
        "drops": drops,
        "shut": directory.shut().iter().map(|shut| answers::shut_json(shut)).collect::<Vec<_>>(),
    });
    for_a_second(&directory.drops, now_ms, &body)
}

/// One drop as it is now.
#[utoipa::path(get, path = "/api/v1/drops/{drop}",
    params(("drop" = String, Path)),
    responses((status = 200, description = "The drop"),
        (status = 404, description = "no_such_drop"),
        (status = 503, description = "busy: the drop exists, and is not served at the moment")))]
pub async fn drop_state(State(app): Shared, Path(id): Path<String>) -> Result<Response, Problem> {
    let drop = gate::drop_named(&app, &id)?;
    let now_ms = app.now_ms();
    let body = answers::drop_json(&drop, now_ms);
    Ok(for_a_second(&[drop], now_ms, &body))
}

/// What is read from the journal, off the hot threads.
async fn from_journal<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Problem> {
    let read = tokio::task::spawn_blocking(read).await.map_err(|_| Problem::new("busy"))?;
    read.map_err(|why| {
        tracing::error!(why, "the journal cannot be read");
        Problem::new("busy")
    })
}

/// The published proof: totals, heads, keys.
#[utoipa::path(get, path = "/api/v1/drops/{drop}/proof", params(("drop" = String, Path)),
    responses((status = 200, description = "Totals per item, journal heads, key")))]
pub async fn drop_proof(State(app): Shared, Path(id): Path<String>) -> Result<Response, Problem> {
    let drop = gate::drop_named(&app, &id)?;
    let proof = from_journal(move || proof::of_drop(&app, &drop)).await?;
    Ok(fresh(&proof))
}

/// One claim of the caller's.
#[utoipa::path(get, path = "/api/v1/claims/{claim}",
    params(("claim" = String, Path)),
    responses((status = 200, description = "The claim"),
        (status = 404, description = "no_such_claim"),
        (status = 503, description = "busy: its drop is not served at the moment")))]
pub async fn claim(
    State(app): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let session = gate::session(&app, &headers)?;
    let (drop, claim) = gate::find_claim(&app, &session, &id).await?;
    Ok(raw_json(StatusCode::OK, answers::claim_json(&drop, &claim, None)))
}

/// The caller's claims.
#[utoipa::path(get, path = "/api/v1/me/claims", responses((status = 200, description = "claims"),
    (status = 503, description = "busy: a drop is not served at the moment, and claims in it \
        would be missing")))]
pub async fn my_claims(State(app): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let session = gate::session(&app, &headers)?;
    let directory = app.node.directory();
    // A list that leaves out a claim says there is none. What the tables have of a drop that is not
    // served may be behind its newest row, which nobody can look at now: neither that a fan has
    // nothing there nor in which state a claim is can be told from them.
    if !directory.is_whole() {
        return Err(Problem::shut("mine_shut"));
    }
    let own = rest::claims_of(&app, session.fan, directory.drops.clone()).await?;
    let own: Vec<_> =
        own.iter().map(|(drop, claim)| answers::claim_json(drop, claim, None)).collect();
    let list = [&br#"{"claims":["#[..], &own.join(&b','), b"]}"].concat();
    Ok(raw_json(StatusCode::OK, list))
}

/// A renewed session for whoever has one.
#[utoipa::path(post, path = "/api/v1/me/session",
    responses((status = 200, description = "token, expires_at_ms")))]
pub async fn renew(State(app): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let session = gate::session(&app, &headers)?;
    let now_s = u32::try_from(app.now_ms() / 1000).unwrap_or(u32::MAX);
    let until_s = session.until_s.max(now_s.saturating_add(SESSION_S));
    let renewed = Session { until_s, ..session };
    let token = gate::token_of(&headers).unwrap_or_default();
    let token = match app.node.tokens.read(token, Use::Session, app.now_ms()) {
        // An account's token goes on carrying the number by which it can be ended.
        Ok((_, number)) if number != 0 => app.node.tokens.make_numbered(&renewed, number),
        _ => app.node.tokens.make(&renewed, Use::Session),
    };
    Ok(fresh(&json!({ "token": token, "expires_at_ms": i64::from(until_s) * 1000 })))
}

/// The receipt one keeps.
#[utoipa::path(get, path = "/api/v1/claims/{claim}/receipt", params(("claim" = String, Path)),
    responses((status = 200, description = "Fact, place, Merkle path, signed head")))]
pub async fn receipt(
    State(app): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let session = gate::session(&app, &headers)?;
    let (drop, claim) = gate::find_claim(&app, &session, &id).await?;
    Ok(fresh(&receipts::full(&app, drop.lane, claim.place).await?))
}

/// Money came in for a claim.
#[utoipa::path(post, path = "/api/v1/claims/{claim}/settlement",
    params(("claim" = String, Path)),
    responses((status = 200, description = "The claim as it is now"),
        (status = 409, description = "not_held")))]
pub async fn settle(
    State(app): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let session = gate::session(&app, &headers)?;
    if !app.mode.pretends() {
        gate::require(&session, Role::Cashier)?;
    }
    let (drop, claim) = gate::find_claim(&app, &session, &id).await?;
    change(&app, &drop, Command::Settle { number: claim.number }).await
}

/// A fan gives a held claim back.
#[utoipa::path(post, path = "/api/v1/claims/{claim}/release",
    params(("claim" = String, Path)),
    responses((status = 200, description = "The claim as it is now"),
        (status = 409, description = "not_held")))]
pub async fn release(
    State(app): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let session = gate::session(&app, &headers)?;
    let (drop, claim) = gate::find_claim(&app, &session, &id).await?;
    if claim.fan != session.fan {
        return Err(Problem::new("no_such_claim"));
    }
    change(&app, &drop, Command::Release { number: claim.number }).await
}

/// A settled claim comes back to stock.
#[utoipa::path(post, path = "/api/v1/claims/{claim}/return",
    params(("claim" = String, Path)),
    responses((status = 200, description = "The claim as it is now"),
        (status = 409, description = "not_held")))]
pub async fn take_back(
    State(app): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let session = gate::session(&app, &headers)?;
    gate::require(&session, Role::Cashier)?;
    let (drop, claim) = gate::find_claim(&app, &session, &id).await?;
    change(&app, &drop, Command::Return { number: claim.number }).await
}

/// Asks the lane to change a claim and words the answer.
pub async fn change(
    app: &Arc<App>,
    drop: &Arc<Drop>,
    command: Command,
) -> Result<Response, Problem> {
    match gate::put(app, &*app.node, drop, command).await.reply {
        Reply::Claim { claim, .. } => {
            Ok(raw_json(StatusCode::OK, answers::claim_json(drop, &claim, None)))
        }
        other => Err(not_done(drop, &other)),
    }
}

/// A lane's answer that is no claim, as a problem.
pub fn not_done(drop: &Drop, reply: &Reply) -> Problem {
    match reply {
        Reply::Refused(refusal) => {
            let problem = answers::refusal_problem(refusal);
            let head = &drop.published.front().head;
            if problem.status == StatusCode::CONFLICT {
                problem.with("head", crate::drops::head::head_json(&head.sealed))
            } else {
                problem
            }
        }
        Reply::Unsure => Problem::new("unsure"),
        _ => Problem::new("busy"),
    }
}

/// Totals of every open drop as they change: events at most four a second, rarer the more watch.
/// An event may be missed; each says how everything stands.
#[utoipa::path(get, path = "/api/v1/live",
    responses((status = 200, content_type = "text/event-stream", body = String,
        description = "Events named totals. Their data is a JSON object: now_ms; drops, those \
            open, paused or sold out, each as /api/v1/drops/{drop} answers; claims_per_s, whose \
            counts are the claims in each of the up to ten whole seconds before now_s, oldest \
            first, and now_s the second under way, since 1970")))]
pub async fn live(State(app): Shared) -> Response {
    let date = jiff::Timestamp::from_millisecond(app.now_ms()).unwrap_or_default();
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap_or_default();
    let head = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::DATE, date.as_str()),
        // Proxies that gather answers before they pass them on let this one through.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let body = Body::from_stream(events(app.clone()));
    let taker = Handover::to(move |socket, head| app.live.watch_at(socket, head));
    (Extension(taker), head, body).into_response()
}

/// The events as a body. Nobody watches before it is first asked for one.
fn events(app: Arc<App>) -> impl futures_core::Stream<Item = Result<Bytes, Infallible>> + Send {
    futures_util::stream::unfold(None, move |events| {
        let app = app.clone();
        async move {
            let mut events = events.unwrap_or_else(|| app.live.watch());
            events.changed().await.ok()?;
            let event = events.borrow_and_update().clone();
            Some((Ok(event), Some(events)))
        }
    })
}

/// Whether the process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether it serves: every lane that should be open is. For whoever is woken when one is not.
pub async fn readyz(State(app): Shared) -> Response {
    if app.leaves() {
        return (StatusCode::SERVICE_UNAVAILABLE, "leaving\n").into_response();
    }
    let gone = app.node.directory().not_open();
    if gone.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, gone.join("\n") + "\n").into_response()
}

/// Whether a proxy is to send requests here: what this process has may be shut in part, and no
/// other would serve it better. 404 while it leaves, by which `HAProxy` sends nothing new and lets
/// what is under way end; other proxies take it for no.
pub async fn proxyz(State(app): Shared) -> Response {
    if app.leaves() {
        return (StatusCode::NOT_FOUND, "leaving\n").into_response();
    }
    "in\n".into_response()
}

/// The counters.
pub async fn metrics(State(app): Shared) -> Response {
    let directory = app.node.directory();
    for drop in &directory.drops {
        let name = crate::kit::metrics::OfDrop { drop: drop.spec.id.clone() };
        let lines = &drop.published.front().face.lines;
        let free: i64 = lines.iter().map(|stock| i64::from(stock.free)).sum();
        let out: i64 = lines.iter().map(|s| i64::from(s.held) + i64::from(s.settled)).sum();
        app.metrics.free.get_or_create(&name).set(free);
        app.metrics.out.get_or_create(&name).set(out);
    }
    app.metrics.clock_stepped.set(i64::from(app.node.clock.read().stepped));
    app.metrics
        .clock_differs_ms
        .set(app.node.told.differs_ms.load(std::sync::atomic::Ordering::Relaxed));
    let stopped = directory.drops.iter().filter(|drop| drop.stopped().is_some()).count();
    app.metrics.connections.set(serve::connections() as i64);
    app.metrics.watchers.set(app.live.watchers() as i64);
    app.metrics.lanes_stopped.set((stopped + directory.alarming().count()) as i64);
    if let Some(side) = &app.cold {
        side.lag.show(&app.metrics);
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.text()).into_response()
}

/// Described here, answered by the hot route in front of the router.
#[utoipa::path(post, path = "/api/v1/drops/{drop}/claims",
    params(("drop" = String, Path),
        ("Idempotency-Key" = Option<String>, Header,
            description = "1 to 64 bytes; the same key finds the claim it made")),
    responses((status = 201, description = "The claim, with its receipt"),
        (status = 200, description = "The claim an earlier, same request made"),
        (status = 409, description = "not_open, paused, closed, sold_out, limit_reached")))]
#[expect(dead_code, reason = "only its description is used")]
fn claims_described() {
    let _ = hot::claims_of;
}
