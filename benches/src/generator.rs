//! What every workload is made of: how big, how it is cut, the random numbers, words and names.
//! Deterministic: the same seed gives the same bytes on every machine.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

/// The chunk sizes of every streaming workload; [`WHOLE`] is the whole input in one piece.
pub const CHUNKS: [usize; 5] = [1, 64, 1460, 65_536, WHOLE];

/// "Do not cut": `data.chunks(WHOLE)` is one chunk.
pub const WHOLE: usize = usize::MAX;

/// How a chunk size stands in a workload's name.
pub fn chunk_name(chunk: usize) -> String {
    match chunk {
        WHOLE => "whole".to_owned(),
        n => n.to_string(),
    }
}

/// How big the inputs are.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Octets of a RETR body.
    pub body: usize,
    /// Entries of LIST and UIDL.
    pub listing: usize,
    /// Commands and single-line replies; CAPA replies and greetings are an eighth of it.
    pub messages: usize,
    /// The drip workloads (quadratic for a peer) have their full size divided by this.
    pub drip_divisor: usize,
}

impl Scale {
    /// What is published: 50 MiB bodies, 100,000 entries.
    pub const FULL: Scale = Scale { body: 50 << 20, listing: 100_000, messages: 4096, drip_divisor: 1 };
    /// For counting instructions (which do not depend on caches): small, and twice that.
    pub const COUNT: Scale = Scale { body: 1 << 19, listing: 5_000, messages: 1024, drip_divisor: 2 };
    /// Twice [`Scale::COUNT`]: what is linear costs twice as much.
    pub const COUNT_TWICE: Scale = Scale { body: 1 << 20, listing: 10_000, messages: 2048, drip_divisor: 1 };
    /// For tests.
    pub const TINY: Scale = Scale { body: 64 << 10, listing: 300, messages: 256, drip_divisor: 16 };
}

/// splitmix64 (Steele, Lea, Flood 2014): good enough, six lines, the same everywhere.
pub struct Rng(u64);

impl Rng {
    /// Another seed, another stream.
    pub fn new(seed: u64) -> Self {
        Rng(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn range(&mut self, range: Range<usize>) -> usize {
        let span = (range.end - range.start) as u64;
        range.start + ((u128::from(self.next()) * u128::from(span)) >> 64) as usize
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.range(0..100) < percent
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.range(0..from.len())]
    }

    pub(crate) fn hex(&mut self, out: &mut String, digits: usize) {
        for _ in 0..digits {
            out.push(char::from(b"0123456789abcdef"[self.range(0..16)]));
        }
    }

    pub(crate) fn base64(&mut self, out: &mut String, len: usize) {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut left = len;
        while left > 0 {
            let mut bits = self.next();
            for _ in 0..left.min(10) {
                out.push(char::from(ALPHABET[(bits & 63) as usize]));
                bits >>= 6;
            }
            left -= left.min(10);
        }
    }
}

pub(crate) const NAMES: &[&str] = &[
    "alice",
    "bob",
    "carol.jones",
    "dave@example.org",
    "erin",
    "frank.o'neill@mail.example.com",
    "grace_hopper",
    "heidi",
    "ivan+pop@example.net",
    "mrose",
    "postmaster",
    "support-team@corp.example",
    "zoe",
];

pub(crate) const HOSTS: &[&str] = &[
    "localhost",
    "mail.example.org",
    "pop.example.com",
    "dbc.mtview.ca.us",
    "mx-17.eu-west.provider.example",
];

pub(crate) const WORDS: &[&str] = &[
    "the",
    "of",
    "and",
    "to",
    "a",
    "in",
    "that",
    "is",
    "was",
    "he",
    "for",
    "it",
    "with",
    "as",
    "his",
    "on",
    "be",
    "at",
    "by",
    "had",
    "not",
    "are",
    "but",
    "from",
    "or",
    "have",
    "an",
    "they",
    "which",
    "one",
    "you",
    "were",
    "her",
    "all",
    "she",
    "there",
    "would",
    "their",
    "we",
    "him",
    "been",
    "has",
    "when",
    "who",
    "will",
    "more",
    "no",
    "if",
    "out",
    "so",
    "meeting",
    "invoice",
    "attached",
    "please",
    "regards",
    "tomorrow",
    "schedule",
    "budget",
    "review",
    "quarterly",
    "deployment",
    "server",
    "protocol",
    "message",
    "response,",
    "question.",
    "customer",
    "(see",
    "below)",
    "https://example.org/a/b?id=42",
    "naturally",
    "project;",
    "2024",
    "17:30",
    "EUR",
    "half",
    "over",
    "under",
    "between",
    "unfortunately",
    "Thanks,",
    "Hello",
    "Best",
    "is.",
    "no!",
];

pub(crate) const UTF8_WORDS: &[&str] =
    &["Grüße", "naïve", "café", "Ελλάδα", "Привет", "日本語", "“quoted”", "–", "Zażółć", "€99"];

/// Words up to `len` octets, with one space between them.
pub(crate) fn words(rng: &mut Rng, out: &mut String, len: usize) {
    let end = out.len() + len;
    out.push_str(rng.pick(WORDS));
    loop {
        let word = rng.pick(WORDS);
        if out.len() + 1 + word.len() > end {
            return;
        }
        out.push(' ');
        out.push_str(word);
    }
}

/// Complete messages, one after the other and each by itself.
#[derive(Clone)]
pub struct Messages {
    /// All of them, concatenated.
    pub stream: Bytes,
    /// Each of them with its CRLF (and its dot line, if it has several lines); slices of `stream`.
    pub each: Arc<[Bytes]>,
}

impl Messages {
    pub(crate) fn new(texts: &[String]) -> Self {
        let stream = Bytes::from(texts.concat());
        let mut at = 0;
        let each = texts
            .iter()
            .map(|text| {
                at += text.len();
                stream.slice(at - text.len()..at)
            })
            .collect();
        Messages { stream, each }
    }
}
