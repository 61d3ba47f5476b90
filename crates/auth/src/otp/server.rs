//! The server.

use super::parameters::Challenge;
use super::{Algorithm, Key, PROFILE, Parameters, Response, Seed, State};
use crate::error::wanted;
use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism, expected, text};
use alloc::{borrow::ToOwned, format, string::String};
use hmac::{HmacReset, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::Choice;
use wire::parse::Parsed;
use wire::{Misuse, Secret};

/// The server: reads the name, asks [`Need::OneTimePassword`], sends the challenge, compares the hash of the response in
/// constant time with what is stored, and asks [`Need::OneTimePasswordUpdate`].
///
/// A user who is unknown, or whose sequence is used up, gets a challenge, too: always the same for the same name, made of the
/// server's key. It looks like those of sequences that begin with [`Parameters`] of MD5, some hundred, and a seed of two letters
/// and four digits, as RFC 2243 has them; make seeds of that shape.
#[derive(Debug)]
pub struct Server {
    key: Secret,
    user: String,
    authorization: Option<String>,
    state: Progress,
}

#[derive(Debug)]
enum Progress {
    New,
    Asked,
    /// The state of the last login, and whether it is that of a user.
    Challenged(State, Choice),
    /// What comes of it when the update is stored.
    Updating(Result<(), Error>),
    Over,
}

impl Server {
    /// `key` is a secret of the server, the same each time, from which challenges for unknown users are made.
    ///
    /// # Errors
    /// It is shorter than 16 octets.
    pub fn new(key: Secret) -> Result<Self, Misuse> {
        if key.len() < 16 {
            return Err(Misuse::Invalid("key: shorter than 16 octets"));
        }
        Ok(Self { key, user: String::new(), authorization: None, state: Progress::New })
    }

    /// A state for somebody whom there is not.
    fn stand_in(&self) -> Result<State, Error> {
        let mut octets = [0; 20];
        // cannot fail: keys of any length will do
        if let Ok(mut mac) = HmacReset::<Sha1>::new_from_slice(self.key.expose()) {
            mac.update(self.user.as_bytes());
            octets = mac.finalize_reset().into_bytes().into();
        }
        let [a, b, c, d, e, f, rest @ ..] = octets;
        let letter = |octet: u8| char::from(b'a' + octet % 26);
        let digits = u16::from_be_bytes([c, d]) % 10_000;
        let seed = Seed::new(&format!("{}{}{digits:04}", letter(a), letter(b)))?;
        let parameters = Parameters::new(Algorithm::Md5, 100 + u16::from_be_bytes([e, f]) % 400, seed)?;
        let mut key = [0; 16];
        for (digit, octet) in key.iter_mut().zip(rest.iter().flat_map(|octet| [octet & 15, octet >> 4])) {
            *digit = b"0123456789abcdef"[usize::from(octet)];
        }
        Ok(State::new(parameters, Key::parse_hex(&key).map_err(Error::Malformed)?))
    }

    fn ask(&self, need: Need) -> Move {
        Move::Ask(Request::new(self.user.clone(), self.authorization.clone(), need))
    }

    /// The new state, and what comes of it.
    fn check(
        &self,
        response: &[u8],
        last: &State,
        known: Choice,
    ) -> Result<(State, Result<(), Error>), Error> {
        let response = Response::parse(response).map_err(Error::Malformed)?;
        let key = response.key();
        let right = key.hashed(last.parameters().algorithm()).same(last.key()) & known;
        let Some(next) = last.parameters().next().filter(|_| right.into()) else {
            return Err(Error::Rejected);
        };
        let next = State::new(next, key.clone());
        Ok(match response.new_sequence() {
            Ok(None) => (next, Ok(())),
            Ok(Some((parameters, first))) if parameters.seed() != last.parameters().seed() => {
                (State::new(parameters.clone(), first.clone()), Ok(()))
            }
            // RFC 2289 section 8: another seed. RFC 2243 section 4.3: the password is used up even so
            Ok(Some(_)) => (next, Err(Error::Rejected)),
            Err(error) => (next, Err(Error::Malformed(error))),
        })
    }
}

/// RFC 2444 section 4: an authorization identity, terminated by NUL, and an authentication identity, each up to 255 octets.
fn identities(i: &[u8]) -> Parsed<'_, (Option<&str>, &str)> {
    let (rest, authorization) = match i.first() {
        Some(0) => (i, None),
        _ => text::safe(i, expected::AUTHORIZATION).map(|(rest, identity)| (rest, Some(identity)))?,
    };
    let (rest, ()) = text::nul(rest)?;
    let (rest, user) = text::safe(rest, expected::AUTHENTICATION)?;
    Ok((rest, (authorization, user)))
}

impl ServerMechanism for Server {
    fn profile(&self) -> Profile {
        PROFILE
    }

    fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
        match core::mem::replace(&mut self.state, Progress::Over) {
            Progress::New => {
                let (authorization, user) = text::all(response, identities).map_err(Error::Malformed)?;
                self.authorization = authorization.map(ToOwned::to_owned);
                self.user = user.to_owned();
                self.state = Progress::Asked;
                Ok(self.ask(Need::OneTimePassword))
            }
            Progress::Challenged(last, known) => {
                let (state, outcome) = self.check(response, &last, known)?;
                self.state = Progress::Updating(outcome);
                Ok(self.ask(Need::OneTimePasswordUpdate { state }))
            }
            Progress::Asked | Progress::Updating(_) | Progress::Over => Err(Error::OutOfTurn),
        }
    }

    fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
        let unfit = || Misuse::Invalid("answer to OTP").into();
        match &self.state {
            Progress::Asked => {
                let stand_in = self.stand_in()?;
                let (state, known) = match credentials {
                    // RFC 2243 section 4.3: no access with a sequence number below one
                    Credentials::OneTimePassword(state) => match state.parameters().next() {
                        Some(_) => (state, Choice::from(1)),
                        None => (stand_in, Choice::from(0)),
                    },
                    Credentials::Rejected | Credentials::NoSuchUser => (stand_in, Choice::from(0)),
                    _ => return Err(unfit()),
                };
                let Some(next) = state.parameters().next() else { return Err(Error::Rejected) };
                let challenge = Challenge::new(next).encode();
                self.state = Progress::Challenged(state, known);
                Ok(Move::Challenge(challenge))
            }
            Progress::Updating(outcome) => {
                let stored = credentials.verdict("answer to OTP")?;
                outcome.clone()?;
                crate::server::accept_if(stored)
            }
            _ => Err(wanted("after a response")),
        }
    }
}

#[cfg(feature = "client")]
#[cfg(test)]
mod tests {
    use super::super::{Client, Form};
    use super::*;
    use crate::{Answer, ClientExchange, Policy, ServerExchange, Step};
    use alloc::vec::Vec;

    fn phrase() -> Secret {
        Secret::new(*b"This is a test.")
    }

    fn state(sequence: u16) -> State {
        let parameters = Parameters::new(Algorithm::Md5, sequence, Seed::new("ke1234").unwrap()).unwrap();
        State::initial(parameters, &phrase())
    }

    fn server() -> ServerExchange {
        let key = Secret::new(*b"0123456789abcdef");
        let mut server = ServerExchange::new(Server::new(key).unwrap(), Policy::with_tls()).unwrap();
        assert!(matches!(
            server.start(Some(b"\0tim")),
            Ok(Step::NeedCredentials(Request { need: Need::OneTimePassword, .. }))
        ));
        server
    }

    fn challenged(stored: State) -> (ServerExchange, Vec<u8>) {
        let mut server = server();
        let Ok(Step::Challenge(challenge)) = server.answer(Answer::one_time_password(stored)) else {
            panic!()
        };
        (server, challenge)
    }

    /// RFC 2444 section 5, with what the server then stores.
    #[test]
    fn examples() {
        let reset = "init-hex:5bf075d9959d036f:md5 499 ke1235:3712dcb4aa5316c1";
        for (response, stored) in [
            ("hex:5bf075d9959d036f", "md5 499 ke1234"),
            ("word:BOND FOGY DRAB NE RISE MART", "md5 499 ke1234"),
            (reset, "md5 499 ke1235"),
        ] {
            let (mut server, challenge) = challenged(state(500));
            assert_eq!(challenge, b"otp-md5 499 ke1234 ext");
            let Ok(Step::NeedCredentials(request)) = server.respond(response.as_bytes()) else { panic!() };
            let Need::OneTimePasswordUpdate { state } = request.need else { panic!() };
            assert_eq!(alloc::string::ToString::to_string(state.parameters()), stored);
            let key = response.strip_prefix("init-hex:").and_then(|rest| rest.rsplit(':').next());
            assert_eq!(&state.key().to_hex(), key.unwrap_or("5bf075d9959d036f").as_bytes());
            assert!(matches!(server.answer(Answer::accepted()), Ok(Step::Done(who)) if who.user() == "tim"));
        }
        // and with the client
        let client = Client::new("tim", phrase(), Form::Hex).unwrap();
        let new = Parameters::new(Algorithm::Md5, 499, Seed::new("ke1235").unwrap()).unwrap();
        let mut client = ClientExchange::new(client.beginning(new), Policy::with_tls()).unwrap();
        assert_eq!(client.initial_response().unwrap().unwrap().expose(), b"\0tim");
        assert_eq!(client.respond(b"otp-md5 499 ke1234 ext").unwrap().expose(), reset.as_bytes());
    }

    #[test]
    fn a_sequence_runs_down_to_its_end() {
        let mut stored = state(3);
        for sequence in [2, 1] {
            let (mut server, challenge) = challenged(stored.clone());
            let client = Client::new("tim", phrase(), Form::Words).unwrap();
            let mut client = ClientExchange::new(client, Policy::with_tls()).unwrap();
            assert!(client.initial_response().is_ok());
            let response = client.respond(&challenge).unwrap();
            let Ok(Step::NeedCredentials(request)) = server.respond(response.expose()) else { panic!() };
            let Need::OneTimePasswordUpdate { state } = request.need else { panic!() };
            assert_eq!(state.parameters().sequence(), sequence);
            assert!(matches!(server.answer(Answer::accepted()), Ok(Step::Done(_))));
            // it is not good for a second login
            let (mut server, _) = challenged(state.clone());
            if sequence > 1 {
                assert_eq!(server.respond(response.expose()).unwrap_err(), Error::Rejected);
            }
            stored = state;
        }
        // used up: looks like somebody unknown
        let (mut server, challenge) = challenged(stored);
        let mut unknown = self::server();
        assert!(
            matches!(unknown.answer(Answer::no_such_user()), Ok(Step::Challenge(other)) if other == challenge)
        );
        assert_eq!(server.respond(b"hex:0000000000000000").unwrap_err(), Error::Rejected);
    }

