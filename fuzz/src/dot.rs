//! A body decoder with all of the wire in view, an octet at a time: the definition that the dot engine is
//! held against.

use wire::dot::{Finding, FindingKind, LineEndings, MAX_LINE};

/// What a decoder said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Content and findings, in order.
    pub parts: Vec<Part>,
    /// Octets that were consumed.
    pub consumed: u64,
    /// Whether the body has ended.
    pub ended: bool,
    /// The first finding that the policy does not allow.
    pub refused: Option<(FindingKind, u64)>,
    /// How often each kind was found.
    pub counts: [u64; 4],
}

/// A part of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// Content, joined.
    Content(Vec<u8>),
    /// What was found, and where.
    Found(FindingKind, u64),
}

/// The kinds, in the order of [`Told::counts`].
pub const FOUND: [FindingKind; 4] =
    [FindingKind::BareCr, FindingKind::BareLf, FindingKind::LoneDot, FindingKind::LongLine];

impl Told {
    /// Adds content to the last part, or as a new one.
    pub fn content(&mut self, octets: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Content(content)) => content.extend_from_slice(octets),
            _ => self.parts.push(Part::Content(octets.to_vec())),
        }
    }

    /// Adds a finding.
    pub fn found(&mut self, finding: Finding) {
        self.parts.push(Part::Found(finding.kind, finding.offset));
    }

    /// All content.
    pub fn joined(&self) -> Vec<u8> {
        let content = self.parts.iter().map(|part| match part {
            Part::Content(octets) => &octets[..],
            Part::Found(..) => b"",
        });
        content.collect::<Vec<_>>().concat()
    }
}

/// What there is to say of the body at the front of `wire`, by the documentation of the dot engine.
pub fn reference(policy: LineEndings, wire: &[u8]) -> Told {
    let mut reader = Reader { policy, told: Told::default() };
    let (mut at, mut line, mut line_start) = (0, 0, true);
    while at < wire.len() {
        let rest = &wire[at..];
        if line_start {
            line = 0;
            if rest.starts_with(b".\r\n") {
                at += 3;
                reader.told.ended = true;
                break;
            }
            if b".\r\n".starts_with(rest) {
                break;
            }
            line_start = false;
            match rest {
                // it stays, because it is not known what it is
                [b'.', b'\n', ..] => {
                    if policy == LineEndings::Normalise {
                        reader.refuse(FindingKind::BareLf, at + 1);
                    }
                    reader.content(b".");
                    (at, line) = (at + 1, 1);
                    continue;
                }
                [b'.', b'.', ..] => {
                    reader.content(b".");
                    (at, line) = (at + 2, 1);
                    continue;
                }
                [b'.', ..] => {
                    reader.found(FindingKind::LoneDot, at);
                    at += 1;
                }
                _ => {}
            }
        }
        match &wire[at..] {
            [b'\r'] => break,
            [b'\r', b'\n', ..] => {
                reader.content(b"\r\n");
                at += 2;
                line_start = true;
                continue;
            }
            [b'\n', ..] => {
                reader.found(FindingKind::BareLf, at);
                reader.content(if policy == LineEndings::Normalise { b"\r\n" } else { b"\n" });
                line = 0;
            }
            [octet, ..] => {
                if *octet == b'\r' {
                    reader.found(FindingKind::BareCr, at);
                }
                line += 1;
                if line == MAX_LINE + 1 {
                    reader.found(FindingKind::LongLine, at);
                }
                reader.content(&[*octet]);
            }
            [] => break,
        }
        at += 1;
    }
    reader.told.consumed = at as u64;
    reader.told
}

struct Reader {
    policy: LineEndings,
    told: Told,
}

impl Reader {
    fn content(&mut self, octets: &[u8]) {
        if self.told.refused.is_none() {
            self.told.content(octets);
        }
    }

    fn found(&mut self, kind: FindingKind, at: usize) {
        let forbidden = matches!(kind, FindingKind::BareCr | FindingKind::BareLf);
        if self.policy == LineEndings::Strict && forbidden {
            self.refuse(kind, at);
        }
        self.told.counts[FOUND.iter().position(|&found| found == kind).unwrap_or(0)] += 1;
        if self.told.refused.is_none_or(|(_, refused)| at as u64 <= refused) {
            self.told.found(Finding { kind, offset: at as u64 });
        }
    }

    fn refuse(&mut self, kind: FindingKind, at: usize) {
        self.told.refused.get_or_insert((kind, at as u64));
    }
}

/// CR and LF that stand alone become CR LF: what an encoder with [`LineEndings::Normalise`] makes of a body.
pub fn normalised(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut at = 0;
    while let Some(&octet) = body.get(at) {
        match octet {
            b'\r' | b'\n' => {
                at += usize::from(body[at..].starts_with(b"\r\n"));
                text.extend_from_slice(b"\r\n");
            }
            _ => text.push(octet),
        }
        at += 1;
    }
    text
}
