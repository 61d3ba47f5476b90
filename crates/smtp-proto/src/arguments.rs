//! The arguments of EHLO keywords, each by its RFC: the views and their rules.

use crate::Capability;
use crate::capability::Read;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use wire::class::{ALPHA, Class, DIGIT, VCHAR};
use wire::number::{decimal, number64};
use wire::sasl::Mechanism;
use wire::{Misuse, ParseErrorKind};

const LETTER_OR_DIGIT: Class = ALPHA.or(DIGIT);

/// SASL mechanisms that are offered (RFC 4954 section 3), as they came.
///
/// ```
/// use smtp_proto::Mechanisms;
/// use wire::sasl::Mechanism;
///
/// let offered = Mechanisms::parse("PLAIN-CLIENTTOKEN login")?;
/// assert!(offered.contains(Mechanism::new("LOGIN")?));
/// assert!(!offered.contains(Mechanism::new("PLAIN")?));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Mechanisms<'a>(Cow<'a, [u8]>);

impl<'a> Mechanisms<'a> {
    /// From names with a space between them.
    ///
    /// # Errors
    /// A word that is not a name.
    pub fn parse(names: &'a str) -> Result<Self, Misuse> {
        let names = names.as_bytes().trim_ascii();
        for word in words(names) {
            Mechanism::new(word)?;
        }
        Ok(Self(names.into()))
    }

    /// The names. What is not a mechanism name is passed over.
    pub fn iter(&self) -> impl Iterator<Item = Mechanism> + '_ {
        self.words().filter_map(|word| Mechanism::new(word).ok())
    }

    /// Whether a mechanism is among them. `PLAIN` is not found in `PLAIN-CLIENTTOKEN`.
    #[must_use]
    pub fn contains(&self, mechanism: Mechanism) -> bool {
        self.words().any(|word| word.eq_ignore_ascii_case(mechanism.as_bytes()))
    }

    /// The names as they came.
    pub fn words(&self) -> impl Iterator<Item = &[u8]> + '_ {
        words(&self.0)
    }

    /// Borrowed from the line; what was collected is given up.
    pub(crate) fn into_words(self) -> impl Iterator<Item = &'a [u8]> {
        match self.0 {
            Cow::Borrowed(names) => words(names),
            Cow::Owned(_) => words(&[]),
        }
    }
}

impl FromIterator<Mechanism> for Mechanisms<'static> {
    fn from_iter<I: IntoIterator<Item = Mechanism>>(names: I) -> Self {
        let mut list = Vec::new();
        for name in names {
            if !list.is_empty() {
                list.push(b' ');
            }
            list.extend_from_slice(name.as_bytes());
        }
        Self(list.into())
    }
}

impl fmt::Debug for Mechanisms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Words with spaces between them, as they came: what BURL (RFC 4468 section 4), XCLIENT and XFORWARD (Postfix) offer.
///
/// ```
/// use smtp_proto::Words;
///
/// assert!(Words::parse("NAME ADDR")?.contains("addr"));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// From words with spaces between them.
    ///
    /// # Errors
    /// Other octets than printable ASCII and spaces.
    pub fn parse(text: &'a str) -> Result<Self, Misuse> {
        let text = text.as_bytes();
        match text.iter().position(|&o| !VCHAR.has(o) && o != b' ') {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(text.trim_ascii())),
        }
    }

    /// The words.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        words(self.0)
    }

    /// Whether a word is among them, in any case.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.iter().any(|offered| offered.eq_ignore_ascii_case(word.as_bytes()))
    }
}

impl fmt::Debug for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// How much a server takes (RFC 9422 section 4). `None`: it tells no limit. Each is from 1 to 999999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct ServerLimits {
    /// MAILMAX: MAIL commands in one session.
    pub mail_max: Option<u32>,
    /// RCPTMAX: RCPT commands in one transaction.
    pub rcpt_max: Option<u32>,
    /// RCPTDOMAINMAX: different domains of recipients in one session.
    pub rcpt_domain_max: Option<u32>,
}

/// How long messages may be held (RFC 4865 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FutureRelease<'a> {
    /// The longest, in seconds: from 1 to 999999999.
    pub max_interval: u32,
    /// The latest, as RFC 3339 writes it: `2006-12-31T23:59:59Z`.
    pub max_date_time: &'a str,
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|o| matches!(o, b' ' | b'\t')).filter(|word| !word.is_empty())
}

/// All digits, as a number; one that is too large for 64 bits is the largest of these.
fn saturating(digits: &[u8]) -> Option<u64> {
    match number64(digits) {
        Ok((b"", number)) => Some(number),
        Ok(_) => None,
        Err(nom::Err::Error(failure)) if failure.kind() == ParseErrorKind::Range => {
            (DIGIT.run(digits) == digits.len()).then_some(u64::MAX)
        }
        Err(_) => None,
    }
}

