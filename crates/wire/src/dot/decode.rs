//! Bodies from the wire.

use super::scan::Scanner;
use super::{Finding, FindingKind, Findings, LineEndings, MAX_LINE};
use crate::Input;
use bytes::{Buf, Bytes};
use memchr::{memchr, memrchr};

/// Takes one body off the wire: removes the dots that were added for transparency, finds the end, and
/// tells of what the RFC forbids.
///
/// It copies and keeps no octet. What it cannot decide yet (a CR, or `.` or `.` CR at the start of a
/// line) stays in the caller's buffer, two octets at most. The same octets give the same content and
/// the same findings at the same places, however they are cut.
///
/// A decoder is for one body. RFC 1939, section 3; RFC 5321, section 4.5.2.
///
/// ```
/// use wire::Input;
/// use wire::dot::{Body, DotDecoder, FindingKind, LineEndings};
///
/// let mut input = Input::new();
/// let mut decoder = DotDecoder::new(LineEndings::Lenient);
/// input.receive(b"..a\nb\r\n.");
/// assert_eq!(decoder.next(&mut input), Body::Chunk(".a".into()));
/// let Body::Found(finding) = decoder.next(&mut input) else { panic!() };
/// assert_eq!((finding.kind, finding.offset), (FindingKind::BareLf, 3));
/// assert_eq!(decoder.next(&mut input), Body::Chunk("\nb\r\n".into()));
/// assert_eq!(decoder.next(&mut input), Body::NeedInput);
/// input.receive(b"\r\nQUIT\r\n");
/// assert_eq!(decoder.next(&mut input), Body::End);
/// assert_eq!(input.as_slice(), b"QUIT\r\n");
/// ```
#[derive(Debug, Clone)]
pub struct DotDecoder {
    policy: LineEndings,
    at: At,
    /// Octets of the current line so far; [`TOLD`] once it was told of as too long.
    line: usize,
    scanner: Scanner,
    octets_in: u64,
    octets_out: u64,
    findings: Findings,
    refused: Option<Finding>,
}

/// `line` of a line that was told of.
const TOLD: usize = usize::MAX / 2;

/// What is known of the octet at the front of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// It starts a line.
    LineStart,
    /// It is a dot at the start of a line, was told of, and is to be removed.
    LoneDot,
    /// It stands in a line.
    Middle,
    /// It is an LF before which a CR is to be inserted.
    Repair,
    /// It is content, whatever it is.
    Content,
    /// It stands behind the end of the body.
    Done,
}

/// What [`DotDecoder::decode`] says of the octets at the front of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Piece {
    /// Drop `skip` octets; the next `len` are content. Call again with what follows.
    Content {
        /// Octets that are not content: a dot that was added, or what comes after a refusal.
        skip: usize,
        /// Octets of content after these. May be 0.
        len: usize,
    },
    /// The content goes on with a CR that is not in the buffer ([`LineEndings::Normalise`]). Call again
    /// with the same octets.
    InsertCr,
    /// Something was found right behind the content handed out so far. Call again with the same octets.
    ///
    /// Content is cut there, so that findings and content have the same order at any chunking.
    Found(Finding),
    /// Drop `skip` octets: the body is complete.
    End {
        /// Octets of the end mark, `.` CR LF.
        skip: usize,
    },
    /// Nothing more can be said before there are more octets in the buffer than now.
    NeedMore,
}

/// What [`DotDecoder::next`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Body {
    /// Content, without a copy.
    Chunk(Bytes),
    /// Something was found right behind the content handed out so far.
    Found(Finding),
    /// The body is complete; the input stands behind its end mark.
    End,
    /// Nothing more before more octets are received.
    NeedInput,
}

impl DotDecoder {
    /// For the body that starts at the next octet.
    #[must_use]
    pub fn new(policy: LineEndings) -> Self {
        Self {
            policy,
            at: At::LineStart,
            line: 0,
            scanner: Scanner::default(),
            octets_in: 0,
            octets_out: 0,
            findings: Findings::default(),
            refused: None,
        }
    }

    /// Octets of the body that were consumed, as on the wire, the end mark included.
    #[must_use]
    pub const fn octets_in(&self) -> u64 {
        self.octets_in
    }

    /// Octets of content that were handed out, inserted CRs included.
    #[must_use]
    pub const fn octets_out(&self) -> u64 {
        self.octets_out
    }

    /// What was found so far. Goes on to count after a refusal.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// The first finding that the policy does not allow. From it on content is dropped and nothing is
    /// told, up to the true end of the body, after which the message is to be rejected.
    #[must_use]
    pub const fn refused(&self) -> Option<Finding> {
        self.refused
    }

