//! Every line that the SMTP and LMTP RFCs show parses, in its role, and round-trips; but for those that the RFCs themselves got
//! wrong or no longer allow, each of which is listed here with what becomes of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::Bytes;
use smtp_proto::client::{Client, Config, Event};
use smtp_proto::{Bdat, Capability, Command, Ehlo, Keyword, Reply, ReplyCode, ReplyKind, Verb, rule};
use std::collections::BTreeSet;
use std::path::Path;
use wire::dot::{Body, DotDecoder, DotEncoder, LineEndings};
use wire::{Context, Input, Machine, Output, Rule, Step, Tolerance, sasl};

const RFCS: &[u16] = &[
    788, 821, 1425, 1426, 1427, 1651, 1652, 1653, 1830, 1845, 1854, 1869, 1870, 1891, 1985, 2033, 2034, 2197,
    2487, 2554, 2645, 2821, 2852, 2920, 3030, 3207, 3461, 3865, 4141, 4405, 4468, 4550, 4954, 5321, 5550,
    6152, 6710, 6758, 7293, 7628, 8689, 9422,
];

/// These are of IMAP, too.
const MIXED: &[u16] = &[4550, 5550, 7628];

/// What becomes of a line that is not as today's RFCs want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nobody takes it.
    Refused,
    /// The rules refuse it; lenient parsers take it, and say so.
    Mended(Rule),
    /// It is a command that we do not know, kept as it came.
    Other,
    /// It is how the RFC prints something, not what goes over the wire.
    Notation,
}

/// The lines, by their start, what becomes of them, and why.
const ODD: &[(u16, &str, Fate, &str)] = &[
    (
        788,
        "C: RCPT TO:<@",
        Fate::Mended(rule::PATH_FORM),
        "a comma ends the route; a colon does from RFC 821 on",
    ),
    (788, "C: MAIL FROM:<@", Fate::Mended(rule::PATH_FORM), "the same"),
    (788, "C: SEND ", Fate::Other, "obsolete: RFC 5321 appendix F.6"),
    (788, "C: SOML ", Fate::Other, "the same"),
    (821, "C: SEND ", Fate::Other, "the same"),
    (821, "C: SOML ", Fate::Other, "the same"),
    (2821, "C: SEND ", Fate::Other, "the same, an oversight of RFC 2821"),
    (788, "C: <CRLF>.<CRLF>", Fate::Notation, "the end of the data"),
    (821, "C: <CRLF>.<CRLF>", Fate::Notation, "the same"),
    (788, "S: OK", Fate::Refused, "the code is missing"),
    (821, "S: OK", Fate::Refused, "the same"),
    (8689, "S: TLS go ahead", Fate::Refused, "the same"),
    (3030, "S: <wait for connection on TCP port", Fate::Notation, "what happens"),
    (1985, "C: ETRN", Fate::Refused, "shows an error: no node; the server says 500"),
    (
        2645,
        "C: MAIL FROM: <",
        Fate::Mended(rule::SPACE_BEFORE_PATH),
        "marked wrong: a space behind the colon",
    ),
    (2645, "C: RCPT TO: <", Fate::Mended(rule::SPACE_BEFORE_PATH), "the same"),
    (4141, "C: MAIL FROM:May@", Fate::Mended(rule::UNBRACKETED_PATH), "no brackets"),
    (
        4550,
        "C: MAIL FROM:<bob.ar@example.org> BODY=BINARY",
        Fate::Mended(rule::PARAMETER_VALUE),
        "RFC 3030 calls it BINARYMIME",
    ),
    (5550, "C: MAIL FROM:<bob.ar@example.org> BODY=BINARY", Fate::Mended(rule::PARAMETER_VALUE), "the same"),
    (7628, "C: t1 AUTH ", Fate::Other, "marked wrong: SMTP has no tags"),
];

/// Replies whose last line looks as if another followed. They are refused, and parse once the hyphen is a space.
const UNENDED: &[(u16, &str, &str)] = &[
    (3865, "250-NO-SOLICITING net.example:ADV", "marked wrong"),
    (3865, "250-NO-SOLICITING", "a line out of a reply"),
    (4141, "250-<June@some.example.com> recipient ok", "marked wrong"),
    (4954, "220-smtp.example.com ESMTP Server", "marked wrong"),
];

