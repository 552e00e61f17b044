//! `/dev/pages`: every part, and every page in every state, from samples. In a demo only.

use super::claim_view::ClaimView;
use super::drop_view::State;
use super::fault::Fault;
use super::frame::Frame;
use super::named::Named;
use super::samples::Maker;
use super::visit::{Page, Visit};
use crate::app::Mode;
use crate::kit::problem::Problem;
use askama::Template;
use axum::response::Response;
use fanfare_engine::ClaimState;

const COLOURS: [&str; 8] = ["paper", "sheet", "bed", "ink", "accent", "wash", "glow", "good"];
const POSES: [&str; 5] = ["hello", "cheer", "rush", "rest", "lost"];

/// The page of parts.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/dev.html")]
pub struct Dev {
    frame: Frame,
    colours: [&'static str; 8],
    chips: Vec<(&'static str, String)>,
    claim: ClaimView,
    poses: Vec<String>,
    pages: Vec<(&'static str, Vec<&'static str>)>,
}

impl Page for Dev {}

/// A sample as it is.
#[derive(Clone, Debug, Template)]
#[template(source = "{{ html|safe }}", ext = "html")]
struct AsItIs {
    html: String,
}

impl Page for AsItIs {}

/// `GET /dev/pages`.
pub async fn dev(visit: Visit) -> Response {
    if visit.app.mode != Mode::Demo {
        return visit.fault(Problem::new("not_found").into());
    }
    let made = Dev::of(&visit);
    visit.page(Ok::<_, Fault>(made))
}

/// `GET /dev/pages/{page}/{state}`.
pub async fn dev_sample(visit: Visit, Named((page, state)): Named<(String, String)>) -> Response {
    if visit.app.mode != Mode::Demo {
        return visit.fault(Problem::new("not_found").into());
    }
    let all = Maker::new(&visit).all();
    let found = all.into_iter().find(|sample| sample.page == page && sample.state == state);
    let made = match found.map(|sample| sample.html) {
        Some(Ok(html)) => Ok(AsItIs { html }),
        Some(Err(why)) => {
            tracing::error!(why, "a sample cannot be made");
            Err(Fault::broken())
        }
        None => Err(Problem::new("not_found").into()),
    };
    visit.page(made)
}

impl Dev {
    fn of(visit: &Visit) -> Self {
        use State::{Before, Closed, Open, Paused, SoldOut};
        let w = visit.words;
        let maker = Maker::new(visit);
        let mut pages: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
        for sample in maker.all() {
            match pages.last_mut().filter(|(page, _)| *page == sample.page) {
                Some((_, states)) => states.push(sample.state),
                None => pages.push((sample.page, vec![sample.state])),
            }
        }
        let mut frame = Frame::new(visit, w.t("dev-title"));
        frame.description = w.t("dev-about");
        let states = [Before, Open, Paused, SoldOut, Closed];
        Self {
            frame,
            colours: COLOURS,
            chips: states.map(|state| (state.word(), w.key(state.key()))).to_vec(),
            claim: maker.claim(ClaimState::Held, false),
            poses: POSES.map(|pose| visit.app.look.mascot(pose)).to_vec(),
            pages,
        }
    }
}
