//! Modified UTF-7 (RFC 3501 section 5.1.3): how mailbox names beyond ASCII are written in IMAP4rev1.
//!
//! Printable ASCII but `&` stands for itself, `&` is `&-`, anything else is base64 of UTF-16, with `,` in place of `/` and without
//! padding, between `&` and `-`.

use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
);

/// Writes text in modified UTF-7.
pub(crate) fn encode(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut shifted: Vec<u8> = Vec::new();
    let flush = |shifted: &mut Vec<u8>, octets: &mut Vec<u8>| {
        if !shifted.is_empty() {
            octets.push(b'&');
            octets.extend_from_slice(ENGINE.encode(&*shifted).as_bytes());
            octets.push(b'-');
            shifted.clear();
        }
    };
    for c in text.chars() {
        match c {
            '&' => {
                flush(&mut shifted, &mut octets);
                octets.extend_from_slice(b"&-");
            }
            ' '..='~' => {
                flush(&mut shifted, &mut octets);
                let mut utf8 = [0; 4];
                octets.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
            }
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    shifted.extend_from_slice(&unit.to_be_bytes());
                }
            }
        }
    }
    flush(&mut shifted, &mut octets);
    octets
}

/// Reads text in modified UTF-7; `None` if it is none: an unfinished or empty shift, ASCII in base64, half a surrogate pair, padding bits.
pub(crate) fn decode(octets: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(octets.len());
    let mut rest = octets;
    // a shift right behind another should have been one (RFC 3501 section 5.1.3: "-&" superfluous)
    let mut behind_shift = false;
    while let Some((&first, after)) = rest.split_first() {
        match first {
            b'&' => {
                let end = memchr::memchr(b'-', after)?;
                let (code, behind) = (&after[..end], &after[end + 1..]);
                if code.is_empty() {
                    text.push('&');
                    behind_shift = false;
                } else {
                    if behind_shift {
                        return None;
                    }
                    shifted(code, &mut text)?;
                    behind_shift = true;
                }
                rest = behind;
            }
            b' '..=b'~' => {
                text.push(char::from(first));
                behind_shift = false;
                rest = after;
            }
            _ => return None,
        }
    }
    Some(text)
}

fn shifted(code: &[u8], text: &mut String) -> Option<()> {
    let octets = ENGINE.decode(code).ok()?;
    if octets.len() % 2 != 0 {
        return None;
    }
    let units = octets.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    for c in char::decode_utf16(units) {
        match c.ok()? {
            ' '..='~' => return None,
            c => text.push(c),
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples() {
        for (text, octets) in [
            (
                "~peter/mail/\u{53f0}\u{5317}/\u{65e5}\u{672c}\u{8a9e}",
                &b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"[..],
            ),
            ("Tom & Jerry", b"Tom &- Jerry"),
            ("Entw\u{fc}rfe", b"Entw&APw-rfe"),
            ("\u{1f600}", b"&2D3eAA-"),
            ("", b""),
        ] {
            assert_eq!(encode(text), octets);
            assert_eq!(decode(octets).as_deref(), Some(text));
        }
        for bad in [
            &b"&"[..],
            b"&AP",
            b"&AP-",
            b"&APw=-",
            b"&AGE-",
            b"&2D0-",
            b"caf\xe9",
            b"&AP/-",
            b"&U,BTFw-&ZeVnLIqe-",
        ] {
            assert_eq!(decode(bad), None, "{}", bad.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn round_trip(text: String) {
            prop_assert_eq!(decode(&encode(&text)), Some(text));
        }
    }
}
