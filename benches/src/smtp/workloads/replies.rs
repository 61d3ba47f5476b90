//! Replies of servers.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::generator::{HOSTS, Messages, Rng};

/// A reply in parts, for encoders and for the witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyParts {
    /// Three digits.
    pub code: u16,
    /// On every line, if there is one.
    pub enhanced: Option<(u8, u16, u16)>,
    /// Without code and enhanced code.
    pub lines: Vec<String>,
}

impl ReplyParts {
    /// The code, the three numbers of the enhanced code, and the octets of the text, its lines joined by one octet.
    pub fn told(&self) -> u64 {
        let (class, subject, detail) = self.enhanced.unwrap_or_default();
        let text: usize = self.lines.iter().map(|line| line.len() + 1).sum();
        u64::from(self.code) + u64::from(class) + u64::from(subject) + u64::from(detail) + text as u64 - 1
    }

    /// On the wire.
    pub fn octets(&self) -> String {
        let mut out = String::new();
        for (n, line) in self.lines.iter().enumerate() {
            let separator = if n + 1 == self.lines.len() { ' ' } else { '-' };
            let _ = write!(out, "{}{separator}", self.code);
            if let Some((class, subject, detail)) = self.enhanced {
                let _ = write!(out, "{class}.{subject}.{detail} ");
            }
            let _ = write!(out, "{line}\r\n");
        }
        out
    }

    /// The text, its lines joined by LF; with the enhanced code on each line if `whole`.
    pub fn text(&self, whole: bool) -> String {
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| match self.enhanced {
                Some((class, subject, detail)) if whole => format!("{class}.{subject}.{detail} {line}"),
                _ => line.clone(),
            })
            .collect();
        lines.join("\n")
    }
}

/// Replies.
#[derive(Clone)]
pub struct Replies {
    /// Their bytes.
    pub messages: Messages,
    /// In parts, in the same order.
    pub parts: Arc<[ReplyParts]>,
    /// What all of them add up to.
    pub told: u64,
}

/// Which replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Three of four have one line.
    Mixed,
    /// One line, with and without an enhanced code.
    Single,
    /// One line, with an enhanced code of three digits: all that smtp-proto can write.
    SingleEnhanced,
    /// Two to twelve lines.
    Multi,
}

impl Kind {
    /// How it stands in a workload's name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Mixed => "mixed",
            Kind::Single => "single",
            Kind::SingleEnhanced => "single-enhanced",
            Kind::Multi => "multi",
        }
    }
}

type Pattern = (u16, Option<(u8, u16, u16)>, &'static [&'static str]);

