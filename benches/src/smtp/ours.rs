//! Our side. Each function enters our contestants for one workload, the headline first.
//!
//! - The **headline** does what the peer does: one message, one stream to messages. It reads every typed value.
//! - The **machine** does more: order of commands, what was offered, limits, pipelining; it writes replies, and looks at line endings
//!   ([`LineEndings::Strict`](wire::dot::LineEndings)).
//!
//! Everything is inside the closures, drops included.

use std::any::Any;
use std::hint::black_box;
use std::sync::Arc;

use smtp_proto::client::{self, Client};
use smtp_proto::server::{self, Server};
use smtp_proto::{
    Body, ByMode, Capability, Command, Ehlo, EnhancedCode, Keyword, Mail, MailParameter, Mailbox, Rcpt,
    RcptParameter, Reply, ReplyCode, ReplyKind, Ret, RrvsAction, ServerLimits, Verb,
};
use wire::sasl::Mechanism;
use wire::{Found, Input, Machine, Output, Step};

use crate::Contestant;
use crate::body::workloads::Body as Content;
use crate::smtp::workloads::{Commands, Ehlos, Replies, Sessions, told};
use crate::socket::{drain, drained};

/// The longest command that smtp-proto 0.2.5 takes, and Postfix.
const MAX_COMMAND: usize = 2048;

/// What a command adds to the witness: each typed value is read.
#[inline]
fn command_told(command: &Command) -> u64 {
    match command {
        Command::Helo(name) => told::HELO + name.as_bytes().len() as u64,
        Command::Ehlo(name) => told::EHLO + name.as_bytes().len() as u64,
        Command::Mail(mail) => mail_told(mail),
        Command::Rcpt(rcpt) => rcpt_told(rcpt),
        Command::Data => told::DATA,
        Command::Rset => told::RSET,
        Command::Noop(None) => told::NOOP,
        Command::Quit => told::QUIT,
        Command::Vrfy(query) => told::VRFY + query.as_bytes().len() as u64,
        Command::Bdat(bdat) => told::BDAT + bdat.size + u64::from(bdat.last),
        _ => 0,
    }
}

/// The octets of an address without quotes.
#[inline]
fn address_told(parts: Option<(&[u8], &[u8])>, mailbox: impl FnOnce() -> Option<Mailbox>) -> u64 {
    match parts {
        None => 0,
        Some(([b'"', ..], host)) => {
            mailbox().map_or(0, |mailbox| mailbox.local_part_decoded().len() + 1 + host.len()) as u64
        }
        Some((local, host)) => (local.len() + 1 + host.len()) as u64,
    }
}

#[inline]
fn mail_told(mail: &Mail) -> u64 {
    let mut sum = told::MAIL + address_told(mail.address_parts(), || mail.reverse_path().mailbox());
    for parameter in mail.parameters() {
        sum = sum.wrapping_add(match parameter {
            MailParameter::Size(size) => size,
            MailParameter::Body(Body::SevenBit) => told::BODY_7BIT,
            MailParameter::Body(Body::EightBitMime) => told::BODY_8BITMIME,
            MailParameter::SmtpUtf8 => told::SMTPUTF8,
            MailParameter::Ret(Ret::Full) => told::RET_FULL,
            MailParameter::Ret(Ret::Hdrs) => told::RET_HDRS,
            MailParameter::Envid(id) => id.decode().len() as u64,
            MailParameter::Auth(None) => 2,
            MailParameter::Auth(Some(who)) => who.decode().len() as u64,
            MailParameter::By(by) => {
                let mode = if by.mode() == ByMode::Notify { told::BY_NOTIFY } else { told::BY_RETURN };
                (i64::from(by.seconds()) as u64).wrapping_add(mode)
            }
            MailParameter::HoldFor(seconds) => seconds.into(),
            MailParameter::MtPriority(priority) => i64::from(priority) as u64,
            MailParameter::RequireTls => told::REQUIRETLS,
            _ => 0,
        });
    }
    sum
}

#[inline]
fn rcpt_told(rcpt: &Rcpt) -> u64 {
    let mut sum = told::RCPT + address_told(rcpt.address_parts(), || rcpt.forward_path().mailbox());
    for parameter in rcpt.parameters() {
        sum += match parameter {
            RcptParameter::Notify(notify) if notify.is_never() => told::NOTIFY_NEVER,
            RcptParameter::Notify(notify) => {
                let bit = |set, bit| if set { bit } else { 0 };
                bit(notify.success(), told::NOTIFY_SUCCESS)
                    + bit(notify.failure(), told::NOTIFY_FAILURE)
                    + bit(notify.delay(), told::NOTIFY_DELAY)
            }
            RcptParameter::Orcpt(orcpt) => orcpt.decode().len() as u64,
            RcptParameter::Rrvs(rrvs) => match rrvs.action {
                Some(RrvsAction::Continue) => told::RRVS_CONTINUE,
                Some(RrvsAction::Reject) | None => told::RRVS_REJECT,
            },
            _ => 0,
        };
    }
    sum
}

