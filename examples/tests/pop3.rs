//! `pop3-get` against `pop3-serve`, in one process over loopback.
#![expect(clippy::unwrap_used, reason = "helpers of tests stop, too")]

mod common;

use common::{Folder, MECHANISMS, certify};
use examples::login::{self, Credentials};
use examples::pop3_get::{self, Error, Login, Options, Summary, Tls};
use examples::pop3_serve::{Account, Message, Service};
use examples::tls;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use wire::Secret;

const USER: &str = "mrose";
const PASSWORD: &[u8] = b"tanstaaf";
const TOKEN: &[u8] = b"ya29.tanstaaf";

/// A running server, and what one needs to talk to it.
struct Running {
    folder: Folder,
    port: u16,
    tls_port: u16,
}

impl Running {
    fn new(messages: &[&[u8]]) -> Self {
        Self::with(messages, true)
    }

    fn with(messages: &[&[u8]], allow_cleartext: bool) -> Self {
        let folder = Folder::new();
        let identity = certify(&folder.0);
        let mut login = login::Account::new(USER, Secret::new(PASSWORD)).unwrap();
        (login.token, login.anonymous, login.external) = (Some(Secret::new(TOKEN)), true, true);
        let tls = tls::server_config(&identity, Some(&folder.0.join("ca.pem")));
        let account = Account { login, tls: Some(tls.unwrap()), allow_cleartext };
        let named = |(i, data): (usize, &&[u8])| Message::new(&format!("id-{i}"), data).unwrap();
        let service = Arc::new(Service::new(account, messages.iter().enumerate().map(named).collect()));
        let listen = |implicit_tls| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let (port, service) = (listener.local_addr().unwrap().port(), Arc::clone(&service));
            thread::spawn(move || service.listen(&listener, implicit_tls, |_| {}));
            port
        };
        Self { port: listen(false), tls_port: listen(true), folder }
    }

    fn options(&self) -> Options {
        Options {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            credentials: Credentials::password(USER, Secret::new(PASSWORD)),
            login: Login::Auto,
            tls: Tls::None,
            ca: Some(self.folder.0.join("ca.pem")),
            identity: None,
            insecure_cleartext: true,
            maildir: Some(self.folder.0.join("mail")),
            list: false,
            uidl: false,
            delete: false,
        }
    }

    /// What is in the Maildir, in the order of delivery.
    fn delivered(&self) -> Vec<Vec<u8>> {
        let mail = self.folder.0.join("mail");
        assert_eq!(fs::read_dir(mail.join("tmp")).unwrap().count(), 0);
        let mut paths: Vec<_> = fs::read_dir(mail.join("new")).unwrap().map(|e| e.unwrap().path()).collect();
        // the number behind Q counts
        paths.sort_by_key(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let count = name.split_once('Q').unwrap().1;
            count.split_once('.').unwrap().0.parse::<u32>().unwrap()
        });
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    }

    fn session(&self) -> Raw {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut raw = Raw(BufReader::new(stream));
        assert!(raw.line().starts_with("+OK pop3-serve ready <"));
        raw
    }
}

/// A client that says what it is told.
struct Raw(BufReader<TcpStream>);

impl Raw {
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    fn say(&mut self, command: &str) -> String {
        write!(self.0.get_mut(), "{command}\r\n").unwrap();
        self.line()
    }

    fn login(&mut self) {
        assert_eq!(self.say("USER mrose"), "+OK Now the password\r\n");
        assert!(self.say("PASS tanstaaf").starts_with("+OK mrose, "));
    }

    fn lines(&mut self, command: &str) -> Vec<String> {
        assert!(self.say(command).starts_with("+OK"));
        std::iter::from_fn(|| Some(self.line()).filter(|line| line != ".\r\n")).collect()
    }
}

fn get(options: &Options) -> Result<Summary, Error> {
    pop3_get::run(options, &mut std::io::sink())
}

