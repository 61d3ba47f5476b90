//! What our client makes of the recorded server's octets.

use super::{Session, Verdict};
use smtp_proto::client::Event;
use smtp_proto::server::Server;
use smtp_proto::{Ehlo, Reply, ReplyCode, ReplyKind, State};
use wire::testing::Side;
use wire::{CommandId, Context, Machine, Misuse, Tolerance};

/// Exim takes so much for a whole line.
const LONG: usize = 16_000;

impl Session {
    pub(super) fn server_says(&mut self, event: Event) {
        if let Event::Diagnostic(diagnostic) = event {
            return self.played.remark(Side::Server, diagnostic.to_string());
        }
        self.played.counts.server_messages += 1;
        self.replies.complete = self.replies.complete.saturating_sub(1);
        if std::mem::take(&mut self.unasked) {
            self.played.disagree(Side::Server, &"a reply to no command");
        }
        match event {
            Event::Greeting(reply) => {
                self.check("greeting", &reply);
                let mut server = Server::new(super::server_config(self.protocol), &reply);
                server.receive(&self.said);
                self.server = Some(server);
            }
            Event::Reply { reply, .. } => {
                self.check("reply", &reply);
                self.answer(&reply, |server, id| server.reply(id, &reply));
                self.complete();
            }
            Event::RecipientReply { reply, last, .. } => {
                self.check("reply", &reply);
                self.answer(&reply, |server, id| server.reply(id, &reply));
                if last {
                    self.complete();
                }
            }
            Event::SendBody { reply, .. } => {
                self.check("reply", &reply);
                self.judge(&reply);
                if self.for_each && self.recipients > 1 {
                    self.played.remark(Side::Server, "PRDR, which we do not speak");
                    self.over = true;
                } else if !self.accept_content() {
                    self.follow();
                }
            }
            Event::Challenge { data, .. } => {
                self.played.log(Side::Server, "challenge", format!("{data:?}, {} octets", data.len()));
                self.challenge(data.expose());
            }
            Event::BadChallenge { malformed, .. } => {
                self.played.counts.malformed_server += 1;
                self.played.log(Side::Server, "malformed", malformed.to_string());
                self.challenge(b"");
            }
            Event::StartTls { reply, .. } => self.check("tls", &reply),
            Event::Turn { reply, .. } => {
                self.check("turn", &reply);
                self.over = true;
            }
            Event::Unsolicited(reply) => {
                self.check("unasked", &reply);
                if self.line > LONG {
                    self.played.remark(Side::Server, "the server answers a long line in pieces");
                } else {
                    self.unasked = reply.code() != ReplyCode::SERVICE_NOT_AVAILABLE;
                }
            }
            other => self.played.log(Side::Server, "other", format!("{other:?}")),
        }
    }

    fn check(&mut self, kind: &'static str, reply: &Reply) {
        self.played.log(Side::Server, kind, shown(reply));
        self.played.round_trip(Side::Server, reply, Reply::to_bytes, |octets| {
            Reply::parse_in(&Context::new(octets, Tolerance::Lenient))
        });
    }

    /// What the recorded server thinks of the command, and what we do.
    fn judge(&mut self, reply: &Reply) {
        let Some(waiting) = &self.waiting else { return };
        if reply.is_positive() || reply.is_intermediate() {
            match waiting.verdict {
                Verdict::Good | Verdict::ForEach => {}
                // the library leaves it to the application whether it goes by the rules of the session
                Verdict::Refused(refusal) => {
                    self.played.remark(Side::Client, format!("the server took what we refuse: {refusal}"));
                }
                Verdict::Malformed => {
                    self.played.disagree(Side::Client, &"the server took a malformed command");
                }
                Verdict::Policy(rule) => self.played.remark(Side::Client, format!("the server took {rule}")),
            }
        }
        match waiting.kind {
            _ if !reply.is_positive() => {}
            ReplyKind::Rcpt => self.recipients += 1,
            ReplyKind::Mail => {
                self.recipients = 0;
                self.for_each = waiting.verdict == Verdict::ForEach;
            }
            ReplyKind::Auth | ReplyKind::AuthInitial => self.authenticated = true,
            ReplyKind::Xclient => self.authenticated = false,
            _ => {}
        }
    }

