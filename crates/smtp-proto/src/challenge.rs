//! Challenges of SASL exchanges (RFC 4954 section 4).

#[cfg(any(test, feature = "client"))]
use crate::{Reply, ReplyCode, syntax::expected};
#[cfg(any(test, feature = "server"))]
use wire::Output;
use wire::sasl;
#[cfg(any(test, feature = "client"))]
use wire::{Context, ParseErrorKind, Secret, parse::Failure};

/// ```text
/// continue-req    = "334" SP [base64] CRLF
/// ```
///
/// Without the space, too, since RFC 5321 section 4.2 makes clients expect that.
#[cfg(any(test, feature = "client"))]
pub(crate) fn challenge(cx: &Context<'_>, reply: &Reply) -> Result<Secret, nom::Err<Failure>> {
    cx.set_secret();
    cx.set_behind(0);
    let frame = cx.frame();
    // the data stands where it stood, whatever was repaired behind it
    let at = |offset: usize| frame.get(offset..).unwrap_or_default();
    let mut lines = reply.as_bytes().split_inclusive(|&o| o == b'\n');
    let line = lines.next().unwrap_or_default();
    if reply.code() != ReplyCode::CHALLENGE {
        return Err(Failure::at(frame, expected::CHALLENGE, ParseErrorKind::Syntax));
    }
    if lines.next().is_some() {
        return Err(Failure::at(at(line.len()), expected::CHALLENGE, ParseErrorKind::Trailing));
    }
    let line = line.strip_suffix(b"\r\n").unwrap_or(line);
    let data = line.get(4..).unwrap_or_default();
    sasl::decode(data).map_err(|error| {
        let failure = Failure::of(error);
        let offset = line.len() - failure.left();
        Failure::at(at(offset), failure.expected(), failure.kind())
    })
}

/// Writes a challenge; the output will be zeroed when it was sent.
#[cfg(any(test, feature = "server"))]
pub(crate) fn encode_challenge(data: &[u8], output: &mut Output) {
    output.put(b"334 ");
    sasl::encode(data, output);
    output.put(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use wire::{ParseError, Tolerance};

    fn parsed(octets: &Bytes) -> Result<Secret, ParseError> {
        let cx = Context::new(octets, Tolerance::Default);
        challenge(&cx, &Reply::parse_in(&cx)?).map_err(|error| cx.error(error, expected::name))
    }

    #[test]
    fn case_156() {
        for (octets, data) in [
            (&b"334 \r\n"[..], &b""[..]),
            (b"334\r\n", b""),
            (b"334\n", b""),
            (b"334 VXNlcm5hbWU6\r\n", b"Username:"),
            (b"334 VXNlcm5hbWU6\n", b"Username:"),
        ] {
            assert_eq!(parsed(&Bytes::from_static(octets)).unwrap().expose(), data);
        }
        for (octets, offset, kind) in [
            (&b"334 Go ahead\r\n"[..], 6, ParseErrorKind::Syntax),
            (b"334 Go ahead\n", 6, ParseErrorKind::Syntax),
            (b"334 VXNl \r\n", 8, ParseErrorKind::Syntax),
            (b"334 VXN\r\n", 7, ParseErrorKind::Syntax),
            (b"334-VXNl\r\n334 VXNl\r\n", 10, ParseErrorKind::Trailing),
            (b"235 VXNl\r\n", 0, ParseErrorKind::Syntax),
        ] {
            let error = parsed(&Bytes::from_static(octets)).unwrap_err();
            assert_eq!((error.offset, error.got), (offset, None), "{octets:?}: {error}");
            assert!(error.kind == kind || error.kind == ParseErrorKind::End, "{error}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(data: alloc::vec::Vec<u8>) {
            let mut output = Output::new();
            encode_challenge(&data, &mut output);
            let parsed = parsed(&output.take_all()).unwrap();
            prop_assert_eq!(parsed.expose(), &data[..]);
        }
    }
}
