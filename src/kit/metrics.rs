//! Counters for operators, in Prometheus' text form.

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
    pub refusals: Family<Code, Counter>,
    /// Refusals for the commonest reason of all, kept apart so that counting it costs one step.
    pub sold_out: Counter,
    /// Free units by drop, written when asked.
    pub free: Family<OfDrop, Gauge>,
    /// Units held or settled by drop, written when asked.
    pub out: Family<OfDrop, Gauge>,
    /// 1 while the machine's clock stands where it cannot have come by itself.
    pub clock_stepped: Gauge,
    /// How far this clock is ahead of the nearest of the other nodes', ms; 0 within a second.
    pub clock_differs_ms: Gauge,
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

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("fanfare"),
            claims: Counter::default(),
            repeats: Counter::default(),
            refusals: Family::default(),
            sold_out: Counter::default(),
            free: Family::default(),
            out: Family::default(),
            clock_stepped: Gauge::default(),
            clock_differs_ms: Gauge::default(),
            lanes_stopped: Gauge::default(),
            projector_rows: Gauge::default(),
            projector_ms: Gauge::default(),
            projector_facts: Gauge::default(),
            projector_stopped: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("claims", "Claims answered 201", metrics.claims.clone());
        registry.register("repeats", "Claims answered 200", metrics.repeats.clone());
        registry.register("refusals", "Requests refused, by code", metrics.refusals.clone());
        registry.register("sold_out", "Claims refused as sold out", metrics.sold_out.clone());
        registry.register("free_units", "Free units by drop", metrics.free.clone());
        registry.register("out_units", "Units held or settled by drop", metrics.out.clone());
        let stepped = metrics.clock_stepped.clone();
        registry.register("clock_stepped", "1 while nothing expires: the clock stepped", stepped);
        let differs = metrics.clock_differs_ms.clone();
        let help = "How far this clock is ahead of the other nodes', beyond a second";
        registry.register("clock_differs_ms", help, differs);
        let stopped = metrics.lanes_stopped.clone();
        registry.register("lanes_stopped", "Lanes stopped or shut; look at the log", stopped);
        metrics.with_projector()
    }
}

impl Metrics {
    fn with_projector(mut self) -> Self {
        let gauges = [
            ("projector_rows_behind", "Rows not yet in the tables", &self.projector_rows),
            ("projector_waiting_ms", "How long some row has waited", &self.projector_ms),
            ("projector_facts", "Facts in the tables since the start", &self.projector_facts),
            ("projector_stopped_lanes", "Lanes the tables left", &self.projector_stopped),
        ];
        for (name, help, gauge) in gauges {
            self.registry.register(name, help, gauge.clone());
        }
        self
    }

    /// Counts a refusal.
    pub fn refused(&self, code: &'static str) {
        if code == "sold_out" {
            self.sold_out.inc();
        } else {
            self.refusals.get_or_create(&Code { code }).inc();
        }
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = encode(&mut text, &self.registry);
        text
    }
}
