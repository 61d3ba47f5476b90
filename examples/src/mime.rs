//! A small reader of messages, for `imap-serve`: header fields, addresses, parts. It takes whatever comes, and copies nothing large.

use bytes::Bytes;
use imap_proto::{Address, BodyBuilder, BodyStructure, Envelope, IString, Section, SectionText};
use std::ops::Range;
use wire::Misuse;

/// Parts within parts, at most.
const DEPTH: usize = 50;

/// A message, or a part of one: where in the octets it stands.
#[derive(Debug, Clone)]
pub struct Part {
    header: Range<usize>,
    body: Range<usize>,
    main_type: String,
    subtype: String,
    /// Of a multipart.
    children: Vec<Part>,
    /// Of a message.
    message: Option<Box<Part>>,
}

impl Part {
    /// Reads a whole message.
    #[must_use]
    pub fn read(data: &Bytes) -> Self {
        Self::at(data, 0..data.len(), ("text", "plain"), DEPTH)
    }

    fn at(data: &[u8], range: Range<usize>, default: (&str, &str), depth: usize) -> Self {
        let header = range.start..range.start + header_len(&data[range.clone()]);
        let body = header.end..range.end;
        let content_type = field(&data[header.clone()], "Content-Type");
        let (kind, params) = content_type.as_deref().map(parameters).unwrap_or_default();
        let (main_type, subtype) = match kind.split_once('/') {
            Some((main, sub)) if !main.is_empty() && !sub.is_empty() => (main.to_owned(), sub.to_owned()),
            _ => (default.0.to_owned(), default.1.to_owned()),
        };
        let mut part = Self { header, body, main_type, subtype, children: Vec::new(), message: None };
        let boundary = params.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"));
        if depth == 0 {
            return part;
        }
        if part.is("multipart", None) {
            let digest = part.is("multipart", Some("digest"));
            let default = if digest { ("message", "rfc822") } else { ("text", "plain") };
            let inner = boundary.map(|(_, value)| between(data, part.body.clone(), value.as_bytes()));
            part.children = inner
                .unwrap_or_default()
                .into_iter()
                .map(|range| Self::at(data, range, default, depth - 1))
                .collect();
            if part.children.is_empty() {
                // a multipart of nothing cannot be said
                (part.main_type, part.subtype) = ("text".to_owned(), "plain".to_owned());
            }
        } else if part.is("message", Some("rfc822")) {
            part.message = Some(Box::new(Self::at(data, part.body.clone(), ("text", "plain"), depth - 1)));
        }
        part
    }

    fn is(&self, main_type: &str, subtype: Option<&str>) -> bool {
        self.main_type.eq_ignore_ascii_case(main_type)
            && subtype.is_none_or(|subtype| self.subtype.eq_ignore_ascii_case(subtype))
    }

    /// What `BODY[section]` gives (RFC 9051 section 6.4.5); `None` if there is no such part.
    #[must_use]
    pub fn section(&self, data: &Bytes, section: &Section) -> Option<Bytes> {
        let mut part = self;
        let numbers = section.part();
        for (level, number) in numbers.iter().enumerate() {
            let number = usize::try_from(number.get()).ok()?;
            // a message in a message has its parts without a level of its own
            let whole = if level > 0 { part.message.as_deref().unwrap_or(part) } else { part };
            part = match whole.children.get(number - 1) {
                Some(child) => child,
                None if whole.children.is_empty() && number == 1 => whole,
                None => return None,
            };
        }
        let of_message = if numbers.is_empty() { Some(self) } else { part.message.as_deref() };
        let fields = |names: &[IString], wanted: bool| {
            let header = data.slice(of_message?.header.clone());
            let named = |line: &[u8]| names.iter().any(|name| is_field(line, name.as_bytes()));
            let kept = fields(&header).filter(|line| named(line) == wanted).flatten();
            Some(kept.copied().chain(*b"\r\n").collect::<Vec<u8>>().into())
        };
        match section.text() {
            SectionText::All if numbers.is_empty() => Some(data.clone()),
            SectionText::All => Some(data.slice(part.body.clone())),
            SectionText::Header => Some(data.slice(of_message?.header.clone())),
            SectionText::Text => Some(data.slice(of_message?.body.clone())),
            SectionText::Mime => Some(data.slice(part.header.clone())),
            SectionText::HeaderFields(names) => fields(names, true),
            SectionText::HeaderFieldsNot(names) => fields(names, false),
            _ => None,
        }
    }

