//! Signing keys that are not the journal's: nothing is signed with one, and nothing made silently
//! in its place.

use super::day;
use super::keys::shown;
use crate::common::served::{Place, files, words};
use fanfare::kit::data::DataFolder;
use fanfare::kit::hex;
use fanfare::kit::journal::JournalWriter;
use fanfare::kit::keys;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const FILE: &str = "day.toml";
const BOX: &str = r#"{"item":"box"}"#;

/// A festival with a claim, and the bytes of its signing key.
fn sold() -> (Place, String) {
    let place = Place::new();
    place.write(FILE, &day());
    let server = place.serve(Some(FILE));
    assert_eq!(server.claim("boxes", 7, BOX).status, 201);
    server.end();
    let key = fs::read_to_string(place.data.join("festival.key")).unwrap();
    (place, key)
}

fn put(place: &Place, name: &str, text: &str) {
    let path = place.data.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn remove(place: &Place, name: &str) {
    fs::remove_file(place.data.join(name)).unwrap();
}

/// Whatever would sign says so, and changes nothing.
fn refuses(place: &Place, says: &[&str]) {
    let kept = |place: &Place| {
        let mut files = files(&place.data);
        files.retain(|(name, _)| keys::NAMES.contains(&name.as_str()));
        files
    };
    let before = (kept(place), listed(place));
    let festival = ["serve", FILE, "--listen", "127.0.0.1:0"];
    let rotate = ["key", "rotate", "--signing", "--tokens"];
    for args in [&festival[..], &rotate] {
        let output = place.run(args);
        let said = words(&output);
        assert_eq!(output.status.code(), Some(1), "{args:?} {said}");
        assert!(says.iter().all(|words| said.contains(words)), "{args:?} {said}");
        assert!(said.contains("--lost"), "{args:?} {said}");
    }
    assert_eq!((kept(place), listed(place)), before);
}

fn listed(place: &Place) -> usize {
    place.journal().keys().unwrap().len()
}

fn doctor(place: &Place, code: &str) {
    let said = words(&place.run(&["doctor"]));
    assert!(said.contains(code) && said.contains("--lost"), "{said}");
}

fn does_not_verify(place: &Place, what: &str) {
    let output = place.run(&["verify"]);
    let said = words(&output);
    assert!(!output.status.success() && said.contains(what), "{said}");
}

fn goes_on(place: &Place, fan: u64) {
    let server = place.serve(Some(FILE));
    assert_eq!(server.claim("boxes", fan, BOX).status, 201);
    server.end();
    place.verified();
    let said = words(&place.run(&["doctor"]));
    assert!(said.contains("nothing is wrong"), "{said}");
}

#[test]
fn a_signing_key_that_came_in_another_way_stops_the_start_until_it_is_brought_back() {
    let (place, key) = sold();
    put(&place, "festival.key", &"5a".repeat(32));
    refuses(&place, &["festival.key", "are signed with another", "bring festival.key back"]);
    doctor(&place, "stops keys_changed");
    does_not_verify(&place, "signature: ");
    put(&place, "festival.key", &key);
    goes_on(&place, 8);
    assert_eq!(listed(&place), 1);
}

#[test]
fn a_key_that_is_missing_is_not_made_anew_where_there_are_rows() {
    let (place, key) = sold();
    let tokens = fs::read_to_string(place.data.join("token.key")).unwrap();
    remove(&place, "festival.key");
    refuses(&place, &["festival.key: it is missing"]);
    doctor(&place, "stops keys_missing: missing: festival.key");
    does_not_verify(&place, "it is missing");
    put(&place, "festival.key", &key);
    remove(&place, "token.key");
    refuses(&place, &["token.key: it is missing"]);
    doctor(&place, "stops keys_missing: missing: token.key");
    put(&place, "token.key", &tokens);
    goes_on(&place, 8);
    // The journal may be gone as well: the witness knows that there were rows.
    for name in ["festival.key", "journal.sqlite", "cold.sqlite"] {
        remove(&place, name);
    }
    let said = words(&place.run(&["serve", FILE, "--listen", "127.0.0.1:0"]));
    assert!(said.contains("festival.key: it is missing"), "{said}");
    assert!(!place.data.join("festival.key").exists());
}

#[test]
fn keys_that_are_gone_for_good_are_made_anew_by_a_word_of_its_own() {
    let (place, key) = sold();
    let [old] = &shown(&place)[..] else { panic!("one key") };
    let which = ["key", "rotate", "--signing", "--tokens", "--lost"];
    let said = words(&place.run(&which));
    assert!(said.contains("is not lost") && said.contains("nothing was changed"), "{said}");
    let said = words(&place.run(&["key", "rotate", "--signing", "--lost"]));
    assert!(said.contains("festival.key is not lost"), "{said}");
    assert_eq!(fs::read_to_string(place.data.join("festival.key")).unwrap(), key);
    for name in keys::NAMES {
        remove(&place, name);
    }
    let output = place.run(&which);
    assert!(output.status.success(), "{}", words(&output));
    assert!(words(&output).contains("signs from the next start on"));
    let now = shown(&place);
    assert_eq!((now.len(), &now[1]), (2, old));
    goes_on(&place, 8);
    // One in its place is as lost as one that is gone.
    put(&place, "festival.key", &"5a".repeat(32));
    let output = place.run(&["key", "rotate", "--signing", "--lost"]);
    assert!(output.status.success(), "{}", words(&output));
    goes_on(&place, 9);
    assert_eq!(listed(&place), 3, "nothing is said of the one that was in its place");
    // The first one is the journal's, and not the one it goes on with.
    let last = fs::read_to_string(place.data.join("festival.key")).unwrap();
    put(&place, "festival.key", &key);
    refuses(&place, &["another was made in its place"]);
    doctor(&place, "stops keys_changed");
    does_not_verify(&place, "another was made in its place");
    put(&place, "festival.key", &last);
    goes_on(&place, 10);
}

#[test]
fn a_rotation_that_was_cut_off_between_its_steps_is_no_loss() {
    let (place, key) = sold();
    // The new key is listed, and the folder has not got it: the old one signs on.
    let folder = DataFolder::look(&place.data).unwrap();
    let new = [9; 32];
    let list = |key: &[u8; 32]| {
        let mut journal = JournalWriter::open(&folder.journals()).unwrap();
        journal.list_key(&keys::public(key)).unwrap();
    };
    list(&new);
    goes_on(&place, 8);
    assert_eq!(fs::read_to_string(place.data.join("festival.key")).unwrap(), key);
    // The folder has it, and nothing was signed with it yet.
    put(&place, "festival.key", &hex::hex(&new));
    place.verified();
    goes_on(&place, 9);
}

#[test]
fn a_backup_without_its_key_or_with_another_is_not_brought_back() {
    let (place, key) = sold();
    let beside = |name: &str| place.data.with_file_name(name);
    let text = |name: &str| beside(name).to_str().unwrap().to_owned();
    let run = |args: &[&str]| {
        let output = place.run(args);
        (output.status.success(), words(&output))
    };
    assert!(run(&["backup", "--to", &text("kept")]).0);
    let mut back = Place::new();
    back.data = beside("back");
    let kept = text("kept");
    let restore = |says: Option<&str>| {
        let output = back.run(&["restore", "--from", &kept]);
        let said = words(&output);
        assert_eq!(output.status.success(), says.is_none(), "{said}");
        assert!(says.is_none_or(|says| said.contains(says) && !back.data.exists()), "{said}");
        let _ = fs::remove_dir_all(&back.data);
    };
    let in_it = beside("kept").join("festival.key");
    fs::write(&in_it, "5a".repeat(32)).unwrap();
    let mut backup = Place::new();
    backup.data = beside("kept");
    restore(Some("are signed with another"));
    does_not_verify(&backup, "are signed with another");
    fs::remove_file(&in_it).unwrap();
    restore(Some("the backup is not whole: the key"));
    does_not_verify(&backup, "it is missing");
    put(&place, "../kept/festival.key", &key);
    restore(None);
    fs::remove_file(beside("kept").join("token.key")).unwrap();
    restore(Some("token.key"));
    // Before and after a rotation alike: what the journal goes on with is what the backup has.
    assert!(run(&["key", "rotate", "--signing"]).0);
    assert!(run(&["backup", "--to", &text("rotated")]).0);
    let kept = text("rotated");
    let output = back.run(&["restore", "--from", &kept]);
    assert!(output.status.success(), "{}", words(&output));
    back.verified();
    // Without a key there is none to be made.
    remove(&place, "festival.key");
    let (made, said) = run(&["backup", "--to", &text("none")]);
    assert!(!made && said.contains("festival.key: it is missing"), "{said}");
    assert!(!beside("none").exists() && !beside("none.unfinished").exists());
}
