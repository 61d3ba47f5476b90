//! QRESYNC (RFC 7162): what the client knows of a mailbox, and what has vanished from it.

use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder, NzNumber64, SequenceSet};
use ::core::num::NonZeroU32;
use wire::ParseErrorKind;
use wire::parse::{Failure, Parsed, fail};

/// The value of SELECT's parameter QRESYNC (RFC 7162 section 3.2.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Qresync {
    /// The UIDVALIDITY that the client knows.
    pub uid_validity: NonZeroU32,
    /// The highest modification sequence that it knows.
    pub mod_seq: NzNumber64,
    /// The UIDs that it knows: without `*`. If they are left out, all.
    pub known_uids: Option<SequenceSet>,
    /// Some sequence numbers and the UIDs that it knows for them: as many, ascending, without `*`.
    pub matches: Option<(SequenceSet, SequenceSet)>,
}

impl Qresync {
    /// ```text
    /// select-param        =/  "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
    /// uidvalidity         =  nz-number
    /// mod-sequence-value  = 1*DIGIT               ; Positive unsigned 63-bit integer (1 <= n <= 9,223,372,036,854,775,807)
    /// known-uids          =  sequence-set         ; Sequence of UIDs; "*" is not allowed.
    /// seq-match-data      =  "(" known-sequence-set SP known-uid-set ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let Some(inside) = i.strip_prefix(b"(") else { return fail(i, expected::OPEN) };
        let (i, uid_validity) = syntax::nz_number(syntax::no_sp(cx, inside))?;
        let (number, ()) = syntax::sp(cx, i)?;
        let (mut i, mod_seq) = syntax::number63(number)?;
        let Ok(mod_seq) = NzNumber64::new(mod_seq) else {
            return Err(Failure::at(number, expected::NZ_NUMBER, ParseErrorKind::Range));
        };
        let next = |i: &[u8]| i.get(syntax::blanks(i)).copied();
        let mut known_uids = None;
        if matches!(next(i), Some(b'0'..=b'9' | b'*' | b'$')) {
            let (rest, ()) = syntax::sp(cx, i)?;
            let (rest, uids) = SequenceSet::uid_set(cx, rest)?;
            known_uids = Some(uids);
            i = rest;
        }
        let mut matches = None;
        if next(i) == Some(b'(') {
            let (rest, ()) = syntax::sp(cx, i)?;
            let (rest, numbers) = SequenceSet::uid_set(cx, syntax::no_sp(cx, &rest[1..]))?;
            let (rest, ()) = syntax::sp(cx, rest)?;
            let (rest, uids) = SequenceSet::uid_set(cx, rest)?;
            let (rest, ()) = syntax::octet(syntax::no_sp(cx, rest), b')', expected::CLOSE)?;
            matches = Some((numbers, uids));
            i = rest;
        }
        let (i, ()) = syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?;
        Ok((i, Self { uid_validity, mod_seq, known_uids, matches }))
    }

    /// Writes it, with its parentheses.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"(");
        encoder.number(u64::from(self.uid_validity.get()));
        encoder.sp();
        encoder.number(self.mod_seq.get());
        if let Some(uids) = &self.known_uids {
            encoder.sp();
            uids.encode(encoder);
        }
        if let Some((numbers, uids)) = &self.matches {
            encoder.put(b" (");
            numbers.encode(encoder);
            encoder.sp();
            uids.encode(encoder);
            encoder.put(b")");
        }
        encoder.put(b")");
    }

    /// Any value, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::option::of;
        use proptest::prelude::*;
        let uids = || SequenceSet::uid_strategy();
        (any::<NonZeroU32>(), NzNumber64::strategy(), of(uids()), of((uids(), uids()))).prop_map(
            |(uid_validity, mod_seq, known_uids, matches)| Self {
                uid_validity,
                mod_seq,
                known_uids,
                matches,
            },
        )
    }
}

/// The VANISHED response (RFC 7162 section 3.2.10): messages that are gone.
///
/// ```
/// use imap_proto::{SequenceSet, Vanished};
///
/// let gone = Vanished { earlier: true, uids: SequenceSet::parse(b"41,43:116")? };
/// assert_eq!(gone.uids.count(), Some(75));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Vanished {
    /// They were gone before the mailbox was selected: sequence numbers do not change, and UIDs may be among them that the client
    /// never knew.
    pub earlier: bool,
    /// Their UIDs, without `*`.
    pub uids: SequenceSet,
}

impl Vanished {
    /// ```text
    /// expunged-resp       =  "VANISHED" [SP "(EARLIER)"] SP known-uids
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (mut i, ()) = syntax::sp(cx, i)?;
        let mut earlier = false;
        if let Some(inside) = i.strip_prefix(b"(") {
            let inside = syntax::no_sp(cx, inside);
            let Some(rest) = syntax::after(inside, b"EARLIER") else {
                return fail(inside, expected::MODIFIER);
            };
            let (rest, ()) = syntax::octet(syntax::no_sp(cx, rest), b')', expected::CLOSE)?;
            earlier = true;
            i = syntax::sp_or_none(cx, rest)?.0;
        }
        let (i, uids) = SequenceSet::uid_set(cx, i)?;
        Ok((i, Self { earlier, uids }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(if self.earlier { b" (EARLIER) " } else { b" " });
        self.uids.encode(encoder);
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (any::<bool>(), SequenceSet::uid_strategy()).prop_map(|(earlier, uids)| Self { earlier, uids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn vanished() {
        let gone =
            |earlier, uids: &str| Vanished { earlier, uids: SequenceSet::parse(uids.as_bytes()).unwrap() };
        check(
            Vanished::rule,
            |gone, encoder| gone.encode(encoder),
            &[
                Row::Good(
                    b" (EARLIER) 41,43:116,118,120:211,214:540",
                    gone(true, "41,43:116,118,120:211,214:540"),
                ),
                Row::Good(b" 405,407,410,425", gone(false, "405,407,410,425")),
                Row::Other(b" (earlier) 4:2", gone(true, "2:4")),
                Row::Tolerated(b"  ( EARLIER)  1", 15, gone(true, "1")),
                Row::Tolerated(b" (EARLIER)1", 11, gone(true, "1")),
                Row::Bad(b" 1:*", 1),
                Row::Bad(b" (LATER) 1", 2),
                Row::Bad(b" (EARLIER)", 10),
                Row::Bad(b"", 0),
            ],
        );
    }

    proptest! {
        #[test]
        fn round_trips(gone in Vanished::strategy(), known in Qresync::strategy()) {
            round_trip(&gone, Vanished::rule, |gone, encoder| gone.encode(encoder));
            round_trip(&known, Qresync::rule, |known, encoder| known.encode(encoder));
        }
    }
}
