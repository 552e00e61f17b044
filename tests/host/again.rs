//! Forms sent again because nobody knew what came of them: one form is one act.

use super::{Hall, act};
use crate::common::site::{Browser, Page};
use axum::http::StatusCode;
use fanfare::app::Mode;
use fanfare::kit::token::Role;
use rusqlite::Connection;
use std::time::Duration;

const AT: &str = "/host/drops/boxes";

/// Turns the clock by small steps until this is done: nobody says when an act is decided or a row
/// is tried again, and the waits for both begin then.
async fn while_time_passes<T>(hall: &Hall, work: impl Future<Output = T>) -> T {
    let clock = &hall.site.app.node.clock;
    let mut work = std::pin::pin!(work);
    for _ in 0..200 {
        match tokio::time::timeout(Duration::from_millis(200), &mut work).await {
            Ok(done) => return done,
            Err(_) => clock.turn_to(clock.now_ms() + 1_000),
        }
    }
    panic!("it is never done");
}

/// The journal takes no more rows, or takes them again and has taken those that waited.
async fn hold_up(hall: &Hall, yes: bool) {
    let journal = Connection::open(hall.site.data().join("journal.sqlite")).unwrap();
    journal.busy_timeout(Duration::from_secs(5)).unwrap();
    let held = "CREATE TRIGGER held BEFORE INSERT ON journal
                BEGIN SELECT RAISE(ABORT, 'held up by a test'); END";
    journal.execute_batch(if yes { held } else { "DROP TRIGGER held" }).unwrap();
    if !yes {
        let node = hall.site.app.node.clone();
        let quiet = tokio::task::spawn_blocking(move || node.quiet());
        while_time_passes(hall, quiet).await.unwrap();
    }
}