    /// Lets our server say what the recorded server said.
    fn answer(&mut self, reply: &Reply, act: impl Fn(&mut Server, CommandId) -> Result<(), Misuse>) {
        self.judge(reply);
        if self.content.is_some() && self.client.state() == State::Closed {
            // our client takes it for the end, and sends nothing more
            self.played.remark(Side::Server, "a refusal within the content");
            self.content = None;
            self.give_server_up();
        }
        let (Some(server), Some(waiting)) = (&mut self.server, &self.waiting) else { return };
        let answered = act(server, waiting.at_server);
        let said = server.output().take_all();
        match (answered, waiting.verdict) {
            (Ok(()), _)
                if said.is_empty()
                    || said == reply.to_bytes()
                    || said == reply.without_enhanced().to_bytes() => {}
            (Ok(()), _) => self.played.disagree(Side::Server, &"our server says it differently"),
            // RFC 4422 section 3 knows no exchange without a response
            (Err(_), Verdict::Good) if waiting.kind.is_auth() => {
                self.played.remark(Side::Server, "AUTH was answered before a response");
                self.give_server_up();
            }
            (Err(misuse), Verdict::Good) => {
                self.played.disagree(Side::Server, &format!("our server would not say that: {misuse}"));
                self.give_server_up();
            }
            // follows from the verdict
            (Err(_), _) => self.give_server_up(),
        }
    }

    fn challenge(&mut self, data: &[u8]) {
        let (Some(server), Some(waiting)) = (&mut self.server, &mut self.waiting) else { return };
        if server.challenge(waiting.at_server, data).is_err() {
            if waiting.verdict == Verdict::Good {
                self.played.disagree(Side::Server, &"our server would not say that");
            }
            self.follow_into_exchange(data);
        }
        let _ = self.server.as_mut().map(|server| server.output().take_all());
    }

    /// The command has its reply, the last one in LMTP.
    fn complete(&mut self) {
        let Some(waiting) = self.waiting.take_if(|_| !self.over) else { return };
        if waiting.kind == ReplyKind::Hello {
            self.check_ehlo();
        }
        if self.content.take().is_some() {
            self.played.disagree(Side::Server, &"a reply within the content");
            self.give_server_up();
        }
        let Some(server) = &mut self.server else { return self.follow() };
        match (server.state(), self.client.state()) {
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => {
                if waiting.verdict == Verdict::Good {
                    let why = format!("our server is {}, our client {}", ours.name(), theirs.name());
                    self.played.disagree(Side::Server, &why);
                }
                self.follow();
            }
        }
    }

    /// What the server offers, built again of its values, is the same.
    fn check_ehlo(&mut self) {
        let Some(ehlo) = self.client.ehlo() else { return };
        let text = ehlo.iter().map(|capability| format!("\n{:16}{capability:?}", "")).collect::<String>();
        let [domain, greet] = [ehlo.domain(), ehlo.greet()].map(String::from_utf8_lossy);
        let rebuilt = Ehlo::new(&domain, &greet, ehlo.iter());
        if !rebuilt.is_ok_and(|rebuilt| rebuilt.iter().eq(ehlo.iter())) {
            self.played.counts.roundtrip_failures += 1;
            self.played.log(Side::Server, "roundtrip", &*text);
        }
        self.played.log(Side::Server, "ehlo", text);
    }
}

fn shown(reply: &Reply) -> String {
    let lines = reply.lines().map(|line| {
        let enhanced = line.enhanced.map(|code| format!("{code} ")).unwrap_or_default();
        format!(" {enhanced}{:?}", String::from_utf8_lossy(line.text))
    });
    format!("{}{}", reply.code(), lines.collect::<String>())
}
