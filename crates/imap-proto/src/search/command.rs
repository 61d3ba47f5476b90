//! SEARCH and UID SEARCH.

use super::{Charset, ReturnOption, ReturnOptions, SearchKey};
use crate::core::syntax::{self, sp};
use crate::core::{Context, Encoder, NonEmpty};
use wire::parse::Parsed;

/// The arguments of SEARCH and UID SEARCH (RFC 9051 section 6.4.4).
///
/// ```
/// use imap_proto::{ReturnOption, SearchCommand, SearchKey};
///
/// let search = SearchCommand::new(SearchKey::Unseen.and(SearchKey::subject("Gr\u{fc}\u{df}e")?))
///     .returning([ReturnOption::Min, ReturnOption::Count])
///     .with_charset_if_needed();
/// assert!(search.charset.is_some());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchCommand {
    /// `RETURN ( ... )`. With it, the answer is ESEARCH; without it, in IMAP4rev1, SEARCH.
    pub return_options: Option<ReturnOptions>,
    /// In which character set the strings are. Without it, US-ASCII in IMAP4rev1, UTF-8 in IMAP4rev2.
    pub charset: Option<Charset>,
    /// What messages must match, all of it.
    pub keys: NonEmpty<SearchKey>,
}

impl SearchCommand {
    /// For messages that match the key.
    #[must_use]
    pub fn new(key: SearchKey) -> Self {
        let keys = match key {
            SearchKey::And(keys) => keys,
            key => NonEmpty::one(key),
        };
        Self { return_options: None, charset: None, keys }
    }

    /// Asks for the answer in this form.
    #[must_use]
    pub fn returning(mut self, options: impl Into<alloc::vec::Vec<ReturnOption>>) -> Self {
        self.return_options = Some(options.into().into());
        self
    }

    /// Names UTF-8 if a string is not in ASCII, else nothing: some servers refuse even `US-ASCII`.
    #[must_use]
    pub fn with_charset_if_needed(mut self) -> Self {
        self.charset = needed_charset(&self.keys);
        self
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            return_options: self.return_options.as_ref().map(ReturnOptions::detach),
            charset: self.charset.as_ref().map(Charset::detach),
            keys: detach(&self.keys),
        }
    }

    /// ```text
    /// search          = "SEARCH" [search-return-opts] SP search-program
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, return_options) = ReturnOptions::optional(cx, i)?;
        let (i, ()) = if return_options.is_some() { syntax::sp_or_none(cx, i)? } else { sp(cx, i)? };
        let (i, (charset, keys)) = program(cx, i)?;
        Ok((i, Self { return_options, charset, keys }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if let Some(options) = &self.return_options {
            options.encode(encoder);
        }
        encode_program(self.charset.as_ref(), &self.keys, encoder);
    }

    /// Any search without unknown keys, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (
            proptest::option::of(ReturnOptions::strategy()),
            proptest::option::of(Charset::strategy()),
            NonEmpty::strategy(SearchKey::strategy(), 4),
        )
            .prop_map(|(return_options, charset, keys)| Self { return_options, charset, keys })
    }
}

/// UTF-8 if a string is not in ASCII.
pub(crate) fn needed_charset(keys: &[SearchKey]) -> Option<Charset> {
    (!keys.iter().all(SearchKey::is_ascii)).then_some(Charset::UTF_8)
}

/// Copies of exact size.
pub(crate) fn detach(keys: &NonEmpty<SearchKey>) -> NonEmpty<SearchKey> {
    NonEmpty::known(keys.iter().map(SearchKey::detach).collect())
}

/// ```text
/// search-program     = ["CHARSET" SP charset SP] search-key *(SP search-key)
/// ```
pub(crate) fn program<'i>(
    cx: &Context<'_>,
    i: &'i [u8],
) -> Parsed<'i, (Option<Charset>, NonEmpty<SearchKey>)> {
    let charset = syntax::after(i, b"CHARSET").filter(|rest| matches!(rest.first(), Some(b' ' | b'\t')));
    let (i, charset) = match charset {
        Some(rest) => {
            let (i, ()) = sp(cx, rest)?;
            let (i, charset) = Charset::rule(cx, i)?;
            (sp(cx, i)?.0, Some(charset))
        }
        None => (i, None),
    };
    let (i, keys) = SearchKey::keys(cx, i)?;
    Ok((i, (charset, keys)))
}

