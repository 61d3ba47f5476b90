//! The arguments of STORE.

use crate::core::syntax::{self, expected};
use crate::core::{Atom, Context, Encoder, Flag, Flags, Number64, Parameter, Raw, SequenceSet};
use crate::fetch::{Annotation, Label};
use alloc::boxed::Box;
use alloc::vec::Vec;
use wire::Misuse;
use wire::keyword::key_of;
use wire::parse::{Parsed, fail};

/// Arguments of STORE and UID STORE (RFC 9051 section 6.4.6, RFC 4466).
///
/// ```
/// use imap_proto::{Flag, SequenceSet, Store, StoreItem, StoreMode};
///
/// let seen = [Flag::Seen].into_iter().collect();
/// let store = Store::new(SequenceSet::all(), StoreItem::Flags { mode: StoreMode::Add, silent: true, flags: seen });
/// # let _ = store;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Which messages.
    pub set: SequenceSet,
    /// The modifiers.
    pub modifiers: Vec<StoreModifier>,
    /// What is changed.
    pub item: StoreItem,
}

/// `store-modifier` (RFC 4466).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreModifier {
    /// `UNCHANGEDSINCE` (RFC 7162): only messages with no larger mod-sequence.
    UnchangedSince(Number64),
    /// Another modifier.
    Other(Parameter),
}

/// What STORE does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreMode {
    /// `FLAGS`: these and no others.
    Replace,
    /// `+FLAGS`: these too.
    Add,
    /// `-FLAGS`: no longer these.
    Remove,
}

/// What STORE changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreItem {
    /// `FLAGS`
    Flags {
        /// What is done with them.
        mode: StoreMode,
        /// `.SILENT`: the new flags are not told.
        silent: bool,
        /// The flags.
        flags: Flags,
    },
    /// `X-GM-LABELS`
    GmailLabels {
        /// What is done with them.
        mode: StoreMode,
        /// `.SILENT`: the new labels are not told.
        silent: bool,
        /// The labels.
        labels: Vec<Label>,
    },
    /// `ANNOTATION` (RFC 5257)
    Annotation(AnnotationChanges),
    /// Another item.
    Other(Box<OtherStoreItem>),
}

/// Annotations that STORE or APPEND sets: one at least, each with attributes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnnotationChanges(Vec<Annotation>);

/// An item of STORE that nobody here knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherStoreItem {
    /// Its name, with its sign.
    pub name: Atom,
    /// Its values.
    pub raw: Raw,
}

impl AnnotationChanges {
    /// Sets these.
    ///
    /// # Errors
    /// [`Misuse::Empty`]: no annotation, or one without attributes.
    pub fn new(annotations: Vec<Annotation>) -> Result<Self, Misuse> {
        if annotations.is_empty() || annotations.iter().any(|annotation| annotation.attributes.is_empty()) {
            return Err(Misuse::Empty);
        }
        Ok(Self(annotations))
    }

    /// The annotations.
    #[must_use]
    pub fn as_slice(&self) -> &[Annotation] {
        &self.0
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(self.0.iter().map(Annotation::detach).collect())
    }

    /// ```text
    /// att-annotate      = "ANNOTATION" SP "(" entry-att *(SP entry-att) ")"
    /// ```
    /// Starts behind the keyword.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (rest, annotations) = Annotation::list(cx, i)?;
        match Self::new(annotations.into_vec()) {
            Ok(changes) => Ok((rest, changes)),
            Err(_) => fail(i, expected::ENTRY),
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"ANNOTATION ");
        Annotation::encode_list(&self.0, encoder);
    }

    /// Any changes, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(Annotation::strategy(), 1..4)
            .prop_filter_map("no attributes", |annotations| Self::new(annotations).ok())
    }
}

impl Store {
    /// Changes these messages.
    #[must_use]
    pub fn new(set: SequenceSet, item: StoreItem) -> Self {
        Self { set, modifiers: Vec::new(), item }
    }

