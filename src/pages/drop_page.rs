//! `/drops/{drop}`: one drop, what this fan has of it, and the form to claim.

use super::claim_view::ClaimView;
use super::doubt::Doubt;
use super::drop_view::{DropView, State, plan};
use super::fault::Fault;
use super::format;
use super::frame::Frame;
use super::named::Named;
use super::session;
use super::visit::{Page, Visit};
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::kit::hex;
use crate::kit::problem::Problem;
use crate::kit::token::Use;
use crate::kit::words::Key;
use askama::Template;
use axum::response::Response;
use std::sync::Arc;

/// More units than this are typed, not chosen from a list.
const LISTED_MAX: u32 = 10;

/// Without a script, a page of what is sold out, paused or in doubt looks again this often.
pub const LOOK_AGAIN_MS: i64 = 20_000;

/// From so long before the opening on, a stranger's page has a form of its own, which works at
/// the opening without asking anything; before that it is everybody's and may be kept.
const READY_MS: i64 = 10 * 60_000;

/// The form to claim.
#[derive(Clone, Debug)]
pub struct ClaimForm {
    /// Makes one claim of a form that is sent twice; none while the page is everybody's.
    pub key: Option<String>,
    /// For a stranger, the guest to be.
    pub guest: Option<String>,
    /// The line chosen beforehand.
    pub chosen: String,
    /// How many this fan may still claim.
    pub most: u32,
    /// The same, to choose from; empty where it is typed.
    pub listed: Vec<u32>,
    /// What the button says now.
    pub says: String,
    /// What it says once it can be pressed.
    pub ready: String,
    /// Whether it can be pressed.
    pub opens: bool,
    /// Whether it has been, and no answer has come.
    pub busy: bool,
}

/// A drop's page.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/drop.html")]
pub struct DropPage {
    pub frame: Frame,
    pub drop: DropView,
    pub audience: Option<String>,
    /// What one needs: how many, how long it is held.
    pub needs: Vec<String>,
    pub told: Option<String>,
    pub own: Vec<ClaimView>,
    pub form: Option<ClaimForm>,
    /// What stands where the form would.
    pub note: Option<String>,
}

impl Page for DropPage {
    fn keeps(&self) -> bool {
        // A form with a key is one fan's own.
        let own = self.form.as_ref().is_some_and(|form| form.key.is_some());
        !own && !self.drop.turns(self.frame.now_ms)
    }
}

/// `GET /drops/{drop}`.
pub async fn drop(visit: Visit, Named(id): Named<String>) -> Response {
    let made = DropPage::of(&visit, &id).await;
    visit.page(made)
}

/// `GET /drops/{drop}/claims`: where a form was answered; there is nothing to read there.
pub async fn back_to_drop(visit: Visit, Named(id): Named<String>) -> Response {
    visit.go(&format!("/drops/{id}"))
}

impl DropPage {
    async fn of(visit: &Visit, id: &str) -> Result<Self, Fault> {
        let drop = gate::drop_named(&visit.app, id)?;
        let (own, units) = own(visit, &drop).await?;
        let view = DropView::of(visit, &drop);
        if drop.stopped().is_some() {
            return Err(Problem::new("busy").into());
        }
        let limit = u32::from(drop.spec.terms.limit.get());
        let w = visit.words;
        let mut frame = Frame::new(visit, view.name.clone());
        frame.description = w.with("drop-about", &[("drop", &view.name), ("when", &view.when)]);
        refresh(&mut frame, &view);
        let held_for = format::span(w, i64::from(drop.spec.terms.hold_s) * 1_000);
        let most = limit.saturating_sub(units);
        let needs = vec![
            w.count("limit", u64::from(limit)),
            w.with("held-for", &[("span", &held_for)]),
            w.t("no-account"),
        ];
        Ok(Self {
            frame,
            audience: plan(visit, &drop.spec)
                .and_then(|p| p.audience())
                .map(|n| w.0.of(n).to_owned()),
            needs,
            told: visit.told.as_deref().and_then(|code| told(visit, code, (limit, view.doubt))),
            note: note(visit, &view, limit, most, own.len()),
            form: form(visit, &view, most),
            own,
            drop: view,
        })
    }

