//! `fanfare apply` and `serve` with a changed file: what differs is shown, becomes facts when asked
//! for, and a file that would break a promise changes nothing; over the socket of a serving
//! process, and on a folder nobody serves.

mod common;
#[path = "apply/day.rs"]
mod day;
#[path = "apply/promises.rs"]
mod promises;
#[path = "apply/shown.rs"]
mod shown;

use common::festival::BOX;
use common::served::{Place, Served, files, words};
use day::{BOXES, Day, LAMP, LATE};
use fanfare::kit::token::Role;
use fanfare_engine::{Amendment, Fact};
use std::os::unix::fs::PermissionsExt as _;

/// Applies a text; whether it ended well, and what it said.
fn apply(place: &Place, text: &str, yes: bool) -> (bool, String) {
    place.write("changed.toml", text);
    let mut args = vec!["apply", "changed.toml"];
    args.extend(yes.then_some("--yes"));
    let output = place.run(&args);
    (output.status.success(), words(&output))
}

/// A place whose festival was served before, and the server if it is to be there still.
fn begun(day: &Day, serving: bool) -> (Place, Option<Served>) {
    let place = Place::new();
    place.write("festival.toml", &day.text);
    let served = place.serve(Some("festival.toml"));
    assert!(!served.said().contains("differs"), "{}", served.said());
    for fan in [1, 2] {
        assert_eq!(served.claim("now", fan, BOX).status, 201);
    }
    if serving {
        return (place, Some(served));
    }
    served.end();
    (place, None)
}

/// Every kind of change that breaks no promise; `early` gets a line in front of its others.
fn changed(day: &Day) -> String {
    let lines = format!("{BOXES}{LAMP}")
        .replace("799.00", "699.50")
        .replace("cloud = 12, pine = 8", "cloud = 15, pine = 6");
    day.with(&[
        ("opens_at = @60\nopen_for = \"20m\"", "opens_at = @75\nopen_for = \"30m\""),
        ("hold = \"2m\"\nlimit = 2", "hold = \"90s\"\nlimit = 1"),
        (LAMP, &lines),
        (
            "open_for = \"2d\"\nhold = \"10m\"\nlimit = 2",
            "open_for = \"1d\"\nhold = \"11m\"\nlimit = 3",
        ),
        ("stock = 5\n", &format!("stock = 4\n{LATE}")),
    ])
}

/// The differences of [`changed`], in the order they are made.
fn differences(day: &Day) -> Vec<String> {
    let at = |minutes| day.at(minutes);
    vec![
        "early: lamp/pine: stock 6 instead of 8".to_owned(),
        "now: box: stock 4 instead of 5".to_owned(),
        format!("early: closes at {} instead of {}", at(105), at(80)),
        format!("early: opens at {} instead of {}", at(75), at(60)),
        "early: holds last 90 s instead of 120 s".to_owned(),
        "early: limit 1 instead of 2".to_owned(),
        "early: box: a new line, 3 units at 9.90 CNY".to_owned(),
        "early: lamp/cloud: price 699.50 instead of 799.00".to_owned(),
        "early: lamp/cloud: stock 15 instead of 12".to_owned(),
        "early: lamp/pine: price 699.50 instead of 799.00".to_owned(),
        format!("now: closes at {} instead of {}", at(24 * 60 - 60), at(48 * 60 - 60)),
        "now: holds last 660 s instead of 600 s".to_owned(),
        "now: limit 3 instead of 2".to_owned(),
        format!("late: a new drop, opens at {}", at(-1)),
    ]
}

fn kinds(facts: &[Fact]) -> Vec<String> {
    let kind = |fact: &Fact| match fact {
        Fact::Terms(_) => "terms".to_owned(),
        Fact::Claimed { .. } => "claimed".to_owned(),
        Fact::Restocked { line, units, .. } => format!("{} +{units}", line.0),
        Fact::Withdrawn { line, units, .. } => format!("{} -{units}", line.0),
        Fact::Amended { amendment, .. } => match amendment {
            Amendment::OpensAt(_) => "opens".to_owned(),
            Amendment::ClosesAt(_) => "closes".to_owned(),
            Amendment::Hold(s) => format!("hold {s}"),
            Amendment::Limit(limit) => format!("limit {limit}"),
            Amendment::Price(line, minor) => format!("{} costs {minor}", line.0),
            Amendment::NewLine(line) => format!("new {} at {}", line.stock, line.price_minor),
        },
        other => format!("{other:?}"),
    };
    facts.iter().map(kind).collect()
}

