//! Fetches an archive of advisories.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::header::LOCATION;

use crate::evidence::live::{
    BodyEnd, FetchError, Fetcher, Options, Request, RootsError, Target, TargetError, Tls,
};

/// The most bytes that are taken. The largest archive published for an ecosystem, npm's, is an eighth of it.
const MAX_BYTES: usize = 1 << 30;
const MAX_REDIRECTS: usize = 5;
const TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Fetches `url`, at most 1 GiB within 15 minutes. Over https the certificate must be valid; plain http is for this
/// machine alone, since whoever sits in between could take advisories out.
pub async fn download(url: &str) -> Result<Vec<u8>, DownloadError> {
    let options = Options {
        max_body_bytes: MAX_BYTES,
        head_timeout: Duration::from_secs(60),
        body_timeout: TIMEOUT,
        total_timeout: TIMEOUT,
        ..Options::default()
    };
    let fetcher = Fetcher::new(&options, Tls::new("").map_err(DownloadError::Roots)?);
    let mut target = Target::parse(url).map_err(DownloadError::Target)?;
    for _ in 0..=MAX_REDIRECTS {
        if !target.is_https() && !target.is_loopback() {
            return Err(DownloadError::Plain(target.to_string()));
        }
        let response = fetcher.send(&Request::get(target.clone())).await.map_err(DownloadError::Fetch)?;
        if let Some(fault) =
            response.handshake.as_ref().and_then(|handshake| handshake.certificate_fault.as_ref())
        {
            return Err(DownloadError::Certificate { url: target.to_string(), fault: fault.clone() });
        }
        if response.status.is_redirection()
            && let Some(location) = response.fields.get(LOCATION).and_then(|value| value.to_str().ok())
        {
            target = target.join(location).map_err(DownloadError::Target)?;
            continue;
        }
        if !response.status.is_success() {
            return Err(DownloadError::Status { url: target.to_string(), status: response.status.as_u16() });
        }
        return match response.body_end {
            BodyEnd::Complete => Ok(response.body.into()),
            end => Err(DownloadError::Incomplete { bytes: response.body.len(), end }),
        };
    }
    Err(DownloadError::TooManyRedirects)
}

/// Why nothing was fetched.
#[derive(Debug)]
#[non_exhaustive]
pub enum DownloadError {
    /// The address is none.
    Target(TargetError),
    /// The list of roots cannot be used.
    Roots(RootsError),
    /// Plain http to another machine.
    Plain(String),
    /// The request got no answer.
    Fetch(FetchError),
    /// The certificate is not valid.
    Certificate {
        /// Whose.
        url: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The answer is no success.
    Status {
        /// Whose.
        url: String,
        /// The status code.
        status: u16,
    },
    /// The answer ended before its time.
    Incomplete {
        /// What had come by then.
        bytes: usize,
        /// How it ended.
        end: BodyEnd,
    },
    /// More than five redirects.
    TooManyRedirects,
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(error) => error.fmt(f),
            Self::Roots(error) => error.fmt(f),
            Self::Plain(url) => {
                write!(
                    f,
                    "{url} is plain http, on which advisories could be taken out: use https, or fetch it otherwise and import the file"
                )
            }
            Self::Fetch(error) => error.fmt(f),
            Self::Certificate { url, fault } => write!(f, "{url}: the certificate is not valid: {fault}"),
            Self::Status { url, status } => write!(f, "{url} answered with status {status}"),
            Self::Incomplete { bytes, end: BodyEnd::Cut } => {
                write!(f, "more than {bytes} bytes: import single ecosystems, as npm/all.zip")
            }
            Self::Incomplete { bytes, .. } => write!(f, "the answer broke off after {bytes} bytes"),
            Self::TooManyRedirects => write!(f, "more than {MAX_REDIRECTS} redirects"),
        }
    }
}

impl Error for DownloadError {}
