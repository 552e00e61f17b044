//! `/drops/{drop}`: one drop, what this fan has of it, and the form to claim.

use super::claim_view::ClaimView;
use super::drop_view::{DropView, State};
use super::fault::Fault;
use super::frame::Frame;
use super::session;
use super::visit::{Page, Visit};
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::festivals::Id;
use crate::kit::hex;
use crate::kit::problem::Problem;
use crate::kit::token::Use;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use std::sync::Arc;

/// More units than this are typed, not chosen from a list.
const LISTED_MAX: u32 = 10;

/// Without a script, a page of a sold-out or paused drop looks again this often.
const LOOK_AGAIN_MS: i64 = 20_000;

/// The form to claim.
#[derive(Clone, Debug)]
pub struct ClaimForm {
    /// Makes one claim of a form that is sent twice.
    pub key: String,
    /// For a stranger, the guest to be.
    pub guest: Option<String>,
    /// The line chosen beforehand.
    pub chosen: String,
    /// How many this fan may still claim.
    pub most: u32,
    /// The same, to choose from; empty where it is typed.
    pub listed: Vec<u32>,
}

/// A drop's page.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/drop.html")]
pub struct DropPage {
    frame: Frame,
    drop: DropView,
    audience: Option<String>,
    zone: String,
    limit: String,
    told: Option<String>,
    own: Vec<ClaimView>,
    form: Option<ClaimForm>,
    /// The line, where there is but one.
    only: Option<String>,
}

impl Page for DropPage {
    fn keeps(&self) -> bool {
        // A form carries a key of its own.
        self.form.is_none() && !self.drop.turns(self.frame.now_ms)
    }
}

/// `GET /drops/{drop}`.
pub async fn drop(visit: Visit, Path(id): Path<String>) -> Response {
    let made = DropPage::of(&visit, &id).await;
    visit.page(made)
}

/// `GET /drops/{drop}/claims`: where a form was answered; there is nothing to read there.
pub async fn back_to_drop(visit: Visit, Path(id): Path<String>) -> Response {
    visit.go(&format!("/drops/{id}"))
}

impl DropPage {
    async fn of(visit: &Visit, id: &str) -> Result<Self, Fault> {
        let drop = gate::drop_named(&visit.app, id)?;
        let (own, units) = own(visit, &drop).await?;
        let view = DropView::of(visit, &drop);
        let limit = u32::from(drop.spec.terms.limit.get());
        let form = match view.state {
            _ if drop.stopped().is_some() => return Err(Problem::new("busy").into()),
            State::Open => form(visit, &view, limit.saturating_sub(units)),
            _ => None,
        };
        let mut frame = Frame::new(visit, view.name.clone());
        refresh(&mut frame, &view);
        let told = visit.told.as_deref().and_then(|code| told(visit, code, limit));
        let lines: Vec<_> = view.items.iter().flat_map(|item| &item.lines).collect();
        Ok(Self {
            frame,
            audience: audience(visit, &drop),
            zone: visit.words.with("zone", &[("zone", &visit.moments().zone())]),
            limit: visit.words.count("limit", u64::from(limit)),
            told,
            own,
            form,
            only: (lines.len() == 1).then(|| lines[0].value.clone()),
            drop: view,
        })
    }
}

/// What the visitor has in this drop, newest first, and how many units of it count.
async fn own(visit: &Visit, drop: &Arc<Drop>) -> Result<(Vec<ClaimView>, u32), Problem> {
    let Some(session) = visit.session else { return Ok((Vec::new(), 0)) };
    if drop.published.front().face.claims == 0 {
        return Ok((Vec::new(), 0));
    }
    let (claims, units) = gate::read(&visit.app, drop, |state| {
        let claims: Vec<_> = state.claims_of(session.fan).collect();
        (claims, state.units_of(session.fan))
    })
    .await?;
    Ok((claims.iter().map(|claim| ClaimView::of(visit, drop, claim)).collect(), units))
}

fn form(visit: &Visit, drop: &DropView, most: u32) -> Option<ClaimForm> {
    let free = drop.items.iter().flat_map(|item| &item.lines).find(|line| line.free > 0)?;
    if most == 0 {
        return None;
    }
    let guest = match visit.session {
        Some(_) => None,
        None => session::new_guest(visit.now_ms)
            .map(|guest| visit.app.node.tokens.make(&guest, Use::Guest)),
    };
    Some(ClaimForm {
        key: hex::hex(&session::random::<16>()?),
        guest,
        chosen: free.value.clone(),
        most,
        listed: if most > LISTED_MAX { Vec::new() } else { (1..=most).collect() },
    })
}

/// Without a script the page comes again when something is to be expected, but never while
/// somebody fills in the form.
fn refresh(frame: &mut Frame, drop: &DropView) {
    match drop.state {
        State::Before => frame.refresh_at(drop.opens_at_ms),
        State::Paused | State::SoldOut => frame.refresh_at(frame.now_ms + LOOK_AGAIN_MS),
        State::Open | State::Closed => {}
    }
}

/// Why the act before was refused. Only our own words can be told, whatever the address says.
fn told(visit: &Visit, code: &str, limit: u32) -> Option<String> {
    let w = visit.words;
    Some(match code {
        "sold_out" => w.t("told-sold-out"),
        "limit_reached" => w.count("told-limit", u64::from(limit)),
        "not_open" => w.t("told-not-open"),
        "paused" => w.t("told-paused"),
        "closed" => w.t("told-closed"),
        "taken" => w.t("told-taken"),
        _ => return None,
    })
}

fn audience(visit: &Visit, drop: &Drop) -> Option<String> {
    let id = &drop.spec.id;
    let base = id.rsplit_once('-').map_or(id.as_str(), |(base, _)| base);
    let plan = |id: &str| Id::new(id).and_then(|id| visit.app.festival.drop(&id));
    let names = plan(id).or_else(|| plan(base))?.audience()?;
    Some(visit.words.0.of(names).to_owned())
}

#[cfg(test)]
impl DropPage {
    /// The page in every state, with and without a form and claims.
    pub fn samples(frame: &Frame) -> Vec<Self> {
        use State::{Before, Closed, Open, Paused, SoldOut};
        let form = ClaimForm {
            key: "0".repeat(32),
            guest: Some("g".repeat(40)),
            chosen: "phone/red".to_owned(),
            most: 2,
            listed: vec![1, 2],
        };
        let page = |state: State| Self {
            frame: frame.clone(),
            drop: DropView::sample(frame.w, state),
            audience: Some("<u>friends</u>".to_owned()),
            zone: frame.w.with("zone", &[("zone", "Asia/Tokyo")]),
            limit: frame.w.count("limit", 2),
            told: (state != Open).then(|| frame.w.t("told-sold-out")),
            own: if state == Before { vec![] } else { ClaimView::samples(frame.w) },
            form: (state == Open).then(|| form.clone()),
            only: None,
        };
        let mut pages: Vec<Self> = [Before, Open, Paused, SoldOut, Closed].map(page).into();
        let typed = ClaimForm { listed: vec![], most: 50, guest: None, ..form.clone() };
        pages.push(Self { form: Some(typed), only: Some("phone".into()), ..page(Open) });
        pages
    }
}
