//! Where the recorded server saw something else in the client's octets than we do, and how to go on from there.
//!
//! Our server follows: a new one is brought to where the recorded session is, and reads on where the recorded server does.

use super::{Session, Verdict, Waiting, server_config};
use smtp_proto::server::{Event, Server};
use smtp_proto::{Protocol, Reply, ReplyCode, ReplyKind, State, Verb};
use wire::testing::Side;
use wire::{CommandId, Fatal, Machine, Malformed, ParseErrorKind, Pause, Step};

/// A rule of ours for which we refuse a line at each tolerance, though some server takes it.
pub(super) fn policy(malformed: &Malformed) -> Option<&'static str> {
    let frame = malformed.frame.expose();
    let line = frame.strip_suffix(b"\n").unwrap_or(frame);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let missing = malformed.error.offset as usize >= line.trim_ascii_end().len();
    match malformed.verb.map(|verb| Verb::of(verb.as_bytes())) {
        // nothing may hide behind them (the crate's contract)
        _ if line.contains(&b'\r') => Some("a line that holds a bare CR"),
        _ if line.contains(&0) => Some("a line that holds NUL"),
        _ if line.iter().any(|o| o.is_ascii_control() && *o != b'\t') => Some("a control character"),
        // how much content follows is not known
        Some(Verb::Bdat) => Some("BDAT of an unclear size"),
        // their grammars have no meaning for that
        Some(Verb::Vrfy | Verb::Expn | Verb::Etrn | Verb::Xclient | Verb::Xforward) if missing => {
            Some("a command without its argument")
        }
        // RFC 5321 section 4.1.1.3: a recipient is never null
        Some(Verb::Rcpt) if line.trim_ascii_end().ends_with(b":<>") => Some("RCPT without a recipient"),
        Some(Verb::Mail) if line.len() > 7 && line[5..8].eq_ignore_ascii_case(b"TO:") => Some("MAIL TO:"),
        // RFC 1870 section 5 allows 20 digits, which is more than 64 bits
        Some(Verb::Mail) if malformed.error.kind == ParseErrorKind::Range => Some("a number over 64 bits"),
        _ => None,
    }
}

/// Behind what some servers take for the end of the data, if it stands there: a line that is a dot, whatever ends the
/// line and the one before.
pub(super) fn other_end(data: &[u8]) -> Option<usize> {
    let mut start = 0;
    while start < data.len() {
        let len = data[start..].iter().position(|&o| o == b'\n')? + 1;
        let line = &data[start..start + len - 1];
        let line: Vec<u8> = line.iter().copied().filter(|&o| o != 0 && o != b'\r').collect();
        start += len;
        if line == b"." {
            return Some(start);
        }
    }
    None
}

impl Session {
    /// The client says more, though something that it said before is not answered: perhaps the recorded server has not seen it.
    pub(super) fn client_goes_on(&mut self) {
        let this_read = std::mem::replace(&mut self.last_read, self.said.len());
        self.second_view = None;
        let Some(waiting) = self.waiting.take_if(|waiting| waiting.at_client.is_none()) else {
            let unanswered = self.waiting.as_ref().is_some_and(|waiting| waiting.kind == ReplyKind::Data);
            if unanswered && self.ended_at_once {
                // Python's smtpd waits for CR LF before the dot, too
                self.played
                    .remark(Side::Client, "a dot at the start of the data does not end it for the server");
                self.over = true;
            }
            self.doubtful &= self.waiting.is_some();
            return;
        };
        if waiting.doubtful {
            self.played.remark(Side::Client, "no reply to what a bare LF or NUL divides");
            self.joined = true;
            if let (Some(server), Some(refused)) = (&mut self.server, reply(500)) {
                let _ = server.reply(waiting.at_server, &refused);
            }
        } else if self.content_end > this_read && self.content_end + self.line == self.read {
            // Courier and chasquid throw away what comes with the end of the data
            self.played.remark(Side::Client, "no reply to what follows the end of the data");
            self.over = true;
        } else {
            self.waiting = Some(waiting);
        }
    }

    /// Our server cannot go on with what the client said.
    pub(super) fn server_gives_up(&mut self, fatal: &Fatal) {
        self.played.counts.malformed_client += 1;
        self.played.log(Side::Client, "fatal", fatal.to_string());
        self.give_server_up();
        match fatal {
            Fatal::ForeignProtocol("TLS") => self.over = true,
            Fatal::ForeignProtocol(_) => {
                self.waiting = Some(Waiting {
                    at_server: CommandId::FIRST,
                    at_client: None,
                    verb: Verb::Other,
                    kind: ReplyKind::Single,
                    verdict: Verdict::Policy("a request of HTTP"),
                    doubtful: false,
                });
            }
            Fatal::PlaintextAfterStartTls(_) => self.played.remark(Side::Client, "plaintext behind STARTTLS"),
            other => self.played.disagree(Side::Client, other),
        }
    }

