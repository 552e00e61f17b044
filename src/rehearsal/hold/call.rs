//! One request at a time, for what is not the crowd's: setting up a turn and ending it.

use serde_json::Value;
use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take: making a drop of many lanes is not instant.
const WITHIN: Duration = Duration::from_secs(30);

/// Most bytes of an answer.
const BYTES_MAX: u64 = 4 << 20;

/// Why there is no answer to use.
#[derive(Debug)]
pub enum CallError {
    /// The server cannot be reached, or does not speak HTTP.
    Io(String),
    /// It answered with this status and code.
    Refused(u16, String),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(why) => write!(f, "the server does not answer: {why}"),
            Self::Refused(status, code) => write!(f, "the server answered {status} {code}"),
        }
    }
}

/// Reads JSON from the server.
///
/// # Errors
/// If there is no good answer.
pub fn get(server: SocketAddr, path: &str) -> Result<Value, CallError> {
    call(server, "GET", path, "", "")
}

/// Sends JSON to the server.
///
/// # Errors
/// If there is no good answer.
pub fn post(server: SocketAddr, path: &str, token: &str, body: &Value) -> Result<Value, CallError> {
    call(server, "POST", path, token, &body.to_string())
}

fn call(
    server: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> Result<Value, CallError> {
    let io = |why: std::io::Error| CallError::Io(why.to_string());
    let mut stream = TcpStream::connect_timeout(&server, WITHIN).map_err(io)?;
    stream.set_read_timeout(Some(WITHIN)).map_err(io)?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).map_err(io)?;
    let mut answer = String::new();
    stream.take(BYTES_MAX).read_to_string(&mut answer).map_err(io)?;
    let odd = || CallError::Io("that was no HTTP answer".to_owned());
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(odd)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(odd)?;
    let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    if (200..300).contains(&status) {
        return Ok(body);
    }
    let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
    Err(CallError::Refused(status, code.to_owned()))
}