/// Every command by itself.
pub fn command_parse(commands: &Commands) -> Vec<Contestant> {
    let each = commands.messages.each.clone();
    vec![
        Contestant::ours("Command::parse", move || {
            let mut sum: u64 = 0;
            for message in each.iter() {
                let Ok(command) = Command::parse(black_box(message)) else { return 0 };
                sum = sum.wrapping_add(command_told(black_box(&command)));
            }
            sum
        })
        .noting("owned; checks addresses, values and duplicates by their RFCs; keeps what it parsed as it was written"),
    ]
}

/// The commands as one stream that arrives in chunks.
pub fn command_stream(commands: &Commands, chunk: usize) -> Vec<Contestant> {
    let stream = commands.messages.stream.clone();
    vec![Contestant::ours("Input and Command::parse", move || {
        let mut sum: u64 = 0;
        let mut input = Input::new();
        for piece in stream.chunks(chunk) {
            input.receive(black_box(piece));
            while let Found::Line(len) = input.line(MAX_COMMAND) {
                let Ok(command) = Command::parse(&input.take(len)) else { return 0 };
                sum = sum.wrapping_add(command_told(black_box(&command)));
            }
        }
        sum
    })]
}

/// Values to octets.
pub fn command_encode(commands: &Commands) -> Vec<Contestant> {
    let values: Arc<[Command]> =
        commands.messages.each.iter().filter_map(|message| Command::parse(message).ok()).collect();
    let each = values.clone();
    vec![
        Contestant::ours("Command::encode, sent one by one", move || {
            let mut octets = 0;
            let mut output = Output::new();
            for value in each.iter() {
                black_box(value).encode(&mut output);
                octets += drained(&mut output);
            }
            octets
        })
        .noting("gives the buffer back whenever it is empty"),
        Contestant::ours("Command::encode, pipelined", move || {
            let mut output = Output::new();
            for value in values.iter() {
                black_box(value).encode(&mut output);
            }
            drained(&mut output)
        })
        .noting("all of them into one output"),
    ]
}

#[inline]
fn reply_told(reply: &Reply) -> u64 {
    let enhanced = |code: EnhancedCode| {
        code.class() as u64 + u64::from(code.condition().subject()) + u64::from(code.condition().detail())
    };
    let text: usize = reply.lines().map(|line| line.text.len() + 1).sum();
    u64::from(reply.code().get()) + reply.enhanced().map_or(0, enhanced) + text as u64 - 1
}

/// Replies.
pub fn reply_parse(replies: &Replies) -> Vec<Contestant> {
    let each = replies.messages.each.clone();
    vec![
        Contestant::ours("Reply::parse", move || {
            let mut sum = 0;
            for message in each.iter() {
                let Ok(reply) = Reply::parse(black_box(message)) else { return 0 };
                sum += reply_told(black_box(&reply));
            }
            sum
        })
        .noting("keeps its lines and their enhanced codes; the same code on each line is checked"),
    ]
}

/// Replies as one stream that arrives in chunks.
pub fn reply_stream(stream: &bytes::Bytes, chunk: usize) -> Vec<Contestant> {
    let stream = stream.clone();
    vec![Contestant::ours("Input and Reply::parse", move || {
        let mut sum = 0;
        let mut input = Input::new();
        let mut framed = 0;
        for piece in stream.chunks(chunk) {
            input.receive(black_box(piece));
            while let Found::Line(len) = input.line_at(framed, MAX_COMMAND) {
                let line = &input.as_slice()[framed..framed + len];
                framed += len;
                if line.get(3) == Some(&b'-') {
                    continue;
                }
                let Ok(reply) = Reply::parse(&input.take(framed)) else { return 0 };
                framed = 0;
                sum += reply_told(black_box(&reply));
            }
        }
        sum
    })]
}

