//! The thread the cold side runs on. Fronts hand it what they want done and wait without holding
//! anybody up; it gives way to them when the machine is busy.

use super::{Database, Db, DbError, Migration, migrate};
use std::future::Future;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How much the thread, and those it starts, give way: the crowd goes first.
const NICE: i32 = 10;

/// How long closing may take at the end, ms.
const CLOSE_WITHIN_MS: u64 = 2_000;

/// The cold side: a database, and the thread on which it is asked.
pub struct Cold {
    db: Db,
    handle: Handle,
    running: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

fn stopping() -> DbError {
    DbError("the server is stopping".to_owned())
}

impl Cold {
    /// Opens the database, brings its tables up to date, and starts the thread.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn open(
        place: &Database,
        files: &'static [Migration],
        now_ms: i64,
    ) -> Result<Self, DbError> {
        let place = place.clone();
        Self::start(async move {
            let db = place.open().await?;
            migrate(&db, files, now_ms).await?;
            Ok(db)
        })
    }

    /// Opens a database that is there, to read it.
    ///
    /// # Errors
    /// If it is not there or cannot be read.
    pub fn look(place: &Database) -> Result<Self, DbError> {
        let place = place.clone();
        Self::start(async move { place.look().await })
    }

    fn start(
        opening: impl Future<Output = Result<Db, DbError>> + Send + 'static,
    ) -> Result<Self, DbError> {
        let fault = |why: std::io::Error| DbError(why.to_string());
        let runtime = Builder::new_current_thread().enable_all().build().map_err(fault)?;
        let handle = runtime.handle().clone();
        let (stopper, stop) = oneshot::channel();
        let (sender, opened) = mpsc::channel();
        let body = move || {
            // It may refuse; then the cold side asks for as much as everybody.
            let _ = rustix::process::nice(NICE);
            runtime.block_on(async move {
                let opening = opening.await;
                let db = opening.as_ref().ok().cloned();
                let _ = sender.send(opening);
                let _ = stop.await;
                if let Some(db) = db {
                    let within = std::time::Duration::from_millis(CLOSE_WITHIN_MS);
                    let _ = tokio::time::timeout(within, db.close()).await;
                }
            });
        };
        let thread = std::thread::Builder::new().name("cold".to_owned()).spawn(body);
        let thread = thread.map_err(fault)?;
        let db = opened.recv().map_err(|_| stopping())??;
        Ok(Self { db, handle, running: Mutex::new(Some((stopper, thread))) })
    }

    /// The database, for what runs on the thread.
    pub fn db(&self) -> Db {
        self.db.clone()
    }

    /// Has something done on the thread and waits without blocking.
    ///
    /// # Errors
    /// What it says, or that the server is stopping.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, DbError>> + Send + 'static,
    ) -> Result<T, DbError> {
        self.handle.spawn(work).await.map_err(|_| stopping())?
    }

    /// Has something done on the thread and waits; not for threads that answer requests.
    ///
    /// # Errors
    /// What it says, or that the server is stopping.
    pub fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, DbError>> + Send + 'static,
    ) -> Result<T, DbError> {
        let (sender, done) = mpsc::channel();
        self.handle.spawn(async move { sender.send(work.await) });
        done.recv().map_err(|_| stopping())?
    }

    /// Lets go of something that holds a connection, which only the thread can take back.
    pub fn let_go<T>(&self, held: T) {
        let entered = self.handle.enter();
        drop(held);
        drop(entered);
    }

    /// Closes the database and ends the thread.
    pub fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((stopper, thread)) = running else { return };
        let _ = stopper.send(());
        let _ = thread.join();
    }
}

impl Drop for Cold {
    fn drop(&mut self) {
        self.stop();
    }
}
