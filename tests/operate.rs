//! Operating a festival: backups while it is served, moves from database to database, a journal
//! that goes back in time under a running server, what `doctor` says, what root
//! leaves to the user who serves, and what a start answers.
//!
//! `CLAIMS` and `KILLS` make it larger.

#[path = "operate/backups.rs"]
mod backups;
mod common;
#[path = "operate/doctor.rs"]
mod doctor;
#[path = "operate/full.rs"]
mod full;
#[path = "operate/losses.rs"]
mod losses;
#[path = "operate/moves.rs"]
mod moves;
#[path = "operate/owners.rs"]
mod owners;
#[path = "operate/shop.rs"]
mod shop;
#[path = "operate/starting.rs"]
mod starting;
