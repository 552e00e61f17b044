//! `/host/drops/{drop}/claims`: a drop's claims, searched by number, fan or state.

use super::drop_page::line_name;
use super::of_host;
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::host::actions;
use crate::host::crowd::is_made;
use crate::host::model::{Row, Search};
use crate::pages::{Fault, Frame, Key, Named, Page, Visit, grouped};
use askama::Template;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Response;
use fanfare_engine::ClaimState;
use serde::Deserialize;

/// Claims on one page.
const SHOWN: u32 = 50;

/// A claim's state as hosts read it.
pub fn state_text(state: ClaimState) -> Key {
    match state {
        ClaimState::Held => Key("host-held"),
        ClaimState::Settled => Key("host-settled"),
        ClaimState::Expired => Key("host-state-expired"),
        ClaimState::Released => Key("host-state-released"),
        ClaimState::Returned => Key("host-state-returned"),
        ClaimState::RefundDue => Key("host-state-refund-due"),
    }
}

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    number: String,
    #[serde(default)]
    fan: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: u32,
}

/// What the address asks for, if it can be read.
pub type AskedFor = Result<Query<Asked>, QueryRejection>;

/// A claim on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub id: String,
    pub number: String,
    pub fan: String,
    pub what: String,
    pub state: &'static str,
    pub state_text: String,
    pub made: String,
}

/// A drop's claims.
#[derive(Clone, Debug, Template)]
#[template(path = "host/claims.html")]
pub struct ClaimsPage {
    pub frame: Frame,
    pub drop: String,
    pub drop_name: String,
    pub number: String,
    pub fan: String,
    /// The states: word, text, whether chosen.
    pub states: Vec<(&'static str, String, bool)>,
    pub rows: Vec<Shown>,
    /// The search again, as addresses carry it.
    pub query: String,
    pub next: Option<u32>,
    pub wrong: Option<String>,
}

impl Page for ClaimsPage {}

/// `GET /host/drops/{drop}/claims`.
pub async fn claims(visit: Visit, Named(id): Named<String>, asked: AskedFor) -> Response {
    let (visit, _) = match of_host(visit) {
        Ok(host) => host,
        Err(answer) => return *answer,
    };
    // What cannot be read is not taken for a search for everything.
    let Ok(Query(asked)) = asked else { return visit.fault(Fault::bad_form()) };
    let made = ClaimsPage::of(&visit, &id, asked).await;
    visit.page(made)
}

/// The search an address asks for; an error is what cannot be looked for.
pub async fn search(visit: &Visit, asked: &Asked) -> Result<Result<Search, Key>, Fault> {
    let (number, fan) = (asked.number.trim(), asked.fan.trim());
    let mut search = Search::default();
    if !number.is_empty() {
        // As pages write it.
        let Ok(number) = number.replace(',', "").parse() else {
            return Ok(Err(Key("host-search-number")));
        };
        search.number = Some(number);
    }
    if !fan.is_empty() {
        search.fans = actions::fans_meant(&visit.app, fan).await?;
        if search.fans.is_none() {
            return Ok(Err(Key("host-search-fan")));
        }
    }
    if let Some(state) = ClaimState::ALL.iter().find(|state| state.word() == asked.state) {
        state.word().clone_into(&mut search.state);
    } else if !asked.state.is_empty() {
        return Err(Fault::bad_form());
    }
    Ok(Ok(search))
}

/// A part of an address, of which nothing is taken for anything else.
fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().take(200).map(one).collect()
}

impl ClaimsPage {
    async fn of(visit: &Visit, id: &str, asked: Asked) -> Result<Self, Fault> {
        let drop = gate::drop_named(&visit.app, id)?;
        let w = visit.words;
        let (mut rows, mut wrong, mut next) = (Vec::new(), None, None);
        match search(visit, &asked).await? {
            Ok(search) => {
                let from = (asked.after, SHOWN + 1);
                rows = actions::claims(&visit.app, drop.lane, search, from).await?;
                if rows.len() > SHOWN as usize {
                    rows.truncate(SHOWN as usize);
                    next = rows.last().map(|row| row.number);
                }
            }
            Err(key) => wrong = Some(w.key(key)),
        }
        let mut frame = Frame::new(visit, w.t("host-claims"));
        frame.here = format!("/host/drops/{id}/claims");
        let state = |state: &ClaimState| {
            (state.word(), w.key(state_text(*state)), state.word() == asked.state)
        };
        let query = [("number", &asked.number), ("fan", &asked.fan), ("state", &asked.state)];
        let query = query.iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> =
            query.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        Ok(Self {
            frame,
            drop: id.to_owned(),
            drop_name: w.0.of(&drop.spec.names).to_owned(),
            states: ClaimState::ALL.iter().map(state).collect(),
            rows: rows.iter().map(|row| shown(visit, &drop, row)).collect(),
            query: query.join("&"),
            number: asked.number,
            fan: asked.fan,
            next,
            wrong,
        })
    }
}

fn shown(visit: &Visit, drop: &Drop, row: &Row) -> Shown {
    let w = visit.words;
    let (seq, place) = row.place;
    let name = line_name(visit, drop, row.line.into());
    let times = row.quantity.to_string();
    let state = ClaimState::ALL.iter().find(|state| state.word() == row.state).copied();
    let state = state.unwrap_or(ClaimState::Held);
    let fan = row.fan.to_string();
    Shown {
        id: format!("{}-{seq}-{place}", drop.lane),
        number: grouped(row.number.into()),
        fan: match &row.name {
            Some(name) => name.clone(),
            None if is_made(row.fan) => w.t("host-made-fan"),
            None => w.with("host-fan", &[("fan", &fan)]),
        },
        what: match row.quantity {
            1 => name,
            _ => w.with("item-times", &[("item", &name), ("n", &times)]),
        },
        state: state.word(),
        state_text: w.key(state_text(state)),
        made: visit.moments().short(row.made_at_ms - row.made_at_ms.rem_euclid(1_000)),
    }
}
