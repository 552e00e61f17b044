//! Claims and refusals as the contract words them. Written by hand, piece by piece: a crowd gets
//! hundreds of thousands of these in a few seconds.

use super::directory::Shut;
use super::drop::Drop;
use super::head::{HeadDoc, head_json};
use super::published::Front;
use super::reasons;
use super::spec::LineName;
use crate::app::App;
use crate::kit::hex;
use crate::kit::problem::{self, Problem};
use axum::body::Bytes;
use axum::http::StatusCode;
use fanfare_engine::{Claim, Fact, Phase, Place, Refusal, Stock, wire};
use fanfare_lane::LaneId;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A claim's id: its place in the journal.
pub fn claim_id(lane: LaneId, place: Place) -> String {
    format!("{lane}-{}-{}", place.seq, place.index)
}

/// Reads a claim's id.
pub fn parse_claim_id(text: &str) -> Option<(LaneId, Place)> {
    let mut parts = text.splitn(3, '-');
    let mut number = || {
        let part = parts.next()?;
        let plain = part.len() <= 10 && part.bytes().all(|b| b.is_ascii_digit());
        if plain { part.parse::<u32>().ok() } else { None }
    };
    let (lane, seq, index) = (number()?, number()?, number()?);
    Some((lane, Place { seq, index: u16::try_from(index).ok()? }))
}

/// A claim's short receipt.
#[derive(Clone, Copy)]
pub enum Receipt<'a> {
    /// To be made of the claim's fact and the head it stands under.
    Of(&'a HeadDoc, &'a Fact),
    /// Made before.
    Made(&'a str),
}

