//! How often somebody may try a password: by name, and by the network they come from.

use crate::kit::clock::Ticks;
use crate::kit::rates::{Rate, Table, network, seconds};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::net::IpAddr;

/// Tries for one name from one network: 6 a minute on average and in one burst.
const NAME: Rate = Rate { each_ms: 10_000, burst: 6 };

/// Tries for one name from anywhere: far more than one network may make, so that nobody keeps
/// somebody out whose name they know, and few enough that many networks guess no password.
const NAME_ANYWHERE: Rate = Rate { each_ms: 2_000, burst: 120 };

/// Tries from one network: 60 a minute on average and in one burst, a shop's worth of people.
const NETWORK: Rate = Rate { each_ms: 1_000, burst: 60 };

/// Who tried how often lately.
pub struct Rates {
    names: Table,
    names_anywhere: Table,
    networks: Table,
    ticks: Ticks,
}

impl Default for Rates {
    fn default() -> Self {
        let [names, names_anywhere, networks] = [NAME, NAME_ANYWHERE, NETWORK].map(Table::new);
        Self { names, names_anywhere, networks, ticks: Ticks::start() }
    }
}

impl Rates {
    /// Counts a try.
    ///
    /// # Errors
    /// The seconds to wait, if it was one too many.
    pub fn attempt(&self, folded_name: &str, address: Option<IpAddr>) -> Result<(), u32> {
        let now_ms = self.ticks.passed_ms();
        let from = address.map(network);
        // A network that asks too often is refused before the name is looked at: else one machine
        // could keep as many people out as it can name.
        if let Some(from) = from {
            self.networks.count(from, now_ms).map_err(seconds)?;
        }
        self.names.count(hash(&(folded_name, from)), now_ms).map_err(seconds)?;
        self.names_anywhere.count(hash(&folded_name), now_ms).map_err(seconds)
    }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
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
    fn who_knows_a_name_keeps_nobody_out_and_many_networks_guess_no_more() {
        let from = |n: u32| Some(IpAddr::from((0x0B00_0000 + (n << 8)).to_be_bytes()));
        let rates = Rates::default();
        let tried = (0..1_000).filter(|_| rates.attempt("host", from(1)).is_ok()).count();
        assert_eq!(tried, 6);
        assert!(rates.attempt("host", from(2)).is_ok());
        let allowed = (3..1_000).filter(|&n| rates.attempt("host", from(n)).is_ok()).count();
        assert!((100..=120).contains(&allowed), "{allowed}");
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
