//! The parts as figures and as a table.

use super::samples::{KINDS, Samples};
use crate::figures::short;

/// Every figure: `part KIND NAME PERCENT` and `cpu_us KIND VALUE`, one a line.
pub fn figures(samples: &Samples) -> String {
    let mut out = String::new();
    for (kind, (id, _)) in KINDS.iter().enumerate() {
        for part in &samples.parts {
            out += &format!("part {id} {} {:.1}\n", part.name, samples.percent(part)[kind]);
        }
        out += &format!("cpu_us {id} {:.2}\n", samples.whole()[kind]);
    }
    out
}

/// The tables: parts in a hundred, and the whole in µs.
pub fn tables(samples: &Samples) -> String {
    let [claim, refusal] = KINDS.map(|(_, name)| name);
    let mut out = format!("| part | of {claim}, % | of {refusal}, % |\n| --- | ---: | ---: |\n");
    for part in &samples.parts {
        let [of_claim, of_refusal] = samples.percent(part);
        out += &format!("| {} | {of_claim:.1} | {of_refusal:.1} |\n", part.name);
    }
    out += "\n| all parts of | CPU µs |\n| --- | ---: |\n";
    for ((_, name), cpu_us) in KINDS.iter().zip(samples.whole()) {
        out += &format!("| {name} | {} |\n", short(cpu_us));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::samples::tests::some;

    #[test]
    fn each_part_has_a_row_and_a_figure_of_each_kind() {
        let (told, named) = (tables(&some()), figures(&some()));
        assert!(told.contains("| kernel: network | 87.5 | 100.0 |\n| answers | 7.5 | 0.0 |\n"));
        assert!(told.contains("| a claim | 40.0 |\n| a refusal | 10.0 |\n"), "{told}");
        assert!(named.contains("part claim other 5.0\ncpu_us claim 40.00\n"), "{named}");
    }
}
