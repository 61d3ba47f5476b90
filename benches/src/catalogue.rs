//! All workloads, of all rooms.

use crate::generator::Scale;
use crate::{Contestant, Workload, auth, body, imap, pop3, smtp};

/// A workload that is not made yet.
pub struct Entry {
    /// See [`Workload::id`].
    pub id: String,
    /// Its place in the whole catalogue.
    pub order: usize,
    make: Box<dyn Fn(Scale) -> Workload>,
}

impl Entry {
    /// Counting instructions or allocations would give the same numbers as another workload.
    pub fn only_time(&self) -> bool {
        self.id.contains("-hot/")
    }

    /// Makes the input and the contestants.
    pub fn make(&self, scale: Scale) -> Workload {
        let mut workload = (self.make)(scale);
        workload.id.clone_from(&self.id);
        workload
    }
}

/// Where each room enters its workloads.
pub struct Catalogue<'a> {
    words: &'a [String],
    order: usize,
    entries: Vec<Entry>,
}

impl Catalogue<'_> {
    /// One more, `room/job/variant/chunk`.
    pub fn add(&mut self, id: String, make: impl Fn(Scale) -> Workload + 'static) {
        self.order += 1;
        if self.words.is_empty() || self.words.iter().any(|word| id.contains(word.as_str())) {
            self.entries.push(Entry { id, order: self.order, make: Box::new(make) });
        }
    }
}

/// All workloads whose name contains one of the words, in the order of the report; no words: all.
pub fn entries(words: &[String]) -> Vec<Entry> {
    let mut catalogue = Catalogue { words, order: 0, entries: Vec::new() };
    body::catalogue::enter(&mut catalogue);
    pop3::catalogue::enter(&mut catalogue);
    smtp::catalogue::enter(&mut catalogue);
    auth::catalogue::enter(&mut catalogue);
    imap::catalogue::enter(&mut catalogue);
    catalogue.entries
}

/// The contestants of several lists, in this order.
pub fn chain<const N: usize>(lists: [Vec<Contestant>; N]) -> Vec<Contestant> {
    lists.into_iter().flatten().collect()
}

/// A workload whose name comes from the catalogue.
pub fn work(
    bytes: usize,
    messages: u64,
    unit: &'static str,
    witness: u64,
    contestants: Vec<Contestant>,
) -> Workload {
    Workload { id: String::new(), bytes: bytes as u64, messages, unit, witness, contestants }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_does_the_job() {
        for entry in entries(&[]) {
            let mut workload = entry.make(Scale::TINY);
            if let Err(wrong) = workload.check() {
                panic!("{wrong}");
            }
        }
    }
}
