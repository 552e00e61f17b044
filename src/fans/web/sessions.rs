//! Where one is signed in, and leaving.

use super::{ACCOUNT_COOKIE, on_cold, people};
use crate::drops::gate::SESSION_COOKIE;
use crate::fans::actions;
use crate::kit::problem::Problem;
use crate::pages::session::set;
use crate::pages::{Fault, Frame, Nothing, Page, Posted, Visit};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;

/// A session as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    number: u64,
    device: String,
    since: String,
    seen: String,
    here: bool,
}

/// Where a fan is signed in.
#[derive(Clone, Debug, Template)]
#[template(path = "fans/sessions.html")]
pub struct SessionsPage {
    frame: Frame,
    role: Option<String>,
    sessions: Vec<Shown>,
}

impl Page for SessionsPage {}

/// `GET /me/sessions`.
pub async fn my_sessions(visit: Visit) -> Response {
    let made = SessionsPage::of(&visit).await;
    visit.page(made)
}

impl SessionsPage {
    async fn of(visit: &Visit) -> Result<Self, Fault> {
        let session = visit.account()?;
        let people = people(&visit.app)?;
        let asked = actions::sessions(people.clone(), session.fan, visit.now_ms);
        let records = on_cold(&people, asked).await.map_err(|_| Problem::new("busy"))?;
        let moments = visit.moments();
        let shown = |record: crate::fans::Record| Shown {
            number: record.number,
            device: record.device,
            since: moments.short(record.made_at_ms),
            seen: moments.short(record.seen_at_ms),
            here: record.number == visit.number,
        };
        let frame = Frame::new(visit, visit.words.t("sessions"));
        let role = super::host::role_words(session.role).map(|key| visit.words.key(key));
        Ok(Self { frame, role, sessions: records.into_iter().map(shown).collect() })
    }
}

/// `POST /me/sessions/{session}/ending`.
pub async fn end_session(Path(number): Path<u64>, posted: Posted<Nothing>) -> Response {
    let visit = posted.visit;
    match ended(&visit, Some(number)).await {
        Ok(()) if number == visit.number => left(visit),
        Ok(()) => visit.go("/me/sessions"),
        Err(problem) => visit.fault(problem.into()),
    }
}

/// A GET of an act leads back to the page with its form.
pub async fn back_to_sessions(visit: Visit) -> Response {
    visit.go("/me/sessions")
}

/// `POST /sign-out`.
pub async fn sign_out(posted: Posted<Nothing>) -> Response {
    let visit = posted.visit;
    match ended(&visit, Some(visit.number)).await {
        Ok(()) => left(visit),
        Err(problem) => visit.fault(problem.into()),
    }
}

async fn ended(visit: &Visit, number: Option<u64>) -> Result<(), Problem> {
    let session = visit.account()?;
    let people = people(&visit.app)?;
    let asked = actions::end(people.clone(), session.fan, number, visit.now_ms);
    on_cold(&people, asked).await.map_err(|_| Problem::new("busy"))?;
    Ok(())
}

/// Takes both cookies back.
fn left(mut visit: Visit) -> Response {
    for name in [SESSION_COOKIE, ACCOUNT_COOKIE] {
        visit.set_cookie(set(name, "", 0));
    }
    visit.go("/")
}

#[cfg(test)]
impl SessionsPage {
    /// One session of a fan's, and several of a host's.
    pub fn samples(frame: &Frame) -> Vec<Self> {
        use crate::kit::token::Role;
        let entered = Frame { entered: true, title: frame.w.t("sessions"), ..frame.clone() };
        let shown = |number| Shown {
            number,
            device: "<u>friends Phone".to_owned(),
            since: "2026-11-21".to_owned(),
            seen: "2026-11-21".to_owned(),
            here: number == 1,
        };
        let of = |role, count| Self {
            frame: entered.clone(),
            role: super::host::role_words(role).map(|key| frame.w.key(key)),
            sessions: (1..=count).map(shown).collect(),
        };
        vec![of(Role::Fan, 1), of(Role::Cashier, 2), of(Role::Host, 3), of(Role::Operator, 1)]
    }
}