/// `@` an address, `%` a host, `#` a number, `~` a queue id, `^` an IPv4 address.
const SINGLE: &[Pattern] = &[
    (250, None, &["OK"]),
    (250, None, &["Ok"]),
    (250, None, &["Accepted"]),
    (250, None, &["Reset OK"]),
    (250, None, &["Message accepted for delivery"]),
    (250, None, &["Queued! <~@%>"]),
    (250, None, &["<@>, sender OK - how exciting to get mail from you!"]),
    (250, None, &["<@>, recipient ok"]),
    (250, None, &["OK id=1vNf3Q-00000~-2x"]),
    (250, None, &["% Hello client.example.org [^]"]),
    (250, None, &["Ok, mail was piped"]),
    (250, None, &["# octets received, ~ queued"]),
    (250, Some((2, 0, 0)), &["Ok"]),
    (250, Some((2, 0, 0)), &["Ok: queued as ~"]),
    (250, Some((2, 0, 0)), &["~ Message accepted for delivery"]),
    (250, Some((2, 0, 0)), &["OK  # ~-si~.# - gsmtp"]),
    (250, Some((2, 1, 0)), &["Ok"]),
    (250, Some((2, 1, 0)), &["<@>... Sender ok"]),
    (250, Some((2, 1, 0)), &["Sender OK"]),
    (250, Some((2, 1, 5)), &["Ok"]),
    (250, Some((2, 1, 5)), &["Recipient OK"]),
    (250, Some((2, 1, 5)), &["<@>... Recipient ok (will queue)"]),
    (250, Some((2, 1, 5)), &["Destination address valid: Recipient ok"]),
    (
        250,
        Some((2, 6, 0)),
        &["<~@%> [InternalId=#, Hostname=%] # bytes in 0.237, #.# KB/sec Queued mail for delivery"],
    ),
    (250, Some((2, 6, 0)), &["Message queued"]),
    (354, None, &["End data with <CR><LF>.<CR><LF>"]),
    (354, None, &["Enter message, ending with \".\" on a line by itself"]),
    (354, None, &["Start mail input; end with <CRLF>.<CRLF>"]),
    (354, None, &["go ahead"]),
    (354, None, &["continue.  finished with \"\\r\\n.\\r\\n\""]),
    (220, None, &["% ESMTP Postfix (Debian/GNU)"]),
    (220, None, &["% ESMTP Exim 4.96 Tue, 24 Nov 2025 22:57:# +0000"]),
    (
        220,
        None,
        &["%.prod.outlook.example Microsoft ESMTP MAIL Service ready at Tue, 24 Nov 2025 22:57:# +0000 [~]"],
    ),
    (220, None, &["mx.google.example ESMTP ~-si~.# - gsmtp"]),
    (220, Some((2, 0, 0)), &["Ready to start TLS"]),
    (221, None, &["Bye"]),
    (221, None, &["% closing connection"]),
    (221, Some((2, 0, 0)), &["Bye"]),
    (221, Some((2, 0, 0)), &["Service closing transmission channel"]),
    (235, Some((2, 7, 0)), &["Authentication successful"]),
    (252, Some((2, 0, 0)), &["@"]),
    (252, None, &["Cannot VRFY user, but will accept message and attempt delivery"]),
    (334, None, &["VXNlcm5hbWU6"]),
    (421, Some((4, 7, 0)), &["% Error: too many errors"]),
    (421, None, &["% Service not available, closing transmission channel"]),
    (450, Some((4, 2, 0)), &["<@>: Recipient address rejected: Greylisted, see http://%/greylist/help?r=#"]),
    (450, Some((4, 1, 8)), &["<@>: Sender address rejected: Domain not found"]),
    (451, Some((4, 7, 1)), &["Service unavailable - try again later"]),
    (451, Some((4, 3, 0)), &["Error: queue file write error"]),
    (452, Some((4, 2, 2)), &["The recipient's inbox is out of storage space: <@>"]),
    (452, None, &["too many recipients"]),
    (454, Some((4, 7, 0)), &["TLS not available due to local problem"]),
    (500, Some((5, 5, 2)), &["Error: command not recognized"]),
    (500, Some((5, 5, 1)), &["Invalid command: Command unrecognized"]),
    (501, Some((5, 1, 3)), &["Bad recipient address syntax"]),
    (501, Some((5, 1, 7)), &["Bad sender address syntax"]),
    (501, None, &["Syntax: MAIL FROM: <address> [SP <mail-parameters>]"]),
    (503, Some((5, 5, 1)), &["Error: need RCPT command"]),
    (503, None, &["but you already said HELO ..."]),
    (535, Some((5, 7, 8)), &["Error: authentication failed: (reason unavailable)"]),
    (550, Some((5, 1, 1)), &["<@>: Recipient address rejected: User unknown in local recipient table"]),
    (
        550,
        Some((5, 7, 1)),
        &["Service unavailable; Client host [^] blocked using zen.dnsbl.example; see https://%/query/ip/^"],
    ),
    (550, None, &["Unknown user"]),
    (550, None, &["Relaying denied (#5.7.1)"]),
    (552, Some((5, 3, 4)), &["Message size exceeds fixed limit"]),
    (553, Some((5, 1, 3)), &["Error: malformed address"]),
    (554, Some((5, 7, 1)), &["<@>: Relay access denied"]),
    (555, None, &["MAIL FROM parameters not recognized or not implemented"]),
    (550, Some((5, 7, 26)), &["This mail has been blocked because the sender is unauthenticated."]),
];

