//! The error result (RFC 7628 section 3.2.2): a small JSON object (RFC 8259).

use crate::error::malformed;
use crate::expected;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt::Write as _;
use wire::parse::{Failure, Parsed, fail};
use wire::{ParseError, ParseErrorKind};

/// Why the server does not take a token, and what it would take (RFC 7628 section 3.2.2). The server's exchange
/// sends one; the client's has it in [`ClientExchange::server_error`](crate::ClientExchange::server_error).
///
/// Nothing authenticates it but TLS: a client should not fetch a document from anywhere because of it
/// without asking itself whether it trusts the server.
///
/// ```
/// use auth::oauth::ErrorResult;
///
/// let json = br#"{"status":"invalid_token","schemes":"bearer mac","scope":"https://mail.example.com/"}"#;
/// let result = ErrorResult::parse(json)?;
/// assert_eq!(result.status, "invalid_token");
/// assert_eq!(result.scope.as_deref(), Some("https://mail.example.com/"));
/// assert_eq!(result.encode().as_bytes(), json);
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorResult {
    /// `status`: the error code of RFC 6750 section 3.1, as `invalid_token`; XOAUTH2 servers send the number
    /// of an HTTP status.
    pub status: String,
    /// `schemes`, which servers send beyond the RFC: the kinds of token that are taken.
    pub schemes: Option<String>,
    /// `scope`: that of a token that is good for this service.
    pub scope: Option<String>,
    /// `openid-configuration`: the URL of a document that says where to get a token.
    pub openid_configuration: Option<String>,
}

impl ErrorResult {
    /// The longest that is parsed, in octets.
    pub const MAX: usize = 8192;
    /// How deep objects and arrays in members that are not known may be nested.
    pub const MAX_DEPTH: u8 = 16;

    /// A status, as `invalid_token`, and nothing else; set the other fields.
    #[must_use]
    pub fn new(status: &str) -> Self {
        Self { status: status.to_owned(), schemes: None, scope: None, openid_configuration: None }
    }

    /// Parses a whole challenge: one JSON object, white space around it, with a `status`. The four members
    /// are strings, each at most once; others are skipped.
    ///
    /// # Errors
    /// Anything else, and where.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        let failed = |error| malformed(i, Failure::of(error), expected::name);
        if i.len() > Self::MAX {
            return Err(failed(Failure::at(&i[Self::MAX..], expected::JSON, ParseErrorKind::TooLong)));
        }
        let (rest, result) = error_result(space(i)).map_err(failed)?;
        wire::parse::end(space(rest)).map_err(failed)?;
        Ok(result)
    }

    /// The JSON text, without white space. Only ASCII: what is not is escaped.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut json = String::from("{");
        let members = [
            ("status", Some(&self.status)),
            ("schemes", self.schemes.as_ref()),
            ("scope", self.scope.as_ref()),
            ("openid-configuration", self.openid_configuration.as_ref()),
        ];
        for (name, value) in members {
            let Some(value) = value else { continue };
            if json.len() > 1 {
                json.push(',');
            }
            quote(name, &mut json);
            json.push(':');
            quote(value, &mut json);
        }
        json.push('}');
        json
    }
}

fn quote(text: &str, json: &mut String) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            ' '..='~' => json.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // a String takes everything
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
}

/// RFC 8259 section 2:
///
/// ```text
/// ws = *( %x20 / %x09 / %x0A / %x0D )
/// ```
fn space(i: &[u8]) -> &[u8] {
    let len = i.iter().take_while(|o| matches!(o, b' ' | b'\t' | b'\n' | b'\r')).count();
    &i[len..]
}

fn symbol(i: &[u8], wanted: u8) -> Parsed<'_, ()> {
    match i.split_first() {
        Some((&first, rest)) if first == wanted => Ok((rest, ())),
        _ => fail(i, expected::JSON),
    }
}

/// RFC 8259 section 4:
///
/// ```text
/// object = begin-object [ member *( value-separator member ) ] end-object
/// member = string name-separator value
/// ```
fn error_result(i: &[u8]) -> Parsed<'_, ErrorResult> {
    let (mut status, mut schemes, mut scope, mut openid_configuration) = (None, None, None, None);
    let (rest, ()) = object(i, |name, at, i| {
        let place = match name {
            "status" => &mut status,
            "schemes" => &mut schemes,
            "scope" => &mut scope,
            "openid-configuration" => &mut openid_configuration,
            _ => return value(i, ErrorResult::MAX_DEPTH),
        };
        if place.is_some() {
            return Err(Failure::at(at, expected::JSON, ParseErrorKind::TooMany));
        }
        let (rest, text) = string(i)?;
        *place = Some(text);
        Ok((rest, ()))
    })?;
    match status {
        Some(status) => Ok((rest, ErrorResult { status, schemes, scope, openid_configuration })),
        None => fail(i, expected::STATUS),
    }
}

