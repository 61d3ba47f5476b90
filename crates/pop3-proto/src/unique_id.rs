//! Unique-id listings: the lines of UIDL (RFC 1939 section 7).

use crate::rule;
use crate::scan_listing::leading_space;
use crate::syntax::{expected, gap};
use crate::{MessageNumber, More};
use bytes::Bytes;
use core::fmt;
use wire::class::{TEXT, VCHAR};
use wire::parse::{Failure, fail};
use wire::{Context, Misuse, Output, ParseErrorKind, Tolerance};

/// What names a message across sessions (RFC 1939 section 7).
///
/// "The unique-id of a message is an arbitrary server-determined string, consisting of one to 70
/// characters in the range 0x21 to 0x7E, which uniquely identifies a message within a maildrop and which
/// persists across sessions."
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UniqueId(Bytes);

impl UniqueId {
    /// The longest that the RFC allows, in octets.
    pub const MAX: usize = 70;

    /// Checks and takes over the octets.
    ///
    /// # Errors
    /// Empty, longer than 70 octets, or an octet outside 0x21 to 0x7E.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        if octets.is_empty() {
            return Err(Misuse::Empty);
        }
        if octets.len() > Self::MAX {
            return Err(Misuse::TooLong { limit: Self::MAX });
        }
        match VCHAR.first_outside(&octets) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    /// The same for what a tolerant client has accepted before, and an application has stored: none, more than
    /// 70, or other octets, as long as they are one word.
    ///
    /// # Errors
    /// A space, CR, LF or NUL.
    pub fn tolerated(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        match octets.iter().position(|&o| !TEXT.has(o) || o == b' ') {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    /// The octets. From a tolerant client they may be none, more than 70, or others than the RFC allows, but
    /// never a space, CR, LF or NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// One word of a line, which what the RFC does not allow is tolerated of.
    #[inline]
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<(&'i [u8], Self), nom::Err<Failure>> {
        let end = memchr::memchr(b' ', i).unwrap_or(i.len());
        let (word, rest) = i.split_at(end);
        if (1..=Self::MAX).contains(&word.len()) && VCHAR.run(word) == word.len() {
            return Ok((rest, Self(cx.keep(word))));
        }
        Self::repaired(cx, word)?;
        Ok((rest, Self(cx.keep(word))))
    }

    #[cold]
    fn repaired(cx: &Context<'_>, word: &[u8]) -> Result<(), nom::Err<Failure>> {
        if let Some(at) = TEXT.first_outside(word) {
            return Err(Failure::at(&word[at..], expected::UNIQUE_ID, ParseErrorKind::IllegalOctet));
        }
        let tolerated = match (word.len(), VCHAR.first_outside(word)) {
            (0, _) => cx.tolerates(Tolerance::Default, rule::EMPTY_UNIQUE_ID, word),
            (_, Some(at)) => cx.tolerates(Tolerance::Default, rule::UNIQUE_ID_OCTETS, &word[at..=at]),
            (_, None) => cx.tolerates(Tolerance::Default, rule::LONG_UNIQUE_ID, word),
        };
        if tolerated { Ok(()) } else { fail(word, expected::UNIQUE_ID).map(|(_, ())| ()) }
    }

    /// Any id, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::strategy::Strategy;
        "[!-~]{1,70}".prop_map(|id| Self(id.into()))
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// The number and the unique-id of one message: a line of UIDL (RFC 1939 section 7).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UniqueIdListing {
    /// Which message.
    pub message: MessageNumber,
    /// What names it across sessions.
    pub unique_id: UniqueId,
    /// What some servers add; the RFC has nothing there.
    pub more: More,
}

impl UniqueIdListing {
    /// Without more.
    #[must_use]
    pub const fn new(message: MessageNumber, unique_id: UniqueId) -> Self {
        Self { message, unique_id, more: More::NONE }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { message: self.message, unique_id: self.unique_id.detach(), more: self.more.detach() }
    }

    /// In words: "A unique-id listing consists of the message-number of the message, followed by a single
    /// space and the unique-id of the message. No information follows the unique-id".
    #[inline]
    pub(crate) fn rule(cx: &Context<'_>, i: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let i = leading_space(cx, i);
        let (i, message) = MessageNumber::parse(i)?;
        let i = match gap(cx, i) {
            Ok((i, ())) => i,
            Err(_) if i.is_empty() && cx.tolerates(Tolerance::Default, rule::EMPTY_UNIQUE_ID, i) => {
                return Ok(Self::new(message, UniqueId(Bytes::new())));
            }
            Err(error) => return Err(error),
        };
        let (i, unique_id) = UniqueId::rule(cx, i)?;
        if !i.is_empty() && !cx.tolerates(Tolerance::Default, rule::AFTER_UNIQUE_ID, i) {
            return Err(Failure::at(i, wire::parse::expected::END, ParseErrorKind::Trailing));
        }
        let more = More::rule(cx, i)?;
        Ok(Self { message, unique_id, more })
    }

    /// The common form of a line, with its CRLF, at the front of `i`: what follows it, the number and the unique-id.
    #[inline(always)]
    pub(crate) fn plain(i: &[u8]) -> Option<(&[u8], MessageNumber, &[u8])> {
        let (i, message) = MessageNumber::parse(i).ok()?;
        let i = i.strip_prefix(b" ")?;
        let (word, rest) = i.split_at(VCHAR.run(&i[..i.len().min(UniqueId::MAX + 1)]));
        let rest = rest.strip_prefix(b"\r\n")?;
        (1..=UniqueId::MAX).contains(&word.len()).then_some((rest, message, word))
    }

    /// Of what [`plain`](Self::plain) gave.
    #[inline]
    pub(crate) const fn kept(message: MessageNumber, unique_id: Bytes) -> Self {
        Self::new(message, UniqueId(unique_id))
    }

    /// The line, with its CRLF.
    pub(crate) fn encode(&self, output: &mut Output) {
        output.put_number(self.message.get().into());
        output.put(b" ");
        output.put(self.unique_id.as_bytes());
        self.more.encode(output);
    }

    /// Any listing, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (MessageNumber::strategy(), UniqueId::strategy())
            .prop_map(|(message, unique_id)| Self::new(message, unique_id))
    }
}
