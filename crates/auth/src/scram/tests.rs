//! Whole exchanges, octet for octet.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use super::*;
use crate::prepare::Preparation;
use crate::{
    Answer, ClientExchange, ClientMechanism, Credentials, Error, Move, Need, Policy, ServerExchange,
    ServerMechanism, Step,
};
use alloc::{format, string::String, vec, vec::Vec};
use wire::{ParseErrorKind, Secret};

const KEY: [u8; 32] = [9; 32];

fn pencil() -> Secret {
    Secret::new(*b"pencil")
}

fn binding(kind: BindingType) -> ChannelBinding {
    match kind {
        BindingType::TlsExporter => ChannelBinding::any(kind, &[0, 1, 2, 3, 4, 5, 6, 7]),
        kind => ChannelBinding::any(kind, b"imap://elwood.innosoft.com/"),
    }
}

/// A group of auth-vectors.md, section 4.
struct Vector {
    hash: Hash,
    client_first: &'static str,
    server_first: &'static str,
    client_final: &'static str,
    server_final: &'static str,
}

const SERVER_1: &str = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
const SERVER_256: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

const VECTORS: &[Vector] = &[
    // RFC 5802 section 5
    Vector {
        hash: Hash::Sha1,
        client_first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        server_first: SERVER_1,
        client_final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        server_final: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    },
    // RFC 7677 section 3
    Vector {
        hash: Hash::Sha256,
        client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: SERVER_256,
        client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        server_final: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    },
    Vector {
        hash: Hash::Sha256,
        client_first: "y,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: SERVER_256,
        client_final: "c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=",
        server_final: "v=dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U=",
    },
    Vector {
        hash: Hash::Sha256,
        client_first: "n,a=admin,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: SERVER_256,
        client_final: "c=bixhPWFkbWluLA==,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=KNU0YOZwpwt3F/emaI+1QKVCyfsJX79YBqgLZUK9Hq0=",
        server_final: "v=NEPBm/5YEAzt04BBCRprbOkjjY8sig4Y6opKd8b+CWQ=",
    },
    Vector {
        hash: Hash::Sha256,
        client_first: "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: SERVER_256,
        client_final: "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYH,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=QAd7eifevIt6X/f2Cv9W4HLXcFLw7OayX8dQ2scckyI=",
        server_final: "v=8dbpxwe4DaC4ESpY8u6aAvFeP2ks9+LClF/ADCxyWOE=",
    },
    Vector {
        hash: Hash::Sha256,
        client_first: "p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: SERVER_256,
        client_final: "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsaW1hcDovL2Vsd29vZC5pbm5vc29mdC5jb20v,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=5mTXE52q6omlPLhl1OBywbbmUZoqUb8TZ0rQcSODGrg=",
        server_final: "v=iTfhTdj45V52spZKUcXtZGOkyhurIJ8/UAxKKJZcmRQ=",
    },
    Vector {
        hash: Hash::Sha512,
        client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: SERVER_256,
        client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
        server_final: "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
    },
    Vector {
        hash: Hash::Sha512,
        client_first: "p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: SERVER_256,
        client_final: "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsaW1hcDovL2Vsd29vZC5pbm5vc29mdC5jb20v,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=Lrbr64QBLm57rPiUjNzRxRpy5SmWXr9uo1YaZamnGl5eJlvHL+VO3EogXgUmr8ht+aJoS3d2XOSNN6RUiA05sQ==",
        server_final: "v=mAlQYGd+jaCA+/6Ayj8wRQLKnuxQhjSabvJW4XqtPzjXayzXxbIElZP27ANJa7yNfb54XATe9O0/w1cNxvsRfg==",
    },
    Vector {
        hash: Hash::Sha1,
        client_first: "p=tls-server-end-point,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        server_first: SERVER_1,
        client_final: "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsaW1hcDovL2Vsd29vZC5pbm5vc29mdC5jb20v,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=TJiKTaOm8umanp3qriQ/tSiJ3iY=",
        server_final: "v=4FOxt1+Pv761Owg9JJCCJE5ogoU=",
    },
    Vector {
        hash: Hash::Sha1,
        client_first: "p=tls-unique,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        server_first: SERVER_1,
        client_final: "c=cD10bHMtdW5pcXVlLCxpbWFwOi8vZWx3b29kLmlubm9zb2Z0LmNvbS8=,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=91nyQ+7jn+YxGsblvCxpfKUnxwk=",
        server_final: "v=7QQfRcpsgEz8G8pmK+vmYMfLmBU=",
    },
];

