//! So many at a time: threads that wait for their turn.

use std::sync::{Condvar, Mutex, PoisonError};

/// Turns that are not taken.
pub struct Turns {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// A turn; over when this goes.
pub struct Turn<'a>(&'a Turns);

impl Turns {
    /// So many at a time.
    pub const fn new(turns: usize) -> Self {
        Self { free: Mutex::new(turns), given_back: Condvar::new() }
    }

    /// Waits for a turn. Blocks.
    pub fn take(&self) -> Turn<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.given_back.wait_while(free, |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn no_more_than_so_many_have_their_turn_and_everybody_has_one() {
        static TURNS: Turns = Turns::new(2);
        let (now, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let turn = TURNS.take();
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    now.fetch_sub(1, Ordering::SeqCst);
                    drop(turn);
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!((most.into_inner(), done.into_inner()), (2, 20));
    }
}