/// A claim as JSON, with its short receipt if there is one: fact, root and signed head.
pub fn claim_json(drop: &Drop, claim: &Claim, receipt: Option<Receipt<'_>>) -> Vec<u8> {
    let mut body = Vec::with_capacity(CLAIM_BYTES);
    let mut digits = itoa::Buffer::new();
    let Place { seq, index } = claim.place;
    // Piece by piece: a format would take longer than all else that is done for the answer.
    body.extend_from_slice(br#"{"claim":""#);
    body.extend_from_slice(digits.format(drop.lane).as_bytes());
    body.push(b'-');
    body.extend_from_slice(digits.format(seq).as_bytes());
    body.push(b'-');
    body.extend_from_slice(digits.format(index).as_bytes());
    body.extend_from_slice(drop.words[usize::from(claim.line.0)].as_bytes());
    body.extend_from_slice(digits.format(claim.quantity.get()).as_bytes());
    body.extend_from_slice(br#","number":"#);
    body.extend_from_slice(digits.format(claim.number.get()).as_bytes());
    body.extend_from_slice(br#","state":""#);
    body.extend_from_slice(claim.state.word().as_bytes());
    body.extend_from_slice(br#"","held_until_ms":"#);
    body.extend_from_slice(digits.format(i64::from(claim.until_s) * 1000).as_bytes());
    if let Some(receipt) = receipt {
        body.extend_from_slice(br#","receipt":"#);
        match receipt {
            Receipt::Made(text) => body.extend_from_slice(text.as_bytes()),
            Receipt::Of(head, fact) => {
                body.extend_from_slice(br#"{"fact":""#);
                let from = body.len();
                wire::put_fact(&mut body, fact);
                hex::base64_behind(&mut body, from);
                body.extend_from_slice(br#"","#);
                body.extend_from_slice(head.receipt().as_bytes());
                body.push(b'}');
            }
        }
    }
    body.push(b'}');
    body
}

/// What stands in every claim to this line of a drop, between its id and its quantity.
pub fn claim_words(drop: &str, LineName { item, variant, .. }: &LineName) -> String {
    let variant = variant.as_ref().map_or("null".to_owned(), |variant| format!("\"{variant}\""));
    format!(r#"","drop":"{drop}","item":"{item}","variant":{variant},"quantity":"#)
}

/// Room for a claim with its receipt.
const CLAIM_BYTES: usize = 768;

/// The body of a refusal of the lane or the gate, with the lane's latest head.
pub fn refusal_body(refusal: &Refusal, head: &HeadDoc) -> Bytes {
    let make = || refusal_json(refusal, head);
    match refusal {
        Refusal::SoldOut { may_return } => head.refusal(usize::from(*may_return), make),
        Refusal::NotOpen { .. } => head.refusal(2, make),
        Refusal::Paused => head.refusal(3, make),
        Refusal::Closed => head.refusal(4, make),
        _ => Bytes::from(make()),
    }
}

fn refusal_json(refusal: &Refusal, head: &HeadDoc) -> String {
    let problem = refusal_problem(refusal);
    let mut body = String::from_utf8(problem.body()).unwrap_or_default();
    if problem.status.as_u16() == 409 {
        body.pop();
        let _ = write!(body, r#","head":{}}}"#, head.json());
    }
    body
}

/// A refusal as a problem, without the head.
pub fn refusal_problem(refusal: &Refusal) -> Problem {
    let problem = Problem::new(problem::known(refusal.code()));
    match refusal {
        Refusal::NotOpen { opens_at_ms } => problem.with("opens_at_ms", *opens_at_ms),
        Refusal::SoldOut { may_return } => problem.with("may_return", *may_return),
        Refusal::NotHeld { state } => problem.with("state", state.word()),
        Refusal::TooMany { possible } => {
            let why = reasons::refused(refusal).english();
            problem.with("field", "units").with("why", why).with("possible", *possible)
        }
        Refusal::BreaksPromise(_) => {
            problem.with("field", "terms").with("why", reasons::refused(refusal).english())
        }
        _ => problem,
    }
}

/// A drop's state in the contract's word.
pub fn state_word(front: &Front, now_ms: i64) -> &'static str {
    match front.face.phase(now_ms) {
        Phase::Before => "before",
        Phase::Paused => "paused",
        Phase::Closed => "closed",
        Phase::Open if front.face.free() == 0 => "sold_out",
        Phase::Open => "open",
    }
}

/// A drop as JSON: states, times, units by item, head.
pub fn drop_json(drop: &Drop, now_ms: i64) -> Value {
    let front = drop.published.front();
    let face = &front.face;
    let item = |(name, stock): (&LineName, &Stock)| {
        json!({
            "item": name.item,
            "variant": name.variant,
            "stock": stock.issued,
            "free": stock.free,
            "held": stock.held,
            "settled": stock.settled,
        })
    };
    let items: Vec<Value> = drop.spec.lines.iter().zip(&face.lines).map(item).collect();
    json!({
        "id": drop.spec.id,
        "kind": "sale",
        "name": { "zh-CN": drop.spec.names.zh(), "en": drop.spec.names.en() },
        "state": state_word(&front, now_ms),
        "opens_at_ms": face.opens_at_ms,
        "closes_at_ms": face.closes_at_ms,
        "now_ms": now_ms,
        "sold_out_after_ms": face.sold_out_at_ms.map(|at| (at - face.opens_at_ms).max(0)),
        "items": items,
        "stopped": drop.stopped().is_some(),
        "time_in_doubt": face.doubtful_time,
        "head": head_json(&front.head.sealed),
    })
}

/// A drop that is not served now as JSON: what is known without its lane.
pub fn shut_json(shut: &Shut) -> Value {
    let spec = &shut.spec;
    json!({
        "id": spec.id,
        "kind": "sale",
        "name": { "zh-CN": spec.names.zh(), "en": spec.names.en() },
        "opens_at_ms": spec.times_ms().map(|(opens, _)| opens),
        "closes_at_ms": spec.times_ms().map(|(_, closes)| closes),
    })
}

/// Totals of every open drop, for the live board.
pub fn totals_json(app: &App) -> Value {
    let now_ms = app.now_ms();
    let directory = app.node.directory();
    let open = |drop: &&std::sync::Arc<Drop>| {
        let front = drop.published.front();
        matches!(state_word(&front, now_ms), "open" | "paused" | "sold_out")
    };
    let drops = directory.drops.iter().filter(open).map(|drop| drop_json(drop, now_ms));
    json!({ "now_ms": now_ms, "drops": drops.collect::<Vec<_>>() })
}

/// A refusal's status.
pub fn refusal_status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NoSuchLine | Refusal::NoSuchClaim => StatusCode::NOT_FOUND,
        Refusal::KeyReused { .. }
        | Refusal::ActReused
        | Refusal::TooMany { .. }
        | Refusal::BreaksPromise(_) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

/// Whether a drop opens or closes within a second: then nothing said of it may be kept.
pub fn turns_soon(drop: &Drop, now_ms: i64) -> bool {
    let soon = |at: i64| (now_ms - 1_000..now_ms + 1_000).contains(&at);
    let front = drop.published.front();
    soon(front.face.opens_at_ms) || soon(front.face.closes_at_ms)
}
