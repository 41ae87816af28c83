//! Settings, from the environment and two flags. What is missing or wrong stops the start, with a word on what would be
//! right.

use std::{
    env, fmt, fs, io,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use portcullis::{
    secret::Secrets,
    serve::tls::{DevelopmentCertificate, TlsConfig},
};

/// How the app is run.
pub(crate) struct Settings {
    /// `NOTES_LISTEN`. Default `127.0.0.1:8443`; with `--dev`, `127.0.0.1:3000`.
    pub(crate) listen: SocketAddr,
    /// `NOTES_DATA`: the directory of the databases. Default `notes-data`.
    pub(crate) data: PathBuf,
    /// `NOTES_SESSION_SECRET`, with `NOTES_SESSION_SECRET_PREVIOUS` while it is being replaced; or
    /// `NOTES_SESSION_SECRET_FILE`, one secret a line.
    pub(crate) session_secrets: Secrets,
    pub(crate) transport: Transport,
}

/// What protects the way to the browser.
pub(crate) enum Transport {
    /// TLS of our own: `NOTES_TLS_CERTIFICATE` and `NOTES_TLS_KEY`, or `--development-certificate`.
    Tls(TlsConfig),
    /// Proxies in front that speak TLS, and whose word we take: `NOTES_TRUST_PROXY`, addresses or networks.
    Proxy(String),
    /// Nothing: `--dev`, on a loopback address only.
    Development,
}

impl Transport {
    pub(crate) fn is_development(&self) -> bool {
        matches!(self, Self::Development)
    }
}

impl Settings {
    pub(crate) fn read() -> Result<Self, SettingsError> {
        let mut dev = false;
        let mut development_certificate = false;
        for argument in env::args_os().skip(1) {
            match argument.to_str() {
                Some("--dev") => dev = true,
                Some("--development-certificate") => development_certificate = true,
                _ => {
                    return Err(wrong(
                        "the arguments",
                        format!("`{}` is unknown: {USAGE}", argument.display()),
                    ));
                }
            }
        }
        let transport = transport(dev, development_certificate)?;
        let default = if dev { "127.0.0.1:3000" } else { "127.0.0.1:8443" };
        let listen = variable(LISTEN)?.unwrap_or_else(|| default.to_owned());
        let listen: SocketAddr = listen
            .parse()
            .map_err(|_| wrong(LISTEN, format!("{listen:?} is no address with a port, such as {default}")))?;
        if dev && !listen.ip().is_loopback() {
            return Err(wrong(
                LISTEN,
                format!("{listen} can be reached from outside: --dev is for loopback"),
            ));
        }
        Ok(Self {
            listen,
            data: variable("NOTES_DATA")?.unwrap_or_else(|| "notes-data".to_owned()).into(),
            session_secrets: session_secrets()?,
            transport,
        })
    }
}

fn transport(dev: bool, development_certificate: bool) -> Result<Transport, SettingsError> {
    let certificate = variable("NOTES_TLS_CERTIFICATE")?;
    let key = variable("NOTES_TLS_KEY")?;
    let proxies = variable("NOTES_TRUST_PROXY")?;
    match (certificate, key, proxies, dev, development_certificate) {
        (Some(certificate), Some(key), None, false, false) => {
            let tls = TlsConfig::from_files(Path::new(&certificate), Path::new(&key));
            tls.map(Transport::Tls).map_err(|error| wrong("NOTES_TLS_CERTIFICATE, NOTES_TLS_KEY", error))
        }
        (None, None, Some(proxies), false, false) => Ok(Transport::Proxy(proxies)),
        (None, None, None, true, false) => Ok(Transport::Development),
        (None, None, None, false, true) => DevelopmentCertificate::for_localhost()
            .map(|certificate| Transport::Tls(certificate.tls))
            .map_err(|error| wrong("--development-certificate", error)),
        _ => Err(wrong("how browsers get here", TRANSPORTS)),
    }
}

/// The first signs session cookies, all verify: a new one in front logs nobody out.
fn session_secrets() -> Result<Secrets, SettingsError> {
    let secrets = match variable("NOTES_SESSION_SECRET_FILE")? {
        Some(path) => Secrets::from_file(path),
        None => Secrets::from_env(&["NOTES_SESSION_SECRET", "NOTES_SESSION_SECRET_PREVIOUS"]),
    };
    secrets.map_err(|error| wrong("the session secret", error))
}

/// The directory of the databases, which nobody else may read.
pub(crate) fn make_private_directory(path: &Path) -> Result<(), SettingsError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error: io::Error| wrong("NOTES_DATA", format!("{}: {error}", path.display())))
}

/// A variable of the environment; an empty one is as if it were not there.
#[allow(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
fn variable(name: &'static str) -> Result<Option<String>, SettingsError> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(wrong(name, "is not UTF-8")),
    }
}

/// Why the app does not start.
#[derive(Debug)]
pub(crate) struct SettingsError {
    setting: &'static str,
    wrong: String,
}

fn wrong(setting: &'static str, wrong: impl fmt::Display) -> SettingsError {
    SettingsError { setting, wrong: wrong.to_string() }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.wrong)
    }
}

impl std::error::Error for SettingsError {}

const LISTEN: &str = "NOTES_LISTEN";

const USAGE: &str = "usage: notes [--dev | --development-certificate]";

const TRANSPORTS: &str = "name exactly one of: NOTES_TLS_CERTIFICATE with NOTES_TLS_KEY (PEM files); NOTES_TRUST_PROXY \
                          (addresses of the proxies in front that speak TLS); --development-certificate; --dev (http \
                          on loopback)";
