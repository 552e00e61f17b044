//! The pages, walked as a fan without scripts walks them, on a real node.

mod common;

use axum::http::StatusCode;
use common::site::{FESTIVAL, OPENS_MS, Page, Site};
use fanfare::app::Mode;
use fanfare::kit::token::{Role, Session, Use};
use fanfare_engine::Fan;
use serde_json::Value;
use std::process::Command;

const DEMO: &str = include_str!("../festivals/demo.toml");

fn guarded(page: &Page) {
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"));
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "same-origin");
}

#[tokio::test]
async fn a_stranger_claims_pays_and_keeps_the_receipt() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS + 5_000);
    let mut fan = site.browser();
    let programme = fan.get("/").await;
    guarded(&programme);
    assert!(programme.says("href=\"/drops/lamps\"") && programme.says("CN¥1,299.00"));
    assert!(programme.says("Open until today 13:00") && programme.says("paying is pretended"));
    assert!(fan.cookies.is_empty(), "looking sets no cookie");

    let page = fan.get("/drops/lamps").await;
    assert_eq!(page.header("cache-control"), "no-store", "its form has a key of its own");
    assert!(page.says(">Claim as a guest</button>") && page.says("CCC &#38; 1"));
    let form = format!(
        "line=lamp/blue&key={}&guest={}",
        page.field("key").unwrap(),
        page.field("guest").unwrap()
    );
    // Tapped twice before the first answer came: one guest, one claim.
    let mut twin = fan.clone();
    let first = fan.post("/drops/lamps/claims", &form).await;
    let second = twin.post("/drops/lamps/claims", &form).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let at = first.header("location").to_owned();
    assert_eq!(second.header("location"), at);

    let held = fan.get(&at).await;
    guarded(&held);
    assert!(held.says("Held for you") && held.says("No. 1") && held.says("today 12:02:05"));
    assert_eq!(held.header("cache-control"), "no-store");
    let paid = fan.post(&format!("{at}/settlement"), "").await;
    assert_eq!((paid.status, paid.header("location")), (StatusCode::SEE_OTHER, at.as_str()));
    assert!(fan.get(&at).await.says(">Paid<"));
    checks(&site, &fan.get(&format!("{at}/receipt")).await);
    let api = fan.get(&format!("/api/v1{at}/receipt")).await;
    assert_eq!(serde_json::from_str::<Value>(&api.text).unwrap()["kind"], "receipt");

    let mine = fan.get("/me").await;
    assert!(mine.says(&at) && mine.says("You are a guest"));
    let again = fan.get("/drops/lamps").await;
    assert!(again.says("What you have here") && again.field("key").is_none(), "limit one");
}

/// The receipt holds by the command the claim's page names.
fn checks(site: &Site, receipt: &Page) {
    assert!(receipt.header("content-disposition").starts_with("attachment; filename=\"fanfare-"));
    let file = site.data().join("receipt.json");
    std::fs::write(&file, &receipt.text).unwrap();
    let key = fanfare::kit::hex::hex(&site.app.node.public_key.fingerprint());
    let verified = Command::new(env!("CARGO_BIN_EXE_fanfare"))
        .args(["verify", "--bundle", file.to_str().unwrap(), "--key", &key])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

#[tokio::test]
async fn every_refusal_comes_back_with_its_reason() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS - 1_200_000);
    let mut fan = site.browser();
    let early = fan.get("/drops/lamps").await;
    assert_eq!(early.field("key"), Some(""), "everybody's page has nobody's key");
    assert!(early.field("guest").is_none() && early.says("Opens today 12:00"));
    assert_eq!(early.header("cache-control"), "public, max-age=1");
    site.turn_to(OPENS_MS - 60_000);
    let before = fan.get("/drops/lamps").await;
    assert!(before.says("http-equiv=\"refresh\" content=\"61\""), "lands just after the opening");
    assert_eq!(before.field("key").map(str::len), Some(32), "works at the opening by itself");
    assert!(before.says("disabled>Opens at zero"));
    assert_eq!(before.header("cache-control"), "no-store", "its form has a key of its own");
    let early = fan.post("/drops/lamps/claims", "line=lamp/red&key=a").await;
    assert_eq!(early.header("location"), "/drops/lamps?told=not_open");

    site.turn_to(OPENS_MS - 500);
    assert_eq!(site.browser().get("/").await.header("cache-control"), "no-store");
    site.turn_to(OPENS_MS);
    assert!(fan.claim("lamps", "lamp/red").await.says("Held for you"));
    let more = fan.post("/drops/lamps/claims", "line=lamp/blue&key=b").await;
    assert_eq!(more.header("location"), "/drops/lamps?told=limit_reached");
    assert!(fan.get(more.header("location")).await.says("You have yours: one for each fan."));
    let mut other = site.browser();
    let taken = other.post("/drops/lamps/claims", "line=lamp/red&key=c").await;
    assert_eq!(taken.header("location"), "/drops/lamps?told=taken");
    for _ in 0..2 {
        site.browser().claim("lamps", "lamp/blue").await;
    }
    let late = other.post("/drops/lamps/claims", "line=lamp/blue&key=d").await;
    assert!(other.get(late.header("location")).await.says("Sold out: somebody was quicker."));
    let invented = other.get("/drops/lamps?told=%3Cb%3Efree").await;
    assert!(!invented.says("role=\"alert\"") && !invented.says("<b>free"));

    site.turn_to(OPENS_MS + 121_000);
    let mine = fan.get("/me").await;
    assert!(mine.says("Not paid in time"), "{}", mine.text);
    site.turn_to(OPENS_MS + 3_600_000);
    let over = fan.post("/drops/lamps/claims", "line=lamp/red&key=e").await;
    assert_eq!(over.header("location"), "/drops/lamps?told=closed");
    assert!(site.browser().get("/").await.says(">Over<"));
}