/// Chunks that are printed with another number of octets than BDAT announces: announced, printed.
const MISCOUNTED: &[(u16, u64, u64, &str)] = &[
    (1830, 69, 86, "RFC 3030 has the right one"),
    (4550, 475, 474, "made for APPEND, where the literal is followed by more of the command"),
    (5550, 475, 474, "the same"),
];

/// Keywords in replies to EHLO that this crate does not know: XONE and XVRB are made up by RFC 1425.
const OTHER_KEYWORDS: &[&str] = &["XONE", "XVRB"];

#[derive(Default)]
struct Count {
    commands: usize,
    responses: usize,
    replies: usize,
    ehlos: usize,
    lines_of_data: usize,
    not_literal: usize,
    odd: BTreeSet<(u16, &'static str)>,
    unended: BTreeSet<(u16, &'static str)>,
    miscounted: BTreeSet<(u16, u64)>,
}

#[test]
fn every_line_parses_and_round_trips() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/rfc-examples");
    let mut count = Count::default();
    for &rfc in RFCS {
        let text = std::fs::read_to_string(testdata.join(format!("rfc{rfc:04}.txt"))).unwrap();
        let mut session = Session { rfc, expects: Expects::Commands, asked: None, reply: Vec::new() };
        for example in text.split("\n\n").filter(|example| !MIXED.contains(&rfc) || is_smtp(example)) {
            session.play(example, &mut count);
        }
        session.end_of_reply(&mut count);
        session.end_of_data(&mut count);
    }
    println!(
        "{} commands, {} responses, {} replies, {} of them to EHLO, {} lines of mail data, {} lines not literal",
        count.commands, count.responses, count.replies, count.ehlos, count.lines_of_data, count.not_literal
    );
    assert_eq!(count.odd, ODD.iter().map(|&(rfc, line, ..)| (rfc, line)).collect(), "each is met");
    assert_eq!(count.unended, UNENDED.iter().map(|&(rfc, line, _)| (rfc, line)).collect());
    assert_eq!(count.miscounted, MISCOUNTED.iter().map(|&(rfc, said, ..)| (rfc, said)).collect());
}

/// IMAP's lines start with a tag or `*`.
fn is_smtp(example: &str) -> bool {
    let first = example.lines().find(|line| line.starts_with("C: ") || line.starts_with("S: "));
    first.is_some_and(|line| match line.split_at(3) {
        ("S: ", reply) => Reply::parse(&Bytes::from(format!("{reply}\r\n"))).is_ok(),
        (_, command) => Verb::of(command.split(' ').next().unwrap().as_bytes()) != Verb::Other,
    })
}

/// What the next line of the client is.
enum Expects {
    Commands,
    /// Behind 334.
    Response,
    /// Behind 354: lines of mail data.
    Data(Vec<u8>),
    /// Behind BDAT; `None`: it is not printed literally.
    Chunk {
        announced: u64,
        octets: Option<Vec<u8>>,
    },
}

struct Session {
    rfc: u16,
    expects: Expects,
    /// The last command.
    asked: Option<ReplyKind>,
    /// The lines of the reply so far.
    reply: Vec<u8>,
}

impl Session {
    fn play(&mut self, example: &str, count: &mut Count) {
        let mut not_literal = false;
        for line in example.lines() {
            not_literal |= line.starts_with("# not literal");
            let text = match line.split_at_checked(2) {
                Some(("C:" | "S:", text)) => text.strip_prefix(' ').unwrap_or(text),
                _ => continue,
            };
            let literal = !std::mem::take(&mut not_literal);
            if line.starts_with("C:") {
                self.end_of_reply(count);
                self.client_line(line, text, literal, count);
            } else {
                self.end_of_data(count);
                self.server_line(line, text, literal, count);
            }
        }
    }

