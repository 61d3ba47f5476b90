//! serde (feature `serde`): what is not derived at its type, so that only what the constructors take is read.

use crate::{
    Capability, LanguageListing, LanguageRange, Mechanisms, More, PopUrl, ResponseCode, Status, UniqueId,
    UserName,
};
use alloc::string::{String, ToString};
use bytes::Bytes;
use serde::Deserialize;
use wire::{Misuse, Output, ParseError, Text};

wire::serde_octets! {
    UserName = UserName::as_bytes, UserName::new;
    UniqueId = UniqueId::as_bytes, UniqueId::tolerated;
    LanguageRange = LanguageRange::as_str, LanguageRange::new;
    ResponseCode = ResponseCode::name, ResponseCode::new;
    Capability = capability_line, Capability::new;
    Mechanisms = Mechanisms::as_bytes, |names| Text::new(names).map(Mechanisms::of);
    More = more_octets, |text| Text::new(text).map(More::from);
    PopUrl = PopUrl::to_string, url;
}

/// A capability is its line: one that is registered later reads as what it then is.
fn capability_line(capability: &Capability) -> Bytes {
    let mut output = Output::new();
    capability.encode(&mut output);
    let line = output.take_all();
    line.slice(..line.len() - b"\r\n".len())
}

fn more_octets(more: &More) -> &[u8] {
    more.text().as_bytes()
}

fn url(url: Bytes) -> Result<PopUrl, ParseError> {
    // URLs are ASCII, so what is not UTF-8 is refused
    PopUrl::parse(&String::from_utf8_lossy(&url))
}

/// The fields of a [`Status`], unchecked together.
#[derive(Deserialize)]
pub(crate) struct AnyStatus {
    positive: bool,
    code: Option<ResponseCode>,
    text: Text,
}

impl TryFrom<AnyStatus> for Status {
    type Error = Misuse;

    fn try_from(any: AnyStatus) -> Result<Self, Misuse> {
        let verbatim = Self::of(any.positive, any.text.clone());
        match any.code {
            // behind a code, text may look as it likes
            Some(code) => Ok(verbatim.with_code(code)),
            None if Self::parse(&verbatim.to_bytes()).as_ref() == Ok(&verbatim) => Ok(verbatim),
            None if any.positive => Self::ok(any.text.as_bytes()),
            None => Self::err(any.text.as_bytes()),
        }
    }
}

/// The fields of a [`LanguageListing`], unchecked together.
#[derive(Deserialize)]
pub(crate) struct AnyLanguage {
    tag: Text,
    description: Text,
}

impl TryFrom<AnyLanguage> for LanguageListing {
    type Error = Misuse;

    fn try_from(any: AnyLanguage) -> Result<Self, Misuse> {
        Self::tolerated(any.tag.to_bytes(), any.description)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Capabilities, DropListing, Greeting, Item, Limits, Lines, MessageNumber, Reply, ReplyKind, Response,
        ScanListing, State, UniqueIdListing, UrlAuth, Verb,
    };
    use alloc::vec::Vec;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde::{Serialize, de::DeserializeOwned};
    use wire::{Context, Tolerance};

    fn round_trip<T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(value: &T) {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
        let binary = postcard::to_allocvec(value).unwrap();
        assert_eq!(&postcard::from_bytes::<T>(&binary).unwrap(), value, "{json}");
    }

    fn written<T: Serialize>(value: T, json: &str) {
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
    }

    fn refused<T: DeserializeOwned + core::fmt::Debug>(rows: &[&str]) {
        for json in rows {
            let read = serde_json::from_str::<T>(json);
            assert!(read.is_err(), "{json}: {read:?}");
        }
    }

