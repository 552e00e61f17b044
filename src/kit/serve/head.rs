//! The head of a request that is answered from the bytes it came in. Read here is what a crowd
//! sends: whatever is unusual about a request, however right it may be, is hyper's to read.

use super::fields::Fields;
use axum::http::{HeaderName, Method, header};
use httparse::{Header, Request, Status};
use std::mem::MaybeUninit;

/// Most fields such a head has; a browser sends some twenty, proxies add a few.
pub const FIELDS_MAX: usize = 48;

/// Where a head's fields are noted while it is read.
pub type Room<'a> = [MaybeUninit<Header<'a>>; FIELDS_MAX];

/// A request's head, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Its method: none but these two are read here.
    pub method: &'static Method,
    /// What it asks for, with its query if there is one.
    pub target: &'a str,
    fields: &'a [Header<'a>],
    firsts: Firsts,
    /// What stands before the names of cookies that count.
    pub cookies_are: &'static str,
}

impl Fields for Head<'_> {
    fn all(&self, name: &HeaderName) -> impl DoubleEndedIterator<Item = &[u8]> {
        let name = name.as_str();
        let first = usize::from(self.firsts[place_of(name)]);
        let fields = self.fields.get(first..).unwrap_or_default();
        fields.iter().filter(move |field| is(field.name, name)).map(|field| field.value)
    }

    fn cookies_are(&self) -> &'static str {
        self.cookies_are
    }
}

/// What stands at the beginning of what a connection sent.
#[derive(Debug)]
pub enum Begins<'a> {
    /// Less than a head.
    Part,
    /// A head of so many bytes, and so many behind it.
    Head(Head<'a>, usize, usize),
    /// Something else.
    Unusual,
}

/// Looks at what a connection sent.
pub fn begins<'a>(sent: &'a [u8], room: &'a mut Room<'a>) -> Begins<'a> {
    let mut request = Request::new(&mut []);
    let head_bytes = match request.parse_with_uninit_headers(sent, room) {
        Ok(Status::Complete(bytes)) => bytes,
        Ok(Status::Partial) => return Begins::Part,
        Err(_) => return Begins::Unusual,
    };
    let method = match request.method {
        Some("POST") => &Method::POST,
        Some("GET") => &Method::GET,
        _ => return Begins::Unusual,
    };
    let (Some(target), Some(1)) = (request.path, request.version) else { return Begins::Unusual };
    match body_bytes(request.headers) {
        Some((body_bytes, firsts)) => {
            let fields = &*request.headers;
            let head = Head { method, target, fields, firsts, cookies_are: "" };
            Begins::Head(head, head_bytes, body_bytes)
        }
        None => Begins::Unusual,
    }
}

/// The first field whose name has each length: most that are looked for are not there, and most
/// that are have a length of their own.
type Firsts = [u8; LENGTHS];

const LENGTHS: usize = 32;

/// Names that are far too long share a place.
fn place_of(name: &str) -> usize {
    name.len().min(LENGTHS - 1)
}

/// Whether a field has this name, which is written in small letters.
fn is(field: &str, name: &str) -> bool {
    let (field, name) = (field.as_bytes(), name.as_bytes());
    if field.len() != name.len() {
        return false;
    }
    // Eight at once, as far as they go. A bit makes letters small, and of what may stand in a name
    // makes nothing else a letter, a digit or a hyphen.
    let word = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_ne_bytes(*bytes) | SMALL);
    let (first, last) = (word(field.first_chunk()), word(field.last_chunk()));
    if (9..=16).contains(&field.len()) {
        return first == word(name.first_chunk()) && last == word(name.last_chunk());
    }
    field.eq_ignore_ascii_case(name)
}

/// The bit that tells a letter from its capital, eight times.
const SMALL: u64 = u64::from_ne_bytes([0x20; 8]);

