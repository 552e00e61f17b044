//! One lane in order: the chain from row to row, the own tally, the engine's replay, the witness.

use super::report::{Broken, Fault, LaneReport, Promise, fault};
use super::rows::Seen;
use super::tables::Tables;
use super::tally::{Tally, Units};
use crate::kit::heads::Head;
use crate::kit::hex;
use crate::kit::journal::LaneRecord;
use fanfare_engine::{Fact, Stock};
use fanfare_lane::{FestivalId, Hash, Replay, Sealed};

/// Most broken rows named in one lane; the rest is counted.
const NAMED_MAX: usize = 100;

/// A lane being read.
pub(super) struct LaneCheck<'a> {
    record: &'a LaneRecord,
    witness: Option<&'a Head>,
    tables: Option<Tables<'a>>,
    /// Hash of the row before, where it is believed.
    before: Option<Hash>,
    seq: u32,
    rows: u64,
    facts: u64,
    /// The own count and the engine's replay, as long as they accept every row.
    tally: Tally,
    tally_holds: bool,
    replay: Option<Replay>,
    /// The number of the reason that names where the lane moved to.
    moved: Option<u64>,
    broken: Vec<Broken>,
    unnamed: u64,
}

impl<'a> LaneCheck<'a> {
    pub(super) fn new(
        festival: FestivalId,
        record: &'a LaneRecord,
        witness: Option<&'a Head>,
        tables: Option<Tables<'a>>,
    ) -> Self {
        Self {
            record,
            witness,
            tables,
            before: Some(Hash::default()),
            seq: 0,
            rows: 0,
            facts: 0,
            tally: Tally::default(),
            tally_holds: true,
            replay: Some(Replay::new(festival, record.lane)),
            moved: None,
            broken: Vec::new(),
            unnamed: 0,
        }
    }

    /// Rows and facts read so far.
    pub(super) fn read(&self) -> (u64, u64) {
        (self.rows, self.facts)
    }

    fn name(&mut self, row: Option<u32>, Fault { promise, what }: Fault) {
        if self.broken.len() >= NAMED_MAX {
            self.unnamed += 1;
            return;
        }
        let (lane, drop) = (Some(self.record.lane), self.record.drop.clone());
        self.broken.push(Broken { promise, lane, drop, row, what });
    }

    /// Takes the next row there is.
    pub(super) fn row(&mut self, seen: Seen) {
        self.rows += 1;
        self.missing_before(seen.seq);
        self.seq = seen.seq;
        if let Err(fault) = seen.seal {
            self.name(Some(seen.seq), fault);
        }
        match seen.row {
            Ok((sealed, facts)) => self.sound_row(&sealed, &facts),
            Err(fault) => {
                self.name(Some(seen.seq), fault);
                self.stop_counting();
            }
        }
    }

    /// Names rows that are not there.
    fn missing_before(&mut self, seq: u32) {
        let first = self.seq + 1;
        if seq == first {
            return;
        }
        let what = match seq - first {
            1 => "it is missing".to_owned(),
            _ => format!("it is missing, and all rows to {}", seq - 1),
        };
        self.name(Some(first), fault(Promise::Chain, what));
        self.stop_counting();
    }

    /// After a row that cannot be believed no later one can be counted.
    fn stop_counting(&mut self) {
        (self.before, self.tally_holds, self.replay) = (None, false, None);
    }

    fn sound_row(&mut self, sealed: &Sealed, facts: &[Fact]) {
        let (header, seq) = (&sealed.row.header, self.seq);
        self.facts += facts.len() as u64;
        if let Some(Fact::Moved(act)) = facts.last() {
            self.moved = Some(act.why);
        }
        if self.before.is_some_and(|hash| header.prev != hash) {
            let what = "the hash it carries of the row before is not that row's";
            self.name(Some(seq), fault(Promise::Chain, what));
            self.stop_counting();
        }
        self.before = Some(sealed.row.hash);
        if self.tally_holds
            && let Err(fault) = self.count(header.time_ms, facts)
        {
            self.tally_holds = false;
            self.name(Some(seq), fault);
        }
        if let Some(replay) = &mut self.replay
            && let Err(damage) = replay.row(&sealed.row, facts)
        {
            self.replay = None;
            self.name(Some(seq), fault(Promise::Replay, damage.what));
        }
        self.compare_witness(&sealed.row.hash);
        if let Some(tables) = self.tables.take_if(|tables| tables.seq() == self.seq) {
            self.compare_tables(tables, &sealed.row.hash);
        }
    }

