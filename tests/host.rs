//! Hosts' pages: who may see them, each act with its undo and its words, a changed festival file
//! before and after, the list of claims as page and as CSV, and the demo's made crowd.

#[path = "host/again.rs"]
mod again;
mod common;

use axum::http::StatusCode;
use common::postgres::Postgres;
use common::site::{Browser, FESTIVAL, OPENS_MS, Page, Site};
use common::{festival, node};
use fanfare::app::{App, ColdSide, Mode};
use fanfare::drops::cold::{self, Projector, Whose};
use fanfare::kit::clock::Clock;
use fanfare::kit::data::DataFolder;
use fanfare::kit::db::{Cold, Database, DbError, MIGRATIONS, commit};
use fanfare::kit::scratch::Scratch;
use fanfare::kit::token::{Role, Session, Use};
use fanfare::on;
use fanfare_engine::Fan;
use std::sync::Arc;
use std::time::Duration;

/// A site with tables that follow its journal.
struct Hall {
    site: Site,
    // Ends before the database it writes to.
    _projector: Projector,
    _server: Option<Arc<Postgres>>,
}

impl Hall {
    fn start(server: Option<Arc<Postgres>>, mode: Mode) -> Self {
        let scratch = Scratch::new(None, "host").unwrap();
        let festival = festival::read(FESTIVAL);
        let folder = DataFolder::serve(scratch.path(), festival.id().as_str(), false).unwrap();
        let place = match &server {
            Some(server) => Database::Url(server.database()),
            None => Database::File(folder.cold()),
        };
        let cold = Arc::new(Cold::open(&place, MIGRATIONS, OPENS_MS).unwrap());
        let (db, whose) = (cold.db(), Whose::of(&folder));
        cold.wait(async move { cold::own(&db, &whose).await }).unwrap();
        let node = node::on(folder, &festival, Clock::standing_at(OPENS_MS)).unwrap();
        let projector =
            Projector::start(node.folder.journals(), cold.clone(), node.told.clone()).unwrap();
        let side = ColdSide::new(cold, projector.lag.clone(), &node);
        let app = App::beside(node, festival, mode, Some(side));
        Self { site: Site { app, scratch }, _projector: projector, _server: server }
    }

    /// Somebody with this role.
    fn somebody(&self, fan: u64, role: Role) -> Browser {
        let app = &self.site.app;
        let until_s = u32::try_from(app.now_ms() / 1_000).unwrap() + 600;
        let session = Session { fan: Fan::new(fan).unwrap(), role, until_s };
        let mut browser = self.site.browser();
        let token = app.node.tokens.make(&session, Use::Session);
        browser.cookies.insert("fanfare-session".to_owned(), token);
        browser
    }

    fn free(&self, drop: &str, line: usize) -> u32 {
        let drop = self.site.app.node.directory().named(drop).unwrap().clone();
        drop.published.front().face.lines[line].free
    }
}

async fn on_both(mode: Mode, test: impl AsyncFn(&Hall)) {
    test(&Hall::start(None, mode)).await;
    test(&Hall::start(Some(Postgres::shared()), mode)).await;
}

