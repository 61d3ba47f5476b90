//! Making the structure of a message.

use super::block;
use super::body::BodyStructure;
use super::envelope::Envelope;
use crate::core::{Context, Raw};
use alloc::vec::Vec;
use wire::Misuse;

/// Makes a [`BodyStructure`]. What is not given is NIL, 0 or `7BIT`.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct BodyBuilder {
    /// The parts of a multipart, as blocks.
    parts: Option<Vec<u8>>,
    main_type: Vec<u8>,
    subtype: Vec<u8>,
    params: Pairs,
    id: Option<Vec<u8>>,
    description: Option<Vec<u8>>,
    encoding: Option<Vec<u8>>,
    octets: u64,
    lines: Option<u64>,
    message: Option<Vec<u8>>,
    extended: bool,
    md5: Option<Vec<u8>>,
    disposition: Option<(Vec<u8>, Pairs)>,
    languages: Vec<Vec<u8>>,
    location: Option<Vec<u8>>,
    extensions: Option<Raw>,
}

/// Names and values.
type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

impl BodyBuilder {
    /// A part without parts, of this type.
    pub fn new(main_type: impl AsRef<[u8]>, subtype: impl AsRef<[u8]>) -> Self {
        Self { main_type: main_type.as_ref().to_vec(), subtype: subtype.as_ref().to_vec(), ..Self::default() }
    }

    /// A multipart of these parts.
    pub fn multipart<'a>(
        subtype: impl AsRef<[u8]>,
        parts: impl IntoIterator<Item = &'a BodyStructure>,
    ) -> Self {
        let mut all = Vec::new();
        for part in parts {
            all.extend_from_slice(part.as_bytes());
        }
        Self { parts: Some(all), subtype: subtype.as_ref().to_vec(), ..Self::default() }
    }

    /// A message, `message/rfc822` or `message/global`, with its envelope and its body.
    pub fn message(subtype: impl AsRef<[u8]>, envelope: &Envelope, body: &BodyStructure) -> Self {
        let message = [b" ", envelope.as_bytes(), b" ", body.as_bytes()].concat();
        Self { message: Some(message), ..Self::new("message", subtype) }
    }

    /// One more parameter of the type.
    pub fn param(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.params.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        // of a multipart they are extension data
        self.extended |= self.parts.is_some();
        self
    }

    /// `Content-ID`
    pub fn id(mut self, id: impl AsRef<[u8]>) -> Self {
        self.id = Some(id.as_ref().to_vec());
        self
    }

    /// `Content-Description`
    pub fn description(mut self, description: impl AsRef<[u8]>) -> Self {
        self.description = Some(description.as_ref().to_vec());
        self
    }

    /// `Content-Transfer-Encoding`
    pub fn encoding(mut self, encoding: impl AsRef<[u8]>) -> Self {
        self.encoding = Some(encoding.as_ref().to_vec());
        self
    }

    /// How many octets it has.
    pub fn octets(mut self, octets: u64) -> Self {
        self.octets = octets;
        self
    }

    /// How many lines it has: of a text or a message.
    pub fn lines(mut self, lines: u64) -> Self {
        self.lines = Some(lines);
        self
    }

    /// With extension data, even if all of it is NIL: for BODYSTRUCTURE, not for BODY.
    pub fn extended(mut self) -> Self {
        self.extended = true;
        self
    }

    /// `Content-MD5`
    pub fn md5(mut self, md5: impl AsRef<[u8]>) -> Self {
        self.md5 = Some(md5.as_ref().to_vec());
        self.extended()
    }

    /// `Content-Disposition`, with its parameters.
    pub fn disposition<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        mut self,
        kind: impl AsRef<[u8]>,
        params: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let own = |(name, value): (N, V)| (name.as_ref().to_vec(), value.as_ref().to_vec());
        self.disposition = Some((kind.as_ref().to_vec(), params.into_iter().map(own).collect()));
        self.extended()
    }

    /// `Content-Language`: one more.
    pub fn language(mut self, language: impl AsRef<[u8]>) -> Self {
        self.languages.push(language.as_ref().to_vec());
        self.extended()
    }

    /// `Content-Location`
    pub fn location(mut self, location: impl AsRef<[u8]>) -> Self {
        self.location = Some(location.as_ref().to_vec());
        self.extended()
    }

    /// What future extensions define: strings, numbers, NIL and lists of them.
    pub fn extensions(mut self, raw: Raw) -> Self {
        self.extensions = Some(raw);
        self.extended()
    }

    /// The structure.
    ///
    /// # Errors
    /// [`Misuse::Empty`]: a multipart without parts. [`Misuse::Invalid`]: NUL in a string, `message/rfc822` without an envelope, lines of
    /// what has none, a number of 2^63 and more, extensions that are none, or more levels than [`Context::MAX_DEPTH`].
    pub fn build(&self) -> Result<BodyStructure, Misuse> {
        let mut out = Vec::new();
        out.push(b'(');
        match &self.parts {
            Some(parts) if parts.is_empty() => return Err(Misuse::Empty),
            Some(parts) => {
                if self.lines.is_some() || self.md5.is_some() {
                    return Err(Misuse::Invalid("body structure"));
                }
                out.extend_from_slice(parts);
                out.push(b' ');
                block::put_string(&mut out, &self.subtype);
                if self.extended {
                    out.push(b' ');
                    put_params(&mut out, &self.params);
                }
            }
            None => {
                self.put_single(&mut out)?;
                if self.extended {
                    out.push(b' ');
                    block::put_nstring(&mut out, self.md5.as_deref());
                }
            }
        }
        if self.extended {
            self.put_extensions(&mut out);
        }
        out.push(b')');
        let strings_are_legal = memchr::memchr(0, &out).is_none();
        match BodyStructure::of_block(out.into(), Context::MAX_DEPTH) {
            Some(body) if strings_are_legal => Ok(body),
            _ => Err(Misuse::Invalid("body structure")),
        }
    }

    fn put_single(&self, out: &mut Vec<u8>) -> Result<(), Misuse> {
        block::put_string(out, &self.main_type);
        out.push(b' ');
        block::put_string(out, &self.subtype);
        out.push(b' ');
        put_params(out, &self.params);
        for field in [&self.id, &self.description] {
            out.push(b' ');
            block::put_nstring(out, field.as_deref());
        }
        out.push(b' ');
        block::put_string(out, self.encoding.as_deref().unwrap_or(b"7BIT"));
        out.push(b' ');
        block::put_number(out, self.octets);
        if let Some(message) = &self.message {
            out.extend_from_slice(message);
        }
        let text = self.main_type.eq_ignore_ascii_case(b"text");
        if text || self.message.is_some() {
            out.push(b' ');
            block::put_number(out, self.lines.unwrap_or(0));
        } else if self.lines.is_some()
            || self.main_type.eq_ignore_ascii_case(b"message") && self.subtype.eq_ignore_ascii_case(b"rfc822")
        {
            return Err(Misuse::Invalid("body structure"));
        }
        Ok(())
    }

    fn put_extensions(&self, out: &mut Vec<u8>) {
        out.push(b' ');
        match &self.disposition {
            None => out.extend_from_slice(b"NIL"),
            Some((kind, params)) => {
                out.push(b'(');
                block::put_string(out, kind);
                out.push(b' ');
                put_params(out, params);
                out.push(b')');
            }
        }
        out.push(b' ');
        match &self.languages[..] {
            [] => out.extend_from_slice(b"NIL"),
            [one] => block::put_string(out, one),
            all => {
                for (n, language) in all.iter().enumerate() {
                    out.push(if n == 0 { b'(' } else { b' ' });
                    block::put_string(out, language);
                }
                out.push(b')');
            }
        }
        out.push(b' ');
        block::put_nstring(out, self.location.as_deref());
        if let Some(raw) = &self.extensions {
            if !raw.is_empty() {
                out.push(b' ');
                out.extend_from_slice(raw.as_bytes());
            }
        }
    }
}