#[tokio::test]
async fn what_is_held_can_be_given_back_and_chosen_anew() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    let page = fan.get("/drops/boxes").await;
    assert!(page.says("<option>3</option>") && page.says("Up to 3 for each fan."));
    let (key, guest) = (page.field("key").unwrap(), page.field("guest").unwrap());
    let form = |n: u32| format!("line=box&quantity={n}&key={key}&guest={guest}");
    let two = fan.post("/drops/boxes/claims", &form(2)).await.header("location").to_owned();
    assert!(fan.get(&two).await.says("Box × 2") && fan.get(&two).await.says("CN¥10.00"));
    // Back, another number, sent again: another wish, not a used key.
    let one = fan.post("/drops/boxes/claims", &form(1)).await.header("location").to_owned();
    assert_ne!(one, two);
    let released = fan.post(&format!("{two}/release"), "").await;
    assert_eq!(released.header("location"), two);
    assert!(fan.get(&two).await.says("Given back"));
    let late = fan.post(&format!("{two}/settlement"), "").await;
    assert_eq!(late.status, StatusCode::SEE_OTHER, "the page says what it is now");
    assert!(fan.get("/drops/boxes").await.says("<option>2</option>"));
    for bad in ["quantity=0", "quantity=-1", "quantity=1.5", "quantity=70000", "colour=red"] {
        let answer = fan.post("/drops/boxes/claims", &format!("line=box&key=k&{bad}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let long = format!("line=box&key={}", "k".repeat(5_000));
    let answer = fan.post("/drops/boxes/claims", &long).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.says("Something in the form is not right"));
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    let claim = fan.claim("boxes", "box").await;
    assert!(claim.says("Held for you"));
    let at = fan.get("/me").await.text.split("/claims/").nth(1).unwrap()[..5].to_owned();
    let acts = [
        ("/guest".to_owned(), "back=/me"),
        ("/drops/boxes/claims".to_owned(), "line=box&key=z"),
        (format!("/claims/{at}/settlement"), ""),
        (format!("/claims/{at}/release"), ""),
    ];
    for (path, form) in &acts {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
        ] {
            let answer = fan.post_with(path, form, headers).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(answer.says("This did not come from our pages"));
            guarded(&answer);
        }
    }
    let ours = fan.post_with(&acts[3].0, "", &[("origin", "http://fans.example")]).await;
    assert_eq!(ours.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nobody_sees_or_moves_what_is_not_theirs() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    let page = fan.claim("boxes", "box").await;
    let at = page.text.split("action=\"").nth(1).unwrap().split("/settlement").next().unwrap();
    let mut stranger = site.browser();
    let me = stranger.get("/me").await;
    assert!(me.status == StatusCode::OK && me.says("Enter as guest"));
    assert_eq!(stranger.get(at).await.status, StatusCode::UNAUTHORIZED);
    let entered = stranger.post("/guest", "back=/drops/boxes").await;
    assert_eq!(entered.header("location"), "/drops/boxes");
    assert_eq!(entered.header("cache-control"), "no-store");
    let unseen = stranger.get(at).await;
    assert_eq!(unseen.status, StatusCode::NOT_FOUND);
    assert!(unseen.says("You have no such claim"));
    for act in ["settlement", "release"] {
        let answer = stranger.post(&format!("{at}/{act}"), "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{act}");
    }
    assert_eq!(stranger.get(&format!("{at}/receipt")).await.status, StatusCode::NOT_FOUND);
    assert!(fan.get(at).await.says("Held for you"));
}

#[tokio::test]
async fn forged_and_misused_cookies_are_nobodys() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    fan.claim("boxes", "box").await;
    let good = fan.cookies.clone();
    let mut forged = site.browser();
    for (name, value) in &good {
        let at = value.len() / 2;
        let letter = if &value[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{letter}{}", &value[..at], &value[at + 1..]);
        forged.cookies.insert(name.clone(), changed);
    }
    assert!(forged.get("/me").await.says("Enter as guest"), "changed");
    let mut swapped = site.browser();
    swapped.cookies.insert("fanfare-session".to_owned(), good["fanfare-guest"].clone());
    assert!(swapped.get("/me").await.says("Enter as guest"), "the long cookie acts as nobody");

    // The short cookie runs out; the long one brings a new one, for the same fan.
    site.turn_to(OPENS_MS + 16 * 60_000);
    let mine = fan.get("/me").await;
    assert!(mine.says("Not paid in time"));
    assert_ne!(fan.cookies["fanfare-session"], good["fanfare-session"]);
    let mut old = site.browser();
    old.cookies.insert("fanfare-session".to_owned(), good["fanfare-session"].clone());
    assert!(old.get("/me").await.says("Enter as guest"), "expired");
}

#[tokio::test]
async fn both_languages_by_choice_cookie_and_browser() {
    let site = Site::start(Mode::Rehearsal, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    assert!(fan.get("/").await.says("<html lang=\"en\""));
    let zh = fan.get("/drops/boxes?lang=zh-CN").await;
    assert!(zh.says("<html lang=\"zh-CN\"") && zh.says("以游客身份抢购"));
    assert!(zh.says("彩排"), "on every page of a rehearsal");
    assert_eq!(zh.header("cache-control"), "no-store", "it sets a cookie");
    assert!(fan.get("/").await.says("正在进行"), "remembered");
    assert!(fan.get("/?lang=xx").await.says("正在进行"), "an unknown language changes nothing");
    let mut reader = site.browser();
    reader.languages = "zh-TW,zh;q=0.9,en;q=0.5".to_owned();
    let page = reader.get("/").await;
    assert!(page.says("节目单") && page.header("vary").contains("Accept-Language"));
}

#[tokio::test]
async fn hostile_names_stay_text_on_every_page() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    let mut pages = vec![fan.get("/").await, fan.get("/drops/lamps").await];
    pages.push(fan.claim("lamps", "lamp/blue").await);
    pages.push(fan.get("/me").await);
    pages.push(fan.get("/%3Cscript%3Ealert(1)%3C/script%3E'onerror=alert(1)").await);
    for page in pages {
        for bad in ["<b>Fans", "<script>alert", "<img src=x", "onerror=alert(1)>"] {
            assert!(!page.says(bad), "{bad} in {}", page.text);
        }
        assert!(page.says("&#60;b&#62;Fans&#60;/b&#62; &#38; &#34;friends&#34;"));
        guarded(&page);
    }
}

#[tokio::test]
async fn nothing_there_is_said_in_words_to_people_and_as_a_problem_to_programs() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    for (path, words) in [
        ("/nowhere", "There is nothing here"),
        ("/drops/none", "There is no such drop"),
        ("/drops/%3Cb%3E", "There is no such drop"),
        ("//evil.example/", "There is nothing here"),
    ] {
        let page = fan.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.says(words), "{path}");
        assert!(!page.says("evil.example"), "no link leads to another site");
    }
    let api = fan.get("/api/v1/nowhere").await;
    assert_eq!(api.header("content-type"), "application/problem+json");
    let asset = fan.get("/assets/../Cargo.toml").await;
    assert_eq!(asset.status, StatusCode::NOT_FOUND);
    let home = fan.get("/").await;
    let linked = home.text.split("stylesheet\" href=\"").nth(1).unwrap();
    let style = fan.get(linked.split('"').next().unwrap()).await;
    assert!(style.header("cache-control").contains("immutable") && style.says("@layer"));
    let acts = fan.get("/claims/1-2-3/settlement").await;
    assert_eq!((acts.status, acts.header("location")), (StatusCode::SEE_OTHER, "/claims/1-2-3"));
}

