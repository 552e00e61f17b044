//! A clock nobody can vouch for: the drop opens paused, says so, and a host confirms the time.

use super::hall::{Hall, boxes};
use crate::common::festival::BOX;
use crate::common::served::{Place, Served, words};
use fanfare::kit::clock::Clock;
use fanfare::kit::data::DataFolder;
use fanfare::kit::token::Role;
use serde_json::Value;

const OPENS_MS: i64 = 1_775_620_800_000;
const DAY_MS: i64 = 86_400_000;
const RESUME: &str = r#"{"why":"the clock is right"}"#;

fn resume(hall: &Hall) -> Value {
    let answer = hall.ask(("POST", "/api/v1/drops/boxes/resumption"), 80, Role::Host, RESUME);
    assert_eq!(answer.status, 200, "{answer:?}");
    hall.app.node.quiet();
    answer.body
}

fn paused_in_doubt(drop: &Value) -> bool {
    (&drop["state"], &drop["time_in_doubt"]) == (&"paused".into(), &true.into())
}

/// When a claim's hold ends, and its state.
fn hold(hall: &Hall, claim: &crate::common::http::Answer, fan: u64) -> (i64, String) {
    let claim = hall.read(claim, fan);
    (claim.body["held_until_ms"].as_i64().unwrap(), claim.text_of("state").to_owned())
}

#[test]
fn after_two_days_it_opens_paused_until_the_host_confirms_the_time() {
    let place = Place::new();
    let text = boxes(OPENS_MS, "6d");
    let hall = Hall::open(&place.data, &text, OPENS_MS);
    let first = hall.claim("boxes", 1, "k", BOX);
    hall.turn_to(OPENS_MS + 100_000);
    let second = hall.claim("boxes", 2, "k", BOX);
    assert_eq!([first.status, second.status], [201; 2]);
    assert_eq!(hall.drop_json("boxes")["time_in_doubt"], false);
    hall.close();

    let again_ms = OPENS_MS + 2 * DAY_MS;
    let hall = Hall::open(&place.data, &text, again_ms);
    assert!(paused_in_doubt(&hall.drop_json("boxes")));
    assert_eq!(hall.claim("boxes", 3, "k", BOX).text_of("code"), "paused");
    // Holds do not run meanwhile, and can be paid and looked at.
    hall.turn_to(again_ms + 600_000);
    assert_eq!(hold(&hall, &first, 1).1, "held");
    assert_eq!(hall.claim("boxes", 2, "k", BOX).text_of("claim"), second.text_of("claim"));

    let resumed = resume(&hall);
    assert_eq!((&resumed["state"], &resumed["time_in_doubt"]), (&"open".into(), &false.into()));
    let now_ms = hall.app.now_ms();
    // 20 s were left of the first hold, two minutes of the second.
    let ends = [hold(&hall, &first, 1), hold(&hall, &second, 2)];
    assert_eq!(ends[0], (now_ms + 60_000, "held".to_owned()), "{}", ends[0].0 - now_ms);
    assert_eq!(ends[1], (now_ms + 120_000, "held".to_owned()), "{}", ends[1].0 - now_ms);
    assert_eq!(hall.claim("boxes", 3, "k", BOX).status, 201);
    hall.turn_to(now_ms + 60_000);
    assert_eq!(hold(&hall, &first, 1).1, "expired");
    assert_eq!(hold(&hall, &second, 2).1, "held");
    hall.close();
    place.verified();
}

#[test]
fn within_a_day_it_goes_on_and_holds_get_what_they_had_left() {
    let place = Place::new();
    let text = boxes(OPENS_MS, "6d");
    let hall = Hall::open(&place.data, &text, OPENS_MS);
    let first = hall.claim("boxes", 1, "k", BOX);
    hall.turn_to(OPENS_MS + 30_000);
    assert_eq!(hall.claim("boxes", 2, "k", BOX).status, 201);
    hall.close();
    let again_ms = OPENS_MS + 30_000 + DAY_MS;
    let hall = Hall::open(&place.data, &text, again_ms);
    let drop = hall.drop_json("boxes");
    assert_eq!((&drop["state"], &drop["time_in_doubt"]), (&"open".into(), &false.into()));
    assert_eq!(hold(&hall, &first, 1), (again_ms + 90_000, "held".to_owned()));
    hall.close();
    place.verified();
}

