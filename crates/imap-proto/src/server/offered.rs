//! Which command needs which capability. Tables only.

use super::{InForce, Kind, Refusal};
use crate::{
    Append, AppendData, Capabilities, Capability, CatenatePart, Command, CreateParameter, FetchCommand,
    FetchItem, FetchModifier, ListCommand, ListPatterns, ListReturn, ListSelection, MailboxFilter,
    MessageData, Notify, ReturnOption, ReturnOptions, SearchKey, Select, SelectParameter, StatusItem,
    StoreItem, StoreModifier,
};

/// The capabilities that commands need, as a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Offered(u64);

macro_rules! bits {
    ($($id:ident = $bit:literal: $pattern:pat,)*) => {
        $(const $id: Offered = Offered(1 << $bit);)*

        impl Offered {
            pub(super) fn of(capabilities: &Capabilities) -> Self {
                capabilities.iter().fold(Self(0), |set, capability| match capability {
                    $($pattern => set.or($id),)*
                    _ => set,
                })
            }
        }
    };
}

bits! {
    REV1 = 0: Capability::Imap4Rev1 | Capability::Imap4,
    REV2 = 1: Capability::Imap4Rev2,
    STARTTLS = 2: Capability::StartTls,
    ENABLE = 3: Capability::Enable,
    IDLE = 4: Capability::Idle,
    NAMESPACE = 5: Capability::Namespace,
    UNSELECT = 6: Capability::Unselect,
    UIDPLUS = 7: Capability::UidPlus,
    MOVE = 8: Capability::Move,
    UNAUTHENTICATE = 9: Capability::Unauthenticate,
    JMAPACCESS = 10: Capability::JmapAccess,
    QUOTA = 11: Capability::Quotas | Capability::Quota(_),
    QUOTASET = 12: Capability::QuotaSet,
    ACL = 13: Capability::Acl,
    ID = 14: Capability::Id,
    SORT = 15: Capability::Sort | Capability::SortDisplay,
    THREAD = 16: Capability::Thread(_),
    MULTISEARCH = 17: Capability::MultiSearch,
    NOTIFY = 18: Capability::Notify,
    CONTEXT = 19: Capability::ContextSearch | Capability::ContextSort,
    UIDBATCHES = 20: Capability::UidBatches,
    LANGUAGE = 21: Capability::Language,
    I18N = 22: Capability::I18nLevel(_),
    URLAUTH = 23: Capability::UrlAuth,
    COMPRESS = 24: Capability::CompressDeflate,
    REFERRALS = 25: Capability::MailboxReferrals,
    XLIST = 26: Capability::XList,
    REPLACE = 27: Capability::Replace,
    CONVERT = 28: Capability::Convert,
    METADATA = 29: Capability::Metadata | Capability::MetadataServer,
    LITERAL_PLUS = 30: Capability::LiteralPlus,
    LITERAL_MINUS = 31: Capability::LiteralMinus,
    SASL_IR = 32: Capability::SaslIr,
    CONDSTORE = 33: Capability::CondStore,
    QRESYNC = 34: Capability::QResync,
    BINARY = 35: Capability::Binary,
    PREVIEW = 36: Capability::Preview,
    SAVEDATE = 37: Capability::SaveDate,
    OBJECTID = 38: Capability::ObjectId,
    ANNOTATE = 39: Capability::Annotate,
    GMAIL = 40: Capability::XGmExt1,
    PARTIAL = 41: Capability::Partial,
    ESEARCH = 42: Capability::ESearch,
    ESORT = 43: Capability::ESort,
    SEARCHRES = 44: Capability::SearchRes,
    MULTIAPPEND = 45: Capability::MultiAppend,
    CATENATE = 46: Capability::Catenate,
    LIST_EXTENDED = 48: Capability::ListExtended,
    LIST_STATUS = 49: Capability::ListStatus,
    LIST_MYRIGHTS = 50: Capability::ListMyRights,
    LIST_METADATA = 51: Capability::ListMetadata,
    SPECIAL_USE = 52: Capability::SpecialUse,
    CREATE_SPECIAL_USE = 53: Capability::CreateSpecialUse,
    STATUS_SIZE = 54: Capability::StatusSize,
    APPENDLIMIT = 55: Capability::AppendLimit(_) | Capability::AppendLimits,
    UTF8 = 47: Capability::Utf8Accept | Capability::Utf8Only | Capability::Utf8All | Capability::Utf8Append,
}

