//! `digest-response` (RFC 2831 section 2.1.2).

use super::directives::{Directives, plain, quote};
use crate::digest::{Digest, digest};
use crate::{expected, text};
use alloc::{string::String, vec::Vec};
use wire::{Misuse, ParseError, ParseErrorKind, Secret, Tolerance};

/// The client's response, with `nc=00000001` and `qop=auth`.
///
/// ```
/// use auth::digest_md5::Response;
///
/// let response = Response::parse(
///     br#"charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",response=d388dad90d4bbd760a152321f2143af7,qop=auth"#,
/// )?;
/// assert_eq!(response.username(), "chris");
/// assert_eq!(response.uri(), "imap/elwood.innosoft.com");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub(super) utf8: bool,
    pub(super) username: String,
    pub(super) realm: Option<String>,
    pub(super) nonce: String,
    pub(super) cnonce: String,
    pub(super) uri: String,
    pub(super) response: Digest,
    pub(super) authorization: Option<String>,
}

impl Response {
    /// The longest, in octets (RFC 2831 section 2.1.2: less than 4096).
    pub const MAX: usize = 4095;

    /// The user's name.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The realm of the name.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// The server's nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The client's nonce.
    #[must_use]
    pub fn cnonce(&self) -> &str {
        &self.cnonce
    }

    /// The service that is meant.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The proof.
    #[must_use]
    pub fn response(&self) -> Digest {
        self.response
    }

    /// The identity to act as.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Parses a whole response. Values may be quoted or not; names have no case; unknown directives are skipped.
    ///
    /// ```text
    /// digest-response  = 1#( username | realm | nonce | cnonce |
    ///                        nonce-count | qop | digest-uri | response |
    ///                        maxbuf | charset | cipher | authzid |
    ///                        auth-param )
    /// nc-value         = 8LHEX
    /// response-value   = 32LHEX
    /// ```
    ///
    /// # Errors
    /// The offset and what was expected there: what must be there once and is not, what may be there once and is twice, a count
    /// other than 1, a `qop` other than `auth`. No octet of the message.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        let directives = Directives::parse(i, Self::MAX)?;
        let wrong = |one, expected| Err(directives.wrong(one, expected, ParseErrorKind::Syntax));
        let charset = directives.optional("charset")?;
        let utf8 = charset.is_some();
        match charset {
            Some(charset) if !charset.is("utf-8") => return wrong(charset, expected::CHARSET),
            _ => {}
        }
        match directives.optional("qop")? {
            Some(qop) if qop.value() != b"auth" => return wrong(qop, expected::QOP),
            _ => {}
        }
        let count = directives.required("nc")?;
        if count.value() != b"00000001" {
            return wrong(count, expected::NONCE_COUNT);
        }
        for once in ["maxbuf", "cipher"] {
            directives.optional(once)?;
        }
        let realm = directives.optional("realm")?.filter(|realm| !realm.value().is_empty());
        let authorization = directives.optional("authzid")?;
        let proof = directives.required("response")?;
        Ok(Self {
            utf8,
            username: directives.text(directives.required("username")?, utf8, expected::AUTHENTICATION)?,
            realm: realm.map(|realm| directives.text(realm, utf8, expected::REALM)).transpose()?,
            nonce: directives.ascii(directives.required("nonce")?, expected::DIGEST_NONCE)?,
            cnonce: directives.ascii(directives.required("cnonce")?, expected::DIGEST_NONCE)?,
            uri: directives.ascii(directives.required("digest-uri")?, expected::DIGEST_URI)?,
            response: directives.rule(proof, |i| digest(i, Tolerance::Strict))?.0,
            // in UTF-8, whatever the charset says
            authorization: authorization
                .map(|identity| directives.text(identity, true, expected::AUTHORIZATION))
                .transpose()?,
        })
    }

    /// The response, in the order of RFC 2831 section 4.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let text = |text: &str| match self.utf8 {
            true => Secret::new(text.as_bytes()),
            false => super::latin1(text),
        };
        // as long as it may get, so that growing leaves no copy behind
        let mut octets = Vec::with_capacity(Self::MAX);
        if self.utf8 {
            plain("charset", b"utf-8", &mut octets);
        }
        quote("username", text(&self.username).expose(), &mut octets);
        if let Some(realm) = &self.realm {
            quote("realm", text(realm).expose(), &mut octets);
        }
        quote("nonce", self.nonce.as_bytes(), &mut octets);
        plain("nc", b"00000001", &mut octets);
        quote("cnonce", self.cnonce.as_bytes(), &mut octets);
        quote("digest-uri", self.uri.as_bytes(), &mut octets);
        plain("response", &self.response.to_hex(), &mut octets);
        plain("qop", b"auth", &mut octets);
        if let Some(identity) = &self.authorization {
            quote("authzid", identity.as_bytes(), &mut octets);
        }
        Secret::new(octets)
    }
}