#[tokio::test]
async fn too_many_requests_and_a_real_festivals_payment_are_refused_in_words() {
    let site = Site::start(Mode::Real, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    let claim = fan.claim("boxes", "box").await;
    assert!(!claim.says("settlement") && claim.says("Give it back") && !claim.says("banner"));
    let at = claim.text.split("action=\"").nth(1).unwrap().split("/release").next().unwrap();
    let pay = fan.post(&format!("{at}/settlement"), "").await;
    assert_eq!(pay.status, StatusCode::FORBIDDEN);
    let mut last = fan.get("/me").await;
    for _ in 0..200 {
        if last.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        last = fan.get("/me").await;
    }
    assert!(last.says("A little slower, please") && !last.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_cashiers_session_acts_on_nobody_elses_claim_by_page() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    let page = fan.claim("boxes", "box").await;
    let at = page.text.split("action=\"").nth(1).unwrap().split("/settlement").next().unwrap();
    let session = Session { fan: Fan::new(9).unwrap(), role: Role::Host, until_s: u32::MAX };
    let mut host = site.browser();
    let token = site.app.node.tokens.make(&session, Use::Session);
    host.cookies.insert("fanfare-session".to_owned(), token);
    assert_eq!(host.get(at).await.status, StatusCode::NOT_FOUND);
    assert_eq!(host.post(&format!("{at}/release"), "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_demos_programme_never_grows() {
    let site = Site::start(Mode::Demo, DEMO, 0);
    let cards = |page: &Page| page.text.matches("<li class=\"card").count();
    let first = site.browser().get("/").await;
    assert_eq!(cards(&first), 4, "the next round of each");
    let start_ms = site.app.now_ms();
    for minute in 1..=40 {
        site.turn_to(start_ms + minute * 60_000);
        fanfare::drops::plan::next_rounds(&site.app);
        let page = site.browser().get("/").await;
        assert!((4..=8).contains(&cards(&page)), "minute {minute}: {}", cards(&page));
    }
    assert!(site.app.node.directory().drops.len() > 20, "rounds went by");
}

#[tokio::test]
async fn whatever_is_wrong_with_an_address_is_said_in_words() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    fan.languages = "zh-CN".to_owned();
    for path in ["/drops/%ff", "/claims/%ff", "/drops/%ff/reminder.ics"] {
        let page = fan.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.says("这里什么也没有"), "{path}: {}", page.text);
        guarded(&page);
    }
    for (path, allow) in [("/me", "GET,HEAD"), ("/check", "GET,HEAD"), ("/drops/lamps", "GET,HEAD")]
    {
        let page = fan.post(path, "").await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(page.header("allow"), allow, "{path}");
    }
    let asked = fan.send_as("DELETE", "/drops/lamps/claims").await;
    assert_eq!(asked.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(asked.says("这个页面不能这样打开") && asked.header("allow").contains("POST"));
    let api = fan.send_as("GET", "/api/v1/drops/lamps/claims").await;
    assert_eq!((api.status, api.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    assert_eq!(api.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn who_cannot_check_in_the_browser_hears_where_the_command_stands() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let mut fan = site.browser();
    for (language, fold) in [("en", "“How it is checked”"), ("zh-CN", "“怎样查验”")] {
        fan.languages = language.to_owned();
        let page = fan.get("/check").await;
        let summary = format!("<summary>{}</summary>", fold.trim_matches(['“', '”']));
        assert!(page.says(&summary), "{}", page.text);
        // Without a script, with an old browser, without https.
        assert_eq!(page.text.matches(fold).count(), 3, "{}", page.text);
    }
}

#[tokio::test]
async fn a_reminder_an_asset_and_a_sample_are_what_they_say() {
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS - 60_000);
    let mut fan = site.browser();
    let reminder = fan.get("/drops/lamps/reminder.ics").await;
    assert_eq!(reminder.header("content-type"), "text/calendar; charset=utf-8");
    assert!(reminder.says("DTSTART:20261121T040000Z\r\n") && reminder.says("Lamps opens"));
    let page = fan.get("/dev/pages/drop/sold-out").await;
    assert!(page.says("Nothing free right now") && page.says("not paid yet"));
    assert_eq!(fan.get("/dev/pages/drop/none").await.status, StatusCode::NOT_FOUND);
    let style = page.text.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = fan.get(style).await;
    assert!(style.header("content-security-policy").contains("sandbox"));
    let real = Site::start(Mode::Real, FESTIVAL, OPENS_MS);
    assert_eq!(real.browser().get("/dev/pages").await.status, StatusCode::NOT_FOUND);
    assert_eq!(real.browser().get("/dev/pages/drop/open").await.status, StatusCode::NOT_FOUND);
}
