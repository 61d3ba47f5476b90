use super::*;

#[test]
fn tags_have_the_prefix_of_the_caller() {
    let mut client = greeted(Config { tag_prefix: Tag::new("x.7-").unwrap(), ..config() });
    let id = client.send(&command("NOOP")).unwrap();
    assert_eq!(client.tag(id).unwrap().as_bytes(), b"x.7-1");
    client.send(&command("CAPABILITY")).unwrap();
    assert_eq!(sent(&mut client), "x.7-1 NOOP\r\nx.7-2 CAPABILITY\r\n");
    assert_eq!(hears(&mut client, b"x.7-2 OK x\r\nx.7-1 OK x\r\n"), ["done 1 OK", "done 0 OK"]);
    assert_eq!(client.tag(id), None);
}

/// What the caller may see of a client.
fn seen(client: &Client) -> String {
    format!("{client:?}")
}

#[test]
fn misuse_changes_nothing() {
    let before_greeting = Client::new(config());
    let not_in = offered(Config::default(), "IMAP4rev1 LOGINDISABLED AUTH=PLAIN");
    let cleartext = offered(Config::default(), "IMAP4rev1 AUTH=PLAIN");
    let in_tls = offered(config(), EVERYTHING);
    let authenticated = ready(config());
    let in_mailbox = selected(config());
    let mut limits = Limits::client();
    limits.max_pipelined = 1;
    let mut full = ready(Config { limits, ..config() });
    full.send(&command("NOOP")).unwrap();
    let mut numbers = selected(config());
    numbers.send(&command("NOOP")).unwrap();
    let state = |wanted| Misuse::State { wanted };
    let mut clients = [before_greeting, not_in, cleartext, in_tls, authenticated, in_mailbox, full, numbers];
    for (n, line, misuse) in [
        (0, "NOOP", state("after the greeting")),
        (1, "SELECT x", state("authenticated")),
        (1, "FETCH 1 FLAGS", state("selected")),
        (1, "LOGIN a b", Misuse::NotAdvertised("LOGIN")),
        (1, "AUTHENTICATE PLAIN", Misuse::Cleartext),
        (1, "STARTTLS", Misuse::NotAdvertised("STARTTLS")),
        (2, "LOGIN a b", Misuse::Cleartext),
        (3, "STARTTLS", state("without TLS")),
        (3, "AUTHENTICATE LOGIN", Misuse::NotAdvertised("this mechanism")),
        (4, "LOGIN a b", state("not authenticated")),
        (4, "FETCH 1 FLAGS", state("selected")),
        (4, "GETQUOTAROOT x", Misuse::NotAdvertised("QUOTA")),
        (4, "LIST \"\" * RETURN (MYRIGHTS)", Misuse::NotAdvertised("LIST-EXTENDED")),
        (4, "ENABLE X-FOO", Misuse::NotAdvertised("what is to be enabled")),
        (5, "ENABLE UTF8=ACCEPT", state("authenticated, without a selected mailbox")),
        (5, "UID FETCH 1 PREVIEW", Misuse::NotAdvertised("PREVIEW")),
        (5, "SEARCH YOUNGER 10", Misuse::NotAdvertised("WITHIN")),
        (5, "SEARCH OR SEEN NOT EMAILID x", Misuse::NotAdvertised("OBJECTID")),
        (5, "THREAD ORDEREDSUBJECT UTF-8 ALL", Misuse::NotAdvertised("THREAD=ORDEREDSUBJECT")),
        (6, "NOOP", Misuse::PipelineFull),
        (7, "FETCH 1 FLAGS", Misuse::Pipeline),
        (7, "STARTTLS", state("not authenticated")),
        (7, "COMPRESS DEFLATE", Misuse::Pipeline),
    ] {
        let client: &mut Client = &mut clients[n];
        let (before, output) = (seen(client), client.output().len());
        assert_eq!(client.send(&command(line)), Err(misuse), "{line}");
        assert_eq!((seen(client), client.output().len()), (before, output), "{line}");
    }
    let client = &mut clients[5];
    let before = seen(client);
    let id = CommandId::FIRST;
    assert_eq!(client.body(id, &"x".into()), Err(state("a literal that is due").into()));
    assert_eq!(client.end_body(id), Err(Misuse::UnknownId));
    assert_eq!(client.auth_respond(id, b""), Err(Misuse::UnknownId));
    assert_eq!(client.auth_cancel(id), Err(Misuse::UnknownId));
    assert_eq!(client.idle_done(id), Err(Misuse::UnknownId));
    assert_eq!(client.tls_established(), Err(state("Pause::StartTls")));
    assert_eq!(client.compressed(), Err(state("Pause::Upgrade")));
    assert_eq!(seen(client), before);
}

