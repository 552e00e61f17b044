//! The festival whose file is changed: one drop that opens in an hour, one that is open.

use crate::common::festival;
use fanfare::kit::clock::Clock;
use jiff::{ToSpan as _, Zoned};

const DROPS: &str = r#"
[[drops]]
id = "early"
kind = "sale"
name = { zh = "早场", en = "Early" }
opens_at = @60
open_for = "20m"
hold = "2m"
limit = 2
[[drops.items]]
good = "lamp"
price = "799.00"
stock = { cloud = 12, pine = 8 }
reserve = { cloud = 1, pine = 1 }

[[drops]]
id = "now"
kind = "sale"
name = { zh = "现在", en = "Now" }
opens_at = @-60
open_for = "2d"
hold = "10m"
limit = 2
[[drops.items]]
good = "box"
price = "5.00"
stock = 5
"#;

/// Both variants of the lamp, as `early` has them.
pub const LAMP: &str = r#"[[drops.items]]
good = "lamp"
price = "799.00"
stock = { cloud = 12, pine = 8 }
reserve = { cloud = 1, pine = 1 }
"#;

/// Three boxes.
pub const BOXES: &str = "[[drops.items]]\ngood = \"box\"\nprice = \"9.90\"\nstock = 3\n";

/// A drop that is not in the file, and open.
pub const LATE: &str = r#"
[[drops]]
id = "late"
kind = "sale"
name = { zh = "晚场", en = "Late" }
opens_at = @-1
open_for = "1h"
hold = "2m"
[[drops.items]]
good = "box"
price = "7.00"
stock = 4
"#;

/// The festival, its times counted from the minute in which it was made.
pub struct Day {
    noon: Zoned,
    pub text: String,
}

impl Day {
    pub fn new() -> Self {
        let now = jiff::Timestamp::from_millisecond(Clock::machine().now_ms()).unwrap();
        let noon = now.in_tz("Asia/Shanghai").unwrap();
        let noon = noon.with().second(0).subsec_nanosecond(0).build().unwrap();
        let mut day = Self { noon, text: String::new() };
        day.text = day.timed(&festival::text("apply-day", DROPS));
        day
    }

    /// A moment so many minutes from then, as the file writes it.
    pub fn at(&self, minutes: i64) -> String {
        let at = self.noon.checked_add(minutes.minutes()).unwrap();
        at.strftime("%Y-%m-%dT%H:%M").to_string()
    }

    /// A text in which `@-1` is a minute ago.
    pub fn timed(&self, text: &str) -> String {
        let mut parts = text.split('@');
        let mut timed = parts.next().unwrap().to_owned();
        for part in parts {
            let (minutes, rest) = part.split_once('\n').unwrap();
            timed += &format!("{}\n{rest}", self.at(minutes.parse().unwrap()));
        }
        timed
    }

    /// The file with these parts replaced, each of which must be there.
    pub fn with(&self, changes: &[(&str, &str)]) -> String {
        changes.iter().fold(self.text.clone(), |text, (from, to)| {
            let (from, to) = (self.timed(from), self.timed(to));
            assert!(text.contains(&from), "{from}");
            text.replacen(&from, &to, 1)
        })
    }
}
