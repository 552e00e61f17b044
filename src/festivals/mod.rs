//! The festival file: what a brand writes down before the day, read and checked.
//!
//! Owns the form of the file (`keys`), its bounds (`limits`), the reader that finds every fault
//! at once with line and column (`walk`, `read`), and the checked tree it gives (`model`). The
//! reference page and the editors' schema are made from the same declaration (`reference`).
//!
//! Pictures are read by a step of their own (`pictures`), beside the file only.
//!
//! Promises: a `Festival` cannot be wrong in any way its types or `read` can see; reading never
//! panics and takes bounded time and memory, whatever the bytes; the same text gives the same
//! tree. Reading asks no clock: whether a drop lies in the past is not a fault.

mod faults;
mod keys;
pub mod limits;
mod model;
mod money;
mod pictures;
mod read;
mod reference;
mod syntax;
mod walk;
mod when;

pub use faults::{Fault, Faults};
pub use model::{
    Brand, Colour, Crowd, DropPlan, Festival, Good, Id, Item, Kind, Line, Maker, Names, Opening,
    PicturePath, Ratio, Url, Variant,
};
pub use money::{Currency, Money};
pub use pictures::{Picture, Pictures};
pub use read::{read, read_file};
pub use reference::{EXAMPLE, page as reference_page, schema as editor_schema};
pub use when::span_text;
