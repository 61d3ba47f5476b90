//! The SEARCH and SORT responses.

use crate::core::syntax::{self, blanks, expected, no_sp, sp};
use crate::core::{Context, Encoder, NzNumber64};
use crate::rule;
use ::core::num::NonZeroU32;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed};
use wire::{ParseErrorKind, Tolerance};

macro_rules! responses {
    ($($(#[$doc:meta])* $id:ident,)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
        pub struct $id {
            /// Sequence numbers or UIDs, in the order of the response.
            pub numbers: Vec<NonZeroU32>,
            /// The highest modification sequence of these messages (RFC 7162 section 3.1.6).
            pub mod_seq: Option<NzNumber64>,
        }

        impl $id {
            pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
                let (i, (numbers, mod_seq)) = results(cx, i)?;
                Ok((i, Self { numbers, mod_seq }))
            }

            /// Writes it; without numbers, no modification sequence either.
            pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
                encode_results(&self.numbers, self.mod_seq, encoder);
            }

            /// Any response, for property tests.
            #[cfg(any(test, feature = "proptest"))]
            pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
                use proptest::prelude::*;
                (proptest::collection::vec(any::<NonZeroU32>(), 0..12), proptest::option::of(NzNumber64::strategy())).prop_map(
                    |(numbers, mod_seq)| {
                        let mod_seq = if numbers.is_empty() { None } else { mod_seq };
                        Self { numbers, mod_seq }
                    },
                )
            }
        })*
    };
}

responses! {
    /// `"SEARCH" [1*(SP nz-number) [SP search-sort-mod-seq]]` (RFC 3501 section 7.2.5, RFC 7162 section 7): what SEARCH has found. In
    /// IMAP4rev2, [`Esearch`](crate::Esearch) is in its place.
    Search,
    /// `"SORT" [1*(SP nz-number) [SP search-sort-mod-seq]]` (RFC 5256 section 4, RFC 7162 section 7): what SORT has found, in the order
    /// that was asked for.
    Sort,
}

/// ```text
/// mailbox-data        =/ "SEARCH" [1*(SP nz-number) SP search-sort-mod-seq]
/// sort-data           = "SORT" [1*(SP nz-number) SP search-sort-mod-seq]
/// search-sort-mod-seq = "(" "MODSEQ" SP mod-sequence-value ")"
/// ```
fn results<'i>(cx: &Context<'_>, mut i: &'i [u8]) -> Parsed<'i, (Vec<NonZeroU32>, Option<NzNumber64>)> {
    // most numbers have more than five digits where it matters
    let mut numbers = Vec::with_capacity(i.len() / 6);
    let limit = cx.item_limit();
    loop {
        // one space, and a number
        while let [b' ', b'1'..=b'9', ..] = i {
            let Ok((rest, number)) = syntax::nz_number(&i[1..]) else { break };
            if numbers.len() >= limit {
                return Err(Failure::at(&i[1..], expected::ITEMS, ParseErrorKind::TooMany));
            }
            numbers.push(number);
            i = rest;
        }
        let len = blanks(i);
        if len == i.len() {
            return Ok((i, (numbers, None)));
        }
        let (next, ()) = sp(cx, i)?;
        if next[0] == b'(' {
            let (rest, mod_seq) = mod_seq(cx, next, numbers.is_empty())?;
            return Ok((rest, (numbers, mod_seq)));
        }
        // there was more than a space, or it is no number of a message: that one is left out
        let (rest, number) = match wire::number::number32(next) {
            Ok(found) => found,
            Err(_) => syntax::number32(cx, next).map(|(rest, _)| (rest, 0))?,
        };
        match NonZeroU32::new(number) {
            Some(number) => numbers.push(number),
            None if !next[..next.len() - rest.len()].iter().all(|&o| o == b'0') => {}
            None if cx.tolerates(
                Tolerance::Default,
                rule::NUMBER_RANGE,
                &next[..next.len() - rest.len()],
            ) => {}
            None => return Err(Failure::at(next, expected::NZ_NUMBER, ParseErrorKind::Range)),
        }
        i = rest;
    }
}

/// `"(" "MODSEQ" SP mod-sequence-value ")"`
fn mod_seq<'i>(cx: &Context<'_>, i: &'i [u8], alone: bool) -> Parsed<'i, Option<NzNumber64>> {
    let inside = no_sp(cx, &i[1..]);
    let Some(rest) = syntax::after(inside, b"MODSEQ") else {
        return wire::parse::fail(inside, expected::PARAMETER);
    };
    let (number, ()) = sp(cx, rest)?;
    let (rest, value) = syntax::minus_or_number(cx, number)?;
    if value == 0 && number[0] == b'0' && !cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, &number[..1])
    {
        return Err(Failure::at(number, expected::NZ_NUMBER, ParseErrorKind::Range));
    }
    let rest = if rest.get(blanks(rest)) == Some(&b')') { no_sp(cx, rest) } else { rest };
    let (rest, ()) = syntax::octet(rest, b')', expected::CLOSE)?;
    // of no messages, there is no highest
    if alone && !cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &i[..i.len() - rest.len()]) {
        return wire::parse::fail(i, wire::parse::expected::NUMBER);
    }
    Ok((rest, NzNumber64::new(value).ok().filter(|_| !alone)))
}

