//! THREAD and UID THREAD, and what they find.

use super::command::{detach, needed_charset};
use super::sort::encode_criteria;
use super::{Charset, SearchKey};
use crate::core::syntax::{self, blanks, expected, no_sp, sp};
use crate::core::{Atom, Context, Encoder, NonEmpty};
use crate::rule;
use ::core::fmt;
use ::core::num::NonZeroU32;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// The arguments of THREAD and UID THREAD (RFC 5256 section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadCommand {
    /// How messages are put into threads.
    pub algorithm: ThreadAlgorithm,
    /// In which character set the strings are.
    pub charset: Charset,
    /// What messages must match, all of it.
    pub keys: NonEmpty<SearchKey>,
}

/// `thread-alg` (RFC 5256 section 5)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThreadAlgorithm {
    /// `ORDEREDSUBJECT`: by subject, then by date.
    OrderedSubject,
    /// `REFERENCES`: by the references in the headers, then by subject.
    References,
    /// `REFS`: by the references only (draft-ietf-morg-inthread; not registered, but met).
    Refs,
    /// Another algorithm.
    Other(Atom),
}

impl ThreadAlgorithm {
    /// The names of the algorithms.
    pub const KEYWORDS: &'static [&'static str] = &["ORDEREDSUBJECT", "REFERENCES", "REFS"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Other(name) => Self::Other(name.detach()),
            other => other.clone(),
        }
    }

    /// `thread-alg = "ORDEREDSUBJECT" / "REFERENCES" / thread-alg-ext`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, word) = syntax::loose_atom(cx, i, expected::ATOM)?;
        Ok((rest, Self::of(word, || cx.keep(word))))
    }

    /// By its name, an atom, which is kept if it is not known.
    pub(crate) fn of(word: &[u8], keep: impl FnOnce() -> Bytes) -> Self {
        const ORDEREDSUBJECT: u128 = key_of("ORDEREDSUBJECT");
        const REFERENCES: u128 = key_of("REFERENCES");
        const REFS: u128 = key_of("REFS");
        match wire::keyword::key(word) {
            ORDEREDSUBJECT => Self::OrderedSubject,
            REFERENCES => Self::References,
            REFS => Self::Refs,
            _ => Self::Other(Atom::known(keep())),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::OrderedSubject => b"ORDEREDSUBJECT",
            Self::References => b"REFERENCES",
            Self::Refs => b"REFS",
            Self::Other(name) => name.as_bytes(),
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(self.as_bytes());
    }

    /// Any algorithm, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::OrderedSubject),
            Just(Self::References),
            Just(Self::Refs),
            "X-[A-Z]{1,5}".prop_map(|name| Self::Other(Atom::known(name.into()))),
        ]
    }
}

impl ThreadCommand {
    /// For messages that match the key, in UTF-8 if a string is not in ASCII.
    #[must_use]
    pub fn new(algorithm: ThreadAlgorithm, key: SearchKey) -> Self {
        let keys = match key {
            SearchKey::And(keys) => keys,
            key => NonEmpty::one(key),
        };
        let charset = needed_charset(&keys).unwrap_or(Charset::US_ASCII);
        Self { algorithm, charset, keys }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { algorithm: self.algorithm.detach(), charset: self.charset.detach(), keys: detach(&self.keys) }
    }

    /// ```text
    /// thread          = ["UID" SP] "THREAD" SP thread-alg SP search-criteria
    /// search-criteria = charset 1*(SP search-key)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = sp(cx, i)?;
        let (i, algorithm) = ThreadAlgorithm::rule(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, charset) = Charset::rule(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, keys) = SearchKey::keys(cx, i)?;
        Ok((i, Self { algorithm, charset, keys }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.algorithm.encode(encoder);
        encode_criteria(&self.charset, &self.keys, encoder);
    }

    /// Any THREAD without unknown search keys, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (ThreadAlgorithm::strategy(), Charset::strategy(), NonEmpty::strategy(SearchKey::strategy(), 3))
            .prop_map(|(algorithm, charset, keys)| Self { algorithm, charset, keys })
    }
}

