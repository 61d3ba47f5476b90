//! Makes seeds from recordings: `cargo run --example seeds -- FILE.wire...`. It writes small files under
//! `seeds/TARGET/`, named after the recording, and leaves out what is too large to be useful. Those of `auth` are made of its
//! tests' exchanges.

use fuzz::pairs::{self, Carries, Pair};
use pop3_proto::ReplyKind;
use std::collections::BTreeSet;
use std::path::Path;
use wire::testing::{Recording, Side};

/// Largest seed, in octets.
const MAX: usize = 2000;
/// Pattern of chunks, as the stream targets take it: whole reads, single octets, small pieces.
const PATTERN: [u8; 4] = [0, 1, 7, 64];

fn main() -> std::io::Result<()> {
    let mut lines = BTreeSet::new();
    let mut smtp = Smtp::default();
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
    smtp.write()
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