/// Replies to octets.
pub fn reply_encode(replies: &Replies) -> Vec<Contestant> {
    let values: Arc<[Reply]> =
        replies.messages.each.iter().filter_map(|message| Reply::parse(message).ok()).collect();
    let parts: Vec<(ReplyCode, Option<EnhancedCode>, String)> = replies
        .parts
        .iter()
        .filter_map(|parts| {
            let enhanced =
                parts.enhanced.and_then(|(class, subject, detail)| EnhancedCode::new(class, subject, detail));
            Some((ReplyCode::new(parts.code)?, enhanced, parts.text(false)))
        })
        .collect();
    vec![
        Contestant::ours("Reply::encode", move || {
            let mut output = Output::new();
            for value in values.iter() {
                black_box(value).encode(&mut output);
            }
            drained(&mut output)
        })
        .noting("a reply was checked and has its form when it was made"),
        Contestant::ours("Reply::new and encode", move || {
            let mut output = Output::new();
            for (code, enhanced, text) in &parts {
                let Ok(reply) = Reply::new(*code, *enhanced, black_box(text)) else { return 0 };
                reply.encode(&mut output);
            }
            drained(&mut output)
        })
        .noting("checks the text, wraps long lines, an enhanced code on each line"),
    ]
}

/// What it says, by name.
fn ehlo_told(ehlo: &Ehlo) -> u64 {
    let mut sum = (ehlo.domain().len() + ehlo.greet().len()) as u64;
    sum += ehlo.len() as u64 + ehlo.size().unwrap_or(0) + ehlo.mechanisms().count() as u64;
    if let Some(Capability::DeliverBy(Some(seconds))) = ehlo.get(Keyword::DeliverBy) {
        sum += u64::from(seconds);
    }
    if let Some(Capability::FutureRelease(Some(future))) = ehlo.get(Keyword::FutureRelease) {
        sum += u64::from(future.max_interval);
    }
    sum + limits_told(ehlo.limits())
}

fn limits_told(limits: ServerLimits) -> u64 {
    let all = [limits.mail_max, limits.rcpt_max, limits.rcpt_domain_max];
    all.into_iter().flatten().map(u64::from).sum()
}

/// The same line by line: each is made a value.
fn capabilities_told(ehlo: &Ehlo) -> u64 {
    let told = |capability| match capability {
        Capability::Size(size) => size.unwrap_or(0),
        Capability::Auth(mechanisms) | Capability::OldAuth(mechanisms) => mechanisms.iter().count() as u64,
        Capability::DeliverBy(seconds) => seconds.unwrap_or(0).into(),
        Capability::FutureRelease(Some(future)) => future.max_interval.into(),
        Capability::Limits(limits) => limits_told(limits),
        _ => 0,
    };
    let all: u64 = ehlo.iter().map(|capability| 1 + told(capability)).sum();
    (ehlo.domain().len() + ehlo.greet().len()) as u64 + all
}

/// EHLO replies to typed capabilities.
pub fn ehlo_parse(ehlos: &Ehlos) -> Vec<Contestant> {
    let each = ehlos.messages.each.clone();
    let contestant = |name, told: fn(&Ehlo) -> u64| {
        let each = each.clone();
        Contestant::ours(name, move || {
            let mut sum = 0;
            for message in each.iter() {
                let Ok(ehlo) = Ehlo::parse(black_box(message)) else { return 0 };
                sum += told(black_box(&ehlo));
            }
            sum
        })
    };
    vec![
        contestant("Ehlo::parse", ehlo_told).noting(
            "a set of what is offered; arguments are typed when they are asked for by name; keeps all of it",
        ),
        contestant("Ehlo::parse and iter", capabilities_told).noting("makes a value of each line"),
    ]
}

/// EHLO replies that arrive in chunks.
pub fn ehlo_drip(ehlos: &Ehlos, chunk: usize) -> Vec<Contestant> {
    let each = ehlos.messages.each.clone();
    vec![Contestant::ours("Input and Ehlo::parse", move || {
        let mut sum = 0;
        let mut input = Input::new();
        for message in each.iter() {
            let mut framed = 0;
            for piece in message.chunks(chunk) {
                input.receive(black_box(piece));
                while let Found::Line(len) = input.line_at(framed, MAX_COMMAND) {
                    let goes_on = input.as_slice().get(framed + 3) == Some(&b'-');
                    framed += len;
                    if !goes_on {
                        let Ok(ehlo) = Ehlo::parse(&input.take(framed)) else { return 0 };
                        framed = 0;
                        sum += ehlo_told(black_box(&ehlo));
                    }
                }
            }
        }
        sum
    })]
}

