//! Rates: signed-in fans by fan, strangers by address. A shop full of phones behind one address
//! is not slowed down once its people are signed in.

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;

const fn per_second(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("a rate above zero")
}

/// Requests a fan may send a second, on average.
pub const FAN_PER_SECOND: NonZeroU32 = per_second(10);

/// Requests a fan may send in one burst.
pub const FAN_BURST: NonZeroU32 = per_second(30);

/// Requests strangers of one network may send a second, on average.
pub const STRANGER_PER_SECOND: NonZeroU32 = per_second(200);

/// Requests strangers of one network may send in one burst.
pub const STRANGER_BURST: NonZeroU32 = per_second(2_000);

/// Who asked how much lately.
pub struct Rates {
    fans: DefaultKeyedRateLimiter<u64>,
    strangers: DefaultKeyedRateLimiter<u64>,
    clock: DefaultClock,
}

impl Default for Rates {
    fn default() -> Self {
        let fans = Quota::per_second(FAN_PER_SECOND).allow_burst(FAN_BURST);
        let strangers = Quota::per_second(STRANGER_PER_SECOND).allow_burst(STRANGER_BURST);
        Self {
            fans: RateLimiter::keyed(fans),
            strangers: RateLimiter::keyed(strangers),
            clock: DefaultClock::default(),
        }
    }
}

impl Rates {
    /// Counts a fan's request.
    ///
    /// # Errors
    /// The seconds to wait, if it was one too many.
    pub fn fan(&self, fan: u64) -> Result<(), u32> {
        let check = self.fans.check_key(&fan);
        check.map_err(|until| seconds(until.wait_time_from(self.clock.now())))
    }

    /// Counts a stranger's request.
    ///
    /// # Errors
    /// The seconds to wait, if it was one too many.
    pub fn stranger(&self, address: IpAddr) -> Result<(), u32> {
        let check = self.strangers.check_key(&network(address));
        check.map_err(|until| seconds(until.wait_time_from(self.clock.now())))
    }

    /// Forgets those who have not asked for a while.
    pub fn forget_idle(&self) {
        self.fans.retain_recent();
        self.strangers.retain_recent();
    }
}

fn seconds(wait: std::time::Duration) -> u32 {
    u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
}

/// The network a stranger comes from: /24, or /64 of version 6.
pub fn network(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(v4) => u64::from(v4.to_bits() >> 8),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => network(IpAddr::V4(v4)),
            // Its highest bit tells it apart from every version 4 network.
            None => (v6.to_bits() >> 64) as u64 | 1 << 63,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network_and_others_do_not() {
        let net = |text: &str| network(text.parse().unwrap());
        assert_eq!(net("10.1.2.3"), net("10.1.2.250"));
        assert_eq!(net("10.1.2.3"), net("::ffff:10.1.2.3"));
        assert_ne!(net("10.1.2.3"), net("10.1.3.3"));
        assert_eq!(net("2001:db8:0:1::1"), net("2001:db8:0:1:ffff::1"));
        assert_ne!(net("2001:db8:0:1::1"), net("2001:db8:0:2::1"));
    }

    #[test]
    fn a_burst_is_allowed_and_then_no_more() {
        let rates = Rates::default();
        let allowed = (0..1_000).filter(|_| rates.fan(7).is_ok()).count();
        assert!((30..60).contains(&allowed), "{allowed}");
        assert!(rates.fan(8).is_ok(), "another fan is not slowed down");
    }
}
