//! Where a core's requests wait for lanes.
//!
//! To wake a thread costs about as much as to answer a request. So what a core's requests ask is
//! handed to the lanes' thread together, once a turn of the core, and the lanes' thread hands back
//! all answers of a row together: each wakes the other once, however many wait.

use super::inbox::Inbox;
use super::lanes::Message;
use super::ticket::{Answered, Asks, Ticket};
use fanfare_engine::Command;
use fanfare_lane::{LaneId, Reply};
use futures_util::task::AtomicWaker;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// A request's place at its core's desk. Places are used again; their turn tells those apart who
/// had one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: u32,
    turn: u32,
}

/// Answers on their way, and whose they are.
type Gathered = Vec<(Place, Answered)>;

/// What a desk hears from the lanes' thread.
#[derive(Default)]
struct Answers {
    arrived: Mutex<Gathered>,
    waker: AtomicWaker,
}

impl Answers {
    /// Adds answers, all at once.
    fn push(&self, more: &mut Gathered) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let first = arrived.is_empty();
        arrived.append(more);
        drop(arrived);
        if first {
            self.waker.wake();
        }
    }

    fn take(&self, taken: &mut Gathered) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut *arrived, taken);
    }
}

/// Who waits at a desk, as the lanes' thread knows it. One that is forgotten hears `unsure`.
pub struct Caller(Option<(Arc<Answers>, Place)>);

impl Drop for Caller {
    fn drop(&mut self) {
        if let Some((answers, place)) = self.0.take() {
            answers.push(&mut vec![(place, Answered::plain(Reply::Unsure))]);
        }
    }
}

/// Answers on their way to desks, those of each together.
#[derive(Default)]
pub struct Outbox(Vec<(Arc<Answers>, Gathered)>);

impl Outbox {
    /// Adds an answer.
    pub fn add(&mut self, mut caller: Caller, answered: Answered) {
        let Some((answers, place)) = caller.0.take() else { return };
        let found = self.0.iter_mut().find(|(desk, _)| Arc::ptr_eq(desk, &answers));
        match found {
            Some((_, gathered)) => gathered.push((place, answered)),
            None => self.0.push((answers, vec![(place, answered)])),
        }
    }

    /// Hands out all that gathered.
    pub fn hand_out(&mut self) {
        for (desk, gathered) in &mut self.0 {
            if !gathered.is_empty() {
                desk.push(gathered);
            }
        }
        // Desks live as long as the process: those of a few cores are kept, and their room.
        self.0.truncate(DESKS_KEPT);
    }
}

/// Desks whose room is kept between two rows.
const DESKS_KEPT: usize = 64;

/// One who waits.
#[derive(Default)]
struct Seat {
    turn: u32,
    waker: Option<Waker>,
    answered: Option<Answered>,
}

#[derive(Default)]
struct Seats {
    all: Vec<Seat>,
    free: Vec<u32>,
}

impl Seats {
    fn sit(&mut self) -> Place {
        let at = self.free.pop().unwrap_or_else(|| {
            self.all.push(Seat::default());
            self.all.len() as u32 - 1
        });
        Place { at, turn: self.all[at as usize].turn }
    }

    fn of(&mut self, place: Place) -> Option<&mut Seat> {
        self.all.get_mut(place.at as usize).filter(|seat| seat.turn == place.turn)
    }

    fn leave(&mut self, place: Place) {
        if let Some(seat) = self.of(place) {
            *seat = Seat { turn: place.turn.wrapping_add(1), ..Seat::default() };
            self.free.push(place.at);
        }
    }
}

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
        let caller = Caller(Some((self.answers.clone(), place)));
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