/// What servers offer, to octets.
pub fn ehlo_encode(offers: &Ehlos) -> Vec<Contestant> {
    let values: Vec<Ehlo> =
        offers.messages.each.iter().filter_map(|message| Ehlo::parse(message).ok()).collect();
    let parts = offers.parts.clone();
    vec![
        Contestant::ours("Ehlo::encode", move || {
            let mut output = Output::new();
            for value in &values {
                black_box(value).reply().encode(&mut output);
            }
            drained(&mut output)
        })
        .noting("was checked and has its form when it was made"),
        Contestant::ours("Ehlo::new and encode", move || {
            let mut output = Output::new();
            for parts in parts.iter() {
                let offered = parts.capabilities.iter().filter_map(|line| Capability::parse(line).ok());
                let Ok(ehlo) = Ehlo::new(&parts.domain, &parts.greet, black_box(offered)) else { return 0 };
                ehlo.reply().encode(&mut output);
            }
            drained(&mut output)
        })
        .noting("from lines of text, each checked to be what it says"),
    ]
}

/// What a server says all day.
struct Words {
    config: server::Config,
    greeting: Reply,
    sender: Reply,
    recipient: Reply,
    ok: Reply,
    queued: Reply,
    bye: Reply,
}

fn words() -> Option<Words> {
    let reply = |octets: &'static str| Reply::parse(&octets.into()).ok();
    let auth = ["PLAIN", "LOGIN"].into_iter().filter_map(|name| Mechanism::new(name.as_bytes()).ok());
    let offered = [
        Capability::Pipelining,
        Capability::Size(Some(100_000_000)),
        Capability::auth(auth),
        Capability::EnhancedStatusCodes,
        Capability::EightBitMime,
        Capability::BinaryMime,
        Capability::Chunking,
        Capability::Dsn,
        Capability::SmtpUtf8,
        Capability::DeliverBy(None),
        Capability::MtPriority(None),
        Capability::RequireTls,
        Capability::Rrvs,
        Capability::parse("FUTURERELEASE 999999 2036-12-31T00:00:00Z").ok()?,
    ];
    let mut config = server::Config::new(Ehlo::new("mx.example.org", "", offered).ok()?);
    config.tls = true;
    Some(Words {
        config,
        greeting: reply("220 mx.example.org ESMTP\r\n")?,
        sender: reply("250 2.1.0 Ok\r\n")?,
        recipient: reply("250 2.1.5 Ok\r\n")?,
        ok: reply("250 2.0.0 Ok\r\n")?,
        queued: reply("250 2.0.0 Ok: queued as 4bXk2T1Zc9z9rvV\r\n")?,
        bye: reply("221 2.0.0 Bye\r\n")?,
    })
}

impl Words {
    fn server(&self) -> Server {
        let mut server = Server::new(self.config.clone(), &self.greeting);
        drain(server.output());
        server
    }

    /// Answers everything that is at hand. `None`: something was refused.
    fn serve(&self, server: &mut Server, sum: &mut u64) -> Option<()> {
        loop {
            match server.next_event().ok()? {
                Step::Event(server::Event::Command { id, command }) => {
                    *sum = sum.wrapping_add(command_told(black_box(&command)));
                    match command.verb() {
                        Verb::Mail => server.reply(id, &self.sender),
                        Verb::Rcpt => server.reply(id, &self.recipient),
                        Verb::Data | Verb::Bdat => server.accept_body(id),
                        Verb::Quit => server.reply(id, &self.bye),
                        Verb::Ehlo => server.reply(id, &server.ehlo().reply().clone()),
                        _ => server.reply(id, &self.ok),
                    }
                    .ok()?;
                }
                Step::Event(server::Event::BodyChunk { data, .. }) => *sum += black_box(&data).len() as u64,
                Step::Event(server::Event::BodyEnd { id, last, fault: None, .. }) => {
                    server.reply(id, if last { &self.queued } else { &self.ok }).ok()?;
                }
                Step::NeedInput | Step::Closed => return Some(()),
                Step::Paused(wire::Pause::Drain) => drain(server.output()),
                other => {
                    black_box(&other);
                    return None;
                }
            }
        }
    }
}

/// Sessions through the machine.
pub fn session(sessions: &Sessions, chunk: usize) -> Vec<Contestant> {
    let each = sessions.each.clone();
    let words = words();
    vec![
        Contestant::ours("Server machine", move || {
            let Some(words) = &words else { return 0 };
            let mut sum = 0;
            for session in each.iter() {
                let mut server = words.server();
                for piece in session.iter().flat_map(|part| part.chunks(chunk)) {
                    server.receive(black_box(piece));
                    if words.serve(&mut server, &mut sum).is_none() {
                        return 0;
                    }
                    drain(server.output());
                }
            }
            sum
        })
        .noting(
            "a machine a session: state, order, limits, line endings; answers each command; hands the messages on in pieces",
        ),
    ]
}

