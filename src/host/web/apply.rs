//! `/host/apply`: what a changed festival file would change, and making it so.

use super::change_words::{Shown, came, not_compared, shown};
use super::of_host;
use crate::drops::plan::changes::{self, Change, Compared};
use crate::drops::plan::socket::{self, Outcome};
use crate::festivals::{self, Festival};
use crate::host::actions;
use crate::kit::problem::Problem;
use crate::kit::words::Words;
use crate::pages::{Fault, Frame, Page, Posted, Visit};
use askama::Template;
use axum::response::{IntoResponse as _, Response};
use fanfare_engine::Fan;
use serde::Deserialize;

/// Most bytes of the form: a festival file as browsers send it.
const FORM_BYTES_MAX: usize = 2 << 20;

/// What the form says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyForm {
    file: String,
    #[serde(default)]
    why: String,
    /// Whether it is to be made so; else it is shown.
    #[serde(default)]
    make: Option<String>,
}

/// A changed festival file: asked for, shown, made so.
#[derive(Clone, Debug, Template)]
#[template(path = "host/apply.html")]
pub struct ApplyPage {
    pub frame: Frame,
    pub file: String,
    pub why: String,
    pub wrong: Option<String>,
    /// What is wrong with the file itself, as `fanfare check` finds it.
    pub faults: Vec<Told>,
    pub changes: Vec<Shown>,
    /// The drops that cannot be compared.
    pub unseen: Vec<Shown>,
    pub seen: bool,
    /// Whether all was done; none if nothing was tried.
    pub done: Option<bool>,
}

/// A fault of the file in a host's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where it stands.
    pub place: String,
    /// What is wrong; what to write instead.
    pub words: String,
}

/// A fault in this language.
pub fn told(w: Words, fault: &festivals::Fault) -> Told {
    let (line, column) = (fault.line().to_string(), fault.column().to_string());
    let place = w.with("host-apply-place", &[("line", &line), ("column", &column)]);
    Told { place, words: w.say(fault.what()) }
}

impl Page for ApplyPage {}

impl ApplyPage {
    /// Before a file was sent.
    pub fn empty(frame: Frame) -> Self {
        Self {
            frame,
            file: String::new(),
            why: String::new(),
            wrong: None,
            faults: Vec::new(),
            changes: Vec::new(),
            unseen: Vec::new(),
            seen: false,
            done: None,
        }
    }

    /// Whether it can be made so.
    fn possible(&self) -> bool {
        self.seen
            && !self.changes.is_empty()
            && self.changes.iter().all(|change| change.breaks.is_none())
    }
}

/// `GET /host/apply`.
pub async fn apply_page(visit: Visit) -> Response {
    match of_host(visit) {
        Ok((visit, _)) => {
            let page = ApplyPage::empty(titled(&visit));
            visit.page(Ok::<_, Fault>(page))
        }
        Err(answer) => *answer,
    }
}

fn titled(visit: &Visit) -> Frame {
    Frame::new(visit, visit.words.t("host-apply"))
}

/// What a page's file would change, put on the page; none if it cannot be applied.
fn seen(visit: &Visit, page: &mut ApplyPage) -> Option<(Festival, Vec<Change>)> {
    let (app, w) = (&visit.app, visit.words);
    let proposed = match festivals::read("festival.toml", &page.file) {
        Ok(proposed) => proposed,
        Err(faults) => {
            page.faults = faults.shown().map(|fault| told(w, &fault)).collect();
            return None;
        }
    };
    if let Some(why) = socket::other_festival(app.festival.id().as_str(), &proposed) {
        page.wrong = Some(w.say(&why));
        return None;
    }
    let Compared { changes, unseen } = changes::of_serving(app, &proposed);
    page.changes = changes.iter().map(|change| shown(visit, &proposed, change)).collect();
    page.unseen = unseen.iter().map(|unseen| not_compared(visit, unseen)).collect();
    page.seen = true;
    Some((proposed, changes))
}

/// Makes it so, and puts what came of it on the page.
fn make(
    visit: &Visit,
    page: &mut ApplyPage,
    by: Fan,
    (proposed, changes): (Festival, Vec<Change>),
) {
    let w = visit.words;
    match socket::make_so(&visit.app, (by, &page.why), &proposed, &changes) {
        Ok(outcomes) => {
            let all = outcomes.iter().all(|outcome| *outcome == Outcome::Done);
            for (change, outcome) in page.changes.iter_mut().zip(&outcomes).filter(|_| !all) {
                change.came = Some(w.say(&came(outcome)));
            }
            page.done = Some(all);
        }
        Err(why) => page.wrong = Some(w.say(&why)),
    }
}

/// `POST /host/apply`: shows it, or makes it so.
pub async fn apply(posted: Posted<ApplyForm, FORM_BYTES_MAX>) -> Response {
    let Posted { visit, form } = posted;
    let (visit, session) = match of_host(visit) {
        Ok(host) => host,
        Err(answer) => return *answer,
    };
    let mut page = ApplyPage::empty(titled(&visit));
    // Browsers end lines with two characters.
    page.file = form.file.replace("\r\n", "\n");
    page.why = form.why.trim().to_owned();
    let says_why = (1..=500).contains(&page.why.chars().count());
    let make_it = form.make.is_some() && says_why;
    if form.make.is_some() && !says_why {
        page.wrong = Some(visit.words.t("host-wrong-why"));
    }
    let app = visit.app.clone();
    let work = move || {
        let possible = seen(&visit, &mut page).filter(|_| make_it && page.possible());
        if let Some(seen) = possible {
            make(&visit, &mut page, session.fan, seen);
        }
        (visit, page)
    };
    let _one_at_a_time = app.acting.lock().await;
    let Ok((visit, page)) = tokio::task::spawn_blocking(work).await else {
        return Problem::new("busy").into_response();
    };
    if page.done.is_some() {
        // Whoever goes on to a drop sees there what was just done.
        for drop in &visit.app.node.directory().drops {
            actions::catch_up(&visit.app, drop).await;
        }
    }
    visit.page(Ok::<_, Fault>(page))
}
