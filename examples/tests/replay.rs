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
fn counts(name: &str, frames: &[(char, &str)]) -> (Option<i32>, serde_json::Map<String, serde_json::Value>) {
    let mut file = Vec::new();
    for (side, data) in frames {
        file.extend_from_slice(format!("{side} {}\n{data}\n", data.len()).as_bytes());
    }
    let path = std::env::temp_dir().join(format!("replay-{}-{name}.wire", std::process::id()));
    std::fs::write(&path, file).unwrap();
    let output = replay(&["--protocol", "pop3", "--summary", "json"], std::slice::from_ref(&path));
    std::fs::remove_file(path).unwrap();
    let lines = json(&output);
    (output.status.code(), lines[0].clone())
}

#[test]
fn the_recordings_of_the_project() {
    let files = recordings(&root().join("testdata/wire/pop3"));
    assert!(files.len() >= 40);
    let output = replay(&["--summary", "json"], &files);
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
    let octets: usize = files
        .iter()
        .map(|file| {
            let recording = wire::testing::Recording::parse(&std::fs::read(file).unwrap()).unwrap();
            recording.frames.iter().map(|frame| frame.data.len()).sum::<usize>()
        })
        .sum();
    assert_eq!(total["bytes_in"], octets, "no octet is left out");
}

#[test]
fn all_recordings_that_are_at_hand() {
    // beside the project, where it is developed; a fresh clone has none
    let files = recordings(&root().join("../shared/wire/pop3"));
    if files.is_empty() {
        return;
    }
    let output = replay(&[], &files);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
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
    let (status, line) = counts("good", &ok);
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
        let (status, line) = counts(name, &frames);
        assert_eq!(status, Some(1), "{name}: {line:?}");
        assert!(line[key].as_u64().unwrap() > 0, "{name}: {line:?}");
    }
}

#[test]
fn a_server_that_takes_what_we_refuse_is_found() {
    let frames = |command, reply| [('S', "+OK\r\n"), ('C', command), ('S', reply)];
    let (status, line) = counts("refused", &frames("USER\r\n", "-ERR\r\n"));
    assert_eq!((status, &line["malformed_client"], &line["disagreements"]), (Some(0), &1.into(), &0.into()));
    let (status, line) = counts("taken", &frames("USER\r\n", "+OK\r\n"));
    assert_eq!((status, &line["malformed_client"], &line["disagreements"]), (Some(1), &1.into(), &1.into()));
    let (status, line) = counts("out-of-place", &frames("NOOP\r\n", "+OK\r\n"));
    assert_eq!((status, &line["diagnostics"], &line["disagreements"]), (Some(0), &1.into(), &0.into()));
}

#[test]
fn tls_ends_the_plaintext() {
    let frames =
        [('S', "+OK\r\n"), ('C', "STLS\r\n"), ('S', "+OK\r\n"), ('C', "\x16\x03\x01"), ('S', "\x16\x03\x03")];
    let (status, line) = counts("tls", &frames);
    assert_eq!((status, &line["client_messages"], &line["bytes_in"]), (Some(0), &1.into(), &16.into()));
}

#[test]
fn what_is_no_recording_is_an_error_of_its_own() {
    let files = [root().join("Cargo.toml")];
    assert_eq!(replay(&[], &files).status.code(), Some(2));
    assert_eq!(replay(&[], &[]).status.code(), Some(2));
    assert_eq!(replay(&["--protocol", "smtp"], &files).status.code(), Some(2));
    assert_eq!(replay(&["--summary", "xml"], &files).status.code(), Some(2));
    assert_eq!(replay(&[], &[PathBuf::from("no-such-file")]).status.code(), Some(2));
}
