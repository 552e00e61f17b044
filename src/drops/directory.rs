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
    /// What is left out as long as the first journal has not answered since the start.
    apart: Option<Apart>,
}

/// A start without the first journal.
#[derive(Clone)]
struct Apart {
    /// Why it is not heard, in words.
    why: String,
    /// Drops whose lane nobody else can name.
    unplaced: Vec<DropSpec>,
}

/// A lane that could not be opened.
#[derive(Clone)]
pub struct Shut {
    /// The lane.
    pub lane: LaneId,
    /// Why, in words.
    pub why: String,
    /// What opens once its journal answers, if nothing but that one's silence keeps it shut.
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

    /// Whether this is a drop that is opened once its journal answers. While the first has not
    /// answered since the start, any that is not known may be one.
    pub fn waits(&self, id: &str) -> bool {
        let unknown = self.is_apart() && self.named(id).is_none();
        unknown || self.waiting().any(|(_, spec)| spec.id == id)
    }

    /// Whether the first journal has not answered since the start, so that nobody here knows all
    /// drops and lanes.
    pub fn is_apart(&self) -> bool {
        self.apart.is_some()
    }

    /// Drops of which only the first journal can say whether they have a lane.
    pub fn unplaced(&self) -> impl Iterator<Item = &DropSpec> {
        self.apart.iter().flat_map(|apart| &apart.unplaced)
    }

    /// The first journal is not heard, and why; the log is told when that becomes another.
    pub(super) fn start_apart(&mut self, why: &str) {
        if self.apart.as_ref().is_none_or(|apart| apart.why != why) {
            tracing::error!(why, "WITHOUT THE FIRST JOURNAL");
        }
        let unplaced = self.apart.take().map_or_else(Vec::new, |apart| apart.unplaced);
        self.apart = Some(Apart { why: why.to_owned(), unplaced });
    }

    /// A drop whose lane is not known before the first journal answers.
    pub(super) fn wait_for_place(&mut self, spec: DropSpec) {
        self.apart.iter_mut().for_each(|apart| apart.unplaced.push(spec.clone()));
    }

    /// The first journal was heard.
    pub(super) fn end_apart(&mut self) {
        self.apart = None;
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
        let apart = self.apart.iter().map(|apart| {
            let ids = apart.unplaced.iter().map(|spec| spec.id.as_str());
            let ids: Vec<&str> = ids.filter(|id| self.named(id).is_none()).collect();
            let those =
                if ids.is_empty() { String::new() } else { format!(" ({})", ids.join(", ")) };
            format!("journal 1: {}; drops only it can place{those} wait for it", apart.why)
        });
        apart.chain(shut).chain(self.drops.iter().filter_map(stopped)).collect()
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

    /// Nothing keeps a lane from being opened, here or by another node.
    pub(super) fn not_shut(&mut self, lane: LaneId) {
        self.shut.retain(|shut| shut.lane != lane);
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
