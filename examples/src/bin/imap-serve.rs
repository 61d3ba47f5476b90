//! `imap-serve`: serves a folder of messages over IMAP, from memory.
//!
//! What it does is in `examples::imap_serve`; its command line in `examples::serve_options`.

use examples::imap_serve::{Account, Service};
use examples::imap_store::Message;
use examples::serve_options::{self, Options};
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

fn main() -> ExitCode {
    serve_options::main("imap-serve", USAGE, serve)
}

fn serve(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let account =
        Account { login: options.login()?, tls: options.tls()?, allow_cleartext: options.allow_cleartext };
    let service = Arc::new(Service::new(account, Message::read_folder(options.messages.as_ref())?));
    let report: fn(&_) = match options.verbose {
        true => |ended| {
            if let Err(error) = ended {
                eprintln!("imap-serve: a session ended: {error}");
            }
        },
        false => |_| {},
    };
    options.listen(move |listener, tls| service.listen(listener, tls, report))?;
    Ok(())
}
