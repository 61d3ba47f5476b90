//! The extended responses (RFC 2243).

use super::Key;
use super::parameters::Parameters;
use crate::{expected, text};
use alloc::{string::ToString, vec::Vec};
use wire::parse::{Failure, Parsed, fail};
use wire::{ParseError, ParseErrorKind, Secret};

/// How a one-time password is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// 16 hexadecimal digits.
    Hex,
    /// Six words.
    Words,
}

/// The client's response: the one-time password, and with it perhaps the first of a new sequence (RFC 2243 section 4).
///
/// ```
/// use auth::otp::{Form, Response};
///
/// let response = Response::parse(b"init-hex:5bf075d9959d036f:md5 499 ke1235:3712dcb4aa5316c1")?;
/// let Ok(new) = response.new_sequence() else { return Err("it can be read".into()) };
/// let (parameters, _) = new.ok_or("there is a new sequence")?;
/// assert_eq!(parameters.seed().as_str(), "ke1235");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    form: Form,
    key: Key,
    new: New,
}

#[derive(Debug, Clone, Eq)]
enum New {
    None,
    Sequence(Parameters, Key),
    /// What cannot be read must not make the one-time password good for another try (RFC 2243 section 4.3).
    Malformed(ParseError),
}

/// Of meaning: in which way something cannot be read is no matter.
impl PartialEq for New {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) | (Self::Malformed(_), Self::Malformed(_)) => true,
            (Self::Sequence(parameters, key), Self::Sequence(others, other)) => {
                parameters == others && key == other
            }
            _ => false,
        }
    }
}

impl Response {
    /// The longest that is parsed, in octets.
    pub const MAX: usize = 512;

    /// To log in.
    #[must_use]
    pub const fn new(form: Form, key: Key) -> Self {
        Self { form, key, new: New::None }
    }

    /// And to begin a new sequence: its parameters and its first one-time password.
    #[must_use]
    pub fn with_new_sequence(self, parameters: Parameters, key: Key) -> Self {
        Self { new: New::Sequence(parameters, key), ..self }
    }

    /// The one-time password.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The new sequence, if there is one.
    ///
    /// # Errors
    /// There is one that cannot be read. The one-time password is used up nevertheless.
    pub fn new_sequence(&self) -> Result<Option<(&Parameters, &Key)>, ParseError> {
        match &self.new {
            New::None => Ok(None),
            New::Sequence(parameters, key) => Ok(Some((parameters, key))),
            New::Malformed(error) => Err(*error),
        }
    }

    /// Parses a whole response. The type has no case, white space is free (RFC 2243 section 2.2).
    ///
    /// # Errors
    /// The offset and what was expected there; what follows the first one-time password may be wrong:
    /// [`new_sequence`](Self::new_sequence). No octet of the message.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        text::all(i, response)
    }

    /// The response, in a block that is zeroed. A new sequence that could not be read is left out such that it cannot be read again:
    /// the response must not come to say more than it said.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let key = |key: &Key| match self.form {
            Form::Hex => Secret::new(key.to_hex()),
            Form::Words => key.to_words(),
        };
        let kind: &[u8] = match self.form {
            Form::Hex => b"hex:",
            Form::Words => b"word:",
        };
        // as long as it gets, so that growing leaves no copy behind
        let mut octets = Vec::with_capacity(128);
        if self.new != New::None {
            octets.extend_from_slice(b"init-");
        }
        octets.extend_from_slice(kind);
        octets.extend_from_slice(key(&self.key).expose());
        if let New::Sequence(parameters, first) = &self.new {
            octets.push(b':');
            octets.extend_from_slice(parameters.to_string().as_bytes());
            octets.push(b':');
            octets.extend_from_slice(key(first).expose());
        }
        Secret::new(octets)
    }
}