/// A number of at most so many digits.
fn short(digits: &[u8], most: usize) -> Option<u32> {
    if digits.len() > most { None } else { u32::try_from(saturating(digits)?).ok() }
}

/// The same that does not start with 0.
fn positive(digits: &[u8], most: usize) -> Option<u32> {
    if digits.first() == Some(&b'0') { None } else { short(digits, most) }
}

/// One word of printable ASCII, if it is one.
fn one_word(i: &[u8]) -> Option<&str> {
    if VCHAR.run(i) == i.len() { core::str::from_utf8(i).ok() } else { None }
}

/// Behind `=`, if it stands there.
fn behind_equals(i: &[u8]) -> &[u8] {
    i.strip_prefix(b"=").unwrap_or(i).trim_ascii_start()
}

fn put_number(number: u64, block: &mut Vec<u8>) {
    block.extend_from_slice(decimal(number, &mut [0; 20]));
}

fn put_word(separator: u8, word: &[u8], block: &mut Vec<u8>) {
    if !word.is_empty() {
        block.push(separator);
        block.extend_from_slice(word);
    }
}

/// ```text
/// size-param ::= [1*DIGIT]
/// ```
pub(crate) fn size(i: &[u8]) -> Read<'_> {
    if let Ok((b"", size)) = number64(i) {
        return Ok(Capability::Size(Some(size)));
    }
    let i = behind_equals(i);
    let first = words(i).next().unwrap_or_default();
    let size = saturating(first);
    let fits = i.is_empty() || size.is_some() && first.len() == i.len();
    if fits { Ok(Capability::Size(size)) } else { Err(Capability::Size(size)) }
}

pub(crate) fn encode_size(size: &Option<u64>, block: &mut Vec<u8>) {
    if let Some(size) = size {
        block.push(b' ');
        put_number(*size, block);
    }
}

/// RFC 4954 section 3: "a space-separated list of available SASL mechanisms".
pub(crate) fn mechanisms(i: &[u8]) -> Read<'_> {
    Ok(Capability::Auth(Mechanisms(i.into())))
}

pub(crate) fn encode_mechanisms(mechanisms: &Mechanisms<'_>, block: &mut Vec<u8>) {
    put_word(b' ', &mechanisms.0, block);
}

pub(crate) fn old_mechanisms(i: &[u8]) -> Read<'_> {
    Ok(Capability::OldAuth(Mechanisms(behind_equals(i).into())))
}

pub(crate) fn encode_old_mechanisms(mechanisms: &Mechanisms<'_>, block: &mut Vec<u8>) {
    // `=` is part of the name
    block.extend_from_slice(&mechanisms.0);
}

pub(crate) fn exps(i: &[u8]) -> Read<'_> {
    Ok(Capability::Xexps(Mechanisms(behind_equals(i).into())))
}

/// ```text
/// deliverby-param = min-by-time *( ',' extension-token )
/// min-by-time     = [1*9DIGIT]
/// extension-token = 1*<any CHAR excluding SP, COMMA and all control
///                      characters (US ASCII 0-31 inclusive)>
/// ```
pub(crate) fn deliver_by(i: &[u8]) -> Read<'_> {
    let time = i.split(|&o| o == b',').next().unwrap_or_default();
    let number = short(time, 9);
    let fits = VCHAR.run(i) == i.len() && (time.is_empty() || number.is_some());
    if fits { Ok(Capability::DeliverBy(number)) } else { Err(Capability::DeliverBy(number)) }
}

pub(crate) fn encode_deliver_by(time: &Option<u32>, block: &mut Vec<u8>) {
    encode_size(&time.map(u64::from), block);
}

/// ```text
/// max-future-release-interval = future-release-integer
/// future-release-integer = %x31-39 *8DIGIT
/// max-future-release-date-time = date-time
/// ```
pub(crate) fn future_release(i: &[u8]) -> Read<'_> {
    let mut words = words(i);
    let view = match (words.next(), words.next(), words.next()) {
        (Some(interval), Some(date_time), None) if is_date_time(date_time) => {
            let interval = positive(interval, 9);
            let date_time = one_word(date_time);
            interval
                .zip(date_time)
                .map(|(max_interval, max_date_time)| FutureRelease { max_interval, max_date_time })
        }
        _ => None,
    };
    let capability = Capability::FutureRelease(view);
    if view.is_some() { Ok(capability) } else { Err(capability) }
}