/// A body through the machine, with the commands before it.
pub fn data_decode(body: &Content, chunk: usize) -> Contestant {
    let wire = body.wire.clone();
    let words = words();
    Contestant::ours("SMTP Server machine", move || {
        let Some(words) = &words else { return 0 };
        let Some(mut server) = in_data(words) else { return 0 };
        let mut octets = 0;
        for piece in wire.chunks(chunk) {
            server.receive(black_box(piece));
            if words.serve(&mut server, &mut octets).is_none() {
                return 0;
            }
            drain(server.output());
        }
        octets
    })
    .noting("copies what arrives into a buffer once; a whole transaction")
}

/// A server that waits for mail data.
fn in_data(words: &Words) -> Option<Server> {
    let mut server = words.server();
    let commands: [&[u8]; 2] =
        [b"EHLO client.example\r\n", b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"];
    for part in commands {
        server.receive(part);
        words.serve(&mut server, &mut 0)?;
        drain(server.output());
    }
    Some(server)
}

/// A message of so many octets through the server machine, in reads of `read` octets. Gives the octets of content.
pub fn stream(body: &Content, octets: u64, read: usize) -> Option<u64> {
    let mut words = words()?;
    // more than the SIZE that is offered
    words.config.limits.max_message = Some(u64::MAX);
    let mut server = in_data(&words)?;
    let mut content = 0;
    let text = body.wire.strip_suffix(b".\r\n")?;
    let mut left = octets;
    while left > 0 {
        for piece in text.chunks(read) {
            server.receive(piece);
            words.serve(&mut server, &mut content)?;
        }
        left = left.saturating_sub(text.len() as u64);
    }
    server.receive(b".\r\n");
    words.serve(&mut server, &mut content)?;
    (server.state() == smtp_proto::State::Ready).then_some(content)
}

/// A machine that waits for its peer: a name, its size, and how it is made.
pub type Idle = (&'static str, usize, fn() -> Option<Box<dyn Any>>);

/// Machines with nothing to read and nothing to write.
pub fn idle() -> [Idle; 4] {
    fn client_after(exchange: &[(ReplyKind, &[u8])]) -> Option<Box<dyn Any>> {
        let mut client = Client::new(client::Config::default());
        client.receive(b"220 mx.example.org ESMTP\r\n");
        while let Step::Event(event) = client.next_event().ok()? {
            black_box(event);
        }
        for (kind, reply) in exchange {
            client.expect(*kind).ok()?;
            client.receive(reply);
            while let Step::Event(event) = client.next_event().ok()? {
                black_box(event);
            }
        }
        Some(Box::new(client))
    }
    fn used_client() -> Option<Box<dyn Any>> {
        client_after(&[
            (ReplyKind::Hello, b"250-mx.example.org\r\n250-PIPELINING\r\n250 SIZE 100000000\r\n"),
            (ReplyKind::Mail, b"250 2.1.0 Ok\r\n"),
            (ReplyKind::Rcpt, b"250 2.1.5 Ok\r\n"),
            (ReplyKind::Rset, b"250 2.0.0 Ok\r\n"),
        ])
    }
    fn server_after(session: &[&[u8]]) -> Option<Box<dyn Any>> {
        let words = words()?;
        let mut server = words.server();
        for part in session {
            server.receive(part);
            words.serve(&mut server, &mut 0)?;
            drain(server.output());
        }
        Some(Box::new(server))
    }
    [
        ("SMTP Client behind the greeting", size_of::<Client>(), || client_after(&[])),
        ("SMTP Client behind EHLO and a transaction", size_of::<Client>(), used_client),
        ("SMTP Server behind the greeting", size_of::<Server>(), || server_after(&[])),
        ("SMTP Server behind EHLO and a message", size_of::<Server>(), || {
            server_after(&[
                b"EHLO client.example\r\n",
                b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n",
                b"Subject: x\r\n\r\nbody\r\n.\r\n",
            ])
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_machines_can_be_made() {
        for (name, _, make) in idle() {
            assert!(make().is_some(), "{name}");
        }
        let ehlo = words().unwrap().config.ehlo;
        assert!(
            [Keyword::FutureRelease, Keyword::Auth, Keyword::Rrvs].iter().all(|keyword| ehlo.has(*keyword))
        );
    }
}
