//! The one-time password: 64 bits (RFC 2289 section 6).

use super::parameters::blanks;
use super::{Algorithm, Parameters, words};
use crate::{expected, text};
use alloc::vec::Vec;
use core::fmt;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use wire::parse::{Failure, Parsed, fail};
use wire::{ParseError, ParseErrorKind, Secret};
use zeroize::{Zeroize, Zeroizing};

/// A one-time password: printed as `***`, compared in constant time, zeroed when dropped.
///
/// ```
/// use auth::otp::{Algorithm, Key, Parameters, Seed};
/// use wire::Secret;
///
/// let parameters = Parameters::new(Algorithm::Md5, 99, Seed::new("TeSt")?)?;
/// let key = Key::compute(&parameters, &Secret::new(*b"This is a test."));
/// assert_eq!(&key.to_hex(), b"50fe1962c4965880");
/// assert_eq!(key.to_words().expose(), b"BAIL TUFT BITS GANG CHEF THY");
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone)]
pub struct Key([u8; 8]);

impl Key {
    /// Hashes the seed and the pass phrase once, and what comes out as often as the sequence number says.
    #[must_use]
    pub fn compute(parameters: &Parameters, phrase: &Secret) -> Self {
        let algorithm = parameters.algorithm();
        let first = fold(algorithm, &[parameters.seed().as_str().as_bytes(), phrase.expose()]);
        (0..parameters.sequence()).fold(first, |key, _| key.hashed(algorithm))
    }

    /// Hashed once more: the one-time password before this one.
    #[must_use]
    pub fn hashed(&self, algorithm: Algorithm) -> Self {
        fold(algorithm, &[&self.0])
    }

    /// The octets.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 8] {
        &self.0
    }

    #[cfg(feature = "server")]
    pub(super) fn same(&self, other: &Self) -> subtle::Choice {
        self.0.ct_eq(&other.0)
    }

    /// In hexadecimal, with lower-case letters.
    #[must_use]
    pub fn to_hex(&self) -> [u8; 16] {
        let mut text = [0; 16];
        // cannot fail: 16 is twice 8
        let _ = hex::encode_to_slice(self.0, &mut text);
        text
    }

    /// As six words (RFC 2289 section 6): 11 bits each, of which the last two are a checksum.
    #[must_use]
    pub fn to_words(&self) -> Secret {
        let number = u64::from_be_bytes(self.0);
        let bits = u128::from(number) << 2 | u128::from(checksum(number));
        // as long as it gets: six words of four letters
        let mut text = Vec::with_capacity(6 * 5);
        for shift in [55, 44, 33, 22, 11, 0] {
            if !text.is_empty() {
                text.push(b' ');
            }
            let index = usize::try_from(bits >> shift & 0x7ff).unwrap_or_default();
            text.extend_from_slice(words::word(index).as_bytes());
        }
        Secret::new(text)
    }

    /// Parses hexadecimal digits, in any case, with white space anywhere.
    ///
    /// # Errors
    /// Something else, or not 16 of them.
    pub fn parse_hex(i: &[u8]) -> Result<Self, ParseError> {
        text::all(i, Self::hex_rule)
    }

    /// Parses six words, in any case, with white space between them.
    ///
    /// # Errors
    /// A word that the dictionary does not have, not six of them, or a wrong checksum.
    ///
    /// ```
    /// use auth::otp::Key;
    ///
    /// let key = Key::parse_words(b"oust coat foal  mug  beak  tote")?;
    /// assert_eq!(key, Key::parse_words(b"OUST COAT FOAL MUG BEAK TOTE")?);
    /// assert!(Key::parse_words(b"OUST COAT FOAL MUG BEAK TOUT").is_err());
    /// # Ok::<(), wire::ParseError>(())
    /// ```
    pub fn parse_words(i: &[u8]) -> Result<Self, ParseError> {
        text::all(i, Self::words_rule)
    }

    /// RFC 2243 section 3.1:
    ///
    /// ```text
    /// hex-64bit     = 16(hex-char *LWSP-char)
    /// ```
    ///
    /// Up to the end, or a colon.
    pub(super) fn hex_rule(i: &[u8]) -> Parsed<'_, Self> {
        let mut digits = Zeroizing::new([0; 16]);
        let mut rest = blanks(i);
        for digit in digits.iter_mut() {
            match rest.split_first() {
                Some((octet, after)) if octet.is_ascii_hexdigit() => {
                    *digit = *octet;
                    rest = blanks(after);
                }
                _ => return fail(rest, expected::HEX),
            }
        }
        let mut key = Self([0; 8]);
        match hex::decode_to_slice(&digits[..], &mut key.0) {
            Ok(()) => Ok((rest, key)),
            Err(_) => fail(i, expected::HEX),
        }
    }

    /// RFC 2243 section 3.1:
    ///
    /// ```text
    /// word-64bit    = 6(otp-word 1*LWSP-char)
    /// otp-word      = <any valid word in the standard OTP coding dictionary>
    /// ```
    ///
    /// No white space is needed behind the last word: RFC 2444 section 4.
    pub(super) fn words_rule(i: &[u8]) -> Parsed<'_, Self> {
        let mut bits = 0u128;
        let mut rest = blanks(i);
        for n in 0..6 {
            let len = wire::class::ALPHA.run(rest);
            let Some(number) = words::number(&rest[..len]) else { return fail(rest, expected::WORD) };
            bits = bits << 11 | number as u128;
            let after = blanks(&rest[len..]);
            if n < 5 && after.len() + len == rest.len() {
                return fail(after, expected::WORD);
            }
            rest = after;
        }
        let number = u64::try_from(bits >> 2 & u128::from(u64::MAX)).unwrap_or_default();
        if bits & 3 != u128::from(checksum(number)) {
            return Err(Failure::at(i, expected::CHECKSUM, ParseErrorKind::Range));
        }
        Ok((rest, Self(number.to_be_bytes())))
    }

    /// Any, for property tests.
    #[cfg(test)]
    pub(super) fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        any::<[u8; 8]>().prop_map(Self)
    }
}

