//! What our client makes of the recorded server's octets, and what our server is to say then.

use super::{LONGEST, Session, Verdict};
use crate::play::Digest;
use imap_proto::client::Event;
use imap_proto::{
    Capabilities, Capability, Condition, ConditionKind, Context, Encoder, Greeting, Mailbox, Response,
    Select, Server, State, Tagged, TaggedCommand, server,
};
use wire::testing::Side;
use wire::{CommandId, Machine, Malformed, Misuse, Step, Tolerance};

impl Session {
    pub(super) fn server_says(&mut self, event: Event) {
        match event {
            Event::Diagnostic(diagnostic) => {
                let raw = diagnostic.raw.expose().escape_ascii().to_string();
                return self.played.remark(Side::Server, format!("{diagnostic}: {raw}"));
            }
            Event::BodyStart(start) => {
                self.streamed.clear();
                let shown = format!("{:?}, {} octets", start.attribute, start.size);
                return self.played.log(Side::Server, "stream", shown);
            }
            Event::BodyChunk(data) => return self.streamed.push(data),
            Event::BodyEnd => return self.body_end(),
            _ => self.played.counts.server_messages += 1,
        }
        match event {
            Event::Greeting(greeting) => self.greeting(&greeting),
            Event::Data { response, .. } => self.data(&response),
            Event::Completed { id, tagged } => self.completed(Some(id), &tagged),
            Event::StartTls { id, tagged } | Event::Upgrade { id, tagged } => {
                self.completed(Some(id), &tagged)
            }
            Event::UnknownTag(tagged) => self.completed(None, &tagged),
            Event::Challenge { id, data } => {
                self.played.log(Side::Server, "challenge", "<redacted>");
                self.challenge(id, data.expose());
            }
            Event::BadChallenge { id, .. } => {
                self.played.log(Side::Server, "challenge", "not base64");
                self.challenge(id, b"");
            }
            Event::Idling { id, .. } => {
                self.played.log(Side::Server, "idling", "");
                self.tell_server(id, Server::accept_idle);
            }
            Event::Continue(request) => {
                self.played.log(Side::Server, "continue", format!("{request:?}"));
                if let Some(offered) = self.offered.take() {
                    self.accept_body(offered.at_server);
                }
            }
            Event::Bye(condition) => {
                self.played.log(Side::Server, "bye", format!("{condition:?}"));
                if let Some(Err(misuse)) = self.server.as_mut().map(|server| server.bye(&condition)) {
                    self.policy(&misuse);
                }
            }
            Event::Malformed { malformed, id } => self.malformed_response(&malformed, id),
            // its BYE was told
            Event::Lost(id) => self.waiting.retain(|waiting| waiting.at_client != Some(id)),
            other => self.played.log(Side::Server, "other", format!("{other:?}")),
        }
    }

    fn body_end(&mut self) {
        let mut digest = Digest::new();
        let mut octets = 0;
        for chunk in &self.streamed {
            digest.add(chunk);
            octets += chunk.len() as u64;
        }
        self.bodies.append(&mut self.streamed);
        self.played.body(Side::Server, octets, digest);
    }

    fn greeting(&mut self, greeting: &Greeting) {
        self.played.log(Side::Server, "greeting", format!("{greeting:?}"));
        self.played.round_trip(Side::Server, greeting, Greeting::to_bytes, Greeting::parse);
        let mut server = Server::new(config(), greeting);
        server.receive(&self.said);
        self.server = Some(server);
    }

    /// What answers no command in particular: our server says it too.
    fn data(&mut self, response: &Response) {
        self.played.log(Side::Server, "response", format!("{response:?}"));
        if let Response::Enabled(enabled) = response {
            let names = enabled.capabilities.iter();
            self.enabled.extend(names.map(|name| name.to_string().to_ascii_uppercase()));
        }
        let streamed = is_streamed(response);
        if !streamed {
            let (options, utf8) = (self.options(Side::Server), self.utf8());
            self.played.round_trip(
                Side::Server,
                response,
                |response| response.to_bytes(&options),
                |octets| Response::parse_in(&Context::new(octets, Tolerance::Default).utf8(utf8)),
            );
        }
        let bodies = std::mem::take(&mut self.bodies);
        if self.ends_command_without_tag(response) {
            return;
        }
        let Some(server) = &mut self.server else { return };
        let mut said = server.send(response);
        if said.is_ok() {
            for body in bodies {
                let _ = server.output().take_all();
                match server.body(&body) {
                    Ok(()) => {}
                    Err(error) => self.played.disagree(Side::Server, &error),
                }
            }
            if server.body_left() > 0 {
                said = Err(Misuse::State { wanted: "the whole of the message data" });
            }
        }
        let _ = server.output().take_all();
        if let Err(misuse) = said {
            self.policy(&misuse);
        }
    }

