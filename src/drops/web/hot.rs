//! The hot route: claims, drop states and what becomes of claims, answered in front of the router.
//! Nearly all come by `quick`, from the bytes they were sent in; what hyper has read of claims and
//! drop states comes by `claim` and `state`.

mod change;
mod place;

pub use place::{Place, What, claims_of, state_of};

use super::api;
use super::body::{self, Units};
use crate::app::App;
use crate::drops::answers::{self, Receipt};
use crate::drops::drop::Drop;
use crate::drops::gate::{self, ClaimAsk, Claimed};
use crate::drops::head::HeadDoc;
use crate::drops::published::{Front, NotInMemory};
use crate::drops::receipts;
use crate::drops::ticket::{Answered, Asks};
use crate::kit::clock::Glance;
use crate::kit::problem::Problem;
use crate::kit::serve::{Fields, Head, Lacking, Reply, Sent};
use axum::body::Bytes;
use axum::http::{HeaderName, Request, StatusCode};
use fanfare_engine::{Claim, Command, Fact, Line, Quantity, Refusal};
use fanfare_lane::Reply as Decided;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;

/// Answers how a drop stands: written once a moment, sent to all who look.
pub fn state(app: &App, id: &str) -> Reply {
    let drop = match gate::drop_named(app, id) {
        Ok(drop) => drop,
        Err(problem) => return refused_here(app, &problem),
    };
    let now_ms = app.now_ms();
    let body = drop.view.at(now_ms, || Bytes::from(answers::drop_json(&drop, now_ms).to_string()));
    let mut answer = Reply::new(StatusCode::OK, JSON, body);
    if !answers::turns_soon(&drop, now_ms) {
        answer.keep = "public, max-age=1";
    }
    answer
}

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// What a core keeps from one request to the next: the time, and what the newest body said of its
/// drop. A crowd sends the same one over and over: it is read once and compared from then on.
#[derive(Default)]
pub struct Memo {
    glance: Glance,
    body: RefCell<Option<Noted>>,
}

/// A body as it was sent for a drop, and what it asks for.
struct Noted {
    drop: Arc<Drop>,
    body: Vec<u8>,
    said: (Line, Quantity),
}

impl Memo {
    fn says(&self, drop: &Arc<Drop>, body: &[u8]) -> Option<(Line, Quantity)> {
        let memo = self.body.borrow();
        let noted = memo.as_ref()?;
        (Arc::ptr_eq(&noted.drop, drop) && noted.body == body).then_some(noted.said)
    }

    fn note(&self, drop: &Arc<Drop>, body: &[u8], said: (Line, Quantity)) {
        if body.len() <= MEMO_BYTES_MAX {
            *self.body.borrow_mut() = Some(Noted { drop: drop.clone(), body: body.to_vec(), said });
        }
    }
}

/// Longer bodies are no crowd's.
const MEMO_BYTES_MAX: usize = 256;

/// How far a claim has come by looking at it.
pub enum Looked {
    /// To its answer.
    Answered(Reply),
    /// To its lane.
    Asks(Arc<Drop>, ClaimAsk),
    /// To a state that has to be brought back to memory first.
    Recalls(Arc<Drop>, ClaimAsk),
    /// To its lane, which is to change one that was made.
    Changes(Arc<Drop>, Command),
}

