//! What everybody but a lane's owner sees of it: never ahead of the durable row.
//!
//! Two parts, published in this order: the state (claims, rights, stock) and then the front (what
//! the gate refuses by). Whoever sees a drop sold out therefore finds the claims that sold it out.
//!
//! A resting lane's state leaves memory after a while and is replayed when somebody asks.

use super::head::HeadDoc;
use fanfare_engine::{Broken, Facts, Fan, Line, Quantity, Refusal, Seen, Served, State};
use fanfare_lane::{Durable, Face, Replay, Sealed, screen};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A lane as the gate sees it, with the words of its newest head.
#[derive(Debug)]
pub struct Front {
    /// Numbers.
    pub face: Face,
    /// The signed head every refusal carries.
    pub head: Arc<HeadDoc>,
}

/// Bytes of recent rows kept for receipts of repeats, which mostly come within seconds.
const RECENT_BYTES_MAX: usize = 1 << 20;

/// What a row takes besides its facts: header, seal, and its head in words.
const HEAD_BYTES: usize = 1_024;

/// One lane's published state.
pub struct Published {
    state: RwLock<Option<Served>>,
    front: RwLock<Arc<Front>>,
    recent: RwLock<Recent>,
    read_at_ms: AtomicI64,
}

impl Published {
    /// The published state at a durable row.
    pub fn new(state: Served, newest: &Sealed) -> Self {
        let front = Arc::new(front_of(state.seen(), newest));
        Self::with(Some(state), front)
    }

    /// A resting lane: what its last row says, the rest on demand.
    pub fn resting(face: Face, head: HeadDoc) -> Self {
        let front = Arc::new(Front { face, head: Arc::new(head) });
        Self::with(None, front)
    }

    fn with(state: Option<Served>, front: Arc<Front>) -> Self {
        Self {
            state: RwLock::new(state),
            front: RwLock::new(front),
            recent: RwLock::default(),
            read_at_ms: AtomicI64::new(0),
        }
    }

    /// Publishes a durable row: first the state, then the front.
    ///
    /// # Errors
    /// If the facts are not those that were decided.
    pub fn publish<T>(&self, durable: &Durable<T>) -> Result<(), Broken> {
        let mut guard = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let Some(served) = guard.as_mut() else {
            return Err(Broken("a row for a lane whose state is not in memory"));
        };
        durable.publish(served)?;
        let front = Arc::new(front_of(served.seen(), &durable.sealed));
        drop(guard);
        self.recent.write().unwrap_or_else(PoisonError::into_inner).add(front.head.clone());
        *self.front.write().unwrap_or_else(PoisonError::into_inner) = front;
        Ok(())
    }

    /// Publishes the next row of a lane that another node owns; gives its facts.
    ///
    /// # Errors
    /// Why it does not follow.
    pub fn follow(&self, replay: &mut Replay, sealed: &Sealed) -> Result<Facts, String> {
        let facts = sealed.row.read_facts().map_err(|why| why.to_string())?;
        let mut guard = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let served = guard.as_mut().ok_or("the state is not in memory")?;
        replay.publish(&sealed.row, &facts, served).map_err(|damage| damage.to_string())?;
        let front = Arc::new(front_of(served.seen(), sealed));
        drop(guard);
        self.recent.write().unwrap_or_else(PoisonError::into_inner).add(front.head.clone());
        *self.front.write().unwrap_or_else(PoisonError::into_inner) = front;
        Ok(facts)
    }

    /// Puts a state that was made anew in the place of one that holds what may never be.
    pub fn replace(&self, state: State, newest: &Sealed) {
        let served = Served::new(state);
        let front = Arc::new(front_of(served.seen(), newest));
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(served);
        *self.recent.write().unwrap_or_else(PoisonError::into_inner) = Recent::default();
        *self.front.write().unwrap_or_else(PoisonError::into_inner) = front;
    }

