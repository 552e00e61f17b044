//! A new user's way through the pages: signing up, waiting, the opening, claiming, paying, keeping
//! the receipt, checking it. In both languages on a phone: with scripts and a clock that is ten
//! minutes wrong, and without any script.

use super::driver::Browser;
use super::server::Server;
use crate::common::festival;
use fanfare::kit::scratch::Scratch;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// A demo of one drop that opens so soon after the start.
pub fn demo(first: &str) -> String {
    let drops = format!(
        r#"
[[drops]]
id = "lamps"
kind = "sale"
name = {{ zh = "灯", en = "Lamps" }}
first = "{first}"
every = "30m"
hold = "5m"
limit = 2
[[drops.items]]
good = "lamp"
price = "12.00"
stock = {{ cloud = 3, pine = 3 }}
"#
    );
    festival::text("walk", &drops).replace("currency =", "demo = true\ncurrency =")
}

/// How far the countdown is from the server's time, in seconds, at the moment it ticks.
const CLOCK_ERROR: &str = "
    const done = arguments[arguments.length - 1];
    const clock = document.querySelector('[data-until]');
    const shown = clock.querySelector('b');
    new MutationObserver(async (all, watch) => {
      watch.disconnect();
      const [min, s] = shown.textContent.split(':').map(Number);
      const sent = performance.now();
      const answer = await fetch('/api/v1/now', { cache: 'no-store' });
      const half = (performance.now() - sent) / 2;
      const now = (await answer.json()).now_ms - half;
      done(Math.abs((Number(clock.dataset.until) - now) / 1000 - (min * 60 + s)));
    }).observe(shown, { childList: true, characterData: true, subtree: true });";

/// Before any script of the page: its clock goes ten minutes before the server's.
const WRONG_CLOCK: &str = "
    const right = Date.now.bind(Date);
    Date.now = () => right() - 600000;
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const one of list.getEntries()) window.shifts.push(one.value);
    }).observe({ type: 'layout-shift', buffered: true });";

#[test]
fn a_new_user_signs_up_waits_claims_pays_and_checks_in_english() {
    walk("en");
}

#[test]
fn a_new_user_signs_up_waits_claims_pays_and_checks_in_chinese() {
    walk("zh-CN");
}

#[test]
fn without_a_script_everything_works_up_to_the_receipt_in_english() {
    walk_without_scripts("en");
}

#[test]
fn without_a_script_everything_works_up_to_the_receipt_in_chinese() {
    walk_without_scripts("zh-CN");
}

/// A drop some time later: signing up comes first.
fn served() -> Server {
    Server::start(Some(&demo("40s")))
}

/// From the programme to an account, as somebody does who has none, and on to the drop.
fn sign_up(browser: &Browser, server: &Server, lang: &str) {
    browser.open(&server.url);
    assert_eq!(browser.run("return document.documentElement.lang"), json!(lang));
    browser.find("nav a[href='/sign-in']").tap();
    browser.find("a[href^='/sign-up']").tap();
    browser.find("#name").types("Ada");
    browser.find("#password").types("short");
    browser.find(".fields button").tap();
    // What is wrong is said at its field, which has the focus.
    browser.shows("#password-wrong", "5");
    let at = "return document.activeElement.id === 'password'";
    browser.until("the field has the focus", at);
    browser.find("#password").types("correct horse battery");
    browser.find(".fields button").tap();
    browser.shows(".account .who", "Ada");
    browser.find("nav a[href='/']").tap();
    browser.find("a[href='/drops/lamps-1']").tap();
    browser.find("[data-claim]");
}

