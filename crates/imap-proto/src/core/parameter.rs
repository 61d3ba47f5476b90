//! Parameters that nobody here knows.

use super::syntax::{self, blanks, expected};
use super::{Atom, Context, Encoder, Raw};
use wire::parse::Parsed;

/// `tagged-ext-label [SP tagged-ext-val]` (RFC 4466 section 3, RFC 9051 section 9): a parameter, option or modifier of an extension, its
/// value as it is on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// Its name.
    pub name: Atom,
    /// Its value: a number, a set, or a list in parentheses.
    pub value: Option<Raw>,
}

impl Parameter {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { name: self.name.detach(), value: self.value.as_ref().map(Raw::detach) }
    }

    /// ```text
    /// tagged-ext-label    = tagged-label-fchar *tagged-label-char
    /// tagged-label-fchar  = ALPHA / "-" / "_" / "."
    /// tagged-ext-simple   = sequence-set / number / number64
    /// tagged-ext-val      = tagged-ext-simple / "(" [tagged-ext-comp] ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, word) = syntax::loose_atom(cx, i, expected::PARAMETER)?;
        Self::after_name(cx, rest, word)
    }

    /// The same behind the name.
    pub(crate) fn after_name<'i>(cx: &Context<'_>, i: &'i [u8], name: &[u8]) -> Parsed<'i, Self> {
        let name = Atom::known(cx.keep(name));
        // no label starts with what a value starts with
        match i.get(blanks(i)) {
            Some(b'0'..=b'9' | b'*' | b'$' | b'(' | b'"' | b'{' | b'~') if !i.starts_with(b"(") => {
                let (i, ()) = syntax::sp(cx, i)?;
                let (i, value) = Raw::value(cx, i)?;
                Ok((i, Self { name, value: Some(value) }))
            }
            _ => Ok((i, Self { name, value: None })),
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.name.encode(encoder);
        if let Some(value) = &self.value {
            encoder.sp();
            value.encode(encoder);
        }
    }

    /// Any parameter of a name that is not registered, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let value = prop_oneof![
            Just("1"),
            Just("4:*,7"),
            Just("()"),
            Just("(a (\"b)\" {3}\r\nc\r\n) 1)"),
            Just("9223372036854775807")
        ];
        ("X-[A-Z0-9.:_-]{1,8}", proptest::option::of(value)).prop_map(|(name, value)| Self {
            name: Atom::known(name.into()),
            value: value.map(|value| Raw::known(value.into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn a_value_is_told_from_the_next_name() {
        let parameter = |name: &'static str, value: Option<&'static str>| Parameter {
            name: Atom::new(name).unwrap(),
            value: value.map(|value| Raw::new(value).unwrap()),
        };
        check(
            |cx, i| syntax::list(cx, i, Parameter::rule),
            |list, encoder| encoder.list(list, |encoder, parameter| parameter.encode(encoder)),
            &[
                Row::Good(b"(A)", [parameter("A", None)].into()),
                Row::Good(b"(A B)", [parameter("A", None), parameter("B", None)].into()),
                Row::Good(b"(A 1 B)", [parameter("A", Some("1")), parameter("B", None)].into()),
                Row::Good(
                    b"(A 1:*,4 B (x (y)))",
                    [parameter("A", Some("1:*,4")), parameter("B", Some("(x (y))"))].into(),
                ),
                Row::Tolerated(b"(A  1 )", 7, [parameter("A", Some("1"))].into()),
                Row::Bad(b"(A(1))", 2),
                Row::Bad(b"((1))", 1),
            ],
        );
    }

    proptest! {
        #[test]
        fn round_trips(parameter in Parameter::strategy()) {
            round_trip(&parameter, Parameter::rule, |parameter, encoder| parameter.encode(encoder));
        }
    }
}