/// Dot lines of every kind, empty ones, none at all, and 10 MiB.
fn messages() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        &b"Subject: plain\r\n\r\nhello\r\n"[..],
        b"",
        b"\r\n",
        b".\r\n",
        b"Subject: dots\r\n\r\n.\r\n..\r\n...\r\n.a\r\n..a\r\na.\r\n\r\n.\r\n",
        b"Subject: header only\r\n",
        b"Subject: looks like replies\r\n\r\n+OK\r\n-ERR\r\n+ \r\n",
        b"Subject: 8 bit\r\n\r\n\xe4\xf6\xfc\0\x80\r\n",
    ]
    .map(<[u8]>::to_vec)
    .into();
    let mut huge = b"Subject: huge\r\n\r\n".to_vec();
    while huge.len() < 10 * 1024 * 1024 {
        let dot = if huge.len() % 7 == 0 { "." } else { "" };
        huge.extend_from_slice(
            format!("{dot}{} {}\r\n", huge.len(), "mail ".repeat(huge.len() % 15)).as_bytes(),
        );
    }
    all.push(huge);
    all
}

fn refs(messages: &[Vec<u8>]) -> Vec<&[u8]> {
    messages.iter().map(Vec::as_slice).collect()
}

#[test]
fn every_way_in_downloads_every_octet() {
    let messages = messages();
    for (tls, login, cleartext, how) in [
        (Tls::None, Login::Auto, false, "AUTH SCRAM-SHA-512"),
        (Tls::None, Login::Apop, true, "APOP"),
        (Tls::None, Login::UserPass, true, "USER and PASS"),
        (Tls::Stls, Login::Auto, false, "AUTH SCRAM-SHA-512-PLUS"),
        (Tls::Stls, Login::Apop, false, "APOP"),
        (Tls::Stls, Login::UserPass, false, "USER and PASS"),
        (Tls::Implicit, Login::Auto, false, "AUTH SCRAM-SHA-512-PLUS"),
    ] {
        // the last one takes its time
        let messages = if login == Login::Auto { &messages[..] } else { &messages[..8] };
        let server = Running::new(&refs(messages));
        let mut options = server.options();
        options.port = if tls == Tls::Implicit { server.tls_port } else { server.port };
        (options.tls, options.login, options.insecure_cleartext) = (tls, login, cleartext);
        let summary = get(&options).unwrap();
        assert_eq!((summary.login.as_str(), summary.tls), (how, tls != Tls::None));
        assert_eq!((summary.deleted, summary.failures), (0, Vec::new()));
        assert!(server.delivered() == messages, "{tls:?}, {login:?}");
    }
}

