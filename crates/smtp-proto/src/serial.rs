//! serde (feature `serde`): what is not derived at its type, so that only what the constructors take is read.

use crate::{Attributes, Ehlo, EnhancedCode, Mail, Rcpt, Reply};
use alloc::string::ToString;

wire::serde_octets! {
    EnhancedCode = EnhancedCode::to_string, EnhancedCode::parse;
    Reply = Reply::as_bytes, |block| Reply::parse(&block);
    Ehlo = ehlo_octets, |block| Ehlo::parse(&block);
    Mail = Mail::as_bytes, Mail::tolerated;
    Rcpt = Rcpt::as_bytes, Rcpt::tolerated;
    Attributes = Attributes::as_bytes, Attributes::tolerated;
}

fn ehlo_octets(ehlo: &Ehlo) -> &[u8] {
    ehlo.reply().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Condition, ReplyCode};
    use alloc::format;
    use proptest::prelude::*;
    use serde::{Serialize, de::DeserializeOwned};

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
        let code = Condition::BAD_MAILBOX.permanent();
        written(ReplyCode::OK, "250");
        written(code, r#""5.1.1""#);
        written(
            Reply::new(ReplyCode::MAILBOX_UNAVAILABLE, Some(code), "no").unwrap(),
            r#""550 5.1.1 no\r\n""#,
        );
        written(Reply::new(ReplyCode::OK, None, b"\xe9").unwrap(), "[50,53,48,32,233,13,10]");
    }

    #[test]
    fn what_cannot_be_sent_is_not_read() {
        refused::<ReplyCode>(&["199", "600", "-1", "65786", "\"250\"", "null"]);
        refused::<EnhancedCode>(&[r#""3.0.0""#, r#""5.1""#, r#""5.1.1 ""#, r#""5.1.1\r\n""#, "511", r#""""#]);
        refused::<Reply>(&[
            r#""""#,
            r#""250 Ok""#,
            r#""250 Ok\n""#,
            r#""250-Ok\r\n""#,
            r#""250 Ok\r\n250 Ok\r\n""#,
            r#""250 a\u0000\r\n""#,
            r#""250 a\rb\r\n""#,
            r#""199 a\r\n""#,
            "250",
        ]);
    }

    #[test]
    fn a_reply_to_ehlo_is_its_octets() {
        written(
            Ehlo::new("h", "", [crate::Capability::Pipelining]).unwrap(),
            r#""250-h\r\n250 PIPELINING\r\n""#,
        );
        refused::<Ehlo>(&[r#""550 no\r\n""#, r#""250-h\r\n""#, r#""250 h""#, "[50, 53, 48, 0, 13, 10]"]);
    }

    #[test]
    fn mail_and_rcpt_are_their_arguments() {
        written(Mail::parse("<a@b> SIZE=1").unwrap(), r#""<a@b> SIZE=1""#);
        round_trip(&Mail::tolerated("<a@b> SIZE=x").unwrap());
        let bad = [r#""<a@b> \r\nRCPT TO:<x@y>""#, r#""<a@b>\n""#, r#""<a@b> X\u0000""#, r#""<a@b> ""#, "7"];
        refused::<Mail>(&bad);
        refused::<Rcpt>(&bad);
        refused::<Attributes>(&[r#""NAME""#, r#""NAME=a\r\n""#, r#""NAME=a  ""#, r#""""#]);
    }

    proptest! {
        #[test]
        fn values_round_trip(
            reply in Reply::strategy(),
            ehlo in Ehlo::strategy(),
            code in ReplyCode::strategy(),
            enhanced in EnhancedCode::strategy(),
            mail in Mail::strategy(),
            rcpt in Rcpt::strategy(),
            attributes in Attributes::strategy(),
        ) {
            round_trip(&mail);
            round_trip(&rcpt);
            round_trip(&attributes);
            round_trip(&reply);
            round_trip(&ehlo);
            round_trip(&code);
            round_trip(&enhanced);
            round_trip(&format!("{enhanced}"));
        }
    }
}
