//! Servers with known defects.

use super::*;
use crate::client::PROFILES;

#[test]
fn servers_are_recognised() {
    for (octets, name) in [
        ("* OK Gimap ready for requests from 192.0.2.1 x\r\n", Some("Gmail")),
        ("* OK The Microsoft Exchange IMAP4 service is ready.\r\n", Some("Exchange")),
        (
            "* OK Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5 ready.\r\n",
            Some("Exchange 2003"),
        ),
        ("* OK [CAPABILITY IMAP4rev1] Dovecot (Debian) ready.\r\n", Some("Dovecot")),
        ("* OK hello\r\n* CAPABILITY IMAP4rev1 X-GM-EXT-1\r\n", Some("Gmail")),
        ("* OK hello\r\n* ID (\"name\" \"Dovecot\")\r\n", Some("Dovecot")),
        ("* OK hello\r\n* ID NIL\r\n", None),
    ] {
        let mut client = Client::new(config());
        hears(&mut client, octets.as_bytes());
        assert_eq!(client.profile().map(|profile| profile.name), name, "{octets}");
        let mut client = Client::new(Config { detect_profile: false, ..config() });
        hears(&mut client, octets.as_bytes());
        assert_eq!(client.profile(), None);
    }
}

#[test]
fn what_is_broken_counts_as_not_offered() {
    // quirk 42
    let mut client =
        greeted_with(config(), "* PREAUTH [CAPABILITY IMAP4rev1 NAMESPACE] Microsoft Exchange Server 2003");
    assert_eq!(client.send(&command("NAMESPACE")), Err(Misuse::NotAdvertised("NAMESPACE")));
    client.set_profile(None);
    assert!(client.send(&command("NAMESPACE")).is_ok());
}

#[test]
fn macros_and_long_lines() {
    let gmail = "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] Gimap ready";
    let mut client = greeted_with(config(), gmail);
    say(&mut client, "SELECT x", "A1 OK x");
    let _ = client.output().take_all();
    // row 119
    client.send(&command("UID FETCH 1 ALL")).unwrap();
    assert_eq!(sent(&mut client), "A2 UID FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)\r\n");
    // row 120
    let set = (1..5000).map(|n| format!("{}", 2 * n)).collect::<Vec<_>>().join(",");
    let before = format!("{client:?}");
    let long = command(&format!("UID FETCH {set} FLAGS"));
    assert_eq!(client.send(&long), Err(Misuse::TooLong { limit: 16_384 }));
    assert_eq!(format!("{client:?}"), before);
    client.set_profile(None);
    client.send(&long).unwrap();
    // octets of literals are no line
    let mut client = greeted_with(config(), gmail);
    let append = Append::new(Mailbox::inbox(), AppendMessage::new(MessageData::new("x".repeat(20_000))));
    client.send(&Command::Append(Box::new(append))).unwrap();
    assert_eq!(client.output().len(), 20_000 + "A1 APPEND INBOX {20000+}\r\n\r\n".len());
}

#[test]
fn each_profile_can_be_found() {
    for (n, profile) in PROFILES.iter().enumerate() {
        assert!(!profile.name.is_empty());
        assert!(PROFILES[..n].iter().all(|before| before.name != profile.name));
    }
}
