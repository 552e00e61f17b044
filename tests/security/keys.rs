//! Keys made anew: what was signed before stays good, sessions of before are nobody's, and a
//! repeat with its key still hears the same.

use super::{day, ungrouped};
use crate::common::http::{Answer, Client};
use crate::common::served::{Place, Served, words};
use fanfare::kit::keys::Keys;
use fanfare::kit::token::Role;
use serde_json::Value;
use std::fs;

/// The keys in the folder.
pub fn keys(place: &Place) -> Keys {
    Keys::open(&place.data).unwrap()
}

fn served(place: &Place) -> Served {
    place.write("day.toml", &day());
    place.serve(Some("day.toml"))
}

const BOX: &str = r#"{"item":"box"}"#;

fn keyed(served: &Served, token: &str, key: &str) -> Answer {
    let mut client = Client::connect(served.address).unwrap();
    client.call(("POST", "/api/v1/drops/boxes/claims"), token, Some(key), BOX).unwrap()
}

fn receipt(served: &Served, fan: u64, claim: &str) -> String {
    let path = format!("/api/v1/claims/{claim}/receipt");
    let answer = served.ask(("GET", &path), fan, Role::Fan, "");
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// Whether a receipt holds under the key with this fingerprint, by the command alone.
fn holds(place: &Place, receipt: &str, fingerprint: &str) -> bool {
    place.write("receipt.json", receipt);
    let output = place.run(&["verify", "--bundle", "receipt.json", "--key", fingerprint]);
    // Beside the data folder too: its journal lists both keys.
    output.status.success()
}

/// The fingerprints `fanfare key show` prints, the current one first.
pub fn shown(place: &Place) -> Vec<String> {
    let output = place.run(&["key", "show"]);
    assert!(output.status.success(), "{}", words(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.split_once('\t').unwrap());
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines[0].0, "current");
    assert!(lines[1..].iter().all(|(word, _)| *word == "old"));
    lines.into_iter().map(|(_, print)| print.to_owned()).collect()
}

fn rotate(place: &Place, which: &str) {
    let output = place.run(&["key", "rotate", which]);
    assert!(output.status.success(), "{}", words(&output));
}

#[test]
fn a_new_signing_key_signs_on_and_old_rows_and_receipts_stay_good() {
    let place = Place::new();
    let server = served(&place);
    let before = server.claim("boxes", 7, BOX);
    let old_receipt = receipt(&server, 7, before.text_of("claim"));
    server.end();
    let [old] = &shown(&place)[..] else { panic!("one key") };
    let secret = fs::read_to_string(place.data.join("festival.key")).unwrap();

    rotate(&place, "--signing");
    let now = shown(&place);
    assert_eq!((now.len(), &now[1]), (2, old));
    let report = place.run(&["verify"]);
    assert!(report.status.success(), "before the next start too: {}", words(&report));

    let server = place.serve(Some("day.toml"));
    let after = server.claim("boxes", 8, BOX);
    assert_eq!(after.status, 201, "{}", after.text);
    // Made now, of a row that was signed then.
    let made_now = receipt(&server, 7, before.text_of("claim"));
    let (then, now_json): (Value, Value) =
        (serde_json::from_str(&old_receipt).unwrap(), serde_json::from_str(&made_now).unwrap());
    assert_eq!(then, now_json, "a receipt stays what it was");
    let new_receipt = receipt(&server, 8, after.text_of("claim"));
    let festival = server.ask(("GET", "/api/v1/festival"), 1, Role::Fan, "").body;
    assert_eq!(
        (&festival["key"], &festival["old_keys"][0]),
        (&now[0].as_str().into(), &old.as_str().into())
    );
    let page = super::ask(server.address, "GET", "/", "Accept: text/html\r\n", "").text;
    let check = super::ask(server.address, "GET", "/check", "Accept: text/html\r\n", "").text;
    assert!(check.contains(&now.join(" ")), "the page that checks knows both");
    for (claim, fan, print) in [(&before, 7, old), (&after, 8, &now[0])] {
        let path = format!("/claims/{}", claim.text_of("claim"));
        let cookie = format!("Cookie: fanfare-session={}\r\n", server.token(fan, Role::Fan));
        let page =
            super::ask(server.address, "GET", &path, &format!("{cookie}Accept: text/html\r\n"), "");
        assert!(page.text.contains(&format!("--key {print}")), "{}", page.text);
    }
    for print in &now {
        assert!(ungrouped(&page).contains(&ungrouped(print)), "the programme shows {print}");
    }
    server.end();
    place.verified();
    assert!(holds(&place, &old_receipt, old) && holds(&place, &new_receipt, &now[0]));
    assert!(!holds(&place, &old_receipt, &now[0]) && !holds(&place, &new_receipt, old));
    for entry in fs::read_dir(&place.data).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(secret.trim()), "of the old secret nothing stays");
    }
}

#[test]
fn after_new_token_keys_old_sessions_are_nobodys_and_repeats_hear_the_same() {
    let place = Place::new();
    let server = served(&place);
    let session = server.token(7, Role::Fan);
    let made = keyed(&server, &session, "my-key");
    assert_eq!(made.status, 201, "{}", made.text);
    server.end();

    rotate(&place, "--tokens");
    let server = place.serve(Some("day.toml"));
    assert_eq!(keyed(&server, &session, "my-key").status, 401, "a session of before");
    let again = keyed(&server, &server.token(7, Role::Fan), "my-key");
    assert_eq!((again.status, again.text_of("claim")), (200, made.text_of("claim")));
    let other = keyed(&server, &server.token(7, Role::Fan), "another-key");
    assert_eq!(other.status, 201);
    server.end();
    place.verified();
}

#[test]
fn a_folder_from_before_there_were_three_keys_goes_on_and_rotates() {
    let place = Place::new();
    let server = served(&place);
    let session = server.token(7, Role::Fan);
    server.end();
    // As the version before left it: what hashed idempotency keys was the token key.
    fs::remove_file(place.data.join("repeat.key")).unwrap();
    let server = place.serve(Some("day.toml"));
    let made = keyed(&server, &session, "my-key");
    assert_eq!(made.status, 201, "{}", made.text);
    server.end();
    fs::remove_file(place.data.join("repeat.key")).unwrap();
    rotate(&place, "--tokens");
    let server = place.serve(Some("day.toml"));
    let again = keyed(&server, &server.token(7, Role::Fan), "my-key");
    assert_eq!((again.status, again.text_of("claim")), (200, made.text_of("claim")));
    server.end();
}

#[test]
fn a_folder_that_is_served_keeps_its_keys() {
    let place = Place::new();
    let server = served(&place);
    let files = ["festival.key", "token.key", "repeat.key"].map(|name| place.data.join(name));
    let before = files.clone().map(|path| fs::read(path).unwrap());
    for which in ["--signing", "--tokens"] {
        let output = place.run(&["key", "rotate", which]);
        assert!(!output.status.success() && words(&output).contains("in use"), "{which}");
    }
    assert!(!place.run(&["key", "rotate"]).status.success(), "which one has to be said");
    assert_eq!(files.map(|path| fs::read(path).unwrap()), before);
    server.end();
}
