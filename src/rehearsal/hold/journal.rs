//! The journal's facts of a drop, held against what its crowd remembers.

use crate::kit::journal::JournalReader;
use crate::rehearsal::{Audit, Findings, Memory};
use fanfare_engine::Place;

/// Rows read at a time.
const ROWS_AT_A_TIME: usize = 64;

/// Audits one drop.
///
/// # Errors
/// If the journal cannot be read.
pub fn findings(reader: &JournalReader, drop: &str, memory: &Memory) -> Result<Findings, String> {
    let lanes = reader.lanes().map_err(|why| why.to_string())?;
    let lane = lanes.iter().find(|lane| lane.drop == drop);
    let lane = lane.ok_or_else(|| format!("{drop} is not in the journal"))?.lane;
    let (mut audit, mut next) = (Audit::new(memory), 1);
    loop {
        let rows = reader.rows(lane, next, ROWS_AT_A_TIME).map_err(|why| why.to_string())?;
        for sealed in &rows {
            let header = &sealed.row.header;
            let facts = sealed.row.read_facts().map_err(|why| why.to_string())?;
            for (index, fact) in facts.iter().enumerate() {
                let place = Place { seq: header.seq, index: index as u16 };
                audit.fact(place, header.time_ms, fact);
            }
            next = header.seq + 1;
        }
        if rows.len() < ROWS_AT_A_TIME {
            return Ok(audit.finish(memory));
        }
    }
}