/// 1 to 255 octets of UTF-8 without control characters: a name or a realm.
pub(super) fn check(value: &str) -> Result<(), Misuse> {
    text::check(value.as_bytes())?;
    match value.bytes().position(|octet| octet.is_ascii_control()) {
        Some(offset) => Err(Misuse::IllegalOctet { offset }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::proof::{CLIENT, SERVER, proof, session_key};
    use super::super::{Challenge, ResponseAuth};
    use super::*;
    use alloc::{format, string::ToString};
    use proptest::prelude::*;

    fn example(service: &str, nonce: &str, cnonce: &str) -> Response {
        Response {
            utf8: true,
            username: "chris".into(),
            realm: Some("elwood.innosoft.com".into()),
            nonce: nonce.into(),
            cnonce: cnonce.into(),
            uri: format!("{service}/elwood.innosoft.com"),
            response: Digest([0; 16]),
            authorization: None,
        }
    }

    /// auth-vectors.md, section 3: RFC 2831 section 4.
    #[test]
    fn vectors() {
        for (service, nonce, cnonce, response, rspauth) in [
            (
                "imap",
                "OA6MG9tEQGm2hh",
                "OA6MHXh6VqTrRk",
                b"d388dad90d4bbd760a152321f2143af7",
                b"ea40f60335c427b5527b84dbabcdfffd",
            ),
            (
                "acap",
                "OA9BSXrbuRhWay",
                "OA9BSuZWMSpW8m",
                b"6084c6db3fede7352c551284490fd0fc",
                b"2f0b3d7c3c2e486600ef710726aa2eae",
            ),
        ] {
            let mut message = example(service, nonce, cnonce);
            let key = session_key(&message, &Secret::new(*b"secret"));
            message.response = proof(&key, &message, CLIENT);
            assert_eq!(&message.response.to_hex(), response);
            assert_eq!(&proof(&key, &message, SERVER).to_hex(), rspauth);
            assert_eq!(Response::parse(message.encode().expose()), Ok(message));
        }
    }

    /// RFC 2831 section 4, octet for octet.
    #[cfg(all(feature = "client", feature = "server"))]
    #[test]
    fn the_example_of_the_rfc() {
        use super::super::Nonce;
        use super::super::{Client, Server, Uri};
        use crate::{Answer, ClientExchange, Error, Policy, ServerExchange, Step};
        let policy = Policy::with_tls().allow_weak();
        let uri = || Uri::new("imap", "elwood.innosoft.com").unwrap();
        let client = || {
            let cnonce = Nonce::of_a_vector("OA6MHXh6VqTrRk");
            let mechanism = Client::new("chris", Secret::new(*b"secret"), uri(), cnonce).unwrap();
            ClientExchange::new(mechanism, policy).unwrap()
        };
        let challenge = br#"realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8"#;
        let response = br#"charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",response=d388dad90d4bbd760a152321f2143af7,qop=auth"#;
        let rspauth = b"rspauth=ea40f60335c427b5527b84dbabcdfffd";

        let nonce = Nonce::of_a_vector("OA6MG9tEQGm2hh");
        let mechanism = Server::new(nonce, uri()).unwrap().with_realm("elwood.innosoft.com").unwrap();
        let mut server = ServerExchange::new(mechanism, policy).unwrap();
        let mut one = client();
        assert!(matches!(server.start(None), Ok(Step::Challenge(sent)) if sent == challenge));
        assert_eq!(one.respond(challenge).unwrap().expose(), response);
        assert!(matches!(server.respond(response), Ok(Step::NeedCredentials(_))));
        let Ok(Step::Challenge(sent)) = server.answer(Answer::password(Secret::new(*b"secret"))) else {
            panic!()
        };
        assert_eq!(sent, rspauth);
        assert_eq!(one.respond(rspauth), Ok(Secret::default()));
        assert!(matches!(server.respond(b""), Ok(Step::Done(_))));
        assert!(one.finish(None).is_ok());

        // without the server's proof, or with another
        let mut one = client();
        assert!(one.respond(challenge).is_ok());
        assert_eq!(one.finish(None), Err(Error::ServerNotVerified));
        let mut one = client();
        assert!(one.respond(challenge).is_ok());
        assert_eq!(one.respond(b"rspauth=ea40f60335c427b5527b84dbabcdfffe"), Err(Error::ServerNotVerified));
        for bad in [&b""[..], b"rspauth=", b"rspauth=EA40F60335C427B5527B84DBABCDFFFD", b"x=y", b"rspauth"] {
            let mut one = client();
            assert!(one.respond(challenge).is_ok());
            assert!(matches!(one.respond(bad), Err(Error::Malformed(_))));
            assert!(matches!(one.finish(None), Err(Error::Misuse(_))));
        }
        // with the success, as in ACAP
        let mut one = client();
        assert!(one.respond(challenge).is_ok());
        assert!(one.finish(Some(rspauth)).is_ok());
    }

    #[cfg(feature = "client")]
    #[test]
    fn realms_and_charsets() {
        use super::super::Nonce;
        use super::super::{Client, Uri};
        use crate::ClientMechanism as _;
        let client = |user: &str, realm: Option<&str>| {
            let uri = Uri::new("imap", "x").unwrap();
            let password = Secret::new("p\u{e4}ss".as_bytes());
            let cnonce = Nonce::of_a_vector("OA6MHXh6VqTrRk");
            let client = Client::new(user, password, uri, cnonce).unwrap();
            match realm {
                Some(realm) => client.in_realm(realm).unwrap(),
                None => client,
            }
        };
        for (offered, charset, user, realm, sent) in [
            ("", "", "chris", None, Some(None)),
            ("", "", "chris", Some("mine"), Some(Some("mine"))),
            (r#"realm="a",realm="b","#, "", "chris", None, Some(Some("a"))),
            (r#"realm="a",realm="b","#, "", "chris", Some("b"), Some(Some("b"))),
            (r#"realm="a",realm="b","#, "", "chris", Some("c"), None),
            ("", "", "chr\u{ef}s", None, Some(None)),
            ("", "", "chris\u{20ac}", None, None),
            ("", ",charset=utf-8", "chris\u{20ac}", None, Some(None)),
        ] {
            let challenge = format!("{offered}nonce=\"x\",algorithm=md5-sess{charset}");
            let response = client(user, realm).respond(challenge.as_bytes());
            let parsed = response.ok().map(|response| Response::parse(response.expose()).unwrap());
            let realms = parsed.as_ref().map(|parsed| parsed.realm().map(ToString::to_string));
            assert_eq!(realms, sent.map(|realm| realm.map(ToString::to_string)), "{challenge}");
            assert!(parsed.is_none_or(|parsed| parsed.username() == user));
        }
        // both spellings prove the same
        let proofs = ["", ",charset=utf-8"].map(|charset| {
            let challenge = format!("nonce=\"x\",algorithm=md5-sess{charset}");
            let response = client("chr\u{ef}s", None).respond(challenge.as_bytes()).unwrap();
            Response::parse(response.expose()).unwrap().response()
        });
        assert_eq!(proofs[0], proofs[1]);
    }

    #[test]
    fn malformed_responses() {
        let good = r#"username="u",nonce="n",nc=00000001,cnonce="c",digest-uri="imap/x",response=d388dad90d4bbd760a152321f2143af7"#;
        assert!(Response::parse(good.as_bytes()).is_ok());
        for part in good.split(',') {
            let name = part.split('=').next().unwrap();
            let without = good.replace(part, "");
            let error = Response::parse(without.as_bytes()).unwrap_err();
            assert_eq!(error.kind, ParseErrorKind::End, "{name}");
            let twice = format!("{good},{part}");
            let error = Response::parse(twice.as_bytes()).unwrap_err();
            assert_eq!(error.kind, ParseErrorKind::TooMany, "{name}");
            assert_eq!(error.offset as usize, good.len() + name.len() + 2);
        }
        for (old, new) in [
            ("00000001", "00000002"),
            ("00000001", "1"),
            ("d388", "D388"),
            ("d388", "388"),
            ("d388", "dd388"),
            ("username=\"u\"", "username=\"\""),
            ("username=\"u\"", "username=\"a\tb\""),
            ("nonce=\"n\"", "nonce=\"\""),
            ("imap/x", "imap x"),
            ("username", "qop=auth-int,username"),
            ("username", "qop=auth,qop=auth,username"),
            ("username", "charset=latin1,username"),
            ("username", "charset=utf-8,charset=utf-8,username"),
            ("username", "realm=a,realm=b,username"),
            ("username", "authzid=a,authzid=b,username"),
            ("username", "authzid=\"\",username"),
            ("username", "maxbuf=1,maxbuf=1,username"),
        ] {
            assert!(Response::parse(good.replacen(old, new, 1).as_bytes()).is_err(), "{new}");
        }
        let long = format!("{good},x=\"{}\"", "x".repeat(Response::MAX));
        assert_eq!(Response::parse(long.as_bytes()).unwrap_err().kind, ParseErrorKind::TooLong);
        assert!(ResponseAuth::parse(&[b'x'; Challenge::MAX + 1]).is_err());
    }

    #[test]
    fn nothing_is_printed() {
        let mut message = example("imap", "n", "c");
        message.response = Digest([0xab; 16]);
        assert!(format!("{message:?}").contains("response: ***"));
    }

    proptest! {
        #[test]
        fn responses_round_trip(
            texts in proptest::array::uniform2("[ -~\u{e4}\u{20ac}]{1,40}"),
            others in proptest::array::uniform2(proptest::option::of("[ -~\u{e4}\u{20ac}]{1,40}")),
            nonces in proptest::array::uniform2("[!-~]{1,40}"),
            digest: [u8; 16],
            utf8: bool,
        ) {
            let spell = |text: String| if utf8 { text } else { text.replace('\u{20ac}', "E") };
            let [username, _] = texts.map(spell);
            let [realm, authorization] = others;
            let [nonce, cnonce] = nonces;
            let realm = realm.map(spell);
            let response = Digest(digest);
            let message = Response { utf8, username, realm, nonce, cnonce, uri: "imap/x".into(), response, authorization };
            let encoded = message.encode();
            prop_assert_eq!(Response::parse(encoded.expose()), Ok(message));
        }

        #[test]
        fn parser_never_panics(octets: Vec<u8>) {
            let _ = Response::parse(&octets);
            let _ = ResponseAuth::parse(&octets);
        }
    }
}
