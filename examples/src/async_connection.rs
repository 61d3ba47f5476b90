//! The driver for tokio. Copy it: nothing in it knows a protocol.

use crate::Error;
use bytes::Buf;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wire::{Machine, Pause, Step};

/// How long the peer may be silent, or refuse to read, where the machine names no time.
const STALLED: Duration = Duration::from_secs(600);

/// Octets of one read.
const READ: usize = 16 * 1024;

/// A machine and its socket. It writes while it waits for something to read, so however much is sent ahead, the two sides never
/// wait for each other.
#[derive(Debug)]
pub struct AsyncConnection<M, S> {
    /// Give it commands or replies at any time; they are written by [`next_event`](Self::next_event).
    pub machine: M,
    /// What it talks over.
    pub stream: S,
}

impl<M: Machine, S: AsyncRead + AsyncWrite + Unpin> AsyncConnection<M, S> {
    /// For a socket that was just opened.
    pub fn new(machine: M, stream: S) -> Self {
        Self { machine, stream }
    }

    /// Waits for the next event, and writes and reads for that as much as it takes. What else comes out is for
    /// the caller: [`Step::Closed`], and [`Step::Paused`] to answer a command or to start TLS.
    ///
    /// # Errors
    /// The connection cannot go on.
    pub async fn next_event(&mut self) -> Result<Step<M::Event>, Error<M::Error>> {
        loop {
            match self.machine.next_event().map_err(Error::Protocol)? {
                Step::Event(event) => return Ok(Step::Event(event)),
                Step::NeedInput => self.within_time(Self::poll_exchange).await?,
                Step::Paused(Pause::Drain) => self.flush().await?,
                end => {
                    self.flush().await?;
                    return Ok(end);
                }
            }
        }
    }

    /// Writes out what the machine has to say.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Timeout`].
    pub async fn flush(&mut self) -> Result<(), Error<M::Error>> {
        self.within_time(Self::poll_flush).await
    }

    async fn within_time(
        &mut self,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<io::Result<()>>,
    ) -> Result<(), Error<M::Error>> {
        let timeout = self.machine.timeout().unwrap_or(STALLED);
        let done = tokio::time::timeout(timeout, poll_fn(|cx| poll(self, cx))).await;
        Ok(done.map_err(|_| Error::Timeout(timeout))??)
    }

    /// Reads once, and writes until then.
    fn poll_exchange(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(Err(error)) = self.poll_flush(cx) {
            return Poll::Ready(Err(error));
        }
        let mut space = [0; READ];
        let mut read = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        match read.filled() {
            [] => self.machine.receive_eof(),
            octets => self.machine.receive(octets),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let output = self.machine.output();
        while output.has_remaining() {
            let mut slices = [IoSlice::new(&[]); 32];
            let used = output.chunks_vectored(&mut slices);
            let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, &slices[..used]))?;
            if written == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            output.advance(written);
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smtp_proto::client::{Client, Config, Event, Pipelining};
    use smtp_proto::{ClientName, Command, ReplyKind};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    const COMMANDS: usize = 500;

    /// Runs a client against a peer.
    fn run<P: Future<Output = Vec<u8>> + Send + 'static>(
        peer: impl FnOnce(DuplexStream) -> P,
        client: impl AsyncFnOnce(&mut AsyncConnection<Client, DuplexStream>),
    ) -> Vec<u8> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (ours, theirs) = duplex(64);
            let peer = tokio::spawn(peer(theirs));
            let mut config = Config::default();
            config.pipelining = Pipelining::Always;
            let mut connection = AsyncConnection::new(Client::new(config), ours);
            client(&mut connection).await;
            drop(connection);
            peer.await.unwrap()
        })
    }

    #[test]
    fn both_sides_may_speak_before_they_listen() {
        let peer = |mut stream: DuplexStream| async move {
            stream.write_all(b"220 mx\r\n").await.unwrap();
            stream.write_all(&b"250 ok\r\n".repeat(COMMANDS)).await.unwrap();
            let mut heard = Vec::new();
            let _ = stream.read_to_end(&mut heard).await;
            heard
        };
        let heard = run(peer, async |connection| {
            assert!(matches!(connection.next_event().await, Ok(Step::Event(Event::Greeting(_)))));
            for _ in 0..COMMANDS {
                connection.machine.expect(ReplyKind::Single).unwrap();
                Command::Rset.encode(connection.machine.output());
            }
            for _ in 0..COMMANDS {
                assert!(matches!(connection.next_event().await, Ok(Step::Event(Event::Reply { .. }))));
            }
            connection.flush().await.unwrap();
        });
        assert_eq!(heard, b"RSET\r\n".repeat(COMMANDS));
    }

    #[test]
    fn errors_are_told_apart() {
        let silent = |stream: DuplexStream| async move {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            drop(stream);
            Vec::new()
        };
        run(silent, async |connection| {
            let error = connection.next_event().await.unwrap_err();
            assert_eq!(error.to_string(), "nothing came or went for 300 seconds");
        });
        let closed = |stream: DuplexStream| async move {
            drop(stream);
            Vec::new()
        };
        run(closed, async |connection| {
            let error = connection.next_event().await.unwrap_err();
            assert_eq!(error.to_string(), "the connection ended inside the greeting");
        });
        let greets = |mut stream: DuplexStream| async move {
            stream.write_all(b"220 mx\r\n").await.unwrap();
            Vec::new()
        };
        run(greets, async |connection| {
            assert!(connection.next_event().await.is_ok());
            let ehlo = Command::Ehlo(ClientName::new("a").unwrap());
            connection.machine.send(&ehlo).unwrap();
            assert!(matches!(connection.flush().await, Err(Error::Io(_))), "nobody is there to read");
        });
    }
}
