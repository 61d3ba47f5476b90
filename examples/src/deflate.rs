//! DEFLATE over any transport, as COMPRESS wants it (RFC 4978).

use crate::Transport;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

/// Octets that are read, or compressed, at a time.
const PIECE: usize = 16_384;

/// A transport that can start to compress.
#[derive(Debug)]
pub struct Stream<S> {
    /// What it goes over.
    pub inner: S,
    codec: Option<Box<Codec>>,
}

struct Codec {
    compress: Compress,
    decompress: Decompress,
    /// Compressed octets that were received, from `start` on.
    input: Vec<u8>,
    start: usize,
    /// Whether something was written since the last flush.
    dirty: bool,
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codec")
    }
}

impl<S> Stream<S> {
    /// Not compressed at first.
    pub fn new(inner: S) -> Self {
        Self { inner, codec: None }
    }

    /// From now on. `unread` was received already.
    pub fn start(&mut self, unread: &[u8]) {
        let (compress, decompress) = (Compress::new(Compression::default(), false), Decompress::new(false));
        let input = unread.to_vec();
        self.codec = Some(Box::new(Codec { compress, decompress, input, start: 0, dirty: false }));
    }
}

/// Octets between two totals.
fn moved(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

impl<S: Read> Read for Stream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(codec) = &mut self.codec else { return self.inner.read(buffer) };
        loop {
            // more may come out without more going in
            let (taken, given) = (codec.decompress.total_in(), codec.decompress.total_out());
            codec.decompress.decompress(&codec.input[codec.start..], buffer, FlushDecompress::Sync)?;
            codec.start += moved(taken, codec.decompress.total_in());
            let given = moved(given, codec.decompress.total_out());
            if given > 0 || buffer.is_empty() {
                return Ok(given);
            }
            codec.input.resize(PIECE, 0);
            codec.start = PIECE;
            let got = self.inner.read(&mut codec.input)?;
            codec.input.truncate(got);
            codec.start = 0;
            if got == 0 {
                return Ok(0);
            }
        }
    }
}

impl<S: Write> Write for Stream<S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let Some(codec) = &mut self.codec else { return self.inner.write(octets) };
        codec.dirty = true;
        let octets = &octets[..octets.len().min(PIECE)];
        codec.put(octets, FlushCompress::None, &mut self.inner)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(codec) = self.codec.as_mut().filter(|codec| codec.dirty) {
            codec.put(b"", FlushCompress::Sync, &mut self.inner)?;
            codec.dirty = false;
        }
        self.inner.flush()
    }
}

impl Codec {
    fn put(&mut self, mut octets: &[u8], flush: FlushCompress, to: &mut impl Write) -> io::Result<()> {
        let mut output = Vec::with_capacity(PIECE);
        loop {
            output.clear();
            let taken = self.compress.total_in();
            self.compress.compress_vec(octets, &mut output, flush)?;
            octets = &octets[moved(taken, self.compress.total_in())..];
            to.write_all(&output)?;
            if octets.is_empty() && output.len() < output.capacity() {
                return Ok(());
            }
        }
    }
}

impl<S: Transport> Transport for Stream<S> {
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.inner.set_timeout(timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written can be read.
    #[derive(Default)]
    struct Pipe(std::collections::VecDeque<u8>);

    impl Read for Pipe {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    impl Write for Pipe {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_goes_in_comes_out_at_each_flush() {
        let mut stream = Stream::new(Pipe::default());
        stream.start(b"");
        for size in [1, 100, PIECE * 5 + 1, 0, 7] {
            let octets: Vec<u8> = (0..size).map(|n: usize| (n * n / 7).to_le_bytes()[0]).collect();
            stream.write_all(&octets).unwrap();
            stream.flush().unwrap();
            let mut got = vec![0; size];
            stream.read_exact(&mut got).unwrap();
            assert_eq!(got, octets);
        }
        stream.start(b"\x03\x00");
        assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0);
    }
}