/// ```text
/// extended-response = type 1*(":" argument) NL
/// hex-response  = "hex:" hex-64bit NL
/// word-response = "word:" word-64bit NL
/// init-hex-response = "init-hex:" current-OTP ":" new-params ":" new-OTP NL
/// init-word-response = "init-word:" current-OTP ":" new-params ":" new-OTP NL
/// ```
///
/// RFC 2444 section 4: the line end is not needed.
fn response(i: &[u8]) -> Parsed<'_, Response> {
    if i.len() > Response::MAX {
        return Err(Failure::at(&i[Response::MAX..], expected::RESPONSE, ParseErrorKind::TooLong));
    }
    let colon = i.iter().position(|&o| o == b':').unwrap_or(i.len());
    let (kind, init) = match i.get(..5) {
        Some(init) if init.eq_ignore_ascii_case(b"init-") && colon > 5 => (&i[5..colon], true),
        _ => (&i[..colon], false),
    };
    let form = match kind {
        kind if kind.eq_ignore_ascii_case(b"hex") => Form::Hex,
        kind if kind.eq_ignore_ascii_case(b"word") => Form::Words,
        _ => return fail(i, expected::RESPONSE),
    };
    let key = match form {
        Form::Hex => Key::hex_rule,
        Form::Words => Key::words_rule,
    };
    let (rest, ()) = separator(&i[colon..])?;
    let (rest, first) = key(rest)?;
    if !init {
        return Ok((line_end(rest), Response::new(form, first)));
    }
    let whole = |rest| {
        let (rest, ()) = separator(rest)?;
        let (rest, parameters) = Parameters::rule(super::parameters::blanks(rest))?;
        let (rest, ()) = separator(super::parameters::blanks(rest))?;
        let (rest, key) = key(rest)?;
        let (_, ()) = wire::parse::end(line_end(rest))?;
        if parameters.sequence() == 0 {
            return Err(Failure::at(rest, expected::SEQUENCE, ParseErrorKind::Range));
        }
        Parsed::Ok((&rest[rest.len()..], (parameters, key)))
    };
    let new = match whole(rest) {
        Ok((_, (parameters, key))) => New::Sequence(parameters, key),
        Err(error) => New::Malformed(crate::error::malformed(i, Failure::of(error), expected::name)),
    };
    Ok((&i[i.len()..], Response { form, key: first, new }))
}

fn separator(i: &[u8]) -> Parsed<'_, ()> {
    match i.split_first() {
        Some((b':', rest)) => Ok((rest, ())),
        _ => fail(i, expected::COLON),
    }
}

fn line_end(i: &[u8]) -> &[u8] {
    let i = i.strip_prefix(b"\r").unwrap_or(i);
    i.strip_prefix(b"\n").unwrap_or(i)
}

#[cfg(test)]
mod tests {
    use super::super::{Algorithm, Seed};
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    /// RFC 2243 sections 3.1 and 4.1; RFC 2444 section 5.
    #[test]
    fn examples() {
        for (text, again) in [
            ("hex:8720 33d4 6202 9172", "hex:872033d462029172"),
            ("word:VAST SAUL TAKE SODA SUCH BOLT", "word:VAST SAUL TAKE SODA SUCH BOLT"),
            ("hex:5bf075d9959d036f", "hex:5bf075d9959d036f"),
            ("WORD: bond fogy  drab\tne rise mart \r\n", "word:BOND FOGY DRAB NE RISE MART"),
            (
                "init-hex:f6bd 6b33 89b8 7203:md5 499 ke6118:23d1 b253 5ae0 2b7e",
                "init-hex:f6bd6b3389b87203:md5 499 ke6118:23d1b2535ae02b7e",
            ),
            (
                "init-hex:c9b2 12bb 6425 5a0f:md5 499 ke0986:fd17 cef1 b4df 093e",
                "init-hex:c9b212bb64255a0f:md5 499 ke0986:fd17cef1b4df093e",
            ),
            (
                "init-word:MOOD SOFT POP COMB BOLO LIFE:md5 499 ke1235:ARTY WEAR TAD RUG HALO GIVE",
                "init-word:MOOD SOFT POP COMB BOLO LIFE:md5 499 ke1235:ARTY WEAR TAD RUG HALO GIVE",
            ),
            (
                "Init-Word: END KERN BALM NICK EROS WAVY : md5  499\tKE1235 : BABY FAIN OILY NIL TIDY DADE \n",
                "init-word:END KERN BALM NICK EROS WAVY:md5 499 ke1235:BABY FAIN OILY NIL TIDY DADE",
            ),
            (
                "init-hex:5bf075d9959d036f:md5 499 ke1235:3712dcb4aa5316c1",
                "init-hex:5bf075d9959d036f:md5 499 ke1235:3712dcb4aa5316c1",
            ),
        ] {
            let response = Response::parse(text.as_bytes()).unwrap();
            assert!(response.new_sequence().is_ok(), "{text}");
            assert_eq!(response.encode().expose(), again.as_bytes());
            assert_eq!(Response::parse(again.as_bytes()), Ok(response));
        }
    }

