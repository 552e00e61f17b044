//! Becoming the first host, with the secret the server printed at its start.

use super::sign::SignPage;
use super::{on_cold, people};
use crate::drops::gate::SESSION_COOKIE;
use crate::fans::actions::{self, Refused};
use crate::kit::problem::Problem;
use crate::pages::{Fault, Frame, Nothing, Page, Posted, Visit};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;

/// Whoever has an account already confirms.
#[derive(Clone, Debug, Template)]
#[template(path = "fans/host.html")]
pub struct HostPage {
    frame: Frame,
    secret: String,
    wrong: Option<String>,
}

impl Page for HostPage {}

/// A secret as it may stand in an address.
fn plain(secret: &str) -> bool {
    secret.len() <= 64 && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// `GET /host/{secret}`.
pub async fn host_page(Path(secret): Path<String>, visit: Visit) -> Response {
    if !plain(&secret) {
        return visit.fault(Problem::new("not_found").into());
    }
    if visit.number == 0 {
        let page = SignPage::new(&visit, true, "/me/sessions", &secret);
        return visit.page(Ok(page));
    }
    let frame = Frame::new(&visit, visit.words.t("host-become"));
    visit.page(Ok(HostPage { frame, secret, wrong: None }))
}

/// `POST /host/{secret}`.
pub async fn make_host(Path(secret): Path<String>, posted: Posted<Nothing>) -> Response {
    let mut visit = posted.visit;
    let made = match visit.account() {
        Ok(session) => match people(&visit.app) {
            Ok(people) => {
                let given = secret.clone();
                let asked = actions::become_host(people.clone(), session.fan, given, visit.now_ms);
                on_cold(&people, asked).await
            }
            Err(problem) => return visit.fault(problem.into()),
        },
        Err(problem) => return visit.fault(problem.into()),
    };
    match made {
        // The token at hand says what its owner was: without it, the account's cookie makes a new
        // one at once.
        Ok(()) => {
            visit.set_cookie(crate::pages::session::set(SESSION_COOKIE, "", 0));
            visit.go("/me/sessions")
        }
        Err(Refused::NoSecret | Refused::Wrong) => {
            let frame = Frame::new(&visit, visit.words.t("host-become"));
            let wrong = Some(visit.words.t("host-no-secret"));
            visit.page(Ok(HostPage { frame, secret, wrong }))
        }
        Err(_) => visit.fault(Fault::from(Problem::new("busy"))),
    }
}

impl HostPage {
    /// Before and after a secret that is used up.
    pub fn samples(frame: &Frame) -> Vec<(&'static str, Self)> {
        let title = frame.w.t("host-become");
        let frame = Frame { entered: true, account: true, title, ..frame.clone() };
        let wrong = Some(frame.w.t("host-no-secret"));
        let secret = String::from("s");
        let first = Self { frame: frame.clone(), secret: secret.clone(), wrong: None };
        vec![("form", first), ("used", Self { frame, secret, wrong })]
    }
}
