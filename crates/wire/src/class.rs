//! Classes of octets, as a table of bits.

use crate::word::{before_mark, is, load, splat};
use memchr::memchr3;

/// A set of classes; an octet is in it if it is in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class(u8);

/// `ALPHA` of RFC 5234.
pub const ALPHA: Class = Class(1);
/// `DIGIT` of RFC 5234.
pub const DIGIT: Class = Class(2);
/// Octets above 127: what UTF-8 has beyond ASCII.
pub const HIGH: Class = Class(4);
/// `VCHAR` of RFC 5234: printable US-ASCII without the space.
pub const VCHAR: Class = Class(8);
/// `atext` of RFC 5322 section 3.2.3.
pub const ATEXT: Class = Class(16);
/// Text of a line: everything but CR, LF and NUL.
pub const TEXT: Class = Class(32);
/// Letters, digits and the hyphen: what labels of domains and keywords of extensions are made of (RFC 5321
/// section 4.1.2).
pub const LDH: Class = Class(64);
/// Printable US-ASCII without `+` and `=`: what stands for itself in xtext (RFC 3461 section 4).
pub const XCHAR: Class = Class(128);

static TABLE: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "i is below 256")]
        let octet = i as u8;
        let mut class = 0;
        if octet.is_ascii_alphabetic() {
            class |= ALPHA.0 | ATEXT.0 | LDH.0;
        }
        if octet.is_ascii_digit() {
            class |= DIGIT.0 | ATEXT.0 | LDH.0;
        }
        if octet == b'-' {
            class |= LDH.0;
        }
        if octet > 0x7f {
            class |= HIGH.0;
        }
        if octet.is_ascii_graphic() {
            class |= VCHAR.0;
        }
        if octet.is_ascii_graphic() && octet != b'+' && octet != b'=' {
            class |= XCHAR.0;
        }
        if matches!(
            octet,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~'
        ) {
            class |= ATEXT.0;
        }
        if !matches!(octet, b'\r' | b'\n' | 0) {
            class |= TEXT.0;
        }
        table[i] = class;
        i += 1;
    }
    table
};

/// Whether all octets are US-ASCII. For short texts, such as lines: the standard library looks at the last octets one by
/// one.
#[must_use]
#[inline]
pub fn is_ascii(octets: &[u8]) -> bool {
    let pair = |pair: &[u8]| load(pair) | load(pair.get(8..).unwrap_or_default());
    let pairs = octets.chunks_exact(16);
    // the last pair may overlap the one before it
    let last = pair(octets.last_chunk::<16>().map_or(octets, |last| last));
    pairs.fold(last, |all, octets| all | pair(octets)) & splat(0x80) == 0
}

/// Whether all octets are US-ASCII above the first controls, CR, LF and NUL among them: so is nearly every text, and this is found out
/// faster than whether it is one.
#[must_use]
#[inline]
pub fn is_plain(octets: &[u8]) -> bool {
    // subtracting takes the highest bit of no octet below 128 but those that are too small, and of those behind them
    let marks = |octets: &[u8; 8]| {
        let word = u64::from_le_bytes(*octets);
        word | word.wrapping_sub(splat(FIRST_PLAIN))
    };
    let Some(last) = octets.last_chunk() else {
        return octets.iter().all(|&o| (FIRST_PLAIN..0x80).contains(&o));
    };
    let mut all = marks(last);
    let mut rest = octets;
    while let Some((word, behind)) = rest.split_first_chunk() {
        all |= marks(word);
        rest = behind;
    }
    all & splat(0x80) == 0
}

/// CR is the highest octet below 128 that may not stand in text.
const FIRST_PLAIN: u8 = 0x0e;

impl Class {
    /// The octets of both.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `octet` is in the set.
    #[must_use]
    #[inline]
    pub const fn has(self, octet: u8) -> bool {
        TABLE[octet as usize] & self.0 != 0
    }

    /// How many octets at the front of `octets` are in the set.
    #[must_use]
    #[inline]
    pub fn run(self, octets: &[u8]) -> usize {
        self.first_outside(octets).unwrap_or(octets.len())
    }

