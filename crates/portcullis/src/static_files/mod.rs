//! Files from a directory, and nothing else from the disk.
//!
//! `express.static(__dirname)` has served many a `.env` and `.git`; a symbolic link or a `..` in the right spelling many an
//! `/etc/passwd`.
//!
//! A request is answered with a file if:
//! 1. its path lies under [`Config::prefix`];
//! 2. no segment begins with a dot (but `.well-known`, RFC 8615), and none holds an encoded slash or backslash;
//! 3. the file, with every link followed, lies inside [`Config::root`];
//! 4. it is a regular file: directories are not listed (an `index.html` in them is served).
//!
//! Everything else is 404, and methods other than GET and HEAD 405. Ranges, `ETag`, `Last-Modified` and conditional requests are tower-http's.
//!
//! **What this does not stop**: a secret in a file of an ordinary name. **What breaks it**: somebody who can write into the
//! root while it is served.
//!
//! ```
//! use axum::{Router, body::Body, http::{Request, StatusCode}};
//! use portcullis::static_files::{Config, StaticFiles};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let root = std::env::temp_dir().join(format!("portcullis-doc-{}", std::process::id()));
//! std::fs::create_dir_all(&root).unwrap();
//! std::fs::write(root.join("site.css"), "body {}").unwrap();
//! std::fs::write(root.join(".env"), "SECRET=1").unwrap();
//! let files = StaticFiles::new(Config::new("/static", &root)).unwrap();
//! let app = Router::new().fallback_service(files);
//! let ask = |path| app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
//! assert_eq!(ask("/static/site.css").await.unwrap().status(), StatusCode::OK);
//! assert_eq!(ask("/static/.env").await.unwrap().status(), StatusCode::NOT_FOUND);
//! # std::fs::remove_dir_all(&root).unwrap();
//! # }
//! ```

use std::{
    convert::Infallible,
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use percent_encoding::percent_decode_str;
use portcullis_rules::{Rule, injection, operations};
use serde::Deserialize;
use tower_http::services::ServeDir;
use tower_service::Service;

use crate::{ConfigError, Refusal, intake::path::canonical};

/// The rules that this makes hold.
pub const ENFORCES: &[&Rule] =
    &[&operations::STATIC_DOTFILES, &operations::STATIC_SYMLINK, &operations::DIRECTORY_LISTING];

/// A file's content on its way out.
pub type FileBody = UnsyncBoxBody<Bytes, io::Error>;

/// What is served, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The path below which files are served; it is cut off before the file is looked for. Default `/`. In a gate it is the
    /// route's path.
    #[serde(default = "root_prefix")]
    pub prefix: String,
    /// The directory. It must exist.
    pub root: PathBuf,
}

fn root_prefix() -> String {
    "/".to_owned()
}

impl Config {
    /// `root` under `prefix`.
    pub fn new(prefix: impl Into<String>, root: impl Into<PathBuf>) -> Self {
        Self { prefix: prefix.into(), root: root.into() }
    }
}

/// A tower service that answers with files.
#[derive(Debug, Clone)]
pub struct StaticFiles {
    prefix: Arc<str>,
    root: Arc<Path>,
    files: ServeDir,
}

impl StaticFiles {
    /// Checks that the directory is there.
    #[allow(clippy::needless_pass_by_value, reason = "every guard takes its configuration the same way")]
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let shown = config.root.display().to_string();
        let root = config.root.canonicalize().map_err(|error| {
            ConfigError::new("root", format!("{shown} ({error})"), "a directory that exists")
        })?;
        if !root.is_dir() {
            return Err(ConfigError::new("root", shown, "a directory"));
        }
        if !canonical(&config.prefix).is_ok_and(|path| path.matched() == config.prefix) {
            return Err(ConfigError::new("prefix", &config.prefix, "a path such as \"/static\""));
        }
        let files =
            ServeDir::new(&root).append_index_html_on_directories(true).redirect_to_trailing_slash(false);
        Ok(Self { prefix: config.prefix.trim_end_matches('/').into(), root: root.into(), files })
    }

    /// The path below the prefix, if every segment may be asked for.
    fn below_prefix<'a>(&self, path: &'a str) -> Option<&'a str> {
        let below = path.strip_prefix(&*self.prefix).filter(|below| below.starts_with('/'))?;
        let segment_is_right = |segment: &str| {
            let decoded: Vec<u8> = percent_decode_str(segment).collect();
            let is_hidden = decoded.first() == Some(&b'.') && decoded != b".well-known";
            !is_hidden && !decoded.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0))
        };
        below.split('/').all(segment_is_right).then_some(below)
    }
}

