//! Parameters of MAIL and RCPT (RFC 5321 section 4.1.2): one file for each, and the tables of both commands.
//!
//! A row of a table is a variant of the parameter, one of the keyword, a getter, a parse arm and an encode arm. The file of a
//! parameter has its `rule`, which takes the front of the rest of the line and stops where its grammar does, its `encode`
//! and its `strategy`.

mod address;
mod alt_address;
mod auth;
mod body;
mod by;
mod date_time;
mod envid;
mod hold_for;
mod hold_until;
mod line;
mod mt_priority;
mod mtrk;
mod notify;
mod orcpt;
mod other;
mod ret;
mod rrvs;
mod size;
mod solicit;
mod submitter;
#[cfg(test)]
pub(crate) mod testing;
mod transaction_id;

pub use body::Body;
pub use by::{By, ByMode};
pub use date_time::DateTime;
pub(crate) use line::Line;
pub use mtrk::Mtrk;
pub use notify::Notify;
pub use orcpt::Orcpt;
pub use other::OtherParameter;
pub use ret::Ret;
pub use rrvs::{Rrvs, RrvsAction};
pub use solicit::Solicit;
pub use transaction_id::TransactionId;

use crate::syntax::{expected, misuse};
use crate::{Keyword, Mail, Rcpt, Xtext};
use alloc::vec::Vec;
use bytes::Bytes;
use wire::keyword::{Prefix, first, key_of, name};
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, Tolerance};

/// The bit of a parameter that is unknown on its command.
const UNKNOWN: u32 = 1 << 31;
/// The bit of a parameter that is known, but has a value or a place that only lenient parsers take.
const ODD: u32 = 1 << 30;

/// The keywords of one command.
pub(crate) trait Table: Copy + 'static {
    /// All of them.
    const TABLE: &'static [Self];

    /// By its name.
    fn of(name: u128) -> Option<Self>;

    /// The bit that stands for it.
    fn bit(self) -> u32;

    /// The one at the front, if it is known, and what stands behind its name.
    fn find(i: &[u8]) -> Option<(Self, &[u8])>;

    /// Checks what stands behind the name. The value is the parameter's bit.
    fn check<'i>(self, cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, u32>;

    /// The bits of parameters that cannot stand beside the one with this bit, itself included.
    fn conflicts(bit: u32) -> u32;
}

/// Some of the keywords of a command.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Set<T> {
    bits: u32,
    of: core::marker::PhantomData<T>,
}

#[cfg(feature = "server")]
impl<T: Table> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(keywords: I) -> Self {
        let bits = keywords.into_iter().fold(0, |bits, keyword| bits | keyword.bit());
        Self { bits, of: core::marker::PhantomData }
    }
}

/// For names that are short enough.
const fn short(name: &str) -> Option<Prefix> {
    if name.len() <= 8 { Some(Prefix::of(name)) } else { None }
}

/// Whether a parameter is known on the other command.
fn elsewhere<T: Table>(name: u128) -> bool {
    T::of(name).is_none() && is_known(name)
}

fn is_known(name: u128) -> bool {
    MailKeyword::of(name).is_some() || RcptKeyword::of(name).is_some()
}

/// What a value is that was parsed as part of a line, of which nothing is odd: where it is kept as it was written, that.
macro_rules! kept {
    ($line:ident, $value:ident, $module:ident) => {
        $module::rule(&Context::new($line.wire(), Tolerance::Lenient), $value).ok()?.1
    };
    ($line:ident, $value:ident, $module:ident, $kept:path) => {
        $kept($value)
    };
}

