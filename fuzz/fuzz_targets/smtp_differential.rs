//! The same command lines and replies to ours, by the rules of the RFC, and to smtp-proto 0.2.5, which is Stalwart's.
//! Where both accept, they mean the same. Where one refuses, a rule of the list below says why that is right: it is
//! written anew from the RFCs, without our parser, so that a mistake of ours is not its own reason.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use smtp_proto::{
    Body, ByMode, Capability, Command, Ehlo, Host, Keyword, Mail, MailKeyword, Mailbox, Rcpt, Reply, Ret,
    RrvsAction,
};
use stalwart::response::parser::{MAX_RESPONSE_LENGTH, ResponseReceiver};
use stalwart::{EhloResponse, MailFrom, RcptTo, Request};
use std::borrow::Cow;
use wire::{Output, sasl};

/// Where ours and the peer may differ about whether something is acceptable.
struct Difference {
    /// What it is about, and why.
    reason: &'static str,
    /// Whether it explains the difference for this line.
    explains: fn(&Line<'_>) -> bool,
}

/// What the peer takes, and ours refuses.
const REFUSED: &[Difference] = &[
    Difference {
        reason: "RFC 5321 section 2.3.8: a line ends in CR LF, and neither stands elsewhere; section 4.1.2: no NUL in a \
                 command. The peer takes LF alone and passes over every CR",
        explains: |line| line.text.iter().any(|octet| b"\r\n\0".contains(octet)) || !line.crlf,
    },
    Difference {
        reason: "RFC 5321 section 4.1.1 and 3.3: one SP between a command and its arguments, none before the command, \
                 around the colon or within the brackets. The peer passes over any number",
        explains: |line| {
            line.has(b"  ")
                || line.has(b"\t")
                || line.has(b"\x0c")
                || line.text.starts_with(b" ")
                || [&b" :"[..], b": ", b"< ", b" >", b"= ", b" ;", b"; ", b" =", b", ", b" ,"]
                    .iter()
                    .any(|blank| line.has(blank))
        },
    },
    Difference {
        reason: "RFC 5321 sections 4.1.1.1 to 4.1.1.10, RFC 3030 section 2, 3207, 4954, 1985, 2645, 4468: so many \
                 arguments and no more. The peer passes over the rest of the line",
        explains: |line| match &line.verb()[..] {
            b"DATA" | b"RSET" | b"QUIT" | b"STARTTLS" => line.words().count() > 1,
            b"EHLO" | b"HELO" | b"LHLO" | b"ETRN" | b"ATRN" => line.words().count() > 2,
            b"BDAT" | b"BURL" => {
                line.words().skip(2).any(|word| !word.eq_ignore_ascii_case(b"LAST"))
                    || line.words().count() > 3
            }
            b"AUTH" => line.words().count() > 3,
            _ => false,
        },
    },
    Difference {
        reason: "RFC 5321 section 4.1.1.1: one word of printable characters is the client's name, RFC 1985 and 2645 of a \
                 node, RFC 4468 an ASCII URL; HELP, NOOP, VRFY and EXPN hold no control characters that ours refuses",
        explains: |line| {
            let argument = line.words().nth(1).unwrap_or_default();
            matches!(&line.verb()[..], b"EHLO" | b"HELO" | b"LHLO" | b"ETRN" | b"ATRN")
                && argument.iter().any(u8::is_ascii_control)
                || &line.verb()[..] == b"BURL" && !argument.iter().all(u8::is_ascii_graphic)
        },
    },
    Difference {
        reason: "RFC 3030 section 2: chunk-size is 1*DIGIT; what is over 64 bits cannot be counted. The peer makes another \
                 number of it",
        explains: |line| &line.verb()[..] == b"BDAT" && !line.words().nth(1).is_some_and(is_number),
    },
    Difference {
        reason: "RFC 4954 section 8: the initial response is base64 or `=`, the mechanism has at most 20 characters of its \
                 set (RFC 4422 section 3.1)",
        explains: |line| {
            &line.verb()[..] == b"AUTH"
                && (!line.words().nth(1).is_some_and(is_mechanism)
                    || line
                        .words()
                        .nth(2)
                        .is_some_and(|response| response != b"=" && sasl::decode(response).is_err()))
        },
    },
    Difference {
        reason: "RFC 5321 section 4.1.2: what stands between the brackets is a mailbox. The peer takes any octets in it \
                 with an `@` between",
        explains: |line| match &line.verb()[..] {
            b"MAIL" => !line.path().is_some_and(|path| is_path(path, false)),
            b"RCPT" => !line.path().is_some_and(|path| is_path(path, true)),
            _ => false,
        },
    },
    Difference {
        reason: "RFC 5321 section 4.1.1.2: an SP stands between the path and the parameters. The peer needs none",
        explains: |line| {
            let behind = |path: &[u8]| line.arguments().and_then(|arguments| arguments.get(path.len()));
            line.path().and_then(behind).is_some_and(|&octet| octet != b' ')
        },
    },
    Difference {
        reason: "the RFC of the parameter: its value has not the form, or it stands there twice, or HOLDFOR beside \
                 HOLDUNTIL (RFC 4865 section 3)",
        explains: |line| line.parameters().is_some_and(|parameters| !are_legal(&parameters, &line.verb())),
    },
];

/// What ours takes, and the peer refuses.
const TAKEN: &[Difference] = &[
    Difference {
        reason: "TURN (RFC 821), XCLIENT and XFORWARD (Postfix) are typed, and what nobody knows is kept for the \
                 application: RFC 5321 section 4.1.5 lets there be other commands",
        explains: |line| !PEER_VERBS.contains(&&line.verb()[..]),
    },
    Difference {
        reason: "RFC 2645 section 5.2: ATRN has `[SP domain *(\",\" domain)]`",
        explains: |line| &line.verb()[..] == b"ATRN",
    },
    Difference {
        reason: "RFC 5321 section 4.1.3: address literals. The peer knows none in a path",
        explains: |line| line.path().is_some_and(|path| path.contains(&b'[')),
    },
    Difference {
        reason: "RFC 5321 section 4.1.2: Quoted-string may be empty, or hold any of `%d32-33 / %d35-91 / %d93-126` and \
                 quoted pairs; the peer refuses an empty one and some",
        explains: |line| line.path().is_some_and(|path| path.contains(&b'"')),
    },
    Difference {
        reason: "RFC 5321 section 4.5.3.1: the limits are what must be taken, not what may be: the peer refuses names and \
                 queries of more than 255 octets, addresses and AUTH of more than 256, and numbers of 2^64 - 1",
        explains: |line| {
            line.words().any(|word| String::from_utf8_lossy(word).len() > 250)
                || line.has(b"18446744073709551615")
        },
    },
    Difference {
        reason: "RFC 5321 section 4.1.1.11: a parameter that is not known is not malformed: 555 is for the application to \
                 say. So too SUBMITTER, ALT-ADDRESS and types of ORCPT other than rfc822",
        explains: |line| {
            line.parameters().is_some_and(|parameters| {
                parameters.iter().any(|(name, value)| {
                    let known: &[&[u8]] = if &line.verb()[..] == b"MAIL" { PEER_MAIL } else { PEER_RCPT };
                    !known.contains(&&name[..])
                        || &name[..] == b"ORCPT"
                            && !value.is_some_and(|value| {
                                value.len() > 7 && value[..7].eq_ignore_ascii_case(b"rfc822;")
                            })
                })
            })
        },
    },
    Difference {
        reason: "RFC 4865 section 3: a date-time of RFC 3339. Whether it is over is for the application; the peer refuses \
                 what is before 1970",
        explains: |line| {
            let old = |value: &[u8]| value.get(..4).is_some_and(|year| year < &b"1970"[..]);
            line.parameters().is_some_and(|parameters| {
                parameters.iter().any(|(name, value)| &name[..] == b"HOLDUNTIL" && value.is_some_and(old))
            })
        },
    },
    Difference {
        reason: "RFC 5321 section 4.1.1.6: the whole rest of the line is the string, as everybody has it; the peer refuses \
                 what is an empty quoted string",
        explains: |line| matches!(&line.verb()[..], b"VRFY" | b"EXPN" | b"ETRN") && line.has(b"\""),
    },
];

const PEER_VERBS: &[&[u8]] = &[
    b"EHLO",
    b"LHLO",
    b"HELO",
    b"MAIL",
    b"RCPT",
    b"BDAT",
    b"AUTH",
    b"NOOP",
    b"VRFY",
    b"EXPN",
    b"HELP",
    b"ETRN",
    b"ATRN",
    b"BURL",
    b"STARTTLS",
    b"DATA",
    b"RSET",
    b"QUIT",
];
const PEER_MAIL: &[&[u8]] = &[
    b"SMTPUTF8",
    b"BODY",
    b"SIZE",
    b"BY",
    b"HOLDUNTIL",
    b"HOLDFOR",
    b"RET",
    b"ENVID",
    b"REQUIRETLS",
    b"SOLICIT",
    b"TRANSID",
    b"MTRK",
    b"AUTH",
    b"MT-PRIORITY",
    b"CONPERM",
];
const PEER_RCPT: &[&[u8]] = &[b"NOTIFY", b"ORCPT", b"RRVS", b"CONNEG"];

/// What the peer takes in replies, and ours refuses by the rules of the RFC.
const REPLY_REFUSED: &[Difference] = &[
    Difference {
        reason: "RFC 5321 section 2.3.8: lines end in CR LF, and neither stands elsewhere; no NUL in text",
        explains: |line| {
            line.frame.contains(&0)
                || line
                    .frame
                    .split_inclusive(|&octet| octet == b'\n')
                    .any(|line| !line.ends_with(b"\r\n") || line[..line.len() - 2].contains(&b'\r'))
        },
    },
    Difference {
        reason: "RFC 5321 section 4.2: Reply-code is %x32-35 %x30-35 %x30-39, and the same on each line",
        explains: |line| {
            let code = line.frame.get(..3).unwrap_or_default();
            !matches!(code, [b'2'..=b'5', _, _])
                || line.frame.split_inclusive(|&octet| octet == b'\n').any(|line| !line.starts_with(code))
        },
    },
];

/// What ours takes in replies, and the peer refuses.
const REPLY_TAKEN: &[Difference] = &[
    Difference {
        reason: "no RFC limits the lines of a reply; the machine's limits do. The peer has 4096 octets",
        explains: |line| line.frame.len() > MAX_RESPONSE_LENGTH,
    },
    Difference {
        reason: "RFC 5321 section 4.2: the code alone is a line. The peer reads a line of a reply to EHLO only with a space \
                 or hyphen behind the code, or LF",
        explains: |line| line.frame.split(|&octet| octet == b'\n').any(|line| line.len() <= 4),
    },
];

fuzz_target!(|data: &[u8]| {
    let Some((&what, octets)) = data.split_first() else { return };
    match what % 3 {
        0 => command(octets),
        1 => reply(octets),
        _ => ehlo(octets),
    }
});

/// A name in upper case, and a value.
type Parameter<'l> = (Vec<u8>, Option<&'l [u8]>);

