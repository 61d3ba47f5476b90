//! serde (feature `serde`): what is not derived at its type, so that only what the constructors take is read.

use crate::{Mail, Rcpt};

wire::serde_octets! {
    Mail = Mail::as_bytes, Mail::tolerated;
    Rcpt = Rcpt::as_bytes, Rcpt::tolerated;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::{Serialize, de::DeserializeOwned};

    fn round_trip<T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(value: &T) {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
        let binary = postcard::to_allocvec(value).unwrap();
        assert_eq!(&postcard::from_bytes::<T>(&binary).unwrap(), value, "{json}");
    }

    #[test]
    fn what_is_written() {
        let mail = Mail::parse("<a@b> SIZE=1").unwrap();
        assert_eq!(serde_json::to_string(&mail).unwrap(), r#""<a@b> SIZE=1""#);
        let lenient = Mail::tolerated("<a@b> SIZE=x").unwrap();
        round_trip(&lenient);
    }

    #[test]
    fn what_cannot_be_sent_is_not_read() {
        for json in [r#""<a@b> \r\nRCPT TO:<x@y>""#, r#""<a@b>\n""#, r#""<a@b> X\u0000""#, r#""<a@b> ""#, "7"]
        {
            assert!(serde_json::from_str::<Mail>(json).is_err(), "{json}");
            assert!(serde_json::from_str::<Rcpt>(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn values_round_trip(mail in Mail::strategy(), rcpt in Rcpt::strategy()) {
            round_trip(&mail);
            round_trip(&rcpt);
        }
    }
}
