//! SELECT, EXAMINE, CREATE, RENAME.

use crate::attribute::MailboxAttributes;
use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder, Mailbox, Parameter};
use crate::ext::Qresync;
use alloc::boxed::Box;
use alloc::vec::Vec;
use wire::keyword::key_of;
use wire::parse::Parsed;

/// Whether parameters in parentheses follow.
fn has_parameters(i: &[u8]) -> bool {
    i.get(syntax::blanks(i)) == Some(&b'(')
}

/// A parameter of SELECT or EXAMINE (RFC 4466 section 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelectParameter {
    /// `CONDSTORE`: modification sequences are wanted (RFC 7162).
    Condstore,
    /// `QRESYNC`: what the client knows of the mailbox (RFC 7162).
    Qresync(Box<Qresync>),
    /// `ANNOTATE`: annotations of messages are wanted (RFC 5257).
    Annotate,
    /// `UTF8` (RFC 5738, obsolete)
    Utf8,
    /// Another parameter.
    Other(Box<Parameter>),
}

impl SelectParameter {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["CONDSTORE", "QRESYNC", "ANNOTATE", "UTF8"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Other(other) => Self::Other(Box::new(other.detach())),
            known => known.clone(),
        }
    }

    /// ```text
    /// select-param    = select-param-name [SP select-param-value]
    /// select-param    =/ condstore-param
    /// condstore-param = "CONDSTORE"
    /// select-param    =/  "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
    /// select-param    =/ "ANNOTATE"
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const CONDSTORE: u128 = key_of("CONDSTORE");
        const QRESYNC: u128 = key_of("QRESYNC");
        const ANNOTATE: u128 = key_of("ANNOTATE");
        const UTF8: u128 = key_of("UTF8");
        let (rest, (key, word)) = syntax::keyword(i, expected::PARAMETER)?;
        let parameter = match key {
            CONDSTORE => Self::Condstore,
            QRESYNC => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (rest, qresync) = Qresync::rule(cx, rest)?;
                return Ok((rest, Self::Qresync(Box::new(qresync))));
            }
            ANNOTATE => Self::Annotate,
            UTF8 => Self::Utf8,
            _ => {
                let (rest, other) = Parameter::after_name(cx, rest, word)?;
                return Ok((rest, Self::Other(Box::new(other))));
            }
        };
        Ok((rest, parameter))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(match self {
            Self::Condstore => b"CONDSTORE",
            Self::Annotate => b"ANNOTATE",
            Self::Utf8 => b"UTF8",
            Self::Qresync(qresync) => {
                encoder.put(b"QRESYNC ");
                return qresync.encode(encoder);
            }
            Self::Other(other) => return other.encode(encoder),
        });
    }

    /// Any parameter, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Condstore),
            Just(Self::Annotate),
            Just(Self::Utf8),
            Qresync::strategy().prop_map(|qresync| Self::Qresync(Box::new(qresync))),
            Parameter::strategy().prop_map(|other| Self::Other(Box::new(other))),
        ]
    }
}

/// The arguments of SELECT and EXAMINE (RFC 9051 section 6.3.2, RFC 4466 section 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Select {
    /// Which mailbox.
    pub mailbox: Mailbox,
    /// How.
    pub parameters: Vec<SelectParameter>,
}

impl Select {
    /// Without parameters.
    #[must_use]
    pub const fn new(mailbox: Mailbox) -> Self {
        Self { mailbox, parameters: Vec::new() }
    }

    /// What the client knows of the mailbox, with QRESYNC.
    #[must_use]
    pub fn qresync(&self) -> Option<&Qresync> {
        self.parameters.iter().find_map(|parameter| match parameter {
            SelectParameter::Qresync(qresync) => Some(&**qresync),
            _ => None,
        })
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            mailbox: self.mailbox.detach(),
            parameters: self.parameters.iter().map(SelectParameter::detach).collect(),
        }
    }

    /// ```text
    /// select          = "SELECT" SP mailbox [select-params]
    /// examine         = "EXAMINE" SP mailbox [select-params]
    /// select-params   = SP "(" select-param *(SP select-param) ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        if !has_parameters(i) {
            return Ok((i, Self::new(mailbox)));
        }
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, parameters) = syntax::list1(cx, i, SelectParameter::rule)?;
        Ok((i, Self { mailbox, parameters }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        if !self.parameters.is_empty() {
            encoder.sp();
            encoder.list(&self.parameters, |encoder, parameter| parameter.encode(encoder));
        }
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), proptest::collection::vec(SelectParameter::strategy(), 0..3))
            .prop_map(|(mailbox, parameters)| Self { mailbox, parameters })
    }
}

/// A parameter of CREATE (RFC 4466 section 2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreateParameter {
    /// `USE`: what the mailbox is for (RFC 6154).
    Use(MailboxAttributes),
    /// Another parameter.
    Other(Box<Parameter>),
}