    /// Whether the end was reached.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// The next piece of the body at the front of `input`. After the end it is [`Body::End`] for ever.
    pub fn next(&mut self, input: &mut Input) -> Body {
        loop {
            match self.decode(input.as_slice()) {
                Piece::Content { skip, len: 0 } => input.skip(skip),
                Piece::Content { skip, len } => {
                    let mut chunk = input.take(skip + len);
                    chunk.advance(skip);
                    return Body::Chunk(chunk);
                }
                Piece::InsertCr => return Body::Chunk(Bytes::from_static(b"\r")),
                Piece::Found(finding) => return Body::Found(finding),
                Piece::End { skip } => {
                    input.skip(skip);
                    return Body::End;
                }
                Piece::NeedMore => return Body::NeedInput,
            }
        }
    }

    /// Judges the octets at the front of `buf`, which are the octets of the last call behind those that
    /// it consumed ([`Piece::Content`], [`Piece::End`]), and any that came in since.
    ///
    /// After the end it is [`Piece::End`] for ever.
    #[inline]
    pub fn decode(&mut self, buf: &[u8]) -> Piece {
        loop {
            match self.step(buf) {
                Piece::Content { skip, len } => {
                    self.octets_in += (skip + len) as u64;
                    if self.refused.is_some() {
                        return Piece::Content { skip: skip + len, len: 0 };
                    }
                    self.octets_out += len as u64;
                    return Piece::Content { skip, len };
                }
                Piece::InsertCr if self.refused.is_some() => {}
                Piece::InsertCr => {
                    self.octets_out += 1;
                    return Piece::InsertCr;
                }
                Piece::Found(finding)
                    if self.refused.is_some_and(|refused| finding.offset > refused.offset) => {}
                Piece::End { skip } => {
                    self.octets_in += skip as u64;
                    return Piece::End { skip };
                }
                piece => return piece,
            }
        }
    }

    fn step(&mut self, buf: &[u8]) -> Piece {
        // octets at the front that are dropped, and up to where it is known that they are content
        let (skip, known) = match (self.at, buf) {
            (At::Done, _) => return Piece::End { skip: 0 },
            (At::LineStart, [b'.'] | [b'.', b'\r']) | (_, []) => return Piece::NeedMore,
            (At::LineStart, [b'.', b'\r', b'\n', ..]) => {
                self.at = At::Done;
                return Piece::End { skip: 3 };
            }
            (At::LineStart, [b'.', b'.', ..]) => (1, 2),
            (At::LineStart, [b'.', b'\n', ..]) => {
                if self.policy == LineEndings::Normalise {
                    self.refuse(Finding { kind: FindingKind::BareLf, offset: self.octets_in + 1 });
                }
                (0, 1)
            }
            (At::LineStart, [b'.', ..]) => {
                self.at = At::LoneDot;
                return self.found(FindingKind::LoneDot);
            }
            (At::LoneDot, _) => (1, 1),
            (At::Repair, _) => {
                self.at = At::Content;
                return Piece::InsertCr;
            }
            (At::Content, _) => (0, 1),
            (At::LineStart | At::Middle, _) => (0, 0),
        };
        let (mut end, mut settled) = (skip, known);
        let too_long = loop {
            let next = self.scanner.settled(buf, settled, self.octets_in);
            let fits = self.measure(&buf[end..next]);
            end += fits;
            if end < next {
                break true;
            }
            let goes_on = match buf.get(next) {
                None | Some(b'\n') => false,
                Some(b'.') => buf[..next].last() != Some(&b'\n'),
                Some(_) => next > settled,
            };
            if !goes_on {
                break false;
            }
            settled = next;
        };
        if end > 0 {
            self.at = if buf[..end].ends_with(b"\r\n") { At::LineStart } else { At::Middle };
            return Piece::Content { skip, len: end - skip };
        }
        if too_long {
            self.line = TOLD;
            return self.found(FindingKind::LongLine);
        }
        match buf {
            [b'\n', ..] => {
                self.at = if self.policy == LineEndings::Normalise { At::Repair } else { At::Content };
                self.found(FindingKind::BareLf)
            }
            [_, _, ..] => {
                self.at = At::Content;
                self.found(FindingKind::BareCr)
            }
            _ => Piece::NeedMore,
        }
    }

