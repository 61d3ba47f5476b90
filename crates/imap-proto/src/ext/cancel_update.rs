//! CANCELUPDATE (RFC 5267).

use crate::core::syntax::{blanks, expected, sp};
use crate::core::{Context, Encoder, NonEmpty, Tag};
use crate::search::tag_string;
use alloc::vec::Vec;
use wire::ParseErrorKind;
use wire::parse::{Failure, Parsed};

/// The arguments of CANCELUPDATE (RFC 5267 section 4.3.4): no more updates for these searches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CancelUpdate {
    /// The tags of the SEARCH or SORT commands.
    pub tags: NonEmpty<Tag>,
}

impl CancelUpdate {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { tags: NonEmpty::known(self.tags.iter().map(Tag::detach).collect()) }
    }

    /// `"CANCELUPDATE" 1*(SP quoted)`
    pub(crate) fn rule<'i>(cx: &Context<'_>, mut i: &'i [u8]) -> Parsed<'i, Self> {
        let mut tags = Vec::new();
        loop {
            let (rest, ()) = sp(cx, i)?;
            if tags.len() >= cx.item_limit() {
                return Err(Failure::at(rest, expected::ITEMS, ParseErrorKind::TooMany));
            }
            let (rest, tag) = tag_string(cx, rest)?;
            tags.push(tag);
            if matches!(blanks(rest), len if len == 0 || len == rest.len()) {
                return Ok((rest, Self { tags: NonEmpty::known(tags) }));
            }
            i = rest;
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        for tag in &self.tags {
            encoder.sp();
            encoder.string_octets(tag.as_bytes());
        }
    }

    /// Any, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        NonEmpty::strategy(Tag::strategy(), 4).prop_map(|tags| Self { tags })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn commands() {
        let cancel = |tags: &[&'static str]| CancelUpdate {
            tags: NonEmpty::new(tags.iter().map(|&tag| Tag::new(tag).unwrap()).collect::<Vec<_>>()).unwrap(),
        };
        check(
            CancelUpdate::rule,
            |cancel, encoder| cancel.encode(encoder),
            &[
                Row::Good(b" \"B04\"", cancel(&["B04"])),
                Row::Good(b" \"B04\" \"B05\"", cancel(&["B04", "B05"])),
                Row::Other(b" B04", cancel(&["B04"])),
                Row::Tolerated(b"  \"B04\"  \"B05\"", 14, cancel(&["B04", "B05"])),
                Row::Bad(b"", 0),
                Row::Bad(b" \"\"", 1),
                Row::Bad(b" \"a b\"", 1),
            ],
        );
    }

    proptest! {
        #[test]
        fn round_trips(cancel in CancelUpdate::strategy()) {
            round_trip(&cancel, CancelUpdate::rule, CancelUpdate::encode);
        }
    }
}
