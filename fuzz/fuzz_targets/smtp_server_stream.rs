//! What any client may say, through the server machine, to an application that answers by the octets of the fuzzer,
//! beside an oracle that has the whole stream in view and knows where each command, each response and each content
//! starts and ends: only CR LF `.` CR LF ends mail data, a chunk is as long as it was announced, and nothing of a
//! refused one runs as a command. The same events and the same output come under every chunking; every fitting
//! answer is taken, none that would put the client out of step.
#![no_main]

use bytes::Bytes;
use fuzz::dot::{FOUND, Part, Told, reference};
use libfuzzer_sys::fuzz_target;
use smtp_proto::server::{BodyFault, Config, Event, Refusal, Server, malformed_reply};
use smtp_proto::{
    Bdat, Capability, Command, Ehlo, Keyword, MailKeyword, Mechanisms, Protocol, RcptKeyword, Reply,
    ReplyKind, State, Verb, rule,
};
use wire::{CommandId, Context, Diagnostic, Fatal, Machine, Misuse, ParseErrorKind, Pause, Step};

fuzz_target!(|data: &[u8]| {
    let Some((head, stream)) = data.split_first_chunk::<16>() else { return };
    let logs = fuzz::chunkings([head[0], head[1], head[2], head[3]], stream)
        .map(|chunks| Session::new(head, stream).play(&chunks));
    let [whole, others @ ..] = logs;
    for log in others {
        // whether the client is ahead of its turn depends on the chunks
        if !fuzz::bit(head[6], 0) {
            fuzz::assert_same(&log, &whole);
        }
    }
});

#[derive(Debug, PartialEq)]
enum Said {
    Event(Event),
    Sent(Vec<u8>),
    Failed(Fatal),
    Paused(Pause),
    Closed,
    NeedInput,
    StartTls,
}

/// What the application has to answer.
enum Asked {
    Command(CommandId, Command),
    Refused(CommandId, Command, Refusal),
    Malformed(CommandId, Reply),
    Response(CommandId),
    Cancelled(CommandId),
    Content(CommandId, Option<BodyFault>),
}

/// What comes next in the stream.
enum Next {
    Line,
    Response,
    /// Of DATA: what there is to say of it, and what was said.
    Data {
        expected: Told,
        told: Told,
    },
    /// Of BDAT: octets that are handed out, all that are left, and whether it is the last.
    Chunk {
        shown: usize,
        size: u64,
        last: bool,
    },
}

struct Session<'s> {
    server: Server,
    stream: &'s [u8],
    /// Where in the stream the next thing starts; beyond the end of it if that is missing.
    at: usize,
    next: Next,
    asked: Option<Asked>,
    /// The next answer ends the session, or the last one has.
    closes: bool,
    closed: bool,
    /// Octets of the message that came with BDAT.
    octets: u64,
    answers: [u8; 9],
    answered: usize,
    /// Replies that must have been sent.
    replies: usize,
    output: Vec<u8>,
    /// The output is not taken before the machine says so.
    slow: bool,
    max_message: Option<u64>,
    max_command: usize,
    max_auth_line: usize,
    config: Config,
    log: Vec<Said>,
}

impl<'s> Session<'s> {
    fn new(head: &[u8; 16], stream: &'s [u8]) -> Self {
        let &[.., settings, offers, more, a, b, c, d, e, f, g, h, i] = head;
        let config = config(settings, offers, more);
        let offered = |extension: Option<Keyword>| extension.is_some_and(|keyword| config.ehlo.has(keyword));
        let mail = MailKeyword::ALL.iter().filter(|k| offered(k.extension())).map(|k| k.max_len()).sum();
        let rcpt = RcptKeyword::ALL.iter().filter(|k| offered(k.extension())).map(|k| k.max_len()).sum();
        let greeting = if fuzz::bit(more, 2) { "554 no\r\n" } else { "220 ready\r\n" };
        let greeting = Reply::parse(&greeting.into()).expect("a reply");
        Self {
            server: Server::new(config.clone(), &greeting),
            stream,
            at: 0,
            next: Next::Line,
            asked: None,
            closes: false,
            closed: false,
            octets: 0,
            answers: [a, b, c, d, e, f, g, h, i],
            answered: 0,
            replies: 1,
            output: Vec::new(),
            slow: fuzz::bit(settings, 7),
            max_message: config.limits.max_message.or_else(|| config.ehlo.size()),
            max_command: config.limits.max_line + usize::max(mail, rcpt),
            max_auth_line: config.limits.max_auth_line,
            config,
            log: Vec::new(),
        }
    }

