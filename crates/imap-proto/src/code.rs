//! Response codes (RFC 9051 section 7.1, RFC 5530, and each extension's RFC).

use crate::core::keyword::{wide_key, wide_key_of};
use crate::core::syntax::{self, expected, no_sp, number32, number64, octet, sp};
use crate::core::{
    Atom, Context, Encoder, Flags, Mailbox, NonEmpty, Number64, ObjectId, SequenceSet, Tag, class,
};
use crate::{Capabilities, Charset, EventName, UrlWord, rule};
use ::core::fmt;
use ::core::num::NonZeroU32;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Secret, Tolerance};

/// The table: a row is a variant, a parse arm, an encode arm and a keyword.
macro_rules! codes {
    (
        plain { $($(#[$doc:meta])* $id:ident = $name:literal,)* }
        with arguments { $($(#[$adoc:meta])* $aid:ident($argument:ty) = $aname:literal, $read:path, $write:path;)* }
    ) => {
        /// What a status tells the program, beside its text for people: `[...]` (RFC 9051 section 7.1).
        ///
        /// A known code of another form than its RFC's is an [`Other`](Self::Other), with the remark [`CODE_FORM`](rule::CODE_FORM).
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $id,)*
            $($(#[$adoc])* $aid($argument),)*
            /// Any other, as it came.
            Other(Box<OtherCode>),
        }

        #[allow(non_upper_case_globals, reason = "named as the variants")]
        mod keys {
            use super::wide_key_of;
            $(pub(super) const $id: u128 = wide_key_of($name);)*
            $(pub(super) const $aid: u128 = wide_key_of($aname);)*
        }

        impl Code {
            /// The names of all that are known.
            pub const KEYWORDS: &'static [&'static str] = &[$($name,)* $($aname,)*];

            /// The name; of an unknown code, its first word.
            #[must_use]
            pub fn name(&self) -> &[u8] {
                match self {
                    $(Self::$id => $name.as_bytes(),)*
                    $(Self::$aid(_) => $aname.as_bytes(),)*
                    Self::Other(other) => other.name(),
                }
            }

            /// A known one, from its name, and what stands behind it up to the `]`.
            #[inline]
            fn known<'i>(cx: &Context<'_>, (name, key): (&[u8], u128), i: &'i [u8]) -> Parsed<'i, Self> {
                match key {
                    $(keys::$id if is_whole(name, $name) => Ok((i, Self::$id)),)*
                    $(keys::$aid if is_whole(name, $aname) => {
                        let (rest, argument) = $read(cx, i)?;
                        Ok((rest, Self::$aid(argument)))
                    })*
                    _ => fail(i, expected::CODE),
                }
            }

            fn is_known(name: &[u8]) -> bool {
                match wide_key(name) {
                    $(keys::$id => is_whole(name, $name),)*
                    $(keys::$aid => is_whole(name, $aname),)*
                    _ => false,
                }
            }

            /// Writes it, without the brackets.
            pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
                match self {
                    $(Self::$id => encoder.put($name.as_bytes()),)*
                    $(Self::$aid(argument) => {
                        encoder.put($aname.as_bytes());
                        $write(argument, encoder);
                    })*
                    Self::Other(other) => encoder.put(&other.content),
                }
            }

            /// Those without arguments, for property tests.
            #[cfg(any(test, feature = "proptest"))]
            const PLAIN: &'static [Self] = &[$(Self::$id),*];
        }
    };
}

/// Whether a name is the whole of one that has its key: of long names, the key is not all.
#[inline]
fn is_whole(name: &[u8], known: &str) -> bool {
    known.len() <= 16 || name.eq_ignore_ascii_case(known.as_bytes())
}

codes! {
    plain {
        /// The user must see the text (RFC 9051).
        Alert = "ALERT",
        /// A message cannot be parsed as one (RFC 9051).
        Parse = "PARSE",
        /// The mailbox cannot be written (RFC 9051).
        ReadOnly = "READ-ONLY",
        /// The mailbox can be written (RFC 9051).
        ReadWrite = "READ-WRITE",
        /// The mailbox does not exist, and can be created (RFC 9051).
        TryCreate = "TRYCREATE",
        /// UIDs do not stay (RFC 4315).
        UidNotSticky = "UIDNOTSTICKY",
        /// Something that is needed is not available now (RFC 5530).
        Unavailable = "UNAVAILABLE",
        /// Wrong name or password, or alike (RFC 5530).
        AuthenticationFailed = "AUTHENTICATIONFAILED",
        /// Authenticated, but not allowed to act for the other identity (RFC 5530).
        AuthorizationFailed = "AUTHORIZATIONFAILED",
        /// The password or alike is too old (RFC 5530).
        Expired = "EXPIRED",
        /// Not without privacy (RFC 5530).
        PrivacyRequired = "PRIVACYREQUIRED",
        /// The user should ask an administrator (RFC 5530).
        ContactAdmin = "CONTACTADMIN",
        /// No permission (RFC 5530).
        NoPerm = "NOPERM",
        /// Somebody else uses it (RFC 5530).
        InUse = "INUSE",
        /// Some of the messages have been expunged (RFC 5530).
        ExpungeIssued = "EXPUNGEISSUED",
        /// The server found its data broken (RFC 5530).
        Corruption = "CORRUPTION",
        /// A defect of the server (RFC 5530).
        ServerBug = "SERVERBUG",
        /// A defect of the client (RFC 5530).
        ClientBug = "CLIENTBUG",
        /// Can never be done (RFC 5530).
        Cannot = "CANNOT",
        /// Some limit was reached (RFC 5530).
        Limit = "LIMIT",
        /// A quota is or was exceeded (RFC 5530, RFC 9208).
        OverQuota = "OVERQUOTA",
        /// It exists already (RFC 5530).
        AlreadyExists = "ALREADYEXISTS",
        /// It does not exist (RFC 5530).
        NonExistent = "NONEXISTENT",
        /// The result of a SEARCH was not saved (RFC 5182).
        NotSaved = "NOTSAVED",
        /// The mailbox has children, and is not deleted (RFC 9051).
        HasChildren = "HASCHILDREN",
        /// The mailbox that was selected before is closed (RFC 7162).
        Closed = "CLOSED",
        /// The content cannot be decoded (RFC 3516).
        UnknownCte = "UNKNOWN-CTE",
        /// The comparator is not known (RFC 5255).
        BadComparator = "BADCOMPARATOR",
        /// The connection is compressed already (RFC 4978).
        CompressionActive = "COMPRESSIONACTIVE",
        /// The mailbox has no modification sequences (RFC 7162).
        NoModSeq = "NOMODSEQ",
        /// The server gave up notifications (RFC 5465).
        NotificationOverflow = "NOTIFICATIONOVERFLOW",
        /// UTF-8 is not supported there (RFC 5738), obsolete.
        NotUtf8 = "NOT-UTF-8",
        /// Only UTF-8 is supported there (RFC 5738), obsolete.
        Utf8Only = "UTF-8-ONLY",
        /// A conversion failed for now (RFC 5259).
        TempFail = "TEMPFAIL",
        /// The message would be too big (RFC 4469).
        TooBig = "TOOBIG",
        /// Batches would be too small (RFC 10022).
        TooFew = "TOOFEW",
        /// There are too many batches or messages (RFC 10022).
        TooMany = "TOOMANY",
        /// Message numbers may no longer be used (RFC 9586).
        UidRequired = "UIDREQUIRED",
        /// A special use is not supported (RFC 6154).
        UseAttr = "USEATTR",
        /// Too many commands in some time, by Gmail.
        Throttled = "THROTTLED",
    }
    with arguments {
        /// The UID that the next message will have; `None`: the server said 0, which is none (RFC 9051).
        UidNext(Option<NonZeroU32>) = "UIDNEXT", nz_or_none, put_nz_or_none;
        /// What UIDs are valid for; `None`: the server said 0, which is none (RFC 9051).
        UidValidity(Option<NonZeroU32>) = "UIDVALIDITY", nz_or_none, put_nz_or_none;
        /// The number of the first message that is not seen; `None`: the server said 0, which is none (RFC 3501).
        Unseen(Option<NonZeroU32>) = "UNSEEN", nz_or_none, put_nz_or_none;
        /// The highest modification sequence of the mailbox (RFC 7162).
        HighestModSeq(Number64) = "HIGHESTMODSEQ", mod_seq, put_number;
        /// The flags that can be stored; with [`Flag::Wildcard`](crate::Flag::Wildcard), new keywords too (RFC 9051).
        PermanentFlags(Box<Flags>) = "PERMANENTFLAGS", permanent_flags, put_flags;
        /// What the server can do (RFC 9051).
        Capability(Box<Capabilities>) = "CAPABILITY", capabilities, put_capabilities;
        /// The charset is not supported; those that are, if the server tells (RFC 9051).
        BadCharset(Box<[Charset]>) = "BADCHARSET", charsets, put_charsets;
        /// The UIDs of appended messages (RFC 4315).
        AppendUid(Box<AppendUid>) = "APPENDUID", AppendUid::rule, AppendUid::encode;
        /// The UIDs of copied or moved messages (RFC 4315).
        CopyUid(Box<CopyUid>) = "COPYUID", CopyUid::rule, CopyUid::encode;
        /// Messages that were not stored, since others had changed them (RFC 7162).
        Modified(Box<SequenceSet>) = "MODIFIED", sequence_set, put_sequence_set;
        /// Messages that were changed for an old client (RFC 6858).
        Downgraded(Box<SequenceSet>) = "DOWNGRADED", sequence_set, put_sequence_set;
        /// How far a command is (RFC 9585).
        InProgress(Box<InProgress>) = "INPROGRESS", InProgress::rule, InProgress::encode;
        /// The identifier of the mailbox (RFC 8474).
        MailboxId(Box<ObjectId>) = "MAILBOXID", mailbox_id, put_mailbox_id;
        /// A command touches too many messages (RFC 9738).
        MessageLimit(MessageLimit) = "MESSAGELIMIT", MessageLimit::rule, MessageLimit::encode;
        /// Something about annotations of mailboxes (RFC 5464).
        Metadata(MetadataCode) = "METADATA", MetadataCode::rule, MetadataCode::encode;
        /// An annotation was not stored (RFC 5257).
        Annotate(AnnotateCode) = "ANNOTATE", AnnotateCode::rule, AnnotateCode::encode;
        /// Which annotations the mailbox can have (RFC 5257).
        Annotations(Annotations) = "ANNOTATIONS", Annotations::rule, Annotations::encode;
        /// The events that the server supports (RFC 5465).
        BadEvent(Box<NonEmpty<EventName>>) = "BADEVENT", events, put_events;
        /// A URL of CATENATE cannot be used (RFC 4469).
        BadUrl(Box<UrlWord>) = "BADURL", bad_url, put_bad_url;
        /// Where to go instead (RFC 2221, RFC 2193).
        Referral(Box<NonEmpty<UrlWord>>) = "REFERRAL", urls, put_urls;
        /// The mechanisms beside INTERNAL for access with URLs (RFC 4467).
        UrlMech(Box<[UrlMechanism]>) = "URLMECH", url_mechanisms, put_url_mechanisms;
        /// The most messages that one CONVERT may touch (RFC 5259).
        MaxConvertMessages(NonZeroU32) = "MAXCONVERTMESSAGES", nz_number, put_nz_number;
        /// The most parts of a message that one CONVERT may touch (RFC 5259).
        MaxConvertParts(NonZeroU32) = "MAXCONVERTPARTS", nz_number, put_nz_number;
        /// The mailbox has a new name (RFC 2060), obsolete.
        NewName(Box<NewName>) = "NEWNAME", NewName::rule, NewName::encode;
        /// The result of a search, given with the tag of its command, is not kept up to date (RFC 5267).
        NoUpdate(Box<Tag>) = "NOUPDATE", quoted_tag, put_quoted_tag;
        /// A stored search does not exist (RFC 5466).
        UndefinedFilter(Box<Atom>) = "UNDEFINED-FILTER", filter_name, put_filter_name;
    }
}

/// `SP nz-number`, where real servers say 0.
#[inline]
fn nz_or_none<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<NonZeroU32>> {
    let (i, ()) = sp(cx, i)?;
    let (rest, number) = wire::number::number32(i)?;
    let number = NonZeroU32::new(number);
    if number.is_none() && !cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, &i[..i.len() - rest.len()]) {
        return Err(Failure::at(i, expected::NZ_NUMBER, ParseErrorKind::Range));
    }
    Ok((rest, number))
}

fn put_nz_or_none(number: &Option<NonZeroU32>, encoder: &mut Encoder<'_>) {
    encoder.sp();
    encoder.number(number.map_or(0, |number| u64::from(number.get())));
}

fn nz_number<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, NonZeroU32> {
    let (i, ()) = sp(cx, i)?;
    syntax::nz_number(i)
}

fn put_nz_number(number: &NonZeroU32, encoder: &mut Encoder<'_>) {
    encoder.sp();
    encoder.number(u64::from(number.get()));
}

/// `SP mod-sequence-value`, where real servers say 0.
fn mod_seq<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Number64> {
    let (i, ()) = sp(cx, i)?;
    let (rest, number) = number64(i)?;
    if number == Number64::ZERO
        && !cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, &i[..i.len() - rest.len()])
    {
        return Err(Failure::at(i, expected::NUMBER64, ParseErrorKind::Range));
    }
    Ok((rest, number))
}

fn put_number(number: &Number64, encoder: &mut Encoder<'_>) {
    encoder.sp();
    encoder.number(number.get());
}

/// `SP "(" [flag-perm *(SP flag-perm)] ")"`
fn permanent_flags<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Flags>> {
    let (i, ()) = sp(cx, i)?;
    let (rest, flags) = Flags::rule(cx, i)?;
    Ok((rest, Box::new(flags)))
}

fn put_flags(flags: &Flags, encoder: &mut Encoder<'_>) {
    encoder.sp();
    flags.encode(encoder);
}

fn capabilities<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Capabilities>> {
    let len = memchr::memchr(b']', i).unwrap_or(i.len());
    let (rest, capabilities) = Capabilities::rule(cx, &i[..len])?;
    Ok((&i[len - rest.len()..], Box::new(capabilities)))
}

fn put_capabilities(capabilities: &Capabilities, encoder: &mut Encoder<'_>) {
    capabilities.encode(encoder);
}

/// An atom; never with `]`, which could end the code.
fn atom<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Atom> {
    let (rest, word) = syntax::atom(i)?;
    Ok((rest, Atom::known(cx.keep(word))))
}

/// `charset = atom / quoted`
fn charset<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Charset> {
    let (rest, octets) = atom_or_quoted(cx, i)?;
    match Charset::new(syntax::keep(cx, octets)) {
        Ok(charset) => Ok((rest, charset)),
        Err(_) => fail(i, expected::ATOM),
    }
}

/// An atom or a quoted string: `]` would end the code, and literals do not stand in text.
fn atom_or_quoted<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Cow<'i, [u8]>> {
    match i.first() {
        Some(b'"') => syntax::string_octets(cx, i),
        _ => syntax::atom(i).map(|(rest, word)| (rest, Cow::Borrowed(word))),
    }
}

fn put_atom_or_quoted(octets: &[u8], encoder: &mut Encoder<'_>) {
    if !octets.is_empty() && class::ATOM.all(octets) {
        return encoder.put(octets);
    }
    encoder.put(b"\"");
    for &o in octets {
        if matches!(o, b'"' | b'\\') {
            encoder.put(b"\\");
        }
        encoder.put(&[o]);
    }
    encoder.put(b"\"");
}

/// `[SP "(" charset *(SP charset) ")"]`; without parentheses, as RFC 9051 section 6.4.4.4 prints it, where that is tolerated.
fn charsets<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<[Charset]>> {
    if matches!(i, [] | [b']', ..]) {
        return Ok((i, Box::default()));
    }
    let (i, ()) = sp(cx, i)?;
    let (rest, charsets) = list_or_words(cx, i, charset)?;
    Ok((rest, charsets.into()))
}

fn put_charsets(charsets: &[Charset], encoder: &mut Encoder<'_>) {
    if !charsets.is_empty() {
        encoder.sp();
        encoder.list(charsets, |encoder, charset| put_atom_or_quoted(charset.as_bytes(), encoder));
    }
}

fn put_events(events: &[EventName], encoder: &mut Encoder<'_>) {
    encoder.sp();
    encoder.list(events, |encoder, event| event.encode(encoder));
}

/// `SP "(" event-name *(SP event-name) ")"`; Dovecot leaves the parentheses out.
fn events<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<NonEmpty<EventName>>> {
    let (i, ()) = sp(cx, i)?;
    let (rest, events) = list_or_words(cx, i, EventName::rule)?;
    match NonEmpty::new(events) {
        Ok(events) => Ok((rest, Box::new(events))),
        Err(_) => fail(&i[1..], expected::EVENT),
    }
}

/// `"(" item *(SP item) ")"`; without parentheses where that is tolerated.
fn list_or_words<'i, T>(
    cx: &Context<'_>,
    i: &'i [u8],
    item: impl Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
) -> Parsed<'i, Vec<T>> {
    match i {
        [b'(', ..] => syntax::list1(cx, i, item),
        _ if cx.tolerates(Tolerance::Default, rule::MISSING_PARENTHESES, &i[..0]) => words(cx, i, item),
        _ => fail(i, expected::OPEN),
    }
}

