//! Receipts read back from the journal, off the hot threads and by a few readers only: a reader is
//! a connection to each journal, and a crowd that repeats its claims must not take the databases'
//! last.

use super::head::{HeadDoc, seal_json};
use crate::app::App;
use crate::kit::clock::Stopwatch;
use crate::kit::hex;
use crate::kit::journal::{JournalReader, Journals};
use crate::kit::problem::Problem;
use fanfare_engine::Place;
use fanfare_lane::{KeyId, LaneId, PublicKey, Sealed, leaf_hashes, path};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Most readers of a node. Each has a connection to every journal it was asked about.
pub const READERS_MAX: usize = 4;

/// How long a reader is waited for.
const WAIT: Duration = Duration::from_millis(500);

/// A reader nobody needed for so long is closed.
const IDLE_US: u64 = 10_000_000;

/// Reads rows for receipts, and whatever else a request reads of the journal.
pub struct Receipts {
    journals: Journals,
    leave: Arc<Semaphore>,
    idle: Mutex<Vec<(JournalReader, Stopwatch)>>,
    /// Where lanes' rows are, as readers found, for those that come: the journal that would tell
    /// them may be waited for in vain.
    homes: Mutex<BTreeMap<LaneId, usize>>,
}

impl Receipts {
    /// Over these journals.
    pub fn new(journals: Journals) -> Arc<Self> {
        let leave = Arc::new(Semaphore::new(READERS_MAX));
        Arc::new(Self { journals, leave, idle: Mutex::default(), homes: Mutex::default() })
    }

    /// Has a reader do something, on a thread that may block.
    ///
    /// # Errors
    /// `busy` if none is free in time, or the journal cannot be read.
    pub async fn read<R: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&JournalReader) -> Result<R, String> + Send + 'static,
    ) -> Result<R, Problem> {
        let busy = || Problem::new("busy");
        // Waited for here: a thread that waits is one less for everything else.
        let leave = timeout(WAIT, self.leave.clone().acquire_owned()).await;
        let leave = leave.map_err(|_| busy())?.map_err(|_| busy())?;
        let receipts = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let read = receipts.with_reader(work);
            // Not before the reader is back, or another would be opened beside it.
            drop(leave);
            read
        });
        read.await.map_err(|_| busy())?.map_err(|why| {
            tracing::error!(why, "the journal cannot be read");
            busy()
        })
    }

    fn with_reader<R>(
        &self,
        work: impl FnOnce(&JournalReader) -> Result<R, String>,
    ) -> Result<R, String> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match kept {
            Some((reader, _)) => reader,
            None => {
                let reader = JournalReader::known(&self.journals).map_err(|why| why.to_string())?;
                let homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
                homes.iter().for_each(|(lane, home)| reader.knows(*lane, *home));
                reader
            }
        };
        let result = work(&reader);
        self.homes.lock().unwrap_or_else(PoisonError::into_inner).extend(reader.homes());
        let idle = (reader, Stopwatch::start());
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        result
    }

    /// Closes readers nobody needs any more; those used last are at the end. Blocks.
    pub fn close_idle(&self) {
        self.close_idle_for(IDLE_US);
    }

    fn close_idle_for(&self, idle_us: u64) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let needed = |(_, since): &(_, Stopwatch)| since.passed_us() < idle_us;
        let from = idle.iter().position(needed).unwrap_or(idle.len());
        let closed: Vec<_> = idle.drain(..from).collect();
        // Whoever wants a reader does not wait until these have said goodbye.
        drop(idle);
        drop(closed);
    }

    /// A short receipt, as a 201 carries it.
    ///
    /// # Errors
    /// `busy` if the row cannot be read now.
    pub async fn short(self: &Arc<Self>, lane: LaneId, place: Place) -> Result<String, Problem> {
        self.read(move |reader| short(reader, lane, place)).await
    }

    /// The key a row was signed with.
    ///
    /// # Errors
    /// `busy` if the row cannot be read now.
    pub async fn signed_with(self: &Arc<Self>, lane: LaneId, seq: u32) -> Result<KeyId, Problem> {
        self.read(move |reader| Ok(row(reader, lane, seq)?.seal.key)).await
    }
}

/// The receipt one keeps: fact, place, path, signed head, and the festival's key it was signed
/// with.
///
/// # Errors
/// `busy` if the row cannot be read now.
pub async fn full(app: &Arc<App>, lane: LaneId, place: Place) -> Result<Value, Problem> {
    let of = app.clone();
    let read = app.receipts.read(move |reader| {
        let sealed = row(reader, lane, place.seq)?;
        let key = of.node.keys.named(&sealed.seal.key);
        receipt_json(of.festival.id().as_str(), key, &sealed, usize::from(place.index))
    });
    read.await
}

