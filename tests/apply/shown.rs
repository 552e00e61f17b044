//! Files that are no proposal, and a server that is started with a changed file.

use super::day::{Day, LAMP};
use super::{apply, begun, changed, differences, lines, named};
use crate::common::festival::BOX;
use crate::common::http::Client;
use crate::common::served::{Place, files};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

#[test]
fn another_festivals_file_and_a_broken_one_are_refused() {
    let day = Day::new();
    for serving in [true, false] {
        let (place, served) = begun(&day, serving);
        let before = files(&place.data);
        let other = day.with(&[("id = \"apply-day\"", "id = \"other-day\""), ("= 5\n", "= 9\n")]);
        let (well, said) = apply(&place, &other, true);
        let words = "this is festival `apply-day`, the file is of `other-day`\n";
        assert!(!well && said.ends_with(words), "{said}");
        let broken = day.with(&[("limit = 2", "limit = 0"), ("stock = 5", "stock = -5")]);
        let (well, said) = apply(&place, &broken, true);
        assert!(!well && said.contains("changed.toml:"), "{said}");
        assert!(said.contains("limit") && said.contains("stock"), "all faults at once: {said}");
        let output = place.run(&["apply", "nowhere.toml", "--yes"]);
        assert_eq!(output.status.code(), Some(1));
        let (well, said) = apply(&place, "\u{0}\u{1}", true);
        assert!(!well && !said.is_empty());
        assert!(files(&place.data) == before, "something was written");
        if let Some(served) = served {
            assert_eq!(served.claim("now", 7, BOX).status, 201);
            served.end();
        }
        place.verified();
    }
    let nowhere = Place::new();
    let (well, said) = apply(&nowhere, &day.text, true);
    assert!(!well && said.contains("is not there"), "{said}");
    assert!(!nowhere.data.exists());
}

#[test]
fn whatever_comes_over_the_socket_is_answered_and_the_next_one_too() {
    let day = Day::new();
    let (place, served) = begun(&day, true);
    let other = day.with(&[("id = \"apply-day\"", "id = \"other-day\"")]);
    let huge = format!("make\n{}", "#".repeat(3_000_000));
    for sent in ["", "make", "make\n", "make\n\u{0}", &format!("make\n{other}"), &huge] {
        let mut socket = UnixStream::connect(place.data.join("apply.sock")).unwrap();
        // It may have heard enough before all was sent.
        let _ = socket.write_all(sent.as_bytes());
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let mut said = String::new();
        let _ = socket.read_to_string(&mut said);
        assert!(said.is_empty() || said.starts_with("refused\n"), "{said}");
    }
    let mut socket = UnixStream::connect(place.data.join("apply.sock")).unwrap();
    socket.write_all(b"make\n\xff\xfe").unwrap();
    drop(socket);
    let (well, said) = apply(&place, &day.with(&[("stock = 5", "stock = 7")]), true);
    assert!(well && said == "now: box: stock 7 instead of 5: done\n", "{said}");
    served.unwrap().end();
    place.verified();
}

#[test]
fn serving_a_changed_file_lists_each_difference_and_goes_by_the_journal() {
    let day = Day::new();
    let (place, _) = begun(&day, false);
    let text = changed(&day).split("\n[[drops]]\nid = \"late\"").next().unwrap().to_owned();
    place.write("changed.toml", &text);
    let served = place.serve(Some("changed.toml"));
    let said = served.said();
    for difference in differences(&day).iter().filter(|words| !words.starts_with("late")) {
        let line = format!("differs from the journal, which counts: {difference}\n");
        assert!(said.contains(&line), "{line}{said}");
    }
    assert_eq!(said.matches("differs").count(), 13, "{said}");
    assert_eq!(lines(&served, "early"), named(&[("lamp/cloud", 12), ("lamp/pine", 8)]));
    let mut client = Client::connect(served.address).unwrap();
    let token = served.token(9, fanfare::kit::token::Role::Fan);
    let page = client.call(("GET", "/drops/early"), &token, None, "").unwrap();
    assert!(page.head.contains("text/html"), "{page:?}");
    assert!(page.text.contains("799.00") && !page.text.contains("699.50"), "{page:?}");
    assert!(served.claim("now", 1, BOX).body["held_until_ms"].is_i64());
    served.end();
    place.verified();
}

#[test]
fn what_the_file_names_no_more_is_still_offered_under_its_name() {
    let day = Day::new();
    let (place, _) = begun(&day, false);
    let boxes = "[[drops.items]]\ngood = \"box\"\nprice = \"799.00\"\nstock = 9\n";
    let (before, now) = day.text.rsplit_once("[[drops]]").unwrap();
    let without_lamps = before.replace(LAMP, boxes);
    place.write("changed.toml", &without_lamps);
    let served = place.serve(Some("changed.toml"));
    let said = served.said();
    for line in [
        "early: box: a new line, 9 units at 799.00 CNY",
        "early: lamp/cloud: the file has it no more",
        "early: lamp/pine: the file has it no more",
        "now: the file has it no more",
    ] {
        assert!(said.contains(&format!("which counts: {line}\n")), "{line}\n{said}");
    }
    assert_eq!(lines(&served, "early"), named(&[("lamp/cloud", 12), ("lamp/pine", 8)]));
    // A drop that is gone from the file: its goods are known still.
    assert_eq!(lines(&served, "now"), named(&[("box", 5)]), "{now}");
    assert_eq!(served.claim("now", 5, BOX).status, 201);
    served.end();
    place.verified();
}