    fn client_line(&mut self, line: &str, text: &str, literal: bool, count: &mut Count) {
        let ends = text == "." || self.odd(line, count) == Some(Fate::Notation);
        match &mut self.expects {
            // what stands inside of a message is literal enough
            Expects::Data(_) if ends => self.end_of_data(count),
            Expects::Data(data) => {
                data.extend_from_slice(text.as_bytes());
                data.extend_from_slice(b"\r\n");
                count.lines_of_data += 1;
            }
            Expects::Chunk { octets, .. } if !literal => {
                *octets = None;
                self.end_of_data(count);
                count.not_literal += 1;
            }
            Expects::Chunk { announced, octets: Some(octets) } if octets.len() as u64 != *announced => {
                octets.extend_from_slice(text.replace("<CR><LF>", "").as_bytes());
                octets.extend_from_slice(b"\r\n");
                count.lines_of_data += 1;
            }
            _ if !literal => count.not_literal += 1,
            Expects::Response => {
                self.expects = Expects::Commands;
                count.responses += 1;
                if text != "*" {
                    let mut again = Output::new();
                    sasl::encode(sasl::decode(text.as_bytes()).unwrap().expose(), &mut again);
                    assert_eq!(again.take_all(), text, "RFC {}", self.rfc);
                }
            }
            Expects::Commands | Expects::Chunk { .. } => {
                self.end_of_data(count);
                self.command(line, text, count);
            }
        }
    }

    fn odd(&self, line: &str, count: &mut Count) -> Option<Fate> {
        let &(rfc, start, fate, _) = ODD.iter().find(|(rfc, start, ..)| {
            // short ones are meant whole
            *rfc == self.rfc && if start.len() < 8 { line == *start } else { line.starts_with(start) }
        })?;
        count.odd.insert((rfc, start));
        Some(fate)
    }

    fn command(&mut self, line: &str, text: &str, count: &mut Count) {
        let rfc = self.rfc;
        let frame = Bytes::from(format!("{text}\r\n"));
        let parsed = Command::parse(&frame);
        let cx = Context::new(&frame, Tolerance::Lenient);
        let lenient = Command::parse_in(&cx);
        let repairs: Vec<_> = cx.into_repairs().iter().map(|repair| repair.rule).collect();
        count.commands += 1;
        let command = match self.odd(line, count) {
            None => {
                let command = parsed.unwrap_or_else(|error| panic!("RFC {rfc}: {text}: {error}"));
                assert!(!matches!(command, Command::Other(_)), "RFC {rfc}: {text}");
                assert!(repairs.is_empty(), "RFC {rfc}: nothing to repair in {text}");
                assert_eq!(lenient, Ok(command.clone()), "RFC {rfc}");
                assert_eq!(command.to_bytes(), frame, "RFC {rfc}");
                check_parameters(rfc, &command);
                command
            }
            Some(Fate::Refused) => {
                assert!(parsed.is_err() && lenient.is_err(), "RFC {rfc}: {text}: {lenient:?} {repairs:?}");
                return;
            }
            Some(Fate::Mended(rule)) => {
                assert!(parsed.is_err(), "RFC {rfc}: {text}");
                assert_eq!(repairs, [rule], "RFC {rfc}: {text}");
                lenient.unwrap()
            }
            Some(Fate::Other) => {
                let command = parsed.unwrap();
                assert!(matches!(command, Command::Other(_)), "RFC {rfc}: {text}");
                assert_eq!(command.to_bytes(), frame, "RFC {rfc}");
                command
            }
            Some(Fate::Notation) => panic!("RFC {rfc}: {text}"),
        };
        self.asked = Some(command.reply_kind());
        self.expects = match command {
            Command::Bdat(Bdat { size, .. }) if size > 0 => {
                Expects::Chunk { announced: size, octets: Some(Vec::new()) }
            }
            _ => Expects::Commands,
        };
    }

