//! Which workload of IMAP has which contestants.

use crate::catalogue::{Catalogue, chain, work};
use crate::generator::{CHUNKS, Scale, WHOLE, chunk_name};
use crate::imap::workloads::{self, Input, Kind};
use crate::imap::{limits, ours, peers};
use crate::limits::copy;

/// Octets of a SEARCH line that comes in by single octets: a quarter of a mebibyte, and what those who try again can bear.
const LONG_LINE: usize = 256 << 10;
const BEARABLE_LINE: usize = 4 << 10;

fn make(kind: Kind, scale: Scale) -> Input {
    workloads::responses(kind, scale.messages, scale.listing, scale.body)
}

/// Enters them all.
pub fn enter(catalogue: &mut Catalogue<'_>) {
    for kind in [
        Kind::Lines,
        Kind::Envelope,
        Kind::Structure,
        Kind::List,
        Kind::Search,
        Kind::Esearch,
        Kind::Status,
        Kind::Literal,
        Kind::Big,
        Kind::Mixed,
    ] {
        catalogue.add(format!("imap/response-parse/{}", kind.name()), move |scale| {
            let input = make(kind, scale);
            let mut contestants =
                chain([ours::response_parse(&input, kind), peers::response_parse(&input, kind)]);
            if kind == Kind::Search {
                contestants.push(limits::numbers(&input));
            }
            contestants.extend(limits::parse(&input));
            work(input.messages.stream.len(), input.count, kind.unit(), input.told.all, contestants)
        });
    }
    catalogue.add("imap/command-parse".into(), |scale| {
        let input = workloads::commands(scale.messages);
        let contestants =
            chain([ours::command_parse(&input), peers::command_parse(&input), limits::parse(&input)]);
        work(input.messages.stream.len(), input.count, "command", input.told.all, contestants)
    });
    for kind in [
        Kind::Lines,
        Kind::Envelope,
        Kind::Structure,
        Kind::List,
        Kind::Search,
        Kind::Esearch,
        Kind::Status,
        Kind::Literal,
        Kind::Mixed,
    ] {
        catalogue.add(format!("imap/response-encode/{}", kind.name()), move |scale| {
            let input = make(kind, scale);
            let mut contestants = ours::response_encode(&input);
            if kind != Kind::Esearch {
                contestants.extend(peers::response_encode(&input));
            }
            contestants.push(copy(&input.messages.stream, WHOLE));
            let octets = input.messages.stream.len();
            work(octets, input.count, kind.unit(), octets as u64, contestants)
        });
    }
    catalogue.add("imap/command-encode".into(), |scale| {
        let input = workloads::commands(scale.messages);
        let octets = input.messages.stream.len();
        let contestants = chain([
            ours::command_encode(&input),
            peers::command_encode(&input),
            vec![copy(&input.messages.stream, WHOLE)],
        ]);
        work(octets, input.count, "command", octets as u64, contestants)
    });
    // Everything is in the buffer: what does framing add?
    for kind in [Kind::Mixed, Kind::Lines, Kind::Search, Kind::Literal] {
        catalogue.add(format!("imap/framed/{}", kind.name()), move |scale| {
            let input = make(kind, scale);
            let contestants = chain([ours::response_framed(&input), limits::parse(&input)]);
            work(input.messages.stream.len(), input.count, kind.unit(), input.told.all, contestants)
        });
    }
    for (kind, chunks) in [
        (Kind::Mixed, &CHUNKS[..]),
        (Kind::Search, &CHUNKS[2..]),
        (Kind::Literal, &CHUNKS[2..]),
        (Kind::Big, &CHUNKS[3..]),
    ] {
        for &chunk in chunks {
            catalogue.add(format!("imap/stream/{}/{}", kind.name(), chunk_name(chunk)), move |scale| {
                let input = make(kind, scale);
                // quadratic: minutes
                let again = match kind {
                    Kind::Mixed => chunk > 1,
                    Kind::Search | Kind::Literal | Kind::Big => chunk == WHOLE,
                    _ => true,
                };
                let contestants = chain([
                    ours::response_stream(&input, chunk),
                    peers::response_stream(&input, chunk, again),
                    limits::stream(&input, chunk),
                ]);
                work(input.messages.stream.len(), input.count, kind.unit(), input.told.all, contestants)
            });
        }
    }
    for chunk in CHUNKS {
        catalogue.add(format!("imap/command-stream/{}", chunk_name(chunk)), move |scale| {
            let input = workloads::commands(scale.messages);
            let contestants = chain([
                ours::command_stream(&input, chunk),
                peers::command_stream(&input, chunk),
                limits::stream(&input, chunk),
            ]);
            work(input.messages.stream.len(), input.count, "command", input.told.all, contestants)
        });
    }
    for (name, octets, again, chunks) in [
        ("search-4k", BEARABLE_LINE, true, &[1, 64, WHOLE]),
        ("search-256k", LONG_LINE, false, &[1, 64, WHOLE]),
    ] {
        for &chunk in chunks {
            catalogue.add(format!("imap/drip/{name}/{}", chunk_name(chunk)), move |scale| {
                let input = workloads::search_line(octets / scale.drip_divisor);
                let contestants = chain([
                    ours::response_stream(&input, chunk),
                    peers::response_stream(&input, chunk, again),
                    limits::stream(&input, chunk),
                ]);
                work(input.messages.stream.len(), input.count, "id", input.told.all, contestants)
            });
        }
    }
    #[cfg(feature = "next")]
    sessions(catalogue);
}

/// Whole sessions: 16 at full scale.
#[cfg(feature = "next")]
fn sessions(catalogue: &mut Catalogue<'_>) {
    use crate::imap::session;
    for chunk in [1460, 65_536] {
        catalogue.add(format!("imap/session/client/{}", chunk_name(chunk)), move |scale| {
            let (session, times) = (session::session(), scale.messages as u64 / 256);
            let all = session.to_client.repeat(times as usize).into();
            let limits = vec![copy(&all, chunk), crate::limits::lines(&all, chunk)];
            let contestants = chain([session::client(&session, times, chunk), limits]);
            work(
                all.len(),
                session.responses * times,
                "response",
                session.client_told.wrapping_mul(times),
                contestants,
            )
        });
        catalogue.add(format!("imap/session/server/{}", chunk_name(chunk)), move |scale| {
            let (session, times) = (session::session(), scale.messages as u64 / 256);
            let all = session.to_client.repeat(times as usize).into();
            let limits = vec![copy(&all, chunk), crate::limits::lines(&all, chunk)];
            let contestants = chain([session::server(&session, times, chunk), limits]);
            work(
                all.len(),
                session.responses * times,
                "response",
                session.server_told.wrapping_mul(times),
                contestants,
            )
        });
    }
}
