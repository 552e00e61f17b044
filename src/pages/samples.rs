//! Every page in every state, made up: for the builders' page of a demo, for pictures, and for
//! the tests that render each in both languages. One sample of each has names that try to be
//! markup, and long ones.

use super::check_page::{CheckPage, Verdict};
use super::claim_page::{ClaimPage, file};
use super::claim_view::{ClaimView, keys};
use super::countdown::Countdown;
use super::doubt::{Doubt, STILL, paused};
use super::drop_page::{ClaimForm, DropPage, button};
use super::drop_view::{DropView, State, hint, units};
use super::fault::Fault;
use super::frame::Frame;
use super::item_view::{ItemView, LineView, left};
use super::me::Me;
use super::programme::{Programme, Section, groups};
use super::shut_view::ShutView;
use super::visit::Visit;
use crate::fans::web::{self, Account};
use crate::host;
use crate::kit::problem::Problem;
use crate::kit::words::Words;
use fanfare_engine::ClaimState;

/// One page in one state, rendered.
pub struct Sample {
    /// The page.
    pub page: &'static str,
    /// The state.
    pub state: &'static str,
    /// The whole page; an error names what it lacks.
    pub html: Result<String, String>,
}

/// What samples are made with.
pub struct Maker<'a> {
    pub(super) visit: &'a Visit,
    pub(super) w: Words,
    pub(super) now_ms: i64,
    frame: Frame,
}

/// A name in both languages, and one that is no good.
pub(super) struct Called {
    pub(super) drop: &'static str,
    item: &'static str,
    variants: [&'static str; 2],
}

impl<'a> Maker<'a> {
    /// For this visit's language and moment.
    pub fn new(visit: &'a Visit) -> Self {
        let frame = Frame::new(visit, visit.words.t("nav-programme"));
        Self { visit, w: visit.words, now_ms: visit.now_ms, frame }
    }

    /// All of them.
    pub fn all(&self) -> Vec<Sample> {
        let mut all = self.programmes();
        all.extend(self.drops());
        all.extend(self.claims());
        all.extend(self.mine());
        all.extend(self.boards());
        all.extend(self.people());
        all.extend(self.checks());
        all.extend(self.faults());
        let hosts = host::web::samples(&self.frame).into_iter();
        all.extend(hosts.map(|(state, html)| Sample { page: "host", state, html }));
        all
    }

    pub(super) fn called(&self, hostile: bool) -> Called {
        use crate::kit::words::Lang;
        match (hostile, self.w.0) {
            (true, _) => Called {
                drop: "Drop & <em>more</em> of a name that goes on for quite a while",
                item: "<script>alert(1)</script> \"item\"",
                variants: ["red & 'blue'", "Donaudampfschifffahrtsgesellschaftskapitänsblau"],
            },
            (_, Lang::Zh) => {
                Called {
                    drop: "台灯抢购", item: "折叠台灯", variants: ["云白", "松绿"]
                }
            }
            (_, Lang::En) => Called {
                drop: "Lamp rush",
                item: "Folding desk lamp",
                variants: ["Cloud white", "Pine green"],
            },
        }
    }

    pub(super) fn frame(&self, title: &str, here: &str, pose: &str) -> Frame {
        let mut frame = self.frame.clone();
        title.clone_into(&mut frame.title);
        here.clone_into(&mut frame.here);
        frame.posed(&self.visit.app.look, pose);
        frame
    }

    fn picture(&self) -> String {
        let good = self.visit.app.festival.goods().first();
        self.visit.app.look.picture(good.and_then(|good| good.picture()))
    }

    fn lines(&self, state: State, called: &Called) -> Vec<LineView> {
        let free = match state {
            State::Before => [60, 40],
            State::Open | State::Paused => [23, 0],
            State::SoldOut | State::Closed => [0, 0],
        };
        let line = |at: usize| LineView {
            value: ["lamp/cloud", "lamp/pine"][at].to_owned(),
            name: self
                .w
                .with("item-variant", &[("item", called.item), ("variant", called.variants[at])]),
            variant: Some(called.variants[at].to_owned()),
            price: "¥129.00".to_owned(),
            free: free[at],
            left: left(self.w, free[at]),
        };
        vec![line(0), line(1)]
    }

