//! `imap-serve`: serves a folder of messages over IMAP, from memory.
//!
//! What it does is in `examples::imap_serve`; here are only the command line and the exit status.

use examples::imap_serve::{Account, Service};
use examples::imap_store::Message;
use examples::{listen, read_password, tls};
use examples::{login, tls::Identity};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

const USAGE: &str = "\
imap-serve: serves a folder of messages (*.eml) over IMAP, as INBOX. The folder is read once; all changes are in memory.

  imap-serve --listen ADDRESS:PORT --messages DIR --user USER --password-file FILE [OPTION...]

  --token-file FILE        the token that is the user's, for OAUTHBEARER and XOAUTH2
  --anonymous              let strangers in, with ANONYMOUS
  --cert FILE --key FILE   offer STARTTLS, with this certificate and key, in PEM
  --client-ca FILE         whoever has a certificate by this authority is the user, with EXTERNAL
  --listen-tls ADDRESS:PORT    TLS from the first octet there
  --allow-cleartext        take passwords without TLS
  --verbose                say how sessions ended that did not end well
";

struct Options {
    listen: String,
    listen_tls: Option<String>,
    messages: OsString,
    user: String,
    password: OsString,
    token: Option<OsString>,
    anonymous: bool,
    certificate: Option<Identity>,
    client_ca: Option<OsString>,
    allow_cleartext: bool,
    verbose: bool,
}

fn main() -> ExitCode {
    let options = match parse(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            let _ = io::stdout().write_all(USAGE.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("imap-serve: {error}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("imap-serve: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let tls = match &options.certificate {
        Some(identity) => Some(tls::server_config(identity, options.client_ca.as_ref().map(AsRef::as_ref))?),
        None => None,
    };
    let mut login = login::Account::new(&options.user, read_password(options.password.as_ref())?)?;
    login.token = options.token.as_ref().map(|file| read_password(file.as_ref())).transpose()?;
    (login.anonymous, login.external) = (options.anonymous, options.client_ca.is_some());
    let account = Account { login, tls, allow_cleartext: options.allow_cleartext };
    let service = Arc::new(Service::new(account, Message::read_folder(options.messages.as_ref())?));
    let report: fn(&_) = match options.verbose {
        true => |ended| {
            if let Err(error) = ended {
                eprintln!("imap-serve: a session ended: {error}");
            }
        },
        false => |_| {},
    };
    if let Some(address) = &options.listen_tls {
        let (listener, service) = (listen(address)?, Arc::clone(&service));
        std::thread::spawn(move || service.listen(&listener, true, report));
    }
    let listener = listen(&options.listen)?;
    service.listen(&listener, false, report);
    Ok(())
}

/// `None`: help was asked for.
fn parse(mut args: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut address, mut listen_tls, mut messages) = (None, None, None);
    let (mut user, mut password, mut certificate, mut key) = (None, None, None, None);
    let (mut token, mut client_ca) = (None, None);
    let (mut allow_cleartext, mut verbose, mut anonymous) = (false, false, false);
    while let Some(arg) = args.next()? {
        match arg {
            Long("listen") => address = Some(args.value()?.string()?),
            Long("listen-tls") => listen_tls = Some(args.value()?.string()?),
            Long("messages") => messages = Some(args.value()?),
            Long("user") => user = Some(args.value()?.string()?),
            Long("password-file") => password = Some(args.value()?),
            Long("token-file") => token = Some(args.value()?),
            Long("anonymous") => anonymous = true,
            Long("cert") => certificate = Some(args.value()?.into()),
            Long("key") => key = Some(args.value()?.into()),
            Long("client-ca") => client_ca = Some(args.value()?),
            Long("allow-cleartext") => allow_cleartext = true,
            Long("verbose") => verbose = true,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    let certificate = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
        (None, None) if listen_tls.is_none() && client_ca.is_none() => None,
        _ => return Err("TLS needs both --cert and --key".into()),
    };
    Ok(Some(Options {
        listen: address.ok_or("--listen is missing")?,
        listen_tls,
        messages: messages.ok_or("--messages is missing")?,
        user: user.ok_or("--user is missing")?,
        password: password.ok_or("--password-file is missing")?,
        token,
        anonymous,
        certificate,
        client_ca,
        allow_cleartext,
        verbose,
    }))
}
