//! The proofs of both sides (RFC 2831 section 2.1.2.1).

use super::{Response, latin1};
use crate::digest::Digest;
use wire::Secret;

/// RFC 2831 section 2.1.2.1, `HEX(H(A1))`: what stands for the password in one exchange.
///
/// ```text
/// If authzid is specified, then A1 is
///    A1 = { H( { username-value, ":", realm-value, ":", passwd } ),
///         ":", nonce-value, ":", cnonce-value, ":", authzid-value }
/// If authzid is not specified, then A1 is
///    A1 = { H( { username-value, ":", realm-value, ":", passwd } ),
///         ":", nonce-value, ":", cnonce-value }
/// ```
pub(super) fn session_key(response: &Response, password: &Secret) -> Digest {
    let realm = response.realm().unwrap_or_default();
    let user = Digest::of(&[
        latin1(response.username()).expose(),
        b":",
        latin1(realm).expose(),
        b":",
        latin1_octets(password.expose()).expose(),
    ]);
    let nonces = (response.nonce().as_bytes(), response.cnonce().as_bytes());
    match response.authorization() {
        Some(identity) => Digest::of(&[&user.0, b":", nonces.0, b":", nonces.1, b":", identity.as_bytes()]),
        None => Digest::of(&[&user.0, b":", nonces.0, b":", nonces.1]),
    }
}

/// RFC 2831 sections 2.1.2.1 and 2.1.3; `method` is `AUTHENTICATE` for the client's proof and nothing for the server's.
///
/// ```text
/// response-value  =
///    HEX( KD ( HEX(H(A1)),
///            { nonce-value, ":" nc-value, ":",
///              cnonce-value, ":", qop-value, ":", HEX(H(A2)) }))
/// A2       = { "AUTHENTICATE:", digest-uri-value }
/// A2       = { ":", digest-uri-value }
/// ```
pub(super) fn proof(key: &Digest, response: &Response, method: &str) -> Digest {
    let a2 = Digest::of(&[method.as_bytes(), b":", response.uri().as_bytes()]);
    Digest::of(&[
        &key.to_hex(),
        b":",
        response.nonce().as_bytes(),
        b":00000001:",
        response.cnonce().as_bytes(),
        b":auth:",
        &a2.to_hex(),
    ])
}

pub(super) const CLIENT: &str = "AUTHENTICATE";
pub(super) const SERVER: &str = "";

fn latin1_octets(text: &[u8]) -> Secret {
    core::str::from_utf8(text).map_or_else(|_| Secret::new(text), latin1)
}