/// Whether it looks as `date-time` of RFC 3339 section 5.6; of the numbers only their length is looked at.
fn is_date_time(i: &[u8]) -> bool {
    const FORM: &[u8; 19] = b"0000-00-00T00:00:00";
    let Some((date_time, zone)) = i.split_first_chunk::<19>() else { return false };
    let same = |(octet, form): (&u8, &u8)| match form {
        b'0' => octet.is_ascii_digit(),
        _ => octet.eq_ignore_ascii_case(form),
    };
    let zone = match zone.strip_prefix(b".") {
        Some(fraction) => match DIGIT.run(fraction) {
            0 => return false,
            len => &fraction[len..],
        },
        None => zone,
    };
    date_time.iter().zip(FORM).all(same)
        && match zone {
            [b'Z' | b'z'] => true,
            [b'+' | b'-', offset @ ..] => offset.len() == 5 && offset.iter().zip(b"00:00").all(same),
            _ => false,
        }
}

pub(crate) fn encode_future_release(view: &Option<FutureRelease<'_>>, block: &mut Vec<u8>) {
    if let Some(view) = view {
        block.push(b' ');
        put_number(view.max_interval.into(), block);
        put_word(b' ', view.max_date_time.as_bytes(), block);
    }
}

/// RFC 6710 section 9.2: "a case-insensitive string of 1 to 20 US-ASCII characters", which are ALPHA, DIGIT, `-`, `_` and `.`.
pub(crate) fn policy(i: &[u8]) -> Read<'_> {
    let legal = |&o: &u8| LETTER_OR_DIGIT.has(o) || matches!(o, b'-' | b'_' | b'.');
    let name = one_word(i).filter(|name| matches!(i.len(), 1..=20) && name.as_bytes().iter().all(legal));
    let capability = Capability::MtPriority(name);
    if name.is_some() || i.is_empty() { Ok(capability) } else { Err(capability) }
}

pub(crate) fn encode_policy(name: &Option<&str>, block: &mut Vec<u8>) {
    put_word(b' ', name.unwrap_or_default().as_bytes(), block);
}

/// ```text
/// limits-param = limit-name-value 0*[SP limit-name-value]
/// limit-name-value = limit-name ["=" limit-value]
/// limit-name = 1*(ALPHA / DIGIT / "-" / "_")
/// limit-value = 1*(%x21-3A / %x3C-7E) ; Any VCHAR except ";"
/// ```
///
/// If that is not so, none counts; if one value is not as it should be, that one does not.
pub(crate) fn limits(i: &[u8]) -> Read<'_> {
    let mut limits = ServerLimits::default();
    let mut fits = !i.is_empty();
    for word in words(i) {
        let at = memchr::memchr(b'=', word);
        let (name, value) = (&word[..at.unwrap_or(word.len())], at.map(|at| &word[at + 1..]));
        let legal_name =
            !name.is_empty() && name.iter().all(|&o| LETTER_OR_DIGIT.has(o) || matches!(o, b'-' | b'_'));
        let legal = |value: &[u8]| !value.is_empty() && value.iter().all(|&o| VCHAR.has(o) && o != b';');
        if !legal_name || !value.is_none_or(legal) {
            return Err(Capability::Limits(ServerLimits::default()));
        }
        let limit = match () {
            () if name.eq_ignore_ascii_case(b"MAILMAX") => &mut limits.mail_max,
            () if name.eq_ignore_ascii_case(b"RCPTMAX") => &mut limits.rcpt_max,
            () if name.eq_ignore_ascii_case(b"RCPTDOMAINMAX") => &mut limits.rcpt_domain_max,
            () => continue,
        };
        // "0" not allowed, six-digit maximum
        let number = positive(value.unwrap_or_default(), 6);
        fits &= number.is_some();
        *limit = limit.or(number);
    }
    if fits { Ok(Capability::Limits(limits)) } else { Err(Capability::Limits(limits)) }
}

pub(crate) fn encode_limits(limits: &ServerLimits, block: &mut Vec<u8>) {
    for (name, value) in [
        ("MAILMAX=", limits.mail_max),
        ("RCPTMAX=", limits.rcpt_max),
        ("RCPTDOMAINMAX=", limits.rcpt_domain_max),
    ] {
        if let Some(value) = value {
            put_word(b' ', name.as_bytes(), block);
            put_number(value.into(), block);
        }
    }
}

/// ```text
/// burl-param  = "imap" / ("imap://" authority)
/// ```
///
/// Others are to be ignored.
pub(crate) fn burl(i: &[u8]) -> Read<'_> {
    some_words(i, Capability::Burl)
}

