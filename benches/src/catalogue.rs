//! Which workload has which contestants.

use crate::body::workloads::Dots;
use crate::generator::{CHUNKS, Scale, WHOLE, chunk_name};
use crate::pop3::{ours, peers, workloads};
use crate::{Workload, body, limits, pop3};

/// Full sizes of the drip workloads, chosen so that the quadratic peer needs about a quarter of a second.
const UIDL_DRIP: [(usize, usize); 4] = [(1, 300), (64, 1_500), (1460, 10_000), (65_536, 100_000)];
const RETR_DRIP: [(usize, usize); 4] = [(1, 4 << 10), (64, 32 << 10), (1460, 256 << 10), (65_536, 2 << 20)];

/// A workload that is not made yet.
pub struct Entry {
    /// See [`Workload::id`].
    pub id: String,
    /// Its place in the whole catalogue.
    pub order: usize,
    make: Box<dyn Fn(Scale) -> Workload>,
}

impl Entry {
    /// Counting instructions or allocations would give the same numbers as another workload.
    pub fn only_time(&self) -> bool {
        self.id.contains("-hot/")
    }

    /// Makes the input and the contestants.
    pub fn make(&self, scale: Scale) -> Workload {
        let mut workload = (self.make)(scale);
        workload.id.clone_from(&self.id);
        workload
    }
}