/// Whether what would be sent is a regular file inside the root, with every link followed.
async fn is_inside(root: &Path, below: &str) -> bool {
    let Ok(relative) = percent_decode_str(below.trim_start_matches('/')).decode_utf8() else { return false };
    let mut path = root.join(&*relative);
    if below.ends_with('/') {
        path.push("index.html");
    }
    let Ok(real) = tokio::fs::canonicalize(path).await else { return false };
    real.starts_with(root) && tokio::fs::metadata(&real).await.is_ok_and(|metadata| metadata.is_file())
}

impl<B> Service<Request<B>> for StaticFiles
where
    B: Send + 'static,
{
    type Response = Response<FileBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<FileBody>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let this = self.clone();
        let (head, _) = request.into_parts();
        Box::pin(async move {
            if head.method != Method::GET && head.method != Method::HEAD {
                let mut response = refuse(
                    StatusCode::METHOD_NOT_ALLOWED,
                    &operations::TRACE_ENABLED,
                    "method other than GET and HEAD for a file",
                );
                response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
                return Ok(response);
            }
            let Ok(path) = canonical(head.uri.path()) else {
                return Ok(refuse(
                    StatusCode::NOT_FOUND,
                    &injection::PATH_TRAVERSAL,
                    "path with more than one reading",
                ));
            };
            let Some(below) = this.below_prefix(&path.forward) else {
                return Ok(refuse(
                    StatusCode::NOT_FOUND,
                    &operations::STATIC_DOTFILES,
                    "hidden file or encoded separator",
                ));
            };
            if !is_inside(&this.root, below).await {
                return Ok(refuse(
                    StatusCode::NOT_FOUND,
                    &operations::STATIC_SYMLINK,
                    "no file inside the root",
                ));
            }
            let mut asked = Request::builder().method(head.method).uri(below);
            if let Some(headers) = asked.headers_mut() {
                *headers = head.headers;
            }
            let Ok(asked) = asked.body(Empty::<Bytes>::new()) else {
                return Ok(refuse(StatusCode::NOT_FOUND, &injection::PATH_TRAVERSAL, "path is no target"));
            };
            let mut files = this.files;
            Ok(match files.try_call(asked).await {
                Ok(response) => response.map(|body| body.map_err(io::Error::other).boxed_unsync()),
                Err(error) => {
                    tracing::warn!(%error, path = below, "a file could not be read");
                    empty(StatusCode::INTERNAL_SERVER_ERROR)
                }
            })
        })
    }
}

fn empty(status: StatusCode) -> Response<FileBody> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

fn refuse(status: StatusCode, rule: &'static Rule, detail: &'static str) -> Response<FileBody> {
    let mut response = empty(status);
    response.extensions_mut().insert(Refusal::new(status, rule, detail));
    response
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask(files: &StaticFiles, path: &str) -> (StatusCode, Bytes) {
        let request = Request::get(path).body(Empty::<Bytes>::new()).unwrap();
        let response = files.clone().oneshot(request).await.unwrap();
        (response.status(), response.into_body().collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn only_what_is_meant_to_be_public_leaves_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("public");
        std::fs::create_dir_all(root.join("docs")).unwrap();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        std::fs::write(directory.path().join("secret"), "SECRET").unwrap();
        std::fs::write(root.join("a b.txt"), "text").unwrap();
        std::fs::write(root.join(".env"), "SECRET").unwrap();
        std::fs::write(root.join(".git/config"), "SECRET").unwrap();
        symlink("../secret", root.join("link.txt")).unwrap();
        symlink("a b.txt", root.join("inside.txt")).unwrap();
        let files = StaticFiles::new(Config::new("/static", &root)).unwrap();
        for path in ["/static/a%20b.txt", "/static/inside.txt", "/static/docs/../a%20b.txt"] {
            assert_eq!(ask(&files, path).await, (StatusCode::OK, Bytes::from_static(b"text")), "{path}");
        }
        for path in [
            "/static/.env",
            "/static/%2eenv",
            "/static/.git/config",
            "/static/link.txt",
            "/static/../secret",
            "/static../secret",
            "/static/..%2fsecret",
            "/static/docs",
            "/static/docs/",
            "/static",
            "/static/%00",
            "/other",
            "/static/docs%2f..%2f.env",
        ] {
            let (status, body) = ask(&files, path).await;
            assert_eq!((status, body.is_empty()), (StatusCode::NOT_FOUND, true), "{path}");
        }
    }

    #[test]
    fn a_root_that_is_not_there_is_an_error() {
        let error = StaticFiles::new(Config::new("/", "/no/such/directory")).unwrap_err();
        assert_eq!(error.path(), "root");
    }
}