    /// Adds a modifier.
    #[must_use]
    pub fn with(mut self, modifier: StoreModifier) -> Self {
        self.modifiers.push(modifier);
        self
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let modifier = |modifier: &StoreModifier| match modifier {
            StoreModifier::UnchangedSince(number) => StoreModifier::UnchangedSince(*number),
            StoreModifier::Other(parameter) => StoreModifier::Other(parameter.detach()),
        };
        Self {
            set: self.set.clone(),
            modifiers: self.modifiers.iter().map(modifier).collect(),
            item: self.item.detach(),
        }
    }

    /// ```text
    /// store           = "STORE" SP sequence-set [store-modifiers] SP store-att-flags
    /// store-modifiers =  SP "(" store-modifier *(SP store-modifier) ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, set) = SequenceSet::rule(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, modifiers) = if i.starts_with(b"(") {
            let (i, modifiers) = syntax::list1(cx, i, StoreModifier::rule)?;
            let (i, ()) = syntax::sp_or_none(cx, i)?;
            (i, modifiers)
        } else {
            (i, Vec::new())
        };
        let (i, item) = StoreItem::rule(cx, i)?;
        Ok((i, Self { set, modifiers, item }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.set.encode(encoder);
        encoder.sp();
        if !self.modifiers.is_empty() {
            encoder.list(&self.modifiers, |encoder, modifier| modifier.encode(encoder));
            encoder.sp();
        }
        self.item.encode(encoder);
    }

    /// Any command, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let modifier = prop_oneof![
            Number64::strategy().prop_map(StoreModifier::UnchangedSince),
            Parameter::strategy().prop_map(StoreModifier::Other),
        ];
        (SequenceSet::strategy(), proptest::collection::vec(modifier, 0..3), StoreItem::strategy())
            .prop_map(|(set, modifiers, item)| Self { set, modifiers, item })
    }
}

impl StoreModifier {
    /// ```text
    /// store-modifier      = store-modifier-name [SP store-modif-params]
    /// store-modifier      =/ "UNCHANGEDSINCE" SP mod-sequence-valzer
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const UNCHANGEDSINCE: u128 = key_of("UNCHANGEDSINCE");
        let (rest, (key, word)) = syntax::keyword(i, expected::MODIFIER)?;
        if key == UNCHANGEDSINCE {
            let (rest, ()) = syntax::sp(cx, rest)?;
            let (rest, number) = syntax::minus_or_number64(cx, rest)?;
            return Ok((rest, Self::UnchangedSince(number)));
        }
        Parameter::after_name(cx, rest, word).map(|(rest, other)| (rest, Self::Other(other)))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::UnchangedSince(number) => {
                encoder.put(b"UNCHANGEDSINCE ");
                encoder.number(number.get());
            }
            Self::Other(parameter) => parameter.encode(encoder),
        }
    }
}

