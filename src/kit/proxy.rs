//! Proxies whose word is taken: who the caller behind them is, and whether it came by https.
//!
//! Anybody can write `X-Forwarded-For`. Only what a trusted peer has put at its end is believed,
//! so the list is read from its end and no further than the first address that is not trusted.

use super::serve::Fields;
use axum::http::HeaderName;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// Most entries of the list that are looked at; more proxies than this stand behind one another
/// nowhere.
const ENTRIES_MAX: usize = 32;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A network in CIDR notation, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    /// Leading bits of 128; version 4 addresses lie in the highest 32.
    mask: u128,
}

/// An address's bits, those of version 4 in the highest 32.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, length) =
            text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let base = address.parse::<IpAddr>();
        let base = base.map_err(|_| "write a network like 10.0.0.0/8 or fd00::/8".to_owned())?;
        if base.to_canonical() != base {
            return Err(format!("write it as version 4: {}", base.to_canonical()));
        }
        let whole = if base.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(whole), str::parse::<u32>);
        let length = length.ok().filter(|length| *length <= whole);
        let length = length.ok_or_else(|| format!("write a length from 0 to {whole} after /"))?;
        let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
        if bits(base) & mask != bits(base) {
            return Err(format!("the address has bits beyond the first {length}: make them 0"));
        }
        Ok(Self { base, mask })
    }
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        self.base.is_ipv4() == address.is_ipv4() && bits(address) & self.mask == bits(self.base)
    }
}

/// Who called, as far as can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its address; the port is 0 if only a proxy knows it.
    pub address: SocketAddr,
    /// Whether it came by https.
    pub https: bool,
}

/// The proxies whose word is taken.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<Network>);

impl Proxies {
    /// Those in these networks.
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.holds(address))
    }

    /// Who called, if this peer handed the request in.
    pub fn said(&self, peer: SocketAddr, fields: &impl Fields) -> Caller {
        if !self.trusts(peer.ip()) {
            return Caller { address: peer, https: false };
        }
        let address = self.forwarded(fields).map_or(peer, |ip| SocketAddr::new(ip, 0));
        let scheme = fields.all(&FORWARDED_PROTO).next_back();
        let scheme = scheme.and_then(|value| str::from_utf8(value).ok());
        let scheme = scheme.and_then(|text| text.rsplit(',').next()).unwrap_or_default();
        Caller { address, https: scheme.trim().eq_ignore_ascii_case("https") }
    }

    /// The last entry that is not trusted itself. What is no address ends the list: whoever wrote
    /// it, what stands before it may be anybody's.
    fn forwarded(&self, fields: &impl Fields) -> Option<IpAddr> {
        let values = fields.all(&FORWARDED_FOR).rev();
        let texts = values.map(|value| str::from_utf8(value).unwrap_or_default());
        let entries = texts.flat_map(|text| text.rsplit(',')).take(ENTRIES_MAX);
        let mut nearest = None;
        for address in entries.map_while(address) {
            nearest = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        nearest
    }
}

/// An entry's address, with or without brackets and port.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, HeaderValue};

    fn called(peer: &str, pairs: &[(&'static str, &str)]) -> (String, bool) {
        let trusted = ["10.0.0.0/8", "fd00::/8", "192.0.2.7"].map(|text| text.parse().unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 5);
        let caller = Proxies::new(trusted.to_vec()).said(peer, &headers);
        (caller.address.ip().to_string(), caller.https)
    }

    fn client(list: &str) -> String {
        called("10.0.0.1", &[("x-forwarded-for", list)]).0
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let lies = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https")];
        for peer in ["9.9.9.9", "11.0.0.1", "192.0.2.8", "fe00::1", "::1"] {
            assert_eq!(called(peer, &lies), (peer.to_owned(), false));
        }
        for peer in ["10.255.0.1", "::ffff:10.0.0.1", "192.0.2.7", "fdff::9"] {
            assert_eq!(called(peer, &lies), ("1.1.1.1".to_owned(), true));
        }
        let nobody = Proxies::default().said("10.0.0.1:5".parse().unwrap(), &HeaderMap::new());
        assert_eq!((nobody.address.port(), nobody.https), (5, false));
    }

    #[test]
    fn the_last_address_that_is_not_trusted_is_the_callers() {
        for (list, is) in [
            ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
            ("6.6.6.6, 1.2.3.4, 10.1.1.1, fd00::2", "1.2.3.4"),
            ("rubbish, 1.2.3.4", "1.2.3.4"),
            ("1.2.3.4:5678", "1.2.3.4"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ] {
            assert_eq!(client(list), is, "{list}");
        }
        let twice = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4, 10.1.1.1")];
        assert_eq!(called("10.0.0.1", &twice).0, "1.2.3.4");
    }

    #[test]
    fn what_is_no_address_ends_the_list() {
        for list in
            ["", ",", "unknown", "6.6.6.6, unknown", "6.6.6.6,", "1.2.3.4.5", "6.6.6.6\u{e9}"]
        {
            assert_eq!(client(list), "10.0.0.1", "{list}");
        }
        assert_eq!(client("6.6.6.6, _hidden, 10.1.1.1"), "10.1.1.1");
        assert_eq!(client(&"x".repeat(15_000)), "10.0.0.1");
        let long = format!("6.6.6.6{}", ", 10.1.1.1".repeat(1_000));
        assert_eq!(client(&long), "10.1.1.1", "no more than the bound is read");
    }

    #[test]
    fn the_scheme_is_what_the_nearest_proxy_wrote() {
        let https = |text: &str| called("10.0.0.1", &[("x-forwarded-proto", text)]).1;
        assert!(https("https") && https("HTTPS ") && https("http, https"));
        for not in ["", "http", "https, http", "https:", "wss", "\u{e9}"] {
            assert!(!https(not), "{not}");
        }
        let twice = [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")];
        assert!(!called("10.0.0.1", &twice).1);
    }

    #[test]
    fn a_network_that_is_none_is_told_how_to_be_one() {
        let fault = |text: &str| text.parse::<Network>().unwrap_err();
        assert!(fault("proxy.example").contains("10.0.0.0/8"));
        assert!(fault("10.0.0.0/33").contains("0 to 32"));
        assert!(fault("10.0.0.0/").contains("0 to 32"));
        assert!(fault("10.0.0.1/8").contains("first 8"));
        assert!(fault("::ffff:10.0.0.0/104").contains("10.0.0.0"));
        let anybody: Network = "::/0".parse().unwrap();
        assert!(anybody.holds("2001:db8::1".parse().unwrap()));
        assert!(!anybody.holds("1.2.3.4".parse().unwrap()), "each version has its own");
    }
}