/// Gives each member to `member`: its name, where that stands, and what begins with its value.
fn object<'i>(
    i: &'i [u8],
    mut member: impl FnMut(&str, &'i [u8], &'i [u8]) -> Parsed<'i, ()>,
) -> Parsed<'i, ()> {
    let (rest, ()) = symbol(i, b'{')?;
    let mut rest = space(rest);
    if let [b'}', rest @ ..] = rest {
        return Ok((rest, ()));
    }
    loop {
        let at = rest;
        let (after, name) = string(rest)?;
        let (after, ()) = symbol(space(after), b':')?;
        let (after, ()) = member(&name, at, space(after))?;
        match space(after) {
            [b',', more @ ..] => rest = space(more),
            [b'}', more @ ..] => return Ok((more, ())),
            other => return fail(other, expected::JSON),
        }
    }
}

/// RFC 8259 sections 3 and 5; nothing is kept.
///
/// ```text
/// value = false / null / true / object / array / number / string
/// array = begin-array [ value *( value-separator value ) ] end-array
/// ```
fn value(i: &[u8], depth: u8) -> Parsed<'_, ()> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(Failure::at(i, expected::JSON, ParseErrorKind::TooDeep));
    };
    match i.first() {
        Some(b'"') => string(i).map(|(rest, _)| (rest, ())),
        Some(b'{') => object(i, |_, _, i| value(i, deeper)),
        Some(b'[') => {
            let mut rest = space(&i[1..]);
            if let [b']', rest @ ..] = rest {
                return Ok((rest, ()));
            }
            loop {
                let (after, ()) = value(rest, deeper)?;
                match space(after) {
                    [b',', more @ ..] => rest = space(more),
                    [b']', more @ ..] => return Ok((more, ())),
                    other => return fail(other, expected::JSON),
                }
            }
        }
        Some(b'-' | b'0'..=b'9') => number(i),
        _ => {
            for literal in [&b"true"[..], b"false", b"null"] {
                if let Some(rest) = i.strip_prefix(literal) {
                    return Ok((rest, ()));
                }
            }
            fail(i, expected::JSON)
        }
    }
}

/// RFC 8259 section 6:
///
/// ```text
/// number = [ minus ] int [ frac ] [ exp ]
/// int = zero / ( digit1-9 *DIGIT )
/// frac = decimal-point 1*DIGIT
/// exp = e [ minus / plus ] 1*DIGIT
/// ```
fn number(i: &[u8]) -> Parsed<'_, ()> {
    fn digits(i: &[u8]) -> Parsed<'_, ()> {
        match wire::class::DIGIT.run(i) {
            0 => fail(i, expected::JSON),
            len => Ok((&i[len..], ())),
        }
    }
    let i = i.strip_prefix(b"-").unwrap_or(i);
    let (mut rest, ()) = match i.strip_prefix(b"0") {
        Some(rest) => (rest, ()),
        None => digits(i)?,
    };
    if let Some(fraction) = rest.strip_prefix(b".") {
        (rest, ()) = digits(fraction)?;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            digits => digits,
        };
        (rest, ()) = digits(exponent)?;
    }
    Ok((rest, ()))
}

/// RFC 8259 section 7:
///
/// ```text
/// string = quotation-mark *char quotation-mark
/// char = unescaped / escape ( %x22 / %x5C / %x2F / %x62 / %x66 / %x6E / %x72 / %x74 / %x75 4HEXDIG )
/// unescaped = %x20-21 / %x23-5B / %x5D-10FFFF
/// ```
fn string(i: &[u8]) -> Parsed<'_, String> {
    let (mut rest, ()) = symbol(i, b'"')?;
    let mut text = Vec::new();
    loop {
        let len = rest.iter().position(|&o| o < 0x20 || matches!(o, b'"' | b'\\')).unwrap_or(rest.len());
        text.extend_from_slice(&rest[..len]);
        let at = &rest[len..];
        match at {
            [b'"', after @ ..] => {
                return match String::from_utf8(text) {
                    Ok(text) => Ok((after, text)),
                    Err(_) => Err(Failure::at(i, expected::JSON, ParseErrorKind::IllegalOctet)),
                };
            }
            [b'\\', b'u', ..] => {
                let (after, c) = escaped(at)?;
                text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = after;
            }
            [b'\\', letter, after @ ..] => {
                text.push(match letter {
                    b'"' | b'\\' | b'/' => *letter,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    _ => return fail(at, expected::JSON),
                });
                rest = after;
            }
            other => return fail(other, expected::JSON),
        }
    }
}

