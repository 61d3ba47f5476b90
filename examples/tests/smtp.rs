//! `smtp-send` against `smtp-sink`, in one process over loopback, and both as programs.
#![expect(clippy::unwrap_used, reason = "helpers of tests stop, too")]

mod common;

use common::{Folder, MECHANISMS, certify};
use examples::login::{Account, Credentials};
use examples::smtp_send::{self, Error, Target, Tls};
use examples::smtp_sink::{self, Service};
use examples::tls;
use smtp_proto::Body;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use wire::Secret;
use wire::dot::LineEndings;

const USER: &str = "alice";
const PASSWORD: &[u8] = b"tanstaaf";
const TOKEN: &[u8] = b"ya29.tanstaaf";

fn account() -> Option<Account> {
    Some(Account::new(USER, Secret::new(PASSWORD)).unwrap())
}

fn credentials(password: &[u8]) -> Option<Credentials> {
    Some(Credentials::password(USER, Secret::new(password)))
}

/// A running server.
struct Running {
    folder: Folder,
    port: u16,
    tls_port: u16,
}

impl Running {
    fn new(change: impl FnOnce(&mut smtp_sink::Options)) -> Self {
        let folder = Folder::new();
        let identity = certify(&folder.0);
        let mut options = smtp_sink::Options {
            lmtp: false,
            tls: Some(tls::server_config(&identity, Some(&folder.0.join("ca.pem"))).unwrap()),
            login: None,
            allow_cleartext: false,
            store: Some(folder.0.join("store")),
            refuse: vec!["nobody".to_owned()],
            line_endings: LineEndings::Strict,
            max_size: None,
            xclient: true,
        };
        change(&mut options);
        let service = Arc::new(Service::new(options).unwrap());
        let listen = |implicit_tls| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let (port, service) = (listener.local_addr().unwrap().port(), Arc::clone(&service));
            thread::spawn(move || service.listen(&listener, implicit_tls, |_| {}));
            port
        };
        Self { port: listen(false), tls_port: listen(true), folder }
    }

    fn options(&self) -> smtp_send::Options {
        smtp_send::Options {
            target: Target::Tcp("127.0.0.1".to_owned(), self.port),
            lmtp: false,
            tls: Tls::None,
            ca: Some(self.folder.0.join("ca.pem")),
            identity: None,
            login: None,
            allow_cleartext: false,
            from: "from@a.example".to_owned(),
            to: vec!["to@b.example".to_owned()],
            hello: "client.example".to_owned(),
            smtputf8: false,
            body: None,
            chunking: false,
            dsn: false,
            xclient: None,
            line_endings: LineEndings::Strict,
            pipelining: true,
            files: Vec::new(),
        }
    }

    /// Puts messages into files.
    fn files(&self, messages: &[Vec<u8>]) -> Vec<PathBuf> {
        let name = |n| self.folder.0.join(format!("{n}.eml"));
        messages
            .iter()
            .enumerate()
            .map(|(n, message)| {
                fs::write(name(n), message).unwrap();
                name(n)
            })
            .collect()
    }

    /// The messages that were stored, in order.
    fn stored(&self) -> Vec<Vec<u8>> {
        stored(&self.folder.0.join("store"))
    }

    fn envelope(&self, number: u32) -> serde_json::Value {
        let file = self.folder.0.join(format!("store/{number:06}.json"));
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    }

    fn session(&self) -> Raw {
        let mut raw = Raw(BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).unwrap()));
        assert_eq!(raw.line(), "220 localhost ESMTP smtp-sink\r\n");
        raw
    }
}

