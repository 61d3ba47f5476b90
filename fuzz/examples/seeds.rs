//! Makes seeds from recordings: `cargo run --example seeds -- FILE.wire...`. It writes small files under
//! `seeds/TARGET/`, named after the recording, and leaves out what is too large to be useful. Those of `auth` are made of its
//! tests' exchanges.

use fuzz::pairs::{self, Carries, Pair};
use imap_codec::decode::Decoder;
use imap_codec::{CommandCodec, ResponseCodec};
use pop3_proto::ReplyKind;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use wire::testing::{Recording, Side};

/// Largest seed, in octets.
const MAX: usize = 2000;
/// Pattern of chunks, as the stream targets take it: whole reads, single octets, small pieces.
const PATTERN: [u8; 4] = [0, 1, 7, 64];

fn main() -> std::io::Result<()> {
    let mut lines = BTreeSet::new();
    let mut smtp = Smtp::default();
    let mut imap = Imap::default();
    for file in std::env::args().skip(1) {
        let recording = match Recording::parse(&std::fs::read(&file)?) {
            Ok(recording) => recording,
            Err(offset) => {
                eprintln!("{file}: not in the format at {offset}");
                continue;
            }
        };
        let name = Path::new(&file).file_stem().unwrap_or_default().to_string_lossy();
        let (client, server) = (recording.stream(Side::Client), recording.stream(Side::Server));
        let folder = Path::new(&file).parent().and_then(Path::file_name).unwrap_or_default();
        if folder == "imap" {
            imap.session(&client, &server);
            continue;
        }
        if folder == "smtp" || folder == "lmtp" {
            smtp.session(&name, folder == "lmtp", &client, &server)?;
            continue;
        }
        let kinds: Vec<ReplyKind> = client.split_inclusive(|&o| o == b'\n').map(ReplyKind::of_line).collect();

        // tolerant, lenient about line ends; then kinds of replies, all known from the start
        let mut head = PATTERN.to_vec();
        head.extend([0b0_1001, u8::try_from(kinds.len().min(9)).unwrap_or(9)]);
        head.extend((0..10).map(|n| kinds.get(n).map_or(0, |kind| index(*kind))));
        write("pop3_client_stream", &name, &[&head, &server[..]].concat())?;

        // answers at once, allows cleartext, has a timestamp, offers everything; mostly says yes
        let mut head = PATTERN.to_vec();
        head.extend([0b1010_1000, 0xff, 2, 2, 2, 2, 2, 2, 2, 1, 2, 0]);
        write("pop3_server_stream", &name, &[&head, &client[..]].concat())?;

        lines.extend(client.split_inclusive(|&o| o == b'\n').map(<[u8]>::to_vec));
        for (at, reply) in replies(&recording).into_iter().enumerate() {
            let (kind, octets) = reply;
            if octets.len() < 600 {
                write("pop3_response", &format!("{name}-{at}"), &[&[index(kind), 1], &octets[..]].concat())?;
            }
            if kind == ReplyKind::Body
                && let Some(first) = octets.iter().position(|&o| o == b'\n')
            {
                let body = &octets[first + 1..];
                write("wire_dot_decode", &format!("{name}-{at}"), &[&[2, 0, 1, 7, 64], body].concat())?;
            }
        }
    }
    for (at, line) in lines.iter().enumerate() {
        write("pop3_command", &format!("line-{at}"), &[&[1], &line[..]].concat())?;
    }
    auth()?;
    smtp.write()?;
    imap.write()
}

/// What was said in the sessions of IMAP: one message of each shape, since there are very many.
#[derive(Default)]
struct Imap {
    commands: Shapes,
    responses: Shapes,
    greetings: Shapes,
    streams: Shapes,
    to_client: Shapes,
    to_server: Shapes,
    literals: Shapes,
}

/// Messages by their words, and by their form.
type Shapes = BTreeMap<Vec<u8>, BTreeMap<Vec<u8>, Vec<u8>>>;

