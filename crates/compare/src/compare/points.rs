//! The measured points, one a line, as `bench/compare` writes them.

use super::peer::{self, PEERS, Peer};
use crate::figures::{Spread, lines_behind, median, number};

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The round it belongs to; 0 while the best setting was looked for.
    pub round: u32,
    /// Whose.
    pub peer: Peer,
    /// Connections, depth and whatever else was set, as `name=value` words.
    pub setting: String,
    /// Claims a second.
    pub claims_per_s: f64,
}

/// A peer over the rounds, at its best setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Whose.
    pub peer: Peer,
    /// Where it was fastest.
    pub setting: String,
    /// Claims a second.
    pub claims_per_s: Spread,
}

/// All points of a run.
#[derive(Clone, Debug, Default)]
pub struct Points(Vec<Point>);

/// The first line; the last two columns tell how long was counted, for whoever reads the file.
const COLUMNS: &str = "round\tpeer\tsetting\tclaims_per_s\tclaims\tseconds";

impl Points {
    /// Reads them.
    ///
    /// # Errors
    /// Names the line that is none.
    pub fn read(text: &str) -> Result<Self, String> {
        lines_behind(COLUMNS, text)?.map(point).collect::<Result<Vec<Point>, String>>().map(Self)
    }

    /// Each round's claims a second of a peer, in the rounds' order.
    pub fn rounds(&self, id: &str) -> Vec<f64> {
        let of = |point: &&Point| point.round > 0 && point.peer.id == id;
        self.0.iter().filter(of).map(|point| point.claims_per_s).collect()
    }

    /// How many points there are, those of the search too.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Everybody who was measured in rounds, the fastest first.
    pub fn summaries(&self) -> Vec<Summary> {
        let mut all: Vec<Summary> = PEERS.iter().filter_map(|peer| self.summary(*peer)).collect();
        all.sort_by(|a, b| b.claims_per_s.median.total_cmp(&a.claims_per_s.median));
        all
    }

    fn summary(&self, peer: Peer) -> Option<Summary> {
        let rounds = self.rounds(peer.id);
        let last = self.0.iter().rfind(|point| point.round > 0 && point.peer == peer)?;
        Some(Summary { peer, setting: last.setting.clone(), claims_per_s: Spread::of(&rounds) })
    }

    /// How many times as fast the first is: the median of the rounds' own ratios, since what slows
    /// a machine for a while slows both of a round.
    pub fn ratio(&self, of: &str, to: &str) -> f64 {
        let (of, to) = (self.rounds(of), self.rounds(to));
        median(&of.iter().zip(&to).map(|(of, to)| of / to).collect::<Vec<f64>>())
    }
}

fn point(line: &str) -> Result<Point, String> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [round, id, setting, claims_per_s, _claims, _seconds] = cells[..] else {
        return Err(format!("`{line}`: not six columns"));
    };
    Ok(Point {
        round: round.parse().map_err(|_| format!("`{line}`: no round"))?,
        peer: peer::named(id)?,
        setting: setting.to_owned(),
        claims_per_s: number(claims_per_s).ok_or_else(|| format!("`{line}`: no rate"))?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A search of one point, then two rounds of two peers.
    pub(crate) fn some() -> Points {
        let lines = [
            COLUMNS,
            "0\tredis_piped\tconnections=1 depth=8\t900000\t900000\t1.0",
            "1\tlane\tbatch=1024\t1000000\t1000000\t1.0",
            "1\tredis_piped\tconnections=16 depth=64\t100000\t200000\t2.0",
            "2\tlane\tbatch=1024\t600000\t600000\t1.0",
            "2\tredis_piped\tconnections=16 depth=64\t50000\t100000\t2.0",
        ];
        Points::read(&lines.join("\n")).unwrap()
    }

    #[test]
    fn only_rounds_count_and_the_fastest_comes_first() {
        let all = some().summaries();
        let rate = |s: &Summary| s.claims_per_s;
        let told = |s: &Summary| (s.peer.id, rate(s).median, rate(s).lowest, rate(s).highest);
        let told: Vec<_> = all.iter().map(told).collect();
        let lane = ("lane", 800_000.0, 600_000.0, 1_000_000.0);
        assert_eq!(told, [lane, ("redis_piped", 75_000.0, 50_000.0, 100_000.0)]);
        assert_eq!(all[1].setting, "connections=16 depth=64");
    }

    #[test]
    fn a_ratio_is_that_of_the_same_round() {
        assert!((some().ratio("lane", "redis_piped") - 11.0).abs() < 1e-9);
        assert!(some().ratio("lane", "http").abs() < 1e-9, "nobody was measured");
    }

    #[test]
    fn what_is_no_point_is_named() {
        for line in
            ["1\tlane\t\t5", "x\tlane\t\t5\t5\t1", "1\tnobody\t\t5\t5\t1", "1\tlane\t\t-1\t0\t1"]
        {
            assert!(Points::read(&format!("{COLUMNS}\n{line}")).is_err(), "{line}");
        }
        assert!(Points::read("").is_err());
    }
}
