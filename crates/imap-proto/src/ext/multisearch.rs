//! MULTISEARCH (RFC 7377).

use super::MailboxFilter;
use crate::core::syntax::{self, blanks, expected, no_sp, sp, sp_or_none};
use crate::core::{Context, Encoder, NonEmpty, Parameter};
use crate::search::{
    Charset, ReturnOption, ReturnOptions, SearchKey, detach_keys, encode_program, needed_charset, program,
};
use alloc::vec::Vec;
use wire::ParseErrorKind;
use wire::parse::{Failure, Parsed, fail};

/// The arguments of ESEARCH and UID ESEARCH (RFC 7377 section 2): a search in several mailboxes. Its response is
/// [`Esearch`](crate::Esearch), one for each mailbox that has results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EsearchCommand {
    /// `IN ( ... )`: where; without it, in the selected mailbox.
    pub source: Option<EsearchSource>,
    /// `RETURN ( ... )`; without it, `ALL`.
    pub return_options: Option<ReturnOptions>,
    /// In which character set the strings are.
    pub charset: Option<Charset>,
    /// What messages must match, all of it.
    pub keys: NonEmpty<SearchKey>,
}

/// `esearch-source-opts` (RFC 7377 section 2.2)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EsearchSource {
    /// Which mailboxes.
    pub mailboxes: NonEmpty<MailboxFilter>,
    /// Options, of which none is defined.
    pub options: Vec<Parameter>,
}

impl EsearchCommand {
    /// For messages that match the key in these mailboxes, in UTF-8 if a string is not in ASCII.
    #[must_use]
    pub fn new(mailboxes: NonEmpty<MailboxFilter>, key: SearchKey) -> Self {
        let keys = match key {
            SearchKey::And(keys) => keys,
            key => NonEmpty::one(key),
        };
        let source = Some(EsearchSource { mailboxes, options: Vec::new() });
        Self { source, return_options: None, charset: needed_charset(&keys), keys }
    }

    /// Asks for the answer in this form.
    #[must_use]
    pub fn returning(mut self, options: impl Into<Vec<ReturnOption>>) -> Self {
        self.return_options = Some(options.into().into());
        self
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            source: self.source.as_ref().map(|source| EsearchSource {
                mailboxes: NonEmpty::known(source.mailboxes.iter().map(MailboxFilter::detach).collect()),
                options: source.options.iter().map(Parameter::detach).collect(),
            }),
            return_options: self.return_options.as_ref().map(ReturnOptions::detach),
            charset: self.charset.as_ref().map(Charset::detach),
            keys: detach_keys(&self.keys),
        }
    }

    /// `esearch =  "ESEARCH" [SP esearch-source-opts] [SP search-return-opts] SP search-program`
    ///
    /// The `SP` before `search-return-opts` is one too many, since these have their own.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let word = &i[blanks(i)..];
        let (i, source) = match syntax::after(word, b"IN") {
            Some(rest) if matches!(rest.first(), Some(b' ' | b'\t' | b'(')) => {
                sp(cx, i)?;
                let (i, ()) = if rest[0] == b'(' { sp_or_none(cx, rest)? } else { sp(cx, rest)? };
                let (i, source) = EsearchSource::rule(cx, i)?;
                (i, Some(source))
            }
            _ => (i, None),
        };
        let (i, return_options) = ReturnOptions::optional(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, (charset, keys)) = program(cx, i)?;
        Ok((i, Self { source, return_options, charset, keys }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if let Some(source) = &self.source {
            encoder.put(b" IN ");
            source.encode(encoder);
        }
        if let Some(options) = &self.return_options {
            options.encode(encoder);
        }
        encode_program(self.charset.as_ref(), &self.keys, encoder);
    }

    /// Any ESEARCH without unknown search keys, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let source = (
            NonEmpty::strategy(MailboxFilter::strategy(), 3),
            proptest::collection::vec(Parameter::strategy(), 0..2),
        )
            .prop_map(|(mailboxes, options)| EsearchSource { mailboxes, options });
        (
            proptest::option::of(source),
            proptest::option::of(ReturnOptions::strategy()),
            proptest::option::of(Charset::strategy()),
            NonEmpty::strategy(SearchKey::strategy(), 3),
        )
            .prop_map(|(source, return_options, charset, keys)| Self {
                source,
                return_options,
                charset,
                keys,
            })
    }
}

