//! The challenge (RFC 2289 section 6, RFC 2243 section 2.1) and what it is made of.

use crate::{expected, text};
use alloc::{format, string::String, vec::Vec};
use core::fmt;
use wire::class::{ALPHA, DIGIT, VCHAR};
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseError, ParseErrorKind};

/// The hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// MD5, which each implementation has.
    Md5,
    /// SHA-1.
    Sha1,
}

impl Algorithm {
    /// Its identifier, which has a case (RFC 2289 section 6).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
        }
    }

    /// The algorithm of that name. MD4, which is broken, is not there.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha1].into_iter().find(|one| one.name() == name)
    }
}

/// The seed: one to 16 letters and digits, in lower case. It is not secret; another one makes other passwords of the same pass
/// phrase.
///
/// ```
/// use auth::otp::Seed;
///
/// assert_eq!(Seed::new("TeSt")?.as_str(), "test");
/// assert!(Seed::new("two words").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Seed(String);

impl Seed {
    /// The longest, in octets (RFC 2289 section 6).
    pub const MAX: usize = 16;

    /// Checks a seed and folds it to lower case.
    ///
    /// # Errors
    /// Empty, too long, or with something else than letters and digits of US-ASCII.
    pub fn new(seed: &str) -> Result<Self, Misuse> {
        match ALPHA.or(DIGIT).first_outside(seed.as_bytes()) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None if seed.is_empty() => Err(Misuse::Empty),
            None if seed.len() > Self::MAX => Err(Misuse::TooLong { limit: Self::MAX }),
            None => Ok(Self(seed.to_ascii_lowercase())),
        }
    }

    /// The seed in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// ```text
    /// seed            = 16*1(ALPHA / DIGIT)
    /// ```
    fn rule(i: &[u8]) -> Parsed<'_, Self> {
        let len = ALPHA.or(DIGIT).run(i);
        if len > Self::MAX {
            return Err(Failure::at(&i[Self::MAX..], expected::SEED, ParseErrorKind::TooLong));
        }
        let seed = core::str::from_utf8(&i[..len]).ok().and_then(|text| Self::new(text).ok());
        seed.map_or_else(|| fail(i, expected::SEED), |seed| Ok((&i[len..], seed)))
    }
}

/// An algorithm, a sequence number and a seed: which one-time password is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    algorithm: Algorithm,
    sequence: u16,
    seed: Seed,
}

impl Parameters {
    /// The highest sequence number: four digits (RFC 2243 section 4.1). It is how often a client hashes, so it bounds what a server
    /// can make it do.
    pub const MAX_SEQUENCE: u16 = 9999;

    /// `sequence` is how often is hashed, and so how many logins there are until the next initialisation.
    ///
    /// # Errors
    /// It is 0 or above [`MAX_SEQUENCE`](Self::MAX_SEQUENCE).
    pub fn new(algorithm: Algorithm, sequence: u16, seed: Seed) -> Result<Self, Misuse> {
        match sequence {
            1..=Self::MAX_SEQUENCE => Ok(Self { algorithm, sequence, seed }),
            _ => Err(Misuse::Invalid("sequence number")),
        }
    }

    /// The hash.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How often is hashed.
    #[must_use]
    pub const fn sequence(&self) -> u16 {
        self.sequence
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Those of the next login, if one is left.
    #[must_use]
    pub fn next(&self) -> Option<Self> {
        let sequence = self.sequence.checked_sub(1).filter(|&sequence| sequence > 0)?;
        Some(Self { sequence, seed: self.seed.clone(), ..*self })
    }

    /// RFC 2243 section 4.1; white space is free (section 2.2).
    ///
    /// ```text
    /// new-params      = algorithm SPACE sequence-number SPACE seed
    /// algorithm       = "md4" / "md5" / "sha1"
    /// sequence-number = 4*3DIGIT
    /// seed            = 16*1(ALPHA / DIGIT)
    /// ```
    pub(super) fn rule(i: &[u8]) -> Parsed<'_, Self> {
        let len = ALPHA.or(DIGIT).run(i);
        let name = core::str::from_utf8(&i[..len]).ok();
        let Some(algorithm) = name.and_then(Algorithm::named) else { return fail(i, expected::ALGORITHM) };
        let (rest, ()) = space(&i[len..])?;
        let len = DIGIT.run(rest);
        let digits = core::str::from_utf8(&rest[..len]).unwrap_or_default();
        let sequence = match digits.parse() {
            Ok(number) if number <= Self::MAX_SEQUENCE => number,
            _ if digits.is_empty() => return fail(rest, expected::SEQUENCE),
            _ => return Err(Failure::at(rest, expected::SEQUENCE, ParseErrorKind::Range)),
        };
        let (rest, ()) = space(&rest[len..])?;
        let (rest, seed) = Seed::rule(rest)?;
        // 0 is for the caller to see: the user has to be told (RFC 2444 section 3)
        Ok((rest, Self { algorithm, sequence, seed }))
    }
}

impl fmt::Display for Parameters {
    /// As in a response: `md5 499 ke1234`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.algorithm.name(), self.sequence, self.seed.0)
    }
}

/// ```text
/// LWSP-char = SPACE / HTAB
/// ```
pub(super) fn blanks(i: &[u8]) -> &[u8] {
    let len = i.iter().take_while(|o| matches!(o, b' ' | b'\t')).count();
    &i[len..]
}

