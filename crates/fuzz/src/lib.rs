//! What Fanfare reads from hostile hands, one function a reader: bytes go in, and what must be
//! true of any bytes is held. A panic is a finding.
//!
//! The same functions are called over the kept corpus and a minute of mutated input in every run
//! of the tests (`tests/corpus.rs`), and for as long as one likes by libFuzzer (`fuzz/` at the
//! root, `acceptance/3-10`).
//!
//! | file | holds |
//! | --- | --- |
//! | `journal` | a row with its seal, as either database keeps it |
//! | `replay` | facts, and the state they add up to |
//! | `claim` | the claim route's body |
//! | `token` | session tokens |
//! | `festival` | the festival file |
//! | `bundle` | receipts and proofs |
//! | `heads` | the witness's file |
//! | `mutate` | a seeded mutator over a corpus, for where libFuzzer is not |

mod bundle;
mod claim;
mod festival;
mod heads;
mod journal;
mod mutate;
mod replay;
mod token;

pub use bundle::fuzz_bundle;
pub use claim::fuzz_claim;
pub use festival::fuzz_festival;
pub use heads::fuzz_heads;
pub use journal::fuzz_journal;
pub use mutate::{Mutator, Rng};
pub use replay::{believed, fuzz_replay};
pub use token::fuzz_token;

/// A reader under test.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, and that of its corpus's folder.
    pub name: &'static str,
    /// What holds of any bytes.
    pub run: fn(&[u8]),
    /// Words that mean something to this reader.
    pub words: &'static [&'static str],
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    Target { name: "journal", run: fuzz_journal, words: journal::WORDS },
    Target { name: "replay", run: fuzz_replay, words: replay::WORDS },
    Target { name: "claim", run: fuzz_claim, words: claim::WORDS },
    Target { name: "token", run: fuzz_token, words: token::WORDS },
    Target { name: "festival", run: fuzz_festival, words: festival::WORDS },
    Target { name: "bundle", run: fuzz_bundle, words: bundle::WORDS },
    Target { name: "heads", run: fuzz_heads, words: heads::WORDS },
];