const MULTI: &[Pattern] = &[
    (220, None, &["% ESMTP", "second line of the greeting", "third line"]),
    (
        220,
        None,
        &[
            "% ESMTP Exim 4.96 Tue, 24 Nov 2025 22:57:# +0000",
            "We do not authorize the use of this system to transport unsolicited,",
            "and/or bulk e-mail.",
        ],
    ),
    (
        550,
        Some((5, 7, 26)),
        &[
            "This mail has been blocked because the sender is unauthenticated.",
            "Gmail requires all senders to authenticate with either SPF or DKIM.",
            " ",
            "Authentication results:",
            "DKIM = did not pass",
            "SPF [%] with ip: [^] = did not pass",
            " ",
            "For instructions on setting up authentication, go to",
            "https://support.example.com/mail/answer/#authentication ~-si~.# - gsmtp",
        ],
    ),
    (
        550,
        Some((5, 1, 1)),
        &[
            "The email account that you tried to reach does not exist. Please try",
            "double-checking the recipient's email address for typos or",
            "unnecessary spaces. For more information, go to",
            "https://support.example.com/mail/?p=NoSuchUser ~-si~.# - gsmtp",
        ],
    ),
    (
        421,
        Some((4, 7, 28)),
        &[
            "Gmail has detected an unusual rate of unsolicited mail originating",
            "from your IP address [^]. To protect our users from spam,",
            "mail sent from your IP address has been temporarily rate limited.",
        ],
    ),
    (
        452,
        Some((4, 2, 2)),
        &[
            "The recipient's inbox is out of storage space. Please direct the",
            "recipient to https://%/mail/?p=OverQuotaTemp ~",
        ],
    ),
    (
        214,
        None,
        &[
            "Commands supported:",
            "AUTH STARTTLS HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP ETRN EXPN VRFY",
        ],
    ),
    (
        214,
        Some((2, 0, 0)),
        &[
            "This is sendmail version 8.17.1",
            "Topics:",
            "    HELO    EHLO    MAIL    RCPT    DATA",
            "    RSET    NOOP    QUIT    HELP    VRFY",
            "    EXPN    VERB    ETRN    DSN     AUTH",
            "    STARTTLS",
            "For more info use \"HELP <topic>\".",
            "To report bugs in the implementation see",
            "    http://%/sendmail-bugs.html",
            "For local information send email to Postmaster at your site.",
            "End of HELP info",
        ],
    ),
    (250, None, &["Alice Jones <@>", "Bob Schmidt <@>", "The Sales Team <@>"]),
    (250, Some((2, 1, 5)), &["Alice <@>", "Bob <@>"]),
    (
        554,
        Some((5, 7, 1)),
        &[
            "Your access to this mail system from ^ has been rejected due to the sending MTA's poor",
            "reputation. If you believe that this failure is in error, please contact the intended recipient",
            "via alternate means.",
        ],
    ),
    (550, None, &["<@>:", "no such mailbox here; ask postmaster@%"]),
    (
        451,
        Some((4, 7, 650)),
        &[
            "The mail server [^] has been temporarily rate limited due to IP reputation.",
            "For e-mail delivery information, see https://%/postmaster",
        ],
    ),
];

/// Replies as real servers write them, the texts filled with other addresses, hosts and queue ids each time.
pub fn replies(count: usize, kind: Kind) -> Replies {
    let mut rng = Rng::new(23);
    let parts: Vec<ReplyParts> = (0..count)
        .map(|_| {
            let from = match kind {
                Kind::Multi => MULTI,
                Kind::Mixed if rng.chance(25) => MULTI,
                _ => SINGLE,
            };
            loop {
                let pattern = &from[rng.range(0..from.len())];
                let small = pattern.1.is_none_or(|(_, _, detail)| detail < 256);
                let writable = pattern.1.is_some_and(|(_, subject, detail)| subject < 10 && detail < 10);
                if small && (kind != Kind::SingleEnhanced || writable) {
                    break fill(&mut rng, pattern);
                }
            }
        })
        .collect();
    let octets: Vec<String> = parts.iter().map(ReplyParts::octets).collect();
    Replies {
        messages: Messages::new(&octets),
        told: parts.iter().map(ReplyParts::told).sum(),
        parts: parts.into(),
    }
}

/// One long reply, about `octets` long.
pub fn long_reply(octets: usize) -> ReplyParts {
    let mut rng = Rng::new(24);
    let mut lines = Vec::new();
    let mut length = 0;
    while length < octets {
        let line =
            fill(&mut rng, &(214, None, &["Topic ~: see http://%/help?n=# or write to <@>"])).lines.remove(0);
        length += line.len() + 6;
        lines.push(line);
    }
    ReplyParts { code: 214, enhanced: None, lines }
}

fn fill(rng: &mut Rng, pattern: &Pattern) -> ReplyParts {
    let line = |line: &&str| {
        let mut out = String::new();
        for letter in line.chars() {
            match letter {
                '@' => {
                    out.push_str(rng.pick(&[
                        "alice",
                        "bob",
                        "carol.jones",
                        "nobody",
                        "x",
                        "erin+list",
                        "heidi.schmidt",
                    ]));
                    out.push('@');
                    out.push_str(rng.pick(&[
                        "example.org",
                        "b.test",
                        "mail.example.net",
                        "customers.provider.example",
                    ]));
                }
                '%' => out.push_str(rng.pick(HOSTS)),
                '#' => {
                    let digits = rng.range(1..6) as u32;
                    let _ = write!(out, "{}", rng.range(1..10_usize.pow(digits)));
                }
                '~' => {
                    let digits = rng.range(8..14);
                    rng.hex(&mut out, digits);
                }
                '^' => {
                    let _ = write!(out, "192.0.2.{}", rng.range(1..255));
                }
                other => out.push(other),
            }
        }
        out
    };
    ReplyParts { code: pattern.0, enhanced: pattern.1, lines: pattern.2.iter().map(line).collect() }
}
