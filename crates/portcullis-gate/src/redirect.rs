//! The plain listener's only answer: the same, over TLS.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Empty;
use portcullis::intake::admit;
use tower_service::Service;

/// Answers every request with a redirect to the same target over TLS: 308, so that a method stays what it is
/// (RFC 9110, section 15.4.9). The connection is closed; nothing more is to be said on it.
#[derive(Debug, Clone)]
pub(crate) struct RedirectToHttps {
    /// None for 443, which needs no name.
    pub(crate) port: Option<u16>,
}

impl<B> Service<Request<B>> for RedirectToHttps {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut response = Response::new(Empty::new());
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        let location = admit(request)
            .map_err(|refused| refused.refusal.status)
            .and_then(|admitted| self.location(&admitted.into_inner()).ok_or(StatusCode::BAD_REQUEST));
        match location {
            Ok(location) => {
                *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
                response.headers_mut().insert(header::LOCATION, location);
            }
            Err(status) => *response.status_mut() = status,
        }
        ready(Ok(response))
    }
}

impl RedirectToHttps {
    fn location<B>(&self, request: &Request<B>) -> Option<HeaderValue> {
        let host = request.headers().get(header::HOST)?.to_str().ok().filter(|host| !host.is_empty())?;
        // Of `[::1]:80` the host is `[::1]`.
        let end = host.rfind(':').filter(|colon| !host.get(*colon..).is_some_and(|rest| rest.contains(']')));
        let host = end.and_then(|end| host.get(..end)).unwrap_or(host);
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let location = match self.port {
            Some(port) => format!("https://{host}:{port}{target}"),
            None => format!("https://{host}{target}"),
        };
        HeaderValue::try_from(location).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(host: &str, port: Option<u16>) -> String {
        let request = Request::get("/a?b").header("host", host).body(()).unwrap();
        RedirectToHttps { port }.location(&request).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn only_scheme_and_port_change() {
        assert_eq!(location("app.example", None), "https://app.example/a?b");
        assert_eq!(location("app.example:8080", Some(8443)), "https://app.example:8443/a?b");
        assert_eq!(location("[::1]:8080", Some(8443)), "https://[::1]:8443/a?b");
        assert_eq!(location("[::1]", None), "https://[::1]/a?b");
    }
}
