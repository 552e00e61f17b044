//! Holds stand still while nobody serves: whoever takes a lane over, or believes the clock again,
//! first gives every hold back what it lost.

use crate::verify::report::{Fault, Promise, fault};
use fanfare_engine::Fact;

/// The lane's owner, and a gap whose holds are still owed their time.
#[derive(Default)]
pub(super) struct Gap {
    owner: Option<u64>,
    doubtful_time: bool,
    /// Since when the next fact must extend all holds, ms.
    owed_since_ms: Option<i64>,
    /// The same for the row after the one in which the time was confirmed.
    confirmed_at_ms: Option<i64>,
}

impl Gap {
    /// Whether lane time is not believed.
    pub(super) fn doubtful_time(&self) -> bool {
        self.doubtful_time
    }

    /// Begins a row while so many units are held.
    pub(super) fn begin(&mut self, held: u64) {
        if let Some(since_ms) = self.confirmed_at_ms.take()
            && held > 0
        {
            self.owed_since_ms = Some(since_ms);
        }
    }

    /// Takes the next fact, of a row made now after one made before; `held` counts held units.
    pub(super) fn fact(
        &mut self,
        fact: &Fact,
        (before_ms, now_ms): (i64, i64),
        held: impl Fn() -> u64,
    ) -> Result<(), Fault> {
        match fact {
            Fact::Opened { owner, doubtful_time } => {
                let other = self.owner.replace(*owner).is_some_and(|before| before != *owner);
                if other {
                    self.owed_since_ms = (!doubtful_time && held() > 0).then_some(before_ms);
                }
                self.doubtful_time = *doubtful_time;
                return Ok(());
            }
            // Whoever takes the lane over at its new place owes the holds their time there.
            Fact::Moved(_) => return Ok(()),
            Fact::Resumed(_) if self.doubtful_time => {
                self.doubtful_time = false;
                self.confirmed_at_ms = Some(now_ms);
            }
            _ => {}
        }
        let Some(owed_ms) = self.owed_since_ms.take() else { return Ok(()) };
        match fact {
            Fact::Extended { since_ms } if *since_ms <= owed_ms => Ok(()),
            _ => Err(fault(Promise::Hold, "holds ran on while nobody served the lane")),
        }
    }
}