impl Offered {
    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// Whether it is IMAP4rev2 and no older one, so that it is in force from the start (RFC 9051 appendix A).
    pub(super) const fn is_rev2_only(self) -> bool {
        self.has(REV2) && !self.has(REV1)
    }

    /// Whether SELECT says that the mailbox before is closed (RFC 7162 section 3.2.11, RFC 9051 section 6.3.2).
    pub(super) const fn says_closed(self) -> bool {
        self.has(CONDSTORE.or(QRESYNC).or(REV2))
    }

    /// Whether ESEARCH responses may be an answer (RFC 4731, 5267, 7377, RFC 9051 section 7.3.4).
    pub(super) const fn has_esearch(self) -> bool {
        self.has(ESEARCH.or(REV2).or(MULTISEARCH).or(CONTEXT).or(ESORT).or(PARTIAL))
    }

    /// Why a literal may not come without leave, if it may not (RFC 7888; RFC 9051 section 4.3 has LITERAL-).
    pub(super) fn refuses_literal(self, size: u64) -> Option<Refusal> {
        if self.has(LITERAL_PLUS) {
            None
        } else if self.has(LITERAL_MINUS.or(REV2)) {
            (size > 4096).then_some(Refusal::LiteralTooBig)
        } else {
            Some(Refusal::LiteralNotOffered)
        }
    }

    /// Why APPEND or REPLACE is refused before it is complete, if it is.
    pub(super) fn refuses_body(self, replace: bool) -> Option<Refusal> {
        (replace && !self.has(REPLACE)).then_some(Refusal::NotOffered("REPLACE"))
    }

    fn wants(self, any: Self, name: &'static str) -> Option<Refusal> {
        (!self.has(any)).then_some(Refusal::NotOffered(name))
    }

    /// Why a command is refused, for what is not offered or not switched on, if it is.
    #[inline]
    pub(super) fn refuses(self, command: &Command, in_force: InForce) -> Option<Refusal> {
        if in_force.uid_only && has_numbers(command) {
            return Some(Refusal::UidRequired);
        }
        match command {
            Command::Noop | Command::Capability | Command::Logout | Command::Login(_) | Command::Other(_) => {
                None
            }
            Command::Fetch(fetch) => self.refuses_fetch(fetch, false, in_force),
            Command::UidFetch(fetch) => self.refuses_fetch(fetch, true, in_force),
            Command::Store(store) | Command::UidStore(store) => {
                let condition = store.modifiers.iter().any(|m| matches!(m, StoreModifier::UnchangedSince(_)));
                if condition && !self.has(CONDSTORE.or(QRESYNC)) {
                    return Some(Refusal::NotOffered("CONDSTORE"));
                }
                match store.item {
                    StoreItem::GmailLabels { .. } => self.wants(GMAIL, "X-GM-EXT-1"),
                    StoreItem::Annotation(_) => self.wants(ANNOTATE, "ANNOTATE-EXPERIMENT-1"),
                    _ => None,
                }
            }
            Command::Search(search) | Command::UidSearch(search) => {
                search.return_options.as_ref().and_then(|options| self.refuses_return(options))
            }
            Command::Select(select) | Command::Examine(select) => self.refuses_select(select, in_force),
            Command::Append(append) => self.refuses_append(append),
            Command::List(list) => self.refuses_list(list),
            Command::Status(status) => self.refuses_status(&status.items),
            Command::Create(create) => {
                let uses = create.parameters.iter().any(|p| matches!(p, CreateParameter::Use(_)));
                if uses { self.wants(CREATE_SPECIAL_USE, "CREATE-SPECIAL-USE") } else { None }
            }
            Command::Replace(_) | Command::UidReplace(_) => self.wants(REPLACE, "REPLACE"),
            _ => {
                let (any, name) = needs(command)?;
                self.wants(any, name)
            }
        }
    }

