//! The envelope of a message.

use super::address::{Address, Addresses};
use super::block::{self, Grammar};
use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder, IString};
use crate::rule;
use ::core::fmt;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Parsed, fail};
use wire::{Misuse, Tolerance};

/// `envelope` (RFC 9051 section 7.5.2): what stands in the header of a message, as its server has parsed it.
///
/// It is held as it was on the wire; what is asked for is decoded then. A repaired one is held in its right form.
///
/// ```
/// use imap_proto::{Address, Envelope};
///
/// let envelope = Envelope::builder()
///     .subject("Lunch?".try_into()?)
///     .from([Address::new("Terry Gray", "gray", "cac.washington.edu")])
///     .build()?;
/// assert_eq!(envelope.subject().as_deref(), Some(&b"Lunch?"[..]));
/// assert_eq!(envelope.from().next().and_then(|from| from.email()).as_deref(), Some(&b"gray@cac.washington.edu"[..]));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone)]
pub struct Envelope {
    block: Bytes,
    /// Where each field but the first starts: subject, from, sender, reply-to, to, cc, bcc, in-reply-to, message-id.
    at: [u32; 9],
}

const SUBJECT: usize = 0;
const FROM: usize = 1;
const SENDER: usize = 2;
const REPLY_TO: usize = 3;
const TO: usize = 4;
const CC: usize = 5;
const BCC: usize = 6;
const IN_REPLY_TO: usize = 7;
const MESSAGE_ID: usize = 8;

impl Envelope {
    /// Makes a new one.
    pub fn builder() -> EnvelopeBuilder {
        EnvelopeBuilder::default()
    }

    /// `Date`, as it stands in the header.
    #[must_use]
    pub fn date(&self) -> Option<Cow<'_, [u8]>> {
        block::text(self.block.get(1..)?)
    }

    /// `Subject`, as it stands in the header: perhaps with encoded words (RFC 2047).
    #[must_use]
    pub fn subject(&self) -> Option<Cow<'_, [u8]>> {
        block::text(self.field(SUBJECT))
    }

    /// `From`
    #[must_use]
    pub fn from(&self) -> Addresses<'_> {
        Addresses::of(self.field(FROM))
    }

    /// `Sender`; the same as `From` if the header has none.
    #[must_use]
    pub fn sender(&self) -> Addresses<'_> {
        Addresses::of(self.field(SENDER))
    }

    /// `Reply-To`; the same as `From` if the header has none.
    #[must_use]
    pub fn reply_to(&self) -> Addresses<'_> {
        Addresses::of(self.field(REPLY_TO))
    }

    /// `To`
    #[must_use]
    pub fn to(&self) -> Addresses<'_> {
        Addresses::of(self.field(TO))
    }

    /// `Cc`
    #[must_use]
    pub fn cc(&self) -> Addresses<'_> {
        Addresses::of(self.field(CC))
    }

    /// `Bcc`
    #[must_use]
    pub fn bcc(&self) -> Addresses<'_> {
        Addresses::of(self.field(BCC))
    }

    /// `In-Reply-To`
    #[must_use]
    pub fn in_reply_to(&self) -> Option<Cow<'_, [u8]>> {
        block::text(self.field(IN_REPLY_TO))
    }

    /// `Message-ID`
    #[must_use]
    pub fn message_id(&self) -> Option<Cow<'_, [u8]>> {
        block::text(self.field(MESSAGE_ID))
    }

    /// The block from a field on.
    fn field(&self, field: usize) -> &[u8] {
        self.at.get(field).and_then(|&at| self.block.get(at as usize..)).unwrap_or_default()
    }

    /// In the form of the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.block
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { block: Bytes::copy_from_slice(&self.block), at: self.at }
    }

    /// ```text
    /// envelope        = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc SP
    ///                   env-in-reply-to SP env-message-id ")"
    /// env-from        = "(" 1*address ")" / nil
    /// ```
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        match Self::well_formed(cx, i) {
            Some(found) => Ok(found),
            None => Self::repaired(cx, i),
        }
    }

    /// Only if nothing has to be repaired.
    #[inline]
    pub(super) fn well_formed<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<(&'i [u8], Self)> {
        let (rest, at) = walk(i, Grammar::of(cx))?;
        Some((rest, Self { block: cx.keep(&i[..i.len() - rest.len()]), at }))
    }

    #[cold]
    #[inline(never)]
    fn repaired<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let mut block = Vec::new();
        let (rest, ()) = block::bounded(cx, i, |i| repair(cx, i, &mut block))?;
        match Self::of_block(block.into()) {
            Some(envelope) => Ok((rest, envelope)),
            None => fail(i, expected::ENVELOPE),
        }
    }

    /// From a whole block.
    pub(super) fn of_block(block: Bytes) -> Option<Self> {
        match walk(&block, Grammar::CHECKED)? {
            ([], at) => Some(Self { block, at }),
            _ => None,
        }
    }

    /// The one that starts there in a block that was checked.
    pub(super) fn within(block: &Bytes, start: usize) -> Option<Self> {
        let (rest, at) = walk(block.get(start..)?, Grammar::CHECKED)?;
        Some(Self { block: block.slice(start..block.len() - rest.len()), at })
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        block::encode(&self.block, encoder);
    }

    /// Any envelope, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let text = || proptest::option::of(IString::strategy()).boxed();
        let list = || proptest::collection::vec(Address::strategy(), 0..3).boxed();
        ([text(), text(), text(), text()], [list(), list(), list(), list(), list(), list()]).prop_filter_map(
            "built",
            |(texts, lists)| {
                let mut builder = EnvelopeBuilder { texts, ..EnvelopeBuilder::default() };
                for (n, list) in lists.into_iter().enumerate() {
                    builder = builder.list(n, list);
                }
                builder.build().ok()
            },
        )
    }
}

