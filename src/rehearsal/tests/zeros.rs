//! A sound sale passes with zeros; each fault is caught by the figure that is there for it.

use super::naive::{Fault, Naive};
use crate::rehearsal::in_process::run_served;
use crate::rehearsal::progress::Progress;
use crate::rehearsal::{Audit, Crowd, CrowdPlan, Findings, Memory};

const OPENS_AT_MS: i64 = 100_000;

fn plan(seed: u64) -> CrowdPlan {
    CrowdPlan {
        seed,
        first_fan: 1_001,
        fans: 20_000,
        lines: vec![2_000],
        opens_at_ms: OPENS_AT_MS,
        hold_ms: 10_000,
        ..CrowdPlan::default()
    }
}

pub(super) fn rehearse(seed: u64, fault: Fault) -> (Memory, Findings) {
    let mut naive = Naive::new(2_000, OPENS_AT_MS, 10_000, fault);
    let crowds = vec![("drop".to_owned(), Crowd::new(plan(seed)))];
    let mut runs = run_served(&mut naive, crowds, &super::clock(), &mut Progress::quiet());
    let memory = runs.remove(0).memory;
    let mut audit = Audit::new(&memory);
    for (place, time_ms, fact) in &naive.journal {
        audit.fact(*place, *time_ms, fact);
    }
    let found = audit.finish(&memory);
    (memory, found)
}

#[test]
fn a_sound_sale_passes_with_zeros() {
    let (memory, found) = rehearse(1, Fault::None);
    let zeros = [found.oversold, found.left_over, found.double, found.lost, found.senseless];
    assert_eq!(zeros, [0; 5], "{found:?}");
    assert_eq!((found.untold, found.lost_answers_other, found.refused_while_free), (0, 0, 0));
    let counts = &memory.counts;
    assert_eq!((counts.fans_asked, counts.fans_unanswered, counts.differing), (20_000, 0, 0));
    assert_eq!((counts.lost_unanswered, counts.later_unanswered), (0, 0));
    assert_eq!((found.units, found.claims), (2_000, 2_000 + found.resold));
    assert!(found.resold > 300, "{found:?}");
    assert!(found.sold_out_after_ms.is_some_and(|at| (1_000..4_000).contains(&at)), "{found:?}");
    assert!(memory.lost.len() > 900 && counts.cut >= memory.lost.len() as u64);
    assert!(counts.last_first_answer_ms.is_some_and(|at| at < 26_500), "{counts:?}");
}

#[test]
fn one_seed_gives_one_run() {
    let ((one, found), (again, same)) = (rehearse(5, Fault::None), rehearse(5, Fault::None));
    assert_eq!((one.told, one.lost, found), (again.told, again.lost, same));
    assert_eq!((&one.arrivals, &one.answers), (&again.arrivals, &again.answers));
    assert_ne!(rehearse(6, Fault::None).0.answers, one.answers);
}

#[test]
fn busy_unsure_and_nonsense_are_asked_again_until_true() {
    let (memory, found) = rehearse(2, Fault::Moody);
    let zeros = [found.oversold, found.left_over, found.double, found.lost, found.untold];
    assert_eq!(zeros, [0; 5], "{found:?}");
    assert_eq!((memory.counts.fans_unanswered, memory.counts.later_unanswered), (0, 0));
    assert_eq!((memory.counts.differing, found.lost_answers_other), (0, 0));
    assert!(memory.counts.nonsense > 100);
}

#[test]
fn each_fault_is_caught() {
    assert!(rehearse(1, Fault::Oversells).1.oversold > 0);
    assert_eq!(rehearse(1, Fault::LosesClaim).1.lost, 1);
    assert!(rehearse(1, Fault::LosesPayment).1.lost > 1_000);
    assert!(rehearse(1, Fault::NumberTwice).1.double > 0);
    let (memory, found) = rehearse(1, Fault::RepeatDiffers);
    assert!(memory.counts.differing > 0 && found.double > 0, "{found:?}");
    let (_, found) = rehearse(1, Fault::KeepsUnits);
    assert!(found.left_over > 0 && found.refused_while_free > 0, "{found:?}");
}