#[test]
fn what_is_offered_is_not_checked_before_it_is_known_or_if_that_is_not_wanted() {
    let mut client = greeted(config());
    assert!(client.send(&command("AUTHENTICATE PLAIN AGEAYg==")).is_ok());
    let mut client =
        greeted_with(Config { check_advertised: false, ..config() }, "* PREAUTH [CAPABILITY IMAP4rev1] x");
    for line in ["NAMESPACE", "GETQUOTAROOT x", "IDLE"] {
        assert!(client.send(&command(line)).is_ok(), "{line}");
    }
    // RFC 9051 appendix E
    let mut client = greeted_with(config(), "* PREAUTH [CAPABILITY IMAP4rev2] x");
    for line in ["NAMESPACE", "LIST \"\" * RETURN (STATUS (MESSAGES SIZE))", "ENABLE IMAP4rev2", "IDLE"] {
        assert!(client.send(&command(line)).is_ok(), "{line}");
    }
    // but a server of both versions lists what it has
    let mut client = greeted_with(config(), "* PREAUTH [CAPABILITY IMAP4rev1 IMAP4rev2 ENABLE] x");
    assert_eq!(client.send(&command("NAMESPACE")), Err(Misuse::NotAdvertised("NAMESPACE")));
    client.send(&command("ENABLE IMAP4rev2")).unwrap();
    hears(&mut client, b"* ENABLED IMAP4rev2\r\nA1 OK x\r\n");
    assert!(client.send(&command("NAMESPACE")).is_ok());
}

#[test]
fn commands_are_held_until_they_may_be_sent() {
    let mut client = Client::new(Config { auto_hold: true, ..config() });
    let lines = [
        "CAPABILITY",
        "AUTHENTICATE PLAIN",
        "SELECT x",
        "FETCH 1 FLAGS",
        "STORE 1 FLAGS ()",
        "NOOP",
        "FETCH 2 FLAGS",
        "LOGOUT",
    ];
    for line in lines {
        client.send(&command(line)).unwrap();
    }
    assert_eq!(client.outstanding(), 8);
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::State { wanted: "any" }));
    assert_eq!(sent(&mut client), "");
    hears(&mut client, b"* OK x\r\n");
    assert_eq!(sent(&mut client), "A1 CAPABILITY\r\n");
    hears(&mut client, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA1 OK x\r\n");
    assert_eq!(sent(&mut client), "A2 AUTHENTICATE PLAIN\r\n");
    assert_eq!(hears(&mut client, b"+ \r\n"), ["challenge 1 0"]);
    client.auth_respond(CommandId::FIRST.next(), b"\0a\0b").unwrap();
    assert_eq!(sent(&mut client), "AGEAYg==\r\n");
    hears(&mut client, b"A2 OK x\r\n");
    assert_eq!(sent(&mut client), "A3 SELECT x\r\n");
    hears(&mut client, b"A3 OK x\r\n");
    assert_eq!(sent(&mut client), "A4 FETCH 1 FLAGS\r\nA5 STORE 1 FLAGS ()\r\nA6 NOOP\r\n");
    hears(&mut client, b"A4 OK x\r\nA5 OK x\r\n");
    assert_eq!(sent(&mut client), "");
    assert_eq!(hears(&mut client, b"A6 OK x\r\n"), ["done 5 OK"]);
    assert_eq!(sent(&mut client), "A7 FETCH 2 FLAGS\r\nA8 LOGOUT\r\n");
}

#[test]
fn held_commands_whose_state_never_came_are_told() {
    let mut client = ready(Config { auto_hold: true, ..config() });
    for line in ["SELECT x", "UID FETCH 1 FLAGS", "NOOP"] {
        client.send(&command(line)).unwrap();
    }
    assert_eq!(hears(&mut client, b"A1 NO x\r\n"), ["done 0 NO", "not sent 1"]);
    assert_eq!(sent(&mut client), "A1 SELECT x\r\nA3 NOOP\r\n");
    assert_eq!(client.send(&command("UID FETCH 1 FLAGS")), Err(Misuse::State { wanted: "selected" }));
}

#[test]
fn many_commands_at_once() {
    let mut client = selected(config());
    let mut answers = String::new();
    for n in 0..1024 {
        client.send(&command("UID FETCH 1 FLAGS")).unwrap();
        answers.push_str(&format!("A{} OK x\r\n", n + 2));
    }
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::PipelineFull));
    assert_eq!(hears(&mut client, answers.as_bytes()).len(), 1024);
    assert!(client.send(&command("FETCH 1 FLAGS")).is_ok());
}

#[test]
fn a_proxy_can_follow() {
    let mut client = offered(config(), EVERYTHING);
    let tag = |tag: &'static str| Tag::new(tag).unwrap();
    client.expect(tag("7"), &command("LOGIN a b")).unwrap();
    assert_eq!(client.expect(tag("7"), &command("NOOP")), Err(Misuse::Invalid("new tag")));
    assert_eq!(hears(&mut client, b"A1 OK x\r\n7 OK x\r\n"), ["unknown A1", "done 0 OK"]);
    assert_eq!(client.state(), State::Authenticated);
    // what was already received counts
    client.receive(b"x OK [READ-WRITE] x\r\n");
    client.expect(tag("x"), &command("SELECT x")).unwrap();
    let own = client.send(&command("NOOP")).unwrap();
    assert_eq!(hears(&mut client, b"A3 OK x\r\n"), ["done 1 OK", "done 2 OK"]);
    assert_eq!(own.index(), 2);
}
