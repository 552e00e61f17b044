//! A block's figures beside what its command prints now.

use super::blocks::{self, Block};
use super::tables::{Figure, printed};
use crate::figures::short;

/// Each figure and what it is now, one a line.
///
/// # Errors
/// Names each figure that did not come again, is too far off, or came without being told.
pub fn again(document: &str, command: &str, output: &str) -> Result<String, String> {
    let block = blocks::of(document, command)?;
    let now = printed(output);
    let mut told = String::new();
    let mut faults = Vec::new();
    for figure in &block.figures {
        let Some(again) = now.iter().find(|again| again.is(figure)) else {
            faults.push(format!("{}: did not come again", words(figure)));
            continue;
        };
        let line =
            format!("{}: {}, now {}", words(figure), short(figure.value), short(again.value));
        if near(&block, figure.value, again.value) {
            told += &format!("{line}\n");
        } else {
            faults.push(line);
        }
    }
    faults.extend(untold(&block, &now).map(|figure| format!("{}: untold", words(figure))));
    if faults.is_empty() { Ok(told) } else { Err(faults.join("\n")) }
}

fn words(Figure { table, row, column, .. }: &Figure) -> String {
    format!("{table} {row}, {column}").trim_start().to_owned()
}

/// Whether two values are the same but for what the block lets pass.
fn near(block: &Block, then: f64, now: f64) -> bool {
    let (low, high) = if then < now { (then, now) } else { (now, then) };
    high <= low * block.factor || high - low <= block.apart
}

/// What stands in one of the block's own tables now and not in the document. A program says more
/// by name than a document has to tell.
fn untold<'a>(block: &'a Block, now: &'a [Figure]) -> impl Iterator<Item = &'a Figure> {
    let belongs = |one: &&Figure| {
        !one.is_by_name() && block.figures.iter().any(|figure| figure.table == one.table)
    };
    now.iter().filter(belongs).filter(|one| !block.figures.iter().any(|figure| figure.is(one)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::DOCUMENT;

    const GROWTH: &str = "measuring\n| claims held | claims/s | how |\n| ---: | ---: | --- |\n\
                          | 10,000 | 150,000 | 4 cores |\n| 100,000 | 379,000 | 4 cores |\n";

    fn growth(document: &str, output: &str) -> Result<String, String> {
        again(document, "bench/growth", output)
    }

    #[test]
    fn figures_come_again_within_what_the_block_lets_pass() {
        let told = growth(DOCUMENT, GROWTH).unwrap();
        let line = "claims held 10,000, claims/s: 200,000, now 150,000\n";
        assert!(told.starts_with(line), "{told}");
        for (now, near) in [("first_answer_ms 600", true), ("first_answer_ms 601", false)] {
            assert_eq!(again(DOCUMENT, "acceptance/4-06", now).is_ok(), near, "{now}");
        }
        let small = DOCUMENT.replace("| 400 |", "| 4 |");
        assert!(again(&small, "acceptance/4-06", "first_answer_ms 14").is_ok(), "10 more");
    }

    #[test]
    fn a_figure_ten_times_as_large_or_as_small_is_found() {
        for tenfold in ["2,000,000", "20,000"] {
            let why = growth(&DOCUMENT.replace("200,000", tenfold), GROWTH).unwrap_err();
            assert!(why.ends_with(&format!("{tenfold}, now 150,000")), "{why}");
        }
    }

    #[test]
    fn a_row_that_does_not_come_again_and_one_that_was_not_told_are_found() {
        let why = growth(&DOCUMENT.replace("| 10,000 |", "| 20,000 |"), GROWTH).unwrap_err();
        let (gone, new) = why.split_once('\n').unwrap();
        assert_eq!(gone, "claims held 20,000, claims/s: did not come again");
        assert_eq!(new, "claims held 10,000, claims/s: untold");
        assert!(again(DOCUMENT, "acceptance/4-06", "another 400\n").is_err());
    }
}