    /// The line, where there is but one.
    fn only(&self) -> Option<&str> {
        let mut lines = self.drop.lines();
        let first = lines.next()?;
        lines.next().is_none().then_some(first.value.as_str())
    }

    /// Whether a fan can be reminded of it.
    fn reminds(&self) -> bool {
        self.drop.state == State::Before && self.drop.doubt.is_none()
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

/// The same form in every state but the last: at the opening only its button changes.
fn form(visit: &Visit, drop: &DropView, most: u32) -> Option<ClaimForm> {
    if most == 0 || drop.state == State::Closed {
        return None;
    }
    let free = drop.lines().find(|line| line.free > 0).or_else(|| drop.lines().next())?;
    let near = drop.opens_at_ms - visit.now_ms <= READY_MS;
    let waits = matches!(drop.state, State::SoldOut | State::Paused) || drop.doubt.is_some();
    let personal = !waits && (visit.session.is_some() || near);
    let guest = match visit.session {
        None if personal => session::new_guest(visit.now_ms)
            .map(|guest| visit.app.node.tokens.make(&guest, Use::Guest)),
        _ => None,
    };
    let w = visit.words;
    let ready = w.t(if visit.session.is_some() { "claim-now" } else { "claim-as-guest" });
    let says = button(drop.state, drop.doubt).map_or_else(|| ready.clone(), |key| w.key(key));
    Some(ClaimForm {
        key: personal.then(session::random::<16>).flatten().map(|key| hex::hex(&key)),
        guest,
        chosen: free.value.clone(),
        most,
        listed: if most > LISTED_MAX { Vec::new() } else { (1..=most).collect() },
        says,
        ready,
        opens: drop.state == State::Open,
        busy: false,
    })
}

/// What the button says where it cannot be pressed.
pub fn button(state: State, doubt: Option<Doubt>) -> Option<Key> {
    Some(match (state, doubt) {
        (State::Before, None) => Key("button-before"),
        (State::Before, Some(_)) => Key("state-before"),
        (State::Paused, None) => Key("button-paused"),
        (State::Paused, Some(_)) => Key("button-waits"),
        (State::SoldOut, _) => Key("button-sold-out"),
        (State::Open | State::Closed, _) => return None,
    })
}

/// What is said where there is no form.
fn note(visit: &Visit, drop: &DropView, limit: u32, most: u32, own: usize) -> Option<String> {
    let w = visit.words;
    match drop.state {
        State::Closed => Some(w.t(if own > 0 { "note-closed-own" } else { "note-closed" })),
        _ if most == 0 => Some(w.count("told-limit", u64::from(limit))),
        _ => None,
    }
}

/// Without a script the page comes again when something is to be expected, but never while
/// somebody fills in the form.
fn refresh(frame: &mut Frame, drop: &DropView) {
    match drop.state {
        State::Before if drop.doubt.is_none() => frame.refresh_at(drop.opens_at_ms),
        State::Before | State::Paused | State::SoldOut => {
            frame.refresh_at(frame.now_ms + LOOK_AGAIN_MS);
        }
        State::Open | State::Closed => {}
    }
}

/// Why the act before was refused. Only our own words can be told, whatever the address says.
fn told(visit: &Visit, code: &str, (limit, doubt): (u32, Option<Doubt>)) -> Option<String> {
    let w = visit.words;
    Some(match code {
        "sold_out" => w.t("told-sold-out"),
        "limit_reached" => w.count("told-limit", u64::from(limit)),
        "not_open" => w.t("told-not-open"),
        "not_entitled" => w.t("told-not-entitled"),
        "paused" if doubt.is_some() => w.t("told-doubt"),
        "paused" => w.t("told-paused"),
        "closed" => w.t("told-closed"),
        "taken" => w.t("told-taken"),
        _ => return None,
    })
}
