//! Octets that came in and were not consumed yet.

use bytes::{Buf, BufMut, Bytes, BytesMut, buf::Limit};
use zeroize::Zeroize;

/// How much room a socket is offered at a time, in octets: little at first, more while it fills it. So a
/// kept slice of a small read does not hold a large block.
const MIN_READ: usize = 1024;
const MAX_READ: usize = 64 * 1024;
/// The smallest buffer, in octets: most commands and replies fit.
const MIN_CAPACITY: usize = 512;

/// The receive buffer of a machine.
///
/// It remembers how far the search for the end of a line got, so that each octet is searched once
/// at any chunking, and where in the stream it stands, so that errors and diagnostics can say so.
///
/// ```
/// use wire::{Found, Input};
///
/// let mut input = Input::new();
/// input.receive(b"NOOP\r");
/// assert_eq!(input.line(512), Found::Partial);
/// input.receive(b"\nQUIT\r\n");
/// assert_eq!(input.line(512), Found::Line(6));
/// assert_eq!(input.take(6), "NOOP\r\n");
/// assert_eq!(input.stream_offset(), 6);
/// ```
#[derive(Default)]
pub struct Input {
    buffer: BytesMut,
    /// Octets of `buffer` in which no LF stands.
    scanned: usize,
    /// Octets consumed before `buffer`.
    offset: u64,
    eof: bool,
    wipe: bool,
    /// Room offered to the socket the last time, and where in the stream that began.
    offered: usize,
    offered_at: u64,
}

/// What [`Input::line`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A line of so many octets, its LF included, is at the front.
    Line(usize),
    /// The line goes on beyond what was received.
    Partial,
    /// The line has no end within the limit.
    TooLong,
}

impl Input {
    /// An empty buffer; it allocates on first use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends what arrived.
    #[inline]
    pub fn receive(&mut self, data: &[u8]) {
        self.make_room(data.len());
        self.buffer.extend_from_slice(data);
    }

    /// Room for at most `room` octets more that a socket can read into.
    pub fn read_buf(&mut self, room: usize) -> Limit<&mut BytesMut> {
        let received = self.offset + self.buffer.len() as u64;
        let last = usize::try_from(received - self.offered_at).unwrap_or(usize::MAX);
        self.offered = match self.offered {
            offered if last >= offered => (2 * offered).clamp(MIN_READ, MAX_READ),
            offered if last < offered / 4 => (offered / 2).max(MIN_READ),
            offered => offered,
        };
        self.offered_at = received;
        let room = room.min(self.offered);
        if room > 0 && self.buffer.capacity() - self.buffer.len() < room.min(MIN_CAPACITY) {
            self.make_room(room);
        }
        let room = room.min(self.buffer.capacity() - self.buffer.len());
        (&mut self.buffer).limit(room)
    }

    /// Says that nothing more will come.
    pub fn receive_eof(&mut self) {
        self.eof = true;
    }

    /// Whether the peer has closed.
    #[must_use]
    pub fn is_eof(&self) -> bool {
        self.eof
    }

