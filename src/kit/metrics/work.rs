//! What a process's lanes and journals have done: counted once a batch and once a commit, never
//! once a request.

use super::Spread;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// The counters; copies count together.
#[derive(Clone, Debug)]
pub struct Work {
    /// Commands a batch decided; as many as there were batches.
    pub commands: Spread,
    /// How long the oldest command of a batch had waited when it was decided, µs.
    pub to_decision: Spread,
    /// How long it had waited when the batch's answers left, µs.
    pub to_answer: Spread,
    /// Claims this process's lanes made, whoever asked for them.
    pub claims: Counter,
    /// How long the journal took for a commit, µs.
    pub appends: Spread,
    /// Rows that went in.
    pub rows: Counter,
    /// Facts in them.
    pub facts: Counter,
    /// Commits of which it was not known whether they went in.
    pub unknown: Counter,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            commands: Spread::of_counts(),
            to_decision: Spread::of_times(),
            to_answer: Spread::of_times(),
            claims: Counter::default(),
            appends: Spread::of_times(),
            rows: Counter::default(),
            facts: Counter::default(),
            unknown: Counter::default(),
        }
    }
}

impl Work {
    /// Names them for operators.
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Commands a batch decided";
        registry.register("batch_commands", help, self.commands.clone());
        let help = "From the oldest command of a batch coming in to its decision";
        registry.register("wait_to_decision_seconds", help, self.to_decision.clone());
        let help = "From the oldest command of a batch coming in to its answers leaving";
        registry.register("wait_to_answer_seconds", help, self.to_answer.clone());
        let help = "Claims the lanes of this process made, whoever asked";
        registry.register("lane_claims", help, self.claims.clone());
        let help = "What the journal took for a commit";
        registry.register("append_seconds", help, self.appends.clone());
        registry.register("append_rows", "Rows in these commits", self.rows.clone());
        registry.register("append_facts", "Facts in these rows", self.facts.clone());
        let help = "Commits of which it was not known whether they went in";
        registry.register("append_unknown", help, self.unknown.clone());
    }
}
