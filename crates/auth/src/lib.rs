//! Authentication for mail protocols, client and server: APOP and SASL (RFC 4422).
//!
//! | Mechanism | RFC | Client | Server | Message |
//! |---|---|---|---|---|
//! | `APOP` (a command of POP3, not SASL) | RFC 1939 section 7 | [`apop::Client`] | [`apop::Server`] | [`apop::Message`] |
//! | `PLAIN` | RFC 4616 | [`plain::Client`] | [`plain::Server`] | [`plain::Message`] |
//! | `SCRAM-SHA-1`, `-256`, `-512`, `SCRAM-SHA3-512`, each also `-PLUS` | RFC 5802, 7677, 5929, 9266 | [`scram::Client`] | [`scram::Server`] | [`scram::ClientFirst`], [`scram::ServerFirst`], [`scram::ClientFinal`], [`scram::ServerFinal`] |
//! | `LOGIN` | draft-murchison-sasl-login | [`login::Client`] | [`login::Server`] | |
//! | `CRAM-MD5` | RFC 2195 | [`cram_md5::Client`] | [`cram_md5::Server`] | [`cram_md5::Message`] |
//! | `DIGEST-MD5` | RFC 2831 | [`digest_md5::Client`] | [`digest_md5::Server`] | [`digest_md5::Challenge`], [`digest_md5::Response`] |
//! | `EXTERNAL` | RFC 4422 appendix A | [`external::Client`] | [`external::Server`] | [`external::Message`] |
//! | `ANONYMOUS` | RFC 4505 | [`anonymous::Client`] | [`anonymous::Server`] | [`anonymous::Trace`] |
//! | `OAUTHBEARER` | RFC 7628 | [`oauthbearer::Client`] | [`oauthbearer::Server`] | [`oauthbearer::Message`], [`oauth::ErrorResult`] |
//! | `XOAUTH2` | Google's | [`xoauth2::Client`] | [`xoauth2::Server`] | [`xoauth2::Message`], [`oauth::ErrorResult`] |
//! | `OTP` | RFC 2444 | [`otp::Client`] | [`otp::Server`] | [`otp::Challenge`], [`otp::Response`] |
//!
//! Which of them to use, and what each protects against, is told in [`choose`], which also chooses.
//!
//! A mechanism runs inside an exchange: [`ClientExchange`] or [`ServerExchange`]. Challenges and
//! responses go in and out as octets; the protocol crates put them into base64 lines and commands. This
//! crate knows no protocol, opens no socket, reads no clock and draws no random number: whatever must be
//! fresh comes from the caller.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::{Answer, ClientExchange, Need, Policy, ServerExchange, Step, plain};
//! use wire::Secret;
//!
//! let policy = Policy::with_tls();
//! let mechanism = plain::Client::new("tim", Secret::new(*b"tanstaaftanstaaf"))?;
//! let mut client = ClientExchange::new(mechanism, policy)?;
//! let mut server = ServerExchange::new(plain::Server::new(), policy)?;
//!
//! // C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm
//! let initial = client.initial_response()?;
//! let Step::NeedCredentials(request) = server.start(initial.as_ref().map(Secret::expose))? else {
//!     return Err("PLAIN needs no further message".into());
//! };
//! // the server looks the user up, as long as it takes, wherever it likes
//! assert_eq!((&*request.authentication, request.authorization), ("tim", None));
//! let answer = Answer::password(Secret::new(*b"tanstaaftanstaaf"));
//! let Step::Done(authenticated) = server.answer(answer)? else {
//!     return Err("PLAIN ends here".into());
//! };
//! assert_eq!(authenticated.user(), "tim");
//! // S: +OK
//! let verified = client.finish(None)?;
//! assert!(!verified.proved_by_server());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Why this shape
//!
//! Other libraries either call back for credentials in the middle of a step (Cyrus SASL, gsasl, rsasl,
//! MailKit), so that a server must block a thread or its runtime while it asks a directory, or they give
//! out a `done` flag that a client may forget to look at. Here:
//! - The order of an exchange is kept in one place, the exchange, and not in each mechanism: initial
//!   response or empty challenge, success data or a last challenge with an empty response (RFC 4422
//!   section 3), nothing after the end. A mechanism only knows its own messages.
//! - A server does not call back. It says [`Step::NeedCredentials`], the caller answers whenever it
//!   knows, from whatever thread: requests and exchanges are owned and `Send`. One [`Answer`] type serves
//!   stored secrets, verdicts of the caller and "no such user" alike, so that a server has one lookup.
//! - Success is a value: [`Verified`] comes only from [`ClientExchange::finish`], [`Authenticated`] only
//!   from [`Step::Done`]. What happens after a login takes one of them, so that believing the server's OK
//!   alone does not compile.
//! - What is weak or would show the password is refused where an exchange begins ([`Policy`]), and an
//!   authorization identity where it ends, unless the caller said yes in as many words.
//!
//! # How the mechanisms fit
//!
//! | Mechanism | [`First`] | [`Exposure`] | weak | proves the server | The server asks | besides |
//! |---|---|---|---|---|---|---|
//! | PLAIN | client | cleartext | | | [`Need::PasswordCheck`] | |
//! | LOGIN | either | cleartext | | | [`Need::PasswordCheck`] | |
//! | APOP, CRAM-MD5 | client, server | digest | yes | | [`Need::Password`] | upper-case digests: [`ServerExchange::repairs`] |
//! | DIGEST-MD5 | server | digest | yes | yes | [`Need::Password`] | `rspauth` is success data: [`Move::Accept`] |
//! | SCRAM-*, -PLUS | client | digest | | yes | [`Need::ScramRecord`] | `v=` is success data; `e=`: [`Move::Refuse`], [`scram::Fault::Server`]; nonce and channel binding go to the constructors |
//! | EXTERNAL | client | nothing | | | [`Need::External`]: a verdict | [`Answer::known_as`] names whom TLS showed |
//! | ANONYMOUS | client | nothing | | | [`Need::Anonymous`]: a verdict on the trace | [`Answer::known_as`] |
//! | OAUTHBEARER, XOAUTH2 | client | cleartext | | | [`Need::TokenCheck`]: a verdict on the token | JSON: [`Move::Refuse`], [`ClientExchange::server_error`]; [`Answer::known_as`] |
//! | OTP | client | digest | | | [`Need::OneTimePassword`], later [`Need::OneTimePasswordUpdate`] | a mechanism may ask more than once |
//!
//! [`Need`] and [`Credentials`] are open enums for that reason; the traits need no change.
//!
//! # What is never shown
//!
//! Passwords, tokens and digests are [`wire::Secret`]s or print as `***`; errors hold neither octets nor
//! values of a message; exchanges drop, and so zero, their mechanism as soon as they are over.
//!
//! # Strings
//!
//! Identities and passwords are UTF-8 without NUL. Before they are looked up, compared or hashed they are
//! prepared: by SASLprep, by a profile of PRECIS, or not at all, as [`prepare::Preparation`] says. It is a
//! setting of each mechanism; PLAIN, LOGIN and SCRAM begin with SASLprep, as their RFCs do. The other mechanisms take strings as they
//! come, as theirs do. What
//! [`Request::authentication`] and [`Need::PasswordCheck`] hold was prepared; authorization identities are the
//! protocol's and come as they are.
//!
//! # What a server stores
//!
//! The best is a [`scram::Record`] for each user and hash function: PLAIN is checked against it as well as
//! SCRAM. Records are read and written as LDAP, PostgreSQL and Dovecot have them. A server that stores
//! passwords can do SCRAM, too: [`Answer::password`] answers everything, at the price of hashing at each
//! login.
//!
//! # Features
//!
//! `std`, `client`, `server`, `saslprep` (all default), `precis`, `getrandom`. All only add.
//!
//! - `saslprep` and `precis` bring the tables for strings that are not ASCII, and `std`, which their crates
//!   need. Without them such strings are refused where they would have to be prepared.
//! - `getrandom` brings the module `random`, `scram::Nonce::draw` and `scram::Salt::draw`.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(all(feature = "client", feature = "server")), allow(rustdoc::broken_intra_doc_links))]