/// A line that one of them refuses.
struct Line<'l> {
    frame: &'l [u8],
    /// Without its line end.
    text: &'l [u8],
    crlf: bool,
}

impl<'l> Line<'l> {
    fn new(frame: &'l [u8]) -> Self {
        let without = frame.strip_suffix(b"\r\n");
        Self { frame, text: without.or(frame.strip_suffix(b"\n")).unwrap_or(frame), crlf: without.is_some() }
    }

    fn has(&self, part: &[u8]) -> bool {
        self.text.windows(part.len()).any(|window| window == part)
    }

    fn words(&self) -> impl Iterator<Item = &'l [u8]> {
        self.text.split(|&octet| octet == b' ').filter(|word| !word.is_empty())
    }

    fn verb(&self) -> Vec<u8> {
        self.words().next().unwrap_or_default().to_ascii_uppercase()
    }

    /// Behind the colon.
    fn arguments(&self) -> Option<&'l [u8]> {
        let prefix: &[u8] = if self.verb() == b"MAIL" { b"MAIL FROM:" } else { b"RCPT TO:" };
        let start = self.text.get(..prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then(|| &self.text[prefix.len()..])
    }

    /// With its brackets.
    fn path(&self) -> Option<&'l [u8]> {
        let arguments = self.arguments()?;
        let mut quoted = false;
        let mut at = 0;
        while at < arguments.len() {
            match arguments[at] {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b'>' if !quoted => return Some(&arguments[..=at]),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// Names in upper case, and values.
    fn parameters(&self) -> Option<Vec<Parameter<'l>>> {
        let rest = &self.arguments()?[self.path()?.len()..];
        let words = rest.split(|&octet| octet == b' ').filter(|word| !word.is_empty());
        let split = |word: &'l [u8]| match word.iter().position(|&octet| octet == b'=') {
            None => (word.to_ascii_uppercase(), None),
            Some(at) => (word[..at].to_ascii_uppercase(), Some(&word[at + 1..])),
        };
        Some(words.map(split).collect())
    }
}

