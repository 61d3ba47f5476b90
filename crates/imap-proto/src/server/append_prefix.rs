//! What stands before the octets of a message in APPEND and REPLACE, and which of their literals are messages.

use crate::append::{AppendExtension, OtherAppend};
use crate::core::syntax::{self, expected};
use crate::core::{Context, DateTime, Flags, Mailbox, Raw};
use crate::fetch::MessageData;
use crate::store::AnnotationChanges;
use alloc::vec::Vec;
use wire::ParseErrorKind;
use wire::keyword::key_of;
use wire::parse::{Failure, fail};

/// What an APPEND or REPLACE says of a message before its octets, for a server that decides whether to take them (RFC 9051 section
/// 6.3.12, RFC 3502, 4469, 8508).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppendPrefix {
    /// Where it goes.
    pub mailbox: Mailbox,
    /// Which message of the command it is, from 0.
    pub index: usize,
    /// Its flags.
    pub flags: Option<Flags>,
    /// Its INTERNALDATE.
    pub date: Option<DateTime>,
    /// What extensions say of it.
    pub extensions: Vec<AppendExtension>,
    /// Which part of a CATENATE these octets are, from 0; `None` if they are the whole message.
    pub part: Option<usize>,
    /// Whether UTF-8 may stand in the header: `UTF8` (RFC 6855).
    pub utf8: bool,
}

impl AppendPrefix {
    /// Reads from behind the keyword, and behind the number of REPLACE, to the head of a literal that is the last of `i`.
    pub(crate) fn first(cx: &Context<'_>, i: &[u8]) -> Result<Self, syntax::Error> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, mailbox) = Mailbox::rule(cx, i)?;
        let mut prefix = Self {
            mailbox,
            index: 0,
            flags: None,
            date: None,
            extensions: Vec::new(),
            part: None,
            utf8: false,
        };
        prefix.message(cx, i)?;
        Ok(prefix)
    }

    /// Reads on from behind the octets of the literal before to the head of the next one, which is the last of `i`.
    pub(crate) fn next(&mut self, cx: &Context<'_>, i: &[u8]) -> Result<(), syntax::Error> {
        let i = match (self.utf8, self.part) {
            (true, _) => syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?.0,
            (false, _) => i,
        };
        match self.part {
            Some(part) => self.behind_part(cx, i, part),
            None => self.next_message(cx, i),
        }
    }

    fn next_message(&mut self, cx: &Context<'_>, i: &[u8]) -> Result<(), syntax::Error> {
        self.index += 1;
        (self.flags, self.date, self.part, self.utf8) = (None, None, None, false);
        self.extensions.clear();
        self.message(cx, i)
    }

