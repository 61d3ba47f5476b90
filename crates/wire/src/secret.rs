//! What must not be printed and must not stay in memory.

use alloc::{boxed::Box, vec::Vec};
use bytes::Bytes;
use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A password, token or other secret: printed as `***`, compared in constant time, zeroed when dropped.
///
/// ```
/// use wire::Secret;
///
/// let password = Secret::new(*b"tanstaaf");
/// assert_eq!(format!("{password:?}"), "***");
/// assert_eq!(password.expose(), b"tanstaaf");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Takes over `octets`. From a `Vec` or a `Box<[u8]>` without spare capacity nothing is copied; a
    /// borrowed slice is copied, and the original stays the caller's to wipe.
    #[must_use]
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        let mut octets = octets.into();
        if octets.len() == octets.capacity() {
            return Self(octets.into_boxed_slice());
        }
        // shrinking could leave a copy behind
        let exact = Box::from(octets.as_slice());
        octets.zeroize();
        Self(exact)
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many octets it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no octets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Any octets, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(any::<u8>(), 0..60).prop_map(Self::new)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Something that may hold a secret, such as a line that could not be parsed: printed as `***`, and
/// given out on demand.
///
/// ```
/// use wire::Redacted;
///
/// let line = Redacted::new("PASS x y");
/// assert_eq!(format!("{line:?}"), "***");
/// assert_eq!(*line.expose(), "PASS x y");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Hides `value` from `Debug`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, taken out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Zeroes a block if nobody else holds it. A parser calls this on a line after it has copied the secret
/// out of it.
pub fn wipe(block: Bytes) {
    if let Ok(mut alone) = block.try_into_mut() {
        alone.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn nothing_is_printed() {
        let secret = Secret::new(*b"hunter2");
        let hidden = Redacted::new(Bytes::from_static(b"PASS hunter2"));
        for text in [format!("{secret:?}"), format!("{secret:#?}"), format!("{hidden:?}")] {
            assert_eq!(text, "***");
        }
    }

    #[test]
    fn equality_is_of_octets() {
        assert_eq!(Secret::new(*b"a"), Secret::new(*b"a"));
        assert_ne!(Secret::new(*b"a"), Secret::new(*b"b"));
        assert_ne!(Secret::new(*b"a"), Secret::new(*b"aa"));
    }

    #[test]
    fn spare_capacity_does_not_matter() {
        let mut octets = Vec::with_capacity(100);
        octets.extend_from_slice(b"abc");
        assert_eq!(Secret::new(octets).expose(), b"abc");
    }
}
