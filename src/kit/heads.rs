//! The witness outside the journal: each lane's newest durable head, written once a second and at
//! the end. A journal that is shorter than its witness has gone back in time.

use super::data::{DataError, write_whole};
use super::hex;
use fanfare_engine::WitnessedLine;
use fanfare_lane::{Hash, LaneId};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Lane times that can be, ms since 1970: up to the year 9999. Another would stay in the journal
/// for good where a restore went on from it.
const TIMES_MS: std::ops::Range<i64> = -62_135_596_800_000..253_402_300_800_000;

/// The first word of the file, and its version; behind them stands how many lanes there are.
const FORM: &str = "fanfare-heads 2";

/// What the file begins with, in every version.
const WITNESS: &str = "fanfare-heads ";

/// A lane's newest durable row, as the witness saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The lane's drop.
    pub drop: String,
    /// The row's number.
    pub seq: u32,
    /// Its hash.
    pub hash: Hash,
    /// Its lane time, ms since 1970.
    pub time_ms: i64,
    /// The running number the next claim gets.
    pub next_number: u32,
    /// Where units are, by line.
    pub lines: Vec<WitnessedLine>,
}

/// All lanes' heads.
pub type Heads = BTreeMap<LaneId, Head>;

/// Writes the heads in one piece, unsynced: it is a witness, not a promise.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, heads: &Heads) -> Result<(), DataError> {
    let text = to_text(heads);
    // Unsynced, the newest file can be found empty after a power cut; the one before cannot.
    if path.exists() {
        let before = path.with_extension("before");
        fs::rename(path, &before).map_err(|why| DataError::io(&before, &why))?;
    }
    write_whole(path, text.as_bytes())
}

/// Reads the heads; none if there is no witness yet. Where the newest file is torn or missing the
/// one before it testifies; where both are torn it is the operator's to remove them.
///
/// # Errors
/// If neither file can be read.
pub fn read(path: &Path) -> Result<Heads, DataError> {
    let before = path.with_extension("before");
    match read_one(path) {
        Ok(heads) if heads.is_empty() && before.exists() => read_one(&before),
        Err(why) if before.exists() => read_one(&before).map_err(|_| why),
        other => other,
    }
}

/// Whether there is a witness.
pub fn exist(path: &Path) -> bool {
    path.exists() || path.with_extension("before").exists()
}

/// Two testimonies as one: of each lane the newer head.
pub fn newest(mut heads: Heads, others: Heads) -> Heads {
    for (lane, other) in others {
        if heads.get(&lane).is_none_or(|head| head.seq < other.seq) {
            heads.insert(lane, other);
        }
    }
    heads
}

fn read_one(path: &Path) -> Result<Heads, DataError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Heads::new()),
        Err(why) => return Err(DataError::read(path, &why)),
    };
    let is_one = bytes.starts_with(WITNESS.as_bytes());
    let why = if is_one || bytes.is_empty() { DAMAGED } else { NO_WITNESS };
    from_bytes(&bytes).ok_or_else(|| DataError::Io(path.to_owned(), why.to_owned()))
}

/// What to do about a witness that cannot be read. It is kept: somebody may still read it.
pub const MEND: &str = "stop the server and move `heads` and `heads.before` aside under other \
    names. Copy the `heads` of the newest backup to their place, which knows how far drops had \
    come by then, and start; where there is none, a start writes a new one";

const DAMAGED: &str = "the witness is damaged, and there is no good one before it; `fanfare \
                       doctor` says what to do";

const NO_WITNESS: &str = "it is no witness: that is the file `heads` of a data folder";

/// The heads as they are written.
pub fn to_text(heads: &Heads) -> String {
    let mut text = format!("{FORM} {}\n", heads.len());
    for (lane, head) in heads {
        let Head { drop, seq, hash, time_ms, next_number, lines } = head;
        let hash = hex::hex(hash);
        text += &format!("{lane} {drop} {seq} {hash} {time_ms} {next_number}");
        for WitnessedLine { out, free } in lines {
            text += &format!(" {out}/{free}");
        }
        text.push('\n');
    }
    text
}

/// Reads heads as they were written, which is in one way only: torn within its digits a figure
/// would be a smaller one, and a lane that stands there twice would have two newest rows.
pub fn from_bytes(bytes: &[u8]) -> Option<Heads> {
    let text = str::from_utf8(bytes).ok()?;
    let heads: Heads = text.lines().skip(1).map(parse).collect::<Option<_>>()?;
    (to_text(&heads) == text).then_some(heads)
}

fn parse(line: &str) -> Option<(LaneId, Head)> {
    let mut fields = line.split(' ');
    let mut next = || fields.next();
    let lane = next()?.parse().ok()?;
    let head = Head {
        drop: next()?.to_owned(),
        seq: next()?.parse().ok()?,
        hash: hex::from_hex(next()?)?,
        time_ms: next()?.parse().ok().filter(|time_ms| TIMES_MS.contains(time_ms))?,
        next_number: next()?.parse().ok()?,
        lines: fields.map(parse_line).collect::<Option<_>>()?,
    };
    Some((lane, head))
}

fn parse_line(field: &str) -> Option<WitnessedLine> {
    let (out, free) = field.split_once('/')?;
    Some(WitnessedLine { out: out.parse().ok()?, free: free.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_reads_back_and_a_torn_one_is_refused() {
        let folder = std::env::temp_dir().join(format!("fanfare-heads-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("heads");
        assert!(read(&path).unwrap().is_empty());
        let drop = "bowls".to_owned();
        let line = WitnessedLine { out: 4, free: 0 };
        let (hash, lines) = ([7; 32], vec![line, WitnessedLine { out: 0, free: 9 }]);
        let head = Head { drop, seq: 9, hash, time_ms: -3, next_number: 5, lines };
        let heads = Heads::from([(2, head.clone()), (3, head)]);
        write(&path, &heads).unwrap();
        assert_eq!(read(&path).unwrap(), heads);
        write(&path, &heads).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        let years = whole.replace(" -3 ", " 999999999999999999 ");
        let units = whole.strip_suffix("9\n").unwrap();
        let lane = &whole[..whole.find("3 bowls").unwrap()];
        for torn in ["", "fanfare-heads 2 1\n2 bowls 9 07", units, lane, &years] {
            fs::write(&path, torn).unwrap();
            assert_eq!(read(&path).unwrap(), heads, "the one before testifies");
        }
        fs::write(path.with_extension("before"), "").unwrap();
        assert!(read(&path).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
