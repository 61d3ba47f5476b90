//! Lines: what all line protocols share about their ends and the blanks in them.

use crate::parse::{self, Failure, Parsed, fail, sp};
use crate::{Context, Rule, Tolerance};

/// A line, or a line of a body, ends in LF without CR. From Default; raw is the LF.
pub const BARE_LF: Rule = Rule("bare-lf");
/// More than one CR before the LF of a line. From Default; raw is the CRs.
pub const EXTRA_CR: Rule = Rule("extra-cr");
/// More than one space between arguments, or a tab. From Default.
pub const EXTRA_SPACE: Rule = Rule("extra-space");
/// A space stands at the end of a command or listing without need. From Default.
pub const TRAILING_SPACE: Rule = Rule("trailing-space");
/// Something follows the last argument of a command; it is ignored. From Lenient.
pub const EXTRA_ARGUMENT: Rule = Rule("extra-argument");

/// Splits the line end off a complete line: `CRLF`, or LF alone where that is tolerated. `behind` octets
/// of the message follow the line.
///
/// # Errors
/// No line end, or one that is not tolerated.
#[inline]
pub fn line<'i>(cx: &Context<'_>, i: &'i [u8], behind: usize) -> Result<&'i [u8], nom::Err<Failure>> {
    use parse::expected::CRLF;
    cx.set_behind(behind);
    let line = if let Some(line) = i.strip_suffix(b"\r\n") {
        line
    } else {
        match i.strip_suffix(b"\n") {
            Some(line) if cx.tolerates(Tolerance::Default, BARE_LF, &i[line.len()..]) => line,
            Some(line) => return fail(&i[line.len()..], CRLF).map(|(rest, ())| rest),
            None => return fail(&i[i.len()..], CRLF).map(|(rest, ())| rest),
        }
    };
    let bare = line.iter().rposition(|&o| o != b'\r').map_or(0, |last| last + 1);
    let extra = bare < line.len() && cx.tolerates(Tolerance::Default, EXTRA_CR, &line[bare..]);
    let line = if extra { &line[..bare] } else { line };
    cx.set_behind(behind + i.len() - line.len());
    Ok(line)
}

/// `SP` before an argument; more of them, or tabs, where that is tolerated.
///
/// # Errors
/// No space.
#[inline]
pub fn gap<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    let len = i.iter().position(|&o| o != b' ' && o != b'\t').unwrap_or(i.len());
    let (blanks, rest) = i.split_at(len);
    match blanks {
        b" " => Ok((rest, ())),
        // at the end it is no gap
        [_, ..] if !rest.is_empty() && cx.tolerates(Tolerance::Default, EXTRA_SPACE, blanks) => {
            Ok((rest, ()))
        }
        _ => sp(i),
    }
}

/// The end of a command: spaces are tolerated, other arguments only leniently.
///
/// # Errors
/// Something that is not tolerated.
#[inline]
pub fn end<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    if i.is_empty() {
        return Ok((i, ()));
    }
    if let Some(at) = i.iter().position(|o| matches!(o, b'\r' | b'\n')) {
        // another line, which must not be hidden
        return parse::end(&i[at..]);
    }
    let spaces = i.iter().all(|&o| o == b' ');
    let (least, rule) =
        if spaces { (Tolerance::Default, TRAILING_SPACE) } else { (Tolerance::Lenient, EXTRA_ARGUMENT) };
    if cx.tolerates(least, rule, i) { Ok((&i[i.len()..], ())) } else { parse::end(i) }
}

/// The table of the rules that a protocol crate reports: a constant for each, with its documentation, and `ALL`.
///
/// ```
/// mod rule {
///     wire::rules! {
///         /// A space before a command. From Lenient.
///         LEADING_SPACE = wire::Rule("leading-space");
///     }
/// }
/// assert_eq!(rule::ALL, [rule::LEADING_SPACE]);
/// ```
#[macro_export]
macro_rules! rules {
    ($($(#[$doc:meta])* $id:ident = $rule:expr;)*) => {
        $($(#[$doc])* pub const $id: $crate::Rule = $rule;)*
        /// All rules.
        pub const ALL: &[$crate::Rule] = &[$($id),*];
    };
}
