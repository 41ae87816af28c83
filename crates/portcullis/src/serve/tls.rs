//! Certificates and TLS. Every rustls type of the crate is in here.

use std::{
    fmt, io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        version,
    },
};

/// A certificate with its key, ready to serve: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN, post-quantum key exchange first.
#[derive(Clone)]
pub struct TlsConfig {
    config: Arc<ServerConfig>,
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfig").finish_non_exhaustive()
    }
}

/// Why there is no TLS.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// A file could not be read, or holds no PEM of the kind.
    File {
        /// Which.
        path: PathBuf,
        /// What it was to hold.
        wanted: &'static str,
        /// What went wrong.
        cause: String,
    },
    /// The certificate does not fit the key, or is none.
    Certificate(String),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, wanted, cause } => write!(f, "{}: {cause}; must be {wanted}", path.display()),
            Self::Certificate(cause) => f.write_str(cause),
        }
    }
}

impl std::error::Error for TlsError {}

impl TlsConfig {
    /// From PEM files: the certificate with its chain, leaf first, and its private key (PKCS#8, PKCS#1 or SEC1).
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let at = |path: &Path, wanted, cause: String| TlsError::File { path: path.to_owned(), wanted, cause };
        let wanted = "a readable PEM file with a certificate chain, leaf first";
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(|error| at(certificate, wanted, pem_cause(&error)))?;
        if chain.is_empty() {
            return Err(at(certificate, wanted, "no certificate in it".to_owned()));
        }
        let wanted = "a readable PEM file with an unencrypted private key";
        let private =
            PrivateKeyDer::from_pem_file(key).map_err(|error| at(key, wanted, pem_cause(&error)))?;
        Self::new(chain, private).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::Certificate(format!(
                "the certificate {} does not belong to the key {}: give the key it was issued for",
                certificate.display(),
                key.display()
            )),
            other => TlsError::Certificate(format!("{}: {other}", certificate.display())),
        })
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config) })
    }

    pub(super) fn into_acceptor(self) -> TlsAcceptor {
        TlsAcceptor::from(self.config)
    }
}

/// rustls-pki-types says "no items found" for an empty file; people look for what is missing.
fn pem_cause(error: &rustls::pki_types::pem::Error) -> String {
    match error {
        rustls::pki_types::pem::Error::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            "no such file".to_owned()
        }
        rustls::pki_types::pem::Error::Io(error) => error.to_string(),
        rustls::pki_types::pem::Error::NoItemsFound => "nothing of the kind in it".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A certificate for development, made on the spot, that no browser trusts.
pub struct DevelopmentCertificate {
    /// The configuration to serve with.
    pub tls: TlsConfig,
    /// The certificate itself, for a client that is to trust it.
    pub certificate_pem: String,
}

impl fmt::Debug for DevelopmentCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevelopmentCertificate")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

impl DevelopmentCertificate {
    /// For `localhost`, `127.0.0.1` and `::1`; its key never leaves the process.
    pub fn for_localhost() -> Result<Self, TlsError> {
        let failed =
            |error: &dyn fmt::Display| TlsError::Certificate(format!("no development certificate: {error}"));
        let mut parameters =
            rcgen::CertificateParams::new(vec!["localhost".to_owned()]).map_err(|error| failed(&error))?;
        for address in [IpAddr::from([127, 0, 0, 1]), IpAddr::from(std::net::Ipv6Addr::LOCALHOST)] {
            parameters.subject_alt_names.push(rcgen::SanType::IpAddress(address));
        }
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Portcullis development certificate");
        parameters.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ServerAuth);
        parameters.not_before = rcgen::date_time_ymd(2025, 1, 1);
        let key = rcgen::KeyPair::generate().map_err(|error| failed(&error))?;
        let certificate = parameters.self_signed(&key).map_err(|error| failed(&error))?;
        let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| failed(&error))?;
        let tls = TlsConfig::new(vec![certificate.der().clone()], private).map_err(|error| failed(&error))?;
        Ok(Self { tls, certificate_pem: certificate.pem() })
    }
}