fn explain(differences: &[Difference], frame: &[u8], what: &str) {
    let line = Line::new(frame);
    let reason = differences.iter().find(|difference| (difference.explains)(&line));
    assert!(
        reason.is_some_and(|difference| !difference.reason.is_empty()),
        "{what}: {}",
        frame.escape_ascii()
    );
}

fn command(octets: &[u8]) {
    // one line: the peer reads on to the next one, ours is given lines
    let Some(end) = octets.iter().position(|&octet| octet == b'\n') else { return };
    let frame = Bytes::copy_from_slice(&octets[..=end]);
    let ours = Command::parse(&frame);
    let mut rest = frame.iter();
    let theirs = Request::parse(&mut rest);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert!(rest.as_slice().is_empty() || ours.verb().keyword().is_empty());
            agree(&frame, ours, theirs);
        }
        (Ok(ours), Err(error)) => {
            explain(TAKEN, &frame, &format!("the peer refuses {ours:?} with {error:?}"))
        }
        (Err(error), Ok(theirs)) => {
            explain(REFUSED, &frame, &format!("the peer takes {theirs:?}, we {error}"))
        }
        (Err(_), Err(_)) => {}
    }
}

fn agree(frame: &[u8], ours: &Command, theirs: &Request<Cow<'_, str>>) {
    let lossy = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    match (ours, theirs) {
        (Command::Ehlo(name), Request::Ehlo { host })
        | (Command::Helo(name), Request::Helo { host })
        | (Command::Lhlo(name), Request::Lhlo { host }) => {
            assert_eq!(lossy(name.as_bytes()), without_tabs(host))
        }
        (Command::Mail(ours), Request::Mail { from }) => agree_about_mail(ours, from),
        (Command::Rcpt(ours), Request::Rcpt { to }) => agree_about_rcpt(ours, to),
        (Command::Bdat(bdat), Request::Bdat { chunk_size, is_last }) => {
            assert_eq!((bdat.size, bdat.last), (*chunk_size as u64, *is_last));
        }
        (Command::Auth(auth), Request::Auth { mechanism, initial_response }) => {
            let response = auth.initial_response.as_ref().map(|response| {
                let mut output = Output::new();
                sasl::encode(response.expose(), &mut output);
                lossy(&output.take_all())
            });
            match response.as_deref() {
                None => assert_eq!(without_tabs(initial_response), ""),
                Some("") => assert_eq!(without_tabs(initial_response), "="),
                Some(base64) => assert_eq!(without_tabs(initial_response), base64),
            }
            for (name, bit) in MECHANISMS {
                assert_eq!(auth.mechanism.as_str() == *name, *mechanism == *bit, "{name}");
            }
        }
        // the peer takes one word of it, without quotes
        (Command::Vrfy(query), Request::Vrfy { value }) | (Command::Expn(query), Request::Expn { value }) => {
            if !query.as_bytes().iter().any(|octet| b" \"\t".contains(octet)) {
                assert_eq!(lossy(query.as_bytes()), without_tabs(value));
            }
        }
        (Command::Etrn(node), Request::Etrn { name }) => {
            if !node.as_bytes().contains(&b'"') {
                assert_eq!(lossy(node.as_bytes()), without_tabs(name));
            }
        }
        (Command::Atrn(Some(node)), Request::Atrn { domains }) => {
            let names = node.names().filter(|name| !name.is_empty()).map(lossy);
            let domains =
                domains.iter().map(|domain| without_tabs(domain)).filter(|domain| !domain.is_empty());
            assert!(names.eq(domains), "{node:?}");
        }
        (Command::Atrn(None), Request::Atrn { domains }) => {
            assert!(domains.iter().all(|domain| without_tabs(domain).is_empty()));
        }
        (Command::Burl(burl), Request::Burl { uri, is_last }) => {
            assert_eq!((lossy(burl.url()), burl.last), (without_tabs(uri).to_owned(), *is_last));
        }
        (Command::Noop(_), Request::Noop { .. })
        | (Command::Help(_), Request::Help { .. })
        | (Command::Data, Request::Data)
        | (Command::Rset, Request::Rset)
        | (Command::Quit, Request::Quit)
        | (Command::StartTls, Request::StartTls) => {}
        _ => panic!("{ours:?} is {theirs:?} to the peer: {}", frame.escape_ascii()),
    }
}

