//! Which workload of SMTP has which contestants.

use crate::catalogue::{Catalogue, chain, work};
use crate::generator::{CHUNKS, WHOLE, chunk_name};
use crate::limits::{copy, lines};
use crate::smtp::workloads::{self, Bodies, Commands, Kind};
use crate::smtp::{limits, ours, peers};

/// Octets of one long reply that drips in: smtp-proto takes 4,096.
const LONG_REPLY: usize = 3800;

type Make = fn(usize) -> Commands;

/// Enters them all.
pub fn enter(catalogue: &mut Catalogue<'_>) {
    let kinds: [(&str, Make); 2] = [("plain", workloads::commands), ("esmtp", workloads::esmtp_commands)];
    for (kind, make) in kinds {
        catalogue.add(format!("smtp/command-parse/{kind}"), move |scale| {
            let input = make(scale.messages);
            let contestants = chain([
                ours::command_parse(&input),
                peers::command_parse(&input),
                limits::command_parse(&input),
            ]);
            work(input.messages.stream.len(), input.parts.len() as u64, "command", input.told, contestants)
        });
    }
    for (kind, make) in kinds {
        for chunk in CHUNKS {
            catalogue.add(format!("smtp/command-stream/{kind}/{}", chunk_name(chunk)), move |scale| {
                let input = make(scale.messages);
                let stream = &input.messages.stream;
                let contestants = chain([
                    ours::command_stream(&input, chunk),
                    peers::command_stream(&input, chunk),
                    vec![lines(stream, chunk), copy(stream, chunk)],
                ]);
                work(stream.len(), input.parts.len() as u64, "command", input.told, contestants)
            });
        }
    }
    for (kind, make) in kinds {
        catalogue.add(format!("smtp/command-encode/{kind}"), move |scale| {
            let input = make(scale.messages);
            let octets = input.messages.stream.len();
            let contestants = chain([
                ours::command_encode(&input),
                peers::command_encode(&input),
                vec![copy(&input.messages.stream, WHOLE)],
            ]);
            work(octets, input.parts.len() as u64, "command", octets as u64, contestants)
        });
    }
    for kind in [Kind::Mixed, Kind::Single, Kind::Multi] {
        catalogue.add(format!("smtp/reply-parse/{}", kind.name()), move |scale| {
            let input = workloads::replies(scale.messages, kind);
            let contestants = chain([
                ours::reply_parse(&input),
                peers::reply_parse(&input),
                vec![copy(&input.messages.stream, WHOLE)],
            ]);
            work(input.messages.stream.len(), input.parts.len() as u64, "reply", input.told, contestants)
        });
    }
    for chunk in CHUNKS {
        catalogue.add(format!("smtp/reply-stream/{}", chunk_name(chunk)), move |scale| {
            let input = workloads::replies(scale.messages, Kind::Mixed);
            let stream = &input.messages.stream;
            let contestants = chain([
                ours::reply_stream(stream, chunk),
                peers::reply_stream(stream, chunk),
                vec![lines(stream, chunk), copy(stream, chunk)],
            ]);
            work(stream.len(), input.parts.len() as u64, "reply", input.told, contestants)
        });
    }
    for chunk in [1, 64] {
        catalogue.add(format!("smtp/reply-drip/{}", chunk_name(chunk)), move |scale| {
            let parts = workloads::long_reply(LONG_REPLY / scale.drip_divisor);
            let octets = parts.octets().into();
            let contestants = chain([
                ours::reply_stream(&octets, chunk),
                peers::reply_stream(&octets, chunk),
                vec![lines(&octets, chunk), copy(&octets, chunk)],
            ]);
            work(octets.len(), parts.lines.len() as u64, "line", parts.told(), contestants)
        });
    }
    for kind in [Kind::Mixed, Kind::Single, Kind::SingleEnhanced, Kind::Multi] {
        catalogue.add(format!("smtp/reply-encode/{}", kind.name()), move |scale| {
            let input = workloads::replies(scale.messages, kind);
            let octets = input.messages.stream.len();
            let contestants = chain([
                ours::reply_encode(&input),
                peers::reply_encode(&input),
                limits::reply_encode(&input),
            ]);
            work(octets, input.parts.len() as u64, "reply", octets as u64, contestants)
        });
    }
    catalogue.add("smtp/ehlo-parse".into(), |scale| {
        let input = workloads::ehlos(scale.messages / 4);
        let contestants =
            chain([ours::ehlo_parse(&input), peers::ehlo_parse(&input), limits::ehlo_parse(&input)]);
        work(input.messages.stream.len(), input.parts.len() as u64, "EHLO reply", input.told, contestants)
    });
    for chunk in [1, 64] {
        catalogue.add(format!("smtp/ehlo-drip/{}", chunk_name(chunk)), move |scale| {
            let input = workloads::ehlos(scale.messages / 16);
            let contestants = chain([
                ours::ehlo_drip(&input, chunk),
                peers::ehlo_drip(&input, chunk),
                vec![lines(&input.messages.stream, chunk)],
            ]);
            work(input.messages.stream.len(), input.parts.len() as u64, "EHLO reply", input.told, contestants)
        });
    }
    catalogue.add("smtp/ehlo-encode".into(), |scale| {
        let input = workloads::offers(scale.messages / 4);
        let octets = input.messages.stream.len();
        let contestants = chain([
            ours::ehlo_encode(&input),
            peers::ehlo_encode(&input),
            vec![copy(&input.messages.stream, WHOLE)],
        ]);
        work(octets, input.parts.len() as u64, "EHLO reply", octets as u64, contestants)
    });
    for (bodies, chunks) in [(Bodies::Small, &CHUNKS[..]), (Bodies::Mail, &CHUNKS[2..])] {
        for &chunk in chunks {
            catalogue.add(format!("smtp/session/{}/{}", bodies.name(), chunk_name(chunk)), move |scale| {
                let input = workloads::sessions(scale.messages / 16, bodies);
                let contestants = chain([
                    ours::session(&input, chunk),
                    peers::session(&input, chunk),
                    limits::session(&input.each, chunk),
                ]);
                work(input.octets as usize, input.messages, "message", input.told, contestants)
            });
        }
    }
    for chunk in [1460, 65_536] {
        catalogue.add(format!("smtp/session/bdat/{}", chunk_name(chunk)), move |scale| {
            let input = workloads::chunked(scale.body.min(16 << 20));
            let contestants = chain([
                ours::session(&input, chunk),
                peers::session(&input, chunk),
                limits::session(&input.each, chunk),
            ]);
            work(input.octets as usize, input.messages, "message", input.told, contestants)
        });
    }
}
