//! What `docs/security.md` says, over real HTTP and on the real program: what answers carry, who
//! may read the data folder, keys made anew, and what never stands in a log.

mod common;
#[path = "security/headers.rs"]
mod headers;
#[path = "security/keys.rs"]
mod keys;
#[path = "security/log.rs"]
mod log;
#[path = "security/lost.rs"]
mod lost;
#[path = "security/modes.rs"]
mod modes;

use common::festival;
use common::http::{Answer, Client};
use std::net::SocketAddr;

/// A day with a drop that is open.
fn day() -> String {
    festival::open_boxes("safe-day", "open_for = \"2d\"\nhold = \"10m\"\nlimit = 3", 50)
}

/// Asks with these headers, a line each, and this body.
fn ask(server: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: fans.example\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    );
    let mut client = Client::connect(server).unwrap();
    client.send(request.as_bytes()).unwrap();
    client.answer().unwrap()
}

/// What a form is sent with by our own pages.
const FORM: &str = "Sec-Fetch-Site: same-origin\r\nAccept: text/html\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n";

/// The cookies an answer sets, each `name=value`. Heads are in lower case, which tokens are not:
/// so they are read from the bytes.
fn cookies(server: SocketAddr, path: &str, headers: &str, body: &str) -> Vec<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(server).unwrap();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: fans.example\r\n{headers}Content-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let set = answer.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    set.filter_map(|cookie| cookie.split(';').next().map(str::to_owned)).collect()
}

/// A text without the spaces people put between groups.
fn ungrouped(text: &str) -> String {
    text.replace(' ', "")
}
