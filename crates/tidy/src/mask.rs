//! Tells code from comments and strings, character by character.

/// What a character is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    LineComment,
    /// How deep: block comments nest.
    Block(u32),
    Text,
    /// With how many `#`.
    RawText(usize),
}

/// The same text with comments blanked out and what stands in strings filled in.
pub fn masked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let (mut part, mut at) = (Part::Code, 0);
    while at < chars.len() {
        let (next, taken) = step(&chars[at..], part, at.checked_sub(1).map(|before| chars[before]));
        for &c in &chars[at..at + taken] {
            code.push(match (c, part, next) {
                ('\n', ..) => '\n',
                (_, Part::LineComment | Part::Block(_), _)
                | (_, Part::Code, Part::LineComment | Part::Block(_)) => ' ',
                (c, Part::Code, Part::Code) if taken == 1 => c,
                _ => '_',
            });
        }
        (part, at) = (next, at + taken);
    }
    code
}

/// The part the next characters are in, and how many they are.
fn step(rest: &[char], part: Part, before: Option<char>) -> (Part, usize) {
    let (first, second) = (rest[0], rest.get(1).copied().unwrap_or('\n'));
    match part {
        Part::Code => from_code(rest, before),
        Part::LineComment if first == '\n' => (Part::Code, 1),
        Part::Block(1) if (first, second) == ('*', '/') => (Part::Code, 2),
        Part::Block(deep) if (first, second) == ('*', '/') => (Part::Block(deep - 1), 2),
        Part::Block(deep) if (first, second) == ('/', '*') => (Part::Block(deep + 1), 2),
        Part::Text if first == '\\' && rest.len() > 1 => (Part::Text, 2),
        Part::Text if first == '"' => (Part::Code, 1),
        Part::RawText(hashes) if closes(rest, hashes) => (Part::Code, 1 + hashes),
        Part::LineComment | Part::Block(_) | Part::Text | Part::RawText(_) => (part, 1),
    }
}

fn closes(rest: &[char], hashes: usize) -> bool {
    rest[0] == '"' && rest[1..].iter().take_while(|c| **c == '#').count() >= hashes
}

fn from_code(rest: &[char], before: Option<char>) -> (Part, usize) {
    let (first, second) = (rest[0], rest.get(1).copied().unwrap_or('\n'));
    let in_word = before.is_some_and(|c| c.is_alphanumeric() && c != 'b' || c == '_');
    match (first, second) {
        ('/', '/') => (Part::LineComment, 2),
        ('/', '*') => (Part::Block(1), 2),
        ('"', _) => (Part::Text, 1),
        ('r', '"' | '#') if !in_word => {
            let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
            let raw = rest.get(1 + hashes) == Some(&'"');
            if raw { (Part::RawText(hashes), 2 + hashes) } else { (Part::Code, 1) }
        }
        // A character, taken whole so that a brace in it counts for nothing; not a lifetime.
        ('\'', '\\') => {
            let end = rest[2..].iter().skip(1).position(|c| *c == '\'').unwrap_or(0);
            (Part::Code, end + 4)
        }
        ('\'', _) if rest.get(2) == Some(&'\'') => (Part::Code, 3),
        _ => (Part::Code, 1),
    }
}
