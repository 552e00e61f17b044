//! The figures of the page on how the server does, in words: their names, what they come to, from
//! where on somebody has to look.

use super::engine_page::{Group, Row};
use crate::host::pulse::Counts;
use crate::kit::metrics::Seen;
use crate::kit::words::{Key, Words, grouped};

/// From here on 99 batches in 100 are answered or decided too late, µs.
const WAIT_US_MAX: u64 = 1_000_000;

/// From here on 99 commits in 100 take too long, µs.
const COMMIT_US_MAX: u64 = 200_000;

/// From here on the machine has no CPU left, in a hundred.
const CPU_MAX: f64 = 90.0;

/// From here on tables are behind, ms.
const BEHIND_MS_MAX: u64 = 10_000;

/// What the figures are made of.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// For how long the process has run, µs.
    pub up_us: u64,
    /// Whether anybody has asked for anything.
    pub asked: bool,
    /// Drops that are not open though they should be.
    pub not_open: u64,
    /// In the last seconds.
    pub last: Counts,
    /// In the last minute.
    pub minute: Counts,
    /// The machine at this moment.
    pub machine: Machine,
    /// The tables at this moment, where there are any.
    pub tables: Option<Tables>,
}

/// The machine.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    pub cores: u64,
    pub resident_bytes: u64,
    /// All of its memory, and what is free of it.
    pub memory: Option<(u64, u64)>,
    pub connections: u64,
    pub watchers: u64,
}

/// How far the tables are behind.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub rows: u64,
    pub waiting_ms: u64,
    /// Lanes they follow no more.
    pub stopped: u64,
}

/// All of them.
pub fn rows_of(w: Words, figures: &Figures) -> Vec<Group> {
    let rows = Rows { w, figures };
    let group = |title: Key, rows: Vec<Row>| Group { title: w.key(title), rows };
    let mut groups = vec![group(Key("engine-of-fans"), rows.of_fans())];
    if figures.asked {
        groups.push(group(Key("engine-of-journal"), rows.of_journal()));
    }
    groups.push(group(Key("engine-of-machine"), rows.of_machine()));
    if let Some(tables) = &figures.tables {
        groups.push(group(Key("engine-of-tables"), rows.of_tables(tables)));
    }
    groups
}

struct Rows<'a> {
    w: Words,
    figures: &'a Figures,
}

