//! IMAP: framing and codec. What the server said parses as a client reads it, and what the client said as a server does, where the recorded
//! server took it.
//!
//! The machines of IMAP are not built yet. This knows as much of the flow as is needed to tell a command from the octets of a literal and
//! from a line of a SASL exchange: literals wait for `+`, so does the line behind AUTHENTICATE and behind IDLE.

use crate::play::{self, Played};
use bytes::{Bytes, BytesMut};
use imap_proto::{
    Capability, Command, Context, FrameLimits, Framed, Framer, Greeting, Options, Response, Side as Role,
    Tag, TaggedCommand,
};
use wire::testing::Side;
use wire::{Diagnostic, ParseError, Tolerance};

/// As long as any that was recorded.
const LIMITS: usize = 256 << 20;

fn framer(role: Role) -> Framer {
    let mut limits = FrameLimits::RESPONSES;
    limits.max_line = LIMITS;
    limits.max_frame = LIMITS;
    limits.max_inline_literal = if role == Role::Server { u64::MAX } else { 0 };
    Framer::new(role, limits)
}

/// What the client's next octets are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Turn {
    /// Commands.
    Commands,
    /// The rest of a command whose literal waits for `+`.
    Literal(Option<Tag>),
    /// Lines of a SASL exchange, one for each challenge.
    Exchange(Tag, u32),
    /// `DONE`, when the server has said `+`.
    Idle(Tag, bool),
}

pub(crate) struct Session {
    client: BytesMut,
    server: BytesMut,
    commands: Framer,
    responses: Framer,
    greeted: bool,
    turn: Turn,
    /// Commands that the server has not answered: whether we could read them.
    waiting: Vec<Waiting>,
    utf8: bool,
    /// What follows is another protocol.
    over: bool,
    ended: bool,
    at: [u64; 2],
    played: Played,
}

struct Waiting {
    tag: Tag,
    refused: Option<ParseError>,
    then: Then,
}

/// What a command changes if it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Nothing,
    Tls,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            client: BytesMut::new(),
            server: BytesMut::new(),
            commands: framer(Role::Client),
            responses: framer(Role::Server),
            greeted: false,
            turn: Turn::Commands,
            waiting: Vec::new(),
            utf8: false,
            over: false,
            ended: false,
            at: [0; 2],
            played: Played::default(),
        }
    }
}

impl play::Session for Session {
    fn receive(&mut self, side: Side, piece: &[u8], _frame: usize) -> bool {
        self.played.counts.bytes_in += piece.len() as u64;
        match side {
            Side::Client => self.client.extend_from_slice(piece),
            Side::Server => self.server.extend_from_slice(piece),
        }
        self.pump();
        !self.over
    }

    fn end(&mut self) {
        self.ended = true;
        self.pump();
        // a connection may end anywhere
        for (side, left) in [(Side::Client, self.client.len()), (Side::Server, self.server.len())] {
            if left > 0 {
                self.played.log(side, "cut off", format!("{left} octets"));
            }
        }
    }

    fn finish(self) -> Played {
        self.played
    }
}

impl Session {
    fn pump(&mut self) {
        while !self.over && (self.next_command() || self.next_response()) {}
    }

