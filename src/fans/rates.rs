//! How often somebody may try a password: by name, and by the network they come from.

use crate::kit::clock::Ticks;
use crate::kit::rates::{Rate, Table, network, seconds};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;

/// Tries for one name: 6 a minute on average and in one burst.
const NAME: Rate = Rate { each_ms: 10_000, burst: 6 };

/// Tries from one network: 60 a minute on average and in one burst, a shop's worth of people.
const NETWORK: Rate = Rate { each_ms: 1_000, burst: 60 };

/// Who tried how often lately.
pub struct Rates {
    names: Table,
    networks: Table,
    ticks: Ticks,
}

impl Default for Rates {
    fn default() -> Self {
        Self { names: Table::new(NAME), networks: Table::new(NETWORK), ticks: Ticks::start() }
    }
}

impl Rates {
    /// Counts a try.
    ///
    /// # Errors
    /// The seconds to wait, if it was one too many.
    pub fn attempt(&self, folded_name: &str, address: Option<IpAddr>) -> Result<(), u32> {
        let now_ms = self.ticks.passed_ms();
        let mut name = DefaultHasher::new();
        folded_name.hash(&mut name);
        // A network that asks too often is refused before the name is looked at: else one machine
        // could keep as many people out as it can name.
        if let Some(address) = address {
            self.networks.count(network(address), now_ms).map_err(seconds)?;
        }
        self.names.count(name.finish(), now_ms).map_err(seconds)
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

    #[test]
    fn a_network_that_tries_too_often_keeps_nobody_out() {
        let (rates, there) = (Rates::default(), Some(IpAddr::from([10, 0, 0, 1])));
        for n in 0..6_000 {
            let _ = rates.attempt(&format!("fan-{}", n % 1_000), there);
        }
        let here = |n: u32| Some(IpAddr::from((0x0B00_0000 + (n << 8)).to_be_bytes()));
        let kept_out = (0..1_000).filter(|&n| rates.attempt(&format!("fan-{n}"), here(n)).is_err());
        assert_eq!(kept_out.count(), 0);
    }
}
