//! TLS to the audited site. A certificate that does not verify is evidence here, and no reason to stop.
//!
//! The requests of an audit carry no secret, so nothing is lost to an impostor.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fetch_error::{FetchError, Stage};

/// What a finished handshake showed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshake {
    /// The version the server chose, offered 1.2 and 1.3.
    pub version: TlsVersion,
    /// The key exchange group, as rustls names it; the hybrid X25519MLKEM768 was offered first.
    pub group: String,
    /// Why the certificate does not verify, if it does not.
    pub certificate_fault: Option<String>,
}

/// The versions of TLS this client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// The part of the client that is the same for each connection.
#[derive(Debug)]
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Tls {
    /// Mozilla's roots and those in `extra_roots_pem`.
    pub(crate) fn new(extra_roots_pem: &str) -> Result<Self, RootsError> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(extra_roots_pem.as_bytes()) {
            let certificate = certificate.map_err(|error| RootsError(error.to_string()))?;
            roots.add(certificate).map_err(|error| RootsError(error.to_string()))?;
            found += 1;
        }
        if found == 0 && !extra_roots_pem.trim().is_empty() {
            return Err(RootsError("there is no `-----BEGIN CERTIFICATE-----` in it".to_owned()));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| RootsError(error.to_string()))?;
        Ok(Self { provider, verifier })
    }

    /// Shakes hands on `stream`, within `limit`.
    pub(crate) async fn connect<S>(
        &self,
        stream: S,
        host: &str,
        limit: Duration,
    ) -> Result<(TlsStream<S>, Handshake), FetchError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let failed = |detail: String| FetchError::Handshake { detail };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
        let recorder = Arc::new(Recorder { verifier: Arc::clone(&self.verifier), fault: Mutex::default() });
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&recorder) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let stream = tokio::time::timeout(limit, handshake)
            .await
            .map_err(|_| FetchError::TimedOut { stage: Stage::Handshake, after: limit })?
            .map_err(|error| handshake_error(&error))?;
        let connection = stream.get_ref().1;
        let handshake = Handshake {
            version: match connection.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
                _ => TlsVersion::Tls12,
            },
            group: connection
                .negotiated_key_exchange_group()
                .map_or_else(|| "static".to_owned(), |group| format!("{:?}", group.name())),
            certificate_fault: recorder.fault(),
        };
        Ok((stream, handshake))
    }
}

/// Certificates given as roots that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootsError(String);

impl fmt::Display for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the extra roots are not certificates in PEM: {}", self.0)
    }
}

impl Error for RootsError {}

fn handshake_error(error: &std::io::Error) -> FetchError {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidMessage(_)) => FetchError::NotTls,
        Some(other) => FetchError::Handshake { detail: other.to_string() },
        None => FetchError::ClosedEarly { detail: format!("in the TLS handshake: {error}") },
    }
}

/// Verifies as a browser would, notes what is wrong, and lets the handshake go on.
#[derive(Debug)]
struct Recorder {
    verifier: Arc<WebPkiServerVerifier>,
    fault: Mutex<Option<String>>,
}

impl Recorder {
    fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict =
            self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if let Err(error) = verdict {
            let words = in_words(&error, intermediates.is_empty());
            *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn in_words(error: &rustls::Error, alone: bool) -> String {
    let rustls::Error::InvalidCertificate(fault) = error else {
        return error.to_string();
    };
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        CertificateError::UnknownIssuer if alone => {
            "it leads to no trusted root: self-signed, from a private authority, or sent without its chain"
                .to_owned()
        }
        CertificateError::UnknownIssuer => "its chain leads to no trusted root".to_owned(),
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is an authority's certificate, used as a server's (as `openssl req -x509` makes them)"
                .to_owned()
        }
        CertificateError::Revoked => "it has been revoked".to_owned(),
        _ => error.to_string(),
    }
}
