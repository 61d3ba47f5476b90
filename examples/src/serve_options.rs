//! The command line of `pop3-serve` and `imap-serve`, which serve a folder of messages to one user.

use crate::login::Account;
use crate::tls::{self, Identity};
use crate::{listen, read_password};
use lexopt::prelude::*;
use rustls::ServerConfig;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    listen: String,
    listen_tls: Option<String>,
    /// The folder.
    pub messages: OsString,
    user: String,
    password: OsString,
    token: Option<OsString>,
    anonymous: bool,
    certificate: Option<Identity>,
    client_ca: Option<OsString>,
    /// Whether passwords are taken without TLS.
    pub allow_cleartext: bool,
    /// Whether to say how sessions ended.
    pub verbose: bool,
}

/// What a program does: reads its command line, serves, and says what went wrong. Exit status 2 if the command line was wrong.
pub fn main(
    program: &str,
    usage: &str,
    serve: impl FnOnce(&Options) -> Result<(), Box<dyn std::error::Error>>,
) -> ExitCode {
    let options = match parse(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            let _ = io::stdout().write_all(usage.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{program}: {error}");
            return ExitCode::from(2);
        }
    };
    match serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Options {
    /// The user, and what it can show.
    ///
    /// # Errors
    /// A file cannot be read, or what is in it is no password.
    pub fn login(&self) -> Result<Account, Box<dyn std::error::Error>> {
        let mut login = Account::new(&self.user, read_password(self.password.as_ref())?)?;
        login.token = self.token.as_ref().map(|file| read_password(file.as_ref())).transpose()?;
        (login.anonymous, login.external) = (self.anonymous, self.client_ca.is_some());
        Ok(login)
    }

    /// TLS, if there is a certificate.
    ///
    /// # Errors
    /// A file cannot be read or used.
    pub fn tls(&self) -> Result<Option<Arc<ServerConfig>>, Box<dyn std::error::Error>> {
        Ok(match &self.certificate {
            Some(identity) => Some(tls::server_config(identity, self.client_ca.as_ref().map(AsRef::as_ref))?),
            None => None,
        })
    }

    /// Serves where it was asked for, for ever; the flag says whether in TLS from the first octet.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn listen(&self, serve: impl Fn(&TcpListener, bool) + Clone + Send + 'static) -> io::Result<()> {
        if let Some(address) = &self.listen_tls {
            let (listener, serve) = (listen(address)?, serve.clone());
            std::thread::spawn(move || serve(&listener, true));
        }
        serve(&listen(&self.listen)?, false);
        Ok(())
    }
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
