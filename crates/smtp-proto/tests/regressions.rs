//! What a review with fresh eyes found. Each test names its rule, and failed when it was written.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::{BufMut, Bytes};
use smtp_proto::client::{self, Client, Envelope, Outcome, Progress, Transaction};
use smtp_proto::server::{self, Server, malformed_reply};
use smtp_proto::wire::dot::LineEndings;
use smtp_proto::wire::sasl::Mechanism;
use smtp_proto::wire::{BodyError, CommandId, Fatal, Machine, Misuse, Pause, Secret, Step, Tolerance};
use smtp_proto::{
    Argument, Auth, Burl, Command, Ehlo, ForwardPath, Protocol, Reply, ReversePath, State, rule,
};

fn reply(text: &str) -> Reply {
    Reply::parse(&format!("{text}\r\n").into()).unwrap()
}

fn command(line: &str) -> Command {
    Command::parse(&format!("{line}\r\n").into()).unwrap()
}

// ---- server ----

const OFFERED: &str = "PIPELINING\nSIZE 1000\n8BITMIME\nSMTPUTF8\nCHUNKING\nBINARYMIME\nSTARTTLS\nAUTH PLAIN\nBURL imap\nREQUIRETLS";

fn ehlo(keywords: &str) -> String {
    let mut lines: Vec<_> = core::iter::once("mx").chain(keywords.lines()).collect();
    let last = lines.pop().unwrap();
    let mut text: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
    text.push_str(&format!("250 {last}\r\n"));
    text
}

fn config(keywords: &str) -> server::Config {
    let mut config = server::Config::new(Ehlo::parse(&ehlo(keywords).into()).unwrap());
    config.allow_cleartext = true;
    config
}

fn server(config: server::Config) -> Server {
    let mut server = Server::new(config, &reply("220 ready"));
    let _ = server.output().take_all();
    server
}

