//! Counters for operators, in Prometheus' text form.

mod spread;
mod work;

pub use spread::{Seen, Spread};
pub use work::Work;

use crate::kit::problem;
use crate::kit::process::Process;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// A refusal's or failure's code.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Code {
    /// The code.
    pub code: &'static str,
}

/// A drop's name.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct OfDrop {
    /// The drop's id.
    pub drop: String,
}

/// The counters.
pub struct Metrics {
    registry: Registry,
    /// Claims answered 201.
    pub claims: Counter,
    /// Claims answered 200, repeats.
    pub repeats: Counter,
    /// Requests refused, by code.
    refusals: Family<Code, Counter>,
    /// The same counters as far as their codes are known beforehand, so that to count a refusal
    /// takes no lock; the commonest of all first.
    by_code: Vec<(&'static str, Counter)>,
    /// What lanes and journals have done.
    pub work: Work,
    /// Free units by drop, written when asked.
    pub free: Family<OfDrop, Gauge>,
    /// Units held or settled by drop, written when asked.
    pub out: Family<OfDrop, Gauge>,
    /// 1 while the machine's clock stands where it cannot have come by itself.
    pub clock_stepped: Gauge,
    /// How far this clock is ahead of the nearest of the other nodes', ms; 0 within a second.
    pub clock_differs_ms: Gauge,
    /// Open connections.
    pub connections: Gauge,
    /// Who watches the live totals.
    pub watchers: Gauge,
    /// Lanes that stopped or could not be opened.
    pub lanes_stopped: Gauge,
    /// Rows of the journal that are not yet in the tables.
    pub projector_rows: Gauge,
    /// How long some row has been waiting to be, ms.
    pub projector_ms: Gauge,
    /// Facts in the tables since the process began.
    pub projector_facts: Gauge,
    /// Lanes whose tables follow their journal no more.
    pub projector_stopped: Gauge,
}

/// What most are refused for.
const SOLD_OUT: &str = "sold_out";

/// Why only pages refuse.
const OF_PAGES: [&str; 7] =
    ["cross_site", "for_hosts", "drop_shut", "claim_shut", "mine_shut", "broken", "starting"];

impl Metrics {
    /// Beside these lanes and journals.
    pub fn beside(work: &Work) -> Self {
        let refusals = Family::<Code, Counter>::default();
        let codes = problem::codes().filter(|code| *code != SOLD_OUT);
        let codes = std::iter::once(SOLD_OUT).chain(codes).chain(OF_PAGES);
        let counter = |code| (code, refusals.get_or_create(&Code { code }).clone());
        let mut metrics = Self {
            by_code: codes.map(counter).collect(),
            registry: Registry::default(),
            claims: Counter::default(),
            repeats: Counter::default(),
            refusals: refusals.clone(),
            work: work.clone(),
            free: Family::default(),
            out: Family::default(),
            clock_stepped: Gauge::default(),
            clock_differs_ms: Gauge::default(),
            connections: Gauge::default(),
            watchers: Gauge::default(),
            lanes_stopped: Gauge::default(),
            projector_rows: Gauge::default(),
            projector_ms: Gauge::default(),
            projector_facts: Gauge::default(),
            projector_stopped: Gauge::default(),
        };
        let mut registry = Registry::default();
        // Under the names every program has for them.
        registry.register_collector(Box::new(Process));
        metrics.register(registry.sub_registry_with_prefix("fanfare"));
        metrics.registry = registry;
        metrics
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("claims", "Claims answered 201", self.claims.clone());
        registry.register("repeats", "Claims answered 200", self.repeats.clone());
        registry.register("refusals", "Requests refused, by code", self.refusals.clone());
        self.work.register(registry);
        registry.register("free_units", "Free units by drop", self.free.clone());
        registry.register("out_units", "Units held or settled by drop", self.out.clone());
        let gauges = [
            ("clock_stepped", "1 while nothing expires: the clock stepped", &self.clock_stepped),
            (
                "clock_differs_ms",
                "How far this clock is ahead of the other nodes', beyond a second",
                &self.clock_differs_ms,
            ),
            ("connections", "Open connections", &self.connections),
            ("watchers", "Who watches the live totals", &self.watchers),
            ("lanes_stopped", "Lanes stopped or shut; look at the log", &self.lanes_stopped),
            ("projector_rows_behind", "Rows not yet in the tables", &self.projector_rows),
            ("projector_waiting_ms", "How long some row has waited", &self.projector_ms),
            ("projector_facts", "Facts in the tables since the start", &self.projector_facts),
            ("projector_stopped_lanes", "Lanes the tables left", &self.projector_stopped),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
    }

    /// Counts a refusal.
    pub fn refused(&self, code: &'static str) {
        match self.by_code.iter().find(|(known, _)| *known == code) {
            Some((_, counter)) => counter.inc(),
            None => self.refusals.get_or_create(&Code { code }).inc(),
        };
    }

    /// Refusals by code so far, the commonest code of all first, those of pages alone last.
    pub fn refused_by_code(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.by_code.iter().map(|(code, counter)| (*code, counter.get()))
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_stand_by_code_from_the_start_and_count_whatever_their_code() {
        let metrics = Metrics::beside(&Work::default());
        for code in ["sold_out", "sold_out", "busy", "never heard of"] {
            metrics.refused(code);
        }
        let text = metrics.text();
        for line in [
            "fanfare_refusals_total{code=\"sold_out\"} 2",
            "fanfare_refusals_total{code=\"busy\"} 1",
            "fanfare_refusals_total{code=\"too_fast\"} 0",
            "fanfare_refusals_total{code=\"never heard of\"} 1",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}: {text}");
        }
        let mut by_code = metrics.refused_by_code();
        assert_eq!(by_code.next(), Some(("sold_out", 2)));
        assert_eq!(by_code.filter(|(_, count)| *count > 0).count(), 1);
    }

    #[test]
    fn what_lanes_do_is_told_in_seconds_and_in_classes() {
        let work = Work::default();
        work.appends.add(250);
        work.commands.add(3);
        let text = Metrics::beside(&work).text();
        for line in [
            "fanfare_append_seconds_sum 0.00025",
            "fanfare_append_seconds_bucket{le=\"0.0002\"} 0",
            "fanfare_append_seconds_bucket{le=\"0.0003\"} 1",
            "fanfare_append_seconds_bucket{le=\"+Inf\"} 1",
            "fanfare_batch_commands_bucket{le=\"4.0\"} 1",
            "fanfare_batch_commands_count 1",
            "# TYPE process_cpu_seconds counter",
            "# TYPE process_resident_memory_bytes gauge",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}: {text}");
        }
    }
}
