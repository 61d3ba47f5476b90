//! What is derived from a password, and what from that (RFC 5802 section 3):
//!
//! ```text
//! SaltedPassword  := Hi(Normalize(password), salt, i)
//! ClientKey       := HMAC(SaltedPassword, "Client Key")
//! StoredKey       := H(ClientKey)
//! AuthMessage     := client-first-message-bare + "," +
//!                    server-first-message + "," +
//!                    client-final-message-without-proof
//! ClientSignature := HMAC(StoredKey, AuthMessage)
//! ClientProof     := ClientKey XOR ClientSignature
//! ServerKey       := HMAC(SaltedPassword, "Server Key")
//! ServerSignature := HMAC(ServerKey, AuthMessage)
//! ```

use super::Hash;
#[cfg(any(feature = "client", feature = "server"))]
use alloc::vec::Vec;
use wire::Secret;

/// What a server keeps. The names are those of RFC 5802.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) stored: Secret,
    pub(super) server: Secret,
}

impl Keys {
    /// From a password that was prepared.
    pub(super) fn derive(hash: Hash, password: &Secret, salt: &[u8], iterations: u32) -> Self {
        let salted = hash.hi(password.expose(), salt, iterations);
        Self { stored: stored_key(hash, &client_key(hash, &salted)), server: server_key(hash, &salted) }
    }
}

pub(super) fn client_key(hash: Hash, salted: &Secret) -> Secret {
    hash.hmac(salted.expose(), &[b"Client Key"])
}

pub(super) fn server_key(hash: Hash, salted: &Secret) -> Secret {
    hash.hmac(salted.expose(), &[b"Server Key"])
}

pub(super) fn stored_key(hash: Hash, client_key: &Secret) -> Secret {
    hash.digest(client_key.expose())
}

/// `AuthMessage`, in its three pieces.
#[cfg(any(feature = "client", feature = "server"))]
pub(super) struct AuthMessage<'m> {
    pub(super) client_first_bare: &'m [u8],
    pub(super) server_first: &'m [u8],
    pub(super) client_final_without_proof: &'m [u8],
}

#[cfg(any(feature = "client", feature = "server"))]
impl AuthMessage<'_> {
    /// `ClientSignature` under the stored key, `ServerSignature` under the server key.
    pub(super) fn sign(&self, hash: Hash, key: &Secret) -> Secret {
        let pieces = [self.client_first_bare, b",", self.server_first, b",", self.client_final_without_proof];
        hash.hmac(key.expose(), &pieces)
    }
}

/// Makes the proof of the client key, and the client key of the proof.
#[cfg(any(feature = "client", feature = "server"))]
pub(super) fn xor(a: &Secret, b: &Secret) -> Secret {
    // the iterator knows its length, so that nothing grows
    let octets: Vec<u8> = a.expose().iter().zip(b.expose()).map(|(a, b)| a ^ b).collect();
    Secret::new(octets)
}
