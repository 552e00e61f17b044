//! Amounts of money: whole numbers of the currency's minor unit.

use std::fmt;

use super::faults::quoted;
use super::limits::PRICE_MINOR_MAX;
use super::walk::{Wrong, is};
use crate::kit::words::say;

/// A currency people pay in; no funds, metals or test codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The currency of an ISO 4217 code, or what is wrong with it.
    pub(super) fn new(code: &str) -> Result<Self, Wrong> {
        let Some(found) = iso_currency::Currency::from_code(code) else {
            let upper = code.get(..3).unwrap_or_default().to_ascii_uppercase();
            let what = say("is-unknown-currency").put("code", quoted(code));
            return Err(match iso_currency::Currency::from_code(&upper) {
                Some(_) if code.len() == 3 => Wrong::instead(what, quoted(&upper)),
                _ => Wrong::new(what),
            });
        };
        if let Some(now) = found.is_superseded() {
            let what = say("is-old-currency").put("code", quoted(code));
            return Err(Wrong::instead(what, quoted(now.latest().code())));
        }
        if found.is_fund() || found.is_special() || found.exponent().is_none() {
            return Err(Wrong::new(say("is-no-money").put("code", quoted(code))));
        }
        Ok(Self(found))
    }

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals its amounts have.
    pub fn decimals(self) -> usize {
        usize::from(self.0.exponent().unwrap_or_default())
    }
}

/// An amount of money, 0 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// An amount as the festival file writes it, or what is wrong with it.
    pub(super) fn parse(text: &str, currency: Currency) -> Result<Self, Wrong> {
        let decimals = currency.decimals();
        let form = || {
            let like = Self { minor: 10_i64.pow(decimals as u32) * 799, currency };
            let with = match decimals {
                0 => say("decimals-none"),
                // No currency has one.
                more => say("decimals").put("n", more.to_string()),
            };
            let write = say("write-amount").put("decimals", with).put("currency", currency.code());
            Wrong::instead(is(quoted(text)), write.put("example", quoted(&like.amount())))
        };
        let (whole, cents) = match text.split_once('.') {
            Some((whole, cents)) if decimals > 0 => (whole, cents),
            None if decimals == 0 => (text, ""),
            _ => return Err(form()),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || cents.len() != decimals || !digits(whole) || !digits(cents) {
            return Err(form());
        }
        let most = Self { minor: PRICE_MINOR_MAX, currency };
        let minor = format!("{whole}{cents}").parse().unwrap_or(i64::MAX);
        if minor > PRICE_MINOR_MAX {
            let write = say("write-most").put("most", quoted(&most.amount()));
            return Err(Wrong::instead(is(quoted(text)), write));
        }
        Ok(Self { minor, currency })
    }

    /// An amount the journal has.
    pub(crate) fn of_minor(minor: i64, currency: Currency) -> Self {
        Self { minor: minor.max(0), currency }
    }

    /// The amount in the currency's minor unit.
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The amount in the currency's major unit, without the currency: `799.00`.
    pub fn amount(self) -> String {
        let decimals = self.currency.decimals();
        let digits = format!("{:0width$}", self.minor, width = decimals + 1);
        let (whole, cents) = digits.split_at(digits.len() - decimals);
        if cents.is_empty() { whole.to_owned() } else { format!("{whole}.{cents}") }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.amount(), self.currency.code())
    }
}