    fn server_line(&mut self, line: &str, text: &str, literal: bool, count: &mut Count) {
        let rfc = self.rfc;
        if !literal {
            count.not_literal += 1;
            return;
        }
        let frame = format!("{text}\r\n");
        match self.odd(line, count) {
            Some(Fate::Notation) => {
                count.not_literal += 1;
                return;
            }
            Some(fate) => {
                assert_eq!(fate, Fate::Refused);
                let frame = Bytes::from(frame);
                let lenient = Reply::parse_in(&Context::new(&frame, Tolerance::Lenient));
                assert!(Reply::parse(&frame).is_err() && lenient.is_err(), "RFC {rfc}: {text}");
                count.replies += 1;
                return;
            }
            None => {}
        }
        // a greeting starts anew
        if text.starts_with("220") && self.asked != Some(ReplyKind::StartTls) && self.reply.is_empty() {
            self.asked = None;
        }
        self.reply.extend_from_slice(frame.as_bytes());
        if text.as_bytes().get(3) != Some(&b'-') {
            self.end_of_reply(count);
        }
    }

    fn end_of_reply(&mut self, count: &mut Count) {
        let rfc = self.rfc;
        if self.reply.is_empty() {
            return;
        }
        let mut frame = std::mem::take(&mut self.reply);
        let last = frame[..frame.len() - 2].iter().rposition(|&o| o == b'\n').map_or(0, |at| at + 1);
        if frame[last + 3] == b'-' {
            assert!(Reply::parse(&frame.clone().into()).is_err());
            let text = std::str::from_utf8(&frame[last..frame.len() - 2]).unwrap();
            let known = UNENDED.iter().find(|(of, line, _)| *of == rfc && *line == text);
            let &(_, line, _) = known.unwrap_or_else(|| panic!("RFC {rfc}: {text}"));
            count.unended.insert((rfc, line));
            frame[last + 3] = b' ';
        }
        let frame = Bytes::from(frame);
        let reply = Reply::parse(&frame).unwrap_or_else(|error| panic!("RFC {rfc}: {frame:?}: {error}"));
        assert_eq!(reply.to_bytes(), frame, "RFC {rfc}");
        let again = Reply::from_lines(reply.code(), reply.lines().map(|line| (line.enhanced, line.text)));
        // a challenge is not made of text; nor is what has no space behind its code
        if reply.code() != ReplyCode::CHALLENGE {
            assert_eq!(again.unwrap().to_bytes(), frame, "RFC {rfc}: made of its parts");
        }
        let cx = Context::new(&frame, Tolerance::Lenient);
        assert_eq!(Reply::parse_in(&cx).as_ref(), Ok(&reply), "RFC {rfc}");
        assert!(cx.into_repairs().is_empty(), "RFC {rfc}: nothing to repair in {frame:?}");
        count.replies += 1;
        match (self.asked, reply.code()) {
            (Some(ReplyKind::Hello), ReplyCode::OK) => {
                check_ehlo(rfc, &reply);
                count.ehlos += 1;
                self.asked = None;
            }
            (Some(ReplyKind::Auth | ReplyKind::AuthInitial), ReplyCode::CHALLENGE) => {
                check_challenge(rfc, &frame);
                self.expects = Expects::Response;
            }
            (_, ReplyCode::START_MAIL_INPUT) => self.expects = Expects::Data(Vec::new()),
            _ => {}
        }
    }