    /// The first octet that is not in the set.
    #[must_use]
    #[inline]
    pub fn first_outside(self, octets: &[u8]) -> Option<usize> {
        match self {
            TEXT => memchr3(b'\r', b'\n', 0, octets),
            VCHAR => first_marked(octets, not_vchar),
            XCHAR => first_marked(octets, |word| not_vchar(word) | is(b'+', word) | is(b'=', word)),
            _ => self.first_by_table(octets),
        }
    }

    /// Eight octets between two looks at where the end is.
    #[inline]
    fn first_by_table(self, octets: &[u8]) -> Option<usize> {
        let mut chunks = octets.chunks_exact(8);
        for (n, chunk) in chunks.by_ref().enumerate() {
            if let Some(at) = chunk.iter().position(|&octet| !self.has(octet)) {
                return Some(8 * n + at);
            }
        }
        let few = chunks.remainder();
        let at = few.iter().position(|&octet| !self.has(octet))?;
        Some(octets.len() - few.len() + at)
    }
}

/// Eight octets at a time. `marks` sets the highest bit of an octet that is searched for, and may only be wrong behind the
/// first one of a word; it marks 0.
#[inline(always)]
fn first_marked(octets: &[u8], marks: impl Fn(u64) -> u64) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = marks(load(&octets[at..]));
        at += before_mark(found);
        if found & splat(0x80) != 0 {
            return (at < octets.len()).then_some(at);
        }
    }
}

/// Below 0x21, or above 0x7e. A carry only falls on octets behind the first such.
#[inline(always)]
fn not_vchar(word: u64) -> u64 {
    word.wrapping_sub(splat(0x21)) | word.wrapping_add(splat(1)) | word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atext_is_that_of_rfc_5322() {
        let special = br##"!#$%&'*+-/=?^_`{|}~"##;
        for octet in 0..=255u8 {
            let expected = octet.is_ascii_alphanumeric() || special.contains(&octet);
            assert_eq!(ATEXT.has(octet), expected, "{octet}");
        }
    }

    #[test]
    fn ldh_is_letters_digits_and_the_hyphen() {
        for octet in 0..=255u8 {
            assert_eq!(LDH.has(octet), octet.is_ascii_alphanumeric() || octet == b'-', "{octet}");
        }
    }

    #[test]
    fn text_has_no_line_ends_and_no_nul() {
        for octet in 0..=255u8 {
            assert_eq!(TEXT.has(octet), !b"\r\n\0".contains(&octet), "{octet}");
        }
    }

    #[test]
    fn ascii_is_what_the_standard_library_says() {
        for len in 0..50 {
            let mut octets = alloc::vec![0x7f; len];
            assert!(is_ascii(&octets), "{len}");
            for at in 0..len {
                octets[at] = 0x80;
                assert!(!is_ascii(&octets), "{at} of {len}");
                octets[at] = 0x7f;
            }
        }
    }

    #[test]
    fn what_is_searched_by_words_is_what_the_table_says() {
        for class in [VCHAR, TEXT, XCHAR] {
            for octet in 0..=255u8 {
                for len in 0..20 {
                    let mut octets = alloc::vec![b'x'; len];
                    assert_eq!(class.first_outside(&octets), None);
                    if let Some(last) = octets.last_mut() {
                        *last = octet;
                    }
                    octets.extend_from_slice(b"~!\r\xff");
                    let expected = octets.iter().position(|&o| !class.has(o));
                    assert_eq!(class.first_outside(&octets), expected, "{octets:?}");
                    assert_eq!(class.run(&octets), expected.unwrap_or(octets.len()));
                }
            }
        }
    }

    #[test]
    fn runs_stop_at_the_first_octet_outside() {
        assert_eq!(DIGIT.run(b"123a4"), 3);
        assert_eq!(DIGIT.or(ALPHA).run(b"123a4"), 5);
        assert_eq!(VCHAR.run(b" "), 0);
        assert_eq!(VCHAR.run(b""), 0);
    }
}
