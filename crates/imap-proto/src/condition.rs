//! Statuses: OK, NO, BAD, PREAUTH and BYE (RFC 9051 section 7.1).

use crate::code::code_len;
use crate::core::syntax::{blanks, expected};
use crate::core::{Context, Encoder, class};
use crate::{Code, rule};
use ::core::fmt;
use alloc::vec::Vec;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Text, Tolerance};

macro_rules! kinds {
    ($($(#[$doc:meta])* $id:ident = $key:ident $name:literal,)*) => {
        /// The word that a [`Condition`] starts with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ConditionKind {
            $($(#[$doc])* $id,)*
        }

        $(const $key: u128 = key_of($name);)*

        impl ConditionKind {
            /// The words.
            pub const KEYWORDS: &'static [&'static str] = &[$($name),*];

            /// The word.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }

            /// By the [`key`](wire::keyword::key) of the word.
            #[inline(always)]
            pub(crate) const fn of_key(key: u128) -> Option<Self> {
                match key {
                    $($key => Some(Self::$id),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// A command succeeded; untagged, something is told.
    Ok = OK "OK",
    /// A command failed; untagged, a warning.
    No = NO "NO",
    /// A command was not understood; untagged, something is wrong.
    Bad = BAD "BAD",
    /// Only as a greeting: the client is authenticated already.
    PreAuth = PREAUTH "PREAUTH",
    /// The server is about to close the connection.
    Bye = BYE "BYE",
}

impl fmt::Display for ConditionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `resp-cond-state`, `resp-cond-auth` and `resp-cond-bye` (RFC 9051 section 7.1), tagged or not: a word, a code for the program if there is
/// one, text for people.
///
/// ```
/// use imap_proto::{Code, Condition, ConditionKind};
///
/// let done = Condition::new(ConditionKind::Ok, Some(Code::ReadWrite), "SELECT completed".try_into()?)?;
/// assert_eq!(done.code(), Some(&Code::ReadWrite));
/// assert!(Condition::new(ConditionKind::Ok, None, "[ALERT] not a code".try_into()?).is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    kind: ConditionKind,
    code: Option<Code>,
    text: Text,
}

impl Condition {
    /// From its parts. The text may be empty by RFC 9051, but not by RFC 3501.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: the text would pass for a code.
    pub fn new(kind: ConditionKind, code: Option<Code>, text: Text) -> Result<Self, Misuse> {
        check_text(code.as_ref(), &text)?;
        Ok(Self { kind, code, text })
    }

    /// Of words that do not pass for a code.
    #[cfg(feature = "server")]
    pub(crate) const fn known(kind: ConditionKind, code: Option<Code>, text: Text) -> Self {
        Self { kind, code, text }
    }

    /// The word.
    #[must_use]
    pub const fn kind(&self) -> ConditionKind {
        self.kind
    }

    /// Whether it is OK.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        matches!(self.kind, ConditionKind::Ok)
    }

    /// Whether it can end a command: OK, NO and BAD can.
    #[must_use]
    pub const fn may_be_tagged(&self) -> bool {
        matches!(self.kind, ConditionKind::Ok | ConditionKind::No | ConditionKind::Bad)
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        self.code.as_ref()
    }

    /// The text, for people.
    #[must_use]
    pub const fn text(&self) -> &Text {
        &self.text
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { kind: self.kind, code: self.code.as_ref().map(Code::detach), text: self.text.detach() }
    }

    /// Behind the word.
    ///
    /// ```text
    /// resp-cond-state = ("OK" / "NO" / "BAD") SP resp-text
    /// resp-cond-auth  = ("OK" / "PREAUTH") SP resp-text
    /// resp-cond-bye   = "BYE" SP resp-text
    /// ```
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8], kind: ConditionKind) -> Parsed<'i, Self> {
        let (rest, (code, text)) = resp_text(cx, i)?;
        Ok((rest, Self { kind, code, text }))
    }

    /// From the word on.
    pub(crate) fn with_kind<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (len, key) = wire::keyword::name(i);
        match ConditionKind::of_key(key) {
            Some(kind) => Self::rule(cx, &i[len..], kind),
            None => fail(i, expected::STATUS),
        }
    }

    /// From the `[` on, where the word is missing: it is taken for OK.
    #[cold]
    pub(crate) fn without_kind<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let Some((rest, code)) = i.strip_prefix(b"[").and_then(|i| Code::rule(cx, i)) else {
            return fail(i, expected::STATUS);
        };
        if !cx.tolerates(Tolerance::Default, rule::CODE_WITHOUT_STATUS, &i[..i.len() - rest.len()]) {
            return fail(i, expected::STATUS);
        }
        let (rest, text) = behind_code(cx, rest)?;
        Ok((rest, Self { kind: ConditionKind::Ok, code: Some(code), text }))
    }

    /// Writes what stands behind the word.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encode_resp_text(self.code.as_ref(), &self.text, encoder);
    }

    /// Writes it from the word on.
    pub(crate) fn encode_with_kind(&self, encoder: &mut Encoder<'_>) {
        encoder.put(self.kind.name().as_bytes());
        self.encode(encoder);
    }

    /// Any status, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let kind = proptest::sample::select(alloc::vec![
            ConditionKind::Ok,
            ConditionKind::No,
            ConditionKind::Bad,
            ConditionKind::PreAuth,
            ConditionKind::Bye,
        ]);
        (kind, resp_text_strategy()).prop_map(|(kind, (code, text))| Self { kind, code, text })
    }
}

