//! Loops of our own that do less, where there is no peer.

use std::hint::black_box;

use crate::Contestant;
use crate::generator::WHOLE;
use crate::imap::workloads::Input;
use crate::limits::{copy, lines};

/// memcpy, and a memchr a line.
pub fn parse(input: &Input) -> Vec<Contestant> {
    vec![lines(&input.messages.stream, WHOLE), copy(&input.messages.stream, WHOLE)]
}

/// The same in chunks.
pub fn stream(input: &Input, chunk: usize) -> Vec<Contestant> {
    vec![lines(&input.messages.stream, chunk), copy(&input.messages.stream, chunk)]
}

/// Numbers between spaces, summed: what no reader of SEARCH that goes octet by octet can beat by much.
pub fn numbers(input: &Input) -> Contestant {
    let stream = input.messages.stream.clone();
    Contestant::baseline("plain loop", "sums the numbers, checks and keeps nothing", move || {
        let (mut sum, mut number) = (0_u64, 0_u64);
        for &octet in black_box(&stream[..]) {
            match octet {
                b'0'..=b'9' => number = number * 10 + u64::from(octet - b'0'),
                _ => {
                    sum += number;
                    number = 0;
                }
            }
        }
        sum
    })
}
