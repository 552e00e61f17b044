//! A journal database: rows behind the fence, a table of nodes and a table of leases. Whatever it
//! is asked arrives late, or never, or its answer does.

use super::events::{Event, What};
use super::{Fleet, Met, id};
use crate::audit::{Breach, Check, caught};
use crate::control::Control;
use fanfare_lane::{Hash, Placed, Sealed};

/// Who holds a lane, and the how-manieth lease that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) node: Option<usize>,
    pub(super) term: u64,
}

/// A node's row: the process that runs it, and how often that has renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beat {
    pub(super) node: usize,
    pub(super) pid: usize,
    pub(super) count: u64,
}

pub(super) struct Db {
    /// By lane; those of lanes that live elsewhere stay empty.
    pub(super) rows: Vec<Vec<Sealed>>,
    /// Rows that were durable and are gone, oldest first, by lane.
    pub(super) attic: Vec<Vec<Sealed>>,
    /// Which state of it is served: whatever was sent to an older one is lost.
    pub(super) epoch: u32,
    pub(super) leases: Vec<Lease>,
    /// The leases before, by lane, oldest first.
    pub(super) past: Vec<Vec<Lease>>,
    beats: Vec<Beat>,
    /// Rows of nodes' earlier processes, newest last.
    former: Vec<Beat>,
    /// For whom it is silent, or for all, and until when.
    pub(super) silent: Vec<(Option<usize>, i64)>,
    pub(super) full_until_ms: i64,
    pub(super) spoil: Option<Spoil>,
}

/// How an append goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoil {
    /// Not done, and said so.
    NotDone,
    /// Done, and the answer is lost.
    Done,
    /// It arrives seconds later.
    Late,
    /// It never arrives.
    Never,
}

#[derive(Clone)]
pub(super) enum Request {
    /// A process begins: its node's row is its own.
    Register,
    /// The same where the node has no row.
    ComeBack,
    /// The same where the row is as it was seen, another process's.
    TakeBack(Beat),
    Renew,
    Append {
        lane: usize,
        rows: Vec<Sealed>,
        opens: Option<u64>,
    },
    Read {
        lane: usize,
        from: u32,
    },
    TakeFree {
        lane: usize,
        term: u64,
    },
    TakeOver {
        lane: usize,
        term: u64,
        gone: Beat,
    },
    Give {
        lane: usize,
        term: u64,
        to: Option<usize>,
    },
    /// The same holder under a new number: what was meant for the old one comes to nothing.
    Recount {
        lane: usize,
        term: u64,
    },
}

pub(super) enum DbReply {
    Registered,
    Renewed {
        beats: Vec<Beat>,
        leases: Vec<Lease>,
    },
    /// The node's row is gone, or is another process's.
    Out(Option<Beat>),
    Placed(Placed),
    Failed,
    Rows(Vec<Sealed>),
    Moved,
}

impl Db {
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            rows: vec![Vec::new(); lanes],
            attic: vec![Vec::new(); lanes],
            epoch: 0,
            leases: vec![Lease::default(); lanes],
            past: vec![Vec::new(); lanes],
            beats: Vec::new(),
            former: Vec::new(),
            silent: Vec::new(),
            full_until_ms: 0,
            spoil: None,
        }
    }

    pub(super) fn is_silent(&self, pid: usize, now_ms: i64) -> bool {
        let hits = |(who, until_ms): &(Option<usize>, i64)| {
            *until_ms > now_ms && who.is_none_or(|who| who == pid)
        };
        self.silent.iter().any(hits)
    }

    /// A node's row is as it was before its present process; says whether there was one.
    pub(super) fn row_back(&mut self, node: usize) -> Option<bool> {
        let at = self.beats.iter().position(|beat| beat.node == node)?;
        let former = self.former.iter().rfind(|beat| beat.node == node).copied();
        self.beats.remove(at);
        self.beats.extend(former);
        Some(former.is_some())
    }

    /// This process has its node's row from now on.
    fn seat(&mut self, (node, pid): (usize, usize)) {
        let before = self.beats.iter().filter(|beat| beat.node == node && beat.pid != pid);
        self.former.extend(before.copied());
        self.beats.retain(|beat| beat.node != node);
        self.beats.push(Beat { node, pid, count: 0 });
    }

    fn lease(&mut self, lane: usize, node: Option<usize>) {
        let lease = &mut self.leases[lane];
        self.past[lane].push(*lease);
        (lease.node, lease.term) = (node, lease.term + 1);
    }
}

