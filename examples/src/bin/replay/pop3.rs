//! POP3: the recorded server's replies, as our client reads them, are what our server answers.
//!
//! Our client never sends: for each command that our server reads, it is told what reply to expect.

use crate::play::{self, Digest, Played};
use crate::shown;
use bytes::Bytes;
use pop3_proto::client::{self, Client};
use pop3_proto::server::{self, Server};
use pop3_proto::{
    Capability, Command, Greeting, Item, Limits, Reply, ReplyKind, Response, Status, Verb, rule,
};
use std::collections::VecDeque;
use wire::dot::LineEndings;
use wire::testing::Side;
use wire::{CommandId, Context, Fatal, Machine, Malformed, Misuse, Pause, Step, Tolerance};

/// Real clients send longer lines than RFC 2449 allows, and real servers take them.
const MAX_LINE: usize = 65_536;

pub(crate) struct Session {
    client: Client,
    /// Made when the greeting came.
    server: Option<Server>,
    /// What the client said before the greeting.
    early: Vec<u8>,
    /// Commands without a complete reply, in order.
    waiting: VecDeque<Waiting>,
    body: Option<Body>,
    /// Which recorded read the octets are of.
    frame: usize,
    /// Recorded reads of the server so far.
    server_frames: usize,
    /// A command that holds NUL, which some servers take for a part of the next; not expected yet.
    doubtful: Option<Doubtful>,
    /// The command that follows holds NUL.
    holds_nul: bool,
    /// The last few octets of the client that our server has: STLS may be cut in two.
    last_octets: Vec<u8>,
    /// What the client said while STLS was not answered.
    behind_stls: Vec<u8>,
    /// The server said something unasked: then it should have been its last word.
    unasked: bool,
    /// The last remark of the client was that a line had no status.
    no_status: bool,
    /// The greeting was `-ERR`, or QUIT was answered with it: what follows is no session any more.
    over: bool,
    tls: bool,
    client_ended: bool,
    server_ended: bool,
    played: Played,
}

struct Waiting {
    at_client: CommandId,
    at_server: CommandId,
    kind: ReplyKind,
    verdict: Verdict,
    /// Recorded reads of the server before it.
    server_frames: usize,
}

struct Doubtful {
    at_server: CommandId,
    kind: ReplyKind,
    verdict: Verdict,
    frame: usize,
}

/// What our server thinks of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// The states of the RFC forbid it, but servers are known to take it.
    OutOfPlace,
    /// The states of the RFC forbid it, and rightly.
    Forbidden,
    Malformed,
    /// Joined with a line before it.
    Unclear,
}

/// A multi-line reply that is being read.
struct Body {
    kind: ReplyKind,
    reply: Reply,
    items: Vec<Item>,
    pieces: Vec<Bytes>,
    digest: Digest,
}

impl Default for Session {
    fn default() -> Self {
        let mut config = client::Config::default();
        config.limits.max_pipelined = usize::MAX;
        config.limits.max_auth_line = MAX_LINE;
        Self {
            client: Client::new(config),
            server: None,
            early: Vec::new(),
            waiting: VecDeque::new(),
            body: None,
            frame: 0,
            server_frames: 0,
            doubtful: None,
            holds_nul: false,
            last_octets: Vec::new(),
            behind_stls: Vec::new(),
            unasked: false,
            no_status: false,
            over: false,
            tls: false,
            client_ended: false,
            server_ended: false,
            played: Played::default(),
        }
    }
}

/// A server that offers everything and takes whatever some server takes.
fn server_config() -> server::Config {
    let mut config = server::Config::default();
    config.tolerance = Tolerance::Lenient;
    config.line_endings = LineEndings::Lenient;
    config.allow_cleartext = true;
    config.capabilities = [
        Capability::RespCodes,
        Capability::Pipelining,
        Capability::Stls,
        Capability::Utf8(false),
        Capability::Lang,
    ]
    .into_iter()
    .collect();
    config.limits = Limits::server();
    config.limits.max_line = MAX_LINE;
    config.limits.max_auth_line = MAX_LINE;
    config.limits.max_reply_line = MAX_LINE;
    config.limits.max_pipelined = usize::MAX;
    config.limits.max_bad_commands = None;
    config.limits.high_water = usize::MAX;
    config
}