/// Passes over an envelope of the strict grammar: what follows, and where its fields start.
#[inline]
pub(super) fn walk(whole: &[u8], grammar: Grammar) -> Option<(&[u8], [u32; 9])> {
    // offsets are known to fit, once
    u32::try_from(whole.len()).ok()?;
    #[allow(clippy::cast_possible_truncation, reason = "checked above")]
    let here = |i: &[u8]| (whole.len() - i.len()) as u32;
    let mut at = [0; 9];
    let mut i = block::octet(whole, b'(')?;
    i = block::nstring_and(i, b' ', grammar)?;
    at[SUBJECT] = here(i);
    i = block::nstring_and(i, b' ', grammar)?;
    for start in &mut at[FROM..=BCC] {
        *start = here(i);
        i = addresses_and_sp(i, grammar)?;
    }
    at[IN_REPLY_TO] = here(i);
    i = block::nstring_and(i, b' ', grammar)?;
    at[MESSAGE_ID] = here(i);
    i = block::nstring_and(i, b')', grammar)?;
    Some((i, at))
}

/// `("(" 1*address ")" / nil) SP`
#[inline(always)]
fn addresses_and_sp(i: &[u8], grammar: Grammar) -> Option<&[u8]> {
    let Some(mut i) = block::octet(i, b'(') else { return block::sp(block::nil(i)?) };
    loop {
        i = block::octet(i, b'(')?;
        i = block::nstring_and(i, b' ', grammar)?;
        i = block::nstring_and(i, b' ', grammar)?;
        i = block::nstring_and(i, b' ', grammar)?;
        i = block::nstring_and(i, b')', grammar)?;
        if let Some(rest) = block::octet(i, b')') {
            return block::sp(rest);
        }
    }
}

/// Takes over an envelope with defects; in its right form.
pub(super) fn repair<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    if let Some(rest) = syntax::nil(i) {
        if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) {
            out.extend_from_slice(NOTHING);
            return Ok((rest, ()));
        }
    }
    if let Some(rest) = block::empty(cx, i) {
        out.extend_from_slice(NOTHING);
        return Ok((rest, ()));
    }
    let (mut i, ()) = syntax::octet(i, b'(', expected::ENVELOPE)?;
    i = syntax::no_sp(cx, i);
    out.push(b'(');
    for field in 0..10 {
        if field > 0 {
            out.push(b' ');
            if i.get(syntax::blanks(i)) == Some(&b')') {
                // what is missing at the end; of a header without these fields, NIL would stand there
                if !cx.tolerates(Tolerance::Lenient, rule::MISSING_ITEM, &i[..0]) {
                    return fail(i, wire::parse::expected::SP);
                }
                out.extend_from_slice(b"NIL");
                continue;
            }
            i = syntax::sp_or_none(cx, i)?.0;
        }
        i = match field {
            2..=7 => repair_addresses(cx, i, out)?.0,
            _ => block::repair_nstring(cx, i, out)?.0,
        };
    }
    out.push(b')');
    block::close(cx, i)
}

pub(super) const NOTHING: &[u8] = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";

