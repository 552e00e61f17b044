//! Statements over many rows at once. Rows go in chunks of a few fixed sizes, so that the
//! database keeps a handful of prepared statements and not one for every number of rows.

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

/// `(CAST($1 AS BIGINT), …), (…)`: so many rows of these types, numbered from 1. Every value says
/// its type, because PostgreSQL takes a list's first row to tell.
pub fn values(types: &[&str], rows: usize) -> String {
    let mut sql = String::with_capacity(rows * types.len() * 24);
    let mut nth = 0;
    for row in 0..rows {
        sql += if row == 0 { "(" } else { ", (" };
        for (at, kind) in types.iter().enumerate() {
            nth += 1;
            let comma = if at == 0 { "" } else { ", " };
            sql += &format!("{comma}CAST(${nth} AS {kind})");
        }
        sql += ")";
    }
    sql
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
    fn values_are_numbered_through() {
        let sql = values(&["BIGINT", "TEXT"], 2);
        assert_eq!(
            sql,
            "(CAST($1 AS BIGINT), CAST($2 AS TEXT)), (CAST($3 AS BIGINT), CAST($4 AS TEXT))"
        );
    }
}
