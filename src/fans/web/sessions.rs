//! Where one is signed in, and leaving.

use super::{ACCOUNT_COOKIE, Account, on_cold, people};
use crate::drops::gate::SESSION_COOKIE;
use crate::fans::actions;
use crate::kit::problem::Problem;
use crate::pages::session::set;
use crate::pages::{Fault, Frame, Nothing, Page, Posted, Visit};
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue};
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
    account: Option<Account>,
    /// What an act before did.
    told: Option<String>,
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
        let told = visit.told.as_deref().filter(|code| *code == "password");
        let told = told.map(|_| visit.words.t("password-changed"));
        let account = Account::of(visit).await;
        Ok(Self { frame, account, told, sessions: records.into_iter().map(shown).collect() })
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
    let mut answer = visit.go("/");
    // Nothing of theirs stays in a browser that others use.
    let clear = HeaderValue::from_static(r#""cache", "storage""#);
    answer.headers_mut().insert(HeaderName::from_static("clear-site-data"), clear);
    answer
}

impl SessionsPage {
    /// One session of a fan's, several of a host's, after another password, with odd names.
    pub fn samples(frame: &Frame) -> Vec<(&'static str, Self)> {
        let w = frame.w;
        let mut frame = Frame { entered: true, account: true, ..frame.clone() };
        frame.title = w.t("sessions");
        let of = |name, role: Option<&str>, devices: &[&str]| {
            let shown = |(number, device): (u64, &&str)| Shown {
                number,
                device: (*device).to_owned(),
                since: w.with("moment", &[("day", &w.t("day-today")), ("time", "11:40")]),
                seen: w.with("moment", &[("day", &w.t("day-today")), ("time", "12:00")]),
                here: number == 1,
            };
            Self {
                frame: frame.clone(),
                account: Some(Account::sample(name, role.map(str::to_owned))),
                told: None,
                sessions: (1..).zip(devices).map(shown).collect(),
            }
        };
        let two = ["Chrome · Android", "Safari · Mac"];
        let told = Some(w.t("password-changed"));
        vec![
            ("one", of("Ada", None, &two[..1])),
            ("several", of("Ada", None, &two)),
            ("told", Self { told, ..of("Ada", None, &two[..1]) }),
            ("cashier", of("Ada", Some(&w.t("role-cashier")), &two[..1])),
            ("host", of("Ada", Some(&w.t("role-host")), &two)),
            ("operator", of("Ada", Some(&w.t("role-operator")), &two[..1])),
            ("hostile", of("ThirtyTwoLettersAreAName_Already", None, &["<u>friends\"Phone"])),
        ]
    }
}