    /// `* BAD` to a line whose tag nobody could read.
    fn ends_command_without_tag(&mut self, response: &Response) -> bool {
        let Response::Condition(condition) = response else { return false };
        let found = self.waiting.iter().position(|waiting| waiting.tag.is_none());
        let (Some(at), ConditionKind::Bad) = (found, condition.kind()) else { return false };
        let waiting = self.waiting.remove(at);
        if let Some(Err(misuse)) =
            self.server.as_mut().map(|server| server.reply(waiting.at_server, condition))
        {
            self.played.disagree(Side::Server, &misuse);
        }
        true
    }

    /// The end of a command, which our client knows or not.
    fn completed(&mut self, at_client: Option<CommandId>, tagged: &Tagged) {
        self.played.log(Side::Server, "tagged", format!("{tagged:?}"));
        let (options, utf8) = (self.options(Side::Server), self.utf8());
        self.played.round_trip(
            Side::Server,
            &Response::Tagged(Box::new(tagged.clone())),
            |response| response.to_bytes(&options),
            |octets| Response::parse_in(&Context::new(octets, Tolerance::Default).utf8(utf8)),
        );
        let at = self.waiting.iter().position(|waiting| match at_client {
            Some(id) => waiting.at_client == Some(id),
            None => waiting.tag.as_ref() == Some(&tagged.tag),
        });
        let Some(at) = at else { return self.completes_what_is_read(tagged) };
        let waiting = self.waiting.remove(at);
        if let (Verdict::Refused(why), true) = (&waiting.verdict, tagged.condition.is_ok()) {
            // no RFC allows it: what a server makes of it is its own policy
            self.played.log(Side::Client, "policy", why.clone());
            return self.follow(self.read());
        }
        let Some(server) = &mut self.server else { return self.follow(self.said.len()) };
        let replied = server.reply(waiting.at_server, &tagged.condition);
        let _ = server.output().take_all();
        match replied {
            Ok(()) => {}
            // IDLE or AUTHENTICATE whose client is to speak: some servers end them all the same
            Err(misuse @ Misuse::State { .. }) => {
                self.policy(&misuse);
                self.follow(self.said.len());
            }
            Err(misuse) => self.played.disagree(Side::Server, &format!("{misuse}: {tagged:?}")),
        }
    }

    /// The recorded server does not want the rest of a command.
    fn completes_what_is_read(&mut self, tagged: &Tagged) {
        if let Some(offered) = self.offered.take_if(|offered| offered.tag == tagged.tag) {
            let Some(server) = &mut self.server else { return };
            let refused = server.refuse_body(offered.at_server, &tagged.condition);
            self.start = self.read();
            if let Err(misuse) = refused {
                self.played.disagree(Side::Server, &misuse);
            }
            return;
        }
        let waits = self.said[self.start..].ends_with(b"}\r\n");
        if waits && self.tag_being_read().as_ref() == Some(&tagged.tag) && !tagged.condition.is_ok() {
            self.played.log(Side::Client, "refused", "a literal that ours asks for");
            return self.follow(self.said.len());
        }
        self.played.log(Side::Server, "remark", "no command of ours has this tag");
    }

    fn malformed_response(&mut self, malformed: &Malformed, id: Option<CommandId>) {
        self.played.counts.malformed_server += 1;
        let shown = malformed.frame.expose().escape_ascii().to_string();
        self.played.log(Side::Server, "malformed", format!("{malformed}: {shown}"));
        if let Some(at) = self.waiting.iter().position(|waiting| id.is_some() && waiting.at_client == id) {
            let waiting = self.waiting.remove(at);
            if let Some(server) = &mut self.server {
                let _ = server.reply(waiting.at_server, &server::unknown_reply());
            }
        }
    }

    /// Our server would not say what the recorded one has said: servers differ in what they may.
    fn policy(&mut self, misuse: &Misuse) {
        self.played.log(Side::Server, "policy", misuse.to_string());
    }

    /// Our server challenges, too. One that has refused the exchange does not read what belongs to it, until the command is complete.
    fn challenge(&mut self, at_client: CommandId, data: &[u8]) {
        let waiting = self.waiting.iter().find(|waiting| waiting.at_client == Some(at_client));
        if self.server.is_none() || waiting.is_some_and(|waiting| waiting.verdict != Verdict::Good) {
            self.server = None;
            if let Err(misuse) = self.client.auth_respond(at_client, b"") {
                self.played.disagree(Side::Client, &misuse);
            }
            let _ = self.client.output().take_all();
            return;
        }
        self.tell_server(at_client, |server, id| server.challenge(id, data));
    }

