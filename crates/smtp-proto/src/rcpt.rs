//! RCPT (RFC 5321 section 4.1.1.3).

use crate::param::Line;
use crate::syntax::{expected, misuse};
use crate::{ForwardPath, RcptKeyword, RcptParameter};
use bytes::Bytes;
use core::fmt;
use wire::parse::Parsed;
use wire::{Context, Misuse, Output, Tolerance};

/// The arguments of RCPT (RFC 5321 section 4.1.1.3): where a message comes from, and parameters.
///
/// It is kept as it was written, and compared so. Parameters are checked when it is made, and taken out of it on demand.
///
/// ```
/// use smtp_proto::{Notify, Orcpt, Rcpt, RcptParameter};
///
/// let rcpt = Rcpt::parse("<b@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@example.com")?;
/// assert_eq!(rcpt.notify(), Some(Notify::SUCCESS | Notify::DELAY));
/// assert_eq!(rcpt.orcpt().unwrap().decode(), &b"a+b@example.com"[..]);
///
/// let parameters = [RcptParameter::Notify(Notify::NEVER), RcptParameter::Orcpt(Orcpt::new("rfc822", "x=y@z")?)];
/// let rcpt = Rcpt::new(&rcpt.forward_path(), parameters)?;
/// assert_eq!(rcpt.as_bytes(), b"<b@example.com> NOTIFY=NEVER ORCPT=rfc822;x+3Dy@z");
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Rcpt(Line);

impl Rcpt {
    /// A path and parameters.
    ///
    /// # Errors
    /// A value that its RFC does not allow, or a parameter twice.
    pub fn new<'a>(
        path: &ForwardPath,
        parameters: impl IntoIterator<Item = RcptParameter<'a>>,
    ) -> Result<Self, Misuse> {
        let mut wire = path.as_bytes().to_vec();
        for parameter in parameters {
            wire.push(b' ');
            parameter.encode(&mut wire)?;
        }
        Line::made::<RcptKeyword>(wire, path.span()).map(Self)
    }

    /// As it stands on the wire behind `RCPT TO:`, without the line end, by the RFCs.
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
            Ok((b"", rcpt)) => Ok(rcpt),
            Ok((rest, _)) => Err(Misuse::IllegalOctet { offset: wire.len() - rest.len() }),
            Err(error) => Err(misuse(wire, error, expected::name(expected::PARAMETER))),
        }
    }

    pub(crate) const fn line(&self) -> &Line {
        &self.0
    }

    /// Where the message goes.
    #[must_use]
    pub fn forward_path(&self) -> ForwardPath {
        ForwardPath::of(self.0.wire().clone(), self.0.span())
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
    /// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" /
    ///             Forward-path ) [SP Rcpt-parameters] CRLF
    /// ```
    /// Behind the colon. Blanks at the end are left.
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let path = ForwardPath::rule(cx, i)?;
        let mend = |line| {
            let path = ForwardPath::of(line, path.1);
            (Bytes::copy_from_slice(path.as_bytes()), path.span())
        };
        Line::rule::<RcptKeyword>(cx, i, path, mend).map(|(rest, line)| (rest, Self(line)))
    }

    /// Behind the colon, without the line end.
    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(self.as_bytes());
    }

    /// Any arguments of RCPT, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let path = prop_oneof![
            1 => Just(ForwardPath::POSTMASTER),
            5 => crate::Mailbox::strategy().prop_map(ForwardPath::from),
        ];
        let parameters = proptest::collection::vec(RcptParameter::strategy(), 0..6);
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

impl fmt::Debug for Rcpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