    /// [`AppendMessage::rule`], up to the last head; messages before it are passed over.
    fn message(&mut self, cx: &Context<'_>, mut start: &[u8]) -> Result<(), syntax::Error> {
        const CATENATE: u128 = key_of("CATENATE");
        const UTF8: u128 = key_of("UTF8");
        const ANNOTATION: u128 = key_of("ANNOTATION");
        loop {
            let (mut i, ()) = syntax::sp(cx, start)?;
            if i.starts_with(b"(") {
                let (rest, found) = Flags::rule(cx, i)?;
                self.flags = Some(found);
                i = syntax::sp_or_none(cx, rest)?.0;
            }
            if i.starts_with(b"\"") {
                let (rest, found) = DateTime::rule(cx, i)?;
                self.date = Some(found);
                i = syntax::sp_or_none(cx, rest)?.0;
            }
            start = loop {
                if matches!(i, [b'{', ..] | [b'~', b'{', ..]) {
                    match passed(cx, i)? {
                        Some(rest) => break rest,
                        None => return Ok(()),
                    }
                }
                let (rest, (key, word)) = syntax::keyword(i, expected::LITERAL)?;
                match key {
                    CATENATE => {
                        let (rest, ()) = syntax::sp_or_none(cx, rest)?;
                        let (rest, ()) = syntax::octet(rest, b'(', expected::OPEN)?;
                        return self.parts(cx, syntax::no_sp(cx, rest), 0);
                    }
                    UTF8 => {
                        let (rest, ()) = syntax::sp_or_none(cx, rest)?;
                        let (rest, ()) = syntax::octet(rest, b'(', expected::OPEN)?;
                        self.utf8 = true;
                        match passed(cx, syntax::no_sp(cx, rest))? {
                            Some(rest) => {
                                break syntax::octet(syntax::no_sp(cx, rest), b')', expected::CLOSE)?.0;
                            }
                            None => return Ok(()),
                        }
                    }
                    _ if self.extensions.len() >= cx.item_limit() => {
                        return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
                    }
                    ANNOTATION => {
                        let (rest, changes) = AnnotationChanges::rule(cx, rest)?;
                        self.extensions.push(AppendExtension::Annotation(changes));
                        i = syntax::sp_or_none(cx, rest)?.0;
                    }
                    _ => {
                        let name = crate::core::Atom::known(cx.keep(word));
                        let (rest, ()) = syntax::sp(cx, rest)?;
                        let (rest, value) = Raw::value(cx, rest)?;
                        self.extensions.push(AppendExtension::Other(OtherAppend { name, value }));
                        i = syntax::sp(cx, rest)?.0;
                    }
                }
            };
            self.index += 1;
            (self.flags, self.date, self.utf8) = (None, None, false);
            self.extensions.clear();
        }
    }

    /// From a `cat-part` on.
    fn parts(&mut self, cx: &Context<'_>, mut i: &[u8], mut part: usize) -> Result<(), syntax::Error> {
        const URL: u128 = key_of("URL");
        const TEXT: u128 = key_of("TEXT");
        const UTF8: u128 = key_of("UTF8");
        loop {
            let (rest, (key, _)) = syntax::keyword(i, expected::ARGUMENT)?;
            self.utf8 = key == UTF8;
            self.part = Some(part);
            let rest = match key {
                URL => {
                    let (rest, ()) = syntax::sp(cx, rest)?;
                    syntax::astring(cx, rest)?.0
                }
                TEXT => {
                    let (rest, ()) = syntax::sp(cx, rest)?;
                    match passed(cx, rest)? {
                        Some(rest) => rest,
                        None => return Ok(()),
                    }
                }
                UTF8 => {
                    let (rest, ()) = syntax::sp_or_none(cx, rest)?;
                    let (rest, ()) = syntax::octet(rest, b'(', expected::OPEN)?;
                    match passed(cx, syntax::no_sp(cx, rest))? {
                        Some(rest) => syntax::octet(syntax::no_sp(cx, rest), b')', expected::CLOSE)?.0,
                        None => return Ok(()),
                    }
                }
                _ => return fail(i, expected::ARGUMENT).map(|(_, ())| ()),
            };
            part += 1;
            match behind_list_item(cx, rest)? {
                Some(next) => i = next,
                None => {
                    let (rest, ()) = syntax::octet(syntax::no_sp(cx, rest), b')', expected::CLOSE)?;
                    return self.next_message(cx, rest);
                }
            }
        }
    }

    fn behind_part(&mut self, cx: &Context<'_>, i: &[u8], part: usize) -> Result<(), syntax::Error> {
        match behind_list_item(cx, i)? {
            Some(next) => self.parts(cx, next, part + 1),
            None => {
                let (rest, ()) = syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?;
                self.next_message(cx, rest)
            }
        }
    }
}

/// The next item of a list; `None` if it ends here.
fn behind_list_item<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<Option<&'i [u8]>, syntax::Error> {
    if i.get(syntax::blanks(i)) == Some(&b')') {
        return Ok(None);
    }
    Ok(Some(syntax::sp(cx, i)?.0))
}

/// Passes over a literal whose octets are here; `None`: it is the head at the end.
fn passed<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<Option<&'i [u8]>, syntax::Error> {
    if syntax::literal_head(cx, i)?.rest.is_empty() {
        return Ok(None);
    }
    MessageData::literal(cx, i).map(|(rest, _)| Some(rest))
}