impl play::Session for Session {
    fn receive(&mut self, side: Side, piece: &[u8], frame: usize) -> bool {
        self.played.counts.bytes_in += piece.len() as u64;
        if self.over {
            return true;
        }
        let next = frame != self.frame;
        self.frame = frame;
        match side {
            Side::Server => {
                self.server_frames += usize::from(next);
                self.doubt_ends();
                self.client.receive(piece);
            }
            Side::Client => self.client_octets(piece),
        }
        self.pump();
        !self.tls
    }

    fn end(&mut self) {
        if self.over {
            return;
        }
        self.doubt_ends();
        self.client.receive_eof();
        if let Some(server) = &mut self.server {
            server.receive_eof();
        }
        self.pump();
    }

    fn finish(self) -> Played {
        self.played
    }
}

impl Session {
    /// Octets of the client go to our server, but not those behind STLS before its reply: they are plaintext only
    /// if it is refused. So a line at a time where STLS may come.
    fn client_octets(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while !rest.is_empty() {
            let stls_waits = self.waiting.back().is_some_and(|last| last.kind == ReplyKind::Stls);
            let Some(server) = &mut self.server else { return self.early.extend_from_slice(rest) };
            if stls_waits {
                return self.behind_stls.extend_from_slice(rest);
            }
            let seen = [&self.last_octets[..], rest].concat().to_ascii_uppercase();
            let careful = seen.windows(4).any(|word| word == b"STLS");
            let line = rest.iter().position(|&o| o == b'\n').map_or(rest.len(), |at| at + 1);
            let (now, later) = rest.split_at(if careful { line } else { rest.len() });
            server.receive(now);
            let all = [&self.last_octets[..], now].concat();
            self.last_octets = all[all.len().saturating_sub(5)..].to_vec();
            self.pump_server();
            rest = later;
        }
    }

    /// The server has answered, or the client has said more in the same read: the doubtful command stands for
    /// itself.
    fn doubt_ends(&mut self) {
        if let Some(Doubtful { at_server, kind, verdict, .. }) = self.doubtful.take() {
            self.expect_now(at_server, kind, verdict);
        }
    }

    /// Lets both machines go on until neither has anything to say. After each event of the client the server
    /// comes first: the reply may free the command behind it.
    fn pump(&mut self) {
        self.pump_server();
        while !self.client_ended && !self.over {
            match self.client.next_event() {
                Ok(Step::Event(event)) => self.on_server_message(event),
                Ok(Step::Paused(Pause::StartTls)) => {
                    self.tls = true;
                    return;
                }
                Ok(_) => return,
                Err(Fatal::UnexpectedEof(inside)) => {
                    self.client_ended = true;
                    if inside == "a multi-line reply" {
                        self.ended_inside();
                    }
                }
                Err(fatal) => {
                    self.client_ended = true;
                    self.played.counts.malformed_server += 1;
                    self.played.log(Side::Server, "fatal", fatal.to_string());
                }
            }
            self.pump_server();
        }
    }

    /// A recording may end where the connection broke, but not inside a reply behind which the client went on and
    /// the server answered: then we have not seen the end that they saw.
    fn ended_inside(&mut self) {
        let mut waiting = self.waiting.iter();
        let Some(open) = waiting.next() else { return };
        let answered = waiting.any(|later| {
            // not sent ahead, and not the QUIT of a client that hangs up
            later.server_frames > open.server_frames
                && later.server_frames < self.server_frames
                && later.kind != ReplyKind::Quit
        });
        if answered {
            self.played.disagree(Side::Server, &"commands and replies do not line up");
        }
    }

