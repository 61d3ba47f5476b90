//! Rules that several grammar items share.

use crate::rule;
use wire::parse::{Failure, Parsed, fail, sp};
use wire::{Context, Tolerance};

wire::expected_table! {
    /// A command.
    KEYWORD = "command keyword",
    /// `+OK` or `-ERR`.
    STATUS = "+OK or -ERR",
    /// A message-number.
    MESSAGE_NUMBER = "message-number",
    /// A name.
    NAME = "name",
    /// A password.
    PASSWORD = "password",
    /// 32 hexadecimal digits.
    DIGEST = "32 lower-case hexadecimal digits",
    /// A unique-id.
    UNIQUE_ID = "unique-id of 1 to 70 octets of %x21-7E",
    /// A capability.
    CAPABILITY = "capability",
    /// A language range.
    LANGUAGE = "language tag",
    /// A challenge.
    CHALLENGE = "+ and a base64 challenge",
    /// The end of a multi-line reply.
    TERMINATION = "line with a single dot",
    /// UTF-8.
    UTF_8 = "UTF-8",
}

/// Splits the line end off a complete line: `CRLF`, or LF alone where that is tolerated. `behind` octets
/// of the message follow the line.
#[inline]
pub(crate) fn line<'i>(cx: &Context<'_>, i: &'i [u8], behind: usize) -> Result<&'i [u8], nom::Err<Failure>> {
    use wire::parse::expected::CRLF;
    cx.set_behind(behind);
    let line = if let Some(line) = i.strip_suffix(b"\r\n") {
        line
    } else {
        match i.strip_suffix(b"\n") {
            Some(line) if cx.tolerates(Tolerance::Default, rule::BARE_LF, &i[line.len()..]) => line,
            Some(line) => return fail(&i[line.len()..], CRLF).map(|(rest, ())| rest),
            None => return fail(&i[i.len()..], CRLF).map(|(rest, ())| rest),
        }
    };
    let bare = line.iter().rposition(|&o| o != b'\r').map_or(0, |last| last + 1);
    let extra = bare < line.len() && cx.tolerates(Tolerance::Default, rule::EXTRA_CR, &line[bare..]);
    let line = if extra { &line[..bare] } else { line };
    cx.set_behind(behind + i.len() - line.len());
    Ok(line)
}

/// `SP` before an argument; more of them, or tabs, where that is tolerated.
#[inline]
pub(crate) fn gap<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    let len = i.iter().position(|&o| o != b' ' && o != b'\t').unwrap_or(i.len());
    let (blanks, rest) = i.split_at(len);
    match blanks {
        b" " => Ok((rest, ())),
        // at the end it is no gap
        [_, ..] if !rest.is_empty() && cx.tolerates(Tolerance::Default, rule::EXTRA_SPACE, blanks) => {
            Ok((rest, ()))
        }
        _ => sp(i),
    }
}

/// The end of a command: spaces are tolerated, other arguments only leniently.
#[inline]
pub(crate) fn end<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    if i.is_empty() {
        return Ok((i, ()));
    }
    if let Some(at) = i.iter().position(|o| matches!(o, b'\r' | b'\n')) {
        // another line, which must not be hidden
        return wire::parse::end(&i[at..]);
    }
    let spaces = i.iter().all(|&o| o == b' ');
    let (least, rule) = if spaces {
        (Tolerance::Default, rule::TRAILING_SPACE)
    } else {
        (Tolerance::Lenient, rule::EXTRA_ARGUMENT)
    };
    if cx.tolerates(least, rule, i) { Ok((&i[i.len()..], ())) } else { wire::parse::end(i) }
}
