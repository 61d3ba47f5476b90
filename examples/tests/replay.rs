//! The program `replay`, on the recordings of the project and on all that are at hand.
#![expect(clippy::unwrap_used, reason = "helpers of tests stop, too")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const KEYS: &[&str] = &[
    "file",
    "sessions",
    "bytes_in",
    "client_messages",
    "server_messages",
    "malformed_client",
    "malformed_server",
    "diagnostics",
    "roundtrip_failures",
    "split_mismatches",
    "disagreements",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wire"));
    files.sort();
    files
}

fn replay(arguments: &[&str], files: &[PathBuf]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_replay")).args(arguments).args(files).output().unwrap()
}

fn json(output: &Output) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The counts of one recording, made of these frames.
fn counts(
    protocol: &str,
    name: &str,
    frames: &[(char, &str)],
) -> (Option<i32>, serde_json::Map<String, serde_json::Value>) {
    let mut file = Vec::new();
    for (side, data) in frames {
        file.extend_from_slice(format!("{side} {}\n{data}\n", data.len()).as_bytes());
    }
    let path = std::env::temp_dir().join(format!("replay-{}-{protocol}-{name}.wire", std::process::id()));
    std::fs::write(&path, file).unwrap();
    let output = replay(&["--protocol", protocol, "--summary", "json"], std::slice::from_ref(&path));
    std::fs::remove_file(path).unwrap();
    let lines = json(&output);
    (output.status.code(), lines[0].clone())
}

#[test]
fn the_recordings_of_the_project() {
    for (protocol, least) in [("pop3", 40), ("smtp", 60), ("lmtp", 20)] {
        let files = recordings(&root().join("testdata/wire").join(protocol));
        assert!(files.len() >= least);
        all_is_well_with(&files);
    }
}

fn all_is_well_with(files: &[PathBuf]) {
    let output = replay(&["--summary", "json"], files);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let lines = json(&output);
    assert_eq!(lines.len(), files.len() + 1);
    for line in &lines {
        assert_eq!(line.keys().collect::<Vec<_>>().len(), KEYS.len());
        assert!(KEYS.iter().all(|key| line.contains_key(*key)));
    }
    let first = std::str::from_utf8(&output.stdout).unwrap().lines().next().unwrap();
    let places: Vec<_> = KEYS.iter().map(|key| first.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "in this order");
    let total = lines.last().unwrap();
    assert_eq!(total["file"], "total");
    assert_eq!(total["sessions"], files.len());
    for key in &KEYS[1..] {
        let sum: u64 = lines[..files.len()].iter().map(|line| line[*key].as_u64().unwrap()).sum();
        assert_eq!(total[*key], sum, "{key}");
    }
    for (file, line) in files.iter().zip(&lines) {
        let recording = wire::testing::Recording::parse(&std::fs::read(file).unwrap()).unwrap();
        let octets: usize = recording.frames.iter().map(|frame| frame.data.len()).sum();
        // what follows STARTTLS is not plaintext
        if !file.to_str().unwrap().contains("starttls") {
            assert_eq!(line["bytes_in"], octets, "no octet is left out");
        }
    }
}

#[test]
fn all_recordings_that_are_at_hand() {
    // beside the project, where it is developed; a fresh clone has none
    for protocol in ["pop3", "smtp", "lmtp"] {
        let files = recordings(&root().join("../shared/wire").join(protocol));
        if !files.is_empty() {
            let output = replay(&[], &files);
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        }
    }
}

#[test]
fn quirks_that_nobody_recorded() {
    let files = recordings(&root().join("testdata/wire-made/pop3"));
    assert!(files.len() >= 30);
    for file in files {
        let expected = i32::from(file.file_name().unwrap().to_str().unwrap().starts_with('1'));
        let output = replay(&["--show"], std::slice::from_ref(&file));
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(expected), "{}: {text}", file.display());
    }
}

#[test]
fn messages_are_shown_and_secrets_are_not() {
    let folder = root().join("testdata/wire/pop3");
    let files = ["dovecot-raw-trans-01.wire", "courier-mpop-03.wire"].map(|name| folder.join(name));
    let output = replay(&["--show"], &files);
    let text = String::from_utf8(output.stdout).unwrap();
    for shown in
        ["S <- greeting", "C -> command    Retr(1)", "messages=233", "S <- body       884 octets", "***"]
    {
        assert!(text.contains(shown), "{shown}");
    }
    assert!(!text.contains("secret") && !text.contains("c2VjcmV0") && !text.contains("c2VjcmV"));
}

