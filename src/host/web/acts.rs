//! Forms that act on a drop, and the question before what cannot be undone.

use super::drop_page::{Draft, DropPage, seen, wrong};
use super::of_host;
use crate::app::Mode;
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::drops::web::body::{ActBody, Units};
use crate::drops::web::host::{self, ActKey, Verb};
use crate::host::{actions, crowd};
use crate::kit::problem::Problem;
use crate::kit::token::Session;
use crate::pages::{Fault, Frame, Named, Page, Posted, State, Visit};
use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;

/// What an act's form says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActForm {
    #[serde(default)]
    why: String,
    #[serde(default)]
    line: String,
    #[serde(default)]
    units: String,
    /// The newest act its page showed.
    #[serde(default)]
    seen: String,
    /// Made when the form was drawn: sent again it is the same act.
    #[serde(default)]
    nonce: String,
}

/// Whether a crowd is to come, or to go home.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrowdForm {
    #[serde(default)]
    come: String,
}

impl ActForm {
    /// What the act is known by. A form from a page that had no nonces is an act of its own.
    fn key(&self) -> Result<ActKey, Problem> {
        if self.nonce.is_empty() { ActKey::fresh() } else { ActKey::sent(self.nonce.as_bytes()) }
    }

    fn body(&self) -> ActBody {
        let (item, variant) = match self.line.split_once('/') {
            Some((item, variant)) => (item, Some(variant.to_owned())),
            None => (self.line.as_str(), None),
        };
        ActBody {
            why: self.why.clone(),
            item: (!item.is_empty()).then(|| item.to_owned()),
            variant,
            units: self.units.trim().parse().map_or(Units::Other, Units::Whole),
        }
    }
}

/// The question before a drop is closed for good.
#[derive(Clone, Debug, Template)]
#[template(path = "host/closing.html")]
pub struct ClosingPage {
    pub frame: Frame,
    pub id: String,
    pub name: String,
    pub why: String,
    pub wrong: Option<String>,
    /// See [`DropPage::nonce`].
    pub nonce: String,
}

impl Page for ClosingPage {}

impl ClosingPage {
    fn of(visit: &Visit, drop: &Drop, nonce: String) -> Self {
        let mut frame = Frame::new(visit, visit.words.t("host-close"));
        frame.here = format!("/host/drops/{}/closing", drop.spec.id);
        Self {
            frame,
            id: drop.spec.id.clone(),
            name: visit.words.0.of(&drop.spec.names).to_owned(),
            why: String::new(),
            wrong: None,
            nonce,
        }
    }
}

/// The nonce of the form that is shown again. As long as the act may have been done, or may yet be,
/// it is the same; what was refused was not done, and what is sent next is another act.
fn nonce_after(problem: &Problem, key: &ActKey) -> Result<String, Problem> {
    let looks_again = problem.more.get("field").is_some_and(|field| field == "seen");
    let same = looks_again || matches!(problem.code, "unsure" | "busy");
    if same { Ok(key.text()) } else { ActKey::fresh().map(|key| key.text()) }
}

/// Sends whoever asks for an act's address to the drop.
pub async fn back(visit: Visit, Named(id): Named<String>) -> Response {
    to_drop(visit, &id)
}

/// The same where the address names the act too.
pub async fn back_to_drop(visit: Visit, Named((id, _)): Named<(String, String)>) -> Response {
    to_drop(visit, &id)
}

fn to_drop(visit: Visit, id: &str) -> Response {
    match gate::drop_named(&visit.app, id) {
        Ok(drop) => visit.go(&format!("/host/drops/{}", drop.spec.id)),
        Err(problem) => visit.fault(problem.into()),
    }
}

/// `POST /host/drops/{drop}/acts/{act}`.
pub async fn act(Named((id, act)): Named<(String, String)>, posted: Posted<ActForm>) -> Response {
    let Posted { visit, form } = posted;
    let (visit, session) = match of_host(visit) {
        Ok(host) => host,
        Err(answer) => return *answer,
    };
    let verb = match act.as_str() {
        "pause" => Verb::Pause,
        "resume" | "confirm" => Verb::Resumption,
        "restock" => Verb::Restock,
        "withdraw" => Verb::Withdrawal,
        _ => return visit.fault(Problem::new("not_found").into()),
    };
    let key = match form.key() {
        Ok(key) => key,
        Err(problem) => return visit.fault(problem.into()),
    };
    let problem = match done(&visit, (&session, &key), verb, &id, &form).await {
        Ok(()) => return visit.go(&format!("/host/drops/{id}?told={act}")),
        Err(problem) => problem,
    };
    let nonce = match nonce_after(&problem, &key) {
        Ok(nonce) if problem.code != "no_such_drop" => nonce,
        Ok(_) => return visit.fault(problem.into()),
        Err(problem) => return visit.fault(problem.into()),
    };
    visit.app.metrics.refused(problem.code);
    let wrong = wrong(&visit, &problem);
    let made = DropPage::of(&visit, &id).await;
    let ActForm { why, line, units, .. } = form;
    let draft = Some(Draft { act, why, line, units, nonce });
    visit.page(made.map(|page| DropPage { wrong: Some(wrong), draft, ..page }))
}

