//! Where a core's requests wait for lanes.
//!
//! To wake a thread costs about as much as to answer a request. So what a core's requests ask is
//! handed to the lanes' thread together, once a turn of the core, and the lanes' thread hands back
//! all answers of a row together: each wakes the other once, however many wait.

mod outbox;
mod seats;

pub use outbox::{Caller, Outbox};

use super::inbox::{Asker, Inbox};
use super::lanes::Message;
use super::ticket::{Answered, Asks, Ticket};
use fanfare_engine::Command;
use fanfare_lane::{LaneId, Reply};
use outbox::Answers;
use seats::{Place, Seats};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// One core's desk; nothing of it leaves the core but asks and answers.
pub struct Desk {
    inbox: Arc<Inbox<Message>>,
    answers: Arc<Answers>,
    asks: RefCell<Vec<(LaneId, Command, Ticket)>>,
    seats: RefCell<Seats>,
    /// Wakes whoever hands asks over.
    handing: Cell<Option<Waker>>,
}

impl Desk {
    /// A desk before this inbox.
    pub fn new(inbox: Arc<Inbox<Message>>) -> Self {
        Self {
            inbox,
            answers: Arc::default(),
            asks: RefCell::default(),
            seats: RefCell::default(),
            handing: Cell::default(),
        }
    }

    /// Whoever sits at it says to this when he has nothing to do: then nothing more is asked here.
    pub fn asker(&self) -> Asker<Message> {
        Asker::of(self.inbox.clone())
    }

    /// Hands over what was asked since the last time, and what was answered. Woken by the first of
    /// either, it runs behind all of the core that could go on at that moment, and takes along what
    /// they ask.
    pub async fn tend(&self) {
        let mut taken = Vec::new();
        poll_fn(|context: &mut Context<'_>| -> Poll<()> {
            self.handing.set(Some(context.waker().clone()));
            self.answers.waker.register(context.waker());
            let asks = self.asks.take();
            if !asks.is_empty() {
                self.inbox.push(Message::AskMany(asks));
            }
            self.answers.take(&mut taken);
            let mut seats = self.seats.borrow_mut();
            for (place, answered) in taken.drain(..) {
                if let Some(seat) = seats.of(place) {
                    seat.answered = Some(answered);
                    seat.waker.take().into_iter().for_each(Waker::wake);
                }
            }
            Poll::Pending
        })
        .await;
    }
}

impl Asks for Desk {
    fn asked(&self, lane: LaneId, command: Command) -> impl Future<Output = Answered> {
        let place = self.seats.borrow_mut().sit();
        let caller = Caller::at(self.answers.clone(), place);
        let mut asks = self.asks.borrow_mut();
        asks.push((lane, command, Ticket::Desk(caller)));
        if asks.len() == 1
            && let Some(waker) = self.handing.take()
        {
            waker.wake();
        }
        Waits { desk: self, place }
    }
}

struct Waits<'d> {
    desk: &'d Desk,
    place: Place,
}

impl Future for Waits<'_> {
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answered> {
        let mut seats = self.desk.seats.borrow_mut();
        // A place is its request's until that is over.
        let Some(seat) = seats.of(self.place) else {
            return Poll::Ready(Answered::plain(Reply::Unsure));
        };
        match seat.answered.take() {
            Some(answered) => Poll::Ready(answered),
            None => {
                if !seat.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                    seat.waker = Some(context.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.desk.seats.borrow_mut().leave(self.place);
    }
}
