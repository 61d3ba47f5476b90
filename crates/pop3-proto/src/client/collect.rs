//! Collectors: whole values, to a limit, for callers who do not want to stream.

use super::Event;
use crate::{Item, MessageNumber, ScanListing, Status, UniqueIdListing};
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};
use wire::CommandId;

/// What a collector made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected<T> {
    /// It was taken; more is to come.
    Pending,
    /// It was the last: here is the whole.
    Done(T),
    /// The server refused the command.
    Refused(Status),
    /// The reply could not be parsed.
    Malformed(Box<wire::Malformed>),
    /// It does not belong to this command.
    Foreign(Box<Event>),
}

/// The value is larger than the limit. The machine goes on with it; what was collected is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("larger than the limit of {limit}")]
pub struct Overflow {
    /// The limit: octets of a message, items of a listing.
    pub limit: usize,
}

/// Collects the message of RETR (RFC 1939 section 5) or TOP (section 7).
///
/// ```
/// use pop3_proto::client::{Client, Collected, Config, MessageCollector};
/// use pop3_proto::{Command, MessageNumber, ReplyKind};
/// use wire::{Machine, Step};
///
/// let mut client = Client::new(Config::default());
/// client.receive(b"+OK ready\r\n");
/// let _greeting = client.next_event();
/// let id = client.expect(ReplyKind::Body)?;
/// client.receive(b"+OK\r\nSubject: hi\r\n\r\n..\r\n.\r\n");
/// let mut collector = MessageCollector::new(id, 1 << 20);
/// let message = loop {
///     let Ok(Step::Event(event)) = client.next_event() else { panic!() };
///     if let Ok(Collected::Done(message)) = collector.push(event) {
///         break message;
///     }
/// };
/// assert_eq!(message, "Subject: hi\r\n\r\n.\r\n");
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug)]
pub struct MessageCollector {
    id: CommandId,
    limit: usize,
    first: Bytes,
    joined: BytesMut,
    full: bool,
}

impl MessageCollector {
    /// For the command `id`, to at most `limit` octets.
    #[must_use]
    pub fn new(id: CommandId, limit: usize) -> Self {
        Self { id, limit, first: Bytes::new(), joined: BytesMut::new(), full: false }
    }

    /// Takes the next event of the machine.
    ///
    /// # Errors
    /// [`Overflow`]: the message is over the limit; said once, when the message ends.
    pub fn push(&mut self, event: Event) -> Result<Collected<Bytes>, Overflow> {
        match event {
            Event::BodyChunk { id, data } if id == self.id => {
                self.add(data);
                Ok(Collected::Pending)
            }
            Event::End { id } if id == self.id && self.full => Err(Overflow { limit: self.limit }),
            Event::End { id } if id == self.id => Ok(Collected::Done(self.take())),
            event => Ok(other(self.id, event)),
        }
    }

    fn add(&mut self, data: Bytes) {
        let len = self.first.len() + self.joined.len() + data.len();
        if self.full || len > self.limit {
            self.full = true;
            self.first.clear();
            self.joined = BytesMut::new();
        } else if self.first.is_empty() && self.joined.is_empty() {
            // a message of one piece is not copied
            self.first = data;
        } else {
            self.joined.extend_from_slice(&core::mem::take(&mut self.first));
            self.joined.extend_from_slice(&data);
        }
    }

    fn take(&mut self) -> Bytes {
        let first = core::mem::take(&mut self.first);
        if self.joined.is_empty() { first } else { core::mem::take(&mut self.joined).freeze() }
    }
}

/// A line of a listing that can be collected.
pub(super) trait Listed: Sized {
    fn of(item: Item) -> Result<Self, Item>;
    fn message(&self) -> MessageNumber;
}

impl Listed for ScanListing {
    fn of(item: Item) -> Result<Self, Item> {
        match item {
            Item::ScanListing(listing) => Ok(listing.detach()),
            other => Err(other.detach()),
        }
    }

    fn message(&self) -> MessageNumber {
        self.message
    }
}

impl Listed for UniqueIdListing {
    fn of(item: Item) -> Result<Self, Item> {
        match item {
            Item::UniqueIdListing(listing) => Ok(listing.detach()),
            other => Err(other.detach()),
        }
    }

    fn message(&self) -> MessageNumber {
        self.message
    }
}

