//! What the protocols' SASL exchanges (RFC 4422) share on the wire: mechanism names and base64 lines.

use crate::class::{Class, DIGIT, VCHAR};
use crate::line;
use crate::parse::{Failure, Parsed, expected, fail};
use crate::{CommandId, Context, Misuse, Output, ParseErrorKind, Secret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::fmt;

/// The name of a SASL mechanism (RFC 4422 section 3.1), in upper case.
///
/// ```
/// use wire::sasl::Mechanism;
///
/// let mechanism = Mechanism::new("scram-sha-256")?;
/// assert_eq!(mechanism.as_str(), "SCRAM-SHA-256");
/// assert!(Mechanism::new("not a name").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mechanism {
    name: [u8; Self::MAX],
    len: u8,
}

impl Mechanism {
    /// The longest name, in octets.
    pub const MAX: usize = 20;

    /// Checks a name and folds it to upper case.
    ///
    /// # Errors
    /// Empty, longer than 20 octets, or with an octet that the grammar forbids.
    pub fn new(name: impl AsRef<[u8]>) -> Result<Self, Misuse> {
        let name = name.as_ref();
        if let Some(offset) = name.iter().position(|&o| !is_mech_char(o)) {
            return Err(Misuse::IllegalOctet { offset });
        }
        match name.len() {
            0 => Err(Misuse::Empty),
            1..=Self::MAX => Ok(Self::fold(name)),
            _ => Err(Misuse::TooLong { limit: Self::MAX }),
        }
    }

    /// The rule of RFC 4422 section 3.1. Lower case is taken too: names are compared without case.
    ///
    /// ```text
    /// sasl-mech    = 1*20mech-char
    /// mech-char    = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
    /// ```
    ///
    /// # Errors
    /// No such octet at the front, or more than 20.
    pub fn parse(i: &[u8]) -> Parsed<'_, Self> {
        let len = i.iter().position(|&o| !is_mech_char(o)).unwrap_or(i.len());
        match len {
            0 => fail(i, expected::MECHANISM),
            1..=Self::MAX => Ok((&i[len..], Self::fold(&i[..len]))),
            _ => Err(Failure::at(i, expected::MECHANISM, ParseErrorKind::TooLong)),
        }
    }

    fn fold(valid: &[u8]) -> Self {
        let mut name = [0; Self::MAX];
        let mut len = 0;
        for (to, from) in name.iter_mut().zip(valid) {
            *to = from.to_ascii_uppercase();
            len += 1;
        }
        Self { name, len }
    }

    /// The name in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // only ASCII gets in
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Whether the server has to speak first (CRAM-MD5, DIGEST-MD5), so that its first challenge says something.
    #[must_use]
    pub fn is_server_first(&self) -> bool {
        matches!(self.as_bytes(), b"CRAM-MD5" | b"DIGEST-MD5")
    }

    /// Whether the mechanism shows a password or a bearer token to anyone who reads the connection:
    /// PLAIN, PLAIN-CLIENTTOKEN, LOGIN, OAUTHBEARER, XOAUTH2.
    #[must_use]
    pub fn is_cleartext(&self) -> bool {
        matches!(self.as_bytes(), b"PLAIN" | b"PLAIN-CLIENTTOKEN" | b"LOGIN" | b"OAUTHBEARER" | b"XOAUTH2")
    }

    /// The name in upper case.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.name[..usize::from(self.len)]
    }

    /// Any name, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::strategy::Strategy;
        "[A-Z0-9_-]{1,20}".prop_map(|name| Self::fold(name.as_bytes()))
    }
}

fn is_mech_char(octet: u8) -> bool {
    const LETTERS_AND_DIGITS: Class = crate::class::ALPHA.or(DIGIT);
    LETTERS_AND_DIGITS.has(octet) || matches!(octet, b'-' | b'_')
}

impl fmt::Debug for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The arguments of AUTH (RFC 5034 section 4, RFC 4954 section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Which mechanism.
    pub mechanism: Mechanism,
    /// The initial response, decoded. `Some` of nothing is sent as `=`; `None` is not sent.
    pub initial_response: Option<Secret>,
}

impl Auth {
    /// The rule of RFC 5034 section 4 and RFC 4954 section 8, behind `"AUTH" SP`. The context is told that the message
    /// holds a secret.
    ///
    /// ```text
    /// auth-command     = "AUTH" SP sasl-mech [SP initial-response]
    ///                    *(CRLF [base64]) [CRLF cancel-response]
    ///                    CRLF
    /// initial-response = base64 / "="
    /// ```
    ///
    /// # Errors
    /// No mechanism name, or an initial response that is not canonical base64.
    pub fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        cx.set_secret();
        let (i, mechanism) = Mechanism::parse(i)?;
        if i.iter().all(|&o| o == b' ' || o == b'\t') {
            return Ok((i, Self { mechanism, initial_response: None }));
        }
        let (i, ()) = line::gap(cx, i)?;
        let (response, rest) = i.split_at(VCHAR.run(i));
        let response = match response {
            b"=" => Secret::default(),
            _ => decode(response).map_err(|error| nom::Err::Error(Failure::of(error).before(rest.len())))?,
        };
        Ok((rest, Self { mechanism, initial_response: Some(response) }))
    }

    /// Writes the arguments; the output will be zeroed when it was sent.
    pub fn encode(&self, output: &mut Output) {
        output.put(self.mechanism.as_bytes());
        match &self.initial_response {
            None => {}
            Some(nothing) if nothing.is_empty() => output.put(b" ="),
            Some(response) => {
                output.put(b" ");
                encode(response.expose(), output);
            }
        }
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::strategy::Strategy;
        (Mechanism::strategy(), proptest::option::of(Secret::strategy()))
            .prop_map(|(mechanism, initial_response)| Self { mechanism, initial_response })
    }
}

