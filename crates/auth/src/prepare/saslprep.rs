//! SASLprep (RFC 4013), with the tables of the crate `stringprep` and the normalization of
//! `unicode-normalization`.
//!
//! `stringprep::saslprep` itself does not do: it knows no query strings, normalizes what Unicode 3.2 does
//! not have (so that U+1D2C passes as `A` in a stored string), and leaves copies of a password behind.
//! The tests compare with it.

use super::{Purpose, Unprepared};
use stringprep::tables;
use unicode_normalization::UnicodeNormalization;
use wire::Secret;
use zeroize::Zeroizing;

/// No string grows more than this under NFKC in UTF-8 (U+FDFA).
const GROWTH: usize = 11;

pub(super) fn prepare(text: &str, purpose: Purpose) -> Result<Secret, Unprepared> {
    // as long as it can get, so that growing leaves no copy behind
    let mut prepared = Zeroizing::new(alloc::string::String::with_capacity(text.len() * GROWTH));
    // Unicode 3.2 does not change what it does not have, and composes nothing across it
    for piece in text.split_inclusive(tables::unassigned_code_point) {
        let mut chars = piece.chars();
        let unassigned = chars.next_back().filter(|&c| tables::unassigned_code_point(c));
        let assigned = if unassigned.is_some() { chars.as_str() } else { piece };
        prepared.extend(assigned.chars().filter_map(map).nfkc());
        if let Some(c) = unassigned {
            if purpose == Purpose::Stored {
                return Err(Unprepared::Unassigned);
            }
            prepared.push(c);
        }
    }
    if prepared.is_empty() {
        return Err(Unprepared::Empty);
    }
    if prepared.contains(is_prohibited) {
        return Err(Unprepared::Prohibited);
    }
    if is_mixed(&prepared) {
        return Err(Unprepared::Bidirectional);
    }
    Ok(Secret::new(prepared.as_bytes()))
}

/// RFC 4013 section 2.1.
fn map(c: char) -> Option<char> {
    if tables::non_ascii_space_character(c) {
        Some(' ')
    } else {
        Some(c).filter(|&c| !tables::commonly_mapped_to_nothing(c))
    }
}

/// RFC 4013 section 2.3.
fn is_prohibited(c: char) -> bool {
    tables::non_ascii_space_character(c)
        || tables::ascii_control_character(c)
        || tables::non_ascii_control_character(c)
        || tables::private_use(c)
        || tables::non_character_code_point(c)
        || tables::inappropriate_for_plain_text(c)
        || tables::inappropriate_for_canonical_representation(c)
        || tables::change_display_properties_or_deprecated(c)
        || tables::tagging_character(c)
}

/// RFC 3454 section 6. What is not assigned is in neither of its tables.
fn is_mixed(text: &str) -> bool {
    let right = |c| tables::bidi_r_or_al(c) && !tables::unassigned_code_point(c);
    let left = |c| tables::bidi_l(c) && !tables::unassigned_code_point(c);
    text.contains(right) && (text.contains(left) || !text.starts_with(right) || !text.ends_with(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stored(text: &str) -> Result<Secret, Unprepared> {
        prepare(text, Purpose::Stored)
    }

    /// auth-vectors.md, section 9: RFC 4013 section 3; and what else its tables say.
    #[test]
    fn vectors() {
        for (text, expected) in [
            ("I\u{ad}X", Ok("IX")),
            ("user", Ok("user")),
            ("USER", Ok("USER")),
            ("\u{aa}", Ok("a")),
            ("\u{2168}", Ok("IX")),
            ("\u{7}", Err(Unprepared::Prohibited)),
            ("\u{627}\u{31}", Err(Unprepared::Bidirectional)),
            ("\u{627}1\u{628}", Ok("\u{627}1\u{628}")),
            ("\u{627}x\u{628}", Err(Unprepared::Bidirectional)),
            ("a\u{a0}b\u{200b}c\u{3000}d", Ok("a b c d")),
            ("\u{ad}\u{200d}\u{feff}", Err(Unprepared::Empty)),
            ("a\u{301}", Ok("\u{e1}")),
            ("\u{e000}", Err(Unprepared::Prohibited)),
            ("\u{85}", Err(Unprepared::Prohibited)),
            ("\u{fffd}", Err(Unprepared::Prohibited)),
            ("\u{2ff0}", Err(Unprepared::Prohibited)),
            ("\u{202e}", Err(Unprepared::Prohibited)),
            ("\u{e0041}", Err(Unprepared::Prohibited)),
            ("\u{fdd0}", Err(Unprepared::Prohibited)),
        ] {
            let expected = expected.map(|text: &str| Secret::new(text.as_bytes()));
            assert_eq!(stored(text).as_ref().map(Secret::expose), expected.as_ref().map(Secret::expose));
        }
    }

    #[test]
    fn stored_and_query_strings_differ() {
        // U+0221 is the example of many libraries; U+1F412 a monkey; U+1D2C has a mapping today
        for text in ["\u{221}", "x\u{1f412}", "\u{1d2c}", "a\u{221}\u{301}b"] {
            assert_eq!(stored(text), Err(Unprepared::Unassigned), "{text:?}");
            let query = prepare(text, Purpose::Query).unwrap();
            assert_eq!(query.expose(), text.as_bytes(), "{text:?}");
        }
        // around it, everything goes on as usual
        let query = prepare("\u{aa}\u{1f412}\u{2168}", Purpose::Query).unwrap();
        assert_eq!(query.expose(), "a\u{1f412}IX".as_bytes());
    }

    /// U+FDFA grows most.
    #[test]
    fn the_block_never_grows() {
        for text in ["\u{fdfa}", "\u{390}", "\u{1d160}", "\u{ac00}"] {
            let nfkc: usize = text.nfkc().map(char::len_utf8).sum();
            assert!(nfkc <= text.len() * GROWTH);
        }
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let nfkc: usize = core::iter::once(c).nfkc().map(char::len_utf8).sum();
            assert!(nfkc <= c.len_utf8() * GROWTH, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn like_stringprep(text in "\\PC{1,12}|[\u{590}-\u{6ff} -~]{1,6}|[\u{300}-\u{330}a-z\u{ad}]{1,8}") {
            prop_assume!(!text.contains(tables::unassigned_code_point));
            let ours = stored(&text);
            match stringprep::saslprep(&text) {
                Ok(theirs) if theirs.is_empty() => prop_assert_eq!(ours, Err(Unprepared::Empty)),
                Ok(theirs) => {
                    let ours = ours.unwrap();
                    prop_assert_eq!(ours.expose(), theirs.as_bytes());
                    let query = prepare(&text, Purpose::Query).unwrap();
                    prop_assert_eq!(query.expose(), theirs.as_bytes());
                }
                Err(_) => prop_assert!(ours.is_err()),
            }
        }

        #[test]
        fn preparing_twice_changes_nothing(text in "\\PC{1,12}") {
            for purpose in [Purpose::Stored, Purpose::Query] {
                if let Ok(once) = prepare(&text, purpose) {
                    let again = prepare(core::str::from_utf8(once.expose()).unwrap(), purpose).unwrap();
                    prop_assert_eq!(once.expose(), again.expose());
                }
            }
        }
    }
}
