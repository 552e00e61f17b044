//! Fanfare beside what one would otherwise take, by `bench/compare`.
//!
//! | file | holds |
//! | --- | --- |
//! | `sqlite` | the same work on SQLite, a batch a transaction |
//! | `peer` | who is compared, in words, and what survives a power cut of each |
//! | `points` | the measured points as the script writes them; medians |
//! | `report` | figures by name, the table in Markdown |
//! | `plot` | the picture |

mod peer;
mod plot;
mod points;
mod report;
mod sqlite;

use crate::Told;
use points::Points;

pub use sqlite::measure as measure_sqlite;

/// Figures, table and picture.
///
/// # Errors
/// Names a line that is no point, and a peer that nobody measured.
pub fn told(points: &str) -> Result<Told, String> {
    let points = Points::read(points)?;
    Ok(Told {
        figures: report::figures(&points)?,
        tables: report::table(&points),
        picture: plot::svg(&points.summaries()),
    })
}