impl StoreItem {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Flags { mode, silent, flags } => {
                Self::Flags { mode: *mode, silent: *silent, flags: flags.detach() }
            }
            Self::GmailLabels { mode, silent, labels } => Self::GmailLabels {
                mode: *mode,
                silent: *silent,
                labels: labels.iter().map(Label::detach).collect(),
            },
            Self::Annotation(changes) => Self::Annotation(changes.detach()),
            Self::Other(other) => {
                Self::Other(Box::new(OtherStoreItem { name: other.name.detach(), raw: other.raw.detach() }))
            }
        }
    }

    /// ```text
    /// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
    /// store-att-flags =/ att-annotate
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const FLAGS: u128 = key_of("FLAGS");
        const FLAGS_SILENT: u128 = key_of("FLAGS.SILENT");
        const LABELS: u128 = key_of("X-GM-LABELS");
        const ANNOTATION: u128 = key_of("ANNOTATION");
        let (mode, unsigned) = match i.first() {
            Some(b'+') => (StoreMode::Add, &i[1..]),
            Some(b'-') => (StoreMode::Remove, &i[1..]),
            _ => (StoreMode::Replace, i),
        };
        let (rest, (key, word)) = syntax::keyword(unsigned, expected::ARGUMENT)?;
        let silent_labels = word.eq_ignore_ascii_case(b"X-GM-LABELS.SILENT");
        match key {
            FLAGS | FLAGS_SILENT => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (rest, flags) = flags(cx, rest)?;
                Ok((rest, Self::Flags { mode, silent: key == FLAGS_SILENT, flags }))
            }
            _ if key == LABELS || silent_labels => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (rest, labels) = Label::list_or_words(cx, rest)?;
                Ok((rest, Self::GmailLabels { mode, silent: silent_labels, labels }))
            }
            ANNOTATION if mode == StoreMode::Replace => {
                AnnotationChanges::rule(cx, rest).map(|(rest, changes)| (rest, Self::Annotation(changes)))
            }
            _ => {
                let name = Atom::known(cx.keep(&i[..i.len() - rest.len()]));
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (end, _) = syntax::words(cx, rest, crate::core::raw::value)?;
                let raw = Raw::of(cx, &rest[..rest.len() - end.len()]);
                Ok((end, Self::Other(Box::new(OtherStoreItem { name, raw }))))
            }
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        let sign = |mode: StoreMode| -> &'static [u8] {
            match mode {
                StoreMode::Replace => b"",
                StoreMode::Add => b"+",
                StoreMode::Remove => b"-",
            }
        };
        match self {
            Self::Flags { mode, silent, flags } => {
                encoder.put(sign(*mode));
                encoder.put(if *silent { b"FLAGS.SILENT " } else { b"FLAGS " });
                flags.encode(encoder);
            }
            Self::GmailLabels { mode, silent, labels } => {
                encoder.put(sign(*mode));
                encoder.put(if *silent { b"X-GM-LABELS.SILENT " } else { b"X-GM-LABELS " });
                Label::encode_list(labels, encoder);
            }
            Self::Annotation(changes) => changes.encode(encoder),
            Self::Other(other) => {
                other.name.encode(encoder);
                encoder.sp();
                other.raw.encode(encoder);
            }
        }
    }

    /// Any item, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let mode = || prop_oneof![Just(StoreMode::Replace), Just(StoreMode::Add), Just(StoreMode::Remove)];
        prop_oneof![
            4 => (mode(), any::<bool>(), Flags::strategy())
                .prop_map(|(mode, silent, flags)| Self::Flags { mode, silent, flags }),
            1 => (mode(), any::<bool>(), proptest::collection::vec(Label::strategy(), 0..4))
                .prop_map(|(mode, silent, labels)| Self::GmailLabels { mode, silent, labels }),
            1 => AnnotationChanges::strategy().prop_map(Self::Annotation),
            1 => ("[+-]?X-NEW[A-Z.]{1,8}", Raw::strategy()).prop_map(|(name, raw)| {
                Self::Other(Box::new(OtherStoreItem { name: Atom::known(name.into()), raw }))
            }),
        ]
    }
}

