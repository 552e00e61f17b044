//! Fanfare: the open server on which a brand holds a fan festival.
//!
//! `main.rs` and `cli` read the command line; `app` is built once; `routes` lists every URL;
//! each folder beside them is one domain.

pub mod app;
pub mod bench;
pub mod cli;
pub mod doctor;
pub mod drops;
pub mod fans;
pub mod festivals;
pub mod host;
pub mod kit;
pub mod live;
pub mod look;
pub mod nodes;
pub mod pages;
pub mod rehearsal;
pub mod routes;
pub mod transfer;
pub mod verify;