fn sequence_set<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<SequenceSet>> {
    let (i, ()) = sp(cx, i)?;
    let (rest, set) = SequenceSet::rule(cx, i)?;
    Ok((rest, Box::new(set)))
}

fn put_sequence_set(set: &SequenceSet, encoder: &mut Encoder<'_>) {
    encoder.sp();
    set.encode(encoder);
}

/// `SP "(" objectid ")"`
fn mailbox_id<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<ObjectId>> {
    let (i, ()) = sp(cx, i)?;
    let (rest, id) = ObjectId::in_parentheses(cx, i)?;
    Ok((rest, Box::new(id)))
}

fn put_mailbox_id(id: &ObjectId, encoder: &mut Encoder<'_>) {
    encoder.sp();
    id.encode_in_parentheses(encoder);
}

/// `SP url-resp-text`, in quotes too: the RFC's example has them (erratum 4046).
fn bad_url<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<UrlWord>> {
    let (i, ()) = sp(cx, i)?;
    if !i.starts_with(b"\"") {
        let (rest, url) = url(cx, i)?;
        return Ok((rest, Box::new(url)));
    }
    let (rest, octets) = syntax::string_octets(cx, i)?;
    match UrlWord::new(syntax::keep(cx, octets)) {
        Ok(url) if cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..i.len() - rest.len()]) => {
            Ok((rest, Box::new(url)))
        }
        _ => fail(i, expected::URL),
    }
}