    fn tell_server(
        &mut self,
        at_client: CommandId,
        tell: impl FnOnce(&mut Server, CommandId) -> Result<(), Misuse>,
    ) {
        let Some(id) = self.at_server(at_client) else { return };
        let Some(server) = &mut self.server else { return };
        let told = tell(server, id);
        let _ = server.output().take_all();
        if let Err(misuse) = told {
            self.played.disagree(Side::Server, &misuse);
        }
    }

    /// A new server that is where our client is, and reads on where the recorded one does.
    fn follow(&mut self, position: usize) {
        self.start = position;
        self.server = None;
        let state = self.client.state();
        if matches!(state, State::Greeting | State::Logout) {
            return;
        }
        match server_in(state, &self.enabled) {
            Some(mut server) => {
                server.receive(&self.said[position..]);
                self.server = Some(server);
            }
            None => self.played.disagree(Side::Server, &"our server cannot be brought there"),
        }
    }
}

/// A server that offers everything.
fn config() -> server::Config {
    const MORE: &[&str] = &[
        "AUTH=PLAIN",
        "AUTH=LOGIN",
        "AUTH=CRAM-MD5",
        "AUTH=DIGEST-MD5",
        "AUTH=SCRAM-SHA-1",
        "AUTH=SCRAM-SHA-256",
        "AUTH=SCRAM-SHA-512",
        "AUTH=EXTERNAL",
        "AUTH=ANONYMOUS",
        "AUTH=OAUTHBEARER",
        "AUTH=XOAUTH2",
        "AUTH=NTLM",
        "AUTH=GSSAPI",
        "COMPRESS=DEFLATE",
        "I18NLEVEL=2",
        "QUOTA=RES-STORAGE",
        "THREAD=REFERENCES",
        "RIGHTS=texk",
    ];
    let names = Capability::KEYWORDS.iter().filter(|name| !name.contains('=') || !name.ends_with('='));
    let names = names.filter(|name| **name != "LOGINDISABLED");
    let all = names.chain(MORE).filter_map(|name| Capability::parse(name.as_bytes()).ok());
    let all: Capabilities = all.collect();
    let mut config = server::Config::new(all.clone(), all);
    config.tolerance = Tolerance::Lenient;
    config.allow_cleartext = true;
    // a client that does not wait is told from one that does by when its octets came
    config.refuse_out_of_turn = false;
    config.limits.max_line = LONGEST;
    config.limits.max_line_before_login = LONGEST;
    config.limits.max_frame = LONGEST;
    config.limits.max_string_literal = LONGEST as u64;
    config.limits.max_literal_before_login = LONGEST as u64;
    config.limits.max_inline_literal = super::INLINE;
    config.limits.max_message = Some(u64::MAX);
    config.limits.max_bad_commands = None;
    config
}

/// A server that was brought to a state.
fn server_in(state: State, enabled: &[String]) -> Option<Server> {
    let kind = if state > State::NotAuthenticated { ConditionKind::PreAuth } else { ConditionKind::Ok };
    let greeting = Greeting::new(Condition::new(kind, None, wire::Text::EMPTY).ok()?).ok()?;
    let mut server = Server::new(config(), &greeting);
    let ok = Condition::new(ConditionKind::Ok, None, wire::Text::EMPTY).ok()?;
    if !enabled.is_empty() {
        let frame = format!("* ENABLED {}\r\n", enabled.join(" ")).into();
        let id = say(&mut server, &format!("x ENABLE {}", enabled.join(" ")))?;
        server.send(&Response::parse(&frame).ok()?).ok()?;
        server.reply(id, &ok).ok()?;
    }
    if state == State::Selected {
        let select = imap_proto::Command::Select(Box::new(Select::new(Mailbox::inbox())));
        let command = TaggedCommand { tag: imap_proto::Tag::new("x").ok()?, command: select };
        let line = command.to_bytes(&imap_proto::Options::default());
        let id = say(&mut server, std::str::from_utf8(&line).ok()?.trim_end())?;
        server.reply(id, &ok).ok()?;
    }
    let _ = server.output().take_all();
    Some(server)
}

/// Gives a server a command. It waits for its answer then.
fn say(server: &mut Server, line: &str) -> Option<CommandId> {
    server.receive(line.as_bytes());
    server.receive(b"\r\n");
    let _ = server.output().take_all();
    match server.next_event().ok()? {
        Step::Event(server::Event::Command { id, .. }) => Some(id),
        _ => None,
    }
}

/// Whether some octets of a response were handed out before.
fn is_streamed(response: &Response) -> bool {
    let mut output = wire::Output::new();
    let mut encoder = Encoder::new(&mut output, imap_proto::Options::server());
    response.encode(&mut encoder);
    !encoder.cuts().is_empty()
}
