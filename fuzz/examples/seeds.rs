//! Makes seeds from recordings: `cargo run --example seeds -- FILE.wire...`. It writes small files under
//! `seeds/TARGET/`, named after the recording, and leaves out what is too large to be useful.

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
    Ok(())
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
