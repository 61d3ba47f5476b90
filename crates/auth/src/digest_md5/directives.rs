//! The list that both messages are made of (RFC 2831 section 7).

use crate::error::malformed;
use crate::expected;
use alloc::{string::String, vec::Vec};
use wire::parse::{Expected, Failure, Parsed, end, fail};
use wire::{ParseError, ParseErrorKind};

/// The directives of one message.
pub(super) struct Directives<'i> {
    message: &'i [u8],
    list: Vec<Directive<'i>>,
}

/// One of them.
pub(super) struct Directive<'i> {
    name: &'i [u8],
    /// Without quotation marks and backslashes.
    value: Vec<u8>,
    /// Where the value begins.
    at: usize,
}

impl<'i> Directives<'i> {
    pub(super) fn parse(message: &'i [u8], max: usize) -> Result<Self, ParseError> {
        let failed = |error| malformed(message, Failure::of(error), expected::name);
        if message.len() > max {
            return Err(failed(Failure::at(&message[max..], expected::DIRECTIVE, ParseErrorKind::TooLong)));
        }
        let (_, list) = list(message).map_err(failed)?;
        Ok(Self { message, list })
    }

    /// All of this name; names are compared without case (RFC 2831 section 7.1).
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Directive<'i>> {
        self.list.iter().filter(move |one| one.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The one of this name; more are an error.
    pub(super) fn optional<'a>(&'a self, name: &'a str) -> Result<Option<&'a Directive<'i>>, ParseError> {
        let mut all = self.all(name);
        let first = all.next();
        match all.next() {
            None => Ok(first),
            Some(second) => Err(self.wrong(second, expected::DIRECTIVE, ParseErrorKind::TooMany)),
        }
    }

    /// The one of this name; none is an error.
    pub(super) fn required<'a>(&'a self, name: &'a str) -> Result<&'a Directive<'i>, ParseError> {
        let missing = || {
            let end = &self.message[self.message.len()..];
            let failure = Failure::at(end, expected::MISSING, ParseErrorKind::End);
            malformed(self.message, Failure::of(failure), expected::name)
        };
        self.optional(name)?.ok_or_else(missing)
    }

    /// A rule over a whole value.
    pub(super) fn rule<'d, T>(
        &self,
        directive: &'d Directive<'_>,
        rule: impl FnOnce(&'d [u8]) -> Parsed<'d, T>,
    ) -> Result<T, ParseError> {
        let value = rule(&directive.value).and_then(|(rest, value)| end(rest).map(|_| value));
        value.map_err(|error| {
            let failure = Failure::of(error);
            self.wrong(directive, failure.expected(), failure.kind())
        })
    }

    /// An error at the start of a value.
    pub(super) fn wrong(&self, one: &Directive<'_>, expected: Expected, kind: ParseErrorKind) -> ParseError {
        let failure = Failure::at(&self.message[one.at..], expected, kind);
        malformed(self.message, Failure::of(failure), expected::name)
    }

    /// A text of 1 to 255 octets without control characters: in UTF-8, or in ISO 8859-1.
    pub(super) fn text(
        &self,
        one: &Directive<'_>,
        utf8: bool,
        expected: Expected,
    ) -> Result<String, ParseError> {
        let text = if utf8 {
            let text = core::str::from_utf8(&one.value);
            text.map(String::from).map_err(|_| self.wrong(one, expected, ParseErrorKind::IllegalOctet))?
        } else {
            one.value.iter().map(|&octet| char::from(octet)).collect()
        };
        match super::response::check(&text) {
            Ok(()) => Ok(text),
            Err(_) => Err(self.wrong(one, expected, ParseErrorKind::Syntax)),
        }
    }

    /// A text of printable US-ASCII.
    pub(super) fn ascii(&self, one: &Directive<'_>, expected: Expected) -> Result<String, ParseError> {
        match one.value.iter().all(u8::is_ascii_graphic) {
            true => self.text(one, true, expected),
            false => Err(self.wrong(one, expected, ParseErrorKind::IllegalOctet)),
        }
    }
}

impl Directive<'_> {
    pub(super) fn is(&self, value: &str) -> bool {
        self.value.eq_ignore_ascii_case(value.as_bytes())
    }

    pub(super) fn value(&self) -> &[u8] {
        &self.value
    }
}

