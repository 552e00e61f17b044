//! What a festival promises, and whether a rehearsal kept it.

use serde::Serialize;

use super::audit::Findings;
use super::memory::Memory;
use super::outcome::Words;

/// A promise held against what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Promise {
    /// Names it for programs.
    pub id: &'static str,
    /// Whether it was kept.
    pub kept: bool,
    /// How often it was broken; 0 if it was kept.
    pub breaches: u64,
}

/// What each promise says, in the order they are shown.
pub const SAID: [(&str, &str, &str); 9] = [
    ("oversold", "Nothing is given twice.", "没有一件商品被重复发出。"),
    (
        "left_over",
        "Nothing is left over while somebody still asks for it.",
        "只要还有人在要，就没有商品剩下。",
    ),
    (
        "refused_while_free",
        "Nobody is told “sold out” while units are free.",
        "还有货时，没有人被告知“已售罄”。",
    ),
    (
        "double",
        "Nobody has more than the limit, and no number is given twice.",
        "没有人超过限购数量，也没有编号发出两次。",
    ),
    ("lost", "What was acknowledged stands in the journal.", "凡已确认的，都记在账本里。"),
    ("repeats", "Whoever asks again hears the same.", "再问一次，答复不变。"),
    ("answered", "Every fan gets a yes or a no.", "每位粉丝都得到明确答复。"),
    (
        "asked_again",
        "Whoever is told to ask again gets a true answer then.",
        "被请求稍后再试的人，再试时得到了真实的答复。",
    ),
    (
        "verified",
        "The journal verifies: chain, signatures, conservation.",
        "账本通过核验：链条、签名、总量守恒。",
    ),
];

impl Promise {
    /// What it says.
    pub fn says(&self) -> Words {
        let said = SAID.iter().find(|(id, ..)| *id == self.id);
        said.map_or_else(Words::default, |(_, en, zh)| Words::new(*en, *zh))
    }
}

/// Every promise, held against a run.
pub(super) fn promises(memory: &Memory, found: &Findings, verified: bool) -> Vec<Promise> {
    let counts = &memory.counts;
    SAID.iter()
        .map(|&(id, ..)| {
            let breaches = match id {
                "oversold" => found.oversold,
                "left_over" => found.left_over,
                "refused_while_free" => found.refused_while_free,
                "double" => found.double,
                "lost" => found.lost,
                "repeats" => counts.differing + found.lost_answers_other + counts.lost_unanswered,
                "answered" => counts.fans_unanswered,
                "asked_again" => counts.later_unanswered,
                _ => found.senseless + u64::from(!verified),
            };
            Promise { id, kept: breaches == 0, breaches }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::CrowdPlan;

    #[test]
    fn every_promise_is_held_against_a_figure_of_its_own() {
        let memory = Memory::new(&CrowdPlan::default());
        let sound = promises(&memory, &Findings::default(), true);
        assert!(sound.iter().all(|promise| promise.kept && !promise.says().zh.is_empty()));
        let found = Findings {
            oversold: 1,
            left_over: 2,
            double: 3,
            lost: 4,
            refused_while_free: 5,
            lost_answers_other: 6,
            ..Findings::default()
        };
        let mut broken = promises(&memory, &found, false);
        broken.retain(|promise| !promise.kept);
        let breaches: Vec<u64> = broken.iter().map(|promise| promise.breaches).collect();
        assert_eq!(breaches, [1, 2, 5, 3, 4, 6, 1]);
    }
}