fn stored(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(paths.iter().all(|path| path.extension().unwrap() != "part"), "nothing is left over");
    paths.retain(|path| path.extension().unwrap() == "eml");
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A client that says what it is told.
struct Raw(BufReader<TcpStream>);

impl Raw {
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// The last line of the reply.
    fn reply(&mut self) -> String {
        loop {
            let line = self.line();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    fn say(&mut self, octets: &str) -> String {
        self.0.get_mut().write_all(octets.as_bytes()).unwrap();
        self.reply()
    }
}

/// What is printed, and whether all was accepted.
fn send(options: &smtp_send::Options) -> Result<(bool, String), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut printed = Vec::new();
    let all = runtime.block_on(smtp_send::run(options, &mut printed))?;
    Ok((all, String::from_utf8(printed).unwrap()))
}

/// Dot lines of every kind, empty ones, none at all, no line end at the end.
fn messages() -> Vec<Vec<u8>> {
    let all = [
        "Subject: plain\r\n\r\nhello\r\n",
        ".\r\n..\r\n...\r\n.x\r\n\r\n.\r\n",
        "\r\n",
        "",
        "Subject: 8bit\r\n\r\nä\r\n",
        &format!("Subject: long\r\n\r\n{}\r\n", "x".repeat(2000)),
    ];
    all.map(|message| message.as_bytes().to_vec()).to_vec()
}

#[test]
fn every_way_delivers_every_octet() {
    for lmtp in [false, true] {
        for (tls, chunking, pipelining, login) in [
            (Tls::None, false, true, false),
            (Tls::None, false, false, false),
            (Tls::None, true, true, false),
            (Tls::None, true, false, false),
            (Tls::StartTls, false, true, true),
            (Tls::Implicit, true, true, true),
        ] {
            let account = if login { account() } else { None };
            let server = Running::new(|options| (options.lmtp, options.login) = (lmtp, account));
            let mut options = server.options();
            (options.lmtp, options.tls, options.chunking, options.pipelining) =
                (lmtp, tls, chunking, pipelining);
            let port = if tls == Tls::Implicit { server.tls_port } else { server.port };
            options.target = Target::Tcp("127.0.0.1".to_owned(), port);
            options.login = if login { credentials(PASSWORD) } else { None };
            options.files = server.files(&messages());
            let (all, printed) = send(&options).unwrap();
            assert!(all && printed.lines().count() == messages().len(), "{printed}");
            assert!(server.stored() == messages(), "lmtp: {lmtp}");
            let envelope = server.envelope(6);
            assert_eq!(envelope["tls"], tls != Tls::None);
            assert_eq!(
                envelope["user"],
                serde_json::json!(options.login.map(|credentials| credentials.user))
            );
            assert_eq!(envelope["hello"], "client.example");
            assert_eq!(envelope["sender"], "from@a.example");
            assert_eq!(envelope["recipients"], serde_json::json!(["<to@b.example>"]));
        }
    }
}

/// Each by name, with TLS and without, and with what is wrong.
#[test]
fn every_mechanism() {
    let server = Running::new(|options| {
        let mut account = account();
        if let Some(account) = &mut account {
            (account.token, account.anonymous, account.external) = (Some(Secret::new(TOKEN)), true, true);
        }
        options.login = account;
    });
    let attempt = |tls: Tls, mechanism: &str, right: bool| {
        let mut options = server.options();
        let port = if tls == Tls::Implicit { server.tls_port } else { server.port };
        (options.tls, options.target) = (tls, Target::Tcp("127.0.0.1".to_owned(), port));
        options.files = server.files(&messages()[..1]);
        let secret = |right_one| if right { Secret::new(right_one) } else { Secret::new(*b"wrong") };
        let mut credentials = credentials(PASSWORD).unwrap();
        credentials.mechanism = Some(mechanism.to_owned());
        credentials.password = Some(secret(PASSWORD));
        credentials.token = Some(secret(TOKEN));
        credentials.certificate = true;
        if right {
            let file = |name| server.folder.0.join(name);
            options.identity = Some(tls::Identity { certificate: file("cert.pem"), key: file("key.pem") });
        }
        options.login = Some(credentials);
        send(&options)
    };
    let mut sent = 0;
    for mechanism in MECHANISMS {
        for tls in [Tls::StartTls, Tls::Implicit] {
            assert!(attempt(tls, mechanism, true).unwrap().0);
            sent += 1;
            let user = if mechanism == "ANONYMOUS" { "anonymous" } else { USER };
            assert_eq!(server.envelope(sent)["user"], user, "{mechanism}");
            if mechanism != "ANONYMOUS" {
                assert!(attempt(tls, mechanism, false).is_err(), "{mechanism}");
            }
        }
        let open = attempt(Tls::None, mechanism, true);
        let needs_tls = mechanism.ends_with("-PLUS")
            || ["EXTERNAL", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN"].contains(&mechanism);
        assert_eq!(open.is_err(), needs_tls, "{mechanism}");
        sent += u32::from(!needs_tls);
    }
}

#[test]
fn many_messages_to_many_recipients_and_some_are_refused() {
    for (lmtp, pipelining) in [(false, true), (false, false), (true, true)] {
        let server = Running::new(|options| options.lmtp = lmtp);
        let mut options = server.options();
        (options.lmtp, options.pipelining) = (lmtp, pipelining);
        options.to = ["a@b.example", "nobody@b.example", "\"c d\"@[192.0.2.1]"].map(str::to_owned).into();
        let messages: Vec<_> =
            (0..50).map(|n| format!("Subject: {n}\r\n\r\n.{n}\r\n").into_bytes()).collect();
        options.files = server.files(&messages);
        let (all, printed) = send(&options).unwrap();
        assert!(!all && server.stored() == messages);
        let replies: Vec<Vec<_>> = printed.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(replies.len(), 150);
        assert_eq!(replies[1][1..], ["nobody@b.example", "550 5.1.1 No such user here"]);
        assert_eq!(replies[2][1..], ["\"c d\"@[192.0.2.1]", "250 2.0.0 Stored as 000001"]);
        assert_eq!(replies[149][0], options.files[49].to_str().unwrap());
    }
    // and all of them
    let server = Running::new(|_| {});
    let mut options = server.options();
    options.to = vec!["nobody@a.example".to_owned(), "nobody@b.example".to_owned()];
    options.files = server.files(&messages()[..2]);
    let (all, printed) = send(&options).unwrap();
    assert!(!all && printed.matches("\t550 5.1.1 ").count() == 4 && server.stored().is_empty(), "{printed}");
}

#[test]
fn what_the_content_needs_is_announced() {
    let server = Running::new(|_| {});
    let mut options = server.options();
    options.dsn = true;
    options.files = server.files(&["a\r\n", "ä\r\n"].map(|text| text.as_bytes().to_vec()));
    assert!(send(&options).unwrap().0);
    let mail = |number| server.envelope(number)["mail"].as_str().unwrap().to_owned();
    assert!(mail(1).starts_with("<from@a.example> SIZE=3 RET=HDRS ENVID="), "{}", mail(1));
    assert!(mail(2).contains(" BODY=8BITMIME "));
    let rcpt = "<to@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;to@b.example";
    assert_eq!(server.envelope(2)["recipients"], serde_json::json!([rcpt]));
    let mut options = server.options();
    (options.from, options.to) = (String::new(), vec!["jörg@b.example".to_owned()]);
    options.files = server.files(&[b"a\r\n".to_vec()]);
    assert!(send(&options).unwrap().0);
    assert_eq!((mail(3).as_str(), server.envelope(3)["sender"].clone()), ("<> SIZE=3 SMTPUTF8", "".into()));
    let mut options = server.options();
    (options.smtputf8, options.body) = (true, Some(Body::BinaryMime));
    options.files = server.files(&[b"a\0\nb".to_vec()]);
    assert!(send(&options).unwrap().0);
    assert_eq!(mail(4), "<from@a.example> SIZE=4 BODY=BINARYMIME SMTPUTF8");
    assert_eq!(server.stored()[3], b"a\0\nb");
}

#[test]
fn bare_line_ends_go_by_the_policy() {
    let message = b"one\ntwo\r\n".to_vec();
    for (ours, theirs, stored) in [
        (LineEndings::Normalise, LineEndings::Strict, Some(&b"one\r\ntwo\r\n"[..])),
        (LineEndings::Lenient, LineEndings::Lenient, Some(b"one\ntwo\r\n")),
        (LineEndings::Lenient, LineEndings::Normalise, Some(b"one\r\ntwo\r\n")),
        (LineEndings::Lenient, LineEndings::Strict, None),
        // with BDAT and BINARYMIME
        (LineEndings::Strict, LineEndings::Strict, Some(b"one\ntwo\r\n")),
    ] {
        let server = Running::new(|options| options.line_endings = theirs);
        let mut options = server.options();
        options.line_endings = ours;
        options.files = server.files(std::slice::from_ref(&message));
        let (all, printed) = send(&options).unwrap();
        assert_eq!(all, stored.is_some(), "{printed}");
        assert_eq!(all, !printed.contains("\t550 5.5.2 Bare LF"), "{printed}");
        assert_eq!(server.stored(), stored.map(<[u8]>::to_vec).into_iter().collect::<Vec<_>>(), "{ours:?}");
    }
}

#[test]
fn a_message_that_is_too_large_is_not_sent_and_not_taken() {
    let server = Running::new(|options| options.max_size = Some(10));
    let mut options = server.options();
    options.files = server.files(&[b"0123456789abcdef\r\n".to_vec(), b"short\r\n".to_vec()]);
    let (all, printed) = send(&options).unwrap();
    assert!(!all && printed.contains("\tnot sent: longer than 10 octets\n"), "{printed}");
    assert_eq!(server.stored(), [b"short\r\n"]);
    let mut raw = server.session();
    for (said, reply) in [
        ("EHLO a\r\n", "250 "),
        ("MAIL FROM:<>\r\n", "250 "),
        ("RCPT TO:<a@b>\r\n", "250 "),
        ("DATA\r\n", "354 "),
        ("0123456789abcdef\r\n.\r\n", "552 5.3.4 "),
        ("NOOP\r\n", "250 "),
        ("MAIL FROM:<> SIZE=11\r\n", "552 5.3.4 "),
    ] {
        let found = raw.say(said);
        assert!(found.starts_with(reply), "{said}: {found}");
    }
    assert_eq!(server.stored().len(), 1);
}

#[test]
fn errors_say_what_and_show_no_secret() {
    let server = Running::new(|options| options.login = account());
    let fails = |change: &dyn Fn(&mut smtp_send::Options), words: &str| {
        let mut options = server.options();
        options.files = server.files(&messages()[..1]);
        change(&mut options);
        let error = send(&options).unwrap_err();
        assert!(error.to_string().starts_with(words), "{error}");
        assert!(!format!("{options:?} {error:?}").contains("tanstaaf"));
    };
    let plain = |password| {
        let mut credentials = credentials(password);
        credentials.as_mut().unwrap().mechanism = Some("PLAIN".to_owned());
        credentials
    };
    fails(
        &|o| (o.tls, o.login) = (Tls::StartTls, plain(b"wrong")),
        "the server refuses AUTH PLAIN: 535 5.7.8 Wrong user or password",
    );
    fails(&|o| o.login = credentials(b"wrong"), "AUTH: the server ended the exchange: invalid-proof");
    fails(&|o| o.login = plain(PASSWORD), "AUTH: the server offers no mechanism for these credentials");
    let open = Running::new(|_| {});
    let port = open.port;
    let at_open = move || Target::Tcp("127.0.0.1".to_owned(), port);
    fails(&|o| (o.target, o.login) = (at_open(), credentials(PASSWORD)), "the server does not offer AUTH");
    fails(&|o| o.lmtp = true, "the server refuses LHLO: 500 Command unrecognized");
    fails(&|o| o.to = vec!["a b".to_owned()], "a b: illegal octet at 2");
    fails(&|o| o.from = "a@b>\r\nRSET\r\n<c".to_owned(), "--from: ");
    fails(&|o| o.hello = "a b".to_owned(), "--hello: ");
    fails(&|o| o.files.push("no-such-file".into()), "no-such-file: ");
    let distrusted = "TLS: invalid peer certificate: UnknownIssuer";
    let other = Running::new(|_| {});
    fails(&|o| (o.tls, o.ca) = (Tls::StartTls, Some(other.folder.0.join("ca.pem"))), distrusted);
    let without_tls = Running::new(|options| options.tls = None);
    let port = without_tls.port;
    let target = move || Target::Tcp("127.0.0.1".to_owned(), port);
    fails(&|o| (o.target, o.tls) = (target(), Tls::StartTls), "the server does not offer STARTTLS");
}

#[test]
fn xclient_speaks_for_another() {
    let server = Running::new(|_| {});
    let mut options = server.options();
    options.xclient = Some("NAME=spike.example ADDR=192.0.2.1".to_owned());
    options.files = server.files(&messages()[..1]);
    assert!(send(&options).unwrap().0 && server.stored() == messages()[..1]);
}

#[test]
fn the_rest_of_the_commands() {
    let server = Running::new(|options| {
        options.allow_cleartext = true;
        options.login = account();
    });
    let mut raw = server.session();
    for (said, reply) in [
        ("MAIL FROM:<>\r\n", "503 5.5.1 Send EHLO first\r\n"),
        ("HELO a\r\n", "250 localhost\r\n"),
        ("NOOP x\r\n", "250 2.0.0 Ok\r\n"),
        ("MAIL FROM:<>\r\n", "530 5.7.0 Authentication required\r\n"),
        ("RCPT TO:<a@b>\r\n", "503 5.5.1 "),
        ("VRFY a\r\n", "252 2.5.0 Send some mail, I will do my best\r\n"),
        ("EXPN a\r\n", "502 5.5.1 Command not implemented\r\n"),
        ("HELP\r\n", "214 2.0.0 See RFC 5321\r\n"),
        ("XYZZY\r\n", "500 5.5.1 Command unrecognized\r\n"),
        ("AUTH SCRAM-SHA-1-PLUS\r\n", "504 5.5.4 Authentication mechanism not offered\r\n"),
        ("AUTH PLAIN\r\n", "334 \r\n"),
        ("*\r\n", "501 5.7.0 Cancelled\r\n"),
        ("AUTH PLAIN\r\n", "334 \r\n"),
        ("!\r\n", "501 5.5.4 "),
        ("AUTH PLAIN AGFsaWNlAHRhbnN0YWFm\r\n", "235 2.7.0 Welcome\r\n"),
        ("MAIL FROM:<>\r\n", "250 2.1.0 Sender ok\r\n"),
        ("DATA\r\n", "554 5.5.1 No valid recipients\r\n"),
        ("RCPT TO:<a@b>\r\n", "250 2.1.5 Recipient ok\r\n"),
        ("BDAT 3\r\nabc", "250 2.0.0 3 octets received\r\n"),
        ("RSET\r\n", "250 2.0.0 Forgotten\r\n"),
        ("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nBDAT 3\r\nabcBDAT 2 LAST\r\n\r\n", "250 2.1.0 Sender ok\r\n"),
    ] {
        let found = raw.say(said);
        assert!(found.starts_with(reply), "{said}: {found}");
    }
    let rest: Vec<_> = (0..3).map(|_| raw.reply()).collect();
    assert_eq!(rest[2], "250 2.0.0 Stored as 000001\r\n", "{rest:?}");
    assert_eq!(raw.say("QUIT\r\n"), "221 2.0.0 Bye\r\n");
    assert_eq!(server.stored(), [b"abc\r\n"]);
}

#[test]
fn plaintext_behind_starttls_ends_the_connection() {
    let server = Running::new(|_| {});
    let mut raw = server.session();
    assert!(raw.say("EHLO a\r\n").starts_with("250 "));
    raw.0.get_mut().write_all(b"STARTTLS\r\nRSET\r\n").unwrap();
    let mut all = String::new();
    let _ = raw.0.read_to_string(&mut all);
    assert_eq!(all, "421 4.7.0 Plaintext behind STARTTLS, closing\r\n");
}

/// A server of 1982, behind a socket in the file system: no EHLO. Commands go out one by one.
#[cfg(unix)]
#[test]
fn a_server_without_ehlo_gets_helo_and_one_command_at_a_time() {
    let server = Running::new(|_| {});
    let path = server.folder.0.join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let old = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let (mut said, mut heard) = (socket.try_clone().unwrap(), BufReader::new(socket));
        said.write_all(b"220 mx\r\n").unwrap();
        let mut commands = String::new();
        for reply in ["500 what?", "250 mx", "250 ok", "250 ok", "550 no", "354 go", "250 ok", "221 bye"] {
            heard.read_line(&mut commands).unwrap();
            if reply == "250 ok" && commands.ends_with("DATA\r\nhi\r\n") {
                heard.read_line(&mut commands).unwrap();
            }
            assert!(heard.buffer().is_empty(), "a command more behind {commands:?}");
            write!(said, "{reply}\r\n").unwrap();
        }
        commands
    });
    let mut options = server.options();
    options.target = Target::Unix(path);
    options.to.push("no@b.example".to_owned());
    options.files = server.files(&[b"hi\r\n".to_vec()]);
    let (all, printed) = send(&options).unwrap();
    let outcomes: Vec<_> = printed.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
    assert_eq!((all, outcomes), (false, vec!["250 ok", "550 no"]));
    assert_eq!(
        old.join().unwrap().replace("\r\n", "|"),
        "EHLO client.example|HELO client.example|MAIL FROM:<from@a.example>|RCPT TO:<to@b.example>|\
         RCPT TO:<no@b.example>|DATA|hi|.|QUIT|"
    );
}

/// What the options or the addresses need is settled before anything is sent; what only one message needs is said of that one.
#[test]
fn a_server_that_offers_nothing_is_sent_nothing_that_needs_more() {
    let server = Running::new(|_| {});
    type Change<'a> = &'a dyn Fn(&mut smtp_send::Options);
    let cases: [(Change<'_>, &str); 9] = [
        (&|o| o.chunking = true, "CHUNKING"),
        (&|o| o.body = Some(Body::BinaryMime), "BINARYMIME"),
        (&|o| o.body = Some(Body::EightBitMime), "8BITMIME"),
        (&|o| o.dsn = true, "DSN"),
        (&|o| o.smtputf8 = true, "SMTPUTF8"),
        (&|o| o.from = "jörg@a.example".to_owned(), "SMTPUTF8"),
        (&|o| o.to.push("jörg@b.example".to_owned()), "SMTPUTF8"),
        (&|o| o.xclient = Some("NAME=spike.example".to_owned()), "XCLIENT"),
        (&|_| {}, ""),
    ];
    for (change, missing) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut options = server.options();
        options.target = Target::Tcp("127.0.0.1".to_owned(), listener.local_addr().unwrap().port());
        options.files = server.files(&["hi\r\n", "hä\r\n"].map(|text| text.as_bytes().to_vec()));
        change(&mut options);
        let bare = thread::spawn(move || {
            let (socket, _) = listener.accept().unwrap();
            let (mut said, heard) = (socket.try_clone().unwrap(), BufReader::new(socket));
            said.write_all(b"220 mx\r\n").unwrap();
            let mut commands = Vec::new();
            for line in heard.lines() {
                let line = line.unwrap();
                match line.as_str() {
                    "DATA" => said.write_all(b"354 go\r\n").unwrap(),
                    "hi" => {}
                    _ => said.write_all(b"250 ok\r\n").unwrap(),
                }
                commands.push(line);
            }
            commands
        });
        let sent = send(&options);
        let commands = bare.join().unwrap();
        if missing.is_empty() {
            let (all, printed) = sent.unwrap();
            let outcomes: Vec<_> = printed.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
            let unsent = "not sent: 8BITMIME was not advertised by the peer";
            assert_eq!((all, outcomes), (false, vec!["250 ok", unsent]));
        } else {
            assert_eq!(sent.unwrap_err().to_string(), format!("the server does not offer {missing}"));
            assert_eq!(commands, ["EHLO client.example"]);
        }
    }
}

/// A server that is gone when it has the message.
#[test]
fn a_message_that_was_not_answered_is_unknown() {
    let server = Running::new(|_| {});
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = server.options();
    options.target = Target::Tcp("127.0.0.1".to_owned(), listener.local_addr().unwrap().port());
    options.files = server.files(&[b"hi\r\n".to_vec()]);
    let gone = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let (mut said, heard) = (socket.try_clone().unwrap(), BufReader::new(socket));
        said.write_all(b"220 mx\r\n").unwrap();
        let mut replies = ["250 mx", "250 ok", "250 ok", "354 go"].into_iter();
        for line in heard.lines() {
            match line.unwrap().as_str() {
                "." => return,
                "hi" => {}
                _ => write!(said, "{}\r\n", replies.next().unwrap()).unwrap(),
            }
        }
    });
    let mut printed = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(smtp_send::run(&options, &mut printed)).unwrap_err();
    gone.join().unwrap();
    assert!(error.to_string().starts_with("the connection ended inside"), "{error}");
    assert!(String::from_utf8(printed).unwrap().ends_with("\tunknown: the server has it, perhaps\n"));
}

