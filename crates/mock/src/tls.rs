//! TLS for a mock: its certificate, and what is said to who speaks plain HTTP to it.

use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use crate::socket::Socket;

/// What every TLS connection begins with: a record that holds a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
const PLAIN: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 47\r\nConnection: close\r\n\r\n\
    This port speaks TLS: use https:// in the URL.\n";

/// Who a mock is, over TLS.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// From PEM: a certificate, followed by those that vouch for it, and its private key. HTTP/2 and HTTP/1.1 are offered.
    ///
    /// # Errors
    /// When either cannot be read, or the two do not belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, String> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.map_err(|error| format!("the certificate cannot be read: {error}"))?;
        if chain.is_empty() {
            return Err("there is no certificate in it (`-----BEGIN CERTIFICATE-----`)".to_owned());
        }
        let key = PrivateKeyDer::from_pem_slice(key);
        let key = key.map_err(|error| format!("the private key cannot be read: {error}"))?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// A connection, once both sides agree; none where they do not.
    pub(crate) async fn accept(&self, mut socket: Socket) -> Option<TlsStream<Socket>> {
        if socket.first_byte().await? == HANDSHAKE {
            return self.0.accept(socket).await.ok();
        }
        let _ = socket.write_all(PLAIN).await;
        socket.drain().await;
        None
    }
}