/// How many bytes follow a head, if it says so in the one usual way and asks for nothing of the
/// connection itself; and where its fields are.
fn body_bytes(fields: &[Header<'_>]) -> Option<(usize, Firsts)> {
    let (mut length, mut firsts) = (None, [u8::MAX; LENGTHS]);
    for (at, Header { name, value }) in fields.iter().enumerate().rev() {
        firsts[place_of(name)] = at as u8;
        let is = |field: &HeaderName| is(name, field.as_str());
        match name.len() {
            14 if is(&header::CONTENT_LENGTH) && length.replace(number(value)?).is_some() => {
                return None;
            }
            10 if is(&header::CONNECTION) && !value.eq_ignore_ascii_case(b"keep-alive") => {
                return None;
            }
            6 if is(&header::EXPECT) => return None,
            7 if is(&header::UPGRADE) => return None,
            17 if is(&header::TRANSFER_ENCODING) => return None,
            _ => {}
        }
    }
    Some((length.unwrap_or(0), firsts))
}

/// A number of one to seven digits.
fn number(value: &[u8]) -> Option<usize> {
    let add =
        |sum: usize, byte: &u8| byte.is_ascii_digit().then(|| 10 * sum + usize::from(byte - b'0'));
    let some = Some(value).filter(|value| (1..=7).contains(&value.len()))?;
    some.iter().try_fold(0, add)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Method, target, bytes of the head and behind it; `None` for a part.
    fn seen(sent: &str) -> Result<Option<(String, usize, usize)>, ()> {
        match begins(sent.as_bytes(), &mut [MaybeUninit::uninit(); FIELDS_MAX]) {
            Begins::Part => Ok(None),
            Begins::Unusual => Err(()),
            Begins::Head(head, of, behind) => {
                Ok(Some((format!("{} {}", head.method, head.target), of, behind)))
            }
        }
    }

    #[test]
    fn a_usual_head_is_read_and_its_beginning_is_a_part() {
        let sent = "POST /a?b HTTP/1.1\r\nHost: c\r\nCONTENT-length: 28\r\n\
                    Connection: Keep-Alive\r\n\r\n{}";
        let head = sent.len() - 2;
        assert_eq!(seen(sent), Ok(Some(("POST /a?b".to_owned(), head, 28))));
        assert_eq!(seen(&sent[..head]), Ok(Some(("POST /a?b".to_owned(), head, 28))));
        for cut in 0..head {
            assert_eq!(seen(&sent[..cut]), Ok(None), "{cut}");
        }
        let nothing = "GET / HTTP/1.1\r\n\r\n";
        assert_eq!(seen(nothing), Ok(Some(("GET /".to_owned(), 18, 0))));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read_here() {
        let with = |lines: &str| seen(&format!("POST / HTTP/1.1\r\n{lines}\r\n"));
        assert!(with("Content-Length: 5\r\n").is_ok());
        for lines in [
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: \r\n",
            "Content-Length: 12345678\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "transfer-encoding: identity\r\n",
            "Expect: 100-continue\r\n",
            "Connection: close\r\n",
            "Connection: keep-alive, upgrade\r\n",
            "Upgrade: h2c\r\n",
            "a : b\r\n",
            " folded\r\n",
            &"a: b\r\n".repeat(FIELDS_MAX + 1),
        ] {
            assert_eq!(with(lines), Err(()), "{lines}");
        }
        for line in ["HEAD / HTTP/1.1", "GET / HTTP/1.0", "GET  / HTTP/1.1", "PRI * HTTP/2.0"] {
            assert_eq!(seen(&format!("{line}\r\n\r\n")), Err(()), "{line}");
        }
    }

    #[test]
    fn fields_are_found_whatever_their_case() {
        let sent = b"GET / HTTP/1.1\r\nCookie: a=1\r\nX: y\r\ncOOKIE: b=2\r\n\
                     content-typE: c\r\nCONTENT-TYPE: d\r\ncontent_type: e\r\n\
                     contenT-type2: f\r\n\r\n";
        let mut room = [MaybeUninit::uninit(); FIELDS_MAX];
        let Begins::Head(head, ..) = begins(sent, &mut room) else { panic!() };
        let all: Vec<_> = head.all(&header::COOKIE).collect();
        assert_eq!(all, [b"a=1", b"b=2"]);
        let all: Vec<_> = head.all(&header::CONTENT_TYPE).collect();
        assert_eq!(all, [b"c", b"d"]);
        assert_eq!(
            (head.first(&header::COOKIE), head.first(&header::HOST)),
            (Some(&b"a=1"[..]), None)
        );
    }
}
