//! A host's day in a browser: signing in on the way, letting the made crowd come, seeing the drop
//! sell out without asking again, pausing and undoing it; and the same forms without a script.

use super::driver::Browser;
use super::server::Server;
use super::walk::demo;
use super::weight::{BYTES_MAX, WEIGHED};
use serde_json::json;

const PASSWORD: &str = "correct horse battery";

/// Six lamps, open for whoever comes within an hour.
fn served() -> Server {
    let server = Server::start(Some(&demo("1s")));
    let browser = Browser::start("en");
    browser.open(&format!("{}/sign-up", server.url));
    sign(&browser);
    browser.shows(".account .who", "Mira");
    server.raise("mira", "host");
    server
}

fn sign(browser: &Browser) {
    browser.find("#name").types("Mira");
    browser.find("#password").types(PASSWORD);
    browser.find(".fields button").tap();
}

/// From nowhere to the drop's page: who is not signed in is asked to, and then is there.
fn come_in(browser: &Browser, server: &Server) {
    browser.open(&format!("{}/host", server.url));
    sign(browser);
    browser.find("nav a[href='/host'][aria-current]");
    browser.find("a[href='/host/drops/lamps-1']").tap();
    browser.find("#figures");
}

#[test]
fn a_host_lets_the_crowd_come_and_sees_the_drop_sell_out() {
    let (browser, server) = (Browser::start("en"), served());
    browser.shape(390, 844, false);
    come_in(&browser, &server);
    browser.find(".made button").tap();
    // The next page is there: what is typed before that goes with the page it was typed into.
    browser.find(".made [name=come][value=no]");
    // Typed meanwhile, and still there when the figures have come anew.
    let why = "details:nth-of-type(1) [name=why]";
    browser.run(&format!("document.querySelector('{why}').value = 'half a thought'"));
    browser.until(
        "it sells out before one's eyes",
        "return document.querySelector('#figures [data-state=sold_out]') !== null",
    );
    let kept = browser.run(&format!("return document.querySelector('{why}').value"));
    assert_eq!(kept, "half a thought");
    browser.chrome("Network.clearBrowserCache", &json!({}));
    browser.open(&format!("{}/host/drops/lamps-1", server.url));
    browser.find("#figures");
    let bytes = browser.run_async(WEIGHED)[1].as_u64().unwrap();
    assert!(bytes <= BYTES_MAX, "a host's page has {bytes} bytes");
    browser.find("a[href$='/claims']").tap();
    browser.shows("tbody", "Made fan");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_host_pauses_and_undoes_it_with_and_without_scripts() {
    let server = served();
    for scripts in [true, false] {
        let browser = Browser::start("zh-CN");
        if !scripts {
            browser.without_scripts();
        }
        come_in(&browser, &server);
        browser.find("[action$='/acts/pause'] [name=why]").types("快递还没到");
        browser.find("[action$='/acts/pause'] button").tap();
        browser.shows(".notice.good", "已暂停");
        browser.shows("#acts", "快递还没到");
        browser.find(".notice.good button").tap();
        browser.shows(".notice.good", "已恢复");
        browser.shows("#acts", "撤销：快递还没到");
        browser.find("a[href$='/closing']").tap();
        browser.shows("main", "无法恢复");
        browser.find("a.quiet[href='/host/drops/lamps-1']").tap();
        browser.find("[action$='/acts/pause']");
    }
}
