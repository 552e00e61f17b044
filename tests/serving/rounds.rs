//! The demo's rounds: those of earlier starts stay, the next ones appear while it serves.

use super::hall::Hall;
use crate::common::served::Place;
use fanfare::drops::plan;
use fanfare::festivals::Opening;
use fanfare::kit::data::DataFolder;
use fanfare_engine::Fact;

const DEMO: &str = include_str!("../../festivals/demo.toml");
const LAMP: &str = r#"{"item":"desk-lamp","variant":"pine"}"#;

/// When the folder was made: rounds are counted from there.
fn made_at_ms(place: &Place) -> i64 {
    DataFolder::serve(&place.data, "demo", false).unwrap().made_at_ms()
}

fn ids(hall: &Hall) -> Vec<String> {
    hall.app.node.directory().drops.iter().map(|drop| drop.spec.id.clone()).collect()
}

#[test]
fn rounds_of_earlier_starts_are_there_after_a_restart() {
    let place = Place::new();
    let made_ms = made_at_ms(&place);
    let hall = Hall::open(&place.data, DEMO, made_ms);
    hall.turn_to(made_ms + 31_000);
    let claim = hall.claim("lamp-1", 1, "a", LAMP);
    assert_eq!(claim.status, 201, "{claim:?}");
    assert_eq!(hall.change(&claim, "settlement").text_of("state"), "settled");
    let before = ids(&hall);
    hall.close();
    place.verified();

    for minutes in [10, 20 * 60, 40 * 60] {
        let hall = Hall::open(&place.data, DEMO, made_ms + minutes * 60_000);
        // Rounds that were still before their time when the server was down are over now.
        hall.turn_to(made_ms + minutes * 60_000 + 1);
        let now = ids(&hall);
        assert!(before.iter().all(|id| now.contains(id)), "{before:?} {now:?}");
        let first = hall.drop_json("lamp-1");
        assert_eq!((&first["state"], &first["items"][1]["settled"]), (&"closed".into(), &1.into()));
        assert_eq!(hall.read(&claim, 1).text_of("state"), "settled");
        let again = hall.claim("lamp-1", 1, "a", LAMP);
        assert_eq!((again.status, again.text_of("claim")), (200, claim.text_of("claim")));
        let late = hall.claim("lamp-1", 2, "a", LAMP);
        assert_eq!((late.status, late.text_of("code")), (409, "closed"));
        let open: Vec<_> =
            now.iter().filter(|id| hall.drop_json(id)["state"] != "closed").collect();
        for plan in ["lamp-", "founders-", "sound-", "gadgets-"] {
            let round = open.iter().find(|id| id.starts_with(plan));
            let round = round.unwrap_or_else(|| panic!("no round of {plan}: {open:?}"));
            assert_eq!(hall.drop_json(round)["time_in_doubt"], false);
        }
        hall.close();
        place.verified();
    }
}

#[test]
fn the_next_rounds_appear_while_it_serves_and_the_old_ones_leave_memory() {
    let place = Place::new();
    let made_ms = made_at_ms(&place);
    let hall = Hall::open(&place.data, DEMO, made_ms);
    let mut counted = ids(&hall).len();
    for second in (0..3_600).step_by(5) {
        let now_ms = made_ms + second * 1_000;
        hall.turn_to(now_ms);
        plan::next_rounds(&hall.app);
        if second % 60 != 0 {
            continue;
        }
        let now = ids(&hall);
        assert!(now.len() >= counted, "drops are never taken away");
        counted = now.len();
        for plan in hall.app.festival.drops() {
            let Opening::Every { first_ms, every_ms } = plan.opening() else { panic!("{plan:?}") };
            let rounds = (second * 1_000 - first_ms).div_euclid(every_ms) + 1;
            let id = |round: i64| plan.round_id(u32::try_from(round).unwrap()).as_str().to_owned();
            let all = (1..=rounds.max(0) + 1).all(|round| now.contains(&id(round)));
            assert!(all, "{} at {second} s: {now:?}", plan.id());
            let round = id(rounds.max(0) + 1);
            let opens_ms = hall.drop_json(&round)["opens_at_ms"].as_i64().unwrap();
            assert!(opens_ms > now_ms && opens_ms <= now_ms + every_ms.max(first_ms), "{round}");
        }
        if second == 300 {
            assert_eq!(hall.claim("lamp-2", 1, "a", LAMP).status, 201);
        }
    }
    // Two hours of rounds later only those that are open or to come are in memory.
    let gone = hall.rows("lamp-2");
    assert!(matches!(gone.last().unwrap().last(), Some(Fact::Rested(_))), "{gone:?}");
    assert!(!hall.in_memory("lamp-2") && !hall.in_memory("founders-1"));
    let in_memory = ids(&hall).iter().filter(|id| hall.in_memory(id)).count();
    assert!(in_memory <= 4 * 6, "{in_memory} of {counted}");
    hall.close();
    place.verified();
}