macro_rules! parameters {
    (
        $command:ident = $verb:literal, $parameter:ident, $keyword:ident
        flags { $($(#[$fdoc:meta])* $flag:ident = $fname:literal, $fextension:ident, $fmax:literal;)* }
        values { $($(#[$doc:meta])* $id:ident($value:ty), $get:ident = $name:literal in $module:ident $(as $kept:path)?, $extension:ident, $max:literal;)* }
        conflicts { $($one:ident, $two:ident;)* }
    ) => {
        #[doc = concat!("A parameter of ", $verb, " (RFC 5321 section 4.1.2).")]
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $parameter<'a> {
            $($(#[$fdoc])* $flag,)*
            $($(#[$doc])* $id($value),)*
            /// Any other, kept as it came.
            Other(OtherParameter<'a>),
        }

        #[doc = concat!("The names of the parameters of ", $verb, " that are typed.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum $keyword {
            $(#[doc = concat!("`", $fname, "`")] $flag,)*
            $(#[doc = concat!("`", $name, "`")] $id,)*
        }

        impl $keyword {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$flag,)* $(Self::$id,)*];

            /// The name, in the registry's case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$flag => $fname,)*
                    $(Self::$id => $name,)*
                }
            }

            /// What a server must have offered before the parameter may be sent.
            #[must_use]
            pub const fn extension(self) -> Option<Keyword> {
                match self {
                    $(Self::$flag => Some(Keyword::$fextension),)*
                    $(Self::$id => Some(Keyword::$extension),)*
                }
            }

            /// How many octets it adds to the longest command line (RFC 5321 section 4.5.3.1.4), as its RFC says, or, where
            /// that is silent, of its longest form with the space before it.
            #[must_use]
            pub const fn max_len(self) -> usize {
                match self {
                    $(Self::$flag => $fmax,)*
                    $(Self::$id => $max,)*
                }
            }
        }

        #[allow(non_upper_case_globals, reason = "named after the variants")]
        impl Table for $keyword {
            const TABLE: &'static [Self] = Self::ALL;

            fn of(name: u128) -> Option<Self> {
                $(const $flag: u128 = key_of($fname);)*
                $(const $id: u128 = key_of($name);)*
                Some(match name {
                    $($flag => Self::$flag,)*
                    $($id => Self::$id,)*
                    _ => return None,
                })
            }

            #[inline(always)]
            fn bit(self) -> u32 {
                1 << (self as u32)
            }

            #[inline(always)]
            fn find(i: &[u8]) -> Option<(Self, &[u8])> {
                let first = first(i);
                $(
                    // most have names of few letters, and those that are met most stand in front
                    const $id: Option<Prefix> = short(concat!($name, "="));
                    if $id.is_some_and(|prefix| prefix.is_in(first)) {
                        return i.get($name.len()..).map(|rest| (Self::$id, rest));
                    }
                )*
                let (len, key) = name(i);
                Self::of(key).map(|keyword| (keyword, &i[len..]))
            }

            #[inline(always)]
            fn check<'i>(self, cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, u32> {
                match self {
                    $(Self::$flag => no_value(i).map(|(i, ())| (i, self.bit())),)*
                    $(Self::$id => $module::rule(cx, value(i)?).map(|(i, _)| (i, self.bit())),)*
                }
            }

            #[inline(always)]
            fn conflicts(bit: u32) -> u32 {
                $(
                    let both = Self::$one.bit() | Self::$two.bit();
                    if bit & both != 0 {
                        return both;
                    }
                )*
                bit
            }
        }

        impl<'a> $parameter<'a> {
            /// The first of those that were parsed as part of a line, of which `i` becomes the rest.
            #[inline(always)]
            fn view(line: &'a Line, i: &mut &'a [u8], seen: u32) -> Self {
                let start = *i;
                match Self::typed(line, i) {
                    Some(typed) if matches!(i, [] | [b' ', ..]) && line.present() & ODD == 0 => typed,
                    _ => Self::view_odd(line, start, i, seen),
                }
            }

            /// One that is marked: all of `wire`.
            #[inline(always)]
            fn marked(line: &'a Line, keyword: usize, wire: &'a [u8]) -> Option<Self> {
                match *$keyword::ALL.get(keyword)? {
                    $($keyword::$flag => Some(Self::$flag),)*
                    $($keyword::$id => {
                        let value = wire.get($name.len() + 1..)?;
                        Some(Self::$id(kept!(line, value, $module $(, $kept)?)))
                    })*
                }
            }

            /// One whose value is as its RFC has it.
            #[inline(always)]
            fn typed(line: &'a Line, i: &mut &'a [u8]) -> Option<Self> {
                let (keyword, behind) = $keyword::find(i)?;
                match keyword {
                    $($keyword::$flag => {
                        *i = no_value(behind).ok()?.0;
                        Some(Self::$flag)
                    })*
                    $($keyword::$id => {
                        // whatever is not as the RFC has it was tolerated when the line was parsed
                        let cx = Context::new(line.wire(), Tolerance::Lenient);
                        let (rest, value) = $module::rule(&cx, value(behind).ok()?).ok()?;
                        *i = rest;
                        Some(Self::$id(value))
                    })*
                }
            }

            /// One that is unknown, or of a line that only lenient parsers take.
            #[inline(never)]
            fn view_odd(line: &'a Line, start: &'a [u8], i: &mut &'a [u8], seen: u32) -> Self {
                let end = start.iter().position(|&octet| octet == b' ').unwrap_or(start.len());
                let wire;
                (wire, *i) = start.split_at(end);
                let again = |typed: &Self| {
                    typed.keyword().is_some_and(|keyword| $keyword::conflicts(keyword.bit()) & seen != 0)
                };
                let mut rest = wire;
                match Self::typed(line, &mut rest) {
                    Some(typed) if rest.is_empty() && !again(&typed) => typed,
                    _ => Self::Other(OtherParameter::of(wire, other::why::<$keyword>(other::name(wire)).0)),
                }
            }

            /// Which one it is. `None`: [`Other`](Self::Other).
            #[must_use]
            pub const fn keyword(&self) -> Option<$keyword> {
                match self {
                    $(Self::$flag => Some($keyword::$flag),)*
                    $(Self::$id(_) => Some($keyword::$id),)*
                    Self::Other(_) => None,
                }
            }

            pub(crate) fn encode(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
                let name: &[u8] = match self {
                    $(Self::$flag => $fname.as_bytes(),)*
                    $(Self::$id(_) => concat!($name, "=").as_bytes(),)*
                    Self::Other(other) => other.as_bytes(),
                };
                wire.extend_from_slice(name);
                match self {
                    $(Self::$id(value) => $module::encode(value, wire),)*
                    _ => Ok(()),
                }
            }

            /// Any parameter, for property tests.
            #[cfg(any(test, feature = "proptest"))]
            pub fn strategy() -> impl proptest::strategy::Strategy<Value = $parameter<'static>> {
                use proptest::strategy::{Just, Strategy, Union};
                Union::new([
                    $(Just($parameter::$flag).boxed(),)*
                    $($module::strategy().prop_map($parameter::$id).boxed(),)*
                    other::strategy().prop_map($parameter::Other).boxed(),
                ])
            }
        }

        impl $command {
            #[doc = concat!("The parameters, in their order. As often as it is called, they are taken out of the line again.")]
            pub fn parameters(&self) -> impl Iterator<Item = $parameter<'_>> {
                let line = self.line();
                let (mut rest, mut marks, mut seen) = (line.tail(), line.marks(), 0);
                core::iter::from_fn(move || {
                    (_, rest) = rest.split_first()?;
                    if let Some(((keyword, len), others)) = marks.split_first() {
                        let wire;
                        (wire, rest) = rest.split_at_checked(len)?;
                        (marks, seen) = (others, seen | 1 << keyword);
                        return $parameter::marked(line, keyword, wire);
                    }
                    let parameter = $parameter::view(line, &mut rest, seen);
                    seen |= parameter.keyword().map_or(0, $keyword::bit);
                    Some(parameter)
                })
            }

            #[doc = concat!("Which of the typed parameters are there, in the order of [`", stringify!($keyword), "::ALL`].")]
            pub fn keywords(&self) -> impl Iterator<Item = $keyword> {
                self.line().keywords()
            }

            /// Whether a typed parameter is there.
            #[must_use]
            #[inline]
            pub fn has(&self, keyword: $keyword) -> bool {
                self.line().present() & keyword.bit() != 0
            }

            /// Whether none of the typed parameters is there but those of the set.
            #[cfg(feature = "server")]
            pub(crate) fn has_only(&self, set: Set<$keyword>) -> bool {
                self.line().present() & !(set.bits | UNKNOWN | ODD) == 0
            }

            /// Whether there is a parameter that is not known on this command: a server says 555 (RFC 5321 section 4.1.1.11).
            #[must_use]
            #[inline]
            pub fn has_unknown(&self) -> bool {
                self.line().present() & UNKNOWN != 0
            }

            /// Whether there is a parameter that is known, but whose value is not what its RFC demands, or that stands there
            /// twice. Only lenient parsers take it.
            #[must_use]
            #[inline]
            pub fn has_invalid(&self) -> bool {
                self.line().present() & ODD != 0
            }

            /// A typed parameter, if it is there.
            #[must_use]
            pub fn get(&self, keyword: $keyword) -> Option<$parameter<'_>> {
                if !self.has(keyword) {
                    return None;
                }
                let line = self.line();
                let (mut rest, mut marks) = (line.tail(), line.marks());
                while let Some(((marked, len), others)) = marks.split_first() {
                    let wire = rest.get(1..=len)?;
                    if marked == keyword as usize {
                        return $parameter::marked(line, marked, wire);
                    }
                    (rest, marks) = (&rest[1 + len..], others);
                }
                self.parameters().find(|parameter| parameter.keyword() == Some(keyword))
            }

            $(
                $(#[$doc])*
                #[must_use]
                #[allow(clippy::needless_lifetimes, reason = "some of the values borrow")]
                pub fn $get<'a>(&'a self) -> Option<$value> {
                    match self.get($keyword::$id) {
                        Some($parameter::$id(value)) => Some(value),
                        _ => None,
                    }
                }
            )*
        }
    };
}

parameters! {
    Mail = "MAIL", MailParameter, MailKeyword
    flags {
        /// `SMTPUTF8`: addresses or header fields hold more than US-ASCII (RFC 6531 section 3.4).
        SmtpUtf8 = "SMTPUTF8", SmtpUtf8, 10;
        /// `REQUIRETLS`: only over TLS, on each hop (RFC 8689 section 2).
        RequireTls = "REQUIRETLS", RequireTls, 11;
        /// `CONPERM`: the content may be converted (RFC 4141 section 4).
        Conperm = "CONPERM", Conperm, 8;
    }
    values {
        /// `SIZE`: how large the message is, in octets (RFC 1870 section 4).
        Size(u64), size = "SIZE" in size, Size, 26;
        /// `BODY`: what its octets may be (RFC 6152, RFC 3030). `BINARYMIME` needs an extension of its own: see
        /// [`Body::extension`].
        Body(Body), body = "BODY" in body, EightBitMime, 16;
        /// `AUTH`: the mailbox of whoever submitted the message first, or `None` for `<>`, nobody that is known (RFC 4954
        /// section 5).
        Auth(Option<Xtext<'a>>), auth = "AUTH" in auth as auth::kept, Auth, 500;
        /// `RET`: how much of the message comes back in a report of a failure (RFC 3461 section 4.3).
        Ret(Ret), ret = "RET" in ret, Dsn, 9;
        /// `ENVID`: what the sender calls this transaction in reports (RFC 3461 section 4.4).
        Envid(Xtext<'a>), envid = "ENVID" in envid as Xtext::kept, Dsn, 107;
        /// `BY`: until when the message is to be delivered (RFC 2852 section 4).
        By(By), by = "BY" in by, DeliverBy, 17;
        /// `HOLDFOR`: how many seconds the message is kept before it goes out, 1 to 999999999 (RFC 4865 section 3).
        HoldFor(u32), hold_for = "HOLDFOR" in hold_for, FutureRelease, 34;
        /// `HOLDUNTIL`: until when the message is kept before it goes out (RFC 4865 section 3).
        HoldUntil(DateTime), hold_until = "HOLDUNTIL" in hold_until, FutureRelease, 34;
        /// `MT-PRIORITY`: how urgent the message is, -9 to 9 (RFC 6710 section 7).
        MtPriority(i8), mt_priority = "MT-PRIORITY" in mt_priority, MtPriority, 15;
        /// `SOLICIT`: which classes of solicitation the message is of (RFC 3865 section 2.3).
        Solicit(Solicit<'a>), solicit = "SOLICIT" in solicit, NoSoliciting, 1007;
        /// `SUBMITTER`: the mailbox of whoever is responsible for the message (RFC 4405 section 4, historic).
        Submitter(Xtext<'a>), submitter = "SUBMITTER" in submitter as Xtext::kept, Submitter, 331;
        /// `TRANSID`: which transaction is gone on with after a break (RFC 1845 section 3, experimental).
        TransId(TransactionId<'a>), trans_id = "TRANSID" in transaction_id, Checkpoint, 88;
        /// `MTRK`: how the message may be asked after (RFC 3885 section 3.1). It needs `ENVID` beside it.
        Mtrk(Mtrk<'a>), mtrk = "MTRK" in mtrk, Mtrk, 40;
        /// `ALT-ADDRESS`: an address for servers that take only US-ASCII (RFC 5336 section 3.4, obsolete).
        AltAddress(Xtext<'a>), alt_address = "ALT-ADDRESS" in alt_address as Xtext::kept, Utf8Smtp, 460;
    }
    conflicts {
        HoldFor, HoldUntil;
    }
}

parameters! {
    Rcpt = "RCPT", RcptParameter, RcptKeyword
    flags {
        /// `CONNEG`: the server is asked what content the recipient can take (RFC 4141 section 5).
        Conneg = "CONNEG", Conneg, 7;
    }
    values {
        /// `NOTIFY`: which reports the sender wants (RFC 3461 section 4.1).
        Notify(Notify), notify = "NOTIFY" in notify, Dsn, 29;
        /// `ORCPT`: to whom the sender addressed the message (RFC 3461 section 4.2).
        Orcpt(Orcpt<'a>), orcpt = "ORCPT" in orcpt as Orcpt::kept, Dsn, 507;
        /// `RRVS`: since when the mailbox must belong to the same person (RFC 7293 section 3.1).
        Rrvs(Rrvs), rrvs = "RRVS" in rrvs, Rrvs, 33;
        /// `ALT-ADDRESS`: an address for servers that take only US-ASCII (RFC 5336 section 3.4, obsolete).
        AltAddress(Xtext<'a>), alt_address = "ALT-ADDRESS" in alt_address as Xtext::kept, Utf8Smtp, 460;
    }
    conflicts {}
}

/// `=`, before a value.
#[inline(always)]
fn value(i: &[u8]) -> Result<&[u8], nom::Err<Failure>> {
    match i.split_first() {
        Some((b'=', rest)) => Ok(rest),
        _ => fail(i, expected::VALUE).map(|(rest, ())| rest),
    }
}

#[inline(always)]
fn no_value(i: &[u8]) -> Parsed<'_, ()> {
    if i.first() == Some(&b'=') { fail(i, expected::NO_VALUE) } else { Ok((i, ())) }
}

/// A value of which nothing is left over, by the rules of its RFC.
fn whole<'i, T>(
    wire: &'i [u8],
    rule: impl FnOnce(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
    item: &'static str,
) -> Result<T, Misuse> {
    static NOTHING: Bytes = Bytes::new();
    match rule(&Context::new(&NOTHING, Tolerance::Strict), wire) {
        Ok((b"", value)) => Ok(value),
        Ok((rest, _)) => Err(Misuse::IllegalOctet { offset: wire.len() - rest.len() }),
        Err(error) => Err(refused(wire, error, item)),
    }
}

/// The same as [`misuse`], for items that have limits of their own.
#[cold]
pub(crate) fn refused(octets: &[u8], error: nom::Err<Failure>, item: &'static str) -> Misuse {
    match misuse(octets, error, item) {
        Misuse::TooLong { limit } if octets.len() <= limit => Misuse::Invalid(item),
        other => other,
    }
}

/// What xtext stands for, also with lower-case digits.
fn decoded(xtext: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = xtext;
    core::iter::from_fn(move || {
        let (&first, after) = rest.split_first()?;
        if let [b'+', high, low, after @ ..] = rest {
            let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            if let (Some(high), Some(low)) = (digit(*high), digit(*low)) {
                rest = after;
                return Some(high << 4 | low);
            }
        }
        rest = after;
        Some(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::keyword::key;

    #[test]
    fn names_are_found_in_any_case() {
        fn each<T: Table + PartialEq + core::fmt::Debug>(name: fn(T) -> &'static str) {
            let mut bits = UNKNOWN | ODD;
            for keyword in T::TABLE {
                let name = name(*keyword);
                assert!(name.len() <= 16);
                assert_eq!(T::of(key(name.as_bytes())), Some(*keyword));
                assert_eq!(T::of(key(name.to_ascii_lowercase().as_bytes())), Some(*keyword));
                assert_eq!(bits & keyword.bit(), 0);
                bits |= keyword.bit();
            }
        }
        each(MailKeyword::name);
        each(RcptKeyword::name);
        assert_eq!(MailKeyword::ALL.len(), 17);
        assert_eq!(RcptKeyword::ALL.len(), 5);
    }
}