    fn refuses_fetch(self, fetch: &FetchCommand, uid: bool, in_force: InForce) -> Option<Refusal> {
        let mut changed_since = false;
        let mut vanished = false;
        for modifier in fetch.modifiers() {
            match modifier {
                FetchModifier::ChangedSince(_) => changed_since = true,
                FetchModifier::Vanished => vanished = true,
                FetchModifier::Partial(_) if !self.has(PARTIAL) => {
                    return Some(Refusal::NotOffered("PARTIAL"));
                }
                _ => {}
            }
        }
        if changed_since && !self.has(CONDSTORE.or(QRESYNC)) {
            return Some(Refusal::NotOffered("CONDSTORE"));
        }
        if vanished {
            // RFC 7162 section 3.2.6
            if !in_force.qresync {
                return Some(Refusal::NotEnabled("QRESYNC"));
            }
            if !uid || !changed_since {
                return Some(Refusal::Invalid("VANISHED only in UID FETCH with CHANGEDSINCE"));
            }
        }
        fetch.items().expanded().iter().find_map(|item| match item {
            FetchItem::ModSeq => self.wants(CONDSTORE.or(QRESYNC), "CONDSTORE"),
            FetchItem::Binary(_) | FetchItem::BinarySize(_) => self.wants(BINARY.or(REV2), "BINARY"),
            FetchItem::EmailId | FetchItem::ThreadId => self.wants(OBJECTID, "OBJECTID"),
            FetchItem::SaveDate => self.wants(SAVEDATE, "SAVEDATE"),
            FetchItem::Preview { .. } => self.wants(PREVIEW, "PREVIEW"),
            FetchItem::Annotation(_) => self.wants(ANNOTATE, "ANNOTATE-EXPERIMENT-1"),
            FetchItem::GmailMessageId | FetchItem::GmailThreadId | FetchItem::GmailLabels => {
                self.wants(GMAIL, "X-GM-EXT-1")
            }
            _ => None,
        })
    }

    fn refuses_return(self, options: &ReturnOptions) -> Option<Refusal> {
        self.wants(ESEARCH.or(REV2).or(SEARCHRES).or(CONTEXT).or(PARTIAL), "ESEARCH").or_else(|| {
            options.iter().find_map(|option| match option {
                ReturnOption::Save => self.wants(SEARCHRES.or(REV2), "SEARCHRES"),
                ReturnOption::Context | ReturnOption::Update(_) => self.wants(CONTEXT, "CONTEXT=SEARCH"),
                ReturnOption::Partial(_) => self.wants(CONTEXT.or(PARTIAL), "PARTIAL"),
                _ => None,
            })
        })
    }

    fn refuses_select(self, select: &Select, in_force: InForce) -> Option<Refusal> {
        select.parameters.iter().find_map(|parameter| match parameter {
            SelectParameter::Condstore => self.wants(CONDSTORE.or(QRESYNC), "CONDSTORE"),
            // RFC 7162 section 3.2.5.2: only once it is enabled
            SelectParameter::Qresync(_) if self.has(QRESYNC) && !in_force.qresync => {
                Some(Refusal::NotEnabled("QRESYNC"))
            }
            // RFC 9586 section 3: no message numbers here either
            SelectParameter::Qresync(qresync) if in_force.uid_only && qresync.matches.is_some() => {
                Some(Refusal::UidRequired)
            }
            SelectParameter::Qresync(_) => self.wants(QRESYNC, "QRESYNC"),
            SelectParameter::Annotate => self.wants(ANNOTATE, "ANNOTATE-EXPERIMENT-1"),
            _ => None,
        })
    }

