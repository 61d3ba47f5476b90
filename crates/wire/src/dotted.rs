//! Words with dots between them: what nearly all mailboxes are made of.

use crate::class::ATEXT;
use crate::lanes::{first_behind, is_from};

/// Where the letters, digits, hyphens and dots end that start at `at`. None if, between dots, nothing stands there, or
/// something that starts or ends with a hyphen.
///
/// ```
/// use wire::dotted::labels;
///
/// assert_eq!(labels(b"<a@mail.example.com> SIZE=1", 3), Some(19));
/// assert_eq!(labels(b"mail..com", 0), None);
/// assert_eq!(labels(b"a.-b", 0), None);
/// ```
#[must_use]
#[inline(always)]
pub fn labels(octets: &[u8], at: usize) -> Option<usize> {
    let end = first_behind(octets, at, b'.', |before, octet| {
        let inside = is_from(octet | 0x20, b'a', b'z') | is_from(octet, b'0', b'9');
        let hyphen = (octet == b'-') & (before != b'.');
        let dot = (octet == b'.') & (before != b'.') & (before != b'-');
        !(inside | hyphen | dot)
    });
    match octets.get(at..end)?.last()? {
        b'.' | b'-' => None,
        _ => Some(end),
    }
}

/// Where the `atext` and dots end that start at `at`. None if nothing stands between two dots, before the first or behind
/// the last.
///
/// ```
/// use wire::dotted::atoms;
///
/// assert_eq!(atoms(b"<first.last+tag@example.com>", 1), Some(15));
/// assert_eq!(atoms(b".a@example.com", 0), None);
/// ```
#[must_use]
#[inline(always)]
pub fn atoms(octets: &[u8], at: usize) -> Option<usize> {
    let (mut from, mut before) = (at, b'.');
    loop {
        let end = first_behind(octets, from, before, |before, octet| {
            // of atext all but ! # $ % & ' and ?
            let inside = is_from(octet, b'^', b'~')
                | is_from(octet, b'A', b'Z')
                | is_from(octet, b'*', b'9') & (octet != b',')
                | (octet == b'=');
            !inside | (octet == b'.') & (before == b'.')
        });
        match octets.get(end) {
            Some(&rare) if ATEXT.has(rare) => (from, before) = (end + 1, rare),
            _ => return octets.get(at..end)?.last().filter(|&&last| last != b'.').map(|_| end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::LDH;
    use proptest::prelude::*;

    fn run(octets: &[u8], inside: impl Fn(u8) -> bool) -> &[u8] {
        let len = octets.iter().position(|&octet| octet != b'.' && !inside(octet)).unwrap_or(octets.len());
        &octets[..len]
    }

    fn plain_labels(octets: &[u8]) -> Option<usize> {
        let run = run(octets, |octet| LDH.has(octet));
        let label = |label: &[u8]| !label.is_empty() && label[0] != b'-' && label[label.len() - 1] != b'-';
        run.split(|&octet| octet == b'.').all(label).then_some(run.len())
    }

    fn plain_atoms(octets: &[u8]) -> Option<usize> {
        let run = run(octets, |octet| ATEXT.has(octet));
        run.split(|&octet| octet == b'.').all(|atom| !atom.is_empty()).then_some(run.len())
    }

    fn same(octets: &[u8]) {
        for at in 0..=octets.len() {
            let rest = &octets[at..];
            assert_eq!(labels(octets, at), plain_labels(rest).map(|len| at + len), "{octets:?} {at}");
            assert_eq!(atoms(octets, at), plain_atoms(rest).map(|len| at + len), "{octets:?} {at}");
        }
    }

    #[test]
    fn each_octet_in_each_place() {
        for octet in 0..=255u8 {
            for len in [1, 2, 15, 16, 17, 18, 34] {
                for place in 0..len {
                    let mut text = alloc::vec![b'x'; len];
                    text[place] = octet;
                    same(&text);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn the_same_as_octet_by_octet(text in "[a.>-]{0,40}|[a-z.@!_-]{0,40}|[ -~]{0,20}", octets: alloc::vec::Vec<u8>) {
            same(text.as_bytes());
            same(&octets);
        }
    }
}