/// `flag-list / (flag *(SP flag))`
fn flags<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Flags> {
    if i.starts_with(b"(") {
        return Flags::rule(cx, i);
    }
    let (rest, flags) = syntax::words(cx, i, Flag::or_nil)?;
    Ok((rest, flags.into_iter().flatten().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use crate::core::{IString, Literal8, Mailbox};
    use crate::fetch::AnnotationAttribute;
    use alloc::vec;
    use bytes::Bytes;
    use proptest::prelude::*;
    use wire::Tolerance;

    fn store(set: &str, item: StoreItem) -> Store {
        Store::new(SequenceSet::parse(set.as_bytes()).unwrap(), item)
    }

    #[test]
    fn nil_among_flags_is_none_with_and_without_parentheses() {
        for octets in [&b" 1 FLAGS \\Seen NIL a"[..], b" 1 FLAGS (\\Seen NIL a)"] {
            let frame = Bytes::copy_from_slice(octets);
            let read = |tolerance| Store::rule(&Context::new(&frame, tolerance), &frame).unwrap().1;
            let of = |all: &[&'static str]| {
                let others = all.iter().map(|&name| Flag::keyword(name).unwrap());
                store("1", flags(StoreMode::Replace, false, others.chain([Flag::Seen])))
            };
            assert_eq!(read(Tolerance::Default), of(&["a"]));
            assert_eq!(read(Tolerance::Strict), of(&["NIL", "a"]));
        }
    }

    fn flags(mode: StoreMode, silent: bool, flags: impl IntoIterator<Item = Flag>) -> StoreItem {
        StoreItem::Flags { mode, silent, flags: flags.into_iter().collect() }
    }

    #[test]
    fn commands() {
        use StoreMode::{Add, Remove, Replace};
        let keyword = |word: &'static str| Flag::keyword(word).unwrap();
        let annotation = |value: Option<&'static str>| {
            StoreItem::Annotation(
                AnnotationChanges::new(vec![Annotation {
                    entry: IString::new("/comment").unwrap(),
                    attributes: vec![AnnotationAttribute {
                        name: IString::new("value.priv").unwrap(),
                        value: value.map(Literal8::new),
                    }],
                }])
                .unwrap(),
            )
        };
        check(
            Store::rule,
            |store, encoder| store.encode(encoder),
            &[
                Row::Good(b" 2:4 +FLAGS (\\Deleted)", store("2:4", flags(Add, false, [Flag::Deleted]))),
                Row::Good(
                    b" 7 -FLAGS.SILENT (\\Seen \\Answered)",
                    store("7", flags(Remove, true, [Flag::Seen, Flag::Answered])),
                ),
                Row::Good(b" 1 FLAGS ()", store("1", flags(Replace, false, []))),
                Row::Other(
                    b" $ +flags.Silent \\Deleted $Junk",
                    store("$", flags(Add, true, [Flag::Deleted, Flag::JUNK])),
                ),
                Row::Good(
                    b" 101 (UNCHANGEDSINCE 303011130956) +FLAGS.SILENT ($Processed)",
                    store("101", flags(Add, true, [keyword("$Processed")]))
                        .with(StoreModifier::UnchangedSince(Number64::new(303_011_130_956).unwrap())),
                ),
                Row::Good(
                    b" 1 (X-NEW (a) X-B) FLAGS (\\Seen)",
                    store("1", flags(Replace, false, [Flag::Seen]))
                        .with(StoreModifier::Other(Parameter {
                            name: Atom::new("X-NEW").unwrap(),
                            value: Some(Raw::new("(a)").unwrap()),
                        }))
                        .with(StoreModifier::Other(Parameter {
                            name: Atom::new("X-B").unwrap(),
                            value: None,
                        })),
                ),
                Row::Good(
                    b" 1 +X-GM-LABELS (\\Inbox foo)",
                    store(
                        "1",
                        StoreItem::GmailLabels {
                            mode: Add,
                            silent: false,
                            labels: vec![
                                Label::System(Atom::new("Inbox").unwrap()),
                                Label::Name(Mailbox::new("foo").unwrap()),
                            ],
                        },
                    ),
                ),
                Row::Other(
                    b" 1 -X-GM-LABELS.SILENT foo",
                    store(
                        "1",
                        StoreItem::GmailLabels {
                            mode: Remove,
                            silent: true,
                            labels: vec![Label::Name(Mailbox::new("foo").unwrap())],
                        },
                    ),
                ),
                Row::Good(
                    b" 1 ANNOTATION (/comment (value.priv \"My new comment\"))",
                    store("1", annotation(Some("My new comment"))),
                ),
                Row::Good(b" 1 ANNOTATION (/comment (value.priv NIL))", store("1", annotation(None))),
                Row::Good(
                    b" 1 +X-NEW (a) b",
                    store(
                        "1",
                        StoreItem::Other(Box::new(OtherStoreItem {
                            name: Atom::new("+X-NEW").unwrap(),
                            raw: Raw::new("(a) b").unwrap(),
                        })),
                    ),
                ),
                Row::Tolerated(b" 1 (UNCHANGEDSINCE  5)FLAGS ()", 30, {
                    store("1", flags(Replace, false, [])).with(StoreModifier::UnchangedSince(5.into()))
                }),
                Row::Bad(b" 1 FLAGS", 8),
                Row::Bad(b" 1 FLAGS (\\Seen", 15),
                Row::Bad(b" 1 (UNCHANGEDSINCE) FLAGS ()", 18),
                Row::Bad(b" 1 ANNOTATION (/comment)", 14),
                Row::Bad(b" x FLAGS ()", 1),
            ],
        );
    }

    proptest! {
        #[test]
        fn any_command_round_trips(store in Store::strategy()) {
            round_trip(&store, Store::rule, |store, encoder| store.encode(encoder));
            prop_assert_eq!(store.detach(), store);
        }
    }
}
