//! Up to eight octets as one integer, so that they are compared and counted together.

/// The first octets, at most eight, as a little-endian integer. What is missing is 0.
#[inline]
pub(crate) fn load(octets: &[u8]) -> u64 {
    if let Some(word) = octets.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    if let (Some(first), Some(last)) = (octets.first_chunk(), octets.last_chunk()) {
        // they may overlap, where they are equal
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (octets.len() - 4));
    }
    let octet = |n| octets.get(n).map_or(0, |&octet| u64::from(octet) << (8 * n));
    octet(0) | octet(1) | octet(2)
}

/// The octet in each place.
pub(crate) const fn splat(octet: u8) -> u64 {
    u64::from_ne_bytes([octet; 8])
}

/// Marks this octet where it stands. A borrow may mark others behind the first such.
#[inline(always)]
pub(crate) const fn is(octet: u8, word: u64) -> u64 {
    let other = word ^ splat(octet);
    other.wrapping_sub(splat(1)) & !other
}

/// How many octets come before the first whose highest bit is set in `marks`.
#[inline]
pub(crate) const fn before_mark(marks: u64) -> usize {
    (marks & splat(0x80)).trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_zero() {
        let text = b"123456789";
        for len in 0..=text.len() {
            let mut padded = [0; 8];
            let used = len.min(8);
            padded[..used].copy_from_slice(&text[..used]);
            assert_eq!(load(&text[..len]), u64::from_le_bytes(padded));
        }
    }
}
