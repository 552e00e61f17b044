//! The figures by name, and the table in Markdown.

use super::peer;
use super::points::{Points, Summary};
use crate::figures::{Spread, grouped};

/// What is said of two peers beside each other: the figure's name, the faster and the slower.
const RATIOS: [(&str, &str, &str); 3] = [
    ("lane_to_redis_piped", "lane", "redis_piped"),
    ("http_to_redis_single", "http", "redis_single"),
    ("http_to_bare", "http", "bare"),
];

/// Every figure, a name and a value a line.
///
/// # Errors
/// Names a peer that a ratio needs and nobody measured.
pub fn figures(points: &Points) -> Result<String, String> {
    let mut out = String::new();
    for Summary { peer, setting, claims_per_s } in points.summaries() {
        let Spread { median, lowest, highest } = claims_per_s;
        let id = peer.id;
        out += &format!("{id}_claims_per_s {median:.0}\n");
        out += &format!("{id}_claims_per_s_range {lowest:.0} {highest:.0}\n");
        out += &format!("{id}_setting {setting}\n");
    }
    for (name, of, to) in RATIOS {
        for id in [of, to] {
            if points.rounds(id).is_empty() {
                return Err(format!("{}: not measured in any round", peer::named(id)?.name));
            }
        }
        out += &format!("{name} {}\n", down(points.ratio(of, to)));
    }
    out += &format!("points {}\n", points.count());
    Ok(out)
}

/// With two decimals, rounded down: a bound that is nearly kept is not kept.
fn down(ratio: f64) -> String {
    format!("{:.2}", (ratio * 100.0).floor() / 100.0)
}

/// The table.
pub fn table(points: &Points) -> String {
    let mut out = "| | a power cut leaves | claims/s | slowest and fastest round | at |\n\
                   | --- | --- | ---: | ---: | --- |\n"
        .to_owned();
    for Summary { peer, setting, claims_per_s } in points.summaries() {
        let Spread { median, lowest, highest } = claims_per_s;
        out += &format!(
            "| {} | {} | {} | {} … {} | {} |\n",
            peer.name,
            left(peer.keeps),
            grouped(median),
            grouped(lowest),
            grouped(highest),
            words(&setting)
        );
    }
    out
}

fn left(keeps: peer::Keeps) -> &'static str {
    match keeps {
        peer::Keeps::Durable => "every claim answered",
        peer::Keeps::Memory => "nothing",
        peer::Keeps::Nothing => "there are no claims",
    }
}

/// `connections=16 depth=64` as a person writes it.
fn words(setting: &str) -> String {
    let spoken = |word: &str| match word.split_once('=') {
        Some(("cores", "split")) => Some("server on one core, client on the other".to_owned()),
        Some(("cores", "shared")) => Some("both on every core".to_owned()),
        // One thread is what goes without saying.
        Some(("threads" | "io", "1")) => None,
        Some(("threads", value)) => Some(format!("{value} threads of the client")),
        Some(("io", value)) => Some(format!("io-threads {value}")),
        Some((name, value)) => Some(format!("{name} {value}")),
        None => Some(word.to_owned()),
    };
    setting.split(' ').filter_map(spoken).collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::points::tests::some;

    #[test]
    fn a_bound_nearly_kept_is_not_told_as_kept() {
        assert_eq!([0.997, 1.0, 9.999].map(down), ["0.99", "1.00", "9.99"]);
    }

    #[test]
    fn a_setting_is_told_in_words() {
        let told = words("connections=64 depth=1 cores=shared threads=2 io=1");
        assert_eq!(told, "connections 64, depth 1, both on every core, 2 threads of the client");
    }

    #[test]
    fn the_table_has_a_row_a_peer() {
        let table = table(&some());
        assert!(table.contains("| 75,000 | 50,000 … 100,000 | connections 16, depth 64 |"));
    }

    #[test]
    fn a_peer_nobody_measured_is_named() {
        assert!(figures(&some()).unwrap_err().contains("Fanfare over HTTP"));
    }
}
