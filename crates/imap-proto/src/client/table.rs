//! The tables of the client: what commands do to the session, and which responses answer them. No octets.

use crate::{Command, Response, State};

/// What the OK to a command does to the session (RFC 9051 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Capability,
    Login,
    Authenticate,
    Unauthenticate,
    StartTls,
    Compress,
    Enable,
    Select,
    Deselect,
    Idle,
    Logout,
}

impl Effect {
    pub(super) const fn of(command: &Command) -> Self {
        match command {
            Command::Capability => Self::Capability,
            Command::Login(_) => Self::Login,
            Command::Authenticate(_) => Self::Authenticate,
            Command::Unauthenticate => Self::Unauthenticate,
            Command::StartTls => Self::StartTls,
            Command::Compress(_) => Self::Compress,
            Command::Enable(_) => Self::Enable,
            Command::Select(_) | Command::Examine(_) => Self::Select,
            Command::Close | Command::Unselect => Self::Deselect,
            Command::Idle => Self::Idle,
            Command::Logout => Self::Logout,
            _ => Self::None,
        }
    }

    /// Whether it leads to another state.
    pub(super) const fn moves(self) -> bool {
        matches!(
            self,
            Self::Login
                | Self::Authenticate
                | Self::Unauthenticate
                | Self::Select
                | Self::Deselect
                | Self::Logout
        )
    }

    /// Where it leads if the command succeeds.
    pub(super) const fn after(self, state: State) -> State {
        match self {
            Self::Login | Self::Authenticate => State::Authenticated,
            Self::Unauthenticate => State::NotAuthenticated,
            Self::Select => State::Selected,
            Self::Deselect => State::Authenticated,
            Self::Logout => State::Logout,
            _ => state,
        }
    }
}

/// Kinds of responses, a bit each.
macro_rules! kinds {
    ($($name:ident,)*) => { kinds!(@ 0u32; $($name,)*); };
    (@ $n:expr; $name:ident, $($rest:ident,)*) => {
        pub(super) const $name: u32 = 1 << $n;
        kinds!(@ $n + 1; $($rest,)*);
    };
    (@ $n:expr;) => {};
}

kinds! {
    CAPABILITY, STATUS_RESPONSE, LIST, LSUB, STATUS, SEARCH, SORT, THREAD, FETCH, MAILBOX, EXPUNGE, ENABLED, ID, NAMESPACE,
    VANISHED, UIDBATCHES, ACL, LISTRIGHTS, MYRIGHTS, QUOTA, QUOTAROOT, LANGUAGE, COMPARATOR, GENURLAUTH, URLFETCH, JMAPACCESS, METADATA,
    CONVERTED, OTHER,
}

/// Which responses a command has (RFC 9051 section 6, "Responses", and each extension's RFC).
pub(super) const fn answers(command: &Command) -> u32 {
    use Command as C;
    match command {
        C::Capability => CAPABILITY,
        C::Login(_) | C::Authenticate(_) => CAPABILITY,
        C::Id(_) => ID,
        C::Enable(_) => ENABLED,
        C::Select(_) | C::Examine(_) => MAILBOX | STATUS_RESPONSE | VANISHED | FETCH,
        C::List(_) => LIST | STATUS | MYRIGHTS | METADATA,
        C::Rlist(_) | C::Xlist(_) => LIST,
        C::Lsub(_) | C::Rlsub(_) => LSUB,
        C::Status(_) => STATUS,
        C::Namespace => NAMESPACE,
        C::Search(_) | C::UidSearch(_) | C::Esearch(_) | C::UidEsearch(_) => SEARCH,
        C::Sort(_) | C::UidSort(_) => SORT | SEARCH,
        C::Thread(_) | C::UidThread(_) => THREAD,
        C::Fetch(_) => FETCH,
        C::UidFetch(_) => FETCH | VANISHED,
        C::Store(_) | C::UidStore(_) => FETCH,
        C::Expunge | C::UidExpunge(_) => EXPUNGE | VANISHED,
        C::Move(_) | C::UidMove(_) | C::Replace(_) | C::UidReplace(_) => EXPUNGE | VANISHED | STATUS_RESPONSE,
        C::Convert(_) | C::UidConvert(_) => CONVERTED,
        C::UidBatches(_) => UIDBATCHES,
        C::GetAcl(_) => ACL,
        C::ListRights(_) => LISTRIGHTS,
        C::MyRights(_) => MYRIGHTS,
        C::GetQuota(_) | C::SetQuota(_) => QUOTA,
        C::GetQuotaRoot(_) => QUOTA | QUOTAROOT,
        C::Language(_) => LANGUAGE | NAMESPACE,
        C::Comparator(_) => COMPARATOR,
        C::GenUrlAuth(_) => GENURLAUTH,
        C::UrlFetch(_) => URLFETCH,
        C::GetJmapAccess => JMAPACCESS,
        C::GetMetadata(_) => METADATA,
        C::Notify(_) => STATUS,
        C::Other(_) => OTHER,
        _ => 0,
    }
}

/// Of which kind a response is.
pub(super) const fn kind(response: &Response) -> u32 {
    use Response as R;
    match response {
        R::Fetch(_) | R::UidFetch(_) => FETCH,
        R::Exists(_) | R::Recent(_) | R::Flags(_) => MAILBOX,
        R::Expunge(_) => EXPUNGE,
        R::Condition(_) => STATUS_RESPONSE,
        R::Capability(_) => CAPABILITY,
        R::List(_) | R::Xlist(_) => LIST,
        R::Lsub(_) => LSUB,
        R::Status(_) => STATUS,
        R::Search(_) | R::Esearch(_) => SEARCH,
        R::Sort(_) => SORT,
        R::Thread(_) => THREAD,
        R::Enabled(_) => ENABLED,
        R::Id(_) => ID,
        R::Namespace(_) => NAMESPACE,
        R::Vanished(_) => VANISHED,
        R::UidBatches(_) => UIDBATCHES,
        R::Acl(_) => ACL,
        R::ListRights(_) => LISTRIGHTS,
        R::MyRights(_) => MYRIGHTS,
        R::Quota(_) => QUOTA,
        R::QuotaRoot(_) => QUOTAROOT,
        R::Language(_) => LANGUAGE,
        R::Comparator(_) => COMPARATOR,
        R::GenUrlAuth(_) => GENURLAUTH,
        R::UrlFetch(_) => URLFETCH,
        R::JmapAccess(_) => JMAPACCESS,
        R::Metadata(_) => METADATA,
        R::Converted(_) => CONVERTED,
        R::Other(_) => OTHER,
        R::Tagged(_) | R::Continue(_) => 0,
    }
}
