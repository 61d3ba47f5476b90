//! Replies and the lines of multi-line replies (RFC 1939 section 3).

use crate::status::indicator;
use crate::syntax::expected;
use crate::{
    Capabilities, Capability, DropListing, LanguageListing, ReplyKind, ScanListing, Status, UniqueIdListing,
    rule,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::class::TEXT;
use wire::parse::{Failure, fail};
use wire::{Context, Misuse, Output, Text, Tolerance};

/// What a server says to a command (RFC 1939 section 3): read by the client machine, written by the server machine.
///
/// ```
/// use pop3_proto::{DropListing, Reply};
///
/// assert_eq!(Reply::DropListing(DropListing::new(2, 320)).to_bytes(), "+OK 2 320\r\n");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Reply {
    /// A single line: `-ERR` to any command, `+OK` to those whose reply has no other form.
    Status(Status),
    /// `+OK` to STAT.
    DropListing(DropListing),
    /// `+OK` to LIST with a message-number.
    ScanListing(ScanListing),
    /// `+OK` to UIDL with a message-number.
    UniqueIdListing(UniqueIdListing),
    /// `+OK` and the lines of CAPA.
    Capabilities(Box<Lines<Capabilities>>),
    /// `+OK` and the lines of AUTH without a mechanism: a name each.
    Mechanisms(Box<Lines<Vec<Text>>>),
    /// `+OK` and the lines of LANG without an argument.
    Languages(Box<Lines<Vec<LanguageListing>>>),
    /// `+OK` to LIST, UIDL, RETR, TOP and others; items or a body follow, one by one.
    MultiLine(Status),
}

/// A multi-line reply (RFC 1939 section 3) that is held whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lines<T> {
    /// The first line.
    pub status: Status,
    /// What the other lines say.
    pub lines: T,
}

/// One line of a multi-line reply (RFC 1939 section 3) that is streamed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Item {
    /// Of LIST.
    ScanListing(ScanListing),
    /// Of UIDL.
    UniqueIdListing(UniqueIdListing),
    /// Of a reply whose form this crate does not know; and a line of LIST or UIDL that has not their form.
    Line(Text),
}

impl Reply {
    /// `+OK` and capabilities.
    #[must_use]
    pub fn capabilities(status: Status, lines: Capabilities) -> Self {
        Self::Capabilities(Box::new(Lines { status, lines }))
    }

    /// `+OK` and mechanisms, for AUTH without an argument.
    #[must_use]
    pub fn mechanisms(status: Status, mechanisms: &crate::Mechanisms) -> Self {
        let lines = mechanisms.iter().map(|m| Text::repaired(m.as_bytes().to_vec().into()).0).collect();
        Self::Mechanisms(Box::new(Lines { status, lines }))
    }

    /// `+OK` and languages.
    #[must_use]
    pub fn languages(status: Status, lines: Vec<LanguageListing>) -> Self {
        Self::Languages(Box::new(Lines { status, lines }))
    }