impl Imap {
    fn session(&mut self, client: &[u8], server: &[u8]) {
        use wire::testing::Side::{Client, Server};
        for (side, stream) in [(Client, client), (Server, server)] {
            let of = if side == Client { imap_proto::Side::Client } else { imap_proto::Side::Server };
            let mut start = 0;
            for (n, len) in fuzz::imap::frames(of, stream).into_iter().enumerate() {
                let frame = bytes::Bytes::copy_from_slice(&stream[start..start + len]);
                start += len;
                let cx = imap_proto::Context::new(&frame, wire::Tolerance::Lenient);
                let good = match side {
                    Client => imap_proto::TaggedCommand::parse_in(&cx).is_ok(),
                    Server => imap_proto::Response::parse_in(&cx).is_ok(),
                };
                if !good || len > 400 {
                    continue;
                }
                match side {
                    Client => keep(&mut self.commands, &frame, 2),
                    Server if n == 0 => keep(&mut self.greetings, &frame, 4),
                    Server => keep(&mut self.responses, &frame, 2),
                }
            }
            // the front of the stream, which shows how messages follow each other
            let lens = fuzz::imap::frames(of, stream).into_iter();
            let whole = lens.scan(0, |sum, len| {
                *sum += len;
                (*sum <= 1000).then_some(*sum)
            });
            if let Some(len) = whole.last() {
                let choice = u8::from(side == Client);
                let stream = &stream[..len];
                keep(&mut self.streams, &[&[choice], &PATTERN[..], stream].concat(), 1);
                // each message data as a stream; Default, and in the session
                let machine = u8::from(side == Server);
                if stream.windows(3).any(|octets| octets == b"}\r\n") {
                    keep(&mut self.literals, &[&[machine, 0], stream].concat(), 1);
                }
                match side {
                    // everything is offered, cleartext is taken, most is granted
                    Client => keep(
                        &mut self.to_server,
                        &[&PATTERN[..], &[0b1_0001, 5, 7, 6, 3, 13], stream].concat(),
                        1,
                    ),
                    Server => keep(&mut self.to_client, &to_client(client, stream), 1),
                }
            }
        }
    }

    fn write(self) -> std::io::Result<()> {
        // what the peer of the differential target takes
        let command = |octets: &[u8]| CommandCodec::default().decode(octets).is_ok();
        let response = |octets: &[u8]| ResponseCodec::default().decode(octets).is_ok();
        for (at, octets) in self.commands.values().flat_map(BTreeMap::values).enumerate() {
            if command(octets) {
                write("imap_differential", &format!("command-{at}"), &[&[0], &octets[..]].concat())?;
            }
        }
        for (at, octets) in self.responses.values().flat_map(BTreeMap::values).enumerate() {
            if response(octets) {
                write("imap_differential", &format!("response-{at}"), &[&[1], &octets[..]].concat())?;
            }
        }
        let all = [
            ("imap_command", self.commands, true),
            ("imap_response", self.responses, true),
            ("imap_greeting", self.greetings, true),
            ("imap_framing", self.streams, false),
            ("imap_client_stream", self.to_client, false),
            ("imap_server_stream", self.to_server, false),
            ("imap_framing_differential", self.literals, false),
        ];
        for (target, shapes, choice) in all {
            for (at, octets) in shapes.values().flat_map(BTreeMap::values).enumerate() {
                let head: &[u8] = if choice { &[1] } else { &[] };
                write(target, &format!("seen-{at}"), &[head, octets].concat())?;
            }
        }
        Ok(())
    }
}

