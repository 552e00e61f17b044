//! Every page in every state as a browser shows it: pictures on one sheet, and what axe finds.

use super::driver::Browser;
use super::server::Server;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;

const WIDTHS: [u32; 2] = [390, 1280];
const LANGS: [&str; 2] = ["zh-CN", "en"];

/// Highest picture of a page, pixels.
const HEIGHT_MAX: u32 = 2_400;

const AXE: &str = include_str!("../vendor/axe.min.js");

/// Each page and state the builders' page lists, itself too.
fn samples(browser: &Browser, server: &Server) -> Vec<String> {
    browser.open(&format!("{}/dev/pages?lang=en", server.url));
    let links = browser.run(
        "return [...document.querySelectorAll('.samples a')].map((a) => a.getAttribute('href'))",
    );
    let links = links.as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned());
    let all: Vec<String> = std::iter::once("/dev/pages".to_owned()).chain(links).collect();
    assert!(all.len() > 40, "{all:?}");
    all
}

/// The samples a run is for; all of them where nobody says otherwise.
fn wanted(all: Vec<String>) -> Vec<String> {
    match std::env::var("FANFARE_SAMPLES") {
        Ok(only) => {
            let parts: Vec<&str> = only.split(',').collect();
            all.into_iter().filter(|page| parts.iter().any(|part| page.contains(part))).collect()
        }
        Err(_) => all,
    }
}

#[test]
#[ignore = "makes some 400 pictures, which takes minutes: acceptance/2-02 runs it"]
fn every_page_on_one_sheet() {
    let (browser, server) = (Browser::start("en"), Server::start(None));
    let out = PathBuf::from(std::env::var("FANFARE_SHEET").expect("FANFARE_SHEET: a folder"));
    std::fs::create_dir_all(&out).unwrap();
    let (mut sheet, mut made) = (String::new(), 0);
    for page in wanted(samples(&browser, &server)) {
        let _ = write!(sheet, "<h2>{page}</h2><div>");
        for (lang, width, dark) in shapes() {
            browser.shape(width, if width < 600 { 844 } else { 800 }, dark);
            browser.open(&format!("{}{page}?lang={lang}", server.url));
            let wide = browser.run("return document.documentElement.scrollWidth - innerWidth");
            assert_eq!(wide.as_i64(), Some(0), "{page} {lang} {width}: wider than the window");
            let picture = browser.picture(width, HEIGHT_MAX);
            let scheme = if dark { "dark" } else { "light" };
            let name = format!("{}-{lang}-{width}-{scheme}.png", page.trim_matches('/'));
            let name = name.replace('/', "-");
            std::fs::write(out.join(&name), &picture).unwrap();
            let data = base64_simd::STANDARD.encode_to_string(&picture);
            let _ = write!(
                sheet,
                "<figure><img width=\"{}\" src=\"data:image/png;base64,{data}\">\
                 <figcaption>{lang} {width} {scheme}</figcaption></figure>",
                width / 4
            );
            made += 1;
        }
        sheet.push_str("</div>");
    }
    let style = "body{font:14px sans-serif;background:#777;color:#fff}\
                 div{display:flex;gap:8px;align-items:start}figure{margin:0}";
    let sheet = format!("<!doctype html><title>Contact sheet</title><style>{style}</style>{sheet}");
    std::fs::write(out.join("sheet.html"), sheet).unwrap();
    browser.shape(1_800, 1_000, false);
    browser.open(&format!("file://{}", out.canonicalize().unwrap().join("sheet.html").display()));
    std::fs::write(out.join("sheet.png"), browser.picture(1_800, 30_000)).unwrap();
    println!("pictures {made}");
}

fn shapes() -> impl Iterator<Item = (&'static str, u32, bool)> {
    LANGS.into_iter().flat_map(|lang| {
        WIDTHS
            .into_iter()
            .flat_map(move |width| [false, true].into_iter().map(move |dark| (lang, width, dark)))
    })
}

#[test]
#[ignore = "runs axe some 400 times, which takes minutes: acceptance/2-03 runs it"]
fn axe_finds_nothing() {
    let (browser, server) = (Browser::start("en"), Server::start(None));
    let (mut runs, mut found) = (0, Vec::new());
    for page in wanted(samples(&browser, &server)) {
        for (lang, width, dark) in shapes() {
            browser.shape(width, 900, dark);
            browser.open(&format!("{}{page}?lang={lang}", server.url));
            for violation in axe(&browser) {
                found.push(format!("{page} {lang} {width} dark={dark}: {violation}"));
            }
            runs += 1;
        }
    }
    println!("axe_runs {runs}");
    println!("axe_findings {}", found.len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What axe finds on the open page, in words.
fn axe(browser: &Browser) -> Vec<String> {
    browser.run(AXE);
    let found = browser.run_async(
        "const done = arguments[arguments.length - 1];
         axe.run(document, { resultTypes: ['violations'] }).then(
           (r) => done(r.violations.map((v) => v.id + ': ' + v.help + ' | ' + v.nodes.map(
             (n) => n.target.join(' ') + ' ' + n.html.slice(0, 160) + ' '
               + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join(' || '))),
           (why) => done(['axe failed: ' + why]));",
    );
    let all = found.as_array().expect("a list").iter();
    all.map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn axe_finds_what_is_wrong() {
    let browser = Browser::start("en");
    browser.open("data:text/html,<html><body><img src=x><button></button>");
    let found: Vec<Value> = axe(&browser).into_iter().map(Value::from).collect();
    let named = |id: &str| found.iter().any(|one| one.as_str().unwrap().starts_with(id));
    assert!(named("image-alt") && named("button-name"), "{found:?}");
}
