//! `pop3-get`: lists and downloads a POP3 maildrop into a Maildir.
//!
//! What it does is in `examples::pop3_get`; here are only the command line and the exit status.

use examples::login::Credentials;
use examples::pop3_get::{Error, Login, Options, Tls, run};
use examples::tls::Identity;
use lexopt::prelude::*;
use std::io::Write;
use std::process::ExitCode;

const USAGE: &str = "\
pop3-get: lists and downloads a POP3 maildrop into a Maildir

  pop3-get --host HOST --user USER [OPTION...] [--list] [--uidl] [--maildir DIR]

  --port PORT              110, or 995 with --tls implicit
  --password-file FILE     the password, or the pass phrase of OTP
  --token-file FILE        the token for OAUTHBEARER or XOAUTH2
  --cert FILE --key FILE   the certificate and key to show in TLS, in PEM, also for EXTERNAL
  --auth HOW               apop, userpass, a mechanism of SASL (scram-sha-256, plain, ...), or auto: the
                           best that the server offers (default). DIGEST-MD5 and CRAM-MD5 (weak), OTP and
                           ANONYMOUS are used on demand only
  --acting-as USER         whose maildrop, if it is another's
  --tls HOW                none, stls (default) or implicit
  --ca FILE                authorities to trust instead of this machine's, in PEM
  --insecure-cleartext     send the password even without TLS
  --maildir DIR            download all messages into DIR/new
  --delete                 delete on the server what is safely downloaded
  --list                   print the number and size of each message
  --uidl                   print the number and unique-id of each message

Exit status: 0 all done; 1 failed; 2 wrong usage; 3 not let in; 4 no TLS; 5 some messages are missing.
";

fn main() -> ExitCode {
    let options = match parse(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            let _ = std::io::stdout().write_all(USAGE.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("pop3-get: {error}");
            return ExitCode::from(2);
        }
    };
    match run(&options, &mut std::io::stdout().lock()) {
        Ok(summary) => {
            eprintln!("pop3-get: {summary}");
            if summary.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(5) }
        }
        Err(error) => {
            eprintln!("pop3-get: {error}");
            ExitCode::from(Error::exit_code(&error))
        }
    }
}

/// `None`: help was asked for.
fn parse(mut args: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut host, mut port, mut user, mut certificate, mut key) = (None, None, None, None, None);
    let read = |file: std::ffi::OsString| {
        examples::read_password(file.as_ref()).map_err(|error| format!("{}: {error}", file.to_string_lossy()))
    };
    let mut options = Options {
        host: String::new(),
        port: 0,
        credentials: Credentials::default(),
        login: Login::Auto,
        tls: Tls::Stls,
        ca: None,
        identity: None,
        insecure_cleartext: false,
        maildir: None,
        list: false,
        uidl: false,
        delete: false,
    };
    while let Some(arg) = args.next()? {
        match arg {
            Long("host") => host = Some(args.value()?.string()?),
            Long("port") => port = Some(args.value()?.parse()?),
            Long("user") => user = Some(args.value()?.string()?),
            Long("password-file") => options.credentials.password = Some(read(args.value()?)?),
            Long("token-file") => options.credentials.token = Some(read(args.value()?)?),
            Long("cert") => certificate = Some(args.value()?.into()),
            Long("key") => key = Some(args.value()?.into()),
            Long("acting-as") => options.credentials.acting_as = Some(args.value()?.string()?),
            Long("auth") => {
                let how = args.value()?.string()?;
                options.login = match how.as_str() {
                    "auto" => Login::Auto,
                    "apop" => Login::Apop,
                    "userpass" => Login::UserPass,
                    _ => {
                        options.credentials.mechanism = Some(how);
                        Login::Auth
                    }
                };
            }
            Long("tls") => {
                options.tls = args.value()?.parse_with(|how| match how {
                    "none" => Ok(Tls::None),
                    "stls" => Ok(Tls::Stls),
                    "implicit" => Ok(Tls::Implicit),
                    _ => Err("not none, stls or implicit"),
                })?;
            }
            Long("ca") => options.ca = Some(args.value()?.into()),
            Long("insecure-cleartext") => options.insecure_cleartext = true,
            Long("maildir") => options.maildir = Some(args.value()?.into()),
            Long("list") => options.list = true,
            Long("uidl") => options.uidl = true,
            Long("delete") => options.delete = true,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    options.host = host.ok_or("--host is missing")?;
    options.credentials.user = user.ok_or("--user is missing")?;
    options.identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
        (None, None) => None,
        _ => return Err("--cert and --key go together".into()),
    };
    options.credentials.certificate = options.identity.is_some();
    options.port = port.unwrap_or(if options.tls == Tls::Implicit { 995 } else { 110 });
    if options.delete && options.maildir.is_none() {
        return Err("--delete without --maildir".into());
    }
    if options.maildir.is_none() && !options.list && !options.uidl {
        return Err("nothing to do: give --maildir, --list or --uidl".into());
    }
    Ok(Some(options))
}
