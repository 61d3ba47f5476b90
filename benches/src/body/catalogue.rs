//! Which body has which contestants.

use crate::body::workloads::{self, Dots};
use crate::body::{limits, ours, peers};
use crate::catalogue::{Catalogue, chain, work};
use crate::generator::{CHUNKS, Scale, WHOLE, chunk_name};
use crate::{pop3, smtp};

/// Enters them all.
pub fn enter(catalogue: &mut Catalogue<'_>) {
    for dots in [Dots::Few, Dots::Every] {
        for (size, chunk) in body_sizes() {
            catalogue.add(
                format!("body/decode/{}{}/{}", dots.name(), size.name(), chunk_name(chunk)),
                move |scale| {
                    let input = workloads::body(size.octets(scale, chunk), dots);
                    let contestants = chain([
                        ours::decode(&input, chunk),
                        vec![pop3::ours::retr_decode(&input, chunk), smtp::ours::data_decode(&input, chunk)],
                        peers::data_receiver(&input, chunk),
                        if chunk >= 1460 { vec![pop3::peers::retr_decode(&input)] } else { Vec::new() },
                        limits::decode(&input, chunk),
                    ]);
                    work(input.wire.len(), input.lines, "line", input.raw.len() as u64, contestants)
                },
            );
        }
    }
    for dots in [Dots::Few, Dots::Every] {
        for (size, chunk) in body_sizes() {
            catalogue.add(
                format!("body/encode/{}{}/{}", dots.name(), size.name(), chunk_name(chunk)),
                move |scale| {
                    let input = workloads::body(size.octets(scale, chunk), dots);
                    let contestants = chain([ours::encode(&input, chunk), limits::encode(&input, chunk)]);
                    work(input.wire.len(), input.lines, "line", input.wire.len() as u64, contestants)
                },
            );
        }
    }
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

#[cfg(test)]
mod tests {
    use stalwart::request::receiver::DataReceiver;

    /// What `peers` says about the peer is still true of the version that is measured.
    #[test]
    fn peer_is_as_described() {
        let mut out = Vec::new();
        assert!(!DataReceiver::new().ingest(&mut b".\r\n".iter(), &mut out), "empty message");
        out.clear();
        assert!(DataReceiver::new().ingest(&mut b"..x\r\n.\r\n".iter(), &mut out));
        assert_eq!(out, b"..x\r\n", "first line");
    }
}
