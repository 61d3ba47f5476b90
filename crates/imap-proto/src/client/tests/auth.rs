//! LOGIN and AUTHENTICATE.

use super::*;

fn authenticating(line: &str) -> (Client, CommandId) {
    let mut client = offered(config(), EVERYTHING);
    let id = client.send(&command(line)).unwrap();
    let _ = client.output().take_all();
    (client, id)
}

#[test]
fn logging_in() {
    for (answer, state, known) in [
        ("A1 OK x\r\n", State::Authenticated, None),
        ("A1 OK [CAPABILITY IMAP4rev1 X-NEW] x\r\n", State::Authenticated, Some("IMAP4rev1 X-NEW")),
        // before the tagged response, as many do
        ("* CAPABILITY IMAP4rev1 X-NEW\r\nA1 OK x\r\n", State::Authenticated, Some("IMAP4rev1 X-NEW")),
        ("* OK [CAPABILITY IMAP4rev1 X-NEW] x\r\nA1 OK x\r\n", State::Authenticated, Some("IMAP4rev1 X-NEW")),
        ("A1 NO [AUTHENTICATIONFAILED] x\r\n", State::NotAuthenticated, Some(EVERYTHING)),
        ("A1 BAD x\r\n", State::NotAuthenticated, Some(EVERYTHING)),
        ("A1 WHAT\r\n", State::NotAuthenticated, Some(EVERYTHING)),
    ] {
        let mut client = offered(config(), EVERYTHING);
        client.send(&login()).unwrap();
        assert_eq!(sent(&mut client), "A1 LOGIN joe \"pass word\"\r\n");
        hears(&mut client, answer.as_bytes());
        assert_eq!(client.state(), state, "{answer}");
        let found = client.capabilities().map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned());
        assert_eq!(found.as_deref(), known, "{answer}");
    }
    // what answers the CAPABILITY before is stale
    let mut client = offered(config(), EVERYTHING);
    client.send(&command("CAPABILITY")).unwrap();
    client.send(&login()).unwrap();
    hears(&mut client, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA1 OK x\r\nA2 OK x\r\n");
    assert!(client.capabilities().is_none());
}

#[test]
fn nothing_shows_a_secret() {
    let mut client = offered(config(), EVERYTHING);
    client.send(&login()).unwrap();
    let (mut other, id) = authenticating("AUTHENTICATE CRAM-MD5");
    other.receive(b"+ aHVudGVyMg==\r\n");
    let event = next(&mut other);
    other.auth_respond(id, b"hunter2").unwrap();
    other.receive(b"+ aHVudGVyMg\r\n");
    let bad = next(&mut other);
    for shown in [format!("{client:?}"), format!("{other:?}"), format!("{event:?}"), format!("{bad:?}")] {
        for secret in ["hunter2", "aHVudGVyMg", "pass word"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn exchanges() {
    let (mut client, id) = authenticating("AUTHENTICATE CRAM-MD5");
    assert_eq!(client.auth_respond(id, b"x"), Err(Misuse::State { wanted: "a challenge" }));
    assert_eq!(hears(&mut client, b"* 1 EXISTS\r\n+ YWJj\r\n"), ["* 1 EXISTS -1", "challenge 0 3"]);
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)));
    assert!(!client.wants_read());
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::Pipeline));
    assert_eq!(client.auth_respond(id.next(), b"x"), Err(Misuse::UnknownId));
    client.auth_respond(id, b"abcd").unwrap();
    assert_eq!(sent(&mut client), "YWJjZA==\r\n");
    assert_eq!(hears(&mut client, b"+ \r\n"), ["challenge 0 0"]);
    client.auth_respond(id, b"").unwrap();
    assert_eq!(sent(&mut client), "\r\n");
    assert_eq!(hears(&mut client, b"A1 OK x\r\n+ x\r\n"), ["done 0 OK", "continue"]);
    assert_eq!((client.state(), client.capabilities()), (State::Authenticated, None));
    assert_eq!(client.auth_respond(id, b"x"), Err(Misuse::UnknownId));
}

#[test]
fn initial_responses_only_where_offered() {
    let (client, _) = authenticating("AUTHENTICATE PLAIN AGEAYg==");
    assert!(client.exchange.is_some());
    let mut client = offered(config(), "IMAP4rev1 AUTH=PLAIN");
    assert_eq!(client.send(&command("AUTHENTICATE PLAIN AGEAYg==")), Err(Misuse::NotAdvertised("SASL-IR")));
    // case 155
    let mut client = offered(config(), "IMAP4rev1 SASL-IR AUTH=EXTERNAL");
    client.send(&command("AUTHENTICATE EXTERNAL =")).unwrap();
    assert_eq!(sent(&mut client), "A1 AUTHENTICATE EXTERNAL =\r\n");
}

