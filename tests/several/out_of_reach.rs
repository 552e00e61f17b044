//! A drop whose lane is not open: everything that asks for it hears that it cannot be had now, and
//! nothing says that there is no such drop or claim.

use super::common::http::{Answer, Client};
use super::common::postgres::Postgres;
use super::common::served::{Place, Served, words};
use super::{BOX, FILE, claim_at_last, place, verified};
use fanfare::kit::token::Role;
use std::time::Duration;

const WHY: &str = r#"{"why":"looked at it"}"#;
const UNITS: &str = r#"{"why":"looked at it","item":"box","units":1}"#;
const OPENS: &str = "it opens when that answers";
const BACK: &str = "went back in time";

/// A page as a browser asks for it.
fn page(served: &Served, (method, path): (&str, &str), role: Role, lang: &str) -> Answer {
    let token = served.token(if role == Role::Fan { 1 } else { 80 }, role);
    let form = match path.rsplit_once('/') {
        _ if method == "GET" => "",
        Some((_, "claims")) => "line=box&key=k&quantity=1",
        Some((_, "release")) => "",
        _ => "why=x",
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: fans.example\r\nAccept: text/html\r\n\
         Cookie: fanfare-session={token}\r\nAccept-Language: {lang}\r\n\
         Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    loop {
        let mut client = Client::connect(served.address).unwrap();
        client.send(request.as_bytes()).unwrap();
        let answer = client.answer().unwrap();
        if answer.status != 429 {
            return answer;
        }
        // More than one fan asks in a moment.
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// 503, and when to ask again.
fn later(answer: &Answer, what: &str) {
    let again = answer.head.contains("\r\nretry-after: ");
    assert!(answer.status == 503 && again, "{what}: {}\n{}", answer.head, answer.text);
}

/// Drop `b`, out of reach.
struct Away<'a> {
    /// A claim in it.
    claim: &'a str,
    /// Its lane, as operators read it.
    lane: &'a str,
    /// Why.
    why: &'a str,
    /// Whether the first journal is the silent one: then nobody knows of what else there may be.
    first: bool,
}

impl Away<'_> {
    /// What is heard of a drop or a claim that nobody here knows.
    fn unknown(&self) -> u16 {
        if self.first { 503 } else { 404 }
    }
}

/// What programs are told of drop `b` and a claim in it.
fn programs(served: &Served, away: &Away<'_>) {
    let claim = away.claim;
    let of_claim = |act: &str| format!("/api/v1/claims/{claim}{act}");
    let of_drop = |act: &str| format!("/api/v1/drops/b{act}");
    let calls = [
        (Role::Fan, "GET", of_drop(""), ""),
        (Role::Fan, "GET", of_drop("/proof"), ""),
        (Role::Fan, "POST", of_drop("/claims"), BOX),
        (Role::Fan, "GET", of_claim(""), ""),
        (Role::Fan, "GET", of_claim("/receipt"), ""),
        (Role::Fan, "POST", of_claim("/release"), ""),
        (Role::Cashier, "GET", of_claim(""), ""),
        (Role::Cashier, "POST", of_claim("/settlement"), r#"{"paid":"500"}"#),
        (Role::Cashier, "POST", of_claim("/return"), ""),
        (Role::Host, "POST", of_drop("/pause"), WHY),
        (Role::Host, "POST", of_drop("/resumption"), WHY),
        (Role::Host, "POST", of_drop("/restock"), UNITS),
        (Role::Host, "POST", of_drop("/withdrawal"), UNITS),
        (Role::Host, "POST", of_drop("/closing"), WHY),
        (Role::Fan, "GET", "/api/v1/me/claims".to_owned(), ""),
    ];
    for (role, method, path, body) in calls {
        let answer = served.ask((method, &path), 1, role, body);
        later(&answer, &path);
        assert_eq!(answer.text_of("code"), "busy", "{path}: {answer:?}");
    }
    let programme = served.ask(("GET", "/api/v1/festival"), 1, Role::Fan, "").body;
    let ids = |list: &str| {
        let drops = programme[list].as_array().unwrap().iter();
        drops.map(|drop| drop["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((ids("drops"), ids("shut")), (vec!["a".to_owned()], vec!["b".to_owned()]));
    assert!(programme["shut"][0]["opens_at_ms"].as_i64().unwrap() > 1_700_000_000_000);
    // What nobody knows is not there, unless somebody who would know cannot be asked.
    for path in ["/api/v1/claims/77-2-0", "/api/v1/drops/c"] {
        let status = served.ask(("GET", path), 1, Role::Fan, "").status;
        assert_eq!(status, away.unknown(), "{path}");
    }
}

/// What people read of them.
fn people(served: &Served, away: &Away<'_>) {
    let Away { claim, lane, why, .. } = *away;
    let languages = [
        ("en", ["out of reach for the moment", "Planned from ", "cannot be shown", "missing from"]),
        ("zh-CN", ["这一场暂时打不开", "原定 ", "这一单暂时看不了", "没有列在这里"]),
    ];
    for (lang, [drop, planned, one, missing]) in languages {
        let fan = |call: (&str, &str)| page(served, call, Role::Fan, lang);
        let host = |call: (&str, &str)| page(served, call, Role::Host, lang);
        let says = |answer: &Answer, what: &str| {
            assert!(answer.text.contains(what), "{what}: {}", answer.text);
            answer.clone()
        };
        let refreshed = |answer: &Answer| says(answer, "http-equiv=\"refresh\"");
        later(&refreshed(&says(&fan(("GET", "/drops/b")), drop)), "the drop");
        let mine = |act: &str| format!("/claims/{claim}{act}");
        later(&refreshed(&says(&fan(("GET", &mine(""))), one)), "the claim");
        later(&says(&fan(("GET", &mine("/receipt"))), one), "its receipt");
        later(&says(&fan(("POST", &mine("/release"))), one), "giving it back");
        later(&says(&fan(("POST", "/drops/b/claims")), drop), "claiming");
        later(&fan(("GET", "/drops/b/reminder.ics")), "its reminder");
        let programme = fan(("GET", "/"));
        assert_eq!(programme.status, 200);
        says(&refreshed(&programme), planned);
        assert_eq!(says(&fan(("GET", "/me")), missing).status, 200);
        let day = says(&host(("GET", "/host")), "/host/drops/b");
        assert!(day.status == 200 && day.text.contains("role=\"alert\""), "{}", day.text);
        let of_host = says(&host(("GET", "/host/drops/b")), why);
        later(&refreshed(&of_host), "the host's page");
        says(&of_host, lane);
        for call in [
            ("GET", "/host/drops/b/claims"),
            ("GET", "/host/drops/b/claims.csv"),
            ("GET", "/host/drops/b/closing"),
            ("GET", "/host/drops/b/acts/pause"),
            ("POST", "/host/drops/b/acts/pause"),
            ("POST", "/host/drops/b/closing"),
        ] {
            later(&says(&host(call), drop), call.1);
        }
    }
    let ready = served.ask(("GET", "/readyz"), 1, Role::Fan, "");
    assert!(ready.status == 503 && ready.text.contains(why), "{ready:?}");
    for path in ["/drops/c", "/claims/77-2-0"] {
        let status = page(served, ("GET", path), Role::Fan, "en").status;
        assert_eq!(status, away.unknown(), "{path}");
    }
}

/// Neither `serve` nor `apply` takes it for a new drop, and the rest of a file is applied.
fn compared(place: &Place, served: &Served, lane: &str, limit: u32) {
    let aside = format!("b: its lane is not open, so it is not compared: {lane}");
    let aside = aside.as_str();
    assert!(served.said().contains(aside), "{}", served.said());
    assert!(!served.said().contains("a new drop"), "{}", served.said());
    let file = std::fs::read_to_string(place.data.with_file_name(FILE)).unwrap();
    place.write("changed.toml", &file.replace("limit = 2", &format!("limit = {limit}")));
    for (flags, said) in
        [(&[][..], "add --yes"), (&["--yes"], ": done"), (&[], "nothing else differs")]
    {
        let output = place.run(&[&["apply", "changed.toml"], flags].concat());
        let all = words(&output);
        assert!(all.contains(aside) && all.contains(said), "{all}");
        assert!(!all.contains("a new drop") && !output.status.success(), "{all}");
    }
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.text_of("claim").to_owned()
}

/// Once it is open the claim is there again.
fn there_again(served: &Served, claim: &str) {
    let answer = served.ask(("GET", &format!("/api/v1/claims/{claim}")), 1, Role::Fan, "");
    assert_eq!((answer.status, answer.text_of("claim")), (200, claim), "{answer:?}");
    let mine = served.ask(("GET", "/api/v1/me/claims"), 1, Role::Fan, "");
    assert!(mine.status == 200 && mine.text.contains(claim), "{mine:?}");
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 200);
}

#[test]
fn a_drop_whose_journal_is_silent_is_never_said_not_to_exist() {
    let (shared, mut dying) = (Postgres::shared(), Postgres::alone());
    let (first, second) = (shared.database(), dying.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    let claim = id(&served.claim("b", 1, BOX));
    served.end();
    dying.kill();
    let served = place.serve(Some(FILE));
    let away = Away { claim: &claim, lane: "lane 2: ", why: OPENS, first: false };
    programs(&served, &away);
    people(&served, &away);
    compared(&place, &served, "lane 2: ", 3);
    dying.start_again();
    assert_eq!(claim_at_last(&served, "b", 1).text_of("claim"), claim);
    there_again(&served, &claim);
    served.end();
    verified(&place);
}

#[test]
fn no_drop_is_said_not_to_exist_while_the_first_journal_is_silent() {
    let (mut dying, shared) = (Postgres::alone(), Postgres::shared());
    let (first, second) = (dying.database(), shared.database());
    let place = place(&["b", "a"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    let claim = id(&served.claim("b", 1, BOX));
    assert_eq!(served.claim("a", 1, BOX).status, 201);
    served.end();
    dying.kill();
    let served = place.serve(Some(FILE));
    let away = Away { claim: &claim, lane: "lane 1: ", why: OPENS, first: true };
    programs(&served, &away);
    people(&served, &away);
    compared(&place, &served, "lane 1: ", 3);
    served.end();
    // Nor where no witness knows of it: only the first journal can say that it is not new.
    for name in ["heads", "heads.before"] {
        let path = place.data.join(name);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let rest = text.lines().skip(1).filter(|line| !line.starts_with("1 b ")).map(|line| {
            assert!(line.starts_with("2 a "), "{line}");
            format!("{line}\n")
        });
        let rest: Vec<String> = rest.collect();
        std::fs::write(&path, format!("fanfare-heads 2 {}\n{}", rest.len(), rest.concat()))
            .unwrap();
    }
    std::fs::remove_file(place.data.join("cold.sqlite")).unwrap();
    let served = place.serve(Some(FILE));
    let away = Away { lane: "drop b: ", ..away };
    programs(&served, &away);
    people(&served, &away);
    compared(&place, &served, "drop b: ", 4);
    // A drop that is in no file yet may be one of the first journal's too.
    let file = std::fs::read_to_string(place.data.with_file_name(FILE)).unwrap();
    place.write("more.toml", &file.replace("\"a\"", "\"e\""));
    let said = words(&place.run(&["apply", "more.toml"]));
    assert!(said.contains("e: its lane is not open") && !said.contains("a new drop"), "{said}");
    dying.start_again();
    assert_eq!(claim_at_last(&served, "b", 1).text_of("claim"), claim);
    there_again(&served, &claim);
    served.end();
    verified(&place);
}

#[test]
fn a_drop_whose_journal_went_back_in_time_is_never_said_not_to_exist() {
    let server = Postgres::shared();
    let (first, second) = (server.database(), server.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    let claim = id(&served.claim("b", 1, BOX));
    served.end();
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("b", 2, BOX).status, 201);
    served.end();
    let newest = place.journal().newest_seq(2).unwrap();
    Postgres::sql(&second, &format!("DELETE FROM journal WHERE seq = {newest}"));
    let served = place.serve(Some(FILE));
    let away = Away { claim: &claim, lane: "lane 2: ", why: BACK, first: false };
    programs(&served, &away);
    people(&served, &away);
    compared(&place, &served, "lane 2: ", 4);
    served.end();
    let output = place.run(&["restore", FILE, "--accept-loss", "--why", "an old copy"]);
    assert!(output.status.success(), "{}", words(&output));
    let served = place.serve(Some(FILE));
    there_again(&served, &claim);
    served.end();
    verified(&place);
}

#[test]
fn a_festivals_only_drop_is_in_the_programme_though_its_lane_is_shut() {
    let server = Postgres::shared();
    let place = place(&["b"], &[&server.database()]);
    let served = place.serve(Some(FILE));
    served.claim("b", 1, BOX);
    served.end();
    let newest = place.journal().newest_seq(1).unwrap();
    let url = &place.journals[0];
    Postgres::sql(url, &format!("DELETE FROM journal WHERE seq = {newest}"));
    let served = place.serve(Some(FILE));
    let texts = [("en", "not out yet", "Out of reach"), ("zh-CN", "还没有公布", "暂时打不开")];
    for (lang, never, says) in texts {
        for (path, role) in [("/", Role::Fan), ("/host", Role::Host)] {
            let said = page(&served, ("GET", path), role, lang).text;
            assert!(said.contains(says) && !said.contains(never), "{said}");
        }
        let board = page(&served, ("GET", "/board"), Role::Fan, lang).text;
        assert!(!board.contains("shared out") && !board.contains("全部场次已结束"), "{board}");
    }
    served.end();
}
