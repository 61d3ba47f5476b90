//! Plays recorded sessions through the client and the server machine.
//!
//! ```text
//! cargo run --release -p examples --bin replay -- [--protocol pop3|smtp|lmtp|imap] [--show] [--summary json] FILE...
//! ```
//!
//! A `.wire` file is one connection as it was between a client and a server that none of us wrote. The server's
//! octets go into our client, the client's octets into our server, which answers as the recorded server
//! did: with the recorded chunks, then byte by byte, then at random splits.
//!
//! Exit status: 0 if all is well, 1 if a server's message was malformed, a message did not survive encoding
//! and parsing, a split changed an event, or we disagree with the recorded server; 2 if the work could not
//! be done.

mod imap;
mod play;
mod pop3;
mod shown;
mod smtp;
mod summary;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use summary::{Counts, Format};
use wire::testing::{Recording, Side};

/// What the command line asks for.
#[derive(Default)]
struct Request {
    protocol: Option<Protocol>,
    show: bool,
    format: Format,
    files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Pop3,
    Smtp,
    Lmtp,
    Imap,
}

const USAGE: &str = "usage: replay [--protocol pop3|smtp|lmtp|imap] [--show] [--summary json] FILE...";

fn main() -> ExitCode {
    match request().and_then(|request| run(&request)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("replay: {message}");
            ExitCode::from(2)
        }
    }
}

fn request() -> Result<Request, String> {
    use lexopt::Arg::{Long, Value};
    let mut request = Request::default();
    let mut arguments = lexopt::Parser::from_env();
    let usage = |error: lexopt::Error| format!("{error}\n{USAGE}");
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("show") => request.show = true,
            Long("protocol") => {
                let name = arguments.value().map_err(usage)?;
                request.protocol = Some(Protocol::named(&name.to_string_lossy())?);
            }
            Long("summary") => match arguments.value().map_err(usage)?.to_str() {
                Some("json") => request.format = Format::Json,
                _ => return Err(USAGE.into()),
            },
            Value(file) => request.files.push(file.into()),
            other => return Err(usage(other.unexpected())),
        }
    }
    if request.files.is_empty() { Err(USAGE.into()) } else { Ok(request) }
}

/// Whether all is well.
fn run(request: &Request) -> Result<bool, String> {
    let mut total = Counts::default();
    let mut unread = 0;
    summary::head(request.format);
    for file in &request.files {
        let name = file.display().to_string();
        match replay(file, request) {
            Ok(counts) => {
                summary::print(request.format, &name, &counts)?;
                total.add(&counts);
            }
            Err(error) => {
                eprintln!("replay: {name}: {error}");
                unread += 1;
            }
        }
    }
    summary::print(request.format, "total", &total)?;
    if unread > 0 {
        Err(format!("{unread} of {} files not played", request.files.len()))
    } else {
        Ok(total.is_well())
    }
}

fn replay(file: &Path, request: &Request) -> Result<Counts, String> {
    let octets = std::fs::read(file).map_err(|error| error.to_string())?;
    let recording =
        Recording::parse(&octets).map_err(|offset| format!("not a .wire file at octet {offset}"))?;
    let protocol = match request.protocol {
        Some(protocol) => protocol,
        None => Protocol::of(file, &recording)?,
    };
    Ok(match protocol {
        Protocol::Pop3 => play::all(&recording, request.show, pop3::Session::default),
        Protocol::Imap => play::all(&recording, request.show, imap::Session::default),
        Protocol::Smtp => {
            play::all(&recording, request.show, || smtp::Session::new(smtp_proto::Protocol::Smtp))
        }
        Protocol::Lmtp => {
            play::all(&recording, request.show, || smtp::Session::new(smtp_proto::Protocol::Lmtp))
        }
    })
}

impl Protocol {
    fn named(name: &str) -> Result<Self, String> {
        match name {
            "pop3" => Ok(Self::Pop3),
            "smtp" => Ok(Self::Smtp),
            "lmtp" => Ok(Self::Lmtp),
            "imap" => Ok(Self::Imap),
            _ => Err(format!("unknown protocol {name}")),
        }
    }

    /// From a folder of that name, else from the greeting.
    fn of(file: &Path, recording: &Recording) -> Result<Self, String> {
        let folders = file.parent().into_iter().flat_map(Path::iter).filter_map(|name| name.to_str());
        for folder in folders.collect::<Vec<_>>().into_iter().rev() {
            if ["pop3", "smtp", "lmtp", "imap"].contains(&folder) {
                return Self::named(folder);
            }
        }
        let greeting = recording.stream(Side::Server);
        match greeting.get(..4) {
            Some([b'+', b'O', b'K', _] | b"-ERR") => Ok(Self::Pop3),
            Some([b'2', b'2', b'0', _]) => Self::named("smtp"),
            Some(b"* OK" | b"* BY" | b"* PR") => Self::named("imap"),
            _ => Err("cannot tell the protocol; use --protocol".into()),
        }
    }
}
