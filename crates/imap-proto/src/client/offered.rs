//! What a command needs of the server (RFC 9051 appendix E, and each extension's RFC): a row for each command or argument.

use crate::{
    AppendData, AppendExtension, AppendMessage, Capabilities, CatenatePart, Command, FetchCommand, FetchItem,
    FetchModifier, ListCommand, ListReturn, ListSelection, MessageData, ReturnOption, SearchKey,
    SelectParameter, SortCommand, SortKey, StatusItem, Store, StoreItem, StoreModifier, ThreadAlgorithm,
};
use wire::Misuse;

/// What the server offers, as the client may use it.
pub(super) struct Offered<'c> {
    pub(super) capabilities: &'c Capabilities,
    /// IMAP4rev2 is in force: it has some of the extensions in it.
    pub(super) rev2: bool,
    /// What the server offers and is known not to do.
    pub(super) broken: &'static [&'static str],
}

/// Whether IMAP4rev2 has it without a capability of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Rev2,
    Extension,
}
use In::{Extension, Rev2};

type Checked = Result<(), Misuse>;

impl Offered<'_> {
    /// One of these must be offered.
    fn need(&self, names: &'static [&'static str], part_of: In) -> Checked {
        let has = |name: &&'static str| self.capabilities.has_name(name) && !self.broken.contains(name);
        if names.iter().any(has) || part_of == Rev2 && self.rev2 {
            return Ok(());
        }
        Err(Misuse::NotAdvertised(names.first().copied().unwrap_or_default()))
    }

    pub(super) fn check(&self, command: &Command) -> Checked {
        use Command as C;
        match command {
            C::Idle => self.need(&["IDLE"], Rev2),
            C::Namespace => self.need(&["NAMESPACE"], Rev2),
            C::Unselect => self.need(&["UNSELECT"], Rev2),
            C::UidExpunge(_) => self.need(&["UIDPLUS"], Rev2),
            C::Move(_) | C::UidMove(_) => self.need(&["MOVE"], Rev2),
            C::Id(_) => self.need(&["ID"], Extension),
            C::StartTls => self.need(&["STARTTLS"], Extension),
            C::Unauthenticate => self.need(&["UNAUTHENTICATE"], Extension),
            C::GetJmapAccess => self.need(&["JMAPACCESS"], Extension),
            C::GetQuota(_) | C::GetQuotaRoot(_) => self.need(&["QUOTA"], Extension),
            // RFC 2087 has it in QUOTA
            C::SetQuota(_) => self.need(&["QUOTASET", "QUOTA"], Extension),
            C::GetAcl(_) | C::MyRights(_) | C::SetAcl(_) | C::DeleteAcl(_) | C::ListRights(_) => {
                self.need(&["ACL"], Extension)
            }
            C::Notify(_) => self.need(&["NOTIFY"], Extension),
            C::CancelUpdate(_) => self.need(&["CONTEXT=SEARCH", "CONTEXT=SORT"], Extension),
            C::UidBatches(_) => self.need(&["UIDBATCHES"], Extension),
            C::Language(_) => self.need(&["LANGUAGE"], Extension),
            C::Comparator(_) => self.need(&["I18NLEVEL=2"], Extension),
            C::GenUrlAuth(_) | C::ResetKey(_) | C::UrlFetch(_) => self.need(&["URLAUTH"], Extension),
            C::Compress(compress) => {
                let offered = compress.algorithm.as_bytes().eq_ignore_ascii_case(b"DEFLATE");
                if offered {
                    self.need(&["COMPRESS=DEFLATE"], Extension)
                } else {
                    Err(Misuse::NotAdvertised("COMPRESS"))
                }
            }
            C::Rlist(_) | C::Rlsub(_) => self.need(&["MAILBOX-REFERRALS"], Extension),
            C::Xlist(_) => self.need(&["XLIST"], Extension),
            C::GetMetadata(_) | C::SetMetadata(_) => self.need(&["METADATA", "METADATA-SERVER"], Extension),
            C::Convert(_) | C::UidConvert(_) => self.need(&["CONVERT"], Extension),
            C::Authenticate(authenticate) => {
                if !self.capabilities.mechanisms().any(|found| found == authenticate.mechanism) {
                    return Err(Misuse::NotAdvertised("this mechanism"));
                }
                // RFC 4959
                if authenticate.initial_response.is_some() {
                    self.need(&["SASL-IR"], Rev2)?;
                }
                Ok(())
            }
            C::Enable(enable) => {
                self.need(&["ENABLE"], Rev2)?;
                let offered = enable.capabilities.iter().all(|name| {
                    core::str::from_utf8(name.as_bytes()).is_ok_and(|name| self.capabilities.has_name(name))
                        || name.as_bytes().eq_ignore_ascii_case(b"UTF8=ACCEPT")
                            && self.capabilities.has_name("UTF8=ONLY")
                });
                if offered { Ok(()) } else { Err(Misuse::NotAdvertised("what is to be enabled")) }
            }
            C::Select(select) | C::Examine(select) => {
                select.parameters.iter().try_for_each(|parameter| match parameter {
                    SelectParameter::Condstore => self.mod_seq(),
                    SelectParameter::Qresync(_) => self.need(&["QRESYNC"], Extension),
                    SelectParameter::Annotate => self.annotate(),
                    SelectParameter::Utf8 | SelectParameter::Other(_) => Ok(()),
                })
            }
            C::Create(create) if !create.parameters.is_empty() => {
                self.need(&["CREATE-SPECIAL-USE"], Extension)
            }
            C::List(list) => self.list(list),
            C::Status(status) => self.status(&status.items),
            C::Append(append) => {
                if append.messages().len() > 1 {
                    self.need(&["MULTIAPPEND"], Extension)?;
                }
                append.messages().iter().try_for_each(|message| self.append(message))
            }
            C::Replace(replace) | C::UidReplace(replace) => {
                self.need(&["REPLACE"], Extension)?;
                self.append(&replace.with)
            }
            C::Fetch(fetch) | C::UidFetch(fetch) => self.fetch(fetch),
            C::Store(store) | C::UidStore(store) => self.store(store),
            C::Search(search) | C::UidSearch(search) => {
                if let Some(options) = &search.return_options {
                    self.need(&["ESEARCH"], Rev2)?;
                    self.returns(options)?;
                }
                self.keys(&search.keys)
            }
            C::Sort(sort) | C::UidSort(sort) => self.sort(sort),
            C::Thread(thread) | C::UidThread(thread) => {
                match &thread.algorithm {
                    ThreadAlgorithm::OrderedSubject => self.need(&["THREAD=ORDEREDSUBJECT"], Extension),
                    ThreadAlgorithm::References => self.need(&["THREAD=REFERENCES"], Extension),
                    ThreadAlgorithm::Refs => self.need(&["THREAD=REFS"], Extension),
                    ThreadAlgorithm::Other(_) => Ok(()),
                }?;
                self.keys(&thread.keys)
            }
            C::Esearch(search) | C::UidEsearch(search) => {
                self.need(&["MULTISEARCH"], Extension)?;
                self.keys(&search.keys)
            }
            _ => Ok(()),
        }
    }

    fn mod_seq(&self) -> Checked {
        self.need(&["CONDSTORE", "QRESYNC"], Extension)
    }

    fn annotate(&self) -> Checked {
        self.need(&["ANNOTATE-EXPERIMENT-1"], Extension)
    }

    fn gmail(&self) -> Checked {
        self.need(&["X-GM-EXT-1"], Extension)
    }

    fn list(&self, list: &ListCommand) -> Checked {
        if list.selection.is_some() || list.returns.is_some() {
            // RFC 6154 section 2: SPECIAL-USE without LIST-EXTENDED has no options, but some offer it so
            self.need(&["LIST-EXTENDED", "SPECIAL-USE"], Rev2)?;
        }
        for selection in list.selection.iter().flatten() {
            if matches!(selection, ListSelection::SpecialUse) {
                self.need(&["SPECIAL-USE"], Rev2)?;
            }
        }
        list.returns.iter().flatten().try_for_each(|option| match option {
            ListReturn::SpecialUse => self.need(&["SPECIAL-USE"], Rev2),
            ListReturn::Status(items) => {
                self.need(&["LIST-STATUS"], Rev2)?;
                self.status(items)
            }
            ListReturn::MyRights => self.need(&["LIST-MYRIGHTS"], Extension),
            ListReturn::Metadata(_) => self.need(&["LIST-METADATA"], Extension),
            _ => Ok(()),
        })
    }

    fn status(&self, items: &[StatusItem]) -> Checked {
        items.iter().try_for_each(|item| match item {
            StatusItem::Size => self.need(&["STATUS=SIZE"], Rev2),
            StatusItem::Deleted => self.need(&["QUOTA=RES-MESSAGE"], Rev2),
            StatusItem::DeletedStorage => self.need(&["QUOTA=RES-STORAGE"], Extension),
            StatusItem::HighestModSeq => self.mod_seq(),
            StatusItem::AppendLimit => {
                let limit = |capability| matches!(capability, crate::Capability::AppendLimit(_));
                if self.capabilities.iter().any(limit) {
                    return Ok(());
                }
                self.need(&["APPENDLIMIT"], Extension)
            }
            StatusItem::MailboxId => self.need(&["OBJECTID"], Extension),
            _ => Ok(()),
        })
    }

    fn append(&self, message: &AppendMessage) -> Checked {
        for extension in &message.extensions {
            if matches!(extension, AppendExtension::Annotation(_)) {
                self.annotate()?;
            }
        }
        match &message.data {
            AppendData::Message(data) => {
                self.literal(data)?;
                self.size(data.size())
            }
            AppendData::Utf8(_) => self.need(&["UTF8=ACCEPT", "UTF8=ONLY"], Extension),
            AppendData::Catenate(parts) => {
                self.need(&["CATENATE"], Extension)?;
                parts.parts().iter().try_for_each(|part| match part {
                    CatenatePart::Url(_) => Ok(()),
                    CatenatePart::Text(data) => self.literal(data),
                    CatenatePart::Utf8(_) => self.need(&["UTF8=ACCEPT", "UTF8=ONLY"], Extension),
                })
            }
            AppendData::Other(_) => Ok(()),
        }
    }

    /// RFC 7889 section 2: a client that knows the limit does not try.
    fn size(&self, size: u64) -> Checked {
        let limit = self.capabilities.iter().find_map(|capability| match capability {
            crate::Capability::AppendLimit(limit) => Some(limit),
            _ => None,
        });
        match limit {
            Some(limit) if size > u64::from(limit) => {
                Err(Misuse::TooLong { limit: usize::try_from(limit).unwrap_or(usize::MAX) })
            }
            _ => Ok(()),
        }
    }

    /// RFC 3516 section 4.4: `literal8` needs BINARY, of which IMAP4rev2 has only FETCH (RFC 9051 appendix E).
    fn literal(&self, data: &MessageData) -> Checked {
        let binary = match data {
            MessageData::Streamed { binary, .. } => *binary,
            MessageData::Inline(octets) => memchr::memchr(0, octets.as_bytes()).is_some(),
        };
        if binary { self.need(&["BINARY"], Extension) } else { Ok(()) }
    }

    fn items(&self, items: &[FetchItem]) -> Checked {
        items.iter().try_for_each(|item| match item {
            FetchItem::Binary(_) | FetchItem::BinarySize(_) => self.need(&["BINARY"], Rev2),
            FetchItem::ModSeq => self.mod_seq(),
            FetchItem::EmailId | FetchItem::ThreadId => self.need(&["OBJECTID"], Extension),
            FetchItem::SaveDate => self.need(&["SAVEDATE"], Extension),
            FetchItem::Preview { .. } => self.need(&["PREVIEW", "PREVIEW=FUZZY"], Extension),
            FetchItem::Annotation(_) => self.annotate(),
            FetchItem::GmailMessageId | FetchItem::GmailThreadId | FetchItem::GmailLabels => self.gmail(),
            _ => Ok(()),
        })
    }

    fn fetch(&self, fetch: &FetchCommand) -> Checked {
        if let crate::FetchItems::Items(items) = fetch.items() {
            self.items(items)?;
        }
        if fetch.set().is_saved() {
            self.need(&["SEARCHRES"], Rev2)?;
        }
        fetch.modifiers().iter().try_for_each(|modifier| match modifier {
            FetchModifier::ChangedSince(_) => self.mod_seq(),
            FetchModifier::Vanished => self.need(&["QRESYNC"], Extension),
            FetchModifier::Partial(_) => self.need(&["PARTIAL"], Extension),
            FetchModifier::Other(_) => Ok(()),
        })
    }

    fn store(&self, store: &Store) -> Checked {
        for modifier in &store.modifiers {
            if matches!(modifier, StoreModifier::UnchangedSince(_)) {
                self.mod_seq()?;
            }
        }
        match &store.item {
            StoreItem::GmailLabels { .. } => self.gmail(),
            StoreItem::Annotation(_) => self.annotate(),
            _ => Ok(()),
        }
    }

    fn returns(&self, options: &[ReturnOption]) -> Checked {
        options.iter().try_for_each(|option| match option {
            ReturnOption::Save => self.need(&["SEARCHRES"], Rev2),
            ReturnOption::Context | ReturnOption::Update(_) => {
                self.need(&["CONTEXT=SEARCH", "CONTEXT=SORT"], Extension)
            }
            ReturnOption::Partial(_) => self.need(&["PARTIAL", "CONTEXT=SEARCH", "CONTEXT=SORT"], Extension),
            ReturnOption::Relevancy => self.need(&["SEARCH=FUZZY"], Extension),
            _ => Ok(()),
        })
    }

    fn sort(&self, sort: &SortCommand) -> Checked {
        self.need(&["SORT", "SORT=DISPLAY"], Extension)?;
        if let Some(options) = &sort.return_options {
            self.need(&["ESORT"], Extension)?;
            self.returns(options)?;
        }
        sort.criteria.iter().try_for_each(|criterion| match criterion.key {
            SortKey::DisplayFrom | SortKey::DisplayTo => self.need(&["SORT=DISPLAY"], Extension),
            SortKey::Relevancy => self.need(&["SEARCH=FUZZY"], Extension),
            SortKey::Annotation(_) => self.annotate(),
            _ => Ok(()),
        })?;
        self.keys(&sort.keys)
    }

    fn keys(&self, keys: &[SearchKey]) -> Checked {
        let mut checked = Ok(());
        for key in keys {
            if matches!(key, SearchKey::Fuzzy(_)) {
                self.need(&["SEARCH=FUZZY"], Extension)?;
            }
            key.any(|leaf| {
                checked = self.key(leaf);
                checked.is_err()
            });
            checked.clone()?;
        }
        checked
    }

    fn key(&self, key: &SearchKey) -> Checked {
        match key {
            SearchKey::ModSeq(_) => self.mod_seq(),
            SearchKey::Older(_) | SearchKey::Younger(_) => self.need(&["WITHIN"], Extension),
            SearchKey::SavedBefore(_)
            | SearchKey::SavedOn(_)
            | SearchKey::SavedSince(_)
            | SearchKey::SaveDateSupported => self.need(&["SAVEDATE"], Extension),
            SearchKey::EmailId(_) | SearchKey::ThreadId(_) => self.need(&["OBJECTID"], Extension),
            SearchKey::Filter(_) => self.need(&["FILTERS"], Extension),
            SearchKey::Annotation(_) => self.annotate(),
            SearchKey::GmailRaw(_)
            | SearchKey::GmailMessageId(_)
            | SearchKey::GmailThreadId(_)
            | SearchKey::GmailLabel(_) => self.gmail(),
            SearchKey::Sequence(set) | SearchKey::Uid(set) if set.is_saved() => {
                self.need(&["SEARCHRES"], Rev2)
            }
            _ => Ok(()),
        }
    }
}
