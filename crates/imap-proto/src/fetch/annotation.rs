//! Annotations of messages (RFC 5257).

use crate::core::class::{ASTRING, LIST};
use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder, IString, Literal8, NonEmpty};
use alloc::vec;
use alloc::vec::Vec;
use wire::Misuse;
use wire::parse::Parsed;

/// `entry-att` (RFC 5257 section 5): an entry, such as `/comment`, and its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Annotation {
    /// Its name.
    pub entry: IString,
    /// Its attributes. None in a response that only says which entries have changed.
    pub attributes: Vec<AnnotationAttribute>,
}

/// `att-value` (RFC 5257 section 5): an attribute, such as `value.priv`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnnotationAttribute {
    /// Its name.
    pub name: IString,
    /// Its value; in STORE, `None` removes it.
    pub value: Option<Literal8>,
}

impl Annotation {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let attribute = |attribute: &AnnotationAttribute| AnnotationAttribute {
            name: attribute.name.detach(),
            value: attribute.value.as_ref().map(Literal8::detach),
        };
        Self { entry: self.entry.detach(), attributes: self.attributes.iter().map(attribute).collect() }
    }

    /// ```text
    /// "(" entry-att *(SP entry-att) ")" / "(" entry *(SP entry) ")"
    /// entry-att         = entry SP "(" att-value *(SP att-value) ")"
    /// att-value         = attrib SP value
    /// value             = nstring / literal8
    /// ```
    pub(crate) fn list<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, NonEmpty<Self>> {
        NonEmpty::list(cx, i, |cx, i| {
            let (rest, entry) = syntax::astring(cx, i)?;
            if rest.get(syntax::blanks(rest)) != Some(&b'(') {
                return Ok((rest, Self { entry, attributes: Vec::new() }));
            }
            let (rest, ()) = syntax::sp_or_none(cx, rest)?;
            let (rest, attributes) = syntax::list1(cx, rest, AnnotationAttribute::rule)?;
            Ok((rest, Self { entry, attributes }))
        })
    }

    /// Writes several, with their parentheses.
    pub(crate) fn encode_list(annotations: &[Self], encoder: &mut Encoder<'_>) {
        encoder.list(annotations, |encoder, annotation| {
            encoder.astring(&annotation.entry);
            if !annotation.attributes.is_empty() {
                encoder.sp();
                encoder.list(&annotation.attributes, |encoder, attribute| attribute.encode(encoder));
            }
        });
    }

    /// Any annotation, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let attribute = ("(value|size)\\.(priv|shared)", proptest::option::of(Literal8::strategy()))
            .prop_map(|(name, value)| AnnotationAttribute { name: IString::known(name.into()), value });
        ("/[a-z/.]{1,10}", proptest::collection::vec(attribute, 0..4))
            .prop_map(|(entry, attributes)| Self { entry: IString::known(entry.into()), attributes })
    }
}

impl AnnotationAttribute {
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, name) = syntax::astring(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, value) = match i.first() {
            Some(b'{' | b'~') => Literal8::rule(cx, i).map(|(rest, value)| (rest, Some(value)))?,
            _ => {
                let (rest, value) = syntax::nstring(cx, i)?;
                (rest, value.map(|value| Literal8::new(value.to_bytes())))
            }
        };
        Ok((i, Self { name, value }))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.astring(&self.name);
        encoder.sp();
        match &self.value {
            Some(value) => encoder.string_octets(value.as_bytes()),
            None => encoder.put(b"NIL"),
        }
    }
}

/// What `ANNOTATION` asks for in FETCH: entries, with `*` and `%` as wildcards, and attributes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnnotationQuery {
    entries: Vec<IString>,
    attributes: Vec<IString>,
}

impl AnnotationQuery {
    /// These attributes of these entries.
    ///
    /// # Errors
    /// [`Misuse::Empty`]: no entry or no attribute.
    pub fn new(entries: Vec<IString>, attributes: Vec<IString>) -> Result<Self, Misuse> {
        if entries.is_empty() || attributes.is_empty() {
            return Err(Misuse::Empty);
        }
        Ok(Self { entries, attributes })
    }

    /// The names of the entries.
    #[must_use]
    pub fn entries(&self) -> &[IString] {
        &self.entries
    }

    /// The names of the attributes.
    #[must_use]
    pub fn attributes(&self) -> &[IString] {
        &self.attributes
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let all = |names: &[IString]| names.iter().map(IString::detach).collect();
        Self { entries: all(&self.entries), attributes: all(&self.attributes) }
    }

