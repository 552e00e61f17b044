//! Hosts' pages in their states, made up.

use super::acts::ClosingPage;
use super::alarm;
use super::alarm_samples::{ahead, alarmed};
use super::apply::{ApplyPage, told};
use super::change_words::{Shown as Changed, breaks, came};
use super::claims::{ClaimsPage, Shown, state_text};
use super::clock_alarm::{Shown as Where, clock};
use super::day::{DayPage, OnLine};
use super::drop_page::{Done, Draft, DropPage, Figures, Made, Undo, shares};
use super::engine_samples::engines;
use super::shut_page::{ShutPage, advice};
use crate::drops::node::Until;
use crate::drops::plan::socket::Outcome;
use crate::festivals::{self, Faults};
use crate::kit::words::{Lang, Saying, Words, say};
use crate::pages::{Doubt, Frame, State};
use fanfare_engine::{ClaimState, Stock};

/// A state's name, and the page or what it lacks.
pub(super) type Sample = (&'static str, Result<String, String>);

/// All of them.
pub fn samples(frame: &Frame) -> Vec<Sample> {
    let frame =
        Frame { entered: true, hosts: true, account: true, refresh_s: None, ..frame.clone() };
    let mut all = days(&frame);
    all.extend(shut(&frame));
    all.extend(engines(&frame));
    all.extend(drops(&frame));
    all.extend(alarmed(&frame));
    all.extend(lists(&frame));
    all.extend(files(&frame));
    all
}

pub(super) fn made(state: &'static str, page: &impl askama::Template) -> Sample {
    (state, page.render().map_err(|why| why.to_string()))
}

pub(super) fn titled(frame: &Frame, title: &'static str, here: &str) -> Frame {
    Frame { title: frame.w.t(title), here: here.to_owned(), ..frame.clone() }
}

fn days(frame: &Frame) -> Vec<Sample> {
    let w = frame.w;
    let states = [State::Closed, State::SoldOut, State::Open, State::Paused, State::Before];
    let on_line = |(at, state): (usize, &State)| OnLine {
        id: "sample".to_owned(),
        name: "Lamp & <em>more</em>".to_owned(),
        state: state.word(),
        state_text: w.key(state.key()),
        times: w.with("host-times", &[("opens", "11:40"), ("closes", "12:00")]),
        left: w.with("host-left", &[("free", "23"), ("of", "100")]),
        alarm: None,
        from: at as i64 * 180,
        long: 240,
    };
    let full = DayPage {
        frame: titled(frame, "host-day", "/host"),
        zone: w.with("zone", &[("zone", &w.t("zone-beijing"))]),
        begins: "11:40".to_owned(),
        ends: "12:40".to_owned(),
        time: "12:11".to_owned(),
        now: 520,
        told: None,
        drops: states.iter().enumerate().map(on_line).collect(),
        shut: 0,
        alarms: Vec::new(),
    };
    let empty = DayPage { drops: Vec::new(), ..full.clone() };
    let mut shut = DayPage { shut: 1, ..full.clone() };
    if let Some(drop) = shut.drops.get_mut(1) {
        (drop.state, drop.state_text) = ("shut", w.t("state-shut"));
        drop.left = w.t("host-shut-left");
    }
    let jumped = DayPage { alarms: vec![clock(w, &ahead(w), Where::Day)], ..full.clone() };
    let names = || vec![("sample".to_owned(), "Lamp & <em>more</em>".to_owned()); 2];
    let doubts = [Doubt::Loss, Doubt::Clock];
    let alarms = doubts.map(|doubt| alarm::drops_in(w, doubt, names())).to_vec();
    let mut doubtful = DayPage { alarms, ..full.clone() };
    let stopped = doubtful.drops.iter_mut().filter(|drop| drop.state == State::Paused.word());
    stopped.for_each(|drop| drop.alarm = Some(w.key(alarm::line(Doubt::Clock))));
    let first = DayPage { told: Some(w.t("host-told-made")), ..full.clone() };
    vec![
        made("day", &full),
        made("day-empty", &empty),
        made("day-shut", &shut),
        made("day-first", &first),
        made("day-clock", &jumped),
        made("day-doubt", &doubtful),
    ]
}

/// A drop that cannot be reached, for each reason.
fn shut(frame: &Frame) -> Vec<Sample> {
    let w = frame.w;
    let page = |until: Until, why: &str| ShutPage {
        frame: Frame {
            title: "Lamp & <em>more".to_owned(),
            here: "/host/drops/sample".to_owned(),
            ..frame.clone()
        },
        times: Some(w.with("host-times", &[("opens", "12:00"), ("closes", "13:00")])),
        why: why.to_owned(),
        advice: w.key(advice(until)),
    };
    let back = "lane 1: the journal went back in time: lane 1 (drop boxes) ends at row 4, but row \
                9 was durable; restore the newest backup, or see what going on without the lost \
                rows would mean: fanfare restore FESTIVAL";
    let silent = "lane 2: error connecting to server: Connection refused; it opens when that \
                  answers, and other lanes are open";
    let awaited = "lane 3: another node is to open it, and has not yet";
    vec![
        made("shut", &page(Until::Mended, back)),
        made("shut-silent", &page(Until::Answered, silent)),
        made("shut-awaited", &page(Until::Told, awaited)),
    ]
}

/// One line sold out, one not.
const STOCKS: [Stock; 2] = [stock(600, 0, 70, 528, 2), stock(400, 23, 47, 329, 1)];

const fn stock(issued: u32, free: u32, held: u32, settled: u32, set_aside: u32) -> Stock {
    Stock { issued, free, held, settled, set_aside, reserve: 0 }
}

/// So many of the two lines.
fn lines(count: usize) -> Vec<Figures> {
    let names = [("lamp/red", "Lamp, red"), ("lamp/blue", "Lamp & <em>more")];
    let line = |((value, name), stock): ((&str, &str), Stock)| {
        Figures::of(value.to_owned(), name.to_owned(), &[stock])
    };
    names.into_iter().zip(STOCKS).map(line).take(count).collect()
}

pub(super) fn act(what: String, undo: Option<Undo>) -> Done {
    Done {
        when: "12:01:30".to_owned(),
        who: "<u>friends".to_owned(),
        what,
        why: "<b>Fans asked for it".to_owned(),
        undo,
    }
}

/// A drop that is open, and nobody did anything.
pub(super) fn open(frame: &Frame) -> DropPage {
    let w = frame.w;
    let frame =
        Frame { title: "Lamps".to_owned(), here: "/host/drops/sample".to_owned(), ..frame.clone() };
    DropPage {
        frame,
        id: "sample".to_owned(),
        state: State::Open.word(),
        state_text: w.key(State::Open.key()),
        times: w.with("host-times", &[("opens", "12:00"), ("closes", "13:00")]),
        told: None,
        wrong: None,
        alarms: Vec::new(),
        lines: lines(2),
        sum: Figures::together(w, &STOCKS),
        shares: shares(&STOCKS),
        claims: "974".to_owned(),
        sold_out: None,
        refused: Vec::new(),
        paused: false,
        moving: w.key(alarm::moving(false, None, true)),
        over: false,
        crowd: Some(Made { asked: None, waits: false }),
        acts: Vec::new(),
        mute: false,
        seen: "none".to_owned(),
        draft: None,
        nonce: "sample".to_owned(),
    }
}

pub(super) fn paused(frame: &Frame) -> DropPage {
    let w = frame.w;
    let undo = Undo {
        act: "resume",
        line: String::new(),
        units: String::new(),
        why: w.with("host-undo-why", &[("why", "<b>Fans")]),
    };
    DropPage {
        state: State::Paused.word(),
        state_text: w.key(State::Paused.key()),
        paused: true,
        moving: w.key(alarm::moving(true, None, true)),
        told: Some(w.t("host-told-pause")),
        refused: vec![(w.t("host-refused-paused"), "12,345".to_owned())],
        crowd: Some(Made { asked: Some("120".to_owned()), waits: false }),
        acts: vec![
            act(w.t("host-did-pause"), Some(undo)),
            act(w.with("host-did-restock", &[("n", "50"), ("line", "Lamp")]), None),
        ],
        ..open(frame)
    }
}

/// After a form nobody knows the outcome of, and after it was sent again with other values.
fn sent_again(frame: &Frame) -> [DropPage; 2] {
    let w = frame.w;
    let draft = Draft {
        act: "restock".to_owned(),
        why: "<b>Fans".to_owned(),
        line: "lamp/red".to_owned(),
        units: "10".to_owned(),
        nonce: "sample".to_owned(),
    };
    let did = act(w.with("host-did-restock", &[("n", "12"), ("line", "Lamp, red")]), None);
    let unsure =
        DropPage { wrong: Some(w.t("host-wrong-unsure")), draft: Some(draft), ..open(frame) };
    let wrong = Some(w.t("host-wrong-reused"));
    let reused = DropPage { wrong, acts: vec![did], ..unsure.clone() };
    [unsure, reused]
}

fn drops(frame: &Frame) -> Vec<Sample> {
    let w = frame.w;
    let draft = Draft {
        act: "withdraw".to_owned(),
        why: "<b>Fans".to_owned(),
        line: "lamp/blue".to_owned(),
        units: "\"><b>Fans".to_owned(),
        nonce: "sample".to_owned(),
    };
    let before = DropPage {
        state: State::Before.word(),
        state_text: w.key(State::Before.key()),
        crowd: Some(Made { asked: Some("0".to_owned()), waits: true }),
        ..open(frame)
    };
    let wrong = DropPage {
        wrong: Some(w.with("host-wrong-most", &[("n", "23")])),
        draft: Some(draft),
        crowd: None,
        ..open(frame)
    };
    let meanwhile = DropPage {
        wrong: Some(w.t("host-wrong-seen")),
        draft: None,
        acts: vec![act(w.t("host-did-amend"), None)],
        sum: None,
        lines: lines(1),
        shares: shares(&STOCKS[..1]),
        ..wrong.clone()
    };
    let over = DropPage {
        state: State::Closed.word(),
        state_text: w.key(State::Closed.key()),
        over: true,
        told: Some(w.t("host-told-close")),
        sold_out: Some(w.with("when-sold-out", &[("span", &w.with("span-s", &[("n", "7.4")]))])),
        acts: vec![act(w.t("host-did-close"), None)],
        crowd: None,
        ..open(frame)
    };
    let closing = ClosingPage {
        frame: titled(frame, "host-close", "/host/drops/sample/closing"),
        id: "sample".to_owned(),
        name: "Lamp & <em>more</em>".to_owned(),
        why: String::new(),
        wrong: None,
        nonce: "sample".to_owned(),
    };
    let [unsure, reused] = sent_again(frame);
    let mute = ClosingPage { wrong: Some(w.t("host-wrong-why")), ..closing.clone() };
    vec![
        made("before", &before),
        made("open", &open(frame)),
        made("paused", &paused(frame)),
        made("refused", &wrong),
        made("unsure", &unsure),
        made("reused", &reused),
        made("meanwhile", &meanwhile),
        made("over", &over),
        made("without-tables", &DropPage { mute: true, ..open(frame) }),
        made("closing", &closing),
        made("closing-mute", &mute),
    ]
}

fn lists(frame: &Frame) -> Vec<Sample> {
    let w = frame.w;
    let row = |(at, state): (usize, ClaimState)| Shown {
        id: "3-17-2".to_owned(),
        number: (at + 1).to_string(),
        fan: if at == 0 { w.t("host-made-fan") } else { "<u>friends".to_owned() },
        what: "Lamp & <em>more".to_owned(),
        state: state.word(),
        state_text: w.key(state_text(state)),
        made: "12:00:01".to_owned(),
    };
    let states = [ClaimState::Held, ClaimState::Settled, ClaimState::RefundDue];
    let chosen = |state: &ClaimState| (state.word(), w.key(state_text(*state)), false);
    let full = ClaimsPage {
        frame: titled(frame, "host-claims", "/host/drops/sample/claims"),
        drop: "sample".to_owned(),
        drop_name: "Lamps".to_owned(),
        number: String::new(),
        fan: "\"><b>Fans".to_owned(),
        states: states.iter().map(chosen).collect(),
        rows: states.into_iter().enumerate().map(row).collect(),
        query: "fan=x".to_owned(),
        next: Some(3),
        wrong: None,
    };
    let empty = ClaimsPage { rows: Vec::new(), next: None, ..full.clone() };
    let wrong = ClaimsPage { wrong: Some(w.t("host-search-fan")), ..empty.clone() };
    let yet = ClaimsPage { query: String::new(), fan: String::new(), ..empty.clone() };
    vec![
        made("claims", &full),
        made("claims-none", &empty),
        made("claims-yet", &yet),
        made("claims-wrong", &wrong),
    ]
}

fn change(w: Words, words: &Saying, why: Option<Saying>) -> Changed {
    Changed {
        drop: "Lamp & <em>more</em>".to_owned(),
        id: "lamps".to_owned(),
        words: w.say(words),
        breaks: why.map(|why| w.say(&breaks(&why))),
        came: None,
    }
}

fn files(frame: &Frame) -> Vec<Sample> {
    let w = frame.w;
    let line = || match w.0 {
        Lang::Zh => "台灯，红色",
        Lang::En => "Lamp, red",
    };
    let more = say("host-change-more").put("line", line()).put("n", "20");
    let more = more.put("to", "80").put("from", "60");
    let limit = say("host-change-limit").put("to", "1").put("from", "2");
    let new = say("host-change-new-drop").put("when", "15:00");
    let gone = say("host-change-line-gone").put("line", line());
    let empty = ApplyPage::empty(titled(frame, "host-apply", "/host/apply"));
    let file = "# <b>Fans</b>\n[festival]\n".to_owned();
    let seen = ApplyPage {
        file: file.clone(),
        seen: true,
        changes: vec![change(w, &more, None)],
        ..empty.clone()
    };
    let breaks = ApplyPage {
        changes: vec![
            change(w, &limit, Some(say("promise-limit-kept"))),
            change(w, &new, None),
            change(w, &gone, Some(say("promise-item-stays"))),
        ],
        ..seen.clone()
    };
    let faulty = festivals::EXAMPLE
        .replace("hold = \"15m\"", "hold = 15m")
        .replace("limit = 1", "limit = 0\n\"<em>more\" = 1")
        .replace("certificate", "certficate");
    let wrong = festivals::read("sample.toml", &faulty).err();
    let faults = ApplyPage {
        faults: wrong.iter().flat_map(Faults::shown).map(|fault| told(w, &fault)).collect(),
        seen: false,
        changes: Vec::new(),
        ..seen.clone()
    };
    let same = ApplyPage { changes: Vec::new(), ..seen.clone() };
    let aside = Changed { words: w.t("host-change-unseen"), ..change(w, &new, None) };
    let unseen = ApplyPage { unseen: vec![aside], ..seen.clone() };
    let others = ApplyPage { changes: Vec::new(), ..unseen.clone() };
    let mute = ApplyPage { wrong: Some(w.t("host-wrong-why")), ..seen.clone() };
    let came_of =
        |words, outcome| Changed { came: Some(w.say(&came(&outcome))), ..change(w, words, None) };
    let half = ApplyPage {
        changes: vec![
            came_of(&more, Outcome::Done),
            came_of(&limit, Outcome::Refused(say("promise-limit-kept"))),
            came_of(&new, Outcome::NotDone),
        ],
        done: Some(false),
        ..seen.clone()
    };
    let done = ApplyPage { done: Some(true), ..seen.clone() };
    vec![
        made("apply", &empty),
        made("apply-seen", &seen),
        made("apply-same", &same),
        made("apply-unseen", &unseen),
        made("apply-same-else", &others),
        made("apply-mute", &mute),
        made("apply-half", &half),
        made("apply-breaks", &breaks),
        made("apply-faults", &faults),
        made("apply-done", &done),
    ]
}
