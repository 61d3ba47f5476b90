//! Languages of the LANG command (RFC 6856 section 3).

use crate::More;
use crate::rule;
use crate::syntax::expected;
use bytes::Bytes;
use core::fmt;
use wire::class::{ALPHA, Class, DIGIT};
use wire::parse::{Failure, Parsed, run1};
use wire::{Context, Misuse, Output, ParseErrorKind, Text, Tolerance};

/// A language tag (RFC 5646) or basic language range (RFC 4647 section 2.1), such as `en-boont`, or `*`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LanguageRange(Bytes);

const TAG: Class = ALPHA.or(DIGIT);

impl LanguageRange {
    /// The longest that is taken, in octets. RFC 5646 section 4.4.1 wants 35 at least.
    pub const MAX: usize = 100;

    /// Checks and takes over a tag or range.
    ///
    /// # Errors
    /// Not of the form of the grammar.
    pub fn new(tag: impl Into<Bytes>) -> Result<Self, Misuse> {
        let tag = tag.into();
        if is_range(&tag) { Ok(Self(tag)) } else { Err(Misuse::Invalid("language tag")) }
    }

    /// `*`: the language that the server's administrator prefers.
    #[must_use]
    pub fn preferred() -> Self {
        Self(Bytes::from_static(b"*"))
    }

    /// The tag as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// RFC 4647 section 2.1:
    /// ```text
    /// language-range   = (1*8ALPHA *("-" 1*8alphanum)) / "*"
    /// ```
    pub(crate) fn parse<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if let Some(rest) = i.strip_prefix(b"*") {
            return Ok((rest, Self::preferred()));
        }
        let len = i.iter().position(|&o| !TAG.has(o) && o != b'-').unwrap_or(i.len());
        let (tag, rest) = i.split_at(len);
        if !is_range(tag) {
            return Err(Failure::at(i, expected::LANGUAGE, ParseErrorKind::Syntax));
        }
        Ok((rest, Self(cx.keep(tag))))
    }

    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(&self.0);
    }

    /// Any range, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            "[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8}){0,3}".prop_map(|tag| Self(tag.into())),
            Just(Self::preferred()),
        ]
    }
}

fn is_range(tag: &[u8]) -> bool {
    let mut subtags = tag.split(|&o| o == b'-');
    let first = subtags.next().unwrap_or_default();
    let fits = |subtag: &[u8]| (1..=8).contains(&subtag.len());
    tag == b"*"
        || tag.len() <= LanguageRange::MAX
            && fits(first)
            && ALPHA.run(first) == first.len()
            && subtags.all(|subtag| fits(subtag) && TAG.run(subtag) == subtag.len())
}

impl fmt::Debug for LanguageRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One language that a server speaks: its tag, and what it is called in the language itself (RFC 6856 section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "crate::serial::AnyLanguage")
)]
pub struct LanguageListing {
    /// The tag, such as `de`; kept as it came.
    #[cfg_attr(feature = "serde", serde(serialize_with = "wire::octets::serialize"))]
    tag: Bytes,
    /// Its name, in UTF-8; may be empty.
    description: More,
}

impl LanguageListing {
    /// Checks the tag.
    ///
    /// # Errors
    /// `*` is not a tag of a language, nor is anything that is not of the grammar.
    pub fn new(tag: &str, description: Text) -> Result<Self, Misuse> {
        match LanguageRange::new(Bytes::copy_from_slice(tag.as_bytes()))? {
            LanguageRange(tag) if tag != "*" => Ok(Self { tag, description: description.into() }),
            _ => Err(Misuse::Invalid("language tag")),
        }
    }

    /// The same for what a tolerant client has accepted before: any tag that is one word of printable ASCII.
    ///
    /// # Errors
    /// Anything else.
    pub fn tolerated(tag: impl Into<Bytes>, description: Text) -> Result<Self, Misuse> {
        let tag = tag.into();
        match wire::class::VCHAR.first_outside(&tag) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None if tag.is_empty() => Err(Misuse::Empty),
            None => Ok(Self { tag, description: description.into() }),
        }
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> &[u8] {
        &self.tag
    }

    /// The name in the language itself.
    #[must_use]
    pub fn description(&self) -> &Text {
        self.description.text()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { tag: Bytes::copy_from_slice(&self.tag), description: self.description.detach() }
    }

    /// In words: "A language listing consists of the language tag of the message, optionally followed by a
    /// single space and a human-readable description of the language in the language itself, using the
    /// UTF-8 charset."
    pub(crate) fn rule(cx: &Context<'_>, i: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let (rest, tag) = run1(wire::class::VCHAR, expected::LANGUAGE)(i)?;
        if (!is_range(tag) || tag == b"*") && !cx.tolerates(Tolerance::Default, rule::LANGUAGE_TAG, tag) {
            return Err(Failure::at(i, expected::LANGUAGE, ParseErrorKind::Syntax));
        }
        Ok(Self { tag: cx.keep(tag), description: More::rule(cx, rest)? })
    }

    /// The line, with its CRLF.
    pub(crate) fn encode(&self, output: &mut Output) {
        if self.tag.first() == Some(&b'.') {
            // only a tolerant client takes such a tag; it must not end the reply
            output.put(b".");
        }
        output.put(&self.tag);
        self.description.encode(output);
    }

    /// Any listing, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        ("[a-z]{1,8}(-[a-zA-Z0-9]{1,8}){0,3}", Text::strategy())
            .prop_filter_map("tag", |(tag, description)| Self::new(&tag, description).ok())
    }
}