    fn play(mut self, chunks: &[&[u8]]) -> Vec<Said> {
        if !self.slow {
            self.take_output();
        }
        for chunk in chunks {
            self.server.receive(chunk);
            if !self.drain() {
                return self.end();
            }
            let limit = self.max_command.max(self.max_auth_line);
            assert!(self.server.unread() <= limit, "keeps more than a line");
        }
        self.server.receive_eof();
        if self.drain() {
            self.log.push(Said::NeedInput);
        }
        self.end()
    }

    fn end(mut self) -> Vec<Said> {
        self.take_output();
        if let Next::Data { expected, told } = &self.next {
            let (expected, told) = (expected.joined(), told.joined());
            assert!(expected.starts_with(&told), "content from nowhere");
        }
        if matches!(self.log.last(), Some(Said::Failed(_))) {
            let words = usize::from(self.server.say_last().is_ok());
            self.replies += words;
            assert!(self.server.say_last().is_err(), "the last words twice");
            self.take_output();
        }
        let mut rest = &self.output[..];
        let mut replies = 0;
        while !rest.is_empty() {
            let mut len = 0;
            loop {
                let line = rest[len..].iter().position(|&o| o == b'\n').expect("whole lines") + 1;
                let last = rest.get(len + 3) != Some(&b'-');
                assert!(
                    line <= self.config.limits.max_reply_line.max(self.max_auth_line),
                    "an over-long line"
                );
                len += line;
                if last {
                    break;
                }
            }
            Reply::parse(&Bytes::copy_from_slice(&rest[..len])).expect("a reply");
            rest = &rest[len..];
            replies += 1;
        }
        assert_eq!(replies, self.replies, "{}", self.output.escape_ascii());
        let _ = self.server.timeout();
        self.log
    }

    /// Whether more may be fed.
    fn drain(&mut self) -> bool {
        loop {
            match fuzz::step(&mut self.server) {
                Ok(Step::Event(event)) => self.handle(event),
                Ok(Step::NeedInput) => return true,
                Ok(Step::Paused(Pause::Respond)) => {
                    let asked = self.asked.take().expect("waits for an answer to nothing");
                    if !self.answer(asked) {
                        return false;
                    }
                    if !self.slow {
                        self.take_output();
                    }
                }
                Ok(Step::Paused(Pause::Drain)) => {
                    assert!(!self.server.output().is_empty(), "there is nothing to drain");
                    self.take_output();
                }
                Ok(Step::Paused(pause)) => {
                    self.log.push(Said::Paused(pause));
                    return false;
                }
                Ok(Step::Closed) => {
                    self.log.push(Said::Closed);
                    return false;
                }
                // depends on the chunks
                Err(Fatal::PlaintextAfterStartTls(at)) => {
                    assert_eq!(at, self.at as u64);
                    self.take_output();
                    self.log.push(Said::StartTls);
                    return false;
                }
                Err(failure) => {
                    self.log.push(Said::Failed(failure));
                    return false;
                }
            }
        }
    }

    fn take_output(&mut self) {
        let sent = self.server.output().take_all();
        self.output.extend_from_slice(&sent);
        match self.log.last_mut() {
            _ if sent.is_empty() => {}
            Some(Said::Sent(before)) => before.extend_from_slice(&sent),
            _ => self.log.push(Said::Sent(sent.to_vec())),
        }
    }

