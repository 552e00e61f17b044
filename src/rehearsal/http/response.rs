//! Reads one answer. Strict: what a server of ours never sends is not understood.

use super::super::claim_id::number;
use std::ops::Range;

/// Most bytes of an answer, head and body.
pub(super) const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What the bytes so far are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// The beginning of an answer.
    Part,
    /// Not an answer.
    Wrong,
    /// A whole answer and nothing behind it.
    Whole {
        /// The status.
        status: u16,
        /// Where the body is.
        body: Range<usize>,
        /// Whether the connection ends with it.
        close: bool,
    },
}

/// Reads an answer from its first byte on.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let Some((line, mut at)) = line(bytes, 0) else {
        return if bytes.len() > ANSWER_BYTES_MAX { Parsed::Wrong } else { Parsed::Part };
    };
    let Some(status) = status(line) else {
        return Parsed::Wrong;
    };
    let (mut length, mut close) = (None, false);
    loop {
        let Some((header, next)) = self::line(bytes, at) else {
            return if bytes.len() > ANSWER_BYTES_MAX { Parsed::Wrong } else { Parsed::Part };
        };
        at = next;
        if header.is_empty() {
            break;
        }
        match header_of(header) {
            Some(Header::Length(bytes)) if length.is_none() => length = Some(bytes),
            Some(Header::Close) => close = true,
            Some(Header::Other) => {}
            Some(Header::Length(_)) | None => return Parsed::Wrong,
        }
    }
    let length = match length {
        Some(length) => length,
        None if status == 204 || status == 304 => 0,
        None => return Parsed::Wrong,
    };
    let end = at.saturating_add(length);
    if end > ANSWER_BYTES_MAX || bytes.len() > end {
        Parsed::Wrong
    } else if bytes.len() < end {
        Parsed::Part
    } else {
        Parsed::Whole { status, body: at..end, close }
    }
}

/// The line from here on, without its end, and where the next one begins.
fn line(bytes: &[u8], from: usize) -> Option<(&[u8], usize)> {
    let length = bytes.get(from..)?.iter().position(|&byte| byte == b'\n')?;
    let line = &bytes[from..from + length];
    Some((line.strip_suffix(b"\r").unwrap_or(line), from + length + 1))
}

fn status(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/1.1 ")?;
    let ends = rest.get(3).is_none_or(|&byte| byte == b' ');
    let status = number(rest.get(..3)?)? as u16;
    (ends && (200..600).contains(&status)).then_some(status)
}

enum Header {
    Length(usize),
    Close,
    Other,
}

fn header_of(line: &[u8]) -> Option<Header> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    Some(match name.len() {
        14 if name.eq_ignore_ascii_case(b"content-length") => {
            Header::Length(usize::try_from(number(value)?).ok()?)
        }
        17 if name.eq_ignore_ascii_case(b"transfer-encoding") => return None,
        10 if name.eq_ignore_ascii_case(b"connection") => {
            if value.eq_ignore_ascii_case(b"close") {
                Header::Close
            } else {
                Header::Other
            }
        }
        _ => Header::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] =
        b"HTTP/1.1 409 Conflict\r\nContent-Type: x\r\ncontent-LENGTH: 4\r\n\r\nbody";

    #[test]
    fn an_answer_is_whole_at_its_last_byte() {
        for end in 0..ANSWER.len() {
            assert_eq!(parse(&ANSWER[..end]), Parsed::Part, "{end}");
        }
        let body = ANSWER.len() - 4..ANSWER.len();
        assert_eq!(parse(ANSWER), Parsed::Whole { status: 409, body, close: false });
        assert_eq!(parse(&[ANSWER, b"x"].concat()), Parsed::Wrong);
    }

    #[test]
    fn closing_is_noticed_and_what_is_not_understood_is_wrong() {
        let close = b"HTTP/1.1 204 No Content\r\nConnection: Close\r\n\r\n";
        assert!(matches!(parse(close), Parsed::Whole { status: 204, close: true, .. }));
        for wrong in [
            &b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"[..],
            b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
            b"SSH-2.0-nonsense\r\n",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        ] {
            assert_eq!(parse(wrong), Parsed::Wrong, "{}", String::from_utf8_lossy(wrong));
        }
    }
}
