//! What nodes say to each other, as bytes: a length, a kind, whole numbers, and a few runs of
//! bytes. Both sides hold the same key and run one version; still every length has a bound.

use super::words;
use crate::kit::journal::RawRow;
use fanfare_engine::wire::{Reader, put_varint};
use fanfare_engine::{Command, Fan};
use fanfare_lane::{FestivalId, Hash, LaneId, Reply};

/// Of this form.
pub const VERSION: u64 = 2;

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
        /// How long it had waited when it was sent, ms.
        age_ms: u64,
        /// What the owner's clock showed then at the earliest: read later, it tells how long this
        /// was on its way.
        stamp_ms: i64,
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
    /// To an owner: send me what comes of this lane.
    Follow {
        /// Which lane.
        lane: LaneId,
        /// Under which lease.
        term: u64,
        /// For the how-manieth time: asked again under another number, it begins anew.
        turn: u64,
    },
    /// From an owner: what was asked is not for here; nothing was done.
    Elsewhere {
        /// Which question.
        id: u64,
    },
    /// From an owner: what comes of this lane is sent from here on.
    Joined {
        /// Which lane.
        lane: LaneId,
        /// Under which lease.
        term: u64,
        /// The newest durable row; those up to it are to be read from the journal.
        newest: (u32, Hash),
        /// The newest row anybody may be told of.
        settled: u32,
        /// Up to which row somebody was told `unsure`; 0 if nobody was.
        doubt: u32,
        /// The number it was asked under.
        turn: u64,
    },
    /// From an owner: claims of these fans are decided in a row that is not durable yet.
    UnderWay {
        /// Of which lane.
        lane: LaneId,
        /// Which row.
        seq: u32,
        /// Whose.
        fans: Vec<Fan>,
    },
    /// From an owner: a durable row.
    Row {
        /// Of which lane.
        lane: LaneId,
        /// As it stands.
        row: RawRow,
    },
    /// From an owner: somebody is told `unsure` of rows up to this one.
    Doubt {
        /// Of which lane.
        lane: LaneId,
        /// Up to which.
        seq: u32,
    },
    /// To an owner: so many rows and doubts of a lane are done with.
    Ack {
        /// Which lane.
        lane: LaneId,
        /// How many since it was joined.
        count: u64,
    },
    /// From an owner: everybody has this row, it may be told of.
    Settled {
        /// Which lane.
        lane: LaneId,
        /// Which row.
        seq: u32,
    },
    /// To an owner: give me your word.
    Ping {
        /// When this was sent, by the clock of who sends it.
        at_ms: i64,
    },
    /// From an owner: its word.
    Word {
        /// The asker's clock, back.
        at_ms: i64,
        /// The owner's clock.
        owner_ms: i64,
        /// The time its lanes go by, ms since 1970.
        shows_ms: i64,
        /// For which lanes.
        lanes: Vec<LaneId>,
    },
    /// From an owner: no more word for this lane, it is handed over.
    End {
        /// Which lane.
        lane: LaneId,
    },
    /// To an owner: nothing is answered here by its word for this lane any more.
    GaveUp {
        /// Which lane.
        lane: LaneId,
    },
    /// From an owner: nothing more comes of this lane from here.
    Left {
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
            Self::Ask { id, done_below, lane, age_ms, stamp_ms, command } => {
                let (numbers, bytes) = words::of_command(command);
                let head = [*id, *done_below, u64::from(*lane), *age_ms, *stamp_ms as u64];
                return framed(2, &[&head[..], &numbers].concat(), &[&bytes]);
            }
            Self::Answer { id, reply } => (3, [vec![*id], words::of_reply(reply)].concat(), vec![]),
            Self::Follow { lane, term, turn } => (4, vec![(*lane).into(), *term, *turn], vec![]),
            Self::Joined { lane, term, newest: (seq, hash), settled, doubt, turn } => {
                let numbers = [*lane, *seq, *settled, *doubt].map(u64::from);
                return framed(5, &[&numbers[..], &[*term, *turn]].concat(), &[hash]);
            }
            Self::Row { lane, row } => (
                6,
                vec![(*lane).into(), row.seq.into()],
                vec![&row.hash, &row.header, &row.seal, &row.facts],
            ),
            Self::Ping { at_ms } => (7, vec![*at_ms as u64], vec![]),
            Self::Word { at_ms, owner_ms, shows_ms, lanes } => {
                let lanes: Vec<u8> = lanes.iter().flat_map(|lane| lane.to_be_bytes()).collect();
                let clocks = [*at_ms, *owner_ms, *shows_ms].map(|ms| ms as u64);
                return framed(8, &clocks, &[&lanes]);
            }
            Self::UnderWay { lane, seq, fans } => {
                let fans: Vec<u8> = fans.iter().flat_map(|fan| fan.get().to_be_bytes()).collect();
                return framed(17, &[u64::from(*lane), u64::from(*seq)], &[&fans]);
            }
            Self::End { lane } => (9, vec![(*lane).into()], vec![]),
            Self::GaveUp { lane } => (10, vec![(*lane).into()], vec![]),
            Self::Elsewhere { id } => (12, vec![*id], vec![]),
            Self::Left { lane } => (13, vec![(*lane).into()], vec![]),
            Self::Doubt { lane, seq } => (14, vec![(*lane).into(), (*seq).into()], vec![]),
            Self::Ack { lane, count } => (15, vec![(*lane).into(), *count], vec![]),
            Self::Settled { lane, seq } => (16, vec![(*lane).into(), (*seq).into()], vec![]),
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
            (2, &[id, done_below, lane, age_ms, stamp_ms, ..], &[more]) => {
                let command = words::command(&numbers[5..], more)?;
                let (lane, stamp_ms) = (small(lane)?, stamp_ms as i64);
                Self::Ask { id, done_below, lane, age_ms, stamp_ms, command }
            }
            (3, &[id, ..], []) => Self::Answer { id, reply: words::reply(&numbers[1..])? },
            (4, &[lane, term, turn], []) => Self::Follow { lane: small(lane)?, term, turn },
            (5, &[lane, seq, settled, doubt, term, turn], &[hash]) => Self::Joined {
                lane: small(lane)?,
                term,
                newest: (small(seq)?, hash.try_into().ok()?),
                settled: small(settled)?,
                doubt: small(doubt)?,
                turn,
            },
            (6, &[lane, seq], &[hash, header, seal, facts]) => {
                let [hash, header, seal, facts] = [hash, header, seal, facts].map(<[u8]>::to_vec);
                let row = RawRow { seq: small(seq)?, hash, header, facts, seal };
                Self::Row { lane: small(lane)?, row }
            }
            (7, &[at_ms], []) => Self::Ping { at_ms: at_ms as i64 },
            (8, &[at_ms, owner_ms, shows_ms], &[lanes]) => {
                let (lanes, rest) = lanes.as_chunks::<4>();
                if !rest.is_empty() {
                    return None;
                }
                let lanes = lanes.iter().map(|lane| LaneId::from_be_bytes(*lane)).collect();
                let [at_ms, owner_ms, shows_ms] = [at_ms, owner_ms, shows_ms].map(|ms| ms as i64);
                Self::Word { at_ms, owner_ms, shows_ms, lanes }
            }
            (9, &[lane], []) => Self::End { lane: small(lane)? },
            (10, &[lane], []) => Self::GaveUp { lane: small(lane)? },
            (12, &[id], []) => Self::Elsewhere { id },
            (13, &[lane], []) => Self::Left { lane: small(lane)? },
            (14, &[lane, seq], []) => Self::Doubt { lane: small(lane)?, seq: small(seq)? },
            (15, &[lane, count], []) => Self::Ack { lane: small(lane)?, count },
            (16, &[lane, seq], []) => Self::Settled { lane: small(lane)?, seq: small(seq)? },
            (17, &[lane, seq], &[fans]) => {
                let (fans, rest) = fans.as_chunks::<8>();
                if !rest.is_empty() {
                    return None;
                }
                let fans = fans.iter().map(|fan| Fan::new(u64::from_be_bytes(*fan)));
                let (lane, seq, fans) = (small(lane)?, small(seq)?, fans.collect::<Option<_>>()?);
                Self::UnderWay { lane, seq, fans }
            }
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
    use fanfare_engine::{Line, Quantity, Refusal};

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
            Frame::Ask { id: 1, done_below: 0, lane: 7, age_ms: 300, stamp_ms: -2, command },
            Frame::Answer { id: 1, reply: Reply::Refused(Refusal::Paused) },
            Frame::Follow { lane: 7, term: 3, turn: 1 },
            Frame::Joined { lane: 7, term: 3, newest: (9, [1; 32]), settled: 8, doubt: 0, turn: 1 },
            Frame::Row { lane: 7, row },
            Frame::Ping { at_ms: -1 },
            Frame::Word { at_ms: 1 << 40, owner_ms: 7, shows_ms: -1, lanes: vec![1, u32::MAX] },
            Frame::End { lane: 7 },
            Frame::GaveUp { lane: 7 },
            Frame::Doubt { lane: 7, seq: 4 },
            Frame::Ack { lane: 7, count: 1 << 40 },
            Frame::Settled { lane: 7, seq: 4 },
            Frame::UnderWay { lane: 7, seq: 4, fans: vec![Fan::FIRST, Fan::FIRST] },
            Frame::Elsewhere { id: 5 },
            Frame::Left { lane: 7 },
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
