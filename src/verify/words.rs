//! The report for people, and as JSON for programs.

use super::bundle::Bundle;
use super::report::{Broken, LaneReport, Report};
use crate::kit::hex;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Most broken promises listed for people; the JSON has them all.
const LISTED_MAX: usize = 30;

/// A whole number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 lane`, `2 lanes`.
fn counted(number: u64, one: &str) -> String {
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The report for people: a line a lane, what is broken, and the verdict at the end.
pub fn table(report: &Report) -> String {
    let heads = ["lane", "drop", "rows", "facts", "claims", "units out", "seconds"];
    let mut rows = vec![heads.map(str::to_owned)];
    rows.extend(report.lanes.iter().map(line));
    let widths: [usize; 7] =
        std::array::from_fn(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in rows.iter().filter(|_| !report.lanes.is_empty()) {
        for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
            let gap = if at == 0 { "" } else { "  " };
            let _ = match at {
                1 => write!(text, "{gap}{cell:<width$}"),
                _ => write!(text, "{gap}{cell:>width$}"),
            };
        }
        text.push('\n');
    }
    for lane in report.lanes.iter().filter(|lane| lane.claims_lost > 0) {
        let (lost, drop) = (counted(lane.claims_lost, "claim"), &lane.drop);
        let _ = writeln!(text, "lost: {lost} of {drop}, given up when the journal was restored");
    }
    for (lane, place) in report.lanes.iter().filter_map(|lane| Some((lane, lane.moved.as_ref()?))) {
        let _ = writeln!(text, "moved: {} {place}", lane.drop);
    }
    for key in &report.keys {
        let _ = writeln!(text, "key {}", hex::hex(&key.fingerprint()));
    }
    text + &verdict(report)
}

fn line(lane: &LaneReport) -> [String; 7] {
    [
        lane.lane.to_string(),
        lane.drop.clone(),
        grouped(lane.rows),
        grouped(lane.facts),
        grouped(lane.claims),
        grouped(lane.units_out),
        format!("{:.1}", lane.seconds),
    ]
}

fn verdict(report: &Report) -> String {
    let sum = |pick: fn(&LaneReport) -> u64| report.lanes.iter().map(pick).sum();
    if report.holds() {
        let lanes = counted(report.lanes.len() as u64, "lane");
        let rows = counted(sum(|lane| lane.rows), "row");
        let claims = counted(sum(|lane| lane.claims), "claim");
        return format!("holds: {lanes}, {rows}, {claims}\n");
    }
    broken_lines(&report.broken)
}

fn broken_lines(broken: &[Broken]) -> String {
    let mut text = String::new();
    for one in broken.iter().take(LISTED_MAX) {
        let _ = writeln!(text, "BROKEN: {one}");
    }
    if broken.len() > LISTED_MAX {
        let _ = writeln!(text, "BROKEN: {} more; --json lists all", broken.len() - LISTED_MAX);
    }
    text
}

fn broken_json(broken: &[Broken]) -> Vec<Value> {
    let one = |broken: &Broken| {
        json!({
            "promise": broken.promise.code(),
            "lane": broken.lane,
            "drop": (!broken.drop.is_empty()).then_some(&broken.drop),
            "row": broken.row,
            "what": broken.what,
        })
    };
    broken.iter().map(one).collect()
}

/// The report for programs.
pub fn report_json(report: &Report) -> Value {
    let lane = |lane: &LaneReport| {
        json!({
            "lane": lane.lane, "drop": lane.drop, "rows": lane.rows, "facts": lane.facts,
            "claims": lane.claims, "claims_lost": lane.claims_lost,
            "moved": lane.moved,
            "units_out": lane.units_out, "digest": lane.digest,
            "newest_seq": lane.newest_seq, "seconds": lane.seconds,
        })
    };
    json!({
        "version": 1,
        "kind": "journals",
        "holds": report.holds(),
        "lanes": report.lanes.iter().map(lane).collect::<Vec<_>>(),
        "broken": broken_json(&report.broken),
        "keys": report.keys.iter().map(|k| hex::hex(&k.fingerprint())).collect::<Vec<_>>(),
    })
}

impl Bundle {
    /// What was found, for people.
    pub fn table(&self) -> String {
        let mut text = self.says.iter().fold(String::new(), |text, line| text + line + "\n");
        text += &broken_lines(&self.broken);
        if self.broken.is_empty() {
            text += if self.key_known {
                "holds: it is as it was given, under the named key\n"
            } else {
                "consistent with itself, key unknown: name the festival's with --key\n"
            };
        }
        text
    }
}

/// What was found in a bundle, for programs.
pub fn bundle_json(bundle: &Bundle) -> Value {
    json!({
        "version": 1,
        "kind": bundle.kind,
        "holds": bundle.holds(),
        "key_known": bundle.key_known,
        "says": bundle.says,
        "broken": broken_json(&bundle.broken),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_counted() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "lane"), "1 lane");
        assert_eq!(counted(1_000, "row"), "1,000 rows");
    }
}