    fn pump_server(&mut self) {
        while !self.server_ended {
            let Some(server) = &mut self.server else { return };
            let step = server.next_event();
            let _ = server.output().take_all();
            match step {
                Ok(Step::Event(event)) => self.on_client_message(event),
                Ok(Step::Paused(Pause::Drain)) => {}
                Ok(_) => return,
                Err(Fatal::UnexpectedEof(_)) => self.server_ended = true,
                Err(fatal) => {
                    self.server_ended = true;
                    self.played.counts.malformed_client += 1;
                    self.played.disagree(Side::Client, &fatal);
                }
            }
        }
    }

    fn on_client_message(&mut self, event: server::Event) {
        use server::Event;
        match event {
            Event::Command { id, command } => self.command(id, &command, Verdict::Good),
            Event::Refused { id, command, refusal } => {
                self.played.log(Side::Client, "refused", refusal.to_string());
                // the maildrop before the login is what the states are for; the rest is a matter of taste
                let maildrop = [Verb::Stat, Verb::List, Verb::Uidl, Verb::Retr, Verb::Top, Verb::Dele];
                let forbidden = maildrop.contains(&command.verb());
                self.command(id, &command, if forbidden { Verdict::Forbidden } else { Verdict::OutOfPlace });
            }
            Event::Malformed { id, malformed } => self.malformed_line(id, &malformed),
            Event::AuthResponse { id, data } => {
                self.played.counts.client_messages += 1;
                self.played.log(Side::Client, "response", format!("{data:?}, {} octets", data.len()));
                self.check(&Response::Challenge(data.clone()), ReplyKind::Auth);
                self.respond(id, |client, id| client.auth_respond(id, data.expose()));
            }
            Event::AuthCancelled { id } => {
                self.played.counts.client_messages += 1;
                self.played.log(Side::Client, "cancel", "*");
                self.respond(id, Client::auth_cancel);
            }
            Event::StartTls { .. } => self.played.log(Side::Client, "tls", ""),
            Event::Diagnostic(diagnostic) => {
                self.holds_nul |= diagnostic.raw.expose().contains(&0);
                self.played.remark(Side::Client, diagnostic.to_string());
            }
            other => self.played.log(Side::Client, "other", format!("{other:?}")),
        }
    }

    fn command(&mut self, at_server: CommandId, command: &Command, verdict: Verdict) {
        self.played.counts.client_messages += 1;
        self.played.log(Side::Client, "command", format!("{command:?}"));
        self.played.round_trip(Side::Client, command, Command::to_bytes, |line| {
            Command::parse_in(&Context::new(line, Tolerance::Lenient))
        });
        // a line that holds NUL is told by a remark on what was ignored of it
        let doubtful = std::mem::take(&mut self.holds_nul);
        self.expect(at_server, command.reply_kind(), verdict, doubtful);
    }

    fn expect(&mut self, at_server: CommandId, kind: ReplyKind, verdict: Verdict, doubtful: bool) {
        if let Some(before) = self.doubtful.take() {
            if before.frame == self.frame {
                self.expect_now(before.at_server, before.kind, before.verdict);
            } else {
                // nobody answered it: the server took it for the start of this one
                self.played.remark(Side::Client, "no reply to a command with NUL");
                if let Some(server) = &mut self.server {
                    let refused = Status::err("").map(Reply::Status);
                    let _ = refused.and_then(|reply| server.reply(before.at_server, &reply));
                }
                return self.expect_now(at_server, before.kind, Verdict::Unclear);
            }
        }
        if doubtful {
            self.doubtful = Some(Doubtful { at_server, kind, verdict, frame: self.frame });
        } else {
            self.expect_now(at_server, kind, verdict);
        }
    }

    fn expect_now(&mut self, at_server: CommandId, kind: ReplyKind, verdict: Verdict) {
        let server_frames = self.server_frames;
        match self.client.expect(kind) {
            Ok(at_client) => {
                self.waiting.push_back(Waiting { at_client, at_server, kind, verdict, server_frames });
            }
            Err(misuse) => self.played.disagree(Side::Client, &misuse),
        }
    }

