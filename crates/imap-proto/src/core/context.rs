//! The message that is being parsed.

use ::core::ops::Deref;
use bytes::Bytes;
use wire::Tolerance;

/// A literal whose content was cut out of a message, because it is streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Where in the message its content would start.
    pub offset: usize,
    /// How many octets it has.
    pub size: u64,
}

/// One complete message under a parser, with the settings that IMAP adds to those of [`wire::Context`]: which names are in UTF-8,
/// how deep and how long lists may be, what was cut out.
///
/// ```
/// use bytes::Bytes;
/// use imap_proto::{Context, Response};
/// use wire::Tolerance;
///
/// let frame = Bytes::from_static(b"* SEARCH 1  2 \r\n");
/// let cx = Context::new(&frame, Tolerance::Default);
/// let response = Response::parse_in(&cx)?;
/// assert_eq!(cx.into_repairs().len(), 2);
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug)]
pub struct Context<'f> {
    inner: wire::Context<'f>,
    utf8: bool,
    max_depth: u32,
    max_items: u32,
    cuts: &'f [Cut],
}

impl<'f> Context<'f> {
    /// How deep lists may be nested, unless [`max_depth`](Self::max_depth) says otherwise. Of multiparts, 50 levels and more are met.
    pub const MAX_DEPTH: u32 = 100;
    /// How many items a list may have, unless [`max_items`](Self::max_items) says otherwise.
    pub const MAX_ITEMS: u32 = 10_000_000;

    /// For a message that stands at the start of its stream.
    #[must_use]
    pub fn new(frame: &'f Bytes, tolerance: Tolerance) -> Self {
        Self {
            inner: wire::Context::new(frame, tolerance),
            utf8: false,
            max_depth: Self::MAX_DEPTH,
            max_items: Self::MAX_ITEMS,
            cuts: &[],
        }
    }

    /// The message starts at this octet of the stream.
    #[must_use]
    pub fn at(mut self, stream_offset: u64) -> Self {
        self.inner = self.inner.at(stream_offset);
        self
    }

    /// UTF-8 may stand in quoted strings: IMAP4rev2 (RFC 9051 section 4.3) or UTF8=ACCEPT (RFC 9755) is in force.
    #[must_use]
    pub fn utf8(mut self, utf8: bool) -> Self {
        self.utf8 = utf8;
        self
    }

    /// How deep lists may be nested.
    #[must_use]
    pub fn max_depth(mut self, levels: u32) -> Self {
        self.max_depth = levels;
        self
    }

    /// How many items a list may have.
    #[must_use]
    pub fn max_items(mut self, items: u32) -> Self {
        self.max_items = items;
        self
    }

    /// These literals were cut out of the message, in the order of their offsets.
    #[must_use]
    pub fn cuts(mut self, cuts: &'f [Cut]) -> Self {
        self.cuts = cuts;
        self
    }

    /// Whether UTF-8 may stand in quoted strings.
    #[must_use]
    pub fn is_utf8(&self) -> bool {
        self.utf8
    }

    /// How many items a list may have.
    #[must_use]
    pub(crate) fn item_limit(&self) -> usize {
        self.max_items as usize
    }

    /// How deep lists may be nested.
    #[must_use]
    pub(crate) fn depth_limit(&self) -> u32 {
        self.max_depth
    }

    /// Whether literals were cut out of the message.
    pub(crate) fn has_cuts(&self) -> bool {
        !self.cuts.is_empty()
    }

    /// The size of the literal that was cut out where `i` starts, so many octets before the end of what the rules see.
    pub(crate) fn cut_at(&self, left: usize) -> Option<u64> {
        let offset = self.inner.frame().len().checked_sub(left)?.checked_sub(self.inner.behind())?;
        let at = self.cuts.binary_search_by_key(&offset, |cut| cut.offset).ok()?;
        Some(self.cuts[at].size)
    }

    /// Everything that was repaired.
    #[must_use]
    pub fn into_repairs(self) -> alloc::vec::Vec<wire::Diagnostic> {
        self.inner.into_repairs()
    }
}

impl<'f> Deref for Context<'f> {
    type Target = wire::Context<'f>;

    #[inline]
    fn deref(&self) -> &wire::Context<'f> {
        &self.inner
    }
}
