//! The guard around an inner service.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, request::Parts};
use http_body::Body;
use portcullis_rules::csrf;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    HeldBody, Policy, TokenLayer,
    opened::{Misconfigured, Opened, Unopened},
    submitted::{BodyKind, Submitted},
};
use crate::{mode::Mode, refusal::Refusal};

impl<S> Layer<S> for TokenLayer {
    type Service = TokenService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TokenService { policy: Arc::clone(&self.policy), inner }
    }
}

/// An inner service behind the guard. It reads [`HeldBody`].
#[derive(Debug, Clone)]
pub struct TokenService<S> {
    policy: Arc<Policy>,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for TokenService<S>
where
    S: Service<Request<HeldBody<ReqBody>>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Body<Data = Bytes> + Send + 'static,
    ReqBody::Error: Send,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ResBody>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let policy = Arc::clone(&self.policy);
        // The one that is ready answers; its clone is made ready for the next request.
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        let (mut head, body) = request.into_parts();
        let mut body = HeldBody::new(body);
        Box::pin(async move {
            let (session, binding) = (head.extensions.get().cloned(), head.extensions.get().cloned());
            let opened = match Opened::new(&policy.scheme, session, &head.headers, binding.as_ref()).await {
                Ok(opened) => opened,
                Err(Unopened::Misconfigured(Misconfigured(detail))) => {
                    let status = StatusCode::INTERNAL_SERVER_ERROR;
                    return Ok(Refusal::new(status, &csrf::MISSING, detail).into_response());
                }
                Err(Unopened::NoSession(error)) => {
                    let refusal =
                        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, &csrf::MISSING, error.to_string());
                    return Ok(refusal.retry_after(Duration::from_secs(1)).into_response());
                }
            };
            if let Err(mut refusal) = policy.judge(&opened, &head, &mut body).await {
                match policy.mode {
                    Mode::Enforce => {
                        refusal.close = !body.is_end_stream();
                        let mut response = refusal.into_response();
                        opened.finish(response.headers_mut());
                        return Ok(response);
                    }
                    Mode::Report => refusal.report(&head.extensions),
                }
            }
            head.extensions.insert(opened.token.clone());
            let mut response = inner.call(Request::from_parts(head, body)).await?;
            opened.finish(response.headers_mut());
            Ok(response)
        })
    }
}

impl Policy {
    async fn judge<B: Body<Data = Bytes>>(
        &self,
        opened: &Opened,
        head: &Parts,
        body: &mut HeldBody<B>,
    ) -> Result<(), Refusal> {
        if self.ignored_methods.contains(&head.method) {
            return Ok(());
        }
        let detail = match self.submitted(head, body).await {
            Submitted::Text(token) if opened.accepts(&token) => return Ok(()),
            Submitted::Text(_) => "a token that is not of this session",
            Submitted::Unusable => "no single token",
            Submitted::Nothing => "no token",
        };
        Err(Refusal::new(self.status, &csrf::MISSING, detail).code(self.code.clone()))
    }

    async fn submitted<B: Body<Data = Bytes>>(&self, head: &Parts, body: &mut HeldBody<B>) -> Submitted {
        if let Some(name) = &self.only_field {
            return Submitted::in_field(&head.headers, name);
        }
        let in_body = match BodyKind::of(head, self.max_body_bytes) {
            None => Submitted::Nothing,
            Some(kind) => match tokio::time::timeout(self.max_wait, body.hold(self.max_body_bytes)).await {
                Ok(Some(bytes)) => Submitted::in_body(kind, &bytes),
                Ok(None) | Err(_) => Submitted::Nothing,
            },
        };
        in_body
            .or_else(|| head.uri.query().map_or(Submitted::Nothing, Submitted::in_query))
            .or_else(|| Submitted::in_fields(&head.headers))
    }
}
