//! The report: one page that needs nothing else, no script and no network, and prints well. It
//! holds both languages; a switch shows one of them.

use askama::Template;

use super::charts::{self, Mark, OverTime, Waits};
use super::memory::Memory;
use super::outcome::{About, Outcome, Words};
use super::promises::SAID;

/// What the report is about.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// The festival's name.
    pub festival: Words,
    /// The command that made it.
    pub command: String,
    /// The seed.
    pub seed: u64,
    /// When, as text.
    pub when: String,
    /// Straight into the lanes, without HTTP.
    pub in_process: bool,
    /// How long all of it took, ms.
    pub took_ms: i64,
}

/// One drop of the report: its figures, what is known of it, what its crowd remembers.
pub type Reported<'a> = (&'a Outcome, &'a About, &'a Memory);

/// The page.
///
/// # Errors
/// If the template cannot be filled, which is a fault of this program.
pub fn page(occasion: &Occasion, drops: &[Reported<'_>]) -> Result<String, askama::Error> {
    let outcomes = || drops.iter().map(|(outcome, ..)| *outcome);
    let mut shortened: Vec<Words> = Vec::new();
    for words in outcomes().flat_map(|outcome| &outcome.shortened) {
        if !shortened.contains(words) {
            shortened.push(words.clone());
        }
    }
    Page {
        occasion,
        took: time(occasion.took_ms as f64),
        kept: outcomes().all(Outcome::kept),
        promises: SAID.iter().map(|said| PromiseRow::of(said, drops)).collect(),
        totals: totals(drops),
        shortened,
        edge: charts::long_edge(),
        history: drops.iter().filter_map(History::of).collect(),
        drops: drops.iter().map(Section::of).collect(),
    }
    .render()
}

#[derive(Template)]
#[template(path = "rehearsal/report.html")]
struct Page<'a> {
    occasion: &'a Occasion,
    took: String,
    kept: bool,
    promises: Vec<PromiseRow>,
    totals: Vec<(Words, String)>,
    shortened: Vec<Words>,
    edge: Vec<Mark>,
    history: Vec<History>,
    drops: Vec<Section>,
}

struct PromiseRow {
    says: Words,
    kept: bool,
    breaches: String,
    /// The drops where it was broken.
    broken_in: Vec<String>,
}

impl PromiseRow {
    fn of(&(id, en, zh): &(&str, &str, &str), drops: &[Reported<'_>]) -> Self {
        let mut row = Self {
            says: Words::new(en, zh),
            kept: true,
            breaches: String::new(),
            broken_in: Vec::new(),
        };
        let mut breaches = 0;
        for (outcome, ..) in drops {
            let promise = outcome.promises.iter().find(|promise| promise.id == id);
            if promise.is_none_or(|promise| !promise.kept) {
                row.broken_in.push(outcome.drop.clone());
            }
            breaches += promise.map_or(1, |promise| promise.breaches);
        }
        row.kept = row.broken_in.is_empty();
        row.breaches = grouped(breaches);
        row
    }
}

fn totals(drops: &[Reported<'_>]) -> Vec<(Words, String)> {
    let sum = |of: fn(&Outcome) -> u64| grouped(drops.iter().map(|(o, ..)| of(o)).sum());
    vec![
        (Words::new("drops", "场次"), grouped(drops.len() as u64)),
        (Words::new("fans", "粉丝"), sum(|o| u64::from(o.fans))),
        (Words::new("requests", "请求"), sum(|o| o.requests)),
        (Words::new("units given", "发出件数"), sum(|o| o.units)),
        (Words::new("given again", "回流再售"), sum(|o| o.resold)),
        (Words::new("lost answers repeated", "丢失后补答"), sum(|o| o.lost_answers_same)),
    ]
}

/// A pair of bars: here, and then.
struct History {
    name: Words,
    here: f64,
    here_text: String,
    then: f64,
    then_text: String,
}

impl History {
    fn of((outcome, about, _): &Reported<'_>) -> Option<Self> {
        let then_ms = f64::from(about.history_sold_out_s?) * 1_000.0;
        let here_ms = outcome.sold_out_after_ms? as f64;
        Some(Self {
            name: name(outcome, about),
            here: charts::on_long_edge(here_ms),
            here_text: time(here_ms),
            then: charts::on_long_edge(then_ms),
            then_text: time(then_ms),
        })
    }
}

struct Section {
    id: String,
    name: Words,
    kept: bool,
    fans: String,
    units: String,
    claims: String,
    resold: String,
    requests: String,
    requests_per_s: String,
    sold_out: String,
    history: String,
    answered: String,
    busy: String,
    lost_answers: String,
    virtual_time: bool,
    percentiles: Vec<(&'static str, String)>,
    over_time: OverTime,
    waits: Waits,
}

impl Section {
    fn of((outcome, about, memory): &Reported<'_>) -> Self {
        let missing = || "–".to_owned();
        let after = |ms: Option<i64>| ms.map_or_else(missing, |ms| time(ms as f64));
        let history_ms = about.history_sold_out_s.map(|s| i64::from(s) * 1_000);
        let percentile = |label, share| (label, wait(memory.wait_ms(share)));
        Self {
            id: outcome.drop.clone(),
            name: name(outcome, about),
            kept: outcome.kept(),
            fans: grouped(u64::from(outcome.fans)),
            units: grouped(outcome.units),
            claims: grouped(outcome.claims),
            resold: grouped(outcome.resold),
            requests: grouped(outcome.requests),
            requests_per_s: grouped(outcome.requests_per_s.round() as u64),
            sold_out: after(outcome.sold_out_after_ms),
            history: after(history_ms),
            answered: after(outcome.all_answered_after_ms),
            busy: format!("{:.1} %", outcome.busy_share * 100.0),
            lost_answers: format!(
                "{} / {}",
                grouped(outcome.lost_answers_same),
                grouped(outcome.lost_answers)
            ),
            virtual_time: outcome.virtual_time,
            percentiles: vec![
                percentile("50 %", 50.0),
                percentile("90 %", 90.0),
                percentile("99 %", 99.0),
                percentile("99.9 %", 99.9),
                percentile("100 %", 100.0),
            ],
            over_time: OverTime::of(memory, outcome.sold_out_after_ms),
            waits: Waits::of(memory),
        }
    }
}

/// The drop's names, or its id where it has none.
fn name(outcome: &Outcome, about: &About) -> Words {
    let or_id = |name: &str| if name.is_empty() { outcome.drop.clone() } else { name.to_owned() };
    Words { en: or_id(&about.name_en), zh: or_id(&about.name_zh) }
}

/// 1234567 as 1,234,567.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span of time as people say it.
fn time(ms: f64) -> String {
    match ms / 1_000.0 {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3_600.0 => format!("{:.1} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} d", s / 86_400.0),
    }
}

/// A wait in ms with as many decimals as mean something.
fn wait(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([grouped(0), grouped(999), grouped(1_234_567)], ["0", "999", "1,234,567"]);
        assert_eq!(
            [time(2_940.0), time(90_000.0), time(43_200_000.0)],
            ["2.9 s", "1.5 min", "12.0 h"]
        );
        assert_eq!([wait(0.4), wait(12.3), wait(2_500.0)], ["0.40 ms", "12 ms", "2.50 s"]);
    }
}