    /// RFC 2243 section 4.3, server requirement 3; RFC 2289 section 8.
    #[test]
    fn a_bad_new_sequence_uses_the_password_up() {
        for rest in ["", ":md4 499 ke1235:3712dcb4aa5316c1", ":md5 499 ke1234:3712dcb4aa5316c1"] {
            let (mut server, _) = challenged(state(500));
            let response = format!("init-hex:5bf075d9959d036f{rest}");
            let Ok(Step::NeedCredentials(request)) = server.respond(response.as_bytes()) else {
                panic!("{rest}")
            };
            let Need::OneTimePasswordUpdate { state } = request.need else { panic!() };
            assert_eq!(state.parameters().sequence(), 499);
            assert!(server.answer(Answer::accepted()).is_err(), "{rest}");
        }
        // and with a wrong password nothing is stored
        let (mut server, _) = challenged(state(500));
        let response = b"init-hex:5bf075d9959d036e:md5 499 ke1235:3712dcb4aa5316c1";
        assert_eq!(server.respond(response).unwrap_err(), Error::Rejected);
    }

    #[test]
    fn a_lost_race_is_a_failure() {
        let (mut server, _) = challenged(state(500));
        assert!(matches!(server.respond(b"hex:5bf075d9959d036f"), Ok(Step::NeedCredentials(_))));
        assert!(matches!(server.answer(Answer::password(phrase())), Err(Error::Misuse(_))));
        assert_eq!(server.answer(Answer::rejected()).unwrap_err(), Error::Rejected);
    }

    #[test]
    fn unknown_users_get_a_challenge_that_stays() {
        let challenge = |answer: Answer| {
            let mut server = server();
            let Ok(Step::Challenge(challenge)) = server.answer(answer) else { panic!() };
            for response in
                [&b"hex:0000000000000000"[..], b"init-hex:0000000000000000:md5 1 x:0000000000000000"]
            {
                let mut server = self::server();
                assert!(server.answer(Answer::no_such_user()).is_ok());
                assert_eq!(server.respond(response).unwrap_err(), Error::Rejected);
            }
            challenge
        };
        let first = challenge(Answer::no_such_user());
        assert_eq!(first, challenge(Answer::rejected()));
        let parsed = Challenge::parse(&first).unwrap();
        assert_eq!(parsed.parameters().seed().as_str().len(), 6);
        let mut server = server();
        assert!(matches!(server.answer(Answer::accepted()), Err(Error::Misuse(_))));
        assert!(matches!(server.answer(Answer::password(phrase())), Err(Error::Misuse(_))));
        assert!(Server::new(Secret::new(*b"0123456789abcde")).is_err());
    }

    #[test]
    fn what_a_client_does_not_answer() {
        let respond = |client: Client, challenge: &[u8]| {
            let mut client = ClientExchange::new(client, Policy::with_tls()).unwrap();
            assert!(client.initial_response().is_ok());
            client.respond(challenge).map(drop)
        };
        let client = || Client::new("tim", phrase(), Form::Hex).unwrap();
        assert_eq!(respond(client(), b"otp-md5 0 ke1234 ext"), Err(Error::Exhausted));
        assert_eq!(respond(client().not_below(50), b"otp-md5 49 ke1234 ext"), Err(Error::Exhausted));
        assert_eq!(respond(client().not_below(50), b"otp-md5 50 ke1234 ext"), Ok(()));
        assert!(matches!(respond(client(), b"otp-md4 49 ke1234 ext"), Err(Error::Malformed(_))));
        assert!(matches!(respond(client(), b"otp-md5 49 ke1234"), Err(Error::Malformed(_))));
        let new = Parameters::new(Algorithm::Md5, 499, Seed::new("ke1234").unwrap()).unwrap();
        assert!(matches!(
            respond(client().beginning(new), b"otp-md5 49 KE1234 ext"),
            Err(Error::Malformed(_))
        ));
        for (user, phrase) in [("", "0123456789"), ("tim", "012345678"), ("ti\0m", "0123456789")] {
            assert!(Client::new(user, Secret::new(phrase.as_bytes()), Form::Hex).is_err());
        }
        for message in [&b""[..], b"tim", b"\0", b"a\0tim\0", b"\0tim\0x", b"a\xff\0tim"] {
            assert!(text::all(message, identities).is_err(), "{message:?}");
        }
        assert_eq!(text::all(b"a\0tim", identities), Ok((Some("a"), "tim")));
    }
}
