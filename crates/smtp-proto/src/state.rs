//! The tables of the protocol: states, commands, and what replies they have. No octets here, except
//! for the keywords.

use crate::Keyword;
use wire::keyword::{key, key_of};

/// Which of the two protocols a connection speaks: SMTP (RFC 5321) or LMTP (RFC 2033).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Protocol {
    /// SMTP (RFC 5321).
    #[default]
    Smtp,
    /// LMTP (RFC 2033): LHLO, and a reply for each recipient behind the content.
    Lmtp,
}

/// Where a session stands (RFC 5321 section 3; RFC 2033 section 4 for LMTP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum State {
    /// Before the greeting.
    Greeting,
    /// Before HELO, EHLO or LHLO.
    Hello,
    /// No transaction is open.
    Ready,
    /// MAIL was accepted; no recipient yet.
    Mail,
    /// MAIL and at least one RCPT were accepted.
    Rcpt,
    /// Mail data follows 354 (RFC 5321 section 4.1.1.4).
    Data,
    /// At least one chunk came with BDAT or BURL (RFC 3030 section 2, RFC 4468).
    Chunks,
    /// A chunk was refused: "the only way to recover is RSET" (RFC 3030 section 2).
    Failed,
    /// The roles have changed (RFC 2645 section 5.2).
    Turned,
    /// Nothing more will be sent by the server.
    Closed,
}

impl State {
    /// The state as the errors name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Hello => "before EHLO",
            Self::Ready => "outside of a transaction",
            Self::Mail => "after MAIL",
            Self::Rcpt => "after RCPT",
            Self::Data => "mail data",
            Self::Chunks => "after BDAT",
            Self::Failed => "after a refused BDAT",
            Self::Turned => "roles changed",
            Self::Closed => "closed",
        }
    }

    /// Whether MAIL was accepted and the transaction has not ended.
    #[must_use]
    pub const fn in_transaction(self) -> bool {
        matches!(self, Self::Mail | Self::Rcpt | Self::Data | Self::Chunks | Self::Failed)
    }
}

/// In which states a command is allowed (RFC 5321 section 4.1.4).
#[derive(Clone, Copy)]
enum Where {
    /// Whenever a command may come.
    Anytime,
    /// Once the client has said who it is, outside of a transaction.
    Ready,
    /// Before or after EHLO, outside of a transaction.
    Outside,
    /// Where recipients are named.
    Recipients,
    /// Where there are recipients.
    Content,
    /// Where there are recipients, and between chunks.
    Chunk,
}

impl Where {
    /// A bit for each state.
    const fn set(self) -> u16 {
        use State::{Chunks, Failed, Hello, Mail, Rcpt, Ready};
        const fn bits(states: &[State]) -> u16 {
            match states {
                [] => 0,
                [first, rest @ ..] => 1 << *first as u16 | bits(rest),
            }
        }
        match self {
            Self::Anytime => const { bits(&[Hello, Ready, Mail, Rcpt, Chunks, Failed]) },
            Self::Ready => const { bits(&[Ready]) },
            Self::Outside => const { bits(&[Hello, Ready]) },
            Self::Recipients => const { bits(&[Mail, Rcpt]) },
            Self::Content => const { bits(&[Rcpt]) },
            Self::Chunk => const { bits(&[Rcpt, Chunks]) },
        }
    }

    const fn names(self) -> &'static str {
        match self {
            Self::Anytime => "between commands",
            Self::Ready => "after EHLO, outside of a transaction",
            Self::Outside => "outside of a transaction",
            Self::Recipients => "after MAIL, before the content",
            Self::Content | Self::Chunk => "after an accepted RCPT",
        }
    }
}

