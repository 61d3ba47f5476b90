//! The verbs that all machines share.

use crate::Output;
use bytes::{Bytes, BytesMut, buf::Limit};
use core::time::Duration;

/// What [`Machine::next_event`] came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step says what to do next"]
pub enum Step<E> {
    /// Something happened. Events come in wire order and own what they hold.
    Event(E),
    /// Nothing more until [`Machine::receive`] or [`Machine::receive_eof`]: a guarantee.
    NeedInput,
    /// Nothing more until the application acts: a guarantee. Stop reading the socket.
    Paused(Pause),
    /// The peer has closed cleanly and everything was delivered.
    Closed,
}

/// What the machine waits for when it is [`Step::Paused`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pause {
    /// The application must answer a command before the machine reads on.
    Respond,
    /// Do the TLS handshake, then call `tls_established`.
    StartTls,
    /// Take the connection over with `into_parts`: what follows is another protocol or is compressed.
    Upgrade,
    /// Write [`Machine::output`] out; then ask again.
    Drain,
}

/// What a driver needs of a machine: octets in, typed events out, octets to send.
///
/// ```
/// use wire::{Machine, Pause, Step};
///
/// /// The loop of every driver: `flush` writes the output out, `read` reads once (0: the peer has closed).
/// fn run<M: Machine>(
///     machine: &mut M,
///     flush: impl Fn(&mut M),
///     read: impl Fn(&mut [u8]) -> usize,
///     handle: impl Fn(&mut M, M::Event),
/// ) -> Result<(), M::Error> {
///     let mut buffer = [0; 16_384];
///     loop {
///         match machine.next_event()? {
///             Step::Event(event) => handle(machine, event), // may send or reply: the event is owned
///             Step::Paused(Pause::Drain) => flush(machine),
///             Step::NeedInput => {
///                 flush(machine); // before waiting for the peer, who waits for this
///                 match read(&mut buffer) {
///                     0 => machine.receive_eof(),
///                     n => machine.receive(&buffer[..n]),
///                 }
///             }
///             Step::Closed | Step::Paused(_) => return Ok(()), // do TLS, answer the command, or close
///         }
///     }
/// }
/// ```
pub trait Machine {
    /// What happened, owned by whoever receives it.
    type Event;
    /// Why the receive side cannot go on.
    type Error: core::error::Error + Clone + Send + Sync + 'static;

    /// Stores what the socket gave, nothing else: no parsing, no failure.
    fn receive(&mut self, data: &[u8]);

    /// Room that a socket may read into, instead of [`receive`](Self::receive). Its limit is 0 when the
    /// machine does not [want to read](Self::wants_read).
    fn read_buf(&mut self) -> Limit<&mut BytesMut>;

    /// Says that the peer has closed its side.
    fn receive_eof(&mut self);

    /// Parses on, to the next event. The only place that parses.
    ///
    /// # Errors
    /// What arrived cannot be followed. Fatal for the receive side: each later call gives the same
    /// error. Sending stays usable, so that a server can say its last words.
    fn next_event(&mut self) -> Result<Step<Self::Event>, Self::Error>;

    /// Whether reading from the socket makes sense now.
    fn wants_read(&self) -> bool;

    /// What is to be written to the socket: a [`bytes::Buf`].
    fn output(&mut self) -> &mut Output;

    /// How long the protocol's RFC says to wait in this phase; `None` where it says nothing. The caller
    /// has the clock.
    fn timeout(&self) -> Option<Duration>;
}

/// Names one command of a connection, in the order of sending or of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CommandId(u64);

impl CommandId {
    /// The first command of a connection.
    pub const FIRST: Self = Self(0);

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// How many commands came before this one on the connection.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.0
    }
}

/// What is left of a machine that gave its connection away.
#[derive(Debug)]
pub struct Parts {
    /// Received and not consumed.
    pub unread: Bytes,
    /// Not yet written to the socket.
    pub output: Output,
}
