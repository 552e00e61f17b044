//! Pages in a real browser: walked as a new user would, looked at, and checked.

#[path = "browser/check.rs"]
mod check;
mod common;
#[path = "browser/driver.rs"]
mod driver;
#[path = "browser/samples.rs"]
mod samples;
#[path = "browser/server.rs"]
mod server;
#[path = "browser/walk.rs"]
mod walk;
#[path = "browser/weight.rs"]
mod weight;
