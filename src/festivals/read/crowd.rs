//! Reads `[crowd]`, and `crowd` in a drop over it.

use toml::de::DeTable;

use super::super::faults::quoted;
use super::super::keys::CROWD;
use super::super::model::{Crowd, Ratio};
use super::super::walk::{Table, Walk};
use crate::kit::words::say;

/// The crowd under `crowd`: over `base` in a drop, over the declared defaults in the festival.
pub(super) fn read(walk: &mut Walk, table: &Table<'_, '_>, base: Option<&Crowd>) -> Option<Crowd> {
    if table.has("crowd") {
        let table = walk.table(table, "crowd")?;
        return crowd(walk, &table, base);
    }
    match base {
        Some(base) => Some(base.clone()),
        None => crowd(walk, &Walk::defaults(&DeTable::new(), &CROWD), None),
    }
}

fn crowd(walk: &mut Walk, table: &Table<'_, '_>, base: Option<&Crowd>) -> Option<Crowd> {
    let mut get = Getter { walk, table, base };
    let fans = get.count("fans", |base| base.fans);
    let arrive_within_ms = get.span("arrive_within", |base| base.arrive_within_ms);
    let burst_share = get.ratio("burst_share", |base| base.burst_share);
    let burst_within_ms = get.span("burst_within", |base| base.burst_within_ms);
    let early = get.ratio("early_reloads_per_fan", |base| base.early_reloads_per_fan);
    let double_tap_share = get.ratio("double_tap_share", |base| base.double_tap_share);
    let lost_answer_share = get.ratio("lost_answer_share", |base| base.lost_answer_share);
    let keyed_share = get.ratio("keyed_share", |base| base.keyed_share);
    let unpaid_share = get.ratio("unpaid_share", |base| base.unpaid_share);
    let release_share = get.ratio("release_share", |base| base.release_share);
    let pay_after = get.spans("pay_after", |base| vec![base.pay_after_ms.0, base.pay_after_ms.1]);
    let asks_again_share = get.ratio("asks_again_share", |base| base.asks_again_share);
    let again = get.spans("asks_again_after", |base| base.asks_again_after_ms.clone());
    let bots = get.count("bots", |base| base.bots);
    let bot_rate_per_s = get.ratio("bot_rate_per_s", |base| base.bot_rate_per_s);
    let pay_after = pay_after?;
    let crowd = Crowd {
        fans: fans?,
        arrive_within_ms: arrive_within_ms?,
        burst_share: burst_share?,
        burst_within_ms: burst_within_ms?,
        early_reloads_per_fan: early?,
        double_tap_share: double_tap_share?,
        lost_answer_share: lost_answer_share?,
        keyed_share: keyed_share?,
        unpaid_share: unpaid_share?,
        release_share: release_share?,
        pay_after_ms: (pay_after[0], pay_after[1]),
        asks_again_share: asks_again_share?,
        asks_again_after_ms: again?,
        bots: bots?,
        bot_rate_per_s: bot_rate_per_s?,
    };
    check(walk, table, &crowd);
    Some(crowd)
}

/// A key that is absent in a drop is as in the festival.
struct Getter<'w, 't, 'a, 'i> {
    walk: &'w mut Walk,
    table: &'t Table<'a, 'i>,
    base: Option<&'t Crowd>,
}

impl Getter<'_, '_, '_, '_> {
    fn kept<T>(&self, key: &str, of: impl Fn(&Crowd) -> T) -> Option<T> {
        if self.table.has(key) { None } else { self.base.map(of) }
    }

    fn count(&mut self, key: &str, of: impl Fn(&Crowd) -> u32) -> Option<u32> {
        let kept = self.kept(key, of);
        kept.or_else(|| self.walk.whole(self.table, key)?.try_into().ok())
    }

    fn span(&mut self, key: &str, of: impl Fn(&Crowd) -> i64) -> Option<i64> {
        self.kept(key, of).or_else(|| self.walk.span(self.table, key))
    }

    fn ratio(&mut self, key: &str, of: impl Fn(&Crowd) -> Ratio) -> Option<Ratio> {
        self.kept(key, of).or_else(|| self.walk.ratio(self.table, key))
    }

    fn spans(&mut self, key: &str, of: impl Fn(&Crowd) -> Vec<i64>) -> Option<Vec<i64>> {
        self.kept(key, of).or_else(|| self.walk.spans(self.table, key))
    }
}

/// What no key can be wrong in alone.
fn check(walk: &mut Walk, table: &Table<'_, '_>, crowd: &Crowd) {
    if crowd.burst_within_ms > crowd.arrive_within_ms {
        walk.fault(table.at("burst_within"), say("file-burst-long"));
    }
    let leave = crowd.unpaid_share.per_million() + crowd.release_share.per_million();
    if leave > 1_000_000 {
        let sum = quoted(&format!("{:.2}", f64::from(leave) / 1e6));
        walk.fault(table.at("unpaid_share"), say("file-all-leave").put("sum", sum));
    }
}
