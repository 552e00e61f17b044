//! The drops a node knows: those it serves, and those it does not serve now, with why.

use super::drop::Drop;
use super::spec::DropSpec;
use fanfare_lane::LaneId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

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
    /// Why the first journal has not been heard since the start, if it has not: until then nobody
    /// here knows all drops and lanes.
    apart: Option<String>,
    /// Lanes that are leased at a journal and that nobody here knows, and whether they may have
    /// rows: one whose first row is not there yet is no drop.
    unheard: BTreeMap<LaneId, bool>,
}

/// A drop that is not served here now.
#[derive(Clone)]
pub struct Shut {
    /// Its lane; none where the first journal alone can say which it has, or gives it one.
    pub lane: Option<LaneId>,
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

    /// Whether this lane's drop is known here, served or not.
    pub fn knows(&self, lane: LaneId) -> bool {
        self.by_lane.contains_key(&lane) || self.shut_lane(lane).is_some()
    }

    /// The drop with this id, if it is not served here now.
    pub fn shut_named(&self, id: &str) -> Option<&Arc<Shut>> {
        self.shut.iter().find(|shut| shut.spec.id == id && self.named(id).is_none())
    }

    /// The drop of this lane, if it is not served here now.
    pub fn shut_lane(&self, lane: LaneId) -> Option<&Arc<Shut>> {
        self.shut.iter().find(|shut| shut.lane == Some(lane))
    }

    /// Whether a drop with this id is there, or may be, and is not served here now.
    pub fn may_have(&self, id: &str) -> bool {
        let unheard = self.unheard.values().any(|may_have_rows| *may_have_rows);
        self.is_apart() || unheard || self.shut_named(id).is_some()
    }

    /// The same of a lane's drop.
    pub fn may_have_lane(&self, lane: LaneId) -> bool {
        let unheard = self.unheard.get(&lane).is_some_and(|may_have_rows| *may_have_rows);
        self.is_apart() || unheard || self.shut_lane(lane).is_some()
    }

    /// Lanes that are leased and that nobody here knows, in order.
    pub fn unheard(&self) -> impl Iterator<Item = LaneId> {
        self.unheard.keys().copied()
    }

    /// These are leased, and nobody here knows them. Of those that are new it is not known whether
    /// they have rows.
    pub(super) fn note_unheard(&mut self, lanes: BTreeSet<LaneId>) {
        let before = std::mem::take(&mut self.unheard);
        let may_have_rows = |lane: &LaneId| before.get(lane).copied().unwrap_or(true);
        self.unheard = lanes.into_iter().map(|lane| (lane, may_have_rows(&lane))).collect();
    }

    /// These of them have no rows yet.
    pub(super) fn found_empty(&mut self, lanes: &[LaneId]) {
        for lane in lanes {
            self.unheard.entry(*lane).and_modify(|may_have_rows| *may_have_rows = false);
        }
    }

    /// Whether the first journal has not been heard since the start, so that there may be drops
    /// and lanes that nobody here knows.
    pub fn is_apart(&self) -> bool {
        self.apart.is_some()
    }

    /// Whether every drop there is is served here.
    pub fn is_whole(&self) -> bool {
        self.shut.is_empty() && !self.is_apart()
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
        let apart = self.apart.iter();
        let apart = apart.map(|why| format!("journal 1: {why}; what only it knows waits for it"));
        let shut = self.shut.iter().map(|shut| shut.words());
        let stopped =
            |drop: &Arc<Drop>| Some(format!("drop {}: {}", drop.spec.id, drop.stopped()?));
        apart.chain(shut).chain(self.drops.iter().filter_map(stopped)).collect()
    }

    /// A drop is not served. What keeps its lane shut now counts, not what did before; the log is
    /// told when that becomes another.
    pub(super) fn close(&mut self, shut: Shut) {
        let known = self.shut.iter().position(|known| known.same(shut.lane, &shut.spec.id));
        let known = known.map(|at| self.shut.remove(at));
        if shut.until != Until::Told && known.is_none_or(|known| known.until != shut.until) {
            tracing::error!(lane = shut.lane, drop = shut.spec.id, why = shut.why, "LANE SHUT");
        }
        self.shut.push(Arc::new(shut));
    }

    /// Another node serves a drop, and this one has not read it yet, or could not.
    pub(super) fn hear_of(&mut self, lane: LaneId, spec: DropSpec) {
        if !self.knows(lane) {
            let why = "another node serves it, and this one reads it now".to_owned();
            self.close(Shut { lane: Some(lane), spec, why, until: Until::Told });
        }
    }

    pub(super) fn add(&mut self, drop: Arc<Drop>) {
        self.shut.retain(|shut| !shut.same(Some(drop.lane), &drop.spec.id));
        if let Some(&at) = self.by_lane.get(&drop.lane) {
            // Another node told of it while it was opened here, or the other way round.
            self.drops[at] = drop;
            return;
        }
        self.by_id.insert(drop.spec.id.clone(), self.drops.len());
        self.by_lane.insert(drop.lane, self.drops.len());
        self.drops.push(drop);
    }

    /// The first journal is not heard, and why; the log is told when that becomes another.
    pub(super) fn start_apart(&mut self, why: &str) {
        if self.apart.as_deref() != Some(why) {
            tracing::error!(why, "WITHOUT THE FIRST JOURNAL");
            self.apart = Some(why.to_owned());
        }
    }

    /// The first journal was heard: what has no lane now is no drop.
    pub(super) fn end_apart(&mut self) {
        self.shut.retain(|shut| shut.lane.is_some());
        self.apart = None;
    }

    pub(super) fn rename(&mut self, lane: LaneId, spec: DropSpec) {
        if let Some(&at) = self.by_lane.get(&lane) {
            self.drops[at] = Arc::new(self.drops[at].renamed(spec));
        }
    }
}

/// What all threads of a node see, as of now.
pub(super) fn seen(seen: &RwLock<Arc<Directory>>) -> Arc<Directory> {
    seen.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Changes what all threads of a node see.
pub(super) fn change(seen: &RwLock<Arc<Directory>>, change: impl FnOnce(&mut Directory)) {
    let mut guard = seen.write().unwrap_or_else(PoisonError::into_inner);
    let mut directory = Directory::clone(&guard);
    change(&mut directory);
    *guard = Arc::new(directory);
}

impl Shut {
    /// Which lane, and why, as `/readyz` says it.
    pub fn words(&self) -> String {
        let Self { lane, spec, why, .. } = self;
        lane.map_or_else(
            || format!("drop {}: {why}", spec.id),
            |lane| format!("lane {lane}: {why}"),
        )
    }

    /// Whether this is that lane's drop: known by its lane or, without one, by its id.
    fn same(&self, lane: Option<LaneId>, id: &str) -> bool {
        if self.lane.is_some() { self.lane == lane } else { self.spec.id == id }
    }
}
