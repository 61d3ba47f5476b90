//! Client and server of each mechanism, with somebody in the middle who changes messages: whoever gets in has the right password, and
//! only changes that say the same (`Pair::is_harmless`) let an exchange succeed.
#![no_main]

use arbitrary::Arbitrary;
use fuzz::pairs::{Carries, Outcome, PASSWORD, Side, pairs, run};
use libfuzzer_sys::fuzz_target;
use std::collections::VecDeque;

#[derive(Debug, Arbitrary)]
struct Case<'d> {
    pair: u8,
    carries: u8,
    /// The client's password, if it is not the right one.
    wrong: Option<&'d str>,
    edits: Vec<Edit<'d>>,
}

#[derive(Debug, Arbitrary)]
enum Edit<'d> {
    Keep,
    Replace(&'d [u8]),
    Cut(u8),
    CutFront(u8),
    Flip(u16),
    Insert(u8, &'d [u8]),
    /// In the place of as many octets.
    Overwrite(u8, &'d [u8]),
    Twice,
    /// Said before, by either side.
    Earlier(u8),
    Both(u16, u16),
}

impl Edit<'_> {
    fn apply(&self, message: &[u8], earlier: &[Vec<u8>]) -> Vec<u8> {
        let at = |at: &u8| usize::from(*at).min(message.len());
        match self {
            Self::Keep => message.to_vec(),
            Self::Replace(octets) => octets.to_vec(),
            Self::Cut(len) => message[..at(len)].to_vec(),
            Self::CutFront(len) => message[at(len)..].to_vec(),
            Self::Flip(bit) => flip(message.to_vec(), *bit),
            Self::Insert(place, octets) => [&message[..at(place)], octets, &message[at(place)..]].concat(),
            Self::Overwrite(place, octets) => {
                let end = (at(place) + octets.len()).min(message.len());
                [&message[..at(place)], octets, &message[end..]].concat()
            }
            Self::Twice => [message, message].concat(),
            Self::Earlier(which) => earlier.get(usize::from(*which)).cloned().unwrap_or_default(),
            Self::Both(one, other) => flip(flip(message.to_vec(), *one), *other),
        }
    }
}

fn flip(mut message: Vec<u8>, bit: u16) -> Vec<u8> {
    if let Some(octet) = message.get_mut(usize::from(bit / 8)) {
        *octet ^= 1 << (bit % 8);
    }
    message
}

fuzz_target!(|case: Case<'_>| {
    let pairs = pairs();
    let pair = &pairs[usize::from(case.pair) % pairs.len()];
    let carries = Carries::ALL[usize::from(case.carries) % Carries::ALL.len()];
    let wrong = case.wrong.filter(|wrong| is_a_password(wrong));
    let mut edits: VecDeque<&Edit<'_>> = case.edits.iter().collect();
    let (mut earlier, mut changes) = (Vec::new(), Vec::new());
    let outcome = run(pair, ("tim", wrong.unwrap_or(PASSWORD)), carries, |side: Side, message| {
        let changed = match edits.pop_front() {
            Some(edit) => edit.apply(&message, &earlier),
            None => message.clone(),
        };
        earlier.push(message.clone());
        if changed != message {
            changes.push((side, message, changed.clone()));
        }
        changed
    });
    let Outcome::In(who, _) = outcome else {
        // nobody has interfered
        let right = wrong.is_none_or(|wrong| wrong == PASSWORD) && changes.is_empty();
        assert!(!right, "{}: {outcome:?}", pair.name);
        return;
    };
    if wrong.is_some_and(|wrong| wrong != PASSWORD) && pair.has_secret() {
        // only by saying all of it oneself, where that is all there is
        let said = |changed: &[u8]| changed.windows(PASSWORD.len()).any(|at| at == PASSWORD.as_bytes());
        assert!(changes.iter().any(|(_, _, changed)| said(changed)), "{}: in by {wrong:?}", pair.name);
        return;
    }
    for (side, message, changed) in &changes {
        // an identity that was cut away altogether leaves a valid message of the user's own
        let own = pair.name == "PLAIN as another" && changed == b"\0tim\0tanstaaftanstaaf";
        let own = own || pair.name == "PLAIN as another" && changed == b"tim\0tim\0tanstaaftanstaaf";
        assert!(
            own || pair.is_harmless(message, changed),
            "{}: {who:?} is in, though of {side:?} {} became {}",
            pair.name,
            message.escape_ascii(),
            changed.escape_ascii()
        );
    }
});

/// One that every client takes.
fn is_a_password(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_alphanumeric())
}