    fn refuses_list(self, list: &ListCommand) -> Option<Refusal> {
        let extended = list.selection.is_some()
            || list.returns.is_some()
            || matches!(list.patterns, ListPatterns::Several(_));
        if !extended {
            return None;
        }
        // each of those that add to it implies it
        let any = LIST_EXTENDED.or(REV2).or(LIST_STATUS).or(LIST_MYRIGHTS).or(LIST_METADATA).or(SPECIAL_USE);
        let selects = |option: &ListSelection| match option {
            ListSelection::SpecialUse => self.wants(SPECIAL_USE, "SPECIAL-USE"),
            _ => None,
        };
        let returns = |option: &ListReturn| match option {
            ListReturn::SpecialUse => self.wants(SPECIAL_USE.or(REV2), "SPECIAL-USE"),
            ListReturn::Status(_) if !self.has(LIST_STATUS.or(REV2)) => {
                Some(Refusal::NotOffered("LIST-STATUS"))
            }
            ListReturn::Status(items) => self.refuses_status(items),
            ListReturn::MyRights => self.wants(LIST_MYRIGHTS, "LIST-MYRIGHTS"),
            ListReturn::Metadata(_) => self.wants(LIST_METADATA, "LIST-METADATA"),
            _ => None,
        };
        self.wants(any, "LIST-EXTENDED")
            .or_else(|| list.selection.iter().flatten().find_map(selects))
            .or_else(|| list.returns.iter().flatten().find_map(returns))
    }

    fn refuses_status(self, items: &[StatusItem]) -> Option<Refusal> {
        items.iter().find_map(|item| match item {
            StatusItem::Size => self.wants(STATUS_SIZE.or(REV2), "STATUS=SIZE"),
            StatusItem::Deleted => self.wants(REV2.or(QUOTA).or(QUOTASET), "QUOTA"),
            StatusItem::DeletedStorage => self.wants(QUOTA.or(QUOTASET), "QUOTA"),
            StatusItem::HighestModSeq => self.wants(CONDSTORE.or(QRESYNC), "CONDSTORE"),
            StatusItem::AppendLimit => self.wants(APPENDLIMIT, "APPENDLIMIT"),
            StatusItem::MailboxId => self.wants(OBJECTID, "OBJECTID"),
            _ => None,
        })
    }

    fn refuses_append(self, append: &Append) -> Option<Refusal> {
        if append.messages().len() > 1 && !self.has(MULTIAPPEND) {
            return Some(Refusal::NotOffered("MULTIAPPEND"));
        }
        append.messages().iter().find_map(|message| match &message.data {
            AppendData::Message(data) if is_binary(data) => self.wants(BINARY.or(UTF8).or(REV2), "BINARY"),
            AppendData::Utf8(_) => self.wants(UTF8, "UTF8=ACCEPT"),
            AppendData::Catenate(parts) => self.wants(CATENATE, "CATENATE").or_else(|| {
                let utf8 = parts.parts().iter().any(|part| matches!(part, CatenatePart::Utf8(_)));
                if utf8 { self.wants(UTF8, "UTF8=ACCEPT") } else { None }
            }),
            _ => None,
        })
    }

    /// Whether an initial response may stand in AUTHENTICATE (RFC 4959 section 3, RFC 9051 section 6.2.2).
    pub(super) const fn takes_initial_response(self) -> bool {
        self.has(SASL_IR.or(REV2))
    }

