//! The machine's clock steps, while serving and between runs: no hold is lost unfairly, no drop
//! opens early, and the host is told, in the log and on the pages, as fans are. The program runs
//! under a clock of the tests' own.

mod common;

use common::festival::{self, BOX};
use common::http::Client;
use common::served::{Place, Served, words};
use fanfare::kit::clock::Clock;
use fanfare::kit::token::Role;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// The first host's number; below are fans.
const HOST: u64 = 80;

const FILE: &str = "festival.toml";

/// A festival with a drop that is open and one that opens in half an hour.
struct World {
    place: Place,
    offset: PathBuf,
    library: PathBuf,
}

impl World {
    fn new() -> Self {
        let now_ms = Clock::machine().now_ms();
        let terms = "open_for = \"30d\"\nhold = \"10m\"\nlimit = 2";
        let drop = |id: &str, opens_ms: i64| festival::drop(id, opens_ms, terms, 100);
        let drops = drop("boxes", now_ms - 3_600_000) + &drop("later", now_ms + 1_800_000);
        let place = Place::new();
        place.write(FILE, &festival::text("clock", &drops));
        let offset = place.data.with_extension("offset");
        let libraries = fs::read_dir("/usr/lib").unwrap().flatten();
        let library = libraries
            .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
            .find(|path| path.exists())
            .expect("libfaketime: apt-get install libfaketime");
        let world = Self { place, offset, library };
        world.step(0);
        world
    }

    /// The program's wall clock is so far off from now on.
    fn step(&self, seconds: i64) {
        let beside = self.offset.with_extension("new");
        fs::write(&beside, format!("{seconds:+}\n")).unwrap();
        fs::rename(beside, &self.offset).unwrap();
    }

    fn serve(&self) -> Served {
        let mut command = self.place.command(&["serve", FILE, "--listen", "127.0.0.1:0"]);
        command.env("LD_PRELOAD", &self.library).env("FAKETIME_TIMESTAMP_FILE", &self.offset);
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        self.place.serve_by(command)
    }
}

/// Whether the program says that its clock stands where it cannot have come by itself.
fn stepped(served: &Served) -> bool {
    let metrics = served.ask(("GET", "/metrics"), 1, Role::Operator, "").text;
    metrics.lines().any(|line| line == "fanfare_clock_stepped 1")
}

fn state(served: &Served, claim: &str) -> String {
    let path = format!("/api/v1/claims/{claim}");
    let answer = served.ask(("GET", &path), 1, Role::Cashier, "");
    answer.text_of("state").to_owned()
}

/// A fan's claim, and its name.
fn held(served: &Served, fan: u64) -> String {
    let made = served.claim("boxes", fan, BOX);
    assert_eq!(made.status, 201, "{made:?}");
    made.text_of("claim").to_owned()
}

/// A page as a fan or the host reads it.
fn page(served: &Served, path: &str, fan: u64, lang: &str) -> String {
    // Another host each time: there is a rate for each.
    static HOSTS: AtomicU64 = AtomicU64::new(HOST);
    let host = || (HOSTS.fetch_add(1, Ordering::Relaxed), Role::Host);
    let (fan, role) = if fan == HOST { host() } else { (fan, Role::Fan) };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: fans.example\r\nCookie: fanfare-session={}\r\n\
         Accept-Language: {lang}\r\n\r\n",
        served.token(fan, role)
    );
    let mut client = Client::connect(served.address).unwrap();
    client.send(request.as_bytes()).unwrap();
    let answer = client.answer().unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

/// What a page is to say.
type Says<'a> = (&'a str, u64, &'a str, &'a [&'a str]);

/// Which of these words a page lacks: path, who reads it, in which language, words.
fn lacks<'a>(served: &Served, (path, fan, lang, words): Says<'a>) -> Vec<&'a str> {
    let text = page(served, path, fan, lang);
    words.iter().filter(|words| !text.contains(**words)).copied().collect()
}

