//! Every page × sample × language; and the texts against the places that say them.

use super::claim_page::ClaimPage;
use super::drop_page::DropPage;
use super::fault::FaultPage;
use super::frame::Frame;
use super::lang::Lang;
use super::me::Me;
use super::programme::Programme;
use super::visit::Page;
use crate::fans::web::{HostPage, SessionsPage, SignPage};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn texts<P: Page>(pages: Vec<P>) -> Vec<String> {
    pages.into_iter().map(|page| page.render().unwrap()).collect()
}

fn every_page(lang: Lang) -> Vec<String> {
    let frame = Frame::sample(lang);
    let mut all = texts(Programme::samples(&frame));
    all.extend(texts(DropPage::samples(&frame)));
    all.extend(texts(ClaimPage::samples(&frame)));
    all.extend(texts(Me::samples(&frame)));
    all.extend(texts(FaultPage::samples(&frame)));
    all.extend(texts(SignPage::samples(&frame)));
    all.extend(texts(SessionsPage::samples(&frame)));
    all.extend(texts(HostPage::samples(&frame)));
    all
}

/// Everything below a folder whose name ends so, as text.
fn sources(folder: &str, end: &str) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(end) && !path.ends_with("tests.rs") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

/// The keys of a language.
fn keys(lang: Lang) -> BTreeSet<String> {
    let text = sources(&format!("locales/{}", lang.tag()), ".ftl");
    let lines = text.lines().filter(|line| !line.starts_with([' ', '#', '}']));
    lines.filter_map(|line| line.split_once(" = ")).map(|(key, _)| key.to_owned()).collect()
}

#[test]
fn every_page_renders_whole_in_both_languages() {
    for lang in Lang::ALL {
        let pages = every_page(lang);
        assert!(pages.len() > 20);
        for page in pages {
            assert!(page.contains(&format!("<html lang=\"{}\"", lang.tag())));
            assert_eq!(page.matches("<h1>").count(), 1, "{page}");
            assert_eq!(page.matches("<main").count(), 1);
            assert!(page.trim_end().ends_with("</html>"));
            for tag in ["form", "ul", "section", "li", "dl", "table", "article", "fieldset"] {
                let count = |text: String| page.matches(text.as_str()).count();
                let opened = count(format!("<{tag} ")) + count(format!("<{tag}>"));
                assert_eq!(opened, count(format!("</{tag}>")), "{tag} in {page}");
            }
        }
    }
}

#[test]
fn no_name_becomes_markup_and_nothing_runs_in_the_page() {
    for page in Lang::ALL.into_iter().flat_map(every_page) {
        for bad in ["<b>Fans", "<script>alert", "<em>more", "<i>1", "<u>friends", " style="] {
            assert!(!page.contains(bad), "{bad} in {page}");
        }
        assert_eq!(page.matches("<script").count(), 1, "only the module");
        assert!(page.contains("&#60;b&#62;Fans"));
    }
}

#[test]
fn no_page_shows_a_key_instead_of_its_text() {
    let keys = keys(Lang::En);
    for page in Lang::ALL.into_iter().flat_map(every_page) {
        // What stands between tags is what people read.
        for text in page.split('>').filter_map(|part| part.split('<').next()) {
            let mut words = text.split_whitespace();
            let unsaid = words.find(|word| word.contains('-') && keys.contains(*word));
            assert_eq!(unsaid, None, "{page}");
        }
    }
}

#[test]
fn both_languages_say_the_same_things() {
    let (zh, en) = (keys(Lang::Zh), keys(Lang::En));
    assert!(en.len() > 80, "{}", en.len());
    assert_eq!(zh.symmetric_difference(&en).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_text_is_said_and_everything_said_has_a_text() {
    let mut code = sources("src/pages", ".rs") + &sources("templates/pages", ".html");
    code += &(sources("src/fans/web", ".rs") + &sources("templates/fans", ".html"));
    let quoted: BTreeSet<&str> = code.split('"').collect();
    let keys = keys(Lang::En);
    let unused: Vec<_> = keys.iter().filter(|key| !quoted.contains(key.as_str())).collect();
    assert!(unused.is_empty(), "nobody says {unused:?}");
    for call in [".t(\"", ".with(\"", ".count(\"", "Key(\"", " at(\""] {
        for rest in code.split(call).skip(1) {
            let key = rest.split('"').next().unwrap();
            assert!(keys.contains(key), "no text for {key}");
        }
    }
}
