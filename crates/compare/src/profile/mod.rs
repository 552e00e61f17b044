//! Where the time of a request goes, by `bench/profile`.
//!
//! | file | holds |
//! | --- | --- |
//! | `samples` | what was seen at work, as the script writes it; the parts |
//! | `report` | the parts as figures and as a table |
//! | `plot` | the picture: two bars a part |

mod plot;
mod report;
mod samples;

use crate::Told;
use samples::Samples;

/// Figures, tables and picture.
///
/// # Errors
/// Names a line that is no sample.
pub fn told(samples: &str) -> Result<Told, String> {
    let samples = Samples::read(samples)?;
    Ok(Told {
        figures: report::figures(&samples),
        tables: report::tables(&samples),
        picture: plot::svg(&samples),
    })
}