    /// Whether the message of an offer is one too many (RFC 3502), is put together (RFC 4469), or in UTF-8.
    pub(super) fn refuses_prefix(self, prefix: &crate::AppendPrefix, binary: bool) -> Option<Refusal> {
        if prefix.index > 0 && !self.has(MULTIAPPEND) {
            return Some(Refusal::NotOffered("MULTIAPPEND"));
        }
        if prefix.part.is_some() && !self.has(CATENATE) {
            return Some(Refusal::NotOffered("CATENATE"));
        }
        if prefix.utf8 {
            return self.wants(UTF8, "UTF8=ACCEPT");
        }
        if binary { self.wants(BINARY.or(UTF8).or(REV2), "BINARY") } else { None }
    }
}

fn is_binary(data: &MessageData) -> bool {
    match data {
        MessageData::Streamed { binary, .. } => *binary,
        MessageData::Inline(octets) => memchr::memchr(0, octets.as_bytes()).is_some(),
    }
}

/// Which of these capabilities a command needs; `None`: it is of the base.
const fn needs(command: &Command) -> Option<(Offered, &'static str)> {
    Some(match command {
        Command::StartTls => (STARTTLS, "STARTTLS"),
        Command::Enable(_) => (ENABLE.or(REV2), "ENABLE"),
        Command::Idle => (IDLE.or(REV2), "IDLE"),
        Command::Namespace => (NAMESPACE.or(REV2), "NAMESPACE"),
        Command::Unselect => (UNSELECT.or(REV2), "UNSELECT"),
        Command::UidExpunge(_) => (UIDPLUS.or(REV2), "UIDPLUS"),
        Command::Move(_) | Command::UidMove(_) => (MOVE.or(REV2), "MOVE"),
        Command::Unauthenticate => (UNAUTHENTICATE, "UNAUTHENTICATE"),
        Command::GetJmapAccess => (JMAPACCESS, "JMAPACCESS"),
        Command::GetQuota(_) | Command::GetQuotaRoot(_) => (QUOTA.or(QUOTASET), "QUOTA"),
        Command::SetQuota(_) => (QUOTASET.or(QUOTA), "QUOTASET"),
        Command::SetAcl(_)
        | Command::DeleteAcl(_)
        | Command::GetAcl(_)
        | Command::ListRights(_)
        | Command::MyRights(_) => (ACL, "ACL"),
        Command::Id(_) => (ID, "ID"),
        Command::Sort(_) | Command::UidSort(_) => (SORT, "SORT"),
        Command::Thread(_) | Command::UidThread(_) => (THREAD, "THREAD"),
        Command::Esearch(_) | Command::UidEsearch(_) => (MULTISEARCH, "MULTISEARCH"),
        Command::Notify(_) => (NOTIFY, "NOTIFY"),
        Command::CancelUpdate(_) => (CONTEXT, "CONTEXT=SEARCH"),
        Command::UidBatches(_) => (UIDBATCHES, "UIDBATCHES"),
        Command::Language(_) => (LANGUAGE, "LANGUAGE"),
        Command::Comparator(_) => (I18N, "I18NLEVEL=2"),
        Command::GenUrlAuth(_) | Command::ResetKey(_) | Command::UrlFetch(_) => (URLAUTH, "URLAUTH"),
        Command::Compress(_) => (COMPRESS, "COMPRESS=DEFLATE"),
        Command::Rlist(_) | Command::Rlsub(_) => (REFERRALS, "MAILBOX-REFERRALS"),
        Command::Xlist(_) => (XLIST, "XLIST"),
        Command::Convert(_) | Command::UidConvert(_) => (CONVERT, "CONVERT"),
        Command::GetMetadata(_) | Command::SetMetadata(_) => (METADATA, "METADATA"),
        _ => return None,
    })
}

/// Whether a command names messages by their numbers (RFC 9586 section 3).
fn has_numbers(command: &Command) -> bool {
    match command {
        Command::Fetch(_)
        | Command::Store(_)
        | Command::Search(_)
        | Command::Copy(_)
        | Command::Move(_)
        | Command::Sort(_)
        | Command::Thread(_)
        | Command::Convert(_)
        | Command::Replace(_) => true,
        Command::UidSearch(search) => any_key(&search.keys, &is_number),
        Command::UidSort(sort) => any_key(&sort.keys, &is_number),
        Command::UidThread(thread) => any_key(&thread.keys, &is_number),
        _ => false,
    }
}

