//! Which stack a request goes through.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use hyper::body::Incoming;
use portcullis::{
    ConfigError,
    intake::{Admitted, admit},
};
use tower_service::Service;

use crate::{
    config,
    counters::{Counters, Memories},
    stack::{self, RefusedByIntake, Stack, StackBody, StackFuture},
};

/// All routes of a gate, for one worker. A tower service: what the accept loop calls.
#[derive(Clone)]
pub(crate) struct Routes {
    routes: Arc<[Route]>,
}

struct Route {
    /// In lower case, without a slash at the end.
    path: String,
    stack: Stack,
}

impl Routes {
    /// Builds every stack, or says all that is wrong, each with the route it is in.
    pub(crate) fn new(
        config: &config::Config,
        memories: &Memories,
    ) -> Result<Self, Vec<(String, ConfigError)>> {
        let mut counters = Counters::new(memories.clone());
        let mut routes = Vec::new();
        let mut errors = Vec::new();
        for route in &config.routes {
            match stack::build(route, &mut counters) {
                Ok(stack) => {
                    routes.push(Route { path: route.path.trim_end_matches('/').to_ascii_lowercase(), stack });
                }
                Err(wrong) => errors.extend(wrong.into_iter().map(|error| (route.path.clone(), error))),
            }
        }
        // The longest path wins, so it is asked first; the route of everything is last.
        routes.sort_by_key(|route| std::cmp::Reverse(route.path.len()));
        if errors.is_empty() { Ok(Self { routes: routes.into() }) } else { Err(errors) }
    }

    fn of(&self, path: &str) -> Option<&Route> {
        self.routes.iter().find(|route| covers(&route.path, path))
    }
}

/// Whether `route` is `path` or above it; without regard to case, as Express routes.
fn covers(route: &str, path: &str) -> bool {
    path.get(..route.len()).is_some_and(|start| start.eq_ignore_ascii_case(route))
        && matches!(path.as_bytes().get(route.len()), None | Some(b'/'))
}

impl Service<Request<Incoming>> for Routes {
    type Response = Response<StackBody>;
    type Error = Infallible;
    type Future = StackFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> StackFuture {
        let (route, request) = match admit(request) {
            Ok(admitted) => (self.of(admitted.matched_path()), Admitted::into_request(admitted)),
            Err(refused) => {
                let mut request = refused.request;
                request.extensions_mut().insert(RefusedByIntake(refused.refusal));
                (self.routes.last(), request)
            }
        };
        match route {
            Some(route) => (route.stack)(request),
            // `OPTIONS *` is about the server and not about a path.
            None => match self.routes.last() {
                Some(route) => (route.stack)(request),
                None => Box::pin(std::future::pending()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_route_covers_its_path_and_what_is_below() {
        for (route, path, covered) in [
            ("", "/", true),
            ("", "/x", true),
            ("/api", "/api", true),
            ("/api", "/API/x", true),
            ("/api", "/apis", false),
            ("/api", "/", false),
        ] {
            assert_eq!(covers(route, path), covered, "{route} {path}");
        }
    }
}