/// `SP search-program`
pub(crate) fn encode_program(charset: Option<&Charset>, keys: &[SearchKey], encoder: &mut Encoder<'_>) {
    if let Some(charset) = charset {
        encoder.put(b" CHARSET ");
        charset.encode(encoder);
    }
    for key in keys {
        encoder.sp();
        key.encode(encoder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, encoded, round_trip};
    use crate::core::{Date, SequenceSet};
    use bytes::Bytes;
    use proptest::prelude::*;
    use wire::Tolerance;

    #[test]
    fn commands() {
        use SearchKey as K;
        let since = K::Since(Date::new(1994, 2, 1).unwrap());
        let smith = K::from("Smith").unwrap();
        let all = K::Flagged.and(since).and(smith.not());
        let or = K::saved().or(K::sequence(SequenceSet::parse(b"1,3000:3021").unwrap()));
        let text = K::text(&b"\xd0\xbf\xd1\x80"[..]).unwrap();
        let charset = SearchCommand {
            charset: Some(Charset::UTF_8),
            return_options: Some([ReturnOption::Save].into()),
            keys: NonEmpty::new([K::And(NonEmpty::one(or)), text]).unwrap(),
        };
        check(
            SearchCommand::rule,
            |search, encoder| search.encode(encoder),
            &[
                Row::Good(b" FLAGGED SINCE 1-Feb-1994 NOT FROM Smith", SearchCommand::new(all.clone())),
                Row::Other(
                    b" RETURN (MIN COUNT) FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
                    SearchCommand::new(all).returning([ReturnOption::Min, ReturnOption::Count]),
                ),
                Row::Other(b" RETURN () ALL", SearchCommand::new(K::All).returning([])),
                Row::Good(b" $ SMALLER 4096", SearchCommand::new(K::saved().and(K::Smaller(4096.into())))),
                Row::Good(
                    b" RETURN (SAVE) CHARSET UTF-8 (OR $ 1,3000:3021) TEXT {4}\r\n\xd0\xbf\xd1\x80",
                    charset.clone(),
                ),
                Row::Tolerated(
                    b" RETURN (SAVE)  CHARSET UTF-8 (OR $ 1,3000:3021)TEXT {4}\r\n\xd0\xbf\xd1\x80",
                    48,
                    SearchCommand {
                        keys: NonEmpty::new([charset.keys[0].clone()]).unwrap(),
                        ..charset.clone()
                    },
                ),
                Row::Bad(b"", 0),
                Row::Bad(b" ", 1),
                Row::Bad(b" RETURN (ALL)", 13),
                Row::Bad(b" CHARSET UTF-8", 14),
                Row::Bad(b" SEEN OR DRAFT", 14),
            ],
        );
    }

    #[test]
    fn what_is_not_known_is_written_as_it_was() {
        for line in [
            &b" RETURN (X-A (\"b\" c)) SEEN X-B {3}\r\n)\r\n SEEN (x)"[..],
            b" NOT (X-B a \"b c\") OR X-C 1 2",
            b" X-A",
        ] {
            let frame = Bytes::from_static(line);
            let cx = Context::new(&frame, Tolerance::Strict);
            let (rest, search) = SearchCommand::rule(&cx, &frame).unwrap();
            assert!(rest.is_empty(), "{}", rest.escape_ascii());
            assert_eq!(encoded(&search, SearchCommand::encode), frame);
        }
    }

    proptest! {
        #[test]
        fn round_trips(search in SearchCommand::strategy()) {
            round_trip(&search, SearchCommand::rule, SearchCommand::encode);
        }
    }
}
