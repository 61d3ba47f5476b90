//! PRECIS (RFC 8264, RFC 8265), with the crates `precis-profiles` and `precis-core`.
//!
//! They know Unicode 6.3, as IANA's registry does; later code points are unassigned and so refused. For passwords
//! only the string class is theirs, because `OpaqueString::enforce` leaves copies behind. The tests
//! compare with it.
//!
//! RFC 8264 section 7: the rules are applied again until nothing changes, at most three times more. NFC makes the middle dot
//! U+00B7 of U+0387, for one, and that is allowed in few places.

use super::Unprepared;
use alloc::string::String;
use precis_core::profile::Profile;
use precis_core::{CodepointInfo, DerivedPropertyValue, Error, FreeformClass, StringClass};
use precis_profiles::{UsernameCaseMapped, UsernameCasePreserved};
use unicode_normalization::UnicodeNormalization;
use wire::Secret;
use zeroize::Zeroizing;

/// RFC 8264 section 7.
const AGAIN: usize = 3;

fn until_stable<T: PartialEq>(
    mut text: T,
    apply: impl Fn(&T) -> Result<T, Unprepared>,
) -> Result<T, Unprepared> {
    for _ in 0..AGAIN {
        let next = apply(&text)?;
        if next == text {
            return Ok(text);
        }
        text = next;
    }
    Err(Unprepared::Prohibited)
}

/// RFC 8265 sections 3.3 and 3.4.
pub(super) fn username(text: &str, map_case: bool) -> Result<String, Unprepared> {
    until_stable(username_once(text, map_case)?, |text| username_once(text, map_case))
}

fn username_once(text: &str, map_case: bool) -> Result<String, Unprepared> {
    let enforced = match map_case {
        true => UsernameCaseMapped::new().enforce(text),
        false => UsernameCasePreserved::new().enforce(text),
    };
    match enforced {
        Ok(name) => Ok(name.into_owned()),
        // not empty, so it is the rule about directions
        Err(Error::Invalid) => Err(Unprepared::Bidirectional),
        Err(error) => Err(reason(&error)),
    }
}

/// No string grows more than this under NFC in UTF-8.
const GROWTH: usize = 3;

/// RFC 8265 section 4.2.2.
pub(super) fn opaque(text: &str) -> Result<Secret, Unprepared> {
    let prepared = until_stable(opaque_once(text)?, |text| opaque_once(text))?;
    Ok(Secret::new(prepared.as_bytes()))
}

/// The code points, then their spaces, then NFC.
fn opaque_once(text: &str) -> Result<Zeroizing<String>, Unprepared> {
    FreeformClass::default().allows(text).map_err(|error| reason(&error))?;
    let mut prepared = Zeroizing::new(String::with_capacity(text.len() * GROWTH));
    prepared.extend(text.chars().map(|c| if is_space(c) { ' ' } else { c }).nfc());
    Ok(prepared)
}

/// General category `Zs`.
fn is_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

