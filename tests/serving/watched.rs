//! What operators see of a process at work: `/metrics` and `/host/engine` say what was claimed,
//! refused, decided and written.

use super::hall::Hall;
use crate::common::festival::{self, BOX};
use crate::common::http::Client;
use crate::common::served::{Place, Served};
use fanfare::kit::token::Role;
use std::thread;
use std::time::Duration;

/// A day with so many boxes.
fn day(stock: u32) -> String {
    festival::open_boxes("watched-day", "open_for = \"2d\"\nhold = \"10m\"\nlimit = 1", stock)
}

/// The value of a line of `/metrics`.
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name}: {text}")).parse().unwrap()
}

/// The host's page, as a browser asks for it.
fn page(served: &Served) -> String {
    let mut client = Client::connect(served.address).unwrap();
    let token = served.token(900, Role::Host);
    let request = format!(
        "GET /host/engine HTTP/1.1\r\nHost: fans.example\r\nAccept: text/html\r\n\
         Accept-Language: en\r\nCookie: fanfare-session={token}\r\n\r\n"
    );
    client.send(request.as_bytes()).unwrap();
    let page = client.answer().unwrap();
    assert_eq!(page.status, 200, "{page:?}");
    page.text
}

#[test]
fn what_is_asked_is_counted_once_and_shown_to_hosts() {
    let place = Place::new();
    place.write("day.toml", &day(5));
    let served = place.serve(Some("day.toml"));
    let before = page(&served);
    assert!(before.contains("Nobody has asked for anything"), "{before}");
    assert!(before.contains("Memory of this process") && !before.contains("Batches a second"));
    let claimed = (1..=9).map(|fan| served.claim("boxes", fan, BOX).status);
    let claimed: Vec<u16> = claimed.collect();
    assert_eq!(claimed, [201, 201, 201, 201, 201, 409, 409, 409, 409]);
    assert_eq!(served.claim("nothing", 1, BOX).status, 404);

    let metrics = served.ask(("GET", "/metrics"), 1, Role::Fan, "").text;
    let of = |name: &str| value(&metrics, name);
    let refused = |code: &str| of(&format!("fanfare_refusals_total{{code=\"{code}\"}}"));
    let counted = [of("fanfare_claims_total"), refused("sold_out"), refused("no_such_drop")];
    assert_eq!(counted.map(|count| count as u64), [5, 4, 1], "{metrics}");
    assert_eq!(refused("busy") as u64, 0);
    // One after the other, so a batch each; the gate refused the rest before any lane.
    for name in ["batch_commands", "wait_to_decision_seconds", "wait_to_answer_seconds"] {
        assert_eq!(of(&format!("fanfare_{name}_count")) as u64, 5, "{name}: {metrics}");
        assert_eq!(of(&format!("fanfare_{name}_bucket{{le=\"+Inf\"}}")) as u64, 5, "{name}");
    }
    assert_eq!(of("fanfare_batch_commands_sum") as u64, 5);
    assert_eq!(of("fanfare_lane_claims_total") as u64, 5);
    assert!(of("fanfare_append_seconds_count") >= 5.0 && of("fanfare_append_facts_total") >= 5.0);
    assert!(of("fanfare_append_rows_total") >= 5.0);
    assert_eq!(of("fanfare_append_unknown_total") as u64, 0);
    let waits = ["decision", "answer"].map(|to| of(&format!("fanfare_wait_to_{to}_seconds_sum")));
    assert!(waits[1] >= waits[0] + of("fanfare_append_seconds_sum") / 2.0, "{metrics}");
    assert!(of("process_cpu_seconds_total") > 0.0);
    assert!(of("process_resident_memory_bytes") > 1e6);
    assert!(of("fanfare_connections") >= 1.0);
    assert!(of("fanfare_projector_rows_behind") >= 0.0);

    let after = page(&served);
    let claims = "Claims a second</th>";
    let said = ["Refused: sold out", "Refused: no_such_drop", "A commit</th>", claims];
    said.iter().for_each(|what| assert!(after.contains(what), "{what}: {after}"));
    // In the last ten seconds something was claimed, so what stands there is not 0.
    let row = after.split(claims).nth(1).unwrap().split("</tr>").next().unwrap();
    assert_eq!(row.matches("<td ").count(), 3, "{row}");
    assert!(!row.contains("<b>0</b>"), "{row}");
    served.end();
}

#[test]
fn a_wait_is_measured_from_the_first_who_came_and_a_row_is_counted_when_it_stands() {
    const OPENS_MS: i64 = 1_775_620_800_000;
    let place = Place::new();
    let hall = Hall::open(&place.data, &super::hall::boxes(OPENS_MS, "20m"), OPENS_MS);
    let work = hall.app.metrics.work.clone();
    // The journal is held up while three ask.
    let node = hall.app.node.clone();
    let held = thread::spawn(move || {
        node.with_writer(0, |_| thread::sleep(Duration::from_millis(400))).unwrap();
    });
    thread::sleep(Duration::from_millis(50));
    thread::scope(|scope| {
        for fan in 1..=3 {
            let hall = &hall;
            scope.spawn(move || assert_eq!(hall.claim("boxes", fan, "k", BOX).status, 201));
        }
    });
    held.join().unwrap();
    assert_eq!(work.commands.seen().sum(), 3);
    let longest = work.to_answer.seen().per_mille(1_000).unwrap();
    assert!(longest > 200_000, "{longest} µs");
    let decided = work.to_decision.seen();
    assert_eq!(decided.count(), work.commands.seen().count());
    assert_eq!(work.to_answer.seen().count(), decided.count());
    assert!(work.facts.get() >= 3 && work.rows.get() >= 1);
    hall.close();
}

#[test]
fn every_metric_stands_in_the_operators_page_with_what_to_do() {
    let told = include_str!("../../docs/operate/watching.md");
    let place = Place::new();
    place.write("day.toml", &day(1));
    let served = place.serve(Some("day.toml"));
    let metrics = served.ask(("GET", "/metrics"), 1, Role::Fan, "").text;
    served.end();
    let families = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names: Vec<String> = families
        .map(|family| match family.rsplit_once(' ').unwrap() {
            (name, "counter") => format!("{name}_total"),
            (name, _) => name.to_owned(),
        })
        .collect();
    assert!(names.len() > 20, "{names:?}");
    let missing: Vec<_> =
        names.iter().filter(|name| !told.contains(&format!("| `{name}"))).collect();
    let beside = |name: &&&String| !told.contains(&format!(", `{name}"));
    let missing: Vec<_> = missing.iter().filter(|name| beside(name)).collect();
    assert!(missing.is_empty(), "say in docs/operate/watching.md what {missing:?} is");
    // And none that is there no more.
    let rows = told.lines().filter(|line| line.starts_with("| `fanfare_"));
    let listed = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    for name in listed.map(|name| name.split('{').next().unwrap()) {
        assert!(names.iter().any(|other| other == name), "{name} is not in /metrics");
    }
}
