//! Whose turn it is: the file's drops in its order, those that overlap together.

use crate::drops::spec::DropSpec;
use crate::festivals::{DropPlan, Festival, Opening};

/// Drops that are held together.
pub type Turn<'a> = Vec<&'a DropPlan>;

/// The drops in turns. Drops that repeat are held once, each by itself.
pub fn turns<'a>(festival: &'a Festival, only: Option<&str>) -> Vec<Turn<'a>> {
    let wanted = |drop: &&DropPlan| only.is_none_or(|id| drop.id().as_str() == id);
    let mut turns: Vec<Turn<'a>> = Vec::new();
    let mut until_ms = i64::MIN;
    for drop in festival.drops().iter().filter(wanted) {
        let Opening::At(opens_at_ms) = drop.opening() else {
            turns.push(vec![drop]);
            continue;
        };
        let closes_at_ms = opens_at_ms + drop.open_for_ms();
        match turns.last_mut() {
            Some(turn) if opens_at_ms < until_ms => {
                turn.push(drop);
                until_ms = until_ms.max(closes_at_ms);
            }
            _ => {
                turns.push(vec![drop]);
                until_ms = closes_at_ms;
            }
        }
    }
    turns
}

/// A drop of the file as it is rehearsed: it opens when its turn comes, and holds may be shorter.
pub fn shifted(
    festival: &Festival,
    plan: &DropPlan,
    opens_at_ms: i64,
    hold_s: Option<u32>,
) -> DropSpec {
    let mut spec = DropSpec::new(festival, plan, 0, 1);
    plan.id().as_str().clone_into(&mut spec.id);
    spec.terms.opens_at_ms = opens_at_ms;
    spec.terms.closes_at_ms = opens_at_ms + plan.open_for_ms();
    spec.terms.hold_s = hold_s.unwrap_or(spec.terms.hold_s).max(1);
    spec
}
