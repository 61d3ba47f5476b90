//! What any client may send, through the server machine, to an application that answers by the octets of the
//! fuzzer: no panic, every promise of a machine kept, every fitting answer taken; and, where each command is
//! answered at once, the same events and the same output under every chunking.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use pop3_proto::server::{Config, Event, Server, malformed_reply};
use pop3_proto::{
    Capability, Command, DropListing, Greeting, Item, MessageNumber, Reply, ReplyKind, ScanListing, Status,
    UniqueId, UniqueIdListing,
};
use wire::sasl::Mechanism;
use wire::{CommandId, Fatal, Machine, Misuse, Pause, Step, Text};

fuzz_target!(|data: &[u8]| {
    let Some((&[a, b, c, d, settings, offers, answers @ ..], stream)) = data.split_first_chunk::<16>() else {
        return;
    };
    let at_once = fuzz::bit(settings, 7);
    let logs =
        fuzz::chunkings([a, b, c, d], stream).map(|chunks| Session::play(settings, offers, answers, &chunks));
    let [whole, others @ ..] = logs;
    for log in others {
        assert!(!at_once || log == whole, "the chunks matter: {log:#?} {whole:#?}");
    }
});

#[derive(Debug, PartialEq)]
enum Said {
    Event(Event),
    Sent(Bytes),
    Failed(Fatal),
    Paused(Pause),
    Closed,
    NeedInput,
    Stls,
}

struct Session {
    server: Server,
    answers: [u8; 10],
    answered: usize,
    /// Octets: each line is answered once at most.
    fed: usize,
    at_once: bool,
    waiting: Vec<(CommandId, Waiting)>,
    log: Vec<Said>,
}

#[derive(Clone, Copy)]
enum Waiting {
    For(ReplyKind),
    Refusal,
}

impl Session {
    fn play(settings: u8, offers: u8, answers: [u8; 10], chunks: &[&[u8]]) -> Vec<Said> {
        let config = config(settings, offers);
        let limit = config.limits.max_line.max(config.limits.max_auth_line);
        let greeting = if fuzz::bit(settings, 5) {
            Greeting::with_timestamp("ready", b"<1.2@h>")
        } else {
            Status::ok("ready").and_then(Greeting::new)
        };
        let mut session = Self {
            server: Server::new(config, &greeting.expect("a greeting")),
            answers,
            answered: 0,
            fed: 0,
            at_once: fuzz::bit(settings, 7),
            waiting: Vec::new(),
            log: Vec::new(),
        };
        for chunk in chunks {
            session.fed += chunk.len();
            session.server.receive(chunk);
            if !session.drain() {
                return session.log;
            }
        }
        session.server.receive_eof();
        if session.drain() {
            session.log.push(Said::NeedInput);
        }
        assert!(session.server.into_parts().unread.len() <= limit, "keeps more than a line");
        session.log
    }

    /// Whether more may be fed.
    fn drain(&mut self) -> bool {
        loop {
            let step = fuzz::step(&mut self.server);
            match step {
                Err(failure) => self.log.push(Said::Failed(failure)),
                Ok(Step::Closed) => self.log.push(Said::Closed),
                // from here on it matters whether octets stand behind it already
                Ok(Step::Event(Event::Command { command: Command::Stls, .. })) => self.log.push(Said::Stls),
                Ok(Step::NeedInput) => return true,
                Ok(Step::Event(event)) => {
                    self.handle(event);
                    continue;
                }
                Ok(Step::Paused(Pause::Drain)) => {
                    self.sent();
                    continue;
                }
                Ok(Step::Paused(Pause::Respond)) => {
                    assert!(!self.waiting.is_empty(), "waits for an answer to nothing");
                    self.answer();
                    continue;
                }
                Ok(Step::Paused(pause)) => self.log.push(Said::Paused(pause)),
            }
            return false;
        }
    }

    fn handle(&mut self, event: Event) {
        let waiting = match &event {
            Event::Command { id, command } => Some((*id, Waiting::For(command.reply_kind()))),
            // as good as an initial one
            Event::AuthResponse { id, .. } => Some((*id, Waiting::For(ReplyKind::AuthInitial))),
            Event::AuthCancelled { id } => Some((*id, Waiting::For(ReplyKind::Auth))),
            Event::Refused { id, .. } => Some((*id, Waiting::Refusal)),
            Event::Malformed { id, malformed } => {
                assert!(!malformed_reply(malformed).is_ok());
                Some((*id, Waiting::Refusal))
            }
            _ => None,
        };
        self.log.push(Said::Event(event));
        self.waiting.extend(waiting);
        if self.at_once && !self.waiting.is_empty() {
            self.answer();
        }
    }