fn repair_addresses<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    if let Some(rest) = syntax::nil(i) {
        out.extend_from_slice(b"NIL");
        return Ok((rest, ()));
    }
    if let Some(rest) = block::empty(cx, i) {
        out.extend_from_slice(b"NIL");
        return Ok((rest, ()));
    }
    if i.starts_with(b"\"\"") && cx.tolerates(Tolerance::Lenient, rule::STRING_FORM, &i[..2]) {
        out.extend_from_slice(b"NIL");
        return Ok((&i[2..], ()));
    }
    let (mut i, ()) = syntax::octet(i, b'(', expected::ADDRESS)?;
    let start = out.len();
    out.push(b'(');
    let (mut count, mut nothing) = (0, false);
    loop {
        i = syntax::no_sp(cx, i);
        match i.strip_prefix(b")") {
            Some(rest) if count > 0 || nothing => {
                i = rest;
                break;
            }
            _ => {}
        }
        if let Some(rest) = syntax::nil(i) {
            if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) {
                nothing = true;
                i = rest;
                continue;
            }
        }
        if count >= cx.item_limit() {
            return Err(wire::parse::Failure::at(i, expected::ITEMS, wire::ParseErrorKind::TooMany));
        }
        count += 1;
        i = repair_address(cx, i, out)?.0;
    }
    if count == 0 {
        out.truncate(start);
        out.extend_from_slice(b"NIL");
    } else {
        out.push(b')');
    }
    Ok((i, ()))
}

/// ```text
/// address         = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
/// ```
fn repair_address<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    let (mut i, ()) = syntax::octet(i, b'(', expected::ADDRESS)?;
    i = syntax::no_sp(cx, i);
    out.push(b'(');
    for field in 0..4 {
        if field > 0 {
            out.push(b' ');
        }
        if i.get(syntax::blanks(i)) == Some(&b')') {
            if !cx.tolerates(Tolerance::Lenient, rule::MISSING_ITEM, &i[..0]) {
                return fail(i, expected::NSTRING);
            }
            out.extend_from_slice(b"NIL");
            continue;
        }
        if field > 0 {
            i = syntax::sp_or_none(cx, i)?.0;
        }
        i = block::repair_nstring(cx, i, out)?.0;
    }
    out.push(b')');
    block::close(cx, i)
}

impl PartialEq for Envelope {
    fn eq(&self, other: &Self) -> bool {
        self.block == other.block
            || self.date() == other.date()
                && [SUBJECT, IN_REPLY_TO, MESSAGE_ID]
                    .iter()
                    .all(|&field| block::text(self.field(field)) == block::text(other.field(field)))
                && (FROM..=BCC)
                    .all(|field| Addresses::of(self.field(field)).eq(Addresses::of(other.field(field))))
    }
}

impl Eq for Envelope {}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.block.escape_ascii())
    }
}

/// Makes an [`Envelope`]. What is not given is NIL.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct EnvelopeBuilder {
    /// Date, subject, in-reply-to, message-id.
    texts: [Option<IString>; 4],
    /// In the form of the wire, each in parentheses.
    lists: [Vec<u8>; 6],
    illegal: Option<Misuse>,
}

impl EnvelopeBuilder {
    /// `Date`, as it stands in the header.
    pub fn date(self, date: IString) -> Self {
        self.text(0, date)
    }

    /// `Subject`, as it stands in the header.
    pub fn subject(self, subject: IString) -> Self {
        self.text(1, subject)
    }

    /// `In-Reply-To`
    pub fn in_reply_to(self, id: IString) -> Self {
        self.text(2, id)
    }

    /// `Message-ID`
    pub fn message_id(self, id: IString) -> Self {
        self.text(3, id)
    }

