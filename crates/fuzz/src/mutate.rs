//! A mutator over a corpus: one seed, one stream of inputs, the same on every machine.

/// Longest input that is made, bytes.
const BYTES_MAX: usize = 1 << 16;

/// Changes made to one input at most.
const CHANGES_MAX: usize = 6;

/// `SplitMix64`.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// A number below `end`, which is above 0.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }
}

/// Makes inputs of a corpus's.
pub struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    words: &'a [&'a str],
    rng: Rng,
}

impl<'a> Mutator<'a> {
    /// Over this corpus, which is not empty, with these words.
    pub fn new(corpus: &'a [Vec<u8>], words: &'a [&'a str], seed: u64) -> Self {
        Self { corpus, words, rng: Rng::new(seed) }
    }

    /// The next input.
    pub fn input(&mut self) -> Vec<u8> {
        let mut bytes = self.corpus[self.rng.below(self.corpus.len())].clone();
        for _ in 0..=self.rng.below(CHANGES_MAX) {
            self.change(&mut bytes);
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }

    /// A place from the first byte to behind the last.
    fn place(&mut self, bytes: &[u8]) -> usize {
        self.rng.below(bytes.len() + 1)
    }

    /// A short span.
    fn span(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let from = self.place(bytes);
        let most = bytes.len() - from;
        let length = if self.rng.below(4) == 0 { most } else { most.min(16) };
        from..from + self.rng.below(length + 1)
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        match self.rng.below(10) {
            0 | 1 if !bytes.is_empty() => {
                let at = self.rng.below(bytes.len());
                bytes[at] ^= 1 << self.rng.below(8);
            }
            2 if !bytes.is_empty() => {
                let at = self.rng.below(bytes.len());
                let odd = [0, 1, 0x7F, 0x80, 0xFF, b'0', b'"', self.rng.bits() as u8];
                bytes[at] = odd[self.rng.below(odd.len())];
            }
            3 => self.number(bytes),
            4 => drop(bytes.drain(self.span(bytes))),
            5 => {
                let again = bytes[self.span(bytes)].to_vec();
                let at = self.place(bytes);
                let times = if self.rng.below(50) == 0 { 400 } else { 1 };
                let again = again.repeat(times.min(BYTES_MAX / again.len().max(1)));
                bytes.splice(at..at, again);
            }
            6 => {
                let other = &self.corpus[self.rng.below(self.corpus.len())];
                let (from, to) = (self.span(other), self.span(bytes));
                bytes.splice(to, other[from].iter().copied());
            }
            7 => {
                let at = self.place(bytes);
                let other = &self.corpus[self.rng.below(self.corpus.len())];
                let from = self.rng.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            8 => bytes.truncate(self.place(bytes)),
            _ if !self.words.is_empty() => {
                let word = self.words[self.rng.below(self.words.len())];
                let at = self.span(bytes);
                let at = if self.rng.below(2) == 0 { at.start..at.start } else { at };
                bytes.splice(at, word.bytes());
            }
            _ => {}
        }
    }

    /// Writes a length or another number over what stands there: small, at an edge, or one off.
    fn number(&mut self, bytes: &mut [u8]) {
        let width = [1, 2, 4, 8][self.rng.below(4)];
        let Some(last) = bytes.len().checked_sub(width) else { return };
        let at = self.rng.below(last + 1);
        let mut whole = [0; 8];
        whole[8 - width..].copy_from_slice(&bytes[at..at + width]);
        let is = u64::from_be_bytes(whole);
        let edges =
            [0, 1, is.wrapping_add(1), is.wrapping_sub(1), u64::MAX, 1 << 31, 1 << 63, 255, 4_097];
        let number = edges[self.rng.below(edges.len())].to_be_bytes();
        bytes[at..at + width].copy_from_slice(&number[8 - width..]);
    }
}