fn put_bad_url(url: &UrlWord, encoder: &mut Encoder<'_>) {
    encoder.sp();
    encoder.put(url.as_bytes());
}

fn url<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, UrlWord> {
    let len = UrlWord::run(i);
    match UrlWord::new(cx.keep(&i[..len])) {
        Ok(url) => Ok((&i[len..], url)),
        Err(_) => fail(i, expected::URL),
    }
}

/// `1*(SP imapurl)`
fn urls<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<NonEmpty<UrlWord>>> {
    let (i, ()) = sp(cx, i)?;
    let (rest, urls) = words(cx, i, url)?;
    Ok((rest, Box::new(NonEmpty::known(urls))))
}

/// `item *(SP item)`, up to the `]`.
fn words<'i, T>(
    cx: &Context<'_>,
    i: &'i [u8],
    item: impl Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
) -> Parsed<'i, Vec<T>> {
    let (mut i, first) = item(cx, i)?;
    let mut items = Vec::from([first]);
    while let [b' ' | b'\t', ..] = i {
        let blanks = syntax::blanks(i);
        if i.get(blanks) == Some(&b']') {
            break;
        }
        if items.len() >= cx.item_limit() {
            return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
        }
        let (rest, ()) = sp(cx, i)?;
        let (rest, value) = item(cx, rest)?;
        items.push(value);
        i = rest;
    }
    Ok((i, items))
}

fn put_urls(urls: &[UrlWord], encoder: &mut Encoder<'_>) {
    encoder.sp();
    encoder.words(urls, |encoder, url| encoder.put(url.as_bytes()));
}

/// `SP "INTERNAL" *(SP mechanism ["=" base64])`
fn url_mechanisms<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<[UrlMechanism]>> {
    let (i, ()) = sp(cx, i)?;
    let Some(mut i) = syntax::after(i, b"INTERNAL") else { return fail(i, expected::VALUE) };
    let mut mechanisms = Vec::new();
    if matches!(i, [b' ' | b'\t', next, ..] if *next != b']') {
        let (rest, ()) = sp(cx, i)?;
        (i, mechanisms) = words(cx, rest, UrlMechanism::rule)?;
    }
    Ok((i, mechanisms.into()))
}

fn put_url_mechanisms(mechanisms: &[UrlMechanism], encoder: &mut Encoder<'_>) {
    encoder.put(b" INTERNAL");
    for mechanism in mechanisms {
        encoder.sp();
        mechanism.name.encode(encoder);
        if let Some(data) = &mechanism.data {
            encoder.put(b"=");
            encoder.base64(data.expose());
        }
    }
}

/// `SP quoted`
fn quoted_tag<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Tag>> {
    let (i, ()) = sp(cx, i)?;
    if !i.starts_with(b"\"") {
        let (rest, word) = syntax::run1(i, class::ATOM, expected::TAG)?;
        match Tag::new(cx.keep(word)) {
            Ok(tag) if cx.tolerates(Tolerance::Default, rule::STRING_FORM, word) => {
                return Ok((rest, Box::new(tag)));
            }
            _ => return fail(i, expected::TAG),
        }
    }
    let (rest, octets) = syntax::string_octets(cx, i)?;
    match Tag::new(syntax::keep(cx, octets)) {
        Ok(tag) => Ok((rest, Box::new(tag))),
        Err(_) => fail(i, expected::TAG),
    }
}

fn put_quoted_tag(tag: &Tag, encoder: &mut Encoder<'_>) {
    encoder.put(b" \"");
    tag.encode(encoder);
    encoder.put(b"\"");
}

/// `SP filter-name`
fn filter_name<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Atom>> {
    let (i, ()) = sp(cx, i)?;
    let (rest, name) = atom(cx, i)?;
    Ok((rest, Box::new(name)))
}

fn put_filter_name(name: &Atom, encoder: &mut Encoder<'_>) {
    encoder.sp();
    name.encode(encoder);
}

/// The argument of APPENDUID (RFC 4315).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendUid {
    uid_validity: NonZeroU32,
    uids: SequenceSet,
}

impl AppendUid {
    /// The UIDs of the messages, in the order of APPEND.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: `*` or `$` among the UIDs.
    pub fn new(uid_validity: NonZeroU32, uids: SequenceSet) -> Result<Self, Misuse> {
        match uids.count() {
            Some(_) => Ok(Self { uid_validity, uids }),
            None => Err(Misuse::Invalid("uid-set")),
        }
    }

    /// UIDVALIDITY of the mailbox.
    #[must_use]
    pub const fn uid_validity(&self) -> NonZeroU32 {
        self.uid_validity
    }

    /// The UIDs; more than one only after an APPEND of several messages (RFC 3502).
    #[must_use]
    pub const fn uids(&self) -> &SequenceSet {
        &self.uids
    }

    /// ```text
    /// resp-code-apnd  = "APPENDUID" SP nz-number SP append-uid
    /// append-uid      =/ uid-set
    ///                   ; only permitted if client uses [MULTIAPPEND] to append multiple messages.
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Self>> {
        let (i, uid_validity) = nz_number(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, uids) = SequenceSet::uid_set(cx, i)?;
        Ok((i, Box::new(Self { uid_validity, uids })))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        put_nz_number(&self.uid_validity, encoder);
        put_sequence_set(&self.uids, encoder);
    }
}

/// The argument of COPYUID (RFC 4315): which messages were copied or moved, and what they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyUid {
    uid_validity: NonZeroU32,
    source: SequenceSet,
    destination: SequenceSet,
}

impl CopyUid {
    /// The UIDs in the two mailboxes, in the same order.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: `*` or `$` among the UIDs, or not the same number of UIDs.
    pub fn new(
        uid_validity: NonZeroU32,
        source: SequenceSet,
        destination: SequenceSet,
    ) -> Result<Self, Misuse> {
        match (source.count(), destination.count()) {
            (Some(from), Some(to)) if from == to => Ok(Self { uid_validity, source, destination }),
            _ => Err(Misuse::Invalid("pair of uid-sets")),
        }
    }

    /// UIDVALIDITY of the destination.
    #[must_use]
    pub const fn uid_validity(&self) -> NonZeroU32 {
        self.uid_validity
    }

    /// The UIDs in the mailbox where the messages were.
    #[must_use]
    pub const fn source(&self) -> &SequenceSet {
        &self.source
    }

    /// The UIDs in the destination. Of a server, it may be another number of them.
    #[must_use]
    pub const fn destination(&self) -> &SequenceSet {
        &self.destination
    }

