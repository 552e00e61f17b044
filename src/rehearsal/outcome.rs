//! A drop's figures, by the names the contract gives them; what stands beyond the contract's keys
//! comes after them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::asks::Code;
use super::audit::Findings;
use super::memory::Memory;
use super::over_http::DropRun;
use super::promises::{Promise, promises};

/// What is known of a drop beside its run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its name in English.
    pub name_en: String,
    /// Its name in Simplified Chinese.
    pub name_zh: String,
    /// The seconds history took to sell it out.
    pub history_sold_out_s: Option<u32>,
    /// Whether `verify` found its journal sound.
    pub verified: bool,
    /// What was shortened against the festival file, in English and Simplified Chinese.
    pub shortened: Vec<Words>,
    /// Early reloads the file asks for and the time before the opening had no room for.
    pub reloads_left_out: u64,
}

/// The same in English and Simplified Chinese.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Words {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl Words {
    /// The same in both.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}

/// One drop's figures. Times in ms, counted from the opening where they say `after`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the keys are the contract's, which says what they mean")]
pub struct Outcome {
    pub drop: String,
    pub fans: u32,
    pub requests: u64,
    pub claims: u64,
    pub refusals: BTreeMap<&'static str, u64>,
    pub units: u64,
    pub sold_out_after_ms: Option<i64>,
    pub all_answered_after_ms: Option<i64>,
    pub requests_per_s: f64,
    pub claims_per_s: f64,
    pub busy_share: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
    pub oversold: u64,
    pub left_over: u64,
    pub double: u64,
    pub lost: u64,
    pub resold: u64,
    pub verified: bool,
    pub seed: u64,
    /// Fans of whom a claim was sent.
    pub fans_asked: u64,
    /// The last fan's first yes or no, also where others had none.
    pub fans_answered_last_ms: Option<i64>,
    pub fans_unanswered: u64,
    pub busy: u64,
    pub unsure: u64,
    /// Fans told to ask again who never got a yes or no for it.
    pub busy_unanswered: u64,
    /// Answers that were cut on purpose.
    pub answers_cut: u64,
    /// Connections that broke and time limits.
    pub answers_broken: u64,
    /// Answers that are none.
    pub answers_nonsense: u64,
    /// Lost answers that were asked again, and how many of the repeats said what was true.
    pub lost_answers: u64,
    pub lost_answers_same: u64,
    /// Answers that contradict an earlier one.
    pub differing: u64,
    /// Spans of time in which units were free longer than news takes and somebody was refused.
    pub refused_while_free: u64,
    /// The longest time units had then been free.
    pub free_unseen_ms: i64,
    /// Claims in the journal of which no fan was told.
    pub untold: u64,
    pub settled: u64,
    pub refund_due: u64,
    pub settle_refused: u64,
    /// Looks at the drop before it opened, and those there was no room for.
    pub early_reloads: u64,
    pub early_reloads_left_out: u64,
    pub history_sold_out_s: Option<u32>,
    pub shortened: Vec<Words>,
    pub promises: Vec<Promise>,
    pub took_ms: i64,
    pub virtual_time: bool,
}

impl Outcome {
    /// The figures of a run and its audit.
    pub fn of(run: &DropRun, found: &Findings, about: &About) -> Self {
        let (memory, counts) = (&run.memory, &run.memory.counts);
        let answered = counts.fans_unanswered == 0;
        let busy = counts.refused(Code::Busy);
        let lost_answers = memory.lost.len() as u64 + counts.lost_unanswered;
        let rates = Rates::of(run, found);
        Self {
            drop: run.drop.clone(),
            fans: memory.fans,
            requests: counts.requests,
            claims: found.claims,
            refusals: refusals(memory),
            units: found.units,
            sold_out_after_ms: found.sold_out_after_ms,
            all_answered_after_ms: counts.last_first_answer_ms.filter(|_| answered),
            requests_per_s: rates.requests_per_s,
            claims_per_s: rates.claims_per_s,
            busy_share: thousandths(busy as f64 / counts.requests.max(1) as f64 * 1e3) / 1e3,
            p50_ms: memory.wait_ms(50.0),
            p99_ms: memory.wait_ms(99.0),
            p999_ms: memory.wait_ms(99.9),
            max_ms: memory.wait_ms(100.0),
            oversold: found.oversold,
            left_over: found.left_over,
            double: found.double,
            lost: found.lost,
            resold: found.resold,
            verified: about.verified,
            seed: run.seed,
            fans_asked: counts.fans_asked,
            fans_answered_last_ms: counts.last_first_answer_ms,
            fans_unanswered: counts.fans_unanswered,
            busy,
            unsure: counts.refused(Code::Unsure),
            busy_unanswered: counts.later_unanswered,
            answers_cut: counts.cut,
            answers_broken: counts.broken,
            answers_nonsense: counts.nonsense,
            lost_answers,
            lost_answers_same: (memory.lost.len() as u64).saturating_sub(found.lost_answers_other),
            differing: counts.differing,
            refused_while_free: found.refused_while_free,
            free_unseen_ms: found.free_unseen_ms,
            untold: found.untold,
            settled: counts.settled,
            refund_due: counts.refund_due,
            settle_refused: counts.settle_refused,
            early_reloads: counts.looks,
            early_reloads_left_out: about.reloads_left_out,
            history_sold_out_s: about.history_sold_out_s,
            shortened: about.shortened.clone(),
            promises: promises(memory, found, about.verified),
            took_ms: run.took_ms,
            virtual_time: run.virtual_time,
        }
    }

