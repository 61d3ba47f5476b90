//! What our server makes of the recorded client's octets.

use super::differences::{other_end, policy};
use super::{Content, Session, Verdict, Waiting};
use crate::play::Digest;
use bytes::Bytes;
use smtp_proto::server::{BodyFault, Event};
use smtp_proto::{Command, Keyword, Mail, MailKeyword, Rcpt, ReplyKind, Verb, rule};
use wire::dot::{DotEncoder, LineEndings, Part, PushDecoder};
use wire::testing::Side;
use wire::{CommandId, Context, Diagnostic, Malformed, Misuse, Output, Rule, Tolerance};

impl Session {
    pub(super) fn client_says(&mut self, event: Event) {
        match event {
            Event::Diagnostic(diagnostic) => return self.client_remark(&diagnostic),
            Event::Command { id, command } => self.command(id, &command, Verdict::Good),
            Event::Refused { id, command, refusal } => {
                self.played.log(Side::Client, "refused", refusal.to_string());
                let verdict =
                    if asks_for_each(&command) { Verdict::ForEach } else { Verdict::Refused(refusal) };
                self.command(id, &command, verdict);
            }
            Event::Malformed { id, malformed } => self.malformed_line(id, &malformed),
            Event::AuthResponse { data, .. } => {
                self.played.counts.client_messages += 1;
                self.played.log(Side::Client, "response", format!("{data:?}, {} octets", data.len()));
                self.respond(|client, id| client.auth_respond(id, data.expose()));
            }
            Event::AuthCancelled { .. } => {
                self.played.counts.client_messages += 1;
                self.played.log(Side::Client, "cancel", "*");
                self.respond(smtp_proto::Client::auth_cancel);
            }
            Event::BodyChunk { data, .. } => {
                if let Some(content) = &mut self.content {
                    content.digest.add(&data);
                    content.pieces.push(data);
                }
                return;
            }
            Event::BodyEnd { octets, fault, .. } => self.content_ends(octets, fault),
            Event::StartTls { .. } => self.played.log(Side::Client, "tls", ""),
            other => self.played.log(Side::Client, "other", format!("{other:?}")),
        }
        self.line = self.position() - self.read;
        self.read = self.position();
        self.repaired = false;
    }

    fn client_remark(&mut self, diagnostic: &Diagnostic) {
        const TIMING: &[Rule] = &[rule::UNADVERTISED_PIPELINING, rule::EARLY_TALKER];
        if TIMING.contains(&diagnostic.rule) {
            // depends on when octets arrive
            return;
        }
        if let Some(content) = &mut self.content {
            content.irregular |= diagnostic.rule != rule::LONG_LINE;
        } else {
            self.repaired = true;
            self.doubtful |= diagnostic.rule == rule::BARE_LF || diagnostic.raw.expose().contains(&0);
        }
        self.played.remark(Side::Client, diagnostic.to_string());
    }

    fn command(&mut self, at_server: CommandId, command: &Command, verdict: Verdict) {
        self.played.counts.client_messages += 1;
        self.played.log(Side::Client, "command", format!("{command:?}"));
        self.played.round_trip(Side::Client, command, Command::to_bytes, |line| {
            Command::parse_in(&Context::new(line, Tolerance::Lenient))
        });
        if !self.repaired {
            self.check_spelling(command);
        }
        self.wait(at_server, command.verb(), command.reply_kind(), verdict);
        if command.verb() == Verb::Bdat && verdict == Verdict::Good {
            self.accept_content();
        }
    }

    /// What needed no repair is encoded as it came, but for the case of keywords; and its values make the same command.
    fn check_spelling(&mut self, command: &Command) {
        let said = self.said[..self.position()].to_ascii_uppercase();
        let rebuilt = match command {
            // what is only borne cannot be built
            Command::Mail(mail) if mail.has_invalid() || mail.has(MailKeyword::Mtrk) => true,
            Command::Rcpt(rcpt) if rcpt.has_invalid() => true,
            Command::Mail(mail) => Mail::new(&mail.reverse_path(), mail.parameters())
                .is_ok_and(|rebuilt| rebuilt.parameters().eq(mail.parameters())),
            Command::Rcpt(rcpt) => Rcpt::new(&rcpt.forward_path(), rcpt.parameters())
                .is_ok_and(|rebuilt| rebuilt.parameters().eq(rcpt.parameters())),
            _ => true,
        };
        if !rebuilt || !said.ends_with(&command.to_bytes().to_ascii_uppercase()) {
            self.played.counts.roundtrip_failures += 1;
            self.played.log(Side::Client, "spelling", format!("{command:?}"));
        }
    }