fn event(server: &mut Server) -> server::Event {
    match server.next_event() {
        Ok(Step::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

/// Says something and has it accepted.
fn say(server: &mut Server, line: &str) {
    server.receive(line.as_bytes());
    match event(server) {
        server::Event::Command { id, .. } => server.reply(id, &reply("250 ok")).unwrap(),
        other => panic!("{line:?}: {other:?}"),
    }
}

fn asked(server: &mut Server, line: &str) -> CommandId {
    server.receive(line.as_bytes());
    match event(server) {
        server::Event::Command { id, .. } => id,
        other => panic!("{line:?}: {other:?}"),
    }
}

fn enveloped(config: server::Config) -> Server {
    let hello = if config.protocol == Protocol::Lmtp { "LHLO a\r\n" } else { "EHLO a\r\n" };
    let mut server = server(config);
    for line in [hello, "MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", "RCPT TO:<e@f>\r\n"] {
        say(&mut server, line);
    }
    let _ = server.output().take_all();
    server
}

/// Answers everything as suggested, and gives the commands that were seen.
fn commands(server: &mut Server) -> (Vec<Command>, Result<Step<()>, Fatal>) {
    let mut seen = Vec::new();
    loop {
        match server.next_event() {
            Ok(Step::Event(server::Event::Command { id, command })) => {
                seen.push(command);
                server.reply(id, &reply("250 ok")).unwrap();
            }
            Ok(Step::Event(server::Event::Refused { id, command, refusal })) => {
                seen.push(command);
                server.reply(id, &refusal.reply()).unwrap();
            }
            Ok(Step::Event(server::Event::Malformed { id, malformed })) => {
                server.reply(id, &malformed_reply(&malformed)).unwrap();
            }
            Ok(Step::Event(_)) => {}
            Ok(Step::Paused(Pause::Drain)) => drop(server.output().take_all()),
            Ok(Step::Paused(pause)) => return (seen, Ok(Step::Paused(pause))),
            Ok(Step::NeedInput) => return (seen, Ok(Step::NeedInput)),
            Ok(Step::Closed) => return (seen, Ok(Step::Closed)),
            Err(fatal) => return (seen, Err(fatal)),
        }
    }
}

/// Case 39 and RFC 3030 section 2: what follows a BDAT whose size is not known is content, never commands. The path of over-long
/// lines forgets it (leading zeros make any size long).
#[test]
fn an_over_long_bdat_ends_the_connection_as_any_malformed_one() {
    let mut server = enveloped(config(OFFERED));
    let stream = format!("BDAT {}36 LAST\r\nRSET\r\nMAIL FROM:<smuggled@x.test>\r\n", "0".repeat(3000));
    server.receive(stream.as_bytes());
    let (seen, end) = commands(&mut server);
    assert_eq!(seen, [], "octets of a chunk ran as commands");
    assert_eq!(end, Ok(Step::Closed));
}

/// Case 70: what a browser was made to send must not run as commands. The path may be as long as the attacker likes.
#[test]
fn a_long_request_line_of_http_is_http_too() {
    for verb in ["GET", "POST"] {
        let mut server = server(config(OFFERED));
        let stream = format!(
            "{verb} /{} HTTP/1.1\r\nHost: mx:25\r\n\r\nEHLO a\r\nMAIL FROM:<a@b>\r\n",
            "a".repeat(4000)
        );
        server.receive(stream.as_bytes());
        let (seen, end) = commands(&mut server);
        assert_eq!((seen, end), (vec![], Err(Fatal::ForeignProtocol("HTTP"))));
    }
}

/// The same for a request line that is malformed as a command (Strict refuses a bare LF), which servers of HTTP take.
#[test]
fn a_request_line_of_http_that_is_no_command_is_http_too() {
    for line in ["POST / HTTP/1.1\n", "POST /\0 HTTP/1.1\r\n"] {
        let mut server = server(config(OFFERED));
        server.receive(line.as_bytes());
        server.receive(b"EHLO a\r\nMAIL FROM:<a@b>\r\n");
        let (seen, end) = commands(&mut server);
        assert_eq!((seen, end), (vec![], Err(Fatal::ForeignProtocol("HTTP"))), "{line:?}");
    }
}

/// RFC 4468 section 3: BURL with LAST ends the transaction, as BDAT LAST does.
#[test]
fn burl_last_ends_the_transaction() {
    let mut server = enveloped(config(OFFERED));
    say(&mut server, "BURL imap://a LAST\r\n");
    assert_eq!(server.state(), State::Ready);
    say(&mut server, "MAIL FROM:<a@b>\r\n");
}

/// RFC 4468 with RFC 2033: the last chunk has a reply for each recipient in LMTP, also if BURL fetched it; our client waits for them.
#[test]
fn burl_last_has_a_reply_for_each_recipient_in_lmtp() {
    let mut config = config(OFFERED);
    config.protocol = Protocol::Lmtp;
    let mut server = enveloped(config);
    let _id = asked(&mut server, "BURL imap://a LAST\r\n");
    assert_eq!(server.replies_due(), 2);
}

/// RFC 2033 section 4.3: "a BDAT command containing the LAST parameter returns one reply for each previously successful RCPT",
/// whatever the reply. Our client waits for two, and takes the reply to the next command for the second.
#[test]
fn a_refused_bdat_last_has_a_reply_for_each_recipient_in_lmtp() {
    let mut config = config(OFFERED);
    config.protocol = Protocol::Lmtp;
    let mut server = enveloped(config);
    let id = asked(&mut server, "BDAT 1 LAST\r\n");
    let due = server.replies_due();
    for _ in 0..due {
        let _ = server.reply(id, &reply("452 full"));
    }
    server.receive(b"x");
    let _ = server.next_event();
    let said = server.output().take_all();
    assert_eq!(said.windows(4).filter(|w| w == b"452 ").count(), 2, "{said:?}");
}

/// RFC 2033 section 4.2: without a successful RCPT "the DATA command MUST fail with a 503 reply code".
#[test]
fn data_without_recipients_is_503_in_lmtp() {
    let mut config = config(OFFERED);
    config.protocol = Protocol::Lmtp;
    let mut server = server(config);
    say(&mut server, "LHLO a\r\n");
    say(&mut server, "MAIL FROM:<a@b>\r\n");
    server.receive(b"DATA\r\n");
    let server::Event::Refused { refusal, .. } = event(&mut server) else { panic!() };
    assert_eq!(refusal.reply().code().get(), 503);
}

/// RFC 5321 section 4.5.3.1.10: recipients beyond the limit get 452, and the message goes to the others. Who pipelines (RFC 2920)
/// cannot know it earlier; he is not to be cut off, the mail of the accepted recipients with him.
#[test]
fn recipients_beyond_the_limit_are_no_bad_commands() {
    let mut config = config(OFFERED);
    config.limits.max_recipients = Some(2);
    let mut server = enveloped(config);
    for _ in 0..50 {
        server.receive(b"RCPT TO:<g@h>\r\n");
    }
    server.receive(b"DATA\r\n");
    let mut refused = 0;
    loop {
        match server.next_event() {
            Ok(Step::Event(server::Event::Refused { id, refusal, .. })) => {
                refused += 1;
                server.reply(id, &refusal.reply()).unwrap();
            }
            Ok(Step::Event(server::Event::Command { command: Command::Data, .. })) => break,
            other => panic!("after {refused} refused recipients: {other:?}"),
        }
    }
}

/// RFC 2920 section 3.1 and RFC 3030 section 2 ("MUST be prepared to accept and discard additional BDAT chunks already in the
/// pipeline"): what was pipelined behind a refused MAIL or BDAT is no misbehaviour.
#[test]
fn what_was_pipelined_behind_a_refusal_is_no_misbehaviour() {
    let mut refused_sender = server(config(OFFERED));
    say(&mut refused_sender, "EHLO a\r\n");
    let id = asked(&mut refused_sender, "MAIL FROM:<a@b>\r\n");
    refused_sender.reply(id, &reply("451 later")).unwrap();
    refused_sender.receive("RCPT TO:<g@h>\r\n".repeat(50).as_bytes());
    refused_sender.receive(b"RSET\r\n");
    let (seen, end) = commands(&mut refused_sender);
    assert_eq!((seen.len(), end), (51, Ok(Step::NeedInput)));

    let mut refused_chunk = enveloped(config(OFFERED));
    let id = asked(&mut refused_chunk, "BDAT 1\r\n");
    refused_chunk.reply(id, &reply("452 full")).unwrap();
    refused_chunk.receive(b"x");
    refused_chunk.receive("BDAT 1\r\nx".repeat(50).as_bytes());
    refused_chunk.receive(b"RSET\r\n");
    let (seen, end) = commands(&mut refused_chunk);
    assert_eq!((seen.len(), end), (51, Ok(Step::NeedInput)));
}

/// RFC 5321 section 3.8: 421 may be said at any time. A client that announces 2^64 octets and drips must not be able to
/// delay it; now it is written behind the last of them.
#[test]
fn a_chunk_can_be_refused_with_421_at_once() {
    let mut config = config(OFFERED);
    config.limits.max_message = Some(u64::MAX);
    let mut server = enveloped(config);
    let id = asked(&mut server, "BDAT 18446744073709551615\r\n");
    server.reply(id, &reply("421 4.3.0 too large for this world")).unwrap();
    assert!(server.output().take_all().starts_with(b"421 "));
    assert_eq!(server.state(), State::Closed);
}

/// Case 38, RFC 1870 section 6.3: an announced size over the limit is refused before it is read, with 552.
#[test]
fn a_chunk_that_is_announced_as_too_large_is_refused() {
    let mut server = enveloped(config(OFFERED));
    server.receive(b"BDAT 1001\r\n");
    let server::Event::Refused { refusal, .. } = event(&mut server) else { panic!("it was not refused") };
    assert_eq!(refusal.reply().code().get(), 552);
}

/// `Config::pass_empty_lines`: "a proxy that counts replies switches it off".
#[test]
fn empty_lines_are_not_passed_over_if_that_is_switched_off() {
    let mut config = config(OFFERED);
    config.tolerance = Tolerance::Lenient;
    config.pass_empty_lines = false;
    let mut server = server(config);
    server.receive(b"\r\n");
    assert!(matches!(event(&mut server), server::Event::Malformed { .. }));
}

/// Law 6, any order of calls: a driver that hands its buffer to the socket before it has written the greeting (as all that
/// read and write at the same time) must not make a patient client an early talker, who may be cut off for it.
#[test]
fn offering_room_is_not_receiving() {
    let mut config = config(OFFERED);
    config.refuse_out_of_turn = true;
    let mut server = Server::new(config, &reply("220 ready"));
    assert!(server.read_buf().remaining_mut() > 0);
    let _ = server.output().take_all();
    server.receive(b"EHLO a\r\n");
    assert!(matches!(server.next_event(), Ok(Step::Event(server::Event::Command { .. }))));
}

/// RFC 4954 section 4: no cleartext mechanism is offered without TLS; `AUTH=` is the same offer as `AUTH`.
#[test]
fn the_old_form_of_auth_offers_no_cleartext_either() {
    for keywords in ["AUTH PLAIN SCRAM-SHA-256\nAUTH=PLAIN SCRAM-SHA-256", "AUTH=PLAIN SCRAM-SHA-256"] {
        let mut config = config(keywords);
        config.allow_cleartext = false;
        let offered = server(config).ehlo();
        assert!(offered.offers(Mechanism::new("SCRAM-SHA-256").unwrap()));
        assert!(!offered.offers(Mechanism::new("PLAIN").unwrap()), "{keywords:?}");
    }
}

/// RFC 8689 section 2: REQUIRETLS only within TLS: it is not offered before, and refused.
#[test]
fn requiretls_needs_tls() {
    let mut server = server(config(OFFERED));
    let offered = server.ehlo();
    say(&mut server, "EHLO a\r\n");
    server.receive(b"MAIL FROM:<a@b> REQUIRETLS\r\n");
    let event = event(&mut server);
    assert!(matches!(event, server::Event::Refused { .. }), "{event:?}");
    assert!(!offered.has(smtp_proto::Keyword::RequireTls));
}

// ---- client ----

fn client_of(config: client::Config, keywords: &str) -> Client {
    let lmtp = config.protocol == Protocol::Lmtp;
    let mut client = Client::new(config);
    client.receive(b"220 ready\r\n");
    let Ok(Step::Event(client::Event::Greeting(_))) = client.next_event() else { panic!() };
    client.send(&command(if lmtp { "LHLO a" } else { "EHLO a" })).unwrap();
    client.receive(ehlo(keywords).as_bytes());
    let Ok(Step::Event(client::Event::Reply { .. })) = client.next_event() else { panic!() };
    let _ = client.output().take_all();
    client
}

fn client() -> Client {
    client_of(client::Config::default(), OFFERED)
}

fn client_event(client: &mut Client) -> client::Event {
    loop {
        match client.next_event() {
            Ok(Step::Event(client::Event::Diagnostic(_))) => {}
            Ok(Step::Event(event)) => return event,
            other => panic!("no event: {other:?}"),
        }
    }
}

fn accepted(client: &mut Client, line: &str) -> CommandId {
    let id = client.send(&command(line)).unwrap();
    client.receive(b"250 ok\r\n");
    assert!(matches!(client_event(client), client::Event::Reply { .. }));
    id
}

fn client_enveloped() -> Client {
    let mut client = client();
    accepted(&mut client, "MAIL FROM:<a@b>");
    accepted(&mut client, "RCPT TO:<c@d>");
    client
}

/// A server that refuses content before its end (552 as soon as it is too much) has answered. To count that reply as nobody's makes
/// the next positive reply that of the content: a message that was refused is reported as accepted, and lost. RFC 3030
/// section 2 has the server wait; one that does not is out of step, except with 421.
#[test]
fn a_refusal_in_the_midst_of_content_never_makes_the_next_reply_its() {
    for line in ["DATA", "BDAT 10 LAST"] {
        let mut client = client_enveloped();
        let id = client.send(&command(line)).unwrap();
        if line == "DATA" {
            client.receive(b"354 go\r\n");
            assert!(matches!(client_event(&mut client), client::Event::SendBody { .. }));
        }
        client.body(id, &"01234".into()).unwrap();
        client.receive(b"552 too much\r\n");
        match client.next_event() {
            Err(_) => continue,
            Ok(Step::Event(client::Event::Reply { id: of, reply })) => {
                assert!(of == id && reply.is_permanent());
                continue;
            }
            _ => while let Ok(Step::Event(_)) = client.next_event() {},
        }
        let _ = client.body(id, &"56789".into());
        let _ = client.end_body(id);
        let _ = client.send(&command("MAIL FROM:<next@b>"));
        // to MAIL
        client.receive(b"250 ok\r\n");
        while let Ok(Step::Event(event)) = client.next_event() {
            if let client::Event::Reply { id: of, reply } = event {
                assert!(of != id || !reply.is_positive(), "{line}: refused content was reported as accepted");
            }
        }
    }
}

/// "A reply that came before its command was sent is unsolicited, never the command's reply" (ARCHITECTURE.md): so with the line of
/// a SASL exchange. Cases 159 and 160: 235 together with the challenge is no answer to the response.
#[test]
fn a_verdict_that_came_before_the_response_is_not_believed() {
    let mut client = client_of(client::Config::default(), "AUTH SCRAM-SHA-256");
    let auth = Auth {
        mechanism: Mechanism::new("SCRAM-SHA-256").unwrap(),
        initial_response: Some(Secret::new(b"n,,")),
    };
    let id = client.send(&Command::Auth(auth)).unwrap();
    client.receive(b"334 cj0x\r\n235 welcome\r\n");
    assert!(matches!(client_event(&mut client), client::Event::Challenge { .. }));
    // law 3: only the application can go on
    match client.next_event() {
        Ok(Step::Paused(Pause::Respond)) => {
            client.auth_respond(id, b"c=biws").unwrap();
            if let Ok(Step::Event(event)) = client.next_event() {
                assert!(!matches!(event, client::Event::Reply { .. }), "{event:?}");
            }
        }
        Err(_) => {}
        other => panic!("{other:?}"),
    }
}

/// The same with a second challenge: its answer would go out before the server has read the first.
#[test]
fn a_second_challenge_waits_for_the_response_to_the_first() {
    let mut client = client_of(client::Config::default(), "AUTH SCRAM-SHA-256");
    let auth = Auth { mechanism: Mechanism::new("SCRAM-SHA-256").unwrap(), initial_response: None };
    client.send(&Command::Auth(auth)).unwrap();
    client.receive(b"334 cj0x\r\n334 cj0y\r\n");
    assert!(matches!(client_event(&mut client), client::Event::Challenge { .. }));
    let step = client.next_event();
    assert!(matches!(step, Ok(Step::Paused(Pause::Respond)) | Err(_)), "{step:?}");
}

/// Case 156: text in place of base64 is taken for an empty challenge only for LOGIN and mechanisms in which the client speaks first.
#[test]
fn text_is_no_challenge_of_cram_md5() {
    let mut client = client_of(client::Config::default(), "AUTH CRAM-MD5");
    let auth = Auth { mechanism: Mechanism::new("CRAM-MD5").unwrap(), initial_response: None };
    client.send(&Command::Auth(auth)).unwrap();
    client.receive(b"334 Go ahead\r\n");
    assert!(matches!(client_event(&mut client), client::Event::BadChallenge { .. }));
}

/// RFC 3030 section 2: "The resulting state from a failed BDAT command is indeterminate. A RSET command MUST be issued" — for the last
/// chunk, too. Our own server is in `State::Failed` then, and answers MAIL with 503.
#[test]
fn after_a_refused_last_chunk_comes_rset_too() {
    let mut client = client_enveloped();
    let mut server = enveloped(config(OFFERED));
    let id = client.send(&command("BDAT 1 LAST")).unwrap();
    client.body(id, &"x".into()).unwrap();
    let at = asked(&mut server, "BDAT 1 LAST\r\n");
    server.receive(b"x");
    server.reply(at, &reply("452 full")).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    client.receive(&server.output().take_all());
    assert!(matches!(client_event(&mut client), client::Event::Reply { .. }));
    assert_eq!(client.state(), server.state(), "both sides know where they stand");
}

fn envelope(recipients: &[&'static str]) -> Envelope {
    let recipients = recipients.iter().map(|text| ForwardPath::parse(*text).unwrap());
    Envelope::new(&ReversePath::parse("<a@b>").unwrap(), recipients).unwrap()
}

/// Plays a transaction; gives what was written and the outcomes.
fn play(
    client: &mut Client,
    mut transaction: Transaction,
    answers: &[&str],
) -> Result<(Bytes, Vec<Outcome>), String> {
    let mut answers = answers.iter();
    let mut written = Vec::new();
    loop {
        transaction.advance(client).map_err(|error| format!("advance: {error:?}"))?;
        match client.next_event() {
            Ok(Step::Event(event)) => match transaction.push(event) {
                Progress::Done(outcomes) => {
                    written.extend_from_slice(&client.output().take_all());
                    return Ok((written.into(), outcomes));
                }
                Progress::Pending | Progress::Foreign(_) => {}
            },
            Ok(Step::NeedInput) => {
                written.extend_from_slice(&client.output().take_all());
                if transaction.is_sending() {
                    continue;
                }
                let Some(answer) = answers.next() else { return Err("no outcome".into()) };
                client.receive(format!("{answer}\r\n").as_bytes());
            }
            other => return Err(format!("{other:?}")),
        }
    }
}

/// RFC 5321 section 3.3: a transaction whose DATA was refused (Postfix: 554 no valid recipients; 451 out of space) is still open. The
/// next message on the connection needs RSET before; now its MAIL is `Misuse::State`.
#[test]
fn a_refused_data_does_not_block_the_next_transaction() {
    for answers in
        [&["250 ok", "550 no", "554 no valid recipients"][..], &["250 ok", "250 ok", "451 no space"]]
    {
        let mut client = client();
        let transaction = Transaction::new(&client, envelope(&["<c@d>"]), "x".into()).unwrap();
        let with_reset = [answers, &["250 reset"]].concat();
        let (_, outcomes) = play(&mut client, transaction, &with_reset).unwrap();
        assert!(!outcomes[0].is_accepted());
        let next = Transaction::new(&client, envelope(&["<c@d>"]), "x".into()).unwrap();
        play(&mut client, next, &["250 ok", "250 ok", "354 go", "250 queued"]).unwrap();
    }
}

/// The same for a refused last chunk (RFC 3030 section 2: RSET).
#[test]
fn a_refused_chunk_is_followed_by_rset() {
    let mut client = client();
    let mut chunked = envelope(&["<c@d>"]);
    chunked.chunking = true;
    let transaction = Transaction::new(&client, chunked, "x".into()).unwrap();
    let (written, outcomes) =
        play(&mut client, transaction, &["250 ok", "250 ok", "552 no", "250 reset"]).unwrap();
    assert!(!outcomes[0].is_accepted());
    assert!(written.ends_with(b"BDAT 1 LAST\r\nxRSET\r\n"), "{written:?}");
}

/// RFC 5321 section 3.8: after 421 nothing more can be sent, and the outcome of each recipient is known to that extent: refused
/// for now, or not sent. The transaction must tell it; an error in its place loses who was refused.
#[test]
fn a_transaction_that_is_cut_off_by_421_has_outcomes() {
    let mut client = client_of(client::Config::default(), "8BITMIME");
    let transaction = Transaction::new(&client, envelope(&["<c@d>", "<e@f>", "<g@h>"]), "x".into()).unwrap();
    let (_, outcomes) = play(&mut client, transaction, &["250 ok", "550 no", "421 closing"]).unwrap();
    let codes: Vec<_> = outcomes.iter().map(|o| o.reply().map(|reply| reply.code().get())).collect();
    assert_eq!(codes, [Some(550), Some(421), None]);
}

/// RFC 3030 section 2: "After all MAIL and RCPT responses are collected and processed, the message is sent using a series of BDAT
/// commands". Else all of it is sent to a server that wants none of it, and in LMTP the number of replies is not known (RFC 2033
/// section 4.3: none).
#[test]
fn a_transaction_sends_no_chunk_before_a_recipient_was_accepted() {
    let mut client = client();
    let mut chunked = envelope(&["<c@d>"]);
    chunked.chunking = true;
    let mut transaction = Transaction::new(&client, chunked, "x".into()).unwrap();
    transaction.advance(&mut client).unwrap();
    let written = client.output().take_all();
    assert!(written.ends_with(b"RCPT TO:<c@d>\r\n"), "{written:?}");
}

/// RFC 3030 section 2: "text messages sent with the BDAT command MUST be sent in the canonical MIME format with lines delimited with a
/// <CR><LF>". The policy of the client holds for BDAT, unless BODY=BINARYMIME was announced. Case 26: never LF.LF by default.
#[test]
fn the_policy_of_line_ends_holds_for_chunks_of_text() {
    let mut client = client_enveloped();
    let id = client.send(&command("BDAT 5 LAST")).unwrap();
    assert!(matches!(client.body(id, &"a\n.\nb".into()), Err(BodyError::LineEnding { .. })));
}

#[test]
fn a_transaction_normalises_chunks_of_text_or_announces_binary() {
    let mut config = client::Config::default();
    config.line_endings = LineEndings::Normalise;
    let mut client = client_of(config, "CHUNKING");
    let mut chunked = envelope(&["<c@d>"]);
    chunked.chunking = true;
    let Ok(transaction) = Transaction::new(&client, chunked, "a\n.\nb".into()) else { return };
    let (written, _) = play(&mut client, transaction, &["250 ok", "250 ok", "250 ok", "250 ok"]).unwrap();
    assert!(!written.windows(3).any(|w| w == b"\n.\n"), "{written:?}");
}

/// RFC 5321 sections 3.1 and 3.8: after 421 or 554 in the greeting nothing but QUIT is sent; held commands are not.
#[test]
fn held_commands_are_not_sent_to_a_server_that_closes() {
    for greeting in ["421 busy\r\n", "554 no service\r\n"] {
        let mut config = client::Config::default();
        config.auto_hold = true;
        let mut client = Client::new(config);
        client.send(&command("EHLO a")).unwrap();
        client.receive(greeting.as_bytes());
        assert!(matches!(client_event(&mut client), client::Event::Greeting(_)));
        assert_eq!(client.output().take_all(), "", "{greeting:?}");
    }
}

/// RFC 5321 section 3.8: 421 is the end; replies that still come do not open the session again.
#[test]
fn nothing_opens_a_session_again_after_421() {
    let mut client = client();
    accepted(&mut client, "MAIL FROM:<a@b>");
    client.send(&command("RCPT TO:<c@d>")).unwrap();
    client.send(&command("RCPT TO:<e@f>")).unwrap();
    client.receive(b"421 closing\r\n250 ok\r\n");
    client_event(&mut client);
    assert_eq!(client.state(), State::Closed);
    client_event(&mut client);
    assert_eq!(client.state(), State::Closed);
}

/// RFC 9422 section 4: RCPTDOMAINMAX bounds the different domains of recipients in one session; issue 3 wants LIMITS honoured.
#[test]
fn rcptdomainmax_is_honoured() {
    let mut client = client_of(client::Config::default(), "PIPELINING\nLIMITS RCPTDOMAINMAX=1");
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    client.send(&command("RCPT TO:<a@one.example>")).unwrap();
    client.send(&command("RCPT TO:<b@ONE.example>")).unwrap();
    assert_eq!(client.send(&command("RCPT TO:<a@two.example>")), Err(Misuse::TooMany { limit: 1 }));
}

/// RFC 8689 section 2: REQUIRETLS "MUST only be specified in the context of an SMTP session" that employs TLS.
#[test]
fn requiretls_is_not_sent_without_tls() {
    let mut client = client();
    assert!(client.send(&command("MAIL FROM:<a@b> REQUIRETLS")).is_err());
}

/// Law 3: at `NeedInput` the machine wants to read; here it never does again.
#[test]
fn a_client_that_needs_input_wants_to_read() {
    let mut config = client::Config::default();
    config.limits.max_reply = 512;
    let mut client = client_of(config, "8BITMIME");
    client.send(&command("NOOP")).unwrap();
    client.receive(format!("250-{}\r\n", "x".repeat(3000)).as_bytes());
    assert_eq!(client.next_event(), Ok(Step::NeedInput));
    client.receive(format!("250 {}", "x".repeat(3000)).as_bytes());
    match client.next_event() {
        Ok(Step::NeedInput) => assert!(client.wants_read()),
        Err(Fatal::Limit { .. }) => {}
        other => panic!("{other:?}"),
    }
}

/// Law 3: "waiting for the application is not disguised as needing input". Behind 354, and within a chunk, the server waits for us.
#[test]
fn content_that_is_due_is_not_needing_input() {
    let mut client = client_enveloped();
    client.send(&command("DATA")).unwrap();
    client.receive(b"354 go\r\n");
    assert!(matches!(client_event(&mut client), client::Event::SendBody { .. }));
    assert!(matches!(client.next_event(), Ok(Step::Paused(_))));
}

/// Law 12: "whoever has the URL may read what it names" (RFC 4467), so it is not shown.
#[test]
fn the_url_of_burl_is_not_shown() {
    let burl =
        Burl::new("imap://u@example.com/INBOX;uid=20;urlauth=submit+u:internal:91354a473744909d", true)
            .unwrap();
    assert!(!format!("{burl:?}").contains("91354a473744909d"));
    assert!(!format!("{:?}", Command::Burl(burl)).contains("91354a473744909d"));
}

/// Values that can be built can be sent and read again, equal (architecture part 7).
#[test]
fn the_strings_of_noop_and_help_are_read_as_they_were_built() {
    for text in ["", "a ", " a"] {
        // would not be read back as it is
        assert!(Argument::new(text).is_err(), "{text:?}");
    }
    for command in [Command::Noop(Argument::new("a b").ok()), Command::Help(Argument::new("a").ok())] {
        assert_eq!(Command::parse(&command.to_bytes()).as_ref(), Ok(&command));
    }
}

/// What is tolerated is told: without a name EHLO is repaired to be told, and the early talker is told once.
#[test]
fn an_early_talker_is_told_once() {
    let mut server = Server::new(config(OFFERED), &reply("220 ready"));
    server.receive(b"EHLO a\r\n");
    let server::Event::Diagnostic(diagnostic) = event(&mut server) else { panic!() };
    assert_eq!(diagnostic.rule, rule::EARLY_TALKER);
    assert!(matches!(event(&mut server), server::Event::Command { .. }));
}

/// `OtherParameter`: "a server says 555 to it, unless it knows what the parameter is". One whose keyword the server offers (XVERP,
/// Dovecot's XRCPTFORWARD) must be possible to accept; now the machine refuses it, and `reply` says `WrongReply` to 250.
#[test]
fn a_parameter_that_the_application_knows_can_be_accepted() {
    let mut server = server(config("XVERP\nXRCPTFORWARD"));
    say(&mut server, "EHLO a\r\n");
    for line in ["MAIL FROM:<a@b> XVERP=Courier\r\n", "RCPT TO:<c@d> XRCPTFORWARD=Zm9v\r\n"] {
        server.receive(line.as_bytes());
        match event(&mut server) {
            server::Event::Command { id, .. } | server::Event::Refused { id, .. } => {
                assert_eq!(server.reply(id, &reply("250 ok")), Ok(()), "{line:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// RFC 4954 section 4: to `*` the server says 501. 235 behind it is no success: the client has broken the exchange off, perhaps
/// because the server could not prove who it is.
#[test]
fn a_cancelled_exchange_does_not_succeed() {
    let mut client = client_of(client::Config::default(), "AUTH SCRAM-SHA-256");
    let auth = Auth { mechanism: Mechanism::new("SCRAM-SHA-256").unwrap(), initial_response: None };
    let id = client.send(&Command::Auth(auth)).unwrap();
    client.receive(b"334 cj0x\r\n");
    assert!(matches!(client_event(&mut client), client::Event::Challenge { .. }));
    client.auth_cancel(id).unwrap();
    client.receive(b"235 welcome\r\n");
    let step = client.next_event();
    assert!(!matches!(step, Ok(Step::Event(client::Event::Reply { .. }))), "{step:?}");
}

/// RFC 5321 section 4.2.1: 3yz says that the server waits for more. To RCPT that can only mean that both are out of step (as 250 to
/// DATA, case 109): what follows would be read as content.
#[test]
fn an_intermediate_reply_to_rcpt_is_out_of_step() {
    let mut client = client();
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RSET"] {
        client.send(&command(line)).unwrap();
    }
    client.receive(b"250 ok\r\n354 go\r\n");
    client_event(&mut client);
    let step = client.next_event();
    assert!(matches!(step, Err(Fatal::Desync(_))), "{step:?}");
}

/// RFC 9422 section 4: MAILMAX counts the MAILs of one session, which goes on through STARTTLS; our server goes on counting, and
/// ends the session with 421.
#[test]
fn mailmax_counts_on_behind_starttls() {
    let keywords = "STARTTLS\nLIMITS MAILMAX=1";
    let mut client = client_of(client::Config::default(), keywords);
    accepted(&mut client, "MAIL FROM:<a@b>");
    accepted(&mut client, "RSET");
    client.send(&Command::StartTls).unwrap();
    client.receive(b"220 go\r\n");
    assert!(matches!(client_event(&mut client), client::Event::StartTls { .. }));
    client.tls_established().unwrap();
    client.send(&command("EHLO a")).unwrap();
    client.receive(ehlo(keywords).as_bytes());
    client_event(&mut client);
    assert_eq!(client.send(&command("MAIL FROM:<a@b>")), Err(Misuse::TooMany { limit: 1 }));
}

/// RFC 2033 section 4.3: without an accepted recipient "the BDAT LAST command returns zero replies". The client must not wait for one, nor
/// take the next reply for it.
#[test]
fn bdat_last_without_a_recipient_has_no_reply_in_lmtp() {
    let mut config = client::Config::default();
    config.protocol = Protocol::Lmtp;
    let mut client = client_of(config, OFFERED);
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    client.send(&command("RCPT TO:<c@d>")).unwrap();
    let Ok(id) = client.send(&command("BDAT 1 LAST")) else { return };
    client.body(id, &"x".into()).unwrap();
    let reset = client.send(&command("RSET")).unwrap();
    client.receive(b"250 ok\r\n550 no\r\n250 reset\r\n");
    let mut last = None;
    while let Ok(Step::Event(event)) = client.next_event() {
        if let client::Event::Reply { id, .. } = event {
            last = Some(id);
        }
    }
    assert_eq!(last, Some(reset));
}

// ---- the second review ----

fn refused_by(server: &mut Server, line: &str) -> CommandId {
    server.receive(line.as_bytes());
    match event(server) {
        server::Event::Refused { id, refusal, .. } => {
            server.reply(id, &refusal.reply()).unwrap();
            id
        }
        other => panic!("{line:?}: {other:?}"),
    }
}

fn holding(keywords: &str) -> Client {
    let mut config = client::Config::default();
    config.auto_hold = true;
    client_of(config, keywords)
}

/// All events but diagnostics, until there are no more.
fn client_events(client: &mut Client) -> Vec<client::Event> {
    let mut events = Vec::new();
    while let Ok(Step::Event(event)) = client.next_event() {
        if !matches!(event, client::Event::Diagnostic(_)) {
            events.push(event);
        }
    }
    events
}

/// RFC 2033 section 4.3: BDAT LAST has a reply for each recipient, also where the machine refuses it (SIZE): our client waits for them.
#[test]
fn a_last_chunk_that_is_too_large_has_a_reply_for_each_recipient_in_lmtp() {
    let mut config = config(OFFERED);
    config.protocol = Protocol::Lmtp;
    let mut server = enveloped(config);
    refused_by(&mut server, "BDAT 1001 LAST\r\n");
    server.receive(&[b'x'; 1001]);
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    let said = server.output().take_all();
    assert_eq!(said.windows(4).filter(|w| w == b"552 ").count(), 2, "{said:?}");
}

/// `Refusal::UnknownParameter`: "an application that knows what it means may accept the command". Then it is no bad command: a
/// message to 21 recipients, each with Dovecot's XRCPTFORWARD, is not to be cut off.
#[test]
fn commands_that_the_application_accepted_are_no_bad_commands() {
    let mut server = server(config("XRCPTFORWARD"));
    say(&mut server, "EHLO a\r\n");
    say(&mut server, "MAIL FROM:<a@b>\r\n");
    for n in 0..50 {
        server.receive(b"RCPT TO:<c@d> XRCPTFORWARD=Zm9v\r\n");
        match server.next_event() {
            Ok(Step::Event(server::Event::Refused { id, .. })) => server.reply(id, &reply("250 ok")).unwrap(),
            other => panic!("recipient {n}: {other:?}"),
        }
    }
}

/// `Server::close`: "Nothing more is read." A command that was parsed before (it waits behind its diagnostics) cannot be answered
/// any more, so it must not come.
#[test]
fn no_command_comes_out_behind_close() {
    let mut server = Server::new(config(OFFERED), &reply("220 ready"));
    server.receive(b"EHLO a\r\n");
    assert!(matches!(event(&mut server), server::Event::Diagnostic(_)));
    server.close(&reply("421 shutting down")).unwrap();
    let _ = server.output().take_all();
    let step = server.next_event();
    assert!(!matches!(step, Ok(Step::Event(server::Event::Command { .. }))), "{step:?}");
}

/// RFC 9422 section 4: so many, and not one less. What is held back was counted when it was given; to count it again when it is sent
/// makes all of it too much.
#[test]
fn held_recipients_are_counted_once() {
    let mut client = holding("8BITMIME\nLIMITS RCPTMAX=2");
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>"] {
        client.send(&command(line)).unwrap();
    }
    let mut events = Vec::new();
    for _ in 0..3 {
        client.receive(b"250 ok\r\n");
        events.extend(client_events(&mut client));
    }
    let written = client.output().take_all();
    assert!(written.ends_with(b"RCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n"), "{written:?} {events:?}");
}

/// The same for MAILMAX: the one MAIL that is allowed.
#[test]
fn a_held_mail_is_counted_once() {
    let mut client = holding("8BITMIME\nLIMITS MAILMAX=1");
    client.send(&command("NOOP")).unwrap();
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    client.receive(b"250 ok\r\n");
    let events = client_events(&mut client);
    assert!(client.output().take_all().ends_with(b"MAIL FROM:<a@b>\r\n"), "{events:?}");
}

/// RFC 6531 section 3.4: an address beyond ASCII needs the SMTPUTF8 of its own MAIL, not of the one that is held behind it.
#[test]
fn a_held_recipient_goes_by_its_own_mail() {
    let mut client = holding("SMTPUTF8");
    for line in ["MAIL FROM:<a@b> SMTPUTF8", "RCPT TO:<\u{fc}@d>", "RSET", "MAIL FROM:<a@b>", "RCPT TO:<e@f>"]
    {
        client.send(&command(line)).unwrap();
    }
    client.receive(b"250 ok\r\n");
    let events = client_events(&mut client);
    let written = client.output().take_all();
    assert!(written.ends_with("RCPT TO:<\u{fc}@d>\r\n".as_bytes()), "{written:?} {events:?}");
}

/// A command that was not sent has done nothing: the session is where the replies have put it (RFC 5321 section 4.1.4).
#[test]
fn what_was_not_sent_does_not_move_the_session() {
    let mut client = holding("8BITMIME");
    client.send(&command("EHLO a")).unwrap();
    let held = client.send(&command("MAIL FROM:<a@b> BODY=8BITMIME")).unwrap();
    client.receive(b"250 mx\r\n");
    let events = client_events(&mut client);
    assert!(matches!(events.last(), Some(client::Event::NotSent { id, .. }) if *id == held), "{events:?}");
    assert_eq!(client.state(), State::Ready);
    assert!(client.send(&command("RCPT TO:<c@d>")).is_err());
    assert!(client.send(&command("MAIL FROM:<a@b>")).is_ok());
}

/// The same behind a greeting that refuses (RFC 5321 section 3.1: QUIT and nothing else).
#[test]
fn behind_a_refusing_greeting_nothing_is_foreseen() {
    let mut config = client::Config::default();
    config.auto_hold = true;
    let mut client = Client::new(config);
    client.send(&command("EHLO a")).unwrap();
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    client.receive(b"554 no service\r\n");
    assert_eq!(client_events(&mut client).len(), 3);
    assert!(client.send(&command("RCPT TO:<c@d>")).is_err());
    assert_eq!(client.output().take_all(), "");
}

/// RFC 5321 section 3.8: 354 opens no session again, either, and nothing is written.
#[test]
fn content_is_not_asked_for_behind_421() {
    for recipients in [b"421 closing\r\n250 ok\r\n354 go\r\n", b"250 ok\r\n421 closing\r\n354 go\r\n"] {
        let mut client = client();
        for line in ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA"] {
            client.send(&command(line)).unwrap();
        }
        let _ = client.output().take_all();
        client.receive(b"250 ok\r\n");
        client.receive(recipients);
        let events = client_events(&mut client);
        assert_eq!(client.state(), State::Closed, "{events:?}");
        assert_eq!(client.output().take_all(), "");
        assert!(!events.iter().any(|event| matches!(event, client::Event::SendBody { .. })));
    }
}

/// The same for 220 to STARTTLS: `Event::StartTls` promises `Pause::StartTls`, which never comes.
#[test]
fn tls_does_not_start_behind_421() {
    let mut client = client();
    client.receive(b"421 idle\r\n");
    client.send(&Command::StartTls).unwrap();
    client.receive(b"220 go\r\n");
    let events = client_events(&mut client);
    let agreed = events.iter().any(|event| matches!(event, client::Event::StartTls { .. }));
    assert!(!agreed || client.next_event() == Ok(Step::Paused(Pause::StartTls)), "{events:?}");
}

/// "A command is complete with exactly one of [...] NotSent": the server that closes an idle connection closes before what is held.
#[test]
fn an_unsolicited_421_gives_back_what_is_held() {
    let mut client = holding("8BITMIME");
    client.receive(b"421 idle\r\n");
    client.send(&command("NOOP")).unwrap();
    let held = client.send(&command("MAIL FROM:<a@b>")).unwrap();
    client.receive_eof();
    let events = client_events(&mut client);
    let told = |event: &client::Event| matches!(event, client::Event::NotSent { id, .. } if *id == held);
    assert!(events.iter().any(told), "{events:?}");
}

/// A chunk that was refused before its end closes the session (`Event::Reply`), so RSET cannot be sent; the transaction is over,
/// with outcomes, and does not fail instead.
#[test]
fn a_transaction_whose_chunk_was_refused_early_has_outcomes() {
    let mut client = client_of(client::Config::default(), "PIPELINING\nCHUNKING");
    let mut chunked = envelope(&["<c@d>"]);
    chunked.chunking = true;
    let content = Bytes::from("0123456789abcde\r\n".repeat(20_000));
    let mut transaction = Transaction::new(&client, chunked, content).unwrap();
    transaction.advance(&mut client).unwrap();
    client.receive(b"250 ok\r\n250 ok\r\n");
    for event in client_events(&mut client) {
        assert_eq!(transaction.push(event), Progress::Pending);
    }
    transaction.advance(&mut client).unwrap();
    assert!(transaction.is_sending());
    client.receive(b"552 too much\r\n");
    match transaction.push(client_event(&mut client)) {
        Progress::Done(outcomes) => assert!(matches!(outcomes[..], [Outcome::Refused(_)])),
        Progress::Pending => transaction.advance(&mut client).unwrap(),
        Progress::Foreign(event) => panic!("{event:?}"),
    }
}

/// RFC 5321 section 4.5.3.2.6: only what was sent whole may have been taken; also a message of no octets is sent with its dot.
#[test]
fn an_empty_message_is_not_sent_before_it_was_asked_for() {
    let mut client = client();
    let mut transaction = Transaction::new(&client, envelope(&["<c@d>"]), Bytes::new()).unwrap();
    transaction.advance(&mut client).unwrap();
    assert!(client.output().take_all().ends_with(b"DATA\r\n"));
    assert_eq!(transaction.abandon(), [Outcome::Unknown { content_sent: false }]);
}

/// RFC 3030 section 2: text in chunks has CR LF for line ends; a CR at the end of the last octets is bare also if LAST comes with
/// an empty chunk.
#[test]
fn a_bare_cr_before_an_empty_last_chunk_is_bare() {
    let mut client = client_enveloped();
    let id = client.send(&command("BDAT 2")).unwrap();
    let first = client.body(id, &"a\r".into());
    let last = client.send(&command("BDAT 0 LAST"));
    assert!(first.is_err() || last.is_err());
}

/// RFC 2033 section 4.3: without an accepted recipient BDAT LAST "returns zero replies"; that none was accepted is known here.
#[test]
fn a_last_chunk_is_not_sent_without_a_recipient_in_lmtp() {
    let mut config = client::Config::default();
    config.protocol = Protocol::Lmtp;
    let mut client = client_of(config, OFFERED);
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    client.send(&command("RCPT TO:<c@d>")).unwrap();
    let id = client.send(&command("BDAT 1")).unwrap();
    client.body(id, &"x".into()).unwrap();
    client.receive(b"250 ok\r\n550 no\r\n");
    client_event(&mut client);
    client_event(&mut client);
    assert!(client.send(&command("BDAT 1 LAST")).is_err());
}

/// Feature `serde`: values are read "through their constructors: what was read can be sent", so what was tolerated on the wire, too, as Mail
/// and Rcpt are.
#[cfg(feature = "serde")]
#[test]
fn what_was_tolerated_survives_serde() {
    use smtp_proto::wire::Context;
    fn again<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq>(value: &T) -> bool {
        let text = serde_json::to_string(value).unwrap();
        serde_json::from_str::<T>(&text).is_ok_and(|read| read == *value)
    }
    let mut lost = Vec::new();
    for line in [
        "XCLIENT NAME=a\tADDR=b\r\n",
        "XFORWARD NAME=a  ADDR=b\r\n",
        "EHLO under_score\r\n",
        "EHLO -x-\r\n",
        "MAIL FROM: <a@b>\r\n",
        "MAIL FROM:a@b\r\n",
        "MAIL FROM:<a@b>  SIZE=1\r\n",
        "MAIL FROM:<a@under_score>\r\n",
        "RCPT TO:<c.@d>\r\n",
        "RCPT TO:<@x,@y:c@d>\r\n",
    ] {
        let frame = Bytes::from(line);
        let Ok(command) = Command::parse_in(&Context::new(&frame, Tolerance::Lenient)) else { continue };
        let kept = match &command {
            Command::Xclient(attributes) | Command::Xforward(attributes) => again(attributes),
            Command::Ehlo(name) => again(name),
            Command::Mail(mail) => {
                again(mail)
                    && again(&mail.reverse_path())
                    && mail.reverse_path().mailbox().is_none_or(|mailbox| again(&mailbox))
            }
            Command::Rcpt(rcpt) => again(rcpt) && again(&rcpt.forward_path()),
            _ => continue,
        };
        if !kept {
            lost.push(line);
        }
    }
    for block in ["250 ok\n", "250\r\n", "250-a\n250 b\r\n", "250-a\r\n251 b\r\n", "250 \t\x7f\r\n"] {
        let frame = Bytes::from(block);
        let Ok(reply) = Reply::parse_in(&Context::new(&frame, Tolerance::Lenient)) else { continue };
        if !again(&reply) {
            lost.push(block);
        }
    }
    assert_eq!(lost, [""; 0]);
}
