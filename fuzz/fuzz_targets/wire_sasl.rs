//! Base64 lines and mechanism names: what is accepted is written again as it was, and everything that is
//! written is accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sasl::{Mechanism, decode, encode, encoded_len};

fuzz_target!(|data: &[u8]| {
    if let Ok(decoded) = decode(data) {
        assert_eq!(fuzz::written(|output| encode(decoded.expose(), output)), data);
    }
    let line = fuzz::written(|output| encode(data, output));
    assert_eq!(line.len(), encoded_len(data.len()));
    assert_eq!(decode(&line).expect("our own base64").expose(), data);

    let parsed = Mechanism::parse(data);
    match (&parsed, Mechanism::new(data)) {
        (Ok((b"", parsed)), Ok(new)) => assert_eq!(*parsed, new),
        (Ok((b"", _)), Err(_)) | (_, Ok(_)) => panic!("two opinions on a name"),
        _ => {}
    }
    if let Ok((rest, mechanism)) = parsed {
        let name = &data[..data.len() - rest.len()];
        assert!(mechanism.as_bytes().eq_ignore_ascii_case(name));
        assert_eq!(Mechanism::new(mechanism.as_str()), Ok(mechanism));
    }
});
