//! SMTP and LMTP: the recorded server's replies, as our client reads them, are what our server answers.
//!
//! Our client never sends: for each command that our server reads, it is told what reply to expect. Our server reads one
//! command at a time, so there is never more than one.
//!
//! | What | Where |
//! |---|---|
//! | what our server makes of the recorded client | `from_client.rs` |
//! | what our client makes of the recorded server | `from_server.rs` |
//! | where the recorded server saw something else than we do, and how to go on from there | `differences.rs` |

mod differences;
mod from_client;
mod from_server;

use crate::play::{self, Digest, Played};
use bytes::Bytes;
use smtp_proto::client::{self, Client};
use smtp_proto::server::{self, Refusal, Server};
use smtp_proto::{Ehlo, Limits, Protocol, ReplyKind, Verb};
use wire::dot::LineEndings;
use wire::testing::Side;
use wire::{CommandId, Fatal, Machine, Pause, Step, Tolerance};

/// Real clients send longer lines than RFC 5321 allows, and real servers take them.
const MAX_LINE: usize = 65_536;

/// Whatever some server offers.
const OFFERED: &str = "250-replay.example
250-SIZE
250-PIPELINING
250-8BITMIME
250-CHUNKING
250-BINARYMIME
250-DSN
250-ENHANCEDSTATUSCODES
250-STARTTLS
250-AUTH PLAIN LOGIN CRAM-MD5 DIGEST-MD5 NTLM GSSAPI EXTERNAL ANONYMOUS XOAUTH2 OAUTHBEARER SCRAM-SHA-1 SCRAM-SHA-256
250-SMTPUTF8
250-DELIVERBY
250-FUTURERELEASE 604800 2030-01-01T00:00:00Z
250-MT-PRIORITY
250-REQUIRETLS
250-RRVS
250-ETRN
250-ATRN
250-BURL
250-NO-SOLICITING
250-MTRK
250-SUBMITTER
250-CHECKPOINT
250-CONPERM
250-CONNEG
250-TURN
250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT REVERSE_NAME
250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE
";

pub(crate) struct Session {
    protocol: Protocol,
    client: Client,
    /// Made when the greeting came. `None`, too, where it cannot follow: from [`resume`](Self::resume) on a new one goes on.
    server: Option<Server>,
    /// All that the recorded client said.
    said: Vec<u8>,
    /// How much of it was made into events.
    read: usize,
    /// Where in it our server goes on once the command that waits is answered.
    resume: Option<usize>,
    /// The command that our server has handed out, and that is not answered.
    waiting: Option<Waiting>,
    /// The content that our server is reading.
    content: Option<Content>,
    replies: Replies,
    /// Where the last read of the client starts in it.
    last_read: usize,
    /// Where the last content ends in it.
    content_end: usize,
    /// That content was a dot and nothing before it.
    ended_at_once: bool,
    /// Where the recorded server may see commands in the content that we read last, and why.
    second_view: Option<(usize, &'static str)>,
    /// Octets of the last command.
    line: usize,
    /// Recipients that the recorded server took.
    recipients: usize,
    /// Whether it gives replies for each of them, if there are several.
    for_each: bool,
    /// Whether the recorded server took an AUTH.
    authenticated: bool,
    /// Which recorded read the octets are of.
    frame: usize,
    /// Something in this read of the client divides lines for some servers and not for others.
    doubtful: bool,
    /// The command that comes is joined with one before it.
    joined: bool,
    /// Something of the message that comes was repaired.
    repaired: bool,
    /// The server said something unasked: then it should have been its last word.
    unasked: bool,
    /// What follows is no session any more.
    over: bool,
    tls: bool,
    played: Played,
}

struct Waiting {
    at_server: CommandId,
    /// From when on our client expects its reply: when octets of one are there.
    at_client: Option<CommandId>,
    verb: Verb,
    kind: ReplyKind,
    verdict: Verdict,
    /// Perhaps the recorded server took it for a part of a line.
    doubtful: bool,
}

/// What our server thinks of a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// Well formed, and refused by the rules of the session.
    Refused(Refusal),
    Malformed,
    /// By a rule of ours that says so.
    Policy(&'static str),
    /// It asks for replies for each recipient (PRDR of Exim), which we do not speak.
    ForEach,
}

/// The content of DATA or BDAT that is being read.
struct Content {
    /// Where it starts in what the client said.
    start: usize,
    pieces: Vec<Bytes>,
    digest: Digest,
    /// Something of it is not as it should be.
    irregular: bool,
}

/// How much of the server's replies is there: our client is told to expect a reply when one has begun to come.
#[derive(Default)]
struct Replies {
    line: Vec<u8>,
    /// The reply goes on in the next line.
    goes_on: bool,
    /// Complete replies that our client has not handed out.
    complete: usize,
}

impl Replies {
    fn receive(&mut self, piece: &[u8]) {
        for &octet in piece {
            self.line.push(octet);
            if octet == b'\n' {
                self.goes_on = self.line.get(3) == Some(&b'-');
                self.complete += usize::from(!self.goes_on);
                self.line.clear();
            }
        }
    }

