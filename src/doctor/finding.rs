//! What was found.

use serde_json::{Value, json};
use std::fmt::Write as _;

/// How bad it is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing is served, or not all of it.
    Stops,
    /// It works, and what was promised is in danger.
    Risks,
    /// It works, and will not for long, or not as well.
    Warns,
}

impl Weight {
    /// The word a program understands.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Stops => "stops",
            Self::Risks => "risks",
            Self::Warns => "warns",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The word a program understands.
    pub code: &'static str,
    /// How bad it is.
    pub weight: Weight,
    /// What is wrong, a sentence.
    pub what: String,
    /// What to do about it, a sentence.
    pub todo: String,
}

/// All that was found, and what was seen besides.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What is wrong, the worst first.
    pub wrong: Vec<Finding>,
    /// What is worth knowing and not wrong.
    pub seen: Vec<String>,
}

impl Report {
    pub(super) fn stops(&mut self, code: &'static str, what: impl Into<String>, todo: &str) {
        self.add(code, Weight::Stops, what.into(), todo);
    }

    pub(super) fn risks(&mut self, code: &'static str, what: impl Into<String>, todo: &str) {
        self.add(code, Weight::Risks, what.into(), todo);
    }

    pub(super) fn warns(&mut self, code: &'static str, what: impl Into<String>, todo: &str) {
        self.add(code, Weight::Warns, what.into(), todo);
    }

    fn add(&mut self, code: &'static str, weight: Weight, what: String, todo: &str) {
        self.wrong.push(Finding { code, weight, what, todo: todo.to_owned() });
    }

    pub(super) fn sorted(mut self) -> Self {
        self.wrong.sort_by_key(|finding| finding.weight);
        self
    }

    /// For people: what was seen, then each finding with what to do.
    pub fn words(&self) -> String {
        let mut text = self.seen.iter().fold(String::new(), |text, line| text + line + "\n");
        for Finding { code, weight, what, todo } in &self.wrong {
            let _ = writeln!(text, "\n{} {code}: {what}\n  do: {todo}", weight.code());
        }
        if self.wrong.is_empty() {
            text += "nothing is wrong\n";
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let one = |finding: &Finding| {
            let Finding { code, weight, what, todo } = finding;
            json!({ "code": code, "weight": weight.code(), "what": what, "do": todo })
        };
        json!({
            "version": 1,
            "kind": "doctor",
            "well": self.wrong.is_empty(),
            "findings": self.wrong.iter().map(one).collect::<Vec<_>>(),
            "seen": self.seen,
        })
    }
}
