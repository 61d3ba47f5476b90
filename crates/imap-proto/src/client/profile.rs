//! Servers with known defects, and how they are written to: rules W of the project's list of IMAP quirks.

use crate::{Capabilities, Greeting, Id, Options};

/// A server that needs more, or bears less, than the RFCs say. Recognised by its greeting, its capabilities or its ID response; all that it
/// changes can be seen here, and [switched](super::Client::set_profile).
///
/// ```
/// use imap_proto::client::{Client, Config, Event, PROFILES};
/// use wire::{Machine, Step};
///
/// let mut client = Client::new(Config::default());
/// client.receive(b"* OK [CAPABILITY IMAP4rev1 XYZZY X-GM-EXT-1] Gimap ready for requests from 192.0.2.1\r\n");
/// let Ok(Step::Event(Event::Greeting(_))) = client.next_event() else { panic!() };
/// assert_eq!(client.profile().unwrap().name, "Gmail");
/// assert!(client.options().expand_macros);
/// client.set_profile(None);
/// assert!(!client.options().expand_macros);
/// assert!(PROFILES.len() > 10);
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "independent switches, each with its own rule")]
pub struct Profile {
    /// What it is called.
    pub name: &'static str,
    /// What its greeting has in it: one of these.
    greeting: &'static [&'static str],
    /// Which capabilities only it has: one of these.
    capability: &'static [&'static str],
    /// What the name or vendor in its ID response has in it: one of these.
    id: &'static [&'static str],
    /// What it offers and does not do, so that it counts as not offered (rows 22, 41, 42).
    pub broken: &'static [&'static str],
    /// The longest line of a command, in octets (row 120).
    pub max_line: Option<usize>,
    /// ALL, FAST and FULL are written out (row 119).
    pub expand_macros: bool,
    /// It wants ID before SELECT (row 32): for the application to send.
    pub wants_id: bool,
    /// `LIST` of one name with RETURN may yield nothing though the mailbox exists (row 40): ask again without.
    pub retry_list: bool,
    /// SEARCH with CHARSET fails: leave it out, or search for ASCII (row 70).
    pub no_charset: bool,
}

/// A profile in which nothing is set.
const NONE: Profile = Profile {
    name: "",
    greeting: &[],
    capability: &[],
    id: &[],
    broken: &[],
    max_line: None,
    expand_macros: false,
    wants_id: false,
    retry_list: false,
    no_charset: false,
};

/// The servers that are known: the first that fits counts.
pub static PROFILES: &[Profile] = &[
    Profile {
        name: "Gmail",
        greeting: &["Gimap ready"],
        capability: &["X-GM-EXT-1"],
        id: &["GImap"],
        max_line: Some(16_384),
        expand_macros: true,
        ..NONE
    },
    Profile {
        name: "Exchange 2003",
        greeting: &["Microsoft Exchange Server 2003"],
        broken: &["NAMESPACE"],
        ..NONE
    },
    Profile {
        name: "Exchange",
        greeting: &["Microsoft Exchange"],
        id: &["Microsoft.Exchange"],
        no_charset: true,
        ..NONE
    },
    Profile {
        name: "Proton Bridge",
        greeting: &["Proton Mail Bridge", "ProtonMail Bridge", "gluon"],
        id: &["Proton Mail Bridge", "ProtonMail Bridge", "gluon"],
        broken: &["SPECIAL-USE"],
        ..NONE
    },
    Profile { name: "163.com", greeting: &["Coremail System"], id: &["coremail"], wants_id: true, ..NONE },
    Profile { name: "QQ", greeting: &["XMIMAP", "QQMail"], id: &["exmail.qq.com"], wants_id: true, ..NONE },
    Profile { name: "Courier", greeting: &["Courier-IMAP"], max_line: Some(16_384), ..NONE },
    Profile { name: "Dovecot", greeting: &["Dovecot"], id: &["Dovecot"], max_line: Some(65_536), ..NONE },
    Profile {
        name: "Yahoo",
        greeting: &["IMAP4rev1 imapgate", "imapgate-"],
        capability: &["XYMHIGHESTMODSEQ"],
        id: &["Yahoo"],
        max_line: Some(1000),
        ..NONE
    },
    Profile { name: "UW", greeting: &["IMAP4rev1 200"], max_line: Some(1000), ..NONE },
    Profile { name: "GMX", greeting: &["IMAP server ready H mi", "Nemesis"], ..NONE },
    Profile { name: "iCloud", capability: &["XAPPLEPUSHSERVICE"], id: &["iCloud"], ..NONE },
    Profile { name: "Strato", greeting: &["STRATO"], retry_list: true, ..NONE },
    Profile { name: "hMailServer", greeting: &["hMailServer"], ..NONE },
    Profile { name: "mailo.com", greeting: &["mailo.com"], ..NONE },
];

/// Whether one of the words is in the text, in this case.
fn is_in(words: &[&str], text: &[u8]) -> bool {
    words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
}

impl Profile {
    pub(super) fn of_greeting(greeting: &Greeting) -> Option<&'static Self> {
        let text = greeting.condition().text().as_bytes();
        PROFILES.iter().find(|profile| is_in(profile.greeting, text))
    }

    pub(super) fn of_capabilities(capabilities: &Capabilities) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.capability.iter().any(|name| capabilities.has_name(name)))
    }

    pub(super) fn of_id(id: &Id) -> Option<&'static Self> {
        let fields = ["name", "vendor"];
        PROFILES.iter().find(|profile| {
            fields.iter().any(|field| id.get(field).is_some_and(|value| is_in(profile.id, value.as_bytes())))
        })
    }

    /// How it is written to.
    pub(super) fn apply(&self, options: &mut Options) {
        options.expand_macros |= self.expand_macros;
        if let Some(max_line) = self.max_line {
            options.max_quoted = options.max_quoted.min(max_line / 2);
        }
    }
}
