//! Making the block of a reply from text (RFC 5321 sections 4.2 and 4.5.3.1.5).

use crate::limits::MAX_REPLY_LINE;
use crate::{EnhancedCode, Reply, ReplyCode};
use alloc::vec::Vec;
use memchr::memchr3;
use wire::Misuse;

/// Each text with its enhanced code: cut at line ends, wrapped at 512 octets.
pub(crate) fn lines<T: AsRef<[u8]>>(
    code: ReplyCode,
    lines: impl IntoIterator<Item = (Option<EnhancedCode>, T)>,
) -> Result<Reply, Misuse> {
    let mut block = Block { octets: Vec::new(), code, last: 0 };
    for (enhanced, text) in lines {
        if enhanced.is_some_and(|enhanced| Some(enhanced.class()) != code.class()) {
            return Err(Misuse::Invalid("enhanced status code for this reply code"));
        }
        let text = text.as_ref();
        let mut rest = text;
        let mut end = memchr3(b'\r', b'\n', 0, rest);
        let code = enhanced.map_or(0, |enhanced| enhanced.len() + b" ".len());
        let around = b"250 ".len() + code + b"\r\n".len();
        match end {
            // as much as one line takes: then the block need not move when it is shared
            None if block.octets.is_empty() => block.octets.reserve_exact(around + text.len()),
            _ => block.octets.reserve(4 * around + text.len()),
        }
        while let Some(at) = end {
            let (line, tail) = rest.split_at(at);
            let Some(tail) = tail.strip_prefix(b"\r\n").or_else(|| tail.strip_prefix(b"\n")) else {
                return Err(Misuse::IllegalOctet { offset: text.len() - tail.len() });
            };
            block.put(enhanced, line);
            rest = tail;
            end = memchr3(b'\r', b'\n', 0, rest);
        }
        block.put(enhanced, rest);
    }
    block.finish()
}

/// Lines of one reply that are being written.
pub(crate) struct Block {
    octets: Vec<u8>,
    code: ReplyCode,
    /// Where the last line starts.
    last: usize,
}

impl Block {
    /// A line, or more if it is too long for one. It holds no CR, LF or NUL.
    fn put(&mut self, enhanced: Option<EnhancedCode>, mut text: &[u8]) {
        loop {
            self.last = self.octets.len();
            self.octets.extend_from_slice(&self.code.to_digits());
            self.octets.push(b'-');
            if let Some(enhanced) = enhanced {
                enhanced.encode(&mut self.octets);
                // RFC 2034 section 3: "always followed by one or more spaces"
                self.octets.push(b' ');
            }
            let used = self.octets.len() - self.last + b"\r\n".len();
            let (line, rest) = wrap(text, MAX_REPLY_LINE - used);
            self.octets.extend_from_slice(line);
            self.octets.extend_from_slice(b"\r\n");
            match rest {
                None => return,
                Some(rest) => text = rest,
            }
        }
    }

    /// The reply, if there is a line.
    fn finish(mut self) -> Result<Reply, Misuse> {
        match self.octets.get_mut(self.last + 3) {
            None => Err(Misuse::Empty),
            Some(separator) => {
                // RFC 5321 section 4.2: a code, SP, text, CRLF
                *separator = b' ';
                Ok(Reply::of(self.code, self.octets.into()))
            }
        }
    }
}

