//! Keywords of any length as one integer: [`wire::keyword::key`] ends at 16 octets.

use wire::keyword::{key, key_of};

/// In the highest octet of the key of a long word: no octet of a keyword folds to it.
const LONG: u128 = 0xff << 120;

/// The key of a word of [`ATOM`](super::class::ATOM) octets. Of a word of more than 16 octets, it tells no more than the first 15: compare
/// the rest yourself.
#[inline]
pub(crate) fn wide_key(word: &[u8]) -> u128 {
    match word.get(..16) {
        Some(front) if word.len() > 16 => key(front) | LONG,
        _ => key(word),
    }
}

/// [`wide_key`] of a word that is known when compiling.
pub(crate) const fn wide_key_of(word: &str) -> u128 {
    if word.len() <= 16 {
        return key_of(word);
    }
    let (word, mut octets, mut i) = (word.as_bytes(), [0; 16], 0);
    while i < octets.len() {
        octets[i] = word[i] | 0x20;
        i += 1;
    }
    u128::from_le_bytes(octets) | LONG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_told_from_short_ones() {
        assert_eq!(wide_key(b"metadata"), wide_key_of("METADATA"));
        assert_eq!(wide_key(b"create-special-use"), wide_key_of("CREATE-SPECIAL-USE"));
        assert_ne!(wide_key(b"COMPRESS=DEFLATE"), wide_key(b"COMPRESS=DEFLATE9"));
        assert_ne!(wide_key(b"COMPRESS=DEFLATE"), 0);
        assert_eq!(wide_key(b""), 0);
    }
}