    /// How much of `text` can be handed out before there is a line to tell of. All LFs in it are ends of
    /// lines, and it holds both octets of a CR LF or none.
    #[inline]
    fn measure(&mut self, text: &[u8]) -> usize {
        match text {
            [] => return 0,
            [.., b'\n'] if self.line + text.len() <= MAX_LINE + 2 => {
                self.line = 0;
                return text.len();
            }
            [_] if self.line < MAX_LINE => {
                self.line += 1;
                return 1;
            }
            _ => {}
        }
        let mut start = 0;
        if self.line == TOLD {
            let Some(n) = memchr(b'\n', text) else { return text.len() };
            start = n + 1;
            self.line = 0;
        }
        loop {
            // a line that is not too long has its LF in this window, and most have it near the end
            let rest = &text[start..];
            let window = &rest[..rest.len().min(MAX_LINE + 2 - self.line)];
            match memrchr(b'\n', window) {
                Some(n) if window.len() == rest.len() => {
                    self.line = rest.len() - n - 1;
                    return text.len();
                }
                Some(n) => {
                    start += n + 1;
                    self.line = 0;
                }
                None if self.line + window.len() > MAX_LINE => {
                    start += MAX_LINE - self.line;
                    self.line = MAX_LINE;
                    return start;
                }
                None => {
                    self.line += window.len();
                    return text.len();
                }
            }
        }
    }

    fn found(&mut self, kind: FindingKind) -> Piece {
        let finding = Finding { kind, offset: self.octets_in };
        self.findings.note(finding);
        if self.policy == LineEndings::Strict && matches!(kind, FindingKind::BareCr | FindingKind::BareLf) {
            self.refuse(finding);
        }
        Piece::Found(finding)
    }

    fn refuse(&mut self, finding: Finding) {
        self.refused.get_or_insert(finding);
    }
}

/// A [`DotDecoder`] for callers who keep no buffer: it takes each chunk whole.
///
/// The two octets at most that cannot be decided at the end of a chunk are remembered, not kept: they
/// are known to be a CR, `.`, or `.` CR.
///
/// ```
/// use wire::dot::{LineEndings, Part, PushDecoder};
///
/// let mut decoder = PushDecoder::new(LineEndings::Strict);
/// let mut body = Vec::new();
/// for chunk in ["one\r\n.", ".two\r\n.\r", "\nQUIT\r\n"] {
///     let fed = decoder.feed(chunk.as_bytes(), |part| {
///         if let Part::Content(octets) = part {
///             body.extend_from_slice(octets);
///         }
///     });
///     if fed.ended {
///         assert_eq!(&chunk[fed.consumed..], "QUIT\r\n");
///     }
/// }
/// assert_eq!(body, b"one\r\n.two\r\n");
/// ```
#[derive(Debug, Clone)]
pub struct PushDecoder {
    decoder: DotDecoder,
    /// What the last chunk ended in and could not be decided.
    held: &'static [u8],
}

/// What [`PushDecoder::feed`] hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Content.
    Content(&'a [u8]),
    /// Something was found right behind the content handed out so far.
    Found(Finding),
}

/// What became of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Fed {
    /// Octets of the chunk that belong to the body, its end mark included. All, unless it has ended.
    pub consumed: usize,
    /// Whether the body has ended.
    pub ended: bool,
}

impl PushDecoder {
    /// For the body that starts with the next chunk.
    #[must_use]
    pub fn new(policy: LineEndings) -> Self {
        Self { decoder: DotDecoder::new(policy), held: b"" }
    }

    /// The decoder, for its counters and findings. Octets that cannot be decided yet are not counted.
    #[must_use]
    pub const fn decoder(&self) -> &DotDecoder {
        &self.decoder
    }

    /// Takes a chunk and hands its parts to `put`, in order. After the end it consumes nothing.
    pub fn feed(&mut self, chunk: &[u8], mut put: impl FnMut(Part<'_>)) -> Fed {
        // what was held and just enough of the chunk to decide it
        let held = core::mem::take(&mut self.held);
        let mut joint = [0; 4];
        let mut ahead = 0;
        if !held.is_empty() {
            ahead = chunk.len().min(joint.len() - held.len());
            joint[..held.len()].copy_from_slice(held);
            joint[held.len()..held.len() + ahead].copy_from_slice(&chunk[..ahead]);
        }
        let joint = &joint[..held.len() + ahead];

        // counts from the first octet held
        let mut at = 0;
        loop {
            let rest = if at < held.len() { &joint[at..] } else { &chunk[at - held.len()..] };
            match self.decoder.decode(rest) {
                Piece::Content { skip, len } => {
                    if len > 0 {
                        put(Part::Content(&rest[skip..skip + len]));
                    }
                    at += skip + len;
                    if at == held.len() + chunk.len() {
                        return Fed { consumed: chunk.len(), ended: false };
                    }
                }
                Piece::InsertCr => put(Part::Content(b"\r")),
                Piece::Found(finding) => put(Part::Found(finding)),
                Piece::End { skip } => return Fed { consumed: at + skip - held.len(), ended: true },
                Piece::NeedMore => {
                    self.held = match rest {
                        [b'.'] => b".",
                        [b'.', ..] => b".\r",
                        [_, ..] => b"\r",
                        [] => b"",
                    };
                    return Fed { consumed: chunk.len(), ended: false };
                }
            }
        }
    }
}