#[test]
fn a_row_from_the_future_is_doubted_too() {
    let place = Place::new();
    let text = boxes(OPENS_MS, "6d");
    let hall = Hall::open(&place.data, &text, OPENS_MS + DAY_MS);
    let first = hall.claim("boxes", 1, "k", BOX);
    assert_eq!(first.status, 201);
    hall.close();
    let hall = Hall::open(&place.data, &text, OPENS_MS + 60_000);
    assert!(paused_in_doubt(&hall.drop_json("boxes")));
    assert_eq!(hall.claim("boxes", 2, "k", BOX).text_of("code"), "paused");
    resume(&hall);
    assert!(!paused_in_doubt(&hall.drop_json("boxes")));
    // Lane time never goes back: it stands until the clock has caught up.
    let second = hall.claim("boxes", 2, "k", BOX);
    assert_eq!(second.status, 201, "{second:?}");
    assert_eq!(hold(&hall, &second, 2).0, OPENS_MS + DAY_MS + 120_000);
    hall.turn_to(OPENS_MS + DAY_MS + 130_000);
    assert_eq!(hold(&hall, &second, 2).1, "expired");
    hall.close();
    place.verified();
}

/// A folder whose newest row the program's own clock finds two days old.
fn two_days_ago(place: &Place) {
    let then_ms = Clock::machine().now_ms() - 2 * DAY_MS;
    let text = boxes(then_ms - DAY_MS, "6d");
    let hall = Hall::open(&place.data, &text, then_ms);
    assert_eq!(hall.claim("boxes", 1, "k", BOX).status, 201);
    hall.close();
    place.write("festival.toml", &text);
}

#[test]
fn doctor_says_what_the_next_start_will_doubt_and_then_what_the_server_does() {
    let place = Place::new();
    two_days_ago(&place);
    let doctor = || words(&place.run(&["doctor"]));
    let said = doctor();
    assert!(said.contains("warns clock_far: the newest row of boxes"), "{said}");
    assert!(said.contains("the next start opens it paused"), "{said}");
    let served = place.serve(Some("festival.toml"));
    let said = doctor();
    assert!(said.contains("risks time_in_doubt: drop boxes"), "{said}");
    // Lane time stands, so the newest row is as old as it was.
    assert!(!said.contains("clock_"), "{said}");
    resumed(&served);
    let said = doctor();
    assert!(said.contains("nothing is wrong"), "{said}");
    served.end();
}

/// A host of the program's confirms the time.
fn resumed(served: &Served) {
    let path = ("POST", "/api/v1/drops/boxes/resumption");
    let resumed = served.ask(path, 80, Role::Host, RESUME);
    assert_eq!((resumed.status, &resumed.body["time_in_doubt"]), (200, &false.into()));
}

#[test]
fn the_program_says_so_and_how_to_confirm() {
    let place = Place::new();
    two_days_ago(&place);
    let served = place.serve(Some("festival.toml"));
    assert!(paused_in_doubt(&served.drop_json("boxes")));
    let said = served.said();
    assert!(said.contains("TIME IN DOUBT") && said.contains("drop=\"boxes\""), "{said}");
    assert!(said.contains("POST /api/v1/drops/boxes/resumption"), "{said}");
    assert_eq!(served.claim("boxes", 2, BOX).text_of("code"), "paused");
    let path = ("POST", "/api/v1/drops/boxes/resumption");
    assert_eq!(served.ask(path, 80, Role::Cashier, RESUME).text_of("code"), "not_allowed");
    resumed(&served);
    assert_eq!(served.claim("boxes", 2, BOX).status, 201);
    served.end();
    place.verified();
    let served = place.serve(Some("festival.toml"));
    assert!(!served.said().contains("DOUBT"), "{}", served.said());
    assert_eq!(served.drop_json("boxes")["state"], "open");
    served.end();
}

#[test]
fn the_demo_has_no_host_and_believes_its_clock() {
    let place = Place::new();
    let made_ms = DataFolder::serve(&place.data, "demo", false).unwrap().made_at_ms();
    let demo = include_str!("../../festivals/demo.toml");
    Hall::open(&place.data, demo, made_ms - 2 * DAY_MS).close();
    let served = place.serve(None);
    let first = served.drop_json("lamp-1");
    assert_eq!(first["time_in_doubt"], false, "{}", served.said());
    assert!(served.said().contains("TIME IN DOUBT"));
    served.end();
    place.verified();
}
