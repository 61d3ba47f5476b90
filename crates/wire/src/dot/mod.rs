//! Bodies that end in CR LF `.` CR LF: one engine for the multi-line replies of POP3 (RFC 1939,
//! section 3) and for the mail data of SMTP (RFC 5321, sections 4.1.1.4 and 4.5.2).
//!
//! | What | Where |
//! |---|---|
//! | from the wire, a buffer at a time | [`DotDecoder`], with [`Input`](crate::Input) or any slice |
//! | from the wire, for callers who keep no buffer | [`PushDecoder`] |
//! | to the wire | [`DotEncoder`] |
//! | what to do with a bare CR or LF | [`LineEndings`] |
//! | what was found in a body, and where | [`Finding`], [`Findings`] |
//! | bare CR and LF in a text without dots, such as a BDAT chunk | [`BareEndings`] |
//!
//! Only CR LF `.` CR LF ends a body, or `.` CR LF at its very start, **under every policy**: software
//! that also takes LF `.` LF or LF `.` CR LF for the end lets a sender smuggle commands behind it.
//! The CR LF before the dot belongs to the body.
//!
//! ```
//! use wire::dot::{DotDecoder, DotEncoder, LineEndings, Piece};
//! use wire::Output;
//!
//! let mut output = Output::new();
//! let mut encoder = DotEncoder::new(LineEndings::Strict);
//! encoder.encode(b"one\r\n.two", &mut output)?;
//! encoder.finish(&mut output)?;
//! let wire = output.take_all();
//! assert_eq!(wire, "one\r\n..two\r\n.\r\n");
//!
//! let mut decoder = DotDecoder::new(LineEndings::Strict);
//! assert_eq!(decoder.decode(&wire), Piece::Content { skip: 0, len: 5 }); // `one`
//! assert_eq!(decoder.decode(&wire[5..]), Piece::Content { skip: 1, len: 6 }); // `.two`
//! assert_eq!(decoder.decode(&wire[12..]), Piece::End { skip: 3 });
//! # Ok::<(), wire::BodyError>(())
//! ```

mod decode;
mod encode;
mod endings;
mod scan;
#[cfg(test)]
mod tests;

pub use decode::{Body, DotDecoder, Fed, Part, Piece, PushDecoder};
pub use encode::DotEncoder;
pub use endings::BareEndings;

use crate::{Diagnostic, Redacted, Rule};
use bytes::Bytes;

/// The longest line that RFC 5321, section 4.5.3.1.6, allows: 1,000 octets with its CR LF, without the
/// dot that was added for transparency.
pub const MAX_LINE: usize = 998;

/// What happens to a CR that no LF follows, and to an LF before which no CR stands (RFC 5321 section 2.3.8: both are
/// forbidden).
///
/// No policy changes what ends a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LineEndings {
    /// They are refused. A decoder reads on to the true end of the body and hands out nothing more of
    /// it; an encoder takes none of the piece.
    #[default]
    Strict,
    /// They become CR LF. A decoder does so for LF only, passes CR on, and refuses `.` LF at the start
    /// of a line: whether that is a line, and of what, has no safe answer.
    ///
    /// A dot behind a bare LF stays as it is in a decoder, because it did not stand at the start of a
    /// line when it was sent.
    Normalise,
    /// They are passed on as they are; a decoder tells of each.
    ///
    /// An encoder that does so may send LF `.` LF, which other software takes for the end of the body.
    /// To add a dot there would change the body for software that does not. Use it only for peers that
    /// are known to need it.
    Lenient,
}

/// What a decoder found in a body (RFC 5321 sections 2.3.8, 4.5.2 and 4.5.3.1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingKind {
    /// A CR that no LF follows.
    BareCr,
    /// An LF before which no CR stands.
    BareLf,
    /// A dot at the start of a line that was not doubled; it was removed, as RFC 5321, section 4.5.2,
    /// says.
    LoneDot,
    /// A line of more than [`MAX_LINE`] octets. It ends at its LF, bare or not.
    LongLine,
}

impl FindingKind {
    /// How many kinds there are.
    const COUNT: usize = 4;

    /// The octet in question as the errors name it, `CR` or `LF`, and the rule otherwise.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BareCr => "CR",
            Self::BareLf => "LF",
            _ => self.rule().0,
        }
    }

    /// The name of the diagnostic.
    #[must_use]
    pub const fn rule(self) -> Rule {
        Rule(match self {
            Self::BareCr => "bare-cr",
            Self::BareLf => "bare-lf",
            Self::LoneDot => "lone-dot",
            Self::LongLine => "long-line",
        })
    }

    const fn raw(self) -> &'static [u8] {
        match self {
            Self::BareCr => b"\r",
            Self::BareLf => b"\n",
            Self::LoneDot => b".",
            Self::LongLine => b"",
        }
    }
}

/// Something in a body that the RFC forbids, or that is worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// Where: octets of the body as it came over the wire, stuffed dots included. For a long line the
    /// first octet that is too many.
    pub offset: u64,
}

impl Finding {
    /// As a diagnostic; `body` is the stream offset at which the body starts.
    #[must_use]
    pub fn diagnostic(self, body: u64) -> Diagnostic {
        let raw = Redacted::new(Bytes::from_static(self.kind.raw()));
        Diagnostic { rule: self.kind.rule(), stream_offset: body + self.offset, raw }
    }
}

/// How many findings of each kind there were, and where the first was. Its size does not depend on the
/// body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Findings([(u64, u64); FindingKind::COUNT]);

impl Findings {
    /// How many there were.
    #[must_use]
    pub const fn count(&self, kind: FindingKind) -> u64 {
        self.0[kind as usize].0
    }

    /// The first.
    #[must_use]
    pub const fn first(&self, kind: FindingKind) -> Option<Finding> {
        match self.0[kind as usize] {
            (0, _) => None,
            (_, offset) => Some(Finding { kind, offset }),
        }
    }

    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&(count, _)| count == 0)
    }

    fn note(&mut self, finding: Finding) {
        let (count, first) = &mut self.0[finding.kind as usize];
        if *count == 0 {
            *first = finding.offset;
        }
        *count += 1;
    }
}
