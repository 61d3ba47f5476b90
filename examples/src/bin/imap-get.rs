//! `imap-get`: lists, fetches, appends, watches, and sends any command to an IMAP server.
//!
//! What it does is in `examples::imap_get`; here are only the command line and the exit status.

use examples::imap_get::{Action, Error, Login, Options, Tls, command, run};
use examples::login::Credentials;
use examples::tls::Identity;
use imap_proto::{Literals, Mailbox};
use lexopt::prelude::*;
use std::io::{BufWriter, Write};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
imap-get: works on an IMAP account

  imap-get --host HOST --user USER [OPTION...] ACTION [+ ACTION...]

  list                     all mailboxes, with all that LIST of this server can tell
  fetch MAILBOX DIR        all messages into DIR/NNNNN.eml; what else is known of each, as a line of JSON
  append MAILBOX FILE...   appends messages, by one command if the server can (MULTIAPPEND)
  idle MAILBOX SECONDS     what happens in the mailbox
  search MAILBOX KEYS      EXAMINE, UID SEARCH; in the same way: sort, thread
  store MAILBOX ARGUMENTS  SELECT, UID STORE; in the same way: copy, move
  do COMMAND               any command as it stands in the RFCs: do GETQUOTAROOT INBOX + do SELECT INBOX (CONDSTORE)

  --port PORT              143, or 993 with --tls implicit
  --password-file FILE     the password, or the pass phrase of OTP
  --token-file FILE        the token for OAUTHBEARER or XOAUTH2
  --cert FILE --key FILE   the certificate and key to show in TLS, in PEM, also for EXTERNAL
  --auth HOW               command (LOGIN), a mechanism of SASL (scram-sha-256, plain, login, ...), or auto: the
                           best that the server offers (default). DIGEST-MD5 and CRAM-MD5 (weak), OTP and
                           ANONYMOUS are used on demand only
  --acting-as USER         whose account, if it is another's
  --tls HOW                none, starttls (default) or implicit
  --ca FILE                authorities to trust instead of this machine's, in PEM
  --insecure-cleartext     send the password even without TLS
  --literals HOW           sync, plus or minus, instead of what the server offers
  --compress               COMPRESS DEFLATE

Exit status: 0 all done; 1 failed; 2 wrong usage; 3 not let in; 4 no TLS; 5 the server says no; 6 not offered.
";

fn main() -> ExitCode {
    let options = match parse(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            let _ = std::io::stdout().write_all(USAGE.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("imap-get: {error}");
            return ExitCode::from(2);
        }
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let done = run(&options, &mut out);
    let _ = out.flush();
    match done {
        Ok(summary) => {
            eprintln!("imap-get: {summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("imap-get: {error}");
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
        tls: Tls::StartTls,
        ca: None,
        identity: None,
        insecure_cleartext: false,
        compress: false,
        literals: None,
        actions: Vec::new(),
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
            Long("auth") => match args.value()?.string()?.as_str() {
                "auto" => options.login = Login::Auto,
                "command" => options.login = Login::Login,
                how => {
                    options.credentials.mechanism = Some(how.to_owned());
                    options.login = Login::Authenticate;
                }
            },
            Long("tls") => {
                options.tls = args.value()?.parse_with(|how| match how {
                    "none" => Ok(Tls::None),
                    "starttls" => Ok(Tls::StartTls),
                    "implicit" => Ok(Tls::Implicit),
                    _ => Err("not none, starttls or implicit"),
                })?;
            }
            Long("ca") => options.ca = Some(args.value()?.into()),
            Long("insecure-cleartext") => options.insecure_cleartext = true,
            Long("literals") => {
                options.literals = Some(args.value()?.parse_with(|how| match how {
                    "sync" => Ok(Literals::Synchronising),
                    "plus" => Ok(Literals::Plus),
                    "minus" => Ok(Literals::Minus),
                    _ => Err("not sync, plus or minus"),
                })?);
            }
            Long("compress") => options.compress = true,
            Short('h') | Long("help") => return Ok(None),
            Value(first) => {
                let mut words = vec![first.string()?];
                for word in args.raw_args()? {
                    words.push(word.string()?);
                }
                options.actions = words.split(|word| word == "+").map(action).collect::<Result<_, _>>()?;
            }
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
    options.port = port.unwrap_or(if options.tls == Tls::Implicit { 993 } else { 143 });
    if options.actions.is_empty() {
        return Err("nothing to do: see --help".into());
    }
    Ok(Some(options))
}

fn action(words: &[String]) -> Result<Action, lexopt::Error> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mailbox = |name: &str| Mailbox::from_utf7_text(name).map_err(|misuse| format!("{name}: {misuse}"));
    let commands = |commands: &[String]| {
        let parse = |text: &String| command(text).map_err(|error| format!("{text}: {error}"));
        commands.iter().map(parse).collect::<Result<_, _>>().map(Action::Send)
    };
    let on = |select: &str, name: &str, command: &str, arguments: &[&str]| {
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        commands(&[
            format!("{select} \"{name}\""),
            format!("UID {} {}", command.to_uppercase(), arguments.join(" ")),
        ])
    };
    Ok(match words[..] {
        ["list"] => Action::List,
        ["fetch", name, folder] => Action::Fetch(mailbox(name)?, folder.into()),
        ["append", name, _, ..] => {
            Action::Append(mailbox(name)?, words[2..].iter().map(Into::into).collect())
        }
        ["idle", name, seconds] => {
            let seconds = seconds.parse().map_err(|_| format!("{seconds} is no number of seconds"))?;
            Action::Idle(mailbox(name)?, Duration::from_secs(seconds))
        }
        [what @ ("search" | "sort" | "thread"), name, _, ..] => on("EXAMINE", name, what, &words[2..])?,
        [what @ ("store" | "copy" | "move"), name, _, ..] => on("SELECT", name, what, &words[2..])?,
        ["do", _, ..] => commands(&[words[1..].join(" ")])?,
        _ => return Err(format!("no action: {}", words.join(" ")).into()),
    })
}
