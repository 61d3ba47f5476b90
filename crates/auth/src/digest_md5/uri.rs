//! `digest-uri` (RFC 2831 section 2.1.2).

use alloc::{format, string::String};
use wire::Misuse;
use wire::class::{ALPHA, Class, DIGIT};

/// The principal name of a service: `imap/elwood.innosoft.com`. Neither side connects anywhere by it; the server refuses a
/// response that was meant for another service.
///
/// ```text
/// digest-uri-value  = serv-type "/" host [ "/" serv-name ]
/// serv-type        = 1*ALPHA
/// host             = 1*( ALPHA | DIGIT | "-" | "." )
/// serv-name        = host
/// ```
///
/// ```
/// use auth::digest_md5::Uri;
///
/// let uri = Uri::new("smtp", "mail3.example.com")?.of("example.com")?;
/// assert_eq!(uri.as_str(), "smtp/mail3.example.com/example.com");
/// assert!(Uri::new("smtp", "no/host").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri(String);

impl Uri {
    /// The longest host and the longest name of a service, in octets.
    pub const MAX_FIELD: usize = 255;

    /// The registered name of the service, such as `pop`, `imap`, `smtp`, and the host.
    ///
    /// # Errors
    /// A value is empty, too long, or has an octet that the grammar forbids.
    pub fn new(service: &str, host: &str) -> Result<Self, Misuse> {
        check(service, ALPHA, |_| false)?;
        check_host(host)?;
        Ok(Self(format!("{service}/{host}")))
    }

    /// The service is replicated, and this is its common name, such as the domain of the MX records.
    ///
    /// # Errors
    /// It is empty, too long, or has an octet that the grammar forbids.
    pub fn of(self, name: &str) -> Result<Self, Misuse> {
        check_host(name)?;
        Ok(Self(format!("{}/{name}", self.0)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` names the same service; RFC 2831 section 2.1.2.1: `components of digest-uri-value may be
    /// case-insensitive`.
    #[cfg(feature = "server")]
    pub(super) fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }
}

fn check_host(host: &str) -> Result<(), Misuse> {
    check(host, ALPHA.or(DIGIT), |o| matches!(o, b'-' | b'.'))
}

fn check(value: &str, class: Class, besides: fn(u8) -> bool) -> Result<(), Misuse> {
    match value.bytes().position(|o| !class.has(o) && !besides(o)) {
        Some(offset) => Err(Misuse::IllegalOctet { offset }),
        None if value.is_empty() => Err(Misuse::Empty),
        None if value.len() > Uri::MAX_FIELD => Err(Misuse::TooLong { limit: Uri::MAX_FIELD }),
        None => Ok(()),
    }
}
