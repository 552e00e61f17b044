//! Drawings for the report. Shapes are SVG that stretches with its box; labels are text beside
//! them, placed in percent, so that a phone and a printed page both show them in a size one reads.

use std::fmt::Write as _;

use super::memory::Memory;
use super::series::STEP_MS;

/// Most columns of a drawing over time.
const COLUMNS_MAX: usize = 150;

/// The share of a drawing's height its highest value takes.
const FILLED: f64 = 0.94;

/// A label at a place, in percent of the drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// From the left, or from the bottom.
    pub at: f64,
    /// What it says.
    pub text: String,
}

/// A drawing over time: what came, what was answered, what was given, each by the second.
#[derive(Clone, Debug)]
pub struct OverTime {
    /// A path in a square of 100 × 100, closed.
    pub arrivals: String,
    /// A line.
    pub answers: String,
    /// A line.
    pub claims: String,
    /// Labels of the lower edge, seconds after the opening.
    pub times: Vec<Mark>,
    /// Labels of the left edge, a second.
    pub rates: Vec<Mark>,
    /// Where the drop opened, in percent from the left.
    pub opened: f64,
    /// Where everything was given.
    pub sold_out: Option<f64>,
}

impl OverTime {
    /// The drawing of a run.
    pub fn of(memory: &Memory, sold_out_after_ms: Option<i64>) -> Self {
        let series = [&memory.arrivals, &memory.answers, &memory.claims];
        let steps = series.iter().map(|series| series.steps().len()).max().unwrap_or(0).max(1);
        let wide = steps.div_ceil(COLUMNS_MAX);
        let columns: Vec<Vec<f64>> =
            series.iter().map(|series| rates(series.steps(), steps, wide)).collect();
        let highest = columns.iter().flatten().copied().fold(1.0, f64::max);
        let lead_ms = (memory.opens_at_ms - memory.began_ms) as f64;
        let whole_ms = (steps.div_ceil(wide) * wide) as f64 * f64::from(STEP_MS);
        let place = |after_ms: f64| (lead_ms + after_ms) / whole_ms * 100.0;
        let line = |at: usize| outline(&columns[at], highest);
        let pace_s = pace((whole_ms - lead_ms) / 1_000.0, 6.0);
        let count = ((whole_ms - lead_ms) / 1_000.0 / pace_s) as usize;
        let times = (0..=count).map(|tick| {
            let seconds = tick as f64 * pace_s;
            Mark { at: place(seconds * 1_000.0), text: plain(seconds) }
        });
        Self {
            arrivals: format!("M0,100 L{} L100,100 Z", line(0)),
            answers: format!("M{}", line(1)),
            claims: format!("M{}", line(2)),
            times: times.collect(),
            rates: rungs(highest),
            opened: place(0.0),
            sold_out: sold_out_after_ms.map(|after_ms| place(after_ms as f64)),
        }
    }
}

/// Counts by step as rates a second, several steps a column.
fn rates(steps: &[u32], count: usize, wide: usize) -> Vec<f64> {
    let seconds = wide as f64 * f64::from(STEP_MS) / 1_000.0;
    let column = |at: usize| {
        let all = steps.iter().skip(at * wide).take(wide);
        all.map(|&n| f64::from(n)).sum::<f64>() / seconds
    };
    (0..count.div_ceil(wide)).map(column).collect()
}

/// A line of steps in a square of 100 × 100.
fn outline(columns: &[f64], highest: f64) -> String {
    let mut path = String::new();
    let width = 100.0 / columns.len().max(1) as f64;
    for (at, rate) in columns.iter().enumerate() {
        let (left, y) = (at as f64 * width, 100.0 - rate / highest * 100.0 * FILLED);
        let right = left + width;
        let _ = write!(path, "{left:.2},{y:.2} {right:.2},{y:.2} ");
    }
    path
}