fn is_number(key: &SearchKey) -> bool {
    matches!(key, SearchKey::Sequence(set) if **set != crate::SequenceSet::saved())
}

/// Whether there is such a key, however deep. The parser bounds the depth.
fn any_key(keys: &[SearchKey], is: &dyn Fn(&SearchKey) -> bool) -> bool {
    keys.iter().any(|key| match key {
        SearchKey::And(keys) | SearchKey::Or(keys) => any_key(keys, is),
        SearchKey::Not(key) | SearchKey::Fuzzy(key) => any_key(core::slice::from_ref(&**key), is),
        key => is(key),
    })
}

/// Whether a command makes the client aware of modification sequences (RFC 7162 section 3.1).
pub(super) fn uses_mod_seq(command: &Command) -> bool {
    match command {
        Command::Fetch(fetch) | Command::UidFetch(fetch) => {
            fetch.modifiers().iter().any(|m| matches!(m, FetchModifier::ChangedSince(_)))
                || fetch.items().expanded().contains(&FetchItem::ModSeq)
        }
        Command::Store(store) | Command::UidStore(store) => {
            store.modifiers.iter().any(|m| matches!(m, StoreModifier::UnchangedSince(_)))
        }
        Command::Search(search) | Command::UidSearch(search) => {
            any_key(&search.keys, &|key| matches!(key, SearchKey::ModSeq(_)))
        }
        Command::Select(select) | Command::Examine(select) => select
            .parameters
            .iter()
            .any(|p| matches!(p, SelectParameter::Condstore | SelectParameter::Qresync(_))),
        Command::Status(status) => status.items.contains(&StatusItem::HighestModSeq),
        _ => false,
    }
}

/// What the completion of a command does.
pub(super) fn kind_of(command: &Command) -> Kind {
    match command {
        Command::Fetch(_)
        | Command::Store(_)
        | Command::Search(_)
        | Command::Sort(_)
        | Command::Thread(_)
        | Command::Convert(_) => Kind::Numbers,
        Command::Login(_) => Kind::Login,
        Command::Authenticate(_) => Kind::Authenticate,
        Command::StartTls => Kind::StartTls,
        Command::Compress(_) => Kind::Compress,
        Command::Select(_) | Command::Examine(_) => Kind::Select,
        Command::Close | Command::Unselect => Kind::Close,
        Command::Enable(_) => Kind::Enable,
        Command::Unauthenticate => Kind::Unauthenticate,
        Command::Logout => Kind::Logout,
        Command::Idle => Kind::Idle,
        Command::Notify(notify) => Kind::Notify(match &**notify {
            Notify::Set { groups, .. } => groups
                .iter()
                .any(|group| group.mailboxes == MailboxFilter::Selected && !group.events.is_empty()),
            Notify::None => false,
        }),
        Command::Other(_) => Kind::Unknown,
        _ => Kind::Plain,
    }
}

/// Whether a command, by its name, may run beside others: it changes neither the session nor a mailbox's messages, so that none of them
/// depends on when it runs, but for flags that STORE and FETCH set (RFC 9051 section 5.5).
pub(super) fn runs_beside(name: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "FETCH",
        "STORE",
        "SEARCH",
        "NOOP",
        "STATUS",
        "LIST",
        "LSUB",
        "SORT",
        "THREAD",
        "CAPABILITY",
        "CHECK",
        "ID",
        "NAMESPACE",
        "GETQUOTA",
        "GETQUOTAROOT",
        "GETACL",
        "MYRIGHTS",
        "GETMETADATA",
    ];
    NAMES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}
