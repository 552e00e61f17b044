//! Every page × sample × language, strictly; and the texts against the places that say them.

use super::samples::{Maker, Sample};
use super::visit::Visit;
use crate::app::{App, Mode};
use crate::drops::node::Node;
use crate::drops::plan;
use crate::festivals;
use crate::kit::clock::Clock;
use crate::kit::data::DataFolder;
use crate::kit::scratch::Scratch;
use crate::kit::words::{self, Lang};
use axum::http::Request;
use fanfare_lane::LaneConfig;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const DEMO: &str = include_str!("../../festivals/demo.toml");

/// The demo, standing still.
fn with_app<T>(work: impl FnOnce(&Arc<App>) -> T) -> T {
    let scratch = Scratch::new(None, "samples").unwrap();
    let festival = festivals::read("demo.toml", DEMO).unwrap();
    let folder = DataFolder::serve(scratch.path(), festival.id().as_str(), false).unwrap();
    let now_ms = folder.made_at_ms();
    let specs = plan::specs(&festival, &folder, now_ms).unwrap();
    let clock = Arc::new(Clock::standing_at(now_ms));
    let node = Node::start(folder, clock, LaneConfig::default(), specs).unwrap();
    let app = App::new(node.clone(), festival, Mode::Demo);
    let done = work(&app);
    node.stop();
    done
}

fn every_sample(app: &Arc<App>, lang: Lang) -> Vec<Sample> {
    let request = Request::get(format!("/dev/pages?lang={}", lang.tag())).body(()).unwrap();
    let visit = Visit::of(&request.into_parts().0, app.clone());
    Maker::new(&visit).all()
}

/// Everything below a folder whose name ends so, as text.
fn sources(folder: &str, end: &str) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path.to_string_lossy(), end);
        } else if path.to_string_lossy().ends_with(end) && !path.ends_with("tests.rs") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

/// What pages say in a language.
fn said(lang: Lang) -> String {
    sources(&format!("locales/{}", lang.tag()), ".ftl")
}

/// The keys of a language.
fn keys(lang: Lang) -> BTreeSet<String> {
    let text = said(lang);
    let lines = text.lines().filter(|line| !line.starts_with([' ', '#', '}']));
    lines.filter_map(|line| line.split_once(" = ")).map(|(key, _)| key.to_owned()).collect()
}

#[test]
fn every_page_in_every_state_renders_whole_in_both_languages() {
    with_app(|app| {
        for lang in Lang::ALL {
            let samples = every_sample(app, lang);
            assert!(samples.len() > 45, "{}", samples.len());
            for Sample { page, state, html } in samples {
                let html = html.unwrap_or_else(|why| panic!("{page} {state}: {why}"));
                whole(&html, lang);
                pure(&html);
            }
        }
        let (missing, first) = words::missing();
        assert_eq!(missing, 0, "no text for {first:?}");
    });
}

/// Each tag that is opened is closed, and what a page must have stands there once.
fn whole(page: &str, lang: Lang) {
    assert!(page.contains(&format!("<html lang=\"{}\"", lang.tag())));
    let other = format!(" lang=\"{}\"", lang.other().tag());
    assert_eq!(page.matches(&other).count(), page.matches(" hreflang=").count(), "{page}");
    assert_eq!(page.matches("<h1>").count(), 1, "{page}");
    assert_eq!(page.matches("<main").count(), 1);
    assert_eq!(page.matches("<meta name=\"description\" content=\"").count(), 1);
    assert!(page.contains("property=\"og:image\" content=\"/assets/share-"));
    assert!(page.trim_end().ends_with("</html>"));
    for tag in ["form", "ul", "section", "li", "dl", "table", "article", "fieldset", "div", "p"] {
        let count = |text: String| page.matches(text.as_str()).count();
        let opened = count(format!("<{tag} ")) + count(format!("<{tag}>"));
        assert_eq!(opened, count(format!("</{tag}>")), "{tag} in {page}");
    }
}

/// No name becomes markup, and nothing runs in the page itself.
fn pure(page: &str) {
    for bad in ["{$", "{ $", "<b>Fans", "<script>", "<em>more", "<u>friends", " style=", " onclick"]
    {
        assert!(!page.contains(bad), "{bad} in {page}");
    }
    let modules = page.matches("<script type=\"module\" src=\"/assets/").count();
    assert_eq!(page.matches("<script").count(), modules, "only modules");
}

#[test]
fn a_page_has_no_words_of_its_own() {
    let within = |folder: &str| fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    for entry in ["pages", "fans", "host"]
        .map(|part| within(&format!("templates/{part}")))
        .into_iter()
        .flatten()
    {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut bare = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("{%").into_iter().chain(rest.find("{{")).min() {
            bare += &rest[..at];
            let end = if rest[at..].starts_with("{%") { "%}" } else { "}}" };
            rest = rest[at..].split_once(end).map_or("", |(_, rest)| rest);
        }
        bare += rest;
        // Tags go; so do the two words that are no language's.
        let bare: String =
            bare.split('<').map(|part| part.split_once('>').map_or(part, |p| p.1)).collect();
        let bare = bare.replace("fanfare verify --bundle receipt.json --key", "");
        let words: String = bare.chars().filter(|c| c.is_alphabetic()).collect();
        assert!(words.is_empty(), "{}: {words}", path.display());
    }
}

#[test]
fn both_languages_say_the_same_things() {
    let (zh, en) = (keys(Lang::Zh), keys(Lang::En));
    assert!(en.len() > 150, "{}", en.len());
    assert_eq!(zh.symmetric_difference(&en).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_text_is_said_and_everything_said_has_a_text() {
    let mut code = sources("src/pages", ".rs") + &sources("templates/pages", ".html");
    code += &(sources("src/fans/web", ".rs") + &sources("templates/fans", ".html"));
    code += &(sources("src/host/web", ".rs") + &sources("templates/host", ".html"));
    // Where texts are named for a reader further on.
    let far = ["src/drops", "src/festivals", "src/kit"];
    let far = far.map(|folder| sources(folder, ".rs")).concat();
    let quoted: BTreeSet<&str> = code.split('"').chain(far.split('"')).collect();
    let keys = keys(Lang::En);
    let unused: Vec<_> = keys.iter().filter(|key| !quoted.contains(key.as_str())).collect();
    assert!(unused.is_empty(), "nobody says {unused:?}");
    let named = |code: &str, call: &str| {
        for rest in code.split(call).skip(1) {
            let key = rest.split('"').next().unwrap();
            assert!(keys.contains(key), "no text for {key}");
        }
    };
    for call in [".t(\"", ".with(\"", ".count(\"", "Key(\"", " at(\"", "say(\""] {
        named(&code, call);
    }
    named(&far, "say(\"");
}

#[test]
fn chinese_is_chinese_and_english_is_not() {
    let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for line in said(Lang::En).lines().filter(|line| han(line)) {
        let named = ["other-language", "why-three-no"];
        assert!(named.iter().any(|key| line.starts_with(key)), "{line}");
    }
    let zh = said(Lang::Zh);
    let lines = zh.lines().filter(|line| line.contains(" = ") && !han(line));
    for line in lines {
        let plain = [
            "other-language",
            "moment",
            "drop-about",
            "item-variant",
            "item-times",
            "zone-other",
            "asks-word",
            "list-and",
            "engine-mib",
        ];
        assert!(plain.iter().any(|key| line.starts_with(key)), "{line}");
    }
}
