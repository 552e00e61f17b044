//! A fan's way through the pages, with a script and a clock that is ten minutes wrong: waiting,
//! the opening, claiming, paying, the receipt, and checking it.

use super::driver::Browser;
use super::server::Server;
use serde_json::Value;

/// A demo of one drop that opens some seconds after the start.
pub const FESTIVAL: &str = r#"
[festival]
id = "walk"
name = { zh = "走一走", en = "Walk" }
zone = "Asia/Shanghai"
currency = "CNY"
demo = true

[[goods]]
id = "lamp"
name = { zh = "灯", en = "Lamp" }
maker.name = { zh = "厂家", en = "Maker" }
maker.address = { zh = "杭州", en = "Hangzhou" }
certificate = "CCC 1"

[[goods.variants]]
id = "red"
name = { zh = "红", en = "Red" }

[[goods.variants]]
id = "blue"
name = { zh = "蓝", en = "Blue" }

[[drops]]
id = "lamps"
kind = "sale"
name = { zh = "灯", en = "Lamps" }
first = "10s"
every = "30m"
hold = "5m"
limit = 2
[[drops.items]]
good = "lamp"
price = "12.00"
stock = { red = 3, blue = 3 }
"#;

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
fn a_fan_waits_claims_pays_and_checks_in_both_languages() {
    for lang in ["en", "zh-CN"] {
        walk(lang);
    }
}

fn walk(lang: &str) {
    let browser = Browser::start(lang);
    browser.shape(390, 844, false);
    let source = serde_json::json!({ "source": WRONG_CLOCK });
    browser.chrome("Page.addScriptToEvaluateOnNewDocument", &source);
    let server = Server::start(Some(FESTIVAL));
    browser.open(&format!("{}/drops/lamps-1", server.url));
    let off_s = browser.run_async(CLOCK_ERROR).as_f64().unwrap();
    println!("clock_error_s {off_s:.3} ({lang})");
    assert!(off_s < 0.3, "{off_s}");
    opens_in_place(&browser);

    browser.find("input[value='lamp/blue']").tap();
    browser.find("[data-claim] .button").tap();
    browser.until("the claim", "return location.pathname.startsWith('/claims/')");
    let claim = browser.url();
    browser.until("focus on it", "return document.activeElement.tagName === 'H1'");
    assert_eq!(browser.find(".stub b").says(), "1");
    browser.find("form[action$='/settlement'] .button").tap();
    browser.until("paid, in place", "return !!document.querySelector('.ticket.claim-settled')");
    assert_eq!(browser.url(), claim);
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
