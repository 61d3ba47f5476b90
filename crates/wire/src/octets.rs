//! Octets for serde (feature `serde`): how every text, name and id of the protocol crates is written and read.
//!
//! | Format | Octets that are UTF-8 | Other octets |
//! |---|---|---|
//! | for people (JSON, TOML, YAML) | a string | a list of numbers: `[99, 97, 102, 233]` |
//! | binary (postcard, CBOR, MessagePack) | bytes | bytes |
//!
//! Reading takes each of these, and then the type's own constructor decides: nothing comes in that could not
//! be made with it, so what was read can be sent. [`serde_octets!`](crate::serde_octets) writes both impls.
//! The functions are also for single fields: `#[serde(with = "wire::octets")]`.

use alloc::{string::String, vec::Vec};
use bytes::Bytes;
use core::fmt;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::ser::Serializer;

/// Writes octets.
///
/// # Errors
/// Those of the format.
pub fn serialize<S: Serializer>(
    octets: &(impl AsRef<[u8]> + ?Sized),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let octets = octets.as_ref();
    if !serializer.is_human_readable() {
        return serializer.serialize_bytes(octets);
    }
    match core::str::from_utf8(octets) {
        Ok(text) => serializer.serialize_str(text),
        Err(_) => serializer.collect_seq(octets),
    }
}

/// Reads octets.
///
/// # Errors
/// Those of the format, and what is neither a string nor octets.
pub fn deserialize<'de, D: Deserializer<'de>, T: From<Bytes>>(deserializer: D) -> Result<T, D::Error> {
    let octets = if deserializer.is_human_readable() {
        deserializer.deserialize_any(Octets)
    } else {
        deserializer.deserialize_byte_buf(Octets)
    };
    octets.map(T::from)
}

/// Reads octets and hands them to a constructor.
///
/// # Errors
/// Those of the format, and those of the constructor.
pub fn deserialize_with<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    deserializer: D,
    new: impl FnOnce(Bytes) -> Result<T, E>,
) -> Result<T, D::Error> {
    new(deserialize(deserializer)?).map_err(D::Error::custom)
}

struct Octets;

impl<'de> Visitor<'de> for Octets {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or octets")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Bytes, E> {
        Ok(text.into())
    }

    fn visit_bytes<E: Error>(self, octets: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes::copy_from_slice(octets))
    }

    fn visit_byte_buf<E: Error>(self, octets: Vec<u8>) -> Result<Bytes, E> {
        Ok(octets.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Bytes, A::Error> {
        // law 7: nothing is allocated because a size was announced
        let mut octets = Vec::new();
        while let Some(octet) = list.next_element()? {
            octets.push(octet);
        }
        Ok(octets.into())
    }
}

/// `Serialize` and `Deserialize` for types that are octets which a constructor has checked. A row is the type,
/// what gives its octets, and the constructor. The crate that uses it needs serde itself.
///
/// ```
/// # #[derive(Debug, PartialEq)]
/// struct Label(wire::Text);
/// # impl Label {
/// #     fn as_bytes(&self) -> &[u8] { self.0.as_bytes() }
/// #     fn new(octets: bytes::Bytes) -> Result<Self, wire::Misuse> { wire::Text::new(octets).map(Self) }
/// # }
///
/// wire::serde_octets! {
///     Label = Label::as_bytes, Label::new;
/// }
///
/// let label = Label::new("caf\u{e9}".into())?;
/// assert_eq!(serde_json::to_string(&label)?, "\"caf\u{e9}\"");
/// assert_eq!(serde_json::from_str::<Label>("\"caf\u{e9}\"")?, label);
/// assert!(serde_json::from_str::<Label>(r#""a\r\nb""#).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! serde_octets {
    ($($type:ty = $octets:expr, $new:expr;)*) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::octets::serialize(&$octets(self), serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::octets::deserialize_with(deserializer, $new)
            }
        }
    )*};
}

serde_octets! {
    crate::Text = crate::Text::as_bytes, crate::Text::new;
    crate::sasl::Mechanism = crate::sasl::Mechanism::as_bytes, crate::sasl::Mechanism::new;
}