fn vector_client(vector: &Vector) -> Client {
    let first = ClientFirst::parse(vector.client_first.as_bytes()).unwrap();
    let nonce = Nonce::of_a_vector(first.nonce());
    let client = Client::new(vector.hash, "user", &pencil(), nonce).unwrap();
    let client = match first.header().flag() {
        Flag::Unsupported => client,
        Flag::NotOffered => client.binding_not_offered(),
        Flag::Required(kind) => client.bound_to(binding(kind.clone())),
    };
    match first.header().authorization() {
        Some(identity) => client.acting_as(identity).unwrap(),
        None => client,
    }
}

#[test]
fn vectors() {
    for vector in VECTORS {
        let first = ClientFirst::parse(vector.client_first.as_bytes()).unwrap();
        let challenge = ServerFirst::parse(vector.server_first.as_bytes()).unwrap();

        let mut client = vector_client(vector);
        assert_eq!(client.start().unwrap().expose(), vector.client_first.as_bytes());
        let proof = client.respond(vector.server_first.as_bytes()).unwrap();
        assert_eq!(proof.expose(), vector.client_final.as_bytes());
        assert_eq!(client.finish(), Err(Error::ServerNotVerified));
        assert!(client.respond(vector.server_final.as_bytes()).unwrap().is_empty());
        assert_eq!(client.finish(), Ok(()));
        assert_eq!(client.respond(vector.server_final.as_bytes()), Err(Error::OutOfTurn));

        let nonce = challenge.nonce().strip_prefix(first.nonce()).unwrap();
        let server = Server::new(vector.hash, Secret::new(KEY), Nonce::of_a_vector(nonce)).unwrap();
        let mut server = match first.header().flag() {
            Flag::Required(kind) => server.bound_to([binding(kind.clone())]).unwrap(),
            _ => server,
        };
        assert_eq!(server.profile(), client.profile());
        let Ok(Move::Ask(request)) = server.respond(vector.client_first.as_bytes()) else { panic!() };
        assert_eq!(request.authentication, "user");
        assert_eq!(request.authorization.as_deref(), first.header().authorization());
        assert_eq!(request.need, Need::ScramRecord { hash: vector.hash });
        let record = Record::derive(vector.hash, &pencil(), challenge.salt(), challenge.iterations());
        let Ok(Move::Challenge(sent)) = server.answer(Credentials::ScramRecord(record)) else { panic!() };
        assert_eq!(sent, vector.server_first.as_bytes());
        let Ok(Move::Accept { data }) = server.respond(vector.client_final.as_bytes()) else { panic!() };
        assert_eq!(data.unwrap(), vector.server_final.as_bytes());
    }
}

/// auth-vectors.md, section 4, the keys.
#[test]
fn intermediate_values() {
    let hexadecimal =
        |secret: &Secret| -> String { secret.expose().iter().map(|o| format!("{o:02x}")).collect() };
    for (vector, salted, client_key) in [
        (&VECTORS[0], "1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d", "e234c47bf6c36696dd6d852b99aaa2ba26555728"),
        (
            &VECTORS[1],
            "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d",
            "a60fc923d67e8644a92d16b96eda5ef4656b0c725c484374be25535576996e8b",
        ),
        (
            &VECTORS[6],
            "f16efe1be67f1d09502ebd5ed9262fddffba5a377ab4f0b687e5ed5ba0f50686b8a4ae166476da8ab3b951d2fa9238b63998f45461bc33a464814949cec9631d",
            "",
        ),
    ] {
        let challenge = ServerFirst::parse(vector.server_first.as_bytes()).unwrap();
        let derived = vector.hash.hi(b"pencil", challenge.salt(), 4096);
        assert_eq!(hexadecimal(&derived), salted);
        assert!(hexadecimal(&keys::client_key(vector.hash, &derived)).starts_with(client_key));
    }
}

const NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL";

fn client() -> Client {
    let client = Client::new(Hash::Sha256, "user", &pencil(), Nonce::new(NONCE).unwrap()).unwrap();
    let mut client = client.accepting(1..=10_000).unwrap();
    client.start().unwrap();
    client
}

/// Cases 173 to 175, and what a false server may do with the nonce.
#[test]
fn a_client_refuses_first_messages() {
    let (few, many) = (Fault::TooFewIterations { least: 1000 }, Fault::TooManyIterations { most: 10_000 });
    for (message, fault) in [
        (format!("r={NONCE},s=AAAA,i=1000"), Fault::Nonce),
        ("r=fyko+d2lbbFgONRv9qkxdaw,s=AAAA,i=1000".into(), Fault::Nonce),
        ("r=Xyko+d2lbbFgONRv9qkxdawLserver,s=AAAA,i=1000".into(), Fault::Nonce),
        (format!("r=server{NONCE},s=AAAA,i=1000"), Fault::Nonce),
        (format!("r={NONCE}server,s=AAAA,i=999"), few),
        (format!("r={NONCE}server,s=AAAA,i=1"), few),
        (format!("r={NONCE}server,s=AAAA,i=10001"), many),
        (format!("r={NONCE}server,s=AAAA,i=4294967295"), many),
        (format!("m=x,r={NONCE}server,s=AAAA,i=1000"), Fault::MandatoryExtension),
        ("e=unknown-user".into(), Fault::Server(ServerError::UnknownUser)),
        ("e=new-error,x=1".into(), Fault::Server(ServerError::OtherError)),
    ] {
        let mut client = client().accepting(1000..=10_000).unwrap();
        assert_eq!(client.respond(message.as_bytes()), Err(Error::Scram(fault)), "{message}");
        assert!(client.finish().is_err());
    }
    for end in ["s=,i=1", "s=!,i=1", "s=AAAA,i=0", "s=AAAA,i=1x", "s=AAAA,i=99999999999", "i=1,s=AAAA"] {
        let message = format!("r={NONCE}server,{end}");
        assert!(matches!(client().respond(message.as_bytes()), Err(Error::Malformed(_))), "{message}");
    }
    let message = format!("r={NONCE}server,s=AAAA,i=1,x=unknown");
    assert!(client().respond(message.as_bytes()).is_ok());
}

/// Without a setting the limits are those of RFC 7677 and ours; beyond them nothing is computed.
#[test]
fn default_limits_of_iterations() {
    let start = || {
        let mut client = Client::new(Hash::Sha1, "user", &pencil(), Nonce::new(NONCE).unwrap()).unwrap();
        client.start().unwrap();
        client
    };
    let respond = |i: u32| start().respond(format!("r={NONCE}x,s=AAAA,i={i}").as_bytes()).map(drop);
    let (least, most) = (MIN_ITERATIONS, MAX_ITERATIONS);
    assert_eq!((least, most), (4096, 1_000_000));
    assert_eq!(respond(least - 1), Err(Error::Scram(Fault::TooFewIterations { least })));
    assert_eq!(respond(least), Ok(()));
    assert_eq!(respond(most + 1), Err(Error::Scram(Fault::TooManyIterations { most })));
    for (first, last) in [(0, 1), (5, 4)] {
        assert!(start().accepting(first..=last).is_err());
    }
}

