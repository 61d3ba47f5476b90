//! What a server can do (RFC 9051 sections 6.1.1 and 7.2.2, and each extension's RFC).

use crate::core::keyword::{wide_key, wide_key_of};
use crate::core::syntax::{blanks, expected};
use crate::core::{Atom, Context, Encoder, class};
use crate::{QuotaResource, Rights, ThreadAlgorithm, UrlWord, rule};
use ::core::fmt;
use ::core::num::NonZeroU32;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Failure, Parsed, fail};
use wire::sasl::Mechanism;
use wire::{Misuse, ParseErrorKind, Tolerance};

/// The table: a row is a variant, a parse arm, an encode arm and a keyword.
macro_rules! capabilities {
    (
        plain { $($(#[$doc:meta])* $id:ident = $name:literal,)* }
        with a value { $($(#[$vdoc:meta])* $vid:ident($value:ty) = $vname:literal, $read:ident, $write:ident;)* }
    ) => {
        /// One thing that a server can do (RFC 9051 section 7.2.2). Names are compared without case.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Capability {
            $($(#[$doc])* $id,)*
            $($(#[$vdoc])* $vid($value),)*
            /// Any other, as it came; a known one with a value that is none, too.
            Other(Atom),
        }

        #[allow(non_upper_case_globals, reason = "named as the variants")]
        mod keys {
            use super::wide_key_of;
            $(pub(super) const $id: u128 = wide_key_of($name);)*
            $(pub(super) const $vid: u128 = wide_key_of($vname);)*
        }

        impl Capability {
            /// The names of all that are known; those that a value follows end in `=`.
            pub const KEYWORDS: &'static [&'static str] = &[$($name,)* $($vname,)*];

            /// One without a value, by the key of its name, which has no more than 16 octets.
            #[inline]
            fn of_key(key: u128) -> Option<Self> {
                match key {
                    $(keys::$id if $name.len() <= 16 => Some(Self::$id),)*
                    _ => None,
                }
            }

            /// One without a value, by its name.
            fn plain(word: &[u8]) -> Option<Self> {
                let found = match wide_key(word) {
                    $(keys::$id => (Self::$id, $name),)*
                    _ => return None,
                };
                // of long names, the key is not all
                (word.len() <= 16 || word.eq_ignore_ascii_case(found.1.as_bytes())).then_some(found.0)
            }

            /// One with a value, by its name with the `=`.
            fn with_value(name: &[u8], value: &[u8], keep: &impl Fn(&[u8]) -> Bytes) -> Option<Self> {
                match wide_key(name) {
                    $(keys::$vid => $read(value, keep).map(Self::$vid),)*
                    _ => None,
                }
            }

            /// Appends its word.
            fn put(&self, words: &mut Vec<u8>) {
                match self {
                    $(Self::$id => words.extend_from_slice($name.as_bytes()),)*
                    $(Self::$vid(value) => {
                        words.extend_from_slice($vname.as_bytes());
                        $write(value, words);
                    })*
                    Self::Other(atom) => words.extend_from_slice(atom.as_bytes()),
                }
            }

            /// Any capability, for property tests.
            #[cfg(any(test, feature = "proptest"))]
            pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
                use proptest::prelude::*;
                prop_oneof![
                    6 => proptest::sample::select(alloc::vec![$(Self::$id),*]),
                    2 => Mechanism::strategy().prop_map(Self::Auth),
                    1 => any::<u32>().prop_map(Self::AppendLimit),
                    1 => any::<NonZeroU32>().prop_map(Self::MessageLimit),
                    1 => any::<NonZeroU32>().prop_map(Self::SaveLimit),
                    1 => any::<u8>().prop_map(Self::I18nLevel),
                    1 => ThreadAlgorithm::strategy().prop_map(Self::Thread),
                    1 => QuotaResource::strategy().prop_map(Self::Quota),
                    1 => "[a-z]{1,5}".prop_map(|s| Self::Rights(Box::new(Rights::new(&s).unwrap_or_default()))),
                    1 => UrlWord::strategy().prop_map(Self::ImapSieve),
                    2 => "X-[A-Z]{1,9}(=[A-Z0-9]{0,4})?".prop_map(|s| Self::Other(Atom::known(s.into()))),
                ]
            }
        }
    };
}

capabilities! {
    plain {
        /// IMAP as of RFC 3501.
        Imap4Rev1 = "IMAP4rev1",
        /// IMAP as of RFC 9051.
        Imap4Rev2 = "IMAP4rev2",
        /// IMAP as of RFC 1730, obsolete.
        Imap4 = "IMAP4",
        /// The STARTTLS command (RFC 9051 section 6.2.1).
        StartTls = "STARTTLS",
        /// LOGIN is refused (RFC 9051 section 6.2.3).
        LoginDisabled = "LOGINDISABLED",
        /// Access control lists (RFC 4314).
        Acl = "ACL",
        /// Annotations of messages (RFC 5257).
        Annotate = "ANNOTATE-EXPERIMENT-1",
        /// Each mailbox has its own limit for APPEND; STATUS tells it (RFC 7889 section 2).
        AppendLimits = "APPENDLIMIT",
        /// `BINARY[...]` and literals with NUL (RFC 3516).
        Binary = "BINARY",
        /// APPEND of parts of other messages (RFC 4469).
        Catenate = "CATENATE",
        /// `\HasChildren` and `\HasNoChildren` (RFC 3348).
        Children = "CHILDREN",
        /// Compression of the connection (RFC 4978).
        CompressDeflate = "COMPRESS=DEFLATE",
        /// Modification sequences (RFC 7162 section 3.1).
        CondStore = "CONDSTORE",
        /// Resynchronisation in one round trip (RFC 7162 section 3.2).
        QResync = "QRESYNC",
        /// Searches that are kept up to date (RFC 5267).
        ContextSearch = "CONTEXT=SEARCH",
        /// The same, sorted (RFC 5267).
        ContextSort = "CONTEXT=SORT",
        /// SORT with RETURN (RFC 5267).
        ESort = "ESORT",
        /// The CONVERT command (RFC 5259).
        Convert = "CONVERT",
        /// CREATE with USE (RFC 6154).
        CreateSpecialUse = "CREATE-SPECIAL-USE",
        /// Mailboxes for special uses (RFC 6154).
        SpecialUse = "SPECIAL-USE",
        /// The ENABLE command (RFC 5161).
        Enable = "ENABLE",
        /// SEARCH with RETURN (RFC 4731).
        ESearch = "ESEARCH",
        /// Searches that are stored (RFC 5466).
        Filters = "FILTERS",
        /// The LANGUAGE command (RFC 5255).
        Language = "LANGUAGE",
        /// The ID command (RFC 2971).
        Id = "ID",
        /// The IDLE command (RFC 2177).
        Idle = "IDLE",
        /// The INPROGRESS code (RFC 9585).
        InProgress = "INPROGRESS",
        /// The GETJMAPACCESS command (RFC 9698).
        JmapAccess = "JMAPACCESS",
        /// LIST with options (RFC 5258).
        ListExtended = "LIST-EXTENDED",
        /// LIST with METADATA (RFC 9590).
        ListMetadata = "LIST-METADATA",
        /// LIST with MYRIGHTS (RFC 8440).
        ListMyRights = "LIST-MYRIGHTS",
        /// LIST with STATUS (RFC 5819).
        ListStatus = "LIST-STATUS",
        /// Literals that wait for nothing (RFC 7888).
        LiteralPlus = "LITERAL+",
        /// The same, of up to 4096 octets (RFC 7888).
        LiteralMinus = "LITERAL-",
        /// Referrals at login (RFC 2221).
        LoginReferrals = "LOGIN-REFERRALS",
        /// Referrals for mailboxes (RFC 2193).
        MailboxReferrals = "MAILBOX-REFERRALS",
        /// Annotations of mailboxes and the server (RFC 5464).
        Metadata = "METADATA",
        /// Annotations of the server (RFC 5464).
        MetadataServer = "METADATA-SERVER",
        /// The MOVE command (RFC 6851).
        Move = "MOVE",
        /// APPEND of several messages (RFC 3502).
        MultiAppend = "MULTIAPPEND",
        /// The ESEARCH command, for several mailboxes (RFC 7377).
        MultiSearch = "MULTISEARCH",
        /// The NAMESPACE command (RFC 2342).
        Namespace = "NAMESPACE",
        /// The NOTIFY command (RFC 5465).
        Notify = "NOTIFY",
        /// Identifiers of mailboxes, messages and threads (RFC 8474).
        ObjectId = "OBJECTID",
        /// Results in pages (RFC 9394).
        Partial = "PARTIAL",
        /// FETCH PREVIEW (RFC 8970).
        Preview = "PREVIEW",
        /// The commands that read quotas (RFC 9208).
        Quotas = "QUOTA",
        /// The SETQUOTA command (RFC 9208).
        QuotaSet = "QUOTASET",
        /// The REPLACE command (RFC 8508).
        Replace = "REPLACE",
        /// Initial responses of AUTHENTICATE (RFC 4959).
        SaslIr = "SASL-IR",
        /// FETCH SAVEDATE (RFC 8514).
        SaveDate = "SAVEDATE",
        /// SEARCH FUZZY (RFC 6203).
        SearchFuzzy = "SEARCH=FUZZY",
        /// SEARCH RETURN (SAVE) and `$` (RFC 5182).
        SearchRes = "SEARCHRES",
        /// The SORT command (RFC 5256).
        Sort = "SORT",
        /// SORT by the names that are shown (RFC 5957).
        SortDisplay = "SORT=DISPLAY",
        /// STATUS SIZE (RFC 8438).
        StatusSize = "STATUS=SIZE",
        /// The UIDBATCHES command (RFC 10022).
        UidBatches = "UIDBATCHES",
        /// Commands and responses without message numbers (RFC 9586).
        UidOnly = "UIDONLY",
        /// UID EXPUNGE, APPENDUID, COPYUID (RFC 4315).
        UidPlus = "UIDPLUS",
        /// The UNAUTHENTICATE command (RFC 8437).
        Unauthenticate = "UNAUTHENTICATE",
        /// The UNSELECT command (RFC 3691).
        Unselect = "UNSELECT",
        /// `;PARTIAL=` in URLs (RFC 5550).
        UrlPartial = "URL-PARTIAL",
        /// URLs that give access (RFC 4467).
        UrlAuth = "URLAUTH",
        /// URLFETCH with decoding (RFC 5524, erratum 6214).
        UrlAuthBinary = "URLAUTH=BINARY",
        /// The same as the text of RFC 5524 writes it.
        UrlFetchBinary = "URLFETCH=BINARY",
        /// UTF-8 can be switched on (RFC 9755).
        Utf8Accept = "UTF8=ACCEPT",
        /// UTF-8 must be switched on (RFC 9755).
        Utf8Only = "UTF8=ONLY",
        /// All mailboxes are in UTF-8 (RFC 5738), obsolete.
        Utf8All = "UTF8=ALL",
        /// APPEND with UTF8 (RFC 5738), obsolete.
        Utf8Append = "UTF8=APPEND",
        /// LOGIN with UTF-8 (RFC 5738), obsolete.
        Utf8User = "UTF8=USER",
        /// SEARCH OLDER and YOUNGER (RFC 5032).
        Within = "WITHIN",
        /// The XLIST command, Gmail's before SPECIAL-USE.
        XList = "XLIST",
        /// Gmail's X-GM-RAW, X-GM-MSGID, X-GM-THRID and X-GM-LABELS.
        XGmExt1 = "X-GM-EXT-1",
        /// Apple's push notifications.
        XApplePushService = "XAPPLEPUSHSERVICE",
        /// ACL of several mailboxes united, by Courier.
        Acl2Union = "ACL2=UNION",
        /// A draft of METADATA.
        AnnotateMore = "ANNOTATEMORE",
        /// FETCH SNIPPET, a draft of PREVIEW.
        SnippetFuzzy = "SNIPPET=FUZZY",
        /// FETCH PREVIEW of a draft of RFC 8970.
        PreviewFuzzy = "PREVIEW=FUZZY",
        /// A command of some proxies that answers with a word.
        Xyzzy = "XYZZY",
        /// The sender's name for messages in a mailbox, by Sun.
        XSender = "XSENDER",
        /// Extensions of Netscape.
        XNetscape = "X-NETSCAPE",
    }
    with a value {
        /// A SASL mechanism of AUTHENTICATE (RFC 9051 section 6.2.2).
        Auth(Mechanism) = "AUTH=", mechanism, put_mechanism;
        /// The largest message that APPEND takes, in any mailbox (RFC 7889 section 2).
        AppendLimit(u32) = "APPENDLIMIT=", number, put_number;
        /// How well other languages' letters are compared (RFC 5255 section 4.2).
        I18nLevel(u8) = "I18NLEVEL=", small_number, put_small_number;
        /// Sieve scripts on events; the URL at which scripts are managed (RFC 6785 section 2.1).
        ImapSieve(UrlWord) = "IMAPSIEVE=", url, put_url;
        /// How many messages a command may touch (RFC 9738 section 3).
        MessageLimit(NonZeroU32) = "MESSAGELIMIT=", nz_number, put_nz_number;
        /// The same, of commands that store messages only (RFC 9738 section 3).
        SaveLimit(NonZeroU32) = "SAVELIMIT=", nz_number, put_nz_number;
        /// A type of quota resource, without `RES-` here (RFC 9208 section 3.1).
        Quota(QuotaResource) = "QUOTA=", resource, put_resource;
        /// The rights beyond those of RFC 2086 (RFC 4314 section 2.2).
        Rights(Box<Rights>) = "RIGHTS=", rights, put_rights;
        /// A threading algorithm (RFC 5256).
        Thread(ThreadAlgorithm) = "THREAD=", algorithm, put_algorithm;
    }
}

fn mechanism(value: &[u8], _: &impl Fn(&[u8]) -> Bytes) -> Option<Mechanism> {
    Mechanism::new(value).ok()
}

fn put_mechanism(mechanism: &Mechanism, words: &mut Vec<u8>) {
    words.extend_from_slice(mechanism.as_bytes());
}

fn number(value: &[u8], _: &impl Fn(&[u8]) -> Bytes) -> Option<u32> {
    match wire::number::number32(value) {
        Ok(([], number)) => Some(number),
        _ => None,
    }
}

fn put_number(number: &u32, words: &mut Vec<u8>) {
    words.extend_from_slice(wire::number::decimal(u64::from(*number), &mut [0; 20]));
}

fn nz_number(value: &[u8], keep: &impl Fn(&[u8]) -> Bytes) -> Option<NonZeroU32> {
    number(value, keep).and_then(NonZeroU32::new)
}

fn put_nz_number(number: &NonZeroU32, words: &mut Vec<u8>) {
    put_number(&number.get(), words);
}

fn small_number(value: &[u8], keep: &impl Fn(&[u8]) -> Bytes) -> Option<u8> {
    number(value, keep).and_then(|number| u8::try_from(number).ok())
}

fn put_small_number(number: &u8, words: &mut Vec<u8>) {
    put_number(&u32::from(*number), words);
}

/// A word that is an atom.
fn is_atom(value: &[u8]) -> bool {
    !value.is_empty() && class::ATOM.all(value)
}

fn resource(value: &[u8], keep: &impl Fn(&[u8]) -> Bytes) -> Option<QuotaResource> {
    let name = crate::core::syntax::after(value, b"RES-").filter(|name| is_atom(name))?;
    Some(QuotaResource::of(name, || keep(name)))
}

fn put_resource(resource: &QuotaResource, words: &mut Vec<u8>) {
    words.extend_from_slice(b"RES-");
    words.extend_from_slice(resource.name());
}

/// `new-rights = 1*LOWER-ALPHA`
fn rights(value: &[u8], _: &impl Fn(&[u8]) -> Bytes) -> Option<Box<Rights>> {
    let rights = ::core::str::from_utf8(value).ok().and_then(|letters| Rights::new(letters).ok())?;
    (!rights.is_empty()).then(|| Box::new(rights))
}

fn put_rights(rights: &Rights, words: &mut Vec<u8>) {
    words.extend(rights.iter().map(|letter| letter as u8));
}

fn algorithm(value: &[u8], keep: &impl Fn(&[u8]) -> Bytes) -> Option<ThreadAlgorithm> {
    is_atom(value).then(|| ThreadAlgorithm::of(value, || keep(value)))
}

fn put_algorithm(algorithm: &ThreadAlgorithm, words: &mut Vec<u8>) {
    words.extend_from_slice(algorithm.as_bytes());
}

fn url(value: &[u8], keep: &impl Fn(&[u8]) -> Bytes) -> Option<UrlWord> {
    UrlWord::new(keep(value)).ok()
}

fn put_url(url: &UrlWord, words: &mut Vec<u8>) {
    words.extend_from_slice(url.as_bytes());
}

impl Capability {
    /// From its word.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: not one word.
    ///
    /// ```
    /// use imap_proto::Capability;
    ///
    /// assert_eq!(Capability::parse(b"appendlimit=1000")?, Capability::AppendLimit(1000));
    /// assert!(matches!(Capability::parse(b"X-FOO")?, Capability::Other(_)));
    /// # Ok::<(), wire::Misuse>(())
    /// ```
    pub fn parse(word: &[u8]) -> Result<Self, Misuse> {
        let capability = Self::of(word, &Bytes::copy_from_slice);
        match &capability {
            Self::Other(atom) if !class::ATOM.all(atom.as_bytes()) || word.is_empty() => {
                Err(Misuse::Invalid("capability"))
            }
            _ => Ok(capability),
        }
    }

    /// Of a word, which is not empty.
    pub(crate) fn of(word: &[u8], keep: &impl Fn(&[u8]) -> Bytes) -> Self {
        Self::known(word, keep).unwrap_or_else(|| Self::Other(Atom::known(keep(word))))
    }

    fn known(word: &[u8], keep: &impl Fn(&[u8]) -> Bytes) -> Option<Self> {
        // a key takes some control characters for letters
        let Some(at) = word.iter().position(|&o| o == b'=') else {
            return if class::ATOM.all(word) { Self::plain(word) } else { None };
        };
        let (name, value) = word.split_at(at + 1);
        if !class::ATOM.all(name) {
            return None;
        }
        Self::with_value(name, value, keep)
            .or_else(|| if class::ATOM.all(value) { Self::plain(word) } else { None })
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::ImapSieve(url) => Self::ImapSieve(url.detach()),
            Self::Quota(atom) => Self::Quota(atom.detach()),
            Self::Thread(atom) => Self::Thread(atom.detach()),
            Self::Other(atom) => Self::Other(atom.detach()),
            plain => plain.clone(),
        }
    }
}

impl Capability {
    /// Writes its word.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        let mut word = Vec::new();
        self.put(&mut word);
        encoder.put(&word);
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut word = Vec::new();
        self.put(&mut word);
        write!(f, "{}", word.escape_ascii())
    }
}

/// `capability-data` (RFC 9051 section 9), and what ENABLE and ENABLED list: words, kept as they came, decoded when they are asked for.
///
/// ```
/// use imap_proto::{Capabilities, Capability};
///
/// let offered: Capabilities = [Capability::Imap4Rev2, Capability::Id].into_iter().collect();
/// assert!(offered.has(&Capability::Id) && !offered.has(&Capability::Sort));
/// assert_eq!(offered.to_string(), "IMAP4rev2 ID");
/// ```
#[derive(Clone, Default)]
pub struct Capabilities {
    /// Words, with one space between two.
    words: Bytes,
}

impl Capabilities {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { words: Bytes::new() }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The words, with one space between two.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.words
    }

    fn words(&self) -> impl Iterator<Item = &[u8]> {
        self.words.split(|&o| o == b' ').filter(|word| !word.is_empty())
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Capability> {
        let keep = |octets: &[u8]| self.words.slice_ref(octets);
        let mut rest = &self.words[..];
        ::core::iter::from_fn(move || {
            while let [b' ', behind @ ..] = rest {
                rest = behind;
            }
            // most are one name, which is found and looked up at the same time
            let (len, key) = wire::keyword::name(rest);
            if matches!(rest.get(len), None | Some(b' ')) {
                if let Some(capability) = Capability::of_key(key) {
                    rest = &rest[len..];
                    return Some(capability);
                }
            }
            let len = rest.iter().position(|&o| o == b' ').unwrap_or(rest.len());
            let (word, behind) = rest.split_at(len);
            rest = behind;
            (len > 0).then(|| Capability::of(word, &keep))
        })
    }

    /// Whether it is there.
    #[must_use]
    pub fn has(&self, capability: &Capability) -> bool {
        match capability {
            Capability::Other(_) => self.iter().any(|found| found == *capability),
            _ => self.words().any(|word| {
                // what holds no octets of the words needs no slice of them
                Capability::known(word, &Bytes::copy_from_slice).as_ref() == Some(capability)
            }),
        }
    }

    /// Whether there is one of this name, in any case; the value behind a `=` belongs to it.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        self.words().any(|word| word.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The SASL mechanisms, in their order.
    pub fn mechanisms(&self) -> impl Iterator<Item = Mechanism> {
        self.words().filter_map(|word| {
            crate::core::syntax::after(word, b"AUTH=").and_then(|name| Mechanism::new(name).ok())
        })
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { words: Bytes::copy_from_slice(&self.words) }
    }

    /// Behind `CAPABILITY`.
    ///
    /// ```text
    /// capability-data = "CAPABILITY" *(SP capability) SP "IMAP4rev2" *(SP capability)
    /// capability      = ("AUTH=" auth-type) / atom
    ///                     ; New capabilities MUST begin with "X" or be registered with IANA [...]
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, capabilities) = Self::run(cx, i)?;
        let base = |word: &[u8]| {
            crate::core::syntax::after(word, b"IMAP4").is_some_and(|version| {
                version.is_empty()
                    || version.eq_ignore_ascii_case(b"rev1")
                    || version.eq_ignore_ascii_case(b"rev2")
            })
        };
        if !capabilities.words().any(base) && !cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, i) {
            return fail(rest, expected::CAPABILITY);
        }
        Ok((rest, capabilities))
    }

    /// `*(SP capability)`, behind ENABLE and ENABLED; ENABLE wants one at least, which is for its rule to say.
    pub(crate) fn run<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (mut at, mut count) = (0, 0);
        while let [b' ', first, ..] = &i[at..] {
            // `+`, `-` and `=` may belong to the word before
            if !class::ATOM.has(*first) || matches!(first, b'+' | b'-' | b'=') {
                break;
            }
            count += 1;
            at += 1 + class::ATOM.run(&i[at + 1..]);
        }
        if count > cx.item_limit() {
            return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
        }
        let rest = &i[at..];
        if blanks(rest) < rest.len() {
            return Self::odd(cx, i);
        }
        Ok((rest, Self { words: cx.keep(i.get(1..at).unwrap_or_default()) }))
    }

    /// The same, where something is not as it should be.
    #[cold]
    fn odd<'i>(cx: &Context<'_>, mut i: &'i [u8]) -> Parsed<'i, Self> {
        let (mut words, mut count) = (Vec::with_capacity(i.len()), 0);
        while blanks(i) < i.len() {
            i = crate::core::syntax::sp(cx, i)?.0;
            let len =
                i.iter().position(|&o| matches!(o, b' ' | b'\t' | b'\r' | b'\n' | 0)).unwrap_or(i.len());
            let (word, rest) = i.split_at(len);
            let loose = class::LOOSE.run(word) < len || word.iter().any(u8::is_ascii_control);
            let url = crate::core::syntax::after(word, b"IMAPSIEVE=")
                .is_some_and(|url| UrlWord::run(url) == url.len());
            if word.is_empty() {
                return fail(i, expected::CAPABILITY);
            }
            if !class::ATOM.all(word) && !url {
                let least = if loose { Tolerance::Lenient } else { Tolerance::Default };
                if !cx.tolerates(least, rule::ATOM_OCTET, word) {
                    return fail(&i[class::ATOM.run(word)..], expected::CAPABILITY);
                }
            }
            if Self::is_second_half(&words, word)
                && cx.tolerates(Tolerance::Default, rule::SPLIT_CAPABILITY, word)
            {
                words.extend_from_slice(word);
                i = rest;
                continue;
            }
            if count >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            count += 1;
            if !words.is_empty() {
                words.push(b' ');
            }
            words.extend_from_slice(word);
            i = rest;
        }
        Ok((i, Self { words: words.into() }))
    }

    /// Whether a word only makes sense together with the last: `LITERAL +`, `AUTH =PLAIN`.
    fn is_second_half(words: &[u8], word: &[u8]) -> bool {
        let last = words.rsplit(|&o| o == b' ').next().unwrap_or_default();
        match word {
            b"+" | b"-" => last.eq_ignore_ascii_case(b"LITERAL"),
            [b'=', ..] => !last.is_empty() && !last.contains(&b'='),
            _ => false,
        }
    }

    /// Writes them, each behind a space.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if !self.words.is_empty() {
            encoder.sp();
            encoder.put(&self.words);
        }
    }

    /// Any capabilities with IMAP4rev1 or IMAP4rev2 among them, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let base = prop_oneof![Just(Capability::Imap4Rev1), Just(Capability::Imap4Rev2)];
        (base, proptest::collection::vec(Capability::strategy(), 0..6))
            .prop_map(|(base, more)| ::core::iter::once(base).chain(more).collect())
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        let mut words = Vec::new();
        for capability in capabilities {
            if !words.is_empty() {
                words.push(b' ');
            }
            capability.put(&mut words);
        }
        Self { words: words.into() }
    }
}

