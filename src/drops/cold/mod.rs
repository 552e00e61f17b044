//! A drop's facts as rows of tables, a little later and exactly once.
//!
//! The journal counts; the tables are made from it and can be made again. Each lane has a cursor,
//! the newest row that became rows here, written in the transaction of those rows. A cursor that
//! is not in the journal stops its lane's projection; a journal that ends before a cursor went
//! back in time, and its lane stays shut.
//!
//! | file | holds |
//! | --- | --- |
//! | `rows`, `change`, `steps` | what the tables hold and what changes them, as types |
//! | `load` | rows of the journal to changes of tables, pure |
//! | `write`, `write_claims`, `write_rare` | those changes written, all of them or none |
//! | `cursors`, `owner` | how far each lane is; whose database it is |
//! | `forget` | tables of rows the journal has lost, emptied |
//! | `projector`, `bell`, `lag` | the thread that does it, what wakes it, how far behind it is |
//! | `read`, `rest` | claims of lanes at rest, without replaying them |

mod bell;
mod change;
mod cursors;
mod forget;
mod lag;
mod load;
mod owner;
mod projector;
pub mod read;
pub mod rest;
pub mod rows;
mod steps;
mod write;
mod write_claims;
mod write_rare;

pub use bell::Bell;
pub use cursors::{cursors, witnessed};
pub use forget::{forget, lost_claims};
pub use lag::Lag;
pub use owner::{Whose, check_owner, found, give_up, made_at_ms, not_ours, own, went_to};
pub use projector::Projector;

use crate::kit::db::Marks;
use write_claims::{insert_claims, move_claims};

/// Every statement over these tables, those over many rows for a few sizes: a test prepares each
/// on both databases.
pub fn statements(marks: Marks) -> Vec<String> {
    let stores = [
        cursors::STATEMENTS,
        forget::STATEMENTS,
        owner::STATEMENTS,
        read::STATEMENTS,
        write::STATEMENTS,
        write_claims::STATEMENTS,
        write_rare::STATEMENTS,
    ];
    let fixed = stores.into_iter().flatten().map(|sql| (*sql).to_owned());
    let many = [1, 4, 256].into_iter();
    let many = many.flat_map(|rows| [insert_claims(marks, rows), move_claims(marks, rows)]);
    fixed.chain(many).collect()
}
