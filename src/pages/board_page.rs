//! `/board`: the live board for a big screen. Complete as it comes; the script keeps it so by the
//! stream of totals, and without a script the page asks for itself again.

use super::board_view::{Chart, Head, Shown, Sold, sold_in};
use super::drop_view::{DropView, State};
use super::fault::Fault;
use super::frame::Frame;
use super::programme::{chosen, groups};
use super::shut_view::{named, shut};
use super::visit::{Page, Visit};
use crate::drops::drop::Drop;
use crate::kit::words::Key;
use askama::Template;
use axum::response::Response;
use std::cmp::Reverse;
use std::sync::Arc;

/// A drop comes on the stage this long before it opens, ms.
const NEAR_MS: i64 = 10 * 60_000;

/// Most drops on the stage, coming next, and sold out.
const SHOWN_MAX: usize = 6;
const NEXT_MAX: usize = 2;
const SOLD_MAX: usize = 3;

/// Without a script the page comes again this often, seconds.
const REFRESH_S: i64 = 5;

/// The board.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/board.html")]
pub struct Board {
    pub frame: Frame,
    /// Style and script.
    pub files: [String; 2],
    /// The time of day, and the zone it is told in.
    pub clock: String,
    pub zone: String,
    /// States and lengths of time as the script says them: name and text.
    pub says: Vec<(&'static str, String)>,
    pub shown: Vec<Shown>,
    pub next: Vec<DropView>,
    /// The drops that cannot be reached, in a sentence.
    pub shut: Option<String>,
    pub sold: Vec<Sold>,
    pub chart: Chart,
    pub head: Option<Head>,
    /// The festival key's fingerprint, in groups.
    pub key: String,
    /// A drop that has sold out this moment. The script says it; samples show it.
    pub moment: Option<Sold>,
    /// Since when there has been no connection. The script says it; samples show it.
    pub lost: Option<String>,
    pub turns: bool,
}

impl Page for Board {
    fn keeps(&self) -> bool {
        !self.turns
    }
}

/// `GET /board`.
pub async fn board(visit: Visit) -> Response {
    let made = Board::of(&visit);
    visit.page(Ok::<_, Fault>(made))
}

impl Board {
    fn of(visit: &Visit) -> Self {
        let drops = chosen(visit);
        let view = |drop: &Arc<Drop>| (drop.clone(), DropView::of(visit, drop));
        let mut all: Vec<_> = drops.iter().map(view).collect();
        all.sort_by_key(|(_, view)| view.opens_at_ms);
        let state = |view: &DropView, wanted: State| view.state == wanted;
        let is_on = |view: &DropView| {
            let near = view.opens_at_ms - visit.now_ms < NEAR_MS;
            if state(view, State::Before) { near } else { !state(view, State::Closed) }
        };
        let anything = all
            .iter()
            .any(|(_, view)| matches!(view.state, State::Open | State::Paused | State::SoldOut));
        let mut on: Vec<_> = all.iter().filter(|(_, view)| anything && is_on(view)).collect();
        on.sort_by_key(|(_, view)| (state(view, State::Before), view.opens_at_ms));
        on.truncate(SHOWN_MAX);
        let staged = |id: &str| on.iter().any(|(_, view)| view.id == id);
        let next = all.iter().map(|(_, view)| view);
        let next = next.filter(|view| state(view, State::Before) && !staged(&view.id));
        let next: Vec<_> = next.take(NEXT_MAX).cloned().collect();
        let shown = on.iter().map(|(drop, view)| {
            let sold = (view.state == State::SoldOut).then(|| sold_in(visit, drop)).flatten();
            Shown::of(visit, view.clone(), sold, on.len())
        });
        let shown: Vec<_> = shown.collect();
        let board = Self::with(Frame::new(visit, visit.words.t("board-title")), visit, shown, next);
        let turns = all.iter().any(|(_, view)| view.turns(visit.now_ms));
        let shut = named(visit, &shut(visit));
        Self {
            shut: shut.map(|drops| visit.words.with("board-shut", &[("drops", &drops)])),
            sold: sold(visit, &drops),
            head: Head::newest(visit, &drops),
            turns: turns || board.turns,
            ..board
        }
    }

    /// The board with these drops, before anything sold out.
    pub fn with(mut frame: Frame, visit: &Visit, shown: Vec<Shown>, next: Vec<DropView>) -> Self {
        let (w, app) = (visit.words, &visit.app);
        frame.description = w.with("board-about", &[("festival", &frame.festival)]);
        frame.refresh_s = Some(REFRESH_S);
        let pose = if shown.is_empty() && next.is_empty() { "rest" } else { "hello" };
        frame.posed(&app.look, pose);
        let states = [State::Open, State::Paused, State::SoldOut, State::Before, State::Closed];
        let mut says: Vec<_> = states.map(|state| (state.word(), w.key(state.key()))).to_vec();
        // What the script puts in stands in brackets.
        let slot = |key, name| w.with(key, &[(name, &format!("[{name}]"))]);
        says.extend([
            ("span-d", slot("span-d", "n")),
            ("span-h", slot("span-h", "n")),
            ("span-min", slot("span-min", "n")),
            ("span-s", slot("span-s", "n")),
            ("sold-in", slot("board-sold-in", "span")),
            ("peak", slot("board-pace-peak", "n")),
            ("head", slot("board-head-line", "seq")),
            ("live", w.key(Key("board-live"))),
            ("lost", w.key(Key("board-lost"))),
        ]);
        Self {
            files: app.look.board.clone(),
            clock: visit.moments().clock(visit.now_ms),
            zone: app.festival.zone().iana_name().unwrap_or("UTC").to_owned(),
            says,
            shown,
            next,
            shut: None,
            sold: Vec::new(),
            chart: Chart::of(visit, &app.live.pace()),
            head: None,
            key: groups(&app.node.public_key.fingerprint()),
            moment: None,
            lost: None,
            turns: false,
            frame,
        }
    }

    /// Of when this is, in words.
    pub fn as_of(&self) -> String {
        self.frame.w.with("board-as-of", &[("time", &self.clock)])
    }

    /// What is awaited, in words.
    pub fn idle(&self, drop: &DropView) -> String {
        self.frame.w.with("board-idle-next", &[("drop", &drop.name)])
    }

    /// What opens next, where nothing is on.
    pub fn awaited(&self) -> Option<&DropView> {
        self.next.first()
    }

    /// What opens after that; everything to come where something is on.
    pub fn later(&self) -> &[DropView] {
        let from = usize::from(self.shown.is_empty() && !self.next.is_empty());
        &self.next[from..]
    }
}

/// The drops that sold out last, the newest first.
fn sold(visit: &Visit, drops: &[Arc<Drop>]) -> Vec<Sold> {
    let sold_at_ms = |drop: &&Arc<Drop>| drop.published.front().face.sold_out_at_ms;
    let mut sold: Vec<_> = drops.iter().filter(|drop| sold_at_ms(drop).is_some()).collect();
    sold.sort_by_key(|drop| Reverse(sold_at_ms(drop)));
    let name = |drop: &Drop| visit.words.0.of(&drop.spec.names).to_owned();
    let one = |drop: &&Arc<Drop>| Some(Sold { name: name(drop), text: sold_in(visit, drop)? });
    sold.iter().take(SOLD_MAX).filter_map(one).collect()
}
