//! "Did you mean": the known word nearest to a misspelt one.

/// Longer words get no suggestion; the work grows with the square of the length.
const CHARS_MAX: usize = 40;

/// The candidate that takes the fewest changes to reach from `word`: at most one change in three
/// characters, or the same word in other case.
pub(in super::super) fn nearest<'w>(
    word: &str,
    candidates: impl Iterator<Item = &'w str>,
) -> Option<&'w str> {
    let letters: Vec<char> = word.chars().take(CHARS_MAX + 1).collect();
    if letters.is_empty() || letters.len() > CHARS_MAX {
        return None;
    }
    let lower = word.to_lowercase();
    let near = candidates.map(|candidate| {
        // "opens" for "opens_at": a word cut short counts as one change.
        let cut = word.len() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
        let changes = match candidate.to_lowercase() == lower {
            true => 0,
            false if cut => 1,
            false => changes(&letters, candidate),
        };
        (changes, candidate.len(), candidate)
    });
    let allowed = (letters.len() / 3).max(1);
    let nearest = near.filter(|(changes, ..)| *changes <= allowed).min();
    nearest.map(|(_, _, candidate)| candidate)
}

/// The Levenshtein distance.
fn changes(word: &[char], other: &str) -> usize {
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (down, letter) in other.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = down + 1;
        for across in 0..word.len() {
            let replaced = diagonal + usize::from(word[across] != letter);
            diagonal = row[across + 1];
            row[across + 1] = replaced.min(row[across] + 1).min(diagonal + 1);
        }
    }
    row[word.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        let known = ["opens_at", "closes_at", "open_for", "limit"];
        assert_eq!(nearest("open_at", known.into_iter()), Some("opens_at"));
        assert_eq!(nearest("LIMIT", known.into_iter()), Some("limit"));
        assert_eq!(nearest("opens", known.into_iter()), Some("opens_at"));
        let bots = ["bot_rate_per_s", "bots"];
        assert_eq!(nearest("bot", bots.into_iter()), Some("bots"));
        assert_eq!(nearest("colour", known.into_iter()), None);
        assert_eq!(nearest(&"x".repeat(1_000_000), known.into_iter()), None);
    }
}
