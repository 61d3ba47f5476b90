//! NOTIFY (RFC 5465), and the filters of mailboxes that it shares with MULTISEARCH (RFC 7377).

use crate::core::syntax::{self, blanks, expected, no_sp, sp, sp_or_none};
use crate::core::{Atom, Context, Encoder, Mailbox, NonEmpty};
use crate::fetch::FetchItem;
use crate::rule;
use crate::search::detach_items;
use alloc::vec::Vec;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// `filter-mailboxes` (RFC 5465 section 6, RFC 7377 section 2.2): which mailboxes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MailboxFilter {
    /// `selected`: the one that is selected.
    Selected,
    /// `selected-delayed`: the same, told of expunged messages only where an untagged EXPUNGE may stand. Not for ESEARCH.
    SelectedDelayed,
    /// `inboxes`: all into which messages are delivered.
    Inboxes,
    /// `personal`: all in the user's namespaces.
    Personal,
    /// `subscribed`: all subscribed ones.
    Subscribed,
    /// `subtree`: these and all below.
    Subtree(NonEmpty<Mailbox>),
    /// `subtree-one` (RFC 7377): these and the next level.
    SubtreeOne(NonEmpty<Mailbox>),
    /// `mailboxes`: these.
    Mailboxes(NonEmpty<Mailbox>),
    /// Another filter, which has no arguments.
    Other(Atom),
}

impl MailboxFilter {
    /// The names of the filters.
    pub const KEYWORDS: &'static [&'static str] = &[
        "selected",
        "selected-delayed",
        "inboxes",
        "personal",
        "subscribed",
        "subtree",
        "subtree-one",
        "mailboxes",
    ];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let all = |names: &NonEmpty<Mailbox>| NonEmpty::known(names.iter().map(Mailbox::detach).collect());
        match self {
            Self::Subtree(names) => Self::Subtree(all(names)),
            Self::SubtreeOne(names) => Self::SubtreeOne(all(names)),
            Self::Mailboxes(names) => Self::Mailboxes(all(names)),
            Self::Other(name) => Self::Other(name.detach()),
            other => other.clone(),
        }
    }

    /// ```text
    /// filter-mailboxes = filter-mailboxes-selected / filter-mailboxes-other
    /// filter-mailboxes-selected = "selected" / "selected-delayed"
    /// filter-mailboxes-other = "inboxes" / "personal" / "subscribed" / ( "subtree" SP one-or-more-mailbox ) /
    ///                          ( "mailboxes" SP one-or-more-mailbox )
    /// filter-mailboxes-other =/  ("subtree-one" SP one-or-more-mailbox)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const SELECTED: u128 = key_of("selected");
        const SELECTED_DELAYED: u128 = key_of("selected-delayed");
        const INBOXES: u128 = key_of("inboxes");
        const PERSONAL: u128 = key_of("personal");
        const SUBSCRIBED: u128 = key_of("subscribed");
        const SUBTREE: u128 = key_of("subtree");
        const SUBTREE_ONE: u128 = key_of("subtree-one");
        const MAILBOXES: u128 = key_of("mailboxes");
        let (rest, (key, word)) = syntax::keyword(i, expected::MAILBOX)?;
        let names: fn(_) -> Self = match key {
            SELECTED => return Ok((rest, Self::Selected)),
            SELECTED_DELAYED => return Ok((rest, Self::SelectedDelayed)),
            INBOXES => return Ok((rest, Self::Inboxes)),
            PERSONAL => return Ok((rest, Self::Personal)),
            SUBSCRIBED => return Ok((rest, Self::Subscribed)),
            SUBTREE => Self::Subtree,
            SUBTREE_ONE => Self::SubtreeOne,
            MAILBOXES => Self::Mailboxes,
            _ => return Ok((rest, Self::Other(Atom::known(cx.keep(word))))),
        };
        // one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"
        let (i, ()) = if rest.first() == Some(&b'(') { sp_or_none(cx, rest)? } else { sp(cx, rest)? };
        if i.first() == Some(&b'(') {
            let (i, list) = NonEmpty::list(cx, i, Mailbox::rule)?;
            return Ok((i, names(list)));
        }
        let (i, name) = Mailbox::rule(cx, i)?;
        Ok((i, names(NonEmpty::one(name))))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        let (word, names): (&[u8], _) = match self {
            Self::Selected => return encoder.put(b"selected"),
            Self::SelectedDelayed => return encoder.put(b"selected-delayed"),
            Self::Inboxes => return encoder.put(b"inboxes"),
            Self::Personal => return encoder.put(b"personal"),
            Self::Subscribed => return encoder.put(b"subscribed"),
            Self::Other(name) => return name.encode(encoder),
            Self::Subtree(names) => (b"subtree ", names),
            Self::SubtreeOne(names) => (b"subtree-one ", names),
            Self::Mailboxes(names) => (b"mailboxes ", names),
        };
        encoder.put(word);
        match &names[..] {
            [name] => name.encode(encoder),
            names => encoder.list(names, |encoder, name| name.encode(encoder)),
        }
    }

    /// Any filter, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Selected),
            Just(Self::SelectedDelayed),
            Just(Self::Inboxes),
            Just(Self::Personal),
            Just(Self::Subscribed),
            NonEmpty::strategy(Mailbox::strategy(), 3).prop_map(Self::Subtree),
            NonEmpty::strategy(Mailbox::strategy(), 3).prop_map(Self::SubtreeOne),
            NonEmpty::strategy(Mailbox::strategy(), 3).prop_map(Self::Mailboxes),
            "x-[a-z]{1,5}".prop_map(|name| Self::Other(Atom::known(name.into()))),
        ]
    }
}

