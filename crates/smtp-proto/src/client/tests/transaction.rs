//! A message to its recipients.

use super::*;

fn path(text: &'static str) -> ForwardPath {
    ForwardPath::parse(text).unwrap()
}

fn envelope(recipients: &[&'static str]) -> Envelope {
    let sender = ReversePath::parse("<a@b>").unwrap();
    Envelope::new(&sender, recipients.iter().map(|text| path(text))).unwrap()
}

/// Plays the transaction against answers, one of which is said whenever the client waits; gives what was written, and what came of
/// it.
fn play(client: &mut Client, mut transaction: Transaction, answers: &[&str]) -> (String, Vec<Outcome>) {
    let mut answers = answers.iter();
    let mut written = Vec::new();
    loop {
        transaction.advance(client).unwrap();
        match client.next_event().unwrap() {
            Step::Event(event) => match transaction.push(event) {
                Progress::Done(outcomes) => {
                    written.extend_from_slice(&client.output().take_all());
                    assert_eq!(answers.next(), None, "all was said");
                    return (String::from_utf8(written).unwrap(), outcomes);
                }
                Progress::Pending => {}
                Progress::Foreign(event) => panic!("{event:?}"),
            },
            Step::Paused(Pause::Drain | Pause::Respond) => {
                written.extend_from_slice(&client.output().take_all())
            }
            Step::NeedInput => {
                written.extend_from_slice(&client.output().take_all());
                client.receive(format!("{}\r\n", answers.next().expect("an answer")).as_bytes());
            }
            other => panic!("{other:?}"),
        }
    }
}

fn codes(outcomes: &[Outcome]) -> Vec<u16> {
    outcomes.iter().map(|o| o.reply().map_or(0, |reply| reply.code().get())).collect()
}

#[test]
fn one_group_with_pipelining() {
    let mut client = ready(Config::default());
    let transaction = Transaction::new(&client, envelope(&["<c@d>", "<e@f>"]), "hi\r\n".into()).unwrap();
    let (written, outcomes) =
        play(&mut client, transaction, &["250 ok", "550 no", "250 ok", "354 go", "250 queued"]);
    assert_eq!(written, "MAIL FROM:<a@b> SIZE=4\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\nhi\r\n.\r\n");
    assert_eq!(codes(&outcomes), [550, 250]);
}

#[test]
fn one_by_one_without_it() {
    let mut client = offered(Config::default(), "HELP");
    let transaction = Transaction::new(&client, envelope(&["<c@d>", "<e@f>"]), "hi".into()).unwrap();
    let (written, outcomes) =
        play(&mut client, transaction, &["250 ok", "250 ok", "250 ok", "354 go", "452 full"]);
    assert_eq!(written, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\nhi\r\n.\r\n");
    assert_eq!(codes(&outcomes), [452, 452]);
}

#[test]
fn nobody_wants_it() {
    let mut client = offered(Config::default(), "HELP");
    let transaction = Transaction::new(&client, envelope(&["<c@d>", "<e@f>"]), "hi".into()).unwrap();
    let (written, outcomes) = play(&mut client, transaction, &["250 ok", "550 no", "551 no", "250 reset"]);
    assert!(written.ends_with("RCPT TO:<e@f>\r\nRSET\r\n"), "{written}");
    assert_eq!(codes(&outcomes), [550, 551]);
    assert_eq!(client.state(), State::Ready);
    // the sender is refused: nothing else is sent
    let transaction = Transaction::new(&client, envelope(&["<c@d>"]), "hi".into()).unwrap();
    let (written, outcomes) = play(&mut client, transaction, &["553 no"]);
    assert_eq!((written.as_str(), codes(&outcomes)), ("MAIL FROM:<a@b>\r\n", vec![553]));
    // with pipelining it was sent already
    let mut client = ready(Config::default());
    let transaction = Transaction::new(&client, envelope(&["<c@d>"]), "hi".into()).unwrap();
    let (_, outcomes) = play(&mut client, transaction, &["553 no", "503 no", "503 no"]);
    assert_eq!(codes(&outcomes), [553]);
    let transaction = Transaction::new(&client, envelope(&["<c@d>"]), "hi".into()).unwrap();
    let (_, outcomes) =
        play(&mut client, transaction, &["250 ok", "550 no", "354 go", "554 no", "250 reset"]);
    assert_eq!(codes(&outcomes), [550]);
}

#[test]
fn what_was_refused_is_reset() {
    // the content was not asked for, so it has not ended the transaction
    let mut client = ready(Config::default());
    for answers in
        [&["250 ok", "550 no", "554 no", "250 reset"][..], &["250 ok", "250 ok", "451 no", "250 reset"]]
    {
        let transaction = Transaction::new(&client, envelope(&["<c@d>"]), "hi".into()).unwrap();
        let (written, outcomes) = play(&mut client, transaction, answers);
        assert!(written.ends_with("DATA\r\nRSET\r\n"), "{written}");
        assert!(!outcomes[0].is_accepted());
        assert_eq!(client.state(), State::Ready);
    }
    // RFC 3030 section 2: RSET has to follow
    for (answers, end) in [
        (&["250 ok", "550 no", "250 reset"][..], "RCPT TO:<c@d>\r\nRSET\r\n"),
        (&["250 ok", "250 ok", "552 no", "250 reset"], "BDAT 2 LAST\r\nhiRSET\r\n"),
    ] {
        let mut chunked = envelope(&["<c@d>"]);
        chunked.chunking = true;
        let transaction = Transaction::new(&client, chunked, "hi".into()).unwrap();
        let (written, _) = play(&mut client, transaction, answers);
        assert!(written.ends_with(end), "{written}");
    }
}

#[test]
fn what_the_content_needs_is_announced_or_nothing_is_sent() {
    let mut client = ready(Config::default());
    let transaction = Transaction::new(&client, envelope(&["<c@d>"]), "\u{fc}\r\n".into()).unwrap();
    let (written, _) = play(&mut client, transaction, &["250 ok", "250 ok", "354 go", "250 ok"]);
    assert!(written.starts_with("MAIL FROM:<a@b> SIZE=4 BODY=8BITMIME\r\n"), "{written}");
    let transaction = Transaction::new(&client, envelope(&["<c@d>"]), "a\nb".into()).unwrap();
    let (written, _) = play(&mut client, transaction, &["250 ok", "250 ok", "250 ok"]);
    assert!(written.starts_with("MAIL FROM:<a@b> SIZE=3 BODY=BINARYMIME\r\n"), "{written}");
    assert!(written.ends_with("BDAT 3 LAST\r\na\nb"), "{written}");
    // RFC 3030 does not want 8BITMIME beside it
    let mut client = offered(Config::default(), "BINARYMIME\nCHUNKING");
    let transaction = Transaction::new(&client, envelope(&["<c@d>"]), "a\nb".into()).unwrap();
    let (written, _) = play(&mut client, transaction, &["250 ok", "250 ok", "250 ok"]);
    assert!(written.starts_with("MAIL FROM:<a@b> BODY=BINARYMIME\r\n"), "{written}");

    let poor = offered(Config::default(), "PIPELINING");
    let refused =
        |content: &'static str| Transaction::new(&poor, envelope(&["<c@d>"]), content.into()).unwrap_err();
    assert_eq!(refused("\u{fc}"), BodyError::Misuse(Misuse::NotAdvertised("8BITMIME")));
    assert_eq!(refused("a\nb"), BodyError::LineEnding { what: "LF", offset: 1 });
    let small = offered(Config::default(), "SIZE 3");
    let large = Transaction::new(&small, envelope(&["<c@d>"]), "four".into());
    assert_eq!(large.err(), Some(BodyError::Misuse(Misuse::TooLong { limit: 3 })));
}

#[test]
fn addresses_beyond_ascii_need_smtputf8() {
    let mut client = ready(Config::default());
    let transaction = Transaction::new(&client, envelope(&["<\u{fc}@d>"]), "x".into()).unwrap();
    let (written, _) = play(&mut client, transaction, &["250 ok", "250 ok", "354 go", "250 ok"]);
    assert!(written.starts_with("MAIL FROM:<a@b> SIZE=1 SMTPUTF8\r\n"), "{written}");
    let mut poor = offered(Config::default(), "PIPELINING");
    let transaction = Transaction::new(&poor, envelope(&["<\u{fc}@d>", "<a@d>"]), "x".into()).unwrap();
    let (written, outcomes) = play(&mut poor, transaction, &["250 ok", "250 ok", "354 go", "250 ok"]);
    assert!(!written.contains('\u{fc}'));
    assert!(matches!(outcomes[0], Outcome::NotSent(_)) && outcomes[1].is_accepted());
}

#[test]
fn what_is_not_offered_is_left_out_if_that_does_no_harm() {
    let full = |config| {
        let mut envelope = envelope(&["<c@d>"]);
        let sender = ReversePath::parse("<a@b>").unwrap();
        let parameters = Mail::new(&sender, []).unwrap();
        assert_eq!(parameters.parameters().count(), 0);
        envelope.mail = match command(&format!("MAIL FROM:<a@b> RET=HDRS ENVID=x{config}")) {
            Command::Mail(mail) => mail,
            _ => panic!(),
        };
        envelope.recipients = match command("RCPT TO:<c@d> NOTIFY=NEVER") {
            Command::Rcpt(rcpt) => vec![rcpt],
            _ => panic!(),
        };
        envelope
    };
    let mut poor = offered(Config::default(), "PIPELINING");
    let transaction = Transaction::new(&poor, full(""), "x".into()).unwrap();
    let (written, _) = play(&mut poor, transaction, &["250 ok", "250 ok", "354 go", "250 ok"]);
    assert!(written.starts_with("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"), "{written}");
    let refused = Transaction::new(&poor, full(" REQUIRETLS"), "x".into());
    assert_eq!(refused.err(), Some(BodyError::Misuse(Misuse::NotAdvertised("REQUIRETLS"))));
}

#[test]
fn a_large_message_goes_out_piece_by_piece() {
    let mut client = ready(Config::default());
    client.config.limits.high_water = 64 * 1024;
    let mut client = offered(client.config.clone(), "PIPELINING\nCHUNKING");
    let content = Bytes::from("0123456789abcdef0123456789abcd\r\n".repeat(100_000));
    let mut chunked = envelope(&["<c@d>"]);
    chunked.chunking = true;
    for envelope in [envelope(&["<c@d>"]), chunked] {
        let chunking = envelope.chunking;
        let transaction = Transaction::new(&client, envelope, content.clone()).unwrap();
        let answers: &[&str] = if chunking {
            &["250 ok", "250 ok", "250 ok"]
        } else {
            &["250 ok", "250 ok", "354 go", "250 ok"]
        };
        let (written, outcomes) = play(&mut client, transaction, answers);
        assert!(written.len() > content.len() && outcomes[0].is_accepted());
    }
}

#[test]
fn lmtp_tells_of_each_recipient() {
    let mut client = ready(Config { protocol: Protocol::Lmtp, ..Config::default() });
    let transaction = Transaction::new(&client, envelope(&["<a@d>", "<b@d>", "<c@d>"]), "x".into()).unwrap();
    let answers = ["250 ok", "250 ok", "550 no", "250 ok", "354 go", "250 a", "452 c"];
    let (_, outcomes) = play(&mut client, transaction, &answers);
    assert_eq!(codes(&outcomes), [250, 550, 452]);
}
