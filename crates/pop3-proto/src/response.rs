//! Whole responses: what a command's reply is from its first octet to its last, and nothing behind it.

use crate::syntax::{self, expected};
use crate::{Greeting, Item, Reply, ReplyKind};
use alloc::vec::Vec;
use bytes::Bytes;
use wire::dot::{DotDecoder, DotEncoder, LineEndings, Piece};
use wire::parse::{Failure, fail};
use wire::sasl;
use wire::{Context, Output, ParseError, ParseErrorKind, Secret, Tolerance};

/// A complete response, held whole. The machines stream instead; this is for tests, tools and fuzzing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response {
    /// The greeting.
    Greeting(Greeting),
    /// A challenge of a SASL exchange, decoded.
    Challenge(Secret),
    /// A reply that is complete in itself.
    Reply(Reply),
    /// A reply with items.
    Listing(Reply, Vec<Item>),
    /// A reply with a message, its dots unstuffed.
    Message(Reply, Bytes),
}

impl Response {
    /// Parses a greeting by the rules of the RFC.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse_greeting(frame: &Bytes) -> Result<Self, ParseError> {
        Greeting::parse(frame).map(Self::Greeting)
    }

    /// Parses a complete response to a command of this kind, by the rules of the RFC.
    ///
    /// # Errors
    /// What is wrong, and where; also if the response is not complete, or if something follows it.
    ///
    /// ```
    /// use pop3_proto::{Reply, ReplyKind, Response};
    ///
    /// let frame = "+OK 2 messages (320 octets)\r\n1 120\r\n2 200\r\n.\r\n".into();
    /// let Response::Listing(_, items) = Response::parse(&frame, ReplyKind::ListAll)? else { panic!() };
    /// assert_eq!(items.len(), 2);
    /// # Ok::<(), wire::ParseError>(())
    /// ```
    pub fn parse(frame: &Bytes, kind: ReplyKind) -> Result<Self, ParseError> {
        Self::parse_in(&Context::new(frame, Tolerance::Strict), kind)
    }

    /// The same as far as the tolerance of the context goes.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse_in(cx: &Context<'_>, kind: ReplyKind) -> Result<Self, ParseError> {
        Self::rule(cx, kind).map_err(|error| cx.error(error, expected::name))
    }

    fn rule(cx: &Context<'_>, kind: ReplyKind) -> Result<Self, nom::Err<Failure>> {
        let (rest, first) = next_line(cx, cx.frame())?;
        if kind == ReplyKind::Auth && is_challenge(first) {
            return complete(cx, rest, Self::Challenge(challenge(cx, first)?));
        }
        let mut reply = Reply::rule(cx, kind, first)?;
        if !kind.is_multi_line() || !reply.is_ok() {
            return complete(cx, rest, Self::Reply(reply));
        }
        if kind == ReplyKind::Body {
            let (rest, body) = body(cx, rest)?;
            return complete(cx, rest, Self::Message(reply, body));
        }
        let mut items = Vec::new();
        let mut i = rest;
        loop {
            let (rest, line) = next_line(cx, i)?;
            i = rest;
            let line = match line.strip_prefix(b".") {
                Some(b"") => break,
                Some(unstuffed) => unstuffed,
                None => line,
            };
            if matches!(reply, Reply::MultiLine(_)) {
                items.push(Item::rule(cx, kind, line)?);
            } else {
                reply.add_line(cx, line)?;
            }
        }
        let response = match reply {
            Reply::MultiLine(_) => Self::Listing(reply, items),
            _ => Self::Reply(reply),
        };
        complete(cx, i, response)
    }

    /// Writes the whole response.
    pub fn encode(&self, output: &mut Output) {
        match self {
            Self::Greeting(greeting) => greeting.encode(output),
            Self::Challenge(challenge) => encode_challenge(challenge.expose(), output),
            Self::Reply(reply) => reply.encode(output),
            Self::Listing(reply, items) => {
                reply.encode(output);
                for item in items {
                    item.encode(output);
                }
                output.put(b".\r\n");
            }
            Self::Message(reply, body) => {
                reply.encode(output);
                let mut encoder = DotEncoder::new(LineEndings::Lenient);
                // the lenient policy refuses nothing
                let _ = encoder.encode_bytes(body, output);
                let _ = encoder.finish(output);
            }
        }
    }

    /// The octets as they go over the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut output = Output::new();
        self.encode(&mut output);
        output.take_all()
    }
}

