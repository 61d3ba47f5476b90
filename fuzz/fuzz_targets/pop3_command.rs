//! Commands: whatever is accepted, at any tolerance, is written as one line that gives the same command by the
//! rules of the RFC, and the same line again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use pop3_proto::{Command, ReplyKind};
use wire::{Context, Tolerance};

fuzz_target!(|data: &[u8]| {
    let Some((&tolerance, line)) = data.split_first() else { return };
    let frame = Bytes::copy_from_slice(line);
    let cx = Context::new(&frame, fuzz::tolerance(tolerance));
    let command = match Command::parse_in(&cx) {
        Ok(command) => command,
        Err(error) => {
            assert!(error.offset as usize <= frame.len(), "{error}");
            return;
        }
    };
    for repair in cx.into_repairs() {
        assert!(repair.stream_offset <= frame.len() as u64, "{repair}");
    }
    let lines = frame.iter().filter(|&&octet| octet == b'\n').count();
    assert_eq!(lines, 1, "something is hidden in {}", frame.escape_ascii());
    let shorter = frame.slice(..frame.len() - 1);
    let cx = Context::new(&shorter, Tolerance::Lenient);
    assert!(Command::parse_in(&cx).is_err(), "it was complete before");

    let line = command.to_bytes();
    fuzz::assert_one_line(&line);
    assert_eq!(Command::parse(&line).as_ref(), Ok(&command), "{}", line.escape_ascii());
    assert_eq!(Command::parse(&line).expect("as before").to_bytes(), line);
    assert_eq!(ReplyKind::of_line(&line), command.reply_kind());
    let shown = format!("{command:?}");
    if let Command::Pass(password) = &command {
        let password = String::from_utf8_lossy(password.expose());
        assert!(
            password.len() < 4 || "Pass(Password(***))".contains(&*password) || !shown.contains(&*password)
        );
    }
});
