//! What the live board shows: drops on the stage, the pace of claims as columns, moments at which
//! something sold out, the newest signed entry.

use super::drop_view::{DropView, State};
use super::format;
use super::visit::Visit;
use crate::drops::drop::Drop;
use crate::kit::hex;
use crate::kit::words::grouped;
use crate::live::{PACE_S, Pace};
use std::fmt::Write as _;
use std::sync::Arc;

/// Most lines a drop shows where it stands alone, and beside others.
const LINES_MAX: [usize; 2] = [8, 4];

/// A drop on the stage.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The drop.
    pub drop: DropView,
    /// How fast it sold out, where nothing is free.
    pub sold: Option<String>,
    /// Its lines: name as the script knows it, name, free units.
    pub lines: Vec<(String, String, String)>,
    /// Lines there is no room for, in words.
    pub more: Option<String>,
}

impl Shown {
    /// A drop among so many.
    pub fn of(visit: &Visit, drop: DropView, sold: Option<String>, among: usize) -> Self {
        let max = LINES_MAX[usize::from(among > 1)];
        let all: Vec<_> = drop.items.iter().flat_map(|item| &item.lines).collect();
        let line = |line: &&super::item_view::LineView| {
            (line.value.clone(), line.name.clone(), grouped(u64::from(line.free)))
        };
        let hidden = all.len().saturating_sub(max);
        let more = |n: usize| visit.words.with("board-more", &[("n", &n.to_string())]);
        let lines = all.iter().take(max).map(line).collect();
        // A single line says what the large number says.
        let lines = if all.len() > 1 { lines } else { Vec::new() };
        Self { sold, lines, more: (hidden > 0).then(|| more(hidden)), drop }
    }

    /// Whether it opens later.
    pub fn waits(&self) -> bool {
        self.drop.state == State::Before
    }
}

/// A drop that sold out.
#[derive(Clone, Debug)]
pub struct Sold {
    /// Its name.
    pub name: String,
    /// How fast.
    pub text: String,
}

/// How fast a drop sold out, in words.
pub fn sold_in(visit: &Visit, drop: &Drop) -> Option<String> {
    let front = drop.published.front();
    let after_ms = front.face.sold_out_at_ms? - front.face.opens_at_ms;
    Some(visit.words.with("board-sold-in", &[("span", &format::span(visit.words, after_ms))]))
}

/// The pace of claims, drawn.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The second now under way, since 1970.
    pub now_s: i64,
    /// The counts, as the script reads them.
    pub counts: String,
    /// Claims in the last whole second.
    pub last: String,
    /// The most of the last minute, in words.
    pub peak: String,
    /// The columns, in a box of 600 to 100.
    pub path: String,
}

impl Chart {
    /// Of this pace.
    pub fn of(visit: &Visit, pace: &Pace) -> Self {
        let counts: Vec<String> = pace.counts.iter().map(u64::to_string).collect();
        Self {
            now_s: pace.now_s,
            counts: counts.join(" "),
            last: grouped(pace.counts.back().copied().unwrap_or(0)),
            peak: visit.words.with("board-pace-peak", &[("n", &grouped(pace.peak()))]),
            path: columns(pace),
        }
    }
}

/// A column of 8 units a second, the newest at the right. The script draws the same.
fn columns(pace: &Pace) -> String {
    let (top, from) = (pace.peak().max(5), PACE_S - pace.counts.len().min(PACE_S));
    let mut path = String::new();
    for (at, count) in pace.counts.iter().enumerate() {
        let (x, height) = ((from + at) * 10 + 1, (count * 96 / top).max(1));
        let _ = write!(path, "M{x} 100v-{height}h8v{height}z");
    }
    path
}

/// The newest signed entry of any drop.
#[derive(Clone, Debug)]
pub struct Head {
    /// The drop's name.
    pub drop: String,
    /// The row's number, in words.
    pub line: String,
    /// The beginning of its hash.
    pub hash: String,
    /// When it was written.
    pub time: String,
}

impl Head {
    /// Of these drops.
    pub fn newest(visit: &Visit, drops: &[Arc<Drop>]) -> Option<Self> {
        let newest = drops.iter().max_by_key(|drop| drop.published.front().face.time_ms)?;
        let front = newest.published.front();
        let seq = front.face.seq.to_string();
        Some(Self {
            drop: visit.words.0.of(&newest.spec.names).to_owned(),
            line: visit.words.with("board-head-line", &[("seq", &seq)]),
            hash: short(&hex::hex(&front.face.hash)),
            time: visit.moments().clock(front.face.time_ms),
        })
    }
}

/// The first sixteen digits of a hash, in fours.
pub fn short(hash: &str) -> String {
    let digits = &hash[..hash.len().min(16)];
    digits.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_second_stands_at_the_right() {
        let pace = |counts: &[u64]| Pace::of(0, counts.to_vec());
        assert_eq!(columns(&pace(&[])), "");
        assert_eq!(columns(&pace(&[0, 10])), "M581 100v-1h8v1zM591 100v-96h8v96z");
        assert!(columns(&pace(&[3; PACE_S])).starts_with("M1 100v-57h8"));
        assert_eq!(short("0123456789abcdef00"), "0123 4567 89ab cdef");
    }
}
