//! `digest-challenge` (RFC 2831 section 2.1.1).

use super::directives::{Directives, plain, quote};
use crate::expected;
use alloc::{string::String, vec::Vec};
use wire::{ParseError, ParseErrorKind};

/// The server's challenge. What says nothing about `qop=auth` is checked and not kept.
///
/// ```
/// use auth::digest_md5::Challenge;
///
/// let challenge = Challenge::parse(
///     br#"realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8"#,
/// )?;
/// assert_eq!(challenge.realms(), ["elwood.innosoft.com"]);
/// assert_eq!(challenge.nonce(), "OA6MG9tEQGm2hh");
/// assert!(challenge.has_utf8());
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    pub(super) realms: Vec<String>,
    pub(super) nonce: String,
    pub(super) utf8: bool,
}

impl Challenge {
    /// The longest, in octets (RFC 2831 section 2.1.1: less than 2048).
    pub const MAX: usize = 2047;

    /// The realms that the server offers.
    #[must_use]
    pub fn realms(&self) -> &[String] {
        &self.realms
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Whether the server takes names in UTF-8.
    #[must_use]
    pub fn has_utf8(&self) -> bool {
        self.utf8
    }

    /// Parses a whole challenge. Values may be quoted or not; names have no case; unknown directives are skipped.
    ///
    /// ```text
    /// digest-challenge  =
    ///       1#( realm | nonce | qop-options | stale | maxbuf | charset
    ///             algorithm | cipher-opts | auth-param )
    /// ```
    ///
    /// # Errors
    /// The offset and what was expected there: what must be there once and is not (`nonce`, `algorithm`), what may be there
    /// once and is twice, another algorithm than `md5-sess`, or no `auth` in `qop`.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        let directives = Directives::parse(i, Self::MAX)?;
        let utf8 = directives.optional("charset")?;
        if let Some(charset) = utf8.filter(|charset| !charset.is("utf-8")) {
            return Err(directives.wrong(charset, expected::CHARSET, ParseErrorKind::Syntax));
        }
        let algorithm = directives.required("algorithm")?;
        if !algorithm.is("md5-sess") {
            return Err(directives.wrong(algorithm, expected::MD5_SESS, ParseErrorKind::Syntax));
        }
        if let Some(qop) = directives.optional("qop")? {
            let mut list = qop.value().split(|&o| o == b',');
            if !list.any(|one| one.trim_ascii().eq_ignore_ascii_case(b"auth")) {
                return Err(directives.wrong(qop, expected::QOP, ParseErrorKind::Syntax));
            }
        }
        for once in ["stale", "maxbuf", "cipher"] {
            directives.optional(once)?;
        }
        let nonce = directives.ascii(directives.required("nonce")?, expected::DIGEST_NONCE)?;
        let utf8 = utf8.is_some();
        let realms = directives.all("realm").filter(|realm| !realm.value().is_empty());
        let realms: Result<_, _> = realms.map(|one| directives.text(one, utf8, expected::REALM)).collect();
        Ok(Self { realms: realms?, nonce, utf8 })
    }