impl Rows<'_> {
    /// A figure that is counted over a time.
    fn over(&self, [name, more]: [Key; 2], of: impl Fn(&Counts) -> String, odd: bool) -> Row {
        let (now, minute) = (of(&self.figures.last), of(&self.figures.minute));
        Row { at: 0, name: self.w.key(name), now, minute, more: self.w.key(more), odd }
    }

    /// A figure of this moment.
    fn at(&self, [name, more]: [Key; 2], now: String, odd: bool) -> Row {
        let minute = String::new();
        Row { at: 0, name: self.w.key(name), now, minute, more: self.w.key(more), odd }
    }

    fn of_fans(&self) -> Vec<Row> {
        let Figures { not_open, minute, .. } = self.figures;
        let shut = [Key("engine-not-open"), Key("engine-not-open-more")];
        let mut rows = vec![self.at(shut, grouped(*not_open), *not_open > 0)];
        if !self.figures.asked {
            return rows;
        }
        let claims = [Key("engine-claims"), Key("engine-claims-more")];
        rows.push(self.over(claims, |of| rate(of.per_s(of.claims)), false));
        let refused = [Key("engine-refused"), Key("engine-refused-more")];
        rows.push(self.over(refused, |of| rate(of.per_s(of.refused_in_all())), false));
        let given = minute.refused.iter().enumerate().filter(|(_, (_, count))| *count > 0);
        rows.extend(given.map(|(at, (code, _))| self.refused(at, code)));
        let answer = [Key("engine-answer"), Key("engine-answer-more")];
        let odd = late(&minute.to_answer, WAIT_US_MAX);
        rows.push(self.over(answer, |of| self.spread(&of.to_answer), odd));
        rows
    }

    /// Refusals of the code at this place.
    fn refused(&self, at: usize, code: &str) -> Row {
        let w = self.w;
        let (name, more) = match code {
            "not_open" => (w.t("host-refused-not-open"), None),
            "paused" => (w.t("host-refused-paused"), None),
            "closed" => (w.t("host-refused-closed"), None),
            "sold_out" => (w.t("host-refused-sold-out"), None),
            "limit_reached" => (w.t("host-refused-limit"), None),
            "no_session" => (w.t("engine-refused-session"), None),
            "too_fast" => (w.t("engine-refused-fast"), Some(Key("engine-refused-fast-more"))),
            "busy" => (w.t("engine-refused-busy"), Some(Key("engine-refused-busy-more"))),
            "unsure" => (w.t("engine-refused-unsure"), Some(Key("engine-refused-unsure-more"))),
            code => (w.with("engine-refused-code", &[("code", code)]), None),
        };
        let of = |counts: &Counts| {
            let count = counts.refused.get(at).map_or(0, |(_, count)| *count);
            rate(counts.per_s(count))
        };
        Row {
            at: 0,
            name,
            now: of(&self.figures.last),
            minute: of(&self.figures.minute),
            more: more.map(|key| w.key(key)).unwrap_or_default(),
            odd: ["busy", "unsure"].contains(&code),
        }
    }

    fn of_journal(&self) -> Vec<Row> {
        let minute = &self.figures.minute;
        let batches = [Key("engine-batches"), Key("engine-batches-more")];
        let commands = [Key("engine-commands"), Key("engine-commands-more")];
        let decision = [Key("engine-decision"), Key("engine-decision-more")];
        let commits = [Key("engine-commits"), Key("engine-commits-more")];
        let commit = [Key("engine-commit"), Key("engine-commit-more")];
        let unknown = [Key("engine-unknown"), Key("engine-unknown-more")];
        let each = |of: &Counts| match of.commands.count() {
            0 => "–".to_owned(),
            batches => rate(of.commands.sum() as f64 / batches as f64),
        };
        vec![
            self.over(batches, |of| rate(of.per_s(of.commands.count())), false),
            self.over(commands, each, false),
            self.over(
                decision,
                |of| self.spread(&of.to_decision),
                late(&minute.to_decision, WAIT_US_MAX),
            ),
            self.over(commits, |of| rate(of.per_s(of.appends.count())), false),
            self.over(commit, |of| self.spread(&of.appends), late(&minute.appends, COMMIT_US_MAX)),
            self.over(unknown, |of| grouped(of.unknown), minute.unknown > 0),
        ]
    }

    fn of_machine(&self) -> Vec<Row> {
        let (w, machine) = (self.w, &self.figures.machine);
        let busy = |of: &Counts| {
            of.cpu_us as f64 * 100.0 / (of.at_us.max(1) * machine.cores.max(1)) as f64
        };
        let cpu = [Key("engine-cpu"), Key("engine-cpu-more")];
        let a_claim = [Key("engine-cpu-claim"), Key("engine-cpu-claim-more")];
        let full = busy(&self.figures.minute) > CPU_MAX;
        let mut rows = vec![self.over(cpu, |of| format!("{:.0} %", busy(of).min(100.0)), full)];
        if self.figures.asked {
            let each = |of: &Counts| match of.cpu_us.checked_div(of.claims) {
                Some(us) if us < 1_000 => w.with("engine-us", &[("n", &us.to_string())]),
                Some(us) => self.time(us),
                None => "–".to_owned(),
            };
            rows.push(self.over(a_claim, each, false));
        }
        let mib = |bytes: u64| w.with("engine-mib", &[("n", &grouped(bytes >> 20))]);
        let short = machine.memory.is_some_and(|(all, free)| free < all / 10);
        let memory = [Key("engine-memory"), Key("engine-memory-more")];
        rows.push(self.at(memory, mib(machine.resident_bytes), false));
        if let Some((_, free)) = machine.memory {
            rows.push(self.at([Key("engine-free"), Key("engine-free-more")], mib(free), short));
        }
        let open = [Key("engine-connections"), Key("engine-connections-more")];
        rows.push(self.at(open, grouped(machine.connections), false));
        let watchers = [Key("engine-watchers"), Key("engine-watchers-more")];
        rows.push(self.at(watchers, grouped(machine.watchers), false));
        rows
    }

    fn of_tables(&self, tables: &Tables) -> Vec<Row> {
        let behind = [Key("engine-rows"), Key("engine-rows-more")];
        let waiting = [Key("engine-waiting"), Key("engine-waiting-more")];
        let stopped = [Key("engine-stopped"), Key("engine-stopped-more")];
        let late = tables.waiting_ms > BEHIND_MS_MAX;
        vec![
            self.at(behind, grouped(tables.rows), false),
            self.at(waiting, self.time(tables.waiting_ms * 1_000), late),
            self.at(stopped, grouped(tables.stopped), tables.stopped > 0),
        ]
    }

    /// What half stay below, and 99 in 100.
    fn spread(&self, seen: &Seen) -> String {
        match (seen.per_mille(500), seen.per_mille(990)) {
            (Some(half), Some(most)) => format!("{} / {}", self.time(half), self.time(most)),
            _ => "–".to_owned(),
        }
    }

    /// A short time.
    fn time(&self, us: u64) -> String {
        let w = self.w;
        match us {
            0 => "0".to_owned(),
            1..10_000 => w.with("engine-ms", &[("n", &tenths(us as f64 / 1_000.0))]),
            10_000..1_000_000 => {
                w.with("engine-ms", &[("n", &format!("{:.0}", us as f64 / 1_000.0))])
            }
            _ => w.with("span-s", &[("n", &tenths(us as f64 / 1_000_000.0))]),
        }
    }
}

/// Whether 99 in 100 go beyond this.
fn late(seen: &Seen, most_us: u64) -> bool {
    seen.per_mille(990).is_some_and(|us| us > most_us)
}

/// How often, to a tenth where it is seldom.
fn rate(times: f64) -> String {
    match times {
        10.0.. => grouped(times.round() as u64),
        _ => tenths(times),
    }
}

/// To a tenth; never nothing where there is something.
fn tenths(value: f64) -> String {
    let value = if value > 0.0 { value.max(0.1) } else { value };
    format!("{value:.1}").trim_end_matches(".0").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::words::Lang;

    #[test]
    fn figures_are_short_and_never_nothing_where_there_is_something() {
        let figures = Figures::default();
        let time = |us| Rows { w: Words(Lang::En), figures: &figures }.time(us);
        let times = [0, 40, 900, 5_250, 12_400, 999_000, 1_500_000].map(time);
        assert_eq!(times, ["0", "0.1 ms", "0.9 ms", "5.2 ms", "12 ms", "999 ms", "1.5 s"]);
        assert_eq!([0.0, 0.02, 3.0, 9.94, 12_345.6].map(rate), ["0", "0.1", "3", "9.9", "12,346"]);
    }
}
