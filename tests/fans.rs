//! Accounts as people meet them, on both databases: signing up and in, keeping a guest's claims,
//! seeing and ending sessions, becoming host; and what must not work.

mod common;

use axum::http::StatusCode;
use common::postgres::Postgres;
use common::site::{Browser, FESTIVAL, OPENS_MS, Page, Site};
use common::{festival, node};
use fanfare::app::{App, ColdSide, Mode};
use fanfare::fans::{self, Name};
use fanfare::kit::clock::Clock;
use fanfare::kit::db::{Cold, Database, MIGRATIONS};
use fanfare::kit::scratch::Scratch;
use fanfare::kit::token::{Role, Session, Use};
use fanfare::on;
use fanfare_engine::Fan;
use std::sync::Arc;

const PASSWORD: &str = "correct+horse+battery";

/// A site beside one of the databases.
struct Hall {
    site: Site,
    cold: Arc<Cold>,
    _server: Option<Arc<Postgres>>,
}

impl Hall {
    fn start(server: Option<Arc<Postgres>>) -> Self {
        let scratch = Scratch::new(None, "fans").unwrap();
        let festival = festival::read(FESTIVAL);
        let node = node::start(scratch.path(), &festival, Clock::standing_at(OPENS_MS));
        let place = match &server {
            Some(server) => Database::Url(server.database()),
            None => Database::File(node.folder.cold()),
        };
        let cold = Arc::new(Cold::open(&place, MIGRATIONS, OPENS_MS).unwrap());
        let side = ColdSide::new(cold.clone(), Arc::default(), &node);
        let app = App::beside(node, festival, Mode::Demo, Some(side));
        Self { site: Site { app, scratch }, cold, _server: server }
    }

    fn browser(&self) -> Browser {
        self.site.browser()
    }

    fn later(&self, s: i64) {
        self.site.turn_to(self.site.app.now_ms() + s * 1_000);
    }

    fn session(&self, browser: &Browser) -> Option<(Session, u64)> {
        let token = browser.cookies.get("fanfare-session")?;
        self.site.app.node.tokens.read(token, Use::Session, self.site.app.now_ms()).ok()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let db = self.cold.db();
        let counted = self.cold.run(async move {
            let (count,): (i64,) =
                on!(db.read(), pool => sqlx::query_as(sql).fetch_one(pool).await)?;
            Ok(count)
        });
        counted.await.unwrap()
    }

    async fn raise(&self, name: &str, role: Role) {
        let (db, name) = (self.cold.db(), Name::new(name).unwrap());
        let now_ms = self.site.app.now_ms();
        let made = async move { Ok(fans::make_role(db, name, role, now_ms).await) };
        assert_eq!(self.cold.run(made).await.unwrap(), Ok(()));
        self.follow().await;
    }

    /// What a serving process does each second.
    async fn follow(&self) {
        let people = self.site.app.cold.as_ref().unwrap().people.clone();
        let now_ms = self.site.app.now_ms();
        let followed = async move { Ok(fans::follow_ended(people, 0, now_ms).await) };
        self.cold.run(followed).await.unwrap().unwrap();
    }
}

/// Runs a test on each database.
async fn on_both(test: impl AsyncFn(&Hall)) {
    test(&Hall::start(None)).await;
    test(&Hall::start(Some(Postgres::shared()))).await;
}

async fn sign(browser: &mut Browser, how: &str, name: &str, password: &str) -> Page {
    let form = format!("name={name}&password={password}&back=/me/sessions");
    browser.post(how, &form).await
}