/// The client's side of a SASL exchange on the wire (RFC 5034 section 4, RFC 4954 section 4): challenges and responses alternate, until the
/// server's verdict.
#[derive(Debug)]
pub struct Exchange {
    id: CommandId,
    responded: bool,
    challenged: bool,
    cancelled: bool,
}

impl Exchange {
    /// Of the AUTH command `id`; `responded`: whether it had an initial response.
    #[must_use]
    pub const fn new(id: CommandId, responded: bool) -> Self {
        Self { id, responded, challenged: false, cancelled: false }
    }

    /// Whether the client has sent any response.
    #[must_use]
    pub const fn has_responded(&self) -> bool {
        self.responded
    }

    /// Whether a challenge waits for its response.
    #[must_use]
    pub const fn is_challenged(&self) -> bool {
        self.challenged
    }

    /// Whether the client has broken it off: the server can only refuse.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// A challenge came.
    pub fn challenge(&mut self) {
        self.challenged = true;
    }

    /// Writes the response to a challenge, at most `limit` octets with its CRLF.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]: it is the exchange of another command. [`Misuse::State`]: no challenge waits. [`Misuse::TooLong`].
    pub fn respond(
        &mut self,
        id: CommandId,
        data: &[u8],
        limit: usize,
        output: &mut Output,
    ) -> Result<(), Misuse> {
        self.check(id)?;
        if encoded_len(data.len()) + 2 > limit {
            return Err(Misuse::TooLong { limit });
        }
        self.answered();
        encode(data, output);
        output.put(b"\r\n");
        Ok(())
    }

    /// Writes `*`, which cancels the exchange.
    ///
    /// # Errors
    /// Those of [`respond`](Self::respond).
    pub fn cancel(&mut self, id: CommandId, output: &mut Output) -> Result<(), Misuse> {
        self.check(id)?;
        self.answered();
        self.cancelled = true;
        output.put(b"*\r\n");
        Ok(())
    }

    fn answered(&mut self) {
        self.challenged = false;
        self.responded = true;
    }

    fn check(&self, id: CommandId) -> Result<(), Misuse> {
        if self.id != id {
            Err(Misuse::UnknownId)
        } else if self.challenged {
            Ok(())
        } else {
            Err(Misuse::State { wanted: "a challenge" })
        }
    }
}

/// Where the server's side of a SASL exchange stands (RFC 4422 section 3, RFC 5034 section 4, RFC 4954 section 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// The client has said nothing yet: a challenge may follow, success may not.
    #[default]
    Began,
    /// A challenge was sent and its response has not come.
    Challenged,
    /// The client has responded, with its command or to a challenge: a challenge may follow, or the verdict.
    Responded,
    /// The client has cancelled the exchange, or its response could not be read: the server can only refuse.
    Over,
}

impl Turn {
    /// Whether the client is to speak.
    #[must_use]
    pub const fn is_clients(self) -> bool {
        matches!(self, Self::Challenged)
    }

    /// Whether the exchange may succeed now.
    #[must_use]
    pub const fn may_succeed(self) -> bool {
        matches!(self, Self::Responded)
    }

    /// Whether a challenge may be sent.
    ///
    /// # Errors
    /// [`Misuse::State`]: the response to the challenge before has not come, or the exchange is over.
    pub const fn check_challenge(self) -> Result<(), Misuse> {
        match self {
            Self::Began | Self::Responded => Ok(()),
            Self::Challenged => Err(Misuse::State { wanted: "a response to the challenge before" }),
            Self::Over => Err(Misuse::State { wanted: "an exchange that is not over" }),
        }
    }
}

