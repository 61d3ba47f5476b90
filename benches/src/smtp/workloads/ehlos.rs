//! Replies to EHLO.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;

use crate::generator::{HOSTS, Messages, Rng};

/// EHLO replies of several servers in several configurations.
#[derive(Clone)]
pub struct Ehlos {
    /// As on the wire.
    pub messages: Messages,
    /// The same with `X-DELIVER` for `DELIVERBY` and `XURL` for `BURL` (it cannot read a reply where those two have parameters), and
    /// `XLAIN-CLIENTTOKEN` (nor a mechanism that begins like one that it knows).
    pub for_smtp_codec: Arc<[Bytes]>,
    /// In parts.
    pub parts: Arc<[EhloParts]>,
    /// What all of them add up to.
    pub told: u64,
    /// The same without the texts that smtp-proto drops: greeting, unknown keywords and mechanisms, LIMITS.
    pub told_smtp_proto: u64,
    /// The same for smtp-codec, which does not type DELIVERBY, FUTURERELEASE and LIMITS.
    pub told_smtp_codec: u64,
}

/// An EHLO reply, for encoders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EhloParts {
    /// The server's name.
    pub domain: String,
    /// May be empty.
    pub greet: String,
    /// Keyword and parameters as they stand in the line.
    pub capabilities: Vec<String>,
}

/// What smtp-proto 0.2.5 knows.
const KNOWN: &[&str] = &[
    "8BITMIME",
    "ATRN",
    "AUTH",
    "BINARYMIME",
    "BURL",
    "CHECKPOINT",
    "CHUNKING",
    "CONNEG",
    "CONPERM",
    "DELIVERBY",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "ETRN",
    "EXPN",
    "VRFY",
    "FUTURERELEASE",
    "HELP",
    "MT-PRIORITY",
    "MTRK",
    "NO-SOLICITING",
    "ONEX",
    "PIPELINING",
    "REQUIRETLS",
    "RRVS",
    "SIZE",
    "SMTPUTF8",
    "STARTTLS",
    "VERB",
];

/// Mechanisms here that smtp-proto 0.2.5 does not know.
const UNKNOWN_MECHANISMS: &[&str] = &["PLAIN-CLIENTTOKEN", "CRAM-SHA1", "CRAM-SHA256"];

impl EhloParts {
    fn octets(&self) -> String {
        let mut out = String::new();
        let space = if self.greet.is_empty() { "" } else { " " };
        let _ = write!(out, "250-{}{space}{}\r\n", self.domain, self.greet);
        for (n, capability) in self.capabilities.iter().enumerate() {
            let separator = if n + 1 == self.capabilities.len() { ' ' } else { '-' };
            let _ = write!(out, "250{separator}{capability}\r\n");
        }
        out
    }

    /// Everything: the octets of name and greeting, how many capabilities and mechanisms, and the numbers of SIZE, DELIVERBY,
    /// FUTURERELEASE and LIMITS.
    pub fn told(&self) -> u64 {
        let mut told = (self.domain.len() + self.greet.len() + self.capabilities.len()) as u64;
        for capability in &self.capabilities {
            let (keyword, parameters) = split(capability);
            let mut parameters = parameters.split(' ');
            told += match keyword {
                "SIZE" | "DELIVERBY" | "FUTURERELEASE" => number(parameters.next()),
                "AUTH" => parameters.count() as u64,
                "LIMITS" => parameters.map(|limit| number(limit.split('=').nth(1))).sum(),
                _ => 0,
            };
        }
        told
    }

    fn told_smtp_proto(&self) -> u64 {
        let (mut known, mut mechanisms) = (BTreeSet::new(), BTreeSet::new());
        let mut told = self.domain.len() as u64;
        for capability in &self.capabilities {
            let (keyword, parameters) = split(capability);
            let mut parameters = parameters.split(' ');
            if KNOWN.contains(&keyword) {
                known.insert(keyword);
            }
            match keyword {
                "SIZE" | "DELIVERBY" | "FUTURERELEASE" => told += number(parameters.next()),
                "AUTH" => mechanisms.extend(parameters.filter(|name| !UNKNOWN_MECHANISMS.contains(name))),
                _ => {}
            }
        }
        told + (known.len() + mechanisms.len()) as u64
    }

