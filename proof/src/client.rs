//! A client over real sockets: HTTP/1.1 plain, HTTP/1.1 and HTTP/2 over TLS.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::gate::Gate;

/// Longer than anything here may take.
const LIMIT: Duration = Duration::from_secs(20);

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    Http1,
    Http2,
}

/// An answer with its whole body.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub trailers: Option<HeaderMap>,
    pub body: Bytes,
}

impl Answer {
    pub async fn read(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let body =
            timeout(LIMIT, body.collect()).await.expect("the body comes in time").expect("the body is whole");
        let trailers = body.trailers().cloned();
        Self { status: head.status, headers: head.headers, trailers, body: body.to_bytes() }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// A field's only value.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a value of ASCII"))
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers
            .get_all("set-cookie")
            .iter()
            .map(|value| value.to_str().expect("a cookie of ASCII"))
            .collect()
    }
}

/// A TLS connection to a gate, which trusts its certificate alone.
pub async fn tls(gate: &Gate, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(gate.certificate_pem.as_bytes()).expect("a certificate");
    roots.add(certificate).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(gate.https).await.expect("the gate listens");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake")
}

/// Sends a request over TLS; `Host` is set.
pub async fn send(gate: &Gate, speaks: Speaks, request: Request<Full<Bytes>>) -> Response<Incoming> {
    let answer = async {
        match speaks {
            Speaks::Http1 => {
                let io = TokioIo::new(tls(gate, b"http/1.1").await);
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(io).await.expect("a connection");
                tokio::spawn(connection.with_upgrades());
                sender.send_request(with_host(request)).await
            }
            Speaks::Http2 => {
                let io = TokioIo::new(tls(gate, b"h2").await);
                let (mut sender, connection) =
                    hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
                        .await
                        .expect("a connection");
                tokio::spawn(connection);
                let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
                let (mut head, body) = request.into_parts();
                head.uri = format!("https://localhost{target}").parse().expect("a target");
                sender.send_request(Request::from_parts(head, body)).await
            }
        }
    };
    timeout(LIMIT, answer).await.expect("an answer in time").expect("an answer")
}

fn with_host<B>(mut request: Request<B>) -> Request<B> {
    request.headers_mut().entry("host").or_insert(http::HeaderValue::from_static("localhost"));
    request
}

pub async fn get(gate: &Gate, speaks: Speaks, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut builder = Request::get(path);
    for (name, value) in fields {
        builder = builder.header(*name, *value);
    }
    Answer::read(send(gate, speaks, builder.body(Full::default()).expect("a request")).await).await
}

pub async fn post(gate: &Gate, path: &str, media_type: &str, body: impl Into<Bytes>) -> Answer {
    let request = Request::post(path)
        .header("content-type", media_type)
        .body(Full::new(body.into()))
        .expect("a request");
    Answer::read(send(gate, Speaks::Http1, request).await).await
}

/// The same without a gate.
pub async fn get_bare(port: u16, path: &str) -> Answer {
    get_with(port, path, &[]).await
}

/// The same with fields.
pub async fn get_with(port: u16, path: &str, fields: &[(&str, &str)]) -> Answer {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the app listens");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(connection);
    let mut request = Request::get(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::<Bytes>::default()).expect("a request");
    Answer::read(sender.send_request(with_host(request)).await.expect("an answer")).await
}

/// Sends bytes as they are, and gives what comes back until the end or `LIMIT`.
pub async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    let _ = timeout(LIMIT, stream.read_to_end(&mut answer)).await.expect("the connection is closed in time");
    String::from_utf8_lossy(&answer).into_owned()
}
