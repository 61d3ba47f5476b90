//! MTRK (RFC 3885 section 3.1): how a message may be asked after.

use super::whole;
use crate::syntax::expected;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use wire::class::DIGIT;
use wire::number::{decimal, number32};
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind};

const MAX_DIGITS: usize = 9;

/// What proves the right to ask after a message, and how long that is possible (RFC 3885 section 3.1).
///
/// ```
/// use smtp_proto::Mtrk;
///
/// let mtrk = Mtrk::new("7XFr65EcUu5skbPz0X+xYqqRv8o", Some(86_400))?;
/// assert_eq!((mtrk.certifier(), mtrk.timeout()), ("7XFr65EcUu5skbPz0X+xYqqRv8o", Some(86_400)));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mtrk<'a> {
    certifier: Cow<'a, str>,
    timeout: Option<u32>,
}

impl<'a> Mtrk<'a> {
    /// The SHA-1 hash of the sender's random number in base64 without `=`, which a parameter cannot hold; and for how many
    /// seconds servers are asked to keep it.
    ///
    /// # Errors
    /// Not base64, or more than 999999999 seconds.
    pub fn new(certifier: &'a str, timeout: Option<u32>) -> Result<Self, Misuse> {
        let certifier: Self = whole(certifier.as_bytes(), rule, "mtrk-certifier")?;
        match certifier.timeout {
            None if timeout.is_none_or(|seconds| seconds <= 999_999_999) => Ok(Self { timeout, ..certifier }),
            None => Err(Misuse::Invalid("mtrk-timeout")),
            Some(_) => Err(Misuse::Invalid("mtrk-certifier")),
        }
    }

    /// The hash in base64.
    #[must_use]
    pub fn certifier(&self) -> &str {
        &self.certifier
    }

    /// For how many seconds servers are asked to keep it.
    #[must_use]
    pub const fn timeout(&self) -> Option<u32> {
        self.timeout
    }

    /// The same, with octets of its own.
    #[must_use]
    pub fn into_owned(self) -> Mtrk<'static> {
        Mtrk { certifier: Cow::Owned(self.certifier.into_owned()), timeout: self.timeout }
    }
}

/// ```text
/// mtrk-parameter  = "MTRK=" mtrk-certifier [ ":" mtrk-timeout ]
/// mtrk-certifier  = base64        ; authenticator
/// mtrk-timeout    = 1*9DIGIT      ; seconds until timeout
/// base64 =  %x2b / %x2f / %x30-39 / %x41-5a / %x61-7a
/// ```
/// What RFC 3885 calls base64 is one character of it; one or more are meant.
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Mtrk<'i>> {
    let base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/".contains(octet);
    let len = i.iter().position(|octet| !base64(octet)).unwrap_or(i.len());
    let (certifier, rest) = match core::str::from_utf8(&i[..len]) {
        Ok(certifier) if len > 0 => (Cow::Borrowed(certifier), &i[len..]),
        _ => return fail(i, expected::CERTIFIER),
    };
    let Some(digits) = rest.strip_prefix(b":") else { return Ok((rest, Mtrk { certifier, timeout: None })) };
    match DIGIT.run(digits) {
        0 => fail(digits, expected::SECONDS),
        1..=MAX_DIGITS => {
            let (rest, seconds) = number32(digits)?;
            Ok((rest, Mtrk { certifier, timeout: Some(seconds) }))
        }
        _ => Err(Failure::at(digits, expected::SECONDS, ParseErrorKind::Range)),
    }
}

pub(crate) fn encode(mtrk: &Mtrk<'_>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    wire.extend_from_slice(mtrk.certifier.as_bytes());
    if let Some(seconds) = mtrk.timeout {
        wire.push(b':');
        wire.extend_from_slice(decimal(seconds.into(), &mut [0; 20]));
    }
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Mtrk<'static>> {
    use proptest::prelude::*;
    ("[A-Za-z0-9+/]{1,28}", proptest::option::of(0u32..=999_999_999))
        .prop_map(|(certifier, timeout)| Mtrk { certifier: Cow::Owned(certifier), timeout })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn certifiers() {
        let mtrk = |certifier, timeout| Mtrk::new(certifier, timeout).unwrap();
        taken(
            rule,
            encode,
            &[
                (b"abc", mtrk("abc", None)),
                (b"7XFr65EcUu5skbPz0X+xYqqRv8o:86400", mtrk("7XFr65EcUu5skbPz0X+xYqqRv8o", Some(86_400))),
                (b"a/+:999999999", mtrk("a/+", Some(999_999_999))),
                (b"a:0", mtrk("a", Some(0))),
                (b"a:007", mtrk("a", Some(7))),
            ],
        );
        refused(
            rule,
            &[
                (b"", 0),
                (b":1", 0),
                (b"a:", 2),
                (b"a:x", 2),
                (b"a:1000000000", 2),
                (b"a:1:2", 3),
                (b"YWJj=", 4),
                (b"a-b", 1),
            ],
        );
        for (certifier, timeout) in [("", None), ("a:1", None), ("a\r\n", None), ("a", Some(1_000_000_000))] {
            assert!(Mtrk::new(certifier, timeout).is_err(), "{certifier:?}");
        }
    }
}
