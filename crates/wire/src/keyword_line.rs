//! A line that nobody understands, kept whole.

use crate::class::{TEXT, VCHAR};
use crate::{Context, Misuse, Output};
use bytes::Bytes;
use core::fmt;

/// A keyword and what follows it, as they came: what protocol crates keep of commands, capabilities and parameters that they do
/// not know. No CR, LF or NUL.
///
/// ```
/// use wire::KeywordLine;
///
/// let line = KeywordLine::new("XTND", b"XMIT")?;
/// assert_eq!((line.keyword(), line.arguments()), (&b"XTND"[..], &b"XMIT"[..]));
/// assert!(KeywordLine::new("XTND", b"a\r\nQUIT").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeywordLine {
    line: Bytes,
    keyword: usize,
}

impl KeywordLine {
    /// A keyword and the arguments behind it, without the space between.
    ///
    /// # Errors
    /// A keyword that is not of printable ASCII; CR, LF or NUL in the arguments.
    pub fn new(keyword: &str, arguments: &[u8]) -> Result<Self, Misuse> {
        let keyword = keyword.as_bytes();
        if keyword.is_empty() {
            return Err(Misuse::Empty);
        }
        if let Some(offset) = VCHAR.first_outside(keyword).or_else(|| TEXT.first_outside(arguments)) {
            return Err(Misuse::IllegalOctet { offset });
        }
        let mut line = alloc::vec::Vec::with_capacity(keyword.len() + 1 + arguments.len());
        line.extend_from_slice(keyword);
        if !arguments.is_empty() {
            line.push(b' ');
            line.extend_from_slice(arguments);
        }
        Ok(Self { line: line.into(), keyword: keyword.len() })
    }

    /// A line of a message, of which the first `keyword` octets are the keyword. The caller has checked that no CR, LF or NUL is
    /// in it; if one is, there is no line.
    #[must_use]
    pub fn kept(cx: &Context<'_>, line: &[u8], keyword: usize) -> Option<Self> {
        TEXT.first_outside(line)
            .is_none()
            .then(|| Self { line: cx.keep(line), keyword: keyword.min(line.len()) })
    }

    /// The keyword, as it came.
    #[must_use]
    pub fn keyword(&self) -> &[u8] {
        &self.line[..self.keyword]
    }

    /// What follows, as it came, without the space before it.
    #[must_use]
    pub fn arguments(&self) -> &[u8] {
        self.line[self.keyword..].strip_prefix(b" ").unwrap_or_default()
    }

    /// The whole line.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.line
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { line: Bytes::copy_from_slice(&self.line), keyword: self.keyword }
    }

    /// Writes the line, without a line end.
    pub fn encode(&self, output: &mut Output) {
        output.put(&self.line);
    }
}

/// Shows the keyword if it is as short as keywords are, and never the arguments: a peer that is out of
/// step sends passwords as commands.
impl fmt::Debug for KeywordLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keyword = self.keyword();
        if keyword.len() <= 4 {
            write!(f, "{}", keyword.escape_ascii())?
        } else {
            f.write_str("***")?
        }
        if self.arguments().is_empty() { Ok(()) } else { f.write_str(" ***") }
    }
}