/// Case 176.
#[test]
fn a_client_believes_no_other_end() {
    let challenge = format!("r={NONCE}server,s=AAAA,i=1");
    let at_the_end = || {
        let mut client = client();
        client.respond(challenge.as_bytes()).unwrap();
        client
    };
    let verifier = match at_the_end().state_for_tests() {
        Some(verifier) => verifier,
        None => panic!("no verifier"),
    };
    let right = ServerFinal::Verifier(verifier.clone()).encode();
    assert!(at_the_end().respond(&right).is_ok());
    let mut wrong = vec![];
    for at in 0..verifier.len() {
        let mut changed = verifier.expose().to_vec();
        changed[at] ^= 1;
        wrong.push(changed);
        wrong.push(verifier.expose()[..at].to_vec());
    }
    wrong.push([verifier.expose(), &[0]].concat());
    for octets in wrong.into_iter().filter(|octets| !octets.is_empty()) {
        let mut client = at_the_end();
        let message = ServerFinal::Verifier(Secret::new(octets)).encode();
        assert_eq!(client.respond(&message), Err(Error::ServerNotVerified));
        assert_eq!(client.finish(), Err(Error::ServerNotVerified));
        // and it does not begin again
        assert_eq!(client.respond(&right), Err(Error::OutOfTurn));
        assert_eq!(client.start(), Err(Error::OutOfTurn));
    }
    for error in ServerError::ALL {
        let mut client = at_the_end();
        let message = ServerFinal::Error(*error).encode();
        assert_eq!(client.respond(&message), Err(Error::Scram(Fault::Server(*error))));
        assert_eq!(client.finish(), Err(Error::ServerNotVerified));
    }
    for message in [&b""[..], b"v=", b"x=1", challenge.as_bytes()] {
        assert!(matches!(at_the_end().respond(message), Err(Error::Malformed(_))));
    }
    assert_eq!(at_the_end().finish(), Err(Error::ServerNotVerified));
}

fn server() -> Server {
    Server::new(Hash::Sha256, Secret::new(KEY), Nonce::new("3rfcNHYJY1ZVvWVs7j-server").unwrap()).unwrap()
}

fn plus_server() -> Server {
    server().bound_to([binding(BindingType::TlsExporter), binding(BindingType::TlsUnique)]).unwrap()
}

/// What the server sends to the client, and what its caller sees.
fn refusal(next: Result<Move, Error>) -> (String, Error) {
    match next {
        Ok(Move::Refuse { challenge, error }) => (String::from_utf8(challenge).unwrap(), error),
        other => panic!("{other:?}"),
    }
}

/// Cases 165, 166, 168, 169.
#[test]
fn a_server_refuses_first_messages() {
    let said = |error| Error::Scram(Fault::Server(error));
    use ServerError as E;
    for (mut server, message, error) in [
        (server().offering_plus(), "y,,n=u,r=y", E::ServerDoesSupportChannelBinding),
        (plus_server(), "y,,n=u,r=y", E::ServerDoesSupportChannelBinding),
        (plus_server(), "n,,n=u,r=y", E::ChannelBindingsDontMatch),
        (server(), "p=tls-exporter,,n=u,r=y", E::ChannelBindingNotSupported),
        (server().offering_plus(), "p=tls-exporter,,n=u,r=y", E::ChannelBindingNotSupported),
        (plus_server(), "p=foo,,n=u,r=y", E::UnsupportedChannelBindingType),
        (plus_server(), "p=tls-server-end-point,,n=u,r=y", E::UnsupportedChannelBindingType),
        (server(), "n,,n=a\u{7}b,r=y", E::InvalidUsernameEncoding),
        (server().preparation(Preparation::PrecisCaseMapped), "n,,n=a b,r=y", E::InvalidUsernameEncoding),
    ] {
        let refused = refusal(server.respond(message.as_bytes()));
        assert_eq!(refused, (format!("e={error}"), said(error)), "{message}");
    }
    for (message, word) in [
        (&b"n,,"[..], "invalid-username-encoding"),
        (b"n,,n", "invalid-username-encoding"),
        (b"n,", "invalid-encoding"),
        (b"y,,x", "invalid-username-encoding"),
        (b"n,,n=u,", "invalid-encoding"),
        (b"n,,n=u,r", "invalid-encoding"),
        (b"p=", "invalid-encoding"),
        (b"", "invalid-encoding"),
        (b"n,,n=\xff,r=y", "invalid-username-encoding"),
        (b"n,,n=a=b,r=y", "invalid-username-encoding"),
    ] {
        let (challenge, error) = refusal(server().respond(message));
        assert_eq!(challenge, format!("e={word}"));
        assert!(matches!(error, Error::Malformed(_)), "{error:?}");
    }
    let (challenge, error) = refusal(server().respond(b"n,,m=x,n=u,r=y"));
    assert_eq!(challenge, "e=extensions-not-supported");
    assert_eq!(error, Error::Scram(Fault::MandatoryExtension));
    for message in ["n,,n=u,r=y", "y,,n=u,r=y,x=unknown"] {
        assert!(matches!(server().respond(message.as_bytes()), Ok(Move::Ask(_))));
    }
}

