//! What a claim costs as something grows, by `bench/growth`.
//!
//! | file | holds |
//! | --- | --- |
//! | `points` | what grows, and the measured points as the script writes them |
//! | `report` | a table for each |
//! | `plot` | the picture: two panels for each, CPU a claim and claims a second |
//! | `axis` | where a value stands in a panel |

mod axis;
mod plot;
mod points;
mod report;

use crate::Told;
use points::Points;

/// Figures, tables and picture.
///
/// # Errors
/// Names a line that is no point.
pub fn told(points: &str) -> Result<Told, String> {
    let points = Points::read(points)?;
    Ok(Told {
        figures: report::figures(&points),
        tables: report::tables(&points),
        picture: plot::svg(&points),
    })
}
