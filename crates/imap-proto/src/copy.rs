//! The arguments of COPY and MOVE.

use crate::core::syntax;
use crate::core::{Context, Encoder, Mailbox, SequenceSet};
use wire::parse::Parsed;

/// Arguments of COPY and UID COPY (RFC 9051 section 6.4.7), MOVE and UID MOVE (section 6.4.8, RFC 6851).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CopyCommand {
    /// Which messages.
    pub set: SequenceSet,
    /// Where they go.
    pub mailbox: Mailbox,
}

impl CopyCommand {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { set: self.set.clone(), mailbox: self.mailbox.detach() }
    }

    /// ```text
    /// copy            = "COPY" SP sequence-set SP mailbox
    /// move            = "MOVE" SP sequence-set SP mailbox
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, set) = SequenceSet::rule(cx, i)?;
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        Ok((i, Self { set, mailbox }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.set.encode(encoder);
        self.mailbox.encode_argument(encoder);
    }

    /// Any command, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (SequenceSet::strategy(), Mailbox::strategy()).prop_map(|(set, mailbox)| Self { set, mailbox })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn commands() {
        let copy = |set: &str, name: &'static str| CopyCommand {
            set: SequenceSet::parse(set.as_bytes()).unwrap(),
            mailbox: Mailbox::new(name).unwrap(),
        };
        check(
            CopyCommand::rule,
            |copy, encoder| copy.encode(encoder),
            &[
                Row::Good(b" 2:4 MEETING", copy("2:4", "MEETING")),
                Row::Good(b" $ \"Other Messages\"", copy("$", "Other Messages")),
                Row::Other(b" 2,4,6,8 \"FRED\"", copy("2,4,6,8", "FRED")),
                Row::Tolerated(b" 1  a", 5, copy("1", "a")),
                Row::Bad(b" a b", 1),
                Row::Bad(b" 1", 2),
            ],
        );
    }

    proptest! {
        #[test]
        fn any_command_round_trips(copy in CopyCommand::strategy()) {
            round_trip(&copy, CopyCommand::rule, |copy, encoder| copy.encode(encoder));
            prop_assert_eq!(copy.detach(), copy);
        }
    }
}