/// Tells the literals of messages in an APPEND or REPLACE from those of strings, looking at each octet once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LiteralScan {
    /// Octets that were looked at.
    seen: usize,
    /// Arguments that stood outside of all parentheses.
    arguments: u8,
    depth: u32,
    outer: Word,
    inner: Word,
    last: Word,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Word {
    #[default]
    Other,
    Catenate,
    Text,
    Utf8,
}

impl LiteralScan {
    /// Starts at the octet `seen`, behind the keyword.
    pub(crate) fn new(seen: usize) -> Self {
        Self { seen, ..Self::default() }
    }

    /// Whether the literal whose head ends at `end` is message data: the first `before` arguments are not.
    pub(crate) fn is_message(&mut self, data: &[u8], end: usize, before: u8) -> bool {
        let data = data.get(..end).unwrap_or(data);
        while let Some(&octet) = data.get(self.seen) {
            match octet {
                b'(' => {
                    self.depth = self.depth.saturating_add(1);
                    match self.depth {
                        1 => self.outer = self.last,
                        2 => self.inner = self.last,
                        _ => {}
                    }
                    self.last = Word::Other;
                    self.seen += 1;
                }
                b')' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.last = Word::Other;
                    self.seen += 1;
                }
                b'"' => {
                    self.seen += crate::frame::quoted_len(&data[self.seen..]).unwrap_or(1);
                    self.argument(Word::Other);
                }
                b' ' | b'\t' | b'\r' | b'\n' => self.seen += 1,
                b'{' => break,
                b'~' if data.get(self.seen + 1) == Some(&b'{') => break,
                _ => {
                    let word = &data[self.seen..];
                    let len = word
                        .iter()
                        .position(|o| matches!(o, b' ' | b'\t' | b'(' | b')' | b'"' | b'{' | b'\r' | b'\n'));
                    let word = &word[..len.unwrap_or(word.len()).max(1)];
                    self.seen += word.len();
                    self.argument(match word {
                        _ if word.eq_ignore_ascii_case(b"CATENATE") => Word::Catenate,
                        _ if word.eq_ignore_ascii_case(b"TEXT") => Word::Text,
                        _ if word.eq_ignore_ascii_case(b"UTF8") => Word::Utf8,
                        _ => Word::Other,
                    });
                }
            }
        }
        match self.depth {
            0 => self.arguments >= before,
            1 => match self.outer {
                Word::Catenate => self.last == Word::Text,
                outer => outer == Word::Utf8,
            },
            2 => self.outer == Word::Catenate && self.inner == Word::Utf8,
            _ => false,
        }
    }

    fn argument(&mut self, word: Word) {
        self.last = word;
        if self.depth == 0 {
            self.arguments = self.arguments.saturating_add(1);
        }
    }

    /// The literal stays in the data, up to the octet `behind`.
    pub(crate) fn kept(&mut self, behind: usize) {
        self.seen = behind;
        self.argument(Word::Other);
    }

    /// The literal and all before it are taken off the data.
    pub(crate) fn cut(&mut self) {
        self.kept(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use wire::Tolerance;

    #[test]
    fn prefixes_end_at_the_head_of_a_literal() {
        // a text, which goes on behind the octets of the literal before; index, part, whether there are flags, UTF8
        type Text = (&'static str, usize, Option<usize>, bool, bool);
        let rows: &[&[Text]] = &[
            &[(" x {5}\r\n", 0, None, false, false), (" {5}\r\n", 1, None, false, false)],
            &[(" x (\\Seen) {5}\r\n", 0, None, true, false), (" {5}\r\n", 1, None, false, false)],
            &[(" {1}\r\nx (\\Seen) \" 7-Feb-1994 22:43:04 -0800\" ~{5+}\r\n", 0, None, true, false)],
            &[(" x UTF8 (~{5}\r\n", 0, None, false, true), (") (\\Seen) {5}\r\n", 1, None, true, false)],
            &[
                (" x CATENATE (URL a TEXT {5}\r\n", 0, Some(1), false, false),
                (" TEXT {1}\r\na URL {1}\r\nb UTF8 (~{5}\r\n", 0, Some(4), false, true),
                (") URL c) (\\Seen) {5}\r\n", 1, None, true, false),
            ],
            &[(" x CATENATE (URL a) CATENATE (URL b) {1}\r\na ~{5}\r\n", 3, None, false, false)],
            &[(" x ANNOTATION (/a (value.priv \"x\")) X-NEW ({1}\r\na) {5}\r\n", 0, None, false, false)],
            &[(" x UTF8 (~{1}\r\na) UTF8 (~{5}\r\n", 1, None, false, true)],
        ];
        for texts in rows {
            let mut prefix: Option<AppendPrefix> = None;
            for &(text, index, part, flags, utf8) in *texts {
                let frame = Bytes::from_static(text.as_bytes());
                let cx = Context::new(&frame, Tolerance::Strict);
                let read = match &mut prefix {
                    Some(prefix) => prefix.next(&cx, &frame),
                    None => AppendPrefix::first(&cx, &frame).map(|first| prefix = Some(first)),
                };
                assert!(read.is_ok(), "{text:?}");
                let prefix = prefix.as_ref().unwrap();
                assert_eq!((prefix.index, prefix.part, prefix.utf8), (index, part, utf8), "{text:?}");
                assert_eq!(
                    (prefix.flags.is_some(), prefix.mailbox.as_bytes()),
                    (flags, &b"x"[..]),
                    "{text:?}"
                );
            }
        }
        for text in [
            " x",
            " {5}\r\n",
            " x FLAGS {5}\r\n",
            " x (\\Seen {5}\r\n",
            " x CATENATE (FILE {5}\r\n",
            " x CATENATE (TEXT a {5}\r\n",
        ] {
            let frame = Bytes::from_static(text.as_bytes());
            assert!(
                AppendPrefix::first(&Context::new(&frame, Tolerance::Strict), &frame).is_err(),
                "{text:?}"
            );
        }
    }

    #[test]
    fn literals_of_messages_are_told_from_those_of_strings() {
        for (text, before, message) in [
            (" {5}\r\n", 1, false),
            (" x {5}\r\n", 1, true),
            (" 3 {5}\r\n", 2, false),
            (" 3 x {5}\r\n", 2, true),
            (" \"x {5}\" ~{5}\r\n", 1, true),
            (" x (\\Seen) \" 7-Feb-1994 22:43:04 -0800\" {5+}\r\n", 1, true),
            (" x CATENATE (TEXT {5}\r\n", 1, true),
            (" x CATENATE (text {5}\r\n", 1, true),
            (" x CATENATE (URL {5}\r\n", 1, false),
            (" x CATENATE (URL TEXT URL {5}\r\n", 1, false),
            (" x CATENATE (UTF8 (~{5}\r\n", 1, true),
            (" x CATENATE (URL a) {5}\r\n", 1, true),
            (" x UTF8 (~{5}\r\n", 1, true),
            (" x ANNOTATION (/a (value.priv {5}\r\n", 1, false),
            (" x X-NEW (TEXT {5}\r\n", 1, false),
        ] {
            let data = text.as_bytes();
            assert_eq!(LiteralScan::new(0).is_message(data, data.len(), before), message, "{text:?}");
            // at once, or line by line
            let text = alloc::format!("{text}12345 TEXT {{5}}\r\n");
            let mut scan = LiteralScan::new(0);
            let end = data.len();
            assert_eq!(scan.is_message(text.as_bytes(), end, before), message);
            scan.kept(end + 5);
            let again = scan.is_message(text.as_bytes(), text.len(), before);
            assert_eq!(
                scan.is_message(text.as_bytes(), text.len(), before),
                again,
                "asking twice changes nothing"
            );
        }
    }
}