fn complete(cx: &Context<'_>, i: &[u8], response: Response) -> Result<Response, nom::Err<Failure>> {
    cx.set_behind(0);
    wire::parse::end(i).map(|_| response)
}

/// The next line, without its end.
fn next_line<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<(&'i [u8], &'i [u8]), nom::Err<Failure>> {
    let end = memchr::memchr(b'\n', i).map_or(i.len(), |at| at + 1);
    let (line, rest) = i.split_at(end);
    let line = syntax::line(cx, line, rest.len())?;
    Ok((rest, line))
}

/// `*dot-stuffed "." CRLF`, with the findings of the dot engine as repairs.
fn body<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<(&'i [u8], Bytes), nom::Err<Failure>> {
    let endings = match cx.tolerance() {
        Tolerance::Strict => LineEndings::Strict,
        _ => LineEndings::Lenient,
    };
    cx.set_behind(0);
    let mut decoder = DotDecoder::new(endings);
    let mut rest = i;
    let mut body = Bytes::new();
    let mut joined = Vec::new();
    loop {
        match decoder.decode(rest) {
            Piece::Content { skip, len } => {
                let piece = &rest[skip..skip + len];
                rest = &rest[skip + len..];
                if body.is_empty() && joined.is_empty() {
                    body = cx.keep(piece);
                } else {
                    joined.extend_from_slice(&body);
                    body.clear();
                    joined.extend_from_slice(piece);
                }
            }
            // only under the policy that is not used here
            Piece::InsertCr => joined.push(b'\r'),
            Piece::Found(finding) => cx.repair(finding.kind.rule(), &rest[..rest.len().min(1)]),
            Piece::End { skip } => {
                if let Some(finding) = decoder.refused() {
                    let at = usize::try_from(finding.offset).unwrap_or(usize::MAX);
                    let at = i.get(at..).unwrap_or_default();
                    return Err(Failure::at(at, wire::parse::expected::CRLF, ParseErrorKind::IllegalOctet));
                }
                let body = if joined.is_empty() { body } else { joined.into() };
                return Ok((&rest[skip..], body));
            }
            Piece::NeedMore => return fail(&i[i.len()..], expected::TERMINATION).map(|(_, never)| never),
        }
    }
}

/// Whether a line is `"+" SP [base64]` or `"+"`: the `+` of `+OK` is none.
pub(crate) fn is_challenge(line: &[u8]) -> bool {
    matches!(line, b"+" | [b'+', b' ', ..])
}

/// ```text
/// continue-req     = "+" SP [base64] CRLF
/// ```
///
/// Without the CRLF. A `+` without the space is taken too, where that is tolerated.
pub(crate) fn challenge(cx: &Context<'_>, line: &[u8]) -> Result<Secret, nom::Err<Failure>> {
    cx.set_secret();
    match line {
        [b'+', b' ', data @ ..] => sasl::decode(data),
        b"+" if cx.tolerates(Tolerance::Default, crate::rule::MISSING_SPACE, &line[1..]) => {
            Ok(Secret::default())
        }
        _ => {
            let at = line.get(1..).unwrap_or_default();
            Err(Failure::at(at, expected::CHALLENGE, ParseErrorKind::Syntax))
        }
    }
}

pub(crate) fn encode_challenge(data: &[u8], output: &mut Output) {
    output.put(b"+ ");
    sasl::encode(data, output);
    output.put(b"\r\n");
}