/// Whether text does not pass for a code.
pub(crate) fn check_text(code: Option<&Code>, text: &Text) -> Result<(), Misuse> {
    let octets = text.as_bytes();
    match octets[blanks(octets)..].strip_prefix(b"[") {
        Some(i)
            if code.is_none()
                && (code_len(i).is_some() || memchr::memchr(b']', i).is_some_and(|len| len > 0)) =>
        {
            Err(Misuse::Invalid("text without a code"))
        }
        _ => Ok(()),
    }
}

/// `SP resp-text`
///
/// ```text
/// resp-text       = ["[" resp-text-code "]" SP] [text]
/// text            = 1*(TEXT-CHAR / UTF8-2 / UTF8-3 / UTF8-4)
/// ```
#[inline(always)]
pub(crate) fn resp_text<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, (Option<Code>, Text)> {
    match i {
        [b' ', b'[', behind @ ..] => code_and_text(cx, &i[1..], behind),
        [b' ', next, ..] if *next > b' ' => text(cx, &i[1..]).map(|(rest, text)| (rest, (None, text))),
        _ => odd_resp_text(cx, i),
    }
}

#[inline]
fn code_and_text<'i>(cx: &Context<'_>, i: &'i [u8], behind: &'i [u8]) -> Parsed<'i, (Option<Code>, Text)> {
    match Code::rule(cx, behind) {
        Some((rest, code)) => {
            let (rest, text) = behind_code(cx, rest)?;
            Ok((rest, (Some(code), text)))
        }
        None if is_broken(cx, i) => mended(cx, i),
        None => text(cx, i).map(|(rest, text)| (rest, (None, text))),
    }
}

/// Whether octets are among it that no text has, and that count as spaces.
#[cold]
fn is_broken(cx: &Context<'_>, i: &[u8]) -> bool {
    cx.tolerance() > Tolerance::Strict && !class::TEXT.all(i)
}

/// The same, with spaces for the octets that no text has: what it is does not depend on who has replaced them.
#[cold]
fn mended<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, (Option<Code>, Text)> {
    if !cx.tolerates(Tolerance::Default, rule::TEXT_OCTET, i) {
        return text(cx, i).map(|(rest, text)| (rest, (None, text)));
    }
    let octets: Vec<u8> = i.iter().map(|&o| if class::TEXT.has(o) { o } else { b' ' }).collect();
    cx.stands_for(&octets, i);
    let parsed = match octets.split_first() {
        Some((b'[', behind)) => code_and_text(cx, &octets, behind),
        _ => odd_resp_text(cx, &octets),
    };
    cx.stands_for(&[], i);
    // all that follows was read, so that the rest is empty
    parsed.map(|(_, parsed)| (&i[i.len()..], parsed))
}

