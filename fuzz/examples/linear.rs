//! Time of hostile input at n and 2n octets: the ratio should be near 2, whatever the chunks.
//! `cargo run --release --example linear [OCTETS]`

use pop3_proto::client::{Client, Config};
use pop3_proto::server::{self, Server};
use pop3_proto::{Greeting, ReplyKind, Status};
use std::time::Instant;
use wire::testing::drain;
use wire::{Machine, Tolerance};

fn main() {
    let n = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1 << 19);
    println!("{:34} {:>7} {:>10} {:>10} {:>6}", "input", "chunk", "n", "2n", "ratio");
    for (name, kind, unit) in [
        ("body: one line without end", ReplyKind::Body, &b"x"[..]),
        ("body: empty lines", ReplyKind::Body, b"\r\n"),
        ("body: LFs", ReplyKind::Body, b"\n"),
        ("body: CRs", ReplyKind::Body, b"\r"),
        ("body: dots", ReplyKind::Body, b"."),
        ("body: dot CR", ReplyKind::Body, b".\r"),
        ("body: CRLF dot CR", ReplyKind::Body, b"\r\n.\r"),
        ("body: CRLF dot", ReplyKind::Body, b"\r\n."),
        ("body: LF dot LF", ReplyKind::Body, b"\n.\n"),
        ("body: CRLF dot x", ReplyKind::Body, b"\r\n.x"),
        ("LIST lines", ReplyKind::ListAll, b"123 4567\r\n"),
        ("LIST lines that are malformed", ReplyKind::ListAll, b"x\r\n"),
        ("LIST lines with more", ReplyKind::ListAll, b"1  2 x\n"),
        ("UIDL lines", ReplyKind::UidlAll, b"1 xyz\r\n"),
        ("CAPA lines", ReplyKind::Capa, b"X-Y Z\r\n"),
        ("CAPA lines, SASL", ReplyKind::Capa, b"SASL A B C D E F\r\n"),
        ("challenges", ReplyKind::Auth, b"+ eHh4\r\n"),
        ("unsolicited lines", ReplyKind::Single, b"-ERR\r\n"),
        ("empty lines", ReplyKind::Single, b"\r\n"),
    ] {
        let mut stream = b"+OK\r\n".to_vec();
        if kind != ReplyKind::Auth {
            stream.extend_from_slice(b"+OK\r\n");
        }
        measure(name, &stream, unit, n, |chunks| client(kind, chunks));
    }
    for (name, unit) in [
        ("server: one line without end", &b"x"[..]),
        ("server: AUTH without end", b"AUTH "),
        ("server: CRs", b"\r"),
        ("server: empty lines", b"\n"),
        ("server: QUI", b"QUI\r\n"),
        ("server: CAPA ahead", b"CAPA\r\n"),
        ("server: LANG -", b"LANG a-a-a-a\r\n"),
    ] {
        measure(name, b"", unit, n, server);
    }
}

fn measure(name: &str, start: &[u8], unit: &[u8], n: usize, play: impl Fn(&[&[u8]])) {
    for size in [1, 64, usize::MAX] {
        let time = |n: usize| {
            let mut stream = start.to_vec();
            stream.extend(unit.iter().cycle().take(n));
            let chunks: Vec<&[u8]> = stream.chunks(size.min(stream.len())).collect();
            let best = (0..5).map(|_| {
                let start = Instant::now();
                play(&chunks);
                start.elapsed()
            });
            best.min().unwrap_or_default().as_secs_f64() * 1e3
        };
        let (once, twice) = (time(n), time(2 * n));
        let size = if size == usize::MAX { "whole".into() } else { size.to_string() };
        let ratio = twice / once;
        let mark = if ratio > 2.6 && twice > 1.0 { " <---" } else { "" };
        println!("{name:34} {size:>7} {once:>8.2}ms {twice:>8.2}ms {ratio:>6.2}{mark}");
    }
}

fn client(kind: ReplyKind, chunks: &[&[u8]]) {
    let mut config = Config::default();
    config.tolerance = Tolerance::Lenient;
    config.limits.max_line = usize::MAX;
    config.limits.max_reply_lines = None;
    config.limits.max_list_items = None;
    let mut client = Client::new(config);
    client.expect(kind).unwrap();
    for chunk in chunks {
        client.receive(chunk);
        drain(&mut client, |_, event| drop(event));
    }
}

fn server(chunks: &[&[u8]]) {
    let mut config = server::Config::default();
    config.limits.max_bad_commands = None;
    config.limits.max_line = usize::MAX;
    config.limits.max_pipelined = usize::MAX;
    config.tolerance = Tolerance::Lenient;
    let greeting = Greeting::new(Status::ok("").unwrap()).unwrap();
    let mut server = Server::new(config, &greeting);
    for chunk in chunks {
        server.receive(chunk);
        // nothing is answered: all commands wait
        drain(&mut server, |_, event| drop(event));
    }
}
