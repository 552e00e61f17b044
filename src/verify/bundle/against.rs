//! What a bundle says, held against a data folder's journal: a receipt for a row that is gone
//! shows that the journal went back in time, also where the witness is gone with it.

use super::{Place, PlacedFact};
use crate::drops::wake::festival_number;
use crate::kit::data::DataFolder;
use crate::kit::journal::JournalReader;
use crate::verify::report::{Broken, Promise, VerifyError};
use fanfare_engine::Fact;
use fanfare_lane::{FestivalId, LaneId, PublicKey, Sealed};
use std::path::Path;

/// Rows read at a time.
const ROWS_AT_A_TIME: usize = 16;

/// A data folder's journal.
pub(super) struct Journal {
    reader: JournalReader,
    festival: FestivalId,
    id: String,
}

impl Journal {
    pub(super) fn open(data: &Path) -> Result<Self, VerifyError> {
        let folder = DataFolder::look(data)?;
        let reader = JournalReader::open(&folder.journals())?;
        let id = folder.festival().to_owned();
        Ok(Self { reader, festival: festival_number(&id), id })
    }

    pub(super) fn keys(&self) -> Result<Vec<PublicKey>, VerifyError> {
        Ok(self.reader.keys()?)
    }

    /// What is wrong where a bundle's row should stand.
    pub(super) fn holds_against(&self, place: &Place) -> Result<Option<Broken>, VerifyError> {
        let Place { lane, seq, .. } = *place;
        let drop = self.drop_of(lane)?;
        let broken = |promise, what: String| {
            Ok(Some(Broken { promise, lane: Some(lane), drop, row: Some(seq), what }))
        };
        if place.festival != self.festival {
            let what = format!("the folder is the festival `{}`'s, this is of another", self.id);
            return broken(Promise::Receipt, what);
        }
        let newest = self.reader.newest_seq(lane)?;
        if newest < seq {
            let what = format!(
                "the journal went back in time: it ends at row {newest}, but this row was given"
            );
            return broken(Promise::Kept, what + &self.given_up(lane, (seq, newest)));
        }
        let found = self.reader.raw_rows(lane, seq, 1)?.pop().filter(|raw| raw.seq == seq);
        let Some(raw) = found else { return broken(Promise::Kept, "it is missing".to_owned()) };
        match raw.read(lane) {
            Err(what) => broken(Promise::Row, what),
            Ok(sealed) if sealed.row.hash != place.hash => {
                let what = "two histories: another row stands there than was given";
                broken(Promise::Kept, what.to_owned() + &self.given_up(lane, (seq, newest)))
            }
            Ok(sealed) if *sealed.seal != place.seal => {
                broken(Promise::Receipt, "the row's seal is another in the journal".to_owned())
            }
            Ok(sealed) if !stands(&sealed, place) => {
                broken(Promise::Receipt, "the fact stands elsewhere, or not there".to_owned())
            }
            Ok(_) => Ok(None),
        }
    }

    /// What is added where a restore went on without this row: who checks then holds something
    /// that was truly given. Losses the journal cannot tell of are not named.
    fn given_up(&self, lane: LaneId, (seq, newest): (u32, u32)) -> String {
        // Behind the rows that are left stand rows without facts, up to the one that says so.
        for from in (seq..=newest).step_by(ROWS_AT_A_TIME) {
            for sealed in self.reader.rows(lane, from, ROWS_AT_A_TIME).unwrap_or_default() {
                let facts = sealed.row.read_facts().unwrap_or_default();
                let gives_up =
                    |fact: &Fact| matches!(fact, Fact::Restored(loss) if loss.seq >= seq);
                if facts.iter().any(gives_up) {
                    let at = sealed.row.header.seq;
                    return format!(
                        "; row {at} says that rows up to there were lost and given up: if what \
                         this says was one of them, it was truly given, and is the host's to make \
                         good"
                    );
                }
                if !facts.is_empty() {
                    return String::new();
                }
            }
        }
        String::new()
    }

    fn drop_of(&self, lane: LaneId) -> Result<String, VerifyError> {
        let lanes = self.reader.lanes()?;
        let record = lanes.into_iter().find(|record| record.lane == lane);
        Ok(record.map(|record| record.drop).unwrap_or_default())
    }
}

/// Whether the fact stands in the row where it says.
fn stands(sealed: &Sealed, place: &Place) -> bool {
    let Some(PlacedFact { bytes, index_of }) = &place.fact else { return true };
    let same = |span: Result<&[u8], _>| span.is_ok_and(|span| span == bytes.as_slice());
    let mut spans = sealed.row.spans();
    match index_of {
        Some((index, count)) => {
            spans.clone().count() == usize::from(*count)
                && spans.nth(usize::from(*index)).is_some_and(same)
        }
        None => spans.any(same),
    }
}
