//! `smtp-send`: sends messages over SMTP or LMTP.
//!
//! What it does is in `examples::smtp_send`; here are only the command line and the exit status.

use examples::login::Credentials;
use examples::smtp_send::{Options, Target, Tls, run};
use examples::tls::Identity;
use lexopt::prelude::*;
use smtp_proto::Body;
use std::io::Write;
use std::process::ExitCode;
use wire::dot::LineEndings;

const USAGE: &str = "\
smtp-send: sends each FILE as a message to all recipients, over one connection

  smtp-send [OPTION...] --to ADDRESS... HOST:PORT|unix:PATH FILE...

  --lmtp                   LMTP instead of SMTP
  --starttls | --tls       TLS after STARTTLS, or from the first octet
  --ca FILE                authorities to trust instead of this machine's, in PEM
  --user U --password-file F    log in, with the strongest mechanism that the server offers
  --token-file F           the token for OAUTHBEARER or XOAUTH2, instead of a password
  --cert FILE --key FILE   the certificate and key to show in TLS, in PEM, also for EXTERNAL
  --auth MECHANISM         log in with this one. DIGEST-MD5 and CRAM-MD5 (weak), OTP and ANONYMOUS are used
                           on demand only
  --acting-as U            whom to act as
  --allow-cleartext        send the password even without TLS
  --from ADDRESS           the sender; none by default
  --hello NAME             the name in EHLO; localhost by default
  --smtputf8               the header is in UTF-8 (addresses tell by themselves)
  --body 7bit|8bitmime|binarymime    announce this; by default what the content needs
  --chunking               send with BDAT
  --dsn                    ask for reports of success and failure
  --xclient 'NAME=x ADDR=y'     speak for another client
  --line-endings strict|normalise|lenient    of bare CR and LF; strict by default
  --no-pipelining          one command at a time

It prints FILE, RECIPIENT and REPLY with tabs between, for each message and recipient.
Where the server does not offer what an option or an address needs, nothing is sent.
Exit status: 0 all accepted; 1 some refused, or not sent; 2 it could not be done, as it says
on stderr.
";

fn main() -> ExitCode {
    let options = match parse(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            let _ = std::io::stdout().write_all(USAGE.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("smtp-send: {error}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let sent = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
        runtime.block_on(run(&options, &mut std::io::stdout().lock())).map_err(|error| error.to_string())
    });
    match sent {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("smtp-send: {error}");
            ExitCode::from(2)
        }
    }
}

/// `None`: help was asked for.
fn parse(mut args: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut target, mut user, mut certificate, mut key) = (None, None, None, None);
    let mut login = Credentials::default();
    let read = |file: std::ffi::OsString| {
        examples::read_password(file.as_ref()).map_err(|error| format!("{}: {error}", file.to_string_lossy()))
    };
    let mut options = Options {
        target: Target::Unix("".into()),
        lmtp: false,
        tls: Tls::None,
        ca: None,
        identity: None,
        login: None,
        allow_cleartext: false,
        from: String::new(),
        to: Vec::new(),
        hello: "localhost".to_owned(),
        smtputf8: false,
        body: None,
        chunking: false,
        dsn: false,
        xclient: None,
        line_endings: LineEndings::Strict,
        pipelining: true,
        files: Vec::new(),
    };
    while let Some(arg) = args.next()? {
        match arg {
            Long("lmtp") => options.lmtp = true,
            Long("starttls") => options.tls = Tls::StartTls,
            Long("tls") => options.tls = Tls::Implicit,
            Long("ca") => options.ca = Some(args.value()?.into()),
            Long("user") => user = Some(args.value()?.string()?),
            Long("password-file") => login.password = Some(read(args.value()?)?),
            Long("token-file") => login.token = Some(read(args.value()?)?),
            Long("cert") => certificate = Some(args.value()?.into()),
            Long("key") => key = Some(args.value()?.into()),
            Long("auth") => login.mechanism = Some(args.value()?.string()?),
            Long("acting-as") => login.acting_as = Some(args.value()?.string()?),
            Long("allow-cleartext") => options.allow_cleartext = true,
            Long("from") => options.from = args.value()?.string()?,
            Long("to") => options.to.push(args.value()?.string()?),
            Long("hello") => options.hello = args.value()?.string()?,
            Long("smtputf8") => options.smtputf8 = true,
            Long("body") => {
                options.body = Some(args.value()?.parse_with(|body| match body {
                    "7bit" => Ok(Body::SevenBit),
                    "8bitmime" => Ok(Body::EightBitMime),
                    "binarymime" => Ok(Body::BinaryMime),
                    _ => Err("not 7bit, 8bitmime or binarymime"),
                })?);
            }
            Long("chunking") => options.chunking = true,
            Long("dsn") => options.dsn = true,
            Long("xclient") => options.xclient = Some(args.value()?.string()?),
            Long("line-endings") => {
                options.line_endings = args.value()?.parse_with(examples::line_endings)?
            }
            Long("no-pipelining") => options.pipelining = false,
            Short('h') | Long("help") => return Ok(None),
            Value(value) if target.is_none() => target = Some(value.parse_with(parse_target)?),
            Value(file) => options.files.push(file.into()),
            other => return Err(other.unexpected()),
        }
    }
    options.target = target.ok_or("HOST:PORT is missing")?;
    options.identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
        (None, None) => None,
        _ => return Err("--cert and --key go together".into()),
    };
    let shown = login.password.is_some() || login.token.is_some() || login.mechanism.is_some();
    options.login = match user {
        None if shown => return Err("--user is missing".into()),
        None => None,
        Some(_) if !shown && options.identity.is_none() => {
            return Err("--user and --password-file go together".into());
        }
        Some(user) => Some(Credentials { user, certificate: options.identity.is_some(), ..login }),
    };
    if options.to.is_empty() {
        return Err("--to is missing".into());
    }
    if options.files.is_empty() {
        return Err("FILE is missing".into());
    }
    Ok(Some(options))
}

fn parse_target(text: &str) -> Result<Target, &'static str> {
    if let Some(path) = text.strip_prefix("unix:") {
        return Ok(Target::Unix(path.into()));
    }
    let (host, port) = text.rsplit_once(':').ok_or("not HOST:PORT or unix:PATH")?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Ok(Target::Tcp(host.to_owned(), port.parse().map_err(|_| "not a port")?))
}