fn row(reader: &JournalReader, lane: LaneId, seq: u32) -> Result<Sealed, String> {
    let row = reader.rows(lane, seq, 1).map_err(|why| why.to_string())?.pop();
    row.filter(|sealed| sealed.row.header.seq == seq)
        .ok_or_else(|| format!("lane {lane}, row {seq} is not in the journal"))
}

/// The short receipt of the fact at this place. Blocks.
///
/// # Errors
/// If the row cannot be read.
pub fn short(reader: &JournalReader, lane: LaneId, place: Place) -> Result<String, String> {
    let head = HeadDoc::new(&row(reader, lane, place.seq)?);
    short_receipt(&head, place).ok_or_else(|| "no such fact".to_owned())
}

/// The short receipt of a fact of this row.
pub fn short_receipt(head: &HeadDoc, place: Place) -> Option<String> {
    let span = head.sealed.row.spans().nth(usize::from(place.index))?;
    let fact = hex::base64(span.ok()?);
    Some(format!(r#"{{"fact":"{fact}",{}}}"#, head.receipt()))
}

/// The receipt of one fact of a row.
///
/// # Errors
/// If the row has no such fact.
pub fn receipt_json(
    festival: &str,
    key: &PublicKey,
    sealed: &Sealed,
    index: usize,
) -> Result<Value, String> {
    let facts: Vec<&[u8]> =
        sealed.row.spans().collect::<Result<_, _>>().map_err(|why| why.to_string())?;
    let leaves = leaf_hashes(&facts);
    let fact = facts.get(index).ok_or("no such fact")?;
    let siblings: Vec<String> = path(leaves, index).iter().map(|hash| hex::base64(hash)).collect();
    let mut head = json!({ "row": hex::base64(&sealed.row.header.to_bytes()) });
    if let Value::Object(head) = &mut head {
        let members = seal_json(&sealed.seal);
        head.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    Ok(json!({
        "version": 1,
        "kind": "receipt",
        "festival": festival,
        "fact": hex::base64(fact),
        "place": { "index": index, "count": facts.len(), "siblings": siblings },
        "head": head,
        "public_key": hex::hex(&key.0),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::journal::JournalWriter;
    use crate::kit::scratch::Scratch;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread::sleep;
    use tokio::runtime::Runtime;

    fn over(scratch: &Scratch) -> Arc<Receipts> {
        let journals: Journals = scratch.path().join("journal.sqlite").into();
        JournalWriter::open(&journals).unwrap();
        Receipts::new(journals)
    }

    fn runtime() -> Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn a_crowd_is_read_for_by_a_few_that_are_closed_when_it_is_gone() {
        let scratch = Scratch::new(None, "receipts").unwrap();
        let (receipts, now, most) = (over(&scratch), Arc::new(AtomicUsize::new(0)), Arc::default());
        runtime().block_on(async {
            let crowd = (0..200).map(|_| {
                let (now, most): (_, Arc<AtomicUsize>) = (now.clone(), Arc::clone(&most));
                let receipts = receipts.clone();
                tokio::spawn(async move {
                    let work = move |_: &JournalReader| {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        sleep(Duration::from_millis(2));
                        now.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    };
                    receipts.read(work).await
                })
            });
            for one in crowd.collect::<Vec<_>>() {
                one.await.unwrap().unwrap();
            }
        });
        let kept = || receipts.idle.lock().unwrap().len();
        assert!(most.load(Ordering::SeqCst) > 1, "they read beside each other");
        assert!(most.load(Ordering::SeqCst) <= READERS_MAX, "{most:?}");
        assert!((1..=READERS_MAX).contains(&kept()), "{}", kept());
        receipts.close_idle();
        assert!(kept() > 0, "they may be needed again in a moment");
        sleep(Duration::from_millis(2));
        receipts.close_idle_for(1_000);
        assert_eq!(kept(), 0);
    }

    #[test]
    fn who_finds_no_reader_free_hears_busy_and_waits_no_longer_than_said() {
        let scratch = Scratch::new(None, "receipts").unwrap();
        let receipts = over(&scratch);
        runtime().block_on(async {
            let (ends, ended) = std::sync::mpsc::channel::<()>();
            let ended = Arc::new(Mutex::new(ended));
            let held = (0..READERS_MAX).map(|_| {
                let (receipts, ended) = (receipts.clone(), ended.clone());
                let wait = move |_: &JournalReader| {
                    let _ = ended.lock().unwrap().recv();
                    Ok(())
                };
                tokio::spawn(async move { receipts.read(wait).await })
            });
            let held: Vec<_> = held.collect();
            tokio::task::yield_now().await;
            let watch = Stopwatch::start();
            let refused = receipts.read(|_| Ok(())).await.unwrap_err();
            assert_eq!(refused.code, "busy");
            assert!((0.4..5.0).contains(&watch.passed_s()), "{}", watch.passed_s());
            drop(ends);
            for one in held {
                one.await.unwrap().unwrap();
            }
            receipts.read(|_| Ok(())).await.unwrap();
        });
    }
}
