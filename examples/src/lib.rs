//! Programs that embed the crates, and what they share.
//!
//! | What | Where |
//! |---|---|
//! | the blocking driver: any machine over any `Read + Write` | [`Connection`], [`Transport`] |
//! | a TCP connection that can change to TLS | [`tls::Stream`] |
//! | logging in by all mechanisms of `auth` | [`login`] |
//! | downloads a maildrop: `pop3-get` | [`pop3_get`], [`maildir`] |
//! | serves a maildrop: `pop3-serve` | [`pop3_serve`] |
//! | works on an IMAP account: `imap-get` | [`imap_get`], [`imap_attributes`] |
//! | serves mailboxes over IMAP: `imap-serve` | [`imap_serve`], [`imap_store`], [`mime`] |
//! | DEFLATE, for COMPRESS | [`deflate`] |
//! | the command line of `pop3-serve` and `imap-serve` | [`serve_options`] |
//! | the driver for tokio | [`AsyncConnection`] |
//! | sends messages: `smtp-send` | [`smtp_send`] |
//! | receives messages: `smtp-sink` | [`smtp_sink`] |
//!
//! A whole client:
//!
//! ```
//! use examples::Connection;
//! use pop3_proto::client::{Client, Config, Event};
//! use pop3_proto::{Command, Reply};
//! use wire::Step;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use examples::pop3_serve::{Account, Service};
//! # let login = examples::login::Account::new("", wire::Secret::default())?;
//! # let service = Service::new(Account { login, tls: None, allow_cleartext: false }, Vec::new());
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let address = listener.local_addr()?;
//! # std::thread::spawn(move || service.serve(listener.accept().unwrap().0, false));
//! let mut pop = Connection::new(Client::new(Config::default()), std::net::TcpStream::connect(address)?);
//! while let Step::Event(event) = pop.next_event()? {
//!     match event {
//!         Event::Greeting(greeting) if greeting.is_ok() => {
//!             pop.machine.send(&Command::Capa)?;
//!         }
//!         Event::Reply { reply: Reply::Capabilities(reply), .. } => {
//!             assert!(reply.lines.has("UIDL"));
//!             pop.machine.send(&Command::Quit)?;
//!         }
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod async_connection;
mod connection;
pub mod deflate;
pub mod imap_attributes;
pub mod imap_get;
pub mod imap_serve;
pub mod imap_store;
pub mod login;
pub mod maildir;
pub mod mime;
pub mod pop3_get;
pub mod pop3_serve;
pub mod serve_options;
pub mod smtp_send;
pub mod smtp_sink;
pub mod tls;

pub use async_connection::AsyncConnection;
pub use connection::{Connection, Error, Transport};

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;
use wire::Secret;
use wire::dot::LineEndings;

/// How long no connection is taken when the operating system gave none.
const RESPITE: Duration = Duration::from_millis(100);

/// The password in a file, without the line end behind it.
///
/// # Errors
/// As the operating system says.
pub fn read_password(file: &Path) -> io::Result<Secret> {
    Ok(without_line_end(Secret::new(std::fs::read(file)?)))
}

/// A secret that somebody has written as a line.
#[must_use]
pub fn without_line_end(line: Secret) -> Secret {
    let password = line.expose();
    let password = password.strip_suffix(b"\n").unwrap_or(password);
    Secret::new(password.strip_suffix(b"\r").unwrap_or(password))
}

/// Serves each connection in a thread of its own, for ever. `report` hears how each session ended, and why there was none.
pub fn serve_each<E: From<io::Error> + 'static>(
    listener: &TcpListener,
    report: fn(&Result<(), E>),
    serve: impl Fn(TcpStream) -> Result<(), E> + Clone + Send + 'static,
) {
    for socket in listener.incoming() {
        let serve = serve.clone();
        let start = |socket| thread::Builder::new().spawn(move || report(&serve(socket)));
        if let Err(error) = socket.and_then(start) {
            // out of descriptors or threads: sessions will end
            report(&Err(error.into()));
            thread::sleep(RESPITE);
        }
    }
}

/// Listens, and prints where.
///
/// # Errors
/// As the operating system says.
pub fn listen(address: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {}", listener.local_addr()?)?;
    out.flush()?;
    Ok(listener)
}

/// The policy of that name, for command lines.
///
/// # Errors
/// There is none.
pub fn line_endings(name: &str) -> Result<LineEndings, &'static str> {
    match name {
        "strict" => Ok(LineEndings::Strict),
        "normalise" => Ok(LineEndings::Normalise),
        "lenient" => Ok(LineEndings::Lenient),
        _ => Err("not strict, normalise or lenient"),
    }
}

/// The README's driver compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So do the logins.
#[cfg(doctest)]
#[doc = include_str!("../../docs/mechanisms.md")]
struct Mechanisms;