/// Each by name, with TLS and without, and with what is wrong.
#[test]
fn every_mechanism() {
    let server = Running::new(&[b"one\r\n"]);
    let attempt = |tls: Tls, mechanism: &str, right: bool| {
        let mut options = server.options();
        options.maildir = None;
        (options.tls, options.login, options.insecure_cleartext) = (tls, Login::Auth, false);
        options.port = if tls == Tls::Implicit { server.tls_port } else { server.port };
        let secret = |right_one| if right { Secret::new(right_one) } else { Secret::new(*b"wrong") };
        let credentials = &mut options.credentials;
        credentials.mechanism = Some(mechanism.to_owned());
        match mechanism {
            "OAUTHBEARER" | "XOAUTH2" => {
                (credentials.password, credentials.token) = (None, Some(secret(TOKEN)));
            }
            "EXTERNAL" => {
                credentials.password = None;
                credentials.certificate = true;
                let identity = tls::Identity {
                    certificate: server.folder.0.join("cert.pem"),
                    key: server.folder.0.join("key.pem"),
                };
                options.identity = right.then_some(identity);
            }
            _ => credentials.password = Some(secret(PASSWORD)),
        }
        get(&options)
    };
    for mechanism in MECHANISMS {
        for tls in [Tls::Stls, Tls::Implicit] {
            let summary = attempt(tls, mechanism, true).unwrap();
            assert_eq!((summary.login, summary.tls), (format!("AUTH {mechanism}"), true));
            if mechanism != "ANONYMOUS" {
                let error = attempt(tls, mechanism, false).unwrap_err();
                assert_eq!(error.exit_code(), 3, "{mechanism}: {error}");
            }
        }
        let open = attempt(Tls::None, mechanism, true);
        let needs_tls = mechanism.ends_with("-PLUS")
            || ["EXTERNAL", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN"].contains(&mechanism);
        assert_eq!(open.is_err(), needs_tls, "{mechanism}");
    }
}

#[test]
fn line_ends_are_made_canonical_and_sizes_are_true() {
    let server = Running::new(&[b"a\nb", b"a\r\nb\r\n\n"]);
    let mut options = server.options();
    (options.list, options.uidl) = (true, true);
    let mut printed = Vec::new();
    pop3_get::run(&options, &mut printed).unwrap();
    assert_eq!(String::from_utf8(printed).unwrap(), "1 6\n2 8\n1 id-0\n2 id-1\n");
    assert_eq!(server.delivered(), [&b"a\r\nb\r\n"[..], b"a\r\nb\r\n\r\n"]);
}

#[test]
fn delete_deletes_what_was_delivered() {
    let server = Running::new(&[b"one\r\n", b"two\r\n"]);
    let mut options = server.options();
    options.delete = true;
    let summary = get(&options).unwrap();
    assert_eq!((summary.messages, summary.deleted, summary.octets), (2, 2, 10));
    assert_eq!(server.delivered(), [b"one\r\n", b"two\r\n"]);
    let summary = get(&options).unwrap();
    assert_eq!((summary.messages, summary.deleted), (0, 0));
}

#[test]
fn more_messages_than_commands_ahead() {
    let messages: Vec<Vec<u8>> =
        (0..500).map(|i| format!("Subject: {i}\r\n\r\n.{i}\r\n").into_bytes()).collect();
    let server = Running::new(&refs(&messages));
    let mut options = server.options();
    options.delete = true;
    let summary = get(&options).unwrap();
    assert_eq!((summary.messages, summary.deleted), (500, 500));
    assert!(server.delivered() == messages);
}

#[test]
fn errors_say_what_and_show_no_secret() {
    let server = Running::new(&[b"one\r\n"]);
    let fails = |change: &dyn Fn(&mut Options), exit: u8, words: &str| {
        let mut options = server.options();
        change(&mut options);
        let error = get(&options).unwrap_err();
        assert_eq!((error.exit_code(), error.to_string().as_str()), (exit, words));
        assert!(!server.folder.0.join("mail").exists());
        assert!(!format!("{options:?} {error:?}").contains("tanstaaf"));
    };
    let wrong = |options: &mut Options| options.credentials.password = Some(Secret::new(*b"wrong"));
    let plain = |options: &mut Options| {
        (options.login, options.credentials.mechanism) = (Login::Auth, Some("plain".to_owned()));
    };
    for (login, words) in [
        (Login::Apop, "login by APOP failed: [AUTH] Wrong user or password"),
        (Login::UserPass, "login by USER and PASS failed: [AUTH] Wrong user or password"),
    ] {
        fails(&|o| (wrong(o), o.login = login).1, 3, words);
    }
    let words = "login by AUTH PLAIN failed: [AUTH] Wrong user or password";
    fails(&|o| (wrong(o), plain(o)).1, 3, words);
    fails(&wrong, 3, "AUTH: the server ended the exchange: invalid-proof");
    fails(
        &|o| o.credentials.user = "nobody".to_owned(),
        3,
        "AUTH: the server ended the exchange: invalid-proof",
    );
    let cleartext = "the password would be sent in the clear: use --tls, or --insecure-cleartext if you must";
    fails(&|o| (plain(o), o.insecure_cleartext = false).1, 3, cleartext);
    let distrusted = "TLS: invalid peer certificate: UnknownIssuer";
    let other = Running::new(&[]);
    fails(&|o| (o.tls, o.ca) = (Tls::Stls, Some(other.folder.0.join("ca.pem"))), 4, distrusted);
    let other_name = |o: &mut Options| (o.tls, o.host) = (Tls::Stls, "localhost".to_owned());
    let mut options = server.options();
    other_name(&mut options);
    assert!(
        get(&options)
            .unwrap_err()
            .to_string()
            .starts_with("TLS: invalid peer certificate: certificate not valid")
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.accept().unwrap().0.write_all(b"HTTP/1.0 400\r\n"));
    fails(&|o| o.port = port, 1, "out of step with the peer: at byte 0: expected +OK or -ERR, got 'H'");
}

#[test]
fn no_password_without_tls_where_the_server_does_not_take_it() {
    let server = Running::with(&[b"one\r\n"], false);
    let mut raw = server.session();
    let offered = raw.lines("CAPA");
    assert!(!offered.iter().any(|line| line == "USER\r\n" || line.contains("PLAIN")));
    let sasl = "SASL SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 DIGEST-MD5 CRAM-MD5 ANONYMOUS\r\n";
    assert!(offered.iter().any(|line| line == sasl), "{offered:?}");
    assert_eq!(raw.say("USER mrose"), "-ERR Cleartext login is disabled, start TLS first\r\n");
    let mut options = server.options();
    options.tls = Tls::Stls;
    assert_eq!(get(&options).unwrap().messages, 1);
}

#[test]
fn one_session_at_a_time_and_only_quit_deletes() {
    let server = Running::new(&[b"one\r\n", b"two\r\n"]);
    let mut first = server.session();
    first.login();
    let mut second = server.session();
    assert_eq!(second.say("USER mrose"), "+OK Now the password\r\n");
    assert_eq!(second.say("PASS tanstaaf"), "-ERR [IN-USE] Another session has the maildrop\r\n");
    assert_eq!(first.say("DELE 1"), "+OK Marked\r\n");
    assert_eq!(first.say("RETR 1"), "-ERR No such message\r\n");
    assert_eq!(first.say("STAT"), "+OK 1 5\r\n");
    drop(first);
    second.login();
    assert_eq!(second.say("STAT"), "+OK 2 10\r\n");
    assert_eq!(second.say("DELE 1"), "+OK Marked\r\n");
    assert_eq!(second.say("RSET"), "+OK Nothing is marked\r\n");
    assert_eq!(second.say("DELE 2"), "+OK Marked\r\n");
    assert_eq!(second.say("QUIT"), "+OK Bye\r\n");
    let mut third = server.session();
    third.login();
    assert_eq!(third.lines("UIDL"), ["1 id-0\r\n"]);
}

#[test]
fn top_gives_exactly_so_many_lines() {
    let server = Running::new(&[b"A: b\r\nC: d\r\n\r\n.1\r\n\r\n3\r\n", b"A: b\r\n", b"\r\n1\r\n"]);
    let mut raw = server.session();
    raw.login();
    for (command, lines) in [
        ("TOP 1 0", &["A: b\r\n", "C: d\r\n", "\r\n"][..]),
        ("TOP 1 1", &["A: b\r\n", "C: d\r\n", "\r\n", "..1\r\n"]),
        ("TOP 1 9", &["A: b\r\n", "C: d\r\n", "\r\n", "..1\r\n", "\r\n", "3\r\n"]),
        ("TOP 2 5", &["A: b\r\n"]),
        ("TOP 3 0", &["\r\n"]),
    ] {
        assert_eq!(raw.lines(command), lines, "{command}");
    }
}

#[test]
fn the_rest_of_the_commands() {
    let server = Running::new(&[b"one\r\n"]);
    let mut raw = server.session();
    for (command, reply) in [
        ("STAT", "-ERR Command not allowed in this state\r\n"),
        ("UTF8", "+OK UTF-8\r\n"),
        ("LANG en", "+OK en English it is\r\n"),
        ("LANG xx", "-ERR Only English\r\n"),
        ("AUTH SCRAM-SHA-1-PLUS", "-ERR No such mechanism\r\n"),
        ("AUTH PLAIN", "+ \r\n"),
        ("*", "-ERR Cancelled\r\n"),
        ("AUTH PLAIN", "+ \r\n"),
        ("!", "-ERR Syntax error\r\n"),
        ("AUTH PLAIN", "+ \r\n"),
        ("AG1yb3NlAHRhbnN0YWFm", "+OK mrose, 1 messages\r\n"),
        ("LIST 1", "+OK 1 5\r\n"),
        ("UIDL 1", "+OK 1 id-0\r\n"),
        ("LIST 2", "-ERR No such message\r\n"),
        ("RETR x", "-ERR Syntax error\r\n"),
        ("XYZZY", "-ERR Unknown command\r\n"),
        ("NOOP", "+OK\r\n"),
    ] {
        assert_eq!(raw.say(command), reply, "{command}");
    }
    assert_eq!(raw.lines("LANG"), ["en English\r\n"]);
}

#[test]
fn a_batch_of_commands_is_answered_in_order() {
    let server = Running::new(&[b"one\r\n"]);
    let mut raw = server.session();
    raw.login();
    raw.0.get_mut().write_all(b"RETR 1\r\nRETR 2\r\nSTAT\r\nQUIT\r\nSTAT\r\n").unwrap();
    let mut all = String::new();
    raw.0.read_to_string(&mut all).unwrap();
    assert_eq!(all, "+OK 5 octets\r\none\r\n.\r\n-ERR No such message\r\n+OK 1 5\r\n+OK Bye\r\n");
}

#[test]
fn plaintext_behind_stls_ends_the_connection() {
    let server = Running::new(&[b"one\r\n"]);
    let mut raw = server.session();
    raw.0.get_mut().write_all(b"STLS\r\nUSER mrose\r\n").unwrap();
    let mut all = String::new();
    let _ = raw.0.read_to_string(&mut all);
    assert_eq!(all, "-ERR Plaintext behind STLS, closing\r\n");
}

#[test]
fn the_server_waits_for_a_client_that_reads_late() {
    let huge = [b"x".repeat(70), b"\r\n".to_vec()].concat().repeat(200_000);
    let server = Running::new(&[&huge]);
    let mut raw = server.session();
    raw.login();
    // more than the sockets' buffers hold: the server waits, and goes on when we read
    raw.0.get_mut().write_all(b"RETR 1\r\nRETR 1\r\nNOOP\r\nQUIT\r\n").unwrap();
    thread::sleep(std::time::Duration::from_millis(50));
    let mut all = Vec::new();
    raw.0.read_to_end(&mut all).unwrap();
    assert!(all.len() > 2 * huge.len() && all.ends_with(b"\r\n.\r\n+OK\r\n+OK Bye\r\n"));
}

/// A server of 1988: no CAPA, no PIPELINING. Commands go out one by one.
#[test]
fn a_server_without_pipelining_gets_one_command_at_a_time() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let mut raw = Raw(BufReader::new(listener.accept().unwrap().0));
        let mut said = raw.0.get_ref().try_clone().unwrap();
        said.write_all(b"+OK ready\r\n").unwrap();
        let mut commands = Vec::new();
        for reply in ["-ERR", "+OK", "+OK", "+OK 2 8", "+OK\r\na\r\n.", "-ERR [SYS/TEMP] later", "+OK", "+OK"]
        {
            commands.push(raw.line());
            assert!(raw.0.buffer().is_empty(), "a command more behind {commands:?}");
            write!(said, "{reply}\r\n").unwrap();
        }
        commands.concat()
    });
    let options = Options {
        host: "127.0.0.1".to_owned(),
        port,
        credentials: Credentials::password(USER, Secret::new(PASSWORD)),
        login: Login::Auto,
        tls: Tls::None,
        ca: None,
        identity: None,
        insecure_cleartext: true,
        maildir: Some(folder.0.join("mail")),
        list: false,
        uidl: false,
        delete: true,
    };
    let summary = get(&options).unwrap();
    let commands = "CAPA USER mrose PASS tanstaaf STAT RETR 1 RETR 2 DELE 1 QUIT ";
    assert_eq!(server.join().unwrap().replace("\r\n", " "), commands);
    assert_eq!((summary.messages, summary.deleted), (1, 1));
    let failures: Vec<_> = summary.failures.iter().map(|(n, words)| (n.get(), words.as_str())).collect();
    assert_eq!(failures, [(2, "[SYS/TEMP] later")]);
}
