//! Lists that cannot be empty.

use super::syntax::{self, expected};
use super::{Context, Encoder};
use ::core::fmt;
use ::core::ops::{Deref, DerefMut};
use alloc::vec::Vec;
use wire::Misuse;
use wire::parse::{Parsed, fail};

/// One or more values, in their order: where the grammar wants at least one.
///
/// ```
/// use imap_proto::NonEmpty;
///
/// let mut numbers = NonEmpty::new([1, 2])?;
/// numbers.push(3);
/// assert_eq!(&numbers[..], [1, 2, 3]);
/// assert!(NonEmpty::<u8>::new([]).is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NonEmpty<T>(Vec<T>);

impl<T> NonEmpty<T> {
    /// Takes over values.
    ///
    /// # Errors
    /// [`Misuse::Empty`].
    pub fn new(values: impl Into<Vec<T>>) -> Result<Self, Misuse> {
        let values = values.into();
        if values.is_empty() { Err(Misuse::Empty) } else { Ok(Self(values)) }
    }

    /// One value.
    #[must_use]
    pub fn one(value: T) -> Self {
        Self(alloc::vec![value])
    }

    /// One more at the end.
    pub fn push(&mut self, value: T) {
        self.0.push(value);
    }

    /// The values.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }

    /// What a parser has seen.
    pub(crate) fn known(values: Vec<T>) -> Self {
        debug_assert!(!values.is_empty());
        Self(values)
    }

    /// `"(" item *(SP item) ")"`
    pub(crate) fn list<'i>(
        cx: &Context<'_>,
        i: &'i [u8],
        item: impl FnMut(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
    ) -> Parsed<'i, Self> {
        let (rest, items) = syntax::list(cx, i, item)?;
        if items.is_empty() {
            return fail(&i[1..], expected::VALUE);
        }
        Ok((rest, Self(items)))
    }

    /// Writes it in parentheses.
    pub(crate) fn encode_list(&self, encoder: &mut Encoder<'_>, item: impl Fn(&mut Encoder<'_>, &T)) {
        encoder.list(&self.0, |encoder, value| item(encoder, value));
    }

    /// Values of a strategy, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy(
        value: impl proptest::strategy::Strategy<Value = T>,
        most: usize,
    ) -> impl proptest::strategy::Strategy<Value = Self>
    where
        T: fmt::Debug,
    {
        use proptest::prelude::*;
        proptest::collection::vec(value, 1..=most.max(1)).prop_map(Self)
    }
}

impl<T> Deref for NonEmpty<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for NonEmpty<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T> IntoIterator for NonEmpty<T> {
    type Item = T;
    type IntoIter = alloc::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a NonEmpty<T> {
    type Item = &'a T;
    type IntoIter = ::core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T> TryFrom<Vec<T>> for NonEmpty<T> {
    type Error = Misuse;

    fn try_from(values: Vec<T>) -> Result<Self, Misuse> {
        Self::new(values)
    }
}

impl<T: fmt::Debug> fmt::Debug for NonEmpty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