/// One or more of them.
fn space(i: &[u8]) -> Parsed<'_, ()> {
    let rest = blanks(i);
    if rest.len() == i.len() { fail(i, wire::parse::expected::SP) } else { Ok((rest, ())) }
}

/// The server's challenge, in which it says that it takes extended responses.
///
/// ```
/// use auth::otp::Challenge;
///
/// let challenge = Challenge::parse(b"otp-md5 499 ke1234 ext")?;
/// assert_eq!(challenge.parameters().sequence(), 499);
/// assert_eq!(challenge.encode(), b"otp-md5 499 ke1234 ext");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(pub(super) Parameters);

impl Challenge {
    /// The longest that is parsed, in octets.
    pub const MAX: usize = 512;

    /// With these parameters.
    #[must_use]
    pub const fn new(parameters: Parameters) -> Self {
        Self(parameters)
    }

    /// The parameters of the one-time password that is wanted. The sequence number may be 0, which nobody can answer.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters {
        &self.0
    }

    /// Parses a whole challenge. White space at its end is legal (RFC 2243 section 2.1).
    ///
    /// # Errors
    /// The offset and what was expected there: an unknown algorithm, too; a challenge without `ext`, which RFC 2444 section 3
    /// demands.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        text::all(i, challenge)
    }

    /// The challenge.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        format!("otp-{} ext", self.0).into_bytes()
    }
}

/// ```text
/// otp-<algorithm identifier> <sequence integer> <seed>
/// extended-challenge = otp-challenge 1*LWSP-char capability-list
///                      (NL / *LWSP-char)
/// capability-list   = "ext" *("," extension-set-id)
/// extension-set-id  = *<any CHAR except LWSP, CTLs, or ",">
/// ```
fn challenge(i: &[u8]) -> Parsed<'_, Challenge> {
    if i.len() > Challenge::MAX {
        return Err(Failure::at(&i[Challenge::MAX..], expected::CHALLENGE, ParseErrorKind::TooLong));
    }
    let Some(rest) = i.strip_prefix(b"otp-") else { return fail(i, expected::CHALLENGE) };
    let (rest, parameters) = Parameters::rule(rest)?;
    let (rest, ()) = space(rest)?;
    match rest.strip_prefix(b"ext") {
        Some(sets) if !matches!(sets.first(), Some(o) if !b", \t\r\n".contains(o)) => {
            let rest = blanks(&sets[VCHAR.run(sets)..]);
            let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
            Ok((rest.strip_prefix(b"\n").unwrap_or(rest), Challenge(parameters)))
        }
        _ => fail(rest, expected::EXT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn challenges() {
        for (text, parameters) in [
            ("otp-md5 499 ke1234 ext", "md5 499 ke1234"),
            ("otp-sha1 499 KE1234 ext,foo,x-bar", "sha1 499 ke1234"),
            ("otp-md5 \t 1\tx   ext \t", "md5 1 x"),
            ("otp-md5 9999 abcdefghij123456 ext\r\n", "md5 9999 abcdefghij123456"),
            ("otp-md5 0 x ext", "md5 0 x"),
            ("otp-md5 0499 x ext\n", "md5 499 x"),
        ] {
            let challenge = Challenge::parse(text.as_bytes()).unwrap();
            assert_eq!(challenge.parameters().to_string(), parameters);
            assert_eq!(Challenge::parse(&challenge.encode()), Ok(challenge));
        }
        let long = alloc::format!("otp-md5 1 x ext,{}", "y".repeat(500));
        for (text, offset) in [
            ("", 0),
            ("otp-", 4),
            ("OTP-md5 1 x ext", 0),
            ("otp-md4 1 x ext", 4),
            ("otp-MD5 1 x ext", 4),
            ("otp-sha256 1 x ext", 4),
            ("otp-md5", 7),
            ("otp-md51 x ext", 4),
            ("otp-md5 x x ext", 8),
            ("otp-md5 -1 x ext", 8),
            ("otp-md5 10000 x ext", 8),
            ("otp-md5 99999999999 x ext", 8),
            ("otp-md5 1", 9),
            ("otp-md5 1 ", 10),
            ("otp-md5 1 abcdefghij1234567 ext", 26),
            ("otp-md5 1 a-b ext", 11),
            ("otp-md5 1 x", 11),
            ("otp-md5 1 x ", 12),
            ("otp-md5 1 x extra", 12),
            ("otp-md5 1 x ex", 12),
            ("otp-md5 1 x ext y", 16),
            ("otp-md5 1 x ext\r\n\r\n", 17),
            (&long, 512),
        ] {
            let error = Challenge::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.offset, offset, "{text}: {error}");
        }
    }

    #[test]
    fn limits() {
        let seed = || Seed::new("x").unwrap();
        for (sequence, ok) in [(0, false), (1, true), (9999, true), (10000, false)] {
            assert_eq!(Parameters::new(Algorithm::Md5, sequence, seed()).is_ok(), ok);
        }
        let parameters = |n| Parameters::new(Algorithm::Md5, n, seed()).unwrap();
        assert_eq!(parameters(2).next(), Some(parameters(1)));
        assert_eq!(parameters(1).next(), None);
        assert!(Seed::new("abcdefghij123456").is_ok());
        for seed in ["", "abcdefghij1234567", "a b", "a-b", "\u{fc}"] {
            assert!(Seed::new(seed).is_err());
        }
    }
}
