//! The search that the decoder, the encoder and the scanner of line endings share.

use memchr::memchr2;

/// Octets that one word of marks covers.
const WORD: usize = 64;
/// How many octets behind it decide about a place.
const AHEAD: usize = 2;
/// Octets that are looked at as a whole.
const STRIDE: usize = 2 * WORD;
/// Octets that are compared side by side.
const LANES: usize = 32;
/// The shortest text that is looked at as a whole.
const SHORT: usize = LANES + AHEAD;

/// Finds how far a text has proper line endings only, and no dot at the start of a line.
///
/// Whole strides are looked at in one vectorised pass that only tells clean from dirty. In a dirty one, and behind what was
/// found there, a mark is made for each octet where something is. So an ordinary text costs a fraction of a search for
/// each of its line ends, and one that is all dots costs little more than that.
#[derive(Debug, Clone, Default)]
pub(super) struct Scanner {
    /// The place up to which was looked, so that nothing is looked at twice, however often the search stops.
    end: u64,
    /// The marks of the last word before it, whose last octet is the highest bit. Before that word there is none.
    marks: u64,
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
        match &text[from..] {
            [] | [b'\n', ..] => from,
            rest => from + self.search(rest, origin + from as u64),
        }
    }

    fn search(&mut self, text: &[u8], place: u64) -> usize {
        let mut at = usize::try_from(self.end.saturating_sub(place)).unwrap_or(usize::MAX);
        // where something was, more of it is likely
        let mut dense = 0;
        if at > 0 && self.marks != 0 {
            let marks = self.marks >> WORD.saturating_sub(at);
            if marks != 0 {
                return settled_at(text, at.saturating_sub(WORD) + marks.trailing_zeros() as usize);
            }
            dense = at + WORD;
        }
        while let Some(rest) = text.get(at..) {
            if at >= dense {
                at += clean_strides(rest);
            }
            let Some(word) = text[at..].first_chunk() else { break };
            if let Some(n) = self.mark(word, place + at as u64) {
                return settled_at(text, at + n);
            }
            at += WORD;
        }
        if text.len() <= at + AHEAD {
            (self.end, self.marks) = (place + at as u64, 0);
            return in_last(text);
        }
        if let Some(last) = text.last_chunk() {
            // before `at` there is nothing in it
            let start = text.len() - last.len();
            return match self.mark(last, place + start as u64) {
                Some(n) => settled_at(text, start + n),
                None => in_last(text),
            };
        }
        let (front, back) = (text.first_chunk(), text.last_chunk());
        if front.is_some_and(is_clean::<SHORT>) && back.is_some_and(is_clean::<SHORT>) {
            return in_last(text);
        }
        in_few(text)
    }

    /// Marks the octets of a word. Gives the first mark.
    #[inline]
    fn mark(&mut self, word: &[u8; WORD + AHEAD], place: u64) -> Option<usize> {
        (self.end, self.marks) = (place + WORD as u64, marks_of(word));
        (self.marks != 0).then(|| self.marks.trailing_zeros() as usize)
    }
}

/// How many octets of whole strides at the front of `text` have no mark.
#[inline]
fn clean_strides(text: &[u8]) -> usize {
    let mut rest = text;
    while rest.first_chunk().is_some_and(is_clean::<{ STRIDE + AHEAD }>) {
        rest = &rest[STRIDE..];
    }
    text.len() - rest.len()
}

/// What is settled if the first mark is at `n`.
#[inline]
fn settled_at(text: &[u8], n: usize) -> usize {
    match text.get(n..) {
        Some([b'\r', b'\n', ..]) => n + 2,
        Some([b'\r', ..]) => n,
        Some([_, ..]) => n + 1,
        _ => whole_pairs(text),
    }
}

/// What is settled if there is no mark, except perhaps at the last two octets.
#[inline]
fn in_last(text: &[u8]) -> usize {
    match text {
        [.., a, b] if mark(*a, *b, 0) != 0 => settled_at(text, text.len() - AHEAD),
        _ => whole_pairs(text),
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

/// Whether there is no mark in `text`, whose last two octets are only looked at for those before them.
#[inline]
fn is_clean<const N: usize>(text: &[u8; N]) -> bool {
    let lanes = |from: usize| text[from..N - AHEAD + from].chunks_exact(LANES);
    let mut found = [0; LANES];
    for ((a, b), c) in lanes(0).zip(lanes(1)).zip(lanes(2)) {
        for i in 0..LANES {
            found[i] |= mark(a[i], b[i], c[i]);
        }
    }
    // in two registers: as an array it would be written out
    let [low, high] =
        [0, LANES / 2].map(|at| found[at..].first_chunk().map_or(0, |half| u128::from_ne_bytes(*half)));
    low | high == 0
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
