//! `imap-get` against `imap-serve`, in one process over loopback.
#![expect(clippy::unwrap_used, reason = "helpers of tests stop, too")]

mod common;

use common::{Folder, MECHANISMS, certify};
use examples::imap_get::{self, Action, Error, Login, Options, Summary, Tls, command};
use examples::imap_serve::{Account, Service};
use examples::imap_store::Message;
use examples::login::{self, Credentials};
use examples::tls;
use imap_proto::{Literals, Mailbox};
use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use wire::Secret;

const USER: &str = "mrose";
const PASSWORD: &[u8] = b"tanstaaf";
const TOKEN: &[u8] = b"ya29.tanstaaf";
const NOW: u64 = 1_583_193_600;

/// A running server, and what one needs to talk to it.
struct Running {
    folder: Folder,
    port: u16,
    tls_port: u16,
}

impl Running {
    fn new(messages: &[&[u8]]) -> Self {
        let folder = Folder::new();
        let identity = certify(&folder.0);
        let mut login = login::Account::new(USER, Secret::new(PASSWORD)).unwrap();
        (login.token, login.anonymous, login.external) = (Some(Secret::new(TOKEN)), true, true);
        let tls = tls::server_config(&identity, Some(&folder.0.join("ca.pem")));
        let account = Account { login, tls: Some(tls.unwrap()), allow_cleartext: true };
        let inbox = messages.iter().map(|data| Message::new(data.to_vec(), NOW).unwrap()).collect();
        let service = Arc::new(Service::new(account, inbox));
        let listen = |implicit_tls| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let (port, service) = (listener.local_addr().unwrap().port(), Arc::clone(&service));
            thread::spawn(move || service.listen(&listener, implicit_tls, |_| {}));
            port
        };
        Self { port: listen(false), tls_port: listen(true), folder }
    }

    fn options(&self, actions: Vec<Action>) -> Options {
        Options {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            credentials: Credentials::password(USER, Secret::new(PASSWORD)),
            login: Login::Auto,
            tls: Tls::None,
            ca: Some(self.folder.0.join("ca.pem")),
            identity: None,
            insecure_cleartext: true,
            compress: false,
            literals: None,
            actions,
        }
    }

    /// Commands, and what was said to them.
    fn say(&self, commands: &[&str]) -> String {
        let commands = commands.iter().map(|text| command(text).unwrap()).collect();
        run(&self.options(vec![Action::Send(commands)])).unwrap().1
    }

    fn fetch(&self, options: &mut Options) -> (Summary, Vec<Vec<u8>>, String) {
        let folder = Folder::new();
        options.actions = vec![Action::Fetch(Mailbox::inbox(), folder.0.clone())];
        let (summary, out) = run(options).unwrap();
        let mut paths: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        (summary, paths.iter().map(|path| fs::read(path).unwrap()).collect(), out)
    }
}

fn run(options: &Options) -> Result<(Summary, String), Error> {
    let mut out = Vec::new();
    let summary = imap_get::run(options, &mut out)?;
    Ok((summary, String::from_utf8(out).unwrap()))
}

const MIXED: &[u8] = b"From: \"A, B\" <a@example.org>\r\nSubject: of two\r\nDate: Tue, 03 Mar 2020 00:00:00 +0000\r\n\
    Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n\
    Subject: inner\r\n\r\ninner\r\n--x--\r\n";

#[test]
fn every_mechanism() {
    let server = Running::new(&[]);
    for tls in [Tls::None, Tls::StartTls, Tls::Implicit] {
        for mechanism in MECHANISMS.iter().copied().filter(|name| *name != "EXTERNAL") {
            if mechanism.ends_with("-PLUS") && tls == Tls::None {
                continue;
            }
            let mut options = server.options(vec![Action::Send(vec![command("NOOP").unwrap()])]);
            options.tls = tls;
            options.port = if tls == Tls::Implicit { server.tls_port } else { server.port };
            options.login = Login::Authenticate;
            options.credentials.mechanism = Some(mechanism.to_owned());
            options.credentials.token = Some(Secret::new(TOKEN));
            let (summary, out) = run(&options).unwrap();
            assert_eq!(summary.login, format!("AUTHENTICATE {mechanism}"));
            assert!(out.ends_with(" OK Done\r\n") && summary.irregular.is_empty(), "{mechanism}: {summary}");
            if mechanism != "ANONYMOUS" {
                options.credentials.password = Some(Secret::new("wrong"));
                options.credentials.token = Some(Secret::new("wrong"));
                assert_eq!(run(&options).unwrap_err().exit_code(), 3, "{mechanism}");
            }
        }
        let mut options = server.options(Vec::new());
        (options.login, options.tls) = (Login::Login, tls);
        options.port = if tls == Tls::Implicit { server.tls_port } else { server.port };
        assert_eq!(run(&options).unwrap().0.login, "LOGIN");
    }
}

