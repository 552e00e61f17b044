//! How many connections are open: of all listeners of the process, without those that were handed
//! over to be watched by.

use std::sync::atomic::{AtomicUsize, Ordering};

static OPEN: AtomicUsize = AtomicUsize::new(0);

/// How many there are.
pub fn connections() -> usize {
    OPEN.load(Ordering::Relaxed)
}

/// One of them, as long as it lives.
pub(super) struct Connection(());

impl Connection {
    pub(super) fn opened() -> Self {
        OPEN.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}
