//! What the server says: which responses may stand where, and message data as a stream.

use super::{Kind, Server};
use crate::{
    Code, Condition, ConditionKind, Converted, Cut, Encoder, Fetch, FetchAttribute, MessageData, Response,
    State,
};
use bytes::Bytes;
use core::mem;
use wire::{BodyError, Misuse, Output};

/// A response of which a part is still to be written.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Octets of message data that are missing.
    pub(super) left: u64,
    /// Whether they are a `literal8`, which may hold NUL.
    binary: bool,
    /// What follows them, up to the end of the response.
    rest: Bytes,
    /// Where in it further message data has its place.
    cuts: alloc::vec::IntoIter<Cut>,
    /// How much of the rest was written.
    at: usize,
    /// Of a FETCH that is written item by item: how many items it has. Else nothing follows the rest.
    pub(super) items: Option<u64>,
}

impl Outgoing {
    /// A FETCH without items.
    pub(super) fn fetch() -> Self {
        Self {
            left: 0,
            binary: false,
            rest: Bytes::new(),
            cuts: alloc::vec::Vec::new().into_iter(),
            at: 0,
            items: Some(0),
        }
    }

    /// Writes up to the next message data; says whether the response ends before any.
    fn go_on(&mut self, output: &mut Output) -> bool {
        loop {
            let cut = self.cuts.next();
            let end = cut.map_or(self.rest.len(), |cut| cut.offset.min(self.rest.len()));
            if end > self.at {
                output.put_bytes(self.rest.slice(self.at..end));
                self.at = end;
            }
            match cut {
                Some(Cut { size: 0, .. }) => {}
                Some(Cut { size, .. }) => {
                    self.left = size;
                    self.binary = is_literal8(&self.rest[..end]);
                    return false;
                }
                None => return true,
            }
        }
    }
}

impl Server {
    /// Says something that completes no command: data, a status, what happened to a mailbox (RFC 9051 section 7).
    ///
    /// Message data that is [`MessageData::Streamed`](crate::MessageData) is written up to there; then [`body`](Self::body) takes its
    /// octets, and what follows is written behind them. Nothing else can be said meanwhile.
    ///
    /// # Errors
    /// Nothing was written:
    /// * [`Misuse::WrongReply`]: tagged responses have [`reply`](Self::reply), requests to go on [`challenge`](Self::challenge),
    ///   [`accept_body`](Self::accept_body) and [`accept_idle`](Self::accept_idle); PREAUTH is a greeting.
    /// * [`Misuse::State`]: what the client could not take now. Data of a mailbox where none is selected; EXPUNGE and VANISHED while no command
    ///   is in progress, or one is that counts messages (RFC 9051 section 7.5.1: FETCH, STORE, SEARCH); what has to be switched on before:
    ///   VANISHED (QRESYNC or UIDONLY), UIDFETCH (UIDONLY), MODSEQ (CONDSTORE); FETCH and EXPUNGE with UIDONLY, EXPUNGE with QRESYNC, SEARCH with
    ///   IMAP4rev2; ENABLED without ENABLE; anything while a FETCH is being written, after the end, or before TLS.
    pub fn send(&mut self, response: &Response) -> Result<(), Misuse> {
        self.check_may_write()?;
        if let Response::Condition(condition) = response {
            if condition.kind() == ConditionKind::Bye {
                return self.bye(condition);
            }
        }
        self.check(response)?;
        let closed = is_closed(response);
        if self.deselecting && !matches!(response, Response::Capability(_)) {
            if closed {
                // said by the application, in its words
                self.deselecting = false;
                self.state = State::Authenticated;
            } else {
                self.close_old();
            }
        } else if closed && !self.is_selecting() {
            self.state = State::Authenticated;
        }
        self.write_response(response);
        if let Response::Enabled(enabled) = response {
            let in_force = &mut self.in_force;
            in_force.qresync |= enabled.has("QRESYNC");
            in_force.condstore |= enabled.has("CONDSTORE") || enabled.has("QRESYNC");
            in_force.utf8 |= enabled.has("UTF8=ACCEPT");
            in_force.rev2 |= enabled.has("IMAP4rev2");
            in_force.uid_only |= enabled.has("UIDONLY");
        }
        Ok(())
    }