/// A tab at the end of a line is a blank like others (RFC 5321 section 4.1.1); the peer keeps it.
fn without_tabs(text: &str) -> &str {
    text.trim_end_matches('\t')
}

/// Some of those that the peer knows.
const MECHANISMS: &[(&str, u64)] = &[
    ("PLAIN", stalwart::AUTH_PLAIN),
    ("LOGIN", stalwart::AUTH_LOGIN),
    ("CRAM-MD5", stalwart::AUTH_CRAM_MD5),
    ("SCRAM-SHA-1", stalwart::AUTH_SCRAM_SHA_1),
    ("SCRAM-SHA-256", stalwart::AUTH_SCRAM_SHA_256),
    ("SCRAM-SHA-256-PLUS", stalwart::AUTH_SCRAM_SHA_256_PLUS),
    ("OAUTHBEARER", stalwart::AUTH_OAUTHBEARER),
    ("XOAUTH2", stalwart::AUTH_XOAUTH2),
    ("EXTERNAL", stalwart::AUTH_EXTERNAL),
    ("GSSAPI", stalwart::AUTH_GSSAPI),
    ("NTLM", stalwart::AUTH_NTLM),
    ("DIGEST-MD5", stalwart::AUTH_DIGEST_MD5),
];

/// As the peer has it: without quotes and source route.
fn address(mailbox: Option<Mailbox>) -> String {
    mailbox.map_or(String::new(), |mailbox| {
        let octets = [&mailbox.local_part_decoded()[..], b"@", mailbox.domain()].concat();
        String::from_utf8_lossy(&octets).into_owned()
    })
}

fn flag(there: bool, flag: u64) -> u64 {
    if there { flag } else { 0 }
}

