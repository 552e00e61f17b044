//! The picture: for each part a bar of a claim above one of a refusal, in CPU µs.

use super::samples::{KINDS, Samples};
use crate::figures::short;
use crate::picture::{self, bar, text};

/// Where the bars begin and how long the longest is, pixels.
const BARS_AT: u32 = 250;
const BARS_WIDTH: u32 = 480;
const BAR_HEIGHT: u32 = 12;
const ROW_HEIGHT: u32 = 38;
/// Above the first row: the title and what the bars' looks mean.
const HEAD_HEIGHT: u32 = 76;
/// How the bars of the kinds look.
const LOOKS: [&str; 2] = ["full", "hatched"];

/// The picture of all parts, in the order they come in.
pub fn svg(samples: &Samples) -> String {
    let mut out = String::new();
    for (kind, (_, name)) in KINDS.iter().enumerate() {
        let x = 16 + 200 * kind as u32;
        out += &bar(LOOKS[kind], x, 48, 22, BAR_HEIGHT);
        let whole = short(samples.whole()[kind]);
        out += &text("", x + 30, 58, &format!("{name}: {whole} µs"));
    }
    let all = samples.parts.iter().flat_map(|part| part.cpu_us);
    let longest = all.fold(f64::MIN_POSITIVE, f64::max);
    for (at, part) in samples.parts.iter().enumerate() {
        let top = HEAD_HEIGHT + ROW_HEIGHT * at as u32;
        out += &text("text-anchor=\"end\"", BARS_AT - 10, top + 19, &part.name);
        for (kind, cpu_us) in part.cpu_us.into_iter().enumerate() {
            let y = top + 15 * kind as u32;
            let width = (cpu_us / longest * f64::from(BARS_WIDTH)).round() as u32;
            let percent = samples.percent(part)[kind];
            out += &bar(LOOKS[kind], BARS_AT, y, width.max(1), BAR_HEIGHT);
            let told = format!("{} µs, {percent:.1} %", short(cpu_us));
            out += &text("", BARS_AT + width + 8, y + 11, &told);
        }
    }
    let height = HEAD_HEIGHT + ROW_HEIGHT * samples.parts.len() as u32 + 8;
    picture::around(height, "Where the CPU time of a request goes", &spoken(samples), &out)
}

/// What the picture shows, for whoever hears it.
fn spoken(samples: &Samples) -> String {
    let each = samples.parts.iter().map(|part| {
        let [claim, refusal] = part.cpu_us.map(short);
        format!("{} {claim} and {refusal}", part.name)
    });
    format!("CPU µs of a claim and of a refusal: {}", each.collect::<Vec<String>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::samples::tests::some;

    #[test]
    fn each_part_has_a_bar_of_each_kind() {
        let picture = svg(&some());
        assert_eq!(picture.matches("class=\"full\"").count(), 1 + 3, "what it means, and three");
        assert_eq!(picture.matches("class=\"hatched\"").count(), 1 + 3);
        assert!(picture.contains(">35.0 µs, 87.5 %<") && picture.contains(">a refusal: 10.0 µs<"));
    }
}
