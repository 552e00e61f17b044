//! Control experiments: with a safeguard off, the auditor notices. If it did not, its silence in
//! the other runs would mean nothing.

use fanfare_sim::{Breach, Control, Options, run, run_many};

/// Within so many seeds the breach shows.
const SEEDS: u64 = 500;

/// The same where it takes two processes at one moment.
const SEEDS_OF_NODES: u64 = 16_000;

fn caught(control: Control) -> Breach {
    caught_within(SEEDS, control)
}

/// Whether one of these breaches shows; others may before it.
fn shows(control: Control, breaches: &[Breach]) -> bool {
    let one = |seed| {
        run(Options { seed, control: Some(control), trace: false })
            .is_err_and(|caught| breaches.contains(&caught.breach))
    };
    (1..SEEDS_OF_NODES).step_by(2).any(one)
}

fn caught_within(seeds: u64, control: Control) -> Breach {
    let failure = run_many(0..seeds, Some(control)).expect_err("the auditor noticed nothing");
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
fn a_fence_by_number_alone_lets_two_histories_meet() {
    assert_eq!(caught(Control::FenceByNumber), Breach::TwoHistories);
}

#[test]
fn a_row_that_was_only_read_back_may_vanish() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::ReadBackBelieved), Breach::Lost);
}

#[test]
fn a_stale_lease_gives_stale_answers() {
    assert_eq!(caught(Control::StaleLease), Breach::Stale);
}

#[test]
fn an_append_does_not_prove_a_lease() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::AppendProves), Breach::Stale);
}

#[test]
fn a_follower_that_lacks_rows_must_not_go_by_its_owners_word() {
    assert_eq!(caught(Control::WordBehind), Breach::Stale);
}

#[test]
fn an_answer_before_the_followers_have_the_row_makes_theirs_stale() {
    assert_eq!(caught(Control::AnswersNotHeld), Breach::Stale);
}

#[test]
fn a_follower_that_tells_of_a_row_early_makes_the_others_stale() {
    assert_eq!(caught(Control::UnsettledTold), Breach::Stale);
}

#[test]
fn a_request_passed_on_twice_is_done_twice_without_its_number() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::ForwardTwice), Breach::DoneTwice);
}

#[test]
fn a_take_over_without_a_look_at_the_beat_meets_a_live_owner() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::BeatNotLooked), Breach::Stale);
}

#[test]
fn a_lease_that_came_back_is_not_the_same() {
    // Where a node's row went back too, a follower may also be lost to an owner that opened anew.
    assert!(shows(Control::LeasesUncounted, &[Breach::Stale]));
}

#[test]
fn a_lane_opened_without_its_lease_makes_rows_its_holder_does_not_know() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::OpenUnleased), Breach::Stale);
}

#[test]
fn a_successor_that_does_not_wait_meets_words_of_the_one_before() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::SuccessorAtOnce), Breach::Stale);
}

#[test]
fn a_hand_over_that_does_not_wait_for_words_leaves_stale_ones() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::WordsKept), Breach::Stale);
}

#[test]
fn a_lease_given_away_in_vain_may_still_go() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::GivenReopened), Breach::Stale);
}

#[test]
fn a_gate_that_refuses_while_a_row_is_in_doubt_says_what_is_not_so() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::DoubtKept), Breach::UnsureThenRefused);
}

#[test]
fn a_take_over_by_any_clock_opens_drops_early() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::AnyClockBelieved), Breach::Early);
}

#[test]
fn a_lane_opened_anew_by_another_nodes_clock_stops_a_sale() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::OwnClockForgotten), Breach::SaleStopped);
}

#[test]
fn a_torn_row_that_is_believed_is_damage() {
    assert_eq!(caught(Control::TornBelieved), Breach::Damaged);
}

#[test]
fn a_hole_that_is_skipped_is_damage() {
    assert_eq!(caught(Control::HoleSkipped), Breach::Damaged);
}

#[test]
fn a_journal_cut_where_it_is_damaged_loses_what_was_durable() {
    assert_eq!(caught(Control::DamageCut), Breach::Lost);
}

#[test]
fn a_lane_opened_without_a_look_at_its_witness_loses_what_was_durable() {
    assert_eq!(caught(Control::WitnessIgnored), Breach::Lost);
    // By one node of several too, whose own file knows.
    let several = |seed| {
        let control = Some(Control::WitnessIgnored);
        run(Options { seed, control, trace: false })
            .is_err_and(|caught| caught.breach == Breach::Lost)
    };
    assert!((1..SEEDS).step_by(2).any(several), "no node of several was caught");
}

#[test]
fn a_loss_accepted_without_the_witness_gives_its_numbers_again() {
    assert_eq!(caught(Control::NumbersAgain), Breach::GivenAgain);
}

#[test]
fn a_loss_accepted_without_the_witness_gives_its_units_again() {
    assert_eq!(caught(Control::UnitsAgain), Breach::GivenAgain);
}

#[test]
fn who_may_have_been_replaced_goes_on_from_before_its_successor() {
    // It answers from there, or writes over what is forgotten.
    assert!(shows(Control::ReplaceableKept, &[Breach::Stale, Breach::Lost]));
}

#[test]
fn who_takes_an_earlier_processs_row_for_a_live_ones_ends_for_nothing() {
    assert_eq!(caught_within(SEEDS_OF_NODES, Control::RivalBelieved), Breach::Stopped);
}

#[test]
fn controls_are_found_by_name() {
    for (name, control) in Control::ALL {
        assert_eq!((Control::named(name), control.name()), (Some(control), name));
    }
    assert_eq!(Control::named("nothing-off"), None);
}
