//! The GS2 header of the client's first message (RFC 5801 section 4, RFC 5802 section 7).

use super::channel_binding::{BindingType, is_name};
use super::syntax::{attribute, comma, put_saslname, saslname};
use crate::expected;
use alloc::{string::String, vec::Vec};
use wire::parse::{Parsed, fail};

/// Whether the client binds the exchange to a channel (RFC 5802 section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// `n`: it cannot.
    Unsupported,
    /// `y`: it could, but believes that the server cannot.
    NotOffered,
    /// `p=`: it does, with this type.
    Required(BindingType),
}

/// The header: the flag, and the identity to act as.
///
/// ```text
/// gs2-header      = gs2-cbind-flag "," [ authzid ] ","
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gs2Header {
    pub(super) flag: Flag,
    pub(super) authorization: Option<String>,
}

impl Gs2Header {
    /// The flag.
    #[must_use]
    pub const fn flag(&self) -> &Flag {
        &self.flag
    }

    /// The identity to act as, if it is another.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// ```text
    /// gs2-cbind-flag  = ("p=" cb-name) / "n" / "y"
    ///                   ;; "n" -> client doesn't support channel binding.
    ///                   ;; "y" -> client does support channel binding
    ///                   ;;        but thinks the server does not.
    ///                   ;; "p" -> client requires channel binding.
    ///                   ;; The selected channel binding follows "p=".
    /// authzid         = "a=" saslname
    /// ```
    pub(super) fn rule(i: &[u8]) -> Parsed<'_, Self> {
        let (i, flag) = match i {
            [b'n', rest @ ..] => (rest, Flag::Unsupported),
            [b'y', rest @ ..] => (rest, Flag::NotOffered),
            [b'p', b'=', rest @ ..] => {
                let len = rest.iter().position(|&o| !is_name(o)).unwrap_or(rest.len());
                if len == 0 {
                    return fail(rest, expected::BINDING_TYPE);
                }
                let name: String = rest[..len].iter().map(|&o| char::from(o)).collect();
                (&rest[len..], Flag::Required(BindingType::of(&name)))
            }
            _ => return fail(i, expected::BINDING_FLAG),
        };
        let (i, ()) = comma(i)?;
        let (i, authorization) = if i.first() == Some(&b'a') {
            let (i, ()) = attribute(i, b'a', expected::AUTHORIZATION)?;
            let (i, name) = saslname(i, expected::AUTHORIZATION)?;
            (i, Some(name))
        } else {
            (i, None)
        };
        let (i, ()) = comma(i)?;
        Ok((i, Self { flag, authorization }))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        match &self.flag {
            Flag::Unsupported => octets.push(b'n'),
            Flag::NotOffered => octets.push(b'y'),
            Flag::Required(kind) => {
                octets.extend_from_slice(b"p=");
                octets.extend_from_slice(kind.as_str().as_bytes());
            }
        }
        octets.push(b',');
        if let Some(name) = &self.authorization {
            octets.extend_from_slice(b"a=");
            put_saslname(name, &mut octets);
        }
        octets.push(b',');
        octets
    }

    #[cfg(test)]
    pub(super) fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let flag = prop_oneof![
            Just(Flag::Unsupported),
            Just(Flag::NotOffered),
            "tls-unique|tls-exporter|[a-zA-Z0-9.-]{1,20}".prop_map(|n| Flag::Required(BindingType::of(&n))),
        ];
        (flag, proptest::option::of(super::syntax::name_strategy()))
            .prop_map(|(flag, authorization)| Self { flag, authorization })
    }
}
