//! What nodes say to each other, as bytes: a length, a kind, whole numbers, and a few runs of
//! bytes. Both sides hold the same key and run one version; still every length has a bound.

use super::words;
use crate::kit::journal::RawRow;
use fanfare_engine::Command;
use fanfare_engine::wire::{Reader, put_varint};
use fanfare_lane::{FestivalId, LaneId, Reply};

/// Of this form.
pub const VERSION: u64 = 1;

/// Most bytes a frame may have: a row of 4,096 facts and room.
pub const FRAME_BYTES_MAX: usize = 4 << 20;

/// A node, for as long as its data folder lasts.
pub type NodeId = u64;

/// One of its processes.
pub type ProcessId = u64;

/// What one node says to another.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// The first of both sides: who speaks, of which festival.
    Hello {
        /// The node.
        node: NodeId,
        /// Its process.
        process: ProcessId,
        /// Whose festival.
        festival: FestivalId,
    },
    /// To an owner: a command for its lane.
    Ask {
        /// So that what comes twice is done once.
        id: u64,
        /// All answers to ids below are here.
        done_below: u64,
        /// Of which lane.
        lane: LaneId,
        /// What is asked.
        command: Command,
    },
    /// From an owner: what the lane says.
    Answer {
        /// To which question.
        id: u64,
        /// The answer.
        reply: Reply,
    },
    /// To an owner: send me the rows of this lane behind this one.
    Follow {
        /// Which lane.
        lane: LaneId,
        /// The newest row that is here.
        seq: u32,
    },
    /// From an owner: what was asked is not for here; nothing was done.
    Elsewhere {
        /// Which question.
        id: u64,
    },
    /// From an owner: you have what I have of this lane, and you get what comes.
    Followed {
        /// Which lane.
        lane: LaneId,
    },
    /// From an owner: those rows are not kept any more; read the journal, then ask again.
    Behind {
        /// Which lane.
        lane: LaneId,
    },
    /// From an owner: a durable row.
    Row {
        /// Of which lane.
        lane: LaneId,
        /// As it stands.
        row: RawRow,
    },
    /// To an owner: give me your word. The asker's own clock, and how many rows it has published.
    Ping {
        /// When this was sent, by the clock of who sends it.
        at_ms: i64,
        /// How many of the rows sent are published.
        rows: u64,
    },
    /// From an owner: the word, for the lanes of these journals.
    Word {
        /// The asker's clock, back.
        at_ms: i64,
        /// A bit for each journal.
        homes: u64,
    },
    /// From an owner: its word is over for this lane.
    Over {
        /// Which lane.
        lane: LaneId,
    },
    /// To an owner: nothing is answered here by its word for this lane any more.
    OverSeen {
        /// Which lane.
        lane: LaneId,
    },
    /// From an owner: a drop it serves, as it words it.
    Drop {
        /// Its lane.
        lane: LaneId,
        /// Names and all, as JSON.
        spec: String,
    },
}

impl Frame {
    /// The frame as bytes, its length in front.
    pub fn write(&self) -> Vec<u8> {
        let (kind, numbers, runs): (u8, Vec<u64>, Vec<&[u8]>) = match self {
            Self::Hello { node, process, festival } => {
                (1, vec![VERSION, *node, *process], vec![festival])
            }
            Self::Ask { id, done_below, lane, command } => {
                let (numbers, bytes) = words::of_command(command);
                let head = [*id, *done_below, u64::from(*lane)];
                return framed(2, &[&head[..], &numbers].concat(), &[&bytes]);
            }
            Self::Answer { id, reply } => (3, [vec![*id], words::of_reply(reply)].concat(), vec![]),
            Self::Follow { lane, seq } => (4, vec![(*lane).into(), (*seq).into()], vec![]),
            Self::Behind { lane } => (5, vec![(*lane).into()], vec![]),
            Self::Row { lane, row } => (
                6,
                vec![(*lane).into(), row.seq.into()],
                vec![&row.hash, &row.header, &row.seal, &row.facts],
            ),
            Self::Ping { at_ms, rows } => (7, vec![*at_ms as u64, *rows], vec![]),
            Self::Word { at_ms, homes } => (8, vec![*at_ms as u64, *homes], vec![]),
            Self::Over { lane } => (9, vec![(*lane).into()], vec![]),
            Self::OverSeen { lane } => (10, vec![(*lane).into()], vec![]),
            Self::Elsewhere { id } => (12, vec![*id], vec![]),
            Self::Followed { lane } => (13, vec![(*lane).into()], vec![]),
            Self::Drop { lane, spec } => (11, vec![(*lane).into()], vec![spec.as_bytes()]),
        };
        framed(kind, &numbers, &runs)
    }