macro_rules! event_names {
    ($($(#[$doc:meta])* $id:ident = $name:literal,)*) => {
        /// `event-name` (RFC 5465 section 8): the name of a [`NotifyEvent`], as the BADEVENT code has it.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EventName {
            $($(#[$doc])* $id,)*
            /// Another event.
            Other(Atom),
        }

        impl EventName {
            /// The names.
            pub const KEYWORDS: &'static [&'static str] = &[$($name),*];

            /// The name.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                match self {
                    $(Self::$id => $name.as_bytes(),)*
                    Self::Other(name) => name.as_bytes(),
                }
            }

            /// ```text
            /// resp-text-code =/ "BADEVENT" SP "(" event-name *(SP event-name) ")"
            /// event-name     = "MessageNew" / "MessageExpunge" / "FlagChange" / ... / atom
            /// ```
            /// Never with `]`, which could end the code.
            pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
                let (rest, word) = syntax::atom(i)?;
                let name = match word {
                    $(_ if word.eq_ignore_ascii_case($name.as_bytes()) => Self::$id,)*
                    _ => Self::Other(Atom::known(cx.keep(word))),
                };
                Ok((rest, name))
            }

            /// A copy of exact size, which does not keep the receive buffer alive.
            #[must_use]
            pub fn detach(&self) -> Self {
                match self {
                    Self::Other(name) => Self::Other(name.detach()),
                    known => known.clone(),
                }
            }

            /// Writes it.
            pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
                encoder.put(self.as_bytes());
            }

            /// Any name, for property tests.
            #[cfg(any(test, feature = "proptest"))]
            pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
                use proptest::prelude::*;
                prop_oneof![
                    $(Just(Self::$id),)*
                    "X[A-Za-z]{1,12}".prop_map(|name| Self::Other(Atom::known(name.into()))),
                ]
            }
        }
    };
}
event_names! {
    /// `MessageNew`
    MessageNew = "MessageNew",
    /// `MessageExpunge`
    MessageExpunge = "MessageExpunge",
    /// `FlagChange`
    FlagChange = "FlagChange",
    /// `AnnotationChange`
    AnnotationChange = "AnnotationChange",
    /// `MailboxName`
    MailboxName = "MailboxName",
    /// `SubscriptionChange`
    SubscriptionChange = "SubscriptionChange",
    /// `MailboxMetadataChange`
    MailboxMetadataChange = "MailboxMetadataChange",
    /// `ServerMetadataChange`
    ServerMetadataChange = "ServerMetadataChange",
}