impl CreateParameter {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["USE"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Use(attributes) => Self::Use(attributes.detach()),
            Self::Other(other) => Self::Other(Box::new(other.detach())),
        }
    }

    /// ```text
    /// create-param      = create-param-name [SP create-param-value]
    /// create-param      =/ "USE" SP "(" [use-attr *(SP use-attr)] ")"
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const USE: u128 = key_of("USE");
        let (rest, (key, word)) = syntax::keyword(i, expected::PARAMETER)?;
        if key == USE {
            let (rest, ()) = syntax::sp(cx, rest)?;
            let (rest, attributes) = MailboxAttributes::rule(cx, rest)?;
            return Ok((rest, Self::Use(attributes)));
        }
        let (rest, other) = Parameter::after_name(cx, rest, word)?;
        Ok((rest, Self::Other(Box::new(other))))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::Use(attributes) => {
                encoder.put(b"USE ");
                attributes.encode(encoder);
            }
            Self::Other(other) => other.encode(encoder),
        }
    }

    /// Any parameter, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            MailboxAttributes::strategy().prop_map(Self::Use),
            Parameter::strategy().prop_map(|other| Self::Other(Box::new(other))),
        ]
    }
}

/// The arguments of CREATE (RFC 9051 section 6.3.4, RFC 4466 section 2.2, RFC 6154).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// Which mailbox.
    pub mailbox: Mailbox,
    /// How.
    pub parameters: Vec<CreateParameter>,
}

impl Create {
    /// Without parameters.
    #[must_use]
    pub const fn new(mailbox: Mailbox) -> Self {
        Self { mailbox, parameters: Vec::new() }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            mailbox: self.mailbox.detach(),
            parameters: self.parameters.iter().map(CreateParameter::detach).collect(),
        }
    }

    /// ```text
    /// create          = "CREATE" SP mailbox [create-params]
    /// create-params   = SP "(" create-param *( SP create-param) ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        if !has_parameters(i) {
            return Ok((i, Self::new(mailbox)));
        }
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, parameters) = syntax::list1(cx, i, CreateParameter::rule)?;
        Ok((i, Self { mailbox, parameters }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        if !self.parameters.is_empty() {
            encoder.sp();
            encoder.list(&self.parameters, |encoder, parameter| parameter.encode(encoder));
        }
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), proptest::collection::vec(CreateParameter::strategy(), 0..3))
            .prop_map(|(mailbox, parameters)| Self { mailbox, parameters })
    }
}

/// The arguments of RENAME (RFC 9051 section 6.3.6, RFC 4466 section 2.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rename {
    /// Its name.
    pub from: Mailbox,
    /// Its new name.
    pub to: Mailbox,
    /// How: no parameter is registered.
    pub parameters: Vec<Parameter>,
}