    /// ```text
    /// "(" entries SP attribs ")"
    /// entries           = entry-match / "(" entry-match *(SP entry-match) ")"
    /// entry-match       = list-mailbox
    /// attribs           = attrib / "(" attrib *(SP attrib) ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::octet(i, b'(', expected::OPEN)?;
        let (i, entries) = one_or_list(cx, syntax::no_sp(cx, i), pattern)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, attributes) = one_or_list(cx, i, syntax::astring)?;
        let (i, ()) = syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?;
        Ok((i, Self { entries, attributes }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"(");
        match &self.entries[..] {
            [one] => encode_pattern(one, encoder),
            all => encoder.list(all, |encoder, entry| encode_pattern(entry, encoder)),
        }
        encoder.sp();
        match &self.attributes[..] {
            [one] => encoder.astring(one),
            all => encoder.list(all, |encoder, name| encoder.astring(name)),
        }
        encoder.put(b")");
    }

    /// Any query, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let names = |pattern: &'static str| {
            proptest::collection::vec(pattern.prop_map(|name| IString::known(name.into())), 1..3)
        };
        (names("/[a-z*%./ ]{0,8}"), names("(value|size)(\\.priv|)"))
            .prop_map(|(entries, attributes)| Self { entries, attributes })
    }
}

fn one_or_list<'i>(
    cx: &Context<'_>,
    i: &'i [u8],
    item: impl Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, IString>,
) -> Parsed<'i, Vec<IString>> {
    if i.starts_with(b"(") {
        return syntax::list1(cx, i, item);
    }
    let (rest, one) = item(cx, i)?;
    Ok((rest, vec![one]))
}

/// `list-mailbox = 1*list-char / string`
fn pattern<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, IString> {
    let len = LIST.run(i);
    if len > 0 { Ok((&i[len..], IString::known(cx.keep(&i[..len])))) } else { syntax::string(cx, i) }
}

fn encode_pattern(pattern: &IString, encoder: &mut Encoder<'_>) {
    let octets = pattern.as_bytes();
    let bare = !octets.is_empty() && LIST.all(octets) && !ASTRING.all(octets);
    if bare { encoder.put(octets) } else { encoder.astring(pattern) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn string(text: &'static str) -> IString {
        IString::new(text).unwrap()
    }

    #[test]
    fn lists() {
        let attribute = |name, value: Option<&'static str>| AnnotationAttribute {
            name: string(name),
            value: value.map(Literal8::new),
        };
        let annotation = |entry, attributes: &[AnnotationAttribute]| Annotation {
            entry: string(entry),
            attributes: attributes.to_vec(),
        };
        check(
            Annotation::list,
            |list, encoder| Annotation::encode_list(list, encoder),
            &[
                Row::Good(
                    b"(/comment (value.priv \"My comment\" value.shared NIL))",
                    NonEmpty::one(annotation(
                        "/comment",
                        &[attribute("value.priv", Some("My comment")), attribute("value.shared", None)],
                    )),
                ),
                Row::Good(
                    b"(/comment /a (value.priv ~{1}\r\n\0))",
                    NonEmpty::new([
                        annotation("/comment", &[]),
                        annotation("/a", &[attribute("value.priv", Some("\0"))]),
                    ])
                    .unwrap(),
                ),
                Row::Bad(b"()", 1),
                Row::Bad(b"(/comment (value.priv))", 21),
            ],
        );
    }

    #[test]
    fn queries() {
        let query = |entries: &[&'static str], attributes: &[&'static str]| {
            let all = |names: &[&'static str]| names.iter().map(|&name| string(name)).collect();
            AnnotationQuery::new(all(entries), all(attributes)).unwrap()
        };
        check(
            AnnotationQuery::rule,
            |query, encoder| query.encode(encoder),
            &[
                Row::Good(b"(/comment value)", query(&["/comment"], &["value"])),
                Row::Good(b"(/* (value.priv size.priv))", query(&["/*"], &["value.priv", "size.priv"])),
                Row::Good(b"((/comment /altsubject) value)", query(&["/comment", "/altsubject"], &["value"])),
                Row::Other(b"(\"/%\" \"value\")", query(&["/%"], &["value"])),
                Row::Bad(b"(/comment)", 9),
            ],
        );
    }

    proptest! {
        #[test]
        fn any_round_trips(list in NonEmpty::strategy(Annotation::strategy(), 2), query in AnnotationQuery::strategy()) {
            round_trip(&list, Annotation::list, |list, encoder| Annotation::encode_list(list, encoder));
            round_trip(&query, AnnotationQuery::rule, |query, encoder| query.encode(encoder));
        }
    }
}
