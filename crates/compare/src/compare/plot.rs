//! The picture: a bar a peer, on a logarithmic scale, since the slowest and the fastest are some
//! thousand times apart. It brings its own ground, so that it is read on a light page and a dark
//! one, and its words are text.

use crate::peer::Keeps;
use crate::points::Summary;
use crate::report::grouped;
use std::ops::RangeInclusive;

const WIDTH: u32 = 860;
/// Where the bars begin and how long the longest may be, pixels.
const BARS_AT: u32 = 310;
const BARS_WIDTH: u32 = 440;
const ROW_HEIGHT: u32 = 28;
/// Above the first bar: the title and what the bars' looks mean.
const HEAD_HEIGHT: u32 = 76;
/// Below the last: the scale.
const FOOT_HEIGHT: u32 = 34;

/// Colours of a light page and of a dark one. The contrast of every text is at least 4.5.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.ground { fill: #ffffff }
.grid { stroke: #d0d7de }
.scale { fill: #57606a }
.durable { fill: #0a6cc2 }
.memory { fill: url(#hatched) }
.nothing { fill: none }
.memory, .nothing { stroke: #9a5b00 }
.nothing { stroke-dasharray: 4 3 }
.hatch { stroke: #9a5b00 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.ground { fill: #0d1117 }
.grid { stroke: #30363d }
.scale { fill: #9da7b3 }
.durable { fill: #4a9eea }
.memory, .nothing, .hatch { stroke: #e3a04f }
}";

/// What fills the bars of those who keep claims in memory only.
const HATCHED: &str = "<defs><pattern id=\"hatched\" width=\"6\" height=\"6\" \
    patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
    <path class=\"hatch\" d=\"M0 0V6\" stroke-width=\"3\"/></pattern></defs>\n";

fn look(keeps: Keeps) -> &'static str {
    match keeps {
        Keeps::Durable => "durable",
        Keeps::Memory => "memory",
        Keeps::Nothing => "nothing",
    }
}

/// The powers of ten between which all bars end.
fn scale(all: &[Summary]) -> RangeInclusive<i32> {
    let ends = |pick: fn(f64, f64) -> f64, from: f64| {
        all.iter().map(|one| one.median.log10()).fold(from, pick)
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
    let height = bottom + FOOT_HEIGHT;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">\n\
         <style>\n{STYLE}\n</style>\n{HATCHED}\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"16\" y=\"30\">Claims a second of one item, one a fan \
         (logarithmic)</text>\n",
        spoken(all)
    );
    for (at, keeps) in [Keeps::Durable, Keeps::Memory, Keeps::Nothing].into_iter().enumerate() {
        let x = 16 + 130 * at as u32;
        out += &bar(keeps, x, 46, 22);
        out += &text("", x + 30, 58, keeps.word());
    }
    for power in scale.clone() {
        let x = BARS_AT + length(10_f64.powi(power), &scale);
        let top = HEAD_HEIGHT - 4;
        out += &format!("<path class=\"grid\" d=\"M{x} {top}V{bottom}\"/>\n");
        let label = grouped(10_f64.powi(power));
        out += &text("class=\"scale\" text-anchor=\"middle\"", x, bottom + 20, &label);
    }
    for (at, one) in all.iter().enumerate() {
        let top = HEAD_HEIGHT + ROW_HEIGHT * at as u32;
        let width = length(one.median, &scale).max(1);
        out += &text("text-anchor=\"end\"", BARS_AT - 10, top + 16, one.peer.name);
        out += &bar(one.peer.keeps, BARS_AT, top + 2, width);
        out += &text("", BARS_AT + width + 8, top + 16, &grouped(one.median));
    }
    out + "</svg>\n"
}

/// What the picture shows, for whoever hears it.
fn spoken(all: &[Summary]) -> String {
    let each = all.iter().map(|one| format!("{} {}", one.peer.name, grouped(one.median)));
    format!("Claims a second: {}", each.collect::<Vec<String>>().join("; "))
}

fn bar(keeps: Keeps, x: u32, y: u32, width: u32) -> String {
    let look = look(keeps);
    format!("<rect class=\"{look}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"16\"/>\n")
}

fn text(how: &str, x: u32, y: u32, what: &str) -> String {
    let space = if how.is_empty() { "" } else { " " };
    format!("<text{space}{how} x=\"{x}\" y=\"{y}\">{what}</text>\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::PEERS;
    use crate::points::tests::some;

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