    fn handle(&mut self, event: Event) {
        assert!(self.asked.is_none(), "two questions at once");
        match &event {
            Event::Diagnostic(diagnostic) => {
                self.diagnostic(diagnostic);
                if [rule::UNADVERTISED_PIPELINING, rule::EARLY_TALKER].contains(&diagnostic.rule) {
                    // depends on the chunks
                    return;
                }
            }
            Event::Command { id, command } => {
                let line = self.line(command.verb() == Verb::Auth);
                assert_eq!(self.parse(&line).as_ref(), Ok(command));
                self.asked = Some(Asked::Command(*id, command.clone()));
            }
            Event::Refused { id, command, refusal } => {
                let line = self.line(command.verb() == Verb::Auth);
                assert_eq!(self.parse(&line).as_ref(), Ok(command));
                self.asked = Some(Asked::Refused(*id, command.clone(), *refusal));
            }
            Event::Malformed { id, malformed } => {
                self.malformed(malformed);
                let reply = malformed_reply(malformed);
                assert!(reply.is_permanent());
                self.asked = Some(Asked::Malformed(*id, reply));
            }
            Event::BodyChunk { data, .. } => self.content(data),
            Event::BodyEnd { id, last, octets, fault } => {
                self.content_ends(*last, *octets, *fault);
                self.asked = Some(Asked::Content(*id, *fault));
            }
            Event::AuthResponse { id, .. } => {
                self.response();
                self.asked = Some(Asked::Response(*id));
            }
            Event::AuthCancelled { id } => {
                let line = self.response();
                assert_eq!(line.trim_ascii_end(), b"*");
                self.asked = Some(Asked::Cancelled(*id));
            }
            Event::StartTls { .. } | Event::Turn { .. } => {}
            _ => panic!("an event that nobody knows: {event:?}"),
        }
        match (self.log.last_mut(), event) {
            (Some(Said::Event(Event::BodyChunk { id, data })), Event::BodyChunk { id: of, data: more }) => {
                assert_eq!(*id, of);
                *data = [&data[..], &more].concat().into();
            }
            (_, event) => self.log.push(Said::Event(event)),
        }
    }

    fn parse(&self, line: &Bytes) -> Result<Command, wire::ParseError> {
        Command::parse_in(&Context::new(line, self.config.tolerance))
    }