/// A message of a [`Thread`] response, or a place without one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadNode {
    /// Its sequence number or UID. `None`: the messages below belong together, but what they answer is not there.
    pub message: Option<NonZeroU32>,
    /// How many are above it, up to the first of the thread, which has 0.
    pub depth: u32,
}

impl fmt::Debug for ThreadNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message {
            Some(message) => write!(f, "{message}@{}", self.depth),
            None => write!(f, "-@{}", self.depth),
        }
    }
}

/// `thread-data` (RFC 5256 section 5): the threads that THREAD has found. They are kept as one list, each message before those that
/// answer it, with its depth: so a thread of any depth needs neither stack nor pointers.
///
/// ```
/// use imap_proto::Thread;
///
/// let mut thread = Thread::default();
/// // (2)(3 6 (4 23)(44 7 96))
/// for (message, depth) in [(2, 0), (3, 0), (6, 1), (4, 2), (23, 3), (44, 2), (7, 3), (96, 4)] {
///     thread.push(core::num::NonZeroU32::new(message), depth)?;
/// }
/// assert_eq!(thread.threads().count(), 2);
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Thread(Vec<ThreadNode>);

impl Thread {
    /// Adds a message, or a place without one, below the last one of a smaller depth.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: there is none with a depth that is smaller by 1.
    pub fn push(&mut self, message: Option<NonZeroU32>, depth: u32) -> Result<(), Misuse> {
        let most = self.0.last().map_or(0, |last| last.depth.saturating_add(1));
        if depth > most {
            return Err(Misuse::Invalid("depth in a thread"));
        }
        self.0.push(ThreadNode { message, depth });
        Ok(())
    }

    /// All, each before those that answer it.
    #[must_use]
    pub fn nodes(&self) -> &[ThreadNode] {
        &self.0
    }

    /// Each thread.
    pub fn threads(&self) -> impl Iterator<Item = &[ThreadNode]> {
        self.0.chunk_by(|_, next| next.depth > 0)
    }

