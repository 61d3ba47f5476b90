//! Sets of small numbers as bits of one integer.

/// The numbers of the bits that are set, ascending.
#[derive(Debug, Clone)]
pub(crate) struct Bits(pub(crate) u32);

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let lowest = self.0.trailing_zeros() as usize;
        // without any there is nothing to take out
        self.0 &= self.0.checked_sub(1)?;
        Some(lowest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_once() {
        let of = |bits| Bits(bits).collect::<alloc::vec::Vec<_>>();
        assert_eq!(of(0), []);
        assert_eq!(of(0b1010_0001), [0, 5, 7]);
        assert_eq!(of(1 << 31), [31]);
    }
}