    /// Whether every promise was kept.
    pub fn kept(&self) -> bool {
        self.promises.iter().all(|promise| promise.kept)
    }
}

/// The whole JSON file.
pub fn json(outcomes: &[Outcome]) -> String {
    let file = serde_json::json!({ "version": 1, "drops": outcomes });
    serde_json::to_string_pretty(&file).unwrap_or_default()
}

fn refusals(memory: &Memory) -> BTreeMap<&'static str, u64> {
    let named = Code::ALL.iter().zip(memory.counts.refusals);
    named.filter(|(_, count)| *count > 0).map(|((_, word), count)| (*word, count)).collect()
}

struct Rates {
    requests_per_s: f64,
    claims_per_s: f64,
}

impl Rates {
    /// Over HTTP: answers from the opening to the last fan's first one, claims until everything
    /// was out. In process, where the crowd's time is virtual: all of it by real time.
    fn of(run: &DropRun, found: &Findings) -> Self {
        let (memory, counts) = (&run.memory, &run.memory.counts);
        let per_s = |count: u64, ms: i64| thousandths(count as f64 * 1_000.0 / ms.max(1) as f64);
        if run.virtual_time {
            return Self {
                requests_per_s: per_s(counts.answers, run.took_ms),
                claims_per_s: per_s(found.claims, run.took_ms),
            };
        }
        let lead_ms = (memory.opens_at_ms - memory.began_ms).max(0) as u32;
        let within = |ms: i64| (lead_ms, lead_ms.saturating_add(ms.clamp(1, 1 << 30) as u32));
        let last_ms = counts.last_first_answer_ms.unwrap_or(1);
        let (from, to) = within(last_ms);
        let requests_per_s = per_s(memory.answers.between(from, to), last_ms);
        let sold_ms = found.sold_out_after_ms.unwrap_or(last_ms);
        let (from, to) = within(sold_ms);
        Self { requests_per_s, claims_per_s: per_s(memory.claims.between(from, to), sold_ms) }
    }
}

fn thousandths(x: f64) -> f64 {
    (x * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::super::plan::CrowdPlan;
    use super::*;

    #[test]
    fn the_contracts_keys_are_there_and_a_crowd_unanswered_breaks_a_promise() {
        let mut memory = Memory::new(&CrowdPlan::default());
        memory.counts.fans_unanswered = 1;
        let drop = "d".to_owned();
        let run = DropRun { drop, memory, seed: 1, took_ms: 1, virtual_time: false };
        let about = About { verified: true, ..About::default() };
        let outcome = Outcome::of(&run, &Findings::default(), &about);
        assert!(!outcome.kept());
        assert_eq!(outcome.all_answered_after_ms, None);
        let file: serde_json::Value = serde_json::from_str(&json(&[outcome])).unwrap();
        let keys = "drop fans requests claims refusals units sold_out_after_ms \
            all_answered_after_ms requests_per_s claims_per_s busy_share p50_ms p99_ms p999_ms \
            max_ms oversold left_over double lost resold verified";
        for key in keys.split_whitespace() {
            assert!(file["drops"][0].get(key).is_some(), "{key}");
        }
        assert_eq!(file["version"], 1);
    }
}
