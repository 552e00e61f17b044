//! Where a crowd asks, read from a request's method and target.

use axum::http::Method;

/// What stands before a drop's id.
const DROPS: &str = "/api/v1/drops/";

/// What stands before a claim's id.
const CLAIMS: &str = "/api/v1/claims/";

/// The drop's id, if the path is that of its claims.
pub fn claims_of<'a>(method: &Method, path: &'a str) -> Option<&'a str> {
    if method != Method::POST {
        return None;
    }
    path.strip_prefix(DROPS)?.strip_suffix("/claims").filter(|id| !id.contains('/'))
}

/// The drop's id, if the path is that of the drop itself.
pub fn state_of<'a>(method: &Method, path: &'a str) -> Option<&'a str> {
    if method != Method::GET {
        return None;
    }
    path.strip_prefix(DROPS).filter(|id| !id.contains('/'))
}

/// What a crowd asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A claim of a drop.
    Claims,
    /// How a drop stands.
    Drop,
    /// That a claim is paid.
    Settlement,
    /// That a claim is given back.
    Release,
}

/// Where a crowd asks, as every client writes it: an id that is written in another way, or a query
/// behind it, is the router's to read.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// What for.
    pub what: What,
    from: usize,
    id_bytes: usize,
}

impl Place {
    /// Where this asks, if it is what a crowd asks.
    pub fn of(method: &Method, target: &str) -> Option<Self> {
        let drops = target.starts_with(DROPS);
        let from = if drops { DROPS.len() } else { CLAIMS.len() };
        let behind = if drops { target.get(from..) } else { target.strip_prefix(CLAIMS) }?;
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let id_bytes = behind.bytes().take_while(plain).count();
        let what = match &behind.as_bytes()[id_bytes..] {
            b"/claims" if drops && method == Method::POST => What::Claims,
            b"" if drops && method == Method::GET => What::Drop,
            b"/settlement" if !drops && method == Method::POST => What::Settlement,
            b"/release" if !drops && method == Method::POST => What::Release,
            _ => return None,
        };
        Some(Self { what, from, id_bytes })
    }

    /// The drop's or claim's id in what it is the place of.
    pub fn id(self, target: &str) -> &str {
        target.get(self.from..self.from + self.id_bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_the_same_drop() {
        let (get, post) = (Method::GET, Method::POST);
        for id in ["boxes", "round-2013-08-12", "", "claims"] {
            let state = format!("/api/v1/drops/{id}");
            let claims = format!("{state}/claims");
            let place = |method: &Method, target: &str| {
                let place = Place::of(method, target)?;
                Some((place.what, place.id(target).to_owned()))
            };
            assert_eq!(place(&get, &state), Some((What::Drop, id.to_owned())));
            assert_eq!(place(&post, &claims), Some((What::Claims, id.to_owned())));
            assert_eq!((state_of(&get, &state), claims_of(&post, &claims)), (Some(id), Some(id)));
            assert_eq!((place(&post, &state), place(&get, &claims)), (None, None));
            // What is written in another way is the router's to read.
            for odd in ["?a=b", "%2d", "/", "/claims", "/release", "é"] {
                assert_eq!(place(&get, &format!("{state}{odd}")), None, "{odd}");
                assert_eq!(place(&post, &format!("{claims}{odd}")), None, "{odd}");
            }
        }
        assert!(Place::of(&get, "/api/v1/drop/boxes").is_none());
    }

    #[test]
    fn what_becomes_of_a_claim_is_found_by_its_id() {
        let (get, post) = (Method::GET, Method::POST);
        for (end, what) in [("settlement", What::Settlement), ("release", What::Release)] {
            let target = format!("/api/v1/claims/1-20-300/{end}");
            let place = Place::of(&post, &target).unwrap();
            assert_eq!((place.what, place.id(&target)), (what, "1-20-300"));
            assert!(Place::of(&get, &target).is_none());
            for odd in ["?a=b", "/", "s"] {
                assert!(Place::of(&post, &format!("{target}{odd}")).is_none(), "{odd}");
            }
        }
        for other in
            ["/api/v1/claims/1-20-300", "/api/v1/claims/1-20-300/return", "/api/v1/claims/"]
        {
            assert!(Place::of(&post, other).is_none(), "{other}");
        }
    }
}
