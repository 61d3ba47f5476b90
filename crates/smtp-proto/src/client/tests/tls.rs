//! STARTTLS.

use super::*;

fn starting() -> Client {
    let mut client = ready(Config::default());
    client.send(&command("STARTTLS")).unwrap();
    assert_eq!(client.output().take_all(), "STARTTLS\r\n");
    client
}

#[test]
fn tls_starts() {
    let mut client = starting();
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::TlsPending));
    client.receive(b"220 go\r\n");
    assert!(matches!(next(&mut client), Event::StartTls { .. }));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::StartTls)));
    assert!(!client.wants_read());
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::TlsPending));
    client.tls_established().unwrap();
    assert!(client.is_tls() && client.ehlo().is_none());
    assert_eq!(client.state(), State::Hello);
    assert!(matches!(
        client.send(&command("STARTTLS")),
        Err(Misuse::State { .. } | Misuse::NotAdvertised(_))
    ));
    client.send(&command("EHLO a")).unwrap();
}

#[test]
fn cases_111_and_119_plaintext_behind_220_is_never_used() {
    at_every_split(starting, b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n", |events, end| {
        assert!(matches!(events, [Event::StartTls { .. }]), "{events:?}");
        assert_eq!(*end, End::Failed(Fatal::PlaintextAfterStartTls(events_offset())));
    });
    let mut client = starting();
    client.receive(b"220 go\r\n");
    assert!(matches!(next(&mut client), Event::StartTls { .. }));
    client.receive(b"250 evil\r\n");
    assert_eq!(client.tls_established(), Err(Misuse::PlaintextPending));
    assert!(client.next_event().is_err());
}

/// Where the plaintext starts: behind the greeting, the reply to EHLO and 220.
fn events_offset() -> u64 {
    let mut client = starting();
    client.receive(b"220 go\r\nx");
    let _event = next(&mut client);
    let Err(Fatal::PlaintextAfterStartTls(offset)) = client.next_event() else { panic!() };
    offset
}

#[test]
fn case_113_tls_may_be_refused() {
    for code in [454, 501, 502] {
        let mut client = starting();
        client.receive(format!("{code} no\r\n").as_bytes());
        assert!(matches!(next(&mut client), Event::Reply { reply, .. } if !reply.is_positive()));
        assert!(!client.is_tls());
        client.send(&command("NOOP")).unwrap();
    }
}
