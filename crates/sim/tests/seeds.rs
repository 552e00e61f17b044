//! Twenty thousand seeds, half of them with several nodes: every answer predicted,
//! every kind of fault and of refusal met.

use fanfare_sim::run_many;

/// How many seeds; they take well under the two minutes they may.
const SEEDS: u64 = 20_000;

#[test]
fn twenty_thousand_seeds_keep_every_promise() {
    let report = match run_many(0..SEEDS, None) {
        Ok(report) => report,
        Err(failure) => panic!("{failure}"),
    };
    println!("{report}");
    assert_eq!(report.seeds, SEEDS);
    assert_eq!(report.fleets, SEEDS / 2, "every other seed has several nodes");
    assert_eq!(report.signed, SEEDS / 100, "one seed in a hundred signs for real");
    assert!(report.commands_min >= 2_000, "a seed of {} commands", report.commands_min);
    assert!(report.faults_min >= 5, "a seed of {} faults", report.faults_min);
    let (made, commands) = (report.made, report.commands);
    assert!(made * 3 >= commands, "{made} of {commands} commands made facts");
    assert_eq!(report.never_met(), Vec::<String>::new(), "kinds never met");
}

#[test]
fn a_seed_runs_the_same_way_each_time() {
    let run = || match run_many(4_321..4_325, None) {
        Ok(report) => report,
        Err(failure) => panic!("{failure}"),
    };
    assert_eq!(run(), run());
}