#[cfg(test)]
mod tests {
    use crate::dot::LineEndings;
    use crate::sasl::Mechanism;
    use crate::{CommandId, ParseError, ParseErrorKind, Rule, Text, Tolerance};
    use alloc::{string::ToString, vec::Vec};
    use proptest::prelude::*;
    use serde::{Serialize, de::DeserializeOwned};

    fn round_trip<T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(value: &T) {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
        let tree = serde_json::to_value(value).unwrap();
        assert_eq!(&serde_json::from_value::<T>(tree).unwrap(), value);
        let binary = postcard::to_allocvec(value).unwrap();
        assert_eq!(&postcard::from_bytes::<T>(&binary).unwrap(), value);
    }

    #[test]
    fn what_is_written() {
        let text = |octets: &'static [u8]| Text::new(octets).unwrap();
        let error =
            ParseError { offset: 5, expected: "number", kind: ParseErrorKind::Syntax, got: Some(b'x') };
        for (value, json) in [
            (serde_json::to_value(text(b"")), r#""""#),
            (serde_json::to_value(text(b"ready")), r#""ready""#),
            (serde_json::to_value(text(b"caf\xe9")), "[99,97,102,233]"),
            (serde_json::to_value(Mechanism::new("plain").unwrap()), r#""PLAIN""#),
            (serde_json::to_value(CommandId::FIRST.next()), "1"),
            (serde_json::to_value(Tolerance::Strict), r#""Strict""#),
            (serde_json::to_value(Rule("bare-lf")), r#""bare-lf""#),
            (serde_json::to_value(error), r#"{"expected":"number","got":120,"kind":"Syntax","offset":5}"#),
        ] {
            assert_eq!(value.unwrap().to_string(), json);
        }
    }

    #[test]
    fn what_cannot_be_sent_is_not_read() {
        for json in [
            r#""a\r""#,
            r#""a\nb""#,
            r#""\u0000""#,
            "[13, 10]",
            "[0]",
            "[256]",
            "[-1]",
            "[\"a\"]",
            "7",
            "null",
            "{}",
        ] {
            assert!(serde_json::from_str::<Text>(json).is_err(), "{json}");
            assert!(serde_json::from_str::<Mechanism>(json).is_err(), "{json}");
        }
        for json in [r#""""#, r#""A B""#, r#""AAAAAAAAAAAAAAAAAAAAA""#, r#""caf\u00e9""#] {
            assert!(serde_json::from_str::<Mechanism>(json).is_err(), "{json}");
        }
        assert!(postcard::from_bytes::<Text>(b"\x02\r\n").is_err());
        // 2^32 - 1 octets are announced, one comes
        assert!(postcard::from_bytes::<Text>(b"\xff\xff\xff\xff\x0fa").is_err());
        assert!(serde_json::from_str::<Tolerance>(r#""None""#).is_err());
        assert!(serde_json::from_str::<LineEndings>("0").is_err());
        assert!(serde_json::from_str::<CommandId>("-1").is_err());
    }

    #[test]
    fn settings_round_trip() {
        for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
            round_trip(&tolerance);
        }
        for endings in [LineEndings::Strict, LineEndings::Normalise, LineEndings::Lenient] {
            round_trip(&endings);
        }
    }

    proptest! {
        #[test]
        fn values_round_trip(text in Text::strategy(), mechanism in Mechanism::strategy(), id: u64) {
            round_trip(&text);
            round_trip(&mechanism);
            let id: CommandId = serde_json::from_str(&id.to_string()).unwrap();
            round_trip(&id);
        }

        #[test]
        fn nothing_is_read_that_the_constructor_refuses(octets: Vec<u8>) {
            // in postcard a list of octets looks as bytes do
            let binary = postcard::to_allocvec(&octets).unwrap();
            let json = serde_json::to_string(&octets).unwrap();
            let text = Text::new(octets).ok();
            prop_assert_eq!(postcard::from_bytes(&binary).ok(), text.clone());
            prop_assert_eq!(serde_json::from_str(&json).ok(), text);
        }
    }
}
