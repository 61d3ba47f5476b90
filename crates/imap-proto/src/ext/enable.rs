//! ENABLE (RFC 5161, RFC 9051 section 6.3.1).

use crate::Capability;
use crate::core::syntax::{self, blanks, expected};
use crate::core::{Context, Encoder, NonEmpty};
use alloc::vec::Vec;
use wire::parse::Parsed;

/// `capability`
fn capability<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Capability> {
    let (i, word) = syntax::loose_atom(cx, i, expected::CAPABILITY)?;
    Ok((i, Capability::of(word, &|octets| cx.keep(octets))))
}

fn encode(capabilities: &[Capability], encoder: &mut Encoder<'_>) {
    for capability in capabilities {
        encoder.sp();
        capability.encode(encoder);
    }
}

/// The arguments of ENABLE: what the client wants to use.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Enable {
    /// Which capabilities.
    pub capabilities: NonEmpty<Capability>,
}

impl Enable {
    /// One that is an atom: the URL of `IMAPSIEVE=` is not always, and never enabled.
    #[cfg(any(test, feature = "proptest"))]
    fn one() -> impl proptest::strategy::Strategy<Value = Capability> {
        use proptest::prelude::*;
        Capability::strategy().prop_filter("a URL", |one| !matches!(one, Capability::ImapSieve(_)))
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { capabilities: NonEmpty::known(self.capabilities.iter().map(Capability::detach).collect()) }
    }

    /// ```text
    /// enable          = "ENABLE" 1*(SP capability)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, capabilities) = syntax::words(cx, i, capability)?;
        Ok((i, Self { capabilities: NonEmpty::known(capabilities) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encode(&self.capabilities, encoder);
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        NonEmpty::strategy(Self::one(), 3).prop_map(|capabilities| Self { capabilities })
    }
}

/// The ENABLED response: what was switched on, maybe nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Enabled {
    /// Which capabilities.
    pub capabilities: Vec<Capability>,
}

impl Enabled {
    /// Whether a capability is among them.
    #[must_use]
    pub fn has(&self, capability: &Capability) -> bool {
        self.capabilities.contains(capability)
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { capabilities: self.capabilities.iter().map(Capability::detach).collect() }
    }

    /// ```text
    /// enable-data     = "ENABLED" *(SP capability)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if blanks(i) == i.len() {
            return Ok((i, Self::default()));
        }
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, capabilities) = syntax::words(cx, i, capability)?;
        Ok((i, Self { capabilities }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encode(&self.capabilities, encoder);
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(Enable::one(), 0..4).prop_map(|capabilities| Self { capabilities })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn lists() {
        let atoms = |names: &[&'static str]| {
            names.iter().map(|name| Capability::parse(name.as_bytes()).unwrap()).collect::<Vec<_>>()
        };
        let enable = |names| Enable { capabilities: NonEmpty::new(atoms(names)).unwrap() };
        check(
            Enable::rule,
            |enable, encoder| enable.encode(encoder),
            &[
                Row::Good(b" CONDSTORE X-GOOD-IDEA", enable(&["CONDSTORE", "X-GOOD-IDEA"])),
                Row::Good(b" UTF8=ACCEPT", enable(&["UTF8=ACCEPT"])),
                Row::Tolerated(b"  CONDSTORE  QRESYNC ", 20, enable(&["condstore", "qresync"])),
                Row::Bad(b"", 0),
                Row::Bad(b" (", 1),
            ],
        );
        let enabled = |names| Enabled { capabilities: atoms(names) };
        check(
            Enabled::rule,
            |enabled, encoder| enabled.encode(encoder),
            &[
                Row::Good(b" X-GOOD-IDEA", enabled(&["X-GOOD-IDEA"])),
                Row::Good(b"", enabled(&[])),
                Row::Bad(b" (", 1),
            ],
        );
        assert!(enabled(&["condstore"]).has(&Capability::CondStore));
    }

    proptest! {
        #[test]
        fn round_trips(enable in Enable::strategy(), enabled in Enabled::strategy()) {
            round_trip(&enable, Enable::rule, |enable, encoder| enable.encode(encoder));
            round_trip(&enabled, Enabled::rule, |enabled, encoder| enabled.encode(encoder));
        }
    }
}
