//! `/host/apply`: what a changed festival file would change, and making it so.

use super::change_words::{Shown, shown};
use super::of_host;
use crate::drops::plan::{changes, socket};
use crate::festivals;
use crate::host::actions;
use crate::kit::problem::Problem;
use crate::pages::{Fault, Frame, Page, Posted, Visit};
use askama::Template;
use axum::response::{IntoResponse as _, Response};
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
    /// What is wrong with the file itself, as `fanfare check` says it.
    pub faults: Option<String>,
    pub changes: Vec<Shown>,
    pub seen: bool,
    /// What was done.
    pub done: Option<(bool, String)>,
}

impl Page for ApplyPage {}

impl ApplyPage {
    fn empty(visit: &Visit) -> Self {
        Self {
            frame: Frame::new(visit, visit.words.t("host-apply")),
            file: String::new(),
            why: String::new(),
            wrong: None,
            faults: None,
            changes: Vec::new(),
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
            let page = ApplyPage::empty(&visit);
            visit.page(Ok::<_, Fault>(page))
        }
        Err(answer) => *answer,
    }
}

/// What a file would change, or what is wrong with it.
fn seen(visit: &Visit, file: &str) -> Result<Vec<Shown>, String> {
    let app = &visit.app;
    let proposed = festivals::read("festival.toml", file).map_err(|faults| faults.to_string())?;
    if let Some(words) = socket::other_festival(app.festival.id().as_str(), &proposed) {
        return Err(words);
    }
    let changes = changes::of_serving(app, &proposed);
    Ok(changes.iter().map(|change| shown(visit, &proposed, change)).collect())
}

/// `POST /host/apply`: shows it, or makes it so.
pub async fn apply(posted: Posted<ApplyForm, FORM_BYTES_MAX>) -> Response {
    let Posted { visit, form } = posted;
    let (visit, session) = match of_host(visit) {
        Ok(host) => host,
        Err(answer) => return *answer,
    };
    let mut page = ApplyPage::empty(&visit);
    // Browsers end lines with two characters.
    page.file = form.file.replace("\r\n", "\n");
    let why = form.why.trim().to_owned();
    page.why.clone_from(&why);
    let says_why = (1..=500).contains(&why.chars().count());
    let make = form.make.is_some() && says_why;
    if form.make.is_some() && !says_why {
        page.wrong = Some(visit.words.t("host-wrong-why"));
    }
    let app = visit.app.clone();
    let work = move || {
        match seen(&visit, &page.file) {
            Ok(changes) => (page.changes, page.seen) = (changes, true),
            Err(faults) => page.faults = Some(faults),
        }
        if make && page.possible() {
            let by = (session.fan, why.as_str());
            page.done = Some(socket::answer_to(&visit.app, by, true, &page.file));
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
