//! `/drops/{drop}/reminder.ics`: the opening as an entry for a calendar, with an alarm before it.
//! Source: RFC 5545.

use super::named::Named;
use super::visit::Visit;
use crate::drops::gate;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use std::fmt::Write as _;

/// Most bytes a line of a calendar may have; longer ones go on in the next.
const LINE_BYTES_MAX: usize = 75;

/// `GET /drops/{drop}/reminder.ics`.
pub async fn reminder(visit: Visit, Named(id): Named<String>) -> Response {
    let drop = match gate::drop_named(&visit.app, &id) {
        Ok(drop) => drop,
        Err(problem) => return visit.fault(problem.into()),
    };
    let w = visit.words;
    let face = &drop.published.front().face;
    let site = visit.app.festival.url().map(|url| format!("{}/drops/{id}", url.as_str()));
    let name = w.0.of(&drop.spec.names);
    let text = calendar(&Entry {
        id: &format!("{id}.{}", visit.app.festival.id()),
        made_ms: visit.now_ms,
        from_ms: face.opens_at_ms,
        to_ms: face.closes_at_ms.min(face.opens_at_ms + 15 * 60_000),
        what: &w.with("reminder-what", &[("drop", name)]),
        more: &w.t("reminder-more"),
        url: site.as_deref(),
    });
    let kind = (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned());
    let file = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.ics\""));
    let answer = ([kind, file], text).into_response();
    visit.sent(answer, false)
}

/// What an entry says.
struct Entry<'a> {
    id: &'a str,
    made_ms: i64,
    from_ms: i64,
    to_ms: i64,
    what: &'a str,
    more: &'a str,
    url: Option<&'a str>,
}

fn calendar(entry: &Entry<'_>) -> String {
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Fanfare//Programme//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@fanfare", entry.id),
        format!("DTSTAMP:{}", utc(entry.made_ms)),
        format!("DTSTART:{}", utc(entry.from_ms)),
        format!("DTEND:{}", utc(entry.to_ms)),
        format!("SUMMARY:{}", escaped(entry.what)),
        format!("DESCRIPTION:{}", escaped(entry.more)),
    ];
    lines.extend(entry.url.map(|url| format!("URL:{url}")));
    for before in ["PT10M", "PT1M"] {
        lines.extend(["BEGIN:VALARM".to_owned(), "ACTION:DISPLAY".to_owned()]);
        lines.push(format!("TRIGGER:-{before}"));
        lines.push(format!("DESCRIPTION:{}", escaped(entry.what)));
        lines.push("END:VALARM".to_owned());
    }
    lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
    lines.iter().map(|line| folded(line)).collect()
}

fn utc(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => {
                let _ = write!(escaped, "\\{letter}");
            }
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

fn folded(line: &str) -> String {
    let (mut folded, mut bytes) = (String::with_capacity(line.len() + 2), 0);
    for letter in line.chars() {
        if bytes + letter.len_utf8() > LINE_BYTES_MAX {
            folded.push_str("\r\n ");
            bytes = 1;
        }
        folded.push(letter);
        bytes += letter.len_utf8();
    }
    folded + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_to_the_calendars_form_whatever_a_drop_is_called() {
        let what = "灯;x,y\\z\r\nEND:VCALENDAR ".repeat(8);
        let (from_ms, url) = (1_795_233_600_000, Some("https://fans.example/drops/lamps"));
        let text = calendar(&Entry {
            id: "lamps.x",
            made_ms: 0,
            from_ms,
            to_ms: from_ms + 60_000,
            what: &what,
            more: "",
            url,
        });
        assert!(text.contains("DTSTART:20261121T040000Z\r\n"), "{text}");
        assert_eq!(text.matches("\r\nEND:VCALENDAR\r\n").count(), 1);
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_BYTES_MAX), "{text}");
        assert!(text.contains("灯\\;x\\,y\\\\z\\nEND"), "{text}");
    }
}