/// Decodes a whole base64 field (RFC 4648 section 4): canonical padding, no octet outside the alphabet.
///
/// # Errors
/// Anything else, at the octet where it shows.
///
/// ```
/// let data = wire::sasl::decode(b"dGVzdAB0ZXN0ADEyMzQ=").unwrap();
/// assert_eq!(data.expose(), b"test\0test\x001234");
/// assert!(wire::sasl::decode(b"dGVzdA").is_err());
/// ```
pub fn decode(i: &[u8]) -> Result<Secret, nom::Err<Failure>> {
    // exactly as much as comes out, so that nothing is left behind by shrinking
    let padding = i.iter().rev().take(2).filter(|&&o| o == b'=').count();
    let mut data = alloc::vec![0; (i.len() / 4 * 3 + i.len() % 4).saturating_sub(padding)];
    match STANDARD.decode_slice(i, &mut data) {
        Ok(len) => {
            data.truncate(len);
            Ok(Secret::new(data))
        }
        Err(error) => {
            let data = Secret::new(data);
            drop(data);
            let offset = match error {
                base64::DecodeSliceError::DecodeError(
                    base64::DecodeError::InvalidByte(offset, _)
                    | base64::DecodeError::InvalidLastSymbol { offset, .. },
                ) => offset,
                _ => i.len(),
            };
            Err(fail_at(i, offset))
        }
    }
}

fn fail_at(i: &[u8], offset: usize) -> nom::Err<Failure> {
    let rest = i.get(offset..).unwrap_or_default();
    let kind = if rest.is_empty() { ParseErrorKind::End } else { ParseErrorKind::Syntax };
    Failure::at(rest, expected::BASE64, kind)
}

/// How long `data` octets are in base64 (RFC 4648 section 4), in octets.
#[must_use]
pub const fn encoded_len(data: usize) -> usize {
    data.div_ceil(3).saturating_mul(4)
}

/// `data` in base64 (RFC 4648 section 4), for mechanisms that have it inside of their messages.
///
/// ```
/// assert_eq!(wire::sasl::encoded(b"n,,").expose(), b"biws");
/// ```
#[must_use]
pub fn encoded(data: &[u8]) -> Secret {
    let mut text = alloc::vec![0; encoded_len(data.len())];
    let len = STANDARD.encode_slice(data, &mut text).unwrap_or_default();
    text.truncate(len);
    Secret::new(text)
}

/// Writes `data` in base64 (RFC 4648 section 4); the output will be zeroed when it was sent.
pub fn encode(data: &[u8], output: &mut Output) {
    output.set_wipe();
    let mut piece = alloc::vec![0; encoded_len(data.len())];
    let len = STANDARD.encode_slice(data, &mut piece).unwrap_or_default();
    output.put(&piece[..len]);
    drop(Secret::new(piece));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn mechanism_names_end_at_20() {
        assert!(Mechanism::new([b'A'; 20]).is_ok());
        assert_eq!(Mechanism::new([b'A'; 21]), Err(Misuse::TooLong { limit: 20 }));
        assert_eq!(Mechanism::new(""), Err(Misuse::Empty));
        assert_eq!(Mechanism::new("A B"), Err(Misuse::IllegalOctet { offset: 1 }));
        assert!(Mechanism::parse(&[b'A'; 20]).is_ok());
        assert!(Mechanism::parse(&[b'A'; 21]).is_err());
        let (rest, mechanism) = Mechanism::parse(b"plain-clienttoken x").unwrap();
        assert_eq!((rest, mechanism.as_str()), (&b" x"[..], "PLAIN-CLIENTTOKEN"));
        assert_ne!(mechanism, Mechanism::new("PLAIN").unwrap());
    }

    #[test]
    fn base64_is_strict() {
        for (text, offset) in [
            (&b"A"[..], 1),
            (b"AA", 2),
            (b"AA=", 3),
            (b"AA==A", 2),
            (b"AA= =", 2),
            (b"!!!", 0),
            (b"AAAA\r", 4),
            (b"AB==", 1),
            (b"=", 0),
            (b" AAAA", 0),
        ] {
            let failure = Failure::of(decode(text).unwrap_err());
            assert_eq!(text.len() - failure.left(), offset, "{text:?}");
        }
        assert_eq!(decode(b"").unwrap().expose(), b"");
    }

    #[test]
    fn blanks_are_no_initial_response() {
        // found by smtp_differential: a space and a tab were an empty one, so that AUTH counted as responded to
        use crate::Tolerance::{Default, Lenient, Strict};
        for blanks in ["", " ", "  ", " \t", "\t", "\t ", " \t "] {
            let arguments = alloc::format!("PLAIN{blanks}");
            for tolerance in [Strict, Default, Lenient] {
                let frame = bytes::Bytes::from(arguments.clone());
                let (rest, auth) = Auth::rule(&Context::new(&frame, tolerance), &frame).unwrap();
                assert_eq!((rest, auth.initial_response), (blanks.as_bytes(), None), "{arguments:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn base64_round_trips(data: Vec<u8>) {
            let mut output = Output::new();
            encode(&data, &mut output);
            let text = output.take_all();
            prop_assert_eq!(text.len(), encoded_len(data.len()));
            let encoded = encoded(&data);
            prop_assert_eq!(encoded.expose(), &text);
            let decoded = decode(&text).unwrap();
            prop_assert_eq!(decoded.expose(), &data[..]);
        }

        #[test]
        fn base64_never_panics(text: Vec<u8>) {
            if let Ok(data) = decode(&text) {
                let mut output = Output::new();
                encode(data.expose(), &mut output);
                prop_assert_eq!(output.take_all(), text);
            }
        }
    }
}
