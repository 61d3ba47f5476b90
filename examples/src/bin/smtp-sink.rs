//! `smtp-sink`: receives messages over SMTP or LMTP and stores them as they came.
//!
//! What it does is in `examples::smtp_sink`; here are only the command line and the exit status.

use examples::smtp_sink::{Options, Service};
use examples::tls::Identity;
use examples::{listen, login, read_password, tls};
use lexopt::prelude::*;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use wire::dot::LineEndings;

const USAGE: &str = "\
smtp-sink: receives messages, and stores them as they came

  smtp-sink --listen ADDRESS:PORT [OPTION...]

  --listen ADDRESS:PORT    where to listen
  --tls-listen ADDRESS:PORT     TLS from the first octet there
  --lmtp                   LMTP instead of SMTP
  --cert FILE --key FILE   offer STARTTLS, with this certificate and key, in PEM
  --user U --password-file F    nobody else may send, after AUTH
  --token-file FILE        the token that is the user's, for OAUTHBEARER and XOAUTH2
  --anonymous              strangers may send, after ANONYMOUS
  --client-ca FILE         whoever has a certificate by this authority is the user, with EXTERNAL
  --allow-cleartext        take the password without TLS
  --store DIR              store each message as DIR/NNNNNN.eml, and its envelope as DIR/NNNNNN.json
  --refuse LOCALPART       no such recipient
  --line-endings strict|normalise|lenient    of bare CR and LF; strict by default
  --max-size N             octets of the longest message
  --xclient                offer XCLIENT
  --verbose                say how sessions ended that did not end well
";

fn main() -> ExitCode {
    let request = match parse(lexopt::Parser::from_env()) {
        Ok(Some(request)) => request,
        Ok(None) => {
            let _ = io::stdout().write_all(USAGE.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("smtp-sink: {error}");
            return ExitCode::from(2);
        }
    };
    match run(request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("smtp-sink: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Request {
    listen: Option<String>,
    tls_listen: Option<String>,
    verbose: bool,
    options: Options,
}

fn run(request: Request) -> io::Result<()> {
    let service = Arc::new(Service::new(request.options)?);
    let report: fn(&_) = match request.verbose {
        true => |ended| {
            if let Err(error) = ended {
                eprintln!("smtp-sink: a session ended: {error}");
            }
        },
        false => |_| {},
    };
    let mut threads = Vec::new();
    for (address, implicit_tls) in [(request.listen, false), (request.tls_listen, true)] {
        let Some(address) = address else { continue };
        let (listener, service) = (listen(&address)?, Arc::clone(&service));
        threads.push(std::thread::spawn(move || service.listen(&listener, implicit_tls, report)));
    }
    for thread in threads {
        let _ = thread.join();
    }
    Ok(())
}

/// `None`: help was asked for.
fn parse(mut args: lexopt::Parser) -> Result<Option<Request>, lexopt::Error> {
    let (mut listen, mut tls_listen, mut verbose) = (None, None, false);
    let (mut user, mut password, mut certificate, mut key) = (None, None, None, None);
    let (mut token, mut anonymous, mut client_ca) = (None, false, None::<std::ffi::OsString>);
    let read = |file: std::ffi::OsString| {
        read_password(file.as_ref()).map_err(|error| format!("{}: {error}", file.to_string_lossy()))
    };
    let mut options = Options {
        lmtp: false,
        tls: None,
        login: None,
        allow_cleartext: false,
        store: None,
        refuse: Vec::new(),
        line_endings: LineEndings::Strict,
        max_size: None,
        xclient: false,
    };
    while let Some(arg) = args.next()? {
        match arg {
            Long("listen") => listen = Some(args.value()?.string()?),
            Long("tls-listen") => tls_listen = Some(args.value()?.string()?),
            Long("lmtp") => options.lmtp = true,
            Long("cert") => certificate = Some(args.value()?.into()),
            Long("key") => key = Some(args.value()?.into()),
            Long("user") => user = Some(args.value()?.string()?),
            Long("password-file") => password = Some(read(args.value()?)?),
            Long("token-file") => token = Some(read(args.value()?)?),
            Long("anonymous") => anonymous = true,
            Long("client-ca") => client_ca = Some(args.value()?),
            Long("allow-cleartext") => options.allow_cleartext = true,
            Long("store") => options.store = Some(args.value()?.into()),
            Long("refuse") => options.refuse.push(args.value()?.string()?),
            Long("line-endings") => {
                options.line_endings = args.value()?.parse_with(examples::line_endings)?
            }
            Long("max-size") => options.max_size = Some(args.value()?.parse()?),
            Long("xclient") => options.xclient = true,
            Long("verbose") => verbose = true,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    options.tls = match (certificate, key) {
        (Some(certificate), Some(key)) => {
            let clients = client_ca.as_ref().map(AsRef::as_ref);
            let config = tls::server_config(&Identity { certificate, key }, clients);
            Some(config.map_err(|error| error.to_string())?)
        }
        (None, None) if tls_listen.is_none() && client_ca.is_none() => None,
        _ => return Err("TLS needs both --cert and --key".into()),
    };
    options.login = match (user, password) {
        (None, None) => None,
        (Some(user), Some(password)) => {
            let mut account = login::Account::new(&user, password).map_err(|error| error.to_string())?;
            (account.token, account.anonymous, account.external) = (token, anonymous, client_ca.is_some());
            Some(account)
        }
        _ => return Err("--user and --password-file go together".into()),
    };
    if listen.is_none() && tls_listen.is_none() {
        return Err("--listen is missing".into());
    }
    Ok(Some(Request { listen, tls_listen, verbose, options }))
}
