//! `/host/drops/{drop}`: figures, what a host can do, and what hosts did.

use super::alarm::{self, Alarm};
use super::shut_page::ShutPage;
use super::{of_host, times};
use crate::app::Mode;
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::drops::plan::KEEPER;
use crate::drops::spec::LineName;
use crate::drops::web::host::ActKey;
use crate::host::actions;
use crate::host::model::Act;
use crate::kit::problem::Problem;
use crate::kit::words::{Lang, Words};
use crate::pages::{Doubt, Fault, Frame, Key, Named, Page, State, Visit, grouped, span};
use askama::Template;
use axum::response::Response;
use fanfare_engine::{CODES, Stock};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A line of a drop in figures, or several together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The line's ids, in forms.
    pub value: String,
    pub name: String,
    pub issued: String,
    pub free: String,
    pub held: String,
    pub settled: String,
    pub aside: String,
}

impl Figures {
    /// The sums of these.
    pub fn of(value: String, name: String, stocks: &[Stock]) -> Self {
        let sum = |count: fn(&Stock) -> u32| {
            grouped(stocks.iter().map(|one| u64::from(count(one))).sum())
        };
        Self {
            value,
            name,
            issued: sum(|stock| stock.issued),
            free: sum(|stock| stock.free),
            held: sum(|stock| stock.held),
            settled: sum(|stock| stock.settled),
            aside: sum(|stock| stock.set_aside),
        }
    }

    /// All lines together, where there are several.
    pub fn together(w: Words, stocks: &[Stock]) -> Option<Self> {
        (stocks.len() > 1).then(|| Self::of(String::new(), w.t("host-sum"), stocks))
    }
}

/// An act, and what would undo it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub when: String,
    pub who: String,
    pub what: String,
    pub why: String,
    pub undo: Option<Undo>,
}

/// What a form said that was refused: it is there again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub act: String,
    pub why: String,
    pub line: String,
    pub units: String,
    /// The nonce it is sent with again.
    pub nonce: String,
}

/// A form that undoes an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    pub act: &'static str,
    pub line: String,
    pub units: String,
    pub why: String,
}

/// A made crowd, in a demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// How many have asked, where it is there.
    pub asked: Option<String>,
    /// Whether it would wait for the opening.
    pub waits: bool,
}