    /// At the row the tables stand at.
    fn compare_tables(&mut self, mut tables: Tables<'_>, hash: &Hash) {
        let state = self.replay.as_ref().and_then(Replay::state);
        if let Err(fault) = tables.compare(hash, state) {
            self.name(Some(self.seq), fault);
        }
    }

    fn count(&mut self, time_ms: i64, facts: &[Fact]) -> Result<(), Fault> {
        self.tally.begin(time_ms)?;
        for (index, one) in facts.iter().enumerate() {
            self.tally.fact(one).map_err(|Fault { promise, what }| {
                fault(promise, format!("fact {index}: {what}"))
            })?;
        }
        Ok(())
    }

    /// At the witness's row: the same hash, the same numbers.
    fn compare_witness(&mut self, hash: &Hash) {
        let Some(head) = self.witness.filter(|head| head.seq == self.seq) else { return };
        if head.hash != *hash {
            let what = "two histories: it is not the row that was durable, says the witness";
            self.name(Some(head.seq), fault(Promise::Kept, what));
        } else if self.tally_holds
            && (u64::from(head.next_number), &head.lines)
                != (u64::from(self.tally.claims()) + 1, &self.tally.witnessed())
        {
            let what = "the witness says other numbers than the facts";
            self.name(Some(head.seq), fault(Promise::Totals, what));
        }
    }

    /// After the last row: what is gone at the end, and both counts compared. `reason` gives the
    /// words of a reason.
    pub(super) fn finish(
        mut self,
        reason: impl Fn(u64) -> Option<String>,
    ) -> (LaneReport, Vec<Broken>) {
        let newest = self.record.newest_seq;
        if self.seq < newest {
            self.missing_before(newest + 1);
        }
        if let Some(head) = self.witness.filter(|head| head.seq > newest) {
            let what = format!(
                "the journal went back in time: it ends at row {newest}, but row {} was durable",
                head.seq
            );
            self.name(Some(newest + 1), fault(Promise::Kept, what));
        }
        if let Some(tables) = self.tables.take().filter(|tables| tables.seq() > newest) {
            self.name(Some(newest + 1), tables.beyond(newest));
        }
        if self.tally_holds
            && let Err(fault) = self.tally.finish()
        {
            self.name(Some(newest), fault);
        }
        let state = self.replay.take().and_then(Replay::into_state);
        if let Some(state) = &state
            && self.tally_holds
            && !agree(self.tally.lines(), state.ledger().lines())
        {
            let what = "the engine's stock is not what the facts add up to";
            self.name(Some(newest), fault(Promise::Conservation, what));
        }
        if self.unnamed > 0 {
            let what = format!("{} more are broken in this lane", self.unnamed);
            let (lane, drop) = (Some(self.record.lane), self.record.drop.clone());
            self.broken.push(Broken { promise: Promise::Row, lane, drop, row: None, what });
        }
        let report = LaneReport {
            lane: self.record.lane,
            drop: self.record.drop.clone(),
            rows: self.rows,
            facts: self.facts,
            claims: self.tally.claims().into(),
            claims_lost: self.tally.lost().into(),
            moved: self.moved.map(|why| reason(why).unwrap_or_else(|| "away".to_owned())),
            units_out: self.tally.units_out(),
            digest: state.map(|state| hex::hex(&state.digest())),
            newest_seq: newest,
            seconds: 0.0,
        };
        (report, self.broken)
    }
}

/// Whether the own count and the engine's stock say the same.
fn agree(own: &[Units], engine: &[Stock]) -> bool {
    let units = |stock: &Stock| Units {
        issued: stock.issued.into(),
        free: stock.free.into(),
        set_aside: stock.set_aside.into(),
        reserve: stock.reserve.into(),
        held: stock.held.into(),
        settled: stock.settled.into(),
    };
    own.iter().copied().eq(engine.iter().map(units))
}
