//! Numbers: their median, how they are told, and what they were measured with.

use std::str::Lines;

/// The median; 0 of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// A value over the rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The middle one.
    pub median: f64,
    /// Of the lowest round.
    pub lowest: f64,
    /// Of the highest.
    pub highest: f64,
}

impl Spread {
    /// Over these values.
    pub fn of(values: &[f64]) -> Self {
        Self {
            median: median(values),
            lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
            highest: values.iter().copied().fold(0.0, f64::max),
        }
    }
}

/// The lines behind the first, which names the columns.
///
/// # Errors
/// If it does not name these.
pub fn lines_behind<'a>(columns: &str, text: &'a str) -> Result<Lines<'a>, String> {
    let mut lines = text.lines();
    if lines.next() == Some(columns) {
        return Ok(lines);
    }
    Err(format!("it begins with the line `{columns}`"))
}

/// A number that is finite and not below zero.
pub fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0)
}

/// 1234567.8 as 1,234,568.
pub fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// With three digits that say something, more before the point: 0.123, 1.23, 12.3, 1,234.
pub fn short(value: f64) -> String {
    match value {
        v if v >= 99.95 => grouped(v),
        v if v >= 9.995 => format!("{v:.1}"),
        v if v >= 0.9995 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}

/// The table of what was measured with; lines are NAME, a tab, VALUE.
///
/// # Errors
/// Names a line that is none.
pub fn facts(text: &str) -> Result<String, String> {
    let mut out = "| measured with | |\n| --- | --- |\n".to_owned();
    for line in text.lines() {
        let fact =
            line.split_once('\t').filter(|(name, value)| !name.is_empty() && !value.is_empty());
        let (name, value) = fact.ok_or_else(|| format!("`{line}`: no name and value"))?;
        out += &format!("| {name} | {} |\n", value.replace('|', "\\|"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        let told = [0.4, 999.0, 1_000.0, 1_234_567.8].map(grouped);
        assert_eq!(told, ["0", "999", "1,000", "1,234,568"]);
    }

    #[test]
    fn three_digits_say_enough() {
        let told = [0.0, 0.1234, 1.0, 9.996, 12.34, 99.96, 1_234.5].map(short);
        assert_eq!(told, ["0.000", "0.123", "1.00", "10.0", "12.3", "100", "1,234"]);
    }

    #[test]
    fn a_fact_has_a_name_and_a_value() {
        assert!(facts("cpu\tone | two\n").unwrap().ends_with("| cpu | one \\| two |\n"));
        assert!(facts("cpu\n").is_err());
    }
}
