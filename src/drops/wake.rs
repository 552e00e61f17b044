//! Waking a resting lane: its rows are replayed on a thread of their own, so that no other lane
//! waits for it.

use super::drop::Drop;
use super::inbox::Inbox;
use super::lanes::Message;
use crate::kit::data::DataFolder;
use crate::kit::sqlite::JournalReader;
use fanfare_lane::{FestivalId, LaneId, Replay};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::thread;

/// Rows read from the journal at a time.
const ROWS_AT_A_TIME: usize = 64;

/// The festival's number in every row.
pub fn festival_number(id: &str) -> FestivalId {
    let mut number = FestivalId::default();
    number.copy_from_slice(&Sha256::digest(id.as_bytes())[..16]);
    number
}

/// A fresh owner's nonce.
pub fn owner() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// Replays a lane from its first row.
///
/// # Errors
/// What cannot be read or believed, in words.
pub fn replay(
    reader: &JournalReader,
    festival: FestivalId,
    lane: LaneId,
) -> Result<Replay, String> {
    let mut replay = Replay::new(festival, lane);
    loop {
        let rows = reader
            .rows(lane, replay.seq() + 1, ROWS_AT_A_TIME)
            .map_err(|why| why.to_string())?;
        for sealed in &rows {
            let seq = sealed.row.header.seq;
            let facts = sealed.row.read_facts();
            let facts = facts.map_err(|why| format!("lane {lane}, row {seq}: {why}"))?;
            replay.row(&sealed.row, &facts).map_err(|damage| damage.to_string())?;
        }
        if rows.len() < ROWS_AT_A_TIME {
            return Ok(replay);
        }
    }
}

/// Starts replaying a resting lane; the inbox hears when it is done.
pub fn start(drop: Arc<Drop>, folder: Arc<DataFolder>, inbox: Arc<Inbox<Message>>) {
    let lane = drop.lane;
    let told = inbox.clone();
    let body = move || {
        let replay = JournalReader::open(&folder.journal())
            .map_err(|why| why.to_string())
            .and_then(|reader| replay(&reader, festival_number(folder.festival()), lane));
        told.push(Message::Woken(lane, replay.map(Box::new)));
    };
    if let Err(why) = thread::Builder::new().name(format!("wake-{lane}")).spawn(body) {
        inbox.push(Message::Woken(lane, Err(why.to_string())));
    }
}
