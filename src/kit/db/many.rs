//! Statements over many rows at once. Rows go in chunks of a few fixed sizes, so that the
//! database keeps a handful of prepared statements and not one for every number of rows.

use super::Side;
use std::sync::OnceLock;

/// Rows of a chunk, largest first.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// Cuts rows into chunks of the fixed sizes.
pub fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = *SIZES.iter().find(|size| **size <= rows.len())?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

/// Writes the marks of a statement's values, in the order in which they are bound.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// PostgreSQL knows values by number. So does `SQLite`, but there each number is a name that is
    /// looked for from the first on, for every value: with thousands of them that takes ten times
    /// as long as to write the rows.
    numbered: bool,
    given: usize,
}

impl Marks {
    /// As this database knows values.
    pub fn of<S, P>(side: &Side<S, P>) -> Self {
        Self { numbered: matches!(side, Side::Postgres(_)), given: 0 }
    }

    /// The next value, of this type. PostgreSQL takes a list's first row to tell, so there every
    /// value says its own; in `SQLite` a value is of the type it is bound as.
    pub fn value(&mut self, kind: &str) -> String {
        self.given += 1;
        let Self { numbered, given } = self;
        if *numbered { format!("CAST(${given} AS {kind})") } else { "?".to_owned() }
    }

    /// `(CAST($1 AS BIGINT), …), (…)` or `(?, …), (…)`: so many rows of values of these types.
    pub fn rows(&mut self, types: &[&str], rows: usize) -> String {
        let mut row = |_| {
            let row: Vec<String> = types.iter().map(|kind| self.value(kind)).collect();
            format!("({})", row.join(", "))
        };
        let rows: Vec<String> = (0..rows).map(&mut row).collect();
        rows.join(", ")
    }
}

/// A statement's texts for chunks of each size, each made once: text of thousands of values takes
/// longer to make than to run.
pub struct Texts {
    make: fn(Marks, usize) -> String,
    /// As each database knows values, by size.
    made: [[OnceLock<String>; SIZES.len()]; 2],
}

impl Texts {
    /// Of a statement over so many rows.
    pub const fn of(make: fn(Marks, usize) -> String) -> Self {
        Self { make, made: [const { [const { OnceLock::new() }; SIZES.len()] }; 2] }
    }

    /// The text for a chunk of this size.
    pub fn text<S, P>(&'static self, side: &Side<S, P>, rows: usize) -> &'static str {
        let marks = Marks::of(side);
        let size = SIZES.iter().position(|size| *size == rows).unwrap_or_default();
        self.made[usize::from(marks.numbered)][size].get_or_init(|| (self.make)(marks, SIZES[size]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_chunk_and_sizes_are_few() {
        for count in [0, 1, 7, 255, 256, 1_000] {
            let rows: Vec<usize> = (0..count).collect();
            let back: Vec<usize> = chunks(&rows).flatten().copied().collect();
            assert_eq!(back, rows);
            assert!(chunks(&rows).all(|chunk| SIZES.contains(&chunk.len())));
        }
    }

    #[test]
    fn values_are_marked_as_each_database_knows_them() {
        let sides: [Side<(), ()>; 2] = [Side::Postgres(()), Side::Sqlite(())];
        let rows = sides.map(|side| Marks::of(&side).rows(&["BIGINT", "TEXT"], 2));
        let numbered =
            "(CAST($1 AS BIGINT), CAST($2 AS TEXT)), (CAST($3 AS BIGINT), CAST($4 AS TEXT))";
        assert_eq!(rows, [numbered, "(?, ?), (?, ?)"]);
    }
}
