//! `ANONYMOUS` (RFC 4505): a stranger, with a trace of who it says it is.
//!
//! Both sides only use it where they ask for it: [`choose`](crate::choose) never takes it by itself, and a server
//! should not offer it unless strangers are welcome (RFC 4505 section 5). The trace proves nothing, and an
//! address in it is somebody's personal data.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::{Answer, ClientExchange, Need, Policy, ServerExchange, Step, anonymous};
//!
//! let policy = Policy::with_tls();
//! let client = anonymous::Client::new(anonymous::Trace::new("sirhc")?);
//! let mut client = ClientExchange::new(client, policy)?;
//! let mut server = ServerExchange::new(anonymous::Server::new(), policy)?;
//! let initial = client.initial_response()?.ok_or("the client speaks first")?;
//! let Step::NeedCredentials(request) = server.start(Some(initial.expose()))? else {
//!     return Err("ANONYMOUS needs no further message".into());
//! };
//! assert_eq!(request.need, Need::Anonymous { trace: "sirhc".into() });
//! let Step::Done(authenticated) = server.answer(Answer::accepted().known_as("anonymous"))? else {
//!     return Err("ANONYMOUS ends here".into());
//! };
//! assert_eq!(authenticated.user(), "anonymous");
//! let _verified = client.finish(None)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::error::malformed;
use crate::{Exposure, First, Profile, expected};
use alloc::{borrow::ToOwned, string::String};
use wire::parse::Failure;
use wire::{Misuse, ParseError, ParseErrorKind, Secret};

/// What ANONYMOUS (RFC 4505) is like.
pub const PROFILE: Profile = Profile {
    name: "ANONYMOUS",
    first: First::Client,
    exposure: Exposure::Nothing,
    weak: false,
    proves_server: false,
};

/// What a stranger says about itself (RFC 4505 section 2): nothing, a mail address, or a word that means
/// something to the administrator of its domain.
///
/// ```
/// use auth::anonymous::Trace;
///
/// assert!(Trace::new("sirhc").is_ok());
/// assert!(Trace::new("chris@example.org").is_ok());
/// assert!(Trace::new("").is_ok());
/// assert!(Trace::new("chris@").is_err());
/// assert!(Trace::new("two\nlines").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace(String);

impl Trace {
    /// The longest, in characters (not octets).
    pub const MAX: usize = 255;

    /// Checks a trace. Directions of writing are not: nobody compares it.
    ///
    /// # Errors
    /// Longer than [`MAX`](Self::MAX), a character that the profile `trace` forbids (RFC 4505 section 3),
    /// or an `@` that is not that of an address.
    pub fn new(trace: &str) -> Result<Self, Misuse> {
        match fault(trace) {
            None => Ok(Self(trace.to_owned())),
            Some((_, ParseErrorKind::TooLong)) => Err(Misuse::TooLong { limit: Self::MAX }),
            Some((offset, ParseErrorKind::IllegalOctet)) => Err(Misuse::IllegalOctet { offset }),
            Some(_) => Err(Misuse::Invalid("mail address")),
        }
    }

    /// The trace, perhaps empty.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses a whole message.
    ///
    /// ```text
    /// message     = [ email / token ]
    ///             ;; to be prepared in accordance with Section 3
    /// TCHAR       = UTF1 / UTF2 / UTF3 / UTF4
    ///             ;; any UTF-8 encoded Unicode character
    ///             ;; except '@' (U+0040)
    /// email       = addr-spec
    /// token       = 1*255TCHAR
    /// ```
    ///
    /// # Errors
    /// The offset and what was expected there.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        let at = |offset: usize, kind| {
            let failure = Failure::of(Failure::at(&i[offset..], expected::TRACE, kind));
            malformed(i, failure, expected::name)
        };
        let text =
            core::str::from_utf8(i).map_err(|error| at(error.valid_up_to(), ParseErrorKind::IllegalOctet))?;
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some((offset, kind)) => Err(at(offset, kind)),
        }
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Secret {
        Secret::new(self.0.as_bytes())
    }
}

/// What is wrong with a trace, and where.
fn fault(trace: &str) -> Option<(usize, ParseErrorKind)> {
    if let Some((offset, _)) = trace.char_indices().nth(Trace::MAX) {
        return Some((offset, ParseErrorKind::TooLong));
    }
    if let Some((offset, _)) = trace.char_indices().find(|&(_, c)| is_prohibited(c)) {
        return Some((offset, ParseErrorKind::IllegalOctet));
    }
    // addr-spec = local-part "@" domain; a quoted local part may hold an @ itself
    let (local, domain) = trace.rsplit_once('@')?;
    let plain = !local.contains(['@', ' ', '<', '>', ',', ';', ':']);
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let named = !domain.is_empty() && !domain.contains([' ', '<', '>', ',', ';', '(', ')', '"']);
    let address = !local.is_empty() && (plain || quoted) && named;
    (!address).then_some((local.len(), ParseErrorKind::Syntax))
}