/// The same, where something is not as it should be.
#[cold]
fn odd_resp_text<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, (Option<Code>, Text)> {
    if is_broken(cx, i)
        && i.iter().find(|&&o| !matches!(o, b' ' | b'\t')).is_some_and(|&o| !class::TEXT.has(o))
    {
        return mended(cx, i);
    }
    let len = blanks(i);
    let behind = &i[len..];
    let (least, remark, raw) = match (len, behind) {
        (0, []) => (Tolerance::Default, rule::MISSING_TEXT, i),
        (0, [b'[', ..]) => (Tolerance::Default, rule::MISSING_SPACE, &i[..0]),
        (1.., [b'[', ..]) => (Tolerance::Default, rule::EXTRA_SPACE, &i[..len]),
        // text that is empty, or starts with a blank
        _ if i.starts_with(b" ") => return text(cx, &i[1..]).map(|(rest, text)| (rest, (None, text))),
        (1.., _) => (Tolerance::Default, rule::EXTRA_SPACE, &i[..len]),
        (0, _) => return fail(i, wire::parse::expected::SP),
    };
    if !cx.tolerates(least, remark, raw) {
        // to the strict, text may start with a space
        return match i.strip_prefix(b" ") {
            Some(i) => text(cx, i).map(|(rest, text)| (rest, (None, text))),
            None => fail(i, wire::parse::expected::SP),
        };
    }
    match behind {
        [b'[', inside @ ..] => code_and_text(cx, behind, inside),
        _ => text(cx, behind).map(|(rest, text)| (rest, (None, text))),
    }
}

/// `SP [text]`, behind a code.
#[inline(always)]
fn behind_code<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Text> {
    match i {
        [b' ', i @ ..] => text(cx, i),
        [] if cx.tolerates(Tolerance::Default, rule::MISSING_TEXT, i) => Ok((i, Text::EMPTY)),
        [_, ..] if cx.tolerates(Tolerance::Default, rule::MISSING_SPACE, &i[..0]) => text(cx, i),
        _ => fail(i, wire::parse::expected::SP),
    }
}

/// All that is left, as text.
#[inline]
pub(crate) fn text<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Text> {
    match Text::plain(cx.keep(i)) {
        Some(text) => Ok((&i[i.len()..], text)),
        None => odd_text(cx, i),
    }
}

#[cold]
fn odd_text<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Text> {
    let (text, repaired) = Text::repaired(cx.keep(i));
    if repaired || !i.is_ascii() {
        check_odd_text(cx, i, repaired)?;
    }
    Ok((&i[i.len()..], text))
}

#[cold]
fn check_odd_text(cx: &Context<'_>, i: &[u8], repaired: bool) -> Result<(), nom::Err<Failure>> {
    let illegal = |at: usize| Err(Failure::at(&i[at..], expected::TEXT, ParseErrorKind::IllegalOctet));
    if repaired && !cx.tolerates(Tolerance::Default, rule::TEXT_OCTET, i) {
        return illegal(i.iter().position(|o| matches!(o, b'\r' | b'\n' | 0)).unwrap_or(0));
    }
    // RFC 9051 allows UTF-8
    match ::core::str::from_utf8(i) {
        Err(error) if !cx.tolerates(Tolerance::Default, rule::EIGHT_BIT, i) => illegal(error.valid_up_to()),
        _ => Ok(()),
    }
}

/// Writes ` [code] text`: always with the spaces, which not every reader can do without.
pub(crate) fn encode_resp_text(code: Option<&Code>, text: &Text, encoder: &mut Encoder<'_>) {
    encoder.sp();
    if let Some(code) = code {
        encoder.put(b"[");
        code.encode(encoder);
        encoder.put(b"] ");
    }
    encoder.put(text.as_bytes());
}

