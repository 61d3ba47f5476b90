//! What any server may send, through the client machine: no panic, the same events and the same output under
//! every chunking, and every promise of a machine kept. The session is that of a proxy: replies of fuzzed kinds
//! are expected, whatever comes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pop3_proto::client::{Client, Config, Event};
use wire::{CommandId, Fatal, Machine, Pause, Step};

fuzz_target!(|data: &[u8]| {
    let Some((&[a, b, c, d, settings, ahead, kinds @ ..], stream)) = data.split_first_chunk::<16>() else {
        return;
    };
    let mut logs =
        fuzz::chunkings([a, b, c, d], stream).map(|chunks| Session::play(settings, ahead, kinds, &chunks));
    let [whole, others @ ..] = &mut logs;
    for log in others {
        assert_eq!(log, whole, "the chunks matter");
    }
});

#[derive(Debug, PartialEq)]
enum Said {
    Event(Event),
    Sent(bytes::Bytes),
    Failed(Fatal),
    Closed,
    NeedInput,
}

struct Session {
    client: Client,
    settings: u8,
    kinds: [u8; 10],
    expected: usize,
    challenges: u8,
    /// A challenge waits: who goes on feeding the client then fills it.
    paused: bool,
    log: Vec<Said>,
}

impl Session {
    fn play(settings: u8, ahead: u8, kinds: [u8; 10], chunks: &[&[u8]]) -> Vec<Said> {
        let mut config = Config::default();
        config.tolerance = fuzz::tolerance(settings & 3);
        config.line_endings = fuzz::policy(settings >> 2 & 3);
        if fuzz::bit(settings, 4) {
            config.limits.max_line = 64;
            config.limits.max_auth_line = 96;
            config.limits.max_reply_lines = Some(3);
            config.limits.max_list_items = Some(3);
            config.limits.max_message = Some(100);
            config.limits.max_pipelined = 8;
        }
        let limit = config.limits.max_line.max(config.limits.max_auth_line);
        let mut session = Self {
            client: Client::new(config),
            settings,
            kinds,
            expected: 0,
            challenges: 0,
            paused: false,
            log: Vec::new(),
        };
        (0..ahead % 10).for_each(|_| session.expect());
        for chunk in chunks {
            session.client.receive(chunk);
            if !session.drain() {
                return session.log;
            }
        }
        session.client.receive_eof();
        if session.drain() {
            session.log.push(Said::NeedInput);
        }
        let unread = session.client.into_parts().unread.len();
        assert!(session.paused || unread <= limit, "keeps more than a line");
        session.log
    }

    fn expect(&mut self) {
        let kind = fuzz::kind(self.kinds[self.expected % self.kinds.len()]);
        self.expected += 1;
        let before = self.client.outstanding();
        let result = self.client.expect(kind);
        assert_eq!(self.client.outstanding(), before + usize::from(result.is_ok()));
    }

    /// Whether more may be fed.
    fn drain(&mut self) -> bool {
        loop {
            let event = match fuzz::step(&mut self.client) {
                Ok(Step::Event(event)) => event,
                // a challenge that was not answered waits, and the stream may go on
                Ok(step @ (Step::NeedInput | Step::Paused(Pause::Respond))) => {
                    self.paused = step != Step::NeedInput;
                    return true;
                }
                Ok(Step::Closed) => {
                    self.log.push(Said::Closed);
                    return false;
                }
                Ok(Step::Paused(pause)) => panic!("paused for {pause:?}"),
                Err(failure) => {
                    self.log.push(Said::Failed(failure));
                    return false;
                }
            };
            if !self.handle(event) {
                return false;
            }
        }
    }

    fn handle(&mut self, event: Event) -> bool {
        match &event {
            Event::Reply { reply, .. } if !matches!(reply, pop3_proto::Reply::MultiLine(_)) => self.expect(),
            Event::End { .. } | Event::Malformed { ends_command: true, .. } => self.expect(),
            Event::Challenge { id, .. } => self.respond(*id),
            Event::Malformed { id: Some(id), .. } => self.respond(*id),
            _ => {}
        }
        // behind it the chunks do matter: plaintext that is there already is fatal
        let goes_on = !matches!(event, Event::StartTls { .. });
        match (self.log.last_mut(), event) {
            (Some(Said::Event(Event::BodyChunk { id, data })), Event::BodyChunk { id: of, data: more })
                if *id == of =>
            {
                *data = [&data[..], &more].concat().into()
            }
            (_, event) => self.log.push(Said::Event(event)),
        }
        let output = self.client.output();
        if !output.is_empty() {
            self.log.push(Said::Sent(output.take_all()));
        }
        goes_on
    }

    fn respond(&mut self, id: CommandId) {
        self.challenges = self.challenges.wrapping_add(1);
        let before = self.client.output().len();
        let result = match self.challenges.wrapping_add(self.settings >> 5) % 4 {
            0 => self.client.auth_respond(id, &[b'x'; 90]),
            1 => self.client.auth_respond(id, b""),
            2 => self.client.auth_cancel(id),
            _ => Ok(()),
        };
        if result.is_err() {
            assert_eq!(self.client.output().len(), before, "misuse wrote something");
        }
    }
}