    fn is_there(&self) -> bool {
        self.complete > 0 || self.goes_on || !self.line.is_empty()
    }
}

/// A server that takes whatever some server takes.
fn server_config(protocol: Protocol) -> server::Config {
    let offered = Bytes::from(OFFERED.replace('\n', "\r\n"));
    #[expect(clippy::expect_used, reason = "a constant")]
    let mut config = server::Config::new(Ehlo::parse(&offered).expect("a reply to EHLO"));
    config.protocol = protocol;
    config.tolerance = Tolerance::Lenient;
    config.line_endings = LineEndings::Lenient;
    config.pass_empty_lines = false;
    config.allow_cleartext = true;
    config.limits = Limits::server();
    config.limits.max_line = MAX_LINE;
    config.limits.max_auth_line = MAX_LINE;
    config.limits.max_reply_line = MAX_LINE;
    config.limits.max_recipients = None;
    config.limits.max_bad_commands = None;
    config.limits.high_water = usize::MAX;
    config
}

impl Session {
    pub(crate) fn new(protocol: Protocol) -> Self {
        let mut config = client::Config::default();
        config.protocol = protocol;
        config.limits.max_auth_line = MAX_LINE;
        Self {
            protocol,
            client: Client::new(config),
            server: None,
            said: Vec::new(),
            read: 0,
            resume: None,
            waiting: None,
            content: None,
            replies: Replies::default(),
            last_read: 0,
            content_end: 0,
            ended_at_once: false,
            second_view: None,
            line: 0,
            recipients: 0,
            for_each: false,
            authenticated: false,
            frame: 0,
            doubtful: false,
            joined: false,
            repaired: false,
            unasked: false,
            over: false,
            tls: false,
            played: Played::default(),
        }
    }
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
                self.replies.receive(piece);
                self.client.receive(piece);
            }
            Side::Client => {
                if next {
                    self.client_goes_on();
                }
                self.said.extend_from_slice(piece);
                if let Some(server) = &mut self.server {
                    server.receive(piece);
                }
            }
        }
        self.pump();
        !self.tls
    }

    fn end(&mut self) {
        if self.over {
            return;
        }
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
    /// Lets both machines go on until neither has anything to say. After each reply our server comes first: it may
    /// free the command behind it.
    fn pump(&mut self) {
        loop {
            self.pump_server();
            if self.over {
                return;
            }
            if self.replies.is_there() {
                self.expect();
            }
            match self.client.next_event() {
                Ok(Step::Event(event)) => self.server_says(event),
                Ok(Step::Paused(Pause::StartTls)) => {
                    self.tls = true;
                    return;
                }
                Ok(_) => return,
                // a recording may end where the connection broke
                Err(Fatal::UnexpectedEof(_)) => {
                    self.over = true;
                }
                Err(fatal) => {
                    self.over = true;
                    self.played.counts.malformed_server += 1;
                    self.played.log(Side::Server, "fatal", fatal.to_string());
                }
            }
        }
    }

    fn pump_server(&mut self) {
        while let Some(server) = &mut self.server {
            let step = server.next_event();
            let _ = server.output().take_all();
            match step {
                Ok(Step::Event(event)) => self.client_says(event),
                Ok(Step::Paused(Pause::Drain)) => {}
                Ok(_) | Err(Fatal::UnexpectedEof(_)) => return,
                Err(fatal) => self.server_gives_up(&fatal),
            }
        }
    }

    /// How much of what the client said our server has read.
    fn position(&self) -> usize {
        self.said.len() - self.server.as_ref().map_or(0, Server::unread)
    }

    /// A reply comes: our client is told to what.
    fn expect(&mut self) {
        let reads_data =
            self.content.is_some() && self.waiting.as_ref().is_some_and(|w| w.verb == Verb::Data);
        if reads_data {
            return self.find_other_end();
        }
        if self.waiting.is_none() {
            self.take_second_view();
        }
        let Some(waiting) = &mut self.waiting else { return };
        if waiting.at_client.is_none() {
            match self.client.expect(waiting.kind) {
                Ok(id) => waiting.at_client = Some(id),
                Err(misuse) => self.played.disagree(Side::Client, &misuse),
            }
        }
    }
}
