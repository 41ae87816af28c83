//! One request to the application, one answer.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use http_body::Body;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use portcullis::{
    BoxError, ConfigError,
    intake::{
        Admitted,
        field::{AcceptsTrailers, UpgradeRequest},
    },
    serve::ConnectionPlace,
};
use tokio::{net::TcpStream, time::timeout};

use super::{AnswerBody, Config, pool::Pool, request_body::RequestBody, tunnel};

static VIA: HeaderValue = HeaderValue::from_static("1.1 portcullis");
static TRAILERS: HeaderValue = HeaderValue::from_static("trailers");

type Sender<B> = SendRequest<RequestBody<B>>;
type Sent<B> = (Response<Incoming>, Sender<B>);
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An application, and the connections of one worker to it. `B` is the request's body, as the guards have left it.
#[derive(Debug)]
pub(crate) struct Upstream<B> {
    authority: Arc<str>,
    connect: Duration,
    tunnel_idle: Duration,
    upgrades: bool,
    pool: Arc<Pool<RequestBody<B>>>,
}

impl<B> Clone for Upstream<B> {
    fn clone(&self) -> Self {
        Self { authority: Arc::clone(&self.authority), pool: Arc::clone(&self.pool), ..*self }
    }
}

/// Why there is no answer. Whose fault it is decides the status.
#[derive(Debug)]
pub(crate) enum ExchangeError {
    /// No connection: nobody listens, or the name is unknown.
    Connect(std::io::Error),
    /// No connection in time.
    ConnectTimeout,
    /// The request's body broke off, or was not what its framing said.
    Request(hyper::Error),
    /// The connection to the application broke, or what came on it is no answer.
    Http(hyper::Error),
    /// An answer that breaks its own framing, or claims an upgrade nobody asked for.
    Answer(&'static str),
    /// The request did not come through intake.
    NotAdmitted,
}

impl ExchangeError {
    /// What the client is told.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::Connect(_) | Self::Http(_) | Self::Answer(_) => StatusCode::BAD_GATEWAY,
            Self::ConnectTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::NotAdmitted => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "the application cannot be reached: {error}"),
            Self::ConnectTimeout => f.write_str("the application does not answer a connection in time"),
            Self::Request(error) => write!(f, "the request's body cannot be read: {error}"),
            Self::Http(error) => {
                write!(f, "the exchange with the application failed: {error}")?;
                let source = std::error::Error::source(error);
                source.map_or(Ok(()), |source| write!(f, ": {source}"))
            }
            Self::Answer(what) => write!(f, "the application's answer is refused: {what}"),
            Self::NotAdmitted => f.write_str("a request that was never admitted reached the upstream"),
        }
    }
}

impl<B> Upstream<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            authority: config.authority()?.into(),
            connect: config.connect,
            tunnel_idle: config.tunnel_idle,
            upgrades: config.upgrades,
            pool: Arc::new(Pool::new(config.idle, config.max_idle)),
        })
    }

    /// Sends a request that intake has admitted, and gives the head of the answer with its body to come.
    pub(crate) async fn exchange(
        &self,
        request: Request<B>,
    ) -> Result<Response<AnswerBody<RequestBody<B>>>, ExchangeError> {
        let admitted = Admitted::from_request(request).ok_or(ExchangeError::NotAdmitted)?;
        let mut request = admitted.into_inner().map(RequestBody::new);
        let place = request.extensions_mut().remove::<ConnectionPlace>();
        let upgrade = request.extensions_mut().remove::<UpgradeRequest>().filter(|_| self.upgrades);
        let client = upgrade.as_ref().map(|_| hyper::upgrade::on(&mut request));
        write_connection_fields(&mut request, upgrade.as_ref());
        let (mut response, sender) = self.send(request).await?;
        let asked_protocol = upgrade.map(|UpgradeRequest(protocol)| protocol);
        check_answer(&response, asked_protocol.as_ref())?;
        if let (StatusCode::SWITCHING_PROTOCOLS, Some(client)) = (response.status(), client) {
            tunnel::open(client, hyper::upgrade::on(&mut response), self.tunnel_idle, place);
            return Ok(response.map(|_| AnswerBody::default()));
        }
        take_hop_by_hop(response.headers_mut());
        *response.version_mut() = Version::HTTP_11;
        Ok(response.map(|body| AnswerBody::new(body, sender, &self.pool)))
    }

    async fn send(&self, mut request: Request<RequestBody<B>>) -> Result<Sent<B>, ExchangeError> {
        // A connection that was found closed gives the request back. One that closes just now may have swallowed it, so what can
        // be sent again is kept: an application may close at any time, and need not say so.
        while let Some(mut sender) = self.pool.take() {
            let again = copy_if_repeatable(&request);
            let mut error = match sender.try_send_request(request).await {
                Ok(response) => return Ok((response, sender)),
                Err(error) => error,
            };
            request = match (error.take_message(), again) {
                (Some(unsent), _) => unsent,
                (None, Some(copy)) if broke_off(error.error()) => *copy,
                _ => return Err(failed(error.into_error())),
            };
        }
        self.send_on_new(request).await
    }

    /// In a box of its own: it is rare, and every exchange would keep room for it.
    fn send_on_new(&self, request: Request<RequestBody<B>>) -> BoxFuture<'_, Result<Sent<B>, ExchangeError>> {
        Box::pin(async move {
            let mut sender = self.connect().await?;
            let response = sender.send_request(request).await.map_err(failed)?;
            Ok((response, sender))
        })
    }

    async fn connect(&self) -> Result<Sender<B>, ExchangeError> {
        let connecting = timeout(self.connect, TcpStream::connect(&*self.authority));
        let stream =
            connecting.await.map_err(|_| ExchangeError::ConnectTimeout)?.map_err(ExchangeError::Connect)?;
        stream.set_nodelay(true).map_err(ExchangeError::Connect)?;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_ANSWER_HEAD_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(ExchangeError::Http)?;
        tokio::spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "a connection to the application ended early");
            }
        });
        Ok(sender)
    }
}