/// `event` (RFC 5465 section 5): of what the server tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotifyEvent {
    /// `MessageNew`: a message came. With items, these are fetched of it; only for the selected mailbox.
    MessageNew(Option<NonEmpty<FetchItem>>),
    /// `MessageExpunge`: a message was expunged.
    MessageExpunge,
    /// `FlagChange`: flags were changed.
    FlagChange,
    /// `AnnotationChange`: annotations of a message were changed.
    AnnotationChange,
    /// `MailboxName`: a mailbox was created, deleted or renamed.
    MailboxName,
    /// `SubscriptionChange`: a mailbox was subscribed to or not any longer.
    SubscriptionChange,
    /// `MailboxMetadataChange`: metadata of a mailbox was changed.
    MailboxMetadataChange,
    /// `ServerMetadataChange`: metadata of the server was changed.
    ServerMetadataChange,
    /// Another event.
    Other(Atom),
}

impl NotifyEvent {
    /// The names of the events.
    pub const KEYWORDS: &'static [&'static str] = &[
        "MessageNew",
        "MessageExpunge",
        "FlagChange",
        "AnnotationChange",
        "MailboxName",
        "SubscriptionChange",
        "MailboxMetadataChange",
        "ServerMetadataChange",
    ];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::MessageNew(items) => Self::MessageNew(items.as_ref().map(detach_items)),
            Self::Other(name) => Self::Other(name.detach()),
            other => other.clone(),
        }
    }

    /// ```text
    /// event           = message-event / mailbox-event / user-event / event-ext
    /// message-event   = ( "MessageNew" [SP "(" fetch-att *(SP fetch-att) ")" ] ) / "MessageExpunge" / "FlagChange" /
    ///                   "AnnotationChange"
    /// mailbox-event   = "MailboxName" / "SubscriptionChange" / "MailboxMetadataChange"
    /// user-event      = "ServerMetadataChange"
    /// event-ext       = atom
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const MESSAGE_NEW: u128 = key_of("MessageNew");
        const MESSAGE_EXPUNGE: u128 = key_of("MessageExpunge");
        const FLAG_CHANGE: u128 = key_of("FlagChange");
        const ANNOTATION_CHANGE: u128 = key_of("AnnotationChange");
        const MAILBOX_NAME: u128 = key_of("MailboxName");
        let (rest, word) = syntax::loose_atom(cx, i, expected::EVENT)?;
        let event = match wire::keyword::key(word) {
            MESSAGE_NEW => {
                if rest.get(blanks(rest)) != Some(&b'(') {
                    return Ok((rest, Self::MessageNew(None)));
                }
                let (i, ()) = sp_or_none(cx, rest)?;
                let (i, items) = NonEmpty::list(cx, i, FetchItem::rule)?;
                return Ok((i, Self::MessageNew(Some(items))));
            }
            MESSAGE_EXPUNGE => Self::MessageExpunge,
            FLAG_CHANGE => Self::FlagChange,
            ANNOTATION_CHANGE => Self::AnnotationChange,
            MAILBOX_NAME => Self::MailboxName,
            // longer than keys are
            _ if word.eq_ignore_ascii_case(b"SubscriptionChange") => Self::SubscriptionChange,
            _ if word.eq_ignore_ascii_case(b"MailboxMetadataChange") => Self::MailboxMetadataChange,
            _ if word.eq_ignore_ascii_case(b"ServerMetadataChange") => Self::ServerMetadataChange,
            _ => Self::Other(Atom::known(cx.keep(word))),
        };
        Ok((rest, event))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(match self {
            Self::MessageNew(items) => {
                encoder.put(b"MessageNew");
                if let Some(items) = items {
                    encoder.sp();
                    items.encode_list(encoder, |encoder, item| item.encode(encoder));
                }
                return;
            }
            Self::MessageExpunge => b"MessageExpunge",
            Self::FlagChange => b"FlagChange",
            Self::AnnotationChange => b"AnnotationChange",
            Self::MailboxName => b"MailboxName",
            Self::SubscriptionChange => b"SubscriptionChange",
            Self::MailboxMetadataChange => b"MailboxMetadataChange",
            Self::ServerMetadataChange => b"ServerMetadataChange",
            Self::Other(name) => return name.encode(encoder),
        });
    }

    /// Any event, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            proptest::option::of(NonEmpty::strategy(FetchItem::strategy(), 3)).prop_map(Self::MessageNew),
            Just(Self::MessageExpunge),
            Just(Self::FlagChange),
            Just(Self::AnnotationChange),
            Just(Self::MailboxName),
            Just(Self::SubscriptionChange),
            Just(Self::MailboxMetadataChange),
            Just(Self::ServerMetadataChange),
            "X[A-Za-z]{1,12}".prop_map(|name| Self::Other(Atom::known(name.into()))),
        ]
    }
}

