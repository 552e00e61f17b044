//! Signing up and in. One page in two shapes, and what it says when it did not work.

use super::wrong::{self, Wrong};
use super::{carry, near, on_cold, people};
use crate::fans::actions::{self, Entry, Refused, SignedIn};
use crate::fans::model::{self, Name, Password};
use crate::pages::session::{GUEST_COOKIE, set};
use crate::pages::{Frame, Key, Page, Posted, Visit, inside};
use askama::Template;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Deserialize;

/// What the forms say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignForm {
    name: String,
    password: String,
    #[serde(default)]
    back: String,
    #[serde(default)]
    secret: String,
}

/// Signing up or in.
#[derive(Clone, Debug, Template)]
#[template(path = "fans/sign.html")]
pub struct SignPage {
    frame: Frame,
    /// Signing up, not in.
    new: bool,
    /// A guest asks: signing up takes the claims along, signing in does not.
    guest: bool,
    /// What did not work.
    wrong: Option<Wrong>,
    name: String,
    back: String,
    /// Set where a host is made by it.
    secret: String,
}

impl Page for SignPage {}

impl SignPage {
    /// An empty form.
    pub(super) fn new(visit: &Visit, new: bool, back: &str, secret: &str) -> Self {
        let title = if new { Key("sign-up") } else { Key("sign-in") };
        Self {
            frame: Frame::new(visit, visit.words.key(title)),
            new,
            guest: visit.is_guest(),
            wrong: None,
            name: String::new(),
            back: inside(back).to_owned(),
            secret: secret.to_owned(),
        }
    }

    fn wrong(&self, at: &str) -> Option<&str> {
        wrong::of(self.wrong.as_ref(), at)
    }

    fn saying(mut self, wrong: Wrong, name: &str) -> Self {
        self.wrong = Some(wrong);
        name.trim().chars().take(32).collect::<String>().clone_into(&mut self.name);
        self
    }
}

/// `GET /sign-in`.
pub async fn sign_in_page(visit: Visit) -> Response {
    let page = SignPage::new(&visit, false, &visit.back, "");
    visit.page(Ok(page))
}

/// `GET /sign-up`.
pub async fn sign_up_page(visit: Visit) -> Response {
    let page = SignPage::new(&visit, true, &visit.back, "");
    visit.page(Ok(page))
}

/// `POST /sign-in`.
pub async fn sign_in(headers: HeaderMap, posted: Posted<SignForm>) -> Response {
    let Posted { visit, form } = posted;
    let entry = Name::new(&form.name).zip(Password::typed(&form.password));
    let entry = entry.map(|(name, password)| entry_of(&visit, &headers, name, password));
    let signed_in = match entry {
        // No account has such a name: nothing is asked, and the same is said.
        None => Err(Refused::Wrong),
        Some(entry) => match people(&visit.app) {
            Ok(people) => on_cold(&people, actions::sign_in(people.clone(), entry)).await,
            Err(_) => Err(Refused::Busy),
        },
    };
    if signed_in.is_ok() {
        leave(&visit).await;
    }
    finish(visit, &form, signed_in, false)
}

/// Ends the session this browser had: another takes its place.
async fn leave(visit: &Visit) {
    let (Ok(had), Ok(people)) = (visit.account(), people(&visit.app)) else { return };
    let ended = actions::end(people.clone(), had.fan, Some(visit.number), visit.now_ms);
    // Where it cannot be ended now, it can be on the page of sessions.
    drop(on_cold(&people, ended).await);
}

/// `POST /sign-up`.
pub async fn sign_up(headers: HeaderMap, posted: Posted<SignForm>) -> Response {
    let Posted { visit, form } = posted;
    let said =
        |wrong| SignPage::new(&visit, true, &form.back, &form.secret).saying(wrong, &form.name);
    let Some(name) = Name::new(&form.name) else {
        let page = said(Wrong::at(&visit, "name", Key("sign-bad-name")));
        return visit.page(Ok(page));
    };
    let password = match Password::new(&form.password, &name, &near(&visit)) {
        Ok(password) => password,
        Err(why) => {
            let page = said(Wrong::unfit(&visit, "password", why));
            return visit.page(Ok(page));
        }
    };
    let entry = entry_of(&visit, &headers, name, password);
    let signed_up = match people(&visit.app) {
        Ok(people) => {
            // A guest keeps the number; whoever is signed in already makes another account.
            let guest = visit.session.filter(|_| visit.is_guest()).map(|session| session.fan);
            let made = on_cold(&people, actions::sign_up(people.clone(), entry, guest)).await;
            match made {
                Ok(signed_in) => raised(&visit, signed_in, &form.secret).await,
                Err(why) => Err(why),
            }
        }
        Err(_) => Err(Refused::Busy),
    };
    finish(visit, &form, signed_up, true)
}