    fn told_smtp_codec(&self) -> u64 {
        let mut told = (self.domain.len() + self.greet.len() + self.capabilities.len()) as u64;
        for capability in &self.capabilities {
            let (keyword, parameters) = split(capability);
            let mut parameters = parameters.split(' ');
            told += match keyword {
                "SIZE" => number(parameters.next()),
                "AUTH" => parameters.count() as u64,
                _ => 0,
            };
        }
        told
    }
}

fn split(capability: &str) -> (&str, &str) {
    match capability.find([' ', '=']) {
        // `AUTH=` of old servers; other keywords keep what stands behind `=`
        Some(at) => (&capability[..at], &capability[at + 1..]),
        None => (capability, ""),
    }
}

fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The greeting, and lines with the percentage of configurations that have them. `#` is a size; `*` mechanisms.
struct Server {
    greet: &'static str,
    lines: &'static [(&'static str, usize)],
}

const SERVERS: &[Server] = &[
    // Postfix
    Server {
        greet: "",
        lines: &[
            ("PIPELINING", 100),
            ("SIZE #", 100),
            ("VRFY", 50),
            ("ETRN", 100),
            ("STARTTLS", 60),
            ("AUTH *", 50),
            ("XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT", 10),
            ("XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT", 10),
            ("ENHANCEDSTATUSCODES", 100),
            ("8BITMIME", 100),
            ("DSN", 85),
            ("SMTPUTF8", 80),
            ("CHUNKING", 80),
        ],
    },
    // Postfix for old Outlook: `broken_sasl_auth_clients`
    Server {
        greet: "",
        lines: &[
            ("PIPELINING", 100),
            ("SIZE #", 100),
            ("ETRN", 80),
            ("AUTH PLAIN LOGIN CRAM-MD5", 100),
            ("AUTH=PLAIN LOGIN CRAM-MD5", 100),
            ("ENHANCEDSTATUSCODES", 100),
            ("8BITMIME", 100),
            ("DSN", 100),
        ],
    },
    // Exim
    Server {
        greet: "Hello client.example.org [192.0.2.17]",
        lines: &[
            ("SIZE #", 100),
            ("8BITMIME", 100),
            ("DSN", 30),
            ("ETRN", 20),
            ("VRFY", 20),
            ("EXPN", 10),
            ("LIMITS MAILMAX=1000 RCPTMAX=50000", 50),
            ("PIPELINING", 100),
            ("PIPECONNECT", 60),
            ("AUTH *", 50),
            ("CHUNKING", 80),
            ("STARTTLS", 80),
            ("PRDR", 50),
            ("SMTPUTF8", 30),
            ("HELP", 100),
        ],
    },
    // Gmail
    Server {
        greet: "at your service, [192.0.2.17]",
        lines: &[
            ("SIZE 157286400", 100),
            ("8BITMIME", 100),
            ("STARTTLS", 50),
            ("AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH", 50),
            ("ENHANCEDSTATUSCODES", 100),
            ("PIPELINING", 100),
            ("CHUNKING", 100),
            ("SMTPUTF8", 100),
        ],
    },
    // Outlook, Exchange
    Server {
        greet: "Hello [192.0.2.17]",
        lines: &[
            ("SIZE #", 100),
            ("PIPELINING", 100),
            ("DSN", 100),
            ("ENHANCEDSTATUSCODES", 100),
            ("STARTTLS", 80),
            ("AUTH NTLM LOGIN", 30),
            ("X-ANONYMOUSTLS", 20),
            ("X-EXPS GSSAPI NTLM", 20),
            ("8BITMIME", 100),
            ("BINARYMIME", 100),
            ("CHUNKING", 100),
            ("XEXCH50", 10),
            ("XRDST", 20),
            ("SMTPUTF8", 90),
        ],
    },
    // Yahoo, Oath
    Server {
        greet: "Hello mta.example.org [192.0.2.17]",
        lines: &[
            ("PIPELINING", 100),
            ("ENHANCEDSTATUSCODES", 100),
            ("8BITMIME", 100),
            ("SIZE 41943040", 100),
            ("STARTTLS", 90),
        ],
    },
    // OpenSMTPD
    Server {
        greet: "Hello client.example.org [192.0.2.17], pleased to meet you",
        lines: &[
            ("8BITMIME", 100),
            ("ENHANCEDSTATUSCODES", 100),
            ("SIZE #", 100),
            ("DSN", 60),
            ("STARTTLS", 60),
            ("AUTH PLAIN LOGIN", 40),
            ("HELP", 100),
        ],
    },
    // Courier
    Server {
        greet: "Ok.",
        lines: &[
            ("AUTH PLAIN LOGIN CRAM-MD5 CRAM-SHA1 CRAM-SHA256", 50),
            ("STARTTLS", 100),
            ("XVERP=Courier", 100),
            ("XEXDATA", 100),
            ("XSECURITY=NONE,STARTTLS", 100),
            ("PIPELINING", 100),
            ("8BITMIME", 100),
            ("SMTPUTF8", 100),
            ("SIZE", 100),
            ("DSN", 100),
        ],
    },
    // Sendmail
    Server {
        greet: "Hello client.example.org [192.0.2.17], pleased to meet you",
        lines: &[
            ("ENHANCEDSTATUSCODES", 100),
            ("PIPELINING", 100),
            ("EXPN", 30),
            ("VERB", 20),
            ("8BITMIME", 100),
            ("SIZE #", 60),
            ("DSN", 100),
            ("ETRN", 80),
            ("AUTH *", 50),
            ("STARTTLS", 60),
            ("DELIVERBY", 70),
            ("HELP", 100),
        ],
    },
    // aiosmtpd, Python's smtpd
    Server {
        greet: "",
        lines: &[
            ("SIZE 33554432", 100),
            ("8BITMIME", 70),
            ("SMTPUTF8", 70),
            ("AUTH LOGIN PLAIN", 50),
            ("HELP", 100),
        ],
    },
    // smtp-server of nodemailer
    Server {
        greet: "Nice to meet you, client.example.org",
        lines: &[
            ("PIPELINING", 100),
            ("8BITMIME", 100),
            ("SMTPUTF8", 100),
            ("ENHANCEDSTATUSCODES", 50),
            ("DSN", 50),
            ("AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2", 80),
            ("STARTTLS", 80),
            ("SIZE #", 90),
            ("XCLIENT NAME ADDR PORT PROTO HELO LOGIN", 30),
        ],
    },
    // qpsmtpd, Haraka
    Server {
        greet: "Hi localhost [127.0.0.1]",
        lines: &[
            ("PIPELINING", 100),
            ("8BITMIME", 100),
            ("SIZE #", 90),
            ("STARTTLS", 30),
            ("AUTH LOGIN CRAM-MD5 PLAIN", 60),
        ],
    },
    // Dovecot's submission service
    Server {
        greet: "",
        lines: &[
            ("8BITMIME", 100),
            ("AUTH PLAIN LOGIN", 100),
            ("BURL imap", 70),
            ("CHUNKING", 100),
            ("ENHANCEDSTATUSCODES", 100),
            ("SIZE #", 80),
            ("STARTTLS", 30),
            ("PIPELINING", 100),
        ],
    },
    // Stalwart
    Server {
        greet: "you had me at EHLO",
        lines: &[
            ("STARTTLS", 50),
            ("SMTPUTF8", 100),
            ("SIZE #", 100),
            ("REQUIRETLS", 50),
            ("PIPELINING", 100),
            ("NO-SOLICITING net.example:ADV", 30),
            ("MT-PRIORITY MIXER", 30),
            ("FUTURERELEASE 604800 2026-12-31T00:00:00Z", 30),
            ("ENHANCEDSTATUSCODES", 100),
            ("DSN", 70),
            ("DELIVERBY 3600", 30),
            ("CHUNKING", 100),
            ("BINARYMIME", 100),
            ("AUTH *", 60),
            ("8BITMIME", 100),
        ],
    },
    // an X.400 gateway, Isode
    Server {
        greet: "- Isode M-Switch",
        lines: &[
            ("DSN", 100),
            ("8BITMIME", 100),
            ("SIZE #", 100),
            ("BINARYMIME", 80),
            ("CHUNKING", 100),
            ("MT-PRIORITY STANAG4406", 80),
            ("DELIVERBY 240", 60),
            ("RRVS", 30),
            ("CONPERM", 20),
            ("CONNEG", 20),
            ("MTRK", 20),
            ("HELP", 100),
        ],
    },
];