/// `\uXXXX`, or two of them that are a surrogate pair.
fn escaped(i: &[u8]) -> Parsed<'_, char> {
    fn unit(i: &[u8]) -> Option<(&[u8], u16)> {
        let (digits, rest) = i.strip_prefix(b"\\u")?.split_at_checked(4)?;
        let mut octets = [0; 2];
        hex::decode_to_slice(digits, &mut octets).ok()?;
        Some((rest, u16::from_be_bytes(octets)))
    }
    let pair = || {
        let (rest, first) = unit(i)?;
        if let Some(Ok(c)) = char::decode_utf16([first]).next() {
            return Some((rest, c));
        }
        let (rest, second) = unit(rest)?;
        let c = char::decode_utf16([first, second]).next()?.ok()?;
        Some((rest, c))
    };
    pair().map_or_else(|| fail(i, expected::JSON), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};
    use proptest::prelude::*;

    /// auth-vectors.md, section 7: RFC 7628 sections 4.3 and 4.4, and Google's.
    #[test]
    fn vectors() {
        let configuration = "https://example.com/.well-known/openid-configuration";
        for (json, status, schemes, scope, url) in [
            (
                r#"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"}"#,
                "invalid_token",
                None,
                "example_scope",
                Some(configuration),
            ),
            (
                r#"{"status":"invalid_token","schemes":"bearer mac","scope":"https://mail.example.com/"}"#,
                "invalid_token",
                Some("bearer mac"),
                "https://mail.example.com/",
                None,
            ),
            (
                "{\"status\":\"401\",\"schemes\":\"bearer mac\",\"scope\":\"https://mail.google.com/\"}\n",
                "401",
                Some("bearer mac"),
                "https://mail.google.com/",
                None,
            ),
        ] {
            let result = ErrorResult::parse(json.as_bytes()).unwrap();
            assert_eq!(
                (&*result.status, result.schemes.as_deref(), result.scope.as_deref()),
                (status, schemes, Some(scope))
            );
            assert_eq!(result.openid_configuration.as_deref(), url);
            assert_eq!(result.encode(), json.trim_end());
        }
    }

    #[test]
    fn what_is_json_and_what_is_not() {
        let deep = |n| format!(r#"{{"x":{}{},"status":"y"}}"#, "[".repeat(n), "]".repeat(n));
        for good in [
            r#"{"status":"x"}"#,
            " {\r\n\t\"status\" : \"x\" } \n",
            r#"{"a":1,"status":"x","b":[],"c":{},"d":[1,-2.5e+3,0,"x",null,true,false],"e":{"status":2}}"#,
            r#"{"status":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00"}"#,
            r#"{"st\u0061tus":"x"}"#,
            r#"{"status":""}"#,
            &deep(16),
        ] {
            assert!(ErrorResult::parse(good.as_bytes()).is_ok(), "{good}");
        }
        for (bad, offset) in [
            ("", 0),
            ("{}", 0),
            ("x", 0),
            ("[]", 0),
            (r#"{"status":401}"#, 10),
            (r#"{"status":null}"#, 10),
            (r#"{"status":"x""#, 13),
            (r#"{"status":"x",}"#, 14),
            (r#"{"status":"x" "scope":"y"}"#, 14),
            (r#"{"status":"x"}{}"#, 14),
            (r#"{"status":"x"} x"#, 15),
            (r#"{"status":"x","status":"y"}"#, 14),
            (r#"{"status":"x","st\u0061tus":"y"}"#, 14),
            (r#"{status:"x"}"#, 1),
            (r#"{'status':'x'}"#, 1),
            (r#"{"status":"x","a":01}"#, 19),
            (r#"{"status":"x","a":1.}"#, 20),
            (r#"{"status":"x","a":-}"#, 19),
            (r#"{"status":"x","a":1e}"#, 20),
            (r#"{"status":"x","a":+1}"#, 18),
            (r#"{"status":"x","a":tru}"#, 18),
            (r#"{"status":"x","a":[1,]}"#, 21),
            (r#"{"status":"\x"}"#, 11),
            (r#"{"status":"\u12g4"}"#, 11),
            (r#"{"status":"\ud800"}"#, 11),
            (r#"{"status":"\ud800\u0041"}"#, 11),
            ("{\"status\":\"a\nb\"}", 12),
            ("{\"status\":\"a\0b\"}", 12),
            (&deep(17), 5 + 16),
            (&deep(2000), 5 + 16),
            (&deep(100_000), ErrorResult::MAX),
        ] {
            let error = ErrorResult::parse(bad.as_bytes()).unwrap_err();
            assert_eq!(error.offset as usize, offset, "{bad} {error}");
        }
        assert!(ErrorResult::parse(b"{\"status\":\"\xff\"}").is_err());
        let error = ErrorResult::parse(br#"{"scope":"x"}"#).unwrap_err();
        assert_eq!(error.to_string(), "at byte 0: expected object with a status");
    }

    proptest! {
        #[test]
        fn results_round_trip(status: String, texts in proptest::array::uniform3(proptest::option::of(any::<String>()))) {
            let [schemes, scope, openid_configuration] = texts;
            let result = ErrorResult { status, schemes, scope, openid_configuration };
            let json = result.encode();
            prop_assert!(json.is_ascii());
            prop_assert_eq!(ErrorResult::parse(json.as_bytes()), Ok(result));
        }

        #[test]
        fn parser_never_panics(octets: Vec<u8>, text in r#"[{}\[\]",:\\u0-9a-f status]{0,40}"#) {
            for octets in [&octets[..], text.as_bytes()] {
                if let Ok(result) = ErrorResult::parse(octets) {
                    prop_assert_eq!(ErrorResult::parse(result.encode().as_bytes()), Ok(result));
                }
            }
        }
    }
}