    /// Whether there was one.
    fn next_command(&mut self) -> bool {
        // before the greeting there is nobody to talk to
        if !self.greeted {
            return false;
        }
        match &mut self.turn {
            Turn::Exchange(_, 0) | Turn::Idle(_, false) | Turn::Literal(_) => false,
            Turn::Exchange(_, challenges) => {
                let Some(line) = line(&mut self.client) else { return false };
                *challenges -= 1;
                self.at[0] += line.len() as u64;
                self.played.counts.client_messages += 1;
                self.played.log(
                    Side::Client,
                    "response",
                    if &line[..] == b"*\r\n" { "*" } else { "<redacted>" },
                );
                true
            }
            Turn::Idle(..) => {
                let Some(line) = line(&mut self.client) else { return false };
                self.at[0] += line.len() as u64;
                self.played.counts.client_messages += 1;
                if !line.trim_ascii_end().eq_ignore_ascii_case(b"DONE") {
                    self.played.counts.malformed_client += 1;
                }
                self.played.log(Side::Client, "done", line.escape_ascii().to_string());
                self.turn = Turn::Commands;
                true
            }
            Turn::Commands => match self.commands.next(&self.client) {
                Ok(Framed::NeedMore) => false,
                Ok(Framed::Message(len)) => {
                    let frame = self.client.split_to(len).freeze();
                    self.command(&frame);
                    self.at[0] += len as u64;
                    true
                }
                Ok(Framed::Literal(head)) if head.synchronising => {
                    let tag = TaggedCommand::tag_of(&Bytes::copy_from_slice(&self.client[..head.end]));
                    self.turn = Turn::Literal(tag);
                    true
                }
                Ok(Framed::Literal(_)) => self.keep_literal(),
                Err(error) => self.too_long(Side::Client, &error),
            },
        }
    }

    fn keep_literal(&mut self) -> bool {
        match self.commands.keep() {
            Ok(()) => true,
            Err(error) => self.too_long(Side::Client, &error),
        }
    }

    fn too_long(&mut self, side: Side, error: &imap_proto::TooLong) -> bool {
        // a script that announces more than anybody has
        self.played.log(side, "too long", error.to_string());
        self.over = true;
        false
    }

    fn command(&mut self, frame: &Bytes) {
        self.played.counts.client_messages += 1;
        let parsed = [Tolerance::Strict, Tolerance::Lenient].map(|tolerance| {
            let cx = Context::new(frame, tolerance).at(self.at[0]).utf8(self.utf8);
            TaggedCommand::parse_in(&cx).map(|command| (command, cx.into_repairs()))
        });
        let [strict, lenient] = parsed;
        if strict.is_err() {
            self.played.counts.malformed_client += 1;
        }
        match (strict, lenient) {
            (Ok((command, repairs)), _) | (Err(_), Ok((command, repairs))) => {
                self.repairs(Side::Client, &repairs);
                self.played.log(Side::Client, "command", format!("{command:?}"));
                let options = options(self.utf8, Role::Client);
                let utf8 = self.utf8;
                self.played.round_trip(
                    Side::Client,
                    &command,
                    |command| command.to_bytes(&options),
                    |octets| TaggedCommand::parse_in(&Context::new(octets, Tolerance::Lenient).utf8(utf8)),
                );
                let mut then = Then::Nothing;
                match &command.command {
                    Command::Authenticate(_) => self.turn = Turn::Exchange(command.tag.clone(), 0),
                    Command::Idle => self.turn = Turn::Idle(command.tag.clone(), false),
                    Command::StartTls | Command::Compress(_) => then = Then::Tls,
                    _ => {}
                }
                self.waiting.push(Waiting { tag: command.tag, refused: None, then });
            }
            (Err(_), Err(error)) => {
                self.played.log(Side::Client, "malformed", format!("{error}: {}", frame.escape_ascii()));
                if let Some(tag) = TaggedCommand::tag_of(frame) {
                    self.waiting.push(Waiting { tag, refused: Some(error), then: Then::Nothing });
                }
            }
        }
    }

