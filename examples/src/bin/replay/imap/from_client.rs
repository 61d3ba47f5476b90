//! What our server makes of the recorded client's octets.

use super::{Offered, Session, Verdict};
use crate::play::Digest;
use bytes::Bytes;
use imap_proto::server::{Event, Refusal};
use imap_proto::{Command, Context, Tag, TaggedCommand};
use wire::testing::Side;
use wire::{CommandId, Machine, Malformed, Misuse, Tolerance};

impl Session {
    pub(super) fn client_says(&mut self, event: Event) {
        let ends = !matches!(
            event,
            Event::Diagnostic(_)
                | Event::BodyOffered { .. }
                | Event::BodyChunk { .. }
                | Event::BodyEnd { .. }
        );
        match event {
            Event::Diagnostic(diagnostic) => {
                let raw = diagnostic.raw.expose().escape_ascii().to_string();
                self.played.remark(Side::Client, format!("{diagnostic}: {raw}"));
            }
            Event::Command { id, tag, command } => {
                self.command(&tag, &command);
                self.register(Some(tag), id, &command, Verdict::Good);
            }
            Event::Refused { id, command, refusal } => self.refused(id, command, &refusal),
            Event::Malformed { id, malformed } => self.malformed_line(id, &malformed),
            Event::BodyOffered { id, offer } => {
                let shown = format!("{:?}, {} octets", offer.prefix, offer.size);
                self.played.log(Side::Client, "offer", shown);
                self.appended = Some(Digest::new());
                self.appended_octets = 0;
                if offer.synchronising {
                    // until the recorded server has said what becomes of it
                    self.offered = Some(Offered { at_server: id, tag: offer.tag });
                } else {
                    self.accept_body(id);
                }
            }
            Event::BodyChunk { data, .. } => {
                self.appended_octets += data.len() as u64;
                if let Some(digest) = &mut self.appended {
                    digest.add(&data);
                }
            }
            Event::BodyEnd { .. } => {
                let digest = self.appended.take().unwrap_or(Digest::new());
                self.played.body(Side::Client, self.appended_octets, digest);
            }
            Event::AuthResponse { id, data } => {
                self.played.counts.client_messages += 1;
                self.played.log(Side::Client, "response", format!("<redacted>, {} octets", data.len()));
                self.tell_client(id, |client, id| client.auth_respond(id, data.expose()));
            }
            Event::AuthCancelled { id } => {
                self.played.counts.client_messages += 1;
                self.played.log(Side::Client, "cancel", "*");
                self.tell_client(id, imap_proto::Client::auth_cancel);
            }
            Event::IdleDone { id } => {
                self.played.counts.client_messages += 1;
                self.played.log(Side::Client, "done", "DONE");
                self.tell_client(id, imap_proto::Client::idle_done);
            }
            Event::StartTls { .. } | Event::Compress { .. } => {}
            other => self.played.log(Side::Client, "other", format!("{other:?}")),
        }
        if ends {
            self.start = self.read();
        }
    }

    /// A command that is well formed.
    fn command(&mut self, tag: &Tag, command: &Command) {
        self.played.counts.client_messages += 1;
        self.played.log(Side::Client, "command", format!("{tag:?} {command:?}"));
        let tagged = TaggedCommand { tag: tag.clone(), command: command.clone() };
        if self.is_streamed(&tagged) {
            return;
        }
        let (options, utf8) = (self.options(Side::Client), self.utf8());
        self.played.round_trip(
            Side::Client,
            &tagged,
            |command| command.to_bytes(&options),
            |octets| TaggedCommand::parse_in(&Context::new(octets, Tolerance::Lenient).utf8(utf8)),
        );
    }

    /// Whether some of its octets were handed out before.
    fn is_streamed(&self, command: &TaggedCommand) -> bool {
        let mut output = wire::Output::new();
        let mut encoder = imap_proto::Encoder::new(&mut output, self.options(Side::Client));
        command.encode(&mut encoder);
        !encoder.cuts().is_empty()
    }

    fn refused(&mut self, id: CommandId, command: Option<Command>, refusal: &Refusal) {
        self.played.counts.client_messages += 1;
        self.played.log(Side::Client, "refused", refusal.to_string());
        let tag = self.tag_being_read();
        let command = command.unwrap_or(Command::Noop);
        self.register(tag, id, &command, Verdict::Refused(refusal.to_string()));
    }

    fn malformed_line(&mut self, id: CommandId, malformed: &Malformed) {
        self.played.counts.malformed_client += 1;
        self.played.counts.client_messages += 1;
        let shown = malformed.frame.expose().escape_ascii().to_string();
        self.played.log(Side::Client, "malformed", format!("{malformed}: {shown}"));
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.at_server == id) {
            // within AUTHENTICATE or IDLE: the recorded server decides what becomes of it
            waiting.verdict = Verdict::Refused(malformed.to_string());
            if malformed.verb == Some("IDLE") {
                self.tell_client(id, imap_proto::Client::idle_done);
            } else {
                self.tell_client(id, |client, id| client.auth_respond(id, b""));
            }
            return;
        }
        let tag = TaggedCommand::tag_of(malformed.frame.expose());
        self.register(tag, id, &Command::Noop, Verdict::Refused(malformed.to_string()));
    }

    /// The tag of what our server reads, if it says it.
    pub(super) fn tag_being_read(&self) -> Option<Tag> {
        TaggedCommand::tag_of(&Bytes::copy_from_slice(&self.said[self.start..]))
    }

    pub(super) fn accept_body(&mut self, id: CommandId) {
        let Some(server) = &mut self.server else { return };
        if let Err(misuse) = server.accept_body(id) {
            self.played.disagree(Side::Client, &misuse);
        }
    }

    fn tell_client(
        &mut self,
        at_server: CommandId,
        tell: impl FnOnce(&mut imap_proto::Client, CommandId) -> Result<(), Misuse>,
    ) {
        let Some(id) = self.at_client(at_server) else { return };
        if let Err(misuse) = tell(&mut self.client, id) {
            self.played.log(Side::Client, "remark", format!("our client would not: {misuse}"));
        }
        let _ = self.client.output().take_all();
    }
}
