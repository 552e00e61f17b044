//! Several nodes, one lane: how long what a node remembers may be answered from, and when another
//! may take its place.
//!
//! The fence keeps a lane's history single without any of this. What is left for time to settle is
//! what is answered without a row: a refusal, a repeat, a reading. Such an answer is true as long
//! as nobody else can have told of a newer row, and that is known for a second after it was last
//! proven:
//!
//! | who | proof | good for |
//! | --- | --- | --- |
//! | a lane's owner | a lease renewed ([`Tenure`]) | 1 s after it was sent |
//! | who follows it | the owner's word ([`Grants`], [`Word`]) | 1 s after it was asked for |
//! | whoever takes over | a beat that stood still ([`Watch`]) | from 3 s on |
//!
//! An owner gives its word only while its own proof is good, so what a follower answers from is at
//! most two seconds older than the owner's proof, and a third second lies before a take-over.
//!
//! What is not seen by looking at one node, and the simulator finds if it is left out:
//!
//! - **A durable row proves nothing.** A node that was paused may append right after its lease was
//!   taken, before the new owner's `opened` row; a second later that owner has told of newer rows.
//! - **Leases are counted.** A lease that went and came back while a node was paused is another
//!   one: each move gives it a new number, and a lane is opened anew for each number.
//!   Who gave a lease away and finds that it still has it counts it up before it opens: the giving
//!   may still be under way.
//! - **Who follows names the lease** it follows under, and goes by no answer under another: an
//!   owner that slept through a take-over would else hand it its old rows.
//! - **Only its holder opens a lane.** The `opened` row goes in only where the lease is still held
//!   under that number, in one transaction; a node that was paused while it opened would else make
//!   rows the holder does not know of. Later rows need no such check, the fence is theirs.
//! - **Nobody tells of a row early**, neither the owner from its own published state nor a follower
//!   that has it already: not before every follower has the row or may not answer any more
//!   ([`Grants::settled`]). The owner publishes then, and says so ([`Word::settled`]).
//! - **`unsure` travels like a row.** Before a caller hears it, each follower knows up to which row
//!   the lane is in doubt ([`Word::doubt`]); until that row is published nobody refuses by itself.
//! - **A proof is asked for after the request came and before the state is read.** Read first and
//!   asked later, the state may be older than the proof: a follower may have been cut off between.
//!   (An owner may ask later: its memory never ages while its lease has the same number.)
//! - **A process that replaces another of the same node** waits [`SUCCESSOR_WAITS_MS`] before it
//!   opens a lane or gives its lease away: followers may still have the word of the one before.
//!
//! - **Who may have been replaced opens anew.** Where a database went back in time, a former owner
//!   that wakes finds its lease there under its number, and of its successor's rows nothing is
//!   left: it would answer from before them, and write over them. Whoever was not proven for so
//!   long that another may have taken over gives its lanes up ([`Tenure::replaceable`]), and opens
//!   them only as the lease's holder under another number, by what its witness says.
//!
//! - **Another process in a node's place is not always alive.** Its row may be left from before a
//!   database went back in time ([`Rival`]). Only one whose beat moves has a copy of the data
//!   folder.
//!
//! All times here are milliseconds of one machine's own clock that also runs while the machine
//! sleeps. None is compared with another machine's; only their pace has to agree.

use alloc::collections::BTreeMap;

/// How long a proof is good, counted from when it was asked for.
pub const GOOD_FOR_MS: i64 = 1_000;

/// A node whose beat has stood still for so long, while it could be looked at, is gone. The two
/// seconds its and its followers' answers may last are over by then, whatever the clocks' pace.
pub const GONE_AFTER_MS: i64 = 3_000;

/// How far two machines' clocks may drift apart in a second; crystals stay a thousand times below.
const DRIFT_MS: i64 = 50;

/// A look that comes later than this after the one before it begins anew: what could not be looked
/// at may have beaten meanwhile.
const LOOKED_WITHIN_MS: i64 = 1_000;

/// How long a process waits that takes the place of another of the same node, which has surely
/// ended, before it opens a lane or gives its lease away: until then
/// followers may answer by the word of the one before.
pub const SUCCESSOR_WAITS_MS: i64 = GOOD_FOR_MS + DRIFT_MS;

/// A follower this far behind its owner is not given the owner's word: its answers would be held
/// back by it.
const BEHIND_MAX_MS: i64 = 300;

/// What an owner knows of its ownership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenure {
    until_ms: i64,
}

