//! Strings.

use super::Encoder;
use ::core::fmt;
use alloc::borrow::Cow;
use bytes::Bytes;
use wire::Misuse;

/// The content of a `string`, `nstring` or `astring` (RFC 9051 section 4.3): any octets but NUL. How it is written, as an atom, quoted
/// or as a literal, is chosen when it is encoded and is no part of the value.
///
/// ```
/// use imap_proto::IString;
///
/// let subject = IString::new("Sue said \"hello\"\r\n")?;
/// assert_eq!(subject.as_bytes().len(), 18);
/// assert!(IString::new("\0").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct IString(Bytes);

impl IString {
    /// Checks and takes over `octets`.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        match memchr::memchr(0, &octets) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    /// What a parser has seen. Holds NUL only if that was tolerated, and reported.
    pub(crate) const fn known(octets: Bytes) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The octets, shared.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// As text; what is not UTF-8 becomes U+FFFD. For showing, not for comparing.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        alloc::string::String::from_utf8_lossy(&self.0)
    }

    /// Whether these are the octets, in any case.
    #[must_use]
    pub fn eq_ignore_case(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.as_bytes())
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// `astring`
    pub(crate) fn rule<'i>(cx: &super::Context<'_>, i: &'i [u8]) -> wire::parse::Parsed<'i, Self> {
        super::syntax::astring(cx, i)
    }

    /// Writes it as an `astring`.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.astring(self);
    }

    /// Any string, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            4 => "[ -~]{0,20}".prop_map(|s| Self(s.into())),
            1 => "[a-z\u{e9}\u{4e00}\r\n\"\\\\]{0,12}".prop_map(|s| Self(s.into())),
            1 => proptest::collection::vec(1..=255u8, 0..12).prop_map(|v| Self(v.into())),
            1 => Just(Self("NIL".into())),
        ]
    }
}

impl TryFrom<&'static str> for IString {
    type Error = Misuse;
    fn try_from(text: &'static str) -> Result<Self, Misuse> {
        Self::new(text)
    }
}

impl fmt::Debug for IString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl Encoder<'_> {
    /// `string`: quoted if it can be, else a literal.
    pub fn string(&mut self, string: &IString) {
        self.string_octets(string.as_bytes());
    }

    /// `nstring`.
    pub fn nstring(&mut self, string: Option<&IString>) {
        match string {
            Some(string) => self.string(string),
            None => self.put(b"NIL"),
        }
    }

    /// `astring`: an atom if it can be one, else a string.
    pub fn astring(&mut self, string: &IString) {
        self.astring_octets(string.as_bytes());
    }
}
