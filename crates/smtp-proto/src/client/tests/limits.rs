//! Limits, each at n and at n + 1.

use super::*;

fn waiting(change: impl Fn(&mut Config)) -> Client {
    let mut config = Config::default();
    change(&mut config);
    let mut client = greeted(config);
    client.send(&command("EHLO a")).unwrap();
    client
}

#[test]
fn case_96_the_length_of_a_line() {
    for (len, good) in [(4096, true), (4097, false), (100_000, false)] {
        let line = format!("250 {}\r\n", "x".repeat(len - 6));
        at_every_split(
            || waiting(|_| {}),
            line.as_bytes(),
            |_, end| {
                let over = End::Failed(Fatal::Limit { kind: LimitKind::Line, limit: 4096 });
                assert_eq!(*end, if good { End::NeedInput } else { over }, "{len}");
            },
        );
    }
}

#[test]
fn case_95_the_lines_of_a_reply() {
    for (lines, good) in [(5, true), (6, false)] {
        let stream = format!("{}250 z\r\n", "250-a\r\n".repeat(lines - 1));
        at_every_split(
            || waiting(|c| c.limits.max_reply_lines = 5),
            stream.as_bytes(),
            |_, end| {
                let over = End::Failed(Fatal::Limit { kind: LimitKind::ReplyLines, limit: 5 });
                assert_eq!(*end, if good { End::NeedInput } else { over }, "{lines}");
            },
        );
    }
    let endless = "250-\r\n".repeat(2000);
    at_every_split(
        || waiting(|_| {}),
        endless.as_bytes(),
        |events, end| {
            assert!(events.is_empty() && matches!(end, End::Failed(_)));
        },
    );
}

#[test]
fn case_95_the_octets_of_a_reply() {
    for (octets, good) in [(70, true), (77, false)] {
        let stream = format!("{}250 z\r\n", "250-a\r\n".repeat(octets / 7 - 1));
        let small = |c: &mut Config| (c.limits.max_reply, c.limits.max_reply_line) = (70, 30);
        at_every_split(
            || waiting(small),
            stream.as_bytes(),
            |_, end| {
                let over = End::Failed(Fatal::Limit { kind: LimitKind::Frame, limit: 70 });
                assert_eq!(*end, if good { End::NeedInput } else { over }, "{octets}");
            },
        );
    }
}

#[test]
fn commands_without_a_reply() {
    let mut client = ready(Config {
        limits: {
            let mut l = crate::Limits::client();
            l.max_pipelined = 3;
            l
        },
        ..Config::default()
    });
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    for _ in 0..2 {
        client.send(&command("RCPT TO:<a@b>")).unwrap();
    }
    assert_eq!(client.send(&command("RCPT TO:<a@b>")), Err(Misuse::PipelineFull));
    client.receive(b"250 ok\r\n");
    let _reply = next(&mut client);
    client.send(&command("RCPT TO:<a@b>")).unwrap();
}
