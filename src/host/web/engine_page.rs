//! `/host/engine`: how the server does, figure by figure, with what is normal and what to do where
//! it is not. Complete as it comes; the pages' script renews it, and without one it asks for
//! itself.

use super::engine_rows::{Figures, Machine, Tables, rows_of};
use super::of_host;
use crate::host::pulse::KEPT_S;
use crate::kit::process::{machine_bytes, resident_bytes};
use crate::kit::serve;
use crate::pages::{Fault, Frame, Page, Visit, span};
use askama::Template;
use axum::response::Response;
use std::sync::atomic::Ordering;
use std::thread::available_parallelism;

/// What counts as now, seconds.
const NOW_S: u64 = 10;

/// Without a script the page comes again this often, seconds.
const REFRESH_S: i64 = 5;

/// One figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its place on the page.
    pub at: usize,
    pub name: String,
    /// In the last seconds, or at this moment.
    pub now: String,
    /// In the last minute; empty where it is not counted over a time.
    pub minute: String,
    /// What is normal, and what to do.
    pub more: String,
    /// Whether it is not as it should be.
    pub odd: bool,
}

/// Figures of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub title: String,
    pub rows: Vec<Row>,
}

/// How the server does.
#[derive(Clone, Debug, Template)]
#[template(path = "host/engine.html")]
pub struct EnginePage {
    pub frame: Frame,
    /// For how long it has run, in words.
    pub up: String,
    /// Whether nobody has asked for anything yet.
    pub none: bool,
    /// What is not as it should be: place and name.
    pub odd: Vec<(usize, String)>,
    pub groups: Vec<Group>,
}

impl Page for EnginePage {}

/// `GET /host/engine`.
pub async fn engine(visit: Visit) -> Response {
    match of_host(visit) {
        Ok((visit, _)) => {
            let frame = Frame::new(&visit, visit.words.t("host-engine"));
            let mut page = EnginePage::with(frame, &figures(&visit));
            page.frame.posed(&visit.app.look, "rest");
            visit.page(Ok::<_, Fault>(page))
        }
        Err(answer) => *answer,
    }
}

impl EnginePage {
    /// With these figures.
    pub fn with(mut frame: Frame, figures: &Figures) -> Self {
        let w = frame.w;
        frame.refresh_s = Some(REFRESH_S);
        let mut groups = rows_of(w, figures);
        let rows = groups.iter_mut().flat_map(|group| &mut group.rows);
        rows.enumerate().for_each(|(at, row)| row.at = at + 1);
        let odd = groups.iter().flat_map(|group| &group.rows).filter(|row| row.odd);
        let up = span(w, i64::try_from(figures.up_us / 1_000).unwrap_or(i64::MAX));
        Self {
            up: w.with("engine-up", &[("span", &up)]),
            none: !figures.asked,
            odd: odd.map(|row| (row.at, row.name.clone())).collect(),
            groups,
            frame,
        }
    }
}

fn figures(visit: &Visit) -> Figures {
    let app = &visit.app;
    let now = app.pulse.now(app);
    let (last, minute) = (app.pulse.last(&now, NOW_S), app.pulse.last(&now, KEPT_S));
    let tables = app.cold.as_ref().map(|side| Tables {
        rows: side.lag.rows.load(Ordering::Relaxed),
        waiting_ms: side.lag.waiting_ms.load(Ordering::Relaxed),
        stopped: side.lag.stopped().len() as u64,
    });
    let machine = Machine {
        cores: available_parallelism().map_or(1, std::num::NonZero::get) as u64,
        resident_bytes: resident_bytes(),
        memory: machine_bytes(),
        connections: serve::connections() as u64,
        watchers: app.live.watchers() as u64,
    };
    Figures {
        up_us: now.at_us,
        asked: now.commands.count() + now.refused_in_all() > 0,
        not_open: app.node.directory().not_open().len() as u64,
        last,
        minute,
        machine,
        tables,
    }
}
