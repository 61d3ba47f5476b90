//! What the SMTP targets share.

use smtp_proto::{Mailbox, Protocol, Reply, ReplyKind};

/// The kind that an octet chooses.
pub fn kind(choice: u8) -> ReplyKind {
    ReplyKind::ALL[usize::from(choice) % ReplyKind::ALL.len()]
}

/// SMTP or LMTP.
pub fn protocol(lmtp: bool) -> Protocol {
    if lmtp { Protocol::Lmtp } else { Protocol::Smtp }
}

/// What was decoded cannot end a line.
pub fn assert_no_line_end(octets: &[u8]) {
    assert!(!octets.iter().any(|octet| b"\r\n\0".contains(octet)), "{}", octets.escape_ascii());
}

/// A path in angle brackets, and a mailbox that stands in it.
pub fn check_path(path: &[u8], mailbox: Option<Mailbox>) {
    assert_no_line_end(path);
    assert!(path.starts_with(b"<") && path.ends_with(b">"), "{}", path.escape_ascii());
    let Some(mailbox) = mailbox else { return };
    assert!(path.windows(mailbox.as_bytes().len()).any(|window| window == mailbox.as_bytes()));
    assert_no_line_end(&mailbox.local_part_decoded());
    let joined = [mailbox.local_part(), b"@", mailbox.domain()].concat();
    assert_eq!(joined, mailbox.as_bytes());
    assert!(mailbox.is_same(&mailbox.detach()));
    let _ = mailbox.host().to_string();
}

/// Whatever reply there is, it is one by the rules of the RFC, without its enhanced codes too.
pub fn check_reply(reply: &Reply) {
    for line in reply.as_bytes().split_inclusive(|&octet| octet == b'\n') {
        crate::assert_one_line(line);
    }
    assert_eq!(Reply::parse(&reply.to_bytes()).as_ref(), Ok(reply));
    assert_eq!(reply.detach(), *reply);
    assert_eq!(reply.lines().count(), reply.as_bytes().split_inclusive(|&octet| octet == b'\n').count());
    let bare = reply.without_enhanced();
    assert_eq!(Reply::parse(&bare.to_bytes()).as_ref(), Ok(&bare));
    assert!(bare.lines().all(|line| line.enhanced.is_none()), "{bare:?}");
    assert_eq!((bare.code(), bare.lines().count()), (reply.code(), reply.lines().count()));
    for line in reply.lines() {
        assert_no_line_end(line.text);
        assert!(line.enhanced.is_none_or(|enhanced| Some(enhanced.class()) == reply.code().class()));
    }
}