    /// Octets received and not consumed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether everything received was consumed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// What was received and not consumed.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.buffer
    }

    /// Where in the stream the first octet that is not consumed stands.
    #[must_use]
    pub fn stream_offset(&self) -> u64 {
        self.offset
    }

    /// Looks for the end of the line at the front: its LF, within `max` octets of the line, LF
    /// included. The search goes on where it stopped the last time.
    #[inline]
    pub fn line(&mut self, max: usize) -> Found {
        self.line_at(0, max)
    }

    /// The same for the line that starts at the octet `start`, behind lines that were found before and are not consumed:
    /// so a message of several lines is put together where it is. What is found is the length of that line.
    #[inline]
    pub fn line_at(&mut self, start: usize, max: usize) -> Found {
        let from = self.scanned.max(start).min(self.buffer.len());
        match memchr::memchr(b'\n', &self.buffer[from..]) {
            Some(i) => {
                let end = from + i + 1;
                if end - start > max {
                    return Found::TooLong;
                }
                // the next search for the same line finds it at once
                self.scanned = end - 1;
                Found::Line(end - start)
            }
            None => {
                self.scanned = self.buffer.len();
                if self.scanned.saturating_sub(start) >= max { Found::TooLong } else { Found::Partial }
            }
        }
    }

    /// Whether no search for the end of the line at the front has gone astray: a rule that knows the end of its line
    /// by itself may have a look. If it finds none, [`line`](Self::line) goes on, so that each octet is looked at twice at
    /// most.
    #[must_use]
    #[inline]
    pub fn is_fresh(&self) -> bool {
        self.scanned == 0
    }

    /// Consumes `n` octets and hands them out, without a copy. At most [`len`](Self::len) octets.
    #[inline]
    pub fn take(&mut self, n: usize) -> Bytes {
        let n = n.min(self.buffer.len());
        self.consumed(n);
        self.buffer.split_to(n).freeze()
    }

    /// Consumes `n` octets and hands out a copy; the originals are zeroed. For what may hold a secret:
    /// the copy is alone in its allocation, so [`wipe`](crate::wipe) can zero it.
    pub fn take_secret(&mut self, n: usize) -> Bytes {
        let n = n.min(self.buffer.len());
        self.consumed(n);
        let copy = Bytes::copy_from_slice(&self.buffer[..n]);
        self.buffer[..n].zeroize();
        self.buffer.advance(n);
        copy
    }

    /// Consumes `n` octets.
    #[inline]
    pub fn skip(&mut self, n: usize) {
        let n = n.min(self.buffer.len());
        self.consumed(n);
        if self.wipe {
            self.buffer[..n].zeroize();
        }
        self.buffer.advance(n);
    }

    /// From now on (or no longer) octets are zeroed before their memory is given back, because some may
    /// be secret.
    pub fn set_wipe(&mut self, wipe: bool) {
        self.wipe = wipe;
    }

    /// Gives the buffer back when nothing is in it. A machine calls this before it waits, so that idle
    /// connections hold no memory. In the middle of a body it does not: what follows is read into the same memory.
    #[inline]
    pub fn settle(&mut self) {
        // one without room may still be a part of a block
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Everything not consumed, for a hand-over.
    #[must_use]
    pub fn into_unread(mut self) -> Bytes {
        self.wipe = false;
        self.buffer.split().freeze()
    }

    fn consumed(&mut self, n: usize) {
        self.scanned = self.scanned.saturating_sub(n);
        self.offset += n as u64;
    }

    fn make_room(&mut self, additional: usize) {
        if self.buffer.capacity() - self.buffer.len() >= additional {
            return;
        }
        let len = self.buffer.len();
        if self.wipe && len > 0 {
            // a growing Vec would leave a copy behind
            let mut grown = BytesMut::with_capacity((len + additional).max(2 * len));
            grown.extend_from_slice(&self.buffer);
            self.buffer.zeroize();
            self.buffer = grown;
        } else {
            self.buffer.reserve(additional.max(MIN_CAPACITY));
        }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if self.wipe {
            self.buffer.zeroize();
        }
    }
}

impl core::fmt::Debug for Input {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // what arrived may be a password
        f.debug_struct("Input")
            .field("len", &self.len())
            .field("stream_offset", &self.offset)
            .field("eof", &self.eof)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_at_every_split() {
        let text = b"first\r\nsecond\n\nlast";
        for cut in 0..=text.len() {
            let mut input = Input::new();
            let mut lines = alloc::vec::Vec::new();
            for part in [&text[..cut], &text[cut..]] {
                input.receive(part);
                while let Found::Line(n) = input.line(64) {
                    lines.push(input.take(n));
                }
            }
            assert_eq!(lines, [&b"first\r\n"[..], b"second\n", b"\n"], "cut at {cut}");
            assert_eq!(input.as_slice(), b"last");
            assert_eq!(input.stream_offset(), 15);
        }
    }

