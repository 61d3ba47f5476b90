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
    cx.set_behind(behind + i.len() - line.len());
    Ok(line)
}

/// `SP` before an argument; more of them where that is tolerated.
pub(crate) fn gap<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    let (rest, ()) = sp(i)?;
    if rest.first() == Some(&b' ') {
        let more = rest.iter().position(|&o| o != b' ').unwrap_or(rest.len());
        if more < rest.len() && cx.tolerates(Tolerance::Default, rule::EXTRA_SPACE, &rest[..more]) {
            return Ok((&rest[more..], ()));
        }
    }
    Ok((rest, ()))
}

/// The end of a command: spaces are tolerated, other arguments only leniently.
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