impl Tenure {
    /// Nothing is proven.
    pub const NONE: Self = Self { until_ms: i64::MIN };

    /// Nobody else can serve the lane: the lock on the data folder is held.
    pub const SOLE: Self = Self { until_ms: i64::MAX };

    /// A renewal sent at this moment went well, and the lanes that were not this node's by it are
    /// dropped. Only renewals count, one at a time: an answer that was given up is not taken later.
    pub fn proven(&mut self, sent_ms: i64) {
        self.until_ms = self.until_ms.max(sent_ms.saturating_add(GOOD_FOR_MS));
    }

    /// Whether another node may have taken over by now: asked before a renewal that has come
    /// counts. Before the first nobody can have, whoever joins has just renewed.
    pub fn replaceable(self, now_ms: i64) -> bool {
        let newest_ms = self.until_ms.saturating_sub(GOOD_FOR_MS);
        self != Self::NONE && now_ms.saturating_sub(newest_ms) >= GONE_AFTER_MS - 2 * DRIFT_MS
    }

    /// A renewal found another process in this one's place, or none: from now on nothing is proven.
    pub fn out(&mut self, now_ms: i64) {
        self.until_ms = self.until_ms.min(now_ms);
    }

    /// Somebody else has taken over.
    pub fn lost(&mut self) {
        *self = Self::NONE;
    }

    /// The first moment at which nothing may be answered from memory any more.
    pub fn until_ms(self) -> i64 {
        self.until_ms
    }

    /// Whether an answer from memory is true now.
    pub fn good(self, now_ms: i64) -> bool {
        now_ms < self.until_ms
    }
}

/// Another node's beat, looked at again and again.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    beat: u64,
    since_ms: i64,
    looked_ms: i64,
}

impl Watch {
    /// Seen for the first time.
    pub fn new(beat: u64, now_ms: i64) -> Self {
        Self { beat, since_ms: now_ms, looked_ms: now_ms }
    }

    /// Takes the beat as it was seen when the answer came, at `now_ms`.
    pub fn look(&mut self, beat: u64, now_ms: i64) {
        if beat != self.beat || now_ms - self.looked_ms > LOOKED_WITHIN_MS {
            (self.beat, self.since_ms) = (beat, now_ms);
        }
        self.looked_ms = now_ms;
    }

    /// The beat seen last. Who takes over must find that it has not moved.
    pub fn beat(&self) -> u64 {
        self.beat
    }

    /// Whether the node may be taken for gone.
    pub fn gone(&self, now_ms: i64) -> bool {
        now_ms - self.looked_ms <= LOOKED_WITHIN_MS && now_ms - self.since_ms >= GONE_AFTER_MS
    }
}

/// Another process that has the place of this one's node. It runs from a copy of the data folder;
/// or it is dead, and its row is left from before a database went back in time, or came late.
#[derive(Clone, Copy, Debug)]
pub struct Rival {
    process: u64,
    watch: Watch,
    beats: u32,
    since_ms: i64,
    beat_now: bool,
}

impl Rival {
    /// Seen for the first time.
    pub fn new(process: u64, beat: u64, now_ms: i64) -> Self {
        let watch = Watch::new(beat, now_ms);
        Self { process, watch, beats: 0, since_ms: now_ms, beat_now: false }
    }

    /// Takes the process that has the place now, and its beat, as they were seen at `now_ms`.
    pub fn look(&mut self, process: u64, beat: u64, now_ms: i64) {
        let same = process == self.process;
        self.beat_now = !same || beat != self.watch.beat();
        self.beats += u32::from(self.beat_now);
        if !same {
            (self.process, self.watch) = (process, Watch::new(beat, now_ms));
        }
        self.watch.look(beat, now_ms);
    }

    /// The process and the beat seen last. Who takes its place must find them unmoved.
    pub fn seen(&self) -> (u64, u64) {
        (self.process, self.watch.beat())
    }

    /// Whether it may be taken for gone.
    pub fn gone(&self, now_ms: i64) -> bool {
        self.watch.gone(now_ms)
    }

    /// Whether it lives, looked at at the journal at this place of the list. One beat may be the
    /// last word of a dead process that comes late. Later journals look longer: of two processes
    /// that each have one place, the one without the first ends, and the other is not looked for
    /// any more.
    pub fn lives(&self, home: usize, now_ms: i64) -> bool {
        let patience_ms = GONE_AFTER_MS.saturating_mul(home as i64);
        self.beat_now && self.beats > 1 && now_ms - self.since_ms >= patience_ms
    }
}