    #[test]
    fn what_is_written() {
        let number = MessageNumber::new(2).unwrap();
        let id = UniqueId::new("whqtswO00WBw418f9t5JxYwZ").unwrap();
        let status = Status::err("Busy").unwrap().with_code(ResponseCode::InUse);
        let busy = r#"{"positive":false,"code":"IN-USE","text":"Busy"}"#;
        written(status.clone(), busy);
        written(Reply::Status(status), &alloc::format!(r#"{{"Status":{busy}}}"#));
        written(
            Greeting::parse(&"+OK ready <1@h>\r\n".into()).unwrap(),
            r#"{"positive":true,"code":null,"text":"ready <1@h>"}"#,
        );
        written(
            Item::UniqueIdListing(UniqueIdListing::new(number, id)),
            r#"{"UniqueIdListing":{"message":2,"unique_id":"whqtswO00WBw418f9t5JxYwZ","more":""}}"#,
        );
        let capabilities = ["top", "SASL PLAIN SCRAM-SHA-256", "EXPIRE 30 USER", "X-\u{fc} y"];
        let capabilities = capabilities.into_iter().map(|line| Capability::new(line).unwrap());
        written(
            capabilities.collect::<Capabilities>(),
            "[\"TOP\",\"SASL PLAIN SCRAM-SHA-256\",\"EXPIRE 30 USER\",\"X-\u{fc} y\"]",
        );
        written(UserName::new(&b"caf\xe9"[..]).unwrap(), "[99,97,102,233]");
        written(
            LanguageListing::new("de", Text::new("Deutsch").unwrap()).unwrap(),
            r#"{"tag":"de","description":"Deutsch"}"#,
        );
        written(PopUrl::parse("pop://rg;AUTH=+APOP@host").unwrap(), r#""pop://rg;AUTH=+APOP@host""#);
        written(UrlAuth::Sasl(b"PLAIN".to_vec()), r#"{"Sasl":"PLAIN"}"#);
        written(Verb::Retr, r#""Retr""#);
    }

    #[test]
    fn what_cannot_be_sent_is_not_read() {
        refused::<MessageNumber>(&["0", "-1", "4294967296", "1.5", "\"1\"", "null"]);
        refused::<UniqueId>(&[r#""a b""#, r#""a\r\nb""#, "[13]", "[0]"]);
        refused::<UserName>(&[r#""""#, r#""a\r\nDELE 1""#, r#""a\u0000""#, "[97, 10]", r#""\t""#]);
        refused::<LanguageRange>(&[r#""""#, r#""-""#, r#""de-""#, r#""de\r\n""#, r#""123""#, r#""d\u00e9""#]);
        refused::<ResponseCode>(&[r#""""#, r#""A]""#, r#""A//B""#, r#""A\r\nB""#, r#""A B""#]);
        refused::<Capability>(&[r#""""#, r#""a\r\nb""#, r#"".""#, r#"".x""#, r#"" TOP""#, "[88, 13, 10]"]);
        refused::<Capabilities>(&[r#"["TOP", "a\r\nb"]"#, r#""TOP""#]);
        refused::<Mechanisms>(&[r#""PLAIN\r\n.""#, r#"["PLAIN"]"#]);
        refused::<More>(&[r#""a\nb""#, "null"]);
        refused::<PopUrl>(&[
            r#""pop://a%0d%0aDELE@host""#,
            r#""pop://ho\r\nst""#,
            r#""imap://host""#,
            r#""pop://caf\u00e9""#,
            "[112, 111, 112, 58, 47, 47, 233]",
        ]);
        refused::<Status>(&[
            r#"{"positive":true,"code":null,"text":"a\r\nb"}"#,
            r#"{"positive":true,"code":"A]","text":"a"}"#,
            r#"{"positive":true,"code":null}"#,
            r#""+OK ready""#,
        ]);
        refused::<Greeting>(&[r#"{"positive":true,"code":null,"text":"a\r\n"}"#]);
        refused::<LanguageListing>(&[
            r#"{"tag":"d e","description":"any"}"#,
            r#"{"tag":"","description":"none"}"#,
            r#"{"tag":"de","description":"a\r\nb"}"#,
        ]);
        refused::<ScanListing>(&[
            r#"{"message":0,"octets":1,"more":""}"#,
            r#"{"message":1,"octets":-1,"more":""}"#,
            r#"{"message":1,"octets":1,"more":"\r\n."}"#,
        ]);
        refused::<Item>(&[r#"{"Line":"a\nb"}"#, r#"{"Password":"x"}"#]);
        refused::<Reply>(&[
            r#"{"Mechanisms":{"status":{"positive":true,"code":null,"text":""},"lines":["A\r\n."]}}"#,
            r#"{"Challenge":"x"}"#,
        ]);
        refused::<State>(&[r#""Root""#, "1"]);
        assert!(postcard::from_bytes::<MessageNumber>(b"\0").is_err());
        assert!(postcard::from_bytes::<Capability>(b"\x06X\r\nY\r\n").is_err());
    }

    #[test]
    fn text_cannot_pass_for_a_code() {
        let json = r#"{"positive":false,"code":null,"text":"[IN-USE] said the text"}"#;
        let status: Status = serde_json::from_str(json).unwrap();
        assert_eq!(status, Status::err("[IN-USE] said the text").unwrap());
        round_trip(&status);
        round_trip(&Status::parse(&"-ERR [AUTH] [IN-USE] x\r\n".into()).unwrap());
    }

    #[test]
    fn limits_that_are_not_given_are_not_unlimited() {
        round_trip(&Limits::client());
        let limits: Limits = serde_json::from_str(r#"{"max_line": 1000, "max_reply_lines": null}"#).unwrap();
        let mut expected = Limits::server();
        expected.max_line = 1000;
        expected.max_reply_lines = None;
        assert_eq!(limits, expected);
        refused::<Limits>(&[r#"{"max_lines": 1000}"#, r#"{"max_line": -1}"#, r#"{"max_line": null}"#]);
    }

    #[test]
    fn tables_round_trip() {
        for verb in Verb::KEYWORDS {
            let verb = Verb::of(verb.as_bytes());
            round_trip(&verb);
            round_trip(&verb.reply_kind(true));
            round_trip(&verb.reply_kind(false));
        }
        round_trip(&Verb::Other);
        round_trip(&ReplyKind::Lines);
        for state in [State::Greeting, State::Authorization, State::Transaction, State::Update, State::Closed]
        {
            round_trip(&state);
        }
        for line in ["SASL", "SASL  plain  b@d ", "IMPLEMENTATION ", "utf8 user", "TOP of the world", "X "] {
            round_trip(&Capability::new(line).unwrap());
        }
    }

    fn any_reply() -> impl Strategy<Value = Reply> {
        let status = Status::strategy;
        let texts = vec(Text::strategy(), 0..5);
        prop_oneof![
            status().prop_map(Reply::Status),
            status().prop_map(Reply::MultiLine),
            DropListing::strategy().prop_map(Reply::DropListing),
            ScanListing::strategy().prop_map(Reply::ScanListing),
            UniqueIdListing::strategy().prop_map(Reply::UniqueIdListing),
            (status(), vec(Capability::strategy(), 0..5))
                .prop_map(|(status, lines)| Reply::capabilities(status, lines.into_iter().collect())),
            (status(), texts).prop_map(|(status, lines)| Reply::Mechanisms(Lines { status, lines }.into())),
            (status(), vec(LanguageListing::strategy(), 0..5))
                .prop_map(|(status, lines)| Reply::languages(status, lines)),
        ]
    }

    fn any_item() -> impl Strategy<Value = Item> {
        prop_oneof![
            ScanListing::strategy().prop_map(Item::ScanListing),
            UniqueIdListing::strategy().prop_map(Item::UniqueIdListing),
            Text::strategy().prop_map(Item::Line),
        ]
    }

    proptest! {
        // each reply holds most of the other types
        #[test]
        fn replies_round_trip(reply in any_reply(), item in any_item()) {
            round_trip(&reply);
            round_trip(&item);
        }

        #[test]
        fn values_round_trip(
            number in MessageNumber::strategy(),
            id in UniqueId::strategy(),
            range in LanguageRange::strategy(),
            code in ResponseCode::strategy(),
            capability in Capability::strategy(),
            greeting in Greeting::strategy(),
            url in PopUrl::strategy(),
            text in Text::strategy(),
        ) {
            round_trip(&number);
            round_trip(&id);
            round_trip(&range);
            round_trip(&code);
            round_trip(&capability);
            round_trip(&greeting);
            round_trip(url.auth());
            round_trip(&url);
            round_trip(&UrlAuth::Extension(text.as_bytes().to_vec()));
            round_trip(&Mechanisms::of(text.clone()));
            round_trip(&More::from(text));
        }

        #[test]
        fn what_a_tolerant_client_took_is_read_again(
            octets in "(\\+OK|-ERR) ?(\\[AUTH\\]|\\[X\0\\]|1|2| |x|\u{e9}|\0|\r\n|\\.){0,20}\r\n(\\.\r\n)?",
        ) {
            let frame = Bytes::from(octets);
            for kind in ["STAT", "LIST 1", "LIST", "UIDL 1", "UIDL", "RETR 1", "CAPA", "AUTH", "LANG", "XTND x"] {
                let kind = ReplyKind::of_line(kind.as_bytes());
                match Response::parse_in(&Context::new(&frame, Tolerance::Lenient), kind) {
                    Ok(Response::Reply(reply) | Response::Message(reply, _)) => round_trip(&reply),
                    Ok(Response::Listing(reply, items)) => {
                        round_trip(&reply);
                        round_trip(&items);
                    }
                    _ => {}
                }
            }
        }

        #[test]
        fn nothing_is_read_that_the_constructors_refuse(octets: Vec<u8>, line in "[ -~\r\n]{0,9}") {
            for octets in [octets, line.into_bytes()] {
                // in postcard a list of octets looks as bytes do
                let binary = postcard::to_allocvec(&octets).unwrap();
                let json = serde_json::to_string(&octets).unwrap();
                let name = UserName::new(octets.clone()).ok();
                prop_assert_eq!(postcard::from_bytes(&binary).ok(), name.clone());
                prop_assert_eq!(serde_json::from_str(&json).ok(), name.clone());
                name.iter().for_each(round_trip);
                let capability = Capability::new(octets).ok();
                prop_assert_eq!(postcard::from_bytes(&binary).ok(), capability.clone());
                capability.iter().for_each(round_trip);
            }
        }
    }
}