/// RFC 2289 section 6: `The 64 bits of key are broken down into pairs of bits, then these pairs are summed together.`
fn checksum(number: u64) -> u8 {
    let sum: u64 = (0..32).map(|pair| number >> (2 * pair) & 3).sum();
    u8::try_from(sum & 3).unwrap_or_default()
}

/// RFC 2289 Appendix A: hashes, and folds what comes out to 64 bits.
fn fold(algorithm: Algorithm, parts: &[&[u8]]) -> Key {
    let mut key = Key([0; 8]);
    match algorithm {
        Algorithm::Md5 => {
            let mut hash = Md5::new();
            parts.iter().for_each(|part| hash.update(part));
            let digest = Zeroizing::new(<[u8; 16]>::from(hash.finalize_reset()));
            for (to, (a, b)) in key.0.iter_mut().zip(digest.iter().zip(&digest[8..])) {
                *to = a ^ b;
            }
        }
        Algorithm::Sha1 => {
            let mut hash = Sha1::new();
            parts.iter().for_each(|part| hash.update(part));
            let digest = Zeroizing::new(<[u8; 20]>::from(hash.finalize_reset()));
            // words 0 ^ 2 ^ 4 and 1 ^ 3, each with its octets the other way round
            for (i, to) in key.0.iter_mut().enumerate() {
                let at = i ^ 3;
                *to = digest[at] ^ digest[at + 8] ^ digest.get(at + 16).copied().unwrap_or_default();
            }
        }
    }
    key
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Seed;
    use super::*;
    use proptest::prelude::*;

    fn key(algorithm: Algorithm, phrase: &str, seed: &str, sequence: u16) -> Key {
        let seed = Seed::new(seed).unwrap();
        let phrase = Secret::new(phrase.as_bytes());
        if sequence == 0 {
            return fold(algorithm, &[seed.as_str().as_bytes(), phrase.expose()]);
        }
        Key::compute(&Parameters::new(algorithm, sequence, seed).unwrap(), &phrase)
    }

    /// auth-vectors.md, section 8: RFC 2289 Appendix C, with the words that stand there.
    #[test]
    fn vectors() {
        use Algorithm::{Md5, Sha1};
        let (test, correct) = ("This is a test.", "OTP's are good");
        for (algorithm, phrase, seed, sequence, hex, words) in [
            (Md5, test, "TeSt", 0, "9E876134D90499DD", "INCH SEA ANNE LONG AHEM TOUR"),
            (Md5, test, "TeSt", 1, "7965E05436F5029F", "EASE OIL FUM CURE AWRY AVIS"),
            (Md5, test, "TeSt", 99, "50FE1962C4965880", "BAIL TUFT BITS GANG CHEF THY"),
            (Md5, "AbCdEfGhIjK", "alpha1", 0, "87066DD9644BF206", "FULL PEW DOWN ONCE MORT ARC"),
            (Md5, "AbCdEfGhIjK", "alpha1", 1, "7CD34C1040ADD14B", "FACT HOOF AT FIST SITE KENT"),
            (Md5, "AbCdEfGhIjK", "alpha1", 99, "5AA37A81F212146C", "BODE HOP JAKE STOW JUT RAP"),
            (Md5, correct, "correct", 0, "F205753943DE4CF9", "ULAN NEW ARMY FUSE SUIT EYED"),
            (Md5, correct, "correct", 1, "DDCDAC956F234937", "SKIM CULT LOB SLAM POE HOWL"),
            (Md5, correct, "correct", 99, "B203E28FA525BE47", "LONG IVY JULY AJAR BOND LEE"),
            (Sha1, test, "TeSt", 0, "BB9E6AE1979D8FF4", "MILT VARY MAST OK SEES WENT"),
            (Sha1, test, "TeSt", 1, "63D936639734385B", "CART OTTO HIVE ODE VAT NUT"),
            (Sha1, test, "TeSt", 99, "87FEC7768B73CCF9", "GAFF WAIT SKID GIG SKY EYED"),
            (Sha1, "AbCdEfGhIjK", "alpha1", 0, "AD85F658EBE383C9", "LEST OR HEEL SCOT ROB SUIT"),
            (Sha1, "AbCdEfGhIjK", "alpha1", 1, "D07CE229B5CF119B", "RITE TAKE GELD COST TUNE RECK"),
            (Sha1, "AbCdEfGhIjK", "alpha1", 99, "27BC71035AAF3DC6", "MAY STAR TIN LYON VEDA STAN"),
            (Sha1, correct, "correct", 0, "D51F3E99BF8E6F0B", "RUST WELT KICK FELL TAIL FRAU"),
            (Sha1, correct, "correct", 1, "82AEB52D943774E4", "FLIT DOSE ALSO MEW DRUM DEFY"),
            (Sha1, correct, "correct", 99, "4F296A74FE1567EC", "AURA ALOE HURL WING BERG WAIT"),
        ] {
            let key = key(algorithm, phrase, seed, sequence);
            assert_eq!(key.to_hex().to_ascii_uppercase(), hex.as_bytes());
            assert_eq!(key.to_words().expose(), words.as_bytes());
            assert_eq!(Key::parse_hex(hex.as_bytes()).as_ref(), Ok(&key));
            assert_eq!(Key::parse_words(words.as_bytes()).as_ref(), Ok(&key));
            assert_eq!(Key::parse_words(words.to_lowercase().as_bytes()), Ok(key));
        }
        // RFC 2444 section 5
        assert_eq!(&key(Md5, test, "ke1234", 499).to_hex(), b"5bf075d9959d036f");
        assert_eq!(key(Md5, test, "ke1234", 499).to_words().expose(), b"BOND FOGY DRAB NE RISE MART");
        // for SHA-1 it has c90fc02cc488df5e, which comes out without the little endian of RFC 2289 Appendix A
        assert_eq!(&key(Sha1, test, "ke1234", 499).to_hex(), b"1ef48366d04873e0");
        assert_eq!(&key(Md5, "this is a test", "ke1234", 123).to_hex(), b"11d4c147e227c1f1");
    }

    /// RFC 2289 section 6.
    #[test]
    fn spellings() {
        for (text, hex) in [
            ("3503785b369cda8b", b"3503785b369cda8b"),
            ("e5cc a1b8 7c13 096b", b"e5cca1b87c13096b"),
            ("C7 48 90 F4 27 7B A1 CF", b"c74890f4277ba1cf"),
            ("47 9 A68 28 4C 9D 0 1BC ", b"479a68284c9d01bc"),
        ] {
            assert_eq!(&Key::parse_hex(text.as_bytes()).unwrap().to_hex(), hex);
        }
        for text in ["", "3503785b369cda8", "3503785b369cda8bb", "3503785b369cda8g", "0x3503785b369cda8b"] {
            assert!(Key::parse_hex(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Key::parse_words(b"FOWL KID MASH DEAD DUAL OAF").is_ok());
        for text in [
            "",
            "OUST",
            "OUST COAT FOAL MUG BEAK",
            "OUST COAT FOAL MUG BEAK TOTE TOTE",
            "OUST COAT FOAL MUG BEAK TOTEM",
            "OUSTCOAT FOAL MUG BEAK TOTE",
            "OUST,COAT FOAL MUG BEAK TOTE",
            "OUST COAT FOAL MUG BEAK XXXX",
            // RFC 2289 Appendix C: incorrect parity
            "FOWL KID MASH DEAD DUAL NUT",
            "FOWL KID MASH DEAD DUAL O",
            "FOWL KID MASH DEAD DUAL OAK",
        ] {
            assert!(Key::parse_words(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn keys_round_trip(key in Key::strategy()) {
            prop_assert_eq!(Key::parse_hex(&key.to_hex()), Ok(key.clone()));
            prop_assert_eq!(Key::parse_words(key.to_words().expose()), Ok(key));
        }

        #[test]
        fn parsers_never_panic(octets: Vec<u8>, text in "([A-Z]{0,5} ?){0,8}") {
            for octets in [&octets[..], text.as_bytes()] {
                let _ = (Key::parse_hex(octets), Key::parse_words(octets));
            }
        }
    }
}
