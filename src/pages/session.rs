//! A guest's session: one tap makes a fan number, two cookies carry it. The short one acts, the
//! long one is good for nothing but a new short one.

use crate::drops::gate::{SESSION_COOKIE, cookie};
use crate::kit::token::{GUEST_S, Role, SESSION_S, Session, Tokens, Use};
use axum::http::HeaderMap;
use fanfare_engine::Fan;

/// The cookie that keeps a guest's fan number between visits.
pub const GUEST_COOKIE: &str = "fanfare-guest";

/// Guests' fan numbers begin here; below it, accounts will be counted.
pub const GUESTS_FROM: u64 = 1 << 52;

/// How long a form that makes a guest may lie open, seconds.
const FORM_S: u32 = 3_600;

/// Who a request's cookies say it is from, and the cookies to answer with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The session, if there is one.
    pub session: Option<Session>,
    /// Values for `Set-Cookie`.
    pub cookies: Vec<String>,
}

fn seconds(ms: i64) -> u32 {
    u32::try_from(ms.div_euclid(1000)).unwrap_or(0)
}

/// Reads the cookies. A guest whose session is over or past half its life gets a new one.
pub fn known(tokens: &Tokens, headers: &HeaderMap, now_ms: i64) -> Known {
    let checked =
        |name, used| cookie(headers, name).and_then(|token| tokens.check(token, used, now_ms).ok());
    let session = checked(SESSION_COOKIE, Use::Session);
    let left_s = |session: &Session| session.until_s.saturating_sub(seconds(now_ms));
    match (session, checked(GUEST_COOKIE, Use::Guest)) {
        (Some(session), Some(guest))
            if session.fan == guest.fan
                && session.role == Role::Fan
                && left_s(&session) < SESSION_S / 2 =>
        {
            entered(tokens, &guest, now_ms)
        }
        (None, Some(guest)) => entered(tokens, &guest, now_ms),
        (session, _) => Known { session, cookies: Vec::new() },
    }
}

/// A new session for this guest. The long cookie is renewed when half of it is gone.
pub fn entered(tokens: &Tokens, guest: &Session, now_ms: i64) -> Known {
    let since_s = seconds(now_ms);
    let of = |for_s: u32| Session {
        fan: guest.fan,
        role: Role::Fan,
        until_s: since_s.saturating_add(for_s),
    };
    let session = of(SESSION_S);
    let token = tokens.make(&session, Use::Session);
    let mut cookies = vec![set(SESSION_COOKIE, &token, SESSION_S)];
    if guest.until_s.saturating_sub(since_s) < GUEST_S / 2 {
        cookies.push(set(GUEST_COOKIE, &tokens.make(&of(GUEST_S), Use::Guest), GUEST_S));
    }
    Known { session: Some(session), cookies }
}

/// A guest nobody has been before, good for as long as a form may lie open.
pub fn new_guest(now_ms: i64) -> Option<Session> {
    let number = GUESTS_FROM + (u64::from_be_bytes(random()?) % GUESTS_FROM);
    let until_s = seconds(now_ms).saturating_add(FORM_S);
    Some(Session { fan: Fan::new(number)?, role: Role::Fan, until_s })
}

/// The guest a form proposes to be, if we made it. A form sent twice is one guest, not two.
pub fn proposed(tokens: &Tokens, token: &str, now_ms: i64) -> Option<Session> {
    let guest = tokens.check(token, Use::Guest, now_ms).ok()?;
    (guest.fan.get() >= GUESTS_FROM && guest.role == Role::Fan).then_some(guest)
}

/// Random bytes from the system; none if it has none to give.
pub fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

/// A `Set-Cookie` that scripts cannot read and other sites' forms do not carry. Over https every
/// answer's cookies become `Secure` as well: `tls::over_https`.
pub fn set(name: &str, value: &str, seconds: u32) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, header};

    const NOW_MS: i64 = 1_700_000_000_000;

    fn with(pairs: &[(&str, &str)]) -> HeaderMap {
        let text: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let value = HeaderValue::from_str(&text.join("; ")).unwrap();
        HeaderMap::from_iter([(header::COOKIE, value)])
    }

    #[test]
    fn a_session_past_half_its_life_is_renewed_by_its_guest_only() {
        let tokens = Tokens::new([7; 32]);
        let guest = new_guest(NOW_MS).unwrap();
        let other = new_guest(NOW_MS).unwrap();
        assert_ne!(guest.fan, other.fan);
        let made = entered(&tokens, &guest, NOW_MS);
        assert_eq!(made.cookies.len(), 2, "a guest that enters gets both cookies");
        let value = |cookie: &str| cookie.split(['=', ';']).nth(1).unwrap().to_owned();
        let (short, long) = (value(&made.cookies[0]), value(&made.cookies[1]));
        let both = with(&[(SESSION_COOKIE, &short), (GUEST_COOKIE, &long)]);
        let later = |s: i64| known(&tokens, &both, NOW_MS + s * 1_000);
        assert!(later(60).cookies.is_empty());
        assert_eq!(later(8 * 60).cookies.len(), 1);
        assert_eq!(later(3_600).session.map(|s| s.fan), Some(guest.fan));
        assert_eq!(later(50 * 24 * 3_600).cookies.len(), 2);
        assert_eq!(later(91 * 24 * 3_600), Known::default());
        let theirs = value(&entered(&tokens, &other, NOW_MS).cookies[1]);
        let mixed = with(&[(SESSION_COOKIE, &short), (GUEST_COOKIE, &theirs)]);
        let mixed = known(&tokens, &mixed, NOW_MS + 8 * 60_000);
        assert_eq!((mixed.session.unwrap().fan, mixed.cookies.len()), (guest.fan, 0));
    }

    #[test]
    fn the_long_cookie_acts_as_nobody_and_the_short_one_renews_nothing() {
        let tokens = Tokens::new([7; 32]);
        let guest = new_guest(NOW_MS).unwrap();
        let (long, short) = (tokens.make(&guest, Use::Guest), tokens.make(&guest, Use::Session));
        assert_eq!(known(&tokens, &with(&[(SESSION_COOKIE, &long)]), NOW_MS), Known::default());
        assert_eq!(known(&tokens, &with(&[(GUEST_COOKIE, &short)]), NOW_MS), Known::default());
        assert_eq!(proposed(&tokens, &long, NOW_MS), Some(guest));
        assert_eq!(proposed(&tokens, &short, NOW_MS), None);
        let low = Session { fan: Fan::new(7).unwrap(), ..guest };
        assert_eq!(proposed(&tokens, &tokens.make(&low, Use::Guest), NOW_MS), None);
    }
}
