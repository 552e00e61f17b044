//! A serving process over days: rounds, rest, doubtful time, hosts' acts, live totals, the end and
//! the next start. Partly in this process on a clock turned by hand, partly the program itself.

#[path = "serving/again.rs"]
mod again;
#[path = "serving/changed.rs"]
mod changed;
mod common;
#[path = "serving/doubt.rs"]
mod doubt;
#[path = "serving/hall.rs"]
mod hall;
#[path = "serving/hosts.rs"]
mod hosts;
#[path = "serving/live.rs"]
mod live;
#[path = "serving/rest.rs"]
mod rest;
#[path = "serving/rounds.rs"]
mod rounds;
#[path = "serving/stops.rs"]
mod stops;
#[path = "serving/trail.rs"]
mod trail;
#[path = "serving/watched.rs"]
mod watched;