/// A server that has challenged, its challenge, and the right response.
fn challenged(mut server: Server, first: &str, bound_to: Option<BindingType>) -> (Server, ClientFinal) {
    let record = Record::derive(Hash::Sha256, &pencil(), b"salt", 1);
    assert!(matches!(server.respond(first.as_bytes()), Ok(Move::Ask(_))));
    let Ok(Move::Challenge(challenge)) = server.answer(Credentials::ScramRecord(record)) else { panic!() };
    let message = ClientFirst::parse(first.as_bytes()).unwrap();
    let client = Client::new(Hash::Sha256, "user", &pencil(), Nonce::of_a_vector(message.nonce())).unwrap();
    let client = match bound_to {
        Some(kind) => client.bound_to(binding(kind)),
        None => client,
    };
    let mut client = client.accepting(1..=1).unwrap();
    client.start().unwrap();
    let response = client.respond(&challenge).unwrap();
    (server, ClientFinal::parse(response.expose()).unwrap())
}

/// Cases 169 and 170.
#[test]
fn a_server_refuses_last_messages() {
    let (first, bound) = ("n,,n=user,r=abc", "p=tls-exporter,,n=user,r=abc");
    let exporter = || Some(BindingType::TlsExporter);
    let (mut fresh, right) = challenged(server(), first, None);
    assert!(matches!(fresh.respond(right.encode().expose()), Ok(Move::Accept { .. })));
    let (mut fresh, right) = challenged(plus_server(), bound, exporter());
    assert!(matches!(fresh.respond(right.encode().expose()), Ok(Move::Accept { .. })));

    let try_it = |plus: bool, change: &dyn Fn(&mut ClientFinal)| {
        let (mut server, mut message) = match plus {
            true => challenged(plus_server(), bound, exporter()),
            false => challenged(server(), first, None),
        };
        change(&mut message);
        let refused = refusal(server.respond(message.encode().expose()));
        // nothing comes after it
        assert!(matches!(server.respond(right.encode().expose()), Err(Error::OutOfTurn)));
        assert!(matches!(server.respond(first.as_bytes()), Err(Error::OutOfTurn)));
        assert!(matches!(server.answer(Credentials::NoSuchUser), Err(Error::Misuse(_))));
        refused
    };
    let said = |error| (format!("e={error}"), Error::Scram(Fault::Server(error)));
    let wrong = ("e=invalid-proof".to_owned(), Error::Rejected);
    for input in [&b"y,,"[..], b"n,a=user,", b"n,,x", b"p=tls-exporter,,"] {
        assert_eq!(
            try_it(false, &|m| m.binding = Secret::new(input)),
            said(ServerError::ChannelBindingsDontMatch)
        );
    }
    for input in [&b"n,,"[..], b"p=tls-exporter,,", b"p=tls-exporter,,\0\x01\x02\x03\x04\x05\x06\x08"] {
        assert_eq!(
            try_it(true, &|m| m.binding = Secret::new(input)),
            said(ServerError::ChannelBindingsDontMatch)
        );
    }
    for nonce in ["abc", "abc3rfcNHYJY1ZVvWVs7j-serve", "abc3rfcNHYJY1ZVvWVs7j-serverx", "x"] {
        assert_eq!(try_it(false, &|m| m.nonce = nonce.into()), said(ServerError::OtherError));
    }
    for len in [1, 20, 31, 33, 64] {
        assert_eq!(try_it(false, &|m| m.proof = Secret::new(vec![7; len])), wrong, "{len}");
    }
    assert_eq!(try_it(false, &|m| m.proof = Secret::new([m.proof.expose(), &[0]].concat())), wrong);
    assert_eq!(try_it(false, &|m| m.proof = Secret::new(&m.proof.expose()[..31])), wrong);
    assert_eq!(try_it(false, &|m| m.extensions = ",x=1".into()), wrong);
    for at in 0..32 {
        let flip = |m: &mut ClientFinal| {
            let mut proof = m.proof.expose().to_vec();
            proof[at] ^= 1;
            m.proof = Secret::new(proof);
        };
        assert_eq!(try_it(false, &flip), wrong);
    }
    let (mut server, _) = challenged(server(), first, None);
    let (challenge, error) = refusal(server.respond(b"c=biws,r=abc3rfcNHYJY1ZVvWVs7j-server"));
    assert_eq!(challenge, "e=invalid-encoding");
    assert!(matches!(error, Error::Malformed(error) if error.kind == ParseErrorKind::End));
}