/// What an owner has told one follower, and until when that follower may answer by itself.
#[derive(Clone, Copy, Debug)]
struct Grant {
    /// What was sent before it came for the last time: of that nothing is owed any more.
    before: u64,
    sent: u64,
    acked: u64,
    /// When the oldest row it has not yet was sent.
    waiting_since_ms: i64,
    until_ms: i64,
    left: bool,
}

/// An owner's word to its followers. `P` names a follower's connection.
#[derive(Clone, Debug)]
pub struct Grants<P> {
    of: BTreeMap<P, Grant>,
    ended: bool,
}

impl<P> Default for Grants<P> {
    fn default() -> Self {
        Self { of: BTreeMap::new(), ended: false }
    }
}

/// Who must have a row before it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed<P>(alloc::vec::Vec<(P, u64)>);

impl<P: Ord + Copy> Grants<P> {
    /// A follower came, or came again, having given up what it may have answered by; it has been
    /// given no word yet. What was owed to it before is settled, whatever word it is given next,
    /// and it counts anew.
    pub fn join(&mut self, follower: P) {
        let before = self.of.get(&follower).map_or(0, |grant| grant.sent);
        let (sent, acked, until_ms) = (before, before, i64::MIN);
        let new = Grant { before, sent, acked, waiting_since_ms: 0, until_ms, left: false };
        self.of.insert(follower, new);
    }

    /// A follower's connection ended. It may still answer by itself for as long as it was told.
    pub fn leave(&mut self, follower: P) {
        if let Some(grant) = self.of.get_mut(&follower) {
            grant.left = true;
        }
    }

    /// A row goes to all followers: what is owed before anybody is told of it. A follower whose
    /// connection ended is owed too, it may still answer by itself.
    pub fn send(&mut self, now_ms: i64) -> Owed<P> {
        let mut owed = Owed(alloc::vec::Vec::new());
        for (follower, grant) in &mut self.of {
            if grant.acked == grant.sent {
                grant.waiting_since_ms = now_ms;
            }
            grant.sent += 1;
            owed.0.push((*follower, grant.sent));
        }
        owed
    }

    /// A follower has, and has published, the first `count` of what was sent to it since it came.
    pub fn acked(&mut self, follower: P, count: u64, now_ms: i64) {
        let Some(grant) = self.of.get_mut(&follower) else { return };
        let count = grant.before.saturating_add(count);
        if count > grant.acked && count <= grant.sent {
            (grant.acked, grant.waiting_since_ms) = (count, now_ms);
        }
    }

    /// Gives a follower that asks the owner's word, if it can be kept: for a second from now, while
    /// the owner's own proof is good and the follower is not behind.
    pub fn give(&mut self, follower: P, tenure: Tenure, now_ms: i64) -> bool {
        let Some(grant) = self.of.get_mut(&follower) else { return false };
        let behind = grant.acked < grant.sent && now_ms - grant.waiting_since_ms > BEHIND_MAX_MS;
        if self.ended || grant.left || behind || !tenure.good(now_ms) {
            return false;
        }
        grant.until_ms = grant.until_ms.max(now_ms + GOOD_FOR_MS + DRIFT_MS);
        true
    }

    /// Whether what was owed is settled: each follower has it, or may not answer any more.
    pub fn settled(&mut self, owed: &Owed<P>, now_ms: i64) -> bool {
        self.of.retain(|_, grant| !grant.left || now_ms < grant.until_ms);
        owed.0.iter().all(|(follower, count)| {
            let grant = self.of.get(follower);
            grant.is_none_or(|grant| grant.acked >= *count || now_ms >= grant.until_ms)
        })
    }

    /// No word is given any more: the lane is about to be handed over.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// A follower has said that it does not answer by this owner's word any more.
    pub fn gave_up(&mut self, follower: P) {
        if let Some(grant) = self.of.get_mut(&follower).filter(|_| self.ended) {
            grant.until_ms = i64::MIN;
        }
    }

    /// Whether no follower may answer any more what this owner said.
    pub fn over(&self, now_ms: i64) -> bool {
        self.of.values().all(|grant| now_ms >= grant.until_ms)
    }
}

/// What a follower knows of its owner's word. Rows are counted by their number in the lane.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    until_ms: i64,
    published: u32,
    settled: u32,
    doubted: u32,
}

