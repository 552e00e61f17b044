//! Verification: every journal of a data folder read from its first row, and proofs and receipts
//! checked without a server. Writes nothing; runs beside a serving process.
//!
//! A row is believed when its bytes are those its hash was made of, it carries the hash of the
//! row before it, and its seal holds under a listed key. What the facts say is then counted
//! twice: by a tally of its own, which shares no rule and no type of state with the engine, and
//! by the engine's replay. Both must accept every row, and agree at the end.
//!
//! | file | holds |
//! | --- | --- |
//! | `report` | what was found: lanes, promises broken, and where |
//! | `folder` | a data folder: witness, keys, lanes |
//! | `rows`, `seals` | rows read and checked on several threads, each for itself |
//! | `lane` | one lane in order: chain, tally, replay |
//! | `tables` | the tables beside the journal, held against it |
//! | `tally` | the own count: stock, claims, fans, rights |
//! | `bundle` | published proofs and receipts |
//! | `words` | the report for people and as JSON |

mod bundle;
mod folder;
mod lane;
mod report;
mod rows;
mod seals;
mod tables;
mod tally;
mod words;

pub use bundle::{Bundle, bundle};
pub use folder::{elsewhere, folder, folder_beside};
pub use report::{Broken, LaneReport, Progress, Promise, Report, VerifyError};
pub use words::{bundle_json, report_json, table};