/// Case 171: what the server says of users that exist, do not exist, are locked, or have no fitting
/// password differs in nothing but the salt.
#[test]
fn unknown_users_look_like_others() {
    let ask = |name: &str, answer: Answer, make: &dyn Fn() -> Server| {
        let mut exchange = ServerExchange::new(make(), Policy::with_tls()).unwrap();
        let first = format!("n,,n={name},r=abc");
        assert!(matches!(exchange.start(Some(first.as_bytes())), Ok(Step::NeedCredentials(_))));
        let Ok(Step::Challenge(challenge)) = exchange.answer(answer) else { panic!() };
        let message = ServerFirst::parse(&challenge).unwrap();
        let wrong = format!("c=biws,r={},p=AAAA", message.nonce());
        let Ok(Step::Challenge(last)) = exchange.respond(wrong.as_bytes()) else { panic!() };
        let error = exchange.respond(b"").unwrap_err();
        (message, last, error)
    };
    let record = || Record::derive(Hash::Sha256, &pencil(), &[1; 16], 4096);
    let known = ask("user", Answer::record(record()), &server);
    let unknown = ask("tom", Answer::no_such_user(), &server);
    for other in [
        &unknown,
        &ask("user", Answer::record(record().locked()), &server),
        &ask("tom", Answer::rejected(), &server),
        &ask("tom", Answer::password(Secret::default()), &server),
        &ask("tom", Answer::password(pencil()), &server),
        &ask("tom", Answer::no_such_user(), &|| server().storing_passwords()),
    ] {
        assert_eq!((&known.1, &known.2), (&other.1, &other.2));
        assert_eq!(other.0.salt().len(), known.0.salt().len());
        assert_eq!(other.0.iterations(), known.0.iterations());
        assert_eq!(other.0.encode().len(), known.0.encode().len());
    }
    assert_eq!(known.1, b"e=invalid-proof");
    assert_eq!(known.2, Error::Rejected);
    // always the same for a name, another one for another name, hash or key
    assert_eq!(unknown.0, ask("tom", Answer::no_such_user(), &server).0);
    assert_eq!(unknown.0, ask("tom", Answer::password(pencil()), &server).0);
    let salts = [
        unknown.0.salt().to_vec(),
        ask("tim", Answer::no_such_user(), &server).0.salt().to_vec(),
        ask("tom", Answer::no_such_user(), &|| {
            let nonce = Nonce::new("3rfcNHYJY1ZVvWVs7j-server").unwrap();
            Server::new(Hash::Sha256, Secret::new([8; 32]), nonce).unwrap()
        })
        .0
        .salt()
        .to_vec(),
        ask("tom", Answer::no_such_user(), &|| {
            let nonce = Nonce::new("3rfcNHYJY1ZVvWVs7j-server").unwrap();
            Server::new(Hash::Sha512, Secret::new(KEY), nonce).unwrap()
        })
        .0
        .salt()
        .to_vec(),
    ];
    for (i, a) in salts.iter().enumerate() {
        assert!(salts[i + 1..].iter().all(|b| a != b));
    }
    // spellings that are the same user have the same salt
    let mapped = || server().preparation(Preparation::PrecisCaseMapped);
    let (a, b) = (ask("TOM", Answer::no_such_user(), &mapped), ask("tom", Answer::no_such_user(), &mapped));
    assert_eq!(a.0, b.0);
    let made =
        ask("tom", Answer::no_such_user(), &|| server().iterations(5000).unwrap().salt_len(24).unwrap());
    assert_eq!((made.0.iterations(), made.0.salt().len()), (5000, 24));
}

