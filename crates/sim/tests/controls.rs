//! Control experiments: with a safeguard off, the auditor notices. If it did not, its silence in
//! the other runs would mean nothing.

use fanfare_sim::{Breach, Control, Options, run, run_many};

/// Within so many seeds the breach shows.
const SEEDS: u64 = 500;

fn caught(control: Control) -> Breach {
    let failure = run_many(0..SEEDS, Some(control)).expect_err("the auditor noticed nothing");
    let replay = format!("--seed {} --control {}", failure.seed, control.name());
    assert!(failure.to_string().contains(&replay), "{failure}");
    failure.violation.breach
}

#[test]
fn without_the_fence_two_owners_write_two_histories() {
    assert_eq!(caught(Control::FenceOff), Breach::TwoHistories);
}

#[test]
fn without_the_limit_a_fan_gets_more() {
    assert_eq!(caught(Control::LimitOff), Breach::AboveLimit);
}

#[test]
fn an_answer_before_the_append_rests_on_nothing() {
    assert_eq!(caught(Control::AnswersFirst), Breach::AnsweredNotDurable);
}

#[test]
fn publishing_before_the_append_shows_what_may_never_be() {
    assert_eq!(caught(Control::PublishFirst), Breach::PublishedNotDurable);
}

#[test]
fn a_sold_out_flag_before_the_holders_refuses_a_holder() {
    assert_eq!(caught(Control::FaceFirst), Breach::GateRefusedHolder);
    // A drop can also pause or close between the two; here it is the sold-out flag.
    let sold_out = |seed| {
        let control = Some(Control::FaceFirst);
        let caught = run(Options { seed, control, trace: false });
        caught.is_err_and(|caught| caught.what.contains("SoldOut"))
    };
    assert!((0..SEEDS).any(sold_out), "no holder was told that the drop is sold out");
}

#[test]
fn controls_are_found_by_name() {
    for (name, control) in Control::ALL {
        assert_eq!((Control::named(name), control.name()), (Some(control), name));
    }
    assert_eq!(Control::named("nothing-off"), None);
}