/// A new account with a good secret is a host's.
async fn raised(visit: &Visit, signed_in: SignedIn, secret: &str) -> Result<SignedIn, Refused> {
    if secret.is_empty() {
        return Ok(signed_in);
    }
    let people = people(&visit.app).map_err(|_| Refused::Busy)?;
    let (fan, secret) = (signed_in.fan, secret.to_owned());
    let made = actions::become_host(people.clone(), fan, secret, visit.now_ms);
    match on_cold(&people, made).await {
        Ok(()) => Ok(SignedIn { role: crate::kit::token::Role::Host, ..signed_in }),
        // The account is made all the same; the page it goes to says what it may do.
        Err(Refused::NoSecret) => Ok(signed_in),
        Err(why) => Err(why),
    }
}

fn entry_of(visit: &Visit, headers: &HeaderMap, name: Name, password: Password) -> Entry {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Entry {
        name,
        password,
        device: model::device(agent.unwrap_or_default()),
        address: visit.address(),
        now_ms: visit.now_ms,
    }
}

/// Goes on with the new session, or says what did not work.
fn finish(
    mut visit: Visit,
    form: &SignForm,
    signed_in: Result<SignedIn, Refused>,
    new: bool,
) -> Response {
    let said =
        |wrong| SignPage::new(&visit, new, &form.back, &form.secret).saying(wrong, &form.name);
    let page = match signed_in {
        Ok(signed_in) => {
            let carried = carry(&visit.app, &signed_in, visit.now_ms);
            let was_guest = new && visit.is_guest();
            visit.carry(carried);
            // A guest who signed up is the account now. One who signs in elsewhere is there again
            // after signing out: nothing but this cookie knows what the guest claimed.
            if was_guest {
                visit.set_cookie(set(GUEST_COOKIE, "", 0));
            }
            let to = inside(&form.back).to_owned();
            return visit.go(&to);
        }
        Err(Refused::TooFast(wait_s)) => {
            let page = said(Wrong::too_fast(&visit, wait_s));
            return visit.waits(wait_s, &page);
        }
        Err(Refused::Busy) => return visit.fault(crate::kit::problem::Problem::new("busy").into()),
        Err(Refused::Taken) => said(Wrong::at(&visit, "name", Key("sign-taken"))),
        Err(Refused::HasAccount) => said(Wrong::at(&visit, "", Key("sign-has-account"))),
        Err(Refused::Wrong | Refused::NoSecret) => {
            said(Wrong::at(&visit, "password", Key("sign-wrong")))
        }
    };
    visit.page(Ok(page))
}

impl SignPage {
    /// Signing in, signing up as a stranger and as a guest, becoming host, and what went wrong.
    pub fn samples(frame: &Frame) -> Vec<(&'static str, Self)> {
        let w = frame.w;
        let page = |new: bool| Self {
            frame: Frame {
                title: w.key(if new { Key("sign-up") } else { Key("sign-in") }),
                here: if new { "/sign-up" } else { "/sign-in" }.to_owned(),
                ..frame.clone()
            },
            new,
            guest: false,
            wrong: None,
            name: String::new(),
            back: "/me".to_owned(),
            secret: String::new(),
        };
        let wrong = |new, at, says| Self {
            wrong: Some(Wrong::new(at, says)),
            name: "Ada".to_owned(),
            ..page(new)
        };
        let hostile = wrong(true, "name", w.t("sign-bad-name"));
        vec![
            ("in", page(false)),
            ("up", page(true)),
            ("in-guest", Self { guest: true, ..page(false) }),
            ("up-guest", Self { guest: true, ..page(true) }),
            ("up-host", Self { secret: "s".to_owned(), ..page(true) }),
            ("wrong", wrong(false, "password", w.t("sign-wrong"))),
            ("too-fast", wrong(false, "", w.with("sign-too-fast", &[("s", "42")]))),
            ("taken", wrong(true, "name", w.t("sign-taken"))),
            ("short", wrong(true, "password", w.with("sign-short", &[("n", "5")]))),
            ("long", wrong(true, "password", w.t("sign-long"))),
            ("is-name", wrong(true, "password", w.t("sign-is-name"))),
            ("has-account", wrong(true, "", w.t("sign-has-account"))),
            ("hostile", Self { name: "<b>Fans \"Ada\"".to_owned(), ..hostile }),
        ]
    }
}