    /// The new UID of a message: the one at the same place in the other set, ranges counted upwards.
    #[must_use]
    pub fn destination_of(&self, uid: NonZeroU32) -> Option<NonZeroU32> {
        let mut before = 0u64;
        for range in self.source.ranges() {
            let range = range.ascending();
            let (start, end) = (range.start.number()?, range.end.number()?);
            if start <= uid && uid <= end {
                return nth(&self.destination, before + u64::from(uid.get() - start.get()));
            }
            before += u64::from(end.get() - start.get()) + 1;
        }
        None
    }

    /// ```text
    /// resp-code-copy  = "COPYUID" SP nz-number SP uid-set SP uid-set
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Self>> {
        let (i, uid_validity) = nz_number(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, source) = SequenceSet::uid_set(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, destination) = SequenceSet::uid_set(cx, i)?;
        Ok((i, Box::new(Self { uid_validity, source, destination })))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        put_nz_number(&self.uid_validity, encoder);
        put_sequence_set(&self.source, encoder);
        put_sequence_set(&self.destination, encoder);
    }
}

/// The number at a place of a set without `*`.
fn nth(set: &SequenceSet, mut place: u64) -> Option<NonZeroU32> {
    for range in set.ranges() {
        let range = range.ascending();
        let (start, end) = (range.start.number()?, range.end.number()?);
        let count = u64::from(end.get() - start.get()) + 1;
        if place < count {
            return start.checked_add(u32::try_from(place).ok()?);
        }
        place -= count;
    }
    None
}

/// The argument of INPROGRESS (RFC 9585).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InProgress {
    tag: Option<Tag>,
    progress: Option<u32>,
    goal: Option<NonZeroU32>,
}

impl InProgress {
    /// Of the command with this tag; how much is done, and of how much.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: a goal without a progress, or below it; or `]` in the tag, of which the RFC wants nothing to be said.
    pub fn new(tag: Option<Tag>, progress: Option<u32>, goal: Option<NonZeroU32>) -> Result<Self, Misuse> {
        let bracket = tag.as_ref().is_some_and(|tag| tag.as_bytes().contains(&b']'));
        if bracket || !Self::makes_sense(progress, goal) {
            return Err(Misuse::Invalid("progress"));
        }
        Ok(Self { tag, progress, goal })
    }

    fn makes_sense(progress: Option<u32>, goal: Option<NonZeroU32>) -> bool {
        goal.is_none_or(|goal| progress.is_some_and(|progress| progress <= goal.get()))
    }

    /// The tag of the command, if the server tells.
    #[must_use]
    pub const fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// How much is done.
    #[must_use]
    pub const fn progress(&self) -> Option<u32> {
        self.progress
    }

    /// Of how much.
    #[must_use]
    pub const fn goal(&self) -> Option<NonZeroU32> {
        self.goal
    }

    /// What makes no sense is no INPROGRESS: clients must disregard it (RFC 9585 section 4).
    ///
    /// ```text
    /// resp-text-code =/ "INPROGRESS" [ SP "(" inprogress-tag SP inprogress-state ")" ]
    /// inprogress-tag   = quoted / nil
    /// inprogress-state = inprogress-state-unknown / inprogress-state-counting / inprogress-state-known-goal
    /// inprogress-state-unknown    = nil SP nil
    /// inprogress-state-counting   = number SP nil
    /// inprogress-state-known-goal = number SP nz-number
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Self>> {
        if matches!(i, [] | [b']', ..]) {
            return Ok((i, Box::default()));
        }
        let (start, ()) = sp(cx, i)?;
        let (i, ()) = octet(start, b'(', expected::OPEN)?;
        let i = no_sp(cx, i);
        let (i, tag) = match syntax::nil(i) {
            Some(rest) => (rest, None),
            None => {
                let (rest, octets) = syntax::string_octets(cx, i)?;
                match Tag::new(syntax::keep(cx, octets)) {
                    Ok(tag) => (rest, Some(tag)),
                    Err(_) => return fail(i, expected::TAG),
                }
            }
        };
        let (i, ()) = sp(cx, i)?;
        let (i, progress) = or_nil(i, wire::number::number32)?;
        let (i, ()) = sp(cx, i)?;
        let (i, goal) = or_nil(i, syntax::nz_number)?;
        let (i, ()) = octet(no_sp(cx, i), b')', expected::CLOSE)?;
        if !Self::makes_sense(progress, goal) {
            return Err(Failure::at(start, expected::VALUE, ParseErrorKind::Range));
        }
        Ok((i, Box::new(Self { tag, progress, goal })))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        if *self == Self::default() {
            return;
        }
        encoder.put(b" (");
        match &self.tag {
            Some(tag) if !tag.as_bytes().contains(&b']') => {
                encoder.put(b"\"");
                tag.encode(encoder);
                encoder.put(b"\"");
            }
            _ => encoder.put(b"NIL"),
        }
        for number in [self.progress, self.goal.map(NonZeroU32::get)] {
            encoder.sp();
            match number {
                Some(number) => encoder.number(u64::from(number)),
                None => encoder.put(b"NIL"),
            }
        }
        encoder.put(b")");
    }
}

fn or_nil<T>(i: &[u8], rule: impl Fn(&[u8]) -> Parsed<'_, T>) -> Parsed<'_, Option<T>> {
    match syntax::nil(i) {
        Some(rest) => Ok((rest, None)),
        None => rule(i).map(|(rest, value)| (rest, Some(value))),
    }
}

/// The argument of MESSAGELIMIT (RFC 9738).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLimit {
    /// How many messages a command may touch.
    pub limit: NonZeroU32,
    /// The lowest UID that was processed, if it is known.
    pub lowest: Option<NonZeroU32>,
}

impl MessageLimit {
    /// ```text
    /// resp-text-code      =/ "MESSAGELIMIT" SP message-limit [SP uniqueid]
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, limit) = nz_number(cx, i)?;
        if matches!(i.get(syntax::blanks(i)), None | Some(b']')) {
            return Ok((i, Self { limit, lowest: None }));
        }
        let (i, lowest) = nz_number(cx, i)?;
        Ok((i, Self { limit, lowest: Some(lowest) }))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        put_nz_number(&self.limit, encoder);
        if let Some(lowest) = &self.lowest {
            put_nz_number(lowest, encoder);
        }
    }
}

/// The argument of METADATA (RFC 5464).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataCode {
    /// Some values were longer than MAXSIZE; the longest has so many octets.
    LongEntries(u32),
    /// A value is too long; the longest may have so many octets.
    MaxSize(u32),
    /// There are too many annotations.
    TooMany,
    /// There are no private ones.
    NoPrivate,
}

impl MetadataCode {
    /// ```text
    /// resp-text-code    =/ "METADATA" SP "LONGENTRIES" SP number
    /// resp-text-code    =/ "METADATA" SP ("MAXSIZE" SP number / "TOOMANY" / "NOPRIVATE")
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = sp(cx, i)?;
        let (rest, word) = syntax::atom(i)?;
        let number = |i| {
            let (i, ()) = sp(cx, i)?;
            number32(cx, i)
        };
        if word.eq_ignore_ascii_case(b"LONGENTRIES") {
            return number(rest).map(|(rest, number)| (rest, Self::LongEntries(number)));
        }
        if word.eq_ignore_ascii_case(b"MAXSIZE") {
            return number(rest).map(|(rest, number)| (rest, Self::MaxSize(number)));
        }
        if word.eq_ignore_ascii_case(b"TOOMANY") {
            return Ok((rest, Self::TooMany));
        }
        if word.eq_ignore_ascii_case(b"NOPRIVATE") {
            return Ok((rest, Self::NoPrivate));
        }
        fail(i, expected::VALUE)
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::LongEntries(number) => {
                encoder.put(b" LONGENTRIES");
                put_number(&(*number).into(), encoder);
            }
            Self::MaxSize(number) => {
                encoder.put(b" MAXSIZE");
                put_number(&(*number).into(), encoder);
            }
            Self::TooMany => encoder.put(b" TOOMANY"),
            Self::NoPrivate => encoder.put(b" NOPRIVATE"),
        }
    }
}

/// The argument of ANNOTATE (RFC 5257).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnnotateCode {
    /// The value is too long.
    TooBig,
    /// There are too many annotations.
    TooMany,
}