/// RFC 2831 section 7.1; between the parts there may be white space, and null elements do not count.
///
/// ```text
/// 1#element  = ( *LWS element *( *LWS "," *LWS element ))
/// auth-param = token "=" ( token | quoted-string )
/// ```
fn list(i: &[u8]) -> Parsed<'_, Vec<Directive<'_>>> {
    let mut list = Vec::new();
    let mut rest = i;
    loop {
        rest = lws(rest);
        if !matches!(rest.first(), Some(b',') | None) {
            let (after, name) = token(rest)?;
            let after = match lws(after).split_first() {
                Some((b'=', after)) => lws(after),
                _ => return fail(lws(after), expected::DIRECTIVE),
            };
            let at = i.len() - after.len();
            let (after, value) = match after.first() {
                Some(b'"') => quoted_string(after)?,
                _ => token(after).map(|(after, value)| (after, value.to_vec()))?,
            };
            list.push(Directive { name, value, at });
            rest = lws(after);
        }
        match rest.split_first() {
            Some((b',', after)) => rest = after,
            Some(_) => return fail(rest, expected::DIRECTIVE),
            None if list.is_empty() => return fail(rest, expected::DIRECTIVE),
            None => return Ok((rest, list)),
        }
    }
}

/// ```text
/// LWS        = [CRLF] 1*( SP | HT )
/// ```
///
/// Without the folding of HTTP's header lines, which there are not.
fn lws(i: &[u8]) -> &[u8] {
    let len = i.iter().take_while(|o| matches!(o, b' ' | b'\t')).count();
    &i[len..]
}

/// ```text
/// token          = 1*<any CHAR except CTLs or separators>
/// separators     = "(" | ")" | "<" | ">" | "@"
///                | "," | ";" | ":" | "\" | <">
///                | "/" | "[" | "]" | "?" | "="
///                | "{" | "}" | SP | HT
/// ```
fn token(i: &[u8]) -> Parsed<'_, &[u8]> {
    let allowed = |o: &u8| o.is_ascii_graphic() && !br#"()<>@,;:\"/[]?={}"#.contains(o);
    let len = i.iter().position(|o| !allowed(o)).unwrap_or(i.len());
    match len {
        0 => fail(i, expected::DIRECTIVE),
        _ => Ok((&i[len..], &i[..len])),
    }
}

/// ```text
/// quoted-string  = ( <"> qdstr-val <"> )
/// qdstr-val      = *( qdtext | quoted-pair )
/// qdtext         = <any TEXT except <">>
/// quoted-pair    = "\" CHAR
/// TEXT           = <any OCTET except CTLs, but including LWS>
/// ```
fn quoted_string(i: &[u8]) -> Parsed<'_, Vec<u8>> {
    let mut value = Vec::new();
    let mut rest = i.get(1..).unwrap_or_default();
    loop {
        (value, rest) = match rest {
            [b'"', after @ ..] => return Ok((after, value)),
            [b'\\', octet, after @ ..] if octet.is_ascii() && !octet.is_ascii_control() => {
                value.push(*octet);
                (value, after)
            }
            [b'\\', ..] => return fail(&rest[1..], expected::DIRECTIVE),
            [octet, after @ ..] if *octet == b'\t' || !octet.is_ascii_control() => {
                value.push(*octet);
                (value, after)
            }
            other => return fail(other, expected::DIRECTIVE),
        };
    }
}

/// Writes `name="value"`, in quotation marks, behind a comma if it is not the first.
pub(super) fn quote(name: &str, value: &[u8], octets: &mut Vec<u8>) {
    plain(name, b"\"", octets);
    for &octet in value {
        if matches!(octet, b'"' | b'\\') {
            octets.push(b'\\');
        }
        octets.push(octet);
    }
    octets.push(b'"');
}

/// Writes `name=value`.
pub(super) fn plain(name: &str, value: &[u8], octets: &mut Vec<u8>) {
    if !octets.is_empty() {
        octets.push(b',');
    }
    octets.extend_from_slice(name.as_bytes());
    octets.push(b'=');
    octets.extend_from_slice(value);
}