fn agree_about_mail(ours: &Mail, theirs: &MailFrom<Cow<'_, str>>) {
    let text = |text: smtp_proto::Xtext<'_>| String::from_utf8_lossy(&text.decode()).into_owned();
    assert_eq!(address(ours.reverse_path().mailbox()), theirs.address);
    assert_eq!(ours.size().unwrap_or_default(), theirs.size as u64);
    let body = ours.body();
    let ret = ours.ret();
    let by = ours.by();
    let flags = flag(body == Some(Body::SevenBit), stalwart::MAIL_BODY_7BIT)
        | flag(body == Some(Body::EightBitMime), stalwart::MAIL_BODY_8BITMIME)
        | flag(body == Some(Body::BinaryMime), stalwart::MAIL_BODY_BINARYMIME)
        | flag(ret == Some(Ret::Full), stalwart::MAIL_RET_FULL)
        | flag(ret == Some(Ret::Hdrs), stalwart::MAIL_RET_HDRS)
        | flag(ours.has(MailKeyword::SmtpUtf8), stalwart::MAIL_SMTPUTF8)
        | flag(ours.has(MailKeyword::RequireTls), stalwart::MAIL_REQUIRETLS)
        | flag(ours.has(MailKeyword::Conperm), stalwart::MAIL_CONPERM)
        | flag(by.is_some_and(|by| by.mode() == ByMode::Notify), stalwart::MAIL_BY_NOTIFY)
        | flag(by.is_some_and(|by| by.mode() == ByMode::Return), stalwart::MAIL_BY_RETURN)
        | flag(by.is_some_and(|by| by.trace()), stalwart::MAIL_BY_TRACE);
    assert_eq!(flags, theirs.flags, "{ours:?}");
    assert_eq!(by.map_or(0, |by| i64::from(by.seconds())), theirs.by);
    assert_eq!(ours.envid().map(text), theirs.env_id.as_deref().map(str::to_owned));
    let auth = ours.auth().map(|auth| auth.map_or("<>".to_owned(), text));
    assert_eq!(auth, theirs.auth.as_deref().map(str::to_owned));
    assert_eq!(ours.hold_for().map_or(0, u64::from), theirs.hold_for);
    assert_eq!(ours.hold_until().map_or(0, |time| time.unix_seconds() as u64), theirs.hold_until);
    assert_eq!(ours.mt_priority().map_or(0, i64::from), theirs.mt_priority);
    assert_eq!(ours.solicit().as_ref().map(|solicit| solicit.as_str()), theirs.solicit.as_deref());
    let id = ours.trans_id();
    assert_eq!(id.as_ref().map(|id| id.as_str().trim_matches(['<', '>'])), theirs.trans_id.as_deref());
    let mtrk = ours.mtrk();
    let mtrk = mtrk.as_ref().map(|mtrk| (mtrk.certifier(), mtrk.timeout().map_or(0, u64::from)));
    assert_eq!(mtrk, theirs.mtrk.as_ref().map(|mtrk| (&mtrk.certifier[..], mtrk.timeout)));
}

fn agree_about_rcpt(ours: &Rcpt, theirs: &RcptTo<Cow<'_, str>>) {
    assert_eq!(address(ours.forward_path().mailbox()), theirs.address);
    let notify = ours.notify();
    let rrvs = ours.rrvs();
    let action = rrvs.map(|rrvs| rrvs.action.unwrap_or(RrvsAction::Reject));
    let flags = flag(notify.is_some_and(|notify| notify.is_never()), stalwart::RCPT_NOTIFY_NEVER)
        | flag(notify.is_some_and(|notify| notify.success()), stalwart::RCPT_NOTIFY_SUCCESS)
        | flag(notify.is_some_and(|notify| notify.failure()), stalwart::RCPT_NOTIFY_FAILURE)
        | flag(notify.is_some_and(|notify| notify.delay()), stalwart::RCPT_NOTIFY_DELAY)
        | flag(ours.has(smtp_proto::RcptKeyword::Conneg), stalwart::RCPT_CONNEG)
        | flag(action == Some(RrvsAction::Reject), stalwart::RCPT_RRVS_REJECT)
        | flag(action == Some(RrvsAction::Continue), stalwart::RCPT_RRVS_CONTINUE);
    assert_eq!(flags, theirs.flags, "{ours:?}");
    assert_eq!(rrvs.map_or(0, |rrvs| rrvs.since.unix_seconds()), theirs.rrvs);
    let orcpt = ours.orcpt();
    let address = orcpt.as_ref().map(|orcpt| String::from_utf8_lossy(&orcpt.decode()).into_owned());
    assert_eq!(address.as_deref(), theirs.orcpt.as_deref());
}

fn reply(octets: &[u8]) {
    let mut receiver = ResponseReceiver::default();
    let mut rest = octets.iter();
    let theirs = receiver.parse(&mut rest);
    let read = octets.len() - rest.as_slice().len();
    let frame = Bytes::copy_from_slice(if theirs.is_ok() { &octets[..read] } else { octets });
    match (Reply::parse(&frame), theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours.code().get(), theirs.code);
            // the peer takes enhanced codes of another class out of the text, any number of digits too, and of a line
            // without text it makes one of CR
            let is_odd = |line: &[u8]| line.get(4).is_none_or(|octet| b"0123456789.\r".contains(octet));
            let odd = frame.split_inclusive(|&octet| octet == b'\n').any(is_odd);
            if !odd {
                let text: Vec<u8> = ours.lines().map(|line| line.text).collect::<Vec<_>>().join(&b'\n');
                assert_eq!(String::from_utf8_lossy(&text), theirs.message);
                assert_eq!(theirs.esc, [0; 3]);
            } else if let (Some(code), 1) = (ours.enhanced(), ours.lines().count()) {
                let numbers = [code.class() as u16, code.condition().subject(), code.condition().detail()];
                if numbers.iter().all(|&number| number < 100) {
                    assert_eq!(theirs.esc.map(u16::from), numbers, "{ours:?}");
                    let text = String::from_utf8_lossy(ours.text()).into_owned();
                    assert_eq!(theirs.message, text);
                }
            }
        }
        (Ok(_), Err(error)) => explain(REPLY_TAKEN, &frame, &format!("the peer refuses with {error:?}")),
        (Err(error), Ok(theirs)) => {
            explain(REPLY_REFUSED, &frame, &format!("the peer takes {theirs:?}, we {error}"))
        }
        (Err(_), Err(_)) => {}
    }
}

