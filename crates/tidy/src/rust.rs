//! Reads Rust just well enough to measure it: what is code, what is a comment, what stands in a
//! string, and where functions begin and end.

use crate::mask::masked;

/// A function as it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// Lines from its `fn` to its closing brace.
    pub lines: usize,
}

/// A file's code with comments blanked out and strings filled in, line for line.
#[derive(Clone, Debug)]
pub struct Source {
    /// The code. Comments are spaces, what stands in strings is a row of `_`.
    pub code: String,
    /// How many lines hold a comment and no code.
    pub comments: usize,
    /// How many lines hold anything at all.
    pub lines: usize,
}

impl Source {
    /// Reads a file.
    pub fn read(text: &str) -> Self {
        let code = masked(text);
        let filled = |line: &&str| !line.trim().is_empty();
        let lines = text.lines().filter(filled).count();
        let pairs = text.lines().zip(code.lines());
        let comments = pairs.filter(|(text, code)| filled(text) && code.trim().is_empty()).count();
        Self { code, comments, lines }
    }

    /// Every function with a body.
    pub fn functions(&self) -> Vec<Function> {
        let code = self.code.as_str();
        words(code)
            .filter(|(_, word)| *word == "fn")
            .filter_map(|(at, _)| {
                let rest = &code[at + 2..];
                let name: String = rest
                    .trim_start()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let close = body_end(rest).filter(|_| !name.is_empty())?;
                let line = line_of(code, at);
                let lines = line_of(code, at + 2 + close) - line + 1;
                Some(Function { name, line, lines })
            })
            .collect()
    }

    /// The lines, from 1, on which this word stands in the code.
    pub fn lines_with(&self, word: &str) -> Vec<usize> {
        let found = words(&self.code).filter(|(_, is)| *is == word);
        found.map(|(at, _)| line_of(&self.code, at)).collect()
    }
}

/// The line of a place in a text, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The words of some code, with their places.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let separates = |c: char| !c.is_alphanumeric() && c != '_';
    let placed = |word: &'_ str| word.as_ptr() as usize - code.as_ptr() as usize;
    code.split(separates).filter(|word| !word.is_empty()).map(move |word| (placed(word), word))
}

/// Where a function's body closes, counted from after its `fn`; none if it has no body.
fn body_end(rest: &str) -> Option<usize> {
    let (mut nested, mut depth) = (0_i32, 0_i32);
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => nested += 1,
            ')' | ']' => nested -= 1,
            ';' if depth == 0 && nested == 0 => return None,
            '{' if depth > 0 || nested == 0 => depth += 1,
            '}' if depth == 1 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_no_code() {
        let source =
            Source::read("let a = \"fn b() {\"; // fn c() {}\nlet d = '{'; /* fn e() {} */\n");
        assert!(source.functions().is_empty(), "{}", source.code);
        let source =
            Source::read("let a = r#\"\"fn b() {}\"#;\nlet c: &'a str = \"\\\"fn d() {}\";\n");
        assert!(source.functions().is_empty(), "{}", source.code);
    }

    #[test]
    fn functions_are_measured_from_their_fn_to_their_brace() {
        let text = "trait T {\n    fn a(&self);\n\
                    fn b(&self) -> [u8; 4] {\n        [0; 4]\n    }\n}\n\
                    struct S(fn(u8) -> u8);\n\
                    fn c<'a>(x: &'a str) { if x == \"}\" {} }\n";
        let found = Source::read(text).functions();
        let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
        assert_eq!(found, [("b", 3, 3), ("c", 8, 1)]);
    }

    #[test]
    fn lines_of_comment_are_counted() {
        let source = Source::read("//! What.\n\n/// Of.\nfn f() {} // not alone\n/*\n x\n*/\n");
        assert_eq!((source.comments, source.lines), (5, 6));
    }
}
