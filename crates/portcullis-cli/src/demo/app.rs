//! A small app with the faults that an Express app has when nobody has read the checklist.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io,
    net::SocketAddr,
    sync::mpsc,
    task::{Context, Poll},
    thread,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use tower_service::Service;

/// Starts it on a free port of this machine, in a thread that ends with the process.
pub(super) fn start() -> io::Result<SocketAddr> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::Builder::new().name("sample-app".to_owned()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(sender.send(Err(error))),
        };
        runtime.block_on(async {
            let listener = match tokio::net::TcpListener::bind("127.0.0.1:0").await {
                Ok(listener) => listener,
                Err(error) => return drop(sender.send(Err(error))),
            };
            drop(sender.send(listener.local_addr()));
            portcullis::serve(listener, SampleApp).run().await;
        });
    })?;
    receiver.recv().map_err(io::Error::other)?
}

#[derive(Debug, Clone)]
struct SampleApp;

impl<B> Service<Request<B>> for SampleApp {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (status, body) = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/") => (StatusCode::OK, PAGE.to_owned()),
            (&Method::POST, _) => {
                (StatusCode::BAD_REQUEST, error_page("SyntaxError: Unexpected token", "parse"))
            }
            (&Method::OPTIONS, _) => (StatusCode::NO_CONTENT, String::new()),
            (_, path) => (
                StatusCode::NOT_FOUND,
                error_page(&format!("NotFoundError: no page {}", escaped(path)), "notFound"),
            ),
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        for (name, value) in FAULTS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        ready(Ok(response))
    }
}

const FAULTS: [(header::HeaderName, &str); 5] = [
    (header::HeaderName::from_static("x-powered-by"), "Express"),
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::SET_COOKIE, "connect.sid=s%3AkQ2mVtqXyR0bq8uJ5eXJ1Q.0d1Q2x3Zk4; Path=/"),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
];

const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>A small shop</title></head>\n\
<body>\n<h1>A small shop</h1>\n<p>It works, and nobody has read the checklist.</p>\n</body>\n</html>\n";

/// As Express writes it outside production.
fn error_page(error: &str, function: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>{error}<br>\
         &nbsp; &nbsp;at {function} (/srv/shop/node_modules/body-parser/lib/types/json.js:92:19)<br>\
         &nbsp; &nbsp;at /srv/shop/app.js:41:7</pre>\n</body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