/// Nobody can know the keys of a user that does not exist, but if they leaked they would not help either.
#[test]
fn mimicked_and_locked_records_let_nobody_in() {
    let record = Record::derive(Hash::Sha256, &pencil(), b"salt", 1).locked();
    let mut exchange = ServerExchange::new(server(), Policy::with_tls()).unwrap();
    let mut client = ClientExchange::new(
        Client::new(Hash::Sha256, "user", &pencil(), Nonce::new(NONCE).unwrap())
            .unwrap()
            .accepting(1..=1)
            .unwrap(),
        Policy::with_tls(),
    )
    .unwrap();
    let initial = client.initial_response().unwrap().unwrap();
    assert!(matches!(exchange.start(Some(initial.expose())), Ok(Step::NeedCredentials(_))));
    let Ok(Step::Challenge(challenge)) = exchange.answer(Answer::record(record)) else { panic!() };
    let proof = client.respond(&challenge).unwrap();
    let Ok(Step::Challenge(challenge)) = exchange.respond(proof.expose()) else { panic!() };
    assert_eq!(client.respond(&challenge), Err(Error::Scram(Fault::Server(ServerError::InvalidProof))));
    assert_eq!(exchange.respond(b"").unwrap_err(), Error::Rejected);
}

#[test]
fn answers_that_do_not_fit_change_nothing() {
    let mut server = server();
    assert!(matches!(server.answer(Credentials::NoSuchUser), Err(Error::Misuse(_))));
    assert!(matches!(server.respond(b"n,,n=user,r=abc"), Ok(Move::Ask(_))));
    let other = Record::derive(Hash::Sha1, &pencil(), b"salt", 1);
    assert!(matches!(server.answer(Credentials::ScramRecord(other)), Err(Error::Misuse(_))));
    assert!(matches!(server.answer(Credentials::Accepted), Err(Error::Misuse(_))));
    assert!(matches!(server.answer(Credentials::Password(pencil())), Ok(Move::Challenge(_))));
    let nonce = || Nonce::new(NONCE).unwrap();
    assert!(Server::new(Hash::Sha1, Secret::new([0; 15]), nonce()).is_err());
    assert!(Server::new(Hash::Sha1, Secret::new([0; 16]), nonce()).is_ok());
    assert!(self::server().bound_to(Vec::new()).is_err());
    for iterations in [0, MAX_ITERATIONS + 1] {
        assert!(self::server().iterations(iterations).is_err());
    }
    for len in [0, 65] {
        assert!(self::server().salt_len(len).is_err());
    }
}

/// The name is prepared for the lookup, and as it came in the signatures (RFC 5802 section 5.1).
#[cfg(feature = "saslprep")]
#[test]
fn names_are_signed_as_they_came() {
    let mut server = server();
    let first = "n,,n=I\u{ad}X,r=abc";
    let Ok(Move::Ask(request)) = server.respond(first.as_bytes()) else { panic!() };
    assert_eq!(request.authentication, "IX");
    let record = Record::derive(Hash::Sha256, &pencil(), b"salt", 1);
    let Ok(Move::Challenge(challenge)) = server.answer(Credentials::ScramRecord(record)) else { panic!() };
    let client =
        Client::prepared(Preparation::AsIs, Hash::Sha256, "I\u{ad}X", &pencil(), Nonce::of_a_vector("abc"));
    let mut client = client.unwrap().accepting(1..=1).unwrap();
    assert_eq!(client.start().unwrap().expose(), first.as_bytes());
    let proof = client.respond(&challenge).unwrap();
    assert!(matches!(server.respond(proof.expose()), Ok(Move::Accept { .. })));
    // our own client would not have sent it like that
    let mut client = Client::new(Hash::Sha256, "I\u{ad}X", &pencil(), Nonce::new(NONCE).unwrap()).unwrap();
    assert!(client.start().unwrap().expose().starts_with(b"n,,n=IX,"));
}