    fn next_response(&mut self) -> bool {
        let len = match self.responses.next(&self.server) {
            Ok(Framed::Message(len)) => len,
            Ok(_) => return false,
            Err(error) => return self.too_long(Side::Server, &error),
        };
        let frame = self.server.split_to(len).freeze();
        let at = self.at[1];
        self.at[1] += len as u64;
        self.played.counts.server_messages += 1;
        let cx = Context::new(&frame, Tolerance::Default).at(at).utf8(self.utf8);
        if !self.greeted {
            self.greeted = true;
            match Greeting::parse_in(&cx) {
                Ok(greeting) => {
                    self.repairs(Side::Server, &cx.into_repairs());
                    self.played.log(Side::Server, "greeting", format!("{greeting:?}"));
                }
                Err(error) => self.malformed(&frame, &error),
            }
            return true;
        }
        if let (Turn::Exchange(_, challenges), Some(b'+')) = (&mut self.turn, frame.first()) {
            // a challenge, which is not shown
            *challenges += 1;
            self.played.log(Side::Server, "challenge", "<redacted>");
            return true;
        }
        match Response::parse_in(&cx) {
            Ok(response) => {
                self.repairs(Side::Server, &cx.into_repairs());
                self.response(&response);
            }
            Err(error) => self.malformed(&frame, &error),
        }
        true
    }

    fn malformed(&mut self, frame: &[u8], error: &dyn std::fmt::Display) {
        self.played.counts.malformed_server += 1;
        self.played.log(Side::Server, "malformed", format!("{error}: {}", frame.escape_ascii()));
    }

    fn repairs(&mut self, side: Side, repairs: &[Diagnostic]) {
        for repair in repairs {
            self.played.remark(side, format!("{repair}: {}", repair.raw.expose().escape_ascii()));
        }
    }

    fn response(&mut self, response: &Response) {
        self.played.log(Side::Server, "response", format!("{response:?}"));
        let options = options(self.utf8, Role::Server);
        let utf8 = self.utf8;
        self.played.round_trip(
            Side::Server,
            response,
            |response| response.to_bytes(&options),
            |octets| Response::parse_in(&Context::new(octets, Tolerance::Default).utf8(utf8)),
        );
        match response {
            Response::Continue(_) => match &mut self.turn {
                Turn::Literal(_) => {
                    self.turn = Turn::Commands;
                    self.keep_literal();
                }
                Turn::Idle(_, begun) => *begun = true,
                _ => self.played.log(Side::Server, "remark", "nobody waits for it"),
            },
            Response::Tagged(tagged) => {
                let ends = match &self.turn {
                    Turn::Exchange(tag, _) | Turn::Idle(tag, _) => *tag == tagged.tag,
                    Turn::Literal(Some(tag)) => *tag == tagged.tag,
                    // BAD with whatever tag the server has made of it
                    Turn::Literal(None) => true,
                    Turn::Commands => false,
                };
                if ends {
                    if let (Turn::Literal(_), Ok(Framed::Literal(head))) =
                        (&self.turn, self.commands.next(&self.client))
                    {
                        // refused: the client does not send it
                        let _ = self.client.split_to(head.end);
                        self.at[0] += head.end as u64;
                        self.commands.reset();
                        self.played.log(Side::Client, "refused", "a literal");
                    }
                    self.turn = Turn::Commands;
                }
                if let Some(at) = self.waiting.iter().position(|waiting| waiting.tag == tagged.tag) {
                    let waiting = self.waiting.remove(at);
                    if tagged.condition.is_ok() {
                        if let Some(error) = waiting.refused {
                            // no RFC allows it: what a server makes of it is its own policy
                            self.played.log(Side::Client, "policy", error.to_string());
                        }
                        self.over |= waiting.then == Then::Tls;
                    }
                }
            }
            Response::Enabled(enabled) => {
                self.utf8 |= enabled.has(&Capability::Utf8Accept) || enabled.has(&Capability::Imap4Rev2);
            }
            _ => {}
        }
    }
}

fn options(utf8: bool, role: Role) -> Options {
    let mut options = if role == Role::Server { Options::server() } else { Options::default() };
    options.utf8 = utf8;
    options
}

/// A line, off the front.
fn line(octets: &mut BytesMut) -> Option<Bytes> {
    let end = octets.iter().position(|&o| o == b'\n')? + 1;
    Some(octets.split_to(end).freeze())
}
