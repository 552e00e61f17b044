//! A plain HTTP client over one kept connection: what was sent, what came back, nothing hidden.

use serde_json::Value;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take before it counts as not received.
const WITHIN: Duration = Duration::from_secs(30);

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    /// The body, if it is JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// A member of the body that is text.
    pub fn text_of(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// One connection.
pub struct Client(BufReader<TcpStream>);

impl Client {
    /// Connects.
    pub fn connect(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(WITHIN))?;
        stream.set_write_timeout(Some(WITHIN))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The same, patient for so long.
    pub fn connect_within(server: SocketAddr, within: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&server, within)?;
        stream.set_read_timeout(Some(within))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// Reads one answer.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        head.make_ascii_lowercase();
        let odd = || io::Error::other(format!("no HTTP answer: {head}"));
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or_else(odd)?;
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let length = length.map_or(Some(0), |text| text.trim().parse().ok()).ok_or_else(odd)?;
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status, head, body: serde_json::from_str(&text).unwrap_or_default(), text })
    }

    /// Asks and waits for the answer.
    pub fn call(
        &mut self,
        (method, path): (&str, &str),
        token: &str,
        key: Option<&str>,
        body: &str,
    ) -> io::Result<Answer> {
        let key = key.map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: fans.example\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\n{key}Content-Length: {length}\r\n\r\n{body}"
        );
        self.send(request.as_bytes())?;
        self.answer()
    }
}

/// The number of the claim that an answer tells of.
pub fn number(answer: &Answer) -> u64 {
    answer.body["number"].as_u64().unwrap_or_else(|| panic!("{answer:?}"))
}