/// A drop for its host.
#[derive(Clone, Debug, Template)]
#[template(path = "host/drop.html")]
pub struct DropPage {
    pub frame: Frame,
    pub id: String,
    pub state: &'static str,
    pub state_text: String,
    pub times: String,
    pub told: Option<String>,
    pub wrong: Option<String>,
    /// What a host has to see to.
    pub alarms: Vec<Alarm>,
    pub lines: Vec<Figures>,
    /// All lines together, where there are several.
    pub sum: Option<Figures>,
    /// Paid, held and set aside: where each begins, and how long it is, in a thousand.
    pub shares: [(&'static str, u64, u64); 3],
    pub claims: String,
    pub sold_out: Option<String>,
    pub refused: Vec<(String, String)>,
    pub paused: bool,
    /// What resuming means, or pausing.
    pub moving: String,
    pub over: bool,
    pub crowd: Option<Made>,
    pub acts: Vec<Done>,
    /// What was done cannot be read just now.
    pub mute: bool,
    /// The newest act there is here.
    pub seen: String,
    pub draft: Option<Draft>,
    /// Made when the page is drawn: with it, and the act's name, a form is the same act however
    /// often it is sent.
    pub nonce: String,
}

impl Page for DropPage {}

/// `GET /host/drops/{drop}`.
pub async fn drop_page(visit: Visit, Named(id): Named<String>) -> Response {
    let (visit, _) = match of_host(visit) {
        Ok(host) => host,
        Err(answer) => return *answer,
    };
    let shut = visit.app.node.directory().shut_named(&id).cloned();
    if let Some(shut) = shut {
        let page = ShutPage::of(&visit, &shut);
        return visit.without(&Problem::shut("drop_shut"), &page);
    }
    let made = DropPage::of(&visit, &id).await;
    visit.page(made)
}

impl DropPage {
    /// The draft of this act's form, if there is one.
    fn draft(&self, act: &str) -> Option<&Draft> {
        self.draft.as_ref().filter(|draft| draft.act == act)
    }

    /// What the form of this act is sent with.
    fn nonce(&self, act: &str) -> String {
        let again = self.draft(act).map(|draft| draft.nonce.clone());
        again.unwrap_or_else(|| format!("{}-{act}", self.nonce))
    }

    /// The act that pauses, or the one that lets claim again.
    fn stops_or_goes(&self) -> &'static str {
        if self.paused { "resume" } else { "pause" }
    }

    /// Whether it can be paused or resumed: also what is over, where its time stands still.
    fn moves(&self) -> bool {
        !self.over || self.paused
    }

    /// What undoes the newest act.
    fn undo(&self) -> Option<&Undo> {
        self.acts.first().and_then(|act| act.undo.as_ref())
    }

    /// The drop as it is.
    pub async fn of(visit: &Visit, id: &str) -> Result<Self, Fault> {
        let drop = gate::drop_named(&visit.app, id)?;
        let tally = gate::read(&visit.app, &drop, |state| *state.tally()).await?;
        let (front, w) = (drop.published.front(), visit.words);
        let (face, state) = (&front.face, State::of(&front.face, visit.now_ms));
        let mut frame = Frame::new(visit, w.0.of(&drop.spec.names).to_owned());
        frame.here = format!("/host/drops/{id}");
        // A host is needed most when something does not work: without the tables, too.
        let known = actions::acts(&visit.app, id).await;
        let (mute, acts) = (known.is_err(), known.unwrap_or_default());
        let runs = !visit.app.node.clock.read().stepped;
        let newest = seen(acts.first().map(|act| act.id.as_str()));
        let sold_out = face.sold_out_at_ms.map(|at_ms| span(w, at_ms - face.opens_at_ms));
        let crowd = (visit.app.mode == Mode::Demo && state != State::Closed).then(|| Made {
            asked: visit.app.crowds.asked(drop.lane).map(|asked| grouped(asked.into())),
            waits: state == State::Before,
        });
        Ok(Self {
            frame,
            id: id.to_owned(),
            state: state.word(),
            state_text: w.key(state.key()),
            times: times(visit, face),
            told: told(visit, &acts),
            wrong: None,
            alarms: alarm::of_drop(visit, id, face, &newest),
            lines: lines(visit, &drop, &face.lines),
            sum: Figures::together(w, &face.lines),
            shares: shares(&face.lines),
            claims: grouped(face.claims.into()),
            sold_out: sold_out.map(|span| w.with("when-sold-out", &[("span", &span)])),
            refused: refused(visit, &drop, &tally),
            // Nothing resumes what a host paused and what then came to its end.
            paused: face.paused && (state != State::Closed || face.doubtful_time),
            moving: w.key(alarm::moving(face.paused, Doubt::of(face), runs)),
            over: state == State::Closed,
            crowd,
            acts: done(visit, &drop, &acts, state != State::Closed),
            mute,
            seen: newest,
            draft: None,
            nonce: ActKey::fresh()?.text(),
        })
    }
}

/// What a line is called in forms.
fn value(drop: &Drop, at: usize) -> String {
    drop.spec.lines.get(at).map_or_else(String::new, |name| match &name.variant {
        Some(variant) => format!("{}/{variant}", name.item),
        None => name.item.clone(),
    })
}

/// What people call a line.
pub fn line_name(visit: &Visit, drop: &Drop, at: usize) -> String {
    drop.spec.lines.get(at).map_or_else(String::new, |name| line_words(visit, name))
}

/// A line's name for people.
pub fn line_words(visit: &Visit, name: &LineName) -> String {
    let (w, item) = (visit.words, visit.words.0.of(&name.names));
    match &name.variant_names {
        Some(variant) => w.with("item-variant", &[("item", item), ("variant", w.0.of(variant))]),
        None => item.to_owned(),
    }
}

fn lines(visit: &Visit, drop: &Drop, stocks: &[Stock]) -> Vec<Figures> {
    let figures = |(at, stock): (usize, &Stock)| {
        Figures::of(value(drop, at), line_name(visit, drop, at), std::slice::from_ref(stock))
    };
    stocks.iter().enumerate().map(figures).collect()
}

/// What is no longer free, as parts of a bar.
pub fn shares(stocks: &[Stock]) -> [(&'static str, u64, u64); 3] {
    let of = |count: fn(&Stock) -> u32| stocks.iter().map(|one| u64::from(count(one))).sum::<u64>();
    let whole = of(|stock| stock.issued).max(1);
    let counts = [
        ("settled", of(|stock| stock.settled)),
        ("held", of(|stock| stock.held)),
        ("aside", of(|stock| stock.set_aside)),
    ];
    let mut before = 0;
    counts.map(|(part, count)| {
        let from = before * 1_000 / whole;
        before += count;
        (part, from, before * 1_000 / whole - from)
    })
}

/// Refusals by reason: those the journal counts, and the gate's since.
fn refused(visit: &Visit, drop: &Drop, tally: &[u64]) -> Vec<(String, String)> {
    let since = drop.refused.iter().map(|count| count.load(Ordering::Relaxed));
    let all = CODES.iter().zip(tally).zip(since);
    let some = all.map(|((code, count), since)| (*code, count + since)).filter(|(_, n)| *n > 0);
    some.map(|(code, count)| (visit.words.key(refusal(code)), grouped(count))).collect()
}

fn refusal(code: &str) -> Key {
    match code {
        "not_open" => Key("host-refused-not-open"),
        "paused" => Key("host-refused-paused"),
        "closed" => Key("host-refused-closed"),
        "sold_out" => Key("host-refused-sold-out"),
        "limit_reached" => Key("host-refused-limit"),
        _ => Key("host-refused-other"),
    }
}

/// How forms name the newest act that their page showed.
pub fn seen(newest: Option<&str>) -> String {
    newest.unwrap_or("none").to_owned()
}

/// What was just done, for as long as it is the newest.
fn told(visit: &Visit, acts: &[Act]) -> Option<String> {
    let (what, key) = match visit.told.as_deref()? {
        "pause" => ("drop.paused", Key("host-told-pause")),
        "resume" => ("drop.resumed", Key("host-told-resume")),
        "restock" => ("drop.restocked", Key("host-told-restock")),
        "withdraw" => ("drop.withdrawn", Key("host-told-withdraw")),
        "confirm" => ("drop.confirmed", Key("host-told-confirm")),
        "close" => ("drop.closed", Key("host-told-close")),
        _ => return None,
    };
    let newest = acts.first().is_none_or(|act| act.what == what);
    newest.then(|| visit.words.key(key))
}

/// The acts in words; the newest with what undoes it, where something does.
fn done(visit: &Visit, drop: &Arc<Drop>, acts: &[Act], undoes: bool) -> Vec<Done> {
    let (w, moments) = (visit.words, visit.moments());
    let one = |(at, act): (usize, &Act)| {
        let units = act
            .units
            .map(|(line, units)| (line_name(visit, drop, line.into()), grouped(units.into())));
        let (line, count) = units.unwrap_or_default();
        let number = act.fan.to_string();
        Done {
            when: moments.short(act.at_ms - act.at_ms.rem_euclid(1_000)),
            who: match &act.name {
                Some(name) => name.clone(),
                None if act.fan == 0 => w.t("host-itself"),
                None if act.fan == KEEPER.get() => w.t("host-keeper"),
                None => w.with("host-fan", &[("fan", &number)]),
            },
            what: match act.what.as_str() {
                "drop.paused" => w.t("host-did-pause"),
                "drop.resumed" => w.t("host-did-resume"),
                "drop.restocked" => w.with("host-did-restock", &[("n", &count), ("line", &line)]),
                "drop.withdrawn" => w.with("host-did-withdraw", &[("n", &count), ("line", &line)]),
                "drop.closed" => w.t("host-did-close"),
                "drop.halted" => w.t("host-did-halt"),
                "drop.confirmed" => w.t("host-did-confirm"),
                "drop.restored" => w.t("host-did-restore"),
                _ => w.t("host-did-amend"),
            },
            why: act.why.clone(),
            undo: (at == 0 && undoes).then(|| undo(visit, drop, act)).flatten(),
        }
    };
    acts.iter().enumerate().map(one).collect()
}

fn undo(visit: &Visit, drop: &Drop, act: &Act) -> Option<Undo> {
    let how = match act.what.as_str() {
        "drop.paused" => "resume",
        "drop.resumed" => "pause",
        "drop.restocked" => "withdraw",
        "drop.withdrawn" => "restock",
        _ => return None,
    };
    let (line, units) = act.units.map_or((String::new(), String::new()), |(line, units)| {
        (value(drop, line.into()), units.to_string())
    });
    // What undoes an undo says so once, in whichever language the first was said.
    let said = |lang: &Lang| Words(*lang).with("host-undo-why", &[("why", "")]);
    let why = Lang::ALL.iter().find_map(|lang| act.why.strip_prefix(&said(lang)));
    let why = visit.words.with("host-undo-why", &[("why", why.unwrap_or(&act.why))]);
    // A reason has a longest length, with what it is undone by too.
    Some(Undo { act: how, line, units, why: why.chars().take(500).collect() })
}

/// What is not right, in words.
pub fn wrong(visit: &Visit, problem: &Problem) -> String {
    let (w, field) = (visit.words, problem.more.get("field").and_then(|field| field.as_str()));
    let possible = problem.more.get("possible").and_then(serde_json::Value::as_u64);
    match (problem.code, field, possible) {
        (_, _, Some(most)) => w.with("host-wrong-most", &[("n", &grouped(most))]),
        (_, Some("why"), _) => w.t("host-wrong-why"),
        (_, Some("seen"), _) => w.t("host-wrong-seen"),
        (_, Some("units"), _) => w.t("host-wrong-units"),
        ("no_such_item", ..) | (_, Some("item" | "variant"), _) => w.t("host-wrong-line"),
        ("closed", ..) => w.t("host-wrong-closed"),
        ("unsure", ..) => w.t("host-wrong-unsure"),
        ("key_reused", ..) => w.t("host-wrong-reused"),
        _ => w.t("fault-busy-more"),
    }
}