    /// The value of a header field, unfolded.
    #[must_use]
    pub fn field(&self, data: &[u8], name: &str) -> Option<String> {
        field(&data[self.header.clone()], name)
    }

    /// `ENVELOPE` (RFC 9051 section 7.5.2).
    ///
    /// # Errors
    /// What cannot be said.
    pub fn envelope(&self, data: &[u8]) -> Result<Envelope, Misuse> {
        let mut builder = Envelope::builder();
        let text = |name| self.field(data, name).map(|value| IString::new(clean(value))).transpose();
        if let Some(date) = text("Date")? {
            builder = builder.date(date);
        }
        if let Some(subject) = text("Subject")? {
            builder = builder.subject(subject);
        }
        if let Some(id) = text("In-Reply-To")? {
            builder = builder.in_reply_to(id);
        }
        if let Some(id) = text("Message-ID")? {
            builder = builder.message_id(id);
        }
        let field = |name: &str| self.field(data, name).filter(|value| !value.is_empty());
        let people =
            |name: &str| addresses(&clean(field(name).or_else(|| field("From")).unwrap_or_default()));
        let others = |name: &str| addresses(&clean(field(name).unwrap_or_default()));
        builder
            .from(people("From"))
            .sender(people("Sender"))
            .reply_to(people("Reply-To"))
            .to(others("To"))
            .cc(others("Cc"))
            .bcc(others("Bcc"))
            .build()
    }

    /// `BODYSTRUCTURE`, or `BODY` without the rest.
    ///
    /// # Errors
    /// What cannot be said.
    pub fn structure(&self, data: &[u8], extended: bool) -> Result<BodyStructure, Misuse> {
        let header = &data[self.header.clone()];
        let get = |name| field(header, name).map(clean).filter(|value| !value.is_empty());
        let content_type = get("Content-Type").unwrap_or_default();
        let params = parameters(&content_type).1;
        let mut builder = if self.children.is_empty() {
            let body = &data[self.body.clone()];
            let lines = body.iter().filter(|&&octet| octet == b'\n').count() as u64;
            let mut builder = match &self.message {
                Some(inner) => BodyBuilder::message(
                    &self.subtype,
                    &inner.envelope(data)?,
                    &inner.structure(data, extended)?,
                )
                .lines(lines),
                None if self.is("text", None) => {
                    BodyBuilder::new(&self.main_type, &self.subtype).lines(lines)
                }
                None => BodyBuilder::new(&self.main_type, &self.subtype),
            };
            builder = builder.octets(body.len() as u64);
            if let Some(encoding) = get("Content-Transfer-Encoding") {
                builder = builder.encoding(encoding.trim());
            }
            if let Some(id) = get("Content-ID") {
                builder = builder.id(id);
            }
            if let Some(description) = get("Content-Description") {
                builder = builder.description(description);
            }
            builder
        } else {
            let inner = self.children.iter().map(|child| child.structure(data, extended));
            BodyBuilder::multipart(&self.subtype, &inner.collect::<Result<Vec<_>, _>>()?)
        };
        if extended || self.children.is_empty() {
            builder = params.iter().fold(builder, |builder, (name, value)| builder.param(name, value));
        }
        if !extended {
            return builder.build();
        }
        builder = builder.extended();
        if let Some(md5) = get("Content-MD5").filter(|_| self.children.is_empty()) {
            builder = builder.md5(md5);
        }
        if let Some(disposition) = get("Content-Disposition") {
            let (kind, params) = parameters(&disposition);
            builder = builder.disposition(kind, params);
        }
        let languages = get("Content-Language").unwrap_or_default();
        for language in languages.split(',').map(str::trim).filter(|language| !language.is_empty()) {
            builder = builder.language(language);
        }
        if let Some(location) = get("Content-Location") {
            builder = builder.location(location);
        }
        builder.build()
    }
}

