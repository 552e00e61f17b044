//! Refusals in words, and what to do next.

use super::frame::Frame;
use super::visit::{Page, Visit};
use crate::app::App;
use crate::kit::problem::Problem;
use crate::kit::words::{Key, Words};
use crate::look::Look;
use askama::Template;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// A form that asks the same again: where it goes, and every field it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// Where it is sent.
    pub action: String,
    /// Names and values.
    pub fields: Vec<(&'static str, String)>,
}

/// Why a page cannot be shown, or an act was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The status.
    pub status: StatusCode,
    /// The contract's code, or one only pages have.
    pub code: &'static str,
    /// Seconds to wait before asking again.
    pub retry_after_s: Option<u32>,
    /// How to ask again.
    pub again: Option<Again>,
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        let Problem { status, reason: code, retry_after_s, .. } = problem;
        Self { status, code, retry_after_s, again: None }
    }
}

impl Fault {
    /// A form that another site sent.
    pub fn cross_site() -> Self {
        Self { code: "cross_site", ..Problem::new("not_allowed").into() }
    }

    /// A host's page, and whoever asks is none.
    pub fn for_hosts() -> Self {
        Self { code: "for_hosts", ..Problem::new("not_allowed").into() }
    }

    /// A form that is not one of ours, or too large, or cut off.
    pub fn bad_form() -> Self {
        Problem::new("invalid").into()
    }

    /// Too many requests.
    pub fn too_fast(wait_s: u32) -> Self {
        Self { retry_after_s: Some(wait_s), ..Problem::new("too_fast").into() }
    }

    /// With a form that asks the same again.
    #[must_use]
    pub fn again(self, action: String, fields: Vec<(&'static str, String)>) -> Self {
        Self { again: Some(Again { action, fields }), ..self }
    }

    /// The title, and what it means.
    fn words(&self) -> (Key, Key) {
        match self.code {
            "cross_site" => (Key("fault-cross-site"), Key("fault-cross-site-more")),
            "no_session" => (Key("fault-no-session"), Key("fault-no-session-more")),
            "not_allowed" => (Key("fault-not-allowed"), Key("fault-not-allowed-more")),
            "for_hosts" => (Key("fault-for-hosts"), Key("fault-for-hosts-more")),
            "no_such_drop" => (Key("fault-no-drop"), Key("fault-no-drop-more")),
            "no_such_claim" => (Key("fault-no-claim"), Key("fault-no-claim-more")),
            "not_found" => (Key("fault-not-found"), Key("fault-not-found-more")),
            "too_fast" => (Key("fault-too-fast"), Key("fault-too-fast-more")),
            "wrong_method" => (Key("fault-wrong-method"), Key("fault-wrong-method-more")),
            "starting" => (Key("starting"), Key("starting-more")),
            "broken" => (Key("fault-broken"), Key("fault-broken-more")),
            "not_entitled" => (Key("fault-not-entitled"), Key("fault-not-entitled-more")),
            "unsure" => (Key("fault-unsure"), Key("fault-unsure-more")),
            "drop_shut" => (Key("shut-drop"), Key("shut-drop-more")),
            "claim_shut" => (Key("shut-claim"), Key("shut-claim-more")),
            "busy" => (Key("fault-busy"), Key("fault-busy-more")),
            _ => (Key("fault-form"), Key("fault-form-more")),
        }
    }

    /// Something of ours does not work.
    pub fn broken() -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, code: "broken", retry_after_s: None, again: None }
    }

    /// The server does not serve yet.
    pub fn starting() -> Self {
        Self { code: "starting", retry_after_s: Some(2), ..Problem::new("busy").into() }
    }

    /// How the mascot takes it.
    fn pose(&self) -> &'static str {
        match self.code {
            "too_fast" | "busy" | "unsure" | "starting" => "rush",
            "broken" | "no_session" | "drop_shut" | "claim_shut" => "rest",
            _ => "lost",
        }
    }

    /// The page that says so.
    pub fn page(self, visit: &Visit) -> FaultPage {
        let mut frame = Frame::new(visit, String::new());
        frame.lead_back();
        let mut page = self.on(frame, &visit.app.look, visit.words);
        if !visit.reads {
            page.frame.refresh_s = None;
            page.passing = false;
        }
        page
    }

    /// The page that says so, in this frame. What is over soon is asked for again by itself.
    pub fn on(self, mut frame: Frame, look: &Look, w: Words) -> FaultPage {
        let (title, more) = self.words();
        frame.title = w.key(title);
        frame.posed(look, self.pose());
        let wait_s = self.retry_after_s.filter(|_| self.again.is_none());
        if let Some(wait_s) = wait_s {
            frame.refresh_at(frame.now_ms + i64::from(wait_s + 1) * 1_000);
        }
        let guest = self.code == "no_session";
        FaultPage { frame, more: w.key(more), again: self.again, guest, passing: wait_s.is_some() }
    }
}

/// What is wrong, and what to do.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/fault.html")]
pub struct FaultPage {
    pub frame: Frame,
    pub more: String,
    pub again: Option<Again>,
    pub guest: bool,
    /// Whether it is over soon: the page then asks again by itself.
    pub passing: bool,
}

impl Page for FaultPage {}

/// Whatever has no address of its own.
pub async fn nothing(State(app): State<Arc<App>>, request: Request) -> Response {
    told(&app, request, Problem::new("not_found")).await
}

/// An address that is not asked like this. The router adds how it is.
pub async fn wrong_method(State(app): State<Arc<App>>, request: Request) -> Response {
    told(&app, request, Problem::new("wrong_method")).await
}

/// A refusal of a whole request: words for browsers, a problem for programs.
pub async fn told(app: &Arc<App>, request: Request, problem: Problem) -> Response {
    let (mut parts, _) = request.into_parts();
    if parts.uri.path().starts_with("/api/") || !reads_html(&parts.headers) {
        return problem.into_response();
    }
    match Visit::from_request_parts(&mut parts, app).await {
        Ok(visit) => visit.fault(problem.into()),
        Err(answer) => answer,
    }
}

/// Whether who asks reads pages, or is a program.
pub fn reads_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}