/// All workloads whose name contains one of the words, in the order of the report; no words: all.
pub fn entries(words: &[String]) -> Vec<Entry> {
    let mut all = Vec::new();
    let mut order = 0;
    let mut add = |id: String, make: Box<dyn Fn(Scale) -> Workload>| {
        order += 1;
        if words.is_empty() || words.iter().any(|word| id.contains(word.as_str())) {
            all.push(Entry { id, order, make });
        }
    };

    add(
        "command-parse".into(),
        Box::new(|scale| {
            let input = workloads::commands(scale.messages);
            let count = input.each.len() as u64;
            let contestants = chain([
                ours::command_parse(&input),
                peers::command_parse(&input),
                vec![limits::copy(&input.stream, WHOLE)],
            ]);
            work(input.stream.len(), count, "command", count, contestants)
        }),
    );
    for chunk in [1, 64, WHOLE] {
        add(
            format!("command-stream/{}", chunk_name(chunk)),
            Box::new(move |scale| {
                let input = workloads::commands(scale.messages);
                let count = input.each.len() as u64;
                let contestants = chain([
                    ours::command_stream(&input, chunk),
                    peers::command_stream(&input, chunk),
                    vec![limits::lines(&input.stream, chunk), limits::copy(&input.stream, chunk)],
                ]);
                work(input.stream.len(), count, "command", count, contestants)
            }),
        );
    }
    add(
        "command-encode".into(),
        Box::new(|scale| {
            let input = workloads::commands(scale.messages);
            // Keywords in lower case come out in upper case, so the lengths are the same.
            let octets = input.stream.len() as u64;
            let contestants = chain([
                ours::command_encode(&input),
                peers::command_encode(&input),
                vec![limits::copy(&input.stream, WHOLE)],
            ]);
            work(input.stream.len(), input.each.len() as u64, "command", octets, contestants)
        }),
    );
    add(
        "greeting-parse".into(),
        Box::new(|scale| {
            let input = workloads::greetings(scale.messages / 8);
            let count = input.each.len() as u64;
            let contestants = chain([
                ours::greeting_parse(&input),
                peers::greeting_parse(&input),
                vec![limits::copy(&input.stream, WHOLE)],
            ]);
            work(input.stream.len(), count, "greeting", count, contestants)
        }),
    );
    add(
        "reply-parse".into(),
        Box::new(|scale| {
            let input = workloads::replies(scale.messages);
            let count = input.kinds.len() as u64;
            let contestants = chain([
                ours::reply_parse(&input),
                peers::reply_parse(&input),
                vec![limits::copy(&input.messages.stream, WHOLE)],
            ]);
            work(input.messages.stream.len(), count, "reply", count, contestants)
        }),
    );
    add(
        "reply-encode".into(),
        Box::new(|scale| {
            let input = workloads::replies(scale.messages);
            let octets = input.messages.stream.len();
            let contestants = chain([ours::reply_encode(&input), pop3::limits::reply_encode(&input)]);
            work(octets, input.kinds.len() as u64, "reply", octets as u64, contestants)
        }),
    );
    add(
        "capa-parse".into(),
        Box::new(|scale| {
            let input = workloads::capas(scale.messages / 8);
            let contestants = chain([
                ours::capa_parse(&input),
                peers::capa_parse(&input),
                vec![limits::copy(&input.messages.stream, WHOLE)],
            ]);
            work(
                input.messages.stream.len(),
                input.messages.each.len() as u64,
                "CAPA reply",
                input.capabilities,
                contestants,
            )
        }),
    );
    add(
        "list-parse".into(),
        Box::new(|scale| {
            let input = workloads::list(scale.listing);
            let sum =
                input.entries.iter().map(|(n, size)| u64::from(*n) + size.parse::<u64>().unwrap_or(0)).sum();
            let contestants = chain([
                ours::list_parse(&input),
                peers::list_parse(&input),
                vec![limits::lines(&input.reply, WHOLE), limits::copy(&input.reply, WHOLE)],
            ]);
            work(input.reply.len(), input.entries.len() as u64, "entry", sum, contestants)
        }),
    );
    add(
        "uidl-parse".into(),
        Box::new(|scale| {
            let input = workloads::uidl(scale.listing);
            let contestants = chain([
                ours::uidl_parse(&input),
                peers::uidl_parse(&input),
                vec![limits::lines(&input.reply, WHOLE), limits::copy(&input.reply, WHOLE)],
            ]);
            work(input.reply.len(), input.entries.len() as u64, "entry", uidl_witness(&input), contestants)
        }),
    );
    add(
        "uidl-encode".into(),
        Box::new(|scale| {
            let input = workloads::uidl(scale.listing);
            let octets = input.reply.len();
            let contestants = chain([ours::uidl_encode(&input), pop3::limits::uidl_encode(&input)]);
            work(octets, input.entries.len() as u64, "entry", octets as u64, contestants)
        }),
    );
    for (chunk, full) in UIDL_DRIP {
        add(
            format!("uidl-drip/{}", chunk_name(chunk)),
            Box::new(move |scale| {
                let input = workloads::uidl(full / scale.drip_divisor);
                let contestants = chain([
                    ours::uidl_drip(&input, chunk),
                    peers::uidl_drip(&input, chunk),
                    vec![limits::lines(&input.reply, chunk), limits::copy(&input.reply, chunk)],
                ]);
                work(
                    input.reply.len(),
                    input.entries.len() as u64,
                    "entry",
                    uidl_witness(&input),
                    contestants,
                )
            }),
        );
    }
    for dots in [Dots::Few, Dots::Every] {
        for (size, chunk) in body_sizes() {
            add(
                format!("retr-decode/{}{}/{}", dots.name(), size.name(), chunk_name(chunk)),
                Box::new(move |scale| {
                    let input = body::workloads::body(size.octets(scale, chunk), dots);
                    let contestants = chain([
                        body::ours::retr_decode(&input, chunk),
                        vec![ours::retr_decode(&input, chunk)],
                        body::peers::data_receiver(&input, chunk),
                        if chunk >= 1460 { vec![peers::retr_decode(&input)] } else { Vec::new() },
                        body::limits::retr_decode(&input, chunk),
                    ]);
                    work(input.wire.len(), input.lines, "line", input.raw.len() as u64, contestants)
                }),
            );
        }
    }
    for dots in [Dots::Few, Dots::Every] {
        for (size, chunk) in body_sizes() {
            add(
                format!("retr-encode/{}{}/{}", dots.name(), size.name(), chunk_name(chunk)),
                Box::new(move |scale| {
                    let input = body::workloads::body(size.octets(scale, chunk), dots);
                    let contestants = chain([
                        body::ours::retr_encode(&input, chunk),
                        body::limits::retr_encode(&input, chunk),
                    ]);
                    work(input.wire.len(), input.lines, "line", input.wire.len() as u64, contestants)
                }),
            );
        }
    }
    for (chunk, full) in RETR_DRIP {
        add(
            format!("retr-drip/{}", chunk_name(chunk)),
            Box::new(move |scale| {
                let input = body::workloads::body(full / scale.drip_divisor, Dots::Few);
                let contestants = chain([
                    body::ours::retr_decode(&input, chunk),
                    vec![ours::retr_decode(&input, chunk)],
                    peers::retr_drip(&input, chunk),
                    body::peers::data_receiver(&input, chunk),
                    body::limits::retr_decode(&input, chunk),
                ]);
                work(input.wire.len(), input.lines, "line", input.raw.len() as u64, contestants)
            }),
        );
    }
    all
}