    fn malformed_line(&mut self, id: CommandId, malformed: &Malformed) {
        self.played.counts.client_messages += 1;
        self.played.counts.malformed_client += 1;
        self.played.log(Side::Client, "malformed", malformed.to_string());
        match self.waiting.iter_mut().find(|waiting| waiting.at_server == id) {
            // a response within AUTH: the recorded server decides what becomes of it
            Some(waiting) => {
                waiting.verdict = Verdict::Malformed;
                self.respond(id, |client, id| client.auth_respond(id, b""));
            }
            None => {
                let line = malformed.frame.expose();
                let doubtful = line.contains(&0);
                self.expect(id, ReplyKind::of_line(line), Verdict::Malformed, doubtful);
            }
        }
    }

    fn respond(&mut self, id: CommandId, respond: impl Fn(&mut Client, CommandId) -> Result<(), Misuse>) {
        let waiting = self.waiting.iter().find(|waiting| waiting.at_server == id);
        let responded = match waiting.map(|waiting| waiting.at_client) {
            Some(at_client) => respond(&mut self.client, at_client),
            None => Err(Misuse::UnknownId),
        };
        let _ = self.client.output().take_all();
        if let Err(misuse) = responded {
            self.played.disagree(Side::Client, &misuse);
        }
    }

    fn on_server_message(&mut self, event: client::Event) {
        use client::Event;
        if !matches!(event, Event::Diagnostic(_)) && std::mem::take(&mut self.unasked) {
            self.played.disagree(Side::Server, &"a reply to no command");
        }
        match event {
            Event::Greeting(greeting) => self.greeting(&greeting),
            Event::Reply { id, reply } => self.reply(id, reply),
            Event::Item { item, .. } => self.item(&item),
            Event::BodyChunk { data, .. } => self.body_chunk(data),
            Event::End { .. } => self.end_of_reply(),
            Event::Challenge { data, .. } => {
                self.played.counts.server_messages += 1;
                self.played.log(Side::Server, "challenge", format!("{data:?}, {} octets", data.len()));
                self.check(&Response::Challenge(data.clone()), ReplyKind::Auth);
                self.at_server(|server, id| server.challenge(id, data.expose()));
            }
            Event::StartTls { status, .. } => {
                self.played.counts.server_messages += 1;
                self.played.log(Side::Server, "tls", shown::status(&status));
                let reply = Reply::Status(status);
                self.at_server(|server, id| server.reply(id, &reply));
                self.waiting.pop_front();
                if !self.behind_stls.is_empty() {
                    self.played.remark(Side::Client, "plaintext behind STLS");
                }
            }
            Event::Unsolicited(status) => {
                self.played.counts.server_messages += 1;
                self.played.log(Side::Server, "unasked", shown::status(&status));
                // as the last word before hanging up, or as the echo of a line, it is nothing to wonder at
                self.unasked = !std::mem::take(&mut self.no_status);
            }
            Event::Malformed { ends_command, malformed, .. } => {
                self.played.counts.malformed_server += 1;
                self.played.log(Side::Server, "malformed", malformed.to_string());
                if ends_command {
                    self.played.counts.server_messages += 1;
                    self.go_on(false);
                    self.waiting.pop_front();
                }
            }
            Event::Diagnostic(diagnostic) => {
                self.no_status |= diagnostic.rule == rule::NO_STATUS;
                self.played.remark(Side::Server, diagnostic.to_string());
            }
            other => self.played.log(Side::Server, "other", format!("{other:?}")),
        }
    }

    fn greeting(&mut self, greeting: &Greeting) {
        self.played.counts.server_messages += 1;
        self.played.log(Side::Server, "greeting", shown::status(greeting.status()));
        self.played.round_trip(Side::Server, greeting, Greeting::to_bytes, Greeting::parse);
        self.server = Some(Server::new(server_config(), greeting));
        let early = std::mem::take(&mut self.early);
        self.client_octets(&early);
        if !greeting.is_ok() {
            self.over = true;
        }
    }

