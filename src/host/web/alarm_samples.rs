//! A drop's page with what a host has to see to, made up.

use super::alarm::{self, Alarm};
use super::clock_alarm::{Shown as Where, Step, clock};
use super::drop_page::{Done, DropPage};
use super::samples::{Sample, act, made, open, paused};
use crate::kit::words::Words;
use crate::pages::{Doubt, Frame, State};

/// A clock that jumped ahead.
pub fn ahead(w: Words) -> Step {
    Step::Ahead(w.with("span-h", &[("n", "1")]))
}

/// The clock jumped while serving: ahead where the drop goes on and where it is paused, and back;
/// a start whose clock was late, and early; rows that were lost, also of a drop that is over.
pub fn alarmed(frame: &Frame) -> Vec<Sample> {
    let w = frame.w;
    let until = w.with("moment", &[("day", &w.t("day-today")), ("time", "12:00:05")]);
    let clock = |step: &Step, at| vec![clock(w, step, at)];
    let at = Where::Drop("sample", "none");
    let moving = w.key(alarm::moving(false, None, false));
    let jumped = |alarms: Vec<Alarm>| DropPage { alarms, moving: moving.clone(), ..open(frame) };
    let zoned = [("moment", &*until), ("zone", &*w.t("zone-beijing"))];
    let newest = w.with("moment-in-zone", &zoned);
    let halted = |doubt, before| {
        let did = Done { why: String::new(), ..act(w.t("host-did-halt"), None) };
        DropPage {
            alarms: vec![alarm::drop_in(w, doubt, (&newest, before))],
            moving: w.key(alarm::moving(true, Some(doubt), true)),
            told: None,
            acts: vec![Done { who: w.t("host-itself"), ..did }],
            ..paused(frame)
        }
    };
    let state = State::Closed;
    let over = DropPage {
        over: true,
        state: state.word(),
        state_text: w.key(state.key()),
        crowd: None,
        ..halted(Doubt::Loss, false)
    };
    let resumable =
        DropPage { alarms: clock(&ahead(w), Where::Resumable), told: None, ..paused(frame) };
    vec![
        made("clock-ahead", &jumped(clock(&ahead(w), at))),
        made("clock-ahead-paused", &resumable),
        made("clock-back", &jumped(clock(&Step::Back(until.clone()), at))),
        made("doubt-late", &halted(Doubt::Clock, false)),
        made("doubt-early", &halted(Doubt::Clock, true)),
        made("lost", &halted(Doubt::Loss, false)),
        made("lost-over", &over),
    ]
}