enum Group {
    Goes,
    Ends,
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $where:ident, $group:ident, $kind:ident, $extension:expr;)*) => {
        /// Which command it is (RFC 5321 section 4.1.1 and the extensions), without its arguments.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum Verb {
            $($(#[$doc])* $id,)*
            /// Any other.
            Other,
        }

        impl Verb {
            /// The keywords that this crate knows.
            pub const KEYWORDS: &[&str] = &[$($name),*];

            /// By its keyword, in any case. Give it printable octets only.
            #[must_use]
            #[allow(non_upper_case_globals, reason = "named after the variants")]
            pub fn of(keyword: &[u8]) -> Self {
                $(const $id: u128 = key_of($name);)*
                match key(keyword) {
                    $($id => Self::$id,)*
                    _ => Self::Other,
                }
            }

            /// The keyword; empty for [`Verb::Other`].
            #[must_use]
            #[inline]
            pub const fn keyword(self) -> &'static str {
                match self { $(Self::$id => $name,)* Self::Other => "" }
            }

            const fn place(self) -> Where {
                match self { $(Self::$id => Where::$where,)* Self::Other => Where::Anytime }
            }

            /// Whether the command is allowed in this state.
            #[must_use]
            #[inline]
            pub const fn is_allowed_in(self, state: State) -> bool {
                self.place().set() >> state as u16 & 1 != 0
            }

            /// Where it is allowed, in words.
            #[must_use]
            pub const fn states(self) -> &'static str {
                self.place().names()
            }

            /// Whether nothing may be sent behind it before its reply came, even with PIPELINING (RFC 2920 section
            /// 3.1).
            #[must_use]
            pub const fn ends_group(self) -> bool {
                match self { $(Self::$id => matches!(Group::$group, Group::Ends),)* Self::Other => true }
            }

            /// What its replies do.
            #[must_use]
            pub const fn reply_kind(self) -> ReplyKind {
                match self { $(Self::$id => ReplyKind::$kind,)* Self::Other => ReplyKind::Single }
            }

            /// The EHLO keyword without which the command does not exist.
            #[must_use]
            pub const fn extension(self) -> Option<Keyword> {
                match self { $(Self::$id => $extension,)* Self::Other => None }
            }
        }
    };
}

verbs! {
    // keyword, where (RFC 5321 section 4.1.4), pipelining (RFC 2920 section 3.1; RFC 3030 section 4.2 for BDAT), reply, extension
    /// `HELO` RFC 5321
    Helo = "HELO", Anytime, Ends, Hello, None;
    /// `EHLO` RFC 5321
    Ehlo = "EHLO", Anytime, Ends, Hello, None;
    /// `LHLO` RFC 2033
    Lhlo = "LHLO", Anytime, Ends, Hello, None;
    /// `MAIL` RFC 5321
    Mail = "MAIL", Ready, Goes, Mail, None;
    /// `RCPT` RFC 5321
    Rcpt = "RCPT", Recipients, Goes, Rcpt, None;
    /// `DATA` RFC 5321
    Data = "DATA", Content, Ends, Data, None;
    /// `BDAT` RFC 3030
    Bdat = "BDAT", Chunk, Goes, Chunk, Some(Keyword::Chunking);
    /// `BURL` RFC 4468
    Burl = "BURL", Chunk, Goes, Chunk, Some(Keyword::Burl);
    /// `RSET` RFC 5321
    Rset = "RSET", Anytime, Goes, Rset, None;
    /// `VRFY` RFC 5321
    Vrfy = "VRFY", Anytime, Ends, Single, None;
    /// `EXPN` RFC 5321
    Expn = "EXPN", Anytime, Ends, Single, None;
    /// `HELP` RFC 5321
    Help = "HELP", Anytime, Ends, Single, None;
    /// `NOOP` RFC 5321
    Noop = "NOOP", Anytime, Ends, Single, None;
    /// `QUIT` RFC 5321
    Quit = "QUIT", Anytime, Ends, Quit, None;
    /// `STARTTLS` RFC 3207
    StartTls = "STARTTLS", Outside, Ends, StartTls, Some(Keyword::StartTls);
    /// `AUTH` RFC 4954
    Auth = "AUTH", Ready, Ends, Auth, Some(Keyword::Auth);
    /// `ETRN` RFC 1985
    Etrn = "ETRN", Ready, Ends, Single, Some(Keyword::Etrn);
    /// `ATRN` RFC 2645
    Atrn = "ATRN", Ready, Ends, Turn, Some(Keyword::Atrn);
    /// `TURN` RFC 821, obsolete
    Turn = "TURN", Ready, Ends, Turn, Some(Keyword::Turn);
    /// `XCLIENT` of Postfix
    Xclient = "XCLIENT", Outside, Ends, Xclient, Some(Keyword::Xclient);
    /// `XFORWARD` of Postfix
    Xforward = "XFORWARD", Ready, Goes, Single, Some(Keyword::Xforward);
}

