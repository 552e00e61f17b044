//! What hosts do, sensible or not.

use crate::crowd::Scene;
use crate::plan::line_terms;
use crate::rng::Rng;
use fanfare_engine::{Act, Amendment, Command, Fan, Line, Quantity};

/// The fan number hosts act under.
pub(crate) const HOST: Fan = match Fan::new(Fan::MAX) {
    Some(fan) => fan,
    None => panic!("the largest fan number is one"),
};

/// Who and why: an act of its own each time.
pub(crate) fn act(rng: &mut Rng) -> Act {
    Act { by: HOST, why: rng.range(1, u64::MAX >> 1) }
}

/// What a host does next.
pub(crate) fn next(rng: &mut Rng, scene: &Scene) -> Command {
    let act = act(rng);
    let line = if rng.one_in(20) { 88 } else { rng.below(u64::from(scene.lines.max(1))) as u16 };
    let line = Line(line);
    match rng.below(20) {
        0..6 => {
            let units = if rng.one_in(12) { 999_999_999 } else { rng.range(1, 40) as u32 };
            Command::Restock { line, units, act }
        }
        6..10 => {
            let units = if rng.one_in(4) { 5_000 } else { rng.range(1, 6) as u32 };
            Command::Withdraw { line, units, act }
        }
        10 => Command::Pause(act),
        11 => Command::Resume(act),
        12 if scene.progress > 85 && rng.one_in(4) => Command::Close(act),
        _ => Command::Amend { amendment: amendment(rng, scene, line), act },
    }
}

fn amendment(rng: &mut Rng, scene: &Scene, line: Line) -> Amendment {
    let near = |rng: &mut Rng| scene.now_ms + rng.range(0, 300) as i64 - 100;
    let far_ms = scene.now_ms + 40 * 86_400_000;
    match rng.below(12) {
        0 | 1 => Amendment::OpensAt(if rng.one_in(5) { far_ms * 2 } else { near(rng) }),
        2 if scene.progress > 80 => Amendment::ClosesAt(near(rng)),
        3 => Amendment::ClosesAt(scene.now_ms - 1),
        4 => Amendment::ClosesAt(far_ms),
        5 => Amendment::Hold(rng.pick(&[0, 3, 60, 400, 1_200])),
        6 | 7 => Amendment::Limit(Quantity::new(rng.range(1, 4) as u16).unwrap_or(Quantity::MIN)),
        8 => Amendment::Price(line, rng.range(0, 100_000) as i64 - 500),
        9 => Amendment::Price(Line(55), 1),
        _ if scene.lines < 6 => {
            let id = rng.below(400);
            let mut terms = line_terms(rng, id, 40);
            match rng.below(8) {
                0 => terms.reserve = terms.stock + 1,
                1 => terms.stock = u32::MAX,
                _ => {}
            }
            Amendment::NewLine(terms)
        }
        _ => Amendment::ClosesAt(far_ms),
    }
}
