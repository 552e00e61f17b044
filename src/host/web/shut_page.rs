//! `/host/drops/{drop}` of a drop that is not served now: why, and what to do.

use crate::drops::node::{Shut, Until};
use crate::pages::{Frame, Key, LOOK_AGAIN_MS, Page, Visit};
use askama::Template;

/// A drop that cannot be reached, for its host.
#[derive(Clone, Debug, Template)]
#[template(path = "host/shut.html")]
pub struct ShutPage {
    pub frame: Frame,
    pub times: Option<String>,
    /// Why, as `/readyz` says it to operators: in English.
    pub why: String,
    /// What to do about it.
    pub advice: String,
}

impl Page for ShutPage {}

impl ShutPage {
    /// The page of this drop.
    pub fn of(visit: &Visit, shut: &Shut) -> Self {
        let w = visit.words;
        let mut frame = Frame::new(visit, w.0.of(&shut.spec.names).to_owned());
        frame.here = format!("/host/drops/{}", shut.spec.id);
        frame.refresh_at(visit.now_ms + LOOK_AGAIN_MS);
        let times = times(visit, shut);
        Self { frame, times, why: shut.words(), advice: w.key(advice(shut.until)) }
    }
}

/// What opens the drop again.
pub fn advice(until: Until) -> Key {
    match until {
        Until::Mended => Key("host-shut-mended"),
        Until::Answered => Key("host-shut-answered"),
        Until::Told => Key("host-shut-told"),
    }
}

/// From when to when it was to be open, in words.
pub fn times(visit: &Visit, shut: &Shut) -> Option<String> {
    let (opens_at_ms, closes_at_ms) = shut.spec.times_ms()?;
    let moments = visit.moments();
    let (opens, closes) = (moments.short(opens_at_ms), moments.short(closes_at_ms));
    Some(visit.words.with("host-times", &[("opens", &opens), ("closes", &closes)]))
}
