//! What is counted, and how it is printed.

use crate::play::say;
use serde::Serialize;

/// What a replay has counted, in a file or in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Connections.
    pub(crate) sessions: u64,
    /// Octets of both sides.
    pub(crate) bytes_in: u64,
    /// Commands and SASL responses, malformed ones too.
    pub(crate) client_messages: u64,
    /// Greetings, replies and challenges, malformed ones too.
    pub(crate) server_messages: u64,
    /// Messages of the client that could not be parsed.
    pub(crate) malformed_client: u64,
    /// Messages of the server, or parts of them, that could not be parsed.
    pub(crate) malformed_server: u64,
    /// What was repaired or remarked, on both sides.
    pub(crate) diagnostics: u64,
    /// A message, encoded and parsed again, was another, or encoded differently the second time.
    pub(crate) roundtrip_failures: u64,
    /// Another chunking gave other events.
    pub(crate) split_mismatches: u64,
    /// We refuse what the recorded server took, or commands and replies do not line up.
    pub(crate) disagreements: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        let Self {
            sessions,
            bytes_in,
            client_messages,
            server_messages,
            malformed_client,
            malformed_server,
            diagnostics,
            roundtrip_failures,
            split_mismatches,
            disagreements,
        } = other;
        self.sessions += sessions;
        self.bytes_in += bytes_in;
        self.client_messages += client_messages;
        self.server_messages += server_messages;
        self.malformed_client += malformed_client;
        self.malformed_server += malformed_server;
        self.diagnostics += diagnostics;
        self.roundtrip_failures += roundtrip_failures;
        self.split_mismatches += split_mismatches;
        self.disagreements += disagreements;
    }

    /// Whether the exit status is 0.
    pub(crate) fn is_well(&self) -> bool {
        self.malformed_server == 0
            && self.roundtrip_failures == 0
            && self.split_mismatches == 0
            && self.disagreements == 0
    }
}

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table.
    #[default]
    Text,
    /// An object a line.
    Json,
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    counts: &'a Counts,
}

pub(crate) fn head(format: Format) {
    if format == Format::Text {
        say("    bytes  client   server malformed malformed   diag- roundtrip  split  disagree-");
        say("       in messages messages client    server   nostics failures mismatches ments file");
    }
}

pub(crate) fn print(format: Format, file: &str, counts: &Counts) -> Result<(), String> {
    match format {
        Format::Json => {
            let line = serde_json::to_string(&Line { file, counts }).map_err(|error| error.to_string())?;
            say(&line);
        }
        Format::Text => {
            let Counts { bytes_in, client_messages, server_messages, .. } = counts;
            let Counts { malformed_client, malformed_server, diagnostics, .. } = counts;
            let Counts { roundtrip_failures, split_mismatches, disagreements, .. } = counts;
            let name =
                if file == "total" { format!("total of {} sessions", counts.sessions) } else { file.into() };
            say(&format!(
                "{bytes_in:>9} {client_messages:>8} {server_messages:>8} {malformed_client:>6} \
                 {malformed_server:>9} {diagnostics:>9} {roundtrip_failures:>8} {split_mismatches:>10} \
                 {disagreements:>5} {name}"
            ));
        }
    }
    Ok(())
}