impl AnnotateCode {
    /// ```text
    /// resp-text-code    =/ "ANNOTATE" SP "TOOBIG" / "ANNOTATE" SP "TOOMANY" /
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = sp(cx, i)?;
        let (rest, word) = syntax::atom(i)?;
        match word {
            _ if word.eq_ignore_ascii_case(b"TOOBIG") => Ok((rest, Self::TooBig)),
            _ if word.eq_ignore_ascii_case(b"TOOMANY") => Ok((rest, Self::TooMany)),
            _ => fail(i, expected::VALUE),
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(match self {
            Self::TooBig => b" TOOBIG",
            Self::TooMany => b" TOOMANY",
        });
    }
}

/// The argument of ANNOTATIONS (RFC 5257): which annotations the messages of a mailbox can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Annotations {
    /// None.
    None,
    /// They can be read.
    ReadOnly {
        /// There are no private ones.
        no_private: bool,
    },
    /// They can be written.
    MaxSize {
        /// How many octets a value may have.
        octets: NonZeroU32,
        /// There are no private ones.
        no_private: bool,
    },
}

impl Annotations {
    /// ```text
    /// ann-size          = "NONE" / (("READ-ONLY" / nz-number) [SP "NOPRIVATE"])
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = sp(cx, i)?;
        if let Some(rest) = syntax::after(i, b"NONE") {
            return Ok((rest, Self::None));
        }
        let (i, octets) = match syntax::after(i, b"READ-ONLY") {
            Some(rest) => (rest, None),
            None => syntax::nz_number(i).map(|(rest, octets)| (rest, Some(octets)))?,
        };
        let (i, no_private) = match syntax::after(&i[syntax::blanks(i)..], b"NOPRIVATE") {
            Some(rest) => {
                sp(cx, i)?;
                (rest, true)
            }
            None => (i, false),
        };
        Ok((
            i,
            match octets {
                Some(octets) => Self::MaxSize { octets, no_private },
                None => Self::ReadOnly { no_private },
            },
        ))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        let no_private = match self {
            Self::None => return encoder.put(b" NONE"),
            Self::ReadOnly { no_private } => {
                encoder.put(b" READ-ONLY");
                no_private
            }
            Self::MaxSize { octets, no_private } => {
                put_nz_number(octets, encoder);
                no_private
            }
        };
        if *no_private {
            encoder.put(b" NOPRIVATE");
        }
    }
}

/// A mechanism of URLMECH (RFC 4467).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlMechanism {
    name: Atom,
    data: Option<Secret>,
}

impl UrlMechanism {
    /// With what it needs, which is its own matter.
    ///
    /// # Errors
    /// [`Misuse`]: `=` in the name.
    pub fn new(name: Atom, data: Option<Secret>) -> Result<Self, Misuse> {
        match name.as_bytes().iter().position(|&o| o == b'=') {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self { name, data }),
        }
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &Atom {
        &self.name
    }

    /// What it needs, decoded.
    #[must_use]
    pub const fn data(&self) -> Option<&Secret> {
        self.data.as_ref()
    }

    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, word) = syntax::atom(i)?;
        let (name, data) = match memchr::memchr(b'=', word) {
            Some(0) => return fail(i, expected::ATOM),
            Some(at) => {
                let data = wire::sasl::decode(&word[at + 1..])
                    .map_err(|error| nom::Err::Error(Failure::of(error).before(rest.len())))?;
                (&word[..at], Some(data))
            }
            None => (word, None),
        };
        Ok((rest, Self { name: Atom::known(cx.keep(name)), data }))
    }
}

/// The argument of NEWNAME (RFC 2060).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewName {
    /// The name that was asked for.
    pub old: Mailbox,
    /// The name that the mailbox has now.
    pub new: Mailbox,
}

impl NewName {
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Self>> {
        let (i, ()) = sp(cx, i)?;
        let (i, old) = Self::name(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, new) = Self::name(cx, i)?;
        Ok((i, Box::new(Self { old, new })))
    }

    fn name<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Mailbox> {
        let (rest, octets) = atom_or_quoted(cx, i)?;
        match Mailbox::new(syntax::keep(cx, octets)) {
            Ok(name) => Ok((rest, name)),
            Err(_) => fail(i, expected::MAILBOX),
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        for name in [&self.old, &self.new] {
            encoder.sp();
            put_atom_or_quoted(name.as_bytes(), encoder);
        }
    }
}

/// A code that is not known, or not of its RFC's form (RFC 9051 section 7.1): what stands between the brackets, as it came.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OtherCode {
    content: Bytes,
}

impl OtherCode {
    /// A name, and what follows it.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: a known name. [`Misuse::Empty`], [`Misuse::IllegalOctet`]: the arguments are empty or have CR, LF, NUL or `]`, or
    /// a quote that does not end.
    pub fn new(name: &Atom, arguments: Option<&[u8]>) -> Result<Self, Misuse> {
        if Code::is_known(name.as_bytes()) {
            return Err(Misuse::Invalid("name of a code"));
        }
        let mut content = name.as_bytes().to_vec();
        if let Some(arguments) = arguments {
            if arguments.is_empty() {
                return Err(Misuse::Empty);
            }
            if let Some(offset) = arguments.iter().position(|&o| o == b']' || !class::TEXT.has(o)) {
                return Err(Misuse::IllegalOctet { offset });
            }
            content.push(b' ');
            content.extend_from_slice(arguments);
            let len = content.len();
            content.extend_from_slice(b"]\" \"");
            if code_len(&content) != Some(len) {
                return Err(Misuse::IllegalOctet { offset: arguments.len() });
            }
            content.truncate(len);
        }
        Ok(Self { content: content.into() })
    }

    /// All that stands between the brackets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.content
    }

    /// The first word.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        match memchr::memchr(b' ', &self.content) {
            Some(at) => &self.content[..at],
            None => &self.content,
        }
    }

    /// What follows the first word.
    #[must_use]
    pub fn arguments(&self) -> Option<&[u8]> {
        self.content.get(self.name().len() + 1..)
    }
}

impl fmt::Debug for OtherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.content.escape_ascii())
    }
}

/// How long a code is that starts here, up to its `]`, which is not one in quotes: a quote begins behind a space, `=` or `(`, and ends
/// before a space, `)` or `]`. Nothing if there is no end, or nothing before it.
pub(crate) fn code_len(i: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b']', &i[at..])?;
        if i[at] == b']' {
            return (at > 0).then_some(at);
        }
        let begins = at > 0 && matches!(i[at - 1], b' ' | b'=' | b'(');
        at += if begins { quoted_len(&i[at..]).unwrap_or(1) } else { 1 };
    }
}

/// The same for `PERMANENTFLAGS`, whose keywords have a `]` inside at some servers: the one that ends it stands behind a `)`, or where a
/// word ends.
fn flags_len(i: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b']', i).find(|&at| {
        let behind = at > 0 && matches!(i[at - 1], b')' | b' ' | b'\t');
        behind || i.get(at + 1).is_none_or(|&o| !class::LOOSE.has(o))
    })
}

/// How long a quoted string is, with its quotes.
fn quoted_len(i: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', i.get(at..)?)?;
        if i[at] == b'"' {
            // what no text has counts as a space
            let ends = matches!(i.get(at + 1), Some(b' ' | b')' | b']' | b'\r' | b'\n' | 0));
            return ends.then_some(at + 1);
        }
        at += 2;
    }
}

impl Code {
    /// Behind the `[`, up to and with the `]`. Nothing if there is no code: text may begin with `[`.
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<(&'i [u8], Self)> {
        let (len, key) = wire::keyword::name(i);
        let (name, rest) = i.split_at(len);
        let key = if len > 16 { wide_key(name) } else { key };
        // an argument that is read loosely must not take the `]`, whatever the text behind it looks like
        let end = match rest.first() {
            Some(b']') => Some(len),
            _ if name.eq_ignore_ascii_case(b"PERMANENTFLAGS") => flags_len(i),
            _ => code_len(i),
        };
        if let (1.., Some(end)) = (len, end.filter(|&end| end >= len)) {
            if let Ok((rest, code)) = Self::known(cx, (name, key), &i[len..end]) {
                let blanks = syntax::blanks(rest);
                let ends = blanks == rest.len();
                if ends && (blanks == 0 || cx.tolerates(Tolerance::Default, rule::EXTRA_SPACE, rest)) {
                    return Some((&i[end + 1..], code));
                }
            }
        }
        Self::other(cx, i, name)
    }