/// Every page says all of its words.
fn told(served: &Served, pages: &[Says<'_>], when: &str) {
    for says in pages {
        let lacks = lacks(served, *says);
        assert!(lacks.is_empty(), "{when}: {} lacks {lacks:?}", says.0);
    }
}

/// The control: where nothing is wrong no page says any of it, so `told` would not hold.
fn untold(served: &Served, pages: &[Says<'_>], when: &str) {
    for says in pages {
        assert_eq!(lacks(served, *says), says.3, "{when}: {} says it", says.0);
    }
}

/// What a fan must not read where no host did anything and no hold runs out.
const UNTRUE: [&str; 4] =
    ["Paused by the host", "its time to pay goes on", "主办方已暂停", "付款时间照常"];

fn says_nothing_untrue(served: &Served, fan: u64, when: &str) {
    for path in ["/", "/drops/boxes", "/drops/later", "/me"] {
        for lang in ["en", "zh-CN"] {
            let text = page(served, path, fan, lang);
            let untrue: Vec<_> = UNTRUE.iter().filter(|words| text.contains(**words)).collect();
            assert!(untrue.is_empty(), "{when}: {path} says {untrue:?}");
        }
    }
}

const AHEAD: [Says<'_>; 5] = [
    (
        "/host",
        HOST,
        "en",
        &["jumped ahead by about", "No hold runs out", "that this server serves"],
    ),
    (
        "/host",
        HOST,
        "zh-CN",
        &["时钟往前跳了", "抢购照常，已抢到的不会过期", "到这台服务器负责的场次页面上确认"],
    ),
    (
        "/host/drops/boxes",
        HOST,
        "en",
        &["jumped ahead by about", "set it right; check", "confirm it"],
    ),
    ("/host/drops/boxes", HOST, "zh-CN", &["时钟往前跳了", "请校准，再用", "请确认"]),
    ("/host/drops/later", HOST, "en", &["jumped ahead by about", "The clock is right"]),
];

const BACK: [Says<'_>; 5] = [
    ("/host", HOST, "en", &["went back behind", "Nothing opens or closes"]),
    ("/host", HOST, "zh-CN", &["时钟往回跳了", "不会开抢或结束"]),
    ("/host/drops/boxes", HOST, "en", &["went back behind", "Set the clock right and check"]),
    ("/host/drops/boxes", HOST, "zh-CN", &["时钟往回跳了", "请校准时钟"]),
    ("/host/drops/later", HOST, "en", &["went back behind", "no hold runs out"]),
];

const DOUBT: [Says<'_>; 9] = [
    ("/host", HOST, "en", &["Time is in doubt", "Nobody can claim, nothing opens", "resume each"]),
    ("/host", HOST, "zh-CN", &["时间存疑", "谁也不能抢", "先不要恢复"]),
    (
        "/host/drops/boxes",
        HOST,
        "en",
        &["Time is in doubt", "The newest row of this drop", "press Resume", "You confirm that"],
    ),
    (
        "/host/drops/boxes",
        HOST,
        "zh-CN",
        &["时间存疑", "本场最后的记录", "由你确认服务器时钟无误，本场"],
    ),
    ("/host/drops/later", HOST, "en", &["Time is in doubt", "nothing opens or closes"]),
    (
        "/drops/boxes",
        1,
        "en",
        &["Paused by itself", "its time to pay stands still", "your time to pay stands still"],
    ),
    ("/drops/boxes", 1, "zh-CN", &["已自动暂停", "付款时间也停止计时", "至少还有一分钟"]),
    ("/drops/later", 1, "en", &["Its time stands still until the host has checked it"]),
    ("/me", 1, "zh-CN", &["付款时间停止计时"]),
];

fn wait_for(what: &str, done: impl Fn() -> bool) {
    for _ in 0..100 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("not within 5 s: {what}");
}

#[test]
fn a_step_while_serving_takes_no_hold_and_opens_no_drop() {
    let world = World::new();
    let served = world.serve();
    let mut claims = vec![held(&served, 1)];
    untold(&served, &[AHEAD, BACK].concat(), "at first");
    let to_1970 = -Clock::machine().now_ms() / 1_000 + 100;
    for (fan, seconds) in [(2, 3_600), (3, -3_600), (4, to_1970), (5, 2 * 86_400)] {
        world.step(seconds);
        wait_for("the step is noticed", || stepped(&served));
        let when = format!("{seconds} s");
        told(&served, if seconds > 0 { &AHEAD } else { &BACK }, &when);
        untold(&served, if seconds > 0 { &BACK } else { &AHEAD }, &when);
        // Housekeeping looks once a second: what would run out has run out by then.
        thread::sleep(Duration::from_millis(1_500));
        assert_eq!(served.claim("later", fan, BOX).text_of("code"), "not_open", "{seconds} s");
        claims.push(held(&served, fan));
        for claim in &claims {
            assert_eq!(state(&served, claim), "held", "{seconds} s");
        }
        // For fans the drop goes on, and what opens later waits.
        told(&served, &[("/drops/boxes", fan, "en", &["Open until"])], &when);
        told(&served, &[("/drops/later", fan, "en", &["Not yet open"])], &when);
        untold(&served, &DOUBT, &when);
        says_nothing_untrue(&served, fan, &when);
        world.step(0);
        wait_for("the clock is right again", || {
            served.said().matches("the clock is right again").count() as u64 == fan - 1
        });
        untold(&served, &[AHEAD, BACK].concat(), "right again");
    }
    let steps = served.said().matches("THE CLOCK STEPPED").count();
    assert_eq!(steps, 4, "{}", served.said());
    for claim in &claims {
        assert_eq!(state(&served, claim), "held");
    }
    served.end();
    world.place.verified();
}

#[test]
fn a_clock_that_is_wrong_at_a_start_is_not_believed_before_a_host_says_so() {
    let world = World::new();
    let served = world.serve();
    let claim = held(&served, 1);
    untold(&served, &DOUBT, "at first");
    served.end();
    for (fan, seconds) in [(2, -7_200), (3, 2 * 86_400)] {
        world.step(seconds);
        let served = world.serve();
        thread::sleep(Duration::from_millis(1_500));
        assert_eq!(served.claim("boxes", fan, BOX).text_of("code"), "paused", "{seconds} s");
        let early = served.claim("later", fan, BOX);
        assert!(matches!(early.text_of("code"), "paused" | "not_open"), "{early:?}");
        assert_eq!(state(&served, &claim), "held", "{seconds} s");
        assert_eq!(served.drop_json("boxes")["time_in_doubt"], true);
        assert!(served.said().contains("TIME IN DOUBT"), "{}", served.said());
        let when = format!("started {seconds} s off");
        told(&served, &DOUBT, &when);
        let which = if seconds < 0 { "showed an earlier time" } else { "more than a day later" };
        told(&served, &[("/host/drops/boxes", HOST, "en", &[which])], &when);
        says_nothing_untrue(&served, 1, &when);
        // Nothing counts down to a moment that nobody knows, and no script opens anything then.
        for path in ["/drops/boxes", "/drops/later", "/me", &format!("/claims/{claim}")] {
            assert!(!page(&served, path, 1, "en").contains("data-until"), "{when}: {path}");
        }
        let by_itself: Says<'_> =
            ("/host/drops/boxes", HOST, "en", &["Fanfare by itself", "Opened paused"]);
        wait_for("the tables tell who paused it", || lacks(&served, by_itself).is_empty());
        served.end();
    }
    // Set right and started again, everything goes on by itself.
    world.step(0);
    let served = world.serve();
    assert_eq!(served.drop_json("boxes")["time_in_doubt"], false);
    untold(&served, &DOUBT, "set right");
    served.end();
    world.step(2 * 86_400);
    // Two days really went by, a host says: whoever held has a minute at the least.
    let served = world.serve();
    let why = r#"{"why":"it is the day after tomorrow"}"#;
    let resumed = served.ask(("POST", "/api/v1/drops/boxes/resumption"), 80, Role::Host, why);
    assert_eq!(resumed.status, 200, "{resumed:?}");
    assert_eq!(state(&served, &claim), "held");
    assert_eq!(served.claim("boxes", 4, BOX).status, 201);
    assert_eq!(served.claim("later", 4, BOX).text_of("code"), "not_open", "nobody resumed it");
    told(&served, &[("/drops/boxes", 1, "en", &["Open until", "Time left to pay"])], "resumed");
    let later: Says<'_> = ("/drops/later", 1, "en", &["Its time stands still"]);
    told(&served, &[later, ("/host", HOST, "en", &["Time is in doubt"])], "nobody resumed it");
    let boxes: Says<'_> = ("/host/drops/boxes", HOST, "en", &["Time is in doubt"]);
    untold(&served, &[boxes], "resumed");
    served.end();
    world.place.verified();
}

const LOST: [Says<'_>; 7] = [
    ("/host", HOST, "en", &["Rows were lost", "Nobody can claim, nothing opens", "receipts"]),
    ("/host", HOST, "zh-CN", &["部分记录丢失", "谁也不能抢", "拿着凭证来的粉丝"]),
    ("/host/drops/boxes", HOST, "en", &["Rows were lost", "out of the stock", "has been seen to"]),
    ("/host/drops/boxes", HOST, "zh-CN", &["部分记录丢失", "已从库存里撤出", "已经处理妥当"]),
    ("/drops/boxes", 1, "en", &["until lost records are looked into", "keep its receipt"]),
    ("/drops/boxes", 1, "zh-CN", &["部分记录丢失", "请留好凭证", "至少还有一分钟"]),
    ("/drops/later", 1, "en", &["Its time stands still until the host has checked it"]),
];

#[test]
fn a_drop_that_goes_on_without_lost_rows_says_so_until_a_host_resumes_it() {
    let world = World::new();
    let served = world.serve();
    held(&served, 1);
    served.end();
    let journal =
        ["", "-wal", "-shm"].map(|end| world.place.data.join(format!("journal.sqlite{end}")));
    let old = [&journal[0], &journal[1]].map(|file| fs::read(file).ok());
    let served = world.serve();
    held(&served, 2);
    untold(&served, &LOST, "at first");
    served.end();
    for file in &journal {
        let _ = fs::remove_file(file);
    }
    for (file, bytes) in journal.iter().zip(old) {
        let _ = bytes.map(|bytes| fs::write(file, bytes).unwrap());
    }
    let accepted = world.place.run(&["restore", FILE, "--accept-loss"]);
    assert!(accepted.status.success(), "{}", words(&accepted));
    // Both drops' rows of the newest start are gone; also where the server starts once more.
    for when in ["accepted", "started again"] {
        let served = world.serve();
        told(&served, &LOST, when);
        says_nothing_untrue(&served, 1, when);
        let did: Says<'_> =
            ("/host/drops/boxes", HOST, "en", &["Whoever runs the server", "Fanfare by itself"]);
        wait_for("the tables tell who paused it", || lacks(&served, did).is_empty());
        served.end();
    }
    let served = world.serve();
    let why = r#"{"why":"all of it is seen to"}"#;
    for drop in ["boxes", "later"] {
        let path = format!("/api/v1/drops/{drop}/resumption");
        assert_eq!(served.ask(("POST", &path), HOST, Role::Host, why).status, 200);
    }
    untold(&served, &LOST, "resumed");
    served.end();
    world.place.verified();
}

/// Sends a form of the host's and follows it.
fn sent(served: &Served, path: &str, form: &str) -> String {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: fans.example\r\nSec-Fetch-Site: same-origin\r\n\
         Cookie: fanfare-session={}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        served.token(HOST, Role::Host),
        form.len()
    );
    let mut client = Client::connect(served.address).unwrap();
    client.send(request.as_bytes()).unwrap();
    let answer = client.answer().unwrap();
    assert_eq!(answer.status, 303, "{}", answer.text);
    let to = answer.head.split("location: ").nth(1).and_then(|rest| rest.lines().next());
    page(served, to.unwrap(), HOST, "en")
}

#[test]
fn a_step_that_a_host_confirms_is_what_time_goes_by() {
    let world = World::new();
    let served = world.serve();
    let claim = held(&served, 1);
    world.step(3_600);
    wait_for("the step is noticed", || stepped(&served));
    told(&served, &AHEAD, "before it is confirmed");
    let form = "seen=none&nonce=confirm-en-none&why=The+clock+is+right";
    let page = sent(&served, "/host/drops/boxes/acts/confirm", form);
    for words in ["Confirmed. Time goes on", "Confirmed that the server’s clock is right"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    untold(&served, &AHEAD, "confirmed");
    // As the button said: what opens within that hour is open, and no hold is lost by the jump.
    assert_eq!(served.claim("later", 2, BOX).status, 201);
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(state(&served, &claim), "held");
    served.end();
    world.place.verified();
}

#[test]
fn an_hour_switched_off_takes_nothing_from_a_hold() {
    let world = World::new();
    let served = world.serve();
    let claim = held(&served, 1);
    served.end();
    world.step(3_600);
    let served = world.serve();
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(state(&served, &claim), "held");
    let path = format!("/api/v1/claims/{claim}/settlement");
    let paid = served.ask(("POST", &path), 1, Role::Cashier, "");
    assert_eq!(paid.text_of("state"), "settled", "{paid:?}");
    served.end();
    world.place.verified();
}
