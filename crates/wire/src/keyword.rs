//! Keywords without regard to case, compared as one integer.

use crate::class::LDH;
use crate::word::{before_mark, load, splat};

/// Up to 16 octets, case folded, as one integer: what `match` on keywords compares. Longer keywords and
/// the empty one give 0, which no [`key_of`] is.
///
/// Folding sets one bit in every octet, so two different octets can give the same integer. For keywords
/// that are made of letters, digits and `- / = . + : _ $ ! #`, this happens only with control characters
/// and DEL: give it only runs of [`VCHAR`](crate::class::VCHAR).
///
/// ```
/// use wire::keyword::{key, key_of};
///
/// const STAT: u128 = key_of("STAT");
/// assert_eq!(key(b"sTaT"), STAT);
/// assert_ne!(key(b"STATX"), STAT);
/// ```
#[must_use]
#[inline]
pub fn key(word: &[u8]) -> u128 {
    let len = word.len();
    if len == 0 || len > 16 {
        return 0;
    }
    let second = word.get(8..).map_or(0, load);
    let octets = u128::from(load(word)) | u128::from(second) << 64;
    (octets | FOLD) & (u128::MAX >> (128 - 8 * len))
}

/// [`key`] of a word that is known when compiling.
///
/// # Panics
/// When compiling, if the word is empty or longer than 16 octets.
#[must_use]
pub const fn key_of(word: &str) -> u128 {
    let word = word.as_bytes();
    assert!(!word.is_empty() && word.len() <= 16);
    let mut octets = [0; 16];
    let mut i = 0;
    while i < word.len() {
        octets[i] = word[i] | 0x20;
        i += 1;
    }
    u128::from_le_bytes(octets)
}

/// Up to eight octets that a message may start with, letters in any case. As [`name`] and `match`, but cheaper for
/// the few that are met most.
///
/// ```
/// use wire::keyword::{Prefix, first};
///
/// const SIZE: Prefix = Prefix::of("SIZE=");
/// assert!(SIZE.is_in(first(b"size=1000")) && !SIZE.is_in(first(b"SIZE")));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Prefix {
    mask: u64,
    octets: u64,
}

impl Prefix {
    /// # Panics
    /// When compiling, if there are more than eight octets.
    #[must_use]
    pub const fn of(text: &str) -> Self {
        let text = text.as_bytes();
        let (mut mask, mut octets) = ([0; 8], [0; 8]);
        let mut i = 0;
        while i < text.len() {
            // two octets differ in this bit only if they are one letter, or neither is one
            mask[i] = if text[i].is_ascii_alphabetic() { 0xdf } else { 0xff };
            octets[i] = text[i] & mask[i];
            i += 1;
        }
        Self { mask: u64::from_le_bytes(mask), octets: u64::from_le_bytes(octets) }
    }

    /// Whether it is at the start of what [`first`] gave.
    #[must_use]
    #[inline(always)]
    pub const fn is_in(self, first: u64) -> bool {
        first & self.mask == self.octets
    }
}

/// The first octets, at most eight, for [`Prefix`].
#[must_use]
#[inline(always)]
pub fn first(octets: &[u8]) -> u64 {
    load(octets)
}

/// The name at the front, of letters, digits and hyphens: its length, and its [`key`].
///
/// ```
/// use wire::keyword::{key_of, name};
///
/// assert_eq!(name(b"size=1000"), (4, key_of("SIZE")));
/// assert_eq!(name(b"MT-PRIORITY"), (11, key_of("MT-PRIORITY")));
/// assert_eq!(name(b"=").0, 0);
/// ```
#[must_use]
#[inline(always)]
pub fn name(octets: &[u8]) -> (usize, u128) {
    let word = load(octets);
    let len = before_mark(!ldh_marks(word));
    match len {
        0 => (0, 0),
        1..8 => (len, u128::from((word | splat(0x20)) & (u64::MAX >> (64 - 8 * len)))),
        _ => long_name(octets, word),
    }
}

/// The same for a name of at least eight octets, which are `word`.
#[inline(never)]
fn long_name(octets: &[u8], word: u64) -> (usize, u128) {
    let second = load(&octets[8..]);
    let len = 8 + before_mark(!ldh_marks(second));
    if len < 16 {
        let octets = u128::from(word) | u128::from(second) << 64;
        return (len, (octets | FOLD) & (u128::MAX >> (128 - 8 * len)));
    }
    let len = LDH.run(octets);
    (len, key(&octets[..len]))
}

/// The highest bit of each octet that is a letter, a digit or a hyphen.
#[inline(always)]
const fn ldh_marks(word: u64) -> u64 {
    let low = word & splat(0x7f);
    let folded = low | splat(0x20);
    // from `a` on, and not behind `z`
    let letters = (folded + splat(0x80 - b'a')) & !(folded + splat(0x80 - b'z' - 1));
    let digits = (low + splat(0x80 - b'0')) & !(low + splat(0x80 - b'9' - 1));
    let hyphens = splat(0x80) - (low ^ splat(b'-'));
    (letters | digits | hyphens) & !word
}

const FOLD: u128 = 0x2020_2020_2020_2020_2020_2020_2020_2020;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_length_does() {
        assert_eq!(key(b"resp-codes"), key_of("RESP-CODES"));
        assert_eq!(key(b"UTF8"), key_of("utf8"));
        assert_ne!(key(b"UTF"), key_of("UTF8"));
        assert_eq!(key(b""), 0);
        assert_eq!(key(&[b'a'; 17]), 0);
        assert_eq!(key(&[b'A'; 16]), key_of("aaaaaaaaaaaaaaaa"));
    }

    #[test]
    fn prefixes_are_told_from_all_else() {
        for text in ["SIZE=", "rfc822;", "A", "NOTIFY=", "EIGHTEST"] {
            let prefix = Prefix::of(text);
            for at in 0..text.len() {
                for octet in 0..=255u8 {
                    let mut other = text.as_bytes().to_vec();
                    other[at] = octet;
                    let same = other.eq_ignore_ascii_case(text.as_bytes());
                    assert_eq!(prefix.is_in(first(&other)), same, "{other:?}");
                    other.push(octet);
                    assert_eq!(prefix.is_in(first(&other)), same, "{other:?}");
                }
                assert!(!prefix.is_in(first(&text.as_bytes()[..at])));
            }
        }
    }

    #[test]
    fn names_are_runs_of_their_class() {
        for octet in 0..=255u8 {
            for len in 0..20 {
                let mut octets = alloc::vec![b'x'; len];
                if let Some(last) = octets.last_mut() {
                    *last = octet;
                }
                for tail in [&b""[..], b"=1", b"Z09-azA", b"/[`{@:\xff"] {
                    let octets = [&octets[..], tail].concat();
                    let len = LDH.run(&octets);
                    assert_eq!(name(&octets), (len, key(&octets[..len])), "{octets:?}");
                }
            }
        }
    }

    #[test]
    fn printable_octets_collide_only_in_letters() {
        // what the doc comment promises for the octets that keywords are made of
        let legal = b"0123456789-/=.+:!#$";
        for a in legal {
            for b in 0x21..0x7fu8 {
                assert_eq!(key(&[*a]) == key(&[b]), *a == b, "{a} {b}");
            }
        }
    }
}