    fn wait(&mut self, at_server: CommandId, verb: Verb, kind: ReplyKind, verdict: Verdict) {
        let joined = std::mem::take(&mut self.joined);
        let (kind, verdict) = if joined {
            (ReplyKind::Single, Verdict::Policy("a line that holds a bare LF or NUL"))
        } else {
            (kind, verdict)
        };
        self.waiting =
            Some(Waiting { at_server, at_client: None, verb, kind, verdict, doubtful: self.doubtful });
    }

    fn malformed_line(&mut self, id: CommandId, malformed: &Malformed) {
        self.played.counts.client_messages += 1;
        self.played.counts.malformed_client += 1;
        self.played.log(Side::Client, "malformed", malformed.to_string());
        match &mut self.waiting {
            // a response within AUTH: the recorded server decides what becomes of it
            Some(waiting) if waiting.at_server == id => {
                waiting.verdict = Verdict::Malformed;
                self.respond(|client, id| client.auth_respond(id, b""));
            }
            _ => {
                let line = malformed.frame.expose();
                self.doubtful |= line.contains(&0) || !line.ends_with(b"\r\n");
                let verb = malformed.verb.map_or(Verb::Other, |verb| Verb::of(verb.as_bytes()));
                let verdict = policy(malformed).map_or(Verdict::Malformed, Verdict::Policy);
                self.wait(id, verb, verb.reply_kind(), verdict);
            }
        }
    }

    fn respond(&mut self, respond: impl Fn(&mut smtp_proto::Client, CommandId) -> Result<(), Misuse>) {
        let at_client = self.waiting.as_ref().and_then(|waiting| waiting.at_client);
        let responded = at_client.ok_or(Misuse::UnknownId).and_then(|id| respond(&mut self.client, id));
        let _ = wire::Machine::output(&mut self.client).take_all();
        if let Err(misuse) = responded {
            self.played.disagree(Side::Client, &misuse);
        }
    }

    /// Our server is to read the content of the command that waits. Says whether it does.
    pub(super) fn accept_content(&mut self) -> bool {
        let (Some(server), Some(waiting)) = (&mut self.server, &self.waiting) else { return false };
        if server.accept_body(waiting.at_server).is_err() {
            return false;
        }
        let start = self.position();
        self.ended_at_once = false;
        self.content = Some(Content { start, pieces: Vec::new(), digest: Digest::new(), irregular: false });
        true
    }

    fn content_ends(&mut self, octets: u64, fault: Option<BodyFault>) {
        let (Some(content), Some(waiting)) = (self.content.take(), &self.waiting) else { return };
        self.played.body(Side::Client, octets, content.digest);
        if let Some(fault) = fault {
            self.played.disagree(Side::Client, &fault);
        }
        let body = Bytes::from(content.pieces.concat());
        self.content_end = self.position();
        let wire = &self.said[content.start..self.content_end];
        self.ended_at_once = wire == b".\r\n";
        let knows_bdat = self.client.ehlo().is_some_and(|ehlo| ehlo.has(Keyword::Chunking));
        self.second_view = if waiting.verb == Verb::Data {
            let other = other_end(&wire[..wire.len() - 3]);
            other.map(|end| (content.start + end, "the server took something else for the end of the data"))
        } else {
            (!knows_bdat).then_some((content.start, "the server read the content of BDAT as commands"))
        };
        let survives = if waiting.verb == Verb::Data {
            if let Some(Err(misuse)) = waiting.at_client.map(|id| self.client.content_sent(id)) {
                self.played.disagree(Side::Client, &misuse);
            }
            let encoded = encode(&body);
            (encoded == wire || content.irregular) && decode(&encoded) == body
        } else {
            body == wire
        };
        if !survives {
            self.played.counts.roundtrip_failures += 1;
            self.played.log(Side::Client, "roundtrip", "the content");
        }
    }
}

fn asks_for_each(command: &Command) -> bool {
    let Command::Mail(mail) = command else { return false };
    mail.as_bytes().split(u8::is_ascii_whitespace).any(|word| word.eq_ignore_ascii_case(b"PRDR"))
}

fn encode(body: &Bytes) -> Bytes {
    let (mut encoder, mut output) = (DotEncoder::new(LineEndings::Lenient), Output::new());
    let encoded = encoder.encode_bytes(body, &mut output).and_then(|()| encoder.finish(&mut output));
    encoded.map(|()| output.take_all()).unwrap_or_default()
}

fn decode(octets: &[u8]) -> Vec<u8> {
    let (mut decoder, mut body) = (PushDecoder::new(LineEndings::Lenient), Vec::new());
    let _ = decoder.feed(octets, |part| {
        if let Part::Content(data) = part {
            body.extend_from_slice(data);
        }
    });
    body
}