    /// The newest front.
    pub fn front(&self) -> Arc<Front> {
        self.front.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the drop is closed.
    pub fn closed(&self) -> bool {
        self.front.read().unwrap_or_else(PoisonError::into_inner).face.closed
    }

    /// The head of a row that was published not long ago.
    pub fn recent(&self, seq: u32) -> Option<Arc<HeadDoc>> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner).find(seq)
    }

    /// Reads what is published, if it is in memory.
    pub fn read<R>(&self, now_ms: i64, read: impl FnOnce(Seen<'_>) -> R) -> Option<R> {
        self.read_at_ms.store(now_ms, Ordering::Relaxed);
        let guard = self.state.read().unwrap_or_else(PoisonError::into_inner);
        guard.as_ref().map(|served| read(served.seen()))
    }

    /// Lets the lane's owner decide, if the state is in memory. Readers wait meanwhile.
    pub fn own<R>(&self, own: impl FnOnce(&mut Served) -> R) -> Option<R> {
        self.state.write().unwrap_or_else(PoisonError::into_inner).as_mut().map(own)
    }

    /// Puts a replayed state back.
    pub fn put_back(&self, state: State) {
        let mut guard = self.state.write().unwrap_or_else(PoisonError::into_inner);
        guard.get_or_insert_with(|| Served::new(state));
    }

    /// Lets a resting lane's state go if nobody read it since `before_ms`.
    pub fn let_go(&self, before_ms: i64) -> bool {
        if self.read_at_ms.load(Ordering::Relaxed) >= before_ms {
            return false;
        }
        let mut guard = self.state.write().unwrap_or_else(PoisonError::into_inner);
        guard.take_if(|served| served.seen().resting()).is_some()
    }

    /// The gate's answer to a claim, or none if the lane must decide. Errs when the state has to
    /// be replayed first to know whether the fan has anything here.
    pub fn screen(
        &self,
        front: &Front,
        fan: Fan,
        line: Line,
        quantity: Quantity,
        now_ms: i64,
    ) -> Result<Option<Refusal>, NotInMemory> {
        let mut absent = false;
        let known = |fan| {
            let known = self.read(now_ms, |state| {
                // One that is on its way, and whose answer was lost, is the lane's to repeat.
                state.may_have(fan) || state.rights().of(fan, line, quantity).is_some()
            });
            absent = known.is_none();
            known.unwrap_or(false)
        };
        let refusal = screen(&front.face, fan, line, quantity, now_ms, known);
        if absent { Err(NotInMemory) } else { Ok(refusal) }
    }
}

fn bytes_of(head: &HeadDoc) -> usize {
    HEAD_BYTES + head.sealed.row.facts.len()
}

/// The newest rows, oldest first, without gaps.
#[derive(Default)]
struct Recent {
    heads: VecDeque<Arc<HeadDoc>>,
    bytes: usize,
}

impl Recent {
    fn add(&mut self, head: Arc<HeadDoc>) {
        self.bytes += bytes_of(&head);
        self.heads.push_back(head);
        while self.bytes > RECENT_BYTES_MAX
            && let Some(oldest) = self.heads.pop_front()
        {
            self.bytes -= bytes_of(&oldest);
        }
    }

    fn find(&self, seq: u32) -> Option<Arc<HeadDoc>> {
        let first = self.heads.front()?.sealed.row.header.seq;
        self.heads.get(seq.checked_sub(first)? as usize).cloned()
    }
}

/// The lane rests and its state is not in memory: replay it, then ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInMemory;

fn front_of(state: Seen<'_>, newest: &Sealed) -> Front {
    let face = Face::of(state, newest.row.header.seq, newest.row.hash);
    Front { face, head: Arc::new(HeadDoc::new(newest)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_engine::{Act, Fact};
    use fanfare_lane::{Draft, FestivalKey, Written, seal_commit};

    #[test]
    fn what_is_kept_for_repeats_is_bounded_however_small_the_rows() {
        let key = FestivalKey::from_secret(&[7; 32]);
        let facts = [Fact::Paused(Act { by: Fan::FIRST, why: 1 })];
        let mut recent = Recent::default();
        for seq in 1..=5_000 {
            let (festival, prev, written) = ([0; 16], [0; 32], Arc::new(Written::of(&facts)));
            let row = Draft { festival, lane: 1, seq, prev, time_ms: 0, written }.finish();
            let sealed = seal_commit(&[Arc::new(row)], &key).remove(0);
            recent.add(Arc::new(HeadDoc::new(&sealed)));
        }
        assert!((500..=RECENT_BYTES_MAX / 1_024).contains(&recent.heads.len()));
        assert!(recent.find(5_000).is_some() && recent.find(1).is_none());
        let kept = |seq| recent.find(seq).map(|head| head.sealed.row.header.seq);
        assert_eq!(kept(4_700), Some(4_700));
    }
}
