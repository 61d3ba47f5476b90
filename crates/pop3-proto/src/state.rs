//! The tables of the protocol: states, commands, and what replies they have. No octets here, except
//! for the keywords.

use wire::keyword::{key, key_of};

/// The state of a session (RFC 1939 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum State {
    /// Before the greeting.
    Greeting,
    /// The client identifies itself.
    Authorization,
    /// The client works with the maildrop.
    Transaction,
    /// The client has said QUIT in the TRANSACTION state and the server said +OK: it removes what was
    /// marked as deleted.
    Update,
    /// Nothing more will be sent by the server.
    Closed,
}

impl State {
    /// The RFC's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Authorization => "AUTHORIZATION",
            Self::Transaction => "TRANSACTION",
            Self::Update => "UPDATE",
            Self::Closed => "closed",
        }
    }
}

/// Where a command is allowed.
#[derive(Clone, Copy)]
enum Where {
    Authorization,
    Transaction,
    Both,
}

impl Where {
    const fn allows(self, state: State) -> bool {
        match state {
            State::Authorization => !matches!(self, Self::Transaction),
            State::Transaction => !matches!(self, Self::Authorization),
            _ => false,
        }
    }

    const fn names(self) -> &'static str {
        match self {
            Self::Authorization => State::Authorization.name(),
            Self::Transaction => State::Transaction.name(),
            Self::Both => "AUTHORIZATION or TRANSACTION",
        }
    }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $where:ident, $group:ident, $kind:ident, $with:ident;)*) => {
        /// Which command it is, without its arguments.
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
            #[inline]
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
                match self { $(Self::$id => Where::$where,)* Self::Other => Where::Both }
            }

            /// Whether the command is allowed in this state.
            #[must_use]
            pub const fn is_allowed_in(self, state: State) -> bool {
                self.place().allows(state)
            }

            /// The names of the states in which it is allowed.
            #[must_use]
            pub const fn states(self) -> &'static str {
                self.place().names()
            }

            /// Whether nothing may be sent behind it before its reply came, even with PIPELINING: the reply
            /// decides what the octets that follow mean, or in which state they are read.
            #[must_use]
            pub const fn ends_group(self) -> bool {
                match self { $(Self::$id => Group::$group.ends(),)* Self::Other => true }
            }

            /// What replies the command has; `arguments`: whether it has any.
            #[must_use]
            pub const fn reply_kind(self, arguments: bool) -> ReplyKind {
                match self {
                    $(Self::$id => if arguments { ReplyKind::$with } else { ReplyKind::$kind },)*
                    Self::Other => ReplyKind::Single,
                }
            }
        }
    };
}

enum Group {
    Goes,
    Ends,
}

impl Group {
    const fn ends(&self) -> bool {
        matches!(self, Self::Ends)
    }
}

verbs! {
    // keyword, states (RFC 1939, 2449, 2595, 5034, 6856), pipelining (RFC 2449 section 6.6), reply without
    // and with arguments
    /// `USER` RFC 1939
    User = "USER", Authorization, Ends, Single, Single;
    /// `PASS` RFC 1939
    Pass = "PASS", Authorization, Ends, Login, Login;
    /// `APOP` RFC 1939
    Apop = "APOP", Authorization, Ends, Login, Login;
    /// `AUTH` RFC 5034
    Auth = "AUTH", Authorization, Ends, AuthList, Auth;
    /// `CAPA` RFC 2449
    Capa = "CAPA", Both, Goes, Capa, Capa;
    /// `STLS` RFC 2595
    Stls = "STLS", Authorization, Ends, Stls, Stls;
    /// `STAT` RFC 1939
    Stat = "STAT", Transaction, Goes, Stat, Stat;
    /// `LIST` RFC 1939
    List = "LIST", Transaction, Goes, ListAll, ListOne;
    /// `UIDL` RFC 1939
    Uidl = "UIDL", Transaction, Goes, UidlAll, UidlOne;
    /// `RETR` RFC 1939
    Retr = "RETR", Transaction, Goes, Body, Body;
    /// `TOP` RFC 1939
    Top = "TOP", Transaction, Goes, Body, Body;
    /// `DELE` RFC 1939
    Dele = "DELE", Transaction, Goes, Single, Single;
    /// `RSET` RFC 1939
    Rset = "RSET", Transaction, Goes, Single, Single;
    /// `NOOP` RFC 1939
    Noop = "NOOP", Transaction, Goes, Single, Single;
    /// `QUIT` RFC 1939
    Quit = "QUIT", Both, Ends, Quit, Quit;
    /// `UTF8` RFC 6856
    Utf8 = "UTF8", Authorization, Ends, Single, Single;
    /// `LANG` RFC 6856
    Lang = "LANG", Both, Goes, LangList, Single;
}

