//! The table of commands.

use crate::core::syntax::{self, Error, expected, sp};
use crate::core::{
    Atom, Context, Encoder, Fragment, IString, Mailbox, Options, Raw, SequenceSet, Tag, class,
};
use crate::login::{authenticate_rule, encode_authenticate};
use crate::{
    Append, Authenticate, CancelUpdate, ComparatorCommand, Compress, Conversions, ConvertCommand,
    CopyCommand, Create, DeleteAcl, Enable, EsearchCommand, FetchCommand, GenUrlAuthCommand, GetMetadata, Id,
    LanguageCommand, ListCommand, ListRightsCommand, Login, Notify, PlainList, Rename, Replace, ResetKey,
    SearchCommand, Select, SetAcl, SetMetadata, SetQuota, Side, SortCommand, StatusCommand, Store,
    ThreadCommand, UidBatchesCommand, UrlFetchCommand,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::{Buf, Bytes};
use wire::keyword::key_of;
use wire::parse::{Parsed, fail};
use wire::{Misuse, Output, ParseError};

/// Set in the keys of commands behind `UID`; no key of letters has this bit.
const UID: u128 = 1 << 127;

/// The key of a keyword in the table.
const fn key_in_table(keyword: &'static str) -> u128 {
    if let [b'U', b'I', b'D', b' ', word @ ..] = keyword.as_bytes() {
        if let Ok(word) = core::str::from_utf8(word) {
            return key_of(word) | UID;
        }
    }
    key_of(keyword)
}

/// The command table. `plain` commands have no arguments; `one` has one value behind a space; `all` has a type that holds all arguments;
/// `secret` the same, with a password in it, so that errors do not show octets, by functions of their own.
macro_rules! commands {
    (
        plain { $($(#[$plain_doc:meta])* $plain:ident = $plain_text:literal;)* }
        one { $($(#[$one_doc:meta])* $one:ident($one_type:ty) = $one_text:literal;)* }
        all { $($(#[$all_doc:meta])* $all:ident($all_type:ty) = $all_text:literal;)* }
        secret { $($(#[$secret_doc:meta])* $secret:ident($secret_type:ty) = $secret_text:literal by $rule:path, $encode:path;)* }
    ) => {
        /// A command (RFC 9051 section 6, RFC 3501 section 6, and those of the extensions), without its tag.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Command {
            $($(#[$plain_doc])* $plain,)*
            $($(#[$one_doc])* $one($one_type),)*
            $($(#[$all_doc])* $all(Box<$all_type>),)*
            $($(#[$secret_doc])* $secret(Box<$secret_type>),)*
            /// A command that this crate does not know, as it came.
            Other(Box<OtherCommand>),
        }

        impl Command {
            /// The keywords of all commands, for tables and dictionaries.
            pub const KEYWORDS: &'static [&'static str] =
                &[$($plain_text,)* $($one_text,)* $($all_text,)* $($secret_text,)*];

            /// The keyword, in upper case if it is known.
            #[must_use]
            pub fn keyword(&self) -> &[u8] {
                match self {
                    $(Self::$plain => $plain_text,)*
                    $(Self::$one(_) => $one_text,)*
                    $(Self::$all(_) => $all_text,)*
                    $(Self::$secret(_) => $secret_text,)*
                    Self::Other(other) => return other.name.as_bytes(),
                }
                .as_bytes()
            }

            /// What follows a keyword; `None` if the keyword is not known.
            #[inline]
            fn arguments<'i>(cx: &Context<'_>, key: u128, i: &'i [u8]) -> Option<Parsed<'i, Self>> {
                #[allow(non_upper_case_globals, reason = "named after the variants")]
                mod keys {
                    use super::key_in_table;
                    $(pub(super) const $plain: u128 = key_in_table($plain_text);)*
                    $(pub(super) const $one: u128 = key_in_table($one_text);)*
                    $(pub(super) const $all: u128 = key_in_table($all_text);)*
                    $(pub(super) const $secret: u128 = key_in_table($secret_text);)*
                }
                Some(match key {
                    $(keys::$plain => Ok((i, Self::$plain)),)*
                    $(keys::$one => one(cx, i, <$one_type>::rule).map(|(rest, value)| (rest, Self::$one(value))),)*
                    $(keys::$all => <$all_type>::rule(cx, i).map(|(rest, value)| (rest, Self::$all(Box::new(value)))),)*
                    $(keys::$secret => {
                        cx.set_secret();
                        $rule(cx, i).map(|(rest, value)| (rest, Self::$secret(Box::new(value))))
                    })*
                    _ => return None,
                })
            }

            /// Writes it, without tag and line end.
            pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
                encoder.put(self.keyword());
                match self {
                    $(Self::$plain => {})*
                    $(Self::$one(value) => {
                        encoder.sp();
                        value.encode(encoder);
                    })*
                    $(Self::$all(value) => value.encode(encoder),)*
                    $(Self::$secret(value) => $encode(value, encoder),)*
                    Self::Other(other) => other.raw.encode_behind_space(encoder),
                }
            }
        }
    };
}

/// One value behind a space.
#[inline]
fn one<'i, T>(
    cx: &Context<'_>,
    i: &'i [u8],
    rule: impl Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
) -> Parsed<'i, T> {
    let (rest, ()) = sp(cx, i)?;
    rule(cx, rest)
}

commands! {
    plain {
        /// CAPABILITY
        Capability = "CAPABILITY";
        /// NOOP
        Noop = "NOOP";
        /// LOGOUT
        Logout = "LOGOUT";
        /// STARTTLS
        StartTls = "STARTTLS";
        /// CLOSE
        Close = "CLOSE";
        /// UNSELECT (RFC 3691)
        Unselect = "UNSELECT";
        /// EXPUNGE
        Expunge = "EXPUNGE";
        /// CHECK, of RFC 3501
        Check = "CHECK";
        /// IDLE (RFC 2177); `DONE` follows.
        Idle = "IDLE";
        /// NAMESPACE (RFC 2342)
        Namespace = "NAMESPACE";
        /// UNAUTHENTICATE (RFC 8437)
        Unauthenticate = "UNAUTHENTICATE";
        /// GETJMAPACCESS (RFC 9698)
        GetJmapAccess = "GETJMAPACCESS";
    }
    one {
        /// GETQUOTAROOT (RFC 9208)
        GetQuotaRoot(Mailbox) = "GETQUOTAROOT";
        /// GETQUOTA (RFC 9208): of a quota root.
        GetQuota(IString) = "GETQUOTA";
        /// GETACL (RFC 4314)
        GetAcl(Mailbox) = "GETACL";
        /// MYRIGHTS (RFC 4314)
        MyRights(Mailbox) = "MYRIGHTS";
        /// DELETE
        Delete(Mailbox) = "DELETE";
        /// SUBSCRIBE
        Subscribe(Mailbox) = "SUBSCRIBE";
        /// UNSUBSCRIBE
        Unsubscribe(Mailbox) = "UNSUBSCRIBE";
        /// UID EXPUNGE (RFC 4315)
        UidExpunge(SequenceSet) = "UID EXPUNGE";
    }
    all {
        /// ID (RFC 2971)
        Id(Id) = "ID";
        /// ENABLE (RFC 5161)
        Enable(Enable) = "ENABLE";
        /// SELECT
        Select(Select) = "SELECT";
        /// EXAMINE
        Examine(Select) = "EXAMINE";
        /// CREATE
        Create(Create) = "CREATE";
        /// RENAME
        Rename(Rename) = "RENAME";
        /// SORT (RFC 5256)
        Sort(SortCommand) = "SORT";
        /// UID SORT (RFC 5256)
        UidSort(SortCommand) = "UID SORT";
        /// THREAD (RFC 5256)
        Thread(ThreadCommand) = "THREAD";
        /// UID THREAD (RFC 5256)
        UidThread(ThreadCommand) = "UID THREAD";
        /// ESEARCH (RFC 7377)
        Esearch(EsearchCommand) = "ESEARCH";
        /// UID ESEARCH (RFC 7377)
        UidEsearch(EsearchCommand) = "UID ESEARCH";
        /// NOTIFY (RFC 5465)
        Notify(Notify) = "NOTIFY";
        /// CANCELUPDATE (RFC 5267)
        CancelUpdate(CancelUpdate) = "CANCELUPDATE";
        /// UIDBATCHES (RFC 10022)
        UidBatches(UidBatchesCommand) = "UIDBATCHES";
        /// SETACL (RFC 4314)
        SetAcl(SetAcl) = "SETACL";
        /// DELETEACL (RFC 4314)
        DeleteAcl(DeleteAcl) = "DELETEACL";
        /// LISTRIGHTS (RFC 4314)
        ListRights(ListRightsCommand) = "LISTRIGHTS";
        /// SETQUOTA (RFC 9208)
        SetQuota(SetQuota) = "SETQUOTA";
        /// LANGUAGE (RFC 5255)
        Language(LanguageCommand) = "LANGUAGE";
        /// COMPARATOR (RFC 5255)
        Comparator(ComparatorCommand) = "COMPARATOR";
        /// CONVERSIONS (RFC 5259)
        Conversions(Conversions) = "CONVERSIONS";
        /// GENURLAUTH (RFC 4467)
        GenUrlAuth(GenUrlAuthCommand) = "GENURLAUTH";
        /// RESETKEY (RFC 4467)
        ResetKey(ResetKey) = "RESETKEY";
        /// URLFETCH (RFC 4467)
        UrlFetch(UrlFetchCommand) = "URLFETCH";
        /// COMPRESS (RFC 4978)
        Compress(Compress) = "COMPRESS";
        /// LIST (RFC 9051 section 6.3.9, RFC 5258)
        List(ListCommand) = "LIST";
        /// LSUB, of RFC 3501
        Lsub(PlainList) = "LSUB";
        /// RLIST (RFC 2193)
        Rlist(PlainList) = "RLIST";
        /// RLSUB (RFC 2193)
        Rlsub(PlainList) = "RLSUB";
        /// XLIST, which Gmail had before SPECIAL-USE
        Xlist(PlainList) = "XLIST";
        /// STATUS
        Status(StatusCommand) = "STATUS";
        /// APPEND (RFC 9051 section 6.3.12, RFC 3502, 4469)
        Append(Append) = "APPEND";
        /// REPLACE (RFC 8508)
        Replace(Replace) = "REPLACE";
        /// UID REPLACE (RFC 8508)
        UidReplace(Replace) = "UID REPLACE";
        /// FETCH
        Fetch(FetchCommand) = "FETCH";
        /// UID FETCH
        UidFetch(FetchCommand) = "UID FETCH";
        /// STORE
        Store(Store) = "STORE";
        /// UID STORE
        UidStore(Store) = "UID STORE";
        /// COPY
        Copy(CopyCommand) = "COPY";
        /// UID COPY
        UidCopy(CopyCommand) = "UID COPY";
        /// MOVE (RFC 6851)
        Move(CopyCommand) = "MOVE";
        /// UID MOVE (RFC 6851)
        UidMove(CopyCommand) = "UID MOVE";
        /// CONVERT (RFC 5259)
        Convert(ConvertCommand) = "CONVERT";
        /// UID CONVERT (RFC 5259)
        UidConvert(ConvertCommand) = "UID CONVERT";
        /// SEARCH
        Search(SearchCommand) = "SEARCH";
        /// UID SEARCH
        UidSearch(SearchCommand) = "UID SEARCH";
        /// GETMETADATA (RFC 5464)
        GetMetadata(GetMetadata) = "GETMETADATA";
        /// SETMETADATA (RFC 5464)
        SetMetadata(SetMetadata) = "SETMETADATA";
    }
    secret {
        /// LOGIN
        Login(Login) = "LOGIN" by Login::rule, Login::encode;
        /// AUTHENTICATE
        Authenticate(Authenticate) = "AUTHENTICATE" by authenticate_rule, encode_authenticate;
    }
}

/// A command that this crate does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherCommand {
    name: Atom,
    raw: Raw,
}

impl OtherCommand {
    /// From its name and what follows behind a space.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: the name is that of a command that this crate knows.
    pub fn new(name: Atom, raw: Raw) -> Result<Self, Misuse> {
        let known =
            Command::KEYWORDS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name.as_bytes()));
        if known || name.as_bytes().eq_ignore_ascii_case(b"UID") {
            return Err(Misuse::Invalid("name of an unknown command"));
        }
        Ok(Self { name, raw })
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
}

/// A command with its tag: `command = tag SP (command-any / ...) CRLF`.
///
/// ```
/// use imap_proto::{Command, Mailbox, Options, TaggedCommand};
///
/// let frame = "a1 DELETE {3}\r\nold\r\n".into();
/// let parsed = TaggedCommand::parse(&frame)?;
/// assert_eq!(parsed.tag.as_bytes(), b"a1");
/// assert_eq!(parsed.command, Command::Delete(Mailbox::new("old")?));
/// assert_eq!(parsed.to_bytes(&Options::default()), "a1 DELETE old\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedCommand {
    /// The tag, which the server repeats.
    pub tag: Tag,
    /// The command.
    pub command: Command,
}

impl TaggedCommand {
    /// Parses a complete command by the rules of the RFCs.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        Self::parse_in(&Context::new(frame, wire::Tolerance::Strict))
    }

    /// The same as far as the tolerance of the context goes; the context collects what was repaired.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse_in(cx: &Context<'_>) -> Result<Self, ParseError> {
        Self::rule(cx).map_err(|error| cx.error(error, expected::name))
    }

    /// The tag of a command, as far as one can be told: for answering BAD to what cannot be parsed.
    #[must_use]
    pub fn tag_of(frame: &Bytes) -> Option<Tag> {
        let len = class::TAG.run(frame);
        matches!(frame.get(len), Some(b' ' | b'\r' | b'\n'))
            .then(|| Tag::new(frame.slice(..len)).ok())
            .flatten()
    }

    fn rule(cx: &Context<'_>) -> Result<Self, Error> {
        let line = syntax::message(cx, Side::Client)?;
        let (i, tag) = syntax::run1(line, class::TAG, expected::TAG)?;
        let (i, ()) = sp(cx, i)?;
        let (mut i, (mut name_key, name)) = syntax::word(i, class::ATOM, expected::COMMAND)?;
        let start = i.len() + name.len();
        if name.eq_ignore_ascii_case(b"UID") {
            let (rest, ()) = sp(cx, i)?;
            let (rest, (key, _)) = syntax::word(rest, class::ATOM, expected::COMMAND)?;
            name_key = key | UID;
            i = rest;
        }
        let (rest, command) = match Command::arguments(cx, name_key, i) {
            Some(parsed) => parsed?,
            None if name_key & UID != 0 => {
                return fail(&line[line.len() - start..], expected::COMMAND).map(|(_, c)| c);
            }
            None => {
                let (rest, raw) = Raw::behind_space(cx, i)?;
                (rest, Command::Other(Box::new(OtherCommand { name: Atom::known(cx.keep(name)), raw })))
            }
        };
        syntax::end(cx, rest)?;
        Ok(Self { tag: Tag::known(cx.keep(tag)), command })
    }

    /// Writes it; what the encoder [waits for](Encoder::into_waits) is where the sender must.
    pub fn encode(&self, encoder: &mut Encoder<'_>) {
        self.tag.encode(encoder);
        encoder.sp();
        self.command.encode(encoder);
        encoder.put(b"\r\n");
    }

    /// The octets as they go over the wire, without regard to where the sender must wait.
    #[must_use]
    pub fn to_bytes(&self, options: &Options) -> Bytes {
        let mut output = Output::new();
        self.encode(&mut Encoder::new(&mut output, options.clone()));
        output.take_all()
    }

    /// The parts of the command, behind each of which but the last the client must wait for `+`.
    #[must_use]
    pub fn fragments(&self, options: &Options) -> Vec<Fragment> {
        let mut output = Output::new();
        let mut encoder = Encoder::new(&mut output, options.clone());
        self.encode(&mut encoder);
        let waits = encoder.into_waits();
        let mut at = 0;
        let mut fragments = Vec::with_capacity(waits.len() + 1);
        for wait in waits {
            fragments.push(Fragment { octets: output.copy_to_bytes(wait - at), wait: true });
            at = wait;
        }
        fragments.push(Fragment { octets: output.take_all(), wait: false });
        fragments
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn commands_keep_their_literals_and_their_ends() {
        let parse = |text: &'static str| TaggedCommand::parse(&Bytes::from_static(text.as_bytes()));
        assert_eq!(parse("a NOOP\r\n").unwrap().command, Command::Noop);
        assert_eq!(parse("a noop\r\n").unwrap().command, Command::Noop);
        assert_eq!(parse("a uid expunge 1:*\r\n").unwrap().command, Command::UidExpunge(SequenceSet::all()));
        for (bad, error) in [
            ("a NOOP x\r\n", "at byte 6: expected end of line, got ' '"),
            ("a NOOP \r\n", "at byte 6: expected end of line, got ' '"),
            ("a NOOP\n", "at byte 6: expected CR LF, got 0x0a"),
            ("+ NOOP\r\n", "at byte 0: expected tag, got '+'"),
            ("a UID NOOP\r\n", "at byte 2: expected command, got 'U'"),
            ("a DELETE\r\n", "at byte 8: expected space, got 0x0d"),
            ("\r\n", "at byte 0: expected tag, got 0x0d"),
        ] {
            assert_eq!(parse(bad).unwrap_err().to_string(), error, "{bad:?}");
        }
        let other = parse("a XFOO (b {1}\r\nc)\r\n").unwrap();
        assert_eq!(other.to_bytes(&Options::server()), "a XFOO (b {1}\r\nc)\r\n");
        // the CR at the end of a literal is not one too many
        for tolerance in [wire::Tolerance::Strict, wire::Tolerance::Default, wire::Tolerance::Lenient] {
            for (octets, extra) in [
                (&b"a APPEND x {3}\r\nb\r\r\r\n"[..], 0),
                (b"a APPEND x {1}\r\n\r\r\n", 0),
                (b"a APPEND x {1}\r\n\r\r\r\n", 1),
                (b"a X {0}\r\n\r\r\n", 1),
                (b"a NOOP\r\r\n", 1),
            ] {
                let frame = Bytes::from_static(octets);
                let cx = Context::new(&frame, tolerance);
                let parsed = TaggedCommand::parse_in(&cx);
                let good = extra == 0 || tolerance > wire::Tolerance::Strict;
                assert_eq!(parsed.is_ok(), good, "{} {tolerance:?}", octets.escape_ascii());
                assert!(!good || cx.into_repairs().len() == extra, "{}", octets.escape_ascii());
            }
        }
        let fragments = other.fragments(&Options::default());
        assert_eq!(fragments.len(), 2);
        assert_eq!(fragments[0].octets, "a XFOO (b {1}\r\n");
        assert!(parse("a XFOO (b\r\n").is_err());
    }

    #[test]
    fn commands_are_small() {
        assert!(size_of::<Command>() <= 64, "{}", size_of::<Command>());
    }
}