/// Bodies come in two sizes: 50 MiB, which is bound by the memory's speed as much as by the code, and one that stays in the
/// second-level cache, where what was just read from a socket is.
#[derive(Clone, Copy)]
enum Size {
    Full,
    Hot,
}

impl Size {
    fn name(self) -> &'static str {
        match self {
            Size::Full => "",
            Size::Hot => "-hot",
        }
    }

    fn octets(self, scale: Scale, chunk: usize) -> usize {
        match self {
            // an octet at a time is slow for everybody, and has nothing to do with the memory's speed
            Size::Full if chunk == 1 => scale.body / 16,
            Size::Full => scale.body,
            Size::Hot => scale.body.min(512 << 10),
        }
    }
}

fn body_sizes() -> impl Iterator<Item = (Size, usize)> {
    let full = CHUNKS.into_iter().map(|chunk| (Size::Full, chunk));
    full.chain([1460, 65_536, WHOLE].map(|chunk| (Size::Hot, chunk)))
}

fn uidl_witness(input: &workloads::Listing) -> u64 {
    input.entries.iter().map(|(n, uid)| u64::from(*n) + uid.len() as u64).sum()
}

fn chain<const N: usize>(lists: [Vec<crate::Contestant>; N]) -> Vec<crate::Contestant> {
    lists.into_iter().flatten().collect()
}

fn work(
    bytes: usize,
    messages: u64,
    unit: &'static str,
    witness: u64,
    contestants: Vec<crate::Contestant>,
) -> Workload {
    Workload { id: String::new(), bytes: bytes as u64, messages, unit, witness, contestants }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_does_the_job() {
        for entry in entries(&[]) {
            let mut workload = entry.make(Scale::TINY);
            if let Err(wrong) = workload.check() {
                panic!("{wrong}");
            }
        }
    }

    /// What `peers` says about the peers is still true of the versions that are measured.
    #[test]
    fn peers_are_as_described() {
        use pop3_codec::parse::{response_capa, response_retr};
        use smtp_proto::request::receiver::DataReceiver;

        assert!(response_capa(b"+OK\r\nTOP\r\nUIDL\r\n.\r\n").is_err());
        assert!(response_capa(b"+OK\r\nTOP\r\n\r\nUIDL\r\n\r\n.\r\n").is_ok());
        let dots = response_retr(b"+OK\r\n..x\r\n.\r\n").ok().map(|(_, r)| r.unwrap().body);
        assert_eq!(dots, Some(vec!["..x".to_owned()]));
        assert!(response_retr(b"+OK\r\n\xe9\r\n.\r\n").is_err());

        let mut out = Vec::new();
        assert!(!DataReceiver::new().ingest(&mut b".\r\n".iter(), &mut out), "empty message");
        out.clear();
        assert!(DataReceiver::new().ingest(&mut b"..x\r\n.\r\n".iter(), &mut out));
        assert_eq!(out, b"..x\r\n", "first line");
    }
}