    /// The line that stands next in the stream.
    fn peek(&self) -> &'s [u8] {
        assert!(!self.closed, "the session is over");
        let rest = self.stream.get(self.at..).expect("a line within what is to be discarded");
        let end = rest.iter().position(|&octet| octet == b'\n').map_or(rest.len(), |at| at + 1);
        assert!(end > 0, "a line from nowhere");
        &rest[..end]
    }

    /// A command that was read.
    fn line(&mut self, auth: bool) -> Bytes {
        assert!(matches!(self.next, Next::Line), "a command in the midst of something");
        let line = self.peek();
        let limit = if auth { self.max_command.max(self.max_auth_line) } else { self.max_command };
        assert!(line.len() <= limit, "an over-long line");
        self.at += line.len();
        Bytes::copy_from_slice(line)
    }

    /// A response that was read.
    fn response(&mut self) -> &'s [u8] {
        assert!(matches!(self.next, Next::Response), "a response to nothing");
        let line = self.peek();
        assert!(line.len() <= self.max_auth_line);
        self.at += line.len();
        self.next = Next::Line;
        line
    }

    fn malformed(&mut self, malformed: &wire::Malformed) {
        let line = self.peek();
        let frame = &malformed.frame.expose()[..];
        assert_eq!(malformed.stream_offset, self.at as u64);
        assert!(line.starts_with(frame));
        if frame.len() < line.len() {
            // an over-long line is one error, all of it
            assert_eq!(malformed.error.kind, ParseErrorKind::TooLong);
            assert!(frame.len() >= self.max_command.min(self.max_auth_line));
        } else {
            assert!(malformed.error.offset as usize <= frame.len());
            if matches!(self.next, Next::Line) {
                let parsed = self.parse(&Bytes::copy_from_slice(line));
                assert_eq!(parsed, Err(malformed.error), "{}", line.escape_ascii());
            }
        }
        // how much content follows is not known
        let start = line.iter().position(|&octet| octet != b' ').unwrap_or(0);
        let word = &frame[start.min(frame.len())..];
        let bdat = word.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"BDAT"));
        self.closes |= matches!(self.next, Next::Line)
            && bdat
            && !word.get(4).is_some_and(|octet| octet.is_ascii_graphic());
        self.at += line.len();
        self.next = Next::Line;
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        if let Next::Data { told, .. } = &mut self.next {
            let kind = FOUND.into_iter().find(|kind| kind.rule() == diagnostic.rule).expect("a finding");
            told.parts.push(Part::Found(kind, diagnostic.stream_offset - self.at as u64));
        } else if diagnostic.rule == rule::EMPTY_LINE {
            let line = self.peek();
            assert!(line.iter().all(|octet| b" \r\n".contains(octet)));
            self.at += line.len();
        }
    }

    fn content(&mut self, data: &[u8]) {
        assert!(!data.is_empty());
        match &mut self.next {
            Next::Data { told, .. } => told.content(data),
            Next::Chunk { shown, .. } => {
                assert!(self.stream[self.at + *shown..].starts_with(data), "not what stands there");
                *shown += data.len();
            }
            _ => panic!("content of nothing"),
        }
    }

    fn content_ends(&mut self, last: bool, octets: u64, fault: Option<BodyFault>) {
        match core::mem::replace(&mut self.next, Next::Line) {
            Next::Data { expected, told } => {
                assert!(expected.ended, "only CR LF . CR LF ends mail data");
                let content = expected.joined();
                let within =
                    self.max_message.map_or(content.len(), |limit| content.len().min(limit as usize));
                assert_eq!(told.joined(), &content[..within]);
                let found = |told: &Told| -> Vec<_> {
                    let found = told.parts.iter().filter_map(|part| match part {
                        Part::Found(kind, offset) => Some((*kind, *offset)),
                        Part::Content(_) => None,
                    });
                    found.collect()
                };
                assert_eq!(found(&told), found(&expected));
                match fault {
                    Some(BodyFault::LineEnding(finding)) => {
                        assert_eq!(Some((finding.kind, finding.offset)), expected.refused);
                        // what follows may be smuggled
                        self.closes = true;
                    }
                    Some(BodyFault::TooLarge { limit }) => {
                        assert_eq!((Some(limit), expected.refused), (self.max_message, None));
                        assert!(content.len() as u64 > limit);
                    }
                    None => {
                        assert_eq!(expected.refused, None);
                        assert!(self.max_message.is_none_or(|limit| content.len() as u64 <= limit));
                    }
                    fault => panic!("a fault that nobody knows: {fault:?}"),
                }
                assert!(expected.refused.is_some() || octets == content.len() as u64);
                assert!(last);
                self.at += expected.consumed as usize;
            }
            Next::Chunk { shown, size, last: is_last } => {
                let before = self.octets;
                self.octets = before.saturating_add(size);
                assert_eq!((octets, last), (self.octets, is_last));
                let within = self.max_message.map_or(size, |limit| size.min(limit.saturating_sub(before)));
                assert_eq!(shown as u64, within, "all that is within the limit");
                let over = self.max_message.filter(|&limit| self.octets > limit);
                assert_eq!(fault, over.map(|limit| BodyFault::TooLarge { limit }));
                self.at += usize::try_from(size).expect("it was there");
                assert!(self.at <= self.stream.len());
            }
            _ => panic!("the end of nothing"),
        }
    }

    /// Whether the session goes on.
    fn answer(&mut self, asked: Asked) -> bool {
        let choice = self.answers[self.answered % self.answers.len()];
        self.answered += 1;
        assert!(self.answered <= 4 * self.stream.len() + 4, "answers without end");
        let accepts = !choice.is_multiple_of(5);
        let no = reply(if choice == 255 { "421 4.3.0 bye" } else { "550 5.1.1 no" });
        match asked {
            Asked::Command(id, Command::Data | Command::Bdat(_)) | Asked::Refused(id, _, _)
                if fuzz::bit(choice, 6) =>
            {
                // before the content this puts any client out of step
                let result = self.server.reply(id, &reply("354 go on"));
                assert_eq!(result, Err(Misuse::WrongReply));
            }
            _ => {}
        }
        match asked {
            Asked::Command(id, Command::Data) if accepts => {
                self.server.accept_body(id).expect("it is DATA");
                assert_eq!(self.server.state(), State::Data);
                self.replies += 1;
                let expected = reference(self.config.line_endings, &self.stream[self.at..]);
                self.next = Next::Data { expected, told: Told::default() };
            }
            Asked::Command(id, Command::Bdat(Bdat { size, last })) if accepts => {
                self.server.accept_body(id).expect("it is BDAT");
                self.next = Next::Chunk { shown: 0, size, last };
            }
            Asked::Command(id, command @ (Command::Data | Command::Bdat(_))) => {
                assert_eq!(self.server.reply(id, &reply("250 ok")), Err(Misuse::WrongReply));
                self.say(id, &no);
                self.discard(&command);
            }
            Asked::Refused(id, command, refusal) => {
                assert_eq!(self.server.accept_body(id), Err(Misuse::WrongReply));
                if refusal == Refusal::UnknownParameter && fuzz::bit(choice, 5) {
                    // what it means the application may know
                    self.say(id, &reply("250 2.1.0 ok"));
                    self.octets = if command.verb() == Verb::Mail { 0 } else { self.octets };
                    return true;
                }
                if refusal != Refusal::UnknownParameter && command.reply_kind() != ReplyKind::Single {
                    assert_eq!(self.server.reply(id, &reply("250 ok")), Err(Misuse::WrongReply));
                }
                self.say(id, &if accepts { refusal.reply() } else { no });
                self.discard(&command);
            }
            Asked::Malformed(id, suggested) => {
                self.say(id, &suggested);
                self.closed |= self.closes;
            }
            Asked::Command(id, Command::Auth(auth)) => {
                if choice % 3 == 1 && accepts {
                    self.challenge(id);
                } else if accepts {
                    self.verdict(id, auth.initial_response.is_some());
                } else {
                    self.say(id, &no);
                }
            }
            Asked::Response(id) if choice % 3 == 1 => self.challenge(id),
            Asked::Response(id) if accepts => self.verdict(id, true),
            Asked::Response(id) => self.say(id, &no),
            Asked::Cancelled(id) => self.verdict(id, false),
            Asked::Command(id, Command::StartTls) => {
                self.take_output();
                if accepts {
                    self.start_tls(id);
                } else {
                    self.say(id, &no);
                    self.output.extend_from_slice(&self.server.output().take_all());
                }
                // from here on it matters whether octets stand behind it already
                self.log.push(Said::StartTls);
                return false;
            }
            Asked::Command(id, command) => {
                let ok = match command {
                    Command::Ehlo(_) | Command::Lhlo(_) => self.server.ehlo().reply().clone(),
                    Command::Quit => reply("221 2.0.0 bye"),
                    _ => reply("250 2.0.0 ok"),
                };
                let due = self.server.replies_due().max(1);
                for _ in 0..due {
                    self.say(id, if accepts { &ok } else { &no });
                    if self.closed {
                        break;
                    }
                }
                self.closed |= command.verb() == Verb::Quit && accepts;
                if accepts && command.verb() == Verb::Mail {
                    self.octets = 0;
                }
            }
            Asked::Content(id, fault) => {
                if fault.is_some() {
                    assert_eq!(self.server.reply(id, &reply("250 ok")), Err(Misuse::WrongReply));
                }
                let due = self.server.replies_due();
                assert!(due >= 1 && (due == 1 || self.config.protocol == Protocol::Lmtp));
                for n in 0..due {
                    assert_eq!(self.server.replies_due(), due - n);
                    let ok = reply("250 2.0.0 ok");
                    let suggested = fault.map_or(ok, |fault| fault.reply());
                    self.say(id, if accepts { &suggested } else { &no });
                    if self.closed {
                        break;
                    }
                }
                assert_eq!(self.server.replies_due(), 0);
                self.closed |= self.closes;
            }
        }
        true
    }

    /// A reply that fits.
    fn say(&mut self, id: CommandId, reply: &Reply) {
        self.server.reply(id, reply).expect("it fits");
        self.replies += 1;
        self.closed |= reply.code().get() == 421;
    }

    fn challenge(&mut self, id: CommandId) {
        match self.server.challenge(id, &[b'x'; 20]) {
            Ok(()) => {
                self.next = Next::Response;
                self.replies += 1;
            }
            // the limit of this server is small
            Err(misuse) => {
                assert!(matches!(misuse, Misuse::TooLong { .. }), "{misuse}");
                self.say(id, &reply("454 4.3.0 no"));
            }
        }
    }

    fn verdict(&mut self, id: CommandId, responded: bool) {
        let yes = reply("235 2.7.0 yes");
        if responded {
            self.say(id, &yes);
            assert!(self.server.is_authenticated());
        } else {
            assert_eq!(
                self.server.reply(id, &yes),
                Err(Misuse::WrongReply),
                "nobody gets in without a response"
            );
            self.say(id, &reply("501 5.7.0 cancelled"));
        }
    }

    /// Nothing of what stands behind a refused BDAT is a command.
    fn discard(&mut self, command: &Command) {
        // after 421 nothing is read
        if let (Command::Bdat(Bdat { size, .. }), false) = (command, self.closed) {
            self.at = self.at.saturating_add(usize::try_from(*size).unwrap_or(usize::MAX));
            if self.at > self.stream.len() {
                // it is not told before all is discarded
                self.replies -= 1;
            }
        }
    }

    fn start_tls(&mut self, id: CommandId) {
        self.server.reply(id, &reply("220 go")).expect("nothing stands behind it");
        assert_eq!(self.server.next_event(), Ok(Step::Event(Event::StartTls { id })));
        assert_eq!(self.server.next_event(), Ok(Step::Paused(Pause::Drain)));
        assert!(self.server.tls_established().is_err(), "220 is not sent");
        let _ = self.server.output().take_all();
        assert_eq!(self.server.next_event(), Ok(Step::Paused(Pause::StartTls)));
        self.server.tls_established().expect("it is");
        assert!(!self.server.ehlo().has(Keyword::StartTls));
        assert_eq!((self.server.state(), self.server.is_tls()), (State::Hello, true));
    }
}