impl Rename {
    /// Without parameters.
    #[must_use]
    pub const fn new(from: Mailbox, to: Mailbox) -> Self {
        Self { from, to, parameters: Vec::new() }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            from: self.from.detach(),
            to: self.to.detach(),
            parameters: self.parameters.iter().map(Parameter::detach).collect(),
        }
    }

    /// ```text
    /// rename          = "RENAME" SP mailbox SP mailbox [rename-params]
    /// rename-params   = SP "(" rename-param *( SP rename-param) ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, from) = Mailbox::argument(cx, i)?;
        let (i, to) = Mailbox::argument(cx, i)?;
        if !has_parameters(i) {
            return Ok((i, Self::new(from, to)));
        }
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, parameters) = syntax::list1(cx, i, Parameter::rule)?;
        Ok((i, Self { from, to, parameters }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.from.encode_argument(encoder);
        self.to.encode_argument(encoder);
        if !self.parameters.is_empty() {
            encoder.sp();
            encoder.list(&self.parameters, |encoder, parameter| parameter.encode(encoder));
        }
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), Mailbox::strategy(), proptest::collection::vec(Parameter::strategy(), 0..3))
            .prop_map(|(from, to, parameters)| Self { from, to, parameters })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MailboxAttribute as A;
    use crate::SequenceSet;
    use crate::core::testing::{Row, check, round_trip};
    use ::core::num::NonZeroU32;
    use proptest::prelude::*;

    fn named(name: &'static str) -> Mailbox {
        Mailbox::new(name).unwrap()
    }

    fn parameter(name: &'static str, value: Option<&'static str>) -> Parameter {
        Parameter {
            name: crate::Atom::new(name).unwrap(),
            value: value.map(|value| crate::Raw::new(value).unwrap()),
        }
    }

    #[test]
    fn select() {
        let select = |mailbox, parameters: &[SelectParameter]| Select {
            mailbox: named(mailbox),
            parameters: parameters.to_vec(),
        };
        let set = |octets: &str| SequenceSet::parse(octets.as_bytes()).unwrap();
        let qresync = |uids: Option<&str>, matches: Option<(&str, &str)>| {
            SelectParameter::Qresync(Box::new(Qresync {
                uid_validity: NonZeroU32::new(67_890_007).unwrap(),
                mod_seq: crate::NzNumber64::new(90_060_115_194_045_000).unwrap(),
                known_uids: uids.map(set),
                matches: matches.map(|(numbers, uids)| (set(numbers), set(uids))),
            }))
        };
        check(
            Select::rule,
            |select, encoder| select.encode(encoder),
            &[
                Row::Good(b" INBOX", select("INBOX", &[])),
                Row::Good(b" \"gray council\"", select("gray council", &[])),
                Row::Good(b" INBOX (CONDSTORE)", select("INBOX", &[SelectParameter::Condstore])),
                Row::Good(b" INBOX (ANNOTATE UTF8)", select("INBOX", &[SelectParameter::Annotate, SelectParameter::Utf8])),
                Row::Good(
                    b" INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541))",
                    select("INBOX", &[qresync(Some("41:211,214:541"), None)]),
                ),
                Row::Good(b" INBOX (QRESYNC (67890007 90060115194045000))", select("INBOX", &[qresync(None, None)])),
                Row::Good(
                    b" INBOX (QRESYNC (67890007 90060115194045000 1:29997 (5000,7500,9000,9990:9999 15000,22500,27000,29970)) CONDSTORE)",
                    select(
                        "INBOX",
                        &[
                            qresync(
                                Some("1:29997"),
                                Some(("5000,7500,9000,9990:9999", "15000,22500,27000,29970")),
                            ),
                            SelectParameter::Condstore,
                        ],
                    ),
                ),
                Row::Good(
                    b" INBOX (QRESYNC (67890007 90060115194045000 (1 2)))",
                    select("INBOX", &[qresync(None, Some(("1", "2")))]),
                ),
                Row::Good(
                    b" x (X-A 1:4 X-B (c) X-D)",
                    select(
                        "x",
                        &[
                            SelectParameter::Other(Box::new(parameter("X-A", Some("1:4")))),
                            SelectParameter::Other(Box::new(parameter("X-B", Some("(c)")))),
                            SelectParameter::Other(Box::new(parameter("X-D", None))),
                        ],
                    ),
                ),
                Row::Tolerated(b" x ()", 5, select("x", &[])),
                Row::Tolerated(b" x  ( CONDSTORE )", 17, select("x", &[SelectParameter::Condstore])),
                Row::Bad(b"", 0),
                Row::Bad(b" (", 1),
                Row::Bad(b" x (QRESYNC)", 11),
                Row::Bad(b" x (QRESYNC (0 1))", 13),
                Row::Bad(b" x (QRESYNC (1 0))", 15),
                Row::Bad(b" x (QRESYNC (1 2 *))", 17),
            ],
        );
    }

    #[test]
    fn create_and_rename() {
        let create = |mailbox, parameters: &[CreateParameter]| Create {
            mailbox: named(mailbox),
            parameters: parameters.to_vec(),
        };
        let purpose = |attributes: &[A]| CreateParameter::Use(attributes.iter().cloned().collect());
        check(
            Create::rule,
            |create, encoder| create.encode(encoder),
            &[
                Row::Good(b" owatagusiam/", create("owatagusiam/", &[])),
                Row::Good(
                    b" MySpecial (USE (\\Drafts \\Sent))",
                    create("MySpecial", &[purpose(&[A::Drafts, A::Sent])]),
                ),
                Row::Good(b" x (USE ())", create("x", &[purpose(&[])])),
                Row::Good(
                    b" x (X-Y 1)",
                    create("x", &[CreateParameter::Other(Box::new(parameter("X-Y", Some("1"))))]),
                ),
                Row::Bad(b" x (USE)", 7),
                Row::Bad(b" x (USE x", 8),
            ],
        );
        let rename = |from, to| Rename::new(named(from), named(to));
        check(
            Rename::rule,
            |rename, encoder| rename.encode(encoder),
            &[
                Row::Good(b" blurdybloop sarasoop", rename("blurdybloop", "sarasoop")),
                Row::Good(b" INBOX \"old mail\"", rename("INBOX", "old mail")),
                Row::Good(
                    b" a b (X-Y)",
                    Rename { parameters: [parameter("X-Y", None)].into(), ..rename("a", "b") },
                ),
                Row::Tolerated(b" a  b", 5, rename("a", "b")),
                Row::Bad(b" a", 2),
            ],
        );
        assert!(size_of::<SelectParameter>() <= 16);
    }

    proptest! {
        #[test]
        fn round_trips(select in Select::strategy(), create in Create::strategy(), rename in Rename::strategy()) {
            round_trip(&select, Select::rule, |select, encoder| select.encode(encoder));
            round_trip(&create, Create::rule, |create, encoder| create.encode(encoder));
            round_trip(&rename, Rename::rule, |rename, encoder| rename.encode(encoder));
        }
    }
}