/// Looks at a crowd's request: none where the router is to answer.
pub fn looked(
    (app, memo): (&App, &Memo),
    (place, head): (Place, &Head<'_>),
    body: Result<&[u8], Lacking>,
    peer: SocketAddr,
) -> Option<Looked> {
    let id = place.id(head.target);
    Some(match place.what {
        What::Claims => {
            let body = body.map_err(body::lacking);
            look((app, memo), (id, head), body, peer)
        }
        What::Drop => Looked::Answered(match gate::admit(app, (head.target, head), peer) {
            Ok(()) => state(app, id),
            Err(problem) => refused_here(app, &problem),
        }),
        What::Settlement | What::Release => {
            // Nobody reads their body; one that does not come is odd.
            body.ok()?;
            change::look(app, (place, head))?
        }
    })
}

/// Looks at a claim: who asks, for what, and whether it can be refused from here. The body is as it
/// was read, or why it could not be.
pub fn look(
    (app, memo): (&App, &Memo),
    (id, fields): (&str, &impl Fields),
    body: Result<&[u8], Problem>,
    peer: SocketAddr,
) -> Looked {
    try_look((app, memo), (id, fields), body, peer)
        .unwrap_or_else(|problem| Looked::Answered(refused_here(app, &problem)))
}

fn try_look(
    (app, memo): (&App, &Memo),
    (id, fields): (&str, &impl Fields),
    body: Result<&[u8], Problem>,
    peer: SocketAddr,
) -> Result<Looked, Problem> {
    // One look at the clock for session and gate, and after the body: it may have been slow.
    let now_ms = memo.glance.now_ms(&app.node.clock);
    let session = gate::signed(app, fields).ok().filter(|session| !session.over(now_ms));
    let session = session.ok_or_else(|| gate::nobody(app, peer))?;
    gate::counted(app, &session, now_ms)?;
    let key = key_text(fields)?.map(|text| app.node.tokens.key_of(text));
    let drop = gate::drop_named(app, id)?;
    body::require_json(fields)?;
    let (line, quantity) = read_claim(memo, &drop, body?)?;
    let ask = ClaimAsk { fan: session.fan, line, quantity, key };
    Ok(match gate::screened(&drop, &ask, now_ms) {
        Ok(None) => Looked::Asks(drop, ask),
        Ok(Some(Claimed::AtGate(refusal, front))) => {
            Looked::Answered(refused(app, &refusal, &front))
        }
        Ok(Some(Claimed::Problem(problem))) => return Err(problem),
        // Nothing else is said without a lane.
        Ok(Some(_)) => return Err(Problem::new("busy")),
        Err(NotInMemory) => Looked::Recalls(drop, ask),
    })
}

/// Answers a claim that was looked at.
pub async fn answer(app: &Arc<App>, asks: &impl Asks, looked: Looked) -> Reply {
    let (drop, answered) = match looked {
        Looked::Answered(reply) => return reply,
        Looked::Asks(drop, ask) => {
            let answered = gate::put(app, asks, &drop, ask.command()).await;
            (drop, answered)
        }
        // Boxed, for every claim's future would otherwise be as large as a replay's.
        Looked::Recalls(drop, ask) => {
            let claim = gate::claim(app, asks, &drop, &ask, app.now_ms());
            let claimed = Box::pin(claim).await;
            return Box::pin(worded(app, &drop, claimed)).await;
        }
        Looked::Changes(drop, command) => {
            let answered = gate::put(app, asks, &drop, command).await;
            return change::made(app, &drop, &answered.reply);
        }
    };
    // A fresh claim is what a crowd waits for: its answer is written without another step.
    if let Answered { reply: Decided::Claim { claim, .. }, proof: Some((head, fact)), .. } =
        &answered
    {
        return made(app, &drop, claim, (head, fact));
    }
    Box::pin(worded(app, &drop, answered.into())).await
}

fn made(app: &App, drop: &Drop, claim: &Claim, (head, fact): (&HeadDoc, &Fact)) -> Reply {
    app.metrics.claims.inc();
    let body = answers::claim_json(drop, claim, Some(Receipt::Of(head, fact)));
    Reply::new(StatusCode::CREATED, JSON, body)
}

async fn worded(app: &Arc<App>, drop: &Drop, claimed: Claimed) -> Reply {
    match claimed {
        Claimed::Made(claim, Some((head, fact))) => made(app, drop, &claim, (&head, &fact)),
        Claimed::Made(claim, None) => {
            app.metrics.claims.inc();
            claim_read_back(app, drop, &claim, StatusCode::CREATED).await
        }
        Claimed::Repeated(claim) => {
            app.metrics.repeats.inc();
            claim_read_back(app, drop, &claim, StatusCode::OK).await
        }
        Claimed::Refused(refusal) => refused(app, &refusal, &drop.published.front()),
        Claimed::AtGate(refusal, front) => refused(app, &refusal, &front),
        Claimed::Problem(problem) => refused_here(app, &problem),
    }
}

/// Answers a claim that hyper has read.
pub async fn claim(
    (app, memo): (&Arc<App>, &Memo),
    asks: &impl Asks,
    request: &mut Request<Sent>,
    peer: SocketAddr,
) -> Reply {
    let whole = body::read_whole(request.body_mut()).await;
    let body = whole.as_deref().map_err(Problem::clone);
    let id = claims_of(request.method(), request.uri().path()).unwrap_or_default();
    let looked = look((app, memo), (id, request.headers()), body, peer);
    answer(app, asks, looked).await
}

fn refused(app: &App, refusal: &Refusal, front: &Front) -> Reply {
    app.metrics.refused(refusal.code());
    let body = answers::refusal_body(refusal, &front.head);
    Reply::new(answers::refusal_status(refusal), PROBLEM, body)
}

/// A problem as the hot route sends it.
pub fn refused_here(app: &App, problem: &Problem) -> Reply {
    app.metrics.refused(problem.code);
    let retry_after_s = problem.retry_after_s;
    Reply { retry_after_s, ..Reply::new(problem.status, PROBLEM, problem.body()) }
}

/// The idempotency key, as it was sent.
pub fn key_text(fields: &impl Fields) -> Result<Option<&[u8]>, Problem> {
    // By a name made beforehand: a text would be read and folded for every request.
    static KEY: HeaderName = HeaderName::from_static("idempotency-key");
    let Some(text) = fields.first(&KEY) else { return Ok(None) };
    if text.is_empty() || text.len() > gate::KEY_BYTES_MAX {
        return Err(Problem::invalid("Idempotency-Key", "use 1 to 64 bytes"));
    }
    Ok(Some(text))
}

/// Checks a claim's body against the drop.
fn read_claim(memo: &Memo, drop: &Arc<Drop>, bytes: &[u8]) -> Result<(Line, Quantity), Problem> {
    if let Some(said) = memo.says(drop, bytes) {
        return Ok(said);
    }
    let body = body::parse_claim(bytes)?;
    let line = gate::line_named(drop, &body.item, body.variant.as_deref())?;
    let quantity = match body.quantity {
        Units::Absent => Some(Quantity::MIN),
        Units::Whole(units) => u16::try_from(units).ok().and_then(Quantity::new),
        Units::Other => None,
    };
    let quantity = quantity
        .ok_or_else(|| Problem::invalid("quantity", "use a whole number from 1 to 65535"))?;
    memo.note(drop, bytes, (line, quantity));
    Ok((line, quantity))
}

async fn claim_read_back(app: &Arc<App>, drop: &Drop, claim: &Claim, status: StatusCode) -> Reply {
    let receipt = short_receipt(app, drop, claim).await;
    let receipt = receipt.as_deref().map(Receipt::Made);
    Reply::new(status, JSON, answers::claim_json(drop, claim, receipt))
}

/// A repeated claim's receipt, read back from its row. A claim without it is still true, so where
/// too many ask at once it is left out; `GET …/receipt` gives it later.
async fn short_receipt(app: &Arc<App>, drop: &Drop, claim: &Claim) -> Option<String> {
    if let Some(head) = drop.published.recent(claim.place.seq) {
        return receipts::short_receipt(&head, claim.place);
    }
    app.receipts.short(drop.lane, claim.place).await.ok()
}
