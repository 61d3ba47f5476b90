//! Commands with literals: what waits for `+`, and what the caller streams.

use super::{Client, Event};
use crate::{AppendData, CatenatePart, Command, Cut, MessageData};
use alloc::vec::Vec;
use bytes::{Buf, Bytes};
use wire::{BodyError, CommandId, Misuse, Output};

/// A command that has not gone out whole (RFC 9051 section 4.3).
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) id: CommandId,
    /// What follows, without the octets that are streamed.
    rest: Output,
    /// Octets of it that were sent.
    at: usize,
    /// Behind which octets the server must say `+`; and where streamed octets come. Both ascending.
    waits: Vec<usize>,
    cuts: Vec<Cut>,
    next_wait: usize,
    next_cut: usize,
    /// Which of the streamed literals may hold NUL.
    binary: Vec<bool>,
    /// Octets of the streamed literal that are due.
    left: u64,
    /// The first octet of the stream that can be the `+` that it waits for.
    waiting: Option<u64>,
    /// The command is complete before it has gone out whole: what was announced is still sent, so that the server stays in step.
    pub(super) answered: bool,
}

impl Sending {
    pub(super) fn new(
        id: CommandId,
        command: &Command,
        rest: Output,
        waits: Vec<usize>,
        cuts: Vec<Cut>,
    ) -> Self {
        Self {
            binary: streamed(command),
            id,
            rest,
            at: 0,
            waits,
            cuts,
            next_wait: 0,
            next_cut: 0,
            left: 0,
            waiting: None,
            answered: false,
        }
    }

    /// Whether octets of a literal are due.
    pub(super) const fn is_due(&self) -> bool {
        self.left > 0
    }

    /// Whether it is one line, without literals.
    pub(super) fn is_line(&self) -> bool {
        let first = memchr::memchr(b'\n', self.rest.chunk());
        first.is_none_or(|at| at + 1 == self.rest.len())
    }
}

/// Which of the streamed literals of a command are `literal8`s.
fn streamed(command: &Command) -> Vec<bool> {
    let mut binary = Vec::new();
    let mut note = |data: &MessageData, always: bool| {
        if let MessageData::Streamed { binary: octets, .. } = data {
            binary.push(*octets || always);
        }
    };
    let messages = match command {
        Command::Append(append) => append.messages(),
        Command::Replace(replace) | Command::UidReplace(replace) => core::slice::from_ref(&replace.with),
        _ => &[],
    };
    for message in messages {
        match &message.data {
            AppendData::Message(data) => note(data, false),
            AppendData::Utf8(data) => note(data, true),
            AppendData::Catenate(parts) => parts.parts().iter().for_each(|part| match part {
                CatenatePart::Url(_) => {}
                CatenatePart::Text(data) => note(data, false),
                CatenatePart::Utf8(data) => note(data, true),
            }),
            AppendData::Other(_) => {}
        }
    }
    binary
}

impl Client {
    /// Writes a piece of a streamed literal. Large pieces go by reference. With its last octet the rest of the command goes out.
    ///
    /// # Errors
    /// * [`BodyError::Full`]: the output is at its high-water mark; send some, then offer the piece again.
    /// * [`BodyError::TooLong`]: more than is left of the literal; nothing of the piece was taken.
    /// * [`BodyError::Misuse`]: no octets of this command are due; or NUL, which only a `literal8` may hold (RFC 9051 section 4.3), and nothing
    ///   of the piece was taken.
    pub fn body(&mut self, id: CommandId, data: &Bytes) -> Result<(), BodyError> {
        let sending = match &mut self.sending {
            Some(sending) if sending.id != id => return Err(Misuse::UnknownId.into()),
            Some(sending) if sending.is_due() => sending,
            _ => return Err(Misuse::State { wanted: "a literal that is due" }.into()),
        };
        if self.output.is_full() {
            return Err(BodyError::Full);
        }
        let len = data.len() as u64;
        if len > sending.left {
            return Err(BodyError::TooLong { limit: sending.left });
        }
        let binary = sending.next_cut.checked_sub(1).and_then(|index| sending.binary.get(index));
        if let Some(offset) = memchr::memchr(0, data).filter(|_| binary != Some(&true)) {
            return Err(Misuse::IllegalOctet { offset }.into());
        }
        sending.left -= len;
        let done = sending.left == 0;
        self.output.put_bytes(data.clone());
        if done {
            self.send_on();
            self.release();
        }
        Ok(())
    }

    /// Says that a streamed literal has all its octets. It ends by itself: this only checks.
    ///
    /// # Errors
    /// [`Misuse::State`]: octets are missing. [`Misuse::UnknownId`]: no such command is unfinished.
    pub fn end_body(&mut self, id: CommandId) -> Result<(), Misuse> {
        match &self.sending {
            Some(sending) if sending.id == id && sending.is_due() => {
                Err(Misuse::State { wanted: "the rest of the literal" })
            }
            Some(sending) if sending.id == id => Ok(()),
            _ if self.position(id).is_some() => Ok(()),
            _ => Err(Misuse::UnknownId),
        }
    }

    /// Writes as much of the command as may go out.
    pub(super) fn send_on(&mut self) {
        let earliest = self.received();
        let Some(sending) = &mut self.sending else { return };
        loop {
            if sending.left > 0 || sending.waiting.is_some() {
                return;
            }
            let wait = sending.waits.get(sending.next_wait).copied();
            let cut = sending.cuts.get(sending.next_cut).copied();
            let end = sending.at + sending.rest.len();
            let stop = wait.unwrap_or(end).min(cut.map_or(end, |cut| cut.offset));
            let octets = stop.saturating_sub(sending.at);
            self.output.take_over(&mut sending.rest, octets);
            sending.at = stop;
            if wait == Some(stop) {
                sending.next_wait += 1;
                if sending.answered {
                    // the server has given the command up, and takes the head of this literal for its end
                    break;
                }
                sending.waiting = Some(earliest);
            } else if let Some(cut) = cut.filter(|cut| cut.offset == stop) {
                let index = sending.next_cut;
                sending.next_cut += 1;
                sending.left = cut.size;
                if cut.size > 0 {
                    self.events.push(Event::SendBody { id: sending.id, size: cut.size, index });
                }
            } else {
                break;
            }
        }
        self.sending = None;
    }

    /// Whether a `+` that stands there in the stream is what a literal waits for.
    pub(super) fn is_awaited(&self, at: u64) -> bool {
        let waiting = self.sending.as_ref().and_then(|sending| sending.waiting);
        waiting.is_some_and(|earliest| earliest <= at)
    }

    /// `+` came: what waited for it goes on.
    pub(super) fn go_ahead(&mut self) {
        if let Some(sending) = &mut self.sending {
            sending.waiting = None;
        }
        self.send_on();
        self.release();
    }

    /// The command in the midst of whose literals we are is complete.
    pub(super) fn stop_sending(&mut self, id: CommandId) {
        match &mut self.sending {
            Some(sending) if sending.id == id && sending.is_due() => sending.answered = true,
            Some(sending) if sending.id == id => self.sending = None,
            _ => {}
        }
    }
}
