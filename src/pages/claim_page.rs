//! `/claims/{claim}`: a fan's claim; paying where it is pretended, giving back, the receipt.

use super::claim_view::ClaimView;
use super::drop_page::LOOK_AGAIN_MS;
use super::fault::Fault;
use super::form::{Nothing, Posted};
use super::frame::Frame;
use super::named::Named;
use super::programme::groups;
use super::visit::{Page, Visit};
use crate::drops::answers;
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::drops::receipts;
use crate::kit::hex;
use crate::kit::problem::Problem;
use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use fanfare_engine::{Claim, Command, Refusal};
use fanfare_lane::{LaneId, PublicKey, Reply};
use std::sync::Arc;

/// A claim's page.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/claim.html")]
pub struct ClaimPage {
    pub frame: Frame,
    pub claim: ClaimView,
    /// The file the receipt is kept in.
    pub file: String,
    /// The festival key's fingerprint, in groups.
    pub key: String,
    /// The command that checks the receipt.
    pub check: String,
}

impl Page for ClaimPage {}

/// `GET /claims/{claim}`.
pub async fn claim(visit: Visit, Named(id): Named<String>) -> Response {
    let made = ClaimPage::of(&visit, &id).await;
    visit.page(made)
}

/// `GET` of an act on a claim: where a form was answered; there is nothing to read there.
pub async fn back_to_claim(visit: Visit, Named(id): Named<String>) -> Response {
    visit.go(&format!("/claims/{id}"))
}

/// `POST /claims/{claim}/settlement`: the pretended payment of a demo or a rehearsal.
pub async fn settle(Named(id): Named<String>, posted: Posted<Nothing>) -> Response {
    let visit = posted.visit;
    if !visit.app.mode.pretends() {
        return visit.fault(Problem::new("not_allowed").into());
    }
    let done = change(&visit, &id, |claim| Command::Settle { number: claim.number }).await;
    changed(visit, done, &id, "settlement")
}

/// `POST /claims/{claim}/release`: the fan gives a held claim back.
pub async fn release(Named(id): Named<String>, posted: Posted<Nothing>) -> Response {
    let visit = posted.visit;
    let done = change(&visit, &id, |claim| Command::Release { number: claim.number }).await;
    changed(visit, done, &id, "release")
}

/// `GET /claims/{claim}/receipt`: the receipt as a file to keep. Unlike the API's it renews the
/// session: a page may have lain open for longer than a session lives.
pub async fn receipt(visit: Visit, Named(id): Named<String>) -> Response {
    match receipt_text(&visit, &id).await {
        Ok(text) => {
            let name = format!("attachment; filename=\"{}\"", file(&id));
            let kind = (header::CONTENT_TYPE, "application/json".to_owned());
            let headers = [kind, (header::CONTENT_DISPOSITION, name)];
            visit.sent((headers, text).into_response(), false)
        }
        Err(problem) => visit.fault(problem.into()),
    }
}

/// The visitor's own claim with this id.
async fn own(visit: &Visit, id: &str) -> Result<(Arc<Drop>, Claim), Problem> {
    let session = visit.fan()?;
    let (drop, claim) = gate::find_claim(&visit.app, &session, id).await?;
    if claim.fan != session.fan {
        return Err(Problem::new("no_such_claim"));
    }
    Ok((drop, claim))
}

/// Asks the lane to change a claim. Whatever state it is in then, its page says so.
async fn change(
    visit: &Visit,
    id: &str,
    command: impl FnOnce(&Claim) -> Command,
) -> Result<(), Problem> {
    let (drop, claim) = own(visit, id).await?;
    match gate::put(&visit.app, &*visit.app.node, &drop, command(&claim)).await.reply {
        Reply::Claim { .. } | Reply::Refused(Refusal::NotHeld { .. }) => Ok(()),
        Reply::Refused(refusal) => Err(answers::refusal_problem(&refusal)),
        Reply::Unsure => Err(Problem::new("unsure")),
        Reply::Busy | Reply::Acted => Err(Problem::new("busy")),
    }
}

fn changed(visit: Visit, done: Result<(), Problem>, id: &str, act: &str) -> Response {
    match done.map_err(Fault::from) {
        Ok(()) => visit.go(&format!("/claims/{id}")),
        Err(fault) if fault.retry_after_s.is_some() => {
            visit.fault(fault.again(format!("/claims/{id}/{act}"), Vec::new()))
        }
        Err(fault) => visit.fault(fault),
    }
}

async fn receipt_text(visit: &Visit, id: &str) -> Result<String, Problem> {
    let (drop, claim) = own(visit, id).await?;
    let receipt = receipts::full(&visit.app, drop.lane, claim.place).await?;
    serde_json::to_string_pretty(&receipt).map_err(|_| Problem::new("busy"))
}

/// The key a claim's row was signed with. The row is looked at only where there were others.
async fn signed_with(visit: &Visit, lane: LaneId, seq: u32) -> PublicKey {
    let app = &visit.app;
    if app.node.keys.old.is_empty() {
        return app.node.public_key;
    }
    let read = app.receipts.signed_with(lane, seq).await;
    read.map_or(app.node.public_key, |id| *app.node.keys.named(&id))
}

/// The name of the file a receipt is kept in.
pub fn file(id: &str) -> String {
    format!("fanfare-receipt-{id}.json")
}

impl ClaimPage {
    async fn of(visit: &Visit, id: &str) -> Result<Self, Fault> {
        let (drop, claim) = own(visit, id).await?;
        let fingerprint = signed_with(visit, drop.lane, claim.place.seq).await.fingerprint();
        let claim = ClaimView::of(visit, &drop, &claim);
        let mut frame = Frame::new(visit, claim.what.clone());
        if let Some(countdown) = &claim.countdown {
            frame.refresh_at(countdown.until_ms);
        }
        if claim.still() {
            frame.refresh_at(frame.now_ms + LOOK_AGAIN_MS);
        }
        if claim.state == "settled" {
            frame.posed(&visit.app.look, "cheer");
        }
        let file = file(&claim.id);
        let check = format!("fanfare verify --bundle {file} --key {}", hex::hex(&fingerprint));
        Ok(Self { frame, claim, file, key: groups(&fingerprint), check })
    }
}
