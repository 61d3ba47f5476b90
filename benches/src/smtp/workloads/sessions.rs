//! Whole sessions of pipelining clients, as a server receives them.

use std::sync::Arc;

use bytes::Bytes;

use super::commands::{CommandParts, client_name, esmtp_mail, esmtp_rcpt, spelled};
use crate::body::workloads::{Dots, body};
use crate::generator::Rng;

/// How long the messages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// 300 to 3,000 octets: notifications. Most of the work is in the commands.
    Small,
    /// 2 to 64 KiB, most of them short.
    Mail,
}

impl Bodies {
    /// How it stands in a workload's name.
    pub fn name(self) -> &'static str {
        match self {
            Bodies::Small => "small",
            Bodies::Mail => "mail",
        }
    }

    fn octets(self, rng: &mut Rng) -> usize {
        match self {
            Bodies::Small => rng.range(300..3000),
            Bodies::Mail => {
                let bits = rng.range(11..16);
                rng.range(1 << bits..2 << bits)
            }
        }
    }
}

/// Sessions.
#[derive(Clone)]
pub struct Sessions {
    /// Each session in the parts that its client sends without waiting (RFC 2920): EHLO; MAIL, RCPTs and DATA; a body with the
    /// commands of the next transaction; the last body and QUIT.
    pub each: Arc<[Vec<Bytes>]>,
    /// Messages.
    pub messages: u64,
    /// Octets of all.
    pub octets: u64,
    /// What the commands add up to, and the octets of the messages without dots.
    pub told: u64,
}

/// Sessions of one to twenty transactions with `messages` messages together.
pub fn sessions(messages: usize, bodies: Bodies) -> Sessions {
    let mut rng = Rng::new(27);
    let store = Store::new();
    let mut all = Maker::default();
    while all.messages < messages {
        let mut part = String::new();
        let name = client_name(&mut rng);
        all.command(&mut rng, &mut part, CommandParts::Ehlo(name));
        let mut session = vec![Bytes::from(std::mem::take(&mut part))];
        for _ in 0..rng.range(1..21).min(messages - all.messages) {
            all.transaction(&mut rng, &mut part);
            all.command(&mut rng, &mut part, CommandParts::Data);
            session.push(Bytes::from(std::mem::take(&mut part)));
            let octets = bodies.octets(&mut rng);
            let raw = store.message(&mut rng, octets);
            for line in raw.split_inclusive('\n') {
                if line.starts_with('.') {
                    part.push('.');
                }
                part.push_str(line);
            }
            part.push_str(".\r\n");
            all.messages += 1;
            all.told = all.told.wrapping_add(raw.len() as u64);
        }
        all.command(&mut rng, &mut part, CommandParts::Quit);
        session.push(part.into());
        all.sessions.push(session);
    }
    all.finish()
}

/// Sessions of one message each that comes by BDAT, of 16 to 256 KiB in chunks of 4 to 64 KiB, all pipelined behind
/// EHLO; about `octets` together.
pub fn chunked(octets: usize) -> Sessions {
    let mut rng = Rng::new(28);
    let store = Store::new();
    let mut all = Maker::default();
    let mut left = octets;
    while left > 0 {
        let mut part = String::new();
        let name = client_name(&mut rng);
        all.command(&mut rng, &mut part, CommandParts::Ehlo(name));
        let mut session = vec![Bytes::from(std::mem::take(&mut part))];
        all.transaction(&mut rng, &mut part);
        let length = rng.range(16 << 10..256 << 10);
        let mut rest = store.message(&mut rng, length);
        left = left.saturating_sub(rest.len());
        all.told = all.told.wrapping_add(rest.len() as u64);
        while !rest.is_empty() {
            let mut len = rng.range(4 << 10..64 << 10).min(rest.len());
            while !rest.is_char_boundary(len) {
                len -= 1;
            }
            all.command(&mut rng, &mut part, CommandParts::Bdat { octets: len, last: len == rest.len() });
            part.push_str(&rest[..len]);
            rest = &rest[len..];
        }
        all.messages += 1;
        all.command(&mut rng, &mut part, CommandParts::Quit);
        session.push(part.into());
        all.sessions.push(session);
    }
    all.finish()
}

#[derive(Default)]
struct Maker {
    sessions: Vec<Vec<Bytes>>,
    messages: usize,
    told: u64,
}

impl Maker {
    fn command(&mut self, rng: &mut Rng, part: &mut String, command: CommandParts) {
        self.told = self.told.wrapping_add(command.told());
        part.push_str(&spelled(rng, &command));
    }

    /// MAIL and RCPTs.
    fn transaction(&mut self, rng: &mut Rng, part: &mut String) {
        let mail = esmtp_mail(rng);
        // only then may recipients be beyond ASCII
        let utf8 = mail.parameters.iter().any(|(keyword, _)| *keyword == "SMTPUTF8");
        self.command(rng, part, CommandParts::Mail(mail));
        let recipients = if rng.chance(70) { 1 } else { rng.range(2..9) };
        for _ in 0..recipients {
            let utf8 = utf8 && rng.chance(50);
            let rcpt = CommandParts::Rcpt(esmtp_rcpt(rng, utf8));
            self.command(rng, part, rcpt);
        }
    }

    fn finish(self) -> Sessions {
        Sessions {
            messages: self.messages as u64,
            octets: self.sessions.iter().flatten().map(|part| part.len() as u64).sum(),
            told: self.told,
            each: self.sessions.into(),
        }
    }
}

/// Where messages are cut from: a long one, whose lines all differ.
struct Store {
    text: String,
    /// Where lines begin that have no dot there.
    lines: Vec<usize>,
}

impl Store {
    fn new() -> Self {
        let raw = body(2 << 20, Dots::Few).raw;
        let text = String::from_utf8_lossy(&raw).into_owned();
        let mut at = 0;
        let mut lines = Vec::new();
        for line in text.split_inclusive('\n') {
            if !line.starts_with('.') {
                lines.push(at);
            }
            at += line.len();
        }
        Store { text, lines }
    }

    /// Whole lines of about so many octets; the first does not begin with a dot, which smtp-proto 0.2.5 would not see.
    fn message(&self, rng: &mut Rng, octets: usize) -> &str {
        let from = loop {
            let from = self.lines[rng.range(0..self.lines.len())];
            if from + octets + 1024 < self.text.len() {
                break from;
            }
        };
        let mut end = from + octets;
        while self.text.as_bytes()[end - 1] != b'\n' {
            end += 1;
        }
        &self.text[from..end]
    }
}
