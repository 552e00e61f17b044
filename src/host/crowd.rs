//! A made crowd for a demo: made fans who claim on a drop through its lane as real ones do, so
//! that a single person sees it sell out. Their fan numbers say what they are.

use crate::app::App;
use crate::drops::drop::Drop;
use crate::drops::ticket::{Answered, Ticket};
use crate::fans::ACCOUNTS;
use fanfare_engine::{Command, Fan, Line, Number, Phase, Quantity};
use fanfare_lane::{LaneId, Reply};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

/// Made fans' numbers begin here and end where accounts' begin: nobody real has one.
const MADE_FROM: u64 = ACCOUNTS.start / 2;

/// Whether a fan's number is a made fan's.
pub fn is_made(fan: u64) -> bool {
    (MADE_FROM..ACCOUNTS.start).contains(&fan)
}

/// Fans of a crowd at the least and at the most.
const FANS: (u64, u64) = (60, 3_000);

/// The time between two steps of a crowd, and how many steps it takes to come: 50 s.
const STEP: Duration = Duration::from_millis(100);
const STEPS: u64 = 500;

/// How long somebody thinks before paying, in steps; one in six never pays.
const THINKS: u64 = 30;
const NEVER_PAYS: u64 = 6;

/// How long a crowd waits for the opening, in steps: an hour.
const WAITS: u64 = 36_000;

/// Crowds that are there now, by lane.
#[derive(Default)]
pub struct Crowds(Mutex<BTreeMap<LaneId, Arc<Crowd>>>);

/// A crowd that was set on a drop.
#[derive(Default)]
pub struct Crowd {
    home: AtomicBool,
    asked: AtomicU32,
}

impl Crowds {
    /// How many made fans have asked on this lane's drop; none where no crowd is.
    pub fn asked(&self, lane: LaneId) -> Option<u32> {
        let crowds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        crowds.get(&lane).map(|crowd| crowd.asked.load(Ordering::Relaxed))
    }

    /// Sends the crowd home that is on this lane's drop; says whether there was one.
    pub fn send_home(&self, lane: LaneId) -> bool {
        let mut crowds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = crowds.remove(&lane);
        gone.inspect(|crowd| crowd.home.store(true, Ordering::Relaxed)).is_some()
    }

    /// Sets a crowd on a drop that has none; says whether it comes now.
    pub fn let_come(app: &Arc<App>, drop: &Arc<Drop>) -> bool {
        let mut crowds = app.crowds.0.lock().unwrap_or_else(PoisonError::into_inner);
        if crowds.contains_key(&drop.lane) {
            return false;
        }
        let crowd = Arc::<Crowd>::default();
        let (there, app, drop) = (crowd.clone(), app.clone(), drop.clone());
        let lane = drop.lane;
        let body = move || {
            come(&app, &drop, &there);
            app.crowds.leave(drop.lane, &there);
        };
        let started = thread::Builder::new().name("made-crowd".to_owned()).spawn(body).is_ok();
        if started {
            crowds.insert(lane, crowd);
        }
        started
    }

    fn leave(&self, lane: LaneId, gone: &Arc<Crowd>) {
        let mut crowds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if crowds.get(&lane).is_some_and(|crowd| Arc::ptr_eq(crowd, gone)) {
            crowds.remove(&lane);
        }
    }
}

/// How many have come after so many steps: many at first, then fewer.
fn come_by(fans: u64, step: u64) -> u64 {
    let step = step.min(STEPS);
    fans * step * (2 * STEPS - step) / (STEPS * STEPS)
}

/// The first fan of a crowd that comes now. The moment, to an eighth of a second, is part of the
/// number: no two crowds of half a year have a fan in common.
fn first_of(now_ms: i64) -> u64 {
    MADE_FROM + (((now_ms.unsigned_abs() >> 7) & 0x7ff_ffff) << 12)
}

fn come(app: &App, drop: &Drop, crowd: &Crowd) {
    for _ in 0..WAITS {
        if crowd.home.load(Ordering::Relaxed) {
            return;
        }
        match drop.published.front().face.phase(app.now_ms()) {
            Phase::Before | Phase::Paused => thread::sleep(STEP),
            Phase::Open => break,
            Phase::Closed => return,
        }
    }
    let free: u64 = drop.published.front().face.lines.iter().map(|line| u64::from(line.free)).sum();
    let fans = (free * 3 / 2).clamp(FANS.0, FANS.1);
    let first = first_of(app.now_ms());
    let (mut asked, mut paying) = (0, VecDeque::new());
    for step in 1..=STEPS + THINKS + 1 {
        thread::sleep(STEP);
        if crowd.home.load(Ordering::Relaxed) {
            return;
        }
        let due = come_by(fans, step);
        let claims = (asked..due).filter_map(|fan| ask(app, drop, first, fan));
        let claims: Vec<_> = claims.collect();
        asked = due;
        crowd.asked.store(asked as u32, Ordering::Relaxed);
        for claim in claims {
            match claim.blocking_recv().map(|answered| answered.reply) {
                Ok(Reply::Claim { claim, .. }) if claim.fan.get() % NEVER_PAYS > 0 => {
                    paying.push_back((step + THINKS, claim.number));
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
        pay(app, drop, &mut paying, step);
    }
}

/// One made fan asks, as others do: refused from memory, or by the lane.
fn ask(app: &App, drop: &Drop, first: u64, fan: u64) -> Option<oneshot::Receiver<Answered>> {
    let front = drop.published.front();
    let lines = front.face.lines.len().max(1) as u64;
    let free = |line: &u64| front.face.lines.get(*line as usize).is_some_and(|line| line.free > 0);
    let wanted = (0..lines).map(|more| (fan + more) % lines).find(free).unwrap_or(fan % lines);
    let (line, fan) = (Line(wanted as u16), Fan::new(first + fan)?);
    let (quantity, now_ms) = (Quantity::MIN, app.now_ms());
    match drop.published.screen(&front, fan, line, quantity, now_ms) {
        Ok(Some(refusal)) => drop.count_refusal(refusal.code()),
        Ok(None) => {
            let (sender, receiver) = oneshot::channel();
            let command = Command::Claim { fan, line, quantity, key: None };
            app.node.ask(drop.lane, command, Ticket::One(sender));
            return Some(receiver);
        }
        Err(_) => {}
    }
    None
}

fn pay(app: &App, drop: &Drop, paying: &mut VecDeque<(u64, Number)>, step: u64) {
    while let Some((due, number)) = paying.front().copied()
        && due <= step
    {
        paying.pop_front();
        app.node.ask(drop.lane, Command::Settle { number }, Ticket::Nobody);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_fans_are_nobody_real_and_of_one_crowd() {
        for now_ms in [0, 128, 1_795_233_600_000, i64::MAX] {
            let first = first_of(now_ms);
            assert!(is_made(first) && is_made(first + FANS.1), "{first}");
            assert!(first_of(now_ms.saturating_sub(128)).abs_diff(first) >= FANS.1 || now_ms == 0);
        }
        assert!(!is_made(ACCOUNTS.start) && !is_made(1));
    }

    #[test]
    fn a_crowd_comes_whole_and_faster_at_first() {
        assert_eq!([0, STEPS, STEPS + 9].map(|step| come_by(3_000, step)), [0, 3_000, 3_000]);
        assert!(come_by(3_000, STEPS / 2) > 2_000);
        let steps: Vec<u64> = (0..=STEPS).map(|step| come_by(60, step)).collect();
        assert!(steps.is_sorted());
    }
}
