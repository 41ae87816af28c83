//! One stack of guards per route, built at start.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use portcullis::{
    BoxError, Checklist, ConfigError, Refusal, RequestId,
    access_log::LoggedBody,
    body::MeteredBody,
    error::ErrorBody,
    limit::login::LoginBody,
    static_files::{FileBody, StaticFiles},
    timeout::{DeadlineBody, PacedBody},
};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    config::{Route, Target},
    counters::Counters,
    upstream::{AnswerBody, RequestBody, Upstream},
};

/// A request's body as the guards leave it for the application.
type GuardedBody = MeteredBody<LoginBody<PacedBody<Incoming>>>;

/// An answer's body as it leaves the guards.
pub(crate) type StackBody = LoggedBody<ErrorBody<DeadlineBody<TargetBody>>>;

/// What a route's stack gives: boxed here, and inside only where files and the application differ.
pub(crate) type StackFuture = Pin<Box<dyn Future<Output = Result<Response<StackBody>, Infallible>> + Send>>;

/// The guards of a route with their target behind them.
pub(crate) type Stack = Box<dyn Fn(Request<Incoming>) -> StackFuture + Send + Sync>;

/// Builds a route's stack: for one worker, with connections of its own.
pub(crate) fn build(route: &Route, counters: &mut Counters) -> Result<Stack, Vec<ConfigError>> {
    let mut guards = route.guards.clone();
    counters.share(&mut guards).map_err(|error| vec![error])?;
    let checklist = guards.build()?;
    let target = match &route.target {
        Target::Upstream(upstream) => {
            Answerer::Upstream(Upstream::new(upstream).map_err(|error| vec![error])?)
        }
        Target::Files(files) => {
            Answerer::Files(StaticFiles::new(files.clone()).map_err(|error| vec![error])?)
        }
    };
    Ok(stack(&checklist, target))
}

fn stack(checklist: &Checklist, target: Answerer) -> Stack {
    let service = checklist.layer(target);
    // Every service in it is always ready, so a call needs no `poll_ready` before it.
    Box::new(move |request| Box::pin(service.clone().call(request)))
}

/// What intake refused, on its way through the outer guards to be answered.
#[derive(Debug, Clone)]
pub(crate) struct RefusedByIntake(pub(crate) Refusal);

/// What stands behind the guards.
#[derive(Debug, Clone)]
enum Answerer {
    Upstream(Upstream<GuardedBody>),
    Files(StaticFiles),
}

impl Service<Request<GuardedBody>> for Answerer {
    type Response = Response<TargetBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<TargetBody>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<GuardedBody>) -> Self::Future {
        if let Some(RefusedByIntake(refusal)) = request.extensions_mut().remove() {
            return Box::pin(std::future::ready(Ok(refusal.into_response())));
        }
        match self {
            Self::Upstream(upstream) => {
                let upstream = upstream.clone();
                Box::pin(async move { Ok(ask(&upstream, request).await) })
            }
            Self::Files(files) => {
                let answer = files.call(request);
                Box::pin(async move { answer.await.map(|response| response.map(TargetBody::file)) })
            }
        }
    }
}

/// The application's answer, or the status that says why there is none; the error guard gives it a body.
async fn ask(upstream: &Upstream<GuardedBody>, request: Request<GuardedBody>) -> Response<TargetBody> {
    let id = request.extensions().get::<RequestId>().cloned();
    match upstream.exchange(request).await {
        Ok(response) => response.map(TargetBody::answer),
        Err(error) => {
            let id = id.as_ref().map_or("-", RequestId::as_str);
            tracing::warn!(target: "portcullis::upstream", request_id = id, %error, "no answer");
            let mut response = Response::new(TargetBody::default());
            *response.status_mut() = error.status();
            response
        }
    }
}

pin_project! {
    /// A body from whatever answered.
    #[derive(Default)]
    pub(crate) struct TargetBody {
        #[pin]
        kind: Kind,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Default)]
    enum Kind {
        #[default]
        Empty,
        Answer { #[pin] body: AnswerBody<RequestBody<GuardedBody>> },
        File { #[pin] body: FileBody },
    }
}

impl TargetBody {
    fn answer(body: AnswerBody<RequestBody<GuardedBody>>) -> Self {
        Self { kind: Kind::Answer { body } }
    }

    fn file(body: FileBody) -> Self {
        Self { kind: Kind::File { body } }
    }
}

impl Body for TargetBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project().kind.project() {
            KindProjection::Empty => Poll::Ready(None),
            KindProjection::Answer { body } => body.poll_frame(cx).map_err(Into::into),
            KindProjection::File { body } => body.poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Answer { body } => body.is_end_stream(),
            Kind::File { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Answer { body } => body.size_hint(),
            Kind::File { body } => body.size_hint(),
        }
    }
}
