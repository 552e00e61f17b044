//! Figures by name, and a table for whatever grew.

use super::points::{Points, Summary};
use crate::figures::{grouped, short};

/// Every figure, a name and a value a line.
pub fn figures(points: &Points) -> String {
    let mut out = String::new();
    for growing in points.grown() {
        for Summary { at, claims_per_s, cpu_us, peak_bytes } in points.summaries(growing) {
            let id = growing.id;
            out += &format!("{id}_{at}_claims_per_s {:.0}\n", claims_per_s.median);
            out += &format!("{id}_{at}_cpu_us_a_claim {:.3}\n", cpu_us.median);
            if let Some(bytes) = peak_bytes {
                out += &format!("{id}_{at}_peak_resident_bytes {bytes:.0}\n");
            }
        }
    }
    out
}

/// The tables, an empty line behind each but the last.
pub fn tables(points: &Points) -> String {
    let each = points.grown().map(|growing| table(growing.name, &points.summaries(growing)));
    each.collect::<Vec<String>>().join("\n")
}

fn table(name: &str, all: &[Summary]) -> String {
    let remembered = all.iter().all(|one| one.peak_bytes.is_some());
    let mut out = format!("| {name} | CPU µs a claim | claims/s |");
    let (more, rule) = if remembered { (" most memory, MB |", " ---: |") } else { ("", "") };
    out += &format!("{more}\n| ---: | ---: | ---: |{rule}\n");
    for one in all {
        let (cpu, rate) = (short(one.cpu_us.median), grouped(one.claims_per_s.median));
        out += &format!("| {} | {cpu} | {rate} |", grouped(one.at));
        if let Some(bytes) = one.peak_bytes.filter(|_| remembered) {
            out += &format!(" {} |", grouped(bytes / 1e6));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::points::tests::some;

    #[test]
    fn each_place_has_a_row_and_memory_stands_where_it_was_looked_at() {
        let told = tables(&some());
        let memory = "most memory, MB |\n| ---: | ---: | ---: | ---: |\n\
                      | 10,000 | 1.25 | 200,000 | 50 |\n\n";
        assert!(told.contains(memory), "{told}");
        assert!(told.ends_with("| 0 | 52.0 | 14,000 |\n| 1,000 | 60.0 | 12,000 |\n"), "{told}");
        assert!(figures(&some()).contains("watchers_0_cpu_us_a_claim 52.000\n"));
    }
}
