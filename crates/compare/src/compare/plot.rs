//! The picture: a bar a peer, on a logarithmic scale, since the slowest and the fastest are some
//! thousand times apart.

use super::peer::Keeps;
use super::points::Summary;
use crate::figures::grouped;
use crate::picture::{self, text};
use std::ops::RangeInclusive;

/// Where the bars begin and how long the longest may be, pixels.
const BARS_AT: u32 = 310;
const BARS_WIDTH: u32 = 440;
const BAR_HEIGHT: u32 = 16;
const ROW_HEIGHT: u32 = 28;
/// Above the first bar: the title and what the bars' looks mean.
const HEAD_HEIGHT: u32 = 76;
/// Below the last: the scale.
const FOOT_HEIGHT: u32 = 34;

fn look(keeps: Keeps) -> &'static str {
    match keeps {
        Keeps::Durable => "full",
        Keeps::Memory => "hatched",
        Keeps::Nothing => "empty",
    }
}

/// The powers of ten between which all bars end.
fn scale(all: &[Summary]) -> RangeInclusive<i32> {
    let ends = |pick: fn(f64, f64) -> f64, from: f64| {
        all.iter().map(|one| one.claims_per_s.median.log10()).fold(from, pick)
    };
    let (low, high) = (ends(f64::min, 6.0).floor(), ends(f64::max, 3.0).ceil());
    low as i32..=high as i32
}

/// Where a value's bar ends, pixels from where bars begin.
fn length(value: f64, scale: &RangeInclusive<i32>) -> u32 {
    let (from, to) = (f64::from(*scale.start()), f64::from(*scale.end()));
    let share = ((value.log10() - from) / (to - from)).clamp(0.0, 1.0);
    (share * f64::from(BARS_WIDTH)).round() as u32
}

/// The picture of all, in the order they come in.
pub fn svg(all: &[Summary]) -> String {
    let scale = scale(all);
    let bottom = HEAD_HEIGHT + ROW_HEIGHT * all.len() as u32;
    let mut out = String::new();
    for (at, keeps) in [Keeps::Durable, Keeps::Memory, Keeps::Nothing].into_iter().enumerate() {
        let x = 16 + 130 * at as u32;
        out += &picture::bar(look(keeps), x, 46, 22, BAR_HEIGHT);
        out += &text("", x + 30, 58, keeps.word());
    }
    for power in scale.clone() {
        let x = BARS_AT + length(10_f64.powi(power), &scale);
        let top = HEAD_HEIGHT - 4;
        out += &format!("<path class=\"grid\" d=\"M{x} {top}V{bottom}\"/>\n");
        out += &picture::scale("middle", x, bottom + 20, &grouped(10_f64.powi(power)));
    }
    for (at, one) in all.iter().enumerate() {
        let top = HEAD_HEIGHT + ROW_HEIGHT * at as u32;
        let width = length(one.claims_per_s.median, &scale).max(1);
        out += &text("text-anchor=\"end\"", BARS_AT - 10, top + 16, one.peer.name);
        out += &picture::bar(look(one.peer.keeps), BARS_AT, top + 2, width, BAR_HEIGHT);
        out += &text("", BARS_AT + width + 8, top + 16, &grouped(one.claims_per_s.median));
    }
    let title = "Claims a second of one item, one a fan (logarithmic)";
    picture::around(bottom + FOOT_HEIGHT, title, &spoken(all), &out)
}

/// What the picture shows, for whoever hears it.
fn spoken(all: &[Summary]) -> String {
    let each =
        all.iter().map(|one| format!("{} {}", one.peer.name, grouped(one.claims_per_s.median)));
    format!("Claims a second: {}", each.collect::<Vec<String>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::peer::PEERS;
    use crate::compare::points::tests::some;

    #[test]
    fn a_tenfold_rate_is_a_step_of_the_scale() {
        let scale = 2..=6;
        let lengths = [1e2, 1e3, 1e6, 1e9].map(|value| length(value, &scale));
        assert_eq!(lengths, [0, BARS_WIDTH / 4, BARS_WIDTH, BARS_WIDTH]);
    }

    #[test]
    fn everybody_has_a_bar_a_name_and_a_figure() {
        let picture = svg(&some().summaries());
        assert!(picture.contains(">Fanfare's lane, in process<"));
        assert!(picture.contains(">75,000<"));
        assert_eq!(picture.matches("height=\"16\"").count(), 3 + 2, "what they mean, and two");
    }

    #[test]
    fn names_need_no_escaping() {
        assert!(PEERS.iter().all(|peer| !peer.name.contains(['<', '>', '&', '"'])));
    }
}
