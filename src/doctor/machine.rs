//! Disk, clock, open files, and the program's own `SQLite`.

use super::Report;
use crate::kit::journal::SQLITE_MIN;
use fanfare_lane::{APART_MS, GAP_BELIEVED_MS};
use rustix::process::{Resource, getrlimit};
use std::fs;
use std::path::Path;

/// As many as may be connected to one machine, and some files besides.
const FILES_MIN: u64 = 15_000 + 500;

/// Below this a disk is low whatever is written to it.
const FREE_BYTES_MIN: u64 = 512 << 20;

/// What is not known of a journal yet: bytes a claim takes in journal and tables.
const BYTES_A_CLAIM: u64 = 500;

pub(super) fn program(report: &mut Report) {
    sqlite(rusqlite::version_number(), rusqlite::version(), report);
}

fn sqlite(version: i32, shown: &str, report: &mut Report) {
    if version < SQLITE_MIN {
        let what = format!("this program has SQLite {shown}, which can lose committed rows");
        report.stops("sqlite_old", what, "build it with SQLite 3.51.3 or newer");
    }
    report.seen.push(format!("fanfare {}, SQLite {shown}", env!("CARGO_PKG_VERSION")));
}

/// How many files the server may open: the one that serves, else one that this user starts.
pub(super) fn files(owner: Option<u32>, report: &mut Report) {
    let served = owner.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/limits")).ok());
    let of_served = served.as_deref().and_then(|limits| {
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        // It raises its own limit to the hard one when it starts.
        line.split_whitespace().nth(1).map(|most| most.parse().unwrap_or(u64::MAX))
    });
    let own = || getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let most = of_served.unwrap_or_else(own);
    if most < FILES_MIN {
        let what = format!("a server may open {most} files here, and 15,000 fans are as many");
        report.warns("files_few", what, "set LimitNOFILE=65536 in the unit, or `ulimit -n 65536`");
    }
}

/// How much is free where the folder is, and how long it lasts.
pub(super) fn disk(folder: &Path, (bytes, claims): (u64, u64), report: &mut Report) {
    let Ok(stat) = rustix::fs::statvfs(folder) else { return };
    lasts(stat.f_bavail.saturating_mul(stat.f_frsize), (bytes, claims), report);
}

fn lasts(free_bytes: u64, (bytes, claims): (u64, u64), report: &mut Report) {
    // The tables and the write-ahead logs take about as much again.
    let each = bytes.saturating_mul(2).checked_div(claims).unwrap_or(0).max(BYTES_A_CLAIM);
    let more = free_bytes / each;
    let free = free_bytes >> 20;
    if free_bytes < FREE_BYTES_MIN {
        let what = format!("{free} MiB are free: room for about {more} more claims");
        report.risks("disk_low", what, "free some space, or move the data folder to another disk");
    } else {
        report.seen.push(format!("{free} MiB are free: room for about {more} more claims"));
    }
}

/// The machine's clock against the newest row of a lane that does not rest: what the next start
/// will believe of it. Who serves says itself what it doubts; there, quiet drops have old rows.
pub(super) fn clock(now_ms: i64, (drop, newest_ms): (&str, i64), report: &mut Report) {
    let todo = "look at the machine's clock. If it is wrong, set it before the start; if it is \
                right, start, and a host confirms the time by resuming the drop";
    let utc = |ms| {
        jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
    };
    let (now, newest) = (utc(now_ms), utc(newest_ms));
    let opens = "the next start opens it paused, and no hold runs out, until a host has looked; \
                 unless another node serves it";
    if newest_ms.saturating_sub(now_ms) > APART_MS {
        let what =
            format!("the clock shows {now}, and the newest row of {drop} is of {newest}: {opens}");
        report.risks("clock_behind", what, todo);
    } else if now_ms.saturating_sub(newest_ms) > GAP_BELIEVED_MS {
        let what = format!(
            "the newest row of {drop} is of {newest}, more than a day before {now}, and nobody \
             knows how long nobody served: {opens}"
        );
        report.warns("clock_far", what, todo);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(look: impl FnOnce(&mut Report)) -> Vec<&'static str> {
        let mut report = Report::default();
        look(&mut report);
        report.wrong.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn what_a_machine_lacks_is_named() {
        assert_eq!(codes(|report| lasts(100 << 20, (0, 0), report)), ["disk_low"]);
        assert!(codes(|report| lasts(100 << 30, (1 << 30, 4_000_000), report)).is_empty());
        assert_eq!(codes(|report| sqlite(3_051_002, "3.51.2", report)), ["sqlite_old"]);
        assert!(codes(program).is_empty());
        let of = |now_ms| codes(|report| clock(now_ms, ("lamps", 10_000_000), report));
        assert_eq!(of(10_000_000 - APART_MS - 1), ["clock_behind"]);
        assert!(of(10_000_000 - APART_MS).is_empty(), "it is waited for");
        assert!(of(10_000_000 + GAP_BELIEVED_MS).is_empty());
        assert_eq!(of(10_000_001 + GAP_BELIEVED_MS), ["clock_far"]);
    }

    #[test]
    fn it_says_for_how_many_claims_there_is_room() {
        let mut report = Report::default();
        lasts(1 << 30, (100_000, 100), &mut report);
        assert_eq!(report.seen, ["1024 MiB are free: room for about 536870 more claims"]);
    }
}