extern crate alloc;

pub mod anonymous;
pub mod apop;
pub mod choose;
#[cfg(feature = "client")]
mod client;
pub mod cram_md5;
#[cfg(feature = "server")]
mod credentials;
mod digest;
pub mod digest_md5;
mod error;
pub mod external;
pub mod login;
pub mod oauth;
pub mod oauthbearer;
pub mod otp;
#[cfg(feature = "server")]
mod password;
pub mod plain;
pub mod prepare;
mod profile;
#[cfg(feature = "getrandom")]
pub mod random;
pub mod scram;
#[cfg(feature = "server")]
mod server;
mod text;
mod timestamp;
pub mod xoauth2;

#[cfg(feature = "client")]
pub use client::{ClientExchange, ClientMechanism, Verified};
#[cfg(feature = "server")]
pub use credentials::{Answer, Credentials, Need, Request};
pub use error::{Error, Forbidden};
pub use profile::{Exposure, First, Policy, Profile};
#[cfg(feature = "server")]
pub use server::{Authenticated, Move, ServerExchange, ServerMechanism, Step};

wire::expected_table! {
    /// `authcid` of RFC 4616, the name of APOP.
    AUTHENTICATION = "authentication identity",
    /// `authzid` of RFC 4616.
    AUTHORIZATION = "authorization identity",
    /// `passwd` of RFC 4616.
    PASSWORD = "password",
    /// `UTF8NUL` of RFC 4616.
    NUL = "NUL",
    /// The digest of APOP, CRAM-MD5 and DIGEST-MD5.
    DIGEST = "digest of 32 lower-case hexadecimal digits",
    /// `message` of RFC 4505.
    TRACE = "trace: a mail address, or up to 255 characters without @",
    /// `value` of RFC 8259, and what it is made of.
    JSON = "JSON",
    /// `status` of RFC 7628 section 3.2.2.
    STATUS = "object with a status",
    /// The scheme of RFC 6750.
    BEARER = "Bearer",
    /// `b64token` of RFC 6750.
    TOKEN = "token",
    /// `kvpair` of RFC 7628.
    KVPAIR = "key and =",
    /// `kvsep` of RFC 7628.
    KVSEP = "%x01",
    /// The key that must be there.
    AUTH = "auth",
    /// `gs2-header` of RFC 5801.
    GS2_HEADER = "GS2 header without channel binding",
    /// Of RFC 7628.
    HOST = "host",
    /// Of RFC 7628.
    PORT = "port",
    /// `auth-param` of RFC 2831, and all others.
    DIRECTIVE = "directive",
    /// What RFC 2831 requires once.
    MISSING = "a directive that is required",
    /// `charset` of RFC 2831.
    CHARSET = "utf-8",
    /// `algorithm` of RFC 2831.
    MD5_SESS = "md5-sess",
    /// `qop-value` of RFC 2831.
    QOP = "auth",
    /// `nonce-value` and `cnonce-value` of RFC 2831.
    DIGEST_NONCE = "nonce",
    /// `nc-value` of RFC 2831.
    NONCE_COUNT = "00000001",
    /// `realm-value` of RFC 2831.
    REALM = "realm",
    /// `digest-uri-value` of RFC 2831.
    DIGEST_URI = "digest-uri",
    /// Of RFC 2289.
    CHALLENGE = "otp-",
    /// Of RFC 2289.
    ALGORITHM = "md5 or sha1",
    /// Of RFC 2289.
    SEQUENCE = "sequence number",
    /// Of RFC 2289.
    SEED = "seed of 1 to 16 letters and digits",
    /// RFC 2243: what is new has another seed.
    NEW_SEED = "another seed",
    /// Of RFC 2243.
    EXT = "ext",
    /// Of RFC 2243.
    RESPONSE = "hex, word, init-hex or init-word",
    /// Of RFC 2243.
    COLON = "colon",
    /// `hex-64bit` of RFC 2243.
    HEX = "16 hexadecimal digits",
    /// `otp-word` of RFC 2243.
    WORD = "six words",
    /// Of RFC 2289.
    CHECKSUM = "words with the right checksum",
    /// `gs2-cbind-flag` of RFC 5802.
    BINDING_FLAG = "n, y or p=",
    /// `cb-name` of RFC 5802.
    BINDING_TYPE = "type of channel binding",
    /// `channel-binding` of RFC 5802.
    BINDING = "channel binding: c=",
    /// `username` of RFC 5802.
    USERNAME = "user name: n=",
    /// `nonce` of RFC 5802.
    NONCE = "nonce: r=",
    /// `salt` of RFC 5802.
    SALT = "salt: s=",
    /// `iteration-count` of RFC 5802.
    ITERATIONS = "number of iterations: i=",
    /// `proof` of RFC 5802.
    PROOF = "proof: p=",
    /// `verifier` of RFC 5802.
    VERIFIER = "verifier: v=",
    /// `server-error-value` of RFC 5802.
    SERVER_ERROR = "value of a server error",
    /// `attr-val` of RFC 5802 in a place for extensions.
    EXTENSION = "extension",
    /// Anything but `reserved-mext` of RFC 5802.
    NO_MANDATORY_EXTENSION = "no mandatory extension",
    /// What is between attributes.
    COMMA = "comma",
    /// `scheme` of RFC 3112 and RFC 5803.
    SCHEME = "SCRAM mechanism without -PLUS",
    /// What is between the parts of a record.
    SEPARATOR = "separator",
    /// `stored-key` and `server-key` of RFC 5803.
    KEY = "key as long as the hash",
}