    fn write_response(&mut self, response: &Response) {
        let before = self.output.checkpoint();
        let options = self.options();
        let mut encoder = Encoder::new(&mut self.output, options);
        response.encode(&mut encoder);
        if encoder.cuts().is_empty() {
            return;
        }
        // message data has its place in it
        let cuts = encoder.cuts().to_vec().into_iter();
        self.output.roll_back(before);
        let rest = response.to_bytes(&self.options());
        let mut outgoing =
            alloc::boxed::Box::new(Outgoing { left: 0, binary: false, rest, cuts, at: 0, items: None });
        if !outgoing.go_on(&mut self.output) {
            self.outgoing = Some(outgoing);
        }
    }

    /// Gives octets of message data that is streamed. When as many have come as were announced, what follows them is written.
    ///
    /// There is one such stream at a time, and not every FETCH is an answer to a command: so it has no id.
    ///
    /// # Errors
    /// [`BodyError::Full`]: write some output, then offer the piece again. [`BodyError::TooLong`]: more than was announced; nothing was taken.
    /// [`BodyError::Misuse`]: nothing is streamed, or a NUL stands in what is no `literal8` (RFC 9051 section 4.3).
    pub fn body(&mut self, data: &Bytes) -> Result<(), BodyError> {
        let wanted = Misuse::State { wanted: "streamed message data" };
        let Some(outgoing) = &mut self.outgoing else { return Err(wanted.into()) };
        if outgoing.left == 0 {
            return Err(wanted.into());
        }
        let len = data.len() as u64;
        if len > outgoing.left {
            return Err(BodyError::TooLong { limit: outgoing.left });
        }
        if self.output.is_full() {
            return Err(BodyError::Full);
        }
        if !outgoing.binary {
            if let Some(offset) = memchr::memchr(0, data) {
                return Err(Misuse::IllegalOctet { offset }.into());
            }
        }
        self.output.put_bytes(data.clone());
        outgoing.left -= len;
        if outgoing.left == 0 && outgoing.go_on(&mut self.output) && outgoing.items.is_none() {
            self.outgoing = None;
        }
        Ok(())
    }

    /// How many octets of streamed message data [`body`](Self::body) still has to be given; 0 if nothing is streamed.
    #[must_use]
    pub fn body_left(&self) -> u64 {
        self.outgoing.as_ref().map_or(0, |outgoing| outgoing.left)
    }

    /// Takes one item of a FETCH that is written item by item.
    pub(super) fn fetch_attribute(&mut self, attribute: &FetchAttribute) -> Result<(), Misuse> {
        self.check_attribute(attribute)?;
        let options = self.options();
        let Some(outgoing) = &mut self.outgoing else {
            return Err(Misuse::State { wanted: "an open FETCH" });
        };
        if outgoing.left > 0 {
            return Err(Misuse::State { wanted: "the end of the message data" });
        }
        let Some(items) = &mut outgoing.items else { return Err(Misuse::State { wanted: "an open FETCH" }) };
        if mem::replace(items, items.saturating_add(1)) > 0 {
            self.output.put(b" ");
        }
        let mut encoder = Encoder::new(&mut self.output, options);
        attribute.encode(&mut encoder);
        // message data is the last of its item
        outgoing.left = encoder.cuts().last().map_or(0, |cut| cut.size);
        outgoing.binary = streams_literal8(attribute);
        Ok(())
    }

    /// Whether SELECT or EXAMINE is in progress.
    fn is_selecting(&self) -> bool {
        self.pending.iter().any(|pending| pending.kind == Kind::Select)
    }

    fn check(&self, response: &Response) -> Result<(), Misuse> {
        let state = |ok: bool, wanted| if ok { Ok(()) } else { Err(Misuse::State { wanted }) };
        let in_force = self.in_force;
        match response {
            Response::Tagged(_) | Response::Continue(_) => Err(Misuse::WrongReply),
            Response::Condition(condition) => match condition.kind() {
                ConditionKind::PreAuth => Err(Misuse::WrongReply),
                _ if condition.code() == Some(&Code::Closed) => self.check_mailbox(),
                _ => Ok(()),
            },
            Response::Capability(_) | Response::Id(_) | Response::Language(_) | Response::Other(_) => Ok(()),
            Response::Enabled(_) => {
                state(self.pending.iter().any(|pending| pending.kind == Kind::Enable), "ENABLE in progress")
            }
            Response::Exists(_)
            | Response::Recent(_)
            | Response::Flags(_)
            | Response::Sort(_)
            | Response::Thread(_) => self.check_mailbox(),
            Response::Search(_) => {
                state(!in_force.rev2, "IMAP4rev1: IMAP4rev2 has ESEARCH")?;
                self.check_mailbox()
            }
            Response::Esearch(_) => {
                state(self.offered.has_esearch(), "ESEARCH offered")?;
                self.check_authenticated()
            }
            Response::Fetch(fetch) => {
                self.check_fetch(false)?;
                self.check_attributes(fetch)
            }
            Response::UidFetch(fetch) => {
                self.check_fetch(true)?;
                self.check_attributes(fetch)
            }
            Response::Converted(converted) => self.check_converted(converted),
            Response::Expunge(_) => {
                state(
                    !in_force.uid_only && !in_force.qresync,
                    "neither QRESYNC nor UIDONLY: they have VANISHED",
                )?;
                self.check_expunge()
            }
            Response::Vanished(vanished) => {
                state(in_force.qresync || in_force.uid_only, "QRESYNC or UIDONLY enabled")?;
                if vanished.earlier { self.check_mailbox() } else { self.check_expunge() }
            }
            _ => self.check_authenticated(),
        }
    }