    /// Until the command that waits is answered.
    pub(super) fn give_server_up(&mut self) {
        if self.server.is_some() {
            self.resume = Some(self.position());
            self.server = None;
        }
    }

    /// The recorded server speaks while we read mail data: has it taken something for the end of the data that is none?
    /// We never do, under no policy.
    pub(super) fn find_other_end(&mut self) {
        let Some(start) = self.content.as_ref().map(|content| content.start) else { return };
        let Some(len) = other_end(&self.said[start..]) else { return };
        self.played.remark(Side::Client, "the server took something else for the end of the data");
        self.content = None;
        self.server = None;
        self.resume = Some(start + len);
        if let Some(waiting) = &mut self.waiting {
            waiting.verdict = Verdict::Policy("another end of the data");
            if let Some(Err(misuse)) = waiting.at_client.map(|id| self.client.content_sent(id)) {
                self.played.disagree(Side::Client, &misuse);
            }
        }
    }

    /// The recorded server answers what we have not seen as a command: it was in the content that we read last.
    pub(super) fn take_second_view(&mut self) {
        if let Some((place, what)) = self.second_view.take() {
            self.played.remark(Side::Client, what);
            self.resume = Some(place);
            self.follow();
            self.pump_server();
        }
    }

    /// A new server that is where our client is.
    pub(super) fn follow(&mut self) {
        let position = self.resume.take().unwrap_or_else(|| self.position());
        let state = self.client.state();
        self.read = position;
        self.server = None;
        if matches!(state, State::Closed | State::Turned) {
            return;
        }
        match self.server_in(state) {
            Some(mut server) => {
                server.receive(&self.said[position..]);
                self.server = Some(server);
            }
            None => self.played.disagree(Side::Server, &format!("our server cannot be {}", state.name())),
        }
        if state == State::Data && !self.accept_content() {
            self.played.disagree(Side::Server, &"our server would not read the content");
        }
    }

    /// The recorded server goes on with an exchange that ours refused.
    pub(super) fn follow_into_exchange(&mut self, data: &[u8]) {
        let position = self.position();
        self.server = self.server_in(State::Ready);
        let (Some(server), Some(waiting)) = (&mut self.server, &mut self.waiting) else { return };
        let challenged = say(server, "AUTH PLAIN").map(|id| {
            waiting.at_server = id;
            server.challenge(id, data)
        });
        if challenged != Some(Ok(())) {
            self.played.disagree(Side::Server, &"our server would not challenge");
        }
        server.receive(&self.said[position..]);
        self.read = position;
    }

    /// A new server that was brought to a state. In [`State::Data`] its DATA waits for its answer.
    fn server_in(&mut self, state: State) -> Option<Server> {
        let mut server = Server::new(server_config(self.protocol), &reply(220)?);
        if state != State::Hello {
            let hello = if self.protocol == Protocol::Lmtp { "LHLO x" } else { "EHLO x" };
            ask(&mut server, hello)?;
            if self.authenticated {
                ask(&mut server, "AUTH PLAIN =")?;
            }
        }
        if state.in_transaction() {
            ask(&mut server, "MAIL FROM:<> BODY=8BITMIME SMTPUTF8")?;
        }
        if state.in_transaction() && state != State::Mail {
            for _ in 0..self.recipients.max(1) {
                ask(&mut server, "RCPT TO:<x@x.example>")?;
            }
        }
        match state {
            State::Data => {
                let id = say(&mut server, "DATA")?;
                self.waiting.as_mut()?.at_server = id;
            }
            State::Chunks => {
                let id = say(&mut server, "BDAT 0")?;
                server.accept_body(id).ok()?;
                let _ = server.next_event().ok()?;
                server.reply(id, &reply(250)?).ok()?;
            }
            State::Failed => {
                let id = say(&mut server, "BDAT 0")?;
                server.reply(id, &reply(500)?).ok()?;
            }
            _ => {}
        }
        (server.state() == state || state == State::Data).then_some(server)
    }
}

/// Gives a server a command. It waits for its answer then.
fn say(server: &mut Server, line: &str) -> Option<CommandId> {
    server.receive(line.as_bytes());
    server.receive(b"\r\n");
    loop {
        match server.next_event().ok()? {
            Step::Event(Event::Command { id, .. }) => return Some(id),
            Step::Event(_) | Step::Paused(Pause::Drain) => {
                let _ = server.output().take_all();
            }
            _ => return None,
        }
    }
}

/// Gives a server a command that it is to take.
fn ask(server: &mut Server, line: &str) -> Option<()> {
    let id = say(server, line)?;
    server.reply(id, &reply(250)?).ok()
}

fn reply(code: u16) -> Option<Reply> {
    Reply::new(ReplyCode::new(code)?, None, "").ok()
}
