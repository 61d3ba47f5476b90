//! What a server offers in its reply to EHLO (RFC 5321 section 4.1.1.1, and each extension's RFC).

use crate::arguments::{
    burl, deliver_by, encode_burl, encode_deliver_by, encode_future_release, encode_limits,
    encode_mechanisms, encode_no_soliciting, encode_old_mechanisms, encode_policy, encode_size, encode_value,
    encode_words, exps, future_release, limits, mechanisms, no_soliciting, old_mechanisms, policy, security,
    size, verp, xclient, xforward,
};
use crate::{FutureRelease, Mechanisms, ServerLimits, Words};
use alloc::vec::Vec;
use core::fmt;
use wire::Misuse;
use wire::class::{TEXT, VCHAR};
use wire::keyword::{key, key_of};
use wire::number::number64;
use wire::sasl::Mechanism;

/// The table: a row is a variant, a parse arm, an encode arm, a keyword and a bit.
macro_rules! capabilities {
    (
        long { $(#[$ldoc:meta])* $lid:ident = $lname:literal, }
        plain { $($(#[$doc:meta])* $id:ident = $name:literal,)* }
        with arguments { $($(#[$adoc:meta])* $aid:ident($arg:ty) = $aname:literal, $rule:ident, $encode:ident;)* }
    ) => {
        /// The name of something that a server can offer (RFC 5321 section 4.1.1.1). Names are compared without case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Keyword {
            $($(#[$adoc])* $aid,)*
            $(#[$ldoc])* $lid,
            $($(#[$doc])* $id,)*
        }

        impl Keyword {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$aid,)* Self::$lid, $(Self::$id,)*];
            /// Their names.
            pub const KEYWORDS: &[&str] = &[$($aname,)* $lname, $($name,)*];
            /// How many have arguments: these come first.
            pub(crate) const WITH_ARGUMENTS: usize = [$($aname),*].len();

            /// The name, in its RFC's case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Self::$lid => $lname,
                    $(Self::$id => $name,)*
                    $(Self::$aid => $aname,)*
                }
            }

        }

        /// [`key`](wire::keyword::key) of each name. The one that is too long for a key has 0.
        const KEYS: &[u128] = &[$(key_of($aname),)* 0, $(key_of($name),)*];
        const LONG: Keyword = Keyword::$lid;

        /// One thing that a server offers, with its arguments: a line of the reply to EHLO (RFC 5321 section 4.1.1.1).
        ///
        /// It borrows from the reply and is decoded when it is asked for.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Capability<'a> {
            $(#[$ldoc])* $lid,
            $($(#[$doc])* $id,)*
            $($(#[$adoc])* $aid($arg),)*
            /// Any other, kept as it came.
            Other(OtherCapability<'a>),
        }

        impl<'a> Capability<'a> {
            /// Which one it is, if it is known.
            #[must_use]
            pub const fn keyword(&self) -> Option<Keyword> {
                Some(match self {
                    Self::$lid => Keyword::$lid,
                    $(Self::$id => Keyword::$id,)*
                    $(Self::$aid(..) => Keyword::$aid,)*
                    Self::Other(_) => return None,
                })
            }

            /// By its name and what stands behind it.
            fn known(keyword: Keyword, arguments: &'a [u8]) -> Read<'a> {
                let (plain, arguments) = match keyword {
                    Keyword::$lid => (Self::$lid, arguments),
                    $(Keyword::$id => (Self::$id, arguments),)*
                    $(Keyword::$aid => return $rule(arguments),)*
                };
                // RFC 6531 section 3.1 wants them ignored
                if arguments.is_empty() { Ok(plain) } else { Err(plain) }
            }

            /// What stands behind the name.
            fn encode_arguments(&self, block: &mut Vec<u8>) {
                match self {
                    Self::$lid => {}
                    $(Self::$id => {})*
                    $(Self::$aid(argument) => $encode(argument, block),)*
                    Self::Other(other) => block.extend_from_slice(&other.line[other.name_len..]),
                }
            }
        }
    };
}

capabilities! {
    long {
        /// Replies start with enhanced status codes (RFC 2034 section 3).
        EnhancedStatusCodes = "ENHANCEDSTATUSCODES",
    }
    plain {
        /// The HELP command (RFC 5321 section 4.1.1.8).
        Help = "HELP",
        /// The EXPN command (RFC 5321 section 4.1.1.7).
        Expn = "EXPN",
        /// The VRFY command (RFC 5321 section 4.1.1.6).
        Vrfy = "VRFY",
        /// The SEND command (RFC 821 section 3.4), obsolete.
        Send = "SEND",
        /// The SOML command (RFC 821 section 3.4), obsolete.
        Soml = "SOML",
        /// The SAML command (RFC 821 section 3.4), obsolete.
        Saml = "SAML",
        /// The TURN command (RFC 821 section 3.8), obsolete.
        Turn = "TURN",
        /// Octets above 127 in messages (RFC 6152 section 2).
        EightBitMime = "8BITMIME",
        /// Messages that are not made of lines; needs CHUNKING (RFC 3030 section 3).
        BinaryMime = "BINARYMIME",
        /// The BDAT command (RFC 3030 section 2).
        Chunking = "CHUNKING",
        /// Commands may be sent before the replies to earlier ones (RFC 2920 section 3).
        Pipelining = "PIPELINING",
        /// Delivery status notifications (RFC 3461 section 3).
        Dsn = "DSN",
        /// The STARTTLS command (RFC 3207 section 2).
        StartTls = "STARTTLS",
        /// UTF-8 in addresses and headers (RFC 6531 section 3.1).
        SmtpUtf8 = "SMTPUTF8",
        /// UTF-8 in addresses and headers, with other addresses beside (RFC 5336 section 3), obsolete.
        Utf8Smtp = "UTF8SMTP",
        /// A message may demand TLS all the way (RFC 8689 section 2).
        RequireTls = "REQUIRETLS",
        /// A recipient's mailbox must have had its owner since some time (RFC 7293 section 3).
        Rrvs = "RRVS",
        /// Messages can be tracked (RFC 3885 section 2).
        Mtrk = "MTRK",
        /// Who is responsible for a message is told with it (RFC 4405 section 2), historic.
        Submitter = "SUBMITTER",
        /// The message may be converted (RFC 4141 section 3).
        Conperm = "CONPERM",
        /// What recipients can show is told (RFC 4141 section 4).
        Conneg = "CONNEG",
        /// Transactions can be taken up again (RFC 1845 section 3), experimental.
        Checkpoint = "CHECKPOINT",
        /// The ETRN command (RFC 1985 section 4).
        Etrn = "ETRN",
        /// The ATRN command (RFC 2645 section 5).
        Atrn = "ATRN",
        /// The VERB command of Sendmail.
        Verb = "VERB",
        /// The ONEX command of Sendmail.
        Onex = "ONEX",
        /// The XEXCH50 command of Exchange.
        Xexch50 = "XEXCH50",
        /// Message restrictions of Exchange.
        Xrdst = "XRDST",
        /// Link state commands of Exchange.
        XLink2State = "X-LINK2STATE",
        /// The CLIENTID command: who the client's device is.
        ClientId = "CLIENTID",
        /// Commands may be sent before the greeting, by Exim.
        PipeConnect = "PIPECONNECT",
        /// A reply for each recipient after the message, by Exim.
        Prdr = "PRDR",
        /// The XEXDATA command of Courier: a reply for each recipient after the message.
        Xexdata = "XEXDATA",
        /// XRCPTFORWARD parameters, by Dovecot.
        Xrcptforward = "XRCPTFORWARD",
    }
    with arguments {
        /// The size of messages can be declared; the largest that is taken, in octets, 0 for no such limit (RFC 1870 section 3).
        Size(Option<u64>) = "SIZE", size, encode_size;
        /// The AUTH command and its mechanisms (RFC 4954 section 3).
        Auth(Mechanisms<'a>) = "AUTH", mechanisms, encode_mechanisms;
        /// The same as servers wrote it before RFC 2554: `AUTH=LOGIN`. Some still write both.
        OldAuth(Mechanisms<'a>) = "AUTH=", old_mechanisms, encode_old_mechanisms;
        /// Delivery within some time; the least that is taken, in seconds (RFC 2852 section 2).
        DeliverBy(Option<u32>) = "DELIVERBY", deliver_by, encode_deliver_by;
        /// Messages are held until some time (RFC 4865 section 3). `None`: its arguments are not understood.
        FutureRelease(Option<FutureRelease<'a>>) = "FUTURERELEASE", future_release, encode_future_release;
        /// Priorities, and the name of the policy (RFC 6710 section 3).
        MtPriority(Option<&'a str>) = "MT-PRIORITY", policy, encode_policy;
        /// How many commands are taken (RFC 9422 section 3).
        Limits(ServerLimits) = "LIMITS", limits, encode_limits;
        /// The BURL command; `imap`, and servers that are trusted, such as `imap://imap.example.com` (RFC 4468 section 3).
        Burl(Words<'a>) = "BURL", burl, encode_burl;
        /// Classes of messages that are not wanted, with commas between (RFC 3865 section 2).
        NoSoliciting(Option<&'a str>) = "NO-SOLICITING", no_soliciting, encode_no_soliciting;
        /// The XCLIENT command of Postfix, and its attributes.
        Xclient(Words<'a>) = "XCLIENT", xclient, encode_words;
        /// The XFORWARD command of Postfix, and its attributes.
        Xforward(Words<'a>) = "XFORWARD", xforward, encode_words;
        /// AUTH for servers among themselves, by Exchange: `X-EXPS GSSAPI NTLM` or `X-EXPS=LOGIN`.
        Xexps(Mechanisms<'a>) = "X-EXPS", exps, encode_mechanisms;
        /// Variable envelope return paths, by Postfix, and by Courier as `XVERP=Courier`.
        Xverp(Option<&'a str>) = "XVERP", verp, encode_value;
        /// Kinds of security, by Courier: `XSECURITY=NONE,STARTTLS`.
        Xsecurity(Option<&'a str>) = "XSECURITY", security, encode_value;
    }
}

/// A hash of a key, below 256, that is different for each of the names.
#[allow(clippy::cast_possible_truncation, reason = "halves of an integer, and its highest octet")]
const fn hash(key: u128, multiplier: u64) -> usize {
    let folded = key as u64 ^ ((key >> 64) as u64).rotate_left(32);
    (folded.wrapping_mul(multiplier) >> 56) as usize
}

/// The place of each name in [`Keyword::ALL`], by its hash. `None`: two have the same.
#[allow(clippy::cast_possible_truncation, reason = "not more than 64 of them")]
const fn places(multiplier: u64) -> Option<[u8; 256]> {
    let mut places = [u8::MAX; 256];
    let mut place = 0;
    while place < KEYS.len() {
        if KEYS[place] != 0 {
            let slot = hash(KEYS[place], multiplier);
            if places[slot] != u8::MAX {
                return None;
            }
            places[slot] = place as u8;
        }
        place += 1;
    }
    Some(places)
}

/// The first multiplier that will do, and what it gives.
const HASHED: (u64, [u8; 256]) = {
    let mut multiplier = 0x9e37_79b9_7f4a_7c15_u64;
    loop {
        if let Some(places) = places(multiplier) {
            break (multiplier, places);
        }
        multiplier = multiplier.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(2);
    }
};
static PLACES: [u8; 256] = HASHED.1;

/// A capability; as an error, if its arguments are not those of its RFC, what is understood of them.
pub(crate) type Read<'a> = Result<Capability<'a>, Capability<'a>>;

impl Keyword {
    /// By its name, in any case.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        if VCHAR.run(name) == name.len() { Self::of_word(name, key(name)) } else { None }
    }

    /// By its name, which is printable ASCII, and the key of it.
    #[inline(always)]
    pub(crate) fn of_word(name: &[u8], key: u128) -> Option<Self> {
        if key == 0 {
            return name.eq_ignore_ascii_case(LONG.name().as_bytes()).then_some(LONG);
        }
        let place = usize::from(PLACES[hash(key, HASHED.0)]);
        if *KEYS.get(place)? == key { Self::ALL.get(place).copied() } else { None }
    }

    /// Its bit in a set of them.
    #[must_use]
    pub(crate) const fn bit(self) -> u64 {
        1 << self as u8
    }

    /// By the first word of a line; and how long the name is in it, for `=` may follow.
    fn of_first_word(word: &[u8]) -> Option<(Self, usize)> {
        if let Some(keyword) = Self::of_word(word, key(word)) {
            return Some((keyword, word.len()));
        }
        let len = memchr::memchr(b'=', word)?;
        let keyword = match Self::of(&word[..len])? {
            Self::Auth => Self::OldAuth,
            known @ (Self::Size | Self::Xexps | Self::Xverp | Self::Xsecurity) => known,
            // who knows what that may mean
            _ => return None,
        };
        Some((keyword, len))
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A capability that is not known (RFC 5321 section 4.1.1.1), as it came.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OtherCapability<'a> {
    line: &'a [u8],
    name_len: usize,
}

impl<'a> OtherCapability<'a> {
    /// The line, as it came, without the code.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.line
    }

    /// The first word.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        &self.line[..self.name_len]
    }

    /// What stands behind the first word.
    #[must_use]
    pub fn arguments(&self) -> &'a [u8] {
        self.line[self.name_len..].trim_ascii()
    }
}

impl fmt::Debug for OtherCapability<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.line.escape_ascii())
    }
}

impl<'a> Capability<'a> {
    /// From a line, without code and line end. Arguments that are not those of its RFC count as far as they are understood.
    ///
    /// # Errors
    /// CR, LF or NUL, or no keyword at the start.
    ///
    /// ```
    /// use smtp_proto::{Capability, Keyword};
    ///
    /// assert_eq!(Capability::parse("size 1000")?, Capability::Size(Some(1000)));
    /// assert_eq!(Capability::parse("X-FOO bar")?.keyword(), None);
    /// # Ok::<(), wire::Misuse>(())
    /// ```
    pub fn parse(line: &'a (impl AsRef<[u8]> + ?Sized)) -> Result<Self, Misuse> {
        let line = line.as_ref();
        if let Some(offset) = TEXT.first_outside(line) {
            return Err(Misuse::IllegalOctet { offset });
        }
        match Self::read(line) {
            Some((_, _, true)) | None => Err(Misuse::Invalid("EHLO keyword")),
            Some((capability, ..)) => Ok(capability),
        }
    }

    /// The mechanisms of AUTH.
    #[must_use]
    pub fn auth(mechanisms: impl IntoIterator<Item = Mechanism>) -> Capability<'static> {
        Capability::Auth(mechanisms.into_iter().collect())
    }

    /// ```text
    /// ehlo-line      = ehlo-keyword *( SP ehlo-param )
    /// ehlo-keyword   = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
    ///                  ; additional syntax of ehlo-params depends on
    ///                  ; ehlo-keyword
    /// ehlo-param     = 1*(%d33-126)
    /// ```
    ///
    /// Keywords are taken wider: real ones have `=` and `_`. `None`: nothing but blanks. Then whether the arguments are not those of
    /// its RFC, and whether what should be the keyword is none.
    pub(crate) fn read(line: &'a [u8]) -> Option<(Self, bool, bool)> {
        let line = line.trim_ascii_end();
        let word = &line[..VCHAR.run(line)];
        let end = line[word.len()..].first();
        match Keyword::of_first_word(word) {
            Some((keyword, len)) if matches!(end, None | Some(b' ' | b'\t')) => {
                match Self::known(keyword, line[len..].trim_ascii()) {
                    Ok(capability) => Some((capability, false, false)),
                    Err(capability) => Some((capability, true, false)),
                }
            }
            _ if line.is_empty() => None,
            _ => {
                let name_len = line.iter().position(|o| matches!(o, b' ' | b'\t')).unwrap_or(line.len());
                let bad = name_len == 0 || name_len != word.len();
                Some((Self::Other(OtherCapability { line, name_len }), false, bad))
            }
        }
    }

    /// By its name and what stands behind it, as far as that is understood.
    #[inline]
    pub(crate) fn of(keyword: Keyword, arguments: &'a [u8]) -> Self {
        let (Ok(capability) | Err(capability)) = Self::known(keyword, arguments.trim_ascii());
        capability
    }

    /// Whether the arguments are those of its RFC. They start with a space, or there are none.
    #[inline(always)]
    pub(crate) fn fits(keyword: Keyword, arguments: &'a [u8]) -> bool {
        match (keyword, arguments) {
            // what is not a name in it is passed over
            (Keyword::Auth, _) => true,
            (Keyword::Size, [b' ', number @ ..]) if matches!(number64(number), Ok((b"", _))) => true,
            _ if keyword as usize >= Keyword::WITH_ARGUMENTS && arguments.is_empty() => true,
            _ => Self::known(keyword, arguments.trim_ascii()).is_ok(),
        }
    }

    /// The name, as it is written.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        match self {
            Self::Other(other) => other.name(),
            known => known.keyword().map_or(b"", |keyword| keyword.name().as_bytes()),
        }
    }

    /// The line, without code and line end.
    pub(crate) fn encode(&self, block: &mut Vec<u8>) {
        block.extend_from_slice(self.name());
        self.encode_arguments(block);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A line, what it means, whether it is as the RFC says, and how it is written if not so.
    #[derive(Debug)]
    pub(crate) struct Row(pub(crate) &'static str, Capability<'static>, bool, Option<&'static str>);

    pub(crate) fn rows() -> Vec<Row> {
        use Capability::{
            Auth, Burl, DeliverBy, FutureRelease as Future, Limits, MtPriority, NoSoliciting, OldAuth, Size,
            Xclient, Xexps, Xforward, Xsecurity, Xverp,
        };
        let names = |names| Mechanisms::parse(names).unwrap();
        let words = |text| Words::parse(text).unwrap();
        let limits = |mail_max, rcpt_max, rcpt_domain_max| {
            Limits(ServerLimits { mail_max, rcpt_max, rcpt_domain_max })
        };
        let future =
            |max_interval, max_date_time| Future(Some(FutureRelease { max_interval, max_date_time }));
        alloc::vec![
            Row("pipelining", Capability::Pipelining, true, Some("PIPELINING")),
            Row("ENHANCEDSTATUSCODES", Capability::EnhancedStatusCodes, true, None),
            Row("EnhancedStatusCodes  ", Capability::EnhancedStatusCodes, true, Some("ENHANCEDSTATUSCODES")),
            Row("STARTTLS\t", Capability::StartTls, true, Some("STARTTLS")),
            // RFC 6531: the arguments are to be ignored
            Row("SMTPUTF8 x y", Capability::SmtpUtf8, false, Some("SMTPUTF8")),
            // case 106
            Row("SIZE", Size(None), true, None),
            Row("SIZE 0", Size(Some(0)), true, None),
            Row("SIZE 35882577", Size(Some(35_882_577)), true, None),
            Row("SIZE  35882577", Size(Some(35_882_577)), true, Some("SIZE 35882577")),
            Row("SIZE=35882577", Size(Some(35_882_577)), true, Some("SIZE 35882577")),
            Row("SIZE 18446744073709551615", Size(Some(u64::MAX)), true, None),
            Row(
                "SIZE 1000000000000000000000000000000",
                Size(Some(u64::MAX)),
                true,
                Some("SIZE 18446744073709551615")
            ),
            Row("SIZE abc", Size(None), false, Some("SIZE")),
            Row("SIZE 10 20", Size(Some(10)), false, Some("SIZE 10")),
            Row("SIZE 1e30", Size(None), false, Some("SIZE")),
            Row("SIZE -1", Size(None), false, Some("SIZE")),
            Row("AUTH", Auth(names("")), true, None),
            Row("AUTH PLAIN LOGIN", Auth(names("PLAIN LOGIN")), true, None),
            Row("auth plain", Auth(names("plain")), true, Some("AUTH plain")),
            Row("AUTH=PLAIN LOGIN", OldAuth(names("PLAIN LOGIN")), true, None),
            Row("auth=", OldAuth(names("")), true, Some("AUTH=")),
            Row("DELIVERBY", DeliverBy(None), true, None),
            Row("DELIVERBY 240", DeliverBy(Some(240)), true, None),
            Row("DELIVERBY 999999999,x", DeliverBy(Some(999_999_999)), true, Some("DELIVERBY 999999999")),
            Row("DELIVERBY ,x", DeliverBy(None), true, Some("DELIVERBY")),
            Row("DELIVERBY 1000000000", DeliverBy(None), false, Some("DELIVERBY")),
            Row("DELIVERBY x", DeliverBy(None), false, Some("DELIVERBY")),
            Row(
                "FUTURERELEASE 86400 2006-12-31T23:59:59Z",
                future(86400, "2006-12-31T23:59:59Z"),
                true,
                None
            ),
            Row("FUTURERELEASE", Future(None), false, None),
            Row("FUTURERELEASE 86400", Future(None), false, Some("FUTURERELEASE")),
            Row("FUTURERELEASE 0 2006-12-31T23:59:59Z", Future(None), false, Some("FUTURERELEASE")),
            Row("FUTURERELEASE 1000000000 2006-12-31T23:59:59Z", Future(None), false, Some("FUTURERELEASE")),
            Row("FUTURERELEASE 1 2006-12-31 23:59:59", Future(None), false, Some("FUTURERELEASE")),
            Row("FUTURERELEASE 1 2006-12-31T23:59:59Z x", Future(None), false, Some("FUTURERELEASE")),
            Row("MT-PRIORITY", MtPriority(None), true, None),
            Row("MT-PRIORITY MIXER", MtPriority(Some("MIXER")), true, None),
            Row("MT-PRIORITY MIXER NSEP", MtPriority(None), false, Some("MT-PRIORITY")),
            Row("MT-PRIORITY abcdefghijklmnopqrstu", MtPriority(None), false, Some("MT-PRIORITY")),
            Row("LIMITS MAILMAX=5 RCPTMAX=20", limits(Some(5), Some(20), None), true, None),
            Row(
                "LIMITS RCPTMAX=20 MAILMAX=5 RCPTDOMAINMAX=999999 X Y=:z",
                limits(Some(5), Some(20), Some(999_999)),
                true,
                Some("LIMITS MAILMAX=5 RCPTMAX=20 RCPTDOMAINMAX=999999")
            ),
            Row(
                "LIMITS MAILMAX=0 RCPTMAX=20",
                limits(None, Some(20), None),
                false,
                Some("LIMITS RCPTMAX=20")
            ),
            Row("LIMITS MAILMAX=1000000", limits(None, None, None), false, Some("LIMITS")),
            Row("LIMITS MAILMAX", limits(None, None, None), false, Some("LIMITS")),
            Row("LIMITS MAILMAX=5 =x", limits(None, None, None), false, Some("LIMITS")),
            Row("LIMITS MAILMAX=5;RCPTMAX=7", limits(None, None, None), false, Some("LIMITS")),
            Row("LIMITS", limits(None, None, None), false, None),
            Row("BURL", Burl(words("")), true, None),
            Row("BURL imap imap://mail.example", Burl(words("imap imap://mail.example")), true, None),
            Row("NO-SOLICITING", NoSoliciting(None), true, None),
            Row("NO-SOLICITING net.example:ADV,a", NoSoliciting(Some("net.example:ADV,a")), true, None),
            Row("NO-SOLICITING 1", NoSoliciting(None), false, Some("NO-SOLICITING")),
            Row("NO-SOLICITING a,,b", NoSoliciting(None), false, Some("NO-SOLICITING")),
            Row("XCLIENT NAME ADDR", Xclient(words("NAME ADDR")), true, None),
            Row("XFORWARD NAME", Xforward(words("NAME")), true, None),
            Row("X-EXPS GSSAPI NTLM", Xexps(names("GSSAPI NTLM")), true, None),
            Row("X-EXPS=LOGIN", Xexps(names("LOGIN")), true, Some("X-EXPS LOGIN")),
            Row("XVERP", Xverp(None), true, None),
            Row("XVERP=Courier", Xverp(Some("Courier")), true, None),
            Row("XSECURITY=NONE,STARTTLS", Xsecurity(Some("NONE,STARTTLS")), true, None),
            Row("XSECURITY a b", Xsecurity(None), false, Some("XSECURITY")),
        ]
    }

    #[test]
    fn every_row_both_ways() {
        for Row(line, capability, fits, written) in rows() {
            let (read, other_arguments, no_keyword) = Capability::read(line.as_bytes()).unwrap();
            assert_eq!((read, !other_arguments, no_keyword), (capability.clone(), fits, false), "{line}");
            assert_eq!(Capability::parse(line).as_ref(), Ok(&capability));
            let mut block = Vec::new();
            capability.encode(&mut block);
            assert_eq!(core::str::from_utf8(&block).unwrap(), written.unwrap_or(line));
            assert_eq!(Capability::parse(&block), Ok(capability));
        }
    }

    #[test]
    fn every_keyword_is_known_in_any_case() {
        assert!(Keyword::ALL.len() <= 64, "a set is 64 bits");
        for (at, (keyword, name)) in Keyword::ALL.iter().zip(Keyword::KEYWORDS).enumerate() {
            assert_eq!((keyword.name(), keyword.bit()), (*name, 1 << at));
            for name in [name.to_lowercase(), name.to_uppercase()] {
                assert_eq!(Keyword::of(name.as_bytes()), Some(*keyword), "{name}");
                let line = name.clone() + " ";
                assert_eq!(Capability::parse(&line).unwrap().keyword(), Some(*keyword), "{name}");
                for end in 0..name.len() {
                    assert_ne!(Keyword::of(&name.as_bytes()[..end]), Some(*keyword));
                }
                for longer in [name.clone() + "x", name.clone() + " ", "x".to_owned() + &name] {
                    assert_eq!(Keyword::of(longer.as_bytes()), None, "{longer}");
                }
            }
        }
        // what folds to the same integer
        assert_eq!(Keyword::of(b"\x18BITMIME"), None);
        assert_eq!(Keyword::of(b"MT\rPRIORITY"), None);
    }

    #[test]
    fn others_are_kept() {
        for (line, name, arguments) in [
            ("X-FOO", "X-FOO", ""),
            ("X-FOO  a  b", "X-FOO", "a  b"),
            ("PIPELINING=1", "PIPELINING=1", ""),
            ("STARTTLS2", "STARTTLS2", ""),
            ("XFOO=AUTH PLAIN", "XFOO=AUTH", "PLAIN"),
            ("X_PIPE_CONNECT", "X_PIPE_CONNECT", ""),
        ] {
            let Ok(Capability::Other(other)) = Capability::parse(line) else { panic!("{line}") };
            assert_eq!(
                (other.as_bytes(), other.name(), other.arguments()),
                (line.as_bytes(), name.as_bytes(), arguments.as_bytes())
            );
            let mut block = Vec::new();
            Capability::Other(other).encode(&mut block);
            assert_eq!(block, line.as_bytes());
        }
        for line in ["", " ", "\t", " SIZE", "S\u{cf}ZE 1", "\x1bSIZE", "a\rb", "SIZE 1\r\n250 x", "a\0"] {
            assert!(Capability::parse(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_capability_is_small() {
        assert!(size_of::<Capability<'_>>() <= 40, "{}", size_of::<Capability<'_>>());
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_as_what_it_means(line in line()) {
            let Ok(capability) = Capability::parse(&line) else { return Ok(()) };
            let mut block = Vec::new();
            capability.encode(&mut block);
            let again = Capability::parse(&block);
            prop_assert_eq!(again.as_ref(), Ok(&capability));
            let mut twice = Vec::new();
            capability.encode(&mut twice);
            prop_assert_eq!(twice, block);
        }

        #[test]
        fn never_panics(line: Vec<u8>, keyword in proptest::sample::select(Keyword::ALL), arguments: Vec<u8>) {
            let _ = Capability::read(&line);
            let line = [keyword.name().as_bytes(), b" ", &arguments].concat();
            let _ = Capability::read(&line);
        }
    }

    /// Lines of any sort.
    pub(crate) fn line() -> impl Strategy<Value = alloc::string::String> {
        let name = proptest::sample::select(Keyword::KEYWORDS);
        prop_oneof![
            proptest::sample::select(rows()).prop_map(|row| row.0.to_owned()),
            name.clone().prop_map(|name| name.to_lowercase()),
            (name, "[ =][!-~]{1,9}( [!-~]{1,9}){0,3}").prop_map(|(name, more)| name.to_owned() + &more),
            "[!-~]{1,20}( [!-~]{1,9}){0,3} ?",
        ]
    }

    impl Clone for Row {
        fn clone(&self) -> Self {
            Self(self.0, self.1.clone(), self.2, self.3)
        }
    }

    use alloc::borrow::ToOwned;
}
