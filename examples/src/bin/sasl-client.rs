//! `sasl-client`: the client's side of one exchange, over the standard streams. Something else speaks the protocol and TLS, and
//! knows what `tls-unique` is (rustls does not tell).

use auth::Policy;
use auth::scram::ChannelBinding;
use examples::login::{Credentials, Place};
use lexopt::prelude::*;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use wire::sasl::{self, Mechanism};

const USAGE: &str = "\
sasl-client: the client's side of one exchange of SASL, in lines

  sasl-client --auth MECHANISM --user USER --password-file FILE [--host HOST] [--service SERVICE] [--tls-unique HEX]

The first line that it prints is the initial response in base64 (= if it is empty, - if there is none). Each line
that it reads is a challenge in base64, and it prints the response; or OK, the server's success.
Exit status: 0 after OK, if the server's success counts; 1 if not; 2 wrong usage.
";

fn main() -> ExitCode {
    match run(lexopt::Parser::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sasl-client: {error}");
            ExitCode::from(if error.is::<lexopt::Error>() { 2 } else { 1 })
        }
    }
}

fn run(mut args: lexopt::Parser) -> Result<(), Box<dyn std::error::Error>> {
    let (mut credentials, mut host, mut service) =
        (Credentials::default(), "localhost".to_owned(), "pop".to_owned());
    let mut binding = None;
    while let Some(arg) = args.next()? {
        match arg {
            Long("auth") => credentials.mechanism = Some(args.value()?.string()?),
            Long("user") => credentials.user = args.value()?.string()?,
            Long("password-file") => {
                credentials.password = Some(examples::read_password(args.value()?.as_ref())?);
            }
            Long("host") => host = args.value()?.string()?,
            Long("service") => service = args.value()?.string()?,
            Long("tls-unique") => {
                let finished = octets(&args.value()?.string()?).ok_or("not hexadecimal")?;
                binding = Some(ChannelBinding::tls_unique(&finished)?);
            }
            Short('h') | Long("help") => return Ok(io::stdout().write_all(USAGE.as_bytes())?),
            other => return Err(other.unexpected().into()),
        }
    }
    let name = credentials.mechanism.clone().ok_or(lexopt::Error::from("--auth is missing"))?;
    let place = Place { service: &service, host: &host, port: 0, policy: Policy::with_tls(), binding };
    let chosen = credentials.choose(&[Mechanism::new(&name)?], &place)?;
    let mut exchange = credentials.begin(&chosen, &place)?;
    let mut out = io::stdout().lock();
    let mut say = |line: &[u8]| -> io::Result<()> {
        out.write_all(if line.is_empty() { b"=" } else { line })?;
        out.write_all(b"\n")?;
        out.flush()
    };
    match exchange.initial_response()? {
        Some(initial) => say(sasl::encoded(initial.expose()).expose())?,
        None => say(b"-")?,
    }
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line == "OK" {
            let _verified = exchange.finish(None)?;
            return Ok(());
        }
        let challenge = sasl::decode(line.as_bytes()).map_err(|_| "a challenge is not base64")?;
        let response = exchange.respond(challenge.expose())?;
        say(sasl::encoded(response.expose()).expose())?;
    }
    Err("the server has not let us in".into())
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        hex.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    Some(digits?.chunks(2).map(|two| two.iter().fold(0, |octet, digit| octet << 4 | digit)).collect())
}
