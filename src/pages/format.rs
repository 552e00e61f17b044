//! Amounts, moments and lengths of time as each language writes them.

use crate::festivals::Currency;
use crate::kit::words::Lang;
use crate::kit::words::{Words, grouped};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::fmt::Write as _;

/// Signs of currencies, in Chinese and in English; all others show their code.
const SIGNS: [(&str, &str, &str); 7] = [
    ("CNY", "¥", "CN¥"),
    ("USD", "US$", "$"),
    ("EUR", "€", "€"),
    ("GBP", "£", "£"),
    ("JPY", "JP¥", "¥"),
    ("HKD", "HK$", "HK$"),
    ("INR", "₹", "₹"),
];

/// An amount of minor units: `¥1,299.00`.
pub fn money(lang: Lang, minor: i64, currency: Currency) -> String {
    let scale = 10_u64.pow(currency.decimals() as u32);
    let minor = minor.unsigned_abs();
    let mut amount = grouped(minor / scale);
    if currency.decimals() > 0 {
        let _ = write!(amount, ".{:0width$}", minor % scale, width = currency.decimals());
    }
    match SIGNS.iter().find(|(code, ..)| *code == currency.code()) {
        Some((_, zh, en)) => format!("{}{amount}", if lang == Lang::Zh { zh } else { en }),
        None => format!("{} {amount}", currency.code()),
    }
}

/// Moments as one festival's visitors read them.
#[derive(Clone, Debug)]
pub struct Moments<'a> {
    /// What they are told in.
    pub words: Words,
    /// The festival's zone.
    pub zone: &'a TimeZone,
    /// Now, ms since 1970.
    pub now_ms: i64,
}

impl Moments<'_> {
    /// A moment with the zone it is told in: `today 12:00 (Beijing time)`.
    pub fn full(&self, ms: i64) -> String {
        let args = [("moment", &*self.short(ms)), ("zone", &*self.zone())];
        self.words.with("moment-in-zone", &args)
    }

    /// The zone, as people call it.
    pub fn zone(&self) -> String {
        match self.zone.iana_name().unwrap_or("UTC") {
            "Asia/Shanghai" | "PRC" | "Asia/Chongqing" => self.words.t("zone-beijing"),
            name => self.words.with("zone-other", &[("zone", name)]),
        }
    }

    /// A time of day to the second: `12:00:05`.
    pub fn clock(&self, ms: i64) -> String {
        self.zoned(ms).strftime("%H:%M:%S").to_string()
    }

    /// A moment without its zone: `today 12:00`, `21 Nov 12:00:30`.
    pub fn short(&self, ms: i64) -> String {
        let (at, now) = (self.zoned(ms), self.zoned(self.now_ms));
        let time = at.strftime(if at.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string();
        let days = now.date().until(at.date()).map_or(i32::MAX, |span| span.get_days());
        let day = match days {
            0 => self.words.t("day-today"),
            1 => self.words.t("day-tomorrow"),
            _ => at.strftime(self.day_form(at.year() == now.year())).to_string(),
        };
        self.words.with("moment", &[("day", &day), ("time", &time)])
    }

    fn day_form(&self, this_year: bool) -> &'static str {
        match (self.words.0, this_year) {
            (Lang::Zh, true) => "%-m月%-d日",
            (Lang::Zh, false) => "%Y年%-m月%-d日",
            (Lang::En, true) => "%-d %b",
            (Lang::En, false) => "%-d %b %Y",
        }
    }

    fn zoned(&self, ms: i64) -> Zoned {
        let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(self.zone.clone())
    }
}

/// A length of time by its two largest units: `1 min 30 s`, `0.8 s`.
pub fn span(words: Words, ms: i64) -> String {
    let ms = ms.max(0);
    if ms < 10_000 {
        let tenths = ((ms + 99) / 100).max(1);
        let text = format!("{}.{}", tenths / 10, tenths % 10);
        return words.with("span-s", &[("n", text.trim_end_matches(".0"))]);
    }
    let s = ms / 1_000;
    let parts = [(s / 86_400, "d"), (s / 3_600 % 24, "h"), (s / 60 % 60, "min"), (s % 60, "s")];
    let from = parts.iter().position(|(n, _)| *n > 0).unwrap_or(3);
    let said = parts[from..].iter().take(2).filter(|(n, _)| *n > 0).map(|(n, unit)| {
        let n = n.to_string();
        match *unit {
            "d" => words.with("span-d", &[("n", &n)]),
            "h" => words.with("span-h", &[("n", &n)]),
            "min" => words.with("span-min", &[("n", &n)]),
            _ => words.with("span-s", &[("n", &n)]),
        }
    });
    said.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::festivals::{EXAMPLE, read};

    #[test]
    fn lengths_of_time_show_two_units() {
        let en = |ms| span(Words(Lang::En), ms);
        assert_eq!([0, 800, 9_950, 90_000].map(en), ["0.1 s", "0.8 s", "10 s", "1 min 30 s"]);
        assert_eq!([3_600_000, 93_600_000].map(en), ["1 h", "1 d 2 h"]);
        assert_eq!(span(Words(Lang::Zh), 90_000), "1 分 30 秒");
    }

    #[test]
    fn moments_are_told_in_the_festivals_zone() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let at: Timestamp = "2026-11-21T12:00:00+08:00".parse().unwrap();
        let told = |lang, before_s: i64| {
            let now_ms = at.as_millisecond() - before_s * 1_000;
            Moments { words: Words(lang), zone: &zone, now_ms }.full(at.as_millisecond())
        };
        assert_eq!(told(Lang::En, 60), "today 12:00 (Beijing time)");
        assert_eq!(told(Lang::Zh, 60), "今天 12:00（北京时间）");
        assert_eq!(told(Lang::En, 86_400), "tomorrow 12:00 (Beijing time)");
        assert_eq!(told(Lang::Zh, 10 * 86_400), "11月21日 12:00（北京时间）");
        assert_eq!(told(Lang::En, 400 * 86_400), "21 Nov 2026 12:00 (Beijing time)");
    }

    #[test]
    fn amounts_have_the_currencys_decimals() {
        let currency = read("example.toml", EXAMPLE).unwrap().currency();
        assert_eq!(currency.code(), "CNY");
        assert_eq!(money(Lang::Zh, 129_905, currency), "¥1,299.05");
        assert_eq!(money(Lang::En, 5, currency), "CN¥0.05");
    }
}
