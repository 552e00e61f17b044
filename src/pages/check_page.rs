//! `/check`: anybody checks a receipt or a proof in the browser. The server only sends the page;
//! what is checked never reaches it.

use super::fault::Fault;
use super::frame::Frame;
use super::visit::{Page, Visit};
use crate::kit::hex;
use askama::Template;
use axum::response::Response;

/// What the script may say, each under its name without `check-`.
const SAYS: [&str; 41] = [
    "check-none",
    "check-none-more",
    "check-good",
    "check-good-more",
    "check-open",
    "check-open-more",
    "check-partly",
    "check-partly-more",
    "check-bad",
    "check-not-json",
    "check-too-large",
    "check-field",
    "check-extra",
    "check-twice",
    "check-version",
    "check-kind",
    "check-other-key",
    "check-seal-key",
    "check-signature",
    "check-root",
    "check-festival",
    "check-fact",
    "check-head",
    "check-sum",
    "check-totals",
    "check-cannot",
    "check-no-crypto",
    "check-insecure",
    "check-unreachable",
    "check-did-read",
    "check-did-key",
    "check-no-key",
    "check-did-seal",
    "check-did-place",
    "check-did-festival",
    "check-did-totals",
    "check-no-totals",
    "check-claimed",
    "check-changed",
    "check-rested",
    "check-other",
];

/// A verdict.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// `none`, `good`, `open` or `bad`.
    pub state: &'static str,
    /// In a word.
    pub title: String,
    /// In a sentence.
    pub more: String,
    /// What was checked: how it came out, and what it was.
    pub steps: Vec<(&'static str, String)>,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/check.html")]
pub struct CheckPage {
    pub frame: Frame,
    pub checker: String,
    /// The fingerprints of the festival's keys, 64 digits each, the current one first.
    pub fingerprint: String,
    /// What stands there before the script says something.
    pub verdict: Verdict,
    /// What the script may say: name and text.
    pub says: Vec<(&'static str, String)>,
}

impl Page for CheckPage {
    fn keeps(&self) -> bool {
        true
    }
}

/// `GET /check`.
pub async fn check(visit: Visit) -> Response {
    let made = CheckPage::of(&visit);
    visit.page(Ok::<_, Fault>(made))
}

impl CheckPage {
    fn of(visit: &Visit) -> Self {
        let all = visit.app.node.keys.all();
        let all: Vec<String> = all.map(|key| hex::hex(&key.fingerprint())).collect();
        let fingerprint = all.join(" ");
        Self::with(Frame::new(visit, visit.words.t("check-title")), visit, fingerprint)
    }

    /// The page around this fingerprint.
    pub fn with(mut frame: Frame, visit: &Visit, fingerprint: String) -> Self {
        let w = frame.w;
        frame.description = w.t("check-about");
        let name = |key: &'static str| key.strip_prefix("check-").unwrap_or(key);
        let says = SAYS.iter().map(|key| (name(key), w.t(key))).collect();
        let verdict = Verdict {
            state: "none",
            title: w.t("check-none"),
            more: w.t("check-none-more"),
            steps: Vec::new(),
        };
        Self { frame, verdict, checker: visit.app.look.checker.clone(), fingerprint, says }
    }
}