    fn check_authenticated(&self) -> Result<(), Misuse> {
        match self.state {
            State::Authenticated | State::Selected => Ok(()),
            _ => Err(Misuse::State { wanted: State::Authenticated.name() }),
        }
    }

    /// Whether there is a mailbox to speak of.
    fn check_mailbox(&self) -> Result<(), Misuse> {
        if self.state == State::Selected || self.is_selecting() {
            return Ok(());
        }
        Err(Misuse::State { wanted: State::Selected.name() })
    }

    /// RFC 9051 section 7.5.1, RFC 7162 section 3.2.10.2: only while a command is in progress that does not count messages.
    fn check_expunge(&self) -> Result<(), Misuse> {
        self.check_mailbox()?;
        let counts = |kind| matches!(kind, Kind::Numbers | Kind::Malformed | Kind::Refused);
        if self.pending.iter().any(|pending| counts(pending.kind)) {
            return Err(Misuse::State { wanted: "no command that counts messages in progress" });
        }
        // of a command that is not whole, nobody knows what it will be
        if self.pending.is_empty() && !self.notified || self.is_selecting() {
            return Err(Misuse::State { wanted: "a command in progress" });
        }
        Ok(())
    }

    pub(super) fn check_fetch(&self, uid: bool) -> Result<(), Misuse> {
        self.check_mailbox()?;
        match (uid, self.in_force.uid_only) {
            (false, true) => Err(Misuse::State { wanted: "UIDFETCH with UIDONLY" }),
            (true, false) => Err(Misuse::State { wanted: "UIDONLY enabled" }),
            _ => Ok(()),
        }
    }

    fn check_attributes(&self, fetch: &Fetch) -> Result<(), Misuse> {
        if fetch.attributes.is_empty() {
            return Err(Misuse::Empty);
        }
        fetch.attributes.iter().try_for_each(|attribute| self.check_attribute(attribute))
    }

    #[inline]
    fn check_attribute(&self, attribute: &FetchAttribute) -> Result<(), Misuse> {
        match attribute {
            FetchAttribute::ModSeq(_) if !self.in_force.condstore => {
                Err(Misuse::State { wanted: "CONDSTORE enabled" })
            }
            _ => Ok(()),
        }
    }

    fn check_converted(&self, _: &Converted) -> Result<(), Misuse> {
        self.check_mailbox()
    }
}

/// Whether the head of a literal at the end is that of a `literal8`.
fn is_literal8(text: &[u8]) -> bool {
    let head = text.iter().rposition(|&o| o == b'{');
    head.and_then(|at| at.checked_sub(1)).is_some_and(|at| text[at] == b'~')
}

/// Whether the message data of an item is streamed as a `literal8`.
fn streams_literal8(attribute: &FetchAttribute) -> bool {
    let data = match attribute {
        FetchAttribute::Section(found) => found.data.as_ref(),
        FetchAttribute::Binary(found) => found.data.as_ref(),
        FetchAttribute::Rfc822(data)
        | FetchAttribute::Rfc822Header(data)
        | FetchAttribute::Rfc822Text(data) => data.as_deref(),
        _ => None,
    };
    matches!(data, Some(MessageData::Streamed { binary: true, .. }))
}

/// Whether a response says that the mailbox is closed (RFC 7162 section 3.2.11).
fn is_closed(response: &Response) -> bool {
    let closed = |condition: &Condition| condition.is_ok() && condition.code() == Some(&Code::Closed);
    matches!(response, Response::Condition(condition) if closed(condition))
}
