//! `/me`: everything this fan has claimed, the newest drop first.

use super::claim_view::ClaimView;
use super::fault::Fault;
use super::frame::Frame;
use super::shut_view::{LOOK_AGAIN_MS, named, shut};
use super::visit::{Page, Visit};
use crate::drops::cold::rest;
use crate::fans::web::Account;
use crate::kit::problem::Problem;
use askama::Template;
use axum::response::Response;

/// Most claims the page shows.
const SHOWN_MAX: usize = 200;

/// A fan's claims.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/me.html")]
pub struct Me {
    pub frame: Frame,
    pub claims: Vec<ClaimView>,
    /// How many are shown where there are more.
    pub newest: Option<String>,
    /// What may be missing: claims in drops that cannot be reached.
    pub missing: Option<String>,
    pub account: Option<Account>,
}

impl Page for Me {}

/// `GET /me`.
pub async fn me(visit: Visit) -> Response {
    let made = Me::of(&visit).await;
    visit.page(made)
}

impl Me {
    async fn of(visit: &Visit) -> Result<Self, Fault> {
        let mut frame = Frame::new(visit, visit.words.t("nav-me"));
        let (claims, all) = claims(visit).await?;
        if claims.is_empty() {
            frame.posed(&visit.app.look, "rest");
        }
        for claim in &claims {
            claim.countdown.iter().for_each(|countdown| frame.refresh_at(countdown.until_ms));
        }
        let shown = SHOWN_MAX.to_string();
        let newest = (all > SHOWN_MAX).then(|| visit.words.with("me-newest", &[("n", &shown)]));
        // People see what is known and read what is not; a program is told nothing in part.
        let missing = named(visit, &shut(visit)).filter(|_| visit.session.is_some());
        if missing.is_some() {
            frame.refresh_at(visit.now_ms + LOOK_AGAIN_MS);
        }
        let missing = missing.map(|drops| visit.words.with("shut-mine", &[("drops", &drops)]));
        Ok(Self { frame, claims, newest, missing, account: Account::of(visit).await })
    }
}

/// The fan's newest claims, and how many there are.
async fn claims(visit: &Visit) -> Result<(Vec<ClaimView>, usize), Problem> {
    let Some(session) = visit.session else { return Ok((Vec::new(), 0)) };
    let mut drops = visit.app.node.directory().drops.clone();
    drops.sort_by_key(|drop| std::cmp::Reverse(drop.published.front().face.opens_at_ms));
    let own = rest::claims_of(&visit.app, session.fan, drops).await?;
    let shown = own.iter().take(SHOWN_MAX);
    Ok((shown.map(|(drop, claim)| ClaimView::of(visit, drop, claim)).collect(), own.len()))
}