async fn done(
    visit: &Visit,
    (session, key): (&Session, &ActKey),
    verb: Verb,
    id: &str,
    form: &ActForm,
) -> Result<(), Problem> {
    let drop: Arc<Drop> = gate::drop_named(&visit.app, id)?;
    let mut acting = visit.app.acting.lock().await;
    let (by, said) = ((session.fan, key), form.body());
    let stands = || host::stands(&visit.app, by, verb, &drop, &said);
    if !form.nonce.is_empty() && stands().await {
        // Sent again after it was done: whatever came after it, there is nothing to look at first.
        actions::catch_up(&visit.app, &drop).await;
        return Ok(());
    }
    if !form.seen.is_empty() {
        // Two hosts, or one who pressed twice: whoever comes second looks again first.
        actions::catch_up(&visit.app, &drop).await;
        let newest = actions::newest(&visit.app, id).await;
        let used = acting.get(&drop.lane).is_some_and(|used| *used == form.seen);
        saw_all(verb, &form.seen, newest, used)?;
    }
    let stepped = visit.app.node.clock.read().stepped;
    // A drop that goes on anyway knows nothing of who confirmed its time.
    let unknown = verb == Verb::Resumption && stepped && !drop.published.front().face.paused;
    match host::done(&visit.app, by, verb, &drop, &said).await {
        Err(problem) if problem.code == "unsure" && stands().await => {}
        done => done?,
    }
    if unknown && !visit.app.node.clock.read().stepped {
        // It is done, whatever can be noted.
        let noted = actions::note(&visit.app, session.fan, &drop, "drop.confirmed").await;
        let _ = noted.inspect_err(|why| tracing::error!(?why, "a confirmed clock is not noted"));
    }
    if !form.seen.is_empty() {
        acting.insert(drop.lane, form.seen.clone());
    }
    actions::catch_up(&visit.app, &drop).await;
    Ok(())
}

/// Whether the form's page showed everything that was done. Where the tables are late, a form that
/// was used already adds or takes away nothing again; where they do not answer, a host can still
/// pause, resume and close, which done twice is done once.
fn saw_all(
    verb: Verb,
    saw: &str,
    newest: Result<Option<String>, Problem>,
    used: bool,
) -> Result<(), Problem> {
    let moves_units = matches!(verb, Verb::Restock | Verb::Withdrawal);
    match newest {
        Ok(newest) if saw == seen(newest.as_deref()) && !(used && moves_units) => Ok(()),
        Ok(_) => Err(Problem::invalid("seen", "somebody did something meanwhile")),
        Err(problem) if moves_units => Err(problem),
        Err(_) => Ok(()),
    }
}

/// `GET /host/drops/{drop}/closing`: the question.
pub async fn closing_page(visit: Visit, Named(id): Named<String>) -> Response {
    let (visit, _) = match of_host(visit) {
        Ok(host) => host,
        Err(answer) => return *answer,
    };
    match gate::drop_named(&visit.app, &id) {
        Ok(drop) if State::of(&drop.published.front().face, visit.now_ms) == State::Closed => {
            visit.go(&format!("/host/drops/{id}"))
        }
        Ok(drop) => {
            let page = ActKey::fresh().map(|key| ClosingPage::of(&visit, &drop, key.text()));
            visit.page(page.map_err(Fault::from))
        }
        Err(problem) => visit.fault(problem.into()),
    }
}

/// `POST /host/drops/{drop}/closing`: the answer to it.
pub async fn closing(Named(id): Named<String>, posted: Posted<ActForm>) -> Response {
    let Posted { visit, form } = posted;
    let (visit, session) = match of_host(visit) {
        Ok(host) => host,
        Err(answer) => return *answer,
    };
    let key = match form.key() {
        Ok(key) => key,
        Err(problem) => return visit.fault(problem.into()),
    };
    let problem = match done(&visit, (&session, &key), Verb::Closing, &id, &form).await {
        Ok(()) => return visit.go(&format!("/host/drops/{id}?told=close")),
        Err(problem) => problem,
    };
    let shown = gate::drop_named(&visit.app, &id).and_then(|drop| {
        let page = ClosingPage::of(&visit, &drop, nonce_after(&problem, &key)?);
        visit.app.metrics.refused(problem.code);
        Ok(ClosingPage { why: form.why, wrong: Some(wrong(&visit, &problem)), ..page })
    });
    visit.page(shown.map_err(Fault::from))
}

/// `POST /host/drops/{drop}/crowd`: the switch, in a demo.
pub async fn crowd(Named(id): Named<String>, posted: Posted<CrowdForm>) -> Response {
    if posted.visit.app.mode != Mode::Demo {
        return posted.visit.fault(Problem::new("not_found").into());
    }
    let (visit, session) = match of_host(posted.visit) {
        Ok(host) => host,
        Err(answer) => return *answer,
    };
    let drop = match gate::drop_named(&visit.app, &id) {
        Ok(drop) => drop,
        Err(problem) => return visit.fault(problem.into()),
    };
    let come = posted.form.come == "yes";
    let changed = if come {
        crowd::Crowds::let_come(&visit.app, &drop)
    } else {
        visit.app.crowds.send_home(drop.lane)
    };
    let what = if come { "crowd.made" } else { "crowd.sent_home" };
    if changed && let Err(problem) = actions::note(&visit.app, session.fan, &drop, what).await {
        return visit.fault(problem.into());
    }
    visit.go(&format!("/host/drops/{id}"))
}
