//! How a login ended, as its answer tells.

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderName, Response, StatusCode, Uri, header};

use super::Config;
use crate::{ConfigError, Refusal};

/// How a login ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody is signed in.
    Succeeded,
    /// Nobody is.
    Failed,
    /// The answer does not tell.
    Undecided,
}

/// What tells, checked.
#[derive(Debug)]
pub(super) struct Signs {
    failure_status: BTreeSet<u16>,
    failure_field: Option<HeaderName>,
    status_decides: bool,
    paths: Vec<String>,
}

impl Signs {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        if let Some(status) = config.failure_status.iter().find(|status| !(200..600).contains(*status)) {
            return Err(ConfigError::new("failure_status", status, "statuses from 200 to 599"));
        }
        let failure_field = config.failure_field.as_ref().map(|name| {
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| ConfigError::new("failure_field", format!("{name:?}"), "the name of a field"))
        });
        Ok(Self {
            failure_status: config.failure_status.iter().copied().collect(),
            failure_field: failure_field.transpose()?,
            status_decides: config.status_decides,
            paths: config.paths.iter().map(|path| path.to_ascii_lowercase()).collect(),
        })
    }

    pub(super) fn outcome<B>(&self, asked: &Uri, response: &Response<B>) -> Outcome {
        let (status, head) = (response.status(), response.headers());
        if response.extensions().get::<Refusal>().is_some() {
            // Another guard's no: the application was never asked.
            return Outcome::Undecided;
        }
        let has_failure_field = self.failure_field.as_ref().is_some_and(|name| head.contains_key(name));
        if has_failure_field || self.failure_status.contains(&status.as_u16()) {
            return Outcome::Failed;
        }
        if status.is_redirection() {
            return match head.get(header::LOCATION).and_then(|location| location.to_str().ok()) {
                Some(location) if self.leads_back(asked, location) => Outcome::Failed,
                Some(_) => Outcome::Succeeded,
                None => Outcome::Undecided,
            };
        }
        if !status.is_success() {
            return Outcome::Undecided;
        }
        let sets_cookie = head.contains_key(header::SET_COOKIE);
        if self.status_decides || sets_cookie {
            Outcome::Succeeded
        } else if status == StatusCode::OK && is_html(head) {
            Outcome::Failed
        } else {
            Outcome::Undecided
        }
    }

    /// Whether a redirect is to the form again.
    fn leads_back(&self, asked: &Uri, location: &str) -> bool {
        let location = location.split('#').next().unwrap_or_default();
        let (target, query) = location.split_once('?').unwrap_or((location, ""));
        // A path may come with scheme and authority before it, or without a slash: beside the one that was asked.
        let path = match target.split_once("//") {
            Some((_, rest)) => rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/"),
            None => target,
        };
        let path = path.trim_end_matches('/').to_ascii_lowercase();
        let query = query.to_ascii_lowercase();
        let is_login = |login: &String| path == *login || login.strip_prefix('/') == Some(path.as_str());
        path == asked.path().trim_end_matches('/').to_ascii_lowercase()
            || self.paths.iter().any(is_login)
            || ["error", "fail", "invalid", "denied"].iter().any(|word| query.contains(word))
    }
}

fn is_html(head: &HeaderMap) -> bool {
    let media_type = head.get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
    media_type.is_some_and(|value| value.starts_with(b"text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_tells_how_a_login_ended() {
        let signs = Signs::new(&Config::default()).unwrap();
        let asked = Uri::from_static("/auth/login");
        for (status, field, value, outcome) in [
            (401, "x", "", Outcome::Failed),
            (422, "set-cookie", "sid=1", Outcome::Failed),
            (200, "set-cookie", "sid=1", Outcome::Succeeded),
            (200, "content-type", "text/html; charset=utf-8", Outcome::Failed),
            (200, "content-type", "application/json", Outcome::Undecided),
            (302, "location", "/", Outcome::Succeeded),
            (302, "location", "/account", Outcome::Succeeded),
            (302, "location", "/login", Outcome::Failed),
            (302, "location", "login?next=%2F", Outcome::Failed),
            (303, "location", "https://shop.example/Auth/Login/", Outcome::Failed),
            (302, "location", "/?error=1", Outcome::Failed),
            (302, "location", "https://shop.example", Outcome::Succeeded),
            (404, "x", "", Outcome::Undecided),
            (500, "x", "", Outcome::Undecided),
        ] {
            let response = Response::builder().status(status).header(field, value).body(()).unwrap();
            assert_eq!(signs.outcome(&asked, &response), outcome, "{status} {field}: {value}");
        }
    }

    #[test]
    fn where_the_status_decides_a_token_is_a_success() {
        let config = Config {
            status_decides: true,
            failure_field: Some("x-auth-error".to_owned()),
            ..Config::default()
        };
        let signs = Signs::new(&config).unwrap();
        let asked = Uri::from_static("/login");
        let token = Response::builder().header("content-type", "application/json").body(()).unwrap();
        assert_eq!(signs.outcome(&asked, &token), Outcome::Succeeded);
        let wrong = Response::builder().header("x-auth-error", "1").body(()).unwrap();
        assert_eq!(signs.outcome(&asked, &wrong), Outcome::Failed);
    }
}
