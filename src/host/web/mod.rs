//! Hosts' pages and their forms. All work without a script.

mod acts;
mod alarm;
mod alarm_samples;
mod apply;
mod change_words;
mod claims;
mod clock_alarm;
mod csv;
mod day;
mod drop_page;
mod engine_page;
mod engine_rows;
mod engine_samples;
mod samples;
mod shut_page;

pub use acts::{act, back, back_to_drop, closing, closing_page, crowd};
pub use apply::{apply, apply_page};
pub use claims::claims;
pub use csv::claims_csv;
pub use day::day;
pub use drop_page::drop_page;
pub use engine_page::engine;
pub use samples::samples;

use crate::kit::problem::Problem;
use crate::kit::token::{Role, Session};
use crate::pages::{Fault, Visit};
use axum::response::Response;
use fanfare_lane::Face;

/// A host's visit, or the answer for whoever is none: strangers are sent to sign in.
fn of_host(visit: Visit) -> Result<(Visit, Session), Box<Response>> {
    match visit.session {
        Some(session) if session.role >= Role::Host => Ok((visit, session)),
        Some(session) if visit.number != 0 => {
            let (fan, is) = (session.fan.get(), session.role.name());
            tracing::warn!(fan, is, takes = Role::Host.name(), "not allowed");
            Err(Box::new(visit.fault(Fault::for_hosts())))
        }
        _ if visit.reads => {
            let to = format!("/sign-in?back={}", crate::pages::inside(&visit.path));
            Err(Box::new(visit.go(&to)))
        }
        _ => Err(Box::new(visit.fault(Problem::new("no_session").into()))),
    }
}

/// From when to when a drop is open, in words.
fn times(visit: &Visit, face: &Face) -> String {
    let moments = visit.moments();
    let (opens, closes) = (moments.short(face.opens_at_ms), moments.short(face.closes_at_ms));
    visit.words.with("host-times", &[("opens", &opens), ("closes", &closes)])
}
