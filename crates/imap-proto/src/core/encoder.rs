//! How messages are written.

use super::class;
use super::raw;
use super::syntax::literal_head;
use super::{Context, Cut};
use crate::frame;
use bytes::Bytes;
use wire::{Output, Tolerance};

/// Which literals the peer takes (RFC 9051 section 4.3, RFC 7888).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Literals {
    /// We are the client, and wait for `+` behind each head.
    #[default]
    Synchronising,
    /// LITERAL+: we are the client and never wait.
    Plus,
    /// LITERAL-, IMAP4rev2: we are the client and do not wait for literals of up to 4096 octets.
    Minus,
    /// We are the server: literals need no leave.
    Server,
}

/// What the peer is able to read, and which of the legal forms are chosen: rules W of the project's list of quirks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Which literals.
    pub literals: Literals,
    /// UTF-8 may stand in quoted strings: IMAP4rev2 or UTF8=ACCEPT is in force.
    pub utf8: bool,
    /// The longest quoted string; longer ones are literals. Servers bound lines, not literals.
    pub max_quoted: usize,
    /// Ranges are written in ascending order, as some servers need it. From the start: a set with the same meaning.
    pub ascending_sets: bool,
    /// Atoms are preferred to quoted strings where both are legal (header field names, mailbox names).
    pub prefer_atoms: bool,
    /// ID without parameters is `NIL`, not `()`.
    pub id_nil: bool,
    /// `RETURN (ALL)` is written in place of `RETURN ()`.
    pub return_all: bool,
    /// ALL, FAST and FULL of FETCH are written out, for servers that take the macros for something else.
    pub expand_macros: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            literals: Literals::Synchronising,
            utf8: false,
            max_quoted: 1000,
            ascending_sets: true,
            prefer_atoms: true,
            id_nil: true,
            return_all: true,
            expand_macros: false,
        }
    }
}

impl Options {
    /// For a server that writes to a client of which it knows nothing.
    #[must_use]
    pub fn server() -> Self {
        Self { literals: Literals::Server, ..Self::default() }
    }
}

/// A part of an encoded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// What is sent.
    pub octets: Bytes,
    /// Whether the next part may only be sent when the server has said `+`.
    pub wait: bool,
}

/// Writes a message into an [`Output`], and knows where the sender must wait.
#[derive(Debug)]
pub struct Encoder<'o> {
    output: &'o mut Output,
    options: Options,
    start: usize,
    waits: alloc::vec::Vec<usize>,
    cuts: alloc::vec::Vec<Cut>,
}

impl<'o> Encoder<'o> {
    /// At the end of `output`.
    #[must_use]
    pub fn new(output: &'o mut Output, options: Options) -> Self {
        let start = output.len();
        Self { output, options, start, waits: alloc::vec::Vec::new(), cuts: alloc::vec::Vec::new() }
    }

    /// How it writes.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Where the sender must wait for `+`, in octets from where the encoder began, ascending: each right behind the head of a
    /// literal.
    #[must_use]
    pub fn into_waits(self) -> alloc::vec::Vec<usize> {
        self.waits
    }

    /// Which literals were announced without their octets, which the sender streams: ascending, counted as the waits.
    #[must_use]
    pub fn cuts(&self) -> &[Cut] {
        &self.cuts
    }

    /// The head of a literal whose octets are streamed.
    pub(crate) fn streamed(&mut self, size: u64, binary: bool) {
        self.literal_head(size, binary);
        let offset = self.output.len() - self.start;
        self.cuts.push(Cut { offset, size });
    }

    /// Both.
    #[cfg(feature = "client")]
    pub(crate) fn into_waits_and_cuts(self) -> (alloc::vec::Vec<usize>, alloc::vec::Vec<Cut>) {
        (self.waits, self.cuts)
    }

    /// Octets as they are.
    #[inline]
    pub(crate) fn put(&mut self, octets: &[u8]) {
        self.output.put(octets);
    }

    /// A space.
    #[inline]
    pub(crate) fn sp(&mut self) {
        self.output.put(b" ");
    }

    /// A number.
    #[inline]
    pub(crate) fn number(&mut self, number: u64) {
        self.output.put_number(number);
    }

    /// `base64`; the output will be zeroed when it was sent.
    pub(crate) fn base64(&mut self, octets: &[u8]) {
        wire::sasl::encode(octets, self.output);
    }

