//! Whole responses: what a command's reply is from its first octet to its last, and nothing behind it.

use crate::syntax::{self, expected};
use crate::{Greeting, Item, Reply, ReplyKind};
use alloc::vec::Vec;
use bytes::Bytes;
use wire::dot::{DotDecoder, DotEncoder, LineEndings, Piece};
use wire::parse::{Failure, fail};
use wire::sasl;
use wire::{Context, Output, ParseError, ParseErrorKind, Secret, Tolerance};

/// A complete response (RFC 1939 section 3), held whole. The machines stream instead; this is for tests, tools and fuzzing.
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
    /// Parses a greeting by the rules of the RFC (RFC 1939 section 4).
    ///
    /// # Errors
    /// What is wrong, and where.
    ///
    /// ```
    /// use pop3_proto::Response;
    ///
    /// let frame = "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n".into();
    /// assert_eq!(Response::parse_greeting(&frame)?.to_bytes(), frame);
    /// # Ok::<(), wire::ParseError>(())
    /// ```
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
        if let Some(reply) = Reply::plain(cx.frame(), kind) {
            return Ok(Self::Reply(reply));
        }
        Self::rule(cx, kind).map_err(|error| cx.error(error, expected::name))
    }

    #[inline]
    fn rule(cx: &Context<'_>, kind: ReplyKind) -> Result<Self, nom::Err<Failure>> {
        let (rest, first) = next_line(cx, cx.frame())?;
        if kind.is_auth() && is_challenge(first) {
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
        // room for most listings at once: their lines have about as many octets
        let mut items =
            Vec::with_capacity(if matches!(reply, Reply::MultiLine(_)) { rest.len() / 24 } else { 0 });
        let mut i = rest;
        loop {
            i = Item::plain(cx, kind, i, &mut items);
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

#[inline]
fn complete(cx: &Context<'_>, i: &[u8], response: Response) -> Result<Response, nom::Err<Failure>> {
    cx.set_behind(0);
    wire::parse::end(i).map(|_| response)
}

/// The next line, without its end.
#[inline]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Capabilities, Capability, DropListing, LanguageListing, Mechanisms, ScanListing, Status,
        UniqueIdListing,
    };
    use proptest::prelude::*;

    fn rows() -> Vec<(&'static [u8], ReplyKind)> {
        alloc::vec![
            (b"+OK\r\n", ReplyKind::Single),
            (b"-ERR [IN-USE] busy\r\n", ReplyKind::Login),
            (b"+ \r\n", ReplyKind::Auth),
            (b"+ cj14\r\n", ReplyKind::Auth),
            (b"+ cj14\r\n", ReplyKind::AuthInitial),
            (b"+OK in\r\n", ReplyKind::AuthInitial),
            (b"+OK 2 320\r\n", ReplyKind::Stat),
            (b"+OK 2 200\r\n", ReplyKind::ListOne),
            (b"+OK 2 QhdPYR:00WBw1Ph7x7\r\n", ReplyKind::UidlOne),
            (b"+OK\r\n1 120\r\n2 200\r\n.\r\n", ReplyKind::ListAll),
            (b"+OK\r\n.\r\n", ReplyKind::ListAll),
            (b"-ERR no\r\n", ReplyKind::ListAll),
            (b"+OK\r\n1 a\r\n2 ..\r\n.\r\n", ReplyKind::UidlAll),
            (b"+OK\r\nTOP\r\nSASL PLAIN\r\nX-Y  z\r\n.\r\n", ReplyKind::Capa),
            (b"+OK\r\nPLAIN\r\n..x\r\n.\r\n", ReplyKind::AuthList),
            (b"+OK\r\nen English\r\nde\r\n.\r\n", ReplyKind::LangList),
            (b"+OK\r\n..\r\n \r\n\r\n.\r\n", ReplyKind::Lines),
            (b"+OK 9 octets\r\n.\r\n", ReplyKind::Body),
            (b"+OK\r\n..\r\n...\r\na\r\n.\r\n", ReplyKind::Body),
        ]
    }

    #[test]
    fn every_response_both_ways() {
        for (octets, kind) in rows() {
            let frame = Bytes::from_static(octets);
            let response =
                Response::parse(&frame, kind).unwrap_or_else(|error| panic!("{octets:?}: {error}"));
            assert_eq!(response.to_bytes(), frame);
        }
    }

    #[test]
    fn no_prefix_is_a_response_and_nothing_may_follow_one() {
        for (octets, kind) in rows() {
            for end in 0..octets.len() {
                let prefix = Bytes::from_static(&octets[..end]);
                let error = Response::parse(&prefix, kind).unwrap_err();
                assert!(error.offset as usize <= end, "{octets:?} {error}");
            }
            let error = Response::parse(&[octets, b"+OK\r\n"].concat().into(), kind).unwrap_err();
            assert_eq!(error.offset as usize, octets.len(), "{octets:?}");
            assert_eq!(error.kind, ParseErrorKind::Trailing);
        }
    }

    #[test]
    fn errors_say_where_in_the_whole_response() {
        for (octets, kind, offset) in [
            (&b"+OK\r\n1 120\r\nx 200\r\n.\r\n"[..], ReplyKind::ListAll, 12),
            (b"+OK\r\n1 120\r\n2 x\r\n.\r\n", ReplyKind::ListAll, 14),
            (b"+OK\r\n1 120\n.\r\n", ReplyKind::ListAll, 10),
            (b"+OK\r\n1\r\n.\r\n", ReplyKind::UidlAll, 6),
            (b"+OK\r\na\nb\r\n.\r\n", ReplyKind::Body, 6),
            (b"+OK\r\na\rb\r\n.\r\n", ReplyKind::Body, 6),
            (b"+OK x\r\n", ReplyKind::Stat, 4),
            (b"+OK 1\r\n", ReplyKind::Stat, 5),
            (b"+OK\r\nen\0\r\n.\r\n", ReplyKind::LangList, 7),
            (b"+ A\r\n", ReplyKind::Auth, 3),
            (b"* OK\r\n", ReplyKind::Single, 0),
        ] {
            let error = Response::parse(&Bytes::from_static(octets), kind).unwrap_err();
            assert_eq!(error.offset, offset, "{octets:?}: {error}");
        }
    }

    #[test]
    fn mended_text_does_not_become_a_listing() {
        let frame = Bytes::from_static(b"+OK1\0\r\n");
        for tolerance in [Tolerance::Default, Tolerance::Lenient] {
            let cx = Context::new(&frame, tolerance);
            assert!(Response::parse_in(&cx, ReplyKind::UidlOne).is_err());
        }
        for (line, kept) in [("TOP\0", "TOP"), ("X\0Y", "X Y"), ("\0UIDL", "UIDL")] {
            let frame = Bytes::from(alloc::format!("+OK\r\n{line}\r\n.\r\n"));
            let cx = Context::new(&frame, Tolerance::Default);
            let response = Response::parse_in(&cx, ReplyKind::Capa).unwrap();
            assert_eq!(response.to_bytes(), alloc::format!("+OK\r\n{kept}\r\n.\r\n"));
        }
    }

    fn any_response() -> impl Strategy<Value = (Response, ReplyKind)> {
        let ok = || Status::strategy().prop_filter("+OK", Status::is_ok);
        let items = |item: BoxedStrategy<Item>| proptest::collection::vec(item, 0..9);
        prop_oneof![
            Status::strategy().prop_map(|s| (Response::Reply(Reply::Status(s)), ReplyKind::Single)),
            Secret::strategy().prop_map(|s| (Response::Challenge(s), ReplyKind::Auth)),
            DropListing::strategy().prop_map(|l| (Response::Reply(Reply::DropListing(l)), ReplyKind::Stat)),
            ScanListing::strategy()
                .prop_map(|l| (Response::Reply(Reply::ScanListing(l)), ReplyKind::ListOne)),
            UniqueIdListing::strategy()
                .prop_map(|l| (Response::Reply(Reply::UniqueIdListing(l)), ReplyKind::UidlOne)),
            (ok(), proptest::collection::vec(Capability::strategy(), 0..9)).prop_map(|(status, lines)| {
                let lines: Capabilities = lines.into_iter().collect();
                (Response::Reply(Reply::capabilities(status, lines)), ReplyKind::Capa)
            }),
            (ok(), proptest::collection::vec(wire::sasl::Mechanism::strategy(), 0..9)).prop_map(
                |(status, names)| {
                    let reply = Reply::mechanisms(status, &Mechanisms::new(names));
                    (Response::Reply(reply), ReplyKind::AuthList)
                }
            ),
            (ok(), proptest::collection::vec(LanguageListing::strategy(), 0..9)).prop_map(
                |(status, lines)| { (Response::Reply(Reply::languages(status, lines)), ReplyKind::LangList) }
            ),
            (ok(), items(ScanListing::strategy().prop_map(Item::ScanListing).boxed()))
                .prop_map(|(s, items)| (Response::Listing(Reply::MultiLine(s), items), ReplyKind::ListAll)),
            (ok(), items(UniqueIdListing::strategy().prop_map(Item::UniqueIdListing).boxed()))
                .prop_map(|(s, items)| (Response::Listing(Reply::MultiLine(s), items), ReplyKind::UidlAll)),
            (ok(), items(wire::Text::strategy().prop_map(Item::Line).boxed()))
                .prop_map(|(s, items)| (Response::Listing(Reply::MultiLine(s), items), ReplyKind::Lines)),
            (ok(), "(\\.|a|\r\n){0,20}").prop_map(|(status, body)| {
                let body = if body.is_empty() || body.ends_with("\r\n") { body } else { body + "\r\n" };
                (Response::Message(Reply::MultiLine(status), body.into()), ReplyKind::Body)
            }),
        ]
    }

    proptest! {
        #[test]
        fn the_common_form_of_a_line_is_parsed_as_any_other(
            line in "[0-9]{0,11} {0,2}([0-9]{0,21}|[!-~]{0,72}) ?(\r\n|\n|\r)[0-9]?",
            listed in "\\+OK {0,2}[0-9]{0,3} {0,2}[0-9]{0,3} ?(\r\n|\n)",
            status in "(\\+OK|-ERR|\\+ok) ?\\[?[ -~\r\n\0\u{e9}]{0,9}\\]?(\r\n|\n)",
        ) {
            let frame = Bytes::from(line);
            for kind in [ReplyKind::ListAll, ReplyKind::UidlAll] {
                let cx = Context::new(&frame, Tolerance::Strict);
                let mut items = Vec::new();
                let rest = Item::plain(&cx, kind, &frame, &mut items);
                let line = frame[..frame.len() - rest.len()].strip_suffix(b"\r\n");
                let parsed = line.map(|line| Item::rule(&cx, kind, line).unwrap());
                prop_assert_eq!(items, Vec::from_iter(parsed));
                prop_assert!(cx.into_repairs().is_empty());
            }
            for &kind in ReplyKind::ALL {
                for frame in [Bytes::from(status.clone()), Bytes::from(listed.clone())] {
                    let Some(reply) = Reply::plain(&frame, kind) else { continue };
                    let cx = Context::new(&frame, Tolerance::Strict);
                    let line = frame.strip_suffix(b"\r\n").unwrap();
                    prop_assert_eq!(Reply::rule(&cx, kind, line).unwrap(), reply);
                    prop_assert!(cx.into_repairs().is_empty());
                }
            }
        }

        #[test]
        fn round_trip((response, kind) in any_response()) {
            let encoded = response.to_bytes();
            let parsed = Response::parse(&encoded, kind).unwrap();
            prop_assert_eq!(&parsed, &response);
            // a detached value leaves the frame to itself
            let detached = match parsed {
                Response::Reply(reply) => Response::Reply(reply.detach()),
                Response::Listing(reply, items) => {
                    Response::Listing(reply.detach(), items.iter().map(Item::detach).collect())
                }
                Response::Message(reply, body) => {
                    Response::Message(reply.detach(), Bytes::copy_from_slice(&body))
                }
                other => other,
            };
            prop_assert!(encoded.is_unique());
            prop_assert_eq!(detached, response);
        }

        #[test]
        fn anything_accepted_encodes_to_an_equal_value(
            octets in "(\\+OK|-ERR|\\+) ?(\\[AUTH\\]|1|2| |x|\0|\r\n|\n|\\.){0,20}(\r\n)?",
            lenient: bool,
        ) {
            let tolerance = if lenient { Tolerance::Lenient } else { Tolerance::Default };
            let frame = Bytes::from(octets);
            for &kind in ReplyKind::ALL {
                let Ok(response) = Response::parse_in(&Context::new(&frame, tolerance), kind) else { continue };
                let encoded = response.to_bytes();
                let again = Response::parse_in(&Context::new(&encoded, tolerance), kind);
                prop_assert_eq!(again.as_ref(), Ok(&response), "{:?} {:?}", kind, encoded);
                prop_assert_eq!(again.map(|again| again.to_bytes()), Ok(encoded));
            }
        }
    }
}