/// What both know.
const KEYWORDS: &[(Keyword, u32)] = &[
    (Keyword::EightBitMime, stalwart::EXT_8BIT_MIME),
    (Keyword::Atrn, stalwart::EXT_ATRN),
    (Keyword::Auth, stalwart::EXT_AUTH),
    (Keyword::BinaryMime, stalwart::EXT_BINARY_MIME),
    (Keyword::Burl, stalwart::EXT_BURL),
    (Keyword::Checkpoint, stalwart::EXT_CHECKPOINT),
    (Keyword::Chunking, stalwart::EXT_CHUNKING),
    (Keyword::Conneg, stalwart::EXT_CONNEG),
    (Keyword::Conperm, stalwart::EXT_CONPERM),
    (Keyword::DeliverBy, stalwart::EXT_DELIVER_BY),
    (Keyword::Dsn, stalwart::EXT_DSN),
    (Keyword::EnhancedStatusCodes, stalwart::EXT_ENHANCED_STATUS_CODES),
    (Keyword::Etrn, stalwart::EXT_ETRN),
    (Keyword::Expn, stalwart::EXT_EXPN),
    (Keyword::Vrfy, stalwart::EXT_VRFY),
    (Keyword::FutureRelease, stalwart::EXT_FUTURE_RELEASE),
    (Keyword::Help, stalwart::EXT_HELP),
    (Keyword::MtPriority, stalwart::EXT_MT_PRIORITY),
    (Keyword::Mtrk, stalwart::EXT_MTRK),
    (Keyword::NoSoliciting, stalwart::EXT_NO_SOLICITING),
    (Keyword::Onex, stalwart::EXT_ONEX),
    (Keyword::Pipelining, stalwart::EXT_PIPELINING),
    (Keyword::RequireTls, stalwart::EXT_REQUIRE_TLS),
    (Keyword::Rrvs, stalwart::EXT_RRVS),
    (Keyword::Size, stalwart::EXT_SIZE),
    (Keyword::SmtpUtf8, stalwart::EXT_SMTP_UTF8),
    (Keyword::StartTls, stalwart::EXT_START_TLS),
    (Keyword::Verb, stalwart::EXT_VERB),
];

fn ehlo(octets: &[u8]) {
    let mut rest = octets.iter();
    let theirs = EhloResponse::parse(&mut rest);
    let read = octets.len() - rest.as_slice().len();
    let frame = Bytes::copy_from_slice(if theirs.is_ok() { &octets[..read] } else { octets });
    match (Ehlo::parse(&frame), theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(String::from_utf8_lossy(ours.domain()), theirs.hostname);
            // keywords that end where a word of RFC 5321 section 4.1.1.1 ends; the peer takes `SIZE=1` and `DSN!` too
            let usual = |line: &[u8]| {
                let line = line.get(4..).unwrap_or_default().trim_ascii_end();
                let word = |o: &u8| o.is_ascii_alphanumeric() || *o == b'-' || *o == b' ';
                // which the peer takes for ENHANCEDSTATUSCODES, whatever follows
                let longer = line.split_at_checked(19).is_some_and(|(name, behind)| {
                    name.eq_ignore_ascii_case(b"ENHANCEDSTATUSCODES") && !matches!(behind, [] | [b' ', ..])
                });
                let blanks = line.starts_with(b" ") || line.windows(2).any(|pair| pair == b"  ");
                line.iter().all(word) && !longer && !blanks
            };
            let lines = frame.split_inclusive(|&octet| octet == b'\n').skip(1);
            if !lines.clone().all(usual) {
                return;
            }
            let known = KEYWORDS
                .iter()
                .filter(|(keyword, _)| ours.has(*keyword))
                .fold(0, |bits, (_, bit)| bits | bit);
            assert_eq!(known, theirs.capabilities, "{ours:?}");
            // of one that stands there twice, the peer has the last
            let sizes: Vec<_> = ours
                .iter()
                .filter_map(|capability| match capability {
                    Capability::Size(size) => Some(size),
                    _ => None,
                })
                .collect();
            if let [Some(size)] = sizes[..]
                && size < u64::MAX
            {
                assert_eq!(size, theirs.size as u64);
            }
            for (name, bit) in MECHANISMS {
                let offered = ours.mechanisms().any(|mechanism| mechanism.as_str() == *name);
                assert_eq!(offered, theirs.auth_mechanisms & bit != 0, "{name}");
            }
        }
        (Ok(_), Err(error)) => explain(REPLY_TAKEN, &frame, &format!("the peer refuses with {error:?}")),
        (Err(error), Ok(theirs)) => {
            explain(REPLY_REFUSED, &frame, &format!("the peer takes {theirs:?}, we {error}"))
        }
        (Err(_), Err(_)) => {}
    }
}

