//! RCPT (RFC 5321 section 4.1.1.3).

use crate::param::{self, Line};
use crate::{ForwardPath, RcptKeyword, RcptParameter};
use bytes::Bytes;
use core::fmt;
use wire::parse::Parsed;
use wire::{Context, Misuse, Output, Tolerance};

/// The arguments of RCPT (RFC 5321 section 4.1.1.3): where a message goes, and parameters.
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
            Err(error) => Err(param::refused(wire, error, "path with parameters")),
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

    /// The local part and the host of the [mailbox](Self::forward_path), as they were written, without a reference of its own. None
    /// if there is no mailbox.
    #[must_use]
    #[inline]
    pub fn address_parts(&self) -> Option<(&[u8], &[u8])> {
        self.0.span().parts(self.0.wire())
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
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let path = ForwardPath::rule(cx, i)?;
        let mend = |line| {
            let path = ForwardPath::of(line, path.1);
            (Bytes::copy_from_slice(path.as_bytes()), path.span())
        };
        Line::rule::<RcptKeyword>(cx, i, path, mend).map(|(rest, line)| (rest, Self(line)))
    }

    /// What stands from `at` to the CR LF at the end of the frame, if it is what nearly all clients write.
    #[inline(always)]
    pub(crate) fn usual(frame: &Bytes, at: usize) -> Option<Self> {
        let i = frame.get(at..frame.len().checked_sub(2)?)?;
        Line::usual::<RcptKeyword>(frame, at, i, ForwardPath::usual(i)?).map(Self)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{Outcome, outcome};
    use crate::{DateTime, Notify, Orcpt, OtherParameter, Rrvs, RrvsAction, Xtext, rule};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn every_parameter_both_ways() {
        use RcptParameter as P;
        let since = DateTime::parse("2014-04-03T23:01:00Z").unwrap();
        let rows: &[(&str, Vec<RcptParameter<'_>>)] = &[
            ("<a@b>", alloc::vec![]),
            ("<Postmaster>", alloc::vec![]),
            (
                "<Dana@Ivory.EDU> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Dana@Ivory.EDU",
                alloc::vec![
                    P::Notify(Notify::SUCCESS | Notify::FAILURE),
                    P::Orcpt(Orcpt::parse("rfc822;Dana@Ivory.EDU").unwrap())
                ],
            ),
            ("<Fred@Bombs.AF.MIL> NOTIFY=NEVER", alloc::vec![P::Notify(Notify::NEVER)]),
            (
                "<a@b> RRVS=2014-04-03T23:01:00Z;C",
                alloc::vec![P::Rrvs(Rrvs { since, action: Some(RrvsAction::Continue) })],
            ),
            ("<June@ifax1.jp> CONNEG", alloc::vec![P::Conneg]),
            ("<a@b> ALT-ADDRESS=a+2Bb@c", alloc::vec![P::AltAddress(Xtext::parse(b"a+2Bb@c").unwrap())]),
            (
                "<a@b> ORCPT=utf-8;\u{7528}\u{6237}@example.test",
                alloc::vec![P::Orcpt(Orcpt::utf_8("\u{7528}\u{6237}@example.test").unwrap())],
            ),
            (
                "<a@b> XRCPTFORWARD=Zm9v",
                alloc::vec![P::Other(OtherParameter::new("XRCPTFORWARD", Some("Zm9v")).unwrap())],
            ),
        ];
        for (line, expected) in rows {
            let rcpt = Rcpt::parse(*line).unwrap();
            assert_eq!(&rcpt.parameters().collect::<Vec<_>>(), expected, "{line}");
            assert_eq!(rcpt.as_bytes(), line.as_bytes());
            assert_eq!(
                Rcpt::new(&rcpt.forward_path(), expected.iter().cloned()).as_ref(),
                Ok(&rcpt),
                "{line}"
            );
            assert_eq!(rcpt.has_unknown(), expected.iter().any(|p| p.keyword().is_none()));
            assert_eq!(rcpt.is_ascii(), line.is_ascii());
        }
        for keyword in RcptKeyword::ALL {
            let shown = rows.iter().any(|(_, row)| row.iter().any(|p| p.keyword() == Some(*keyword)));
            assert!(shown, "{}", keyword.name());
        }
        let rcpt =
            Rcpt::parse("<a@b> NOTIFY=DELAY ORCPT=x;y RRVS=2014-04-03T23:01:00Z ALT-ADDRESS=a@b CONNEG")
                .unwrap();
        assert_eq!((rcpt.notify(), rcpt.orcpt()), (Some(Notify::DELAY), Orcpt::parse("x;y").ok()));
        assert_eq!(rcpt.rrvs(), Some(Rrvs { since, action: None }));
        assert_eq!(rcpt.alt_address().unwrap().as_bytes(), b"a@b");
        assert!(rcpt.has(RcptKeyword::Conneg) && rcpt.keywords().count() == 5);
    }

    #[test]
    fn case_90() {
        for line in ["<a@b> BY=1;R", "<a@b> MT-PRIORITY=1", "<a@b> SIZE=x", "<a@b> smtputf8"] {
            let rcpt = Rcpt::parse(line).unwrap();
            let mut parameters = rcpt.parameters();
            assert!(
                matches!(parameters.next(), Some(RcptParameter::Other(other)) if other.is_misplaced()),
                "{line}"
            );
            assert!(rcpt.has_unknown() && !rcpt.has_invalid());
        }
        let unknown = Rcpt::parse("<a@b> FOO=BAR").unwrap();
        assert!(unknown.has_unknown());
        assert!(
            matches!(unknown.parameters().next(), Some(RcptParameter::Other(other)) if !other.is_misplaced())
        );
    }

    #[test]
    fn what_is_refused_and_where() {
        for (line, offset, expected) in [
            ("<>", 1, "local-part"),
            ("<a@b>NOTIFY=NEVER", 5, "space"),
            ("<a@b> NOTIFY", 12, "esmtp-value"),
            ("<a@b> NOTIFY=", 13, "NEVER, or a list of SUCCESS, FAILURE and DELAY"),
            ("<a@b> NOTIFY=,SUCCESS", 13, "NEVER, or a list of SUCCESS, FAILURE and DELAY"),
            ("<a@b> NOTIFY=NEVER,SUCCESS", 18, "space"),
            ("<a@b> NOTIFY=NEVER NOTIFY=NEVER", 19, "parameter that does not stand twice"),
            ("<a@b> NOTIFY=SUCCESS, FAILURE", 21, "NEVER, or a list of SUCCESS, FAILURE and DELAY"),
            ("<a@b> ORCPT=alice@example.test", 12, "addr-type ; address"),
            ("<a@b> ORCPT=rfc822;a=b", 20, "space"),
            ("<a@b> ORCPT=rfc822;a+zz", 20, "xtext"),
            ("<a@b> RRVS=bad", 11, "date-time"),
            ("<a@b> CONNEG=1", 12, "no value"),
        ] {
            let Outcome { result, repairs } = outcome(Rcpt::rule, Tolerance::Strict, line.as_bytes());
            assert_eq!(result.unwrap_err(), (offset, expected), "{line}");
            assert_eq!(repairs, []);
        }
    }

    #[test]
    fn what_is_tolerated() {
        for (line, rule) in [
            ("<a@b>junk", rule::MISSING_SPACE),
            ("<a@b> NOTIFY=MAYBE", rule::PARAMETER_VALUE),
            ("<a@b> NOTIFY=NEVER NOTIFY=NEVER", rule::PARAMETER_TWICE),
            ("<a@b> ORCPT=alice@example.test", rule::PARAMETER_VALUE),
            ("<a@b> ORCPT=;x", rule::PARAMETER_VALUE),
            ("<a@b> ORCPT=rfc822;a=b@x", rule::PARAMETER_VALUE),
            ("<a@b> RRVS=bad", rule::PARAMETER_VALUE),
            ("<a@b> XRCPTFORWARD=Zm9vPWJhcg==", rule::PARAMETER_FORM),
        ] {
            let Outcome { result, repairs } = outcome(Rcpt::rule, Tolerance::Lenient, line.as_bytes());
            let rcpt = result.unwrap();
            assert_eq!(repairs, [rule], "{line}");
            assert_eq!(Rcpt::tolerated(rcpt.as_bytes().to_vec()), Ok(rcpt));
            assert!(outcome(Rcpt::rule, Tolerance::Default, line.as_bytes()).result.is_err());
        }
    }

    #[test]
    fn sizes_stay_small() {
        assert_eq!(size_of::<Rcpt>(), 56);
        assert!(size_of::<RcptParameter<'_>>() <= 40);
    }

    proptest! {
        #[test]
        fn round_trip(rcpt in Rcpt::strategy()) {
            let frame = Bytes::copy_from_slice(rcpt.as_bytes());
            let parsed = Rcpt::parse(frame.clone());
            prop_assert_eq!(parsed.as_ref(), Ok(&rcpt));
            let parsed = parsed.unwrap();
            let again = Rcpt::new(&parsed.forward_path(), parsed.parameters());
            prop_assert_eq!(again, Ok(rcpt.clone()));
            let mut output = Output::new();
            parsed.encode(&mut output);
            prop_assert_eq!(&output.take_all()[..], rcpt.as_bytes());
            let detached = parsed.detach();
            drop(parsed);
            prop_assert!(frame.is_unique());
            prop_assert_eq!(detached, rcpt);
        }

        #[test]
        fn parameters_come_out_as_they_went_in(parameters in proptest::collection::vec(RcptParameter::strategy(), 0..4)) {
            if let Ok(rcpt) = Rcpt::new(&ForwardPath::POSTMASTER, parameters.clone()) {
                prop_assert_eq!(rcpt.parameters().collect::<Vec<_>>(), parameters);
                let unmarked = Rcpt(rcpt.0.unmarked());
                prop_assert!(rcpt.parameters().eq(unmarked.parameters()));
                for keyword in RcptKeyword::ALL {
                    prop_assert_eq!(rcpt.get(*keyword), unmarked.get(*keyword));
                }
            }
        }
    }
}