fn reply(text: &str) -> Reply {
    Reply::parse(&format!("{text}\r\n").into()).expect("a reply")
}

fn config(settings: u8, offers: u8, more: u8) -> Config {
    let mut offered = Vec::new();
    for (n, these) in [
        &[Capability::Pipelining][..],
        &[Capability::Chunking, Capability::BinaryMime],
        &[Capability::EightBitMime, Capability::SmtpUtf8],
        &[Capability::Dsn, Capability::RequireTls, Capability::parse("BURL imap").expect("a line")],
        &[Capability::Auth(Mechanisms::parse("PLAIN SCRAM-SHA-256").expect("names"))],
        &[Capability::StartTls, Capability::EnhancedStatusCodes],
        &[Capability::Size(Some(100)), Capability::Etrn, Capability::Turn],
        &[
            Capability::parse("XCLIENT NAME").expect("a line"),
            Capability::parse("LIMITS MAILMAX=3").expect("a line"),
        ],
    ]
    .into_iter()
    .enumerate()
    {
        if fuzz::bit(offers, n as u8) {
            offered.extend_from_slice(these);
        }
    }
    let mut config = Config::new(Ehlo::new("mx.example", "", offered).expect("an offer"));
    config.tolerance = fuzz::tolerance(settings & 3);
    config.line_endings = fuzz::policy(settings >> 2 & 3);
    if fuzz::bit(settings, 4) {
        config.limits.max_line = 40;
        config.limits.max_auth_line = 48;
        config.limits.max_bad_commands = Some(4);
        config.limits.max_recipients = Some(2);
        config.limits.high_water = 128;
        config.limits.max_message = Some(30);
    }
    config.protocol = fuzz::smtp::protocol(fuzz::bit(settings, 5));
    config.allow_cleartext = fuzz::bit(settings, 6);
    config.refuse_out_of_turn = fuzz::bit(more, 0);
    config.pass_empty_lines = fuzz::bit(more, 1);
    config.tls = fuzz::bit(more, 3);
    if fuzz::bit(more, 4) {
        config.limits.max_bad_commands = None;
    }
    config
}
