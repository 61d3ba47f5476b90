//! UIDBATCHES (RFC 10022).

use crate::core::syntax::{self, blanks, expected, sp};
use crate::core::{Context, Encoder, Tag};
use crate::rule;
use crate::search::SearchCorrelator;
use ::core::num::NonZeroU32;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{ParseErrorKind, Tolerance};

/// The arguments of UIDBATCHES (RFC 10022 section 3): the mailbox in batches of so many messages, the first with the highest UIDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UidBatchesCommand {
    /// How many messages a batch has at most.
    pub size: NonZeroU32,
    /// The first and the last batch that are asked for; all if there are none. The first must not be larger.
    pub batches: Option<(NonZeroU32, NonZeroU32)>,
}

impl UidBatchesCommand {
    /// `message-batches = "UIDBATCHES" SP nz-number [SP nz-number ":" nz-number]`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = sp(cx, i)?;
        let (i, size) = syntax::nz_number(i)?;
        if blanks(i) == i.len() || blanks(i) == 0 {
            return Ok((i, Self { size, batches: None }));
        }
        let (i, ()) = sp(cx, i)?;
        let (i, first) = syntax::nz_number(i)?;
        let (i, ()) = syntax::octet(i, b':', expected::SEQUENCE_SET)?;
        let (i, last) = syntax::nz_number(i)?;
        Ok((i, Self { size, batches: Some((first, last)) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        encoder.number(self.size.get().into());
        if let Some((first, last)) = self.batches {
            encoder.sp();
            encoder.number(first.get().into());
            encoder.put(b":");
            encoder.number(last.get().into());
        }
    }

    /// Any, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (any::<NonZeroU32>(), proptest::option::of(any::<(NonZeroU32, NonZeroU32)>()))
            .prop_map(|(size, batches)| Self { size, batches })
    }
}

/// The UIDs of one batch: all between two, of which neither needs to be in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UidBatch {
    high: NonZeroU32,
    low: NonZeroU32,
}

impl UidBatch {
    /// From one UID to the other.
    #[must_use]
    pub fn new(one: NonZeroU32, other: NonZeroU32) -> Self {
        Self { high: one.max(other), low: one.min(other) }
    }

    /// The highest UID.
    #[must_use]
    pub const fn high(self) -> NonZeroU32 {
        self.high
    }

    /// The lowest UID.
    #[must_use]
    pub const fn low(self) -> NonZeroU32 {
        self.low
    }
}

impl From<UidBatch> for crate::SequenceSet {
    fn from(batch: UidBatch) -> Self {
        Self::range(batch.low, crate::Sequence::new(batch.high))
    }
}

/// The UIDBATCHES response (RFC 10022 section 3): batches with the highest UIDs first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct UidBatches {
    correlator: SearchCorrelator,
    /// The batches.
    pub batches: Vec<UidBatch>,
}

impl UidBatches {
    /// In answer to the command with this tag.
    #[must_use]
    pub fn new(tag: Tag, batches: Vec<UidBatch>) -> Self {
        Self { correlator: SearchCorrelator::of(tag), batches }
    }

    /// Which command it belongs to. Of a server that is broken, maybe none.
    #[must_use]
    pub fn correlator(&self) -> &SearchCorrelator {
        &self.correlator
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { correlator: self.correlator.detach(), batches: self.batches.clone() }
    }

