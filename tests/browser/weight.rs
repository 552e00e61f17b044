//! What a page weighs on its way to a phone that has never been here, with everything it loads.

use super::driver::Browser;
use super::server::Server;
use serde_json::json;

/// Most bytes of a page with everything, compressed.
pub const BYTES_MAX: u64 = 60 * 1_000;

/// Most requests of a drop's page.
const REQUESTS_MAX: u64 = 6;

/// Everything that was fetched: how often, how many bytes with their heads. The icon is not
/// among what a page can see of itself, so it is fetched and counted.
pub const WEIGHED: &str = "
    const done = arguments[arguments.length - 1];
    (async () => {
      const icon = document.querySelector('link[rel=icon]').href;
      const seen = [...performance.getEntriesByType('navigation'),
        ...performance.getEntriesByType('resource')];
      let [requests, bytes] = [seen.length, seen.reduce((sum, one) => sum + one.transferSize, 0)];
      if (!seen.some((one) => one.name === icon)) {
        const answer = await fetch(icon, { cache: 'reload' });
        requests += 1;
        bytes += (await answer.arrayBuffer()).byteLength + 300;
      }
      done([requests, bytes, seen.map((one) => `${one.name} ${one.transferSize}`)]);
    })()";

#[test]
fn pages_are_light_and_a_drop_asks_six_times_at_most() {
    let (browser, server) = (Browser::start("zh-CN"), Server::start(None));
    browser.shape(390, 844, false);
    for page in ["/", "/drops/lamp-1", "/drops/gadgets-1", "/me", "/nowhere", "/check"] {
        browser.chrome("Network.clearBrowserCache", &json!({}));
        browser.open(&format!("{}{page}", server.url));
        browser.until(
            "the clock was asked for",
            "return performance.getEntriesByType('resource').some((e) => e.name.endsWith('/now'))",
        );
        let weighed = browser.run_async(WEIGHED);
        let (requests, bytes) = (weighed[0].as_u64().unwrap(), weighed[1].as_u64().unwrap());
        println!("page {page} requests {requests} bytes {bytes}");
        // The page that checks is exempt: its script is an independent reader.
        assert!(page == "/check" || bytes <= BYTES_MAX, "{page}: {weighed}");
        assert!(!page.starts_with("/drops/") || requests <= REQUESTS_MAX, "{page}: {weighed}");
    }
}
