//! Searches that every octet of a reply goes through, sixteen octets at a time.

use wire::class::{TEXT, VCHAR};

const HIGHEST: u128 = splat(0x80);

/// The octet in each place.
const fn splat(octet: u8) -> u128 {
    u128::from_ne_bytes([octet; 16])
}

/// How many octets come before the first whose highest bit is set in `marks`.
#[inline(always)]
const fn before_mark(marks: u128) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// The place of the first CR, LF or NUL at `at` or behind it. If there is none, the length.
#[inline(always)]
pub(crate) fn text_end(frame: &[u8], at: usize) -> usize {
    first_of::<0x20>(frame, at, |octet| !TEXT.has(octet))
}

/// The place of the first space, CR, LF or NUL at `at` or behind it. If there is none, the length.
#[inline(always)]
pub(crate) fn word_end(frame: &[u8], at: usize) -> usize {
    first_of::<0x21>(frame, at, |octet| octet == b' ' || !TEXT.has(octet))
}

/// The lowest in each of sixteen places, without branches, so that it is vectorised.
#[inline(always)]
fn lowest(mut a: [u8; 16], b: [u8; 16]) -> [u8; 16] {
    for place in 0..16 {
        a[place] = a[place].min(b[place]);
    }
    a
}

#[inline(always)]
fn any_below(octets: [u8; 16], bound: u8) -> bool {
    let marks = octets.map(|octet| if octet < bound { 0xff } else { 0 });
    u128::from_ne_bytes(marks) != 0
}

/// Whether there is no CR, LF or NUL in a text.
#[inline(always)]
pub(crate) fn is_text(text: &[u8]) -> bool {
    let low = if let Some(&last) = text.last_chunk() {
        let (mut low, mut rest) = (last, text);
        while let Some((chunk, after)) = rest.split_first_chunk() {
            low = lowest(low, *chunk);
            rest = after;
        }
        low
    } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        let both = u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << 64;
        both.to_le_bytes()
    } else {
        return text.iter().all(|&octet| TEXT.has(octet));
    };
    // a tab, perhaps
    !any_below(low, 0x20) || TEXT.first_outside(text).is_none()
}

/// The place of the first octet at `at` or behind it for which `is_one`, all of which are below `BOUND`.
#[inline(always)]
fn first_of<const BOUND: u8>(frame: &[u8], at: usize, is_one: impl Fn(u8) -> bool) -> usize {
    let mut rest = frame.get(at..).unwrap_or_default();
    loop {
        let word = if let Some(chunk) = rest.first_chunk() {
            u128::from_le_bytes(*chunk)
        } else {
            match frame.last_chunk::<16>() {
                // the octets before `rest` go, and zeroes come behind its last
                Some(chunk) if !rest.is_empty() => u128::from_le_bytes(*chunk) >> (8 * (16 - rest.len())),
                _ => {
                    let end = rest.iter().position(|&o| is_one(o)).unwrap_or(rest.len());
                    return frame.len() - rest.len() + end;
                }
            }
        };
        // a borrow only falls on octets behind the first such
        let low = word.wrapping_sub(splat(BOUND)) & !word & HIGHEST;
        if low == 0 {
            // only a whole chunk has none
            rest = rest.get(16..).unwrap_or_default();
            continue;
        }
        let end = before_mark(low);
        match rest.get(end) {
            Some(&octet) if !is_one(octet) => rest = &rest[end + 1..],
            Some(_) => return frame.len() - rest.len() + end,
            None => return frame.len(),
        }
    }
}

/// How many octets of printable ASCII stand at `at`, and [`key`](wire::keyword::key) of them.
#[inline(always)]
pub(crate) fn word(frame: &[u8], at: usize) -> (usize, u128) {
    let rest = frame.get(at..).unwrap_or_default();
    if let Some(chunk) = rest.first_chunk() {
        let word = u128::from_le_bytes(*chunk);
        // below 0x21, or above 0x7e; a carry only falls on octets behind the first such
        let others = word.wrapping_sub(splat(0x21)) | word.wrapping_add(splat(1)) | word;
        let len = before_mark(others & HIGHEST);
        if matches!(len, 1..16) {
            return (len, (word | splat(0x20)) & (u128::MAX >> (128 - 8 * len)));
        }
    }
    let len = VCHAR.run(rest);
    (len, wire::keyword::key(&rest[..len]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn same(octets: &[u8]) {
        for at in 0..=octets.len() {
            let rest = &octets[at..];
            assert_eq!(text_end(octets, at), at + TEXT.run(rest), "{octets:?} {at}");
            assert_eq!(is_text(rest), TEXT.run(rest) == rest.len(), "{octets:?} {at}");
            let end = rest.iter().position(|&o| o == b' ' || !TEXT.has(o)).unwrap_or(rest.len());
            assert_eq!(word_end(octets, at), at + end, "{octets:?} {at}");
            let len = VCHAR.run(rest);
            assert_eq!(word(octets, at), (len, wire::keyword::key(&rest[..len])), "{octets:?} {at}");
        }
    }

    #[test]
    fn every_octet_at_every_place() {
        for octet in 0..=255u8 {
            for len in 1..36 {
                let mut octets = alloc::vec![b'x'; len];
                octets[len - 1] = octet;
                octets.extend_from_slice(b"~!\r\xff");
                same(&octets);
            }
        }
    }

    proptest! {
        #[test]
        fn as_one_by_one(
            octets: Vec<u8>,
            text in "[ -~\t\r\n\0\u{e9}\x1f\x7f]{0,70}",
        ) {
            same(&octets);
            same(text.as_bytes());
        }
    }
}
