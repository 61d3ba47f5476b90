//! LOGIN and AUTHENTICATE.

use crate::core::syntax;
use crate::core::{Context, Encoder, IString};
use alloc::borrow::Cow;
use wire::Secret;
use wire::parse::{Parsed, fail};

/// The arguments of LOGIN (RFC 9051 section 6.2.3).
///
/// ```
/// use imap_proto::{IString, Login};
///
/// let login = Login { userid: IString::new("SMITH")?, password: wire::Secret::new(*b"SESAME") };
/// assert!(!format!("{login:?}").contains("SESAME"));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Who.
    pub userid: IString,
    /// The password. NUL in it cannot be sent.
    pub password: Secret,
}

impl Login {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { userid: self.userid.detach(), password: self.password.clone() }
    }

    /// ```text
    /// login           = "LOGIN" SP userid SP password
    /// userid          = astring
    /// password        = astring
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        cx.set_secret();
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, userid) = syntax::astring(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, password) = syntax::astring_octets(cx, i)?;
        let password = match password {
            Cow::Borrowed(octets) => Secret::new(octets),
            Cow::Owned(octets) => Secret::new(octets),
        };
        Ok((i, Self { userid, password }))
    }

    /// Writes it; the output is zeroed when it was sent.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        encoder.astring(&self.userid);
        encoder.sp();
        encoder.secret(&self.password);
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (IString::strategy(), IString::strategy())
            .prop_map(|(userid, password)| Self { userid, password: Secret::new(password.as_bytes()) })
    }
}

/// The arguments of AUTHENTICATE (RFC 9051 section 6.2.2, RFC 4959): the mechanism and the initial response.
pub use wire::sasl::Auth as Authenticate;

/// ```text
/// authenticate    = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)
/// auth-type       = atom
/// initial-resp    =  (base64 / "=")
/// ```
pub(crate) fn authenticate_rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Authenticate> {
    cx.set_secret();
    let (i, ()) = syntax::sp(cx, i)?;
    let (rest, arguments) = Authenticate::rule(cx, i)?;
    let empty = arguments.initial_response.as_ref().is_some_and(Secret::is_empty);
    if empty && !i[..i.len() - rest.len()].ends_with(b"=") {
        return fail(rest, wire::parse::expected::BASE64);
    }
    Ok((rest, arguments))
}

/// Writes it; the output is zeroed when it was sent.
pub(crate) fn encode_authenticate(arguments: &Authenticate, encoder: &mut Encoder<'_>) {
    encoder.sp();
    encoder.sasl(arguments);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use alloc::format;
    use proptest::prelude::*;
    use wire::sasl::Mechanism;

    #[test]
    fn login() {
        let login = |userid: &'static str, password: &str| Login {
            userid: IString::new(userid).unwrap(),
            password: Secret::new(password.as_bytes()),
        };
        check(
            Login::rule,
            |login, encoder| login.encode(encoder),
            &[
                Row::Good(b" SMITH SESAME", login("SMITH", "SESAME")),
                Row::Other(b" \"arnt\" \"trondheim\"", login("arnt", "trondheim")),
                Row::Good(b" \"a b\" \"a\\\"b\\\\\"", login("a b", "a\"b\\")),
                Row::Good(b" FRED {3}\r\na\r\n", login("FRED", "a\r\n")),
                Row::Good(b" x \"\"", login("x", "")),
                Row::Tolerated(
                    b" x  caf\xe9",
                    8,
                    Login { password: Secret::new(*b"caf\xe9"), ..login("x", "") },
                ),
                Row::Bad(b" x", 2),
                Row::Bad(b" x (", 3),
            ],
        );
    }

    #[test]
    fn authenticate() {
        let arguments = |mechanism: &str, response: Option<&[u8]>| Authenticate {
            mechanism: Mechanism::new(mechanism).unwrap(),
            initial_response: response.map(Secret::new),
        };
        check(
            authenticate_rule,
            encode_authenticate,
            &[
                Row::Good(b" GSSAPI", arguments("GSSAPI", None)),
                Row::Good(b" PLAIN dGVzdAB0ZXN0AHRlc3Q=", arguments("PLAIN", Some(b"test\0test\0test"))),
                Row::Good(b" EXTERNAL =", arguments("EXTERNAL", Some(b""))),
                Row::Other(b" digest-md5", arguments("DIGEST-MD5", None)),
                Row::Bad(b" PLAIN !", 7),
                Row::Bad(b"", 0),
            ],
        );
    }

    #[test]
    fn nothing_is_shown() {
        let frame = bytes::Bytes::from_static(b" x hunter2(");
        let cx = Context::new(&frame, wire::Tolerance::Lenient);
        let (rest, login) = Login::rule(&cx, &frame).unwrap();
        assert_eq!(rest, b"(");
        let error = cx.error(syntax::end(&cx, rest).unwrap_err(), crate::core::syntax::expected::name);
        assert_eq!(error.got, None);
        assert!(!format!("{login:?}{:?}", cx.into_repairs()).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn round_trips(login in Login::strategy(), arguments in Authenticate::strategy()) {
            round_trip(&login, Login::rule, |value, encoder| value.encode(encoder));
            round_trip(&arguments, authenticate_rule, encode_authenticate);
        }
    }
}