macro_rules! reply_kinds {
    ($($(#[$doc:meta])* $id:ident,)*) => {
        /// What the positive reply to a command does (RFC 5321 section 3; RFC 3030 section 2, RFC 3207 section 4, RFC 4954 section 4,
        /// RFC 2645 section 5).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum ReplyKind {
            $($(#[$doc])* $id,)*
        }

        impl ReplyKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$id),*];
        }
    };
}

reply_kinds! {
    /// Nothing.
    Single,
    /// The client is known, what the server can do too; an open transaction has ended.
    Hello,
    /// A transaction is open.
    Mail,
    /// The transaction has one recipient more.
    Rcpt,
    /// 354; the content follows, and a reply to it: in LMTP one for each recipient.
    Data,
    /// Content came before the reply. To the last chunk there is in LMTP a reply for each recipient.
    Chunk,
    /// The last chunk, where that is known from the command.
    LastChunk,
    /// An open transaction has ended.
    Rset,
    /// Challenges, then the client is authenticated.
    Auth,
    /// The same, where the command had an initial response.
    AuthInitial,
    /// TLS starts.
    StartTls,
    /// The server tells its greeting again, and has forgotten everything.
    Xclient,
    /// The roles are changed.
    Turn,
    /// The session ends.
    Quit,
}

impl ReplyKind {
    /// Whether challenges may come.
    #[must_use]
    pub const fn is_auth(self) -> bool {
        matches!(self, Self::Auth | Self::AuthInitial)
    }

    /// Whether it answers a part of the content.
    #[must_use]
    pub const fn is_chunk(self) -> bool {
        matches!(self, Self::Chunk | Self::LastChunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_found_in_any_case() {
        for &keyword in Verb::KEYWORDS {
            let verb = Verb::of(keyword.to_ascii_lowercase().as_bytes());
            assert_eq!(verb.keyword(), keyword);
        }
        for other in ["STARTTLSX", "MAI", "", "SEND"] {
            assert_eq!(Verb::of(other.as_bytes()), Verb::Other, "{other}");
        }
    }

    #[test]
    fn the_order_of_commands_is_that_of_rfc_5321_section_4_1_4() {
        use State::{Chunks, Data, Failed, Hello, Mail, Rcpt, Ready};
        for (verb, states) in [
            (Verb::Mail, &[Ready][..]),
            (Verb::Rcpt, &[Mail, Rcpt]),
            (Verb::Data, &[Rcpt]),
            (Verb::Bdat, &[Rcpt, Chunks]),
            (Verb::Auth, &[Ready]),
            (Verb::StartTls, &[Hello, Ready]),
            (Verb::Rset, &[Hello, Ready, Mail, Rcpt, Chunks, Failed]),
            (Verb::Ehlo, &[Hello, Ready, Mail, Rcpt, Chunks, Failed]),
        ] {
            for state in [State::Greeting, Hello, Ready, Mail, Rcpt, Data, Chunks, Failed, State::Closed] {
                assert_eq!(verb.is_allowed_in(state), states.contains(&state), "{verb:?} {state:?}");
            }
        }
    }

    #[test]
    fn groups_end_where_rfc_2920_says_so() {
        for verb in ["EHLO", "DATA", "VRFY", "EXPN", "TURN", "QUIT", "NOOP"] {
            assert!(Verb::of(verb.as_bytes()).ends_group(), "{verb}");
        }
        for verb in ["RSET", "MAIL", "RCPT", "BDAT"] {
            assert!(!Verb::of(verb.as_bytes()).ends_group(), "{verb}");
        }
    }
}
