//! The hash functions, and the mechanisms' names.

use crate::{Exposure, First, Profile};
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use sha3::Sha3_512;
use wire::Secret;
use zeroize::Zeroize;

/// The hash function of a SCRAM mechanism (RFC 5802 section 4), weakest first.
///
/// ```
/// use auth::scram::Hash;
///
/// assert_eq!(Hash::Sha256.name(), "SCRAM-SHA-256");
/// assert_eq!(Hash::Sha256.plus_name(), "SCRAM-SHA-256-PLUS");
/// assert_eq!(Hash::of("SCRAM-SHA-1-PLUS"), Some((Hash::Sha1, true)));
/// assert_eq!(Hash::of("SCRAM-MD5"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    /// SHA-1: `SCRAM-SHA-1` (RFC 5802).
    Sha1,
    /// SHA-256: `SCRAM-SHA-256` (RFC 7677).
    Sha256,
    /// SHA-512: `SCRAM-SHA-512` (draft-melnikov-scram-sha-512).
    Sha512,
    /// SHA3-512: `SCRAM-SHA3-512` (draft-melnikov-scram-sha3-512).
    Sha3_512,
}

impl Hash {
    /// All of them, weakest first.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha512, Self::Sha3_512];

    /// The mechanism without channel binding.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
            Self::Sha3_512 => "SCRAM-SHA3-512",
        }
    }

    /// The mechanism with channel binding.
    #[must_use]
    pub const fn plus_name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1-PLUS",
            Self::Sha256 => "SCRAM-SHA-256-PLUS",
            Self::Sha512 => "SCRAM-SHA-512-PLUS",
            Self::Sha3_512 => "SCRAM-SHA3-512-PLUS",
        }
    }

    /// The hash of a mechanism, by its name without regard to case, and whether it is the one with channel
    /// binding.
    #[must_use]
    pub fn of(mechanism: &str) -> Option<(Self, bool)> {
        Self::ALL.into_iter().find_map(|hash| {
            let plus = mechanism.eq_ignore_ascii_case(hash.plus_name());
            (plus || mechanism.eq_ignore_ascii_case(hash.name())).then_some((hash, plus))
        })
    }

    /// How long its output is, and so keys and proofs are, in octets.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }

    /// What the mechanism is like.
    #[must_use]
    pub const fn profile(self, plus: bool) -> Profile {
        Profile {
            name: if plus { self.plus_name() } else { self.name() },
            first: First::Client,
            exposure: Exposure::Digest,
            weak: false,
            proves_server: true,
        }
    }

    /// `HMAC(key, str)` of RFC 5802 section 2.2, over the pieces of `str`.
    pub(crate) fn hmac(self, key: &[u8], pieces: &[&[u8]]) -> Secret {
        match self {
            Self::Sha1 => hmac::<Sha1>(key, pieces),
            Self::Sha256 => hmac::<Sha256>(key, pieces),
            Self::Sha512 => hmac::<Sha512>(key, pieces),
            Self::Sha3_512 => hmac::<Sha3_512>(key, pieces),
        }
    }

    /// `H(str)` of RFC 5802 section 2.2.
    pub(crate) fn digest(self, octets: &[u8]) -> Secret {
        match self {
            Self::Sha1 => digest::<Sha1>(octets),
            Self::Sha256 => digest::<Sha256>(octets),
            Self::Sha512 => digest::<Sha512>(octets),
            Self::Sha3_512 => digest::<Sha3_512>(octets),
        }
    }

    /// `Hi(str, salt, i)` of RFC 5802 section 2.2, which is PBKDF2 with one block of output.
    pub(crate) fn hi(self, password: &[u8], salt: &[u8], iterations: u32) -> Secret {
        let mut key = alloc::vec![0; self.output_len()];
        let block = key.as_mut_slice();
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, block),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, block),
            Self::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations, block),
            Self::Sha3_512 => pbkdf2::pbkdf2_hmac::<Sha3_512>(password, salt, iterations, block),
        }
        // nothing is copied
        Secret::new(key)
    }
}

