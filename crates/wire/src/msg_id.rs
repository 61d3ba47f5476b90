//! The message identifier of RFC 5322 section 3.6.4, which RFC 1939 uses as the timestamp of APOP.

use crate::class::{ATEXT, Class, VCHAR};
use crate::parse::{Parsed, expected, fail};

/// ```text
/// msg-id          =   "<" id-left "@" id-right ">"
/// id-left         =   dot-atom-text
/// id-right        =   dot-atom-text / no-fold-literal
/// no-fold-literal =   "[" *dtext "]"
/// dot-atom-text   =   1*atext *("." 1*atext)
/// dtext           =   %d33-90 / %d94-126
/// ```
///
/// Without the surrounding comments and the obsolete forms: what a peer computes a digest over must be
/// beyond doubt (CVE-2007-1558).
///
/// # Errors
/// Anything else. The value is the identifier with its angle brackets.
///
/// ```
/// use wire::msg_id::msg_id;
///
/// let (rest, id) = msg_id(b"<1896.697170952@dbc.mtview.ca.us> ready").unwrap();
/// assert_eq!(id, b"<1896.697170952@dbc.mtview.ca.us>");
/// assert_eq!(rest, b" ready");
/// assert!(msg_id(b"<no at sign>").is_err());
/// ```
pub fn msg_id(i: &[u8]) -> Parsed<'_, &[u8]> {
    let rest = octet(i, b'<')?;
    let rest = dot_atom_text(rest)?;
    let rest = octet(rest, b'@')?;
    let rest = match rest.strip_prefix(b"[") {
        Some(literal) => octet(&literal[dtext(literal)..], b']')?,
        None => dot_atom_text(rest)?,
    };
    let rest = octet(rest, b'>')?;
    Ok((rest, &i[..i.len() - rest.len()]))
}

/// The last message identifier of a line of text, if the last `<` starts one and it is well formed.
///
/// ```
/// use wire::msg_id::last_msg_id;
///
/// assert_eq!(last_msg_id(b"<a@b> hello <1.2@c>"), Some(&b"<1.2@c>"[..]));
/// assert_eq!(last_msg_id(b"<a@b> hello <>"), None);
/// ```
#[must_use]
pub fn last_msg_id(text: &[u8]) -> Option<&[u8]> {
    let start = memchr::memrchr(b'<', text)?;
    msg_id(&text[start..]).ok().map(|(_, id)| id)
}

fn octet(i: &[u8], wanted: u8) -> Result<&[u8], nom::Err<crate::parse::Failure>> {
    match i.split_first() {
        Some((&first, rest)) if first == wanted => Ok(rest),
        _ => fail::<()>(i, expected::MSG_ID).map(|(rest, ())| rest),
    }
}

fn dot_atom_text(i: &[u8]) -> Result<&[u8], nom::Err<crate::parse::Failure>> {
    let mut rest = i;
    loop {
        let len = ATEXT.run(rest);
        if len == 0 {
            return fail::<()>(rest, expected::MSG_ID).map(|(rest, ())| rest);
        }
        rest = &rest[len..];
        match rest.strip_prefix(b".") {
            Some(after) => rest = after,
            None => return Ok(rest),
        }
    }
}

fn dtext(i: &[u8]) -> usize {
    const DTEXT: Class = VCHAR;
    i.iter().position(|&o| !DTEXT.has(o) || matches!(o, b'['..=b']')).unwrap_or(i.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_send_is_taken() {
        for id in [
            &b"<1896.697170952@dbc.mtview.ca.us>"[..],
            b"<11df.6.6b01f8db.gPDYvZV+su/AnMygQZ2Yvw==@vm>",
            b"<13654105898972645546.1795291391@localhost>",
            b"<a@[127.0.0.1]>",
            b"<a@b>",
        ] {
            assert_eq!(msg_id(id), Ok((&b""[..], id)));
            assert_eq!(last_msg_id(id), Some(id));
        }
    }

    #[test]
    fn cve_2007_1558() {
        for id in [
            &b"<>"[..],
            b"<a>",
            b"<@>",
            b"<a@>",
            b"<@b>",
            b"<a@b@c>",
            b"<a b@c>",
            b"<a@b",
            b"a@b>",
            b"<a\x00@b>",
            b"<a\x80@b>",
            b"<\x00\x01>",
            b"<a b\nc>",
            b"<a@b\x7f>",
            b"<.a@b>",
            b"<a.@b>",
            b"<a..b@c>",
            b"<a@[b[c]>",
            b"<<a@b>",
        ] {
            assert!(msg_id(id).is_err(), "{id:?}");
        }
        assert_eq!(last_msg_id(b"<a@b> <x"), None);
        assert_eq!(last_msg_id(b"no timestamp"), None);
        assert_eq!(last_msg_id(b"<<a@b>"), Some(&b"<a@b>"[..]));
    }
}