    fn sent(&mut self) {
        let output = self.server.output();
        if !output.is_empty() {
            self.log.push(Said::Sent(output.take_all()));
        }
    }

    /// Answers the command that has waited the longest.
    fn answer(&mut self) {
        let (id, waiting) = self.waiting.remove(0);
        let choice = self.answers[self.answered % self.answers.len()];
        self.answered += 1;
        assert!(self.answered <= self.fed, "answers without end: nothing was consumed since the last");
        let challenges = choice % 4 == 1 && self.server.challenge(id, &[b'x'; 20]).is_ok();
        if !challenges {
            match waiting {
                Waiting::For(kind) if !choice.is_multiple_of(4) => self.accept(id, kind),
                _ => self.refuse(id),
            }
        }
        self.sent();
    }

    fn refuse(&mut self, id: CommandId) {
        let status = Status::err("[AUTH] no").expect("text");
        self.server.reply(id, &Reply::Status(status)).expect("-ERR is always right");
    }

    fn accept(&mut self, id: CommandId, kind: ReplyKind) {
        let one = MessageNumber::new(1).expect("not 0");
        let ok = Status::ok("yes").expect("text");
        let uid = UniqueId::new("x").expect("unique-id");
        let reply = match kind {
            ReplyKind::Stat => Reply::DropListing(DropListing::new(1, 2)),
            ReplyKind::ListOne => Reply::ScanListing(ScanListing::new(one, 2)),
            ReplyKind::UidlOne => Reply::UniqueIdListing(UniqueIdListing::new(one, uid.clone())),
            ReplyKind::Capa => Reply::capabilities(ok, self.server.capabilities()),
            ReplyKind::AuthList => Reply::mechanisms(ok, &Default::default()),
            ReplyKind::LangList => Reply::languages(ok, Vec::new()),
            kind if kind.is_multi_line() => Reply::MultiLine(ok),
            _ => Reply::Status(ok),
        };
        let result = self.server.reply(id, &reply);
        if kind == ReplyKind::Auth {
            assert_eq!(result, Err(Misuse::WrongReply), "nobody gets in without a response");
            return self.refuse(id);
        }
        result.expect("it fits");
        let Reply::MultiLine(_) = reply else { return };
        match kind {
            ReplyKind::ListAll => self.server.item(id, &Item::ScanListing(ScanListing::new(one, 2))),
            ReplyKind::UidlAll => {
                self.server.item(id, &Item::UniqueIdListing(UniqueIdListing::new(one, uid)))
            }
            ReplyKind::Body => self.server.body(id, &Bytes::from_static(b".\r\n.x")),
            _ => self.server.item(id, &Item::Line(Text::new(".").expect("text"))),
        }
        .expect("it fits");
        self.server.end_body(id).expect("it ends");
    }
}

fn config(settings: u8, offers: u8) -> Config {
    let mut config = Config::default();
    config.tolerance = fuzz::tolerance(settings & 3);
    config.tls = fuzz::bit(settings, 2);
    config.allow_cleartext = fuzz::bit(settings, 3);
    if fuzz::bit(settings, 4) {
        config.limits.max_line = 32;
        config.limits.max_auth_line = 48;
        config.limits.max_pipelined = 3;
        config.limits.max_bad_commands = Some(4);
    }
    if fuzz::bit(settings, 6) {
        config.limits.max_bad_commands = None;
    }
    let plain = Mechanism::new("PLAIN").expect("a name");
    let all = [
        Capability::Pipelining,
        Capability::Stls,
        Capability::Utf8(true),
        Capability::Utf8(false),
        Capability::Lang,
        Capability::RespCodes,
        Capability::User,
        Capability::Sasl(pop3_proto::Mechanisms::new([plain])),
    ];
    let offered = all.into_iter().enumerate().filter(|(n, _)| offers >> n & 1 == 1);
    config.capabilities = offered.map(|(_, capability)| capability).collect();
    config
}
