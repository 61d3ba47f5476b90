//! LOGIN and AUTHENTICATE.

use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder, IString};
use crate::rule;
use alloc::borrow::Cow;
use wire::parse::{Failure, Parsed, fail};
use wire::sasl::{self, Auth, Mechanism};
use wire::{Misuse, ParseErrorKind, Secret, Tolerance};

/// The arguments of LOGIN (RFC 9051 section 6.2.3).
///
/// ```
/// use imap_proto::{IString, Login};
///
/// let login = Login::new(IString::new("SMITH")?, wire::Secret::new(*b"SESAME"))?;
/// assert!(!format!("{login:?}").contains("SESAME"));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    userid: IString,
    password: Secret,
}

impl Login {
    /// Who, and the password.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL, which no `astring` holds. The offset is counted in the one that has it.
    pub fn new(userid: IString, password: Secret) -> Result<Self, Misuse> {
        for octets in [userid.as_bytes(), password.expose()] {
            if let Some(offset) = memchr::memchr(0, octets) {
                return Err(Misuse::IllegalOctet { offset });
            }
        }
        Ok(Self { userid, password })
    }

    /// Who.
    #[must_use]
    pub fn userid(&self) -> &IString {
        &self.userid
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &Secret {
        &self.password
    }

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
    /// NUL, which is tolerated in literals elsewhere, is not here: names that end for some and go on for others are not to log in with.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        cx.set_secret();
        let (start, ()) = syntax::sp(cx, i)?;
        let (i, userid) = syntax::astring(cx, start)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, password) = syntax::astring_octets(cx, i)?;
        let password = match password {
            Cow::Borrowed(octets) => Secret::new(octets),
            Cow::Owned(octets) => Secret::new(octets),
        };
        match Self::new(userid, password) {
            Ok(login) => Ok((i, login)),
            Err(_) => Err(Failure::at(start, expected::ASTRING, ParseErrorKind::IllegalOctet)),
        }
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

/// The arguments of AUTHENTICATE (RFC 9051 section 6.2.2, RFC 4959).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// Which mechanism.
    pub mechanism: Mechanism,
    /// The initial response, decoded. `Some` of nothing is sent as `=`; `None` is not sent.
    pub initial_response: Option<Secret>,
}

impl Authenticate {
    /// Without an initial response.
    #[must_use]
    pub const fn new(mechanism: Mechanism) -> Self {
        Self { mechanism, initial_response: None }
    }

    /// ```text
    /// authenticate    = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)
    /// auth-type       = atom
    /// initial-resp    =  (base64 / "=")
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        cx.set_secret();
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, mechanism) = Self::mechanism(cx, i)?;
        if syntax::blanks(i) == i.len() {
            return Ok((i, Self::new(mechanism)));
        }
        let (i, ()) = syntax::sp(cx, i)?;
        let (response, rest) = i.split_at(i.iter().position(|o| !o.is_ascii_graphic()).unwrap_or(i.len()));
        let response = match response {
            b"" => return fail(i, wire::parse::expected::BASE64),
            b"=" => Secret::default(),
            _ => sasl::decode(response)
                .map_err(|error| nom::Err::Error(Failure::of(error).before(rest.len())))?,
        };
        Ok((rest, Self { mechanism, initial_response: Some(response) }))
    }

    fn mechanism<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Mechanism> {
        if !i.starts_with(b"\"") {
            return Mechanism::parse(i);
        }
        // as other protocols have it
        let (rest, name) = syntax::string_octets(cx, i)?;
        match Mechanism::new(&name) {
            Ok(mechanism)
                if cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..i.len() - rest.len()]) =>
            {
                Ok((rest, mechanism))
            }
            _ => fail(i, wire::parse::expected::MECHANISM),
        }
    }

    /// Writes it; the output is zeroed when it was sent.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        encoder.sasl(&Auth { mechanism: self.mechanism, initial_response: self.initial_response.clone() });
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mechanism::strategy(), proptest::option::of(Secret::strategy()))
            .prop_map(|(mechanism, initial_response)| Self { mechanism, initial_response })
    }
}

/// [`Authenticate::rule`], for the table of commands.
pub(crate) fn authenticate_rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Authenticate> {
    Authenticate::rule(cx, i)
}

/// [`Authenticate::encode`], for the table of commands.
pub(crate) fn encode_authenticate(arguments: &Authenticate, encoder: &mut Encoder<'_>) {
    arguments.encode(encoder);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use alloc::format;
    use proptest::prelude::*;

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
                Row::Bad(b" {2}\r\na\0 x", 1),
                Row::Bad(b" x {2}\r\n\0a", 1),
            ],
        );
        // a value that exists can be sent
        let nul = |userid: &'static str, password: &'static str| {
            Login::new(IString::known(userid.into()), Secret::new(password.as_bytes()))
        };
        assert_eq!(nul("x", "a\0"), Err(Misuse::IllegalOctet { offset: 1 }));
        assert_eq!(nul("\0", "a"), Err(Misuse::IllegalOctet { offset: 0 }));
    }

    #[test]
    fn authenticate() {
        let arguments = |mechanism: &str, response: Option<&[u8]>| Authenticate {
            mechanism: Mechanism::new(mechanism).unwrap(),
            initial_response: response.map(Secret::new),
        };
        check(
            Authenticate::rule,
            |arguments, encoder| arguments.encode(encoder),
            &[
                Row::Good(b" GSSAPI", arguments("GSSAPI", None)),
                Row::Good(b" PLAIN dGVzdAB0ZXN0AHRlc3Q=", arguments("PLAIN", Some(b"test\0test\0test"))),
                Row::Good(b" EXTERNAL =", arguments("EXTERNAL", Some(b""))),
                Row::Other(b" digest-md5", arguments("DIGEST-MD5", None)),
                Row::Tolerated(b" \"PLAIN\"", 8, arguments("PLAIN", None)),
                Row::Tolerated(b" PLAIN  =", 9, arguments("PLAIN", Some(b""))),
                Row::Bad(b" PLAIN !", 7),
                Row::Bad(b" PLAIN dGVz=", 11),
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
            round_trip(&arguments, Authenticate::rule, |value, encoder| value.encode(encoder));
        }
    }
}
