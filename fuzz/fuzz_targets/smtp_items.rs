//! What stands alone, and what callers build of any octets: addresses, xtext, parameters, replies, offers. A value
//! that can be built is read as itself, and nothing in it can pass for another line, word or parameter.
#![no_main]

use arbitrary::Arbitrary;
use bytes::Bytes;
use fuzz::smtp::{assert_no_line_end, check_path, check_reply};
use libfuzzer_sys::fuzz_target;
use smtp_proto::{
    Argument, Attributes, Auth, Bdat, Body, Burl, By, ByMode, Capability, ClientName, Command, DateTime,
    Ehlo, EnhancedCode, ForwardPath, Host, Mail, MailParameter, Mailbox, Mechanisms, Mtrk, Node, Notify,
    Orcpt, OtherCommand, OtherParameter, Rcpt, RcptParameter, Reply, ReplyCode, Ret, ReversePath, Rrvs,
    RrvsAction, Solicit, TransactionId, Words, Xtext,
};
use wire::sasl::Mechanism;
use wire::{Misuse, Secret};

#[derive(Debug, Arbitrary)]
enum Case<'d> {
    Mailbox(&'d [u8]),
    NewMailbox(&'d [u8], &'d str),
    Paths(&'d [u8]),
    Xtext(&'d [u8]),
    Attributes(Vec<(&'d [u8], &'d [u8])>),
    Host(&'d [u8]),
    Command(NewCommand<'d>),
    Mail(&'d [u8], Vec<OfMail<'d>>),
    Rcpt(&'d [u8], Vec<OfRcpt<'d>>),
    Reply(u16, Option<(u8, u16, u16)>, Vec<&'d [u8]>),
    Ehlo(&'d str, &'d str, Vec<Offer<'d>>),
    DateTime(&'d str, i64, u32),
    /// The arguments of MAIL or RCPT as a whole.
    Arguments(bool, &'d [u8]),
}

#[derive(Debug, Arbitrary)]
enum NewCommand<'d> {
    Hello(u8, &'d [u8]),
    Bdat(u64, bool),
    Burl(&'d [u8], bool),
    Vrfy(&'d [u8]),
    Auth(&'d [u8], Option<&'d [u8]>),
    Etrn(&'d [u8]),
    Atrn(&'d [u8]),
    Xclient(&'d [u8]),
    Other(&'d str, &'d [u8]),
}

#[derive(Debug, Arbitrary)]
enum OfMail<'d> {
    SmtpUtf8,
    RequireTls,
    Conperm,
    Size(u64),
    Body(u8),
    Auth(Option<&'d [u8]>),
    Ret(bool),
    Envid(&'d [u8]),
    By(i32, bool, bool),
    HoldFor(u32),
    HoldUntil(i64, u32),
    MtPriority(i8),
    Solicit(&'d str),
    Submitter(&'d [u8]),
    TransId(&'d str),
    Mtrk(&'d str, Option<u32>),
    AltAddress(&'d [u8]),
    Other(&'d str, Option<&'d str>),
    /// Xtext as it stands on the wire.
    Wire(u8, &'d [u8]),
}

#[derive(Debug, Arbitrary)]
enum OfRcpt<'d> {
    Conneg,
    Notify(u8),
    Orcpt(&'d str, &'d str),
    Utf8(&'d str),
    OrcptWire(&'d [u8]),
    Rrvs(i64, u32, Option<bool>),
    AltAddress(&'d [u8]),
    Other(&'d str, Option<&'d str>),
}

#[derive(Debug, Arbitrary)]
enum Offer<'d> {
    Line(&'d [u8]),
    Size(Option<u64>),
    Auth(&'d str),
    OldAuth(&'d str),
    DeliverBy(Option<u32>),
    MtPriority(Option<&'d str>),
    Burl(&'d str),
    NoSoliciting(Option<&'d str>),
    Xexps(&'d str),
    Xverp(Option<&'d str>),
    Xsecurity(Option<&'d str>),
    Xclient(&'d str),
}

fuzz_target!(|case: Case<'_>| {
    match case {
        Case::Mailbox(octets) => {
            let parsed = Mailbox::parse(octets.to_vec());
            let tolerated = Mailbox::tolerated(octets.to_vec());
            if let Ok(mailbox) = &parsed {
                assert_eq!(tolerated.as_ref().map(|other| other.as_bytes()), Ok(mailbox.as_bytes()));
                let host = str::from_utf8(mailbox.domain()).expect("checked");
                // RFC 5321 erratum 5414: an empty one is grammatical, and nobody should make it
                if let Ok(made) = Mailbox::new(mailbox.local_part_decoded(), host) {
                    assert!(made.is_same(mailbox), "{made:?} {mailbox:?}");
                }
            }
            let Ok(mailbox) = tolerated else { return };
            assert_eq!(mailbox.as_bytes(), octets);
            let path = ForwardPath::from(mailbox.clone());
            check_path(path.as_bytes(), path.mailbox());
            assert_eq!(path.mailbox().map(|other| other.as_bytes().to_vec()), Some(octets.to_vec()));
            assert_eq!(path.route().count(), 0);
        }
        Case::NewMailbox(local_part, host) => {
            let Ok(mailbox) = Mailbox::new(local_part, host) else { return };
            assert_eq!((&mailbox.local_part_decoded()[..], mailbox.domain()), (local_part, host.as_bytes()));
            let again = Mailbox::parse(mailbox.as_bytes().to_vec()).expect("it was made");
            assert_eq!((again.local_part(), again.domain()), (mailbox.local_part(), mailbox.domain()));
            let (from, to) = (ReversePath::from(mailbox.clone()), ForwardPath::from(mailbox.clone()));
            assert!(from.mailbox().is_some_and(|other| other.is_same(&mailbox)));
            command(Mail::new(&from, []).ok().map(Command::Mail));
            command(Rcpt::new(&to, []).ok().map(Command::Rcpt));
        }
        Case::Paths(octets) => {
            if let Ok(path) = ReversePath::tolerated(octets.to_vec()) {
                check_path(path.as_bytes(), path.mailbox());
                assert_eq!(ReversePath::tolerated(path.as_bytes().to_vec()), Ok(path.clone()));
                assert!(!path.is_null() || path.mailbox().is_none());
            }
            if let Ok(path) = ForwardPath::tolerated(octets.to_vec()) {
                check_path(path.as_bytes(), path.mailbox());
                assert_eq!(ForwardPath::tolerated(path.as_bytes().to_vec()), Ok(path.clone()));
                assert!(!path.is_postmaster() || path.mailbox().is_none());
            }
            if let Ok(path) = ReversePath::parse(octets.to_vec()) {
                assert_eq!(path.as_bytes(), octets);
                assert_eq!(ReversePath::tolerated(octets.to_vec()), Ok(path.clone()));
                assert_eq!(path.mailbox().is_none(), path.is_null());
                path.route().for_each(|host| drop(host.to_string()));
                command(Mail::new(&path, []).ok().map(Command::Mail));
            }
            if let Ok(path) = ForwardPath::parse(octets.to_vec()) {
                assert_eq!(path.as_bytes(), octets);
                assert_eq!(path.mailbox().is_none(), path.is_postmaster());
                command(Rcpt::new(&path, []).ok().map(Command::Rcpt));
            }
        }
        Case::Xtext(octets) => {
            if let Ok(text) = Xtext::encode(octets) {
                assert_eq!(&text.decode()[..], octets);
                assert_eq!(Xtext::parse(text.as_bytes()), Ok(text.clone()));
            } else {
                assert!(octets.iter().any(u8::is_ascii_control));
            }
            let Ok(text) = Xtext::parse(octets) else { return };
            assert!(!text.decode().iter().any(u8::is_ascii_control));
            assert!(text.as_bytes().iter().all(|octet| octet.is_ascii_graphic() && *octet != b'='));
            assert_eq!(
                Xtext::encode(&text.decode()).map(|other| other.decode().into_owned()),
                Ok(text.decode().into_owned())
            );
        }
        Case::Attributes(pairs) => {
            let Ok(attributes) = Attributes::new(pairs.iter().copied()) else { return };
            let read: Vec<_> =
                attributes.iter().map(|(name, value)| (name.to_vec(), value.decode().into_owned())).collect();
            let given: Vec<_> = pairs.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
            assert_eq!(read, given);
            command(Some(Command::Xclient(attributes.clone())));
            command(Some(Command::Xforward(attributes)));
        }
        Case::Host(octets) => {
            let Ok(host) = Host::parse(octets) else { return };
            let written = host.to_string();
            let again = Host::parse(written.as_bytes()).expect("it was a host");
            assert!(again.is_same(&host), "{written}");
        }
        Case::Command(new) => command(new_command(new)),
        Case::Mail(path, parameters) => {
            let path = ReversePath::parse(path.to_vec()).unwrap_or(ReversePath::NULL);
            let parameters: Vec<_> = parameters.iter().filter_map(of_mail).collect();
            let Ok(mail) = Mail::new(&path, parameters.clone()) else { return };
            assert_eq!(mail.parameters().collect::<Vec<_>>(), parameters);
            assert_eq!(mail.reverse_path(), path);
            assert!(!mail.has_invalid());
            assert_eq!(Mail::parse(mail.as_bytes().to_vec()), Ok(mail.clone()));
            command(Some(Command::Mail(mail)));
        }
        Case::Rcpt(path, parameters) => {
            let path = ForwardPath::parse(path.to_vec()).unwrap_or(ForwardPath::POSTMASTER);
            let parameters: Vec<_> = parameters.iter().filter_map(of_rcpt).collect();
            let Ok(rcpt) = Rcpt::new(&path, parameters.clone()) else { return };
            assert_eq!(rcpt.parameters().collect::<Vec<_>>(), parameters);
            assert_eq!(rcpt.forward_path(), path);
            assert!(!rcpt.has_invalid());
            assert_eq!(Rcpt::parse(rcpt.as_bytes().to_vec()), Ok(rcpt.clone()));
            command(Some(Command::Rcpt(rcpt)));
        }
        Case::Reply(code, enhanced, texts) => {
            let Some(code) = ReplyCode::new(code % 700) else { return };
            let enhanced =
                enhanced.and_then(|(class, subject, detail)| EnhancedCode::new(class % 8, subject, detail));
            let Ok(reply) = Reply::from_lines(code, texts.iter().map(|text| (enhanced, text))) else {
                return;
            };
            check_reply(&reply);
            assert_eq!(reply.code(), code);
            assert!(reply.as_bytes().split_inclusive(|&octet| octet == b'\n').all(|line| line.len() <= 512));
            let texts_lines: usize =
                texts.iter().map(|text| text.split(|&octet| octet == b'\n').count()).sum();
            assert!(reply.lines().count() >= texts_lines, "a line is lost");
            if let Some(enhanced) = enhanced {
                assert!(reply.lines().all(|line| line.enhanced == Some(enhanced)), "{reply:?}");
            }
        }
        Case::Ehlo(domain, greet, offers) => {
            let offers: Vec<_> = offers.iter().filter_map(offer).collect();
            let Ok(ehlo) = Ehlo::new(domain, greet, offers.clone()) else { return };
            check_reply(ehlo.reply());
            assert!(ehlo.iter().eq(offers.iter().cloned()), "{ehlo:?} {offers:?}");
            assert_eq!((ehlo.domain(), ehlo.greet()), (domain.as_bytes(), greet.as_bytes()));
            assert_eq!(Ehlo::parse(&ehlo.reply().to_bytes()), Ok(ehlo));
        }
        Case::DateTime(text, seconds, nanoseconds) => {
            if let Ok(time) = DateTime::parse(text) {
                assert_eq!(DateTime::from_unix(time.unix_seconds(), time.nanoseconds()), Ok(time));
                assert_eq!(DateTime::parse(time.to_string()), Ok(time));
            }
            if let Ok(time) = DateTime::from_unix(seconds, nanoseconds) {
                assert_eq!(DateTime::parse(time.to_string()), Ok(time));
            }
        }
        Case::Arguments(mail, octets) => {
            if mail {
                let Ok(mail) = Mail::tolerated(octets.to_vec()) else { return };
                assert_no_line_end(mail.as_bytes());
                assert_eq!(Mail::tolerated(mail.as_bytes().to_vec()), Ok(mail.clone()));
                fuzz::assert_one_line(&Command::Mail(mail).to_bytes());
            } else {
                let Ok(rcpt) = Rcpt::tolerated(octets.to_vec()) else { return };
                assert_no_line_end(rcpt.as_bytes());
                assert_eq!(Rcpt::tolerated(rcpt.as_bytes().to_vec()), Ok(rcpt.clone()));
                fuzz::assert_one_line(&Command::Rcpt(rcpt).to_bytes());
            }
        }
    }
});

/// A command that was built is read as that command.
fn command(command: Option<Command>) {
    let Some(command) = command else { return };
    let line = command.to_bytes();
    fuzz::assert_one_line(&line);
    assert_eq!(Command::parse(&line).as_ref(), Ok(&command), "{}", line.escape_ascii());
}

fn new_command(new: NewCommand<'_>) -> Option<Command> {
    let bytes = Bytes::copy_from_slice;
    Some(match new {
        NewCommand::Hello(verb, name) => {
            let name = ClientName::new(bytes(name)).ok()?;
            match verb % 3 {
                0 => Command::Helo(name),
                1 => Command::Ehlo(name),
                _ => Command::Lhlo(name),
            }
        }
        NewCommand::Bdat(size, last) => Command::Bdat(Bdat { size, last }),
        NewCommand::Burl(url, last) => Command::Burl(Burl::new(bytes(url), last).ok()?),
        NewCommand::Vrfy(string) => {
            let argument = Argument::new(bytes(string)).ok()?;
            assert!(argument.as_bytes().starts_with(argument.string()));
            command(Some(Command::Expn(argument.clone())));
            command(Some(Command::Help(Some(argument.clone()))));
            command(Some(Command::Noop(Some(argument.clone()))));
            Command::Vrfy(argument)
        }
        NewCommand::Auth(mechanism, initial) => Command::Auth(Auth {
            mechanism: Mechanism::new(mechanism).ok()?,
            initial_response: initial.map(Secret::new),
        }),
        NewCommand::Etrn(node) => Command::Etrn(Node::new(bytes(node)).ok()?),
        NewCommand::Atrn(node) => Command::Atrn(Some(Node::new(bytes(node)).ok()?)),
        NewCommand::Xclient(line) => Command::Xclient(Attributes::parse(bytes(line)).ok()?),
        NewCommand::Other(keyword, arguments) => Command::Other(OtherCommand::new(keyword, arguments).ok()?),
    })
}

fn of_mail<'d>(parameter: &OfMail<'d>) -> Option<MailParameter<'d>> {
    Some(match *parameter {
        OfMail::SmtpUtf8 => MailParameter::SmtpUtf8,
        OfMail::RequireTls => MailParameter::RequireTls,
        OfMail::Conperm => MailParameter::Conperm,
        OfMail::Size(size) => MailParameter::Size(size),
        OfMail::Body(body) => {
            MailParameter::Body([Body::SevenBit, Body::EightBitMime, Body::BinaryMime][usize::from(body) % 3])
        }
        OfMail::Auth(None) => MailParameter::Auth(None),
        OfMail::Auth(Some(text)) => MailParameter::Auth(Some(xtext(text)?)),
        OfMail::Ret(full) => MailParameter::Ret(if full { Ret::Full } else { Ret::Hdrs }),
        OfMail::Envid(text) => MailParameter::Envid(xtext(text)?),
        OfMail::By(seconds, gives_back, trace) => {
            let mode = if gives_back { ByMode::Return } else { ByMode::Notify };
            MailParameter::By(By::new(seconds, mode, trace).ok()?)
        }
        OfMail::HoldFor(seconds) => MailParameter::HoldFor(seconds),
        OfMail::HoldUntil(seconds, nanoseconds) => {
            MailParameter::HoldUntil(DateTime::from_unix(seconds, nanoseconds).ok()?)
        }
        OfMail::MtPriority(priority) => MailParameter::MtPriority(priority),
        OfMail::Solicit(keywords) => MailParameter::Solicit(Solicit::parse(keywords).ok()?),
        OfMail::Submitter(text) => MailParameter::Submitter(xtext(text)?),
        OfMail::TransId(id) => MailParameter::TransId(TransactionId::parse(id).ok()?),
        OfMail::Mtrk(certifier, timeout) => MailParameter::Mtrk(Mtrk::new(certifier, timeout).ok()?),
        OfMail::AltAddress(text) => MailParameter::AltAddress(xtext(text)?),
        OfMail::Other(name, value) => MailParameter::Other(other(name, value)?),
        OfMail::Wire(which, wire) => {
            let text = Xtext::parse(wire).ok()?;
            match which % 4 {
                0 => MailParameter::Auth(Some(text)),
                1 => MailParameter::Envid(text),
                2 => MailParameter::Submitter(text),
                _ => MailParameter::AltAddress(text),
            }
        }
    })
}

fn of_rcpt<'d>(parameter: &OfRcpt<'d>) -> Option<RcptParameter<'d>> {
    Some(match *parameter {
        OfRcpt::Conneg => RcptParameter::Conneg,
        OfRcpt::Notify(choices) => {
            let all = [Notify::SUCCESS, Notify::FAILURE, Notify::DELAY];
            let chosen = all.into_iter().enumerate().filter(|&(n, _)| choices >> n & 1 == 1);
            RcptParameter::Notify(chosen.fold(Notify::NEVER, |notify, (_, one)| notify | one))
        }
        OfRcpt::Orcpt(addr_type, address) => {
            let orcpt = Orcpt::new(addr_type, address).ok()?;
            assert_eq!(orcpt.decode(), address.as_bytes(), "{orcpt:?}");
            assert!(orcpt.is_ascii());
            RcptParameter::Orcpt(orcpt)
        }
        OfRcpt::Utf8(address) => {
            let orcpt = Orcpt::utf_8(address).ok()?;
            assert_eq!(orcpt.decode(), address.as_bytes(), "{orcpt:?}");
            RcptParameter::Orcpt(orcpt)
        }
        OfRcpt::OrcptWire(wire) => {
            let orcpt = Orcpt::parse(wire).ok()?;
            assert_no_line_end(&orcpt.decode());
            RcptParameter::Orcpt(orcpt)
        }
        OfRcpt::Rrvs(seconds, nanoseconds, action) => {
            let action =
                action.map(|goes_on| if goes_on { RrvsAction::Continue } else { RrvsAction::Reject });
            RcptParameter::Rrvs(Rrvs { since: DateTime::from_unix(seconds, nanoseconds).ok()?, action })
        }
        OfRcpt::AltAddress(text) => RcptParameter::AltAddress(xtext(text)?),
        OfRcpt::Other(name, value) => RcptParameter::Other(other(name, value)?),
    })
}

fn xtext(octets: &[u8]) -> Option<Xtext<'static>> {
    Xtext::encode(octets).ok()
}

fn other(name: &str, value: Option<&str>) -> Option<OtherParameter<'static>> {
    let other = OtherParameter::new(name, value).ok()?;
    assert_eq!((other.name(), other.value()), (name.as_bytes(), value.map(str::as_bytes)));
    Some(other)
}

fn offer<'d>(offer: &Offer<'d>) -> Option<Capability<'d>> {
    let made: Result<_, Misuse> = match *offer {
        Offer::Line(line) => Capability::parse(line),
        Offer::Size(size) => Ok(Capability::Size(size)),
        Offer::Auth(names) => Mechanisms::parse(names).map(Capability::Auth),
        Offer::OldAuth(names) => Mechanisms::parse(names).map(Capability::OldAuth),
        Offer::DeliverBy(least) => Ok(Capability::DeliverBy(least)),
        Offer::MtPriority(policy) => Ok(Capability::MtPriority(policy)),
        Offer::Burl(words) => Words::parse(words).map(Capability::Burl),
        Offer::NoSoliciting(classes) => Ok(Capability::NoSoliciting(classes)),
        Offer::Xexps(names) => Mechanisms::parse(names).map(Capability::Xexps),
        Offer::Xverp(kind) => Ok(Capability::Xverp(kind)),
        Offer::Xsecurity(kinds) => Ok(Capability::Xsecurity(kinds)),
        Offer::Xclient(words) => Words::parse(words).map(Capability::Xclient),
    };
    made.ok()
}