    #[cold]
    fn other<'i>(cx: &Context<'_>, i: &'i [u8], name: &[u8]) -> Option<(&'i [u8], Self)> {
        cx.forget_repairs(i);
        let len = match cx.tolerance() {
            Tolerance::Strict => memchr::memchr(b']', i).filter(|&len| len > 0)?,
            _ => code_len(i)?,
        };
        let content = &i[..len];
        if !class::TEXT.all(content) {
            return None;
        }
        let atom = class::ATOM.run(content);
        let ends = matches!(&content[atom..], [] | [b' ', _, ..]);
        if atom == 0 || !ends || atom == name.len() && Self::is_known(name) {
            cx.repair(rule::CODE_FORM, content);
        }
        Some((&i[len + 1..], Self::Other(Box::new(OtherCode { content: cx.keep(content) }))))
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::PermanentFlags(flags) => Self::PermanentFlags(Box::new(flags.detach())),
            Self::Capability(capabilities) => Self::Capability(Box::new(capabilities.detach())),
            Self::BadCharset(charsets) => Self::BadCharset(charsets.iter().map(Charset::detach).collect()),
            Self::BadEvent(events) => {
                Self::BadEvent(Box::new(NonEmpty::known(events.iter().map(EventName::detach).collect())))
            }
            Self::InProgress(progress) => Self::InProgress(Box::new(InProgress {
                tag: progress.tag.as_ref().map(Tag::detach),
                ..**progress
            })),
            Self::MailboxId(id) => Self::MailboxId(Box::new(id.detach())),
            Self::BadUrl(url) => Self::BadUrl(Box::new(url.detach())),
            Self::Referral(urls) => {
                Self::Referral(Box::new(NonEmpty::known(urls.iter().map(UrlWord::detach).collect())))
            }
            Self::UrlMech(mechanisms) => Self::UrlMech(
                mechanisms
                    .iter()
                    .map(|mechanism| UrlMechanism {
                        name: mechanism.name.detach(),
                        data: mechanism.data.clone(),
                    })
                    .collect(),
            ),
            Self::NewName(names) => {
                Self::NewName(Box::new(NewName { old: names.old.detach(), new: names.new.detach() }))
            }
            Self::NoUpdate(tag) => Self::NoUpdate(Box::new(tag.detach())),
            Self::UndefinedFilter(name) => Self::UndefinedFilter(Box::new(name.detach())),
            Self::Other(other) => {
                Self::Other(Box::new(OtherCode { content: Bytes::copy_from_slice(&other.content) }))
            }
            without_slices => without_slices.clone(),
        }
    }

    /// Any code, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let nz = any::<NonZeroU32>();
        let some = any::<NonZeroU32>().prop_map(Some);
        let tag = || Tag::strategy().prop_filter("bracket", |tag| !tag.as_bytes().contains(&b']'));
        let set = SequenceSet::uid_strategy;
        let mechanism = ("[A-Z]{1,9}", proptest::option::of(Secret::strategy()))
            .prop_map(|(name, data)| UrlMechanism { name: Atom::known(name.into()), data });
        let name = "[ -~]{0,9}".prop_filter_map("name", |s| Mailbox::new(s).ok());
        let numbers = prop_oneof![
            some.clone().prop_map(Self::UidNext),
            some.clone().prop_map(Self::UidValidity),
            some.prop_map(Self::Unseen),
            Number64::strategy().prop_filter("0", |n| n.get() > 0).prop_map(Self::HighestModSeq),
            nz.clone().prop_map(Self::MaxConvertMessages),
            nz.clone().prop_map(Self::MaxConvertParts),
            (nz.clone(), proptest::option::of(nz.clone()))
                .prop_map(|(limit, lowest)| Self::MessageLimit(MessageLimit { limit, lowest })),
            any::<u32>().prop_map(|n| Self::Metadata(MetadataCode::LongEntries(n))),
            any::<u32>().prop_map(|n| Self::Metadata(MetadataCode::MaxSize(n))),
            proptest::sample::select(alloc::vec![
                Self::Metadata(MetadataCode::TooMany),
                Self::Metadata(MetadataCode::NoPrivate),
                Self::Annotate(AnnotateCode::TooBig),
                Self::Annotate(AnnotateCode::TooMany),
                Self::Annotations(Annotations::None),
            ]),
            any::<bool>().prop_map(|no_private| Self::Annotations(Annotations::ReadOnly { no_private })),
            (nz.clone(), any::<bool>()).prop_map(|(octets, no_private)| Self::Annotations(
                Annotations::MaxSize { octets, no_private }
            )),
        ];
        let sets = prop_oneof![
            (nz.clone(), set()).prop_map(|(uid_validity, uids)| {
                Self::AppendUid(Box::new(AppendUid { uid_validity, uids }))
            }),
            (nz, set(), set()).prop_map(|(uid_validity, source, destination)| {
                Self::CopyUid(Box::new(CopyUid { uid_validity, source, destination }))
            }),
            set().prop_map(|set| Self::Modified(Box::new(set))),
            set().prop_map(|set| Self::Downgraded(Box::new(set))),
        ];
        let words = prop_oneof![
            Flags::strategy().prop_map(|flags| Self::PermanentFlags(Box::new(flags))),
            Capabilities::strategy().prop_map(|list| Self::Capability(Box::new(list))),
            Just(Self::BadCharset(Box::default())),
            proptest::collection::vec(Charset::strategy(), 1..4)
                .prop_map(|list| Self::BadCharset(list.into())),
            NonEmpty::strategy(EventName::strategy(), 3).prop_map(|events| Self::BadEvent(Box::new(events))),
            ObjectId::strategy().prop_map(|id| Self::MailboxId(Box::new(id))),
            Atom::strategy().prop_map(|name| Self::UndefinedFilter(Box::new(name))),
            UrlWord::strategy().prop_map(|url| Self::BadUrl(Box::new(url))),
            NonEmpty::strategy(UrlWord::strategy(), 2).prop_map(|urls| Self::Referral(Box::new(urls))),
            proptest::collection::vec(mechanism, 0..3).prop_map(|list| Self::UrlMech(list.into())),
            (name.clone(), name).prop_map(|(old, new)| Self::NewName(Box::new(NewName { old, new }))),
            Tag::strategy().prop_map(|tag| Self::NoUpdate(Box::new(tag))),
            (proptest::option::of(tag()), proptest::option::of(0..9u32), any::<bool>()).prop_map(
                |(tag, progress, known)| {
                    let goal = progress.and_then(|n| if known { NonZeroU32::new(n + 1) } else { None });
                    Self::InProgress(Box::new(InProgress { tag, progress, goal }))
                }
            ),
        ];
        let other = ("X-[A-Z0-9-]{1,9}", proptest::option::of("[ -~&&[^\\]\"]]{1,9}")).prop_map(
            |(name, arguments)| {
                let mut content = name;
                if let Some(arguments) = arguments {
                    content.push(' ');
                    content.push_str(&arguments);
                }
                Self::Other(Box::new(OtherCode { content: content.into() }))
            },
        );
        prop_oneof![
            2 => proptest::sample::select(Self::PLAIN),
            2 => numbers,
            1 => sets,
            2 => words,
            1 => other,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Flag;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Code> {
        let (rest, ()) = octet(i, b'[', expected::CODE)?;
        match Code::rule(cx, rest) {
            Some(found) => Ok(found),
            None => fail(rest, expected::CODE),
        }
    }

    fn encode(code: &Code, encoder: &mut Encoder<'_>) {
        encoder.put(b"[");
        code.encode(encoder);
        encoder.put(b"]");
    }

    fn nz(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    fn set(text: &str) -> SequenceSet {
        SequenceSet::parse(text.as_bytes()).unwrap()
    }

    fn known<T: Clone>(values: &[T]) -> Box<NonEmpty<T>> {
        Box::new(NonEmpty::new(values).unwrap())
    }

    fn charsets(words: &[&'static str]) -> Box<[Charset]> {
        words.iter().map(|word| Charset::new(*word).unwrap()).collect()
    }

    fn other(content: &'static [u8]) -> Code {
        Code::Other(Box::new(OtherCode { content: Bytes::from_static(content) }))
    }

    fn url(text: &'static str) -> UrlWord {
        UrlWord::new(text).unwrap()
    }

    fn progress(tag: Option<&'static str>, progress: Option<u32>, goal: Option<u32>) -> Code {
        let tag = tag.map(|tag| Tag::new(tag).unwrap());
        Code::InProgress(Box::new(InProgress::new(tag, progress, goal.map(nz)).unwrap()))
    }

    #[test]
    fn codes_of_the_rfcs() {
        let flags = |flags: &[Flag]| Code::PermanentFlags(Box::new(flags.iter().cloned().collect()));
        let append = |text| Code::AppendUid(Box::new(AppendUid::new(nz(38505), set(text)).unwrap()));
        let message_limit = |lowest: Option<u32>| {
            Code::MessageLimit(MessageLimit { limit: nz(1000), lowest: lowest.map(nz) })
        };
        let mechanism = |name: &'static str, data: Option<&[u8]>| UrlMechanism {
            name: Atom::new(name).unwrap(),
            data: data.map(Secret::new),
        };
        check(
            rule,
            encode,
            &[
                Row::Good(b"[ALERT]", Code::Alert),
                Row::Good(b"[READ-WRITE]", Code::ReadWrite),
                Row::Good(b"[UNKNOWN-CTE]", Code::UnknownCte),
                Row::Good(b"[AUTHENTICATIONFAILED]", Code::AuthenticationFailed),
                Row::Good(b"[UIDNEXT 4392]", Code::UidNext(Some(nz(4392)))),
                Row::Good(b"[UIDVALIDITY 3857529045]", Code::UidValidity(Some(nz(3_857_529_045)))),
                Row::Good(b"[UNSEEN 12]", Code::Unseen(Some(nz(12)))),
                Row::Good(
                    b"[HIGHESTMODSEQ 715194045007]",
                    Code::HighestModSeq(Number64::new(715_194_045_007).unwrap()),
                ),
                Row::Other(
                    b"[PERMANENTFLAGS (\\Deleted \\Seen \\*)]",
                    flags(&[Flag::Deleted, Flag::Seen, Flag::Wildcard]),
                ),
                Row::Good(b"[PERMANENTFLAGS ()]", flags(&[])),
                Row::Good(
                    b"[CAPABILITY IMAP4rev2 ID]",
                    Code::Capability(Box::new(
                        [crate::Capability::Imap4Rev2, crate::Capability::Id].into_iter().collect(),
                    )),
                ),
                Row::Good(b"[BADCHARSET]", Code::BadCharset(Box::default())),
                Row::Good(b"[BADCHARSET (UTF-8 KOI8-R)]", Code::BadCharset(charsets(&["UTF-8", "KOI8-R"]))),
                Row::Other(b"[BADCHARSET (\"UTF-8\")]", Code::BadCharset(charsets(&["UTF-8"]))),
                Row::Good(b"[APPENDUID 38505 3955]", append("3955")),
                Row::Good(b"[APPENDUID 38505 77712,77713]", append("77712,77713")),
                Row::Good(
                    b"[COPYUID 38505 304,319:320 3956:3958]",
                    Code::CopyUid(Box::new(
                        CopyUid::new(nz(38505), set("304,319:320"), set("3956:3958")).unwrap(),
                    )),
                ),
                Row::Good(b"[MODIFIED 7,9]", Code::Modified(Box::new(set("7,9")))),
                Row::Good(b"[DOWNGRADED 70,105]", Code::Downgraded(Box::new(set("70,105")))),
                Row::Good(b"[INPROGRESS]", progress(None, None, None)),
                Row::Other(b"[INPROGRESS (NIL NIL NIL)]", progress(None, None, None)),
                Row::Good(b"[INPROGRESS (\"A001\" 454 1000)]", progress(Some("A001"), Some(454), Some(1000))),
                Row::Good(b"[INPROGRESS (NIL 5 NIL)]", progress(None, Some(5), None)),
                Row::Good(
                    b"[MAILBOXID (F2212ea87-6097-4256-9d51-71338625)]",
                    Code::MailboxId(Box::new(ObjectId::new("F2212ea87-6097-4256-9d51-71338625").unwrap())),
                ),
                Row::Good(b"[MESSAGELIMIT 1000]", message_limit(None)),
                Row::Good(b"[MESSAGELIMIT 1000 23221]", message_limit(Some(23221))),
                Row::Good(b"[METADATA LONGENTRIES 2199]", Code::Metadata(MetadataCode::LongEntries(2199))),
                Row::Good(b"[METADATA MAXSIZE 1024]", Code::Metadata(MetadataCode::MaxSize(1024))),
                Row::Good(b"[METADATA TOOMANY]", Code::Metadata(MetadataCode::TooMany)),
                Row::Good(b"[METADATA NOPRIVATE]", Code::Metadata(MetadataCode::NoPrivate)),
                Row::Good(b"[ANNOTATE TOOBIG]", Code::Annotate(AnnotateCode::TooBig)),
                Row::Good(b"[ANNOTATE TOOMANY]", Code::Annotate(AnnotateCode::TooMany)),
                Row::Good(b"[ANNOTATIONS NONE]", Code::Annotations(Annotations::None)),
                Row::Good(
                    b"[ANNOTATIONS READ-ONLY]",
                    Code::Annotations(Annotations::ReadOnly { no_private: false }),
                ),
                Row::Good(
                    b"[ANNOTATIONS 20480 NOPRIVATE]",
                    Code::Annotations(Annotations::MaxSize { octets: nz(20480), no_private: true }),
                ),
                Row::Good(
                    b"[BADEVENT (MessageNew FlagChange)]",
                    Code::BadEvent(known(&[EventName::MessageNew, EventName::FlagChange])),
                ),
                Row::Good(
                    b"[BADURL /INBOX;UIDVALIDITY=1/;UID=2]",
                    Code::BadUrl(Box::new(url("/INBOX;UIDVALIDITY=1/;UID=2"))),
                ),
                Row::Good(
                    b"[REFERRAL IMAP://user;AUTH=*@SERVER2/ IMAP://SERVER3/]",
                    Code::Referral(known(&[url("IMAP://user;AUTH=*@SERVER2/"), url("IMAP://SERVER3/")])),
                ),
                Row::Good(b"[URLMECH INTERNAL]", Code::UrlMech(Box::default())),
                Row::Good(
                    b"[URLMECH INTERNAL XSAMPLE=P34= Y]",
                    Code::UrlMech(Box::new([mechanism("XSAMPLE", Some(b"?~")), mechanism("Y", None)])),
                ),
                Row::Good(b"[MAXCONVERTMESSAGES 1]", Code::MaxConvertMessages(nz(1))),
                Row::Good(b"[MAXCONVERTPARTS 5]", Code::MaxConvertParts(nz(5))),
                Row::Good(
                    b"[NEWNAME Old \"a] b\"]",
                    Code::NewName(Box::new(NewName {
                        old: Mailbox::new("Old").unwrap(),
                        new: Mailbox::new("a] b").unwrap(),
                    })),
                ),
                Row::Good(b"[NOUPDATE \"B02\"]", Code::NoUpdate(Box::new(Tag::new("B02").unwrap()))),
                Row::Good(b"[NOUPDATE \"B]\"]", Code::NoUpdate(Box::new(Tag::new("B]").unwrap()))),
                Row::Good(
                    b"[UNDEFINED-FILTER mine]",
                    Code::UndefinedFilter(Box::new(Atom::new("mine").unwrap())),
                ),
                // the same in other case
                Row::Other(b"[trycreate]", Code::TryCreate),
                Row::Other(b"[notificationOverflow]", Code::NotificationOverflow),
            ],
        );
    }

    #[test]
    fn quirks() {
        // to the strict, they are not known
        fn known<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Code> {
            match rule(cx, i) {
                Ok((_, Code::Other(_))) => fail(i, expected::CODE),
                found => found,
            }
        }
        check(
            known,
            encode,
            &[
                // quirks 13, 16, 17, 49; errata 7323 and 4046; and their kinds
                Row::Tolerated(b"[UIDVALIDITY  1]", 16, Code::UidValidity(Some(nz(1)))),
                Row::Tolerated(b"[UIDNEXT 1 ]", 12, Code::UidNext(Some(nz(1)))),
                Row::Tolerated(b"[READ-ONLY ]", 12, Code::ReadOnly),
                Row::Tolerated(
                    b"[BADCHARSET UTF-8 UTF-7]",
                    24,
                    Code::BadCharset(charsets(&["UTF-8", "UTF-7"])),
                ),
                Row::Tolerated(b"[BADURL \"/x;UID=1\"]", 19, Code::BadUrl(Box::new(url("/x;UID=1")))),
                Row::Tolerated(
                    b"[BADEVENT AnnotationChange]",
                    27,
                    Code::BadEvent(Box::new(NonEmpty::one(EventName::AnnotationChange))),
                ),
                Row::Tolerated(b"[NOUPDATE B02]", 14, Code::NoUpdate(Box::new(Tag::new("B02").unwrap()))),
                Row::Tolerated(
                    b"[PERMANENTFLAGS (a[b]/c )]",
                    26,
                    Code::PermanentFlags(Box::new(
                        [Flag::Keyword(Atom::known("a[b]/c".into()))].into_iter().collect(),
                    )),
                ),
                Row::Tolerated(
                    b"[CAPABILITY IMAP4rev1  ID ]",
                    27,
                    Code::Capability(Box::new(
                        [crate::Capability::Imap4Rev1, crate::Capability::Id].into_iter().collect(),
                    )),
                ),
                Row::Tolerated(b"[MAILBOXID x]", 13, Code::MailboxId(Box::new(ObjectId::new("x").unwrap()))),
                Row::Bad(b"[", 1),
                Row::Bad(b"[]", 1),
                Row::Bad(b"[ALERT", 1),
                Row::Bad(b"[X \r]", 1),
                Row::Bad(b"[X \0]", 1),
            ],
        );
        for code in [
            Code::UidValidity(None),
            Code::UidNext(None),
            Code::Unseen(None),
            Code::HighestModSeq(Number64::ZERO),
        ] {
            let mut octets = b"[".to_vec();
            octets.extend_from_slice(code.name());
            octets.extend_from_slice(b" 0]");
            let frame = Bytes::from(octets);
            let cx = Context::new(&frame, Tolerance::Default);
            assert_eq!(rule(&cx, &frame).unwrap().1, code);
            assert_eq!(cx.into_repairs()[0].rule, rule::NUMBER_RANGE);
            let cx = Context::new(&frame, Tolerance::Strict);
            assert!(matches!(rule(&cx, &frame).unwrap().1, Code::Other(_)));
        }
    }

    #[test]
    fn what_is_not_known_stays() {
        for (octets, remarks) in [
            (&b"[X-FOO]"[..], 0),
            (b"[X-FOO bar (baz)]", 0),
            (b"[FOO/BAR x]", 0),
            (b"[WEBALERT https://accounts.example/x?y=z]", 0),
            // quirk 6
            (b"[Error=\"Microsoft.Exchange.Data [x]\" AuthResultFromPopImapEnd=0 Service=Imap4]", 1),
            // known ones of another form; quirk 13
            (b"[COPYUID 1  ]", 1),
            (b"[COPYUID 1 1:* 2]", 1),
            (b"[UIDNEXT]", 1),
            (b"[UIDVALIDITY 9877410381]", 1),
            (b"[UIDNEXT x]", 1),
            (b"[ALERT now]", 1),
            (b"[INPROGRESS (\"a\" 5 0)]", 1),
            (b"[INPROGRESS (\"a\" 5 4)]", 1),
            (b"[INPROGRESS (\"a\" NIL 4)]", 1),
            (b"[INPROGRESS (\"a\" -1 4)]", 1),
            (b"[BADCHARSET ({3}]", 1),
            (b"[NEWNAME {3} x]", 1),
            (b"[PERMANENTFLAGS (Answered Seen ]", 1),
            (b"[MAILBOXID (a.b]", 1),
            (b"[HIGHESTMODSEQ 9223372036854775808]", 1),
            (b"[X ]", 1),
            (b"[ X]", 1),
            (b"[caf\xe9 x]", 1),
        ] {
            let frame = Bytes::from_static(octets);
            let cx = Context::new(&frame, Tolerance::Default);
            let (rest, code) = rule(&cx, &frame).unwrap();
            let shown = octets.escape_ascii();
            assert!(rest.is_empty() && matches!(code, Code::Other(_)), "{shown}: {code:?}");
            let repairs = cx.into_repairs();
            assert!(repairs.iter().all(|remark| remark.rule == rule::CODE_FORM), "{shown}: {repairs:?}");
            assert_eq!(repairs.len(), remarks, "{shown}");
            assert_eq!(crate::core::testing::encoded(&code, encode), octets, "{shown}");
            assert_eq!(code.detach(), code);
        }
        assert_eq!(other(b"X y z").name(), b"X");
        let Code::Other(x) = other(b"X y z") else { panic!() };
        assert_eq!(x.arguments(), Some(&b"y z"[..]));
    }

    #[test]
    fn what_the_text_has_is_no_flag() {
        let flags =
            |i: &'static [u8]| match rule(&Context::new(&Bytes::from_static(i), Tolerance::Default), i) {
                Ok((_, Code::PermanentFlags(flags))) => Some(flags.iter().count()),
                _ => None,
            };
        assert_eq!(flags(b"[PERMANENTFLAGS (a [b]/c d)] x"), Some(3));
        assert_eq!(flags(b"[PERMANENTFLAGS (a [b]c)] x"), Some(2));
        assert_eq!(flags(b"[PERMANENTFLAGS (a [b] c d)] x"), None);
        // not behind the wildcard, which is written last
        assert_eq!(flags(b"[PERMANENTFLAGS (\\* [b])] x"), None);
        assert_eq!(flags(b"[PERMANENTFLAGS (a [b] c\0d)] x"), None);
    }

    #[test]
    fn the_end_of_a_code_is_not_in_quotes() {
        for (octets, lenient, strict) in [
            (&b"a]"[..], Some(1), Some(1)),
            (b"a \"b]\"] c", Some(6), Some(4)),
            (b"a \"b\\\"]\"] c", Some(8), Some(6)),
            // no quotes at all
            (b"a \"b] c", Some(4), Some(4)),
            (b"it\"s] \"x]\" ", Some(4), Some(4)),
            (b"a \"b] c \"d\"]", Some(4), Some(4)),
            (b"]", None, None),
            (b"a", None, None),
        ] {
            assert_eq!(code_len(octets), lenient, "{}", octets.escape_ascii());
            let frame = Bytes::from_static(octets);
            let cx = Context::new(&frame, Tolerance::Strict);
            let len = Code::rule(&cx, &frame).map(|(rest, _)| octets.len() - rest.len() - 1);
            assert_eq!(len, strict, "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn only_what_can_be_sent_is_built() {
        let name = Atom::new("X").unwrap();
        assert!(OtherCode::new(&name, None).is_ok());
        assert!(OtherCode::new(&name, Some(b"a \"b\" c")).is_ok());
        for bad in [&b""[..], b"a]b", b"a\r", b"\n", b"\0", b"\"a"] {
            assert!(OtherCode::new(&name, Some(bad)).is_err(), "{}", bad.escape_ascii());
        }
        assert!(OtherCode::new(&Atom::new("alert").unwrap(), None).is_err());
        assert!(AppendUid::new(nz(1), SequenceSet::all()).is_err());
        assert!(CopyUid::new(nz(1), set("1:2"), set("1")).is_err());
        assert!(InProgress::new(None, None, Some(nz(1))).is_err());
        assert!(InProgress::new(None, Some(2), Some(nz(1))).is_err());
        assert!(InProgress::new(Some(Tag::new("a]").unwrap()), Some(1), None).is_err());
        assert!(UrlMechanism::new(Atom::new("a=b").unwrap(), None).is_err());
        assert!(size_of::<Code>() <= 24, "{}", size_of::<Code>());
    }

    #[test]
    fn copied_messages_are_found() {
        let copied = CopyUid::new(nz(1), set("304,319:320,2:1"), set("3956:3958,9,8")).unwrap();
        for (from, to) in [(304, 3956), (319, 3957), (320, 3958), (1, 9), (2, 8)] {
            assert_eq!(copied.destination_of(nz(from)), Some(nz(to)));
        }
        assert_eq!(copied.destination_of(nz(305)), None);
        let frame = Bytes::from_static(b"[COPYUID 1 1:4294967295 1]");
        let Code::CopyUid(short) = rule(&Context::new(&frame, Tolerance::Strict), &frame).unwrap().1 else {
            panic!()
        };
        assert_eq!(short.destination_of(nz(4_294_967_295)), None);
    }

    proptest! {
        #[test]
        fn codes_round_trip(code in Code::strategy()) {
            round_trip(&code, rule, encode);
            prop_assert_eq!(code.detach(), code);
        }

        #[test]
        fn any_octets_have_one_form(octets in "[ -~]{0,20}", name in proptest::sample::select(Code::KEYWORDS)) {
            let frame = Bytes::from(alloc::format!("[{name} {octets}]"));
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                if let Ok((_, code)) = rule(&Context::new(&frame, tolerance), &frame) {
                    let again = crate::core::testing::encoded(&code, encode);
                    let (rest, second) = rule(&Context::new(&again, tolerance), &again).unwrap();
                    prop_assert!(rest.is_empty());
                    prop_assert_eq!(second, code);
                }
            }
        }
    }
}
