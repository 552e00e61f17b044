//! The page that checks receipts, in a real browser: what is intact passes, what was altered in
//! any byte does not, nor does another festival's.

use super::driver::Browser;
use super::server::Server;
use super::walk::demo;
use serde_json::{Value, json};

/// Puts a text into the page and waits for its verdict.
const JUDGE: &str = "
    window.judge = async (text) => {
      const verdict = document.getElementById('verdict');
      const area = document.getElementById('check-text');
      verdict.dataset.verdict = 'wait';
      area.value = text;
      area.dispatchEvent(new Event('input'));
      while (verdict.dataset.verdict === 'wait') await new Promise((go) => setTimeout(go, 0));
      return verdict.dataset.verdict;
    };";

/// Claims as a guest of its own; the receipt's text.
fn receipt(server: &Server) -> String {
    let browser = Browser::start("en");
    browser.open(&format!("{}/drops/lamps-1", server.url));
    browser.until("open", "return !document.querySelector('[data-claim] .button').disabled");
    browser.find("[data-claim] .button").tap();
    browser.until("the claim", "return location.pathname.startsWith('/claims/')");
    let text = browser.run_async(
        "const done = arguments[arguments.length - 1];
         fetch(`${location.pathname}/receipt`).then((a) => a.text()).then(done);",
    );
    text.as_str().unwrap().to_owned()
}

fn verdict(browser: &Browser, text: &str) -> (String, String) {
    let script =
        format!("const done = arguments[arguments.length - 1]; judge({}).then(done)", json!(text));
    let found = browser.run_async(&script);
    (found.as_str().unwrap().to_owned(), browser.find("#verdict").says())
}

#[test]
fn what_a_browser_cannot_check_is_not_called_wrong() {
    let server = Server::start(Some(&demo("10s")));
    let own = receipt(&server);
    let browser = Browser::start("en");
    browser.open(&format!("{}/check?lang=en", server.url));
    browser.run(JUDGE);
    // As over plain http.
    browser.run("Object.defineProperty(crypto, 'subtle', { value: undefined });");
    let (found, said) = verdict(&browser, &own);
    assert_eq!(found, "none", "{said}");
    assert!(said.contains("cannot be checked here") && said.contains("https"), "{said}");
    assert!(!said.contains("does not hold"), "{said}");
}

#[test]
fn a_receipt_passes_and_one_altered_in_any_byte_does_not() {
    let server = Server::start(Some(&demo("10s")));
    let own = receipt(&server);
    let browser = Browser::start("en");
    browser.open(&format!("{}/check?lang=en", server.url));
    browser.run(JUDGE);
    let (found, said) = verdict(&browser, &own);
    assert_eq!(found, "good", "{said}");
    assert!(said.contains("Claim no. 1: 1 × line 1"), "{said}");

    // Every byte but the spaces between members becomes another one.
    let all = format!(
        "const done = arguments[arguments.length - 1];
         (async () => {{
           const text = {};
           const passed = [];
           let tried = 0;
           for (let at = 0; at < text.length; at += 1) {{
             const code = text.charCodeAt(at);
             const others = text[at].trim() ? [code ^ 1, code ^ 2, code ^ 32] : [48, 45];
             for (const other of others.filter((c) => c > 32 && c < 127)) {{
               const altered = text.slice(0, at) + String.fromCharCode(other) + text.slice(at + 1);
               tried += 1;
               if (await judge(altered) === 'good') passed.push(altered.slice(at - 20, at + 20));
             }}
           }}
           done({{ tried, passed }});
         }})()",
        json!(own)
    );
    let found = browser.run_async(&all);
    println!("altered_receipts {}", found["tried"]);
    assert!(found["tried"].as_u64().unwrap() > own.len() as u64, "{found}");
    assert_eq!(found["passed"], json!([]), "altered, and yet they passed");
}

#[test]
fn what_is_wrong_is_named_in_both_languages() {
    let (server, other) = (Server::start(Some(&demo("10s"))), Server::start(Some(&demo("10s"))));
    let (own, foreign) = (receipt(&server), receipt(&other));
    let browser = Browser::start("en");
    let altered = |member: &str, change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&own).unwrap();
        change(value.pointer_mut(member).unwrap_or_else(|| panic!("{member}")));
        value.to_string()
    };
    let flip = |value: &mut Value| {
        let text = value.as_str().unwrap();
        let first = if text.starts_with('A') { "B" } else { "A" };
        *value = Value::from(format!("{first}{}", &text[1..]));
    };
    let cases = [
        (foreign, "with another key", "另一把密钥"),
        (altered("/fact", &flip), "The fact, its place", "事实、它的位置"),
        (altered("/head/signature", &flip), "the seal or the signature", "封印或签名"),
        (altered("/festival", &|v| *v = json!("other")), "another festival", "别的粉丝节"),
        (altered("/place/count", &|v| *v = json!(9)), "its place or its path", "位置或路径"),
        (altered("/version", &|v| *v = json!(2)), "another version", "版本"),
        ("{".to_owned(), "cannot be read as JSON", "JSON"),
    ];
    for (lang, at) in [("en", 0), ("zh-CN", 1)] {
        browser.open(&format!("{}/check?lang={lang}", server.url));
        browser.run(JUDGE);
        for (text, en, zh) in &cases {
            let (found, said) = verdict(&browser, text);
            assert_eq!(found, "bad", "{text}");
            assert!(said.contains([en, zh][at]), "{said}");
        }
    }
    let proof = browser.run_async(
        "const done = arguments[arguments.length - 1];
         fetch('/api/v1/drops/lamps-1/proof').then((a) => a.text()).then(done);",
    );
    let proof = proof.as_str().unwrap();
    assert_eq!(verdict(&browser, proof).0, "open", "the totals are not proven yet: {proof}");
    let more = proof.replacen("\"claims\":1", "\"claims\":1,\"extra\":1", 1);
    assert_eq!(verdict(&browser, &more).0, "bad");
    let twice = proof.replacen('{', "{\"festival\":\"You won \\\" {:} :\",", 1);
    let (found, said) = verdict(&browser, &twice);
    assert!(found == "bad" && said.contains("写了两次"), "{said}");
    assert_eq!(verdict(&browser, "").0, "none");
}