    #[test]
    fn malformed_responses() {
        let long = format!("hex:{}5bf075d9959d036f", " ".repeat(500));
        for (text, offset) in [
            ("", 0),
            ("hex", 3),
            ("hex:", 4),
            ("5bf075d9959d036f", 0),
            ("BOND FOGY DRAB NE RISE MART", 0),
            ("foo:bar", 0),
            ("init-:5bf075d9959d036f", 0),
            ("init-foo:5bf075d9959d036f", 0),
            ("hex:5bf075d9959d036", 19),
            ("hex:5bf075d9959d036f0", 20),
            ("hex:5bf075d9959d036f:md5 499 ke1235:3712dcb4aa5316c1", 20),
            ("hex:BOND FOGY DRAB NE RISE MART", 5),
            ("word:5bf075d9959d036f", 5),
            ("word:BOND FOGY DRAB NE RISE MARK", 5),
            ("init-hex:5bf075d9959d036:md5 499 ke1235:3712dcb4aa5316c1", 24),
            (&long, 512),
        ] {
            let error = Response::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.offset, offset, "{text}: {error}");
        }
        // RFC 2243 section 4.3: the first password counts, even so
        for (rest, offset) in [
            ("", 25),
            (":", 26),
            (":md4 499 ke1235:3712dcb4aa5316c1", 26),
            (":md5 0 ke1235:3712dcb4aa5316c1", 55),
            (":md5 10000 ke1235:3712dcb4aa5316c1", 30),
            (":md5 499 :3712dcb4aa5316c1", 34),
            (":md5 499 ke1235", 40),
            (":md5 499 ke1235:", 41),
            (":md5 499 ke1235:BOND FOGY DRAB NE RISE MART", 42),
            (":md5 499 ke1235:3712dcb4aa5316c1:", 57),
        ] {
            let text = format!("init-hex:5bf075d9959d036f{rest}");
            let response = Response::parse(text.as_bytes()).unwrap();
            let error = response.new_sequence().unwrap_err();
            assert_eq!(error.offset, offset, "{text}: {error}");
            // written again, it does not become a response that is right
            assert_eq!(response.encode().expose(), b"init-hex:5bf075d9959d036f");
            assert_eq!(Response::parse(response.encode().expose()), Ok(response.clone()));
            assert_ne!(Response::parse(b"hex:5bf075d9959d036f"), Ok(response));
        }
    }

    proptest! {
        #[test]
        fn responses_round_trip(
            words: bool,
            keys in proptest::array::uniform2(Key::strategy()),
            new in proptest::option::of((1u16..=9999, "[a-z0-9]{1,16}")),
        ) {
            let [key, first] = keys;
            let mut response = Response::new(if words { Form::Words } else { Form::Hex }, key);
            if let Some((sequence, seed)) = new {
                let parameters = Parameters::new(Algorithm::Sha1, sequence, Seed::new(&seed).unwrap()).unwrap();
                response = response.with_new_sequence(parameters, first);
            }
            let encoded = response.encode();
            prop_assert_eq!(Response::parse(encoded.expose()), Ok(response));
        }

        #[test]
        fn parser_never_panics(octets: Vec<u8>, text in "(init-)?(hex|word):[0-9A-F :]{0,40}") {
            let _ = (Response::parse(&octets), Response::parse(text.as_bytes()));
        }
    }
}
