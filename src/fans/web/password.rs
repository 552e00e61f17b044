//! Changing one's password.

use super::wrong::{self, Wrong};
use super::{near, on_cold, people};
use crate::fans::actions::{self, Change, Refused};
use crate::fans::model::{Name, Password};
use crate::kit::problem::Problem;
use crate::kit::token::Session;
use crate::pages::{Fault, Frame, Key, Page, Posted, Visit};
use askama::Template;
use axum::response::Response;
use serde::Deserialize;

/// What the form says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordForm {
    old: String,
    new: String,
    /// The name, which password keepers fill in; nobody reads it.
    #[serde(default, rename = "name")]
    _name: String,
}

/// The old password and a new one.
#[derive(Clone, Debug, Template)]
#[template(path = "fans/password.html")]
pub struct PasswordPage {
    frame: Frame,
    name: String,
    wrong: Option<Wrong>,
}

impl Page for PasswordPage {}

impl PasswordPage {
    fn new(visit: &Visit, name: &Name, wrong: Option<Wrong>) -> Self {
        let frame = Frame::new(visit, visit.words.t("password"));
        Self { frame, name: name.shown.clone(), wrong }
    }

    fn wrong(&self, at: &str) -> Option<&str> {
        wrong::of(self.wrong.as_ref(), at)
    }

    /// The form, and what was wrong with it.
    pub fn samples(frame: &Frame) -> Vec<(&'static str, Self)> {
        let w = frame.w;
        let mut frame = Frame { entered: true, account: true, ..frame.clone() };
        frame.title = w.t("password");
        let page = |wrong| Self { frame: frame.clone(), name: "Ada".to_owned(), wrong };
        let wrong = |at, says| page(Some(Wrong::new(at, says)));
        vec![
            ("form", page(None)),
            ("wrong", wrong("old", w.t("password-wrong"))),
            ("short", wrong("new", w.with("sign-short", &[("n", "5")]))),
            ("too-fast", wrong("", w.with("sign-too-fast", &[("s", "42")]))),
        ]
    }
}

/// Who asks, by session and by name.
async fn owner(visit: &Visit) -> Result<(Session, Name), Fault> {
    let session = visit.account()?;
    let people = people(&visit.app)?;
    let name = on_cold(&people, actions::name_of(people.clone(), session.fan)).await;
    match name {
        Ok(Some(name)) => Ok((session, name)),
        _ => Err(Problem::new("busy").into()),
    }
}

/// `GET /me/password`.
pub async fn password_page(visit: Visit) -> Response {
    let made = owner(&visit).await.map(|(_, name)| PasswordPage::new(&visit, &name, None));
    visit.page(made)
}

/// `POST /me/password`.
pub async fn change_password(posted: Posted<PasswordForm>) -> Response {
    let Posted { visit, form } = posted;
    let (session, name) = match owner(&visit).await {
        Ok(owner) => owner,
        Err(fault) => return visit.fault(fault),
    };
    let wrong = match changed(&visit, session, &name, &form).await {
        Ok(Ok(())) => return visit.go("/me/sessions?told=password"),
        Ok(Err(wrong)) => wrong,
        Err(Refused::TooFast(wait_s)) => {
            let wrong = Wrong::too_fast(&visit, wait_s);
            let page = PasswordPage::new(&visit, &name, Some(wrong));
            return visit.waits(wait_s, &page);
        }
        Err(Refused::Wrong) => Wrong::at(&visit, "old", Key("password-wrong")),
        Err(_) => return visit.fault(Problem::new("busy").into()),
    };
    let page = PasswordPage::new(&visit, &name, Some(wrong));
    visit.page(Ok(page))
}

async fn changed(
    visit: &Visit,
    session: Session,
    name: &Name,
    form: &PasswordForm,
) -> Result<Result<(), Wrong>, Refused> {
    let new = match Password::new(&form.new, name, &near(visit)) {
        Ok(new) => new,
        Err(why) => return Ok(Err(Wrong::unfit(visit, "new", why))),
    };
    let change = Change {
        fan: session.fan,
        name: name.clone(),
        here: visit.number,
        old: Password::typed(&form.old).ok_or(Refused::Wrong)?,
        new,
        address: visit.address(),
        now_ms: visit.now_ms,
    };
    let people = people(&visit.app).map_err(|_| Refused::Busy)?;
    on_cold(&people, actions::change_password(people.clone(), change)).await.map(Ok)
}
