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
    /// Lanes that could not be opened, the newest last.
    pub shut: Vec<Shut>,
}

/// A lane that could not be opened.
#[derive(Clone)]
pub struct Shut {
    /// The lane.
    pub lane: LaneId,
    /// Why, in words.
    pub why: String,
    /// What opens once its journal answers, or once it is this node's to open or another has: if
    /// nothing else keeps it shut.
    pub(super) waits: Option<DropSpec>,
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
        self.waiting().any(|(_, spec)| spec.id == id)
    }

    /// The lanes that are opened once their journal answers.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (LaneId, &DropSpec)> {
        self.shut.iter().filter_map(|shut| Some((shut.lane, shut.waits.as_ref()?)))
    }

    /// Lanes that should be open and are not, each with why.
    pub fn not_open(&self) -> Vec<String> {
        let shut = self.shut.iter().map(|shut| format!("lane {}: {}", shut.lane, shut.why));
        let stopped =
            |drop: &Arc<Drop>| Some(format!("drop {}: {}", drop.spec.id, drop.stopped()?));
        shut.chain(self.drops.iter().filter_map(stopped)).collect()
    }

    /// A lane cannot be opened, and what opens once its journal answers, if that is all. What
    /// keeps it shut now counts, not what did before; the log is told when that becomes another.
    pub(super) fn shut(&mut self, lane: LaneId, why: String, waits: Option<DropSpec>) {
        let known = self.shut.iter().position(|shut| shut.lane == lane);
        let known = known.map(|at| self.shut.remove(at));
        if known.is_none_or(|known| known.waits.is_some() != waits.is_some()) {
            tracing::error!(lane, why, "LANE SHUT");
        }
        self.shut.push(Shut { lane, why, waits });
    }

    /// A lane is another node's to open, or nobody knows whose. It is looked at again.
    pub(super) fn awaits(&mut self, lane: LaneId, spec: DropSpec) {
        self.not_shut(lane);
        let why = "no node has opened it yet; it opens when one does".to_owned();
        self.shut.push(Shut { lane, why, waits: Some(spec) });
    }

    /// Nothing keeps a lane from being opened, here or by another node.
    pub(super) fn not_shut(&mut self, lane: LaneId) {
        self.shut.retain(|shut| shut.lane != lane);
    }

    pub(super) fn add(&mut self, drop: Arc<Drop>) {
        self.not_shut(drop.lane);
        if let Some(&at) = self.by_lane.get(&drop.lane) {
            // Another node told of it while it was opened here, or the other way round.
            self.drops[at] = drop;
            return;
        }
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