/// EHLO replies as real servers write them; configurations, sizes and mechanisms differ each time.
pub fn ehlos(count: usize) -> Ehlos {
    let mut rng = Rng::new(25);
    let parts: Vec<EhloParts> = (0..count)
        .map(|_| {
            let server = &SERVERS[rng.range(0..SERVERS.len())];
            let mut capabilities: Vec<String> = server
                .lines
                .iter()
                .filter(|(_, percent)| rng.chance(*percent))
                .map(|(line, _)| line.to_string())
                .collect();
            for line in &mut capabilities {
                if line.ends_with('#') {
                    *line = line.replace('#', &size(&mut rng));
                } else if line.ends_with('*') {
                    *line = format!("AUTH {}", mechanisms(&mut rng));
                }
            }
            let greet = server.greet.replace(".17", &format!(".{}", rng.range(1..255)));
            EhloParts { domain: rng.pick(HOSTS).into(), greet, capabilities }
        })
        .collect();
    finish(parts)
}

/// What servers offer that smtp-proto can write: keywords that it knows, SIZE with a number, DELIVERBY without one, and its greeting.
pub fn offers(count: usize) -> Ehlos {
    let mut rng = Rng::new(26);
    let parts: Vec<EhloParts> = (0..count)
        .map(|_| {
            let mut capabilities = vec![
                "PIPELINING".to_owned(),
                format!("SIZE {}", size(&mut rng)),
                "ENHANCEDSTATUSCODES".into(),
                "8BITMIME".into(),
            ];
            for (line, percent) in [
                ("STARTTLS", 60),
                ("AUTH", 60),
                ("DSN", 80),
                ("SMTPUTF8", 80),
                ("CHUNKING", 80),
                ("BINARYMIME", 30),
                ("ETRN", 40),
                ("VRFY", 30),
                ("EXPN", 10),
                ("HELP", 30),
                ("DELIVERBY", 20),
                ("REQUIRETLS", 20),
                ("RRVS", 10),
                ("MTRK", 5),
                ("NO-SOLICITING net.example:ADV", 10),
                ("MT-PRIORITY MIXER", 10),
                ("FUTURERELEASE 604800 2026-12-31T00:00:00Z", 10),
            ] {
                if rng.chance(percent) {
                    capabilities.push(match line {
                        "AUTH" => format!("AUTH {}", mechanisms(&mut rng)),
                        line => line.to_owned(),
                    });
                }
            }
            EhloParts { domain: rng.pick(HOSTS).into(), greet: "you had me at EHLO".into(), capabilities }
        })
        .collect();
    finish(parts)
}

