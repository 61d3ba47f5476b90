//! Line endings of a text without dots.

use super::scan::Scanner;
use super::{Finding, FindingKind};

/// Finds bare CRs and LFs in a text that goes by without the dot engine.
///
/// The data of BDAT (RFC 3030) is opaque: CHUNKING passes by every check of line endings that DATA has.
/// A server that hands such a message on with DATA should look at it with this first.
///
/// ```
/// use wire::dot::{BareEndings, FindingKind};
///
/// let mut found = Vec::new();
/// let mut endings = BareEndings::new();
/// for chunk in ["a\r\nb\n.\n\r", "\nc\r", "d"] {
///     endings.scan(chunk.as_bytes(), |finding| found.push((finding.kind, finding.offset)));
/// }
/// assert_eq!(endings.finish(), None);
/// assert_eq!(found, [(FindingKind::BareLf, 4), (FindingKind::BareLf, 6), (FindingKind::BareCr, 10)]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct BareEndings {
    offset: u64,
    /// Whether the last octet was a CR.
    cr: bool,
}

impl BareEndings {
    /// For the text that starts with the next chunk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many octets were looked at.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Looks at the next chunk. A CR at its end is judged by the next one.
    pub fn scan(&mut self, chunk: &[u8], mut found: impl FnMut(Finding)) {
        let mut scanner = Scanner::default();
        let mut at = 0;
        while let Some(&octet) = chunk.get(at) {
            if core::mem::take(&mut self.cr) {
                if octet == b'\n' {
                    at += 1;
                    continue;
                }
                found(Finding { kind: FindingKind::BareCr, offset: self.offset + at as u64 - 1 });
            }
            let next = scanner.settled(chunk, at, 0);
            if next == at {
                self.cr = octet == b'\r';
                if !self.cr {
                    found(Finding { kind: FindingKind::BareLf, offset: self.offset + at as u64 });
                }
                at += 1;
            } else {
                at = next;
            }
        }
        self.offset += chunk.len() as u64;
    }

    /// The bare CR that the text ends in, if it does.
    #[must_use]
    pub fn finish(self) -> Option<Finding> {
        self.cr.then(|| Finding { kind: FindingKind::BareCr, offset: self.offset - 1 })
    }
}