impl Word {
    /// No word. The follower has published the lane up to this row.
    pub fn none(published: u32) -> Self {
        Self { until_ms: i64::MIN, published, settled: 0, doubted: 0 }
    }

    /// The owner gave its word, asked for at this moment of the follower's own clock. It came on
    /// the connection the rows come on, and every row before it is published.
    pub fn given(&mut self, asked_ms: i64) {
        self.until_ms = self.until_ms.max(asked_ms.saturating_add(GOOD_FOR_MS));
    }

    /// The word is over, whatever it was.
    pub fn over(&mut self) {
        self.until_ms = i64::MIN;
    }

    /// A row was published here.
    pub fn published(&mut self, seq: u32) {
        self.published = seq;
    }

    /// The owner said: every follower has this row, it may be told of.
    pub fn settled(&mut self, seq: u32) {
        self.settled = self.settled.max(seq);
    }

    /// The owner said: rows up to this one may stand or not, and somebody was told so.
    pub fn doubt(&mut self, seq: u32) {
        self.doubted = self.doubted.max(seq);
    }

    /// Until when what is published may be answered from, by the follower's own clock.
    pub fn until_ms(self) -> i64 {
        let told = self.published <= self.settled && self.published >= self.doubted;
        if told { self.until_ms } else { i64::MIN }
    }

