//! What runs met, added up.

use crate::audit::{KINDS, LANE_CODES};
use crate::fault::{Met, Step};
use core::fmt;

/// Refusals the gate can give by itself.
const GATE_CODES: usize = 7;

/// How often each fault was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MetCounts([u64; Met::NAMES.len()]);

impl Default for MetCounts {
    fn default() -> Self {
        Self([0; Met::NAMES.len()])
    }
}

/// Counts over one seed or many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Seeds run.
    pub seeds: u64,
    /// Seeds with several nodes.
    pub fleets: u64,
    /// Requests that reached any of several nodes.
    pub asked: u64,
    /// Seeds whose commits were signed for real.
    pub signed: u64,
    /// Requests that reached the gate or a lane.
    pub commands: u64,
    /// Commands a lane decided.
    pub decided: u64,
    /// Decided commands that made facts.
    pub made: u64,
    /// Rows that became durable.
    pub rows: u64,
    /// Commits that held rows of several lanes.
    pub shared_commits: u64,
    /// Fewest commands of a seed.
    pub commands_min: u64,
    /// Fewest faults of a seed, the network's not counted.
    pub faults_min: u64,
    /// Answers `busy` and `unsure`.
    pub put_off: [u64; 2],
    pub(crate) hard: u64,
    /// Late money the reserve would cover, but the fan has all they may.
    pub(crate) late_above_limit: u64,
    pub(crate) facts: [u64; KINDS.len()],
    pub(crate) crashes: [u64; Step::ALL.len()],
    pub(crate) met: MetCounts,
    pub(crate) lane_refusals: [u64; LANE_CODES.len()],
    pub(crate) gate_refusals: [u64; GATE_CODES],
}

impl Report {
    pub(crate) fn met(&mut self, met: Met) {
        self.met.0[met as usize] += 1;
        self.hard += u64::from(met.hard());
    }

    pub(crate) fn crashed(&mut self, after: Step) {
        self.crashes[after as usize] += 1;
        self.hard += 1;
    }

    /// Faults so far, the network's not counted.
    pub(crate) fn faults(&self) -> u64 {
        self.hard
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: &Self) {
        let first = self.seeds == 0;
        // Seeds with several nodes have fewer commands, and count apart.
        let least = |own: u64, other: u64| match (own, other) {
            (own, 0) => own,
            (0, other) if first || own == 0 => other,
            (own, other) => own.min(other),
        };
        self.commands_min = least(self.commands_min, other.commands_min);
        self.faults_min = least(self.faults_min, other.faults_min);
        self.seeds += other.seeds;
        self.fleets += other.fleets;
        self.asked += other.asked;
        self.signed += other.signed;
        self.commands += other.commands;
        self.decided += other.decided;
        self.made += other.made;
        self.rows += other.rows;
        self.shared_commits += other.shared_commits;
        self.hard += other.hard;
        self.late_above_limit += other.late_above_limit;
        let sums = [
            (&mut self.put_off[..], &other.put_off[..]),
            (&mut self.crashes[..], &other.crashes[..]),
            (&mut self.met.0[..], &other.met.0[..]),
            (&mut self.facts[..], &other.facts[..]),
            (&mut self.lane_refusals[..], &other.lane_refusals[..]),
            (&mut self.gate_refusals[..], &other.gate_refusals[..]),
        ];
        for (own, other) in sums {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        }
    }

    /// Every kind of fault, of fact and of refusal, by name, with how often it was met.
    pub fn kinds(&self) -> Vec<(String, u64)> {
        let crashes = Step::ALL.iter().zip(&self.crashes);
        let crashes = crashes.map(|(step, count)| (format!("crash after {step:?}"), *count));
        let met = Met::NAMES.iter().zip(&self.met.0);
        let met = met.map(|(name, count)| ((*name).to_string(), *count));
        let lane = LANE_CODES.iter().zip(&self.lane_refusals);
        let lane = lane.map(|(code, count)| (format!("lane refuses {code}"), *count));
        // The gate never sees limits or keys: those two stay with the lane.
        let gate = LANE_CODES.iter().zip(&self.gate_refusals).enumerate();
        let gate = gate.filter(|(code, _)| !matches!(code, 4 | 5));
        let gate = gate.map(|(_, (code, count))| (format!("gate refuses {code}"), *count));
        let put_off = ["busy", "unsure"].iter().zip(&self.put_off);
        let put_off = put_off.map(|(word, count)| (format!("answered {word}"), *count));
        let facts = KINDS.iter().zip(&self.facts);
        let facts = facts.map(|(kind, count)| (format!("fact {kind}"), *count));
        let above = ("late money above the limit".to_string(), self.late_above_limit);
        crashes
            .chain(met)
            .chain(facts)
            .chain([above])
            .chain(lane)
            .chain(gate)
            .chain(put_off)
            .collect()
    }

    /// The kinds never met.
    pub fn never_met(&self) -> Vec<String> {
        self.kinds().into_iter().filter(|(_, count)| *count == 0).map(|(name, _)| name).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.made as f64 / self.commands.max(1) as f64 * 100.0;
        let (seeds, fleets, signed) = (self.seeds, self.fleets, self.signed);
        writeln!(f, "{seeds} seeds, {fleets} with several nodes, {signed} signed for real")?;
        writeln!(f, "{} commands, at least {} a seed", self.commands, self.commands_min)?;
        writeln!(f, "{} requests to several nodes", self.asked)?;
        writeln!(f, "{} made facts ({share:.1} %), {} were decided", self.made, self.decided)?;
        writeln!(f, "{} rows, {} commits of several lanes", self.rows, self.shared_commits)?;
        writeln!(f, "{} faults, at least {} a seed", self.hard, self.faults_min)?;
        for (name, count) in self.kinds() {
            writeln!(f, "{count:>12}  {name}")?;
        }
        Ok(())
    }
}
