//! What any server may say, through the client machine: no panic, the same events and the same output under every
//! chunking, and every promise of a machine kept: each command is complete exactly once and in its order, replies are
//! held whole and within their limits. The session is that of a proxy: replies of fuzzed kinds are expected, whatever
//! comes.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use smtp_proto::client::{Client, Config, Event};
use smtp_proto::{Keyword, Protocol, Reply, ReplyKind, State};
use std::collections::VecDeque;
use wire::{CommandId, Fatal, Machine, Misuse, Pause, Step};

fuzz_target!(|data: &[u8]| {
    let Some((&[a, b, c, d, settings, ahead, kinds @ ..], stream)) = data.split_first_chunk::<16>() else {
        return;
    };
    let logs = fuzz::chunkings([a, b, c, d], stream)
        .map(|chunks| Session::new(settings, kinds, stream.len()).play(ahead, &chunks));
    let [whole, others @ ..] = logs;
    for log in others {
        fuzz::assert_same(&log, &whole);
    }
});

#[derive(Debug, PartialEq)]
enum Said {
    Event(Event),
    Sent(Bytes),
    Failed(Fatal),
    Closed,
    NeedInput,
}

struct Session {
    client: Client,
    protocol: Protocol,
    settings: u8,
    kinds: [u8; 10],
    expected: usize,
    choices: u8,
    /// Commands that wait, and their kinds.
    waiting: VecDeque<(CommandId, ReplyKind)>,
    /// Recipients that were accepted.
    recipients: Vec<CommandId>,
    /// The one that was told of last, of this content.
    told: Option<CommandId>,
    /// A challenge, or a content, that was not answered.
    challenged: Option<CommandId>,
    due: bool,
    greeted: bool,
    limit: usize,
    octets: usize,
    log: Vec<Said>,
}

impl Session {
    fn new(settings: u8, kinds: [u8; 10], octets: usize) -> Self {
        let mut config = Config::default();
        config.tolerance = fuzz::tolerance(settings & 3);
        config.line_endings = fuzz::policy(settings >> 2 & 3);
        config.protocol = fuzz::smtp::protocol(fuzz::bit(settings, 5));
        if fuzz::bit(settings, 4) {
            config.limits.max_reply_line = 64;
            config.limits.max_auth_line = 96;
            config.limits.max_reply_lines = 3;
            config.limits.max_reply = 150;
            config.limits.max_pipelined = 8;
        }
        let limits = &config.limits;
        let limit = limits.max_reply.max(limits.max_reply_line).max(limits.max_auth_line);
        Self {
            // a line beyond the last whole one
            limit: limit + limits.max_reply_line.max(limits.max_auth_line),
            protocol: config.protocol,
            client: Client::new(config),
            settings,
            kinds,
            expected: 0,
            choices: 0,
            waiting: VecDeque::new(),
            recipients: Vec::new(),
            told: None,
            challenged: None,
            due: false,
            greeted: false,
            octets,
            log: Vec::new(),
        }
    }

    fn play(mut self, ahead: u8, chunks: &[&[u8]]) -> Vec<Said> {
        (0..ahead % 10).for_each(|_| self.expect());
        for chunk in chunks {
            self.client.receive(chunk);
            if !self.drain() {
                return self.log;
            }
        }
        self.client.receive_eof();
        if self.drain() {
            self.log.push(Said::NeedInput);
        }
        let _ = self.client.timeout();
        assert!(
            self.challenged.is_some() || self.client.into_parts().unread.len() <= self.limit,
            "keeps more than a reply"
        );
        self.log
    }

    fn expect(&mut self) {
        let kind = fuzz::smtp::kind(self.kinds[self.expected % self.kinds.len()]);
        self.expected += 1;
        let before = self.client.outstanding();
        let result = self.client.expect(kind);
        assert_eq!(self.client.outstanding(), before + usize::from(result.is_ok()));
        if let Ok(id) = result {
            self.waiting.push_back((id, kind));
        }
        assert_eq!(self.client.outstanding(), self.waiting.len());
    }

    /// Whether more may be fed.
    fn drain(&mut self) -> bool {
        loop {
            match fuzz::step(&mut self.client) {
                Ok(Step::Event(event)) => {
                    if !self.handle(event) {
                        return false;
                    }
                }
                Ok(Step::NeedInput) => return true,
                Ok(Step::Paused(Pause::Respond)) => {
                    assert!(self.challenged.is_some() || self.due, "waits for nothing");
                    // what the server says in the midst of the content is read
                    let Some(id) = self.challenged.filter(|_| fuzz::bit(self.settings, 6)) else {
                        return true;
                    };
                    self.client.auth_cancel(id).expect("a challenge waits");
                    self.challenged = None;
                    self.sent();
                }
                Ok(Step::Closed) => {
                    self.log.push(Said::Closed);
                    return false;
                }
                Ok(Step::Paused(pause)) => panic!("paused for {pause:?}"),
                Err(failure) => {
                    self.log.push(Said::Failed(failure));
                    return false;
                }
            }
        }
    }