/// Sends an act's form and goes where it leads.
async fn act(host: &mut Browser, path: &str, form: &str) -> Page {
    let sent = host.post(path, form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    host.get(sent.header("location")).await
}

/// Asks until the answer is as it should be: the tables come a little later.
async fn wait_for(host: &mut Browser, path: &str, right: impl Fn(&str) -> bool) -> String {
    for _ in 0..60 {
        let text = host.get(path).await.text;
        if right(&text) {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("{path} stays {}", host.get(path).await.text)
}

const PAGES: [&str; 7] = [
    "/host",
    "/host/engine",
    "/host/apply",
    "/host/drops/boxes",
    "/host/drops/boxes/closing",
    "/host/drops/boxes/claims",
    "/host/drops/boxes/claims.csv",
];

const FORMS: [&str; 7] = [
    "/host/drops/boxes/acts/pause",
    "/host/drops/boxes/acts/resume",
    "/host/drops/boxes/acts/restock",
    "/host/drops/boxes/acts/withdraw",
    "/host/drops/boxes/closing",
    "/host/drops/boxes/crowd",
    "/host/apply",
];

#[tokio::test]
async fn only_hosts_and_operators_see_or_do_anything() {
    let hall = Hall::start(None, Mode::Demo);
    for path in PAGES {
        let sent = hall.site.browser().get(path).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{path}");
        assert!(sent.header("location").starts_with("/sign-in?back=/"), "{path}");
        for role in [Role::Host, Role::Operator] {
            let page = hall.somebody(7, role).get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path} {role:?}");
        }
    }
    // An account that is none's host: its session has a number.
    let mut fan = hall.site.browser();
    let signed =
        fan.post("/sign-up", "name=somebody&password=correct+horse+battery&back=/me").await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.text);
    let mut guest = hall.somebody(5 << 50, Role::Fan);
    for path in PAGES {
        let page = fan.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.says("This is for hosts"), "{path}");
        assert_eq!(guest.get(path).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    for path in FORMS {
        let form = if path.ends_with("apply") { "file=x&make=y&why=w" } else { "" };
        let form = if path.contains("acts") { "why=w&line=box&units=1" } else { form };
        assert_eq!(fan.post(path, form).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(guest.post(path, form).await.status, StatusCode::UNAUTHORIZED, "{path}");
        let mut host = hall.somebody(7, Role::Host);
        let crossed = host.post_with(path, form, &[("sec-fetch-site", "cross-site")]).await;
        assert_eq!(crossed.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(hall.free("boxes", 0), 10);
    assert!(!hall.site.app.node.directory().named("boxes").unwrap().published.front().face.paused);
}

#[tokio::test]
async fn each_act_says_who_and_why_and_the_newest_can_be_undone() {
    on_both(Mode::Real, async |hall: &Hall| {
        let mut host = hall.somebody(7, Role::Host);
        let at = "/host/drops/boxes/acts";
        let why = "why=The+%3Cb%3Ecourier";
        let paused = act(&mut host, &format!("{at}/pause"), why).await;
        assert!(paused.says("Paused. Nobody can claim now."), "{}", paused.text);
        assert!(paused.says("Fan 7") && !paused.says("The <b>courier"), "{}", paused.text);
        assert!(paused.says("The &#60;b&#62;courier"), "{}", paused.text);
        let undo = "why=Undone%3A+it&line=&units=";
        let resumed = act(&mut host, &format!("{at}/resume"), undo).await;
        assert!(resumed.says("Undone: it") && resumed.says("acts/pause"), "{}", resumed.text);
        // Undone in its turn it says so once, in the language of whoever undoes it.
        assert!(resumed.says("name=\"why\" value=\"Undone: it\""), "{}", resumed.text);
        let mut other = host.clone();
        other.languages = "zh-CN".to_owned();
        let seen = other.get("/host/drops/boxes").await;
        assert!(seen.says("name=\"why\" value=\"撤销：it\""), "{}", seen.text);
        let more = act(&mut host, &format!("{at}/restock"), "why=more&line=box&units=5").await;
        assert_eq!(hall.free("boxes", 0), 15);
        assert!(more.says("5 units added: Box"), "{}", more.text);
        // The undo's form is the act's own, with its units and its line.
        assert!(more.says("name=\"units\" value=\"5\""), "{}", more.text);
        assert!(more.says("name=\"line\" value=\"box\""));
        let less = act(&mut host, &format!("{at}/withdraw"), "why=undone&line=box&units=5").await;
        assert_eq!(hall.free("boxes", 0), 10);
        assert!(less.says("5 units taken away: Box"), "{}", less.text);
        for (form, says) in [
            ("why=x&line=box&units=11", "At most 10 are possible now"),
            ("why=+&line=box&units=1", "Say why"),
            ("why=x&line=box&units=-1", "whole number"),
            ("why=x&line=lamp&units=1", "Choose an item"),
        ] {
            let wrong = host.post(&format!("{at}/withdraw"), form).await;
            assert!(wrong.says(says), "{form}: {}", wrong.text);
        }
        assert_eq!(hall.free("boxes", 0), 10);
        let unknown = host.post(&format!("{at}/burn"), "why=x").await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        let question = host.get("/host/drops/boxes/closing").await;
        assert!(question.says("This cannot be undone"), "{}", question.text);
        let asked = host.post("/host/drops/boxes/closing", "why=").await;
        assert!(asked.says("Say why"));
        let closed = act(&mut host, "/host/drops/boxes/closing", "why=over").await;
        assert!(closed.says("Closed for good") && !closed.says("/acts/"), "{}", closed.text);
    })
    .await;
}

#[tokio::test]
async fn who_did_not_see_the_newest_act_looks_again_first() {
    on_both(Mode::Real, async |hall: &Hall| {
        let (mut one, mut other) = (hall.somebody(7, Role::Host), hall.somebody(8, Role::Host));
        let at = "/host/drops/boxes";
        let seen = one.get(at).await.field("seen").unwrap().to_owned();
        assert_eq!(other.get(at).await.field("seen"), Some(seen.as_str()));
        let form = format!("why=more&line=box&units=5&seen={seen}");
        let more = act(&mut one, &format!("{at}/acts/restock"), &form).await;
        assert_eq!(hall.free("boxes", 0), 15);
        // Pressed twice, and by somebody else with the same page: once is enough.
        for host in [&mut one, &mut other] {
            let again = host.post(&format!("{at}/acts/restock"), &form).await;
            assert!(again.says("Somebody did something meanwhile"), "{}", again.text);
            assert!(again.says("value=\"5\"") && again.says("<details class=\"panel\" open>"));
            assert_eq!(hall.free("boxes", 0), 15);
        }
        let next = more.field("seen").unwrap();
        assert_ne!(next, seen);
        let form = format!("why=undone&line=box&units=5&seen={next}");
        act(&mut other, &format!("{at}/acts/withdraw"), &form).await;
        assert_eq!(hall.free("boxes", 0), 10);
        let twice = one.post(&format!("{at}/acts/withdraw"), &form).await;
        assert!(twice.says("Somebody did something meanwhile"));
        assert_eq!(hall.free("boxes", 0), 10);
    })
    .await;
}

#[tokio::test]
async fn a_form_pressed_twice_adds_once_while_the_tables_are_late() {
    let hall = Hall::start(None, Mode::Real);
    let mut host = hall.somebody(7, Role::Host);
    let at = "/host/drops/boxes";
    let seen = host.get(at).await.field("seen").unwrap().to_owned();
    // Whoever has the only writer keeps the projector waiting.
    let cold = hall.site.app.cold.as_ref().unwrap().cold.clone();
    let (db, (held, has)) = (cold.db(), tokio::sync::oneshot::channel());
    let (let_go, told) = tokio::sync::oneshot::channel::<()>();
    let late = tokio::spawn(async move {
        let held_up = cold.run(async move {
            let tx = db.begin().await?;
            let _ = held.send(());
            let _ = told.await;
            drop(tx);
            Ok::<_, DbError>(())
        });
        held_up.await.unwrap();
    });
    has.await.unwrap();
    let form = format!("why=more&line=box&units=5&seen={seen}");
    let sent = host.post(&format!("{at}/acts/restock"), &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let again = host.post(&format!("{at}/acts/restock"), &form).await;
    assert!(again.says("Somebody did something meanwhile"), "{}", again.text);
    assert_eq!(hall.free("boxes", 0), 15);
    // What done twice is done once is not kept waiting.
    let pause = format!("why=late&seen={seen}");
    let sent = host.post(&format!("{at}/acts/pause"), &pause).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    assert!(!late.is_finished(), "the tables were not late");
    let_go.send(()).unwrap();
    late.await.unwrap();
}

#[tokio::test]
async fn without_the_tables_a_host_still_pauses() {
    let hall = Hall::start(None, Mode::Real);
    let mut host = hall.somebody(7, Role::Host);
    let cold = hall.site.app.cold.as_ref().unwrap().cold.clone();
    let db = cold.db();
    let gone = cold.run(async move {
        let mut tx = db.begin().await?;
        let gone = "ALTER TABLE events RENAME TO gone";
        on!(&mut tx, tx => sqlx::query(gone).execute(&mut **tx).await.map(|_| ()))?;
        commit(tx).await
    });
    gone.await.unwrap();
    let at = "/host/drops/boxes";
    let page = host.get(at).await;
    assert!(page.says("You can still pause"), "{}", page.text);
    let seen = page.field("seen").unwrap();
    let sent = host.post(&format!("{at}/acts/pause"), &format!("why=trouble&seen={seen}")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    assert!(host.get(at).await.says("Paused"));
    let more = format!("why=more&line=box&units=5&seen={seen}");
    let sent = host.post(&format!("{at}/acts/restock"), &more).await;
    assert_eq!(hall.free("boxes", 0), 10, "{}", sent.text);
}

#[tokio::test]
async fn a_changed_file_is_shown_first_and_done_whole_or_not_at_all() {
    let hall = Hall::start(None, Mode::Real);
    let mut host = hall.somebody(7, Role::Host);
    let encoded = |text: &str| {
        let byte = |b: u8| match b {
            b'a'..=b'z' | b'0'..=b'9' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    let send = |file: &str, more: &str| format!("file={}{more}", encoded(file));
    let same = host.post("/host/apply", &send(FESTIVAL, "")).await;
    assert!(same.says("the festival is as the file says"), "{}", same.text);
    let more = FESTIVAL.replace("stock = 10", "stock = 12");
    let seen = host.post("/host/apply", &send(&more, "")).await;
    assert!(
        seen.says("Box: 2 more units")
            && seen.says("12 instead of 10")
            && seen.says("name=\"make\""),
        "{}",
        seen.text
    );
    assert_eq!(hall.free("boxes", 0), 10, "what is shown is not done");
    let mute = host.post("/host/apply", &send(&more, "&make=yes&why=")).await;
    assert!(mute.says("Say why"));
    assert_eq!(hall.free("boxes", 0), 10);
    let both = more.replace("limit = 3", "limit = 2");
    let breaks = host.post("/host/apply", &send(&both, "&make=yes&why=x")).await;
    assert!(breaks.says("This would break a promise"), "{}", breaks.text);
    assert_eq!(hall.free("boxes", 0), 10, "a part of it was done");
    let done = host.post("/host/apply", &send(&more, "&make=yes&why=more+boxes")).await;
    assert!(done.says("<h2>Done</h2>") && done.says("Box: 2 more units"), "{}", done.text);
    assert_eq!(hall.free("boxes", 0), 12);
    let page = host.get("/host/drops/boxes").await;
    assert!(page.says("Fan 7") && page.says("more boxes"), "{}", page.text);
    for (file, says) in [
        ("not a file", "cannot be read"),
        (&*FESTIVAL.replace("id = \"hostile\"", "id = \"other\""), "the file is of `other`"),
    ] {
        let refused = host.post("/host/apply", &send(file, "&make=yes&why=x")).await;
        assert!(refused.says(says), "{}", refused.text);
    }
    host.languages = "zh".to_owned();
    let faulty = more.replace("limit = 3", "limit = 0").replace("hold = \"2m\"", "hold = 2m");
    let other = more.replace("id = \"hostile\"", "id = \"other\"");
    for (file, says) in [
        (
            &*more.replace("price = \"5.00\"", "price = \"4.00\""),
            "礼盒：价格改为 ¥4.00（原为 ¥5.00）",
        ),
        (
            &*more.replace("price = \"5.00\"", "price = \"4.00\""),
            "这会违背承诺：这一场已按原价开抢",
        ),
        (
            &*more.replace("stock = 12", "stock = 20"),
            "礼盒：增加 8 件，总数改为 20 件（原为 12 件）",
        ),
        (&*faulty, "limit 写的是 0；请改成：1 到 100 的整数"),
        (&*faulty, "请加双引号"),
        (&*other, "这个文件是 other 的"),
    ] {
        let told = host.post("/host/apply", &send(file, "")).await;
        assert!(told.says(says), "{says} in {}", told.text);
        assert_eq!(told.text.matches(" lang=\"en\"").count(), 1, "the way to the other language");
    }
    let huge = host.post("/host/apply", &format!("file={}", "a".repeat(3 << 20))).await;
    assert_eq!(huge.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn claims_are_found_by_number_fan_and_state_and_come_as_csv() {
    on_both(Mode::Demo, async |hall: &Hall| {
        let mut fan = hall.site.browser();
        let signed = "name=-somebody&password=correct+horse+battery&back=/me";
        assert_eq!(fan.post("/sign-up", signed).await.status, StatusCode::SEE_OTHER);
        fan.claim("boxes", "box").await;
        let paid = fan.claim("boxes", "box").await;
        let (_, path) = paid.text.split_once("action=\"/claims/").unwrap();
        let claim = path.split('/').next().unwrap().to_owned();
        fan.post(&format!("/claims/{claim}/settlement"), "").await;
        hall.site.browser().claim("boxes", "box").await;
        let mut host = hall.somebody(7, Role::Host);
        let at = "/host/drops/boxes/claims";
        let whole = |csv: &str| csv.lines().count() == 4 && csv.contains("settled");
        wait_for(&mut host, &format!("{at}.csv"), whole).await;
        let rows = async |host: &mut Browser, query: &str| {
            let page = host.get(&format!("{at}?{query}")).await;
            assert_eq!(page.status, StatusCode::OK);
            page.text.matches("<tr><th scope=\"row\">").count()
        };
        for (query, count) in [
            ("", 3),
            ("number=2", 1),
            ("number=9", 0),
            ("fan=-somebody", 2),
            ("fan=-SOMEBODY&state=held", 1),
            ("state=settled", 1),
            ("state=held", 2),
            ("after=2", 1),
            ("number=x", 0),
            ("fan=nobody-at-all", 0),
            ("fan=99999999999999999999", 0),
        ] {
            assert_eq!(rows(&mut host, query).await, count, "{query}");
        }
        // A name may be digits, and may be another fan's number: both are shown.
        let mut caller = hall.site.browser();
        let signed = "name=13800138000&password=correct+horse+battery&back=/me";
        caller.post("/sign-up", signed).await;
        caller.claim("boxes", "box").await;
        let called = |csv: &str| csv.contains(",13800138000,no,");
        wait_for(&mut host, &format!("{at}.csv?fan=13800138000"), called).await;
        assert_eq!(rows(&mut host, "fan=13800138000").await, 1);
        assert_eq!(rows(&mut host, "number=0,002").await, 1, "as pages write it");
        // What cannot be read is no search for everything.
        for unread in ["number=2&after=x", "state=sold"] {
            for page in [format!("{at}?{unread}"), format!("{at}.csv?{unread}")] {
                let page = host.get(&page).await;
                assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
            }
        }
        let csv = host.get(&format!("{at}.csv?fan=-somebody")).await;
        assert!(csv.header("content-type").starts_with("text/csv"));
        assert_eq!(csv.header("cache-control"), "no-store");
        assert_eq!(csv.text.lines().count(), 3, "{}", csv.text);
        assert!(
            csv.text.contains(",'-somebody,no,box,,1,settled,2026-11-21T04:00:00Z,"),
            "{}",
            csv.text
        );
        assert!(!csv.text.contains(",-somebody"), "a name is a formula");
    })
    .await;
}

#[tokio::test]
async fn a_made_crowd_comes_in_a_demo_only_and_is_marked() {
    let real = Hall::start(None, Mode::Real);
    let mut host = real.somebody(7, Role::Host);
    assert!(!host.get("/host/drops/lamps").await.says("/crowd"));
    let none = host.post("/host/drops/lamps/crowd", "").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let demo = Hall::start(None, Mode::Demo);
    let mut host = demo.somebody(7, Role::Host);
    let on = act(&mut host, "/host/drops/lamps/crowd", "come=yes").await;
    assert!(on.says("Send the crowd home"), "{}", on.text);
    let on = act(&mut host, "/host/drops/lamps/crowd", "come=yes").await;
    assert!(on.says("Send the crowd home"), "{}", on.text);
    for _ in 0..60 {
        if demo.free("lamps", 0) + demo.free("lamps", 1) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert_eq!(demo.free("lamps", 0) + demo.free("lamps", 1), 0, "nobody came");
    let off = act(&mut host, "/host/drops/lamps/crowd", "come=no").await;
    assert!(off.says("Let the crowd come"), "{}", off.text);
    let csv = "/host/drops/lamps/claims.csv";
    let csv = wait_for(&mut host, csv, |csv| csv.lines().count() == 4).await;
    assert_eq!(csv.matches(",yes,lamp,").count(), 3, "{csv}");
    assert!(host.get("/host/drops/lamps/claims").await.says("Made fan"));
}
