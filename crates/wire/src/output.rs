//! Octets that are to be sent.

use alloc::collections::VecDeque;
use bytes::{Buf, Bytes, BytesMut};
use core::mem;
use zeroize::Zeroize;

/// Payloads of this size and more go by reference, smaller ones are copied.
pub(crate) const BY_REFERENCE: usize = 1024;
/// The smallest and the largest buffer for copied octets.
const MIN_SEGMENT: usize = 512;
const MAX_SEGMENT: usize = 16 * 1024;

/// The send buffer of a machine: a [`Buf`] that sockets drain.
///
/// Small writes are copied into one buffer, large [`Bytes`] go by reference. A machine takes a
/// [`Checkpoint`] before it encodes and rolls back when a value turns out to be illegal, so that
/// sending does everything or nothing.
///
/// ```
/// use bytes::{Buf, Bytes};
/// use wire::Output;
///
/// let mut output = Output::new();
/// output.put(b"RETR ");
/// output.put_number(17);
/// output.put(b"\r\n");
/// let before = output.checkpoint();
/// output.put(b"LIST \r");
/// output.roll_back(before);
/// output.put_bytes(Bytes::from_static(&[b'x'; 4096]));
/// assert_eq!(output.remaining(), 9 + 4096);
/// assert_eq!(output.chunk(), b"RETR 17\r\n");
/// output.advance(9);
/// assert_eq!(output.chunk().len(), 4096);
/// ```
#[derive(Default)]
pub struct Output {
    queue: VecDeque<Segment>,
    /// Written last; may still grow.
    tail: BytesMut,
    len: usize,
    wipe: bool,
    /// Whether the smallest buffer is kept when everything was sent.
    keep: bool,
    high_water: Option<usize>,
}

enum Segment {
    Copied(BytesMut),
    Shared(Bytes),
}

impl Segment {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Copied(b) => b,
            Self::Shared(b) => b,
        }
    }
}

/// A place in an [`Output`] that it can be [rolled back](Output::roll_back) to.
#[derive(Debug)]
#[must_use = "a checkpoint is for rolling back"]
pub struct Checkpoint {
    segments: usize,
    tail: usize,
    len: usize,
    wipe: bool,
}

impl Output {
    /// An empty buffer; it allocates on first use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Octets that are not sent yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether everything was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sets the high-water mark, in octets: from it on the output [is full](Self::is_full).
    pub fn set_high_water(&mut self, octets: usize) {
        self.high_water = Some(octets);
    }

