//! Where a value stands in a panel: to the right by its logarithm, upwards by itself.

use crate::figures::grouped;

/// How far right of nothing the least other value stands, pixels.
const AFTER_NOTHING: f64 = 40.0;

/// The axis to the right, pixels wide. Nothing has no logarithm and stands at its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Right {
    least: f64,
    most: f64,
    begin: f64,
    width: f64,
}

impl Right {
    /// For these values.
    pub fn of(values: &[f64], width: u32) -> Self {
        let some = || values.iter().copied().filter(|value| *value > 0.0);
        let nothing = some().count() < values.len();
        Self {
            least: some().fold(f64::INFINITY, f64::min).log10(),
            most: some().fold(0.0, f64::max).log10(),
            begin: if nothing { AFTER_NOTHING } else { 0.0 },
            width: f64::from(width),
        }
    }

    /// Pixels from its beginning.
    pub fn at(&self, value: f64) -> u32 {
        if value <= 0.0 {
            return 0;
        }
        let share = (value.log10() - self.least) / (self.most - self.least).max(f64::EPSILON);
        (self.begin + share * (self.width - self.begin)).round() as u32
    }
}

/// The axis upwards from nothing, pixels high.
#[derive(Clone, Copy, Debug)]
pub struct Up {
    /// The value at its end: 1, 2 or 5 of a power of ten.
    pub most: f64,
    height: f64,
}

impl Up {
    /// For values up to this one.
    pub fn to(highest: f64, height: u32) -> Self {
        let power = 10_f64.powf(highest.max(f64::MIN_POSITIVE).log10().floor());
        let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * power >= highest);
        Self { most: step.unwrap_or(10.0) * power, height: f64::from(height) }
    }

    /// Pixels above its beginning.
    pub fn at(&self, value: f64) -> u32 {
        (value / self.most * self.height).round() as u32
    }
}

/// A number as short as a scale needs it: 1,024, 50k, 10M.
pub fn label(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{}M", v / 1e6),
        v if v >= 1e4 => format!("{}k", v / 1e3),
        v if v >= 10.0 || v.fract() == 0.0 => grouped(v),
        v => format!("{v}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenfold_value_is_a_step_to_the_right_and_nothing_stands_at_the_beginning() {
        let right = Right::of(&[10.0, 100.0, 1_000.0], 200);
        assert_eq!([10.0, 100.0, 1_000.0].map(|value| right.at(value)), [0, 100, 200]);
        let right = Right::of(&[0.0, 10.0, 1_000.0], 240);
        assert_eq!([0.0, 10.0, 100.0, 1_000.0].map(|value| right.at(value)), [0, 40, 140, 240]);
        assert_eq!(Right::of(&[7.0], 200).at(7.0), 0, "one alone");
    }

    #[test]
    fn upwards_ends_in_a_round_number() {
        let most = [1.0, 1.3, 43.0, 201_000.0].map(|value| Up::to(value, 100).most as u32);
        assert_eq!(most, [1, 2, 50, 500_000]);
        assert_eq!(Up::to(40.0, 100).at(25.0), 50);
    }

    #[test]
    fn labels_are_short() {
        let told = [0.0, 0.5, 2.5, 1_024.0, 15_000.0, 25e5, 5e7].map(label);
        assert_eq!(told, ["0", "0.5", "2.5", "1,024", "15k", "2.5M", "50M"]);
    }
}
