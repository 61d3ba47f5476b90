//! From octets to events.

use super::{Client, Event, Tls};
use crate::syntax::{self, expected};
use crate::{
    Greeting, Item, MessageNumber, Reply, ReplyKind, ScanListing, State, Status, UniqueIdListing, Verb,
    response, rule,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::{Buf, Bytes};
use wire::dot::{Body, DotDecoder};
use wire::parse::Failure;
use wire::sasl::Exchange;
use wire::{
    CommandId, Context, Diagnostic, Fatal, Found, LimitKind, ParseError, ParseErrorKind, Pause, Redacted,
    Secret, Step, Tolerance,
};

/// A multi-line reply, behind its first line.
#[derive(Debug)]
pub(super) enum Reading {
    /// A message.
    Body {
        decoder: DotDecoder,
        /// Where in the stream it starts.
        start: u64,
    },
    /// Lines that are handed out one by one.
    Items {
        count: u64,
        /// The message-number of the last.
        last: u32,
    },
    /// Lines that become part of the reply.
    Whole { reply: Reply, count: u64 },
}

type Stepped = wire::Stepped<Event>;

impl Client {
    pub(super) fn step(&mut self) -> Stepped {
        match &self.reading {
            _ if self.tls == Tls::Agreed => self.paused_for_tls(),
            // what comes before the response is no answer to it
            _ if self.exchange.as_ref().is_some_and(Exchange::is_challenged) => {
                Ok(Some(Step::Paused(Pause::Respond)))
            }
            Some(Reading::Body { .. }) => self.body(),
            _ => self.line(),
        }
    }

    /// The longest line that may come now.
    pub(super) fn max_line(&self) -> usize {
        let limits = &self.config.limits;
        if self.exchange.is_some() { limits.max_line.max(limits.max_auth_line) } else { limits.max_line }
    }

    /// Law 11: nothing that came in plaintext behind the agreement may ever be used.
    fn paused_for_tls(&mut self) -> Stepped {
        match self.input.len() {
            0 if self.input.is_eof() => Err(Fatal::UnexpectedEof("the start of TLS")),
            0 => Ok(Some(Step::Paused(Pause::StartTls))),
            _ => Err(Fatal::PlaintextAfterStartTls(self.input.stream_offset())),
        }
    }

    /// More is needed, unless the peer has closed.
    fn wait(&mut self) -> Stepped {
        if !self.input.is_eof() {
            if self.reading.is_none() {
                self.input.settle();
            }
            return Ok(Some(Step::NeedInput));
        }
        Err(Fatal::UnexpectedEof(if self.state == State::Greeting {
            "the greeting"
        } else if self.reading.is_some() {
            "a multi-line reply"
        } else if !self.input.is_empty() {
            "a line"
        } else if !self.pending.is_empty() {
            "a reply"
        } else {
            return Ok(Some(Step::Closed));
        }))
    }

    fn line(&mut self) -> Stepped {
        // a line that is whole in the first read is not searched for its end before it is parsed
        let fresh = self.input.is_fresh();
        if fresh {
            if let Some(event) = self.plain_item() {
                return Ok(Some(Step::Event(event)));
            }
        }
        let limit = self.max_line();
        let len = match self.input.line(limit) {
            Found::Line(len) => len,
            Found::Partial => return self.wait(),
            Found::TooLong => return Err(Fatal::Limit { kind: LimitKind::Line, limit: limit as u64 }),
        };
        if !fresh {
            if let Some(event) = self.plain_item() {
                return Ok(Some(Step::Event(event)));
            }
        }
        let at = self.input.stream_offset();
        let front = self.pending.front().map(|pending| (pending.kind, pending.earliest));
        let frame = if self.exchange.is_some() { self.input.take_secret(len) } else { self.input.take(len) };
        match (&self.reading, front) {
            _ if self.state == State::Greeting => self.greeting(at, &frame),
            (Some(_), Some(_)) => self.listing_line(at, &frame),
            (_, Some((_, earliest))) if earliest <= at => self.reply(at, frame),
            _ => self.unsolicited(at, &frame),
        }
    }

    /// The next line of a listing, if it is whole, has the common form, and nothing is to be said about it.
    fn plain_item(&mut self) -> Option<Event> {
        let (Some(Reading::Items { .. }), Some(pending)) = (&self.reading, self.pending.front()) else {
            return None;
        };
        let (id, kind, text) = (pending.id, pending.kind, self.input.as_slice());
        let item = match kind {
            ReplyKind::ListAll => {
                let (rest, listing) = ScanListing::plain(text)?;
                let len = text.len() - rest.len();
                self.in_order(listing.message, len)?;
                self.input.skip(len);
                Item::ScanListing(listing)
            }
            ReplyKind::UidlAll => {
                let (rest, message, word) = UniqueIdListing::plain(text)?;
                let (len, word) = (text.len() - rest.len(), word.len());
                self.in_order(message, len)?;
                let mut unique_id = self.input.take(len);
                unique_id.truncate(len - 2);
                unique_id.advance(len - 2 - word);
                Item::UniqueIdListing(UniqueIdListing::kept(message, unique_id))
            }
            _ => return None,
        };
        Some(Event::Item { id, item })
    }

    /// Counts a line of a listing. `None`: it is over a limit or out of order, which is told elsewhere.
    fn in_order(&mut self, message: MessageNumber, len: usize) -> Option<()> {
        let max_line = self.max_line();
        let Some(Reading::Items { count, last }) = &mut self.reading else { return None };
        let number = message.get();
        let fits = len <= max_line && self.config.limits.max_list_items.is_none_or(|max| *count < max);
        let known = self.messages.is_none_or(|messages| number <= messages);
        (fits && known && number > *last).then(|| {
            *count += 1;
            *last = number;
        })
    }

    fn greeting(&mut self, at: u64, frame: &Bytes) -> Stepped {
        let cx = Context::new(frame, self.config.tolerance).at(at);
        match syntax::line(&cx, frame, 0).and_then(|line| Greeting::rule(&cx, line)) {
            Ok(greeting) => {
                self.has_timestamp = greeting.timestamp().is_some();
                self.state = if greeting.is_ok() { State::Authorization } else { State::Closed };
                self.release();
                self.emit(cx.into_repairs(), Event::Greeting(greeting))
            }
            Err(error) => Err(Fatal::Desync(cx.error(error, expected::name))),
        }
    }

    /// A line that no command waits for.
    fn unsolicited(&mut self, at: u64, frame: &Bytes) -> Stepped {
        let cx = Context::new(frame, self.config.tolerance).at(at);
        match syntax::line(&cx, frame, 0).and_then(|line| Status::rule_or_error(&cx, line)) {
            Ok(status) => {
                cx.repair(rule::UNSOLICITED_REPLY, frame);
                self.emit(cx.into_repairs(), Event::Unsolicited(status))
            }
            Err(error) => {
                let error = cx.error(error, expected::name);
                self.malformed(cx, error, None, false)
            }
        }
    }

    /// The first line of a reply, or a challenge.
    fn reply(&mut self, at: u64, frame: Bytes) -> Stepped {
        let Some((id, kind)) = self.pending.front().map(|pending| (pending.id, pending.kind)) else {
            return self.unsolicited(at, &frame);
        };
        if self.exchange.as_ref().is_some_and(Exchange::is_cancelled) && frame.first() == Some(&b'+') {
            // RFC 5034 section 4: to `*` the server can only say -ERR
            let expected = "-ERR to the cancelled AUTH";
            let got = Some(b'+');
            return Err(Fatal::Desync(ParseError { offset: 0, expected, kind: ParseErrorKind::Syntax, got }));
        }
        if let Some(reply) = Reply::plain(&frame, kind) {
            return self.replied(id, kind, reply, Vec::new());
        }
        let cx = Context::new(&frame, self.config.tolerance).at(at);
        let parsed = syntax::line(&cx, &frame, 0).and_then(|line| match self.challenge(&cx, kind, line) {
            Some(challenge) => challenge.map(Err),
            None => Reply::rule(&cx, kind, line).map(Ok),
        });
        match parsed {
            Ok(Ok(reply)) => self.replied(id, kind, reply, cx.into_repairs()),
            Ok(Err(challenge)) => {
                let repairs = cx.into_repairs();
                wire::wipe(frame);
                self.challenged_by(id, challenge, repairs)
            }
            Err(error) => {
                let error = cx.error(error, expected::name);
                if kind.is_auth() && frame.first() == Some(&b'+') && !frame.starts_with(b"+O") {
                    // the exchange goes on; RFC 5034 section 4 wants it to be cancelled
                    if let Some(exchange) = &mut self.exchange {
                        exchange.challenge();
                    }
                    return self.malformed(cx, error, Some(id), false);
                }
                if kind.is_multi_line() && frame.first() != Some(&b'-') {
                    return Err(Fatal::Desync(error));
                }
                self.complete(kind, false);
                self.malformed(cx, error, Some(id), true)
            }
        }
    }

    /// A challenge, if the line is one: with what servers older than RFC 1734 do, where that is tolerated.
    fn challenge(
        &self,
        cx: &Context<'_>,
        kind: ReplyKind,
        line: &[u8],
    ) -> Option<Result<Secret, nom::Err<Failure>>> {
        if !kind.is_auth() {
            return None;
        }
        let first = self.exchange.as_ref().is_some_and(|exchange| !exchange.has_responded());
        if response::is_challenge(line) {
            let challenge = response::challenge(cx, line);
            if challenge.is_err() && first && cx.tolerates(Tolerance::Default, rule::TEXT_AS_CHALLENGE, line)
            {
                return Some(Ok(Secret::default()));
            }
            return Some(challenge);
        }
        let bare_ok = line.eq_ignore_ascii_case(b"+OK");
        let empty = bare_ok && first && cx.tolerates(Tolerance::Default, rule::OK_AS_CHALLENGE, line);
        empty.then(|| Ok(Secret::default()))
    }

    fn challenged_by(&mut self, id: CommandId, data: Secret, repairs: Vec<Diagnostic>) -> Stepped {
        if let Some(exchange) = &mut self.exchange {
            exchange.challenge();
        }
        match self.withheld.take() {
            Some(response) if data.is_empty() => {
                // cannot fail: its length was checked when it was accepted
                let _ = self.auth_respond(id, response.expose());
                self.events.remark(repairs);
                Ok(None)
            }
            _ => self.emit(repairs, Event::Challenge { id, data }),
        }
    }

    fn replied(&mut self, id: CommandId, kind: ReplyKind, reply: Reply, repairs: Vec<Diagnostic>) -> Stepped {
        match reply {
            Reply::MultiLine(_) => {
                let start = self.input.stream_offset();
                self.reading = Some(match kind {
                    ReplyKind::Body => {
                        let decoder = DotDecoder::new(self.config.line_endings);
                        Reading::Body { decoder, start }
                    }
                    _ => Reading::Items { count: 0, last: 0 },
                });
                self.emit(repairs, Event::Reply { id, reply })
            }
            Reply::Capabilities(_) | Reply::Mechanisms(_) | Reply::Languages(_) => {
                self.reading = Some(Reading::Whole { reply, count: 0 });
                self.events.remark(repairs);
                Ok(None)
            }
            Reply::Status(status) if kind == ReplyKind::Stls && status.is_ok() => {
                self.complete(kind, true);
                self.emit(repairs, Event::StartTls { id, status })
            }
            reply => {
                if let Reply::DropListing(listing) = &reply {
                    // after DELE it counts fewer, but the numbers stay
                    self.messages = self.messages.max(Some(listing.messages));
                }
                self.complete(kind, reply.is_ok());
                self.emit(repairs, Event::Reply { id, reply })
            }
        }
    }

    /// The command in front has its reply: what that does to the session.
    fn complete(&mut self, kind: ReplyKind, positive: bool) {
        let Some(done) = self.pending.pop_front() else { return };
        match (kind, positive) {
            (ReplyKind::Login | ReplyKind::Auth | ReplyKind::AuthInitial, true) => {
                self.state = State::Transaction
            }
            (ReplyKind::Stls, true) => self.tls = Tls::Agreed,
            (ReplyKind::Stls, false) => self.tls = Tls::Off,
            (ReplyKind::Quit, true) if self.state == State::Transaction => self.state = State::Update,
            (ReplyKind::Quit, true) => self.state = State::Closed,
            // after the login the capabilities that were known before go on
            (ReplyKind::Capa, false) if self.state == State::Authorization => self.capabilities = None,
            (ReplyKind::Single, true) if done.verb == Verb::Utf8 => self.utf8 = true,
            _ => {}
        }
        if kind.is_auth() {
            self.exchange = None;
        }
        self.release();
    }

    /// A line of a multi-line reply.
    fn listing_line(&mut self, at: u64, frame: &Bytes) -> Stepped {
        let Some((id, kind)) = self.pending.front().map(|pending| (pending.id, pending.kind)) else {
            return self.unsolicited(at, frame);
        };
        // what is held whole must not hold a read buffer for each of its lines
        let copied;
        let frame = match &self.reading {
            Some(Reading::Whole { .. }) => {
                copied = Bytes::copy_from_slice(frame);
                &copied
            }
            _ => frame,
        };
        let cx = Context::new(frame, self.config.tolerance).at(at);
        let parsed = syntax::line(&cx, frame, 0).and_then(|line| {
            let line = match line.strip_prefix(b".") {
                Some(b"") => return Ok(None),
                Some(unstuffed) => unstuffed,
                None => line,
            };
            match &mut self.reading {
                Some(Reading::Whole { reply, .. }) => reply.add_line(&cx, line).map(|()| Some(None)),
                _ => Item::rule(&cx, kind, line).map(|item| Some(Some(item))),
            }
        });
        match parsed {
            Ok(None) => self.end_of_listing(id, kind, cx.into_repairs()),
            Ok(Some(Some(item))) => self.item(at, frame, item, cx.into_repairs()),
            Ok(Some(None)) => {
                self.count_line()?;
                self.events.remark(cx.into_repairs());
                Ok(None)
            }
            Err(error) => {
                self.count_line()?;
                let error = cx.error(error, expected::name);
                self.malformed(cx, error, Some(id), false)
            }
        }
    }

    fn count_line(&mut self) -> Result<(), Fatal> {
        let limits = &self.config.limits;
        let (kind, count, limit) = match &mut self.reading {
            Some(Reading::Items { count, .. }) => (LimitKind::ListItems, count, limits.max_list_items),
            Some(Reading::Whole { count, .. }) => (LimitKind::ReplyLines, count, limits.max_reply_lines),
            _ => return Ok(()),
        };
        *count += 1;
        match limit {
            Some(limit) if *count > limit => Err(Fatal::Limit { kind, limit }),
            _ => Ok(()),
        }
    }

    #[inline]
    fn item(&mut self, at: u64, frame: &Bytes, item: Item, mut repairs: Vec<Diagnostic>) -> Stepped {
        let Some(id) = self.pending.front().map(|pending| pending.id) else { return Ok(None) };
        self.count_line()?;
        let number = match &item {
            Item::ScanListing(listing) => Some(listing.message.get()),
            Item::UniqueIdListing(listing) => Some(listing.message.get()),
            Item::Line(_) => None,
        };
        if let (Some(number), Some(Reading::Items { last, .. })) = (number, &mut self.reading) {
            let known = self.messages.is_none_or(|messages| number <= messages);
            if number <= *last || !known {
                let raw = Redacted::new(frame.clone());
                repairs.push(Diagnostic { rule: rule::LISTING_ORDER, stream_offset: at, raw });
            }
            *last = number;
        }
        self.emit(repairs, Event::Item { id, item })
    }

    fn end_of_listing(&mut self, id: CommandId, kind: ReplyKind, repairs: Vec<Diagnostic>) -> Stepped {
        let event = match self.reading.take() {
            Some(Reading::Whole { reply, .. }) => {
                if let Reply::Capabilities(lines) = &reply {
                    self.capabilities = Some(lines.lines.clone());
                }
                Event::Reply { id, reply }
            }
            _ => Event::End { id },
        };
        self.complete(kind, true);
        self.emit(repairs, event)
    }

    fn body(&mut self) -> Stepped {
        let (Some(Reading::Body { decoder, start }), Some(pending)) =
            (&mut self.reading, self.pending.front())
        else {
            self.reading = None;
            return Ok(None);
        };
        let id = pending.id;
        match decoder.next(&mut self.input) {
            Body::Chunk(mut data) => {
                if let Some(limit) = self.config.limits.max_message.filter(|&max| decoder.octets_out() > max)
                {
                    // as much as is within the limit, whatever the chunking
                    let over = usize::try_from(decoder.octets_out() - limit).unwrap_or(usize::MAX);
                    data.truncate(data.len().saturating_sub(over));
                    self.events.fail(Fatal::Limit { kind: LimitKind::Message, limit });
                }
                Ok((!data.is_empty()).then_some(Step::Event(Event::BodyChunk { id, data })))
            }
            Body::Found(finding) => {
                let diagnostic = Box::new(finding.diagnostic(*start));
                Ok(Some(Step::Event(Event::Diagnostic(diagnostic))))
            }
            Body::NeedInput => self.wait(),
            Body::End => {
                if let Some(finding) = decoder.refused() {
                    let what = finding.kind.name();
                    return Err(Fatal::LineEnding { what, offset: finding.offset });
                }
                self.reading = None;
                self.complete(ReplyKind::Body, true);
                Ok(Some(Step::Event(Event::End { id })))
            }
        }
    }

    fn malformed(
        &mut self,
        cx: Context<'_>,
        error: ParseError,
        id: Option<CommandId>,
        ends_command: bool,
    ) -> Stepped {
        let malformed = Box::new(cx.malformed(error, None));
        self.emit(cx.into_repairs(), Event::Malformed { id, ends_command, malformed })
    }

    /// Hands out an event, what was repaired for it first.
    #[inline]
    fn emit(&mut self, repairs: Vec<Diagnostic>, event: Event) -> Stepped {
        Ok(self.events.emit(repairs, event))
    }
}