/// `event-group` (RFC 5465 section 8): for some mailboxes, of what the server tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventGroup {
    /// The mailboxes. Where several groups name one, the first holds.
    pub mailboxes: MailboxFilter,
    /// The events; empty: of nothing (`NONE`).
    pub events: Vec<NotifyEvent>,
}

impl EventGroup {
    /// Checks what belongs together: MessageNew and MessageExpunge, and FlagChange and AnnotationChange only with them (RFC 5465
    /// section 5).
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: something is missing, or items are to be fetched of messages that are not in the selected mailbox.
    pub fn new(mailboxes: MailboxFilter, events: impl Into<Vec<NotifyEvent>>) -> Result<Self, Misuse> {
        let events = events.into();
        let has = |wanted: fn(&NotifyEvent) -> bool| events.iter().any(wanted);
        let new = has(|event| matches!(event, NotifyEvent::MessageNew(_)));
        let gone = has(|event| *event == NotifyEvent::MessageExpunge);
        let changed = has(|event| matches!(event, NotifyEvent::FlagChange | NotifyEvent::AnnotationChange));
        let fetched = has(|event| matches!(event, NotifyEvent::MessageNew(Some(_))));
        let selected = matches!(mailboxes, MailboxFilter::Selected | MailboxFilter::SelectedDelayed);
        if new != gone || changed && !new || fetched && !selected {
            return Err(Misuse::Invalid("events"));
        }
        Ok(Self { mailboxes, events })
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            mailboxes: self.mailboxes.detach(),
            events: self.events.iter().map(NotifyEvent::detach).collect(),
        }
    }

    /// ```text
    /// event-group     = "(" filter-mailboxes SP events ")"
    /// events          = ( "(" event *(SP event) ")" ) / "NONE"
    /// ```
    ///
    /// The examples of RFC 5465 have no parentheses around several events.
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::octet(i, b'(', expected::OPEN)?;
        let (i, mailboxes) = MailboxFilter::rule(cx, no_sp(cx, i))?;
        let (i, ()) = if i.first() == Some(&b'(') { sp_or_none(cx, i)? } else { sp(cx, i)? };
        let none = syntax::after(i, b"NONE").filter(|rest| matches!(rest.get(blanks(rest)), Some(b')')));
        let (i, events) = match (i.first(), none) {
            (_, Some(rest)) => (rest, Vec::new()),
            (Some(b'('), _) => syntax::list1(cx, i, NotifyEvent::rule)?,
            _ => Self::bare(cx, i)?,
        };
        let (i, ()) = syntax::octet(no_sp(cx, i), b')', expected::CLOSE)?;
        Ok((i, Self { mailboxes, events }))
    }

    /// Events without parentheses.
    #[cold]
    fn bare<'i>(cx: &Context<'_>, mut i: &'i [u8]) -> Parsed<'i, Vec<NotifyEvent>> {
        if !cx.tolerates(Tolerance::Default, rule::MISSING_PARENTHESES, &i[..0]) {
            return fail(i, expected::OPEN);
        }
        let mut events = Vec::new();
        loop {
            if events.len() >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            let (rest, event) = NotifyEvent::rule(cx, i)?;
            events.push(event);
            match rest.get(blanks(rest)) {
                Some(b')') | None => return Ok((rest, events)),
                _ => i = sp(cx, rest)?.0,
            }
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"(");
        self.mailboxes.encode(encoder);
        encoder.sp();
        if self.events.is_empty() {
            encoder.put(b"NONE");
        } else {
            encoder.list(&self.events, |encoder, event| event.encode(encoder));
        }
        encoder.put(b")");
    }
}

