//! Programs that embed the crates, and what they share.
//!
//! | What | Where |
//! |---|---|
//! | the blocking driver: any machine over any `Read + Write` | [`Connection`], [`Transport`] |
//! | a TCP connection that can change to TLS | [`tls::Stream`] |
//! | downloads a maildrop: `pop3-get` | [`pop3_get`], [`maildir`] |
//! | serves a maildrop: `pop3-serve` | [`pop3_serve`] |
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
//! # let (user, password) = (String::new(), wire::Secret::default());
//! # let service = Service::new(Account { user, password, tls: None, allow_cleartext: false }, Vec::new());
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

mod connection;
pub mod maildir;
pub mod pop3_get;
pub mod pop3_serve;
pub mod tls;

pub use connection::{Connection, Error, Transport};

use std::io;
use std::path::Path;
use wire::Secret;

/// The password in a file, without the line end behind it.
///
/// # Errors
/// As the operating system says.
pub fn read_password(file: &Path) -> io::Result<Secret> {
    let whole = Secret::new(std::fs::read(file)?);
    let password = whole.expose();
    let password = password.strip_suffix(b"\n").unwrap_or(password);
    Ok(Secret::new(password.strip_suffix(b"\r").unwrap_or(password)))
}

/// The README's driver compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