    /// A drop in this state.
    pub(super) fn drop(&self, state: State, called: &Called) -> DropView {
        let (w, now_ms) = (self.w, self.now_ms);
        let lines = self.lines(state, called);
        let free: u32 = lines.iter().map(|line| line.free).sum();
        let (opens_at_ms, closes_at_ms) = match state {
            State::Before => (now_ms + 95_000, now_ms + 335_000),
            State::Closed => (now_ms - 300_000, now_ms - 60_000),
            _ => (now_ms - 40_000, now_ms + 200_000),
        };
        let opening = Countdown::new(w, now_ms, opens_at_ms, "count-opens", "done-opens");
        let closing = Countdown::new(w, now_ms, closes_at_ms, "count-closes", "done-closes");
        let span = w.with("span-s", &[("n", "7.4")]);
        let when = match state {
            State::Before => w.with("when-before", &[("when", &self.clock())]),
            State::Open => w.with("when-open", &[("when", &self.clock())]),
            State::Paused => w.key(paused(None)),
            State::SoldOut | State::Closed => w.with("when-sold-out", &[("span", &span)]),
        };
        let item = ItemView {
            name: called.item.to_owned(),
            price: "¥129.00".to_owned(),
            origin: Some(["Lumen".into(), "1 Invented Road".into(), "DEMO-CCC-0001".into()]),
            lines,
        };
        DropView {
            id: "sample".to_owned(),
            name: called.drop.to_owned(),
            picture: self.picture(),
            state,
            doubt: None,
            state_text: w.key(state.key()),
            when,
            hint: hint(w, state, None, (true, true)),
            countdown: match state {
                State::Before => Some(opening.then(w, closes_at_ms, "count-closes", "done-closes")),
                State::Closed => None,
                _ => Some(closing),
            },
            free: free.to_string(),
            units: w.key(units(state)),
            total: "100".to_owned(),
            percent: u64::from(free),
            price: "¥129.00".to_owned(),
            items: vec![item],
            opens_at_ms,
            closes_at_ms,
        }
    }

    fn clock(&self) -> String {
        let (day, time) = (self.w.t("day-today"), "12:00");
        self.w.with("moment", &[("day", &day), ("time", time)])
    }

    /// A claim in this state.
    pub fn claim(&self, state: ClaimState, hostile: bool) -> ClaimView {
        let (w, called) = (self.w, self.called(hostile));
        let item =
            w.with("item-variant", &[("item", called.item), ("variant", called.variants[0])]);
        let held = state == ClaimState::Held;
        let countdown =
            || Countdown::new(w, self.now_ms, self.now_ms + 83_000, "count-pay", "done-pay");
        ClaimView {
            id: "3-17-2".to_owned(),
            number: w.with("claim-number", &[("number", "37")]),
            digits: "37".to_owned(),
            picture: self.picture(),
            drop: "sample".to_owned(),
            drop_name: called.drop.to_owned(),
            what: if hostile { w.with("item-times", &[("item", &item), ("n", "2")]) } else { item },
            amount: "¥129.00".to_owned(),
            state: state.word(),
            state_text: w.key(keys(state).0),
            more: w.with(keys(state).1.0, &[("when", &self.clock())]),
            countdown: held.then(countdown),
            hold_ms: 120_000,
            percent: 69,
            pays: held,
            held,
        }
    }

    fn form(&self, state: State) -> ClaimForm {
        let w = self.w;
        let says = button(state, None).map_or_else(|| w.t("claim-now"), |key| w.key(key));
        ClaimForm {
            key: Some("0".repeat(32)),
            guest: None,
            chosen: "lamp/cloud".to_owned(),
            most: 1,
            listed: vec![1],
            says,
            ready: w.t("claim-now"),
            opens: state == State::Open,
            busy: false,
        }
    }

    fn drop_page(&self, state: State, hostile: bool) -> DropPage {
        let (w, called) = (self.w, self.called(hostile));
        let drop = self.drop(state, &called);
        let mut frame = self.frame(&drop.name, "/dev/pages/drop/open", "hello");
        frame.entered = true;
        let span = w.with("span-min", &[("n", "2")]);
        DropPage {
            frame,
            audience: hostile.then(|| "<u>friends</u>".to_owned()),
            needs: vec![
                w.count("limit", 1),
                w.with("held-for", &[("span", &span)]),
                w.t("no-account"),
            ],
            told: None,
            own: Vec::new(),
            form: (state != State::Closed).then(|| self.form(state)),
            note: (state == State::Closed).then(|| w.t("note-closed")),
            drop,
        }
    }