#[test]
fn messages_come_and_go() {
    let large = [&b"Subject: large\r\n\r\n"[..], &vec![b'x'; 3_000_000]].concat();
    let server = Running::new(&[MIXED, b"", &large, b"no header at all"]);
    let want = [MIXED.to_vec(), Vec::new(), large.clone(), b"no header at all".to_vec()];
    for (tls, compress) in [(Tls::None, false), (Tls::None, true), (Tls::StartTls, true)] {
        let mut options = server.options(Vec::new());
        (options.tls, options.compress) = (tls, compress);
        let (summary, got, lines) = server.fetch(&mut options);
        assert_eq!((summary.messages, summary.irregular.len()), (4, 0), "{summary}");
        assert!(got == want);
        let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["envelope"]["from"][0], serde_json::json!(["A, B", null, "a", "example.org"]));
        let kinds: Vec<_> =
            first["parts"].as_array().unwrap().iter().map(|it| it["subtype"].clone()).collect();
        assert_eq!(kinds, ["mixed", "plain", "rfc822", "plain"]);
        assert_eq!(first["internaldate"], NOW);
    }
    let file = server.folder.0.join("large.eml");
    fs::write(&file, &large).unwrap();
    for literals in [None, Some(Literals::Synchronising), Some(Literals::Minus)] {
        let append = Action::Append(Mailbox::inbox(), vec![file.clone(), file.clone()]);
        let mut options = server.options(vec![append]);
        options.literals = literals;
        assert_eq!(run(&options).unwrap().0.appended, 2);
    }
    let (summary, got, _) = server.fetch(&mut server.options(Vec::new()));
    assert!(summary.messages == 10 && got[4..].iter().all(|octets| *octets == large));
}

#[test]
fn sections_flags_and_searches() {
    let server = Running::new(&[MIXED, b"Subject: b\r\n\r\nbody\r\n"]);
    let said = server.say(&[
        "CREATE Archive",
        "SELECT INBOX",
        "FETCH 1 (BODY[1] BODY[2.HEADER] BODY[2.TEXT] BODY.PEEK[HEADER.FIELDS (Subject)] BODY[9])",
        "STORE 2 +FLAGS (\\Deleted $X)",
        "SEARCH DELETED KEYWORD $X SUBJECT B",
        "SEARCH OR BODY inner TEXT nothing",
    ]);
    for line in [
        "* 2 EXISTS\r\n",
        "BODY[1] \"one\"",
        "BODY[2.HEADER] {18}\r\nSubject: inner\r\n\r\n",
        "BODY[2.TEXT] \"inner\"",
        "Subject: of two\r\n\r\n",
        "BODY[9] NIL",
        "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n",
        "* 2 FETCH (FLAGS (\\Deleted $X))\r\n",
        "* SEARCH 2\r\n",
        "* SEARCH 1\r\n",
    ] {
        assert!(said.contains(line), "no {line:?} in {said}");
    }
    let said = server.say(&[
        "SELECT INBOX",
        "UID COPY 2 Archive",
        "UID MOVE 1 Archive",
        "EXPUNGE",
        "EXAMINE Archive",
    ]);
    assert!(said.contains("OK [COPYUID ") && said.matches("* 1 EXPUNGE\r\n").count() == 2, "{said}");
    assert!(said.ends_with("OK [READ-ONLY] Selected\r\n") && said.contains("* 2 EXISTS"), "{said}");
    let refused = server.options(vec![Action::Send(vec![command("SELECT None").unwrap()])]);
    assert_eq!(run(&refused).unwrap_err().exit_code(), 5);
    let not_offered = server.options(vec![Action::Send(vec![command("GETQUOTAROOT INBOX").unwrap()])]);
    assert_eq!(run(&not_offered).unwrap_err().exit_code(), 6);
}

#[test]
fn idle_tells_what_another_does() {
    let server = Running::new(&[MIXED]);
    let options = server.options(vec![Action::Idle(Mailbox::inbox(), Duration::from_secs(3))]);
    let watching = thread::spawn(move || run(&options).unwrap().1);
    thread::sleep(Duration::from_secs(1));
    let file = server.folder.0.join("a.eml");
    fs::write(&file, MIXED).unwrap();
    let _ = run(&server.options(vec![Action::Append(Mailbox::inbox(), vec![file])])).unwrap();
    let _ = server.say(&["SELECT INBOX", "STORE 1 +FLAGS (\\Deleted)", "EXPUNGE"]);
    let said = watching.join().unwrap();
    for line in ["idling\n", "* 2 EXISTS\r\n", "* 1 EXPUNGE\r\n"] {
        assert!(said.contains(line), "no {line:?} in {said}");
    }
}