/// What hyper calls the user's error is our body's, and so the client's.
fn failed(error: hyper::Error) -> ExchangeError {
    if error.is_user() { ExchangeError::Request(error) } else { ExchangeError::Http(error) }
}

/// Whether the connection ended, by a close or a reset, before there was an answer: what came was not wrong, it did not come.
fn broke_off(error: &hyper::Error) -> bool {
    !error.is_parse() && !error.is_user() && !error.is_timeout()
}

/// A safe request without a body may be sent twice (RFC 9110, section 9.2.2).
fn copy_if_repeatable<B: Body>(request: &Request<RequestBody<B>>) -> Option<Box<Request<RequestBody<B>>>> {
    if !request.method().is_safe()
        || !request.body().is_none()
        || request.headers().contains_key(header::UPGRADE)
    {
        return None;
    }
    let mut copy = Request::new(RequestBody::none());
    request.method().clone_into(copy.method_mut());
    request.uri().clone_into(copy.uri_mut());
    request.headers().clone_into(copy.headers_mut());
    Some(Box::new(copy))
}

/// The fields of the connection to the application: ours to write, since intake has taken out the client's.
fn write_connection_fields<B>(request: &mut Request<B>, upgrade: Option<&UpgradeRequest>) {
    *request.version_mut() = Version::HTTP_11;
    let accepts_trailers = request.extensions_mut().remove::<AcceptsTrailers>().is_some();
    let headers = request.headers_mut();
    headers.insert(header::VIA, VIA.clone());
    if let Some(UpgradeRequest(protocol)) = upgrade {
        headers.insert(header::UPGRADE, protocol.clone());
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    } else if accepts_trailers {
        headers.insert(header::TE, TRAILERS.clone());
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
}

/// What hyper lets through and a client behind us could read in another way.
fn check_answer<B>(
    response: &Response<B>,
    asked_protocol: Option<&HeaderValue>,
) -> Result<(), ExchangeError> {
    let headers = response.headers();
    let refuse = |what| Err(ExchangeError::Answer(what));
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let agreed = headers.get(header::UPGRADE).map(HeaderValue::as_bytes);
        let is_asked = asked_protocol
            .is_some_and(|asked| agreed.is_some_and(|agreed| agreed.eq_ignore_ascii_case(asked.as_bytes())));
        return if is_asked { Ok(()) } else { refuse("101 to another protocol than was asked for") };
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let has_length = headers.contains_key(header::CONTENT_LENGTH);
    match (codings.next(), codings.next()) {
        (None, _) => {}
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") && !has_length => {}
        (Some(_), None) if has_length => return refuse("Transfer-Encoding and Content-Length together"),
        _ => return refuse("Transfer-Encoding other than one `chunked`"),
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    if lengths.next().is_some_and(|length| !length.as_bytes().iter().all(u8::is_ascii_digit))
        || lengths.next().is_some()
    {
        return refuse("Content-Length is not one number");
    }
    Ok(())
}

/// Takes out of an answer what was meant for the connection it came on.
fn take_hop_by_hop(headers: &mut HeaderMap) {
    let mut options = headers.get_all(header::CONNECTION).iter();
    let names_fields = match (options.next(), options.next()) {
        (None, _) => false,
        // What nearly every application says names no field.
        (Some(option), None) => option != "keep-alive" && option != "close",
        _ => true,
    };
    if names_fields {
        let nominated: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
            // What frames or identifies the message is not the connection's, whatever it says.
            .filter(|name| ![header::CONTENT_LENGTH, header::CONTENT_TYPE, header::SET_COOKIE].contains(name))
            .collect();
        for name in nominated {
            headers.remove(name);
        }
    }
    headers.remove(header::CONNECTION);
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

const HOP_BY_HOP: [HeaderName; 5] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// An answer's head may be this large, in at most a hundred fields, which is hyper's own limit and cheaper than any other; it is
/// also what is read ahead of a slow client.
const MAX_ANSWER_HEAD_BYTES: usize = 64 * 1024;