fn hmac<D: EagerHash>(key: &[u8], pieces: &[&[u8]]) -> Secret {
    // HMAC takes keys of any length
    let Ok(mut mac) = Hmac::<D>::new_from_slice(key) else { return Secret::default() };
    for piece in pieces {
        mac.update(piece);
    }
    taken(&mut mac.finalize().into_bytes())
}

fn digest<D: sha1::Digest>(octets: &[u8]) -> Secret {
    taken(&mut D::digest(octets))
}

/// Takes the octets out of a block on the stack, and zeroes that.
fn taken(block: &mut [u8]) -> Secret {
    let output = Secret::new(&*block);
    block.zeroize();
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String, vec};

    fn hexadecimal(octets: &[u8]) -> String {
        octets.iter().map(|o| format!("{o:02x}")).collect()
    }

    /// auth-vectors.md, section 5: RFC 2202, RFC 4231; the one of SHA3-512 is of NIST.
    #[test]
    fn hmacs() {
        for (hash, output) in [
            (Hash::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Hash::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                Hash::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                Hash::Sha3_512,
                "5a4bfeab6166427c7a3647b747292b8384537cdb89afb3bf5665e4c5e709350b287baec921fd7ca0ee7a0c31d022a95e1fc92ba9d77df883960275beb4e62024",
            ),
        ] {
            let whole = hash.hmac(b"Jefe", &[b"what do ya want for nothing?"]);
            assert_eq!(hexadecimal(whole.expose()), output);
            let pieces = hash.hmac(b"Jefe", &[b"what do ya ", b"", b"want for nothing?"]);
            assert_eq!(hexadecimal(pieces.expose()), output);
        }
    }

    /// auth-vectors.md, section 5: RFC 6070, RFC 7914 section 11 (there two blocks of output, here one).
    #[test]
    fn iterated() {
        let sha1 = |iterations| hexadecimal(Hash::Sha1.hi(b"password", b"salt", iterations).expose());
        assert_eq!(sha1(1), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
        assert_eq!(sha1(2), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
        assert_eq!(sha1(4096), "4b007901b765489abead49d926f721d065a429c1");
        let output = hexadecimal(Hash::Sha256.hi(b"passwd", b"salt", 1).expose());
        assert_eq!(output, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
        let output = hexadecimal(Hash::Sha256.hi(b"Password", b"NaCl", 80000).expose());
        assert_eq!(output, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
    }

    /// RFC 5802 section 2.2 in as many words, against the crate.
    #[test]
    fn iterated_by_hand() {
        for hash in Hash::ALL {
            let mut u = hash.hmac(b"pencil", &[b"salt", &[0, 0, 0, 1]]);
            let mut sum = u.expose().to_vec();
            for _ in 1..5 {
                u = hash.hmac(b"pencil", &[u.expose()]);
                sum.iter_mut().zip(u.expose()).for_each(|(to, from)| *to ^= from);
            }
            assert_eq!(hash.hi(b"pencil", b"salt", 5).expose(), sum);
            assert_eq!(sum.len(), hash.output_len());
            // a password longer than the block
            assert_eq!(
                hash.hmac(&vec![7; 300], &[b"x"]),
                hash.hmac(hash.digest(&[7; 300]).expose(), &[b"x"])
            );
        }
    }

    #[test]
    fn names() {
        for hash in Hash::ALL {
            for plus in [false, true] {
                let name = hash.profile(plus).name;
                assert_eq!(Hash::of(name), Some((hash, plus)));
                assert_eq!(Hash::of(&name.to_ascii_lowercase()), Some((hash, plus)));
                assert_eq!(wire::sasl::Mechanism::new(name).unwrap().as_str(), name);
            }
        }
    }
}
