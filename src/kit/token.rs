//! Session tokens: who, in which role, until when; checked in memory with one keyed hash.
//!
//! 30 bytes as base64url, 40 characters: version (1), use and role (1), fan (8), end in seconds
//! since 1970 (4), keyed BLAKE3 over those cut to 16. An account's session can be ended, so its
//! token also carries its number: version 2, 39 bytes, 52 characters, number (8) and a zero behind
//! the end.

use super::ended::Ended;
use super::hex;
use super::keys::Keys;
use base64_simd::{Out, URL_SAFE_NO_PAD};
use fanfare_engine::{Fan, Key};
use std::sync::Arc;

const VERSION: u8 = 1;
const BYTES: usize = 30;
const SIGNED: usize = 14;
const NUMBERED_VERSION: u8 = 2;
const NUMBERED_BYTES: usize = 39;
const NUMBERED_SIGNED: usize = 23;

/// How long a session lives before it is renewed, seconds.
pub const SESSION_S: u32 = 15 * 60;

/// How long a guest's claim to its fan number lives without a visit, seconds.
pub const GUEST_S: u32 = 90 * 24 * 3600;

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// Claims, pays, gives back what is theirs.
    Fan = 0,
    /// Also takes money and takes units back.
    Cashier = 1,
    /// Also runs drops.
    Host = 2,
    /// Also runs the server.
    Operator = 3,
}

impl Role {
    /// The role of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Fan, Self::Cashier, Self::Host, Self::Operator]
            .into_iter()
            .find(|role| role.name() == name)
    }

    /// The role's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fan => "fan",
            Self::Cashier => "cashier",
            Self::Host => "host",
            Self::Operator => "operator",
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Fan, Self::Cashier, Self::Host, Self::Operator].get(usize::from(byte)).copied()
    }
}

/// What a token is for: a guest's long-lived one is good for nothing but a new session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Acts.
    Session,
    /// Renews a guest's session.
    Guest,
}

/// Who is asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The fan's number.
    pub fan: Fan,
    /// The role.
    pub role: Role,
    /// The session's end, seconds since 1970.
    pub until_s: u32,
}

impl Session {
    /// Whether its time is over at this moment.
    pub fn over(&self, now_ms: i64) -> bool {
        i64::from(self.until_s) * 1000 <= now_ms
    }
}

/// Why a token is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not a token of this festival, or altered.
    Forged,
    /// Its time is over.
    Expired,
}

/// Makes and checks tokens with a festival's token key.
#[derive(Clone)]
pub struct Tokens {
    key: [u8; 32],
    repeats: [u8; 32],
    /// What was ended before its time.
    pub ended: Arc<Ended>,
}

impl Tokens {
    /// With this key for everything.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, repeats: key, ended: Arc::default() }
    }

    /// With a data folder's keys.
    pub fn of(keys: &Keys) -> Self {
        Self { repeats: keys.repeats, ..Self::new(keys.tokens) }
    }

    fn mac(&self, signed: &[u8]) -> [u8; 16] {
        let mut mac = [0; 16];
        mac.copy_from_slice(&blake3::keyed_hash(&self.key, signed).as_bytes()[..16]);
        mac
    }

    /// A token for this session.
    pub fn make(&self, session: &Session, used: Use) -> String {
        let mut bytes = [0; BYTES];
        bytes[0] = VERSION;
        bytes[1] = session.role as u8 | if used == Use::Guest { 0x80 } else { 0 };
        bytes[2..10].copy_from_slice(&session.fan.get().to_be_bytes());
        bytes[10..14].copy_from_slice(&session.until_s.to_be_bytes());
        let mac = self.mac(&bytes[..SIGNED]);
        bytes[SIGNED..].copy_from_slice(&mac);
        hex::base64(&bytes)
    }

    /// A token for an account's session, which has a number and can be ended.
    pub fn make_numbered(&self, session: &Session, number: u64) -> String {
        let mut bytes = [0; NUMBERED_BYTES];
        bytes[0] = NUMBERED_VERSION;
        bytes[1] = session.role as u8;
        bytes[2..10].copy_from_slice(&session.fan.get().to_be_bytes());
        bytes[10..14].copy_from_slice(&session.until_s.to_be_bytes());
        bytes[14..22].copy_from_slice(&number.to_be_bytes());
        let mac = self.mac(&bytes[..NUMBERED_SIGNED]);
        bytes[NUMBERED_SIGNED..].copy_from_slice(&mac);
        hex::base64(&bytes)
    }

    /// Reads a token at this moment.
    ///
    /// # Errors
    /// If it was not made here for this use, or is over.
    pub fn check(
        &self,
        token: impl AsRef<[u8]>,
        used: Use,
        now_ms: i64,
    ) -> Result<Session, TokenError> {
        self.read(token, used, now_ms).map(|(session, _)| session)
    }

    /// Reads a token at this moment, with its session's number; 0 for one that has none.
    ///
    /// # Errors
    /// If it was not made here for this use, or is over.
    pub fn read(
        &self,
        token: impl AsRef<[u8]>,
        used: Use,
        now_ms: i64,
    ) -> Result<(Session, u64), TokenError> {
        let read = self.signed(token, used)?;
        if read.0.over(now_ms) { Err(TokenError::Expired) } else { Ok(read) }
    }

    /// Reads a token whose time may be over, with its session's number.
    ///
    /// # Errors
    /// If it was not made here for this use, or was ended.
    pub fn signed(&self, token: impl AsRef<[u8]>, used: Use) -> Result<(Session, u64), TokenError> {
        let mut buffer = [0; NUMBERED_BYTES];
        let bytes = decode(token.as_ref(), &mut buffer).ok_or(TokenError::Forged)?;
        let numbered = bytes.len() == NUMBERED_BYTES;
        let (signed, mac) = bytes.split_at(if numbered { NUMBERED_SIGNED } else { SIGNED });
        let ours = blake3::Hash::from_bytes(padded(&self.mac(signed)));
        // Compared as hashes: in constant time.
        if ours != blake3::Hash::from_bytes(padded(mac)) {
            return Err(TokenError::Forged);
        }
        let use_of = if bytes[1] & 0x80 == 0 { Use::Session } else { Use::Guest };
        let (mut fan, mut until, mut number) = ([0; 8], [0; 4], [0; 8]);
        fan.copy_from_slice(&bytes[2..10]);
        until.copy_from_slice(&bytes[10..14]);
        if numbered {
            number.copy_from_slice(&bytes[14..22]);
        }
        let fan = Fan::new(u64::from_be_bytes(fan)).ok_or(TokenError::Forged)?;
        let role = Role::from_byte(bytes[1] & 0x7F).ok_or(TokenError::Forged)?;
        let version = if numbered { NUMBERED_VERSION } else { VERSION };
        // A numbered token is a session's, and the byte behind its number is zero.
        let made = !numbered || used == Use::Session && bytes[22] == 0;
        if bytes[0] != version || use_of != used || !made {
            return Err(TokenError::Forged);
        }
        let (until_s, number) = (u32::from_be_bytes(until), u64::from_be_bytes(number));
        let ended = numbered && self.ended.session(number);
        if ended || used == Use::Guest && self.ended.guest(fan.get()) {
            return Err(TokenError::Expired);
        }
        Ok((Session { fan, role, until_s }, number))
    }

    /// The number an idempotency key is known by in the journal. Keyed, so that the journal does
    /// not give away what was sent.
    pub fn key_of(&self, text: &[u8]) -> Key {
        Key::new(self.repeat(&[b"key:", text]))
    }

    /// The number of a host's act in the journal, of who acts in which lane, and by which key.
    pub fn act_of(&self, by: Fan, lane: u32, text: &[u8]) -> u64 {
        self.repeat(&[b"act:", &by.get().to_be_bytes(), &lane.to_be_bytes(), text])
    }

    fn repeat(&self, parts: &[&[u8]]) -> u64 {
        let mut hash = [0; 8];
        let input = parts.concat();
        hash.copy_from_slice(&blake3::keyed_hash(&self.repeats, &input).as_bytes()[..8]);
        u64::from_be_bytes(hash)
    }
}

