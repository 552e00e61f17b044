//! `/host`: the day, every drop with its times on one line.

use super::alarm::{self, Alarm};
use super::{of_host, shut_page, times};
use crate::drops::drop::Drop;
use crate::drops::node::Shut;
use crate::pages::{Doubt, Fault, Frame, Page, State, Visit, grouped};
use askama::Template;
use axum::response::Response;
use std::sync::Arc;

/// How far a demo's day reaches to either side, ms: its drops repeat all day.
const DEMO_MS: (i64, i64) = (6 * 60_000, 12 * 60_000);

/// How far any other day reaches beyond now at the least, ms; and at the most to either side.
const AROUND_MS: (i64, i64) = (30 * 60_000, 24 * 3_600_000);

/// A drop on the line. Places are in a thousand of the line's length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnLine {
    pub id: String,
    pub name: String,
    pub state: &'static str,
    pub state_text: String,
    pub times: String,
    pub left: String,
    /// What a host has to see to there.
    pub alarm: Option<String>,
    pub from: i64,
    pub long: i64,
}

/// The day.
#[derive(Clone, Debug, Template)]
#[template(path = "host/day.html")]
pub struct DayPage {
    pub frame: Frame,
    pub zone: String,
    pub begins: String,
    pub ends: String,
    /// The time, and its place.
    pub time: String,
    pub now: i64,
    pub told: Option<String>,
    pub drops: Vec<OnLine>,
    pub shut: usize,
    pub alarms: Vec<Alarm>,
}

impl Page for DayPage {}

/// `GET /host`.
pub async fn day(visit: Visit) -> Response {
    match of_host(visit) {
        Ok((visit, _)) => {
            let page = DayPage::of(&visit);
            visit.page(Ok::<_, Fault>(page))
        }
        Err(answer) => *answer,
    }
}

impl DayPage {
    fn of(visit: &Visit) -> Self {
        let (directory, now_ms) = (visit.app.node.directory(), visit.now_ms);
        let around =
            if visit.app.festival.is_demo() { DEMO_MS } else { (AROUND_MS.1, AROUND_MS.1) };
        let near = |entry: &Entry| {
            let (opens_at_ms, closes_at_ms) = entry.times_ms();
            let day = closes_at_ms > now_ms - around.0 && opens_at_ms < now_ms + around.1;
            // Where the clock is wrong, it does not say what is of the day.
            day || entry.doubtful_time()
        };
        let served = directory.drops.iter().cloned().map(Entry::Served);
        // One of which no time is known is shown as if it were now.
        let shut = directory.shut().iter().cloned();
        let shut =
            shut.map(|shut| Entry::Shut(shut.spec.times_ms().unwrap_or((now_ms, now_ms)), shut));
        let mut all: Vec<Entry> = served.chain(shut).collect();
        all.sort_by_key(Entry::times_ms);
        // A day without drops shows all of them.
        let any = all.iter().any(near);
        all.retain(|entry| !any || near(entry));
        let times = all.iter().map(Entry::times_ms);
        let from_ms = times.clone().map(|(opens, _)| opens).min().unwrap_or(now_ms);
        let to_ms = times.map(|(_, closes)| closes).max().unwrap_or(now_ms);
        let from_ms = from_ms.min(now_ms);
        let to_ms = to_ms.max(now_ms).max(from_ms + AROUND_MS.0);
        let moments = visit.moments();
        Self {
            frame: Frame::new(visit, visit.words.t("host-day")),
            zone: visit.words.with("zone", &[("zone", &moments.zone())]),
            begins: moments.short(from_ms - from_ms.rem_euclid(1_000)),
            ends: moments.short(to_ms - to_ms.rem_euclid(1_000)),
            time: moments.short(visit.now_ms - visit.now_ms.rem_euclid(60_000)),
            told: (visit.told.as_deref() == Some("made")).then(|| visit.words.t("host-told-made")),
            now: place(now_ms, from_ms, to_ms),
            drops: all.iter().map(|entry| entry.on_line(visit, (from_ms, to_ms))).collect(),
            shut: directory.alarming().count(),
            alarms: alarm::of_day(visit),
        }
    }
}

/// What stands on the line.
enum Entry {
    Served(Arc<Drop>),
    /// From when to when it was to be open, ms since 1970, and why it is not reached.
    Shut((i64, i64), Arc<Shut>),
}

impl Entry {
    /// From when to when it is open, ms since 1970.
    fn times_ms(&self) -> (i64, i64) {
        match self {
            Self::Served(drop) => {
                let front = drop.published.front();
                (front.face.opens_at_ms, front.face.closes_at_ms)
            }
            Self::Shut(times_ms, _) => *times_ms,
        }
    }

    /// Whether the time is in doubt by which it would open and close.
    fn doubtful_time(&self) -> bool {
        matches!(self, Self::Served(drop) if drop.published.front().face.doubtful_time)
    }

    fn on_line(&self, visit: &Visit, ends_ms: (i64, i64)) -> OnLine {
        match self {
            Self::Served(drop) => on_line(visit, drop, ends_ms),
            Self::Shut((opens_at_ms, closes_at_ms), shut) => {
                let w = visit.words;
                let opens = place(*opens_at_ms, ends_ms.0, ends_ms.1);
                let closes = place(*closes_at_ms, ends_ms.0, ends_ms.1);
                OnLine {
                    id: shut.spec.id.clone(),
                    name: w.0.of(&shut.spec.names).to_owned(),
                    state: "shut",
                    state_text: w.t("state-shut"),
                    times: shut_page::times(visit, shut).unwrap_or_default(),
                    left: w.t("host-shut-left"),
                    alarm: None,
                    from: opens,
                    long: (closes - opens).max(8),
                }
            }
        }
    }
}

/// A moment's place on a line between two others, in a thousand.
fn place(at_ms: i64, from_ms: i64, to_ms: i64) -> i64 {
    ((at_ms - from_ms) * 1_000 / (to_ms - from_ms).max(1)).clamp(0, 1_000)
}

fn on_line(visit: &Visit, drop: &Drop, (from_ms, to_ms): (i64, i64)) -> OnLine {
    let front = drop.published.front();
    let (face, w) = (&front.face, visit.words);
    let state = State::of(face, visit.now_ms);
    let opens = place(face.opens_at_ms, from_ms, to_ms);
    let closes = place(face.closes_at_ms, from_ms, to_ms);
    let sum = |of: fn(&fanfare_engine::Stock) -> u32| {
        grouped(face.lines.iter().map(|line| u64::from(of(line))).sum())
    };
    let (free, issued) = (sum(|line| line.free), sum(|line| line.issued));
    OnLine {
        id: drop.spec.id.clone(),
        name: w.0.of(&drop.spec.names).to_owned(),
        state: state.word(),
        state_text: w.key(state.key()),
        times: times(visit, face),
        left: w.with("host-left", &[("free", &free), ("of", &issued)]),
        alarm: Doubt::of(face).map(|doubt| w.key(alarm::line(doubt))),
        from: opens,
        long: (closes - opens).max(8),
    }
}