/// The program `smtp-sink`.
struct Sink(Child, String);

impl Sink {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_smtp-sink"))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        Self(child, address)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_programs() {
    let folder = Folder::new();
    let path = |name: &str| folder.0.join(name).to_str().unwrap().to_owned();
    fs::write(path("message"), "Subject: hi\r\n\r\n.\r\n").unwrap();
    let store = path("store");
    let sink = Sink::start(&["--listen", "127.0.0.1:0", "--store", &store, "--refuse", "no", "--lmtp"]);
    let send = |arguments: &[&str]| -> Output {
        Command::new(env!("CARGO_BIN_EXE_smtp-send")).args(arguments).output().unwrap()
    };
    let message = path("message");
    let done = send(&["--lmtp", "--to", "a@b", "--from", "", &sink.1, &message]);
    let printed = String::from_utf8(done.stdout).unwrap();
    assert_eq!(
        (done.status.code(), printed),
        (Some(0), format!("{message}\ta@b\t250 2.0.0 Stored as 000001\n"))
    );
    let done =
        send(&["--lmtp", "--to", "no@b", "--to", "a@b", &sink.1, &message, "--body", "7bit", "--chunking"]);
    let printed = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.code() == Some(1) && printed.contains("\tno@b\t550 5.1.1 "), "{printed}");
    assert_eq!(stored(Path::new(&store)), [b"Subject: hi\r\n\r\n.\r\n"; 2]);
    for (arguments, words) in [
        (&["--to", "a@b", &sink.1, &message][..], "the server refuses HELO"),
        (&["--to", "a@b", "unix:/no/such/socket", &message], "cannot connect: "),
        (&[&sink.1, &message], "--to is missing"),
        (&["--to", "a@b", "localhost", &message], "not HOST:PORT or unix:PATH"),
        (&["--user", "u", "--to", "a@b", &sink.1, &message], "--user and --password-file go together"),
    ] {
        let done = send(arguments);
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.code() == Some(2) && said.contains(words), "{arguments:?}: {said}");
    }
}