    /// Whether more may be fed.
    fn handle(&mut self, event: Event) -> bool {
        assert!(self.log.len() <= 4 * self.octets + 16, "events without end");
        let mut goes_on = true;
        match &event {
            Event::Greeting(reply) => {
                assert!(!self.greeted && !reply.is_intermediate());
                self.greeted = true;
                self.check(reply);
            }
            Event::Reply { id, reply } => {
                self.check(reply);
                let kind = self.complete(*id);
                if self.due && kind == ReplyKind::Data {
                    // before the content was sent: the session is over
                    assert_eq!(self.client.state(), State::Closed);
                    assert!(self.client.body(*id, &Bytes::from_static(b"x")).is_err());
                }
                self.note(*id, kind, reply);
                self.expect();
            }
            Event::SendBody { id, reply } => {
                assert!(reply.is_intermediate());
                assert_eq!(self.waiting.front(), Some(&(*id, ReplyKind::Data)));
                self.send_body(*id);
            }
            Event::RecipientReply { id, recipient, reply, last } => {
                self.check(reply);
                assert_eq!(self.protocol, Protocol::Lmtp);
                assert_eq!(self.waiting.front().map(|(id, _)| *id), Some(*id));
                assert!(
                    self.recipients.contains(recipient) && self.told < Some(*recipient),
                    "each once, in order"
                );
                self.told = Some(*recipient);
                if *last {
                    self.complete(*id);
                    self.expect();
                }
            }
            Event::Challenge { id, .. } | Event::BadChallenge { id, .. } => {
                assert!(self.waiting.front().is_some_and(|(of, kind)| of == id && kind.is_auth()));
                self.respond(*id);
            }
            // behind it the chunks do matter: plaintext that is there already is fatal
            Event::StartTls { id, reply } => {
                assert_eq!((self.complete(*id), reply.is_positive()), (ReplyKind::StartTls, true));
                goes_on = false;
            }
            Event::Turn { id, .. } => {
                assert_eq!(self.complete(*id), ReplyKind::Turn);
                goes_on = false;
            }
            Event::Unsolicited(reply) => self.check(reply),
            Event::Diagnostic(diagnostic) => {
                assert!(diagnostic.stream_offset <= self.octets as u64);
                // it stands before the event that it belongs to
                self.log.push(Said::Event(event));
                return true;
            }
            _ => panic!("an event that nobody knows: {event:?}"),
        }
        assert!(self.greeted);
        self.log.push(Said::Event(event));
        self.sent();
        goes_on
    }

    fn sent(&mut self) {
        let output = self.client.output();
        if !output.is_empty() {
            self.log.push(Said::Sent(output.take_all()));
        }
    }

    /// A reply that was received is one, whatever was repaired.
    fn check(&self, reply: &Reply) {
        fuzz::smtp::check_reply(reply);
    }

    /// Each command is complete once, in order.
    fn complete(&mut self, id: CommandId) -> ReplyKind {
        let (first, kind) = self.waiting.pop_front().expect("a reply to nothing");
        assert_eq!(first, id, "out of order");
        self.told = None;
        if kind.is_auth() {
            self.challenged = None;
        }
        kind
    }

    /// What LMTP needs to know, by what is documented.
    fn note(&mut self, id: CommandId, kind: ReplyKind, reply: &Reply) {
        if kind == ReplyKind::Rcpt && reply.is_positive() {
            self.recipients.push(id);
        }
        if kind == ReplyKind::Hello && reply.is_positive() {
            let ehlo = self.client.ehlo().expect("it was told");
            assert_eq!(ehlo.reply().code(), reply.code());
            let _ = (ehlo.size(), ehlo.limits(), ehlo.has(Keyword::Pipelining));
        }
        if kind == ReplyKind::Xclient && reply.is_positive() && self.client.state() != State::Closed {
            assert_eq!(self.client.ehlo(), None, "what was known is forgotten");
        }
    }

    fn choose(&mut self) -> u8 {
        self.choices = self.choices.wrapping_add(1);
        self.choices.wrapping_add(self.settings >> 6)
    }

    fn send_body(&mut self, id: CommandId) {
        let choice = self.choose() % 3;
        if choice == 0 {
            self.due = true;
        } else if choice == 1 {
            self.client.content_sent(id).expect("it is due");
            assert!(self.client.body(id, &Bytes::from_static(b"x")).is_err());
            assert!(self.client.content_sent(id).is_err());
        } else {
            self.client.body(id, &Bytes::from_static(b".x\r\n..")).expect("it is due");
            self.client.end_body(id).expect("it is due");
            assert_eq!(self.client.output().take_all(), "..x\r\n...\r\n.\r\n");
        }
    }

    fn respond(&mut self, id: CommandId) {
        let before = self.client.output().len();
        let result = match self.choose() % 4 {
            0 => self.client.auth_respond(id, &[b'x'; 90]),
            1 => self.client.auth_respond(id, b""),
            2 => self.client.auth_cancel(id),
            _ => {
                self.challenged = Some(id);
                Ok(())
            }
        };
        if let Err(misuse) = result {
            self.challenged = Some(id);
            assert!(matches!(misuse, Misuse::TooLong { .. }), "{misuse}");
            assert_eq!(self.client.output().len(), before, "misuse wrote something");
        }
    }
}