/// A MAC cut to 16 bytes, back at a hash's length.
fn padded(mac: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..mac.len()].copy_from_slice(mac);
    hash
}

/// The bytes of a token; none if it has another length or alphabet.
fn decode<'a>(token: &[u8], buffer: &'a mut [u8; NUMBERED_BYTES]) -> Option<&'a [u8]> {
    let length = [BYTES, NUMBERED_BYTES].into_iter().find(|bytes| token.len() == bytes / 3 * 4)?;
    let read = URL_SAFE_NO_PAD.decode(token, Out::from_slice(&mut buffer[..length])).ok()?;
    (read.len() == length).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session { fan: Fan::new(77).unwrap(), role: Role::Cashier, until_s: 1_000 }
    }

    #[test]
    fn a_token_is_good_until_its_end_and_for_its_use() {
        let tokens = Tokens::new([3; 32]);
        let token = tokens.make(&session(), Use::Session);
        assert_eq!(token.len(), 40);
        assert_eq!(tokens.check(&token, Use::Session, 999_999), Ok(session()));
        assert_eq!(tokens.check(&token, Use::Session, 1_000_000), Err(TokenError::Expired));
        assert_eq!(tokens.check(&token, Use::Guest, 0), Err(TokenError::Forged));
        let other = Tokens::new([4; 32]);
        assert_eq!(other.check(&token, Use::Session, 0), Err(TokenError::Forged));
    }

    #[test]
    fn a_session_that_was_ended_is_over_and_others_are_not() {
        let tokens = Tokens::new([3; 32]);
        let (one, other) =
            (tokens.make_numbered(&session(), 5), tokens.make_numbered(&session(), 6));
        assert_eq!(tokens.read(&one, Use::Session, 0), Ok((session(), 5)));
        tokens.ended.end_session(5, 1_000_000);
        assert_eq!(tokens.check(&one, Use::Session, 0), Err(TokenError::Expired));
        assert_eq!(tokens.check(&other, Use::Session, 0), Ok(session()));
        assert_eq!(tokens.check(&one, Use::Guest, 0), Err(TokenError::Forged));
        let guest = tokens.make(&session(), Use::Guest);
        assert_eq!(tokens.check(&guest, Use::Guest, 0), Ok(session()));
        tokens.ended.end_guest(77);
        assert_eq!(tokens.check(&guest, Use::Guest, 0), Err(TokenError::Expired));
        assert_eq!(tokens.check(&other, Use::Session, 0), Ok(session()));
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let tokens = Tokens::new([3; 32]);
        for token in [tokens.make(&session(), Use::Session), tokens.make_numbered(&session(), 9)] {
            no_character_can_be_changed(&tokens, &token);
        }
    }

    fn no_character_can_be_changed(tokens: &Tokens, token: &str) {
        for at in 0..token.len() {
            let mut forged = token.as_bytes().to_vec();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(tokens.check(&forged, Use::Session, 0), Err(TokenError::Forged), "{at}");
        }
        for bad in ["", "A", &"A".repeat(40), &"é".repeat(20), &"A".repeat(1_000)] {
            assert_eq!(tokens.check(bad, Use::Session, 0), Err(TokenError::Forged));
        }
    }
}