    /// ```text
    /// uidbatches-response = "UIDBATCHES" search-correlator [SP uid-range *("," uid-range) ]
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, correlator) = SearchCorrelator::optional(cx, i)?;
        if correlator.is_empty() && !cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &i[..0]) {
            return fail(i, expected::OPEN);
        }
        let mut batches = Vec::new();
        if blanks(rest) == rest.len() {
            return Ok((rest, Self { correlator, batches }));
        }
        let (mut i, ()) = sp(cx, rest)?;
        loop {
            if batches.len() >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            let (rest, one) = syntax::nz_number(i)?;
            let (rest, other) = match rest.strip_prefix(b":") {
                Some(rest) => syntax::nz_number(rest)?,
                // a batch of one UID
                None if cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &i[..i.len() - rest.len()]) => {
                    (rest, one)
                }
                None => return fail(rest, expected::SEQUENCE_SET),
            };
            batches.push(UidBatch::new(one, other));
            let Some(rest) = rest.strip_prefix(b",") else { return Ok((rest, Self { correlator, batches })) };
            i = rest;
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.correlator.encode(encoder);
        let mut before: &[u8] = b" ";
        for batch in &self.batches {
            encoder.put(before);
            encoder.number(batch.high.get().into());
            encoder.put(b":");
            encoder.number(batch.low.get().into());
            before = b",";
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let batch = any::<(NonZeroU32, NonZeroU32)>().prop_map(|(one, other)| UidBatch::new(one, other));
        (Tag::strategy(), proptest::collection::vec(batch, 0..5))
            .prop_map(|(tag, batches)| Self::new(tag, batches))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use alloc::vec;
    use proptest::prelude::*;

    fn number(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    #[test]
    fn commands() {
        let command = |size, batches: Option<(u32, u32)>| UidBatchesCommand {
            size: number(size),
            batches: batches.map(|(first, last)| (number(first), number(last))),
        };
        check(
            UidBatchesCommand::rule,
            |command, encoder| command.encode(encoder),
            &[
                Row::Good(b" 2000", command(2000, None)),
                Row::Good(b" 2000 10:20", command(2000, Some((10, 20)))),
                // the server answers BAD [CLIENTBUG]
                Row::Good(b" 2000 4:1", command(2000, Some((4, 1)))),
                Row::Tolerated(b" 2000  1:5", 10, command(2000, Some((1, 5)))),
                Row::Bad(b" 0", 1),
                Row::Bad(b" 2000 1", 7),
                Row::Bad(b" 2000 1:*", 8),
                Row::Bad(b"", 0),
            ],
        );
    }

    #[test]
    fn responses() {
        let response = |tag, batches: &[(u32, u32)]| {
            let batches =
                batches.iter().map(|&(high, low)| UidBatch::new(number(high), number(low))).collect();
            UidBatches::new(Tag::new(tag).unwrap(), batches)
        };
        check(
            UidBatches::rule,
            |response, encoder| response.encode(encoder),
            &[
                Row::Good(
                    b" (TAG \"A143\") 215295:99696,99695:20351,20350:7830,7829:1",
                    response("A143", &[(215_295, 99696), (99695, 20351), (20350, 7830), (7829, 1)]),
                ),
                Row::Good(b" (TAG \"A302\")", response("A302", &[])),
                Row::Other(b" (TAG A302) 1:9", response("A302", &[(9, 1)])),
                Row::Tolerated(b" (TAG \"A\")  9:2,1", 17, response("A", &[(9, 2), (1, 1)])),
                Row::Tolerated(
                    b" 9:1",
                    4,
                    UidBatches {
                        batches: vec![UidBatch::new(number(9), number(1))],
                        ..UidBatches::default()
                    },
                ),
                Row::Bad(b" (TAG \"A\") 9:", 13),
                Row::Bad(b" (TAG \"A\") *:1", 11),
                Row::Bad(b" (TAG \"A\") 9:1,", 15),
            ],
        );
        let set = crate::SequenceSet::from(UidBatch::new(number(9), number(1)));
        assert_eq!(set, crate::SequenceSet::parse(b"1:9").unwrap());
    }

    proptest! {
        #[test]
        fn round_trips(command in UidBatchesCommand::strategy(), response in UidBatches::strategy()) {
            round_trip(&command, UidBatchesCommand::rule, UidBatchesCommand::encode);
            round_trip(&response, UidBatches::rule, UidBatches::encode);
        }
    }
}