/// Labels of a left edge up to a highest value.
fn rungs(highest: f64) -> Vec<Mark> {
    let step = pace(highest, 3.0);
    let rung = |tick: i32| {
        let value = f64::from(tick) * step;
        Mark { at: value / highest * 100.0 * FILLED, text: short(value) }
    };
    (1..=3).map(rung).filter(|mark| mark.at <= 100.0).collect()
}

/// A round step that divides a span into about so many.
fn pace(span: f64, count: f64) -> f64 {
    let raw = (span / count).max(1e-3);
    let ten = 10_f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * ten);
    steps.into_iter().find(|&step| step >= raw).unwrap_or(raw)
}

fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count as one reads it at an edge: 1.5k, 40k.
fn short(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{}M", plain(v / 1e6)),
        v if v >= 1e3 => format!("{}k", plain(v / 1e3)),
        v => plain(v),
    }
}

/// The curve of waits: each nine of the share to the right costs as much room as the one before.
#[derive(Clone, Debug)]
pub struct Waits {
    /// A line in a square of 100 × 100.
    pub curve: String,
    /// Labels of the lower edge: percentiles.
    pub shares: Vec<Mark>,
    /// Labels of the left edge, ms.
    pub times: Vec<Mark>,
}

/// The largest share drawn has this many nines.
const NINES_MAX: f64 = 4.0;

impl Waits {
    /// The curve of a run.
    pub fn of(memory: &Memory) -> Self {
        let share = |nines: f64| 100.0 - 100.0 / 10_f64.powf(nines);
        let highest = memory.wait_ms(share(NINES_MAX)).max(0.001);
        let points = (0..=80).map(|at| {
            let nines = f64::from(at) * NINES_MAX / 80.0;
            let y = 100.0 - memory.wait_ms(share(nines)) / highest * 100.0 * FILLED;
            format!("{:.2},{y:.2} ", nines / NINES_MAX * 100.0)
        });
        let marks = [
            (std::f64::consts::LOG10_2, "50"),
            (1.0, "90"),
            (2.0, "99"),
            (3.0, "99.9"),
            (4.0, "99.99"),
        ];
        Self {
            curve: format!("M{}", points.collect::<String>()),
            shares: marks
                .iter()
                .map(|&(nines, text)| Mark { at: nines / NINES_MAX * 100.0, text: text.into() })
                .collect(),
            times: rungs(highest),
        }
    }
}

/// How long something took, on an edge from a tenth of a second to two weeks on which each
/// tenfold takes the same room; in percent.
pub fn on_long_edge(ms: f64) -> f64 {
    let (low, high) = (100_f64.log10(), 1_209_600_000_f64.log10());
    ((ms.max(100.0).log10() - low) / (high - low) * 100.0).clamp(0.5, 100.0)
}

/// The labels of that edge.
pub fn long_edge() -> Vec<Mark> {
    let labels = [
        (1_000.0, "1 s"),
        (10_000.0, "10 s"),
        (60_000.0, "1 min"),
        (600_000.0, "10 min"),
        (3_600_000.0, "1 h"),
        (43_200_000.0, "12 h"),
    ];
    labels.iter().map(|&(ms, text)| Mark { at: on_long_edge(ms), text: text.into() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::CrowdPlan;

    #[test]
    fn steps_are_round() {
        let paces = [pace(41_000.0, 3.0), pace(26.0, 6.0), pace(0.7, 3.0)];
        assert_eq!(paces.map(plain), ["20000", "5", "0.5"]);
        assert_eq!([short(40_000.0), short(1_500.0), short(0.5)], ["40k", "1.5k", "0.5"]);
    }

    #[test]
    fn a_drawing_of_nothing_is_a_drawing() {
        let memory = Memory::new(&CrowdPlan::default());
        let drawn = OverTime::of(&memory, None);
        assert!(drawn.arrivals.starts_with("M0,100 L") && !drawn.arrivals.contains("NaN"));
        assert!(!Waits::of(&memory).curve.contains("NaN"));
        assert!(on_long_edge(0.0) > 0.0 && on_long_edge(1e12) <= 100.0);
    }
}