// What the RFCs say, slowly.

fn is_number(digits: &[u8]) -> bool {
    let text = str::from_utf8(digits).unwrap_or_default();
    digits.iter().all(u8::is_ascii_digit) && text.parse::<u64>().is_ok()
}

fn is_mechanism(name: &[u8]) -> bool {
    (1..=20).contains(&name.len()) && name.iter().all(|o| o.is_ascii_alphanumeric() || b"-_".contains(o))
}

/// RFC 5321 section 4.1.2, with the characters of RFC 6531 section 3.3.
fn is_path(path: &[u8], forward: bool) -> bool {
    let Some(inner) = path.strip_prefix(b"<").and_then(|path| path.strip_suffix(b">")) else { return false };
    let Ok(inner) = str::from_utf8(inner) else { return false };
    if inner.is_empty() {
        return !forward;
    }
    if forward && inner.eq_ignore_ascii_case("postmaster") {
        return true;
    }
    let mailbox = match inner.strip_prefix('@') {
        None => inner,
        Some(route) => {
            let Some((route, mailbox)) = route.split_once(':') else { return false };
            if !route.split(",@").all(is_domain) {
                return false;
            }
            mailbox
        }
    };
    let domain = match mailbox.strip_prefix('"') {
        Some(quoted) => {
            let mut characters = quoted.char_indices();
            let domain = loop {
                match characters.next() {
                    None => return false,
                    Some((at, '"')) => break &quoted[at + 1..],
                    Some((_, '\\')) => match characters.next() {
                        Some((_, ' '..='~')) => {}
                        _ => return false,
                    },
                    Some((_, character)) if character.is_ascii_control() => return false,
                    Some(_) => {}
                }
            };
            let Some(domain) = domain.strip_prefix('@') else { return false };
            domain
        }
        None => {
            let Some((local, domain)) = mailbox.split_once('@') else { return false };
            let atext =
                |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
            if !local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(atext)) {
                return false;
            }
            domain
        }
    };
    // the peer knows no address literals, so that there is nothing to compare
    is_domain(domain) || domain.starts_with('[') && Host::parse(domain.as_bytes()).is_ok()
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        let letter = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric();
        label.starts_with(letter) && label.ends_with(letter) && label.chars().all(|c| letter(c) || c == '-')
    })
}

