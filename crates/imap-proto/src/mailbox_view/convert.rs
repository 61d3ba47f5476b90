//! Sets of numbers to sets of UIDs, and back.

use super::{Gap, MailboxView, push_range};
use crate::{SequenceSet, SetRange};
use alloc::vec::Vec;
use core::num::NonZeroU32;

/// What a set of numbers is in UIDs, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Translated {
    /// The set; `None` if nothing of it is known to be there.
    pub set: Option<SequenceSet>,
    /// Numbers of messages: of [`uids`](MailboxView::uids), those whose UIDs are not known or that are not there; of
    /// [`numbers`](MailboxView::numbers), those that may be in the set and whose UIDs are not known.
    pub unknown: Option<SequenceSet>,
}

impl Translated {
    fn new(set: Vec<SetRange>, unknown: Vec<SetRange>) -> Self {
        let normal = |ranges| SequenceSet::new(ranges).ok().map(|set| set.normalised());
        Self { set: normal(set), unknown: normal(unknown) }
    }
}

impl MailboxView {
    /// The UIDs of a set of message numbers; `*` is the last message. A range of numbers becomes a range of UIDs, in which there may be UIDs
    /// that no message has, but none of another message. O(log n) for each range.
    ///
    /// `None`: of `$` nothing is known.
    ///
    /// ```
    /// use imap_proto::mailbox_view::{MailboxView, Opening};
    /// use imap_proto::{Response, SequenceSet};
    ///
    /// let mut view = MailboxView::new();
    /// view.select(Opening::new());
    /// for line in ["* 5 EXISTS\r\n", "* 2 FETCH (UID 10)\r\n", "* 3 FETCH (UID 14)\r\n"] {
    ///     view.apply(&Response::parse(&line.into())?);
    /// }
    /// let found = view.uids(&SequenceSet::parse(b"2:4")?).unwrap();
    /// assert_eq!(found.set, Some(SequenceSet::parse(b"10:14")?));
    /// assert_eq!(found.unknown, Some(SequenceSet::parse(b"4")?));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn uids(&self, numbers: &SequenceSet) -> Option<Translated> {
        if numbers.is_saved() {
            return None;
        }
        let count = self.placed.count();
        let (mut set, mut unknown) = (Vec::new(), Vec::new());
        for range in numbers.ranges() {
            let start = range.start.number().map_or(count, |number| number.get());
            let end = range.end.number().map_or(count, |number| number.get());
            let (first, last) = (start.min(end), start.max(end));
            if last > count {
                push_range(&mut unknown, first.max(count.saturating_add(1)), last);
            }
            let last = last.min(count);
            if first == 0 || first > last {
                continue;
            }
            // the first and the last of them whose UID is known, and all between
            let before = self.placed.uid_before(first - 1);
            let known = before.checked_add(1).and_then(|uid| self.placed.find(uid));
            match known {
                Some((place, slot)) if place < last => {
                    let uid = self.placed.uid_before(last);
                    push_range(&mut unknown, first, place);
                    push_range(&mut set, slot.uid, uid);
                    if let Some(behind) = self.placed.rank(uid).checked_add(2) {
                        push_range(&mut unknown, behind, last);
                    }
                }
                _ => push_range(&mut unknown, first, last),
            }
        }
        Some(Translated::new(set, unknown))
    }

    /// The numbers of a set of UIDs; `*` is the UID of the last message, so that `4000:*` has it in any case (RFC 9051 section 9). O(log n)
    /// for each range.
    ///
    /// `None`: of `$` nothing is known.
    #[must_use]
    pub fn numbers(&self, uids: &SequenceSet) -> Option<Translated> {
        if uids.is_saved() {
            return None;
        }
        let count = self.placed.count();
        let (mut set, mut unknown) = (Vec::new(), Vec::new());
        let mut last_is_in = false;
        for range in uids.ranges() {
            let (start, end) = (range.start.number(), range.end.number());
            let (first, last) = match (start, end) {
                (Some(start), Some(end)) => (start.min(end).get(), start.max(end).get()),
                (one, other) => {
                    last_is_in = true;
                    push_range(&mut set, count, count);
                    let Some(from) = one.or(other) else { continue };
                    (from.get(), u32::MAX)
                }
            };
            let found = self.placed.find(first).filter(|(_, slot)| slot.uid <= last);
            let Some((place, slot)) = found else {
                self.maybe(self.gap_of_uid(first), &mut unknown);
                continue;
            };
            let uid = last
                .checked_add(1)
                .map_or_else(|| self.placed.uid_before(count), |behind| self.placed.uid_below(behind));
            if slot.uid > first {
                self.maybe(self.gap_of_uid(first), &mut unknown);
            }
            push_range(&mut set, place + 1, self.placed.rank(uid) + 1);
            if uid < last {
                self.maybe(self.gap_of_uid(last), &mut unknown);
            }
        }
        if last_is_in {
            // whatever its UID is
            unknown = unknown.into_iter().filter_map(|range| without(range, count)).collect();
        }
        Some(Translated::new(set, unknown))
    }

    fn maybe(&self, gap: Gap, unknown: &mut Vec<SetRange>) {
        if gap.len() > 0 {
            push_range(unknown, gap.start + 1, gap.end);
        }
    }
}

/// A range that may end with the last number, without it.
fn without(range: SetRange, last: u32) -> Option<SetRange> {
    let (start, end) = (range.start.number()?, range.end.number()?);
    if end.get() < last {
        return Some(range);
    }
    let end = NonZeroU32::new(last - 1).filter(|end| *end >= start)?;
    Some(SetRange { start: start.into(), end: end.into() })
}