pub(crate) fn xclient(i: &[u8]) -> Read<'_> {
    some_words(i, Capability::Xclient)
}

pub(crate) fn xforward(i: &[u8]) -> Read<'_> {
    some_words(i, Capability::Xforward)
}

fn some_words<'a>(i: &'a [u8], capability: fn(Words<'a>) -> Capability<'a>) -> Read<'a> {
    if words(i).all(|word| VCHAR.run(word) == word.len()) {
        Ok(capability(Words(i)))
    } else {
        Err(capability(Words(i)))
    }
}

pub(crate) fn encode_words(words: &Words<'_>, block: &mut Vec<u8>) {
    put_word(b' ', words.0, block);
}

pub(crate) fn encode_burl(words: &Words<'_>, block: &mut Vec<u8>) {
    encode_words(words, block);
}

/// ```text
/// Solicitation-keywords = word
///      0*("," word)
///      ; length of this string is limited
///      ; to <= 1000 characters
/// word = ALPHA 0*(wordchar)
/// wordchar = ("." / "-" / "_" / ":" / ALPHA / DIGIT)
/// ```
pub(crate) fn no_soliciting(i: &[u8]) -> Read<'_> {
    let legal = |word: &[u8]| {
        word.first().is_some_and(|&o| ALPHA.has(o))
            && word.iter().all(|&o| LETTER_OR_DIGIT.has(o) || matches!(o, b'.' | b'-' | b'_' | b':'))
    };
    let keywords = one_word(i).filter(|_| i.len() <= 1000 && i.split(|&o| o == b',').all(legal));
    let capability = Capability::NoSoliciting(keywords);
    if keywords.is_some() || i.is_empty() { Ok(capability) } else { Err(capability) }
}

pub(crate) fn encode_no_soliciting(keywords: &Option<&str>, block: &mut Vec<u8>) {
    encode_policy(keywords, block);
}

pub(crate) fn verp(i: &[u8]) -> Read<'_> {
    value(i, Capability::Xverp)
}

pub(crate) fn security(i: &[u8]) -> Read<'_> {
    value(i, Capability::Xsecurity)
}

/// `["=" word]`
fn value<'a>(i: &'a [u8], capability: fn(Option<&'a str>) -> Capability<'a>) -> Read<'a> {
    let word = i.strip_prefix(b"=").and_then(one_word).filter(|word| !word.is_empty());
    if word.is_some() || i.is_empty() { Ok(capability(word)) } else { Err(capability(word)) }
}

pub(crate) fn encode_value(value: &Option<&str>, block: &mut Vec<u8>) {
    put_word(b'=', value.unwrap_or_default().as_bytes(), block);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_have_their_form() {
        for (text, is) in [
            ("2006-12-31T23:59:59Z", true),
            ("2006-12-31t23:59:59z", true),
            ("2006-12-31T23:59:59.25Z", true),
            ("2006-12-31T23:59:59+01:00", true),
            ("2006-12-31T23:59:59.25-01:00", true),
            ("2006-12-31T23:59:59", false),
            ("2006-12-31T23:59:59.Z", false),
            ("2006-12-31T23:59:59+0100", false),
            ("2006-12-31T23:59:59+01:00x", false),
            ("2006-12-31 23:59:59Z", false),
            ("06-12-31T23:59:59Z", false),
            ("", false),
        ] {
            assert_eq!(is_date_time(text.as_bytes()), is, "{text}");
        }
    }

    #[test]
    fn case_163_names_are_whole() {
        let mechanism = |name| Mechanism::new(name).unwrap();
        let offered = Mechanisms::parse(" PLAIN-CLIENTTOKEN  scram-sha-1 ").unwrap();
        assert!(!offered.contains(mechanism("PLAIN")) && offered.contains(mechanism("SCRAM-SHA-1")));
        assert_eq!(offered.iter().count(), 2);
        assert_eq!(offered, offered.clone());
        let long = Capability::parse("AUTH AAAAAAAAAAAAAAAAAAAAA A/B CRAM-MD5").unwrap();
        let Capability::Auth(offered) = long else { panic!() };
        assert_eq!(offered.iter().collect::<Vec<_>>(), [mechanism("CRAM-MD5")]);
        assert!(Mechanisms::parse("PLAIN A/B").is_err());
        assert!(Mechanisms::parse("PLAIN\r\nX").is_err());
        assert!(Words::parse("A\r\nB").is_err() && Words::parse("A\u{e9}").is_err());
        let collected: Mechanisms<'_> = [mechanism("PLAIN"), mechanism("LOGIN")].into_iter().collect();
        assert_eq!(collected, Mechanisms::parse("PLAIN LOGIN").unwrap());
    }
}
