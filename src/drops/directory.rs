//! The drops a node knows, and the lanes that could not be opened.

use super::drop::Drop;
use super::spec::DropSpec;
use fanfare_lane::LaneId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The drops by id, and by lane.
#[derive(Clone, Default)]
pub struct Directory {
    /// By id, in the order of the festival file.
    pub drops: Vec<Arc<Drop>>,
    by_id: BTreeMap<String, usize>,
    by_lane: BTreeMap<LaneId, usize>,
    /// Lanes that could not be opened, and why.
    pub shut: Vec<(LaneId, String)>,
    /// Those of them that are opened once their journal answers.
    pub(super) silent: Vec<(LaneId, DropSpec)>,
}

impl Directory {
    /// The drop with this id.
    pub fn named(&self, id: &str) -> Option<&Arc<Drop>> {
        self.by_id.get(id).map(|&at| &self.drops[at])
    }

    /// The drop this lane decides.
    pub fn of_lane(&self, lane: LaneId) -> Option<&Arc<Drop>> {
        self.by_lane.get(&lane).map(|&at| &self.drops[at])
    }

    /// Whether this is a drop that is opened once its journal answers.
    pub fn waits(&self, id: &str) -> bool {
        self.silent.iter().any(|(_, spec)| spec.id == id)
    }

    /// Lanes that should be open and are not, each with why.
    pub fn not_open(&self) -> Vec<String> {
        let shut = self.shut.iter().map(|(lane, why)| format!("lane {lane}: {why}"));
        let stopped =
            |drop: &Arc<Drop>| Some(format!("drop {}: {}", drop.spec.id, drop.stopped()?));
        shut.chain(self.drops.iter().filter_map(stopped)).collect()
    }

    /// A lane that cannot be opened.
    pub(super) fn shut(&mut self, lane: LaneId, why: String) {
        if !self.shut.iter().any(|(known, _)| *known == lane) {
            tracing::error!(lane, why, "LANE SHUT");
            self.shut.push((lane, why));
        }
    }

    /// One whose journal does not answer.
    pub(super) fn shut_by_silence(&mut self, lane: LaneId, spec: DropSpec, why: String) {
        if !self.silent.iter().any(|(known, _)| *known == lane) {
            self.silent.push((lane, spec));
        }
        self.shut(lane, why);
    }

    /// Nothing keeps a lane from being opened, here or by another node.
    pub(super) fn not_shut(&mut self, lane: LaneId) {
        self.shut.retain(|(shut, _)| *shut != lane);
        self.silent.retain(|(silent, _)| *silent != lane);
    }

    pub(super) fn add(&mut self, drop: Arc<Drop>) {
        self.not_shut(drop.lane);
        self.by_id.insert(drop.spec.id.clone(), self.drops.len());
        self.by_lane.insert(drop.lane, self.drops.len());
        self.drops.push(drop);
    }

    pub(super) fn rename(&mut self, lane: LaneId, spec: DropSpec) {
        if let Some(&at) = self.by_lane.get(&lane) {
            self.drops[at] = Arc::new(self.drops[at].renamed(spec));
        }
    }
}