    /// Whether it is `+OK`.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        !matches!(self, Self::Status(status) if !status.is_ok())
    }

    /// Its status line, if it has one with text. Replies that are a listing have none.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Status(status) | Self::MultiLine(status) => Some(status),
            Self::Capabilities(lines) => Some(&lines.status),
            Self::Mechanisms(lines) => Some(&lines.status),
            Self::Languages(lines) => Some(&lines.status),
            Self::DropListing(_) | Self::ScanListing(_) | Self::UniqueIdListing(_) => None,
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Status(status) => Self::Status(status.detach()),
            Self::DropListing(listing) => Self::DropListing(listing.detach()),
            Self::ScanListing(listing) => Self::ScanListing(listing.detach()),
            Self::UniqueIdListing(listing) => Self::UniqueIdListing(listing.detach()),
            Self::Capabilities(all) => Self::capabilities(all.status.detach(), all.lines.detach()),
            Self::Mechanisms(all) => {
                let lines = all.lines.iter().map(Text::detach).collect();
                Self::Mechanisms(Box::new(Lines { status: all.status.detach(), lines }))
            }
            Self::Languages(all) => {
                Self::languages(all.status.detach(), all.lines.iter().map(LanguageListing::detach).collect())
            }
            Self::MultiLine(status) => Self::MultiLine(status.detach()),
        }
    }

    /// The same without a response code, for a peer to which RESP-CODES was not advertised.
    #[must_use]
    pub fn without_code(&self) -> Self {
        let mut reply = self.clone();
        match &mut reply {
            Self::Status(status) | Self::MultiLine(status) => *status = status.clone().without_code(),
            Self::Capabilities(lines) => lines.status = lines.status.clone().without_code(),
            Self::Mechanisms(lines) => lines.status = lines.status.clone().without_code(),
            Self::Languages(lines) => lines.status = lines.status.clone().without_code(),
            Self::DropListing(_) | Self::ScanListing(_) | Self::UniqueIdListing(_) => {}
        }
        reply
    }

    /// The common form of a reply that is one line, with its CRLF. Anything else is left to [`rule`](Self::rule).
    #[inline]
    pub(crate) fn plain(frame: &Bytes, kind: ReplyKind) -> Option<Self> {
        if kind.is_status() || frame.first() == Some(&b'-') {
            return Status::plain(frame).map(Self::Status);
        }
        let (rest, reply) = match kind {
            ReplyKind::Stat => {
                // of the same form, but for an empty maildrop
                let (rest, drop) = ScanListing::plain(frame.strip_prefix(b"+OK ")?)?;
                (rest, Self::DropListing(DropListing::new(drop.message.get(), drop.octets)))
            }
            ReplyKind::ListOne => {
                let (rest, listing) = ScanListing::plain(frame.strip_prefix(b"+OK ")?)?;
                (rest, Self::ScanListing(listing))
            }
            ReplyKind::UidlOne => {
                let (rest, message, unique_id) = UniqueIdListing::plain(frame.strip_prefix(b"+OK ")?)?;
                let unique_id = frame.slice_ref(unique_id);
                (rest, Self::UniqueIdListing(UniqueIdListing::kept(message, unique_id)))
            }
            _ => return None,
        };
        rest.is_empty().then_some(reply)
    }

    /// The first line of a reply of this kind, without its end. Of replies that are held whole it has no
    /// further lines yet.
    #[inline]
    pub(crate) fn rule(cx: &Context<'_>, kind: ReplyKind, line: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let typed = match kind {
            ReplyKind::Stat => {
                Self::positive(cx, line, |cx, i| DropListing::rule(cx, i).map(Self::DropListing))
            }
            ReplyKind::ListOne => Self::positive(cx, line, |cx, i| {
                ScanListing::rule(cx, crate::status::after_indicator(cx, i)?).map(Self::ScanListing)
            }),
            ReplyKind::UidlOne => Self::positive(cx, line, |cx, i| {
                UniqueIdListing::rule(cx, crate::status::after_indicator(cx, i)?).map(Self::UniqueIdListing)
            }),
            _ => Ok(None),
        }?;
        if let Some(typed) = typed {
            return Ok(typed);
        }
        // for a multi-line reply its first line decides where it ends
        let status =
            if kind.is_multi_line() { Status::rule(cx, line)? } else { Status::rule_or_error(cx, line)? };
        if !status.is_ok() {
            return Ok(Self::Status(status));
        }
        Ok(match kind {
            ReplyKind::Capa => Self::capabilities(status, Capabilities::default()),
            ReplyKind::AuthList => Self::Mechanisms(Box::new(Lines { status, lines: Vec::new() })),
            ReplyKind::LangList => Self::languages(status, Vec::new()),
            _ if kind.is_multi_line() => Self::MultiLine(status),
            _ => Self::Status(status),
        })
    }

    /// A reply that is a listing. `None`: it is `-ERR`, or has not the form of the listing, which is
    /// tolerated.
    #[inline]
    fn positive(
        cx: &Context<'_>,
        line: &[u8],
        rule: impl Fn(&Context<'_>, &[u8]) -> Result<Self, nom::Err<Failure>>,
    ) -> Result<Option<Self>, nom::Err<Failure>> {
        let Ok((rest, true)) = indicator(line) else { return Ok(None) };
        match rule(cx, rest) {
            Ok(typed) => Ok(Some(typed)),
            // text that had to be mended could, once mended, pass for a listing
            Err(error) if TEXT.first_outside(line).is_some() => Err(error),
            Err(_) if cx.tolerates(Tolerance::Default, rule::UNTYPED_REPLY, line) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds a line, without its end, to a reply that is held whole.
    pub(crate) fn add_line(&mut self, cx: &Context<'_>, line: &[u8]) -> Result<(), nom::Err<Failure>> {
        match self {
            Self::Capabilities(_)
                if line.iter().all(|&o| o == b' ')
                    && cx.tolerates(Tolerance::Default, rule::EMPTY_LINE, line) => {}
            Self::Capabilities(reply) => reply.lines.push(Capability::rule(cx, line)?),
            Self::Mechanisms(reply) => reply.lines.push(crate::status::text(cx, line)?),
            Self::Languages(reply) => reply.lines.push(LanguageListing::rule(cx, line)?),
            _ => return fail(line, expected::TERMINATION).map(|(_, ())| ()),
        }
        Ok(())
    }

    /// Writes the reply. Of [`Reply::MultiLine`] only the first line; items or a body, and the end, follow.
    pub fn encode(&self, output: &mut Output) {
        let _ = self.encode_within(usize::MAX, output);
    }

    /// The same, if none of its lines is longer than `limit` octets. If one is, a part has been written.
    pub(crate) fn encode_within(&self, limit: usize, output: &mut Output) -> Result<(), Misuse> {
        let mut line = |write: &dyn Fn(&mut Output)| {
            let start = output.len();
            write(output);
            if output.len() - start <= limit { Ok(()) } else { Err(Misuse::TooLong { limit }) }
        };
        match self {
            Self::Status(status) | Self::MultiLine(status) => return line(&|o| status.encode(o)),
            Self::DropListing(listing) => return line(&|o| listing.encode(o)),
            Self::ScanListing(listing) => {
                return line(&|o| {
                    o.put(b"+OK ");
                    listing.encode(o);
                });
            }
            Self::UniqueIdListing(listing) => {
                return line(&|o| {
                    o.put(b"+OK ");
                    listing.encode(o);
                });
            }
            Self::Capabilities(reply) => {
                line(&|o| reply.status.encode(o))?;
                reply.lines.iter().try_for_each(|capability| line(&|o| capability.encode(o)))?;
            }
            Self::Mechanisms(reply) => {
                line(&|o| reply.status.encode(o))?;
                reply.lines.iter().try_for_each(|name| line(&|o| encode_line(name, o)))?;
            }
            Self::Languages(reply) => {
                line(&|o| reply.status.encode(o))?;
                reply.lines.iter().try_for_each(|language| line(&|o| language.encode(o)))?;
            }
        }
        output.put(b".\r\n");
        Ok(())
    }

    /// The octets as they go over the wire; see [`Reply::encode`].
    #[must_use]
    pub fn to_bytes(&self) -> bytes::Bytes {
        let mut output = Output::new();
        self.encode(&mut output);
        output.take_all()
    }
}

impl Item {
    /// A line of a reply of this kind, without its end, the dot of stuffing removed.
    #[inline]
    pub(crate) fn rule(cx: &Context<'_>, kind: ReplyKind, line: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let typed = match kind {
            ReplyKind::ListAll => ScanListing::rule(cx, line).map(Self::ScanListing),
            ReplyKind::UidlAll => UniqueIdListing::rule(cx, line).map(Self::UniqueIdListing),
            _ => return crate::status::text(cx, line).map(Self::Line),
        };
        match typed {
            // text that had to be mended could, once mended, pass for a listing
            Err(_)
                if TEXT.first_outside(line).is_none()
                    && cx.tolerates(Tolerance::Default, rule::UNTYPED_ITEM, line) =>
            {
                Ok(Self::Line(Text::repaired(cx.keep(line)).0))
            }
            typed => typed,
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::ScanListing(listing) => Self::ScanListing(listing.detach()),
            Self::UniqueIdListing(listing) => Self::UniqueIdListing(listing.detach()),
            Self::Line(line) => Self::Line(line.detach()),
        }
    }

    /// Takes the lines at the front of `i`, with their CRLF, as long as they have the common form of their listing. Gives
    /// what follows them, which is left to [`rule`](Self::rule).
    pub(crate) fn plain<'i>(
        cx: &Context<'_>,
        kind: ReplyKind,
        mut i: &'i [u8],
        items: &mut Vec<Self>,
    ) -> &'i [u8] {
        match kind {
            ReplyKind::ListAll => {
                while let Some((rest, listing)) = ScanListing::plain(i) {
                    items.push(Self::ScanListing(listing));
                    i = rest;
                }
            }
            ReplyKind::UidlAll => {
                while let Some((rest, message, unique_id)) = UniqueIdListing::plain(i) {
                    items.push(Self::UniqueIdListing(UniqueIdListing::kept(message, cx.keep(unique_id))));
                    i = rest;
                }
            }
            _ => {}
        }
        i
    }

    /// Whether it is a line of a reply of this kind.
    #[must_use]
    pub const fn fits(&self, kind: ReplyKind) -> bool {
        match self {
            Self::ScanListing(_) => matches!(kind, ReplyKind::ListAll),
            Self::UniqueIdListing(_) => matches!(kind, ReplyKind::UidlAll),
            Self::Line(_) => {
                matches!(kind, ReplyKind::Lines | ReplyKind::Single | ReplyKind::ListAll | ReplyKind::UidlAll)
            }
        }
    }

    /// Writes the line, with its CRLF, dot-stuffed.
    pub fn encode(&self, output: &mut Output) {
        match self {
            Self::ScanListing(listing) => listing.encode(output),
            Self::UniqueIdListing(listing) => listing.encode(output),
            Self::Line(line) => encode_line(line, output),
        }
    }

    /// The octets as they go over the wire.
    #[must_use]
    pub fn to_bytes(&self) -> bytes::Bytes {
        let mut output = Output::new();
        self.encode(&mut output);
        output.take_all()
    }
}

fn encode_line(line: &Text, output: &mut Output) {
    if line.as_bytes().first() == Some(&b'.') {
        output.put(b".");
    }
    output.put(line.as_bytes());
    output.put(b"\r\n");
}