    /// A reply, or the first line of one.
    fn reply(&mut self, id: CommandId, reply: Reply) {
        self.played.counts.server_messages += 1;
        self.played.log(Side::Server, "reply", shown::reply(&reply));
        let Some((kind, verdict)) = self
            .waiting
            .front()
            .filter(|waiting| waiting.at_client == id)
            .map(|waiting| (waiting.kind, waiting.verdict))
        else {
            return self.played.disagree(Side::Server, &"a reply to another command");
        };
        match (verdict, reply.is_ok()) {
            (Verdict::Malformed, true) => {
                self.played.disagree(Side::Client, &"the server took a malformed message")
            }
            // the library leaves it to the application whether it goes by the states of the RFC
            (Verdict::OutOfPlace, true) => {
                self.played.remark(Side::Client, "the server took a command out of place")
            }
            (Verdict::Forbidden, true) => {
                self.played.disagree(Side::Client, &"the server opened the maildrop before")
            }
            _ => {}
        }
        self.no_status = false;
        if self.server.as_mut().is_some_and(|server| {
            self.waiting.front().is_some_and(|waiting| server.reply(waiting.at_server, &reply).is_err())
        }) {
            if !matches!(verdict, Verdict::Malformed | Verdict::Unclear) {
                self.played.disagree(Side::Server, &"our server would not say that");
            }
            self.go_on(reply.is_ok());
        }
        if kind == ReplyKind::Quit && !reply.is_ok() {
            // RFC 1939 section 6: our server closes now; the recorded one may have gone on
            self.played.remark(Side::Server, "QUIT was refused");
            self.over = true;
        }
        if let Reply::MultiLine(_) = reply {
            let body = Body { kind, reply, items: Vec::new(), pieces: Vec::new(), digest: Digest::new() };
            self.body = Some(body);
        } else {
            self.check(&Response::Reply(reply), kind);
            self.waiting.pop_front();
            if kind == ReplyKind::Stls {
                let refused = std::mem::take(&mut self.behind_stls);
                self.client_octets(&refused);
            }
        }
    }

    fn item(&mut self, item: &Item) {
        self.played.log(Side::Server, "item", shown::item(item));
        if let Some(body) = &mut self.body {
            body.items.push(item.clone());
        }
        self.at_server(|server, id| server.item(id, item).map_err(|_| Misuse::WrongReply));
    }

    fn body_chunk(&mut self, data: Bytes) {
        self.at_server(|server, id| server.body(id, &data).map_err(|_| Misuse::WrongReply));
        if let Some(body) = &mut self.body {
            body.digest.add(&data);
            body.pieces.push(data);
        }
    }

    fn end_of_reply(&mut self) {
        self.at_server(|server, id| server.end_body(id).map_err(|_| Misuse::WrongReply));
        self.waiting.pop_front();
        let Some(body) = self.body.take() else { return };
        let Body { kind, reply, items, pieces, digest } = body;
        let response = if kind == ReplyKind::Body {
            let message = Bytes::from(pieces.concat());
            self.played.body(Side::Server, message.len() as u64, digest);
            Response::Message(reply, message)
        } else {
            self.played.log(Side::Server, "end", format!("{} items", items.len()));
            Response::Listing(reply, items)
        };
        self.check(&response, kind);
    }

    fn check(&mut self, response: &Response, kind: ReplyKind) {
        self.played.round_trip(Side::Server, response, Response::to_bytes, |message| {
            Response::parse_in(&Context::new(message, Tolerance::Lenient), kind)
        });
    }

    /// Lets our server say what the recorded server said.
    fn at_server(&mut self, act: impl Fn(&mut Server, CommandId) -> Result<(), Misuse>) {
        let (Some(server), Some(waiting)) = (&mut self.server, self.waiting.front()) else { return };
        let clear = !matches!(waiting.verdict, Verdict::Malformed | Verdict::Unclear);
        if act(server, waiting.at_server).is_err() && clear {
            self.played.disagree(Side::Server, &"our server would not say that");
        }
    }

    /// Our server needs some answer to read on.
    fn go_on(&mut self, positive: bool) {
        let status = if positive { Status::ok("") } else { Status::err("") };
        if let (Some(server), Some(waiting), Ok(status)) = (&mut self.server, self.waiting.front(), status) {
            let _ = server.reply(waiting.at_server, &Reply::Status(status));
        }
    }
}