    /// Whether an answer from what is published is true now. Ask before it is read.
    pub fn good(self, now_ms: i64) -> bool {
        now_ms < self.until_ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_that_comes_again_is_owed_nothing_from_before() {
        let (mut grants, mut tenure) = (Grants::default(), Tenure::NONE);
        tenure.proven(0);
        grants.join('a');
        let first = grants.send(0);
        assert!(grants.give('a', tenure, 0) && !grants.settled(&first, 0));
        grants.join('a');
        assert!(grants.settled(&first, 0));
        assert!(grants.give('a', tenure, 0), "it is not behind");
        assert!(grants.settled(&first, 0), "nor is it owed that now");
        let second = grants.send(0);
        assert!(!grants.settled(&second, 0));
        grants.acked('a', 1, 0);
        assert!(grants.settled(&second, 0), "it counts anew");
    }

    #[test]
    fn a_proof_is_good_for_a_second_from_when_it_was_asked_for() {
        let mut tenure = Tenure::NONE;
        assert!(!tenure.good(i64::MIN) && !tenure.good(0));
        tenure.proven(5_000);
        assert!(tenure.good(5_999) && !tenure.good(6_000));
        tenure.proven(4_000);
        assert!(tenure.good(5_999), "an older proof takes nothing away");
        tenure.lost();
        assert!(!tenure.good(5_500));
        assert!(Tenure::SOLE.good(i64::MAX - 1));
    }

    #[test]
    fn who_was_not_proven_for_a_while_may_have_been_replaced() {
        let mut tenure = Tenure::NONE;
        assert!(!tenure.replaceable(i64::MAX));
        tenure.proven(5_000);
        assert!(!tenure.replaceable(7_899) && tenure.replaceable(7_900));
        assert!(!Tenure::SOLE.replaceable(i64::MAX - 1));
    }

    #[test]
    fn a_node_is_gone_once_its_beat_stood_still_while_it_was_looked_at() {
        let mut watch = Watch::new(7, 0);
        for now_ms in (300..3_000).step_by(300) {
            watch.look(7, now_ms);
            assert!(!watch.gone(now_ms));
        }
        watch.look(7, 3_000);
        assert!(watch.gone(3_000));
        watch.look(8, 3_300);
        assert!(!watch.gone(3_300));
    }

    #[test]
    fn what_could_not_be_looked_at_is_not_gone() {
        let mut watch = Watch::new(7, 0);
        assert!(!watch.gone(60_000), "nobody looked");
        watch.look(7, 60_000);
        assert!(!watch.gone(60_000), "it may have beaten meanwhile");
        for now_ms in (60_300..63_300).step_by(300) {
            watch.look(7, now_ms);
        }
        assert!(watch.gone(63_200));
    }

    #[test]
    fn a_rival_that_beats_lives_and_one_that_does_not_is_gone() {
        let mut rival = Rival::new(7, 1, 0);
        rival.look(7, 2, 300);
        assert!(!rival.lives(0, 300), "that may be a dead process's last word");
        for now_ms in (600..=3_300).step_by(300) {
            rival.look(7, 2, now_ms);
            assert!(!rival.lives(0, now_ms) && rival.gone(now_ms) == (now_ms >= 3_300));
        }
        assert_eq!(rival.seen(), (7, 2));
        rival.look(7, 3, 3_600);
        assert!(rival.lives(0, 3_600) && rival.lives(1, 3_600) && !rival.gone(3_600));
        assert!(!rival.lives(2, 3_600), "who has an earlier place is looked for there first");
        rival.look(7, 3, 3_900);
        assert!(!rival.lives(0, 3_900), "it beats no more");
    }

    #[test]
    fn a_rival_that_another_replaced_is_another() {
        let mut rival = Rival::new(7, 1, 0);
        for now_ms in (300..=2_700).step_by(300) {
            rival.look(7, 1, now_ms);
        }
        rival.look(8, 1, 3_000);
        assert!(!rival.gone(3_000) && !rival.lives(0, 3_000));
        rival.look(8, 2, 3_300);
        assert!(rival.lives(0, 3_300));
    }

    #[test]
    fn who_finds_itself_out_proves_nothing_from_then_on() {
        let mut tenure = Tenure::NONE;
        tenure.proven(5_000);
        tenure.out(5_400);
        assert!(tenure.good(5_399) && !tenure.good(5_400));
        tenure.out(9_000);
        assert!(tenure.replaceable(7_400) && !tenure.good(8_000));
        tenure.proven(9_100);
        assert!(tenure.good(9_500));
    }

    #[test]
    fn nobody_is_told_before_each_follower_has_the_row_or_may_not_answer() {
        let (mut grants, mut tenure) = (Grants::default(), Tenure::NONE);
        tenure.proven(0);
        grants.join(1);
        grants.join(2);
        assert!(grants.give(1, tenure, 100));
        let owed = grants.send(200);
        assert!(!grants.settled(&owed, 200), "1 may answer and has it not");
        grants.acked(1, 1, 210);
        assert!(grants.settled(&owed, 210), "2 was given no word");
        let owed = grants.send(300);
        grants.leave(1);
        assert!(!grants.settled(&owed, 1_149), "it may answer although it left");
        assert!(grants.settled(&owed, 1_150));
        assert!(!grants.give(1, Tenure::SOLE, 1_150), "it is forgotten");
    }

    #[test]
    fn no_word_is_given_that_cannot_be_kept() {
        let mut grants = Grants::default();
        let mut tenure = Tenure::NONE;
        tenure.proven(0);
        grants.join(1);
        assert!(!grants.give(1, tenure, 1_000), "the owner's own proof is over");
        let _ = grants.send(100);
        assert!(grants.give(1, tenure, 400));
        assert!(!grants.give(1, tenure, 401), "it is behind");
        grants.acked(1, 5, 402);
        assert!(!grants.give(1, tenure, 402), "it cannot have what was not sent");
        grants.acked(1, 1, 402);
        assert!(grants.give(1, tenure, 403));
        assert!(!grants.over(403) && grants.over(1_453));
    }

    #[test]
    fn who_left_with_the_word_is_owed_what_comes_later() {
        let mut grants = Grants::default();
        grants.join(1);
        assert!(grants.give(1, Tenure::SOLE, 0));
        grants.leave(1);
        grants.join(2);
        let owed = grants.send(10);
        grants.acked(2, 1, 11);
        assert!(!grants.settled(&owed, 1_049), "1 still answers, without the row");
        assert!(grants.settled(&owed, 1_050));
    }

    #[test]
    fn before_a_lane_is_handed_over_every_word_is_over() {
        let mut grants = Grants::default();
        grants.join(1);
        assert!(grants.give(1, Tenure::SOLE, 0));
        grants.gave_up(1);
        assert!(!grants.over(1), "nobody asked for that, and more word may follow");
        grants.end();
        assert!(!grants.give(1, Tenure::SOLE, 2) && !grants.over(2));
        grants.gave_up(1);
        assert!(grants.over(3));
    }

    #[test]
    fn a_follower_tells_of_nothing_that_another_may_not_have() {
        let mut word = Word::none(4);
        word.given(100);
        assert!(!word.good(100), "what it has may not be settled");
        word.settled(4);
        assert!(word.good(1_099) && !word.good(1_100));
        word.published(5);
        assert!(!word.good(200));
        word.settled(5);
        word.doubt(6);
        assert!(!word.good(200), "row 6 may stand");
        word.published(6);
        word.settled(6);
        assert!(word.good(200));
        word.over();
        assert!(!word.good(200));
    }
}
