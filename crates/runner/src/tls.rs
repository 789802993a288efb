//! Whom to trust on `https`.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The authorities that the system trusts.
    #[default]
    System,
    /// These as well: certificates in PEM.
    Also(Vec<u8>),
    /// Anybody.
    Anybody,
}

impl Trust {
    /// How many certificates a file in PEM holds.
    ///
    /// # Errors
    /// When it holds none, or something else.
    pub fn in_pem(pem: Vec<u8>) -> Result<Self, String> {
        match certificates(&pem)?.len() {
            0 => Err("it holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)".to_owned()),
            _ => Ok(Self::Also(pem)),
        }
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>();
    all.map_err(|error| format!("it is not PEM: {error}"))
}

/// How TLS is spoken with an origin.
///
/// # Errors
/// When `https` is asked for and there is nobody to trust.
pub(crate) fn config(origin: &str, trust: &Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| format!("TLS cannot be set up: {error}"))?;
    if *trust == Trust::Anybody {
        let verifier = Arc::new(AcceptAnybody(provider));
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    // Nobody is trusted where nothing is encrypted.
    if origin.starts_with("https:") {
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        if let Trust::Also(pem) = trust {
            roots.add_parsable_certificates(certificates(pem)?);
        }
        if roots.is_empty() {
            let why = system.errors.first().map_or_else(|| "none was found".to_owned(), ToString::to_string);
            return Err(format!("the system's root certificates cannot be used: {why}; --cacert FILE names others"));
        }
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Accepts every certificate, as `--insecure` asks for; signatures are still checked.
#[derive(Debug)]
struct AcceptAnybody(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
