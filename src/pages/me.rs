//! `/me`: everything this fan has claimed, the newest drop first.

use super::claim_view::ClaimView;
use super::fault::Fault;
use super::frame::Frame;
use super::visit::{Page, Visit};
use crate::drops::gate;
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
        let claims = claims(visit).await?;
        if claims.is_empty() {
            frame.posed(&visit.app.look, "rest");
        }
        for claim in &claims {
            claim.countdown.iter().for_each(|countdown| frame.refresh_at(countdown.until_ms));
        }
        Ok(Self { frame, claims })
    }
}

/// Only drops in which anybody claimed anything are asked: a rest is not disturbed for nothing.
async fn claims(visit: &Visit) -> Result<Vec<ClaimView>, Problem> {
    let Some(session) = visit.session else { return Ok(Vec::new()) };
    let mut drops = visit.app.node.directory().drops.clone();
    drops.retain(|drop| drop.published.front().face.claims > 0);
    drops.sort_by_key(|drop| std::cmp::Reverse(drop.published.front().face.opens_at_ms));
    let mut shown = Vec::new();
    for drop in drops {
        let own = gate::read(&visit.app, &drop, |state| {
            state.claims().of(session.fan).collect::<Vec<_>>()
        })
        .await?;
        shown.extend(own.iter().map(|claim| ClaimView::of(visit, &drop, claim)));
        if shown.len() >= SHOWN_MAX {
            break;
        }
    }
    shown.truncate(SHOWN_MAX);
    Ok(shown)
}