/// What a server said, its tags replaced by those that the target's client sends, and which commands that are.
fn to_client(client: &[u8], server: &[u8]) -> Vec<u8> {
    // in the order of the target
    const NAMES: [&str; 16] = [
        "CAPABILITY",
        "NOOP",
        "LOGIN",
        "AUTHENTICATE",
        "-",
        "ENABLE",
        "SELECT",
        "CLOSE",
        "IDLE",
        "UID",
        "SEARCH",
        "UNAUTHENTICATE",
        "LOGOUT",
        "STARTTLS",
        "COMPRESS",
        "LIST",
    ];
    let lines = client.split(|&o| o == b'\n').map(|line| String::from_utf8_lossy(line).to_ascii_uppercase());
    let kinds = lines.filter_map(|line| {
        let word = line.split(' ').nth(1)?.trim_end();
        NAMES.iter().position(|name| *name == word).and_then(|at| u8::try_from(at).ok())
    });
    let kinds: Vec<u8> = kinds.chain([6, 9, 10, 8, 12]).take(5).collect();
    let mut seed = [&PATTERN[..], &[0b1101], &kinds].concat();
    let mut tags = 0;
    for line in server.split_inclusive(|&o| o == b'\n') {
        let end = line.iter().position(|&o| o == b' ').unwrap_or(0);
        let status = line
            .get(end + 1..)
            .is_some_and(|rest| [&b"OK "[..], b"NO ", b"BAD "].iter().any(|kind| rest.starts_with(kind)));
        if status && !line.starts_with(b"*") {
            seed.extend_from_slice(format!("a{tags}").as_bytes());
            seed.extend_from_slice(&line[end..]);
            tags += 1;
        } else {
            seed.extend_from_slice(line);
        }
    }
    seed
}

fn is_keyword(word: &[u8]) -> bool {
    let tables = [imap_proto::Command::KEYWORDS, imap_proto::Response::KEYWORDS, &["UID"]];
    tables.into_iter().flatten().any(|known| known.as_bytes() == word)
}

/// Keeps a message if its form is new, up to so many forms for its first words.
fn keep(shapes: &mut Shapes, octets: &[u8], most: usize) {
    let mut form = Vec::new();
    let mut quoted = false;
    for &octet in octets {
        quoted ^= octet == b'"';
        let octet = match octet {
            b'0'..=b'9' => b'0',
            b'"' => b'"',
            b'A'..=b'Z' if quoted => b'a',
            b'a'..=b'z' if quoted => b'a',
            _ => octet.to_ascii_uppercase(),
        };
        if form.last() != Some(&octet) {
            form.push(octet);
        }
    }
    // the keyword; of statuses the code too
    let words = form.split(|&o| matches!(o, b' ' | b'\r')).skip(1).filter(|word| *word != b"0");
    let known = |word: &&[u8]| word.starts_with(b"[") || is_keyword(word);
    let first = words.take(2).take_while(known).collect::<Vec<_>>().join(&b' ');
    let forms = shapes.entry(first).or_default();
    if forms.len() < most {
        forms.entry(form).or_insert_with(|| octets.to_vec());
    }
}

/// Every message of every mechanism; and for each side what its peer says who has another password: nobody gets in by that.
fn auth() -> std::io::Result<()> {
    let carries = Carries { initial_response: true, success_data: false };
    let talk = |pair: &Pair, password: &str| {
        let mut said = Vec::new();
        let _ = pairs::run(pair, ("tim", password), carries, |side, message| {
            said.push((side, message.clone()));
            message
        });
        said
    };
    let real = pairs::pairs().into_iter().filter(|pair| !pair.name.starts_with("like"));
    for (which, pair) in (0..).zip(real) {
        let name = pair.name.replace([' ', ','], "-");
        for (at, (_, message)) in talk(&pair, pairs::PASSWORD).iter().enumerate() {
            write("auth_message", &format!("{name}-{at}"), message)?;
        }
        // to the server with an initial response; to a client that has sent one
        for (side, settings) in [(pairs::Side::Client, 0b101), (pairs::Side::Server, 0b010)] {
            let all: Vec<Vec<u8>> = talk(&pair, "wrong")
                .into_iter()
                .filter_map(|(from, message)| (from == side).then_some(message))
                .collect();
            let seed = [&[which, settings], &all.join(&b"\r\n"[..])[..]].concat();
            write("auth_mechanism", &format!("{name}-{side:?}"), &seed)?;
        }
    }
    Ok(())
}

