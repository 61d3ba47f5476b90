//! Mail data: what ends it, and what a bare CR or LF is.

use super::*;

const POLICIES: [LineEndings; 3] = [LineEndings::Strict, LineEndings::Normalise, LineEndings::Lenient];

fn with(policy: LineEndings) -> Config {
    Config { line_endings: policy, ..config() }
}

/// Under no policy may any of these end the data; a second transaction behind them is never seen.
#[test]
fn cases_4_to_15_only_crlf_dot_crlf_ends_the_data() {
    let smuggled = "MAIL FROM:<x@y>\r\nRCPT TO:<z@z>\r\nDATA\r\nsmuggled\r\n";
    for variant in [
        "\n.\n",
        "\n.\r\n",
        "\r.\r",
        "\r.\n",
        "\n.\r",
        "\r\n.\n",
        "\r.\r\n",
        "\r\n.\r",
        "\r\n.\0\r\n",
        "\r\n\0.\r\n",
        "\r\n. \r\n",
        "\r\n.\r\r\n",
        "\r\n.\r\r\r\n",
        "\r\r\n.\r\r\n",
        "\n\n.\n",
        "\n.\r-\r.\n",
        "\r\n.x\r\n",
    ] {
        for policy in POLICIES {
            let stream = format!("a{variant}{smuggled}");
            at_every_split(
                || receiving(with(policy)),
                stream.as_bytes(),
                |events, end| {
                    assert_eq!((ends(events).len(), commands(events)), (0, 0), "{policy:?} {variant:?}");
                    assert_eq!(*end, End::NeedInput);
                },
            );
            // and with the true end it is one message, refused or not
            let stream = format!("{stream}.\r\nNOOP\r\n");
            at_every_split(
                || receiving(with(policy)),
                stream.as_bytes(),
                |events, _| {
                    let bare = matches!(
                        policy,
                        LineEndings::Strict if variant != "\r\n.\0\r\n" && variant != "\r\n\0.\r\n"
                            && variant != "\r\n. \r\n" && variant != "\r\n.x\r\n"
                    ) || (policy == LineEndings::Normalise && variant == "\r\n.\n");
                    assert_eq!(ends(events).len(), 1, "{policy:?} {variant:?}");
                    assert_eq!(ends(events)[0].is_some(), bare, "{policy:?} {variant:?}");
                    // behind a refused one nothing is read: the connection is closed
                    assert_eq!(commands(events), usize::from(!bare), "{policy:?} {variant:?}");
                },
            );
        }
    }
}

#[test]
fn what_the_data_is() {
    for (stream, body) in [
        (&b"a\r\n.\r\n"[..], &b"a\r\n"[..]),  // 1
        (b"..x\r\n.\r\n", b".x\r\n"),         // 3
        (b"a\r\n..\r\n.\r\n", b"a\r\n.\r\n"), // 19
        (b"a\r\n.b\r\n.\r\n", b"a\r\nb\r\n"), // 20
        (b".\r\n", b""),
    ] {
        at_every_split(
            || receiving(config()),
            stream,
            |events, end| {
                assert_eq!(
                    (content(events), end),
                    (body.to_vec(), &End::NeedInput),
                    "{}",
                    stream.escape_ascii()
                );
                let lone = stream.windows(4).any(|w| w == b"\n.b\r");
                assert_eq!(rules(events), if lone { vec![rule::LONE_DOT] } else { vec![] });
                assert_eq!(ends(events), [None]);
            },
        );
    }
}

#[test]
fn case_16_a_bare_cr_before_a_proper_end() {
    at_every_split(
        || receiving(with(LineEndings::Strict)),
        b"a\r\r\n.\r\n",
        |events, end| {
            let [Some(BodyFault::LineEnding(finding))] = ends(events)[..] else { panic!("{events:?}") };
            assert_eq!((finding.kind, finding.offset), (FindingKind::BareCr, 1));
            assert_eq!(content(events), b"a", "nothing of it is handed out from there on");
            assert_eq!(*end, End::Closed);
        },
    );
    let mut server = receiving(with(LineEndings::Strict));
    server.receive(b"a\nb\r\n.\r\n");
    while !matches!(next(&mut server), Event::BodyEnd { .. }) {}
    let id = CommandId::FIRST.next().next().next().next();
    assert_eq!(server.reply(id, &ok()), Err(Misuse::WrongReply), "what is faulty cannot be accepted");
    server.reply(id, &no()).unwrap();
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    let _ = server.output().take_all();
    assert_eq!(server.next_event(), Ok(Step::Closed));
}

