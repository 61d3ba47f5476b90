//! The table of responses.

use crate::core::syntax::{self, Error, expected, sp};
use crate::core::{Atom, Context, Encoder, Flags, Options, Raw, Tag, class};
use crate::rule;
use crate::{
    Acl, Capabilities, Comparator, Condition, ConditionKind, Continue, Conversion, Converted, Enabled,
    Esearch, Fetch, GenUrlAuth, Id, JmapAccess, Language, List, ListRights, MailboxStatus, Metadata,
    MyRights, Namespace, Quota, QuotaRoot, Search, Side, Sort, Thread, UidBatches, UrlFetch, Vanished,
};
use alloc::boxed::Box;
use bytes::Bytes;
use core::num::NonZeroU32;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, Output, ParseError, ParseErrorKind, Tolerance};

/// The table of untagged responses. `some` have a small value, the others' is boxed; each type has all that stands behind the keyword.
macro_rules! responses {
    (
        some { $($(#[$some_doc:meta])* $some:ident($some_type:ty) = $some_text:literal;)* }
        boxed { $($(#[$boxed_doc:meta])* $boxed:ident($boxed_type:ty) = $boxed_text:literal;)* }
    ) => {
        /// A response (RFC 9051 section 7, RFC 3501 section 7, and those of the extensions).
        ///
        /// ```
        /// use imap_proto::{Options, Response};
        ///
        /// let frame = "* 23 EXISTS\r\n".into();
        /// let response = Response::parse(&frame)?;
        /// assert_eq!(response, Response::Exists(23));
        /// assert_eq!(response.to_bytes(&Options::server()), frame);
        /// # Ok::<(), wire::ParseError>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Response {
            /// The end of a command.
            Tagged(Box<Tagged>),
            /// `* OK`, `NO`, `BAD`, `PREAUTH` or `BYE`: about the connection, or the command that runs.
            Condition(Box<Condition>),
            /// `+`: the client may go on.
            Continue(Box<Continue>),
            /// How many messages the mailbox has.
            Exists(u32),
            /// How many of them are recent; of RFC 3501.
            Recent(u32),
            /// Data of a message: its sequence number first.
            Fetch(Box<Fetch>),
            /// The same with the UID first (RFC 9586).
            UidFetch(Box<Fetch>),
            /// Converted data of a message (RFC 5259).
            Converted(Box<Converted>),
            /// A message is gone: its sequence number.
            Expunge(NonZeroU32),
            $($(#[$some_doc])* $some($some_type),)*
            $($(#[$boxed_doc])* $boxed(Box<$boxed_type>),)*
            /// A response that this crate does not know, as it came.
            Other(Box<OtherResponse>),
        }

        impl Response {
            /// The keywords of all untagged responses, for tables and dictionaries.
            pub const KEYWORDS: &'static [&'static str] = &[
                "OK", "NO", "BAD", "PREAUTH", "BYE", "EXISTS", "RECENT", "EXPUNGE", "FETCH", "UIDFETCH", "CONVERTED",
                $($some_text,)* $($boxed_text,)*
            ];

            /// What follows a keyword; `None` if the keyword is not known.
            fn content<'i>(cx: &Context<'_>, key: u128, i: &'i [u8]) -> Option<Parsed<'i, Self>> {
                #[allow(non_upper_case_globals, reason = "named after the variants")]
                mod keys {
                    use super::key_of;
                    $(pub(super) const $some: u128 = key_of($some_text);)*
                    $(pub(super) const $boxed: u128 = key_of($boxed_text);)*
                }
                Some(match key {
                    $(keys::$some => <$some_type>::rule(cx, i).map(|(rest, value)| (rest, Self::$some(value))),)*
                    $(keys::$boxed => <$boxed_type>::rule(cx, i).map(|(rest, value)| (rest, Self::$boxed(Box::new(value)))),)*
                    _ => return None,
                })
            }

            /// Writes it, with its line end.
            pub fn encode(&self, encoder: &mut Encoder<'_>) {
                let number = |encoder: &mut Encoder<'_>, number: u32, keyword: &[u8]| {
                    encoder.put(b"* ");
                    encoder.number(u64::from(number));
                    encoder.put(keyword);
                };
                match self {
                    Self::Tagged(tagged) => {
                        tagged.tag.encode(encoder);
                        encoder.sp();
                        tagged.condition.encode_with_kind(encoder);
                    }
                    Self::Condition(condition) => {
                        encoder.put(b"* ");
                        condition.encode_with_kind(encoder);
                    }
                    Self::Continue(request) => {
                        encoder.put(b"+");
                        request.encode(encoder);
                    }
                    Self::Exists(n) => number(encoder, *n, b" EXISTS"),
                    Self::Recent(n) => number(encoder, *n, b" RECENT"),
                    Self::Expunge(n) => number(encoder, n.get(), b" EXPUNGE"),
                    Self::Fetch(fetch) => {
                        number(encoder, fetch.number.get(), b" FETCH");
                        fetch.encode(encoder);
                    }
                    Self::UidFetch(fetch) => {
                        number(encoder, fetch.number.get(), b" UIDFETCH");
                        fetch.encode(encoder);
                    }
                    Self::Converted(converted) => {
                        number(encoder, converted.number.get(), b" CONVERTED");
                        converted.encode(encoder);
                    }
                    $(Self::$some(value) => {
                        encoder.put(concat!("* ", $some_text).as_bytes());
                        value.encode(encoder);
                    })*
                    $(Self::$boxed(value) => {
                        encoder.put(concat!("* ", $boxed_text).as_bytes());
                        value.encode(encoder);
                    })*
                    Self::Other(other) => other.encode(encoder),
                }
                encoder.put(b"\r\n");
            }
        }
    };
}

/// `FLAGS`: the flags of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxFlags(pub Flags);

impl MailboxFlags {
    /// `"FLAGS" SP flag-list`
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = sp(cx, i)?;
        Flags::rule(cx, i).map(|(rest, flags)| (rest, Self(flags)))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.0.encode(encoder);
    }
}

responses! {
    some {
        /// CAPABILITY
        Capability(Capabilities) = "CAPABILITY";
        /// FLAGS
        Flags(MailboxFlags) = "FLAGS";
    }
    boxed {
        /// LIST
        List(List) = "LIST";
        /// LSUB, of RFC 3501
        Lsub(List) = "LSUB";
        /// XLIST, which Gmail had before SPECIAL-USE
        Xlist(List) = "XLIST";
        /// STATUS
        Status(MailboxStatus) = "STATUS";
        /// SEARCH
        Search(Search) = "SEARCH";
        /// SORT (RFC 5256)
        Sort(Sort) = "SORT";
        /// ENABLED (RFC 5161)
        Enabled(Enabled) = "ENABLED";
        /// ID (RFC 2971)
        Id(Id) = "ID";
        /// NAMESPACE (RFC 2342)
        Namespace(Namespace) = "NAMESPACE";
        /// THREAD (RFC 5256)
        Thread(Thread) = "THREAD";
        /// ESEARCH (RFC 4731)
        Esearch(Esearch) = "ESEARCH";
        /// VANISHED (RFC 7162)
        Vanished(Vanished) = "VANISHED";
        /// UIDBATCHES (RFC 10022)
        UidBatches(UidBatches) = "UIDBATCHES";
        /// ACL (RFC 4314)
        Acl(Acl) = "ACL";
        /// LISTRIGHTS (RFC 4314)
        ListRights(ListRights) = "LISTRIGHTS";
        /// MYRIGHTS (RFC 4314)
        MyRights(MyRights) = "MYRIGHTS";
        /// QUOTA (RFC 9208)
        Quota(Quota) = "QUOTA";
        /// QUOTAROOT (RFC 9208)
        QuotaRoot(QuotaRoot) = "QUOTAROOT";
        /// LANGUAGE (RFC 5255)
        Language(Language) = "LANGUAGE";
        /// COMPARATOR (RFC 5255)
        Comparator(Comparator) = "COMPARATOR";
        /// CONVERSION (RFC 5259)
        Conversion(Conversion) = "CONVERSION";
        /// GENURLAUTH (RFC 4467)
        GenUrlAuth(GenUrlAuth) = "GENURLAUTH";
        /// URLFETCH (RFC 4467)
        UrlFetch(UrlFetch) = "URLFETCH";
        /// JMAPACCESS (RFC 9698)
        JmapAccess(JmapAccess) = "JMAPACCESS";
        /// METADATA (RFC 5464)
        Metadata(Metadata) = "METADATA";
    }
}

/// The end of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The tag of the command.
    pub tag: Tag,
    /// OK, NO or BAD.
    pub condition: Condition,
}

/// A response that this crate does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherResponse {
    /// Of data that some servers send behind the tag of a command.
    tag: Option<Tag>,
    number: Option<u32>,
    name: Atom,
    raw: Raw,
}

impl OtherResponse {
    /// From its name and what follows behind a space.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: the name is that of a response that this crate knows, or begins with a digit.
    pub fn new(number: Option<u32>, name: Atom, raw: Raw) -> Result<Self, Misuse> {
        let octets = name.as_bytes();
        if Response::is_known(octets) || octets.first().is_some_and(|&o| o.is_ascii_digit() || o == b'[') {
            return Err(Misuse::Invalid("name of an unknown response"));
        }
        Ok(Self { tag: None, number, name, raw })
    }

    /// The tag of the command that it answers, if it stood in place of the `*`.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The number before its name.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.number
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Atom {
        &self.name
    }

    /// What follows it.
    #[must_use]
    pub fn raw(&self) -> &Raw {
        &self.raw
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match &self.tag {
            Some(tag) => {
                tag.encode(encoder);
                encoder.sp();
            }
            None => encoder.put(b"* "),
        }
        if let Some(number) = self.number {
            encoder.number(u64::from(number));
            encoder.sp();
        }
        self.name.encode(encoder);
        self.raw.encode_behind_space(encoder);
    }
}

impl Response {
    /// Parses a complete response by the rules of the RFCs.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        Self::parse_in(&Context::new(frame, Tolerance::Strict))
    }

    /// The same as far as the tolerance of the context goes; the context collects what was repaired.
    ///
    /// # Errors
    /// What is wrong, and where.
    #[inline]
    pub fn parse_in(cx: &Context<'_>) -> Result<Self, ParseError> {
        Self::rule(cx).map_err(|error| cx.error(error, expected::name))
    }

    /// The octets as they go over the wire.
    #[must_use]
    pub fn to_bytes(&self, options: &Options) -> Bytes {
        let mut output = Output::new();
        self.encode(&mut Encoder::new(&mut output, options.clone()));
        output.take_all()
    }

    /// The tag of a response that cannot be parsed, as far as one can be told: its command is at an end, whatever the server said.
    #[must_use]
    pub fn tag_of(frame: &Bytes) -> Option<Tag> {
        // `*` and `+` are none
        crate::TaggedCommand::tag_of(frame)
    }

    /// ```text
    /// response        = *(continue-req / response-data) response-done
    /// response-data   = "*" SP (resp-cond-state / resp-cond-bye / mailbox-data / message-data / capability-data / enable-data) CRLF
    /// response-tagged = tag SP resp-cond-state CRLF
    /// message-data    = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))
    /// ```
    #[inline]
    fn rule(cx: &Context<'_>) -> Result<Self, Error> {
        let line = syntax::message(cx, Side::Server)?;
        let (rest, response) = match line {
            [b'*', b' ', b'0'..=b'9', ..] => Self::numbered(cx, &line[2..])?,
            [b'*', b' ', next, ..] if !matches!(next, b' ' | b'\t') => Self::untagged(cx, &line[2..])?,
            // more blanks, or none
            [b'*', ..] => {
                let (i, ()) = sp(cx, &line[1..])?;
                if i.first().is_some_and(u8::is_ascii_digit) {
                    Self::numbered(cx, i)?
                } else {
                    Self::untagged(cx, i)?
                }
            }
            [b'+', ..] => {
                let (rest, request) = Continue::rule(cx, &line[1..])?;
                (rest, Self::Continue(Box::new(request)))
            }
            _ => Self::tagged(cx, line)?,
        };
        syntax::end(cx, rest)?;
        Ok(response)
    }

    fn tagged<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, tag) = syntax::run1(i, class::TAG, expected::RESPONSE)?;
        let (rest, ()) = sp(cx, rest)?;
        let (behind, condition) = match Condition::with_kind(cx, rest) {
            Ok(parsed) => parsed,
            Err(error) => return Self::tagged_data(cx, i, tag, rest).ok_or(error),
        };
        if matches!(condition.kind(), ConditionKind::PreAuth | ConditionKind::Bye) {
            return fail(rest, expected::STATUS);
        }
        let rest = behind;
        Ok((rest, Self::Tagged(Box::new(Tagged { tag: Tag::known(cx.keep(tag)), condition }))))
    }

    /// Data behind a tag, such as Cyrus's `a1 DUMP (...)`; from Default. It is in parentheses: anything else is a status that is none, and
    /// must not pass for data, since the command would never end.
    #[cold]
    fn tagged_data<'i>(
        cx: &Context<'_>,
        i: &'i [u8],
        tag: &[u8],
        rest: &'i [u8],
    ) -> Option<(&'i [u8], Self)> {
        let (behind, name) = syntax::run1(rest, class::ATOM, expected::STATUS).ok()?;
        let (behind, raw) = Raw::behind_space(cx, behind).ok()?;
        // framing takes what begins with a bracket for a status without its word
        if !raw.as_bytes().starts_with(b"(")
            || Self::is_known(name)
            || name.starts_with(b"[")
            || !cx.tolerates(Tolerance::Default, rule::TAGGED_DATA, &i[..i.len() - rest.len()])
        {
            return None;
        }
        let (tag, name) = (Some(Tag::known(cx.keep(tag))), Atom::known(cx.keep(name)));
        Some((behind, Self::Other(Box::new(OtherResponse { tag, number: None, name, raw }))))
    }

    #[inline]
    fn numbered<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const EXISTS: u128 = key_of("EXISTS");
        const RECENT: u128 = key_of("RECENT");
        const EXPUNGE: u128 = key_of("EXPUNGE");
        let (rest, number) = syntax::number32(cx, i)?;
        const FETCH: u128 = key_of("FETCH");
        const UIDFETCH: u128 = key_of("UIDFETCH");
        const CONVERTED: u128 = key_of("CONVERTED");
        let number_of = |number| {
            let range = || Failure::at(i, expected::NZ_NUMBER, ParseErrorKind::Range);
            NonZeroU32::new(number).ok_or_else(range)
        };
        if let Some(behind) = rest.strip_prefix(b" FETCH") {
            if behind.first() == Some(&b' ') {
                let (rest, fetch) = Fetch::rule(cx, behind, number_of(number)?)?;
                return Ok((rest, Self::Fetch(Box::new(fetch))));
            }
        }
        let (rest, ()) = sp(cx, rest)?;
        let (behind, (key, name)) = syntax::word(rest, class::ATOM, expected::RESPONSE)?;
        match key {
            FETCH => {
                let (rest, fetch) = Fetch::rule(cx, behind, number_of(number)?)?;
                Ok((rest, Self::Fetch(Box::new(fetch))))
            }
            UIDFETCH => {
                let (rest, fetch) = Fetch::rule(cx, behind, number_of(number)?)?;
                Ok((rest, Self::UidFetch(Box::new(fetch))))
            }
            CONVERTED => {
                let (rest, converted) = Converted::rule(cx, behind, number_of(number)?)?;
                Ok((rest, Self::Converted(Box::new(converted))))
            }
            EXISTS => Ok((behind, Self::Exists(number))),
            RECENT => Ok((behind, Self::Recent(number))),
            EXPUNGE => Ok((behind, Self::Expunge(number_of(number)?))),
            _ => Self::other(cx, Some(number), name, behind),
        }
    }

    #[inline(always)]
    fn untagged<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const LIST: u128 = key_of("LIST");
        if i.first() == Some(&b'[') {
            let (rest, condition) = Condition::without_kind(cx, i)?;
            return Ok((rest, Self::Condition(Box::new(condition))));
        }
        let (behind, (key, name)) = syntax::word(i, class::ATOM, expected::RESPONSE)?;
        if key == LIST {
            // a shorter way than that of the table, for what comes in thousands
            let (rest, list) = List::rule(cx, behind)?;
            return Ok((rest, Self::List(Box::new(list))));
        }
        if let Some(kind) = ConditionKind::of_key(key) {
            let (rest, condition) = Condition::rule(cx, behind, kind)?;
            return Ok((rest, Self::Condition(Box::new(condition))));
        }
        match Self::content(cx, key, behind) {
            Some(parsed) => parsed,
            None => Self::other(cx, None, name, behind),
        }
    }

    fn is_known(name: &[u8]) -> bool {
        Self::KEYWORDS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// What is not known; or a known name with a number that it has not, or without one that it has.
    #[cold]
    fn other<'i>(cx: &Context<'_>, number: Option<u32>, name: &'i [u8], i: &'i [u8]) -> Parsed<'i, Self> {
        if Self::is_known(name) && !cx.tolerates(Tolerance::Default, rule::RESPONSE_FORM, name) {
            return fail(i, expected::RESPONSE);
        }
        let (rest, raw) = Raw::behind_space(cx, i)?;
        let name = Atom::known(cx.keep(name));
        Ok((rest, Self::Other(Box::new(OtherResponse { tag: None, number, name, raw }))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule;

    #[test]
    fn blanks_behind_the_star() {
        for (octets, least) in [
            (&b"* 1 EXISTS\r\n"[..], Tolerance::Strict),
            (b"*  1 EXISTS\r\n", Tolerance::Default),
            (b"*\t1 EXISTS\r\n", Tolerance::Default),
            (b"* OK x\r\n", Tolerance::Strict),
            (b"* \tOK x\r\n", Tolerance::Default),
            (b"*  OK x\r\n", Tolerance::Default),
        ] {
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                let frame = Bytes::from_static(octets);
                let cx = Context::new(&frame, tolerance);
                assert_eq!(Response::parse_in(&cx).is_ok(), tolerance >= least, "{}", octets.escape_ascii());
                assert_eq!(
                    cx.into_repairs().len(),
                    usize::from(tolerance >= least && least > Tolerance::Strict)
                );
            }
        }
        for bad in [&b"*\r\n"[..], b"* \r\n", b"*1 EXISTS\r\n"] {
            let frame = Bytes::from_static(bad);
            assert!(Response::parse(&frame).is_err(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn data_behind_a_tag() {
        let frame = Bytes::from_static(b"a1 DUMP (x {1}\r\ny)\r\n");
        let response = Response::parse_in(&Context::new(&frame, Tolerance::Default)).unwrap();
        assert_eq!(response.to_bytes(&Options::server()), frame);
        assert!(Response::parse(&frame).is_err());
        // to framing it is a status, whose text has no literals
        let frame = Bytes::from_static(b"a1  [DUMP (x {1}\r\ny)\r\n");
        assert!(Response::parse_in(&Context::new(&frame, Tolerance::Lenient)).is_err());
    }

    #[test]
    fn known_names_in_another_form() {
        for octets in [
            "* EXISTS 93\r\n",
            "* FETCH 1 (UID 2)\r\n",
            "* 5 LIST () \"/\" x\r\n",
            "* 5 OK x\r\n",
            "* EXPUNGE\r\n",
        ] {
            let frame = Bytes::from_static(octets.as_bytes());
            assert!(Response::parse(&frame).is_err(), "{octets}");
            let cx = Context::new(&frame, Tolerance::Default);
            let response = Response::parse_in(&cx).unwrap();
            assert!(matches!(response, Response::Other(_)), "{response:?}");
            assert_eq!(response.to_bytes(&Options::server()), frame);
            let repairs = cx.into_repairs();
            assert_eq!(
                repairs.iter().map(|repair| repair.rule).collect::<alloc::vec::Vec<_>>(),
                [rule::RESPONSE_FORM]
            );
        }
    }

    #[test]
    fn a_command_ends_with_a_status_or_an_error() {
        for octets in [
            "a1 BYE x\r\n",
            "a1 PREAUTH x\r\n",
            "a1 STORE completed\r\n",
            "a1 OKAY\r\n",
            "a1 ERROR [ALERT] x (y)\r\n",
            "a1 EXISTS (x)\r\n",
            "a1\r\n",
        ] {
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                let frame = Bytes::from_static(octets.as_bytes());
                let parsed = Response::parse_in(&Context::new(&frame, tolerance));
                assert!(parsed.is_err(), "{parsed:?}");
                assert_eq!(Response::tag_of(&frame), Tag::new("a1").ok());
            }
        }
        for none in ["* OK x\r\n", "+ x\r\n", "*\r\n"] {
            assert_eq!(Response::tag_of(&Bytes::from_static(none.as_bytes())), None);
        }
        // Cyrus
        let data = Bytes::from_static(b"a1 DUMP (NIL \"x\")\r\n");
        let response = Response::parse_in(&Context::new(&data, Tolerance::Default)).unwrap();
        assert!(matches!(&response, Response::Other(other) if other.tag().is_some()));
    }

    #[test]
    fn repairs_of_attempts_that_were_given_up_are_not_told() {
        for (octets, rules) in [
            (&b"* OK [PERMANENTFLAGS (Answered Seen ] x\r\n"[..], &[rule::CODE_FORM][..]),
            (b"*  OK [BADCHARSET (a  {3})] x\r\n", &[rule::EXTRA_SPACE, rule::CODE_FORM]),
            (b"* STATUS x (MESSAGES  1 SIZE -1x)\r\n", &[rule::EXTRA_SPACE, rule::INVALID_ITEM]),
            (b"* ESEARCH RELEVANCY (0 x)\r\n", &[rule::INVALID_ITEM]),
            (b"* LIST () \"/\" x (OLDNAME ( a b))\r\n", &[rule::INVALID_ITEM]),
            (b"* 1 FETCH (UID  1 FLAGS (caf\xe9 (x)))\r\n", &[rule::EXTRA_SPACE, rule::INVALID_ITEM]),
        ] {
            let frame = Bytes::from_static(octets);
            let cx = Context::new(&frame, Tolerance::Default);
            assert!(Response::parse_in(&cx).is_ok(), "{}", octets.escape_ascii());
            let repairs = cx.into_repairs();
            let found = repairs.iter().map(|repair| repair.rule).collect::<alloc::vec::Vec<_>>();
            assert_eq!(found, rules, "{}", octets.escape_ascii());
        }
    }
}