fn encode_results(numbers: &[NonZeroU32], mod_seq: Option<NzNumber64>, encoder: &mut Encoder<'_>) {
    // written in blocks: most of the time would go into the single calls
    let mut block = [0; 1024];
    let mut len = 0;
    for number in numbers {
        let number = u64::from(number.get());
        // room for the longest, and for a word of eight octets in place of few
        let room = match block.get_mut(len..len + 11) {
            Some(room) => room,
            None => {
                encoder.put(&block[..len]);
                len = 0;
                &mut block[..11]
            }
        };
        room[0] = b' ';
        len += 1 + match wire::number::short_decimal(number) {
            Some((word, digits)) => {
                room[1..9].copy_from_slice(&word);
                digits
            }
            None => {
                let mut digits = [0; 20];
                let digits = wire::number::decimal(number, &mut digits);
                room[1..=digits.len()].copy_from_slice(digits);
                digits.len()
            }
        };
    }
    encoder.put(&block[..len]);
    if let (Some(mod_seq), false) = (mod_seq, numbers.is_empty()) {
        encoder.put(b" (MODSEQ ");
        encoder.number(mod_seq.get());
        encoder.put(b")");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use bytes::Bytes;
    use proptest::prelude::*;

    fn found(numbers: &[u32], mod_seq: Option<u64>) -> Search {
        let mod_seq = mod_seq.map(|n| NzNumber64::new(n).unwrap());
        Search { numbers: numbers.iter().map(|&n| NonZeroU32::new(n).unwrap()).collect(), mod_seq }
    }

    #[test]
    fn responses() {
        check(
            Search::rule,
            |search, encoder| search.encode(encoder),
            &[
                Row::Good(b"", found(&[], None)),
                Row::Good(b" 2 84 882", found(&[2, 84, 882], None)),
                Row::Good(b" 4294967295", found(&[u32::MAX], None)),
                Row::Good(b" 2 5 (MODSEQ 917162500)", found(&[2, 5], Some(917_162_500))),
                Row::Tolerated(b" 1  2", 5, found(&[1, 2], None)),
                Row::Tolerated(b" 1\t2  3 4", 9, found(&[1, 2, 3, 4], None)),
                Row::Tolerated(b" 1 0 3", 6, found(&[1, 3], None)),
                Row::Tolerated(b" 1 -1 3", 7, found(&[1, 3], None)),
                Row::Tolerated(b" 1 4294967296 99999999999999999999 3", 36, found(&[1, 3], None)),
                Row::Other(b" 1 0003", found(&[1, 3], None)),
                Row::Tolerated(b" 1  ( MODSEQ  9 )", 17, found(&[1], Some(9))),
                Row::Tolerated(b" 1 (MODSEQ 0)", 13, found(&[1], None)),
                Row::Tolerated(b" 1 (MODSEQ -1)", 14, found(&[1], None)),
                Row::Tolerated(b" (MODSEQ 7)", 11, found(&[], None)),
                Row::Bad(b" 1 x", 3),
                Row::Bad(b"1", 0),
                Row::Bad(b" 1 (MODSEQ)", 10),
                Row::Bad(b" 1 (X 1)", 4),
                Row::Bad(b" 1 (MODSEQ 1", 12),
            ],
        );
    }

    #[test]
    fn blanks_at_the_end_are_left_for_the_table() {
        for (line, left) in [(&b" 1 2 "[..], 1), (b" ", 1), (b" 1 \t", 2), (b" 1 (MODSEQ 1) ", 1)] {
            let frame = Bytes::from_static(line);
            let cx = Context::new(&frame, Tolerance::Strict);
            assert_eq!(Search::rule(&cx, &frame).unwrap().0.len(), left);
        }
    }

    #[test]
    fn as_many_as_the_context_allows() {
        let frame = Bytes::from_static(b" 1 2 3");
        let cx = Context::new(&frame, Tolerance::Lenient).max_items(2);
        let error = Failure::of(Search::rule(&cx, &frame).unwrap_err());
        assert_eq!((error.kind(), error.left()), (ParseErrorKind::TooMany, 1));
    }

    proptest! {
        #[test]
        fn round_trips(search in Search::strategy(), sort in Sort::strategy()) {
            round_trip(&search, Search::rule, Search::encode);
            round_trip(&sort, Sort::rule, Sort::encode);
        }
    }
}
