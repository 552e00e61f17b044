//! The reference page and the editors' schema, both made from the declaration of the keys.

mod page;
mod schema;

pub use page::{EXAMPLE, page};
pub use schema::schema;