    #[test]
    fn the_limit_counts_the_line_feed() {
        for (text, max, expected) in [
            (&b"1234\n"[..], 5, Found::Line(5)),
            (b"1234\n", 4, Found::TooLong),
            (b"1234", 5, Found::Partial),
            (b"1234", 4, Found::TooLong),
            (b"", 0, Found::TooLong),
        ] {
            let mut input = Input::new();
            input.receive(text);
            assert_eq!(input.line(max), expected, "{text:?} {max}");
            assert_eq!(input.line(max), expected, "asking twice changes nothing");
        }
    }

    #[test]
    fn lines_behind_lines_are_found_at_every_split() {
        let text = b"250-a\r\n250-bc\r\n250 d\r\n";
        for cut in 0..=text.len() {
            let mut input = Input::new();
            let (mut start, mut lengths) = (0, alloc::vec::Vec::new());
            for part in [&text[..cut], &text[cut..]] {
                input.receive(part);
                while let Found::Line(n) = input.line_at(start, 8) {
                    lengths.push(n);
                    start += n;
                }
            }
            assert_eq!(lengths, [7, 8, 7], "cut at {cut}");
            assert_eq!(input.take(start), &text[..]);
        }
        let mut input = Input::new();
        input.receive(b"250-a\r\n250-bc\r\n");
        assert_eq!(input.line_at(0, 7), Found::Line(7));
        assert_eq!(input.line_at(7, 7), Found::TooLong);
    }

    #[test]
    fn finding_a_line_twice_does_not_lose_it() {
        let mut input = Input::new();
        input.receive(b"a\nb\n");
        assert_eq!(input.line(9), Found::Line(2));
        assert_eq!(input.line(9), Found::Line(2));
        input.skip(2);
        assert_eq!(input.line(9), Found::Line(2));
        input.skip(1);
        assert_eq!(input.line(9), Found::Line(1));
    }

    #[test]
    fn read_buf_is_bounded() {
        let mut input = Input::new();
        assert_eq!(input.read_buf(0).remaining_mut(), 0);
        assert_eq!(input.read_buf(100).remaining_mut(), 100);
        input.read_buf(100).put_slice(b"abc\n");
        assert_eq!(input.line(9), Found::Line(4));
        assert!(input.read_buf(usize::MAX).remaining_mut() <= MAX_READ);
    }

    #[test]
    fn reads_grow_with_what_comes_and_shrink_again() {
        let mut input = Input::new();
        let mut rooms = alloc::vec::Vec::new();
        for filled in [true, true, true, true, true, true, true, true, false, false, false] {
            let mut room = input.read_buf(usize::MAX);
            let len = room.remaining_mut();
            rooms.push(len);
            room.put_bytes(b'x', if filled { len } else { 1 });
            let all = input.len();
            let _ = input.take(all);
            input.settle();
        }
        assert_eq!(rooms[0], MIN_READ);
        assert_eq!(rooms[8], MAX_READ);
        assert!(rooms[10] < MAX_READ, "{rooms:?}");
    }

    #[test]
    fn settling_lets_go_of_a_block_without_room() {
        let mut input = Input::new();
        input.receive(&[b'x'; 2 * MIN_CAPACITY]);
        let all = input.take(2 * MIN_CAPACITY);
        assert!(!all.is_unique());
        input.settle();
        assert!(all.is_unique());
    }

    #[test]
    fn a_secret_leaves_nothing_in_the_buffer() {
        let mut input = Input::new();
        input.set_wipe(true);
        input.receive(b"PASS secret\r\nrest");
        let line = input.take_secret(13);
        assert_eq!(line, "PASS secret\r\n");
        assert_eq!(input.as_slice(), b"rest");
        crate::wipe(line);
    }

    #[test]
    fn debug_shows_no_content() {
        let mut input = Input::new();
        input.receive(b"hunter2");
        assert!(!alloc::format!("{input:?}").contains("hunter2"));
    }
}