/// The arguments of NOTIFY (RFC 5465 section 3).
///
/// ```
/// use imap_proto::{EventGroup, MailboxFilter, NonEmpty, Notify, NotifyEvent};
///
/// let events = [NotifyEvent::MessageNew(None), NotifyEvent::MessageExpunge];
/// let notify = Notify::Set { status: true, groups: NonEmpty::one(EventGroup::new(MailboxFilter::Personal, events)?) };
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Notify {
    /// `SET`: tell of these events from now on, and of no others.
    Set {
        /// `STATUS`: tell of the status of all these mailboxes first.
        status: bool,
        /// The events.
        groups: NonEmpty<EventGroup>,
    },
    /// `NONE`: tell of nothing, not even of the selected mailbox.
    None,
}

impl Notify {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Set { status, groups } => Self::Set {
                status: *status,
                groups: NonEmpty::known(groups.iter().map(EventGroup::detach).collect()),
            },
            Self::None => Self::None,
        }
    }

    /// ```text
    /// notify          = "NOTIFY" SP (notify-set / notify-none)
    /// notify-set      = "SET" [SP "STATUS"] SP event-groups
    /// notify-none     = "NONE"
    /// event-groups    = event-group *(SP event-group)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const NONE: u128 = key_of("NONE");
        const SET: u128 = key_of("SET");
        const STATUS: u128 = key_of("STATUS");
        let (i, ()) = sp(cx, i)?;
        let (mut rest, (key, _)) = syntax::keyword(i, expected::ARGUMENT)?;
        match key {
            NONE => return Ok((rest, Self::None)),
            SET => {}
            _ => return fail(i, expected::ARGUMENT),
        }
        let mut status = false;
        if let Ok((behind, (STATUS, _))) = syntax::keyword(&rest[blanks(rest)..], expected::ARGUMENT) {
            sp(cx, rest)?;
            status = true;
            rest = behind;
        }
        let mut groups = Vec::new();
        loop {
            let (i, ()) = if rest.first() == Some(&b'(') { sp_or_none(cx, rest)? } else { sp(cx, rest)? };
            if groups.len() >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            let (i, group) = EventGroup::rule(cx, i)?;
            groups.push(group);
            let len = blanks(i);
            if len == i.len() || len == 0 && i[0] != b'(' {
                return Ok((i, Self::Set { status, groups: NonEmpty::known(groups) }));
            }
            rest = i;
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::None => encoder.put(b" NONE"),
            Self::Set { status, groups } => {
                encoder.put(if *status { b" SET STATUS " } else { b" SET " });
                encoder.words(groups, |encoder, group| group.encode(encoder));
            }
        }
    }

    /// Any NOTIFY, also with events that do not belong together, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let group = (MailboxFilter::strategy(), proptest::collection::vec(NotifyEvent::strategy(), 0..4))
            .prop_map(|(mailboxes, events)| EventGroup { mailboxes, events });
        prop_oneof![
            1 => Just(Self::None),
            8 => (any::<bool>(), NonEmpty::strategy(group, 3))
                .prop_map(|(status, groups)| Self::Set { status, groups }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn commands() {
        use NotifyEvent as E;
        let names = |names: &[&'static str]| {
            NonEmpty::new(names.iter().map(|&name| Mailbox::new(name).unwrap()).collect::<Vec<_>>()).unwrap()
        };
        let group = |mailboxes, events: &[E]| EventGroup { mailboxes, events: events.to_vec() };
        let set =
            |status, groups: Vec<EventGroup>| Notify::Set { status, groups: NonEmpty::new(groups).unwrap() };
        let new = || E::MessageNew(None);
        let flags = E::MessageNew(Some(NonEmpty::new([FetchItem::Uid, FetchItem::Flags]).unwrap()));
        let inbox = set(
            false,
            [
                group(MailboxFilter::Mailboxes(names(&["INBOX"])), &[new(), E::MessageExpunge]),
                group(MailboxFilter::Personal, &[E::SubscriptionChange]),
            ]
            .into(),
        );
        let selected = set(
            true,
            [
                group(MailboxFilter::Selected, &[flags, E::MessageExpunge]),
                group(MailboxFilter::Subtree(names(&["Lists"])), &[new()]),
            ]
            .into(),
        );
        let every = set(
            false,
            [
                group(
                    MailboxFilter::SelectedDelayed,
                    &[new(), E::MessageExpunge, E::FlagChange, E::AnnotationChange],
                ),
                group(
                    MailboxFilter::Inboxes,
                    &[E::MailboxName, E::MailboxMetadataChange, E::ServerMetadataChange],
                ),
                group(MailboxFilter::Subscribed, &[]),
                group(
                    MailboxFilter::Mailboxes(names(&["a", "b c"])),
                    &[E::Other(Atom::new("XNew").unwrap())],
                ),
                group(MailboxFilter::Other(Atom::new("x-shared").unwrap()), &[]),
            ]
            .into(),
        );
        check(
            Notify::rule,
            |notify, encoder| notify.encode(encoder),
            &[
                Row::Good(b" NONE", Notify::None),
                Row::Good(
                    b" SET (mailboxes INBOX (MessageNew MessageExpunge)) (personal (SubscriptionChange))",
                    inbox.clone(),
                ),
                Row::Other(
                    b" set (mailboxes (inbox) (Messagenew messageExpunge)) (PERSONAL (SubscriptionChange))",
                    inbox,
                ),
                Row::Good(
                    b" SET STATUS (selected (MessageNew (UID FLAGS) MessageExpunge)) (subtree Lists (MessageNew))",
                    selected.clone(),
                ),
                Row::Good(
                    b" SET (selected-delayed (MessageNew MessageExpunge FlagChange AnnotationChange)) (inboxes (MailboxName MailboxMetadataChange ServerMetadataChange)) (subscribed NONE) (mailboxes (a \"b c\") (XNew)) (x-shared NONE)",
                    every,
                ),
                // the examples of the RFC
                Row::Tolerated(
                    b" set status (selected MessageNew (uid flags) MessageExpunge) (subtree Lists MessageNew)",
                    87,
                    selected.clone(),
                ),
                Row::Tolerated(
                    b"  SET  STATUS( selected(MessageNew(UID FLAGS)  MessageExpunge ) )(subtree Lists (MessageNew))",
                    93,
                    selected,
                ),
                Row::Bad(b" SET", 4),
                Row::Bad(b" SET ()", 6),
                Row::Bad(b" SET (selected)", 14),
                Row::Bad(b" SET (subtree (MessageNew))", 26),
                Row::Bad(b" SET (selected (MessageNew)", 27),
                Row::Bad(b" ALL", 1),
                Row::Bad(b"", 0),
            ],
        );
    }

    #[test]
    fn events_that_do_not_belong_together() {
        use NotifyEvent as E;
        let of = |mailboxes, events: &[E]| EventGroup::new(mailboxes, events.to_vec()).is_ok();
        let fetch = || E::MessageNew(Some(NonEmpty::one(FetchItem::Uid)));
        assert!(of(MailboxFilter::Personal, &[]));
        assert!(of(MailboxFilter::Personal, &[E::MailboxName]));
        assert!(of(MailboxFilter::Selected, &[fetch(), E::MessageExpunge, E::FlagChange]));
        assert!(!of(MailboxFilter::Personal, &[fetch(), E::MessageExpunge]));
        assert!(!of(MailboxFilter::Personal, &[E::MessageNew(None)]));
        assert!(!of(MailboxFilter::Personal, &[E::FlagChange]));
    }

    proptest! {
        #[test]
        fn round_trips(notify in Notify::strategy()) {
            round_trip(&notify, Notify::rule, Notify::encode);
        }
    }
}
