//! The hot route: claims and drop states, answered in front of the router.

use super::body::{self, Units};
use crate::app::App;
use crate::drops::answers;
use crate::drops::drop::Drop;
use crate::drops::gate::{self, ClaimAsk, Claimed};
use crate::drops::published::Front;
use crate::drops::receipts;
use crate::kit::problem::Problem;
use crate::kit::serve::AnyBody;
use axum::body::Bytes;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header,
};
use fanfare_engine::{Fan, Key, Quantity, Refusal};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::sync::Arc;

/// An answer of the hot route.
pub type Answer = Response<AnyBody>;

/// The drop's id, if the path is that of its claims.
pub fn claims_of<'a>(method: &Method, path: &'a str) -> Option<&'a str> {
    if method != Method::POST {
        return None;
    }
    path.strip_prefix("/api/v1/drops/")?.strip_suffix("/claims").filter(|id| !id.contains('/'))
}

/// The drop's id, if the path is that of the drop itself.
pub fn state_of<'a>(method: &Method, path: &'a str) -> Option<&'a str> {
    if method != Method::GET {
        return None;
    }
    path.strip_prefix("/api/v1/drops/").filter(|id| !id.contains('/'))
}

/// Answers how a drop stands: written once a moment, sent to all who look.
pub fn state(app: &App, id: &str) -> Answer {
    let drop = match gate::drop_named(app, id) {
        Ok(drop) => drop,
        Err(problem) => return problem_answer(app, &problem),
    };
    let now_ms = app.now_ms();
    let body = drop.view.at(now_ms, || Bytes::from(answers::drop_json(&drop, now_ms).to_string()));
    let mut answer = json(StatusCode::OK, "application/json", body);
    if !answers::turns_soon(&drop, now_ms) {
        let keep = HeaderValue::from_static("public, max-age=1");
        answer.headers_mut().insert(header::CACHE_CONTROL, keep);
    }
    answer
}

/// Answers a claim.
pub async fn claim(app: &Arc<App>, request: &mut Request<Incoming>, peer: SocketAddr) -> Answer {
    match put_claim(app, request, peer).await {
        Ok(answer) => answer,
        Err(problem) => problem_answer(app, &problem),
    }
}

/// The request stays where it is: it is hundreds of bytes, and to move it costs as much as to
/// check who sent it.
async fn put_claim(
    app: &Arc<App>,
    request: &mut Request<Incoming>,
    peer: SocketAddr,
) -> Result<Answer, Problem> {
    let session = gate::signed(app, request.headers());
    let session = session.map_err(|_| gate::nobody(app, peer))?;
    let whole = body::read_whole(request.body_mut()).await;
    // One look at the clock for session and gate, and after the body: it may have been slow.
    let now_ms = app.now_ms();
    if session.over(now_ms) {
        return Err(gate::nobody(app, peer));
    }
    gate::counted(app, &session, now_ms)?;
    let key = key_of(app, request.headers())?;
    let id = claims_of(request.method(), request.uri().path()).unwrap_or_default();
    let drop = gate::drop_named(app, id)?;
    body::require_json(request.headers())?;
    let bytes = whole?;
    let ask = read_claim(&drop, session.fan, key, &bytes)?;
    Ok(match gate::claim(app, &drop, &ask, now_ms).await {
        Claimed::Made(claim, receipt) => {
            app.metrics.claims.inc();
            let receipt = match receipt {
                None => short_receipt(app, &drop, &claim).await,
                made => made,
            };
            let body = answers::claim_json(&drop, &claim, receipt.as_deref());
            json(StatusCode::CREATED, "application/json", body.into())
        }
        Claimed::Repeated(claim) => {
            app.metrics.repeats.inc();
            let receipt = short_receipt(app, &drop, &claim).await;
            let body = answers::claim_json(&drop, &claim, receipt.as_deref());
            json(StatusCode::OK, "application/json", body.into())
        }
        Claimed::Refused(refusal) => refused(app, &refusal, &drop.published.front()),
        Claimed::AtGate(refusal, front) => refused(app, &refusal, &front),
        Claimed::Problem(problem) => return Err(problem),
    })
}

fn refused(app: &App, refusal: &Refusal, front: &Front) -> Answer {
    app.metrics.refused(refusal.code());
    let body = answers::refusal_body(refusal, &front.head);
    json(answers::refusal_status(refusal), "application/problem+json", body)
}

/// The idempotency key, as the lane knows it.
fn key_of(app: &App, headers: &HeaderMap) -> Result<Option<Key>, Problem> {
    Ok(key_text(headers)?.map(|text| app.node.tokens.key_of(text)))
}

/// The idempotency key, as it was sent.
pub fn key_text(headers: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    // By a name made beforehand: a text would be read and folded for every request.
    static KEY: HeaderName = HeaderName::from_static("idempotency-key");
    let Some(value) = headers.get(&KEY) else { return Ok(None) };
    let text = value.as_bytes();
    if text.is_empty() || text.len() > gate::KEY_BYTES_MAX {
        return Err(Problem::invalid("Idempotency-Key", "use 1 to 64 bytes"));
    }
    Ok(Some(text))
}

/// Checks a claim's body against the drop.
fn read_claim(drop: &Drop, fan: Fan, key: Option<Key>, bytes: &[u8]) -> Result<ClaimAsk, Problem> {
    let body = body::parse_claim(bytes)?;
    let line = gate::line_named(drop, &body.item, body.variant.as_deref())?;
    let quantity = match body.quantity {
        Units::Absent => Some(Quantity::MIN),
        Units::Whole(units) => u16::try_from(units).ok().and_then(Quantity::new),
        Units::Other => None,
    };
    let quantity = quantity
        .ok_or_else(|| Problem::invalid("quantity", "use a whole number from 1 to 65535"))?;
    Ok(ClaimAsk { fan, line, quantity, key })
}

/// A repeated claim's receipt, read back from its row. A claim without it is still true, so where
/// too many ask at once it is left out; `GET …/receipt` gives it later.
pub async fn short_receipt(
    app: &Arc<App>,
    drop: &Drop,
    claim: &fanfare_engine::Claim,
) -> Option<String> {
    if let Some(head) = drop.published.recent(claim.place.seq) {
        return receipts::short_receipt(&head, claim.place);
    }
    app.receipts.short(drop.lane, claim.place).await.ok()
}

/// An answer with these headers and nothing more.
pub fn json(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A problem as the hot route sends it.
pub fn problem_answer(app: &App, problem: &Problem) -> Answer {
    app.metrics.refused(problem.code);
    let mut answer = json(problem.status, "application/problem+json", problem.body().into());
    if let Some(seconds) = problem.retry_after_s {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}
