//! STARTTLS.

use super::*;

fn asking() -> Client {
    let mut client = offered(Config::default(), "IMAP4rev1 STARTTLS LOGINDISABLED");
    client.send(&command("STARTTLS")).unwrap();
    client
}

#[test]
fn starting_tls() {
    at_every_split(
        asking,
        b"* OK still here\r\nA1 OK [CAPABILITY IMAP4rev1 X-EVIL] begin\r\n",
        |events, end| {
            assert_eq!(short(events), ["* OK still here -1", "tls 0"]);
            assert_eq!(*end, End::Paused(Pause::StartTls));
        },
    );
    let mut client = asking();
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::TlsPending));
    assert_eq!(client.expect(Tag::new("x").unwrap(), &command("NOOP")), Err(Misuse::TlsPending));
    hears(&mut client, b"A1 OK [CAPABILITY IMAP4rev1 X-EVIL] begin\r\n");
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::TlsPending));
    assert!(!client.wants_read());
    client.tls_established().unwrap();
    // what was told in plaintext is forgotten
    assert!(client.capabilities().is_none() && client.is_tls());
    client.send(&login()).unwrap();
    hears(&mut client, b"A2 OK x\r\n");
    assert_eq!(client.state(), State::Authenticated);
}

#[test]
fn case_111_plaintext_behind_the_agreement() {
    let stream = b"A1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=EVIL\r\n";
    at_every_split(asking, stream, |events, end| {
        assert_eq!(short(events), ["tls 0"]);
        let at = "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello\r\nA1 OK begin\r\n".len() as u64;
        assert_eq!(*end, End::Failed(Fatal::PlaintextAfterStartTls(at)));
    });
    // case 119: it comes with the next read
    let mut client = asking();
    hears(&mut client, b"A1 OK begin\r\n");
    client.receive(b"*");
    assert_eq!(client.tls_established(), Err(Misuse::PlaintextPending));
    assert!(matches!(client.next_event(), Err(Fatal::PlaintextAfterStartTls(_))));
    let mut client = asking();
    hears(&mut client, b"A1 OK begin\r\n");
    client.receive_eof();
    assert_eq!(client.next_event(), Err(Fatal::UnexpectedEof("the start of TLS")));
}

#[test]
fn case_113_no_tls() {
    for (answer, event) in
        [("A1 NO x\r\n", "done 0 NO"), ("A1 BAD x\r\n", "done 0 BAD"), ("A1 WHAT\r\n", "malformed Some(0)")]
    {
        let mut client = asking();
        assert_eq!(hears(&mut client, answer.as_bytes()), [event]);
        assert!(!client.is_tls());
        assert_eq!(client.tls_established(), Err(Misuse::State { wanted: "Pause::StartTls" }));
        assert!(client.send(&command("NOOP")).is_ok());
        assert_eq!(client.send(&login()), Err(Misuse::NotAdvertised("LOGIN")));
    }
    // the tag of another
    let mut client = asking();
    assert_eq!(hears(&mut client, b"A2 OK x\r\n"), ["unknown A2"]);
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::TlsPending));
    // one that came too early
    let mut client = offered(Config::default(), EVERYTHING);
    client.receive(b"A1 OK x\r\n");
    client.send(&command("STARTTLS")).unwrap();
    assert_eq!(hears(&mut client, b""), ["unknown A1"]);
    assert_eq!(client.next_event(), Ok(Step::NeedInput));
}

#[test]
fn preauth_where_tls_is_wanted() {
    let config = Config { require_tls: true, ..Config::default() };
    at_every_split(
        || Client::new(config.clone()),
        b"* PREAUTH hello\r\n",
        |events, _| {
            assert_eq!(short(events), ["preauth-without-tls", "greeting PREAUTH"]);
        },
    );
    let mut client = Client::new(config.clone());
    hears(&mut client, b"* PREAUTH hello\r\n");
    for line in ["SELECT x", "LIST \"\" *"] {
        assert_eq!(client.send(&command(line)), Err(Misuse::State { wanted: "within TLS" }));
    }
    assert_eq!(client.send(&command("STARTTLS")), Err(Misuse::State { wanted: "not authenticated" }));
    client.send(&command("LOGOUT")).unwrap();
    let mut client = greeted(config);
    assert_eq!(client.send(&login()), Err(Misuse::State { wanted: "within TLS" }));
    client.send(&command("STARTTLS")).unwrap();
}

#[test]
fn held_commands_wait_for_the_handshake() {
    let mut client = offered(Config { auto_hold: true, ..Config::default() }, "IMAP4rev1 STARTTLS");
    client.send(&command("CAPABILITY")).unwrap();
    client.send(&command("STARTTLS")).unwrap();
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::TlsPending));
    assert_eq!(sent(&mut client), "A1 CAPABILITY\r\n");
    hears(&mut client, b"A1 OK x\r\n");
    assert_eq!(sent(&mut client), "A2 STARTTLS\r\n");
}
