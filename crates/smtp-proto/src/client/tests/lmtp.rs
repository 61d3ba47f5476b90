//! LMTP (RFC 2033).

use super::*;

fn lmtp() -> Config {
    Config { protocol: Protocol::Lmtp, ..Config::default() }
}

fn delivering(content: &str) -> (Client, CommandId, Vec<CommandId>) {
    let mut client = ready(lmtp());
    let mut recipients = Vec::new();
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    for to in ["a", "no", "b"] {
        recipients.push(client.send(&command(&format!("RCPT TO:<{to}@c>"))).unwrap());
    }
    let id = client.send(&command("DATA")).unwrap();
    client.receive(b"250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n");
    drain(&mut client, |_, _| {});
    client.body(id, &Bytes::copy_from_slice(content.as_bytes())).unwrap();
    client.end_body(id).unwrap();
    (client, id, recipients)
}

#[test]
fn case_110_a_reply_for_each_accepted_recipient() {
    let (mut client, id, recipients) = delivering("x\r\n");
    client.receive(b"250 a\r\n452 b\r\n");
    for (index, text, is_last) in [(0, &b"a"[..], false), (2, b"b", true)] {
        let Event::RecipientReply { id: of, recipient, reply, last } = next(&mut client) else { panic!() };
        assert_eq!((of, recipient, reply.text(), last), (id, recipients[index], text, is_last));
    }
    assert_eq!((client.outstanding(), client.state()), (0, State::Ready));
    // one more is told of
    client.receive(b"250 c\r\n");
    assert!(matches!(next(&mut client), Event::Diagnostic(d) if d.rule == rule::UNSOLICITED_REPLY));
    assert!(matches!(next(&mut client), Event::Unsolicited(_)));
    // one less is an error
    let (mut client, ..) = delivering("x\r\n");
    client.receive(b"250 a\r\n");
    client.receive_eof();
    assert!(matches!(next(&mut client), Event::RecipientReply { last: false, .. }));
    assert_eq!(client.next_event(), Err(Fatal::UnexpectedEof("the replies that are due")));
}

#[test]
fn only_the_last_chunk_has_a_reply_for_each() {
    let mut client = ready(lmtp());
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<a@c>", "RCPT TO:<b@c>"] {
        client.send(&command(line)).unwrap();
    }
    assert_eq!(
        client.send(&command("BDAT 1 LAST")),
        Err(Misuse::Pipeline),
        "who gets replies is not known yet"
    );
    client.receive(b"250 ok\r\n250 ok\r\n250 ok\r\n");
    drain(&mut client, |_, _| {});
    for line in ["BDAT 1", "BDAT 1 LAST"] {
        let id = client.send(&command(line)).unwrap();
        client.body(id, &"x".into()).unwrap();
    }
    client.receive(b"250 chunk\r\n250 a\r\n250 b\r\n");
    let mut events = Vec::new();
    drain(&mut client, |_, event| events.push(event));
    assert_eq!(events.len(), 3);
    assert!(matches!(events[0], Event::Reply { .. }));
    assert!(matches!(events[2], Event::RecipientReply { last: true, .. }));
}