macro_rules! reply_kinds {
    ($($(#[$doc:meta])* $id:ident,)*) => {
        /// What the positive reply to a command looks like, and what it does (RFC 1939 sections 3 to 7; RFC 2449
        /// section 5, RFC 2595 section 4, RFC 5034 section 4, RFC 6856 section 3). The negative one is always a single
        /// line and does nothing.
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
    /// A line.
    Single,
    /// A line; the session enters the TRANSACTION state.
    Login,
    /// Challenges, then a line; the session enters the TRANSACTION state.
    Auth,
    /// The same, where the command had an initial response.
    AuthInitial,
    /// A line, and then TLS.
    Stls,
    /// A line, and then the end.
    Quit,
    /// A drop listing.
    Stat,
    /// A scan listing.
    ListOne,
    /// A line, then scan listings.
    ListAll,
    /// A unique-id listing.
    UidlOne,
    /// A line, then unique-id listings.
    UidlAll,
    /// A line, then a message.
    Body,
    /// A line, then capabilities.
    Capa,
    /// A line, then names of mechanisms.
    AuthList,
    /// A line, then language listings.
    LangList,
    /// A line, then lines of a form that this crate does not know.
    Lines,
}

impl ReplyKind {
    /// Whether both replies are a status line and nothing else.
    pub(crate) const fn is_status(self) -> bool {
        matches!(self, Self::Single | Self::Login | Self::Auth | Self::AuthInitial | Self::Stls | Self::Quit)
    }

    /// Whether the positive reply has more than one line.
    #[must_use]
    pub const fn is_multi_line(self) -> bool {
        matches!(
            self,
            Self::ListAll
                | Self::UidlAll
                | Self::Body
                | Self::Capa
                | Self::AuthList
                | Self::LangList
                | Self::Lines
        )
    }

    /// What reply a command line calls for, well formed or not: what a proxy needs to know of a line that
    /// it passes on without understanding it.
    ///
    /// ```
    /// use pop3_proto::ReplyKind;
    ///
    /// assert_eq!(ReplyKind::of_line(b"list 1\r\n"), ReplyKind::ListOne);
    /// assert_eq!(ReplyKind::of_line(b"TOP 1 -1\r\n"), ReplyKind::Body);
    /// ```
    #[must_use]
    pub fn of_line(line: &[u8]) -> Self {
        let line = line.trim_ascii_start();
        let (keyword, rest) = line.split_at(wire::class::VCHAR.run(line));
        let arguments = rest.iter().any(|o| !matches!(o, b' ' | b'\r' | b'\n' | b'\t'));
        match Verb::of(keyword) {
            // RFC 1082: XTND XLST header [msg] lists header lines
            Verb::Other if keyword.eq_ignore_ascii_case(b"XTND") && arguments => Self::Lines,
            Verb::Auth if words(rest) > 1 => Self::AuthInitial,
            verb => verb.reply_kind(arguments),
        }
    }

    /// Whether it is the reply to AUTH with a mechanism.
    #[must_use]
    pub const fn is_auth(self) -> bool {
        matches!(self, Self::Auth | Self::AuthInitial)
    }
}

fn words(line: &[u8]) -> usize {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count()
}

impl crate::Command {
    /// What reply the command calls for.
    #[must_use]
    pub fn reply_kind(&self) -> ReplyKind {
        match self {
            Self::Other(other) => {
                let arguments = other.arguments().iter().any(|&o| o != b' ' && o != b'\t');
                if arguments && other.keyword().eq_ignore_ascii_case(b"XTND") {
                    ReplyKind::Lines
                } else {
                    ReplyKind::Single
                }
            }
            Self::Auth(auth) if auth.initial_response.is_some() => ReplyKind::AuthInitial,
            Self::List(None) | Self::Uidl(None) | Self::AuthList | Self::Lang(None) => {
                self.verb().reply_kind(false)
            }
            _ => self.verb().reply_kind(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_in_any_case() {
        for keyword in Verb::KEYWORDS {
            let verb = Verb::of(keyword.as_bytes());
            assert_eq!(verb.keyword(), *keyword);
            assert_eq!(Verb::of(keyword.to_lowercase().as_bytes()), verb);
        }
        assert_eq!(Verb::of(b"STLSX"), Verb::Other);
        assert_eq!(Verb::of(b""), Verb::Other);
    }

    #[test]
    fn the_table_is_that_of_the_rfcs() {
        use State::{Authorization, Transaction};
        let in_both = ["CAPA", "QUIT", "LANG"];
        let before_login = ["USER", "PASS", "APOP", "AUTH", "STLS", "UTF8"];
        for keyword in Verb::KEYWORDS {
            let verb = Verb::of(keyword.as_bytes());
            let before = in_both.contains(keyword) || before_login.contains(keyword);
            assert_eq!(verb.is_allowed_in(Authorization), before, "{keyword}");
            assert_eq!(verb.is_allowed_in(Transaction), !before_login.contains(keyword), "{keyword}");
            for state in [State::Greeting, State::Update, State::Closed] {
                assert!(!verb.is_allowed_in(state));
            }
        }
    }

    #[test]
    fn replies_follow_the_arguments() {
        for (line, kind) in [
            ("LIST\r\n", ReplyKind::ListAll),
            ("LIST \r\n", ReplyKind::ListAll),
            ("LIST x\r\n", ReplyKind::ListOne),
            ("UIDL\n", ReplyKind::UidlAll),
            ("LANG\r\n", ReplyKind::LangList),
            ("LANG *\r\n", ReplyKind::Single),
            ("AUTH\r\n", ReplyKind::AuthList),
            ("AUTH PLAIN\r\n", ReplyKind::Auth),
            ("AUTH PLAIN =\r\n", ReplyKind::AuthInitial),
            ("RETR\r\n", ReplyKind::Body),
            ("XTND XLST Subject\r\n", ReplyKind::Lines),
            ("XTND\r\n", ReplyKind::Single),
            ("XTND  \r\n", ReplyKind::Single),
            ("\r\n", ReplyKind::Single),
            ("FOO bar\r\n", ReplyKind::Single),
        ] {
            assert_eq!(ReplyKind::of_line(line.as_bytes()), kind, "{line:?}");
            if let Ok(command) = crate::Command::parse(&line.into()) {
                assert_eq!(command.reply_kind(), kind, "{line:?}");
            }
        }
    }
}