impl Fleet {
    /// A process asks a database; gives the number its answer will carry.
    pub(super) fn ask_db(&mut self, pid: usize, db: usize, request: Request) -> u32 {
        let proc = &mut self.procs[pid];
        proc.next_op += 1;
        let op = proc.next_op;
        let slow = self.rng.one_in(60);
        let mut ms = if slow { self.rng.range(20, 400) } else { self.rng.below(4) } as i64;
        if matches!(request, Request::Give { .. }) && self.rng.one_in(4) {
            ms = self.rng.range(200, 2_500) as i64;
        }
        let appends = matches!(request, Request::Append { .. });
        let spoil = self.dbs[db].spoil.filter(|_| appends);
        match spoil {
            Some(Spoil::Late) => ms += self.rng.range(900, 9_000) as i64,
            Some(Spoil::Never) => {
                self.dbs[db].spoil = None;
                self.met(Met::Never);
                return op;
            }
            _ => {}
        }
        if spoil == Some(Spoil::Late) {
            self.dbs[db].spoil = None;
        }
        let epoch = self.dbs[db].epoch;
        self.after(ms, Event::Db { db, epoch, from: pid, op, request });
        op
    }

    /// A request reaches a database and is done there at once, or not at all.
    pub(super) fn execute(&mut self, db: usize, pid: usize, op: u32, request: Request) -> Check {
        let unrenewed =
            matches!(request, Request::Renew) && self.procs[pid].unrenewed_until_ms > self.now_ms;
        let silent = unrenewed || self.dbs[db].is_silent(pid, self.now_ms);
        if silent && (unrenewed || !self.rng.one_in(4)) {
            return Ok(());
        }
        let appends = matches!(request, Request::Append { .. });
        let newest = match &request {
            Request::Append { lane, rows, .. } => rows.last().map(|r| (*lane, r.row.header.seq)),
            _ => None,
        };
        let spoil = self.dbs[db].spoil.filter(|_| appends && !silent);
        let reply = match spoil {
            Some(Spoil::NotDone) => DbReply::Failed,
            _ => self.do_at_db(db, pid, request)?,
        };
        if let Some(spoil) = spoil.filter(|spoil| matches!(spoil, Spoil::NotDone | Spoil::Done)) {
            self.dbs[db].spoil = None;
            self.met(if spoil == Spoil::Done { Met::Done } else { Met::NotDone });
            if spoil == Spoil::Done {
                return Ok(());
            }
        }
        if silent {
            return Ok(());
        }
        if let (Some((lane, seq)), DbReply::Placed(Placed::Durable)) = (newest, &reply) {
            self.acknowledged(lane, seq)?;
        }
        let ms = if self.rng.one_in(60) { 250 } else { 4 };
        self.soon(pid, ms, What::Db { op, reply });
        Ok(())
    }

    fn do_at_db(
        &mut self,
        db: usize,
        pid: usize,
        request: Request,
    ) -> Result<DbReply, crate::audit::Violation> {
        let node = self.procs[pid].node;
        let at = &mut self.dbs[db];
        let current = at.beats.iter().any(|beat| beat.pid == pid);
        if !current && !matches!(request, Request::Read { .. } | Request::Append { .. }) {
            return Ok(self.seat_at_db(db, (node, pid), &request));
        }
        Ok(match request {
            // It is there already: an earlier answer was lost.
            Request::Register | Request::ComeBack | Request::TakeBack(_) => DbReply::Registered,
            Request::Renew => {
                for beat in at.beats.iter_mut().filter(|beat| beat.pid == pid) {
                    beat.count += 1;
                }
                DbReply::Renewed { beats: at.beats.clone(), leases: at.leases.clone() }
            }
            Request::Append { lane, rows, opens } => {
                return self.append_rows(db, pid, (lane, rows, opens));
            }
            Request::Read { lane, from } => {
                DbReply::Rows(at.rows[lane].iter().skip(from as usize - 1).cloned().collect())
            }
            Request::TakeFree { lane, term } => {
                let lease = at.leases[lane];
                let theirs = |beat: &Beat| Some(beat.node) == lease.node;
                if lease.term == term && !at.beats.iter().any(theirs) {
                    at.lease(lane, Some(node));
                }
                DbReply::Moved
            }
            Request::TakeOver { lane, term, gone } => {
                let stands = at.beats.contains(&gone)
                    || self.options.control == Some(Control::BeatNotLooked);
                let at = &mut self.dbs[db];
                if stands && at.leases[lane] == (Lease { node: Some(gone.node), term }) {
                    at.lease(lane, Some(node));
                    self.tell(|| {
                        format!("node {node} takes lane {} over from {}", id(lane), gone.node)
                    });
                    self.met(Met::TakenOver);
                }
                DbReply::Moved
            }
            Request::Recount { lane, term } => {
                let held = Lease { node: Some(node), term };
                if at.leases[lane] == held {
                    at.lease(lane, Some(node));
                    self.met(Met::Recounted);
                }
                DbReply::Moved
            }
            Request::Give { lane, term, to } => {
                if at.leases[lane] == (Lease { node: Some(node), term }) {
                    at.lease(lane, to);
                    self.met(Met::HandedOver);
                    self.tell(|| format!("node {node} gives lane {} to {to:?}", id(lane)));
                }
                DbReply::Moved
            }
        })
    }

