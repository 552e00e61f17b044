//! What was seen at work, one function a line, as `bench/profile` writes it.

use crate::figures::{lines_behind, number};

/// The requests that are looked into.
pub const KINDS: [(&str, &str); 2] = [("claim", "a claim"), ("refusal", "a refusal")];

/// What belongs to no part.
const OTHER: &str = "other";

/// The first line.
const COLUMNS: &str = "of\tpart\twhat\tcpu_us";

/// A part, and what it takes of each kind of request, CPU µs.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// In the order of the kinds.
    pub cpu_us: [f64; 2],
}

/// All parts.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// The dearest of a claim first; what belongs to none is last.
    pub parts: Vec<Part>,
}

impl Samples {
    /// Reads them.
    ///
    /// # Errors
    /// Names the line that is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut parts: Vec<Part> = Vec::new();
        for line in lines_behind(COLUMNS, text)? {
            let (kind, name, cpu_us) =
                sample(line).ok_or_else(|| format!("`{line}`: no sample"))?;
            let at = parts.iter().position(|part| part.name == name).unwrap_or_else(|| {
                parts.push(Part { name: name.to_owned(), cpu_us: [0.0; 2] });
                parts.len() - 1
            });
            parts[at].cpu_us[kind] += cpu_us;
        }
        let last = |part: &Part| part.name == OTHER;
        parts.sort_by(|a, b| last(a).cmp(&last(b)).then(b.cpu_us[0].total_cmp(&a.cpu_us[0])));
        Ok(Self { parts })
    }

    /// CPU µs of each kind, all parts together.
    pub fn whole(&self) -> [f64; 2] {
        [0, 1].map(|kind| self.parts.iter().map(|part| part.cpu_us[kind]).sum())
    }

    /// What a part is of each kind, in a hundred.
    pub fn percent(&self, part: &Part) -> [f64; 2] {
        let whole = self.whole();
        [0, 1].map(|kind| part.cpu_us[kind] * 100.0 / whole[kind].max(f64::MIN_POSITIVE))
    }
}

fn sample(line: &str) -> Option<(usize, &str, f64)> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [of, part, _what, cpu_us] = cells[..] else { return None };
    let kind = KINDS.iter().position(|(id, _)| *id == of)?;
    Some((kind, part, number(cpu_us).filter(|_| !part.is_empty())?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Of a claim 40 µs, of a refusal 10.
    pub(crate) fn some() -> Samples {
        let lines = [
            COLUMNS,
            "claim\tother\tfront-0 libc puts\t2",
            "claim\tanswers\tfront-0 fanfare write\t3",
            "claim\tkernel: network\tfront-0 kernel tcp_sendmsg\t20",
            "claim\tkernel: network\tfront-0 kernel tcp_ack\t15",
            "refusal\tkernel: network\tfront-0 kernel tcp_ack\t10",
        ];
        Samples::read(&lines.join("\n")).unwrap()
    }

    #[test]
    fn samples_of_a_part_are_one_and_other_comes_last() {
        let samples = some();
        let names: Vec<&str> = samples.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["kernel: network", "answers", "other"]);
        assert_eq!(samples.whole().map(|us| us.round() as u32), [40, 10]);
        let percent = samples.percent(&samples.parts[0]).map(|percent| percent.round() as u32);
        assert_eq!(percent, [88, 100]);
    }

    #[test]
    fn what_is_no_sample_is_named() {
        for line in ["claim\tanswers\t1", "walk\tanswers\tx\t1", "claim\t\tx\t1", "claim\ta\tx\t"] {
            assert!(Samples::read(&format!("{COLUMNS}\n{line}")).is_err(), "{line}");
        }
    }
}