/// What the journal has after [`changed`] was applied to a festival that had [`begun`].
fn made_so(place: &Place, day: &Day) {
    let early = [
        "terms",
        "1 -2",
        "closes",
        "opens",
        "hold 90",
        "limit 1",
        "new 3 at 990",
        "0 costs 69950",
        "0 +3",
        "1 costs 69950",
    ];
    assert_eq!(kinds(&place.facts(place.lane("early"))), early);
    let now = ["terms", "claimed", "claimed", "0 -1", "closes", "hold 660", "limit 3"];
    assert_eq!(kinds(&place.facts(place.lane("now"))), now);
    assert_eq!(kinds(&place.facts(place.lane("late")))[..1], ["terms"]);
    let terms = place.state("apply-day", place.lane("early")).terms().clone();
    let at = |ms| jiff::Timestamp::from_millisecond(ms).unwrap().in_tz("Asia/Shanghai").unwrap();
    let opens = at(terms.opens_at_ms).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    assert_eq!(opens, format!("{}:00", day.at(75)));
    let reasons = sql(place, "SELECT DISTINCT words FROM reasons");
    assert_eq!(reasons, ["apply"]);
}

fn sql(place: &Place, query: &str) -> Vec<String> {
    let journal = rusqlite::Connection::open(place.data.join("journal.sqlite")).unwrap();
    let mut query = journal.prepare(query).unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Item and variant of a drop's lines, with the units of each.
fn lines(served: &Served, drop: &str) -> Vec<(String, u64)> {
    let drop = served.drop_json(drop);
    let text = |value: &serde_json::Value| value.as_str().map(|text| format!("/{text}"));
    let line = |item: &serde_json::Value| {
        let variant = text(&item["variant"]).unwrap_or_default();
        (item["item"].as_str().unwrap().to_owned() + &variant, item["stock"].as_u64().unwrap())
    };
    drop["items"].as_array().unwrap().iter().map(line).collect()
}

fn named(lines: &[(&str, u64)]) -> Vec<(String, u64)> {
    lines.iter().map(|(name, units)| ((*name).to_owned(), *units)).collect()
}

#[test]
fn a_serving_process_shows_then_makes_it_so_and_shows_it_at_once() {
    let day = Day::new();
    let (place, served) = begun(&day, true);
    let served = served.unwrap();
    let text = changed(&day);
    let differences = differences(&day);
    let before = [place.facts(1), place.facts(2)];
    let (well, said) = apply(&place, &text, false);
    let offer = "nothing was changed; add --yes to make it so\n";
    assert!(well && said == format!("{}\n{offer}", differences.join("\n")), "{said}");
    assert_eq!([place.facts(1), place.facts(2)], before);
    assert_eq!(lines(&served, "now"), named(&[("box", 5)]));

    let (well, said) = apply(&place, &text, true);
    assert!(well && said == format!("{}: done\n", differences.join(": done\n")), "{said}");
    made_so(&place, &day);
    // New lines stand behind the others, whatever the file's order, and are called by name.
    let early = named(&[("lamp/cloud", 15), ("lamp/pine", 6), ("box", 3)]);
    assert_eq!(lines(&served, "early"), early);
    assert_eq!(served.drop_json("late")["state"], "open");
    assert_eq!(served.claim("late", 5, BOX).status, 201);
    assert_eq!(served.claim("early", 5, BOX).text_of("code"), "not_open");
    // The limit of `now` is 3 from now on, and the hold 11 minutes.
    let more = served.claim("now", 1, r#"{"item":"box","quantity":2}"#);
    assert_eq!(more.status, 201, "{more:?}");
    let left_ms = more.body["held_until_ms"].as_i64().unwrap()
        - fanfare::kit::clock::Clock::machine().now_ms();
    assert!((650_000..=661_000).contains(&left_ms), "{left_ms}");
    let page = served.ask(("GET", "/drops/early"), 9, Role::Fan, "").text;
    assert!(page.contains("699.50") && page.contains("9.90"), "{page}");
    let page = served.ask(("GET", "/drops/late"), 9, Role::Fan, "").text;
    assert!(page.contains("7.00"), "{page}");
    let page = served.ask(("GET", "/"), 9, Role::Fan, "").text;
    assert!(page.contains("/drops/late"), "{page}");

    let (well, said) = apply(&place, &text, true);
    assert!(well && said == "nothing differs from the festival as journalled\n", "{said}");
    served.end();
    place.verified();
    let again = place.serve(Some("changed.toml"));
    assert!(!again.said().contains("differs"), "{}", again.said());
    assert_eq!(lines(&again, "early"), early);
    again.end();
    place.verified();
}

#[test]
fn a_folder_nobody_serves_is_read_and_opened_only_to_make_it_so() {
    let day = Day::new();
    let (place, _) = begun(&day, false);
    let (text, differences) = (changed(&day), differences(&day));
    let before = files(&place.data);
    let (well, said) = apply(&place, &text, false);
    let offer = "nothing was changed; add --yes to make it so\n";
    assert!(well && said == format!("{}\n{offer}", differences.join("\n")), "{said}");
    assert!(files(&place.data) == before, "showing wrote something");
    let (well, said) = apply(&place, &text, true);
    assert!(well && said.ends_with(&format!("{}: done\n", differences.join(": done\n"))), "{said}");
    made_so(&place, &day);
    place.verified();
    let before = files(&place.data);
    let (well, said) = apply(&place, &text, true);
    assert!(well && said == "nothing differs from the festival as journalled\n", "{said}");
    assert!(files(&place.data) == before, "doing nothing wrote something");
    let served = place.serve(Some("changed.toml"));
    assert!(!served.said().contains("differs"), "{}", served.said());
    assert_eq!(served.claim("late", 5, BOX).status, 201);
    served.end();
}

#[test]
fn times_move_back_as_well() {
    let day = Day::new();
    let (place, served) = begun(&day, true);
    let earlier =
        day.with(&[("opens_at = @60\nopen_for = \"20m\"", "opens_at = @30\nopen_for = \"10m\"")]);
    let (well, said) = apply(&place, &earlier, true);
    let moved = format!(
        "early: opens at {} instead of {}: done\nearly: closes at {} instead of {}: done\n",
        day.at(30),
        day.at(60),
        day.at(40),
        day.at(80)
    );
    assert!(well && said == moved, "{said}");
    // And on again by more than the drop was ever open, and to times that are no whole minutes.
    let later = day
        .with(&[("opens_at = @60\n", "opens_at = @300\n")])
        .replace(&day.at(300), &format!("{}:30", day.at(300)));
    let (well, said) = apply(&place, &later, true);
    assert!(well && said.contains(&format!("opens at {}:30 instead", day.at(300))), "{said}");
    assert_eq!(kinds(&place.facts(1))[1..], ["opens", "closes", "closes", "opens"]);
    served.unwrap().end();
    place.verified();
}

#[test]
fn the_socket_is_the_owners_alone_and_goes_with_the_server() {
    let day = Day::new();
    // Deeper than a socket's address can be.
    let mut place = Place::new();
    place.data = place.data.join("a-folder-with-a-long-name".repeat(4)).join("data");
    place.write("festival.toml", &day.text);
    let mut served = place.serve(Some("festival.toml"));
    let socket = place.data.join("apply.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let text = day.with(&[("stock = 5", "stock = 6")]);
    let (well, said) = apply(&place, &text, true);
    assert!(well && said == "now: box: stock 6 instead of 5: done\n", "{said}");
    assert_eq!(lines(&served, "now"), named(&[("box", 6)]));
    // Killed, it leaves its socket behind; then nobody answers there, and the folder is opened.
    served.program.kill();
    assert!(socket.exists());
    let (well, said) = apply(&place, &day.text, true);
    assert!(well && said.ends_with("now: box: stock 5 instead of 6: done\n"), "{said}");
    drop(served);
    let served = place.serve(Some("festival.toml"));
    assert!(!served.said().contains("differs"), "{}", served.said());
    served.end();
    assert!(!socket.exists());
    place.verified();
}

#[test]
fn a_line_the_file_lists_elsewhere_is_still_the_same_line() {
    let day = Day::new();
    let (place, served) = begun(&day, true);
    let (well, _) = apply(&place, &day.with(&[(LAMP, &format!("{BOXES}{LAMP}"))]), true);
    assert!(well);
    served.unwrap().end();
    assert_eq!(place.state("apply-day", 1).terms().lines.len(), 3);
    // A file that lists the new line first, the variants the other way round.
    let cloud = "[[goods.variants]]\nid = \"cloud\"\nname = { zh = \"云白\", en = \"Cloud\" }\n\n";
    let pine = "en = \"Pine\" }\n\n";
    let boxes_first = day.with(&[
        (LAMP, &format!("{BOXES}{LAMP}")),
        (cloud, ""),
        (pine, &format!("{pine}{cloud}")),
    ]);
    place.write("boxes-first.toml", &boxes_first);
    let served = place.serve(Some("boxes-first.toml"));
    assert!(!served.said().contains("differs"), "{}", served.said());
    let early = named(&[("lamp/cloud", 12), ("lamp/pine", 8), ("box", 3)]);
    assert_eq!(lines(&served, "early"), early);
    let body = r#"{"item":"lamp","variant":"pine","units":3,"why":"found some"}"#;
    let act = served.ask(("POST", "/api/v1/drops/early/restock"), 90, Role::Host, body);
    assert_eq!(act.status, 200, "{act:?}");
    assert_eq!(lines(&served, "early")[1], ("lamp/pine".to_owned(), 11));
    assert_eq!(kinds(&place.facts(1)).last().unwrap(), "1 +3");
    // At rest its lines are called the same, even by a file that has the new one no more.
    let why = r#"{"why":"enough"}"#;
    let closed = served.ask(("POST", "/api/v1/drops/early/closing"), 90, Role::Host, why);
    assert_eq!(closed.status, 200, "{closed:?}");
    served.end();
    assert!(matches!(place.facts(1).last(), Some(Fact::Rested(_))));
    let early = named(&[("lamp/cloud", 12), ("lamp/pine", 11), ("box", 3)]);
    for file in ["boxes-first.toml", "festival.toml"] {
        let served = place.serve(Some(file));
        assert_eq!(lines(&served, "early"), early, "{file}");
        served.end();
    }
    place.verified();
}

#[test]
fn lines_added_one_by_one_keep_the_order_they_came_in() {
    let day = Day::new();
    let (place, served) = begun(&day, true);
    let (_, rest) = day.text.split_once("[[goods]]\nid = \"box\"").unwrap();
    let (names, _) = rest.split_once("[[drops]]").unwrap();
    let cap = format!("[[goods]]\nid = \"cap\"{names}");
    let caps = "[[drops.items]]\ngood = \"cap\"\nprice = \"8.00\"\nstock = 3\n";
    let lamps = LAMP.replace("reserve = { cloud = 1, pine = 1 }\n", "");
    let with = |items: &str| {
        let file = day.with(&[("stock = 5\n", &format!("stock = 5\n{items}"))]);
        file.replacen("[[drops]]", &format!("{cap}\n[[drops]]"), 1)
    };
    let (well, said) = apply(&place, &with(caps), true);
    assert!(well && said == "now: cap: a new line, 3 units at 8.00 CNY: done\n", "{said}");
    let (well, said) = apply(&place, &with(&format!("{lamps}{caps}")), true);
    assert!(well && said.lines().count() == 2, "{said}");
    let all = named(&[("box", 5), ("cap", 3), ("lamp/cloud", 12), ("lamp/pine", 8)]);
    let served = served.unwrap();
    assert_eq!(lines(&served, "now"), all);
    let pine = r#"{"item":"lamp","variant":"pine"}"#;
    assert_eq!(served.claim("now", 5, pine).text_of("variant"), "pine");
    served.end();
    let served = place.serve(Some("changed.toml"));
    assert!(!served.said().contains("differs"), "{}", served.said());
    assert_eq!(lines(&served, "now"), all);
    assert_eq!(served.claim("now", 5, pine).status, 200, "the same line as before");
    served.end();
    let now = place.state("apply-day", place.lane("now"));
    let held: Vec<_> = now.ledger().lines().iter().map(|stock| stock.held).collect();
    assert_eq!(held, [2, 0, 0, 1]);
    place.verified();
}
