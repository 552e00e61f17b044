//! Figures: cells of Markdown tables that are a number, and what programs print by name.

use crate::figures::number;

/// The table of what was measured with; its numbers are no figures.
const CIRCUMSTANCES: &str = "measured with";

/// The table whose rows are named as programs print them, and its column.
const BY_NAME: (&str, &str) = ("figure", "value");

/// One figure, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The line, from 1.
    pub line: usize,
    /// The first cell of the table's head.
    pub table: String,
    /// The first cell of the row.
    pub row: String,
    /// The head of its column.
    pub column: String,
    /// What it says.
    pub value: f64,
}

impl Figure {
    /// Whether the other says the same thing, with whatever value.
    pub fn is(&self, other: &Self) -> bool {
        (&self.table, &self.row, &self.column) == (&other.table, &other.row, &other.column)
    }

    /// Whether its rows are named as programs print them.
    pub fn is_by_name(&self) -> bool {
        self.table == BY_NAME.0
    }
}

/// The cells of a line of a table.
pub fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
}

/// Every figure of the tables among these lines.
pub fn figures<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Figure> {
    let (mut found, mut head) = (Vec::new(), None);
    for (at, line) in lines.enumerate() {
        let Some(cells) = cells(line) else {
            head = None;
            continue;
        };
        let head: &Vec<&str> = head.get_or_insert_with(|| cells.clone());
        if head[0] == CIRCUMSTANCES {
            continue;
        }
        for (column, cell) in head.iter().zip(&cells).skip(1) {
            found.extend(number(&cell.replace(',', "")).map(|value| Figure {
                line: at + 1,
                table: head[0].to_owned(),
                row: cells[0].to_owned(),
                column: (*column).to_owned(),
                value,
            }));
        }
    }
    found
}

/// Every figure a program printed: tables, and lines of a name and a value.
pub fn printed(output: &str) -> Vec<Figure> {
    let mut found = figures(output.lines());
    found.extend(output.lines().enumerate().filter_map(|(at, line)| {
        let (name, value) = line.split_once(' ')?;
        Some(Figure {
            line: at + 1,
            table: BY_NAME.0.to_owned(),
            row: name.to_owned(),
            column: BY_NAME.1.to_owned(),
            value: number(value)?,
        })
    }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::DOCUMENT;

    #[test]
    fn cells_that_are_a_number_are_figures_but_not_the_circumstances() {
        let found = figures(DOCUMENT.lines());
        let told: Vec<_> = found.iter().map(|f| (f.row.as_str(), f.value as u32)).collect();
        assert_eq!(told, [("10,000", 200_000), ("100,000", 190_000), ("first_answer_ms", 400)]);
    }

    #[test]
    fn what_is_printed_by_name_is_what_stands_in_a_table_by_name() {
        let printed = printed("first_answer_ms 450\nholds: all of it\nsetting connections=1\n");
        assert_eq!(printed.len(), 1);
        let document = figures(DOCUMENT.lines());
        assert!(document[2].is(&printed[0]) && document[2].is_by_name());
    }
}
