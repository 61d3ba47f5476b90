//! The send buffer against a vector.
#![no_main]

use arbitrary::Arbitrary;
use bytes::{Buf, Bytes};
use libfuzzer_sys::fuzz_target;
use std::io::IoSlice;
use wire::Output;

#[derive(Debug, Arbitrary)]
enum Op<'d> {
    Put(&'d [u8]),
    Octet(u8),
    Number(u64),
    Large(u16),
    Reserve(u16),
    Wipe,
    Advance(u16),
    Take(u16),
    TakenBack(Vec<Op<'d>>),
}

fuzz_target!(|ops: Vec<Op<'_>>| {
    let (mut output, mut model) = (Output::new(), Vec::new());
    for op in &ops {
        play(op, &mut output, &mut model, false);
        let mut slices = [IoSlice::new(&[]); 8];
        let used = output.chunks_vectored(&mut slices);
        let joined = slices[..used].iter().flat_map(|slice| slice.iter()).copied().collect::<Vec<u8>>();
        assert!(model.starts_with(&joined) && (used == 8 || joined.len() == model.len()));
        assert_eq!((output.len(), output.remaining()), (model.len(), model.len()));
        assert_eq!(output.chunk().is_empty(), model.is_empty());
        assert!(model.starts_with(output.chunk()));
    }
    assert_eq!(output.take_all(), model);
    assert!(output.is_empty());
});

fn play(op: &Op<'_>, output: &mut Output, model: &mut Vec<u8>, within: bool) {
    match op {
        Op::Put(data) => {
            output.put(data);
            model.extend_from_slice(data);
        }
        Op::Octet(octet) => {
            output.put(&[*octet]);
            model.push(*octet);
        }
        Op::Number(number) => {
            output.put_number(*number);
            model.extend_from_slice(number.to_string().as_bytes());
        }
        Op::Large(len) => {
            let data = vec![7; usize::from(*len)];
            model.extend_from_slice(&data);
            output.put_bytes(Bytes::from(data));
        }
        Op::Reserve(additional) => output.reserve(usize::from(*additional)),
        Op::Wipe => output.set_wipe(),
        Op::TakenBack(ops) => {
            let before = output.checkpoint();
            let mut scratch = model.clone();
            for op in ops {
                play(op, output, &mut scratch, true);
            }
            output.roll_back(before);
        }
        // nothing may be sent before a roll back
        Op::Advance(_) | Op::Take(_) if within => {}
        Op::Advance(n) => {
            let n = usize::from(*n).min(model.len());
            output.advance(n);
            model.drain(..n);
        }
        Op::Take(n) => {
            let n = usize::from(*n).min(model.len());
            assert_eq!(output.copy_to_bytes(n), model[..n]);
            model.drain(..n);
        }
    }
}
