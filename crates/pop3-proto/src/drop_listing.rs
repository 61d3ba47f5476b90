//! Drop listings: the reply to STAT (RFC 1939 section 5).

use crate::status::{after_indicator, text};
use crate::syntax::gap;
use alloc::boxed::Box;
use wire::number::{number32, number64};
use wire::parse::{Failure, sp};
use wire::{Context, Output, Text};

/// How many messages the maildrop has and how many octets they have together, those marked as deleted not
/// counted: the reply to STAT (RFC 1939 section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DropListing {
    /// Messages in the maildrop.
    pub messages: u32,
    /// Their size together, in octets.
    pub octets: u64,
    /// What some servers add.
    pub more: More,
}

impl DropListing {
    /// Without more.
    #[must_use]
    pub const fn new(messages: u32, octets: u64) -> Self {
        Self { messages, octets, more: More::NONE }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { more: self.more.detach(), ..*self }
    }

    /// In words: "This line is called a 'drop listing'. [...] The positive response consists of '+OK'
    /// followed by a single space, the number of messages in the maildrop, a single space, and the size
    /// of the maildrop in octets."
    ///
    /// Behind the `+OK`.
    pub(crate) fn rule(cx: &Context<'_>, i: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let i = after_indicator(cx, i)?;
        let (i, messages) = number32(i)?;
        let (i, ()) = gap(cx, i)?;
        let (i, octets) = number64(i)?;
        Ok(Self { messages, octets, more: More::rule(cx, i)? })
    }

    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(b"+OK ");
        output.put_number(self.messages.into());
        output.put(b" ");
        output.put_number(self.octets);
        self.more.encode(output);
    }

    /// Any listing, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (any::<u32>(), any::<u64>(), Text::strategy()).prop_map(|(messages, octets, more)| Self {
            messages,
            octets,
            more: more.into(),
        })
    }
}

/// What some servers add behind a listing, after a space. RFC 1939 "STRONGLY discourages" it, so it is
/// mostly nothing, and takes the room of a pointer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct More(Option<Box<Text>>);

impl More {
    /// Nothing.
    pub const NONE: Self = Self(None);

    /// The text, empty if there is none.
    #[must_use]
    pub fn text(&self) -> &Text {
        static NONE: Text = Text::EMPTY;
        self.0.as_deref().unwrap_or(&NONE)
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(self.0.as_ref().map(|text| Box::new(text.detach())))
    }

    /// At the end of a line: nothing, or a space and text.
    #[inline]
    pub(crate) fn rule(cx: &Context<'_>, i: &[u8]) -> Result<Self, nom::Err<Failure>> {
        match i.split_first() {
            None => Ok(Self::NONE),
            Some((b' ', rest)) => Ok(text(cx, rest)?.into()),
            Some(_) => sp(i).map(|_| Self::NONE),
        }
    }

    /// With the CRLF of the line.
    #[inline]
    pub(crate) fn encode(&self, output: &mut Output) {
        if let Some(more) = &self.0 {
            output.put(b" ");
            output.put(more.as_bytes());
        }
        output.put(b"\r\n");
    }
}

impl From<Text> for More {
    fn from(text: Text) -> Self {
        Self((!text.is_empty()).then(|| Box::new(text)))
    }
}
