//! The picture: for whatever grows two panels beside each other, what a claim costs and how many
//! there are a second. To the right the scale is logarithmic; upwards it begins at nothing, so
//! that a flat line is a cost that does not grow.

use super::axis::{Right, Up, label};
use super::points::{Growing, Points, Summary};
use crate::figures::{Spread, grouped, short};
use crate::picture::{self, scale, text};

/// Where a panel's axes cross in its row, pixels, and how far they go.
const PANELS_AT: [u32; 2] = [70, 490];
const PANEL_WIDTH: u32 = 340;
const PANEL_HEIGHT: u32 = 90;
/// From the title to the first row, and from a row to the next.
const HEAD_HEIGHT: u32 = 44;
const ROW_HEIGHT: u32 = 170;
/// From a row's beginning to the end of its panels' upward axes.
const ROW_HEAD: u32 = 28;

/// The picture of all that grew.
pub fn svg(points: &Points) -> String {
    let (mut out, mut top) = (String::new(), HEAD_HEIGHT);
    for growing in points.grown() {
        let all = points.summaries(growing);
        out += &panel(PANELS_AT[0], top, "CPU µs a claim", growing, &all, |one| one.cpu_us);
        out += &panel(PANELS_AT[1], top, "claims/s", growing, &all, |one| one.claims_per_s);
        top += ROW_HEIGHT;
    }
    picture::around(top + 8, "What a claim costs as something grows", &spoken(points), &out)
}

/// What the picture shows, for whoever hears it.
fn spoken(points: &Points) -> String {
    let each = points.grown().map(|growing| {
        let one = |one: &Summary| format!("{} at {}", short(one.cpu_us.median), grouped(one.at));
        let all: Vec<String> = points.summaries(growing).iter().map(one).collect();
        format!("{}: {}", growing.name, all.join(", "))
    });
    format!("CPU µs a claim. {}", each.collect::<Vec<String>>().join("; "))
}

fn panel(
    left: u32,
    top: u32,
    unit: &str,
    growing: Growing,
    all: &[Summary],
    pick: fn(&Summary) -> Spread,
) -> String {
    let places: Vec<f64> = all.iter().map(|one| one.at).collect();
    let right = Right::of(&places, PANEL_WIDTH);
    let highest = all.iter().map(|one| pick(one).highest).fold(0.0, f64::max);
    let up = Up::to(highest, PANEL_HEIGHT);
    let bottom = top + ROW_HEAD + PANEL_HEIGHT;
    let mut out = text("", left, top + 16, unit);
    for value in [0.0, up.most / 2.0, up.most] {
        let y = bottom - up.at(value);
        out += &format!("<path class=\"grid\" d=\"M{left} {y}h{PANEL_WIDTH}\"/>\n");
        out += &scale("end", left - 8, y + 4, &label(value));
    }
    for value in places {
        out += &scale("middle", left + right.at(value), bottom + 18, &label(value));
    }
    let middle = left + PANEL_WIDTH / 2;
    out += &scale("middle", middle, bottom + 36, &format!("{} (logarithmic)", growing.name));
    let mut line = String::new();
    for one in all {
        let (x, Spread { median, lowest, highest }) = (left + right.at(one.at), pick(one));
        let [y, low, high] = [median, lowest, highest].map(|value| bottom - up.at(value));
        out += &format!("<path class=\"range\" d=\"M{x} {low}V{high}\"/>\n");
        out += &format!("<circle class=\"full\" cx=\"{x}\" cy=\"{y}\" r=\"3.5\"/>\n");
        line += &format!(" {x},{y}");
    }
    out + &format!("<polyline class=\"line\" points=\"{}\"/>\n", line.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::points::tests::some;

    #[test]
    fn whatever_grew_has_two_panels_with_a_dot_a_place() {
        let picture = svg(&some());
        assert_eq!(picture.matches("<polyline").count(), 4);
        assert_eq!(picture.matches("<circle").count(), 2 * (1 + 2));
        assert!(picture.contains(">CPU µs a claim<") && picture.contains(">claims/s<"));
        // 52 of 100 µs: 47 of 90 pixels above the axis, whose row is the second.
        let bottom = HEAD_HEIGHT + ROW_HEIGHT + ROW_HEAD + PANEL_HEIGHT;
        assert!(picture.contains(&format!("cx=\"70\" cy=\"{}\"", bottom - 47)), "{picture}");
    }
}