    /// `From`
    pub fn from<'a>(self, addresses: impl IntoIterator<Item = Address<'a>>) -> Self {
        self.list(0, addresses)
    }

    /// `Sender`
    pub fn sender<'a>(self, addresses: impl IntoIterator<Item = Address<'a>>) -> Self {
        self.list(1, addresses)
    }

    /// `Reply-To`
    pub fn reply_to<'a>(self, addresses: impl IntoIterator<Item = Address<'a>>) -> Self {
        self.list(2, addresses)
    }

    /// `To`
    pub fn to<'a>(self, addresses: impl IntoIterator<Item = Address<'a>>) -> Self {
        self.list(3, addresses)
    }

    /// `Cc`
    pub fn cc<'a>(self, addresses: impl IntoIterator<Item = Address<'a>>) -> Self {
        self.list(4, addresses)
    }

    /// `Bcc`
    pub fn bcc<'a>(self, addresses: impl IntoIterator<Item = Address<'a>>) -> Self {
        self.list(5, addresses)
    }

    fn text(mut self, n: usize, text: IString) -> Self {
        self.texts[n] = Some(text);
        self
    }

    fn list<'a>(mut self, n: usize, addresses: impl IntoIterator<Item = Address<'a>>) -> Self {
        let list = &mut self.lists[n];
        list.clear();
        for address in addresses {
            if let Err(misuse) = address.put(list) {
                self.illegal = Some(misuse);
            }
        }
        self
    }

    /// The envelope. `Sender` and `Reply-To` become `From` if they were not given, as RFC 9051 section 7.5.2 demands.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL in an address. [`Misuse::TooLong`]: 4 GiB and more.
    pub fn build(self) -> Result<Envelope, Misuse> {
        if let Some(misuse) = self.illegal {
            return Err(misuse);
        }
        let [date, subject, in_reply_to, message_id] = &self.texts;
        let put = |text: &Option<IString>, block: &mut Vec<u8>| {
            block::put_nstring(block, text.as_ref().map(IString::as_bytes));
        };
        let mut block = Vec::new();
        block.push(b'(');
        put(date, &mut block);
        block.push(b' ');
        put(subject, &mut block);
        for (n, list) in self.lists.iter().enumerate() {
            block.push(b' ');
            let list = if list.is_empty() && matches!(n, 1 | 2) { &self.lists[0] } else { list };
            if list.is_empty() {
                block.extend_from_slice(b"NIL");
            } else {
                block.push(b'(');
                block.extend_from_slice(list);
                block.push(b')');
            }
        }
        block.push(b' ');
        put(in_reply_to, &mut block);
        block.push(b' ');
        put(message_id, &mut block);
        block.push(b')');
        Envelope::of_block(block.into()).ok_or(Misuse::TooLong { limit: u32::MAX as usize })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    const GRAY: &[u8] = b"(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL \"<B27397-0100000@cac.washington.ed>\")";

    fn gray() -> Envelope {
        let string = |text: &'static str| IString::new(text).unwrap();
        Envelope::builder()
            .date(string("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)"))
            .subject(string("IMAP4rev2 WG mtg summary and minutes"))
            .from([Address::new("Terry Gray", "gray", "cac.washington.edu")])
            .to([Address::bare("imap", "cac.washington.edu")])
            .cc([
                Address::bare("minutes", "CNRI.Reston.VA.US"),
                Address::new("John Klensin", "KLENSIN", "MIT.EDU"),
            ])
            .message_id(string("<B27397-0100000@cac.washington.ed>"))
            .build()
            .unwrap()
    }

    fn of_subject(subject: &'static str) -> Envelope {
        Envelope::builder().subject(IString::new(subject).unwrap()).build().unwrap()
    }

    fn of_to(to: impl IntoIterator<Item = Address<'static>>) -> Envelope {
        Envelope::builder().to(to).build().unwrap()
    }

    #[test]
    fn envelopes() {
        let nothing = || Envelope::builder().build().unwrap();
        let a = || Address::bare("a", "b");
        let tolerated = |octets: &'static [u8], value| Row::Tolerated(octets, octets.len(), value);
        let lenient = |octets: &'static [u8], value| Row::Lenient(octets, octets.len(), value);
        check(
            Envelope::rule,
            |envelope, encoder| envelope.encode(encoder),
            &[
                Row::Good(GRAY, gray()),
                Row::Good(NOTHING, nothing()),
                Row::Good(b"(NIL {3}\r\n\")\n NIL NIL NIL NIL NIL NIL NIL NIL)", of_subject("\")\n")),
                Row::Good(b"(NIL \"a\\\"\" NIL NIL NIL NIL NIL NIL NIL NIL)", of_subject("a\"")),
                Row::Other(b"(nil \"a\" NIL NIL nil NIL NIL NIL NIL NIL)", of_subject("a")),
                Row::Other(b"(NIL {1+}\r\na NIL NIL NIL NIL NIL NIL NIL NIL)", of_subject("a")),
                // quirk 86
                tolerated(
                    b"(NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"b\") (NIL NIL \"a\" \"b\")) NIL NIL NIL NIL)",
                    of_to([a(), a()]),
                ),
                // quirk 88
                tolerated(
                    b"(NIL NIL NIL NIL NIL (NIL (NIL NIL \"a\" \"b\")NIL) NIL NIL NIL NIL)",
                    of_to([a()]),
                ),
                tolerated(b"(NIL NIL NIL NIL NIL (NIL) NIL NIL NIL NIL)", nothing()),
                tolerated(b"(NIL NIL () NIL NIL NIL NIL NIL NIL NIL)", nothing()),
                tolerated(b"(NIL  NIL NIL NIL NIL NIL NIL NIL NIL () )", nothing()),
                tolerated(b"(NIL \"a\"NIL NIL NIL NIL NIL NIL NIL NIL)", of_subject("a")),
                tolerated(b"NIL", nothing()),
                tolerated(b"()", nothing()),
                // quirk 94
                tolerated(
                    b"(NIL \"caf\xe9\" NIL NIL NIL NIL NIL NIL NIL NIL)",
                    Envelope::builder().subject(IString::new(&b"caf\xe9"[..]).unwrap()).build().unwrap(),
                ),
                tolerated(b"(NIL word NIL NIL NIL NIL NIL NIL NIL NIL)", of_subject("word")),
                // quirk 89
                lenient(b"(NIL \"a\" NIL NIL NIL NIL NIL NIL)", of_subject("a")),
                // quirk 93
                lenient(b"(NIL \"a \"b\" c\" NIL NIL NIL NIL NIL NIL NIL NIL)", of_subject("a \"b\" c")),
                lenient(b"(NIL \"\"\"\" NIL NIL NIL NIL NIL NIL NIL NIL)", of_subject("\"\"")),
                lenient(b"(NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"b\" NIL)) NIL NIL NIL NIL)", of_to([a()])),
                lenient(
                    b"(NIL NIL NIL NIL NIL ((NIL NIL \"a\")) NIL NIL NIL NIL)",
                    of_to([Address { host: None, ..a() }]),
                ),
                lenient(b"(NIL \"a\" NIL NIL NIL NIL NIL NIL NIL NIL NIL)", of_subject("a")),
                Row::Bad(b"(NIL NIL (x) NIL NIL NIL NIL NIL NIL NIL)", 10),
                Row::Bad(b"(NIL NIL NIL", 12),
                Row::Bad(b"\"x\"", 0),
            ],
        );
    }

    #[test]
    fn views() {
        let envelope = gray();
        assert_eq!(envelope.as_bytes(), GRAY);
        assert_eq!(envelope.date().as_deref(), Some(&b"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)"[..]));
        assert_eq!(envelope.message_id().as_deref(), Some(&b"<B27397-0100000@cac.washington.ed>"[..]));
        assert_eq!(envelope.in_reply_to(), None);
        assert_eq!(envelope.bcc().count(), 0);
        for list in [envelope.from(), envelope.sender(), envelope.reply_to()] {
            assert!(list.eq([Address::new("Terry Gray", "gray", "cac.washington.edu")]));
        }
        let cc: Vec<_> = envelope.cc().map(|address| address.email().unwrap_or_default()).collect();
        assert_eq!(cc, [b"minutes@CNRI.Reston.VA.US".to_vec(), b"KLENSIN@MIT.EDU".to_vec()]);
        assert_ne!(envelope, of_subject("x"));
        let nul = Envelope::builder().to([Address::bare("a\0", "b")]).build();
        assert_eq!(nul, Err(Misuse::IllegalOctet { offset: 1 }));
        assert!(size_of::<Envelope>() <= 72);
    }

    #[test]
    fn utf8_is_kept_between_quotes_where_it_may_stand() {
        let octets = "(NIL \"\u{e9}\" NIL NIL NIL NIL NIL NIL NIL NIL)";
        let frame = Bytes::from_static(octets.as_bytes());
        let cx = Context::new(&frame, Tolerance::Strict).utf8(true);
        let (_, envelope) = Envelope::rule(&cx, &frame).unwrap();
        assert_eq!(envelope.as_bytes(), octets.as_bytes());
        let cx = Context::new(&frame, Tolerance::Strict);
        assert!(Envelope::rule(&cx, &frame).is_err());
    }

    proptest! {
        #[test]
        fn any_envelope_round_trips(envelope in Envelope::strategy()) {
            round_trip(&envelope, Envelope::rule, |envelope, encoder| envelope.encode(encoder));
            prop_assert_eq!(&envelope.detach(), &envelope);
        }
    }
}
