//! The blocking driver. Copy it: nothing in it knows a protocol.

use bytes::Buf;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use wire::{Machine, Pause, Step};

/// How long the peer may refuse to read, where the machine names no time.
const STALLED: Duration = Duration::from_secs(600);

/// Something to read from and write to that knows timeouts.
pub trait Transport: Read + Write {
    /// How long a read or a write may take from now on. The default has no timeouts.
    ///
    /// # Errors
    /// As the operating system says.
    fn set_timeout(&mut self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for TcpStream {
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(timeout)?;
        self.set_write_timeout(timeout)
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub enum Error<E> {
    /// The operating system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The peer was silent, or did not read, for so long.
    #[error("nothing came or went for {} seconds", .0.as_secs())]
    Timeout(Duration),
    /// The machine cannot follow the peer any more.
    #[error("{0}")]
    Protocol(#[source] E),
}

/// A machine and its socket.
#[derive(Debug)]
pub struct Connection<M, S> {
    /// Give it commands or replies at any time; they are written by [`next_event`](Self::next_event).
    pub machine: M,
    /// What it talks over.
    pub stream: S,
    /// How long to wait for input at most, if that is less than what the machine allows. After [`Error::Timeout`] one can go on.
    pub patience: Option<Duration>,
}

impl<M: Machine, S: Transport> Connection<M, S> {
    /// For a socket that was just opened.
    pub fn new(machine: M, stream: S) -> Self {
        Self { machine, stream, patience: None }
    }

    /// Waits for the next event, and writes and reads for that as much as it takes. What else comes out is for
    /// the caller: [`Step::Closed`], and [`Step::Paused`] to answer a command or to start TLS.
    ///
    /// # Errors
    /// The connection cannot go on. After [`Error::Protocol`] last words can still be [flushed](Self::flush).
    pub fn next_event(&mut self) -> Result<Step<M::Event>, Error<M::Error>> {
        loop {
            match self.machine.next_event().map_err(Error::Protocol)? {
                Step::Event(event) => return Ok(Step::Event(event)),
                Step::NeedInput => {
                    self.flush()?;
                    self.read()?;
                }
                Step::Paused(Pause::Drain) => self.flush()?,
                end => {
                    self.flush()?;
                    return Ok(end);
                }
            }
        }
    }

    /// Writes out what the machine has to say.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Timeout`].
    pub fn flush(&mut self) -> Result<(), Error<M::Error>> {
        if self.machine.output().is_empty() {
            return Ok(());
        }
        let timeout = self.machine.timeout().unwrap_or(STALLED);
        self.stream.set_timeout(Some(timeout))?;
        let output = self.machine.output();
        while output.has_remaining() {
            let mut slices = [IoSlice::new(&[]); 32];
            let used = output.chunks_vectored(&mut slices);
            let written = retry(timeout, || self.stream.write_vectored(&slices[..used]))?;
            if written == 0 {
                return Err(io::Error::from(ErrorKind::WriteZero).into());
            }
            output.advance(written);
        }
        retry(timeout, || self.stream.flush())
    }

    /// Reads once, straight into the machine's buffer.
    fn read(&mut self) -> Result<(), Error<M::Error>> {
        let timeout = [self.machine.timeout(), self.patience].into_iter().flatten().min();
        self.stream.set_timeout(timeout)?;
        let room = self.machine.read_buf();
        let limit = room.limit();
        let buffer = room.into_inner();
        let start = buffer.len();
        buffer.resize(start + limit, 0);
        let got = retry(timeout.unwrap_or_default(), || self.stream.read(&mut buffer[start..]));
        buffer.truncate(start + got.as_ref().map_or(0, |n| *n));
        if got? == 0 {
            self.machine.receive_eof();
        }
        Ok(())
    }
}

/// Again after a signal; and a socket that gave up waiting says so.
fn retry<T, E>(timeout: Duration, mut call: impl FnMut() -> io::Result<T>) -> Result<T, Error<E>> {
    loop {
        match call() {
            Ok(done) => return Ok(done),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(Error::Timeout(timeout));
            }
            Err(error) => return Err(Error::Io(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pop3_proto::Command;
    use pop3_proto::client::{Client, Config, Event};
    use std::collections::VecDeque;

    /// Gives what the script says, and takes one octet at a time.
    struct Script {
        reads: VecDeque<io::Result<&'static [u8]>>,
        written: Vec<u8>,
        refuses: Option<ErrorKind>,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let data = self.reads.pop_front().unwrap_or(Ok(b""))?;
            buffer[..data.len()].copy_from_slice(data);
            Ok(data.len())
        }
    }

    impl Write for Script {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            match self.refuses.take() {
                Some(ErrorKind::WriteZero) => Ok(0),
                Some(kind) => Err(kind.into()),
                None => self.written.write(&octets[..1]),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Transport for Script {}

    fn connection(reads: impl IntoIterator<Item = io::Result<&'static [u8]>>) -> Connection<Client, Script> {
        let stream = Script { reads: reads.into_iter().collect(), written: Vec::new(), refuses: None };
        Connection::new(Client::new(Config::default()), stream)
    }

    #[test]
    fn signals_and_small_steps_do_not_matter() {
        let interrupted = || Err(ErrorKind::Interrupted.into());
        let reads = [Ok(&b"+O"[..]), interrupted(), Ok(b"K hi\r\n"), interrupted(), Ok(b"+OK bye\r\n")];
        let mut connection = connection(reads);
        assert!(matches!(connection.next_event(), Ok(Step::Event(Event::Greeting(_)))));
        connection.machine.send(&Command::Quit).unwrap();
        connection.stream.refuses = Some(ErrorKind::Interrupted);
        assert!(matches!(connection.next_event(), Ok(Step::Event(Event::Reply { .. }))));
        assert!(matches!(connection.next_event(), Ok(Step::Closed)));
        assert_eq!(connection.stream.written, b"QUIT\r\n");
    }

    #[test]
    fn errors_are_told_apart() {
        let failed = |read: io::Result<&'static [u8]>| connection([read]).next_event().unwrap_err();
        assert_eq!(
            failed(Err(ErrorKind::WouldBlock.into())).to_string(),
            "nothing came or went for 600 seconds"
        );
        assert!(matches!(failed(Err(ErrorKind::TimedOut.into())), Error::Timeout(_)));
        assert!(matches!(failed(Err(ErrorKind::ConnectionReset.into())), Error::Io(_)));
        assert_eq!(failed(Ok(b"")).to_string(), "the connection ended inside the greeting");
        assert!(matches!(failed(Ok(b"hello\r\n")), Error::Protocol(_)));
        let mut connection = connection([Ok(&b"+OK\r\n"[..])]);
        let _ = connection.next_event().unwrap();
        connection.machine.send(&Command::Capa).unwrap();
        connection.stream.refuses = Some(ErrorKind::WriteZero);
        assert!(matches!(connection.flush(), Err(Error::Io(e)) if e.kind() == ErrorKind::WriteZero));
        connection.stream.refuses = Some(ErrorKind::WouldBlock);
        assert!(matches!(connection.flush(), Err(Error::Timeout(_))));
    }
}
