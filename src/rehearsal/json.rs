//! Picks fields out of a JSON object without building it: a crowd reads tens of thousands of
//! answers a second and needs five fields of each.

/// The raw values of these top-level keys, in their order; a string comes without its quotes and
/// with its escapes as they stand. None if the object is not well formed as far as it was read:
/// reading stops when all keys are found.
pub fn fields<'a, const N: usize>(
    body: &'a [u8],
    keys: [&[u8]; N],
) -> Option<[Option<&'a [u8]>; N]> {
    let mut found = [None; N];
    let mut left = N;
    let mut rest = Reader { body, at: 0 };
    rest.expect(b'{')?;
    if rest.peek()? == b'}' {
        return Some(found);
    }
    loop {
        let key = rest.string()?;
        rest.expect(b':')?;
        let value = rest.value()?;
        if let Some(at) = keys.iter().position(|wanted| *wanted == key)
            && found[at].is_none()
        {
            found[at] = Some(value);
            left -= 1;
            if left == 0 {
                return Some(found);
            }
        }
        match rest.next()? {
            b',' => {}
            b'}' => return Some(found),
            _ => return None,
        }
    }
}

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while self.body.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.body.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.body.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(&self.body[start..self.at - 1])
    }

    fn value(&mut self) -> Option<&'a [u8]> {
        match self.peek()? {
            b'"' => self.string(),
            b'{' | b'[' => self.nested(),
            _ => self.plain(),
        }
    }

    /// A number, or one of the three words.
    fn plain(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
        let length = self.body[start..].iter().position(ends)?;
        self.at += length;
        let word = &self.body[start..self.at];
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        (length > 0 && word.iter().all(plain)).then_some(word)
    }

    fn nested(&mut self) -> Option<&'a [u8]> {
        let (start, mut depth) = (self.at, 0_u32);
        loop {
            match self.body.get(self.at)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(&self.body[start..self.at]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_at_the_top_only() {
        let body = br#"{ "a" : {"number": 1, "s": "}\"{"}, "number":42 ,"list":[1,[2]],
            "state":"he\"ld", "nothing": null }"#;
        let found = fields(body, [b"number", b"state", b"list", b"absent"]).unwrap();
        assert_eq!(found[0], Some(&b"42"[..]));
        assert_eq!(found[1], Some(&br#"he\"ld"#[..]));
        assert_eq!(found[2], Some(&b"[1,[2]]"[..]));
        assert_eq!(found[3], None);
    }

    #[test]
    fn what_is_no_object_gives_none_and_never_panics() {
        let whole = br#"{"a":{"b":[1,"x\\"]},"claim":"1-2-3","n":5}"#;
        for end in 0..whole.len() {
            assert!(fields(&whole[..end], [b"zz"]).is_none(), "{end}");
        }
        assert!(fields(whole, [b"zz"]).is_some());
        for wrong in [&b"[]"[..], b"{]", b"{\"a\" 1}", b"{\"a\":}", b"{\"a\":1;}", b"\xff{"] {
            assert!(fields(wrong, [b"zz"]).is_none(), "{wrong:?}");
        }
        assert_eq!(fields(b" {} ", [b"zz"]), Some([None]));
    }
}