    /// `"(" [item *(SP item)] ")"`
    pub(crate) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, item: impl FnMut(&mut Self, T)) {
        self.put(b"(");
        self.words(items, item);
        self.put(b")");
    }

    /// `item *(SP item)`
    pub(crate) fn words<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Self, T),
    ) {
        for (n, value) in items.into_iter().enumerate() {
            if n > 0 {
                self.sp();
            }
            item(self, value);
        }
    }

    /// Whether the octets can stand between quotes.
    fn can_be_quoted(&self, octets: &[u8]) -> bool {
        if octets.len() > self.options.max_quoted {
            return false;
        }
        let mut high = false;
        for &o in octets {
            if matches!(o, b'\r' | b'\n' | 0) {
                return false;
            }
            high |= o > 0x7f;
        }
        !high || self.options.utf8 && ::core::str::from_utf8(octets).is_ok()
    }

    /// `quoted`, without a check.
    pub(crate) fn quoted(&mut self, octets: &[u8]) {
        self.put(b"\"");
        let mut rest = octets;
        while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
            self.output.put(&rest[..at]);
            self.output.put(&[b'\\', rest[at]]);
            rest = &rest[at + 1..];
        }
        self.output.put(rest);
        self.put(b"\"");
    }

    /// `string`: quoted if it can be, else a literal.
    pub(crate) fn string_octets(&mut self, octets: &[u8]) {
        if self.can_be_quoted(octets) {
            self.quoted(octets);
        } else {
            let binary = memchr::memchr(0, octets).is_some();
            self.literal_head(octets.len() as u64, binary);
            self.output.put(octets);
        }
    }

    /// `astring`: an atom if it can be one. `NIL` is quoted, since many take the atom for nothing.
    pub(crate) fn astring_octets(&mut self, octets: &[u8]) {
        let atom = !octets.is_empty() && class::ASTRING.all(octets) && !octets.eq_ignore_ascii_case(b"NIL");
        if atom && self.options.prefer_atoms {
            self.put(octets);
        } else {
            self.string_octets(octets);
        }
    }

    /// The output is zeroed when it was sent: secrets follow.
    pub(crate) fn wipe(&mut self) {
        self.output.set_wipe();
    }

    /// `astring` of a secret: the output is zeroed when it was sent.
    pub(crate) fn secret(&mut self, secret: &wire::Secret) {
        self.output.set_wipe();
        self.astring_octets(secret.expose());
    }

    /// The arguments of AUTHENTICATE; the output is zeroed when it was sent.
    pub(crate) fn sasl(&mut self, arguments: &wire::sasl::Auth) {
        arguments.encode(self.output);
    }

    /// A literal, by reference if it is large.
    pub(crate) fn literal(&mut self, octets: &Bytes, binary: bool) {
        self.literal_head(octets.len() as u64, binary);
        self.output.put_bytes(octets.clone());
    }

    /// The head of a literal, whose octets follow.
    pub(crate) fn literal_head(&mut self, size: u64, binary: bool) {
        if binary {
            self.put(b"~");
        }
        self.put(b"{");
        self.number(size);
        match self.options.literals {
            Literals::Plus => self.put(b"+}\r\n"),
            Literals::Minus if size <= 4096 => self.put(b"+}\r\n"),
            Literals::Server => self.put(b"}\r\n"),
            Literals::Synchronising | Literals::Minus => {
                self.put(b"}\r\n");
                let at = self.output.len() - self.start;
                self.waits.push(at);
            }
        }
    }

    /// Values as they came; the heads of their literals are made anew, for this peer.
    pub(crate) fn raw(&mut self, octets: &Bytes) {
        // only what a parser has seen, or a constructor has checked, comes here
        let cx = Context::new(octets, Tolerance::Lenient);
        let mut rest: &[u8] = octets;
        // the line, as framing has it, that the rest is of
        let mut start = rest;
        while let Some(at) = memchr::memchr3(b'{', b'~', b'"', rest) {
            self.output.put(&rest[..at]);
            rest = &rest[at..];
            if rest[0] == b'"' && frame::opens(raw::before(start, rest)) {
                let len = frame::quoted_len(rest).unwrap_or(1);
                let (string, behind) = rest.split_at(len);
                self.output.put(string);
                rest = behind;
                continue;
            }
            match literal_head(&cx, rest) {
                Ok(head) if raw::may_begin(start, rest) => {
                    let size = usize::try_from(head.size).unwrap_or(usize::MAX).min(head.rest.len());
                    let (content, behind) = head.rest.split_at(size);
                    self.literal_head(size as u64, head.binary);
                    self.output.put(content);
                    rest = behind;
                    start = behind;
                }
                _ => {
                    self.output.put(&rest[..1]);
                    rest = &rest[1..];
                }
            }
        }
        self.output.put(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn written(options: Options, f: impl FnOnce(&mut Encoder<'_>)) -> (String, Vec<usize>) {
        let mut output = Output::new();
        let mut encoder = Encoder::new(&mut output, options);
        f(&mut encoder);
        let waits = encoder.into_waits();
        (String::from_utf8_lossy(&output.take_all()).into_owned(), waits)
    }

    #[test]
    fn the_shortest_legal_form_is_chosen() {
        let of = |octets: &[u8], utf8| {
            written(Options { utf8, ..Options::server() }, |encoder| encoder.astring_octets(octets)).0
        };
        assert_eq!(of(b"abc", false), "abc");
        assert_eq!(of(b"a b", false), "\"a b\"");
        assert_eq!(of(b"nil", false), "\"nil\"");
        assert_eq!(of(b"", false), "\"\"");
        assert_eq!(of(br#"a"\"#, false), r#""a\"\\""#);
        assert_eq!(of("\u{e9}".as_bytes(), true), "\"\u{e9}\"");
        assert_eq!(of("\u{e9}".as_bytes(), false), "{2}\r\n\u{e9}");
        assert_eq!(of(b"\xff", true), "{1}\r\n\u{fffd}");
        assert_eq!(of(b"a\r\nb", true), "{4}\r\na\r\nb");
    }

    #[test]
    fn waits_are_behind_the_heads() {
        for (literals, text, waits) in [
            (Literals::Synchronising, "x {2}\r\n\r\n {1}\r\n\n", &[7, 15][..]),
            (Literals::Plus, "x {2+}\r\n\r\n {1+}\r\n\n", &[]),
            (Literals::Minus, "x {2+}\r\n\r\n {1+}\r\n\n", &[]),
            (Literals::Server, "x {2}\r\n\r\n {1}\r\n\n", &[]),
        ] {
            let options = Options { literals, ..Options::default() };
            let got = written(options, |encoder| {
                encoder.put(b"x ");
                encoder.string_octets(b"\r\n");
                encoder.raw(&Bytes::from_static(b" {1+}\r\n\n"));
            });
            assert_eq!((got.0.as_str(), &got.1[..]), (text, waits));
        }
    }
}
