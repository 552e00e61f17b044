//! What a host is told where time is in doubt or rows were lost: what happened, what Fanfare does
//! about it meanwhile, and what to do next.

use super::clock_alarm::{Shown, of_clock};
use crate::drops::drop::Drop;
use crate::kit::words::{Key, Words};
use crate::pages::{Doubt, State, Visit};
use fanfare_lane::Face;
use std::sync::Arc;

/// One thing a host has to see to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    pub heading: String,
    /// What happened, what is done about it, what to do next.
    pub says: Vec<String>,
    /// Drops it is about, by id and name, where the page is not about one.
    pub drops: Vec<(String, String)>,
    /// The button that confirms the clock, where it can be pressed.
    pub confirm: Option<Confirm>,
}

/// A form that confirms the clock. It has nothing of its own each time, so that a page which comes
/// anew is no news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// What it means.
    pub says: String,
    /// The drop whose page it is on.
    pub drop: String,
    /// The newest act there is.
    pub seen: String,
}

/// The alarm of a drop whose time stands still; `newest` says when its newest row is of, and
/// whether the clock shows an earlier time.
pub fn drop_in(w: Words, doubt: Doubt, (newest, before): (&str, bool)) -> Alarm {
    let when = Key(if before { "host-doubt-before" } else { "host-doubt-after" });
    let (heading, what, todo) = match doubt {
        Doubt::Clock => ("host-doubt", w.with(when.0, &[("newest", newest)]), "host-doubt-do"),
        Doubt::Loss => ("host-lost", w.t("host-lost-what"), "host-lost-do"),
    };
    let says = vec![what, w.key(meanwhile(doubt)), w.t(todo)];
    Alarm { heading: w.t(heading), says, ..Alarm::default() }
}

const fn meanwhile(doubt: Doubt) -> Key {
    match doubt {
        Doubt::Clock => Key("host-doubt-while"),
        Doubt::Loss => Key("host-lost-while"),
    }
}

/// The alarm of several drops.
pub fn drops_in(w: Words, doubt: Doubt, drops: Vec<(String, String)>) -> Alarm {
    let (heading, what, todo) = match doubt {
        Doubt::Clock => ("host-doubt", "host-doubt-what", "host-doubt-do-each"),
        Doubt::Loss => ("host-lost", "host-lost-what", "host-lost-do-each"),
    };
    let says = vec![w.t(what), w.key(meanwhile(doubt)), w.t(todo)];
    Alarm { heading: w.t(heading), says, drops, confirm: None }
}

/// All a host has to see to, of all drops: the clock first, then what was lost.
pub fn of_day(visit: &Visit) -> Vec<Alarm> {
    let directory = visit.app.node.directory();
    let of = |doubt: Doubt| {
        let drops = directory.drops.iter();
        let drops = drops.filter(|drop| Doubt::of(&drop.published.front().face) == Some(doubt));
        let name = |drop: &Arc<Drop>| visit.words.0.of(&drop.spec.names).to_owned();
        let drops: Vec<_> = drops.map(|drop| (drop.spec.id.clone(), name(drop))).collect();
        (!drops.is_empty()).then(|| drops_in(visit.words, doubt, drops))
    };
    let clock = of_clock(visit, Shown::Day);
    clock.into_iter().chain([Doubt::Loss, Doubt::Clock].into_iter().filter_map(of)).collect()
}

/// All that a host of this drop has to see to, the clock first.
pub fn of_drop(visit: &Visit, id: &str, face: &Face, seen: &str) -> Vec<Alarm> {
    let state = State::of(face, visit.now_ms);
    let doubt = Doubt::of(face);
    let resumable = doubt.is_some() || (face.paused && state != State::Closed);
    let clock = of_clock(visit, if resumable { Shown::Resumable } else { Shown::Drop(id, seen) });
    let newest = visit.moments().full(face.time_ms - face.time_ms.rem_euclid(1_000));
    let before = visit.now_ms < face.time_ms;
    let doubt = doubt.map(|doubt| drop_in(visit.words, doubt, (&newest, before)));
    clock.into_iter().chain(doubt).collect()
}

/// What is said of a drop on the day's line.
pub const fn line(doubt: Doubt) -> Key {
    match doubt {
        Doubt::Clock => Key("host-doubt-line"),
        Doubt::Loss => Key("host-lost-line"),
    }
}

/// What it means to resume a drop that is paused, and else to pause it; `runs` says whether holds
/// run out.
pub const fn moving(paused: bool, doubt: Option<Doubt>, runs: bool) -> Key {
    match doubt {
        Some(Doubt::Clock) => Key("host-doubt-resume"),
        Some(Doubt::Loss) => Key("host-lost-resume"),
        None if paused => Key("host-resume-more"),
        None if runs => Key("host-pause-more"),
        None => Key("host-pause-kept"),
    }
}