/// RFC 4505 section 3: the tables C.2.1, C.2.2, C.3, C.4, C.6, C.8 and C.9 of RFC 3454. C.5, surrogates, are
/// no `char`s.
fn is_prohibited(c: char) -> bool {
    matches!(u32::from(c),
        // C.2.1, C.2.2: control characters
        0..=0x1f | 0x7f..=0x9f | 0x6dd | 0x70f | 0x180e | 0x200c | 0x200d | 0x2028 | 0x2029
        | 0x2060..=0x2063 | 0x206a..=0x206f | 0xfeff | 0xfff9..=0xfffc | 0x1d173..=0x1d17a
        // C.3: private use
        | 0xe000..=0xf8ff | 0xf_0000..=0xf_fffd | 0x10_0000..=0x10_fffd
        // C.4: no characters
        | 0xfdd0..=0xfdef
        // C.6: inappropriate for plain text
        | 0xfffd
        // C.8: change display properties
        | 0x340 | 0x341 | 0x200e | 0x200f | 0x202a..=0x202e
        // C.9: tags
        | 0xe0001 | 0xe0020..=0xe007f)
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(feature = "client")]
mod client {
    use super::{PROFILE, Trace};
    use crate::client::Once;
    use crate::{ClientMechanism, Error, Profile};
    use wire::Secret;

    /// The client: sends its trace, and has nothing to say after it.
    #[derive(Debug)]
    pub struct Client(Once<Trace>);

    impl Client {
        /// A stranger with this trace. Ask the user before it is an address of his (RFC 4505 section 5);
        /// [`Trace::default`] is empty.
        #[must_use]
        pub const fn new(trace: Trace) -> Self {
            Self(Once::new(trace))
        }
    }

    impl ClientMechanism for Client {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn start(&mut self) -> Result<Secret, Error> {
            self.0.say().map(|trace| trace.encode())
        }

        fn finish(&mut self) -> Result<(), Error> {
            self.0.finish()
        }
    }
}
#[cfg(feature = "client")]
pub use client::Client;

#[cfg(feature = "server")]
mod server {
    use super::{PROFILE, Trace};
    use crate::server::accept_if;
    use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism};

    /// The server: reads the trace and asks [`Need::Anonymous`].
    #[derive(Debug, Default)]
    pub struct Server(());

    impl Server {
        /// Waits for the trace.
        #[must_use]
        pub const fn new() -> Self {
            Self(())
        }
    }

    impl ServerMechanism for Server {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
            let Trace(trace) = Trace::parse(response).map_err(Error::Malformed)?;
            Ok(Move::Ask(Request::new("", None, Need::Anonymous { trace })))
        }

        fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
            credentials.verdict("answer to ANONYMOUS").and_then(accept_if)
        }
    }
}
#[cfg(feature = "server")]
pub use server::Server;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::String, vec::Vec};
    use proptest::prelude::*;

    /// auth-vectors.md, section 6: RFC 4505 section 4.
    #[test]
    fn vector() {
        use base64::Engine as _;
        let message = Trace::new("sirhc").unwrap().encode();
        assert_eq!(base64::engine::general_purpose::STANDARD.encode(message.expose()), "c2lyaGM=");
    }

    /// Case 186.
    #[test]
    fn traces() {
        use ParseErrorKind::{IllegalOctet, Syntax, TooLong};
        let wide = "\u{10ffff}";
        for (trace, error) in [
            ("", None),
            ("sirhc", None),
            ("two words", None),
            ("chris@example.org", None),
            ("\"a@b\"@example.org", None),
            ("chris@[127.0.0.1]", None),
            ("j\u{fc}rgen@b\u{fc}cher.example", None),
            ("\u{65e5}\u{672c}", None),
            (&"\u{1f600}".repeat(255), None),
            (&"\u{1f600}".repeat(256), Some((1020, TooLong))),
            (&"x".repeat(256), Some((255, TooLong))),
            ("@", Some((0, Syntax))),
            ("@example.org", Some((0, Syntax))),
            ("chris@", Some((5, Syntax))),
            ("a@b@c", Some((3, Syntax))),
            ("a b@c", Some((3, Syntax))),
            ("chris@exa mple", Some((5, Syntax))),
            ("a\0b", Some((1, IllegalOctet))),
            ("a\r\nb", Some((1, IllegalOctet))),
            ("a\u{7f}", Some((1, IllegalOctet))),
            ("a\u{85}", Some((1, IllegalOctet))),
            ("a\u{202e}", Some((1, IllegalOctet))),
            ("a\u{e000}", Some((1, IllegalOctet))),
            ("a\u{fffe}", Some((1, IllegalOctet))),
            (wide, Some((0, IllegalOctet))),
            ("a\u{e0041}", Some((1, IllegalOctet))),
        ] {
            let parsed = Trace::parse(trace.as_bytes());
            assert_eq!(parsed.map_err(|e| (e.offset as usize, e.kind)).err(), error, "{trace:?}");
            assert_eq!(Trace::new(trace).is_ok(), error.is_none());
        }
        assert_eq!(Trace::parse(b"a\xff").unwrap_err().offset, 1);
    }

    proptest! {
        #[test]
        fn traces_round_trip(octets: Vec<u8>, text: String) {
            for octets in [&octets[..], text.as_bytes()] {
                if let Ok(trace) = Trace::parse(octets) {
                    let encoded = trace.encode();
                    prop_assert_eq!(encoded.expose(), octets);
                }
            }
        }
    }
}