/// Keeps the receipt as a file; where it is.
fn receipt_kept(browser: &Browser, folder: &Path) -> PathBuf {
    browser.keeps_files_in(folder);
    browser.find("a[download]").tap();
    for _ in 0..200 {
        let mut found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let whole = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
        if let Some(path) = found.find(whole) {
            return path;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("no receipt came to {}", folder.display());
}

/// `fanfare verify --bundle`, as the page says to check it.
fn verified(receipt: &Path, key: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"));
    let done = command.args(["verify", "--bundle"]).arg(receipt).args(["--key", key]).output();
    let done = done.unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    said
}

fn key_shown(browser: &Browser) -> String {
    let key = browser.run("return document.querySelector('.fingerprint').textContent");
    key.as_str().unwrap().chars().filter(char::is_ascii_hexdigit).collect()
}

fn walk_without_scripts(lang: &str) {
    let (browser, kept) = (Browser::start(lang), Scratch::new(None, "kept").unwrap());
    browser.shape(390, 844, false);
    browser.without_scripts();
    let server = served();
    sign_up(&browser, &server, lang);
    let clock = "return getComputedStyle(document.querySelector('.countdown')).display";
    assert_eq!(browser.run(clock), json!("none"), "no script runs, so no clock that stands still");
    // Nobody taps anything: the page asks for itself again when it opens.
    let open = "const button = document.querySelector('[data-claim] .button');
                return !!button && !button.disabled";
    browser.until("the opening", open);
    browser.find("input[value='lamp/pine']").tap();
    browser.find("[data-claim] .button").tap();
    browser.find(".ticket.claim-held");
    assert_eq!(browser.find(".stub b").says(), "1");
    browser.find("form[action$='/settlement'] .button").tap();
    browser.find(".ticket.claim-settled");
    let receipt = receipt_kept(&browser, kept.path());
    let said = verified(&receipt, &key_shown(&browser));
    println!("receipt_without_scripts {} ({lang})", said.lines().next().unwrap_or_default());
    // The control: another key's receipt is refused.
    let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"));
    let other = command.args(["verify", "--bundle"]).arg(&receipt);
    let other = other.args(["--key", &"5a".repeat(32)]).output().unwrap();
    assert!(!other.status.success(), "refused with another key");
}

fn walk(lang: &str) {
    let (browser, kept) = (Browser::start(lang), Scratch::new(None, "kept").unwrap());
    browser.shape(390, 844, false);
    let right_ms = browser.run("return Date.now()").as_f64().unwrap();
    let source = json!({ "source": WRONG_CLOCK });
    browser.chrome("Page.addScriptToEvaluateOnNewDocument", &source);
    let server = served();
    sign_up(&browser, &server, lang);
    let wrong_ms = browser.run("return Date.now()").as_f64().unwrap();
    assert!(right_ms - wrong_ms > 400_000.0, "the browser's clock is wrong");
    let off_s = browser.run_async(CLOCK_ERROR).as_f64().unwrap();
    println!("clock_error_s {off_s:.3} ({lang})");
    assert!(off_s < 0.3, "{off_s}");
    opens_in_place(&browser);

    browser.find("input[value='lamp/pine']").tap();
    browser.find("[data-claim] .button").tap();
    browser.until("the claim", "return location.pathname.startsWith('/claims/')");
    let claim = browser.url();
    browser.until("focus on it", "return document.activeElement.tagName === 'H1'");
    assert_eq!(browser.find(".stub b").says(), "1");
    browser.find("form[action$='/settlement'] .button").tap();
    browser.until("paid, in place", "return !!document.querySelector('.ticket.claim-settled')");
    assert_eq!(browser.url(), claim);
    verified(&receipt_kept(&browser, kept.path()), &key_shown(&browser));
    browser.find("a[href^='/check?claim=']").tap();
    browser.until("a verdict", VERDICT_IS_GOOD);
    let said = browser.find("#verdict").says();
    let holds = if lang == "en" { "It holds" } else { "查验通过" };
    assert!(said.contains(holds) && said.contains('1'), "{said}");
    assert_eq!(browser.complaints(), Vec::<String>::new(), "the browser refused something");
}

const VERDICT_IS_GOOD: &str =
    "return document.getElementById('verdict').dataset.verdict === 'good'";

/// At the opening the button wakes up where it is: nothing moves, nothing is asked.
fn opens_in_place(browser: &Browser) {
    let place = "const r = document.querySelector('[data-claim] .button').getBoundingClientRect();
                 return [r.x, r.y, r.width, r.height].join()";
    let asked = "return performance.getEntriesByType('resource').length";
    let disabled = "return document.querySelector('[data-claim] .button').disabled";
    assert_eq!(browser.run(disabled), Value::Bool(true));
    browser.until(
        "the last seconds before",
        "return document.querySelector('.countdown b').textContent <= '00:02'",
    );
    let before = (browser.run(place), browser.run(asked));
    browser.until("the opening", "return !document.querySelector('[data-claim] .button').disabled");
    let after = (browser.run(place), browser.run(asked));
    assert_eq!(before.0, after.0, "the button stays where it was");
    let more = after.1.as_u64().unwrap() - before.1.as_u64().unwrap();
    assert!(more <= 1, "at most a look that was due anyway: {more}");
    let shifts = browser.run("return window.shifts.reduce((sum, one) => sum + one, 0)");
    println!("layout_shift {shifts}");
    assert!(shifts.as_f64().unwrap() < 0.01, "{shifts}");
}
