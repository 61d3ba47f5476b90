//! The bearer token (RFC 6750 section 2.1).

use crate::expected;
use core::fmt;
use wire::class::{ALPHA, DIGIT};
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Secret};

/// A bearer token (RFC 6750 section 2.1): printed as `***`, compared in constant time, zeroed when dropped.
///
/// ```
/// use auth::oauth::Token;
/// use wire::Secret;
///
/// let token = Token::new(Secret::new(*b"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="))?;
/// assert_eq!(format!("{token:?}"), "***");
/// assert!(Token::new(Secret::new(*b"no token")).is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Secret);

impl Token {
    /// The longest, in octets: the message must fit into a line of 12288 (RFC 4954 section 4) in base64.
    pub const MAX: usize = 8192;

    /// Checks a token.
    ///
    /// # Errors
    /// Empty, longer than [`MAX`](Self::MAX), or with an octet that `b64token` does not have.
    pub fn new(token: Secret) -> Result<Self, Misuse> {
        let octets = token.expose();
        match b64token(octets) {
            _ if octets.is_empty() => Err(Misuse::Empty),
            _ if octets.len() > Self::MAX => Err(Misuse::TooLong { limit: Self::MAX }),
            len if len < octets.len() => Err(Misuse::IllegalOctet { offset: len }),
            _ => Ok(Self(token)),
        }
    }

    /// The token itself.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// Any token, for property tests.
    #[cfg(test)]
    pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::strategy::Strategy as _;
        "[A-Za-z0-9._~+/-]{1,60}={0,3}".prop_map(|text| Self(Secret::new(text)))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How many octets at the front are a token.
///
/// ```text
/// b64token    = 1*( ALPHA / DIGIT /
///                   "-" / "." / "_" / "~" / "+" / "/" ) *"="
/// ```
fn b64token(i: &[u8]) -> usize {
    let symbol = |o: &u8| ALPHA.or(DIGIT).has(*o) || matches!(o, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    let len = i.iter().position(|o| !symbol(o)).unwrap_or(i.len());
    match len {
        0 => 0,
        _ => len + i[len..].iter().take_while(|&&o| o == b'=').count(),
    }
}

/// ```text
/// credentials = "Bearer" 1*SP b64token
/// ```
///
/// RFC 7628 section 4: the scheme is compared without case.
pub(crate) fn authorization(i: &[u8]) -> Parsed<'_, Token> {
    let scheme = i.get(..6).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return fail(i, expected::BEARER);
    }
    let rest = &i[6..];
    let spaces = rest.iter().take_while(|&&o| o == b' ').count();
    if spaces == 0 {
        return fail(rest, wire::parse::expected::SP);
    }
    let rest = &rest[spaces..];
    match b64token(rest) {
        0 => fail(rest, expected::TOKEN),
        len if len > Token::MAX => {
            Err(Failure::at(&rest[Token::MAX..], expected::TOKEN, ParseErrorKind::TooLong))
        }
        len => Ok((&rest[len..], Token(Secret::new(&rest[..len])))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case 184.
    #[test]
    fn grammar() {
        let token = |text: &[u8]| Token::new(Secret::new(text)).map(drop);
        let long = [b'x'; Token::MAX + 1];
        for (text, expected) in [
            (&b"a"[..], Ok(())),
            (b"a=", Ok(())),
            (b"a====", Ok(())),
            (b"ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg", Ok(())),
            (b"-._~+/", Ok(())),
            (&long[1..], Ok(())),
            (&long, Err(Misuse::TooLong { limit: Token::MAX })),
            (b"", Err(Misuse::Empty)),
            (b"=", Err(Misuse::IllegalOctet { offset: 0 })),
            (b"a=b", Err(Misuse::IllegalOctet { offset: 2 })),
            (b"a b", Err(Misuse::IllegalOctet { offset: 1 })),
            (b"a\x01b", Err(Misuse::IllegalOctet { offset: 1 })),
            (b"a\r\n", Err(Misuse::IllegalOctet { offset: 1 })),
            (b"a,", Err(Misuse::IllegalOctet { offset: 1 })),
            (b"a\xff", Err(Misuse::IllegalOctet { offset: 1 })),
        ] {
            assert_eq!(token(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_scheme_has_no_case() {
        for text in [&b"Bearer x"[..], b"bearer x", b"BEARER   x", b"BeArEr x"] {
            let (rest, token) = authorization(text).unwrap();
            assert_eq!((rest, token.expose()), (&b""[..], &b"x"[..]));
        }
        for text in [&b""[..], b"Bearer", b"Bearer ", b"Bearerx", b"Basic x", b"Bearer\tx", b" Bearer x"] {
            assert!(authorization(text).is_err(), "{text:?}");
        }
        let long = [&b"Bearer "[..], &[b'x'; Token::MAX + 1]].concat();
        assert!(authorization(&long[..long.len() - 1]).is_ok());
        assert_eq!(Failure::of(authorization(&long).unwrap_err()).kind(), ParseErrorKind::TooLong);
    }
}