pub(super) fn put_params(out: &mut Vec<u8>, params: &[(Vec<u8>, Vec<u8>)]) {
    if params.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    for (n, (name, value)) in params.iter().enumerate() {
        out.push(if n == 0 { b'(' } else { b' ' });
        block::put_string(out, name);
        out.push(b' ');
        block::put_string(out, value);
    }
    out.push(b')');
}

impl BodyStructure {
    /// Any structure, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use crate::core::IString;
        use proptest::prelude::*;
        fn text() -> impl Strategy<Value = Vec<u8>> {
            IString::strategy().prop_map(|string| string.as_bytes().to_vec()).boxed()
        }
        fn params() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
            proptest::collection::vec((text(), text()), 0..3).boxed()
        }
        /// Adds extension data, or none.
        fn extend(builder: impl Strategy<Value = BodyBuilder>) -> impl Strategy<Value = BodyStructure> {
            let disposition = proptest::option::of((text(), params()));
            let languages = proptest::collection::vec(text(), 0..3);
            let extensions = proptest::option::of(Just("(1 (NIL \"a\")) 2"));
            (
                builder,
                any::<bool>(),
                params(),
                disposition,
                languages,
                proptest::option::of(text()),
                extensions,
            )
                .prop_filter_map(
                    "built",
                    |(builder, extended, params, disposition, languages, location, extensions)| {
                        let builder = if extended {
                            BodyBuilder {
                                params,
                                disposition,
                                languages,
                                location,
                                extensions: extensions.map(|text| Raw::known(text.into())),
                                extended: true,
                                ..builder
                            }
                        } else {
                            builder
                        };
                        builder.build().ok()
                    },
                )
        }
        let leaf = prop_oneof![
            (text(), 0..1u64 << 63, 0..1u64 << 63).prop_map(|(sub, octets, lines)| BodyBuilder::new(
                "TEXT", sub
            )
            .octets(octets)
            .lines(lines)),
            (text(), text(), proptest::option::of(text()), text(), proptest::option::of(text())).prop_map(
                |(main, sub, id, encoding, md5)| BodyBuilder {
                    id,
                    encoding: Some(encoding),
                    extended: md5.is_some(),
                    md5,
                    ..BodyBuilder::new(main, sub)
                }
            ),
        ];
        let leaf = extend(leaf).boxed();
        leaf.prop_recursive(4, 12, 3, |inner| {
            let parts = proptest::collection::vec(inner.clone(), 1..4);
            let multipart = (text(), parts).prop_map(|(sub, parts)| BodyBuilder::multipart(sub, &parts));
            let message =
                (Envelope::strategy().boxed(), inner, 0..1u64 << 40).prop_map(|(envelope, body, lines)| {
                    BodyBuilder::message("rfc822", &envelope, &body).lines(lines)
                });
            prop_oneof![extend(multipart), extend(message)].boxed()
        })
    }
}
