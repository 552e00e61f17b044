//! Rates: signed-in fans by fan, strangers by address. A shop full of phones behind one address
//! is not slowed down once its people are signed in.

mod table;

use super::clock::Ticks;
use std::net::IpAddr;
pub use table::{Rate, Table};

/// A fan's rate: 10 a second on average.
const FAN: Rate = Rate { each_ms: 100, burst: 30 };

/// The rate of all strangers of one network together: 200 a second on average.
const STRANGERS: Rate = Rate { each_ms: 5, burst: 2_000 };

/// Who asked how much lately.
pub struct Rates {
    fans: Table,
    strangers: Table,
    ticks: Ticks,
}

impl Default for Rates {
    fn default() -> Self {
        Self { fans: Table::new(FAN), strangers: Table::new(STRANGERS), ticks: Ticks::start() }
    }
}

impl Rates {
    /// Counts a fan's request.
    ///
    /// # Errors
    /// The seconds to wait, if it was one too many.
    pub fn fan(&self, fan: u64) -> Result<(), u32> {
        self.fans.count(fan, self.ticks.passed_ms()).map_err(seconds)
    }

    /// Counts a stranger's request.
    ///
    /// # Errors
    /// The seconds to wait, if it was one too many.
    pub fn stranger(&self, address: IpAddr) -> Result<(), u32> {
        self.strangers.count(network(address), self.ticks.passed_ms()).map_err(seconds)
    }
}

/// Whole seconds to wait, never too few.
pub fn seconds(wait_ms: u64) -> u32 {
    u32::try_from(wait_ms / 1_000).unwrap_or(u32::MAX).saturating_add(1)
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
}
