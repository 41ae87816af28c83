//! The guard around an inner service.

use std::{
    cell::LazyCell,
    future::Future,
    pin::Pin,
    sync::{Arc, Once},
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response, StatusCode, request::Parts};
use pin_project_lite::pin_project;
use portcullis_rules::auth;
use tower_layer::Layer;
use tower_service::Service;

use super::{Limiter, RateLayer, policy::CompiledPolicy};
use crate::{
    Mode, Refusal,
    intake::{
        MatchedPath,
        path::{CanonicalPath, canonical},
    },
    limit::{
        Algorithm, Decision, Quota,
        fields::{self, Draft, Standing},
        store::{Charge, StoreAway},
    },
    request_rule::client_address,
};

/// Where the client stands with each limit that was asked: in the extensions of the request, and of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standings(pub Vec<Standing>);

impl<S> Layer<S> for RateLayer {
    type Service = RateService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RateService { limiter: self.limiter.clone(), inner }
    }
}

/// An inner service behind the guard.
#[derive(Debug, Clone)]
pub struct RateService<S> {
    limiter: Option<Arc<Limiter>>,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for RateService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    ReqBody: Send + 'static,
    ResBody: Default + Send,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = RateFuture<S::Future, Self::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let Some(limiter) = &self.limiter else {
            return RateFuture { state: State::Inner { future: self.inner.call(request) } };
        };
        let (head, body) = request.into_parts();
        let asked = limiter.asks(&head);
        if asked.is_empty() {
            let future = self.inner.call(Request::from_parts(head, body));
            return RateFuture { state: State::Inner { future } };
        }
        // The clone has not been polled ready; the one that has been goes along.
        let unready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, unready);
        let limiter = Arc::clone(limiter);
        let future = async move {
            let mut head = head;
            let standings = match limiter.judge(&asked, &head).await {
                Ok(standings) => standings,
                Err(refused) => return Ok(refused.into_response(&limiter, &asked).await),
            };
            head.extensions.insert(Standings(standings.clone()));
            let mut response = inner.call(Request::from_parts(head, body)).await?;
            limiter.show(&standings, response.headers_mut());
            limiter.give_back(&asked, &standings, response.status()).await;
            response.extensions_mut().insert(Standings(standings));
            Ok(response)
        };
        RateFuture { state: State::Asking { future: Box::pin(future) } }
    }
}

pin_project! {
    /// The future of [`RateService`].
    pub struct RateFuture<F, R, E> {
        #[pin]
        state: State<F, R, E>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, R, E> {
        // No limit means this request.
        Inner { #[pin] future: F },
        // The store is asked, then perhaps the inner service.
        Asking { future: Pin<Box<dyn Future<Output = Result<R, E>> + Send>> },
    }
}

impl<F: Future<Output = Result<R, E>>, R, E> Future for RateFuture<F, R, E> {
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Inner { future } => future.poll(cx),
            StateProjection::Asking { future } => future.as_mut().poll(cx),
        }
    }
}

/// One policy that means a request.
struct Asked {
    policy: usize,
    /// For the fields.
    key: String,
    /// The counter's name.
    counter: String,
    quota: Quota,
}

/// A request that does not pass.
struct Refused {
    refusal: Refusal,
    standings: Vec<Standing>,
}

impl Limiter {
    /// The policies that mean a request, each with the counter to ask.
    fn asks(&self, head: &Parts) -> Vec<Asked> {
        if self.closures.skip.as_ref().is_some_and(|skip| skip(head)) {
            return Vec::new();
        }
        let client = client_address(&head.extensions).filter(|address| !address.is_unspecified());
        let path = LazyCell::new(|| {
            let matched = head.extensions.get::<MatchedPath>().map_or(head.uri.path(), MatchedPath::as_str);
            canonical(matched).ok()
        });
        let path = || path.as_ref().map(CanonicalPath::matched);
        let mut asked = Vec::with_capacity(self.policies.len());
        for (index, policy) in self.policies.iter().enumerate() {
            if !policy.is_for(&head.method, client, path) {
                continue;
            }
            let key = match &self.closures.key {
                Some(key) => key(head),
                None => policy.by.of(&head.headers, client, self.ipv6_prefix),
            };
            let Some(key) = key else {
                if self.closures.key.is_none() {
                    warn_of_unknown_clients();
                }
                continue;
            };
            let counter = format!("{}:{key}", policy.space);
            asked.push(Asked { policy: index, key, counter, quota: self.quota(policy, head) });
        }
        asked
    }

    fn quota(&self, policy: &CompiledPolicy, head: &Parts) -> Quota {
        let mut quota = policy.quota.clone();
        if let Some(limit) = self.closures.limit.as_ref().and_then(|limit| limit(head)) {
            quota.burst = if quota.burst == quota.limit { limit } else { quota.burst.min(limit) };
            quota.limit = limit;
        }
        quota
    }