fn are_legal(parameters: &[Parameter<'_>], verb: &[u8]) -> bool {
    let names: Vec<&[u8]> = parameters.iter().map(|(name, _)| &name[..]).collect();
    let once = names.iter().enumerate().all(|(at, name)| !names[..at].contains(name));
    let holds = names.contains(&&b"HOLDFOR"[..]) && names.contains(&&b"HOLDUNTIL"[..]);
    once && !holds && parameters.iter().all(|(name, value)| is_legal(verb, name, *value))
}

fn is_legal(verb: &[u8], name: &[u8], value: Option<&[u8]>) -> bool {
    let digits = |digits: &[u8], most: usize| {
        (1..=most).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
    };
    let Some(value) = value else {
        return matches!(
            (verb, name),
            (b"MAIL", b"SMTPUTF8" | b"REQUIRETLS" | b"CONPERM") | (b"RCPT", b"CONNEG")
        );
    };
    let upper = value.to_ascii_uppercase();
    match (verb, name) {
        // RFC 1870 section 3: up to 20 digits
        (b"MAIL", b"SIZE") => digits(value, 20) && is_number(value),
        (b"MAIL", b"BODY") => matches!(&upper[..], b"7BIT" | b"8BITMIME" | b"BINARYMIME"),
        (b"MAIL", b"RET") => matches!(&upper[..], b"FULL" | b"HDRS"),
        // RFC 3461 section 4.4: xtext of printable US-ASCII, at most 100
        (b"MAIL", b"ENVID") => (1..=100).contains(&value.len()) && is_xtext(value, true),
        // RFC 4954 section 5: a mailbox in xtext, or <>
        (b"MAIL", b"AUTH") => {
            value == b"<>"
                || is_xtext(value, false) && {
                    let mailbox = smtp_proto::Xtext::parse(value).map(|text| text.decode().into_owned());
                    mailbox.is_ok_and(|mailbox| {
                        is_path(&[b"<", &mailbox[..], b">"].concat(), false) && !mailbox.starts_with(b"@")
                    })
                }
        }
        // RFC 2852 section 4: a sign and nine digits; a message that is to be returned has some time
        (b"MAIL", b"BY") => {
            let Some(at) = value.iter().position(|&octet| octet == b';') else { return false };
            let number =
                value[..at].strip_prefix(b"-").or(value[..at].strip_prefix(b"+")).unwrap_or(&value[..at]);
            let positive = !value.starts_with(b"-") && number.iter().any(|&octet| octet != b'0');
            let mode = &upper[at + 1..];
            digits(number, 9) && (matches!(mode, b"N" | b"NT") || positive && matches!(mode, b"R" | b"RT"))
        }
        // RFC 4865 section 3: %x31-39 *8DIGIT; a time in UTC
        (b"MAIL", b"HOLDFOR") => digits(value, 9) && value[0] != b'0',
        (b"MAIL", b"HOLDUNTIL") => is_date_time(&upper, true),
        // RFC 6710 section 4: one digit and a sign
        (b"MAIL", b"MT-PRIORITY") => matches!(value, [b'0'..=b'9'] | [b'-', b'1'..=b'9']),
        // RFC 3865 section 2.2
        (b"MAIL", b"SOLICIT") => {
            value.len() <= 1000
                && value.split(|&octet| octet == b',').all(|word| {
                    word.first().is_some_and(u8::is_ascii_alphabetic)
                        && word.iter().all(|o| o.is_ascii_alphanumeric() || b".-_:".contains(o))
                })
        }
        // RFC 1845 section 4: a Message-ID of at most 80 octets; see the type for the rest
        (b"MAIL", b"TRANSID") => smtp_proto::TransactionId::parse(value).is_ok(),
        // RFC 3885 section 3: base64 without `=`, and seconds
        (b"MAIL", b"MTRK") => {
            let at = value.iter().position(|&octet| octet == b':');
            let certifier = &value[..at.unwrap_or(value.len())];
            !certifier.is_empty()
                && certifier.iter().all(|o| o.is_ascii_alphanumeric() || b"+/".contains(o))
                && at.is_none_or(|at| digits(&value[at + 1..], 9))
        }
        // RFC 3461 section 4.1: NEVER alone, or a list
        (b"RCPT", b"NOTIFY") => {
            let each = |word: &[u8]| matches!(word, b"SUCCESS" | b"FAILURE" | b"DELAY");
            let words: Vec<&[u8]> = upper.split(|&octet| octet == b',').collect();
            let once = words.iter().enumerate().all(|(at, word)| !words[..at].contains(word));
            words == [b"NEVER"] || once && words.into_iter().all(each)
        }
        // RFC 3461 section 4.2: addr-type `;` xtext, at most 500
        (b"RCPT", b"ORCPT") => {
            value.len() <= 500 && value.get(7..).is_some_and(|address| is_xtext(address, true))
        }
        // RFC 7293 section 3.1, RFC 3339 without fractions
        (b"RCPT", b"RRVS") => {
            let (time, action) =
                upper.split_at(upper.iter().position(|&octet| octet == b';').unwrap_or(upper.len()));
            is_date_time(time, false) && matches!(action, b"" | b";C" | b";R")
        }
        _ => false,
    }
}

/// RFC 3461 section 4: upper-case digits, and, as it may go on into a header, no control characters.
fn is_xtext(text: &[u8], ascii: bool) -> bool {
    let mut rest = text;
    while let Some((&octet, after)) = rest.split_first() {
        rest = match octet {
            b'+' => {
                let digit = |at: usize| after.get(at).filter(|o| matches!(o, b'0'..=b'9' | b'A'..=b'F'));
                let (Some(&high), Some(&low)) = (digit(0), digit(1)) else { return false };
                let number =
                    str::from_utf8(&[high, low]).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                if !number.is_some_and(|octet| !octet.is_ascii_control() && (octet.is_ascii() || !ascii)) {
                    return false;
                }
                &after[2..]
            }
            b'!'..=b'~' if octet != b'=' => after,
            _ => return false,
        };
    }
    true
}

/// RFC 3339 section 5.6, of whole seconds.
fn is_date_time(text: &[u8], utc: bool) -> bool {
    let Ok(text) = str::from_utf8(text) else { return false };
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let offset = match form.strip_prefix("0000-00-00T00:00:00") {
        Some("Z") => 0,
        Some("+00:00" | "-00:00") => 1,
        _ => return false,
    };
    let number = |at: usize, len: usize| text[at..at + len].parse::<u32>().unwrap_or(u32::MAX);
    let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2));
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let Some(&days) = days.get((month as usize).wrapping_sub(1)) else { return false };
    let zero = offset == 0 || &text[20..] == "00:00";
    let within = offset == 0 || number(20, 2) <= 23 && number(23, 2) <= 59;
    // a leap second needs its month's end, which is not looked at here; nor are years that the offset leaves
    let usual = number(17, 2) <= 59 && (1..=9998).contains(&year);
    (1..=days).contains(&day)
        && number(11, 2) <= 23
        && number(14, 2) <= 59
        && usual
        && within
        && (zero || !utc)
}
