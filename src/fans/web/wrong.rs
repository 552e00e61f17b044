//! What was wrong with a form, and which field it is about.

use crate::fans::model::Unfit;
use crate::pages::{Key, Visit};

/// A form's first error. The field it is about has the focus, and names the sentence.
#[derive(Clone, Debug)]
pub struct Wrong {
    at: &'static str,
    says: String,
}

impl Wrong {
    /// About this field; about the whole form with an empty name.
    pub fn new(at: &'static str, says: String) -> Self {
        Self { at, says }
    }

    /// Said of this field in the visitor's words.
    pub fn at(visit: &Visit, at: &'static str, key: Key) -> Self {
        Self::new(at, visit.words.key(key))
    }

    /// Too many tries: how long to wait.
    pub fn too_fast(visit: &Visit, wait_s: u32) -> Self {
        let wait = wait_s.to_string();
        Self::new("", visit.words.with("sign-too-fast", &[("s", &wait)]))
    }

    /// A password that is none, and what it lacks.
    pub fn unfit(visit: &Visit, at: &'static str, why: Unfit) -> Self {
        match why {
            Unfit::Short(chars) => {
                let chars = chars.to_string();
                Self::new(at, visit.words.with("sign-short", &[("n", &chars)]))
            }
            Unfit::Long => Self::at(visit, at, Key("sign-long")),
            Unfit::Name => Self::at(visit, at, Key("sign-is-name")),
            Unfit::Common => Self::at(visit, at, Key("sign-is-common")),
        }
    }
}

/// What a template says of a field; none where the field is not what was wrong.
pub fn of<'a>(wrong: Option<&'a Wrong>, at: &str) -> Option<&'a str> {
    wrong.filter(|wrong| wrong.at == at).map(|wrong| wrong.says.as_str())
}