    fn policy(&self, asked: &Asked) -> Option<&CompiledPolicy> {
        self.policies.get(asked.policy)
    }

    fn charges<'a>(&'a self, asked: &'a [Asked]) -> Vec<Charge<'a>> {
        let charge = |asked: &'a Asked| Charge {
            key: &asked.counter,
            quota: &asked.quota,
            cost: self.policy(asked).map_or(1, |policy| policy.cost),
        };
        asked.iter().map(charge).collect()
    }

    async fn judge(&self, asked: &[Asked], head: &Parts) -> Result<Vec<Standing>, Refused> {
        let decisions = match self.store.take(&self.charges(asked), self.clock.now()).await {
            Ok(decisions) => decisions,
            Err(StoreAway { reason }) => {
                let detail = format!("limits cannot be counted: {reason}");
                let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, &auth::RATE_LIMIT_GLOBAL, detail);
                return self.refuse(refusal, Vec::new(), head);
            }
        };
        let standing = |(asked, decision): (&Asked, &Decision)| Standing {
            name: self.policy(asked).and_then(|policy| policy.name.clone()),
            key: asked.key.clone(),
            limit: asked.quota.limit,
            window: asked.quota.window,
            decision: *decision,
        };
        let standings: Vec<Standing> = asked.iter().zip(&decisions).map(standing).collect();
        let refused = asked.iter().zip(&decisions).find(|(_, decision)| !decision.passed);
        match refused.and_then(|(asked, decision)| Some((self.policy(asked)?, decision))) {
            Some((policy, decision)) => self.refuse(self.refusal(policy, decision), standings, head),
            None => Ok(standings),
        }
    }

    fn refusal(&self, policy: &CompiledPolicy, decision: &Decision) -> Refusal {
        let rule = if policy.is_login { &auth::RATE_LIMIT_LOGIN } else { &auth::RATE_LIMIT_GLOBAL };
        let detail =
            format!("more than {} in {:?}, policy {}", policy.quota.limit, policy.quota.window, policy.space);
        let refusal = Refusal::new(self.status, rule, detail);
        // Compatible with express-rate-limit, which tells the time only where it tells anything.
        let says_nothing = self.draft == Draft::None && !self.legacy;
        match policy.retry_after.or(decision.retry_after) {
            Some(wait) if !says_nothing => refusal.retry_after(wait),
            _ => refusal,
        }
    }

    fn refuse(
        &self,
        refusal: Refusal,
        standings: Vec<Standing>,
        head: &Parts,
    ) -> Result<Vec<Standing>, Refused> {
        match self.mode {
            Mode::Enforce => Err(Refused { refusal, standings }),
            Mode::Report => {
                refusal.report(&head.extensions);
                Ok(standings)
            }
        }
    }

    /// Report mode changes nothing that a client can see.
    fn show(&self, standings: &[Standing], headers: &mut HeaderMap) {
        if self.mode == Mode::Enforce {
            fields::write(headers, self.draft, self.legacy, standings, self.clock.now());
        }
    }

    /// Gives back what does not count after all, now that there is an answer.
    async fn give_back(&self, asked: &[Asked], standings: &[Standing], status: StatusCode) {
        let successful = match &self.closures.successful {
            Some(successful) => successful(status),
            None => status.as_u16() < 400,
        };
        let is_given_back = |policy: &CompiledPolicy| {
            (policy.skip_failed && !successful) || (policy.skip_successful && successful)
        };
        let mut charges = self.charges(asked);
        // A fixed window has counted a refused request, too; those after a refusal were not asked.
        let is_taken = |(asked, standing): (&Asked, &Standing)| {
            (standing.decision.passed || asked.quota.algorithm == Algorithm::FixedWindow)
                && self.policy(asked).is_some_and(is_given_back)
        };
        let mut taken = asked.iter().zip(standings).map(is_taken);
        charges.retain(|_| taken.next().unwrap_or_default());
        if !charges.is_empty() {
            self.store.give_back(&charges, self.clock.now()).await;
        }
    }
}

impl Refused {
    async fn into_response<B: Default>(self, limiter: &Limiter, asked: &[Asked]) -> Response<B> {
        // A refusal is a failed request like any other.
        limiter.give_back(asked, &self.standings, self.refusal.status).await;
        let mut response = self.refusal.into_response();
        limiter.show(&self.standings, response.headers_mut());
        response.extensions_mut().insert(Standings(self.standings));
        response
    }
}

/// Once: it is the same for every request.
fn warn_of_unknown_clients() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            target: "portcullis::limit",
            "no client address is known, so limits by address count nothing: serve with portcullis::serve, or put a \
             Connection into each request's extensions"
        );
    });
}
