//! While a long journal is read, people who come are told so instead of being left to wait.

use crate::kit::serve;
use crate::pages::{Starting, StartingFront};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::watch;

/// A start that takes no longer is not worth a page.
const UNTOLD: Duration = Duration::from_secs(1);

/// The doors, not open yet.
pub(super) struct Opening {
    ready: Sender<()>,
    told: JoinHandle<()>,
}

impl Opening {
    /// Tells who comes, on these listeners, once the start has taken a second.
    ///
    /// # Errors
    /// If a listener cannot be shared or a thread not started.
    pub(super) fn start(listeners: &[TcpListener], starting: Starting) -> io::Result<Self> {
        let shared: Vec<_> =
            listeners.iter().map(TcpListener::try_clone).collect::<Result<_, _>>()?;
        let (ready, served) = mpsc::channel::<()>();
        let tell = move || {
            if served.recv_timeout(UNTOLD) != Err(mpsc::RecvTimeoutError::Timeout) {
                return;
            }
            let starting = Arc::new(starting);
            let (stopper, stop) = watch::channel(false);
            let make = move || StartingFront(starting.clone());
            let Ok(fronts) = serve::start(shared, make, &stop) else { return };
            let _ = served.recv();
            let _ = stopper.send(true);
            fronts.into_iter().for_each(|front| drop(front.join()));
        };
        let told = thread::Builder::new().name("opening".to_owned()).spawn(tell)?;
        Ok(Self { ready, told })
    }

    /// The server serves: nobody is told any more.
    pub(super) fn end(self) {
        let _ = self.ready.send(());
        let _ = self.told.join();
    }
}
