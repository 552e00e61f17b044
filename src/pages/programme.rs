//! `/`: the programme. What is on comes first, then what opens next, then what is over.

use super::drop_view::{DropView, State};
use super::fault::Fault;
use super::frame::Frame;
use super::shut_view::{LOOK_AGAIN_MS, ShutView, shut};
use super::visit::{Page, Visit};
use crate::drops::drop::Drop;
use crate::drops::node::Directory;
use crate::festivals::{DropPlan, Opening};
use crate::kit::hex;
use crate::kit::words::Key;
use askama::Template;
use axum::response::Response;
use std::sync::Arc;

/// Some drops under one heading.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// The drops.
    pub cards: Vec<DropView>,
    /// Those that cannot be reached.
    pub shut: Vec<ShutView>,
}

/// The programme.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/programme.html")]
pub struct Programme {
    pub frame: Frame,
    /// Which zone the times are in.
    pub zone: String,
    pub sections: Vec<Section>,
    pub key: String,
    /// Those that signed before it.
    pub old_keys: Vec<String>,
    pub turns: bool,
}

impl Page for Programme {
    fn keeps(&self) -> bool {
        !self.turns
    }
}

/// `GET /`.
pub async fn programme(visit: Visit) -> Response {
    let made = Programme::of(&visit);
    visit.page(Ok::<_, Fault>(made))
}

impl Programme {
    fn of(visit: &Visit) -> Self {
        let drops = chosen(visit);
        let cards: Vec<DropView> = drops.iter().map(|drop| DropView::of(visit, drop)).collect();
        let mut frame = Frame::new(visit, visit.words.0.of(visit.app.festival.names()).to_owned());
        for card in &cards {
            card.countdown.iter().for_each(|countdown| frame.refresh_at(countdown.until_ms));
        }
        let shut = shut(visit);
        if !shut.is_empty() {
            frame.refresh_at(visit.now_ms + LOOK_AGAIN_MS);
        }
        Self {
            frame,
            zone: visit.words.with("zone", &[("zone", &visit.moments().zone())]),
            turns: cards.iter().any(|card| card.turns(visit.now_ms)),
            sections: sections(visit, cards, shut),
            key: groups(&visit.app.node.public_key.fingerprint()),
            old_keys: old_keys(visit),
        }
    }
}

/// Fingerprints of keys that signed before, which older receipts name.
fn old_keys(visit: &Visit) -> Vec<String> {
    visit.app.node.keys.old.iter().map(|key| groups(&key.fingerprint())).collect()
}

/// A fingerprint in groups of four digits, as people compare it.
pub fn groups(fingerprint: &[u8]) -> String {
    fingerprint.chunks(2).map(hex::hex).collect::<Vec<_>>().join(" ")
}

fn sections(visit: &Visit, cards: Vec<DropView>, shut: Vec<ShutView>) -> Vec<Section> {
    let (mut on, mut next, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for card in cards {
        match card.state {
            State::Before => next.push(card),
            State::Closed => over.push(card),
            _ => on.push(card),
        }
    }
    on.sort_by_key(|card| (card.state, card.closes_at_ms));
    next.sort_by_key(|card| card.opens_at_ms);
    over.sort_by_key(|card| std::cmp::Reverse(card.closes_at_ms));
    let section = |key, cards| Section { heading: visit.words.key(key), cards, shut: Vec::new() };
    let all = vec![
        section(Key("section-on"), on),
        Section { shut, ..section(Key("section-shut"), Vec::new()) },
        section(Key("section-next"), next),
        section(Key("section-over"), over),
    ];
    all.into_iter().filter(|some| !some.cards.is_empty() || !some.shut.is_empty()).collect()
}

/// The drops a programme shows: all of them; of one that repeats the round that is on or next,
/// and the last that is over, so that the page never grows.
pub fn chosen(visit: &Visit) -> Vec<Arc<Drop>> {
    let (festival, directory) = (&visit.app.festival, visit.app.node.directory());
    if !festival.is_demo() {
        return directory.drops.clone();
    }
    let plans = festival.drops().iter();
    plans.flat_map(|plan| rounds(visit, &directory, plan)).collect()
}

fn rounds(visit: &Visit, directory: &Directory, plan: &DropPlan) -> Vec<Arc<Drop>> {
    let Opening::Every { first_ms, every_ms } = plan.opening() else {
        return directory.named(plan.id().as_str()).cloned().into_iter().collect();
    };
    let since_ms = visit.now_ms - visit.app.node.folder.made_at_ms() - first_ms;
    let now = since_ms.div_euclid(every_ms.max(1)) + 1;
    let round = |round: i64| {
        let round = u32::try_from(round).ok().filter(|round| *round > 0)?;
        directory.named(plan.round_id(round).as_str()).cloned()
    };
    let state = |drop: &Arc<Drop>| State::of(&drop.published.front().face, visit.now_ms);
    let near: Vec<_> = (now - 2..=now + 2).filter_map(round).collect();
    let live = near.iter().find(|drop| state(drop) != State::Closed);
    let over = near.iter().rev().find(|drop| state(drop) == State::Closed);
    live.into_iter().chain(over).cloned().collect()
}
