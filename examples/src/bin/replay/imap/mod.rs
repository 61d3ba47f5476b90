//! IMAP: what the recorded server said goes into our client, what the client said into our server, which answers as the recorded one did.
//!
//! Our server offers everything and reads leniently, so that it follows as far as any did. Where the recorded server took what ours
//! refuses in any case, that is told as `policy`: what a server makes of what no RFC allows is its own affair. Where it refuses a
//! literal that ours has asked for, a new one is brought to where the session is.

mod from_client;
mod from_server;

use crate::play::{self, Digest, Played};
use imap_proto::{Client, Command, Options, Server, Tag, client};
use wire::testing::Side;
use wire::{CommandId, Fatal, Machine, Pause, Step};

/// As long as any that was recorded.
const LONGEST: usize = 256 << 20;
/// Message data up to here is part of the value, and so takes part in round trips; what is longer is streamed.
const INLINE: u64 = 4096;

/// A command that the recorded server has not completed.
struct Waiting {
    /// Unknown if the line had none that one could answer with.
    tag: Option<Tag>,
    at_server: CommandId,
    at_client: Option<CommandId>,
    verdict: Verdict,
}

/// What our server makes of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Good,
    /// It cannot be completed with OK by our server.
    Refused(String),
}

/// Message data that a client waits to send.
struct Offered {
    at_server: CommandId,
    tag: Tag,
}

pub(crate) struct Session {
    client: Client,
    server: Option<Server>,
    /// What the client has said, and where in it the command starts that our server reads.
    said: Vec<u8>,
    start: usize,
    waiting: Vec<Waiting>,
    offered: Option<Offered>,
    /// Message data of the client, and of the server's next response.
    appended: Option<Digest>,
    appended_octets: u64,
    streamed: Vec<bytes::Bytes>,
    /// The same of all the literals of one response.
    bodies: Vec<bytes::Bytes>,
    enabled: Vec<String>,
    /// What follows is another protocol.
    over: bool,
    played: Played,
}

impl Default for Session {
    fn default() -> Self {
        let mut config = client::Config::default();
        config.limits.max_line = LONGEST;
        config.limits.max_line_before_login = LONGEST;
        config.limits.max_frame = LONGEST;
        config.limits.max_string_literal = LONGEST as u64;
        config.limits.max_literal_before_login = LONGEST as u64;
        config.limits.max_inline_literal = INLINE;
        config.limits.max_pipelined = usize::MAX;
        config.allow_cleartext = true;
        Self {
            client: Client::new(config),
            server: None,
            said: Vec::new(),
            start: 0,
            waiting: Vec::new(),
            offered: None,
            appended: None,
            appended_octets: 0,
            streamed: Vec::new(),
            bodies: Vec::new(),
            enabled: Vec::new(),
            over: false,
            played: Played::default(),
        }
    }
}

impl play::Session for Session {
    fn receive(&mut self, side: Side, piece: &[u8], _frame: usize) -> bool {
        self.played.counts.bytes_in += piece.len() as u64;
        match side {
            Side::Client => {
                self.said.extend_from_slice(piece);
                if let Some(server) = &mut self.server {
                    server.receive(piece);
                }
            }
            Side::Server => self.client.receive(piece),
        }
        self.pump();
        !self.over
    }

    fn end(&mut self) {
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
    /// Both machines go on until each needs something. What the client has said comes first: it may be what a response is to.
    fn pump(&mut self) {
        while !self.over {
            self.pump_server();
            match self.client.next_event() {
                Ok(Step::Event(event)) => self.server_says(event),
                Ok(Step::Paused(Pause::StartTls | Pause::Upgrade)) => self.over = true,
                Ok(_) => return,
                Err(failure) => return self.client_gives_up(&failure),
            }
        }
    }

    fn pump_server(&mut self) {
        while let (Some(server), false) = (&mut self.server, self.over) {
            let step = server.next_event();
            let _ = server.output().take_all();
            match step {
                Ok(Step::Event(event)) => self.client_says(event),
                Ok(Step::Paused(Pause::Drain)) => {}
                Ok(Step::Paused(Pause::StartTls | Pause::Upgrade)) => return,
                Ok(_) => return,
                Err(failure) => return self.server_gives_up(&failure),
            }
        }
    }

    fn client_gives_up(&mut self, failure: &Fatal) {
        match failure {
            // a connection may end anywhere
            Fatal::UnexpectedEof(what) => self.played.log(Side::Server, "cut off", *what),
            other => {
                self.played.counts.malformed_server += 1;
                self.played.log(Side::Server, "fatal", other.to_string());
            }
        }
        self.over = true;
    }

    fn server_gives_up(&mut self, failure: &Fatal) {
        self.server = None;
        match failure {
            Fatal::UnexpectedEof(what) => self.played.log(Side::Client, "cut off", *what),
            Fatal::ForeignProtocol(_) | Fatal::PlaintextAfterStartTls(_) => {
                self.played.counts.malformed_client += 1;
                self.played.log(Side::Client, "policy", failure.to_string());
            }
            other => self.played.disagree(Side::Client, other),
        }
    }

    /// How far our server has read.
    fn read(&self) -> usize {
        self.said.len() - self.server.as_ref().map_or(0, Server::unread)
    }

    fn utf8(&self) -> bool {
        self.enabled.iter().any(|name| name == "UTF8=ACCEPT" || name == "IMAP4REV2")
    }

    fn options(&self, side: Side) -> Options {
        let mut options = if side == Side::Server { Options::server() } else { Options::default() };
        options.utf8 = self.utf8();
        options
    }

    /// Our client learns of a command that the recorded one has sent.
    fn register(&mut self, tag: Option<Tag>, at_server: CommandId, command: &Command, verdict: Verdict) {
        let at_client = match tag.clone().map(|tag| self.client.expect(tag, command)) {
            Some(Ok(id)) => Some(id),
            // two commands with one tag cannot be told apart by anybody
            Some(Err(misuse)) => {
                self.played.log(Side::Client, "policy", misuse.to_string());
                None
            }
            None => None,
        };
        self.waiting.push(Waiting { tag, at_server, at_client, verdict });
    }

    fn at_client(&self, at_server: CommandId) -> Option<CommandId> {
        self.waiting.iter().find(|waiting| waiting.at_server == at_server)?.at_client
    }

    fn at_server(&self, at_client: CommandId) -> Option<CommandId> {
        self.waiting.iter().find(|waiting| waiting.at_client == Some(at_client)).map(|found| found.at_server)
    }
}
