//! Which workload of POP3 has which contestants.

use crate::body;
use crate::body::workloads::Dots;
use crate::catalogue::{Catalogue, chain, work};
use crate::generator::{WHOLE, chunk_name};
use crate::pop3::{limits, ours, peers, workloads};

/// Full sizes of the drip workloads, chosen so that the quadratic peer needs about a quarter of a second.
const UIDL_DRIP: [(usize, usize); 4] = [(1, 300), (64, 1_500), (1460, 10_000), (65_536, 100_000)];
const RETR_DRIP: [(usize, usize); 4] = [(1, 4 << 10), (64, 32 << 10), (1460, 256 << 10), (65_536, 2 << 20)];

/// Enters them all.
pub fn enter(catalogue: &mut Catalogue<'_>) {
    catalogue.add("pop3/command-parse".into(), |scale| {
        let input = workloads::commands(scale.messages);
        let count = input.each.len() as u64;
        let contestants = chain([
            ours::command_parse(&input),
            peers::command_parse(&input),
            vec![crate::limits::copy(&input.stream, WHOLE)],
        ]);
        work(input.stream.len(), count, "command", count, contestants)
    });
    for chunk in [1, 64, WHOLE] {
        catalogue.add(format!("pop3/command-stream/{}", chunk_name(chunk)), move |scale| {
            let input = workloads::commands(scale.messages);
            let count = input.each.len() as u64;
            let contestants = chain([
                ours::command_stream(&input, chunk),
                peers::command_stream(&input, chunk),
                vec![crate::limits::lines(&input.stream, chunk), crate::limits::copy(&input.stream, chunk)],
            ]);
            work(input.stream.len(), count, "command", count, contestants)
        });
    }
    catalogue.add("pop3/command-encode".into(), |scale| {
        let input = workloads::commands(scale.messages);
        // Keywords in lower case come out in upper case, so the lengths are the same.
        let octets = input.stream.len() as u64;
        let contestants = chain([
            ours::command_encode(&input),
            peers::command_encode(&input),
            vec![crate::limits::copy(&input.stream, WHOLE)],
        ]);
        work(input.stream.len(), input.each.len() as u64, "command", octets, contestants)
    });
    catalogue.add("pop3/greeting-parse".into(), |scale| {
        let input = workloads::greetings(scale.messages / 8);
        let count = input.each.len() as u64;
        let contestants = chain([
            ours::greeting_parse(&input),
            peers::greeting_parse(&input),
            vec![crate::limits::copy(&input.stream, WHOLE)],
        ]);
        work(input.stream.len(), count, "greeting", count, contestants)
    });
    catalogue.add("pop3/reply-parse".into(), |scale| {
        let input = workloads::replies(scale.messages);
        let count = input.kinds.len() as u64;
        let contestants = chain([
            ours::reply_parse(&input),
            peers::reply_parse(&input),
            vec![crate::limits::copy(&input.messages.stream, WHOLE)],
        ]);
        work(input.messages.stream.len(), count, "reply", count, contestants)
    });
    catalogue.add("pop3/reply-encode".into(), |scale| {
        let input = workloads::replies(scale.messages);
        let octets = input.messages.stream.len();
        let contestants = chain([ours::reply_encode(&input), limits::reply_encode(&input)]);
        work(octets, input.kinds.len() as u64, "reply", octets as u64, contestants)
    });
    catalogue.add("pop3/capa-parse".into(), |scale| {
        let input = workloads::capas(scale.messages / 8);
        let contestants = chain([
            ours::capa_parse(&input),
            peers::capa_parse(&input),
            vec![crate::limits::copy(&input.messages.stream, WHOLE)],
        ]);
        work(
            input.messages.stream.len(),
            input.messages.each.len() as u64,
            "CAPA reply",
            input.capabilities,
            contestants,
        )
    });
    catalogue.add("pop3/list-parse".into(), |scale| {
        let input = workloads::list(scale.listing);
        let sum =
            input.entries.iter().map(|(n, size)| u64::from(*n) + size.parse::<u64>().unwrap_or(0)).sum();
        let contestants = chain([
            ours::list_parse(&input),
            peers::list_parse(&input),
            vec![crate::limits::lines(&input.reply, WHOLE), crate::limits::copy(&input.reply, WHOLE)],
        ]);
        work(input.reply.len(), input.entries.len() as u64, "entry", sum, contestants)
    });
    catalogue.add("pop3/uidl-parse".into(), |scale| {
        let input = workloads::uidl(scale.listing);
        let contestants = chain([
            ours::uidl_parse(&input),
            peers::uidl_parse(&input),
            vec![crate::limits::lines(&input.reply, WHOLE), crate::limits::copy(&input.reply, WHOLE)],
        ]);
        work(input.reply.len(), input.entries.len() as u64, "entry", uidl_witness(&input), contestants)
    });
    catalogue.add("pop3/uidl-encode".into(), |scale| {
        let input = workloads::uidl(scale.listing);
        let octets = input.reply.len();
        let contestants = chain([ours::uidl_encode(&input), limits::uidl_encode(&input)]);
        work(octets, input.entries.len() as u64, "entry", octets as u64, contestants)
    });
    for (chunk, full) in UIDL_DRIP {
        catalogue.add(format!("pop3/uidl-drip/{}", chunk_name(chunk)), move |scale| {
            let input = workloads::uidl(full / scale.drip_divisor);
            let contestants = chain([
                ours::uidl_drip(&input, chunk),
                peers::uidl_drip(&input, chunk),
                vec![crate::limits::lines(&input.reply, chunk), crate::limits::copy(&input.reply, chunk)],
            ]);
            work(input.reply.len(), input.entries.len() as u64, "entry", uidl_witness(&input), contestants)
        });
    }
    for (chunk, full) in RETR_DRIP {
        catalogue.add(format!("pop3/retr-drip/{}", chunk_name(chunk)), move |scale| {
            let input = body::workloads::body(full / scale.drip_divisor, Dots::Few);
            let contestants = chain([
                body::ours::decode(&input, chunk),
                vec![ours::retr_decode(&input, chunk)],
                peers::retr_drip(&input, chunk),
                body::peers::data_receiver(&input, chunk),
                body::limits::decode(&input, chunk),
            ]);
            work(input.wire.len(), input.lines, "line", input.raw.len() as u64, contestants)
        });
    }
}

fn uidl_witness(input: &workloads::Listing) -> u64 {
    input.entries.iter().map(|(n, uid)| u64::from(*n) + uid.len() as u64).sum()
}

#[cfg(test)]
mod tests {
    /// What `peers` says about the peers is still true of the versions that are measured.
    #[test]
    fn peers_are_as_described() {
        use pop3_codec::parse::{response_capa, response_retr};

        assert!(response_capa(b"+OK\r\nTOP\r\nUIDL\r\n.\r\n").is_err());
        assert!(response_capa(b"+OK\r\nTOP\r\n\r\nUIDL\r\n\r\n.\r\n").is_ok());
        let dots = response_retr(b"+OK\r\n..x\r\n.\r\n").ok().map(|(_, r)| r.unwrap().body);
        assert_eq!(dots, Some(vec!["..x".to_owned()]));
        assert!(response_retr(b"+OK\r\n\xe9\r\n.\r\n").is_err());
    }
}
