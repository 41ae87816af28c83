//! The sessions around an inner service.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response, header, request::Parts};
use tokio::sync::Mutex;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Behaviour, Policy, Proxy, Session, SessionLayer,
    handle::{Phase, Shared, State},
    id,
};
use crate::{
    Connection, RequestId,
    client::Client,
    csrf::{SessionSecret, TokenBinding},
};

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService { policy: Arc::clone(&self.policy), inner }
    }
}

/// An inner service with sessions.
#[derive(Debug, Clone)]
pub struct SessionService<S> {
    policy: Arc<Policy>,
    inner: S,
}

/// The future of [`SessionService`].
pub type SessionFuture<R, E> = Pin<Box<dyn Future<Output = Result<R, E>> + Send>>;

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SessionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Send + 'static,
    ResBody: Default + Send,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = SessionFuture<Response<ResBody>, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let session = self.policy.session(&head);
        let request_id = head.extensions.get::<RequestId>().cloned();
        if let Some(session) = &session {
            head.extensions.insert(session.clone());
            head.extensions.insert(SessionSecret(Arc::new(session.clone())));
            if let Some(id) = &session.shared().sent {
                head.extensions.insert(TokenBinding(id.as_str().into()));
            }
        }
        let request = Request::from_parts(head, body);
        // The clone that was polled ready is the one to call.
        let ready = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, ready);
        Box::pin(async move {
            let Some(session) = session else { return inner.call(request).await };
            if !session.shared().policy.improved()
                && let Err(error) = session.read().await
            {
                return Ok(error.into_response(request_id.as_ref()));
            }
            let mut response = inner.call(request).await?;
            match session.commit().await {
                Ok(Some(cookie)) => {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
                Ok(None) => {}
                Err(error) => return Ok(error.into_response(request_id.as_ref())),
            }
            Ok(response)
        })
    }
}

impl Policy {
    /// The session of a request, unless an outer layer has made one, or its path has none.
    fn session(self: &Arc<Self>, head: &Parts) -> Option<Session> {
        if head.extensions.get::<Session>().is_some() {
            return None;
        }
        let cookie = self.cookie_for.as_ref().map(|cookie| cookie(head));
        let path = &cookie.as_ref().unwrap_or(&self.config.cookie).path;
        if !self.covers(path, head.uri.path()) {
            return None;
        }
        let secure = self.is_secure(head);
        let name = self.cookie_name(self.config.dangerous_allow_insecure && !secure);
        Some(Session::new(Shared {
            sent: id::sent(self, name, &head.headers),
            secure,
            head: self.new_id.is_some().then(|| Box::new(copy(head))),
            cookie,
            state: Mutex::new(State { phase: Phase::Untouched, head_is_gone: false }),
            policy: Arc::clone(self),
        }))
    }

    /// The cookie's name; in development without TLS, without the prefix that browsers take only with it.
    pub(super) fn cookie_name(&self, plain: bool) -> &str {
        let name = self.config.name.as_str();
        let bare = name.strip_prefix("__Host-").or_else(|| name.strip_prefix("__Secure-"));
        if plain { bare.unwrap_or(name) } else { name }
    }

    fn covers(&self, cookie: &str, path: &str) -> bool {
        match (self.config.behaviour, path.strip_prefix(cookie)) {
            (_, None) => false,
            (Behaviour::ExpressSession, Some(_)) => true,
            // RFC 6265bis, section 5.1.4.
            (Behaviour::Improved, Some(rest)) => {
                rest.is_empty() || rest.starts_with('/') || cookie.ends_with('/')
            }
        }
    }

    fn is_secure(&self, head: &Parts) -> bool {
        let connection = || head.extensions.get().is_some_and(|connection: &Connection| connection.tls);
        match self.config.proxy {
            Proxy::Client => head.extensions.get().map_or_else(connection, Client::secure),
            Proxy::Connection => connection(),
            Proxy::DangerousForwardedProto => connection() || says_https(&head.headers),
        }
    }
}

/// The first of the values, without regard to case: as express-session reads it.
fn says_https(headers: &HeaderMap) -> bool {
    let Some(field) = headers.get("x-forwarded-proto") else { return false };
    let first = field.as_bytes().split(|byte| *byte == b',').next().unwrap_or_default();
    first.trim_ascii().eq_ignore_ascii_case(b"https")
}

/// A head without its extensions, which cannot be copied whole.
fn copy(head: &Parts) -> Parts {
    let mut request = Request::new(());
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.version_mut() = head.version;
    *request.headers_mut() = head.headers.clone();
    request.into_parts().0
}
