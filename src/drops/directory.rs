//! The drops a node knows: those it serves, and those it does not serve now, with why.

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
    /// Drops that are not served here now, the newest last. They exist, and what they promised
    /// stands: whoever asks for one hears `busy`, never that there is none.
    shut: Vec<Arc<Shut>>,
}

/// A drop that is not served here now.
#[derive(Clone)]
pub struct Shut {
    /// Its lane.
    pub lane: LaneId,
    /// The drop, as far as it is known without its lane.
    pub spec: DropSpec,
    /// Why, in words for the operator.
    pub why: String,
    /// What opens it.
    pub until: Until,
}

/// What opens a lane that is shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Somebody who looks and decides.
    Mended,
    /// Its journal's answer.
    Answered,
    /// The node whose it is: another, which has not opened it yet, or this one, once it is known
    /// to be. It is looked at again.
    Told,
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

    /// The drop with this id, if it is not served here now.
    pub fn shut_named(&self, id: &str) -> Option<&Arc<Shut>> {
        self.shut.iter().find(|shut| shut.spec.id == id && self.named(id).is_none())
    }

    /// The drop of this lane, if it is not served here now.
    pub fn shut_lane(&self, lane: LaneId) -> Option<&Arc<Shut>> {
        self.shut.iter().find(|shut| shut.lane == lane)
    }

    /// Every drop that is not served here now.
    pub fn shut(&self) -> &[Arc<Shut>] {
        &self.shut
    }

    /// Those of them that are shut for a fault: one that a node is about to open is not.
    pub fn alarming(&self) -> impl Iterator<Item = &Arc<Shut>> {
        self.shut.iter().filter(|shut| shut.until != Until::Told)
    }

    /// Those of them that open by themselves, and are tried again and again.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Arc<Shut>> {
        self.shut.iter().filter(|shut| shut.until != Until::Mended)
    }

    /// Lanes that should be open and are not, each with why.
    pub fn not_open(&self) -> Vec<String> {
        let shut = self.shut.iter().map(|shut| shut.words());
        let stopped =
            |drop: &Arc<Drop>| Some(format!("drop {}: {}", drop.spec.id, drop.stopped()?));
        shut.chain(self.drops.iter().filter_map(stopped)).collect()
    }

    /// A drop is not served. What keeps its lane shut now counts, not what did before; the log is
    /// told when that becomes another.
    pub(super) fn close(&mut self, shut: Shut) {
        let known = self.shut.iter().position(|known| known.lane == shut.lane);
        let known = known.map(|at| self.shut.remove(at));
        if shut.until != Until::Told && known.is_none_or(|known| known.until != shut.until) {
            tracing::error!(lane = shut.lane, why = shut.why, "LANE SHUT");
        }
        self.shut.push(Arc::new(shut));
    }

    pub(super) fn add(&mut self, drop: Arc<Drop>) {
        self.shut.retain(|shut| shut.lane != drop.lane);
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

impl Shut {
    /// Which lane, and why, as `/readyz` says it.
    pub fn words(&self) -> String {
        format!("lane {}: {}", self.lane, self.why)
    }
}