/// A code, and text in UTF-8 that is none, for property tests.
#[cfg(any(test, feature = "proptest"))]
pub(crate) fn resp_text_strategy() -> impl proptest::strategy::Strategy<Value = (Option<Code>, Text)> {
    use proptest::prelude::*;
    let text = Text::strategy().prop_filter("UTF-8", |text| ::core::str::from_utf8(text.as_bytes()).is_ok());
    (proptest::option::of(Code::strategy()), text)
        .prop_filter("code", |(code, text)| check_text(code.as_ref(), text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, encoded, round_trip};
    use alloc::boxed::Box;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn condition(kind: ConditionKind, code: Option<Code>, text: &'static [u8]) -> Condition {
        Condition { kind, code, text: Text::new(text).unwrap() }
    }

    fn ok(code: Option<Code>, text: &'static [u8]) -> Condition {
        condition(ConditionKind::Ok, code, text)
    }

    /// What is mended is a copy, and has its place all the same.
    #[test]
    fn remarks_on_mended_text_have_their_places() {
        let frame = Bytes::from_static(b"* OK [CAPABILITY X\xfc\0 Y] z\r\n");
        let cx = Context::new(&frame, Tolerance::Default).at(100);
        crate::Response::parse_in(&cx).unwrap();
        let repairs = cx.into_repairs();
        let places: Vec<_> = repairs.iter().map(|remark| (remark.rule, remark.stream_offset)).collect();
        let expected = [
            (rule::TEXT_OCTET, 105),
            (rule::ATOM_OCTET, 117),
            (rule::EXTRA_SPACE, 119),
            (rule::MISSING_ITEM, 116),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn statuses() {
        let good: [(&'static [u8], Condition); 12] = [
            (b"OK LOGIN completed", ok(None, b"LOGIN completed")),
            (b"OK [READ-WRITE] SELECT completed", ok(Some(Code::ReadWrite), b"SELECT completed")),
            (
                b"NO [TRYCREATE] No such mailbox",
                condition(ConditionKind::No, Some(Code::TryCreate), b"No such mailbox"),
            ),
            (b"BAD \xc3\xa9", condition(ConditionKind::Bad, None, "\u{e9}".as_bytes())),
            (b"PREAUTH IMAP4rev2 server", condition(ConditionKind::PreAuth, None, b"IMAP4rev2 server")),
            (b"BYE [ALERT] x", condition(ConditionKind::Bye, Some(Code::Alert), b"x")),
            (b"OK [X] [ALERT] x", ok(Some(other(b"X")), b"[ALERT] x")),
            // RFC 9051: text can be left out
            (b"OK ", ok(None, b"")),
            (b"OK [ALERT] ", ok(Some(Code::Alert), b"")),
            (b"OK {3}", ok(None, b"{3}")),
            // a bracket is not always a code
            (b"OK [ALERT", ok(None, b"[ALERT")),
            (b"OK [] x", ok(None, b"[] x")),
        ];
        for (octets, condition) in &good {
            assert_eq!(encoded(condition, Condition::encode_with_kind), *octets);
        }
        // all that follows is text, so that `Row::Good` does not fit
        let good = good.map(|(octets, condition)| Row::Other(octets, condition));
        check(Condition::with_kind, Condition::encode_with_kind, &good);
        let uid_next = || Some(Code::UidNext(::core::num::NonZeroU32::new(2)));
        let x = crate::OtherCode::new(&crate::Atom::new("X").unwrap(), Some(b"y z")).unwrap();
        check(
            Condition::with_kind,
            Condition::encode_with_kind,
            &[
                Row::Other(b"ok x", ok(None, b"x")),
                // quirks 2, 4, 5 and their kinds
                Row::Tolerated(b"OK", 2, ok(None, b"")),
                Row::Tolerated(b"OK [ALERT]", 10, ok(Some(Code::Alert), b"")),
                Row::Tolerated(b"OK [ALERT]x", 11, ok(Some(Code::Alert), b"x")),
                Row::Tolerated(b"OK[ALERT] x", 11, ok(Some(Code::Alert), b"x")),
                Row::Tolerated(b"OK\t[ALERT] x", 12, ok(Some(Code::Alert), b"x")),
                Row::Tolerated(b"OK\tx", 4, ok(None, b"x")),
                Row::Tolerated(b"NO caf\xe9", 7, condition(ConditionKind::No, None, b"caf\xe9")),
                Row::Tolerated(
                    b"NO [ALERT] caf\xe9",
                    15,
                    condition(ConditionKind::No, Some(Code::Alert), b"caf\xe9"),
                ),
                Row::Tolerated(b"OK a\0b\rc", 8, ok(None, b"a b c")),
                // where they stand for spaces, a code is what it is with spaces
                Row::Tolerated(b"OK [UIDNEXT\r2] x", 16, ok(uid_next(), b"x")),
                Row::Tolerated(b"OK [UIDNEXT 2\0] x", 17, ok(uid_next(), b"x")),
                Row::Tolerated(b"OK [X y\0z] x", 12, ok(Some(Code::Other(Box::new(x))), b"x")),
                Row::Tolerated(b"OK \0[ALERT] \0x", 14, ok(Some(Code::Alert), b" x")),
                Row::Tolerated(b"OK\0\r[ALERT] x", 13, ok(Some(Code::Alert), b"x")),
                Row::Tolerated(b"OK \0x", 5, ok(None, b" x")),
                Row::Tolerated(b"OK [X \"a] b\"\0c", 14, ok(None, b"[X \"a] b\" c")),
                Row::Tolerated(b"OK [\0", 5, ok(None, b"[ ")),
                Row::Bad(b"OKAY x", 0),
                Row::Bad(b"OK(x", 2),
                Row::Bad(b"", 0),
            ],
        );
    }

    fn other(content: &'static [u8]) -> Code {
        let name = crate::Atom::new(content).unwrap();
        Code::Other(Box::new(crate::OtherCode::new(&name, None).unwrap()))
    }

    #[test]
    fn blanks_before_a_code() {
        let frame = Bytes::from_static(b"OK  [ALERT] x");
        let cx = Context::new(&frame, Tolerance::Default);
        assert_eq!(Condition::with_kind(&cx, &frame).unwrap().1, ok(Some(Code::Alert), b"x"));
        assert_eq!(cx.into_repairs()[0].rule, rule::EXTRA_SPACE);
        // which is text by the RFC
        let cx = Context::new(&frame, Tolerance::Strict);
        assert_eq!(Condition::with_kind(&cx, &frame).unwrap().1, ok(None, b" [ALERT] x"));
    }

    #[test]
    fn codes_without_a_word() {
        // quirk 12
        let frame = Bytes::from_static(b"[COPYUID 1 2 3] x");
        let cx = Context::new(&frame, Tolerance::Default);
        let (_, condition) = Condition::without_kind(&cx, &frame).unwrap();
        assert_eq!(encoded(&condition, Condition::encode_with_kind), &b"OK [COPYUID 1 2 3] x"[..]);
        assert_eq!(cx.into_repairs()[0].rule, rule::CODE_WITHOUT_STATUS);
        assert!(Condition::without_kind(&Context::new(&frame, Tolerance::Strict), &frame).is_err());
        let frame = Bytes::from_static(b"x");
        assert!(Condition::without_kind(&Context::new(&frame, Tolerance::Lenient), &frame).is_err());
    }

    #[test]
    fn text_is_no_code() {
        let new =
            |code, text: &'static str| Condition::new(ConditionKind::Ok, code, Text::new(text).unwrap());
        for bad in ["[ALERT] x", "[X]", " [X] ", "\t[x y]", "[a \"b]"] {
            assert!(new(None, bad).is_err(), "{bad}");
            assert!(new(Some(Code::Alert), bad).is_ok());
        }
        for good in ["", "[", "[]", "a [ALERT]", "[ALERT"] {
            assert!(new(None, good).is_ok(), "{good}");
        }
        assert!(size_of::<Condition>() <= 64);
    }

    proptest! {
        #[test]
        fn statuses_round_trip(condition in Condition::strategy()) {
            round_trip(&condition, Condition::with_kind, Condition::encode_with_kind);
            prop_assert_eq!(condition.detach(), condition);
        }

        #[test]
        fn any_line_is_a_status(text in "[ -~]{0,20}", code in "(\\[[A-Z \"]{0,9}\\]?)?") {
            let frame = Bytes::from(alloc::format!("OK {code}{text}"));
            for tolerance in [Tolerance::Default, Tolerance::Lenient] {
                let (rest, condition) = Condition::with_kind(&Context::new(&frame, tolerance), &frame).unwrap();
                prop_assert!(rest.is_empty());
                let again = encoded(&condition, Condition::encode_with_kind);
                prop_assert_eq!(Condition::with_kind(&Context::new(&again, tolerance), &again).unwrap().1, condition);
            }
        }
    }
}
