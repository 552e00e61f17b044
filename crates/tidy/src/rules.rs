//! The rules, by what they look at.

pub mod code;
pub mod crates;
pub mod dead;
pub mod docs;
pub mod listed;
pub mod security;
pub mod size;
pub mod words;
