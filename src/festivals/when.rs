//! Lengths of time (`"1h30m"`) and moments (`"2026-04-08T12:00"` in the festival's zone).

use std::fmt::Write as _;

use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::faults::quoted;
use super::keys::between;
use super::limits::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, YEAR_MAX, YEAR_MIN};
use super::walk::{Wrong, is};
use crate::kit::words::{Saying, say};

/// Largest unit first; a length names each at most once and in this order.
const UNITS: [(&str, i64); 5] =
    [("d", DAY_MS), ("h", HOUR_MS), ("m", MINUTE_MS), ("s", SECOND_MS), ("ms", 1)];

/// A length of time in milliseconds; `None` if the text is not one.
pub(super) fn span_ms(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total_ms: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        let (_, ms) = units.find(|(unit, _)| *unit == &rest[..end])?;
        total_ms = total_ms.checked_add(count.checked_mul(*ms)?)?;
        rest = &rest[end..];
    }
    (!text.is_empty()).then_some(total_ms)
}

/// A length of time as the festival file writes it, for example `1h30m`.
pub fn span_text(ms: i64) -> String {
    let mut rest = ms;
    let mut text = String::new();
    for (unit, unit_ms) in UNITS {
        if rest / unit_ms > 0 {
            let _ = write!(text, "{}{unit}", rest / unit_ms);
            rest %= unit_ms;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Milliseconds since 1970 of a moment, read in the zone unless it has an offset.
pub(super) fn moment_ms(text: &str, zone: &TimeZone) -> Result<i64, Wrong> {
    let (local, offset) = parts(text)?;
    if !(YEAR_MIN..=YEAR_MAX).contains(&local.year()) {
        return Err(Wrong::instead(
            say("is-in-year").put("year", local.year().to_string()),
            between(say("write-year"), YEAR_MIN, YEAR_MAX),
        ));
    }
    let offset = match offset {
        Some(offset) => offset,
        None => the_offset(local, zone)?,
    };
    let moment = offset.to_timestamp(local);
    Ok(moment.expect("years in range have timestamps").as_millisecond())
}

/// Checks the form of a moment and that its date and time of day exist.
pub(super) fn parts(text: &str) -> Result<(civil::DateTime, Option<Offset>), Wrong> {
    let form = || Wrong::new(is(quoted(text)));
    let day = text.get(..10).ok_or_else(form)?;
    let rest = text[10..].strip_prefix(['T', 't', ' ']).ok_or_else(form)?;
    let cut = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, offset) = rest.split_at(cut);
    let [year, month, day] = numbers(day, '-', &[4, 2, 2]).ok_or_else(form)?;
    let clock = numbers(time, ':', &[2, 2]).map(|[hour, minute]| [hour, minute, 0]);
    let clock = clock.or_else(|| numbers(time, ':', &[2, 2, 2]));
    let [hour, minute, second] = clock.ok_or_else(form)?;
    let offset = match offset {
        "" => None,
        written => Some(parse_offset(written).ok_or_else(form)?),
    };
    let date = date(year, month, day)?;
    let exact = civil::Time::new(hour as i8, minute as i8, second as i8, 0);
    let exact = exact.map_err(|_| {
        Wrong::instead(say("is-no-time").put("time", time.to_owned()), say("write-time"))
    })?;
    Ok((date.to_datetime(exact), offset))
}

/// Unsigned numbers of the given widths with a sign between them.
fn numbers<const N: usize>(text: &str, between: char, widths: &[usize; N]) -> Option<[i16; N]> {
    let mut found = [0; N];
    let mut pieces = text.split(between);
    for (number, width) in found.iter_mut().zip(widths) {
        let piece = pieces.next()?;
        let digits = piece.len() == *width && piece.bytes().all(|byte| byte.is_ascii_digit());
        *number = digits.then(|| piece.parse().ok()).flatten()?;
    }
    pieces.next().is_none().then_some(found)
}

fn parse_offset(text: &str) -> Option<Offset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let (sign, clock) = match text.strip_prefix('-') {
        Some(clock) => (-1, clock),
        None => (1, text.strip_prefix('+')?),
    };
    let [hours, minutes] = numbers(clock, ':', &[2, 2])?;
    // No place on Earth is further than 14 hours from UTC.
    let valid = hours < 14 && minutes < 60 || hours == 14 && minutes == 0;
    let seconds = i32::from(hours) * 3_600 + i32::from(minutes) * 60;
    valid.then(|| Offset::from_seconds(sign * seconds).ok()).flatten()
}

fn date(year: i16, month: i16, day: i16) -> Result<civil::Date, Wrong> {
    let what = || say("is-no-day").put("day", format!("{year:04}-{month:02}-{day:02}"));
    let first = civil::Date::new(year, month as i8, 1);
    let first = first.map_err(|_| Wrong::instead(what(), say("write-month")))?;
    let last = first.days_in_month();
    civil::Date::new(year, month as i8, day as i8)
        .map_err(|_| Wrong::instead(what(), say("write-day").put("last", last.to_string())))
}

/// The zone's offset at a local time that exists exactly once.
fn the_offset(local: civil::DateTime, zone: &TimeZone) -> Result<Offset, Wrong> {
    let of = |what: Saying| what.put("zone", zone.iana_name().unwrap_or("UTC").to_owned());
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => Ok(offset),
        AmbiguousOffset::Gap { before, after } => {
            // Read with the later offset the local time lies before the change of the clocks.
            let near = after.to_timestamp(local).expect("years in range have timestamps");
            let change = zone.following(near).next().expect("a gap lies at a change").timestamp();
            let first = after.to_datetime(change);
            let last = before.to_datetime(change - jiff::SignedDuration::from_mins(1));
            let write = say("write-nearest").put("before", clock(last)).put("after", clock(first));
            Err(Wrong::instead(of(say("is-skipped")), write))
        }
        AmbiguousOffset::Fold { before, after } => {
            let with = |offset| clock(local) + &offset_text(offset);
            let write = say("write-which").put("first", with(before)).put("second", with(after));
            Err(Wrong::instead(of(say("is-twice")), write))
        }
    }
}

fn clock(local: civil::DateTime) -> String {
    let format = if local.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
    local.strftime(format).to_string()
}

fn offset_text(offset: Offset) -> String {
    let sign = if offset.seconds() < 0 { '-' } else { '+' };
    let minutes = offset.seconds().abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::{span_ms, span_text};

    #[test]
    fn lengths_are_read_and_written() {
        for (text, ms) in [("7d", 604_800_000), ("1h30m", 5_400_000), ("1s500ms", 1_500)] {
            assert_eq!(span_ms(text), Some(ms));
            assert_eq!(span_text(ms), text);
        }
        assert_eq!(span_ms("90m").map(span_text).as_deref(), Some("1h30m"));
        for text in ["", "15", "m", "1m2h", "5m5m", "-5m", "1.5h", "5 m", "99999999999999d", "５m"]
        {
            assert_eq!(span_ms(text), None, "{text}");
        }
    }
}