/// Sends a form to a journal that takes no rows, until nobody waits for it any more.
async fn sent_in_vain(hall: &Hall, host: &mut Browser, path: &str, form: &str) -> Page {
    let page = while_time_passes(hall, host.post(path, form)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    page
}

/// The nonce of this act's form.
fn nonce(page: &Page, of: impl Fn(&str) -> bool) -> String {
    let fields = page.text.split("name=\"nonce\" value=\"").skip(1);
    let mut nonces = fields.filter_map(|rest| rest.split('"').next());
    nonces.find(|nonce| of(nonce)).expect("a form").to_owned()
}

fn new(page: &Page, act: &str) -> String {
    nonce(page, |nonce| nonce.ends_with(act))
}

const UNSURE: &str = "It may have been done. Send the form below again just as it is";

#[tokio::test]
async fn a_form_nobody_knew_the_outcome_of_is_one_act() {
    let hall = Hall::start(None, Mode::Real);
    let mut host = hall.somebody(7, Role::Host);
    let restock = format!("{AT}/acts/restock");
    let page = host.get(AT).await;
    let (own, seen) = (new(&page, "-restock"), page.field("seen").unwrap());
    let form = format!("why=more&line=box&units=5&seen={seen}&nonce={own}");
    hold_up(&hall, true).await;
    let page = sent_in_vain(&hall, &mut host, &restock, &form).await;
    assert!(page.says(UNSURE), "{}", page.text);
    // The form is there as it was sent, and is the same act.
    assert!(page.says("value=\"5\"") && page.says("<details class=\"panel\" open>"));
    assert_eq!(nonce(&page, |nonce| nonce == own), own);
    hold_up(&hall, false).await;
    for _ in 0..3 {
        let again = act(&mut host, &restock, &form).await;
        assert!(again.says("Added. They are free now."), "{}", again.text);
        assert_eq!(again.text.matches("<strong>5 units added: Box").count(), 1);
        assert_eq!(hall.free("boxes", 0), 15);
    }
    // A form that is drawn anew is an act of its own.
    let page = host.get(AT).await;
    let (next, seen) = (new(&page, "-restock"), page.field("seen").unwrap());
    assert_ne!(next, own);
    act(&mut host, &restock, &format!("why=more&line=box&units=5&seen={seen}&nonce={next}")).await;
    assert_eq!(hall.free("boxes", 0), 20);
}

#[tokio::test]
async fn an_undo_pressed_again_undoes_once() {
    let hall = Hall::start(None, Mode::Real);
    let mut host = hall.somebody(7, Role::Host);
    let (restock, withdraw) = (format!("{AT}/acts/restock"), format!("{AT}/acts/withdraw"));
    let page = act(&mut host, &restock, "why=more&line=box&units=5").await;
    let (undo, seen) = (nonce(&page, |n| n.starts_with("undo-")), page.field("seen").unwrap());
    let form = format!("why=undone&line=box&units=5&seen={seen}&nonce={undo}");
    hold_up(&hall, true).await;
    let page = sent_in_vain(&hall, &mut host, &withdraw, &form).await;
    assert!(page.says(UNSURE), "{}", page.text);
    // Whether the button is pressed again or the form that was sent: it is the same act.
    let count = page.text.matches(&format!("name=\"nonce\" value=\"{undo}\"")).count();
    assert_eq!(count, 2, "{}", page.text);
    hold_up(&hall, false).await;
    for _ in 0..2 {
        let again = act(&mut host, &withdraw, &form).await;
        assert!(again.says("Taken away."), "{}", again.text);
        assert_eq!(hall.free("boxes", 0), 10);
    }
    // And what undoes the undo is another.
    let page = host.get(AT).await;
    let (back, seen) = (nonce(&page, |n| n.starts_with("undo-")), page.field("seen").unwrap());
    assert_ne!(back, undo);
    act(&mut host, &restock, &format!("why=back&line=box&units=5&seen={seen}&nonce={back}")).await;
    assert_eq!(hall.free("boxes", 0), 15);
}

#[tokio::test]
async fn a_form_changed_after_a_doubt_says_so_and_becomes_another_act() {
    let hall = Hall::start(None, Mode::Real);
    let mut host = hall.somebody(7, Role::Host);
    let restock = format!("{AT}/acts/restock");
    let page = host.get(AT).await;
    let own = new(&page, "-restock");
    let form = |units, why, nonce: &str| format!("why={why}&line=box&units={units}&nonce={nonce}");
    hold_up(&hall, true).await;
    let page = sent_in_vain(&hall, &mut host, &restock, &form(5, "more", &own)).await;
    assert!(page.says(UNSURE), "{}", page.text);
    hold_up(&hall, false).await;
    for (units, why) in [(6, "more"), (6, "other")] {
        let other = host.post(&restock, &form(units, why, &own)).await;
        assert!(other.says("Nothing more was done. This form was sent before"), "{}", other.text);
        assert_eq!(hall.free("boxes", 0), 15);
        assert!(!other.says(&own), "it would be refused for ever");
    }
    let other = host.post(&restock, &form(6, "more", &own)).await;
    let next = nonce(&other, |nonce| !nonce.contains('-'));
    act(&mut host, &restock, &form(6, "more", &next)).await;
    assert_eq!(hall.free("boxes", 0), 21);
    // What was refused was not done; what is sent next is told by its own reason.
    let much = host.post(&format!("{AT}/acts/withdraw"), &form(99, "all", "a-nonce")).await;
    assert!(much.says("At most 21 are possible now") && !much.says("a-nonce"), "{}", much.text);
    let long = "x".repeat(65);
    let page = host.post(&restock, &form(1, "x", &long)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
    assert_eq!(hall.free("boxes", 0), 21);
}

#[tokio::test]
async fn a_pause_and_a_closing_sent_again_late_change_nothing() {
    let hall = Hall::start(None, Mode::Real);
    let (mut host, mut other) = (hall.somebody(7, Role::Host), hall.somebody(8, Role::Host));
    let (pause, resume) = (format!("{AT}/acts/pause"), format!("{AT}/acts/resume"));
    let page = host.get(AT).await;
    let (own, seen) = (new(&page, "-pause"), page.field("seen").unwrap());
    let form = format!("why=a+queue&seen={seen}&nonce={own}");
    hold_up(&hall, true).await;
    let page = sent_in_vain(&hall, &mut host, &pause, &form).await;
    assert!(page.says(UNSURE) && page.says(&own), "{}", page.text);
    hold_up(&hall, false).await;
    assert!(act(&mut host, &pause, &form).await.says("Paused. Nobody can claim now."));
    let page = other.get(AT).await;
    let (theirs, seen) = (new(&page, "-resume"), page.field("seen").unwrap());
    act(&mut other, &resume, &format!("why=gone&seen={seen}&nonce={theirs}")).await;
    act(&mut host, &pause, &form).await;
    let paused = || {
        let drop = hall.site.app.node.directory().named("boxes").unwrap().clone();
        drop.published.front().face.paused
    };
    assert!(!paused(), "the other host let fans claim again since");
    let closing = format!("{AT}/closing");
    let form = format!("why=over&nonce={}", host.get(&closing).await.field("nonce").unwrap());
    hold_up(&hall, true).await;
    let page = sent_in_vain(&hall, &mut host, &closing, &form).await;
    assert!(page.says(UNSURE) && page.says(&form[15..]), "{}", page.text);
    hold_up(&hall, false).await;
    for _ in 0..2 {
        assert!(act(&mut host, &closing, &form).await.says("Closed for good."));
    }
}
