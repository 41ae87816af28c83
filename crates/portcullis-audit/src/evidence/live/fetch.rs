//! One request on one connection, every wait and every buffer bounded.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, USER_AGENT};
use http::{HeaderName, HeaderValue};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::exchange::{BodyEnd, Request, Response};
use super::fetch_error::{FetchError, Stage};
use super::options::Options;
use super::tls::{Handshake, Tls};
use crate::quote::quoted;

/// Addresses tried for one name.
const MAX_ADDRESSES: usize = 4;

/// Sends the requests of one audit.
#[derive(Debug)]
pub(crate) struct Fetcher<'a> {
    options: &'a Options,
    tls: Tls,
    end: Instant,
}

impl<'a> Fetcher<'a> {
    /// The clock of the whole audit starts here.
    pub(crate) fn new(options: &'a Options, tls: Tls) -> Self {
        Self { options, tls, end: Instant::now() + options.total_timeout }
    }

    /// Sends `request` and reads the answer.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        let left = self.end.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(FetchError::TimedOut { stage: Stage::Audit, after: self.options.total_timeout }),
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Response, FetchError> {
        let stream = self.connect(request).await?;
        // hyper asks for no less.
        let max_head_bytes = self.options.max_head_bytes.max(8 * 1024);
        if request.target.is_https() {
            let host = request.target.bare_host();
            let (stream, handshake) = self.tls.connect(stream, host, self.options.connect_timeout).await?;
            self.converse(stream, request, max_head_bytes, Some(handshake)).await
        } else {
            self.converse(stream, request, max_head_bytes, None).await
        }
    }

    async fn connect(&self, request: &Request) -> Result<TcpStream, FetchError> {
        let limit = self.options.connect_timeout;
        let (host, port) = (request.target.bare_host(), request.target.port());
        let unknown = |detail: String| FetchError::NameUnknown { host: host.to_owned(), detail };
        let addresses: Vec<SocketAddr> = within(limit, Stage::Resolve, tokio::net::lookup_host((host, port)))
            .await?
            .map_err(|error| unknown(error.to_string()))?
            .take(MAX_ADDRESSES)
            .collect();
        let mut failure = unknown("the resolver gave none".to_owned());
        for address in addresses {
            match within(limit, Stage::Connect, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = connect_error(&error, host, port),
                Err(timed_out) => failure = timed_out,
            }
        }
        Err(failure)
    }

    async fn converse<S>(
        &self,
        stream: S,
        request: &Request,
        max_head_bytes: usize,
        handshake: Option<Handshake>,
    ) -> Result<Response, FetchError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let is_plain = handshake.is_none();
        let began = Beginning::default();
        let stream = TokioIo::new(Watched { stream, began: began.clone() });
        let message = message(request)?;
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(max_head_bytes)
            // The bytes are the bound; each field takes at least four.
            .max_headers(max_head_bytes / 4)
            .handshake(stream)
            .await
            .map_err(|error| head_error(&error, &began, max_head_bytes, is_plain))?;
        let exchange = async {
            let response = within(self.options.head_timeout, Stage::Head, sender.send_request(message))
                .await?
                .map_err(|error| head_error(&error, &began, max_head_bytes, is_plain))?;
            let (head, body) = response.into_parts();
            let (body, body_end) = self.read(body).await;
            Ok(Response {
                status: head.status,
                fields: head.headers,
                body,
                body_end,
                handshake,
                received: SystemTime::now(),
            })
        };
        drive(connection, exchange).await
    }

    /// Reads until the end, the bound or the deadline, whichever is first.
    async fn read(&self, mut body: Incoming) -> (Bytes, BodyEnd) {
        let mut bytes = Vec::new();
        let reading = async {
            loop {
                match body.frame().await {
                    None => return BodyEnd::Complete,
                    Some(Err(_)) => return BodyEnd::Broken,
                    Some(Ok(frame)) => {
                        let Ok(data) = frame.into_data() else { continue };
                        let room = self.options.max_body_bytes.saturating_sub(bytes.len());
                        bytes.extend_from_slice(data.get(..room).unwrap_or(&data));
                        if data.len() > room {
                            return BodyEnd::Cut;
                        }
                    }
                }
            }
        };
        let end = tokio::time::timeout(self.options.body_timeout, reading).await.unwrap_or(BodyEnd::TimedOut);
        (bytes.into(), end)
    }
}