    /// Its time stands still; what its fan has of it, too.
    fn doubt(&self, page: &mut DropPage, doubt: Doubt) {
        let (w, drop) = (self.w, &mut page.drop);
        (drop.doubt, drop.countdown) = (Some(doubt), None);
        drop.hint = hint(w, drop.state, drop.doubt, (true, true));
        if let Some(form) = &mut page.form {
            form.says = button(drop.state, drop.doubt).map_or_else(String::new, |key| w.key(key));
        }
        if drop.state == State::Paused {
            drop.when = w.key(paused(drop.doubt));
            page.own = vec![self.still()];
        }
    }

    /// A claim that is held while time stands still.
    fn still(&self) -> ClaimView {
        let claim = self.claim(ClaimState::Held, false);
        ClaimView { countdown: None, more: self.w.key(STILL.1), ..claim }
    }

    fn drops(&self) -> Vec<Sample> {
        use ClaimState::{Expired, Held, RefundDue, Released, Returned, Settled};
        use State::{Before, Closed, Open, Paused, SoldOut};
        let w = self.w;
        let one = |state, change: &dyn Fn(&mut DropPage)| {
            let mut page = self.drop_page(state, false);
            change(&mut page);
            page
        };
        let none = |_: &mut DropPage| ();
        let stranger = |page: &mut DropPage| {
            page.frame.entered = false;
            if let Some(form) = &mut page.form {
                form.guest = Some("g".repeat(40));
                form.ready = w.t("claim-as-guest");
                if form.opens {
                    form.says = form.ready.clone();
                }
            }
        };
        let told = |key: &'static str| move |page: &mut DropPage| page.told = Some(w.t(key));
        let own = |state: ClaimState, again: bool| {
            move |page: &mut DropPage| {
                page.own = vec![self.claim(state, false)];
                if !again {
                    page.form = None;
                    page.note = Some(w.count("told-limit", 1));
                }
            }
        };
        let doubted = |doubt| move |page: &mut DropPage| self.doubt(page, doubt);
        let several = |page: &mut DropPage| {
            if let Some(form) = &mut page.form {
                (form.most, form.listed) = (3, vec![1, 2, 3]);
            }
        };
        let busy = |page: &mut DropPage| {
            if let Some(form) = &mut page.form {
                (form.busy, form.says) = (true, w.t("say-asking"));
            }
        };
        let pages = vec![
            ("before", one(Before, &none)),
            ("before-stranger", one(Before, &stranger)),
            ("open", one(Open, &none)),
            ("open-stranger", one(Open, &stranger)),
            ("open-several", one(Open, &several)),
            ("claiming", one(Open, &busy)),
            ("held", one(Open, &own(Held, false))),
            ("paid", one(SoldOut, &own(Settled, false))),
            ("expired", one(Open, &own(Expired, true))),
            ("released", one(Open, &own(Released, true))),
            ("returned", one(Closed, &own(Returned, false))),
            ("refund-due", one(SoldOut, &own(RefundDue, true))),
            ("taken", one(Open, &told("told-taken"))),
            ("sold-out", one(SoldOut, &none)),
            ("sold-out-told", one(SoldOut, &told("told-sold-out"))),
            ("paused", one(Paused, &none)),
            ("paused-still", one(Paused, &doubted(Doubt::Clock))),
            ("paused-lost", one(Paused, &doubted(Doubt::Loss))),
            ("before-still", one(Before, &doubted(Doubt::Clock))),
            ("not-entitled", one(Open, &told("told-not-entitled"))),
            ("closed", one(Closed, &none)),
            ("hostile", self.drop_page(Open, true)),
        ];
        pages.into_iter().map(|(state, page)| sample("drop", state, &page)).collect()
    }

