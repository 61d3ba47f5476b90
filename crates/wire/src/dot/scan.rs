//! The search that the decoder, the encoder and the scanner of line endings share.

use memchr::memchr2;

/// Octets of a dirty block that are looked at in one go.
const WINDOW: usize = 64;
/// How many octets behind it decide about a place.
const AHEAD: usize = 2;
/// Octets that are looked at as a whole. Less than the longest line, so that most often one search from
/// the end finds that no line in it is too long.
const BLOCK: usize = 14 * WINDOW;
/// Octets that are compared side by side.
const LANES: usize = 32;

/// Finds how far a text has proper line endings only, and no dot at the start of a line.
///
/// Whole blocks are looked at in one vectorised pass that only tells clean from dirty. A dirty block is
/// gone through in small windows. So an ordinary text costs a fraction of a search for each of its line
/// ends, and one that is all dots costs no more than that.
#[derive(Debug, Clone, Default)]
pub(super) struct Scanner {
    /// The place up to which blocks are dirty.
    dirty: u64,
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
        if text.get(from) == Some(&b'\n') {
            return from;
        }
        let mut at = from;
        loop {
            let rest = &text[at..];
            let Some(window) = rest.first_chunk() else { return at + in_few(rest) };
            let place = origin + at as u64;
            if place >= self.dirty {
                if at > from {
                    return at;
                }
                let block = BLOCK.min((rest.len() - AHEAD) / LANES * LANES);
                if is_clean(&rest[..block + AHEAD]) {
                    return at + whole_pairs(&rest[..block]);
                }
                self.dirty = place + block as u64;
            }
            let n = first_mark(window);
            if n < WINDOW {
                return at
                    + match &window[n..] {
                        [b'\r', b'\n', ..] => n + 2,
                        [b'\r', ..] => n,
                        _ => n + 1,
                    };
            }
            at += whole_pairs(&window[..WINDOW]);
        }
    }
}

/// The length of `text` without a CR at its end, whose LF comes next.
fn whole_pairs(text: &[u8]) -> usize {
    text.len() - usize::from(text.ends_with(b"\r"))
}

/// [`Scanner::settled`] for a few octets, in which marks do not pay.
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

/// Whether there are no marks in `text`, except in its last octets, of which there are [`AHEAD`].
fn is_clean(text: &[u8]) -> bool {
    let lanes = |start: usize| text[start..].chunks_exact(LANES);
    let mut found = [0; LANES];
    for ((a, b), c) in lanes(0).zip(lanes(1)).zip(lanes(2)) {
        for i in 0..LANES {
            found[i] |= mark(a[i], b[i], c[i]);
        }
    }
    found == [0; LANES]
}

/// The first mark in `window`, or [`WINDOW`].
fn first_mark(window: &[u8; WINDOW + AHEAD]) -> usize {
    let mut marks = [0; WINDOW];
    for (n, octet) in marks.iter_mut().enumerate() {
        *octet = mark(window[n], window[n + 1], window[n + 2]);
    }
    // from the end, without a jump that depends on the text
    let (words, _) = marks.as_chunks();
    let mut first = WINDOW;
    for (n, word) in words.iter().enumerate().rev() {
        let word = u64::from_le_bytes(*word);
        first = if word == 0 { first } else { 8 * n + word.trailing_zeros() as usize / 8 };
    }
    first
}