impl PartialEq for Capabilities {
    /// In any case.
    fn eq(&self, other: &Self) -> bool {
        self.words.eq_ignore_ascii_case(&other.words)
    }
}

impl Eq for Capabilities {}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.words.escape_ascii())
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn of(words: &'static [u8]) -> Capabilities {
        Capabilities { words: Bytes::from_static(words) }
    }

    #[test]
    fn lists() {
        check(
            Capabilities::rule,
            |capabilities, encoder| capabilities.encode(encoder),
            &[
                // RFC 9051 section 6.1.1
                Row::Good(
                    b" IMAP4rev2 STARTTLS AUTH=GSSAPI LOGINDISABLED",
                    of(b"IMAP4rev2 STARTTLS AUTH=GSSAPI LOGINDISABLED"),
                ),
                Row::Good(b" STARTTLS LOGINDISABLED IMAP4rev2", of(b"STARTTLS LOGINDISABLED IMAP4rev2")),
                Row::Good(b" imap4REV1 literal+ X-A", of(b"IMAP4rev1 LITERAL+ X-A")),
                // RFC 6785: a URL is more than an atom
                Row::Good(b" IMAP4rev1 IMAPSIEVE=sieve://a/%20*", of(b"IMAP4rev1 IMAPSIEVE=sieve://a/%20*")),
                // quirks 24 and 25, and their kinds
                Row::Tolerated(b" IMAP4rev1  SASL-IR", 19, of(b"IMAP4rev1 SASL-IR")),
                Row::Tolerated(b" IMAP4rev1\tSASL-IR", 18, of(b"IMAP4rev1 SASL-IR")),
                Row::Tolerated(b" IMAP4rev1 X-A[b]", 17, of(b"IMAP4rev1 X-A[b]")),
                Row::Tolerated(b" IMAP4rev1 X-\xe9", 14, of(b"IMAP4rev1 X-\xe9")),
                Row::Tolerated(b" IDLE", 5, of(b"IDLE")),
                Row::Tolerated(b"", 0, of(b"")),
                Row::Lenient(b" IMAP4rev1 X-(a)", 16, of(b"IMAP4rev1 X-(a)")),
                Row::Bad(b"IMAP4rev1", 0),
                Row::Bad(b" IMAP4rev1 a\0", 12),
            ],
        );
    }

    #[test]
    fn split_words_are_united() {
        for (octets, united) in
            [(&b" IMAP4rev1 LITERAL + ID"[..], "LITERAL+"), (b" IMAP4rev1 AUTH =PLAIN ID", "AUTH=PLAIN")]
        {
            let united = Capability::parse(united.as_bytes()).unwrap();
            let frame = Bytes::from_static(octets);
            let cx = Context::new(&frame, Tolerance::Default);
            let (_, capabilities) = Capabilities::rule(&cx, &frame).unwrap();
            assert!(capabilities.has(&united) && capabilities.has(&Capability::Id));
            assert_eq!(cx.into_repairs()[0].rule, rule::SPLIT_CAPABILITY);
            // to the strict, these are two atoms
            let cx = Context::new(&frame, Tolerance::Strict);
            assert!(!Capabilities::rule(&cx, &frame).unwrap().1.has(&united));
        }
    }

    #[test]
    fn the_second_half_of_a_word_has_the_octets_of_one() {
        for (octets, least) in [
            (&b" IMAP4rev1 AUTH =L{3}"[..], Tolerance::Lenient),
            (b" IMAP4rev1 AUTH =L]\xe9", Tolerance::Default),
        ] {
            let frame = Bytes::from_static(octets);
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                let parsed = Capabilities::rule(&Context::new(&frame, tolerance), &frame);
                assert_eq!(parsed.is_ok(), tolerance >= least, "{} {tolerance:?}", octets.escape_ascii());
            }
        }
    }

    #[test]
    fn trailing_blanks_are_left() {
        let frame = Bytes::from_static(b" IMAP4rev1 ID  ");
        let (rest, _) = Capabilities::rule(&Context::new(&frame, Tolerance::Strict), &frame).unwrap();
        assert_eq!(rest, b"  ");
    }

    #[test]
    fn each_name_is_known() {
        for name in Capability::KEYWORDS {
            let word = match *name {
                "AUTH=" => "AUTH=PLAIN",
                "IMAPSIEVE=" => "IMAPSIEVE=sieve://a",
                "QUOTA=" => "QUOTA=RES-STORAGE",
                "RIGHTS=" => "RIGHTS=kxte",
                "THREAD=" => "THREAD=REFERENCES",
                name if name.ends_with('=') => &alloc::format!("{name}1"),
                name => name,
            };
            let capability = Capability::parse(word.to_ascii_lowercase().as_bytes()).unwrap();
            assert!(!matches!(capability, Capability::Other(_)), "{word}");
            assert!(capability.to_string().eq_ignore_ascii_case(word));
            assert_eq!(Capability::parse(word.as_bytes()).unwrap(), capability.detach(), "{word}");
        }
        for unknown in [
            "AUTH=",
            "AUTH=A.B",
            "AUTH=ABCDEFGHIJKLMNOPQRSTU",
            "APPENDLIMIT=",
            "APPENDLIMIT=x",
            "APPENDLIMIT=4294967296",
            "QUOTA=x",
            "QUOTA=RES-",
            "RIGHTS=",
            "RIGHTS=TEXK",
            "THREAD=",
            "MESSAGELIMIT=0",
            "CREATE-SPECIAL-USES",
            "CREATE-SPECIAL-US",
            "COMPRESS=LZ4",
            "X",
        ] {
            assert!(
                matches!(Capability::parse(unknown.as_bytes()).unwrap(), Capability::Other(_)),
                "{unknown}"
            );
        }
        for bad in ["", "a b", "a\r", "\u{e9}", "I\u{4}"] {
            assert!(Capability::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn values_are_typed() {
        let of = |word: &str| Capability::parse(word.as_bytes()).unwrap();
        let atom = |word: &'static str| Atom::new(word).unwrap();
        assert_eq!(of("thread=references"), Capability::Thread(ThreadAlgorithm::References));
        assert_eq!(of("THREAD=X-A"), Capability::Thread(ThreadAlgorithm::Other(atom("X-A"))));
        assert_eq!(of("QUOTA=RES-ANNOTATION-STORAGE"), Capability::Quota(QuotaResource::AnnotationStorage));
        assert_eq!(of("quota=res-x-a"), Capability::Quota(QuotaResource::Other(atom("X-A"))));
        let rights = Rights::new("texk").unwrap();
        assert_eq!(of("RIGHTS=texk"), Capability::Rights(Box::new(rights)));
        assert_eq!(of("RIGHTS=kxte"), of("RIGHTS=texk"));
    }

    #[test]
    fn lists_are_asked() {
        let offered = of(b"IMAP4REV1 auth=plain AUTH=LOGIN IMAPSIEVE=sieve://a appendlimit=7 X-A");
        for (word, has) in [
            ("IMAP4rev1", true),
            ("AUTH=LOGIN", true),
            ("AUTH=CRAM-MD5", false),
            ("APPENDLIMIT=7", true),
            ("APPENDLIMIT", false),
            ("IMAPSIEVE=sieve://a", true),
            ("x-a", true),
            ("x-b", false),
            ("ID", false),
        ] {
            assert_eq!(offered.has(&Capability::parse(word.as_bytes()).unwrap()), has, "{word}");
        }
        let mechanisms: Vec<_> = offered.mechanisms().map(|m| m.to_string()).collect();
        assert_eq!(mechanisms, ["PLAIN", "LOGIN"]);
        assert_eq!(offered.iter().count(), 6);
        assert_eq!(offered.detach(), offered);
        assert!(size_of::<Capability>() <= 48 && size_of::<Capabilities>() == 32);
    }

    #[test]
    fn lists_are_bounded() {
        for frame in [&b" IMAP4rev1 A B"[..], b" IMAP4rev1 A  B"] {
            let frame = Bytes::from_static(frame);
            let cx = Context::new(&frame, Tolerance::Default).max_items(2);
            let error = Failure::of(Capabilities::rule(&cx, &frame).unwrap_err());
            assert_eq!(error.kind(), ParseErrorKind::TooMany);
        }
    }

    proptest! {
        #[test]
        fn lists_round_trip(capabilities in Capabilities::strategy()) {
            round_trip(&capabilities, Capabilities::rule, |capabilities, encoder| capabilities.encode(encoder));
            let again: Capabilities = capabilities.iter().collect();
            prop_assert_eq!(again, capabilities);
        }
    }
}