    /// ```text
    /// thread-data     = "THREAD" [SP 1*thread-list]
    /// thread-list     = "(" (thread-members / thread-nested) ")"
    /// thread-members  = nz-number *(SP nz-number) [SP thread-nested]
    /// thread-nested   = 2*thread-list
    /// ```
    ///
    /// A thread may be deeper than lists may be elsewhere: nothing recurses.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if blanks(i) == i.len() {
            return Ok((i, Self::default()));
        }
        let (mut i, ()) = sp(cx, i)?;
        let mut nodes: Vec<ThreadNode> = Vec::new();
        // of each open list: the depth of lists in it, and how many there were
        let mut open: Vec<(u32, u32)> = Vec::new();
        let mut odd = false;
        let limit = cx.item_limit();
        loop {
            match i.first() {
                Some(b'(') => {
                    let start = i;
                    let mut depth = match open.last_mut() {
                        Some((depth, lists)) => {
                            *lists = lists.saturating_add(1);
                            *depth
                        }
                        None => 0,
                    };
                    i = no_sp(cx, &i[1..]);
                    if nodes.len() >= limit || open.len() >= limit {
                        return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
                    }
                    match i.first() {
                        Some(b'(') => {
                            nodes.push(ThreadNode { message: None, depth });
                            depth += 1;
                        }
                        Some(b')') => {
                            if !cx.tolerates(
                                Tolerance::Default,
                                rule::EMPTY_LIST,
                                &start[..start.len() - i.len() + 1],
                            ) {
                                return fail(i, expected::THREAD);
                            }
                            // as if it were not there
                            if let Some((_, lists)) = open.last_mut() {
                                *lists -= 1;
                                odd = true;
                            }
                            i = &i[1..];
                            if open.is_empty() && blanks(i) == i.len() {
                                break;
                            }
                            i = no_sp(cx, i);
                            continue;
                        }
                        _ => loop {
                            let (rest, message) = syntax::nz_number(i)?;
                            if nodes.len() >= limit {
                                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
                            }
                            nodes.push(ThreadNode { message: Some(message), depth });
                            depth += 1;
                            i = rest;
                            match rest {
                                [b' ', b'1'..=b'9', ..] => i = &rest[1..],
                                [b')', ..] => break,
                                [b'(', ..] => {
                                    i = syntax::sp_or_none(cx, rest)?.0;
                                    break;
                                }
                                _ => match rest.get(blanks(rest)) {
                                    Some(b')') => {
                                        i = no_sp(cx, rest);
                                        break;
                                    }
                                    Some(b'(') => {
                                        i = sp(cx, rest)?.0;
                                        break;
                                    }
                                    _ => i = sp(cx, rest)?.0,
                                },
                            }
                        },
                    }
                    open.push((depth, 0));
                }
                Some(b')') => {
                    let Some((_, lists)) = open.pop() else { break };
                    if lists == 1 {
                        if !odd && !cx.tolerates(Tolerance::Lenient, rule::EXTRA_PARENTHESES, &i[..1]) {
                            return fail(i, expected::THREAD);
                        }
                        odd = true;
                    }
                    i = &i[1..];
                    if open.is_empty() && blanks(i) == i.len() {
                        break;
                    }
                    i = no_sp(cx, i);
                }
                _ if open.is_empty() && !nodes.is_empty() => break,
                _ if open.is_empty() => return fail(i, expected::OPEN),
                _ => return fail(i, expected::CLOSE),
            }
        }
        Ok((i, if odd { Self(nodes).simplified() } else { Self(nodes) }))
    }

    /// How many answer each node directly.
    fn counts(&self) -> Vec<u32> {
        let mut counts = alloc::vec![0u32; self.0.len()];
        let mut above: Vec<usize> = Vec::new();
        for (at, node) in self.0.iter().enumerate() {
            above.truncate(node.depth as usize);
            if let Some(&parent) = above.last() {
                counts[parent] += 1;
            }
            above.push(at);
        }
        counts
    }

    /// Without places that hold no message and nothing together: those with less than two below, and those that are the only one below
    /// a message. These cannot be written.
    #[must_use]
    fn simplified(self) -> Self {
        let counts = self.counts();
        let mut nodes: Vec<ThreadNode> = Vec::with_capacity(self.0.len());
        // of each node above: the depth of what is right below it, whether it is a message, and how many are below it
        let mut above: Vec<(u32, bool, u32)> = Vec::new();
        for (node, &count) in self.0.iter().zip(&counts) {
            above.truncate(node.depth as usize);
            let (depth, below_message, siblings) = above.last().copied().unwrap_or((0, false, 2));
            let only = below_message && siblings == 1;
            if node.message.is_none() && count == 1 {
                // what is below stands in its place
                above.push((depth, below_message, siblings));
            } else if node.message.is_none() && (count == 0 || only) {
                above.push((depth, below_message, count));
            } else {
                nodes.push(ThreadNode { message: node.message, depth });
                above.push((depth + 1, node.message.is_some(), count));
            }
        }
        Self(nodes)
    }

    /// Whether some place holds no message and nothing together.
    fn is_odd(&self, counts: &[u32]) -> bool {
        let mut last: Option<(ThreadNode, u32)> = None;
        self.0.iter().zip(counts).any(|(node, &count)| {
            let only = last.is_some_and(|(above, count)| {
                above.depth < node.depth && above.message.is_some() && count == 1
            });
            last = Some((*node, count));
            node.message.is_none() && (count < 2 || only)
        })
    }

    /// Writes it; places that hold nothing together are left out.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        let counts = self.counts();
        if self.is_odd(&counts) {
            // one pass may bring out another such place
            let simple = self.clone().simplified();
            if simple.0.len() < self.0.len() {
                return simple.encode(encoder);
            }
        }
        if !self.0.is_empty() {
            encoder.sp();
        }
        let mut open: Vec<u32> = Vec::new();
        let mut above: Vec<usize> = Vec::new();
        for (at, node) in self.0.iter().enumerate() {
            while open.last().is_some_and(|&depth| depth >= node.depth) {
                encoder.put(b")");
                open.pop();
            }
            above.truncate(node.depth as usize);
            match above.last().map(|&parent| (parent, self.0[parent].message.is_some(), counts[parent])) {
                Some((_, true, 1)) => encoder.sp(),
                parent => {
                    // the first list behind a message
                    if parent.is_some_and(|(parent, message, _)| message && parent + 1 == at) {
                        encoder.sp();
                    }
                    encoder.put(b"(");
                    open.push(node.depth);
                }
            }
            if let Some(message) = node.message {
                encoder.number(message.get().into());
            }
            above.push(at);
        }
        for _ in open {
            encoder.put(b")");
        }
    }

    /// Any threads, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec((proptest::option::weighted(0.8, any::<NonZeroU32>()), 0..6u32), 0..24)
            .prop_map(|nodes| {
                let mut thread = Self::default();
                for (message, depth) in nodes {
                    let most = thread.0.last().map_or(0, |last| last.depth + 1);
                    thread.0.push(ThreadNode { message, depth: depth.min(most) });
                }
                // until nothing is left to simplify
                loop {
                    let simple = thread.clone().simplified();
                    if simple == thread {
                        return thread;
                    }
                    thread = simple;
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Date;
    use crate::core::testing::{Row, check, encoded, round_trip};
    use alloc::format;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn thread(nodes: &[(u32, u32)]) -> Thread {
        let mut thread = Thread::default();
        for &(message, depth) in nodes {
            thread.push(NonZeroU32::new(message), depth).unwrap();
        }
        thread
    }

    #[test]
    fn commands() {
        let since = SearchKey::Since(Date::new(2000, 3, 5).unwrap());
        let text = SearchKey::text("gewp").unwrap();
        check(
            ThreadCommand::rule,
            |thread, encoder| thread.encode(encoder),
            &[
                Row::Other(
                    b" ORDEREDSUBJECT UTF-8 SINCE 5-MAR-2000",
                    ThreadCommand {
                        charset: Charset::UTF_8,
                        ..ThreadCommand::new(ThreadAlgorithm::OrderedSubject, since)
                    },
                ),
                Row::Good(
                    b" REFERENCES US-ASCII TEXT gewp",
                    ThreadCommand::new(ThreadAlgorithm::References, text.clone()),
                ),
                Row::Good(
                    b" REFS US-ASCII TEXT gewp ALL",
                    ThreadCommand::new(ThreadAlgorithm::Refs, text.and(SearchKey::All)),
                ),
                Row::Good(
                    b" X-JWZ US-ASCII ALL",
                    ThreadCommand::new(ThreadAlgorithm::Other(Atom::new("X-JWZ").unwrap()), SearchKey::All),
                ),
                Row::Bad(b" REFERENCES", 11),
                Row::Bad(b" REFERENCES UTF-8", 17),
                Row::Bad(b"", 0),
            ],
        );
    }

    #[test]
    fn responses() {
        let tree = thread(&[(2, 0), (3, 0), (6, 1), (4, 2), (23, 3), (44, 2), (7, 3), (96, 4)]);
        check(
            Thread::rule,
            |thread, encoder| thread.encode(encoder),
            &[
                Row::Good(b"", Thread::default()),
                Row::Good(b" (2)(3 6 (4 23)(44 7 96))", tree.clone()),
                Row::Good(b" ((3)(5))", thread(&[(0, 0), (3, 1), (5, 1)])),
                Row::Good(
                    b" ((1 2)(3 (4)(5)))(6)",
                    thread(&[(0, 0), (1, 1), (2, 2), (3, 1), (4, 2), (5, 2), (6, 0)]),
                ),
                Row::Good(b" (1 ((2)(3))(4))", thread(&[(1, 0), (0, 1), (2, 2), (3, 2), (4, 1)])),
                Row::Good(b" (188 (184)(189))", thread(&[(188, 0), (184, 1), (189, 1)])),
                Row::Tolerated(b" (2) (3  6(4 23) ( 44 7 96 ) )", 30, tree),
                Row::Tolerated(b"  (1)", 5, thread(&[(1, 0)])),
                Row::Tolerated(b" ()(1)", 6, thread(&[(1, 0)])),
                Row::Lenient(b" (1 (2))", 8, thread(&[(1, 0), (2, 1)])),
                Row::Lenient(b" ((1))", 6, thread(&[(1, 0)])),
                Row::Lenient(b" (((1)(2)))", 11, thread(&[(0, 0), (1, 1), (2, 1)])),
                Row::Lenient(b" (1 ((2)(3)))", 13, thread(&[(1, 0), (2, 1), (3, 1)])),
                Row::Lenient(b" (1 (((2)(3))))", 15, thread(&[(1, 0), (2, 1), (3, 1)])),
                Row::Bad(b" 1", 1),
                Row::Bad(b" (1", 3),
                Row::Bad(b" (0)", 2),
                Row::Bad(b" (1 x)", 4),
                Row::Bad(b" (1 (2)(3) 4)", 11),
                Row::Bad(b" (1)(", 5),
                Row::Bad(b"(1)", 0),
            ],
        );
        for line in [&b" (1) "[..], b" "] {
            let frame = Bytes::from_static(line);
            let cx = Context::new(&frame, Tolerance::Strict);
            assert_eq!(Thread::rule(&cx, &frame).unwrap().0, b" ");
        }
    }

    #[test]
    fn each_thread_is_a_slice() {
        let tree = thread(&[(2, 0), (3, 0), (6, 1), (0, 0), (4, 1), (5, 1)]);
        let lens: Vec<usize> = tree.threads().map(<[ThreadNode]>::len).collect();
        assert_eq!(lens, [1, 2, 3]);
        assert!(Thread::default().push(None, 1).is_err());
    }

    #[test]
    fn depth_needs_no_stack() {
        let levels = 200_000;
        let chain = (1..=levels).map(|n| format!("{n} ")).collect::<alloc::string::String>();
        let frame = Bytes::from(format!(" ({})", chain.trim_end()));
        let cx = Context::new(&frame, Tolerance::Strict);
        let deep = Thread::rule(&cx, &frame).unwrap().1;
        assert_eq!(encoded(&deep, Thread::encode), frame);

        let forks = format!(" {}(9){}", "(1 (2)".repeat(levels), ")".repeat(levels));
        let frame = Bytes::from(forks);
        let cx = Context::new(&frame, Tolerance::Strict);
        let deep = Thread::rule(&cx, &frame).unwrap().1;
        assert_eq!(encoded(&deep, Thread::encode), frame);

        let frame = Bytes::from(format!(" {}9{}", "(".repeat(levels), ")".repeat(levels)));
        let cx = Context::new(&frame, Tolerance::Lenient);
        assert_eq!(Thread::rule(&cx, &frame).unwrap().1, thread(&[(9, 0)]));
        let cx = Context::new(&frame, Tolerance::Lenient).max_items(10);
        assert_eq!(Failure::of(Thread::rule(&cx, &frame).unwrap_err()).kind(), ParseErrorKind::TooMany);
    }

    #[test]
    fn what_cannot_be_written_is_left_out() {
        for (nodes, line) in [
            (&[(0, 0)][..], ""),
            (&[(0, 0), (1, 1)], " (1)"),
            (&[(1, 0), (0, 1)], " (1)"),
            (&[(1, 0), (0, 1), (2, 2), (0, 1)], " (1 2)"),
            (&[(0, 0), (0, 1), (0, 1), (3, 1)], " (3)"),
        ] {
            assert_eq!(encoded(&thread(nodes), Thread::encode), line, "{nodes:?}");
        }
    }

    proptest! {
        #[test]
        fn round_trips(command in ThreadCommand::strategy(), response in Thread::strategy()) {
            round_trip(&command, ThreadCommand::rule, ThreadCommand::encode);
            round_trip(&response, Thread::rule, Thread::encode);
        }
    }
}
