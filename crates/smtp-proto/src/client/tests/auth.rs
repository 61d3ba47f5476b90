//! SASL exchanges.

use super::*;

fn begun(config: Config) -> (Client, CommandId) {
    let mut client = ready(config);
    let id = client.send(&auth("SCRAM-SHA-256", None)).unwrap();
    let _ = client.output().take_all();
    (client, id)
}

#[test]
fn an_exchange() {
    let (mut client, id) = begun(Config::default());
    assert!(client.auth_respond(id, b"x").is_err(), "not before a challenge");
    client.receive(b"334 \r\n");
    assert!(matches!(next(&mut client), Event::Challenge { data, .. } if data.is_empty()));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)));
    assert!(matches!(client.send(&command("NOOP")), Err(Misuse::Pipeline)));
    client.auth_respond(id, b"abc").unwrap();
    assert_eq!(client.output().take_all(), "YWJj\r\n");
    client.receive(b"334 eHl6\r\n");
    assert!(matches!(next(&mut client), Event::Challenge { data, .. } if data.expose() == b"xyz"));
    client.auth_cancel(id).unwrap();
    assert_eq!(client.output().take_all(), "*\r\n");
    client.receive(b"501 cancelled\r\n");
    assert!(matches!(next(&mut client), Event::Reply { reply, .. } if reply.code().get() == 501));
    assert!(client.auth_cancel(id).is_err());
}

#[test]
fn case_156_challenges() {
    let (mut client, _) = begun(Config::default());
    client.receive(b"334\r\n");
    assert!(matches!(next(&mut client), Event::Challenge { data, .. } if data.is_empty()));
    let (mut client, id) = begun(Config::default());
    client.receive(b"334 Go ahead\r\n");
    assert!(matches!(next(&mut client), Event::Diagnostic(d) if d.rule == rule::TEXT_AS_CHALLENGE));
    assert!(matches!(next(&mut client), Event::Challenge { .. }));
    client.auth_respond(id, b"x").unwrap();
    client.receive(b"334 Go ahead\r\n");
    assert!(matches!(next(&mut client), Event::BadChallenge { .. }), "only the first may be text");
    client.auth_cancel(id).unwrap();
    let (mut strict, _) = begun(Config { tolerance: Tolerance::Strict, ..Config::default() });
    strict.receive(b"334 Go ahead\r\n");
    assert!(matches!(next(&mut strict), Event::BadChallenge { .. }));
}

#[test]
fn case_161_what_a_failure_says() {
    for (code, transient) in [(432, true), (454, true), (534, false), (535, false), (538, false)] {
        let (mut client, _) = begun(Config::default());
        client.receive(format!("{code} no\r\n").as_bytes());
        let Event::Reply { reply, .. } = next(&mut client) else { panic!() };
        assert_eq!((reply.code().get(), reply.is_transient()), (code, transient));
        assert!(reply.code().meaning().is_some());
        client.send(&auth("SCRAM-SHA-256", None)).unwrap();
    }
}

#[test]
fn case_118_and_163_which_mechanism() {
    let mut client = ready(Config::default());
    assert_eq!(client.send(&auth("PLAIN", Some(b"\0a\0b"))), Err(Misuse::Cleartext));
    assert!(client.output().is_empty());
    let mut client = ready(Config { allow_cleartext: true, ..Config::default() });
    client.send(&auth("PLAIN", Some(b""))).unwrap();
    assert_eq!(client.output().take_all(), "AUTH PLAIN =\r\n", "case 155");
    let mut client = offered(Config { tls: true, ..Config::default() }, "AUTH PLAIN-CLIENTTOKEN");
    assert!(matches!(client.send(&auth("PLAIN", None)), Err(Misuse::NotAdvertised(_))));
}

#[test]
fn case_125_long_credentials() {
    let tls = || ready(Config { tls: true, ..Config::default() });
    // "AUTH PLAIN " and CRLF are 13 octets
    let fits = vec![b'x'; (12_288 - 13) / 4 * 3];
    tls().send(&auth("PLAIN", Some(&fits))).unwrap();
    let long = vec![b'x'; fits.len() + 1];
    assert_eq!(tls().send(&auth("PLAIN", Some(&long))), Err(Misuse::TooLong { limit: 12_288 }));
    let (mut client, id) = begun(Config::default());
    client.receive(b"334 \r\n");
    let _challenge = next(&mut client);
    assert_eq!(client.auth_respond(id, &[b'x'; 9216]), Err(Misuse::TooLong { limit: 12_288 }));
    client.auth_respond(id, &[b'x'; 9213]).unwrap();
}

#[test]
fn nothing_shows_a_secret() {
    let mut client = ready(Config { tls: true, ..Config::default() });
    let command = auth("PLAIN", Some(b"\0a\0hunter2"));
    client.send(&command).unwrap();
    let shown = format!("{client:?} {command:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("AGEAaHVudGVyMg"), "{shown}");
}
