//! Preparation of names and passwords: what was prepared stays as it is, whatever it is made of.
#![no_main]

use auth::prepare::{Preparation, Purpose};
use libfuzzer_sys::fuzz_target;
use wire::Secret;

fuzz_target!(|text: &str| {
    for preparation in [
        Preparation::AsIs,
        Preparation::SaslPrep,
        Preparation::PrecisCasePreserved,
        Preparation::PrecisCaseMapped,
    ] {
        for purpose in [Purpose::Stored, Purpose::Query] {
            if let Ok(identity) = preparation.identity(text, purpose) {
                assert_eq!(
                    preparation.identity(&identity, purpose).as_ref(),
                    Ok(&identity),
                    "{preparation:?}"
                );
                assert!(preparation == Preparation::AsIs || !identity.contains('\0'));
            }
            if let Ok(password) = preparation.password(&Secret::new(text), purpose) {
                assert_eq!(
                    preparation.password(&password, purpose).as_ref(),
                    Ok(&password),
                    "{preparation:?}"
                );
            }
            // PRECIS makes no difference
            if !matches!(preparation, Preparation::AsIs | Preparation::SaslPrep) {
                break;
            }
        }
    }
});