    /// The challenge, with `qop="auth"`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for realm in &self.realms {
            if self.utf8 {
                quote("realm", realm.as_bytes(), &mut octets);
            } else {
                quote("realm", super::latin1(realm).expose(), &mut octets);
            }
        }
        quote("nonce", self.nonce.as_bytes(), &mut octets);
        quote("qop", b"auth", &mut octets);
        plain("algorithm", b"md5-sess", &mut octets);
        if self.utf8 {
            plain("charset", b"utf-8", &mut octets);
        }
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString, vec};
    use proptest::prelude::*;

    #[test]
    fn what_is_taken() {
        for (text, realms, utf8) in [
            (r#"nonce="x",algorithm=md5-sess"#, &[][..], false),
            (r#"nonce=x,algorithm="MD5-sess",charset="UTF-8""#, &[], true),
            (r#" , ,nonce = "x" ,, ALGORITHM=md5-sess , "#, &[], false),
            (
                r#"realm="a",realm="b\"\\,",nonce="x",algorithm=md5-sess,qop="auth-int, auth ,x""#,
                &["a", "b\"\\,"],
                false,
            ),
            (
                r#"realm="",nonce="x",algorithm=md5-sess,opaque="y",opaque="z",stale=true,maxbuf=1"#,
                &[],
                false,
            ),
        ] {
            let challenge = Challenge::parse(text.as_bytes()).unwrap();
            assert_eq!(
                (challenge.realms(), challenge.nonce()),
                (&realms.iter().map(ToString::to_string).collect::<Vec<_>>()[..], "x")
            );
            assert_eq!(challenge.has_utf8(), utf8, "{text}");
        }
        // ISO 8859-1
        let challenge = Challenge::parse(b"realm=\"b\xfccher\",nonce=\"x\",algorithm=md5-sess").unwrap();
        assert_eq!(challenge.realms(), ["b\u{fc}cher"]);
    }

    #[test]
    fn what_is_not() {
        let long = format!("nonce=x,algorithm=md5-sess,a=\"{}\"", "x".repeat(2018));
        assert!(Challenge::parse(&long.as_bytes()[1..]).is_err());
        for (text, offset) in [
            (&b""[..], 0),
            (b" , ,", 4),
            (b"nonce=\"x\"", 9),
            (b"algorithm=md5-sess", 18),
            (b"nonce=\"\",algorithm=md5-sess", 6),
            (b"nonce=\"x y\",algorithm=md5-sess", 6),
            (b"nonce=\"\xff\",algorithm=md5-sess", 6),
            (b"nonce=x,nonce=y,algorithm=md5-sess", 14),
            (b"nonce=x,algorithm=md5", 18),
            (b"nonce=x,algorithm=md5-sess,algorithm=md5-sess", 37),
            (b"nonce=x,algorithm=md5-sess,charset=latin1", 35),
            (b"nonce=x,algorithm=md5-sess,charset=utf-8,charset=utf-8", 49),
            (b"nonce=x,algorithm=md5-sess,qop=\"auth-int,auth-conf\"", 31),
            (b"nonce=x,algorithm=md5-sess,qop=auth,qop=auth", 40),
            (b"nonce=x,algorithm=md5-sess,stale=true,stale=true", 44),
            (b"nonce=x,algorithm=md5-sess,maxbuf=1,maxbuf=1", 43),
            (b"nonce=x,algorithm=md5-sess,realm=\"\xff\",charset=utf-8", 33),
            (b"nonce=x,algorithm=md5-sess,realm=\"\n\"", 34),
            (b"nonce=x,algorithm=md5-sess,realm=\"", 34),
            (b"nonce=x,algorithm=md5-sess,realm=\"\\", 35),
            (b"nonce=x,algorithm=md5-sess,realm", 32),
            (b"nonce=x,algorithm=md5-sess,realm=", 33),
            (b"nonce=x,algorithm=md5-sess x", 27),
            (b"nonce=x;algorithm=md5-sess", 7),
            (b"=x", 0),
            (long.as_bytes(), 2047),
        ] {
            let error = Challenge::parse(text).unwrap_err();
            assert_eq!(error.offset, offset, "{} {error}", String::from_utf8_lossy(text));
        }
    }

    proptest! {
        #[test]
        fn challenges_round_trip(realms in proptest::collection::vec("[ -~\u{e4}\u{20ac}]{1,20}", 0..3), nonce in "[!-~]{1,40}") {
            let challenge = Challenge { realms: realms.clone(), nonce: nonce.clone(), utf8: true };
            prop_assert_eq!(Challenge::parse(&challenge.encode()), Ok(challenge));
            let realms = realms.iter().map(|realm| realm.replace('\u{20ac}', "E")).collect();
            let challenge = Challenge { realms, nonce, utf8: false };
            prop_assert_eq!(Challenge::parse(&challenge.encode()), Ok(challenge));
        }

        #[test]
        fn parser_never_panics(octets: Vec<u8>, text in "([a-z]{1,3}|nonce|algorithm)=(\"?[ -~]{0,5}\"?|md5-sess)(,[a-z=\",\\\\ ]{0,9}){0,3}") {
            let _ = vec![Challenge::parse(&octets), Challenge::parse(text.as_bytes())];
        }
    }
}