    /// Whether the high-water mark is reached. Writing still works: whoever produces a lot should wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        // an empty one never is, whatever the mark: nothing could make room in it
        self.len > 0 && self.high_water.is_some_and(|mark| self.len >= mark)
    }

    /// Appends a copy of `data`.
    #[inline]
    pub fn put(&mut self, data: &[u8]) {
        self.reserve(data.len());
        self.tail.extend_from_slice(data);
        self.len += data.len();
    }

    /// Appends a number in decimal digits.
    #[inline]
    pub fn put_number(&mut self, number: u64) {
        let mut digits = [0; 20];
        self.put(crate::number::decimal(number, &mut digits));
    }

    /// Appends `data`, by reference if it is large.
    pub fn put_bytes(&mut self, data: Bytes) {
        if data.len() < BY_REFERENCE {
            return self.put(&data);
        }
        self.close_tail();
        self.len += data.len();
        self.queue.push_back(Segment::Shared(data));
    }

    /// Takes the first `octets` octets over from `other`, without a copy. If some of them are secret, they are zeroed here when they were
    /// sent.
    ///
    /// ```
    /// use wire::Output;
    ///
    /// let mut rest = Output::new();
    /// rest.put(b"a {3}\r\nabc");
    /// let mut output = Output::new();
    /// output.take_over(&mut rest, 7);
    /// assert_eq!(output.take_all(), "a {3}\r\n");
    /// assert_eq!(rest.take_all(), "abc");
    /// ```
    pub fn take_over(&mut self, other: &mut Self, octets: usize) {
        let mut left = octets.min(other.len);
        self.wipe |= other.wipe && left > 0;
        if left > 0 {
            self.close_tail();
        }
        while left > 0 {
            let (segment, len) = match other.queue.pop_front() {
                Some(Segment::Copied(mut data)) => {
                    let len = left.min(data.len());
                    let first = data.split_to(len);
                    if !data.is_empty() {
                        other.queue.push_front(Segment::Copied(data));
                    }
                    (Segment::Copied(first), len)
                }
                Some(Segment::Shared(mut data)) => {
                    let len = left.min(data.len());
                    let first = data.split_to(len);
                    if !data.is_empty() {
                        other.queue.push_front(Segment::Shared(data));
                    }
                    (Segment::Shared(first), len)
                }
                None => {
                    let len = left.min(other.tail.len());
                    (Segment::Copied(other.tail.split_to(len)), len)
                }
            };
            if len == 0 && other.queue.is_empty() && other.tail.is_empty() {
                break;
            }
            if len > 0 {
                self.queue.push_back(segment);
            }
            self.len += len;
            other.len -= len;
            left -= len;
        }
        if other.len == 0 {
            other.wipe = false;
        }
    }

    /// Makes sure that `additional` octets can be appended without another allocation.
    #[inline]
    pub fn reserve(&mut self, additional: usize) {
        if self.tail.capacity() - self.tail.len() < additional {
            self.grow(additional);
        }
    }

    #[cold]
    fn grow(&mut self, additional: usize) {
        if self.tail.is_empty() && self.tail.try_reclaim(additional) {
            return;
        }
        // never moves what was written: a moved secret would leave a copy behind
        let capacity = (2 * self.tail.capacity()).clamp(MIN_SEGMENT, MAX_SEGMENT).max(additional);
        self.close_tail();
        self.tail = BytesMut::with_capacity(capacity);
    }

    fn close_tail(&mut self) {
        if !self.tail.is_empty() {
            let rest = self.tail.split();
            self.queue.push_back(Segment::Copied(rest));
        }
    }

    /// From now on (or no longer) a small buffer is kept when everything was sent, because more will follow soon. Else none is,
    /// so that idle connections hold no memory.
    #[inline]
    pub fn set_keep(&mut self, keep: bool) {
        self.keep = keep;
    }

    /// From now until it is empty, octets are zeroed when they were sent, because some are secret.
    pub fn set_wipe(&mut self) {
        self.wipe = true;
    }

    /// Remembers where the output ends now.
    #[inline]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { segments: self.queue.len(), tail: self.tail.len(), len: self.len, wipe: self.wipe }
    }

    /// Takes back everything that was appended since `checkpoint`. Nothing may have been sent since.
    pub fn roll_back(&mut self, checkpoint: Checkpoint) {
        while self.queue.len() > checkpoint.segments {
            self.wipe_tail_from(0);
            self.tail = match self.queue.pop_back() {
                Some(Segment::Copied(data)) => data,
                _ => BytesMut::new(),
            };
        }
        self.wipe_tail_from(checkpoint.tail);
        self.tail.truncate(checkpoint.tail);
        self.len = checkpoint.len;
        self.wipe = checkpoint.wipe;
    }

    fn wipe_tail_from(&mut self, from: usize) {
        if self.wipe {
            let from = from.min(self.tail.len());
            self.tail[from..].zeroize();
        }
    }

    /// All octets as one block; empties the output. For tests and for callers without a socket.
    #[must_use]
    pub fn take_all(&mut self) -> Bytes {
        self.copy_to_bytes(self.len)
    }
}

impl Buf for Output {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        match self.queue.front() {
            Some(segment) => segment.as_slice(),
            None => &self.tail,
        }
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        let segments = self.queue.iter().map(Segment::as_slice);
        let all = segments.chain((!self.tail.is_empty()).then_some(&self.tail[..]));
        let mut used = 0;
        for (slot, segment) in slices.iter_mut().zip(all) {
            *slot = std::io::IoSlice::new(segment);
            used += 1;
        }
        used
    }

    fn advance(&mut self, mut count: usize) {
        debug_assert!(count <= self.len, "more was sent than there was");
        count = count.min(self.len);
        self.len -= count;
        while count > 0 {
            let Some(front) = self.queue.front_mut() else {
                if self.wipe {
                    self.tail[..count].zeroize();
                }
                if count == self.tail.len() {
                    self.tail.clear();
                } else {
                    self.tail.advance(count);
                }
                break;
            };
            let here = count.min(front.as_slice().len());
            match front {
                Segment::Copied(data) => {
                    if self.wipe {
                        data[..here].zeroize();
                    }
                    data.advance(here);
                }
                Segment::Shared(data) => data.advance(here),
            }
            if front.as_slice().is_empty() {
                self.queue.pop_front();
            }
            count -= here;
        }
        if self.len == 0 {
            self.wipe = false;
            if !self.keep || self.tail.capacity() > MIN_SEGMENT {
                // idle connections hold no memory
                self.tail = BytesMut::new();
            }
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.wipe {
            for segment in &mut self.queue {
                if let Segment::Copied(data) = segment {
                    data.zeroize();
                }
            }
            mem::take(&mut self.tail).zeroize();
        }
    }
}

