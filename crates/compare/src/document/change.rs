//! A block with new figures.

use super::blocks;
use super::tables::printed;
use crate::figures::{grouped, short};

/// The document with these tables beside the command.
///
/// # Errors
/// If the command stands beside no figures, or the document is not in order afterwards.
pub fn write(document: &str, command: &str, tables: &str) -> Result<String, String> {
    let block = blocks::of(document, command)?;
    let lines: Vec<&str> = document.lines().collect();
    let (before, after) = (&lines[..block.body.start], &lines[block.body.end..]);
    let changed = [before, &["", tables.trim_end()], after].concat().join("\n") + "\n";
    match blocks::of(&changed, command)?.figures[..] {
        [] => Err(format!("there is no figure in what `{command}` made")),
        _ => Ok(changed),
    }
}

/// The document with the values that the output has for the block's rows.
///
/// # Errors
/// If the command stands beside no figures, or its output lacks one of them.
pub fn fill(document: &str, command: &str, output: &str) -> Result<String, String> {
    let block = blocks::of(document, command)?;
    let mut lines: Vec<String> = document.lines().map(str::to_owned).collect();
    let now = printed(output);
    for figure in &block.figures {
        let at = figure.line - 1;
        let again = now.iter().find(|again| again.is(figure));
        let value = again.ok_or_else(|| format!("`{}` was not printed", figure.row))?.value;
        let value = if value.fract() == 0.0 { grouped(value) } else { short(value) };
        let mut cells: Vec<&str> = lines[at].split('|').collect();
        let value = format!(" {value} ");
        cells[2] = &value;
        lines[at] = cells.join("|");
    }
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::DOCUMENT;

    #[test]
    fn new_tables_stand_where_the_old_ones_stood() {
        let tables = "| claims held | claims/s |\n| ---: | ---: |\n| 50 | 10 |\n";
        let told = write(DOCUMENT, "bench/growth", tables).unwrap();
        let new = format!("factor of 2\n```\n\n{tables}<!-- /figures -->\n\n<!-- figures -->");
        assert!(told.contains(&new), "{told}");
        assert!(!told.contains("190,000") && told.contains("| 400 |"));
        assert!(write(DOCUMENT, "bench/growth", "nothing").is_err());
    }

    #[test]
    fn figures_by_name_take_the_values_that_were_printed() {
        let told = fill(DOCUMENT, "acceptance/4-06", "first_answer_ms 1234\n").unwrap();
        let line = "| `first_answer_ms` | 1,234 | from the start |\n";
        assert_eq!(told, DOCUMENT.replace("| `first_answer_ms` | 400 | from the start |\n", line));
        assert!(fill(DOCUMENT, "acceptance/4-06", "another 5\n").is_err());
    }
}
