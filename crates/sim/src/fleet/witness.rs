//! Each node's witness, and the tables that all have in common: newest durable rows, by lane.

use super::Fleet;
use super::process::Role;
use crate::restore::went_back;
use fanfare_lane::{Face, Sealed};

/// How often a node's witness is written.
const EVERY_MS: i64 = 1_000;

/// Newest durable rows, by lane.
pub(super) type Heads = Vec<Option<Face>>;

/// Of two heads of a lane the newer.
pub(super) fn newer(head: &mut Option<Face>, other: Option<&Face>) {
    if let Some(other) = other
        && head.as_ref().is_none_or(|head| head.seq < other.seq)
    {
        *head = Some(other.clone());
    }
}

/// A head's number; 0 without one.
pub(super) fn seq_of(head: Option<&Face>) -> u32 {
    head.map_or(0, |head| head.seq)
}

impl Fleet {
    /// What a process of this node knows when it starts: its node's file, and the tables.
    pub(super) fn testimony(&mut self, node: usize) -> Heads {
        let heads = &mut self.files[node];
        for (head, table) in heads.iter_mut().zip(&self.tables) {
            newer(head, table.as_ref());
        }
        heads.clone()
    }

    /// What a process has published, as its owner or not, is durable.
    pub(super) fn note_head(&mut self, pid: usize, lane: usize) {
        let proc = &mut self.procs[pid];
        let face = match &proc.lanes[lane] {
            Role::Own(own) => own.face.as_ref(),
            Role::Follow(follow) => follow.face.as_ref(),
            Role::Open(_) | Role::Shut(_) => None,
        };
        newer(&mut proc.heads[lane], face);
        if let Role::Own(own) = &proc.lanes[lane] {
            newer(&mut self.tables[lane], own.face.as_ref());
        }
    }

    /// Once a second the witness is written, and tables follow.
    pub(super) fn keep_heads(&mut self, pid: usize) {
        for lane in 0..self.plan.lanes.len() {
            self.note_head(pid, lane);
        }
        let proc = &mut self.procs[pid];
        let now_ms = proc.mono(self.now_ms);
        if now_ms - proc.heads_kept_ms >= EVERY_MS {
            proc.heads_kept_ms = now_ms;
            self.files[proc.node].clone_from(&proc.heads);
        }
    }

    /// Whether a process knows of a row that these do not have.
    pub(super) fn went_back(&self, pid: usize, lane: usize, rows: &[Sealed]) -> bool {
        let head = self.procs[pid].heads[lane].as_ref();
        head.is_some_and(|head| went_back(head, rows, rows.len() as u32).is_some())
    }
}
