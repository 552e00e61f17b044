//! Acts and claims as hosts read them.

use fanfare_engine::Fan;

/// Something a host did to a drop, or Fanfare by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Its event's id.
    pub id: String,
    /// When, ms since 1970.
    pub at_ms: i64,
    /// Who, by number; 0 if it was Fanfare by itself.
    pub fan: u64,
    /// The account's name, if there is one.
    pub name: Option<String>,
    /// What was done, like `drop.paused`.
    pub what: String,
    /// Why, in the host's words.
    pub why: String,
    /// Of which line how many units.
    pub units: Option<(u16, u32)>,
}

/// A claim as the list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its running number.
    pub number: u32,
    /// Whose it is.
    pub fan: u64,
    /// The account's name, if there is one.
    pub name: Option<String>,
    /// Of which line.
    pub line: u16,
    /// How many units.
    pub quantity: u16,
    /// What became of it, in the contract's word.
    pub state: String,
    /// Where its fact stands.
    pub place: (u32, u16),
    /// When it was made, ms since 1970.
    pub made_at_ms: i64,
    /// When it last changed, ms since 1970.
    pub changed_at_ms: i64,
}

/// Which claims are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// This one only.
    pub number: Option<u32>,
    /// These fans' only: two where one's name is the other's number.
    pub fans: Option<[Fan; 2]>,
    /// In this state only; all where it is empty.
    pub state: String,
}

/// A cell of a CSV file. A spreadsheet takes what begins like a formula for one: such a cell
/// begins with an apostrophe.
pub fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_ends_where_it_ends() {
        for (text, written) in [
            ("Mi", "Mi"),
            ("=1+2", "'=1+2"),
            ("-x", "'-x"),
            ("+1", "'+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("a,b", "\"a,b\""),
            ("=\"a\"", "\"'=\"\"a\"\"\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
    }
}