    /// A process that has not its node's row asks for it, or for what only who has it may do.
    fn seat_at_db(&mut self, db: usize, own: (usize, usize), request: &Request) -> DbReply {
        let at = &mut self.dbs[db];
        let seated = at.beats.iter().find(|beat| beat.node == own.0).copied();
        let met = match request {
            Request::Register => None,
            Request::ComeBack if seated.is_none() => Some(Met::CameBack),
            Request::TakeBack(seen) if seated == Some(*seen) => Some(Met::TakenBack),
            _ => return DbReply::Out(seated),
        };
        at.seat(own);
        met.into_iter().for_each(|met| self.met(met));
        DbReply::Registered
    }

    fn append_rows(
        &mut self,
        db: usize,
        pid: usize,
        (lane, rows, opens): (usize, Vec<Sealed>, Option<u64>),
    ) -> Result<DbReply, crate::audit::Violation> {
        let node = self.procs[pid].node;
        let at = &mut self.dbs[db];
        if at.full_until_ms > self.now_ms {
            self.met(Met::DiskFull);
            return Ok(DbReply::Failed);
        }
        let current = at.beats.iter().any(|beat| beat.pid == pid);
        let may_open = opens
            .is_none_or(|term| current && at.leases[lane] == (Lease { node: Some(node), term }));
        if !may_open && !self.off(Control::OpenUnleased) {
            self.met(Met::OpenRefused);
            return Ok(DbReply::Placed(Placed::Fenced));
        }
        for sealed in &rows {
            let at = &mut self.dbs[db];
            let header = &sealed.row.header;
            let prev = at.rows[lane].last().map_or(Hash::default(), |last| last.row.hash);
            let number_only = self.options.control == Some(Control::FenceByNumber);
            let follows = header.seq as usize == at.rows[lane].len() + 1
                && (number_only || header.prev == prev);
            if !follows {
                self.met(Met::Fenced);
                return Ok(DbReply::Placed(Placed::Fenced));
            }
            at.rows[lane].push(sealed.clone());
            match at.attic[lane].first().map(|first| first.row.hash == sealed.row.hash) {
                Some(true) => drop(at.attic[lane].remove(0)),
                // What was never heard to be durable is nobody's loss.
                Some(false) => at.attic[lane].clear(),
                None => {}
            }
            self.history[lane].placed(sealed)?;
        }
        Ok(DbReply::Placed(Placed::Durable))
    }

    /// The database loses power: what no append was told of may be gone.
    pub(super) fn cut_db(&mut self, db: usize) -> Check {
        for lane in 0..self.plan.lanes.len() {
            let told = self.history[lane].acked as usize;
            let rows = self.dbs[db].rows[lane].len();
            if rows > told && self.plan.db_of[lane] == db {
                let left = self.rng.range(told as u64, rows as u64 - 1) as usize;
                self.dbs[db].rows[lane].truncate(left);
                self.history[lane].cut(left as u32)?;
                self.met(Met::PowerCut);
                self.tell(|| format!("lane {}: {left} of {rows} rows stand", id(lane)));
            }
        }
        let until_ms = self.now_ms + self.rng.range(100, 2_500) as i64;
        self.dbs[db].silent.push((None, until_ms));
        Ok(())
    }

    /// An append was acknowledged: the row is on the disk.
    pub(super) fn acknowledged(&mut self, lane: usize, seq: u32) -> Check {
        let history = &mut self.history[lane];
        if seq > history.stands {
            return caught(Breach::Lost, format!("row {seq} was acknowledged and is gone"));
        }
        history.acked = history.acked.max(seq);
        Ok(())
    }
}
