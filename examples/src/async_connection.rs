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