impl EsearchSource {
    /// ```text
    /// esearch-source-opts =  "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")"
    /// source-mbox =  filter-mailboxes *(SP filter-mailboxes)
    /// scope-options =  scope-option *(SP scope-option)
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::octet(i, b'(', expected::OPEN)?;
        let mut i = no_sp(cx, i);
        let mut mailboxes = Vec::new();
        let mut options = Vec::new();
        loop {
            if mailboxes.len() >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            let (rest, filter) = MailboxFilter::rule(cx, i)?;
            mailboxes.push(filter);
            i = rest;
            let next = &i[blanks(i)..];
            match next.first() {
                None => return fail(next, expected::CLOSE),
                Some(b')') => break,
                Some(b'(') => {
                    let (rest, ()) = sp_or_none(cx, i)?;
                    let (rest, list) = syntax::list1(cx, rest, Parameter::rule)?;
                    options = list;
                    i = rest;
                    break;
                }
                Some(_) => i = sp(cx, i)?.0,
            }
        }
        let (i, ()) = syntax::octet(no_sp(cx, i), b')', expected::CLOSE)?;
        Ok((i, Self { mailboxes: NonEmpty::known(mailboxes), options }))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"(");
        encoder.words(&self.mailboxes, |encoder, filter| filter.encode(encoder));
        if !self.options.is_empty() {
            encoder.sp();
            encoder.list(&self.options, |encoder, option| option.encode(encoder));
        }
        encoder.put(b")");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Mailbox;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn commands() {
        let mailbox = |name: &'static str| NonEmpty::one(Mailbox::new(name).unwrap());
        let two = NonEmpty::new([
            MailboxFilter::Mailboxes(mailbox("folder1")),
            MailboxFilter::SubtreeOne(mailbox("folder2")),
        ]);
        let two = EsearchCommand::new(two.unwrap(), SearchKey::subject("chad").unwrap());
        let selected = EsearchCommand {
            source: None,
            ..EsearchCommand::new(NonEmpty::one(MailboxFilter::Selected), SearchKey::Seen)
        };
        let option = Parameter { name: crate::Atom::new("X-A").unwrap(), value: None };
        let source = EsearchSource {
            mailboxes: NonEmpty::new([MailboxFilter::Personal, MailboxFilter::Selected]).unwrap(),
            options: alloc::vec![option],
        };
        check(
            EsearchCommand::rule,
            |command, encoder| command.encode(encoder),
            &[
                Row::Good(b" IN (mailboxes folder1 subtree-one folder2) SUBJECT chad", two.clone()),
                Row::Other(
                    b" IN (mailboxes \"folder1\" subtree-one (\"folder2\")) subject \"chad\"",
                    two.clone(),
                ),
                Row::Good(
                    b" IN (mailboxes folder1 subtree-one folder2) RETURN (COUNT) SUBJECT chad",
                    two.clone().returning([ReturnOption::Count]),
                ),
                Row::Good(b" SEEN", selected.clone()),
                Row::Good(
                    b" IN (personal selected (X-A)) RETURN (ALL) CHARSET UTF-8 SEEN",
                    EsearchCommand {
                        source: Some(source),
                        charset: Some(Charset::UTF_8),
                        ..selected.returning([])
                    },
                ),
                Row::Tolerated(b"  IN( mailboxes  folder1 subtree-one folder2 )  SUBJECT chad", 60, two),
                Row::Bad(b" IN () SEEN", 5),
                Row::Bad(b" IN (mailboxes) SEEN", 14),
                Row::Bad(b" IN (personal", 13),
                Row::Bad(b" IN (personal)", 14),
            ],
        );
    }

    proptest! {
        #[test]
        fn round_trips(command in EsearchCommand::strategy()) {
            round_trip(&command, EsearchCommand::rule, EsearchCommand::encode);
        }
    }
}