/// A whole listing (RFC 1939 sections 5 and 7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// Its lines, in the order of the server. Of a message that is listed twice only the first.
    pub items: Vec<T>,
    /// Messages that were listed more than once.
    pub duplicates: Vec<MessageNumber>,
    /// Lines that have not the form of the listing.
    pub others: Vec<Item>,
}

/// Collects the listing of LIST ([`ScanListing`], RFC 1939 section 5) or UIDL ([`UniqueIdListing`], section 7).
///
/// ```
/// use pop3_proto::client::{Client, Collected, Config, ListingCollector};
/// use pop3_proto::{ReplyKind, ScanListing};
/// use wire::{Machine, Step};
///
/// let mut client = Client::new(Config::default());
/// client.receive(b"+OK ready\r\n");
/// let _greeting = client.next_event();
/// let id = client.expect(ReplyKind::ListAll)?;
/// client.receive(b"+OK\r\n1 120\r\n2 200\r\n.\r\n");
/// let mut collector = ListingCollector::<ScanListing>::new(id, 1000);
/// let listing = loop {
///     let Ok(Step::Event(event)) = client.next_event() else { panic!() };
///     if let Ok(Collected::Done(listing)) = collector.push(event) {
///         break listing;
///     }
/// };
/// assert_eq!(listing.items.iter().map(|item| item.octets).sum::<u64>(), 320);
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug)]
pub struct ListingCollector<T> {
    id: CommandId,
    limit: usize,
    items: Vec<T>,
    /// The last message-number, and all of them once they do not ascend.
    last: u32,
    seen: Option<BTreeSet<u32>>,
    duplicates: Vec<MessageNumber>,
    others: Vec<Item>,
    full: bool,
}

impl<T> ListingCollector<T> {
    /// For the command `id`, to at most `limit` items.
    #[must_use]
    pub const fn new(id: CommandId, limit: usize) -> Self {
        Self {
            id,
            limit,
            items: Vec::new(),
            last: 0,
            seen: None,
            duplicates: Vec::new(),
            others: Vec::new(),
            full: false,
        }
    }
}

#[allow(private_bounds, reason = "for the two listings of the RFC, and no others")]
impl<T: Listed> ListingCollector<T> {
    /// Takes the next event of the machine.
    ///
    /// # Errors
    /// [`Overflow`]: the listing is over the limit; said once, when the listing ends.
    pub fn push(&mut self, event: Event) -> Result<Collected<Listing<T>>, Overflow> {
        match event {
            Event::Item { id, item } if id == self.id => {
                match T::of(item) {
                    Ok(item) => self.add(item),
                    Err(other) if self.others.len() < self.limit => self.others.push(other),
                    Err(_) => self.full = true,
                }
                Ok(Collected::Pending)
            }
            Event::End { id } if id == self.id && self.full => Err(Overflow { limit: self.limit }),
            Event::End { id } if id == self.id => Ok(Collected::Done(Listing {
                items: core::mem::take(&mut self.items),
                duplicates: core::mem::take(&mut self.duplicates),
                others: core::mem::take(&mut self.others),
            })),
            event => Ok(other(self.id, event)),
        }
    }

    fn add(&mut self, item: T) {
        if self.full || self.items.len() == self.limit {
            self.full = true;
            self.items = Vec::new();
            self.seen = None;
            return;
        }
        let message = item.message();
        if message.get() <= self.last && self.seen.is_none() {
            self.seen = Some(self.items.iter().map(|item| item.message().get()).collect());
        }
        self.last = message.get();
        if self.seen.as_mut().is_some_and(|seen| !seen.insert(message.get())) {
            if self.duplicates.len() < self.limit {
                self.duplicates.push(message);
            }
        } else {
            self.items.push(item);
        }
    }
}

/// Events that are neither content nor the end.
fn other<T>(id: CommandId, event: Event) -> Collected<T> {
    match event {
        Event::Malformed { id: Some(of), ends_command: true, malformed } if of == id => {
            Collected::Malformed(malformed)
        }
        Event::Reply { id: to, reply } if to == id => match reply {
            crate::Reply::Status(status) if !status.is_ok() => Collected::Refused(status),
            _ => Collected::Pending,
        },
        event => Collected::Foreign(Box::new(event)),
    }
}
