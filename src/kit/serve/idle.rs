//! A core that has read all that has come, and handed it on, has nothing to do: until somebody is
//! answered, or somebody new comes, nothing more is heard of it.

use std::sync::Arc;
use tokio::runtime::Builder;

/// Hears of such times of one core, which is busy at first.
pub trait Idle: Send + Sync + 'static {
    /// The core has nothing to do.
    fn begins(&self);

    /// It has something to do again.
    fn ends(&self);
}

/// Tells of the times at which this runtime's thread sleeps.
pub(super) fn tell(idle: Arc<dyn Idle>, runtime: &mut Builder) {
    let ended = idle.clone();
    runtime.on_thread_park(move || idle.begins());
    runtime.on_thread_unpark(move || ended.ends());
}