    fn end_of_data(&mut self, count: &mut Count) {
        match std::mem::replace(&mut self.expects, Expects::Commands) {
            Expects::Data(data) => check_data(self.rfc, &data),
            Expects::Chunk { announced, octets: Some(octets) } => {
                let known = MISCOUNTED.iter().find(|(rfc, said, ..)| (*rfc, *said) == (self.rfc, announced));
                let printed = known.map_or(announced, |&(.., printed, _)| printed);
                assert_eq!(octets.len() as u64, printed, "RFC {}: BDAT {announced}", self.rfc);
                count.miscounted.extend(known.map(|&(rfc, said, ..)| (rfc, said)));
            }
            Expects::Commands | Expects::Response | Expects::Chunk { octets: None, .. } => {}
        }
    }
}

/// All of them are known and valid.
fn check_parameters(rfc: u16, command: &Command) {
    match command {
        Command::Mail(mail) => {
            assert!(!mail.has_unknown(), "RFC {rfc}: {mail:?}");
            assert_eq!(mail.parameters().count(), mail.keywords().count(), "RFC {rfc}: {mail:?}");
            let again = smtp_proto::Mail::new(&mail.reverse_path(), mail.parameters()).unwrap();
            assert_eq!(&again, mail, "RFC {rfc}: made of its parts");
        }
        Command::Rcpt(rcpt) => {
            assert!(!rcpt.has_unknown(), "RFC {rfc}: {rcpt:?}");
            let again = smtp_proto::Rcpt::new(&rcpt.forward_path(), rcpt.parameters()).unwrap();
            assert_eq!(&again, rcpt, "RFC {rfc}: made of its parts");
        }
        _ => {}
    }
}

/// What a reply to EHLO offers is typed, and gives the same reply again.
fn check_ehlo(rfc: u16, reply: &Reply) {
    let frame = reply.to_bytes();
    let ehlo = Ehlo::parse(&frame).unwrap();
    assert_eq!(ehlo, Ehlo::of(reply), "RFC {rfc}");
    assert_eq!(ehlo.iter().count(), reply.lines().count() - 1, "RFC {rfc}");
    for capability in ehlo.iter() {
        match capability.keyword() {
            Some(keyword) => assert!(ehlo.has(keyword) && ehlo.get(keyword).is_some()),
            None => {
                let name = std::str::from_utf8(capability.name()).unwrap().to_owned();
                assert!(OTHER_KEYWORDS.contains(&name.as_str()), "RFC {rfc}: {name}");
            }
        }
    }
    // RFC 4141 starts the first line with a space
    if rfc == 4141 {
        assert_eq!((ehlo.domain(), ehlo.greet()), (&b""[..], &b"example.com"[..]));
        return;
    }
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    let again = Ehlo::new(&text(ehlo.domain()), &text(ehlo.greet()), ehlo.iter()).unwrap();
    // RFC 9422 section 3: the order of limits means nothing
    if ehlo.has(Keyword::Limits) {
        assert!(matches!(ehlo.get(Keyword::Limits), Some(Capability::Limits(_))));
        assert_eq!(again.iter().collect::<Vec<_>>(), ehlo.iter().collect::<Vec<_>>(), "RFC {rfc}");
    } else {
        assert_eq!(again, ehlo, "RFC {rfc}: made of its parts");
    }
}

/// A client takes the challenge.
fn check_challenge(rfc: u16, frame: &Bytes) {
    let mut config = Config::default();
    config.allow_cleartext = true;
    let mut client = Client::new(config);
    client.receive(b"220 ready\r\n");
    assert!(matches!(client.next_event(), Ok(Step::Event(Event::Greeting(_)))));
    let id = client.expect(ReplyKind::Auth).unwrap();
    client.receive(frame);
    let Ok(Step::Event(Event::Challenge { id: of, data })) = client.next_event() else {
        panic!("RFC {rfc}: {frame:?}")
    };
    assert_eq!(of, id);
    let mut again = Output::new();
    sasl::encode(data.expose(), &mut again);
    // the space behind 334 is lost in the print of RFC 4954
    let printed = frame.strip_prefix(b"334").unwrap().trim_ascii();
    assert_eq!(again.take_all(), printed, "RFC {rfc}");
}

/// The lines between 354 and the dot, without the dots of transparency and with them again.
fn check_data(rfc: u16, data: &[u8]) {
    let mut input = Input::new();
    input.receive(data);
    input.receive(b".\r\n");
    let mut decoder = DotDecoder::new(LineEndings::Strict);
    let mut message = Vec::new();
    loop {
        match decoder.next(&mut input) {
            Body::Chunk(chunk) => message.extend_from_slice(&chunk),
            Body::End => break,
            other => panic!("RFC {rfc}: {other:?} in {}", data.escape_ascii()),
        }
    }
    let mut output = Output::new();
    let mut encoder = DotEncoder::new(LineEndings::Strict);
    encoder.encode_bytes(&message.into(), &mut output).unwrap();
    encoder.finish(&mut output).unwrap();
    assert_eq!(output.take_all(), [data, b".\r\n"].concat(), "RFC {rfc}");
}