async fn within<F: Future>(limit: Duration, stage: Stage, work: F) -> Result<F::Output, FetchError> {
    tokio::time::timeout(limit, work).await.map_err(|_| FetchError::TimedOut { stage, after: limit })
}

/// Polls the connection along with the exchange on it, in one task, so that nothing outlives the audit.
async fn drive<C: Future, E: Future>(connection: C, exchange: E) -> E::Output {
    let (mut connection, mut exchange) = (pin!(connection), pin!(exchange));
    let mut open = true;
    poll_fn(|context| {
        if open && connection.as_mut().poll(context).is_ready() {
            open = false;
        }
        exchange.as_mut().poll(context)
    })
    .await
}

fn message(request: &Request) -> Result<http::Request<Full<Bytes>>, FetchError> {
    let mut message = http::Request::builder()
        .method(request.method.clone())
        .uri(request.target.path())
        .header(HOST, request.target.authority())
        .header(USER_AGENT, concat!("portcullis-audit/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8")
        .header(CONNECTION, "close");
    if let Some(origin) = &request.origin {
        message = message.header(ORIGIN, origin);
    }
    for (name, value) in request.preflight_fields() {
        message = message.header(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(body) = request.json {
        message = message.header(CONTENT_TYPE, "application/json");
        return message.body(Full::from(body)).map_err(|error| unsendable(&error));
    }
    if let Some(site) = request.fetch_site() {
        message = message.header("sec-fetch-site", site).header("sec-fetch-mode", "navigate");
    }
    if let Some(body) = &request.form {
        message = message.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        return message.body(Full::from(body.clone())).map_err(|error| unsendable(&error));
    }
    message.body(Full::default()).map_err(|error| unsendable(&error))
}

fn unsendable(error: &http::Error) -> FetchError {
    FetchError::ClosedEarly { detail: format!("the request cannot be written: {error}") }
}

fn connect_error(error: &std::io::Error, host: &str, port: u16) -> FetchError {
    let authority = format!("{host} port {port}");
    if error.kind() == std::io::ErrorKind::ConnectionRefused {
        FetchError::Refused { authority }
    } else {
        FetchError::Unreachable { authority, detail: error.to_string() }
    }
}

fn head_error(error: &hyper::Error, began: &Beginning, max_bytes: usize, is_plain: bool) -> FetchError {
    let seen = began.bytes();
    // A TLS record: alert (21) or handshake (22), major version 3 (RFC 8446, 5.1).
    if matches!(seen.as_slice(), [21 | 22, 3, ..]) {
        FetchError::IsTls
    } else if began.bytes_read() >= max_bytes {
        FetchError::HeadTooLarge { max_bytes }
    } else if error.is_parse() {
        FetchError::NotHttp { began: quoted(&String::from_utf8_lossy(&seen)) }
    } else {
        let source = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        let detail = match seen.len() {
            0 if is_plain => format!("not one byte came, as from a port that wants TLS; {}", quoted(&source)),
            0 => format!("not one byte came; {}", quoted(&source)),
            _ => format!("it began with `{}`; {}", quoted(&String::from_utf8_lossy(&seen)), quoted(&source)),
        };
        FetchError::ClosedEarly { detail }
    }
}

/// The first bytes an answer began with and how many there were, for the error that has to say so.
#[derive(Clone, Debug, Default)]
struct Beginning(Arc<Mutex<(Vec<u8>, usize)>>);

impl Beginning {
    const MAX_BYTES: usize = 32;

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn bytes_read(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn note(&self, bytes: &[u8]) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, read) = &mut *noted;
        let room = Self::MAX_BYTES.saturating_sub(began.len());
        began.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        *read += bytes.len();
    }
}

/// A stream whose first bytes are noted.
struct Watched<S> {
    stream: S,
    began: Beginning,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.began.note(buffer.filled().get(before..).unwrap_or_default());
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
