//! Searches that look at sixteen octets side by side. What is searched for is a condition on an octet, written with `|`, `&`
//! and comparisons, without branches: the compiler makes vector instructions of it.
//!
//! ```
//! use wire::lanes::{first, first_behind, is_from};
//!
//! let line = b"EHLO mail.example\r\n";
//! assert_eq!(first(line, 5, |octet| (octet == b'\r') | (octet == 0)), 17);
//! let double = |before, octet| (before == octet) & (octet != b'L') | !is_from(octet, b' ', b'z');
//! assert_eq!(first_behind(line, 5, b' ', double), 17);
//! ```

/// Sixteen octets.
type Lanes = [u8; 16];
const LANES: usize = 16;

/// Whether an octet is from `first` to `last`.
#[must_use]
#[inline(always)]
pub const fn is_from(octet: u8, first: u8, last: u8) -> bool {
    octet.wrapping_sub(first) <= last - first
}

/// The octets at `at`, and zeroes where `octets` is at its end.
#[inline(always)]
fn load(octets: &[u8], at: usize) -> u128 {
    let rest = octets.get(at..).unwrap_or_default();
    match (rest.first_chunk::<LANES>(), octets.last_chunk::<LANES>()) {
        (Some(lanes), _) => u128::from_le_bytes(*lanes),
        // the octets before `rest` go, and zeroes come behind its last
        (None, Some(lanes)) if !rest.is_empty() => u128::from_le_bytes(*lanes) >> (8 * (LANES - rest.len())),
        _ => few(rest),
    }
}

#[cold]
fn few(rest: &[u8]) -> u128 {
    let mut lanes = [0; LANES];
    let len = rest.len().min(LANES);
    lanes[..len].copy_from_slice(&rest[..len]);
    u128::from_le_bytes(lanes)
}

/// The place in these lanes of the first octet, of those before and here, that is marked with ones.
#[inline(always)]
fn marked(before: Lanes, octets: Lanes, is: impl Fn(u8, u8) -> bool) -> Option<usize> {
    let mut marks = [0; LANES];
    for lane in 0..LANES {
        marks[lane] = if is(before[lane], octets[lane]) { 0xff } else { 0 };
    }
    let marks = u128::from_le_bytes(marks);
    (marks != 0).then_some(marks.trailing_zeros() as usize / 8)
}

/// The place of the first octet at `at` or behind it for which `is`. If there is none, the length. `is` must hold for 0.
#[must_use]
#[inline(always)]
pub fn first(octets: &[u8], mut at: usize, is: impl Fn(u8) -> bool) -> usize {
    loop {
        let lanes = load(octets, at).to_le_bytes();
        if let Some(place) = marked(lanes, lanes, |_, octet| is(octet)) {
            // behind the end there are zeroes
            return at + place;
        }
        at += LANES;
    }
}

/// The same for a condition on an octet and the one before it, which at `at` is taken to be `before`. It must hold for 0
/// behind any octet.
#[must_use]
#[inline(always)]
pub fn first_behind(octets: &[u8], mut at: usize, before: u8, is: impl Fn(u8, u8) -> bool) -> usize {
    let mut carried = u128::from(before);
    loop {
        let lanes = load(octets, at);
        let behind = lanes << 8 | carried;
        if let Some(place) = marked(behind.to_le_bytes(), lanes.to_le_bytes(), &is) {
            return at + place;
        }
        carried = lanes >> 120;
        at += LANES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_octet_at_every_place() {
        for octet in 0..=255u8 {
            for len in 1..40 {
                let mut octets = alloc::vec![b'x'; len];
                octets[len - 1] = octet;
                for at in 0..=len {
                    let expected = if at == len || octet == b'x' { len } else { len - 1 };
                    let is = |octet| octet != b'x';
                    assert_eq!(first(&octets, at, is), expected);
                    assert_eq!(first_behind(&octets, at, b'x', |_, octet| is(octet)), expected);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn as_one_by_one(octets in proptest::collection::vec(0..4u8, 0..70), at in 0..70usize, before: u8) {
            let at = at.min(octets.len());
            let end = octets[at..].iter().position(|&octet| octet == 0).map_or(octets.len(), |n| at + n);
            prop_assert_eq!(first(&octets, at, |octet| octet == 0), end);
            let mut last = before;
            let double = octets[at..].iter().position(|&octet| octet == core::mem::replace(&mut last, octet) || octet == 0);
            let double = double.map_or(octets.len(), |n| at + n);
            prop_assert_eq!(first_behind(&octets, at, before, |before, octet| (before == octet) | (octet == 0)), double);
        }
    }
}