impl core::fmt::Debug for Output {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // what is sent may be a password
        f.debug_struct("Output").field("len", &self.len).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Op {
        Put(Vec<u8>),
        PutBytes(usize),
        Number(u64),
        Advance(usize),
        TakenBack(Vec<u8>, usize),
        TakenOver(Vec<u8>, usize, usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..700).prop_map(Op::Put),
            (0usize..5000).prop_map(Op::PutBytes),
            any::<u64>().prop_map(Op::Number),
            (0usize..6000).prop_map(Op::Advance),
            (proptest::collection::vec(any::<u8>(), 0..700), 0usize..5000)
                .prop_map(|(small, large)| Op::TakenBack(small, large)),
            (proptest::collection::vec(any::<u8>(), 0..700), 0usize..5000, 0usize..6000)
                .prop_map(|(small, large, octets)| Op::TakenOver(small, large, octets)),
        ]
    }

    proptest! {
        #[test]
        fn behaves_like_a_vec(ops in proptest::collection::vec(op(), 0..40), wipe: bool, keep: bool) {
            let mut output = Output::new();
            output.set_keep(keep);
            let mut model: Vec<u8> = Vec::new();
            for op in ops {
                if wipe {
                    output.set_wipe();
                }
                match op {
                    Op::Put(data) => {
                        output.put(&data);
                        model.extend(data);
                    }
                    Op::PutBytes(len) => {
                        output.put_bytes(alloc::vec![7; len].into());
                        model.extend(core::iter::repeat_n(7, len));
                    }
                    Op::Number(n) => {
                        output.put_number(n);
                        model.extend(alloc::format!("{n}").bytes());
                    }
                    Op::Advance(n) => {
                        let n = n.min(model.len());
                        output.advance(n);
                        model.drain(..n);
                    }
                    Op::TakenBack(small, large) => {
                        let checkpoint = output.checkpoint();
                        output.put(&small);
                        output.put_bytes(alloc::vec![9; large].into());
                        output.put(&small);
                        output.roll_back(checkpoint);
                    }
                    Op::TakenOver(small, large, octets) => {
                        let mut other = Output::new();
                        other.put(&small);
                        other.put_bytes(alloc::vec![9; large].into());
                        other.put(&small);
                        let all = [&small[..], &alloc::vec![9; large], &small].concat();
                        let (first, rest) = all.split_at(octets.min(all.len()));
                        output.take_over(&mut other, octets);
                        model.extend_from_slice(first);
                        prop_assert_eq!(other.chunk().is_empty(), rest.is_empty());
                        prop_assert_eq!(&other.take_all()[..], rest);
                    }
                }
                prop_assert_eq!(output.len(), model.len());
                prop_assert_eq!(output.chunk().is_empty(), model.is_empty());
                let mut slices = [std::io::IoSlice::new(&[]); 200];
                let used = output.chunks_vectored(&mut slices);
                let joined: Vec<u8> = slices[..used].iter().flat_map(|s| s.iter().copied()).collect();
                prop_assert_eq!(&joined, &model);
            }
            prop_assert_eq!(&output.take_all()[..], &model[..]);
            prop_assert!(output.is_empty());
        }
    }

    #[test]
    fn full_at_the_mark() {
        let mut output = Output::new();
        assert!(!output.is_full());
        output.set_high_water(3);
        output.put(b"ab");
        assert!(!output.is_full());
        output.put(b"c");
        assert!(output.is_full());
        output.advance(1);
        assert!(!output.is_full());
    }

    #[test]
    fn a_small_buffer_is_kept_only_if_more_will_follow() {
        let mut output = Output::new();
        for (keep, len, kept) in [
            (false, 9, false),
            (true, 9, true),
            (true, MAX_SEGMENT, false),
            (true, 9, true),
            (false, 0, true),
        ] {
            output.set_keep(keep);
            output.put(&[b'x'; MAX_SEGMENT][..len]);
            output.advance(len / 2);
            output.advance(len - len / 2);
            assert_eq!(output.tail.capacity() > 0, kept && len > 0, "{keep} {len}");
        }
    }

    #[test]
    fn debug_shows_no_content() {
        let mut output = Output::new();
        output.put(b"PASS hunter2");
        assert!(!alloc::format!("{output:?}").contains("hunter2"));
    }

    #[test]
    fn large_payloads_are_not_copied() {
        let payload = Bytes::from(alloc::vec![1; 100_000]);
        let mut output = Output::new();
        output.put_bytes(payload.clone());
        assert_eq!(output.chunk().as_ptr(), payload.as_ptr());
    }
}