#[tokio::test]
async fn a_guest_signs_up_and_keeps_the_claims_and_the_guests_cookie_is_nobodys() {
    on_both(async |hall: &Hall| {
        let mut guest = hall.browser();
        assert!(guest.claim("boxes", "box").await.says("Boxes"));
        let stolen = guest.clone();
        let (before, number) = hall.session(&guest).unwrap();
        assert_eq!(number, 0);
        let page = guest.get("/sign-up").await;
        assert!(page.says("as a guest stays yours"), "{}", page.text);
        let sent = sign(&mut guest, "/sign-up", "Ada", PASSWORD).await;
        assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/me/sessions"));
        let (session, number) = hall.session(&guest).unwrap();
        assert_eq!((session.fan, session.role), (before.fan, Role::Fan));
        assert_ne!(number, 0);
        assert!(guest.get("/me").await.says("/claims/"), "the claims are there");
        // Who had only the guest's cookie has nothing once the short token is over.
        hall.later(20 * 60);
        let mut thief = stolen.clone();
        assert!(!thief.get("/me").await.says("/claims/"));
        assert!(guest.get("/me").await.says("/claims/"), "the account's session is renewed");
        // After a restart as well: it is told anew.
        hall.site.app.node.tokens.ended.forget(i64::MAX);
        hall.follow().await;
        assert!(!stolen.clone().get("/me").await.says("/claims/"));
        // Elsewhere, by name and password: the same fan.
        let mut phone = hall.browser();
        let sent = sign(&mut phone, "/sign-in", "ADA", PASSWORD).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        assert!(phone.get("/me").await.says("/claims/"));
        assert_eq!(hall.count("SELECT COUNT(*) FROM events WHERE what = 'account.made'").await, 1);
        let opened = "SELECT COUNT(*) FROM events WHERE what = 'session.opened'";
        assert_eq!(hall.count(opened).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_guest_who_signs_in_is_told_and_is_there_again_after_signing_out() {
    on_both(async |hall: &Hall| {
        let mut elsewhere = hall.browser();
        sign(&mut elsewhere, "/sign-up", "Ada", PASSWORD).await;
        let mut guest = hall.browser();
        assert!(guest.claim("boxes", "box").await.says("Boxes"));
        let page = guest.get("/sign-in").await;
        assert!(page.says("does not come along"), "{}", page.text);
        sign(&mut guest, "/sign-in", "Ada", PASSWORD).await;
        assert!(!guest.get("/me").await.says("/claims/"), "they are the guest's");
        // Whoever is signed in is no guest: another account takes nothing along.
        assert!(!guest.get("/sign-up").await.says("as a guest stays yours"));
        guest.post("/sign-out", "").await;
        assert!(guest.get("/me").await.says("/claims/"), "the guest is there again");
    })
    .await;
}

#[tokio::test]
async fn a_session_is_seen_and_ended_and_its_token_stops_at_once() {
    on_both(async |hall: &Hall| {
        let (mut here, mut there) = (hall.browser(), hall.browser());
        sign(&mut here, "/sign-up", "ada", PASSWORD).await;
        sign(&mut there, "/sign-in", "ada", PASSWORD).await;
        let page = here.get("/me/sessions").await;
        assert_eq!(page.text.matches("/ending").count(), 1, "{}", page.text);
        assert_eq!(page.text.matches("This device").count(), 1);
        let (_, number) = hall.session(&there).unwrap();
        // A stranger's, and another fan's, are not theirs to end.
        let mut eve = hall.browser();
        sign(&mut eve, "/sign-up", "eve", PASSWORD).await;
        eve.post(&format!("/me/sessions/{number}/ending"), "").await;
        let refused = hall.browser().post(&format!("/me/sessions/{number}/ending"), "").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(hall.session(&there).is_some(), "it goes on");
        here.post(&format!("/me/sessions/{number}/ending"), "").await;
        assert!(hall.session(&there).is_none(), "its token is over");
        let refused = there.get("/me/sessions").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "and its cookie renews nothing");
        assert!(here.get("/me/sessions").await.says("not signed in anywhere else"));
        let left = here.post("/sign-out", "").await;
        assert_eq!(left.header("location"), "/");
        assert!(left.header("clear-site-data").contains("\"cache\""));
        assert_eq!(here.get("/me/sessions").await.status, StatusCode::UNAUTHORIZED);
        let ended = "SELECT COUNT(*) FROM events WHERE what = 'session.ended'";
        assert_eq!(hall.count(ended).await, 2);
    })
    .await;
}

#[tokio::test]
async fn signing_in_anew_ends_the_session_the_browser_had() {
    on_both(async |hall: &Hall| {
        let mut here = hall.browser();
        sign(&mut here, "/sign-up", "ada", PASSWORD).await;
        let before = here.clone();
        sign(&mut here, "/sign-in", "ada", PASSWORD).await;
        assert!(hall.session(&here).is_some());
        assert!(hall.session(&before).is_none(), "the token of before is over");
    })
    .await;
}

#[tokio::test]
async fn nobody_stays_signed_in_for_longer_than_a_year() {
    on_both(async |hall: &Hall| {
        let mut ada = hall.browser();
        sign(&mut ada, "/sign-up", "ada", PASSWORD).await;
        for week in 1..=52 {
            hall.later(7 * 24 * 3_600);
            assert_eq!(ada.get("/me/sessions").await.status, StatusCode::OK, "week {week}");
        }
        hall.later(2 * 24 * 3_600);
        assert_eq!(ada.get("/me/sessions").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn a_password_that_is_guessed_first_is_no_password() {
    on_both(async |hall: &Hall| {
        let mut ada = hall.browser();
        for common in ["password1", "Fanfare2026", "ada.ada.ada"] {
            let page = sign(&mut ada, "/sign-up", "adaadaada", common).await;
            assert!(page.says("among those tried first"), "{common}: {}", page.text);
        }
        assert!(hall.session(&ada).is_none());
    })
    .await;
}

#[tokio::test]
async fn names_are_taken_once_and_wrong_passwords_say_nothing_more() {
    on_both(async |hall: &Hall| {
        let mut ada = hall.browser();
        sign(&mut ada, "/sign-up", "Ada", PASSWORD).await;
        let taken = sign(&mut hall.browser(), "/sign-up", "aDA", PASSWORD).await;
        assert!(taken.says("Somebody has this name"), "{}", taken.text);
        let wrong = sign(&mut hall.browser(), "/sign-in", "ada", "another+password").await;
        let nobody = sign(&mut hall.browser(), "/sign-in", "nobody", "another+password").await;
        let odd = sign(&mut hall.browser(), "/sign-in", "%3Cscript%3E", "x").await;
        for page in [&wrong, &nobody, &odd] {
            assert!(page.says("do not match") && !page.says("<script>x"), "{}", page.text);
            assert!(page.headers.get("set-cookie").is_none());
        }
        for (name, password, says) in [
            ("a", PASSWORD, "2 to 32"),
            ("some+body", PASSWORD, "2 to 32"),
            ("somebody", "short", "It has 5 so far and needs at least 8"),
            ("somebody", "SomeBody", "cannot be your name"),
        ] {
            let page = sign(&mut hall.browser(), "/sign-up", name, password).await;
            assert!(page.says(says), "{name}: {}", page.text);
        }
        // From another site, without saying so, or with a field nobody asked for: not at all.
        let form = format!("name=mal&password={PASSWORD}");
        for headers in [&[("sec-fetch-site", "cross-site")][..], &[]] {
            let page = hall.browser().post_with("/sign-up", &form, headers).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN);
        }
        let page = hall.browser().post("/sign-up", &format!("{form}&role=host")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        // And nobody tries for long.
        let mut last = None;
        for _ in 0..8 {
            last = Some(sign(&mut hall.browser(), "/sign-in", "ada", "a+guess+or+two").await);
        }
        let last = last.unwrap();
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
        let wait_s = last.header("retry-after");
        assert!(last.says(&format!("Wait {wait_s} s")) && !wait_s.is_empty(), "{}", last.text);
        assert_eq!(last.field("back"), Some("/me/sessions"), "and the form is there");
        assert_eq!(hall.count("SELECT COUNT(*) FROM accounts").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_first_host_is_made_by_a_secret_that_works_once() {
    on_both(async |hall: &Hall| {
        let secret = || {
            let (db, now_ms) = (hall.cold.db(), hall.site.app.now_ms());
            hall.cold.run(async move { Ok(fans::new_host_secret(db, now_ms).await) })
        };
        let old = secret().await.unwrap().unwrap().unwrap();
        let new = secret().await.unwrap().unwrap().unwrap();
        let mut ada = hall.browser();
        sign(&mut ada, "/sign-up", "ada", PASSWORD).await;
        let refused = ada.post(&format!("/host/{old}"), "").await;
        assert!(refused.says("used already"), "an older secret is good for nothing");
        // A stranger makes the account on the way.
        let mut host = hall.browser();
        let page = host.get(&format!("/host/{new}")).await;
        assert_eq!(page.field("secret"), Some(new.as_str()));
        let form = format!("name=host&password={PASSWORD}&back=/me/sessions&secret={new}");
        let sent = host.post("/sign-up", &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        assert_eq!(hall.session(&host).unwrap().0.role, Role::Host);
        assert!(host.get("/me/sessions").await.says("You are a host"));
        let refused = ada.post(&format!("/host/{new}"), "").await;
        assert!(refused.says("used already"));
        assert_eq!(hall.session(&ada).unwrap().0.role, Role::Fan);
        assert_eq!(secret().await.unwrap().unwrap(), None, "there is a host");
        // By the machine's word; the sessions begin anew in the new role, and in the old one again.
        for role in [Role::Cashier, Role::Fan] {
            hall.raise("ada", role).await;
            assert_eq!(hall.session(&ada), None, "the old role's token is over");
            let sent = sign(&mut ada, "/sign-in", "ada", PASSWORD).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER);
            assert_eq!(hall.session(&ada).unwrap().0.role, role);
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_already_has_an_account_raises_it_with_the_secret() {
    on_both(async |hall: &Hall| {
        let (db, now_ms) = (hall.cold.db(), hall.site.app.now_ms());
        let secret = hall.cold.run(async move { Ok(fans::new_host_secret(db, now_ms).await) });
        let secret = secret.await.unwrap().unwrap().unwrap();
        let mut ada = hall.browser();
        sign(&mut ada, "/sign-up", "ada", PASSWORD).await;
        assert!(ada.get(&format!("/host/{secret}")).await.says("Become the host"));
        let made = ada.post(&format!("/host/{secret}"), "").await;
        assert_eq!(made.header("location"), "/host?told=made", "{}", made.text);
        assert!(ada.get("/me/sessions").await.says("You are a host"));
        assert_eq!(hall.session(&ada).unwrap().0.role, Role::Host);
    })
    .await;
}

#[tokio::test]
async fn a_token_made_by_hand_is_no_guests_to_be_taken_over() {
    let hall = Hall::start(None);
    assert!(hall.site.data().join("cold.sqlite").exists());
    let session = Session { fan: Fan::new(7).unwrap(), role: Role::Fan, until_s: u32::MAX };
    let token = hall.site.app.node.tokens.make(&session, Use::Session);
    let mut fan = hall.browser();
    fan.cookies.insert("fanfare-session".to_owned(), token);
    sign(&mut fan, "/sign-up", "ada", PASSWORD).await;
    assert_ne!(hall.session(&fan).unwrap().0.fan, session.fan);
    // Without a cold side the pages are there and say that they are busy.
    let site = Site::start(Mode::Demo, FESTIVAL, OPENS_MS);
    let refused = sign(&mut site.browser(), "/sign-up", "ada", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_new_password_puts_everybody_out_who_knew_the_old_one() {
    on_both(async |hall: &Hall| {
        let (mut here, mut there) = (hall.browser(), hall.browser());
        sign(&mut here, "/sign-up", "ada", PASSWORD).await;
        sign(&mut there, "/sign-in", "ada", PASSWORD).await;
        let form = |old: &str, new: &str| format!("name=ada&old={old}&new={new}");
        let wrong = here.post("/me/password", &form("a+guess+or+two", "staple+of+horses")).await;
        assert!(wrong.says("not your current password"), "{}", wrong.text);
        let short = here.post("/me/password", &form(PASSWORD, "short")).await;
        assert!(short.says("It has 5 so far"), "{}", short.text);
        assert!(hall.session(&there).is_some(), "nothing has changed");
        let done = here.post("/me/password", &form(PASSWORD, "staple+of+horses")).await;
        assert_eq!(done.header("location"), "/me/sessions?told=password", "{}", done.text);
        assert!(here.get("/me/sessions?told=password").await.says("Your password is changed"));
        assert_eq!(there.get("/me/sessions").await.status, StatusCode::UNAUTHORIZED);
        let old = sign(&mut there, "/sign-in", "ada", PASSWORD).await;
        assert!(old.says("do not match"), "{}", old.text);
        let new = sign(&mut there, "/sign-in", "ada", "staple+of+horses").await;
        assert_eq!(new.status, StatusCode::SEE_OTHER, "{}", new.text);
        let refused = hall.browser().post("/me/password", &form(PASSWORD, "or+another")).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "a stranger has none");
        let changed = "SELECT COUNT(*) FROM events WHERE what = 'account.password'";
        assert_eq!(hall.count(changed).await, 1);
    })
    .await;
}

#[tokio::test]
async fn my_claims_lead_to_an_account_and_say_whose_it_is() {
    let hall = Hall::start(None);
    let mut ada = hall.browser();
    assert!(ada.get("/me").await.says("/sign-in?back=/me"));
    ada.claim("boxes", "box").await;
    let page = ada.get("/me").await;
    assert!(page.says("/sign-up?back=/me") && page.says("href=\"/sign-in\""), "{}", page.text);
    sign(&mut ada, "/sign-up", "Ada", PASSWORD).await;
    let page = ada.get("/me").await;
    assert!(page.says("<bdi>Ada</bdi>") && page.says("action=\"/sign-out\""), "{}", page.text);
    assert!(!page.says("/sign-up") && page.says("href=\"/me/sessions\""), "{}", page.text);
    // An error is tied to its field, which has the focus; the name typed stays.
    let wrong = sign(&mut hall.browser(), "/sign-in", "Ada", "another+password").await;
    assert!(wrong.says("aria-describedby=\"password-wrong\" autofocus"), "{}", wrong.text);
    assert_eq!(wrong.field("name"), Some("Ada"));
}
