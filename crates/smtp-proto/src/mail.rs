//! MAIL (RFC 5321 section 4.1.1.2).

use crate::param::Line;
use crate::syntax::{expected, misuse};
use crate::{MailKeyword, MailParameter, ReversePath};
use bytes::Bytes;
use core::fmt;
use wire::parse::Parsed;
use wire::{Context, Misuse, Output, Tolerance};

/// The arguments of MAIL (RFC 5321 section 4.1.1.2): where a message comes from, and parameters.
///
/// It is kept as it was written, and compared so. Parameters are checked when it is made, and taken out of it on demand.
///
/// ```
/// use smtp_proto::{Body, Mail, MailKeyword, MailParameter};
///
/// let mail = Mail::parse("<e=mc2@example.com> SIZE=1000 AUTH=e+3Dmc2@example.com XFOO")?;
/// assert_eq!(mail.size(), Some(1000));
/// assert_eq!(mail.auth().flatten().unwrap().decode(), &b"e=mc2@example.com"[..]);
/// assert!(mail.has_unknown() && !mail.has(MailKeyword::Body));
///
/// let mail = Mail::new(&mail.reverse_path(), [MailParameter::Body(Body::EightBitMime)])?;
/// assert_eq!(mail.as_bytes(), b"<e=mc2@example.com> BODY=8BITMIME");
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Mail(Line);

impl Mail {
    /// A path and parameters.
    ///
    /// # Errors
    /// A value that its RFC does not allow, a parameter twice, `HOLDFOR` beside `HOLDUNTIL`, or `MTRK` without `ENVID` (RFC
    /// 3885 section 3.2).
    pub fn new<'a>(
        path: &ReversePath,
        parameters: impl IntoIterator<Item = MailParameter<'a>>,
    ) -> Result<Self, Misuse> {
        let mut wire = path.as_bytes().to_vec();
        for parameter in parameters {
            wire.push(b' ');
            parameter.encode(&mut wire)?;
        }
        let mail = Self(Line::made::<MailKeyword>(wire, path.span())?);
        if mail.has(MailKeyword::Mtrk) && !mail.has(MailKeyword::Envid) {
            return Err(Misuse::Invalid("set of parameters: MTRK needs ENVID"));
        }
        Ok(mail)
    }

    /// As it stands on the wire behind `MAIL FROM:`, without the line end, by the RFCs.
    ///
    /// # Errors
    /// Not a path, or a parameter that its RFC does not allow.
    pub fn parse(wire: impl Into<Bytes>) -> Result<Self, Misuse> {
        Self::parse_in(&Context::new(&wire.into(), Tolerance::Strict))
    }

    /// The same for what a tolerant parser has taken before, and an application has stored.
    ///
    /// # Errors
    /// Not even that.
    pub fn tolerated(wire: impl Into<Bytes>) -> Result<Self, Misuse> {
        Self::parse_in(&Context::new(&wire.into(), Tolerance::Lenient))
    }

    fn parse_in(cx: &Context<'_>) -> Result<Self, Misuse> {
        let wire = cx.frame();
        match Self::rule(cx, wire) {
            Ok((b"", mail)) => Ok(mail),
            Ok((rest, _)) => Err(Misuse::IllegalOctet { offset: wire.len() - rest.len() }),
            Err(error) => Err(misuse(wire, error, expected::name(expected::PARAMETER))),
        }
    }

    pub(crate) const fn line(&self) -> &Line {
        &self.0
    }

    /// Where the message comes from, and where reports about it go.
    #[must_use]
    pub fn reverse_path(&self) -> ReversePath {
        ReversePath::of(self.0.wire().clone(), self.0.span())
    }

    /// The path and the parameters, as they were written. Where a tolerant parser took other blanks than one space, or a
    /// path without brackets, that was mended.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.wire()
    }

    /// Whether the path and the parameters are US-ASCII: they can be sent without SMTPUTF8.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.0.wire().is_ascii()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(self.0.detach())
    }

    /// ```text
    /// mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
    /// ```
    /// Behind the colon. Blanks at the end are left.
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let path = ReversePath::rule(cx, i)?;
        let mend = |line| {
            let path = ReversePath::of(line, path.1);
            (Bytes::copy_from_slice(path.as_bytes()), path.span())
        };
        Line::rule::<MailKeyword>(cx, i, path, mend).map(|(rest, line)| (rest, Self(line)))
    }

    /// Behind the colon, without the line end.
    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(self.as_bytes());
    }

    /// Any arguments of MAIL, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let path = prop_oneof![
            1 => Just(ReversePath::NULL),
            5 => crate::Mailbox::strategy().prop_map(ReversePath::from),
        ];
        let parameters = proptest::collection::vec(MailParameter::strategy(), 0..6);
        (path, parameters).prop_filter_map("parameters", |(path, mut parameters)| {
            let mut seen = alloc::vec::Vec::new();
            parameters.retain(|parameter| match parameter.keyword() {
                Some(keyword) => {
                    !seen.contains(&keyword) && {
                        seen.push(keyword);
                        true
                    }
                }
                None => true,
            });
            Self::new(&path, parameters).ok()
        })
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
