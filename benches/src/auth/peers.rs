//! The peers.
//!
//! # rsasl 2.3.1
//!
//! Calls back for credentials. Its messages go through `std::io::Write`. It draws its nonces itself, from a generator of the thread; its server
//! prepares no names; it zeroes nothing.
//!
//! # pbkdf2 0.13
//!
//! The crate that `auth` uses, called without it.

use std::hint::black_box;

use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::mechname::Mechname;
use rsasl::prelude::{SASLClient, SASLConfig, SASLServer, SessionError, State, Validation};
use rsasl::property::AuthId;
use rsasl::validate::{Validate, ValidationError};
use sha2::Sha256;

use crate::Contestant;
use crate::auth::{ITERATIONS, PASSWORD, RECORD, SALT};

const RSASL: &str = "rsasl 2.3.1";
const NAME: &[u8] = b"SCRAM-SHA-256";

struct Lookup {
    stored: Vec<u8>,
    server: Vec<u8>,
}

struct Who;

impl Validation for Who {
    type Value = String;
}

impl SessionCallback for Lookup {
    fn callback(
        &self,
        _: &SessionData,
        _: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        request.satisfy::<ScramStoredPassword<'_>>(&ScramStoredPassword::new(
            1,
            &SALT,
            &self.stored,
            &self.server,
        ))?;
        Ok(())
    }

    fn validate(
        &self,
        _: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        validate.with::<Who, _>(|| Ok(context.get_ref::<AuthId>().unwrap_or_default().to_owned()))?;
        Ok(())
    }
}

/// Both sides, each made anew; the configuration with the lookup is made once.
pub fn exchange(users: &[String]) -> Vec<Contestant> {
    let users = users.to_vec();
    let keys: Vec<Vec<u8>> = RECORD.split(',').skip(2).map(decode).collect();
    let lookup = Lookup { stored: keys[0].clone(), server: keys[1].clone() };
    let config = SASLConfig::builder().with_defaults().with_callback(lookup).expect("a configuration");
    vec![Contestant::peer(RSASL, "draws its nonces, zeroes nothing", move || {
        let sign_in = |user: &&String| {
            let name = Mechname::parse(NAME).expect("a name");
            let credentials = SASLConfig::with_credentials(None, (*user).clone(), PASSWORD.to_owned());
            let mut client = SASLClient::new(credentials.expect("credentials"))
                .start_suggested(&[name])
                .expect("a client");
            let mut server = SASLServer::<Who>::new(config.clone()).start_suggested(name).expect("a server");
            let (mut said, mut heard) = (Vec::new(), Vec::new());
            let mut running = client.step(None, &mut said).is_ok();
            loop {
                heard.clear();
                let Ok(state) = server.step(Some(&said), &mut heard) else { return false };
                if !running && state == State::Finished(rsasl::prelude::MessageSent::No) {
                    break;
                }
                said.clear();
                let Ok(answer) = client.step(Some(&heard), &mut said) else { return false };
                running = answer.is_running();
                if !running && !state.is_running() {
                    break;
                }
            }
            server.validation().is_some_and(|who| who == **user)
        };
        users.iter().filter(|user| sign_in(black_box(user))).count() as u64
    })]
}

/// PBKDF2 alone.
pub fn pbkdf2(count: usize) -> Vec<Contestant> {
    vec![Contestant::peer("pbkdf2 0.13", "PBKDF2 only, makes no keys", move || {
        let mut salted = [0; 32];
        for _ in 0..count {
            pbkdf2::pbkdf2_hmac::<Sha256>(black_box(PASSWORD.as_bytes()), &SALT, ITERATIONS, &mut salted);
            black_box(&salted);
        }
        count as u64
    })]
}

/// Base64, of a record.
fn decode(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut octets, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes().filter_map(|octet| DIGITS.iter().position(|&digit| digit == octet)) {
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    octets
}