/// What was said in the sessions of SMTP and LMTP.
#[derive(Default)]
struct Smtp {
    lines: BTreeSet<Vec<u8>>,
    replies: BTreeSet<Vec<u8>>,
}

impl Smtp {
    fn session(&mut self, name: &str, lmtp: bool, client: &[u8], server: &[u8]) -> std::io::Result<()> {
        // tolerant, lenient about line ends, allows cleartext; offers everything, but SIZE is small; mostly says yes
        let settings = 0b100_1001 | u8::from(lmtp) << 5;
        let head = [&PATTERN[..], &[settings, 0b1011_1111, 0b1_0010, 2, 1, 3, 4, 2, 7, 1, 6, 3]].concat();
        write("smtp_server_stream", name, &[&head, client].concat())?;

        // kinds of replies: all known from the start
        let commands = client.split_inclusive(|&o| o == b'\n').filter_map(|line| {
            let command = smtp_proto::Command::parse(&line.to_vec().into()).ok();
            command.map(|command| command.reply_kind())
        });
        let index = |kind| smtp_proto::ReplyKind::ALL.iter().position(|&known| known == kind);
        let kinds: Vec<u8> =
            commands.filter_map(index).filter_map(|at| u8::try_from(at).ok()).take(10).collect();
        let mut head = PATTERN.to_vec();
        head.extend([0b1001 | u8::from(lmtp) << 5, u8::try_from(kinds.len().min(9)).unwrap_or(9)]);
        head.extend((0..10).map(|n| kinds.get(n).copied().unwrap_or(0)));
        write("smtp_client_stream", name, &[&head, server].concat())?;

        let short = |line: &&[u8]| line.len() < 300;
        self.lines.extend(client.split_inclusive(|&o| o == b'\n').filter(short).map(<[u8]>::to_vec));
        let mut reply = Vec::new();
        for line in server.split_inclusive(|&o| o == b'\n') {
            reply.extend_from_slice(line);
            if line.get(3) != Some(&b'-') {
                self.replies.insert(core::mem::take(&mut reply));
            }
        }
        Ok(())
    }

    fn write(self) -> std::io::Result<()> {
        for (at, line) in self.lines.iter().enumerate() {
            write("smtp_command", &format!("line-{at}"), &[&[1], &line[..]].concat())?;
            write("smtp_differential", &format!("line-{at}"), &[&[0], &line[..]].concat())?;
        }
        for (at, reply) in self.replies.iter().enumerate() {
            write("smtp_reply", &format!("reply-{at}"), &[&[1], &reply[..]].concat())?;
            write("smtp_differential", &format!("reply-{at}"), &[&[1], &reply[..]].concat())?;
            if reply.starts_with(b"250-") {
                write("smtp_differential", &format!("ehlo-{at}"), &[&[2], &reply[..]].concat())?;
            }
        }
        Ok(())
    }
}

fn index(kind: ReplyKind) -> u8 {
    ReplyKind::ALL.iter().position(|&known| known == kind).and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
}

/// Replies in sessions without pipelining: what the server said between two reads of the client.
fn replies(recording: &Recording) -> Vec<(ReplyKind, Vec<u8>)> {
    let mut replies: Vec<(ReplyKind, Vec<u8>)> = Vec::new();
    let mut asked = None;
    for frame in &recording.frames {
        match (frame.side, &mut asked) {
            (Side::Client, _) => asked = Some(ReplyKind::of_line(&frame.data)),
            (Side::Server, Some(kind)) => {
                replies.push((*kind, frame.data.clone()));
                asked = None;
            }
            (Side::Server, None) => match replies.last_mut() {
                Some((_, reply)) => reply.extend_from_slice(&frame.data),
                None => replies.push((ReplyKind::Single, frame.data.clone())),
            },
        }
    }
    replies
}

fn write(target: &str, name: &str, seed: &[u8]) -> std::io::Result<()> {
    if seed.len() > MAX {
        return Ok(());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(name), seed)
}
