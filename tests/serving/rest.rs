//! A drop closes by itself and its lane rests; it can be read, and wakes only for what changes it.

use super::hall::{Hall, boxes};
use crate::common::festival::BOX;
use crate::common::served::Place;
use fanfare::drops::ticket::Ticket;
use fanfare::kit::token::Role;
use fanfare_engine::{Act, Command, Fact, Fan, Number};
use fanfare_lane::LaneId;
use std::sync::{Arc, Barrier};
use std::time::Duration;

const OPENS_MS: i64 = 1_775_620_800_000;
const CLOSES_MS: i64 = OPENS_MS + 20 * 60_000;
const DAY_MS: i64 = 86_400_000;

/// Whether the last row sent the lane to rest.
fn rests(hall: &Hall) -> bool {
    matches!(hall.rows("boxes").last().unwrap().last(), Some(Fact::Rested(_)))
}

/// Lets so much time pass that a state nobody reads is let go.
fn leaves_memory(hall: &Hall) {
    let now_ms = hall.app.now_ms();
    (1..=63).for_each(|second| hall.turn_to(now_ms + second * 1_000));
    assert!(!hall.in_memory("boxes"));
}

#[test]
fn it_closes_by_itself_rests_is_read_and_wakes_for_a_return() {
    let place = Place::new();
    let text = boxes(OPENS_MS, "20m");
    let hall = Hall::open(&place.data, &text, OPENS_MS);
    let [paid, left, third] = [1, 2, 3].map(|fan| hall.claim("boxes", fan, "k", BOX));
    assert_eq!([paid.status, left.status, third.status], [201; 3]);
    hall.change(&paid, "settlement");
    hall.turn_to(CLOSES_MS - 30_000);
    let held = hall.claim("boxes", 4, "k", BOX);
    hall.change(&third, "settlement");
    hall.turn_to(CLOSES_MS);
    assert_eq!(hall.drop_json("boxes")["state"], "closed");
    // What is held can still be paid, and until then the lane does not rest.
    assert!(hall.rows("boxes").iter().flatten().any(|fact| *fact == Fact::Closed(None)));
    assert!(!rests(&hall));
    assert_eq!(hall.change(&held, "settlement").text_of("state"), "settled");
    hall.app.node.quiet();
    assert!(rests(&hall));
    leaves_memory(&hall);
    let rows = hall.rows("boxes").len();

    for (claim, fan, state) in [(&paid, 1, "settled"), (&left, 2, "expired"), (&held, 4, "settled")]
    {
        assert_eq!(hall.read(claim, fan).text_of("state"), state);
        let again = hall.claim("boxes", fan, "k", BOX);
        assert_eq!((again.status, again.text_of("claim")), (200, claim.text_of("claim")));
        assert_eq!(again.text_of("state"), state);
        assert_eq!(hall.read(claim, 99).status, 404);
        // What changes nothing is answered as if the lane were awake.
        let anew = hall.claim("boxes", fan, "another", BOX);
        assert_eq!((anew.status, anew.text_of("code")), (409, "closed"), "{anew:?}");
        assert_eq!(anew.body["head"]["seq"], rows);
    }
    assert_eq!(hall.change(&paid, "settlement").text_of("state"), "settled");
    let released = format!("/api/v1/claims/{}/release", paid.text_of("claim"));
    let released = hall.ask(("POST", &released), 1, Role::Fan, "");
    assert_eq!((released.status, released.text_of("code")), (409, "not_held"));
    leaves_memory(&hall);
    let again = hall.claim("boxes", 1, "k", BOX);
    assert_eq!((again.status, again.text_of("claim")), (200, paid.text_of("claim")));
    for stranger in 10..20 {
        let refused = hall.claim("boxes", stranger, "k", BOX);
        assert_eq!((refused.status, refused.text_of("code")), (409, "closed"));
        assert!(refused.head.contains("application/problem+json") && refused.text.contains("over"));
    }
    leaves_memory(&hall);
    assert_eq!(hall.rows("boxes").len(), rows, "whoever only looks or is refused wakes nothing");

    let returned = hall.change(&paid, "return");
    assert_eq!((returned.status, returned.text_of("state")), (200, "returned"));
    hall.app.node.quiet();
    assert!(rests(&hall) && hall.rows("boxes").len() > rows);
    leaves_memory(&hall);
    hall.close();
    place.verified();
}

