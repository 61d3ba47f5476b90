//! FETCH, item by item.

use super::Server;
use super::respond::Outgoing;
use crate::{BinarySection, BodySection, FetchAttribute, MessageData, Number64, PartNumber, Section};
use alloc::boxed::Box;
use bytes::Bytes;
use core::num::NonZeroU32;
use wire::{BodyError, Machine, Misuse, Output};

/// Writes a FETCH or UIDFETCH response item by item, with message data as a stream, in constant memory (RFC 9051 section 7.5.2).
///
/// It is a view of the [`Server`], which remembers how far the response has got: dropped before [`finish`](Self::finish), it can be had
/// again with [`Server::open_fetch`].
///
/// ```
/// use bytes::Bytes;
/// use imap_proto::server::{Config, Server};
/// use imap_proto::{Capabilities, Capability, Condition, ConditionKind, FetchAttribute, Greeting, Section};
/// use std::num::NonZeroU32;
/// use wire::Machine;
///
/// # fn selected() -> Result<Server, wire::Misuse> {
/// #     use imap_proto::server::Event;
/// #     let offered: Capabilities = [Capability::Imap4Rev2].into_iter().collect();
/// #     let ok = |kind| Condition::new(kind, None, "x".try_into()?);
/// #     let greeting = Greeting::new(ok(ConditionKind::PreAuth)?)?;
/// #     let mut server = Server::new(Config::new(offered.clone(), offered), &greeting);
/// #     server.receive(b"a SELECT INBOX\r\n");
/// #     let Ok(wire::Step::Event(Event::Command { id, .. })) = server.next_event() else { panic!() };
/// #     server.reply(id, &ok(ConditionKind::Ok)?)?;
/// #     let _ = server.output().take_all();
/// #     Ok(server)
/// # }
/// let mut server = selected()?;
/// let uid = NonZeroU32::MIN;
/// let mut fetch = server.fetch(uid)?;
/// fetch.attribute(&FetchAttribute::Uid(uid))?;
/// fetch.section(Section::ALL, None, 11)?;
/// for piece in ["Subject", ": x\n"] {
///     fetch.body(&Bytes::from(piece)).unwrap(); // BodyError::Full: write some of fetch.output() first
/// }
/// fetch.finish()?;
/// assert_eq!(server.output().take_all(), "* 1 FETCH (UID 1 BODY[] {11}\r\nSubject: x\n)\r\n");
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug)]
pub struct FetchWriter<'s> {
    server: &'s mut Server,
}

impl Server {
    /// Begins a FETCH response of the message with this number; with UIDONLY, a UIDFETCH of the one with this UID.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn fetch(&mut self, number: NonZeroU32) -> Result<FetchWriter<'_>, Misuse> {
        self.check_may_write()?;
        let uid = self.enabled().uid_only;
        self.check_fetch(uid)?;
        self.close_old();
        self.output.put(b"* ");
        self.output.put_number(u64::from(number.get()));
        self.output.put(if uid { b" UIDFETCH (" } else { b" FETCH (" });
        self.outgoing = Some(Box::new(Outgoing::fetch()));
        Ok(FetchWriter { server: self })
    }

    /// The FETCH response that was begun and is not finished.
    #[must_use]
    pub fn open_fetch(&mut self) -> Option<FetchWriter<'_>> {
        let open = self.outgoing.as_ref().is_some_and(|outgoing| outgoing.items.is_some());
        open.then_some(FetchWriter { server: self })
    }
}

impl FetchWriter<'_> {
    /// Writes an item. If it has message data that is [`MessageData::Streamed`], its octets come next, with [`body`](Self::body).
    ///
    /// # Errors
    /// [`Misuse::State`]: octets of the item before are missing, or the item has to be switched on.
    pub fn attribute(&mut self, attribute: &FetchAttribute) -> Result<(), Misuse> {
        self.server.fetch_attribute(attribute)
    }

    /// Writes the head of `BODY[...]` of so many octets, which [`body`](Self::body) gives; `origin` for a partial answer.
    ///
    /// # Errors
    /// Those of [`attribute`](Self::attribute); [`Misuse::Invalid`]: a number of more than 63 bits.
    pub fn section(&mut self, section: Section, origin: Option<u64>, size: u64) -> Result<(), Misuse> {
        let data = Some(MessageData::Streamed { size: Number64::new(size)?, binary: false });
        let origin = origin.map(Number64::new).transpose()?;
        self.attribute(&FetchAttribute::Section(Box::new(BodySection { section, origin, data })))
    }

    /// Writes the head of `BINARY[...]` of so many octets (RFC 3516), which [`body`](Self::body) gives. As a `literal8`: they may hold NUL.
    ///
    /// # Errors
    /// Those of [`attribute`](Self::attribute); [`Misuse::Invalid`]: a number of more than 63 bits.
    pub fn binary(&mut self, part: PartNumber, origin: Option<u64>, size: u64) -> Result<(), Misuse> {
        let data = Some(MessageData::Streamed { size: Number64::new(size)?, binary: true });
        let origin = origin.map(Number64::new).transpose()?;
        self.attribute(&FetchAttribute::Binary(Box::new(BinarySection { part, origin, data })))
    }

    /// Gives octets of the message data whose head was written.
    ///
    /// # Errors
    /// Those of [`Server::body`].
    pub fn body(&mut self, data: &Bytes) -> Result<(), BodyError> {
        self.server.body(data)
    }

    /// How many octets are missing.
    #[must_use]
    pub fn body_left(&self) -> u64 {
        self.server.body_left()
    }

    /// The output, to write some of it when it is full.
    pub fn output(&mut self) -> &mut Output {
        Machine::output(self.server)
    }

    /// Writes the end of the response.
    ///
    /// # Errors
    /// [`Misuse::State`]: octets are missing. [`Misuse::Empty`]: it has no item. It stays [open](Server::open_fetch) then.
    pub fn finish(self) -> Result<(), Misuse> {
        match &self.server.outgoing {
            Some(outgoing) if outgoing.left > 0 => {
                Err(Misuse::State { wanted: "the end of the message data" })
            }
            Some(outgoing) if outgoing.items == Some(0) => Err(Misuse::Empty),
            Some(_) => {
                self.server.outgoing = None;
                self.server.output.put(b")\r\n");
                Ok(())
            }
            None => Err(Misuse::State { wanted: "an open FETCH" }),
        }
    }
}
