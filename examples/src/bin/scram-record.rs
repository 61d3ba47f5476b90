//! `scram-record`: makes and checks the records of passwords that servers of SCRAM store (RFC 5803), as Dovecot and
//! `PostgreSQL` have them.

use auth::prepare::Preparation;
use auth::scram::{Form, Hash, Record, Salt};
use lexopt::prelude::*;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use wire::Secret;

const USAGE: &str = "\
scram-record: makes and checks stored passwords for SCRAM. The password is read from the standard input.

  scram-record make [--mechanism SCRAM-SHA-256] [--iterations 4096] [--form dovecot|ldap]
  scram-record check RECORD

`dovecot` is `{SCRAM-SHA-256}4096,salt,stored,server`; `ldap` is `SCRAM-SHA-256$4096:salt$stored:server`, as
PostgreSQL has it, too. `check` takes either.
Exit status: 0 made, or the password is right; 1 it is wrong; 2 neither.
";

fn main() -> ExitCode {
    match run(lexopt::Parser::from_env()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("scram-record: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(mut args: lexopt::Parser) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let (mut words, mut hash, mut iterations, mut form) = (Vec::new(), Hash::Sha256, 4096, Form::Dovecot);
    while let Some(arg) = args.next()? {
        match arg {
            Long("mechanism") => {
                let name = args.value()?.string()?;
                (hash, _) = Hash::of(&name).ok_or("not a mechanism of SCRAM")?;
            }
            Long("iterations") => iterations = args.value()?.parse()?,
            Long("form") => {
                form = args.value()?.parse_with(|form| match form {
                    "dovecot" => Ok(Form::Dovecot),
                    "ldap" => Ok(Form::AuthPassword),
                    _ => Err("not dovecot or ldap"),
                })?;
            }
            Short('h') | Long("help") => {
                io::stdout().write_all(USAGE.as_bytes())?;
                return Ok(ExitCode::SUCCESS);
            }
            Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make"] => {
            let record = Record::new(hash, &password()?, Preparation::SaslPrep, &Salt::draw()?, iterations)?;
            let mut line = record.encode(form).expose().to_vec();
            line.push(b'\n');
            io::stdout().write_all(&line)?;
            Ok(ExitCode::SUCCESS)
        }
        ["check", record] => {
            let record = Record::parse(record.as_bytes())?;
            let right = record.verify(&password()?, Preparation::SaslPrep);
            Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        _ => Err("make or check? See --help".into()),
    }
}

/// Without the line end behind it.
fn password() -> io::Result<Secret> {
    let mut octets = Vec::new();
    io::stdin().read_to_end(&mut octets)?;
    Ok(examples::without_line_end(Secret::new(octets)))
}