fn reason(error: &Error) -> Unprepared {
    match error {
        Error::BadCodepoint(CodepointInfo { property: DerivedPropertyValue::Unassigned, .. }) => {
            Unprepared::Unassigned
        }
        _ => Unprepared::Prohibited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::{Preparation, Purpose};
    use precis_profiles::OpaqueString;
    use proptest::prelude::*;

    /// auth-vectors.md, section 9: RFC 8265 section 3.5.
    #[test]
    fn usernames() {
        let preserved = |text| Preparation::PrecisCasePreserved.identity(text, Purpose::Query);
        let mapped = |text| Preparation::PrecisCaseMapped.identity(text, Purpose::Query);
        for (text, lower) in [
            ("juliet@example.com", "juliet@example.com"),
            ("fussball", "fussball"),
            ("fu\u{df}ball", "fu\u{df}ball"),
            ("\u{3c0}", "\u{3c0}"),
            ("\u{3a3}", "\u{3c3}"),
            ("\u{3c3}", "\u{3c3}"),
            ("\u{3c2}", "\u{3c2}"),
            ("J\u{dc}RGEN", "j\u{fc}rgen"),
            // fullwidth letters
            ("\u{ff21}b", "ab"),
        ] {
            assert_eq!(mapped(text).as_deref(), Ok(lower));
            if !text.starts_with('\u{ff21}') {
                assert_eq!(preserved(text).as_deref(), Ok(text));
            }
        }
        for (text, reason) in [
            ("foo bar", Unprepared::Prohibited),
            ("", Unprepared::Empty),
            ("henry\u{2163}", Unprepared::Prohibited),
            ("\u{265a}", Unprepared::Prohibited),
            ("\u{5d0}a", Unprepared::Bidirectional),
            ("\u{e000}", Unprepared::Prohibited),
            // of Unicode 16
            ("\u{1c89}", Unprepared::Unassigned),
        ] {
            assert_eq!(preserved(text), Err(reason), "{text:?}");
            assert_eq!(mapped(text), Err(reason), "{text:?}");
        }
    }

    /// auth-vectors.md, section 9: RFC 8265 section 4.3.
    #[test]
    fn passwords() {
        let opaque = |text: &str| {
            Preparation::PrecisCaseMapped.password(&Secret::new(text.as_bytes()), Purpose::Stored)
        };
        for (text, prepared) in [
            ("correct horse battery staple", "correct horse battery staple"),
            ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
            ("\u{3c0}\u{df}\u{e5}", "\u{3c0}\u{df}\u{e5}"),
            ("Jack of \u{2666}s", "Jack of \u{2666}s"),
            ("foo\u{1680}bar", "foo bar"),
            ("a\u{30a}", "\u{e5}"),
        ] {
            assert_eq!(opaque(text).unwrap().expose(), prepared.as_bytes());
        }
        assert_eq!(opaque(""), Err(Unprepared::Empty));
        assert_eq!(opaque("my cat is a \tby"), Err(Unprepared::Prohibited));
        assert_eq!(opaque("\u{fc}\t"), Err(Unprepared::Prohibited));
    }

    /// The rules, applied again, must find nothing more to do.
    #[test]
    fn what_is_prepared_stays() {
        for preparation in [Preparation::PrecisCasePreserved, Preparation::PrecisCaseMapped] {
            for (text, prepared) in [
                // the middle dot is only for between two l
                ("m\u{387}5", Err(Unprepared::Prohibited)),
                ("l\u{387}l", Ok("l\u{b7}l")),
            ] {
                let password = preparation.password(&Secret::new(text), Purpose::Stored);
                assert_eq!(password, prepared.map(Secret::new), "{text:?}");
            }
            // those that NFC makes another of
            let changed = |c: &char| core::iter::once(*c).nfc().ne(core::iter::once(*c));
            for c in (0x80..=0x2_ffff).filter_map(char::from_u32).filter(changed) {
                let text = String::from_iter(['a', c]);
                if let Ok(identity) = preparation.identity(&text, Purpose::Query) {
                    assert_eq!(preparation.identity(&identity, Purpose::Query).as_ref(), Ok(&identity));
                }
                if let Ok(password) = preparation.password(&Secret::new(text), Purpose::Stored) {
                    assert_eq!(preparation.password(&password, Purpose::Stored).as_ref(), Ok(&password));
                }
            }
        }
    }

    #[test]
    fn the_block_never_grows() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let nfc: usize = core::iter::once(c).nfc().map(char::len_utf8).sum();
            assert!(nfc <= c.len_utf8() * GROWTH, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn like_the_crate(text in "\\PC{1,12}|[\u{300}-\u{330}a-z\u{a0}\u{3000}]{1,8}") {
            match OpaqueString::new().enforce(&*text) {
                Ok(theirs) => {
                    let ours = opaque_once(&text).unwrap();
                    prop_assert_eq!(&**ours, &*theirs);
                }
                Err(_) => prop_assert!(opaque_once(&text).is_err() && opaque(&text).is_err()),
            }
        }
    }
}
