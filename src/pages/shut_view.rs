//! Drops that are not served now, as pages name them: they are there, and cannot be reached.

use super::drop_view::picture;
use super::visit::Visit;
use crate::drops::node::Shut;
use std::sync::Arc;

/// Without a script a page that names such a drop looks again this often, ms.
pub const LOOK_AGAIN_MS: i64 = 20_000;

/// A drop that cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShutView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its picture is.
    pub picture: String,
    /// When it was to be open, in a sentence; nothing where that is not known.
    pub when: Option<String>,
    /// The same moments, ms since 1970; past everything where they are not known.
    pub opens_at_ms: i64,
}

impl ShutView {
    fn of(visit: &Visit, shut: &Shut) -> Self {
        let (spec, times_ms) = (&shut.spec, shut.spec.times_ms());
        Self {
            id: spec.id.clone(),
            name: visit.words.0.of(&spec.names).to_owned(),
            picture: picture(visit, spec),
            when: times_ms.map(|times_ms| planned(visit, times_ms)),
            opens_at_ms: times_ms.map_or(i64::MAX, |(opens_at_ms, _)| opens_at_ms),
        }
    }
}

/// From when to when something was to be open.
fn planned(visit: &Visit, (opens_at_ms, closes_at_ms): (i64, i64)) -> String {
    let moments = visit.moments();
    let (opens, closes) = (moments.short(opens_at_ms), moments.short(closes_at_ms));
    visit.words.with("shut-when", &[("opens", &opens), ("closes", &closes)])
}

/// The drops that cannot be reached, in the order of their opening. A demo's rounds that are over
/// are left out, as they are everywhere: such a page never grows.
pub fn shut(visit: &Visit) -> Vec<ShutView> {
    let (directory, now_ms) = (visit.app.node.directory(), visit.now_ms);
    let demo = visit.app.festival.is_demo();
    let shown = |shut: &&Arc<Shut>| {
        !demo || shut.spec.times_ms().is_some_and(|(_, closes_at_ms)| closes_at_ms > now_ms)
    };
    let all = directory.shut().iter().filter(shown);
    let mut all: Vec<_> = all.map(|shut| ShutView::of(visit, shut)).collect();
    all.sort_by_key(|shut| shut.opens_at_ms);
    all
}

/// Their names in a row, if there are any. While nobody here knows all drops, it says so.
pub fn named(visit: &Visit, shut: &[ShutView]) -> Option<String> {
    let mut names: Vec<String> = shut.iter().map(|shut| shut.name.clone()).collect();
    if visit.app.node.directory().is_apart() {
        names.push(visit.words.t("shut-unlisted"));
    }
    (!names.is_empty()).then(|| names.join(&visit.words.t("list-and")))
}