#[test]
fn a_server_that_breaks_the_protocol_is_found() {
    let ok = [('S', "+OK\r\n"), ('C', "NOOP\r\n"), ('S', "-ERR\r\n"), ('C', "QUIT\r\n"), ('S', "+OK\r\n")];
    let (status, line) = counts("pop3", "good", &ok);
    assert_eq!((status, &line["client_messages"], &line["server_messages"]), (Some(0), &2.into(), &3.into()));
    for (name, at, data, key) in [
        ("greeting", 0, "hello\r\n", "malformed_server"),
        ("list", 2, "hm\r\n", "malformed_server"),
        ("twice", 2, "-ERR\r\n+OK\r\n", "disagreements"),
    ] {
        let mut frames = ok;
        frames[at].1 = data;
        if name == "list" {
            frames[1].1 = "LIST\r\n";
        }
        let (status, line) = counts("pop3", name, &frames);
        assert_eq!(status, Some(1), "{name}: {line:?}");
        assert!(line[key].as_u64().unwrap() > 0, "{name}: {line:?}");
    }
}

#[test]
fn a_server_that_takes_what_we_refuse_is_found() {
    let frames = |command, reply| [('S', "+OK\r\n"), ('C', command), ('S', reply)];
    let (status, line) = counts("pop3", "refused", &frames("USER\r\n", "-ERR\r\n"));
    assert_eq!((status, &line["malformed_client"], &line["disagreements"]), (Some(0), &1.into(), &0.into()));
    let (status, line) = counts("pop3", "taken", &frames("USER\r\n", "+OK\r\n"));
    assert_eq!((status, &line["malformed_client"], &line["disagreements"]), (Some(1), &1.into(), &1.into()));
    let (status, line) = counts("pop3", "out-of-place", &frames("NOOP\r\n", "+OK\r\n"));
    assert_eq!((status, &line["diagnostics"], &line["disagreements"]), (Some(0), &1.into(), &0.into()));
}

#[test]
fn tls_ends_the_plaintext() {
    let frames =
        [('S', "+OK\r\n"), ('C', "STLS\r\n"), ('S', "+OK\r\n"), ('C', "\x16\x03\x01"), ('S', "\x16\x03\x03")];
    let (status, line) = counts("pop3", "tls", &frames);
    assert_eq!((status, &line["client_messages"], &line["bytes_in"]), (Some(0), &1.into(), &16.into()));
}

/// A session of SMTP that ends as it should.
fn smtp<'f>(said: &[(char, &'f str)]) -> Vec<(char, &'f str)> {
    let start = [('S', "220 mx\r\n"), ('C', "EHLO a\r\n"), ('S', "250 mx\r\n")];
    let end = [('C', "QUIT\r\n"), ('S', "221 bye\r\n")];
    [&start[..], said, &end].concat()
}

#[test]
fn smtp_servers_that_break_the_protocol_are_found() {
    for (name, said, status, key) in [
        ("good", &[('C', "NOOP\r\n"), ('S', "250 ok\r\n")][..], 0, ""),
        ("no-code", &[('C', "NOOP\r\n"), ('S', "hm\r\n")], 1, "malformed_server"),
        ("two-codes", &[('C', "NOOP\r\n"), ('S', "250-a\r\n500 b\r\n")], 1, "malformed_server"),
        ("twice", &[('C', "NOOP\r\n"), ('S', "250 ok\r\n250 ok\r\n")], 1, "disagreements"),
        (
            "no-354",
            &[('C', "MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n"), ('S', "250 a\r\n250 b\r\n250 c\r\n")],
            1,
            "malformed_server",
        ),
        (
            "within",
            &[
                ('C', "MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n"),
                ('S', "250 a\r\n250 b\r\n354 c\r\n"),
                ('C', "x\r\n"),
                ('S', "250 ok\r\n"),
            ],
            1,
            "malformed_server",
        ),
    ] {
        let (found, line) = counts("smtp", name, &smtp(said));
        assert_eq!(found, Some(status), "{name}: {line:?}");
        assert!(key.is_empty() || line[key].as_u64().unwrap() > 0, "{name}: {line:?}");
    }
}

