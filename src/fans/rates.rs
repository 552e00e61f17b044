//! How often somebody may try a password: by name, and by the network they come from.

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;
use std::num::NonZeroU32;

const fn tries(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("a rate above zero")
}

/// Tries a minute for one name, on average and in one burst.
pub const NAME_PER_MINUTE: NonZeroU32 = tries(6);

/// Tries a minute from one network, on average and in one burst: a shop's worth of people.
pub const NETWORK_PER_MINUTE: NonZeroU32 = tries(60);

/// Who tried how often lately.
pub struct Rates {
    names: DefaultKeyedRateLimiter<u64>,
    networks: DefaultKeyedRateLimiter<u64>,
    clock: DefaultClock,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            names: RateLimiter::keyed(Quota::per_minute(NAME_PER_MINUTE)),
            networks: RateLimiter::keyed(Quota::per_minute(NETWORK_PER_MINUTE)),
            clock: DefaultClock::default(),
        }
    }
}

impl Rates {
    /// Counts a try.
    ///
    /// # Errors
    /// The seconds to wait, if it was one too many.
    pub fn attempt(&self, folded_name: &str, address: Option<IpAddr>) -> Result<(), u32> {
        let mut name = DefaultHasher::new();
        folded_name.hash(&mut name);
        let network = address.map(crate::kit::rates::network);
        let networks = network.map(|network| self.networks.check_key(&network));
        let names = self.names.check_key(&name.finish());
        let late = [names.err(), networks.and_then(Result::err)].into_iter().flatten();
        let wait = late.map(|until| until.wait_time_from(self.clock.now())).max();
        wait.map_or(Ok(()), |wait| {
            Err(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1))
        })
    }

    /// Forgets those who have not tried for a while.
    pub fn forget_idle(&self) {
        self.names.retain_recent();
        self.networks.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_tried_a_few_times_and_another_is_not_slowed_down() {
        let (rates, here) = (Rates::default(), Some(IpAddr::from([10, 0, 0, 1])));
        let allowed = (0..20).filter(|_| rates.attempt("ada", here).is_ok()).count();
        assert_eq!(allowed, 6);
        assert!(rates.attempt("bob", here).is_ok());
        let allowed = (0..200).filter(|n| rates.attempt(&format!("fan-{n}"), here).is_ok()).count();
        assert!(allowed < 60, "one network does not try every name: {allowed}");
        assert!(rates.attempt("eve", Some(IpAddr::from([10, 0, 1, 1]))).is_ok());
    }
}