#[test]
fn it_leaves_memory_though_somebody_asked_while_it_went_to_rest() {
    let place = Place::new();
    let text = boxes(OPENS_MS, "20m");
    let hall = Hall::open(&place.data, &text, OPENS_MS);
    let claim = hall.claim("boxes", 1, "k", BOX);
    assert_eq!(claim.status, 201);
    hall.turn_to(OPENS_MS + 60_000);
    let node = &hall.app.node;
    let lane = node.directory().named("boxes").unwrap().lane;
    let one = Number::MIN;
    let close = Command::Close(Act { by: Fan::FIRST, why: 1 });
    let last = vec![Command::Settle { number: one }, close];
    let ask = |commands: Vec<Command>| {
        let asks = commands.into_iter().map(|command| (lane, command, Ticket::Nobody));
        node.ask_many(asks.collect());
        std::thread::sleep(Duration::from_millis(200));
    };
    // The journal's writer is busy, so the row that says the lane rests is long under way.
    let (busy, free) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    std::thread::scope(|scope| {
        let (is_busy, is_free) = (busy.clone(), free.clone());
        scope.spawn(|| {
            node.with_writer(0, move |_| {
                is_busy.wait();
                is_free.wait();
            })
        });
        busy.wait();
        ask(last);
        ask(vec![Command::Release { number: one }]);
        free.wait();
    });
    node.quiet();
    leaves_memory(&hall);
    hall.close();
    place.verified();
}

#[test]
fn it_wakes_after_days_and_after_a_restart() {
    let place = Place::new();
    let text = boxes(OPENS_MS, "20m");
    let hall = Hall::open(&place.data, &text, OPENS_MS);
    let claims = [1, 2, 3].map(|fan| hall.claim("boxes", fan, "k", BOX));
    claims.iter().for_each(|claim| assert_eq!(hall.change(claim, "settlement").status, 200));
    let late = hall.claim("boxes", 4, "k", BOX);
    hall.turn_to(CLOSES_MS);
    leaves_memory(&hall);
    // The machine's clock is further from the newest row than a day; nobody has to confirm it.
    hall.turn_to(CLOSES_MS + 3 * DAY_MS);
    assert_eq!(hall.change(&claims[0], "return").text_of("state"), "returned");
    assert_eq!(hall.change(&late, "settlement").text_of("state"), "refund_due");
    hall.app.node.quiet();
    assert!(rests(&hall));
    hall.close();
    place.verified();

    let hall = Hall::open(&place.data, &text, CLOSES_MS + 5 * DAY_MS);
    let rows = hall.rows("boxes").len();
    assert!(rests(&hall) && !hall.in_memory("boxes"), "a start does not wake it");
    assert_eq!(hall.drop_json("boxes")["items"][0]["settled"], 2);
    assert_eq!(hall.drop_json("boxes")["time_in_doubt"], false);
    assert_eq!(hall.read(&claims[1], 2).text_of("state"), "settled");
    assert_eq!(hall.rows("boxes").len(), rows);
    assert_eq!(hall.change(&claims[1], "return").text_of("state"), "returned");
    hall.app.node.quiet();
    assert!(rests(&hall));
    assert_eq!(hall.drop_json("boxes")["items"][0]["settled"], 1);
    hall.close();
    place.verified();
    let lane: LaneId = place.lane("boxes");
    assert_eq!(place.state("serving-day", lane).claims().count(), 4);
}