    /// Reads a frame's bytes, without their length.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let kind = *reader.take(1).ok()?.first()?;
        let count = reader.varint().ok().filter(|count| *count <= 32)?;
        let numbers = (0..count).map(|_| reader.varint().ok()).collect::<Option<Vec<u64>>>()?;
        let mut runs = Vec::new();
        while !reader.is_empty() {
            let length = usize::try_from(reader.varint().ok()?).ok()?;
            runs.push(reader.take(length).ok()?);
        }
        let small = |number: u64| u32::try_from(number).ok();
        Some(match (kind, &numbers[..], &runs[..]) {
            (1, &[VERSION, node, process], &[festival]) => {
                Self::Hello { node, process, festival: festival.try_into().ok()? }
            }
            (2, &[id, done_below, lane, ..], &[more]) => {
                let command = words::command(&numbers[3..], more)?;
                Self::Ask { id, done_below, lane: small(lane)?, command }
            }
            (3, &[id, ..], []) => Self::Answer { id, reply: words::reply(&numbers[1..])? },
            (4, &[lane, seq], []) => Self::Follow { lane: small(lane)?, seq: small(seq)? },
            (5, &[lane], []) => Self::Behind { lane: small(lane)? },
            (6, &[lane, seq], &[hash, header, seal, facts]) => {
                let [hash, header, seal, facts] = [hash, header, seal, facts].map(<[u8]>::to_vec);
                let row = RawRow { seq: small(seq)?, hash, header, facts, seal };
                Self::Row { lane: small(lane)?, row }
            }
            (7, &[at_ms, rows], []) => Self::Ping { at_ms: at_ms as i64, rows },
            (8, &[at_ms, homes], []) => Self::Word { at_ms: at_ms as i64, homes },
            (9, &[lane], []) => Self::Over { lane: small(lane)? },
            (10, &[lane], []) => Self::OverSeen { lane: small(lane)? },
            (12, &[id], []) => Self::Elsewhere { id },
            (13, &[lane], []) => Self::Followed { lane: small(lane)? },
            (11, &[lane], &[spec]) => {
                let spec = std::str::from_utf8(spec).ok()?.to_owned();
                Self::Drop { lane: small(lane)?, spec }
            }
            _ => return None,
        })
    }
}

fn framed(kind: u8, numbers: &[u64], runs: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + runs.iter().map(|run| run.len() + 4).sum::<usize>());
    bytes.extend([0; 4]);
    bytes.push(kind);
    put_varint(&mut bytes, numbers.len() as u64);
    numbers.iter().for_each(|number| put_varint(&mut bytes, *number));
    for run in runs {
        put_varint(&mut bytes, run.len() as u64);
        bytes.extend_from_slice(run);
    }
    let length = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_engine::{Fan, Line, Quantity, Refusal};

    fn frames() -> Vec<Frame> {
        let command =
            Command::Claim { fan: Fan::FIRST, line: Line(0), quantity: Quantity::MIN, key: None };
        let row = RawRow {
            seq: 300,
            hash: vec![1; 32],
            header: vec![2; 90],
            facts: vec![3; 40_000],
            seal: vec![4; 81],
        };
        vec![
            Frame::Hello { node: u64::MAX, process: 3, festival: [9; 16] },
            Frame::Ask { id: 1, done_below: 0, lane: 7, command },
            Frame::Answer { id: 1, reply: Reply::Refused(Refusal::Paused) },
            Frame::Follow { lane: 7, seq: 0 },
            Frame::Behind { lane: 7 },
            Frame::Row { lane: 7, row },
            Frame::Ping { at_ms: -1, rows: 200 },
            Frame::Word { at_ms: 1 << 40, homes: 3 },
            Frame::Over { lane: 7 },
            Frame::OverSeen { lane: 7 },
            Frame::Elsewhere { id: 5 },
            Frame::Followed { lane: 7 },
            Frame::Drop { lane: 7, spec: "{}".to_owned() },
        ]
    }

    #[test]
    fn every_frame_reads_back_and_no_torn_one_does() {
        for frame in frames() {
            let bytes = frame.write();
            let length = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
            assert_eq!(length, bytes.len() - 4);
            let body = &bytes[4..];
            assert_eq!(Frame::read(body), Some(frame));
            for torn in (0..body.len()).step_by(body.len() / 30 + 1) {
                assert_eq!(Frame::read(&body[..torn]), None, "{torn} of {}", body.len());
            }
            assert_eq!(Frame::read(&[body, &[1]].concat()), None);
        }
    }
}
