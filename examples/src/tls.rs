//! TLS through rustls: a TCP connection that can change to it, and certificates from PEM files.

use crate::Transport;
use crate::login::{Exported, Protection};
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, ProtocolVersion, RootCertStore, ServerConfig,
    ServerConnection,
};
use rustls::{SideData, StreamOwned};
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::ops::DerefMut;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a step of the handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(60);

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is not there or not in the PEM format.
    #[error("{}: {source}", .path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// There is nobody who could vouch for a server.
    #[error("this machine trusts no certificate authority")]
    NoAuthority,
    /// Neither a host name nor an address.
    #[error("{0:?} is not a name that a certificate could hold")]
    Name(String),
    /// The authority for the clients' certificates will not do.
    #[error("authority for clients: {0}")]
    Clients(rustls::server::VerifierBuilderError),
    /// Certificate and key do not fit, or are of a kind that rustls does not do.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// A certificate and its key, in PEM files.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate, with those that lead to the authority.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

type Chain = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Identity {
    fn read(&self) -> Result<Chain, Error> {
        let pem = |source| Error::Pem { path: self.key.clone(), source };
        Ok((certificates(&self.certificate)?, PrivateKeyDer::from_pem_file(&self.key).map_err(pem)?))
    }
}

/// For a client. It trusts the authorities in the file, or else those that the machine trusts; and shows who it is, if there
/// is an identity.
///
/// # Errors
/// A file cannot be used, or there is no authority at all.
pub fn client_config(ca: Option<&Path>, identity: Option<&Identity>) -> Result<Arc<ClientConfig>, Error> {
    let roots = match ca {
        Some(path) => authorities(path)?,
        None => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots
        }
    };
    if roots.is_empty() {
        return Err(Error::NoAuthority);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    Ok(Arc::new(match identity {
        Some(identity) => {
            let (chain, key) = identity.read()?;
            config.with_client_auth_cert(chain, key)?
        }
        None => config.with_no_client_auth(),
    }))
}

/// For a server. Clients may show a certificate, if an authority for them is given: it is checked then, and one that is not
/// good ends the handshake.
///
/// # Errors
/// A file cannot be used, or certificate and key do not fit.
pub fn server_config(identity: &Identity, clients: Option<&Path>) -> Result<Arc<ServerConfig>, Error> {
    let (chain, key) = identity.read()?;
    let provider = Arc::new(ring::default_provider());
    let config =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let config = match clients {
        Some(path) => {
            let roots = Arc::new(authorities(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            config
                .with_client_cert_verifier(verifier.allow_unauthenticated().build().map_err(Error::Clients)?)
        }
        None => config.with_no_client_auth(),
    };
    Ok(Arc::new(config.with_single_cert(chain, key)?))
}

fn authorities(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

/// `tls-exporter` (RFC 9266 section 2) of a TLS connection. Not below TLS 1.3: there it is unique only with an extension of
/// which rustls does not tell.
pub fn exported<D: SideData>(connection: &ConnectionCommon<D>) -> Option<Exported> {
    if connection.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return None;
    }
    connection.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(&[])).ok()
}

/// The name that a server's certificate must hold.
///
/// # Errors
/// [`Error::Name`].
pub fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(host.to_owned()).map_err(|_| Error::Name(host.to_owned()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|source| Error::Pem { path: path.into(), source })
}

/// A TCP connection, in the clear at first.
pub struct Stream {
    tcp: TcpStream,
    tls: Option<Box<dyn Session>>,
}

/// What the client's and the server's side of TLS have in common.
trait Session: Read + Write + Send {
    fn close(&mut self) -> io::Result<()>;

    fn protection(&self) -> Protection;
}

impl<C, D> Session for StreamOwned<C, TcpStream>
where
    C: DerefMut<Target = ConnectionCommon<D>> + Send,
    D: SideData,
{
    fn close(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()
    }

    fn protection(&self) -> Protection {
        let certificate = self.conn.peer_certificates().is_some_and(|chain| !chain.is_empty());
        Protection { exported: exported(&self.conn), certificate }
    }
}

impl Stream {
    /// In the clear.
    #[must_use]
    pub fn new(tcp: TcpStream) -> Self {
        Self { tcp, tls: None }
    }

    /// Whether it is in TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// What mechanisms can build on: nothing without TLS.
    #[must_use]
    pub fn protection(&self) -> Protection {
        self.tls.as_ref().map(|tls| tls.protection()).unwrap_or_default()
    }

    /// The client's handshake. Nothing may be waiting in either direction.
    ///
    /// # Errors
    /// The server has no valid certificate for this name, or something else went wrong. Close the connection.
    pub fn connect_tls(&mut self, config: Arc<ClientConfig>, name: ServerName<'static>) -> io::Result<()> {
        self.handshake(ClientConnection::new(config, name).map_err(io::Error::other)?)
    }

    /// The server's handshake. Nothing may be waiting in either direction.
    ///
    /// # Errors
    /// The client has gone, or wants another kind of TLS. Close the connection.
    pub fn accept_tls(&mut self, config: Arc<ServerConfig>) -> io::Result<()> {
        self.handshake(ServerConnection::new(config).map_err(io::Error::other)?)
    }

    fn handshake<C, D>(&mut self, connection: C) -> io::Result<()>
    where
        C: DerefMut<Target = ConnectionCommon<D>> + Send + 'static,
        D: SideData + 'static,
    {
        self.tcp.set_timeout(Some(HANDSHAKE))?;
        let mut session = StreamOwned::new(connection, self.tcp.try_clone()?);
        while session.conn.is_handshaking() {
            session.conn.complete_io(&mut session.sock)?;
        }
        session.flush()?;
        self.tls = Some(Box::new(session));
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.tcp.read(buffer),
            Some(tls) => match tls.read(buffer) {
                // closed without saying so within TLS: mail protocols say themselves where they end, and
                // a machine tells a clean end from a cut one
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
                result => result,
            },
        }
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.tcp.write(octets),
            Some(tls) => tls.write(octets),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.tcp.write_vectored(slices),
            Some(tls) => tls.write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => self.tcp.flush(),
            Some(tls) => tls.flush(),
        }
    }
}

impl Transport for Stream {
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.tcp.set_timeout(timeout)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(tls) = &mut self.tls {
            // the peer may have gone already
            let _ = tls.close();
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("tcp", &self.tcp).field("tls", &self.is_tls()).finish()
    }
}