/// As much as has room, up to a space if there is one, which is left out; and what remains.
fn wrap(text: &[u8], room: usize) -> (&[u8], Option<&[u8]>) {
    if text.len() <= room {
        return (text, None);
    }
    let space = text[..=room].iter().rposition(|&o| o == b' ').filter(|&at| at > 0);
    if let Some(space) = space {
        return (&text[..space], Some(&text[space + 1..]));
    }
    // not inside a character of UTF-8, which has at most three octets behind its first
    let cut = (room - 3..=room).rev().find(|&cut| text[cut] & 0xc0 != 0x80).unwrap_or(room);
    (&text[..cut], Some(&text[cut..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition;
    use alloc::string::String;
    use proptest::prelude::*;

    const NO: ReplyCode = ReplyCode::MAILBOX_UNAVAILABLE;

    fn made(enhanced: Option<EnhancedCode>, text: &str) -> Result<String, Misuse> {
        Reply::new(NO, enhanced, text).map(|reply| String::from_utf8(reply.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn case_123_text_cannot_break_a_line() {
        for (text, block) in [
            ("", "550 5.1.1 \r\n"),
            ("a", "550 5.1.1 a\r\n"),
            ("a\nb", "550-5.1.1 a\r\n550 5.1.1 b\r\n"),
            ("a\r\nb", "550-5.1.1 a\r\n550 5.1.1 b\r\n"),
            ("a\r\n250 b", "550-5.1.1 a\r\n550 5.1.1 250 b\r\n"),
            ("a\n\nb\n", "550-5.1.1 a\r\n550-5.1.1 \r\n550-5.1.1 b\r\n550 5.1.1 \r\n"),
        ] {
            assert_eq!(made(Some(Condition::BAD_MAILBOX.permanent()), text).as_deref(), Ok(block));
            assert_eq!(made(None, text), Ok(block.replace("5.1.1 ", "")));
        }
        for (text, offset) in [("a\rb", 1), ("a\0", 1), ("a\nb\r", 3), ("\r\r\n", 0), ("a\r\n\0", 3)] {
            assert_eq!(made(None, text), Err(Misuse::IllegalOctet { offset }), "{text:?}");
        }
    }

    #[test]
    fn the_class_must_be_that_of_the_code() {
        let code = |code| ReplyCode::new(code).unwrap();
        let condition = Condition::OTHER;
        for (number, class) in [(250, 2), (450, 4), (550, 5), (354, 0)] {
            for (enhanced, its) in
                [(condition.success(), 2), (condition.transient(), 4), (condition.permanent(), 5)]
            {
                assert_eq!(Reply::new(code(number), Some(enhanced), "x").is_ok(), class == its);
            }
        }
        let no_lines: [(Option<EnhancedCode>, &str); 0] = [];
        assert_eq!(Reply::from_lines(NO, no_lines), Err(Misuse::Empty));
    }

    #[test]
    fn lines_end_at_512_octets() {
        let long = |len| "x".repeat(len);
        assert_eq!(made(None, &long(506)).unwrap().len(), 512);
        let two = made(None, &long(507)).unwrap();
        assert_eq!(two, alloc::format!("550-{}\r\n550 x\r\n", long(506)));
        // 5.1.1 and a space less
        let code = Some(Condition::BAD_MAILBOX.permanent());
        assert_eq!(made(code, &long(500)).unwrap().len(), 512);
        assert_eq!(
            made(code, &long(501)).unwrap(),
            alloc::format!("550-5.1.1 {}\r\n550 5.1.1 x\r\n", long(500))
        );
        // at a space, wherever it fits
        let text = alloc::format!("a {} b", long(503));
        assert_eq!(made(None, &text).unwrap(), alloc::format!("550-a {}\r\n550 b\r\n", long(503)));
        let text = alloc::format!("a {} b", long(504));
        assert_eq!(made(None, &text).unwrap(), alloc::format!("550-a {}\r\n550 b\r\n", long(504)));
        let text = alloc::format!("a {} b", long(505));
        assert_eq!(made(None, &text).unwrap(), alloc::format!("550-a\r\n550-{}\r\n550 b\r\n", long(505)));
        // characters are not cut
        for before in 503..=506 {
            let text = long(before) + "\u{1f4e7}\u{1f4e7}";
            let block = made(None, &text).unwrap();
            let joined: String = block.lines().map(|line| &line[4..]).collect();
            assert_eq!(joined, text);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_line_too_long(
            text in proptest::collection::vec(any::<u8>(), 0..2000),
            words in "([a-z\u{e9}]{0,300}[ \n]){0,20}",
            condition in proptest::option::of(Condition::strategy()),
        ) {
            for text in [text, words.into_bytes()] {
                let Ok(reply) = Reply::new(NO, condition.map(Condition::permanent), &text) else {
                    prop_assert!(text.contains(&b'\r') || text.contains(&0));
                    continue;
                };
                let again = Reply::parse(&reply.to_bytes());
                prop_assert_eq!(again.as_ref(), Ok(&reply));
                let mut all = Vec::new();
                for line in reply.lines() {
                    if condition.is_some() {
                        prop_assert_eq!(line.enhanced.map(EnhancedCode::condition), condition);
                    }
                    all.extend_from_slice(line.text);
                }
                let lines = reply.as_bytes().split_inclusive(|&o| o == b'\n');
                prop_assert!(lines.clone().all(|line| line.len() <= MAX_REPLY_LINE));
                prop_assert_eq!(lines.count(), reply.lines().count());
                // but for the spaces and line ends at which it was cut
                let octets = |text: &[u8]| -> Vec<u8> {
                    text.iter().copied().filter(|o| !b" \r\n".contains(o)).collect()
                };
                if condition.is_some() {
                    prop_assert_eq!(octets(&all), octets(&text));
                }
            }
        }
    }
}