/// The header and the empty line behind it.
fn header_len(octets: &[u8]) -> usize {
    let mut len = 0;
    for line in octets.split_inclusive(|&octet| octet == b'\n') {
        len += line.len();
        if matches!(line, b"\r\n" | b"\n") {
            break;
        }
    }
    len
}

/// The fields of a header, each with its line ends and what it is continued with.
fn fields(mut header: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let mut len = 0;
        for line in header.split_inclusive(|&octet| octet == b'\n') {
            if len > 0 && !matches!(line.first(), Some(b' ' | b'\t')) || matches!(line, b"\r\n" | b"\n") {
                break;
            }
            len += line.len();
        }
        let (found, rest) = header.split_at(len);
        header = rest;
        (len > 0).then_some(found)
    })
}

fn is_field(line: &[u8], name: &[u8]) -> bool {
    let colon = line.iter().position(|&octet| octet == b':');
    colon.is_some_and(|colon| line[..colon].trim_ascii_end().eq_ignore_ascii_case(name))
}

fn field(header: &[u8], name: &str) -> Option<String> {
    let line = fields(header).find(|line| is_field(line, name.as_bytes()))?;
    let value = line.splitn(2, |&octet| octet == b':').nth(1)?;
    let unfolded: Vec<u8> = value.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
    Some(String::from_utf8_lossy(&unfolded).trim().to_owned())
}

/// No NUL in strings.
fn clean(value: String) -> String {
    value.replace('\0', " ")
}

/// The parts between the boundaries.
fn between(data: &[u8], body: Range<usize>, boundary: &[u8]) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut at) = (Vec::new(), None, body.start);
    for line in data[body.clone()].split_inclusive(|&octet| octet == b'\n') {
        let word = line.trim_ascii_end().strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary));
        if let Some(rest @ (b"" | b"--")) = word {
            // the line end before belongs to the boundary
            let end = match &data[..at] {
                [.., b'\r', b'\n'] => at - 2,
                [.., b'\n'] => at - 1,
                _ => at,
            };
            parts.extend(start.take().map(|start: usize| start..end.max(start)));
            if rest == b"--" {
                return parts;
            }
            start = Some(at + line.len());
        }
        at += line.len();
    }
    parts.extend(start.map(|start| start..body.end));
    parts
}

/// A value and the parameters behind it: `text/plain; charset="utf-8"`.
fn parameters(value: &str) -> (String, Vec<(String, String)>) {
    let mut parts = split(value, ';').into_iter();
    let first = parts.next().unwrap_or_default().trim().to_owned();
    let params = parts.filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_owned(), unquoted(value.trim())))
    });
    (first, params.collect())
}

/// Splits outside of quotes, comments and angles.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped, mut depth) = (Vec::new(), 0, false, false, 0u32);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '<' => depth += 1,
            ')' | '>' => depth = depth.saturating_sub(1),
            _ if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    let (mut out, mut escaped) = (String::new(), false);
    for c in inner.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => break,
            _ => {
                escaped = false;
                out.push(c);
            }
        }
    }
    out
}

fn addresses(value: &str) -> Vec<Address<'static>> {
    let mut all = Vec::new();
    for one in split(value, ',') {
        let mut one = one.trim();
        if let [name, first] = split(one, ':')[..] {
            all.push(Address::group_start(&unquoted(name.trim())).into_owned());
            one = first.trim();
        }
        let mut ends = false;
        if let Some(member) = one.strip_suffix(';') {
            (one, ends) = (member.trim(), true);
        }
        let (name, spec) = match one.rfind('<') {
            Some(at) => (unquoted(one[..at].trim()), one[at + 1..].trim_end_matches('>')),
            None => (String::new(), one.split('(').next().unwrap_or_default().trim()),
        };
        if !spec.is_empty() {
            // a route is obsolete, and left out
            let spec = spec.rsplit_once(':').map_or(spec, |(_, spec)| spec);
            let (mailbox, host) = spec.rsplit_once('@').unwrap_or((spec, ""));
            let mut address = Address::bare(mailbox, host);
            address.name = (!name.is_empty()).then(|| name.into_bytes().into());
            all.push(address.into_owned());
        }
        if ends {
            all.push(Address::group_end());
        }
    }
    all
}
