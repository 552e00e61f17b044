//! The document's blocks of figures.

use super::tables::{Figure, figures};
use std::ops::Range;

const BEGIN: &str = "<!-- figures -->";
const END: &str = "<!-- /figures -->";
const WITHIN: &str = " # within a factor of ";
const OR: &str = ", or ";

/// Figures beside the command that makes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The command.
    pub command: String,
    /// How many times as large or as small a figure may be another time.
    pub factor: f64,
    /// Or how much more or less, whichever lets more pass.
    pub apart: f64,
    /// The lines from behind the command to the block's end, from 0.
    pub body: Range<usize>,
    /// Its figures.
    pub figures: Vec<Figure>,
}

/// Every block.
///
/// # Errors
/// Names a figure or a picture outside of them, and a block that is none.
pub fn read(document: &str) -> Result<Vec<Block>, String> {
    let lines: Vec<&str> = document.lines().collect();
    let mut outside = lines.clone();
    let (mut blocks, mut at) = (Vec::new(), 0);
    while let Some(begin) = find(&lines, at, BEGIN) {
        let end = find(&lines, begin, END).ok_or(format!("line {}: never ends", begin + 1))?;
        blocks.push(block(&lines, begin..end).map_err(|why| format!("line {}: {why}", begin + 1))?);
        outside[begin..=end].fill("");
        at = end + 1;
    }
    let alone = |line: usize| format!("line {line}: a figure without a command beside it");
    let figures = figures(outside.iter().copied()).into_iter().map(|figure| alone(figure.line));
    let pictures = outside.iter().enumerate().filter(|(_, line)| line.trim().starts_with("!["));
    let faults: Vec<String> = figures.chain(pictures.map(|(at, _)| alone(at + 1))).collect();
    if faults.is_empty() { Ok(blocks) } else { Err(faults.join("\n")) }
}

fn find(lines: &[&str], from: usize, wanted: &str) -> Option<usize> {
    (from..lines.len()).find(|at| lines[*at].trim() == wanted)
}

/// The block from its first line up to its last.
fn block(lines: &[&str], place: Range<usize>) -> Result<Block, String> {
    if find(&lines[..place.end], place.start + 1, BEGIN).is_some() {
        return Err("another begins before it ends".to_owned());
    }
    let fence = find(&lines[..place.end], place.start, "```sh").ok_or("no command")?;
    let close = find(&lines[..place.end], fence, "```").ok_or("a fence that never ends")?;
    let [line] = lines[fence + 1..close] else { return Err("not one command".to_owned()) };
    let (command, off) = line.split_once(WITHIN).ok_or("how far off may its figures be?")?;
    let (factor, apart) = off.split_once(OR).unwrap_or((off, "0"));
    let first = |words: &str| words.split(' ').next().and_then(|word| word.parse().ok());
    let inside = |at: usize| if place.contains(&at) { lines[at] } else { "" };
    Ok(Block {
        command: command.trim().to_owned(),
        factor: first(factor).filter(|factor| *factor >= 1.0).ok_or("what factor?")?,
        apart: first(apart).ok_or("how much more or less?")?,
        body: close + 1..place.end,
        figures: figures((0..place.end).map(inside)),
    })
}

/// The block beside this command.
///
/// # Errors
/// If there is none, or the document is not in order.
pub fn of(document: &str, command: &str) -> Result<Block, String> {
    let found = read(document)?.into_iter().find(|block| block.command == command);
    found.ok_or_else(|| format!("`{command}` stands beside no figures"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::DOCUMENT;

    #[test]
    fn a_block_is_read() {
        let block = of(DOCUMENT, "acceptance/4-06").unwrap();
        assert_eq!((block.factor, block.apart, block.figures.len()), (1.5, 10.0, 1));
        let growth = of(DOCUMENT, "bench/growth").unwrap();
        assert_eq!((growth.factor, growth.apart, growth.figures.len()), (2.0, 0.0, 2));
        assert_eq!(DOCUMENT.lines().nth(growth.body.end), Some(END));
        assert!(of(DOCUMENT, "bench/other").is_err());
    }

    #[test]
    fn a_figure_and_a_picture_without_a_command_are_found() {
        for (alone, line) in [("\n| a | b |\n| --- | --- |\n| c | 5 |\n", 36), ("![x](y.svg)", 33)]
        {
            let why = read(&format!("{DOCUMENT}{alone}")).unwrap_err();
            assert_eq!(why, format!("line {line}: a figure without a command beside it"));
        }
    }

    #[test]
    fn a_block_that_is_none_is_named() {
        let growth = "bench/growth # within a factor of 2";
        for (from, to, why) in [
            (growth, "bench/growth", "line 7: how far off may its figures be?"),
            (growth, "bench/growth # within a factor of x", "line 7: what factor?"),
            (growth, "bench/growth\nbench/growth", "line 7: not one command"),
            ("```sh\nbench", "```\nbench", "line 7: no command"),
            ("| writes | 300 |\n<!-- /figures -->", "", "line 7: another begins before it ends"),
            (END, "", "line 7: never ends"),
        ] {
            assert_eq!(read(&DOCUMENT.replace(from, to)).unwrap_err(), why);
        }
    }
}