/// The content goes through the machine in pieces: however long it is, the server does not grow.
#[cfg(target_os = "linux")]
#[test]
fn a_big_message_in_constant_memory() {
    const LINES: usize = 400_000;
    let folder = Folder::new();
    let store = folder.0.join("store");
    let sink = Sink::start(&["--listen", "127.0.0.1:0", "--store", store.to_str().unwrap()]);
    let mut raw = Raw(BufReader::new(TcpStream::connect(&sink.1).unwrap()));
    raw.reply();
    for (said, reply) in [("EHLO a\r\n", "250 "), ("MAIL FROM:<>\r\n", "250 "), ("RCPT TO:<a@b>\r\n", "250 ")]
    {
        assert!(raw.say(said).starts_with(reply));
    }
    assert!(raw.say("DATA\r\n").starts_with("354 "));
    let block = [&b".."[..], &[b'x'; 76], b"\r\n"].concat().repeat(1000);
    for _ in 0..LINES / 1000 {
        raw.0.get_mut().write_all(&block).unwrap();
    }
    assert!(raw.say(".\r\n").starts_with("250 "));
    let size = fs::metadata(store.join("000001.eml")).unwrap().len();
    assert_eq!(size, 79 * LINES as u64, "one dot of each line is gone");
    let status = fs::read_to_string(format!("/proc/{}/status", sink.0.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    assert!(peak < 16 * 1024, "{peak} KiB for a message of {} KiB", size / 1024);
}
