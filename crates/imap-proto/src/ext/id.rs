//! ID (RFC 2971): who the client and the server are.

use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder, IString};
use crate::rule;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// The argument of ID and the content of the ID response (RFC 2971 section 3): fields and their values.
///
/// ```
/// use imap_proto::{IString, Id};
///
/// let id = Id::new([(IString::new("name")?, Some(IString::new("sodr")?))])?;
/// assert_eq!(id.get("NAME"), Some(&IString::new("sodr")?));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Id {
    fields: Vec<(IString, Option<IString>)>,
}

impl Id {
    /// The most fields (RFC 2971 section 3.3).
    pub const MAX_FIELDS: usize = 30;
    /// The longest name of a field, in octets.
    pub const MAX_NAME: usize = 30;
    /// The longest value, in octets.
    pub const MAX_VALUE: usize = 1024;
    /// The names of fields that RFC 2971 defines.
    pub const KEYWORDS: &'static [&'static str] = &[
        "name",
        "version",
        "os",
        "os-version",
        "vendor",
        "support-url",
        "address",
        "date",
        "command",
        "arguments",
        "environment",
    ];

    /// Nothing: `NIL`.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { fields: Vec::new() }
    }

    /// Takes over fields and their values.
    ///
    /// # Errors
    /// [`Misuse::TooLong`]: more fields, a longer name or a longer value than the RFC allows.
    pub fn new(fields: impl IntoIterator<Item = (IString, Option<IString>)>) -> Result<Self, Misuse> {
        let fields: Vec<_> = fields.into_iter().collect();
        if fields.len() > Self::MAX_FIELDS {
            return Err(Misuse::TooLong { limit: Self::MAX_FIELDS });
        }
        match fields.iter().find_map(Self::over_limit) {
            Some(limit) => Err(Misuse::TooLong { limit }),
            None => Ok(Self { fields }),
        }
    }

    fn over_limit((name, value): &(IString, Option<IString>)) -> Option<usize> {
        if name.as_bytes().len() > Self::MAX_NAME {
            return Some(Self::MAX_NAME);
        }
        let len = value.as_ref().map_or(0, |value| value.as_bytes().len());
        (len > Self::MAX_VALUE).then_some(Self::MAX_VALUE)
    }

    /// All fields, in their order.
    #[must_use]
    pub fn fields(&self) -> &[(IString, Option<IString>)] {
        &self.fields
    }

    /// The value of a field, its name in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&IString> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_case(name))?.1.as_ref()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let detach =
            |(name, value): &(IString, Option<IString>)| (name.detach(), value.as_ref().map(IString::detach));
        Self { fields: self.fields.iter().map(detach).collect() }
    }

    /// ```text
    /// id             ::= "ID" SPACE id_params_list
    /// id_response    ::= "ID" SPACE id_params_list
    /// id_params_list ::= "(" #(string SPACE nstring) ")" / nil
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        if let Some(rest) = syntax::nil(i) {
            return Ok((rest, Self::nothing()));
        }
        let (rest, fields) = syntax::list(cx, i, Self::field)?;
        let fields: Vec<_> = fields.into_iter().flatten().collect();
        if fields.len() > Self::MAX_FIELDS {
            let raw = &i[..i.len() - rest.len()];
            if !cx.tolerates(Tolerance::Default, rule::OVER_LIMIT, raw) {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
        }
        Ok((rest, Self { fields }))
    }

    fn field<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<(IString, Option<IString>)>> {
        let (rest, name) = match syntax::nil(i) {
            // a field without a name is none
            Some(rest) if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) => (rest, None),
            _ => syntax::string(cx, i).map(|(rest, name)| (rest, Some(name)))?,
        };
        if rest.get(syntax::blanks(rest)) == Some(&b')')
            && cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &rest[..0])
        {
            return Ok((rest, name.map(|name| (name, None))));
        }
        let (rest, ()) = syntax::sp_or_none(cx, rest)?;
        let (rest, value) = syntax::nstring(cx, rest)?;
        let field = name.map(|name| (name, value));
        if field.as_ref().is_some_and(|field| Self::over_limit(field).is_some())
            && !cx.tolerates(Tolerance::Default, rule::OVER_LIMIT, &i[..i.len() - rest.len()])
        {
            return Err(Failure::at(i, expected::STRING, ParseErrorKind::TooLong));
        }
        Ok((rest, field))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        if self.fields.is_empty() && encoder.options().id_nil {
            return encoder.put(b"NIL");
        }
        encoder.list(&self.fields, |encoder, (name, value)| {
            encoder.string(name);
            encoder.sp();
            encoder.nstring(value.as_ref());
        });
    }

    /// Any fields, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let name = "[a-z-]{1,30}".prop_map(|name| IString::known(name.into()));
        let field = (name, proptest::option::of(IString::strategy()));
        proptest::collection::vec(field, 0..5).prop_map(|fields| Self { fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn fields() {
        let text = |text: &'static str| IString::new(text).unwrap();
        let id = |fields: &[(&'static str, Option<&'static str>)]| {
            Id::new(fields.iter().map(|&(name, value)| (text(name), value.map(text)))).unwrap()
        };
        check(
            Id::rule,
            |id, encoder| id.encode(encoder),
            &[
                Row::Good(b" NIL", id(&[])),
                Row::Good(
                    b" (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" \"Pink Floyd Music Limited\")",
                    id(&[
                        ("name", Some("sodr")),
                        ("version", Some("19.34")),
                        ("vendor", Some("Pink Floyd Music Limited")),
                    ]),
                ),
                Row::Good(b" (\"os\" NIL)", id(&[("os", None)])),
                // 28, 29
                Row::Tolerated(b" (\"name\" \"x\" )", 14, id(&[("name", Some("x"))])),
                Row::Other(b" ()", id(&[])),
                // their kinds
                Row::Tolerated(b"  ( \"name\"  x)", 14, id(&[("name", Some("x"))])),
                Row::Tolerated(b" (\"name\" \"x\" \"os\")", 18, id(&[("name", Some("x")), ("os", None)])),
                Row::Tolerated(b" (NIL NIL \"os\" \"y\")", 19, id(&[("os", Some("y"))])),
                Row::Bad(b" (\"a\" (x))", 6),
                Row::Bad(b"", 0),
                Row::Bad(b" x", 1),
            ],
        );
    }

    #[test]
    fn limits() {
        let field = |name: usize, value: usize| {
            (
                IString::new(alloc::vec![b'n'; name]).unwrap(),
                Some(IString::new(alloc::vec![b'v'; value]).unwrap()),
            )
        };
        for (fields, limit) in [
            (alloc::vec![field(30, 1024); 30], None),
            (alloc::vec![field(1, 1); 31], Some(30)),
            (alloc::vec![field(31, 1)], Some(30)),
            (alloc::vec![field(1, 1025)], Some(1024)),
        ] {
            let made = Id::new(fields.clone());
            assert_eq!(made.clone().err(), limit.map(|limit| Misuse::TooLong { limit }));
            let written = crate::core::testing::encoded(&Id { fields }, |id, encoder| id.encode(encoder));
            let strict = Id::rule(&Context::new(&written, Tolerance::Strict), &written);
            assert_eq!(strict.is_ok(), limit.is_none());
            let cx = Context::new(&written, Tolerance::Default);
            assert!(Id::rule(&cx, &written).is_ok());
            assert_eq!(cx.into_repairs().is_empty(), limit.is_none());
        }
    }

    proptest! {
        #[test]
        fn round_trips(id in Id::strategy()) {
            round_trip(&id, Id::rule, |id, encoder| id.encode(encoder));
        }
    }
}
