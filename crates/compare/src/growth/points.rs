//! What grows, and the measured points, one a line, as `bench/growth` writes them.

use crate::figures::{Spread, lines_behind, median, number};

/// Something of which there is ever more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growing {
    /// What the script calls it.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
}

const fn growing(id: &'static str, name: &'static str) -> Growing {
    Growing { id, name }
}

/// All that grows, in the order it is told.
pub const ALL: [Growing; 5] = [
    growing("held", "claims held in one lane, in process"),
    growing("drops", "drops open at once, in process"),
    growing("drops_http", "drops open at once, over HTTP"),
    growing("watchers", "people who watch, beside claims over HTTP"),
    growing("connections", "connections that claim over HTTP"),
];

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    growing: Growing,
    at: f64,
    claims_per_s: f64,
    cpu_us: f64,
    /// None where it was not looked at.
    peak_bytes: Option<f64>,
}

/// All rounds at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many there were of what grows.
    pub at: f64,
    /// Claims a second.
    pub claims_per_s: Spread,
    /// CPU µs a claim: of the process, or of the server.
    pub cpu_us: Spread,
    /// The most memory the process ever had, bytes.
    pub peak_bytes: Option<f64>,
}

/// All points of a run.
#[derive(Clone, Debug, Default)]
pub struct Points(Vec<Point>);

/// The first line.
const COLUMNS: &str = "round\tgrowing\tat\tclaims_per_s\tcpu_us_a_claim\tpeak_resident_bytes";

impl Points {
    /// Reads them.
    ///
    /// # Errors
    /// Names the line that is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let read = |line| point(line).ok_or_else(|| format!("`{line}`: no point"));
        lines_behind(COLUMNS, text)?.map(read).collect::<Result<Vec<Point>, String>>().map(Self)
    }

    /// What grew in this run.
    pub fn grown(&self) -> impl Iterator<Item = Growing> {
        ALL.into_iter().filter(|growing| self.0.iter().any(|point| point.growing == *growing))
    }

    /// Every place of something, the least first.
    pub fn summaries(&self, growing: Growing) -> Vec<Summary> {
        let of = |point: &&Point| point.growing == growing;
        let mut places: Vec<f64> = self.0.iter().filter(of).map(|point| point.at).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let summary = |at: f64| {
            let here = |point: &&Point| of(point) && point.at.total_cmp(&at).is_eq();
            let rounds: Vec<&Point> = self.0.iter().filter(here).collect();
            let spread = |pick: fn(&Point) -> f64| {
                Spread::of(&rounds.iter().map(|point| pick(point)).collect::<Vec<f64>>())
            };
            let peaks: Option<Vec<f64>> = rounds.iter().map(|point| point.peak_bytes).collect();
            Summary {
                at,
                claims_per_s: spread(|point| point.claims_per_s),
                cpu_us: spread(|point| point.cpu_us),
                peak_bytes: peaks.map(|peaks| median(&peaks)),
            }
        };
        places.into_iter().map(summary).collect()
    }
}

fn point(line: &str) -> Option<Point> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [_round, id, at, claims_per_s, cpu_us, peak] = cells[..] else { return None };
    Some(Point {
        growing: ALL.into_iter().find(|growing| growing.id == id)?,
        at: number(at)?,
        claims_per_s: number(claims_per_s)?,
        cpu_us: number(cpu_us)?,
        peak_bytes: if peak == "-" { None } else { Some(number(peak)?) },
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Two rounds of watchers, one of claims held.
    pub(crate) fn some() -> Points {
        let lines = [
            COLUMNS,
            "1\twatchers\t1000\t12000\t60\t-",
            "1\twatchers\t0\t15000\t50\t-",
            "1\theld\t10000\t200000\t1.25\t50000000",
            "2\twatchers\t0\t13000\t54\t-",
        ];
        Points::read(&lines.join("\n")).unwrap()
    }

    #[test]
    fn rounds_at_one_place_are_one_and_the_least_comes_first() {
        let points = some();
        assert_eq!(
            points.grown().map(|growing| growing.id).collect::<Vec<_>>(),
            ["held", "watchers"]
        );
        let told = points.summaries(ALL[3]);
        assert_eq!(told.iter().map(|one| one.at).collect::<Vec<_>>(), [0.0, 1_000.0]);
        let cpu = Spread { median: 52.0, lowest: 50.0, highest: 54.0 };
        assert_eq!((told[0].cpu_us, told[0].peak_bytes), (cpu, None));
        assert_eq!(points.summaries(ALL[0])[0].peak_bytes, Some(5e7));
    }

    #[test]
    fn what_is_no_point_is_named() {
        for line in ["1\theld\t1\t1\t1", "1\tnothing\t1\t1\t1\t-", "1\theld\t1\t-1\t1\t-"] {
            assert!(Points::read(&format!("{COLUMNS}\n{line}")).is_err(), "{line}");
        }
        assert!(Points::read("").is_err());
    }
}