#[test]
fn cancelling() {
    // case 158
    let (mut client, id) = authenticating("AUTHENTICATE CRAM-MD5");
    hears(&mut client, b"+ YWJj\r\n");
    client.auth_cancel(id).unwrap();
    assert_eq!(sent(&mut client), "*\r\n");
    assert_eq!(hears(&mut client, b"A1 BAD cancelled\r\n"), ["done 0 BAD"]);
    assert_eq!(client.state(), State::NotAuthenticated);
    client.send(&login()).unwrap();
    for answer in [&b"A1 OK x\r\n"[..], b"+ YWJj\r\n"] {
        let (mut client, id) = authenticating("AUTHENTICATE CRAM-MD5");
        hears(&mut client, b"+ YWJj\r\n");
        client.auth_cancel(id).unwrap();
        client.receive(answer);
        assert!(matches!(client.next_event(), Err(Fatal::Desync(_))));
        assert_eq!(client.state(), State::NotAuthenticated);
    }
}

#[test]
fn refusals_within_the_exchange() {
    for answer in ["A1 NO [UNAVAILABLE] x\r\n", "A1 BAD x\r\n", "A1 WHAT\r\n"] {
        let (mut client, _) = authenticating("AUTHENTICATE PLAIN");
        hears(&mut client, answer.as_bytes());
        assert!(client.exchange.is_none());
        assert_eq!(client.state(), State::NotAuthenticated);
        assert!(client.send(&command("NOOP")).is_ok());
    }
}

#[test]
fn challenges_that_are_none() {
    // case 156: PLAIN has nothing to hear, CRAM-MD5 has
    let (mut client, _) = authenticating("AUTHENTICATE PLAIN");
    assert_eq!(hears(&mut client, b"+ Go ahead\r\n"), ["text-as-challenge", "challenge 0 0"]);
    let (mut client, _) = authenticating("AUTHENTICATE PLAIN");
    assert_eq!(hears(&mut client, b"+\r\n"), ["missing-text", "challenge 0 0"]);
    for line in ["AUTHENTICATE CRAM-MD5", "AUTHENTICATE PLAIN AGEAYg=="] {
        let (mut client, id) = authenticating(line);
        assert_eq!(hears(&mut client, b"+ Go ahead\r\n"), ["bad challenge 0"]);
        client.auth_cancel(id).unwrap();
        assert_eq!(sent(&mut client), "*\r\n");
    }
}

#[test]
fn success_before_the_response_is_not_believed() {
    let (mut client, id) = authenticating("AUTHENTICATE CRAM-MD5");
    assert_eq!(hears(&mut client, b"+ YWJj\r\nA1 OK x\r\n"), ["challenge 0 3"]);
    client.auth_respond(id, b"abcd").unwrap();
    assert_eq!(hears(&mut client, b""), ["unknown A1"]);
    assert_eq!(client.state(), State::NotAuthenticated);
    // but a refusal is
    let (mut client, id) = authenticating("AUTHENTICATE CRAM-MD5");
    assert_eq!(hears(&mut client, b"+ YWJj\r\nA1 NO too late\r\n"), ["challenge 0 3"]);
    client.auth_respond(id, b"abcd").unwrap();
    assert_eq!(hears(&mut client, b""), ["done 0 NO"]);
}

#[test]
fn a_challenge_before_the_command_is_none() {
    let mut client = offered(config(), EVERYTHING);
    client.receive(b"+ YWJj\r\n");
    client.send(&command("AUTHENTICATE CRAM-MD5")).unwrap();
    assert_eq!(hears(&mut client, b""), ["continue"]);
}

#[test]
fn logging_out_of_the_user() {
    let mut client = ready(config());
    client.send(&command("ENABLE UTF8=ACCEPT")).unwrap();
    hears(&mut client, b"* ENABLED UTF8=ACCEPT\r\nA1 OK x\r\n");
    assert!(client.options().utf8);
    say(&mut client, "SELECT x", "A2 OK x");
    client.send(&command("UNAUTHENTICATE")).unwrap();
    assert_eq!(client.send(&command("NAMESPACE")), Err(Misuse::State { wanted: "authenticated" }));
    // RFC 8437 section 2
    client.send(&login()).unwrap();
    hears(&mut client, b"A3 OK x\r\n");
    assert_eq!((client.state(), client.capabilities()), (State::NotAuthenticated, None));
    assert!(!client.options().utf8 && client.enabled().capabilities.is_empty());
    hears(&mut client, b"A4 OK x\r\n");
    assert_eq!(client.state(), State::Authenticated);
}
