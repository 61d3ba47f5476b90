//! The search that the decoder, the encoder and the scanner of line endings share.

use memchr::memchr2;

/// Octets that one word of marks covers.
const WORD: usize = 64;
/// How many octets behind it decide about a place.
const AHEAD: usize = 2;
/// Octets that are looked at as a whole. Less than the longest line, so that most often one search from
/// the end finds that no line in it is too long.
const BLOCK: usize = 14 * WORD;
/// Octets that are compared side by side.
const LANES: usize = 32;

/// Finds how far a text has proper line endings only, and no dot at the start of a line.
///
/// Whole blocks are looked at in one vectorised pass that only tells clean from dirty. For a dirty block
/// a mark is made for each octet where something is. So an ordinary text costs a fraction of a search for
/// each of its line ends, and one that is all dots costs little more than that.
#[derive(Debug, Clone, Default)]
pub(super) struct Scanner {
    /// The marks of the last dirty block, and behind them a word without any.
    marks: [u64; BLOCK / WORD + 1],
    /// The places where that block starts and ends.
    start: u64,
    end: u64,
}

impl Scanner {
    /// Where the octets from `from` on stop being settled. Settled are text and whole pairs of CR LF
    /// after none of which, except the last, a dot follows.
    ///
    /// Gives `from` at the end of `text`, at a CR or LF that is bare, and at a CR whose next octet has
    /// not come yet. Otherwise the caller goes on from the place that it got. `text[from]` is never the
    /// LF of a pair. The place of `text[0]` among all octets that the scanner is given is `origin`.
    #[inline]
    pub(super) fn settled(&mut self, text: &[u8], from: usize, origin: u64) -> usize {
        let rest = &text[from..];
        if rest.first() == Some(&b'\n') {
            return from;
        }
        let place = origin + from as u64;
        if place >= self.end {
            if rest.len() < LANES + AHEAD {
                return from + in_few(rest);
            }
            let block = &rest[..rest.len().min(BLOCK)];
            if is_clean(&rest[..rest.len().min(BLOCK + AHEAD)]) {
                return from + whole_pairs(block);
            }
            let marked = self.mark(&rest[..rest.len().min(BLOCK + AHEAD)]);
            if marked == 0 {
                return from + in_few(rest);
            }
            (self.start, self.end) = (place, place + marked as u64);
        }
        // both are less than a block
        let left = usize::try_from(self.end - place).unwrap_or(BLOCK).min(rest.len());
        let n = self.next(usize::try_from(place - self.start).unwrap_or(BLOCK));
        if n >= left {
            let n = whole_pairs(&rest[..left]);
            self.end = place + n as u64;
            return from + n;
        }
        from + match &rest[n..] {
            [b'\r', b'\n', ..] => n + 2,
            [b'\r', ..] => n,
            _ => n + 1,
        }
    }

    /// Marks the octets of a block, as many as fill whole words. Gives their number.
    fn mark(&mut self, block: &[u8]) -> usize {
        let words = block.len().saturating_sub(AHEAD) / WORD;
        self.marks = [0; BLOCK / WORD + 1];
        for (n, marks) in self.marks[..words].iter_mut().enumerate() {
            *marks = block[n * WORD..].first_chunk().map_or(0, marks_of);
        }
        words * WORD
    }

    /// How many octets behind the octet `at` of the block the next mark is; more than are left if none.
    #[inline]
    fn next(&self, at: usize) -> usize {
        let (word, bit) = (at / WORD, at % WORD);
        let [this, next, later @ ..] = &self.marks[word..] else { return BLOCK };
        let near = this >> bit | next << 1 << (WORD - 1 - bit);
        if near != 0 {
            return near.trailing_zeros() as usize;
        }
        let mut n = WORD;
        let mut before = next >> bit;
        for marks in later {
            let near = before | marks << 1 << (WORD - 1 - bit);
            if near != 0 {
                return n + near.trailing_zeros() as usize;
            }
            before = marks >> bit;
            n += WORD;
        }
        BLOCK
    }
}

/// The length of `text` without a CR at its end, whose LF is still to come.
fn whole_pairs(text: &[u8]) -> usize {
    text.len() - usize::from(text.ends_with(b"\r"))
}

/// [`Scanner::settled`] for a few octets.
fn in_few(text: &[u8]) -> usize {
    match memchr2(b'\r', b'\n', text) {
        None => text.len(),
        Some(n) if text[n..].starts_with(b"\r\n") => n + 2,
        Some(n) => n,
    }
}

/// All ones if `a` is a bare CR or the CR of a pair before a dot, or if `b` is a bare LF.
#[inline(always)]
fn mark(a: u8, b: u8, c: u8) -> u8 {
    let ones = |is: bool| if is { 0xff } else { 0 };
    let (cr, lf, dot) = (ones(a == b'\r'), ones(b == b'\n'), ones(c == b'.'));
    (cr ^ lf) | (lf & dot)
}

/// Whether there is no mark in `text`, which is a little longer than [`LANES`] or more. A CR at the
/// very end is none.
fn is_clean(text: &[u8]) -> bool {
    let lanes = |start: usize| text[start..].chunks_exact(LANES);
    let mut found = [0; LANES];
    let mut look = |a: &[u8], b: &[u8], c: &[u8]| {
        for i in 0..LANES {
            found[i] |= mark(a[i], b[i], c[i]);
        }
    };
    for ((a, b), c) in lanes(0).zip(lanes(1)).zip(lanes(2)) {
        look(a, b, c);
    }
    // the rest of the lanes, which may overlap those before, and the last two octets
    let last = &text[text.len() - LANES - AHEAD..];
    look(&last[..LANES], &last[1..=LANES], &last[2..]);
    found == [0; LANES] && mark(last[LANES], last[LANES + 1], 0) == 0
}

/// A bit for each octet but the last of `text`.
fn marks_of(text: &[u8; WORD + AHEAD]) -> u64 {
    // in a loop of its own, so that it is vectorised
    let mut bits = [0; WORD];
    for (n, bit) in bits.iter_mut().enumerate() {
        *bit = mark(text[n], text[n + 1], text[n + 2]) & 1 << (n % 8);
    }
    // the highest octet of the product is the sum of eight octets, no two of which share a bit
    bits.chunks_exact(8).rev().fold(0, |marks, bits| {
        let bits = bits.first_chunk().map_or(0, |bits| u64::from_le_bytes(*bits));
        marks << 8 | bits.wrapping_mul(0x0101_0101_0101_0101) >> 56
    })
}