fn finish(parts: Vec<EhloParts>) -> Ehlos {
    let octets: Vec<String> = parts.iter().map(EhloParts::octets).collect();
    let readable = |reply: &String| {
        let reply = reply.replace("DELIVERBY ", "X-DELIVER ").replace("BURL ", "XURL ");
        Bytes::from(reply.replace(" PLAIN-", " XLAIN-"))
    };
    let for_smtp_codec = octets.iter().map(readable).collect();
    Ehlos {
        messages: Messages::new(&octets),
        for_smtp_codec,
        told: parts.iter().map(EhloParts::told).sum(),
        told_smtp_proto: parts.iter().map(EhloParts::told_smtp_proto).sum(),
        told_smtp_codec: parts.iter().map(EhloParts::told_smtp_codec).sum(),
        parts: parts.into(),
    }
}

fn size(rng: &mut Rng) -> String {
    match rng.range(0..4) {
        0 => rng.pick(&["10240000", "52428800", "36700160", "104857600", "3000000"]).into(),
        _ => rng.range(1_000_000..200_000_000).to_string(),
    }
}

fn mechanisms(rng: &mut Rng) -> String {
    let mut out = "PLAIN LOGIN".to_owned();
    for name in [
        "CRAM-MD5",
        "DIGEST-MD5",
        "SCRAM-SHA-1",
        "SCRAM-SHA-256",
        "SCRAM-SHA-256-PLUS",
        "XOAUTH2",
        "OAUTHBEARER",
        "NTLM",
        "GSSAPI",
        "EXTERNAL",
    ] {
        if rng.chance(25) {
            out.push(' ');
            out.push_str(name);
        }
    }
    out
}