    fn programmes(&self) -> Vec<Sample> {
        use State::{Before, Closed, Open, Paused, SoldOut};
        let page = |hostile: bool, sections: &[(&'static str, &[State])]| {
            let called = self.called(hostile);
            let section = |(key, states): &(&'static str, &[State])| Section {
                heading: self.w.t(key),
                cards: states.iter().map(|state| self.drop(*state, &called)).collect(),
                shut: Vec::new(),
            };
            let zone = self.w.with("zone", &[("zone", &self.w.t("zone-beijing"))]);
            let title = if hostile { "<b>Fans</b>" } else { &self.frame.festival };
            Programme {
                frame: self.frame(title, "/", "hello"),
                zone,
                sections: sections.iter().map(section).collect(),
                key: groups(&[0x5a; 32]),
                old_keys: vec![groups(&[0xa5; 32])],
                turns: false,
            }
        };
        let all: [(&'static str, &[State]); 3] = [
            ("section-on", &[Open, SoldOut, Paused]),
            ("section-next", &[Before, Before]),
            ("section-over", &[Closed, Closed]),
        ];
        let mut part = page(false, &all[..2]);
        part.sections.insert(1, self.out_of_reach(false));
        let mut none = page(true, &[]);
        none.sections.push(self.out_of_reach(true));
        vec![
            sample("programme", "shut", &part),
            sample("programme", "shut-all", &none),
            sample("programme", "full", &page(false, &all)),
            sample("programme", "next", &page(false, &all[1..2])),
            sample("programme", "empty", &page(false, &[])),
            sample("programme", "hostile", &page(true, &all)),
        ]
    }

    /// A section of drops that cannot be reached.
    fn out_of_reach(&self, hostile: bool) -> Section {
        let (w, called) = (self.w, self.called(hostile));
        let times = [("opens", self.clock()), ("closes", "13:00".to_owned())];
        let times = times.each_ref().map(|(name, text)| (*name, text.as_str()));
        let one = |when: Option<String>| ShutView {
            id: "sample".to_owned(),
            name: called.drop.to_owned(),
            picture: self.picture(),
            when,
            opens_at_ms: self.now_ms,
        };
        let shut = vec![one(Some(w.with("shut-when", &times))), one(None)];
        Section { heading: w.t("section-shut"), cards: Vec::new(), shut }
    }

    fn claims(&self) -> Vec<Sample> {
        use ClaimState::{Expired, Held, RefundDue, Released, Returned, Settled};
        let page = |claim: ClaimView| {
            let mut frame = self.frame(&claim.what, "/claims/3-17-2", "cheer");
            frame.entered = true;
            let check = format!("fanfare verify --bundle {} --key 5a5a…", file(&claim.id));
            ClaimPage { frame, file: file(&claim.id), claim, key: groups(&[0x5a; 32]), check }
        };
        let states = [
            ("held", Held),
            ("paid", Settled),
            ("expired", Expired),
            ("released", Released),
            ("returned", Returned),
            ("refund-due", RefundDue),
        ];
        let claim = |state| self.claim(state, false);
        let all = states.map(|(name, state)| sample("claim", name, &page(claim(state))));
        let still = sample("claim", "held-still", &page(self.still()));
        let hostile = sample("claim", "hostile", &page(self.claim(Held, true)));
        all.into_iter().chain([still, hostile]).collect()
    }

    fn mine(&self) -> Vec<Sample> {
        use ClaimState::{Expired, Held, Settled};
        let page = |entered: bool, states: &[ClaimState], hostile: bool| {
            let pose = if states.is_empty() { "rest" } else { "hello" };
            let mut frame = self.frame(&self.w.t("nav-me"), "/me", pose);
            frame.entered = entered;
            let claims = states.iter().map(|state| self.claim(*state, hostile)).collect();
            let newest = hostile.then(|| self.w.with("me-newest", &[("n", "200")]));
            Me { frame, claims, newest, missing: None, account: None }
        };
        let mut signed_in = page(true, &[Settled], false);
        signed_in.frame.account = true;
        signed_in.account = Some(Account::sample("Ada", None));
        let missing = self.w.with("shut-mine", &[("drops", self.called(false).drop)]);
        let part = Me { missing: Some(missing.clone()), ..page(true, &[Settled], false) };
        let nothing = Me { missing: Some(missing), ..page(true, &[], false) };
        vec![
            sample("mine", "shut", &part),
            sample("mine", "shut-empty", &nothing),
            sample("mine", "stranger", &page(false, &[], false)),
            sample("mine", "empty", &page(true, &[], false)),
            sample("mine", "full", &page(true, &[Held, Settled, Expired], false)),
            sample("mine", "account", &signed_in),
            sample("mine", "hostile", &page(true, &[Held, Settled], true)),
        ]
    }

    /// Accounts: signing in and up, sessions, the password, becoming host.
    fn people(&self) -> Vec<Sample> {
        let frame = |here: &str| self.frame("", here, "hello");
        let sign = web::SignPage::samples(&frame("/sign-in")).into_iter();
        let mut all: Vec<_> = sign.map(|(state, page)| sample("sign", state, &page)).collect();
        let sessions = web::SessionsPage::samples(&frame("/me/sessions")).into_iter();
        all.extend(sessions.map(|(state, page)| sample("sessions", state, &page)));
        let password = web::PasswordPage::samples(&frame("/me/password")).into_iter();
        all.extend(password.map(|(state, page)| sample("password", state, &page)));
        let host = web::HostPage::samples(&frame("/host/s")).into_iter();
        all.extend(host.map(|(state, page)| sample("become-host", state, &page)));
        all
    }

    fn checks(&self) -> Vec<Sample> {
        let frame = self.frame(&self.w.t("check-title"), "/check", "hello");
        let page = CheckPage::with(frame, self.visit, "5a".repeat(32));
        let w = self.w;
        let judged = |state, title, more, steps: &[(&'static str, &'static str)]| CheckPage {
            verdict: Verdict {
                state,
                title: w.t(title),
                more,
                steps: steps.iter().map(|(kind, key)| (*kind, w.t(key))).collect(),
            },
            ..page.clone()
        };
        let held =
            [("good", "check-did-read"), ("good", "check-did-key"), ("open", "check-no-totals")];
        let good = judged("good", "check-good", w.t("check-good-more"), &held[..2]);
        let partly = judged("open", "check-partly", w.t("check-partly-more"), &held);
        let bad = judged("bad", "check-bad", String::new(), &[("bad", "check-root")]);
        let cannot = [("open", "check-insecure")];
        let cannot = judged("none", "check-cannot", String::new(), &cannot);
        vec![
            sample("check", "empty", &page),
            sample("check", "good", &good),
            sample("check", "partly", &partly),
            sample("check", "bad", &bad),
            sample("check", "cannot", &cannot),
        ]
    }

    fn faults(&self) -> Vec<Sample> {
        let known = [
            ("not-found", "not_found"),
            ("no-such-drop", "no_such_drop"),
            ("no-such-claim", "no_such_claim"),
            ("no-session", "no_session"),
            ("not-allowed", "not_allowed"),
            ("not-entitled", "not_entitled"),
            ("wrong-method", "wrong_method"),
            ("too-fast", "too_fast"),
            ("busy", "busy"),
            ("unsure", "unsure"),
            ("bad-form", "invalid"),
        ];
        let mut faults = known.map(|(name, code)| (name, Fault::from(Problem::new(code)))).to_vec();
        faults.push(("shut-drop", Problem::shut("drop_shut").into()));
        faults.push(("shut-claim", Problem::shut("claim_shut").into()));
        faults.push(("cross-site", Fault::cross_site()));
        faults.push(("for-hosts", Fault::for_hosts()));
        faults.push(("broken", Fault::broken()));
        faults.push(("starting", Fault::starting()));
        let page = |(name, fault): (&'static str, Fault)| {
            let fields = vec![("key", "k".to_owned())];
            let fault = match fault.code {
                "unsure" => fault.again("/drops/a/claims".to_owned(), fields),
                _ => fault,
            };
            let frame = self.frame("", "/nowhere", "lost");
            sample("fault", name, &fault.on(frame, &self.visit.app.look, self.w))
        };
        faults.into_iter().map(page).collect()
    }
}

pub(super) fn sample(
    page: &'static str,
    state: &'static str,
    made: &impl askama::Template,
) -> Sample {
    Sample { page, state, html: made.render().map_err(|why| why.to_string()) }
}