#[test]
fn smtp_servers_that_take_what_we_refuse_are_found() {
    for (name, command, reply, malformed, remarks, disagreements) in [
        ("refused", "MAIL FRM:<a@b>\r\n", "501 what?\r\n", 1, 0, 0),
        ("taken", "MAIL FRM:<a@b>\r\n", "250 ok\r\n", 1, 0, 1),
        ("out-of-place", "RCPT TO:<a@b>\r\n", "250 ok\r\n", 0, 1, 0),
        ("policy", "NOOP a\rNOOP b\r\n", "250 ok\r\n", 1, 1, 0),
        ("closes", "BDAT x\r\n", "501 what?\r\n", 1, 0, 0),
        ("http", "GET / HTTP/1.1\r\n", "500 what?\r\n", 1, 0, 0),
        ("goes-on", "QUIT now\r\n", "501 what?\r\n", 0, 1, 0),
    ] {
        let (status, line) = counts("smtp", name, &smtp(&[('C', command), ('S', reply)]));
        let expected = [malformed, remarks, disagreements].map(serde_json::Value::from);
        let found = ["malformed_client", "diagnostics", "disagreements"].map(|key| line[key].clone());
        assert_eq!((status, found), (Some(i32::from(disagreements > 0)), expected), "{name}: {line:?}");
        assert_eq!(line["client_messages"], if name == "http" { 2 } else { 3 }, "{name}: QUIT, too, is read");
    }
}

/// Where the recorded server ends the data at something else, we do not, and follow it nevertheless.
#[test]
fn ends_of_data_that_are_none() {
    let smuggled = "x\n.\r\nMAIL FROM:<m@b>\r\nRCPT TO:<a@b>\r\nDATA\r\ny\r\n.\r\n";
    let taken = [('S', "250 x\r\n250 m\r\n250 r\r\n"), ('S', "354 d\r\n250 y\r\n")];
    let not_taken = [('S', "250 one\r\n"), ('C', "NOOP\r\n"), ('S', "250 ok\r\n")];
    let alone = [('S', "250 x\r\n"), ('C', "NOOP\r\n"), ('S', "250 ok\r\n")];
    for (name, content, answers, commands) in [
        ("taken", smuggled, &taken[..], 5 + 3),
        ("not-taken", smuggled, &not_taken, 5 + 1),
        ("alone", "x\r\n.\n", &alone, 5 + 1),
    ] {
        let envelope = [
            ('C', "MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n"),
            ('S', "250 m\r\n250 r\r\n354 d\r\n"),
            ('C', content),
        ];
        let (status, line) = counts("smtp", name, &smtp(&[&envelope[..], answers].concat()));
        let found = (status, &line["client_messages"], &line["disagreements"], &line["split_mismatches"]);
        assert_eq!(found, (Some(0), &commands.into(), &0.into(), &0.into()), "{name}: {line:?}");
        assert!(line["diagnostics"].as_u64() > Some(0), "{name}");
    }
}

#[test]
fn lmtp_has_a_reply_for_each_recipient() {
    let frames = |replies| {
        [
            ('S', "220 mx\r\n"),
            ('C', "LHLO a\r\n"),
            ('S', "250 mx\r\n"),
            ('C', "MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
            ('S', "250 m\r\n250 r\r\n250 r\r\n354 d\r\n"),
            ('C', "x\r\n.\r\n"),
            ('S', replies),
            ('C', "QUIT\r\n"),
            ('S', "221 bye\r\n"),
        ]
    };
    assert_eq!(counts("lmtp", "each", &frames("250 one\r\n450 two\r\n")).0, Some(0));
    let (status, line) = counts("lmtp", "more", &frames("250 one\r\n450 two\r\n250 three\r\n"));
    assert_eq!((status, &line["disagreements"]), (Some(1), &1.into()));
}

#[test]
fn smtp_shows_no_secret() {
    let folder = root().join("testdata/wire/smtp");
    let files: Vec<_> =
        recordings(&folder).into_iter().filter(|file| file.to_str().unwrap().contains("auth")).collect();
    assert!(files.len() >= 5);
    let output = replay(&["--show"], &files);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("***") && text.contains("C -> response"));
    for secret in ["testpass", "AGFsaWNlAHRlc3RwYXNz", "dGVzdHBhc3M"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn what_is_no_recording_is_an_error_of_its_own() {
    let files = [root().join("Cargo.toml")];
    assert_eq!(replay(&[], &files).status.code(), Some(2));
    assert_eq!(replay(&[], &[]).status.code(), Some(2));
    assert_eq!(replay(&["--protocol", "imap"], &files).status.code(), Some(2));
    assert_eq!(replay(&["--summary", "xml"], &files).status.code(), Some(2));
    assert_eq!(replay(&[], &[PathBuf::from("no-such-file")]).status.code(), Some(2));
}
