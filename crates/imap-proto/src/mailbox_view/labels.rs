//! Flags of very many messages: system flags are bits, sets of keywords are kept once for all messages that have them.

use crate::{Flag, Flags};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// That the flags are known; a message without any has this alone.
const KNOWN: u32 = 0x80;
/// The number of the set of keywords stands from this bit on; 0: none.
const SET: u32 = 8;
/// The highest number of a set.
const MAX_SETS: usize = 0xff_ffff;
/// What an entry of a table takes beyond its content, roughly.
const OVERHEAD: usize = 96;

static BITS: [(u32, Flag); 6] = [
    (1, Flag::Seen),
    (2, Flag::Answered),
    (4, Flag::Flagged),
    (8, Flag::Deleted),
    (16, Flag::Draft),
    (32, Flag::Recent),
];

fn bit(flag: &Flag) -> Option<u32> {
    BITS.iter().find(|(_, system)| system == flag).map(|(bit, _)| *bit)
}

/// A keyword, or a flag of an extension, ordered without regard to case.
#[derive(Debug, Clone)]
struct Name(Flag);

impl Name {
    /// Whether it has a backslash, and its octets.
    fn parts(&self) -> (bool, &[u8]) {
        match &self.0 {
            Flag::Extension(atom) => (true, atom.as_bytes()),
            Flag::Keyword(atom) => (false, atom.as_bytes()),
            _ => (false, b""),
        }
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((one, octets), (two, others)) = (self.parts(), other.parts());
        let lower = u8::to_ascii_lowercase;
        one.cmp(&two).then_with(|| octets.iter().map(lower).cmp(others.iter().map(lower)))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Name {}

/// Numbers of keywords, ascending.
type Set = Box<[u32]>;

/// The keywords of a mailbox, and the sets of them that its messages have.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    names: Vec<Flag>,
    numbers: BTreeMap<Name, u32>,
    /// With how many messages have them. Of those that none has, the numbers are in `free`.
    sets: Vec<(Set, u32)>,
    set_numbers: BTreeMap<Set, u32>,
    free: Vec<u32>,
    octets: usize,
}

impl Labels {
    /// Flags as one number, never 0; one more message has them. `None` if more than `limit` octets were needed for keywords.
    pub(super) fn pack(&mut self, flags: &Flags, limit: usize) -> Option<u32> {
        let mut packed = KNOWN;
        let mut set = Vec::new();
        for flag in flags.iter() {
            match flag {
                Flag::Extension(_) | Flag::Keyword(_) => set.push(self.number(flag, limit)?),
                system => packed |= bit(system).unwrap_or(0),
            }
        }
        if set.is_empty() {
            return Some(packed);
        }
        set.sort_unstable();
        set.dedup();
        Some(packed | self.set(set, limit)? << SET)
    }

    fn number(&mut self, flag: &Flag, limit: usize) -> Option<u32> {
        let name = Name(flag.clone());
        if let Some(&number) = self.numbers.get(&name) {
            return Some(number);
        }
        let cost = OVERHEAD + name.parts().1.len();
        let number = u32::try_from(self.names.len()).ok()?;
        self.charge(cost, limit)?;
        let flag = flag.detach();
        self.names.push(flag.clone());
        self.numbers.insert(Name(flag), number);
        Some(number)
    }

    /// The number of a set, above 0.
    fn set(&mut self, set: Vec<u32>, limit: usize) -> Option<u32> {
        if let Some(&number) = self.set_numbers.get(&set[..]) {
            // not more than there are messages
            let uses = &mut self.sets.get_mut(number as usize)?.1;
            *uses = uses.saturating_add(1);
            return Some(number + 1);
        }
        self.charge(Self::cost(&set), limit)?;
        let set: Set = set.into();
        let number = match self.free.pop() {
            Some(number) => {
                self.sets[number as usize] = (set.clone(), 1);
                number
            }
            None if self.sets.len() >= MAX_SETS => return None,
            None => {
                let number = u32::try_from(self.sets.len()).ok()?;
                self.sets.push((set.clone(), 1));
                number
            }
        };
        self.set_numbers.insert(set, number);
        Some(number + 1)
    }

    fn cost(set: &[u32]) -> usize {
        OVERHEAD + 2 * size_of_val(set)
    }

