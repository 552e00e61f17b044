//! What a server logs, at its most talkative, names nobody: no name, address, password, token,
//! idempotency key or database password. Fans' numbers may stand there.

use super::{FORM, ask, cookies, day};
use crate::common::http::Client;
use crate::common::program::Program;
use crate::common::served::{Place, words};
use fanfare::kit::keys::Keys;
use fanfare::kit::token::{Role, Tokens};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

/// What people typed that day.
const NAME: &str = "Zaphod-Beeblebrox";
const PASSWORD: &str = "heart-of-gold-42";
const WRONG: &str = "vogon-poetry-77";
const KEY: &str = "idempotent-towel-42";
const WHY: &str = "because the whale fell";
const AGENT: &str = "Deep-Thought-Browser";

#[test]
fn a_day_logged_in_full_names_nobody() {
    let place = Place::new();
    place.write("day.toml", &day());
    let log = place.data.with_file_name("log");
    let mut command = place.command(&["serve", "day.toml", "--listen", "127.0.0.1:0"]);
    command.args(["--log", "trace", "--trusted-proxy", "127.0.0.1/32"]);
    let mut program = Program::start(command.stderr(File::create(&log).unwrap()));
    let server = program.address();
    let from = format!("{FORM}X-Forwarded-For: 203.0.113.77\r\nUser-Agent: {AGENT}\r\n");
    let secret = loop {
        let said = fs::read_to_string(&log).unwrap();
        if let Some(secret) = first_host_secret(&said) {
            break secret;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };

    let mut told = cookies(server, "/guest", &from, "back=/me");
    let form = format!("name={NAME}&password={PASSWORD}&back=/me");
    let signed = cookies(server, "/sign-up", &from, &form);
    assert!(signed.len() >= 2, "signed up: {signed:?}");
    ask(server, "POST", "/sign-in", &from, &form.replace(PASSWORD, WRONG));
    let entered = cookies(server, "/sign-in", &from, &form);
    assert!(entered.len() >= 2, "signed in: {entered:?}");
    let raised = format!("{from}Cookie: {}\r\n", entered.join("; "));
    let made = ask(server, "POST", &format!("/host/{secret}"), &raised, "");
    assert_eq!(made.status, 303, "{}", made.text);
    told.extend(signed.into_iter().chain(entered));

    let tokens = Tokens::of(&Keys::open(&place.data).unwrap());
    let token = |role| crate::common::token_now(&tokens, 70_007, role);
    let mut client = Client::connect(server).unwrap();
    let claims = ("POST", "/api/v1/drops/boxes/claims");
    let bodies = [r#"{"item":"box"}"#, r#"{"item":"box"}"#, r#"{"item":1}"#, "{"];
    for body in bodies {
        client.call(claims, &token(Role::Fan), Some(KEY), body).unwrap();
    }
    for act in ["pause", "resumption"] {
        let path = format!("/api/v1/drops/boxes/{act}");
        let body = format!(r#"{{"why":"{WHY}"}}"#);
        let done = client.call(("POST", &path), &token(Role::Host), None, &body).unwrap();
        assert_eq!(done.status, 200, "{}", done.text);
    }
    let refused = client.call(("POST", "/api/v1/drops/boxes/pause"), &token(Role::Fan), None, "{}");
    assert_eq!(refused.unwrap().status, 403);
    ask(server, "GET", "/claims/nonsense?name=Zaphod-Beeblebrox", &from, "");
    // Something that is always said, so that an empty log is not taken for a silent one.
    let mut socket = UnixStream::connect(place.data.join("apply.sock")).unwrap();
    socket.write_all(b"\xff").unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    let _ = socket.read_to_end(&mut Vec::new());
    assert_eq!(program.end(), Some(0));

    let said = fs::read_to_string(&log).unwrap();
    // The link that makes the first host is meant to be read there, once.
    let lines = said.lines().filter(|line| !line.starts_with("no host yet: "));
    let said = lines.collect::<Vec<_>>().join("\n");
    for line in ["an apply request was cut off", "a sign-in was refused", "not allowed fan=70007"] {
        assert!(said.contains(line), "`{line}` is logged: {said}");
    }
    let values = told.iter().filter_map(|cookie| cookie.split_once('=')).map(|(_, value)| value);
    let made = [token(Role::Fan), token(Role::Host)];
    let typed = [NAME, PASSWORD, WRONG, KEY, WHY, AGENT, "203.0.113.77", "127.0.0.1:", &secret];
    let folded = NAME.to_lowercase();
    let all = values.chain(typed).chain(made.iter().map(String::as_str)).chain([folded.as_str()]);
    for secret in all.filter(|value| value.len() > 5) {
        assert!(!said.contains(secret), "`{secret}` stands in the log:\n{}", near(&said, secret));
    }
}

/// The secret in the link that makes the first host.
fn first_host_secret(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("/host/")?;
    rest.split_once(',').map(|(secret, _)| secret.to_owned())
}

fn near(text: &str, what: &str) -> String {
    text.lines().filter(|line| line.contains(what)).take(3).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_databases_password_is_never_said() {
    let place = Place::new();
    place.write("day.toml", &day());
    let urls = [
        "postgres://me:s3cretword@127.0.0.1:9/fans",
        "postgres://127.0.0.1:9/fans?user=me&password=s3cretword",
        "postgres://me:s3cretword@[::1/fans",
        "mysql://me:s3cretword@127.0.0.1/fans",
        "me:s3cretword",
    ];
    for url in urls {
        for flag in ["--database", "--journal"] {
            let output = place.run(&["serve", "day.toml", "--listen", "127.0.0.1:0", flag, url]);
            assert!(!output.status.success(), "{flag} {url}");
            assert!(!words(&output).contains("s3cretword"), "{flag} {url}: {}", words(&output));
        }
        let mut help = place.command(&["serve", "--help"]);
        help.env("FANFARE_DATABASE", url).env("FANFARE_JOURNAL", url);
        let help = help.output().unwrap();
        assert!(help.status.success() && !words(&help).contains("s3cretword"), "{url}");
    }
}
