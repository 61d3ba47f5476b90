//! MAIL (RFC 5321 section 4.1.1.2).

use crate::param::{self, Line};
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
            Err(error) => Err(param::refused(wire, error, "path with parameters")),
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

    /// The local part and the host of the [mailbox](Self::reverse_path), as they were written, without a reference of its own. None
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

    /// What a server must have offered for the parameters.
    #[cfg(any(test, feature = "client"))]
    pub(crate) fn needs(&self) -> impl Iterator<Item = crate::Keyword> + '_ {
        self.keywords().filter_map(|keyword| match keyword {
            // RFC 3030 section 3: BINARYMIME is an extension of its own
            MailKeyword::Body => self.body().map_or(keyword.extension(), |body| Some(body.extension())),
            _ => keyword.extension(),
        })
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
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let path = ReversePath::rule(cx, i)?;
        let mend = |line| {
            let path = ReversePath::of(line, path.1);
            (Bytes::copy_from_slice(path.as_bytes()), path.span())
        };
        Line::rule::<MailKeyword>(cx, i, path, mend).map(|(rest, line)| (rest, Self(line)))
    }

    /// What stands from `at` to the CR LF at the end of the frame, if it is what nearly all clients write.
    #[inline(always)]
    pub(crate) fn usual(frame: &Bytes, at: usize) -> Option<Self> {
        let i = frame.get(at..frame.len().checked_sub(2)?)?;
        Line::usual::<MailKeyword>(frame, at, i, ReversePath::usual(i)?).map(Self)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{Outcome, outcome};
    use crate::{Body, By, ByMode, DateTime, Mtrk, OtherParameter, Ret, Solicit, TransactionId, Xtext, rule};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn parameters(line: &'static str) -> Result<Vec<MailParameter<'static>>, Misuse> {
        let mail = Vec::leak(alloc::vec![Mail::parse(line)?]);
        Ok(mail[0].parameters().collect())
    }

    fn xtext(wire: &'static str) -> Xtext<'static> {
        Xtext::parse(wire.as_bytes()).unwrap()
    }

    #[test]
    fn every_parameter_both_ways() {
        use MailParameter as P;
        let time = DateTime::parse("2030-01-01T00:00:00Z").unwrap();
        let rows: &[(&str, Vec<MailParameter<'_>>)] = &[
            ("<a@b>", alloc::vec![]),
            ("<>", alloc::vec![]),
            ("<a@b> SIZE=500000", alloc::vec![P::Size(500_000)]),
            ("<a@b> BODY=BINARYMIME", alloc::vec![P::Body(Body::BinaryMime)]),
            (
                "<a@b> SMTPUTF8 BODY=8BITMIME SIZE=1",
                alloc::vec![P::SmtpUtf8, P::Body(Body::EightBitMime), P::Size(1)],
            ),
            ("<john+@example.org> AUTH=<>", alloc::vec![P::Auth(None)]),
            ("<> AUTH=e+3Dmc2@example.com", alloc::vec![P::Auth(Some(xtext("e+3Dmc2@example.com")))]),
            (
                "<\"a> RET=FULL\"@b> RET=HDRS ENVID=QQ314159",
                alloc::vec![P::Ret(Ret::Hdrs), P::Envid(xtext("QQ314159"))],
            ),
            (
                "<eljefe@example.com> BY=125;R ENVID=QQ314159 MT-PRIORITY=3",
                alloc::vec![
                    P::By(By::new(125, ByMode::Return, false).unwrap()),
                    P::Envid(xtext("QQ314159")),
                    P::MtPriority(3)
                ],
            ),
            ("<a@b> HOLDFOR=60", alloc::vec![P::HoldFor(60)]),
            ("<a@b> HOLDUNTIL=2030-01-01T00:00:00Z", alloc::vec![P::HoldUntil(time)]),
            ("<roger@example.org> REQUIRETLS", alloc::vec![P::RequireTls]),
            (
                "<save@example.com> SOLICIT=org.example:ADV:ADLT",
                alloc::vec![P::Solicit(Solicit::parse("org.example:ADV:ADLT").unwrap())],
            ),
            ("<> SUBMITTER=a+2Bb@c", alloc::vec![P::Submitter(xtext("a+2Bb@c"))]),
            (
                "<a@b> TRANSID=<12345@claremont.edu>",
                alloc::vec![P::TransId(TransactionId::parse("<12345@claremont.edu>").unwrap())],
            ),
            (
                "<a@b> MTRK=abc:60 ENVID=1@b",
                alloc::vec![P::Mtrk(Mtrk::new("abc", Some(60)).unwrap()), P::Envid(xtext("1@b"))],
            ),
            ("<a@b> CONPERM", alloc::vec![P::Conperm]),
            ("<s\u{fc}\u{df}@b> ALT-ADDRESS=suess@b", alloc::vec![P::AltAddress(xtext("suess@b"))]),
            (
                "<a@b> XVERP=Courier XFOO a-name-of-more-than-16=\u{e9}",
                alloc::vec![
                    P::Other(OtherParameter::new("XVERP", Some("Courier")).unwrap()),
                    P::Other(OtherParameter::new("XFOO", None).unwrap()),
                    P::Other(OtherParameter::new("a-name-of-more-than-16", Some("\u{e9}")).unwrap()),
                ],
            ),
        ];
        for (line, expected) in rows {
            let mail = Mail::parse(*line).unwrap();
            assert_eq!(&mail.parameters().collect::<Vec<_>>(), expected, "{line}");
            assert_eq!(mail.as_bytes(), line.as_bytes());
            assert_eq!(
                Mail::new(&mail.reverse_path(), expected.iter().cloned()).as_ref(),
                Ok(&mail),
                "{line}"
            );
            let unknown = |p: &MailParameter<'_>| p.keyword().is_none();
            assert_eq!(mail.has_unknown(), expected.iter().any(unknown));
            assert!(!mail.has_invalid());
            assert_eq!(mail.is_ascii(), line.is_ascii());
            for keyword in MailKeyword::ALL {
                let wanted = expected.iter().find(|p| p.keyword() == Some(*keyword));
                assert_eq!(mail.get(*keyword).as_ref(), wanted);
                assert_eq!(mail.has(*keyword), wanted.is_some());
            }
            assert_eq!(mail.keywords().count(), expected.iter().filter(|p| !unknown(p)).count());
            let lower = line.replacen("SIZE", "size", 1).replacen("SMTPUTF8", "smtpUtf8", 1);
            let lower = Mail::parse(lower).unwrap();
            assert_eq!(&lower.parameters().collect::<Vec<_>>(), expected);
        }
        for keyword in MailKeyword::ALL {
            let shown = rows.iter().any(|(_, row)| row.iter().any(|p| p.keyword() == Some(*keyword)));
            assert!(shown, "{}", keyword.name());
        }
    }

    #[test]
    fn values_by_their_names() {
        let mail = Mail::parse(
            "<a@b> SIZE=7 BODY=7BIT AUTH=<> RET=FULL ENVID=1@b BY=-1;N HOLDFOR=9 MT-PRIORITY=-9 SOLICIT=a \
             SUBMITTER=a@b TRANSID=<1@b> MTRK=a ALT-ADDRESS=a@b",
        )
        .unwrap();
        assert_eq!((mail.size(), mail.body(), mail.auth()), (Some(7), Some(Body::SevenBit), Some(None)));
        assert_eq!((mail.ret(), mail.envid()), (Some(Ret::Full), Some(xtext("1@b"))));
        assert_eq!((mail.by().map(By::seconds), mail.hold_for()), (Some(-1), Some(9)));
        assert_eq!((mail.hold_until(), mail.mt_priority()), (None, Some(-9)));
        assert_eq!(mail.solicit().unwrap().as_str(), "a");
        assert_eq!(mail.trans_id().unwrap().local(), "1");
        assert_eq!(mail.mtrk().unwrap().certifier(), "a");
        assert_eq!((mail.submitter(), mail.alt_address()), (Some(xtext("a@b")), Some(xtext("a@b"))));
        let none = Mail::parse("<a@b>").unwrap();
        assert_eq!((none.size(), none.auth(), none.keywords().count()), (None, None, 0));
    }

    #[test]
    fn what_is_refused_and_where() {
        for (line, offset, expected) in [
            ("", 0, "path in angle brackets"),
            ("<a@b>SIZE=10", 5, "space"),
            ("<a@b>  SIZE=10", 6, "esmtp-param"),
            ("<a@b>\tSIZE=10", 5, "space"),
            ("<a@b> *", 6, "esmtp-param"),
            ("<a@b> -X=1", 6, "esmtp-param"),
            ("<a@b> =BAR", 6, "esmtp-param"),
            ("<a@b> X_Y=1", 7, "space"),
            ("<a@b> FOO=", 10, "esmtp-value"),
            ("<a@b> FOO=A=B", 11, "space"),
            ("<a@b> FOO=A\x07", 11, "space"),
            ("<a@b> FOO=A\rB", 11, "space"),
            ("<a@b> SIZE", 10, "esmtp-value"),
            ("<a@b> SIZE=", 11, "number"),
            ("<a@b> SIZE=10,BODY=7BIT", 13, "space"),
            ("<a@b> SIZE =10", 10, "esmtp-value"),
            ("<a@b> SIZE=99999999999999999999999999", 11, "number"),
            ("<a@b> SIZE=1 SIZE=2", 13, "parameter that does not stand twice"),
            ("<a@b> BODY=7BIT BODY=8BITMIME", 16, "parameter that does not stand twice"),
            ("<a@b> HOLDFOR=1 HOLDUNTIL=2030-01-01T00:00:00Z", 16, "parameter that does not stand twice"),
            ("<a@b> SMTPUTF8=1", 14, "no value"),
            ("<a@b> smtputf8 SMTPUTF8", 15, "parameter that does not stand twice"),
            ("<a@b> RET=FULL,HDRS", 14, "space"),
            ("<a@b> ENVID=a+3d", 15, "xtext"),
            ("<a@b> AUTH=alice", 11, "mailbox"),
            ("<a@b> MT-PRIORITY=10", 18, "priority from -9 to 9"),
            ("<a@b> BY=0;R", 9, "by-time ; by-mode"),
            ("<a@b> X=1 BODY=FOO", 15, "7BIT, 8BITMIME or BINARYMIME"),
        ] {
            let Outcome { result, repairs } = outcome(Mail::rule, Tolerance::Strict, line.as_bytes());
            assert_eq!(result.unwrap_err(), (offset, expected), "{line}");
            assert_eq!(repairs, []);
            assert!(Mail::parse(line).is_err());
        }
        let utf_8 = outcome(Mail::rule, Tolerance::Strict, b"<a@b> FOO=\xff");
        assert_eq!(utf_8.result.unwrap_err(), (10, "UTF-8"));
    }

    #[test]
    fn blanks_at_the_end_are_left() {
        for (line, left) in [("<a@b> ", " "), ("<a@b> SIZE=1  \t", "  \t"), ("<a@b>\t", "\t")] {
            let frame = Bytes::from(line);
            let cx = Context::new(&frame, Tolerance::Strict);
            let (rest, mail) = Mail::rule(&cx, &frame).unwrap();
            assert_eq!(rest, left.as_bytes());
            assert_eq!(mail.as_bytes(), line.trim_ascii_end().as_bytes());
        }
    }

    /// What other servers took of what a client sent, as recorded.
    #[test]
    fn what_is_tolerated() {
        use Tolerance::{Default, Lenient};
        for (line, least, rules, written) in [
            ("<a@b>  SIZE=10", Default, &[rule::EXTRA_SPACE][..], "<a@b> SIZE=10"),
            ("<a@b>\tSIZE=10 \tRET=FULL", Default, &[rule::EXTRA_SPACE; 2], "<a@b> SIZE=10 RET=FULL"),
            ("<a@b> AUTH=alice", Default, &[rule::NO_MAILBOX], "<a@b> AUTH=alice"),
            ("<a@b> AUTH=<a@b> SIZE=1", Default, &[rule::NO_MAILBOX], "<a@b> AUTH=<a@b> SIZE=1"),
            ("<a@b>SIZE=10", Lenient, &[rule::MISSING_SPACE], "<a@b> SIZE=10"),
            ("a@b SIZE=10", Lenient, &[rule::UNBRACKETED_PATH], "<a@b> SIZE=10"),
            ("A B <a@b>  SIZE=10", Lenient, &[rule::NAME_BEFORE_PATH, rule::EXTRA_SPACE], "<a@b> SIZE=10"),
            ("<a@b> SIZE=1 SIZE=2", Lenient, &[rule::PARAMETER_TWICE], "<a@b> SIZE=1 SIZE=2"),
            ("<a@b> SIZE=", Lenient, &[rule::PARAMETER_VALUE], "<a@b> SIZE="),
            ("<a@b> SIZE", Lenient, &[rule::PARAMETER_VALUE], "<a@b> SIZE"),
            ("<a@b> SIZE=-1 SIZE=2", Lenient, &[rule::PARAMETER_VALUE], "<a@b> SIZE=-1 SIZE=2"),
            ("<a@b> BODY=FOO", Lenient, &[rule::PARAMETER_VALUE], "<a@b> BODY=FOO"),
            ("<a@b> ENVID=a=b", Lenient, &[rule::PARAMETER_VALUE], "<a@b> ENVID=a=b"),
            ("<a@b> ENVID=a+3d", Lenient, &[rule::LOWER_CASE_HEX], "<a@b> ENVID=a+3d"),
            ("<a@b> AUTH=<a b>", Lenient, &[rule::NO_MAILBOX, rule::PARAMETER_FORM], "<a@b> AUTH=<a b>"),
            ("<a@b> FOO=", Lenient, &[rule::PARAMETER_FORM], "<a@b> FOO="),
            ("<a@b> FOO=A==", Lenient, &[rule::PARAMETER_FORM], "<a@b> FOO=A=="),
            ("<a@b> X_Y=1", Lenient, &[rule::PARAMETER_FORM], "<a@b> X_Y=1"),
            (
                "<a@b> HOLDUNTIL=2030-01-01T00:00:00+01:00",
                Lenient,
                &[rule::NOT_UTC],
                "<a@b> HOLDUNTIL=2030-01-01T00:00:00+01:00",
            ),
        ] {
            for tolerance in [Tolerance::Strict, Default, Lenient] {
                let Outcome { result, repairs } = outcome(Mail::rule, tolerance, line.as_bytes());
                if tolerance < least {
                    assert!(result.is_err(), "{line}");
                    continue;
                }
                let mail = result.unwrap();
                assert_eq!(mail.as_bytes(), written.as_bytes(), "{line}");
                assert_eq!(repairs, rules, "{line}");
                assert_eq!(Mail::tolerated(mail.as_bytes().to_vec()), Ok(mail));
            }
        }
    }

    #[test]
    fn what_is_kept_whole_says_why() {
        let kinds = |line: &str| -> Vec<_> {
            let mail = Mail::tolerated(line.as_bytes().to_vec()).unwrap();
            let kinds = |parameter: MailParameter<'_>| match parameter {
                MailParameter::Other(other) => (other.is_misplaced(), other.is_invalid()),
                typed => panic!("{typed:?}"),
            };
            let kinds: Vec<_> = mail.parameters().map(kinds).collect();
            assert_eq!(mail.has_unknown(), kinds.iter().any(|(_, invalid)| !invalid));
            assert_eq!(mail.has_invalid(), kinds.iter().any(|(_, invalid)| *invalid));
            assert_eq!(mail.keywords().count(), 0);
            kinds
        };
        let (misplaced, invalid, unknown) = ((true, false), (false, true), (false, false));
        assert_eq!(kinds("<a@b> NOTIFY=NEVER CONNEG SIZE=x"), [misplaced, misplaced, invalid]);
        assert_eq!(kinds("<a@b> FOO=BAR * SIZE. SIZES=1"), [unknown; 4]);
        // known ones are recognised on the wrong command by strict parsers too
        let parameters = parameters("<a@b> NOTIFY=x").unwrap();
        assert!(matches!(&parameters[..], [MailParameter::Other(other)] if other.is_misplaced()));
        // the first that is valid counts
        let mail =
            Mail::tolerated("<a@b> SIZE=x SIZE=1 SIZE=2 HOLDFOR=1 HOLDUNTIL=2030-01-01T00:00:00Z").unwrap();
        assert_eq!((mail.size(), mail.hold_for(), mail.hold_until()), (Some(1), Some(1), None));
        assert_eq!(mail.parameters().filter(|p| p.keyword().is_none()).count(), 3);
    }

    #[test]
    fn what_is_never_tolerated() {
        for line in [
            "<a@b> SIZE=99999999999999999999",
            "<a@b> SIZE=18446744073709551616",
            "<a@b>\rRCPT TO:<x@y>",
            "<a@b> FOO=\n",
            "<a@b> FOO\0",
            "<a@b> ENVID=a+0D+0A",
            "<a@b> ENVID=a=b+0d+0a",
            "<a@b> ENVID=+zz+00",
            "<a@b> FOO==+0A",
            "<a@b> BODY=\x07",
        ] {
            let outcome = outcome(Mail::rule, Tolerance::Lenient, line.as_bytes());
            assert!(outcome.result.is_err(), "{line}");
        }
    }

    #[test]
    fn values_cannot_inject() {
        let path = ReversePath::NULL;
        let new = |parameter| Mail::new(&path, [parameter]);
        for parameter in [
            MailParameter::HoldFor(0),
            MailParameter::HoldFor(1_000_000_000),
            MailParameter::MtPriority(10),
            MailParameter::MtPriority(-10),
            MailParameter::Auth(Some(xtext("alice"))),
            MailParameter::Auth(Some(xtext(""))),
            MailParameter::Submitter(xtext("<>")),
            MailParameter::Envid(xtext("")),
            MailParameter::Envid(Xtext::encode(&[b'x'; 101]).unwrap()),
            MailParameter::Envid(Xtext::encode("\u{e9}".as_bytes()).unwrap()),
            MailParameter::Mtrk(Mtrk::new("a", None).unwrap()),
        ] {
            assert!(new(parameter.clone()).is_err(), "{parameter:?}");
        }
        let twice = [MailParameter::Size(1), MailParameter::Size(1)];
        assert!(matches!(Mail::new(&path, twice), Err(Misuse::Invalid(why)) if why.contains("excludes")));
        // what a lenient parser kept whole is not sent on by a builder
        let lenient = Mail::tolerated("<a@b> SIZE=x").unwrap();
        assert!(Mail::new(&path, lenient.parameters()).is_err());
        for bad in ["<a@b> SIZE=1\r\nRCPT TO:<x@y>", "<a@b>\r\n", "<a@b> ", "<a@b> X=\0"] {
            assert!(Mail::parse(bad).is_err() && Mail::tolerated(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn relayed_values_go_out_as_they_came() {
        // not the shortest xtext
        let mail = Mail::parse("<a@b> ENVID=+41+2B AUTH=+61@b").unwrap();
        let again = Mail::new(&mail.reverse_path(), mail.parameters()).unwrap();
        assert_eq!(again.as_bytes(), mail.as_bytes());
        assert_eq!(again.envid().unwrap().decode(), &b"A+"[..]);
    }

    #[test]
    fn sizes_stay_small() {
        assert_eq!(size_of::<Mail>(), 56);
        assert!(size_of::<MailParameter<'_>>() <= 40);
    }

    proptest! {
        #[test]
        fn round_trip(mail in Mail::strategy()) {
            let frame = Bytes::copy_from_slice(mail.as_bytes());
            let parsed = Mail::parse(frame.clone());
            prop_assert_eq!(parsed.as_ref(), Ok(&mail));
            let parsed = parsed.unwrap();
            let again = Mail::new(&parsed.reverse_path(), parsed.parameters());
            prop_assert_eq!(again, Ok(mail.clone()));
            let mut output = Output::new();
            parsed.encode(&mut output);
            prop_assert_eq!(&output.take_all()[..], mail.as_bytes());
            let detached = parsed.detach();
            drop(parsed);
            prop_assert!(frame.is_unique());
            prop_assert_eq!(detached, mail);
        }

        #[test]
        fn parameters_come_out_as_they_went_in(parameters in proptest::collection::vec(MailParameter::strategy(), 0..4)) {
            if let Ok(mail) = Mail::new(&ReversePath::NULL, parameters.clone()) {
                prop_assert_eq!(mail.parameters().collect::<Vec<_>>(), parameters);
                let unmarked = Mail(mail.0.unmarked());
                prop_assert!(mail.parameters().eq(unmarked.parameters()));
                for keyword in MailKeyword::ALL {
                    prop_assert_eq!(mail.get(*keyword), unmarked.get(*keyword));
                }
            }
        }

        #[test]
        fn anything_accepted_is_kept(
            path in "<a@b>|<>|a@b|<\"> \"@b>|<a b>|",
            tail in "( | |  |\t|,|=|SIZE=1|SIZE|BODY=7BIT|SMTPUTF8|ENVID=|a\\+3[dD]|\\+0D|HOLDFOR=1|NOTIFY=NEVER|X|-|\u{e9}|\r|AUTH=<>){0,9}",
        ) {
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                let frame = Bytes::from(alloc::format!("{path}{tail}"));
                let cx = Context::new(&frame, tolerance);
                let Ok((rest, mail)) = Mail::rule(&cx, &frame) else { continue };
                let repaired = !cx.into_repairs().is_empty();
                prop_assert!(rest.iter().all(|octet| b" \t".contains(octet)));
                prop_assert_eq!(repaired || mail.as_bytes() == &frame[..frame.len() - rest.len()], true);
                prop_assert!(!mail.as_bytes().iter().any(|octet| b"\r\n\0\t".contains(octet)));
                prop_assert_eq!(Mail::tolerated(mail.as_bytes().to_vec()), Ok(mail.clone()));
                if !repaired {
                    prop_assert_eq!(Mail::parse(mail.as_bytes().to_vec()), Ok(mail.clone()));
                }
                let mut wire = mail.reverse_path().as_bytes().to_vec();
                let mut keywords = Vec::new();
                for parameter in mail.parameters() {
                    wire.push(b' ');
                    match &parameter {
                        MailParameter::Other(other) => {
                            wire.extend_from_slice(other.as_bytes());
                            let told = if other.is_invalid() { mail.has_invalid() } else { mail.has_unknown() };
                            prop_assert!(told);
                        }
                        typed => {
                            keywords.extend(typed.keyword());
                            prop_assert_eq!(mail.get(typed.keyword().unwrap()), Some(typed.clone()));
                            typed.encode(&mut wire).unwrap();
                        }
                    }
                }
                prop_assert_eq!(wire.to_ascii_lowercase(), mail.as_bytes().to_ascii_lowercase());
                keywords.sort_by_key(|keyword| MailKeyword::ALL.iter().position(|k| k == keyword));
                prop_assert_eq!(mail.keywords().collect::<Vec<_>>(), keywords);
            }
        }

        #[test]
        fn nothing_panics(octets: Vec<u8>, tail: Vec<u8>) {
            for line in [octets.clone(), [&b"<a@b> "[..], &octets].concat(), [&b"<a@b> ENVID="[..], &tail].concat()] {
                for tolerance in [Tolerance::Strict, Tolerance::Lenient] {
                    if let Ok(mail) = outcome(Mail::rule, tolerance, &line).result {
                        prop_assert!(mail.parameters().count() < 100);
                    }
                }
            }
        }
    }
}