#[test]
fn case_21_what_stands_behind_the_end_is_the_next_command() {
    let mut server = receiving(config());
    server.receive(b"a\r\n.\r\nRSET\r\n");
    assert!(matches!(next(&mut server), Event::BodyChunk { .. }));
    let Event::BodyEnd { id, last: true, octets: 3, fault: None } = next(&mut server) else { panic!() };
    assert_eq!(server.unread(), 6);
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Ready, "the end of data ends the transaction");
    assert!(matches!(next(&mut server), Event::Command { command: Command::Rset, .. }));
}

#[test]
fn cases_24_and_25_long_lines_stream() {
    let mut stream = vec![b'x'; 999];
    stream.extend_from_slice(b"\r\n.\r\n");
    let mut config = config();
    config.limits.max_message = Some(u64::MAX);
    at_every_split(
        || receiving(config.clone()),
        &stream,
        |events, _| {
            assert_eq!((rules(events), ends(events)), (vec![rule::LONG_LINE], vec![None]));
            assert_eq!(content(events).len(), 1001);
        },
    );
    let mut server = receiving(config);
    let piece = [b'x'; 10_000];
    let mut most = 0;
    for _ in 0..1000 {
        server.receive(&piece);
        assert_eq!(drain(&mut server, |_, _| {}), End::NeedInput);
        most = most.max(server.unread());
    }
    assert!(most < 16, "nothing is held back: {most}");
}

#[test]
fn size_is_checked_before_and_while_the_data_comes() {
    assert_eq!(refusal_code(&mut ready(config()), "MAIL FROM:<a@b> SIZE=1001\r\n"), 552);
    for (octets, faulty) in [(1000, false), (1001, true), (5000, true)] {
        let mut stream = vec![b'x'; octets - 2];
        stream.extend_from_slice(b"\r\n.\r\nNOOP\r\n");
        at_every_split(
            || receiving(config()),
            &stream,
            |events, _| {
                let fault = faulty.then_some(BodyFault::TooLarge { limit: 1000 });
                assert_eq!(ends(events), [fault], "{octets}");
                assert_eq!(content(events).len(), octets.min(1000), "never more than the limit");
                assert_eq!(commands(events), 1, "read to the true end, and then the next command");
            },
        );
    }
    assert_eq!(BodyFault::TooLarge { limit: 1 }.reply().code().get(), 552);
}

#[test]
fn normalised_data_has_crlf_only() {
    at_every_split(
        || receiving(with(LineEndings::Normalise)),
        b"a\nb\n\r\n.\r\n",
        |events, _| {
            assert_eq!(content(events), b"a\r\nb\r\n\r\n");
            assert_eq!(rules(events), [rule::BARE_LF, rule::BARE_LF]);
        },
    );
}

#[test]
fn data_is_refused_or_accepted_by_the_application() {
    let mut server = enveloped(config());
    let (id, _) = command(&mut server, "DATA\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    assert!(!server.wants_read());
    assert_eq!(server.reply(id, &ok()), Err(Misuse::WrongReply), "250 in place of 354");
    assert_eq!(server.reply(id, &reply("354 go")), Err(Misuse::WrongReply), "354 has its own call");
    server.reply(id, &reply("451 later")).unwrap();
    assert_eq!(server.state(), State::Rcpt, "the transaction goes on");
    let (id, _) = command(&mut server, "DATA\r\n");
    server.accept_body(id).unwrap();
    assert_eq!(server.accept_body(id), Err(Misuse::WrongReply));
    assert!(matches!(server.reply(id, &ok()), Err(Misuse::State { .. })), "not before its end");
    server.receive(b"x\r\n.\r\n");
    assert!(matches!(next(&mut server), Event::BodyChunk { .. }));
    assert!(matches!(next(&mut server), Event::BodyEnd { .. }));
    assert_eq!(server.replies_due(), 1);
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.reply(id, &ok()), Err(Misuse::UnknownId));
}