    fn charge(&mut self, octets: usize, limit: usize) -> Option<()> {
        let all = self.octets.checked_add(octets).filter(|all| *all <= limit)?;
        self.octets = all;
        Some(())
    }

    /// One message less has these flags.
    pub(super) fn release(&mut self, packed: u32) {
        let Some(number) = (packed >> SET).checked_sub(1) else { return };
        let Some((set, uses)) = self.sets.get_mut(number as usize) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0 {
            let set = core::mem::take(set);
            self.octets = self.octets.saturating_sub(Self::cost(&set));
            self.set_numbers.remove(&set);
            self.free.push(number);
        }
    }

    /// The flags; `None` if they are not known.
    pub(super) fn flags(&self, packed: u32) -> Option<Flags> {
        if packed & KNOWN == 0 {
            return None;
        }
        let system = BITS.iter().filter(|(bit, _)| packed & bit != 0).map(|(_, flag)| flag.clone());
        let keywords =
            self.keywords(packed).iter().filter_map(|&number| self.names.get(number as usize).cloned());
        Some(system.chain(keywords).collect())
    }

    fn keywords(&self, packed: u32) -> &[u32] {
        let set = (packed >> SET).checked_sub(1).and_then(|number| self.sets.get(number as usize));
        set.map_or(&[], |(set, _)| &**set)
    }

    /// Whether a flag is among them; `None` if they are not known.
    pub(super) fn has(&self, packed: u32, flag: &Flag) -> Option<bool> {
        if packed & KNOWN == 0 {
            return None;
        }
        Some(match flag {
            Flag::Extension(_) | Flag::Keyword(_) => {
                let number = self.numbers.get(&Name(flag.clone()));
                number.is_some_and(|number| self.keywords(packed).binary_search(number).is_ok())
            }
            system => bit(system).is_some_and(|bit| packed & bit != 0),
        })
    }

    /// How many octets keywords take, roughly.
    #[cfg(test)]
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flags(words: &[&'static str]) -> Flags {
        words.iter().map(|word| Flag::keyword(*word).unwrap()).collect()
    }

    #[test]
    fn sets_are_shared_and_given_back() {
        let mut labels = Labels::default();
        let one = labels.pack(&flags(&["$Junk", "a"]), 10_000).unwrap();
        let octets = labels.octets();
        let two = labels.pack(&flags(&["A", "$junk"]), 10_000).unwrap();
        assert_eq!((one, octets), (two, labels.octets()));
        assert_eq!(labels.has(one, &Flag::JUNK), Some(true));
        assert_eq!(labels.has(one, &Flag::Seen), Some(false));
        assert_eq!(labels.has(0, &Flag::Seen), None);
        labels.release(one);
        assert_eq!(labels.flags(two), Some(flags(&["a", "$Junk"])));
        labels.release(two);
        let three = labels.pack(&flags(&["a"]), 10_000).unwrap();
        assert_eq!(three, one);
        assert_eq!(labels.flags(three), Some(flags(&["a"])));
    }

    #[test]
    fn up_to_the_limit() {
        let cost = OVERHEAD + 1 + Labels::cost(&[0]);
        assert_eq!(Labels::default().pack(&flags(&["a"]), cost - 1), None);
        let mut labels = Labels::default();
        let packed = labels.pack(&flags(&["a"]), cost).unwrap();
        assert_eq!(labels.flags(packed), Some(flags(&["a"])));
        // system flags cost nothing
        let seen: Flags = [Flag::Seen].into_iter().collect();
        assert!(Labels::default().pack(&seen, 0).is_some());
    }

    proptest! {
        #[test]
        fn flags_come_back(all in proptest::collection::vec(Flags::strategy(), 1..20)) {
            let mut labels = Labels::default();
            let packed: Vec<_> = all.iter().map(|flags| labels.pack(flags, usize::MAX).unwrap()).collect();
            for (flags, packed) in all.iter().zip(&packed) {
                let found = labels.flags(*packed);
                prop_assert_eq!(found.as_ref(), Some(flags));
                prop_assert!(flags.iter().all(|flag| labels.has(*packed, flag) == Some(true)));
            }
            let empty = labels.octets();
            for packed in packed {
                labels.release(packed);
            }
            prop_assert!(labels.octets() <= empty && labels.set_numbers.is_empty());
        }
    }
}
